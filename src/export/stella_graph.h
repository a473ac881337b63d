/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the stella.callgraph.v1 writer share: a merge with one node for each id. */
#ifndef EW_EXPORT_STELLA_GRAPH_H
#define EW_EXPORT_STELLA_GRAPH_H

#include "export/formats.h"

/* A node of the output: several of the merge may have one id. */
struct ew_stella_place {
    const char *id;
    uint32_t node;  /* the first of the merge */
    bool candidate; /* it begins stacks, and no graph has it as an entry point */
    bool root;      /* it begins a complete stack */
};

struct ew_stella_link {
    uint32_t from; /* places */
    uint32_t to;
    uint32_t edge;
};

struct ew_stella_entry {
    uint32_t place;
    uint32_t kind; /* enum ew_graph_entry_kind */
};

struct ew_stella_graph {
    const struct ew_merged *merged;
    struct ew_stella_place *places; /* by id */
    size_t place_count;
    uint32_t *place_of;           /* of a node of the merge */
    struct ew_stella_link *links; /* by place */
    size_t link_count;
    struct ew_stella_entry *entries; /* by place and kind, each once */
    size_t entry_count;
};

/* Fills `entries`, and `candidate` and `root` of places; those are set. EW_NO_MEMORY. */
EW_MUST_USE enum ew_status ew_stella_entries(struct ew_stella_graph *graph,
                                             const struct ew_tables *tables);

/* The format's word for a kind of entry point; it has fewer. */
const char *ew_stella_entry_kind(uint32_t kind);

#endif
