/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stack keys. A reference means the first definition at or after its own time. A survey has
 * learned all definitions ahead; without one a reference gets a deferred fragment, one for a
 * key until its definition comes, and the stack goes on with that.
 */
#include "model/internal.h"

#include <stdlib.h>
#include <string.h>

/* --- definitions known ahead --------------------------------------------------------- */

void key_learn_ahead(struct ew_model *model, const struct ew_event *event,
                     const struct ew_stack_definition_fact *fact)
{
    uint32_t fragment;
    if (!model_grow((void **)&model->keys, &model->key_capacity, model->key_count,
                    EW_STACK_KEYS_MAX, sizeof *model->keys)
        || ew_fragments_intern(model->options.fragments, &fact->frames, &fragment) != EW_OK) {
        model->counts.keys_refused++;
        return;
    }
    struct key_definition *definition = &model->keys[model->key_count++];
    definition->key = fact->key;
    definition->time_raw = event->time_raw;
    definition->fragment = fragment;
    model->keys_sorted = false;
}

static int compare_definitions(const void *a, const void *b)
{
    const struct key_definition *left = a;
    const struct key_definition *right = b;
    if (left->key != right->key) {
        return left->key < right->key ? -1 : 1;
    }
    if (left->time_raw != right->time_raw) {
        return left->time_raw < right->time_raw ? -1 : 1;
    }
    return left->fragment < right->fragment ? -1 : left->fragment > right->fragment;
}

/* The first definition of a key at or after a time, EW_FRAGMENT_NONE when there is none. */
static uint32_t find_ahead(struct ew_model *model, uint64_t key, uint64_t time_raw)
{
    if (!model->keys_sorted && model->key_count > 0) {
        qsort(model->keys, model->key_count, sizeof *model->keys, compare_definitions);
        model->keys_sorted = true;
    }
    uint32_t low = 0;
    uint32_t high = model->key_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const struct key_definition *definition = &model->keys[middle];
        if (definition->key < key
            || (definition->key == key && definition->time_raw < time_raw)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < model->key_count && model->keys[low].key == key ? model->keys[low].fragment
                                                                 : EW_FRAGMENT_NONE;
}

/* --- definitions that come later ------------------------------------------------------ */

static struct open_key *open_key_find(struct ew_model *model, uint64_t key)
{
    struct open_keys *table = &model->open_keys;
    for (uint32_t i = ew_index_first(&table->index, ew_index_hash_u64(key)); i != EW_INDEX_END;
         i = ew_index_next(&table->index)) {
        if (table->items[i].key == key) {
            return &table->items[i];
        }
    }
    return NULL;
}

/* The entry of a key, without a fragment when it is new; NULL when the table is full. */
static struct open_key *open_key_of(struct ew_model *model, uint64_t key)
{
    struct open_keys *table = &model->open_keys;
    struct open_key *known = open_key_find(model, key);
    if (known != NULL) {
        return known;
    }
    if (!model_grow((void **)&table->items, &table->capacity, table->count, EW_STACK_KEYS_MAX,
                    sizeof *table->items)
        || !ew_index_insert(&table->index, ew_index_hash_u64(key), table->count)) {
        return NULL;
    }
    struct open_key *added = &table->items[table->count++];
    memset(added, 0, sizeof *added);
    added->key = key;
    added->fragment = EW_FRAGMENT_NONE;
    return added;
}

/* An event may be read after a definition of its own time, so the last one is remembered. */
static uint32_t refer(struct ew_model *model, const struct ew_event *event, uint64_t key)
{
    struct open_key *known = open_key_of(model, key);
    if (known == NULL) {
        model->counts.keys_refused++;
        return EW_FRAGMENT_NONE;
    }
    bool over = known->defined && known->defined_raw < event->time_raw;
    if (over || known->fragment == EW_FRAGMENT_NONE) {
        known->defined = false;
        known->fragment = EW_FRAGMENT_NONE;
        if (ew_fragments_defer(model->options.fragments, &known->fragment) != EW_OK) {
            model->counts.fragments_refused++;
        }
    }
    known->used_100ns = event->time_100ns;
    return known->fragment;
}

void key_define(struct ew_model *model, const struct ew_event *event,
                const struct ew_stack_definition_fact *fact)
{
    if (model->survey.done) {
        return; /* all definitions are known */
    }
    struct ew_fragments *fragments = model->options.fragments;
    struct open_key *known = open_key_of(model, fact->key);
    bool waited_for = known != NULL && !known->defined && known->fragment != EW_FRAGMENT_NONE;
    if (known == NULL
        || (waited_for ? ew_fragments_define(fragments, known->fragment, &fact->frames)
                       : ew_fragments_intern(fragments, &fact->frames, &known->fragment))
               != EW_OK) {
        model->counts.keys_refused++;
        return;
    }
    known->defined = true;
    known->defined_raw = event->time_raw;
    known->used_100ns = event->time_100ns;
}

/* --- both ------------------------------------------------------------------------------ */

uint32_t key_fragment(struct ew_model *model, const struct ew_event *event, uint64_t key)
{
    uint32_t fragment =
        model->survey.done ? find_ahead(model, key, event->time_raw) : refer(model, event, key);
    /* A deferred one counts as resolved until ew_model_settle_stack() knows better. */
    model->counts.keys_resolved += fragment != EW_FRAGMENT_NONE;
    model->counts.keys_undefined += fragment == EW_FRAGMENT_NONE;
    return fragment;
}

void keys_prune(struct ew_model *model, uint64_t time_100ns)
{
    struct open_keys *table = &model->open_keys;
    uint32_t kept = 0;
    ew_index_clear(&table->index);
    for (uint32_t i = 0; i < table->count; i++) {
        if (table->items[i].used_100ns >= time_100ns) {
            table->items[kept] = table->items[i];
            /* cannot fail: it had more entries before */
            (void)ew_index_insert(&table->index, ew_index_hash_u64(table->items[kept].key), kept);
            kept++;
        }
    }
    table->count = kept;
}

void keys_forget(struct ew_model *model)
{
    model->open_keys.count = 0;
    ew_index_clear(&model->open_keys.index);
}

void keys_free(struct ew_model *model)
{
    free(model->keys);
    free(model->open_keys.items);
    ew_index_free(&model->open_keys.index);
}

/* --- stacks given out before their keys were defined ------------------------------------ */

static bool is_deferred(const struct ew_model *model, uint32_t fragment)
{
    return fragment != EW_FRAGMENT_NONE
           && ew_fragments_is_open(model->options.fragments, fragment);
}

static void drop_half(struct ew_model *model, uint32_t *half, uint64_t hits)
{
    if (is_deferred(model, *half)) {
        *half = EW_FRAGMENT_NONE;
        model->counts.keys_resolved -= hits;
        model->counts.keys_undefined += hits;
    }
}

bool ew_model_settle_stack(struct ew_model *model, struct ew_stack *stack, uint64_t hits)
{
    if ((stack->flags & EW_STACK_DEFERRED) == 0) {
        return true;
    }
    stack->flags &= (uint16_t)~EW_STACK_DEFERRED;
    drop_half(model, &stack->kernel, hits);
    drop_half(model, &stack->user, hits);
    if (stack->kernel == EW_FRAGMENT_NONE && stack->user == EW_FRAGMENT_NONE) {
        model->counts.samples_with_stack -= model->sources[stack->source].sample ? hits : 0;
        return false;
    }
    uint32_t process_id = model->processes[stack->process].shown.process_id;
    stack->flags |= stack_flags(model, stack, process_id, hits);
    return true;
}
