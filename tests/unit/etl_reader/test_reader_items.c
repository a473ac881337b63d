/* SPDX-License-Identifier: Apache-2.0 */
/* Chains of extended items (reference etl-format.md 4): whole ones and broken ones. */
#include "reading.h"
#include "support/check_main.h"

#include <string.h>

enum { TIME = ETL_ORIGIN + 1, ITEM_HEAD = 8 };

struct item {
    uint16_t type;
    uint16_t data_bytes;
};

static size_t item_bytes(const struct item *item)
{
    return (ITEM_HEAD + (size_t)item->data_bytes + 7) & ~(size_t)7;
}

/* An event with a chain; answers where the chain begins. */
static uint8_t *put_event(const struct item *items, size_t count)
{
    size_t total = 0;
    for (size_t i = 0; i < count; i++) {
        total += item_bytes(&items[i]);
    }
    uint8_t *chain = etl_event(&etl, EW_HEADER_EVENT64, TIME, total) + 0x50;
    uint8_t *at = chain;
    for (size_t i = 0; i < count; i++) {
        ew_store_u16(at, (uint16_t)item_bytes(&items[i]));
        ew_store_u16(at + 2, items[i].type);
        ew_store_u16(at + 4, i + 1 < count);
        ew_store_u16(at + 6, items[i].data_bytes);
        memset(at + ITEM_HEAD, (int)(0x40 + i), items[i].data_bytes);
        at += item_bytes(&items[i]);
    }
    return chain;
}

static void begin(void)
{
    etl_begin(&etl, &etl_usual);
    etl_end(&etl, 0);
    etl_buffer(&etl, 0);
}

static void check_payload(const struct ew_event *event)
{
    ck_assert_uint_eq(event->payload_bytes, ETL_PAYLOAD_BYTES);
    ck_assert_mem_eq(event->payload, ETL_PAYLOAD, ETL_PAYLOAD_BYTES);
}

static void check_items(const struct ew_event *event, const struct item *items, size_t count)
{
    struct ew_item item;
    uint32_t offset = 0;
    for (size_t i = 0; i < count; i++) {
        ck_assert(ew_event_next_item(event, &offset, &item));
        ck_assert_uint_eq(item.type, items[i].type);
        ck_assert_uint_eq(item.data_bytes, items[i].data_bytes);
        for (size_t at = 0; at < item.data_bytes; at++) {
            ck_assert_uint_eq(item.data[at], 0x40 + i);
        }
    }
    ck_assert(!ew_event_next_item(event, &offset, &item));
}

START_TEST(chain__every_type_and_odd_sizes__is_stepped_through)
{
    struct item items[19] = {{0, 0}};
    for (uint16_t type = 0; type < 19; type++) {
        items[type].type = type;
        items[type].data_bytes = type;
    }
    begin();
    (void)put_event(items, 19);
    etl_end(&etl, 0);
    struct ew_recording *recording = reading_first();
    struct ew_event event = reading_next(recording);
    check_items(&event, items, 19);
    check_payload(&event);
    reading_end_whole(recording);
}
END_TEST

START_TEST(chain__in_the_orders_seen_in_recordings__leaves_the_payload)
{
    static const struct item chains[][4] = {
        {{12, 20}, {11, 30}, {0, 0}, {0, 0}}, {{6, 24}, {0, 0}, {0, 0}, {0, 0}},
        {{1, 16}, {0, 0}, {0, 0}, {0, 0}},    {{6, 8}, {12, 20}, {11, 30}, {0, 0}},
        {{1, 16}, {6, 8}, {12, 20}, {11, 3}}, {{1, 16}, {6, 24}, {0, 0}, {0, 0}},
    };
    static const size_t counts[] = {2, 1, 1, 3, 4, 2};
    begin();
    for (size_t i = 0; i < 6; i++) {
        (void)put_event(chains[i], counts[i]);
    }
    etl_end(&etl, 0);
    struct ew_recording *recording = reading_first();
    for (size_t i = 0; i < 6; i++) {
        struct ew_event event = reading_next(recording);
        check_items(&event, chains[i], counts[i]);
        check_payload(&event);
    }
    reading_end_whole(recording);
}
END_TEST

START_TEST(items__by_type__are_found_or_not)
{
    static const struct item items[] = {{1, 16}, {16, 36}};
    struct ew_item found;
    begin();
    (void)put_event(items, 2);
    (void)etl_event(&etl, EW_HEADER_EVENT64, TIME, 0);
    etl_end(&etl, 0);
    struct ew_recording *recording = reading_first();
    struct ew_event event = reading_next(recording);
    ck_assert(ew_event_find_item(&event, EW_ITEM_CONTAINER_ID, &found));
    ck_assert_uint_eq(found.data_bytes, 36);
    ck_assert(!ew_event_find_item(&event, EW_ITEM_STACK_TRACE64, &found));
    event = reading_next(recording);
    ck_assert(!ew_event_find_item(&event, EW_ITEM_CONTAINER_ID, &found));
    check_payload(&event);
    reading_end_whole(recording);
}
END_TEST

/* The flag decides: what looks like a chain is payload without it. */
START_TEST(chain__without_the_flag__is_payload)
{
    static const struct item items[] = {{1, 16}};
    begin();
    uint8_t *chain = put_event(items, 1);
    ew_store_u16(chain - 0x50 + 4, 0);
    etl_end(&etl, 0);
    struct ew_recording *recording = reading_first();
    struct ew_event event = reading_next(recording);
    ck_assert_uint_eq(event.extended_bytes, 0);
    ck_assert_uint_eq(event.payload_bytes, 24 + ETL_PAYLOAD_BYTES);
    reading_end_whole(recording);
}
END_TEST

struct broken_chain {
    uint8_t at; /* of the first item's head */
    uint16_t value;
};

/* Items (1, 16 bytes), (6, 24 bytes) and a payload of 7 bytes: 63 bytes in all. */
START_TEST(chain__broken__loses_that_event_only)
{
    static const struct item items[] = {{1, 16}, {6, 24}};
    static const struct broken_chain cases[] = {
        {0, 0},       /* a size that does not go on */
        {0, 7},       /* less than a head */
        {0, 23},      /* less than head and data */
        {0, 0xffff},  /* more than the record */
        {0, 64},      /* one more than the record */
        {6, 17},      /* data larger than the item */
        {6, 0xffff},  /* data larger than the record */
        {24 + 0, 8},  /* the second item is smaller than its data */
        {24 + 4, 1},  /* a third item, which only has 7 bytes */
        {24 + 6, 25}, /* data larger than the item */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        begin();
        ew_store_u16(put_event(items, 2) + cases[i].at, cases[i].value);
        (void)etl_event(&etl, EW_HEADER_EVENT64, TIME, 0);
        etl_end(&etl, 0);
        struct ew_recording *recording = reading_first();
        struct ew_event event = reading_next(recording);
        ck_assert_uint_eq(event.extended_bytes, 0);
        check_payload(&event);
        reading_end_damaged(recording, 1, "extended items do not fit into it");
    }
}
END_TEST

START_TEST(chain__flag_without_room_for_one_item__loses_that_event_only)
{
    begin();
    uint8_t *record = etl_event(&etl, EW_HEADER_EVENT64, TIME, 0);
    ew_store_u16(record + 4, 1);
    etl_end(&etl, 0);
    reading_end_damaged(reading_first(), 1, "extended items do not fit into it");
}
END_TEST

/* Several refused records are one damaged buffer, and all their bytes. */
START_TEST(chain__broken_twice_in_a_buffer__is_one_damaged_buffer)
{
    begin();
    for (int i = 0; i < 2; i++) {
        ew_store_u16(etl_event(&etl, EW_HEADER_EVENT64, TIME, 0) + 4, 1);
    }
    etl_end(&etl, 0);
    struct ew_recording *recording = reading_first();
    reading_end(recording);
    ck_assert_uint_eq(ew_recording_damage(recording)->bytes, 2 * (0x50 + ETL_PAYLOAD_BYTES));
    reading_end_damaged(recording, 1, "byte 72 of it: an event's extended items");
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("reader_items");
    TCase *tcase = tcase_create("items");
    tcase_add_test(tcase, chain__every_type_and_odd_sizes__is_stepped_through);
    tcase_add_test(tcase, chain__in_the_orders_seen_in_recordings__leaves_the_payload);
    tcase_add_test(tcase, items__by_type__are_found_or_not);
    tcase_add_test(tcase, chain__without_the_flag__is_payload);
    tcase_add_test(tcase, chain__broken__loses_that_event_only);
    tcase_add_test(tcase, chain__flag_without_room_for_one_item__loses_that_event_only);
    tcase_add_test(tcase, chain__broken_twice_in_a_buffer__is_one_damaged_buffer);
    suite_add_tcase(suite, tcase);
    return suite;
}
