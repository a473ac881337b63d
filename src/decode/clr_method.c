/* SPDX-License-Identifier: Apache-2.0 */
/* CLR events about method bodies and managed stacks (reference etw.md 3.7.2, appendix C). */
#include "decode/decoders.h"

#include "etwitness/limits.h"

/* MethodID 8 | ModuleID 8 | StartAddress 8 | Size 4 | Token 4 | Flags 4 */
static void read_body(struct ew_payload *payload, struct ew_clr_method_fact *method)
{
    method->phase = payload->row->detail;
    method->method_id = ew_cursor_u64(&payload->in);
    method->module_id = ew_cursor_u64(&payload->in);
    method->start = ew_cursor_u64(&payload->in);
    method->size_bytes = ew_cursor_u32(&payload->in);
    method->token = ew_cursor_u32(&payload->in);
    method->flags = ew_cursor_u32(&payload->in);
}

static void read_names(struct ew_payload *payload, struct ew_clr_method_fact *method)
{
    method->verbose = true;
    method->type_name = ew_payload_utf16(payload);
    method->method_name = ew_payload_utf16(payload);
    method->signature = ew_payload_utf16(payload);
}

/* version 1: ClrInstanceID 2 · version 2: ReJITID 8 */
static bool finish_method(struct ew_payload *payload, struct ew_clr_method_fact *method,
                          struct ew_fact *fact)
{
    unsigned version = payload->event->version;
    method->clr_instance = version >= 1 ? ew_cursor_u16(&payload->in) : 0;
    method->rejit_id = version >= 2 ? ew_cursor_u64(&payload->in) : 0;
    if (!ew_payload_end(payload)) {
        return false;
    }
    fact->clr_method = *method;
    return true;
}

/* body | instance */
bool ew_decode_clr_method(struct ew_payload *payload, struct ew_fact *fact)
{
    struct ew_clr_method_fact method = {.verbose = false};
    read_body(payload, &method);
    return finish_method(payload, &method, fact);
}

/* body | MethodNamespace | MethodName | MethodSignature | instance */
bool ew_decode_clr_method_verbose(struct ew_payload *payload, struct ew_fact *fact)
{
    struct ew_clr_method_fact method;
    read_body(payload, &method);
    read_names(payload, &method);
    return finish_method(payload, &method, fact);
}

/*
 * MethodID 8 | ModuleID 8 | Token 4 | ILSize 4 | three names | version 1: ClrInstanceID 2.
 * There is no body yet: the size of the IL is not the size of code, and is left out.
 */
bool ew_decode_clr_jitting(struct ew_payload *payload, struct ew_fact *fact)
{
    struct ew_clr_method_fact method = {.phase = payload->row->detail};
    method.method_id = ew_cursor_u64(&payload->in);
    method.module_id = ew_cursor_u64(&payload->in);
    method.token = ew_cursor_u32(&payload->in);
    ew_cursor_skip(&payload->in, 4);
    read_names(payload, &method);
    if (payload->event->version >= 1) {
        method.clr_instance = ew_cursor_u16(&payload->in);
    }
    if (!ew_payload_end(payload)) {
        return false;
    }
    fact->clr_method = method;
    return true;
}

/* MethodID 8 | three names | EntryPoint 8 | ClrInstanceID 2 */
bool ew_decode_clr_entry_point(struct ew_payload *payload, struct ew_fact *fact)
{
    struct ew_clr_entry_point_fact entry;
    entry.method_id = ew_cursor_u64(&payload->in);
    entry.type_name = ew_payload_utf16(payload);
    entry.method_name = ew_payload_utf16(payload);
    entry.signature = ew_payload_utf16(payload);
    entry.entry_point = ew_cursor_u64(&payload->in);
    entry.clr_instance = ew_cursor_u16(&payload->in);
    if (!ew_payload_end(payload)) {
        return false;
    }
    fact->clr_entry_point = entry;
    return true;
}

/*
 * MethodID 8 | ReJITID 8 | Extent 1 | Count 2 | ILOffsets 4 each | NativeOffsets 4 each |
 * ClrInstanceID 2
 */
bool ew_decode_clr_il_map(struct ew_payload *payload, struct ew_fact *fact)
{
    struct ew_clr_il_map_fact map;
    map.phase = payload->row->detail;
    map.method_id = ew_cursor_u64(&payload->in);
    map.rejit_id = ew_cursor_u64(&payload->in);
    map.extent = ew_cursor_u8(&payload->in);
    map.entry_count = ew_cursor_u16(&payload->in);
    map.il_offsets = ew_payload_words(payload, map.entry_count, 4);
    map.native_offsets = ew_payload_words(payload, map.entry_count, 4);
    map.clr_instance = ew_cursor_u16(&payload->in);
    if (!ew_payload_end(payload)) {
        return false;
    }
    fact->clr_il_map = map;
    return true;
}

/* ClrInstanceID 2 | Reserved 2 | FrameCount 4 | frames P each */
bool ew_decode_clr_stack(struct ew_payload *payload, struct ew_fact *fact)
{
    struct ew_clr_stack_fact stack;
    stack.clr_instance = ew_cursor_u16(&payload->in);
    ew_cursor_skip(&payload->in, 2);
    uint32_t frame_count = ew_cursor_u32(&payload->in);
    stack.frames = ew_payload_words(payload, frame_count, payload->event->pointer_bytes);
    if (frame_count > EW_FRAMES_MAX || !ew_payload_end(payload)) {
        return false;
    }
    fact->clr_stack = stack;
    return true;
}
