/* SPDX-License-Identifier: Apache-2.0 */
/* What lies where and when: images and method bodies with their lives. */
#include "model/mappings.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/*
 * Candidates looked at for one address. Ranges overlap only where code was freed and
 * its place used again; a hostile recording with thousands of them on one address gets
 * "nothing known" instead of our time.
 */
enum { ITEMS_START = 1024, OVERLAPS_MAX = 512 };

void mappings_free(struct mappings *mappings)
{
    ew_index_free(&mappings->by_start);
    free(mappings->items);
}

void view_free(struct view *view)
{
    free(view->entries);
    memset(view, 0, sizeof *view);
}

static uint64_t key_of(uint32_t process, enum mapping_kind kind, uint64_t start)
{
    return ew_index_hash_pair(start, (uint64_t)process << 1 | (uint64_t)kind);
}

static bool make_room(struct mappings *mappings, uint32_t count_max)
{
    if (mappings->count >= count_max) {
        return false;
    }
    if (mappings->count < mappings->capacity) {
        return true;
    }
    uint32_t wanted = mappings->capacity == 0 ? ITEMS_START : mappings->capacity * 2;
    struct mapping *grown = realloc(mappings->items, (size_t)wanted * sizeof *grown);
    if (grown == NULL) {
        return false;
    }
    mappings->items = grown;
    mappings->capacity = wanted;
    return true;
}

static void link_mapping(struct mappings *mappings, struct view *view, uint32_t index)
{
    mappings->items[index].next = view->first;
    view->first = index + 1;
    view->total++;
    view->stale = true;
}

bool mappings_add(struct mappings *mappings, struct view *view, const struct mapping *mapping,
                  uint32_t count_max)
{
    uint64_t key = key_of(mapping->process, (enum mapping_kind)mapping->kind, mapping->start);
    if (!make_room(mappings, count_max)
        || !ew_index_insert(&mappings->by_start, key, mappings->count)) {
        return false;
    }
    mappings->items[mappings->count] = *mapping;
    link_mapping(mappings, view, mappings->count);
    mappings->count++;
    return true;
}

uint32_t mappings_find(struct mappings *mappings, uint32_t process, enum mapping_kind kind,
                       uint64_t start)
{
    uint64_t key = key_of(process, kind, start);
    for (uint32_t i = ew_index_first(&mappings->by_start, key); i != EW_INDEX_END;
         i = ew_index_next(&mappings->by_start)) {
        const struct mapping *item = &mappings->items[i];
        if (item->process == process && item->kind == kind && item->start == start
            && item->to == TIME_FOREVER) {
            return i;
        }
    }
    return MAPPING_NONE;
}

static int compare_entries(const void *a, const void *b)
{
    const struct view_entry *left = a;
    const struct view_entry *right = b;
    if (left->start != right->start) {
        return left->start < right->start ? -1 : 1;
    }
    return left->mapping < right->mapping ? -1 : left->mapping > right->mapping;
}

static bool view_sort(const struct mappings *mappings, struct view *view)
{
    if (view->capacity < view->total) {
        struct view_entry *grown = realloc(view->entries, view->total * sizeof *grown);
        if (grown == NULL) {
            return false;
        }
        view->entries = grown;
        view->capacity = view->total;
    }
    view->count = 0;
    for (uint32_t link = view->first; link != 0; link = mappings->items[link - 1].next) {
        struct view_entry *entry = &view->entries[view->count++];
        entry->mapping = link - 1;
        entry->start = mappings->items[link - 1].start;
    }
    qsort(view->entries, view->count, sizeof *view->entries, compare_entries);
    uint64_t end_max = 0;
    for (uint32_t i = 0; i < view->count; i++) {
        uint64_t end = mappings->items[view->entries[i].mapping].end;
        end_max = end > end_max ? end : end_max;
        view->entries[i].end_max = end_max;
    }
    view->stale = false;
    return true;
}

/* How many entries start at or before `address`. */
static uint32_t upper_bound(const struct view *view, uint64_t address)
{
    uint32_t low = 0;
    uint32_t high = view->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (view->entries[middle].start <= address) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static bool is_younger(const struct mapping *item, const struct mapping *best, bool gone)
{
    return gone ? item->to > best->to : item->from > best->from;
}

/* The best mapping of an address that was there at `time`, or, if `gone`, before it. */
static uint32_t lookup(struct mappings *mappings, struct view *view, uint64_t address,
                       uint64_t time, bool gone)
{
    if (view->stale && !view_sort(mappings, view)) {
        return MAPPING_NONE;
    }
    uint32_t best = MAPPING_NONE;
    uint32_t at = upper_bound(view, address);
    for (uint32_t looked = 0; at > 0 && looked < OVERLAPS_MAX; looked++) {
        const struct view_entry *entry = &view->entries[--at];
        if (entry->end_max <= address) {
            break;
        }
        const struct mapping *item = &mappings->items[entry->mapping];
        bool fits = gone ? item->to <= time : item->from <= time && time < item->to;
        if (address < item->end && fits
            && (best == MAPPING_NONE || is_younger(item, &mappings->items[best], gone))) {
            best = entry->mapping;
        }
    }
    return best;
}

uint32_t mappings_lookup(struct mappings *mappings, struct view *view, uint64_t address,
                         uint64_t time)
{
    return lookup(mappings, view, address, time, false);
}

uint32_t mappings_lookup_gone(struct mappings *mappings, struct view *view, uint64_t address,
                              uint64_t time)
{
    return lookup(mappings, view, address, time, true);
}

/* Cannot fail: the index never needs more slots than it had. */
static void rebuild_index(struct mappings *mappings)
{
    ew_index_clear(&mappings->by_start);
    for (uint32_t i = 0; i < mappings->count; i++) {
        const struct mapping *item = &mappings->items[i];
        uint64_t key = key_of(item->process, (enum mapping_kind)item->kind, item->start);
        bool inserted = ew_index_insert(&mappings->by_start, key, i);
        assert(inserted);
        (void)inserted;
    }
}

void mappings_prune(struct mappings *mappings, bool (*gone)(void *, const struct mapping *),
                    struct view *(*view_of)(void *, uint32_t process, enum mapping_kind),
                    void *context)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < mappings->count; i++) {
        struct view *view = view_of(context, mappings->items[i].process,
                                    (enum mapping_kind)mappings->items[i].kind);
        view->first = 0;
        view->total = 0;
        view->stale = true;
    }
    for (uint32_t i = 0; i < mappings->count; i++) {
        if (gone(context, &mappings->items[i])) {
            continue;
        }
        mappings->items[kept] = mappings->items[i];
        link_mapping(mappings,
                     view_of(context, mappings->items[kept].process,
                             (enum mapping_kind)mappings->items[kept].kind),
                     kept);
        kept++;
    }
    mappings->count = kept;
    rebuild_index(mappings);
}
