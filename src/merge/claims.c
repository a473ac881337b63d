/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What each graph claims of its nodes (reference evidence.md 6.2): reachable from its entry
 * points, or not reachable, which only a closed world of the running build may say.
 */
#include "merge/internal.h"

/* Marks a node in the queue whose overriders are to be visited. */
#define ANSWERS UINT32_C(0x80000000)

struct reach {
    struct graph_side *side;
    uint32_t *queue; /* each node at most twice */
    uint32_t count;
};

static void visit(struct reach *reach, uint32_t node)
{
    struct gnode *gnode = &reach->side->nodes[node];
    if ((gnode->flags & GNODE_REACHABLE) == 0) {
        gnode->flags |= GNODE_REACHABLE;
        reach->queue[reach->count++] = node;
    }
}

/* All that may answer a virtual call: who overrides its target, and who overrides those. */
static void visit_virtual(struct reach *reach, uint32_t node)
{
    struct gnode *gnode = &reach->side->nodes[node];
    if ((gnode->flags & GNODE_VIRTUAL) == 0) {
        gnode->flags |= GNODE_VIRTUAL;
        reach->queue[reach->count++] = node | ANSWERS;
    }
}

static void follow_virtual(struct reach *reach, uint32_t node)
{
    const struct graph_side *side = reach->side;
    for (uint32_t i = side->first_overrider[node]; i < side->first_overrider[node + 1]; i++) {
        visit(reach, side->overriders[i]);
        visit_virtual(reach, side->overriders[i]);
    }
}

static void follow(struct reach *reach, uint32_t node)
{
    const struct ew_graph *graph = reach->side->graph;
    for (uint32_t e = graph->first_edge[node]; e < graph->first_edge[node + 1]; e++) {
        const struct ew_graph_edge *edge = &graph->edges[e];
        if (!static_edge_calls(edge)) {
            continue;
        }
        visit(reach, edge->to);
        for (uint32_t i = edge->first_candidate; i < static_candidates_end(graph, e); i++) {
            visit(reach, graph->candidates[i]);
        }
        if (static_edge_dispatches(edge)) {
            visit_virtual(reach, edge->to);
        }
    }
}

/* A graph without entry points says nothing of reaching; nor does one that lists presence. */
static bool says_nothing(const struct ew_graph *graph)
{
    return graph->entry_count == 0 || graph->presence_only;
}

static bool claims_unreachable(const struct graph_side *side, uint32_t node)
{
    const struct ew_graph_node *row = &side->graph->nodes[node];
    return side->graph->closed && row->kind != EW_NODE_EXTERNAL && row->artifact != NONE
           && side->artifacts[row->artifact].loaded;
}

static enum ew_status reach_side(struct merge *merge, struct graph_side *side)
{
    const struct ew_graph *graph = side->graph;
    struct reach reach = {.side = side};
    reach.queue = calloc((size_t)graph->node_count * 2 + 1, sizeof *reach.queue);
    if (reach.queue == NULL) {
        return merge_no_memory(merge);
    }
    for (uint32_t i = 0; i < graph->entry_count; i++) {
        side->nodes[graph->entries[i].node].flags |= GNODE_ENTRY;
        visit(&reach, graph->entries[i].node);
    }
    for (uint32_t at = 0; at < reach.count; at++) {
        enum { AHEAD = 4 };
        if (at + AHEAD < reach.count) {
            merge_row_soon(graph, reach.queue[at + AHEAD] & ~ANSWERS);
        }
        if ((reach.queue[at] & ANSWERS) != 0) {
            follow_virtual(&reach, reach.queue[at] & ~ANSWERS);
        } else {
            follow(&reach, reach.queue[at]);
        }
    }
    free(reach.queue);
    for (uint32_t i = 0; i < graph->node_count; i++) {
        if ((side->nodes[i].flags & GNODE_REACHABLE) == 0 && claims_unreachable(side, i)) {
            side->nodes[i].flags |= GNODE_UNREACHABLE;
        }
    }
    return EW_OK;
}

enum ew_status ew_merge_claims_reach(struct merge *merge)
{
    enum ew_status status = EW_OK;
    for (size_t g = 0; status == EW_OK && g < merge->graph_count; g++) {
        if (!says_nothing(merge->graphs[g].graph)) {
            status = reach_side(merge, &merge->graphs[g]);
        }
    }
    return status;
}
