/* SPDX-License-Identifier: Apache-2.0 */
/* Documents wait in order, within bounds, and what is dropped can be told. */
#include "pipeline/outbox.h"
#include "support/check_main.h"

#include <stdlib.h>
#include <string.h>

static struct outbox outbox;

static void set_up(void)
{
    memset(&outbox, 0, sizeof outbox);
}

static void tear_down(void)
{
    outbox_free(&outbox);
}

static size_t put(uint64_t sequence, size_t byte_count)
{
    struct outbox_item *item = calloc(1, sizeof *item);
    ck_assert_ptr_nonnull(item);
    item->document.sequence = sequence;
    item->document.byte_count = byte_count;
    memset(item->document.stream_id, 'a', EW_STREAM_ID_BYTES - 1);
    return outbox_put(&outbox, item);
}

START_TEST(outbox__gives_back__in_order)
{
    for (uint64_t i = 1; i <= 3; i++) {
        ck_assert_uint_eq(put(i, 10), 0);
    }
    ck_assert_uint_eq(outbox.bytes, 30);
    for (uint64_t i = 1; i <= 3; i++) {
        struct outbox_item *item = outbox_take(&outbox);
        ck_assert_uint_eq(item->document.sequence, i);
        outbox_item_free(item);
    }
    ck_assert_ptr_null(outbox_take(&outbox));
    ck_assert_uint_eq(outbox.count + outbox.bytes, 0);
}
END_TEST

START_TEST(outbox__too_many__drops_the_oldest_and_tells_each_once)
{
    char id[EW_STREAM_ID_BYTES] = "";
    uint64_t sequence = 0;
    for (uint64_t i = 1; i <= EW_DOCUMENTS_WAITING_MAX; i++) {
        ck_assert_uint_eq(put(i, 1), 0);
    }
    ck_assert_uint_eq(put(1000, 1), 1);
    ck_assert_uint_eq(put(1001, 1), 1);
    ck_assert_uint_eq(outbox.dropped, 2);
    memset(id, 'b', sizeof id - 1);
    ck_assert(!outbox_take_drop(&outbox, id, &sequence));
    memset(id, 'a', sizeof id - 1);
    ck_assert(outbox_take_drop(&outbox, id, &sequence));
    ck_assert_uint_eq(sequence, 1);
    ck_assert(outbox_take_drop(&outbox, id, &sequence));
    ck_assert_uint_eq(sequence, 2);
    ck_assert(!outbox_take_drop(&outbox, id, &sequence));
}
END_TEST

START_TEST(outbox__too_large__keeps_the_newest)
{
    ck_assert_uint_eq(put(1, EW_DOCUMENTS_WAITING_BYTES_MAX / 2), 0);
    ck_assert_uint_eq(put(2, EW_DOCUMENTS_WAITING_BYTES_MAX / 2), 0);
    ck_assert_uint_eq(put(3, EW_DOCUMENTS_WAITING_BYTES_MAX + 1), 2);
    ck_assert_uint_eq(outbox.count, 1);
    ck_assert_uint_eq(outbox.first->document.sequence, 3);
}
END_TEST

/* The disk stays full while many documents are made: what the first drops were told by is
 * dropped as well. */
START_TEST(drop__told_by_a_document_that_is_dropped__is_told_again)
{
    char id[EW_STREAM_ID_BYTES] = "";
    bool seen[4] = {false};
    uint64_t sequence = 0;
    struct outbox_item *item = calloc(1, sizeof *item);
    ck_assert_ptr_nonnull(item);
    memset(id, 'a', sizeof id - 1);
    memcpy(item->document.stream_id, id, sizeof id);
    item->document.sequence = 3;
    item->told = calloc(2, sizeof *item->told);
    ck_assert_ptr_nonnull(item->told);
    item->told[item->told_count++] = 1;
    item->told[item->told_count++] = 2;
    (void)outbox_put(&outbox, item);
    for (uint64_t i = 4; i <= 3 + EW_DOCUMENTS_WAITING_MAX; i++) {
        (void)put(i, 1);
    }
    ck_assert_uint_eq(outbox.dropped, 1);
    while (outbox_take_drop(&outbox, id, &sequence)) {
        ck_assert_uint_lt(sequence, sizeof seen);
        seen[sequence] = true;
    }
    ck_assert(seen[1] && seen[2] && seen[3]);
}
END_TEST

START_TEST(drop__that_could_not_be_told__is_kept_for_the_next_document)
{
    char id[EW_STREAM_ID_BYTES] = "";
    uint64_t sequence = 0;
    for (uint64_t i = 1; i <= EW_DOCUMENTS_WAITING_MAX + 1; i++) {
        (void)put(i, 1);
    }
    memset(id, 'a', sizeof id - 1);
    ck_assert(outbox_take_drop(&outbox, id, &sequence));
    ck_assert(!outbox_take_drop(&outbox, id, &sequence));
    outbox_give_back_drop(&outbox, id, sequence);
    sequence = 0;
    ck_assert(outbox_take_drop(&outbox, id, &sequence));
    ck_assert_uint_eq(sequence, 1);
    ck_assert_uint_eq(outbox.dropped, 1);
}
END_TEST

static void put_of(char stream, uint64_t sequence)
{
    struct outbox_item *item = calloc(1, sizeof *item);
    ck_assert_ptr_nonnull(item);
    memset(item->document.stream_id, stream, EW_STREAM_ID_BYTES - 1);
    item->document.sequence = sequence;
    ck_assert_uint_eq(outbox_put(&outbox, item), 0);
}

START_TEST(room__for_a_document__is_made_by_the_oldest_of_its_stream)
{
    char id[EW_STREAM_ID_BYTES] = "";
    uint64_t sequence = 0;
    put_of('a', 1);
    for (uint64_t i = 1; i < EW_DOCUMENTS_WAITING_MAX; i++) {
        put_of('b', i);
    }
    memset(id, 'c', sizeof id - 1);
    ck_assert_uint_eq(outbox_make_room(&outbox, id), 0);
    memset(id, 'b', sizeof id - 1);
    ck_assert_uint_eq(outbox_make_room(&outbox, id), 1);
    ck_assert_uint_eq(outbox_make_room(&outbox, id), 0);
    ck_assert(outbox_take_drop(&outbox, id, &sequence));
    ck_assert_uint_eq(sequence, 1);
    ck_assert_uint_eq(outbox.count, EW_DOCUMENTS_WAITING_MAX - 1);
    ck_assert_int_eq(outbox.first->document.stream_id[0], 'a');
    put_of('b', EW_DOCUMENTS_WAITING_MAX);
    ck_assert_uint_eq(outbox.last->document.sequence, EW_DOCUMENTS_WAITING_MAX);
}
END_TEST

START_TEST(room__made_by_the_only_document__leaves_an_empty_outbox)
{
    char id[EW_STREAM_ID_BYTES] = "";
    (void)put(1, EW_DOCUMENTS_WAITING_BYTES_MAX + 1);
    memset(id, 'a', sizeof id - 1);
    ck_assert_uint_eq(outbox_make_room(&outbox, id), 1);
    ck_assert_ptr_null(outbox.first);
    ck_assert_ptr_null(outbox.last);
    ck_assert_uint_eq(put(2, 1), 0);
    ck_assert_ptr_eq(outbox.first, outbox.last);
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("outbox");
    TCase *tests = tcase_create("outbox");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, outbox__gives_back__in_order);
    tcase_add_test(tests, outbox__too_many__drops_the_oldest_and_tells_each_once);
    tcase_add_test(tests, drop__told_by_a_document_that_is_dropped__is_told_again);
    tcase_add_test(tests, drop__that_could_not_be_told__is_kept_for_the_next_document);
    tcase_add_test(tests, room__for_a_document__is_made_by_the_oldest_of_its_stream);
    tcase_add_test(tests, room__made_by_the_only_document__leaves_an_empty_outbox);
    tcase_add_test(tests, outbox__too_large__keeps_the_newest);
    suite_add_tcase(suite, tests);
    return suite;
}
