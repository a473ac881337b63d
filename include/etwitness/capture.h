/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Live capture as the pipeline sees it: something that puts events into queues from threads
 * of its own, can say what it lost, and can be stopped so that everything delivered so far
 * arrives. The Windows sessions implement it (`etwitness/live.h`); tests play recordings
 * through it.
 */
#ifndef ETWITNESS_CAPTURE_H
#define ETWITNESS_CAPTURE_H

#include "etwitness/queue.h"

/* Rings a capture fills: one for each thread that delivers events, and one for notices of
 * its own (containers of processes), which has no thread but that of `tick`. */
enum { EW_CAPTURE_KERNEL, EW_CAPTURE_USER, EW_CAPTURE_NOTICES, EW_CAPTURE_QUEUE_COUNT };

/* The clock of a session's raw times, valid once the first event of a queue was put:
 * FILETIME = origin_100ns + (raw - origin_raw) * 10^7 / frequency. */
struct ew_capture_clock {
    uint64_t frequency;
    uint64_t origin_raw;
    uint64_t origin_100ns;
};

enum ew_capture_state {
    EW_CAPTURE_RUNNING,
    EW_CAPTURE_RESTARTING, /* a session was lost and is tried again */
    EW_CAPTURE_STOPPING,   /* asked to stop; events may still come */
    EW_CAPTURE_STOPPED,    /* every event is in its queue, no thread is left */
};

/* Sums over the sessions' lives: a restarted session begins at zero, these do not. */
struct ew_capture_counts {
    enum ew_capture_state state;
    uint64_t events;         /* delivered to the callbacks */
    uint64_t filtered;       /* of these: of no use, not put */
    uint64_t damaged;        /* of these: lengths that cannot be, not put */
    uint64_t events_lost;    /* ETW had no free buffer (reference etw.md 3.4) */
    uint64_t buffers_lost;   /* log and real-time buffers */
    uint64_t restarts;       /* sessions that were lost and came back */
    uint64_t containers;     /* containers seen */
    uint32_t interval_100ns; /* of samples as the machine has it; 0: not known */
};

/* A span in which a session did not collect. */
struct ew_capture_gap {
    uint64_t start_100ns;
    uint64_t end_100ns;
};

/* What the machine says of itself, known after start. */
struct ew_capture_host {
    uint64_t boot_100ns;
    uint32_t os_major;
    uint32_t os_minor;
    uint32_t os_build;
    uint32_t cpu_count;
    const char *arch; /* "amd64", "arm64", "x86"; static */
};

/*
 * All functions but those of the producers run on one thread, the pipeline's control
 * thread. `context` is the capture's own.
 */
struct ew_capture {
    void *context;

    /* Starts the sessions and their threads. On failure nothing is left behind. */
    enum ew_status (*start)(void *context, struct ew_queue *const queues[EW_CAPTURE_QUEUE_COUNT],
                            struct ew_error *error);

    /* Every 250 ms or so: asks sessions for their losses, restarts those that died with
     * back-off, looks for containers. Never blocks for longer than a session call takes.
     * True when something worth telling happened; `error` then holds the sentence. */
    bool (*tick)(void *context, struct ew_error *error);

    /* The clock of a queue's raw times. False until it is known. Any thread. */
    bool (*clock)(void *context, size_t queue, struct ew_capture_clock *clock_out);

    /* Stops the sessions; what they have delivered still comes through the queues, and the
     * state becomes EW_CAPTURE_STOPPED when all of it is there. Does not wait. */
    void (*request_stop)(void *context);

    /* Ends the delivery at once, at a deadline; state becomes EW_CAPTURE_STOPPED. Returns
     * when no thread is left. */
    void (*abandon)(void *context);

    /* Any thread. */
    void (*counts)(void *context, struct ew_capture_counts *counts_out);
    void (*host)(void *context, struct ew_capture_host *host_out);

    /* Takes the oldest gap that was not taken yet; false when there is none. */
    bool (*take_gap)(void *context, struct ew_capture_gap *gap_out);

    /* Releases everything, sessions and threads included. */
    void (*close)(void *context);
};

#endif
