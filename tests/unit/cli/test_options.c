/* SPDX-License-Identifier: Apache-2.0 */
/* Command-line options: values, lists, operands, and what is refused. */
#include "cli/cli.h"
#include "etwitness/limits.h"
#include "support/check_main.h"

#include <string.h>

enum { ARGUMENTS_MAX = 2 * EW_FILTERS_MAX + 8 };

/* What a subcommand would have, and what was read into it. */
struct read_options {
    bool quiet;
    const char *out;
    uint64_t limit;
    struct ew_text_list pids;
    struct ew_text_list operands;
    bool help;
};

static enum ew_status read_words(struct read_options *into, const char *const *words)
{
    struct ew_option options[] = {
        {"quiet", EW_OPTION_FLAG, &into->quiet, 0},
        {"out", EW_OPTION_TEXT, &into->out, 0},
        {"limit", EW_OPTION_U64, &into->limit, 1000},
        {"pid", EW_OPTION_LIST, &into->pids, 0},
    };
    char *arguments[ARGUMENTS_MAX] = {NULL};
    int count = 0;
    for (; words[count] != NULL; count++) {
        /* The parser takes what main gets, pointers to non-const, and only reads. */
        arguments[count] = (char *)(uintptr_t)words[count];
    }
    return ew_options_read(count, arguments, options, sizeof options / sizeof options[0],
                           "usage: test\n", &into->operands, &into->help);
}

static void release(struct read_options *into)
{
    const struct ew_option options[] = {{"pid", EW_OPTION_LIST, &into->pids, 0}};
    ew_options_free(options, 1, &into->operands);
    ck_assert_ptr_null(into->pids.items);
    ck_assert_ptr_null(into->operands.items);
}

START_TEST(options__every_kind_in_both_forms__reach_their_targets)
{
    static const char *const words[] = {"a.etl", "--quiet", "--out",   "dir",   "--limit=1000",
                                        "--pid", "4",       "--pid=8", "b.etl", NULL};
    struct read_options read = {0};
    ck_assert_int_eq(read_words(&read, words), EW_OK);
    ck_assert(read.quiet);
    ck_assert(!read.help);
    ck_assert_str_eq(read.out, "dir");
    ck_assert_uint_eq(read.limit, 1000);
    ck_assert_uint_eq(read.pids.count, 2);
    ck_assert_str_eq(read.pids.items[0], "4");
    ck_assert_str_eq(read.pids.items[1], "8");
    ck_assert_uint_eq(read.operands.count, 2);
    ck_assert_str_eq(read.operands.items[0], "a.etl");
    ck_assert_str_eq(read.operands.items[1], "b.etl");
    release(&read);
}
END_TEST

START_TEST(options__none_given__leave_the_defaults)
{
    static const char *const words[] = {NULL};
    struct read_options read = {.out = "default", .limit = 7};
    ck_assert_int_eq(read_words(&read, words), EW_OK);
    ck_assert(!read.quiet);
    ck_assert_str_eq(read.out, "default");
    ck_assert_uint_eq(read.limit, 7);
    ck_assert_uint_eq(read.operands.count, 0);
    release(&read);
}
END_TEST

START_TEST(options__after_two_dashes__are_operands)
{
    static const char *const words[] = {"--", "--quiet", "--", "-h", NULL};
    struct read_options read = {0};
    ck_assert_int_eq(read_words(&read, words), EW_OK);
    ck_assert(!read.quiet);
    ck_assert(!read.help);
    ck_assert_uint_eq(read.operands.count, 3);
    ck_assert_str_eq(read.operands.items[0], "--quiet");
    release(&read);
}
END_TEST

START_TEST(options__a_value_that_looks_like_an_option__is_the_value)
{
    static const char *const words[] = {"--out", "--quiet", NULL};
    struct read_options read = {0};
    ck_assert_int_eq(read_words(&read, words), EW_OK);
    ck_assert_str_eq(read.out, "--quiet");
    ck_assert(!read.quiet);
    release(&read);
}
END_TEST

START_TEST(options__an_empty_value__is_a_value)
{
    static const char *const words[] = {"--out=", NULL};
    struct read_options read = {.out = "default"};
    ck_assert_int_eq(read_words(&read, words), EW_OK);
    ck_assert_str_eq(read.out, "");
    release(&read);
}
END_TEST

START_TEST(options__help_anywhere__is_asked_for)
{
    static const char *const words[] = {"a.etl", "--help", NULL};
    struct read_options read = {0};
    ck_assert_int_eq(read_words(&read, words), EW_OK);
    ck_assert(read.help);
    release(&read);
}
END_TEST

START_TEST(options__that_make_no_sense__are_refused)
{
    static const char *const wrong[][3] = {
        {"--unknown", NULL, NULL},     {"--quie", NULL, NULL},
        {"--quietly", NULL, NULL},     {"--quiet=yes", NULL, NULL},
        {"--out", NULL, NULL},         {"--pid", NULL, NULL},
        {"--limit", "1001", NULL},     {"--limit", "-1", NULL},
        {"--limit", "", NULL},         {"--limit", "1x", NULL},
        {"--limit=0x3e9", NULL, NULL}, {"--limit", " 1", NULL},
        {"--=1", NULL, NULL},          {"--limit", "99999999999999999999999", NULL},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct read_options read = {.limit = 7};
        ck_assert_msg(read_words(&read, wrong[i]) == EW_USAGE, "%s %s was taken", wrong[i][0],
                      wrong[i][1] != NULL ? wrong[i][1] : "");
        ck_assert_uint_eq(read.limit, 7);
        release(&read);
    }
}
END_TEST

START_TEST(options__more_values_than_a_list_holds__are_refused)
{
    const char *words[ARGUMENTS_MAX] = {NULL};
    struct read_options read = {0};
    for (int i = 0; i <= EW_FILTERS_MAX; i++) {
        words[i] = "--pid=1";
    }
    ck_assert_int_eq(read_words(&read, words), EW_USAGE);
    ck_assert_uint_eq(read.pids.count, EW_FILTERS_MAX);
    release(&read);
    words[EW_FILTERS_MAX] = NULL;
    ck_assert_int_eq(read_words(&read, words), EW_OK);
    ck_assert_uint_eq(read.pids.count, EW_FILTERS_MAX);
    release(&read);
}
END_TEST

START_TEST(grouped__numbers__have_commas_every_three_digits)
{
    char text[27];
    ck_assert_str_eq(ew_cli_grouped(0, text), "0");
    ck_assert_str_eq(ew_cli_grouped(999, text), "999");
    ck_assert_str_eq(ew_cli_grouped(1000, text), "1,000");
    ck_assert_str_eq(ew_cli_grouped(UINT64_MAX, text), "18,446,744,073,709,551,615");
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("options");
    TCase *options = tcase_create("options");
    tcase_add_test(options, options__every_kind_in_both_forms__reach_their_targets);
    tcase_add_test(options, options__none_given__leave_the_defaults);
    tcase_add_test(options, options__after_two_dashes__are_operands);
    tcase_add_test(options, options__a_value_that_looks_like_an_option__is_the_value);
    tcase_add_test(options, options__an_empty_value__is_a_value);
    tcase_add_test(options, options__help_anywhere__is_asked_for);
    tcase_add_test(options, options__that_make_no_sense__are_refused);
    tcase_add_test(options, options__more_values_than_a_list_holds__are_refused);
    tcase_add_test(options, grouped__numbers__have_commas_every_three_digits);
    suite_add_tcase(suite, options);
    return suite;
}
