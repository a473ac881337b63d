/* SPDX-License-Identifier: Apache-2.0 */
/* Cursor, text, time, index, arena, JSON writer, GUIDs. */
#include "base/arena.h"
#include "base/cursor.h"
#include "base/filetime.h"
#include "base/index.h"
#include "base/json_writer.h"
#include "base/text.h"
#include "etwitness/event.h"
#include "support/check_main.h"

#include <stdio.h>
#include <string.h>

START_TEST(cursor__past_the_end__fails_and_stays_failed)
{
    const uint8_t bytes[] = {1, 2, 3};
    struct ew_cursor cursor = ew_cursor_make(bytes, sizeof bytes);
    ck_assert_uint_eq(ew_cursor_u16(&cursor), 0x0201);
    ck_assert_uint_eq(ew_cursor_u16(&cursor), 0);
    ck_assert(cursor.failed);
    ck_assert_uint_eq(ew_cursor_u8(&cursor), 0);
}
END_TEST

START_TEST(cursor__pointer__has_the_width_asked_for)
{
    const uint8_t bytes[] = {1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0x80};
    struct ew_cursor cursor = ew_cursor_make(bytes, sizeof bytes);
    ck_assert_uint_eq(ew_cursor_pointer(&cursor, 4), 1);
    ck_assert_uint_eq(ew_cursor_pointer(&cursor, 8), UINT64_C(0x8000000000000002));
    ck_assert(!cursor.failed);
}
END_TEST

START_TEST(utf16__surrogates__become_one_character_or_a_replacement)
{
    const uint8_t pair[] = {0x3d, 0xd8, 0x00, 0xde, 'x', 0};
    const uint8_t lone[] = {0x00, 0xdc, 'y', 0, 0x00, 0xd8};
    char out[32];
    ck_assert_uint_eq(ew_text_from_utf16(pair, sizeof pair, out, sizeof out), 5);
    ck_assert_str_eq(out, "\xf0\x9f\x98\x80x");
    (void)ew_text_from_utf16(lone, sizeof lone, out, sizeof out);
    ck_assert_str_eq(out, "\xef\xbf\xbdy\xef\xbf\xbd");
}
END_TEST

START_TEST(utf16__too_long__is_cut_at_a_character)
{
    const uint8_t text[] = {'a', 0, 0xe9, 0, 'b', 0};
    char out[3];
    ck_assert_uint_eq(ew_text_from_utf16(text, sizeof text, out, sizeof out), 1);
    ck_assert_str_eq(out, "a");
}
END_TEST

START_TEST(bytes__not_utf8__are_latin1)
{
    char out[16];
    (void)ew_text_from_bytes((const uint8_t *)"caf\xe9", 4, out, sizeof out);
    ck_assert_str_eq(out, "caf\xc3\xa9");
    (void)ew_text_from_bytes((const uint8_t *)"caf\xc3\xa9", 5, out, sizeof out);
    ck_assert_str_eq(out, "caf\xc3\xa9");
}
END_TEST

START_TEST(utf8__overlong_surrogate_and_cut__are_refused)
{
    ck_assert(!ew_text_is_utf8("\xc0\x80", 2));
    ck_assert(!ew_text_is_utf8("\xed\xa0\x80", 3));
    ck_assert(!ew_text_is_utf8("\xe2\x82", 2));
    ck_assert(!ew_text_is_utf8("\xf5\x80\x80\x80", 4));
    ck_assert(ew_text_is_utf8("\xe2\x82\xac", 3));
}
END_TEST

START_TEST(number__edges__are_read_or_refused)
{
    uint64_t value = 7;
    ck_assert(ew_text_parse_u64("18446744073709551615", UINT64_MAX, &value));
    ck_assert_uint_eq(value, UINT64_MAX);
    ck_assert(ew_text_parse_u64("0xfF", 255, &value));
    ck_assert_uint_eq(value, 255);
    ck_assert(!ew_text_parse_u64("18446744073709551616", UINT64_MAX, &value));
    ck_assert(!ew_text_parse_u64("256", 255, &value));
    ck_assert(!ew_text_parse_u64("9", 5, &value));
    ck_assert(!ew_text_parse_u64("", 5, &value));
    ck_assert(!ew_text_parse_u64("0x", 5, &value));
    ck_assert(!ew_text_parse_u64("-1", 5, &value));
    ck_assert_uint_eq(value, 255);
}
END_TEST

START_TEST(filetime__known_times__have_seven_digits)
{
    char text[EW_FILETIME_TEXT_BYTES];
    ew_filetime_format(0, text);
    ck_assert_str_eq(text, "1601-01-01T00:00:00.0000000Z");
    ew_filetime_format(UINT64_C(132404548206236167), text);
    ck_assert_str_eq(text, "2020-07-29T00:07:00.6236167Z");
    ew_filetime_format(EW_FILETIME_UNIX_EPOCH + UINT64_C(951782400) * EW_FILETIME_SECOND, text);
    ck_assert_str_eq(text, "2000-02-29T00:00:00.0000000Z");
    ew_filetime_format(EW_FILETIME_UNIX_EPOCH + UINT64_C(978307199) * EW_FILETIME_SECOND, text);
    ck_assert_str_eq(text, "2000-12-31T23:59:59.0000000Z");
    ew_filetime_format(UINT64_MAX, text);
    ck_assert_str_eq(text, "9999-12-31T23:59:59.9999999Z");
}
END_TEST

static uint32_t find(struct ew_index *index, const uint64_t *keys, uint64_t key)
{
    for (uint32_t i = ew_index_first(index, ew_index_hash_u64(key)); i != EW_INDEX_END;
         i = ew_index_next(index)) {
        if (keys[i] == key) {
            return i;
        }
    }
    return EW_INDEX_END;
}

START_TEST(index__many_keys_some_removed__finds_the_rest)
{
    enum { KEYS = 5000 };
    static uint64_t keys[KEYS];
    struct ew_index index = {0};
    for (uint32_t i = 0; i < KEYS; i++) {
        keys[i] = i * UINT64_C(4096);
        ck_assert(ew_index_insert(&index, ew_index_hash_u64(keys[i]), i));
    }
    for (uint32_t i = 0; i < KEYS; i += 2) {
        ck_assert(ew_index_remove(&index, ew_index_hash_u64(keys[i]), i));
    }
    for (uint32_t i = 0; i < KEYS; i++) {
        ck_assert_uint_eq(find(&index, keys, keys[i]), i % 2 == 0 ? EW_INDEX_END : i);
    }
    ck_assert(!ew_index_remove(&index, ew_index_hash_u64(keys[0]), 0));
    ew_index_free(&index);
}
END_TEST

START_TEST(index__added_and_removed_for_long__does_not_grow)
{
    struct ew_index index = {0};
    for (uint64_t i = 0; i < 100000; i++) {
        ck_assert(ew_index_insert(&index, ew_index_hash_u64(i), (uint32_t)i));
        ck_assert(ew_index_remove(&index, ew_index_hash_u64(i), (uint32_t)i));
    }
    ck_assert_uint_le(index.slot_mask, 255);
    ew_index_free(&index);
}
END_TEST

/* Few hashes, some of them at the end of the slots: entries stand far from home, and
 * around the corner. */
static uint64_t crowded_hash(uint32_t entry)
{
    return (uint64_t)(entry % 5 * 31) << 32;
}

START_TEST(index__oldest_removed_among_equal_hashes__keeps_the_rest_in_order)
{
    enum { LIVE = 30, STEPS = 500 };
    struct ew_index index = {0};
    for (uint32_t step = 0; step < STEPS; step++) {
        uint32_t oldest = step < LIVE ? 0 : step - LIVE + 1;
        ck_assert(ew_index_insert(&index, crowded_hash(step), step));
        ck_assert(oldest == 0 || ew_index_remove(&index, crowded_hash(oldest - 1), oldest - 1));
        for (uint32_t kind = 0; kind < 5; kind++) {
            uint32_t expected = oldest + (kind + 5 - oldest % 5) % 5;
            uint32_t found = ew_index_first(&index, crowded_hash(kind));
            for (; expected <= step; expected += 5) {
                ck_assert_uint_eq(found, expected);
                found = ew_index_next(&index);
            }
            ck_assert_uint_eq(found, EW_INDEX_END);
        }
    }
    ck_assert_uint_eq(index.slot_mask, 63);
    ew_index_free(&index);
}
END_TEST

START_TEST(arena__at_its_maximum__answers_null)
{
    struct ew_arena arena = {.bytes_max = 100};
    ck_assert_ptr_nonnull(ew_arena_take(&arena, 60));
    ck_assert_ptr_null(ew_arena_take(&arena, 41));
    ck_assert_str_eq(ew_arena_text(&arena, "abc", 2), "ab");
    ew_arena_clear(&arena);
    ck_assert_ptr_nonnull(ew_arena_take(&arena, 100));
    ew_arena_clear(&arena);
}
END_TEST

static bool collect(void *context, const void *bytes, size_t byte_count)
{
    char *text = context;
    size_t have = strlen(text);
    memcpy(text + have, bytes, byte_count);
    text[have + byte_count] = '\0';
    return true;
}

START_TEST(json__all_kinds_of_values__are_canonical)
{
    static struct ew_json_writer writer;
    char text[512] = "";
    ew_json_init(&writer, collect, text);
    ew_json_object(&writer);
    ew_json_key(&writer, "a");
    ew_json_array(&writer);
    ew_json_u64(&writer, UINT64_MAX);
    ew_json_i64(&writer, INT64_MIN);
    ew_json_bool(&writer, true);
    ew_json_null(&writer);
    ew_json_array_end(&writer);
    ew_json_key(&writer, "b");
    ew_json_text(&writer, "\"\\/\b\x01\xc3\xa9\xff!");
    ew_json_object_end(&writer);
    ck_assert(ew_json_finish(&writer));
    ck_assert_str_eq(text, "{\"a\":[18446744073709551615,-9223372036854775808,true,null],"
                           "\"b\":\"\\\"\\\\/\\b\\u0001\xc3\xa9\xef\xbf\xbd!\"}");
}
END_TEST

START_TEST(guid__text__reads_back)
{
    char text[EW_GUID_TEXT_BYTES];
    struct ew_guid guid;
    ew_guid_format(&ew_guid_clr_runtime, text);
    ck_assert_str_eq(text, "e13c0d23-ccbc-4e12-931b-d9cc2eee27e4");
    ck_assert(ew_guid_parse("E13C0D23-CCBC-4E12-931B-D9CC2EEE27E4", 36, &guid));
    ck_assert(ew_guid_equal(&guid, &ew_guid_clr_runtime));
    ck_assert(!ew_guid_parse("e13c0d23-ccbc-4e12-931b-d9cc2eee27e", 35, &guid));
    ck_assert(!ew_guid_parse("e13c0d23-ccbc-4e12-931b+d9cc2eee27e4", 36, &guid));
    ck_assert(!ew_guid_parse("e13c0d2g-ccbc-4e12-931b-d9cc2eee27e4", 36, &guid));
}
END_TEST

START_TEST(hook__image_load__is_of_the_image_class)
{
    ck_assert(ew_guid_equal(ew_kernel_class(0x030a), &ew_guid_image));
    ck_assert(ew_guid_equal(ew_kernel_class(0x0301), &ew_guid_process));
    ck_assert(ew_guid_is_zero(ew_kernel_class(0xff01)));
    ck_assert_int_eq(ew_kernel_group(&ew_guid_stack_walk), 0x18);
    ck_assert_int_eq(ew_kernel_group(&ew_guid_clr_runtime), -1);
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("base");
    TCase *tests = tcase_create("base");
    tcase_add_test(tests, cursor__past_the_end__fails_and_stays_failed);
    tcase_add_test(tests, cursor__pointer__has_the_width_asked_for);
    tcase_add_test(tests, utf16__surrogates__become_one_character_or_a_replacement);
    tcase_add_test(tests, utf16__too_long__is_cut_at_a_character);
    tcase_add_test(tests, bytes__not_utf8__are_latin1);
    tcase_add_test(tests, utf8__overlong_surrogate_and_cut__are_refused);
    tcase_add_test(tests, number__edges__are_read_or_refused);
    tcase_add_test(tests, filetime__known_times__have_seven_digits);
    tcase_add_test(tests, index__many_keys_some_removed__finds_the_rest);
    tcase_add_test(tests, index__added_and_removed_for_long__does_not_grow);
    tcase_add_test(tests, index__oldest_removed_among_equal_hashes__keeps_the_rest_in_order);
    tcase_add_test(tests, arena__at_its_maximum__answers_null);
    tcase_add_test(tests, json__all_kinds_of_values__are_canonical);
    tcase_add_test(tests, guid__text__reads_back);
    tcase_add_test(tests, hook__image_load__is_of_the_image_class);
    suite_add_tcase(suite, tests);
    return suite;
}
