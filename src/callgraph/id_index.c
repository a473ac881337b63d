/* SPDX-License-Identifier: Apache-2.0 */
/* Nodes by id: linear probing, power of two, load <= 5/8. */
#include "callgraph/id_index.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS_MIN = 64 };

static_assert(EW_GRAPH_NODES_MAX <= 1 << GRAPH_ID_NODE_BITS, "a node fits into a slot");
static_assert(EW_GRAPH_TEXT_BYTES_MAX <= 1 << GRAPH_ID_TEXT_BITS, "a text fits into a slot");
static_assert(GRAPH_ID_NODE_BITS + GRAPH_ID_TEXT_BITS + GRAPH_ID_TAG_BITS == 64, "slots");

void graph_id_insert(struct graph_id_index *index, uint32_t hash, uint32_t node, ew_graph_text id)
{
    uint32_t at = hash & index->slot_mask;
    while (index->slots[at] != GRAPH_ID_FREE) {
        at = (at + 1) & index->slot_mask;
    }
    index->slots[at] = (uint64_t)(hash >> (32 - GRAPH_ID_TAG_BITS)) << (64 - GRAPH_ID_TAG_BITS)
                       | (uint64_t)id << GRAPH_ID_NODE_BITS | node;
    index->used++;
}

bool graph_id_make_room(struct graph_id_index *index, uint32_t more, const uint32_t *hashes,
                        const struct ew_graph_node *nodes)
{
    uint32_t slot_count = index->slots == NULL ? 0 : index->slot_mask + 1;
    uint32_t wanted = slot_count == 0 ? SLOTS_MIN : slot_count;
    uint32_t node_count = index->used;
    while (node_count + more > wanted / 8 * 5) {
        wanted *= 2;
    }
    if (wanted == slot_count) {
        return true;
    }
    /* The old slots are not needed to fill the new ones. */
    uint64_t *slots = realloc(index->slots, wanted * sizeof *slots);
    if (slots == NULL) {
        return false;
    }
    memset(slots, 0xff, wanted * sizeof *slots);
    *index = (struct graph_id_index){.slots = slots, .slot_mask = wanted - 1};
    for (uint32_t i = 0; i < node_count; i++) {
        graph_id_insert(index, hashes[i], i, nodes[i].id);
    }
    return true;
}

void graph_id_free(struct graph_id_index *index)
{
    free(index->slots);
    memset(index, 0, sizeof *index);
}
