/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ring between two threads, with a third that looks at the counts: every byte of every
 * record is checked. The thread sanitizer runs this, too.
 */
#include "etwitness/queue.h"
#include "platform/thread.h"
#include "support/check_main.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum { RECORDS = 200000, WORDS_MAX = EW_QUEUE_RECORD_BYTES_MAX / 8 };

/* How the two threads behave. */
struct behaviour {
    bool producer_waits;   /* for room, as a reader of files does; else it drops */
    bool producer_is_calm; /* sleeps now and then, and publishes when it does not expect more */
    bool consumer_sleeps;  /* when it has found nothing */
    bool only_looks;       /* the consumer looks each time */
    uint32_t reserve_permille;
};

/* The two threads' common ground; all but the queue is written by one of them. */
struct meeting {
    const struct behaviour *behaviour;
    struct ew_queue *queue;
    uint64_t dropped[EW_QUEUE_CLASS_COUNT]; /* by the producer, for after the join */
    atomic_bool ended;
    atomic_bool counts_wrong;
};

static uint32_t mix(uint32_t value)
{
    value = (value ^ value >> 16) * UINT32_C(0x7feb352d);
    value = (value ^ value >> 15) * UINT32_C(0x846ca68b);
    return value ^ value >> 16;
}

/* Words of record `number`: mostly a few, sometimes the largest. */
static size_t record_words(uint32_t number)
{
    return number % 1009 == 7 ? WORDS_MAX - number % 3 : 1 + mix(number) % 60;
}

static uint64_t record_word(uint32_t number, size_t at)
{
    return (uint64_t)number << 32 | (mix(number) + (uint32_t)at);
}

static enum ew_queue_class record_class(uint32_t number)
{
    return mix(number ^ 1) % 4 == 0 ? EW_QUEUE_STATE : EW_QUEUE_SAMPLE;
}

static uint64_t *reserve(struct meeting *meeting, uint32_t number)
{
    size_t byte_count = record_words(number) * 8;
    for (;;) {
        uint64_t *record = ew_queue_reserve(meeting->queue, byte_count, record_class(number));
        if (record != NULL) {
            return record;
        }
        meeting->dropped[record_class(number)]++;
        if (!meeting->behaviour->producer_waits) {
            return NULL;
        }
        ew_queue_publish(meeting->queue);
        ew_sleep_ms(0);
    }
}

static void produce(void *context)
{
    struct meeting *meeting = context;
    for (uint32_t number = 0; number < RECORDS; number++) {
        uint64_t *record = reserve(meeting, number);
        size_t word_count = record != NULL ? record_words(number) : 0;
        for (size_t i = 0; i < word_count; i++) {
            record[i] = record_word(number, i);
        }
        if (record != NULL) {
            ew_queue_commit(meeting->queue);
        }
        if (meeting->behaviour->producer_is_calm && mix(number) % 2048 == 0) {
            if (number % 2 == 0) {
                ew_queue_publish(meeting->queue);
            }
            ew_sleep_ms(1);
        }
    }
    atomic_store_explicit(&meeting->ended, true, memory_order_release);
}

/* Numbers only grow, and nothing is of a size that cannot be. */
static void watch_counts(void *context)
{
    struct meeting *meeting = context;
    struct ew_queue_counts last = ew_queue_counts(meeting->queue);
    while (!atomic_load_explicit(&meeting->ended, memory_order_acquire)) {
        struct ew_queue_counts now = ew_queue_counts(meeting->queue);
        if (now.records < last.records || now.bytes < last.bytes
            || now.high_bytes < last.high_bytes || now.dropped[0] < last.dropped[0]
            || now.dropped[1] < last.dropped[1] || now.waiting_bytes > now.bytes
            || now.high_bytes > now.capacity_bytes) {
            atomic_store_explicit(&meeting->counts_wrong, true, memory_order_relaxed);
        }
        last = now;
        ew_sleep_ms(1);
    }
}

/* What the consumer makes of the records. */
struct audit {
    uint64_t taken;
    uint64_t wrong;
    uint64_t next; /* the lowest number that may come */
};

static void check_record(struct audit *audit, const uint64_t *record, size_t byte_count)
{
    uint32_t number = (uint32_t)(record[0] >> 32);
    bool good = byte_count == record_words(number) * 8 && number >= audit->next;
    for (size_t i = 0; good && i < byte_count / 8; i++) {
        good = record[i] == record_word(number, i);
    }
    audit->next = (uint64_t)number + 1;
    audit->taken++;
    audit->wrong += !good;
}

/* Takes what is there; false when there is nothing. */
static bool drain(struct meeting *meeting, struct audit *audit)
{
    bool found = false;
    size_t byte_count = 0;
    for (const uint64_t *record = NULL;
         (record = ew_queue_peek(meeting->queue, &byte_count)) != NULL; found = true) {
        check_record(audit, record, byte_count);
        ew_queue_advance(meeting->queue);
        if (meeting->behaviour->only_looks) {
            ew_queue_look(meeting->queue);
        }
    }
    return found;
}

static void consume(struct meeting *meeting, struct audit *audit)
{
    for (;;) {
        bool ended = atomic_load_explicit(&meeting->ended, memory_order_acquire);
        if (drain(meeting, audit)) {
            continue;
        }
        ew_queue_look(meeting->queue);
        if (!drain(meeting, audit)) {
            ew_queue_release(meeting->queue);
            if (ended) {
                return;
            }
            ew_sleep_ms(meeting->behaviour->consumer_sleeps ? 1 : 0);
        }
    }
}

static void check_counts(const struct meeting *meeting, const struct audit *audit)
{
    struct ew_queue_counts counts = ew_queue_counts(meeting->queue);
    uint64_t dropped = meeting->dropped[EW_QUEUE_STATE] + meeting->dropped[EW_QUEUE_SAMPLE];
    (void)printf("queue threads, reserve %d permille: %llu taken, %llu refused, high %llu KiB\n",
                 (int)meeting->behaviour->reserve_permille, (unsigned long long)audit->taken,
                 (unsigned long long)dropped, (unsigned long long)counts.high_bytes / 1024);
    ck_assert_uint_eq(audit->wrong, 0);
    ck_assert_uint_eq(counts.records, audit->taken);
    ck_assert_uint_eq(counts.dropped[EW_QUEUE_STATE], meeting->dropped[EW_QUEUE_STATE]);
    ck_assert_uint_eq(counts.dropped[EW_QUEUE_SAMPLE], meeting->dropped[EW_QUEUE_SAMPLE]);
    ck_assert_uint_eq(counts.waiting_bytes, 0);
    ck_assert(!atomic_load(&meeting->counts_wrong));
    ck_assert_uint_eq(audit->taken + (meeting->behaviour->producer_waits ? 0 : dropped), RECORDS);
}

START_TEST(two_threads__records_of_all_sizes__come_whole_and_in_order_or_are_counted)
{
    static const struct behaviour behaviours[] = {
        {.producer_waits = true, .reserve_permille = 0},
        {.producer_waits = true, .consumer_sleeps = true, .reserve_permille = 1},
        {.producer_waits = true, .only_looks = true, .reserve_permille = 100},
        {.producer_is_calm = true, .reserve_permille = 250},
        {.producer_is_calm = true, .consumer_sleeps = true, .reserve_permille = 500},
    };
    struct meeting meeting = {.behaviour = &behaviours[_i]};
    struct ew_queue_options options = {.bytes = EW_QUEUE_BYTES_MIN,
                                       .reserve_permille = behaviours[_i].reserve_permille};
    struct ew_thread *producer = NULL;
    struct ew_thread *watcher = NULL;
    struct audit audit = {0};
    ck_assert_int_eq(ew_queue_create(&options, &meeting.queue), EW_OK);
    ck_assert_int_eq(ew_thread_start(&watcher, watch_counts, &meeting), EW_OK);
    ck_assert_int_eq(ew_thread_start(&producer, produce, &meeting), EW_OK);
    consume(&meeting, &audit);
    ew_thread_join(producer);
    ew_thread_join(watcher);
    check_counts(&meeting, &audit);
    ew_queue_destroy(meeting.queue);
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("queue threads");
    TCase *threads = tcase_create("two threads");
    tcase_set_timeout(threads, 120);
    tcase_add_loop_test(
        threads, two_threads__records_of_all_sizes__come_whole_and_in_order_or_are_counted, 0, 5);
    suite_add_tcase(suite, threads);
    return suite;
}
