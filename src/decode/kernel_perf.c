/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Classic kernel events about samples and stacks, what merging tools add about images,
 * and the real-time session's reports of loss (reference etw.md 3.2, 3.4, 3.5). P is
 * the pointer size of the event.
 */
#include "decode/decoders.h"

/* InstructionPointer P | ThreadId 4 | Count 2 | Flags 1 | Rank 1 */
bool ew_decode_sample(struct ew_payload *payload, struct ew_fact *fact)
{
    struct ew_sample_fact sample;
    sample.address = ew_payload_pointer(payload);
    sample.thread_id = ew_cursor_u32(&payload->in);
    sample.count = ew_cursor_u16(&payload->in);
    sample.flags = ew_cursor_u8(&payload->in);
    ew_cursor_skip(&payload->in, 1);
    if (!ew_payload_end(payload)) {
        return false;
    }
    fact->sample = sample;
    return true;
}

/* Source 4 | NewInterval 4 | OldInterval 4, and from version 3 the source's name. */
bool ew_decode_sample_interval(struct ew_payload *payload, struct ew_fact *fact)
{
    struct ew_sample_interval_fact interval;
    interval.source = ew_cursor_u32(&payload->in);
    interval.new_interval_100ns = ew_cursor_u32(&payload->in);
    interval.old_interval_100ns = ew_cursor_u32(&payload->in);
    if (!ew_payload_end(payload)) {
        return false;
    }
    fact->sample_interval = interval;
    return true;
}

/* EventTimeStamp 8 | ProcessId 4 | ThreadId 4 | frames P each */
bool ew_decode_stack(struct ew_payload *payload, struct ew_fact *fact)
{
    struct ew_stack_fact stack;
    stack.event_time_raw = ew_cursor_u64(&payload->in);
    stack.process_id = ew_cursor_u32(&payload->in);
    stack.thread_id = ew_cursor_u32(&payload->in);
    stack.frames = ew_payload_frames(payload);
    if (!ew_payload_end(payload)) {
        return false;
    }
    fact->stack = stack;
    return true;
}

/* EventTimeStamp 8 | ProcessId 4 | ThreadId 4 | StackKey P */
bool ew_decode_stack_key(struct ew_payload *payload, struct ew_fact *fact)
{
    struct ew_stack_key_fact key;
    key.event_time_raw = ew_cursor_u64(&payload->in);
    key.process_id = ew_cursor_u32(&payload->in);
    key.thread_id = ew_cursor_u32(&payload->in);
    key.key = ew_payload_pointer(payload);
    key.user = payload->row->detail != 0;
    if (!ew_payload_end(payload)) {
        return false;
    }
    fact->stack_key = key;
    return true;
}

/* StackKey P | frames P each */
bool ew_decode_stack_definition(struct ew_payload *payload, struct ew_fact *fact)
{
    struct ew_stack_definition_fact definition;
    definition.key = ew_payload_pointer(payload);
    definition.deleted = payload->row->detail != 0;
    definition.frames = ew_payload_frames(payload);
    if (!ew_payload_end(payload)) {
        return false;
    }
    fact->stack_definition = definition;
    return true;
}

/* ImageBase P | ImageSize P | ProcessId 4 | TimeDateStamp 4 | OriginalFileName */
bool ew_decode_image_id(struct ew_payload *payload, struct ew_fact *fact)
{
    struct ew_image_id_fact image;
    image.base = ew_payload_pointer(payload);
    image.size_bytes = ew_payload_pointer(payload);
    image.process_id = ew_cursor_u32(&payload->in);
    image.timestamp = ew_cursor_u32(&payload->in);
    image.original_name = ew_payload_utf16(payload);
    if (!ew_payload_end(payload)) {
        return false;
    }
    fact->image_id = image;
    return true;
}

/* ImageBase P | ProcessId 4 | Guid 16 | Age 4 | PdbName, 8-bit text */
bool ew_decode_pdb_id(struct ew_payload *payload, struct ew_fact *fact)
{
    struct ew_pdb_id_fact pdb;
    pdb.base = ew_payload_pointer(payload);
    pdb.process_id = ew_cursor_u32(&payload->in);
    pdb.guid = ew_payload_guid(payload);
    pdb.age = ew_cursor_u32(&payload->in);
    pdb.intermediate = payload->row->detail != 0;
    pdb.pdb_name = ew_payload_bytes(payload);
    if (!ew_payload_end(payload)) {
        return false;
    }
    fact->pdb_id = pdb;
    return true;
}

/* The opcode says it all; no layout of the payload is documented. */
bool ew_decode_lost(struct ew_payload *payload, struct ew_fact *fact)
{
    fact->lost.what = payload->row->detail;
    return true;
}
