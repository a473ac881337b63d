/* SPDX-License-Identifier: Apache-2.0 */
/* A merged document while it is read: growing tables, and the scanner over its bytes. */
#ifndef EW_MERGE_READ_H
#define EW_MERGE_READ_H

#include "merge/internal.h"
#include "merge/scan.h"

/* A table that grows; items are what the contract says. */
struct table {
    void *items;
    size_t count;
    size_t capacity;
};

struct reading {
    struct merge *merge; /* owns what is read, as a merge does */
    struct scan *scan;
    struct table graphs; /* struct ew_graph * */
    struct table streams;
    struct table builds;
    struct table nodes;
    struct table edges;
    struct table via;
    struct table claims;
    struct table observations;
    struct table conflicts;
    struct table scopes;
    struct table ranges;
    struct table vulnerabilities; /* const char * */
};

enum {
    KIND_TOP,
    KIND_INPUTS,
    KIND_GRAPH,
    KIND_STREAM,
    KIND_BUILD,
    KIND_NODE,
    KIND_EDGE,
    KIND_CONFIDENCE,
    KIND_PROVENANCE,
    KIND_OBSERVATION,
    KIND_CLAIM,
    KIND_CONFLICT,
    KIND_COVERAGE,
    KIND_SCOPE,
    KIND_RANGE,
    KIND_SUBJECT,
};

/* One more item of a table, zeroed; NULL, and failed, without memory. */
void *ew_merged_read_append(struct reading *reading, struct table *table, size_t item_bytes);

/* A text as a copy that lives with the result; a time; one of several names. */
bool ew_merged_read_text(struct reading *reading, const char **text_out);
bool ew_merged_read_time(struct reading *reading, uint64_t *time_out);
bool ew_merged_read_u32(struct reading *reading, uint32_t *value_out);
bool ew_merged_read_name(struct reading *reading, const char *(*name_of)(unsigned),
                         unsigned count, unsigned *index_out);
/* Room for bytes that live as long as what is read; NULL: it failed. */
void *ew_merged_read_keep(struct reading *reading, size_t byte_count);
bool ew_merged_read_copy(struct reading *reading, const char *text, size_t byte_count,
                         const char **text_out);

/* The members of states that nodes and edges share. */
struct read_state {
    struct ew_reach_state state;
    unsigned label;
    uint16_t confidence_observed;
    uint16_t confidence_claimed;
    uint32_t first_claim;
    uint32_t claim_count;
    uint32_t first_observation;
    uint32_t observation_count;
};
bool ew_merged_read_confidence(struct reading *reading, struct read_state *state);
bool ew_merged_read_provenance(struct reading *reading, struct read_state *state);
bool ew_merged_read_static(struct reading *reading, struct read_state *state);
bool ew_merged_read_runtime(struct reading *reading, struct read_state *state);
bool ew_merged_read_label(struct reading *reading, struct read_state *state);

/* The label is told for readers that know no pairs; it must be that of the pair. False when it
 * is not, or when something failed before. */
bool ew_merged_read_agrees(struct reading *reading, const struct read_state *state);

/* Objects whose opening has been read (read_rows.c, read_tables.c). */
bool ew_merged_read_node(struct reading *reading);
bool ew_merged_read_edge(struct reading *reading);
bool ew_merged_read_conflict(struct reading *reading);
bool ew_merged_read_scope(struct reading *reading);
bool ew_merged_read_graph(struct reading *reading);
bool ew_merged_read_stream(struct reading *reading);
bool ew_merged_read_build(struct reading *reading);

/* Members of a kind of object: an array of their names. */
#define MERGED_READ_LEARN(scan, kind, names) \
    ew_merge_scan_learn(scan, kind, names, sizeof(names) / sizeof(names)[0])
void ew_merged_read_learn_values(struct scan *scan);
void ew_merged_read_learn_rows(struct scan *scan);
void ew_merged_read_learn_tables(struct scan *scan);

/* Indexes in range and tables in order (read_verify.c). */
EW_MUST_USE enum ew_status ew_merged_read_verify(const struct ew_merged *merged, const char *name,
                                                 struct ew_error *error);

#endif
