/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of the result. */
#include "merge/internal.h"

#define DAY_100NS (UINT64_C(86400) * 10000000)

bool ew_merge_result_claim(struct merge *merge, const struct ew_reach_claim *claim)
{
    struct ew_reach_claim *grown =
        list_grow(merge->claims, &merge->claim_capacity, merge->claim_count, sizeof *grown);
    if (grown == NULL || merge->claim_count >= NONE) {
        merge->claims = grown != NULL ? grown : merge->claims;
        return false;
    }
    merge->claims = grown;
    merge->claims[merge->claim_count++] = *claim;
    return true;
}

/* --- observations
 * -------------------------------------------------------------------------------- */

static bool comes_after(const struct ew_reach_observation *a,
                        const struct ew_reach_observation *b)
{
    return a->stream != b->stream ? a->stream > b->stream : a->samples < b->samples;
}

static bool is_stale(const struct merge *merge, uint64_t last_100ns)
{
    uint64_t days = (uint64_t)merge->options->fresh_days * DAY_100NS;
    uint64_t as_of = merge->options->as_of_100ns;
    return as_of > days && last_100ns < as_of - days;
}

/* The chain runs backwards: counted first, then laid down from its end. */
enum ew_status ew_merge_result_rows(struct merge *merge, uint32_t last_row, uint32_t *first_out,
                                    uint32_t *count_out, bool *stale_out)
{
    uint32_t count = 0;
    uint64_t last = 0;
    *first_out = 0;
    *count_out = 0;
    *stale_out = false;
    if (last_row == NONE) {
        return EW_OK;
    }
    for (uint32_t at = last_row; at != NONE; at = merge->rows[at].previous) {
        struct ew_reach_observation *grown =
            list_grow(merge->observations, &merge->observation_capacity,
                      merge->observation_count + count, sizeof *grown);
        if (grown == NULL) {
            return merge_no_memory(merge);
        }
        merge->observations = grown;
        const struct ew_reach_observation *row = &merge->rows[at].observation;
        uint32_t place = count++;
        struct ew_reach_observation *rows = merge->observations + merge->observation_count;
        rows[place] = *row;
        last = row->last_100ns > last ? row->last_100ns : last;
    }
    struct ew_reach_observation *rows = merge->observations + merge->observation_count;
    for (uint32_t i = 0; i + 1 < count - i; i++) {
        struct ew_reach_observation swapped = rows[i];
        rows[i] = rows[count - 1 - i];
        rows[count - 1 - i] = swapped;
    }
    for (uint32_t i = 1; i < count; i++) {
        if (comes_after(&rows[i - 1], &rows[i])) {
            struct ew_reach_observation swapped = rows[i];
            rows[i] = rows[i - 1];
            rows[i - 1] = swapped;
        }
    }
    *first_out = (uint32_t)merge->observation_count;
    *count_out = count;
    *stale_out = is_stale(merge, last);
    merge->observation_count += count;
    return EW_OK;
}

/* --- builds
 * -------------------------------------------------------------------------------------- */

static const char *or_null(const char *text)
{
    return is_text(text) ? text : NULL;
}

static struct ew_reach_build build_of_artifact(const struct ew_graph *graph, uint32_t artifact)
{
    const struct ew_graph_artifact *row = &graph->artifacts[artifact];
    struct ew_reach_build build = {
        .name = or_null(ew_graph_string(graph, row->name)),
        .code_id = or_null(ew_graph_string(graph, row->code_id)),
        .debug_id = or_null(ew_graph_string(graph, row->debug_id)),
        .mvid = or_null(ew_graph_string(graph, row->mvid)),
        .sha256 = or_null(ew_graph_string(graph, row->sha256)),
        .purl = or_null(ew_graph_string(graph, row->purl)),
    };
    return build;
}

/* The package of a build, as a graph names it for the same one. */
static const char *claimed_package(const struct merge *merge, const struct build_ids *ids)
{
    for (size_t g = 0; g < merge->graph_count; g++) {
        const struct graph_side *side = &merge->graphs[g];
        for (uint32_t i = 0; i < side->graph->artifact_count; i++) {
            const char *purl = ew_graph_string(side->graph, side->graph->artifacts[i].purl);
            if (purl[0] != '\0' && side->artifacts[i].loaded
                && ew_merge_build_relation(&side->artifacts[i].ids, ids) == RELATION_SAME) {
                return purl;
            }
        }
    }
    return NULL;
}

/* Builds of the documents first, in their order, then the artifacts of each graph. */
static enum ew_status put_builds(struct merge *merge)
{
    size_t count = merge->build_count;
    for (size_t g = 0; g < merge->graph_count; g++) {
        merge->graphs[g].first_build = (uint32_t)count;
        count += merge->graphs[g].graph->artifact_count;
    }
    struct ew_reach_build *builds = calloc(count + 1, sizeof *builds);
    if (builds == NULL) {
        return merge_no_memory(merge);
    }
    merge_own(merge, builds);
    for (size_t i = 0; i < merge->build_count; i++) {
        const struct ew_evidence_module *row = merge->builds[i].row;
        struct ew_reach_build build = {
            .name = or_null(row->name),
            .code_id = or_null(row->code_id),
            .debug_id = or_null(row->debug_id),
            .mvid = or_null(row->mvid),
            .build_id = or_null(row->build_id),
            .sha256 = or_null(row->sha256),
            .purl = or_null(row->purl),
        };
        build.purl =
            build.purl != NULL ? build.purl : claimed_package(merge, &merge->builds[i].ids);
        builds[i] = build;
    }
    for (size_t g = 0; g < merge->graph_count; g++) {
        for (uint32_t i = 0; i < merge->graphs[g].graph->artifact_count; i++) {
            builds[merge->graphs[g].first_build + i] =
                build_of_artifact(merge->graphs[g].graph, i);
        }
    }
    merge->merged.builds = builds;
    merge->merged.build_count = count;
    return EW_OK;
}

/* --- nodes
 * ---------------------------------------------------------------------------------------- */

/* The member that tells most of a node: the surest match, then the first graph. */
static const struct member *best_member(const struct merge *merge, const struct node *node)
{
    const struct member *best = NULL;
    for (uint32_t i = 0; i < node->member_count; i++) {
        const struct member *member = &merge->members[node->first_member + i];
        unsigned tier = member->tier == TIER_NONE ? TIER_NAME_ONLY + 1U : member->tier;
        unsigned best_tier =
            best == NULL || best->tier == TIER_NONE ? TIER_NAME_ONLY + 1U : best->tier;
        if (best == NULL || tier < best_tier) {
            best = member;
        }
    }
    return best;
}

static void name_from_member(const struct merge *merge, const struct member *member,
                             struct ew_reach_node *out)
{
    const struct ew_graph *graph = merge->graphs[member->graph].graph;
    const struct ew_graph_node *row = &graph->nodes[member->node];
    out->id = ew_graph_string(graph, row->id);
    out->name = or_null(ew_graph_string(graph, row->name));
    out->signature = or_null(ew_graph_string(graph, row->signature));
    out->doc_id = or_null(ew_graph_string(graph, row->doc_id));
    out->decorated = or_null(ew_graph_string(graph, row->decorated));
    out->token = row->token;
    out->has_rva = (row->flags & EW_NODE_HAS_RVA) != 0;
    out->rva = out->has_rva ? row->rva : 0;
    out->build =
        row->artifact != NONE ? merge->graphs[member->graph].first_build + row->artifact : NONE;
}

/* What the runtime tells goes before what a graph tells, but for the documentation id. */
static void name_from_function(const struct function *function, struct ew_reach_node *out)
{
    const struct ew_evidence_function *row = function->row;
    if (function->build != NONE) {
        out->build = function->build;
    }
    if (row == NULL) {
        return;
    }
    bool named = out->name != NULL && ew_merge_function_is_id(function);
    if (is_text(row->name) && !named) {
        out->name = row->name;
        out->signature = or_null(row->signature);
    }
    out->doc_id = is_text(row->doc_id) ? row->doc_id : out->doc_id;
    out->decorated = is_text(row->decorated) ? row->decorated : out->decorated;
    out->token = row->token != 0 ? row->token : out->token;
    if (row->has_rva && !out->has_rva) {
        out->has_rva = true;
        out->rva = row->rva;
    }
}

static bool put_claims(struct merge *merge, const struct node *node, struct ew_reach_node *out)
{
    out->first_claim = (uint32_t)merge->claim_count;
    for (uint32_t i = 0; i < node->member_count; i++) {
        const struct member *member = &merge->members[node->first_member + i];
        const struct graph_side *side = &merge->graphs[member->graph];
        uint8_t flags = side->nodes[member->node].flags;
        uint32_t artifact = side->graph->nodes[member->node].artifact;
        struct ew_reach_claim claim = {
            .graph = member->graph,
            .claim = (flags & GNODE_REACHABLE) != 0     ? EW_STATIC_REACHABLE
                     : (flags & GNODE_UNREACHABLE) != 0 ? EW_STATIC_UNREACHABLE
                                                        : EW_STATIC_UNKNOWN,
            .tier = member->tier,
            .build_match = artifact != NONE && side->artifacts[artifact].loaded};
        if (!ew_merge_result_claim(merge, &claim)) {
            return false;
        }
        uint16_t confidence =
            claim.claim != EW_STATIC_UNKNOWN ? ew_merge_tier_confidence(member->tier) : 0;
        out->state.claimed = claim.claim > out->state.claimed ? claim.claim : out->state.claimed;
        out->confidence_claimed =
            confidence > out->confidence_claimed ? confidence : out->confidence_claimed;
    }
    out->claim_count = (uint32_t)merge->claim_count - out->first_claim;
    return true;
}

static void put_state(const struct node *node, struct ew_reach_node *out)
{
    enum { CONFIDENCE_INFERRED = 700 };
    bool inferred = node->inferred && node->weight == 0;
    out->state.observed = node->runtime;
    out->maybe = node->runtime == EW_RUNTIME_MAYBE;
    out->inferred = inferred;
    out->weak_identity = node->tier >= TIER_UNBUILT;
    if (node->runtime == EW_RUNTIME_OBSERVED) {
        out->confidence_observed = inferred ? CONFIDENCE_INFERRED : node->weight;
    }
    out->scope = NONE;
}

static enum ew_status put_node(struct merge *merge, uint32_t index)
{
    struct node *node = &merge->nodes[index];
    struct ew_reach_node *out = &merge->result_nodes[index];
    const struct member *member = best_member(merge, node);
    out->build = NONE;
    if (member != NULL) {
        name_from_member(merge, member, out);
    }
    if (node->function != NONE) {
        name_from_function(&merge->functions[node->function], out);
    }
    out->module = out->build != NONE ? merge->merged.builds[out->build].name : NULL;
    put_state(node, out);
    if (!put_claims(merge, node, out)) {
        return merge_no_memory(merge);
    }
    return ew_merge_result_rows(merge, node->last_row, &out->first_observation,
                                &out->observation_count, &out->stale);
}

enum ew_status ew_merge_result_nodes(struct merge *merge)
{
    enum ew_status status = put_builds(merge);
    for (size_t g = 0; g < merge->graph_count; g++) {
        const struct graph_side *side = &merge->graphs[g];
        for (uint32_t i = 0; i < side->graph->node_count; i++) {
            struct node *node = &merge->nodes[side->nodes[i].node];
            node->refused = node->refused || (side->nodes[i].flags & GNODE_UNREACHABLE) != 0;
        }
    }
    for (uint32_t i = 0; status == EW_OK && i < merge->node_count; i++) {
        status = put_node(merge, i);
    }
    if (status != EW_OK) {
        return status;
    }
    ew_merge_result_entries(merge);
    return ew_merge_result_targets(merge);
}

/* --- conflicts
 * ------------------------------------------------------------------------------------- */

static int compare_u32(uint32_t a, uint32_t b)
{
    return (a > b) - (a < b);
}

static int compare_conflicts(const void *a, const void *b)
{
    const struct ew_reach_conflict *left = a;
    const struct ew_reach_conflict *right = b;
    const int orders[] = {
        compare_u32(left->conflict, right->conflict), compare_u32(left->node, right->node),
        compare_u32(left->edge, right->edge), compare_u32(left->graph, right->graph)};
    for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++) {
        if (orders[i] != 0) {
            return orders[i];
        }
    }
    int order = strcmp(left->text, right->text);
    return order != 0 ? order : (left->count > right->count) - (left->count < right->count);
}

/* The same told by several documents is one conflict. */
static void fold_conflicts(struct merge *merge)
{
    size_t kept = 0;
    for (size_t i = 0; i < merge->conflict_count; i++) {
        struct ew_reach_conflict *conflict = &merge->conflicts[i];
        struct ew_reach_conflict *before = kept > 0 ? &merge->conflicts[kept - 1] : NULL;
        bool same = before != NULL && before->conflict == conflict->conflict
                    && before->node == conflict->node && before->edge == conflict->edge
                    && before->graph == conflict->graph
                    && strcmp(before->text, conflict->text) == 0;
        if (same) {
            before->count = merge_sum(before->count, conflict->count);
        } else {
            merge->conflicts[kept++] = *conflict;
        }
    }
    merge->conflict_count = kept;
}

enum ew_status ew_merge_result_finish(struct merge *merge)
{
    struct ew_merged *merged = &merge->merged;
    for (size_t i = 0; i < merge->conflict_count; i++) {
        if (merge->conflicts[i].edge != NONE) {
            merge->conflicts[i].edge = merge->pairs[merge->conflicts[i].edge].edge;
        }
    }
    if (merge->conflict_count > 1) {
        qsort(merge->conflicts, merge->conflict_count, sizeof *merge->conflicts,
              compare_conflicts);
    }
    fold_conflicts(merge);
    merged->nodes = merge->result_nodes;
    merged->node_count = merge->node_count;
    merged->edges = merge->edges;
    merged->edge_count = merge->edge_count;
    merged->via = merge->via;
    merged->via_count = merge->via_count;
    merged->claims = merge->claims;
    merged->claim_count = merge->claim_count;
    merged->observations = merge->observations;
    merged->observation_count = merge->observation_count;
    merged->scopes = merge->scopes;
    merged->scope_count = merge->scope_count;
    merged->ranges = merge->ranges;
    merged->range_count = merge->range_count;
    merged->conflicts = merge->conflicts;
    merged->conflict_count = merge->conflict_count;
    return EW_OK;
}
