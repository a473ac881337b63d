/* SPDX-License-Identifier: Apache-2.0 */
/* Which events a scenario means, and when. */
#include "synth/plan.h"

#include "synth/clr_events.h"
#include "synth/kernel_events.h"

#include <stdlib.h>
#include <string.h>

enum {
    ENTRIES_FIRST = 256,
    /* The CLR is asked for its rundown by a second session after the kernel's. */
    CLR_RUNDOWN_DELAY_MS = 50,
    KEYS_DELAY_MS = 20,
};

struct planning {
    const struct ew_scenario *scenario;
    struct ew_plan *plan;
    struct ew_error *error;
    enum ew_status status;      /* the first failure */
    struct ew_plan_entry spare; /* takes what a failed plan has no room for */
};

static struct ew_plan_entry *add(struct planning *planning, uint64_t raw, enum ew_plan_kind kind,
                                 enum ew_plan_phase phase, const struct ew_synth_process *process,
                                 const void *thing)
{
    struct ew_plan *plan = planning->plan;
    if (planning->status != EW_OK) {
        return &planning->spare;
    }
    if (plan->count == EW_SCENARIO_EVENTS_MAX) {
        planning->status = ew_fail(planning->error, EW_LIMIT, "%s: more than %d events",
                                   planning->scenario->name, EW_SCENARIO_EVENTS_MAX);
        return &planning->spare;
    }
    if (plan->count == plan->capacity) {
        size_t capacity = plan->capacity == 0 ? ENTRIES_FIRST : plan->capacity * 2;
        struct ew_plan_entry *grown = realloc(plan->entries, capacity * sizeof *grown);
        if (grown == NULL) {
            planning->status = ew_fail(planning->error, EW_NO_MEMORY,
                                       "%s: no memory for its events", planning->scenario->name);
            return &planning->spare;
        }
        plan->entries = grown;
        plan->capacity = capacity;
    }
    struct ew_plan_entry *entry = &plan->entries[plan->count];
    *entry = (struct ew_plan_entry){.raw = raw,
                                    .process = process,
                                    .thing = thing,
                                    .order = (uint32_t)plan->count,
                                    .kind = (uint8_t)kind,
                                    .phase = (uint8_t)phase};
    plan->count++;
    return entry;
}

static uint64_t microsecond(const struct ew_scenario *scenario)
{
    return scenario->root.host.clock_frequency / 1000000;
}

/* True when a thing is there at a time of the rundown. */
static bool is_there(uint64_t from_raw, uint64_t to_raw, uint64_t at_raw)
{
    return from_raw <= at_raw && to_raw > at_raw;
}

/* The kernel's rundown at the beginning or the end: everything there at `at_raw`, one
 * event a microsecond. Answers the time after it. */
static uint64_t plan_kernel_rundown(struct planning *planning, uint64_t at_raw, bool end)
{
    const struct ew_scenario *scenario = planning->scenario;
    enum ew_plan_phase phase = end ? EW_PLAN_DC_END : EW_PLAN_DC_START;
    uint64_t step = microsecond(scenario);
    uint64_t raw = at_raw + step;
    for (size_t i = 0; i < scenario->kernel_image_count; i++, raw += step) {
        (void)add(planning, raw, EW_PLAN_IMAGE, phase, NULL, &scenario->kernel_images[i]);
    }
    for (size_t p = 0; p < scenario->root.processes.count; p++) {
        const struct ew_synth_process *process =
            EW_AT(struct ew_synth_process, scenario->root.processes, p);
        if (!is_there(process->from_raw, process->to_raw, at_raw)
            || (!end && !process->attached)) {
            continue;
        }
        (void)add(planning, raw, EW_PLAN_PROCESS, phase, process, process);
        raw += step;
        for (size_t i = 0; i < process->threads.count; i++) {
            const struct ew_synth_thread *thread =
                EW_AT(struct ew_synth_thread, process->threads, i);
            if (is_there(thread->from_raw, thread->to_raw, at_raw)) {
                (void)add(planning, raw, EW_PLAN_THREAD, phase, process, thread);
                raw += step;
            }
        }
        for (size_t i = 0; i < process->images.count; i++) {
            const struct ew_synth_image *image = EW_AT(struct ew_synth_image, process->images, i);
            if (is_there(image->from_raw, image->to_raw, at_raw)) {
                (void)add(planning, raw, EW_PLAN_IMAGE, phase, process, image);
                raw += step;
            }
        }
    }
    return raw;
}

/* Begin and end of a thing: nothing where it was there before or outlives the end. */
static void plan_life(struct planning *planning, enum ew_plan_kind kind,
                      const struct ew_synth_process *process, const void *thing,
                      uint64_t from_raw, uint64_t to_raw)
{
    if (!process->attached || from_raw > process->from_raw) {
        (void)add(planning, from_raw, kind, EW_PLAN_LOAD, process, thing);
    }
    if (to_raw != EW_AT_NONE) {
        (void)add(planning, to_raw, kind, EW_PLAN_UNLOAD, process, thing);
    }
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static void plan_method(struct planning *planning, const struct ew_synth_process *process,
                        const struct ew_synth_method *method)
{
    for (size_t i = 0; i < method->bodies.count; i++) {
        const struct ew_synth_body *body = EW_AT(struct ew_synth_body, method->bodies, i);
        uint64_t to_raw = earlier(body->to_raw, method->managed->to_raw);
        if (!process->attached || body->from_raw > process->from_raw) {
            add(planning, body->from_raw, EW_PLAN_CLR_METHOD, EW_PLAN_LOAD, process, method)
                ->part = body;
        }
        if (to_raw != EW_AT_NONE) {
            add(planning, to_raw, EW_PLAN_CLR_METHOD, EW_PLAN_UNLOAD, process, method)->part =
                body;
        }
    }
}

static void plan_managed(struct planning *planning, const struct ew_synth_process *process)
{
    uint64_t first_raw = EW_AT_NONE;
    for (size_t i = 0; i < process->managed.count; i++) {
        const struct ew_synth_managed *managed =
            EW_AT(struct ew_synth_managed, process->managed, i);
        first_raw = earlier(first_raw, managed->from_raw);
    }
    if (process->managed.count != 0 && !process->attached) {
        (void)add(planning, first_raw, EW_PLAN_CLR_RUNTIME, EW_PLAN_LOAD, process, process);
        (void)add(planning, first_raw, EW_PLAN_CLR_DOMAIN, EW_PLAN_LOAD, process, process);
    }
    for (size_t i = 0; i < process->managed.count; i++) {
        const struct ew_synth_managed *managed =
            EW_AT(struct ew_synth_managed, process->managed, i);
        plan_life(planning, EW_PLAN_CLR_ASSEMBLY, process, managed, managed->from_raw,
                  EW_AT_NONE);
        plan_life(planning, EW_PLAN_CLR_MODULE, process, managed, managed->from_raw, EW_AT_NONE);
        for (size_t k = 0; k < managed->methods.count; k++) {
            plan_method(planning, process, EW_AT(struct ew_synth_method, managed->methods, k));
        }
        if (managed->to_raw != EW_AT_NONE) {
            (void)add(planning, managed->to_raw, EW_PLAN_CLR_MODULE, EW_PLAN_UNLOAD, process,
                      managed);
            (void)add(planning, managed->to_raw, EW_PLAN_CLR_ASSEMBLY, EW_PLAN_UNLOAD, process,
                      managed);
        }
    }
}

static void plan_process(struct planning *planning, const struct ew_synth_process *process)
{
    if (!process->attached) {
        (void)add(planning, process->from_raw, EW_PLAN_PROCESS, EW_PLAN_LOAD, process, process);
    }
    for (size_t i = 0; i < process->threads.count; i++) {
        const struct ew_synth_thread *thread = EW_AT(struct ew_synth_thread, process->threads, i);
        plan_life(planning, EW_PLAN_THREAD, process, thread, thread->from_raw,
                  earlier(thread->to_raw, process->to_raw));
    }
    for (size_t i = 0; i < process->images.count; i++) {
        const struct ew_synth_image *image = EW_AT(struct ew_synth_image, process->images, i);
        plan_life(planning, EW_PLAN_IMAGE, process, image, image->from_raw,
                  earlier(image->to_raw, process->to_raw));
    }
    plan_managed(planning, process);
    for (size_t i = 0; i < process->events.count; i++) {
        const struct ew_synth_event *event = EW_AT(struct ew_synth_event, process->events, i);
        for (uint32_t number = 0; number < event->count; number++) {
            uint64_t raw =
                ew_scenario_raw(planning->scenario, event->at_ms + number * event->every_ms);
            if (raw >= process->from_raw && raw < process->to_raw
                && raw < planning->scenario->end_raw) {
                add(planning, raw, EW_PLAN_TRACE_LOGGING, EW_PLAN_LOAD, process, event)->number =
                    number;
            }
        }
    }
    if (process->to_raw != EW_AT_NONE) {
        (void)add(planning, process->to_raw, EW_PLAN_PROCESS, EW_PLAN_UNLOAD, process, process);
    }
}

/* The CLR's end rundown of one process from `raw` on. Answers the time after it. */
static uint64_t plan_clr_rundown(struct planning *planning,
                                 const struct ew_synth_process *process, uint64_t raw)
{
    uint64_t end_raw = planning->scenario->end_raw;
    uint64_t step = microsecond(planning->scenario);
    (void)add(planning, raw, EW_PLAN_CLR_RUNTIME, EW_PLAN_DC_END, process, process);
    (void)add(planning, raw += step, EW_PLAN_CLR_RUNDOWN_BEGINS, EW_PLAN_DC_END, process,
              process);
    for (size_t i = 0; i < process->managed.count; i++) {
        const struct ew_synth_managed *managed =
            EW_AT(struct ew_synth_managed, process->managed, i);
        if (!is_there(managed->from_raw, managed->to_raw, end_raw)) {
            continue;
        }
        for (size_t k = 0; k < managed->methods.count; k++) {
            const struct ew_synth_method *method =
                EW_AT(struct ew_synth_method, managed->methods, k);
            for (size_t b = 0; b < method->bodies.count; b++) {
                const struct ew_synth_body *body = EW_AT(struct ew_synth_body, method->bodies, b);
                if (is_there(body->from_raw, body->to_raw, end_raw)) {
                    add(planning, raw += step, EW_PLAN_CLR_METHOD, EW_PLAN_DC_END, process,
                        method)
                        ->part = body;
                }
            }
        }
        (void)add(planning, raw += step, EW_PLAN_CLR_MODULE, EW_PLAN_DC_END, process, managed);
        (void)add(planning, raw += step, EW_PLAN_CLR_ASSEMBLY, EW_PLAN_DC_END, process, managed);
    }
    (void)add(planning, raw += step, EW_PLAN_CLR_DOMAIN, EW_PLAN_DC_END, process, process);
    (void)add(planning, raw += step, EW_PLAN_CLR_RUNDOWN_COMPLETE, EW_PLAN_DC_END, process,
              process);
    return raw + step;
}

static void plan_end(struct planning *planning)
{
    const struct ew_scenario *scenario = planning->scenario;
    uint64_t millisecond = scenario->root.host.clock_frequency / 1000;
    uint64_t raw = plan_kernel_rundown(planning, scenario->end_raw, true);
    (void)add(planning, raw, EW_PLAN_INTERVAL, EW_PLAN_DC_END, NULL, NULL);
    raw += KEYS_DELAY_MS * millisecond;
    planning->plan->keys_raw = raw;
    (void)add(planning, raw, EW_PLAN_STACK_KEYS, EW_PLAN_DC_END, NULL, NULL);
    raw += CLR_RUNDOWN_DELAY_MS * millisecond;
    for (size_t i = 0; i < scenario->root.processes.count; i++) {
        const struct ew_synth_process *process =
            EW_AT(struct ew_synth_process, scenario->root.processes, i);
        if (process->managed.count != 0
            && is_there(process->from_raw, process->to_raw, scenario->end_raw)) {
            raw = plan_clr_rundown(planning, process, raw);
        }
    }
}

static int compare_entries(const void *a, const void *b)
{
    const struct ew_plan_entry *left = a;
    const struct ew_plan_entry *right = b;
    if (left->raw != right->raw) {
        return left->raw < right->raw ? -1 : 1;
    }
    return left->order < right->order ? -1 : 1;
}

enum ew_status ew_plan_make(const struct ew_scenario *scenario, struct ew_plan *plan,
                            struct ew_error *error)
{
    struct planning planning = {.scenario = scenario, .plan = plan, .error = error};
    memset(plan, 0, sizeof *plan);
    (void)add(&planning, scenario->header_raw, EW_PLAN_INTERVAL, EW_PLAN_LOAD, NULL, NULL);
    plan->samples_from_raw = plan_kernel_rundown(&planning, scenario->header_raw, false);
    for (size_t i = 0; i < scenario->root.processes.count; i++) {
        plan_process(&planning, EW_AT(struct ew_synth_process, scenario->root.processes, i));
    }
    for (size_t i = 0; i < scenario->root.losses.records.count; i++) {
        const struct ew_synth_loss *loss =
            EW_AT(struct ew_synth_loss, scenario->root.losses.records, i);
        (void)add(&planning, ew_scenario_raw(scenario, loss->at_ms), EW_PLAN_LOSS, EW_PLAN_LOAD,
                  NULL, loss);
    }
    plan_end(&planning);
    if (planning.status == EW_OK) {
        qsort(plan->entries, plan->count, sizeof plan->entries[0], compare_entries);
    }
    return planning.status;
}

void ew_plan_free(struct ew_plan *plan)
{
    free(plan->entries);
    memset(plan, 0, sizeof *plan);
}

static enum ew_life_opcode life_opcode(const struct ew_plan_entry *entry)
{
    static const uint8_t opcodes[] = {EW_LIFE_START, EW_LIFE_END, EW_LIFE_DC_START,
                                      EW_LIFE_DC_END};
    return (enum ew_life_opcode)opcodes[entry->phase];
}

static enum ew_clr_phase clr_phase(const struct ew_plan_entry *entry)
{
    static const uint8_t phases[] = {EW_CLR_LOAD, EW_CLR_UNLOAD, EW_CLR_DC_END, EW_CLR_DC_END};
    return (enum ew_clr_phase)phases[entry->phase];
}

static void emit_clr(const struct ew_plan_entry *entry, struct ew_emitter *emitter)
{
    enum ew_clr_phase phase = clr_phase(entry);
    switch ((enum ew_plan_kind)entry->kind) {
    case EW_PLAN_CLR_RUNTIME:
        ew_emit_clr_runtime(emitter, entry->raw, entry->process, phase);
        break;
    case EW_PLAN_CLR_DOMAIN:
        ew_emit_clr_domain(emitter, entry->raw, entry->process, phase);
        break;
    case EW_PLAN_CLR_ASSEMBLY:
        ew_emit_clr_assembly(emitter, entry->raw, entry->process, entry->thing, phase);
        break;
    case EW_PLAN_CLR_MODULE:
        ew_emit_clr_module(emitter, entry->raw, entry->process, entry->thing, phase);
        break;
    case EW_PLAN_CLR_METHOD:
        ew_emit_clr_method(emitter, entry->raw, entry->process, entry->thing, entry->part, phase);
        break;
    default:
        ew_emit_clr_rundown(emitter, entry->raw, entry->process,
                            entry->kind == EW_PLAN_CLR_RUNDOWN_COMPLETE);
        break;
    }
}

void ew_plan_emit(const struct ew_scenario *scenario, const struct ew_plan_entry *entry,
                  struct ew_emitter *emitter)
{
    switch ((enum ew_plan_kind)entry->kind) {
    case EW_PLAN_INTERVAL:
        ew_emit_interval(emitter, entry->raw, scenario->root.interval_us,
                         entry->phase == EW_PLAN_LOAD);
        break;
    case EW_PLAN_PROCESS:
        ew_emit_process(emitter, entry->raw, entry->process, life_opcode(entry));
        break;
    case EW_PLAN_THREAD:
        ew_emit_thread(emitter, entry->raw, entry->process, entry->thing, life_opcode(entry));
        break;
    case EW_PLAN_IMAGE:
        ew_emit_image(emitter, entry->raw, entry->process, entry->thing, life_opcode(entry));
        break;
    case EW_PLAN_TRACE_LOGGING:
        ew_emit_trace_logging(emitter, entry->raw, entry->process, entry->thing, entry->number);
        break;
    case EW_PLAN_LOSS:
        ew_emit_loss(emitter, entry->raw, entry->thing);
        break;
    case EW_PLAN_STACK_KEYS:
        break;
    default:
        emit_clr(entry, emitter);
        break;
    }
}
