/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the SARIF writer share: sarif.c is the document, sarif_results.c its
 * results, sarif_locations.c where they are, sarif_plan.c what of the merge is in it. */
#ifndef EW_EXPORT_SARIF_H
#define EW_EXPORT_SARIF_H

#include "export/formats.h"

/* A conflict of the merge, or a node that is a target and was observed. */
struct ew_sarif_told {
    bool target;
    uint32_t at;
    uint32_t witness; /* the best stack that has the edge or the node, or EW_TABLE_NONE */
};

/* Functions that follow one another in a stack, and the best stack in which they do. */
struct ew_sarif_pair {
    uint32_t from;
    uint32_t to;
    uint32_t stack; /* or EW_TABLE_NONE */
};

/* What is told: results in the order of their weight, and of the graph what was observed or
 * disputed, up to the limits. What is only claimed would make most of the document, and no
 * reader of SARIF is made for millions of nodes. */
struct ew_sarif {
    const struct ew_export_job *job;
    struct ew_json_writer *writer;
    struct ew_sarif_told *told;
    size_t told_count;
    uint64_t results_omitted;
    uint64_t witnesses_omitted; /* results that have a witness, which found no room */
    uint32_t *location_of;      /* of nodes: position among the logical locations, or none */
    uint32_t *function_of;      /* of nodes: in the tables, or none */
    uint32_t location_count;
    uint32_t *address_of; /* of the tables' modules: position among the addresses, or none */
    bool *edge_told;
    uint64_t edge_count;
    uint64_t cut;                /* nodes and edges that were observed and found no room */
    struct ew_sarif_pair *pairs; /* of the edges that results are about */
    size_t pair_count;
    struct ew_index pair_index;
};

/* EW_NO_MEMORY. Freed by the caller. */
EW_MUST_USE enum ew_status ew_sarif_plan(struct ew_sarif *sarif);
void ew_sarif_free(struct ew_sarif *sarif);

/* Those of conflicts, one each, then a rule for targets. */
enum { EW_SARIF_RULE_COUNT = EW_CONFLICT_COUNT + 1, EW_SARIF_RULE_TARGET = EW_CONFLICT_COUNT };
const char *ew_sarif_rule_id(unsigned rule);
const char *ew_sarif_rule_text(unsigned rule);
bool ew_sarif_rule_reviews(unsigned rule); /* somebody has to look at it; else it informs */

/* The results, as an array. EW_IO: the hash failed. */
EW_MUST_USE enum ew_status ew_sarif_results(struct ew_sarif *sarif);

/* {"logicalLocations":[{"index":...}]} of a node that is told. */
void ew_sarif_location(const struct ew_sarif *sarif, uint32_t node);

/* The same with the module's file as physical location, and the address in it where one is
 * known: services that sort results by files refuse a whole log when one result has none. */
void ew_sarif_result_location(const struct ew_sarif *sarif, uint32_t node);

/* That of a result about no function: the graph's id stands for its file, and "evidence" for
 * the documents when it is about no graph either. */
void ew_sarif_graph_location(const struct ew_sarif *sarif, const char *graph);

/* The location of a function of the tables (sarif_locations.c). */
void ew_sarif_frame_location(const struct ew_sarif *sarif, uint32_t function);

/* The members of a logical location in ascending order; `index` is left out when it is
 * EW_TABLE_NONE, and texts that are NULL or "". */
void ew_sarif_logical(struct ew_json_writer *writer, const char *decorated, const char *module,
                      const char *name, uint32_t index, const char *key);

/* The run's `addresses`: the modules that frames are addressed from. */
void ew_sarif_addresses(const struct ew_sarif *sarif);

#endif
