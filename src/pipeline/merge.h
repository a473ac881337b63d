/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The events of several queues as one sequence in time. Each queue is in order, as its
 * session delivers; the sessions are not in step, since each flushes its buffers when it
 * likes. So an event waits for the other queues: until each has one to compare with, or for
 * the hold time.
 */
#ifndef EW_PIPELINE_MERGE_H
#define EW_PIPELINE_MERGE_H

#include "etwitness/capture.h"

/* When records were first seen in a queue. */
struct merge_mark {
    uint64_t records; /* committed by then */
    uint64_t seen_ns;
};

/* Marks a queue keeps: a poll each ten milliseconds for a hold of five seconds. When there are
 * more, events wait a little longer than they must. */
enum { MERGE_MARKS = 512 };

struct merge_queue {
    struct ew_queue *queue;
    bool waited_for; /* others wait until it has an event */
    bool clock_known;
    bool has_head;
    struct ew_capture_clock clock;
    struct ew_event head;
    uint64_t taken; /* records stepped over */
    struct merge_mark marks[MERGE_MARKS];
    uint32_t mark_first;
    uint32_t mark_count;
};

struct merge {
    const struct ew_capture *capture;
    struct merge_queue queues[EW_CAPTURE_QUEUE_COUNT];
    uint64_t hold_ns;
    bool ended; /* nothing more will come: nothing waits */
    size_t current;
};

/* `merge` is zeroed and has a capture and a hold time; queues may be NULL. */
void merge_init(struct merge *merge, struct ew_queue *const queues[EW_CAPTURE_QUEUE_COUNT]);

/* Sees what has come; every ten milliseconds or so, and before the queues are found empty. */
void merge_poll(struct merge *merge, uint64_t now_ns);

/* The next event in time, with its FILETIME; valid until merge_advance(). False when there
 * is none, or none whose turn it is yet. */
bool merge_next(struct merge *merge, uint64_t now_ns, struct ew_event *event_out);
void merge_advance(struct merge *merge);

/* True when no queue holds anything, as of the last poll. */
bool merge_is_empty(const struct merge *merge);

/* Drops everything that is left; the number of events. */
uint64_t merge_drop(struct merge *merge);

/* FILETIME of a raw time; saturates. */
uint64_t merge_filetime(const struct ew_capture_clock *clock, uint64_t time_raw);

#endif
