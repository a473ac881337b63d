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
        order = compare_u64(a->revision, b->revision);
    }
    if (order == 0) {
        order = (int)a->rollup - (int)b->rollup;
    }
    return order != 0 ? order : strcmp(a->hash, b->hash);
}

static int compare_entries(const void *a, const void *b)
{
    const struct ew_catalog_entry *left = a;
    const struct ew_catalog_entry *right = b;
    return compare_names(&left->name, &right->name);
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
    if (catalog->count >= EW_CATALOG_ENTRIES_MAX) {
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
    (void)snprintf(lowest.stream, sizeof lowest.stream, "%s", stream);
    size_t first = lower_bound(catalog, &lowest);
    size_t end = first;
    while (end < catalog->count && strcmp(catalog->entries[end].name.stream, stream) == 0) {
        end++;
    }
    *first_out = first;
    return end - first;
}

/* One document that may be deleted, with all that decides about its turn. */
struct candidate {
    const struct ew_catalog_entry *entry;
    size_t index;
    bool superseded;
};

static int compare_candidates(const void *a, const void *b)
{
    const struct candidate *left = a;
    const struct candidate *right = b;
    if (left->superseded != right->superseded) {
        return left->superseded ? -1 : 1;
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

static bool same_window(const struct ew_catalog *catalog, size_t a, size_t b)
{
    return same_stream(catalog, a, b)
           && catalog->entries[a].name.sequence == catalog->entries[b].name.sequence;
}

/*
 * Fills `candidates` and answers their number. Walks backwards, so that the first seen
 * of a stream is its newest, and the first sealed seen its newest sealed.
 */
static size_t collect(const struct ew_catalog *catalog, struct candidate *candidates)
{
    size_t count = 0;
    bool sealed_seen = false;
    uint32_t revision_newest = 0; /* of the window that is walked through */
    for (size_t i = catalog->count; i-- > 0;) {
        const struct ew_catalog_entry *entry = &catalog->entries[i];
        bool newest = i + 1 == catalog->count || !same_stream(catalog, i, i + 1);
        bool newest_sealed = entry->sealed && (newest || !sealed_seen);
        sealed_seen = newest ? entry->sealed : sealed_seen || entry->sealed;
        if (newest || !same_window(catalog, i, i + 1)) {
            revision_newest = entry->name.revision;
        }
        if (!newest && !newest_sealed && !entry->gone) {
            struct candidate candidate = {entry, i, entry->name.revision < revision_newest};
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
