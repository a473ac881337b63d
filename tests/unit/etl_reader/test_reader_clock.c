/* SPDX-License-Identifier: Apache-2.0 */
/* Ticks of the three clocks become FILETIME (reference etl-format.md 6). */
#include "reading.h"
#include "support/check_main.h"

#include <string.h>

static struct ew_recording *open_with(uint8_t clock, uint64_t frequency, uint64_t start,
                                      uint64_t origin)
{
    struct etl_header header = etl_usual;
    header.clock = clock;
    header.frequency = frequency;
    header.start_time = start;
    header.header_time = origin;
    etl_begin(&etl, &header);
    etl_end(&etl, 0);
    return reading_open(&etl, EW_ORDER_FILE);
}

START_TEST(qpc__of_10_mhz__is_added_as_it_is)
{
    struct ew_recording *recording = open_with(EW_CLOCK_QPC, 10000000, 5000000, 1000);
    ck_assert_uint_eq(ew_recording_time(recording, 0, 1000), 5000000);
    ck_assert_uint_eq(ew_recording_time(recording, 0, 1001), 5000001);
    ck_assert_uint_eq(ew_recording_time(recording, 0, 0), 4999000);
    ck_assert_uint_eq(reading_next(recording).time_100ns, 5000000);
    ew_recording_close(recording);
}
END_TEST

START_TEST(qpc__of_other_frequencies__is_scaled_without_losing_ticks)
{
    struct ew_recording *recording = open_with(EW_CLOCK_QPC, 3119142, 5000000, 1000);
    ck_assert_uint_eq(ew_recording_time(recording, 0, 1000 + 3119142), 15000000);
    ck_assert_uint_eq(ew_recording_time(recording, 0, 1001), 5000003); /* 3.2 */
    /* Ten years of ticks and one: a product with 10^7 would not fit into 64 bits. */
    uint64_t ticks = UINT64_C(315360000) * 3119142 + 1;
    ck_assert_uint_eq(ew_recording_time(recording, 0, 1000 + ticks),
                      5000000 + UINT64_C(3153600000000000) + 3);
    ck_assert_uint_eq(ew_recording_time(recording, 0, 1000 - 312), 5000000 - 1000);
    ew_recording_close(recording);
}
END_TEST

START_TEST(system_time__is_filetime_already)
{
    uint64_t start = UINT64_C(133000000000000000);
    struct ew_recording *recording = open_with(EW_CLOCK_SYSTEM_TIME, 3119142, start, start);
    ck_assert_uint_eq(ew_recording_time(recording, 0, start + 123), start + 123);
    ck_assert_uint_eq(ew_recording_time(recording, 0, 0), 0);
    ck_assert_uint_eq(ew_recording_time(recording, 0, UINT64_MAX), UINT64_MAX);
    ck_assert_uint_eq(ew_recording_file(recording, 0)->clock_frequency, 10000000);
    ew_recording_close(recording);
}
END_TEST

/* The header event tells the processor's speed in MHz: 3000 here. */
START_TEST(cpu_cycles__are_scaled_by_the_processor_s_speed)
{
    struct ew_recording *recording = open_with(EW_CLOCK_CPU_CYCLES, 1, 5000000, 0);
    ck_assert_uint_eq(ew_recording_file(recording, 0)->clock_frequency, UINT64_C(3000000000));
    ck_assert_uint_eq(ew_recording_time(recording, 0, UINT64_C(3000000000)), 15000000);
    ck_assert_uint_eq(ew_recording_time(recording, 0, 300), 5000001);
    ew_recording_close(recording);
}
END_TEST

START_TEST(times__out_of_range__stop_at_the_ends)
{
    struct ew_recording *recording = open_with(EW_CLOCK_QPC, 10000000, 5000, 100000);
    ck_assert_uint_eq(ew_recording_time(recording, 0, 100000 - 5000), 0);
    ck_assert_uint_eq(ew_recording_time(recording, 0, 0), 0);
    ck_assert_uint_eq(ew_recording_time(recording, 0, UINT64_MAX), UINT64_MAX - 100000 + 5000);
    ew_recording_close(recording);
    recording = open_with(EW_CLOCK_QPC, 10000000, 200000, 100000);
    ck_assert_uint_eq(ew_recording_time(recording, 0, UINT64_MAX), UINT64_MAX);
    ew_recording_close(recording);
    recording = open_with(EW_CLOCK_QPC, 1, UINT64_MAX, 0);
    ck_assert_uint_eq(ew_recording_time(recording, 0, 1), UINT64_MAX);
    ck_assert_uint_eq(ew_recording_time(recording, 0, UINT64_MAX), UINT64_MAX);
    ew_recording_close(recording);
    recording = open_with(EW_CLOCK_QPC, 1, 0, UINT64_MAX);
    ck_assert_uint_eq(ew_recording_time(recording, 0, 0), 0);
    ew_recording_close(recording);
}
END_TEST

static void check_refused(uint8_t clock, uint64_t frequency, uint32_t cpu_mhz)
{
    struct etl_header header = etl_usual;
    struct ew_recording *recording = NULL;
    struct ew_error error = {0};
    header.clock = clock;
    header.frequency = frequency;
    header.cpu_mhz = cpu_mhz;
    etl_begin(&etl, &header);
    etl_end(&etl, 0);
    ck_assert_int_eq(reading_try(&etl, EW_ORDER_FILE, &recording, &error), EW_FORMAT);
    ck_assert_msg(strstr(error.text, "frequency is out of range") != NULL, "%s", error.text);
}

START_TEST(frequency__that_is_none__is_refused)
{
    check_refused(EW_CLOCK_QPC, 0, 3000);
    check_refused(EW_CLOCK_QPC, UINT64_C(1000000000001), 3000);
    check_refused(EW_CLOCK_QPC, UINT64_MAX, 3000);
    check_refused(EW_CLOCK_CPU_CYCLES, 10000000, 0);
    check_refused(EW_CLOCK_CPU_CYCLES, 10000000, 1000001);
}
END_TEST

START_TEST(message__without_a_time__has_that_of_the_record_before)
{
    etl_begin(&etl, &etl_usual);
    (void)etl_message(&etl, 0x22, 0); /* right after the header event */
    etl_end(&etl, 0);
    etl_buffer(&etl, 1);
    (void)etl_message(&etl, 0x2a, ETL_ORIGIN + 500);
    (void)etl_message(&etl, 0x22, 0);
    etl_end(&etl, 0);
    static const uint64_t times[] = {ETL_ORIGIN, ETL_ORIGIN, ETL_ORIGIN + 500, ETL_ORIGIN + 500};
    static const enum ew_order orders[] = {EW_ORDER_FILE, EW_ORDER_TIME};
    for (size_t i = 0; i < 2; i++) {
        struct ew_recording *recording = reading_open(&etl, orders[i]);
        for (size_t event = 0; event < 4; event++) {
            ck_assert_uint_eq(reading_next(recording).time_raw, times[event]);
        }
        reading_end_whole(recording);
    }
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("reader_clock");
    TCase *tcase = tcase_create("clock");
    tcase_add_test(tcase, qpc__of_10_mhz__is_added_as_it_is);
    tcase_add_test(tcase, qpc__of_other_frequencies__is_scaled_without_losing_ticks);
    tcase_add_test(tcase, system_time__is_filetime_already);
    tcase_add_test(tcase, cpu_cycles__are_scaled_by_the_processor_s_speed);
    tcase_add_test(tcase, times__out_of_range__stop_at_the_ends);
    tcase_add_test(tcase, frequency__that_is_none__is_refused);
    tcase_add_test(tcase, message__without_a_time__has_that_of_the_record_before);
    suite_add_tcase(suite, tcase);
    return suite;
}
