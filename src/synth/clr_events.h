/* SPDX-License-Identifier: Apache-2.0 */
/* The CLR and TraceLogging events of a made recording (reference etw.md 3.7). */
#ifndef EW_SYNTH_CLR_EVENTS_H
#define EW_SYNTH_CLR_EVENTS_H

#include "synth/emitter.h"

/* As the runtime logs it, or as its rundown at the end. */
enum ew_clr_phase { EW_CLR_LOAD, EW_CLR_UNLOAD, EW_CLR_DC_END };

void ew_emit_clr_runtime(struct ew_emitter *emitter, uint64_t raw,
                         const struct ew_synth_process *process, enum ew_clr_phase phase);

void ew_emit_clr_domain(struct ew_emitter *emitter, uint64_t raw,
                        const struct ew_synth_process *process, enum ew_clr_phase phase);

void ew_emit_clr_assembly(struct ew_emitter *emitter, uint64_t raw,
                          const struct ew_synth_process *process,
                          const struct ew_synth_managed *managed, enum ew_clr_phase phase);

void ew_emit_clr_module(struct ew_emitter *emitter, uint64_t raw,
                        const struct ew_synth_process *process,
                        const struct ew_synth_managed *managed, enum ew_clr_phase phase);

void ew_emit_clr_method(struct ew_emitter *emitter, uint64_t raw,
                        const struct ew_synth_process *process,
                        const struct ew_synth_method *method, const struct ew_synth_body *body,
                        enum ew_clr_phase phase);

/* The rundown begins (DCEndInit) or is complete (DCEndComplete). */
void ew_emit_clr_rundown(struct ew_emitter *emitter, uint64_t raw,
                         const struct ew_synth_process *process, bool complete);

/* One TraceLogging event with its schema: fields "text" and "value". */
void ew_emit_trace_logging(struct ew_emitter *emitter, uint64_t raw,
                           const struct ew_synth_process *process,
                           const struct ew_synth_event *event, uint64_t number);

#endif
