/* SPDX-License-Identifier: Apache-2.0 */
/* Windows by event time, and the documents they become. */
#include "etwitness/version.h"
#include "pipeline/internal.h"

#include "base/filetime.h"

#include <stdio.h>
#include <string.h>

/* A window is closed when no stack of it can be waiting any more. */
static const uint64_t grace_100ns = EW_STACK_WAIT_100NS + EW_FILETIME_SECOND;

static uint64_t window_100ns(const struct replay *replay)
{
    return replay->options->window_seconds * EW_FILETIME_SECOND;
}

/* --- documents ------------------------------------------------------------------- */

static void fill_host(const struct replay *replay, struct ew_evidence *evidence)
{
    const struct ew_recording_file *file = ew_recording_file(replay->recording, 0);
    bool is_32bit = ew_model_kernel_is_32bit(replay->model) || !replay->saw_64bit;
    evidence->boot_id = file->boot_time;
    evidence->host_id = "recording";
    evidence->os_build = replay->os_build;
    evidence->arch = is_32bit ? "x86" : "amd64";
    evidence->subject_kind = evidence->container != NULL ? "application" : "host";
    evidence->subject_name = evidence->container != NULL ? evidence->container : "recording";
}

/*
 * What the recording lost is told in every window: a file's header has one number for all
 * of it, and no window can claim that the loss was another's.
 */
static void fill_losses(const struct replay *replay, struct ew_evidence *evidence)
{
    struct ew_model_counts counts = ew_model_counts(replay->model);
    const struct ew_decode_counts *decode = &replay->result->decode;
    struct ew_evidence_quality *quality = &evidence->quality;
    quality->events_lost = replay->result->events_lost;
    quality->buffers_lost = replay->result->buffers_lost;
    quality->lost_event_records = counts.lost_events + counts.lost_buffers;
    quality->damaged_buffers = ew_recording_damage(replay->recording)->buffers;
    quality->stacks_orphan = counts.orphans + counts.clr_stacks_orphan;
    quality->stacks_key_undefined = counts.keys_undefined;
    quality->stacks_late = replay->result->late;
    quality->stacks_missing = counts.samples_busy - counts.samples_with_stack;
    quality->stacks_no_process = counts.no_process;
    for (int kind = 0; kind < EW_FACT_KIND_COUNT; kind++) {
        quality->decode_refused += decode->refused[kind];
    }
    quality->dropped += counts.fragments_refused + counts.processes_refused
                        + counts.threads_evicted + counts.images_refused + counts.modules_refused
                        + counts.methods_refused + counts.names_refused + counts.keys_refused
                        + counts.sources_refused + counts.pending_evicted;
    quality->throttled = quality->dropped != 0;
}

static enum ew_status publish(struct replay *replay, struct ew_evidence *evidence,
                              struct stream *stream, struct ew_error *error)
{
    struct ew_published published = {0};
    if (replay->publisher == NULL) {
        return EW_OK;
    }
    enum ew_status status = ew_publisher_put(replay->publisher, evidence, &published, error);
    if (status != EW_OK) {
        return status;
    }
    memcpy(stream->previous, published.sha256, sizeof stream->previous);
    replay->result->documents_existed += published.existed;
    if (replay->options->on_document != NULL) {
        replay->options->on_document(replay->options->context, evidence, &published);
    }
    return EW_OK;
}

struct closing {
    struct replay *replay;
    const struct open_window *window;
};

static enum ew_status emit(void *context, struct ew_evidence *evidence, struct ew_error *error)
{
    struct closing *closing = context;
    struct replay *replay = closing->replay;
    struct stream *stream = streams_get(&replay->streams, evidence->container);
    if (stream == NULL) {
        return ew_fail(error, EW_LIMIT, "more than %d containers in one recording",
                       EW_STREAMS_MAX - 1);
    }
    evidence->producer_version = EW_VERSION;
    evidence->config_digest = replay->config_digest;
    memcpy(evidence->stream_id, stream->id, sizeof evidence->stream_id);
    memcpy(evidence->previous, stream->previous, sizeof evidence->previous);
    evidence->sequence = ++stream->sequence;
    evidence->sealed = true;
    evidence->reason = closing->window->reason;
    fill_host(replay, evidence);
    fill_losses(replay, evidence);
    replay->result->documents++;
    if (replay->publisher == NULL && replay->options->on_document != NULL) {
        replay->options->on_document(replay->options->context, evidence, NULL);
    }
    return publish(replay, evidence, stream, error);
}

/* --- windows ------------------------------------------------------------------------ */

static void open_at(struct replay *replay, uint64_t start, uint64_t end)
{
    replay->current.span.number = replay->next_window++;
    replay->current.span.start_100ns = start;
    replay->current.span.end_100ns = end;
    replay->current.reason = EW_WINDOW_INTERVAL;
    replay->current.used = true;
}

static void close_window(struct replay *replay, struct open_window *window)
{
    struct closing closing = {replay, window};
    if (!window->used || replay->status != EW_OK) {
        return;
    }
    ew_model_flush(replay->model, window->span.end_100ns);
    replay->status =
        ew_aggregate_close(replay->aggregate, &window->span, emit, &closing, replay->error);
    window->used = false;
}

/* After a window is closed nothing needs what ended before it did. The fold has emptied
 * the aggregate of fragments, so these can go too. */
static void forget_before(struct replay *replay, uint64_t time_100ns)
{
    processes_note(replay, time_100ns);
    ew_model_prune(replay->model, time_100ns);
    if (replay->status == EW_OK) {
        replay->status = ew_model_forget_fragments(replay->model);
    }
}

static void close_previous(struct replay *replay)
{
    if (replay->previous.used) {
        close_window(replay, &replay->previous);
        forget_before(replay, replay->previous.span.end_100ns);
    }
}

/* The start of the window of the grid that holds a time. */
static uint64_t grid_start(const struct replay *replay, uint64_t time_100ns)
{
    uint64_t origin = replay->result->first_100ns;
    uint64_t length = window_100ns(replay);
    return time_100ns < origin ? origin : origin + (time_100ns - origin) / length * length;
}

void windows_advance(struct replay *replay, uint64_t time_100ns)
{
    if (!replay->current.used) {
        uint64_t length = window_100ns(replay);
        open_at(replay, replay->result->first_100ns,
                length == 0 ? UINT64_MAX : replay->result->first_100ns + length);
    }
    if (replay->previous.used && time_100ns >= replay->previous.span.end_100ns + grace_100ns) {
        close_previous(replay);
    }
    if (time_100ns < replay->current.span.end_100ns) {
        return;
    }
    close_previous(replay);
    replay->previous = replay->current;
    uint64_t start = grid_start(replay, time_100ns);
    /* After an early cut the rest of that window's time is one of its own. */
    start = start < replay->current.span.end_100ns ? replay->current.span.end_100ns : start;
    open_at(replay, start, grid_start(replay, time_100ns) + window_100ns(replay));
}

void windows_cut(struct replay *replay, uint64_t time_100ns)
{
    if (window_100ns(replay) == 0 || replay->previous.used
        || time_100ns <= replay->current.span.start_100ns) {
        return;
    }
    uint64_t end = replay->current.span.end_100ns;
    replay->current.span.end_100ns = time_100ns;
    replay->current.reason = EW_WINDOW_SIZE;
    replay->previous = replay->current;
    open_at(replay, time_100ns, end);
}

void windows_take_stack(void *context, const struct ew_stack *stack)
{
    struct replay *replay = context;
    bool before = replay->previous.used && stack->time_100ns < replay->previous.span.end_100ns;
    const struct open_window *window = before ? &replay->previous : &replay->current;
    if (stack->time_100ns < window->span.start_100ns) {
        replay->result->late += stack->weight;
        return;
    }
    ew_aggregate_add(replay->aggregate, window->span.number, stack);
}

void windows_finish(struct replay *replay)
{
    ew_model_flush(replay->model, UINT64_MAX);
    close_previous(replay);
    if (!replay->current.used) {
        open_at(replay, replay->result->first_100ns, replay->result->first_100ns + 1);
    }
    replay->current.span.end_100ns = replay->result->last_100ns + 1;
    replay->current.reason = EW_WINDOW_SHUTDOWN;
    close_window(replay, &replay->current);
    for (uint32_t i = 0;
         replay->publisher != NULL && replay->status == EW_OK && i < replay->streams.count; i++) {
        replay->status =
            ew_publisher_finish(replay->publisher, replay->streams.items[i].id, replay->error);
    }
}
