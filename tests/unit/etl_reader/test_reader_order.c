/* SPDX-License-Identifier: Apache-2.0 */
/* Files, CPUs and wrapped files merged by time, whatever the order of arguments; limits. */
#include "reading.h"

#include "capture/etl/reader.h"
#include "support/check_main.h"

#include <stdio.h>
#include <string.h>

static struct etl_bytes other;

/* A buffer of a CPU with one event at each time; the opcode is the CPU. */
static void put_buffer(struct etl_bytes *bytes, uint16_t cpu, const uint64_t *times, size_t count)
{
    etl_buffer(bytes, cpu);
    for (size_t i = 0; i < count; i++) {
        (void)etl_kernel(bytes, EW_HEADER_PERFINFO64, (uint16_t)(0x0f00 | cpu), 2, times[i]);
    }
    etl_end(bytes, 8);
}

static void begin(struct etl_bytes *bytes, const struct etl_header *header)
{
    etl_begin(bytes, header);
    etl_end(bytes, 0);
}

/* The file, CPU and raw time of every event but header events, as text. */
static void list_events(struct ew_recording *recording, char out[1024])
{
    struct ew_error error = {0};
    struct ew_event event = {0};
    size_t used = 0;
    uint64_t before = 0;
    bool by_time = recording->order == EW_ORDER_TIME;
    out[0] = '\0';
    while (ew_recording_next(recording, &event, &error) == EW_OK) {
        if (event.hook != 0) {
            used += (size_t)snprintf(out + used, 1024 - used, "%u/%u@%llu ", event.file,
                                     event.cpu, (unsigned long long)event.time_raw);
            ck_assert_uint_lt(used, 1024);
            ck_assert(!by_time || event.time_100ns >= before);
            before = event.time_100ns;
        }
    }
}

/* --- one file ----------------------------------------------------------------------- */

START_TEST(cpus__stored_one_after_another__are_merged_by_time)
{
    static const uint64_t first[] = {1010, 1040, 1070};
    static const uint64_t second[] = {1020, 1050};
    static const uint64_t third[] = {1030, 1060, 1080};
    char list[1024];
    begin(&etl, &etl_usual);
    put_buffer(&etl, 2, first, 3);
    put_buffer(&etl, 0, second, 2);
    put_buffer(&etl, 1, third, 3);
    struct ew_recording *recording = reading_open(&etl, EW_ORDER_TIME);
    list_events(recording, list);
    ck_assert_str_eq(list, "0/2@1010 0/0@1020 0/1@1030 0/2@1040 0/0@1050 0/1@1060 0/2@1070 "
                           "0/1@1080 ");
    reading_end_whole(recording);
    recording = reading_open(&etl, EW_ORDER_FILE);
    list_events(recording, list);
    ck_assert_str_eq(list, "0/2@1010 0/2@1040 0/2@1070 0/0@1020 0/0@1050 0/1@1030 0/1@1060 "
                           "0/1@1080 ");
    reading_end_whole(recording);
}
END_TEST

START_TEST(cpus__at_equal_times__are_in_the_order_of_their_numbers)
{
    static const uint64_t times[] = {1010, 1010};
    char list[1024];
    begin(&etl, &etl_usual);
    put_buffer(&etl, 3, times, 2);
    put_buffer(&etl, 1, times, 2);
    put_buffer(&etl, 2, times, 2);
    struct ew_recording *recording = reading_open(&etl, EW_ORDER_TIME);
    list_events(recording, list);
    ck_assert_str_eq(list, "0/1@1010 0/1@1010 0/2@1010 0/2@1010 0/3@1010 0/3@1010 ");
    reading_end_whole(recording);
}
END_TEST

START_TEST(cpu__whose_time_goes_back__keeps_its_order_and_is_counted)
{
    static const uint64_t times[] = {1010, 1050, 1020, 1060};
    static const uint64_t straight[] = {1015, 1055};
    static const unsigned cpus[] = {1, 2, 1, 1, 2, 1};
    begin(&etl, &etl_usual);
    put_buffer(&etl, 1, times, 4);
    put_buffer(&etl, 2, straight, 2);
    struct ew_recording *recording = reading_open(&etl, EW_ORDER_TIME);
    (void)reading_next(recording);
    for (size_t i = 0; i < 6; i++) {
        ck_assert_uint_eq(reading_next(recording).cpu, cpus[i]);
    }
    ck_assert_uint_eq(ew_recording_counts(recording).time_regressions, 1);
    reading_end_whole(recording);
}
END_TEST

START_TEST(buffers__empty_or_refused__do_not_end_their_cpu)
{
    static const uint64_t first[] = {1010};
    static const uint64_t last[] = {1030};
    char list[1024];
    begin(&etl, &etl_usual);
    put_buffer(&etl, 1, first, 1);
    put_buffer(&etl, 1, first, 0);
    etl_buffer(&etl, 1);
    (void)etl_record(&etl, 32); /* type 0: no record */
    etl_end(&etl, 0);
    put_buffer(&etl, 1, last, 1);
    struct ew_recording *recording = reading_open(&etl, EW_ORDER_TIME);
    list_events(recording, list);
    ck_assert_str_eq(list, "0/1@1010 0/1@1030 ");
    reading_end_damaged(recording, 1, "header type is unknown");
}
END_TEST

/* --- circular files --------------------------------------------------------------------- */

static void put_wrapped(const struct etl_header *header)
{
    static const uint64_t times[][2] = {{1050, 1055}, {1060, 1065}, {1030, 1035}, {1040, 1045}};
    begin(&etl, header);
    for (size_t i = 0; i < 4; i++) {
        put_buffer(&etl, 1, times[i], 2);
    }
}

START_TEST(circular_file__that_wrapped__begins_with_its_oldest_buffer)
{
    struct etl_header header = etl_usual;
    char list[1024];
    header.mode = 2;
    put_wrapped(&header);
    struct ew_recording *recording = reading_open(&etl, EW_ORDER_TIME);
    list_events(recording, list);
    ck_assert_str_eq(list, "0/1@1030 0/1@1035 0/1@1040 0/1@1045 0/1@1050 0/1@1055 0/1@1060 "
                           "0/1@1065 ");
    ck_assert_uint_eq(ew_recording_counts(recording).time_regressions, 0);
    ck_assert_uint_eq(ew_recording_counts(recording).buffers, 5);
    reading_end_whole(recording);
}
END_TEST

START_TEST(sequential_file__that_looks_wrapped__is_not_sorted)
{
    put_wrapped(&etl_usual);
    struct ew_recording *recording = reading_open(&etl, EW_ORDER_TIME);
    for (int i = 0; i < 9; i++) {
        (void)reading_next(recording);
    }
    reading_end(recording);
    ck_assert_uint_eq(ew_recording_counts(recording).time_regressions, 4);
    reading_end_whole(recording);
}
END_TEST

START_TEST(circular_file__with_a_damaged_buffer__loses_that_buffer_only)
{
    static const uint64_t last[] = {1020};
    struct etl_header header = etl_usual;
    char list[1024];
    header.mode = 2;
    put_wrapped(&header);
    etl_buffer(&etl, 1);
    (void)etl_record(&etl, 32);
    etl_end(&etl, 0);
    put_buffer(&etl, 1, last, 1);
    struct ew_recording *recording = reading_open(&etl, EW_ORDER_TIME);
    list_events(recording, list);
    ck_assert_str_eq(list, "0/1@1020 0/1@1030 0/1@1035 0/1@1040 0/1@1045 0/1@1050 0/1@1055 "
                           "0/1@1060 0/1@1065 ");
    reading_end_damaged(recording, 1, "header type is unknown");
}
END_TEST

/* --- several files ------------------------------------------------------------------------ */

static enum ew_status open_two(const struct etl_bytes *a, const struct etl_bytes *b,
                               enum ew_order order, struct ew_recording **recording_out,
                               struct ew_error *error)
{
    const struct ew_etl_input inputs[] = {{"a.etl", a->data, a->size},
                                          {"b.etl", b->data, b->size}};
    return ew_recording_open_inputs(inputs, 2, order, recording_out, error);
}

static void list_two(const struct etl_bytes *a, const struct etl_bytes *b, enum ew_order order,
                     char out[1024])
{
    struct ew_error error = {0};
    struct ew_recording *recording = NULL;
    ck_assert_msg(open_two(a, b, order, &recording, &error) == EW_OK, "%s", error.text);
    list_events(recording, out);
    reading_end_whole(recording);
}

static void check_two(const char *by_time, const char *as_stored)
{
    char list[1024];
    list_two(&etl, &other, EW_ORDER_TIME, list);
    ck_assert_str_eq(list, by_time);
    list_two(&other, &etl, EW_ORDER_TIME, list);
    ck_assert_str_eq(list, by_time);
    list_two(&etl, &other, EW_ORDER_FILE, list);
    ck_assert_str_eq(list, as_stored);
    list_two(&other, &etl, EW_ORDER_FILE, list);
    ck_assert_str_eq(list, as_stored);
}

START_TEST(files__of_one_boot__are_merged_by_ticks_whatever_the_order_of_arguments)
{
    static const uint64_t early[] = {1010, 1030, 1050};
    static const uint64_t late[] = {1020, 1030, 1040};
    struct etl_header header = etl_usual;
    begin(&etl, &etl_usual);
    put_buffer(&etl, 0, early, 3);
    header.start_time += 5;
    header.header_time += 5;
    begin(&other, &header);
    put_buffer(&other, 0, late, 3);
    check_two("0/0@1010 1/0@1020 0/0@1030 1/0@1030 1/0@1040 0/0@1050 ",
              "0/0@1010 0/0@1030 0/0@1050 1/0@1020 1/0@1030 1/0@1040 ");
}
END_TEST

/* The same ticks mean other times after another boot, or of another clock. */
START_TEST(files__of_other_clocks__are_merged_by_time)
{
    static const uint64_t first[] = {1010, 1030};
    static const uint64_t second[] = {505, 525};
    struct etl_header header = etl_usual;
    begin(&etl, &etl_usual); /* at start + 10 and + 30 */
    put_buffer(&etl, 0, first, 2);
    header.boot_time += 50000000;
    header.start_time += 15;
    header.header_time = 500;
    begin(&other, &header); /* at start + 20 and + 40 */
    put_buffer(&other, 0, second, 2);
    check_two("0/0@1010 1/0@505 0/0@1030 1/0@525 ", "0/0@1010 0/0@1030 1/0@505 1/0@525 ");
    header.boot_time = etl_usual.boot_time;
    header.frequency = 5000000;
    begin(&other, &header); /* at start + 25 and + 65 */
    put_buffer(&other, 0, second, 2);
    check_two("0/0@1010 1/0@505 0/0@1030 1/0@525 ", "0/0@1010 0/0@1030 1/0@505 1/0@525 ");
}
END_TEST

START_TEST(files__that_do_not_tell_their_boot__are_merged_by_time)
{
    static const uint64_t first[] = {1010, 1030};
    static const uint64_t second[] = {505, 525};
    struct etl_header header = etl_usual;
    header.boot_time = 0;
    begin(&etl, &header);
    put_buffer(&etl, 0, first, 2);
    header.start_time += 15;
    header.header_time = 500;
    begin(&other, &header);
    put_buffer(&other, 0, second, 2);
    check_two("0/0@1010 1/0@505 0/0@1030 1/0@525 ", "0/0@1010 0/0@1030 1/0@505 1/0@525 ");
}
END_TEST

START_TEST(files__that_start_alike__are_ranked_by_size_and_content)
{
    static const uint64_t times[] = {1010};
    begin(&etl, &etl_usual);
    put_buffer(&etl, 0, times, 1);
    put_buffer(&etl, 0, times, 0);
    begin(&other, &etl_usual);
    put_buffer(&other, 1, times, 1);
    check_two("0/1@1010 1/0@1010 ", "0/1@1010 1/0@1010 ");
}
END_TEST

START_TEST(files__the_same_twice__are_a_mistake_of_usage)
{
    static const uint64_t times[] = {1010};
    struct ew_error error = {0};
    struct ew_recording *recording = NULL;
    begin(&etl, &etl_usual);
    put_buffer(&etl, 0, times, 1);
    ck_assert_int_eq(open_two(&etl, &etl, EW_ORDER_TIME, &recording, &error), EW_USAGE);
    ck_assert_int_eq(error.status, EW_USAGE);
    ck_assert_msg(strstr(error.text, "a.etl") != NULL && strstr(error.text, "b.etl") != NULL,
                  "%s", error.text);
}
END_TEST

START_TEST(files__one_of_them_bad__are_refused_with_its_name)
{
    struct ew_error error = {0};
    struct ew_recording *recording = NULL;
    begin(&etl, &etl_usual);
    begin(&other, &etl_usual);
    other.size = 100;
    ck_assert_int_eq(open_two(&etl, &other, EW_ORDER_TIME, &recording, &error), EW_FORMAT);
    ck_assert_msg(strstr(error.text, "b.etl: ") == error.text, "%s", error.text);
}
END_TEST

START_TEST(files__none_or_too_many__are_refused)
{
    static struct ew_etl_input inputs[EW_FILES_MAX + 1];
    static const char *const missing[] = {"no-such-file.etl"};
    struct ew_error error = {0};
    struct ew_recording *recording = NULL;
    begin(&etl, &etl_usual);
    for (size_t i = 0; i < EW_FILES_MAX + 1; i++) {
        inputs[i] = (struct ew_etl_input){"made.etl", etl.data, etl.size};
    }
    ck_assert_int_eq(ew_recording_open_inputs(inputs, 0, EW_ORDER_FILE, &recording, &error),
                     EW_USAGE);
    ck_assert_int_eq(
        ew_recording_open_inputs(inputs, EW_FILES_MAX + 1, EW_ORDER_FILE, &recording, &error),
        EW_LIMIT);
    ck_assert_int_eq(ew_recording_open(missing, 1, EW_ORDER_FILE, &recording, &error), EW_IO);
    ck_assert_int_eq(error.status, EW_IO);
}
END_TEST

/* --- limits ------------------------------------------------------------------------------- */

START_TEST(cpus__as_many_as_there_may_be__are_merged)
{
    begin(&etl, &etl_usual);
    for (uint16_t cpu = 0; cpu < EW_CPUS_MAX; cpu++) {
        uint64_t time = 2000U + (EW_CPUS_MAX - cpu);
        put_buffer(&etl, cpu, &time, 1);
    }
    struct ew_recording *recording = reading_open(&etl, EW_ORDER_TIME);
    (void)reading_next(recording);
    for (unsigned cpu = EW_CPUS_MAX; cpu-- > 0;) {
        ck_assert_uint_eq(reading_next(recording).cpu, cpu);
    }
    reading_end_whole(recording);
}
END_TEST

/* Small compressed buffers that claim to be large: memory is not taken on their word. */
START_TEST(streams__that_would_need_too_much_memory__are_refused)
{
    struct ew_error error = {0};
    struct ew_recording *recording = NULL;
    begin(&etl, &etl_usual);
    for (uint16_t cpu = 0; cpu < 17; cpu++) {
        etl_buffer(&etl, cpu);
        etl_end_compressed(&etl);
        ew_store_u32(etl_head(&etl) + ETL_AT_VALID, EW_BUFFER_BYTES_MAX);
    }
    ck_assert_int_eq(reading_try(&etl, EW_ORDER_TIME, &recording, &error), EW_LIMIT);
    ck_assert_msg(strstr(error.text, "bytes of buffers") != NULL, "%s", error.text);
    reading_end_damaged(reading_first(), 17, "compressed data is broken");
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("reader_order");
    TCase *tcase = tcase_create("order");
    tcase_add_test(tcase, cpus__stored_one_after_another__are_merged_by_time);
    tcase_add_test(tcase, cpus__at_equal_times__are_in_the_order_of_their_numbers);
    tcase_add_test(tcase, cpu__whose_time_goes_back__keeps_its_order_and_is_counted);
    tcase_add_test(tcase, buffers__empty_or_refused__do_not_end_their_cpu);
    tcase_add_test(tcase, circular_file__that_wrapped__begins_with_its_oldest_buffer);
    tcase_add_test(tcase, sequential_file__that_looks_wrapped__is_not_sorted);
    tcase_add_test(tcase, circular_file__with_a_damaged_buffer__loses_that_buffer_only);
    tcase_add_test(tcase,
                   files__of_one_boot__are_merged_by_ticks_whatever_the_order_of_arguments);
    tcase_add_test(tcase, files__of_other_clocks__are_merged_by_time);
    tcase_add_test(tcase, files__that_do_not_tell_their_boot__are_merged_by_time);
    tcase_add_test(tcase, files__that_start_alike__are_ranked_by_size_and_content);
    tcase_add_test(tcase, files__the_same_twice__are_a_mistake_of_usage);
    tcase_add_test(tcase, files__one_of_them_bad__are_refused_with_its_name);
    tcase_add_test(tcase, files__none_or_too_many__are_refused);
    tcase_add_test(tcase, cpus__as_many_as_there_may_be__are_merged);
    tcase_add_test(tcase, streams__that_would_need_too_much_memory__are_refused);
    suite_add_tcase(suite, tcase);
    return suite;
}
