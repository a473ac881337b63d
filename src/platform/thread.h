/* SPDX-License-Identifier: Apache-2.0 */
/* Threads, locks and waiting. posix/ and win32/ implement it. */
#ifndef EW_PLATFORM_THREAD_H
#define EW_PLATFORM_THREAD_H

#include "etwitness/status.h"

#include <stdbool.h>
#include <stdint.h>

struct ew_thread;
struct ew_mutex;
struct ew_condition;

typedef void (*ew_thread_fn)(void *context);

/* For ew_condition_wait(): no limit. */
#define EW_WAIT_FOREVER UINT32_MAX

/*
 * Runs `function(context)` on a new thread with the system's usual stack. What the caller
 * wrote before is seen by the thread, and what the thread wrote is seen after the join.
 * EW_NO_MEMORY when the allocator or the system has no room for one more thread.
 */
EW_MUST_USE enum ew_status ew_thread_start(struct ew_thread **thread_out, ew_thread_fn function,
                                           void *context);

/* Waits until the thread has returned, and frees it; NULL is allowed. Not from itself. */
void ew_thread_join(struct ew_thread *thread);

/* Not recursive. EW_NO_MEMORY. Destroyed when nobody holds it; NULL is allowed there. */
EW_MUST_USE enum ew_status ew_mutex_create(struct ew_mutex **mutex_out);
void ew_mutex_destroy(struct ew_mutex *mutex);
void ew_mutex_lock(struct ew_mutex *mutex);
void ew_mutex_unlock(struct ew_mutex *mutex);

/* EW_NO_MEMORY. Destroyed when nobody waits for it; NULL is allowed there. */
EW_MUST_USE enum ew_status ew_condition_create(struct ew_condition **condition_out);
void ew_condition_destroy(struct ew_condition *condition);

/*
 * Gives the mutex, which the caller holds, away while it waits, and holds it again when it
 * returns. False when `timeout_ms` went by on a clock that nobody can set; 0 only gives the
 * others a chance. True may come without a signal: the caller looks at what it waits for.
 */
bool ew_condition_wait(struct ew_condition *condition, struct ew_mutex *mutex,
                       uint32_t timeout_ms);

/* Wakes one that waits, or all; with or without the mutex held. */
void ew_condition_signal(struct ew_condition *condition);
void ew_condition_broadcast(struct ew_condition *condition);

/* At least that long; on Windows up to a clock tick (15.6 ms) longer. */
void ew_sleep_ms(uint32_t duration_ms);

#endif
