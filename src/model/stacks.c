/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stacks as they arrive, joined to their events (reference etw.md 3.2.2): a StackWalk
 * belongs to the event with exactly its EventTimeStamp on its thread, the kernel half
 * comes first and the user half when the thread leaves the kernel.
 */
#include "base/cursor.h"
#include "model/internal.h"

#include <stdlib.h>
#include <string.h>

enum { PID_SYSTEM = 4, SAMPLE_DPC_OR_ISR = 3, HOOK_SAMPLE = 0x0f2e };

uint16_t source_intern(struct ew_model *model, bool sample, const struct ew_guid *provider,
                       uint16_t event_id)
{
    for (uint32_t i = 0; i < model->source_count; i++) {
        /* The same source comes many times in a row. */
        uint32_t at = (model->last_source + i) % model->source_count;
        const struct ew_source *source = &model->sources[at];
        if (source->sample == sample && source->event_id == event_id
            && ew_guid_equal(&source->provider, provider)) {
            model->last_source = at;
            return (uint16_t)at;
        }
    }
    if (model->source_count == EW_SOURCES_MAX) {
        model->counts.sources_refused++;
        return EW_SOURCES_MAX;
    }
    struct ew_source *source = &model->sources[model->source_count];
    source->sample = sample;
    source->provider = *provider;
    source->event_id = event_id;
    return (uint16_t)model->source_count++;
}

void sample_apply(struct ew_model *model, const struct ew_event *event,
                  const struct ew_sample_fact *fact)
{
    bool busy = fact->thread_id != 0 || (fact->flags & SAMPLE_DPC_OR_ISR) != 0;
    model->counts.samples++;
    model->counts.samples_busy += busy;
    if (!busy) {
        return; /* idle: most samples of a quiet machine, and no evidence of anything */
    }
    uint32_t process_id = process_id_of_thread(model, fact->thread_id);
    struct pending *entry = pending_add(model, event, fact->thread_id, process_id, HOOK_SAMPLE);
    entry->sample = true;
    if (entry->process != EW_PROCESS_NONE) {
        model->processes[entry->process].shown.samples++;
    }
}

/* The thread that a kernel event's stack is of: the header's, but a context switch's is
 * that of the thread switched to. */
static uint32_t stack_thread(const struct ew_event *event, const struct ew_fact *fact)
{
    if (fact != NULL && fact->kind == EW_FACT_CONTEXT_SWITCH) {
        return fact->context_switch.new_thread_id;
    }
    return event->thread_id;
}

void kernel_event_apply(struct ew_model *model, const struct ew_event *event,
                        const struct ew_fact *fact, uint16_t hook)
{
    uint32_t thread_id = stack_thread(event, fact);
    uint32_t process_id =
        thread_id == EW_ID_NONE ? EW_ID_NONE : process_id_of_thread(model, thread_id);
    if (process_id == EW_ID_NONE) {
        process_id = event->process_id;
    }
    (void)pending_add(model, event, thread_id, process_id, hook);
}

static void learn_process(struct pending *entry, uint32_t process_id)
{
    if (entry->process == EW_PROCESS_NONE) {
        entry->process_id = process_id;
    }
}

static bool is_kernel(const struct ew_model *model, uint64_t address)
{
    return ew_address_is_kernel(address, model->kernel_is_32bit);
}

/*
 * Puts a half into its place. `ends_in_user` and `starts_in_kernel` tell which it is: a
 * half that is both is a whole stack, as ARM64 delivers them.
 */
static void place_fragment(struct ew_model *model, struct pending *entry, uint32_t fragment,
                           bool starts_in_kernel, bool ends_in_user)
{
    uint32_t *place = starts_in_kernel ? &entry->kernel : &entry->user;
    if (*place != EW_FRAGMENT_NONE) {
        model->counts.orphans++; /* told twice: the first stands */
        return;
    }
    *place = fragment;
    if (ends_in_user || entry->process_id == PID_SYSTEM || entry->process_id == 0) {
        pending_finish(model, entry);
    }
}

/* The idle thread's stacks are of idle samples, which nobody waits for. */
static void count_orphan(struct ew_model *model, uint32_t thread_id)
{
    model->counts.orphans += thread_id != 0;
    model->counts.idle_stacks += thread_id == 0;
}

void stack_apply(struct ew_model *model, const struct ew_event *event,
                 const struct ew_stack_fact *fact)
{
    model->counts.stacks++;
    struct pending *entry =
        pending_find(model, fact->event_time_raw, fact->thread_id, event->cpu);
    if (entry == NULL) {
        count_orphan(model, fact->thread_id);
        return;
    }
    uint32_t fragment;
    if (fact->frames.count == 0
        || ew_fragments_intern(model->options.fragments, &fact->frames, &fragment) != EW_OK) {
        model->counts.fragments_refused++;
        return;
    }
    learn_process(entry, fact->process_id);
    place_fragment(model, entry, fragment, is_kernel(model, ew_address_at(&fact->frames, 0)),
                   !is_kernel(model, ew_address_at(&fact->frames, fact->frames.count - 1)));
}

void stack_key_apply(struct ew_model *model, const struct ew_event *event,
                     const struct ew_stack_key_fact *fact)
{
    model->counts.keys_kernel += !fact->user;
    model->counts.keys_user += fact->user;
    struct pending *entry =
        pending_find(model, fact->event_time_raw, fact->thread_id, event->cpu);
    if (entry == NULL || (fact->user ? entry->has_user_key : entry->has_kernel_key)) {
        count_orphan(model, fact->thread_id);
        return;
    }
    learn_process(entry, fact->process_id);
    uint32_t *place = fact->user ? &entry->user : &entry->kernel;
    if (*place != EW_FRAGMENT_NONE) {
        model->counts.orphans++; /* told twice: the first stands */
        return;
    }
    *place = key_fragment(model, event, fact->key);
    entry->has_user_key |= fact->user;
    entry->has_kernel_key |= !fact->user;
    if (fact->user || entry->process_id == PID_SYSTEM) {
        pending_finish(model, entry);
    }
}

/* --- stacks that come with a CLR or manifest event -------------------------------- */

static struct clr_last *clr_slot(struct ew_model *model, uint32_t thread_id)
{
    return &model->clr_last[thread_id / 4 % CLR_LAST_COUNT]; /* ids are multiples of 4 */
}

void clr_event_remember(struct ew_model *model, const struct ew_event *event)
{
    struct clr_last *last = clr_slot(model, event->thread_id);
    last->time_100ns = event->time_100ns;
    last->process_id = event->process_id;
    last->thread_id = event->thread_id;
    last->event_id = event->id;
    last->used = false;
}

static void give_out_now(struct ew_model *model, const struct ew_event *event,
                         uint64_t time_100ns, uint32_t kernel, uint32_t user, uint16_t event_id,
                         uint16_t flags)
{
    uint32_t process = process_of_pid(model, event->process_id, time_100ns);
    uint16_t source = source_intern(model, false, event->provider, event_id);
    if (process == EW_PROCESS_NONE || source == EW_SOURCES_MAX) {
        model->counts.no_process += process == EW_PROCESS_NONE;
        return;
    }
    struct ew_stack stack = {.time_100ns = time_100ns,
                             .process = process,
                             .layout = model->processes[process].layout,
                             .kernel_layout = model->processes[EW_PROCESS_KERNEL].layout,
                             .kernel = kernel,
                             .user = user,
                             .weight = 1,
                             .source = source,
                             .flags = flags};
    model->options.on_stack(model->options.context, &stack);
}

/* A CLR stack belongs to the CLR event before it on the same thread, and shows managed
 * frames only (reference etw.md 3.2.4). */
void clr_stack_apply(struct ew_model *model, const struct ew_event *event,
                     const struct ew_clr_stack_fact *fact)
{
    struct clr_last *last = clr_slot(model, event->thread_id);
    uint32_t fragment;
    model->counts.clr_stacks++;
    if (last->used || last->thread_id != event->thread_id || last->process_id != event->process_id
        || last->time_100ns == 0) {
        model->counts.clr_stacks_orphan++;
        return;
    }
    last->used = true;
    if (fact->frames.count == 0
        || ew_fragments_intern(model->options.fragments, &fact->frames, &fragment) != EW_OK) {
        model->counts.fragments_refused += fact->frames.count != 0;
        return;
    }
    give_out_now(model, event, last->time_100ns, EW_FRAGMENT_NONE, fragment, last->event_id,
                 EW_STACK_MANAGED_ONLY);
}

/* The frames of an extended stack item: MatchId 8 | addresses (reference etl-format.md 4). */
static struct ew_address_slice item_frames(const struct ew_item *item)
{
    uint8_t width = item->type == EW_ITEM_STACK_TRACE32 ? 4 : 8;
    struct ew_address_slice frames = {0};
    if (item->data_bytes >= 8) {
        frames.data = item->data + 8;
        frames.pointer_bytes = width;
        frames.count = (uint32_t)(item->data_bytes - 8) / width;
    }
    if (frames.count > EW_FRAMES_MAX) {
        frames.count = EW_FRAMES_MAX;
    }
    return frames;
}

static uint32_t intern_part(struct ew_model *model, struct ew_address_slice frames,
                            uint32_t first, uint32_t end)
{
    uint32_t fragment = EW_FRAGMENT_NONE;
    frames.data += (size_t)first * frames.pointer_bytes;
    frames.count = end - first;
    if (frames.count > 0
        && ew_fragments_intern(model->options.fragments, &frames, &fragment) != EW_OK) {
        model->counts.fragments_refused++;
        return EW_FRAGMENT_NONE;
    }
    return fragment;
}

/* The two halves of an event's stack come in one item, or in two with one MatchId
 * (reference etw.md 3.2.2). */
static void give_or_match(struct ew_model *model, const struct ew_event *event, uint64_t match_id,
                          uint32_t kernel, uint32_t user, uint16_t flags)
{
    if (match_id == 0) {
        if (user == EW_FRAGMENT_NONE) {
            flags |= EW_STACK_KERNEL_ONLY;
            model->counts.kernel_only++;
        }
        give_out_now(model, event, event->time_100ns, kernel, user, event->id, flags);
        return;
    }
    struct pending *entry = pending_find_matched(model, match_id, event->thread_id);
    if (entry == NULL) {
        entry = pending_add_matched(model, event, match_id);
    }
    entry->kernel = entry->kernel == EW_FRAGMENT_NONE ? kernel : entry->kernel;
    entry->user = entry->user == EW_FRAGMENT_NONE ? user : entry->user;
    if (entry->kernel != EW_FRAGMENT_NONE && entry->user != EW_FRAGMENT_NONE) {
        pending_finish(model, entry);
    }
}

static void item_stack_apply(struct ew_model *model, const struct ew_event *event,
                             const struct ew_item *item)
{
    struct ew_address_slice frames = item_frames(item);
    uint32_t kernel_count = 0;
    while (kernel_count < frames.count
           && is_kernel(model, ew_address_at(&frames, kernel_count))) {
        kernel_count++;
    }
    uint32_t kernel = intern_part(model, frames, 0, kernel_count);
    uint32_t user = intern_part(model, frames, kernel_count, frames.count);
    bool truncated = frames.count >= EW_FRAMES_ETW_MAX;
    model->counts.event_stacks++;
    model->counts.truncated += truncated;
    if (user != EW_FRAGMENT_NONE || kernel != EW_FRAGMENT_NONE) {
        give_or_match(model, event, ew_load_u64(item->data), kernel, user,
                      truncated ? EW_STACK_TRUNCATED : 0);
    }
}

void item_stacks_apply(struct ew_model *model, const struct ew_event *event)
{
    struct ew_item item;
    uint32_t offset = 0;
    while (ew_event_next_item(event, &offset, &item)) {
        if (item.type == EW_ITEM_STACK_TRACE32 || item.type == EW_ITEM_STACK_TRACE64) {
            item_stack_apply(model, event, &item);
        }
    }
}
