/* SPDX-License-Identifier: Apache-2.0 */
/* Which nodes and edges of a merge a SARIF log tells, and which stack witnesses what. */
#include "export/grow.h"
#include "export/sarif.h"

#include <stdlib.h>
#include <string.h>

static void tell_node(struct ew_sarif *sarif, uint32_t node)
{
    if (node < sarif->job->options->merged->node_count) {
        sarif->location_of[node] = 0;
    }
}

static void tell_edge(struct ew_sarif *sarif, uint32_t edge)
{
    const struct ew_merged *merged = sarif->job->options->merged;
    if (edge < merged->edge_count) {
        sarif->edge_told[edge] = true;
        tell_node(sarif, merged->edges[edge].from);
        tell_node(sarif, merged->edges[edge].to);
    }
}

static void choose(struct ew_sarif *sarif)
{
    const struct ew_merged *merged = sarif->job->options->merged;
    for (uint32_t i = 0; i < merged->node_count; i++) {
        sarif->location_of[i] = EW_TABLE_NONE;
        sarif->function_of[i] = ew_tables_find(sarif->job->tables, merged->nodes[i].key);
        if (merged->nodes[i].state.observed >= EW_RUNTIME_MAYBE || merged->nodes[i].target) {
            tell_node(sarif, i);
        }
    }
    for (uint32_t i = 0; i < merged->edge_count; i++) {
        if (merged->edges[i].state.observed >= EW_RUNTIME_MAYBE) {
            tell_edge(sarif, i);
        }
    }
    for (size_t i = 0; i < merged->conflict_count; i++) {
        tell_node(sarif, merged->conflicts[i].node);
        tell_edge(sarif, merged->conflicts[i].edge);
    }
    for (uint32_t i = 0; i < merged->node_count; i++) {
        if (sarif->location_of[i] != EW_TABLE_NONE) {
            sarif->location_of[i] = sarif->location_count++;
        }
    }
    for (uint32_t i = 0; i < merged->edge_count; i++) {
        sarif->edge_count += sarif->edge_told[i] ? 1 : 0;
    }
}

static uint32_t find_pair(struct ew_sarif *sarif, uint32_t from, uint32_t to, uint64_t hash)
{
    for (uint32_t i = ew_index_first(&sarif->pair_index, hash); i != EW_INDEX_END;
         i = ew_index_next(&sarif->pair_index)) {
        if (sarif->pairs[i].from == from && sarif->pairs[i].to == to) {
            return i;
        }
    }
    return EW_TABLE_NONE;
}

static enum ew_status take_pair(struct ew_sarif *sarif, uint32_t from, uint32_t to,
                                uint32_t stack)
{
    uint64_t hash = ew_index_hash_pair(from, to);
    if (find_pair(sarif, from, to, hash) != EW_TABLE_NONE) {
        return EW_OK;
    }
    struct ew_sarif_pair *grown =
        ew_grow(sarif->pairs, &sarif->pair_capacity, sarif->pair_count, sizeof *grown);
    if (grown == NULL) {
        return EW_NO_MEMORY;
    }
    sarif->pairs = grown;
    if (!ew_index_insert(&sarif->pair_index, hash, (uint32_t)sarif->pair_count)) {
        return EW_NO_MEMORY;
    }
    sarif->pairs[sarif->pair_count++] = (struct ew_sarif_pair){from, to, stack};
    return EW_OK;
}

/* Stacks are ranked, so the first that has a pair is its best. */
static enum ew_status take_pairs(struct ew_sarif *sarif)
{
    const struct ew_tables *tables = sarif->job->tables;
    enum ew_status status = EW_OK;
    for (uint32_t i = 0; i < tables->stack_count; i++) {
        const struct ew_table_stack *stack = &tables->stacks[i];
        for (uint32_t j = 1; status == EW_OK && j < stack->frame_count; j++) {
            status = take_pair(sarif, stack->frames[j - 1], stack->frames[j], i);
        }
    }
    return status;
}

enum ew_status ew_sarif_plan(struct ew_sarif *sarif)
{
    const struct ew_merged *merged = sarif->job->options->merged;
    sarif->location_of = calloc(merged->node_count + 1, sizeof *sarif->location_of);
    sarif->function_of = calloc(merged->node_count + 1, sizeof *sarif->function_of);
    sarif->edge_told = calloc(merged->edge_count + 1, sizeof *sarif->edge_told);
    if (sarif->location_of == NULL || sarif->function_of == NULL || sarif->edge_told == NULL) {
        return EW_NO_MEMORY;
    }
    choose(sarif);
    return take_pairs(sarif);
}

void ew_sarif_free(struct ew_sarif *sarif)
{
    free(sarif->location_of);
    free(sarif->function_of);
    free(sarif->edge_told);
    free(sarif->pairs);
    ew_index_free(&sarif->pair_index);
}

uint32_t ew_sarif_edge_witness(struct ew_sarif *sarif, const struct ew_reach_edge *edge)
{
    uint32_t from = sarif->function_of[edge->from];
    uint32_t to = sarif->function_of[edge->to];
    uint32_t pair = find_pair(sarif, from, to, ew_index_hash_pair(from, to));
    return pair != EW_TABLE_NONE ? sarif->pairs[pair].stack : EW_TABLE_NONE;
}

uint32_t ew_sarif_node_witness(const struct ew_sarif *sarif, uint32_t node)
{
    uint32_t function = sarif->function_of[node];
    return function != EW_TABLE_NONE ? sarif->job->tables->functions[function].witness
                                     : EW_TABLE_NONE;
}
