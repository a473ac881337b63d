/* SPDX-License-Identifier: Apache-2.0 */
/* Heads: one small file a stream that tells where the stream stands. */
#ifndef EW_EVIDENCE_HEAD_H
#define EW_EVIDENCE_HEAD_H

#include "evidence/catalog.h"

enum { PUBLISHER_PATH_BYTES = 4096 };

struct publisher_paths {
    char tmp[PUBLISHER_PATH_BYTES];
    char evidence[PUBLISHER_PATH_BYTES];
    char heads[PUBLISHER_PATH_BYTES];
};

/* "folder/name"; both are known to fit. */
void publisher_path(char out[PUBLISHER_PATH_BYTES], const char *folder, const char *name);

/* Removes a file under tmp after a failure that is told; the next open tries again. */
void publisher_discard(const char *path);

enum head_state {
    HEAD_RUNNING,
    HEAD_STOPPED,
    HEAD_AS_BEFORE, /* as the head that is there says; stopped when there is none */
};

struct head_update {
    const char *stream;
    enum head_state state;
    uint64_t heartbeat_100ns;
    const char *sha256; /* of the document just published, or NULL */
};

/*
 * Puts `runtime-evidence-head/1` in the place of the stream's old head: a reader sees the
 * old or the new one. What it tells of the documents is what the catalog holds, so it moves on
 * when documents are deleted; but the last number stays what it was when that document is not
 * there any more, until another one is published.
 *
 * EW_NOT_FOUND  the catalog holds no document of the stream, and there is no head
 */
EW_MUST_USE enum ew_status head_replace(const struct publisher_paths *paths,
                                        const struct ew_catalog *catalog,
                                        const struct head_update *update, struct ew_error *error);

/*
 * What the head and the newest document of a stream tell: whether its writer stopped, and its
 * last number with its hash, also when the head is of the one before it, and when the document
 * of which the head tells is gone. A head that is missing or cannot be trusted is of a writer
 * that did not stop.
 *
 * EW_NOT_FOUND  the catalog holds no document of the stream, and there is no head
 */
EW_MUST_USE enum ew_status head_find(const struct publisher_paths *paths,
                                     const struct ew_catalog *catalog, const char *stream,
                                     struct ew_head *head_out, struct ew_error *error);

#endif
