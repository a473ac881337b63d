/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `dump` over real recordings. The five planets are compared field by field with what
 * TraceEvent expects of the same file, and where that is wrong, with the bytes:
 * int64_type is unsigned in the schema, and TraceEvent shows the seconds of a SYSTEMTIME
 * once more as its milliseconds (its FILETIME of the same moment has the right ones).
 */
#include "support/check_main.h"
#include "unit/decode/lines.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_SKIPPED = 77, BASELINE_BYTES = 16384, PLANETS = 5 };

static bool read_baseline(char text_out[BASELINE_BYTES])
{
    FILE *file = fopen(EW_TRACES_DIR "/expected/pv-primitive-types.perfview-baseline.txt", "rb");
    if (file == NULL) {
        return false;
    }
    size_t bytes = fread(text_out, 1, BASELINE_BYTES - 1, file);
    text_out[bytes] = '\0';
    (void)fclose(file);
    return true;
}

/* The value of "key=value; " in the baseline's line; cut at "..." where the baseline is. */
static const char *expected_value(const char *line, const char *key, char out[64])
{
    char search[64];
    (void)snprintf(search, sizeof search, " %s=", key);
    const char *at = strstr(line, search);
    ck_assert_ptr_nonnull(at);
    at += strlen(search);
    size_t length = strcspn(at, ";");
    ck_assert_uint_lt(length, 64);
    memcpy(out, at, length);
    out[length] = '\0';
    char *cut = strstr(out, "...");
    if (cut != NULL) {
        *cut = '\0';
    }
    return out;
}

static void check_number(json_t *fields, const char *line, const char *key)
{
    char expected[64];
    long long value = strtoll(expected_value(line, key, expected), NULL, 10);
    ck_assert_int_eq(json_integer_value(json_object_get(fields, key)), value);
}

/* "2021-09-09T14:59:35.79" as the baseline writes it: "21/09/09 14:59:35.79". */
static void check_time(const char *time, const char *line, const char *key)
{
    char expected[64];
    char ours[64];
    (void)snprintf(ours, sizeof ours, "%s", time + 2);
    ours[2] = ours[5] = '/';
    ours[8] = ' ';
    expected_value(line, key, expected);
    ck_assert_uint_ge(strlen(expected), 17);
    ck_assert_int_eq(strncmp(ours, expected, strlen(expected)), 0);
}

static void check_system_time(json_t *fields, const char *line)
{
    char cut[64];
    const char *time = json_string_value(json_object_get(fields, "system_time_type"));
    (void)snprintf(cut, sizeof cut, "%.20s0%.2s", time, time + strlen("2021-09-09T14:59:"));
    check_time(cut, line, "system_time_type");
    const char *file_time = json_string_value(json_object_get(fields, "file_time_type"));
    ck_assert_int_eq(strncmp(time, file_time, strlen(time)), 0);
}

static void check_int64(json_t *fields, const char *line)
{
    char expected[64];
    char hex[32];
    long long value = strtoll(expected_value(line, "int64_type", expected), NULL, 10);
    (void)snprintf(hex, sizeof hex, "0x%llx", (unsigned long long)value);
    ck_assert_str_eq(json_string_value(json_object_get(fields, "int64_type")), hex);
}

static void check_planet(json_t *fields, const char *line)
{
    char expected[64];
    expected_value(line, "string_type", expected);
    ck_assert_str_eq(json_string_value(json_object_get(fields, "string_type")), expected);
    bool truth = strcmp(expected_value(line, "boolean_type", expected), "True") == 0;
    ck_assert_int_eq(json_is_true(json_object_get(fields, "boolean_type")), truth);
    const char *letter = json_string_value(json_object_get(fields, "char_type"));
    ck_assert_int_eq(letter[0], strtol(expected_value(line, "char_type", expected), NULL, 10));
    check_number(fields, line, "int16_type");
    check_number(fields, line, "int32_type");
    check_number(fields, line, "uint16_type");
    check_number(fields, line, "uint32_type");
    check_int64(fields, line);
    check_number(fields, line, "uint64_type");
    expected_value(line, "guid_type", expected);
    const char *guid = json_string_value(json_object_get(fields, "guid_type"));
    ck_assert_uint_gt(strlen(expected), 15);
    ck_assert_int_eq(strncmp(guid, expected, strlen(expected)), 0);
    check_time(json_string_value(json_object_get(fields, "file_time_type")), line,
               "file_time_type");
    check_system_time(fields, line);
    ck_assert_uint_eq(json_object_size(fields), 12);
}

START_TEST(planets__every_field__is_as_expected)
{
    static char baseline[BASELINE_BYTES];
    struct ew_dump_options options = {.limit = 0};
    struct ew_dump_result result;
    options.providers[options.provider_count++] = ew_dump_provider_read("solar_system");
    json_t *lines = dump_lines(EW_TRACES_DIR "/pv-primitive-types.etl", &options, &result);
    ck_assert(read_baseline(baseline));
    ck_assert_uint_eq(result.shown, PLANETS);
    ck_assert_uint_eq(result.refused, 0);
    const char *line = baseline;
    for (size_t i = 0; i < PLANETS; i++) {
        line = strstr(line + 1, " solar_system/PrimitiveTypesTest PID=33984; TID=21768;");
        ck_assert_ptr_nonnull(line);
        json_t *planet = json_array_get(lines, i);
        ck_assert_int_eq(json_integer_value(json_object_get(planet, "pid")), 33984);
        ck_assert_str_eq(text_at(planet, "event", NULL), "PrimitiveTypesTest");
        check_planet(json_object_get(planet, "fields"), line);
    }
    json_decref(lines);
}
END_TEST

START_TEST(amsi__scripts__are_text_in_both_forms)
{
    struct ew_dump_options options = {.limit = 0};
    struct ew_dump_result result;
    options.providers[options.provider_count++] = ew_dump_provider_read("AmsiTrace");
    json_t *lines = dump_lines(EW_TRACES_DIR "/airbus-AMSITrace.etl", &options, &result);
    ck_assert_uint_eq(result.shown, 19);
    ck_assert_uint_eq(result.refused, 0);
    json_t *second = json_array_get(lines, 1);
    ck_assert_str_eq(text_at(second, "fields", "Script"), "Get-Alias");
    ck_assert_str_eq(text_at(second, "fields", "Raw Script"), "Get-Alias");
    json_decref(lines);
}
END_TEST

START_TEST(event_source__struct__is_an_object)
{
    struct ew_dump_options options = {.limit = 0};
    struct ew_dump_result result;
    options.providers[options.provider_count++] = ew_dump_provider_read("MySource");
    json_t *lines =
        dump_lines(EW_TRACES_DIR "/pv-SelfDescribingSingleEvent.etl", &options, &result);
    ck_assert_uint_eq(result.shown, 1);
    json_t *line = json_array_get(lines, 0);
    json_t *a = json_object_get(json_object_get(line, "fields"), "a");
    ck_assert_str_eq(text_at(line, "event", NULL), "TestEvent");
    ck_assert_str_eq(text_at(a, "b", NULL), "Hello");
    ck_assert_str_eq(text_at(a, "c", NULL), "World!");
    json_decref(lines);
}
END_TEST

START_TEST(wide_content_behind_narrow_headers__is_refused)
{
    struct ew_dump_options options = {.limit = 0};
    struct ew_dump_result result;
    json_decref(
        dump_lines(EW_TRACES_DIR "/sawbuck-image_data_64_v2.2011-05-02.etl", &options, &result));
    ck_assert_uint_eq(result.shown, 27);
    ck_assert_uint_eq(result.refused, 26);
    ck_assert(!result.damaged);
}
END_TEST

START_TEST(main_recording__one_process__has_its_methods)
{
    struct ew_dump_options options = {.process_ids = {3676}, .process_id_count = 1};
    struct ew_dump_result result;
    options.providers[options.provider_count++] = ew_dump_provider_read("clr");
    json_t *lines = dump_lines(EW_TRACES_DIR "/pv-net.4.5.2.x64.etl", &options, &result);
    size_t mains = 0;
    for (size_t i = 0; i < json_array_size(lines); i++) {
        json_t *line = json_array_get(lines, i);
        mains += strcmp(text_at(line, "event", NULL), "Method/LoadVerbose") == 0
                 && strcmp(text_at(line, "fields", "typeName"), "Test.Program") == 0
                 && strcmp(text_at(line, "fields", "methodName"), "Main") == 0;
    }
    ck_assert_uint_eq(mains, 1);
    ck_assert_uint_eq(result.refused, 0);
    json_decref(lines);
}
END_TEST

Suite *ew_suite(void)
{
    static char baseline[BASELINE_BYTES];
    Suite *suite = suite_create("dump of real recordings");
    TCase *tests = tcase_create("real recordings");
    if (!read_baseline(baseline)) {
        (void)printf("skipped: no recordings in %s\n", EW_TRACES_DIR);
        exit(EXIT_SKIPPED);
    }
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, planets__every_field__is_as_expected);
    tcase_add_test(tests, amsi__scripts__are_text_in_both_forms);
    tcase_add_test(tests, event_source__struct__is_an_object);
    tcase_add_test(tests, wide_content_behind_narrow_headers__is_refused);
    tcase_add_test(tests, main_recording__one_process__has_its_methods);
    suite_add_tcase(suite, tests);
    return suite;
}
