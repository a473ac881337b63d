/* SPDX-License-Identifier: Apache-2.0 */
/* The XPRESS compressor: published vectors, round trips, sizes that do not fit. */
#include "base/cursor.h"
#include "capture/etl/xpress_compress.h"
#include "capture/etl/xpress_decompress.h"
#include "support/check_main.h"

#include <stdlib.h>
#include <string.h>

enum { LARGE_BYTES = 200 * 1024 };

static struct ew_xpress_table table;

static uint32_t random_state = 1;

static uint8_t random_byte(void)
{
    random_state = random_state * UINT32_C(1664525) + UINT32_C(1013904223);
    return (uint8_t)(random_state >> 24);
}

/* Compresses and decompresses; answers the compressed size. */
static size_t round_trip(const uint8_t *in, size_t in_bytes)
{
    size_t capacity = in_bytes + in_bytes / 8 + 64;
    uint8_t *packed = malloc(capacity);
    uint8_t *out = malloc(in_bytes + EW_XPRESS_SLACK_BYTES);
    ck_assert_ptr_nonnull(packed);
    ck_assert_ptr_nonnull(out);
    size_t packed_bytes = ew_xpress_compress(in, in_bytes, packed, capacity, &table);
    ck_assert_uint_gt(packed_bytes, 0);
    ck_assert_int_eq(ew_xpress_decompress(packed, packed_bytes, out, in_bytes), EW_OK);
    ck_assert_mem_eq(in, out, in_bytes);
    free(packed);
    free(out);
    return packed_bytes;
}

/* [MS-XCA] 3.1: the alphabet has no matches. */
START_TEST(compress__no_repetition__is_literals_with_the_published_bytes)
{
    const uint8_t expected[] = "\x3f\0\0\0abcdefghijklmnopqrstuvwxyz";
    uint8_t out[64];
    size_t size = ew_xpress_compress((const uint8_t *)"abcdefghijklmnopqrstuvwxyz", 26, out,
                                     sizeof out, &table);
    ck_assert_uint_eq(size, sizeof expected - 1);
    ck_assert_mem_eq(out, expected, size);
}
END_TEST

/* [MS-XCA] 3.1: "abc" a hundred times. */
START_TEST(compress__long_repetition__is_one_match_with_the_published_bytes)
{
    const uint8_t expected[] = {0xff, 0xff, 0xff, 0x1f, 'a',  'b', 'c',
                                0x17, 0x00, 0x0f, 0xff, 0x26, 0x01};
    uint8_t in[300];
    uint8_t out[64];
    for (size_t i = 0; i < sizeof in; i++) {
        in[i] = (uint8_t)("abc"[i % 3]);
    }
    size_t size = ew_xpress_compress(in, sizeof in, out, sizeof out, &table);
    ck_assert_uint_eq(size, sizeof expected);
    ck_assert_mem_eq(out, expected, size);
}
END_TEST

START_TEST(compress__match_beyond_64_kib__has_a_length_of_32_bits)
{
    static uint8_t in[LARGE_BYTES];
    memset(in, 0, sizeof in);
    ck_assert_uint_lt(round_trip(in, sizeof in), 32);
}
END_TEST

START_TEST(compress__every_match_length__comes_back)
{
    static uint8_t in[1400];
    for (size_t length = 3; length < 600; length++) {
        memset(in, 'x', sizeof in);
        for (size_t i = 0; i < 600; i++) {
            in[i] = random_byte();
        }
        memcpy(in + 600, in, length);
        in[600 + length] = (uint8_t)(in[length] + 1);
        (void)round_trip(in, 601 + length);
    }
}
END_TEST

/* All counts modulo 32 of items, so that the last word of flags is empty, full, between. */
START_TEST(compress__every_small_size__comes_back)
{
    uint8_t in[400];
    for (size_t i = 0; i < sizeof in; i++) {
        in[i] = (uint8_t)(random_byte() % 3);
    }
    for (size_t size = 1; size <= sizeof in; size++) {
        (void)round_trip(in, size);
    }
}
END_TEST

START_TEST(compress__offsets_near_the_window__come_back)
{
    static uint8_t in[8192 + 64];
    for (size_t distance = 8180; distance < 8200; distance++) {
        memset(in, 0, sizeof in);
        for (size_t i = 0; i < sizeof in; i++) {
            in[i] = random_byte();
        }
        memcpy(in + distance, in, 16);
        (void)round_trip(in, distance + 16);
    }
}
END_TEST

START_TEST(compress__records_alike__shrink)
{
    static uint8_t in[64 * 1024];
    for (size_t i = 0; i + 40 <= sizeof in; i += 40) {
        memcpy(in + i, "\x02\x00\x11\xc0\x28\x00\x20\x18", 8);
        ew_store_u64(in + i + 8, 5000000 + i * 7);
        ew_store_u64(in + i + 16, UINT64_C(0x7ff8a1000000) + (i % 7) * 64);
    }
    ck_assert_uint_lt(round_trip(in, sizeof in), sizeof in / 2);
}
END_TEST

START_TEST(compress__random_bytes__do_not_fit_into_their_own_size)
{
    static uint8_t in[64 * 1024];
    static uint8_t out[64 * 1024];
    for (size_t i = 0; i < sizeof in; i++) {
        in[i] = random_byte();
    }
    ck_assert_uint_eq(ew_xpress_compress(in, sizeof in, out, sizeof out, &table), 0);
}
END_TEST

/* The output is never written past the room it was given: the sanitizers watch. */
START_TEST(compress__any_capacity__is_kept)
{
    uint8_t in[512];
    for (size_t i = 0; i < sizeof in; i++) {
        in[i] = (uint8_t)(i % 5 == 0 ? random_byte() : 7);
    }
    for (size_t capacity = 0; capacity < 700; capacity++) {
        uint8_t *out = malloc(capacity + 1);
        ck_assert_ptr_nonnull(out);
        ck_assert_uint_le(ew_xpress_compress(in, sizeof in, out, capacity, &table), capacity);
        free(out);
    }
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("xpress_compress");
    TCase *tests = tcase_create("all");
    tcase_add_test(tests, compress__no_repetition__is_literals_with_the_published_bytes);
    tcase_add_test(tests, compress__long_repetition__is_one_match_with_the_published_bytes);
    tcase_add_test(tests, compress__match_beyond_64_kib__has_a_length_of_32_bits);
    tcase_add_test(tests, compress__every_match_length__comes_back);
    tcase_add_test(tests, compress__every_small_size__comes_back);
    tcase_add_test(tests, compress__offsets_near_the_window__come_back);
    tcase_add_test(tests, compress__records_alike__shrink);
    tcase_add_test(tests, compress__random_bytes__do_not_fit_into_their_own_size);
    tcase_add_test(tests, compress__any_capacity__is_kept);
    suite_add_tcase(suite, tests);
    return suite;
}
