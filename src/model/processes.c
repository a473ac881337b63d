/* SPDX-License-Identifier: Apache-2.0 */
/* Processes, threads and containers. */
#include "base/text.h"
#include "model/internal.h"

#include <stdlib.h>
#include <string.h>

bool processes_init(struct ew_model *model)
{
    /* Index 0 is the kernel's address space, and pid 0, the idle process, is the only
     * one that lives in nothing else. */
    uint32_t kernel = process_make(model, 0, 0);
    if (kernel != EW_PROCESS_KERNEL) {
        return false;
    }
    process_set_current(model, kernel);
    return true;
}

static void process_release(struct process *process)
{
    for (int kind = 0; kind < MAPPING_KIND_COUNT; kind++) {
        view_free(&process->views[kind]);
    }
    memset(process, 0, sizeof *process);
}

void processes_free(struct ew_model *model)
{
    for (uint32_t i = 0; i < model->process_count; i++) {
        process_release(&model->processes[i]);
    }
    free(model->processes);
    free(model->threads);
    ew_index_free(&model->process_index);
    ew_index_free(&model->thread_index);
}

static uint32_t free_slot(struct ew_model *model)
{
    for (uint32_t i = 1; model->process_free > 0 && i < model->process_count; i++) {
        if (!model->processes[i].in_use) {
            model->process_free--;
            return i;
        }
    }
    if (!model_grow((void **)&model->processes, &model->process_capacity, model->process_count,
                    EW_PROCESSES_MAX, sizeof *model->processes)) {
        return EW_PROCESS_NONE;
    }
    return model->process_count++;
}

uint32_t process_make(struct ew_model *model, uint32_t process_id, uint64_t time_100ns)
{
    uint32_t slot = free_slot(model);
    if (slot == EW_PROCESS_NONE) {
        model->counts.processes_refused++;
        return EW_PROCESS_NONE;
    }
    struct process *process = &model->processes[slot];
    memset(process, 0, sizeof *process);
    process->in_use = true;
    process->shown.process_id = process_id;
    process->shown.start_100ns = time_100ns;
    process->shown.name = "";
    process->shown.image = EW_MODULE_NONE;
    return slot;
}

static uint64_t pid_hash(uint32_t process_id)
{
    return ew_index_hash_u64(process_id);
}

uint32_t process_find(struct ew_model *model, uint32_t process_id)
{
    for (uint32_t i = ew_index_first(&model->process_index, pid_hash(process_id));
         i != EW_INDEX_END; i = ew_index_next(&model->process_index)) {
        if (model->processes[i].shown.process_id == process_id) {
            return i;
        }
    }
    return EW_PROCESS_NONE;
}

void process_set_current(struct ew_model *model, uint32_t process)
{
    uint32_t process_id = model->processes[process].shown.process_id;
    uint32_t before = process_find(model, process_id);
    if (before == process) {
        return;
    }
    if (before != EW_PROCESS_NONE) {
        (void)ew_index_remove(&model->process_index, pid_hash(process_id), before);
    }
    if (!ew_index_insert(&model->process_index, pid_hash(process_id), process)) {
        model->counts.processes_refused++;
    }
}

uint32_t process_of_pid(struct ew_model *model, uint32_t process_id, uint64_t time_100ns)
{
    uint32_t process = process_find(model, process_id);
    if (process == EW_PROCESS_NONE && process_id != EW_ID_NONE) {
        process = process_make(model, process_id, time_100ns);
        if (process != EW_PROCESS_NONE) {
            process_set_current(model, process);
        }
    }
    return process;
}

/*
 * A process that is described but did not start while the session watched was there before
 * it, and is shown from its beginning; one that is only named by a stack, from then on.
 */
void process_attach(struct ew_model *model, uint32_t index)
{
    if (index == EW_PROCESS_NONE) {
        return;
    }
    struct ew_process *process = &model->processes[index].shown;
    if (index != EW_PROCESS_KERNEL && !process->start_known
        && process->start_100ns > model->session_100ns) {
        process->start_100ns = model->session_100ns;
    }
}

/* What only a description tells; what is known already stays. */
void process_describe(struct ew_model *model, uint32_t index, const struct ew_process_fact *fact)
{
    struct ew_process *process = &model->processes[index].shown;
    process_attach(model, index);
    if (process->name[0] == '\0') {
        const char *name = names_bytes(&model->names, &fact->image_name);
        if (name[0] == '\0') {
            name = ew_text_file_name(names_utf16(&model->names, &fact->image_path));
        }
        process->name = name;
    }
    if (process->start_key == 0) {
        process->start_key = fact->sequence;
    }
}

/* The surveyed process whose start this is, or EW_PROCESS_NONE. */
static uint32_t reserved_for(const struct ew_model *model, uint32_t process_id, uint64_t start)
{
    for (uint32_t i = 1; i < model->process_count; i++) {
        const struct process *process = &model->processes[i];
        if (process->reserved && process->shown.process_id == process_id
            && process->shown.start_100ns <= start + START_TOLERANCE_100NS
            && start <= process->shown.start_100ns + START_TOLERANCE_100NS) {
            return i;
        }
    }
    return EW_PROCESS_NONE;
}

void process_changed(struct ew_model *model, uint32_t index, uint64_t time_100ns)
{
    struct process *process = &model->processes[index];
    process->layout++;
    process->changed_100ns =
        time_100ns > process->changed_100ns ? time_100ns : process->changed_100ns;
}

static bool same_start(const struct ew_process *process, uint64_t time_100ns)
{
    return process->start_known && !process->ended
           && time_100ns - process->start_100ns < START_TOLERANCE_100NS;
}

/*
 * A start begins a new life of the pid, whatever was known of it: an end that was lost
 * must not let the old process's addresses answer for the new one's.
 */
static void process_start(struct ew_model *model, uint64_t time_100ns,
                          const struct ew_process_fact *fact)
{
    uint32_t index = process_find(model, fact->process_id);
    if (index != EW_PROCESS_NONE && same_start(&model->processes[index].shown, time_100ns)) {
        process_describe(model, index, fact);
        return;
    }
    if (index != EW_PROCESS_NONE && !model->processes[index].shown.ended) {
        model->processes[index].shown.ended = true;
        model->processes[index].shown.end_100ns = time_100ns;
    }
    index = reserved_for(model, fact->process_id, time_100ns);
    if (index == EW_PROCESS_NONE) {
        index = process_make(model, fact->process_id, time_100ns);
    }
    if (index == EW_PROCESS_NONE) {
        return;
    }
    struct process *process = &model->processes[index];
    process->reserved = false;
    process->shown.start_known = true;
    process->shown.start_100ns = time_100ns;
    process_set_current(model, index);
    process_describe(model, index, fact);
}

static void process_end(struct ew_model *model, uint64_t time_100ns,
                        const struct ew_process_fact *fact)
{
    uint32_t index = process_of_pid(model, fact->process_id, time_100ns);
    if (index == EW_PROCESS_NONE || index == EW_PROCESS_KERNEL) {
        return;
    }
    process_describe(model, index, fact);
    if (!model->processes[index].shown.ended) {
        model->processes[index].shown.ended = true;
        model->processes[index].shown.end_100ns = time_100ns;
    }
}

void process_apply(struct ew_model *model, const struct ew_event *event,
                   const struct ew_process_fact *fact)
{
    if (fact->process_id == 0 || fact->process_id == EW_ID_NONE) {
        return; /* idle: it is the kernel, and neither starts nor ends */
    }
    switch (fact->phase) {
    case EW_PHASE_START:
        process_start(model, event->time_100ns, fact);
        break;
    case EW_PHASE_END:
        process_end(model, event->time_100ns, fact);
        break;
    case EW_PHASE_DC_START:
    case EW_PHASE_DC_END: {
        process_told_again(model, event->time_100ns, fact);
        uint32_t index = process_of_pid(model, fact->process_id, event->time_100ns);
        if (index != EW_PROCESS_NONE) {
            process_describe(model, index, fact);
        }
        break;
    }
    case EW_PHASE_OTHER:
        break;
    }
}

static uint32_t thread_find(struct ew_model *model, uint32_t thread_id)
{
    for (uint32_t i = ew_index_first(&model->thread_index, ew_index_hash_u64(thread_id));
         i != EW_INDEX_END; i = ew_index_next(&model->thread_index)) {
        if (model->threads[i].thread_id == thread_id) {
            return i;
        }
    }
    return EW_INDEX_END;
}

/* Keeps the living threads only, with a new index. */
static void threads_compact(struct ew_model *model)
{
    uint32_t kept = 0;
    ew_index_clear(&model->thread_index);
    for (uint32_t i = 0; i < model->thread_count; i++) {
        if (!model->threads[i].ended) {
            model->threads[kept] = model->threads[i];
            /* cannot fail: it had more entries before */
            (void)ew_index_insert(&model->thread_index,
                                  ew_index_hash_u64(model->threads[kept].thread_id), kept);
            kept++;
        }
    }
    model->counts.threads_evicted += model->thread_count - kept;
    model->thread_count = kept;
}

void thread_learn(struct ew_model *model, uint32_t thread_id, uint32_t process_id)
{
    uint32_t index = thread_find(model, thread_id);
    if (index == EW_INDEX_END) {
        if (model->thread_count == EW_THREADS_MAX) {
            threads_compact(model);
        }
        if (!model_grow((void **)&model->threads, &model->thread_capacity, model->thread_count,
                        EW_THREADS_MAX, sizeof *model->threads)
            || !ew_index_insert(&model->thread_index, ew_index_hash_u64(thread_id),
                                model->thread_count)) {
            model->counts.threads_evicted++;
            return;
        }
        index = model->thread_count++;
    }
    model->threads[index].thread_id = thread_id;
    model->threads[index].process_id = process_id;
    model->threads[index].ended = false;
}

void thread_apply(struct ew_model *model, const struct ew_thread_fact *fact)
{
    if (fact->phase == EW_PHASE_OTHER || fact->thread_id == EW_ID_NONE) {
        return;
    }
    if (fact->phase != EW_PHASE_END) {
        process_confirm(model, process_find(model, fact->process_id));
    }
    /* The idle threads of all CPUs share the id 0: no thread to learn. */
    if (fact->thread_id != 0) {
        thread_learn(model, fact->thread_id, fact->process_id);
        uint32_t index = thread_find(model, fact->thread_id);
        if (index != EW_INDEX_END && fact->phase == EW_PHASE_END) {
            model->threads[index].ended = true;
        }
    }
}

uint32_t process_id_of_thread(struct ew_model *model, uint32_t thread_id)
{
    if (thread_id == 0) {
        return 0;
    }
    uint32_t index = thread_find(model, thread_id);
    return index == EW_INDEX_END ? EW_ID_NONE : model->threads[index].process_id;
}

/*
 * The container id of an extended item: 36 characters of GUID text without terminator;
 * braces and a terminator are accepted (reference etw.md 3.3.1). Lower case, so that one
 * container has one spelling.
 */
bool container_text(const struct ew_item *item, char text_out[EW_GUID_TEXT_BYTES])
{
    const char *text = (const char *)item->data;
    size_t bytes = item->data_bytes;
    struct ew_guid guid;
    while (bytes > 0 && text[bytes - 1] == '\0') {
        bytes--;
    }
    if (bytes == EW_GUID_TEXT_BYTES + 1 && text[0] == '{' && text[bytes - 1] == '}') {
        text++;
        bytes -= 2;
    }
    if (!ew_guid_parse(text, bytes, &guid)) {
        return false;
    }
    ew_guid_format(&guid, text_out);
    return true;
}

/* Live capture looks for containers by their job objects and tells them as events of its own; the
 * items of all others are ETW's. */
bool container_is_by_job(const struct ew_event *event)
{
    return event->kind == EW_EVENT_MANIFEST && ew_guid_equal(event->provider, &ew_guid_etwitness);
}

/* The first that is told stays; ETW's word for the same counts for more than ours. */
static void learn_container(struct ew_model *model, const struct ew_event *event, uint32_t index,
                            const char text[EW_GUID_TEXT_BYTES])
{
    struct ew_process *process = &model->processes[index].shown;
    bool by_job = container_is_by_job(event);
    if (process->container != NULL) {
        process->container_by_job &= by_job || strcmp(process->container, text) != 0;
        return;
    }
    const char *name = names_intern(&model->names, text, EW_GUID_TEXT_BYTES - 1);
    process->container = name[0] != '\0' ? name : NULL;
    process->container_by_job = process->container != NULL && by_job;
    process_attach(model, index);
}

void process_learn_items(struct ew_model *model, const struct ew_event *event)
{
    char text[EW_GUID_TEXT_BYTES];
    struct ew_item item;
    uint32_t offset = 0;
    uint32_t index = process_of_pid(model, event->process_id, event->time_100ns);
    if (index == EW_PROCESS_NONE || index == EW_PROCESS_KERNEL) {
        return;
    }
    struct ew_process *process = &model->processes[index].shown;
    while (ew_event_next_item(event, &offset, &item)) {
        if (item.type == EW_ITEM_CONTAINER_ID
            && (process->container == NULL || process->container_by_job)
            && container_text(&item, text)) {
            learn_container(model, event, index, text);
        }
        if (item.type == EW_ITEM_PROCESS_START_KEY && item.data_bytes == 8
            && process->start_key == 0) {
            struct ew_address_slice word = {item.data, 1, 8};
            process->start_key = ew_address_at(&word, 0);
        }
    }
}

bool process_is_past(const struct ew_process *process, uint64_t time_100ns)
{
    return process->ended && process->end_100ns + EW_STACK_WAIT_100NS < time_100ns;
}

/* A thread whose own end was lost ends with its process. */
static void threads_end_with_processes(struct ew_model *model, uint64_t time_100ns)
{
    for (uint32_t i = 0; i < model->thread_count; i++) {
        uint32_t process = process_find(model, model->threads[i].process_id);
        model->threads[i].ended |=
            process != EW_PROCESS_NONE
            && process_is_past(&model->processes[process].shown, time_100ns);
    }
}

void processes_prune(struct ew_model *model, uint64_t time_100ns)
{
    threads_end_with_processes(model, time_100ns);
    for (uint32_t i = 1; i < model->process_count; i++) {
        struct process *process = &model->processes[i];
        if (!process->in_use || process->reserved
            || !process_is_past(&process->shown, time_100ns)) {
            continue;
        }
        if (process_find(model, process->shown.process_id) == i) {
            (void)ew_index_remove(&model->process_index, pid_hash(process->shown.process_id), i);
        }
        process_release(process);
        model->process_free++;
    }
    uint64_t evicted = model->counts.threads_evicted;
    threads_compact(model);
    model->counts.threads_evicted = evicted; /* these had ended: nothing is lost */
}
