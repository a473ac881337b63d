/* SPDX-License-Identifier: Apache-2.0 */
/* Which results, nodes and edges of a merge a SARIF log tells, and which stack witnesses what. */
#include "export/sarif.h"

#include <stdlib.h>
#include <string.h>

/* --- results -------------------------------------------------------------------- */

static void tell_result(struct ew_sarif *sarif, bool target, uint32_t at)
{
    if (sarif->told_count < EW_EXPORT_RESULTS_MAX) {
        sarif->told[sarif->told_count++] = (struct ew_sarif_told){target, at, EW_TABLE_NONE};
    } else {
        sarif->results_omitted++;
    }
}

static void tell_conflicts(struct ew_sarif *sarif, bool reviewed)
{
    const struct ew_merged *merged = sarif->job->options->merged;
    for (uint32_t i = 0; i < merged->conflict_count; i++) {
        if (ew_sarif_rule_reviews(merged->conflicts[i].conflict) == reviewed) {
            tell_result(sarif, false, i);
        }
    }
}

/* Targets come first, then what somebody has to look at: when there is no room for all, those
 * are kept. */
static void choose_results(struct ew_sarif *sarif)
{
    const struct ew_merged *merged = sarif->job->options->merged;
    for (uint32_t i = 0; i < merged->node_count; i++) {
        if (merged->nodes[i].target && merged->nodes[i].state.observed == EW_RUNTIME_OBSERVED) {
            tell_result(sarif, true, i);
        }
    }
    tell_conflicts(sarif, true);
    tell_conflicts(sarif, false);
}

/* --- the graph ------------------------------------------------------------------- */

static void tell_node(struct ew_sarif *sarif, uint32_t node)
{
    if (sarif->location_of[node] == EW_TABLE_NONE) {
        sarif->location_of[node] = 0;
        sarif->location_count++;
    }
}

static void tell_edge(struct ew_sarif *sarif, uint32_t edge)
{
    const struct ew_merged *merged = sarif->job->options->merged;
    sarif->edge_count += sarif->edge_told[edge] ? 0 : 1;
    sarif->edge_told[edge] = true;
    tell_node(sarif, merged->edges[edge].from);
    tell_node(sarif, merged->edges[edge].to);
}

/* What results are about is told in any case. */
static void tell_ends(struct ew_sarif *sarif)
{
    const struct ew_merged *merged = sarif->job->options->merged;
    for (size_t i = 0; i < sarif->told_count; i++) {
        const struct ew_sarif_told *told = &sarif->told[i];
        if (told->target) {
            tell_node(sarif, told->at);
            continue;
        }
        if (merged->conflicts[told->at].node < merged->node_count) {
            tell_node(sarif, merged->conflicts[told->at].node);
        }
        if (merged->conflicts[told->at].edge < merged->edge_count) {
            tell_edge(sarif, merged->conflicts[told->at].edge);
        }
    }
}

static void choose_graph(struct ew_sarif *sarif)
{
    const struct ew_merged *merged = sarif->job->options->merged;
    for (uint32_t i = 0; i < merged->edge_count; i++) {
        if (merged->edges[i].state.observed < EW_RUNTIME_MAYBE || sarif->edge_told[i]) {
            continue;
        }
        if (sarif->edge_count < EW_EXPORT_GRAPH_EDGES_MAX
            && sarif->location_count + 1 < EW_EXPORT_GRAPH_NODES_MAX) {
            tell_edge(sarif, i);
        } else {
            sarif->cut++;
        }
    }
    for (uint32_t i = 0; i < merged->node_count; i++) {
        const struct ew_reach_node *node = &merged->nodes[i];
        bool wanted = node->state.observed >= EW_RUNTIME_MAYBE || node->target;
        if (!wanted || sarif->location_of[i] != EW_TABLE_NONE) {
            continue;
        }
        if (sarif->location_count < EW_EXPORT_GRAPH_NODES_MAX) {
            tell_node(sarif, i);
        } else {
            sarif->cut++;
        }
    }
}

static void number_locations(struct ew_sarif *sarif)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < sarif->job->options->merged->node_count; i++) {
        if (sarif->location_of[i] != EW_TABLE_NONE) {
            sarif->location_of[i] = count++;
        }
    }
}

static void number_addresses(struct ew_sarif *sarif)
{
    const struct ew_tables *tables = sarif->job->tables;
    uint32_t count = 0;
    for (size_t i = 0; i < tables->module_count; i++) {
        sarif->address_of[i] = EW_TABLE_NONE;
    }
    for (size_t i = 0; i < tables->function_count; i++) {
        if (tables->functions[i].function->has_rva) {
            sarif->address_of[tables->functions[i].module] = 0;
        }
    }
    for (size_t i = 0; i < tables->module_count; i++) {
        if (sarif->address_of[i] != EW_TABLE_NONE) {
            sarif->address_of[i] = count++;
        }
    }
}

/* --- witnesses -------------------------------------------------------------------- */

static struct ew_sarif_pair *find_pair(struct ew_sarif *sarif, uint32_t from, uint32_t to,
                                       uint64_t hash)
{
    for (uint32_t i = ew_index_first(&sarif->pair_index, hash); i != EW_INDEX_END;
         i = ew_index_next(&sarif->pair_index)) {
        if (sarif->pairs[i].from == from && sarif->pairs[i].to == to) {
            return &sarif->pairs[i];
        }
    }
    return NULL;
}

static enum ew_status want_pair(struct ew_sarif *sarif, const struct ew_reach_edge *edge)
{
    uint32_t from = sarif->function_of[edge->from];
    uint32_t to = sarif->function_of[edge->to];
    uint64_t hash = ew_index_hash_pair(from, to);
    if (from == EW_TABLE_NONE || to == EW_TABLE_NONE
        || find_pair(sarif, from, to, hash) != NULL) {
        return EW_OK;
    }
    if (!ew_index_insert(&sarif->pair_index, hash, (uint32_t)sarif->pair_count)) {
        return EW_NO_MEMORY;
    }
    sarif->pairs[sarif->pair_count++] = (struct ew_sarif_pair){from, to, EW_TABLE_NONE};
    return EW_OK;
}

static enum ew_status want_pairs(struct ew_sarif *sarif)
{
    const struct ew_merged *merged = sarif->job->options->merged;
    enum ew_status status = EW_OK;
    for (size_t i = 0; status == EW_OK && i < sarif->told_count; i++) {
        const struct ew_sarif_told *told = &sarif->told[i];
        if (!told->target && merged->conflicts[told->at].edge < merged->edge_count) {
            status = want_pair(sarif, &merged->edges[merged->conflicts[told->at].edge]);
        }
    }
    return status;
}

/* Stacks are ranked, so the first that has a pair is its best. */
static void find_witnesses(struct ew_sarif *sarif)
{
    const struct ew_tables *tables = sarif->job->tables;
    size_t open = sarif->pair_count;
    for (uint32_t i = 0; open > 0 && i < tables->stack_count; i++) {
        const struct ew_table_stack *stack = &tables->stacks[i];
        for (uint32_t j = 1; j < stack->frame_count; j++) {
            uint32_t from = stack->frames[j - 1];
            uint32_t to = stack->frames[j];
            struct ew_sarif_pair *pair = find_pair(sarif, from, to, ew_index_hash_pair(from, to));
            if (pair != NULL && pair->stack == EW_TABLE_NONE) {
                pair->stack = i;
                open--;
            }
        }
    }
}

static uint32_t edge_witness(struct ew_sarif *sarif, const struct ew_reach_edge *edge)
{
    uint32_t from = sarif->function_of[edge->from];
    uint32_t to = sarif->function_of[edge->to];
    const struct ew_sarif_pair *pair = find_pair(sarif, from, to, ew_index_hash_pair(from, to));
    return pair != NULL ? pair->stack : EW_TABLE_NONE;
}

static uint32_t node_witness(const struct ew_sarif *sarif, uint32_t node)
{
    uint32_t function = sarif->function_of[node];
    return function != EW_TABLE_NONE ? sarif->job->tables->functions[function].witness
                                     : EW_TABLE_NONE;
}

static uint32_t witness_of(struct ew_sarif *sarif, const struct ew_sarif_told *told)
{
    const struct ew_merged *merged = sarif->job->options->merged;
    if (told->target) {
        return node_witness(sarif, told->at);
    }
    const struct ew_reach_conflict *conflict = &merged->conflicts[told->at];
    if (conflict->edge < merged->edge_count) {
        return edge_witness(sarif, &merged->edges[conflict->edge]);
    }
    return conflict->node < merged->node_count ? node_witness(sarif, conflict->node)
                                               : EW_TABLE_NONE;
}

/* Results come by weight, so the weightiest have their stacks. */
static void give_witnesses(struct ew_sarif *sarif)
{
    size_t frames = 0;
    for (size_t i = 0; i < sarif->told_count; i++) {
        uint32_t witness = witness_of(sarif, &sarif->told[i]);
        if (witness == EW_TABLE_NONE) {
            continue;
        }
        size_t more = sarif->job->tables->stacks[witness].frame_count;
        if (more <= EW_EXPORT_WITNESS_FRAMES_MAX - frames) {
            frames += more;
            sarif->told[i].witness = witness;
        } else {
            sarif->witnesses_omitted++;
        }
    }
}

/* --- the plan ---------------------------------------------------------------------- */

static bool take_memory(struct ew_sarif *sarif)
{
    const struct ew_merged *merged = sarif->job->options->merged;
    sarif->told = calloc(EW_EXPORT_RESULTS_MAX, sizeof *sarif->told);
    sarif->pairs = calloc(EW_EXPORT_RESULTS_MAX, sizeof *sarif->pairs);
    sarif->location_of = calloc(merged->node_count + 1, sizeof *sarif->location_of);
    sarif->function_of = calloc(merged->node_count + 1, sizeof *sarif->function_of);
    sarif->address_of = calloc(sarif->job->tables->module_count + 1, sizeof *sarif->address_of);
    sarif->edge_told = calloc(merged->edge_count + 1, sizeof *sarif->edge_told);
    return sarif->told != NULL && sarif->pairs != NULL && sarif->location_of != NULL
           && sarif->function_of != NULL && sarif->address_of != NULL && sarif->edge_told != NULL;
}

enum ew_status ew_sarif_plan(struct ew_sarif *sarif)
{
    const struct ew_merged *merged = sarif->job->options->merged;
    if (!take_memory(sarif)) {
        return EW_NO_MEMORY;
    }
    for (uint32_t i = 0; i < merged->node_count; i++) {
        sarif->location_of[i] = EW_TABLE_NONE;
        sarif->function_of[i] = ew_tables_find(sarif->job->tables, merged->nodes[i].key);
    }
    choose_results(sarif);
    tell_ends(sarif);
    choose_graph(sarif);
    number_locations(sarif);
    number_addresses(sarif);
    enum ew_status status = want_pairs(sarif);
    if (status == EW_OK) {
        find_witnesses(sarif);
        give_witnesses(sarif);
    }
    return status;
}

void ew_sarif_free(struct ew_sarif *sarif)
{
    free(sarif->told);
    free(sarif->pairs);
    free(sarif->location_of);
    free(sarif->function_of);
    free(sarif->address_of);
    free(sarif->edge_told);
    ew_index_free(&sarif->pair_index);
}
