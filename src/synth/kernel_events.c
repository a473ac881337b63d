/* SPDX-License-Identifier: Apache-2.0 */
/* Payloads of kernel events, P = pointer size of the host. */
#include "synth/kernel_events.h"

enum {
    GROUP_PROCESS = 0x0300,
    GROUP_THREAD = 0x0500,
    GROUP_IMAGE = 0x1400,
    HOOK_IMAGE_LOAD = 0x030a, /* in the group of processes: reference etl-format.md 3 */
    HOOK_SAMPLE = 0x0f2e,
    HOOK_INTERVAL_START = 0x0f49,
    HOOK_INTERVAL_END = 0x0f4a,
    HOOK_STACK = 0x1820,
    HOOK_KEY_DELETE = 0x1823,
    HOOK_KEY_RUNDOWN = 0x1824,
    HOOK_KEY_KERNEL = 0x1825,
    HOOK_KEY_USER = 0x1826,
    OPCODE_IMAGE_ID = 0,
    OPCODE_RSDS = 36,
    OPCODE_LOST_FIRST = 32,
    PROCESS_FLAG_WOW64 = 2,
    STILL_ACTIVE = 259,
    SAMPLE_FLAGS = 0x40, /* no DPC, no ISR; bits 3-7: priority 8 */
};

/* S-1-5-18: revision, count of sub-authorities, authority 5, sub-authority 18. */
static const uint8_t local_system[] = {1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0};

/* Version 4: key P | PID 4 | ParentPID 4 | SessionId 4 | ExitStatus 4 |
 * DirectoryTableBase P | Flags 4 | TOKEN_USER 2P, SID | name 8-bit | command line |
 * package | application */
void ew_emit_process(struct ew_emitter *emitter, uint64_t raw,
                     const struct ew_synth_process *process, enum ew_life_opcode opcode)
{
    bool there = opcode == EW_LIFE_DC_START || opcode == EW_LIFE_DC_END;
    uint32_t process_id = (uint32_t)process->process_id;
    ew_put_pointer(emitter, process->object_key);
    ew_put_u32(emitter, process_id);
    ew_put_u32(emitter, (uint32_t)process->parent_id);
    ew_put_u32(emitter, (uint32_t)process->session_id);
    ew_put_u32(emitter, opcode == EW_LIFE_END ? 0 : STILL_ACTIVE);
    ew_put_pointer(emitter, 0x1aa000 + process->process_id * 0x1000);
    ew_put_u32(emitter, process->wow64 ? PROCESS_FLAG_WOW64 : 0);
    ew_put_pointer(emitter, process->object_key + 0x40);
    ew_put_pointer(emitter, 0);
    ew_put_bytes(emitter, local_system, sizeof local_system);
    ew_put_text8(emitter, process->name);
    ew_put_utf16(emitter, process->command_line);
    ew_put_utf16(emitter, "");
    ew_put_utf16(emitter, "");
    uint16_t hook = (uint16_t)(GROUP_PROCESS | opcode);
    if (there) {
        ew_emit_perfinfo(emitter, raw, process->cpu, hook, 4);
    } else if (opcode == EW_LIFE_START) {
        uint32_t parent_id = (uint32_t)process->parent_id;
        ew_emit_system(emitter, raw, process->cpu, hook, 4, parent_id, parent_id + 4);
    } else {
        ew_emit_system(emitter, raw, process->cpu, hook, 4, process_id, ew_first_thread(process));
    }
}

/* Version 3: PID 4 | TID 4 | StackBase P | StackLimit P | UserStackBase P |
 * UserStackLimit P | Affinity P | Win32StartAddr P | TebBase P | SubProcessTag 4 |
 * BasePriority 1 | PagePriority 1 | IoPriority 1 | Flags 1 | name */
void ew_emit_thread(struct ew_emitter *emitter, uint64_t raw,
                    const struct ew_synth_process *process, const struct ew_synth_thread *thread,
                    enum ew_life_opcode opcode)
{
    uint64_t kernel_stack = process->object_key + 0x1000000 + thread->id * 0x8000;
    uint64_t start = process->images.count != 0
                         ? EW_AT(struct ew_synth_image, process->images, 0)->base + 0x1000
                         : 0;
    ew_put_u32(emitter, (uint32_t)process->process_id);
    ew_put_u32(emitter, (uint32_t)thread->id);
    ew_put_pointer(emitter, kernel_stack + 0x7000);
    ew_put_pointer(emitter, kernel_stack);
    ew_put_pointer(emitter, 0x200000);
    ew_put_pointer(emitter, 0x1f0000);
    ew_put_pointer(emitter, 0xff);
    ew_put_pointer(emitter, start);
    ew_put_pointer(emitter, 0x7f000000 - thread->id % 4096 * 0x1000);
    ew_put_u32(emitter, 0);
    ew_put_u8(emitter, 8);
    ew_put_u8(emitter, 5);
    ew_put_u8(emitter, 2);
    ew_put_u8(emitter, 0);
    ew_put_utf16(emitter, thread->name);
    bool there = opcode == EW_LIFE_DC_START || opcode == EW_LIFE_DC_END;
    ew_emit_system(emitter, raw, process->cpu, (uint16_t)(GROUP_THREAD | opcode), 3,
                   there ? EW_ID_NONE : (uint32_t)process->process_id,
                   there ? EW_ID_NONE : ew_first_thread(process));
}

/* ImageID: Base P | Size P | PID 4 | TimeDateStamp 4 | OriginalFileName
 * RSDS: Base P | PID 4 | GUID 16 | Age 4 | PDB name 8-bit */
static void emit_identity(struct ew_emitter *emitter, uint64_t raw, uint16_t cpu,
                          uint32_t process_id, const struct ew_synth_image *image)
{
    const struct ew_synth_module *module = image->module;
    ew_put_pointer(emitter, image->base);
    ew_put_pointer(emitter, module->size);
    ew_put_u32(emitter, process_id);
    ew_put_u32(emitter, (uint32_t)module->timestamp);
    ew_put_utf16(emitter, module->name);
    ew_emit_classic(emitter, raw, cpu, &ew_guid_image_id, OPCODE_IMAGE_ID, 2, process_id);
    if (module->pdb.name == NULL) {
        return;
    }
    ew_put_pointer(emitter, image->base);
    ew_put_u32(emitter, process_id);
    ew_put_guid(emitter, &module->pdb.guid);
    ew_put_u32(emitter, (uint32_t)module->pdb.age);
    ew_put_text8(emitter, module->pdb.name);
    ew_emit_classic(emitter, raw, cpu, &ew_guid_image_id, OPCODE_RSDS, 2, process_id);
}

/* Version 3: Base P | Size P | PID 4 | Checksum 4 | TimeDateStamp 4 | SignatureLevel 1 |
 * SignatureType 1 | Reserved 2 | DefaultBase P | Reserved 16 | path */
void ew_emit_image(struct ew_emitter *emitter, uint64_t raw,
                   const struct ew_synth_process *process, const struct ew_synth_image *image,
                   enum ew_life_opcode opcode)
{
    const struct ew_synth_module *module = image->module;
    uint32_t process_id = process != NULL ? (uint32_t)process->process_id : 0;
    uint16_t cpu = process != NULL ? process->cpu : 0;
    ew_put_pointer(emitter, image->base);
    ew_put_pointer(emitter, module->size);
    ew_put_u32(emitter, process_id);
    ew_put_u32(emitter, (uint32_t)module->checksum);
    ew_put_u32(emitter, (uint32_t)module->timestamp);
    ew_put_u32(emitter, 0);
    ew_put_pointer(emitter, module->base != 0 ? module->base : image->base);
    for (int i = 0; i < 4; i++) {
        ew_put_u32(emitter, 0);
    }
    ew_put_utf16(emitter, module->path);
    if (opcode == EW_LIFE_DC_START) {
        ew_emit_perfinfo(emitter, raw, cpu, GROUP_IMAGE | EW_LIFE_DC_START, 3);
    } else {
        uint16_t hook =
            opcode == EW_LIFE_START ? HOOK_IMAGE_LOAD : (uint16_t)(GROUP_IMAGE | opcode);
        ew_emit_system(emitter, raw, cpu, hook, 3, process_id,
                       process != NULL ? ew_first_thread(process) : EW_ID_NONE);
    }
    if (opcode == EW_LIFE_DC_START || opcode == EW_LIFE_START) {
        emit_identity(emitter, raw, cpu, process_id, image);
    }
}

/* Source 4 | NewInterval 4 | OldInterval 4, in 100 ns | its name */
void ew_emit_interval(struct ew_emitter *emitter, uint64_t raw, uint64_t interval_us, bool start)
{
    ew_put_u32(emitter, 0);
    ew_put_u32(emitter, (uint32_t)(interval_us * 10));
    ew_put_u32(emitter, (uint32_t)(interval_us * 10));
    ew_put_utf16(emitter, "Timer");
    ew_emit_system(emitter, raw, 0, start ? HOOK_INTERVAL_START : HOOK_INTERVAL_END, 3,
                   EW_ID_NONE, EW_ID_NONE);
}

void ew_emit_loss(struct ew_emitter *emitter, uint64_t raw, const struct ew_synth_loss *loss)
{
    uint16_t cpu = (uint16_t)loss->cpu;
    ew_emit_classic(emitter, raw, cpu, &ew_guid_lost_event,
                    (uint8_t)(OPCODE_LOST_FIRST + loss->what), 0, EW_ID_NONE);
    ew_etl_writer_mark_lost(emitter->writer, cpu,
                            loss->what == 0 ? EW_ETL_LOST_EVENTS : EW_ETL_LOST_BUFFER);
}

/* Version 2: InstructionPointer P | TID 4 | Count 2 | Flags 1 | Rank 1 */
void ew_emit_sample(struct ew_emitter *emitter, uint64_t raw, uint16_t cpu, uint64_t address,
                    uint32_t thread_id)
{
    ew_put_pointer(emitter, address);
    ew_put_u32(emitter, thread_id);
    ew_put_u16(emitter, 1);
    ew_put_u8(emitter, thread_id != 0 ? SAMPLE_FLAGS : 0);
    ew_put_u8(emitter, 0);
    ew_emit_perfinfo(emitter, raw, cpu, HOOK_SAMPLE, 2);
}

static void put_target(struct ew_emitter *emitter, const struct ew_stack_target *target)
{
    ew_put_u64(emitter, target->event_raw);
    ew_put_u32(emitter, target->process_id);
    ew_put_u32(emitter, target->thread_id);
}

static void put_addresses(struct ew_emitter *emitter, const uint64_t *addresses, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        ew_put_pointer(emitter, addresses[i]);
    }
}

/* EventTimeStamp 8 | PID 4 | TID 4 | frames P each */
void ew_emit_stack(struct ew_emitter *emitter, uint64_t raw, uint16_t cpu,
                   const struct ew_stack_target *target, const uint64_t *addresses, size_t count)
{
    put_target(emitter, target);
    put_addresses(emitter, addresses, count);
    ew_emit_perfinfo(emitter, raw, cpu, HOOK_STACK, 2);
}

/* EventTimeStamp 8 | PID 4 | TID 4 | StackKey P */
void ew_emit_stack_key(struct ew_emitter *emitter, uint64_t raw, uint16_t cpu,
                       const struct ew_stack_target *target, uint64_t key, bool user)
{
    put_target(emitter, target);
    ew_put_pointer(emitter, key);
    ew_emit_perfinfo(emitter, raw, cpu, user ? HOOK_KEY_USER : HOOK_KEY_KERNEL, 2);
}

/* StackKey P | frames P each */
void ew_emit_stack_definition(struct ew_emitter *emitter, uint64_t raw, uint16_t cpu,
                              uint64_t key, const uint64_t *addresses, size_t count, bool deleted)
{
    ew_put_pointer(emitter, key);
    put_addresses(emitter, addresses, count);
    ew_emit_perfinfo(emitter, raw, cpu, deleted ? HOOK_KEY_DELETE : HOOK_KEY_RUNDOWN, 2);
}
