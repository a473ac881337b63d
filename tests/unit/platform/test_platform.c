/* SPDX-License-Identifier: Apache-2.0 */
/* The platform contract but for files: time, resources, SHA-256. The same tests run
 * natively and as a Windows program. */
#include "base/filetime.h"
#include "platform/clock.h"
#include "platform/console.h"
#include "platform/hash.h"
#include "platform/thread.h"
#include "support/check_main.h"
#include "unit/platform/platform_suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

START_TEST(clock__asked_often__never_goes_back)
{
    uint64_t last = ew_clock_monotonic_ns();
    for (int i = 0; i < 10000; i++) {
        uint64_t now = ew_clock_monotonic_ns();
        ck_assert_uint_ge(now, last);
        last = now;
    }
}
END_TEST

/* Keeps the processor busy until it says itself that it was, or a minute is over. */
static uint64_t work_until_cpu_time_grew(void)
{
    uint64_t cpu_before = ew_clock_cpu_ns();
    uint64_t start = ew_clock_monotonic_ns();
    while (ew_clock_cpu_ns() < cpu_before + UINT64_C(40000000)
           && ew_clock_monotonic_ns() < start + UINT64_C(60000000000)) {
    }
    return ew_clock_cpu_ns() - cpu_before;
}

START_TEST(clock__while_working__counts_nanoseconds_of_cpu_and_of_the_wall)
{
    uint64_t start = ew_clock_monotonic_ns();
    uint64_t cpu = work_until_cpu_time_grew();
    uint64_t wall = ew_clock_monotonic_ns() - start;
    ck_assert_uint_ge(cpu, UINT64_C(40000000));
    /* One thread cannot use more than the wall clock shows; Windows counts in ticks of
     * 15.6 ms, the last of which may be counted whole. */
    ck_assert_uint_ge(wall + UINT64_C(40000000), cpu);
}
END_TEST

static void read_thread_time(void *context)
{
    uint64_t *cpu_ns = context;
    *cpu_ns = ew_clock_thread_cpu_ns();
}

START_TEST(clock__of_a_thread__counts_what_that_thread_does)
{
    struct ew_thread *thread = NULL;
    uint64_t idle_ns = UINT64_MAX;
    uint64_t before = ew_clock_thread_cpu_ns();
    (void)work_until_cpu_time_grew();
    ck_assert_uint_ge(ew_clock_thread_cpu_ns() - before, UINT64_C(20000000));
    ck_assert_int_eq(ew_thread_start(&thread, read_thread_time, &idle_ns), EW_OK);
    ew_thread_join(thread);
    ck_assert_uint_lt(idle_ns, UINT64_C(20000000));
}
END_TEST

START_TEST(clock__filetime__is_in_this_century_and_moves_in_100_ns)
{
    uint64_t first = ew_clock_filetime();
    uint64_t start = ew_clock_monotonic_ns();
    while (ew_clock_monotonic_ns() < start + UINT64_C(30000000)) {
    }
    uint64_t passed = ew_clock_filetime() - first;
    ck_assert_uint_gt(first,
                      EW_FILETIME_UNIX_EPOCH + UINT64_C(50) * 365 * 86400 * EW_FILETIME_SECOND);
    ck_assert_uint_lt(first, EW_FILETIME_MAX);
    ck_assert_uint_ge(passed, EW_FILETIME_SECOND / 1000 * 10);
    ck_assert_uint_lt(passed, EW_FILETIME_SECOND * 60);
}
END_TEST

START_TEST(memory__after_touching_more__the_peak_is_at_least_that)
{
    enum { TOUCHED_BYTES = 32 * 1024 * 1024 };
    uint64_t before = ew_memory_peak_bytes();
    char *touched = malloc(TOUCHED_BYTES);
    ck_assert_ptr_nonnull(touched);
    memset(touched, 1, TOUCHED_BYTES);
    ck_assert_ptr_null(memchr(touched, 2, TOUCHED_BYTES)); /* else nothing need be touched */
    ck_assert_uint_gt(before, 0);
    ck_assert_uint_ge(ew_memory_peak_bytes(), TOUCHED_BYTES);
    ck_assert_uint_lt(ew_memory_peak_bytes(), UINT64_C(1) << 40);
    free(touched);
}
END_TEST

static void digest_text(struct ew_sha256 *hash, char text_out[2 * EW_SHA256_BYTES + 1])
{
    uint8_t digest[EW_SHA256_BYTES] = {0};
    ck_assert_int_eq(ew_sha256_finish(hash, digest), EW_OK);
    for (size_t i = 0; i < sizeof digest; i++) {
        (void)snprintf(text_out + 2 * i, 3, "%02x", digest[i]);
    }
}

/* The examples of FIPS 180-2. */
START_TEST(sha256__known_messages__have_the_known_digests)
{
    static const struct {
        const char *message;
        const char *digest;
    } known[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        struct ew_sha256 *hash = NULL;
        char text[2 * EW_SHA256_BYTES + 1];
        ck_assert_int_eq(ew_sha256_create(&hash), EW_OK);
        ew_sha256_update(hash, known[i].message, strlen(known[i].message));
        digest_text(hash, text);
        ck_assert_str_eq(text, known[i].digest);
    }
}
END_TEST

START_TEST(sha256__a_million_letters_in_uneven_pieces__has_the_known_digest)
{
    char letters[997];
    char text[2 * EW_SHA256_BYTES + 1];
    struct ew_sha256 *hash = NULL;
    memset(letters, 'a', sizeof letters);
    ck_assert_int_eq(ew_sha256_create(&hash), EW_OK);
    for (size_t left = 1000000; left > 0;) {
        size_t piece = left < sizeof letters ? left : sizeof letters;
        ew_sha256_update(hash, letters, piece);
        left -= piece;
    }
    digest_text(hash, text);
    ck_assert_str_eq(text, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}
END_TEST

START_TEST(sha256__two_at_once__do_not_mix)
{
    struct ew_sha256 *first = NULL;
    struct ew_sha256 *second = NULL;
    char text[2 * EW_SHA256_BYTES + 1];
    ck_assert_int_eq(ew_sha256_create(&first), EW_OK);
    ck_assert_int_eq(ew_sha256_create(&second), EW_OK);
    ew_sha256_update(first, "a", 1);
    ew_sha256_update(second, "something else", 14);
    ew_sha256_update(first, "bc", 2);
    digest_text(first, text);
    ck_assert_str_eq(text, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    digest_text(second, text);
    ck_assert_str_ne(text, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}
END_TEST

START_TEST(console__arguments__begin_with_the_program)
{
    char name[] = "test_platform";
    char *given[] = {name, NULL};
    int argc = 1;
    char **argv = given;
    ck_assert(ew_console_arguments(&argc, &argv));
    ck_assert_int_ge(argc, 1);
    ck_assert_ptr_nonnull(strstr(argv[0], "test_platform"));
    ck_assert_ptr_null(argv[argc]);
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("platform");
    TCase *basics = tcase_create("clock, memory, hash, console");
    tcase_set_timeout(basics, 90);
    tcase_add_test(basics, clock__asked_often__never_goes_back);
    tcase_add_test(basics, clock__while_working__counts_nanoseconds_of_cpu_and_of_the_wall);
    tcase_add_test(basics, clock__of_a_thread__counts_what_that_thread_does);
    tcase_add_test(basics, clock__filetime__is_in_this_century_and_moves_in_100_ns);
    tcase_add_test(basics, memory__after_touching_more__the_peak_is_at_least_that);
    tcase_add_test(basics, sha256__known_messages__have_the_known_digests);
    tcase_add_test(basics, sha256__a_million_letters_in_uneven_pieces__has_the_known_digest);
    tcase_add_test(basics, sha256__two_at_once__do_not_mix);
    tcase_add_test(basics, console__arguments__begin_with_the_program);
    suite_add_tcase(suite, basics);
    suite_add_tcase(suite, files_case());
    suite_add_tcase(suite, directories_case());
    return suite;
}
