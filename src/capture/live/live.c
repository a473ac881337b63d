/* SPDX-License-Identifier: Apache-2.0 */
/* The capture that the pipeline drives: sessions started, watched and stopped in order. */
#include "capture/live/internal.h"

#include "platform/clock.h"

#include <stdlib.h>
#include <string.h>

/* How long a consumer may take to end by itself. */
enum { DOWN_MS = 3000, DOWN_STEP_MS = 5 };

/* --- one session ------------------------------------------------------------------------ */

static bool is_user(const struct live_session *session)
{
    return session == &session->live->sessions[EW_CAPTURE_USER];
}

static enum ew_status attach(struct live_session *session, struct ew_error *error)
{
    session->sink.kernel = ew_live_session_is_kernel(session);
    session->base_events = session->base_buffers = 0;
    session->life_events = session->life_buffers = 0;
    if (ew_live_session_query(session)) {
        /* What it lost before we came is not ours to tell. */
        session->base_events = session->life_events;
        session->base_buffers = session->life_buffers;
        session->life_events = session->life_buffers = 0;
    }
    return ew_live_consumer_start(session, error);
}

/* The user session's consumer runs before its providers are enabled, and the kernel's stacks
 * are asked for before its first buffer is read. */
static enum ew_status host(struct live_session *session, struct ew_error *error)
{
    struct live *live = session->live;
    enum ew_status status = ew_live_session_start(session, error);
    if (status == EW_OK && !is_user(session)) {
        status = ew_live_kernel_stacks(live, error);
    }
    if (status == EW_OK) {
        status = ew_live_consumer_start(session, error);
    }
    if (status == EW_OK && is_user(session)) {
        status = ew_live_providers_enable(live, error);
    }
    return status;
}

enum ew_status ew_live_session_up(struct live_session *session, struct ew_error *error)
{
    enum ew_status status =
        session->live->attached ? attach(session, error) : host(session, error);
    if (status != EW_OK) {
        ew_live_session_down(session);
    }
    return status;
}

/* A consumer ends by itself when its session is gone; closed while it is about to begin, it
 * would begin on a closed handle. */
void ew_live_session_down(struct live_session *session)
{
    bool hosted = session->handle != 0;
    ew_live_session_stop(session);
    for (unsigned waited_ms = 0; hosted && waited_ms < DOWN_MS
                                 && !atomic_load_explicit(&session->ended, memory_order_acquire);
         waited_ms += DOWN_STEP_MS) {
        ew_sleep_ms(DOWN_STEP_MS);
    }
    ew_live_consumer_close(session);
    ew_live_consumer_join(session);
    session->rundown_enabled = false;
}

/* --- start ------------------------------------------------------------------------------ */

static void undo(struct live *live)
{
    for (size_t i = 0; i < LIVE_SESSION_COUNT; i++) {
        ew_live_session_down(&live->sessions[i]);
    }
    ew_live_kernel_restore(live);
    ew_live_owner_give(&live->owner);
}

/* The CLR's provider is enabled before sampling begins: by that the CLR publishes what the
 * kernel needs to walk through its frames (reference etw.md 3.7.4). */
static enum ew_status start_sessions(struct live *live, struct ew_error *error)
{
    struct live_session *kernel = &live->sessions[EW_CAPTURE_KERNEL];
    struct live_session *user = &live->sessions[EW_CAPTURE_USER];
    enum ew_status status = user->used ? ew_live_session_up(user, error) : EW_OK;
    if (status == EW_OK && kernel->used && !live->attached) {
        status = ew_live_kernel_prepare(live, error);
    }
    if (status == EW_OK && kernel->used) {
        status = ew_live_session_up(kernel, error);
    }
    if (status == EW_OK && user->used) {
        status = ew_live_rundown_start(live, error);
    }
    return status;
}

static enum ew_status live_start(void *context,
                                 struct ew_queue *const queues[EW_CAPTURE_QUEUE_COUNT],
                                 struct ew_error *error)
{
    struct live *live = context;
    if (!live->attached && !ew_live_owner_wait(live->settings->session_name, &live->owner)) {
        return ew_fail(error, EW_EXISTS,
                       "session %s: another etwitness collects under that name; stop it first",
                       live->settings->session_name);
    }
    memcpy(live->queues, queues, sizeof live->queues);
    for (size_t i = 0; i < LIVE_SESSION_COUNT; i++) {
        live->sessions[i].sink.queue = queues[i];
    }
    ew_live_host_read(&live->host);
    enum ew_status status = start_sessions(live, error);
    if (status != EW_OK) {
        undo(live);
        return status;
    }
    uint64_t now_ns = ew_clock_monotonic_ns();
    for (size_t i = 0; i < LIVE_SESSION_COUNT; i++) {
        live->sessions[i].started_ns = now_ns;
    }
    atomic_store_explicit(&live->phase, LIVE_RUNNING, memory_order_release);
    return EW_OK;
}

/* --- while it runs ---------------------------------------------------------------------------
 */

static bool tell_silos(struct live *live, struct ew_error *error)
{
    if (!live->notice_silos) {
        return false;
    }
    live->notice_silos = false;
    (void)ew_fail(error, EW_UNSUPPORTED,
                  "session %s: this Windows does not tell the containers of events (Windows "
                  "error 87); what runs in containers may be missing",
                  live->sessions[EW_CAPTURE_USER].shown);
    return true;
}

static bool live_tick(void *context, struct ew_error *error)
{
    struct live *live = context;
    if (atomic_load_explicit(&live->phase, memory_order_relaxed) != LIVE_RUNNING) {
        return false;
    }
    uint64_t now_ns = ew_clock_monotonic_ns();
    if (ew_live_watch(live, now_ns, error)) {
        return true;
    }
    ew_live_rundown_tick(live, now_ns);
    return tell_silos(live, error) || ew_live_containers_tick(live, now_ns, error);
}

static bool live_clock(void *context, size_t queue, struct ew_capture_clock *clock_out)
{
    struct live *live = context;
    const struct ew_etl_clock *clock = &live->clock.clock;
    (void)queue; /* one clock dates them all */
    if (atomic_load_explicit(&live->clock.state, memory_order_acquire) != LIVE_CLOCK_SET) {
        return false;
    }
    bool filetime = clock->form == EW_ETL_CLOCK_FILETIME;
    clock_out->frequency = clock->frequency;
    clock_out->origin_raw = filetime ? 0 : clock->origin_raw;
    clock_out->origin_100ns = filetime ? 0 : clock->start_100ns;
    return true;
}

/* Every consumer has ended, so everything delivered is in its queue. */
static bool all_ended(const struct live *live)
{
    for (size_t i = 0; i < LIVE_SESSION_COUNT; i++) {
        if (live->sessions[i].used
            && !atomic_load_explicit(&live->sessions[i].ended, memory_order_acquire)) {
            return false;
        }
    }
    return true;
}

static enum ew_capture_state state_of(const struct live *live)
{
    switch (atomic_load_explicit(&live->phase, memory_order_acquire)) {
    case LIVE_RUNNING:
        return atomic_load_explicit(&live->lost_sessions, memory_order_relaxed) == 0
                   ? EW_CAPTURE_RUNNING
                   : EW_CAPTURE_RESTARTING;
    case LIVE_STOPPING:
        return all_ended(live) ? EW_CAPTURE_STOPPED : EW_CAPTURE_STOPPING;
    default:
        return EW_CAPTURE_STOPPED;
    }
}

static void live_counts(void *context, struct ew_capture_counts *counts_out)
{
    const struct live *live = context;
    memset(counts_out, 0, sizeof *counts_out);
    counts_out->state = state_of(live);
    for (size_t i = 0; i < LIVE_SESSION_COUNT; i++) {
        const struct ew_record_counts *counts = &live->sessions[i].sink.counts;
        counts_out->events += atomic_load_explicit(&counts->events, memory_order_relaxed);
        counts_out->filtered += atomic_load_explicit(&counts->filtered, memory_order_relaxed);
        counts_out->damaged += atomic_load_explicit(&counts->damaged, memory_order_relaxed);
    }
    counts_out->events_lost = atomic_load_explicit(&live->events_lost, memory_order_relaxed);
    counts_out->buffers_lost = atomic_load_explicit(&live->buffers_lost, memory_order_relaxed);
    counts_out->restarts = atomic_load_explicit(&live->restarts, memory_order_relaxed);
    counts_out->containers = atomic_load_explicit(&live->containers_seen, memory_order_relaxed);
    counts_out->interval_100ns =
        atomic_load_explicit(&live->interval_100ns, memory_order_relaxed);
}

static void live_host(void *context, struct ew_capture_host *host_out)
{
    const struct live *live = context;
    *host_out = live->host;
}

static bool live_take_gap(void *context, struct ew_capture_gap *gap_out)
{
    struct live *live = context;
    if (live->gap_count == 0) {
        return false;
    }
    *gap_out = live->gaps[0];
    live->gap_count--;
    memmove(live->gaps, live->gaps + 1, live->gap_count * sizeof live->gaps[0]);
    return true;
}

/* --- stop -------------------------------------------------------------------------------------
 */

/* The kernel first: what it sampled last may be in methods that the CLR tells until then.
 * Of an attached session only the consumer can be ended. */
static void live_request_stop(void *context)
{
    struct live *live = context;
    if (atomic_load_explicit(&live->phase, memory_order_relaxed) != LIVE_RUNNING) {
        return;
    }
    atomic_store_explicit(&live->phase, LIVE_STOPPING, memory_order_release);
    ew_live_session_stop(&live->sessions[EW_CAPTURE_KERNEL]);
    ew_live_kernel_restore(live);
    ew_live_providers_disable(live);
    ew_live_session_stop(&live->sessions[EW_CAPTURE_USER]);
    if (live->attached) {
        ew_live_consumer_close(&live->sessions[EW_CAPTURE_KERNEL]);
    }
    ew_live_sum_losses(live);
    ew_live_watch_end(live);
}

static void live_abandon(void *context)
{
    struct live *live = context;
    live_request_stop(live);
    for (size_t i = 0; i < LIVE_SESSION_COUNT; i++) {
        ew_live_consumer_close(&live->sessions[i]);
    }
    undo(live);
    atomic_store_explicit(&live->phase, LIVE_STOPPED, memory_order_release);
}

static void live_close(void *context)
{
    struct live *live = context;
    live_abandon(live);
    ew_live_containers_free(&live->containers);
    for (size_t i = 0; i < LIVE_SESSION_COUNT; i++) {
        free(live->sessions[i].shown);
    }
    free(live);
}

/* --- making it
 * ---------------------------------------------------------------------------------- */

static void prepare_session(struct live *live, size_t index)
{
    struct live_session *session = &live->sessions[index];
    session->live = live;
    session->sink.pointer_bytes = 8;
    session->sink.kernel = index == EW_CAPTURE_KERNEL;
    atomic_store_explicit(&session->trace, UINT64_MAX, memory_order_relaxed);
    atomic_store_explicit(&session->ended, true, memory_order_relaxed);
}

static enum ew_status name_sessions(struct live *live, const char *attach_to,
                                    struct ew_error *error)
{
    const struct ew_settings *settings = live->settings;
    struct live_session *kernel = &live->sessions[EW_CAPTURE_KERNEL];
    struct live_session *user = &live->sessions[EW_CAPTURE_USER];
    if (attach_to != NULL) {
        kernel->used = true;
        return ew_live_session_name(kernel, attach_to, true, error);
    }
    kernel->used = settings->kernel.enabled;
    user->used = settings->clr.enabled || settings->provider_count != 0;
    enum ew_status status = ew_live_session_name(kernel, settings->session_name, false, error);
    return status != EW_OK ? status
                           : ew_live_session_name(user, settings->session_name, false, error);
}

enum ew_status ew_live_create(const struct ew_settings *settings, const char *attach_to,
                              struct ew_capture *capture_out, struct ew_error *error)
{
    static const struct ew_capture functions = {
        .start = live_start,
        .tick = live_tick,
        .clock = live_clock,
        .request_stop = live_request_stop,
        .abandon = live_abandon,
        .counts = live_counts,
        .host = live_host,
        .take_gap = live_take_gap,
        .close = live_close,
    };
    struct live *live = calloc(1, sizeof *live);
    if (live == NULL) {
        return ew_fail(error, EW_NO_MEMORY, "live collection: no memory");
    }
    live->settings = settings;
    live->attached = attach_to != NULL;
    for (size_t i = 0; i < LIVE_SESSION_COUNT; i++) {
        prepare_session(live, i);
    }
    enum ew_status status = name_sessions(live, attach_to, error);
    if (status != EW_OK) {
        live_close(live);
        return status;
    }
    *capture_out = functions;
    capture_out->context = live;
    return EW_OK;
}

/* --- stale sessions
 * ---------------------------------------------------------------------------------- */

static enum ew_status clear_sessions(struct live *live, unsigned *stopped, struct ew_error *error)
{
    for (size_t i = 0; i < LIVE_SESSION_COUNT; i++) {
        bool was_there = false;
        enum ew_status status = ew_live_session_clear(&live->sessions[i], &was_there, error);
        if (status != EW_OK) {
            return status;
        }
        *stopped += was_there;
    }
    return EW_OK;
}

enum ew_status ew_live_stop_stale(const struct ew_settings *settings, unsigned *stopped_out,
                                  struct ew_error *error)
{
    struct ew_capture capture;
    unsigned stopped = 0;
    enum ew_status status = ew_live_create(settings, NULL, &capture, error);
    if (status != EW_OK) {
        return status;
    }
    struct live *live = capture.context;
    if (ew_live_owner_take(settings->session_name, &live->owner)) {
        status = clear_sessions(live, &stopped, error);
    }
    ew_live_owner_give(&live->owner);
    live_close(live);
    if (status == EW_OK) {
        *stopped_out = stopped;
    }
    return status;
}
