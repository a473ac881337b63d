/* SPDX-License-Identifier: Apache-2.0 */
/* The aggregator thread of a live collection: queues into model, aggregate and windows. */
#include "base/filetime.h"
#include "pipeline/collect_internal.h"
#include "platform/clock.h"

#include <string.h>

enum {
    BATCH_EVENTS = 4096, /* between two looks at the clock, the stop and the tables */
    CHECK_EVENTS = 256,  /* between two looks at the tables */
    IDLE_MS = 10,        /* ETW delivers once a second, or a full buffer */
    SYMBOL_STEP_MS = 20,
};

/* --- stages ----------------------------------------------------------------------- */

static bool wants(void *context, const struct ew_process *process)
{
    const struct ew_collect *collect = context;
    return filters_want(&collect->filters, process);
}

/* The publisher can look for names while the window still waits for late stacks. */
static void window_ended(void *context, uint64_t window)
{
    struct ew_collect *collect = context;
    if (collect->symbols != NULL) {
        ew_aggregate_wish_symbols(collect->aggregator.aggregate, window);
        ew_condition_signal(collect->work);
    }
}

/* Nothing of a closed window is told any more, and names of what comes no longer may go. */
static void window_forgotten(void *context, uint64_t time_100ns)
{
    struct ew_collect *collect = context;
    (void)time_100ns;
    if (collect->symbols != NULL) {
        ew_symbols_next_window(collect->symbols);
    }
}

static void fill_windows(struct ew_collect *collect, uint64_t origin_100ns)
{
    struct windows *windows = &collect->aggregator.windows;
    windows->model = collect->aggregator.model;
    windows->aggregate = collect->aggregator.aggregate;
    windows->error = &collect->aggregator.error;
    windows->length_100ns = collect->options.settings->window_seconds * EW_FILETIME_SECOND;
    windows->origin_100ns = origin_100ns;
    windows->last_100ns = origin_100ns;
    windows->owner.context = collect;
    windows->owner.on_document = collect_document;
    windows->owner.on_end = window_ended;
    windows->owner.on_forget = window_forgotten;
}

/* Where the collection begins: the start of the kernel's session, which tells what was there
 * before it, else of the one that has delivered. */
static uint64_t origin_of(const struct ew_collect *collect, uint64_t event_100ns)
{
    const struct ew_capture *capture = &collect->options.capture;
    struct ew_capture_clock clock;
    if (capture->clock(capture->context, EW_CAPTURE_KERNEL, &clock)
        || capture->clock(capture->context, EW_CAPTURE_USER, &clock)) {
        return clock.origin_100ns;
    }
    return event_100ns;
}

static enum ew_status make_stages(struct ew_collect *collect, uint64_t origin_100ns)
{
    struct collect_aggregator *aggregator = &collect->aggregator;
    enum ew_status status = ew_fragments_create(&aggregator->fragments);
    if (status == EW_OK) {
        struct ew_model_options options = {.on_stack = windows_take_stack,
                                           .context = &aggregator->windows,
                                           .fragments = aggregator->fragments,
                                           .start_100ns = origin_100ns};
        status = ew_model_create(&options, &aggregator->model);
    }
    if (status == EW_OK) {
        struct ew_aggregate_options options = {.model = aggregator->model,
                                               .fragments = aggregator->fragments,
                                               .filter = wants,
                                               .filter_context = collect,
                                               .symbols = collect->symbols};
        status = ew_aggregate_create(&options, &aggregator->aggregate);
    }
    fill_windows(collect, origin_100ns);
    return status;
}

static void free_stages(struct collect_aggregator *aggregator)
{
    ew_aggregate_destroy(aggregator->aggregate);
    ew_model_destroy(aggregator->model);
    ew_fragments_destroy(aggregator->fragments);
    streams_free(&aggregator->streams);
    aggregator->aggregate = NULL;
    aggregator->model = NULL;
    aggregator->fragments = NULL;
}

/* --- events --------------------------------------------------------------------------- */

static void take_event(struct collect_aggregator *aggregator, struct ew_event *event)
{
    struct ew_fact fact;
    /* A clock that went mad may claim a time that has no text form. */
    event->time_100ns =
        event->time_100ns < EW_FILETIME_MAX ? event->time_100ns : EW_FILETIME_MAX - 1;
    bool known = ew_decode_counted(event, &aggregator->decode, &fact) == EW_OK;
    if (aggregator->restart_100ns != 0 && event->time_100ns >= aggregator->restart_100ns) {
        ew_model_session_restarted(aggregator->model, aggregator->restart_100ns);
        aggregator->restart_100ns = 0;
    }
    windows_advance(&aggregator->windows, event->time_100ns);
    ew_model_apply(aggregator->model, event, known ? &fact : NULL);
    if (++aggregator->events_unchecked == CHECK_EVENTS) {
        aggregator->events_unchecked = 0;
        windows_check_tables(&aggregator->windows, aggregator->fragments, event->time_100ns);
    }
}

/* Takes what is there, at most a batch. The number of events. */
static unsigned take_batch(struct ew_collect *collect, uint64_t now_ns)
{
    struct collect_aggregator *aggregator = &collect->aggregator;
    struct ew_event event;
    unsigned taken = 0;
    for (; taken < BATCH_EVENTS && merge_next(&aggregator->merge, now_ns, &event); taken++) {
        if (aggregator->model == NULL) {
            if (make_stages(collect, origin_of(collect, event.time_100ns)) != EW_OK) {
                (void)ew_fail(&aggregator->error, EW_NO_MEMORY,
                              "no memory for the tables of a collection");
                aggregator->windows.status = EW_NO_MEMORY;
                break;
            }
        }
        take_event(aggregator, &event);
        merge_advance(&aggregator->merge);
    }
    return taken;
}

/* Without events no event moves the time on: the monotonic clock does, counted from when the
 * queues ran empty. */
static void advance_idle(struct ew_collect *collect, uint64_t now_ns)
{
    struct collect_aggregator *aggregator = &collect->aggregator;
    if (aggregator->model == NULL) {
        return;
    }
    if (aggregator->idle_since_ns == 0) {
        aggregator->idle_since_ns = now_ns;
        aggregator->idle_100ns = aggregator->windows.last_100ns;
        return;
    }
    uint64_t idle_ns = now_ns - aggregator->idle_since_ns;
    if (idle_ns > aggregator->merge.hold_ns) {
        windows_advance(&aggregator->windows,
                        aggregator->idle_100ns + (idle_ns - aggregator->merge.hold_ns) / 100);
    }
}

static void note_status(struct ew_collect *collect, unsigned taken)
{
    const struct collect_aggregator *aggregator = &collect->aggregator;
    struct ew_collect_status *status = &collect->shared.status;
    struct ew_model_counts model = {0};
    struct ew_aggregate_counts aggregate = {0};
    if (aggregator->model != NULL) {
        model = ew_model_counts(aggregator->model);
        aggregate = ew_aggregate_counts(aggregator->aggregate);
    }
    struct ew_evidence_quality sums;
    losses_of(&model, &aggregator->decode, &sums);
    ew_mutex_lock(collect->mutex);
    status->events += taken;
    status->stacks = aggregate.samples.stacks + aggregate.events.stacks;
    status->edges = aggregate.edges;
    status->windows = aggregator->windows.closed;
    status->refused = sums.dropped + aggregate.dropped;
    status->drain_steps++;
    if (collect->shared.restart_100ns != 0) {
        collect->aggregator.restart_100ns = collect->shared.restart_100ns;
        collect->shared.restart_100ns = 0;
    }
    ew_mutex_unlock(collect->mutex);
}

/* --- the end ------------------------------------------------------------------------------ */

static bool capture_has_stopped(struct ew_collect *collect)
{
    struct ew_capture_counts counts;
    collect->options.capture.counts(collect->options.capture.context, &counts);
    return counts.state == EW_CAPTURE_STOPPED;
}

/* The last window has no time in which names come by themselves. */
static void wait_for_symbols(struct ew_collect *collect)
{
    uint64_t limit_ns =
        ew_clock_monotonic_ns()
        + (uint64_t)collect->options.settings->symbols.seconds_per_window * 1000000000;
    if (collect->symbols == NULL) {
        return;
    }
    ew_aggregate_wish_symbols(collect->aggregator.aggregate, EW_WINDOW_ALL);
    ew_condition_signal(collect->work);
    while (ew_symbols_wishes(collect->symbols) != 0 && !collect_hurries(collect)
           && ew_clock_monotonic_ns() < limit_ns) {
        ew_sleep_ms(SYMBOL_STEP_MS);
    }
}

static void finish(struct ew_collect *collect)
{
    struct collect_aggregator *aggregator = &collect->aggregator;
    if (aggregator->model != NULL && aggregator->windows.status == EW_OK) {
        ew_model_flush(aggregator->model, UINT64_MAX);
        wait_for_symbols(collect);
        windows_finish(&aggregator->windows);
        note_status(collect, 0);
    }
    if (aggregator->windows.status != EW_OK) {
        aggregator->error.status = aggregator->windows.status;
        collect_failed(collect, &aggregator->error);
    }
    free_stages(aggregator);
}

/* One look at everything. False when it is over. */
static bool run_once(struct ew_collect *collect)
{
    struct collect_aggregator *aggregator = &collect->aggregator;
    uint64_t now_ns = ew_clock_monotonic_ns();
    /* Asked before the poll: what is put before the capture stops is seen by it. */
    aggregator->merge.ended = capture_has_stopped(collect);
    merge_poll(&aggregator->merge, now_ns);
    unsigned taken = take_batch(collect, now_ns);
    note_status(collect, taken);
    if (aggregator->windows.status != EW_OK) {
        return false;
    }
    if (collect_hurries(collect)) {
        aggregator->dropped += merge_drop(&aggregator->merge);
    }
    if (aggregator->merge.ended && taken == 0 && merge_is_empty(&aggregator->merge)) {
        return false;
    }
    if (taken != 0) {
        aggregator->idle_since_ns = 0;
        return true;
    }
    advance_idle(collect, now_ns);
    for (size_t i = 0; i < EW_CAPTURE_QUEUE_COUNT; i++) {
        ew_queue_release(collect->queues[i]);
    }
    ew_sleep_ms(IDLE_MS);
    return true;
}

void collect_aggregate(void *context)
{
    struct ew_collect *collect = context;
    while (run_once(collect)) {
        /* Until the capture has stopped and everything is drained. */
    }
    finish(collect);
    ew_mutex_lock(collect->mutex);
    collect->shared.aggregator_done = true;
    ew_mutex_unlock(collect->mutex);
    ew_condition_signal(collect->work);
    ew_condition_signal(collect->changed);
}
