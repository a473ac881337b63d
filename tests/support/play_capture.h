/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A capture that plays a recording: kernel events from one thread, all others from another,
 * in step with one another, as live sessions deliver them. What live collection does can so be
 * tested where there is no ETW.
 */
#ifndef EW_TESTS_PLAY_CAPTURE_H
#define EW_TESTS_PLAY_CAPTURE_H

#include "etwitness/capture.h"

#include <stdatomic.h>

struct play_options {
    const char *path;
    bool waits;           /* for room in the queues, so that nothing is lost */
    uint64_t events_max;  /* of each thread; 0: all */
    uint64_t rate;        /* events a second and thread; 0: as fast as it goes */
    bool fails_to_start;  /* start() answers EW_IO */
    bool never_stops;     /* request_stop() is not heard */
    uint64_t events_lost; /* told by counts() */
    uint64_t buffers_lost;
    struct ew_capture_gap gap; /* given out once, when its end is not 0 */
    _Atomic uint64_t *cpu_ns; /* the CPU time of each thread is added when it ends; may be NULL */
};

/* The capture owns what it needs until its close; `options` is borrowed until then. */
void play_capture(const struct play_options *options, struct ew_capture *capture_out);

/* Threads of all captures that run. */
unsigned play_threads_running(void);

#endif
