/* SPDX-License-Identifier: Apache-2.0 */
/* A hash index over a dense array: linear probing, power of two, load <= 5/8. */
#include "base/index.h"

#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define ENTRY_GONE UINT32_C(0xfffffffe)

enum { SLOTS_MIN = 64 };

/*
 * The home slot comes from the low half of the hash. Growing has only the high half at
 * hand, so slots are placed by it alone: both halves are equally well mixed.
 */
static uint32_t home(const struct ew_index *index, uint32_t hash_high)
{
    return hash_high & index->slot_mask;
}

uint64_t ew_index_hash_bytes(const void *bytes, size_t byte_count)
{
    return XXH3_64bits(bytes, byte_count);
}

uint32_t ew_index_next(struct ew_index *index)
{
    for (;;) {
        const struct ew_index_slot *slot = &index->slots[index->probe];
        if (slot->entry == EW_INDEX_END) {
            return EW_INDEX_END;
        }
        index->probe = (index->probe + 1) & index->slot_mask;
        if (slot->hash_high == index->probe_hash_high && slot->entry != ENTRY_GONE) {
            return slot->entry;
        }
    }
}

uint32_t ew_index_first(struct ew_index *index, uint64_t hash)
{
    if (index->slots == NULL) {
        return EW_INDEX_END;
    }
    index->probe_hash_high = (uint32_t)(hash >> 32);
    index->probe = home(index, index->probe_hash_high);
    return ew_index_next(index);
}

static void place(struct ew_index *index, uint32_t hash_high, uint32_t entry)
{
    uint32_t at = home(index, hash_high);
    while (index->slots[at].entry != EW_INDEX_END) {
        at = (at + 1) & index->slot_mask;
    }
    index->slots[at].hash_high = hash_high;
    index->slots[at].entry = entry;
    index->used++;
}

static bool rebuild(struct ew_index *index, uint32_t slot_count)
{
    struct ew_index grown = {0};
    grown.slots = malloc((size_t)slot_count * sizeof *grown.slots);
    if (grown.slots == NULL) {
        return false;
    }
    memset(grown.slots, 0xff, (size_t)slot_count * sizeof *grown.slots);
    grown.slot_mask = slot_count - 1;
    for (uint32_t i = 0; index->slots != NULL && i <= index->slot_mask; i++) {
        if (index->slots[i].entry < ENTRY_GONE) {
            place(&grown, index->slots[i].hash_high, index->slots[i].entry);
        }
    }
    free(index->slots);
    *index = grown;
    return true;
}

static uint32_t live_count(const struct ew_index *index)
{
    uint32_t live = 0;
    for (uint32_t i = 0; index->slots != NULL && i <= index->slot_mask; i++) {
        live += index->slots[i].entry < ENTRY_GONE;
    }
    return live;
}

/* Grows, or only sweeps removed entries out when these are what fills the slots. */
static bool make_room(struct ew_index *index)
{
    uint32_t slot_count = index->slots == NULL ? 0 : index->slot_mask + 1;
    if (slot_count != 0 && index->used + 1 <= slot_count / 8 * 5) {
        return true;
    }
    uint32_t wanted = slot_count < SLOTS_MIN ? SLOTS_MIN : slot_count;
    while (live_count(index) + 1 > wanted / 16 * 5) {
        wanted *= 2;
    }
    return rebuild(index, wanted);
}

bool ew_index_insert(struct ew_index *index, uint64_t hash, uint32_t entry)
{
    if (!make_room(index)) {
        return false;
    }
    place(index, (uint32_t)(hash >> 32), entry);
    return true;
}

bool ew_index_remove(struct ew_index *index, uint64_t hash, uint32_t entry)
{
    for (uint32_t at = ew_index_first(index, hash); at != EW_INDEX_END;
         at = ew_index_next(index)) {
        if (at == entry) {
            index->slots[(index->probe - 1) & index->slot_mask].entry = ENTRY_GONE;
            return true;
        }
    }
    return false;
}

void ew_index_clear(struct ew_index *index)
{
    if (index->slots != NULL) {
        memset(index->slots, 0xff, ((size_t)index->slot_mask + 1) * sizeof *index->slots);
    }
    index->used = 0;
}

void ew_index_free(struct ew_index *index)
{
    free(index->slots);
    memset(index, 0, sizeof *index);
}
