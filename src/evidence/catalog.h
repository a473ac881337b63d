/* SPDX-License-Identifier: Apache-2.0 */
/* What lies in an evidence directory: its documents by stream, and which to delete. */
#ifndef EW_EVIDENCE_CATALOG_H
#define EW_EVIDENCE_CATALOG_H

#include "evidence/document_name.h"

#include <stddef.h>

struct ew_catalog_entry {
    struct ew_document_name name;
    uint64_t bytes;
    uint64_t from; /* of its range: a plain window's is its number */
    uint64_t age;  /* ew_catalog_age() of its window's start; lower is older */
    bool age_known;
    bool sealed; /* valid when the age is known */
    bool gone;   /* deleted; ew_catalog_compact() removes it */
};

/* Sorted by stream, sequence, kind (roll-ups first, so that the last entry of a stream is its
 * newest window), revision, hash. Zeroed is a valid empty value. */
struct ew_catalog {
    struct ew_catalog_entry *entries;
    size_t count;
    size_t capacity;
    size_t entries_max; /* 0: EW_CATALOG_ENTRIES_MAX */
    uint64_t bytes;     /* of all documents */
};

void ew_catalog_free(struct ew_catalog *catalog);

/* How many entries it may have. */
size_t ew_catalog_room(const struct ew_catalog *catalog);

/*
 * Appends without sorting: for filling it from a listing, before ew_catalog_sort().
 *
 * EW_LIMIT  more than `entries_max`
 */
EW_MUST_USE enum ew_status ew_catalog_append(struct ew_catalog *catalog,
                                             const struct ew_catalog_entry *entry);
void ew_catalog_sort(struct ew_catalog *catalog);

/* Adds in order; one that is there already is replaced. */
EW_MUST_USE enum ew_status ew_catalog_add(struct ew_catalog *catalog,
                                          const struct ew_catalog_entry *entry);

/* The entries of a stream: `*first_out` and their number, 0 when there are none. */
size_t ew_catalog_stream(const struct ew_catalog *catalog, const char *stream, size_t *first_out);

/* The entry of that name; NULL when it is not there. */
const struct ew_catalog_entry *ew_catalog_find(const struct ew_catalog *catalog,
                                               const struct ew_document_name *name);

/* Where the documents of a stream begin; 0 when there are none. */
uint64_t ew_catalog_first(const struct ew_catalog *catalog, const char *stream);

/*
 * The order in which documents may be deleted: superseded revisions first, then what lies in a
 * roll-up, then the oldest. The newest document and the newest sealed document of each stream are
 * not in it, so what is left always tells where a stream stands.
 *
 * order_out, count_out  indexes of entries; freed by the caller with free()
 */
EW_MUST_USE enum ew_status ew_catalog_plan(const struct ew_catalog *catalog, size_t **order_out,
                                           size_t *count_out);

/* Removes the entries that are marked gone. */
void ew_catalog_compact(struct ew_catalog *catalog);

/* A number that orders times of documents: the first 19 digits of their text form.
 * 0 when the text is none. */
uint64_t ew_catalog_age(const char *time_text);

/* Entries at most: twice the retention, 26 MiB. */
enum { EW_CATALOG_ENTRIES_MAX = 2 * EW_RETENTION_FILES_MAX };

#endif
