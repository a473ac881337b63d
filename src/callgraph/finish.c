/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A graph that was read becomes columns: nodes sorted by id, edges by caller, so that the
 * result does not depend on the order of the input. All of it happens in place.
 */
#include "callgraph/builder.h"
#include "callgraph/heap_sort.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* --- nodes -----------------------------------------------------------------------------------
 */

/* The index is not needed any more: its memory is what nodes are sorted in. */
static struct graph_sort_row *sort_rows(struct graph_builder *builder)
{
    size_t needed = builder->node_count * sizeof(struct graph_sort_row);
    size_t there = ((size_t)builder->index.slot_mask + 1) * sizeof *builder->index.slots;
    if (there < needed) {
        graph_id_free(&builder->index);
        return malloc(needed);
    }
    struct graph_sort_row *rows = (struct graph_sort_row *)(void *)builder->index.slots;
    memset(&builder->index, 0, sizeof builder->index);
    return rows;
}

/* Moves each node to its rank, along the cycles of the permutation. */
static void permute_nodes(struct graph_builder *builder, const uint32_t *ranks)
{
    struct ew_graph_node *nodes = graph_nodes(builder);
    enum { MOVED = 0x80 };
    for (uint32_t i = 0; i < builder->node_count; i++) {
        uint32_t at = i;
        struct ew_graph_node node = nodes[i];
        while ((node.reserved & MOVED) == 0) {
            node.reserved |= MOVED;
            uint32_t rank = ranks[at];
            struct ew_graph_node displaced = nodes[rank];
            nodes[rank] = node;
            node = displaced;
            at = rank;
        }
    }
    for (uint32_t i = 0; i < builder->node_count; i++) {
        nodes[i].reserved &= (uint8_t)~MOVED;
    }
}

/* Afterwards `hashes` has the rank of each node, in the order of first sight; unless they came in
 * the order of their ids, and each has its rank already. */
static enum ew_status rank_nodes(struct graph_builder *builder)
{
    uint32_t *ranks = builder->hashes.bytes;
    if (!builder->ids_descend) {
        graph_id_free(&builder->index);
        return EW_OK;
    }
    struct graph_sort_row *rows = sort_rows(builder);
    if (rows == NULL) {
        return graph_refuse(builder, EW_NO_MEMORY, "no memory to sort its nodes");
    }
    for (uint32_t i = 0; i < builder->node_count; i++) {
        ranks[i] = graph_nodes(builder)[i].id;
    }
    graph_sort_ids(graph_pool(builder), ranks, builder->node_count, builder->seed, rows);
    for (uint32_t i = 0; i < builder->node_count; i++) {
        ranks[rows[i].node] = i;
    }
    free(rows);
    permute_nodes(builder, ranks);
    return EW_OK;
}

static void count_untold(struct graph_builder *builder)
{
    struct ew_graph_node *nodes = graph_nodes(builder);
    uint32_t untold = builder->node_count - builder->told_count;
    builder->counts.dangling += builder->implicit_nodes ? 0 : untold;
    for (uint32_t i = 0; untold > 0 && i < builder->node_count; i++) {
        nodes[i].reserved = 0;
    }
}

/* --- rows that name nodes ----------------------------------------------------------------------
 */

static enum ew_status place_overrides(struct graph_builder *builder)
{
    uint64_t *raw = builder->raw_overrides.bytes;
    struct ew_graph_node *nodes = graph_nodes(builder);
    uint32_t count = builder->override_count;
    if (count == 0) {
        return EW_OK; /* as the nodes' first overrides say */
    }
    for (uint32_t i = 0; i < count; i++) {
        raw[i] = (uint64_t)graph_rank_of(builder, (uint32_t)(raw[i] >> 32)) << 32
                 | graph_rank_of(builder, (uint32_t)raw[i]);
    }
    graph_sort_u64(raw, count);
    if (ew_region_grow(&builder->overrides, count * sizeof(uint32_t)) != EW_OK) {
        return graph_refuse(builder, EW_NO_MEMORY, "no memory for its overrides");
    }
    uint32_t *overrides = builder->overrides.bytes;
    uint32_t kept = 0;
    uint32_t at = 0;
    for (uint32_t node = 0; node < builder->node_count; node++) {
        nodes[node].first_override = kept;
        for (; at < count && raw[at] >> 32 == node; at++) {
            if (at == 0 || raw[at] != raw[at - 1]) {
                overrides[kept++] = (uint32_t)raw[at];
            }
        }
    }
    builder->override_count = kept;
    return EW_OK;
}

static int compare_entries(const void *context, const void *a, const void *b)
{
    const struct ew_graph_entry *entry_a = a;
    const struct ew_graph_entry *entry_b = b;
    (void)context;
    if (entry_a->node != entry_b->node) {
        return entry_a->node < entry_b->node ? -1 : 1;
    }
    return (entry_a->kind > entry_b->kind) - (entry_a->kind < entry_b->kind);
}

static void place_entries(struct graph_builder *builder)
{
    struct ew_graph_entry *entries = builder->entries.bytes;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < builder->entry_count; i++) {
        entries[i].node = graph_rank_of(builder, entries[i].node);
    }
    graph_heap_sort(entries, builder->entry_count, sizeof *entries, compare_entries, NULL);
    for (uint32_t i = 0; i < builder->entry_count; i++) {
        if (kept == 0 || compare_entries(NULL, &entries[i], &entries[kept - 1]) != 0) {
            entries[kept++] = entries[i];
        }
    }
    builder->entry_count = kept;
}

/* By node and text; the context is the pool. */
static int compare_targets(const void *context, const void *a, const void *b)
{
    const char *pool = context;
    const struct ew_graph_target *target_a = a;
    const struct ew_graph_target *target_b = b;
    if (target_a->node != target_b->node) {
        return target_a->node < target_b->node ? -1 : 1;
    }
    return strcmp(pool + target_a->vulnerability, pool + target_b->vulnerability);
}

static void place_targets(struct graph_builder *builder)
{
    struct ew_graph_target *targets = builder->targets.bytes;
    uint32_t count = builder->target_count;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        targets[i].node = graph_rank_of(builder, targets[i].node);
    }
    graph_heap_sort(targets, count, sizeof *targets, compare_targets, graph_pool(builder));
    for (uint32_t i = 0; i < count; i++) {
        if (kept == 0
            || compare_targets(graph_pool(builder), &targets[i], &targets[kept - 1]) != 0) {
            targets[kept++] = targets[i];
        }
    }
    builder->target_count = kept;
}

/* Candidates as ranks, each list sorted. */
static void rank_candidates(struct graph_builder *builder)
{
    const struct graph_list *lists = builder->lists.bytes;
    uint32_t *raw = builder->raw_candidates.bytes;
    for (uint32_t i = 0; i < builder->candidate_count; i++) {
        raw[i] = graph_rank_of(builder, raw[i]);
    }
    for (uint32_t i = 0; i < builder->list_count; i++) {
        graph_sort_u32(raw + lists[i].first, lists[i].count);
    }
}

/* --- the whole ---------------------------------------------------------------------------------
 */

static enum ew_status check_artifacts(struct graph_builder *builder)
{
    const struct ew_graph_node *nodes = graph_nodes(builder);
    if (builder->artifacts_named <= builder->artifact_count) {
        return EW_OK;
    }
    for (uint32_t i = 0; i < builder->node_count; i++) {
        if (nodes[i].artifact != EW_GRAPH_NONE && nodes[i].artifact >= builder->artifact_count) {
            return graph_refuse(builder, EW_FORMAT,
                                "node %.60s: artifact is %u, but there are only %u",
                                graph_pool(builder) + nodes[i].id, (unsigned)nodes[i].artifact,
                                (unsigned)builder->artifact_count);
        }
    }
    return EW_OK;
}

static void show_columns(struct graph_builder *builder)
{
    struct ew_graph *graph = &builder->graph;
    graph->texts = builder->texts.bytes;
    graph->text_bytes = builder->text_bytes;
    graph->artifact_count = builder->artifact_count;
    graph->node_count = builder->node_count;
    graph->edge_count = builder->edge_count;
    graph->entry_count = builder->entry_count;
    graph->target_count = builder->target_count;
    graph->override_count = builder->override_count;
    graph->candidate_count = builder->candidate_count;
    graph->artifacts = builder->artifacts.bytes;
    graph->nodes = builder->nodes.bytes;
    graph->first_edge = builder->first_edge.bytes;
    graph->edges = builder->edges.bytes;
    graph->entries = builder->entries.bytes;
    graph->targets = builder->targets.bytes;
    graph->overrides = builder->overrides.bytes;
    graph->candidates = builder->candidates.bytes;
}

enum ew_status graph_finish(struct graph_builder *builder)
{
    enum ew_status status = graph_edges_flush(builder);
    graph_builder_settle(builder);
    if (status == EW_OK) {
        status = check_artifacts(builder);
    }
    if (status == EW_OK) {
        status = rank_nodes(builder);
    }
    if (status != EW_OK) {
        return status;
    }
    count_untold(builder);
    place_entries(builder);
    place_targets(builder);
    rank_candidates(builder);
    status = place_overrides(builder);
    if (status == EW_OK) {
        status = graph_place_edges(builder);
    }
    show_columns(builder);
    ew_region_release(&builder->styles);
    ew_region_release(&builder->lists);
    ew_region_release(&builder->raw_overrides);
    ew_region_release(&builder->raw_candidates);
    ew_index_free(&builder->style_index);
    return status;
}
