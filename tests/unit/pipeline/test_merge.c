/* SPDX-License-Identifier: Apache-2.0 */
/* Two queues become one sequence in time, and nothing waits longer than it must. */
#include "pipeline/merge.h"
#include "support/check_main.h"

#include <string.h>

#define MS UINT64_C(1000000)
#define ORIGIN UINT64_C(132223104000000000)

static struct ew_queue *queues[EW_CAPTURE_QUEUE_COUNT];
static struct merge merge;
static bool clock_known;

static bool tell_clock(void *context, size_t queue, struct ew_capture_clock *clock_out)
{
    (void)context;
    (void)queue;
    *clock_out = (struct ew_capture_clock){
        .frequency = 10000000, .origin_raw = 1000, .origin_100ns = ORIGIN};
    return clock_known;
}

static const struct ew_capture capture = {.clock = tell_clock};

static void set_up(void)
{
    const struct ew_queue_options options = {.bytes = EW_QUEUE_BYTES_MIN};
    for (size_t i = 0; i < EW_CAPTURE_QUEUE_COUNT; i++) {
        ck_assert_int_eq(ew_queue_create(&options, &queues[i]), EW_OK);
    }
    memset(&merge, 0, sizeof merge);
    merge.capture = &capture;
    merge.hold_ns = 1000 * MS;
    merge_init(&merge, queues);
    clock_known = true;
}

static void tear_down(void)
{
    for (size_t i = 0; i < EW_CAPTURE_QUEUE_COUNT; i++) {
        ew_queue_destroy(queues[i]);
    }
}

static void put(size_t queue, uint64_t time_raw)
{
    static const struct ew_guid provider;
    struct ew_event event = {.time_raw = time_raw, .provider = &provider};
    ck_assert_ptr_nonnull(ew_queue_reserve_event(queues[queue], &event, EW_QUEUE_STATE));
    ew_queue_commit(queues[queue]);
}

/* The raw time of the next event, which is taken; 0 when there is none. */
static uint64_t take(uint64_t now_ns)
{
    struct ew_event event;
    if (!merge_next(&merge, now_ns, &event)) {
        return 0;
    }
    ck_assert_uint_eq(event.time_100ns, ORIGIN + event.time_raw - 1000);
    merge_advance(&merge);
    return event.time_raw;
}

START_TEST(merge__of_two_queues__is_in_order_of_time)
{
    put(EW_CAPTURE_KERNEL, 2001);
    put(EW_CAPTURE_KERNEL, 2003);
    put(EW_CAPTURE_KERNEL, 2005);
    put(EW_CAPTURE_USER, 2002);
    put(EW_CAPTURE_USER, 2004);
    merge_poll(&merge, MS);
    ck_assert_uint_eq(take(MS), 2001);
    ck_assert_uint_eq(take(MS), 2002);
    ck_assert_uint_eq(take(MS), 2003);
    ck_assert_uint_eq(take(MS), 2004);
    /* The other queue is empty: what it may still bring could be earlier. */
    ck_assert_uint_eq(take(MS), 0);
    ck_assert(!merge_is_empty(&merge));
    ck_assert_uint_eq(take(1001 * MS), 2005);
    ck_assert(merge_is_empty(&merge));
}
END_TEST

START_TEST(merge__of_equal_times__takes_the_kernel_first)
{
    put(EW_CAPTURE_USER, 2001);
    put(EW_CAPTURE_KERNEL, 2001);
    merge_poll(&merge, MS);
    struct ew_event event;
    ck_assert(merge_next(&merge, MS, &event));
    ck_assert_uint_eq(merge.current, EW_CAPTURE_KERNEL);
}
END_TEST

/* What lies behind the head has waited as well: a backlog does not wait once for each event. */
START_TEST(merge__of_a_backlog__waits_once)
{
    for (uint64_t i = 0; i < 100; i++) {
        put(EW_CAPTURE_KERNEL, 2000 + i);
    }
    merge_poll(&merge, MS);
    put(EW_CAPTURE_KERNEL, 3000);
    merge_poll(&merge, 500 * MS);
    ck_assert_uint_eq(take(1000 * MS), 0);
    for (uint64_t i = 0; i < 100; i++) {
        ck_assert_uint_eq(take(1001 * MS), 2000 + i);
    }
    ck_assert_uint_eq(take(1001 * MS), 0);
    ck_assert_uint_eq(take(1500 * MS), 3000);
}
END_TEST

START_TEST(merge__of_more_marks_than_are_kept__waits_longer_and_loses_nothing)
{
    for (uint64_t i = 0; i < MERGE_MARKS + 50; i++) {
        put(EW_CAPTURE_KERNEL, 2000 + i);
        merge_poll(&merge, i * MS);
    }
    uint64_t taken = 0;
    for (uint64_t now_ms = 1000; now_ms < 3000; now_ms++) {
        while (take(now_ms * MS) != 0) {
            taken++;
        }
    }
    ck_assert_uint_eq(taken, MERGE_MARKS + 50);
}
END_TEST

START_TEST(merge__when_nothing_more_will_come__waits_for_nobody)
{
    put(EW_CAPTURE_USER, 2001);
    merge_poll(&merge, MS);
    ck_assert_uint_eq(take(MS), 0);
    merge.ended = true;
    ck_assert_uint_eq(take(MS), 2001);
}
END_TEST

START_TEST(merge__of_notices__waits_for_none_and_is_not_waited_for)
{
    put(EW_CAPTURE_NOTICES, 2001);
    put(EW_CAPTURE_KERNEL, 2002);
    put(EW_CAPTURE_USER, 2003);
    merge_poll(&merge, MS);
    ck_assert_uint_eq(take(MS), 2001);
    ck_assert_uint_eq(take(MS), 2002);
}
END_TEST

START_TEST(merge__before_a_clock_is_known__keeps_events)
{
    clock_known = false;
    put(EW_CAPTURE_KERNEL, 2001);
    merge_poll(&merge, MS);
    merge.ended = true;
    ck_assert_uint_eq(take(MS), 0);
    clock_known = true;
    ck_assert_uint_eq(take(MS), 2001);
}
END_TEST

START_TEST(merge__that_is_dropped__says_how_much)
{
    put(EW_CAPTURE_KERNEL, 2001);
    put(EW_CAPTURE_KERNEL, 2002);
    put(EW_CAPTURE_USER, 2003);
    merge_poll(&merge, MS);
    ck_assert_uint_eq(take(MS), 2001);
    ck_assert_uint_eq(merge_drop(&merge), 2);
    ck_assert(merge_is_empty(&merge));
}
END_TEST

START_TEST(filetime__before_and_far_after_the_origin__saturates)
{
    const struct ew_capture_clock clock = {
        .frequency = 24000000, .origin_raw = 48000000, .origin_100ns = ORIGIN};
    ck_assert_uint_eq(merge_filetime(&clock, 48000000), ORIGIN);
    ck_assert_uint_eq(merge_filetime(&clock, 72000000), ORIGIN + 10000000);
    ck_assert_uint_eq(merge_filetime(&clock, 24000000), ORIGIN - 10000000);
    ck_assert_uint_eq(merge_filetime(&clock, 48000012), ORIGIN + 5);
    const struct ew_capture_clock young = {
        .frequency = 1, .origin_raw = 100, .origin_100ns = 10000000};
    ck_assert_uint_eq(merge_filetime(&young, 0), 0);
    ck_assert_uint_eq(merge_filetime(&young, UINT64_MAX), UINT64_MAX);
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("merge");
    TCase *tests = tcase_create("merge");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, merge__of_two_queues__is_in_order_of_time);
    tcase_add_test(tests, merge__of_equal_times__takes_the_kernel_first);
    tcase_add_test(tests, merge__of_a_backlog__waits_once);
    tcase_add_test(tests, merge__of_more_marks_than_are_kept__waits_longer_and_loses_nothing);
    tcase_add_test(tests, merge__when_nothing_more_will_come__waits_for_nobody);
    tcase_add_test(tests, merge__of_notices__waits_for_none_and_is_not_waited_for);
    tcase_add_test(tests, merge__before_a_clock_is_known__keeps_events);
    tcase_add_test(tests, merge__that_is_dropped__says_how_much);
    tcase_add_test(tests, filetime__before_and_far_after_the_origin__saturates);
    suite_add_tcase(suite, tests);
    return suite;
}
