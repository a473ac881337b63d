/* SPDX-License-Identifier: Apache-2.0 */
/* Losses of sessions, sessions that died and are tried again, and the gaps they leave. */
#include "capture/live/internal.h"

#include <string.h>

#define NS_PER_MS UINT64_C(1000000)
#define DELAY_FIRST_NS (250 * NS_PER_MS)
#define DELAY_MAX_NS (30000 * NS_PER_MS)
/* After that long a death is one of its own, and not the next of a row. */
#define STEADY_NS (60000 * NS_PER_MS)
#define QUERY_NS (1000 * NS_PER_MS)

static uint64_t load(const _Atomic uint64_t *value)
{
    return atomic_load_explicit(value, memory_order_acquire);
}

/* --- gaps --------------------------------------------------------------------------- */

/* When nobody takes them the last one grows over what follows: nothing is left out. */
static void add_gap(struct live *live, uint64_t start_100ns, uint64_t end_100ns)
{
    end_100ns = end_100ns < start_100ns ? start_100ns : end_100ns;
    if (live->gap_count == EW_GAPS_MAX) {
        struct ew_capture_gap *last = &live->gaps[EW_GAPS_MAX - 1];
        last->end_100ns = end_100ns > last->end_100ns ? end_100ns : last->end_100ns;
        return;
    }
    live->gaps[live->gap_count].start_100ns = start_100ns;
    live->gaps[live->gap_count].end_100ns = end_100ns;
    live->gap_count++;
}

/* A gap ends with the first event of the next life. */
static void close_gap(struct live_session *session)
{
    uint64_t first = load(&session->sink.counts.first_100ns);
    if (session->lost_100ns != 0 && first != 0) {
        add_gap(session->live, session->lost_100ns, first);
        session->lost_100ns = 0;
    }
}

void ew_live_watch_end(struct live *live)
{
    for (size_t i = 0; i < LIVE_SESSION_COUNT; i++) {
        struct live_session *session = &live->sessions[i];
        if (session->used && !session->lost) {
            close_gap(session);
        }
        if (session->lost_100ns != 0) {
            add_gap(live, session->lost_100ns, ew_live_latest(live));
            session->lost_100ns = 0;
        }
    }
}

/* --- death and return ------------------------------------------------------------------ */

static void open_gap(struct live_session *session)
{
    uint64_t last = load(&session->sink.counts.last_100ns);
    if (session->lost_100ns == 0) {
        session->lost_100ns = last != 0 ? last : ew_live_latest(session->live);
    }
}

/*
 * ProcessTrace has returned without a stop of ours: the session was ended from outside, or
 * it runs on without us. What is left of it is stopped, so that a new one can have its name.
 */
static void bury(struct live_session *session, uint64_t now_ns, struct ew_error *error)
{
    bool stopped = false;
    open_gap(session);
    ew_live_consumer_join(session);
    if (session->guid != NULL && ew_live_session_clear(session, &stopped, NULL) != EW_OK) {
        stopped = false; /* the next start tries it again, and tells */
    }
    session->handle = 0;
    ew_live_session_settle(session);
    session->rundown_enabled = false;
    bool steady = now_ns - session->started_ns >= STEADY_NS;
    session->delay_ns = steady || session->delay_ns == 0 ? DELAY_FIRST_NS : session->delay_ns * 2;
    session->delay_ns = session->delay_ns > DELAY_MAX_NS ? DELAY_MAX_NS : session->delay_ns;
    session->retry_ns = now_ns + session->delay_ns;
    session->lost = true;
    session->told = false;
    atomic_fetch_add_explicit(&session->live->lost_sessions, 1, memory_order_relaxed);
    (void)ew_fail(error, EW_IO,
                  "session %s: was ended from outside (Windows error %lu); it is tried again in "
                  "%u ms",
                  session->shown, session->ended_by, (unsigned)(session->delay_ns / NS_PER_MS));
}

static enum ew_status revive(struct live_session *session, struct ew_error *error)
{
    struct live *live = session->live;
    enum ew_status status = ew_live_session_up(session, error);
    if (status == EW_OK && session == &live->sessions[EW_CAPTURE_USER] && !live->attached) {
        status = ew_live_rundown_start(live, error);
        if (status != EW_OK) {
            ew_live_session_down(session);
        }
    }
    return status;
}

/* The first refusal is told; later ones are the same one again. */
static bool retry(struct live_session *session, uint64_t now_ns, struct ew_error *error)
{
    if (now_ns < session->retry_ns) {
        return false;
    }
    if (revive(session, error) != EW_OK) {
        bool tell = !session->told;
        session->told = true;
        session->delay_ns *= 2;
        session->delay_ns = session->delay_ns > DELAY_MAX_NS ? DELAY_MAX_NS : session->delay_ns;
        session->retry_ns = now_ns + session->delay_ns;
        return tell;
    }
    session->lost = false;
    session->started_ns = now_ns;
    atomic_fetch_sub_explicit(&session->live->lost_sessions, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&session->live->restarts, 1, memory_order_relaxed);
    (void)ew_fail(error, EW_OK, "session %s: is back", session->shown);
    return true;
}

/* --- every tick --------------------------------------------------------------------------- */

void ew_live_sum_losses(struct live *live)
{
    uint64_t events = 0;
    uint64_t buffers = 0;
    for (size_t i = 0; i < LIVE_SESSION_COUNT; i++) {
        events += live->sessions[i].past_events + live->sessions[i].life_events;
        buffers += live->sessions[i].past_buffers + live->sessions[i].life_buffers;
    }
    atomic_store_explicit(&live->events_lost, events, memory_order_relaxed);
    atomic_store_explicit(&live->buffers_lost, buffers, memory_order_relaxed);
}

static bool watch_session(struct live_session *session, uint64_t now_ns, struct ew_error *error)
{
    if (session->lost) {
        return retry(session, now_ns, error);
    }
    if (atomic_load_explicit(&session->ended, memory_order_acquire)) {
        bury(session, now_ns, error);
        return true;
    }
    close_gap(session);
    if (now_ns >= session->query_ns) {
        session->query_ns = now_ns + QUERY_NS;
        (void)ew_live_session_query(session);
    }
    return false;
}

bool ew_live_watch(struct live *live, uint64_t now_ns, struct ew_error *error)
{
    bool told = false;
    /* One sentence a tick: the other session's waits for the next. */
    for (size_t i = 0; i < LIVE_SESSION_COUNT && !told; i++) {
        told = live->sessions[i].used && watch_session(&live->sessions[i], now_ns, error);
    }
    ew_live_sum_losses(live);
    return told;
}
