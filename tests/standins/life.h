/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the stand-in knows of this process: its plan, its log, the calls it made, and the rules
 * that hold between calls. A life begins with the first call and ends with the process, or
 * between etwsim_begin() and etwsim_end().
 */
#ifndef ETWSIM_LIFE_H
#define ETWSIM_LIFE_H

#include "plan.h"

#include "etwitness/status.h"

#include <windows.h>

enum call_group { CALL_ETW, CALL_SCM, CALL_EVENT_LOG, CALL_PRIVILEGE, CALL_REGISTRY };

struct life {
    struct plan plan;
    uint64_t id;              /* of this life on the machine, never used again */
    uint64_t changed_ms;      /* when something was last started, opened or enabled */
    uint32_t interval_before; /* the machine's sampling interval when this life began */
    bool has_profile_privilege;
    bool clr_was_enabled;     /* the CLR runtime provider, at least once */
    bool profile_was_started; /* a session with PROFILE, at least once */
};

/* The life of this process, begun when it is not yet. Never NULL. */
struct life *sim_life(void);

/* Guards what all threads of the process share: struct life, handles and the player. */
void sim_lock(void);
void sim_unlock(void);
extern CRITICAL_SECTION sim_section; /* for condition variables; locked by the above */

/* Milliseconds since some point. */
uint64_t sim_now_ms(void);

/* Something was started, opened or enabled: playback waits until that has settled. */
void sim_changed(void);

/*
 * Counts a call of `function` (with `part` in "function.part", may be NULL) and answers the
 * Windows error that the plan demands of it, or 0. Every call begins with it.
 */
DWORD sim_enter(enum call_group group, const char *function, const char *part);

/* "call: FUNCTION <text> -> code". */
void sim_log_call(const char *function, DWORD code, bool on_demand, const char *format, ...)
    EW_PRINTF(4, 5);

/* A line of any other kind. */
void sim_log(const char *format, ...) EW_PRINTF(1, 2);

/* "violation: FUNCTION: what", counted. */
void sim_violation(const char *function, const char *format, ...) EW_PRINTF(2, 3);

/* The violations of this life. */
unsigned sim_violations(void);

/* UTF-16 as UTF-8 for the log, cut at `capacity`; "(null)" for NULL. Answers `out`. */
const char *sim_narrow(const WCHAR *text, char *out, size_t capacity);

/* UTF-8 as UTF-16, terminated, cut at `capacity` characters. */
void sim_widen(const char *text, WCHAR *out, size_t capacity);

enum { SIM_TEXT_BYTES = 3 * 1024 + 8 };

#endif
