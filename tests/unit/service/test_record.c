/* SPDX-License-Identifier: Apache-2.0 */
/* What record is asked for, and what it tells: options, settings, status line, summary. */
#include "../service/record.h"

#include "support/check_main.h"

#include <stdlib.h>
#include <string.h>

enum { ARGUMENTS_MAX = 16 };

/* --- options -------------------------------------------------------------------- */

static enum record_reading read_words(struct record_options *into, const char *const *words)
{
    char *arguments[ARGUMENTS_MAX] = {NULL};
    int count = 0;
    for (; words[count] != NULL; count++) {
        /* The parser takes what main gets, pointers to non-const, and only reads. */
        arguments[count] = (char *)(uintptr_t)words[count];
    }
    return record_options_read(count, arguments, into);
}

static enum record_reading reading_of(const char *const *words)
{
    struct record_options options;
    enum record_reading reading = read_words(&options, words);
    record_options_free(&options);
    return reading;
}

#define READING(...) reading_of((const char *const[]){__VA_ARGS__, NULL})

START_TEST(options__wrong__are_refused)
{
    ck_assert_int_eq(READING("--quiet"), RECORD_WRONG);
    ck_assert_int_eq(READING("--out", ""), RECORD_WRONG);
    ck_assert_int_eq(READING("--out", "d", "stray"), RECORD_WRONG);
    ck_assert_int_eq(READING("--out", "d", "--window", "9"), RECORD_WRONG);
    ck_assert_int_eq(READING("--out", "d", "--window", "86401"), RECORD_WRONG);
    ck_assert_int_eq(READING("--out", "d", "--duration", "soon"), RECORD_WRONG);
    ck_assert_int_eq(READING("--out", "d", "--nonsense"), RECORD_WRONG);
    ck_assert_int_eq(READING("--out", "d", "--attach", "x", "--no-clr"), RECORD_WRONG);
    ck_assert_int_eq(READING("--out", "d", "--attach", "x", "--session", "y"), RECORD_WRONG);
}
END_TEST

START_TEST(options__right__are_taken)
{
    ck_assert_int_eq(READING("--out", "d"), RECORD_GO);
    ck_assert_int_eq(READING("--out", "d", "--window", "10", "--no-clr"), RECORD_GO);
    ck_assert_int_eq(READING("--out", "d", "--attach", "x"), RECORD_GO);
}
END_TEST

/* --- settings -------------------------------------------------------------------- */

/* The settings that a command line makes; they are released with ew_settings_free(). */
static enum ew_status settings_of(const char *const *words, struct ew_settings *settings,
                                  struct ew_error *error)
{
    struct record_options options;
    ck_assert_int_eq(ew_settings_init(settings), EW_OK);
    ck_assert_int_eq(read_words(&options, words), RECORD_GO);
    enum ew_status status = record_settings(&options, settings, error);
    record_options_free(&options);
    return status;
}

START_TEST(settings__without_more_options__are_the_defaults_elsewhere)
{
    static const char *const words[] = {"--out", "D:\\e", NULL};
    struct ew_settings settings;
    struct ew_error error = {0};
    ck_assert_int_eq(settings_of(words, &settings, &error), EW_OK);
    ck_assert_str_eq(settings.directory, "D:\\e");
    ck_assert_str_eq(settings.session_name, "etwitness");
    ck_assert_uint_eq(settings.window_seconds, EW_WINDOW_SECONDS_DEFAULT);
    ck_assert(settings.kernel.enabled && settings.clr.enabled);
    ew_settings_free(&settings);
}
END_TEST

START_TEST(settings__with_options__hold_what_they_say)
{
    static const char *const words[] = {
        "--out",     "e",        "--window",         "60", "--duration", "5",
        "--process", "shop.exe", "--process",        "w",  "--no-clr",   "--session",
        "mine",      "--set",    "kernel.disk=true", NULL,
    };
    struct ew_settings settings;
    struct ew_error error = {0};
    ck_assert_msg(settings_of(words, &settings, &error) == EW_OK, "%s", error.text);
    ck_assert_uint_eq(settings.window_seconds, 60);
    ck_assert_uint_eq(settings.duration_seconds, 5);
    ck_assert_uint_eq(settings.processes.count, 2);
    ck_assert_str_eq(settings.processes.items[0], "shop.exe");
    ck_assert_str_eq(settings.processes.items[1], "w");
    ck_assert_str_eq(settings.session_name, "mine");
    ck_assert(!settings.clr.enabled);
    ck_assert(settings.kernel.disk);
    ew_settings_free(&settings);
}
END_TEST

START_TEST(settings__with_nothing_to_collect__are_refused)
{
    static const char *const words[] = {"--out", "e", "--no-clr", "--no-kernel", NULL};
    struct ew_settings settings;
    struct ew_error error = {0};
    ck_assert_int_eq(settings_of(words, &settings, &error), EW_USAGE);
    ck_assert_str_ne(error.text, "");
    ew_settings_free(&settings);
}
END_TEST

START_TEST(settings__by_a_wrong_assignment__are_refused)
{
    static const char *const words[] = {"--out", "e", "--set", "kernel.dsik=true", NULL};
    struct ew_settings settings;
    struct ew_error error = {0};
    ck_assert_int_ne(settings_of(words, &settings, &error), EW_OK);
    ck_assert_ptr_nonnull(strstr(error.text, "kernel.dsik"));
    ew_settings_free(&settings);
}
END_TEST

START_TEST(settings__from_a_file_that_is_missing__are_refused)
{
    static const char *const words[] = {"--out", "e", "--config", "no-such-file.json", NULL};
    struct ew_settings settings;
    struct ew_error error = {0};
    ck_assert_int_ne(settings_of(words, &settings, &error), EW_OK);
    ck_assert_ptr_nonnull(strstr(error.text, "no-such-file.json"));
    ew_settings_free(&settings);
}
END_TEST

/* --- the status line --------------------------------------------------------------- */

static const char *line_of(const struct ew_collect_status *before,
                           const struct ew_collect_status *now, uint64_t elapsed_ns)
{
    static char line[RECORD_STATUS_BYTES];
    record_status_line(before, now, elapsed_ns, line);
    return line;
}

START_TEST(status_line__of_a_running_collection__has_rate_and_sums)
{
    struct ew_collect_status before = {.events = 1000};
    struct ew_collect_status now = {.events = 7000, .edges = 1234567, .windows = 3};
    ck_assert_str_eq(line_of(&before, &now, 500000000),
                     "12,000 events/s  ring 0 %  lost 0  edges 1,234,567  windows 3");
    ck_assert_str_eq(line_of(&before, &now, 0),
                     "0 events/s  ring 0 %  lost 0  edges 1,234,567  windows 3");
}
END_TEST

START_TEST(status_line__with_losses__adds_them_up_and_marks_buffers)
{
    struct ew_collect_status none = {.events = 0};
    struct ew_collect_status now = {.events = 0};
    now.capture.events_lost = 5;
    now.queues[EW_CAPTURE_KERNEL].dropped[EW_QUEUE_SAMPLE] = 20;
    now.queues[EW_CAPTURE_USER].dropped[EW_QUEUE_STATE] = 1;
    ck_assert_ptr_nonnull(strstr(line_of(&none, &now, 1), "  lost 26  "));
    now.capture.buffers_lost = 1;
    ck_assert_ptr_nonnull(strstr(line_of(&none, &now, 1), "  lost 26+  "));
}
END_TEST

START_TEST(status_line__of_rings__shows_the_fullest)
{
    struct ew_collect_status now = {.events = 0};
    now.queues[EW_CAPTURE_KERNEL] =
        (struct ew_queue_counts){.waiting_bytes = 1, .capacity_bytes = 4096};
    ck_assert_ptr_nonnull(strstr(line_of(&now, &now, 1), "  ring 1 %  "));
    now.queues[EW_CAPTURE_USER] =
        (struct ew_queue_counts){.waiting_bytes = 5000, .capacity_bytes = 4096};
    ck_assert_ptr_nonnull(strstr(line_of(&now, &now, 1), "  ring 100 %  "));
}
END_TEST

START_TEST(status_line__of_every_state_at_its_longest__fits)
{
    struct ew_collect_status none = {.events = 0};
    struct ew_collect_status now = {
        .events = UINT64_MAX, .edges = UINT64_MAX, .windows = UINT64_MAX};
    now.capture.events_lost = UINT64_MAX;
    now.capture.buffers_lost = 1;
    now.capture.state = EW_CAPTURE_RESTARTING;
    ck_assert_ptr_nonnull(
        strstr(line_of(&none, &now, 1000000000), "  session lost, trying again"));
    now.stopping = true;
    ck_assert_ptr_nonnull(strstr(line_of(&none, &now, 1000000000), "  stopping"));
}
END_TEST

/* --- the summary -------------------------------------------------------------------- */

static const char *summary_of(const struct ew_collect_status *status)
{
    static char text[2048];
    FILE *file = tmpfile();
    ck_assert_ptr_nonnull(file);
    record_summary(file, status);
    rewind(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    (void)fclose(file);
    return text;
}

START_TEST(summary__without_losses__says_so)
{
    struct ew_collect_status status = {
        .events = 1000, .stacks = 10, .edges = 7, .windows = 1, .documents = 2};
    ck_assert(!record_is_incomplete(&status));
    ck_assert_str_eq(summary_of(&status),
                     "\n1,000 events, 10 stacks, 7 edges in 1 windows, 2 documents\n"
                     "nothing was lost\n");
}
END_TEST

START_TEST(summary__of_each_loss__is_incomplete_and_tells_it)
{
    struct ew_collect_status status = {.events = 1};
    struct {
        uint64_t *count;
        const char *part;
    } losses[] = {
        {&status.capture.events_lost, "events lost by Windows"},
        {&status.capture.buffers_lost, "buffers lost by Windows"},
        {&status.queues[EW_CAPTURE_NOTICES].dropped[EW_QUEUE_STATE], "loads and starts"},
        {&status.queues[EW_CAPTURE_USER].dropped[EW_QUEUE_SAMPLE], "samples and stacks"},
        {&status.refused, "no room in our tables"},
        {&status.capture.restarts, "a session was lost"},
        {&status.waiting, "could not be published"},
    };
    for (size_t i = 0; i < sizeof losses / sizeof losses[0]; i++) {
        *losses[i].count = 1234;
        ck_assert(record_is_incomplete(&status));
        const char *summary = summary_of(&status);
        ck_assert_ptr_nonnull(strstr(summary, "1,234  "));
        ck_assert_ptr_nonnull(strstr(summary, losses[i].part));
        ck_assert_ptr_null(strstr(summary, "nothing was lost"));
        *losses[i].count = 0;
    }
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("record");
    TCase *cases = tcase_create("record");
    tcase_add_test(cases, options__wrong__are_refused);
    tcase_add_test(cases, options__right__are_taken);
    tcase_add_test(cases, settings__without_more_options__are_the_defaults_elsewhere);
    tcase_add_test(cases, settings__with_options__hold_what_they_say);
    tcase_add_test(cases, settings__with_nothing_to_collect__are_refused);
    tcase_add_test(cases, settings__by_a_wrong_assignment__are_refused);
    tcase_add_test(cases, settings__from_a_file_that_is_missing__are_refused);
    tcase_add_test(cases, status_line__of_a_running_collection__has_rate_and_sums);
    tcase_add_test(cases, status_line__with_losses__adds_them_up_and_marks_buffers);
    tcase_add_test(cases, status_line__of_rings__shows_the_fullest);
    tcase_add_test(cases, status_line__of_every_state_at_its_longest__fits);
    tcase_add_test(cases, summary__without_losses__says_so);
    tcase_add_test(cases, summary__of_each_loss__is_incomplete_and_tells_it);
    suite_add_tcase(suite, cases);
    return suite;
}
