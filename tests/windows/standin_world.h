/* SPDX-License-Identifier: Apache-2.0 */
/* What the self tests of the stand-in share: plans, right sessions, consumers that count. */
#ifndef EW_TESTS_STANDIN_WORLD_H
#define EW_TESTS_STANDIN_WORLD_H

#include "compat.h"
#include "etwsim.h"

#include "etwitness/event.h"

#include <check.h>

#define WORLD_KERNEL_NAME L"standin kernel"
#define WORLD_USER_NAME L"standin user"

/* Properties with room for a name behind them. */
struct world_properties {
    EVENT_TRACE_PROPERTIES trace;
    WCHAR name[1025];
};

/* A consumer on its thread, and what it was given. */
struct world_consumer {
    TRACEHANDLE handle;
    HANDLE thread;
    ULONG result; /* of ProcessTrace, after world_join() */
    EVENT_TRACE_LOGFILEW logfile;
    volatile LONG events;
    volatile LONG buffers;
    volatile LONG headers;   /* EventTrace, opcode 0 */
    volatile LONG stacks;    /* StackWalk, opcode 32 */
    volatile LONG samples;   /* PerfInfo, opcode 46 */
    volatile LONG managed;   /* of the CLR runtime provider */
    volatile LONG contained; /* with extended item 16 */
    volatile LONG lost;      /* RT_LostEvent */
    volatile LONG wrong;     /* headers that break Windows' rules */
    volatile LONGLONG time_raw;
    volatile LONGLONG *other_raw; /* of another consumer: how far apart they are */
    volatile LONGLONG apart_raw;
    unsigned buffers_wanted; /* the buffer callback wants no more after so many; 0: all */
};

/* Makes the machine anew, and begins a life under a plan of these lines. */
void world_begin(const char *lines);

/* Begins another life on the same machine. */
void world_begin_again(const char *lines);

/* True when the log of the machine has the text. */
bool world_log_has(const char *text);

/* Right properties: kernel (with these flags) or user session. */
void world_fill(struct world_properties *properties, bool kernel, ULONG flags);

/* Starts a session that breaks no rule. */
TRACEHANDLE world_start(bool kernel, ULONG flags);

/* Enables SeSystemProfilePrivilege. */
void world_privilege(void);

/* Opens a consumer, and lets it process on a thread. */
void world_open(struct world_consumer *consumer, const WCHAR *name);
void world_process(struct world_consumer *consumer);

/* Stops a session; answers the Windows error. `properties_out` may be NULL. */
ULONG world_control(TRACEHANDLE handle, const WCHAR *name, ULONG control,
                    struct world_properties *properties_out);

/* Waits for ProcessTrace, then closes. */
void world_join(struct world_consumer *consumer);

/* Waits until the log has the text, for at most 20 s. */
void world_wait_log(const char *text);

/* The whole of right use: both sessions with what a collector enables. */
struct world_both {
    TRACEHANDLE kernel;
    TRACEHANDLE user;
    struct world_consumer kernel_consumer;
    struct world_consumer user_consumer;
};
void world_start_both(struct world_both *both);
void world_stop_both(struct world_both *both);

/* Enables a provider with properties; answers the Windows error. */
ULONG world_enable(TRACEHANDLE handle, const struct ew_guid *provider, ULONGLONG any,
                   ULONG property);

#endif
