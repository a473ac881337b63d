/* SPDX-License-Identifier: Apache-2.0 */
/* Edges while a graph is read: they wait until their ends are looked up, many at a time. */
#include "callgraph/builder.h"

#include <assert.h>
#include <string.h>

static_assert(EW_GRAPH_TEXT_EACH_MAX <= UINT16_MAX, "the length of an id fits");

/* --- ends ---------------------------------------------------------------------------------- */

static enum ew_status make_room(struct graph_builder *builder)
{
    const struct graph_waiting *waiting = &builder->waiting;
    bool full =
        waiting->count == GRAPH_WAITING_EDGES
        || sizeof waiting->text - waiting->text_bytes < 2 * (size_t)EW_GRAPH_TEXT_EACH_MAX;
    return full ? graph_edges_flush(builder) : EW_OK;
}

/* Copies an id to where it stays until the edge was looked up. */
static enum ew_status keep_id(struct graph_builder *builder, struct graph_slice *id)
{
    struct graph_waiting *waiting = &builder->waiting;
    if (id->byte_count == 0) {
        return graph_refuse(builder, EW_FORMAT, "an id must not be empty");
    }
    if (id->byte_count > EW_GRAPH_TEXT_EACH_MAX) {
        return graph_refuse(builder, EW_LIMIT, "is longer than %d bytes", EW_GRAPH_TEXT_EACH_MAX);
    }
    char *kept = waiting->text + waiting->text_bytes;
    memcpy(kept, id->bytes, id->byte_count);
    id->bytes = kept;
    waiting->text_bytes += (uint32_t)id->byte_count;
    return EW_OK;
}

static inline void take_from(struct graph_pending *row, struct graph_slice id)
{
    row->from = id.bytes;
    row->from_bytes = (uint16_t)id.byte_count;
}

static inline void take_to(struct graph_pending *row, struct graph_slice id)
{
    row->to = id.bytes;
    row->to_bytes = (uint16_t)id.byte_count;
}

/* Analysers write the edges of a caller one after another. Jobs know nothing of each other. */
static inline bool is_last_from(const struct graph_waiting *waiting, struct graph_slice id)
{
    return waiting->count % GRAPH_LOOKUP_EDGES != 0
           && id.byte_count == waiting->last_from.byte_count
           && ew_bytes_equal(id.bytes, waiting->last_from.bytes, id.byte_count);
}

enum ew_status graph_edge_begin(struct graph_builder *builder, struct graph_edge_told *edge)
{
    *edge = graph_edge_empty(builder);
    return make_room(builder);
}

enum ew_status graph_edge_from(struct graph_builder *builder, struct graph_slice id)
{
    struct graph_waiting *waiting = &builder->waiting;
    struct graph_pending *row = &waiting->rows[waiting->count];
    row->from_bytes = 0;
    if (is_last_from(waiting, id)) {
        return EW_OK;
    }
    enum ew_status status = keep_id(builder, &id);
    if (status == EW_OK) {
        take_from(row, id);
    }
    return status;
}

enum ew_status graph_edge_to(struct graph_builder *builder, struct graph_slice id)
{
    enum ew_status status = keep_id(builder, &id);
    if (status == EW_OK) {
        take_to(&builder->waiting.rows[builder->waiting.count], id);
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
    return ew_index_hash_pair(style->reason, (uint64_t)style->confidence << 32 | style->kind);
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
    struct graph_waiting *waiting = &builder->waiting;
    struct graph_pending *row = &waiting->rows[waiting->count];
    struct graph_style style = {
        .reason = edge->reason, .confidence = edge->confidence, .kind = edge->kind};
    if (builder->edge_count + waiting->count >= EW_GRAPH_EDGES_MAX) {
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
    if (row->from_bytes > 0) {
        waiting->last_from = (struct graph_slice){row->from, row->from_bytes};
    }
    row->site = edge->site;
    waiting->count++;
    return EW_OK;
}

enum ew_status graph_edge_end(struct graph_builder *builder, const struct graph_edge_told *edge)
{
    return end_row(builder, edge);
}

enum ew_status graph_edge_here(struct graph_builder *builder, struct graph_slice from,
                               struct graph_slice to, const struct graph_edge_told *edge)
{
    struct graph_waiting *waiting = &builder->waiting;
    enum ew_status status = make_room(builder);
    if (status == EW_OK && waiting->count - waiting->given >= GRAPH_LOOKUP_EDGES) {
        status = graph_edges_give(builder);
    }
    if (status != EW_OK) {
        return status;
    }
    if (from.byte_count == 0 || to.byte_count == 0) {
        return graph_refuse(builder, EW_FORMAT, "an id must not be empty");
    }
    struct graph_pending *row = &waiting->rows[waiting->count];
    take_from(row, from);
    take_to(row, to);
    if (is_last_from(waiting, from)) {
        row->from_bytes = 0;
    }
    return end_row(builder, edge);
}
