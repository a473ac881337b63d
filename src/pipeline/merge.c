/* SPDX-License-Identifier: Apache-2.0 */
/* The events of several queues as one sequence in time. */
#include "pipeline/merge.h"

#include <string.h>

void merge_init(struct merge *merge, struct ew_queue *const queues[EW_CAPTURE_QUEUE_COUNT])
{
    for (size_t i = 0; i < EW_CAPTURE_QUEUE_COUNT; i++) {
        merge->queues[i].queue = queues[i];
        merge->queues[i].waited_for = i != EW_CAPTURE_NOTICES && queues[i] != NULL;
    }
}

/* --- time ------------------------------------------------------------------------- */

/* The same rounding as a recording's (reference etl-format.md 6), so that a live collection and
 * a replay of what was recorded beside it tell the same times. */
static uint64_t scale(const struct ew_capture_clock *clock, uint64_t ticks)
{
    uint64_t seconds = ticks / clock->frequency;
    uint64_t rest = ticks % clock->frequency * 10000000 / clock->frequency;
    return seconds > (UINT64_MAX - rest) / 10000000 ? UINT64_MAX : seconds * 10000000 + rest;
}

uint64_t merge_filetime(const struct ew_capture_clock *clock, uint64_t time_raw)
{
    if (time_raw >= clock->origin_raw) {
        uint64_t since = scale(clock, time_raw - clock->origin_raw);
        return since > UINT64_MAX - clock->origin_100ns ? UINT64_MAX
                                                        : clock->origin_100ns + since;
    }
    uint64_t before = scale(clock, clock->origin_raw - time_raw);
    return before > clock->origin_100ns ? 0 : clock->origin_100ns - before;
}

/* --- when things came ---------------------------------------------------------------- */

static struct merge_mark *mark_at(struct merge_queue *queue, uint32_t position)
{
    return &queue->marks[(queue->mark_first + position) % MERGE_MARKS];
}

static void note_mark(struct merge_queue *queue, uint64_t records, uint64_t now_ns)
{
    struct merge_mark *last =
        queue->mark_count > 0 ? mark_at(queue, queue->mark_count - 1) : NULL;
    if (last != NULL ? last->records == records : records == queue->taken) {
        return;
    }
    if (queue->mark_count == MERGE_MARKS) {
        last->records = records; /* what came before waits a little longer */
        last->seen_ns = now_ns;
        return;
    }
    *mark_at(queue, queue->mark_count++) = (struct merge_mark){records, now_ns};
}

void merge_poll(struct merge *merge, uint64_t now_ns)
{
    for (size_t i = 0; i < EW_CAPTURE_QUEUE_COUNT; i++) {
        struct merge_queue *queue = &merge->queues[i];
        if (queue->queue != NULL) {
            ew_queue_look(queue->queue);
            note_mark(queue, ew_queue_counts(queue->queue).records, now_ns);
        }
    }
}

/* When the head of a queue was first seen; now, if no poll has seen it yet. */
static uint64_t head_seen_ns(struct merge_queue *queue, uint64_t now_ns)
{
    while (queue->mark_count > 0 && mark_at(queue, 0)->records <= queue->taken) {
        queue->mark_first = (queue->mark_first + 1) % MERGE_MARKS;
        queue->mark_count--;
    }
    return queue->mark_count > 0 ? mark_at(queue, 0)->seen_ns : now_ns;
}

/* --- the next event --------------------------------------------------------------------- */

static bool learn_clock(struct merge *merge, size_t index)
{
    struct merge_queue *queue = &merge->queues[index];
    if (!queue->clock_known) {
        queue->clock_known = merge->capture->clock(merge->capture->context, index, &queue->clock)
                             && queue->clock.frequency != 0;
    }
    return queue->clock_known;
}

static bool fill_head(struct merge *merge, size_t index)
{
    struct merge_queue *queue = &merge->queues[index];
    if (queue->has_head) {
        return true;
    }
    if (queue->queue == NULL || !ew_queue_peek_event(queue->queue, &queue->head)
        || !learn_clock(merge, index)) {
        return false;
    }
    queue->head.time_100ns = merge_filetime(&queue->clock, queue->head.time_raw);
    queue->has_head = true;
    return true;
}

bool merge_next(struct merge *merge, uint64_t now_ns, struct ew_event *event_out)
{
    size_t first = EW_CAPTURE_QUEUE_COUNT;
    bool must_wait = false;
    for (size_t i = 0; i < EW_CAPTURE_QUEUE_COUNT; i++) {
        struct merge_queue *queue = &merge->queues[i];
        if (!fill_head(merge, i)) {
            must_wait |= queue->waited_for;
        } else if (first == EW_CAPTURE_QUEUE_COUNT
                   || queue->head.time_100ns < merge->queues[first].head.time_100ns) {
            first = i;
        }
    }
    if (first == EW_CAPTURE_QUEUE_COUNT) {
        return false;
    }
    if (must_wait && !merge->ended
        && now_ns - head_seen_ns(&merge->queues[first], now_ns) < merge->hold_ns) {
        return false;
    }
    merge->current = first;
    *event_out = merge->queues[first].head;
    return true;
}

void merge_advance(struct merge *merge)
{
    struct merge_queue *queue = &merge->queues[merge->current];
    ew_queue_advance(queue->queue);
    queue->has_head = false;
    queue->taken++;
}

bool merge_is_empty(const struct merge *merge)
{
    for (size_t i = 0; i < EW_CAPTURE_QUEUE_COUNT; i++) {
        const struct merge_queue *queue = &merge->queues[i];
        if (queue->queue != NULL && ew_queue_counts(queue->queue).records != queue->taken) {
            return false;
        }
    }
    return true;
}

uint64_t merge_drop(struct merge *merge)
{
    uint64_t dropped = 0;
    for (merge->current = 0; merge->current < EW_CAPTURE_QUEUE_COUNT; merge->current++) {
        struct merge_queue *queue = &merge->queues[merge->current];
        size_t bytes;
        if (queue->queue == NULL) {
            continue;
        }
        ew_queue_look(queue->queue);
        for (; ew_queue_peek(queue->queue, &bytes) != NULL; dropped++) {
            merge_advance(merge);
        }
    }
    return dropped;
}
