/* SPDX-License-Identifier: Apache-2.0 */
/* Every header type of a record becomes the event that it stands for. */
#include "reading.h"
#include "support/check_main.h"

#include <string.h>

enum { TIME = ETL_ORIGIN + 50 };

static const uint8_t made_guid[16] = {0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17,
                                      0x18, 0x19, 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f};

static void begin(void)
{
    etl_begin(&etl, &etl_usual);
    etl_end(&etl, 0);
    etl_buffer(&etl, 3);
}

/* What all events of these tests have in common. */
static void check_common(const struct ew_event *event, uint8_t header_type, uint8_t pointer_bytes)
{
    ck_assert_uint_eq(event->time_raw, TIME);
    ck_assert_uint_eq(event->time_100ns, etl_usual.start_time + 50);
    ck_assert_uint_eq(event->header_type, header_type);
    ck_assert_uint_eq(event->pointer_bytes, pointer_bytes);
    ck_assert_uint_eq(event->cpu, 3);
    ck_assert_uint_eq(event->file, 0);
    ck_assert_uint_eq(event->payload_bytes, ETL_PAYLOAD_BYTES);
    ck_assert_mem_eq(event->payload, ETL_PAYLOAD, ETL_PAYLOAD_BYTES);
    ck_assert_ptr_nonnull(event->provider);
    ck_assert_ptr_eq(event->payload + ETL_PAYLOAD_BYTES, event->record + event->record_bytes);
}

static void check_ids(const struct ew_event *event, uint32_t pid, uint32_t tid)
{
    ck_assert_uint_eq(event->process_id, pid);
    ck_assert_uint_eq(event->thread_id, tid);
}

/* --- kernel ----------------------------------------------------------------------- */

START_TEST(kernel__every_header_type__is_told_by_its_hook)
{
    static const uint8_t types[] = {EW_HEADER_SYSTEM32,   EW_HEADER_SYSTEM64,
                                    EW_HEADER_COMPACT32,  EW_HEADER_COMPACT64,
                                    EW_HEADER_PERFINFO32, EW_HEADER_PERFINFO64};
    begin();
    for (size_t i = 0; i < sizeof types; i++) {
        (void)etl_kernel(&etl, types[i], 0x0501, 3, TIME);
    }
    etl_end(&etl, 0);
    struct ew_recording *recording = reading_first();
    for (size_t i = 0; i < sizeof types; i++) {
        struct ew_event event = reading_next(recording);
        bool perfinfo = types[i] >= EW_HEADER_PERFINFO32;
        check_common(&event, types[i], i % 2 == 0 ? 4 : 8);
        check_ids(&event, perfinfo ? EW_ID_NONE : ETL_PID, perfinfo ? EW_ID_NONE : ETL_TID);
        ck_assert_int_eq(event.kind, EW_EVENT_KERNEL);
        ck_assert_uint_eq(event.hook, 0x0501);
        ck_assert_uint_eq(event.opcode, 1);
        ck_assert_uint_eq(event.version, 3);
        ck_assert_uint_eq(event.id, 0);
        ck_assert(ew_guid_equal(event.provider, &ew_guid_thread));
        ck_assert_ptr_null(event.activity);
        ck_assert_uint_eq(event.extended_bytes, 0);
    }
    reading_end_whole(recording);
}
END_TEST

START_TEST(kernel__image_load__is_of_the_image_class_and_an_unknown_group_of_none)
{
    begin();
    (void)etl_kernel(&etl, EW_HEADER_SYSTEM64, 0x030a, 3, TIME);
    (void)etl_kernel(&etl, EW_HEADER_SYSTEM64, 0xfe0a, 3, TIME);
    etl_end(&etl, 0);
    struct ew_recording *recording = reading_first();
    struct ew_event event = reading_next(recording);
    ck_assert(ew_guid_equal(event.provider, &ew_guid_image));
    event = reading_next(recording);
    ck_assert(ew_guid_is_zero(event.provider));
    reading_end_whole(recording);
}
END_TEST

START_TEST(kernel__pebs_index_and_counters__stand_before_the_payload)
{
    static const uint16_t versions[] = {0x8002, 0x0302, 0x8702, 0x7802};
    begin();
    for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++) {
        (void)etl_kernel(&etl, EW_HEADER_PERFINFO64, 0x0f2e, versions[i], TIME);
        (void)etl_kernel(&etl, EW_HEADER_SYSTEM64, 0x0f2e, versions[i], TIME);
    }
    etl_end(&etl, 0);
    struct ew_recording *recording = reading_first();
    for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++) {
        struct ew_event event = reading_next(recording);
        check_common(&event, EW_HEADER_PERFINFO64, 8);
        ck_assert_uint_eq(event.version, 2);
        event = reading_next(recording);
        check_common(&event, EW_HEADER_SYSTEM64, 8);
    }
    reading_end_whole(recording);
}
END_TEST

START_TEST(kernel__counters_that_do_not_fit__lose_that_record_only)
{
    begin();
    uint8_t *record = etl_kernel(&etl, EW_HEADER_PERFINFO64, 0x0f2e, 2, TIME);
    ew_store_u16(record, 0x8002);
    (void)etl_kernel(&etl, EW_HEADER_PERFINFO64, 0x0f2e, 2, TIME);
    etl_end(&etl, 0);
    struct ew_recording *recording = reading_first();
    struct ew_event event = reading_next(recording);
    check_common(&event, EW_HEADER_PERFINFO64, 8);
    reading_end_damaged(recording, 1, "smaller than its counters need");
}
END_TEST

/* --- classic ---------------------------------------------------------------------- */

START_TEST(classic__full_headers__are_told_by_guid_and_opcode)
{
    static const uint8_t types[] = {EW_HEADER_FULL32, EW_HEADER_FULL64};
    begin();
    for (size_t i = 0; i < sizeof types; i++) {
        (void)etl_classic(&etl, types[i], 0x30, TIME);
    }
    etl_end(&etl, 0);
    struct ew_recording *recording = reading_first();
    for (size_t i = 0; i < sizeof types; i++) {
        struct ew_event event = reading_next(recording);
        check_common(&event, types[i], i == 0 ? 4 : 8);
        check_ids(&event, ETL_PID, ETL_TID);
        ck_assert_int_eq(event.kind, EW_EVENT_CLASSIC);
        ck_assert_mem_eq(event.provider->bytes, made_guid, 16);
        ck_assert_uint_eq(event.opcode, 5);
        ck_assert_uint_eq(event.level, 4);
        ck_assert_uint_eq(event.version, 2);
        ck_assert_uint_eq(event.hook, 0);
        ck_assert_ptr_null(event.activity);
    }
    reading_end_whole(recording);
}
END_TEST

START_TEST(classic__instance_headers__are_longer)
{
    begin();
    (void)etl_classic(&etl, EW_HEADER_INSTANCE32, 0x48, TIME);
    (void)etl_classic(&etl, EW_HEADER_INSTANCE64, 0x48, TIME);
    etl_end(&etl, 0);
    struct ew_recording *recording = reading_first();
    struct ew_event event = reading_next(recording);
    check_common(&event, EW_HEADER_INSTANCE32, 4);
    ck_assert_mem_eq(event.provider->bytes, made_guid, 16);
    event = reading_next(recording);
    check_common(&event, EW_HEADER_INSTANCE64, 8);
    reading_end_whole(recording);
}
END_TEST

/* EVENT_INSTANCE_HEADER has a registration handle where the GUID would be. */
START_TEST(classic__short_instance_header__has_no_guid)
{
    begin();
    (void)etl_classic(&etl, EW_HEADER_INSTANCE64, 0x38, TIME);
    etl_end(&etl, 0);
    struct ew_recording *recording = reading_first();
    struct ew_event event = reading_next(recording);
    check_common(&event, EW_HEADER_INSTANCE64, 8);
    ck_assert(ew_guid_is_zero(event.provider));
    check_ids(&event, ETL_PID, ETL_TID);
    reading_end_whole(recording);
}
END_TEST

/* --- manifest ----------------------------------------------------------------------- */

START_TEST(manifest__event_headers__have_all_their_fields)
{
    static const uint8_t types[] = {EW_HEADER_EVENT32, EW_HEADER_EVENT64, EW_HEADER_ERROR};
    begin();
    for (size_t i = 0; i < sizeof types; i++) {
        (void)etl_event(&etl, types[i], TIME, 0);
    }
    etl_end(&etl, 0);
    struct ew_recording *recording = reading_first();
    for (size_t i = 0; i < sizeof types; i++) {
        struct ew_event event = reading_next(recording);
        check_common(&event, types[i], types[i] == EW_HEADER_EVENT32 ? 4 : 8);
        check_ids(&event, ETL_PID, ETL_TID);
        ck_assert_int_eq(event.kind,
                         types[i] == EW_HEADER_ERROR ? EW_EVENT_ERROR : EW_EVENT_MANIFEST);
        ck_assert_mem_eq(event.provider->bytes, made_guid, 16);
        ck_assert_mem_eq(event.activity->bytes, made_guid, 16);
        ck_assert_uint_eq(event.id, 0x0304);
        ck_assert_uint_eq(event.version, 1);
        ck_assert_uint_eq(event.channel, 16);
        ck_assert_uint_eq(event.level, 5);
        ck_assert_uint_eq(event.opcode, 9);
        ck_assert_uint_eq(event.task, 0x0506);
        ck_assert_uint_eq(event.keyword, UINT64_C(0x8000000000000001));
        ck_assert_uint_eq(event.hook, 0);
    }
    reading_end_whole(recording);
}
END_TEST

/* --- messages --------------------------------------------------------------------------- */

static void check_message(unsigned options)
{
    begin();
    (void)etl_kernel(&etl, EW_HEADER_SYSTEM64, 0x0501, 3, TIME); /* for those without time */
    (void)etl_message(&etl, (uint16_t)options, TIME);
    etl_end(&etl, 0);
    struct ew_recording *recording = reading_first();
    (void)reading_next(recording);
    struct ew_event event = reading_next(recording);
    uint8_t pointer_bytes = (options & 0x40) != 0 ? 4 : 8;
    bool has_ids = (options & 0x20) != 0;
    check_common(&event, EW_HEADER_MESSAGE, pointer_bytes);
    check_ids(&event, has_ids ? ETL_PID : EW_ID_NONE, has_ids ? ETL_TID : EW_ID_NONE);
    ck_assert_int_eq(event.kind, EW_EVENT_MESSAGE);
    ck_assert_uint_eq(event.id, 0x0708);
    if ((options & 0x02) != 0) {
        ck_assert_mem_eq(event.provider->bytes, made_guid, 16);
    } else {
        ck_assert(ew_guid_is_zero(event.provider));
    }
    reading_end_whole(recording);
}

START_TEST(message__every_set_of_options__is_laid_out_as_they_say)
{
    for (unsigned options = 0; options < 0x100; options++) {
        check_message(options);
    }
}
END_TEST

START_TEST(message__without_a_pointer_size__has_that_of_the_file)
{
    struct etl_header header = etl_usual;
    header.pointer_bytes = 4;
    etl_begin(&etl, &header);
    (void)etl_message(&etl, 0x2a, TIME);
    etl_end(&etl, 0);
    struct ew_recording *recording = reading_first();
    struct ew_event event = reading_next(recording);
    ck_assert_uint_eq(event.pointer_bytes, 4);
    reading_end_whole(recording);
}
END_TEST

START_TEST(message__smaller_than_its_options_need__ends_the_buffer)
{
    begin();
    uint8_t *record = etl_message(&etl, 0, TIME);
    ew_store_u16(record + 6, 0x2f);
    (void)etl_kernel(&etl, EW_HEADER_SYSTEM64, 0x0501, 3, TIME);
    etl_end(&etl, 0);
    reading_end_damaged(reading_first(), 1, "a message is smaller than its options need");
}
END_TEST

/* --- records without meaning, and what is no record ----------------------------------------- */

START_TEST(skipped_types__between_events__are_counted_and_are_no_events)
{
    static const uint8_t marks[][2] = {
        {EW_HEADER_TIMED, 0xc0}, {EW_HEADER_WNODE, 0xc0}, {0, 0xb0}};
    begin();
    for (size_t i = 0; i < 3; i++) {
        uint8_t *record = etl_record(&etl, 0x18);
        ew_store_u16(record, 0x18);
        record[2] = marks[i][0];
        record[3] = marks[i][1];
    }
    (void)etl_kernel(&etl, EW_HEADER_SYSTEM64, 0x0501, 3, TIME);
    etl_end(&etl, 0);
    struct ew_recording *recording = reading_first();
    struct ew_event event = reading_next(recording);
    ck_assert_uint_eq(event.hook, 0x0501);
    reading_end(recording);
    ck_assert_uint_eq(ew_recording_counts(recording).records_skipped, 3);
    reading_end_whole(recording);
}
END_TEST

START_TEST(end_marker__inside_the_valid_part__ends_the_buffer)
{
    begin();
    (void)etl_kernel(&etl, EW_HEADER_SYSTEM64, 0x0501, 3, TIME);
    memset(etl_record(&etl, 64), 0xff, 64);
    etl_end(&etl, 0);
    struct ew_recording *recording = reading_first();
    (void)reading_next(recording);
    reading_end_whole(recording);
}
END_TEST

struct broken_case {
    uint8_t at; /* of the record */
    uint16_t value;
    const char *reason;
};

START_TEST(broken_record__in_the_middle__ends_its_buffer_and_not_the_next)
{
    static const struct broken_case cases[] = {
        {4, 0x1f, "smaller than its header"},
        {4, 0, "smaller than its header"},
        {4, 0xffff, "larger than the rest of its buffer"},
        {2, 0xc000 | 22, "header type is unknown"},
        {2, 0xc000 | 5, "header type is unknown"},
        {2, 0xc0ff, "header type is unknown"},
        {2, 0x0002, "header type is unknown"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        begin();
        (void)etl_kernel(&etl, EW_HEADER_SYSTEM64, 0x0501, 3, TIME);
        ew_store_u16(etl_kernel(&etl, EW_HEADER_SYSTEM64, 0x0502, 3, TIME) + cases[i].at,
                     cases[i].value);
        (void)etl_kernel(&etl, EW_HEADER_SYSTEM64, 0x0503, 3, TIME);
        etl_end(&etl, 0);
        etl_buffer(&etl, 3);
        (void)etl_kernel(&etl, EW_HEADER_SYSTEM64, 0x0504, 3, TIME);
        etl_end(&etl, 0);
        struct ew_recording *recording = reading_first();
        ck_assert_uint_eq(reading_next(recording).hook, 0x0501);
        ck_assert_uint_eq(reading_next(recording).hook, 0x0504);
        reading_end_damaged(recording, 1, cases[i].reason);
    }
}
END_TEST

START_TEST(record__that_ends_off_a_multiple_of_8__is_followed_by_the_next_multiple)
{
    begin();
    for (unsigned bytes = 0; bytes < 8; bytes++) {
        uint8_t *record = etl_record(&etl, 0x10 + bytes);
        ew_store_u16(record, 2);
        record[2] = EW_HEADER_PERFINFO64;
        record[3] = 0xc0;
        ew_store_u16(record + 4, (uint16_t)(0x10 + bytes));
        ew_store_u16(record + 6, (uint16_t)(0x0f00 + bytes));
    }
    etl_end(&etl, 0);
    /* The last one may also end the buffer without its padding. */
    ew_store_u32(etl_head(&etl) + ETL_AT_VALID, (uint32_t)(etl.record - etl.buffer) + 0x10 + 7);
    struct ew_recording *recording = reading_first();
    for (unsigned bytes = 0; bytes < 8; bytes++) {
        struct ew_event event = reading_next(recording);
        ck_assert_uint_eq(event.payload_bytes, bytes);
        ck_assert_uint_eq(event.opcode, bytes);
    }
    reading_end_whole(recording);
}
END_TEST

START_TEST(buffer__ends_inside_a_header__is_damaged)
{
    begin();
    (void)etl_kernel(&etl, EW_HEADER_SYSTEM64, 0x0501, 3, TIME);
    (void)etl_record(&etl, 8);
    etl_end(&etl, 0);
    ew_store_u32(etl_head(&etl) + ETL_AT_VALID, (uint32_t)(etl.record - etl.buffer) + 4);
    struct ew_recording *recording = reading_first();
    (void)reading_next(recording);
    reading_end_damaged(recording, 1, "ends inside a record's header");
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("reader_headers");
    TCase *tcase = tcase_create("headers");
    tcase_add_test(tcase, kernel__every_header_type__is_told_by_its_hook);
    tcase_add_test(tcase, kernel__image_load__is_of_the_image_class_and_an_unknown_group_of_none);
    tcase_add_test(tcase, kernel__pebs_index_and_counters__stand_before_the_payload);
    tcase_add_test(tcase, kernel__counters_that_do_not_fit__lose_that_record_only);
    tcase_add_test(tcase, classic__full_headers__are_told_by_guid_and_opcode);
    tcase_add_test(tcase, classic__instance_headers__are_longer);
    tcase_add_test(tcase, classic__short_instance_header__has_no_guid);
    tcase_add_test(tcase, manifest__event_headers__have_all_their_fields);
    tcase_add_test(tcase, message__every_set_of_options__is_laid_out_as_they_say);
    tcase_add_test(tcase, message__without_a_pointer_size__has_that_of_the_file);
    tcase_add_test(tcase, message__smaller_than_its_options_need__ends_the_buffer);
    tcase_add_test(tcase, skipped_types__between_events__are_counted_and_are_no_events);
    tcase_add_test(tcase, end_marker__inside_the_valid_part__ends_the_buffer);
    tcase_add_test(tcase, broken_record__in_the_middle__ends_its_buffer_and_not_the_next);
    tcase_add_test(tcase,
                   record__that_ends_off_a_multiple_of_8__is_followed_by_the_next_multiple);
    tcase_add_test(tcase, buffer__ends_inside_a_header__is_damaged);
    suite_add_tcase(suite, tcase);
    return suite;
}
