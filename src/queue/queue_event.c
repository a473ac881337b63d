/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An event as a record of the queue. Both ends are of one build and the bytes never leave the
 * process, so a struct stands in the ring as it is:
 *
 *     ew_queue_event | activity, if any | payload | to 8 bytes | extended items
 */
#include "etwitness/queue.h"

#include <assert.h>
#include <string.h>

static_assert(sizeof(struct ew_queue_event) % 8 == 0 && sizeof(struct ew_guid) % 8 == 0,
              "the payload is aligned to 8 bytes");

static uint64_t payload_room(uint32_t payload_bytes)
{
    return ((uint64_t)payload_bytes + 7) / 8 * 8;
}

static void fill_record(struct ew_queue_event *record, const struct ew_event *event)
{
    *record = (struct ew_queue_event){
        .time_100ns = event->time_100ns,
        .time_raw = event->time_raw,
        .provider = *event->provider,
        .id = event->id,
        .version = event->version,
        .channel = event->channel,
        .level = event->level,
        .opcode = event->opcode,
        .task = event->task,
        .keyword = event->keyword,
        .thread_id = event->thread_id,
        .process_id = event->process_id,
        .payload_bytes = event->payload_bytes,
        .extended_bytes = event->extended_bytes,
        .cpu = event->cpu,
        .hook = event->hook,
        .file = event->file,
        .pointer_bytes = event->pointer_bytes,
        .header_type = event->header_type,
        .kind = event->kind,
        .has_activity = event->activity != NULL,
    };
}

uint8_t *ew_queue_reserve_event(struct ew_queue *queue, const struct ew_event *event,
                                enum ew_queue_class record_class)
{
    size_t head_bytes =
        sizeof(struct ew_queue_event) + (event->activity != NULL ? sizeof *event->activity : 0);
    uint64_t byte_count = head_bytes + payload_room(event->payload_bytes) + event->extended_bytes;
    /* Where size_t has 32 bits, a sum that it cannot hold is still too large. */
    size_t record_bytes = byte_count < SIZE_MAX ? (size_t)byte_count : SIZE_MAX;
    uint8_t *bytes = ew_queue_reserve(queue, record_bytes, record_class);
    if (bytes == NULL) {
        return NULL;
    }
    fill_record((struct ew_queue_event *)(void *)bytes, event);
    if (event->activity != NULL) {
        memcpy(bytes + sizeof(struct ew_queue_event), event->activity, sizeof *event->activity);
    }
    if (event->payload_bytes != 0) {
        memcpy(bytes + head_bytes, event->payload, event->payload_bytes);
    }
    return bytes + head_bytes + payload_room(event->payload_bytes);
}

static void fill_event(struct ew_event *event, const struct ew_queue_event *record)
{
    *event = (struct ew_event){
        .time_100ns = record->time_100ns,
        .time_raw = record->time_raw,
        .provider = &record->provider,
        .keyword = record->keyword,
        .payload_bytes = record->payload_bytes,
        .extended_bytes = record->extended_bytes,
        .process_id = record->process_id,
        .thread_id = record->thread_id,
        .id = record->id,
        .hook = record->hook,
        .task = record->task,
        .cpu = record->cpu,
        .file = record->file,
        .version = record->version,
        .opcode = record->opcode,
        .level = record->level,
        .channel = record->channel,
        .pointer_bytes = record->pointer_bytes,
        .header_type = record->header_type,
        .kind = record->kind,
    };
}

bool ew_queue_peek_event(struct ew_queue *queue, struct ew_event *event_out)
{
    size_t record_bytes = 0;
    const struct ew_queue_event *record = ew_queue_peek(queue, &record_bytes);
    if (record == NULL) {
        return false;
    }
    const uint8_t *at = (const uint8_t *)(record + 1);
    fill_event(event_out, record);
    if (record->has_activity) {
        event_out->activity = (const struct ew_guid *)(const void *)at;
        at += sizeof *event_out->activity;
    }
    event_out->payload = at;
    at += payload_room(record->payload_bytes);
    event_out->extended = record->extended_bytes != 0 ? at : NULL;
    return true;
}
