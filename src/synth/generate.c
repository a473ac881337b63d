/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes the recording: samples in order of time, between them the planned events and
 * the halves of stacks that are on their way. Everything is put in order of time, so
 * that the stream of each CPU is in order too; nothing but those halves is held.
 */
#include "base/filetime.h"
#include "etwitness/synth.h"
#include "platform/file.h"
#include "synth/answers.h"
#include "synth/emitter.h"
#include "synth/kernel_events.h"
#include "synth/plan.h"
#include "synth/sampler.h"
#include "synth/stack_keys.h"

#include <stdlib.h>
#include <string.h>

enum {
    BUFFER_BYTES = 64 * 1024,
    KERNEL_DELAY_US = 12,
    USER_DELAY_US = 40,
    LATE_MIN_MS = 100,
    LATE_SPREAD_MS = 200,
    PROGRESS_SAMPLES = 4096,
    /* Gap of samples in ticks: one for chance, one for each half, one between. */
    GAP_MIN = 4,
};

/* A half of a stack on its way. */
struct half {
    uint64_t raw;
    uint64_t order; /* of halves with the same time */
    struct ew_stack_target target;
    struct ew_runner *runner;
    uint64_t key;     /* 0: the addresses themselves */
    uint32_t variant; /* of the leaf */
    uint16_t cpu;
    bool user;
};

struct generating {
    struct ew_scenario *scenario;
    const struct ew_synth_options *options;
    struct ew_synth_counts counts;
    struct ew_plan plan;
    size_t plan_at;
    struct ew_sampler sampler;
    struct ew_emitter emitter;
    struct ew_stack_keys keys;
    struct half *halves; /* a heap, the earliest first */
    size_t half_count;
    uint64_t half_serial;
    uint64_t sample_total; /* with idle ones */
    uint64_t idle_total;
    uint64_t gap; /* ticks between samples, at least */
    uint64_t kernel_delay;
    uint64_t user_delay;
};

static bool is_earlier(const struct half *a, const struct half *b)
{
    return a->raw != b->raw ? a->raw < b->raw : a->order < b->order;
}

static void push_half(struct generating *generating, struct half half)
{
    size_t at = generating->half_count++;
    half.order = generating->half_serial++;
    while (at > 0 && is_earlier(&half, &generating->halves[(at - 1) / 2])) {
        generating->halves[at] = generating->halves[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    generating->halves[at] = half;
}

static struct half pop_half(struct generating *generating)
{
    struct half first = generating->halves[0];
    struct half last = generating->halves[--generating->half_count];
    size_t at = 0;
    for (;;) {
        size_t child = at * 2 + 1;
        if (child >= generating->half_count) {
            break;
        }
        if (child + 1 < generating->half_count
            && is_earlier(&generating->halves[child + 1], &generating->halves[child])) {
            child++;
        }
        if (is_earlier(&last, &generating->halves[child])) {
            break;
        }
        generating->halves[at] = generating->halves[child];
        at = child;
    }
    generating->halves[at] = last;
    return first;
}

static void emit_half(struct generating *generating, const struct half *half)
{
    struct ew_emitter *emitter = &generating->emitter;
    struct ew_runner *runner = half->runner;
    const struct ew_synth_stack *stack = runner->stack;
    if (half->key != 0) {
        ew_emit_stack_key(emitter, half->raw, half->cpu, &half->target, half->key, half->user);
        return;
    }
    /* A late half shows the stack as it was when the sample was taken. */
    ew_runner_refresh(runner, half->target.event_raw, half->variant);
    ew_emit_stack(emitter, half->raw, half->cpu, &half->target,
                  half->user ? runner->user : runner->kernel,
                  half->user ? stack->user_frames.count : stack->kernel_frames.count);
}

static void emit_entry(struct generating *generating, const struct ew_plan_entry *entry)
{
    if (entry->kind == EW_PLAN_STACK_KEYS) {
        ew_stack_keys_run_down(&generating->keys, &generating->emitter, entry->raw);
        return;
    }
    ew_plan_emit(generating->scenario, entry, &generating->emitter);
}

/* Puts everything up to `raw`; at the same time planned events come first. */
static void advance(struct generating *generating, uint64_t raw)
{
    for (;;) {
        uint64_t plan_raw = generating->plan_at < generating->plan.count
                                ? generating->plan.entries[generating->plan_at].raw
                                : UINT64_MAX;
        uint64_t half_raw = generating->half_count != 0 ? generating->halves[0].raw : UINT64_MAX;
        if (plan_raw <= half_raw && plan_raw <= raw && plan_raw != UINT64_MAX) {
            emit_entry(generating, &generating->plan.entries[generating->plan_at++]);
        } else if (half_raw < plan_raw && half_raw <= raw) {
            struct half half = pop_half(generating);
            emit_half(generating, &half);
        } else {
            return;
        }
    }
}

static void emit_idle(struct generating *generating, uint64_t raw, uint16_t cpu)
{
    const struct ew_scenario *scenario = generating->scenario;
    uint64_t address =
        scenario->kernel_image_count != 0 ? scenario->kernel_images[0].base + 0x1000 : 0;
    ew_emit_sample(&generating->emitter, raw, cpu, address, 0);
    generating->counts.idle_samples++;
}

/*
 * When the user half of a late sample comes; 0 when this one is not late. A thread is
 * late once a second at most: with many samples it would else be inside calls all the time.
 */
static uint64_t choose_late(struct generating *generating, const struct ew_runner *runner,
                            uint64_t raw, size_t thread)
{
    const struct ew_synth_stack *stack = runner->stack;
    uint64_t before_raw = runner->busy_until_raw[thread];
    uint64_t second = generating->scenario->root.host.clock_frequency;
    if (stack->late_every == 0 || runner->hits % stack->late_every != 0
        || (before_raw != 0 && raw - before_raw < second)
        || generating->half_count + 2 >= EW_SCENARIO_PENDING_MAX / 2) {
        return 0;
    }
    uint64_t millisecond = generating->scenario->root.host.clock_frequency / 1000;
    uint64_t late_raw = raw + LATE_MIN_MS * millisecond
                        + ew_sampler_random(&generating->sampler, LATE_SPREAD_MS * millisecond);
    return late_raw < stack->to_raw ? late_raw : 0;
}

static void push_kernel_half(struct generating *generating, struct half half, uint64_t kernel_raw)
{
    const struct ew_synth_stack *stack = half.runner->stack;
    half.raw = kernel_raw;
    if (stack->keyed) {
        half.key = ew_stack_keys_get(&generating->keys, &generating->emitter,
                                     half.target.event_raw, half.cpu, generating->counts.samples,
                                     half.runner->kernel, stack->kernel_frames.count);
    }
    push_half(generating, half);
}

/* The user half: soon after, or late and then from another CPU, as its thread moved. */
static void push_user_half(struct generating *generating, struct half half, uint64_t user_raw,
                           size_t thread)
{
    const struct ew_synth_stack *stack = half.runner->stack;
    uint64_t late_raw = choose_late(generating, half.runner, half.target.event_raw, thread);
    half.user = true;
    half.raw = late_raw != 0 ? late_raw : user_raw;
    if (late_raw != 0) {
        half.runner->busy_until_raw[thread] = late_raw + 1;
        half.cpu = (uint16_t)((half.cpu + 1U) % generating->scenario->root.host.cpu_count);
        generating->counts.late_halves++;
    } else if (stack->keyed) {
        half.key = ew_stack_keys_get(&generating->keys, &generating->emitter,
                                     half.target.event_raw, half.cpu, generating->counts.samples,
                                     half.runner->user, stack->user_frames.count);
    }
    push_half(generating, half);
}

static void emit_busy(struct generating *generating, struct ew_runner *runner, size_t thread,
                      uint64_t raw, uint16_t cpu)
{
    const struct ew_synth_stack *stack = runner->stack;
    struct ew_sampler *sampler = &generating->sampler;
    uint32_t thread_id =
        (uint32_t)EW_AT(struct ew_synth_thread, stack->process->threads, thread)->id;
    struct half half = {
        .target = {raw, (uint32_t)stack->process->process_id, thread_id},
        .runner = runner,
        .variant = (uint32_t)ew_sampler_random(sampler, stack->leaf_spread),
        .cpu = cpu,
    };
    uint64_t kernel_raw = raw + 1 + ew_sampler_random(sampler, generating->kernel_delay);
    uint64_t user_raw = kernel_raw + 1 + ew_sampler_random(sampler, generating->user_delay);
    bool in_kernel = stack->kernel_frames.count != 0;
    runner->hits++;
    generating->counts.samples++;
    ew_runner_refresh(runner, raw, half.variant);
    ew_emit_sample(&generating->emitter, raw, cpu,
                   in_kernel ? runner->kernel[0] : runner->user[0], thread_id);
    if (in_kernel) {
        push_kernel_half(generating, half, kernel_raw);
    }
    if (stack->user_frames.count != 0) {
        push_user_half(generating, half, in_kernel ? user_raw : kernel_raw, thread);
    }
}

/* True when sample `index` is one of those that are idle by plan: evenly spread. */
static bool is_idle_by_plan(const struct generating *generating, uint64_t index)
{
    uint64_t idle = generating->idle_total;
    uint64_t total = generating->sample_total;
    return (index + 1) * idle / total > index * idle / total;
}

static void make_samples(struct generating *generating)
{
    const struct ew_scenario *scenario = generating->scenario;
    uint64_t from_raw = generating->plan.samples_from_raw;
    uint64_t span = scenario->end_raw - from_raw;
    uint64_t total = generating->sample_total;
    for (uint64_t i = 0; i < total && generating->emitter.status == EW_OK; i++) {
        uint64_t chance = ew_sampler_random(&generating->sampler, generating->gap / GAP_MIN);
        uint64_t raw = from_raw + i * generating->gap + i * (span % total) / total + chance;
        uint16_t cpu = (uint16_t)(i % scenario->root.host.cpu_count);
        size_t thread = 0;
        advance(generating, raw);
        struct ew_runner *runner = is_idle_by_plan(generating, i)
                                       ? NULL
                                       : ew_sampler_choose(&generating->sampler, raw, &thread);
        if (runner == NULL) {
            emit_idle(generating, raw, cpu);
        } else {
            emit_busy(generating, runner, thread, raw, cpu);
        }
        if (generating->options->progress != NULL && i % PROGRESS_SAMPLES == 0) {
            generating->options->progress(generating->options->context, i, total);
        }
    }
}

static uint64_t at_most(uint64_t value, uint64_t max)
{
    return value < max ? value : max;
}

/* How many samples there are, how far apart, and how soon their stacks come. */
static enum ew_status plan_samples(struct generating *generating, struct ew_error *error)
{
    const struct ew_synth_scenario *root = &generating->scenario->root;
    const struct ew_synth_options *options = generating->options;
    uint64_t busy = options->has_sample_count ? options->sample_count : root->sample_count;
    uint64_t idle = root->idle_count;
    if (options->has_sample_count && root->sample_count != 0) {
        idle = root->idle_count * busy / root->sample_count;
    }
    if (busy > EW_SCENARIO_SAMPLES_MAX || idle > EW_SCENARIO_SAMPLES_MAX - busy) {
        return ew_fail(error, EW_LIMIT, "%s: more than %d samples", generating->scenario->name,
                       EW_SCENARIO_SAMPLES_MAX);
    }
    uint64_t total = busy + idle;
    uint64_t from_raw = generating->plan.samples_from_raw;
    uint64_t span =
        from_raw < generating->scenario->end_raw ? generating->scenario->end_raw - from_raw : 0;
    uint64_t gap = total != 0 ? span / total : GAP_MIN;
    if (gap < GAP_MIN) {
        return ew_fail(error, EW_FORMAT,
                       "%s: %llu samples are more than its clock can tell apart in its duration",
                       generating->scenario->name, (unsigned long long)total);
    }
    uint64_t microsecond = root->host.clock_frequency / 1000000;
    generating->sample_total = total;
    generating->idle_total = idle;
    generating->gap = gap;
    generating->kernel_delay = at_most(KERNEL_DELAY_US * microsecond, gap / GAP_MIN);
    generating->user_delay = at_most(USER_DELAY_US * microsecond, gap / GAP_MIN);
    if (busy != 0 && generating->sampler.runner_count == 0) {
        return ew_fail(error, EW_FORMAT, "%s: samples are asked for, but it has no stacks",
                       generating->scenario->name);
    }
    return EW_OK;
}

static enum ew_status open_writer(struct generating *generating, struct ew_error *error)
{
    const struct ew_scenario *scenario = generating->scenario;
    const struct ew_synth_host *host = &scenario->root.host;
    const struct ew_etl_writer_options options = {
        .buffer_bytes = BUFFER_BYTES,
        .cpu_count = (uint32_t)host->cpu_count,
        .compressed = generating->options->compressed,
    };
    const struct ew_etl_header header = {
        .boot_time = host->boot_time,
        .start_time = host->start_time,
        .end_time = host->start_time + scenario->root.duration_ms * (EW_FILETIME_SECOND / 1000),
        .clock_frequency = host->clock_frequency,
        .header_time_raw = scenario->header_raw,
        .events_lost = (uint32_t)scenario->root.losses.events_lost,
        .buffers_lost = (uint32_t)scenario->root.losses.buffers_lost,
        .os_build = (uint32_t)host->os_build,
        .os_major = (uint8_t)host->os_major,
        .os_minor = (uint8_t)host->os_minor,
        .pointer_bytes = (uint8_t)host->pointer_bytes,
        .clock = EW_CLOCK_QPC,
        .logger_name = scenario->root.logger_name,
        .log_file_name = scenario->name,
    };
    generating->emitter.error = error;
    generating->emitter.pointer_bytes = (uint8_t)host->pointer_bytes;
    return ew_etl_writer_open(generating->options->path, &options, &header,
                              &generating->emitter.writer, error);
}

/* The header event is the writer's; it counts as an event like any other. */
static void count_header(struct ew_emitter *emitter)
{
    emitter->kinds[0] = (struct ew_kind_count){.kind = EW_EVENT_KERNEL, .count = 1, .version = 2};
    emitter->kind_count = 1;
    emitter->event_count = 1;
}

static enum ew_status write_recording(struct generating *generating, struct ew_error *error)
{
    enum ew_status status = open_writer(generating, error);
    if (status != EW_OK) {
        return status;
    }
    count_header(&generating->emitter);
    make_samples(generating);
    advance(generating, UINT64_MAX);
    status = generating->emitter.status;
    enum ew_status closed =
        ew_etl_writer_close(generating->emitter.writer, status == EW_OK ? error : NULL);
    generating->counts.events = generating->emitter.event_count;
    return status != EW_OK ? status : closed;
}

static enum ew_status generate(struct generating *generating, struct ew_error *error)
{
    enum ew_status status = ew_plan_make(generating->scenario, &generating->plan, error);
    if (status == EW_OK) {
        status = ew_sampler_create(generating->scenario, &generating->sampler, error);
    }
    if (status == EW_OK) {
        status = plan_samples(generating, error);
    }
    if (status != EW_OK) {
        return status;
    }
    status = write_recording(generating, error);
    if (status == EW_OK && generating->options->answers_path != NULL) {
        status = ew_answers_write(generating->options->answers_path, &generating->sampler,
                                  &generating->emitter, &generating->counts, error);
    }
    if (status != EW_OK && ew_file_remove(generating->options->path, NULL) != EW_OK) {
        return status; /* the first failure is the one to tell */
    }
    return status;
}

enum ew_status ew_synth_write(struct ew_scenario *scenario,
                              const struct ew_synth_options *options,
                              struct ew_synth_counts *counts_out, struct ew_error *error)
{
    struct generating *generating = calloc(1, sizeof *generating);
    struct half *halves = malloc(EW_SCENARIO_PENDING_MAX * sizeof *halves);
    if (generating == NULL || halves == NULL) {
        free(generating);
        free(halves);
        return ew_fail(error, EW_NO_MEMORY, "%s: no memory to make the recording", options->path);
    }
    generating->scenario = scenario;
    generating->options = options;
    generating->halves = halves;
    enum ew_status status = generate(generating, error);
    if (status == EW_OK) {
        *counts_out = generating->counts;
    }
    ew_sampler_free(&generating->sampler);
    ew_plan_free(&generating->plan);
    free(halves);
    free(generating);
    return status;
}
