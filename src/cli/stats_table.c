/* SPDX-License-Identifier: Apache-2.0 */
/* Counts events by kind. Most events hit the cache: one hash, one comparison. */
#include "cli/stats.h"

#include "base/cursor.h"
#include "base/text.h"
#include "etwitness/tracelogging.h"

#include <stdlib.h>
#include <string.h>

enum { CAPACITY_FIRST = 64, CACHE_SHIFT = 64 - 12 };

/* The key's parts, from the highest: kind 8, number 16, opcode 8, version 8. */
enum { KEY_KIND = 32, KEY_NUMBER = 16, KEY_OPCODE = 8 };

static inline uint64_t key_of(const struct ew_event *event)
{
    unsigned number = event->kind == EW_EVENT_KERNEL ? event->hook : event->id;
    return (uint64_t)event->kind << KEY_KIND | (uint64_t)number << KEY_NUMBER
           | (uint64_t)event->opcode << KEY_OPCODE | event->version;
}

struct ew_event ew_stats_event(const struct ew_stats_kind *kind)
{
    struct ew_event event = {.provider = &kind->provider};
    uint16_t number = (uint16_t)(kind->key >> KEY_NUMBER);
    event.kind = (uint8_t)(kind->key >> KEY_KIND);
    event.hook = event.kind == EW_EVENT_KERNEL ? number : 0;
    event.id = event.kind == EW_EVENT_KERNEL ? 0 : number;
    event.opcode = (uint8_t)(kind->key >> KEY_OPCODE);
    event.version = (uint8_t)kind->key;
    return event;
}

/* The first group tells providers apart well enough for a cache. */
static inline uint32_t *cache_slot(struct ew_stats_table *table, const struct ew_event *event,
                                   uint64_t key)
{
    uint64_t mixed = (ew_load_u32(event->provider->bytes) ^ key) * UINT64_C(0x9e3779b97f4a7c15);
    return &table->cache[mixed >> CACHE_SHIFT];
}

static inline bool is_kind(const struct ew_stats_kind *kind, const struct ew_event *event,
                           uint64_t key)
{
    return kind->key == key && ew_guid_equal(&kind->provider, event->provider);
}

static enum ew_status make_room(struct ew_stats_table *table)
{
    if (table->kind_count < table->kind_capacity) {
        return EW_OK;
    }
    if (table->kind_count == EW_EVENT_KINDS_MAX) {
        return EW_LIMIT;
    }
    uint32_t wanted =
        table->kind_capacity == 0 ? (uint32_t)CAPACITY_FIRST : table->kind_capacity * 2;
    struct ew_stats_kind *grown = realloc(table->kinds, wanted * sizeof *grown);
    if (grown == NULL) {
        return EW_NO_MEMORY;
    }
    table->kinds = grown;
    table->kind_capacity = wanted;
    return EW_OK;
}

static enum ew_status add_kind(struct ew_stats_table *table, const struct ew_event *event,
                               uint64_t key, uint64_t hash)
{
    struct ew_tlg_name name;
    enum ew_status status = make_room(table);
    if (status != EW_OK) {
        return status;
    }
    if (!ew_index_insert(&table->index, hash, table->kind_count)) {
        return EW_NO_MEMORY;
    }
    struct ew_stats_kind *kind = &table->kinds[table->kind_count++];
    *kind = (struct ew_stats_kind){.provider = *event->provider, .key = key};
    if (event->kind == EW_EVENT_MANIFEST && ew_tlg_provider(event, &name)) {
        (void)ew_text_from_bytes(name.data, name.bytes, kind->provider_name,
                                 sizeof kind->provider_name);
    }
    return EW_OK;
}

/* Finds or adds the kind of an event that the cache does not show. */
static enum ew_status look_up(struct ew_stats_table *table, const struct ew_event *event,
                              uint64_t key, uint32_t *position_out)
{
    uint64_t low = ew_load_u64(event->provider->bytes);
    uint64_t high = ew_load_u64(event->provider->bytes + 8);
    uint64_t hash = ew_index_hash_pair(ew_index_hash_pair(low, high), key);
    for (uint32_t i = ew_index_first(&table->index, hash); i != EW_INDEX_END;
         i = ew_index_next(&table->index)) {
        if (is_kind(&table->kinds[i], event, key)) {
            *position_out = i;
            return EW_OK;
        }
    }
    *position_out = table->kind_count;
    return add_kind(table, event, key, hash);
}

static void count_time(struct ew_stats_table *table, uint64_t time_100ns)
{
    if (table->events == 0 || time_100ns < table->first_100ns) {
        table->first_100ns = time_100ns;
    }
    if (table->events == 0 || time_100ns > table->last_100ns) {
        table->last_100ns = time_100ns;
    }
    table->events++;
}

enum ew_status ew_stats_count(struct ew_stats_table *table, const struct ew_event *event)
{
    uint64_t key = key_of(event);
    uint32_t *slot = cache_slot(table, event, key);
    uint32_t position = *slot - 1;
    count_time(table, event->time_100ns);
    if (*slot == 0 || !is_kind(&table->kinds[position], event, key)) {
        enum ew_status status = look_up(table, event, key, &position);
        if (status == EW_LIMIT) {
            table->not_counted++;
            return EW_OK;
        }
        if (status != EW_OK) {
            return status;
        }
        *slot = position + 1;
    }
    table->kinds[position].count++;
    return EW_OK;
}

static int compare_kinds(const void *a, const void *b)
{
    const struct ew_stats_kind *left = a;
    const struct ew_stats_kind *right = b;
    char left_text[EW_STATS_PROVIDER_BYTES];
    char right_text[EW_STATS_PROVIDER_BYTES];
    ew_stats_provider_text(left, left_text);
    ew_stats_provider_text(right, right_text);
    int order = strcmp(left_text, right_text);
    if (order == 0) {
        ew_stats_id_text(left, left_text);
        ew_stats_id_text(right, right_text);
        order = strcmp(left_text, right_text);
    }
    if (order != 0) {
        return order;
    }
    return left->key < right->key ? -1 : left->key > right->key;
}

void ew_stats_sort(struct ew_stats_table *table)
{
    if (table->kind_count > 1) {
        qsort(table->kinds, table->kind_count, sizeof *table->kinds, compare_kinds);
    }
}

void ew_stats_free(struct ew_stats_table *table)
{
    free(table->kinds);
    ew_index_free(&table->index);
    memset(table, 0, sizeof *table);
}
