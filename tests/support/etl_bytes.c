/* SPDX-License-Identifier: Apache-2.0 */
/* Makes recordings byte by byte. */
#include "support/etl_bytes.h"

#include "capture/etl/xpress_compress.h"

#include <assert.h>
#include <string.h>

const struct etl_header etl_usual = {
    .boot_time = UINT64_C(133000000000000000),
    .start_time = UINT64_C(133000001000000000),
    .end_time = UINT64_C(133000002000000000),
    .frequency = 10000000,
    .header_time = ETL_ORIGIN,
    .cpus = 4,
    .mode = 1,
    .buffers_written = 2,
    .cpu_mhz = 3000,
    .pointer_bytes = 8,
    .clock = 1,
};

enum { BUFFER_BYTES_DECLARED = 4096, FORMAT_XPRESS = 3, FLAG_INDEX = 0x20, FLAG_PACKED = 0x40 };

uint8_t *etl_head(struct etl_bytes *bytes)
{
    return bytes->data + bytes->buffer;
}

static void start_buffer(struct etl_bytes *bytes, uint16_t cpu, uint16_t type)
{
    bytes->buffer = bytes->size;
    assert(bytes->size + ETL_HEAD_BYTES <= ETL_BYTES_MAX);
    uint8_t *head = etl_head(bytes);
    memset(head, 0, ETL_HEAD_BYTES);
    ew_store_u16(head + ETL_AT_CPU, cpu);
    ew_store_u16(head + ETL_AT_STATE, FORMAT_XPRESS);
    ew_store_u16(head + ETL_AT_FLAGS, FLAG_INDEX);
    ew_store_u16(head + ETL_AT_TYPE, type);
    bytes->size += ETL_HEAD_BYTES;
}

void etl_buffer(struct etl_bytes *bytes, uint16_t cpu)
{
    start_buffer(bytes, cpu, 0);
}

void etl_end(struct etl_bytes *bytes, size_t fill_bytes)
{
    size_t valid = (bytes->size - bytes->buffer + 7) & ~(size_t)7;
    assert(bytes->buffer + valid + fill_bytes <= ETL_BYTES_MAX);
    memset(bytes->data + bytes->size, 0, bytes->buffer + valid - bytes->size);
    bytes->size = bytes->buffer + valid;
    memset(bytes->data + bytes->size, 0xff, fill_bytes);
    bytes->size += fill_bytes;
    ew_store_u32(etl_head(bytes) + ETL_AT_SIZE, (uint32_t)(valid + fill_bytes));
    ew_store_u32(etl_head(bytes) + ETL_AT_SAVED_OFFSET, (uint32_t)valid);
    ew_store_u32(etl_head(bytes) + ETL_AT_VALID, (uint32_t)valid);
}

void etl_end_compressed(struct etl_bytes *bytes)
{
    static struct ew_xpress_table table;
    static uint8_t packed[ETL_BYTES_MAX];
    etl_end(bytes, 0);
    uint8_t *head = etl_head(bytes);
    uint8_t *records = head + ETL_HEAD_BYTES;
    size_t records_bytes = bytes->size - bytes->buffer - ETL_HEAD_BYTES;
    size_t packed_bytes =
        ew_xpress_compress(records, records_bytes, packed, sizeof packed, &table);
    assert(packed_bytes != 0 && bytes->buffer + packed_bytes + ETL_HEAD_BYTES <= ETL_BYTES_MAX);
    memcpy(records, packed, packed_bytes);
    bytes->size = bytes->buffer + ETL_HEAD_BYTES + packed_bytes;
    ew_store_u32(head + ETL_AT_SIZE, (uint32_t)(ETL_HEAD_BYTES + packed_bytes));
    ew_store_u16(head + ETL_AT_FLAGS, FLAG_INDEX | FLAG_PACKED);
}

uint8_t *etl_record(struct etl_bytes *bytes, size_t record_bytes)
{
    size_t into = (bytes->size - bytes->buffer + 7) & ~(size_t)7;
    size_t start = bytes->buffer + into;
    assert(start + record_bytes <= ETL_BYTES_MAX);
    memset(bytes->data + bytes->size, 0, start + record_bytes - bytes->size);
    bytes->size = start + record_bytes;
    bytes->record = start;
    return bytes->data + start;
}

static void put_mark(uint8_t *record, uint8_t type, uint8_t flags)
{
    record[2] = type;
    record[3] = flags;
}

static void put_ids(uint8_t *at)
{
    ew_store_u32(at, ETL_TID);
    ew_store_u32(at + 4, ETL_PID);
}

static void put_guid(uint8_t *at)
{
    for (uint8_t i = 0; i < 16; i++) {
        at[i] = (uint8_t)(0x10 + i);
    }
}

static void put_payload(uint8_t *at)
{
    memcpy(at, ETL_PAYLOAD, ETL_PAYLOAD_BYTES);
}

uint8_t *etl_kernel(struct etl_bytes *bytes, uint8_t type, uint16_t hook, uint16_t version,
                    uint64_t time)
{
    bool perfinfo = type == EW_HEADER_PERFINFO32 || type == EW_HEADER_PERFINFO64;
    bool compact = type == EW_HEADER_COMPACT32 || type == EW_HEADER_COMPACT64;
    size_t words = (version >> 15) + (version >> 8 & 7U);
    size_t header_bytes = perfinfo ? 0x10 : compact ? 0x18 : 0x20;
    size_t record_bytes = header_bytes + 8 * words + ETL_PAYLOAD_BYTES;
    uint8_t *record = etl_record(bytes, record_bytes);
    put_mark(record, type, 0xc0);
    ew_store_u16(record, version);
    ew_store_u16(record + 4, (uint16_t)record_bytes);
    ew_store_u16(record + 6, hook);
    ew_store_u64(record + (perfinfo ? 8 : 0x10), time);
    if (!perfinfo) {
        put_ids(record + 8);
    }
    memset(record + header_bytes, 0xee, 8 * words);
    put_payload(record + header_bytes + 8 * words);
    return record;
}

uint8_t *etl_classic(struct etl_bytes *bytes, uint8_t type, size_t header_bytes, uint64_t time)
{
    uint8_t *record = etl_record(bytes, header_bytes + ETL_PAYLOAD_BYTES);
    ew_store_u16(record, (uint16_t)(header_bytes + ETL_PAYLOAD_BYTES));
    put_mark(record, type, 0xc0);
    record[4] = 5;
    record[5] = 4;
    ew_store_u16(record + 6, 2);
    put_ids(record + 8);
    ew_store_u64(record + 0x10, time);
    put_guid(record + 0x18);
    put_payload(record + header_bytes);
    return record;
}

uint8_t *etl_event(struct etl_bytes *bytes, uint8_t type, uint64_t time, size_t items_bytes)
{
    size_t record_bytes = 0x50 + items_bytes + ETL_PAYLOAD_BYTES;
    uint8_t *record = etl_record(bytes, record_bytes);
    ew_store_u16(record, (uint16_t)record_bytes);
    put_mark(record, type, 0xc0);
    ew_store_u16(record + 4, items_bytes != 0);
    put_ids(record + 8);
    ew_store_u64(record + 0x10, time);
    put_guid(record + 0x18);
    ew_store_u16(record + 0x28, 0x0304);
    record[0x2a] = 1;
    record[0x2b] = 16;
    record[0x2c] = 5;
    record[0x2d] = 9;
    ew_store_u16(record + 0x2e, 0x0506);
    ew_store_u64(record + 0x30, UINT64_C(0x8000000000000001));
    put_guid(record + 0x40);
    put_payload(record + 0x50 + items_bytes);
    return record;
}

uint8_t *etl_message(struct etl_bytes *bytes, uint16_t options, uint64_t time)
{
    uint8_t fields[8 + 4 + 16 + 8 + 8] = {0};
    size_t at = 8;
    if ((options & 0x01) != 0) {
        ew_store_u32(fields + at, 77);
        at += 4;
    }
    if ((options & 0x02) != 0) {
        put_guid(fields + at);
        at += 16;
    } else if ((options & 0x04) != 0) {
        ew_store_u32(fields + at, 88);
        at += 4;
    }
    if ((options & 0x08) != 0) {
        ew_store_u64(fields + at, time);
        at += 8;
    }
    if ((options & 0x20) != 0) {
        put_ids(fields + at);
        at += 8;
    }
    ew_store_u16(fields, (uint16_t)(at + ETL_PAYLOAD_BYTES));
    put_mark(fields, 0, 0x90);
    ew_store_u16(fields + 4, 0x0708);
    ew_store_u16(fields + 6, options);
    uint8_t *record = etl_record(bytes, at + ETL_PAYLOAD_BYTES);
    memcpy(record, fields, at);
    put_payload(record + at);
    return record;
}

/* Behind the fixed part: LoggerName "Log", LogFileName "é.etl". */
static size_t put_names(uint8_t *at)
{
    static const uint8_t names[] = {'L', 0, 'o', 0, 'g', 0, 0,   0, 0xe9, 0,
                                    '.', 0, 'e', 0, 't', 0, 'l', 0, 0,    0};
    memcpy(at, names, sizeof names);
    return sizeof names;
}

void etl_begin(struct etl_bytes *bytes, const struct etl_header *header)
{
    uint8_t payload[512] = {0};
    size_t at = header->pointer_bytes == 4 ? 240 : 248; /* 0x38 + 2P + 172, to 8 */
    bytes->size = 0;
    start_buffer(bytes, 0, 4);
    ew_store_u32(payload + 0x00, BUFFER_BYTES_DECLARED);
    payload[4] = 10;
    ew_store_u32(payload + 0x08, 19045);
    ew_store_u32(payload + 0x0c, header->cpus);
    ew_store_u64(payload + 0x10, header->end_time);
    ew_store_u32(payload + 0x20, header->mode);
    ew_store_u32(payload + 0x24, header->buffers_written);
    ew_store_u32(payload + 0x2c, header->pointer_bytes);
    ew_store_u32(payload + 0x30, header->events_lost);
    ew_store_u32(payload + 0x34, header->cpu_mhz);
    ew_store_u64(payload + at, header->boot_time);
    ew_store_u64(payload + at + 8, header->frequency);
    ew_store_u64(payload + at + 16, header->start_time);
    ew_store_u32(payload + at + 24, header->clock);
    ew_store_u32(payload + at + 28, header->buffers_lost);
    size_t payload_bytes = at + 32 + put_names(payload + at + 32);
    uint8_t *record = etl_record(bytes, 0x20 + payload_bytes);
    put_mark(record, header->pointer_bytes == 4 ? EW_HEADER_SYSTEM32 : EW_HEADER_SYSTEM64, 0xc0);
    ew_store_u16(record, 2);
    ew_store_u16(record + 4, (uint16_t)(0x20 + payload_bytes));
    put_ids(record + 8);
    ew_store_u64(record + 0x10, header->header_time);
    memcpy(record + 0x20, payload, payload_bytes);
}
