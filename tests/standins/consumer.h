/* SPDX-License-Identifier: Apache-2.0 */
/* Consumers of this process: what OpenTraceW was given, and how far each has come. */
#ifndef ETWSIM_CONSUMER_H
#define ETWSIM_CONSUMER_H

#include "compat.h"
#include "machine.h"
#include "record.h"
#include "wanted.h"

#include "etwitness/recording.h"

enum { CONSUMERS_MAX = 16 };

enum consumer_state { CONSUMER_FREE, CONSUMER_OPEN, CONSUMER_PROCESSING, CONSUMER_DONE };

/* `state`, `is_closing` and what play.c says of itself are guarded by the lock. */
struct consumer {
    enum consumer_state state;
    bool is_closing; /* CloseTrace was called while it was processing */
    uint64_t handle;
    WCHAR name[MACHINE_NAME_MAX + 1];
    EVENT_TRACE_LOGFILEW logfile; /* a copy, with the header filled in */
    struct ew_recording *recording;

    bool is_playing;        /* takes part in the common clock */
    bool is_draining;       /* its session has ended */
    uint64_t position;      /* recorded time of its next event */
    uint64_t drain_to;      /* no event after that is delivered */
    uint64_t limit;         /* how far it may go without asking */
    uint64_t session_id;    /* while it is processing */
    uint64_t session_owner; /* 0: somebody else's */
    enum plan_scope scope;
    uint64_t index;       /* events of the recording read so far */
    uint64_t shift_100ns; /* of this repetition */
    uint64_t shift_raw;
    uint64_t last_100ns; /* of the last event read, unshifted */
    uint64_t last_raw;
    uint64_t delivered;    /* callbacks */
    uint64_t buffer_bytes; /* delivered since the last buffer callback */
    uint64_t buffer_ms;    /* when that was */
    unsigned since_gate;
    bool has_passed; /* the gate, once */
    struct wanted wanted;
    struct record record;
};

/* Opens what the plan plays; the caller closes it. NULL, after a violation unless the plan
 * plays nothing. */
struct ew_recording *consumer_recording(void);

/* With the lock held: the i-th slot, or NULL behind the last one. */
struct consumer *consumer_at(unsigned index);

/* With the lock held: forgets everything, for another life. */
void consumers_forget(void);

/* At the end of a life: none may be open. */
void consumers_check_end(void);

#endif
