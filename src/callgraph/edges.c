/* SPDX-License-Identifier: Apache-2.0 */
/* Edges while a graph is read: their ends are looked up many at a time. */
#include "callgraph/builder.h"

#include "base/text.h"

#include <string.h>

enum ew_status graph_edge_begin(struct graph_builder *builder, struct graph_edge_told *edge)
{
    struct graph_batch *batch = &builder->batch;
    *edge = (struct graph_edge_told){.site = EW_GRAPH_NONE,
                                     .confidence = 1000,
                                     .kind = EW_EDGE_CALL,
                                     .first_candidate = builder->candidate_count};
    if (batch->count == GRAPH_BATCH_EDGES
        || sizeof batch->text - batch->text_bytes < 2 * (size_t)EW_GRAPH_TEXT_EACH_MAX) {
        enum ew_status status = graph_edges_flush(builder);
        if (status != EW_OK) {
            return status;
        }
    }
    struct graph_pending *row = &batch->rows[batch->count];
    row->from.byte_count = 0;
    row->to.byte_count = 0;
    row->same_from = false;
    return EW_OK;
}

/* Copies an id into the batch. */
static enum ew_status keep_id(struct graph_builder *builder, struct graph_slice id,
                              struct graph_end *end)
{
    struct graph_batch *batch = &builder->batch;
    if (id.byte_count == 0) {
        return graph_refuse(builder, EW_FORMAT, "an id must not be empty");
    }
    if (id.byte_count > EW_GRAPH_TEXT_EACH_MAX) {
        return graph_refuse(builder, EW_LIMIT, "is longer than %d bytes", EW_GRAPH_TEXT_EACH_MAX);
    }
    memcpy(batch->text + batch->text_bytes, id.bytes, id.byte_count);
    end->at = batch->text_bytes;
    end->byte_count = (uint32_t)id.byte_count;
    end->hash = ew_index_hash_seeded(id.bytes, id.byte_count, builder->seed);
    batch->text_bytes += end->byte_count;
    graph_node_soon(builder, end->hash);
    return EW_OK;
}

enum ew_status graph_edge_from(struct graph_builder *builder, struct graph_slice id)
{
    struct graph_batch *batch = &builder->batch;
    struct graph_pending *row = &batch->rows[batch->count];
    /* Analysers write the edges of a caller one after another. */
    if (id.byte_count == batch->last_from_bytes && id.byte_count > 0
        && ew_bytes_equal(id.bytes, batch->text + batch->last_from_at, id.byte_count)) {
        row->same_from = true;
        return EW_OK;
    }
    return keep_id(builder, id, &row->from);
}

enum ew_status graph_edge_to(struct graph_builder *builder, struct graph_slice id)
{
    return keep_id(builder, id, &builder->batch.rows[builder->batch.count].to);
}

enum ew_status graph_candidate(struct graph_builder *builder, struct graph_slice id)
{
    uint32_t node = 0;
    enum ew_status status = graph_node(builder, id, &node);
    if (status != EW_OK) {
        return status;
    }
    if (builder->candidate_count == EW_GRAPH_ROWS_MAX) {
        return graph_refuse(builder, EW_LIMIT, "the graph has more than %d candidates",
                            EW_GRAPH_ROWS_MAX);
    }
    uint32_t *row =
        graph_column_end(&builder->raw_candidates, sizeof *row, builder->candidate_count);
    if (row == NULL) {
        return graph_refuse(builder, EW_NO_MEMORY, "no memory for its candidates");
    }
    *row = node;
    builder->candidate_count++;
    return EW_OK;
}

/* --- styles ------------------------------------------------------------------------------------
 */

static uint64_t style_hash(const struct graph_style *style)
{
    return ew_index_hash_pair(style->reason, (uint64_t)style->confidence << 8 | style->kind);
}

static bool same_style(const struct graph_style *a, const struct graph_style *b)
{
    return a->reason == b->reason && a->list == b->list && a->confidence == b->confidence
           && a->kind == b->kind;
}

static enum ew_status add_style(struct graph_builder *builder, const struct graph_style *style,
                                uint32_t *style_out)
{
    struct graph_style *row =
        graph_column_end(&builder->styles, sizeof *row, builder->style_count);
    if (row == NULL
        || (style->list == 0
            && !ew_index_insert(&builder->style_index, style_hash(style),
                                builder->style_count))) {
        return graph_refuse(builder, EW_NO_MEMORY, "no memory for its edges");
    }
    *row = *style;
    *style_out = builder->style_count++;
    return EW_OK;
}

static enum ew_status find_style(struct graph_builder *builder, const struct graph_style *style,
                                 uint32_t *style_out)
{
    const struct graph_style *styles = builder->styles.bytes;
    if (builder->last_style != EW_GRAPH_NONE && same_style(&styles[builder->last_style], style)) {
        *style_out = builder->last_style;
        return EW_OK;
    }
    if (style->list == 0) {
        uint64_t hash = style_hash(style);
        for (uint32_t i = ew_index_first(&builder->style_index, hash); i != EW_INDEX_END;
             i = ew_index_next(&builder->style_index)) {
            if (same_style(&styles[i], style)) {
                *style_out = builder->last_style = i;
                return EW_OK;
            }
        }
    }
    enum ew_status status = add_style(builder, style, style_out);
    builder->last_style = status == EW_OK ? *style_out : builder->last_style;
    return status;
}

static enum ew_status add_list(struct graph_builder *builder, uint32_t first, uint32_t *list_out)
{
    *list_out = 0;
    if (first == builder->candidate_count) {
        return EW_OK;
    }
    struct graph_list *list =
        graph_column_end(&builder->lists, sizeof *list, builder->list_count);
    if (list == NULL) {
        return graph_refuse(builder, EW_NO_MEMORY, "no memory for its candidates");
    }
    list->first = first;
    list->count = builder->candidate_count - first;
    *list_out = ++builder->list_count;
    return EW_OK;
}

enum ew_status graph_edge_end(struct graph_builder *builder, const struct graph_edge_told *edge)
{
    struct graph_batch *batch = &builder->batch;
    struct graph_pending *row = &batch->rows[batch->count];
    struct graph_style style = {.reason = edge->reason,
                                .confidence = (uint16_t)edge->confidence,
                                .kind = (uint8_t)edge->kind};
    if (builder->edge_count + batch->count >= EW_GRAPH_EDGES_MAX) {
        return graph_refuse(builder, EW_LIMIT, "the graph has more than %d edges",
                            EW_GRAPH_EDGES_MAX);
    }
    enum ew_status status = add_list(builder, edge->first_candidate, &style.list);
    if (status == EW_OK) {
        status = find_style(builder, &style, &row->style);
    }
    if (status != EW_OK) {
        return status;
    }
    if (!row->same_from) {
        batch->last_from_at = row->from.at;
        batch->last_from_bytes = row->from.byte_count;
    }
    row->site = edge->site;
    batch->count++;
    return EW_OK;
}

/* --- looking up --------------------------------------------------------------------------------
 */

/* The entry that is looked at first for a hash; without the compare that tells whose it is. */
static uint32_t slot_entry(const struct graph_builder *builder, uint64_t hash)
{
    const struct ew_index *index = &builder->index;
    uint32_t high = (uint32_t)(hash >> 32);
    if (index->slots == NULL) {
        return EW_INDEX_END;
    }
    uint32_t at = high & index->slot_mask;
    while (index->slots[at].hash_high != high && index->slots[at].entry != EW_INDEX_END) {
        at = (at + 1) & index->slot_mask;
    }
    return index->slots[at].entry;
}

/* Fetches, for all edges at once, what looking them up will read: slots are on their way since
 * the ends were kept, now the offsets of texts, then the texts. */
static void fetch(const struct graph_builder *builder)
{
    const struct graph_batch *batch = &builder->batch;
    const ew_graph_text *ids = builder->ids.bytes;
    const char *pool = graph_pool(builder);
    uint32_t entries[2 * GRAPH_BATCH_EDGES];
    uint32_t count = 0;
    for (uint32_t i = 0; i < batch->count; i++) {
        if (!batch->rows[i].same_from) {
            entries[count++] = slot_entry(builder, batch->rows[i].from.hash);
        }
        entries[count++] = slot_entry(builder, batch->rows[i].to.hash);
    }
    for (uint32_t i = 0; i < count; i++) {
        if (entries[i] != EW_INDEX_END) {
            __builtin_prefetch(&ids[entries[i]]);
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        if (entries[i] != EW_INDEX_END) {
            __builtin_prefetch(pool + ids[entries[i]]);
        }
    }
}

static enum ew_status look_up(struct graph_builder *builder, const struct graph_end *end,
                              uint32_t *node_out)
{
    struct graph_slice id = {builder->batch.text + end->at, end->byte_count};
    return graph_node_hashed(builder, id, end->hash, node_out);
}

static enum ew_status add_edges(struct graph_builder *builder, struct graph_raw_edge *edges)
{
    struct graph_batch *batch = &builder->batch;
    for (uint32_t i = 0; i < batch->count; i++) {
        const struct graph_pending *row = &batch->rows[i];
        struct graph_raw_edge *edge = &edges[builder->edge_count];
        enum ew_status status = EW_OK;
        if (!row->same_from) {
            status = look_up(builder, &row->from, &batch->last_from_node);
        }
        edge->from = batch->last_from_node;
        edge->style = row->style;
        edge->site = row->site;
        if (status == EW_OK) {
            status = look_up(builder, &row->to, &edge->to);
        }
        if (status != EW_OK) {
            return status;
        }
        builder->edge_count++;
    }
    return EW_OK;
}

enum ew_status graph_edges_flush(struct graph_builder *builder)
{
    struct graph_batch *batch = &builder->batch;
    size_t end = ((size_t)builder->edge_count + batch->count) * sizeof(struct graph_raw_edge);
    if (ew_region_grow(&builder->edges, end) != EW_OK) {
        return graph_refuse(builder, EW_NO_MEMORY, "no memory for its edges");
    }
    fetch(builder);
    enum ew_status status = add_edges(builder, builder->edges.bytes);
    memmove(batch->text, batch->text + batch->last_from_at, batch->last_from_bytes);
    batch->last_from_at = 0;
    batch->text_bytes = batch->last_from_bytes;
    batch->count = 0;
    return status;
}
