/* SPDX-License-Identifier: Apache-2.0 */
/* Command lines of services: quotes where they are needed. */
#include "service/command_line.h"
#include "support/check_main.h"

enum { LINE_BYTES = 128 };

static void assert_quoted(const char *argument, const char *expected)
{
    char text[LINE_BYTES];
    struct ew_command_line line = ew_command_line_begin(text, sizeof text, "p");
    ew_command_line_add(&line, argument);
    ck_assert(line.complete);
    ck_assert_str_eq(text + 4, expected);
}

START_TEST(begin__any_program__is_in_quotes)
{
    char text[LINE_BYTES];
    struct ew_command_line line = ew_command_line_begin(text, sizeof text, "C:\\a b\\e.exe");
    ew_command_line_add(&line, "service");
    ew_command_line_add(&line, "run");
    ck_assert_str_eq(text, "\"C:\\a b\\e.exe\" service run");
    (void)ew_command_line_begin(text, sizeof text, "C:\\e.exe");
    ck_assert_str_eq(text, "\"C:\\e.exe\"");
}
END_TEST

START_TEST(add__what_needs_it__is_quoted)
{
    assert_quoted("plain", "plain");
    assert_quoted("C:\\x\\", "C:\\x\\");
    assert_quoted("", "\"\"");
    assert_quoted("a b", "\"a b\"");
    assert_quoted("C:\\a b\\", "\"C:\\a b\\\\\"");
    assert_quoted("a\"b", "\"a\\\"b\"");
    assert_quoted("a \\\"b", "\"a \\\\\\\"b\"");
    assert_quoted("x\ty", "\"x\ty\"");
}
END_TEST

START_TEST(add__beyond_the_room__is_not_complete)
{
    char text[8];
    struct ew_command_line line = ew_command_line_begin(text, sizeof text, "abcd");
    ck_assert(line.complete);
    ew_command_line_add(&line, "x");
    ck_assert(!line.complete);
    ck_assert_uint_lt(line.used, sizeof text);
}
END_TEST

START_TEST(absolute__paths_of_every_kind__are_told_apart)
{
    ck_assert(ew_path_is_absolute("C:\\x"));
    ck_assert(ew_path_is_absolute("d:/x"));
    ck_assert(ew_path_is_absolute("\\\\server\\share"));
    ck_assert(!ew_path_is_absolute("C:x"));
    ck_assert(!ew_path_is_absolute("\\x"));
    ck_assert(!ew_path_is_absolute("\\\\"));
    ck_assert(!ew_path_is_absolute("x\\y"));
    ck_assert(!ew_path_is_absolute(""));
    ck_assert(!ew_path_is_absolute("C"));
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("command_line");
    TCase *tcase = tcase_create("command_line");
    tcase_add_test(tcase, begin__any_program__is_in_quotes);
    tcase_add_test(tcase, add__what_needs_it__is_quoted);
    tcase_add_test(tcase, add__beyond_the_room__is_not_complete);
    tcase_add_test(tcase, absolute__paths_of_every_kind__are_told_apart);
    suite_add_tcase(suite, tcase);
    return suite;
}
