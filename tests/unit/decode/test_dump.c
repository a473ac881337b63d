/* SPDX-License-Identifier: Apache-2.0 */
/* `dump` over a recording made here: lines, filters, limits, refused payloads, values. */
#include "cli/cli.h"
#include "etwitness/etl_writer.h"
#include "support/check_main.h"
#include "unit/decode/lines.h"
#include "unit/decode/payloads.h"

#include <stdio.h>
#include <string.h>

static const char trace_path[] = "test_dump.etl";

static void put_record(struct ew_etl_writer *writer, struct ew_event event, uint64_t time)
{
    static uint8_t record[EW_EVENT_BYTES_MAX];
    struct ew_error error = {EW_OK, ""};
    event.time_raw = time;
    uint32_t bytes = ew_etl_build_record(&event, record);
    ck_assert_uint_gt(bytes, 0);
    ck_assert_msg(ew_etl_writer_put(writer, 0, record, bytes, &error) == EW_OK, "%s", error.text);
}

static struct ew_event with_header(struct ew_event event, enum ew_header_type type)
{
    event.header_type = (uint8_t)type;
    event.process_id = type == EW_HEADER_PERFINFO64 ? EW_ID_NONE : event.process_id;
    event.thread_id = type == EW_HEADER_PERFINFO64 ? EW_ID_NONE : event.thread_id;
    return event;
}

static void put_image(struct ew_etl_writer *writer, uint32_t process_id, uint64_t time)
{
    struct payload payload = {.pointer_bytes = 8};
    put_pointer(&payload, UINT64_C(0x7ff800000000));
    put_pointer(&payload, 0x9000);
    put_u32(&payload, process_id);
    put_zeros(&payload, 12);
    put_pointer(&payload, 0x180000000);
    put_zeros(&payload, 16);
    put_utf16(&payload, "\\x.dll");
    put_record(writer, with_header(kernel_event(&payload, 0x030a, 2), EW_HEADER_SYSTEM64), time);
}

/* A TraceLogging event "Ev" of provider `My "P` with one field of an odd name. */
static void put_self_described(struct ew_etl_writer *writer, uint64_t time)
{
    static const uint8_t schema[] = {14,  0,    0,    'E', 'v',  0, '"',
                                     ' ', 0xc3, 0xa9, '%', '\\', 0, EW_TLG_INT64};
    static const uint8_t traits[] = {8, 0, 'M', 'y', ' ', '"', 'P', 0};
    static const struct ew_guid provider = {{9, 9, 9}};
    uint8_t items[256];
    struct payload payload = {.pointer_bytes = 8};
    put_u64(&payload, UINT64_MAX - 41);
    uint32_t bytes = ew_etl_append_item(items, 0, sizeof items, EW_ITEM_PROVIDER_TRAITS, traits,
                                        sizeof traits);
    bytes = ew_etl_append_item(items, bytes, sizeof items, EW_ITEM_EVENT_SCHEMA_TL, schema,
                               sizeof schema);
    struct ew_event event = manifest_event(&payload, &provider, 3, 0);
    event.extended = items;
    event.extended_bytes = bytes;
    put_record(writer, with_header(event, EW_HEADER_EVENT64), time);
}

static void put_events(struct ew_etl_writer *writer)
{
    static const struct ew_guid unknown = {{1, 2, 3}};
    struct payload payload = {.pointer_bytes = 8};
    put_image(writer, 100, 2000);
    put_image(writer, 200, 3000);
    put_pointer(&payload, UINT64_C(0xfffff80000001234));
    put_u32(&payload, 42);
    put_u32(&payload, 1);
    put_record(writer, with_header(kernel_event(&payload, 0x0f2e, 2), EW_HEADER_PERFINFO64),
               4000);
    payload.used = 3;
    put_record(writer, with_header(kernel_event(&payload, 0x0f2e, 2), EW_HEADER_PERFINFO64),
               5000);
    payload.used = 0;
    put_zeros(&payload, 300);
    put_record(writer, with_header(manifest_event(&payload, &unknown, 7, 1), EW_HEADER_EVENT64),
               6000);
    put_self_described(writer, 7000);
}

static void make_recording(void)
{
    struct ew_etl_writer_options options = {.buffer_bytes = 65536, .cpu_count = 1};
    struct ew_etl_header header = {.start_time = 132000000000000000, .clock_frequency = 10000000};
    struct ew_etl_writer *writer = NULL;
    struct ew_error error = {EW_OK, ""};
    header.end_time = header.start_time + 10000;
    header.boot_time = header.start_time - 10000;
    header.header_time_raw = 1000;
    header.os_major = 10;
    header.pointer_bytes = 8;
    header.clock = EW_CLOCK_QPC;
    header.logger_name = "test";
    header.log_file_name = "test.etl";
    ck_assert_msg(ew_etl_writer_open(trace_path, &options, &header, &writer, &error) == EW_OK,
                  "%s", error.text);
    put_events(writer);
    ck_assert_int_eq(ew_etl_writer_close(writer, &error), EW_OK);
}

static void remove_recording(void)
{
    (void)remove(trace_path);
}

START_TEST(lines__of_known_events__have_fields)
{
    struct ew_dump_options options = {.limit = 0};
    struct ew_dump_result result;
    json_t *lines = dump_lines(trace_path, &options, &result);
    json_t *image = json_array_get(lines, 1);
    json_t *sample = json_array_get(lines, 3);
    ck_assert_uint_eq(result.shown, 7);
    ck_assert_str_eq(text_at(image, "time", NULL), "2019-04-17T18:40:00.0001000Z");
    ck_assert_str_eq(text_at(image, "provider", NULL), "Image");
    ck_assert_str_eq(text_at(image, "event", NULL), "Image/Load");
    ck_assert_str_eq(text_at(image, "hook", NULL), "0x030a");
    ck_assert_str_eq(text_at(image, "fields", "base"), "0x7ff800000000");
    ck_assert_str_eq(text_at(image, "fields", "path"), "\\x.dll");
    ck_assert_str_eq(text_at(image, "fields", "phase"), "start");
    ck_assert_int_eq(json_integer_value(json_object_get(image, "pid")), 77);
    ck_assert_str_eq(text_at(sample, "fields", "address"), "0xfffff80000001234");
    ck_assert(json_is_null(json_object_get(sample, "pid")));
    json_decref(lines);
}
END_TEST

START_TEST(lines__refused_and_unknown__have_bytes)
{
    struct ew_dump_options options = {.limit = 0};
    struct ew_dump_result result;
    json_t *lines = dump_lines(trace_path, &options, &result);
    json_t *refused = json_array_get(lines, 4);
    json_t *unknown = json_array_get(lines, 5);
    ck_assert_uint_eq(result.refused, 1);
    ck_assert(json_is_true(json_object_get(refused, "refused")));
    ck_assert_str_eq(text_at(refused, "event", NULL), "PerfInfo/Sample");
    ck_assert_str_eq(text_at(refused, "payload", NULL), "341200");
    ck_assert_ptr_null(json_object_get(unknown, "refused"));
    ck_assert_ptr_null(json_object_get(unknown, "event"));
    ck_assert_int_eq(json_integer_value(json_object_get(unknown, "payloadBytes")), 300);
    ck_assert_uint_eq(strlen(text_at(unknown, "payload", NULL)), 512);
    json_decref(lines);
}
END_TEST

START_TEST(lines__self_described__have_escaped_keys_and_signs)
{
    struct ew_dump_options options = {.limit = 0};
    struct ew_dump_result result;
    json_t *lines = dump_lines(trace_path, &options, &result);
    json_t *line = json_array_get(lines, 6);
    json_t *fields = json_object_get(line, "fields");
    ck_assert_str_eq(text_at(line, "provider", NULL), "My \"P");
    ck_assert_str_eq(text_at(line, "event", NULL), "Ev");
    ck_assert_int_eq(json_integer_value(json_object_get(fields, "%22 %C3%A9%25%5C")), -42);
    json_decref(lines);
}
END_TEST

static uint64_t count_shown(const char *provider, uint32_t process_id, uint64_t limit)
{
    struct ew_dump_options options = {.limit = limit};
    struct ew_dump_result result;
    if (provider != NULL) {
        options.providers[options.provider_count++] = ew_dump_provider_read(provider);
    }
    if (process_id != 0) {
        options.process_ids[options.process_id_count++] = process_id;
    }
    json_decref(dump_lines(trace_path, &options, &result));
    return result.shown;
}

START_TEST(filters__provider_process_limit__choose)
{
    ck_assert_uint_eq(count_shown("image", 0, 0), 2);
    ck_assert_uint_eq(count_shown("PerfInfo", 0, 0), 2);
    ck_assert_uint_eq(count_shown("2cb15d1d-5fc1-11d2-abe1-00a0c911f518", 0, 0), 2);
    ck_assert_uint_eq(count_shown("My \"P", 0, 0), 1);
    ck_assert_uint_eq(count_shown("my \"p", 0, 0), 0);
    ck_assert_uint_eq(count_shown("clr", 0, 0), 0);
    ck_assert_uint_eq(count_shown(NULL, 200, 0), 1); /* about 200, logged by 77 */
    ck_assert_uint_eq(count_shown(NULL, 77, 0), 4);  /* logged by 77 */
    ck_assert_uint_eq(count_shown("Image", 100, 0), 1);
    ck_assert_uint_eq(count_shown(NULL, 0, 2), 2);
}
END_TEST

static bool refuse_bytes(void *context, const void *bytes, size_t byte_count)
{
    (void)context;
    (void)bytes;
    (void)byte_count;
    return false;
}

START_TEST(output__that_cannot_be_written__fails)
{
    const char *paths[] = {trace_path};
    struct ew_dump_options options = {.paths = paths, .path_count = 1, .limit = UINT64_MAX};
    struct ew_dump_result result;
    struct ew_error error = {EW_OK, ""};
    ck_assert_int_eq(ew_dump_run(&options, refuse_bytes, NULL, &result, &error), EW_IO);
}
END_TEST

/* The JSON that one TraceLogging value becomes. */
static void check_value(uint8_t in_type, uint8_t out_type, const char *bytes, size_t byte_count,
                        const char *expected)
{
    static struct ew_dump_output output;
    struct text text = {NULL, 0};
    struct ew_tlg_step step = {.kind = EW_TLG_VALUE, .in_type = in_type, .out_type = out_type};
    step.data = (const uint8_t *)bytes;
    step.data_bytes = (uint32_t)byte_count;
    ew_json_init(&output.json, text_sink, &text);
    ew_dump_tlg_value(&output, &step);
    ck_assert(ew_json_finish(&output.json));
    ck_assert_str_eq(text.bytes, expected);
    text_free(&text);
}

#define CHECK_VALUE(in_type, out_type, bytes, expected) \
    check_value(EW_TLG_##in_type, out_type, bytes, sizeof(bytes) - 1, expected)

START_TEST(values__integers__follow_both_types)
{
    CHECK_VALUE(INT8, 0, "\x80", "-128");
    CHECK_VALUE(UINT8, 0, "\x80", "128");
    CHECK_VALUE(INT16, 0, "\xff\xff", "-1");
    CHECK_VALUE(UINT32, 0, "\xff\xff\xff\xff", "4294967295");
    CHECK_VALUE(INT64, 0, "\0\0\0\0\0\0\0\x80", "\"-9223372036854775808\"");
    CHECK_VALUE(INT64, 0, "\xff\xff\xff\xff\xff\xff\xff\xff", "-1");
    CHECK_VALUE(UINT64, 0, "\xff\xff\xff\xff\xff\xff\x1f\0", "9007199254740991");
    CHECK_VALUE(UINT64, 0, "\0\0\0\0\0\0\x20\0", "\"0x20000000000000\"");
    CHECK_VALUE(UINT8, EW_TLG_OUT_BOOLEAN, "\2", "true");
    CHECK_VALUE(BOOL32, 0, "\0\0\0\0", "false");
    CHECK_VALUE(UINT8, EW_TLG_OUT_STRING, "M", "\"M\"");
    CHECK_VALUE(UINT16, EW_TLG_OUT_STRING, "\xe9\0", "\"\xc3\xa9\"");
    CHECK_VALUE(UINT32, EW_TLG_OUT_HEX, "\xef\xbe\0\0", "\"0xbeef\"");
    CHECK_VALUE(HEX32, 0, "\5\0\0\x80", "\"0x80000005\"");
    CHECK_VALUE(UINT32, EW_TLG_OUT_IPV4, "\x7f\0\0\1", "\"7f000001\"");
    CHECK_VALUE(UINT16, EW_TLG_OUT_PORT, "\0\x50", "80");
}
END_TEST

START_TEST(values__reals__come_back_the_same)
{
    CHECK_VALUE(FLOAT, 0, "\xcd\xcc\xcc\x3d", "\"0.100000001\"");
    CHECK_VALUE(DOUBLE, 0, "\x9a\x99\x99\x99\x99\x99\xb9\x3f", "\"0.10000000000000001\"");
    CHECK_VALUE(FLOAT, 0, "\0\0\xc0\x7f", "\"NaN\"");
    CHECK_VALUE(DOUBLE, 0, "\0\0\0\0\0\0\xf0\xff", "\"-Infinity\"");
}
END_TEST

START_TEST(values__texts_times_and_bytes__are_readable)
{
    CHECK_VALUE(UTF16, 0, "a\0\"\0", "\"a\\\"\"");
    CHECK_VALUE(COUNTED_ANSI, 0, "\xe9", "\"\xc3\xa9\"");
    CHECK_VALUE(BINARY, 0, "\1\xff", "\"01ff\"");
    CHECK_VALUE(BINARY, EW_TLG_OUT_IPV6, "\x20\1", "\"2001\"");
    CHECK_VALUE(SID, 0, "\1\0\0\0\0\0\0\5", "\"0100000000000005\"");
    CHECK_VALUE(GUID, 0, "\xc4\x14\xd6\x0a\xf4\x0e\x25\x42\x80\x13\xf4\x4f\x37\xcb\x03\x97",
                "\"0ad614c4-0ef4-4225-8013-f44f37cb0397\"");
    CHECK_VALUE(FILETIME, 0, "\x70\x10\xfa\x4d\x8b\xa5\xd7\1",
                "\"2021-09-09T14:59:35.7990000Z\"");
    CHECK_VALUE(SYSTEMTIME, 0, "\xe5\7\t\0\4\0\t\0\x0e\0\x3b\0\x23\0\x1f\3",
                "\"2021-09-09T14:59:35.799\"");
    CHECK_VALUE(SYSTEMTIME, 0, "\xe5\7\0\0\4\0\t\0\x0e\0\x3b\0\x23\0\x1f\3",
                "\"e507000004000900"
                "0e003b0023001f03\"");
    CHECK_VALUE(NULL, 0, "", "null");
}
END_TEST

START_TEST(help__exists__and_ends_well)
{
    char argument[] = "--help";
    char *arguments[] = {argument, NULL};
    ck_assert_int_eq(ew_cmd_dump(1, arguments), EW_EXIT_DONE);
    ck_assert_int_eq(ew_cmd_dump(0, arguments), EW_EXIT_USAGE);
}
END_TEST

START_TEST(exit_code__refused_or_missing__tells)
{
    char path[sizeof trace_path];
    char quiet[] = "--quiet";
    char pid[] = "--pid=x";
    char *arguments[] = {path, quiet, pid, NULL};
    memcpy(path, trace_path, sizeof path);
    ck_assert_int_eq(ew_cmd_dump(2, arguments), EW_EXIT_INCOMPLETE);
    ck_assert_int_eq(ew_cmd_dump(3, arguments), EW_EXIT_USAGE);
    path[0] = '/';
    ck_assert_int_eq(ew_cmd_dump(2, arguments), EW_EXIT_FAILED);
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("dump");
    TCase *lines = tcase_create("lines");
    TCase *values = tcase_create("values");
    tcase_add_unchecked_fixture(lines, make_recording, remove_recording);
    tcase_add_test(lines, lines__of_known_events__have_fields);
    tcase_add_test(lines, lines__refused_and_unknown__have_bytes);
    tcase_add_test(lines, lines__self_described__have_escaped_keys_and_signs);
    tcase_add_test(lines, filters__provider_process_limit__choose);
    tcase_add_test(lines, output__that_cannot_be_written__fails);
    tcase_add_test(lines, exit_code__refused_or_missing__tells);
    tcase_add_test(values, values__integers__follow_both_types);
    tcase_add_test(values, values__reals__come_back_the_same);
    tcase_add_test(values, values__texts_times_and_bytes__are_readable);
    tcase_add_test(values, help__exists__and_ends_well);
    suite_add_tcase(suite, lines);
    suite_add_tcase(suite, values);
    return suite;
}
