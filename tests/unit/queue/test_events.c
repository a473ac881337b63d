/* SPDX-License-Identifier: Apache-2.0 */
/* Events as records: what is put comes out, member for member. */
#include "etwitness/queue.h"
#include "unit/queue/queue_suite.h"

#include <string.h>

static const struct ew_guid provider = {{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}};
static const struct ew_guid activity = {{9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 1, 2, 3, 4, 5, 6}};
static uint8_t payload[UINT16_MAX];

static struct ew_queue *make_queue(void)
{
    struct ew_queue_options options = {.bytes = EW_QUEUE_BYTES_MIN};
    struct ew_queue *queue = NULL;
    ck_assert_int_eq(ew_queue_create(&options, &queue), EW_OK);
    for (size_t i = 0; i < sizeof payload; i++) {
        payload[i] = (uint8_t)(i * 13 + (i >> 8));
    }
    return queue;
}

/* Every number differs from every other, so that none can stand for another. */
static struct ew_event make_event(uint32_t payload_bytes, uint32_t extended_bytes)
{
    return (struct ew_event){
        .time_100ns = UINT64_C(0x1111222233334444),
        .time_raw = UINT64_C(0x5555666677778888),
        .provider = &provider,
        .payload = payload,
        .keyword = UINT64_C(0x9999aaaabbbbcccc),
        .payload_bytes = payload_bytes,
        .extended_bytes = extended_bytes,
        .process_id = 0xfffffff1,
        .thread_id = 0xfffffff2,
        .id = 0xf003,
        .hook = 0xf004,
        .task = 0xf005,
        .cpu = 0xf006,
        .file = 0xf007,
        .version = 201,
        .opcode = 202,
        .level = 203,
        .channel = 204,
        .pointer_bytes = 8,
        .header_type = 19,
        .kind = EW_EVENT_MANIFEST,
    };
}

static void put(struct ew_queue *queue, const struct ew_event *event)
{
    uint8_t *extended = ew_queue_reserve_event(queue, event, EW_QUEUE_STATE);
    ck_assert_ptr_nonnull(extended);
    ck_assert_uint_eq((uintptr_t)extended % 8, 0);
    for (uint32_t i = 0; i < event->extended_bytes; i++) {
        extended[i] = (uint8_t)(200 - i);
    }
    ew_queue_commit(queue);
    ew_queue_publish(queue);
}

static void check_numbers(const struct ew_event *got, const struct ew_event *want)
{
    ck_assert_uint_eq(got->time_100ns, want->time_100ns);
    ck_assert_uint_eq(got->time_raw, want->time_raw);
    ck_assert_uint_eq(got->keyword, want->keyword);
    ck_assert_uint_eq(got->payload_bytes, want->payload_bytes);
    ck_assert_uint_eq(got->extended_bytes, want->extended_bytes);
    ck_assert_uint_eq(got->process_id, want->process_id);
    ck_assert_uint_eq(got->thread_id, want->thread_id);
    ck_assert_uint_eq(got->id, want->id);
    ck_assert_uint_eq(got->hook, want->hook);
    ck_assert_uint_eq(got->task, want->task);
    ck_assert_uint_eq(got->cpu, want->cpu);
    ck_assert_uint_eq(got->file, want->file);
    ck_assert_uint_eq(got->version, want->version);
    ck_assert_uint_eq(got->opcode, want->opcode);
    ck_assert_uint_eq(got->level, want->level);
    ck_assert_uint_eq(got->channel, want->channel);
    ck_assert_uint_eq(got->pointer_bytes, want->pointer_bytes);
    ck_assert_uint_eq(got->header_type, want->header_type);
    ck_assert_uint_eq(got->kind, want->kind);
}

static void check_extended(const struct ew_event *got, uint32_t extended_bytes)
{
    ck_assert_int_eq(got->extended != NULL, extended_bytes != 0);
    ck_assert_uint_eq((uintptr_t)got->extended % 8, 0);
    for (uint32_t i = 0; i < extended_bytes; i++) {
        ck_assert_uint_eq(got->extended[i], (uint8_t)(200 - i));
    }
}

static void take(struct ew_queue *queue, const struct ew_event *want)
{
    struct ew_event got;
    memset(&got, 0xff, sizeof got);
    ck_assert(ew_queue_peek_event(queue, &got));
    check_numbers(&got, want);
    ck_assert(ew_guid_equal(got.provider, want->provider));
    ck_assert_int_eq(got.activity != NULL, want->activity != NULL);
    if (want->activity != NULL) {
        ck_assert(ew_guid_equal(got.activity, want->activity));
    }
    ck_assert_ptr_nonnull(got.payload);
    ck_assert_uint_eq((uintptr_t)got.payload % 8, 0);
    ck_assert_int_eq(memcmp(got.payload, payload, want->payload_bytes), 0);
    check_extended(&got, want->extended_bytes);
    ck_assert_ptr_null(got.record);
    ck_assert_uint_eq(got.record_bytes, 0);
    ew_queue_advance(queue);
}

START_TEST(event__of_any_shape__comes_out_as_it_was_put)
{
    static const uint32_t sizes[] = {0, 1, 7, 8, 9, 100, 4001, UINT16_MAX};
    enum { SIZES = sizeof sizes / sizeof sizes[0] };
    struct ew_queue *queue = make_queue();
    for (size_t i = 0; i < SIZES * SIZES * 2; i++) {
        struct ew_event event = make_event(sizes[i % SIZES], sizes[i / SIZES % SIZES]);
        event.activity = i / SIZES / SIZES == 0 ? NULL : &activity;
        put(queue, &event);
        take(queue, &event);
    }
    struct ew_event event;
    ck_assert(!ew_queue_peek_event(queue, &event));
    ew_queue_destroy(queue);
}
END_TEST

START_TEST(event__several_at_once__come_out_in_their_order)
{
    struct ew_queue *queue = make_queue();
    for (uint32_t i = 0; i < 100; i++) {
        struct ew_event event = make_event(i, 100 - i);
        event.time_raw = i;
        put(queue, &event);
    }
    for (uint32_t i = 0; i < 100; i++) {
        struct ew_event event = make_event(i, 100 - i);
        event.time_raw = i;
        take(queue, &event);
    }
    ew_queue_destroy(queue);
}
END_TEST

START_TEST(event__without_a_payload_pointer__is_taken_when_it_has_no_payload)
{
    struct ew_queue *queue = make_queue();
    struct ew_event event = make_event(0, 0);
    event.payload = NULL;
    put(queue, &event);
    take(queue, &event);
    ew_queue_destroy(queue);
}
END_TEST

START_TEST(event__filled_in_place__comes_out_as_it_was_filled)
{
    struct ew_queue *queue = make_queue();
    struct ew_event want = make_event(21, 48);
    struct ew_queue_event *event =
        ew_queue_reserve_in_place(queue, (uint16_t)want.payload_bytes, 48, EW_QUEUE_STATE);
    ck_assert_ptr_nonnull(event);
    *event = (struct ew_queue_event){
        .time_100ns = want.time_100ns,
        .time_raw = want.time_raw,
        .provider = provider,
        .id = want.id,
        .version = want.version,
        .channel = want.channel,
        .level = want.level,
        .opcode = want.opcode,
        .task = want.task,
        .keyword = want.keyword,
        .thread_id = want.thread_id,
        .process_id = want.process_id,
        .cpu = want.cpu,
        .hook = want.hook,
        .file = want.file,
        .pointer_bytes = want.pointer_bytes,
        .header_type = want.header_type,
        .payload_bytes = want.payload_bytes,
        .extended_bytes = want.extended_bytes,
        .kind = want.kind,
    };
    memcpy(ew_queue_event_payload(event), payload, want.payload_bytes);
    for (uint32_t i = 0; i < want.extended_bytes; i++) {
        ew_queue_event_items(event)[i] = (uint8_t)(200 - i);
    }
    ew_queue_commit(queue);
    ew_queue_publish(queue);
    take(queue, &want);
    ew_queue_destroy(queue);
}
END_TEST

START_TEST(event__too_large_in_place__is_dropped_and_counted)
{
    struct ew_queue *queue = make_queue();
    ck_assert_ptr_null(ew_queue_reserve_in_place(queue, UINT16_MAX, UINT32_MAX, EW_QUEUE_SAMPLE));
    ck_assert_ptr_null(ew_queue_reserve_in_place(
        queue, UINT16_MAX, EW_QUEUE_RECORD_BYTES_MAX - UINT16_MAX, EW_QUEUE_SAMPLE));
    ck_assert_ptr_nonnull(ew_queue_reserve_in_place(queue, UINT16_MAX, 0, EW_QUEUE_SAMPLE));
    ck_assert_uint_eq(ew_queue_counts(queue).dropped[EW_QUEUE_SAMPLE], 2);
    ew_queue_destroy(queue);
}
END_TEST

START_TEST(event__too_large__is_dropped_and_counted)
{
    struct ew_queue *queue = make_queue();
    struct ew_event event = make_event(0, UINT32_MAX);
    ck_assert_ptr_null(ew_queue_reserve_event(queue, &event, EW_QUEUE_SAMPLE));
    event = make_event(UINT32_MAX, UINT32_MAX);
    ck_assert_ptr_null(ew_queue_reserve_event(queue, &event, EW_QUEUE_SAMPLE));
    event = make_event(EW_QUEUE_RECORD_BYTES_MAX, 0);
    ck_assert_ptr_null(ew_queue_reserve_event(queue, &event, EW_QUEUE_STATE));
    ck_assert_uint_eq(ew_queue_counts(queue).dropped[EW_QUEUE_SAMPLE], 2);
    ck_assert_uint_eq(ew_queue_counts(queue).dropped[EW_QUEUE_STATE], 1);
    ew_queue_destroy(queue);
}
END_TEST

TCase *events_case(void)
{
    TCase *events = tcase_create("events");
    tcase_set_timeout(events, 90);
    tcase_add_test(events, event__of_any_shape__comes_out_as_it_was_put);
    tcase_add_test(events, event__several_at_once__come_out_in_their_order);
    tcase_add_test(events, event__without_a_payload_pointer__is_taken_when_it_has_no_payload);
    tcase_add_test(events, event__filled_in_place__comes_out_as_it_was_filled);
    tcase_add_test(events, event__too_large_in_place__is_dropped_and_counted);
    tcase_add_test(events, event__too_large__is_dropped_and_counted);
    return events;
}
