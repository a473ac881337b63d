/* SPDX-License-Identifier: Apache-2.0 */
/* Edges while a graph is read: their ends are looked up many at a time. */
#include "callgraph/builder.h"

#include <string.h>

enum { ENDS_MAX = 2 * GRAPH_BATCH_EDGES };

/* --- ends ---------------------------------------------------------------------------------- */

static enum ew_status make_room(struct graph_builder *builder)
{
    const struct graph_batch *batch = &builder->batch;
    bool full = batch->count == GRAPH_BATCH_EDGES
                || sizeof batch->text - batch->text_bytes < 2 * (size_t)EW_GRAPH_TEXT_EACH_MAX;
    return full ? graph_edges_flush(builder) : EW_OK;
}

/* Copies an id into the batch. */
static enum ew_status keep_id(struct graph_builder *builder, struct graph_slice *id)
{
    struct graph_batch *batch = &builder->batch;
    if (id->byte_count == 0) {
        return graph_refuse(builder, EW_FORMAT, "an id must not be empty");
    }
    if (id->byte_count > EW_GRAPH_TEXT_EACH_MAX) {
        return graph_refuse(builder, EW_LIMIT, "is longer than %d bytes", EW_GRAPH_TEXT_EACH_MAX);
    }
    char *kept = batch->text + batch->text_bytes;
    memcpy(kept, id->bytes, id->byte_count);
    id->bytes = kept;
    batch->text_bytes += (uint32_t)id->byte_count;
    return EW_OK;
}

static inline void take_id(struct graph_builder *builder, struct graph_slice id,
                           struct graph_end *end)
{
    end->id = id;
    end->hash = graph_id_hash(builder, id);
}

/* Analysers write the edges of a caller one after another. */
static inline bool is_last_from(const struct graph_batch *batch, struct graph_slice id)
{
    return id.byte_count == batch->last_from.byte_count && id.byte_count > 0
           && ew_bytes_equal(id.bytes, batch->last_from.bytes, id.byte_count);
}

enum ew_status graph_edge_begin(struct graph_builder *builder, struct graph_edge_told *edge)
{
    *edge = graph_edge_empty(builder);
    return make_room(builder);
}

enum ew_status graph_edge_from(struct graph_builder *builder, struct graph_slice id)
{
    struct graph_pending *row = &builder->batch.rows[builder->batch.count];
    enum ew_status status = EW_OK;
    row->same_from = is_last_from(&builder->batch, id);
    if (!row->same_from && (status = keep_id(builder, &id)) == EW_OK) {
        take_id(builder, id, &row->from);
    }
    return status;
}

enum ew_status graph_edge_to(struct graph_builder *builder, struct graph_slice id)
{
    enum ew_status status = keep_id(builder, &id);
    if (status == EW_OK) {
        take_id(builder, id, &builder->batch.rows[builder->batch.count].to);
    }
    return status;
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

static inline bool same_style(const struct graph_style *a, const struct graph_style *b)
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

static enum ew_status find_other_style(struct graph_builder *builder,
                                       const struct graph_style *style, uint32_t *style_out)
{
    const struct graph_style *styles = builder->styles.bytes;
    uint32_t *last = &builder->last_styles[style->kind];
    if (style->list == 0) {
        uint64_t hash = style_hash(style);
        for (uint32_t i = ew_index_first(&builder->style_index, hash); i != EW_INDEX_END;
             i = ew_index_next(&builder->style_index)) {
            if (same_style(&styles[i], style)) {
                *style_out = *last = i;
                return EW_OK;
            }
        }
    }
    enum ew_status status = add_style(builder, style, style_out);
    *last = status == EW_OK ? *style_out : *last;
    return status;
}

/* Edges of a kind mostly share one. */
static inline enum ew_status find_style(struct graph_builder *builder,
                                        const struct graph_style *style, uint32_t *style_out)
{
    const struct graph_style *styles = builder->styles.bytes;
    uint32_t last = builder->last_styles[style->kind];
    if (last != EW_GRAPH_NONE && same_style(&styles[last], style)) {
        *style_out = last;
        return EW_OK;
    }
    return find_other_style(builder, style, style_out);
}

static enum ew_status add_list(struct graph_builder *builder, uint32_t first, uint32_t *list_out)
{
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

/* Adds the row whose ends were taken. */
static inline enum ew_status end_row(struct graph_builder *builder,
                                     const struct graph_edge_told *edge)
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
    enum ew_status status = edge->first_candidate == builder->candidate_count
                                ? EW_OK
                                : add_list(builder, edge->first_candidate, &style.list);
    if (status == EW_OK) {
        status = find_style(builder, &style, &row->style);
    }
    if (status != EW_OK) {
        return status;
    }
    if (!row->same_from) {
        batch->last_from = row->from.id;
    }
    row->site = edge->site;
    batch->count++;
    return EW_OK;
}

enum ew_status graph_edge_end(struct graph_builder *builder, const struct graph_edge_told *edge)
{
    return end_row(builder, edge);
}

enum ew_status graph_edge_here(struct graph_builder *builder, struct graph_slice from,
                               struct graph_slice to, const struct graph_edge_told *edge)
{
    enum ew_status status = make_room(builder);
    if (status != EW_OK) {
        return status;
    }
    if (from.byte_count == 0 || to.byte_count == 0) {
        return graph_refuse(builder, EW_FORMAT, "an id must not be empty");
    }
    struct graph_pending *row = &builder->batch.rows[builder->batch.count];
    row->same_from = is_last_from(&builder->batch, from);
    if (!row->same_from) {
        take_id(builder, from, &row->from);
    }
    take_id(builder, to, &row->to);
    return end_row(builder, edge);
}

/* --- looking up --------------------------------------------------------------------------------
 */

/* Finds the nodes of ends; EW_GRAPH_NONE: there is none, or another may be it by its hash. */
static void find_nodes(const struct graph_builder *builder, struct graph_end *const *ends,
                       uint32_t count)
{
    const struct graph_id_index *index = &builder->index;
    const char *pool = graph_pool(builder);
    uint64_t slots[ENDS_MAX];
    char first[ENDS_MAX];
    for (uint32_t i = 0; i < count; i++) {
        slots[i] = graph_id_home(index, ends[i]->hash);
    }
    for (uint32_t i = 0; i < count; i++) {
        if (!graph_id_may_be(slots[i], ends[i]->hash)) {
            uint32_t at = ends[i]->hash;
            slots[i] = graph_id_next(index, ends[i]->hash, &at);
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        first[i] = slots[i] != GRAPH_ID_FREE ? pool[graph_id_text(slots[i])] : '\0';
    }
    for (uint32_t i = 0; i < count; i++) {
        bool found = first[i] == *ends[i]->id.bytes
                     && graph_is_text(builder, graph_id_text(slots[i]), ends[i]->id);
        ends[i]->node = found ? graph_id_node(slots[i]) : EW_GRAPH_NONE;
    }
}

/* Looks all ends of a batch up at once: what each step reads for one is read for all of them
 * before the next step, so that the processor waits for all of it together. */
static void find_ends(struct graph_builder *builder)
{
    struct graph_batch *batch = &builder->batch;
    struct graph_end *ends[ENDS_MAX];
    uint32_t count = 0;
    for (uint32_t i = 0; i < batch->count; i++) {
        batch->rows[i].from.node = EW_GRAPH_NONE;
        batch->rows[i].to.node = EW_GRAPH_NONE;
        ends[count] = &batch->rows[i].from;
        count += !batch->rows[i].same_from;
        ends[count++] = &batch->rows[i].to;
    }
    if (builder->node_count > 0) {
        find_nodes(builder, ends, count);
    }
}

static inline enum ew_status look_up(struct graph_builder *builder, const struct graph_end *end,
                                     uint32_t *node_out)
{
    *node_out = end->node;
    return end->node != EW_GRAPH_NONE ? EW_OK
                                      : graph_node_hashed(builder, end->id, end->hash, node_out);
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
    find_ends(builder);
    enum ew_status status = add_edges(builder, builder->edges.bytes);
    if (batch->last_from.bytes != batch->last_from_text && batch->last_from.byte_count > 0) {
        memcpy(batch->last_from_text, batch->last_from.bytes, batch->last_from.byte_count);
        batch->last_from.bytes = batch->last_from_text;
    }
    batch->text_bytes = 0;
    batch->count = 0;
    return status;
}
