/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records of a buffer into events (reference etl-format.md 3 and 4). Offsets of the
 * headers, T = thread id 4, P = process id 4, time 8:
 *
 *     SYSTEM     version 2, type, flags | size 2 | opcode, group | T P | time | CPU times 8
 *     COMPACT    the same without the CPU times
 *     PERFINFO   version 2, type, flags | size 2 | opcode, group | time
 *     FULL       size 2, type, flags | opcode, level, version 2 | T P | time | GUID 16 |
 *                CPU times 8
 *     INSTANCE   FULL and instance 4, parent 4, parent GUID 16; or a form of 0x38 bytes
 *                that has a registration handle where the GUID is
 *     EVENT      size 2, type, flags | event flags 2, property 2 | T P | time | GUID 16 |
 *                id 2, version, channel, level, opcode, task 2 | keyword 8 |
 *                processor time 8 | activity GUID 16
 *     ERROR      as EVENT
 *     MESSAGE    size 2, 0, flags 0x90 | number 2, options 2 | what the options name
 *
 * Records begin at multiples of 8. A record is measured first, with its size held
 * against its header and the rest of the buffer; after that the fields of its header
 * can be read without checks.
 */
#include "capture/etl/reader_cursor.h"

#include "base/cursor.h"

enum form {
    FORM_NONE,
    FORM_SKIP, /* TIMED and WNODE: not used by Windows */
    FORM_SYSTEM,
    FORM_PERFINFO,
    FORM_FULL,
    FORM_INSTANCE,
    FORM_EVENT,
    FORM_MESSAGE,
};

struct layout {
    uint8_t header_bytes;
    uint8_t size_at;
    uint8_t time_at;
    uint8_t pointer_bytes;
    uint8_t form;
    uint8_t kind;
};

enum {
    SYSTEM_BYTES = 0x20,
    COMPACT_BYTES = 0x18,
    PERFINFO_BYTES = 0x10,
    FULL_BYTES = 0x30,
    INSTANCE_HANDLE_BYTES = 0x38,
    INSTANCE_BYTES = 0x48,
    EVENT_BYTES = 0x50,
    TIMED_BYTES = 0x10,
    MESSAGE_BYTES = 8,
    ITEM_HEAD_BYTES = 8,
    RECORD_BYTES_MIN = 8,
};

#define SYSTEM(size, pointer)                                \
    {                                                        \
        size, 4, 0x10, pointer, FORM_SYSTEM, EW_EVENT_KERNEL \
    }
#define PERFINFO(pointer)                                             \
    {                                                                 \
        PERFINFO_BYTES, 4, 8, pointer, FORM_PERFINFO, EW_EVENT_KERNEL \
    }
#define FULL(pointer)                                             \
    {                                                             \
        FULL_BYTES, 0, 0x10, pointer, FORM_FULL, EW_EVENT_CLASSIC \
    }
#define INSTANCE(pointer)                                                        \
    {                                                                            \
        INSTANCE_HANDLE_BYTES, 0, 0x10, pointer, FORM_INSTANCE, EW_EVENT_CLASSIC \
    }
#define EVENT(pointer, kind)                            \
    {                                                   \
        EVENT_BYTES, 0, 0x10, pointer, FORM_EVENT, kind \
    }

enum { LAYOUT_MESSAGE = EW_HEADER_MESSAGE, LAYOUT_TIMED = EW_HEADER_TIMED, LAYOUT_COUNT = 22 };

static const struct layout layouts[LAYOUT_COUNT] = {
    [EW_HEADER_SYSTEM32] = SYSTEM(SYSTEM_BYTES, 4),
    [EW_HEADER_SYSTEM64] = SYSTEM(SYSTEM_BYTES, 8),
    [EW_HEADER_COMPACT32] = SYSTEM(COMPACT_BYTES, 4),
    [EW_HEADER_COMPACT64] = SYSTEM(COMPACT_BYTES, 8),
    [EW_HEADER_FULL32] = FULL(4),
    [EW_HEADER_INSTANCE32] = INSTANCE(4),
    [EW_HEADER_TIMED] = {TIMED_BYTES, 0, 0, 8, FORM_SKIP, 0},
    [EW_HEADER_ERROR] = EVENT(8, EW_EVENT_ERROR),
    [EW_HEADER_WNODE] = {RECORD_BYTES_MIN, 0, 0, 8, FORM_SKIP, 0},
    [EW_HEADER_MESSAGE] = {MESSAGE_BYTES, 0, 0, 8, FORM_MESSAGE, EW_EVENT_MESSAGE},
    [EW_HEADER_PERFINFO32] = PERFINFO(4),
    [EW_HEADER_PERFINFO64] = PERFINFO(8),
    [EW_HEADER_EVENT32] = EVENT(4, EW_EVENT_MANIFEST),
    [EW_HEADER_EVENT64] = EVENT(8, EW_EVENT_MANIFEST),
    [EW_HEADER_FULL64] = FULL(8),
    [EW_HEADER_INSTANCE64] = INSTANCE(8),
};

/* The highest byte of a record's first word. */
enum mark { MARK_EVENT = 0xc0, MARK_MESSAGE = 0x90, MARK_TIMED = 0xb0 };
#define MARKER_END UINT32_C(0xffffffff)

/* Options of a message, in the order of their fields. */
enum message_option {
    OPTION_SEQUENCE = 0x01,
    OPTION_GUID = 0x02,
    OPTION_COMPONENT = 0x04,
    OPTION_TIME = 0x08,
    OPTION_SYSTEM_INFO = 0x20,
    OPTION_POINTER32 = 0x40,
    OPTION_POINTER64 = 0x80,
};

/* What a kernel header's version word says besides the version: one PEBS index and up
 * to seven counters, 8 bytes each, stand between header and payload. */
enum { VERSION_PEBS = 0x8000, VERSION_PMC_SHIFT = 8, VERSION_PMC_MASK = 7 };

enum { EVENT_FLAG_EXTENDED = 1 };

static const struct ew_guid no_guid;

static const struct ew_guid *guid_at(const uint8_t *at)
{
    return (const struct ew_guid *)at;
}

struct message_layout {
    uint32_t guid_at; /* 0: none */
    uint32_t time_at; /* 0: none */
    uint32_t ids_at;  /* 0: none */
    uint32_t payload_at;
};

static struct message_layout message_layout(unsigned options)
{
    struct message_layout layout = {0};
    uint32_t at = MESSAGE_BYTES;
    at += (options & OPTION_SEQUENCE) != 0 ? 4 : 0;
    if ((options & OPTION_GUID) != 0) {
        layout.guid_at = at;
        at += 16;
    } else if ((options & OPTION_COMPONENT) != 0) {
        at += 4;
    }
    if ((options & OPTION_TIME) != 0) {
        layout.time_at = at;
        at += 8;
    }
    if ((options & OPTION_SYSTEM_INFO) != 0) {
        layout.ids_at = at;
        at += 8;
    }
    layout.payload_at = at;
    return layout;
}

/* The row of `layouts` for a record's first word; 0, an empty row, for none. */
static unsigned layout_of(uint32_t word)
{
    unsigned mark = word >> 24;
    unsigned type = word >> 16 & 0xff;
    if (mark == MARK_EVENT) {
        return type < LAYOUT_COUNT ? type : 0;
    }
    return mark == MARK_MESSAGE ? LAYOUT_MESSAGE : mark == MARK_TIMED ? LAYOUT_TIMED : 0;
}

static bool measure_message(struct ew_etl_cursor *cursor)
{
    struct message_layout layout = message_layout(ew_load_u16(cursor->at + 6));
    if (layout.payload_at > cursor->record_bytes) {
        return false;
    }
    cursor->timeless = layout.time_at == 0;
    if (!cursor->timeless) {
        cursor->time_raw = ew_load_u64(cursor->at + layout.time_at);
    }
    return true;
}

static inline void step(struct ew_etl_cursor *cursor)
{
    size_t left = (size_t)(cursor->end - cursor->at);
    size_t bytes = ((size_t)cursor->record_bytes + 7) & ~(size_t)7;
    cursor->at = bytes < left ? cursor->at + bytes : cursor->end;
}

static enum ew_etl_peek broken(struct ew_etl_cursor *cursor, const char *reason)
{
    cursor->reason = reason;
    return EW_ETL_PEEK_BROKEN;
}

static inline enum ew_etl_peek peek(struct ew_etl_cursor *cursor)
{
    for (;;) {
        size_t left = (size_t)(cursor->end - cursor->at);
        if (left < RECORD_BYTES_MIN) {
            return left == 0 ? EW_ETL_PEEK_END
                             : broken(cursor, "the buffer ends inside a record's header");
        }
        uint32_t word = ew_load_u32(cursor->at);
        unsigned row = layout_of(word);
        const struct layout *layout = &layouts[row];
        uint32_t size = ew_load_u16(cursor->at + layout->size_at);
        if (layout->form == FORM_NONE) {
            return word == MARKER_END ? EW_ETL_PEEK_END
                                      : broken(cursor, "a record's header type is unknown");
        }
        if (size < layout->header_bytes) {
            return broken(cursor, "a record is smaller than its header");
        }
        if (size > left) {
            return broken(cursor, "a record is larger than the rest of its buffer");
        }
        cursor->record_bytes = size;
        cursor->layout = (uint8_t)row;
        if (layout->form > FORM_SKIP && layout->form != FORM_MESSAGE) {
            cursor->timeless = false;
            cursor->time_raw = ew_load_u64(cursor->at + layout->time_at);
            return EW_ETL_PEEK_EVENT;
        }
        if (layout->form == FORM_MESSAGE) {
            return measure_message(cursor)
                       ? EW_ETL_PEEK_EVENT
                       : broken(cursor, "a message is smaller than its options need");
        }
        cursor->skipped++;
        step(cursor);
    }
}

/* What every event has; the fields that most headers lack are emptied. */
static inline void fill_common(const struct ew_etl_cursor *cursor, unsigned type,
                               const struct layout *layout, uint32_t payload_at,
                               struct ew_event *event)
{
    event->time_raw = cursor->time_raw;
    event->time_100ns = ew_etl_clock_filetime(cursor->clock, cursor->time_raw);
    event->activity = NULL;
    event->payload = cursor->at + payload_at;
    event->extended = NULL;
    event->record = cursor->at;
    event->keyword = 0;
    event->payload_bytes = cursor->record_bytes - payload_at;
    event->extended_bytes = 0;
    event->record_bytes = cursor->record_bytes;
    event->id = 0;
    event->hook = 0;
    event->task = 0;
    event->cpu = cursor->cpu;
    event->file = cursor->file;
    event->level = 0;
    event->channel = 0;
    event->pointer_bytes = layout->pointer_bytes;
    event->header_type = (uint8_t)type;
    event->kind = layout->kind;
}

static inline void fill_ids(const uint8_t *at, struct ew_event *event)
{
    event->thread_id = ew_load_u32(at);
    event->process_id = ew_load_u32(at + 4);
}

static inline bool take_kernel(struct ew_etl_cursor *cursor, unsigned type,
                               const struct layout *layout, struct ew_event *event)
{
    const uint8_t *at = cursor->at;
    unsigned version = ew_load_u16(at);
    uint32_t payload_at = layout->header_bytes;
    if (version > 0xff) {
        payload_at += (version & VERSION_PEBS) != 0 ? 8 : 0;
        payload_at += 8 * (version >> VERSION_PMC_SHIFT & VERSION_PMC_MASK);
        if (payload_at > cursor->record_bytes) {
            cursor->reason = "a kernel record is smaller than its counters need";
            return false;
        }
    }
    fill_common(cursor, type, layout, payload_at, event);
    event->hook = (uint16_t)(at[7] << 8 | at[6]);
    event->opcode = at[6];
    event->version = (uint8_t)version;
    event->provider = ew_kernel_class(event->hook);
    event->thread_id = EW_ID_NONE;
    event->process_id = EW_ID_NONE;
    if (layout->form == FORM_SYSTEM) {
        fill_ids(at + 8, event);
    }
    return true;
}

static inline bool take_classic(struct ew_etl_cursor *cursor, unsigned type,
                                const struct layout *layout, struct ew_event *event)
{
    const uint8_t *at = cursor->at;
    uint32_t payload_at = FULL_BYTES;
    bool has_guid = true;
    if (layout->form == FORM_INSTANCE) {
        has_guid = cursor->record_bytes >= INSTANCE_BYTES;
        payload_at = has_guid ? INSTANCE_BYTES : INSTANCE_HANDLE_BYTES;
    }
    fill_common(cursor, type, layout, payload_at, event);
    event->provider = has_guid ? guid_at(at + 0x18) : &no_guid;
    event->opcode = at[4];
    event->level = at[5];
    event->version = at[6];
    fill_ids(at + 8, event);
    return true;
}

/* Bytes of the chain of extended items at `at`; 0 when it does not fit into `left`. */
static uint32_t extended_bytes(const uint8_t *at, uint32_t left)
{
    uint32_t total = 0;
    bool more = true;
    while (more) {
        if (left - total < ITEM_HEAD_BYTES) {
            return 0;
        }
        uint32_t size = ew_load_u16(at + total);
        uint32_t data_bytes = ew_load_u16(at + total + 6);
        if (size > left - total || size < ITEM_HEAD_BYTES + data_bytes) {
            return 0;
        }
        more = (at[total + 4] & 1) != 0;
        total += size;
    }
    return total;
}

static inline bool take_event(struct ew_etl_cursor *cursor, unsigned type,
                              const struct layout *layout, struct ew_event *event)
{
    const uint8_t *at = cursor->at;
    uint32_t items = 0;
    if ((ew_load_u16(at + 4) & EVENT_FLAG_EXTENDED) != 0) {
        items = extended_bytes(at + EVENT_BYTES, cursor->record_bytes - EVENT_BYTES);
        if (items == 0) {
            cursor->reason = "an event's extended items do not fit into it";
            return false;
        }
    }
    fill_common(cursor, type, layout, EVENT_BYTES + items, event);
    if (items != 0) {
        event->extended = at + EVENT_BYTES;
        event->extended_bytes = items;
    }
    event->provider = guid_at(at + 0x18);
    event->activity = guid_at(at + 0x40);
    event->id = ew_load_u16(at + 0x28);
    event->version = at[0x2a];
    event->channel = at[0x2b];
    event->level = at[0x2c];
    event->opcode = at[0x2d];
    event->task = ew_load_u16(at + 0x2e);
    event->keyword = ew_load_u64(at + 0x30);
    fill_ids(at + 8, event);
    return true;
}

static bool take_message(struct ew_etl_cursor *cursor, const struct layout *layout,
                         struct ew_event *event)
{
    const uint8_t *at = cursor->at;
    unsigned options = ew_load_u16(at + 6);
    struct message_layout message = message_layout(options);
    fill_common(cursor, EW_HEADER_MESSAGE, layout, message.payload_at, event);
    event->provider = message.guid_at != 0 ? guid_at(at + message.guid_at) : &no_guid;
    event->id = ew_load_u16(at + 4);
    event->opcode = 0;
    event->version = 0;
    event->thread_id = EW_ID_NONE;
    event->process_id = EW_ID_NONE;
    if (message.ids_at != 0) {
        fill_ids(at + message.ids_at, event);
    }
    event->pointer_bytes = (options & OPTION_POINTER32) != 0   ? 4
                           : (options & OPTION_POINTER64) != 0 ? 8
                                                               : cursor->pointer_bytes;
    return true;
}

static inline bool take(struct ew_etl_cursor *cursor, struct ew_event *event)
{
    unsigned type = cursor->layout; /* a row has the number of its header type */
    const struct layout *layout = &layouts[type];
    bool taken = false;
    cursor->taken = cursor->at;
    switch ((enum form)layout->form) {
    case FORM_SYSTEM:
    case FORM_PERFINFO:
        taken = take_kernel(cursor, type, layout, event);
        break;
    case FORM_FULL:
    case FORM_INSTANCE:
        taken = take_classic(cursor, type, layout, event);
        break;
    case FORM_EVENT:
        taken = take_event(cursor, type, layout, event);
        break;
    default:
        taken = take_message(cursor, layout, event);
        break;
    }
    step(cursor);
    return taken;
}

enum ew_etl_peek ew_etl_cursor_peek(struct ew_etl_cursor *cursor)
{
    return peek(cursor);
}

bool ew_etl_cursor_take(struct ew_etl_cursor *cursor, struct ew_event *event_out)
{
    return take(cursor, event_out);
}

enum ew_etl_next ew_etl_cursor_next(struct ew_etl_cursor *cursor, struct ew_event *event_out)
{
    switch (peek(cursor)) {
    case EW_ETL_PEEK_EVENT:
        return take(cursor, event_out) ? EW_ETL_NEXT_EVENT : EW_ETL_NEXT_REFUSED;
    case EW_ETL_PEEK_END:
        return EW_ETL_NEXT_END;
    default:
        return EW_ETL_NEXT_BROKEN;
    }
}
