/* SPDX-License-Identifier: Apache-2.0 */
/* What follows from static and observed edges together; nothing of it is fed back. */
#include "merge/internal.h"

/* Edges lie by caller: where those of a node begin. */
static uint32_t first_edge(const struct merge *merge, uint32_t node)
{
    size_t low = 0;
    size_t high = merge->edge_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (merge->edges[middle].from < node) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return (uint32_t)low;
}

/* Adds to `reached` all that its members lead to. `queue` holds them at first. */
static void follow(const struct merge *merge, bool *reached, uint32_t *queue, uint32_t count)
{
    for (uint32_t at = 0; at < count; at++) {
        for (uint32_t e = first_edge(merge, queue[at]);
             e < merge->edge_count && merge->edges[e].from == queue[at]; e++) {
            uint32_t to = merge->edges[e].to;
            if (!reached[to]) {
                reached[to] = true;
                queue[count++] = to;
            }
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

static void augment(struct merge *merge, struct ew_reach_node *nodes, bool *reached,
                    uint32_t *queue)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < merge->node_count; i++) {
        reached[i] = nodes[i].state.observed == EW_RUNTIME_OBSERVED || is_entry(merge, i);
        if (reached[i]) {
            queue[count++] = i;
        }
    }
    follow(merge, reached, queue, count);
    for (uint32_t i = 0; i < merge->node_count; i++) {
        nodes[i].augmented_reachable = reached[i];
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

/*
 * A node that runs although its graph calls it unreachable is explained by a missing entry point
 * above it, or by an edge between nodes that the graph does not have: it is told there, and once.
 */
static void explain(const struct merge *merge, bool *reached, uint32_t *queue)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < merge->node_count; i++) {
        reached[i] = merge->nodes[i].explained;
    }
    for (size_t e = 0; e < merge->edge_count; e++) {
        const struct ew_reach_edge *edge = &merge->edges[e];
        bool odd = edge->edge_class != EW_CLASS_CONFIRMED || is_refused(merge, edge);
        if (edge->state.observed == EW_RUNTIME_OBSERVED && odd
            && merge->nodes[edge->from].member_count > 0) {
            reached[edge->to] = true;
        }
    }
    for (uint32_t i = 0; i < merge->node_count; i++) {
        if (reached[i]) {
            queue[count++] = i;
        }
    }
    follow(merge, reached, queue, count);
}

/* Nodes with an observed caller of no graph: they are entered from outside. */
static void mark_entered(const struct merge *merge, bool *entered)
{
    for (size_t e = 0; e < merge->edge_count; e++) {
        const struct ew_reach_edge *edge = &merge->edges[e];
        if (edge->state.observed == EW_RUNTIME_OBSERVED
            && merge->nodes[edge->from].member_count == 0) {
            entered[edge->to] = true;
        }
    }
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
static enum ew_status report_rest(struct merge *merge, bool *reached, uint32_t *queue,
                                  const bool *entered)
{
    enum ew_status status = EW_OK;
    for (int pass = 0; pass < 2; pass++) {
        for (uint32_t i = 0; status == EW_OK && i < merge->node_count; i++) {
            bool contested = merge->nodes[i].refused
                             && merge->result_nodes[i].state.observed == EW_RUNTIME_OBSERVED;
            if (reached[i] || !contested || (pass == 0 && !entered[i])) {
                continue;
            }
            status = report_node(merge, i, pass == 0);
            reached[i] = true;
            queue[0] = i;
            follow(merge, reached, queue, 1);
        }
    }
    return status;
}

enum ew_status ew_merge_closure_follow(struct merge *merge)
{
    size_t count = (size_t)merge->node_count + 1;
    bool *reached = calloc(count, sizeof *reached);
    bool *entered = calloc(count, sizeof *entered);
    uint32_t *queue = calloc(count, sizeof *queue);
    enum ew_status status = EW_OK;
    if (reached == NULL || entered == NULL || queue == NULL) {
        status = merge_no_memory(merge);
    } else {
        augment(merge, merge->result_nodes, reached, queue);
        memset(reached, 0, count * sizeof *reached);
        explain(merge, reached, queue);
        mark_entered(merge, entered);
        status = report_rest(merge, reached, queue, entered);
    }
    free(reached);
    free(entered);
    free(queue);
    return status;
}
