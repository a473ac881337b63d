/* SPDX-License-Identifier: Apache-2.0 */
/* The stand-in plays a made recording: how much arrives where, when, and how it ends. */
#include "standin_world.h"
#include "support/check_main.h"

#include "etwitness/recording.h"
#include "platform/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TRACE "trace=" EW_SHOP_RECORDING "\n"

/* What is in the recording. */
static struct world_recording {
    unsigned kernel; /* kernel and classic events without the header event */
    unsigned manifest;
    unsigned samples;
    unsigned stacks;
    unsigned buffers_lost;
    uint64_t frequency;
    uint64_t length_100ns;
} shop;

static void survey_file(const char *path)
{
    const char *paths[1] = {path};
    struct ew_recording *recording = NULL;
    struct ew_error error = {0};
    struct ew_event event;
    memset(&shop, 0, sizeof shop);
    ck_assert_msg(ew_recording_open(paths, 1, EW_ORDER_TIME, &recording, &error) == EW_OK, "%s",
                  error.text);
    uint64_t first = 0;
    while (ew_recording_next(recording, &event, &error) == EW_OK) {
        bool is_header = event.kind == EW_EVENT_KERNEL && event.hook == 0;
        bool is_kernel = event.kind == EW_EVENT_KERNEL || event.kind == EW_EVENT_CLASSIC;
        first = first == 0 ? event.time_100ns : first;
        shop.length_100ns = event.time_100ns - first;
        shop.kernel += is_kernel && !is_header;
        shop.manifest += !is_kernel;
        shop.samples += event.kind == EW_EVENT_KERNEL && event.hook == 0x0f2e;
        shop.stacks += event.kind == EW_EVENT_KERNEL && event.hook == 0x1820;
    }
    shop.frequency = ew_recording_file(recording, 0)->clock_frequency;
    shop.buffers_lost = ew_recording_file(recording, 0)->buffers_lost;
    ew_recording_close(recording);
}

static void survey(void)
{
    survey_file(EW_SHOP_RECORDING);
    ck_assert_uint_gt(shop.samples, 1000);
    ck_assert_uint_gt(shop.manifest, 100);
}

static void wait_over(void)
{
    world_wait_log("play: standin kernel over");
    world_wait_log("play: standin user over");
}

static struct world_both both;

START_TEST(playback__of_everything__delivers_every_event_once)
{
    struct world_properties told;
    world_begin(TRACE "deliver=all\n");
    world_start_both(&both);
    wait_over();
    ck_assert_uint_eq(world_control(both.kernel, NULL, EVENT_TRACE_CONTROL_QUERY, &told), 0);
    world_stop_both(&both);
    ck_assert_int_eq(both.kernel_consumer.events, (int)shop.kernel + 1);
    ck_assert_int_eq(both.user_consumer.events, (int)shop.manifest + 1);
    ck_assert_int_eq(both.kernel_consumer.headers, 1);
    ck_assert_int_eq(both.user_consumer.headers, 1);
    ck_assert_int_eq(both.kernel_consumer.stacks, (int)shop.stacks);
    ck_assert_int_eq(both.kernel_consumer.wrong + both.user_consumer.wrong, 0);
    ck_assert_uint_eq(both.kernel_consumer.result, ERROR_SUCCESS);
    ck_assert_uint_eq(told.trace.RealTimeBuffersLost, shop.buffers_lost);
    ck_assert_int_gt(both.kernel_consumer.buffers, 3);
    ck_assert_int_eq((int)both.kernel_consumer.logfile.LogfileHeader.PerfFreq.QuadPart,
                     (int)shop.frequency);
    ck_assert_uint_eq(etwsim_end(), 0);
    ck_assert(!world_log_has("violation"));
}
END_TEST

START_TEST(playback__of_a_real_recording__delivers_every_event_once)
{
    static const char path[] = EW_TRACES_DIR "/pv-net.4.5.2.x64.etl";
    struct ew_file *file = NULL;
    if (ew_file_open(path, &file, NULL) != EW_OK) {
        (void)printf("skipped a real recording: %s is not there\n", path);
        return;
    }
    ew_file_close(file);
    survey_file(path);
    world_begin("trace=" EW_TRACES_DIR "/pv-net.4.5.2.x64.etl\ndeliver=all\n");
    world_start_both(&both);
    wait_over();
    world_stop_both(&both);
    ck_assert_int_eq(both.kernel_consumer.events, (int)shop.kernel + 1);
    ck_assert_int_eq(both.user_consumer.events, (int)shop.manifest + 1);
    ck_assert_int_eq(both.kernel_consumer.samples, (int)shop.samples);
    ck_assert_int_eq(both.kernel_consumer.wrong + both.user_consumer.wrong, 0);
    ck_assert_uint_eq(etwsim_end(), 0);
}
END_TEST

START_TEST(playback__of_what_was_enabled__follows_flags_stack_list_and_providers)
{
    world_begin(TRACE);
    world_start_both(&both);
    wait_over();
    world_stop_both(&both);
    ck_assert_int_eq(both.kernel_consumer.samples, (int)shop.samples);
    ck_assert_int_gt(both.kernel_consumer.stacks, 0);
    ck_assert_int_le(both.kernel_consumer.events, (int)shop.kernel + 1);
    ck_assert_int_gt(both.user_consumer.managed, 0);
    ck_assert_uint_eq(etwsim_end(), 0);
}
END_TEST

START_TEST(playback__without_profile__has_no_samples_and_no_stacks_of_them)
{
    static struct world_consumer consumer;
    memset(&consumer, 0, sizeof consumer);
    world_begin(TRACE);
    TRACEHANDLE handle =
        world_start(true, EVENT_TRACE_FLAG_PROCESS | EVENT_TRACE_FLAG_IMAGE_LOAD);
    world_open(&consumer, WORLD_KERNEL_NAME);
    world_process(&consumer);
    world_wait_log("play: standin kernel over");
    (void)world_control(handle, NULL, EVENT_TRACE_CONTROL_STOP, NULL);
    world_join(&consumer);
    ck_assert_int_gt(consumer.events, 10);
    ck_assert_int_eq(consumer.samples, 0);
    ck_assert_int_eq(consumer.stacks, 0);
    ck_assert_uint_eq(etwsim_end(), 0);
}
END_TEST

START_TEST(sessions__at_full_speed__stay_within_a_step_of_each_other)
{
    world_begin(TRACE "deliver=all\nrepeat=3\n");
    memset(&both, 0, sizeof both);
    world_start_both(&both);
    both.kernel_consumer.other_raw = &both.user_consumer.time_raw;
    wait_over();
    world_stop_both(&both);
    ck_assert_int_eq(both.kernel_consumer.samples, 3 * (int)shop.samples);
    /* The other's last event may be older than where it is, so this bound is loose: it would
     * be the whole recording's length if nobody waited. */
    ck_assert_int_lt(both.kernel_consumer.apart_raw,
                     (LONGLONG)(shop.length_100ns * shop.frequency / 10000000 / 2));
    ck_assert_uint_eq(etwsim_end(), 0);
}
END_TEST

START_TEST(pace__of_events_a_second__takes_that_long)
{
    world_begin(TRACE "deliver=all\nrate=12000/s\n");
    ULONGLONG start_ms = GetTickCount64();
    world_start_both(&both);
    wait_over();
    ULONGLONG passed_ms = GetTickCount64() - start_ms;
    world_stop_both(&both);
    unsigned expected_ms = (shop.kernel + shop.manifest) / 12;
    ck_assert_uint_ge(passed_ms + 50, expected_ms);
    ck_assert_uint_lt(passed_ms, expected_ms + 8000);
    ck_assert_uint_eq(etwsim_end(), 0);
}
END_TEST

START_TEST(pace__many_times_real__takes_the_length_divided)
{
    world_begin(TRACE "deliver=all\nrate=20x\n");
    ULONGLONG start_ms = GetTickCount64();
    world_start_both(&both);
    wait_over();
    ULONGLONG passed_ms = GetTickCount64() - start_ms;
    world_stop_both(&both);
    ck_assert_uint_ge(passed_ms + 50, shop.length_100ns / 20 / 10000);
    ck_assert_uint_lt(passed_ms, shop.length_100ns / 20 / 10000 + 8000);
    ck_assert_uint_eq(etwsim_end(), 0);
}
END_TEST

START_TEST(stop__in_the_middle__drains_and_returns_success)
{
    world_begin(TRACE "deliver=all\nrate=10x\n");
    world_start_both(&both);
    world_wait_log("play: begins");
    Sleep(700);
    world_stop_both(&both);
    ck_assert_int_gt(both.kernel_consumer.events, 100);
    ck_assert_int_lt(both.kernel_consumer.events, (int)shop.kernel);
    ck_assert_uint_eq(both.kernel_consumer.result, ERROR_SUCCESS);
    ck_assert_uint_eq(both.user_consumer.result, ERROR_SUCCESS);
    ck_assert_uint_eq(etwsim_end(), 0);
}
END_TEST

START_TEST(close__in_the_middle__is_pending_and_cancels)
{
    world_begin(TRACE "deliver=all\nrate=real\n");
    world_start_both(&both);
    world_wait_log("play: begins");
    ck_assert_uint_eq(CloseTrace(both.kernel_consumer.handle), 7007);
    (void)WaitForSingleObject(both.kernel_consumer.thread, 10000);
    ck_assert_uint_eq(both.kernel_consumer.result, ERROR_CANCELLED);
    (void)CloseHandle(both.kernel_consumer.thread);
    (void)world_control(both.kernel, NULL, EVENT_TRACE_CONTROL_STOP, NULL);
    (void)world_control(both.user, NULL, EVENT_TRACE_CONTROL_STOP, NULL);
    world_join(&both.user_consumer);
    ck_assert_uint_eq(etwsim_end(), 0);
}
END_TEST

START_TEST(buffer_callback__that_wants_no_more__cancels)
{
    static struct world_consumer consumer;
    memset(&consumer, 0, sizeof consumer);
    consumer.buffers_wanted = 2;
    world_begin(TRACE "deliver=all\n");
    TRACEHANDLE handle = world_start(true, EVENT_TRACE_FLAG_PROCESS);
    world_open(&consumer, WORLD_KERNEL_NAME);
    world_process(&consumer);
    (void)WaitForSingleObject(consumer.thread, 20000);
    ck_assert_uint_eq(consumer.result, ERROR_CANCELLED);
    (void)world_control(handle, NULL, EVENT_TRACE_CONTROL_STOP, NULL);
    world_join(&consumer);
    ck_assert_uint_eq(etwsim_end(), 0);
}
END_TEST

START_TEST(death__of_a_session__ends_its_consumer_and_lets_it_come_back)
{
    static struct world_consumer again;
    memset(&again, 0, sizeof again);
    world_begin(TRACE "deliver=all\nrate=20x\ndie=kernel:500\n");
    world_start_both(&both);
    world_wait_log("play: standin kernel died");
    (void)WaitForSingleObject(both.kernel_consumer.thread, 10000);
    ck_assert_uint_eq(both.kernel_consumer.result, ERROR_WMI_INSTANCE_NOT_FOUND);
    ck_assert_int_eq(both.kernel_consumer.events, 500);
    ck_assert_uint_eq(world_control(both.kernel, NULL, EVENT_TRACE_CONTROL_QUERY, NULL),
                      ERROR_WMI_INSTANCE_NOT_FOUND);
    world_join(&both.kernel_consumer);
    both.kernel = world_start(true, EVENT_TRACE_FLAG_PROFILE);
    world_open(&again, WORLD_KERNEL_NAME);
    world_process(&again);
    wait_over();
    (void)world_control(both.kernel, NULL, EVENT_TRACE_CONTROL_STOP, NULL);
    (void)world_control(both.user, NULL, EVENT_TRACE_CONTROL_STOP, NULL);
    world_join(&again);
    world_join(&both.user_consumer);
    ck_assert_int_gt(again.events, 100);
    ck_assert_int_lt(again.events + 500, (int)shop.kernel + 2);
    ck_assert_int_eq(both.user_consumer.events, (int)shop.manifest + 1);
    ck_assert_uint_eq(etwsim_end(), 0);
}
END_TEST

START_TEST(losses__when_planned__are_told_by_query_and_by_records)
{
    struct world_properties told;
    world_begin(TRACE "lose=events:17\nlose=buffers:3\n");
    world_start_both(&both);
    wait_over();
    unsigned events = 0;
    unsigned buffers = 0;
    ck_assert_uint_eq(world_control(both.kernel, NULL, EVENT_TRACE_CONTROL_QUERY, &told), 0);
    events += told.trace.EventsLost;
    buffers += told.trace.RealTimeBuffersLost;
    ck_assert_uint_eq(world_control(both.user, NULL, EVENT_TRACE_CONTROL_QUERY, &told), 0);
    events += told.trace.EventsLost;
    buffers += told.trace.RealTimeBuffersLost;
    world_stop_both(&both);
    ck_assert_uint_eq(events, 17);
    ck_assert_uint_eq(buffers, 3 + shop.buffers_lost);
    ck_assert_int_ge(both.kernel_consumer.lost + both.user_consumer.lost, 2);
    ck_assert_uint_eq(etwsim_end(), 0);
}
END_TEST

START_TEST(container_ids__come_on_events_of_their_process_when_asked_for)
{
    char plan[512];
    const char *paths[1] = {EW_SHOP_RECORDING};
    struct ew_recording *recording = NULL;
    struct ew_event event = {0};
    ck_assert_int_eq(ew_recording_open(paths, 1, EW_ORDER_TIME, &recording, NULL), EW_OK);
    while (ew_recording_next(recording, &event, NULL) == EW_OK
           && !ew_guid_equal(event.provider, &ew_guid_clr_runtime)) {
    }
    (void)snprintf(plan, sizeof plan, TRACE "container=%u:6d9f6d0c-57f8-5f0c-898d-2dc82cc922e0\n",
                   (unsigned)event.process_id);
    ew_recording_close(recording);
    world_begin(plan);
    world_start_both(&both);
    wait_over();
    world_stop_both(&both);
    ck_assert_int_gt(both.user_consumer.contained, 0);
    ck_assert_int_eq(both.kernel_consumer.contained, 0);
    ck_assert_uint_eq(etwsim_end(), 0);
}
END_TEST

START_TEST(consumer__of_a_session_of_others__gets_everything)
{
    static struct world_consumer consumer;
    memset(&consumer, 0, sizeof consumer);
    world_begin(TRACE "other-session=Their:11111111-2222-3333-4444-555555555555\n");
    world_open(&consumer, L"their");
    world_process(&consumer);
    world_wait_log("play: their over");
    ck_assert_uint_eq(CloseTrace(consumer.handle), 7007);
    (void)WaitForSingleObject(consumer.thread, 10000);
    (void)CloseHandle(consumer.thread);
    ck_assert_int_eq(consumer.events, (int)(shop.kernel + shop.manifest) + 1);
    ck_assert_uint_eq(etwsim_end(), 0);
}
END_TEST

START_TEST(process_trace__of_a_session_that_is_not_there__answers_4201)
{
    static struct world_consumer consumer;
    memset(&consumer, 0, sizeof consumer);
    world_begin(TRACE);
    world_open(&consumer, L"nobody");
    world_process(&consumer);
    world_join(&consumer);
    ck_assert_uint_eq(consumer.result, ERROR_WMI_INSTANCE_NOT_FOUND);
    ck_assert_uint_eq(etwsim_end(), 0);
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("standin_play");
    TCase *tests = tcase_create("play");
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, survey, NULL);
    tcase_add_test(tests, playback__of_everything__delivers_every_event_once);
    tcase_add_test(tests, playback__of_a_real_recording__delivers_every_event_once);
    tcase_add_test(tests, playback__of_what_was_enabled__follows_flags_stack_list_and_providers);
    tcase_add_test(tests, playback__without_profile__has_no_samples_and_no_stacks_of_them);
    tcase_add_test(tests, sessions__at_full_speed__stay_within_a_step_of_each_other);
    tcase_add_test(tests, pace__of_events_a_second__takes_that_long);
    tcase_add_test(tests, pace__many_times_real__takes_the_length_divided);
    tcase_add_test(tests, stop__in_the_middle__drains_and_returns_success);
    tcase_add_test(tests, close__in_the_middle__is_pending_and_cancels);
    tcase_add_test(tests, buffer_callback__that_wants_no_more__cancels);
    tcase_add_test(tests, death__of_a_session__ends_its_consumer_and_lets_it_come_back);
    tcase_add_test(tests, losses__when_planned__are_told_by_query_and_by_records);
    tcase_add_test(tests, container_ids__come_on_events_of_their_process_when_asked_for);
    tcase_add_test(tests, consumer__of_a_session_of_others__gets_everything);
    tcase_add_test(tests, process_trace__of_a_session_that_is_not_there__answers_4201);
    suite_add_tcase(suite, tests);
    return suite;
}
