/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A live capture in progress:
 *
 *     live.c        the capture that the pipeline drives: start, tick, stop
 *     session.c     one ETW session: started, asked, stopped, stale ones found
 *     fail.c        what Windows refused, as a sentence with what to do
 *     owner.c       one collection by a name
 *     kernel.c      what the system logger enables, its stacks, the sampling interval
 *     providers.c   the CLR's and other providers, the CLR's rundown
 *     consumer.c    the thread that ETW delivers on, and the clock of its events
 *     watch.c       losses, sessions that died, gaps
 *     containers.c  which process runs in which container
 *     container_id.c  names of containers and their GUIDs
 *     host.c        what the machine says of itself
 *
 * Threads: one consumer a session, which touches `sink`, `begun` and the atomics; everything
 * else belongs to the control thread, which starts and joins the consumers.
 */
#ifndef EW_CAPTURE_LIVE_INTERNAL_H
#define EW_CAPTURE_LIVE_INTERNAL_H

#include "capture/live/etw_compat.h"
#include "capture/record.h"
#include "etwitness/live.h"
#include "platform/thread.h"

struct live;

/* One session of ours, or the one that is attached to. */
struct live_session {
    struct live *live;
    const struct ew_guid *guid; /* ours; NULL when attached */
    bool used;
    wchar_t name[EW_SESSION_NAME_MAX];
    char *shown; /* the name in UTF-8 */

    TRACEHANDLE handle; /* of the controller; 0: not running, or not ours */
    ULONG life_events;  /* lost in this life, as told last ... */
    ULONG life_buffers;
    ULONG base_events; /* ... and before we came to it */
    ULONG base_buffers;
    uint64_t past_events; /* lost in lives before */
    uint64_t past_buffers;

    /* The consumer. */
    struct ew_thread *thread;
    _Atomic uint64_t trace; /* what OpenTrace gave; whoever takes it out closes it */
    _Atomic bool ended;     /* ProcessTrace has returned and everything is published */
    ULONG ended_by;         /* what it returned; read after `ended` */
    bool begun;             /* the first event of this life was seen */
    uint32_t clock_kind;
    uint64_t frequency;
    uint64_t start_100ns;
    uint64_t open_raw; /* a pair of our own, for sessions that tell none */
    uint64_t open_100ns;
    struct ew_record_sink sink;

    /* A death. */
    bool lost;
    uint64_t retry_ns; /* when it is tried again, and how long that waits */
    uint64_t delay_ns;
    uint64_t lost_100ns;  /* time of its last event; 0: no gap is open */
    bool told;            /* that it cannot be started again */
    uint64_t started_ns;  /* of this life */
    uint64_t query_ns;    /* when it is asked for its losses next */
    bool rundown_enabled; /* the CLR's rundown provider: the user session only */
    uint64_t rundown_since_ns;
    uint64_t rundown_quiet_ns;
    uint64_t rundown_seen;
};

enum { LIVE_SESSION_COUNT = 2 }; /* EW_CAPTURE_KERNEL and EW_CAPTURE_USER */

/* The one clock of all sessions, so that their events are in one order. */
struct live_clock {
    _Atomic unsigned state; /* enum live_clock_state */
    struct ew_etl_clock clock;
};

enum live_clock_state { LIVE_CLOCK_NONE, LIVE_CLOCK_WRITING, LIVE_CLOCK_SET };

/* Room for the process ids of one container, EW_CONTAINED_MAX of them. */
#define EW_CONTAINER_IDS_BYTES (8 + (size_t)EW_CONTAINED_MAX * sizeof(ULONG_PTR))

/* A process in a container, as the last scan found it. */
struct live_contained {
    uint32_t process_id;
    struct ew_guid container;
};

struct live_containers {
    struct live_contained *known; /* of the scan before, sorted */
    struct live_contained *found;
    JOBOBJECT_BASIC_PROCESS_ID_LIST *ids; /* EW_CONTAINER_IDS_BYTES */
    size_t known_count;
    size_t found_count;
    size_t seen_count;
    struct ew_guid seen[EW_SCOPES_MAX]; /* containers that were ever there */
    unsigned scans;
    uint64_t next_ns;
    bool refused; /* more than EW_CONTAINED_MAX processes: told once */
};

struct live {
    const struct ew_settings *settings;
    bool attached;
    HANDLE owner; /* says to other processes that these sessions are not stale */
    struct live_session sessions[LIVE_SESSION_COUNT];
    struct ew_queue *queues[EW_CAPTURE_QUEUE_COUNT];
    struct live_clock clock;
    struct live_containers containers;
    struct ew_capture_host host;
    struct ew_capture_gap gaps[EW_GAPS_MAX];
    size_t gap_count;
    uint32_t interval_before_100ns; /* to be restored; 0: nothing was changed */
    uint32_t interval_set_100ns;
    bool silos_refused; /* this Windows knows no containers in ETW */
    bool notice_silos;
    _Atomic unsigned phase; /* enum live_phase */
    _Atomic unsigned lost_sessions;
    _Atomic uint64_t events_lost;
    _Atomic uint64_t buffers_lost;
    _Atomic uint64_t restarts;
    _Atomic uint64_t containers_seen;
    _Atomic uint32_t interval_100ns;
};

enum live_phase { LIVE_IDLE, LIVE_RUNNING, LIVE_STOPPING, LIVE_STOPPED };

/* --- fail.c ------------------------------------------------------------------------ */

/* "session NAME: cannot WHAT: why, what to do (Windows error N)". */
enum ew_status ew_live_fail(struct ew_error *error, ULONG code, const char *session,
                            const char *what);

/* --- session.c --------------------------------------------------------------------- */

/* Names the session and gives it its GUID: `base` and what it is for, or just `base` when
 * it is attached to. EW_NO_MEMORY; EW_USAGE when the name is too long. */
EW_MUST_USE enum ew_status ew_live_session_name(struct live_session *session, const char *base,
                                                bool attached, struct ew_error *error);

/* Starts it; a stale one of ours is stopped first, whatever its name begins with; another's is
 * refused, and ours with which somebody collects. */
EW_MUST_USE enum ew_status ew_live_session_start(struct live_session *session,
                                                 struct ew_error *error);

/* Takes the session's own losses; false when it is gone. */
bool ew_live_session_query(struct live_session *session);

/* Whether an attached session is a system logger's: true when Windows does not say. */
bool ew_live_session_is_kernel(const struct live_session *session);

/* Flushes and stops it; 0 afterwards. What it lost last is taken. */
void ew_live_session_stop(struct live_session *session);

/* Stops a session of that name, if there is one and its GUID is ours; else one with our GUID that
 * was left behind under another name. */
EW_MUST_USE enum ew_status ew_live_session_clear(struct live_session *session, bool *stopped_out,
                                                 struct ew_error *error);

/* The end of a life: its losses become those of the past. */
void ew_live_session_settle(struct live_session *session);

/* --- owner.c ---------------------------------------------------------------------- */

/* Says to other processes that the sessions named after `base` are in use; false when another
 * says so. The handle may be NULL all the same: then nobody can be told. */
bool ew_live_owner_take(const char *base, HANDLE *owner_out);

/* Whether another says so now. */
bool ew_live_owner_lives(const char *base);

/* As ew_live_owner_take(), with two seconds of patience. */
bool ew_live_owner_wait(const char *base, HANDLE *owner_out);
void ew_live_owner_give(HANDLE *owner);

/* --- kernel.c ----------------------------------------------------------------------- */

/* EnableFlags by the settings (reference etw.md 3.1.5). */
ULONG ew_live_kernel_flags(const struct ew_settings_kernel *kernel);

/* Enables the privilege that sampling needs, and sets the interval that is wanted. */
EW_MUST_USE enum ew_status ew_live_kernel_prepare(struct live *live, struct ew_error *error);

/* Asks for the stacks of the kernel session's events. */
EW_MUST_USE enum ew_status ew_live_kernel_stacks(struct live *live, struct ew_error *error);

/* Gives the interval back that was there before, unless somebody else has set one since. */
void ew_live_kernel_restore(struct live *live);

/* --- providers.c -------------------------------------------------------------------- */

/* Enables everything but the rundown in the user session. */
EW_MUST_USE enum ew_status ew_live_providers_enable(struct live *live, struct ew_error *error);

/* Asks the processes that run for their methods, once; the consumer runs already. */
EW_MUST_USE enum ew_status ew_live_rundown_start(struct live *live, struct ew_error *error);

/* Ends the rundown when it is complete, quiet, or has taken too long. */
void ew_live_rundown_tick(struct live *live, uint64_t now_ns);

/* Disables what was enabled. */
void ew_live_providers_disable(struct live *live);

/* --- consumer.c ---------------------------------------------------------------------- */

/* Opens the session and runs its thread. */
EW_MUST_USE enum ew_status ew_live_consumer_start(struct live_session *session,
                                                  struct ew_error *error);

/* Ends the delivery without waiting. */
void ew_live_consumer_close(struct live_session *session);

/* Joins the thread; it ends when its session is stopped or closed. */
void ew_live_consumer_join(struct live_session *session);

/* The latest time of an event of any session; 0: none yet. */
uint64_t ew_live_latest(const struct live *live);

/* --- watch.c -------------------------------------------------------------------------- */

/* Losses, deaths and restarts; true with a sentence when something is worth telling. */
bool ew_live_watch(struct live *live, uint64_t now_ns, struct ew_error *error);

/* Adds the sessions' losses up for whoever asks. */
void ew_live_sum_losses(struct live *live);

/* Closes the gaps of sessions that have not come back. */
void ew_live_watch_end(struct live *live);

/* --- containers.c, container_id.c ------------------------------------------------------- */

/* Looks for containers now and then, and puts what is new into the queue of notices. */
bool ew_live_containers_tick(struct live *live, uint64_t now_ns, struct ew_error *error);
void ew_live_containers_free(struct live_containers *containers);

/*
 * The GUID of a container by the name of its job object, "Container_<id>": what follows the
 * prefix is hashed as Windows does (a UUID of version 5 over the upper-case UTF-16 text;
 * reference etw.md 3.9). False when the name is no container's or hashing is refused.
 */
bool ew_live_container_guid(const wchar_t *name, size_t name_chars, struct ew_guid *guid_out);

/* --- host.c --------------------------------------------------------------------------- */

void ew_live_host_read(struct ew_capture_host *host_out);

/* --- live.c ---------------------------------------------------------------------------- */

/* Starts one session with its consumer and what it enables; undone when it fails. */
EW_MUST_USE enum ew_status ew_live_session_up(struct live_session *session,
                                              struct ew_error *error);

/* Stops it, ends its consumer at once and joins it. */
void ew_live_session_down(struct live_session *session);

#endif
