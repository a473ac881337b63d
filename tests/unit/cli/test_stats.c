/* SPDX-License-Identifier: Apache-2.0 */
/* The table of counts behind `etwitness stats`, and the texts of its kinds. */
#include "cli/stats.h"
#include "support/check_main.h"

#include <stdlib.h>
#include <string.h>

#define OUT_FILE "test_stats.tsv"

static const struct ew_guid some_guid =
    EW_GUID_INIT(0x01234567u, 0x89ab, 0xcdef, 1, 2, 3, 4, 5, 6, 7, 8);

static struct ew_event make_event(enum ew_event_kind kind, uint16_t number, uint8_t opcode,
                                  uint8_t version)
{
    struct ew_event event = {.provider = &some_guid};
    event.kind = (uint8_t)kind;
    event.id = kind == EW_EVENT_KERNEL ? 0 : number;
    event.hook = kind == EW_EVENT_KERNEL ? number : 0;
    event.opcode = opcode;
    event.version = version;
    return event;
}

static struct ew_stats_table *make_table(void)
{
    struct ew_stats_table *table = calloc(1, sizeof *table);
    ck_assert_ptr_nonnull(table);
    return table;
}

static void drop_table(struct ew_stats_table *table)
{
    ew_stats_free(table);
    free(table);
}

static void count(struct ew_stats_table *table, const struct ew_event *event)
{
    ck_assert_int_eq(ew_stats_count(table, event), EW_OK);
}

/* The whole output of write_tsv(); the caller frees it. */
static char *tsv_of(struct ew_stats_table *table)
{
    enum { OUT_BYTES = 4096 };
    char *text = calloc(1, OUT_BYTES);
    FILE *file = fopen(OUT_FILE, "w+b");
    ck_assert(text != NULL && file != NULL);
    ew_stats_sort(table);
    ew_stats_write_tsv(file, table);
    rewind(file);
    size_t got = fread(text, 1, OUT_BYTES - 1, file);
    ck_assert_uint_lt(got, OUT_BYTES - 1);
    (void)fclose(file);
    (void)remove(OUT_FILE);
    return text;
}

START_TEST(table__events_that_differ_in_one_part__are_kinds_of_their_own)
{
    struct ew_stats_table *table = make_table();
    struct ew_guid other = some_guid;
    other.bytes[15] ^= 1;
    struct ew_event events[] = {
        make_event(EW_EVENT_MANIFEST, 1, 2, 3), make_event(EW_EVENT_MANIFEST, 2, 2, 3),
        make_event(EW_EVENT_MANIFEST, 1, 3, 3), make_event(EW_EVENT_MANIFEST, 1, 2, 4),
        make_event(EW_EVENT_ERROR, 1, 2, 3),    make_event(EW_EVENT_MANIFEST, 1, 2, 3),
    };
    enum { KINDS = sizeof events / sizeof events[0], ROUNDS = 3 };
    events[KINDS - 1].provider = &other;
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < KINDS; i++) {
            count(table, &events[i]);
        }
    }
    ck_assert_uint_eq(table->kind_count, KINDS);
    for (int i = 0; i < KINDS; i++) {
        ck_assert_uint_eq(table->kinds[i].count, ROUNDS);
    }
    ck_assert_uint_eq(table->events, (uint64_t)KINDS * ROUNDS);
    drop_table(table);
}
END_TEST

START_TEST(table__when_full__still_counts_known_kinds_and_says_what_it_left_out)
{
    struct ew_stats_table *table = make_table();
    for (unsigned number = 0; number < EW_EVENT_KINDS_MAX; number++) {
        struct ew_event event = make_event(EW_EVENT_MANIFEST, (uint16_t)number, 0, 0);
        count(table, &event);
    }
    ck_assert_uint_eq(table->not_counted, 0);
    struct ew_event known = make_event(EW_EVENT_MANIFEST, 7, 0, 0);
    struct ew_event one_too_many = make_event(EW_EVENT_MANIFEST, 7, 0, 1);
    count(table, &one_too_many);
    count(table, &known);
    count(table, &one_too_many);
    ck_assert_uint_eq(table->not_counted, 2);
    ck_assert_uint_eq(table->kinds[7].count, 2);
    ck_assert_uint_eq(table->kind_count, EW_EVENT_KINDS_MAX);
    ck_assert_uint_eq(table->events, EW_EVENT_KINDS_MAX + 3);
    drop_table(table);
}
END_TEST

START_TEST(table__times_out_of_order__spans_from_first_to_last)
{
    struct ew_stats_table *table = make_table();
    struct ew_event event = make_event(EW_EVENT_MANIFEST, 1, 0, 0);
    const uint64_t times[] = {50, 20, 90, 30};
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        event.time_100ns = times[i];
        count(table, &event);
    }
    ck_assert_uint_eq(table->first_100ns, 20);
    ck_assert_uint_eq(table->last_100ns, 90);
    drop_table(table);
}
END_TEST

START_TEST(tsv__kinds_in_any_order__are_named_and_sorted)
{
    struct ew_stats_table *table = make_table();
    const struct ew_event events[] = {
        make_event(EW_EVENT_MESSAGE, 15, 0, 0),     make_event(EW_EVENT_MANIFEST, 7, 9, 1),
        make_event(EW_EVENT_MANIFEST, 65534, 1, 0), make_event(EW_EVENT_CLASSIC, 0, 10, 2),
        make_event(EW_EVENT_CLASSIC, 0, 3, 2),      make_event(EW_EVENT_KERNEL, 0xfe01, 1, 2),
        make_event(EW_EVENT_KERNEL, 0x030a, 10, 2), make_event(EW_EVENT_ERROR, 1, 0, 0),
    };
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
        count(table, &events[i]);
    }
    char *text = tsv_of(table);
    ck_assert_str_eq(text, "provider\tid_or_hook\topcode\tversion\tcount\n"
                           "classic/01234567-89ab-cdef-0102-030405060708\top\t3\t2\t1\n"
                           "classic/01234567-89ab-cdef-0102-030405060708\top\t10\t2\t1\n"
                           "error/01234567-89ab-cdef-0102-030405060708\tid:1\t0\t0\t1\n"
                           "kernel/0xfe\t0xfe01\t1\t2\t1\n"
                           "kernel/Process\t0x030a\t10\t2\t1\n"
                           "manifest/01234567-89ab-cdef-0102-030405060708\tid:65534\t1\t0\t1\n"
                           "manifest/01234567-89ab-cdef-0102-030405060708\tid:7\t9\t1\t1\n"
                           "message/01234567-89ab-cdef-0102-030405060708\tmsg:15\t0\t0\t1\n");
    free(text);
    drop_table(table);
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("stats");
    TCase *tcase = tcase_create("stats");
    tcase_add_test(tcase, table__events_that_differ_in_one_part__are_kinds_of_their_own);
    tcase_add_test(tcase, table__when_full__still_counts_known_kinds_and_says_what_it_left_out);
    tcase_add_test(tcase, table__times_out_of_order__spans_from_first_to_last);
    tcase_add_test(tcase, tsv__kinds_in_any_order__are_named_and_sorted);
    suite_add_tcase(suite, tcase);
    return suite;
}
