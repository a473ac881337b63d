/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chooses which stack a sample finds: by weight among those that can run at the time,
 * on a thread that is not inside a call whose user half is still to come. Chance comes
 * from the scenario's seed alone.
 */
#ifndef EW_SYNTH_SAMPLER_H
#define EW_SYNTH_SAMPLER_H

#include "synth/scenario.h"

/* One stack of the scenario while samples are made. */
struct ew_runner {
    const struct ew_synth_stack *stack;
    uint64_t *busy_until_raw; /* of the process's threads, by index */
    uint64_t *user;           /* addresses, leaf first, as of now */
    uint64_t *kernel;
    uint64_t valid_from_raw; /* the addresses hold from here ... */
    uint64_t valid_to_raw;   /* ... to before here: tiers change them */
    uint64_t hits;
};

struct ew_sampler {
    const struct ew_scenario *scenario;
    struct ew_arena arena;
    struct ew_runner *runners;
    size_t runner_count;
    uint64_t random_state;

    /* Those that can run until `change_raw`, with their summed weights. */
    uint32_t *active;
    uint64_t *weights;
    size_t active_count;
    uint64_t change_raw;
};

EW_MUST_USE enum ew_status ew_sampler_create(const struct ew_scenario *scenario,
                                             struct ew_sampler *sampler, struct ew_error *error);
void ew_sampler_free(struct ew_sampler *sampler);

/* A number from 0 to below `below`, which is not 0. */
uint64_t ew_sampler_random(struct ew_sampler *sampler, uint64_t below);

/*
 * The stack and thread of a sample at `raw`; times never go back. NULL when nothing
 * can run: the CPU is idle.
 */
struct ew_runner *ew_sampler_choose(struct ew_sampler *sampler, uint64_t raw, size_t *thread_out);

/* Brings a runner's addresses to a time. `variant` 0 .. leafSpread-1 moves the leaf. */
void ew_runner_refresh(struct ew_runner *runner, uint64_t raw, uint64_t variant);

#endif
