/* SPDX-License-Identifier: Apache-2.0 */
/* The common clock: each consumer tells where it is, and none goes further than the slowest
 * one and 100 ms, nor than the pace of the plan. */
#include "clock.h"

#include "life.h"

enum {
    STEP_100NS = 1000000,   /* that consumers may be apart */
    GATE_EVENTS = 64,       /* without a look at the others */
    BEGIN_LATEST_MS = 5000, /* after the first ProcessTrace */
    WAIT_MS = 10,
    AHEAD_100NS = 50000, /* events due within 5 ms come at once */
    FLUSH_MS = 100,      /* a waiting consumer's buffer gets no older */
};

static CONDITION_VARIABLE moved = CONDITION_VARIABLE_INIT;

static struct clock {
    bool has_begun;
    bool has_first; /* first_100ns is known */
    uint64_t first_process_ms;
    uint64_t begun_100ns; /* on the wall */
    uint64_t first_100ns; /* recorded time of the first event */
    uint64_t last_100ns;  /* the furthest any consumer has come */
} common;

void clock_wake(void)
{
    WakeAllConditionVariable(&moved);
}

void clock_forget(void)
{
    static const struct clock none;
    common = none;
}

static uint64_t wall_100ns(void)
{
    LARGE_INTEGER ticks;
    LARGE_INTEGER frequency;
    (void)QueryPerformanceCounter(&ticks);
    (void)QueryPerformanceFrequency(&frequency);
    return (uint64_t)((double)ticks.QuadPart * 1e7 / (double)frequency.QuadPart);
}

static bool session_is_gone(const struct consumer *consumer)
{
    (void)machine_lock();
    bool gone = machine_by_id(consumer->session_id) == NULL;
    machine_unlock();
    return gone;
}

/* A consumer of this process is in ProcessTrace for the session. */
static bool is_processed(uint64_t session_id)
{
    const struct consumer *consumer = NULL;
    for (unsigned i = 0; (consumer = consumer_at(i)) != NULL; i++) {
        if (consumer->state == CONSUMER_PROCESSING && consumer->session_id == session_id) {
            return true;
        }
    }
    return false;
}

static bool all_are_processed(void)
{
    uint64_t life = sim_life()->id;
    bool all = true;
    struct machine *machine = machine_lock();
    for (unsigned i = 0; i < MACHINE_SESSIONS_MAX; i++) {
        const struct machine_session *session = &machine->sessions[i];
        uint64_t id = atomic_load(&session->id);
        if (id != 0 && session->owner == life && !is_processed(id)) {
            all = false;
        }
    }
    machine_unlock();
    return all;
}

static bool may_begin(void)
{
    const struct life *life = sim_life();
    uint64_t now_ms = sim_now_ms();
    if (now_ms - common.first_process_ms >= BEGIN_LATEST_MS) {
        return true;
    }
    return now_ms - life->changed_ms >= life->plan.settle_ms && all_are_processed();
}

static void begin(void)
{
    sim_log("play: begins");
    common.has_begun = true;
    clock_wake();
}

/* Where the slowest of the others is; UINT64_MAX when there is none. */
static uint64_t slowest_other(const struct consumer *self)
{
    uint64_t slowest = UINT64_MAX;
    const struct consumer *consumer = NULL;
    for (unsigned i = 0; (consumer = consumer_at(i)) != NULL; i++) {
        if (consumer != self && consumer->state == CONSUMER_PROCESSING && consumer->is_playing
            && consumer->position < slowest) {
            slowest = consumer->position;
        }
    }
    return slowest;
}

/* At the beginning those are ready that wait for it too. */
static void join_all(void)
{
    struct consumer *consumer = NULL;
    for (unsigned i = 0; (consumer = consumer_at(i)) != NULL; i++) {
        consumer->is_playing =
            consumer->state == CONSUMER_PROCESSING && consumer->session_id != 0;
    }
}

enum clock_answer clock_begin(struct consumer *consumer, uint64_t *from_out)
{
    enum clock_answer answer = CLOCK_GO;
    sim_lock();
    if (common.first_process_ms == 0) {
        common.first_process_ms = sim_now_ms();
    }
    while (answer == CLOCK_GO && !common.has_begun) {
        if (consumer->is_closing) {
            answer = CLOCK_CLOSED;
        } else if (session_is_gone(consumer)) {
            answer = CLOCK_STOPPED;
        } else if (may_begin()) {
            begin();
            join_all();
        } else {
            (void)SleepConditionVariableCS(&moved, &sim_section, WAIT_MS);
        }
    }
    if (!consumer->is_playing) {
        /* What the session before it has had does not come again. */
        consumer->position = common.last_100ns + 1;
        consumer->is_playing = true;
    }
    *from_out = consumer->position;
    sim_unlock();
    return answer;
}

static void publish(struct consumer *consumer, uint64_t time_100ns)
{
    consumer->position = time_100ns;
    if (time_100ns != UINT64_MAX && time_100ns > common.last_100ns) {
        common.last_100ns = time_100ns;
    }
    if (!common.has_first && time_100ns != UINT64_MAX) {
        common.has_first = true;
        common.first_100ns = time_100ns;
        common.begun_100ns = wall_100ns();
    }
    clock_wake();
}

/* Whether the plan's pace has come to this event. */
static bool is_due(const struct consumer *consumer, uint64_t time_100ns)
{
    const struct plan *plan = &sim_life()->plan;
    uint64_t passed = wall_100ns() - common.begun_100ns + AHEAD_100NS;
    if (plan->pace == PLAN_PACE_TIMES) {
        return time_100ns < common.first_100ns
               || (time_100ns - common.first_100ns) / plan->rate <= passed;
    }
    return plan->pace == PLAN_PACE_FULL
           || (double)consumer->index * 1e7 / (double)plan->rate <= (double)passed;
}

static void look_for_end(struct consumer *consumer)
{
    if (!consumer->is_draining && session_is_gone(consumer)) {
        consumer->is_draining = true;
        consumer->drain_to = common.last_100ns;
    }
}

/* One look, lock held: what to do with the event. `waits_out` is true when nothing yet. */
static enum clock_answer look(struct consumer *consumer, uint64_t time_100ns, bool *waits_out)
{
    *waits_out = false;
    publish(consumer, time_100ns);
    look_for_end(consumer);
    if (consumer->is_closing) {
        return CLOCK_CLOSED;
    }
    if (consumer->is_draining) {
        return time_100ns > consumer->drain_to ? CLOCK_STOPPED : CLOCK_GO;
    }
    uint64_t slowest = slowest_other(consumer);
    consumer->limit = slowest > UINT64_MAX - STEP_100NS ? UINT64_MAX : slowest + STEP_100NS;
    *waits_out = time_100ns > consumer->limit || !is_due(consumer, time_100ns);
    return CLOCK_GO;
}

static bool flush_old(struct consumer *consumer, clock_flush_fn flush)
{
    bool is_old = consumer->buffer_bytes > 0 && sim_now_ms() - consumer->buffer_ms >= FLUSH_MS;
    return !is_old || flush(consumer);
}

enum clock_answer clock_wait(struct consumer *consumer, uint64_t time_100ns, clock_flush_fn flush)
{
    bool waits = false;
    enum clock_answer answer = CLOCK_GO;
    /* Without the lock: once playback has begun, what the pace is counted from stays as it is. */
    if (consumer->has_passed && time_100ns <= consumer->limit
        && ++consumer->since_gate < GATE_EVENTS && is_due(consumer, time_100ns)) {
        return CLOCK_GO;
    }
    consumer->since_gate = 0;
    sim_lock();
    for (;;) {
        answer = look(consumer, time_100ns, &waits);
        if (answer != CLOCK_GO || !waits) {
            break;
        }
        sim_unlock();
        if (!flush_old(consumer, flush)) {
            return CLOCK_CANCELLED;
        }
        sim_lock();
        (void)SleepConditionVariableCS(&moved, &sim_section, WAIT_MS);
    }
    consumer->has_passed = true;
    sim_unlock();
    return answer;
}

enum clock_answer clock_rest(struct consumer *consumer, clock_flush_fn flush)
{
    enum clock_answer answer = flush(consumer) ? CLOCK_GO : CLOCK_CANCELLED;
    sim_lock();
    publish(consumer, UINT64_MAX);
    while (answer == CLOCK_GO) {
        if (consumer->is_closing) {
            answer = CLOCK_CLOSED;
        } else if (session_is_gone(consumer)) {
            answer = CLOCK_STOPPED;
        } else {
            (void)SleepConditionVariableCS(&moved, &sim_section, WAIT_MS);
        }
    }
    sim_unlock();
    return answer;
}

void clock_leave(struct consumer *consumer)
{
    sim_lock();
    consumer->is_playing = false;
    clock_wake();
    sim_unlock();
}
