/* SPDX-License-Identifier: Apache-2.0 */
/* A live capture against the stand-in for ETW: plans, lives, and what came through. */
#ifndef EW_TESTS_WINDOWS_LIVE_WORLD_H
#define EW_TESTS_WINDOWS_LIVE_WORLD_H

#include "etwitness/live.h"

enum { WORLD_TEXTS_MAX = 64 };

struct world {
    struct ew_settings settings;
    struct ew_capture capture;
    bool created;
    bool started;
    struct ew_queue *queues[EW_CAPTURE_QUEUE_COUNT];
    struct ew_error error;                           /* of create or start */
    char told[WORLD_TEXTS_MAX][EW_ERROR_TEXT_BYTES]; /* by tick */
    size_t told_count;
    uint64_t taken[EW_CAPTURE_QUEUE_COUNT];
    void (*on_event)(void *context, size_t queue, const struct ew_event *event);
    void *context;
};

/* The recording that is played: the shop of docs/scenarios, made once, unless another is. */
const char *world_recording(void);

/* Another recording is played from now on; NULL: the shop again. */
void world_play(const char *path);

/* A fresh machine with a plan, lines ended by \n; `trace=` is added when `plays`. */
void world_plan(const char *lines, bool plays);

/* The same machine and plan, for another process. */
void world_next_life(void);

/* Settings as the service has them by default, with small buffers. */
void world_make(struct world *world);

/* Creates and starts; false when either is refused. `attach` may be NULL. */
bool world_start(struct world *world, const char *attach);

/* Ticks and drains for so long. */
void world_run(struct world *world, unsigned duration_ms);

/* The same until `count` events came through the queue, or 20 s. */
void world_run_until(struct world *world, size_t queue, uint64_t count);

/* Asks for the stop and drains until it is stopped; fails the test after 20 s. */
void world_stop(struct world *world);

/* Closes and frees; again is harmless. */
void world_close(struct world *world);

/* Ends the life: no violation must have been found, and no session of ours must run. */
void world_expect_clean(void);

unsigned world_violations(void);

/* Whether one of the sentences that tick told, or the log of the stand-in, has a text. */
bool world_was_told(const struct world *world, const char *text);
bool world_log_has(const char *text);
bool world_session_runs(const char *name);

#endif
