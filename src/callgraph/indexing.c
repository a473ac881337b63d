/* SPDX-License-Identifier: Apache-2.0 */
/* Nodes get into the index of ids: at once, or later when nobody has to look for them before. */
#include "callgraph/builder.h"

#include <string.h>

/* Adds nodes up to `end`. False without memory. */
static bool index_nodes(struct graph_builder *builder, uint32_t end)
{
    enum { AT_ONCE = 64 };
    const struct ew_graph_node *nodes = graph_nodes(builder);
    uint32_t *hashes = builder->hashes.bytes;
    struct graph_id_index *index = &builder->index;
    uint32_t at = builder->indexed_count;
    if (!graph_id_make_room(index, end - at, hashes, nodes)) {
        return false;
    }
    while (at < end) {
        uint32_t group = end - at < AT_ONCE ? end : at + AT_ONCE;
        for (uint32_t i = at; i < group; i++) {
            const char *id = graph_pool(builder) + nodes[i].id;
            hashes[i] = graph_id_hash(builder, (struct graph_slice){id, strlen(id)});
            graph_id_soon(index, hashes[i]);
        }
        for (; at < group; at++) {
            graph_id_insert(index, hashes[at], at, nodes[at].id);
        }
    }
    builder->indexed_count = end;
    return true;
}

static void run(struct graph_job *job)
{
    struct graph_indexing *indexing = (struct graph_indexing *)(void *)job;
    /* Without memory they are missing, which is found out when the index is completed. */
    (void)index_nodes(indexing->builder, indexing->end);
}

static void settle(struct graph_builder *builder)
{
    if (builder->index_given) {
        graph_worker_settle(builder->worker, &builder->indexing.job);
        builder->index_given = false;
    }
}

void graph_index_give(struct graph_builder *builder)
{
    enum { WORTH_IT = 1024 };
    struct graph_indexing *indexing = &builder->indexing;
    if (builder->worker != NULL && !builder->ids_descend
        && builder->node_count - indexing->end >= WORTH_IT) {
        settle(builder);
        *indexing = (struct graph_indexing){{.run = run}, builder, builder->node_count};
        builder->index_given = true;
        graph_worker_give(builder->worker, &indexing->job);
    }
}

enum ew_status graph_index_complete(struct graph_builder *builder)
{
    settle(builder);
    if (builder->indexed_count < builder->node_count
        && !index_nodes(builder, builder->node_count)) {
        return graph_refuse(builder, EW_NO_MEMORY, "no memory for its nodes");
    }
    return EW_OK;
}

enum ew_status graph_index_last(struct graph_builder *builder, uint32_t hash)
{
    uint32_t node = builder->indexed_count;
    uint32_t *hashes = builder->hashes.bytes;
    if (!graph_id_make_room(&builder->index, 1, hashes, graph_nodes(builder))) {
        return graph_refuse(builder, EW_NO_MEMORY, "no memory for its nodes");
    }
    hashes[node] = hash;
    graph_id_insert(&builder->index, hash, node, graph_nodes(builder)[node].id);
    builder->indexed_count++;
    return EW_OK;
}

void graph_builder_settle(struct graph_builder *builder)
{
    graph_edges_settle(builder);
    settle(builder);
}
