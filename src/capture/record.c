/* SPDX-License-Identifier: Apache-2.0 */
/* What of an event is worth its copy, and the copy. */
#include "capture/record.h"

#include "base/cursor.h"

/* An item's head in a record: Size 2 | ExtType 2 | Linkage 2 | DataSize 2 (reference
 * etl-format.md 4). */
enum { ITEM_HEAD_BYTES = 8, ITEM_DATA_BYTES_MAX = 0xffff - ITEM_HEAD_BYTES - 7 };

#define ITEMS_DAMAGED UINT32_MAX

/* Not a part of the function that calls it, whose quick way then has fewer registers to save. */
#if defined(__GNUC__)
#define EW_APART __attribute__((noinline))
#else
#define EW_APART
#endif

/* What an event is of use as. */
enum use {
    USE_STATE = EW_QUEUE_STATE,
    USE_SAMPLE = EW_QUEUE_SAMPLE,
    USE_NONE = EW_QUEUE_CLASS_COUNT,
};

/* One writer: a load and a store are enough, and cost what a plain counter costs. */
static inline void count(_Atomic uint64_t *counter)
{
    uint64_t value = atomic_load_explicit(counter, memory_order_relaxed);
    atomic_store_explicit(counter, value + 1, memory_order_relaxed);
}

bool ew_record_is_header(const struct ew_event_record *record)
{
    return (record->flags & EW_RECORD_CLASSIC) != 0 && record->opcode == 0
           && ew_guid_equal(&record->provider, &ew_guid_event_trace);
}

bool ew_record_clock(uint32_t kind, uint64_t frequency, uint64_t origin_raw, uint64_t start_100ns,
                     struct ew_etl_clock *clock_out)
{
    enum { QPC = 1, SYSTEM_TIME = 2 };
    if (kind != QPC && kind != SYSTEM_TIME) {
        return false;
    }
    clock_out->frequency = kind == QPC ? frequency : 10000000;
    clock_out->origin_raw = origin_raw;
    clock_out->start_100ns = start_100ns;
    clock_out->form = kind == SYSTEM_TIME     ? EW_ETL_CLOCK_FILETIME
                      : frequency == 10000000 ? EW_ETL_CLOCK_100NS
                                              : EW_ETL_CLOCK_SCALED;
    return clock_out->frequency >= 1 && clock_out->frequency <= EW_ETL_FREQUENCY_MAX;
}

/* --- what is of use -------------------------------------------------------------- */

/* StackWalk: definitions of keys describe many stacks, the others are one stack. */
static enum use stack_use(uint8_t opcode)
{
    return opcode >= 34 && opcode <= 36 ? USE_STATE : USE_SAMPLE;
}

/* PerfInfo: 72 to 74 tell the sampling interval. */
static enum use perf_info_use(uint8_t opcode)
{
    return opcode >= 72 && opcode <= 74 ? USE_STATE : USE_SAMPLE;
}

/* Thread: a context switch, a ready thread and changes of priority describe a moment. */
static enum use thread_use(uint8_t opcode)
{
    return opcode <= 4 || opcode == 72 ? USE_STATE : USE_SAMPLE;
}

/*
 * By the first group alone: what is taken for another class by it is looked at again when it
 * is decoded. Each kernel event of a known class is kept, since its stack may follow and
 * would else be an orphan.
 */
static inline enum use kernel_use(const struct ew_event_record *record)
{
    switch (ew_load_u32(record->provider.bytes)) {
    case 0x3d6fa8d0u: /* Process */
    case 0x2cb15d1du: /* Image */
    case 0xb3e675d7u: /* ImageID */
    case 0x6a399ae0u: /* LostEvent */
        return USE_STATE;
    case 0x68fdd900u: /* EventTrace: of the header, what it says is known from OpenTrace */
        return record->opcode == 0 ? USE_STATE : USE_NONE;
    case 0x3d6fa8d1u:
        return thread_use(record->opcode);
    case 0xce1dbfb4u:
        return perf_info_use(record->opcode);
    case 0xdef2fe46u:
        return stack_use(record->opcode);
    case 0x3d6fa8d3u: /* PageFault */
    case 0x3d6fa8d4u: /* DiskIo */
    case 0x90cbdc39u: /* FileIo */
        return USE_SAMPLE;
    case 0x01853a65u: /* EventTraceConfig: it has neither a decoder nor stacks */
        return USE_NONE;
    default:
        return ew_kernel_group(&record->provider) > 0 ? USE_SAMPLE : USE_NONE;
    }
}

/* Of any session its header and what it lost. */
static enum use session_use(const struct ew_event_record *record)
{
    switch (ew_load_u32(record->provider.bytes)) {
    case 0x68fdd900u:
    case 0x6a399ae0u:
        return kernel_use(record);
    default:
        return USE_NONE;
    }
}

static inline enum use classic_use(const struct ew_record_sink *sink,
                                   const struct ew_event_record *record)
{
    return sink->kernel ? kernel_use(record) : session_use(record);
}

/* Items that a stage reads: stacks, the container and the start key of the process. */
static inline bool is_wanted(uint16_t type)
{
    return type == EW_ITEM_STACK_TRACE64 || type == EW_ITEM_STACK_TRACE32
           || type == EW_ITEM_CONTAINER_ID || type == EW_ITEM_PROCESS_START_KEY;
}

/* The CLR's methods, modules, assemblies, domains and their rundown, and what a runtime says
 * of itself; the rest are moments. All of them are kept: a CLRStackWalk belongs to the event
 * before it. */
static enum use clr_use(uint16_t id)
{
    return (id >= 135 && id <= 160 && id != 145) || id == 187 ? USE_STATE : USE_SAMPLE;
}

static enum use rundown_use(struct ew_record_sink *sink, uint16_t id)
{
    count(&sink->counts.rundown);
    if (id == 147 || id == 148) {
        count(&sink->counts.rundown_begun);
    } else if (id == 145 || id == 146) {
        count(&sink->counts.rundown_ended);
    }
    return id == 0 ? USE_SAMPLE : USE_STATE;
}

static enum use manifest_use(struct ew_record_sink *sink, const struct ew_event_record *record,
                             uint32_t item_bytes)
{
    switch (ew_load_u32(record->provider.bytes)) {
    case 0xe13c0d23u:
        return clr_use(record->id);
    case 0xa669021cu:
        return rundown_use(sink, record->id);
    case 0x22fb2cd6u: /* Kernel-Process: processes, threads, images */
        return record->id <= 6 || record->id == 15 ? USE_STATE : USE_SAMPLE;
    default:
        return item_bytes != 0 ? USE_SAMPLE : USE_NONE;
    }
}

/* --- extended items ---------------------------------------------------------------- */

static inline uint32_t item_bytes_of(const struct ew_event_record_item *item)
{
    return (ITEM_HEAD_BYTES + (uint32_t)item->data_bytes + 7) & ~UINT32_C(7);
}

/* Bytes of the wanted items in file form; ITEMS_DAMAGED when a length or an address cannot be. */
EW_APART
static uint32_t measure_items(const struct ew_event_record *record)
{
    uint32_t total = 0;
    if (record->items == NULL) {
        return ITEMS_DAMAGED;
    }
    for (uint32_t i = 0; i < record->item_count; i++) {
        const struct ew_event_record_item *item = &record->items[i];
        if (!is_wanted(item->type)) {
            continue;
        }
        total += item_bytes_of(item);
        if (item->data_bytes > ITEM_DATA_BYTES_MAX || (item->data_bytes != 0 && item->data == 0)
            || total > EW_EVENT_BYTES_MAX) {
            return ITEMS_DAMAGED;
        }
    }
    return total;
}

EW_APART
static void put_items(const struct ew_event_record *record, uint8_t *at, uint32_t byte_count)
{
    uint8_t *end = at + byte_count;
    for (uint32_t i = 0; i < record->item_count && at < end; i++) {
        const struct ew_event_record_item *item = &record->items[i];
        if (!is_wanted(item->type)) {
            continue;
        }
        uint32_t bytes = item_bytes_of(item);
        uint32_t used = ITEM_HEAD_BYTES + (uint32_t)item->data_bytes;
        ew_store_u16(at, (uint16_t)bytes);
        ew_store_u16(at + 2, item->type);
        ew_store_u16(at + 4, at + bytes < end);
        ew_store_u16(at + 6, item->data_bytes);
        if (item->data_bytes != 0) {
            memcpy(at + ITEM_HEAD_BYTES, (const void *)(uintptr_t)item->data, item->data_bytes);
        }
        memset(at + used, 0, bytes - used);
        at += bytes;
    }
}

/* --- the copy ------------------------------------------------------------------------ */

/* An event without a time, or before the clock's zero, has that of the event before it. */
static uint64_t time_of(struct ew_record_sink *sink, uint64_t time_raw)
{
    if (time_raw == 0 || time_raw > INT64_MAX) {
        return sink->last_raw;
    }
    sink->last_raw = time_raw;
    return time_raw;
}

static inline uint8_t pointer_bytes_of(const struct ew_record_sink *sink, unsigned flags)
{
    return (flags & EW_RECORD_POINTERS_32) != 0   ? 4
           : (flags & EW_RECORD_POINTERS_64) != 0 ? 8
                                                  : sink->pointer_bytes;
}

/* Of what a manifest describes a classic event has version, level and opcode. Members stand in
 * both structs in the same order, so that several are copied at once. */
static inline void fill_descriptor(const struct ew_event_record *record,
                                   struct ew_queue_event *event, bool classic)
{
    event->id = classic ? 0 : record->id;
    event->version = record->version;
    event->channel = classic ? 0 : record->channel;
    event->level = record->level;
    event->opcode = record->opcode;
    event->task = classic ? 0 : record->task;
    event->keyword = classic ? 0 : record->keyword;
    event->kind = classic ? EW_EVENT_CLASSIC : EW_EVENT_MANIFEST;
    event->has_activity = false;
}

/* The activity is left out: nothing that lives on a live session asks for it. */
static inline void fill_event(const struct ew_record_sink *sink,
                              const struct ew_event_record *record, uint32_t item_bytes,
                              struct ew_queue_event *event)
{
    unsigned flags = record->flags;
    bool narrow = pointer_bytes_of(sink, flags) == 4;
    event->provider = record->provider;
    event->thread_id = record->thread_id;
    event->process_id = record->process_id;
    event->payload_bytes = record->payload_bytes;
    event->extended_bytes = item_bytes;
    event->cpu =
        (flags & EW_RECORD_PROCESSOR_INDEX) != 0 ? record->processor : record->processor & 0xff;
    event->hook = 0;
    event->file = 0;
    event->pointer_bytes = narrow ? 4 : 8;
    if ((flags & EW_RECORD_CLASSIC) != 0) {
        fill_descriptor(record, event, true);
        event->header_type = narrow ? EW_HEADER_FULL32 : EW_HEADER_FULL64;
    } else {
        fill_descriptor(record, event, false);
        event->header_type = narrow ? EW_HEADER_EVENT32 : EW_HEADER_EVENT64;
    }
}

static inline void note_time(struct ew_record_counts *counts, uint64_t time_100ns)
{
    if (atomic_load_explicit(&counts->last_100ns, memory_order_relaxed) == 0) {
        atomic_store_explicit(&counts->first_100ns, time_100ns, memory_order_relaxed);
    }
    atomic_store_explicit(&counts->last_100ns, time_100ns, memory_order_relaxed);
}

/* The room first: then there is little to be kept over the call. */
static inline void put(struct ew_record_sink *sink, const struct ew_event_record *record,
                       uint32_t item_bytes, enum use use)
{
    struct ew_queue_event *event = ew_queue_reserve_in_place(
        sink->queue, record->payload_bytes, item_bytes, (enum ew_queue_class)use);
    uint64_t time_raw = time_of(sink, record->time_raw);
    uint64_t time_100ns = ew_etl_clock_filetime(&sink->clock, time_raw);
    note_time(&sink->counts, time_100ns);
    if (event == NULL) {
        return;
    }
    event->time_100ns = time_100ns;
    event->time_raw = time_raw;
    fill_event(sink, record, item_bytes, event);
    if (record->payload_bytes != 0) {
        memcpy(ew_queue_event_payload(event), record->payload, record->payload_bytes);
    }
    if (item_bytes != 0) {
        put_items(record, ew_queue_event_items(event), item_bytes);
    }
    ew_queue_commit(sink->queue);
}

void ew_record_take(struct ew_record_sink *sink, const struct ew_event_record *record)
{
    uint32_t item_bytes = record->item_count != 0 ? measure_items(record) : 0;
    count(&sink->counts.events);
    if ((record->payload_bytes != 0 && record->payload == NULL) || item_bytes == ITEMS_DAMAGED) {
        count(&sink->counts.damaged);
        return;
    }
    enum use use = (record->flags & EW_RECORD_CLASSIC) != 0 ? classic_use(sink, record)
                   : (record->flags & EW_RECORD_TRACE_MESSAGE) != 0
                       ? USE_NONE
                       : manifest_use(sink, record, item_bytes);
    if (use == USE_NONE) {
        count(&sink->counts.filtered);
        return;
    }
    put(sink, record, item_bytes, use);
}
