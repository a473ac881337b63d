/* SPDX-License-Identifier: Apache-2.0 */
/* A recording through all stages: surveyed once, then in time order, on one thread. */
#include "base/filetime.h"
#include "base/text.h"
#include "pipeline/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Between two looks at progress and at how full the tables are. */
enum { CHECK_EVENTS = 256, FRAGMENTS_FULL_PERMILLE = 900 };

/* --- filters ------------------------------------------------------------------------ */

static bool matches_pid(const struct ew_replay_filters *filters, uint32_t process_id)
{
    for (size_t i = 0; i < filters->process_id_count; i++) {
        if (filters->process_ids[i] == process_id) {
            return true;
        }
    }
    return filters->process_id_count == 0;
}

static bool matches_text(const char *const *wanted, size_t count, const char *text)
{
    for (size_t i = 0; i < count; i++) {
        if (ew_text_equal_fold(wanted[i], text)) {
            return true;
        }
    }
    return count == 0;
}

bool replay_wants(void *context, const struct ew_process *process)
{
    const struct replay *replay = context;
    const struct ew_replay_filters *filters = &replay->options->filters;
    const char *container = process->container != NULL ? process->container : "host";
    return matches_pid(filters, process->process_id)
           && matches_text(filters->names, filters->name_count, process->name)
           && matches_text(filters->containers, filters->container_count, container);
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
    replay->result->last_100ns = replay->result->first_100ns;
    ew_model_survey_end(replay->model);
    return status == EW_END ? EW_OK : status;
}

static void check_tables(struct replay *replay, uint64_t time_100ns)
{
    if (ew_fragments_fill_permille(replay->fragments) > FRAGMENTS_FULL_PERMILLE
        && ew_fragments_loose_count(replay->fragments) > 0) {
        ew_aggregate_fold(replay->aggregate);
        replay->status = ew_model_forget_fragments(replay->model);
    }
    if (ew_aggregate_window_is_full(replay->aggregate, replay->current.span.number)) {
        windows_cut(replay, time_100ns);
    }
}

static void take_event(struct replay *replay, const struct ew_event *event)
{
    struct ew_replay_result *result = replay->result;
    struct ew_fact fact;
    bool known = ew_decode_counted(event, &result->decode, &fact) == EW_OK;
    result->last_100ns =
        event->time_100ns > result->last_100ns ? event->time_100ns : result->last_100ns;
    replay->saw_64bit |= event->pointer_bytes == 8;
    if (result->events == 0 && event->time_100ns < result->first_100ns) {
        result->first_100ns = event->time_100ns; /* as the survey finds it */
    }
    windows_advance(replay, event->time_100ns);
    ew_model_apply(replay->model, event, known ? &fact : NULL);
    if (++result->events % CHECK_EVENTS == 0) {
        check_tables(replay, event->time_100ns);
        if (result->events % (CHECK_EVENTS * 64) == 0) {
            show_progress(replay);
        }
    }
}

static enum ew_status run_in_time(struct replay *replay)
{
    struct ew_event event;
    enum ew_status status = EW_OK;
    while (replay->status == EW_OK
           && (status = ew_recording_next(replay->recording, &event, replay->error)) == EW_OK) {
        /* A hostile clock may claim a time that has no text form. */
        event.time_100ns =
            event.time_100ns < EW_FILETIME_MAX ? event.time_100ns : EW_FILETIME_MAX - 1;
        take_event(replay, &event);
    }
    if (replay->status == EW_OK && status != EW_END) {
        replay->status = status;
    }
    if (replay->status == EW_OK) {
        windows_finish(replay);
    }
    return replay->status;
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
    result->last_100ns = result->first_100ns;
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

static enum ew_status make_stages(struct replay *replay)
{
    enum ew_status status = ew_fragments_create(&replay->fragments);
    if (status == EW_OK) {
        struct ew_model_options options = {.on_stack = windows_take_stack,
                                           .context = replay,
                                           .fragments = replay->fragments,
                                           .start_100ns = replay->result->first_100ns};
        status = ew_model_create(&options, &replay->model);
    }
    if (status == EW_OK) {
        struct ew_aggregate_options options = {.model = replay->model,
                                               .fragments = replay->fragments,
                                               .filter = replay_wants,
                                               .filter_context = replay};
        status = ew_aggregate_create(&options, &replay->aggregate);
    }
    if (status == EW_OK) {
        status = streams_init(&replay->streams, replay->options, replay->recording,
                              replay->config_digest);
    }
    if (status != EW_OK) {
        return ew_fail(replay->error, status, "no memory for the tables of a replay");
    }
    return open_publisher(replay);
}

static enum ew_status run_passes(struct replay *replay)
{
    enum ew_status status = open_recording(replay, EW_ORDER_FILE);
    if (status != EW_OK) {
        return status;
    }
    learn_header(replay);
    status = make_stages(replay);
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
    if (replay->model != NULL && replay->aggregate != NULL) {
        processes_finish(replay);
        result->model = ew_model_counts(replay->model);
        result->aggregate = ew_aggregate_counts(replay->aggregate);
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
