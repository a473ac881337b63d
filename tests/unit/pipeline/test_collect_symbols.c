/* SPDX-License-Identifier: Apache-2.0 */
/* Symbols that are wanted where the system has none: collection runs without them, and says so.
 */
#include "etwitness/collect.h"
#include "etwitness/synth.h"
#include "platform/symbols.h"
#include "support/check_main.h"
#include "support/evidence_files.h"
#include "support/play_capture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RECORDING "collect-symbols.etl"
#define LIVE "collect-symbols-live"

static struct ew_error error;
static struct ew_settings settings;
static char started[EW_ERROR_TEXT_BYTES];
static unsigned starts;

static void on_notice(void *context, enum ew_notice notice, const char *text)
{
    (void)context;
    if (notice == EW_NOTICE_STARTED) {
        starts++;
        (void)snprintf(started, sizeof started, "%s", text);
    }
}

static void make_recording(void)
{
    struct ew_scenario *scenario = NULL;
    struct ew_synth_counts counts;
    struct ew_synth_options options = {.path = RECORDING};
    ck_assert_int_eq(ew_scenario_read(EW_SCENARIOS "/minimal.json", &scenario, &error), EW_OK);
    ck_assert_int_eq(ew_synth_write(scenario, &options, &counts, &error), EW_OK);
    ew_scenario_destroy(scenario);
}

static void set_up(void)
{
    evidence_files_remove(LIVE);
    make_recording();
    ck_assert_int_eq(ew_settings_init(&settings), EW_OK);
    free(settings.directory);
    settings.directory = malloc(sizeof LIVE);
    ck_assert_ptr_nonnull(settings.directory);
    memcpy(settings.directory, LIVE, sizeof LIVE);
    settings.window_seconds = EW_WINDOW_SECONDS_MAX;
    settings.stop_seconds = EW_STOP_SECONDS_MIN;
    starts = 0;
}

static void tear_down(void)
{
    ew_settings_free(&settings);
    evidence_files_remove(LIVE);
    (void)remove(RECORDING);
}

static void run_to_end(void)
{
    struct play_options play = {.path = RECORDING, .waits = true};
    struct ew_collect *collect = NULL;
    struct ew_collect_options options = {.settings = &settings, .on_notice = on_notice};
    play_capture(&play, &options.capture);
    ck_assert_msg(ew_collect_start(&options, &collect, &error) == EW_OK, "%s", error.text);
    while (!ew_collect_step(collect, 100)) {
    }
    ck_assert_msg(ew_collect_close(collect, &error) == EW_OK, "%s", error.text);
}

START_TEST(symbols__that_the_system_has_not__are_told_once_and_collection_runs)
{
    settings.symbols.enabled = true;
    run_to_end();
    ck_assert_uint_gt(evidence_files_count(LIVE), 0);
    ck_assert_uint_eq(starts, 1);
    ck_assert_int_eq(strstr(started, "without names: ") == NULL, ew_symbol_engine_exists());
}
END_TEST

START_TEST(symbols__that_nobody_wants__are_not_spoken_of)
{
    settings.symbols.enabled = false;
    run_to_end();
    ck_assert_uint_eq(starts, 1);
    ck_assert_ptr_null(strstr(started, "names"));
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("collect, symbols");
    TCase *tests = tcase_create("symbols");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, symbols__that_the_system_has_not__are_told_once_and_collection_runs);
    tcase_add_test(tests, symbols__that_nobody_wants__are_not_spoken_of);
    suite_add_tcase(suite, tests);
    return suite;
}
