/* SPDX-License-Identifier: Apache-2.0 */
/* The ledger: each window is told once, whoever is cut off between two steps. */
#include "export/ledger.h"
#include "export/sample_merged.h"
#include "platform/file.h"
#include "support/check_main.h"
#include "support/evidence_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FOLDER "export-ledger.tmp"
#define LEDGER FOLDER "/ledger"
#define OUT FOLDER "/facts.ndjson"
#define OTHER FOLDER "/more.ndjson"

enum { NAMES_MAX = 64, NAME_BYTES = 128, FILE_BYTES_MAX = 64 * 1024 };

struct names {
    char items[NAMES_MAX][NAME_BYTES];
    size_t count;
};

static bool take_name(void *context, const char *name, uint64_t bytes)
{
    struct names *names = context;
    (void)bytes;
    ck_assert_uint_lt(names->count, NAMES_MAX);
    (void)snprintf(names->items[names->count++], NAME_BYTES, "%s", name);
    return true;
}

static size_t files_in(const char *folder, struct names *names)
{
    struct ew_error error = {0};
    names->count = 0;
    enum ew_status status = ew_directory_list(folder, take_name, names, &error);
    ck_assert_msg(status == EW_OK, "%s", error.text);
    return names->count;
}

static void empty_folder(const char *folder)
{
    static struct names names;
    struct ew_error error = {0};
    ck_assert_int_eq(ew_directory_make(folder, &error), EW_OK);
    (void)files_in(folder, &names);
    for (size_t i = 0; i < names.count; i++) {
        char path[NAME_BYTES * 2];
        (void)snprintf(path, sizeof path, "%s/%s", folder, names.items[i]);
        ck_assert_int_eq(ew_file_remove(path, &error), EW_OK);
    }
}

static void set_up(void)
{
    empty_folder(FOLDER);
    empty_folder(LEDGER);
}

static struct ew_ledger *open_ledger(void)
{
    struct ew_ledger *ledger = NULL;
    struct ew_error error = {0};
    enum ew_status status = ew_ledger_open(LEDGER, &ledger, &error);
    ck_assert_msg(status == EW_OK, "%s", error.text);
    return ledger;
}

static bool exists(const char *path)
{
    struct ew_file *file = NULL;
    bool found = ew_file_open(path, &file, NULL) == EW_OK;
    ew_file_close(file);
    return found;
}

static void move(const char *from, const char *to)
{
    struct ew_error error = {0};
    enum ew_status status = ew_file_rename(from, to, false, &error);
    ck_assert_msg(status == EW_OK, "%s", error.text);
}

static uint64_t lines_in(const char *path)
{
    char *bytes = NULL;
    size_t byte_count = 0;
    uint64_t lines = 0;
    struct ew_error error = {0};
    enum ew_status status = ew_file_read_all(path, FILE_BYTES_MAX, &bytes, &byte_count, &error);
    ck_assert_msg(status == EW_OK, "%s", error.text);
    for (size_t i = 0; i < byte_count; i++) {
        lines += bytes[i] == '\n' ? 1 : 0;
    }
    free(bytes);
    return lines;
}

static struct ew_export_options options_of(size_t window_count)
{
    return (struct ew_export_options){.format = EW_EXPORT_STELLA_FACTS,
                                      .producer_version = "0.1.0",
                                      .merged = ew_sample_merged(),
                                      .windows = ew_sample_windows(),
                                      .window_count = window_count};
}

static struct ew_export_counts tell(struct ew_ledger *ledger, size_t window_count,
                                    const char *out)
{
    struct ew_export_options options = options_of(window_count);
    struct ew_export_counts counts = {0};
    struct ew_error error = {0};
    enum ew_status status = ew_ledger_export(ledger, &options, out, &counts, &error);
    ck_assert_msg(status == EW_OK, "%s", error.text);
    return counts;
}

static enum ew_status try_tell(struct ew_ledger *ledger, const char *out)
{
    struct ew_export_options options = options_of(EW_SAMPLE_WINDOWS);
    struct ew_export_counts counts = {0};
    struct ew_error error = {0};
    return ew_ledger_export(ledger, &options, out, &counts, &error);
}

START_TEST(export__again__tells_nothing)
{
    struct ew_ledger *ledger = open_ledger();
    ck_assert_uint_eq(tell(ledger, EW_SAMPLE_WINDOWS, OUT).rows, 6);
    ck_assert_uint_eq(lines_in(OUT), 6);
    ck_assert_uint_eq(tell(ledger, EW_SAMPLE_WINDOWS, OTHER).rows, 0);
    ew_ledger_close(ledger);
    ledger = open_ledger();
    ck_assert_uint_eq(ew_ledger_batches(ledger), 1);
    ck_assert(!ew_ledger_recovered(ledger));
    struct ew_export_counts counts = tell(ledger, EW_SAMPLE_WINDOWS, OTHER);
    ck_assert_uint_eq(counts.rows, 0);
    ck_assert_uint_eq(counts.windows_sent, 2);
    ck_assert(!exists(OTHER));
    ew_ledger_close(ledger);
}
END_TEST

START_TEST(export__one_more_window__tells_that_one)
{
    struct ew_ledger *ledger = open_ledger();
    ck_assert_uint_eq(tell(ledger, 1, OUT).windows, 1);
    struct ew_export_counts counts = tell(ledger, 2, OTHER);
    ck_assert_uint_eq(counts.windows, 1);
    ck_assert_uint_eq(counts.windows_sent, 1);
    ck_assert_uint_eq(lines_in(OTHER), 3);
    ck_assert_uint_eq(ew_ledger_batches(ledger), 2);
    ew_ledger_close(ledger);
}
END_TEST

START_TEST(export__parts__do_not_stay)
{
    static struct names names;
    struct ew_ledger *ledger = open_ledger();
    (void)tell(ledger, 1, OUT);
    (void)tell(ledger, 1, OTHER);
    ew_ledger_close(ledger);
    ck_assert_uint_eq(files_in(FOLDER, &names), 1);
    ck_assert_uint_eq(files_in(LEDGER, &names), 1);
}
END_TEST

START_TEST(export__out_is_there__tells_nothing)
{
    struct ew_ledger *ledger = open_ledger();
    evidence_files_write(OUT, "not sent yet\n");
    ck_assert_int_eq(try_tell(ledger, OUT), EW_EXISTS);
    ck_assert_uint_eq(ew_ledger_batches(ledger), 0);
    ck_assert_uint_eq(lines_in(OUT), 1);
    ck_assert_int_eq(try_tell(ledger, OTHER), EW_OK);
    ew_ledger_close(ledger);
}
END_TEST

/* Cut off between the record and the last rename. */
START_TEST(open__part_is_left__finishes_the_batch)
{
    struct ew_ledger *ledger = open_ledger();
    (void)tell(ledger, 2, OUT);
    move(OUT, ledger->part);
    ew_ledger_close(ledger);
    ledger = open_ledger();
    ck_assert(ew_ledger_recovered(ledger));
    ck_assert_uint_eq(lines_in(OUT), 6);
    ck_assert_uint_eq(tell(ledger, 2, OTHER).rows, 0);
    ew_ledger_close(ledger);
    ledger = open_ledger();
    ck_assert(!ew_ledger_recovered(ledger));
    ew_ledger_close(ledger);
}
END_TEST

/* Half a part is not the batch: it is left alone, and what was told is not told again. */
START_TEST(open__part_is_broken__is_not_taken_for_the_batch)
{
    struct ew_ledger *ledger = open_ledger();
    (void)tell(ledger, 2, OUT);
    move(OUT, OTHER);
    evidence_files_write(ledger->part, "{\"half\":");
    ew_ledger_close(ledger);
    ledger = open_ledger();
    ck_assert(!ew_ledger_recovered(ledger));
    ck_assert(!exists(OUT));
    ck_assert_uint_eq(tell(ledger, 2, OUT).rows, 0);
    ew_ledger_close(ledger);
}
END_TEST

/* Cut off before the record: parts lie about, and nothing was told. */
START_TEST(open__parts_without_a_record__tells_all)
{
    evidence_files_write(OUT ".0011223344556677.part", "{\"half\":");
    evidence_files_write(LEDGER "/facts-000000000001.json.0011223344556677.part", "{");
    struct ew_ledger *ledger = open_ledger();
    ck_assert_uint_eq(ew_ledger_batches(ledger), 0);
    ck_assert_uint_eq(tell(ledger, 2, OUT).rows, 6);
    ew_ledger_close(ledger);
}
END_TEST

START_TEST(export__two_at_once__one_is_refused)
{
    struct ew_ledger *ledger = open_ledger();
    struct ew_ledger *other = open_ledger();
    ck_assert_int_eq(try_tell(ledger, OUT), EW_OK);
    ck_assert_int_eq(try_tell(other, OTHER), EW_EXISTS);
    ck_assert(!exists(OTHER));
    ew_ledger_close(other);
    other = open_ledger();
    ck_assert_uint_eq(tell(other, 2, OTHER).rows, 0);
    ew_ledger_close(ledger);
    ew_ledger_close(other);
}
END_TEST

/* --- roll-ups ------------------------------------------------------------------- */

static struct ew_export_counts tell_range(struct ew_ledger *ledger, uint64_t from, uint64_t to,
                                          const char *out)
{
    struct ew_window window = ew_sample_windows()[0];
    struct ew_export_options options = options_of(1);
    struct ew_export_counts counts = {0};
    struct ew_error error = {0};
    window.covers_from = from;
    window.covers_to = to;
    options.windows = &window;
    ck_assert_int_eq(ew_ledger_export(ledger, &options, out, &counts, &error), EW_OK);
    return counts;
}

START_TEST(roll_up__one_window_was_told__is_left_out)
{
    struct ew_ledger *ledger = open_ledger();
    (void)tell_range(ledger, 2, 2, OUT);
    struct ew_export_counts counts = tell_range(ledger, 0, 3, OTHER);
    ck_assert_uint_eq(counts.windows_partly, 1);
    ck_assert_uint_eq(counts.rows, 0);
    ew_ledger_close(ledger);
}
END_TEST

START_TEST(roll_up__all_windows_were_told__is_sent)
{
    struct ew_ledger *ledger = open_ledger();
    (void)tell_range(ledger, 1, 1, OUT);
    (void)tell_range(ledger, 2, 3, OTHER);
    ck_assert_uint_eq(tell_range(ledger, 0, 3, FOLDER "/3").windows_sent, 1);
    ew_ledger_close(ledger);
}
END_TEST

START_TEST(window__its_roll_up_was_told__is_sent)
{
    struct ew_ledger *ledger = open_ledger();
    ck_assert_uint_eq(tell_range(ledger, 0, 3, OUT).windows, 1);
    ew_ledger_close(ledger);
    ledger = open_ledger();
    ck_assert_uint_eq(tell_range(ledger, 3, 3, OTHER).windows_sent, 1);
    ck_assert_uint_eq(tell_range(ledger, 4, 4, OTHER).windows, 1);
    ew_ledger_close(ledger);
}
END_TEST

/* --- broken ledgers --------------------------------------------------------------- */

#define RECORD(windows)                                                                          \
    "{\"lines\":1,\"out\":\"o\",\"part\":\"p\",\"schema\":\"stella-facts-ledger/1\",\"sha256\":" \
    "\"0000000000000000000000000000000000000000000000000000000000000000\",\"windows\":[" windows \
    "]}"
#define WINDOW(from, to) \
    "{\"from\":" from ",\"stream\":\"5f0c1e2d3b4a59687786958493a2b1c0\",\"to\":" to "}"

static enum ew_status open_status(struct ew_error *error)
{
    struct ew_ledger *ledger = NULL;
    enum ew_status status = ew_ledger_open(LEDGER, &ledger, error);
    ew_ledger_close(ledger);
    return status;
}

START_TEST(record__hostile__is_refused)
{
    static const char *const bad[] = {
        "",
        "{}",
        "[]",
        RECORD("7"),
        RECORD(WINDOW("0", "1")),
        RECORD(WINDOW("2", "1")),
        RECORD("{\"from\":1,\"stream\":\"5f0c\",\"to\":1}"),
        RECORD("{\"from\":1,\"to\":1}"),
        RECORD(WINDOW("1", "18446744073709551616")),
        RECORD(WINDOW("1", "4") "," WINDOW("4", "4")),
        RECORD(WINDOW("1", "1")) "x",
    };
    struct ew_error error = {0};
    evidence_files_write(LEDGER "/facts-000000000001.json", bad[_i]);
    ck_assert_int_eq(open_status(&error), EW_FORMAT);
    ck_assert(error.text[0] != '\0');
}
END_TEST

START_TEST(record__good__is_read)
{
    struct ew_error error = {0};
    evidence_files_write(LEDGER "/facts-000000000001.json",
                         RECORD(WINDOW("1", "4") "," WINDOW("5", "5")));
    ck_assert_int_eq(open_status(&error), EW_OK);
    struct ew_ledger *ledger = open_ledger();
    const char *stream = "5f0c1e2d3b4a59687786958493a2b1c0";
    ck_assert_uint_eq(ew_ledger_told(ledger, stream, 1, 8), 5);
    ck_assert_uint_eq(ew_ledger_told(ledger, stream, 3, 4), 2);
    ck_assert_uint_eq(ew_ledger_told(ledger, stream, 6, 8), 0);
    ck_assert_uint_eq(ew_ledger_told(ledger, "00000000000000000000000000000000", 1, 8), 0);
    ew_ledger_close(ledger);
}
END_TEST

START_TEST(record__one_is_missing__is_refused)
{
    struct ew_error error = {0};
    evidence_files_write(LEDGER "/facts-000000000001.json", RECORD(WINDOW("1", "1")));
    evidence_files_write(LEDGER "/facts-000000000003.json", RECORD(WINDOW("3", "3")));
    ck_assert_int_eq(open_status(&error), EW_FORMAT);
    ck_assert_ptr_nonnull(strstr(error.text, "record 2 is missing"));
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("ledger");
    TCase *tcase = tcase_create("ledger");
    tcase_add_checked_fixture(tcase, set_up, NULL);
    tcase_add_test(tcase, export__again__tells_nothing);
    tcase_add_test(tcase, export__one_more_window__tells_that_one);
    tcase_add_test(tcase, export__parts__do_not_stay);
    tcase_add_test(tcase, export__out_is_there__tells_nothing);
    tcase_add_test(tcase, open__part_is_left__finishes_the_batch);
    tcase_add_test(tcase, open__part_is_broken__is_not_taken_for_the_batch);
    tcase_add_test(tcase, open__parts_without_a_record__tells_all);
    tcase_add_test(tcase, export__two_at_once__one_is_refused);
    tcase_add_test(tcase, roll_up__one_window_was_told__is_left_out);
    tcase_add_test(tcase, roll_up__all_windows_were_told__is_sent);
    tcase_add_test(tcase, window__its_roll_up_was_told__is_sent);
    tcase_add_loop_test(tcase, record__hostile__is_refused, 0, 11);
    tcase_add_test(tcase, record__good__is_read);
    tcase_add_test(tcase, record__one_is_missing__is_refused);
    suite_add_tcase(suite, tcase);
    return suite;
}
