/* SPDX-License-Identifier: Apache-2.0 */
/* Buffers of a file: heads with every trap of real files, losses, compression, damage. */
#include "reading.h"
#include "support/check_main.h"

#include <string.h>

enum { TIME = ETL_ORIGIN + 1 };

static void put_events(size_t count)
{
    for (size_t i = 0; i < count; i++) {
        (void)etl_kernel(&etl, EW_HEADER_SYSTEM64, (uint16_t)(0x0500 + i), 3, TIME + i);
    }
}

/* A header buffer and one buffer of CPU 1 with two events. */
static void make_two_buffers(void)
{
    etl_begin(&etl, &etl_usual);
    etl_end(&etl, 0);
    etl_buffer(&etl, 1);
    put_events(2);
    etl_end(&etl, 24);
}

static void check_two_events(struct ew_recording *recording, uint16_t cpu)
{
    for (unsigned i = 0; i < 2; i++) {
        struct ew_event event = reading_next(recording);
        ck_assert_uint_eq(event.opcode, i);
        ck_assert_uint_eq(event.cpu, cpu);
    }
}

static void check_both_orders(uint16_t cpu)
{
    static const enum ew_order orders[] = {EW_ORDER_FILE, EW_ORDER_TIME};
    for (size_t i = 0; i < 2; i++) {
        struct ew_recording *recording = reading_open(&etl, orders[i]);
        (void)reading_next(recording);
        check_two_events(recording, cpu);
        reading_end_whole(recording);
    }
}

/* --- heads -------------------------------------------------------------------------- */

START_TEST(head__saved_and_current_offset__are_not_believed)
{
    static const uint32_t values[] = {0, 0x48, 0xffffffff};
    for (size_t i = 0; i < 3; i++) {
        make_two_buffers();
        ew_store_u32(etl_head(&etl) + ETL_AT_SAVED_OFFSET, values[i]);
        ew_store_u32(etl_head(&etl) + 0x08, values[i]);
        ew_store_u32(etl.data + ETL_AT_SAVED_OFFSET, values[i]);
        check_both_orders(1);
    }
}
END_TEST

/* Windows 7 and before: byte 0x28 is the processor, byte 0x29 an alignment. */
START_TEST(head__without_the_index_flag__has_the_cpu_in_one_byte)
{
    make_two_buffers();
    ew_store_u16(etl_head(&etl) + ETL_AT_CPU, 0x0803);
    ew_store_u16(etl_head(&etl) + ETL_AT_FLAGS, 0);
    check_both_orders(3);
}
END_TEST

START_TEST(head__with_the_index_flag__has_the_cpu_in_two_bytes)
{
    make_two_buffers();
    ew_store_u16(etl_head(&etl) + ETL_AT_CPU, 0x0403);
    check_both_orders(0x0403);
}
END_TEST

START_TEST(head__every_buffer_type__holds_events)
{
    for (uint16_t type = 0; type < 8; type++) {
        make_two_buffers();
        ew_store_u16(etl_head(&etl) + ETL_AT_TYPE, type);
        check_both_orders(1);
    }
}
END_TEST

START_TEST(head__garbage_in_the_rest__does_not_matter)
{
    make_two_buffers();
    memset(etl_head(&etl) + 0x0c, 0xa5, 0x28 - 0x0c);
    memset(etl_head(&etl) + 0x2a, 0xa5, 0x30 - 0x2a);
    memset(etl_head(&etl) + 0x38, 0xa5, 0x48 - 0x38);
    check_both_orders(1);
}
END_TEST

START_TEST(header_buffer__of_another_stride__is_stepped_over)
{
    static const size_t fills[] = {0, 8, 512, 4096};
    for (size_t i = 0; i < sizeof fills / sizeof fills[0]; i++) {
        etl_begin(&etl, &etl_usual);
        etl_end(&etl, fills[i]);
        etl_buffer(&etl, 1);
        put_events(2);
        etl_end(&etl, 24);
        check_both_orders(1);
    }
}
END_TEST

START_TEST(header_buffer__with_more_events__gives_them)
{
    etl_begin(&etl, &etl_usual);
    put_events(2);
    etl_end(&etl, 100);
    check_both_orders(0);
}
END_TEST

START_TEST(session__never_finished__is_read_to_the_end_of_the_file)
{
    struct etl_header header = etl_usual;
    header.buffers_written = 1;
    header.end_time = 0;
    etl_begin(&etl, &header);
    etl_end(&etl, 0);
    etl_buffer(&etl, 1);
    put_events(2);
    etl_end(&etl, 0);
    struct ew_recording *recording = reading_first();
    check_two_events(recording, 1);
    ck_assert_uint_eq(ew_recording_file(recording, 0)->end_time, 0);
    ck_assert_uint_eq(ew_recording_counts(recording).buffers, 2);
    reading_end_whole(recording);
}
END_TEST

START_TEST(header_event__facts__are_read_with_both_pointer_sizes)
{
    for (uint8_t pointer_bytes = 4; pointer_bytes <= 8; pointer_bytes += 4) {
        struct etl_header header = etl_usual;
        header.pointer_bytes = pointer_bytes;
        header.events_lost = 7;
        header.buffers_lost = 9;
        etl_begin(&etl, &header);
        etl_end(&etl, 0);
        struct ew_recording *recording = reading_first();
        const struct ew_recording_file *file = ew_recording_file(recording, 0);
        ck_assert_uint_eq(ew_recording_file_count(recording), 1);
        ck_assert_str_eq(file->path, "made.etl");
        ck_assert_str_eq(file->logger_name, "Log");
        ck_assert_str_eq(file->log_file_name, "\xc3\xa9.etl");
        ck_assert_uint_eq(file->file_bytes, etl.size);
        ck_assert_uint_eq(file->boot_time, header.boot_time);
        ck_assert_uint_eq(file->start_time, header.start_time);
        ck_assert_uint_eq(file->end_time, header.end_time);
        ck_assert_uint_eq(file->clock_frequency, header.frequency);
        ck_assert_uint_eq(file->header_time_raw, ETL_ORIGIN);
        ck_assert_uint_eq(file->cpu_count, 4);
        ck_assert_uint_eq(file->os_build, 19045);
        ck_assert_uint_eq(file->os_major, 10);
        ck_assert_uint_eq(file->events_lost, 7);
        ck_assert_uint_eq(file->buffers_lost, 9);
        ck_assert_uint_eq(file->cpu_mhz, 3000);
        ck_assert_uint_eq(file->pointer_bytes, pointer_bytes);
        ck_assert_uint_eq(file->clock, EW_CLOCK_QPC);
        ck_assert(!file->compressed);
        reading_end_whole(recording);
    }
}
END_TEST

START_TEST(header_event__with_names_cut_short__has_what_is_there)
{
    etl_begin(&etl, &etl_usual);
    etl_end(&etl, 0);
    uint8_t *record = etl.data + etl.record;
    ew_store_u16(record + 4, 0x20 + 248 + 32 + 4); /* "Lo", without its end */
    struct ew_recording *recording = reading_first();
    ck_assert_str_eq(ew_recording_file(recording, 0)->logger_name, "Lo");
    ck_assert_str_eq(ew_recording_file(recording, 0)->log_file_name, "");
    ew_recording_close(recording);
}
END_TEST

/* --- losses ------------------------------------------------------------------------- */

START_TEST(flags__events_lost_and_buffer_lost__are_counted)
{
    etl_begin(&etl, &etl_usual);
    etl_end(&etl, 0);
    for (uint16_t flags = 0; flags < 0x20; flags++) {
        etl_buffer(&etl, 1);
        put_events(1);
        etl_end(&etl, 0);
        ew_store_u16(etl_head(&etl) + ETL_AT_FLAGS, 0x20 | flags);
    }
    static const enum ew_order orders[] = {EW_ORDER_FILE, EW_ORDER_TIME};
    for (size_t i = 0; i < 2; i++) {
        struct ew_recording *recording = reading_open(&etl, orders[i]);
        for (int events = 0; events < 33; events++) {
            (void)reading_next(recording);
        }
        reading_end(recording);
        ck_assert_uint_eq(ew_recording_damage(recording)->lost_flags, 24);
        reading_end_whole(recording);
    }
}
END_TEST

/* --- compression ----------------------------------------------------------------------- */

static void make_compressed(uint16_t format)
{
    struct etl_header header = etl_usual;
    header.mode |= 0x04000000;
    etl_begin(&etl, &header);
    etl_end(&etl, 0);
    ew_store_u16(etl_head(&etl) + ETL_AT_STATE, format);
    etl_buffer(&etl, 1);
    put_events(2);
    etl_end_compressed(&etl);
}

START_TEST(compressed__buffers_at_odd_offsets__are_read)
{
    make_compressed(3);
    for (int i = 0; i < 20; i++) {
        etl_buffer(&etl, 1);
        put_events((size_t)i);
        etl_end_compressed(&etl);
    }
    struct ew_recording *recording = reading_first();
    check_two_events(recording, 1);
    for (int i = 0; i < 20 * 19 / 2; i++) {
        (void)reading_next(recording);
    }
    ck_assert(ew_recording_file(recording, 0)->compressed);
    reading_end(recording);
    ck_assert_uint_eq(ew_recording_counts(recording).buffers, 22);
    ck_assert_uint_eq(ew_recording_counts(recording).buffers_compressed, 21);
    ck_assert_uint_eq(ew_recording_counts(recording).bytes_read, etl.size);
    reading_end_whole(recording);
}
END_TEST

/* In a compressed file a buffer that would not shrink is stored as it is. */
START_TEST(compressed__file_with_a_plain_buffer__is_read)
{
    make_compressed(3);
    etl_buffer(&etl, 1);
    put_events(2);
    etl_end(&etl, 0);
    struct ew_recording *recording = reading_first();
    check_two_events(recording, 1);
    check_two_events(recording, 1);
    reading_end_whole(recording);
}
END_TEST

START_TEST(compressed__formats_that_are_not_read__are_named)
{
    static const struct {
        uint16_t format;
        const char *name;
    } cases[] = {{2, "LZNT1"}, {4, "XPRESS Huffman"}, {0, "unknown method"}, {5, "unknown"}};
    for (size_t i = 0; i < 4; i++) {
        struct ew_recording *recording = NULL;
        struct ew_error error = {0};
        make_compressed(cases[i].format);
        ck_assert_int_eq(reading_try(&etl, EW_ORDER_FILE, &recording, &error), EW_UNSUPPORTED);
        ck_assert_int_eq(error.status, EW_UNSUPPORTED);
        ck_assert_msg(strstr(error.text, cases[i].name) != NULL, "%s", error.text);
        ck_assert_ptr_null(recording);
    }
}
END_TEST

START_TEST(compressed__broken_data__loses_that_buffer_only)
{
    static const enum ew_order orders[] = {EW_ORDER_FILE, EW_ORDER_TIME};
    for (size_t i = 0; i < 2; i++) {
        make_compressed(3);
        ew_store_u32(etl_head(&etl) + ETL_HEAD_BYTES, UINT32_MAX); /* matches before any output */
        etl_buffer(&etl, 1);
        put_events(2);
        etl_end_compressed(&etl);
        struct ew_recording *recording = reading_open(&etl, orders[i]);
        (void)reading_next(recording);
        check_two_events(recording, 1);
        reading_end_damaged(recording, 1, "compressed data is broken");
    }
}
END_TEST

/* --- damage ------------------------------------------------------------------------------ */

struct broken_head {
    uint8_t at;
    uint32_t value;
    const char *reason;
};

START_TEST(broken_head__with_a_good_size__loses_that_buffer_only)
{
    static const struct broken_head cases[] = {
        {ETL_AT_VALID, 0x47, "valid bytes is out of range"},
        {ETL_AT_VALID, EW_BUFFER_BYTES_MAX + 1, "valid bytes is out of range"},
        {ETL_AT_VALID, 0x2000, "more valid bytes than it has"},
        {ETL_AT_FLAGS, 8u << 16 | 0x20, "type is unknown"},
        {ETL_AT_CPU, EW_CPUS_MAX, "processor number is out of range"},
    };
    static const enum ew_order orders[] = {EW_ORDER_FILE, EW_ORDER_TIME};
    for (size_t i = 0; i < 2 * sizeof cases / sizeof cases[0]; i++) {
        make_two_buffers();
        ew_store_u32(etl_head(&etl) + cases[i / 2].at, cases[i / 2].value);
        etl_buffer(&etl, 2);
        put_events(2);
        etl_end(&etl, 0);
        struct ew_recording *recording = reading_open(&etl, orders[i % 2]);
        (void)reading_next(recording);
        check_two_events(recording, 2);
        ck_assert_uint_eq(ew_recording_counts(recording).bytes_read, etl.size);
        reading_end_damaged(recording, 1, cases[i / 2].reason);
    }
}
END_TEST

START_TEST(broken_head__with_a_bad_size__loses_the_rest_of_the_file)
{
    static const uint32_t sizes[] = {0, 0x47, EW_BUFFER_BYTES_MAX + 1, UINT32_MAX};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        make_two_buffers();
        size_t lost_from = etl.buffer;
        ew_store_u32(etl_head(&etl) + ETL_AT_SIZE, sizes[i]);
        etl_buffer(&etl, 2);
        put_events(2);
        etl_end(&etl, 0);
        struct ew_recording *recording = reading_first();
        reading_end(recording);
        ck_assert_uint_eq(ew_recording_damage(recording)->bytes, etl.size - lost_from);
        reading_end_damaged(recording, 1, "size is out of range");
    }
}
END_TEST

START_TEST(truncated__inside_a_buffer_or_its_head__says_so)
{
    make_two_buffers();
    size_t whole = etl.size;
    for (size_t size = etl.buffer + 1; size < whole; size++) {
        etl.size = size;
        struct ew_recording *recording = reading_first();
        reading_end(recording);
        ck_assert_uint_eq(ew_recording_damage(recording)->files_truncated, 1);
        ck_assert_uint_eq(ew_recording_damage(recording)->bytes, size - etl.buffer);
        reading_end_damaged(recording, 1, "the file ends inside the buffer");
    }
}
END_TEST

/* --- what is no recording --------------------------------------------------------------------
 */

static void check_refused(const char *reason)
{
    struct ew_recording *recording = NULL;
    struct ew_error error = {0};
    ck_assert_int_eq(reading_try(&etl, EW_ORDER_FILE, &recording, &error), EW_FORMAT);
    ck_assert_int_eq(error.status, EW_FORMAT);
    ck_assert_msg(strstr(error.text, reason) != NULL, "%s", error.text);
    ck_assert_msg(strstr(error.text, "made.etl: ") == error.text, "%s", error.text);
    ck_assert_ptr_null(recording);
}

START_TEST(first_buffer__cut_anywhere__is_no_recording)
{
    etl_begin(&etl, &etl_usual);
    etl_end(&etl, 16);
    size_t whole = etl.size;
    for (etl.size = 0; etl.size < whole; etl.size++) {
        check_refused("is no ETW recording that can be read");
    }
}
END_TEST

START_TEST(first_event__other_than_a_header_event__is_no_recording)
{
    etl_begin(&etl, &etl_usual);
    etl_end(&etl, 0);
    etl.data[etl.record + 6] = 1; /* EventTrace/1 */
    check_refused("the first event is no header event");
    etl.data[etl.record + 6] = 0;
    etl.data[etl.record + 7] = 3; /* Process/0 */
    check_refused("the first event is no header event");
}
END_TEST

START_TEST(header_event__that_makes_no_sense__is_no_recording)
{
    struct etl_header header = etl_usual;
    header.clock = 4;
    etl_begin(&etl, &header);
    etl_end(&etl, 0);
    check_refused("clock of the session is unknown");
    header.clock = 0;
    etl_begin(&etl, &header);
    etl_end(&etl, 0);
    check_refused("clock of the session is unknown");
    etl_begin(&etl, &etl_usual);
    etl_end(&etl, 0);
    ew_store_u32(etl.data + etl.record + 0x20 + 0x2c, 6);
    check_refused("pointer size is not 4 or 8");
    etl_begin(&etl, &etl_usual);
    etl_end(&etl, 0);
    ew_store_u16(etl.data + etl.record + 4, 0x20 + 248 + 31);
    check_refused("the header event is too short");
    etl_begin(&etl, &etl_usual);
    etl_end(&etl, 0);
    etl.data[ETL_AT_FLAGS] = 0x60;
    check_refused("the first buffer is compressed");
    etl.data[ETL_AT_FLAGS] = 0x20;
    ew_store_u32(etl.data + ETL_AT_VALID, ETL_HEAD_BYTES);
    check_refused("the first buffer holds no event");
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("reader_buffers");
    TCase *tcase = tcase_create("buffers");
    tcase_add_test(tcase, head__saved_and_current_offset__are_not_believed);
    tcase_add_test(tcase, head__without_the_index_flag__has_the_cpu_in_one_byte);
    tcase_add_test(tcase, head__with_the_index_flag__has_the_cpu_in_two_bytes);
    tcase_add_test(tcase, head__every_buffer_type__holds_events);
    tcase_add_test(tcase, head__garbage_in_the_rest__does_not_matter);
    tcase_add_test(tcase, header_buffer__of_another_stride__is_stepped_over);
    tcase_add_test(tcase, header_buffer__with_more_events__gives_them);
    tcase_add_test(tcase, session__never_finished__is_read_to_the_end_of_the_file);
    tcase_add_test(tcase, header_event__facts__are_read_with_both_pointer_sizes);
    tcase_add_test(tcase, header_event__with_names_cut_short__has_what_is_there);
    tcase_add_test(tcase, flags__events_lost_and_buffer_lost__are_counted);
    tcase_add_test(tcase, compressed__buffers_at_odd_offsets__are_read);
    tcase_add_test(tcase, compressed__file_with_a_plain_buffer__is_read);
    tcase_add_test(tcase, compressed__formats_that_are_not_read__are_named);
    tcase_add_test(tcase, compressed__broken_data__loses_that_buffer_only);
    tcase_add_test(tcase, broken_head__with_a_good_size__loses_that_buffer_only);
    tcase_add_test(tcase, broken_head__with_a_bad_size__loses_the_rest_of_the_file);
    tcase_add_test(tcase, truncated__inside_a_buffer_or_its_head__says_so);
    tcase_add_test(tcase, first_buffer__cut_anywhere__is_no_recording);
    tcase_add_test(tcase, first_event__other_than_a_header_event__is_no_recording);
    tcase_add_test(tcase, header_event__that_makes_no_sense__is_no_recording);
    suite_add_tcase(suite, tcase);
    return suite;
}
