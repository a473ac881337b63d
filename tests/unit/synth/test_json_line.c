/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of JSON values, depth, and times of scenarios. */
#include "base/filetime.h"
#include "support/check_main.h"
#include "synth/json_line.h"

#include <string.h>

static const char text[] = "{\n"
                           "  \"a\": 1,\n"
                           "  \"list\": [\n"
                           "    {\"x\": \"]}\\\"\"},\n"
                           "    {\n"
                           "      \"x\": [1,\n"
                           "        2]\n"
                           "    }\n"
                           "  ]\n"
                           "}\n";

static unsigned line(const char *path, const char *key)
{
    return ew_json_line(text, sizeof text - 1, path, key);
}

START_TEST(line__of_members_and_elements__is_where_the_value_stands)
{
    ck_assert_uint_eq(line("", NULL), 1);
    ck_assert_uint_eq(line("a", NULL), 2);
    ck_assert_uint_eq(line("list", NULL), 3);
    ck_assert_uint_eq(line("list[0]", NULL), 4);
    ck_assert_uint_eq(line("list[1]", NULL), 5);
    ck_assert_uint_eq(line("list[1].x", NULL), 6);
    ck_assert_uint_eq(line("list[1].x[1]", NULL), 7);
    ck_assert_uint_eq(line("list[1]", "x"), 6);
}
END_TEST

START_TEST(line__of_what_is_not_there__is_the_last_reached)
{
    ck_assert_uint_eq(line("nothing", NULL), 1);
    ck_assert_uint_eq(line("list[1].nothing", NULL), 5);
    ck_assert_uint_eq(line("list[9]", NULL), 3);
    ck_assert_uint_eq(line("a[0]", NULL), 2);
}
END_TEST

START_TEST(line__cut_text__ends)
{
    for (size_t bytes = 0; bytes < sizeof text; bytes++) {
        ck_assert_uint_ge(ew_json_line(text, bytes, "list[1].x[1]", "y"), 1);
    }
}
END_TEST

START_TEST(depth__brackets_in_texts__do_not_count)
{
    ck_assert(ew_json_depth_is_at_most("[[\"[[[\\\"[\"]]", 12, 2));
    ck_assert(!ew_json_depth_is_at_most("[[[]]]", 6, 2));
}
END_TEST

START_TEST(time__formatted_and_read__is_the_same)
{
    const uint64_t times[] = {0,
                              1,
                              UINT64_C(134168982000000000),
                              UINT64_C(125911584000000000),
                              EW_FILETIME_UNIX_EPOCH,
                              EW_FILETIME_MAX};
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        char form[EW_FILETIME_TEXT_BYTES];
        uint64_t read = 1;
        ew_filetime_format(times[i], form);
        ck_assert_msg(ew_filetime_parse(form, &read), "%s", form);
        ck_assert_uint_eq(read, times[i]);
    }
}
END_TEST

START_TEST(time__every_day_of_a_leap_century__is_read)
{
    for (uint64_t day = 0; day < 4 * 36525; day++) {
        char form[EW_FILETIME_TEXT_BYTES];
        uint64_t read = 0;
        ew_filetime_format(day * 86400 * EW_FILETIME_SECOND, form);
        ck_assert(ew_filetime_parse(form, &read));
        ck_assert_uint_eq(read, day * 86400 * EW_FILETIME_SECOND);
    }
}
END_TEST

START_TEST(time__malformed__is_refused)
{
    const char *bad[] = {
        "",
        "2026",
        "2026-03-02",
        "2026-03-02T08:30:00",
        "2026-03-02T08:30:00.Z",
        "2026-03-02T08:30:00.12345678Z",
        "2026-03-02T08:30:00+01:00",
        "2026-02-29T08:30:00Z",
        "2026-13-02T08:30:00Z",
        "2026-00-02T08:30:00Z",
        "2026-03-00T08:30:00Z",
        "2026-03-02T24:30:00Z",
        "2026-03-02T08:60:00Z",
        "2026-03-02T08:30:60Z",
        "1600-03-02T08:30:00Z",
        "2026-03-02T08:30:00Z ",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        uint64_t read = 7;
        ck_assert_msg(!ew_filetime_parse(bad[i], &read), "%s", bad[i]);
        ck_assert_uint_eq(read, 7);
    }
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("json_line");
    TCase *tests = tcase_create("all");
    tcase_add_test(tests, line__of_members_and_elements__is_where_the_value_stands);
    tcase_add_test(tests, line__of_what_is_not_there__is_the_last_reached);
    tcase_add_test(tests, line__cut_text__ends);
    tcase_add_test(tests, depth__brackets_in_texts__do_not_count);
    tcase_add_test(tests, time__formatted_and_read__is_the_same);
    tcase_add_test(tests, time__every_day_of_a_leap_century__is_read);
    tcase_add_test(tests, time__malformed__is_refused);
    suite_add_tcase(suite, tests);
    return suite;
}
