/* SPDX-License-Identifier: Apache-2.0 */
/* Where a stream stands, and its head. */
#include "base/filetime.h"
#include "evidence/publisher.h"
#include "platform/file.h"

#include <string.h>

enum { TAIL_BYTES = 4096, TIME_TEXT_BYTES = EW_FILETIME_TEXT_BYTES - 1 };

/* The last bytes of a document as text; "" when it cannot be read. */
static void read_tail(const struct ew_publisher *publisher, const struct ew_catalog_entry *entry,
                      char tail_out[TAIL_BYTES + 1])
{
    char name[EW_DOCUMENT_NAME_BYTES];
    char path[PUBLISHER_PATH_BYTES];
    struct ew_file *file = NULL;
    size_t got = 0;
    tail_out[0] = '\0';
    ew_document_name_format(&entry->name, name);
    publisher_path(path, publisher->paths.evidence, name);
    if (ew_file_open(path, &file, NULL) != EW_OK) {
        return;
    }
    uint64_t offset = entry->bytes > TAIL_BYTES ? entry->bytes - TAIL_BYTES : 0;
    if (ew_file_read_at(file, offset, tail_out, TAIL_BYTES, &got, NULL) == EW_OK) {
        tail_out[got] = '\0';
    }
    ew_file_close(file);
}

/* A time of the window, which is the last member of a canonical document. NULL when it is
 * not there. `key` comes with its quotes, colon and opening quote. */
static const char *window_time(const char *tail, const char *key)
{
    const char *window = strstr(tail, "\"window\":{");
    const char *found = window != NULL ? strstr(window, key) : NULL;
    found = found != NULL ? found + strlen(key) : NULL;
    return found != NULL && strlen(found) > TIME_TEXT_BYTES ? found : NULL;
}

/* "stream" and "window" are among the last members. A document that cannot be read counts as
 * oldest. */
void publisher_learn(const struct ew_publisher *publisher, struct ew_catalog_entry *entry)
{
    char tail[TAIL_BYTES + 1];
    read_tail(publisher, entry, tail);
    const char *start = window_time(tail, "\"start\":\"");
    entry->age_known = true;
    entry->sealed = strstr(tail, "\"sealed\":true") != NULL;
    entry->age = start != NULL ? ew_catalog_age(start) : 0;
}

static uint64_t learn_end(const struct ew_publisher *publisher,
                          const struct ew_catalog_entry *entry)
{
    char tail[TAIL_BYTES + 1];
    char text[EW_FILETIME_TEXT_BYTES];
    uint64_t end = 0;
    read_tail(publisher, entry, tail);
    const char *found = window_time(tail, "\"end\":\"");
    if (found != NULL) {
        memcpy(text, found, TIME_TEXT_BYTES);
        text[TIME_TEXT_BYTES] = '\0';
    }
    return found != NULL && ew_filetime_parse(text, &end) ? end : 0;
}

enum ew_status ew_publisher_stream(const struct ew_publisher *publisher, const char *stream_id,
                                   struct ew_stream_state *state_out, struct ew_error *error)
{
    size_t first = 0;
    struct ew_stream_state state = {.sequence = 0};
    size_t count = ew_catalog_stream(&publisher->catalog, stream_id, &first);
    if (count == 0) {
        return ew_fail(error, EW_NOT_FOUND, "stream %.32s has published nothing", stream_id);
    }
    const struct ew_catalog_entry *last = &publisher->catalog.entries[first + count - 1];
    enum ew_status status = head_read(&publisher->paths, &publisher->catalog, stream_id,
                                      &state.stopped, state.sha256, error);
    if (status == EW_OK) {
        state.sequence = last->name.sequence;
        state.end_100ns = learn_end(publisher, last);
        *state_out = state;
    }
    return status;
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
