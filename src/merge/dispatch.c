/* SPDX-License-Identifier: Apache-2.0 */
/* Virtual calls: whether one of a node's edges can end in a method that it does not name. */
#include "merge/internal.h"

/* Lists a method and all that it overrides, directly or over others, until one is found. */
static enum answer walk(const struct ew_graph *graph, uint32_t method, uint32_t wanted,
                        uint32_t methods[EW_OVERRIDES_MAX], uint32_t *count_out)
{
    uint32_t count = 0;
    methods[count++] = method;
    for (uint32_t at = 0; at < count; at++) {
        for (uint32_t i = graph->nodes[methods[at]].first_override;
             i < static_overrides_end(graph, methods[at]); i++) {
            if (graph->overrides[i] == wanted) {
                return ANSWER_YES;
            }
            uint32_t known = 0;
            while (known < count && methods[known] != graph->overrides[i]) {
                known++;
            }
            if (known == count && count == EW_OVERRIDES_MAX) {
                return ANSWER_CUT;
            }
            if (known == count) {
                methods[count++] = graph->overrides[i];
            }
        }
    }
    *count_out = count;
    return ANSWER_NO;
}

bool ew_merge_overridden(const struct ew_graph *graph, uint32_t method,
                         uint32_t methods_out[EW_OVERRIDES_MAX], uint32_t *count_out)
{
    return walk(graph, method, NONE, methods_out, count_out) != ANSWER_CUT;
}

static enum answer overrides(const struct ew_graph *graph, uint32_t method, uint32_t overridden)
{
    uint32_t methods[EW_OVERRIDES_MAX];
    uint32_t count = 0;
    return walk(graph, method, overridden, methods, &count);
}

static bool is_candidate(const struct ew_graph *graph, uint32_t edge, uint32_t node)
{
    for (uint32_t i = graph->edges[edge].first_candidate; i < static_candidates_end(graph, edge);
         i++) {
        if (graph->candidates[i] == node) {
            return true;
        }
    }
    return false;
}

enum answer ew_merge_dispatch(const struct ew_graph *graph, uint32_t from, uint32_t to,
                              uint32_t *edge_out)
{
    enum answer all = ANSWER_NO;
    bool overrides_any = graph->nodes[to].first_override < static_overrides_end(graph, to);
    for (uint32_t e = graph->first_edge[from]; e < graph->first_edge[from + 1]; e++) {
        enum answer answer = is_candidate(graph, e, to) ? ANSWER_YES : ANSWER_NO;
        if (answer == ANSWER_NO && overrides_any && static_edge_dispatches(&graph->edges[e])) {
            answer = overrides(graph, to, graph->edges[e].to);
        }
        if (answer == ANSWER_YES) {
            *edge_out = e;
            return ANSWER_YES;
        }
        all = answer == ANSWER_CUT ? ANSWER_CUT : all;
    }
    return all;
}
