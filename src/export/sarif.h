/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the SARIF writer share: sarif.c is the document, sarif_results.c its
 * results, sarif_plan.c what of the merge is in it. */
#ifndef EW_EXPORT_SARIF_H
#define EW_EXPORT_SARIF_H

#include "export/formats.h"

/* A pair of frames of a stack, the caller first. */
struct ew_sarif_pair {
    uint32_t from;
    uint32_t to;
    uint32_t stack;
};

/* What is told: all that was observed or disputed. Nodes and edges that are only claimed would
 * make most of the document, and no reader of SARIF is made for millions of them. */
struct ew_sarif {
    const struct ew_export_job *job;
    struct ew_json_writer *writer;
    uint32_t *location_of; /* of nodes: position among the logical locations, or none */
    uint32_t *function_of; /* of nodes: in the tables, or none */
    uint32_t location_count;
    bool *edge_told;
    uint64_t edge_count;
    struct ew_sarif_pair *pairs; /* the best stack of each adjacency */
    size_t pair_count;
    size_t pair_capacity;
    struct ew_index pair_index;
};

/* EW_NO_MEMORY. Freed by the caller. */
EW_MUST_USE enum ew_status ew_sarif_plan(struct ew_sarif *sarif);
void ew_sarif_free(struct ew_sarif *sarif);

/* The best stack that has an edge's ends as neighbours, or a node; EW_TABLE_NONE: there is none.
 */
uint32_t ew_sarif_edge_witness(struct ew_sarif *sarif, const struct ew_reach_edge *edge);
uint32_t ew_sarif_node_witness(const struct ew_sarif *sarif, uint32_t node);

/* Those of conflicts, one each, then a rule for targets. */
enum { EW_SARIF_RULE_COUNT = EW_CONFLICT_COUNT + 1, EW_SARIF_RULE_TARGET = EW_CONFLICT_COUNT };
const char *ew_sarif_rule_id(unsigned rule);
const char *ew_sarif_rule_text(unsigned rule);

/* The results, as an array. EW_IO: the hash failed. */
EW_MUST_USE enum ew_status ew_sarif_results(struct ew_sarif *sarif);

/* {"logicalLocations":[{"index":...}]} of a node. */
void ew_sarif_location(const struct ew_sarif *sarif, uint32_t node);

#endif
