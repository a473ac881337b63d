/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A recording read once, as live collection meets its events, gives the documents that
 * a survey gives: real recordings where they lie, made ones always.
 */
#include "etwitness/pipeline.h"
#include "etwitness/synth.h"
#include "platform/file.h"
#include "support/check_main.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RECORDING "single-pass-test.etl"

enum { NAMES_MAX = 256, PATH_BYTES = 1024, SHOWN_BYTES = 160, TEXT_START = 65536 };

static char names[NAMES_MAX][PATH_BYTES];
static size_t name_count;
static struct ew_error error;

/* All documents of one replay in canonical bytes, each with a newline. */
struct documents {
    bool last_only; /* the tables of the last window only: losses are told of the whole run */
    uint64_t start_100ns;
    char *text;
    size_t used;
    size_t capacity;
    size_t count;
};

static bool append(void *context, const void *bytes, size_t byte_count)
{
    struct documents *documents = context;
    while (documents->capacity - documents->used < byte_count + 1) {
        documents->capacity = documents->capacity == 0 ? TEXT_START : documents->capacity * 2;
        documents->text = realloc(documents->text, documents->capacity);
        ck_assert_ptr_nonnull(documents->text);
    }
    memcpy(documents->text + documents->used, bytes, byte_count);
    documents->used += byte_count;
    documents->text[documents->used] = '\0';
    return true;
}

static enum ew_status write_document(const struct ew_evidence *evidence,
                                     struct documents *documents)
{
    struct ew_evidence shown = *evidence;
    if (documents->last_only) {
        memset(&shown.quality, 0, sizeof shown.quality);
        documents->used = evidence->start_100ns == documents->start_100ns ? documents->used : 0;
        documents->start_100ns = evidence->start_100ns;
    }
    return ew_evidence_write(&shown, append, documents, &error);
}

static void take_document(void *context, const struct ew_evidence *evidence,
                          const struct ew_published *published)
{
    struct documents *documents = context;
    (void)published;
    ck_assert_msg(write_document(evidence, documents) == EW_OK, "%s", error.text);
    (void)append(documents, "\n", 1);
    documents->count++;
}

static void replay(const char *path, bool single_pass, uint64_t window_seconds,
                   struct documents *documents)
{
    struct ew_replay_result result;
    struct ew_replay_options options = {.paths = &path,
                                        .path_count = 1,
                                        .window_seconds = window_seconds,
                                        .single_pass = single_pass,
                                        .on_document = take_document,
                                        .context = documents};
    (void)append(documents, "", 0);
    ck_assert_msg(ew_replay_run(&options, &result, &error) == EW_OK, "%s: %s", path, error.text);
    ew_replay_result_free(&result);
}

static void compare_texts(const char *path, const struct documents *surveyed,
                          const struct documents *once)
{
    size_t at = 0;
    while (at < surveyed->used && surveyed->text[at] == once->text[at]) {
        at++;
    }
    size_t from = at < SHOWN_BYTES / 2 ? 0 : at - SHOWN_BYTES / 2;
    ck_assert_msg(surveyed->used == once->used && at == surveyed->used,
                  "%s: with a survey\n  %.*s\nread once\n  %.*s", path, SHOWN_BYTES,
                  surveyed->text + from, SHOWN_BYTES, once->text + from);
}

static void compare(const char *path, uint64_t window_seconds)
{
    struct documents surveyed = {.last_only = window_seconds != 0};
    struct documents once = {.last_only = window_seconds != 0};
    replay(path, false, window_seconds, &surveyed);
    replay(path, true, window_seconds, &once);
    compare_texts(path, &surveyed, &once);
    free(surveyed.text);
    free(once.text);
}

static void compare_scenario(const char *scenario_path, uint64_t window_seconds)
{
    struct ew_scenario *scenario = NULL;
    struct ew_synth_counts counts;
    struct ew_synth_options options = {.path = RECORDING};
    ck_assert_msg(ew_scenario_read(scenario_path, &scenario, &error) == EW_OK, "%s", error.text);
    ck_assert_msg(ew_synth_write(scenario, &options, &counts, &error) == EW_OK, "%s", error.text);
    ew_scenario_destroy(scenario);
    compare(RECORDING, window_seconds);
    (void)remove(RECORDING);
}

START_TEST(minimal__in_one_window__is_the_same)
{
    compare_scenario(EW_SCENARIOS "/minimal.json", 0);
}
END_TEST

/* Its last window holds stacks that were there when the window before it was closed; keys and
 * methods of theirs are told at the end. */
START_TEST(shop__in_two_windows__has_the_same_last_one)
{
    compare_scenario(EW_SCENARIOS "/shop.json", 20);
}
END_TEST

START_TEST(shop__in_one_window__is_the_same)
{
    compare_scenario(EW_SCENARIOS "/shop.json", 0);
}
END_TEST

static bool note_name(void *context, const char *name, uint64_t bytes)
{
    size_t length = strlen(name);
    (void)context;
    (void)bytes;
    if (length > 4 && strcmp(name + length - 4, ".etl") == 0) {
        (void)snprintf(names[name_count++], PATH_BYTES, "%s/%s", EW_TRACES_DIR, name);
    }
    return name_count < NAMES_MAX;
}

static bool find_recordings(void)
{
    struct ew_error missing;
    name_count = 0;
    if (ew_directory_list(EW_TRACES_DIR, note_name, NULL, &missing) != EW_OK || name_count == 0) {
        (void)printf("skipped: there are no recordings in %s\n", EW_TRACES_DIR);
        return false;
    }
    return true;
}

START_TEST(recordings__in_one_window__are_the_same)
{
    bool found = find_recordings();
    for (size_t i = 0; found && i < name_count; i++) {
        compare(names[i], 0);
    }
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("one pass");
    TCase *tests = tcase_create("one pass");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, minimal__in_one_window__is_the_same);
    tcase_add_test(tests, shop__in_one_window__is_the_same);
    tcase_add_test(tests, shop__in_two_windows__has_the_same_last_one);
    tcase_add_test(tests, recordings__in_one_window__are_the_same);
    suite_add_tcase(suite, tests);
    return suite;
}
