/* SPDX-License-Identifier: Apache-2.0 */
/* How each observed adjacency stands to each graph (reference evidence.md 5.5). */
#include "merge/classify.h"

/* --- suspicion ---------------------------------------------------------------------------------
 */

/* An adjacency that says more of the unwinder than of the program. */
static bool is_suspect(const struct ew_graph *graph, const struct pair *pair, uint32_t from,
                       uint32_t to)
{
    bool leaf = (graph->nodes[from].flags & EW_NODE_CALLS_COMPLETE) != 0
                && graph->first_edge[from] == graph->first_edge[from + 1];
    return leaf || (pair->flags & PAIR_WITHIN) == 0
           || ew_merge_static_edge_find(graph, to, from) != NONE;
}

static bool is_strong(const struct gnode *gnode)
{
    return (gnode->tier == TIER_EXACT || gnode->tier == TIER_NAMED) && !gnode->derived;
}

/* Absence of an edge is a claim only if the analyser says that it looked everywhere. */
static bool claims_absence(const struct graph_side *side, const struct pair *pair, uint32_t from,
                           uint32_t to)
{
    const struct ew_graph *graph = side->graph;
    bool complete = graph->closed || (graph->nodes[from].flags & EW_NODE_CALLS_COMPLETE) != 0;
    return complete && !graph->presence_only && graph->nodes[from].kind != EW_NODE_EXTERNAL
           && is_strong(&side->nodes[from]) && is_strong(&side->nodes[to]) && !pair->unsure_end;
}

/* --- one graph
 * ------------------------------------------------------------------------------------ */

static uint16_t least(uint16_t a, uint16_t b)
{
    return a < b ? a : b;
}

static uint16_t ends_confidence(const struct graph_side *side, uint32_t from, uint32_t to)
{
    return least(ew_merge_tier_confidence(side->nodes[from].tier),
                 ew_merge_tier_confidence(side->nodes[to].tier));
}

static void judge_absence(const struct graph_side *side, const struct pair *pair,
                          struct verdict *verdict)
{
    uint32_t from = verdict->from;
    uint32_t to = verdict->to;
    if (pair_is_mediated(pair) || (pair->flags & PAIR_FRAME) == 0) {
        verdict->edge_class = EW_CLASS_BRIDGED;
        return;
    }
    verdict->edge_class = EW_CLASS_RUNTIME_ONLY;
    if (is_suspect(side->graph, pair, from, to)) {
        verdict->suspect = true;
    } else if (!verdict->cut && claims_absence(side, pair, from, to)) {
        verdict->edge_class = EW_CLASS_CONTRADICTION;
        verdict->claim = EW_STATIC_UNREACHABLE;
        verdict->confidence = ends_confidence(side, from, to);
    }
}

/* A pair before one graph, which has been asked for the edge. */
struct question {
    uint32_t pair;
    uint32_t graph;
};

/* False without memory. */
static bool judge(struct merge *merge, const struct question *question,
                  const struct edge_question *asked, struct verdict *verdict)
{
    struct graph_side *side = &merge->graphs[question->graph];
    const struct pair *pair = &merge->pairs[question->pair];
    uint32_t from = asked->from;
    uint32_t to = asked->to;
    uint32_t edge = asked->edge;
    enum answer dispatched =
        edge == NONE ? ew_merge_dispatch(side->graph, from, to, &edge) : ANSWER_NO;
    *verdict = (struct verdict){.graph = question->graph, .from = from, .to = to};
    if (edge != NONE) {
        verdict->edge_class = dispatched == ANSWER_YES ? EW_CLASS_DISPATCH : EW_CLASS_CONFIRMED;
        verdict->claim = EW_STATIC_REACHABLE;
        verdict->confidence =
            least(side->graph->edges[edge].confidence, ends_confidence(side, from, to));
        return true;
    }
    verdict->cut = dispatched == ANSWER_CUT;
    if ((pair->flags & PAIR_FRAME) != 0) {
        if (!ew_merge_elision_search(side, from, to, &verdict->elided)) {
            return false;
        }
        verdict->cut = verdict->cut || verdict->elided.cut;
    }
    if (verdict->elided.path_count > 0) {
        verdict->edge_class = EW_CLASS_ELIDED;
    } else {
        judge_absence(side, pair, verdict);
    }
    return true;
}

/* --- all graphs
 * ------------------------------------------------------------------------------------ */

static bool add_claim(struct merge *merge, struct pair *pair, const struct verdict *verdict)
{
    struct ew_reach_claim *grown = list_grow(merge->pair_claims, &merge->pair_claim_capacity,
                                             merge->pair_claim_count, sizeof *grown);
    if (grown == NULL) {
        return false;
    }
    const struct gnode *nodes = merge->graphs[verdict->graph].nodes;
    uint8_t from = nodes[verdict->from].tier;
    uint8_t to = nodes[verdict->to].tier;
    struct ew_reach_claim claim = {.graph = verdict->graph,
                                   .claim = (uint8_t)verdict->claim,
                                   .tier = from > to ? from : to,
                                   .build_match = is_strong(&nodes[verdict->from])
                                                  && is_strong(&nodes[verdict->to])};
    merge->pair_claims = grown;
    merge->pair_claims[merge->pair_claim_count++] = claim;
    if (pair->claim_count++ == 0) {
        pair->first_claim = (uint32_t)merge->pair_claim_count - 1;
    }
    if (verdict->confidence > pair->confidence_claimed) {
        pair->confidence_claimed = verdict->confidence;
    }
    return true;
}

/* One hop: sure when there is no other way. The last one may be a virtual call, which the graph
 * has by another name. */
static bool imply_hop(struct merge *merge, const struct verdict *verdict, uint32_t from,
                      uint32_t to, bool sure)
{
    const struct graph_side *side = &merge->graphs[verdict->graph];
    uint32_t hop = ew_merge_pair_get(merge, side->nodes[from].node, side->nodes[to].node);
    if (hop == NONE) {
        return false;
    }
    struct pair *pair = &merge->pairs[hop];
    pair->flags |= sure ? PAIR_INFERRED : PAIR_MAYBE;
    if (pair_was_seen(pair) || pair->claim_count > 0
        || ew_merge_static_edge_find(side->graph, from, to) != NONE) {
        return true;
    }
    struct verdict dispatched = {.graph = verdict->graph,
                                 .from = from,
                                 .to = to,
                                 .claim = EW_STATIC_REACHABLE,
                                 .confidence = ends_confidence(side, from, to)};
    pair->edge_class = EW_CLASS_DISPATCH;
    return add_claim(merge, pair, &dispatched);
}

static void imply_node(struct node *inner, bool sure)
{
    enum ew_runtime_state state = sure ? EW_RUNTIME_OBSERVED : EW_RUNTIME_MAYBE;
    inner->inferred = inner->inferred || sure;
    inner->runtime = inner->runtime > state ? inner->runtime : (uint8_t)state;
}

/* What an elided path hides ran if there is no other way, and may have run if there is. */
static bool imply_path(struct merge *merge, uint32_t index, const struct verdict *verdict,
                       uint32_t path, bool sure)
{
    const struct gnode *nodes = merge->graphs[verdict->graph].nodes;
    const uint32_t *between = verdict->elided.paths[path];
    uint32_t count = verdict->elided.lengths[path];
    uint32_t via[EW_ELISION_EDGES_MAX];
    uint32_t before = verdict->from;
    for (uint32_t i = 0; i < count; i++) {
        if (!imply_hop(merge, verdict, before, between[i], sure)) {
            return false;
        }
        via[i] = nodes[between[i]].node;
        imply_node(&merge->nodes[via[i]], sure);
        before = between[i];
    }
    return imply_hop(merge, verdict, before, verdict->to, sure)
           && ew_merge_pair_set_via(merge, &merge->pairs[index], via, count);
}

static bool imply_hops(struct merge *merge, uint32_t index, const struct verdict *verdict)
{
    const struct elided *elided = &verdict->elided;
    bool sure = elided->path_count == 1 && !elided->cut && !merge->pairs[index].unsure_end;
    bool fine = true;
    for (uint32_t i = 0; fine && i < elided->path_count; i++) {
        fine = imply_path(merge, index, verdict, i, sure);
    }
    return fine;
}

/* Graphs that agree least with what was seen do not decide; the best explanation does. */
static void take_class(struct pair *pair, enum ew_edge_class edge_class)
{
    if (pair->edge_class == EW_CLASS_STATIC_ONLY || edge_class < pair->edge_class) {
        pair->edge_class = (uint8_t)edge_class;
    }
}

/* What stands when no graph knows both ends. */
static void classify_alone(struct pair *pair)
{
    bool bridged = pair_is_mediated(pair) || (pair->flags & PAIR_FRAME) == 0;
    take_class(pair, bridged ? EW_CLASS_BRIDGED : EW_CLASS_RUNTIME_ONLY);
}

static enum ew_status take_verdict(struct merge *merge, uint32_t index,
                                   const struct verdict *verdict)
{
    struct pair *pair = &merge->pairs[index];
    take_class(pair, verdict->edge_class);
    if (verdict->cut) {
        merge->merged.searches_cut++;
        merge->graphs[verdict->graph].search_cut = true;
    }
    if (verdict->claim != EW_STATIC_UNKNOWN && !add_claim(merge, pair, verdict)) {
        return merge_no_memory(merge);
    }
    return EW_OK;
}

/* An elided path stands only when no graph has a better explanation. */
static enum ew_status imply_pair(struct merge *merge, uint32_t index,
                                 const struct verdict *verdicts, size_t count)
{
    if (merge->pairs[index].edge_class != EW_CLASS_ELIDED) {
        return EW_OK;
    }
    for (size_t i = 0; i < count; i++) {
        if (verdicts[i].edge_class == EW_CLASS_ELIDED
            && !imply_hops(merge, index, &verdicts[i])) {
            return merge_no_memory(merge);
        }
    }
    return EW_OK;
}

static enum ew_status classify_pair(struct merge *merge, uint32_t index,
                                    const struct verdict *verdicts, size_t count)
{
    enum ew_status status = EW_OK;
    for (size_t i = 0; status == EW_OK && i < count; i++) {
        status = take_verdict(merge, index, &verdicts[i]);
    }
    if (count == 0) {
        classify_alone(&merge->pairs[index]);
    }
    if (status == EW_OK) {
        status = imply_pair(merge, index, verdicts, count);
    }
    return status != EW_OK ? status : ew_merge_classify_report(merge, index, verdicts, count);
}

/* --- many pairs
 * ------------------------------------------------------------------------------------ */

/* Pairs of one block are asked for together, so that memory is not waited for one by one. */
enum { BLOCK_PAIRS = 128 };
struct block {
    struct question questions[BLOCK_PAIRS * EW_MERGE_GRAPHS_MAX];
    struct edge_question asked[BLOCK_PAIRS * EW_MERGE_GRAPHS_MAX]; /* as long */
    size_t count;
    struct verdict verdicts[EW_MERGE_GRAPHS_MAX]; /* of one pair */
};

/* The graphs that know both ends. */
static void ask_graphs(const struct merge *merge, struct block *block, uint32_t index)
{
    const struct node *from = &merge->nodes[merge->pairs[index].from];
    const struct node *to = &merge->nodes[merge->pairs[index].to];
    uint32_t b = 0;
    for (uint32_t a = 0; a < from->member_count; a++) {
        const struct member *left = &merge->members[from->first_member + a];
        const struct member *right = NULL;
        while (b < to->member_count && merge->members[to->first_member + b].graph < left->graph) {
            b++;
        }
        right = b < to->member_count ? &merge->members[to->first_member + b] : NULL;
        bool first = a == 0 || left[-1].graph != left->graph;
        if (right != NULL && right->graph == left->graph && first) {
            __builtin_prefetch(&merge->graphs[left->graph].nodes[left->node]);
            __builtin_prefetch(&merge->graphs[left->graph].nodes[right->node]);
            block->questions[block->count] = (struct question){index, left->graph};
            block->asked[block->count++] = (struct edge_question){
                merge->graphs[left->graph].graph, left->node, right->node, NONE};
        }
    }
}

/* The name of a node is told when it has no edge: first its function is fetched, then its row. */
static inline MERGE_FETCHING void name_soon(const struct merge *merge, uint32_t node, bool row)
{
    const struct function *function = merge->nodes[node].function != NONE
                                          ? &merge->functions[merge->nodes[node].function]
                                          : NULL;
    if (function != NULL && !row) {
        __builtin_prefetch(function);
    } else if (function != NULL && function->row != NULL) {
        __builtin_prefetch(&function->row->name);
    }
}

/* Without an edge, other ways are looked for, and the edge back. */
static inline MERGE_FETCHING void judge_soon(const struct merge *merge, const struct block *block,
                                             size_t at)
{
    enum { NAMES_AHEAD = 6, AHEAD = 3 };
    if (at + NAMES_AHEAD < block->count && block->asked[at + NAMES_AHEAD].edge == NONE) {
        const struct pair *pair = &merge->pairs[block->questions[at + NAMES_AHEAD].pair];
        name_soon(merge, pair->from, false);
        name_soon(merge, pair->to, false);
    }
    if (at + AHEAD < block->count && block->asked[at + AHEAD].edge == NONE) {
        const struct edge_question *asked = &block->asked[at + AHEAD];
        const struct pair *pair = &merge->pairs[block->questions[at + AHEAD].pair];
        name_soon(merge, pair->from, true);
        name_soon(merge, pair->to, true);
        elision_soon(&merge->graphs[block->questions[at + AHEAD].graph], asked->from, asked->to);
        merge_row_soon(asked->graph, asked->to);
    }
}

static enum ew_status classify_block(struct merge *merge, struct block *block, uint32_t first,
                                     uint32_t end)
{
    block->count = 0;
    for (uint32_t i = first; i < end; i++) {
        if (pair_was_seen(&merge->pairs[i])) {
            ask_graphs(merge, block, i);
        }
    }
    ew_merge_static_edges_find(block->asked, block->count);
    enum ew_status status = EW_OK;
    size_t at = 0;
    for (uint32_t i = first; status == EW_OK && i < end; i++) {
        size_t count = 0;
        for (; at < block->count && block->questions[at].pair == i; at++) {
            judge_soon(merge, block, at);
            if (!judge(merge, &block->questions[at], &block->asked[at],
                       &block->verdicts[count++])) {
                return merge_no_memory(merge);
            }
        }
        if (pair_was_seen(&merge->pairs[i])) {
            status = classify_pair(merge, i, block->verdicts, count);
        }
    }
    return status;
}

enum ew_status ew_merge_classify_pairs(struct merge *merge)
{
    struct block *block = malloc(sizeof *block);
    enum ew_status status = block != NULL ? EW_OK : merge_no_memory(merge);
    /* Hops that are implied on the way are edges of a graph: nothing is to be decided there. */
    uint32_t count = (uint32_t)merge->pair_count;
    for (uint32_t i = 0; status == EW_OK && i < count; i += BLOCK_PAIRS) {
        uint32_t end = count - i < BLOCK_PAIRS ? count : i + BLOCK_PAIRS;
        status = classify_block(merge, block, i, end);
    }
    for (size_t g = 0; g < merge->graph_count; g++) {
        ew_merge_elision_free(&merge->graphs[g]);
    }
    free(block);
    return status;
}
