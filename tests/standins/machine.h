/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The machine that all processes with one state folder see: sessions by name, and the sampling
 * interval. It lives in a mapped file, so that a session survives the process that made it as
 * a real one does (reference etw.md 3.1.4).
 */
#ifndef ETWSIM_MACHINE_H
#define ETWSIM_MACHINE_H

#include "plan.h"

#include <stdatomic.h>
#include <windows.h>

#include <evntrace.h>

enum {
    MACHINE_SESSIONS_MAX = 64,  /* of a machine, reference etw.md 3.1.3 */
    MACHINE_PROVIDERS_MAX = 64, /* of one session */
    MACHINE_STACKS_MAX = 256,   /* ids of a stack list, reference etw.md 3.2.1 */
    MACHINE_NAME_MAX = 1024,
    MACHINE_FLAG_WORDS = 8,
    MACHINE_INTERVAL_DEFAULT = 10000,
};

struct machine_provider {
    GUID guid;
    uint64_t any;
    uint64_t all;
    uint32_t property;
    uint8_t level;
};

struct machine_session {
    _Atomic uint64_t id;       /* the session handle; 0: no session */
    _Atomic uint32_t revision; /* grows with every change of what is enabled */
    _Atomic uint32_t events_lost;
    _Atomic uint32_t buffers_lost;
    _Atomic uint32_t buffers_written;
    uint64_t owner; /* the life that started it; 0: somebody else's */
    uint64_t started_ms;
    uint32_t process_id;
    GUID guid;
    WCHAR name[MACHINE_NAME_MAX + 1];
    uint32_t mode;
    uint32_t scope; /* enum plan_scope */
    uint32_t flags[MACHINE_FLAG_WORDS];
    uint32_t buffer_kib;
    uint32_t minimum_buffers;
    uint32_t maximum_buffers;
    uint32_t flush_seconds;
    uint32_t has_consumer; /* some time in its life */
    uint32_t is_unconsumed_told;
    uint32_t provider_count;
    uint32_t stack_count;
    struct machine_provider providers[MACHINE_PROVIDERS_MAX];
    CLASSIC_EVENT_ID stacks[MACHINE_STACKS_MAX];
};

struct machine {
    uint64_t magic;
    uint64_t next_session;
    uint64_t next_life;
    uint32_t interval_100ns;
    struct machine_session sessions[MACHINE_SESSIONS_MAX];
};

/* Opens the machine of a state folder (UTF-8), made when it is not there, with the plan's
 * sessions of others; closes the one before. False when the folder cannot be used. */
bool machine_open(const char *folder, const struct plan *plan);

/* The machine, for which all processes wait; machine_unlock() as soon as possible. */
struct machine *machine_lock(void);
void machine_unlock(void);

/* With the machine locked: a session by name without case, by GUID, by handle; or NULL. */
struct machine_session *machine_by_name(const WCHAR *name);
struct machine_session *machine_by_guid(const GUID *guid);
struct machine_session *machine_by_id(uint64_t id);

/* With the machine locked: sessions in use, system loggers only or all. */
unsigned machine_count(bool system_loggers);

/* With the machine locked: a new session with a handle and nothing else; NULL when full. */
struct machine_session *machine_add(const WCHAR *name, const GUID *guid);

/* With the machine locked: the session is gone. */
void machine_remove(struct machine_session *session);

/* With the machine locked: the session's enabled events changed. */
void machine_touch(struct machine_session *session);

/* With the machine locked: writes sessions.txt. machine_remove() does it by itself. */
void machine_list(void);

/* True for a session with EVENT_TRACE_SYSTEM_LOGGER_MODE. */
bool machine_is_system(const struct machine_session *session);

/* True when the session records kernel samples: PERF_PROFILE by flag. */
bool machine_has_profile(const struct machine_session *session);

#endif
