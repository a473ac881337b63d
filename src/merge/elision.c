/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which functions between two adjacent frames inlining or tail calls may have hidden: paths of
 * the graph with at most EW_ELISION_EDGES_MAX edges, found in bounded time.
 */
#include "merge/internal.h"

struct search {
    const struct ew_graph *graph;
    uint32_t to;
    uint32_t steps;
    uint32_t path[EW_ELISION_EDGES_MAX]; /* nodes between, as deep as `depth` */
    uint32_t edge[EW_ELISION_EDGES_MAX]; /* the next edge to follow at each depth */
    uint32_t depth;
    bool answers_calls; /* virtual ones, so that edges need not name it */
};

/* A frame that may be missing. Thunks and imports jump; what is external has no body here. */
static bool may_vanish(const struct ew_graph_node *node)
{
    return node->inlining != EW_INLINE_NEVER || node->kind == EW_NODE_THUNK
           || node->kind == EW_NODE_EXTERNAL;
}

static bool on_path(const struct search *search, uint32_t from, uint32_t node)
{
    for (uint32_t i = 0; i < search->depth; i++) {
        if (search->path[i] == node) {
            return true;
        }
    }
    return node == from || node == search->to;
}

/* An edge and a tail call make a frame vanish that nothing else hides. */
static bool hides(const struct search *search, uint32_t edge_out, uint32_t node)
{
    return may_vanish(&search->graph->nodes[node])
           || search->graph->edges[edge_out].kind == EW_EDGE_TAIL;
}

static void take(const struct search *search, struct elided *out)
{
    if (out->path_count == ELISION_PATHS_MAX) {
        out->cut = true;
        return;
    }
    out->lengths[out->path_count] = (uint8_t)search->depth;
    memcpy(out->paths[out->path_count], search->path, sizeof search->path);
    out->path_count++;
}

/* The node that the search stands on. */
static uint32_t here(const struct search *search, uint32_t from)
{
    return search->depth == 0 ? from : search->path[search->depth - 1];
}

/* Looks whether `to` can be reached from the node that was just stepped on. */
static void try_end(struct search *search, struct elided *out)
{
    const struct ew_graph *graph = search->graph;
    uint32_t node = search->path[search->depth - 1];
    uint32_t edge = ew_merge_static_edge_find(graph, node, search->to);
    if (edge == NONE && search->answers_calls) {
        search->steps += graph->first_edge[node + 1] - graph->first_edge[node];
        enum answer answer = ew_merge_dispatch(graph, node, search->to, &edge);
        out->cut = out->cut || answer == ANSWER_CUT;
    }
    if (edge != NONE && hides(search, edge, node)) {
        take(search, out);
    }
}

/* Follows the next edge; false when there is none left at any depth. */
static bool step(struct search *search, uint32_t from, struct elided *out)
{
    uint32_t node = here(search, from);
    uint32_t at = search->edge[search->depth]++;
    if (at >= search->graph->first_edge[node + 1]) {
        if (search->depth == 0) {
            return false;
        }
        search->depth--;
        return true;
    }
    const struct ew_graph_edge *edge = &search->graph->edges[at];
    bool repeated = at > search->graph->first_edge[node] && edge[-1].to == edge->to;
    bool passes = search->depth == 0 || hides(search, at, node);
    if (!static_edge_calls(edge) || repeated || !passes || on_path(search, from, edge->to)) {
        return true;
    }
    search->path[search->depth++] = edge->to;
    try_end(search, out);
    if (search->depth + 1 >= EW_ELISION_EDGES_MAX) {
        search->depth--;
    } else {
        search->edge[search->depth] = search->graph->first_edge[edge->to];
    }
    return true;
}

void ew_merge_elision_search(const struct ew_graph *graph, uint32_t from, uint32_t to,
                             struct elided *out)
{
    struct search search = {.graph = graph, .to = to};
    memset(out, 0, sizeof *out);
    search.answers_calls = graph->nodes[to].first_override < static_overrides_end(graph, to)
                           || graph->candidate_count > 0;
    search.edge[0] = graph->first_edge[from];
    while (!out->cut && step(&search, from, out)) {
        out->cut = out->cut || ++search.steps >= EW_ELISION_STEPS_MAX;
    }
}
