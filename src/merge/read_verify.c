/* SPDX-License-Identifier: Apache-2.0 */
/* What the form of a merged document does not guarantee: indexes in range, tables in order. */
#include "merge/read.h"

static enum ew_status complain(const char *name, struct ew_error *error, const char *table,
                               size_t row, const char *what)
{
    return ew_fail(error, EW_FORMAT, "%s: %s[%zu] %s", name, table, row, what);
}

static bool or_none(uint32_t index, size_t count)
{
    return index == NONE || index < count;
}

static enum ew_status verify_nodes(const struct ew_merged *merged, const char *name,
                                   struct ew_error *error)
{
    for (size_t i = 0; i < merged->node_count; i++) {
        const struct ew_reach_node *node = &merged->nodes[i];
        if (i > 0 && strcmp(merged->nodes[i - 1].key, node->key) >= 0) {
            return complain(name, error, "nodes", i, "does not come after the one before it");
        }
        if (!or_none(node->build, merged->build_count)
            || !or_none(node->scope, merged->scope_count)) {
            return complain(name, error, "nodes", i,
                            "refers to a build or scope that is not there");
        }
    }
    return EW_OK;
}

static enum ew_status verify_edges(const struct ew_merged *merged, const char *name,
                                   struct ew_error *error)
{
    for (size_t i = 0; i < merged->edge_count; i++) {
        const struct ew_reach_edge *edge = &merged->edges[i];
        if (edge->from >= merged->node_count || edge->to >= merged->node_count) {
            return complain(name, error, "edges", i, "refers to a node that is not there");
        }
        if (i > 0
            && (edge[-1].from > edge->from
                || (edge[-1].from == edge->from && edge[-1].to >= edge->to))) {
            return complain(name, error, "edges", i, "does not come after the one before it");
        }
    }
    for (size_t i = 0; i < merged->via_count; i++) {
        if (merged->via[i] >= merged->node_count) {
            return complain(name, error, "edges", 0, "has a via that refers to no node");
        }
    }
    return EW_OK;
}

static enum ew_status verify_provenance(const struct ew_merged *merged, const char *name,
                                        struct ew_error *error)
{
    for (size_t i = 0; i < merged->claim_count; i++) {
        if (merged->claims[i].graph >= merged->graph_count) {
            return complain(name, error, "provenance", i, "refers to a graph that is not there");
        }
    }
    for (size_t i = 0; i < merged->observation_count; i++) {
        if (merged->observations[i].stream >= merged->stream_count) {
            return complain(name, error, "provenance", i, "refers to a stream that is not there");
        }
    }
    return EW_OK;
}

static enum ew_status verify_rest(const struct ew_merged *merged, const char *name,
                                  struct ew_error *error)
{
    for (size_t i = 0; i < merged->conflict_count; i++) {
        const struct ew_reach_conflict *conflict = &merged->conflicts[i];
        if (!or_none(conflict->graph, merged->graph_count)
            || !or_none(conflict->node, merged->node_count)
            || !or_none(conflict->edge, merged->edge_count)) {
            return complain(name, error, "conflicts", i, "refers to something that is not there");
        }
    }
    for (size_t i = 0; i < merged->scope_count; i++) {
        if (merged->scopes[i].build >= merged->build_count) {
            return complain(name, error, "scopes", i, "refers to a build that is not there");
        }
    }
    for (size_t i = 0; i < merged->range_count; i++) {
        if (merged->ranges[i].stream >= merged->stream_count) {
            return complain(name, error, "scopes", i, "refers to a stream that is not there");
        }
    }
    return EW_OK;
}

enum ew_status ew_merged_read_verify(const struct ew_merged *merged, const char *name,
                                     struct ew_error *error)
{
    enum ew_status status = verify_nodes(merged, name, error);
    if (status == EW_OK) {
        status = verify_edges(merged, name, error);
    }
    if (status == EW_OK) {
        status = verify_provenance(merged, name, error);
    }
    return status == EW_OK ? verify_rest(merged, name, error) : status;
}
