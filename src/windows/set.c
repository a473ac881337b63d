/* SPDX-License-Identifier: Apache-2.0 */
/* Documents of a set: each distinct one once, whatever the order in which they came. */
#include "windows/set.h"

#include <stdlib.h>
#include <string.h>

enum { ENTRIES_FIRST = 8, BLOCK_BYTES_MIN = 2 * 1024, BLOCK_BYTES_MAX = 256 * 1024 };

enum ew_status ew_window_set_create(struct ew_window_set **set_out)
{
    struct ew_window_set *set = calloc(1, sizeof *set);
    if (set == NULL) {
        return EW_NO_MEMORY;
    }
    *set_out = set;
    return EW_OK;
}

void ew_set_tables_release(struct set_tables *tables)
{
    if (tables != NULL && --tables->references == 0) {
        ew_arena_clear(&tables->arena);
        free(tables);
    }
}

void ew_window_set_destroy(struct ew_window_set *set)
{
    if (set == NULL) {
        return;
    }
    for (uint32_t i = 0; i < set->entry_count; i++) {
        ew_set_tables_release(set->entries[i].tables);
    }
    free(set->entries);
    free(set->windows);
    free(set->streams);
    free(set->heads);
    ew_index_free(&set->index);
    free(set);
}

/* --- entries ---------------------------------------------------------------------------------
 */

/* The hash of the bytes tells documents apart; it is in hexadecimal, so any part of it is as
 * good as another. */
static uint64_t hash_entry(const struct set_entry *entry)
{
    return ew_index_hash_bytes(entry->sha256, sizeof entry->sha256);
}

static struct set_entry *find(struct ew_window_set *set, const struct set_entry *entry)
{
    for (uint32_t i = ew_index_first(&set->index, hash_entry(entry)); i != EW_INDEX_END;
         i = ew_index_next(&set->index)) {
        if (memcmp(set->entries[i].sha256, entry->sha256, sizeof entry->sha256) == 0) {
            return &set->entries[i];
        }
    }
    return NULL;
}

static enum ew_status reserve(struct ew_window_set *set)
{
    if (set->entry_count < set->entry_capacity) {
        return EW_OK;
    }
    if (set->entry_count >= EW_WINDOW_DOCUMENTS_MAX) {
        return EW_LIMIT;
    }
    uint32_t capacity = set->entry_capacity == 0 ? ENTRIES_FIRST : set->entry_capacity * 2;
    struct set_entry *grown = realloc(set->entries, capacity * sizeof *grown);
    if (grown == NULL) {
        return EW_NO_MEMORY;
    }
    set->entries = grown;
    set->entry_capacity = capacity;
    return EW_OK;
}

static uint64_t bytes_of(const struct set_entry *entry)
{
    return entry->tables != NULL ? entry->tables->arena.bytes_used : 0;
}

/* Makes room for the tables of one more: those that do not count are given up first. */
static enum ew_status make_room(struct ew_window_set *set, uint64_t byte_count)
{
    if (set->table_bytes + byte_count <= EW_WINDOW_SET_BYTES_MAX) {
        return EW_OK;
    }
    enum ew_status status = ew_set_settle(set);
    if (status == EW_OK && set->table_bytes + byte_count > EW_WINDOW_SET_BYTES_MAX) {
        status = EW_LIMIT;
    }
    return status;
}

static enum ew_status append(struct ew_window_set *set, const struct set_entry *entry)
{
    enum ew_status status = reserve(set);
    if (status == EW_OK) {
        status = make_room(set, bytes_of(entry));
    }
    if (status != EW_OK) {
        return status;
    }
    if (!ew_index_insert(&set->index, hash_entry(entry), set->entry_count)) {
        return EW_NO_MEMORY;
    }
    set->entries[set->entry_count++] = *entry;
    set->table_bytes += bytes_of(entry);
    set->settled = false;
    return EW_OK;
}

enum ew_status ew_set_put(struct ew_window_set *set, const struct set_entry *entry,
                          struct ew_error *error)
{
    struct set_entry *there = find(set, entry);
    if (there != NULL) {
        set->repeated++;
        ew_set_tables_release(entry->tables);
        return EW_OK;
    }
    enum ew_status status = append(set, entry);
    if (status == EW_OK) {
        return EW_OK;
    }
    ew_set_tables_release(entry->tables);
    set->full = status == EW_LIMIT;
    return ew_fail(error, status, "stream %s, number %llu: %s", entry->stream_id,
                   (unsigned long long)entry->to,
                   status == EW_LIMIT ? "there are more documents than one set can hold"
                                      : "no memory for its tables");
}

/* --- documents -------------------------------------------------------------------------------
 */

static struct set_tables *make_tables(size_t document_bytes)
{
    struct set_tables *tables = calloc(1, sizeof *tables);
    if (tables != NULL) {
        tables->references = 1;
        tables->arena.bytes_max = EW_WINDOW_SET_BYTES_MAX;
        tables->arena.block_bytes = document_bytes < BLOCK_BYTES_MIN   ? BLOCK_BYTES_MIN
                                    : document_bytes > BLOCK_BYTES_MAX ? BLOCK_BYTES_MAX
                                                                       : document_bytes;
    }
    return tables;
}

enum ew_status ew_window_set_add_bytes(struct ew_window_set *set, const char *name,
                                       const char *bytes, size_t byte_count,
                                       struct ew_error *error)
{
    struct set_entry entry = {.revision = 0};
    struct set_tables *tables = make_tables(byte_count);
    if (tables == NULL) {
        return ew_fail(error, EW_NO_MEMORY, "%s: no memory for its tables", name);
    }
    struct ew_evidence *evidence = &tables->evidence;
    enum ew_status status =
        ew_evidence_read(name, bytes, byte_count, &tables->arena, evidence, entry.sha256, error);
    if (status != EW_OK) {
        ew_set_tables_release(tables);
        return status;
    }
    memcpy(entry.stream_id, evidence->stream_id, sizeof entry.stream_id);
    entry.revision = evidence->revision;
    entry.to = evidence->sequence;
    entry.from = evidence->covers_to != 0 ? evidence->covers_from : entry.to;
    entry.tables = tables;
    return ew_set_put(set, &entry, error);
}

/* Those with tables or those without: a document is given up because of another that has not
 * been, so the latter come first. */
static enum ew_status join_entries(struct ew_window_set *set, const struct ew_window_set *other,
                                   bool with_tables, struct ew_error *error)
{
    enum ew_status status = EW_OK;
    for (uint32_t i = 0; i < other->entry_count && status == EW_OK; i++) {
        struct set_entry entry = other->entries[i];
        if ((entry.tables != NULL) != with_tables) {
            continue;
        }
        if (with_tables) {
            entry.tables->references++;
        }
        status = ew_set_put(set, &entry, error);
    }
    return status;
}

static enum ew_status join_heads(struct ew_window_set *set, const struct ew_window_set *other,
                                 struct ew_error *error)
{
    for (size_t i = 0; i < other->head_count; i++) {
        enum ew_status status = ew_set_put_head(set, &other->heads[i].head);
        if (status == EW_NO_MEMORY) {
            return ew_fail(error, status, "no memory for a head");
        }
        if (status != EW_OK) {
            ew_set_refuse_head(set, "there are more heads than one set can hold");
        }
    }
    set->heads_refused += other->heads_refused;
    if (set->head_refusal[0] == '\0') {
        memcpy(set->head_refusal, other->head_refusal, sizeof set->head_refusal);
    }
    return EW_OK;
}

enum ew_status ew_window_set_join(struct ew_window_set *set, const struct ew_window_set *other,
                                  struct ew_error *error)
{
    enum ew_status status = join_entries(set, other, true, error);
    if (status == EW_OK) {
        status = join_entries(set, other, false, error);
    }
    if (status == EW_OK) {
        status = join_heads(set, other, error);
    }
    set->compressed += other->compressed;
    set->repeated += other->repeated;
    set->refused += other->refused;
    if (set->refusal[0] == '\0') {
        memcpy(set->refusal, other->refusal, sizeof set->refusal);
    }
    return status;
}

const char *ew_window_set_refusal(const struct ew_window_set *set)
{
    return set->refusal;
}
