/* SPDX-License-Identifier: Apache-2.0 */
/* What of a recording a session gets: what its controller enabled. */
#ifndef ETWSIM_WANTED_H
#define ETWSIM_WANTED_H

#include "machine.h"

#include "etwitness/event.h"

enum { WANTED_HOOK_WORDS = 65536 / 64 };

/* A consumer's copy of what its session records. Zeroed is empty; wanted_free() releases it. */
struct wanted {
    uint32_t revision; /* of the session that was copied */
    bool is_filled;
    bool everything; /* deliver=all, or somebody else's session */
    bool has_stacks; /* the stack list is not empty */
    bool containers; /* some provider asked for container ids */
    enum plan_scope scope;
    uint32_t flags;
    uint32_t provider_count;
    struct machine_provider providers[MACHINE_PROVIDERS_MAX];
    uint64_t stack_hooks[WANTED_HOOK_WORDS]; /* one bit a kernel hook */
    uint64_t *times;                         /* of events whose stacks are wanted, by hash */
};

/* Copies what a session records, if it changed since. Takes the machine. */
void wanted_refresh(struct wanted *wanted, uint64_t session_id, enum plan_scope scope,
                    bool everything);
void wanted_free(struct wanted *wanted);

/* True when the event goes to this session; remembers it when its stack does too.
 * `properties_out` gets the enable properties of its provider. */
bool wanted_event(struct wanted *wanted, const struct ew_event *event, uint32_t *properties_out);

#endif
