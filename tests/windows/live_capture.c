/* SPDX-License-Identifier: Apache-2.0 */
/* Live capture against the stand-in: right use, losses, deaths, failures, and nothing left. */
#include "capture/live/etw_compat.h"
#include "etwitness/recording.h"
#include "support/check_main.h"
#include "windows/live_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct world world;

/* What a test that failed has left running. */
static void tear_down(void)
{
    world_close(&world);
    world_play(NULL);
}

static uint64_t counted(const struct world *of, size_t which)
{
    struct ew_capture_counts counts;
    of->capture.counts(of->capture.context, &counts);
    const uint64_t values[] = {counts.events,        counts.filtered,     counts.damaged,
                               counts.events_lost,   counts.buffers_lost, counts.restarts,
                               counts.interval_100ns};
    return values[which];
}

enum { EVENTS, FILTERED, DAMAGED, EVENTS_LOST, BUFFERS_LOST, RESTARTS, INTERVAL };

/* --- the events themselves ---------------------------------------------------------------- */

/* The recording is read along: what comes through a queue must come in its order. */
struct reading {
    struct ew_recording *recording;
    uint64_t found;
    uint64_t skipped;
};

static struct reading readings[2];

static void open_readings(void)
{
    const char *path = world_recording();
    struct ew_error error = {0};
    for (size_t i = 0; i < 2; i++) {
        memset(&readings[i], 0, sizeof readings[i]);
        ck_assert_msg(ew_recording_open(&path, 1, EW_ORDER_TIME, &readings[i].recording, &error)
                          == EW_OK,
                      "%s", error.text);
    }
}

static bool is_kernel(const struct ew_event *event)
{
    return event->kind == EW_EVENT_KERNEL || event->kind == EW_EVENT_CLASSIC;
}

static bool is_same(const struct ew_event *event, const struct ew_event *other)
{
    return event->time_raw == other->time_raw && event->opcode == other->opcode
           && event->id == other->id && event->version == other->version
           && event->payload_bytes == other->payload_bytes
           && ew_guid_equal(event->provider, other->provider)
           && memcmp(event->payload, other->payload, event->payload_bytes) == 0;
}

/* The items that stages read, in the recording's order, and no others. */
static void expect_items(const struct ew_event *event, const struct ew_event *expected)
{
    struct ew_item item;
    struct ew_item other;
    uint32_t offset = 0;
    uint32_t other_offset = 0;
    while (ew_event_next_item(expected, &other_offset, &other)) {
        if (other.type != EW_ITEM_STACK_TRACE32 && other.type != EW_ITEM_STACK_TRACE64
            && other.type != EW_ITEM_CONTAINER_ID && other.type != EW_ITEM_PROCESS_START_KEY) {
            continue;
        }
        ck_assert(ew_event_next_item(event, &offset, &item));
        ck_assert_uint_eq(item.type, other.type);
        ck_assert_uint_eq(item.data_bytes, other.data_bytes);
        ck_assert_mem_eq(item.data, other.data, other.data_bytes);
    }
    ck_assert(!ew_event_next_item(event, &offset, &item));
}

static void read_along(void *context, size_t queue, const struct ew_event *event)
{
    struct reading *reading = &readings[queue];
    struct ew_event expected;
    struct ew_error error = {0};
    (void)context;
    ck_assert_uint_lt(queue, 2);
    if (ew_guid_equal(event->provider, &ew_guid_event_trace) && event->opcode == 0) {
        reading->found++; /* the header event tells of the session that plays */
        return;
    }
    while (ew_recording_next(reading->recording, &expected, &error) == EW_OK) {
        if (is_kernel(&expected) != (queue == EW_CAPTURE_KERNEL)) {
            continue;
        }
        if (!is_same(event, &expected)) {
            reading->skipped++;
            continue;
        }
        ck_assert_uint_eq(event->time_100ns, expected.time_100ns);
        ck_assert_uint_eq(event->process_id, expected.process_id);
        ck_assert_uint_eq(event->thread_id, expected.thread_id);
        ck_assert_uint_eq(event->cpu, expected.cpu);
        ck_assert_uint_eq(event->pointer_bytes, expected.pointer_bytes);
        expect_items(event, &expected);
        reading->found++;
        return;
    }
    ck_abort_msg("an event of queue %zu, id %u opcode %u, is not in the recording", queue,
                 (unsigned)event->id, (unsigned)event->opcode);
}

/* Plays all of the recording and holds what came against it. */
static void expect_all_events(uint64_t kernel_count, uint64_t user_count)
{
    world_plan("deliver=all\nrate=full\n", true);
    world_make(&world);
    open_readings();
    world.on_event = read_along;
    ck_assert_msg(world_start(&world, NULL), "%s", world.error.text);
    world_run_until(&world, EW_CAPTURE_KERNEL, kernel_count);
    world_run_until(&world, EW_CAPTURE_USER, user_count);
    world_run(&world, 1500);
    world_stop(&world);
    ck_assert_uint_eq(readings[0].found + readings[1].found + counted(&world, FILTERED),
                      counted(&world, EVENTS));
    ck_assert_uint_eq(counted(&world, DAMAGED), 0);
    for (size_t i = 0; i < 2; i++) {
        ck_assert_uint_eq(ew_queue_counts(world.queues[i]).dropped[EW_QUEUE_STATE], 0);
        ck_assert_uint_eq(ew_queue_counts(world.queues[i]).dropped[EW_QUEUE_SAMPLE], 0);
        ew_recording_close(readings[i].recording);
    }
    world_close(&world);
    world_expect_clean();
}

START_TEST(right_use__of_a_recording__brings_its_events_without_violation)
{
    expect_all_events(10000, 20);
}
END_TEST

START_TEST(right_use__of_real_recordings__brings_their_events)
{
    static const char *const names[] = {"pv-net.4.5.2.x64"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[512];
        (void)snprintf(path, sizeof path, "%s/%s.etl", EW_TRACES_DIR, names[i]);
        if (GetFileAttributesA(path) == INVALID_FILE_ATTRIBUTES) {
            (void)printf("skipped: there is no %s\n", path);
            continue;
        }
        world_play(path);
        expect_all_events(60000, 30000);
        world_play(NULL);
    }
}
END_TEST

START_TEST(clock__once_events_came__is_the_recordings)
{
    struct ew_capture_clock clock;
    world_plan("", true);
    world_make(&world);
    ck_assert_msg(world_start(&world, NULL), "%s", world.error.text);
    world_run_until(&world, EW_CAPTURE_KERNEL, 100);
    ck_assert(world.capture.clock(world.capture.context, EW_CAPTURE_USER, &clock));
    open_readings();
    const struct ew_recording_file *file = ew_recording_file(readings[0].recording, 0);
    ck_assert_uint_eq(clock.frequency, file->clock_frequency);
    ck_assert_uint_eq(clock.origin_raw, file->header_time_raw);
    ck_assert_uint_eq(clock.origin_100ns, file->start_time);
    ew_recording_close(readings[0].recording);
    ew_recording_close(readings[1].recording);
    world_stop(&world);
    world_close(&world);
    world_expect_clean();
}
END_TEST

START_TEST(rundown__after_it_is_complete_or_quiet__is_disabled)
{
    world_plan("", true);
    world_make(&world);
    ck_assert_msg(world_start(&world, NULL), "%s", world.error.text);
    world_run(&world, 4500);
    ck_assert(world_log_has("a669021c-c450-4609-a035-5af59af4df18"));
    world_stop(&world);
    world_close(&world);
    world_expect_clean();
}
END_TEST

START_TEST(interval__that_is_changed__is_given_back)
{
    world_plan("", false);
    world_make(&world);
    world.settings.kernel.interval_100ns = 5000;
    ck_assert_msg(world_start(&world, NULL), "%s", world.error.text);
    ck_assert_uint_eq(counted(&world, INTERVAL), 5000);
    world_run(&world, 100);
    world_stop(&world);
    world_close(&world);
    world_expect_clean();
}
END_TEST

/* --- losses ------------------------------------------------------------------------------- */

START_TEST(losses__that_etw_tells__are_counted)
{
    world_plan("lose=events:7\nlose=buffers:3\n", true);
    world_make(&world);
    ck_assert_msg(world_start(&world, NULL), "%s", world.error.text);
    world_run(&world, 2500);
    world_stop(&world);
    ck_assert_uint_ge(counted(&world, EVENTS_LOST), 7);
    ck_assert_uint_ge(counted(&world, BUFFERS_LOST), 3);
    world_close(&world);
    world_expect_clean();
}
END_TEST

/* --- death -------------------------------------------------------------------------------- */

static void expect_restart(const char *plan)
{
    struct ew_capture_gap gap = {0};
    world_plan(plan, true);
    world_make(&world);
    ck_assert_msg(world_start(&world, NULL), "%s", world.error.text);
    world_run(&world, 3000);
    ck_assert(world_was_told(&world, "was ended from outside"));
    ck_assert(world_was_told(&world, "is back"));
    ck_assert_uint_eq(counted(&world, RESTARTS), 1);
    world_stop(&world);
    ck_assert(world.capture.take_gap(world.capture.context, &gap));
    ck_assert_uint_ne(gap.start_100ns, 0);
    ck_assert_uint_le(gap.start_100ns, gap.end_100ns);
    ck_assert(!world.capture.take_gap(world.capture.context, &gap));
    world_close(&world);
    world_expect_clean();
}

START_TEST(kernel_session__that_dies__comes_back_and_leaves_a_gap)
{
    expect_restart("rate=real\ndie=kernel:500\n");
}
END_TEST

START_TEST(user_session__that_ends_well_without_us__comes_back_too)
{
    expect_restart("rate=10x\ndie=user:10:0\n");
}
END_TEST

START_TEST(session__that_cannot_come_back__is_tried_more_and_more_rarely)
{
    world_plan("rate=real\ndie=kernel:500\nfail=StartTraceW:3:1455\nfail=StartTraceW:4:1455\n",
               true);
    world_make(&world);
    ck_assert_msg(world_start(&world, NULL), "%s", world.error.text);
    world_run(&world, 5000);
    ck_assert(world_was_told(&world, "memory is short"));
    ck_assert(world_was_told(&world, "is back"));
    ck_assert_uint_eq(counted(&world, RESTARTS), 1);
    world_stop(&world);
    world_close(&world);
    world_expect_clean();
}
END_TEST

START_TEST(abandon__in_the_middle__leaves_nothing)
{
    world_plan("rate=real\n", true);
    world_make(&world);
    ck_assert_msg(world_start(&world, NULL), "%s", world.error.text);
    world_run_until(&world, EW_CAPTURE_KERNEL, 100);
    world.capture.abandon(world.capture.context);
    struct ew_capture_counts counts;
    world.capture.counts(world.capture.context, &counts);
    ck_assert_int_eq(counts.state, EW_CAPTURE_STOPPED);
    world_close(&world);
    world_expect_clean();
}
END_TEST

/* --- every call fails once
 * ----------------------------------------------------------------------- */

static DWORD handle_count(void)
{
    DWORD count = 0;
    ck_assert(GetProcessHandleCount(GetCurrentProcess(), &count));
    return count;
}

/* One life in which call `call` fails. True when there was no such call any more. */
static bool live_with_failure(unsigned call, unsigned code)
{
    char plan[128];
    (void)snprintf(plan, sizeof plan, "fail=etw:%u:%u\nfail=privilege:%u:%u\n", call, code, call,
                   code);
    world_plan(plan, true);
    world_make(&world);
    world.settings.kernel.interval_100ns = 4000;
    if (world_start(&world, NULL)) {
        world_run(&world, 300);
        world_stop(&world);
    } else {
        ck_assert_str_ne(world.error.text, "");
        ck_assert_msg(strstr(world.error.text, "Windows error") != NULL, "%s", world.error.text);
    }
    world_close(&world);
    world_expect_clean();
    return !world_log_has("on demand");
}

static void fail_each(unsigned code)
{
    enum { CALLS_MAX = 100 };
    unsigned call = 1;
    while (!live_with_failure(call, code)) {
        call++;
        ck_assert_uint_lt(call, CALLS_MAX);
    }
    /* Two sessions take this many calls at the least. */
    ck_assert_uint_gt(call, 15);
}

START_TEST(each_call__denied_in_turn__leaves_nothing_behind)
{
    fail_each(ERROR_ACCESS_DENIED);
}
END_TEST

START_TEST(each_call__without_memory_in_turn__leaves_nothing_behind)
{
    fail_each(ERROR_COMMITMENT_LIMIT);
}
END_TEST

START_TEST(lives__one_after_the_other__leave_no_handle)
{
    enum { LIVES = 8 };
    DWORD before = 0;
    for (unsigned i = 0; i < LIVES; i++) {
        (void)live_with_failure(i < 4 ? 4 : 1000, ERROR_NOT_ENOUGH_MEMORY);
        if (i == 2) {
            before = handle_count();
        }
    }
    ck_assert_uint_le(handle_count(), before);
}
END_TEST

/* --- attached
 * ---------------------------------------------------------------------------------------- */

START_TEST(attached__to_anothers_session__only_consumes_it)
{
    world_plan("other-session=Theirs:01234567-89ab-cdef-0123-456789abcdef\n", true);
    world_make(&world);
    ck_assert_msg(world_start(&world, "Theirs"), "%s", world.error.text);
    world_run_until(&world, EW_CAPTURE_KERNEL, 1000);
    world_stop(&world);
    ck_assert(world_session_runs("Theirs"));
    ck_assert(!world_log_has("call: StartTraceW"));
    ck_assert(!world_log_has("call: EnableTraceEx2"));
    world_close(&world);
    world_expect_clean();
}
END_TEST

START_TEST(attached__to_nothing__is_refused)
{
    world_plan("", false);
    world_make(&world);
    bool started = world_start(&world, "Nothing");
    if (started) { /* Windows may notice only when it is consumed */
        world_run(&world, 200);
        ck_assert(world_was_told(&world, "was ended from outside"));
        world_stop(&world);
    }
    world_close(&world);
    world_expect_clean();
}
END_TEST

START_TEST(host__of_this_machine__has_processors_and_a_name)
{
    struct ew_capture_host host;
    world_plan("", false);
    world_make(&world);
    ck_assert_msg(world_start(&world, NULL), "%s", world.error.text);
    world.capture.host(world.capture.context, &host);
    ck_assert_uint_ge(host.cpu_count, 1);
    ck_assert_uint_ge(host.os_major, 6);
    ck_assert_str_eq(host.arch, "amd64");
    world_stop(&world);
    world_close(&world);
    world_expect_clean();
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("live capture");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 170);
    tcase_add_checked_fixture(tests, NULL, tear_down);
    tcase_add_test(tests, right_use__of_a_recording__brings_its_events_without_violation);
    tcase_add_test(tests, right_use__of_real_recordings__brings_their_events);
    tcase_add_test(tests, clock__once_events_came__is_the_recordings);
    tcase_add_test(tests, rundown__after_it_is_complete_or_quiet__is_disabled);
    tcase_add_test(tests, interval__that_is_changed__is_given_back);
    tcase_add_test(tests, losses__that_etw_tells__are_counted);
    tcase_add_test(tests, kernel_session__that_dies__comes_back_and_leaves_a_gap);
    tcase_add_test(tests, user_session__that_ends_well_without_us__comes_back_too);
    tcase_add_test(tests, session__that_cannot_come_back__is_tried_more_and_more_rarely);
    tcase_add_test(tests, abandon__in_the_middle__leaves_nothing);
    tcase_add_test(tests, each_call__denied_in_turn__leaves_nothing_behind);
    tcase_add_test(tests, each_call__without_memory_in_turn__leaves_nothing_behind);
    tcase_add_test(tests, lives__one_after_the_other__leave_no_handle);
    tcase_add_test(tests, attached__to_anothers_session__only_consumes_it);
    tcase_add_test(tests, attached__to_nothing__is_refused);
    tcase_add_test(tests, host__of_this_machine__has_processors_and_a_name);
    suite_add_tcase(suite, tests);
    return suite;
}
