/* SPDX-License-Identifier: Apache-2.0 */
/* What ETW hands over becomes the same event in the queue, or is counted as left out. */
#include "base/cursor.h"
#include "capture/record.h"
#include "support/check_main.h"

#include <check.h>

enum { QUEUE_BYTES = 1024 * 1024 };

static struct ew_record_sink sink;

static void make_sink(void)
{
    const struct ew_queue_options options = {.bytes = QUEUE_BYTES, .reserve_permille = 250};
    memset(&sink, 0, sizeof sink);
    ck_assert_int_eq(ew_queue_create(&options, &sink.queue), EW_OK);
    ck_assert(ew_record_clock(1, 1000000, 500, 10000000, &sink.clock));
    sink.pointer_bytes = 8;
    sink.kernel = true;
}

static void free_sink(void)
{
    ew_queue_destroy(sink.queue);
}

static const uint8_t payload[24] = {1, 2, 3, 4, 5, 6, 7, 8, 9};

static struct ew_event_record record_of(const struct ew_guid *provider, uint16_t flags)
{
    struct ew_event_record record = {.flags = flags | EW_RECORD_POINTERS_64,
                                     .thread_id = 22,
                                     .process_id = 11,
                                     .time_raw = 1500,
                                     .provider = *provider,
                                     .version = 2,
                                     .payload = payload,
                                     .payload_bytes = sizeof payload};
    return record;
}

static struct ew_event_record sample(void)
{
    struct ew_event_record record = record_of(&ew_guid_perf_info, EW_RECORD_CLASSIC);
    record.opcode = 46;
    return record;
}

static struct ew_event_record method_load(void)
{
    struct ew_event_record record = record_of(&ew_guid_clr_runtime, 0);
    record.id = 143;
    record.level = 4;
    record.task = 9;
    record.keyword = 0x30;
    return record;
}

static uint64_t value(const _Atomic uint64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

static struct ew_event event_taken;

/* Whether an event was put; it is in `event_taken` then. */
static bool has_taken(void)
{
    ew_queue_publish(sink.queue);
    return ew_queue_peek_event(sink.queue, &event_taken);
}

/* The event that was put: there must be one. */
static const struct ew_event *taken(void)
{
    ck_assert(has_taken());
    return &event_taken;
}

static void next(void)
{
    ew_queue_advance(sink.queue);
}

static const uint8_t stack[24] = {0, 0, 0, 0, 0, 0, 0, 0, 0x10, 0x20};
static const char container[] = "6D9F6D0C-57F8-5F0C-898D-2DC82CC922E0";

static uint64_t address(const void *data)
{
    return (uint64_t)(uintptr_t)data;
}

START_TEST(classic__of_the_kernel__keeps_class_opcode_and_payload)
{
    make_sink();
    struct ew_event_record record = sample();
    record.processor = 0x0103;
    record.id = 7;
    ew_record_take(&sink, &record);
    const struct ew_event *event = taken();
    ck_assert_int_eq(event->kind, EW_EVENT_CLASSIC);
    ck_assert_int_eq(event->header_type, EW_HEADER_FULL64);
    ck_assert(ew_guid_equal(event->provider, &ew_guid_perf_info));
    ck_assert_int_eq(event->opcode, 46);
    ck_assert_int_eq(event->version, 2);
    ck_assert_int_eq(event->id, 0);
    ck_assert_int_eq(event->hook, 0);
    ck_assert_int_eq(event->cpu, 3);
    ck_assert_uint_eq(event->process_id, 11);
    ck_assert_uint_eq(event->thread_id, 22);
    ck_assert_int_eq(event->pointer_bytes, 8);
    ck_assert_uint_eq(event->payload_bytes, sizeof payload);
    ck_assert_mem_eq(event->payload, payload, sizeof payload);
    ck_assert_uint_eq(event->extended_bytes, 0);
    free_sink();
}
END_TEST

START_TEST(manifest__with_items__keeps_those_that_are_read)
{
    make_sink();
    const struct ew_event_record_item items[] = {
        {.type = EW_ITEM_STACK_TRACE64, .data_bytes = sizeof stack, .data = address(stack)},
        {.type = EW_ITEM_EVENT_SCHEMA_TL, .data_bytes = 8, .data = address(payload)},
        {.type = EW_ITEM_CONTAINER_ID, .data_bytes = 36, .data = address(container)},
    };
    struct ew_event_record record = method_load();
    record.items = items;
    record.item_count = 3;
    record.flags |= EW_RECORD_PROCESSOR_INDEX;
    record.processor = 300;
    ew_record_take(&sink, &record);
    const struct ew_event *event = taken();
    ck_assert_int_eq(event->kind, EW_EVENT_MANIFEST);
    ck_assert_int_eq(event->header_type, EW_HEADER_EVENT64);
    ck_assert_int_eq(event->id, 143);
    ck_assert_int_eq(event->task, 9);
    ck_assert_int_eq(event->level, 4);
    ck_assert_uint_eq(event->keyword, 0x30);
    ck_assert_int_eq(event->cpu, 300);
    uint32_t offset = 0;
    struct ew_item item;
    ck_assert(ew_event_next_item(event, &offset, &item));
    ck_assert_int_eq(item.type, EW_ITEM_STACK_TRACE64);
    ck_assert_uint_eq(item.data_bytes, sizeof stack);
    ck_assert_mem_eq(item.data, stack, sizeof stack);
    ck_assert_int_eq(event->extended[4] & 1, 1);
    ck_assert(ew_event_next_item(event, &offset, &item));
    ck_assert_int_eq(item.type, EW_ITEM_CONTAINER_ID);
    ck_assert_uint_eq(item.data_bytes, 36);
    ck_assert_mem_eq(item.data, container, 36);
    ck_assert(!ew_event_next_item(event, &offset, &item));
    ck_assert_uint_eq(offset, event->extended_bytes);
    ck_assert_uint_eq(event->extended_bytes % 8, 0);
    ck_assert_int_eq(event->extended[32 + 4] & 1, 0);
    free_sink();
}
END_TEST

START_TEST(time__by_the_clock__is_filetime_and_never_missing)
{
    make_sink();
    struct ew_event_record record = sample();
    ew_record_take(&sink, &record);
    ck_assert_uint_eq(taken()->time_raw, 1500);
    ck_assert_uint_eq(taken()->time_100ns, 10000000 + 10000);
    next();
    record.time_raw = 0;
    ew_record_take(&sink, &record);
    ck_assert_uint_eq(taken()->time_raw, 1500);
    next();
    record.time_raw = UINT64_C(1) << 63;
    ew_record_take(&sink, &record);
    ck_assert_uint_eq(taken()->time_raw, 1500);
    ck_assert_uint_eq(value(&sink.counts.first_100ns), 10010000);
    ck_assert_uint_eq(value(&sink.counts.last_100ns), 10010000);
    free_sink();
}
END_TEST

START_TEST(pointers__by_flag_or_by_session__are_4_or_8)
{
    make_sink();
    struct ew_event_record record = sample();
    record.flags = EW_RECORD_CLASSIC | EW_RECORD_POINTERS_32;
    ew_record_take(&sink, &record);
    ck_assert_int_eq(taken()->pointer_bytes, 4);
    ck_assert_int_eq(taken()->header_type, EW_HEADER_FULL32);
    next();
    record.flags = EW_RECORD_CLASSIC;
    sink.pointer_bytes = 4;
    ew_record_take(&sink, &record);
    ck_assert_int_eq(taken()->pointer_bytes, 4);
    free_sink();
}
END_TEST

static void expect_filtered(const struct ew_event_record *record)
{
    uint64_t before = value(&sink.counts.filtered);
    ew_record_take(&sink, record);
    ck_assert(!has_taken());
    ck_assert_uint_eq(value(&sink.counts.filtered), before + 1);
}

static void expect_put(const struct ew_event_record *record)
{
    ew_record_take(&sink, record);
    ck_assert(has_taken());
    next();
}

START_TEST(filter__what_no_stage_reads__is_left_out)
{
    static const struct ew_guid strange = {{9, 9, 9}};
    make_sink();
    struct ew_event_record record = record_of(&ew_guid_event_trace_config, EW_RECORD_CLASSIC);
    expect_filtered(&record);
    record = record_of(&ew_guid_event_trace, EW_RECORD_CLASSIC);
    record.opcode = 5;
    expect_filtered(&record);
    record = record_of(&strange, EW_RECORD_CLASSIC);
    expect_filtered(&record);
    record = record_of(&strange, 0);
    expect_filtered(&record);
    record = record_of(&ew_guid_clr_runtime, EW_RECORD_TRACE_MESSAGE);
    expect_filtered(&record);
    ck_assert_uint_eq(value(&sink.counts.events), 5);
    free_sink();
}
END_TEST

START_TEST(filter__what_a_stack_may_belong_to__is_kept)
{
    static const struct ew_guid strange = {{9, 9, 9}};
    const struct ew_event_record_item item = {
        .type = EW_ITEM_STACK_TRACE64, .data_bytes = sizeof stack, .data = address(stack)};
    make_sink();
    struct ew_event_record record = record_of(&strange, 0);
    record.items = &item;
    record.item_count = 1;
    expect_put(&record);
    record = record_of(&ew_guid_clr_runtime, 0);
    record.id = 10;
    expect_put(&record);
    record = record_of(&ew_guid_registry, EW_RECORD_CLASSIC);
    expect_put(&record);
    record = record_of(&ew_guid_file_io, EW_RECORD_CLASSIC);
    expect_put(&record);
    record = record_of(&ew_guid_event_trace, EW_RECORD_CLASSIC);
    expect_put(&record);
    free_sink();
}
END_TEST

START_TEST(kernel_classes__outside_a_system_logger__are_not_believed)
{
    make_sink();
    sink.kernel = false;
    struct ew_event_record record = record_of(&ew_guid_process, EW_RECORD_CLASSIC);
    record.opcode = 1;
    expect_filtered(&record);
    record = sample();
    expect_filtered(&record);
    record = record_of(&ew_guid_lost_event, EW_RECORD_CLASSIC);
    expect_put(&record);
    record = method_load();
    expect_put(&record);
    free_sink();
}
END_TEST

static void expect_damaged(const struct ew_event_record *record)
{
    uint64_t before = value(&sink.counts.damaged);
    ew_record_take(&sink, record);
    ck_assert(!has_taken());
    ck_assert_uint_eq(value(&sink.counts.damaged), before + 1);
}

START_TEST(lengths__that_cannot_be__are_counted_and_not_read)
{
    static const uint8_t large[0xffff] = {0};
    make_sink();
    struct ew_event_record record = sample();
    record.payload = NULL;
    expect_damaged(&record);
    record = method_load();
    record.item_count = 1;
    expect_damaged(&record);
    struct ew_event_record_item items[] = {
        {.type = EW_ITEM_STACK_TRACE64, .data_bytes = 8, .data = 0},
        {.type = EW_ITEM_STACK_TRACE64, .data_bytes = 40000, .data = address(large)},
    };
    record.items = items;
    expect_damaged(&record);
    items[0] = items[1];
    record.item_count = 2;
    expect_damaged(&record);
    items[0].data_bytes = 0xffff;
    record.item_count = 1;
    expect_damaged(&record);
    items[0].data_bytes = 40000;
    expect_put(&record);
    free_sink();
}
END_TEST

/* Fills the ring's share for samples; what is dropped then is only a sample. */
START_TEST(full_ring__state_events__still_have_room)
{
    make_sink();
    struct ew_event_record record = sample();
    while (ew_queue_counts(sink.queue).dropped[EW_QUEUE_SAMPLE] == 0) {
        ew_record_take(&sink, &record);
    }
    const struct ew_guid *classes[] = {&ew_guid_process, &ew_guid_thread, &ew_guid_image};
    for (size_t i = 0; i < 3; i++) {
        record = record_of(classes[i], EW_RECORD_CLASSIC);
        record.opcode = 3;
        ew_record_take(&sink, &record);
    }
    record = method_load();
    ew_record_take(&sink, &record);
    record = record_of(&ew_guid_clr_rundown, 0);
    record.id = 153;
    ew_record_take(&sink, &record);
    ck_assert_uint_eq(ew_queue_counts(sink.queue).dropped[EW_QUEUE_STATE], 0);
    record = record_of(&ew_guid_clr_runtime, 0);
    record.id = 80;
    ew_record_take(&sink, &record);
    record = record_of(&ew_guid_stack_walk, EW_RECORD_CLASSIC);
    record.opcode = 32;
    ew_record_take(&sink, &record);
    ck_assert_uint_eq(ew_queue_counts(sink.queue).dropped[EW_QUEUE_SAMPLE], 3);
    free_sink();
}
END_TEST

START_TEST(rundown__begins_and_ends__is_counted)
{
    static const uint16_t ids[] = {147, 153, 143, 145};
    make_sink();
    for (size_t i = 0; i < 4; i++) {
        struct ew_event_record record = record_of(&ew_guid_clr_rundown, 0);
        record.id = ids[i];
        expect_put(&record);
    }
    ck_assert_uint_eq(value(&sink.counts.rundown), 4);
    ck_assert_uint_eq(value(&sink.counts.rundown_begun), 1);
    ck_assert_uint_eq(value(&sink.counts.rundown_ended), 1);
    free_sink();
}
END_TEST

START_TEST(clock__that_counts_cycles_or_nothing__is_refused)
{
    struct ew_etl_clock clock;
    ck_assert(!ew_record_clock(3, 10000000, 0, 0, &clock));
    ck_assert(!ew_record_clock(1, 0, 0, 0, &clock));
    ck_assert(ew_record_clock(2, 0, 5, 7, &clock));
    ck_assert_uint_eq(ew_etl_clock_filetime(&clock, 42), 42);
    ck_assert(ew_record_clock(1, 10000000, 5, 7, &clock));
    ck_assert_uint_eq(ew_etl_clock_filetime(&clock, 6), 8);
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("record");
    TCase *tests = tcase_create("all");
    tcase_add_test(tests, classic__of_the_kernel__keeps_class_opcode_and_payload);
    tcase_add_test(tests, manifest__with_items__keeps_those_that_are_read);
    tcase_add_test(tests, time__by_the_clock__is_filetime_and_never_missing);
    tcase_add_test(tests, pointers__by_flag_or_by_session__are_4_or_8);
    tcase_add_test(tests, filter__what_no_stage_reads__is_left_out);
    tcase_add_test(tests, filter__what_a_stack_may_belong_to__is_kept);
    tcase_add_test(tests, kernel_classes__outside_a_system_logger__are_not_believed);
    tcase_add_test(tests, lengths__that_cannot_be__are_counted_and_not_read);
    tcase_add_test(tests, full_ring__state_events__still_have_room);
    tcase_add_test(tests, rundown__begins_and_ends__is_counted);
    tcase_add_test(tests, clock__that_counts_cycles_or_nothing__is_refused);
    suite_add_tcase(suite, tests);
    return suite;
}
