/* SPDX-License-Identifier: Apache-2.0 */
/* Static and observed edges as one table: both sides are sorted, and met node by node. */
#include "merge/internal.h"

enum { CONFIDENCE_INFERRED = 700 };

/* A static edge of the node at hand. */
struct claimed {
    uint32_t to; /* merged */
    uint32_t graph;
    uint16_t confidence;
    uint8_t tier;
    bool build_match;
};

struct joining {
    struct merge *merge;
    uint32_t *pairs; /* by from, to */
    size_t pair_at;
    struct claimed *claimed; /* room for all of the largest node */
    size_t claimed_count;
    /* Most static edges are claimed alike by one graph: where the result has such a claim, by
     * graph, tier and whether the build matches; NONE: nowhere. */
    uint32_t alone[EW_MERGE_GRAPHS_MAX][TIER_COUNT][2];
};

static int compare_claimed(const void *a, const void *b)
{
    const struct claimed *left = a;
    const struct claimed *right = b;
    if (left->to != right->to) {
        return left->to < right->to ? -1 : 1;
    }
    if (left->graph != right->graph) {
        return left->graph < right->graph ? -1 : 1;
    }
    if (left->confidence != right->confidence) {
        return left->confidence > right->confidence ? -1 : 1;
    }
    return (left->tier > right->tier) - (left->tier < right->tier);
}

static void gather_member(struct joining *joining, const struct member *member)
{
    const struct graph_side *side = &joining->merge->graphs[member->graph];
    const struct ew_graph *graph = side->graph;
    uint32_t artifact = graph->nodes[member->node].artifact;
    bool build_match = artifact != NONE && side->artifacts[artifact].loaded;
    uint8_t from = side->nodes[member->node].tier;
    struct claimed *claimed = &joining->claimed[joining->claimed_count];
    for (uint32_t e = graph->first_edge[member->node]; e < graph->first_edge[member->node + 1];
         e++) {
        const struct ew_graph_edge *edge = &graph->edges[e];
        const struct gnode *target = &side->nodes[edge->to];
        uint8_t tier = from > target->tier ? from : target->tier;
        uint16_t confidence = ew_merge_tier_confidence(tier);
        *claimed = (struct claimed){.to = target->node,
                                    .graph = member->graph,
                                    .confidence = edge->confidence < confidence ? edge->confidence
                                                                                : confidence,
                                    .tier = tier,
                                    .build_match = build_match};
        claimed += static_edge_calls(edge);
    }
    joining->claimed_count = (size_t)(claimed - joining->claimed);
}

/* Rows are short, and those of a graph that nobody saw are in order. */
static void sort_claimed(struct claimed *claimed, size_t count)
{
    enum { SHORT_ROW = 32 };
    if (count > SHORT_ROW) {
        qsort(claimed, count, sizeof *claimed, compare_claimed);
        return;
    }
    for (size_t i = 1; i < count; i++) {
        struct claimed moved = claimed[i];
        size_t at = i;
        for (; at > 0 && compare_claimed(&claimed[at - 1], &moved) > 0; at--) {
            claimed[at] = claimed[at - 1];
        }
        claimed[at] = moved;
    }
}

/* Fetches what nodes to come need: the rows of graphs first, then the nodes that they name. */
static inline MERGE_FETCHING void gather_soon(const struct merge *merge, uint32_t node)
{
    enum { ROWS_AHEAD = 6, TARGETS_AHEAD = 3, TARGETS = 16 };
    if (node + ROWS_AHEAD < merge->node_count
        && merge->nodes[node + ROWS_AHEAD].member_count > 0) {
        const struct member *member =
            &merge->members[merge->nodes[node + ROWS_AHEAD].first_member];
        merge_row_soon(merge->graphs[member->graph].graph, member->node);
    }
    if (node + TARGETS_AHEAD < merge->node_count
        && merge->nodes[node + TARGETS_AHEAD].member_count > 0) {
        const struct member *member =
            &merge->members[merge->nodes[node + TARGETS_AHEAD].first_member];
        const struct graph_side *side = &merge->graphs[member->graph];
        uint32_t first = side->graph->first_edge[member->node];
        uint32_t end = side->graph->first_edge[member->node + 1];
        end = end - first < TARGETS ? end : first + TARGETS;
        for (uint32_t e = first; e < end; e++) {
            __builtin_prefetch(&side->nodes[side->graph->edges[e].to]);
        }
    }
}

static void gather(struct joining *joining, uint32_t node)
{
    const struct node *row = &joining->merge->nodes[node];
    joining->claimed_count = 0;
    for (uint32_t i = 0; i < row->member_count; i++) {
        const struct member *member = &joining->merge->members[row->first_member + i];
        if (!joining->merge->graphs[member->graph].graph->presence_only) {
            gather_member(joining, member);
        }
    }
    sort_claimed(joining->claimed, joining->claimed_count);
}

/* --- one edge
 * ------------------------------------------------------------------------------------ */

static enum ew_runtime_state observed_state(const struct pair *pair)
{
    if (pair == NULL) {
        return EW_RUNTIME_UNKNOWN;
    }
    if (pair_was_seen(pair) || (pair->flags & PAIR_INFERRED) != 0) {
        return EW_RUNTIME_OBSERVED;
    }
    return (pair->flags & PAIR_MAYBE) != 0 ? EW_RUNTIME_MAYBE : EW_RUNTIME_UNKNOWN;
}

static bool put_claim(struct merge *merge, struct ew_reach_edge *edge,
                      const struct ew_reach_claim *claim, uint16_t confidence)
{
    if (claim->claim > edge->state.claimed) {
        edge->state.claimed = claim->claim;
    }
    if (confidence > edge->confidence_claimed) {
        edge->confidence_claimed = confidence;
    }
    return ew_merge_result_claim(merge, claim);
}

/* What the graphs before one said to a pair. */
static bool put_said(struct merge *merge, struct ew_reach_edge *edge, const struct pair *pair,
                     uint32_t *at, uint32_t graph)
{
    bool fine = true;
    while (fine && pair != NULL && *at < pair->claim_count
           && merge->pair_claims[pair->first_claim + *at].graph < graph) {
        fine = put_claim(merge, edge, &merge->pair_claims[pair->first_claim + *at],
                         pair->confidence_claimed);
        ++*at;
    }
    return fine;
}

/* What one graph claims of an edge that nobody saw: told once for all edges of its kind. */
static bool put_alone(struct joining *joining, struct ew_reach_edge *edge,
                      const struct claimed *claimed)
{
    struct merge *merge = joining->merge;
    uint32_t *known = &joining->alone[claimed->graph][claimed->tier][claimed->build_match];
    if (*known == NONE) {
        const struct ew_reach_claim claim = {.graph = claimed->graph,
                                             .claim = EW_STATIC_REACHABLE,
                                             .tier = claimed->tier,
                                             .build_match = claimed->build_match};
        *known = (uint32_t)merge->claim_count;
        if (!ew_merge_result_claim(merge, &claim)) {
            return false;
        }
    }
    edge->state.claimed = EW_STATIC_REACHABLE;
    edge->confidence_claimed = claimed->confidence;
    edge->first_claim = *known;
    edge->claim_count = 1;
    return true;
}

/*
 * The graphs that have the edge, and what the others said to it when it was seen: both lists are
 * sorted by graph.
 */
static bool put_claims(struct joining *joining, struct ew_reach_edge *edge, size_t first,
                       size_t end, const struct pair *pair)
{
    struct merge *merge = joining->merge;
    uint32_t at = 0;
    uint32_t count = pair != NULL ? pair->claim_count : 0;
    edge->first_claim = (uint32_t)merge->claim_count;
    for (size_t i = first; i < end; i++) {
        const struct claimed *claimed = &joining->claimed[i];
        struct ew_reach_claim claim = {.graph = claimed->graph,
                                       .claim = EW_STATIC_REACHABLE,
                                       .tier = claimed->tier,
                                       .build_match = claimed->build_match};
        if (i > first && claimed[-1].graph == claimed->graph) {
            continue;
        }
        if (!put_said(merge, edge, pair, &at, claimed->graph)
            || !put_claim(merge, edge, &claim, claimed->confidence)) {
            return false;
        }
        /* The graph said the same to the pair. */
        at += pair != NULL && at < count
              && merge->pair_claims[pair->first_claim + at].graph == claimed->graph;
    }
    if (!put_said(merge, edge, pair, &at, NONE)) {
        return false;
    }
    edge->claim_count = (uint32_t)merge->claim_count - edge->first_claim;
    return true;
}

static void put_observed(struct ew_reach_edge *edge, const struct pair *pair)
{
    edge->state.observed = (uint8_t)observed_state(pair);
    if (edge->state.observed != EW_RUNTIME_OBSERVED) {
        return;
    }
    if (pair_was_seen(pair)) {
        bool over = (pair->flags & PAIR_FRAME) == 0 && (pair->flags & PAIR_CHAIN) != 0;
        edge->edge_class = (enum ew_edge_class)pair->edge_class;
        edge->confidence_observed =
            over && pair->weight > CONFIDENCE_INFERRED ? CONFIDENCE_INFERRED : pair->weight;
        bool shows_via =
            pair->edge_class == EW_CLASS_ELIDED || pair->edge_class == EW_CLASS_BRIDGED;
        edge->first_via = shows_via ? pair->first_via : 0;
        edge->via_count = shows_via ? pair->via_count : 0;
    } else {
        edge->edge_class =
            pair->edge_class == EW_CLASS_DISPATCH ? EW_CLASS_DISPATCH : EW_CLASS_CONFIRMED;
        edge->confidence_observed = CONFIDENCE_INFERRED;
        edge->inferred = true;
    }
}

/* There is room for it. */
static enum ew_status add_edge(struct joining *joining, uint32_t from, uint32_t to,
                               size_t first_claimed, size_t end_claimed, struct pair *pair)
{
    struct merge *merge = joining->merge;
    if (merge->edge_count >= EW_MERGE_EDGES_MAX) {
        return ew_fail(merge->error, EW_LIMIT, "merge: the result has more than %d edges",
                       EW_MERGE_EDGES_MAX);
    }
    struct ew_reach_edge edge = {.from = from, .to = to};
    bool alone = pair == NULL && end_claimed == first_claimed + 1;
    bool fine = alone ? put_alone(joining, &edge, &joining->claimed[first_claimed])
                      : put_claims(joining, &edge, first_claimed, end_claimed, pair);
    enum ew_status status = fine ? EW_OK : merge_no_memory(merge);
    put_observed(&edge, pair);
    if (status == EW_OK && pair != NULL) {
        status = ew_merge_result_rows(merge, pair->last_row, &edge.first_observation,
                                      &edge.observation_count, &edge.stale);
        pair->edge = (uint32_t)merge->edge_count;
    }
    if (status == EW_OK) {
        merge->merged.class_counts[edge.edge_class]++;
        merge->edges[merge->edge_count++] = edge;
    }
    return status;
}

/* Pairs are sorted by an index, and their rows lie as they were seen: both are fetched ahead. */
static inline MERGE_FETCHING void pairs_soon(const struct joining *joining)
{
    enum { PAIRS_AHEAD = 16, ROWS_AHEAD = 8 };
    const struct merge *merge = joining->merge;
    if (joining->pair_at + PAIRS_AHEAD < merge->pair_count) {
        const struct pair *pair = &merge->pairs[joining->pairs[joining->pair_at + PAIRS_AHEAD]];
        __builtin_prefetch(&pair->from);
        __builtin_prefetch(&pair->unsure_end);
    }
    if (joining->pair_at + ROWS_AHEAD < merge->pair_count) {
        uint32_t row = merge->pairs[joining->pairs[joining->pair_at + ROWS_AHEAD]].last_row;
        if (row != NONE) {
            __builtin_prefetch(&merge->rows[row].observation);
            __builtin_prefetch(&merge->rows[row].previous);
        }
    }
}

/* --- node by node
 * --------------------------------------------------------------------------------- */

static struct pair *pair_here(struct joining *joining, uint32_t from)
{
    struct merge *merge = joining->merge;
    if (joining->pair_at < merge->pair_count
        && merge->pairs[joining->pairs[joining->pair_at]].from == from) {
        return &merge->pairs[joining->pairs[joining->pair_at]];
    }
    return NULL;
}

static enum ew_status join_node(struct joining *joining, uint32_t from)
{
    enum ew_status status = EW_OK;
    size_t at = 0;
    gather_soon(joining->merge, from);
    gather(joining, from);
    while (status == EW_OK) {
        struct pair *pair = pair_here(joining, from);
        bool claimed = at < joining->claimed_count;
        if (pair == NULL && !claimed) {
            break;
        }
        uint32_t to = claimed ? joining->claimed[at].to : pair->to;
        if (pair != NULL && pair->to < to) {
            to = pair->to;
        }
        bool is_pair = pair != NULL && pair->to == to;
        size_t end = at;
        while (end < joining->claimed_count && joining->claimed[end].to == to) {
            end++;
        }
        if (is_pair) {
            pairs_soon(joining);
            joining->pair_at++;
        }
        /* What only the compiler told is no edge. */
        if (end > at || observed_state(is_pair ? pair : NULL) != EW_RUNTIME_UNKNOWN) {
            status = add_edge(joining, from, to, at, end, is_pair ? pair : NULL);
        }
        at = end;
    }
    return status;
}

struct pair_key {
    uint64_t ends;
    uint32_t pair;
};

static int compare_keys(const void *a, const void *b)
{
    const struct pair_key *left = a;
    const struct pair_key *right = b;
    return (left->ends > right->ends) - (left->ends < right->ends);
}

static bool sort_pairs(struct joining *joining)
{
    const struct merge *merge = joining->merge;
    struct pair_key *keys = calloc(merge->pair_count + 1, sizeof *keys);
    joining->pairs = calloc(merge->pair_count + 1, sizeof *joining->pairs);
    if (keys == NULL || joining->pairs == NULL) {
        free(keys);
        return false;
    }
    for (size_t i = 0; i < merge->pair_count; i++) {
        keys[i].ends = (uint64_t)merge->pairs[i].from << 32 | merge->pairs[i].to;
        keys[i].pair = (uint32_t)i;
    }
    qsort(keys, merge->pair_count, sizeof *keys, compare_keys);
    for (size_t i = 0; i < merge->pair_count; i++) {
        joining->pairs[i] = keys[i].pair;
    }
    free(keys);
    return true;
}

/* Room for all edges there can be: what is not used is never touched. */
static bool reserve(struct joining *joining)
{
    struct merge *merge = joining->merge;
    size_t edge_count = merge->pair_count;
    size_t row_count = 0;
    for (size_t g = 0; g < merge->graph_count; g++) {
        edge_count += merge->graphs[g].graph->edge_count;
    }
    edge_count = edge_count < EW_MERGE_EDGES_MAX ? edge_count : EW_MERGE_EDGES_MAX;
    for (uint32_t i = 0; i < merge->node_count; i++) {
        const struct node *node = &merge->nodes[i];
        size_t count = 0;
        for (uint32_t m = 0; m < node->member_count; m++) {
            const struct member *member = &merge->members[node->first_member + m];
            const uint32_t *first = &merge->graphs[member->graph].graph->first_edge[member->node];
            count += first[1] - first[0];
        }
        row_count = count > row_count ? count : row_count;
    }
    merge->edges = malloc((edge_count + 1) * sizeof *merge->edges);
    /* One place more: the last edge of a row may be none, and is written all the same. */
    joining->claimed = malloc((row_count + 1) * sizeof *joining->claimed);
    memset(joining->alone, 0xff, sizeof joining->alone);
    merge->first_edge = calloc((size_t)merge->node_count + 1, sizeof *merge->first_edge);
    return merge->edges != NULL && merge->first_edge != NULL && joining->claimed != NULL;
}

enum ew_status ew_merge_edges_join(struct merge *merge)
{
    struct joining *joining = calloc(1, sizeof *joining);
    if (joining == NULL) {
        return merge_no_memory(merge);
    }
    joining->merge = merge;
    enum ew_status status =
        reserve(joining) && sort_pairs(joining) ? EW_OK : merge_no_memory(merge);
    for (uint32_t node = 0; status == EW_OK && node < merge->node_count; node++) {
        status = join_node(joining, node);
        merge->first_edge[node + 1] = (uint32_t)merge->edge_count;
    }
    free(joining->pairs);
    free(joining->claimed);
    free(joining);
    return status;
}
