/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nodes by id while a graph is read: a hash index (as base/index.h) whose slots also say where
 * the id's text is, so that telling a node costs two reads from memory, slot and text, and not
 * three. It is asked for many ids at a time, one step for all of them before the next.
 */
#ifndef EW_CALLGRAPH_ID_INDEX_H
#define EW_CALLGRAPH_ID_INDEX_H

#include "etwitness/callgraph.h"

/* Zeroed is a valid empty one. Has slots once it has an entry. */
struct graph_id_index {
    uint64_t *slots; /* node, then its id, then the highest bits of its hash */
    uint32_t slot_mask;
    uint32_t used;
};

enum { GRAPH_ID_NODE_BITS = 24, GRAPH_ID_TEXT_BITS = 30, GRAPH_ID_TAG_BITS = 10 };

/* No id is at the end of the pool, so that no slot in use looks like this. */
#define GRAPH_ID_FREE UINT64_MAX

static inline uint32_t graph_id_node(uint64_t slot)
{
    return (uint32_t)slot & ((UINT32_C(1) << GRAPH_ID_NODE_BITS) - 1);
}

static inline ew_graph_text graph_id_text(uint64_t slot)
{
    return (ew_graph_text)(slot >> GRAPH_ID_NODE_BITS)
           & ((UINT32_C(1) << GRAPH_ID_TEXT_BITS) - 1);
}

static inline bool graph_id_may_be(uint64_t slot, uint32_t hash)
{
    return slot >> (64 - GRAPH_ID_TAG_BITS) == hash >> (32 - GRAPH_ID_TAG_BITS);
}

/* The slot that an id of a hash is in, if no other took it. The index has entries. */
static inline uint64_t graph_id_home(const struct graph_id_index *index, uint32_t hash)
{
    return index->slots[hash & index->slot_mask];
}

/* The first slot that may be of an id, or that is free, from `*at` on, which is a hash at first.
 * `*at` is then behind it. */
static inline uint64_t graph_id_next(const struct graph_id_index *index, uint32_t hash,
                                     uint32_t *at)
{
    for (;;) {
        uint64_t slot = index->slots[(*at)++ & index->slot_mask];
        if (slot == GRAPH_ID_FREE || graph_id_may_be(slot, hash)) {
            return slot;
        }
    }
}

/* Says that an id will be looked for soon: its slot is fetched. */
static inline void graph_id_soon(const struct graph_id_index *index, uint32_t hash)
{
    if (index->slots != NULL) {
        __builtin_prefetch(&index->slots[hash & index->slot_mask]);
    }
}

/* Room for so many more; false without memory. What is there is placed anew by the hashes of its
 * nodes; `nodes` says where their ids are. */
bool graph_id_make_room(struct graph_id_index *index, uint32_t more, const uint32_t *hashes,
                        const struct ew_graph_node *nodes);

/* Adds a node, for which there is room. */
void graph_id_insert(struct graph_id_index *index, uint32_t hash, uint32_t node,
                     ew_graph_text id);

void graph_id_free(struct graph_id_index *index);

#endif
