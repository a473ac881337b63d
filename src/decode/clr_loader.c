/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CLR events about what is loaded (modules, assemblies, domains), about the runtime
 * itself, its exceptions and its rundowns (reference etw.md 3.7.3, 3.7.4, appendix C).
 */
#include "decode/decoders.h"

/* Flags 4 | Reserved 4 | ILPath | NativePath | version 1: ClrInstanceID 2 */
static void read_module_common(struct ew_payload *payload, struct ew_clr_module_fact *module)
{
    module->flags = ew_cursor_u32(&payload->in);
    ew_cursor_skip(&payload->in, 4);
    module->il_path = ew_payload_utf16(payload);
    module->native_path = ew_payload_utf16(payload);
    if (payload->event->version >= 1) {
        module->clr_instance = ew_cursor_u16(&payload->in);
    }
}

/* version 2: PDB of the IL and of the native image, each Guid 16 | Age 4 | BuildPath */
static void read_module_pdbs(struct ew_payload *payload, struct ew_clr_module_fact *module)
{
    module->has_pdb = true;
    module->managed_pdb_guid = ew_payload_guid(payload);
    module->managed_pdb_age = ew_cursor_u32(&payload->in);
    module->managed_pdb_path = ew_payload_utf16(payload);
    module->native_pdb_guid = ew_payload_guid(payload);
    module->native_pdb_age = ew_cursor_u32(&payload->in);
    module->native_pdb_path = ew_payload_utf16(payload);
}

static bool decode_module(struct ew_payload *payload, bool may_have_build_id,
                          struct ew_fact *fact)
{
    struct ew_clr_module_fact module = {.phase = payload->row->detail};
    module.module_id = ew_cursor_u64(&payload->in);
    module.assembly_id = ew_cursor_u64(&payload->in);
    read_module_common(payload, &module);
    if (payload->event->version >= 2) {
        read_module_pdbs(payload, &module);
    }
    if (may_have_build_id && payload->event->version >= 3) {
        module.native_build_id = ew_payload_utf16(payload);
    }
    if (!ew_payload_end(payload)) {
        return false;
    }
    fact->clr_module = module;
    return true;
}

/* ModuleID 8 | AssemblyID 8 | common | PDBs */
bool ew_decode_clr_module(struct ew_payload *payload, struct ew_fact *fact)
{
    return decode_module(payload, false, fact);
}

/* The same, and in version 3 of the load event a build id of the native image. */
bool ew_decode_clr_module_load(struct ew_payload *payload, struct ew_fact *fact)
{
    return decode_module(payload, true, fact);
}

/* ModuleID 8 | AssemblyID 8 | AppDomainID 8 | common */
bool ew_decode_clr_domain_module(struct ew_payload *payload, struct ew_fact *fact)
{
    struct ew_clr_module_fact module = {.phase = payload->row->detail, .domain_module = true};
    module.module_id = ew_cursor_u64(&payload->in);
    module.assembly_id = ew_cursor_u64(&payload->in);
    module.app_domain_id = ew_cursor_u64(&payload->in);
    read_module_common(payload, &module);
    if (!ew_payload_end(payload)) {
        return false;
    }
    fact->clr_module = module;
    return true;
}

/* AssemblyID 8 | AppDomainID 8 | version 1: BindingID 8 | Flags 4 | FullName | version 1:
 * ClrInstanceID 2 */
bool ew_decode_clr_assembly(struct ew_payload *payload, struct ew_fact *fact)
{
    unsigned version = payload->event->version;
    struct ew_clr_assembly_fact assembly = {.phase = payload->row->detail};
    assembly.assembly_id = ew_cursor_u64(&payload->in);
    assembly.app_domain_id = ew_cursor_u64(&payload->in);
    ew_cursor_skip(&payload->in, version >= 1 ? 8 : 0);
    assembly.flags = ew_cursor_u32(&payload->in);
    assembly.full_name = ew_payload_utf16(payload);
    assembly.clr_instance = version >= 1 ? ew_cursor_u16(&payload->in) : 0;
    if (!ew_payload_end(payload)) {
        return false;
    }
    fact->clr_assembly = assembly;
    return true;
}

/* AppDomainID 8 | Flags 4 | Name | version 1: Index 4 | ClrInstanceID 2 */
bool ew_decode_clr_domain(struct ew_payload *payload, struct ew_fact *fact)
{
    struct ew_clr_domain_fact domain = {.phase = payload->row->detail};
    domain.app_domain_id = ew_cursor_u64(&payload->in);
    domain.flags = ew_cursor_u32(&payload->in);
    domain.name = ew_payload_utf16(payload);
    if (payload->event->version >= 1) {
        domain.index = ew_cursor_u32(&payload->in);
        domain.clr_instance = ew_cursor_u16(&payload->in);
    }
    if (!ew_payload_end(payload)) {
        return false;
    }
    fact->clr_domain = domain;
    return true;
}

/* Type | Message | EIP P | HRESULT 4 | Flags 2 | ClrInstanceID 2, since version 1 */
bool ew_decode_clr_exception(struct ew_payload *payload, struct ew_fact *fact)
{
    struct ew_clr_exception_fact exception;
    exception.type_name = ew_payload_utf16(payload);
    exception.message = ew_payload_utf16(payload);
    exception.address = ew_payload_pointer(payload);
    exception.hresult = ew_cursor_u32(&payload->in);
    exception.flags = ew_cursor_u16(&payload->in);
    exception.clr_instance = ew_cursor_u16(&payload->in);
    if (!ew_payload_end(payload)) {
        return false;
    }
    fact->clr_exception = exception;
    return true;
}

static void read_version(struct ew_payload *payload, uint16_t version_out[4])
{
    for (int i = 0; i < 4; i++) {
        version_out[i] = ew_cursor_u16(&payload->in);
    }
}

/*
 * ClrInstanceID 2 | Sku 2 | Bcl 4 * 2 | VM 4 * 2 | StartupFlags 4 | StartupMode 1 |
 * CommandLine | ComObjectGuid 16 | RuntimeDllPath
 */
bool ew_decode_clr_runtime(struct ew_payload *payload, struct ew_fact *fact)
{
    struct ew_clr_runtime_fact runtime;
    runtime.clr_instance = ew_cursor_u16(&payload->in);
    runtime.sku = ew_cursor_u16(&payload->in);
    read_version(payload, runtime.bcl_version);
    read_version(payload, runtime.vm_version);
    runtime.startup_flags = ew_cursor_u32(&payload->in);
    runtime.startup_mode = ew_cursor_u8(&payload->in);
    runtime.command_line = ew_payload_utf16(payload);
    ew_cursor_skip(&payload->in, 16);
    runtime.runtime_path = ew_payload_utf16(payload);
    if (!ew_payload_end(payload)) {
        return false;
    }
    fact->clr_runtime = runtime;
    return true;
}

/* Empty in version 0; version 1: ClrInstanceID 2. */
static bool decode_rundown(struct ew_payload *payload, bool complete, struct ew_fact *fact)
{
    struct ew_clr_rundown_fact rundown = {.phase = payload->row->detail, .complete = complete};
    if (payload->event->version >= 1) {
        rundown.clr_instance = ew_cursor_u16(&payload->in);
    }
    if (!ew_payload_end(payload)) {
        return false;
    }
    fact->clr_rundown = rundown;
    return true;
}

bool ew_decode_clr_rundown_begin(struct ew_payload *payload, struct ew_fact *fact)
{
    return decode_rundown(payload, false, fact);
}

bool ew_decode_clr_rundown_complete(struct ew_payload *payload, struct ew_fact *fact)
{
    return decode_rundown(payload, true, fact);
}
