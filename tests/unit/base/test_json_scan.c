/* SPDX-License-Identifier: Apache-2.0 */
/* The pull scanner of JSON: what it accepts, beside jansson, and what its failures say. */
#include "support/check_main.h"
#include "support/json_tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX = 1000 };

static struct ew_json_scan scan;
static struct ew_byte_window window;
static struct ew_error failure;

static void begin(const char *text, size_t byte_count, bool lines)
{
    struct ew_json_scan_options options = {
        .name = "in.json", .depth_max = 8, .text_bytes_max = TEXT_MAX, .lines = lines};
    memset(&failure, 0, sizeof failure);
    ew_byte_window_over(&window, text, byte_count);
    ew_json_scan_init(&scan, &window, &options, &failure);
}

static void begin_text(const char *text)
{
    begin(text, strlen(text), false);
}

/* Reads to the end or a failure. */
static enum ew_status read_all(void)
{
    enum ew_json_token token;
    while ((token = ew_json_scan_next(&scan)) > EW_JSON_END) {
    }
    ew_json_scan_free(&scan);
    ck_assert_int_eq(token == EW_JSON_END, scan.status == EW_OK);
    return scan.status;
}

struct sample {
    const char *text;
    size_t byte_count; /* 0: up to the terminator */
};

static const struct sample accepted[] = {
    {"{}", 0},
    {"[]", 0},
    {" [ ] ", 0},
    {"0", 0},
    {"-0", 0},
    {"-1", 0},
    {"9223372036854775807", 0},
    {"-9223372036854775808", 0},
    {"1.5e+10", 0},
    {"[1E2,0.0,-0.0e-0,10]", 0},
    {"true", 0},
    {"[true,false,null]", 0},
    {"\"\"", 0},
    {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", 0},
    {"\"\\u0041\\u00e9\\u20ac\\ud83d\\ude00\"", 0},
    {"\"\x7f caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80\"", 0},
    {"{\"a\":{\"b\":[1,{\"c\":\"d\"}]},\"e\":[]}", 0},
    {"{\"a\":1,\"a\":2}", 0},
    {"\t{\r\n\"a\" : 1 }\n", 0},
    {"{\"\":0}", 0},
    {"{\"sixteen plain b\\u0079tes\":\"1234567\\u00388\"}", 0},
};

static const struct sample refused[] = {
    {"", 0},
    {" ", 0},
    {"{", 0},
    {"[", 0},
    {"}", 0},
    {"]", 0},
    {"[}", 0},
    {"{]", 0},
    {"[1,]", 0},
    {"[,1]", 0},
    {"[1 2]", 0},
    {"{\"a\"}", 0},
    {"{\"a\":}", 0},
    {"{\"a\":1,}", 0},
    {"{,}", 0},
    {"{1:2}", 0},
    {"{\"a\" 1}", 0},
    {"{\"a\":1 \"b\":2}", 0},
    {"01", 0},
    {"-01", 0},
    {"+1", 0},
    {"-", 0},
    {".5", 0},
    {"1.", 0},
    {"1.e1", 0},
    {"1e", 0},
    {"1e+", 0},
    {"1e1.5", 0},
    {"1-1", 0},
    {"0x10", 0},
    {"NaN", 0},
    {"Infinity", 0},
    {"tru", 0},
    {"truex", 0},
    {"[nul]", 0},
    {"'a'", 0},
    {"\"a", 0},
    {"\"\\", 0},
    {"\"\\\"", 0},
    {"\"\\x41\"", 0},
    {"\"\\u12\"", 0},
    {"\"\\u12g4\"", 0},
    {"\"\\u0000\"", 0},
    {"\"\\ud800\"", 0},
    {"\"\\ud800\\u0041\"", 0},
    {"\"\\ud800x\\udc00\"", 0},
    {"\"\\udc00\"", 0},
    {"\"a\nb\"", 0},
    {"\"a\x01\"", 0},
    {"\"a\0b\"", 5},
    {"[1]\0", 4},
    {"\"\xff\"", 0},
    {"\"\xc0\xaf\"", 0},
    {"\"\xe0\x80\xaf\"", 0},
    {"\"\xed\xa0\x80\"", 0},
    {"\"\xf4\x90\x80\x80\"", 0},
    {"\"\xe2\x82\"", 0},
    {"\"\x80\"", 0},
    {"\xef\xbb\xbf{}", 0},
    {"{} {}", 0},
    {"[1] x", 0},
    {"[1]]", 0},
    {"/* */ 1", 0},
    {"[1\f]", 0},
};

static void compare(const struct sample *sample, bool accept)
{
    size_t byte_count = sample->byte_count != 0 ? sample->byte_count : strlen(sample->text);
    json_error_t error;
    bool too_large = false;
    begin(sample->text, byte_count, false);
    json_t *ours = json_tree_scan(&scan, &too_large);
    ew_json_scan_free(&scan);
    json_t *theirs = json_loadb(sample->text, byte_count, JSON_DECODE_ANY, &error);
    ck_assert_msg((theirs != NULL) == accept, "jansson and the table differ: %s", sample->text);
    ck_assert_msg((ours != NULL) == accept, "%s: %s", sample->text, failure.text);
    ck_assert_msg(!accept || json_equal(ours, theirs), "other values: %s", sample->text);
    if (!accept) {
        ck_assert_int_eq(scan.status, EW_FORMAT);
    }
    json_decref(ours);
    json_decref(theirs);
}

START_TEST(scan__valid_json__is_what_jansson_finds)
{
    for (size_t i = 0; i < sizeof accepted / sizeof accepted[0]; i++) {
        compare(&accepted[i], true);
    }
}
END_TEST

START_TEST(scan__invalid_json__is_refused_as_by_jansson)
{
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        compare(&refused[i], false);
    }
}
END_TEST

START_TEST(scan__special_bytes_at_every_position__end_a_plain_run_there)
{
    static const char specials[] = "\"\\\x1f\x80\xff";
    char text[48];
    for (size_t at = 1; at < 40; at++) {
        for (size_t i = 0; specials[i] != '\0'; i++) {
            memset(text, 'a', sizeof text);
            text[0] = '"';
            text[at] = specials[i];
            begin(text, sizeof text, false);
            enum ew_json_token token = ew_json_scan_next(&scan);
            ck_assert_int_eq(token == EW_JSON_STRING, specials[i] == '"');
            ck_assert(token == EW_JSON_FAILED || scan.text_bytes == at - 1);
            ew_json_scan_free(&scan);
        }
    }
}
END_TEST

START_TEST(scan__numbers__keep_digits_sign_and_magnitude)
{
    begin_text("[18446744073709551615,18446744073709551616,-7,1.25]");
    ck_assert(ew_json_scan_want(&scan, EW_JSON_ARRAY));
    ck_assert(ew_json_scan_want(&scan, EW_JSON_NUMBER));
    ck_assert(scan.is_integer && !scan.is_negative && scan.magnitude == UINT64_MAX);
    ck_assert(ew_json_scan_want(&scan, EW_JSON_NUMBER));
    ck_assert(!scan.is_integer);
    ck_assert_uint_eq(scan.text_bytes, 20);
    ck_assert(ew_json_scan_want(&scan, EW_JSON_NUMBER));
    ck_assert(scan.is_integer && scan.is_negative && scan.magnitude == 7);
    ck_assert(ew_json_scan_want(&scan, EW_JSON_NUMBER));
    ck_assert(!scan.is_integer && memcmp(scan.text, "1.25", 4) == 0);
    ck_assert_int_eq(read_all(), EW_OK);
}
END_TEST

START_TEST(scan__plain_text__is_a_slice_of_the_input)
{
    const char *text = "\"plain\"";
    begin_text(text);
    ck_assert(ew_json_scan_want(&scan, EW_JSON_STRING));
    ck_assert_ptr_eq(scan.text, text + 1);
    ck_assert_uint_eq(scan.text_bytes, 5);
    ck_assert_int_eq(read_all(), EW_OK);
}
END_TEST

START_TEST(scan__too_deep__is_a_limit)
{
    begin_text("[[[[[[[[]]]]]]]]");
    ck_assert_int_eq(read_all(), EW_OK);
    begin_text("[[[[[[[[[]]]]]]]]]");
    ck_assert_int_eq(read_all(), EW_LIMIT);
    ck_assert_str_eq(failure.text, "in.json: line 1, column 9, [0][0][0][0][0][0][0][0]: is "
                                   "nested deeper than 8 levels");
}
END_TEST

START_TEST(scan__too_long__is_a_limit)
{
    char text[TEXT_MAX + 3];
    memset(text, 'a', sizeof text);
    text[0] = '"';
    text[TEXT_MAX + 1] = '"';
    begin(text, TEXT_MAX + 2, false);
    ck_assert_int_eq(read_all(), EW_OK);
    text[TEXT_MAX + 1] = 'a';
    text[TEXT_MAX + 2] = '"';
    begin(text, TEXT_MAX + 3, false);
    ck_assert_int_eq(read_all(), EW_LIMIT);
    ck_assert_str_eq(failure.text, "in.json: line 1, column 1: is longer than 1000 bytes");
}
END_TEST

START_TEST(scan__failure__names_line_column_and_path)
{
    begin_text("{\"nodes\": [],\n \"edges\": [{}, {\"from\": \"a\",\n  \"to\": 1x}]}");
    ck_assert_int_eq(read_all(), EW_FORMAT);
    ck_assert_str_eq(failure.text,
                     "in.json: line 3, column 10, edges[1].to: 'x' stands where ',' "
                     "or '}' must be");
}
END_TEST

START_TEST(want__another_token__names_both)
{
    begin_text("{\"a\": {\"b\": [1, true]}}");
    ck_assert(ew_json_scan_want(&scan, EW_JSON_OBJECT));
    ck_assert(ew_json_scan_want(&scan, EW_JSON_KEY));
    ck_assert(ew_json_scan_want(&scan, EW_JSON_OBJECT));
    ck_assert(ew_json_scan_want(&scan, EW_JSON_KEY));
    ck_assert(ew_json_scan_want(&scan, EW_JSON_ARRAY));
    ck_assert(ew_json_scan_want(&scan, EW_JSON_NUMBER));
    ck_assert(!ew_json_scan_want(&scan, EW_JSON_STRING));
    ck_assert_str_eq(failure.text,
                     "in.json: line 1, column 17, a.b[1]: is true, must be a string");
    ck_assert_int_eq(read_all(), EW_FORMAT);
}
END_TEST

START_TEST(want__number_out_of_range__is_refused)
{
    uint64_t value = 7;
    static const char *const texts[] = {"-1", "1001", "1.0", "1e2", "99999999999999999999"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        begin_text(texts[i]);
        ck_assert(!ew_json_scan_want_u64(&scan, 1000, &value));
        ck_assert_uint_eq(value, 7);
        ck_assert_str_eq(failure.text,
                         "in.json: line 1, column 1: must be an integer of 0 to 1000");
    }
    begin_text("1000");
    ck_assert(ew_json_scan_want_u64(&scan, 1000, &value));
    ck_assert_uint_eq(value, 1000);
}
END_TEST

static const struct ew_json_member members[] = {EW_JSON_MEMBER("from"), EW_JSON_MEMBER("to")};

START_TEST(member__known_and_unknown__are_told_apart)
{
    uint32_t seen = 0;
    begin_text("{\"to\":1,\"other\":[{\"from\":1}],\"from\":2}");
    ck_assert(ew_json_scan_want(&scan, EW_JSON_OBJECT));
    ck_assert_int_eq(ew_json_scan_member(&scan, members, 2, &seen), 1);
    ck_assert(ew_json_scan_skip(&scan));
    ck_assert_int_eq(ew_json_scan_member(&scan, members, 2, &seen), EW_JSON_UNKNOWN);
    ck_assert(ew_json_scan_skip(&scan));
    ck_assert_int_eq(ew_json_scan_member(&scan, members, 2, &seen), 0);
    ck_assert(ew_json_scan_skip(&scan));
    ck_assert_int_eq(ew_json_scan_member(&scan, members, 2, &seen), EW_JSON_OVER);
    ck_assert_uint_eq(seen, 3);
    ck_assert_int_eq(read_all(), EW_OK);
}
END_TEST

START_TEST(member__twice__is_refused)
{
    uint32_t seen = 0;
    begin_text("[{\"to\":1,\"to\":1}]");
    ck_assert(ew_json_scan_want(&scan, EW_JSON_ARRAY));
    ck_assert(ew_json_scan_want(&scan, EW_JSON_OBJECT));
    ck_assert_int_eq(ew_json_scan_member(&scan, members, 2, &seen), 1);
    ck_assert(ew_json_scan_skip(&scan));
    ck_assert_int_eq(ew_json_scan_member(&scan, members, 2, &seen), EW_JSON_OVER);
    ck_assert_int_eq(scan.status, EW_FORMAT);
    ck_assert_str_eq(failure.text,
                     "in.json: line 1, column 10, [0].to: the member is there twice");
}
END_TEST

START_TEST(lines__values_on_their_own_lines__are_read_one_by_one)
{
    const char *text = "{\"a\":1}\n\n[2]\r\n3\n";
    begin(text, strlen(text), true);
    ck_assert(ew_json_scan_skip(&scan));
    ck_assert(ew_json_scan_skip(&scan));
    ck_assert_uint_eq(scan.line, 3);
    ck_assert(ew_json_scan_want(&scan, EW_JSON_NUMBER));
    ck_assert_int_eq(ew_json_scan_next(&scan), EW_JSON_END);
    begin("", 0, true);
    ck_assert_int_eq(ew_json_scan_next(&scan), EW_JSON_END);
    begin("{} {}", 5, true);
    ck_assert_int_eq(read_all(), EW_FORMAT);
}
END_TEST

/* --- pieces --------------------------------------------------------------------------------- */

struct pieces {
    const char *text;
    size_t left;
    size_t piece;
};

static enum ew_status give_piece(void *context, void *out, size_t capacity, size_t *got_out,
                                 struct ew_error *error)
{
    struct pieces *pieces = context;
    size_t step = pieces->left < pieces->piece ? pieces->left : pieces->piece;
    (void)error;
    step = step < capacity ? step : capacity;
    memcpy(out, pieces->text, step);
    pieces->text += step;
    pieces->left -= step;
    *got_out = step;
    return EW_OK;
}

static json_t *tree_in_pieces(const char *text, size_t piece, size_t capacity)
{
    struct pieces pieces = {text, strlen(text), piece};
    struct ew_json_scan_options options = {
        .name = "in.json", .depth_max = 8, .text_bytes_max = 30};
    bool too_large = false;
    ck_assert_int_eq(ew_byte_window_open(&window, capacity, give_piece, &pieces), EW_OK);
    ew_json_scan_init(&scan, &window, &options, &failure);
    json_t *tree = json_tree_scan(&scan, &too_large);
    ew_json_scan_free(&scan);
    ew_byte_window_close(&window);
    return tree;
}

START_TEST(pieces__of_every_size__give_the_same_values)
{
    const char *text =
        "{\"name\": \"caf\\u00e9 \xe2\x82\xac\", \"list\": [true, -12.5e3,\n 123456],"
        "\"another\": {\"x\": null}, \"text\": \"abcdefghijklmnop\"}";
    json_t *expected = json_loads(text, 0, NULL);
    ck_assert_ptr_nonnull(expected);
    for (size_t piece = 1; piece < 50; piece++) {
        for (size_t capacity = 34; capacity < 60; capacity++) {
            json_t *tree = tree_in_pieces(text, piece, capacity);
            ck_assert_msg(tree != NULL, "%zu, %zu: %s", piece, capacity, failure.text);
            ck_assert(json_equal(tree, expected));
            json_decref(tree);
        }
    }
    json_decref(expected);
}
END_TEST

START_TEST(pieces__failure_far_behind__still_names_line_and_path)
{
    const char *text =
        "{\"first\": [1,\n2,\n3], \"a much longer name\": [{\"inner\": \"text\"},\n"
        "{\"inner\": [\"text\", \"abcdefgh\", 01]}]}";
    for (size_t piece = 1; piece < 50; piece++) {
        memset(&failure, 0, sizeof failure);
        ck_assert_ptr_null(tree_in_pieces(text, piece, 34));
        ck_assert_str_eq(failure.text, "in.json: line 4, column 32, a much longer "
                                       "name[1].inner[2]: is no number that JSON has");
    }
}
END_TEST

START_TEST(pieces__text_longer_than_the_window__is_a_limit)
{
    ck_assert_ptr_null(tree_in_pieces("\"abcdefghijklmnopqrstuvwxyzabcdefghijklmnop\"", 7, 34));
    ck_assert_int_eq(failure.status, EW_LIMIT);
    ck_assert_str_eq(failure.text, "in.json: line 1, column 1: is longer than 30 bytes");
}
END_TEST

static enum ew_status refuse(void *context, void *out, size_t capacity, size_t *got_out,
                             struct ew_error *error)
{
    (void)context;
    (void)out;
    (void)capacity;
    (void)got_out;
    return ew_fail(error, EW_IO, "in.json: cannot read");
}

START_TEST(pieces__that_cannot_be_read__are_told_as_they_are)
{
    struct ew_json_scan_options options = {
        .name = "in.json", .depth_max = 8, .text_bytes_max = 30};
    ck_assert_int_eq(ew_byte_window_open(&window, 40, refuse, NULL), EW_OK);
    ew_json_scan_init(&scan, &window, &options, &failure);
    ck_assert_int_eq(ew_json_scan_next(&scan), EW_JSON_FAILED);
    ck_assert_int_eq(scan.status, EW_IO);
    ck_assert_str_eq(failure.text, "in.json: cannot read");
    ew_byte_window_close(&window);
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("json_scan");
    TCase *tests = tcase_create("all");
    tcase_add_test(tests, scan__valid_json__is_what_jansson_finds);
    tcase_add_test(tests, scan__invalid_json__is_refused_as_by_jansson);
    tcase_add_test(tests, scan__special_bytes_at_every_position__end_a_plain_run_there);
    tcase_add_test(tests, scan__numbers__keep_digits_sign_and_magnitude);
    tcase_add_test(tests, scan__plain_text__is_a_slice_of_the_input);
    tcase_add_test(tests, scan__too_deep__is_a_limit);
    tcase_add_test(tests, scan__too_long__is_a_limit);
    tcase_add_test(tests, scan__failure__names_line_column_and_path);
    tcase_add_test(tests, want__another_token__names_both);
    tcase_add_test(tests, want__number_out_of_range__is_refused);
    tcase_add_test(tests, member__known_and_unknown__are_told_apart);
    tcase_add_test(tests, member__twice__is_refused);
    tcase_add_test(tests, lines__values_on_their_own_lines__are_read_one_by_one);
    tcase_add_test(tests, pieces__of_every_size__give_the_same_values);
    tcase_add_test(tests, pieces__failure_far_behind__still_names_line_and_path);
    tcase_add_test(tests, pieces__text_longer_than_the_window__is_a_limit);
    tcase_add_test(tests, pieces__that_cannot_be_read__are_told_as_they_are);
    suite_add_tcase(suite, tests);
    return suite;
}
