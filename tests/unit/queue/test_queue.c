/* SPDX-License-Identifier: Apache-2.0 */
/* The ring on one thread: what is seen when, what is dropped and counted, and its edges. */
#include "etwitness/queue.h"
#include "support/check_main.h"
#include "unit/queue/queue_suite.h"

#include <stdlib.h>
#include <string.h>

enum { RING_BYTES = EW_QUEUE_BYTES_MIN, HEAD_BYTES = 8, BATCH_RECORDS = 32 };

static struct ew_queue *make_queue(uint32_t reserve_permille)
{
    struct ew_queue_options options = {.bytes = RING_BYTES, .reserve_permille = reserve_permille};
    struct ew_queue *queue = NULL;
    ck_assert_int_eq(ew_queue_create(&options, &queue), EW_OK);
    ck_assert_ptr_nonnull(queue);
    return queue;
}

static void fill(uint8_t *record, size_t byte_count, uint32_t seed)
{
    for (size_t i = 0; i < byte_count; i++) {
        record[i] = (uint8_t)((seed * 31 + i) ^ i >> 8);
    }
}

static void check_bytes(const uint8_t *record, size_t byte_count, uint32_t seed)
{
    for (size_t i = 0; i < byte_count; i++) {
        if (record[i] != (uint8_t)((seed * 31 + i) ^ i >> 8)) {
            ck_abort_msg("byte %zu of record %u is wrong", i, seed);
        }
    }
}

static bool put(struct ew_queue *queue, size_t byte_count, enum ew_queue_class record_class,
                uint32_t seed)
{
    uint8_t *record = ew_queue_reserve(queue, byte_count, record_class);
    if (record == NULL) {
        return false;
    }
    ck_assert_uint_eq((uintptr_t)record % 8, 0);
    fill(record, byte_count, seed);
    ew_queue_commit(queue);
    return true;
}

/* Takes one record and checks that it is the one put with `seed`. */
static void take(struct ew_queue *queue, size_t byte_count, uint32_t seed)
{
    size_t got_bytes = 0;
    const uint8_t *record = ew_queue_peek(queue, &got_bytes);
    ck_assert_ptr_nonnull(record);
    ck_assert_uint_eq(got_bytes, byte_count);
    check_bytes(record, byte_count, seed);
    ew_queue_advance(queue);
}

static bool is_empty(struct ew_queue *queue)
{
    size_t byte_count = 0;
    return ew_queue_peek(queue, &byte_count) == NULL;
}

/* Puts records of one size until one is dropped; how many were taken. */
static uint32_t put_until_full(struct ew_queue *queue, size_t byte_count,
                               enum ew_queue_class record_class)
{
    uint32_t count = 0;
    while (put(queue, byte_count, record_class, count)) {
        count++;
    }
    return count;
}

START_TEST(create__options_out_of_range__are_refused)
{
    static const struct ew_queue_options bad[] = {
        {.bytes = 0},
        {.bytes = EW_QUEUE_BYTES_MIN / 2},
        {.bytes = EW_QUEUE_BYTES_MIN + 8},
        {.bytes = (size_t)EW_QUEUE_BYTES_MAX * 2},
        {.bytes = EW_QUEUE_BYTES_MIN, .reserve_permille = 901},
    };
    struct ew_queue *queue = NULL;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ck_assert_int_eq(ew_queue_create(&bad[i], &queue), EW_USAGE);
        ck_assert_ptr_null(queue);
    }
    ew_queue_destroy(NULL);
}
END_TEST

START_TEST(peek__new_queue__finds_nothing_and_counts_nothing)
{
    struct ew_queue *queue = make_queue(0);
    ck_assert(is_empty(queue));
    ew_queue_look(queue);
    ew_queue_advance(queue);
    ew_queue_release(queue);
    ew_queue_publish(queue);
    ck_assert(is_empty(queue));
    struct ew_queue_counts counts = ew_queue_counts(queue);
    ck_assert_uint_eq(counts.records, 0);
    ck_assert_uint_eq(counts.bytes, 0);
    ck_assert_uint_eq(counts.waiting_bytes, 0);
    ck_assert_uint_eq(counts.high_bytes, 0);
    ck_assert_uint_eq(counts.capacity_bytes, RING_BYTES);
    ew_queue_destroy(queue);
}
END_TEST

START_TEST(batch__fewer_than_32_small_records__are_not_seen_until_the_32nd)
{
    struct ew_queue *queue = make_queue(0);
    for (uint32_t i = 0; i < BATCH_RECORDS; i++) {
        ck_assert(is_empty(queue));
        ck_assert(put(queue, 16, EW_QUEUE_SAMPLE, i));
    }
    for (uint32_t i = 0; i < BATCH_RECORDS; i++) {
        take(queue, 16, i);
    }
    ck_assert(put(queue, 16, EW_QUEUE_SAMPLE, 0));
    ck_assert(is_empty(queue));
    ew_queue_destroy(queue);
}
END_TEST

START_TEST(batch__a_few_kilobytes__are_seen_before_the_32nd_record)
{
    struct ew_queue *queue = make_queue(0);
    uint32_t count = 0;
    do {
        ck_assert(put(queue, 1000, EW_QUEUE_SAMPLE, count));
        count++;
    } while (is_empty(queue) && count < BATCH_RECORDS);
    ck_assert_uint_ge(count, 4);
    ck_assert_uint_le(count, 17);
    ew_queue_destroy(queue);
}
END_TEST

START_TEST(publish__part_of_a_batch__is_seen)
{
    struct ew_queue *queue = make_queue(0);
    ck_assert(put(queue, 100, EW_QUEUE_SAMPLE, 1));
    ck_assert(put(queue, 101, EW_QUEUE_STATE, 2));
    ck_assert(is_empty(queue));
    ew_queue_publish(queue);
    take(queue, 100, 1);
    take(queue, 101, 2);
    ck_assert(is_empty(queue));
    ew_queue_destroy(queue);
}
END_TEST

START_TEST(look__part_of_a_batch__is_seen_and_the_later_batch_as_well)
{
    struct ew_queue *queue = make_queue(0);
    for (uint32_t i = 0; i < BATCH_RECORDS + 3; i++) {
        ck_assert(put(queue, 8, EW_QUEUE_SAMPLE, i));
    }
    ew_queue_look(queue);
    for (uint32_t i = 0; i < BATCH_RECORDS + 3; i++) {
        take(queue, 8, i);
    }
    /* What is published lies behind what was looked at, and must not lead back there. */
    ck_assert(is_empty(queue));
    ck_assert(put(queue, 8, EW_QUEUE_SAMPLE, 77));
    ck_assert(is_empty(queue));
    ew_queue_publish(queue);
    take(queue, 8, 77);
    ew_queue_destroy(queue);
}
END_TEST

START_TEST(reserve__without_commit__is_neither_seen_nor_counted)
{
    struct ew_queue *queue = make_queue(0);
    uint8_t *first = ew_queue_reserve(queue, 64, EW_QUEUE_STATE);
    ck_assert_ptr_nonnull(first);
    ew_queue_publish(queue);
    ew_queue_look(queue);
    ck_assert(is_empty(queue));
    ck_assert_uint_eq(ew_queue_counts(queue).records, 0);
    ck_assert_uint_eq(ew_queue_counts(queue).bytes, 0);
    ew_queue_destroy(queue);
}
END_TEST

START_TEST(peek__twice__is_the_same_record)
{
    struct ew_queue *queue = make_queue(0);
    size_t byte_count = 0;
    ck_assert(put(queue, 24, EW_QUEUE_STATE, 5));
    ck_assert(put(queue, 25, EW_QUEUE_STATE, 6));
    ew_queue_publish(queue);
    const void *first = ew_queue_peek(queue, &byte_count);
    ck_assert_ptr_eq(ew_queue_peek(queue, &byte_count), first);
    ew_queue_release(queue);
    take(queue, 24, 5);
    ew_queue_advance(queue); /* nothing was peeked */
    take(queue, 25, 6);
    ew_queue_destroy(queue);
}
END_TEST

START_TEST(wrap__records_of_all_sizes_over_many_laps__keep_their_bytes)
{
    struct ew_queue *queue = make_queue(100);
    uint32_t taken = 0;
    size_t sizes[64] = {0};
    for (uint32_t i = 0; i < 20000; i++) {
        sizes[i % 64] = 1 + (size_t)i * 7919 % 2000 + (i % 997 == 0 ? 100000 : 0);
        ck_assert(put(queue, sizes[i % 64], EW_QUEUE_STATE, i));
        if (i % 7 == 6) {
            ew_queue_look(queue);
        }
        while (i - taken > 4 && !is_empty(queue)) {
            take(queue, sizes[taken % 64], taken);
            taken++;
        }
        ck_assert_uint_lt(i - taken, 60);
    }
    struct ew_queue_counts counts = ew_queue_counts(queue);
    ck_assert_uint_eq(counts.records, 20000);
    ck_assert_uint_gt(counts.bytes, UINT64_C(20) * RING_BYTES);
    ck_assert_uint_eq(counts.dropped[EW_QUEUE_STATE], 0);
    ew_queue_destroy(queue);
}
END_TEST

START_TEST(record__of_the_largest_size__fits_and_may_run_over_the_end)
{
    struct ew_queue *queue = make_queue(0);
    for (uint32_t i = 0; i < 30; i++) {
        ck_assert(put(queue, EW_QUEUE_RECORD_BYTES_MAX, EW_QUEUE_SAMPLE, i));
        take(queue, EW_QUEUE_RECORD_BYTES_MAX, i); /* a batch of its own */
        ew_queue_release(queue);
    }
    ck_assert_uint_eq(ew_queue_counts(queue).waiting_bytes, 0);
    ew_queue_destroy(queue);
}
END_TEST

START_TEST(record__too_large__is_dropped_and_counted_by_class)
{
    struct ew_queue *queue = make_queue(0);
    ck_assert_ptr_null(ew_queue_reserve(queue, EW_QUEUE_RECORD_BYTES_MAX + 1, EW_QUEUE_STATE));
    ck_assert_ptr_null(ew_queue_reserve(queue, SIZE_MAX, EW_QUEUE_STATE));
    ck_assert_ptr_null(ew_queue_reserve(queue, SIZE_MAX - 7, EW_QUEUE_STATE));
    ck_assert(!ew_queue_put(queue, NULL, EW_QUEUE_RECORD_BYTES_MAX + 1, EW_QUEUE_SAMPLE));
    ck_assert(!ew_queue_put(queue, NULL, UINT32_MAX, EW_QUEUE_SAMPLE));
    struct ew_queue_counts counts = ew_queue_counts(queue);
    ck_assert_uint_eq(counts.dropped[EW_QUEUE_STATE], 3);
    ck_assert_uint_eq(counts.dropped[EW_QUEUE_SAMPLE], 2);
    ck_assert_uint_eq(counts.records, 0);
    ck_assert(put(queue, 1, EW_QUEUE_SAMPLE, 9));
    ew_queue_publish(queue);
    take(queue, 1, 9);
    ew_queue_destroy(queue);
}
END_TEST

START_TEST(record__without_bytes__is_a_record)
{
    struct ew_queue *queue = make_queue(0);
    ck_assert(put(queue, 0, EW_QUEUE_STATE, 1));
    ck_assert(put(queue, 3, EW_QUEUE_STATE, 2));
    ew_queue_publish(queue);
    take(queue, 0, 1);
    take(queue, 3, 2);
    ew_queue_destroy(queue);
}
END_TEST

START_TEST(put__of_all_sizes__is_a_reserve_a_copy_and_a_commit)
{
    static uint8_t bytes[EW_QUEUE_RECORD_BYTES_MAX];
    struct ew_queue *queue = make_queue(900);
    for (uint32_t i = 0; i < 3000; i++) {
        uint32_t byte_count = i % 500 == 499 ? sizeof bytes - i % 7 : i * 7919 % 9000;
        fill(bytes, byte_count, i);
        ck_assert(ew_queue_put(queue, bytes, byte_count, EW_QUEUE_STATE));
        ew_queue_publish(queue);
        take(queue, byte_count, i);
        ew_queue_release(queue);
    }
    ck_assert_uint_eq(ew_queue_counts(queue).records, 3000);
    while (ew_queue_put(queue, bytes, 1000, EW_QUEUE_SAMPLE)) {
    }
    ck_assert_uint_eq(ew_queue_counts(queue).waiting_bytes, RING_BYTES / 10 / 1008 * 1008);
    ck_assert_uint_eq(ew_queue_counts(queue).dropped[EW_QUEUE_SAMPLE], 1);
    ew_queue_destroy(queue);
}
END_TEST

START_TEST(full__to_the_last_byte__holds_the_whole_ring_and_drops_the_next)
{
    struct ew_queue *queue = make_queue(0);
    uint32_t count = put_until_full(queue, 1024 - HEAD_BYTES, EW_QUEUE_SAMPLE);
    ck_assert_uint_eq(count, RING_BYTES / 1024);
    struct ew_queue_counts counts = ew_queue_counts(queue);
    ck_assert_uint_eq(counts.waiting_bytes, RING_BYTES);
    ck_assert_uint_eq(counts.high_bytes, RING_BYTES);
    ck_assert_uint_eq(counts.dropped[EW_QUEUE_SAMPLE], 1);
    ck_assert_uint_eq(counts.dropped[EW_QUEUE_STATE], 0);
    ew_queue_publish(queue);
    for (uint32_t i = 0; i < count; i++) {
        take(queue, 1024 - HEAD_BYTES, i);
    }
    ck_assert(is_empty(queue));
    ew_queue_destroy(queue);
}
END_TEST

START_TEST(room__stepped_over__comes_back_in_eighths_and_at_a_release)
{
    struct ew_queue *queue = make_queue(0);
    uint32_t count = put_until_full(queue, 1024 - HEAD_BYTES, EW_QUEUE_STATE);
    for (uint32_t i = 0; i < count / 8 - 1; i++) {
        take(queue, 1024 - HEAD_BYTES, i);
    }
    ck_assert(!put(queue, 8, EW_QUEUE_STATE, 0));
    take(queue, 1024 - HEAD_BYTES, count / 8 - 1);
    ck_assert_uint_eq(put_until_full(queue, 1024 - HEAD_BYTES, EW_QUEUE_STATE), count / 8);
    take(queue, 1024 - HEAD_BYTES, count / 8);
    ck_assert(!put(queue, 8, EW_QUEUE_STATE, 0));
    ew_queue_release(queue);
    ck_assert(put(queue, 1024 - HEAD_BYTES, EW_QUEUE_STATE, 0));
    ck_assert(!put(queue, 8, EW_QUEUE_STATE, 0));
    ew_queue_destroy(queue);
}
END_TEST

START_TEST(reserve_share__samples_stop_before_it__state_fills_the_rest)
{
    struct ew_queue *queue = make_queue(250);
    uint32_t samples = put_until_full(queue, 1024 - HEAD_BYTES, EW_QUEUE_SAMPLE);
    ck_assert_uint_eq(samples, RING_BYTES / 1024 * 3 / 4);
    uint32_t states = put_until_full(queue, 1024 - HEAD_BYTES, EW_QUEUE_STATE);
    ck_assert_uint_eq(states, RING_BYTES / 1024 / 4);
    ck_assert(!put(queue, 8, EW_QUEUE_SAMPLE, 0));
    struct ew_queue_counts counts = ew_queue_counts(queue);
    ck_assert_uint_eq(counts.dropped[EW_QUEUE_SAMPLE], 2);
    ck_assert_uint_eq(counts.dropped[EW_QUEUE_STATE], 1);
    ck_assert_uint_eq(counts.records, samples + states);
    ew_queue_destroy(queue);
}
END_TEST

START_TEST(reserve_share__used_by_state__samples_wait_until_all_of_it_is_free)
{
    struct ew_queue *queue = make_queue(500);
    uint32_t count = put_until_full(queue, 1024 - HEAD_BYTES, EW_QUEUE_STATE);
    for (uint32_t i = 0; i < count / 2; i++) {
        take(queue, 1024 - HEAD_BYTES, i);
        ew_queue_release(queue);
        ck_assert(!put(queue, 8, EW_QUEUE_SAMPLE, 0));
    }
    take(queue, 1024 - HEAD_BYTES, count / 2);
    ew_queue_release(queue);
    ck_assert(put(queue, 8, EW_QUEUE_SAMPLE, 0));
    ew_queue_destroy(queue);
}
END_TEST

START_TEST(high__the_most_that_waited__stays_when_the_ring_empties)
{
    struct ew_queue *queue = make_queue(0);
    for (uint32_t i = 0; i < 10; i++) {
        ck_assert(put(queue, 1024 - HEAD_BYTES, EW_QUEUE_STATE, i));
    }
    ew_queue_publish(queue);
    for (uint32_t i = 0; i < 10; i++) {
        take(queue, 1024 - HEAD_BYTES, i);
    }
    ew_queue_release(queue);
    ck_assert(put(queue, 8, EW_QUEUE_STATE, 0));
    ew_queue_publish(queue);
    struct ew_queue_counts counts = ew_queue_counts(queue);
    ck_assert_uint_eq(counts.high_bytes, 10 * 1024);
    ck_assert_uint_eq(counts.waiting_bytes, 16);
    ck_assert_uint_eq(counts.bytes, 10 * 1024 + 16);
    ew_queue_destroy(queue);
}
END_TEST

static TCase *ring_case(void)
{
    TCase *ring = tcase_create("ring");
    tcase_set_timeout(ring, 90);
    tcase_add_test(ring, create__options_out_of_range__are_refused);
    tcase_add_test(ring, peek__new_queue__finds_nothing_and_counts_nothing);
    tcase_add_test(ring, batch__fewer_than_32_small_records__are_not_seen_until_the_32nd);
    tcase_add_test(ring, batch__a_few_kilobytes__are_seen_before_the_32nd_record);
    tcase_add_test(ring, publish__part_of_a_batch__is_seen);
    tcase_add_test(ring, look__part_of_a_batch__is_seen_and_the_later_batch_as_well);
    tcase_add_test(ring, reserve__without_commit__is_neither_seen_nor_counted);
    tcase_add_test(ring, peek__twice__is_the_same_record);
    tcase_add_test(ring, wrap__records_of_all_sizes_over_many_laps__keep_their_bytes);
    tcase_add_test(ring, record__of_the_largest_size__fits_and_may_run_over_the_end);
    tcase_add_test(ring, record__too_large__is_dropped_and_counted_by_class);
    tcase_add_test(ring, record__without_bytes__is_a_record);
    tcase_add_test(ring, put__of_all_sizes__is_a_reserve_a_copy_and_a_commit);
    tcase_add_test(ring, full__to_the_last_byte__holds_the_whole_ring_and_drops_the_next);
    tcase_add_test(ring, room__stepped_over__comes_back_in_eighths_and_at_a_release);
    tcase_add_test(ring, reserve_share__samples_stop_before_it__state_fills_the_rest);
    tcase_add_test(ring, reserve_share__used_by_state__samples_wait_until_all_of_it_is_free);
    tcase_add_test(ring, high__the_most_that_waited__stays_when_the_ring_empties);
    return ring;
}

Suite *ew_suite(void)
{
    Suite *suite = suite_create("queue");
    suite_add_tcase(suite, ring_case());
    suite_add_tcase(suite, events_case());
    return suite;
}
