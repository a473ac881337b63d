/* SPDX-License-Identifier: Apache-2.0 */
/* Which stack runs, and what its addresses are at the time. */
#include "synth/sampler.h"

#include "etwitness/limits.h"

#include <string.h>

enum { TRIES = 8, LEAF_STEP = 4 };

/* splitmix64 (Steele, Lea, Flood 2014): one addition, two multiplications. */
uint64_t ew_sampler_random(struct ew_sampler *sampler, uint64_t below)
{
    sampler->random_state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t value = sampler->random_state;
    value = (value ^ value >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ value >> 27) * UINT64_C(0x94d049bb133111eb);
    return (value ^ value >> 31) % below;
}

static size_t count_stacks(const struct ew_scenario *scenario)
{
    size_t count = 0;
    for (size_t i = 0; i < scenario->root.processes.count; i++) {
        count += EW_AT(struct ew_synth_process, scenario->root.processes, i)->stacks.count;
    }
    return count;
}

/* Room for `count` numbers, zeroed; one at least, so that NULL means no memory. */
static uint64_t *take_numbers(struct ew_sampler *sampler, size_t count)
{
    uint64_t *numbers = ew_arena_take(&sampler->arena, (count + 1) * sizeof *numbers);
    if (numbers != NULL) {
        memset(numbers, 0, (count + 1) * sizeof *numbers);
    }
    return numbers;
}

static bool add_process(struct ew_sampler *sampler, const struct ew_synth_process *process)
{
    uint64_t *busy = take_numbers(sampler, process->threads.count);
    if (busy == NULL) {
        return false;
    }
    for (size_t i = 0; i < process->stacks.count; i++) {
        const struct ew_synth_stack *stack = EW_AT(struct ew_synth_stack, process->stacks, i);
        struct ew_runner *runner = &sampler->runners[sampler->runner_count++];
        *runner = (struct ew_runner){.stack = stack, .busy_until_raw = busy};
        runner->user = take_numbers(sampler, stack->user_frames.count);
        runner->kernel = take_numbers(sampler, stack->kernel_frames.count);
        if (runner->user == NULL || runner->kernel == NULL) {
            return false;
        }
    }
    return true;
}

enum ew_status ew_sampler_create(const struct ew_scenario *scenario, struct ew_sampler *sampler,
                                 struct ew_error *error)
{
    size_t count = count_stacks(scenario);
    memset(sampler, 0, sizeof *sampler);
    sampler->scenario = scenario;
    sampler->arena.bytes_max = EW_SCENARIO_MEMORY_MAX;
    sampler->random_state = scenario->root.seed;
    sampler->runners = ew_arena_take(&sampler->arena, (count + 1) * sizeof *sampler->runners);
    sampler->active = ew_arena_take(&sampler->arena, (count + 1) * sizeof *sampler->active);
    sampler->weights = take_numbers(sampler, count);
    bool good = sampler->runners != NULL && sampler->active != NULL && sampler->weights != NULL;
    for (size_t i = 0; good && i < scenario->root.processes.count; i++) {
        good = add_process(sampler, EW_AT(struct ew_synth_process, scenario->root.processes, i));
    }
    if (!good) {
        ew_sampler_free(sampler);
        return ew_fail(error, EW_NO_MEMORY, "%s: no memory for its stacks", scenario->name);
    }
    return EW_OK;
}

void ew_sampler_free(struct ew_sampler *sampler)
{
    ew_arena_clear(&sampler->arena);
}

/* Works out who can run at `raw`, and until when that holds. */
static void update_active(struct ew_sampler *sampler, uint64_t raw)
{
    uint64_t weight = 0;
    sampler->active_count = 0;
    sampler->change_raw = UINT64_MAX;
    for (size_t i = 0; i < sampler->runner_count; i++) {
        const struct ew_synth_stack *stack = sampler->runners[i].stack;
        uint64_t change_raw = raw < stack->from_raw ? stack->from_raw : stack->to_raw;
        if (raw < stack->to_raw && change_raw < sampler->change_raw) {
            sampler->change_raw = change_raw;
        }
        if (raw >= stack->from_raw && raw < stack->to_raw && stack->weight != 0) {
            weight += stack->weight;
            sampler->active[sampler->active_count] = (uint32_t)i;
            sampler->weights[sampler->active_count] = weight;
            sampler->active_count++;
        }
    }
}

/* The first active one whose summed weight is above `at`. */
static struct ew_runner *find_by_weight(struct ew_sampler *sampler, uint64_t at)
{
    size_t low = 0;
    size_t high = sampler->active_count - 1;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (sampler->weights[middle] > at) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return &sampler->runners[sampler->active[low]];
}

/* A thread of the stack that is free at `raw`. */
static bool find_thread(struct ew_sampler *sampler, const struct ew_runner *runner, uint64_t raw,
                        size_t *thread_out)
{
    size_t count = runner->stack->thread_ids.count;
    size_t first = (size_t)ew_sampler_random(sampler, count);
    for (size_t i = 0; i < count; i++) {
        size_t thread = runner->stack->threads[(first + i) % count];
        if (runner->busy_until_raw[thread] <= raw) {
            *thread_out = thread;
            return true;
        }
    }
    return false;
}

struct ew_runner *ew_sampler_choose(struct ew_sampler *sampler, uint64_t raw, size_t *thread_out)
{
    if (raw >= sampler->change_raw) {
        update_active(sampler, raw);
    }
    if (sampler->active_count == 0) {
        return NULL;
    }
    uint64_t total = sampler->weights[sampler->active_count - 1];
    for (int i = 0; i < TRIES; i++) {
        struct ew_runner *runner = find_by_weight(sampler, ew_sampler_random(sampler, total));
        if (find_thread(sampler, runner, raw, thread_out)) {
            return runner;
        }
    }
    for (size_t i = 0; i < sampler->active_count; i++) {
        struct ew_runner *runner = &sampler->runners[sampler->active[i]];
        if (find_thread(sampler, runner, raw, thread_out)) {
            return runner;
        }
    }
    return NULL;
}

/* The body that runs at `raw`: the newest, as the runtime has it after re-jitting. */
static const struct ew_synth_body *find_body(const struct ew_synth_method *method, uint64_t raw,
                                             struct ew_runner *runner)
{
    const struct ew_synth_body *body = EW_AT(struct ew_synth_body, method->bodies, 0);
    for (size_t i = 1; i < method->bodies.count; i++) {
        const struct ew_synth_body *next = EW_AT(struct ew_synth_body, method->bodies, i);
        if (next->from_raw > raw) {
            runner->valid_to_raw =
                next->from_raw < runner->valid_to_raw ? next->from_raw : runner->valid_to_raw;
            break;
        }
        body = next;
    }
    return body;
}

static uint64_t address_of(const struct ew_synth_frame *frame, uint64_t raw, uint64_t extra,
                           struct ew_runner *runner)
{
    if (frame->image != NULL) {
        return frame->image->base + frame->offset;
    }
    const struct ew_synth_body *body = find_body(frame->method, raw, runner);
    /* Never the first byte: a return address is looked up one byte before it. */
    return body->address + 1 + (frame->offset + extra) % (body->size - 1);
}

void ew_runner_refresh(struct ew_runner *runner, uint64_t raw, uint64_t variant)
{
    const struct ew_synth_stack *stack = runner->stack;
    bool user_leaf = stack->user_frames.count != 0;
    if (raw < runner->valid_from_raw || raw >= runner->valid_to_raw) {
        runner->valid_from_raw = raw;
        runner->valid_to_raw = UINT64_MAX;
        for (size_t i = 0; i < stack->user_frames.count; i++) {
            runner->user[i] = address_of(&stack->user[i], raw, 0, runner);
        }
        for (size_t i = 0; i < stack->kernel_frames.count; i++) {
            runner->kernel[i] = address_of(&stack->kernel[i], raw, 0, runner);
        }
    }
    if (stack->leaf_spread > 1 && user_leaf && stack->user[0].image == NULL) {
        runner->user[0] = address_of(&stack->user[0], raw, variant * LEAF_STEP, runner);
    }
}
