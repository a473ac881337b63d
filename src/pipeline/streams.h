/* SPDX-License-Identifier: Apache-2.0 */
/* Streams of documents: one for each container scope, with its place in the chain. */
#ifndef EW_PIPELINE_STREAMS_H
#define EW_PIPELINE_STREAMS_H

#include "etwitness/evidence.h"

struct stream {
    char id[EW_STREAM_ID_BYTES];
    char container[EW_GUID_TEXT_BYTES]; /* "" for the host */
    uint64_t sequence;                  /* of the last document, 0 when there is none */
    char previous[EW_SHA256_HEX_BYTES];
};

/* Zeroed is valid and empty, but for `root`. */
struct streams {
    struct stream *items;
    uint32_t count;
    uint32_t capacity;
    char root[EW_STREAM_ID_BYTES]; /* id of the host's stream; others come from it */
};

/* The stream of a container (NULL: the host); added if new. NULL without room. */
struct stream *streams_get(struct streams *streams, const char *container);

/* Fills what a document says of its stream, as the stream's next one, and of who made it. */
void stream_next(struct stream *stream, struct ew_evidence *evidence);

void streams_free(struct streams *streams);

#endif
