/* SPDX-License-Identifier: Apache-2.0 */
/* The model's contract: dispatch of facts, resolution of addresses, pruning, counters. */
#include "model/internal.h"

#include <stdlib.h>
#include <string.h>

enum { GROW_START = 256 };

bool model_grow(void **array, uint32_t *capacity, uint32_t count, uint32_t count_max,
                size_t item_bytes)
{
    if (count < *capacity) {
        return true;
    }
    if (count >= count_max) {
        return false;
    }
    uint32_t wanted = *capacity == 0 ? GROW_START : *capacity * 2;
    wanted = wanted < count_max ? wanted : count_max;
    void *grown = realloc(*array, (size_t)wanted * item_bytes);
    if (grown == NULL) {
        return false;
    }
    *array = grown;
    *capacity = wanted;
    return true;
}

enum ew_status ew_model_create(const struct ew_model_options *options,
                               struct ew_model **model_out)
{
    struct ew_model *model = calloc(1, sizeof *model);
    if (model == NULL) {
        return EW_NO_MEMORY;
    }
    model->options = *options;
    model->session_100ns = options->start_100ns;
    model->restart_due_100ns = TIME_FOREVER;
    prune_init(model);
    names_init(&model->names);
    model->clr_last = calloc(CLR_LAST_COUNT, sizeof *model->clr_last);
    if (model->clr_last == NULL || !pending_init(model) || !processes_init(model)) {
        ew_model_destroy(model);
        return EW_NO_MEMORY;
    }
    *model_out = model;
    return EW_OK;
}

void ew_model_destroy(struct ew_model *model)
{
    if (model == NULL) {
        return;
    }
    free(model->survey.processes);
    free(model->survey.threads);
    ew_index_free(&model->survey.process_index);
    ew_index_free(&model->survey.thread_index);
    processes_free(model);
    methods_free(model);
    pending_free(model);
    mappings_free(&model->mappings);
    modules_free(&model->modules);
    names_free(&model->names);
    keys_free(model);
    free(model->clr_last);
    free(model);
}

/*
 * Whether the kernel is 32-bit: only its own events can tell, and of those not the
 * header's, which have the width of the tool that made the session (reference
 * etl-format.md 5).
 */
void model_learn_width(struct ew_model *model, const struct ew_event *event)
{
    if (event->kind != EW_EVENT_KERNEL || event->hook >> 8 == 0) {
        return;
    }
    if (event->pointer_bytes == 8) {
        model->kernel_is_32bit = false;
        model->kernel_width_known = true;
    } else if (!model->kernel_width_known) {
        model->kernel_is_32bit = true;
    }
}

static bool is_clr(const struct ew_event *event)
{
    return event->kind == EW_EVENT_MANIFEST
           && ew_guid_equal(event->provider, &ew_guid_clr_runtime);
}

static void apply_clr(struct ew_model *model, const struct ew_event *event,
                      const struct ew_fact *fact)
{
    uint32_t process = process_of_pid(model, event->process_id, event->time_100ns);
    if (process == EW_PROCESS_NONE) {
        model->counts.no_process++;
        return;
    }
    model->processes[process].shown.clr_seen = true;
    process_attach(model, process);
    process_confirm(model, process);
    switch (fact->kind) {
    case EW_FACT_CLR_METHOD:
        method_apply(model, process, event->time_100ns, &fact->clr_method);
        break;
    case EW_FACT_CLR_MODULE:
        clr_module_apply(model, process, event->time_100ns, &fact->clr_module);
        break;
    case EW_FACT_CLR_RUNDOWN:
        model->processes[process].shown.clr_rundown_complete |= fact->clr_rundown.complete;
        break;
    case EW_FACT_CLR_STACK:
        clr_stack_apply(model, event, &fact->clr_stack);
        break;
    default:
        break;
    }
}

static void apply_state(struct ew_model *model, const struct ew_event *event,
                        const struct ew_fact *fact)
{
    switch (fact->kind) {
    case EW_FACT_PROCESS:
        process_apply(model, event, &fact->process);
        break;
    case EW_FACT_THREAD:
        thread_apply(model, &fact->thread);
        break;
    case EW_FACT_IMAGE:
        image_apply(
            model,
            image_owner(model, fact->image.process_id, fact->image.base, event->time_100ns),
            event->time_100ns, &fact->image);
        break;
    case EW_FACT_PDB_ID:
        image_id_apply(
            model,
            image_owner(model, fact->pdb_id.process_id, fact->pdb_id.base, event->time_100ns),
            fact->pdb_id.base, &fact->pdb_id);
        break;
    case EW_FACT_SAMPLE_INTERVAL:
        if (fact->sample_interval.source == 0 && fact->sample_interval.new_interval_100ns != 0) {
            model->sample_interval_100ns = fact->sample_interval.new_interval_100ns;
        }
        break;
    case EW_FACT_LOST:
        model->counts.lost_events += fact->lost.what == EW_LOST_EVENT;
        model->counts.lost_buffers += fact->lost.what != EW_LOST_EVENT;
        break;
    default:
        apply_clr(model, event, fact);
        break;
    }
}

static bool is_state(enum ew_fact_kind kind)
{
    return kind == EW_FACT_PROCESS || kind == EW_FACT_THREAD || kind == EW_FACT_IMAGE
           || kind == EW_FACT_PDB_ID || kind == EW_FACT_SAMPLE_INTERVAL || kind == EW_FACT_LOST
           || (kind >= EW_FACT_CLR_METHOD && kind <= EW_FACT_CLR_RUNDOWN);
}

/* Stacks and the events they belong to. True when the fact was one of those. */
static bool apply_stack(struct ew_model *model, const struct ew_event *event,
                        const struct ew_fact *fact)
{
    switch (fact->kind) {
    case EW_FACT_SAMPLE:
        sample_apply(model, event, &fact->sample);
        return true;
    case EW_FACT_STACK:
        stack_apply(model, event, &fact->stack);
        return true;
    case EW_FACT_STACK_KEY:
        stack_key_apply(model, event, &fact->stack_key);
        return true;
    case EW_FACT_STACK_DEFINITION:
        key_define(model, event, &fact->stack_definition);
        return true;
    default:
        return false;
    }
}

/* The hook of a kernel event that may have a stack, else 0: those that describe the
 * session, or what was there before it, have none. */
static uint16_t stack_hook(const struct ew_event *event)
{
    int group = event->kind == EW_EVENT_KERNEL    ? event->hook >> 8
                : event->kind == EW_EVENT_CLASSIC ? ew_kernel_group(event->provider)
                                                  : -1;
    bool described = group == 0x03 || group == 0x05 || group == 0x14;
    if (group <= 0 || group == 0x0b || group == 0x18
        || (described && (event->opcode == 3 || event->opcode == 4))) {
        return 0;
    }
    return (uint16_t)(group << 8 | event->opcode);
}

void ew_model_apply(struct ew_model *model, const struct ew_event *event,
                    const struct ew_fact *fact)
{
    model_learn_width(model, event);
    if (event->time_100ns > EW_STACK_WAIT_100NS) {
        pending_flush(model, event->time_100ns - EW_STACK_WAIT_100NS);
    }
    if (event->time_100ns >= model->restart_due_100ns) {
        restart_settle(model);
    }
    if (fact != NULL && apply_stack(model, event, fact)) {
        return;
    }
    if (event->extended_bytes != 0) {
        process_learn_items(model, event);
    }
    if (fact != NULL && is_state(fact->kind)) {
        apply_state(model, event, fact);
    }
    if (event->extended_bytes != 0) {
        item_stacks_apply(model, event);
    }
    if (is_clr(event) && (fact == NULL || fact->kind != EW_FACT_CLR_STACK)) {
        clr_event_remember(model, event);
        return;
    }
    uint16_t hook = stack_hook(event);
    if (hook != 0) {
        kernel_event_apply(model, event, fact, hook);
    }
}

void ew_model_flush(struct ew_model *model, uint64_t time_100ns)
{
    pending_flush(model, time_100ns);
    clr_modules_link(model);
}

/* --- fragments ------------------------------------------------------------------ */

/* The numbers that waiting stacks and open keys hold: written to `numbers`, or back from
 * there. */
static void exchange_fragments(struct ew_model *model, uint32_t *numbers, bool back)
{
    struct pending_table *table = &model->pending;
    struct open_keys *keys = &model->open_keys;
    for (uint64_t i = table->head; i < table->tail; i++) {
        struct pending *entry = &table->items[i % EW_STACKS_PENDING_MAX];
        if (!back) {
            numbers[0] = entry->done ? EW_FRAGMENT_NONE : entry->kernel;
            numbers[1] = entry->done ? EW_FRAGMENT_NONE : entry->user;
        }
        entry->kernel = numbers[0];
        entry->user = numbers[1];
        numbers += 2;
    }
    for (uint32_t i = 0; i < keys->count; i++) {
        numbers[i] = back ? numbers[i] : keys->items[i].fragment;
        keys->items[i].fragment = numbers[i];
    }
}

enum ew_status ew_model_forget_but(struct ew_model *model, uint32_t *held, size_t held_count)
{
    size_t own = (size_t)(model->pending.tail - model->pending.head) * 2 + model->open_keys.count;
    uint32_t *keep = malloc((own + held_count + 1) * sizeof *keep);
    if (keep == NULL) {
        return EW_NO_MEMORY;
    }
    exchange_fragments(model, keep, false);
    if (held_count > 0) {
        memcpy(keep + own, held, held_count * sizeof *keep);
    }
    enum ew_status status = ew_fragments_forget(model->options.fragments, keep, own + held_count);
    if (status == EW_OK) {
        exchange_fragments(model, keep, true);
        if (held_count > 0) {
            memcpy(held, keep + own, held_count * sizeof *keep);
        }
    }
    free(keep);
    return status;
}

enum ew_status ew_model_forget_fragments(struct ew_model *model)
{
    return ew_model_forget_but(model, NULL, 0);
}

/* --- what an address means -------------------------------------------------------- */

static void describe_code(struct ew_model *model, uint32_t found, uint64_t address,
                          struct ew_code *code_out)
{
    const struct mapping *mapping = &model->mappings.items[found];
    code_out->rva = address - mapping->start;
    if (mapping->kind == MAPPING_METHOD) {
        code_out->kind = EW_CODE_METHOD;
        code_out->method = mapping->value;
        code_out->module = method_module(model, mapping->value);
    } else {
        code_out->kind = EW_CODE_IMAGE;
        code_out->module = mapping->value;
    }
}

/*
 * A pre-compiled method lies inside its native image: the method says more. A runtime
 * tells that methods are gone before their code is, when it shuts down and when another
 * session asks for its state (reference etw.md 3.7.4): where nothing else has come in
 * their place, they are still there.
 */
void ew_model_resolve(struct ew_model *model, uint32_t process, uint64_t address,
                      uint64_t time_100ns, struct ew_code *code_out)
{
    memset(code_out, 0, sizeof *code_out);
    code_out->kind = EW_CODE_NONE;
    code_out->module = EW_MODULE_NONE;
    if (ew_address_is_kernel(address, model->kernel_is_32bit)) {
        process = EW_PROCESS_KERNEL;
    }
    struct view *views = model->processes[process].views;
    uint32_t found =
        mappings_lookup(&model->mappings, &views[MAPPING_METHOD], address, time_100ns);
    if (found == MAPPING_NONE) {
        found = mappings_lookup(&model->mappings, &views[MAPPING_IMAGE], address, time_100ns);
    }
    if (found == MAPPING_NONE) {
        found =
            mappings_lookup_gone(&model->mappings, &views[MAPPING_METHOD], address, time_100ns);
        code_out->after_unload = found != MAPPING_NONE;
    }
    if (found != MAPPING_NONE) {
        describe_code(model, found, address, code_out);
        return;
    }
    /* An image that is unmapped is gone: a return address into it is a stale word. */
    code_out->after_unload =
        mappings_lookup_gone(&model->mappings, &views[MAPPING_IMAGE], address, time_100ns)
        != MAPPING_NONE;
}

/* --- getters ------------------------------------------------------------------------ */

const struct ew_module *ew_model_module(const struct ew_model *model, uint32_t index)
{
    return &model->modules.items[index];
}

const struct ew_method *ew_model_method(const struct ew_model *model, uint32_t index)
{
    return &model->methods[index].shown;
}

const struct ew_process *ew_model_process(const struct ew_model *model, uint32_t index)
{
    const struct process *process = &model->processes[index];
    return process->in_use && !process->reserved ? &process->shown : NULL;
}

uint32_t ew_model_process_count(const struct ew_model *model)
{
    return model->process_count;
}

uint32_t ew_model_module_count(const struct ew_model *model)
{
    return model->modules.count;
}

void ew_model_each_mapped(const struct ew_model *model, uint32_t process, uint64_t from_100ns,
                          uint64_t to_100ns, ew_mapped_fn each, void *context)
{
    const struct view *view = &model->processes[process].views[MAPPING_IMAGE];
    for (uint32_t link = view->first; link != 0; link = model->mappings.items[link - 1].next) {
        const struct mapping *mapping = &model->mappings.items[link - 1];
        if (mapping->from < to_100ns && mapping->to > from_100ns) {
            each(context, mapping->value);
        }
    }
    for (uint32_t i = 0; i < model->clr_module_count; i++) {
        if (model->clr_modules[i].process == process) {
            each(context, model->clr_modules[i].module);
        }
    }
}

const struct ew_source *ew_model_source(const struct ew_model *model, uint32_t index)
{
    return &model->sources[index];
}

uint32_t ew_model_source_count(const struct ew_model *model)
{
    return model->source_count;
}

struct ew_model_counts ew_model_counts(const struct ew_model *model)
{
    struct ew_model_counts counts = model->counts;
    counts.names_refused = model->names.refused;
    counts.modules_refused += model->modules.refused;
    counts.identity_conflicts = model->modules.conflicts;
    return counts;
}

uint32_t ew_model_sample_interval(const struct ew_model *model)
{
    return model->sample_interval_100ns;
}

bool ew_model_kernel_is_32bit(const struct ew_model *model)
{
    return model->kernel_is_32bit;
}
