/* SPDX-License-Identifier: Apache-2.0 */
/* Edges that were read become those of the result: in its order, and in place. */
#include "callgraph/builder.h"

#include <assert.h>
#include <string.h>

/* Of a work for two threads: several for each, since neither is sure to be as fast as the other.
 */
enum { PARTS = 16 };

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
            edges[i].from = graph_rank_of(builder, edges[i].from);
            edges[i].to = graph_rank_of(builder, edges[i].to);
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

/* A job: some nodes' edges are sorted. Equal ones are joined, which leaves a gap at the end. */
struct sorting {
    struct graph_job job;
    const struct graph_builder *builder;
    uint32_t first_node;
    uint32_t end_node;
    uint32_t first_edge;
    uint32_t kept; /* of these edges */
};

static void sort_edges(struct graph_job *job)
{
    struct sorting *part = (struct sorting *)(void *)job;
    struct graph_raw_edge *edges = part->builder->edges.bytes;
    uint32_t *first_edge = part->builder->first_edge.bytes;
    uint32_t from = part->first_edge;
    uint32_t kept = from;
    for (uint32_t node = part->first_node; node < part->end_node; node++) {
        uint32_t to = first_edge[node + 1];
        uint32_t left = graph_sort_edges(part->builder, edges + from, to - from);
        if (kept != from) {
            memmove(edges + kept, edges + from, left * sizeof *edges);
        }
        kept += left;
        from = to;
        if (node + 1 < part->end_node) { /* the next part looks at its own first edge */
            first_edge[node + 1] = kept;
        }
    }
    part->kept = kept - part->first_edge;
}

/* Moves the edges of parts together. */
static void close_gaps(struct graph_builder *builder, const struct sorting *parts, uint32_t count)
{
    struct graph_raw_edge *edges = builder->edges.bytes;
    uint32_t *first_edge = builder->first_edge.bytes;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        const struct sorting *part = &parts[i];
        uint32_t gap = part->first_edge - kept;
        if (gap > 0) {
            memmove(edges + kept, edges + part->first_edge, part->kept * sizeof *edges);
            for (uint32_t node = part->first_node; node < part->end_node; node++) {
                first_edge[node] -= gap;
            }
        }
        kept += part->kept;
    }
    first_edge[builder->node_count] = kept;
    builder->counts.duplicates += builder->edge_count - kept;
    builder->edge_count = kept;
}

static void sort_all(struct graph_builder *builder)
{
    struct sorting parts[PARTS];
    const uint32_t *first_edge = builder->first_edge.bytes;
    uint64_t node_count = builder->node_count;
    for (uint32_t i = 0; i < PARTS; i++) {
        uint32_t first = (uint32_t)(node_count * i / PARTS);
        uint32_t end = (uint32_t)(node_count * (i + 1) / PARTS);
        parts[i] = (struct sorting){.job = {.run = sort_edges},
                                    .builder = builder,
                                    .first_node = first,
                                    .end_node = end,
                                    .first_edge = first_edge[first]};
        graph_worker_give(builder->worker, &parts[i].job);
    }
    for (uint32_t i = PARTS; i-- > 0;) {
        graph_worker_settle(builder->worker, &parts[i].job);
    }
    close_gaps(builder, parts, PARTS);
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

/* A job: edges of the result are larger than those that were read, so the last comes first. */
struct widening {
    struct graph_job job;
    const struct graph_builder *builder;
    uint32_t first;
    uint32_t end;
    uint32_t candidate; /* behind those of the last edge */
};

static void widen_edges(struct graph_job *job)
{
    const struct widening *part = (const struct widening *)(const void *)job;
    const struct graph_style *styles = part->builder->styles.bytes;
    const struct graph_list *lists = part->builder->lists.bytes;
    char *memory = part->builder->edges.bytes;
    uint32_t candidate = part->candidate;
    for (uint32_t i = part->end; i-- > part->first;) {
        struct graph_raw_edge raw;
        memcpy(&raw, memory + (size_t)i * sizeof raw, sizeof raw);
        const struct graph_style *style = &styles[raw.style];
        candidate -= style->list != 0 ? lists[style->list - 1].count : 0;
        struct ew_graph_edge edge = {.to = raw.to,
                                     .first_candidate = candidate,
                                     .reason = style->reason,
                                     .site = raw.site,
                                     .confidence = (uint16_t)style->confidence,
                                     .kind = (uint8_t)style->kind};
        memcpy(memory + (size_t)i * sizeof edge, &edge, sizeof edge);
    }
}

/* Widens edges from `first` on, in parts: their new places begin behind all old ones. */
static void widen_apart(struct graph_builder *builder, uint32_t first, uint32_t end)
{
    struct widening parts[PARTS];
    uint64_t count = end - first;
    for (uint32_t i = 0; i < PARTS; i++) {
        parts[i] = (struct widening){.job = {.run = widen_edges},
                                     .builder = builder,
                                     .first = first + (uint32_t)(count * i / PARTS),
                                     .end = first + (uint32_t)(count * (i + 1) / PARTS),
                                     .candidate = builder->candidate_count};
        graph_worker_give(builder->worker, &parts[i].job);
    }
    for (uint32_t i = PARTS; i-- > 0;) {
        graph_worker_settle(builder->worker, &parts[i].job);
    }
}

static enum ew_status widen_all(struct graph_builder *builder)
{
    enum { FEW_EDGES = 4096 };
    size_t bytes = builder->edge_count * sizeof(struct ew_graph_edge);
    uint32_t end = builder->edge_count;
    if (ew_region_grow(&builder->edges, bytes) != EW_OK) {
        return graph_refuse(builder, EW_NO_MEMORY, "no memory for its edges");
    }
    /* With candidates, each edge has to know how many come behind it. */
    while (end > FEW_EDGES && builder->candidate_count == 0 && builder->worker != NULL) {
        size_t old_end = (size_t)end * sizeof(struct graph_raw_edge);
        uint32_t first = (uint32_t)((old_end + sizeof(struct ew_graph_edge) - 1)
                                    / sizeof(struct ew_graph_edge));
        widen_apart(builder, first, end);
        end = first;
    }
    struct widening rest = {
        .builder = builder, .end = end, .candidate = builder->candidate_count};
    widen_edges(&rest.job);
    return EW_OK;
}

enum ew_status graph_place_edges(struct graph_builder *builder)
{
    size_t bytes = ((size_t)builder->node_count + 1) * sizeof(uint32_t);
    if (ew_region_grow(&builder->first_edge, bytes) != EW_OK) {
        return graph_refuse(builder, EW_NO_MEMORY, "no memory for its edges");
    }
    if (!rank_edges(builder)) {
        group_edges(builder);
    }
    sort_all(builder);
    ew_region_release(&builder->hashes); /* before edges take their full size */
    enum ew_status status = place_candidates(builder);
    return status == EW_OK ? widen_all(builder) : status;
}
