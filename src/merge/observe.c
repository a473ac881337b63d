/* SPDX-License-Identifier: Apache-2.0 */
/* What all documents saw of nodes and of adjacencies, folded by stream and unit. */
#include "merge/observe.h"

enum { LEVEL_PREPARED = 1, LEVEL_FUNCTION = 2, LEVEL_EDGE = 3, WEIGHT_PREPARED = 900 };

/* --- pairs ------------------------------------------------------------------------------------
 */

static uint64_t pair_hash(uint32_t from, uint32_t to)
{
    return ew_index_hash_u64((uint64_t)from << 32 | to);
}

uint32_t ew_merge_pair_find(struct merge *merge, uint32_t from, uint32_t to)
{
    uint64_t hash = pair_hash(from, to);
    for (uint32_t i = ew_index_first(&merge->pair_index, hash); i != EW_INDEX_END;
         i = ew_index_next(&merge->pair_index)) {
        if (merge->pairs[i].from == from && merge->pairs[i].to == to) {
            return i;
        }
    }
    return NONE;
}

uint32_t ew_merge_pair_get(struct merge *merge, uint32_t from, uint32_t to)
{
    uint32_t found = ew_merge_pair_find(merge, from, to);
    if (found != NONE || merge->pair_count >= EW_MERGE_EDGES_MAX) {
        return found;
    }
    struct pair *grown =
        list_grow(merge->pairs, &merge->pair_capacity, merge->pair_count, sizeof *grown);
    if (grown == NULL) {
        return NONE;
    }
    merge->pairs = grown;
    if (!ew_index_insert(&merge->pair_index, pair_hash(from, to), (uint32_t)merge->pair_count)) {
        return NONE;
    }
    struct pair pair = {.from = from,
                        .to = to,
                        .first_row = NONE,
                        .last_row = NONE,
                        .edge = NONE,
                        .unsure_end = true};
    merge->pairs[merge->pair_count] = pair;
    return (uint32_t)merge->pair_count++;
}

/* --- rows --------------------------------------------------------------------------------------
 */

/* The row of the stream and unit at the end of a chain, made when it is not there. Windows come
 * stream by stream, so it is one of the last two. */
static struct row *row_of(struct merge *merge, const struct seen *seen, uint32_t *first,
                          uint32_t *last)
{
    uint32_t stream = merge->window_stream[seen->window];
    for (uint32_t at = *last, tries = 0; at != NONE && tries < 2; tries++) {
        struct row *row = &merge->rows[at];
        if (row->observation.stream != stream) {
            break;
        }
        if (row->observation.samples == seen->samples) {
            return row;
        }
        at = row->previous;
    }
    struct row *grown =
        list_grow(merge->rows, &merge->row_capacity, merge->row_count, sizeof *grown);
    if (grown == NULL || merge->row_count >= NONE) {
        merge->rows = grown != NULL ? grown : merge->rows;
        return NULL;
    }
    merge->rows = grown;
    struct row row = {.observation = {.stream = stream,
                                      .first_sequence = UINT64_MAX,
                                      .samples = seen->samples,
                                      .first_100ns = UINT64_MAX},
                      .previous = *last,
                      .last_window = NONE};
    uint32_t index = (uint32_t)merge->row_count++;
    merge->rows[index] = row;
    *first = *first == NONE ? index : *first;
    *last = index;
    return &merge->rows[index];
}

bool ew_merge_observe(struct merge *merge, const struct seen *seen, uint32_t *first,
                      uint32_t *last)
{
    const struct ew_window *window = &merge->windows[seen->window];
    struct row *row = row_of(merge, seen, first, last);
    if (row == NULL) {
        return false;
    }
    struct ew_reach_observation *observation = &row->observation;
    if (row->last_window != seen->window) {
        observation->windows++;
        row->last_window = (uint32_t)seen->window;
    }
    observation->hits = merge_sum(observation->hits, seen->hits);
    observation->level = observation->level > seen->level ? observation->level : seen->level;
    observation->tier = observation->tier > seen->tier ? observation->tier : seen->tier;
    if (ew_window_first_number(window) < observation->first_sequence) {
        observation->first_sequence = ew_window_first_number(window);
    }
    if (window->covers_to > observation->last_sequence) {
        observation->last_sequence = window->covers_to;
    }
    if (seen->first_100ns < observation->first_100ns) {
        observation->first_100ns = seen->first_100ns;
    }
    if (seen->last_100ns > observation->last_100ns) {
        observation->last_100ns = seen->last_100ns;
    }
    return true;
}

/* --- functions
 * ---------------------------------------------------------------------------------- */

static void raise(struct node *node, enum ew_runtime_state state)
{
    node->runtime = node->runtime > state ? node->runtime : (uint8_t)state;
}

/* What one observation of a function is worth: its source, and how surely it was matched. */
static uint16_t worth(const struct function *function)
{
    uint16_t tier = ew_merge_tier_confidence(function->tier);
    return tier < function->weight ? tier : function->weight;
}

static enum ew_status observe_functions(struct merge *merge, size_t window)
{
    const struct ew_evidence *evidence = merge->windows[window].evidence;
    const uint32_t *map = merge->function_map + merge->first_function[window];
    for (size_t i = 0; i < evidence->observation_count; i++) {
        const struct ew_evidence_observation *row = &evidence->observations[i];
        const struct function *function = &merge->functions[map[row->function]];
        struct node *node = &merge->nodes[function->node];
        const struct ew_evidence_source *source = &evidence->sources[row->source];
        bool prepared = source->kind == EW_SOURCE_METHOD_PREPARE;
        struct seen seen = {window,
                            ew_evidence_source_samples(source),
                            prepared ? LEVEL_PREPARED : LEVEL_FUNCTION,
                            function->tier,
                            row->hits,
                            row->first_100ns,
                            row->last_100ns};
        if (!ew_merge_observe(merge, &seen, &node->first_row, &node->last_row)) {
            return merge_no_memory(merge);
        }
        raise(node, EW_RUNTIME_OBSERVED);
        uint16_t weight = worth(function);
        weight = prepared && weight > WEIGHT_PREPARED ? WEIGHT_PREPARED : weight;
        node->weight = node->weight > weight ? node->weight : weight;
    }
    return EW_OK;
}

/* An end that several functions can be, or that is worth little: what calls what is not sure. */
static bool is_unsure(const struct merge *merge, uint32_t index)
{
    const struct function *function = &merge->functions[index];
    bool ambiguous = (function->flags & EW_FUNCTION_FOLDED) != 0;
    for (size_t g = 0; !ambiguous && g < merge->graph_count; g++) {
        ambiguous = (merge->graphs[g].matches[index].flags & MATCH_AMBIGUOUS) != 0;
    }
    return ambiguous;
}

/* Names lie in the documents: the rows of functions to come are fetched, then their names. */
static inline MERGE_FETCHING void function_soon(const struct merge *merge, size_t function)
{
    enum { ROWS_AHEAD = 16, NAMES_AHEAD = 8 };
    if (function + ROWS_AHEAD >= merge->function_count) {
        return;
    }
    const struct ew_evidence_function *row = merge->functions[function + NAMES_AHEAD].row;
    __builtin_prefetch(merge->functions[function + ROWS_AHEAD].row);
    if (row != NULL && row->name != NULL) {
        __builtin_prefetch(row->name);
    }
}

/* What functions alone tell of their nodes. */
static void note_functions(struct merge *merge)
{
    for (size_t f = 0; f < merge->function_count; f++) {
        struct function *function = &merge->functions[f];
        function_soon(merge, f);
        if (function->node == NONE) {
            continue;
        }
        struct node *node = &merge->nodes[function->node];
        const struct build *build =
            function->build != NONE ? &merge->builds[function->build] : NULL;
        function->mediator = (uint8_t)ew_merge_mediator_of(function, build);
        function->unsure = is_unsure(merge, (uint32_t)f);
        if (node->mediator == MEDIATOR_NONE) {
            node->mediator = function->mediator;
        }
        if (function->certain) {
            raise(node, EW_RUNTIME_OBSERVED); /* several versions of its code, all its own */
            node->weight = node->weight > worth(function) ? node->weight : worth(function);
        } else if (function->candidate) {
            raise(node, EW_RUNTIME_MAYBE);
        }
    }
    for (size_t g = 0; g < merge->graph_count; g++) {
        for (uint32_t i = 0; i < merge->graphs[g].graph->node_count; i++) {
            if ((merge->graphs[g].nodes[i].flags & GNODE_MAYBE) != 0) {
                raise(&merge->nodes[merge->graphs[g].nodes[i].node], EW_RUNTIME_MAYBE);
            }
        }
    }
}

/* --- edges
 * --------------------------------------------------------------------------------------- */

static uint32_t adjacency_flags(enum ew_adjacency adjacency)
{
    static const uint32_t flags[] = {PAIR_BRIDGE, PAIR_FRAME, PAIR_FRAME | PAIR_INLINE, PAIR_JIT,
                                     PAIR_JIT};
    return flags[adjacency];
}

static bool is_kernel(const struct merge *merge, const struct function *function)
{
    return function->build != NONE
           && merge->builds[function->build].row->kind == EW_EVIDENCE_KERNEL;
}

/* What an adjacency is, this time: of who tells it, not of who tells the same functions. */
static uint32_t ends_flags(const struct merge *merge, const struct function *from,
                           const struct function *to)
{
    bool plain = from->mediator == MEDIATOR_NONE && to->mediator == MEDIATOR_NONE;
    bool within = !is_kernel(merge, from) || is_kernel(merge, to);
    return (plain ? PAIR_PLAIN : 0U) | (within ? PAIR_WITHIN : 0U);
}

static void fold_ends(struct pair *pair, const struct function *from, const struct function *to,
                      uint32_t flags, bool unsure)
{
    uint16_t left = worth(from);
    uint16_t right = worth(to);
    uint16_t weight = left < right ? left : right;
    pair->flags |= flags;
    pair->unsure_end = pair->unsure_end && unsure;
    pair->weight = pair->weight > weight ? pair->weight : weight;
    pair->tier = from->tier > pair->tier ? from->tier : pair->tier;
    pair->tier = to->tier > pair->tier ? to->tier : pair->tier;
}

/* Static edges between candidates of an ambiguous end may be what was seen. */
static bool note_candidates(struct merge *merge, uint32_t from, uint32_t to)
{
    for (size_t g = 0; g < merge->graph_count; g++) {
        const struct graph_side *side = &merge->graphs[g];
        const struct match *left = &side->matches[from];
        const struct match *right = &side->matches[to];
        uint32_t left_count = left->candidate_count > 0 ? left->candidate_count : 1;
        uint32_t right_count = right->candidate_count > 0 ? right->candidate_count : 1;
        if (((left->flags | right->flags) & MATCH_AMBIGUOUS) == 0) {
            continue;
        }
        for (uint32_t i = 0; i < left_count * right_count && i < EW_ELISION_STEPS_MAX; i++) {
            uint32_t a = left->candidate_count > 0
                             ? side->candidates[left->first_candidate + i / right_count]
                             : left->node;
            uint32_t b = right->candidate_count > 0
                             ? side->candidates[right->first_candidate + i % right_count]
                             : right->node;
            if (a == NONE || b == NONE || ew_merge_static_edge_find(side->graph, a, b) == NONE) {
                continue;
            }
            uint32_t pair = ew_merge_pair_get(merge, side->nodes[a].node, side->nodes[b].node);
            if (pair == NONE) {
                return false;
            }
            merge->pairs[pair].flags |= PAIR_MAYBE;
        }
    }
    return true;
}

static enum ew_status observe_edge(struct merge *merge, size_t window,
                                   const struct ew_evidence_edge *edge, const uint32_t *map)
{
    const struct ew_evidence *evidence = merge->windows[window].evidence;
    uint32_t from = map[edge->from];
    uint32_t to = map[edge->to];
    const struct function *caller = &merge->functions[from];
    const struct function *callee = &merge->functions[to];
    bool made =
        caller->node == callee->node && from != to && caller->resolution == EW_RESOLVED_TOKEN;
    if (made) {
        return EW_OK; /* a method and what the compiler made of it: no call */
    }
    uint32_t index = ew_merge_pair_get(merge, caller->node, callee->node);
    if (index == NONE) {
        return merge->pair_count >= EW_MERGE_EDGES_MAX
                   ? ew_fail(merge->error, EW_LIMIT,
                             "merge: the documents have more than %d calls", EW_MERGE_EDGES_MAX)
                   : merge_no_memory(merge);
    }
    struct pair *pair = &merge->pairs[index];
    bool unsure = caller->unsure || callee->unsure;
    uint32_t flags = adjacency_flags(edge->adjacency);
    uint32_t seen_flags = flags != PAIR_JIT ? ends_flags(merge, caller, callee) : 0;
    fold_ends(pair, caller, callee, flags | seen_flags, unsure);
    if (unsure && !note_candidates(merge, from, to)) {
        return merge_no_memory(merge);
    }
    if (flags == PAIR_JIT) {
        return EW_OK;
    }
    struct seen seen = {
        window,          ew_evidence_source_samples(&evidence->sources[edge->source]),
        LEVEL_EDGE,      merge->pairs[index].tier,
        edge->hits,      edge->first_100ns,
        edge->last_100ns};
    return ew_merge_observe(merge, &seen, &merge->pairs[index].first_row,
                            &merge->pairs[index].last_row)
               ? EW_OK
               : merge_no_memory(merge);
}

static uint64_t edge_hash(const struct merge *merge, const struct ew_evidence_edge *edge,
                          const uint32_t *map)
{
    return pair_hash(merge->functions[map[edge->from]].node,
                     merge->functions[map[edge->to]].node);
}

/* Edges lie by caller, so that callees and their pairs are anywhere: what edges to come need is
 * fetched, first the functions, then the slot of the pair, the pair, its row. */
static inline MERGE_FETCHING void observe_soon(const struct merge *merge,
                                               const struct ew_evidence *evidence,
                                               const uint32_t *map, size_t at)
{
    enum { FUNCTIONS_AHEAD = 32, SLOTS_AHEAD = 24, PAIRS_AHEAD = 16, ROWS_AHEAD = 8 };
    const struct ew_evidence_edge *edge = &evidence->edges[at];
    if (at + FUNCTIONS_AHEAD >= evidence->edge_count) {
        return;
    }
    __builtin_prefetch(&merge->functions[map[edge[FUNCTIONS_AHEAD].to]].node);
    merge_slot_soon(&merge->pair_index, edge_hash(merge, &edge[SLOTS_AHEAD], map));
    uint32_t pair =
        merge_slot_guess(&merge->pair_index, edge_hash(merge, &edge[PAIRS_AHEAD], map));
    if (pair != NONE) {
        __builtin_prefetch(&merge->pairs[pair].from);
        __builtin_prefetch(&merge->pairs[pair].last_row);
    }
    pair = merge_slot_guess(&merge->pair_index, edge_hash(merge, &edge[ROWS_AHEAD], map));
    if (pair != NONE && merge->pairs[pair].last_row != NONE) {
        __builtin_prefetch(&merge->rows[merge->pairs[pair].last_row].observation);
        __builtin_prefetch(&merge->rows[merge->pairs[pair].last_row].previous);
    }
}

enum ew_status ew_merge_observe_windows(struct merge *merge)
{
    enum ew_status status = EW_OK;
    note_functions(merge);
    for (size_t w = 0; status == EW_OK && w < merge->window_count; w++) {
        const struct ew_evidence *evidence = merge->windows[w].evidence;
        const uint32_t *map = merge->function_map + merge->first_function[w];
        status = observe_functions(merge, w);
        for (size_t i = 0; status == EW_OK && i < evidence->edge_count; i++) {
            observe_soon(merge, evidence, map, i);
            status = observe_edge(merge, w, &evidence->edges[i], map);
        }
        if (status == EW_OK) {
            status = ew_merge_observe_paths(merge, w);
        }
    }
    return status;
}
