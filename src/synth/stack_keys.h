/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stack cache of a made recording: stacks get keys, keys are few and are used again,
 * and what a key meant is only told when it is given up (reference etl-format.md 8).
 */
#ifndef EW_SYNTH_STACK_KEYS_H
#define EW_SYNTH_STACK_KEYS_H

#include "synth/emitter.h"

enum { EW_STACK_KEY_SLOTS = 32 };

struct ew_stack_key_slot {
    uint64_t last_use;
    size_t count; /* addresses; 0 when the slot was never used */
    uint64_t addresses[EW_FRAMES_ETW_MAX];
};

struct ew_stack_keys {
    struct ew_stack_key_slot slots[EW_STACK_KEY_SLOTS];
};

/*
 * The key of a stack in sample number `use` (from 1, ascending). When that takes a key
 * from another stack, its definition is put at `raw`: references to it are all earlier,
 * and the new reference has to be later. The two halves of one sample never take a key
 * from each other.
 */
uint64_t ew_stack_keys_get(struct ew_stack_keys *keys, struct ew_emitter *emitter, uint64_t raw,
                           uint16_t cpu, uint64_t use, const uint64_t *addresses, size_t count);

/* Defines the keys in use, one a tick from `raw` on. */
void ew_stack_keys_run_down(const struct ew_stack_keys *keys, struct ew_emitter *emitter,
                            uint64_t raw);

#endif
