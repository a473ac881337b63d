/* SPDX-License-Identifier: Apache-2.0 */
/* What the writer puts in, the reader gives back: all header types, CPUs, both forms. */
#include "etwitness/etl_writer.h"
#include "etwitness/recording.h"
#include "platform/file.h"
#include "support/check_main.h"

#include <stdlib.h>
#include <string.h>

#define FILE_NAME "test_etl_round_trip.etl"

enum { EVENT_COUNT = 3000, CPU_COUNT = 5, PAYLOAD_MAX = 700, BUFFER_BYTES = 4096 };

static const struct ew_guid some_guid =
    EW_GUID_INIT(0x11223344U, 0x5566U, 0x7788U, 1, 2, 3, 4, 5, 6, 7, 8);
static const struct ew_guid other_guid =
    EW_GUID_INIT(0xaabbccddU, 0xeeffU, 0x1234U, 8, 7, 6, 5, 4, 3, 2, 1);

static const struct ew_etl_header header = {
    .boot_time = UINT64_C(134000000000000000),
    .start_time = UINT64_C(134000100000000000),
    .end_time = UINT64_C(134000200000000000),
    .clock_frequency = 3117780,
    .header_time_raw = 5000,
    .events_lost = 5,
    .buffers_lost = 6,
    .os_build = 20348,
    .os_major = 10,
    .pointer_bytes = 8,
    .clock = EW_CLOCK_QPC,
    .logger_name = "Logger",
    .log_file_name = "\xc3\xa9.etl",
};

static uint32_t random_state;

static uint32_t draw(uint32_t below)
{
    random_state = random_state * UINT32_C(1664525) + UINT32_C(1013904223);
    return (random_state >> 8) % below;
}

/* Storage of one event that the generator below makes. */
struct made {
    struct ew_event event;
    uint8_t payload[PAYLOAD_MAX];
    uint8_t items[128];
};

static const uint8_t header_types[] = {
    EW_HEADER_SYSTEM32,   EW_HEADER_SYSTEM64,   EW_HEADER_COMPACT32,  EW_HEADER_COMPACT64,
    EW_HEADER_FULL32,     EW_HEADER_FULL64,     EW_HEADER_INSTANCE32, EW_HEADER_INSTANCE64,
    EW_HEADER_PERFINFO32, EW_HEADER_PERFINFO64, EW_HEADER_EVENT32,    EW_HEADER_EVENT64,
    EW_HEADER_MESSAGE,
};

static bool is_kernel(uint8_t type)
{
    return type <= EW_HEADER_COMPACT64 || type == EW_HEADER_PERFINFO32
           || type == EW_HEADER_PERFINFO64;
}

static bool is_perfinfo(uint8_t type)
{
    return type == EW_HEADER_PERFINFO32 || type == EW_HEADER_PERFINFO64;
}

static bool is_narrow(uint8_t type)
{
    return type == EW_HEADER_SYSTEM32 || type == EW_HEADER_COMPACT32 || type == EW_HEADER_FULL32
           || type == EW_HEADER_INSTANCE32 || type == EW_HEADER_PERFINFO32
           || type == EW_HEADER_EVENT32 || type == EW_HEADER_MESSAGE;
}

static void make_manifest(struct made *made)
{
    struct ew_event *event = &made->event;
    event->kind = EW_EVENT_MANIFEST;
    event->activity = &other_guid;
    event->id = (uint16_t)draw(65536);
    event->opcode = (uint8_t)draw(256);
    event->channel = (uint8_t)draw(256);
    event->level = (uint8_t)draw(6);
    event->task = (uint16_t)draw(65536);
    event->keyword = (uint64_t)draw(1 << 24) << 40 | draw(1 << 24);
    for (uint32_t items = draw(4); items > 0; items--) {
        event->extended_bytes =
            ew_etl_append_item(made->items, event->extended_bytes, sizeof made->items,
                               (uint16_t)(1 + draw(18)), made->payload, (uint16_t)draw(24));
    }
    event->extended = event->extended_bytes != 0 ? made->items : NULL;
}

static void make_kernel(struct ew_event *event)
{
    event->kind = EW_EVENT_KERNEL;
    event->hook = (uint16_t)(1 + draw(0x1fff));
    event->opcode = (uint8_t)event->hook;
    event->provider = ew_kernel_class(event->hook);
    if (is_perfinfo(event->header_type)) {
        event->process_id = EW_ID_NONE;
        event->thread_id = EW_ID_NONE;
    }
}

/* Event `index` of the recording; the same on every call. */
static void make(struct made *made, uint32_t index)
{
    random_state = index + 1;
    memset(made, 0, sizeof *made);
    struct ew_event *event = &made->event;
    for (size_t i = 0; i < sizeof made->payload; i++) {
        made->payload[i] = (uint8_t)(draw(4) == 0 ? draw(256) : 7);
    }
    event->header_type = header_types[draw(sizeof header_types)];
    event->pointer_bytes = is_narrow(event->header_type) ? 4 : 8;
    event->time_raw = 5001 + index * UINT64_C(97);
    event->cpu = (uint16_t)draw(CPU_COUNT);
    event->version = (uint8_t)draw(256);
    event->process_id = draw(100000);
    event->thread_id = draw(100000);
    event->provider = &some_guid;
    event->payload = made->payload;
    event->payload_bytes = draw(PAYLOAD_MAX);
    if (is_kernel(event->header_type)) {
        make_kernel(event);
    } else if (event->header_type == EW_HEADER_EVENT32
               || event->header_type == EW_HEADER_EVENT64) {
        make_manifest(made);
    } else if (event->header_type == EW_HEADER_MESSAGE) {
        event->kind = EW_EVENT_MESSAGE;
        event->id = (uint16_t)draw(65536);
        event->version = 0;
    } else {
        event->kind = EW_EVENT_CLASSIC;
        event->opcode = (uint8_t)draw(256);
        event->level = (uint8_t)draw(6);
    }
}

static void write_all(bool compressed)
{
    static uint8_t record[65535];
    const struct ew_etl_writer_options options = {
        .buffer_bytes = BUFFER_BYTES, .cpu_count = CPU_COUNT, .compressed = compressed};
    struct ew_etl_writer *writer = NULL;
    struct ew_error error = {0};
    struct made made;
    ck_assert_int_eq(ew_etl_writer_open(FILE_NAME, &options, &header, &writer, &error), EW_OK);
    for (uint32_t i = 0; i < EVENT_COUNT; i++) {
        make(&made, i);
        uint32_t bytes = ew_etl_build_record(&made.event, record);
        ck_assert_uint_ne(bytes, 0);
        ck_assert_int_eq(ew_etl_writer_put(writer, made.event.cpu, record, bytes, &error), EW_OK);
    }
    ck_assert_int_eq(ew_etl_writer_close(writer, &error), EW_OK);
}

static void check_event(const struct ew_event *read, const struct ew_event *wrote)
{
    ck_assert_uint_eq(read->time_raw, wrote->time_raw);
    ck_assert_uint_eq(read->header_type, wrote->header_type);
    ck_assert_uint_eq(read->kind, wrote->kind);
    ck_assert_uint_eq(read->cpu, wrote->cpu);
    ck_assert_uint_eq(read->process_id, wrote->process_id);
    ck_assert_uint_eq(read->thread_id, wrote->thread_id);
    ck_assert_uint_eq(read->hook, wrote->hook);
    ck_assert_uint_eq(read->id, wrote->id);
    ck_assert_uint_eq(read->task, wrote->task);
    ck_assert_uint_eq(read->version, wrote->version);
    ck_assert_uint_eq(read->opcode, wrote->opcode);
    ck_assert_uint_eq(read->level, wrote->level);
    ck_assert_uint_eq(read->channel, wrote->channel);
    ck_assert_uint_eq(read->keyword, wrote->keyword);
    ck_assert_uint_eq(read->pointer_bytes, wrote->pointer_bytes);
    ck_assert(ew_guid_equal(read->provider, wrote->provider));
    ck_assert_uint_eq(read->payload_bytes, wrote->payload_bytes);
    ck_assert_mem_eq(read->payload, wrote->payload, wrote->payload_bytes);
    ck_assert_uint_eq(read->extended_bytes, wrote->extended_bytes);
    if (wrote->extended_bytes != 0) {
        ck_assert_mem_eq(read->extended, wrote->extended, wrote->extended_bytes);
    }
    if (wrote->activity != NULL) {
        ck_assert_ptr_nonnull(read->activity);
        ck_assert(ew_guid_equal(read->activity, wrote->activity));
    }
}

static struct ew_recording *open_recording(void)
{
    const char *paths[] = {FILE_NAME};
    struct ew_recording *recording = NULL;
    struct ew_error error = {0};
    ck_assert_msg(ew_recording_open(paths, 1, EW_ORDER_TIME, &recording, &error) == EW_OK, "%s",
                  error.text);
    return recording;
}

static void read_all(void)
{
    struct ew_recording *recording = open_recording();
    struct ew_error error = {0};
    struct ew_event event;
    struct made made;
    ck_assert_int_eq(ew_recording_next(recording, &event, &error), EW_OK);
    ck_assert_uint_eq(event.hook, 0);
    ck_assert_uint_eq(event.time_raw, header.header_time_raw);
    ck_assert_uint_eq(event.time_100ns, header.start_time);
    for (uint32_t i = 0; i < EVENT_COUNT; i++) {
        make(&made, i);
        ck_assert_int_eq(ew_recording_next(recording, &event, &error), EW_OK);
        check_event(&event, &made.event);
    }
    ck_assert_int_eq(ew_recording_next(recording, &event, &error), EW_END);
    ck_assert_str_eq(ew_recording_damage(recording)->text, "");
    ew_recording_close(recording);
}

static void tear_down(void)
{
    struct ew_error error = {0};
    ck_assert_msg(ew_file_remove(FILE_NAME, &error) == EW_OK, "%s", error.text);
}

START_TEST(plain_file__read_in_order_of_time__gives_back_equal_events)
{
    write_all(false);
    read_all();
}
END_TEST

START_TEST(compressed_file__read_in_order_of_time__gives_back_equal_events)
{
    write_all(true);
    read_all();
}
END_TEST

START_TEST(header_facts__written__are_read)
{
    write_all(true);
    struct ew_recording *recording = open_recording();
    const struct ew_recording_file *file = ew_recording_file(recording, 0);
    ck_assert_str_eq(file->logger_name, header.logger_name);
    ck_assert_str_eq(file->log_file_name, header.log_file_name);
    ck_assert_uint_eq(file->boot_time, header.boot_time);
    ck_assert_uint_eq(file->start_time, header.start_time);
    ck_assert_uint_eq(file->end_time, header.end_time);
    ck_assert_uint_eq(file->clock_frequency, header.clock_frequency);
    ck_assert_uint_eq(file->header_time_raw, header.header_time_raw);
    ck_assert_uint_eq(file->buffer_bytes, BUFFER_BYTES);
    ck_assert_uint_eq(file->cpu_count, CPU_COUNT);
    ck_assert_uint_eq(file->os_build, header.os_build);
    ck_assert_uint_eq(file->os_major, header.os_major);
    ck_assert_uint_eq(file->events_lost, header.events_lost);
    ck_assert_uint_eq(file->buffers_lost, header.buffers_lost);
    ck_assert_uint_eq(file->pointer_bytes, header.pointer_bytes);
    ck_assert_uint_eq(file->clock, header.clock);
    ck_assert(file->compressed);
    struct ew_event event;
    struct ew_error error = {0};
    while (ew_recording_next(recording, &event, &error) == EW_OK) {
    }
    ck_assert_uint_eq(ew_recording_counts(recording).buffers, file->buffers_written);
    ew_recording_close(recording);
}
END_TEST

START_TEST(lost_buffer__marked__is_counted_by_the_reader)
{
    const struct ew_etl_writer_options options = {.buffer_bytes = BUFFER_BYTES, .cpu_count = 1};
    struct ew_etl_writer *writer = NULL;
    struct ew_error error = {0};
    uint8_t record[64];
    const struct ew_event sample = {
        .time_raw = 6000, .hook = 0x0f2e, .header_type = EW_HEADER_PERFINFO64};
    ck_assert_int_eq(ew_etl_writer_open(FILE_NAME, &options, &header, &writer, &error), EW_OK);
    uint32_t bytes = ew_etl_build_record(&sample, record);
    ck_assert_int_eq(ew_etl_writer_put(writer, 0, record, bytes, &error), EW_OK);
    ew_etl_writer_mark_lost(writer, 0, EW_ETL_LOST_EVENTS);
    ck_assert_int_eq(ew_etl_writer_close(writer, &error), EW_OK);
    struct ew_recording *recording = open_recording();
    struct ew_event event;
    while (ew_recording_next(recording, &event, &error) == EW_OK) {
    }
    ck_assert_uint_eq(ew_recording_damage(recording)->lost_flags, 1);
    ew_recording_close(recording);
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("etl_round_trip");
    TCase *tests = tcase_create("all");
    tcase_add_checked_fixture(tests, NULL, tear_down);
    tcase_add_test(tests, plain_file__read_in_order_of_time__gives_back_equal_events);
    tcase_add_test(tests, compressed_file__read_in_order_of_time__gives_back_equal_events);
    tcase_add_test(tests, header_facts__written__are_read);
    tcase_add_test(tests, lost_buffer__marked__is_counted_by_the_reader);
    suite_add_tcase(suite, tests);
    return suite;
}
