/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Microsoft-Windows-Kernel-Process (reference etw.md 3.6 and appendix E). Fields are
 * packed; P is the pointer size of the event.
 */
#include "decode/decoders.h"

/*
 * The version of ProcessStart whose layout an event has: ProcessRundown (15) began as
 * ProcessStart version 2 and grew in step with it.
 */
static unsigned start_version(const struct ew_event *event)
{
    enum { ID_RUNDOWN = 15, RUNDOWN_LAG = 2 };
    return event->version + (event->id == ID_RUNDOWN ? (unsigned)RUNDOWN_LAG : 0);
}

/*
 * Version 0:  ProcessId 4 | CreateTime 8 | ParentId 4 | SessionId 4 | ImageName
 * Version 1:  Flags 4 before the name
 * Version 2:  then ImageChecksum 4 | TimeDateStamp 4 | PackageFullName | PackageAppId
 * Version 3:  ProcessId 4 | Sequence 8 | CreateTime 8 | ParentId 4 | ParentSequence 8 |
 *             SessionId 4 | Flags 4 | TokenElevationType 4 | TokenIsElevated 4 |
 *             MandatoryLabel SID | ImageName | as version 2
 * Version 4, 5:  more numbers after that
 */
bool ew_decode_manifest_start(struct ew_payload *payload, struct ew_fact *fact)
{
    unsigned version = start_version(payload->event);
    struct ew_process_fact process = {.phase = payload->row->detail};
    process.process_id = ew_cursor_u32(&payload->in);
    process.sequence = version >= 3 ? ew_cursor_u64(&payload->in) : 0;
    process.create_time = ew_cursor_u64(&payload->in);
    process.parent_id = ew_cursor_u32(&payload->in);
    ew_cursor_skip(&payload->in, version >= 3 ? 8 : 0);
    process.session_id = ew_cursor_u32(&payload->in);
    process.flags = version >= 1 ? ew_cursor_u32(&payload->in) : 0;
    if (version >= 3) {
        ew_cursor_skip(&payload->in, 8);
        ew_payload_skip_sid(payload);
    }
    process.image_path = ew_payload_utf16(payload);
    if (version >= 2) {
        ew_cursor_skip(&payload->in, 8);
        process.package_name = ew_payload_utf16(payload);
        (void)ew_payload_utf16(payload); /* PackageRelativeAppId */
    }
    ew_cursor_skip(&payload->in, version >= 5 ? 10 : version == 4 ? 4 : 0);
    if (!ew_payload_end(payload)) {
        return false;
    }
    fact->process = process;
    return true;
}

/*
 * Version 0:  ProcessId 4 | CreateTime 8 | ExitTime 8 | ExitCode 4 | ElevationType 4 |
 *             HandleCount 4 | CommitCharge 8 | CommitPeak 8 | ImageName, 8-bit text
 * Version 1:  CpuCycles 8 and five counts of 4 before the name
 * Version 2:  Sequence 8 after the process id
 */
bool ew_decode_manifest_stop(struct ew_payload *payload, struct ew_fact *fact)
{
    unsigned version = payload->event->version;
    struct ew_process_fact process = {
        .phase = payload->row->detail, .parent_id = EW_ID_NONE, .session_id = EW_ID_NONE};
    process.process_id = ew_cursor_u32(&payload->in);
    process.sequence = version >= 2 ? ew_cursor_u64(&payload->in) : 0;
    process.create_time = ew_cursor_u64(&payload->in);
    ew_cursor_skip(&payload->in, 8);
    process.exit_status = ew_cursor_u32(&payload->in);
    ew_cursor_skip(&payload->in, version >= 1 ? 24 + 28 : 24);
    process.image_name = ew_payload_bytes(payload);
    if (!ew_payload_end(payload)) {
        return false;
    }
    fact->process = process;
    return true;
}

/*
 * ProcessId 4 | ThreadId 4 | StackBase P | StackLimit P | UserStackBase P |
 * UserStackLimit P | StartAddr P | Win32StartAddr P | TebBase P | version 1:
 * SubProcessTag 4, and CycleTime 8 when it stops
 */
bool ew_decode_manifest_thread(struct ew_payload *payload, struct ew_fact *fact)
{
    struct ew_thread_fact thread = {.phase = payload->row->detail};
    thread.process_id = ew_cursor_u32(&payload->in);
    thread.thread_id = ew_cursor_u32(&payload->in);
    ew_payload_skip_pointers(payload, 4);
    thread.start_address = ew_payload_pointer(payload);
    thread.win32_start_address = ew_payload_pointer(payload);
    ew_payload_skip_pointers(payload, 1);
    if (payload->event->version >= 1) {
        ew_cursor_skip(&payload->in, payload->row->detail == EW_PHASE_END ? 12 : 4);
    }
    if (!ew_payload_end(payload)) {
        return false;
    }
    fact->thread = thread;
    return true;
}

/*
 * ImageBase P | ImageSize P | ProcessId 4 | ImageChecksum 4 | TimeDateStamp 4 |
 * DefaultBase P | ImageName
 */
bool ew_decode_manifest_image(struct ew_payload *payload, struct ew_fact *fact)
{
    struct ew_image_fact image = {.phase = payload->row->detail};
    image.base = ew_payload_pointer(payload);
    image.size_bytes = ew_payload_pointer(payload);
    image.process_id = ew_cursor_u32(&payload->in);
    image.checksum = ew_cursor_u32(&payload->in);
    image.timestamp = ew_cursor_u32(&payload->in);
    image.default_base = ew_payload_pointer(payload);
    image.path = ew_payload_utf16(payload);
    if (!ew_payload_end(payload)) {
        return false;
    }
    fact->image = image;
    return true;
}
