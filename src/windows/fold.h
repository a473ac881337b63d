/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Documents of one stream folded into the tables of one: counts are added, times widened, and
 * what is told of a thing is what the last document tells of it.
 */
#ifndef EW_WINDOWS_FOLD_H
#define EW_WINDOWS_FOLD_H

#include "base/arena.h"
#include "base/index.h"
#include "etwitness/evidence.h"

/* A growing table with an index. Zeroed is empty, but for `row_bytes`. */
struct fold_table {
    char *rows;
    size_t row_bytes;
    uint32_t count;
    uint32_t capacity;
    struct ew_index index;
};

/* A value of a row's list: a process or a call site. */
struct fold_pair {
    uint32_t row;
    uint64_t value;
};

struct fold {
    struct fold_table sources;               /* struct ew_evidence_source */
    struct fold_table modules;               /* struct ew_evidence_module */
    struct fold_table processes;             /* struct ew_evidence_process */
    struct fold_table functions;             /* struct ew_evidence_function */
    struct fold_table observations;          /* struct ew_evidence_observation */
    struct fold_table edges;                 /* struct ew_evidence_edge */
    struct fold_table paths;                 /* struct ew_evidence_path */
    struct fold_table gaps;                  /* struct ew_evidence_gap */
    struct fold_table ambiguous;             /* struct ew_evidence_ambiguous */
    struct fold_table observation_processes; /* struct fold_pair */
    struct fold_table edge_processes;        /* struct fold_pair */
    struct fold_table edge_sites;            /* struct fold_pair */
    struct fold_table details[2];            /* of observations, of edges */
    struct ew_arena arena;
    uint64_t byte_count; /* of all tables */
    uint64_t dropped;    /* paths that found no room */
    struct ew_evidence_quality quality;
    struct ew_evidence_quality before; /* of the document before */

    /* Of the document that is added: its indexes as those of the fold. */
    uint32_t *source_of;
    uint32_t *module_of;
    uint32_t *process_of;
    uint32_t *function_of;
};

void ew_fold_init(struct fold *fold);
void ew_fold_free(struct fold *fold);

/* Adds one document; they come in the order of their numbers, and outlive the fold.
 * EW_NO_MEMORY, EW_LIMIT. */
EW_MUST_USE enum ew_status ew_fold_add(struct fold *fold, const struct ew_evidence *evidence);

/* Sorts the tables and puts them into `evidence`; they live as long as the fold. */
EW_MUST_USE enum ew_status ew_fold_finish(struct fold *fold, struct ew_evidence *evidence);

/* --- shared by the files of the fold ---------------------------------------------------------
 */

/* Sums stop at the largest number of a document. */
static inline void fold_sum(uint64_t *sum, uint64_t value)
{
    *sum = value > EW_JSON_INTEGER_MAX - *sum ? EW_JSON_INTEGER_MAX : *sum + value;
}

static inline void fold_span(uint64_t *first, uint64_t *last, uint64_t now_first,
                             uint64_t now_last)
{
    *first = now_first < *first ? now_first : *first;
    *last = now_last > *last ? now_last : *last;
}

/* Adds a row under a hash (`indexed`), a copy of `row`. */
EW_MUST_USE enum ew_status ew_fold_table_add(struct fold *fold, struct fold_table *table,
                                             const uint64_t *hash, const void *row);

/*
 * Sorts a table by `compare`, which gets pointers to pointers to rows. `*rank_out` has the new
 * position of each old one; NULL: not wanted.
 */
EW_MUST_USE enum ew_status ew_fold_table_sort(struct fold *fold, struct fold_table *table,
                                              int (*compare)(const void *, const void *),
                                              uint32_t **rank_out);

static inline void *fold_row(const struct fold_table *table, uint32_t row)
{
    return table->rows + (size_t)row * table->row_bytes;
}

uint64_t ew_fold_hash_text(const char *text);

/* fold_tables.c: things by name. */
EW_MUST_USE enum ew_status ew_fold_things(struct fold *fold, const struct ew_evidence *evidence);
EW_MUST_USE enum ew_status ew_fold_sort_things(struct fold *fold);

/* Where the rows of sorted tables went. */
struct fold_ranks {
    uint32_t *sources;
    uint32_t *modules;
    uint32_t *processes;
    uint32_t *functions;
};

/* fold_rows.c: what was seen of them. */
EW_MUST_USE enum ew_status ew_fold_rows(struct fold *fold, const struct ew_evidence *evidence);
EW_MUST_USE enum ew_status ew_fold_renumber_rows(struct fold *fold,
                                                 const struct fold_ranks *ranks);
EW_MUST_USE enum ew_status ew_fold_finish_rows(struct fold *fold, struct ew_evidence *evidence);

/* fold_details.c: lists of rows. */
EW_MUST_USE enum ew_status ew_fold_detail(struct fold *fold, struct fold_table *processes,
                                          struct fold_table *sites, uint32_t row,
                                          const struct ew_evidence_detail *detail);
/* Makes details of pairs, whose rows have moved by `rank`. `sites` may be NULL. */
EW_MUST_USE enum ew_status ew_fold_finish_details(struct fold *fold, struct fold_table *processes,
                                                  struct fold_table *sites, const uint32_t *rank,
                                                  struct fold_table *details);

#endif
