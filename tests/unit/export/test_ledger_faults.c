/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ledger when an operation is refused or the power fails between any two of its steps: in
 * the end each line was told once, never twice, and none is lost.
 */
#include "evidence/memory_files.h"
#include "export/sample_merged.h"
#include "support/check_main.h"

#include <stdio.h>
#include <string.h>

#define LEDGER "ledger"
#define OUT "out/facts.ndjson"
#define OTHER "out/more.ndjson"
#define REST "out/rest.ndjson"

enum { LINES = 6, OPERATIONS_MAX = 200 };

static enum ew_status tell(const char *out, size_t window_count)
{
    const struct ew_export_options options = {.format = EW_EXPORT_STELLA_FACTS,
                                              .producer_version = "0.1.0",
                                              .merged = ew_sample_merged(),
                                              .windows = ew_sample_windows(),
                                              .window_count = window_count};
    struct ew_ledger *ledger = NULL;
    struct ew_export_counts counts = {0};
    struct ew_error error = {0};
    enum ew_status status = ew_ledger_open(LEDGER, &ledger, &error);
    if (status == EW_OK) {
        status = ew_ledger_export(ledger, &options, out, &counts, &error);
    }
    ew_ledger_close(ledger);
    ck_assert(status == EW_OK || error.text[0] != '\0');
    return status;
}

static unsigned lines_in(const char *path)
{
    size_t byte_count = 0;
    unsigned lines = 0;
    const char *bytes = ew_memory_content(path, &byte_count);
    for (size_t i = 0; bytes != NULL && i < byte_count; i++) {
        lines += bytes[i] == '\n';
    }
    return lines;
}

/* What a sender would find: lines under their final names. */
static unsigned lines_told(void)
{
    return lines_in(OUT) + lines_in(OTHER) + lines_in(REST);
}

/* Tells all that is left, after what was cut off was finished. */
static void tell_the_rest(unsigned operation)
{
    ck_assert_int_eq(tell(REST, EW_SAMPLE_WINDOWS), EW_OK);
    ck_assert_msg(lines_told() == LINES, "operation %u: %u lines", operation, lines_told());
    ck_assert_int_eq(tell("out/third.ndjson", EW_SAMPLE_WINDOWS), EW_OK);
    ck_assert_uint_eq(ew_memory_count("out/third.ndjson"), 0);
}

START_TEST(export__power_fails_at_any_operation__each_line_is_told_once)
{
    unsigned operation = 0;
    bool failed = true;
    for (; failed; operation++) {
        ck_assert_uint_lt(operation, OPERATIONS_MAX);
        ew_memory_reset();
        ew_memory_crash_after(operation);
        enum ew_status status = tell(OUT, EW_SAMPLE_WINDOWS);
        failed = ew_memory_has_failed();
        ck_assert_int_eq(status, failed ? EW_IO : EW_OK);
        ew_memory_restart();
        ck_assert_msg(lines_told() == 0 || lines_told() == LINES, "operation %u", operation);
        tell_the_rest(operation);
    }
    /* Two files made, written, flushed and renamed, and their folders. */
    ck_assert_uint_gt(operation, 10);
    ew_memory_reset();
}
END_TEST

START_TEST(export__any_operation_is_refused__each_line_is_told_once)
{
    bool failed = true;
    for (unsigned operation = 0; failed; operation++) {
        ck_assert_uint_lt(operation, OPERATIONS_MAX);
        ew_memory_reset();
        ew_memory_fail_after(operation);
        (void)tell(OUT, EW_SAMPLE_WINDOWS);
        failed = ew_memory_has_failed();
        tell_the_rest(operation);
    }
    ew_memory_reset();
}
END_TEST

/* The power fails again while the cut-off batch is finished. */
START_TEST(open__power_fails_while_it_finishes__the_next_one_does)
{
    bool failed = true;
    for (unsigned first = 0; failed; first++) {
        bool again = true;
        for (unsigned second = 0; again; second++) {
            ck_assert_uint_lt(second, OPERATIONS_MAX);
            ew_memory_reset();
            ew_memory_crash_after(first);
            (void)tell(OUT, 1);
            failed = ew_memory_has_failed();
            ew_memory_restart();
            ew_memory_crash_after(second);
            (void)tell(OTHER, 1);
            again = ew_memory_has_failed();
            ew_memory_restart();
            ck_assert_uint_le(lines_told(), LINES / 2);
            tell_the_rest(first);
        }
    }
    ew_memory_reset();
}
END_TEST

START_TEST(export__volume_is_full__nothing_is_told)
{
    ew_memory_reset();
    ew_memory_set_room(100);
    ck_assert_int_eq(tell(OUT, EW_SAMPLE_WINDOWS), EW_IO);
    ck_assert_uint_eq(lines_told(), 0);
    ck_assert_uint_eq(ew_memory_count("out/"), 0);
    ew_memory_set_room(SIZE_MAX);
    tell_the_rest(0);
    ew_memory_reset();
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("ledger faults");
    TCase *tcase = tcase_create("faults");
    tcase_add_test(tcase, export__power_fails_at_any_operation__each_line_is_told_once);
    tcase_add_test(tcase, export__any_operation_is_refused__each_line_is_told_once);
    tcase_add_test(tcase, open__power_fails_while_it_finishes__the_next_one_does);
    tcase_add_test(tcase, export__volume_is_full__nothing_is_told);
    suite_add_tcase(suite, tcase);
    return suite;
}
