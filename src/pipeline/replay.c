/* SPDX-License-Identifier: Apache-2.0 */
/* A recording through all stages: surveyed once, then in time order, on one thread. */
#include "base/filetime.h"
#include "base/text.h"
#include "pipeline/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Between two looks at progress and at how full the tables are. */
enum { CHECK_EVENTS = 256 };

bool replay_wants(void *context, const struct ew_process *process)
{
    const struct replay *replay = context;
    return filters_want(&replay->options->filters, process);
}

/* --- documents ---------------------------------------------------------------------- */

static void fill_host(const struct replay *replay, struct ew_evidence *evidence)
{
    const struct ew_recording_file *file = ew_recording_file(replay->recording, 0);
    bool is_32bit = ew_model_kernel_is_32bit(replay->model) || !replay->saw_64bit;
    evidence->boot_id = file->boot_time;
    evidence->host_id = "recording";
    evidence->os_build = replay->os_build;
    evidence->arch = is_32bit ? "x86" : "amd64";
}

/*
 * What the recording lost is told in every window: a file's header has one number for all
 * of it, and no window can claim that the loss was another's.
 */
static void fill_losses(const struct replay *replay, struct ew_evidence *evidence)
{
    static const struct ew_evidence_quality none;
    struct ew_model_counts counts = ew_model_counts(replay->model);
    struct ew_evidence_quality sums;
    losses_of(&counts, &replay->result->decode, &sums);
    sums.events_lost = replay->result->events_lost;
    sums.buffers_lost = replay->result->buffers_lost;
    sums.damaged_buffers = ew_recording_damage(replay->recording)->buffers;
    sums.stacks_late = replay->windows.late;
    losses_put(&none, &sums, &evidence->quality);
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

static enum ew_status take_document(void *context, struct ew_evidence *evidence,
                                    struct ew_error *error)
{
    struct replay *replay = context;
    struct stream *stream = streams_get(&replay->streams, evidence->container);
    if (stream == NULL) {
        return ew_fail(error, EW_LIMIT, "more than %d containers in one recording",
                       EW_STREAMS_MAX - 1);
    }
    evidence->config_digest = replay->config_digest;
    stream_next(stream, evidence);
    fill_host(replay, evidence);
    fill_losses(replay, evidence);
    replay->result->documents++;
    if (replay->publisher == NULL && replay->options->on_document != NULL) {
        replay->options->on_document(replay->options->context, evidence, NULL);
    }
    return publish(replay, evidence, stream, error);
}

/* Every stream of the recording has come to its end. */
static enum ew_status documents_finish(struct replay *replay)
{
    enum ew_status status = EW_OK;
    for (uint32_t i = 0;
         replay->publisher != NULL && status == EW_OK && i < replay->streams.count; i++) {
        status =
            ew_publisher_finish(replay->publisher, replay->streams.items[i].id, replay->error);
    }
    return status;
}

/* --- passes ---------------------------------------------------------------------------- */

static void show_progress(struct replay *replay)
{
    if (replay->options->on_progress != NULL) {
        struct ew_recording_counts counts = ew_recording_counts(replay->recording);
        replay->options->on_progress(replay->options->context,
                                     replay->bytes_before + counts.bytes_read,
                                     counts.bytes_total * 2);
    }
}

static enum ew_status open_recording(struct replay *replay, enum ew_order order)
{
    return ew_recording_open(replay->options->paths, replay->options->path_count, order,
                             &replay->recording, replay->error);
}

/* What is lost in this pass is counted in the next one, which reads the same bytes. */
static enum ew_status survey(struct replay *replay)
{
    struct ew_event event;
    struct ew_fact fact;
    enum ew_status status;
    uint64_t events = 0;
    while ((status = ew_recording_next(replay->recording, &event, replay->error)) == EW_OK) {
        /* Windows begin with the session, or with an event from before it. */
        if (event.time_100ns < replay->result->first_100ns) {
            replay->result->first_100ns = event.time_100ns;
        }
        if (ew_model_survey_wants(&event)) {
            bool known = ew_decode(&event, &fact) == EW_OK;
            ew_model_survey(replay->model, &event, known ? &fact : NULL);
        }
        if (++events % (CHECK_EVENTS * 64) == 0) {
            show_progress(replay);
        }
    }
    replay->bytes_before = ew_recording_counts(replay->recording).bytes_read;
    ew_model_survey_end(replay->model);
    return status == EW_END ? EW_OK : status;
}

static void take_event(struct replay *replay, const struct ew_event *event)
{
    struct ew_replay_result *result = replay->result;
    struct ew_fact fact;
    bool known = ew_decode_counted(event, &result->decode, &fact) == EW_OK;
    replay->saw_64bit |= event->pointer_bytes == 8;
    if (result->events == 0 && event->time_100ns < result->first_100ns) {
        result->first_100ns = event->time_100ns; /* as the survey finds it */
    }
    windows_advance(&replay->windows, event->time_100ns);
    ew_model_apply(replay->model, event, known ? &fact : NULL);
    if (++result->events % CHECK_EVENTS == 0) {
        windows_check_tables(&replay->windows, replay->fragments, event->time_100ns);
        if (result->events % (CHECK_EVENTS * 64) == 0) {
            show_progress(replay);
        }
    }
}

static enum ew_status run_in_time(struct replay *replay)
{
    struct ew_event event;
    enum ew_status status = EW_OK;
    replay->windows.origin_100ns = replay->result->first_100ns;
    replay->windows.last_100ns = replay->result->first_100ns;
    while (replay->windows.status == EW_OK
           && (status = ew_recording_next(replay->recording, &event, replay->error)) == EW_OK) {
        /* A hostile clock may claim a time that has no text form. */
        event.time_100ns =
            event.time_100ns < EW_FILETIME_MAX ? event.time_100ns : EW_FILETIME_MAX - 1;
        take_event(replay, &event);
    }
    if (replay->windows.status != EW_OK) {
        return replay->windows.status;
    }
    if (status != EW_END) {
        return status;
    }
    windows_finish(&replay->windows);
    return replay->windows.status == EW_OK ? documents_finish(replay) : replay->windows.status;
}

/* --- set-up -------------------------------------------------------------------------------- */

static void learn_header(struct replay *replay)
{
    struct ew_replay_result *result = replay->result;
    const struct ew_recording_file *first = ew_recording_file(replay->recording, 0);
    result->first_100ns = first->start_time;
    for (size_t i = 0; i < ew_recording_file_count(replay->recording); i++) {
        const struct ew_recording_file *file = ew_recording_file(replay->recording, i);
        result->events_lost += file->events_lost;
        result->buffers_lost += file->buffers_lost;
        if (file->start_time < result->first_100ns) {
            result->first_100ns = file->start_time;
        }
    }
    (void)snprintf(replay->os_build, sizeof replay->os_build, "%u.%u.%u", first->os_major,
                   first->os_minor, (unsigned)first->os_build);
}

static uint64_t last_end(const struct ew_recording *recording)
{
    uint64_t end = 0;
    for (size_t i = 0; i < ew_recording_file_count(recording); i++) {
        const struct ew_recording_file *file = ew_recording_file(recording, i);
        end = file->end_time > end ? file->end_time : end;
        end = file->start_time > end ? file->start_time : end;
    }
    return end;
}

static enum ew_status open_publisher(struct replay *replay)
{
    struct ew_publisher_options options = {.directory = replay->options->directory,
                                           .heartbeat_100ns = last_end(replay->recording)};
    return replay->options->directory == NULL
               ? EW_OK
               : ew_publisher_open(&options, &replay->publisher, replay->error);
}

static void window_forgotten(void *context, uint64_t time_100ns)
{
    struct replay *replay = context;
    processes_note(replay, time_100ns);
    replay_forget_symbols(replay);
}

static enum ew_status make_stages(struct replay *replay)
{
    enum ew_status status = ew_fragments_create(&replay->fragments);
    if (status == EW_OK) {
        struct ew_model_options options = {.on_stack = windows_take_stack,
                                           .context = &replay->windows,
                                           .fragments = replay->fragments,
                                           .start_100ns = replay->result->first_100ns};
        status = ew_model_create(&options, &replay->model);
    }
    if (status == EW_OK) {
        struct ew_aggregate_options options = {.model = replay->model,
                                               .fragments = replay->fragments,
                                               .filter = replay_wants,
                                               .filter_context = replay,
                                               .symbols = replay->symbols,
                                               .fold_context = replay,
                                               .process_totals = true};
        options.before_fold = replay->symbols != NULL ? replay_learn_symbols : NULL;
        status = ew_aggregate_create(&options, &replay->aggregate);
    }
    if (status == EW_OK) {
        status = identity_of_replay(replay->options, replay->recording, replay->streams.root,
                                    replay->config_digest);
    }
    if (status != EW_OK) {
        return ew_fail(replay->error, status, "no memory for the tables of a replay");
    }
    replay->windows.model = replay->model;
    replay->windows.aggregate = replay->aggregate;
    replay->windows.error = replay->error;
    replay->windows.length_100ns = replay->options->window_seconds * EW_FILETIME_SECOND;
    replay->windows.owner.context = replay;
    replay->windows.owner.on_document = take_document;
    replay->windows.owner.on_forget = window_forgotten;
    return open_publisher(replay);
}

static enum ew_status run_passes(struct replay *replay)
{
    enum ew_status status = open_recording(replay, EW_ORDER_FILE);
    if (status != EW_OK) {
        return status;
    }
    learn_header(replay);
    status = replay_open_symbols(replay);
    if (status == EW_OK) {
        status = make_stages(replay);
    }
    if (status == EW_OK && !replay->options->single_pass) {
        status = survey(replay);
    }
    ew_recording_close(replay->recording);
    replay->recording = NULL;
    if (status == EW_OK) {
        status = open_recording(replay, EW_ORDER_TIME);
    }
    return status == EW_OK ? run_in_time(replay) : status;
}

static void take_counts(struct replay *replay)
{
    struct ew_replay_result *result = replay->result;
    result->last_100ns = replay->windows.last_100ns;
    result->late = replay->windows.late;
    if (replay->model != NULL && replay->aggregate != NULL) {
        processes_finish(replay);
        result->model = ew_model_counts(replay->model);
        result->aggregate = ew_aggregate_counts(replay->aggregate);
    }
    if (replay->symbols != NULL) {
        result->symbols = ew_symbols_counts(replay->symbols);
    }
    if (replay->recording != NULL) {
        result->recording = ew_recording_counts(replay->recording);
        result->damage = *ew_recording_damage(replay->recording);
    }
}

enum ew_status ew_replay_run(const struct ew_replay_options *options,
                             struct ew_replay_result *result_out, struct ew_error *error)
{
    struct replay replay = {.options = options, .result = result_out, .error = error};
    memset(result_out, 0, sizeof *result_out);
    enum ew_status status = run_passes(&replay);
    take_counts(&replay);
    ew_publisher_close(replay.publisher);
    streams_free(&replay.streams);
    ew_aggregate_destroy(replay.aggregate);
    ew_symbols_destroy(replay.symbols);
    ew_model_destroy(replay.model);
    ew_fragments_destroy(replay.fragments);
    ew_recording_close(replay.recording);
    return status;
}

void ew_replay_result_free(struct ew_replay_result *result)
{
    free(result->processes);
    result->processes = NULL;
    result->process_count = 0;
}

bool ew_replay_is_incomplete(const struct ew_replay_result *result)
{
    const struct ew_model_counts *model = &result->model;
    uint64_t lost = result->events_lost + result->buffers_lost + result->late
                    + result->damage.buffers + result->damage.files_truncated
                    + result->damage.lost_flags + result->aggregate.dropped;
    for (int kind = 0; kind < EW_FACT_KIND_COUNT; kind++) {
        lost += result->decode.refused[kind];
    }
    lost += model->lost_events + model->lost_buffers + model->pending_evicted
            + model->fragments_refused + model->processes_refused + model->threads_evicted
            + model->images_refused + model->modules_refused + model->methods_refused
            + model->names_refused + model->keys_refused + model->sources_refused;
    return lost != 0;
}
