/* SPDX-License-Identifier: Apache-2.0 */
/* Names of folded stacks: functions, the kernel's, and what is no function. */
#include "import/parts.h"
#include "support/check_main.h"

#include <string.h>

struct example {
    const char *text;
    enum frame_kind kind;
    const char *module;
    const char *name;
};

static const struct example examples[] = {
    {"main", FRAME_USER, "", "main"},
    {"do_syscall_64_[k]", FRAME_KERNEL, "", "do_syscall_64"},
    {"Main::run_[j]", FRAME_JIT, "", "Main::run"},
    {"helper_[i]", FRAME_USER, "", "helper"},
    {"malloc+0x1f", FRAME_USER, "", "malloc"},
    {"malloc+123", FRAME_USER, "", "malloc"},
    {"operator+", FRAME_USER, "", "operator+"},
    {"a+b", FRAME_USER, "", "a+b"},
    {"+12", FRAME_USER, "", "+12"},
    {"libc.so.6`read", FRAME_USER, "libc.so.6", "read"},
    {"`read", FRAME_USER, "", "`read"},
    {"a:b`read", FRAME_USER, "", "a:b`read"},
    {"std::vector<int, std::allocator<int> >::at", FRAME_USER, "",
     "std::vector<int, std::allocator<int> >::at"},
    {"[unknown]", FRAME_UNKNOWN, "", NULL},
    {"[unknown]_[k]", FRAME_UNKNOWN, "", NULL},
    {"[libc.so.6]", FRAME_UNKNOWN, "", NULL},
    {"0x7f00deadbeef", FRAME_UNKNOWN, "", NULL},
    {"", FRAME_UNKNOWN, "", NULL},
    {"[Missed User Stack]", FRAME_MISSED, "", NULL},
    {"[Truncated User Stack]", FRAME_CUT, "", NULL},
    {"-", FRAME_SEPARATOR, "", NULL},
    {"--", FRAME_SEPARATOR, "", NULL},
    {"_[k]", FRAME_USER, "", "_[k]"},
};

static void check_slice(struct slice got, const char *expected)
{
    ck_assert_uint_eq(got.bytes, strlen(expected));
    ck_assert(memcmp(got.at != NULL ? got.at : "", expected, got.bytes) == 0);
}

START_TEST(frame__as_the_tools_write_it__is_what_it_means)
{
    const struct example *example = &examples[_i];
    struct slice text = {example->text, strlen(example->text)};
    struct frame frame = ew_frame_read(text);
    ck_assert_int_eq(frame.kind, example->kind);
    if (example->name != NULL) {
        check_slice(frame.name, example->name);
        check_slice(frame.module, example->module);
    }
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("frames of folded stacks");
    TCase *tests = tcase_create("frames");
    tcase_add_loop_test(tests, frame__as_the_tools_write_it__is_what_it_means, 0,
                        (int)(sizeof examples / sizeof examples[0]));
    suite_add_tcase(suite, tests);
    return suite;
}
