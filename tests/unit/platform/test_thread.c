/* SPDX-License-Identifier: Apache-2.0 */
/* Threads, locks and waiting. A program of its own, which the thread sanitizer runs too. */
#include "platform/clock.h"
#include "platform/thread.h"
#include "support/check_main.h"

#include <stddef.h>

enum { THREADS = 4, ROUNDS = 20000 };

#define NS_PER_MS UINT64_C(1000000)

/* What the threads of one test share. */
struct shared {
    struct ew_mutex *mutex;
    struct ew_condition *condition;
    unsigned count;
    unsigned waiting;
    unsigned woken;
    bool open;
};

static void shared_create(struct shared *shared)
{
    *shared = (struct shared){0};
    ck_assert_int_eq(ew_mutex_create(&shared->mutex), EW_OK);
    ck_assert_int_eq(ew_condition_create(&shared->condition), EW_OK);
}

static void shared_destroy(struct shared *shared)
{
    ew_condition_destroy(shared->condition);
    ew_mutex_destroy(shared->mutex);
}

static void write_one(void *context)
{
    *(int *)context += 1;
}

START_TEST(thread__joined__has_run_once_with_its_context)
{
    struct ew_thread *thread = NULL;
    int value = 41;
    ck_assert_int_eq(ew_thread_start(&thread, write_one, &value), EW_OK);
    ew_thread_join(thread);
    ck_assert_int_eq(value, 42);
}
END_TEST

START_TEST(thread__nothing__can_be_joined_and_destroyed)
{
    ew_thread_join(NULL);
    ew_mutex_destroy(NULL);
    ew_condition_destroy(NULL);
}
END_TEST

static void count_under_lock(void *context)
{
    struct shared *shared = context;
    for (int i = 0; i < ROUNDS; i++) {
        ew_mutex_lock(shared->mutex);
        shared->count++;
        ew_mutex_unlock(shared->mutex);
    }
}

START_TEST(mutex__four_threads_counting__lose_nothing)
{
    struct shared shared;
    struct ew_thread *threads[THREADS] = {NULL};
    shared_create(&shared);
    for (int i = 0; i < THREADS; i++) {
        ck_assert_int_eq(ew_thread_start(&threads[i], count_under_lock, &shared), EW_OK);
    }
    for (int i = 0; i < THREADS; i++) {
        ew_thread_join(threads[i]);
    }
    ck_assert_uint_eq(shared.count, THREADS * ROUNDS);
    shared_destroy(&shared);
}
END_TEST

static void wait_for_opening(void *context)
{
    struct shared *shared = context;
    ew_mutex_lock(shared->mutex);
    shared->waiting++;
    while (!shared->open) {
        (void)ew_condition_wait(shared->condition, shared->mutex, EW_WAIT_FOREVER);
    }
    shared->woken++;
    ew_mutex_unlock(shared->mutex);
}

static void wait_until_waiting(struct shared *shared, unsigned count)
{
    for (;;) {
        ew_mutex_lock(shared->mutex);
        bool all = shared->waiting == count;
        ew_mutex_unlock(shared->mutex);
        if (all) {
            return;
        }
        ew_sleep_ms(1);
    }
}

START_TEST(condition__broadcast__wakes_all_that_wait)
{
    struct shared shared;
    struct ew_thread *threads[THREADS] = {NULL};
    shared_create(&shared);
    for (int i = 0; i < THREADS; i++) {
        ck_assert_int_eq(ew_thread_start(&threads[i], wait_for_opening, &shared), EW_OK);
    }
    wait_until_waiting(&shared, THREADS);
    ew_mutex_lock(shared.mutex);
    ck_assert_uint_eq(shared.woken, 0);
    shared.open = true;
    ew_condition_broadcast(shared.condition);
    ew_mutex_unlock(shared.mutex);
    for (int i = 0; i < THREADS; i++) {
        ew_thread_join(threads[i]);
    }
    ck_assert_uint_eq(shared.woken, THREADS);
    shared_destroy(&shared);
}
END_TEST

START_TEST(condition__signal_after_the_lock_was_given_back__wakes_the_one_that_waits)
{
    struct shared shared;
    struct ew_thread *thread = NULL;
    shared_create(&shared);
    ck_assert_int_eq(ew_thread_start(&thread, wait_for_opening, &shared), EW_OK);
    wait_until_waiting(&shared, 1);
    ew_mutex_lock(shared.mutex);
    shared.open = true;
    ew_mutex_unlock(shared.mutex);
    ew_condition_signal(shared.condition);
    ew_thread_join(thread);
    ck_assert_uint_eq(shared.woken, 1);
    shared_destroy(&shared);
}
END_TEST

/* Waits out the whole time, whatever wakes it early; true when a wait timed out. */
static bool wait_out(struct shared *shared, uint32_t timeout_ms)
{
    for (int i = 0; i < 100; i++) {
        if (!ew_condition_wait(shared->condition, shared->mutex, timeout_ms)) {
            return true;
        }
    }
    return false;
}

START_TEST(condition__nobody_signals__the_wait_ends_after_its_time)
{
    static const uint32_t timeouts_ms[] = {0, 1, 30, 1100};
    struct shared shared;
    shared_create(&shared);
    ew_mutex_lock(shared.mutex);
    for (size_t i = 0; i < sizeof timeouts_ms / sizeof timeouts_ms[0]; i++) {
        uint64_t start_ns = ew_clock_monotonic_ns();
        ck_assert(wait_out(&shared, timeouts_ms[i]));
        uint64_t passed_ns = ew_clock_monotonic_ns() - start_ns;
        /* Windows may end a wait up to a tick early. */
        ck_assert_uint_ge(passed_ns + 16 * NS_PER_MS, timeouts_ms[i] * NS_PER_MS);
    }
    ew_mutex_unlock(shared.mutex);
    shared_destroy(&shared);
}
END_TEST

START_TEST(sleep__some_time__takes_at_least_that)
{
    uint64_t start_ns = ew_clock_monotonic_ns();
    ew_sleep_ms(0);
    ew_sleep_ms(20);
    ck_assert_uint_ge(ew_clock_monotonic_ns() - start_ns + NS_PER_MS, 20 * NS_PER_MS);
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("thread");
    TCase *all = tcase_create("threads, locks, waiting");
    tcase_set_timeout(all, 90);
    tcase_add_test(all, thread__joined__has_run_once_with_its_context);
    tcase_add_test(all, thread__nothing__can_be_joined_and_destroyed);
    tcase_add_test(all, mutex__four_threads_counting__lose_nothing);
    tcase_add_test(all, condition__broadcast__wakes_all_that_wait);
    tcase_add_test(all,
                   condition__signal_after_the_lock_was_given_back__wakes_the_one_that_waits);
    tcase_add_test(all, condition__nobody_signals__the_wait_ends_after_its_time);
    tcase_add_test(all, sleep__some_time__takes_at_least_that);
    suite_add_tcase(suite, all);
    return suite;
}
