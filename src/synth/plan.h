/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plan of a recording: every event that does not depend on the samples, in order of
 * time. Samples, stacks and stack keys are put between its entries.
 */
#ifndef EW_SYNTH_PLAN_H
#define EW_SYNTH_PLAN_H

#include "synth/emitter.h"

enum ew_plan_kind {
    EW_PLAN_INTERVAL, /* phase: load or rundown */
    EW_PLAN_PROCESS,
    EW_PLAN_THREAD,
    EW_PLAN_IMAGE,
    EW_PLAN_CLR_RUNTIME,
    EW_PLAN_CLR_DOMAIN,
    EW_PLAN_CLR_ASSEMBLY,
    EW_PLAN_CLR_MODULE,
    EW_PLAN_CLR_METHOD,
    EW_PLAN_CLR_RUNDOWN_BEGINS,
    EW_PLAN_CLR_RUNDOWN_COMPLETE,
    EW_PLAN_TRACE_LOGGING,
    EW_PLAN_LOSS,
    EW_PLAN_STACK_KEYS, /* those in use are defined */
};

/* What becomes of the thing: shared by kernel and CLR events. */
enum ew_plan_phase { EW_PLAN_LOAD, EW_PLAN_UNLOAD, EW_PLAN_DC_START, EW_PLAN_DC_END };

struct ew_plan_entry {
    uint64_t raw;
    const struct ew_synth_process *process; /* NULL for the kernel's */
    const void *thing;                      /* by kind */
    const void *part;                       /* method: its body */
    uint32_t order;                         /* of entries with the same time */
    uint32_t number;                        /* of repeated events */
    uint8_t kind;
    uint8_t phase;
};

struct ew_plan {
    struct ew_plan_entry *entries;
    size_t count;
    size_t capacity;
    uint64_t samples_from_raw; /* the first rundown is over */
    uint64_t keys_raw;         /* when the stack keys in use are defined */
};

/* EW_LIMIT with more than EW_SCENARIO_EVENTS_MAX entries. Freed with ew_plan_free(). */
EW_MUST_USE enum ew_status ew_plan_make(const struct ew_scenario *scenario, struct ew_plan *plan,
                                        struct ew_error *error);
void ew_plan_free(struct ew_plan *plan);

/* Puts the event of an entry; stack keys are not put here. */
void ew_plan_emit(const struct ew_scenario *scenario, const struct ew_plan_entry *entry,
                  struct ew_emitter *emitter);

#endif
