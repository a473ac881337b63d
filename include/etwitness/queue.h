/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The queue between one capture thread and the aggregator: a lock-free byte ring for a
 * single producer and a single consumer. A put never waits: without room the record is
 * dropped and counted. Records are published in batches, since what costs between two cores
 * is the ownership of the cache line and not the copy (reference performance.md 1).
 */
#ifndef ETWITNESS_QUEUE_H
#define ETWITNESS_QUEUE_H

#include "etwitness/event.h"
#include "etwitness/limits.h"
#include "etwitness/status.h"

struct ew_queue;

/* What a record is worth. Part of the ring is kept for state: without an image load or a
 * method every later sample in it would be nameless, while one sample is one sample. */
enum ew_queue_class { EW_QUEUE_STATE, EW_QUEUE_SAMPLE, EW_QUEUE_CLASS_COUNT };

struct ew_queue_options {
    size_t bytes;              /* a power of two, EW_QUEUE_BYTES_MIN .. EW_QUEUE_BYTES_MAX */
    uint32_t reserve_permille; /* of `bytes`, for state alone: 0 .. 900 */
};

/* The caller destroys it, after both threads have ended; NULL is allowed there.
 * EW_USAGE for options out of range, EW_NO_MEMORY. */
EW_MUST_USE enum ew_status ew_queue_create(const struct ew_queue_options *options,
                                           struct ew_queue **queue_out);
void ew_queue_destroy(struct ew_queue *queue);

/* --- producer: one thread ---------------------------------------------------- */

/*
 * Room for a record, to be filled and committed before the next reserve. NULL when there is
 * none: the drop is counted by class. `byte_count` is 0 .. EW_QUEUE_RECORD_BYTES_MAX, more is
 * dropped too. 8-byte aligned. A sample that is larger than what the reserve leaves of the
 * ring never finds room.
 */
void *ew_queue_reserve(struct ew_queue *queue, size_t byte_count,
                       enum ew_queue_class record_class);

/* Makes the reserved record part of the batch, which is published when it is large enough. */
void ew_queue_commit(struct ew_queue *queue);

/* Reserves, copies and commits. False when the record was dropped. */
bool ew_queue_put(struct ew_queue *queue, const void *bytes, uint32_t byte_count,
                  enum ew_queue_class record_class);

/* Publishes the batch now: at the end of an ETW buffer. */
void ew_queue_publish(struct ew_queue *queue);

/*
 * What an event's record begins with; its payload follows, to 8 bytes, and then its extended
 * items in their file form. Members stand as in EVENT_HEADER (reference etw.md 3.3.1), so that a
 * compiler copies several at once: this is filled for each event that ETW hands over.
 */
struct ew_queue_event {
    uint64_t time_100ns;
    uint64_t time_raw;
    struct ew_guid provider;
    uint16_t id;
    uint8_t version;
    uint8_t channel;
    uint8_t level;
    uint8_t opcode;
    uint16_t task;
    uint64_t keyword;
    uint32_t thread_id;
    uint32_t process_id;
    uint16_t cpu;
    uint16_t hook;
    uint16_t file;
    uint8_t pointer_bytes;
    uint8_t header_type;
    uint32_t payload_bytes; /* as reserved */
    uint32_t extended_bytes;
    uint8_t kind;
    bool has_activity; /* a GUID stands before the payload: not when filled in place */
    uint8_t unused[6];
};

/* Bytes of its payload in the ring. */
static inline size_t ew_queue_payload_room(uint32_t payload_bytes)
{
    return ((size_t)payload_bytes + 7) / 8 * 8;
}

/* Room for an event without activity, whose head, payload and items the caller fills in place
 * before it commits. NULL when it was dropped. Here, so that it costs no call of its own. */
static inline struct ew_queue_event *ew_queue_reserve_in_place(struct ew_queue *queue,
                                                               uint16_t payload_bytes,
                                                               uint32_t extended_bytes,
                                                               enum ew_queue_class record_class)
{
    size_t head_bytes = sizeof(struct ew_queue_event) + ew_queue_payload_room(payload_bytes);
    /* Where size_t has 32 bits, a sum that it cannot hold is still too large. */
    size_t byte_count =
        extended_bytes < SIZE_MAX - head_bytes ? head_bytes + extended_bytes : SIZE_MAX;
    return ew_queue_reserve(queue, byte_count, record_class);
}

/* Where its payload goes, and where its items, for which `payload_bytes` has to be set. */
static inline uint8_t *ew_queue_event_payload(struct ew_queue_event *event)
{
    return (uint8_t *)(event + 1);
}

/* 8-byte aligned. */
static inline uint8_t *ew_queue_event_items(struct ew_queue_event *event)
{
    return ew_queue_event_payload(event) + ew_queue_payload_room(event->payload_bytes);
}

/*
 * An event as a record. Everything is copied but the extended items, for which
 * `event->extended_bytes` bytes of room are answered that the caller fills in their file form
 * before it commits; never NULL when the event was taken, NULL when it was dropped.
 * `event->extended` is not looked at, `record` is not carried.
 */
uint8_t *ew_queue_reserve_event(struct ew_queue *queue, const struct ew_event *event,
                                enum ew_queue_class record_class);

/* --- consumer: one thread ---------------------------------------------------- */

/* The next record, which stays where it is until ew_queue_advance(); NULL when nothing is
 * published. */
const void *ew_queue_peek(struct ew_queue *queue, size_t *byte_count_out);

/* The next record as the event that was put. Points into the ring until
 * ew_queue_advance(). False when nothing is published. */
bool ew_queue_peek_event(struct ew_queue *queue, struct ew_event *event_out);

/* Steps over the record that was peeked. Room is given back to the producer in batches. */
void ew_queue_advance(struct ew_queue *queue);

/* Gives all room back that was stepped over: before the consumer sleeps. */
void ew_queue_release(struct ew_queue *queue);

/* Makes everything committed so far visible to peek, published or not: what a consumer does
 * that has found nothing for a while, so that a quiet producer holds nothing back. */
void ew_queue_look(struct ew_queue *queue);

/* --- any thread --------------------------------------------------------------- */

struct ew_queue_counts {
    uint64_t records; /* committed; one that can be peeked is counted already */
    uint64_t bytes;   /* of these, framing included */
    uint64_t dropped[EW_QUEUE_CLASS_COUNT];
    uint64_t waiting_bytes; /* about, now: what was not given back */
    uint64_t high_bytes;    /* the most that ever waited, as the producer saw it at each batch
                             * and when it found no room; up to 1/8 of the ring too much while
                             * the consumer has not released */
    uint64_t capacity_bytes;
};

/* Each number is exact, the set is not of one instant. */
struct ew_queue_counts ew_queue_counts(const struct ew_queue *queue);

#endif
