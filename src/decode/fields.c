/* SPDX-License-Identifier: Apache-2.0 */
/* The kinds of facts by name, and their fields for generic printers. */
#include "etwitness/decode.h"

#define FIELD(name, member, type)                               \
    {                                                           \
        name, offsetof(struct ew_fact, member), EW_FIELD_##type \
    }

static const struct ew_field process_fields[] = {
    FIELD("phase", process.phase, PHASE),
    FIELD("processId", process.process_id, U32),
    FIELD("parentId", process.parent_id, U32),
    FIELD("sessionId", process.session_id, U32),
    FIELD("exitStatus", process.exit_status, HEX32),
    FIELD("flags", process.flags, HEX32),
    FIELD("uniqueKey", process.unique_key, HEX64),
    FIELD("createTime", process.create_time, TIME),
    FIELD("sequence", process.sequence, U64),
    FIELD("imageName", process.image_name, BYTES),
    FIELD("imagePath", process.image_path, UTF16),
    FIELD("commandLine", process.command_line, UTF16),
    FIELD("packageName", process.package_name, UTF16),
};

static const struct ew_field process_counters_fields[] = {
    FIELD("processId", process_counters.process_id, U32),
    FIELD("pageFaultCount", process_counters.page_fault_count, U32),
    FIELD("handleCount", process_counters.handle_count, U32),
    FIELD("peakVirtualBytes", process_counters.peak_virtual_bytes, U64),
    FIELD("peakWorkingSetBytes", process_counters.peak_working_set_bytes, U64),
    FIELD("privatePages", process_counters.private_pages, U64),
};

static const struct ew_field thread_fields[] = {
    FIELD("phase", thread.phase, PHASE),
    FIELD("processId", thread.process_id, U32),
    FIELD("threadId", thread.thread_id, U32),
    FIELD("startAddress", thread.start_address, HEX64),
    FIELD("win32StartAddress", thread.win32_start_address, HEX64),
    FIELD("name", thread.name, UTF16),
};

static const struct ew_field context_switch_fields[] = {
    FIELD("newThreadId", context_switch.new_thread_id, U32),
    FIELD("oldThreadId", context_switch.old_thread_id, U32),
    FIELD("newPriority", context_switch.new_priority, U8),
    FIELD("oldPriority", context_switch.old_priority, U8),
    FIELD("oldState", context_switch.old_state, U8),
    FIELD("oldWaitReason", context_switch.old_wait_reason, U8),
    FIELD("newWaitTime", context_switch.new_wait_time, U32),
};

static const struct ew_field image_fields[] = {
    FIELD("phase", image.phase, PHASE),
    FIELD("processId", image.process_id, U32),
    FIELD("base", image.base, HEX64),
    FIELD("sizeBytes", image.size_bytes, U64),
    FIELD("checksum", image.checksum, HEX32),
    FIELD("timestamp", image.timestamp, HEX32),
    FIELD("defaultBase", image.default_base, HEX64),
    FIELD("path", image.path, UTF16),
};

static const struct ew_field image_id_fields[] = {
    FIELD("processId", image_id.process_id, U32),
    FIELD("base", image_id.base, HEX64),
    FIELD("sizeBytes", image_id.size_bytes, U64),
    FIELD("timestamp", image_id.timestamp, HEX32),
    FIELD("originalName", image_id.original_name, UTF16),
};

static const struct ew_field pdb_id_fields[] = {
    FIELD("processId", pdb_id.process_id, U32),
    FIELD("base", pdb_id.base, HEX64),
    FIELD("guid", pdb_id.guid, GUID),
    FIELD("age", pdb_id.age, U32),
    FIELD("intermediate", pdb_id.intermediate, BOOL),
    FIELD("pdbName", pdb_id.pdb_name, BYTES),
};

static const struct ew_field sample_fields[] = {
    FIELD("address", sample.address, HEX64),
    FIELD("threadId", sample.thread_id, U32),
    FIELD("count", sample.count, U16),
    FIELD("flags", sample.flags, U8),
};

static const struct ew_field sample_interval_fields[] = {
    FIELD("source", sample_interval.source, U32),
    FIELD("newInterval100ns", sample_interval.new_interval_100ns, U32),
    FIELD("oldInterval100ns", sample_interval.old_interval_100ns, U32),
};

static const struct ew_field stack_fields[] = {
    FIELD("eventTimeRaw", stack.event_time_raw, U64),
    FIELD("processId", stack.process_id, U32),
    FIELD("threadId", stack.thread_id, U32),
    FIELD("frames", stack.frames, ADDRESSES),
};

static const struct ew_field stack_key_fields[] = {
    FIELD("eventTimeRaw", stack_key.event_time_raw, U64),
    FIELD("processId", stack_key.process_id, U32),
    FIELD("threadId", stack_key.thread_id, U32),
    FIELD("key", stack_key.key, HEX64),
    FIELD("user", stack_key.user, BOOL),
};

static const struct ew_field stack_definition_fields[] = {
    FIELD("key", stack_definition.key, HEX64),
    FIELD("deleted", stack_definition.deleted, BOOL),
    FIELD("frames", stack_definition.frames, ADDRESSES),
};

static const struct ew_field page_fault_fields[] = {
    FIELD("virtualAddress", page_fault.virtual_address, HEX64),
    FIELD("programCounter", page_fault.program_counter, HEX64),
};

static const struct ew_field hard_fault_fields[] = {
    FIELD("initialTimeRaw", hard_fault.initial_time_raw, U64),
    FIELD("readOffset", hard_fault.read_offset, U64),
    FIELD("virtualAddress", hard_fault.virtual_address, HEX64),
    FIELD("fileObject", hard_fault.file_object, HEX64),
    FIELD("threadId", hard_fault.thread_id, U32),
    FIELD("byteCount", hard_fault.byte_count, U32),
};

static const struct ew_field disk_io_fields[] = {
    FIELD("disk", disk_io.disk, U32),
    FIELD("irpFlags", disk_io.irp_flags, HEX32),
    FIELD("sizeBytes", disk_io.size_bytes, U32),
    FIELD("threadId", disk_io.thread_id, U32),
    FIELD("byteOffset", disk_io.byte_offset, U64),
    FIELD("fileObject", disk_io.file_object, HEX64),
    FIELD("irp", disk_io.irp, HEX64),
    FIELD("responseTimeRaw", disk_io.response_time_raw, U64),
};

static const struct ew_field file_io_fields[] = {
    FIELD("irp", file_io.irp, HEX64),
    FIELD("fileObject", file_io.file_object, HEX64),
    FIELD("fileKey", file_io.file_key, HEX64),
    FIELD("offset", file_io.offset, U64),
    FIELD("extraInfo", file_io.extra_info, HEX64),
    FIELD("threadId", file_io.thread_id, U32),
    FIELD("sizeBytes", file_io.size_bytes, U32),
    FIELD("flags", file_io.flags, HEX32),
    FIELD("status", file_io.status, HEX32),
    FIELD("name", file_io.name, UTF16),
};

static const struct ew_field file_name_fields[] = {
    FIELD("fileKey", file_name.file_key, HEX64),
    FIELD("name", file_name.name, UTF16),
};

static const struct ew_field clr_method_fields[] = {
    FIELD("phase", clr_method.phase, PHASE),
    FIELD("methodId", clr_method.method_id, HEX64),
    FIELD("moduleId", clr_method.module_id, HEX64),
    FIELD("start", clr_method.start, HEX64),
    FIELD("sizeBytes", clr_method.size_bytes, U32),
    FIELD("token", clr_method.token, HEX32),
    FIELD("flags", clr_method.flags, HEX32),
    FIELD("rejitId", clr_method.rejit_id, HEX64),
    FIELD("clrInstance", clr_method.clr_instance, U16),
    FIELD("verbose", clr_method.verbose, BOOL),
    FIELD("typeName", clr_method.type_name, UTF16),
    FIELD("methodName", clr_method.method_name, UTF16),
    FIELD("signature", clr_method.signature, UTF16),
};

static const struct ew_field clr_module_fields[] = {
    FIELD("phase", clr_module.phase, PHASE),
    FIELD("domainModule", clr_module.domain_module, BOOL),
    FIELD("moduleId", clr_module.module_id, HEX64),
    FIELD("assemblyId", clr_module.assembly_id, HEX64),
    FIELD("appDomainId", clr_module.app_domain_id, HEX64),
    FIELD("flags", clr_module.flags, HEX32),
    FIELD("clrInstance", clr_module.clr_instance, U16),
    FIELD("hasPdb", clr_module.has_pdb, BOOL),
    FIELD("managedPdbGuid", clr_module.managed_pdb_guid, GUID),
    FIELD("managedPdbAge", clr_module.managed_pdb_age, U32),
    FIELD("nativePdbGuid", clr_module.native_pdb_guid, GUID),
    FIELD("nativePdbAge", clr_module.native_pdb_age, U32),
    FIELD("ilPath", clr_module.il_path, UTF16),
    FIELD("nativePath", clr_module.native_path, UTF16),
    FIELD("managedPdbPath", clr_module.managed_pdb_path, UTF16),
    FIELD("nativePdbPath", clr_module.native_pdb_path, UTF16),
    FIELD("nativeBuildId", clr_module.native_build_id, UTF16),
};

static const struct ew_field clr_assembly_fields[] = {
    FIELD("phase", clr_assembly.phase, PHASE),
    FIELD("assemblyId", clr_assembly.assembly_id, HEX64),
    FIELD("appDomainId", clr_assembly.app_domain_id, HEX64),
    FIELD("flags", clr_assembly.flags, HEX32),
    FIELD("clrInstance", clr_assembly.clr_instance, U16),
    FIELD("fullName", clr_assembly.full_name, UTF16),
};

static const struct ew_field clr_domain_fields[] = {
    FIELD("phase", clr_domain.phase, PHASE),
    FIELD("appDomainId", clr_domain.app_domain_id, HEX64),
    FIELD("flags", clr_domain.flags, HEX32),
    FIELD("index", clr_domain.index, U32),
    FIELD("clrInstance", clr_domain.clr_instance, U16),
    FIELD("name", clr_domain.name, UTF16),
};

static const struct ew_field clr_entry_point_fields[] = {
    FIELD("methodId", clr_entry_point.method_id, HEX64),
    FIELD("entryPoint", clr_entry_point.entry_point, HEX64),
    FIELD("clrInstance", clr_entry_point.clr_instance, U16),
    FIELD("typeName", clr_entry_point.type_name, UTF16),
    FIELD("methodName", clr_entry_point.method_name, UTF16),
    FIELD("signature", clr_entry_point.signature, UTF16),
};

static const struct ew_field clr_inlining_fields[] = {
    FIELD("succeeded", clr_inlining.succeeded, BOOL),
    FIELD("clrInstance", clr_inlining.clr_instance, U16),
    FIELD("compiledTypeName", clr_inlining.compiled.type_name, UTF16),
    FIELD("compiledMethodName", clr_inlining.compiled.method_name, UTF16),
    FIELD("compiledSignature", clr_inlining.compiled.signature, UTF16),
    FIELD("inlinerTypeName", clr_inlining.inliner.type_name, UTF16),
    FIELD("inlinerMethodName", clr_inlining.inliner.method_name, UTF16),
    FIELD("inlinerSignature", clr_inlining.inliner.signature, UTF16),
    FIELD("inlineeTypeName", clr_inlining.inlinee.type_name, UTF16),
    FIELD("inlineeMethodName", clr_inlining.inlinee.method_name, UTF16),
    FIELD("inlineeSignature", clr_inlining.inlinee.signature, UTF16),
    FIELD("reason", clr_inlining.reason_utf16, UTF16),
    FIELD("reason", clr_inlining.reason, BYTES),
};

static const struct ew_field clr_tail_call_fields[] = {
    FIELD("succeeded", clr_tail_call.succeeded, BOOL),
    FIELD("explicitPrefix", clr_tail_call.explicit_prefix, BOOL),
    FIELD("type", clr_tail_call.type, U32),
    FIELD("clrInstance", clr_tail_call.clr_instance, U16),
    FIELD("compiledTypeName", clr_tail_call.compiled.type_name, UTF16),
    FIELD("compiledMethodName", clr_tail_call.compiled.method_name, UTF16),
    FIELD("compiledSignature", clr_tail_call.compiled.signature, UTF16),
    FIELD("callerTypeName", clr_tail_call.caller.type_name, UTF16),
    FIELD("callerMethodName", clr_tail_call.caller.method_name, UTF16),
    FIELD("callerSignature", clr_tail_call.caller.signature, UTF16),
    FIELD("calleeTypeName", clr_tail_call.callee.type_name, UTF16),
    FIELD("calleeMethodName", clr_tail_call.callee.method_name, UTF16),
    FIELD("calleeSignature", clr_tail_call.callee.signature, UTF16),
    FIELD("reason", clr_tail_call.reason_utf16, UTF16),
    FIELD("reason", clr_tail_call.reason, BYTES),
};

static const struct ew_field clr_il_map_fields[] = {
    FIELD("phase", clr_il_map.phase, PHASE),
    FIELD("methodId", clr_il_map.method_id, HEX64),
    FIELD("rejitId", clr_il_map.rejit_id, HEX64),
    FIELD("extent", clr_il_map.extent, U8),
    FIELD("entryCount", clr_il_map.entry_count, U16),
    FIELD("clrInstance", clr_il_map.clr_instance, U16),
    FIELD("ilOffsets", clr_il_map.il_offsets, ADDRESSES),
    FIELD("nativeOffsets", clr_il_map.native_offsets, ADDRESSES),
};

static const struct ew_field clr_stack_fields[] = {
    FIELD("clrInstance", clr_stack.clr_instance, U16),
    FIELD("frames", clr_stack.frames, ADDRESSES),
};

static const struct ew_field clr_exception_fields[] = {
    FIELD("address", clr_exception.address, HEX64),
    FIELD("hresult", clr_exception.hresult, HEX32),
    FIELD("flags", clr_exception.flags, U16),
    FIELD("clrInstance", clr_exception.clr_instance, U16),
    FIELD("typeName", clr_exception.type_name, UTF16),
    FIELD("message", clr_exception.message, UTF16),
};

static const struct ew_field clr_runtime_fields[] = {
    FIELD("clrInstance", clr_runtime.clr_instance, U16),
    FIELD("sku", clr_runtime.sku, U16),
    FIELD("bclVersion", clr_runtime.bcl_version, VERSION4),
    FIELD("vmVersion", clr_runtime.vm_version, VERSION4),
    FIELD("startupFlags", clr_runtime.startup_flags, HEX32),
    FIELD("startupMode", clr_runtime.startup_mode, U8),
    FIELD("commandLine", clr_runtime.command_line, UTF16),
    FIELD("runtimePath", clr_runtime.runtime_path, UTF16),
};

static const struct ew_field clr_rundown_fields[] = {
    FIELD("phase", clr_rundown.phase, PHASE),
    FIELD("complete", clr_rundown.complete, BOOL),
    FIELD("clrInstance", clr_rundown.clr_instance, U16),
};

static const struct ew_field lost_fields[] = {
    FIELD("what", lost.what, U32),
};

struct kind {
    const char *name;
    const struct ew_field *fields;
    size_t field_count;
};

#define KIND(name)                                                           \
    {                                                                        \
#name, name##_fields, sizeof name##_fields / sizeof name##_fields[0] \
    }

static const struct kind kinds[EW_FACT_KIND_COUNT] = {
    [EW_FACT_PROCESS] = KIND(process),
    [EW_FACT_PROCESS_COUNTERS] = KIND(process_counters),
    [EW_FACT_THREAD] = KIND(thread),
    [EW_FACT_CONTEXT_SWITCH] = KIND(context_switch),
    [EW_FACT_IMAGE] = KIND(image),
    [EW_FACT_IMAGE_ID] = KIND(image_id),
    [EW_FACT_PDB_ID] = KIND(pdb_id),
    [EW_FACT_SAMPLE] = KIND(sample),
    [EW_FACT_SAMPLE_INTERVAL] = KIND(sample_interval),
    [EW_FACT_STACK] = KIND(stack),
    [EW_FACT_STACK_KEY] = KIND(stack_key),
    [EW_FACT_STACK_DEFINITION] = KIND(stack_definition),
    [EW_FACT_PAGE_FAULT] = KIND(page_fault),
    [EW_FACT_HARD_FAULT] = KIND(hard_fault),
    [EW_FACT_DISK_IO] = KIND(disk_io),
    [EW_FACT_FILE_IO] = KIND(file_io),
    [EW_FACT_FILE_NAME] = KIND(file_name),
    [EW_FACT_CLR_METHOD] = KIND(clr_method),
    [EW_FACT_CLR_MODULE] = KIND(clr_module),
    [EW_FACT_CLR_ASSEMBLY] = KIND(clr_assembly),
    [EW_FACT_CLR_DOMAIN] = KIND(clr_domain),
    [EW_FACT_CLR_ENTRY_POINT] = KIND(clr_entry_point),
    [EW_FACT_CLR_INLINING] = KIND(clr_inlining),
    [EW_FACT_CLR_TAIL_CALL] = KIND(clr_tail_call),
    [EW_FACT_CLR_IL_MAP] = KIND(clr_il_map),
    [EW_FACT_CLR_STACK] = KIND(clr_stack),
    [EW_FACT_CLR_EXCEPTION] = KIND(clr_exception),
    [EW_FACT_CLR_RUNTIME] = KIND(clr_runtime),
    [EW_FACT_CLR_RUNDOWN] = KIND(clr_rundown),
    [EW_FACT_LOST] = KIND(lost),
};

const char *ew_fact_kind_name(enum ew_fact_kind kind)
{
    return kind < EW_FACT_KIND_COUNT ? kinds[kind].name : "unknown";
}

const struct ew_field *ew_fact_fields(enum ew_fact_kind kind, size_t *count_out)
{
    *count_out = kind < EW_FACT_KIND_COUNT ? kinds[kind].field_count : 0;
    return kind < EW_FACT_KIND_COUNT ? kinds[kind].fields : NULL;
}
