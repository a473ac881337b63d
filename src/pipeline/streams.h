/* SPDX-License-Identifier: Apache-2.0 */
/* The streams of a replay: one for each container scope, with its place in the chain. */
#ifndef EW_PIPELINE_STREAMS_H
#define EW_PIPELINE_STREAMS_H

#include "etwitness/pipeline.h"

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

/*
 * Makes the root id from what the recording says of itself and the settings: two replays
 * with different windows or filters are different streams, since their documents with
 * equal sequence numbers hold different things. Also fills `digest_out` with "sha256:..."
 * of the settings.
 */
EW_MUST_USE enum ew_status streams_init(struct streams *streams,
                                        const struct ew_replay_options *options,
                                        const struct ew_recording *recording,
                                        char digest_out[EW_SHA256_HEX_BYTES + 7]);

/* The stream of a container (NULL: the host); added if new. NULL without room. */
struct stream *streams_get(struct streams *streams, const char *container);

void streams_free(struct streams *streams);

#endif
