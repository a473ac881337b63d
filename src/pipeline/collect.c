/* SPDX-License-Identifier: Apache-2.0 */
/* A live collection: start, the control thread's part, stop and end. */
#include "etwitness/collect.h"

#include "pipeline/collect_internal.h"
#include "platform/clock.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    TICK_MS = 250,
    STATE_RESERVE_PERMILLE = 250, /* of a ring: for image loads, methods and the like */
    NOTICES_BYTES = EW_QUEUE_BYTES_MIN,
    /* Of a stop's time: then the capture is abandoned, and then the rest is dropped. */
    ABANDON_PERCENT = 50,
    HURRY_PERCENT = 75,
    GIVE_UP_PERCENT = 95,
};

#define SECOND_NS UINT64_C(1000000000)
#define MILLISECOND_NS UINT64_C(1000000)

/* --- what all threads use ----------------------------------------------------------- */

void collect_tell(struct ew_collect *collect, enum ew_notice notice, const char *format, ...)
{
    char text[EW_ERROR_TEXT_BYTES];
    va_list arguments;
    if (collect->options.on_notice == NULL) {
        return;
    }
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    collect->options.on_notice(collect->options.context, notice, text);
}

void collect_failed(struct ew_collect *collect, const struct ew_error *error)
{
    ew_mutex_lock(collect->mutex);
    if (collect->shared.failure.status == EW_OK) {
        collect->shared.failure = *error;
    }
    ew_mutex_unlock(collect->mutex);
}

bool collect_hurries(struct ew_collect *collect)
{
    ew_mutex_lock(collect->mutex);
    bool answer = collect->shared.hurry;
    ew_mutex_unlock(collect->mutex);
    return answer;
}

/* --- start ------------------------------------------------------------------------------ */

static enum ew_status make_queues(struct ew_collect *collect)
{
    const struct ew_queue_options events = {.bytes = (size_t)collect->options.settings->queue_mib
                                                     * 1024 * 1024,
                                            .reserve_permille = STATE_RESERVE_PERMILLE};
    const struct ew_queue_options notices = {.bytes = NOTICES_BYTES};
    enum ew_status status = EW_OK;
    for (size_t i = 0; i < EW_CAPTURE_QUEUE_COUNT && status == EW_OK; i++) {
        status =
            ew_queue_create(i == EW_CAPTURE_NOTICES ? &notices : &events, &collect->queues[i]);
    }
    return status;
}

static enum ew_status make_locks(struct ew_collect *collect)
{
    enum ew_status status = ew_mutex_create(&collect->mutex);
    if (status == EW_OK) {
        status = ew_mutex_create(&collect->store_mutex);
    }
    if (status == EW_OK) {
        status = ew_condition_create(&collect->changed);
    }
    return status == EW_OK ? ew_condition_create(&collect->work) : status;
}

static void make_filters(struct ew_collect *collect)
{
    const struct ew_settings *settings = collect->options.settings;
    collect->filters.names = (const char *const *)settings->processes.items;
    collect->filters.name_count = settings->processes.count;
    collect->filters.containers = (const char *const *)settings->containers.items;
    collect->filters.container_count = settings->containers.count;
}

static enum ew_status open_store(struct ew_collect *collect, struct ew_error *error)
{
    const struct ew_settings *settings = collect->options.settings;
    struct ew_publisher_options options = {.directory = settings->directory,
                                           .retention_bytes = settings->retention_bytes,
                                           .heartbeat_100ns = ew_clock_filetime()};
    enum ew_status status = install_open(settings->directory, &collect->install, error);
    if (status == EW_OK) {
        memcpy(collect->aggregator.streams.root, collect->install.root,
               sizeof collect->aggregator.streams.root);
        status = ew_publisher_open(&options, &collect->store, error);
    }
    return status;
}

/* Names are worth having, but where the system cannot read PDBs the rest is as good as ever:
 * native code is then told by module and offset, and why is told at the start. */
static enum ew_status open_symbols(struct ew_collect *collect, struct ew_error *error)
{
    struct ew_error why = {.status = EW_OK};
    enum ew_status status =
        ew_symbols_create(&collect->options.settings->symbols, &collect->symbols, &why);
    if (status == EW_UNSUPPORTED) {
        (void)snprintf(collect->without_symbols, sizeof collect->without_symbols, "%s", why.text);
        return EW_OK;
    }
    return status == EW_OK ? EW_OK : ew_fail(error, status, "%s", why.text);
}

static void tell_of_merger(void *context, enum ew_notice notice, const char *text)
{
    collect_tell(context, notice, "%s", text);
}

static bool is_merger_cancelled(void *context)
{
    return collect_gives_up(context);
}

static enum ew_status open_merger(struct ew_collect *collect, struct ew_error *error)
{
    struct collect_merger_options options = {.settings = collect->options.settings,
                                             .on_notice = tell_of_merger,
                                             .cancelled = is_merger_cancelled,
                                             .context = collect};
    return collect_merger_create(&options, &collect->merger, error);
}

static enum ew_status make_parts(struct ew_collect *collect, struct ew_error *error)
{
    const struct ew_settings *settings = collect->options.settings;
    char *text = NULL;
    if (make_locks(collect) != EW_OK || make_queues(collect) != EW_OK) {
        return ew_fail(error, EW_NO_MEMORY, "no memory for queues of %u MiB",
                       settings->queue_mib);
    }
    enum ew_status status = ew_settings_digest(settings, &text, collect->config_digest, error);
    free(text);
    if (status == EW_OK) {
        status = open_store(collect, error);
    }
    if (status == EW_OK && settings->symbols.enabled) {
        status = open_symbols(collect, error);
    }
    if (status == EW_OK) {
        status = open_merger(collect, error);
    }
    make_filters(collect);
    collect->aggregator.merge.capture = &collect->options.capture;
    /* ETW hands a buffer over once it is full or that old; half a second more for its way. */
    collect->aggregator.merge.hold_ns =
        settings->buffers.flush_seconds * SECOND_NS + 500 * MILLISECOND_NS;
    merge_init(&collect->aggregator.merge, collect->queues);
    return status;
}

static void free_parts(struct ew_collect *collect)
{
    outbox_free(&collect->outbox);
    free(collect->published.ids);
    collect_merger_destroy(collect->merger);
    ew_publisher_close(collect->store);
    ew_symbols_destroy(collect->symbols);
    for (size_t i = 0; i < EW_CAPTURE_QUEUE_COUNT; i++) {
        ew_queue_destroy(collect->queues[i]);
    }
    ew_condition_destroy(collect->work);
    ew_condition_destroy(collect->changed);
    ew_mutex_destroy(collect->store_mutex);
    ew_mutex_destroy(collect->mutex);
    free(collect);
}

/* The threads end by themselves when they are told that nothing comes. */
static void join_threads(struct ew_collect *collect)
{
    ew_thread_join(collect->aggregator_thread);
    ew_mutex_lock(collect->mutex);
    collect->shared.aggregator_done = true; /* also when it was never started */
    ew_mutex_unlock(collect->mutex);
    ew_condition_signal(collect->work);
    ew_thread_join(collect->publisher_thread);
    collect->aggregator_thread = NULL;
    collect->publisher_thread = NULL;
}

static void learn_host(struct ew_collect *collect)
{
    const struct ew_capture *capture = &collect->options.capture;
    capture->host(capture->context, &collect->host);
    (void)snprintf(collect->os_build, sizeof collect->os_build, "%u.%u.%u",
                   (unsigned)collect->host.os_major, (unsigned)collect->host.os_minor,
                   (unsigned)collect->host.os_build);
}

static enum ew_status start_all(struct ew_collect *collect, struct ew_error *error)
{
    const struct ew_capture *capture = &collect->options.capture;
    enum ew_status status = capture->start(capture->context, collect->queues, error);
    if (status != EW_OK) {
        return status;
    }
    learn_host(collect);
    status = ew_thread_start(&collect->publisher_thread, collect_publish, collect);
    if (status == EW_OK) {
        status = ew_thread_start(&collect->aggregator_thread, collect_aggregate, collect);
    }
    if (status != EW_OK) {
        capture->abandon(capture->context);
        join_threads(collect);
        return ew_fail(error, status, "no memory for the threads of a collection");
    }
    return EW_OK;
}

static void tell_started(struct ew_collect *collect)
{
    bool lacking = collect->without_symbols[0] != '\0';
    collect_tell(collect, EW_NOTICE_STARTED, "Collection runs; evidence goes to %s%s%s",
                 collect->options.settings->directory,
                 lacking ? "; native functions stay without names: " : "",
                 collect->without_symbols);
}

enum ew_status ew_collect_start(const struct ew_collect_options *options,
                                struct ew_collect **collect_out, struct ew_error *error)
{
    struct ew_collect *collect = calloc(1, sizeof *collect);
    if (collect == NULL) {
        return ew_fail(error, EW_NO_MEMORY, "no memory for a collection");
    }
    collect->options = *options;
    enum ew_status status = make_parts(collect, error);
    if (status == EW_OK) {
        status = start_all(collect, error);
    }
    if (status != EW_OK) {
        free_parts(collect);
        return status;
    }
    collect->control.started_ns = ew_clock_monotonic_ns();
    collect_watch_start(collect, collect->control.started_ns);
    tell_started(collect);
    *collect_out = collect;
    return EW_OK;
}

/* --- the control thread ------------------------------------------------------------------ */

static void take_gaps(struct ew_collect *collect)
{
    const struct ew_capture *capture = &collect->options.capture;
    struct ew_capture_gap gap;
    while (capture->take_gap(capture->context, &gap)) {
        ew_mutex_lock(collect->mutex);
        struct collect_shared *shared = &collect->shared;
        if (shared->gap_count == EW_GAPS_MAX) {
            shared->gaps[EW_GAPS_MAX - 1].end_100ns = gap.end_100ns; /* one span for all */
        } else {
            shared->gaps[shared->gap_count++] = gap;
        }
        shared->restart_100ns = gap.end_100ns;
        ew_mutex_unlock(collect->mutex);
    }
}

static void tick(struct ew_collect *collect, uint64_t now_ns)
{
    const struct ew_capture *capture = &collect->options.capture;
    struct ew_error said = {.status = EW_OK};
    if (collect->control.ticked_ns != 0
        && now_ns - collect->control.ticked_ns < TICK_MS * MILLISECOND_NS) {
        return;
    }
    collect->control.ticked_ns = now_ns;
    bool spoke = capture->tick(capture->context, &said);
    take_gaps(collect);
    collect_watch(collect, spoke ? said.text : "", now_ns);
}

static void set_flag(struct ew_collect *collect, bool *flag)
{
    ew_mutex_lock(collect->mutex);
    *flag = true;
    ew_mutex_unlock(collect->mutex);
    ew_condition_signal(collect->work);
}

static void abandon(struct ew_collect *collect)
{
    const struct ew_capture *capture = &collect->options.capture;
    collect->control.abandoned = true;
    collect_tell(collect, EW_NOTICE_STOP_DEADLINE,
                 "Windows did not hand over everything in half of the %u seconds for a stop; the"
                 " rest is lost",
                 collect->options.settings->stop_seconds);
    capture->abandon(capture->context);
}

/* What is done about a stop depends on how much of its time is over. */
static void drive_stop(struct ew_collect *collect, uint64_t now_ns)
{
    const struct ew_capture *capture = &collect->options.capture;
    struct collect_control *control = &collect->control;
    struct ew_capture_counts counts;
    if (!control->stopped_capture) {
        control->stopped_capture = true;
        control->stop_began_ns = now_ns;
        capture->request_stop(capture->context);
        return;
    }
    uint64_t percent = (now_ns - control->stop_began_ns) * 100
                       / (collect->options.settings->stop_seconds * SECOND_NS);
    capture->counts(capture->context, &counts);
    if (percent >= ABANDON_PERCENT && !control->abandoned && counts.state != EW_CAPTURE_STOPPED) {
        abandon(collect);
    }
    if (percent >= HURRY_PERCENT) {
        set_flag(collect, &collect->shared.hurry);
    }
    if (percent >= GIVE_UP_PERCENT) {
        set_flag(collect, &collect->shared.give_up);
    }
}

static bool must_stop(struct ew_collect *collect, uint64_t now_ns)
{
    uint64_t duration = collect->options.settings->duration_seconds;
    ew_mutex_lock(collect->mutex);
    /* An aggregator that has ended by itself had no memory: nothing can be collected. */
    bool stop =
        collect->shared.stop_requested || collect->shared.aggregator_done
        || (duration != 0 && now_ns - collect->control.started_ns >= duration * SECOND_NS);
    collect->shared.stop_requested = stop;
    ew_mutex_unlock(collect->mutex);
    return stop;
}

/* True when both threads have ended. Waits a little for that or for a stop. */
static bool wait_for_change(struct ew_collect *collect, uint32_t wait_ms)
{
    ew_mutex_lock(collect->mutex);
    bool begins_stop = collect->shared.stop_requested && !collect->control.stopped_capture;
    if (!collect->shared.publisher_done && !begins_stop && wait_ms > 0) {
        (void)ew_condition_wait(collect->changed, collect->mutex, wait_ms);
    }
    bool done = collect->shared.publisher_done;
    ew_mutex_unlock(collect->mutex);
    return done;
}

bool ew_collect_step(struct ew_collect *collect, unsigned wait_ms)
{
    uint64_t now_ns = ew_clock_monotonic_ns();
    uint64_t until_ns = now_ns + wait_ms * MILLISECOND_NS;
    for (;;) {
        tick(collect, now_ns);
        if (must_stop(collect, now_ns)) {
            drive_stop(collect, now_ns);
        }
        uint64_t left_ms = until_ns > now_ns ? (until_ns - now_ns) / MILLISECOND_NS : 0;
        if (wait_for_change(collect, (uint32_t)(left_ms < TICK_MS ? left_ms : TICK_MS))) {
            collect->control.ticked_ns = 0;
            tick(collect, ew_clock_monotonic_ns()); /* what was lost at the very end */
            return true;
        }
        now_ns = ew_clock_monotonic_ns();
        if (now_ns >= until_ns) {
            return false;
        }
    }
}

void ew_collect_request_stop(struct ew_collect *collect)
{
    ew_mutex_lock(collect->mutex);
    collect->shared.stop_requested = true;
    ew_mutex_unlock(collect->mutex);
    ew_condition_signal(collect->changed);
}

void ew_collect_status(const struct ew_collect *collect, struct ew_collect_status *status_out)
{
    const struct ew_capture *capture = &collect->options.capture;
    ew_mutex_lock(collect->mutex);
    *status_out = collect->shared.status;
    status_out->stopping = collect->shared.stop_requested;
    ew_mutex_unlock(collect->mutex);
    capture->counts(capture->context, &status_out->capture);
    for (size_t i = 0; i < EW_CAPTURE_QUEUE_COUNT; i++) {
        status_out->queues[i] = ew_queue_counts(collect->queues[i]);
    }
}

/* --- the end -------------------------------------------------------------------------------- */

enum ew_status ew_collect_close(struct ew_collect *collect, struct ew_error *error)
{
    const struct ew_capture *capture = &collect->options.capture;
    ew_mutex_lock(collect->mutex);
    bool done = collect->shared.publisher_done;
    ew_mutex_unlock(collect->mutex);
    if (!done) {
        capture->abandon(capture->context);
        set_flag(collect, &collect->shared.hurry);
        set_flag(collect, &collect->shared.give_up);
    }
    join_threads(collect);
    capture->close(capture->context);
    enum ew_status status = collect->shared.failure.status;
    if (status != EW_OK) {
        status = ew_fail(error, status, "%s", collect->shared.failure.text);
    }
    collect_tell(collect, EW_NOTICE_STOPPED, "Collection has ended after %llu documents",
                 (unsigned long long)collect->shared.status.documents);
    free_parts(collect);
    return status;
}
