/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts of a window set:
 *
 *     set.c        documents added: each distinct one once
 *     directory.c  files and directories of documents
 *     heads.c      what heads tell of streams
 *     settle.c     which documents count, their streams, the digest
 *     roll_up.c    a range of documents as one
 *     fold.c       its tables (fold_tables.c, fold_rows.c)
 */
#ifndef EW_WINDOWS_SET_H
#define EW_WINDOWS_SET_H

#include "base/arena.h"
#include "base/index.h"
#include "etwitness/window_set.h"

/* A document's tables, shared by the sets that it was added to. */
struct set_tables {
    uint64_t references;
    struct ew_arena arena;
    struct ew_evidence evidence;
};

/* One distinct document. Its tables are given up once it cannot count any more, since what
 * stands before it stays. */
struct set_entry {
    char stream_id[EW_STREAM_ID_BYTES];
    char sha256[EW_SHA256_HEX_BYTES];
    uint32_t revision;
    uint64_t from; /* of its range; a plain window's is its number */
    uint64_t to;
    struct set_tables *tables;
};

struct ew_window_set {
    struct set_entry *entries; /* in the order in which they came */
    uint32_t entry_count;
    uint32_t entry_capacity;
    struct ew_index index;
    uint64_t table_bytes; /* of all entries; shared ones count in each set */
    uint64_t repeated;
    uint64_t refused;
    bool full; /* a document found no room */
    char refusal[EW_ERROR_TEXT_BYTES];
    uint64_t compressed;
    uint64_t vanished;            /* files that were gone when they were to be read */
    struct ew_window_head *heads; /* by stream */
    size_t head_count;
    size_t head_capacity;
    uint64_t heads_refused;
    char head_refusal[EW_ERROR_TEXT_BYTES];

    /* What settle() makes of the entries. */
    bool settled;
    struct ew_window *windows;
    size_t window_count;
    struct ew_window_stream *streams;
    size_t stream_count;
    struct ew_window_set_counts counts;
};

/*
 * Adds one distinct document; takes over one reference to `tables` (NULL: given up already),
 * whatever it answers. A document that is there already is counted only.
 */
EW_MUST_USE enum ew_status ew_set_put(struct ew_window_set *set, const struct set_entry *entry,
                                      struct ew_error *error);

/* Adds a file of a directory: it may be refused, which is counted, or be gone since it was
 * listed. EW_IO, EW_LIMIT (the set is full), EW_NO_MEMORY. */
EW_MUST_USE enum ew_status ew_set_add_listed(struct ew_window_set *set, const char *path,
                                             struct ew_error *error);

/* Keeps a head, unless one that knows more of its stream is there. EW_NO_MEMORY, EW_LIMIT. */
EW_MUST_USE enum ew_status ew_set_put_head(struct ew_window_set *set, const struct ew_head *head);

/* Counts a head that is not read, and remembers why the first one is not. */
void ew_set_refuse_head(struct ew_window_set *set, const char *why);

void ew_set_tables_release(struct set_tables *tables); /* NULL is allowed */

/* Decides which entries count, unless that is known. EW_NO_MEMORY. */
EW_MUST_USE enum ew_status ew_set_settle(struct ew_window_set *set);

/* Order of entries: by stream, range (wider ones first), revision (higher ones first), hash. */
int ew_set_compare_entries(const void *a, const void *b);

#endif
