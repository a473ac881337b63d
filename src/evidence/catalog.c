/* SPDX-License-Identifier: Apache-2.0 */
/* What lies in an evidence directory: its documents by stream, and which to delete. */
#include "evidence/catalog.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CAPACITY_FIRST = 64, TIME_TEXT_BYTES = 28 };

static int compare_u64(uint64_t a, uint64_t b)
{
    return a == b ? 0 : a < b ? -1 : 1;
}

static int compare_names(const struct ew_document_name *a, const struct ew_document_name *b)
{
    int order = strcmp(a->stream, b->stream);
    if (order == 0) {
        order = compare_u64(a->sequence, b->sequence);
    }
    if (order == 0) {
        order = (int)b->rollup - (int)a->rollup;
    }
    if (order == 0) {
        order = compare_u64(a->revision, b->revision);
    }
    return order != 0 ? order : strcmp(a->hash, b->hash);
}

static int compare_entries(const void *a, const void *b)
{
    const struct ew_catalog_entry *left = a;
    const struct ew_catalog_entry *right = b;
    return compare_names(&left->name, &right->name);
}

size_t ew_catalog_room(const struct ew_catalog *catalog)
{
    return catalog->entries_max != 0 ? catalog->entries_max : EW_CATALOG_ENTRIES_MAX;
}

void ew_catalog_free(struct ew_catalog *catalog)
{
    free(catalog->entries);
    memset(catalog, 0, sizeof *catalog);
}

static enum ew_status reserve(struct ew_catalog *catalog)
{
    if (catalog->count < catalog->capacity) {
        return EW_OK;
    }
    if (catalog->count >= ew_catalog_room(catalog)) {
        return EW_LIMIT;
    }
    size_t capacity = catalog->capacity == 0 ? CAPACITY_FIRST : catalog->capacity * 2;
    struct ew_catalog_entry *grown = realloc(catalog->entries, capacity * sizeof *grown);
    if (grown == NULL) {
        return EW_NO_MEMORY;
    }
    catalog->entries = grown;
    catalog->capacity = capacity;
    return EW_OK;
}

enum ew_status ew_catalog_append(struct ew_catalog *catalog, const struct ew_catalog_entry *entry)
{
    enum ew_status status = reserve(catalog);
    if (status == EW_OK) {
        catalog->entries[catalog->count++] = *entry;
        catalog->bytes += entry->bytes;
    }
    return status;
}

void ew_catalog_sort(struct ew_catalog *catalog)
{
    if (catalog->count > 1) {
        qsort(catalog->entries, catalog->count, sizeof *catalog->entries, compare_entries);
    }
}

/* The first entry that is not below `name`. */
static size_t lower_bound(const struct ew_catalog *catalog, const struct ew_document_name *name)
{
    size_t low = 0;
    size_t high = catalog->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_names(&catalog->entries[middle].name, name) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

enum ew_status ew_catalog_add(struct ew_catalog *catalog, const struct ew_catalog_entry *entry)
{
    size_t at = lower_bound(catalog, &entry->name);
    if (at < catalog->count && compare_names(&catalog->entries[at].name, &entry->name) == 0) {
        catalog->bytes += entry->bytes - catalog->entries[at].bytes;
        catalog->entries[at] = *entry;
        return EW_OK;
    }
    enum ew_status status = reserve(catalog);
    if (status != EW_OK) {
        return status;
    }
    struct ew_catalog_entry *place = catalog->entries + at;
    memmove(place + 1, place, (catalog->count - at) * sizeof *place);
    *place = *entry;
    catalog->count++;
    catalog->bytes += entry->bytes;
    return EW_OK;
}

size_t ew_catalog_stream(const struct ew_catalog *catalog, const char *stream, size_t *first_out)
{
    struct ew_document_name lowest = {0};
    lowest.rollup = true;
    (void)snprintf(lowest.stream, sizeof lowest.stream, "%s", stream);
    size_t first = lower_bound(catalog, &lowest);
    size_t end = first;
    while (end < catalog->count && strcmp(catalog->entries[end].name.stream, stream) == 0) {
        end++;
    }
    *first_out = first;
    return end - first;
}

const struct ew_catalog_entry *ew_catalog_find(const struct ew_catalog *catalog,
                                               const struct ew_document_name *name)
{
    size_t at = lower_bound(catalog, name);
    return at < catalog->count && compare_names(&catalog->entries[at].name, name) == 0
               ? &catalog->entries[at]
               : NULL;
}

uint64_t ew_catalog_first(const struct ew_catalog *catalog, const char *stream)
{
    size_t first = 0;
    size_t count = ew_catalog_stream(catalog, stream, &first);
    uint64_t lowest = count > 0 ? catalog->entries[first].from : 0;
    for (size_t i = first; i < first + count; i++) {
        lowest = catalog->entries[i].from < lowest ? catalog->entries[i].from : lowest;
    }
    return count > 0 && lowest == 0 ? 1 : lowest; /* no document has number 0 */
}

/* --- what to delete -------------------------------------------------------------------------
 */

/* Whose turn it is first. */
enum turn { SUPERSEDED, ABSORBED, OLD };

/* One document that may be deleted, with all that decides about its turn. */
struct candidate {
    const struct ew_catalog_entry *entry;
    size_t index;
    enum turn turn;
};

static int compare_candidates(const void *a, const void *b)
{
    const struct candidate *left = a;
    const struct candidate *right = b;
    if (left->turn != right->turn) {
        return left->turn < right->turn ? -1 : 1;
    }
    int order = compare_u64(left->entry->age, right->entry->age);
    if (order == 0) {
        order = compare_u64(left->entry->name.sequence, right->entry->name.sequence);
    }
    return order != 0 ? order : compare_names(&left->entry->name, &right->entry->name);
}

static bool same_stream(const struct ew_catalog *catalog, size_t a, size_t b)
{
    return strcmp(catalog->entries[a].name.stream, catalog->entries[b].name.stream) == 0;
}

static bool same_number(const struct ew_catalog *catalog, size_t a, size_t b)
{
    return same_stream(catalog, a, b)
           && catalog->entries[a].name.sequence == catalog->entries[b].name.sequence;
}

/* Where a walk from the last document to the first stands. Ranges are nested or apart, so the
 * lowest first number of roll-ups further on tells whether one of them goes around a range. */
struct walk {
    const struct ew_catalog *catalog;
    bool newest;         /* of its stream */
    bool sealed_seen;    /* in its stream, before the entry */
    uint64_t outer_from; /* lowest first number of roll-ups that end later; else the largest */
    uint64_t here_from;  /* and of those that end with this number */
    uint32_t revision_newest; /* of the windows of this number */
};

/* The first entry of a number that is met: its roll-ups still lie before it. */
static void walk_enter_number(struct walk *walk, size_t index)
{
    const struct ew_catalog_entry *entries = walk->catalog->entries;
    walk->newest =
        index + 1 == walk->catalog->count || !same_stream(walk->catalog, index, index + 1);
    if (walk->newest) {
        walk->sealed_seen = false;
        walk->outer_from = UINT64_MAX;
        walk->here_from = UINT64_MAX;
    }
    walk->outer_from = walk->here_from < walk->outer_from ? walk->here_from : walk->outer_from;
    walk->here_from = UINT64_MAX;
    walk->revision_newest = entries[index].name.revision;
    for (size_t i = index + 1; i-- > 0 && same_number(walk->catalog, i, index);) {
        if (entries[i].name.rollup && entries[i].from < walk->here_from) {
            walk->here_from = entries[i].from;
        }
    }
}

static enum turn turn_of(const struct walk *walk, const struct ew_catalog_entry *entry)
{
    if (!entry->name.rollup && entry->name.revision < walk->revision_newest) {
        return SUPERSEDED;
    }
    return walk->outer_from <= entry->from || walk->here_from < entry->from ? ABSORBED : OLD;
}

/* Fills `candidates` and answers their number: all but the newest document and the newest
 * sealed one of each stream. */
static size_t collect(const struct ew_catalog *catalog, struct candidate *candidates)
{
    size_t count = 0;
    struct walk walk = {.catalog = catalog};
    for (size_t i = catalog->count; i-- > 0;) {
        const struct ew_catalog_entry *entry = &catalog->entries[i];
        walk.newest = false;
        if (i + 1 == catalog->count || !same_number(catalog, i, i + 1)) {
            walk_enter_number(&walk, i);
        }
        bool newest_sealed = entry->sealed && !walk.sealed_seen;
        walk.sealed_seen = walk.sealed_seen || entry->sealed;
        if (!walk.newest && !newest_sealed && !entry->gone) {
            struct candidate candidate = {entry, i, turn_of(&walk, entry)};
            candidates[count++] = candidate;
        }
    }
    return count;
}

enum ew_status ew_catalog_plan(const struct ew_catalog *catalog, size_t **order_out,
                               size_t *count_out)
{
    struct candidate *candidates = calloc(catalog->count + 1, sizeof *candidates);
    size_t *order = calloc(catalog->count + 1, sizeof *order);
    if (candidates == NULL || order == NULL) {
        free(candidates);
        free(order);
        return EW_NO_MEMORY;
    }
    size_t count = collect(catalog, candidates);
    if (count > 1) {
        qsort(candidates, count, sizeof *candidates, compare_candidates);
    }
    for (size_t i = 0; i < count; i++) {
        order[i] = candidates[i].index;
    }
    free(candidates);
    *order_out = order;
    *count_out = count;
    return EW_OK;
}

void ew_catalog_compact(struct ew_catalog *catalog)
{
    size_t kept = 0;
    for (size_t i = 0; i < catalog->count; i++) {
        if (catalog->entries[i].gone) {
            catalog->bytes -= catalog->entries[i].bytes;
        } else {
            catalog->entries[kept++] = catalog->entries[i];
        }
    }
    catalog->count = kept;
}

uint64_t ew_catalog_age(const char *time_text)
{
    enum { DIGITS = 19 };
    static const char form[] = "0000-00-00T00:00:00.0000000Z";
    uint64_t age = 0;
    unsigned digits = 0;
    for (size_t i = 0; i < TIME_TEXT_BYTES; i++) {
        char c = time_text[i];
        bool is_digit = c >= '0' && c <= '9';
        if (form[i] == '0' ? !is_digit : c != form[i]) {
            return 0;
        }
        if (is_digit && digits < DIGITS) {
            age = age * 10 + (uint64_t)(c - '0');
            digits++;
        }
    }
    return age;
}
