/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An event as a record of the queue. Both ends are of one build and the bytes never leave the
 * process, so a struct stands in the ring as it is:
 *
 *     event_record | activity, if any | payload | to 8 bytes | extended items
 */
#include "etwitness/queue.h"

#include <assert.h>
#include <string.h>

struct event_record {
    uint64_t time_100ns;
    uint64_t time_raw;
    uint64_t keyword;
    struct ew_guid provider;
    uint32_t payload_bytes;
    uint32_t extended_bytes;
    uint32_t process_id;
    uint32_t thread_id;
    uint16_t id;
    uint16_t hook;
    uint16_t task;
    uint16_t cpu;
    uint16_t file;
    uint8_t version;
    uint8_t opcode;
    uint8_t level;
    uint8_t channel;
    uint8_t pointer_bytes;
    uint8_t header_type;
    uint8_t kind;
    bool has_activity;
};

static_assert(sizeof(struct event_record) % 8 == 0 && sizeof(struct ew_guid) % 8 == 0,
              "the payload is aligned to 8 bytes");

static uint64_t payload_room(uint32_t payload_bytes)
{
    return ((uint64_t)payload_bytes + 7) / 8 * 8;
}

static void fill_record(struct event_record *record, const struct ew_event *event)
{
    *record = (struct event_record){
        .time_100ns = event->time_100ns,
        .time_raw = event->time_raw,
        .keyword = event->keyword,
        .provider = *event->provider,
        .payload_bytes = event->payload_bytes,
        .extended_bytes = event->extended_bytes,
        .process_id = event->process_id,
        .thread_id = event->thread_id,
        .id = event->id,
        .hook = event->hook,
        .task = event->task,
        .cpu = event->cpu,
        .file = event->file,
        .version = event->version,
        .opcode = event->opcode,
        .level = event->level,
        .channel = event->channel,
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
        sizeof(struct event_record) + (event->activity != NULL ? sizeof *event->activity : 0);
    uint64_t byte_count = head_bytes + payload_room(event->payload_bytes) + event->extended_bytes;
    /* Where size_t has 32 bits, a sum that it cannot hold is still too large. */
    size_t record_bytes = byte_count < SIZE_MAX ? (size_t)byte_count : SIZE_MAX;
    uint8_t *bytes = ew_queue_reserve(queue, record_bytes, record_class);
    if (bytes == NULL) {
        return NULL;
    }
    fill_record((struct event_record *)(void *)bytes, event);
    if (event->activity != NULL) {
        memcpy(bytes + sizeof(struct event_record), event->activity, sizeof *event->activity);
    }
    if (event->payload_bytes != 0) {
        memcpy(bytes + head_bytes, event->payload, event->payload_bytes);
    }
    return bytes + head_bytes + payload_room(event->payload_bytes);
}

static void fill_event(struct ew_event *event, const struct event_record *record)
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
    const struct event_record *record = ew_queue_peek(queue, &record_bytes);
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
