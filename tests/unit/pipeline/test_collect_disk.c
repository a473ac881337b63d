/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Live collection on a disk that is full for a while, or for good. The files are the platform's
 * but for one function: writes into the evidence directory need room, which a test gives and
 * takes. file_posix.c or file_win32.c is compiled into this program with that function renamed.
 */
#include "etwitness/collect.h"
#include "etwitness/synth.h"
#include "platform/clock.h"
#include "platform/file.h"
#include "support/check_main.h"
#include "support/evidence_files.h"
#include "support/play_capture.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RECORDING "collect-disk.etl"
#define LIVE "collect-disk-live"
#define PLENTY "collect-disk-plenty"

/* In windows of ten seconds: fewer documents than may wait, and many more. */
enum { RECORDING_MS = 180000, LONG_RECORDING_MS = 1500000, STEP_MS = 50 };

static struct ew_error error;
static struct ew_settings settings;
static struct play_options play;
static atomic_uint notices[EW_NOTICE_COUNT];
static atomic_bool is_full;
static atomic_uint refused;

/* --- a disk of its own ------------------------------------------------------------------ */

enum ew_status real_write_at(struct ew_file *file, uint64_t offset, const void *bytes,
                             size_t byte_count, struct ew_error *write_error);

enum ew_status ew_file_write_at(struct ew_file *file, uint64_t offset, const void *bytes,
                                size_t byte_count, struct ew_error *write_error)
{
    if (!atomic_load(&is_full)) {
        return real_write_at(file, offset, bytes, byte_count, write_error);
    }
    atomic_fetch_add(&refused, 1);
    /* What did fit is there: a part of a document. */
    (void)real_write_at(file, offset, bytes, byte_count / 2, NULL);
    return ew_fail(write_error, EW_IO, "cannot write: no space left on device");
}

/* --- runs --------------------------------------------------------------------------------- */

static void on_notice(void *context, enum ew_notice notice, const char *text)
{
    (void)context;
    ck_assert_uint_gt(strlen(text), 3);
    atomic_fetch_add(&notices[notice], 1);
}

static unsigned told(enum ew_notice notice)
{
    return atomic_load(&notices[notice]);
}

static void make_recording(unsigned milliseconds)
{
    struct ew_scenario *scenario = NULL;
    struct ew_synth_counts counts;
    struct ew_synth_options options = {.path = RECORDING};
    char *text = NULL;
    size_t byte_count = 0;
    ck_assert_int_eq(
        ew_file_read_all(EW_SCENARIOS "/shop.json", 1 << 20, &text, &byte_count, &error), EW_OK);
    char *duration = strstr(text, "\"durationMs\": 30000");
    char *longer = malloc(byte_count + 16);
    ck_assert_ptr_nonnull(duration);
    ck_assert_ptr_nonnull(longer);
    *duration = '\0';
    (void)snprintf(longer, byte_count + 16, "%s\"durationMs\": %u%s", text, milliseconds,
                   duration + strlen("\"durationMs\": 30000"));
    evidence_files_write("collect-disk.json", longer);
    free(longer);
    free(text);
    ck_assert_msg(ew_scenario_read("collect-disk.json", &scenario, &error) == EW_OK, "%s",
                  error.text);
    ck_assert_msg(ew_synth_write(scenario, &options, &counts, &error) == EW_OK, "%s", error.text);
    ew_scenario_destroy(scenario);
}

static void set_directory(const char *directory)
{
    size_t bytes = strlen(directory) + 1;
    free(settings.directory);
    settings.directory = malloc(bytes);
    ck_assert_ptr_nonnull(settings.directory);
    memcpy(settings.directory, directory, bytes);
}

static void clean(void)
{
    evidence_files_remove(LIVE);
    evidence_files_remove(PLENTY);
    (void)remove(RECORDING);
    (void)remove("collect-disk.json");
}

static void set_up(void)
{
    clean();
    memset(&play, 0, sizeof play);
    play.path = RECORDING;
    play.waits = true;
    for (int i = 0; i < EW_NOTICE_COUNT; i++) {
        atomic_store(&notices[i], 0);
    }
    atomic_store(&is_full, false);
    atomic_store(&refused, 0);
    ck_assert_int_eq(ew_settings_init(&settings), EW_OK);
    set_directory(LIVE);
    settings.window_seconds = EW_WINDOW_SECONDS_MIN;
    settings.symbols.enabled = false;
    settings.stop_seconds = EW_STOP_SECONDS_MIN;
}

static void tear_down(void)
{
    ew_settings_free(&settings);
    clean();
    ck_assert_uint_eq(play_threads_running(), 0);
}

static struct ew_collect *start(void)
{
    struct ew_collect *collect = NULL;
    struct ew_collect_options options = {.settings = &settings, .on_notice = on_notice};
    play_capture(&play, &options.capture);
    ck_assert_msg(ew_collect_start(&options, &collect, &error) == EW_OK, "%s", error.text);
    return collect;
}

static void run_to_end(struct ew_collect *collect)
{
    while (!ew_collect_step(collect, STEP_MS)) {
    }
    ck_assert_msg(ew_collect_close(collect, &error) == EW_OK, "%s", error.text);
}

/* Steps until a notice was told. */
static void step_until(struct ew_collect *collect, enum ew_notice notice)
{
    while (told(notice) == 0) {
        ck_assert_msg(!ew_collect_step(collect, STEP_MS), "it ended before notice %d", notice);
    }
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

/* --- for a while ---------------------------------------------------------------------------- */

START_TEST(disk__that_is_full_for_a_while__costs_no_document)
{
    make_recording(30000);
    set_directory(PLENTY);
    run_to_end(start());
    set_directory(LIVE);
    play.rate = 4000;
    struct ew_collect *collect = start();
    struct ew_collect_status status;
    atomic_store(&is_full, true);
    step_until(collect, EW_NOTICE_PUBLISH_FAILED);
    ew_collect_status(collect, &status);
    ck_assert_uint_gt(status.waiting, 0);
    ck_assert_uint_eq(status.documents, 0);
    ck_assert_uint_eq(evidence_files_count(LIVE), 0);
    atomic_store(&is_full, false);
    run_to_end(collect);
    ck_assert_uint_eq(told(EW_NOTICE_PUBLISH_FAILED), 1);
    ck_assert_uint_eq(told(EW_NOTICE_PUBLISH_BACK), 1);
    ck_assert_uint_eq(told(EW_NOTICE_DOCUMENT_DROPPED), 0);
    ck_assert_uint_eq(evidence_files_with(LIVE, "\"gaps\":"), 0);
    assert_checked(LIVE);
    evidence_files_compare(LIVE, PLENTY);
}
END_TEST

START_TEST(disk__that_is_full_again__is_told_again)
{
    make_recording(RECORDING_MS);
    play.rate = 6000;
    struct ew_collect *collect = start();
    for (unsigned times = 1; times <= 2; times++) {
        atomic_store(&is_full, true);
        while (told(EW_NOTICE_PUBLISH_FAILED) < times) {
            ck_assert(!ew_collect_step(collect, STEP_MS));
        }
        atomic_store(&is_full, false);
        while (told(EW_NOTICE_PUBLISH_BACK) < times) {
            ck_assert(!ew_collect_step(collect, STEP_MS));
        }
    }
    run_to_end(collect);
    ck_assert_uint_eq(told(EW_NOTICE_PUBLISH_FAILED), 2);
    ck_assert_uint_eq(evidence_files_with(LIVE, "\"gaps\":"), 0);
}
END_TEST

/* --- for too long ------------------------------------------------------------------------------
 */

/* Each number of a stream that is missing between its first and its last is told as a gap by
 * one document; none that is there is told. */
static void assert_missing_are_told(const char *directory)
{
    uint64_t before = 0;
    size_t missing = 0;
    char stream[EW_STREAM_ID_BYTES] = "";
    for (size_t i = 0; i < evidence_files_count(directory); i++) {
        const char *name = strstr(evidence_files_path(directory, i), "re1-");
        ck_assert_ptr_nonnull(name);
        if (strncmp(name + 4, stream, sizeof stream - 1) != 0) {
            memcpy(stream, name + 4, sizeof stream - 1);
            before = 0; /* the first document of a stream has number 1 */
        }
        uint64_t sequence = strtoull(name + 4 + sizeof stream, NULL, 10);
        for (uint64_t lost = before + 1; lost < sequence; lost++, missing++) {
            char gap[96];
            (void)snprintf(gap, sizeof gap, "{\"from\":%llu,\"to\":%llu,\"why\":\"disk-full\"}",
                           (unsigned long long)lost, (unsigned long long)lost);
            ck_assert_msg(evidence_files_with(directory, gap) > 0,
                          "%s: nobody tells that %llu is"
                          " missing",
                          name, (unsigned long long)lost);
        }
        before = sequence;
    }
    ck_assert_uint_gt(missing, 0);
}

/* Documents are made until those that were told of the first drops are dropped themselves. */
START_TEST(disk__that_is_full_for_too_long__has_each_missing_document_told)
{
    make_recording(LONG_RECORDING_MS);
    play.rate = 3000;
    struct ew_collect *collect = start();
    struct ew_collect_status status;
    atomic_store(&is_full, true);
    step_until(collect, EW_NOTICE_DOCUMENT_DROPPED);
    while (told(EW_NOTICE_DOCUMENT_DROPPED) < EW_DOCUMENTS_WAITING_MAX + 8) {
        ck_assert_msg(!ew_collect_step(collect, STEP_MS), "only %u documents were dropped",
                      told(EW_NOTICE_DOCUMENT_DROPPED));
    }
    ew_collect_status(collect, &status);
    ck_assert_uint_ge(status.waiting, EW_DOCUMENTS_WAITING_MAX);
    ck_assert_uint_eq(told(EW_NOTICE_PUBLISH_FAILED), 1);
    atomic_store(&is_full, false);
    run_to_end(collect);
    ck_assert_uint_eq(told(EW_NOTICE_PUBLISH_BACK), 1);
    assert_checked(LIVE);
    assert_missing_are_told(LIVE);
}
END_TEST

START_TEST(disk__that_stays_full__ends_within_the_stops_time)
{
    make_recording(30000);
    struct ew_collect *collect = start();
    uint64_t began_ns = ew_clock_monotonic_ns();
    atomic_store(&is_full, true);
    while (!ew_collect_step(collect, STEP_MS)) {
    }
    ck_assert_uint_lt(ew_clock_monotonic_ns() - began_ns,
                      (EW_STOP_SECONDS_MIN + 5) * UINT64_C(1000000000));
    ck_assert_int_eq(ew_collect_close(collect, &error), EW_IO);
    ck_assert_ptr_nonnull(strstr(error.text, "no space left"));
    ck_assert_uint_gt(told(EW_NOTICE_DOCUMENT_DROPPED), 0);
    ck_assert_uint_eq(evidence_files_count(LIVE), 0);
    /* Nothing half written stays, and the next run begins as if this one had not been. */
    atomic_store(&is_full, false);
    run_to_end(start());
    ck_assert_uint_gt(evidence_files_count(LIVE), 0);
    assert_checked(LIVE);
}
END_TEST

START_TEST(start__on_a_full_disk__is_refused_and_leaves_nothing)
{
    struct ew_collect *collect = NULL;
    struct ew_collect_options options = {.settings = &settings, .on_notice = on_notice};
    make_recording(30000);
    play_capture(&play, &options.capture);
    atomic_store(&is_full, true);
    ck_assert_int_eq(ew_collect_start(&options, &collect, &error), EW_IO);
    ck_assert_ptr_null(collect);
    ck_assert_ptr_nonnull(strstr(error.text, "no space left"));
    options.capture.close(options.capture.context);
    atomic_store(&is_full, false);
    run_to_end(start());
    ck_assert_uint_gt(evidence_files_count(LIVE), 0);
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("collect_disk");
    TCase *tests = tcase_create("collect_disk");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, disk__that_is_full_for_a_while__costs_no_document);
    tcase_add_test(tests, disk__that_is_full_again__is_told_again);
    tcase_add_test(tests, disk__that_is_full_for_too_long__has_each_missing_document_told);
    tcase_add_test(tests, disk__that_stays_full__ends_within_the_stops_time);
    tcase_add_test(tests, start__on_a_full_disk__is_refused_and_leaves_nothing);
    suite_add_tcase(suite, tests);
    return suite;
}
