/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events that wait for their stack: a ring in order of arrival, found by raw time and
 * thread. An entry leaves when its stack is complete, when it has waited for
 * EW_STACK_WAIT_100NS, or when the ring is full.
 */
#include "model/internal.h"

#include <stdlib.h>
#include <string.h>

/* The System process: its threads have no user half. */
enum { PID_SYSTEM = 4 };

bool pending_init(struct ew_model *model)
{
    model->pending.items = calloc(EW_STACKS_PENDING_MAX, sizeof *model->pending.items);
    return model->pending.items != NULL;
}

void pending_free(struct ew_model *model)
{
    free(model->pending.items);
    ew_index_free(&model->pending.index);
}

static struct pending *at(struct ew_model *model, uint64_t position)
{
    return &model->pending.items[position % EW_STACKS_PENDING_MAX];
}

static uint64_t hash_of(uint64_t time_raw, uint32_t thread_id)
{
    return ew_index_hash_pair(time_raw, thread_id);
}

/* Events of one thread at one tick that can wait: no clock gives that many, but a hostile
 * recording that does must not make every look-up long. */
enum { EQUAL_MAX = 64 };

static bool is_crowded(struct ew_model *model, uint64_t hash)
{
    struct ew_index *index = &model->pending.index;
    unsigned equal = 0;
    for (uint32_t i = ew_index_first(index, hash); i != EW_INDEX_END && equal < EQUAL_MAX;
         i = ew_index_next(index)) {
        equal++;
    }
    return equal == EQUAL_MAX;
}

/* Steps over finished entries, and takes them out of the index. */
static void drop_head(struct ew_model *model)
{
    struct pending_table *table = &model->pending;
    struct pending *entry = at(model, table->head);
    uint32_t slot = (uint32_t)(table->head % EW_STACKS_PENDING_MAX);
    (void)ew_index_remove(&table->index, hash_of(entry->time_raw, entry->thread_id), slot);
    table->head++;
}

/* Some of its stack has come. An entry of which nothing came loses nothing by going: should
 * its stack come after all, that is counted as an orphan. */
static bool has_part(const struct pending *entry)
{
    return entry->kernel != EW_FRAGMENT_NONE || entry->user != EW_FRAGMENT_NONE
           || entry->has_kernel_key || entry->has_user_key;
}

/* The next entry of the ring, empty, not yet in the index. */
static struct pending *next_entry(struct ew_model *model)
{
    struct pending_table *table = &model->pending;
    if (table->tail - table->head == EW_STACKS_PENDING_MAX) {
        struct pending *oldest = at(model, table->head);
        model->counts.pending_evicted += !oldest->done && has_part(oldest);
        pending_finish(model, oldest);
        drop_head(model);
    }
    struct pending *entry = at(model, table->tail);
    memset(entry, 0, sizeof *entry);
    entry->kernel = EW_FRAGMENT_NONE;
    entry->user = EW_FRAGMENT_NONE;
    return entry;
}

static void fill_entry(struct ew_model *model, struct pending *entry,
                       const struct ew_event *event, uint32_t thread_id, uint32_t process_id)
{
    struct pending_table *table = &model->pending;
    entry->time_100ns = event->time_100ns;
    entry->thread_id = thread_id;
    entry->process_id = process_id;
    entry->process = process_id == EW_ID_NONE
                         ? EW_PROCESS_NONE
                         : process_of_pid(model, process_id, event->time_100ns);
    entry->layout =
        entry->process == EW_PROCESS_NONE ? 0 : model->processes[entry->process].layout;
    entry->kernel_layout = model->processes[EW_PROCESS_KERNEL].layout;
    entry->cpu = event->cpu;
    uint64_t hash = hash_of(entry->time_raw, thread_id);
    if (is_crowded(model, hash)
        || !ew_index_insert(&table->index, hash,
                            (uint32_t)(table->tail % EW_STACKS_PENDING_MAX))) {
        entry->done = true; /* without an index entry its stack would never find it */
        model->counts.pending_evicted++;
    }
    table->tail++;
}

struct pending *pending_add(struct ew_model *model, const struct ew_event *event,
                            uint32_t thread_id, uint32_t process_id, uint16_t hook)
{
    struct pending *entry = next_entry(model);
    entry->time_raw = event->time_raw;
    entry->hook = hook;
    fill_entry(model, entry, event, thread_id, process_id);
    return entry;
}

struct pending *pending_add_matched(struct ew_model *model, const struct ew_event *event,
                                    uint64_t match_id)
{
    struct pending *entry = next_entry(model);
    entry->time_raw = match_id;
    entry->by_match_id = true;
    entry->provider = *event->provider;
    entry->event_id = event->id;
    fill_entry(model, entry, event, event->thread_id, event->process_id);
    return entry;
}

struct pending *pending_find_matched(struct ew_model *model, uint64_t match_id,
                                     uint32_t thread_id)
{
    struct pending_table *table = &model->pending;
    for (uint32_t i = ew_index_first(&table->index, hash_of(match_id, thread_id));
         i != EW_INDEX_END; i = ew_index_next(&table->index)) {
        struct pending *entry = &table->items[i];
        if (!entry->done && entry->by_match_id && entry->time_raw == match_id
            && entry->thread_id == thread_id) {
            return entry;
        }
    }
    return NULL;
}

/* The entry of an event of `thread_id` (which may be none) at a time: the one on `cpu`, else,
 * if `any_cpu`, another. */
static struct pending *find_at(struct ew_model *model, uint64_t time_raw, uint32_t thread_id,
                               uint16_t cpu, bool any_cpu)
{
    struct pending_table *table = &model->pending;
    struct pending *other = NULL;
    uint64_t hash = hash_of(time_raw, thread_id);
    for (uint32_t i = ew_index_first(&table->index, hash); i != EW_INDEX_END;
         i = ew_index_next(&table->index)) {
        struct pending *entry = &table->items[i];
        if (entry->done || entry->by_match_id || entry->time_raw != time_raw
            || entry->thread_id != thread_id) {
            continue;
        }
        if (entry->cpu == cpu) {
            return entry;
        }
        other = any_cpu ? entry : other;
    }
    return other;
}

/*
 * The user half may come from another CPU than the event did, except for thread 0, which
 * runs on all of them. An event that does not know its thread, as its stack does, is only
 * taken on its own CPU.
 */
struct pending *pending_find(struct ew_model *model, uint64_t time_raw, uint32_t thread_id,
                             uint16_t cpu)
{
    struct pending *found = find_at(model, time_raw, thread_id, cpu, thread_id != 0);
    return found != NULL ? found : find_at(model, time_raw, EW_ID_NONE, cpu, false);
}

/* Whether a fragment is as long as ETW writes at most: then it was cut. */
static bool is_truncated(const struct ew_model *model, uint32_t fragment)
{
    uint32_t count = 0;
    if (fragment != EW_FRAGMENT_NONE) {
        (void)ew_fragments_get(model->options.fragments, fragment, &count);
    }
    return count >= EW_FRAMES_ETW_MAX;
}

static bool ends_in_user(const struct ew_model *model, uint32_t fragment)
{
    uint32_t count = 0;
    const uint64_t *words = ew_fragments_get(model->options.fragments, fragment, &count);
    return count > 0 && !ew_address_is_kernel(words[count - 1], model->kernel_is_32bit);
}

uint16_t stack_flags(struct ew_model *model, const struct ew_stack *stack, uint32_t process_id,
                     uint64_t hits)
{
    uint16_t flags = 0;
    bool needs_user = process_id != 0 && process_id != PID_SYSTEM;
    if (stack->user == EW_FRAGMENT_NONE && needs_user && !ends_in_user(model, stack->kernel)) {
        flags |= EW_STACK_KERNEL_ONLY;
        model->counts.kernel_only += hits;
    }
    if (is_truncated(model, stack->kernel) || is_truncated(model, stack->user)) {
        flags |= EW_STACK_TRUNCATED;
        model->counts.truncated += hits;
    }
    return flags;
}

static bool is_open(const struct ew_model *model, uint32_t fragment)
{
    return fragment != EW_FRAGMENT_NONE
           && ew_fragments_is_open(model->options.fragments, fragment);
}

/* The layout that a process had at a time gone by. When it has changed since, a number of its
 * own keeps the stack apart from those of now. */
static uint32_t late_layout(struct ew_model *model, uint32_t process, uint64_t time_100ns)
{
    struct process *known = &model->processes[process];
    return known->changed_100ns < time_100ns ? known->layout : ++known->layout;
}

static void give_out(struct ew_model *model, struct pending *entry)
{
    /* Only now: most events get no stack, and are no source then. */
    const struct ew_guid *provider =
        entry->by_match_id ? &entry->provider : ew_kernel_class(entry->hook);
    uint16_t event_id = entry->by_match_id ? entry->event_id : entry->hook & 0xff;
    uint16_t source = source_intern(model, entry->sample, provider, event_id);
    if (source == EW_SOURCES_MAX) {
        return;
    }
    struct ew_stack stack = {.time_100ns = entry->time_100ns,
                             .process = entry->process,
                             .layout = entry->layout,
                             .kernel_layout = entry->kernel_layout,
                             .kernel = entry->kernel,
                             .user = entry->user,
                             .weight = 1,
                             .source = source};
    bool open = is_open(model, entry->kernel) || is_open(model, entry->user);
    stack.flags = open ? EW_STACK_DEFERRED : stack_flags(model, &stack, entry->process_id, 1);
    if (stack.process == EW_PROCESS_NONE) {
        stack.process = process_of_pid(model, entry->process_id, entry->time_100ns);
        stack.flags |= EW_STACK_LATE_PROCESS;
        if (stack.process == EW_PROCESS_NONE) {
            model->counts.no_process++;
            return;
        }
        stack.layout = late_layout(model, stack.process, entry->time_100ns);
        model->processes[stack.process].shown.samples += entry->sample;
    }
    model->options.on_stack(model->options.context, &stack);
}

void pending_finish(struct ew_model *model, struct pending *entry)
{
    if (entry->done) {
        return;
    }
    entry->done = true;
    if (entry->kernel == EW_FRAGMENT_NONE && entry->user == EW_FRAGMENT_NONE) {
        model->counts.no_process += entry->sample && entry->process == EW_PROCESS_NONE;
        return;
    }
    model->counts.samples_with_stack += entry->sample;
    give_out(model, entry);
}

void pending_flush(struct ew_model *model, uint64_t time_100ns)
{
    struct pending_table *table = &model->pending;
    while (table->head != table->tail) {
        struct pending *entry = at(model, table->head);
        if (!entry->done && entry->time_100ns >= time_100ns) {
            return;
        }
        pending_finish(model, entry);
        drop_head(model);
    }
}
