/* SPDX-License-Identifier: Apache-2.0 */
/* Heads: one small file a stream that tells where the stream stands. */
#ifndef EW_EVIDENCE_HEAD_H
#define EW_EVIDENCE_HEAD_H

#include "base/filetime.h"
#include "evidence/document_name.h"

enum { PUBLISHER_PATH_BYTES = 4096 };

struct publisher_paths {
    char tmp[PUBLISHER_PATH_BYTES];
    char evidence[PUBLISHER_PATH_BYTES];
    char heads[PUBLISHER_PATH_BYTES];
};

/* "folder/name"; both are known to fit. */
void publisher_path(char out[PUBLISHER_PATH_BYTES], const char *folder, const char *name);

/* The last document of one stream. */
struct head {
    char stream[EW_STREAM_ID_BYTES];
    char last_sha256[EW_SHA256_HEX_BYTES];
    char last_file[EW_DOCUMENT_NAME_BYTES];
    uint64_t last_sequence;
    uint64_t last_bytes;
};

/* Streams that published in this run; zeroed is empty. */
struct heads {
    struct head *items;
    size_t count;
    size_t capacity;
};

void heads_free(struct heads *heads);

/* NULL when it is not there; heads_get() adds it, NULL at EW_STREAMS_MAX. */
struct head *heads_find(const struct heads *heads, const char *stream);
struct head *heads_get(struct heads *heads, const char *stream);

/*
 * Writes `runtime-evidence-head/1` under tmp and puts it in the place of the old head: a
 * reader sees the old or the new one.
 */
EW_MUST_USE enum ew_status head_write(const struct publisher_paths *paths,
                                      const struct head *head, uint64_t first_sequence,
                                      uint64_t heartbeat_100ns, bool running,
                                      struct ew_error *error);

#endif
