/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the head of one ETW buffer:
 *
 *     00 BufferSize 4 | 04 SavedOffset 4 | 08 CurrentOffset 4 | 0c ReferenceCount 4 |
 *     10 TimeStamp 8 | 18 SequenceNumber 8 | 20 Clock 8 | 28 ProcessorIndex 2 |
 *     2a LoggerId 2 | 2c State 4 | 30 Offset 4 | 34 BufferFlag 2 | 36 BufferType 2 |
 *     38 padding 16
 *
 * Only `Offset` tells how many bytes are valid; SavedOffset and CurrentOffset are wrong
 * in real files, and the sequence numbers have gaps (reference etl-format.md 1).
 */
#include "capture/etl/reader_buffer.h"

#include "base/cursor.h"
#include "etwitness/limits.h"

enum { BUFFER_TYPE_COUNT = 8 };

/*
 * Without PROC_INDEX, in Windows 7 and before, the second byte of the processor's word
 * is an alignment.
 */
static uint16_t read_cpu(const uint8_t *head, unsigned flags)
{
    return (flags & EW_ETL_FLAG_PROCESSOR_INDEX) != 0 ? ew_load_u16(head + 0x28) : head[0x28];
}

static const char *find_fault(const uint8_t *head, const struct ew_etl_buffer *buffer)
{
    if (buffer->valid_bytes < EW_ETL_HEAD_BYTES || buffer->valid_bytes > EW_BUFFER_BYTES_MAX) {
        return "the buffer's count of valid bytes is out of range";
    }
    if (!buffer->compressed && buffer->valid_bytes > buffer->size_bytes) {
        return "the buffer declares more valid bytes than it has";
    }
    if (ew_load_u16(head + 0x36) >= BUFFER_TYPE_COUNT) {
        return "the buffer's type is unknown";
    }
    if (buffer->cpu >= EW_CPUS_MAX) {
        return "the buffer's processor number is out of range";
    }
    return NULL;
}

enum ew_etl_verdict ew_etl_buffer_read(const uint8_t *head, struct ew_etl_buffer *buffer_out,
                                       const char **reason_out)
{
    unsigned flags = ew_load_u16(head + 0x34);
    buffer_out->size_bytes = ew_load_u32(head);
    buffer_out->valid_bytes = ew_load_u32(head + 0x30);
    buffer_out->flags = (uint16_t)flags;
    buffer_out->cpu = read_cpu(head, flags);
    buffer_out->state = ew_load_u16(head + 0x2c);
    buffer_out->compressed = (flags & EW_ETL_FLAG_COMPRESSED) != 0;
    if (buffer_out->size_bytes < EW_ETL_HEAD_BYTES
        || buffer_out->size_bytes > EW_BUFFER_BYTES_MAX) {
        *reason_out = "the buffer's size is out of range";
        return EW_ETL_BUFFER_LOST;
    }
    *reason_out = find_fault(head, buffer_out);
    return *reason_out == NULL ? EW_ETL_BUFFER_GOOD : EW_ETL_BUFFER_REFUSED;
}
