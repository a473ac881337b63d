/* SPDX-License-Identifier: Apache-2.0 */
/* What of a live collection is worth a notice, on the control thread. */
#include "pipeline/collect_internal.h"
#include "platform/clock.h"

/* Less is what time services do all day. */
enum { STEP_SECONDS = 2, STEP_100NS = STEP_SECONDS * 10000000 };

static uint64_t wall_clock(const struct ew_collect *collect)
{
    return collect->options.wall_clock != NULL ? collect->options.wall_clock()
                                               : ew_clock_filetime();
}

void collect_watch_start(struct ew_collect *collect, uint64_t now_ns)
{
    collect->control.wall_100ns = wall_clock(collect);
    collect->control.wall_ns = now_ns;
}

/* Events carry the session's own clock, which nobody can set: their times go on as before. */
static void watch_clock(struct ew_collect *collect, uint64_t now_ns)
{
    struct collect_control *control = &collect->control;
    uint64_t expected = control->wall_100ns + (now_ns - control->wall_ns) / 100;
    uint64_t wall = wall_clock(collect);
    uint64_t apart = wall > expected ? wall - expected : expected - wall;
    if (apart < STEP_100NS) {
        return;
    }
    collect_tell(collect, EW_NOTICE_CLOCK_STEPPED,
                 "The wall clock was set %s by %llu seconds; times in evidence go on by the clock"
                 " of the session and follow it when collection starts again",
                 wall > expected ? "forward" : "back", (unsigned long long)(apart / 10000000));
    collect_watch_start(collect, now_ns);
}

/* True when a count has begun to grow, or is ten times what was last told. */
static bool is_worth_telling(uint64_t count, uint64_t *told)
{
    if (count == 0 || (*told != 0 && count / 10 < *told)) {
        return false;
    }
    *told = count;
    return true;
}

static uint64_t sum_drops(const struct ew_collect_status *status)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < EW_CAPTURE_QUEUE_COUNT; i++) {
        for (int kind = 0; kind < EW_QUEUE_CLASS_COUNT; kind++) {
            sum += status->queues[i].dropped[kind];
        }
    }
    return sum;
}

static void watch_losses(struct ew_collect *collect, const struct ew_collect_status *status)
{
    struct collect_control *control = &collect->control;
    uint64_t lost = status->capture.events_lost + status->capture.buffers_lost;
    if (is_worth_telling(lost, &control->lost_told)) {
        collect_tell(collect, EW_NOTICE_EVENTS_LOST,
                     "Windows lost %llu events and %llu buffers so far; larger or more buffers"
                     " help (\"buffers\" in the configuration)",
                     (unsigned long long)status->capture.events_lost,
                     (unsigned long long)status->capture.buffers_lost);
    }
    uint64_t dropped = sum_drops(status);
    if (is_worth_telling(dropped, &control->dropped_told)) {
        collect_tell(collect, EW_NOTICE_QUEUE_DROPPED,
                     "%llu events found the queue full so far; a larger queue or a longer"
                     " sampling interval helps (\"queueMib\", \"kernel.interval100ns\")",
                     (unsigned long long)dropped);
    }
    if (is_worth_telling(status->refused, &control->refused_told)) {
        collect_tell(collect, EW_NOTICE_TABLES_FULL,
                     "%llu entries found a table full so far; the evidence says so where it"
                     " matters",
                     (unsigned long long)status->refused);
    }
}

/* `said` is what the capture has to say, "" for nothing. */
static void watch_sessions(struct ew_collect *collect, const struct ew_capture_counts *now,
                           const char *said)
{
    struct ew_capture_counts *seen = &collect->control.seen;
    if (now->state == EW_CAPTURE_RESTARTING && seen->state != EW_CAPTURE_RESTARTING) {
        collect_tell(collect, EW_NOTICE_SESSION_LOST,
                     "A session has ended without our doing; it is started again%s%s",
                     said[0] != '\0' ? ": " : "", said);
    }
    if (now->restarts > seen->restarts && now->state == EW_CAPTURE_RUNNING) {
        collect_tell(collect, EW_NOTICE_SESSION_BACK,
                     "The session runs again; the evidence tells the span without it");
    }
    *seen = *now;
}

void collect_watch(struct ew_collect *collect, const char *said, uint64_t now_ns)
{
    struct ew_collect_status status;
    ew_collect_status(collect, &status);
    watch_sessions(collect, &status.capture, said);
    watch_losses(collect, &status);
    watch_clock(collect, now_ns);
}
