/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hash index over a dense array that somebody else owns: it maps a 64-bit hash to
 * array positions, the owner compares. Entries keep the order of first sight, so what
 * is made of them is deterministic (reference performance.md 2, "index + dense").
 *
 *     for (uint32_t i = ew_index_first(&index, hash); i != EW_INDEX_END;
 *          i = ew_index_next(&index)) {
 *         if (entries[i].key == key) return i;
 *     }
 *     // not there: append to the array, then
 *     ew_index_insert(&index, hash, entry_count - 1);
 */
#ifndef EW_BASE_INDEX_H
#define EW_BASE_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EW_INDEX_END UINT32_C(0xffffffff)

struct ew_index_slot {
    uint32_t hash_high; /* upper half of the hash: spares most comparisons */
    uint32_t entry;     /* EW_INDEX_END: free */
};

/* Zeroed is a valid empty index. */
struct ew_index {
    struct ew_index_slot *slots;
    uint32_t slot_mask; /* slots - 1, a power of two */
    uint32_t used;      /* taken slots */
    uint32_t probe;     /* of the walk in progress */
    uint32_t probe_hash_high;
};

/* Mixes a 64-bit key into a hash fit for the index. */
static inline uint64_t ew_index_hash_u64(uint64_t key)
{
    key ^= key >> 32;
    key *= UINT64_C(0x9e3779b97f4a7c15);
    key ^= key >> 29;
    key *= UINT64_C(0xbf58476d1ce4e5b9);
    return key ^ key >> 32;
}

static inline uint64_t ew_index_hash_pair(uint64_t a, uint64_t b)
{
    return ew_index_hash_u64(a ^ ew_index_hash_u64(b));
}

/* A hash of bytes (XXH3, 64 bits). */
uint64_t ew_index_hash_bytes(const void *bytes, size_t byte_count);

/* The same for bytes that somebody may have made to collide: the seed is a secret. */
uint64_t ew_index_hash_seeded(const void *bytes, size_t byte_count, uint64_t seed);

/* Walks the entries whose hash may be `hash`; one walk at a time an index. */
uint32_t ew_index_first(struct ew_index *index, uint64_t hash);
uint32_t ew_index_next(struct ew_index *index);

/* Adds an entry. False without memory; the index is then as before. */
bool ew_index_insert(struct ew_index *index, uint64_t hash, uint32_t entry);

/* Removes `entry`, which was inserted under `hash`; ends a walk in progress. False when it
 * is not there. */
bool ew_index_remove(struct ew_index *index, uint64_t hash, uint32_t entry);

/* Empties it and keeps the memory; frees the memory. */
void ew_index_clear(struct ew_index *index);
void ew_index_free(struct ew_index *index);

#endif
