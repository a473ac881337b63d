/* SPDX-License-Identifier: Apache-2.0 */
/* A graph while it is read: texts, nodes, artifacts, entry points and targets. */
#include "callgraph/builder.h"

#include "platform/random.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Marks a node that no record told yet, in its reserved byte; gone in the result. */
enum { UNTOLD = 1 };

enum ew_status graph_refuse(struct graph_builder *builder, enum ew_status status,
                            const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(builder->reason, sizeof builder->reason, format, arguments);
    va_end(arguments);
    return status;
}

static enum ew_status reserve_columns(struct graph_builder *builder)
{
    const struct {
        struct ew_region *region;
        size_t row_bytes;
        size_t row_count;
    } columns[] = {
        {&builder->texts, 1, EW_GRAPH_TEXT_BYTES_MAX},
        {&builder->nodes, sizeof(struct ew_graph_node), EW_GRAPH_NODES_MAX},
        {&builder->hashes, sizeof(uint32_t), EW_GRAPH_NODES_MAX},
        {&builder->edges, sizeof(struct ew_graph_edge), EW_GRAPH_EDGES_MAX},
        {&builder->styles, sizeof(struct graph_style), EW_GRAPH_EDGES_MAX},
        {&builder->lists, sizeof(struct graph_list), EW_GRAPH_ROWS_MAX},
        {&builder->entries, sizeof(struct ew_graph_entry), EW_GRAPH_ROWS_MAX},
        {&builder->targets, sizeof(struct ew_graph_target), EW_GRAPH_ROWS_MAX},
        {&builder->artifacts, sizeof(struct ew_graph_artifact), EW_GRAPH_ARTIFACTS_MAX},
        {&builder->raw_overrides, sizeof(uint64_t), EW_GRAPH_ROWS_MAX},
        {&builder->raw_candidates, sizeof(uint32_t), EW_GRAPH_ROWS_MAX},
        {&builder->first_edge, sizeof(uint32_t), (size_t)EW_GRAPH_NODES_MAX + 1},
        {&builder->overrides, sizeof(uint32_t), EW_GRAPH_ROWS_MAX},
        {&builder->candidates, sizeof(uint32_t), EW_GRAPH_ROWS_MAX},
    };
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
        if (ew_region_reserve(columns[i].region, columns[i].row_bytes * columns[i].row_count)
            != EW_OK) {
            return EW_NO_MEMORY;
        }
    }
    return EW_OK;
}

enum ew_status graph_builder_create(struct graph_builder **builder_out)
{
    struct graph_builder *builder = calloc(1, sizeof *builder);
    if (builder == NULL) {
        return EW_NO_MEMORY;
    }
    memset(builder->last_styles, 0xff, sizeof builder->last_styles);
    /* The empty text is at 0. */
    builder->text_bytes = 1;
    if (reserve_columns(builder) != EW_OK || ew_region_grow(&builder->texts, 1) != EW_OK
        || ew_random_bytes(&builder->seed, sizeof builder->seed) != EW_OK) {
        graph_builder_free(builder);
        return EW_NO_MEMORY;
    }
    *builder_out = builder;
    return EW_OK;
}

void graph_builder_free(struct graph_builder *builder)
{
    if (builder == NULL) {
        return;
    }
    struct ew_region *regions[] = {
        &builder->texts,          &builder->nodes,         &builder->hashes,
        &builder->edges,          &builder->styles,        &builder->lists,
        &builder->entries,        &builder->targets,       &builder->artifacts,
        &builder->first_edge,     &builder->overrides,     &builder->candidates,
        &builder->raw_candidates, &builder->raw_overrides,
    };
    for (size_t i = 0; i < sizeof regions / sizeof regions[0]; i++) {
        ew_region_release(regions[i]);
    }
    graph_id_free(&builder->index);
    ew_index_free(&builder->style_index);
    free(builder);
}

/* --- texts ------------------------------------------------------------------------------------
 */

/* The next block of the pool, for a text that has no room in the last. */
static enum ew_status open_block(struct graph_builder *builder, struct graph_block *block,
                                 size_t text_bytes)
{
    size_t bytes = text_bytes > GRAPH_BLOCK_BYTES ? text_bytes : GRAPH_BLOCK_BYTES;
    size_t end = builder->text_bytes + bytes;
    if (end > EW_GRAPH_TEXT_BYTES_MAX) {
        return graph_refuse(builder, EW_LIMIT, "the graph has more than %d bytes of text",
                            EW_GRAPH_TEXT_BYTES_MAX);
    }
    if (ew_region_grow(&builder->texts, end) != EW_OK) {
        return graph_refuse(builder, EW_NO_MEMORY, "no memory for its texts");
    }
    *block = (struct graph_block){builder->text_bytes, (uint32_t)end};
    builder->text_bytes = (uint32_t)end;
    return EW_OK;
}

static enum ew_status append_text(struct graph_builder *builder, struct graph_block *block,
                                  struct graph_slice slice, ew_graph_text *text_out)
{
    if (slice.byte_count > EW_GRAPH_TEXT_EACH_MAX) {
        return graph_refuse(builder, EW_LIMIT, "is longer than %d bytes", EW_GRAPH_TEXT_EACH_MAX);
    }
    if (block->end - block->at <= slice.byte_count) {
        enum ew_status status = open_block(builder, block, slice.byte_count + 1);
        if (status != EW_OK) {
            return status;
        }
    }
    char *out = (char *)builder->texts.bytes + block->at;
    memcpy(out, slice.bytes, slice.byte_count);
    *text_out = block->at;
    block->at += (uint32_t)slice.byte_count + 1;
    return EW_OK;
}

enum ew_status graph_text(struct graph_builder *builder, struct graph_slice slice,
                          ew_graph_text *text_out)
{
    if (slice.byte_count == 0) {
        *text_out = 0;
        return EW_OK;
    }
    uint64_t hash = ew_index_hash_bytes(slice.bytes, slice.byte_count);
    struct graph_cached_text *cached = &builder->cache[hash % GRAPH_TEXT_CACHE_SLOTS];
    if (cached->text != 0 && cached->hash == (uint32_t)(hash >> 32)
        && graph_is_text(builder, cached->text, slice)) {
        *text_out = cached->text;
        return EW_OK;
    }
    enum ew_status status = append_text(builder, &builder->other_texts, slice, text_out);
    if (status == EW_OK) {
        cached->hash = (uint32_t)(hash >> 32);
        cached->text = *text_out;
    }
    return status;
}

/* --- nodes ------------------------------------------------------------------------------------
 */

struct ew_graph_node graph_node_empty(void)
{
    struct ew_graph_node node = {.artifact = EW_GRAPH_NONE};
    return node;
}

/* Adds a node that is not there, but not to the index. */
static enum ew_status add_node(struct graph_builder *builder, struct graph_slice id,
                               uint32_t *node_out)
{
    ew_graph_text text = 0;
    if (builder->node_count == EW_GRAPH_NODES_MAX) {
        return graph_refuse(builder, EW_LIMIT, "the graph has more than %d nodes",
                            EW_GRAPH_NODES_MAX);
    }
    enum ew_status status = append_text(builder, &builder->ids, id, &text);
    if (status != EW_OK) {
        return status;
    }
    uint32_t node = builder->node_count;
    struct ew_graph_node *row = graph_column_end(&builder->nodes, sizeof *row, node);
    if (row == NULL || graph_column_end(&builder->hashes, sizeof(uint32_t), node) == NULL) {
        return graph_refuse(builder, EW_NO_MEMORY, "no memory for its nodes");
    }
    *row = graph_node_empty();
    row->id = text;
    row->reserved = UNTOLD;
    row->kind = builder->implicit_nodes ? EW_NODE_FUNCTION : EW_NODE_EXTERNAL;
    builder->node_count++;
    *node_out = node;
    return EW_OK;
}

/* Whether an id is behind that of the last node. */
static bool is_behind_last(const struct graph_builder *builder, struct graph_slice id)
{
    if (builder->node_count == 0) {
        return true;
    }
    const struct ew_graph_node *last = &graph_nodes(builder)[builder->node_count - 1];
    return strncmp(id.bytes, graph_pool(builder) + last->id, id.byte_count) > 0;
}

enum ew_status graph_node_hashed(struct graph_builder *builder, struct graph_slice id,
                                 uint32_t hash, uint32_t *node_out)
{
    uint32_t at = hash;
    uint64_t slot = GRAPH_ID_FREE;
    enum ew_status status = graph_index_complete(builder);
    if (status != EW_OK) {
        return status;
    }
    while (builder->node_count > 0
           && (slot = graph_id_next(&builder->index, hash, &at)) != GRAPH_ID_FREE) {
        if (graph_is_text(builder, graph_id_text(slot), id)) {
            *node_out = graph_id_node(slot);
            return EW_OK;
        }
    }
    builder->ids_descend = builder->ids_descend || !is_behind_last(builder, id);
    status = add_node(builder, id, node_out);
    return status == EW_OK ? graph_index_last(builder, hash) : status;
}

enum ew_status graph_node_next(struct graph_builder *builder, struct graph_slice id,
                               uint32_t *node_out)
{
    return builder->ids_descend || !is_behind_last(builder, id)
               ? graph_node(builder, id, node_out)
               : add_node(builder, id, node_out);
}

enum ew_status graph_node(struct graph_builder *builder, struct graph_slice id,
                          uint32_t *node_out)
{
    if (id.byte_count == 0) {
        return graph_refuse(builder, EW_FORMAT, "an id must not be empty");
    }
    return graph_node_hashed(builder, id, graph_id_hash(builder, id), node_out);
}

static bool same_text(const struct graph_builder *builder, ew_graph_text a, ew_graph_text b)
{
    return a == b || strcmp(graph_pool(builder) + a, graph_pool(builder) + b) == 0;
}

static bool same_node(const struct graph_builder *builder, const struct ew_graph_node *a,
                      const struct ew_graph_node *b)
{
    return a->rva == b->rva && same_text(builder, a->name, b->name)
           && same_text(builder, a->signature, b->signature)
           && same_text(builder, a->doc_id, b->doc_id)
           && same_text(builder, a->decorated, b->decorated) && a->artifact == b->artifact
           && a->token == b->token && a->size_bytes == b->size_bytes && a->kind == b->kind
           && a->inlining == b->inlining && a->flags == b->flags;
}

bool graph_node_is_told(const struct graph_builder *builder, uint32_t node)
{
    return graph_nodes(builder)[node].reserved != UNTOLD;
}

enum ew_status graph_node_tell(struct graph_builder *builder, uint32_t node,
                               const struct ew_graph_node *told)
{
    struct ew_graph_node *row = &graph_nodes(builder)[node];
    if (row->reserved != UNTOLD) {
        builder->counts.duplicates++;
        return same_node(builder, row, told)
                   ? EW_OK
                   : graph_refuse(builder, EW_FORMAT,
                                  "the node is there twice, with different members");
    }
    ew_graph_text id = row->id;
    *row = *told;
    row->id = id;
    builder->told_count++;
    if (row->artifact != EW_GRAPH_NONE && row->artifact >= builder->artifacts_named) {
        builder->artifacts_named = row->artifact + 1;
    }
    return EW_OK;
}

enum ew_status graph_override(struct graph_builder *builder, uint32_t node,
                              struct graph_slice overridden)
{
    uint32_t target = 0;
    enum ew_status status = graph_node(builder, overridden, &target);
    if (status != EW_OK) {
        return status;
    }
    if (builder->override_count == EW_GRAPH_ROWS_MAX) {
        return graph_refuse(builder, EW_LIMIT, "the graph has more than %d overrides",
                            EW_GRAPH_ROWS_MAX);
    }
    uint64_t *row =
        graph_column_end(&builder->raw_overrides, sizeof *row, builder->override_count);
    if (row == NULL) {
        return graph_refuse(builder, EW_NO_MEMORY, "no memory for its overrides");
    }
    *row = (uint64_t)node << 32 | target;
    builder->override_count++;
    return EW_OK;
}

void graph_overrides_settle(struct graph_builder *builder, uint32_t first, uint32_t node)
{
    uint64_t *rows = builder->raw_overrides.bytes;
    for (uint32_t i = first; i < builder->override_count; i++) {
        rows[i] = (uint64_t)node << 32 | (uint32_t)rows[i];
    }
}

/* --- artifacts, entry points, targets ----------------------------------------------------------
 */

enum ew_status graph_artifact(struct graph_builder *builder,
                              const struct ew_graph_artifact *artifact)
{
    if (builder->artifact_count == EW_GRAPH_ARTIFACTS_MAX) {
        return graph_refuse(builder, EW_LIMIT, "the graph has more than %d artifacts",
                            EW_GRAPH_ARTIFACTS_MAX);
    }
    struct ew_graph_artifact *row =
        graph_column_end(&builder->artifacts, sizeof *row, builder->artifact_count);
    if (row == NULL) {
        return graph_refuse(builder, EW_NO_MEMORY, "no memory for its artifacts");
    }
    *row = *artifact;
    builder->artifact_count++;
    return EW_OK;
}

enum ew_status graph_entry(struct graph_builder *builder, uint32_t node,
                           enum ew_graph_entry_kind kind)
{
    if (builder->entry_count == EW_GRAPH_ROWS_MAX) {
        return graph_refuse(builder, EW_LIMIT, "the graph has more than %d entry points",
                            EW_GRAPH_ROWS_MAX);
    }
    struct ew_graph_entry *row =
        graph_column_end(&builder->entries, sizeof *row, builder->entry_count);
    if (row == NULL) {
        return graph_refuse(builder, EW_NO_MEMORY, "no memory for its entry points");
    }
    row->node = node;
    row->kind = (uint32_t)kind;
    builder->entry_count++;
    return EW_OK;
}

enum ew_status graph_target(struct graph_builder *builder, uint32_t node,
                            ew_graph_text vulnerability)
{
    if (builder->target_count == EW_GRAPH_ROWS_MAX) {
        return graph_refuse(builder, EW_LIMIT, "the graph has more than %d targets",
                            EW_GRAPH_ROWS_MAX);
    }
    struct ew_graph_target *row =
        graph_column_end(&builder->targets, sizeof *row, builder->target_count);
    if (row == NULL) {
        return graph_refuse(builder, EW_NO_MEMORY, "no memory for its targets");
    }
    row->node = node;
    row->vulnerability = vulnerability;
    builder->target_count++;
    return EW_OK;
}
