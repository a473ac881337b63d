/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Made recordings: a scenario in JSON becomes an `.etl` file whose answers are known.
 * docs/scenarios/README.md describes scenarios. The same scenario gives the same bytes
 * on every machine.
 */
#ifndef ETWITNESS_SYNTH_H
#define ETWITNESS_SYNTH_H

#include "etwitness/limits.h"
#include "etwitness/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ew_scenario;

/*
 * Reads a scenario from text.
 *
 * name          what errors call it; a copy is kept
 * scenario_out  released with ew_scenario_destroy()
 *
 * EW_FORMAT  no JSON, a member that is unknown, missing, of the wrong type or out of
 *            range, a name that nothing has: the error tells line and path
 * EW_LIMIT   larger than EW_SCENARIO_BYTES_MAX or EW_SCENARIO_MEMORY_MAX
 */
EW_MUST_USE enum ew_status ew_scenario_parse(const char *text, size_t byte_count,
                                             const char *name, struct ew_scenario **scenario_out,
                                             struct ew_error *error);

/* The same from a file; EW_IO when it cannot be read. */
EW_MUST_USE enum ew_status ew_scenario_read(const char *path, struct ew_scenario **scenario_out,
                                            struct ew_error *error);

void ew_scenario_destroy(struct ew_scenario *scenario); /* NULL is allowed */

struct ew_synth_options {
    const char *path;         /* the recording; what is there is replaced */
    const char *answers_path; /* NULL: none are written */
    bool compressed;
    bool has_sample_count; /* `sample_count` instead of the scenario's */
    uint64_t sample_count; /* at most EW_SCENARIO_SAMPLES_MAX */

    /* Called now and then when not NULL: samples made, of how many. */
    void (*progress)(void *context, uint64_t done, uint64_t total);
    void *context;
};

struct ew_synth_counts {
    uint64_t events;  /* all records, the header event included */
    uint64_t samples; /* busy ones */
    uint64_t idle_samples;
    uint64_t late_halves; /* user halves 100 to 300 ms after their sample */
};

/*
 * Writes the recording, and the answers. Memory does not grow with the number of
 * samples. On failure the recording is removed. One call at a time for a scenario.
 *
 * EW_FORMAT  more samples than the clock can tell apart, or samples without a stack
 *            that could be sampled
 * EW_IO, EW_LIMIT, EW_NO_MEMORY  as they say
 */
EW_MUST_USE enum ew_status ew_synth_write(struct ew_scenario *scenario,
                                          const struct ew_synth_options *options,
                                          struct ew_synth_counts *counts_out,
                                          struct ew_error *error);

#endif
