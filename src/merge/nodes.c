/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Merged nodes: runtime functions and nodes of graphs that are one function become one. Builds
 * that differ never join (reference evidence.md 6.2).
 */
#include "merge/match.h"
#include "merge/sets.h"

#include <stdio.h>

enum { GRAPH_TAG_DIGITS = 16 };

static enum ew_status sets_make(struct merge *merge, struct sets *sets)
{
    uint64_t count = merge->function_count;
    for (size_t i = 0; i < merge->graph_count; i++) {
        sets->first_node[i] = (uint32_t)count;
        count += merge->graphs[i].graph->node_count;
        if (count > EW_MERGE_NODES_MAX) {
            return ew_fail(merge->error, EW_LIMIT,
                           "merge: documents and graphs have more than %d functions",
                           EW_MERGE_NODES_MAX);
        }
    }
    sets->count = (uint32_t)count;
    sets->parents = calloc((size_t)count + 1, sizeof *sets->parents);
    for (uint32_t i = 0; sets->parents != NULL && i < sets->count; i++) {
        sets->parents[i] = i;
    }
    return sets->parents != NULL ? EW_OK : merge_no_memory(merge);
}

/* --- functions with nodes ---------------------------------------------------------------------
 */

/* Who matched one node of a graph. */
struct takers {
    uint32_t strong; /* a function, or NONE */
    uint32_t weak;
    bool builds; /* weak ones of several builds: which one the graph means cannot be told */
};

static bool is_strong(const struct match *match)
{
    return match->node != NONE && match->tier <= TIER_NAMED;
}

static bool is_weak(const struct match *match)
{
    return match->node != NONE && (match->tier == TIER_UNBUILT || match->tier == TIER_NAME_ONLY);
}

static bool one_build(const struct merge *merge, uint32_t a, uint32_t b)
{
    uint32_t left = merge->functions[a].build;
    uint32_t right = merge->functions[b].build;
    if (left == right || left == NONE || right == NONE) {
        return left == right;
    }
    enum relation relation =
        ew_merge_build_relation(&merge->builds[left].ids, &merge->builds[right].ids);
    return relation == RELATION_SAME
           || (relation == RELATION_UNKNOWN
               && ew_merge_module_names_equal(merge->builds[left].row->name,
                                              merge->builds[right].row->name));
}

static void note_takers(const struct merge *merge, const struct graph_side *side,
                        struct takers *takers)
{
    for (uint32_t i = 0; i < side->graph->node_count; i++) {
        takers[i].strong = NONE;
        takers[i].weak = NONE;
    }
    for (uint32_t f = 0; f < merge->function_count; f++) {
        const struct match *match = &side->matches[f];
        if (is_strong(match)) {
            struct takers *taken = &takers[match->node];
            taken->strong = taken->strong == NONE ? f : taken->strong;
        } else if (is_weak(match)) {
            struct takers *taken = &takers[match->node];
            taken->builds =
                taken->builds || (taken->weak != NONE && !one_build(merge, taken->weak, f));
            taken->weak = taken->weak == NONE ? f : taken->weak;
        }
    }
}

static void note_match(struct gnode *gnode, const struct match *match)
{
    bool derived = (match->flags & MATCH_DERIVED) != 0;
    if (gnode->tier == TIER_NONE || match->tier < gnode->tier) {
        gnode->tier = match->tier;
        gnode->derived = derived;
    } else if (match->tier == gnode->tier) {
        gnode->derived = gnode->derived && derived;
    }
}

static void join_functions(struct merge *merge, struct graph_side *side, struct sets *sets,
                           uint32_t first_node, const struct takers *takers)
{
    for (uint32_t f = 0; f < merge->function_count; f++) {
        struct match *match = &side->matches[f];
        if (!is_strong(match) && !is_weak(match)) {
            continue;
        }
        const struct takers *taken = &takers[match->node];
        bool joins =
            is_strong(match)
            || (taken->strong != NONE ? one_build(merge, taken->strong, f) : !taken->builds);
        if (joins) {
            struct function *function = &merge->functions[f];
            bool better = function->tier == TIER_NONE || match->tier < function->tier;
            function->tier = better ? match->tier : function->tier;
            unite(sets, f, first_node + match->node);
            note_match(&side->nodes[match->node], match);
        } else {
            /* One of several: the node may have run, the function did. */
            side->nodes[match->node].flags |= GNODE_MAYBE;
            match->flags |= MATCH_AMBIGUOUS;
            side->unplaced = true;
        }
    }
}

static enum ew_status join_side(struct merge *merge, size_t graph, struct sets *sets)
{
    struct graph_side *side = &merge->graphs[graph];
    struct takers *takers = calloc((size_t)side->graph->node_count + 1, sizeof *takers);
    if (takers == NULL) {
        return merge_no_memory(merge);
    }
    note_takers(merge, side, takers);
    join_functions(merge, side, sets, sets->first_node[graph], takers);
    free(takers);
    for (uint32_t f = 0; f < merge->function_count; f++) {
        const struct match *match = &side->matches[f];
        const struct function *function = &merge->functions[f];
        for (uint32_t i = 0; i < match->candidate_count; i++) {
            if (function->observed || function->candidate) {
                side->nodes[side->candidates[match->first_candidate + i]].flags |= GNODE_MAYBE;
            }
        }
    }
    return EW_OK;
}

/* --- nodes of several graphs
 * -------------------------------------------------------------------- */

static void describe_node(const struct graph_side *side, const struct ew_graph_node *node,
                          struct method_scratch *scratch, struct query *query)
{
    const struct ew_graph *graph = side->graph;
    memset(query, 0, sizeof *query);
    query->ids = &side->artifacts[node->artifact].ids;
    query->module = ew_graph_string(graph, graph->artifacts[node->artifact].name);
    query->token = node->token;
    query->has_rva = (node->flags & EW_NODE_HAS_RVA) != 0;
    query->rva = node->rva;
    ew_merge_static_method(graph, node, &scratch->own);
    query->method = &scratch->own;
    query->decorated = ew_merge_static_decorated(graph, node);
}

/* Joins what two graphs say of one function of one build. */
static bool join_graphs(struct merge *merge, size_t a, size_t b, struct sets *sets,
                        struct method_scratch *scratch, struct found *found)
{
    const struct graph_side *from = &merge->graphs[b];
    for (uint32_t i = 0; i < from->graph->node_count; i++) {
        const struct ew_graph_node *node = &from->graph->nodes[i];
        if (node->artifact == NONE || !from->artifacts[node->artifact].has_ids) {
            continue;
        }
        struct query query;
        describe_node(from, node, scratch, &query);
        if (!ew_merge_match_query(&merge->graphs[a], &query, scratch, found)) {
            return false;
        }
        if (found->count == 1 && !found->derived && found->tier <= TIER_NAMED) {
            unite(sets, sets->first_node[a] + found->nodes[0], sets->first_node[b] + i);
        }
    }
    return true;
}

static enum ew_status join_all_graphs(struct merge *merge, struct sets *sets)
{
    struct method_scratch *scratch = malloc(sizeof *scratch);
    struct found found = {0};
    bool fine = scratch != NULL;
    for (size_t a = 0; fine && a < merge->graph_count; a++) {
        for (size_t b = a + 1; fine && b < merge->graph_count; b++) {
            fine = join_graphs(merge, a, b, sets, scratch, &found);
        }
    }
    free(found.nodes);
    free(scratch);
    return fine ? EW_OK : merge_no_memory(merge);
}

/* --- keys and numbers
 * --------------------------------------------------------------------------- */

/* Functions that only a table lists, and nobody saw, make no node. */
static void mark_used(struct merge *merge)
{
    for (size_t f = 0; f < merge->function_count; f++) {
        merge->functions[f].used = merge->functions[f].observed || merge->functions[f].candidate;
    }
    for (size_t w = 0; w < merge->window_count; w++) {
        const struct ew_evidence *evidence = merge->windows[w].evidence;
        const uint32_t *map = merge->function_map + merge->first_function[w];
        for (size_t i = 0; i < evidence->edge_count; i++) {
            merge->functions[map[evidence->edges[i].from]].used = true;
            merge->functions[map[evidence->edges[i].to]].used = true;
        }
    }
}

struct keyed {
    const char *key;
    uint32_t set;
};

static int compare_keyed(const void *a, const void *b)
{
    const struct keyed *left = a;
    const struct keyed *right = b;
    return strcmp(left->key, right->key);
}

/* The function whose key a set gets: the surest, then the first by its bytes, then the one that
 * tells it best. */
static bool better_function(const struct merge *merge, uint32_t a, uint32_t b)
{
    const struct function *left = &merge->functions[a];
    const struct function *right = &merge->functions[b];
    unsigned left_tier = left->tier == TIER_NONE ? TIER_NAME_ONLY + 1 : left->tier;
    unsigned right_tier = right->tier == TIER_NONE ? TIER_NAME_ONLY + 1 : right->tier;
    int order = strcmp(left->key, right->key);
    order = order != 0 ? order : ew_merge_function_compare(merge, a, b);
    return left_tier != right_tier ? left_tier < right_tier : order < 0;
}

/* So many digits of its hash tell a graph from all others of this merge. */
static size_t tag_digits(const struct merge *merge, size_t graph)
{
    const char *own = merge->graphs[graph].graph->sha256;
    for (size_t i = 0; i < merge->graph_count; i++) {
        if (i != graph && strncmp(merge->graphs[i].graph->sha256, own, GRAPH_TAG_DIGITS) == 0) {
            return strlen(own);
        }
    }
    return GRAPH_TAG_DIGITS;
}

static const char *graph_key(struct merge *merge, size_t graph, uint32_t node)
{
    const struct ew_graph *from = merge->graphs[graph].graph;
    const char *id = ew_graph_string(from, from->nodes[node].id);
    size_t digits = tag_digits(merge, graph);
    size_t byte_count = digits + strlen(id) + sizeof "g::";
    char *key = ew_arena_take(&merge->arena, byte_count);
    if (key != NULL) {
        (void)snprintf(key, byte_count, "g:%.*s:%s", (int)digits, from->sha256, id);
    }
    return key;
}

enum { KEY_PREFIX_BYTES = 16 };

/*
 * A document can tell any key; those of graphs' nodes are not for it to tell, nor are those made
 * here: of a function that is told in several ways and is not the same in all.
 */
static const char *function_key(struct merge *merge, struct sets *sets,
                                const struct tellings *tellings, uint32_t function)
{
    const char *key = merge->functions[function].key;
    char prefix[KEY_PREFIX_BYTES] = "";
    if (merge->functions[merge->functions[function].head].retold
        && set_of(sets, tellings->surest[function]) != set_of(sets, function)) {
        (void)snprintf(prefix, sizeof prefix, "v:%u:", (unsigned)tellings->numbers[function]);
    } else if (strchr("grv", key[0]) != NULL && key[0] != '\0' && key[1] == ':') {
        memcpy(prefix, "r:", sizeof "r:");
    } else {
        return key;
    }
    size_t byte_count = strlen(prefix) + strlen(key) + 1;
    char *other = ew_arena_take(&merge->arena, byte_count);
    if (other != NULL) {
        (void)snprintf(other, byte_count, "%s%s", prefix, key);
    }
    return other;
}

struct naming {
    const struct tellings *tellings;
    struct keyed *keyed;
    size_t count;
    uint32_t *function_of_set; /* by set; NONE */
    uint32_t *node_of_set;
};

static enum ew_status name_sets(struct merge *merge, struct sets *sets, struct naming *naming)
{
    for (uint32_t f = 0; f < merge->function_count; f++) {
        uint32_t set = set_of(sets, f);
        uint32_t *function = &naming->function_of_set[set];
        if (merge->functions[f].used
            && (*function == NONE || better_function(merge, f, *function))) {
            *function = f;
        }
    }
    for (uint32_t set = 0; set < sets->count; set++) {
        if (sets->parents[set] != set) {
            continue;
        }
        const char *key = NULL;
        if (naming->function_of_set[set] != NONE) {
            key = function_key(merge, sets, naming->tellings, naming->function_of_set[set]);
        } else if (set >= merge->function_count) {
            size_t graph = merge->graph_count - 1;
            while (sets->first_node[graph] > set) {
                graph--;
            }
            key = graph_key(merge, graph, set - sets->first_node[graph]);
        } else {
            naming->node_of_set[set] = NONE - 1; /* decided below, with its graph's nodes */
            continue;
        }
        if (key == NULL) {
            return merge_no_room(merge);
        }
        struct keyed keyed = {key, set};
        naming->keyed[naming->count++] = keyed;
    }
    return EW_OK;
}

/* Sets of graph nodes whose functions nobody saw begin with a function all the same. */
static enum ew_status name_unused(struct merge *merge, struct sets *sets, struct naming *naming)
{
    for (size_t g = 0; g < merge->graph_count; g++) {
        for (uint32_t i = 0; i < merge->graphs[g].graph->node_count; i++) {
            uint32_t set = set_of(sets, sets->first_node[g] + i);
            if (naming->node_of_set[set] != NONE - 1) {
                continue;
            }
            const char *key = graph_key(merge, g, i);
            if (key == NULL) {
                return merge_no_room(merge);
            }
            struct keyed keyed = {key, set};
            naming->keyed[naming->count++] = keyed;
            naming->node_of_set[set] = NONE;
        }
    }
    return EW_OK;
}

static enum ew_status number_nodes(struct merge *merge, struct sets *sets, struct naming *naming)
{
    merge->nodes = calloc(naming->count + 1, sizeof *merge->nodes);
    if (merge->nodes == NULL) {
        return merge_no_memory(merge);
    }
    if (naming->count > 1) {
        qsort(naming->keyed, naming->count, sizeof *naming->keyed, compare_keyed);
    }
    merge->node_count = (uint32_t)naming->count;
    struct ew_reach_node *result = calloc(naming->count + 1, sizeof *result);
    if (result == NULL) {
        return merge_no_memory(merge);
    }
    merge->result_nodes = result;
    for (uint32_t i = 0; i < merge->node_count; i++) {
        uint32_t set = naming->keyed[i].set;
        struct node node = {
            .function = naming->function_of_set[set], .first_row = NONE, .last_row = NONE};
        merge->nodes[i] = node;
        result[i].key = naming->keyed[i].key;
        naming->node_of_set[set] = i;
    }
    for (uint32_t f = 0; f < merge->function_count; f++) {
        merge->functions[f].node =
            merge->functions[f].used ? naming->node_of_set[set_of(sets, f)] : NONE;
    }
    return EW_OK;
}

static enum ew_status list_members(struct merge *merge, struct sets *sets,
                                   const struct naming *naming)
{
    for (size_t g = 0; g < merge->graph_count; g++) {
        for (uint32_t i = 0; i < merge->graphs[g].graph->node_count; i++) {
            uint32_t node = naming->node_of_set[set_of(sets, sets->first_node[g] + i)];
            merge->graphs[g].nodes[i].node = node;
            merge->nodes[node].member_count++;
            merge->member_count++;
        }
    }
    merge->members = calloc(merge->member_count + 1, sizeof *merge->members);
    if (merge->members == NULL) {
        return merge_no_memory(merge);
    }
    uint32_t first = 0;
    for (uint32_t i = 0; i < merge->node_count; i++) {
        merge->nodes[i].first_member = first;
        first += merge->nodes[i].member_count;
        merge->nodes[i].member_count = 0;
    }
    for (size_t g = 0; g < merge->graph_count; g++) {
        for (uint32_t i = 0; i < merge->graphs[g].graph->node_count; i++) {
            const struct gnode *gnode = &merge->graphs[g].nodes[i];
            struct node *node = &merge->nodes[gnode->node];
            struct member member = {(uint32_t)g, i, gnode->tier};
            merge->members[node->first_member + node->member_count++] = member;
            if (gnode->tier != TIER_NONE
                && (node->tier == TIER_NONE || gnode->tier < node->tier)) {
                node->tier = gnode->tier;
            }
        }
    }
    return EW_OK;
}

static enum ew_status number_sets(struct merge *merge, struct sets *sets,
                                  const struct tellings *tellings)
{
    size_t count = (size_t)sets->count + 1;
    struct naming naming = {.tellings = tellings,
                            .keyed = calloc(count, sizeof *naming.keyed),
                            .function_of_set = malloc(count * sizeof *naming.function_of_set),
                            .node_of_set = malloc(count * sizeof *naming.node_of_set)};
    enum ew_status status = EW_NO_MEMORY;
    if (naming.keyed != NULL && naming.function_of_set != NULL && naming.node_of_set != NULL) {
        memset(naming.function_of_set, 0xff, count * sizeof *naming.function_of_set);
        memset(naming.node_of_set, 0xff, count * sizeof *naming.node_of_set);
        status = name_sets(merge, sets, &naming);
    } else {
        (void)merge_no_memory(merge);
    }
    if (status == EW_OK) {
        status = name_unused(merge, sets, &naming);
    }
    if (status == EW_OK) {
        status = number_nodes(merge, sets, &naming);
    }
    if (status == EW_OK) {
        status = list_members(merge, sets, &naming);
    }
    free(naming.keyed);
    free(naming.function_of_set);
    free(naming.node_of_set);
    return status;
}

enum ew_status ew_merge_nodes_join(struct merge *merge)
{
    struct sets sets = {0};
    struct tellings tellings = {0};
    enum ew_status status = sets_make(merge, &sets);
    for (size_t g = 0; status == EW_OK && g < merge->graph_count; g++) {
        status = join_side(merge, g, &sets);
    }
    if (status == EW_OK) {
        status = ew_merge_tellings_join(merge, &sets, &tellings);
    }
    if (status == EW_OK) {
        status = join_all_graphs(merge, &sets);
    }
    if (status == EW_OK) {
        mark_used(merge);
        status = number_sets(merge, &sets, &tellings);
    }
    free(tellings.surest);
    free(tellings.numbers);
    free(sets.parents);
    return status;
}
