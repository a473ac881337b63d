/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel events of a made recording (reference etw.md 3.2 and 3.5). */
#ifndef EW_SYNTH_KERNEL_EVENTS_H
#define EW_SYNTH_KERNEL_EVENTS_H

#include "synth/emitter.h"

/* Opcodes that processes, threads and images share. */
enum ew_life_opcode {
    EW_LIFE_START = 1,
    EW_LIFE_END = 2,
    EW_LIFE_DC_START = 3,
    EW_LIFE_DC_END = 4
};

void ew_emit_process(struct ew_emitter *emitter, uint64_t raw,
                     const struct ew_synth_process *process, enum ew_life_opcode opcode);

void ew_emit_thread(struct ew_emitter *emitter, uint64_t raw,
                    const struct ew_synth_process *process, const struct ew_synth_thread *thread,
                    enum ew_life_opcode opcode);

/* `process` is NULL for kernel modules. Loads and DCStarts bring the PE and PDB identity
 * with them, as in a merged recording. */
void ew_emit_image(struct ew_emitter *emitter, uint64_t raw,
                   const struct ew_synth_process *process, const struct ew_synth_image *image,
                   enum ew_life_opcode opcode);

/* The sampling interval at the start (true) or the end of the collection. */
void ew_emit_interval(struct ew_emitter *emitter, uint64_t raw, uint64_t interval_us, bool start);

void ew_emit_loss(struct ew_emitter *emitter, uint64_t raw, const struct ew_synth_loss *loss);

void ew_emit_sample(struct ew_emitter *emitter, uint64_t raw, uint16_t cpu, uint64_t address,
                    uint32_t thread_id);

/* What a stack event refers to. */
struct ew_stack_target {
    uint64_t event_raw;
    uint32_t process_id;
    uint32_t thread_id;
};

/* `addresses` leaf first. */
void ew_emit_stack(struct ew_emitter *emitter, uint64_t raw, uint16_t cpu,
                   const struct ew_stack_target *target, const uint64_t *addresses, size_t count);

void ew_emit_stack_key(struct ew_emitter *emitter, uint64_t raw, uint16_t cpu,
                       const struct ew_stack_target *target, uint64_t key, bool user);

/* `deleted`: the key is free again; else the rundown of those in use. */
void ew_emit_stack_definition(struct ew_emitter *emitter, uint64_t raw, uint16_t cpu,
                              uint64_t key, const uint64_t *addresses, size_t count,
                              bool deleted);

#endif
