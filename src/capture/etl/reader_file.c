/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opens one file and reads the header event, the first record of its first buffer
 * (TRACE_LOGFILE_HEADER, P = pointer size; reference etl-format.md 5):
 *
 *     BufferSize 4 | version 4 x 1 | build 4 | processors 4 | EndTime 8 |
 *     TimerResolution 4 | MaximumFileSize 4 | LogFileMode 4 | BuffersWritten 4 |
 *     StartBuffers 4 | PointerSize 4 | EventsLost 4 | CpuSpeedInMHz 4 | two pointers P |
 *     time zone 172 | to a multiple of 8 | BootTime 8 | PerfFreq 8 | StartTime 8 |
 *     clock 4 | BuffersLost 4 | logger's name and file's name, UTF-16, zero-terminated
 */
#include "capture/etl/reader_file.h"

#include "base/cursor.h"
#include "base/index.h"
#include "base/text.h"
#include "capture/etl/reader_buffer.h"
#include "capture/etl/reader_cursor.h"

#include <stdlib.h>
#include <string.h>

enum { TIME_ZONE_BYTES = 172, TIME_ZONE_PAD_BYTES = 4 };

/* The low half of State in the first buffer of a compressed file. */
enum { FORMAT_LZNT1 = 2, FORMAT_XPRESS = 3, FORMAT_XPRESS_HUFFMAN = 4 };

static enum ew_status not_a_recording(const struct ew_etl_file *file, uint64_t offset,
                                      const char *reason, struct ew_error *error)
{
    return ew_fail(error, EW_FORMAT, "%s: is no ETW recording that can be read: offset %llu: %s",
                   file->path, (unsigned long long)offset, reason);
}

static enum ew_status no_memory(const struct ew_etl_file *file, struct ew_error *error)
{
    return ew_fail(error, EW_NO_MEMORY, "%s: no memory to open it", file->path);
}

/* A zero-terminated UTF-16 text that the cursor stands on; NULL without memory. */
static char *take_name(struct ew_cursor *in)
{
    size_t byte_count = 0;
    while (ew_cursor_left(in) - byte_count >= 2 && ew_load_u16(in->at + byte_count) != 0) {
        byte_count += 2;
    }
    size_t capacity = byte_count / 2 * 3 + 1;
    capacity = capacity < EW_NAME_BYTES_EACH_MAX ? capacity : EW_NAME_BYTES_EACH_MAX;
    char *name = malloc(capacity);
    if (name != NULL) {
        (void)ew_text_from_utf16(in->at, byte_count, name, capacity);
    }
    size_t left = ew_cursor_left(in);
    ew_cursor_skip(in, left - byte_count >= 2 ? byte_count + 2 : left);
    return name;
}

/* False when the header event is too short, or its pointer size is none. */
static bool read_facts(struct ew_cursor *in, struct ew_recording_file *facts)
{
    facts->buffer_bytes = ew_cursor_u32(in);
    facts->os_major = ew_cursor_u8(in);
    facts->os_minor = ew_cursor_u8(in);
    ew_cursor_skip(in, 2);
    facts->os_build = ew_cursor_u32(in);
    facts->cpu_count = ew_cursor_u32(in);
    facts->end_time = ew_cursor_u64(in);
    ew_cursor_skip(in, 4 + 4);
    facts->log_file_mode = ew_cursor_u32(in);
    facts->buffers_written = ew_cursor_u32(in);
    ew_cursor_skip(in, 4);
    uint32_t pointer_bytes = ew_cursor_u32(in);
    facts->events_lost = ew_cursor_u32(in);
    facts->cpu_mhz = ew_cursor_u32(in);
    if (in->failed || (pointer_bytes != 4 && pointer_bytes != 8)) {
        return false;
    }
    facts->pointer_bytes = (uint8_t)pointer_bytes;
    ew_cursor_skip(in, 2 * (size_t)pointer_bytes + TIME_ZONE_BYTES + TIME_ZONE_PAD_BYTES);
    facts->boot_time = ew_cursor_u64(in);
    facts->clock_frequency = ew_cursor_u64(in);
    facts->start_time = ew_cursor_u64(in);
    uint32_t clock = ew_cursor_u32(in);
    facts->clock = clock <= EW_CLOCK_CPU_CYCLES ? (uint8_t)clock : 0;
    facts->buffers_lost = ew_cursor_u32(in);
    facts->compressed = (facts->log_file_mode & EW_ETL_MODE_COMPRESSED) != 0;
    return !in->failed;
}

static bool make_clock(struct ew_etl_file *file)
{
    struct ew_recording_file *facts = &file->facts;
    struct ew_etl_clock *clock = &file->clock;
    switch (facts->clock) {
    case EW_CLOCK_QPC:
        break;
    case EW_CLOCK_SYSTEM_TIME:
        facts->clock_frequency = 10000000;
        break;
    case EW_CLOCK_CPU_CYCLES:
        facts->clock_frequency = (uint64_t)facts->cpu_mhz * 1000000;
        break;
    default:
        return false;
    }
    clock->origin_raw = facts->header_time_raw;
    clock->start_100ns = facts->start_time;
    clock->frequency = facts->clock_frequency;
    clock->form = facts->clock == EW_CLOCK_SYSTEM_TIME ? EW_ETL_CLOCK_FILETIME
                  : facts->clock_frequency == 10000000 ? EW_ETL_CLOCK_100NS
                                                       : EW_ETL_CLOCK_SCALED;
    return clock->frequency >= 1 && clock->frequency <= EW_ETL_FREQUENCY_MAX;
}

static enum ew_status read_header_event(struct ew_etl_file *file, const struct ew_event *event,
                                        struct ew_error *error)
{
    struct ew_cursor in = ew_cursor_make(event->payload, event->payload_bytes);
    if (event->kind != EW_EVENT_KERNEL || event->hook != 0) {
        return not_a_recording(file, EW_ETL_HEAD_BYTES, "the first event is no header event",
                               error);
    }
    if (!read_facts(&in, &file->facts)) {
        return not_a_recording(file, EW_ETL_HEAD_BYTES,
                               "the header event is too short, or its pointer size is not 4 or 8",
                               error);
    }
    file->facts.header_time_raw = event->time_raw;
    if (!make_clock(file)) {
        return not_a_recording(file, EW_ETL_HEAD_BYTES,
                               "the clock of the session is unknown, or its frequency is out of "
                               "range",
                               error);
    }
    file->logger_name = take_name(&in);
    file->log_file_name = take_name(&in);
    if (file->logger_name == NULL || file->log_file_name == NULL) {
        return no_memory(file, error);
    }
    file->facts.logger_name = file->logger_name;
    file->facts.log_file_name = file->log_file_name;
    return EW_OK;
}

static enum ew_status check_compression(const struct ew_etl_file *file,
                                        const struct ew_etl_buffer *buffer,
                                        struct ew_error *error)
{
    if (!file->facts.compressed || buffer->state == FORMAT_XPRESS) {
        return EW_OK;
    }
    const char *name = buffer->state == FORMAT_LZNT1            ? "LZNT1"
                       : buffer->state == FORMAT_XPRESS_HUFFMAN ? "XPRESS Huffman"
                                                                : "an unknown method";
    return ew_fail(error, EW_UNSUPPORTED,
                   "%s: its buffers are compressed with %s (format %u); only plain XPRESS "
                   "(format 3) is read",
                   file->path, name, (unsigned)buffer->state);
}

/* The first buffer in memory: hash, header event, compression. */
static enum ew_status read_first_buffer(struct ew_etl_file *file, const uint8_t *bytes,
                                        const struct ew_etl_buffer *buffer,
                                        struct ew_error *error)
{
    struct ew_etl_clock no_clock = {.form = EW_ETL_CLOCK_FILETIME};
    struct ew_etl_cursor cursor = {
        .at = bytes + EW_ETL_HEAD_BYTES, .end = bytes + buffer->valid_bytes, .clock = &no_clock};
    struct ew_event event;
    if (ew_etl_cursor_next(&cursor, &event) != EW_ETL_NEXT_EVENT) {
        return not_a_recording(
            file, EW_ETL_HEAD_BYTES,
            cursor.reason != NULL ? cursor.reason : "the first buffer holds no event", error);
    }
    file->first_hash = ew_index_hash_bytes(bytes, buffer->size_bytes);
    enum ew_status status = read_header_event(file, &event, error);
    return status == EW_OK ? check_compression(file, buffer, error) : status;
}

static enum ew_status find_first_buffer(struct ew_etl_file *file, struct ew_etl_buffer *buffer,
                                        struct ew_error *error)
{
    uint8_t head[EW_ETL_HEAD_BYTES];
    size_t got = 0;
    const char *reason = NULL;
    enum ew_status status = ew_etl_source_read(&file->source, 0, head, sizeof head, &got, error);
    if (status != EW_OK) {
        return status;
    }
    if (got < sizeof head) {
        return not_a_recording(file, got, "the file ends before the first buffer's head does",
                               error);
    }
    if (ew_etl_buffer_read(head, buffer, &reason) != EW_ETL_BUFFER_GOOD) {
        return not_a_recording(file, 0, reason, error);
    }
    if (buffer->compressed) {
        return not_a_recording(file, 0, "the first buffer is compressed", error);
    }
    if (buffer->size_bytes > file->source.bytes) {
        return not_a_recording(file, file->source.bytes, "the file ends inside its first buffer",
                               error);
    }
    return EW_OK;
}

static enum ew_status read_start(struct ew_etl_file *file, struct ew_error *error)
{
    struct ew_etl_buffer buffer;
    size_t got = 0;
    enum ew_status status = find_first_buffer(file, &buffer, error);
    if (status != EW_OK) {
        return status;
    }
    uint8_t *bytes = malloc(buffer.size_bytes);
    if (bytes == NULL) {
        return no_memory(file, error);
    }
    status = ew_etl_source_read(&file->source, 0, bytes, buffer.size_bytes, &got, error);
    if (status == EW_OK && got < buffer.size_bytes) {
        status = not_a_recording(file, got, "the file ends inside its first buffer", error);
    }
    if (status == EW_OK) {
        status = read_first_buffer(file, bytes, &buffer, error);
    }
    free(bytes);
    return status;
}

static enum ew_status open_source(const struct ew_etl_input *input, struct ew_etl_file *file,
                                  struct ew_error *error)
{
    size_t path_bytes = strlen(input->path) + 1;
    file->path = malloc(path_bytes);
    if (file->path == NULL) {
        return ew_fail(error, EW_NO_MEMORY, "%s: no memory to open it", input->path);
    }
    memcpy(file->path, input->path, path_bytes);
    file->facts.path = file->path;
    if (input->memory != NULL) {
        file->source.memory = input->memory;
        file->source.bytes = input->memory_bytes;
        return EW_OK;
    }
    enum ew_status status = ew_etl_source_open(input->path, &file->source, error);
    if (status == EW_NOT_FOUND) { /* one status for "cannot be opened": the text says why */
        status = EW_IO;
        if (error != NULL) {
            error->status = status;
        }
    }
    return status;
}

enum ew_status ew_etl_file_open(const struct ew_etl_input *input, struct ew_etl_file *file_out,
                                struct ew_error *error)
{
    struct ew_etl_file file = {0};
    enum ew_status status = open_source(input, &file, error);
    if (status == EW_OK) {
        file.facts.file_bytes = file.source.bytes;
        status = read_start(&file, error);
    }
    if (status != EW_OK) {
        ew_etl_file_close(&file);
        return status;
    }
    *file_out = file;
    return EW_OK;
}

void ew_etl_file_close(struct ew_etl_file *file)
{
    ew_etl_source_close(&file->source);
    free(file->log_file_name);
    free(file->logger_name);
    free(file->path);
}
