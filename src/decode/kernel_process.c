/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Classic kernel events about processes, threads and images (reference etw.md 3.5). In
 * the layouts P is the pointer size of the event.
 */
#include "decode/decoders.h"

/*
 * Version 0:  ProcessId P | ParentId P | user | ImageFileName
 * Version 1:  PageDirectoryBase P | ProcessId 4 | ParentId 4 | SessionId 4 |
 *             ExitStatus 4 | user | ImageFileName
 * Version 2:  UniqueProcessKey P instead of the first field; CommandLine at the end
 * Version 3:  DirectoryTableBase P before the user
 * Version 4:  Flags 4 before the user; PackageFullName, ApplicationId at the end
 * Version 5:  more bytes after that
 *
 * ImageFileName is 8-bit text, the others are UTF-16; all are zero-terminated.
 */
static void read_process_ids(struct ew_payload *payload, struct ew_process_fact *process)
{
    uint64_t key = ew_payload_pointer(payload);
    if (payload->event->version == 0) {
        process->process_id = (uint32_t)key;
        process->parent_id = (uint32_t)ew_payload_pointer(payload);
        return;
    }
    process->unique_key = payload->event->version >= 2 ? key : 0;
    process->process_id = ew_cursor_u32(&payload->in);
    process->parent_id = ew_cursor_u32(&payload->in);
    process->session_id = ew_cursor_u32(&payload->in);
    process->exit_status = ew_cursor_u32(&payload->in);
}

bool ew_decode_process(struct ew_payload *payload, struct ew_fact *fact)
{
    unsigned version = payload->event->version;
    struct ew_process_fact process = {.phase = payload->row->detail, .session_id = EW_ID_NONE};
    read_process_ids(payload, &process);
    if (version >= 3) {
        ew_payload_skip_pointers(payload, 1);
    }
    if (version >= 4) {
        process.flags = ew_cursor_u32(&payload->in);
    }
    ew_payload_skip_user(payload);
    process.image_name = ew_payload_bytes(payload);
    if (version >= 2) {
        process.command_line = ew_payload_utf16(payload);
    }
    if (version >= 4) {
        process.package_name = ew_payload_utf16(payload);
        (void)ew_payload_utf16(payload); /* ApplicationId */
    }
    if (!ew_payload_end(payload)) {
        return false;
    }
    fact->process = process;
    return true;
}

/* ProcessId 4. */
bool ew_decode_process_terminate(struct ew_payload *payload, struct ew_fact *fact)
{
    struct ew_process_fact process = {
        .phase = payload->row->detail, .parent_id = EW_ID_NONE, .session_id = EW_ID_NONE};
    process.process_id = ew_cursor_u32(&payload->in);
    if (!ew_payload_end(payload)) {
        return false;
    }
    fact->process = process;
    return true;
}

/*
 * ProcessId 4 | PageFaultCount 4 | HandleCount 4 | Reserved 4 | PeakVirtualSize P |
 * PeakWorkingSetSize P | eight more sizes P | PrivatePageCount P
 */
bool ew_decode_process_counters(struct ew_payload *payload, struct ew_fact *fact)
{
    struct ew_process_counters_fact counters;
    counters.process_id = ew_cursor_u32(&payload->in);
    counters.page_fault_count = ew_cursor_u32(&payload->in);
    counters.handle_count = ew_cursor_u32(&payload->in);
    ew_cursor_skip(&payload->in, 4);
    counters.peak_virtual_bytes = ew_payload_pointer(payload);
    counters.peak_working_set_bytes = ew_payload_pointer(payload);
    ew_payload_skip_pointers(payload, 8);
    counters.private_pages = ew_payload_pointer(payload);
    if (!ew_payload_end(payload)) {
        return false;
    }
    fact->process_counters = counters;
    return true;
}

/*
 * What version 3 may add after the fields of version 2: four priorities of one byte, and
 * after these a name. Windows 8 stops after the priorities, Server 2022 writes both.
 */
static struct ew_utf16_slice read_thread_tail(struct ew_payload *payload)
{
    struct ew_utf16_slice none = {NULL, 0};
    if (ew_cursor_left(&payload->in) == 0) {
        return none;
    }
    ew_cursor_skip(&payload->in, 4);
    return ew_cursor_left(&payload->in) == 0 ? none : ew_payload_utf16(payload);
}

/*
 * Version 0:  ThreadId 4 | ProcessId 4
 * Version 1:  ProcessId 4 | ThreadId 4 | more
 * Version 2:  ProcessId 4 | ThreadId 4 | StackBase P | StackLimit P | UserStackBase P |
 *             UserStackLimit P | StartAddr P | Win32StartAddr P | TebBase P |
 *             SubProcessTag 4
 * Version 3:  as 2 (StartAddr is the affinity), then the tail above
 */
bool ew_decode_thread(struct ew_payload *payload, struct ew_fact *fact)
{
    unsigned version = payload->event->version;
    struct ew_thread_fact thread = {.phase = payload->row->detail};
    uint32_t first = ew_cursor_u32(&payload->in);
    uint32_t second = ew_cursor_u32(&payload->in);
    thread.process_id = version == 0 ? second : first;
    thread.thread_id = version == 0 ? first : second;
    if (version >= 2) {
        ew_payload_skip_pointers(payload, 4);
        uint64_t start = ew_payload_pointer(payload);
        thread.start_address = version == 2 ? start : 0;
        thread.win32_start_address = ew_payload_pointer(payload);
        ew_payload_skip_pointers(payload, 1);
        ew_cursor_skip(&payload->in, 4);
    }
    if (version >= 3) {
        thread.name = read_thread_tail(payload);
    }
    if (!ew_payload_end(payload)) {
        return false;
    }
    fact->thread = thread;
    return true;
}

/* ProcessId 4 | ThreadId 4 | Name */
bool ew_decode_thread_name(struct ew_payload *payload, struct ew_fact *fact)
{
    struct ew_thread_fact thread = {.phase = payload->row->detail};
    thread.process_id = ew_cursor_u32(&payload->in);
    thread.thread_id = ew_cursor_u32(&payload->in);
    thread.name = ew_payload_utf16(payload);
    if (!ew_payload_end(payload)) {
        return false;
    }
    fact->thread = thread;
    return true;
}

/*
 * NewThreadId 4 | OldThreadId 4 | NewPriority 1 | OldPriority 1 | PreviousCState 1 |
 * Spare 1 | OldWaitReason 1 | OldWaitMode 1 | OldState 1 | OldIdealProcessor 1 |
 * NewWaitTime 4 | Reserved 4
 */
bool ew_decode_context_switch(struct ew_payload *payload, struct ew_fact *fact)
{
    struct ew_context_switch_fact context_switch;
    context_switch.new_thread_id = ew_cursor_u32(&payload->in);
    context_switch.old_thread_id = ew_cursor_u32(&payload->in);
    context_switch.new_priority = ew_cursor_u8(&payload->in);
    context_switch.old_priority = ew_cursor_u8(&payload->in);
    ew_cursor_skip(&payload->in, 2);
    context_switch.old_wait_reason = ew_cursor_u8(&payload->in);
    ew_cursor_skip(&payload->in, 1);
    context_switch.old_state = ew_cursor_u8(&payload->in);
    ew_cursor_skip(&payload->in, 1);
    context_switch.new_wait_time = ew_cursor_u32(&payload->in);
    ew_cursor_skip(&payload->in, 4);
    if (!ew_payload_end(payload)) {
        return false;
    }
    fact->context_switch = context_switch;
    return true;
}

/*
 * Version 0:  ImageBase P | ImageSize 4 | FileName
 * Version 1:  ImageBase P | ImageSize P | ProcessId 4 | FileName
 * Version 2:  ImageBase P | ImageSize P | ProcessId 4 | ImageChecksum 4 |
 *             TimeDateStamp 4 | Reserved 4 | DefaultBase P | Reserved 16 | FileName
 * Version 3:  as 2, with signature levels in the first reserved word
 *
 * Version 0 has no process: it happened in the process of the event's header.
 */
bool ew_decode_image(struct ew_payload *payload, struct ew_fact *fact)
{
    unsigned version = payload->event->version;
    struct ew_image_fact image = {.phase = payload->row->detail};
    image.base = ew_payload_pointer(payload);
    if (version == 0) {
        image.size_bytes = ew_cursor_u32(&payload->in);
        image.process_id = payload->event->process_id;
    } else {
        image.size_bytes = ew_payload_pointer(payload);
        image.process_id = ew_cursor_u32(&payload->in);
    }
    if (version >= 2) {
        image.checksum = ew_cursor_u32(&payload->in);
        image.timestamp = ew_cursor_u32(&payload->in);
        ew_cursor_skip(&payload->in, 4);
        image.default_base = ew_payload_pointer(payload);
        ew_cursor_skip(&payload->in, 16);
    }
    image.path = ew_payload_utf16(payload);
    if (!ew_payload_end(payload)) {
        return false;
    }
    fact->image = image;
    return true;
}
