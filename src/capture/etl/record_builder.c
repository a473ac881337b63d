/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events into records of a file: the inverse of reading them (reference etl-format.md
 * 3 and 4).
 */
#include "base/cursor.h"
#include "etwitness/etl_writer.h"
#include "etwitness/limits.h"

#include <string.h>

enum {
    FLAGS_EVENT = 0xc0,
    FLAGS_MESSAGE = 0x90,
    EVENT_FLAG_EXTENDED = 1,
    ITEM_HEAD_BYTES = 8,
    ITEM_LINKED = 1,
    /* Message options: 2 GUID, 8 time, 0x20 thread and process, 0x40 or 0x80 pointers. */
    MESSAGE_OPTIONS = 0x2a,
    MESSAGE_POINTER32 = 0x40,
    MESSAGE_POINTER64 = 0x80,
};

struct header_form {
    uint8_t bytes; /* 0: no form */
    void (*write)(const struct ew_event *event, uint16_t size, uint8_t *out);
};

static void write_ids_and_time(const struct ew_event *event, uint8_t *out)
{
    ew_store_u32(out + 0x08, event->thread_id);
    ew_store_u32(out + 0x0c, event->process_id);
    ew_store_u64(out + 0x10, event->time_raw);
}

/* Version 2 | type 1 | flags 1 | Size 2 | Opcode 1 | Group 1 */
static void write_kernel_head(const struct ew_event *event, uint16_t size, uint8_t *out)
{
    ew_store_u16(out, event->version);
    out[2] = event->header_type;
    out[3] = FLAGS_EVENT;
    ew_store_u16(out + 4, size);
    out[6] = (uint8_t)event->hook;
    out[7] = (uint8_t)(event->hook >> 8);
}

static void write_system(const struct ew_event *event, uint16_t size, uint8_t *out)
{
    write_kernel_head(event, size, out);
    write_ids_and_time(event, out);
}

static void write_perfinfo(const struct ew_event *event, uint16_t size, uint8_t *out)
{
    write_kernel_head(event, size, out);
    ew_store_u64(out + 0x08, event->time_raw);
}

/* Size 2 | type 1 | flags 1 | Opcode 1 | Level 1 | Version 2 | ids, time | GUID */
static void write_full(const struct ew_event *event, uint16_t size, uint8_t *out)
{
    ew_store_u16(out, size);
    out[2] = event->header_type;
    out[3] = FLAGS_EVENT;
    out[4] = event->opcode;
    out[5] = event->level;
    ew_store_u16(out + 6, event->version);
    write_ids_and_time(event, out);
    memcpy(out + 0x18, event->provider->bytes, sizeof event->provider->bytes);
}

/* Size 2 | type 1 | flags 1 | EventFlags 2 | Property 2 | ids, time | GUID |
 * Id 2 | Version 1 | Channel 1 | Level 1 | Opcode 1 | Task 2 | Keyword 8 |
 * ProcessorTime 8 | Activity 16 */
static void write_manifest(const struct ew_event *event, uint16_t size, uint8_t *out)
{
    ew_store_u16(out, size);
    out[2] = event->header_type;
    out[3] = FLAGS_EVENT;
    ew_store_u16(out + 4, event->extended_bytes != 0 ? EVENT_FLAG_EXTENDED : 0);
    write_ids_and_time(event, out);
    memcpy(out + 0x18, event->provider->bytes, sizeof event->provider->bytes);
    ew_store_u16(out + 0x28, event->id);
    out[0x2a] = event->version;
    out[0x2b] = event->channel;
    out[0x2c] = event->level;
    out[0x2d] = event->opcode;
    ew_store_u16(out + 0x2e, event->task);
    ew_store_u64(out + 0x30, event->keyword);
    if (event->activity != NULL) {
        memcpy(out + 0x40, event->activity->bytes, sizeof event->activity->bytes);
    }
}

/* Size 2 | 0 | flags 1 | Number 2 | Options 2 | GUID 16 | time 8 | TID 4 | PID 4 */
static void write_message(const struct ew_event *event, uint16_t size, uint8_t *out)
{
    unsigned pointers = event->pointer_bytes == 8 ? MESSAGE_POINTER64 : MESSAGE_POINTER32;
    ew_store_u16(out, size);
    out[3] = FLAGS_MESSAGE;
    ew_store_u16(out + 4, event->id);
    ew_store_u16(out + 6, (uint16_t)(MESSAGE_OPTIONS | pointers));
    memcpy(out + 8, event->provider->bytes, sizeof event->provider->bytes);
    ew_store_u64(out + 0x18, event->time_raw);
    ew_store_u32(out + 0x20, event->thread_id);
    ew_store_u32(out + 0x24, event->process_id);
}

static const struct header_form header_forms[] = {
    [EW_HEADER_SYSTEM32] = {0x20, write_system},
    [EW_HEADER_SYSTEM64] = {0x20, write_system},
    [EW_HEADER_COMPACT32] = {0x18, write_system},
    [EW_HEADER_COMPACT64] = {0x18, write_system},
    [EW_HEADER_FULL32] = {0x30, write_full},
    [EW_HEADER_FULL64] = {0x30, write_full},
    [EW_HEADER_INSTANCE32] = {0x48, write_full},
    [EW_HEADER_INSTANCE64] = {0x48, write_full},
    [EW_HEADER_MESSAGE] = {0x28, write_message},
    [EW_HEADER_PERFINFO32] = {0x10, write_perfinfo},
    [EW_HEADER_PERFINFO64] = {0x10, write_perfinfo},
    [EW_HEADER_EVENT32] = {0x50, write_manifest},
    [EW_HEADER_EVENT64] = {0x50, write_manifest},
};

enum { HEADER_FORM_COUNT = sizeof header_forms / sizeof header_forms[0] };

uint32_t ew_etl_build_record(const struct ew_event *event, uint8_t *out)
{
    if (event->header_type >= HEADER_FORM_COUNT || header_forms[event->header_type].bytes == 0) {
        return 0;
    }
    const struct header_form *form = &header_forms[event->header_type];
    uint32_t extended_bytes = form->write == write_manifest ? event->extended_bytes : 0;
    uint32_t room = (uint32_t)EW_EVENT_BYTES_MAX - form->bytes;
    if (extended_bytes > room || event->payload_bytes > room - extended_bytes) {
        return 0;
    }
    uint32_t size = form->bytes + extended_bytes + event->payload_bytes;
    memset(out, 0, form->bytes);
    form->write(event, (uint16_t)size, out);
    if (extended_bytes != 0) {
        memcpy(out + form->bytes, event->extended, extended_bytes);
    }
    if (event->payload_bytes != 0) {
        memcpy(out + form->bytes + extended_bytes, event->payload, event->payload_bytes);
    }
    return size;
}

/* Sets the linkage bit of the last item there is. */
static void link_last(uint8_t *items, uint32_t items_bytes)
{
    uint32_t at = 0;
    uint32_t size = ew_load_u16(items);
    while (size >= ITEM_HEAD_BYTES && size < items_bytes - at) {
        at += size;
        size = ew_load_u16(items + at);
    }
    ew_store_u16(items + at + 4, ITEM_LINKED);
}

uint32_t ew_etl_append_item(uint8_t *items, uint32_t items_bytes, uint32_t capacity,
                            uint16_t type, const void *data, uint16_t data_bytes)
{
    uint32_t size = (ITEM_HEAD_BYTES + (uint32_t)data_bytes + 7) & ~UINT32_C(7);
    if (items_bytes > capacity || size > capacity - items_bytes || size > UINT16_MAX) {
        return 0;
    }
    if (items_bytes != 0) {
        link_last(items, items_bytes);
    }
    uint8_t *item = items + items_bytes;
    memset(item, 0, size);
    ew_store_u16(item, (uint16_t)size);
    ew_store_u16(item + 2, type);
    ew_store_u16(item + 6, data_bytes);
    if (data_bytes != 0) {
        memcpy(item + ITEM_HEAD_BYTES, data, data_bytes);
    }
    return items_bytes + size;
}
