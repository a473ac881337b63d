/* SPDX-License-Identifier: Apache-2.0 */
/* Builds and corrects the header event of a file (reference etl-format.md 3 and 5). */
#include "capture/etl/header_event.h"

#include "base/cursor.h"

#include <string.h>

enum {
    MODE_FILE_SEQUENTIAL = 0x00000001,
    MODE_COMPRESSED = 0x04000000,
    /* Offsets in the payload that no pointer size moves. */
    AT_BUFFER_SIZE = 0x00,
    AT_CPU_COUNT = 0x0c,
    AT_MODE = 0x20,
    AT_BUFFERS_WRITTEN = 0x24,
    FIXED_BYTES = 0x28,
    TIME_ZONE_BYTES = 172,
    TIMER_RESOLUTION_100NS = 156250,
    HEADER_EVENT_VERSION = 2,
};

/* The payload after the 0x20 bytes of a SYSTEM header, P = pointer size:
 *
 *     BufferSize 4 | version 4 | build 4 | CPUs 4 | EndTime 8 | TimerResolution 4 |
 *     MaximumFileSize 4 | LogFileMode 4 | BuffersWritten 4 | StartBuffers 4 |
 *     PointerSize 4 | EventsLost 4 | CpuMHz 4 | two pointers 2P | time zone 172 |
 *     up to a multiple of 8 | BootTime 8 | PerfFreq 8 | StartTime 8 | clock 4 |
 *     BuffersLost 4 | LoggerName | LogFileName
 */
static uint32_t fill_payload(const struct ew_etl_header *header,
                             const struct ew_etl_writer_options *options, uint8_t *payload)
{
    payload[4] = header->os_major;
    payload[5] = header->os_minor;
    payload[6] = options->compressed ? 2 : 1; /* 2.0 relogged, 1.5 as a session writes */
    payload[7] = options->compressed ? 0 : 5;
    ew_store_u32(payload + 0x08, header->os_build);
    ew_store_u64(payload + 0x10, header->end_time);
    ew_store_u32(payload + 0x18, TIMER_RESOLUTION_100NS);
    ew_store_u32(payload + AT_MODE, MODE_FILE_SEQUENTIAL);
    ew_store_u32(payload + 0x28, 1);
    ew_store_u32(payload + 0x2c, header->pointer_bytes);
    ew_store_u32(payload + 0x30, header->events_lost);
    uint32_t at = 0x38 + 2U * header->pointer_bytes + TIME_ZONE_BYTES;
    at = (at + 7) & ~UINT32_C(7);
    ew_store_u64(payload + at, header->boot_time);
    ew_store_u64(payload + at + 8, header->clock_frequency);
    ew_store_u64(payload + at + 16, header->start_time);
    ew_store_u32(payload + at + 24, header->clock);
    ew_store_u32(payload + at + 28, header->buffers_lost);
    return at + 32;
}

uint32_t ew_header_event_build(const struct ew_etl_header *header,
                               const struct ew_etl_writer_options *options,
                               uint8_t out[EW_HEADER_EVENT_BYTES_MAX])
{
    uint8_t payload[EW_HEADER_EVENT_BYTES_MAX - 0x20] = {0};
    uint32_t used = fill_payload(header, options, payload);
    const char *names[] = {header->logger_name, header->log_file_name};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *name = names[i] != NULL ? names[i] : "";
        size_t name_bytes = ew_etl_put_utf16(name, payload + used, sizeof payload - used);
        if (name_bytes == 0) {
            return 0;
        }
        used += (uint32_t)name_bytes;
    }
    const struct ew_event event = {
        .time_raw = header->header_time_raw,
        .header_type = header->pointer_bytes == 4 ? EW_HEADER_SYSTEM32 : EW_HEADER_SYSTEM64,
        .version = HEADER_EVENT_VERSION,
        .payload = payload,
        .payload_bytes = used,
    };
    return ew_etl_build_record(&event, out);
}

/* The bytes of a kernel header, 0 for other forms. */
static uint32_t kernel_header_bytes(uint8_t type)
{
    switch (type) {
    case EW_HEADER_SYSTEM32:
    case EW_HEADER_SYSTEM64:
        return 0x20;
    case EW_HEADER_COMPACT32:
    case EW_HEADER_COMPACT64:
        return 0x18;
    case EW_HEADER_PERFINFO32:
    case EW_HEADER_PERFINFO64:
        return 0x10;
    default:
        return 0;
    }
}

uint32_t ew_header_event_correct(uint8_t *record, uint32_t record_bytes,
                                 const struct ew_etl_writer_options *options)
{
    uint32_t header_bytes = record_bytes >= 8 ? kernel_header_bytes(record[2]) : 0;
    if (header_bytes == 0 || record_bytes < header_bytes + FIXED_BYTES
        || ew_load_u16(record + 6) != 0) {
        return 0;
    }
    uint8_t *payload = record + header_bytes;
    uint32_t mode = ew_load_u32(payload + AT_MODE) & ~(uint32_t)MODE_COMPRESSED;
    ew_store_u32(payload + AT_BUFFER_SIZE, options->buffer_bytes);
    ew_store_u32(payload + AT_CPU_COUNT, options->cpu_count);
    ew_store_u32(payload + AT_MODE, options->compressed ? mode | MODE_COMPRESSED : mode);
    ew_store_u32(payload + AT_BUFFERS_WRITTEN, 1);
    return header_bytes + AT_BUFFERS_WRITTEN;
}

/* Types 1-4, 16 and 17 hold a version first and their size after it. */
uint32_t ew_record_size(const uint8_t *record, uint32_t record_bytes)
{
    if (record_bytes < 8 || (record[3] & 0x80) == 0) {
        return 0;
    }
    bool message = (record[3] & 0x40) == 0;
    if (!message && kernel_header_bytes(record[2]) != 0) {
        return ew_load_u16(record + 4);
    }
    return ew_load_u16(record);
}

uint64_t ew_record_time(const uint8_t *record, uint32_t record_bytes)
{
    bool event = (record[3] & 0x40) != 0;
    bool perfinfo = record[2] == EW_HEADER_PERFINFO32 || record[2] == EW_HEADER_PERFINFO64;
    uint32_t at = perfinfo ? 0x08 : 0x10;
    return event && record_bytes >= at + 8 ? ew_load_u64(record + at) : 0;
}
