/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which functions between two adjacent frames inlining or tail calls may have hidden: paths of
 * the graph with at most EW_ELISION_EDGES_MAX edges, found in bounded time. What lies close
 * before the callee is marked first, so that other ways are not followed.
 */
#include "merge/elision.h"

/* --- edges turned round --------------------------------------------------------------------- */

/* Counts, then places, the callers of what each edge names and of its candidates. */
static void turn_edges(const struct ew_graph *graph, struct callers *callers, bool places)
{
    for (uint32_t from = 0; from < graph->node_count; from++) {
        for (uint32_t e = graph->first_edge[from]; e < graph->first_edge[from + 1]; e++) {
            const struct ew_graph_edge *edge = &graph->edges[e];
            uint32_t end = static_candidates_end(graph, e);
            for (uint32_t i = edge->first_candidate; i <= end; i++) {
                uint32_t to = i < end ? graph->candidates[i] : edge->to;
                if (places) {
                    callers->callers[callers->first[to + 1]++] = from;
                } else {
                    callers->first[to + 2]++;
                }
            }
        }
    }
}

/* Made when the first path is looked for: most merges of small graphs never need it. */
static bool callers_make(const struct ew_graph *graph, struct callers *callers)
{
    size_t count = (size_t)graph->edge_count + graph->candidate_count;
    callers->first = calloc((size_t)graph->node_count + 2, sizeof *callers->first);
    callers->callers = malloc((count + 1) * sizeof *callers->callers);
    callers->last = calloc((size_t)graph->node_count / 64 + 1, sizeof *callers->last);
    callers->near = calloc((size_t)graph->node_count / 64 + 1, sizeof *callers->near);
    callers->marked = malloc(EW_ELISION_STEPS_MAX * sizeof *callers->marked);
    if (callers->first == NULL || callers->callers == NULL || callers->last == NULL
        || callers->near == NULL || callers->marked == NULL) {
        return false;
    }
    turn_edges(graph, callers, false);
    for (uint32_t i = 2; i < graph->node_count + 2; i++) {
        callers->first[i] += callers->first[i - 1];
    }
    turn_edges(graph, callers, true);
    return true;
}

void ew_merge_elision_free(struct graph_side *side)
{
    free(side->callers.first);
    free(side->callers.callers);
    free(side->callers.last);
    free(side->callers.near);
    free(side->callers.marked);
    memset(&side->callers, 0, sizeof side->callers);
}

/* --- marks -----------------------------------------------------------------------------------
 */

struct search {
    const struct ew_graph *graph;
    struct callers *callers;
    uint32_t to;
    uint32_t steps;
    uint32_t path[EW_ELISION_EDGES_MAX]; /* nodes between, as deep as `depth` */
    uint32_t edge[EW_ELISION_EDGES_MAX]; /* the next edge to follow at each depth */
    uint32_t depth;
    bool answers_calls; /* virtual ones, so that edges need not name it */
    bool knows_last;    /* who may call it is marked, all of them */
    bool knows_near;    /* ... and who calls those */
};

/* What is read next is known long before: so many nodes are fetched ahead. */
enum { FETCH_NODES = 64 };

/* Fetches what marking the callers of these nodes reads. */
static inline MERGE_FETCHING void fetch_callers(const struct callers *callers,
                                                const uint32_t *nodes, uint32_t count)
{
    count = count < FETCH_NODES ? count : FETCH_NODES;
    for (uint32_t i = 0; i < count; i++) {
        __builtin_prefetch(&callers->first[nodes[i]]);
    }
    for (uint32_t i = 0; i < count; i++) {
        __builtin_prefetch(&callers->callers[callers->first[nodes[i]]]);
    }
}

/* Fetches the edges of those that a node calls. */
static inline MERGE_FETCHING void fetch_called(const struct ew_graph *graph, uint32_t from)
{
    uint32_t first = graph->first_edge[from];
    uint32_t count = graph->first_edge[from + 1] - first;
    count = count < FETCH_NODES ? count : FETCH_NODES;
    for (uint32_t i = 0; i < count; i++) {
        __builtin_prefetch(&graph->first_edge[graph->edges[first + i].to]);
    }
    for (uint32_t i = 0; i < count; i++) {
        merge_row_soon(graph, graph->edges[first + i].to);
    }
}

static bool has_mark(const uint64_t *marks, uint32_t node)
{
    return (marks[node / 64] >> node % 64 & 1) != 0;
}

/* Marks the callers of a node. False when there are too many to look at. */
static bool mark_callers(struct callers *callers, uint64_t *marks, uint32_t node)
{
    uint32_t first = callers->first[node];
    uint32_t end = callers->first[node + 1];
    if (end - first > EW_ELISION_STEPS_MAX - callers->marked_count) {
        return false;
    }
    for (uint32_t i = first; i < end; i++) {
        uint32_t caller = callers->callers[i];
        marks[caller / 64] |= UINT64_C(1) << caller % 64;
        callers->marked[callers->marked_count++] = caller;
    }
    return true;
}

/* Who may call `to`: by name, and by what it overrides. */
static bool mark_last(struct search *search)
{
    uint32_t methods[EW_OVERRIDES_MAX];
    uint32_t count = 0;
    bool fine = ew_merge_overridden(search->graph, search->to, methods, &count);
    for (uint32_t i = 0; fine && i < count; i++) {
        fine = mark_callers(search->callers, search->callers->last, methods[i]);
    }
    return fine;
}

static bool mark_near(struct search *search)
{
    struct callers *callers = search->callers;
    uint32_t count = callers->marked_count;
    bool fine = true;
    fetch_callers(callers, callers->marked, count);
    for (uint32_t i = 0; fine && i < count; i++) {
        fine = mark_callers(callers, callers->near, callers->marked[i]);
    }
    return fine;
}

static void unmark(struct callers *callers)
{
    for (uint32_t i = 0; i < callers->marked_count; i++) {
        callers->last[callers->marked[i] / 64] = 0;
        callers->near[callers->marked[i] / 64] = 0;
    }
    callers->marked_count = 0;
}

/* --- paths -----------------------------------------------------------------------------------
 */

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

/* Whether a node may be the last before `to`. */
static bool may_end(const struct search *search, uint32_t node)
{
    return !search->knows_last || has_mark(search->callers->last, node);
}

/* Whether `to` may be reached over a node that would be the next of the path. */
static bool leads(const struct search *search, uint32_t node)
{
    uint32_t edges_left = EW_ELISION_EDGES_MAX - 1 - search->depth;
    return edges_left > 2    ? true
           : edges_left == 1 ? may_end(search, node)
                             : !search->knows_near || has_mark(search->callers->near, node)
                                   || has_mark(search->callers->last, node);
}

/* Looks whether `to` can be reached from the node that was just stepped on. */
static void try_end(struct search *search, struct elided *out)
{
    const struct ew_graph *graph = search->graph;
    uint32_t node = search->path[search->depth - 1];
    if (!may_end(search, node)) {
        return;
    }
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
    if (!leads(search, edge->to)) {
        return true;
    }
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

bool ew_merge_elision_search(struct graph_side *side, uint32_t from, uint32_t to,
                             struct elided *out)
{
    const struct ew_graph *graph = side->graph;
    struct search search = {.graph = graph, .callers = &side->callers, .to = to};
    out->path_count = 0;
    out->cut = false;
    if (side->callers.first == NULL && !callers_make(graph, &side->callers)) {
        return false;
    }
    search.answers_calls = graph->nodes[to].first_override < static_overrides_end(graph, to)
                           || graph->candidate_count > 0;
    search.edge[0] = graph->first_edge[from];
    fetch_called(graph, from);
    search.knows_last = mark_last(&search);
    search.knows_near = search.knows_last && mark_near(&search);
    bool can_end = !search.knows_last || side->callers.marked_count > 0;
    while (can_end && !out->cut && step(&search, from, out)) {
        out->cut = out->cut || ++search.steps >= EW_ELISION_STEPS_MAX;
    }
    unmark(&side->callers);
    return true;
}
