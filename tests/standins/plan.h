/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ETWSIM32.dll, a stand-in for the ETW part of advapi32, and the plan that controls it.
 *
 * It lets the shipped program be tested where Windows' own ETW is not at hand, under Wine:
 * the test copies etwitness.exe and renames one import, ADVAPI32.dll to ETWSIM32.dll (equally
 * long, `rename_import`). The stand-in checks every structure that it is handed, keeps named
 * sessions that survive the process, plays recordings into the callbacks and fails on demand;
 * the rest of advapi32 is forwarded. Facts: reference etw.md 3.1 to 3.4 and Appendix A.
 * What it does not know of Windows it cannot show: it is no proof of what Windows does.
 *
 * Where the plan is: the file named in the environment variable ETWSIM_PLAN, else ETWSIM.plan
 * beside the DLL (a service inherits no environment from a test), else an empty plan. It is
 * read when the first function of the stand-in is called. A program that links the DLL may
 * live several lives in one process: etwsim_begin() reads another plan and forgets what the
 * process did, etwsim_end() checks what is checked at a process' end (etwsim.h).
 *
 * A plan is lines `key=value` in UTF-8; white space around both is dropped, empty lines and
 * lines that begin with # too. An unknown key or a broken value is a violation (below), so
 * that a misspelt test fails. Paths are Windows paths or absolute POSIX paths (drive Z:).
 *
 *   trace=PATH         a recording that is played; several lines are one recording, and must
 *                      have one clock. Without any, sessions are quiet.
 *   rate=full          as fast as the callbacks take it (the default)
 *   rate=real          by the recording's time stamps on the wall clock
 *   rate=Nx            N times as fast as real, N from 1
 *   rate=N/s           N events of the recording a second
 *   repeat=N | loop    plays the recording N times or for ever, times shifted by its length
 *                      (also the times inside StackWalk events)
 *   times=recorded     LogfileHeader and the header event tell the recording's start time,
 *                      so that the evidence can be compared with replay's (the default)
 *   times=now          they tell the time of the first OpenTraceW; raw ticks and frequency stay
 *                      the recording's
 *   deliver=enabled    only what was enabled: kernel events by flags, StackWalk by the stack
 *                      list, manifest events by provider, level and keyword, extended items by
 *                      enable properties (the default)
 *   deliver=all        everything of the recording: kernel and classic events to the session
 *                      with SYSTEM_LOGGER_MODE, the rest to the others
 *   settle=MS          playback starts when every session of this process has a consumer in
 *                      ProcessTrace and nothing was started, opened or enabled for so long,
 *                      at the latest 5 s after the first ProcessTrace; default 300
 *
 *   fail=FUNCTION:N:CODE   the Nth call of the function (from 1; * is every one) answers the
 *                      Windows error CODE and does nothing but these: CloseTrace closes all the
 *                      same, ControlTraceW STOP with 234 (ERROR_MORE_DATA) stops all the same.
 *                      FUNCTION is a name as in the log (StartTraceW, SetServiceStatus, ...), a
 *                      name with a part (ControlTraceW.QUERY .STOP .FLUSH .UPDATE,
 *                      EnableTraceEx2.ENABLE .DISABLE .CAPTURE, TraceSetInformation.3 ...,
 *                      TraceQueryInformation.5 ...), or a group: etw, scm, eventlog, privilege,
 *                      registry, any. Several lines.
 *   deny=1             every session and consumer function answers ERROR_ACCESS_DENIED
 *   privilege=0        AdjustTokenPrivileges assigns nothing (ERROR_NOT_ALL_ASSIGNED); PROFILE
 *                      then answers ERROR_PRIVILEGE_NOT_HELD
 *   old-windows=1      ENABLE_SILOS, SOURCE_CONTAINER_TRACKING answer 87, as before containers
 *   slots=N            system loggers that fit, those of others included; 1450 beyond; default 6
 *   sessions=N         sessions that fit; 1450 beyond; default 64
 *   other-session=NAME:GUID[:kernel|user|all]   somebody else's session runs when the state
 *                      directory is made; a consumer of it gets that part of the recording
 *                      (default all), whatever `deliver` says
 *
 *   lose=events:N | buffers:N   from the end of the first buffer on QUERY tells N more lost
 *                      events or real-time buffers of the first session that plays, and one
 *                      RT_LostEvent record is delivered (records never add up to QUERY's numbers,
 *                      reference etw.md 3.4). What the recording itself says it lost is told by
 *                      QUERY of the session with the kernel events, once all was played.
 *   die=SESSION:N[:0]  the session ends from outside after N events of it were delivered:
 *                      ProcessTrace answers 4201, with :0 success. SESSION is a name without
 *                      case, or kernel or user for the first such session of this process.
 *                      Each line happens once in a process. A session that comes back goes
 *                      on behind the furthest event that any consumer was given.
 *   container=PID:GUID extended item 16 on this process' manifest events, if the provider was
 *                      enabled with ENABLE_SILOS and SOURCE_CONTAINER_TRACKING (deliver=all: if
 *                      any provider was)
 *
 *   control=N          a second after all was played to one consumer the handler of the service
 *                      gets control N, as from the manager: what no program may send, such as
 *                      15 (SERVICE_CONTROL_PRESHUTDOWN)
 *   console=close      at that time the console is closed: the handlers of the process are
 *                      asked, which ends when they have answered or five seconds later
 *
 *   log=PATH           default ETWSIM.log beside the plan; lines are appended
 *   state=DIR          default ETWSIM.state beside the plan: sessions.bin, which is the sessions
 *                      and the machine's sampling interval, shared by all processes with the
 *                      same state, and sessions.txt, one line "NAME<tab>GUID<tab>PID" a session,
 *                      empty when none runs. To make the machine anew, remove the folder.
 *
 * The log is lines of these kinds, in the order in which things happened:
 *
 *   start: pid P             a process called the stand-in for the first time
 *   call: FUNCTION ... -> N  every call but those of the registry, with what matters of its
 *                            arguments; N is the Windows error. A failure on demand says so.
 *   violation: FUNCTION: ... a rule was broken (FUNCTION may be `plan` or `exit`). A right
 *                            program under a right plan has none.
 *   event: type=T id=0xI text="..."|"..."    ReportEventW; also what follows its id
 *   status: state=S accepted=A exit=E specific=C checkpoint=K hint=H    SetServiceStatus
 *   play: begins             playback of this process starts
 *   play: NAME over events=N all of the recording was delivered to this consumer, N callbacks,
 *                            that of the header event included
 *   play: NAME ends events=N result=R        its ProcessTrace returns R
 *   play: NAME died          `die` happened
 *   control: N -> A          what the handler of the service answered
 *   console: closes          the handlers of the process are asked
 *   console: answered after T ms | console: not answered after T ms     and then it was ended;
 *                            neither, when it ended by itself as soon as it had let them answer
 *   end: pid P clean | end: pid P violations=N    the process ended by itself; a killed one has
 *                            no such line
 *
 * Calls are counted for `fail` within one process. A result on demand is never a violation.
 *
 * Violations that are not about one call's arguments: a session that has no consumer 5 s after
 * its start; the CLR rundown provider enabled in a session without consumer; the CLR runtime
 * provider enabled for the first time after a session with PROFILE was started; use of a handle
 * after STOP or CloseTrace; at the end: a session of this process still runs, a consumer was not
 * closed, the sampling interval is not what it was.
 */
#ifndef ETWSIM_PLAN_H
#define ETWSIM_PLAN_H

#include "etwitness/guid.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    PLAN_PATHS_MAX = 8,
    PLAN_FAILURES_MAX = 64,
    PLAN_SESSIONS_MAX = 8,
    PLAN_DEATHS_MAX = 8,
    PLAN_CONTAINERS_MAX = 64,
    PLAN_PATH_BYTES = 1024,
    PLAN_NAME_BYTES = 128,
    PLAN_FILE_BYTES_MAX = 256 * 1024,
};

enum plan_pace { PLAN_PACE_FULL, PLAN_PACE_TIMES, PLAN_PACE_EVENTS };

/* What part of a recording a session gets. */
enum plan_scope { PLAN_SCOPE_ALL, PLAN_SCOPE_KERNEL, PLAN_SCOPE_USER };

struct plan_failure {
    char name[PLAN_NAME_BYTES];
    uint32_t call; /* from 1; 0: every one */
    uint32_t code;
    uint32_t calls; /* so far */
};

struct plan_other {
    char name[PLAN_NAME_BYTES];
    struct ew_guid guid;
    enum plan_scope scope;
};

struct plan_death {
    char name[PLAN_NAME_BYTES];
    uint64_t after_events;
    bool success;
    bool happened;
};

struct plan_container {
    uint32_t process_id;
    char guid[EW_GUID_TEXT_BYTES];
};

struct plan {
    char traces[PLAN_PATHS_MAX][PLAN_PATH_BYTES];
    uint32_t trace_count;
    enum plan_pace pace;
    uint32_t rate;   /* times as fast as real, or events a second */
    uint32_t repeat; /* 0: for ever */
    uint32_t settle_ms;
    bool times_now;
    bool deliver_all;
    bool deny;
    bool no_privilege;
    bool old_windows;
    uint32_t slots;
    uint32_t sessions;
    uint32_t lose_events;
    uint32_t lose_buffers;
    uint32_t control; /* 0: none */
    bool console_close;
    struct plan_failure failures[PLAN_FAILURES_MAX];
    uint32_t failure_count;
    struct plan_other others[PLAN_SESSIONS_MAX];
    uint32_t other_count;
    struct plan_death deaths[PLAN_DEATHS_MAX];
    uint32_t death_count;
    struct plan_container containers[PLAN_CONTAINERS_MAX];
    uint32_t container_count;
    char log[PLAN_PATH_BYTES];   /* empty: the default */
    char state[PLAN_PATH_BYTES]; /* empty: the default */
};

/* An empty plan: what a machine without a plan does. */
void plan_init(struct plan *plan_out);

/*
 * Reads the text of a plan over `plan`; the text is cut into pieces on the way. Answers the
 * number of the first line that is wrong, or 0.
 */
uint32_t plan_read(struct plan *plan, char *text);

#endif
