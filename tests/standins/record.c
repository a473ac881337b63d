/* SPDX-License-Identifier: Apache-2.0 */
/* Makes EVENT_RECORDs out of recorded events. */
#include "record.h"

#include "base/cursor.h"

#include <stdlib.h>
#include <string.h>

static uint8_t *append(struct record *record, const void *bytes, size_t byte_count)
{
    uint8_t *at = record->bytes + record->used_bytes;
    if (byte_count > 0) {
        memcpy(at, bytes, byte_count);
    }
    record->used_bytes += (byte_count + 7) & ~(size_t)7;
    return at;
}

/* The property that a provider must have been enabled with for an item; 0: none. */
static uint32_t needed_property(uint16_t type)
{
    switch (type) {
    case EW_ITEM_SID:
        return SIM_ENABLE_SID;
    case EW_ITEM_TERMINAL_SESSION:
        return SIM_ENABLE_TS_ID;
    case EW_ITEM_STACK_TRACE32:
    case EW_ITEM_STACK_TRACE64:
    case EW_ITEM_STACK_KEY32:
    case EW_ITEM_STACK_KEY64:
        return SIM_ENABLE_STACK_TRACE;
    case EW_ITEM_PSM_KEY:
        return SIM_ENABLE_PSM_KEY;
    case EW_ITEM_PROCESS_START_KEY:
        return SIM_ENABLE_PROCESS_START_KEY;
    case EW_ITEM_EVENT_KEY:
        return SIM_ENABLE_EVENT_KEY;
    case EW_ITEM_CONTAINER_ID:
        return SIM_ENABLE_SILOS | SIM_ENABLE_CONTAINER_TRACKING;
    default:
        return 0;
    }
}

static void add_item(struct record *record, uint16_t type, const void *data, size_t byte_count)
{
    unsigned count = record->event.ExtendedDataCount;
    if (count == RECORD_ITEMS_MAX) {
        return;
    }
    if (count > 0) {
        record->items[count - 1].Linkage = 1;
    }
    EVENT_HEADER_EXTENDED_DATA_ITEM *item = &record->items[count];
    memset(item, 0, sizeof *item);
    item->ExtType = type;
    item->DataSize = (USHORT)byte_count;
    item->DataPtr = (uintptr_t)append(record, data, byte_count);
    record->event.ExtendedDataCount = (USHORT)(count + 1);
}

static void add_items(struct record *record, const struct ew_event *event,
                      const struct record_options *options)
{
    uint32_t offset = 0;
    struct ew_item item;
    bool has_container = false;
    while (ew_event_next_item(event, &offset, &item)) {
        uint32_t needed = needed_property(item.type);
        if ((options->properties & needed) == needed) {
            add_item(record, item.type, item.data, item.data_bytes);
            has_container = has_container || item.type == EW_ITEM_CONTAINER_ID;
        }
    }
    if (options->container != NULL && !has_container) {
        add_item(record, EW_ITEM_CONTAINER_ID, options->container, strlen(options->container));
    }
    if (record->event.ExtendedDataCount > 0) {
        record->event.ExtendedData = record->items;
        record->event.EventHeader.Flags |= SIM_HEADER_EXTENDED;
    }
}

/* Raw times inside payloads: StackWalk and its key variants begin with their event's. */
static void shift_payload(const struct ew_event *event, uint8_t *payload, uint64_t shift_raw)
{
    bool refers = event->opcode == 32 || event->opcode == 37 || event->opcode == 38;
    if (shift_raw != 0 && refers && event->payload_bytes >= 8
        && ew_guid_equal(event->provider, &ew_guid_stack_walk)) {
        ew_store_u64(payload, ew_load_u64(payload) + shift_raw);
    }
}

static USHORT header_flags(const struct ew_event *event)
{
    unsigned flags = SIM_HEADER_PROCESSOR_INDEX;
    flags |= event->pointer_bytes == 4 ? SIM_HEADER_32_BIT : SIM_HEADER_64_BIT;
    if (event->kind == EW_EVENT_KERNEL || event->kind == EW_EVENT_CLASSIC) {
        flags |= SIM_HEADER_CLASSIC;
    }
    if (event->kind == EW_EVENT_MESSAGE) {
        flags |= SIM_HEADER_MESSAGE;
    }
    return (USHORT)flags;
}

static void fill_header(EVENT_HEADER *header, const struct ew_event *event,
                        const struct record_options *options)
{
    bool is_classic = event->kind == EW_EVENT_KERNEL || event->kind == EW_EVENT_CLASSIC;
    uint64_t time =
        options->filetime != 0 ? options->filetime : event->time_raw + options->shift_raw;
    header->Size = (USHORT)event->record_bytes;
    header->HeaderType = event->header_type;
    header->Flags = header_flags(event);
    header->ThreadId = event->thread_id;
    header->ProcessId = event->process_id;
    header->TimeStamp.QuadPart = (LONGLONG)time;
    memcpy(&header->ProviderId, event->provider, sizeof header->ProviderId);
    header->EventDescriptor.Id = is_classic ? 0 : event->id;
    header->EventDescriptor.Version = event->version;
    header->EventDescriptor.Channel = event->channel;
    header->EventDescriptor.Level = event->level;
    header->EventDescriptor.Opcode = event->opcode;
    header->EventDescriptor.Task = event->task;
    header->EventDescriptor.Keyword = event->keyword;
    if (event->activity != NULL) {
        memcpy(&header->ActivityId, event->activity, sizeof header->ActivityId);
    }
}

bool record_make(struct record *record, const struct ew_event *event,
                 const struct record_options *options)
{
    if (record->bytes == NULL) {
        record->bytes = malloc(RECORD_BYTES_MAX);
        if (record->bytes == NULL) {
            return false;
        }
    }
    memset(&record->event, 0, sizeof record->event);
    record->used_bytes = 0;
    fill_header(&record->event.EventHeader, event, options);
    record->event.BufferContext.ProcessorIndex = event->cpu;
    record->event.UserDataLength = (USHORT)event->payload_bytes;
    record->event.UserContext = options->user_context;
    uint8_t *payload = append(record, event->payload, event->payload_bytes);
    shift_payload(event, payload, options->shift_raw);
    record->event.UserData = event->payload_bytes > 0 ? payload : NULL;
    if (event->kind == EW_EVENT_MANIFEST) {
        add_items(record, event, options);
    }
    return true;
}

void record_spoil(struct record *record)
{
    memset(record->bytes, 0xdd, record->used_bytes);
    memset(&record->event, 0xdd, sizeof record->event);
}

void record_free(struct record *record)
{
    free(record->bytes);
    record->bytes = NULL;
}
