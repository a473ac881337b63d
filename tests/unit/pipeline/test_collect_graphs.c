/* SPDX-License-Identifier: Apache-2.0 */
/* What a collection would make of its callgraphs, asked before it starts. */
#include "etwitness/collect.h"
#include "platform/file.h"
#include "support/check_main.h"
#include "support/evidence_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHOP EW_SCENARIOS "/shop.graph.json"
#define BROKEN "examined-broken.json"
#define MISSING "examined-missing.json"
#define LARGE "examined-large.csv"
#define HUGE_FILE "examined-huge.json"

enum { EXAMINED_MAX = 4 };

struct examined {
    struct ew_collect_graph graphs[EXAMINED_MAX];
    size_t count;
};

static struct ew_error error;
static struct ew_settings settings;
static char *paths[EXAMINED_MAX];
static struct examined examined;

static void set_up(void)
{
    ck_assert_int_eq(ew_settings_init(&settings), EW_OK);
    memset(&examined, 0, sizeof examined);
}

static void tear_down(void)
{
    settings.callgraphs.items = NULL;
    settings.callgraphs.count = 0;
    ew_settings_free(&settings);
    (void)remove(BROKEN);
    (void)remove(LARGE);
    (void)remove(HUGE_FILE);
}

static void take(void *context, const struct ew_collect_graph *graph)
{
    struct examined *all = context;
    ck_assert_uint_lt(all->count, EXAMINED_MAX);
    all->graphs[all->count++] = *graph;
}

/* The list is lent to the settings. */
static void examine(const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        paths[i] = (char *)(uintptr_t)names[i];
    }
    settings.callgraphs.items = paths;
    settings.callgraphs.count = count;
    examined.count = 0;
    ew_collect_examine_graphs(&settings, take, &examined);
    ck_assert_uint_eq(examined.count, count);
}

/* `count` edges of one caller. */
static void write_edges(const char *path, unsigned count)
{
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    (void)fputs("from,to\n", file);
    for (unsigned i = 0; i < count; i++) {
        (void)fprintf(file, "m,%x\n", i);
    }
    ck_assert_int_eq(fclose(file), 0);
}

static void expect_refusal(size_t index, enum ew_status status, const char *part)
{
    const struct ew_collect_graph *graph = &examined.graphs[index];
    ck_assert_int_eq(graph->refusal.status, status);
    ck_assert_msg(strstr(graph->refusal.text, part) != NULL, "\"%s\" lacks \"%s\"",
                  graph->refusal.text, part);
}

START_TEST(graph__that_can_be_read__is_told_with_its_numbers)
{
    static const char *const names[] = {SHOP};
    examine(names, 1);
    ck_assert_int_eq(examined.graphs[0].refusal.status, EW_OK);
    ck_assert_str_eq(examined.graphs[0].path, SHOP);
    ck_assert_uint_gt(examined.graphs[0].nodes, 5);
    ck_assert_uint_gt(examined.graphs[0].edges, 5);
    ck_assert_uint_gt(examined.graphs[0].byte_count, 1000);
}
END_TEST

START_TEST(graphs__that_cannot_be_read__say_why_and_stop_nobody)
{
    static const char *const names[] = {MISSING, BROKEN, SHOP};
    evidence_files_write(BROKEN, "{\"schema\":\"static-callgraph/1\",\"nodes\":7}");
    examine(names, 3);
    expect_refusal(0, EW_NOT_FOUND, MISSING);
    expect_refusal(1, EW_FORMAT, BROKEN);
    expect_refusal(1, EW_FORMAT, "nodes");
    ck_assert_int_eq(examined.graphs[2].refusal.status, EW_OK);
}
END_TEST

/* All together have a maximum: the one that does not fit is refused, and what fits after it
 * is not. */
START_TEST(graphs__of_too_many_edges_together__are_refused_from_the_one_that_is_too_much)
{
    static const char *const names[] = {LARGE, LARGE, SHOP};
    write_edges(LARGE, EW_COLLECT_GRAPH_EDGES_MAX / 2 + 8);
    examine(names, 3);
    ck_assert_int_eq(examined.graphs[0].refusal.status, EW_OK);
    ck_assert_uint_eq(examined.graphs[0].edges, EW_COLLECT_GRAPH_EDGES_MAX / 2 + 8);
    expect_refusal(1, EW_LIMIT, "all callgraphs together have");
    expect_refusal(1, EW_LIMIT, "etwitness merge");
    ck_assert_int_eq(examined.graphs[2].refusal.status, EW_OK);
}
END_TEST

/* Its end is far away, and nothing lies before it: it takes no room on most file systems. */
START_TEST(graph__of_a_file_above_the_maximum__is_refused_unread)
{
    static const char *const names[] = {HUGE_FILE};
    struct ew_file *file = NULL;
    ck_assert_int_eq(ew_file_create(HUGE_FILE, true, &file, &error), EW_OK);
    ck_assert_int_eq(ew_file_write_at(file, EW_COLLECT_GRAPH_BYTES_MAX, "}", 1, &error), EW_OK);
    ew_file_close(file);
    examine(names, 1);
    expect_refusal(0, EW_LIMIT, "more than the 268435456 bytes");
    ck_assert_uint_eq(examined.graphs[0].byte_count, 0);
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("collect_graphs");
    TCase *tests = tcase_create("examined");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, graph__that_can_be_read__is_told_with_its_numbers);
    tcase_add_test(tests, graphs__that_cannot_be_read__say_why_and_stop_nobody);
    tcase_add_test(tests,
                   graphs__of_too_many_edges_together__are_refused_from_the_one_that_is_too_much);
    tcase_add_test(tests, graph__of_a_file_above_the_maximum__is_refused_unread);
    suite_add_tcase(suite, tests);
    return suite;
}
