/* SPDX-License-Identifier: Apache-2.0 */
/* The streams of one collection or replay. */
#include "pipeline/streams.h"

#include "base/text.h"
#include "etwitness/version.h"
#include "pipeline/identity.h"

#include <stdlib.h>
#include <string.h>

enum { STREAMS_START = 8 };

static bool make_id(const struct streams *streams, const char *container,
                    char id_out[EW_STREAM_ID_BYTES])
{
    struct ew_sha256 *hash = NULL;
    char hex[EW_SHA256_HEX_BYTES];
    if (container[0] == '\0') {
        memcpy(id_out, streams->root, EW_STREAM_ID_BYTES);
        return true;
    }
    if (ew_sha256_create(&hash) != EW_OK) {
        return false;
    }
    identity_text(hash, streams->root);
    identity_text(hash, container);
    if (identity_finish(hash, hex) != EW_OK) {
        return false;
    }
    memcpy(id_out, hex, EW_STREAM_ID_BYTES - 1);
    id_out[EW_STREAM_ID_BYTES - 1] = '\0';
    return true;
}

static bool make_room(struct streams *streams)
{
    if (streams->count < streams->capacity) {
        return true;
    }
    if (streams->count == EW_STREAMS_MAX) {
        return false;
    }
    uint32_t wanted = streams->capacity == 0 ? STREAMS_START : streams->capacity * 2;
    struct stream *grown = realloc(streams->items, wanted * sizeof *grown);
    if (grown == NULL) {
        return false;
    }
    streams->items = grown;
    streams->capacity = wanted;
    return true;
}

struct stream *streams_get(struct streams *streams, const char *container)
{
    const char *name = container == NULL ? "" : container;
    for (uint32_t i = 0; i < streams->count; i++) {
        if (strcmp(streams->items[i].container, name) == 0) {
            return &streams->items[i];
        }
    }
    if (!make_room(streams)) {
        return NULL;
    }
    struct stream *stream = &streams->items[streams->count];
    memset(stream, 0, sizeof *stream);
    if (strlen(name) >= sizeof stream->container || !make_id(streams, name, stream->id)) {
        return NULL;
    }
    memcpy(stream->container, name, strlen(name));
    streams->count++;
    return stream;
}

void stream_next(struct stream *stream, struct ew_evidence *evidence)
{
    evidence->producer_version = EW_VERSION;
    memcpy(evidence->stream_id, stream->id, sizeof evidence->stream_id);
    memcpy(evidence->previous, stream->previous, sizeof evidence->previous);
    evidence->sequence = ++stream->sequence;
    evidence->sealed = true;
    evidence->subject_kind = evidence->container != NULL ? "application" : "host";
    evidence->subject_name = evidence->container != NULL ? evidence->container : "host";
}

void streams_free(struct streams *streams)
{
    free(streams->items);
    memset(streams, 0, sizeof *streams);
}
