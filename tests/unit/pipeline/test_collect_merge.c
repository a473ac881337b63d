/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A running collection that was given a callgraph publishes the merge beside its evidence, and
 * never lets the evidence wait for it. The files are the platform's but for writes of the merge,
 * which a test can hold up or refuse: file_posix.c or file_win32.c is compiled into this program
 * with that function renamed.
 */
#include "etwitness/collect.h"
#include "etwitness/synth.h"
#include "pipeline/collect_merge.h"
#include "platform/clock.h"
#include "platform/file.h"
#include "platform/thread.h"
#include "support/check_main.h"
#include "support/evidence_files.h"
#include "support/play_capture.h"

#include <jansson.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RECORDING "collect-merge.etl"
#define GRAPH "collect-merge.graph.json"
#define LIVE "collect-merge-live"
#define MERGED LIVE "/merged/reach-merge.json"
#define PART LIVE "/merged/reach-merge.json.part"

enum { STEP_MS = 50, WAIT_MS = 20 };

/* One claim about two functions of the scenario, by build and token. */
static const char graph_text[] =
    "{\"schema\":\"static-callgraph/1\",\"graphId\":\"shop\","
    "\"analyzer\":{\"name\":\"by hand\",\"version\":\"1\"},\"world\":{\"closed\":false},"
    "\"artifacts\":[{\"name\":\"Shop.Web.dll\",\"debugId\":\"d9cada12026052e8a8911367b8aa525e1\"},"
    "{\"name\":\"Newtonsoft.Json.dll\",\"debugId\":\"bb2683d85f895df59fe33a356a5815a11\"}],"
    "\"nodes\":[{\"id\":\"parse\",\"artifact\":0,\"kind\":\"method\",\"token\":\"06000021\","
    "\"name\":\"Shop.Web.Orders.OrderParser.Parse\"},"
    "{\"id\":\"deserialize\",\"artifact\":1,\"kind\":\"method\",\"token\":\"060000c1\","
    "\"name\":\"Newtonsoft.Json.JsonConvert.DeserializeObject\"}],"
    "\"edges\":[{\"from\":\"parse\",\"to\":\"deserialize\",\"kind\":\"call\"}],"
    "\"entrypoints\":[{\"node\":\"parse\",\"kind\":\"http\"}]}";

/* As `graph_text`, by another analyser. */
static const char other_text[] =
    "{\"schema\":\"static-callgraph/1\",\"graphId\":\"another\","
    "\"analyzer\":{\"name\":\"by another hand\",\"version\":\"2\"},\"world\":{\"closed\":false},"
    "\"artifacts\":[],\"nodes\":[],\"edges\":[],\"entrypoints\":[]}";

static const char broken_text[] = "{\"schema\":\"static-callgraph/1\",\"nodes\":7}";

static struct ew_error error;
static struct ew_settings settings;
static struct play_options play;
static atomic_uint notices[EW_NOTICE_COUNT];
static char failure_told[EW_ERROR_TEXT_BYTES]; /* the last; read when no thread runs */
static atomic_uint sizes_told;                 /* failures that are about the size of a merge */

/* --- a disk of its own ------------------------------------------------------------------ */

static atomic_bool is_held;    /* writes of the merge wait */
static atomic_bool is_held_up; /* one waits */
static atomic_bool is_full;

enum ew_status real_write_at(struct ew_file *file, uint64_t offset, const void *bytes,
                             size_t byte_count, struct ew_error *write_error);

/* Members are in the order of their names: no other document begins with its builds. */
static bool begins_merge(uint64_t offset, const char *bytes, size_t byte_count)
{
    static const char start[] = "{\"builds\":";
    return offset == 0 && byte_count >= sizeof start - 1
           && memcmp(bytes, start, sizeof start - 1) == 0;
}

enum ew_status ew_file_write_at(struct ew_file *file, uint64_t offset, const void *bytes,
                                size_t byte_count, struct ew_error *write_error)
{
    if (begins_merge(offset, bytes, byte_count)) {
        while (atomic_load(&is_held)) {
            atomic_store(&is_held_up, true);
            ew_sleep_ms(WAIT_MS);
        }
        if (atomic_load(&is_full)) {
            (void)!real_write_at(file, offset, bytes, byte_count / 2, NULL);
            return ew_fail(write_error, EW_IO, "cannot write: no space left on device");
        }
    }
    return real_write_at(file, offset, bytes, byte_count, write_error);
}

/* --- runs --------------------------------------------------------------------------------- */

static void on_notice(void *context, enum ew_notice notice, const char *text)
{
    (void)context;
    if (notice == EW_NOTICE_MERGE_FAILED) {
        (void)snprintf(failure_told, sizeof failure_told, "%s", text);
    }
    if (strstr(text, "reach-merge.json is published, and larger than") != NULL
        && strstr(text, "etwitness check") != NULL) {
        atomic_fetch_add(&sizes_told, 1);
    }
    atomic_fetch_add(&notices[notice], 1);
}

static unsigned told(enum ew_notice notice)
{
    return atomic_load(&notices[notice]);
}

/* A graph in the place of another, or of none, in one step: it may be read meanwhile. */
static void put_graph(const char *text)
{
    evidence_files_write(GRAPH ".new", text);
    while (ew_file_rename(GRAPH ".new", GRAPH, true, &error) != EW_OK) {
        ew_sleep_ms(WAIT_MS);
    }
}

static void add_path(struct ew_settings_list *list, const char *path)
{
    list->items = calloc(1, sizeof *list->items);
    ck_assert_ptr_nonnull(list->items);
    list->items[0] = malloc(strlen(path) + 1);
    ck_assert_ptr_nonnull(list->items[0]);
    memcpy(list->items[0], path, strlen(path) + 1);
    list->count = 1;
}

static void clean(void)
{
    static const char *const folders[] = {LIVE "/merged", LIVE "/graphs"};
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        evidence_files_remove(folders[i]);
    }
    evidence_files_remove(LIVE);
    (void)remove(RECORDING);
    (void)remove(GRAPH);
}

static void make_recording(void)
{
    struct ew_scenario *scenario = NULL;
    struct ew_synth_counts counts;
    struct ew_synth_options options = {.path = RECORDING};
    ck_assert_msg(ew_scenario_read(EW_SCENARIOS "/shop.json", &scenario, &error) == EW_OK, "%s",
                  error.text);
    ck_assert_msg(ew_synth_write(scenario, &options, &counts, &error) == EW_OK, "%s", error.text);
    ew_scenario_destroy(scenario);
}

static void set_up(void)
{
    clean();
    make_recording();
    evidence_files_write(GRAPH, graph_text);
    play = (struct play_options){.path = RECORDING, .waits = true};
    for (int i = 0; i < EW_NOTICE_COUNT; i++) {
        atomic_store(&notices[i], 0);
    }
    atomic_store(&is_held, false);
    atomic_store(&is_held_up, false);
    atomic_store(&is_full, false);
    failure_told[0] = '\0';
    atomic_store(&sizes_told, 0);
    ck_assert_int_eq(ew_settings_init(&settings), EW_OK);
    free(settings.directory);
    settings.directory = malloc(sizeof LIVE);
    ck_assert_ptr_nonnull(settings.directory);
    memcpy(settings.directory, LIVE, sizeof LIVE);
    settings.window_seconds = EW_WINDOW_SECONDS_MIN;
    settings.symbols.enabled = false;
    settings.stop_seconds = 60;
    add_path(&settings.callgraphs, GRAPH);
}

static void tear_down(void)
{
    ew_settings_free(&settings);
    clean();
}

static struct ew_collect *start(void)
{
    struct ew_collect *collect = NULL;
    struct ew_collect_options options = {.settings = &settings, .on_notice = on_notice};
    play_capture(&play, &options.capture);
    ck_assert_msg(ew_collect_start(&options, &collect, &error) == EW_OK, "%s", error.text);
    return collect;
}

static void run_to_end(struct ew_collect *collect)
{
    while (!ew_collect_step(collect, STEP_MS)) {
    }
    ck_assert_msg(ew_collect_close(collect, &error) == EW_OK, "%s", error.text);
}

/* Steps until the first merge is about to be written, and waits. */
static struct ew_collect *start_held(void)
{
    atomic_store(&is_held, true);
    struct ew_collect *collect = start();
    while (!atomic_load(&is_held_up)) {
        ck_assert(!ew_collect_step(collect, STEP_MS));
    }
    return collect;
}

static void release(void)
{
    atomic_store(&is_held, false);
}

static bool exists(const char *path)
{
    struct ew_file *file = NULL;
    bool found = ew_file_open(path, &file, NULL) == EW_OK;
    ew_file_close(file);
    return found;
}

/* The text of the merge, which the caller frees; it is a whole document. */
static char *read_merged(void)
{
    struct ew_check_result checked;
    char *text = NULL;
    size_t byte_count = 0;
    ck_assert_msg(ew_document_check(MERGED, &checked, &error) == EW_OK, "%s", error.text);
    ck_assert_str_eq(checked.schema, "reach-merge/1");
    ck_assert_int_eq(ew_file_read_all(MERGED, 1 << 24, &text, &byte_count, &error), EW_OK);
    return text;
}

static void assert_merged_has(const char *text, bool has)
{
    char *merged = read_merged();
    ck_assert_msg((strstr(merged, text) != NULL) == has, "\"%s\" is%s in the merge", text,
                  has ? " not" : "");
    free(merged);
}

static const json_t *edge_between(const json_t *merged, const char *from, const char *to)
{
    const json_t *nodes = json_object_get(merged, "nodes");
    const json_t *edges = json_object_get(merged, "edges");
    size_t index;
    const json_t *edge;
    json_array_foreach(edges, index, edge)
    {
        size_t left = (size_t)json_integer_value(json_object_get(edge, "from"));
        size_t right = (size_t)json_integer_value(json_object_get(edge, "to"));
        const char *left_id =
            json_string_value(json_object_get(json_array_get(nodes, left), "id"));
        const char *right_id =
            json_string_value(json_object_get(json_array_get(nodes, right), "id"));
        if (left_id != NULL && right_id != NULL && strcmp(left_id, from) == 0
            && strcmp(right_id, to) == 0) {
            return edge;
        }
    }
    return NULL;
}

static void assert_confirmed(void)
{
    json_error_t broken;
    char *text = read_merged();
    json_t *merged = json_loads(text, 0, &broken);
    ck_assert_ptr_nonnull(merged);
    const json_t *edge = edge_between(merged, "parse", "deserialize");
    ck_assert_ptr_nonnull(edge);
    ck_assert_str_eq(json_string_value(json_object_get(edge, "state")), "CR");
    json_decref(merged);
    free(text);
}

START_TEST(collection__with_a_callgraph__publishes_the_merge)
{
    run_to_end(start());
    assert_confirmed();
    ck_assert(!exists(PART));
    ck_assert_uint_eq(told(EW_NOTICE_MERGE_FAILED), 0);
}
END_TEST

/* A merge that takes longer than a window: documents come as if there were none. */
START_TEST(merge__that_does_not_end__delays_no_document)
{
    size_t documents;
    run_to_end(start());
    documents = evidence_files_count(LIVE);
    ck_assert_uint_gt(documents, 3);
    clean();
    make_recording();
    evidence_files_write(GRAPH, graph_text);
    atomic_store(&notices[EW_NOTICE_DOCUMENT], 0);
    struct ew_collect *collect = start_held();
    while (told(EW_NOTICE_DOCUMENT) < documents) {
        ck_assert(!ew_collect_step(collect, STEP_MS));
    }
    ck_assert_uint_eq(evidence_files_count(LIVE), documents);
    ck_assert(!exists(MERGED));
    release();
    run_to_end(collect);
    assert_confirmed();
}
END_TEST

static bool note_head(void *context, const char *name, uint64_t bytes)
{
    char path[256];
    char *text = NULL;
    size_t byte_count = 0;
    unsigned *counts = context;
    (void)bytes;
    (void)snprintf(path, sizeof path, LIVE "/heads/%s", name);
    if (ew_file_read_all(path, 1 << 16, &text, &byte_count, NULL) == EW_OK) {
        counts[0]++;
        counts[1] += strstr(text, "\"state\":\"stopped\"") != NULL;
        free(text);
    }
    return true;
}

static bool heads_say_stopped(void)
{
    unsigned counts[2] = {0, 0};
    enum ew_status status = ew_directory_list(LIVE "/heads", note_head, counts, NULL);
    return status == EW_OK && counts[0] > 0 && counts[0] == counts[1];
}

START_TEST(merge__that_took_long__is_left_to_the_next_start)
{
    settings.stop_seconds = 8;
    struct ew_collect *collect = start_held();
    /* The evidence is complete, and the publisher waits for the merge. */
    while (!heads_say_stopped()) {
        ck_assert(!ew_collect_step(collect, STEP_MS));
    }
    uint64_t until_ns = ew_clock_monotonic_ns() + UINT64_C(2500000000); /* a quarter, and more */
    while (ew_clock_monotonic_ns() < until_ns) {
        ck_assert(!ew_collect_step(collect, STEP_MS));
    }
    release();
    run_to_end(collect);
    ck_assert_ptr_nonnull(strstr(failure_told, "left to the next start"));
    assert_merged_has("\"state\":\"CR\"", false);
    play.events_max = 1;
    run_to_end(start());
    assert_confirmed();
}
END_TEST

START_TEST(merge__with_documents_of_earlier_runs__has_them)
{
    settings.callgraphs.count = 0;
    run_to_end(start());
    ck_assert(!exists(MERGED));
    settings.callgraphs.count = 1;
    play.events_max = 1;
    run_to_end(start());
    assert_confirmed();
}
END_TEST

static bool never(void *context)
{
    (void)context;
    return false;
}

/* The merge of `count` documents from `first` on, each told to be nine MiB large. */
static char *merge_documents(size_t first, size_t count)
{
    enum { NINE_MIB = 9 * 1024 * 1024 };
    struct collect_merge *merge = NULL;
    ck_assert_int_eq(collect_merge_create(&settings, &merge, &error), EW_OK);
    for (size_t i = first; i < first + count; i++) {
        const char *name = strstr(evidence_files_path(LIVE, i), "re1-");
        ck_assert_msg(collect_merge_add(merge, name, NINE_MIB, &error) == EW_OK, "%s",
                      error.text);
    }
    ck_assert_msg(collect_merge_publish(merge, never, NULL, &error) == EW_OK, "%s", error.text);
    collect_merge_destroy(merge);
    return read_merged();
}

START_TEST(merge__of_more_than_can_be_held__is_that_of_the_newest)
{
    settings.callgraphs.count = 0;
    run_to_end(start());
    settings.callgraphs.count = 1;
    char *newest = merge_documents(1, 1);
    char *oldest = merge_documents(0, 1);
    char *both = merge_documents(0, 2);
    ck_assert_str_ne(oldest, newest);
    ck_assert_str_eq(both, newest);
    free(both);
    free(oldest);
    free(newest);
}
END_TEST

START_TEST(merge__on_a_full_disk__keeps_the_one_before_and_leaves_no_part)
{
    play.events_max = 1;
    run_to_end(start());
    char *before = read_merged();
    play.events_max = 0;
    atomic_store(&is_full, true);
    run_to_end(start());
    ck_assert_uint_eq(told(EW_NOTICE_MERGE_FAILED), 1);
    ck_assert_ptr_nonnull(strstr(failure_told, "no space left"));
    ck_assert_uint_eq(told(EW_NOTICE_PUBLISH_FAILED), 0);
    ck_assert(!exists(PART));
    char *after = read_merged();
    ck_assert_str_eq(before, after);
    free(before);
    free(after);
    atomic_store(&is_full, false);
    run_to_end(start());
    assert_confirmed();
}
END_TEST

/* --- merges that are too large for some readers --------------------------------------------- */

/* A merger that tells of merges above so many bytes, on the documents that are there. */
static struct collect_merger *start_merger(uint64_t bytes_told)
{
    struct collect_merger *merger = NULL;
    const struct collect_merger_options options = {.settings = &settings,
                                                   .on_notice = on_notice,
                                                   .cancelled = never,
                                                   .bytes_told = bytes_told};
    ck_assert_int_eq(collect_merger_create(&options, &merger, &error), EW_OK);
    ck_assert_ptr_nonnull(merger);
    collect_merger_start(merger);
    return merger;
}

static size_t merged_bytes(void)
{
    char *merged = read_merged();
    size_t bytes = strlen(merged);
    free(merged);
    return bytes;
}

START_TEST(merge__that_not_all_can_read__is_published_and_told_until_it_is_smaller)
{
    run_to_end(start());
    size_t bytes = merged_bytes();
    ck_assert_uint_eq(told(EW_NOTICE_MERGE_FAILED), 0);
    (void)remove(MERGED);
    struct collect_merger *merger = start_merger(bytes - 1);
    while (told(EW_NOTICE_MERGE_FAILED) == 0) {
        ew_sleep_ms(WAIT_MS);
    }
    collect_merger_wake(merger);
    assert_confirmed();
    put_graph(other_text);
    while (told(EW_NOTICE_MERGE_BACK) == 0) {
        collect_merger_wake(merger);
        ew_sleep_ms(WAIT_MS);
    }
    collect_merger_end(merger);
    collect_merger_destroy(merger);
    /* That a graph was replaced while it was read may be told in between. */
    ck_assert_uint_eq(atomic_load(&sizes_told), 1);
    ck_assert_uint_eq(told(EW_NOTICE_MERGE_BACK), 1);
}
END_TEST

START_TEST(merge__of_the_most_that_is_told__is_not_told)
{
    run_to_end(start());
    size_t bytes = merged_bytes();
    (void)remove(MERGED);
    struct collect_merger *merger = start_merger(bytes);
    collect_merger_end(merger);
    collect_merger_destroy(merger);
    assert_confirmed();
    ck_assert_uint_eq(told(EW_NOTICE_MERGE_FAILED), 0);
}
END_TEST

/* --- callgraphs that are broken, replaced, too large ------------------------------------- */

START_TEST(callgraph__that_is_broken__costs_no_evidence_and_is_told)
{
    evidence_files_write(GRAPH, broken_text);
    run_to_end(start());
    ck_assert_uint_gt(evidence_files_count(LIVE), 0);
    ck_assert_uint_eq(told(EW_NOTICE_MERGE_FAILED), 1);
    ck_assert_ptr_nonnull(strstr(failure_told, GRAPH));
    ck_assert(!exists(MERGED));
}
END_TEST

START_TEST(callgraph__that_is_missing__is_told_and_merged_once_it_comes)
{
    (void)remove(GRAPH);
    struct ew_collect *collect = start();
    while (told(EW_NOTICE_MERGE_FAILED) == 0) {
        ck_assert(!ew_collect_step(collect, STEP_MS));
    }
    put_graph(graph_text);
    run_to_end(collect);
    ck_assert_ptr_nonnull(strstr(failure_told, GRAPH));
    ck_assert_uint_eq(told(EW_NOTICE_MERGE_FAILED), 1);
    ck_assert_uint_eq(told(EW_NOTICE_MERGE_BACK), 1);
    assert_confirmed();
}
END_TEST

START_TEST(callgraph__replaced_while_it_is_used__is_read_again)
{
    struct ew_collect *collect = start_held();
    evidence_files_write(GRAPH, other_text);
    release();
    run_to_end(collect);
    assert_merged_has("by another hand", true);
    assert_merged_has("by hand", false);
    ck_assert_str_eq(failure_told, "");
}
END_TEST

START_TEST(callgraph__replaced_by_a_broken_one__stays_what_it_was_and_is_told)
{
    struct ew_collect *collect = start_held();
    evidence_files_write(GRAPH, broken_text);
    release();
    run_to_end(collect);
    assert_confirmed();
    ck_assert_uint_ge(told(EW_NOTICE_MERGE_FAILED), 1);
    ck_assert_ptr_nonnull(strstr(failure_told, GRAPH));
}
END_TEST

START_TEST(callgraph__larger_than_a_collection_takes__is_refused)
{
    struct ew_file *file = NULL;
    ck_assert_int_eq(ew_file_create(GRAPH, true, &file, &error), EW_OK);
    ck_assert_int_eq(ew_file_write_at(file, EW_COLLECT_GRAPH_BYTES_MAX, " ", 1, &error), EW_OK);
    ew_file_close(file);
    run_to_end(start());
    ck_assert_uint_gt(evidence_files_count(LIVE), 0);
    ck_assert_ptr_nonnull(strstr(failure_told, "merge on another host"));
}
END_TEST

/* --- the folder of the cache ------------------------------------------------------------- */

static const char dead_cache[] =
    LIVE "/graphs/"
         "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff-0.ewgraph";
static const char dead_stamp[] = LIVE "/graphs/0011223344556677-0.stamp";
static const char anothers[] = LIVE "/graphs/readme.txt";

START_TEST(caches__of_callgraphs_that_are_gone__are_removed)
{
    ck_assert_int_eq(ew_directory_make(LIVE "/graphs", &error), EW_OK);
    evidence_files_write(dead_cache, "old");
    evidence_files_write(dead_stamp, "old");
    evidence_files_write(anothers, "not ours");
    run_to_end(start());
    ck_assert(!exists(dead_cache));
    ck_assert(!exists(dead_stamp));
    ck_assert(exists(anothers));
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("collect merge");
    TCase *tests = tcase_create("collect merge");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, collection__with_a_callgraph__publishes_the_merge);
    tcase_add_test(tests, merge__that_does_not_end__delays_no_document);
    tcase_add_test(tests, merge__that_took_long__is_left_to_the_next_start);
    tcase_add_test(tests, merge__with_documents_of_earlier_runs__has_them);
    tcase_add_test(tests, merge__of_more_than_can_be_held__is_that_of_the_newest);
    tcase_add_test(tests, merge__on_a_full_disk__keeps_the_one_before_and_leaves_no_part);
    tcase_add_test(tests,
                   merge__that_not_all_can_read__is_published_and_told_until_it_is_smaller);
    tcase_add_test(tests, merge__of_the_most_that_is_told__is_not_told);
    tcase_add_test(tests, callgraph__that_is_broken__costs_no_evidence_and_is_told);
    tcase_add_test(tests, callgraph__that_is_missing__is_told_and_merged_once_it_comes);
    tcase_add_test(tests, callgraph__replaced_while_it_is_used__is_read_again);
    tcase_add_test(tests, callgraph__replaced_by_a_broken_one__stays_what_it_was_and_is_told);
    tcase_add_test(tests, callgraph__larger_than_a_collection_takes__is_refused);
    tcase_add_test(tests, caches__of_callgraphs_that_are_gone__are_removed);
    suite_add_tcase(suite, tests);
    return suite;
}
