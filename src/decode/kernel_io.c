/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Classic kernel events about page faults, disks and files (reference etw.md 3.5). P is
 * the pointer size of the event.
 */
#include "decode/decoders.h"

/* VirtualAddress P | ProgramCounter P */
bool ew_decode_page_fault(struct ew_payload *payload, struct ew_fact *fact)
{
    struct ew_page_fault_fact fault;
    fault.virtual_address = ew_payload_pointer(payload);
    fault.program_counter = ew_payload_pointer(payload);
    if (!ew_payload_end(payload)) {
        return false;
    }
    fact->page_fault = fault;
    return true;
}

/* InitialTime 8 | ReadOffset 8 | VirtualAddress P | FileObject P | ThreadId 4 | ByteCount 4 */
bool ew_decode_hard_fault(struct ew_payload *payload, struct ew_fact *fact)
{
    struct ew_hard_fault_fact fault;
    fault.initial_time_raw = ew_cursor_u64(&payload->in);
    fault.read_offset = ew_cursor_u64(&payload->in);
    fault.virtual_address = ew_payload_pointer(payload);
    fault.file_object = ew_payload_pointer(payload);
    fault.thread_id = ew_cursor_u32(&payload->in);
    fault.byte_count = ew_cursor_u32(&payload->in);
    if (!ew_payload_end(payload)) {
        return false;
    }
    fact->hard_fault = fault;
    return true;
}

/* The issuing thread is there from version 3 on. */
static uint32_t read_disk_thread(struct ew_payload *payload)
{
    return payload->event->version >= 3 ? ew_cursor_u32(&payload->in) : EW_ID_NONE;
}

/*
 * DiskNumber 4 | IrpFlags 4 | TransferSize 4 | Reserved 4 | ByteOffset 8 | FileObject P |
 * Irp P | HighResResponseTime 8 | version 3: IssuingThreadId 4
 */
bool ew_decode_disk_transfer(struct ew_payload *payload, struct ew_fact *fact)
{
    struct ew_disk_io_fact disk;
    disk.disk = ew_cursor_u32(&payload->in);
    disk.irp_flags = ew_cursor_u32(&payload->in);
    disk.size_bytes = ew_cursor_u32(&payload->in);
    ew_cursor_skip(&payload->in, 4);
    disk.byte_offset = ew_cursor_u64(&payload->in);
    disk.file_object = ew_payload_pointer(payload);
    disk.irp = ew_payload_pointer(payload);
    disk.response_time_raw = ew_cursor_u64(&payload->in);
    disk.thread_id = read_disk_thread(payload);
    if (!ew_payload_end(payload)) {
        return false;
    }
    fact->disk_io = disk;
    return true;
}

/* DiskNumber 4 | IrpFlags 4 | HighResResponseTime 8 | Irp P | version 3: IssuingThreadId 4 */
bool ew_decode_disk_flush(struct ew_payload *payload, struct ew_fact *fact)
{
    struct ew_disk_io_fact disk = {.disk = ew_cursor_u32(&payload->in)};
    disk.irp_flags = ew_cursor_u32(&payload->in);
    disk.response_time_raw = ew_cursor_u64(&payload->in);
    disk.irp = ew_payload_pointer(payload);
    disk.thread_id = read_disk_thread(payload);
    if (!ew_payload_end(payload)) {
        return false;
    }
    fact->disk_io = disk;
    return true;
}

/*
 * The objects that most file events name, in two orders:
 *
 *     version 2:  ThreadId P | FileObject P | FileKey P
 *     version 3:  FileObject P | FileKey P | (what belongs to the event) | ThreadId 4
 *
 * Events without a key pass has_key = false.
 */
static void read_file_objects(struct ew_payload *payload, struct ew_file_io_fact *file,
                              bool has_key)
{
    if (payload->event->version <= 2) {
        file->thread_id = (uint32_t)ew_payload_pointer(payload);
    }
    file->file_object = ew_payload_pointer(payload);
    if (has_key) {
        file->file_key = ew_payload_pointer(payload);
    }
}

static void read_file_thread(struct ew_payload *payload, struct ew_file_io_fact *file)
{
    if (payload->event->version > 2) {
        file->thread_id = ew_cursor_u32(&payload->in);
    }
}

static bool finish_file(struct ew_payload *payload, const struct ew_file_io_fact *file,
                        struct ew_fact *fact)
{
    if (!ew_payload_end(payload)) {
        return false;
    }
    fact->file_io = *file;
    return true;
}

/* Irp P | objects without key | CreateOptions 4 | FileAttributes 4 | ShareAccess 4 | Name */
bool ew_decode_file_create(struct ew_payload *payload, struct ew_fact *fact)
{
    struct ew_file_io_fact file = {.irp = ew_payload_pointer(payload)};
    read_file_objects(payload, &file, false);
    read_file_thread(payload, &file);
    file.flags = ew_cursor_u32(&payload->in);
    ew_cursor_skip(&payload->in, 8);
    file.name = ew_payload_utf16(payload);
    return finish_file(payload, &file, fact);
}

/* Offset 8 | Irp P | objects | IoSize 4 | IoFlags 4 */
bool ew_decode_file_transfer(struct ew_payload *payload, struct ew_fact *fact)
{
    struct ew_file_io_fact file = {.offset = ew_cursor_u64(&payload->in)};
    file.irp = ew_payload_pointer(payload);
    read_file_objects(payload, &file, true);
    read_file_thread(payload, &file);
    file.size_bytes = ew_cursor_u32(&payload->in);
    file.flags = ew_cursor_u32(&payload->in);
    return finish_file(payload, &file, fact);
}

/* Irp P | objects */
bool ew_decode_file_simple(struct ew_payload *payload, struct ew_fact *fact)
{
    struct ew_file_io_fact file = {.irp = ew_payload_pointer(payload)};
    read_file_objects(payload, &file, true);
    read_file_thread(payload, &file);
    return finish_file(payload, &file, fact);
}

/* Irp P | objects with ExtraInfo P in them | InfoClass 4 */
bool ew_decode_file_info(struct ew_payload *payload, struct ew_fact *fact)
{
    struct ew_file_io_fact file = {.irp = ew_payload_pointer(payload)};
    read_file_objects(payload, &file, true);
    file.extra_info = ew_payload_pointer(payload);
    read_file_thread(payload, &file);
    file.flags = ew_cursor_u32(&payload->in);
    return finish_file(payload, &file, fact);
}

/* Irp P | objects | Length 4 | InfoClass 4 | FileIndex 4 | FileName */
bool ew_decode_file_directory(struct ew_payload *payload, struct ew_fact *fact)
{
    struct ew_file_io_fact file = {.irp = ew_payload_pointer(payload)};
    read_file_objects(payload, &file, true);
    read_file_thread(payload, &file);
    file.size_bytes = ew_cursor_u32(&payload->in);
    file.flags = ew_cursor_u32(&payload->in);
    ew_cursor_skip(&payload->in, 4);
    file.name = ew_payload_utf16(payload);
    return finish_file(payload, &file, fact);
}

/* Irp P | ExtraInfo P | NtStatus 4; the thread is that of the header. */
bool ew_decode_file_end(struct ew_payload *payload, struct ew_fact *fact)
{
    struct ew_file_io_fact file = {.irp = ew_payload_pointer(payload)};
    file.extra_info = ew_payload_pointer(payload);
    file.status = ew_cursor_u32(&payload->in);
    file.thread_id = payload->event->thread_id;
    return finish_file(payload, &file, fact);
}

/* FileKey P | FileName */
bool ew_decode_file_name(struct ew_payload *payload, struct ew_fact *fact)
{
    struct ew_file_name_fact file;
    file.file_key = ew_payload_pointer(payload);
    file.name = ew_payload_utf16(payload);
    if (!ew_payload_end(payload)) {
        return false;
    }
    fact->file_name = file;
    return true;
}
