/* SPDX-License-Identifier: Apache-2.0 */
/* Package URLs, and texts of strangers in frames and labels. */
#include "base/json_writer.h"
#include "export/purl.h"
#include "export/text_out.h"
#include "support/check_main.h"

#include <string.h>

static char written[64 * 1024];
static size_t written_bytes;

static bool keep(void *context, const void *bytes, size_t byte_count)
{
    (void)context;
    ck_assert_uint_le(byte_count, sizeof written - 1 - written_bytes);
    memcpy(written + written_bytes, bytes, byte_count);
    written_bytes += byte_count;
    written[written_bytes] = '\0';
    return true;
}

static const char *write_with(void (*put)(struct ew_text_out *out, const char *value),
                              const char *value)
{
    struct ew_text_out out;
    written_bytes = 0;
    written[0] = '\0';
    ew_text_out_init(&out, keep, NULL);
    put(&out, value);
    ck_assert(ew_text_out_finish(&out));
    return written;
}

START_TEST(frame__separators__cannot_break_a_stack)
{
    ck_assert_str_eq(write_with(ew_text_out_frame, "a;b c"), "a:b c");
    ck_assert_str_eq(write_with(ew_text_out_frame, "a\nb\r\t\x7f"),
                     "a\xef\xbf\xbd"
                     "b\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
    ck_assert_str_eq(write_with(ew_text_out_frame, "\xc2\x85\xe2\x80\xa8\xe2\x80\xa9"),
                     "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
}
END_TEST

START_TEST(frame__broken_utf8__is_replaced_byte_by_byte)
{
    ck_assert_str_eq(write_with(ew_text_out_frame, "\xc3"), "\xef\xbf\xbd");
    ck_assert_str_eq(write_with(ew_text_out_frame, "\xff\xc3\xa9"), "\xef\xbf\xbd\xc3\xa9");
    ck_assert_str_eq(write_with(ew_text_out_frame, "\xf0\x9f\x98\x80"), "\xf0\x9f\x98\x80");
}
END_TEST

START_TEST(dot__quotes_and_backslashes__stay_inside)
{
    ck_assert_str_eq(write_with(ew_text_out_dot, "a\"b\\n;\n"), "a\\\"b\\\\n;\xef\xbf\xbd");
}
END_TEST

START_TEST(text__longer_than_the_buffer__has_no_seam)
{
    static char value[3 * EW_TEXT_OUT_BYTES];
    memset(value, 'x', sizeof value - 1);
    ck_assert_str_eq(write_with(ew_text_out_text, value), value);
}
END_TEST

START_TEST(number__ends_of_the_range__are_written)
{
    struct ew_text_out out;
    written_bytes = 0;
    ew_text_out_init(&out, keep, NULL);
    ew_text_out_u64(&out, 0);
    ew_text_out_text(&out, " ");
    ew_text_out_u64(&out, UINT64_MAX);
    ck_assert(ew_text_out_finish(&out));
    ck_assert_str_eq(written, "0 18446744073709551615");
}
END_TEST

START_TEST(permille__each_kind__has_one_spelling)
{
    static const unsigned values[] = {0, 1, 10, 100, 50, 950, 999, 1000};
    static struct ew_json_writer writer;
    written_bytes = 0;
    ew_json_init(&writer, keep, NULL);
    ew_json_array(&writer);
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        ew_json_permille(&writer, values[i]);
    }
    ew_json_array_end(&writer);
    ck_assert(ew_json_finish(&writer));
    ck_assert_str_eq(written, "[0,0.001,0.01,0.1,0.05,0.95,0.999,1]");
}
END_TEST

static void check_purl(const char *value, const char *name, const char *version)
{
    struct ew_purl purl;
    ck_assert_msg(ew_purl_parse(value, &purl), "%s", value);
    ck_assert_str_eq(purl.name, name);
    ck_assert_str_eq(purl.version, version);
}

START_TEST(purl__name_and_version__are_decoded)
{
    check_purl("pkg:nuget/Newtonsoft.Json@13.0.1", "Newtonsoft.Json", "13.0.1");
    check_purl("pkg:nuget/A", "A", "");
    check_purl("pkg:npm/%40scope/name@1.0%2B5?arch=x#sub/path", "name", "1.0+5");
    check_purl("pkg:oci/img@sha256%3Aabc?repository_url=a/b@c", "img", "sha256:abc");
}
END_TEST

START_TEST(purl__none__is_refused)
{
    static const char *const bad[] = {"",           "pkg:",       "pkg:nuget",  "pkg:nuget/",
                                      "pkg:a/@1.0", "pkg:a/b%4",  "pkg:a/b%zz", "npm/a@1",
                                      "pkg:a/b%00", "pkg:a/b@1%0"};
    struct ew_purl purl;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ck_assert_msg(!ew_purl_parse(bad[i], &purl), "%s", bad[i]);
    }
}
END_TEST

START_TEST(purl__longest_name__fits_and_one_more_does_not)
{
    char value[4 + 2 + EW_PURL_TEXT_BYTES + 1] = "pkg:a/";
    struct ew_purl purl;
    memset(value + 6, 'n', EW_PURL_TEXT_BYTES);
    value[6 + EW_PURL_TEXT_BYTES] = '\0';
    ck_assert(!ew_purl_parse(value, &purl));
    value[6 + EW_PURL_TEXT_BYTES - 1] = '\0';
    ck_assert(ew_purl_parse(value, &purl));
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("export texts");
    TCase *tcase = tcase_create("texts");
    tcase_add_test(tcase, frame__separators__cannot_break_a_stack);
    tcase_add_test(tcase, frame__broken_utf8__is_replaced_byte_by_byte);
    tcase_add_test(tcase, dot__quotes_and_backslashes__stay_inside);
    tcase_add_test(tcase, text__longer_than_the_buffer__has_no_seam);
    tcase_add_test(tcase, number__ends_of_the_range__are_written);
    tcase_add_test(tcase, permille__each_kind__has_one_spelling);
    tcase_add_test(tcase, purl__name_and_version__are_decoded);
    tcase_add_test(tcase, purl__none__is_refused);
    tcase_add_test(tcase, purl__longest_name__fits_and_one_more_does_not);
    suite_add_tcase(suite, tcase);
    return suite;
}
