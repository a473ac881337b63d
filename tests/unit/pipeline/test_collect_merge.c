/* SPDX-License-Identifier: Apache-2.0 */
/* A running collection that was given a callgraph publishes the merge beside its evidence. */
#include "etwitness/collect.h"
#include "etwitness/synth.h"
#include "platform/file.h"
#include "support/check_main.h"
#include "support/evidence_files.h"
#include "support/play_capture.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RECORDING "collect-merge.etl"
#define GRAPH "collect-merge.graph.json"
#define LIVE "collect-merge-live"
#define MERGED LIVE "/merged/reach-merge.json"

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

static struct ew_error error;
static struct ew_settings settings;
static struct play_options play;

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

static void set_up(void)
{
    struct ew_scenario *scenario = NULL;
    struct ew_synth_counts counts;
    struct ew_synth_options options = {.path = RECORDING};
    clean();
    ck_assert_msg(ew_scenario_read(EW_SCENARIOS "/shop.json", &scenario, &error) == EW_OK, "%s",
                  error.text);
    ck_assert_msg(ew_synth_write(scenario, &options, &counts, &error) == EW_OK, "%s", error.text);
    ew_scenario_destroy(scenario);
    evidence_files_write(GRAPH, graph_text);
    play = (struct play_options){.path = RECORDING, .waits = true};
    ck_assert_int_eq(ew_settings_init(&settings), EW_OK);
    free(settings.directory);
    settings.directory = malloc(sizeof LIVE);
    ck_assert_ptr_nonnull(settings.directory);
    memcpy(settings.directory, LIVE, sizeof LIVE);
    settings.window_seconds = EW_WINDOW_SECONDS_MIN;
    settings.symbols.enabled = false;
    add_path(&settings.callgraphs, GRAPH);
}

static void tear_down(void)
{
    ew_settings_free(&settings);
    clean();
}

static void run_to_end(void)
{
    struct ew_collect *collect = NULL;
    struct ew_collect_options options = {.settings = &settings};
    play_capture(&play, &options.capture);
    ck_assert_msg(ew_collect_start(&options, &collect, &error) == EW_OK, "%s", error.text);
    while (!ew_collect_step(collect, 100)) {
    }
    ck_assert_msg(ew_collect_close(collect, &error) == EW_OK, "%s", error.text);
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

START_TEST(collection__with_a_callgraph__publishes_the_merge)
{
    struct ew_check_result checked;
    json_error_t broken;
    run_to_end();
    ck_assert_msg(ew_document_check(MERGED, &checked, &error) == EW_OK, "%s", error.text);
    ck_assert_str_eq(checked.schema, "reach-merge/1");
    json_t *merged = json_load_file(MERGED, 0, &broken);
    ck_assert_ptr_nonnull(merged);
    const json_t *edge = edge_between(merged, "parse", "deserialize");
    ck_assert_ptr_nonnull(edge);
    ck_assert_str_eq(json_string_value(json_object_get(edge, "state")), "CR");
    json_decref(merged);
}
END_TEST

START_TEST(collection__with_a_callgraph_that_is_broken__does_not_start)
{
    struct ew_collect *collect = NULL;
    struct ew_collect_options options = {.settings = &settings};
    evidence_files_write(GRAPH, "{\"schema\":\"static-callgraph/1\",\"nodes\":7}");
    play_capture(&play, &options.capture);
    ck_assert_int_eq(ew_collect_start(&options, &collect, &error), EW_FORMAT);
    ck_assert_ptr_nonnull(strstr(error.text, GRAPH));
    options.capture.close(options.capture.context);
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("collect merge");
    TCase *tests = tcase_create("collect merge");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, collection__with_a_callgraph__publishes_the_merge);
    tcase_add_test(tests, collection__with_a_callgraph_that_is_broken__does_not_start);
    suite_add_tcase(suite, tests);
    return suite;
}
