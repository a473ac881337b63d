/* SPDX-License-Identifier: Apache-2.0 */
/* Live capture against the stand-in: right use, losses, deaths, refusals, and nothing left. */
#include "capture/live/etw_compat.h"
#include "etwitness/recording.h"
#include "support/check_main.h"
#include "windows/live_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The GUIDs of our sessions, as src/capture/live/session.c has them. */
#define KERNEL_GUID "6b0a7c51-2f4e-4d0b-9c1e-558a13d7602b"

static struct world world;

/* What a test that failed has left running. */
static void tear_down(void)
{
    world_close(&world);
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
        reading->found++;
        return;
    }
    ck_abort_msg("an event of queue %zu, id %u opcode %u, is not in the recording", queue,
                 (unsigned)event->id, (unsigned)event->opcode);
}

START_TEST(right_use__of_a_recording__brings_its_events_without_violation)
{
    world_plan("deliver=all\nrate=full\n", true);
    world_make(&world);
    open_readings();
    world.on_event = read_along;
    ck_assert_msg(world_start(&world, NULL), "%s", world.error.text);
    world_run_until(&world, EW_CAPTURE_KERNEL, 10000);
    world_run(&world, 1500);
    world_stop(&world);
    ck_assert_uint_gt(readings[EW_CAPTURE_USER].found, 20);
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

/* --- sessions that are there already -----------------------------------------------------------
 */

/* A life that starts a session of ours and ends without a word, as a killed process does. */
static void leave_stale_session(const char *plan)
{
    struct {
        EVENT_TRACE_PROPERTIES head;
        wchar_t name[64];
    } properties;
    static const char text[] = KERNEL_GUID;
    TRACEHANDLE handle = 0;
    struct ew_guid guid;
    ck_assert(ew_guid_parse(text, strlen(text), &guid));
    world_plan(plan, false);
    memset(&properties, 0, sizeof properties);
    properties.head.Wnode.BufferSize = sizeof properties;
    memcpy(&properties.head.Wnode.Guid, &guid, sizeof guid);
    properties.head.Wnode.ClientContext = EW_CLIENT_QPC;
    properties.head.Wnode.Flags = WNODE_FLAG_TRACED_GUID;
    properties.head.BufferSize = 64;
    properties.head.MinimumBuffers = 4;
    properties.head.MaximumBuffers = 8;
    properties.head.LogFileMode = EVENT_TRACE_REAL_TIME_MODE
                                  | EVENT_TRACE_INDEPENDENT_SESSION_MODE
                                  | EVENT_TRACE_SYSTEM_LOGGER_MODE;
    properties.head.EnableFlags = EVENT_TRACE_FLAG_PROCESS;
    properties.head.LoggerNameOffset = sizeof properties.head;
    ck_assert_uint_eq(StartTraceW(&handle, L"ETWITNESS-test-kernel", &properties.head), 0);
    world_next_life();
}

START_TEST(stale_session__of_ours__is_stopped)
{
    leave_stale_session("");
    world_make(&world);
    ck_assert_msg(world_start(&world, NULL), "%s", world.error.text);
    world_run(&world, 100);
    world_stop(&world);
    world_close(&world);
    world_expect_clean();
}
END_TEST

START_TEST(stop_stale__of_ours_and_anothers__stops_ours)
{
    unsigned stopped = 0;
    struct ew_error error = {0};
    leave_stale_session(
        "other-session=etwitness-test-user:01234567-89ab-cdef-0123-456789abcdef\n");
    world_make(&world);
    ck_assert_msg(ew_live_stop_stale(&world.settings, &stopped, &error) == EW_OK, "%s",
                  error.text);
    ck_assert_uint_eq(stopped, 1);
    ck_assert(world_session_runs("etwitness-test-user"));
    ck_assert(!world_session_runs("test-kernel"));
    ck_assert_uint_eq(world_violations(), 0);
}
END_TEST

START_TEST(session__of_another_with_our_name__is_left_alone)
{
    world_plan("other-session=etwitness-test-kernel:01234567-89ab-cdef-0123-456789abcdef\n",
               false);
    world_make(&world);
    ck_assert(!world_start(&world, NULL));
    ck_assert_int_eq(world.error.status, EW_EXISTS);
    ck_assert_ptr_nonnull(strstr(world.error.text, "01234567-89ab-cdef-0123-456789abcdef"));
    ck_assert(world_session_runs("etwitness-test-kernel"));
    ck_assert(!world_session_runs("etwitness-test-user"));
    world_close(&world);
}
END_TEST

START_TEST(session__of_another_name_with_our_guid__is_named)
{
    world_plan("other-session=old-name-kernel:" KERNEL_GUID "\n", false);
    world_make(&world);
    ck_assert(!world_start(&world, NULL));
    ck_assert_int_eq(world.error.status, EW_EXISTS);
    ck_assert_ptr_nonnull(strstr(world.error.text, "old-name-kernel"));
    ck_assert(world_session_runs("old-name-kernel"));
    world_close(&world);
}
END_TEST

START_TEST(second_collection__while_one_runs__is_refused_and_harmless)
{
    static struct world second;
    unsigned stopped = 9;
    struct ew_error error = {0};
    world_plan("", false);
    world_make(&world);
    ck_assert_msg(world_start(&world, NULL), "%s", world.error.text);
    world_make(&second);
    ck_assert(!world_start(&second, NULL));
    ck_assert_int_eq(second.error.status, EW_EXISTS);
    world_close(&second);
    ck_assert_int_eq(ew_live_stop_stale(&world.settings, &stopped, &error), EW_OK);
    ck_assert_uint_eq(stopped, 0);
    ck_assert(world_session_runs("etwitness-test-kernel"));
    world_stop(&world);
    world_close(&world);
    world_expect_clean();
}
END_TEST

START_TEST(owner__by_name_and_guid__is_told)
{
    static const char text[] = KERNEL_GUID;
    static const struct ew_guid other = {{1}};
    struct ew_guid ours;
    world_make(&world);
    ck_assert(ew_guid_parse(text, strlen(text), &ours));
    ck_assert_int_eq(ew_live_session_owner(&world.settings, "ETWitness-test-KERNEL", &ours),
                     EW_LIVE_OURS);
    ck_assert_int_eq(ew_live_session_owner(&world.settings, "etwitness-test-kernel", &other),
                     EW_LIVE_ANOTHER);
    ck_assert_int_eq(ew_live_session_owner(&world.settings, "etwitness-test", &ours),
                     EW_LIVE_UNRELATED);
}
END_TEST

/* --- refusals ---------------------------------------------------------------------------------
 */

static void expect_refused(const char *plan, const char *text)
{
    world_plan(plan, false);
    world_make(&world);
    ck_assert(!world_start(&world, NULL));
    ck_assert_msg(strstr(world.error.text, text) != NULL, "%s", world.error.text);
    world_close(&world);
    world_expect_clean();
}

START_TEST(access__that_is_denied__is_told_with_what_to_do)
{
    expect_refused("deny=1\n", "as administrator");
}
END_TEST

START_TEST(privilege__that_is_missing__is_told_by_name)
{
    expect_refused("privilege=0\n", "SeSystemProfilePrivilege");
}
END_TEST

START_TEST(sessions__that_are_too_many__are_listed)
{
    expect_refused(
        "slots=1\nother-session=Somebody:01234567-89ab-cdef-0123-456789abcdef:kernel\n",
        "Somebody");
}
END_TEST

START_TEST(provider__that_is_the_clrs__is_refused)
{
    struct ew_settings_provider provider = {
        .guid = ew_guid_clr_runtime, .level = 5, .keyword_any = 0x800000};
    world_plan("", false);
    world_make(&world);
    world.settings.providers = &provider;
    world.settings.provider_count = 1;
    ck_assert(!world_start(&world, NULL));
    ck_assert_int_eq(world.error.status, EW_USAGE);
    world_close(&world);
    world_expect_clean();
}
END_TEST

START_TEST(windows__that_knows_no_containers__is_told_once)
{
    world_plan("old-windows=1\n", false);
    world_make(&world);
    ck_assert_msg(world_start(&world, NULL), "%s", world.error.text);
    world_run(&world, 100);
    ck_assert_uint_eq(world.told_count, 1);
    ck_assert(world_was_told(&world, "containers"));
    world_stop(&world);
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
    tcase_add_test(tests, clock__once_events_came__is_the_recordings);
    tcase_add_test(tests, rundown__after_it_is_complete_or_quiet__is_disabled);
    tcase_add_test(tests, interval__that_is_changed__is_given_back);
    tcase_add_test(tests, losses__that_etw_tells__are_counted);
    tcase_add_test(tests, kernel_session__that_dies__comes_back_and_leaves_a_gap);
    tcase_add_test(tests, user_session__that_ends_well_without_us__comes_back_too);
    tcase_add_test(tests, session__that_cannot_come_back__is_tried_more_and_more_rarely);
    tcase_add_test(tests, abandon__in_the_middle__leaves_nothing);
    tcase_add_test(tests, stale_session__of_ours__is_stopped);
    tcase_add_test(tests, stop_stale__of_ours_and_anothers__stops_ours);
    tcase_add_test(tests, session__of_another_with_our_name__is_left_alone);
    tcase_add_test(tests, session__of_another_name_with_our_guid__is_named);
    tcase_add_test(tests, second_collection__while_one_runs__is_refused_and_harmless);
    tcase_add_test(tests, owner__by_name_and_guid__is_told);
    tcase_add_test(tests, access__that_is_denied__is_told_with_what_to_do);
    tcase_add_test(tests, privilege__that_is_missing__is_told_by_name);
    tcase_add_test(tests, sessions__that_are_too_many__are_listed);
    tcase_add_test(tests, provider__that_is_the_clrs__is_refused);
    tcase_add_test(tests, windows__that_knows_no_containers__is_told_once);
    tcase_add_test(tests, each_call__denied_in_turn__leaves_nothing_behind);
    tcase_add_test(tests, each_call__without_memory_in_turn__leaves_nothing_behind);
    tcase_add_test(tests, lives__one_after_the_other__leave_no_handle);
    tcase_add_test(tests, attached__to_anothers_session__only_consumes_it);
    tcase_add_test(tests, attached__to_nothing__is_refused);
    tcase_add_test(tests, host__of_this_machine__has_processors_and_a_name);
    suite_add_tcase(suite, tests);
    return suite;
}
