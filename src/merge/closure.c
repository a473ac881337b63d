/* SPDX-License-Identifier: Apache-2.0 */
/* What follows from static and observed edges together; nothing of it is fed back. */
#include "merge/internal.h"

struct closure {
    struct merge *merge;
    bool *reached;   /* by node */
    bool *entered;   /* by observed callers that are in no graph */
    uint32_t *queue; /* one longer than there are nodes */
};

/* Fetches edges of a node that will be followed soon. */
static inline MERGE_FETCHING void fetch(const struct merge *merge, uint32_t node)
{
    enum { LINE_BYTES = 64, LINES = 8 };
    const char *edges = (const char *)&merge->edges[merge->first_edge[node]];
    uint32_t count = merge->first_edge[node + 1] - merge->first_edge[node];
    for (unsigned i = 0; i < LINES && i * LINE_BYTES < count * sizeof *merge->edges; i++) {
        __builtin_prefetch(edges + i * LINE_BYTES);
    }
}

/* Adds to those reached all that they lead to. The queue holds `count` of them at first. */
static void follow(struct closure *closure, uint32_t count)
{
    enum { AHEAD = 4 };
    const struct merge *merge = closure->merge;
    bool *reached = closure->reached;
    for (uint32_t at = 0; at < count; at++) {
        uint32_t node = closure->queue[at];
        if (at + AHEAD < count) {
            fetch(merge, closure->queue[at + AHEAD]);
        }
        for (uint32_t e = merge->first_edge[node]; e < merge->first_edge[node + 1]; e++) {
            uint32_t to = merge->edges[e].to;
            closure->queue[count] = to; /* stays only when it is new */
            count += !reached[to];
            reached[to] = true;
        }
    }
}

static bool is_entry(const struct merge *merge, uint32_t node)
{
    const struct node *row = &merge->nodes[node];
    for (uint32_t i = 0; i < row->member_count; i++) {
        const struct member *member = &merge->members[row->first_member + i];
        if ((merge->graphs[member->graph].nodes[member->node].flags & GNODE_ENTRY) != 0) {
            return true;
        }
    }
    return false;
}

static void augment(struct closure *closure)
{
    struct merge *merge = closure->merge;
    uint32_t count = 0;
    for (uint32_t i = 0; i < merge->node_count; i++) {
        closure->reached[i] =
            merge->result_nodes[i].state.observed == EW_RUNTIME_OBSERVED || is_entry(merge, i);
        if (closure->reached[i]) {
            closure->queue[count++] = i;
        }
    }
    follow(closure, count);
    for (uint32_t i = 0; i < merge->node_count; i++) {
        merge->result_nodes[i].augmented_reachable = closure->reached[i];
    }
}

/* Whether some graph refuses an edge, whatever the others say. */
static bool is_refused(const struct merge *merge, const struct ew_reach_edge *edge)
{
    for (uint32_t i = 0; i < edge->claim_count; i++) {
        if (merge->claims[edge->first_claim + i].claim == EW_STATIC_UNREACHABLE) {
            return true;
        }
    }
    return false;
}

/* The observed edge of a pair, or NULL. */
static const struct ew_reach_edge *observed_edge(const struct merge *merge,
                                                 const struct pair *pair)
{
    const struct ew_reach_edge *edge = pair->edge != NONE ? &merge->edges[pair->edge] : NULL;
    return edge != NULL && edge->state.observed == EW_RUNTIME_OBSERVED ? edge : NULL;
}

/*
 * A node that runs although its graph calls it unreachable is explained by a missing entry point
 * above it, or by an edge between nodes that the graph does not have: it is told there, and once.
 * Nodes with an observed caller of no graph are entered from outside.
 */
static void explain(struct closure *closure)
{
    const struct merge *merge = closure->merge;
    uint32_t count = 0;
    for (uint32_t i = 0; i < merge->node_count; i++) {
        closure->reached[i] = merge->nodes[i].explained;
    }
    for (size_t i = 0; i < merge->pair_count; i++) {
        const struct ew_reach_edge *edge = observed_edge(merge, &merge->pairs[i]);
        if (edge == NULL) {
            continue;
        }
        bool odd = edge->edge_class != EW_CLASS_CONFIRMED || is_refused(merge, edge);
        if (merge->nodes[edge->from].member_count == 0) {
            closure->entered[edge->to] = true;
        } else if (odd) {
            closure->reached[edge->to] = true;
        }
    }
    for (uint32_t i = 0; i < merge->node_count; i++) {
        if (closure->reached[i]) {
            closure->queue[count++] = i;
        }
    }
    follow(closure, count);
}

/* Seen, and refused by a graph. */
static bool is_contested(const struct merge *merge, uint32_t node)
{
    return merge->nodes[node].refused
           && merge->result_nodes[node].state.observed == EW_RUNTIME_OBSERVED;
}

static enum ew_status report_node(struct merge *merge, uint32_t index, bool entered)
{
    const struct node *node = &merge->nodes[index];
    enum ew_status status = EW_OK;
    for (uint32_t i = 0; status == EW_OK && i < node->member_count; i++) {
        const struct member *member = &merge->members[node->first_member + i];
        if ((merge->graphs[member->graph].nodes[member->node].flags & GNODE_UNREACHABLE) == 0) {
            continue;
        }
        char name[NAME_SHOWN_BYTES];
        struct ew_reach_conflict conflict = {.conflict = entered
                                                             ? EW_CONFLICT_ENTRYPOINT_MISSING
                                                             : EW_CONFLICT_STATIC_CONTRADICTED,
                                             .graph = member->graph,
                                             .node = index,
                                             .edge = NONE};
        status = ew_merge_conflict_add(
            merge, &conflict, "%s %s", ew_merge_shown_node(merge, index, name),
            entered ? "is called by code that is not in the graph, which calls "
                      "it unreachable: a missing entry point"
                    : "was seen on a stack, and the graph calls it unreachable");
    }
    return status;
}

/* What is left is told at its top: where foreign code calls it, else in the order of nodes. */
static enum ew_status report_rest(struct closure *closure)
{
    struct merge *merge = closure->merge;
    enum ew_status status = EW_OK;
    for (int pass = 0; pass < 2; pass++) {
        for (uint32_t i = 0; status == EW_OK && i < merge->node_count; i++) {
            if (closure->reached[i] || !is_contested(merge, i)
                || (pass == 0 && !closure->entered[i])) {
                continue;
            }
            status = report_node(merge, i, pass == 0);
            closure->reached[i] = true;
            closure->queue[0] = i;
            follow(closure, 1);
        }
    }
    return status;
}

enum ew_status ew_merge_closure_follow(struct merge *merge)
{
    size_t count = (size_t)merge->node_count + 1;
    struct closure closure = {.merge = merge,
                              .reached = calloc(count, sizeof *closure.reached),
                              .entered = calloc(count, sizeof *closure.entered),
                              .queue = calloc(count, sizeof *closure.queue)};
    enum ew_status status = EW_OK;
    if (closure.reached == NULL || closure.entered == NULL || closure.queue == NULL) {
        status = merge_no_memory(merge);
    } else {
        uint32_t contested = 0;
        augment(&closure);
        while (contested < merge->node_count && !is_contested(merge, contested)) {
            contested++;
        }
        if (contested < merge->node_count) {
            explain(&closure);
            status = report_rest(&closure);
        }
    }
    free(closure.reached);
    free(closure.entered);
    free(closure.queue);
    return status;
}
