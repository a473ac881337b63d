/* SPDX-License-Identifier: Apache-2.0 */
/* Where a stream stands, and its head. */
#include "evidence/learn.h"
#include "evidence/publisher.h"

#include <string.h>

enum ew_status ew_publisher_stream(const struct ew_publisher *publisher, const char *stream_id,
                                   struct ew_stream_state *state_out, struct ew_error *error)
{
    struct ew_head head;
    size_t first = 0;
    size_t count = ew_catalog_stream(&publisher->catalog, stream_id, &first);
    enum ew_status status =
        head_find(&publisher->paths, &publisher->catalog, stream_id, &head, error);
    if (status == EW_NOT_FOUND) {
        return ew_fail(error, EW_NOT_FOUND, "stream %.32s has published nothing", stream_id);
    }
    if (status != EW_OK) {
        return status;
    }
    struct ew_stream_state state = {.sequence = head.last_sequence, .stopped = head.stopped};
    memcpy(state.sha256, head.last_sha256, sizeof state.sha256);
    /* Without a document the heartbeat is the last that is known of it. */
    state.end_100ns = count == 0
                          ? head.heartbeat_100ns
                          : document_learn_end(publisher->paths.evidence,
                                               &publisher->catalog.entries[first + count - 1]);
    *state_out = state;
    return EW_OK;
}

void ew_publisher_set_heartbeat(struct ew_publisher *publisher, uint64_t heartbeat_100ns)
{
    publisher->heartbeat_100ns = heartbeat_100ns;
}

static enum ew_status replace_head(struct ew_publisher *publisher, const char *stream_id,
                                   enum head_state state, struct ew_error *error)
{
    struct head_update update = {
        .stream = stream_id, .state = state, .heartbeat_100ns = publisher->heartbeat_100ns};
    enum ew_status status = head_replace(&publisher->paths, &publisher->catalog, &update, error);
    if (status == EW_NOT_FOUND) {
        return ew_fail(error, EW_NOT_FOUND, "stream %.32s has published nothing", stream_id);
    }
    return status;
}

enum ew_status ew_publisher_renew(struct ew_publisher *publisher, const char *stream_id,
                                  struct ew_error *error)
{
    return replace_head(publisher, stream_id, HEAD_RUNNING, error);
}

enum ew_status ew_publisher_finish(struct ew_publisher *publisher, const char *stream_id,
                                   struct ew_error *error)
{
    return replace_head(publisher, stream_id, HEAD_STOPPED, error);
}
