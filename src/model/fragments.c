/* SPDX-License-Identifier: Apache-2.0 */
/* Stack fragments: each distinct sequence of addresses is stored and hashed once. */
#include "base/index.h"
#include "etwitness/limits.h"
#include "etwitness/stack.h"

#include <stdlib.h>
#include <string.h>

struct fragment {
    uint32_t first; /* in `addresses` */
    uint32_t count;
};

struct ew_fragments {
    struct fragment *items;
    uint64_t *addresses;
    struct ew_index index;
    uint32_t item_count;
    uint32_t item_capacity;
    uint32_t address_count;
    uint32_t address_capacity;
    uint32_t pinned; /* items below this number are never forgotten */
    uint32_t open;   /* deferred, without addresses */
};

enum { ITEMS_START = 4096, ADDRESSES_START = 65536 };

enum ew_status ew_fragments_create(struct ew_fragments **fragments_out)
{
    struct ew_fragments *fragments = calloc(1, sizeof *fragments);
    if (fragments == NULL) {
        return EW_NO_MEMORY;
    }
    *fragments_out = fragments;
    return EW_OK;
}

void ew_fragments_destroy(struct ew_fragments *fragments)
{
    if (fragments != NULL) {
        ew_index_free(&fragments->index);
        free(fragments->items);
        free(fragments->addresses);
        free(fragments);
    }
}

/* Doubles an array until `needed` fits; NULL without memory, the array is then kept. */
static void *grow(void *array, uint32_t *capacity, uint32_t needed, uint32_t start,
                  size_t item_bytes)
{
    uint32_t wanted = *capacity == 0 ? start : *capacity;
    while (wanted < needed) {
        wanted *= 2;
    }
    void *grown = realloc(array, (size_t)wanted * item_bytes);
    if (grown != NULL) {
        *capacity = wanted;
    }
    return grown;
}

static enum ew_status make_room(struct ew_fragments *fragments, uint32_t count)
{
    if (fragments->item_count == EW_FRAGMENTS_MAX
        || count > EW_FRAGMENT_ADDRESSES_MAX - fragments->address_count) {
        return EW_LIMIT;
    }
    if (fragments->item_count == fragments->item_capacity) {
        void *grown = grow(fragments->items, &fragments->item_capacity, fragments->item_count + 1,
                           ITEMS_START, sizeof *fragments->items);
        if (grown == NULL) {
            return EW_NO_MEMORY;
        }
        fragments->items = grown;
    }
    if (fragments->address_capacity - fragments->address_count < count) {
        void *grown =
            grow(fragments->addresses, &fragments->address_capacity,
                 fragments->address_count + count, ADDRESSES_START, sizeof *fragments->addresses);
        if (grown == NULL) {
            return EW_NO_MEMORY;
        }
        fragments->addresses = grown;
    }
    return EW_OK;
}

static enum ew_status intern(struct ew_fragments *fragments, const uint64_t *addresses,
                             uint32_t count, uint32_t *id_out)
{
    uint64_t hash = ew_index_hash_bytes(addresses, count * sizeof *addresses);
    for (uint32_t i = ew_index_first(&fragments->index, hash); i != EW_INDEX_END;
         i = ew_index_next(&fragments->index)) {
        const struct fragment *item = &fragments->items[i];
        if (item->count == count
            && memcmp(fragments->addresses + item->first, addresses, count * sizeof *addresses)
                   == 0) {
            *id_out = i;
            return EW_OK;
        }
    }
    enum ew_status status = make_room(fragments, count);
    if (status != EW_OK) {
        return status;
    }
    if (!ew_index_insert(&fragments->index, hash, fragments->item_count)) {
        return EW_NO_MEMORY;
    }
    struct fragment *item = &fragments->items[fragments->item_count];
    item->first = fragments->address_count;
    item->count = count;
    memcpy(fragments->addresses + item->first, addresses, count * sizeof *addresses);
    fragments->address_count += count;
    *id_out = fragments->item_count++;
    return EW_OK;
}

enum ew_status ew_fragments_intern(struct ew_fragments *fragments,
                                   const struct ew_address_slice *addresses, uint32_t *id_out)
{
    uint64_t words[EW_FRAMES_MAX];
    if (addresses->count == 0) {
        return EW_FORMAT;
    }
    uint32_t count = addresses->count < EW_FRAMES_MAX ? addresses->count : EW_FRAMES_MAX;
    for (uint32_t i = 0; i < count; i++) {
        words[i] = ew_address_at(addresses, i);
    }
    return intern(fragments, words, count, id_out);
}

enum ew_status ew_fragments_defer(struct ew_fragments *fragments, uint32_t *id_out)
{
    enum ew_status status = make_room(fragments, 0);
    if (status == EW_OK) {
        struct fragment *item = &fragments->items[fragments->item_count];
        item->first = 0;
        item->count = 0;
        fragments->open++;
        *id_out = fragments->item_count++;
    }
    return status;
}

enum ew_status ew_fragments_define(struct ew_fragments *fragments, uint32_t id,
                                   const struct ew_address_slice *addresses)
{
    uint32_t same;
    enum ew_status status = ew_fragments_intern(fragments, addresses, &same);
    if (status == EW_OK && fragments->items[id].count == 0) {
        fragments->items[id] = fragments->items[same]; /* the addresses are stored once */
        fragments->open--;
    }
    return status;
}

bool ew_fragments_is_open(const struct ew_fragments *fragments, uint32_t id)
{
    return fragments->items[id].count == 0;
}

uint32_t ew_fragments_open_count(const struct ew_fragments *fragments)
{
    return fragments->open;
}

const uint64_t *ew_fragments_get(const struct ew_fragments *fragments, uint32_t id,
                                 uint32_t *count_out)
{
    *count_out = fragments->items[id].count;
    return *count_out == 0 ? NULL : fragments->addresses + fragments->items[id].first;
}

void ew_fragments_pin(struct ew_fragments *fragments)
{
    fragments->pinned = fragments->item_count;
}

/* A fragment that is kept: what it was, and the number it gets. */
struct kept {
    struct fragment was; /* `first` counts in the copies */
    uint32_t number;     /* EW_FRAGMENT_NONE: not kept, or not yet stored again */
    bool wanted;
};

/* Notes which fragments are wanted, and copies their addresses one after the other. NULL
 * without memory. */
static uint64_t *copy_kept(const struct ew_fragments *fragments, const uint32_t *keep,
                           size_t keep_count, struct kept *kept)
{
    size_t total = 1;
    for (size_t i = 0; i < keep_count; i++) {
        if (keep[i] != EW_FRAGMENT_NONE && !kept[keep[i]].wanted) {
            kept[keep[i]].wanted = true;
            total += fragments->items[keep[i]].count;
        }
    }
    uint64_t *copies = malloc(total * sizeof *copies);
    uint32_t at = 0;
    for (uint32_t i = 0; copies != NULL && i < fragments->item_count; i++) {
        const struct fragment *item = &fragments->items[i];
        kept[i].number = EW_FRAGMENT_NONE;
        if (kept[i].wanted && item->count > 0) {
            memcpy(copies + at, fragments->addresses + item->first, item->count * sizeof *copies);
        }
        kept[i].was.first = at;
        kept[i].was.count = item->count;
        at += kept[i].wanted ? item->count : 0;
    }
    return copies;
}

/* Leaves the pinned items only, and an index of just these. */
static enum ew_status drop_loose(struct ew_fragments *fragments)
{
    ew_index_clear(&fragments->index);
    fragments->item_count = fragments->pinned;
    fragments->address_count = 0;
    fragments->open = 0;
    for (uint32_t i = 0; i < fragments->pinned; i++) {
        const struct fragment *item = &fragments->items[i];
        uint64_t hash = ew_index_hash_bytes(fragments->addresses + item->first,
                                            item->count * sizeof *fragments->addresses);
        if (!ew_index_insert(&fragments->index, hash, i)) {
            return EW_NO_MEMORY;
        }
        fragments->address_count = item->first + item->count;
    }
    return EW_OK;
}

/* Stores what is kept again, in the order of `keep`, and rewrites the numbers there. */
static enum ew_status intern_kept(struct ew_fragments *fragments, const uint64_t *copies,
                                  uint32_t *keep, size_t keep_count, struct kept *kept)
{
    for (size_t i = 0; i < keep_count; i++) {
        if (keep[i] == EW_FRAGMENT_NONE) {
            continue;
        }
        struct kept *entry = &kept[keep[i]];
        enum ew_status status = EW_OK;
        if (entry->number == EW_FRAGMENT_NONE) {
            status = entry->was.count == 0 ? ew_fragments_defer(fragments, &entry->number)
                                           : intern(fragments, copies + entry->was.first,
                                                    entry->was.count, &entry->number);
        }
        if (status != EW_OK) {
            return status;
        }
        keep[i] = entry->number;
    }
    return EW_OK;
}

enum ew_status ew_fragments_forget(struct ew_fragments *fragments, uint32_t *keep,
                                   size_t keep_count)
{
    struct kept *kept = calloc((size_t)fragments->item_count + 1, sizeof *kept);
    uint64_t *copies = kept == NULL ? NULL : copy_kept(fragments, keep, keep_count, kept);
    enum ew_status status = EW_NO_MEMORY;
    if (copies != NULL) {
        status = drop_loose(fragments);
        if (status == EW_OK) {
            status = intern_kept(fragments, copies, keep, keep_count, kept);
        }
    }
    free(copies);
    free(kept);
    return status;
}

uint32_t ew_fragments_loose_count(const struct ew_fragments *fragments)
{
    return fragments->item_count - fragments->pinned;
}

uint32_t ew_fragments_fill_permille(const struct ew_fragments *fragments)
{
    uint64_t items = (uint64_t)fragments->item_count * 1000 / EW_FRAGMENTS_MAX;
    uint64_t words = (uint64_t)fragments->address_count * 1000 / EW_FRAGMENT_ADDRESSES_MAX;
    return (uint32_t)(items > words ? items : words);
}
