/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Live collection without ETW: a recording is played through queues and threads, and what
 * comes of it is what a replay makes of it. And what happens when something goes wrong.
 */
#include "etwitness/collect.h"
#include "etwitness/pipeline.h"
#include "etwitness/synth.h"
#include "platform/clock.h"
#include "platform/file.h"
#include "platform/thread.h"
#include "support/check_main.h"
#include "support/evidence_files.h"
#include "support/play_capture.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RECORDING "collect-test.etl"
#define LIVE "collect-test-live"
#define REPLAYED "collect-test-replayed"

static struct ew_error error;
static struct ew_settings settings;
static struct play_options play;
static atomic_uint notices[EW_NOTICE_COUNT];
static atomic_uint_fast64_t wall_shift;

static void on_notice(void *context, enum ew_notice notice, const char *text)
{
    (void)context;
    ck_assert_uint_gt(strlen(text), 3);
    atomic_fetch_add(&notices[notice], 1);
}

static uint64_t shifted_clock(void)
{
    return ew_clock_filetime() + atomic_load(&wall_shift);
}

static void make_recording(const char *scenario_path)
{
    struct ew_scenario *scenario = NULL;
    struct ew_synth_counts counts;
    struct ew_synth_options options = {.path = RECORDING};
    ck_assert_msg(ew_scenario_read(scenario_path, &scenario, &error) == EW_OK, "%s", error.text);
    ck_assert_msg(ew_synth_write(scenario, &options, &counts, &error) == EW_OK, "%s", error.text);
    ew_scenario_destroy(scenario);
}

static void clean(void)
{
    evidence_files_remove(LIVE);
    evidence_files_remove(REPLAYED);
}

static void set_up(void)
{
    clean();
    make_recording(EW_SCENARIOS "/shop.json");
    memset(&play, 0, sizeof play);
    play.path = RECORDING;
    play.waits = true;
    play.buffers_lost = 1; /* as the recording says of itself */
    for (int i = 0; i < EW_NOTICE_COUNT; i++) {
        atomic_store(&notices[i], 0);
    }
    atomic_store(&wall_shift, 0);
    ck_assert_int_eq(ew_settings_init(&settings), EW_OK);
    free(settings.directory);
    settings.directory = malloc(sizeof LIVE);
    ck_assert_ptr_nonnull(settings.directory);
    memcpy(settings.directory, LIVE, sizeof LIVE);
    settings.window_seconds = EW_WINDOW_SECONDS_MAX;
    settings.symbols.enabled = false;
    settings.stop_seconds = EW_STOP_SECONDS_MIN;
}

static void tear_down(void)
{
    ew_settings_free(&settings);
    clean();
    (void)remove(RECORDING);
    ck_assert_uint_eq(play_threads_running(), 0);
}

/* --- runs ------------------------------------------------------------------------------- */

static struct ew_collect *start(void)
{
    struct ew_collect *collect = NULL;
    struct ew_collect_options options = {
        .settings = &settings, .on_notice = on_notice, .wall_clock = shifted_clock};
    play_capture(&play, &options.capture);
    ck_assert_msg(ew_collect_start(&options, &collect, &error) == EW_OK, "%s", error.text);
    return collect;
}

static void run_to_end(void)
{
    struct ew_collect *collect = start();
    while (!ew_collect_step(collect, 100)) {
    }
    ck_assert_msg(ew_collect_close(collect, &error) == EW_OK, "%s", error.text);
}

static void replay_recording(void)
{
    const char *paths[] = {RECORDING};
    struct ew_replay_result result;
    struct ew_replay_options options = {
        .paths = paths, .path_count = 1, .directory = REPLAYED, .window_seconds = 0};
    ck_assert_msg(ew_replay_run(&options, &result, &error) == EW_OK, "%s", error.text);
    ew_replay_result_free(&result);
}

static void assert_checked(const char *directory)
{
    for (size_t i = 0; i < evidence_files_count(directory); i++) {
        struct ew_check_result result;
        ck_assert_msg(ew_document_check(evidence_files_path(directory, i), &result, &error)
                          == EW_OK,
                      "%s", error.text);
        ck_assert(result.name_checked);
    }
}

/* --- what it makes ------------------------------------------------------------------------ */

START_TEST(collection__of_a_recording__is_what_a_replay_makes_of_it)
{
    run_to_end();
    replay_recording();
    assert_checked(LIVE);
    ck_assert_uint_gt(evidence_files_count(REPLAYED), 1);
    evidence_files_compare(LIVE, REPLAYED);
    ck_assert_uint_eq(atomic_load(&notices[EW_NOTICE_DOCUMENT]), evidence_files_count(REPLAYED));
    ck_assert_uint_eq(atomic_load(&notices[EW_NOTICE_STARTED]), 1);
    ck_assert_uint_eq(atomic_load(&notices[EW_NOTICE_STOPPED]), 1);
    ck_assert_uint_eq(atomic_load(&notices[EW_NOTICE_DOCUMENT_DROPPED]), 0);
}
END_TEST

/* Stack keys that are told after their window was closed stay undefined: a session of ours has
 * none, this recording does. */
START_TEST(collection__in_short_windows__loses_nothing_uncounted)
{
    settings.window_seconds = EW_WINDOW_SECONDS_MIN;
    run_to_end();
    assert_checked(LIVE);
    replay_recording();
    uint64_t live = evidence_files_sum(LIVE, "stacks", "total");
    uint64_t all = evidence_files_sum(REPLAYED, "stacks", "total");
    ck_assert_uint_gt(evidence_files_count(LIVE), evidence_files_count(REPLAYED));
    ck_assert_uint_le(live, all);
    ck_assert_uint_ge(live + evidence_files_sum(LIVE, "stacks", "keyUndefined")
                          + evidence_files_sum(LIVE, "stacks", "missing"),
                      all);
}
END_TEST

/* --- streams -------------------------------------------------------------------------------- */

START_TEST(stream__of_a_second_run__goes_on_without_a_gap)
{
    run_to_end();
    size_t first = evidence_files_count(LIVE);
    run_to_end();
    ck_assert_uint_eq(evidence_files_count(LIVE), 2 * first);
    ck_assert_uint_eq(evidence_files_with(LIVE, "\"gaps\":"), 0);
    ck_assert_uint_eq(evidence_files_with(LIVE, "\"seq\":2}"), first);
    ck_assert_uint_eq(evidence_files_with(LIVE, "\"prev\":null"), first);
    ck_assert_uint_eq(atomic_load(&notices[EW_NOTICE_RESUMED]), 0);
}
END_TEST

static void renew_heads(void)
{
    struct ew_publisher_options options = {.directory = LIVE, .heartbeat_100ns = 1};
    struct ew_publisher *publisher = NULL;
    ck_assert_int_eq(ew_publisher_open(&options, &publisher, &error), EW_OK);
    for (size_t i = 0; i < evidence_files_count(LIVE); i++) {
        char id[EW_STREAM_ID_BYTES];
        const char *name = strstr(evidence_files_path(LIVE, i), "re1-");
        memcpy(id, name + 4, sizeof id - 1);
        id[sizeof id - 1] = '\0';
        ck_assert_int_eq(ew_publisher_renew(publisher, id, &error), EW_OK);
    }
    ew_publisher_close(publisher);
}

START_TEST(stream__of_a_run_that_was_cut_off__goes_on_and_declares_the_gap)
{
    run_to_end();
    size_t first = evidence_files_count(LIVE);
    renew_heads(); /* "running", as a process that was killed leaves them */
    run_to_end();
    ck_assert_uint_eq(evidence_files_count(LIVE), 2 * first);
    ck_assert_uint_eq(evidence_files_with(LIVE, "\"why\":\"crash\""), first);
    ck_assert_uint_eq(evidence_files_with(LIVE, "\"seq\":2}"), first);
    ck_assert_uint_eq(atomic_load(&notices[EW_NOTICE_RESUMED]), first);
    assert_checked(LIVE);
}
END_TEST

/* The end of the last window stands in the document alone: the gap is there, and nobody knows
 * since when. */
START_TEST(gap__after_a_document_that_cannot_be_read__has_no_span)
{
    run_to_end();
    size_t first = evidence_files_count(LIVE);
    renew_heads();
    for (size_t i = 0; i < first; i++) {
        evidence_files_write(evidence_files_path(LIVE, i), "{\"schema\":\"runtime-evid");
    }
    run_to_end();
    ck_assert_uint_eq(
        evidence_files_with(LIVE, "\"gaps\":[{\"from\":2,\"to\":2,\"why\":\"crash\"}]"), first);
    ck_assert_uint_eq(evidence_files_with(LIVE, "1601-"), 0);
}
END_TEST

START_TEST(stream__whose_id_is_broken__is_refused_and_not_replaced)
{
    struct ew_collect *collect = NULL;
    struct ew_collect_options options = {.settings = &settings};
    char *bytes = NULL;
    size_t byte_count = 0;
    ck_assert_int_eq(ew_directory_make(LIVE, &error), EW_OK);
    evidence_files_write(LIVE "/stream.json", "{}");
    play_capture(&play, &options.capture);
    ck_assert_int_eq(ew_collect_start(&options, &collect, &error), EW_FORMAT);
    ck_assert_ptr_nonnull(strstr(error.text, "stream.json"));
    options.capture.close(options.capture.context);
    ck_assert_int_eq(ew_file_read_all(LIVE "/stream.json", 64, &bytes, &byte_count, &error),
                     EW_OK);
    ck_assert_str_eq(bytes, "{}");
    free(bytes);
}
END_TEST

/* --- what goes wrong ---------------------------------------------------------------------------
 */

START_TEST(losses__of_a_session__are_in_the_document_and_told_once)
{
    play.events_lost = 7;
    play.buffers_lost = 2;
    run_to_end();
    ck_assert_uint_eq(evidence_files_with(LIVE, "\"eventsLost\":7,"), evidence_files_count(LIVE));
    ck_assert_uint_eq(evidence_files_with(LIVE, "\"buffersLost\":2,"),
                      evidence_files_count(LIVE));
    ck_assert_uint_eq(atomic_load(&notices[EW_NOTICE_EVENTS_LOST]), 1);
}
END_TEST

START_TEST(gap__of_a_session__is_in_the_documents_of_its_window)
{
    play.gap.start_100ns = UINT64_C(134321760000000000);
    play.gap.end_100ns = play.gap.start_100ns + 10000000;
    run_to_end();
    ck_assert_uint_eq(evidence_files_with(
                          LIVE, "\"gaps\":[{\"end\":\"2026-08-26T00:00:01.0000000Z\",\"from\":1,"
                                "\"start\":\"2026-08-26T00:00:00.0000000Z\",\"to\":1,"
                                "\"why\":\"session-lost\"}]"),
                      evidence_files_count(LIVE));
}
END_TEST

/* A session that was lost before its first event. */
START_TEST(gap__of_a_session__without_a_begin__has_no_span)
{
    play.gap.end_100ns = UINT64_C(134321760000000000);
    run_to_end();
    ck_assert_uint_eq(
        evidence_files_with(LIVE, "\"gaps\":[{\"from\":1,\"to\":1,\"why\":\"session-lost\"}]"),
        evidence_files_count(LIVE));
}
END_TEST

START_TEST(start__refused_by_the_capture__leaves_nothing_running)
{
    struct ew_collect *collect = NULL;
    struct ew_collect_options options = {.settings = &settings, .on_notice = on_notice};
    play.fails_to_start = true;
    play_capture(&play, &options.capture);
    ck_assert_int_eq(ew_collect_start(&options, &collect, &error), EW_IO);
    ck_assert_ptr_nonnull(strstr(error.text, "run as administrator"));
    ck_assert_ptr_null(collect);
    ck_assert_uint_eq(atomic_load(&notices[EW_NOTICE_STARTED]), 0);
    options.capture.close(options.capture.context);
}
END_TEST

START_TEST(stop__that_windows_does_not_follow__ends_within_its_time)
{
    play.never_stops = true;
    struct ew_collect *collect = start();
    uint64_t began_ns = ew_clock_monotonic_ns();
    ew_collect_request_stop(collect);
    ew_collect_request_stop(collect);
    while (!ew_collect_step(collect, 100)) {
    }
    ck_assert_uint_lt(ew_clock_monotonic_ns() - began_ns,
                      (EW_STOP_SECONDS_MIN + 5) * UINT64_C(1000000000));
    ck_assert_uint_eq(atomic_load(&notices[EW_NOTICE_STOP_DEADLINE]), 1);
    ck_assert_msg(ew_collect_close(collect, &error) == EW_OK, "%s", error.text);
    assert_checked(LIVE);
    ck_assert_uint_gt(evidence_files_count(LIVE), 1);
}
END_TEST

START_TEST(close__without_a_stop__leaves_no_thread)
{
    play.rate = 100;
    struct ew_collect *collect = start();
    (void)ew_collect_step(collect, 50);
    ck_assert_uint_eq(play_threads_running(), 2);
    ck_assert_int_eq(ew_collect_close(collect, &error), EW_OK);
    ck_assert_uint_eq(play_threads_running(), 0);
}
END_TEST

START_TEST(duration__that_is_over__stops_by_itself)
{
    play.rate = 20;
    play.events_max = 30;
    settings.duration_seconds = 1;
    struct ew_collect *collect = start();
    struct ew_collect_status status;
    while (!ew_collect_step(collect, 100)) {
    }
    ew_collect_status(collect, &status);
    ck_assert(status.stopping);
    ck_assert_int_eq(ew_collect_close(collect, &error), EW_OK);
}
END_TEST

/* The directory is gone, and a file of its name is there. */
static void put_in_the_way(void)
{
    evidence_files_remove(LIVE);
    evidence_files_write(LIVE, "in the way");
}

START_TEST(directory__that_vanishes__is_made_again_and_the_document_written)
{
    play.rate = 20000;
    struct ew_collect *collect = start();
    put_in_the_way();
    unsigned steps = 0;
    while (!ew_collect_step(collect, 100)) {
        if (atomic_load(&notices[EW_NOTICE_PUBLISH_FAILED]) != 0 && steps++ == 0) {
            (void)remove(LIVE);
        }
    }
    ck_assert_msg(ew_collect_close(collect, &error) == EW_OK, "%s", error.text);
    ck_assert_uint_eq(atomic_load(&notices[EW_NOTICE_PUBLISH_FAILED]), 1);
    ck_assert_uint_eq(atomic_load(&notices[EW_NOTICE_PUBLISH_BACK]), 1);
    ck_assert_uint_gt(evidence_files_count(LIVE), 1);
}
END_TEST

START_TEST(directory__that_stays_away__is_a_failure_and_no_hang)
{
    play.rate = 20000;
    struct ew_collect *collect = start();
    put_in_the_way();
    while (!ew_collect_step(collect, 100)) {
    }
    ck_assert_int_ne(ew_collect_close(collect, &error), EW_OK);
    ck_assert_ptr_nonnull(strstr(error.text, LIVE));
    ck_assert_uint_gt(atomic_load(&notices[EW_NOTICE_DOCUMENT_DROPPED]), 0);
    (void)remove(LIVE);
}
END_TEST

START_TEST(wall_clock__that_is_set__is_told_once_and_changes_nothing)
{
    play.rate = 10000;
    struct ew_collect *collect = start();
    (void)ew_collect_step(collect, 300);
    atomic_store(&wall_shift, 36000000000); /* an hour */
    while (!ew_collect_step(collect, 100)) {
    }
    ck_assert_int_eq(ew_collect_close(collect, &error), EW_OK);
    ck_assert_uint_eq(atomic_load(&notices[EW_NOTICE_CLOCK_STEPPED]), 1);
    replay_recording();
    evidence_files_compare(LIVE, REPLAYED);
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("collect");
    TCase *tests = tcase_create("collect");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, collection__of_a_recording__is_what_a_replay_makes_of_it);
    tcase_add_test(tests, collection__in_short_windows__loses_nothing_uncounted);
    tcase_add_test(tests, stream__of_a_second_run__goes_on_without_a_gap);
    tcase_add_test(tests, stream__of_a_run_that_was_cut_off__goes_on_and_declares_the_gap);
    tcase_add_test(tests, gap__after_a_document_that_cannot_be_read__has_no_span);
    tcase_add_test(tests, stream__whose_id_is_broken__is_refused_and_not_replaced);
    tcase_add_test(tests, losses__of_a_session__are_in_the_document_and_told_once);
    tcase_add_test(tests, gap__of_a_session__is_in_the_documents_of_its_window);
    tcase_add_test(tests, gap__of_a_session__without_a_begin__has_no_span);
    tcase_add_test(tests, start__refused_by_the_capture__leaves_nothing_running);
    tcase_add_test(tests, stop__that_windows_does_not_follow__ends_within_its_time);
    tcase_add_test(tests, close__without_a_stop__leaves_no_thread);
    tcase_add_test(tests, duration__that_is_over__stops_by_itself);
    tcase_add_test(tests, directory__that_vanishes__is_made_again_and_the_document_written);
    tcase_add_test(tests, directory__that_stays_away__is_a_failure_and_no_hang);
    tcase_add_test(tests, wall_clock__that_is_set__is_told_once_and_changes_nothing);
    suite_add_tcase(suite, tests);
    return suite;
}
