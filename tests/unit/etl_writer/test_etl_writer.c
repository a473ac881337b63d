/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of files and records that the `.etl` writer makes. */
#include "base/cursor.h"
#include "capture/etl/xpress_decompress.h"
#include "etwitness/etl_writer.h"
#include "etwitness/limits.h"
#include "platform/file.h"
#include "support/check_main.h"

#include <stdlib.h>
#include <string.h>

#define FILE_NAME "test_etl_writer.etl"

enum { BUFFER_BYTES = 4096, HEADER_BYTES = 0x48 };

static const struct ew_guid some_guid =
    EW_GUID_INIT(0x11223344U, 0x5566U, 0x7788U, 1, 2, 3, 4, 5, 6, 7, 8);
static const struct ew_guid other_guid =
    EW_GUID_INIT(0xaabbccddU, 0xeeffU, 0x1234U, 8, 7, 6, 5, 4, 3, 2, 1);

static const struct ew_etl_header header = {
    .boot_time = 1000,
    .start_time = 2000,
    .end_time = 3000,
    .clock_frequency = 10000000,
    .header_time_raw = 77,
    .events_lost = 5,
    .buffers_lost = 6,
    .os_build = 20348,
    .os_major = 10,
    .pointer_bytes = 8,
    .clock = EW_CLOCK_QPC,
    .logger_name = "L",
    .log_file_name = "\xc3\xa9.etl",
};

static uint8_t record[EW_EVENT_BYTES_MAX];
static char *file_bytes;
static size_t file_size;

/* A stack walk of a CPU; `payload` repeats, so that it can be compressed. */
static uint32_t build_sample(uint64_t time_raw, uint32_t payload_bytes)
{
    static uint8_t payload[BUFFER_BYTES];
    const struct ew_event event = {
        .time_raw = time_raw,
        .hook = 0x1820,
        .version = 2,
        .header_type = EW_HEADER_PERFINFO64,
        .payload = payload,
        .payload_bytes = payload_bytes,
    };
    return ew_etl_build_record(&event, record);
}

static struct ew_etl_writer *open_writer(bool compressed, const struct ew_etl_header *from)
{
    const struct ew_etl_writer_options options = {
        .buffer_bytes = BUFFER_BYTES, .cpu_count = 3, .compressed = compressed};
    struct ew_etl_writer *writer = NULL;
    struct ew_error error = {0};
    ck_assert_msg(ew_etl_writer_open(FILE_NAME, &options, from, &writer, &error) == EW_OK, "%s",
                  error.text);
    return writer;
}

static void close_and_read(struct ew_etl_writer *writer)
{
    struct ew_error error = {0};
    ck_assert_msg(ew_etl_writer_close(writer, &error) == EW_OK, "%s", error.text);
    ck_assert_int_eq(
        ew_file_read_all(FILE_NAME, 16 * 1024 * 1024, &file_bytes, &file_size, &error), EW_OK);
}

static const uint8_t *at(size_t offset)
{
    ck_assert_uint_lt(offset, file_size);
    return (const uint8_t *)file_bytes + offset;
}

static void tear_down(void)
{
    struct ew_error error = {0};
    free(file_bytes);
    file_bytes = NULL;
    ck_assert_msg(ew_file_remove(FILE_NAME, &error) == EW_OK, "%s", error.text);
}

START_TEST(system_record__fields__are_where_the_format_has_them)
{
    const struct ew_event event = {
        .time_raw = UINT64_C(0x1122334455667788),
        .hook = 0x030a,
        .version = 3,
        .process_id = 0xa0b0c0d0U,
        .thread_id = 0x01020304U,
        .header_type = EW_HEADER_SYSTEM64,
        .payload = (const uint8_t *)"xyz",
        .payload_bytes = 3,
    };
    const uint8_t expected[] = {3,    0,    2,    0xc0, 0x23, 0,    0x0a, 3,    4,
                                3,    2,    1,    0xd0, 0xc0, 0xb0, 0xa0, 0x88, 0x77,
                                0x66, 0x55, 0x44, 0x33, 0x22, 0x11, 0,    0,    0,
                                0,    0,    0,    0,    0,    'x',  'y',  'z'};
    ck_assert_uint_eq(ew_etl_build_record(&event, record), sizeof expected);
    ck_assert_mem_eq(record, expected, sizeof expected);
}
END_TEST

START_TEST(perfinfo_record__fields__are_where_the_format_has_them)
{
    const struct ew_event event = {
        .time_raw = 0x0102,
        .hook = 0x0f2e,
        .version = 2,
        .header_type = EW_HEADER_PERFINFO32,
        .payload = (const uint8_t *)"!",
        .payload_bytes = 1,
    };
    const uint8_t expected[] = {2, 0, 16, 0xc0, 0x11, 0, 0x2e, 0x0f, 2, 1, 0, 0, 0, 0, 0, 0, '!'};
    ck_assert_uint_eq(ew_etl_build_record(&event, record), sizeof expected);
    ck_assert_mem_eq(record, expected, sizeof expected);
}
END_TEST

START_TEST(classic_record__fields__are_where_the_format_has_them)
{
    const struct ew_event event = {
        .provider = &some_guid,
        .opcode = 36,
        .level = 4,
        .version = 2,
        .header_type = EW_HEADER_FULL64,
        .payload = (const uint8_t *)"!",
        .payload_bytes = 1,
    };
    ck_assert_uint_eq(ew_etl_build_record(&event, record), 0x31);
    ck_assert_mem_eq(record, "\x31\0\x14\xc0\x24\x04\x02\0", 8);
    ck_assert_mem_eq(record + 0x18, some_guid.bytes, 16);
    ck_assert_uint_eq(record[0x30], '!');
}
END_TEST

START_TEST(instance_record__header__is_longer_than_a_classic_one)
{
    const struct ew_event event = {
        .provider = &some_guid,
        .header_type = EW_HEADER_INSTANCE64,
        .payload = (const uint8_t *)"!",
        .payload_bytes = 1,
    };
    ck_assert_uint_eq(ew_etl_build_record(&event, record), 0x49);
    ck_assert_uint_eq(record[0x48], '!');
}
END_TEST

START_TEST(manifest_record__items__stand_before_the_payload_and_are_linked)
{
    uint8_t items[64];
    uint32_t bytes = ew_etl_append_item(items, 0, sizeof items, EW_ITEM_EVENT_KEY, "12345678", 8);
    ck_assert_uint_eq(bytes, 16);
    bytes = ew_etl_append_item(items, bytes, sizeof items, EW_ITEM_CONTROL_GUID, "abc", 3);
    ck_assert_uint_eq(bytes, 32);
    const struct ew_event event = {
        .provider = &some_guid,
        .activity = &other_guid,
        .id = 0x0102,
        .version = 3,
        .channel = 4,
        .level = 5,
        .opcode = 6,
        .task = 0x0708,
        .keyword = 9,
        .header_type = EW_HEADER_EVENT64,
        .extended = items,
        .extended_bytes = bytes,
        .payload = (const uint8_t *)"!",
        .payload_bytes = 1,
    };
    ck_assert_uint_eq(ew_etl_build_record(&event, record), 0x50 + 32 + 1);
    ck_assert_mem_eq(record, "\x71\0\x13\xc0\x01\0\0\0", 8);
    ck_assert_mem_eq(record + 0x28, "\x02\x01\x03\x04\x05\x06\x08\x07\x09", 9);
    ck_assert_mem_eq(record + 0x40, other_guid.bytes, 16);
    ck_assert_mem_eq(record + 0x50,
                     "\x10\0\x0a\0\x01\0\x08\0"
                     "12345678",
                     16);
    ck_assert_mem_eq(record + 0x60,
                     "\x10\0\x0e\0\0\0\x03\0"
                     "abc\0\0\0\0\0",
                     16);
    ck_assert_uint_eq(record[0x70], '!');
}
END_TEST

START_TEST(items__no_room__are_refused)
{
    uint8_t items[24];
    ck_assert_uint_eq(ew_etl_append_item(items, 0, 15, EW_ITEM_EVENT_KEY, "12345678", 8), 0);
    ck_assert_uint_eq(ew_etl_append_item(items, 0, 16, EW_ITEM_EVENT_KEY, "12345678", 8), 16);
    ck_assert_uint_eq(ew_etl_append_item(items, 16, 24, EW_ITEM_EVENT_KEY, "1", 1), 0);
}
END_TEST

START_TEST(message_record__options__tell_the_pointer_size)
{
    struct ew_event event = {
        .provider = &some_guid,
        .id = 0x0102,
        .time_raw = 3,
        .thread_id = 4,
        .process_id = 5,
        .pointer_bytes = 4,
        .header_type = EW_HEADER_MESSAGE,
    };
    ck_assert_uint_eq(ew_etl_build_record(&event, record), 0x28);
    ck_assert_mem_eq(record, "\x28\0\0\x90\x02\x01\x6a\0", 8);
    ck_assert_mem_eq(record + 8, some_guid.bytes, 16);
    ck_assert_mem_eq(record + 0x18, "\x03\0\0\0\0\0\0\0\x04\0\0\0\x05\0\0\0", 16);
    event.pointer_bytes = 8;
    (void)ew_etl_build_record(&event, record);
    ck_assert_uint_eq(record[6], 0xaa);
}
END_TEST

START_TEST(record__too_large_or_without_a_form__is_refused)
{
    static uint8_t payload[EW_EVENT_BYTES_MAX];
    struct ew_event event = {.provider = &some_guid,
                             .header_type = EW_HEADER_EVENT64,
                             .payload = payload,
                             .payload_bytes = EW_EVENT_BYTES_MAX - 0x50};
    ck_assert_uint_eq(ew_etl_build_record(&event, record), EW_EVENT_BYTES_MAX);
    event.payload_bytes++;
    ck_assert_uint_eq(ew_etl_build_record(&event, record), 0);
    event.payload_bytes = 0;
    event.header_type = EW_HEADER_ERROR;
    ck_assert_uint_eq(ew_etl_build_record(&event, record), 0);
    event.header_type = 255;
    ck_assert_uint_eq(ew_etl_build_record(&event, record), 0);
}
END_TEST

START_TEST(utf16__characters__are_one_or_two_words)
{
    uint8_t out[16];
    ck_assert_uint_eq(ew_etl_put_utf16("a\xc3\xa9\xf0\x9f\x98\x80", out, sizeof out), 10);
    ck_assert_mem_eq(out, "a\0\xe9\0\x3d\xd8\x00\xde\0\0", 10);
    ck_assert_uint_eq(ew_etl_put_utf16("\xff", out, sizeof out), 4);
    ck_assert_mem_eq(out, "\xfd\xff\0\0", 4);
    ck_assert_uint_eq(ew_etl_put_utf16("", out, 1), 0);
    ck_assert_uint_eq(ew_etl_put_utf16("abcdefgh", out, sizeof out), 0);
}
END_TEST

START_TEST(plain_file__header_buffer__comes_first_and_tells_the_file)
{
    struct ew_etl_writer *writer = open_writer(false, &header);
    for (uint64_t i = 0; i < 100; i++) {
        uint32_t bytes = build_sample(100 + i, 83);
        ck_assert_int_eq(ew_etl_writer_put(writer, (uint16_t)(i % 3), record, bytes, NULL),
                         EW_OK);
    }
    close_and_read(writer);
    /* 83 + 0x10 bytes take 104; 38 fit after the buffer header, 33 or 34 come. */
    ck_assert_uint_eq(file_size, 4 * BUFFER_BYTES);
    ck_assert_uint_eq(ew_load_u32(at(0)), BUFFER_BYTES);
    ck_assert_mem_eq(at(0x34), "\x20\0\x04\0", 4);
    const uint8_t *event = at(HEADER_BYTES);
    ck_assert_mem_eq(event, "\x02\0\x02\xc0", 4);
    ck_assert_uint_eq(ew_load_u64(event + 0x10), 77);
    const uint8_t *payload = event + 0x20;
    ck_assert_uint_eq(ew_load_u32(payload), BUFFER_BYTES);
    ck_assert_mem_eq(payload + 4, "\x0a\0\x01\x05", 4);
    ck_assert_uint_eq(ew_load_u32(payload + 0x08), 20348);
    ck_assert_uint_eq(ew_load_u32(payload + 0x0c), 3);
    ck_assert_uint_eq(ew_load_u64(payload + 0x10), 3000);
    ck_assert_uint_eq(ew_load_u32(payload + 0x20), 1);
    ck_assert_uint_eq(ew_load_u32(payload + 0x24), 4);
    ck_assert_uint_eq(ew_load_u32(payload + 0x2c), 8);
    ck_assert_uint_eq(ew_load_u32(payload + 0x30), 5);
    ck_assert_uint_eq(ew_load_u64(payload + 248), 1000);
    ck_assert_uint_eq(ew_load_u64(payload + 256), 10000000);
    ck_assert_uint_eq(ew_load_u64(payload + 264), 2000);
    ck_assert_uint_eq(ew_load_u32(payload + 272), EW_CLOCK_QPC);
    ck_assert_uint_eq(ew_load_u32(payload + 276), 6);
    ck_assert_mem_eq(payload + 280, "L\0\0\0\xe9\0.\0e\0t\0l\0\0\0", 16);
}
END_TEST

START_TEST(plain_file__rest_of_a_buffer__is_filled_with_ones)
{
    struct ew_etl_writer *writer = open_writer(false, &header);
    ck_assert_int_eq(ew_etl_writer_put(writer, 2, record, build_sample(9, 83), NULL), EW_OK);
    close_and_read(writer);
    const uint8_t *buffer = at(BUFFER_BYTES);
    ck_assert_uint_eq(ew_load_u64(buffer + 0x10), 9);
    ck_assert_mem_eq(buffer + 0x28, "\x02\0", 2);
    ck_assert_uint_eq(ew_load_u32(buffer + 0x30), HEADER_BYTES + 104);
    ck_assert_mem_eq(buffer + 0x34, "\x20\0\0\0", 4);
    ck_assert_mem_eq(buffer + HEADER_BYTES, record, 99);
    for (size_t i = HEADER_BYTES + 104; i < BUFFER_BYTES; i++) {
        ck_assert_uint_eq(buffer[i], 0xff);
    }
}
END_TEST

START_TEST(plain_file__mark_lost__flags_that_buffer_only)
{
    struct ew_etl_writer *writer = open_writer(false, &header);
    ck_assert_int_eq(ew_etl_writer_put(writer, 0, record, build_sample(9, 3000), NULL), EW_OK);
    ew_etl_writer_mark_lost(writer, 0, EW_ETL_LOST_BUFFER);
    ew_etl_writer_mark_lost(writer, 3, EW_ETL_LOST_BUFFER);
    ck_assert_int_eq(ew_etl_writer_put(writer, 0, record, build_sample(9, 3000), NULL), EW_OK);
    close_and_read(writer);
    ck_assert_uint_eq(ew_load_u16(at(BUFFER_BYTES + 0x34)), 0x24);
    ck_assert_uint_eq(ew_load_u16(at(2 * BUFFER_BYTES + 0x34)), 0x20);
}
END_TEST

START_TEST(compressed_file__buffers__have_their_exact_size_and_decompress)
{
    static uint8_t out[BUFFER_BYTES + EW_XPRESS_SLACK_BYTES];
    struct ew_etl_writer *writer = open_writer(true, &header);
    uint32_t bytes = build_sample(9, 83);
    for (int i = 0; i < 38; i++) {
        ck_assert_int_eq(ew_etl_writer_put(writer, 1, record, bytes, NULL), EW_OK);
    }
    close_and_read(writer);
    ck_assert_uint_eq(ew_load_u32(at(0)), 0x200);
    ck_assert_uint_eq(ew_load_u32(at(0x2c)), 3);
    ck_assert_uint_eq(ew_load_u32(at(HEADER_BYTES + 0x20 + 0x20)), 0x04000001);
    const uint8_t *buffer = at(0x200);
    uint32_t stride = ew_load_u32(buffer);
    ck_assert_uint_eq(file_size, 0x200 + stride);
    ck_assert_uint_eq(ew_load_u16(buffer + 0x34), 0x60);
    uint32_t valid = ew_load_u32(buffer + 0x30);
    ck_assert_uint_eq(valid, HEADER_BYTES + 38 * 104);
    ck_assert_int_eq(ew_xpress_decompress(buffer + HEADER_BYTES, stride - HEADER_BYTES, out,
                                          valid - HEADER_BYTES),
                     EW_OK);
    ck_assert_mem_eq(out + 37 * 104, record, bytes);
}
END_TEST

START_TEST(compressed_file__incompressible_buffer__is_stored_plain)
{
    uint8_t noise[3000];
    uint32_t state = 1;
    for (size_t i = 0; i < sizeof noise; i++) {
        state = state * UINT32_C(1664525) + UINT32_C(1013904223);
        noise[i] = (uint8_t)(state >> 24);
    }
    const struct ew_event event = {
        .header_type = EW_HEADER_PERFINFO64, .payload = noise, .payload_bytes = sizeof noise};
    struct ew_etl_writer *writer = open_writer(true, &header);
    uint32_t bytes = ew_etl_build_record(&event, record);
    ck_assert_int_eq(ew_etl_writer_put(writer, 1, record, bytes, NULL), EW_OK);
    close_and_read(writer);
    ck_assert_uint_eq(ew_load_u32(at(0x200)), BUFFER_BYTES);
    ck_assert_uint_eq(ew_load_u16(at(0x200 + 0x34)), 0x20);
    ck_assert_mem_eq(at(0x200 + HEADER_BYTES), record, bytes);
}
END_TEST

START_TEST(put__wrong_size_or_cpu__is_refused)
{
    struct ew_etl_writer *writer = open_writer(false, &header);
    struct ew_error error = {0};
    uint32_t bytes = build_sample(1, 83);
    ck_assert_int_eq(ew_etl_writer_put(writer, 0, record, bytes - 1, &error), EW_FORMAT);
    ck_assert_int_eq(ew_etl_writer_put(writer, 3, record, bytes, &error), EW_FORMAT);
    ck_assert_int_eq(ew_etl_writer_put(writer, 0, record, 0, &error), EW_FORMAT);
    bytes = build_sample(1, BUFFER_BYTES - HEADER_BYTES - 0x10);
    ck_assert_int_eq(ew_etl_writer_put(writer, 0, record, bytes, &error), EW_OK);
    bytes = build_sample(1, BUFFER_BYTES - HEADER_BYTES - 0x10 + 1);
    ck_assert_int_eq(ew_etl_writer_put(writer, 0, record, bytes, &error), EW_LIMIT);
    ck_assert_int_eq(ew_etl_writer_close(writer, &error), EW_OK);
}
END_TEST

START_TEST(put__without_a_header__takes_the_first_record_and_corrects_it)
{
    uint8_t payload[320] = {0};
    const struct ew_event event = {.header_type = EW_HEADER_SYSTEM32,
                                   .version = 2,
                                   .time_raw = 5,
                                   .payload = payload,
                                   .payload_bytes = sizeof payload};
    memset(payload, 0xee, sizeof payload);
    struct ew_etl_writer *writer = open_writer(true, NULL);
    uint32_t bytes = ew_etl_build_record(&event, record);
    ck_assert_int_eq(ew_etl_writer_put(writer, 2, record, bytes, NULL), EW_OK);
    ck_assert_int_eq(ew_etl_writer_put(writer, 2, record, build_sample(9, 83), NULL), EW_OK);
    close_and_read(writer);
    const uint8_t *written = at(HEADER_BYTES + 0x20);
    ck_assert_uint_eq(ew_load_u32(written), BUFFER_BYTES);
    ck_assert_uint_eq(ew_load_u32(written + 0x0c), 3);
    ck_assert_uint_eq(ew_load_u32(written + 0x20), 0xeeeeeeeeU);
    ck_assert_uint_eq(ew_load_u32(written + 0x24), 2);
    ck_assert_mem_eq(written + 0x28, payload, sizeof payload - 0x28);
    ck_assert_uint_eq(ew_load_u16(at(0x28)), 2);
}
END_TEST

START_TEST(put__no_header_event_first__is_refused)
{
    struct ew_error error = {0};
    struct ew_etl_writer *writer = open_writer(false, NULL);
    ck_assert_int_eq(ew_etl_writer_put(writer, 0, record, build_sample(1, 83), &error),
                     EW_FORMAT);
    ck_assert_int_eq(ew_etl_writer_close(writer, &error), EW_FORMAT);
}
END_TEST

START_TEST(close__nothing__is_allowed)
{
    ck_assert_int_eq(ew_etl_writer_close(NULL, NULL), EW_OK);
}
END_TEST

START_TEST(open__options_out_of_range__are_refused)
{
    struct ew_etl_writer *writer = NULL;
    struct ew_error error = {0};
    const struct ew_etl_writer_options bad[] = {
        {.buffer_bytes = 1016, .cpu_count = 1},
        {.buffer_bytes = 4097, .cpu_count = 1},
        {.buffer_bytes = EW_BUFFER_BYTES_MAX + 8, .cpu_count = 1},
        {.buffer_bytes = 4096, .cpu_count = 0},
        {.buffer_bytes = 4096, .cpu_count = EW_CPUS_MAX + 1},
        {.buffer_bytes = EW_BUFFER_BYTES_MAX, .cpu_count = 17},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ck_assert_int_eq(ew_etl_writer_open(FILE_NAME, &bad[i], &header, &writer, &error),
                         EW_LIMIT);
        ck_assert_ptr_null(writer);
    }
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("etl_writer");
    TCase *records = tcase_create("records");
    tcase_add_test(records, system_record__fields__are_where_the_format_has_them);
    tcase_add_test(records, perfinfo_record__fields__are_where_the_format_has_them);
    tcase_add_test(records, classic_record__fields__are_where_the_format_has_them);
    tcase_add_test(records, instance_record__header__is_longer_than_a_classic_one);
    tcase_add_test(records, manifest_record__items__stand_before_the_payload_and_are_linked);
    tcase_add_test(records, items__no_room__are_refused);
    tcase_add_test(records, message_record__options__tell_the_pointer_size);
    tcase_add_test(records, record__too_large_or_without_a_form__is_refused);
    tcase_add_test(records, open__options_out_of_range__are_refused);
    tcase_add_test(records, close__nothing__is_allowed);
    tcase_add_test(records, utf16__characters__are_one_or_two_words);
    TCase *files = tcase_create("files");
    tcase_add_checked_fixture(files, NULL, tear_down);
    tcase_add_test(files, plain_file__header_buffer__comes_first_and_tells_the_file);
    tcase_add_test(files, plain_file__rest_of_a_buffer__is_filled_with_ones);
    tcase_add_test(files, plain_file__mark_lost__flags_that_buffer_only);
    tcase_add_test(files, compressed_file__buffers__have_their_exact_size_and_decompress);
    tcase_add_test(files, compressed_file__incompressible_buffer__is_stored_plain);
    tcase_add_test(files, put__wrong_size_or_cpu__is_refused);
    tcase_add_test(files, put__without_a_header__takes_the_first_record_and_corrects_it);
    tcase_add_test(files, put__no_header_event_first__is_refused);
    suite_add_tcase(suite, records);
    suite_add_tcase(suite, files);
    return suite;
}
