/* SPDX-License-Identifier: Apache-2.0 */
/* What is told of a merged document that is too large for some of its readers. */
#include "cli/merge_report.h"
#include "support/check_main.h"

#include <string.h>

static char text[EW_ERROR_TEXT_BYTES];

static void expect_parts(const char *const *parts)
{
    for (size_t i = 0; parts[i] != NULL; i++) {
        ck_assert_msg(strstr(text, parts[i]) != NULL, "\"%s\" lacks \"%s\"", text, parts[i]);
    }
}

START_TEST(size__that_all_read__is_not_told)
{
    ck_assert(!merge_report_size("m.json", 0, text, sizeof text));
    ck_assert(!merge_report_size("m.json", EW_DOCUMENT_BYTES_MAX, text, sizeof text));
}
END_TEST

START_TEST(size__above_what_check_reads__says_what_each_reads)
{
    static const char *const parts[] = {
        "m.json: has 134,217,729 bytes", "check reads at most 134,217,728",
        "export at most 1,073,741,824", "smaller callgraphs", NULL};
    ck_assert(merge_report_size("m.json", EW_DOCUMENT_BYTES_MAX + 1U, text, sizeof text));
    expect_parts(parts);
    ck_assert(merge_report_size("m.json", EW_MERGE_DOCUMENT_BYTES_MAX, text, sizeof text));
    ck_assert_ptr_null(strstr(text, "--callgraph"));
}
END_TEST

START_TEST(size__above_what_anybody_reads__says_what_to_do_instead)
{
    static const char *const parts[] = {"m.json: has 1,073,741,825 bytes", "check reads at most",
                                        "export at most 1,073,741,824",
                                        "--callgraph with the evidence", NULL};
    ck_assert(merge_report_size("m.json", EW_MERGE_DOCUMENT_BYTES_MAX + 1U, text, sizeof text));
    expect_parts(parts);
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("merge report");
    TCase *tests = tcase_create("size");
    tcase_add_test(tests, size__that_all_read__is_not_told);
    tcase_add_test(tests, size__above_what_check_reads__says_what_each_reads);
    tcase_add_test(tests, size__above_what_anybody_reads__says_what_to_do_instead);
    suite_add_tcase(suite, tests);
    return suite;
}
