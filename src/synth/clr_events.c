/* SPDX-License-Identifier: Apache-2.0 */
/* Payloads of CLR events: little-endian, without padding (reference etw.md 3.7.2, 3.7.3). */
#include "synth/clr_events.h"

#include <stdio.h>
#include <string.h>

enum {
    CLR_INSTANCE = 9,
    LEVEL_INFORMATION = 4,
    KEYWORD_LOADER = 0x08,
    KEYWORD_JIT_NGEN = 0x30,
    KEYWORD_LOADER_PERFTRACK = 0x20000008,
    KEYWORD_RUNDOWN = 0x20038,
    SKU_CORECLR = 2,
    MODULE_MANIFEST = 8,
    MODULE_DYNAMIC = 4,
    ASSEMBLY_DYNAMIC = 2,
    METHOD_TIER_SHIFT = 7,
    TRACELOGGING_CHANNEL = 11,
    NAME_BYTES = 8192,
};

#define RUNTIME &ew_guid_clr_runtime
#define RUNDOWN &ew_guid_clr_rundown

/* provider, keyword, id, task, version, level, opcode, channel; opcodes and tasks as
 * recorded on Windows. */
static const struct ew_manifest_kind runtime_kinds[] = {
    [EW_CLR_LOAD] = {RUNTIME, 0, 187, 19, 0, LEVEL_INFORMATION, 1, 0},
    [EW_CLR_UNLOAD] = {RUNTIME, 0, 187, 19, 0, LEVEL_INFORMATION, 1, 0},
    [EW_CLR_DC_END] = {RUNDOWN, 0, 187, 19, 0, LEVEL_INFORMATION, 1, 0},
};
static const struct ew_manifest_kind domain_kinds[] = {
    [EW_CLR_LOAD] = {RUNTIME, KEYWORD_LOADER, 156, 10, 1, LEVEL_INFORMATION, 41, 0},
    [EW_CLR_UNLOAD] = {RUNTIME, KEYWORD_LOADER, 157, 10, 1, LEVEL_INFORMATION, 42, 0},
    [EW_CLR_DC_END] = {RUNDOWN, KEYWORD_LOADER, 158, 2, 1, LEVEL_INFORMATION, 44, 0},
};
static const struct ew_manifest_kind assembly_kinds[] = {
    [EW_CLR_LOAD] = {RUNTIME, KEYWORD_LOADER, 154, 10, 1, LEVEL_INFORMATION, 37, 0},
    [EW_CLR_UNLOAD] = {RUNTIME, KEYWORD_LOADER, 155, 10, 1, LEVEL_INFORMATION, 38, 0},
    [EW_CLR_DC_END] = {RUNDOWN, KEYWORD_LOADER, 156, 2, 1, LEVEL_INFORMATION, 40, 0},
};
static const struct ew_manifest_kind module_kinds[] = {
    [EW_CLR_LOAD] = {RUNTIME, KEYWORD_LOADER_PERFTRACK, 152, 10, 2, LEVEL_INFORMATION, 33, 0},
    [EW_CLR_UNLOAD] = {RUNTIME, KEYWORD_LOADER_PERFTRACK, 153, 10, 2, LEVEL_INFORMATION, 34, 0},
    [EW_CLR_DC_END] = {RUNDOWN, KEYWORD_LOADER_PERFTRACK, 154, 2, 2, LEVEL_INFORMATION, 36, 0},
};
static const struct ew_manifest_kind method_kinds[] = {
    [EW_CLR_LOAD] = {RUNTIME, KEYWORD_JIT_NGEN, 143, 9, 2, LEVEL_INFORMATION, 37, 0},
    [EW_CLR_UNLOAD] = {RUNTIME, KEYWORD_JIT_NGEN, 144, 9, 2, LEVEL_INFORMATION, 38, 0},
    [EW_CLR_DC_END] = {RUNDOWN, KEYWORD_JIT_NGEN, 144, 1, 2, LEVEL_INFORMATION, 40, 0},
};
static const struct ew_manifest_kind rundown_begins = {RUNDOWN, KEYWORD_RUNDOWN,   148, 1,
                                                       1,       LEVEL_INFORMATION, 17,  0};
static const struct ew_manifest_kind rundown_complete = {RUNDOWN, KEYWORD_RUNDOWN,   146, 1,
                                                         1,       LEVEL_INFORMATION, 15,  0};

static uint64_t domain_id(const struct ew_synth_process *process)
{
    return UINT64_C(0x10000000) + process->process_id * 0x100;
}

/* ClrInstanceID 2 | Sku 2 | BCL version 8 | VM version 8 | StartupFlags 4 |
 * StartupMode 1 | command line | GUID 16 | runtime path */
void ew_emit_clr_runtime(struct ew_emitter *emitter, uint64_t raw,
                         const struct ew_synth_process *process, enum ew_clr_phase phase)
{
    static const struct ew_guid none;
    static const uint16_t versions[] = {8, 0, 0, 0, 8, 0, 2426, 7010};
    ew_put_u16(emitter, CLR_INSTANCE);
    ew_put_u16(emitter, SKU_CORECLR);
    for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++) {
        ew_put_u16(emitter, versions[i]);
    }
    ew_put_u32(emitter, 0);
    ew_put_u8(emitter, 1);
    ew_put_utf16(emitter, process->command_line);
    ew_put_guid(emitter, &none);
    ew_put_utf16(emitter, process->runtime_path);
    ew_emit_manifest(emitter, raw, process, &runtime_kinds[phase]);
}

/* AppDomainID 8 | flags 4 | name | index 4 | ClrInstanceID 2 */
void ew_emit_clr_domain(struct ew_emitter *emitter, uint64_t raw,
                        const struct ew_synth_process *process, enum ew_clr_phase phase)
{
    ew_put_u64(emitter, domain_id(process));
    ew_put_u32(emitter, 3);
    ew_put_utf16(emitter, "clrhost");
    ew_put_u32(emitter, 1);
    ew_put_u16(emitter, CLR_INSTANCE);
    ew_emit_manifest(emitter, raw, process, &domain_kinds[phase]);
}

/* AssemblyID 8 | AppDomainID 8 | BindingID 8 | flags 4 | full name | ClrInstanceID 2 */
void ew_emit_clr_assembly(struct ew_emitter *emitter, uint64_t raw,
                          const struct ew_synth_process *process,
                          const struct ew_synth_managed *managed, enum ew_clr_phase phase)
{
    static const char details[] = ", Version=1.0.0.0, Culture=neutral, PublicKeyToken=null";
    const char *name = managed->module->name;
    size_t bytes = strlen(name);
    if (bytes > 4 && strcmp(name + bytes - 4, ".dll") == 0) {
        bytes -= 4;
    }
    char full_name[NAME_BYTES];
    (void)snprintf(full_name, sizeof full_name, "%.*s%s", (int)bytes, name, details);
    bool dynamic = managed->module->kind == EW_SYNTH_DYNAMIC;
    ew_put_u64(emitter, managed->assembly_id);
    ew_put_u64(emitter, domain_id(process));
    ew_put_u64(emitter, 0);
    ew_put_u32(emitter, dynamic ? ASSEMBLY_DYNAMIC : 0);
    ew_put_utf16(emitter, full_name);
    ew_put_u16(emitter, CLR_INSTANCE);
    ew_emit_manifest(emitter, raw, process, &assembly_kinds[phase]);
}

/* ModuleID 8 | AssemblyID 8 | flags 4 | reserved 4 | IL path | native path |
 * ClrInstanceID 2 | managed PDB: GUID 16, age 4, path | native PDB: the same */
void ew_emit_clr_module(struct ew_emitter *emitter, uint64_t raw,
                        const struct ew_synth_process *process,
                        const struct ew_synth_managed *managed, enum ew_clr_phase phase)
{
    static const struct ew_guid none;
    const struct ew_synth_module *module = managed->module;
    const struct ew_synth_pdb *pdb = &module->pdb;
    bool dynamic = module->kind == EW_SYNTH_DYNAMIC;
    ew_put_u64(emitter, managed->module_id);
    ew_put_u64(emitter, managed->assembly_id);
    ew_put_u32(emitter, dynamic ? MODULE_DYNAMIC | MODULE_MANIFEST : MODULE_MANIFEST);
    ew_put_u32(emitter, 0);
    ew_put_utf16(emitter, dynamic ? module->name : module->path);
    ew_put_utf16(emitter, "");
    ew_put_u16(emitter, CLR_INSTANCE);
    ew_put_guid(emitter, pdb->name != NULL ? &pdb->guid : &none);
    ew_put_u32(emitter, pdb->name != NULL ? (uint32_t)pdb->age : 0);
    ew_put_utf16(emitter, pdb->name != NULL ? pdb->name : "");
    ew_put_guid(emitter, &none);
    ew_put_u32(emitter, 0);
    ew_put_utf16(emitter, "");
    ew_emit_manifest(emitter, raw, process, &module_kinds[phase]);
}

/* MethodID 8 | ModuleID 8 | start 8 | size 4 | token 4 | flags 4 | type | name |
 * signature | ClrInstanceID 2 | ReJITID 8 */
void ew_emit_clr_method(struct ew_emitter *emitter, uint64_t raw,
                        const struct ew_synth_process *process,
                        const struct ew_synth_method *method, const struct ew_synth_body *body,
                        enum ew_clr_phase phase)
{
    ew_put_u64(emitter, method->method_id);
    ew_put_u64(emitter, method->managed->module_id);
    ew_put_u64(emitter, body->address);
    ew_put_u32(emitter, (uint32_t)body->size);
    ew_put_u32(emitter, (uint32_t)method->token);
    ew_put_u32(emitter, (uint32_t)(method->flags | body->tier << METHOD_TIER_SHIFT));
    ew_put_utf16(emitter, method->type_name);
    ew_put_utf16(emitter, method->name);
    ew_put_utf16(emitter, method->signature);
    ew_put_u16(emitter, CLR_INSTANCE);
    ew_put_u64(emitter, 0);
    ew_emit_manifest(emitter, raw, process, &method_kinds[phase]);
}

void ew_emit_clr_rundown(struct ew_emitter *emitter, uint64_t raw,
                         const struct ew_synth_process *process, bool complete)
{
    ew_put_u16(emitter, CLR_INSTANCE);
    ew_emit_manifest(emitter, raw, process, complete ? &rundown_complete : &rundown_begins);
}

/* Size 2, itself included | tags 1 | name | fields: name, type 1 (1 UTF-16, 8 uint32) */
static void add_schema(struct ew_emitter *emitter, const char *name)
{
    static const char fields[] = "text\0\1value\0\10";
    uint8_t schema[512];
    size_t name_bytes = strlen(name) + 1;
    size_t bytes = 3 + name_bytes + sizeof fields - 1;
    if (bytes > sizeof schema) {
        emitter->full = true;
        return;
    }
    ew_store_u16(schema, (uint16_t)bytes);
    schema[2] = 0;
    memcpy(schema + 3, name, name_bytes);
    memcpy(schema + 3 + name_bytes, fields, sizeof fields - 1);
    ew_emitter_add_item(emitter, EW_ITEM_EVENT_SCHEMA_TL, schema, (uint16_t)bytes);
}

/* Size 2, itself included | name */
static void add_traits(struct ew_emitter *emitter, const char *provider)
{
    uint8_t traits[512];
    size_t bytes = 2 + strlen(provider) + 1;
    if (bytes > sizeof traits) {
        emitter->full = true;
        return;
    }
    ew_store_u16(traits, (uint16_t)bytes);
    memcpy(traits + 2, provider, bytes - 2);
    ew_emitter_add_item(emitter, EW_ITEM_PROVIDER_TRAITS, traits, (uint16_t)bytes);
}

void ew_emit_trace_logging(struct ew_emitter *emitter, uint64_t raw,
                           const struct ew_synth_process *process,
                           const struct ew_synth_event *event, uint64_t number)
{
    const struct ew_manifest_kind kind = {
        .provider = &event->guid, .level = 5, .channel = TRACELOGGING_CHANNEL};
    add_traits(emitter, event->provider);
    add_schema(emitter, event->name);
    ew_put_utf16(emitter, event->text);
    ew_put_u32(emitter, (uint32_t)(event->value + number));
    ew_emit_manifest(emitter, raw, process, &kind);
}
