/* SPDX-License-Identifier: Apache-2.0 */
/* A hash index over a dense array: linear probing, power of two, load <= 5/8. */
#include "base/index.h"

#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

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

uint64_t ew_index_hash_seeded(const void *bytes, size_t byte_count, uint64_t seed)
{
    return XXH3_64bits_withSeed(bytes, byte_count, seed);
}

uint32_t ew_index_next(struct ew_index *index)
{
    for (;;) {
        const struct ew_index_slot *slot = &index->slots[index->probe];
        if (slot->entry == EW_INDEX_END) {
            return EW_INDEX_END;
        }
        index->probe = (index->probe + 1) & index->slot_mask;
        if (slot->hash_high == index->probe_hash_high) {
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

/* Doubles when the slots are full enough that walks get long. */
static bool make_room(struct ew_index *index)
{
    uint32_t slot_count = index->slots == NULL ? 0 : index->slot_mask + 1;
    if (slot_count != 0 && index->used + 1 <= slot_count / 8 * 5) {
        return true;
    }
    uint32_t wanted = slot_count == 0 ? SLOTS_MIN : slot_count * 2;
    struct ew_index grown = {0};
    grown.slots = malloc((size_t)wanted * sizeof *grown.slots);
    if (grown.slots == NULL) {
        return false;
    }
    memset(grown.slots, 0xff, (size_t)wanted * sizeof *grown.slots);
    grown.slot_mask = wanted - 1;
    for (uint32_t i = 0; i < slot_count; i++) {
        if (index->slots[i].entry != EW_INDEX_END) {
            place(&grown, index->slots[i].hash_high, index->slots[i].entry);
        }
    }
    free(index->slots);
    *index = grown;
    return true;
}

bool ew_index_insert(struct ew_index *index, uint64_t hash, uint32_t entry)
{
    if (!make_room(index)) {
        return false;
    }
    place(index, (uint32_t)(hash >> 32), entry);
    return true;
}

/*
 * Frees a slot: what comes behind it moves up, as long as that brings it no closer than its
 * home. So removed entries leave nothing behind that walks would have to pass, and entries
 * of one hash keep their order.
 */
static void free_slot(struct ew_index *index, uint32_t at)
{
    struct ew_index_slot *slots = index->slots;
    uint32_t mask = index->slot_mask;
    for (uint32_t from = (at + 1) & mask; slots[from].entry != EW_INDEX_END;
         from = (from + 1) & mask) {
        uint32_t away = (from - home(index, slots[from].hash_high)) & mask;
        if (away >= ((from - at) & mask)) {
            slots[at] = slots[from];
            at = from;
        }
    }
    slots[at].entry = EW_INDEX_END;
    index->used--;
}

bool ew_index_remove(struct ew_index *index, uint64_t hash, uint32_t entry)
{
    for (uint32_t at = ew_index_first(index, hash); at != EW_INDEX_END;
         at = ew_index_next(index)) {
        if (at == entry) {
            free_slot(index, (index->probe - 1) & index->slot_mask);
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
