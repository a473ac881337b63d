/* SPDX-License-Identifier: Apache-2.0 */
/* The XPRESS decompressor on streams written by hand (MS-XCA 2.4) and cut everywhere. */
#include "base/cursor.h"
#include "capture/etl/xpress_compress.h"
#include "capture/etl/xpress_decompress.h"
#include "support/check_main.h"

#include <stdlib.h>
#include <string.h>

enum { STREAM_BYTES = 64 * 1024, MARK = 0xa5 };

/* A stream in the making. Flags are put from the highest bit down, 32 to a word. */
struct stream {
    uint8_t bytes[STREAM_BYTES];
    size_t size;
    size_t flags_at;
    unsigned flags_used;
};

static struct stream stream;

static void begin(void)
{
    memset(&stream, 0, sizeof stream);
    stream.flags_used = 32;
}

static void put_flag(bool match)
{
    if (stream.flags_used == 32) {
        stream.flags_at = stream.size;
        stream.size += 4;
        stream.flags_used = 0;
    }
    uint32_t flags = ew_load_u32(stream.bytes + stream.flags_at);
    flags |= (uint32_t)match << (31 - stream.flags_used);
    ew_store_u32(stream.bytes + stream.flags_at, flags);
    stream.flags_used++;
}

static void put_byte(unsigned value)
{
    stream.bytes[stream.size++] = (uint8_t)value;
}

static void put_literal(uint8_t value)
{
    put_flag(false);
    put_byte(value);
}

/* The token of a match, `low` being its three bits of length. */
static void put_token(unsigned distance, unsigned low)
{
    put_flag(true);
    ew_store_u16(stream.bytes + stream.size, (uint16_t)((distance - 1) << 3 | low));
    stream.size += 2;
}

static void put_u16(unsigned value)
{
    ew_store_u16(stream.bytes + stream.size, (uint16_t)value);
    stream.size += 2;
}

static void put_u32(uint32_t value)
{
    ew_store_u32(stream.bytes + stream.size, value);
    stream.size += 4;
}

/* Streams end with enough flags for the fast loop, when they are to go through it. */
static void put_tail(void)
{
    memset(stream.bytes + stream.size, 0xff, 1024);
    stream.size += 1024;
}

/* Decompresses from and into memory of the exact size; NULL when it is refused. */
static uint8_t *unpack(size_t in_bytes, size_t out_bytes)
{
    uint8_t *in = malloc(in_bytes != 0 ? in_bytes : 1);
    uint8_t *out = malloc(out_bytes + EW_XPRESS_SLACK_BYTES + 1);
    ck_assert(in != NULL && out != NULL);
    memcpy(in, stream.bytes, in_bytes);
    out[out_bytes + EW_XPRESS_SLACK_BYTES] = MARK;
    enum ew_status status = ew_xpress_decompress(in, in_bytes, out, out_bytes);
    ck_assert(status == EW_OK || status == EW_FORMAT);
    ck_assert_uint_eq(out[out_bytes + EW_XPRESS_SLACK_BYTES], MARK);
    free(in);
    if (status != EW_OK) {
        free(out);
        return NULL;
    }
    return out;
}

static void check(const uint8_t *expected, size_t out_bytes)
{
    uint8_t *out = unpack(stream.size, out_bytes);
    ck_assert_ptr_nonnull(out);
    ck_assert_mem_eq(out, expected, out_bytes);
    free(out);
}

/* 'x' and one match of `length` at distance 1: careful loop, then fast loop. */
static void check_run(size_t length)
{
    uint8_t *expected = malloc(length + 1);
    ck_assert_ptr_nonnull(expected);
    memset(expected, 'x', length + 1);
    check(expected, length + 1);
    put_tail();
    check(expected, length + 1);
    free(expected);
}

static void begin_run(void)
{
    begin();
    put_literal('x');
}

/* --- lengths ---------------------------------------------------------------------- */

START_TEST(length__in_the_token__is_3_to_9)
{
    for (unsigned low = 0; low < 7; low++) {
        begin_run();
        put_token(1, low);
        check_run(low + 3);
    }
}
END_TEST

START_TEST(length__in_a_nibble__is_10_to_24)
{
    for (unsigned nibble = 0; nibble < 15; nibble++) {
        begin_run();
        put_token(1, 7);
        put_byte(nibble);
        check_run(nibble + 10);
    }
}
END_TEST

START_TEST(length__in_a_byte__is_25_to_279)
{
    for (unsigned byte = 0; byte < 255; byte++) {
        begin_run();
        put_token(1, 7);
        put_byte(15);
        put_byte(byte);
        check_run(byte + 25);
    }
}
END_TEST

static void put_u16_length(unsigned value)
{
    begin_run();
    put_token(1, 7);
    put_byte(15);
    put_byte(255);
    put_u16(value);
}

START_TEST(length__in_16_bits__is_25_to_65538)
{
    static const unsigned values[] = {22, 23, 276, 277, 4096, 65534, 65535};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        put_u16_length(values[i]);
        check_run(values[i] + 3);
    }
}
END_TEST

START_TEST(length__in_32_bits__follows_a_zero)
{
    static const uint32_t values[] = {22, 65535, 65536, 1000000};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        put_u16_length(0);
        put_u32(values[i]);
        check_run((size_t)values[i] + 3);
    }
}
END_TEST

START_TEST(length__below_what_its_form_is_for__is_refused)
{
    for (unsigned value = 1; value < 22; value++) {
        put_u16_length(value);
        put_tail();
        ck_assert_ptr_null(unpack(stream.size, value + 4));
        ck_assert_ptr_null(unpack(stream.size - 1024, value + 4));
    }
    for (uint32_t value = 0; value < 22; value++) {
        put_u16_length(0);
        put_u32(value);
        put_tail();
        ck_assert_ptr_null(unpack(stream.size, value + 4));
        ck_assert_ptr_null(unpack(stream.size - 1024, value + 4));
    }
}
END_TEST

START_TEST(length__behind_the_output__is_refused)
{
    put_u16_length(0);
    put_u32(UINT32_MAX);
    put_tail();
    ck_assert_ptr_null(unpack(stream.size, 100000));
    begin_run();
    put_token(1, 6);
    for (size_t out_bytes = 2; out_bytes < 10; out_bytes++) {
        ck_assert_ptr_null(unpack(stream.size, out_bytes));
    }
    check_run(9);
}
END_TEST

/* The low half serves the first of two long matches, the high half the second. */
START_TEST(nibble__is_shared_by_two_matches_with_others_between)
{
    uint8_t expected[1 + 13 + 3 + 14 + 1 + 10];
    memset(expected, 'x', sizeof expected);
    expected[31] = 'y';
    memset(expected + 32, 'y', 10);
    begin_run();
    put_token(1, 7);
    put_byte(0x43);
    put_token(1, 0);
    put_token(1, 7); /* 4 of the byte above */
    put_literal('y');
    put_token(1, 7);
    put_byte(0x00);
    check(expected, sizeof expected);
    put_tail();
    check(expected, sizeof expected);
}
END_TEST

/* --- matches ----------------------------------------------------------------------- */

/* The plain meaning of a match: one byte after another, those just written included. */
static void check_match(size_t distance, size_t length)
{
    uint8_t expected[512];
    begin();
    for (size_t i = 0; i < distance; i++) {
        expected[i] = (uint8_t)(i * 7 + 1);
        put_literal(expected[i]);
    }
    for (size_t i = distance; i < distance + length; i++) {
        expected[i] = expected[i - distance];
    }
    put_token((unsigned)distance, length < 10 ? (unsigned)length - 3 : 7);
    if (length >= 25) {
        put_byte(15);
        put_byte((unsigned)length - 25);
    } else if (length >= 10) {
        put_byte((unsigned)length - 10);
    }
    put_literal('!');
    expected[distance + length] = '!';
    check(expected, distance + length + 1);
    put_tail();
    check(expected, distance + length + 1);
}

START_TEST(match__at_every_small_distance_and_length__repeats_what_it_writes)
{
    for (size_t distance = 1; distance < 40; distance++) {
        for (size_t length = 3; length < 70; length++) {
            check_match(distance, length);
        }
    }
}
END_TEST

START_TEST(match__at_the_largest_distance__is_found)
{
    static uint8_t expected[8192 + 5];
    begin();
    for (size_t i = 0; i < 8192; i++) {
        expected[i] = (uint8_t)(i % 251);
        put_literal(expected[i]);
    }
    put_token(8192, 2);
    memcpy(expected + 8192, expected, 5);
    check(expected, sizeof expected);
}
END_TEST

START_TEST(match__before_the_output__is_refused)
{
    begin();
    put_literal('a');
    put_literal('b');
    put_token(3, 0);
    put_tail();
    ck_assert_ptr_null(unpack(stream.size, 5));
    ck_assert_ptr_null(unpack(stream.size - 1024, 5));
    begin();
    put_token(1, 0);
    put_tail();
    ck_assert_ptr_null(unpack(stream.size, 3));
}
END_TEST

/* --- ends ---------------------------------------------------------------------------- */

START_TEST(stream__with_spare_bytes__is_good)
{
    begin();
    for (unsigned i = 0; i < 32; i++) {
        put_literal((uint8_t)i);
    }
    put_u32(0); /* flags that are never used, as real buffers have them */
    uint8_t *out = unpack(stream.size, 32);
    ck_assert_ptr_nonnull(out);
    ck_assert_uint_eq(out[31], 31);
    free(out);
}
END_TEST

START_TEST(stream__for_no_output__is_good_whatever_it_is)
{
    begin();
    free(unpack(0, 0));
    put_u32(UINT32_MAX);
    uint8_t *out = unpack(4, 0);
    ck_assert_ptr_nonnull(out);
    free(out);
}
END_TEST

/* Every shorter stream and every longer output is refused; every shorter output is a
 * beginning of the whole, unless it ends inside a match. */
static void check_all_cuts(const uint8_t *expected, size_t out_bytes)
{
    for (size_t in_bytes = 0; in_bytes < stream.size; in_bytes++) {
        ck_assert_ptr_null(unpack(in_bytes, out_bytes));
    }
    ck_assert_ptr_null(unpack(stream.size, out_bytes + 1));
    for (size_t shorter = 0; shorter <= out_bytes; shorter++) {
        uint8_t *out = unpack(stream.size, shorter);
        ck_assert(out != NULL || shorter < out_bytes);
        ck_assert(out == NULL || memcmp(out, expected, shorter) == 0);
        free(out);
    }
}

START_TEST(stream__cut_at_every_byte__is_refused)
{
    static uint8_t expected[4096];
    static struct ew_xpress_table table;
    uint32_t random_state = 1;
    for (size_t i = 0; i < sizeof expected; i++) {
        random_state = random_state * UINT32_C(1664525) + UINT32_C(1013904223);
        bool repeats = i > 300 && random_state >> 30 != 0;
        expected[i] = repeats ? expected[i - 300 + i / 40 % 7] : (uint8_t)(random_state >> 24);
    }
    begin();
    stream.size =
        ew_xpress_compress(expected, sizeof expected, stream.bytes, STREAM_BYTES, &table);
    ck_assert_uint_gt(stream.size, 400);
    check(expected, sizeof expected);
    check_all_cuts(expected, sizeof expected);
}
END_TEST

START_TEST(stream__with_every_length_form_cut_at_every_byte__is_refused)
{
    static const size_t out_bytes = 1 + 3 + 24 + 279 + 65538 + 70000;
    uint8_t *expected = malloc(out_bytes);
    ck_assert_ptr_nonnull(expected);
    memset(expected, 'x', out_bytes);
    begin_run();
    put_token(1, 0);
    put_token(1, 7);
    put_byte(0xfe);
    put_token(1, 7); /* the high half: 15 */
    put_byte(254);
    put_token(1, 7);
    put_byte(0xff);
    put_byte(255);
    put_u16(65535);
    put_token(1, 7);
    put_byte(255);
    put_u16(0);
    put_u32(70000 - 3);
    check(expected, out_bytes);
    for (size_t in_bytes = 0; in_bytes < stream.size; in_bytes++) {
        ck_assert_ptr_null(unpack(in_bytes, out_bytes));
    }
    put_tail();
    check(expected, out_bytes);
    free(expected);
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("xpress_decompress");
    TCase *tcase = tcase_create("decompress");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, length__in_the_token__is_3_to_9);
    tcase_add_test(tcase, length__in_a_nibble__is_10_to_24);
    tcase_add_test(tcase, length__in_a_byte__is_25_to_279);
    tcase_add_test(tcase, length__in_16_bits__is_25_to_65538);
    tcase_add_test(tcase, length__in_32_bits__follows_a_zero);
    tcase_add_test(tcase, length__below_what_its_form_is_for__is_refused);
    tcase_add_test(tcase, length__behind_the_output__is_refused);
    tcase_add_test(tcase, nibble__is_shared_by_two_matches_with_others_between);
    tcase_add_test(tcase, match__at_every_small_distance_and_length__repeats_what_it_writes);
    tcase_add_test(tcase, match__at_the_largest_distance__is_found);
    tcase_add_test(tcase, match__before_the_output__is_refused);
    tcase_add_test(tcase, stream__with_spare_bytes__is_good);
    tcase_add_test(tcase, stream__for_no_output__is_good_whatever_it_is);
    tcase_add_test(tcase, stream__cut_at_every_byte__is_refused);
    tcase_add_test(tcase, stream__with_every_length_form_cut_at_every_byte__is_refused);
    suite_add_tcase(suite, tcase);
    return suite;
}
