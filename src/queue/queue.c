/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ring of queue.h, and why it is right.
 *
 * A position counts all bytes ever put and never wraps (64 bits). The byte of a position is
 * at `position & mask`, and a record that begins before the end of the ring runs over it into
 * slack of the largest record, so that each is in one piece and no record is there to fill
 * the end. A byte of the slack stands for the same positions as the byte at the ring's
 * beginning that lies `mask + 1` before it; whoever owns a position owns both.
 *
 *     released <= consumer.position <= consumer.limit <= committed <= released + capacity
 *                                        published <= committed
 *
 * The producer owns [committed, released + capacity), the consumer [released, limit). Three
 * words hand positions over, each written by one thread only:
 *
 *   published  the producer stores it with release after the bytes of all records before it
 *              (publish_batch); the consumer loads it with acquire before it reads them
 *              (take_published). The pair makes a record whole before it can be seen.
 *   committed  the same, for each record (commit_record, ew_queue_look). While there is
 *              traffic nobody but the producer reads it, so its cache line stays with the
 *              producer; that is why there are two words for one purpose.
 *   released   the consumer stores it with release after its last read of all records before
 *              it (give_back); the producer loads it with acquire before it writes there
 *              (look_for_room). The pair makes a record read before it is overwritten.
 *
 * Relaxed is enough for the rest. A thread's own loads of what only it writes need no order.
 * The counts are numbers that nobody follows to other memory. Nothing needs sequential
 * consistency: no thread ever writes one of the words and then decides by the other side's
 * that it may go on or sleep; a stale word only shows less room or fewer records than there
 * are. Since ew_queue_look() asks again, whatever is committed is seen at last.
 *
 * Both words of the producer may be old in different degrees: after ew_queue_look() the
 * consumer's limit can be beyond `published`, so take_published() must not go back to it. The
 * other way round cannot happen: `committed` is stored before `published`, so whoever has
 * acquired the one finds at least as much in the other.
 *
 * tests/unit/queue/test_model.c walks through all interleavings of this.
 */
#include "etwitness/queue.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/*
 * A batch is published when it has that many records, or more than that many bytes: what costs
 * between two cores is the change of a cache line's owner (reference performance.md 1). With
 * 4 to 32 KiB tests/bench/bench_queue.c showed no difference between two threads.
 */
enum { BATCH_RECORDS = 32, BATCH_BYTES = 16384 };

/* The consumer gives room back after this part of the ring. */
enum { GIVE_BACK_PARTS = 8 };

/* No two threads write words that are nearer: processors fetch lines of 64 bytes in pairs. */
enum { APART_BYTES = 128 };

enum { RECORD_ALIGNMENT = 8, PERMILLE_MAX = 900 };

/* Not a part of the function that calls it: whose quick way then has no registers to save. */
#if defined(__GNUC__)
#define EW_APART __attribute__((noinline))
#else
#define EW_APART
#endif

/* Stands before each record. */
struct record_head {
    uint32_t byte_count; /* of the record itself */
    uint32_t unused;     /* keeps the record aligned */
};

/* Written by the producer alone; others look at the atomic ones now and then. */
struct producer {
    uint64_t stops[EW_QUEUE_CLASS_COUNT]; /* the lesser of the limit and batch_end */
    uint64_t end;                         /* of the reserved record */
    uint64_t batch_records;               /* the count at which a commit publishes */
    _Atomic uint64_t committed;
    _Atomic uint64_t records;
    uint64_t batch_end;                    /* a record beyond this position publishes */
    uint64_t limits[EW_QUEUE_CLASS_COUNT]; /* the position a record of a class may reach */
    _Atomic uint64_t high_bytes;
    _Atomic uint64_t dropped[EW_QUEUE_CLASS_COUNT];
};

/* The consumer's alone. */
struct consumer {
    uint64_t position;     /* of the next record */
    uint64_t limit;        /* up to which records are known to be whole */
    uint64_t peeked_bytes; /* of the record at `position`, framed; 0 before it was peeked */
    uint64_t give_back_at;
};

struct ew_queue {
    uint8_t *ring; /* and the slack; set once, like all before the producer */
    uint64_t mask;
    uint64_t reserve_bytes;
    void *allocation;
    _Alignas(APART_BYTES) struct producer producer;
    _Alignas(APART_BYTES) _Atomic uint64_t published;
    _Alignas(APART_BYTES) struct consumer consumer;
    _Alignas(APART_BYTES) _Atomic uint64_t released;
};

static_assert(sizeof(struct record_head) == RECORD_ALIGNMENT, "records stay aligned");
static_assert(BATCH_BYTES < (size_t)EW_QUEUE_RECORD_BYTES_MAX,
              "what ends within a batch is not too large");
static_assert(EW_QUEUE_RECORD_BYTES_MAX + sizeof(struct record_head) <= EW_QUEUE_BYTES_MIN,
              "the largest record fits into the smallest ring");

/* Bytes of a record with its head, in which the next one is aligned again. */
static uint64_t framed_bytes(uint64_t byte_count)
{
    return (byte_count + sizeof(struct record_head) + RECORD_ALIGNMENT - 1) / RECORD_ALIGNMENT
           * RECORD_ALIGNMENT;
}

static struct record_head *head_at(const struct ew_queue *queue, uint64_t position)
{
    return (struct record_head *)(void *)(queue->ring + (position & queue->mask));
}

/* --- making one ----------------------------------------------------------------- */

static bool options_valid(const struct ew_queue_options *options)
{
    return options->bytes >= EW_QUEUE_BYTES_MIN && options->bytes <= EW_QUEUE_BYTES_MAX
           && (options->bytes & (options->bytes - 1)) == 0
           && options->reserve_permille <= PERMILLE_MAX;
}

/* Zeroed and aligned; C11's own function for that is missing on Windows. */
static struct ew_queue *allocate_queue(void)
{
    void *allocation = calloc(1, sizeof(struct ew_queue) + APART_BYTES);
    if (allocation == NULL) {
        return NULL;
    }
    size_t beyond = (uintptr_t)allocation % APART_BYTES;
    struct ew_queue *queue = (void *)((uint8_t *)allocation + (APART_BYTES - beyond));
    queue->allocation = allocation;
    return queue;
}

/*
 * One comparison in a put serves three: with room, with the end of a batch by bytes, and with
 * the largest size, which no record that ends within a batch can have.
 */
static void set_limits(struct ew_queue *queue, uint64_t released)
{
    struct producer *producer = &queue->producer;
    uint64_t end = released + queue->mask + 1;
    producer->limits[EW_QUEUE_STATE] = end;
    producer->limits[EW_QUEUE_SAMPLE] = end - queue->reserve_bytes;
    for (size_t i = 0; i < EW_QUEUE_CLASS_COUNT; i++) {
        uint64_t limit = producer->limits[i];
        producer->stops[i] = limit < producer->batch_end ? limit : producer->batch_end;
    }
}

enum ew_status ew_queue_create(const struct ew_queue_options *options,
                               struct ew_queue **queue_out)
{
    if (!options_valid(options)) {
        return EW_USAGE;
    }
    struct ew_queue *queue = allocate_queue();
    if (queue == NULL) {
        return EW_NO_MEMORY;
    }
    size_t slack_bytes = (size_t)framed_bytes(EW_QUEUE_RECORD_BYTES_MAX);
    queue->ring = calloc(1, options->bytes + slack_bytes);
    if (queue->ring == NULL) {
        ew_queue_destroy(queue);
        return EW_NO_MEMORY;
    }
    queue->mask = options->bytes - 1;
    queue->reserve_bytes = (uint64_t)options->bytes * options->reserve_permille / 1000;
    queue->producer.batch_end = BATCH_BYTES;
    queue->producer.batch_records = BATCH_RECORDS;
    set_limits(queue, 0);
    queue->consumer.give_back_at = options->bytes / GIVE_BACK_PARTS;
    *queue_out = queue;
    return EW_OK;
}

void ew_queue_destroy(struct ew_queue *queue)
{
    if (queue == NULL) {
        return;
    }
    free(queue->ring);
    free(queue->allocation);
}

/* --- producer ------------------------------------------------------------------- */

/* Finds out what the consumer gave back, and how much waits at this moment. */
static void look_for_room(struct ew_queue *queue, uint64_t committed)
{
    struct producer *producer = &queue->producer;
    uint64_t released = atomic_load_explicit(&queue->released, memory_order_acquire);
    uint64_t waiting = committed - released;
    set_limits(queue, released);
    if (waiting > atomic_load_explicit(&producer->high_bytes, memory_order_relaxed)) {
        atomic_store_explicit(&producer->high_bytes, waiting, memory_order_relaxed);
    }
}

static void publish_batch(struct ew_queue *queue, uint64_t committed, uint64_t records)
{
    atomic_store_explicit(&queue->published, committed, memory_order_release);
    queue->producer.batch_end = committed + BATCH_BYTES;
    queue->producer.batch_records = records + BATCH_RECORDS;
    look_for_room(queue, committed);
}

/* Writes the head of a record that ends at `end`, and keeps that for the commit. */
static inline void *begin_record(struct ew_queue *queue, uint64_t begin, uint64_t end,
                                 size_t byte_count)
{
    struct record_head *head = head_at(queue, begin);
    head->byte_count = (uint32_t)byte_count;
    queue->producer.end = end;
    return head + 1;
}

static inline void commit_record(struct ew_queue *queue)
{
    struct producer *producer = &queue->producer;
    uint64_t end = producer->end;
    uint64_t records = atomic_load_explicit(&producer->records, memory_order_relaxed) + 1;
    atomic_store_explicit(&producer->records, records, memory_order_relaxed);
    atomic_store_explicit(&producer->committed, end, memory_order_release);
    if (records >= producer->batch_records) {
        publish_batch(queue, end, records);
    }
}

/*
 * The way of a record that goes beyond `stops`: it is too large, there was no room when last
 * looked, or its commit ends the batch.
 */
EW_APART
static void *reserve_slowly(struct ew_queue *queue, size_t byte_count,
                            enum ew_queue_class record_class)
{
    struct producer *producer = &queue->producer;
    uint64_t begin = atomic_load_explicit(&producer->committed, memory_order_relaxed);
    uint64_t end = begin + framed_bytes(byte_count);
    bool fits = byte_count <= EW_QUEUE_RECORD_BYTES_MAX;
    if (fits && end > producer->limits[record_class]) {
        look_for_room(queue, begin);
        fits = end <= producer->limits[record_class];
    }
    if (!fits) {
        _Atomic uint64_t *dropped = &producer->dropped[record_class];
        uint64_t count = atomic_load_explicit(dropped, memory_order_relaxed);
        atomic_store_explicit(dropped, count + 1, memory_order_relaxed);
        return NULL;
    }
    if (end > producer->batch_end) {
        producer->batch_records = 0;
    }
    return begin_record(queue, begin, end, byte_count);
}

void *ew_queue_reserve(struct ew_queue *queue, size_t byte_count,
                       enum ew_queue_class record_class)
{
    struct producer *producer = &queue->producer;
    uint64_t begin = atomic_load_explicit(&producer->committed, memory_order_relaxed);
    uint64_t end = begin + framed_bytes(byte_count);
    if (byte_count > EW_QUEUE_RECORD_BYTES_MAX || end > producer->stops[record_class]) {
        return reserve_slowly(queue, byte_count, record_class);
    }
    return begin_record(queue, begin, end, byte_count);
}

void ew_queue_commit(struct ew_queue *queue)
{
    commit_record(queue);
}

EW_APART
static bool put_slowly(struct ew_queue *queue, const void *bytes, uint32_t byte_count,
                       enum ew_queue_class record_class)
{
    void *record = reserve_slowly(queue, byte_count, record_class);
    if (record == NULL) {
        return false;
    }
    memcpy(record, bytes, byte_count);
    commit_record(queue);
    return true;
}

/*
 * What is too large goes beyond the stops here, too: a sum of 32 bits and a position does not
 * pass the end of 64.
 */
bool ew_queue_put(struct ew_queue *queue, const void *bytes, uint32_t byte_count,
                  enum ew_queue_class record_class)
{
    struct producer *producer = &queue->producer;
    uint64_t begin = atomic_load_explicit(&producer->committed, memory_order_relaxed);
    uint64_t end = begin + framed_bytes(byte_count);
    if (end > producer->stops[record_class]) {
        return put_slowly(queue, bytes, byte_count, record_class);
    }
    memcpy(begin_record(queue, begin, end, byte_count), bytes, byte_count);
    commit_record(queue);
    return true;
}

void ew_queue_publish(struct ew_queue *queue)
{
    struct producer *producer = &queue->producer;
    uint64_t committed = atomic_load_explicit(&producer->committed, memory_order_relaxed);
    if (committed != atomic_load_explicit(&queue->published, memory_order_relaxed)) {
        publish_batch(queue, committed,
                      atomic_load_explicit(&producer->records, memory_order_relaxed));
    }
}

/* --- consumer ------------------------------------------------------------------- */

static bool take_published(struct ew_queue *queue)
{
    uint64_t published = atomic_load_explicit(&queue->published, memory_order_acquire);
    if (published <= queue->consumer.limit) {
        return false;
    }
    queue->consumer.limit = published;
    return true;
}

const void *ew_queue_peek(struct ew_queue *queue, size_t *byte_count_out)
{
    struct consumer *consumer = &queue->consumer;
    if (consumer->position == consumer->limit && !take_published(queue)) {
        return NULL;
    }
    const struct record_head *head = head_at(queue, consumer->position);
    consumer->peeked_bytes = framed_bytes(head->byte_count);
    *byte_count_out = head->byte_count;
    return head + 1;
}

static void give_back(struct ew_queue *queue)
{
    uint64_t position = queue->consumer.position;
    atomic_store_explicit(&queue->released, position, memory_order_release);
    queue->consumer.give_back_at = position + (queue->mask + 1) / GIVE_BACK_PARTS;
}

void ew_queue_advance(struct ew_queue *queue)
{
    struct consumer *consumer = &queue->consumer;
    consumer->position += consumer->peeked_bytes;
    consumer->peeked_bytes = 0;
    if (consumer->position >= consumer->give_back_at) {
        give_back(queue);
    }
}

void ew_queue_release(struct ew_queue *queue)
{
    uint64_t released = atomic_load_explicit(&queue->released, memory_order_relaxed);
    if (queue->consumer.position != released) {
        give_back(queue);
    }
}

void ew_queue_look(struct ew_queue *queue)
{
    queue->consumer.limit =
        atomic_load_explicit(&queue->producer.committed, memory_order_acquire);
}

/* --- any thread ------------------------------------------------------------------- */

struct ew_queue_counts ew_queue_counts(const struct ew_queue *queue)
{
    const struct producer *producer = &queue->producer;
    struct ew_queue_counts counts = {.capacity_bytes = queue->mask + 1};
    /* Whoever has acquired what was given back sees at least as much committed. */
    uint64_t released = atomic_load_explicit(&queue->released, memory_order_acquire);
    counts.bytes = atomic_load_explicit(&producer->committed, memory_order_relaxed);
    counts.waiting_bytes = counts.bytes - released;
    counts.records = atomic_load_explicit(&producer->records, memory_order_relaxed);
    counts.high_bytes = atomic_load_explicit(&producer->high_bytes, memory_order_relaxed);
    for (size_t i = 0; i < EW_QUEUE_CLASS_COUNT; i++) {
        counts.dropped[i] = atomic_load_explicit(&producer->dropped[i], memory_order_relaxed);
    }
    return counts;
}
