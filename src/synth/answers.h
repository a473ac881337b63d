/* SPDX-License-Identifier: Apache-2.0 */
/* The answers to a made recording: what must be found in it, by name. */
#ifndef EW_SYNTH_ANSWERS_H
#define EW_SYNTH_ANSWERS_H

#include "etwitness/synth.h"
#include "synth/emitter.h"
#include "synth/sampler.h"

/* Writes the answers as one line of JSON, members in ascending order. */
EW_MUST_USE enum ew_status ew_answers_write(const char *path, const struct ew_sampler *sampler,
                                            struct ew_emitter *emitter,
                                            const struct ew_synth_counts *counts,
                                            struct ew_error *error);

#endif
