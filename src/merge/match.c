/* SPDX-License-Identifier: Apache-2.0 */
/* Which node of a graph is a runtime function (reference evidence.md 5.4). */
#include "merge/match.h"

enum { CANDIDATES_MAX = 4096 };

uint16_t ew_merge_tier_confidence(unsigned tier)
{
    static const uint16_t confidences[] = {1000, 1000, 950, 750, 600, 400};
    return confidences[tier];
}

/* --- what was found so far: the nodes of the best tier ----------------------------------------
 */

static bool offer(struct found *found, uint32_t node, unsigned tier)
{
    if (found->tier != TIER_NONE && tier > found->tier) {
        return true;
    }
    if (tier < found->tier || found->tier == TIER_NONE) {
        found->tier = (uint8_t)tier;
        found->count = 0;
    }
    for (uint32_t i = 0; i < found->count; i++) {
        if (found->nodes[i] == node) {
            return true;
        }
    }
    uint32_t *grown = list_grow(found->nodes, &found->capacity, found->count, sizeof *grown);
    if (grown == NULL) {
        return false;
    }
    found->nodes = grown;
    if (found->count < CANDIDATES_MAX) {
        found->nodes[found->count++] = node;
    }
    return true;
}

/* --- T1: tokens and addresses ------------------------------------------------------------------
 */

static bool offer_token(struct graph_side *side, const struct query *query, uint32_t artifact,
                        struct found *found)
{
    uint64_t hash = ew_merge_static_token_hash(artifact, query->token);
    for (uint32_t i = ew_index_first(&side->token_index, hash); i != EW_INDEX_END;
         i = ew_index_next(&side->token_index)) {
        const struct ew_graph_node *node = &side->graph->nodes[i];
        if (node->artifact == artifact && node->token == query->token
            && !offer(found, i, TIER_EXACT)) {
            return false;
        }
    }
    return true;
}

/* Behind the last node of an artifact that begins at or before an address. */
static uint32_t upper_bound(const struct graph_side *side, uint32_t artifact, uint64_t rva)
{
    uint32_t low = 0;
    uint32_t high = side->rva_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const struct ew_graph_node *node = &side->graph->nodes[side->by_rva[middle]];
        if (node->artifact < artifact || (node->artifact == artifact && node->rva <= rva)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* Several nodes can begin at one address: code that the linker folded. */
static bool offer_address(struct graph_side *side, const struct query *query, uint32_t artifact,
                          struct found *found)
{
    uint32_t at = upper_bound(side, artifact, query->rva);
    uint64_t start = 0;
    for (bool first = true; at > 0; at--) {
        uint32_t index = side->by_rva[at - 1];
        const struct ew_graph_node *node = &side->graph->nodes[index];
        if (node->artifact != artifact || (!first && node->rva != start)) {
            break;
        }
        start = node->rva;
        first = false;
        bool inside = query->rva - node->rva < node->size_bytes || query->rva == node->rva;
        if (inside && !offer(found, index, TIER_EXACT)) {
            return false;
        }
    }
    return true;
}

/* Asks each artifact that is the query's build. */
static bool offer_exact(struct graph_side *side, const struct query *query, char kind,
                        const char *id, struct found *found)
{
    uint32_t artifacts[16];
    size_t count = 0;
    uint64_t hash = ew_merge_static_id_hash(kind, id);
    for (uint32_t i = id[0] != '\0' ? ew_index_first(&side->artifact_index, hash) : EW_INDEX_END;
         i != EW_INDEX_END && count < sizeof artifacts / sizeof artifacts[0];
         i = ew_index_next(&side->artifact_index)) {
        if (ew_merge_build_relation(&side->artifacts[i].ids, query->ids) == RELATION_SAME) {
            artifacts[count++] = i;
        }
    }
    bool fine = true;
    for (size_t i = 0; fine && i < count; i++) {
        if (query->token != 0) {
            fine = offer_token(side, query, artifacts[i], found);
        } else if (query->has_rva) {
            fine = offer_address(side, query, artifacts[i], found);
        }
    }
    return fine;
}

/* --- T2 to T4: ids -----------------------------------------------------------------------------
 */

/* Another collector may have been told what a graph calls its functions. An id says which node it
 * is, whatever its module is called there, if it is no name: the node has one beside it. It does
 * not say which build ran. */
static bool offer_id(const struct graph_side *side, const struct function *function,
                     const struct query *query, struct found *found)
{
    uint32_t index = ew_merge_function_is_id(function)
                         ? ew_graph_find(side->graph, function->row->name)
                         : EW_GRAPH_NONE;
    if (index == EW_GRAPH_NONE || side->graph->nodes[index].name == 0) {
        return true;
    }
    uint32_t artifact = side->graph->nodes[index].artifact;
    enum relation relation =
        artifact != NONE ? ew_merge_build_relation(&side->artifacts[artifact].ids, query->ids)
                         : RELATION_UNKNOWN;
    return offer(found, index,
                 relation == RELATION_SAME        ? TIER_NAMED
                 : relation == RELATION_DIFFERENT ? TIER_OTHER
                                                  : TIER_UNBUILT);
}

/* --- T2 to T5: names --------------------------------------------------------------------------
 */

enum agreement { AGREE_NOT, AGREE_NAME, AGREE_FULL };

/* How far a node's name is the query's. */
static enum agreement agree(struct graph_side *side, const struct query *query,
                            const struct ew_graph_node *node, struct method_name *scratch)
{
    const char *decorated = ew_merge_static_decorated(side->graph, node);
    if (is_text(query->decorated) && strcmp(query->decorated, decorated) == 0) {
        return AGREE_FULL;
    }
    ew_merge_static_method(side->graph, node, scratch);
    if (query->method->cut || scratch->cut || scratch->path_bytes != query->method->path_bytes
        || memcmp(scratch->path, query->method->path, scratch->path_bytes) != 0) {
        return AGREE_NOT;
    }
    if (!scratch->has_types || !query->method->has_types) {
        return AGREE_NAME;
    }
    return ew_merge_method_same_types(scratch, query->method) ? AGREE_FULL : AGREE_NOT;
}

/* In one build, a token or an address that differs outweighs any name. */
static bool is_another(const struct query *query, const struct ew_graph_node *node)
{
    if (query->token != 0 && node->token != 0) {
        return query->token != node->token;
    }
    return query->has_rva && (node->flags & EW_NODE_HAS_RVA) != 0 && query->rva != node->rva
           && (query->rva < node->rva || query->rva - node->rva >= node->size_bytes)
           && node->size_bytes != 0;
}

/* The tier of a node whose name agrees; TIER_NONE when it is another module's. */
static unsigned tier_of(const struct graph_side *side, const struct query *query,
                        const struct ew_graph_node *node, enum agreement agreement)
{
    const char *module = "";
    enum relation relation = RELATION_UNKNOWN;
    if (node->artifact != NONE) {
        module = ew_graph_string(side->graph, side->graph->artifacts[node->artifact].name);
        relation = ew_merge_build_relation(&side->artifacts[node->artifact].ids, query->ids);
    }
    if (relation == RELATION_SAME && is_another(query, node)) {
        return TIER_NONE;
    }
    if (relation == RELATION_SAME) {
        return agreement == AGREE_FULL ? TIER_NAMED : TIER_NAME_ONLY;
    }
    if (module[0] == '\0') {
        return relation == RELATION_DIFFERENT ? TIER_NONE : TIER_NAME_ONLY;
    }
    if (!is_text(query->module) || !ew_merge_module_names_equal(module, query->module)) {
        return TIER_NONE;
    }
    if (agreement != AGREE_FULL) {
        return relation == RELATION_DIFFERENT ? TIER_NONE : TIER_NAME_ONLY;
    }
    return relation == RELATION_DIFFERENT ? TIER_OTHER : TIER_UNBUILT;
}

static bool offer_named(struct graph_side *side, const struct query *query, const char *name,
                        size_t name_bytes, struct method_name *scratch, struct found *found)
{
    if (!ew_merge_static_index_names(side, scratch)) {
        return false;
    }
    uint64_t hash = ew_merge_static_name_hash(name, name_bytes);
    for (uint32_t i = ew_index_first(&side->name_index, hash); i != EW_INDEX_END;
         i = ew_index_next(&side->name_index)) {
        const struct ew_graph_node *node = &side->graph->nodes[i];
        enum agreement agreement = agree(side, query, node, scratch);
        unsigned tier =
            agreement != AGREE_NOT ? tier_of(side, query, node, agreement) : TIER_NONE;
        if (tier != TIER_NONE && !offer(found, i, tier)) {
            return false;
        }
    }
    return true;
}

static bool offer_names(struct graph_side *side, const struct query *query,
                        struct method_name *scratch, struct found *found)
{
    bool fine = true;
    if (query->method->path_bytes > 0 && !query->method->cut) {
        fine = offer_named(side, query, query->method->path, query->method->path_bytes, scratch,
                           found);
    }
    if (fine && is_text(query->decorated) && strcmp(query->decorated, query->method->path) != 0) {
        fine =
            offer_named(side, query, query->decorated, strlen(query->decorated), scratch, found);
    }
    return fine;
}

/* A method that the compiler made of the user's: sure of the name only, so never T1 or T2. */
static bool offer_user(struct graph_side *side, const struct query *query,
                       struct method_scratch *scratch, struct found *found)
{
    if (!ew_merge_method_of_user(query->method, &scratch->user)) {
        return true;
    }
    struct query user = *query;
    user.method = &scratch->user;
    user.decorated = NULL;
    user.token = 0; /* they are those of what the compiler made */
    user.has_rva = false;
    if (!offer_names(side, &user, &scratch->node, found)) {
        return false;
    }
    found->derived = found->tier != TIER_NONE;
    if (found->derived && found->tier == TIER_NAME_ONLY) {
        const struct ew_graph_node *node = &side->graph->nodes[found->nodes[0]];
        bool placed =
            node->artifact != NONE
            && ew_graph_string(side->graph, side->graph->artifacts[node->artifact].name)[0]
                   != '\0';
        found->tier = placed ? TIER_UNBUILT : TIER_NAME_ONLY;
    }
    return true;
}

static bool match_exact(struct graph_side *side, const struct query *query, struct found *found)
{
    found->tier = TIER_NONE;
    found->count = 0;
    found->derived = false;
    return offer_exact(side, query, 'm', query->ids->mvid, found)
           && offer_exact(side, query, 'd', query->ids->debug_guid, found)
           && offer_exact(side, query, 'c', query->ids->code, found)
           && offer_exact(side, query, 's', query->ids->sha256, found);
}

static bool match_named(struct graph_side *side, const struct query *query,
                        struct method_scratch *scratch, struct found *found)
{
    bool fine = offer_names(side, query, &scratch->node, found);
    if (fine && found->tier == TIER_NONE) {
        fine = offer_user(side, query, scratch, found);
    }
    return fine;
}

bool ew_merge_match_query(struct graph_side *side, const struct query *query,
                          struct method_scratch *scratch, struct found *found)
{
    return match_exact(side, query, found)
           && (found->tier != TIER_NONE || match_named(side, query, scratch, found));
}

/* --- functions of the documents --------------------------------------------------------------
 */

/* "Name+0x40" of the nearest export is the export's name and a distance. */
static void take_near_name(const char *name, char *out, size_t capacity)
{
    const char *plus = strrchr(name, '+');
    size_t length = plus != NULL ? (size_t)(plus - name) : strlen(name);
    length = length < capacity ? length : capacity - 1;
    memcpy(out, name, length);
    out[length] = '\0';
}

/* What tells a function exactly. */
static void describe(const struct merge *merge, const struct function *function,
                     struct query *query)
{
    static const struct build_ids no_ids;
    const struct ew_evidence_function *row = function->row;
    const struct build *build = function->build != NONE ? &merge->builds[function->build] : NULL;
    memset(query, 0, sizeof *query);
    query->ids = build != NULL ? &build->ids : &no_ids;
    query->module = build != NULL ? build->row->name : NULL;
    if (row != NULL) {
        query->token = row->token;
        query->has_rva = row->has_rva;
        query->rva = row->rva;
        return;
    }
    /* A candidate that is in no table: its key is all there is. */
    const char *last = strrchr(function->key, ':');
    query->token =
        function->key[0] == 'm' && last != NULL ? (uint32_t)strtoul(last + 1, NULL, 16) : 0;
    query->has_rva = function->key[0] == 'n' || function->key[0] == 'u';
    query->rva = query->has_rva && last != NULL ? strtoull(last + 1, NULL, 16) : 0;
}

/* What it is called: asked only for those that nothing tells exactly. */
static void describe_names(const struct function *function, struct method_scratch *scratch,
                           struct query *query)
{
    const struct ew_evidence_function *row = function->row;
    query->method = &scratch->own;
    ew_merge_method_from_name("", NULL, METHOD_BY_RUNTIME, &scratch->own);
    if (row == NULL) {
        return;
    }
    if (row->resolution == EW_RESOLVED_EXPORT_NEAR && is_text(row->name)) {
        take_near_name(row->name, scratch->near, sizeof scratch->near);
        ew_merge_method_from_name(scratch->near, NULL, METHOD_BY_RUNTIME, &scratch->own);
        query->decorated = scratch->near;
    } else if (is_text(row->doc_id)) {
        ew_merge_method_from_doc_id(row->doc_id, &scratch->own);
    } else if (is_text(row->name)) {
        ew_merge_method_from_name(row->name, row->signature, METHOD_BY_RUNTIME, &scratch->own);
    }
    if (row->token == 0 && query->decorated == NULL) {
        query->decorated = is_text(row->decorated) ? row->decorated : row->name;
    }
}

/* Other names of folded code: each may be the one that was meant. */
static bool offer_aliases(struct graph_side *side, const struct function *function,
                          const struct query *query, struct method_scratch *scratch,
                          struct found *found)
{
    const struct ew_evidence_function *row = function->row;
    bool fine = true;
    for (uint32_t i = 0; fine && row != NULL && i < row->alias_count; i++) {
        struct query alias = *query;
        ew_merge_method_from_name(row->aliases[i], NULL, METHOD_BY_RUNTIME, &scratch->user);
        alias.method = &scratch->user;
        alias.decorated = row->aliases[i];
        fine = offer_names(side, &alias, &scratch->node, found);
    }
    return fine;
}

static bool keep(struct graph_side *side, struct match *match, const struct function *function,
                 const struct found *found)
{
    /* What is folded, or only near an export, is one of several even with one candidate; an
     * address inside a function of the graph is not. */
    bool near = function->resolution == EW_RESOLVED_EXPORT_NEAR && found->tier != TIER_EXACT;
    bool folded = (function->flags & EW_FUNCTION_FOLDED) != 0;
    match->tier = found->tier;
    match->node = NONE;
    if (found->tier == TIER_NONE) {
        return true;
    }
    match->flags |= found->derived ? MATCH_DERIVED : 0;
    if (found->count == 1 && !near && !folded) {
        match->node = found->nodes[0];
        return true;
    }
    match->flags |= MATCH_AMBIGUOUS;
    match->first_candidate = (uint32_t)side->candidate_count;
    match->candidate_count = (uint16_t)found->count;
    for (uint32_t i = 0; i < found->count; i++) {
        uint32_t *grown = list_grow(side->candidates, &side->candidate_capacity,
                                    side->candidate_count, sizeof *grown);
        if (grown == NULL) {
            return false;
        }
        side->candidates = grown;
        side->candidates[side->candidate_count++] = found->nodes[i];
    }
    return true;
}

static int compare_u32(const void *a, const void *b)
{
    const uint32_t *left = a;
    const uint32_t *right = b;
    return (*left > *right) - (*left < *right);
}

/* Whether a graph may name functions of a build: it has the build, or a module of that name, or
 * nodes of which it tells no module. */
static bool may_name(const struct merge *merge, const struct graph_side *side, uint32_t index)
{
    if (index == NONE || side->has_unplaced) {
        return true;
    }
    const struct build *build = &merge->builds[index];
    bool may = false;
    for (uint32_t i = 0; !may && i < side->graph->artifact_count; i++) {
        const char *name = ew_graph_string(side->graph, side->graph->artifacts[i].name);
        may =
            ew_merge_build_relation(&side->artifacts[i].ids, &build->ids) == RELATION_SAME
            || (is_text(build->row->name) && ew_merge_module_names_equal(name, build->row->name));
    }
    return may;
}

/* The answers for all builds; NULL without memory. */
static bool *list_named_builds(const struct merge *merge, const struct graph_side *side)
{
    bool *named = malloc((merge->build_count + 1) * sizeof *named);
    for (uint32_t i = 0; named != NULL && i < merge->build_count; i++) {
        named[i] = may_name(merge, side, i);
    }
    return named;
}

static bool match_function(struct merge *merge, struct graph_side *side, uint32_t index,
                           const bool *named_builds, struct method_scratch *scratch,
                           struct found *found)
{
    const struct function *function = &merge->functions[index];
    struct query query;
    if (function->resolution == EW_RESOLVED_DYNAMIC) {
        return true; /* code made at run time is no node of a graph */
    }
    bool named = function->build == NONE || named_builds[function->build];
    describe(merge, function, &query);
    if (!match_exact(side, &query, found)
        || (found->tier == TIER_NONE && !offer_id(side, function, &query, found))) {
        return false;
    }
    if (named && found->tier == TIER_NONE) {
        describe_names(function, scratch, &query);
        if (!match_named(side, &query, scratch, found)) {
            return false;
        }
    }
    if (named && !offer_aliases(side, function, &query, scratch, found)) {
        return false;
    }
    if (found->count > 1) {
        qsort(found->nodes, found->count, sizeof *found->nodes, compare_u32);
    }
    return keep(side, &side->matches[index], function, found);
}

static bool match_side(struct merge *merge, struct graph_side *side,
                       struct method_scratch *scratch, struct found *found)
{
    bool *named_builds = list_named_builds(merge, side);
    side->matches = calloc(merge->function_count + 1, sizeof *side->matches);
    bool fine = side->matches != NULL && named_builds != NULL;
    for (uint32_t i = 0; fine && i < merge->function_count; i++) {
        side->matches[i].node = NONE;
        fine = match_function(merge, side, i, named_builds, scratch, found);
    }
    free(named_builds);
    return fine;
}

enum ew_status ew_merge_match_functions(struct merge *merge)
{
    struct method_scratch *scratch = malloc(sizeof *scratch);
    struct found found = {0};
    bool fine = scratch != NULL;
    for (size_t i = 0; fine && i < merge->graph_count; i++) {
        fine = match_side(merge, &merge->graphs[i], scratch, &found);
    }
    free(found.nodes);
    free(scratch);
    return fine ? EW_OK : merge_no_memory(merge);
}
