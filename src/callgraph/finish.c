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

/* The rank of a node that has a number from when it was read. */
static inline uint32_t rank_of(const struct graph_builder *builder, uint32_t node)
{
    const uint32_t *ranks = builder->hashes.bytes;
    return builder->ids_descend ? ranks[node] : node;
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
        raw[i] = (uint64_t)rank_of(builder, (uint32_t)(raw[i] >> 32)) << 32
                 | rank_of(builder, (uint32_t)raw[i]);
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
        entries[i].node = rank_of(builder, entries[i].node);
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
        targets[i].node = rank_of(builder, targets[i].node);
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
        raw[i] = rank_of(builder, raw[i]);
    }
    for (uint32_t i = 0; i < builder->list_count; i++) {
        graph_sort_u32(raw + lists[i].first, lists[i].count);
    }
}

/* --- edges -----------------------------------------------------------------------------------
 */

/* Ends as ranks; counts the edges of each caller in `first_edge`, one place behind its own.
 * True when they lie by caller already. */
static bool rank_edges(struct graph_builder *builder)
{
    struct graph_raw_edge *edges = builder->edges.bytes;
    uint32_t *first_edge = builder->first_edge.bytes;
    bool grouped = true;
    uint32_t last = 0;
    for (uint32_t i = 0; i < builder->edge_count; i++) {
        if (builder->ids_descend) {
            edges[i].from = rank_of(builder, edges[i].from);
            edges[i].to = rank_of(builder, edges[i].to);
        }
        uint32_t from = edges[i].from;
        first_edge[from + 1]++;
        grouped = grouped && from >= last;
        last = from;
    }
    for (uint32_t i = 0; i < builder->node_count; i++) {
        first_edge[i + 1] += first_edge[i];
    }
    return grouped;
}

/* A counting sort in place: each edge is swapped to where the next of its caller belongs. */
static void group_edges(struct graph_builder *builder)
{
    struct graph_raw_edge *edges = builder->edges.bytes;
    const uint32_t *first_edge = builder->first_edge.bytes;
    uint32_t *next = builder->hashes.bytes; /* the ranks are not needed any more */
    memcpy(next, first_edge, builder->node_count * sizeof *next);
    for (uint32_t node = 0; node < builder->node_count; node++) {
        while (next[node] < first_edge[node + 1]) {
            struct graph_raw_edge *edge = &edges[next[node]];
            uint32_t at = next[edge->from]++;
            if (edge->from == node) {
                continue;
            }
            struct graph_raw_edge displaced = edges[at];
            edges[at] = *edge;
            *edge = displaced;
        }
    }
}

/* Sorts the edges of each caller, and closes the gaps that joined ones leave. */
static void sort_edges(struct graph_builder *builder)
{
    struct graph_raw_edge *edges = builder->edges.bytes;
    uint32_t *first_edge = builder->first_edge.bytes;
    uint32_t kept = 0;
    uint32_t from = 0;
    for (uint32_t node = 0; node < builder->node_count; node++) {
        uint32_t to = first_edge[node + 1];
        uint32_t left = graph_sort_edges(builder, edges + from, to - from);
        if (kept != from) {
            memmove(edges + kept, edges + from, left * sizeof *edges);
        }
        builder->counts.duplicates += to - from - left;
        kept += left;
        first_edge[node + 1] = kept;
        from = to;
    }
    builder->edge_count = kept;
}

/* Copies candidates in the order of the edges; styles with a list get its first instead. */
static enum ew_status place_candidates(struct graph_builder *builder)
{
    const struct graph_raw_edge *edges = builder->edges.bytes;
    const struct graph_style *styles = builder->styles.bytes;
    const uint32_t *raw = builder->raw_candidates.bytes;
    struct graph_list *lists = builder->lists.bytes;
    size_t bytes = builder->candidate_count * sizeof(uint32_t);
    uint32_t kept = 0;
    if (ew_region_grow(&builder->candidates, bytes) != EW_OK) {
        return graph_refuse(builder, EW_NO_MEMORY, "no memory for its candidates");
    }
    uint32_t *candidates = builder->candidates.bytes;
    for (uint32_t i = 0; builder->list_count > 0 && i < builder->edge_count; i++) {
        uint32_t list = styles[edges[i].style].list;
        if (list != 0) {
            const uint32_t *from = raw + lists[list - 1].first;
            memcpy(candidates + kept, from, lists[list - 1].count * sizeof *from);
            kept += lists[list - 1].count;
        }
    }
    builder->candidate_count = kept;
    return EW_OK;
}

/* Edges of the result are larger than those that were read, so the last comes first. */
static enum ew_status widen_edges(struct graph_builder *builder)
{
    const struct graph_style *styles = builder->styles.bytes;
    const struct graph_list *lists = builder->lists.bytes;
    size_t bytes = builder->edge_count * sizeof(struct ew_graph_edge);
    uint32_t candidate = builder->candidate_count;
    if (ew_region_grow(&builder->edges, bytes) != EW_OK) {
        return graph_refuse(builder, EW_NO_MEMORY, "no memory for its edges");
    }
    char *memory = builder->edges.bytes;
    for (uint32_t i = builder->edge_count; i-- > 0;) {
        struct graph_raw_edge raw;
        memcpy(&raw, memory + (size_t)i * sizeof raw, sizeof raw);
        const struct graph_style *style = &styles[raw.style];
        candidate -= style->list != 0 ? lists[style->list - 1].count : 0;
        struct ew_graph_edge edge = {.to = raw.to,
                                     .first_candidate = candidate,
                                     .reason = style->reason,
                                     .site = raw.site,
                                     .confidence = style->confidence,
                                     .kind = style->kind};
        memcpy(memory + (size_t)i * sizeof edge, &edge, sizeof edge);
    }
    return EW_OK;
}

static enum ew_status place_edges(struct graph_builder *builder)
{
    size_t bytes = ((size_t)builder->node_count + 1) * sizeof(uint32_t);
    if (ew_region_grow(&builder->first_edge, bytes) != EW_OK) {
        return graph_refuse(builder, EW_NO_MEMORY, "no memory for its edges");
    }
    if (!rank_edges(builder)) {
        group_edges(builder);
    }
    sort_edges(builder);
    ew_region_release(&builder->hashes); /* before edges take their full size */
    enum ew_status status = place_candidates(builder);
    return status == EW_OK ? widen_edges(builder) : status;
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
        status = place_edges(builder);
    }
    show_columns(builder);
    ew_region_release(&builder->styles);
    ew_region_release(&builder->lists);
    ew_region_release(&builder->raw_overrides);
    ew_region_release(&builder->raw_candidates);
    ew_index_free(&builder->style_index);
    return status;
}
