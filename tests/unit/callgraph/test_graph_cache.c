/* SPDX-License-Identifier: Apache-2.0 */
/* Caches: the same graph again, never of another file, and never a damaged one. */
#include "callgraph/cache.h"
#include "callgraph/cache_layout.h"
#include "callgraph/graph_text.h"
#include "platform/file.h"
#include "platform/thread.h"
#include "support/check_main.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OLD_ENOUGH_MS = 2100, PATH_BYTES = 512 };

static const char graph_text[] =
    "{\"schema\":\"static-callgraph/1\",\"graphId\":\"g\",\"analyzer\":{\"name\":\"a\","
    "\"version\":\"1\"},\"world\":{\"closed\":true},\"artifacts\":[{\"name\":\"m\"}],\"nodes\":["
    "{\"id\":\"a\",\"artifact\":0,\"overrides\":[\"b\"]},{\"id\":\"b\",\"name\":\"n\"}],\"edges\":["
    "{\"from\":\"a\",\"to\":\"b\",\"candidates\":[\"a\"]},{\"from\":\"b\",\"to\":\"c\"}],"
    "\"entrypoints\":[{\"node\":\"a\",\"kind\":\"main\"}],\"targets\":[{\"node\":\"c\",\"vuln\":["
    "\"CVE-1\"]}]}";

static void write_file(const char *path, const void *bytes, size_t byte_count)
{
    struct ew_file *file = NULL;
    ck_assert_int_eq(ew_file_create(path, true, &file, NULL), EW_OK);
    ck_assert_int_eq(ew_file_write_at(file, 0, bytes, byte_count, NULL), EW_OK);
    ew_file_close(file);
}

static bool forget_file(void *context, const char *name, uint64_t bytes)
{
    char path[PATH_BYTES];
    (void)bytes;
    (void)snprintf(path, sizeof path, "%s/%s", (const char *)context, name);
    ck_assert_int_eq(ew_file_remove(path, NULL), EW_OK);
    return true;
}

static char directory[] = "cache";

static void begin(void)
{
    ck_assert_int_eq(ew_directory_make(directory, NULL), EW_OK);
    ck_assert_int_eq(ew_directory_list(directory, forget_file, directory, NULL), EW_OK);
    write_file(GRAPH_FILE, graph_text, sizeof graph_text - 1);
}

/* Loads, and answers whether it came from the cache; the graph has to be the same. */
static bool is_from_cache(const char *expected)
{
    struct graph_outcome outcome = graph_from_file(GRAPH_FILE, directory);
    ck_assert_msg(outcome.status == EW_OK, "%s", outcome.error.text);
    char *shown = graph_show(outcome.graph);
    ck_assert_str_eq(shown, expected);
    free(shown);
    ck_assert_uint_eq(outcome.counts.dangling, 1);
    ck_assert_uint_eq(outcome.counts.bytes, sizeof graph_text - 1);
    ew_graph_free(outcome.graph);
    return outcome.counts.from_cache;
}

static char *expected_text(void)
{
    struct graph_outcome outcome = graph_from_file(GRAPH_FILE, NULL);
    ck_assert_msg(outcome.status == EW_OK, "%s", outcome.error.text);
    char *shown = graph_show(outcome.graph);
    ew_graph_free(outcome.graph);
    return shown;
}

static bool find_cache(void *context, const char *name, uint64_t bytes)
{
    char *path = context;
    size_t length = strlen(name);
    (void)bytes;
    if (length > 8 && strcmp(name + length - 8, ".ewgraph") == 0) {
        (void)snprintf(path, PATH_BYTES, "%s/%s", directory, name);
    }
    return true;
}

/* The bytes of the only cache; the caller frees them. */
static char *read_cache(char path[PATH_BYTES], size_t *byte_count)
{
    char *bytes = NULL;
    path[0] = '\0';
    ck_assert_int_eq(ew_directory_list(directory, find_cache, path, NULL), EW_OK);
    ck_assert_str_ne(path, "");
    ck_assert_int_eq(ew_file_read_all(path, 1 << 20, &bytes, byte_count, NULL), EW_OK);
    return bytes;
}

START_TEST(cache__of_an_unchanged_file__gives_the_same_graph)
{
    begin();
    char *expected = expected_text();
    ck_assert(!is_from_cache(expected));
    ck_assert_msg(!is_from_cache(expected), "a file of this moment could change unseen");
    ew_sleep_ms(OLD_ENOUGH_MS);
    ck_assert(!is_from_cache(expected));
    ck_assert(is_from_cache(expected));
    free(expected);
}
END_TEST

START_TEST(cache__of_a_changed_file__is_not_used)
{
    char other[sizeof graph_text];
    begin();
    char *expected = expected_text();
    ew_sleep_ms(OLD_ENOUGH_MS);
    ck_assert(!is_from_cache(expected));
    memcpy(other, graph_text, sizeof graph_text);
    *strstr(other, "\"n\"") = ' ';
    write_file(GRAPH_FILE, other, sizeof other - 1);
    ck_assert_int_eq(graph_from_file(GRAPH_FILE, directory).status, EW_FORMAT);
    write_file(GRAPH_FILE, graph_text, sizeof graph_text - 1);
    ck_assert(!is_from_cache(expected));
    free(expected);
}
END_TEST

START_TEST(cache__with_any_byte_changed__is_made_anew)
{
    char path[PATH_BYTES];
    size_t byte_count = 0;
    begin();
    char *expected = expected_text();
    ew_sleep_ms(OLD_ENOUGH_MS);
    ck_assert(!is_from_cache(expected));
    char *bytes = read_cache(path, &byte_count);
    for (size_t i = 0; i < byte_count; i += 13) {
        struct ew_graph graph;
        struct ew_graph_counts counts;
        ck_assert(graph_cache_check(bytes, byte_count, &graph, &counts));
        bytes[i] ^= 0x10;
        ck_assert_msg(i >= 16 + sizeof(struct graph_cache_head)
                          || !graph_cache_check(bytes, byte_count, &graph, &counts),
                      "byte %zu", i);
        bytes[i] ^= 0x10;
        ck_assert(!graph_cache_check(bytes, i, &graph, &counts));
    }
    bytes[byte_count / 2] ^= 0x10;
    write_file(path, bytes, byte_count);
    ck_assert(!is_from_cache(expected));
    ck_assert(is_from_cache(expected));
    free(bytes);
    free(expected);
}
END_TEST

/* Sets a right checksum, so that only the check of the rows is left. */
static void sign(char *bytes)
{
    struct graph_cache_head head;
    struct ew_graph graph = {0};
    struct graph_column_view views[COLUMN_COUNT];
    memcpy(&head, bytes, sizeof head);
    graph.text_bytes = (size_t)head.row_counts[COLUMN_TEXTS];
    graph.artifact_count = (uint32_t)head.row_counts[COLUMN_ARTIFACTS];
    graph.node_count = (uint32_t)head.row_counts[COLUMN_NODES];
    graph.edge_count = (uint32_t)head.row_counts[COLUMN_EDGES];
    graph.entry_count = (uint32_t)head.row_counts[COLUMN_ENTRIES];
    graph.target_count = (uint32_t)head.row_counts[COLUMN_TARGETS];
    graph.override_count = (uint32_t)head.row_counts[COLUMN_OVERRIDES];
    graph.candidate_count = (uint32_t)head.row_counts[COLUMN_CANDIDATES];
    graph_columns(&graph, views);
    uint64_t sum = graph_checksum_head(&head);
    const char *at = bytes + sizeof head;
    for (size_t i = 0; i < COLUMN_COUNT; i++) {
        if (views[i].row_count > 0) {
            sum = graph_checksum(sum, at, views[i].row_bytes * views[i].row_count);
        }
        at += graph_column_bytes(&views[i]);
    }
    head.checksum = sum;
    memcpy(bytes, &head, sizeof head);
}

static uint32_t texts_of(const struct ew_graph *graph)
{
    volatile uint32_t sum = 0;
    for (uint32_t i = 0; i < graph->node_count; i++) {
        sum += (uint32_t)strlen(ew_graph_string(graph, graph->nodes[i].name));
        for (uint32_t at = graph->first_edge[i]; at < graph->first_edge[i + 1]; at++) {
            sum += graph->nodes[graph->edges[at].to].kind;
        }
    }
    return sum;
}

START_TEST(cache__with_a_right_checksum_and_wrong_rows__is_refused)
{
    char path[PATH_BYTES];
    size_t byte_count = 0;
    unsigned accepted = 0;
    unsigned refused = 0;
    begin();
    ew_sleep_ms(OLD_ENOUGH_MS);
    char *expected = expected_text();
    ck_assert(!is_from_cache(expected));
    char *bytes = read_cache(path, &byte_count);
    for (size_t i = sizeof(struct graph_cache_head); i + 4 <= byte_count; i += 4) {
        struct ew_graph graph;
        struct ew_graph_counts counts;
        char kept[4];
        memcpy(kept, bytes + i, 4);
        memset(bytes + i, 0x7f, 4);
        sign(bytes);
        if (graph_cache_check(bytes, byte_count, &graph, &counts)) {
            accepted++; /* a text, a number without a range: still safe to use */
            (void)texts_of(&graph);
        } else {
            refused++;
        }
        memcpy(bytes + i, kept, 4);
        sign(bytes);
        ck_assert(graph_cache_check(bytes, byte_count, &graph, &counts));
    }
    ck_assert_uint_gt(refused, 40);
    ck_assert_uint_gt(accepted, 5);
    free(bytes);
    free(expected);
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("graph_cache");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, cache__of_an_unchanged_file__gives_the_same_graph);
    tcase_add_test(tests, cache__of_a_changed_file__is_not_used);
    tcase_add_test(tests, cache__with_any_byte_changed__is_made_anew);
    tcase_add_test(tests, cache__with_a_right_checksum_and_wrong_rows__is_refused);
    suite_add_tcase(suite, tests);
    return suite;
}
