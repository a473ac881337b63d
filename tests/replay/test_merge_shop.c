/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The demo from recording to merge, by the five checks of the field: events of the CLR are
 * collected; chains of calls have the right names; a container's evidence holds nothing of
 * others; evidence is structured; a claim is confirmed, one refuted, one left open.
 */
#include "etwitness/synth.h"
#include "replay/merge_replay.h"
#include "support/check_main.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RECORDING "merge-shop.etl"
#define WEB "6d9f6d0c-57f8-5f0c-898d-2dc82cc922e0"

enum { SHUFFLES = 200, DOCUMENTS_MAX = 64 };

static void make_recording(void)
{
    struct ew_scenario *scenario = NULL;
    struct ew_synth_counts counts;
    struct ew_error error = {0};
    const struct ew_synth_options options = {.path = RECORDING};
    ck_assert_msg(ew_scenario_read(EW_SCENARIO, &scenario, &error) == EW_OK, "%s", error.text);
    ck_assert_msg(ew_synth_write(scenario, &options, &counts, &error) == EW_OK, "%s", error.text);
    ew_scenario_destroy(scenario);
}

static void replay(const char *container, uint64_t window_seconds)
{
    static const char *const paths[] = {RECORDING};
    struct ew_replay_options options = {
        .paths = paths, .path_count = 1, .window_seconds = window_seconds};
    options.filters.containers = &container;
    options.filters.container_count = container != NULL ? 1 : 0;
    merge_replay_run(&options);
}

static void clean(void)
{
    merge_replay_forget();
    (void)remove(RECORDING);
}

static const char *label(const char *id)
{
    return ew_reach_label_name(ew_reach_label(merge_replay_node(id)->state));
}

static enum ew_edge_class class_of(const char *from, const char *to)
{
    return merge_replay_edge(from, to)->edge_class;
}

START_TEST(clr_events__of_the_demo__identify_methods_exactly)
{
    replay(NULL, 0);
    const struct ew_merged *merged = merge_replay_merge_all(EW_GRAPH_FILE);
    const struct ew_reach_node *node = merge_replay_node("web/order.post");
    ck_assert_str_eq(node->key, "m:d9cada12026052e8a8911367b8aa525e1:06000012");
    ck_assert_str_eq(node->name, "Shop.Web.Controllers.OrderController.Post");
    ck_assert_uint_eq(merged->claims[node->first_claim].tier, 1);
    ck_assert(merged->claims[node->first_claim].build_match);
    const struct ew_reach_node *named = merge_replay_node("json/deserialize");
    ck_assert_str_eq(named->key, "m:bb2683d85f895df59fe33a356a5815a11:060000c1");
    ck_assert_uint_eq(merged->claims[named->first_claim].tier, 2);
}
END_TEST

START_TEST(chain_of_calls__from_controller_to_parser__is_confirmed_by_name)
{
    static const char *const chain[] = {
        "web/order.post", "web/parse",         "json/deserialize",   "json/serializer",
        "json/internal",  "json/create-value", "json/create-object", "json/populate-object"};
    replay(NULL, 0);
    (void)merge_replay_merge_all(EW_GRAPH_FILE);
    for (size_t i = 1; i < sizeof chain / sizeof chain[0]; i++) {
        ck_assert_int_eq(class_of(chain[i - 1], chain[i]), EW_CLASS_CONFIRMED);
        ck_assert_uint_eq(merge_replay_samples(merge_replay_edge(chain[i - 1], chain[i])), 1710);
    }
    ck_assert_int_eq(class_of("json/populate-object", "json/text-reader.read"),
                     EW_CLASS_DISPATCH);
    ck_assert_int_eq(class_of("json/create-list", "json/populate-object"), EW_CLASS_ELIDED);
    ck_assert(merge_replay_edge("json/create-list", "json/populate-list")->inferred);
}
END_TEST

START_TEST(container__of_the_web_service__has_nothing_of_the_worker)
{
    replay(WEB, 0);
    const struct ew_merged *merged = merge_replay_merge_all(EW_GRAPH_FILE);
    ck_assert_uint_eq(merged->stream_count, 1);
    ck_assert_str_eq(merged->streams[0].container, WEB);
    ck_assert_str_eq(label("web/order.post"), "CR");
    ck_assert_uint_eq(merge_replay_node("worker/main")->observation_count, 0);
    ck_assert_str_eq(label("worker/job.run"), "U"); /* its module is of another container */
    ck_assert_uint_eq(merge_replay_conflicts(EW_CONFLICT_ENTRYPOINT_MISSING), 0);
    ck_assert_uint_eq(merge_replay_conflicts(EW_CONFLICT_BUILD_MISMATCH), 0);
    ck_assert_ptr_null(merge_replay_named("System.Text.StringBuilder.Append"));
}
END_TEST

START_TEST(document__of_the_merge__is_valid_and_comes_back)
{
    struct ew_check_result result;
    struct ew_error error = {0};
    struct ew_merged *read = NULL;
    size_t byte_count = 0;
    replay(NULL, 0);
    const struct ew_merged *merged = merge_replay_merge_all(EW_GRAPH_FILE);
    const char *bytes = merge_replay_document(&byte_count);
    ck_assert_msg(ew_document_check_bytes("merged", bytes, byte_count, &result, &error) == EW_OK,
                  "%s", error.text);
    ck_assert_str_eq(result.schema, "reach-merge/1");
    ck_assert(result.canonical);
    ck_assert_int_eq(ew_merged_read("merged", bytes, byte_count, &read, &error), EW_OK);
    ck_assert_uint_eq(read->node_count, merged->node_count);
    ck_assert_uint_eq(read->edge_count, merged->edge_count);
    ck_assert_uint_eq(read->conflict_count, merged->conflict_count);
    for (int i = 0; i < EW_CLASS_COUNT; i++) {
        ck_assert_uint_eq(read->class_counts[i], merged->class_counts[i]);
    }
    ew_merged_free(read);
}
END_TEST

START_TEST(claim__that_the_vulnerable_parser_is_reachable__is_confirmed)
{
    replay(NULL, 0);
    const struct ew_merged *merged = merge_replay_merge_all(EW_GRAPH_FILE);
    const struct ew_reach_node *node = merge_replay_node("json/parse-value");
    ck_assert_str_eq(label("json/parse-value"), "CR");
    ck_assert(node->target);
    ck_assert_str_eq(merged->vulnerabilities[node->first_vulnerability], "CVE-2024-21907");
    ck_assert_str_eq(merged->builds[node->build].purl, "pkg:nuget/Newtonsoft.Json@12.0.3");
    ck_assert_uint_eq(node->confidence_observed, 950);
}
END_TEST

START_TEST(claim__that_the_job_is_unreachable__is_refuted_at_its_root)
{
    replay(NULL, 0);
    const struct ew_merged *merged = merge_replay_merge_all(EW_GRAPH_FILE);
    ck_assert_str_eq(label("worker/job.run"), "X");
    ck_assert_str_eq(label("worker/render"), "X");
    ck_assert_uint_eq(merge_replay_conflicts(EW_CONFLICT_ENTRYPOINT_MISSING), 1);
    const struct ew_reach_conflict *missing =
        merge_replay_conflict(EW_CONFLICT_ENTRYPOINT_MISSING);
    ck_assert_ptr_eq(&merged->nodes[missing->node], merge_replay_node("worker/job.run"));
    ck_assert_uint_eq(missing->count, 704);
    ck_assert_ptr_nonnull(strstr(missing->text, "thread pool"));
    ck_assert_int_eq(class_of("web/place", "web/total"), EW_CLASS_CONTRADICTION);
    ck_assert_uint_eq(merge_replay_conflicts(EW_CONFLICT_STATIC_CONTRADICTED), 1);
}
END_TEST

START_TEST(claim__that_the_archive_is_extracted__stays_open_and_says_why)
{
    replay(NULL, 0);
    const struct ew_merged *merged = merge_replay_merge_all(EW_GRAPH_FILE);
    const struct ew_reach_node *node = merge_replay_node("zip/extract");
    bool told = false;
    ck_assert_str_eq(label("zip/extract"), "SR");
    ck_assert_uint_eq(node->state.observed, EW_RUNTIME_UNKNOWN);
    ck_assert(node->augmented_reachable);
    for (size_t i = 0; i < merged->conflict_count; i++) {
        const struct ew_reach_conflict *conflict = &merged->conflicts[i];
        told = told
               || (conflict->conflict == EW_CONFLICT_COVERAGE_INSUFFICIENT
                   && conflict->node == (uint32_t)(node - merged->nodes)
                   && strstr(conflict->text, "buffers were lost") != NULL);
    }
    ck_assert(told);
    ck_assert_uint_eq(merge_replay_conflicts(EW_CONFLICT_BUILD_MISMATCH), 1);
}
END_TEST

/* --- order -------------------------------------------------------------------------- */

static uint64_t next_random(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *state >> 33;
}

/* Each document at least once, some twice, in any order. */
static size_t shuffle(uint64_t *random, size_t *order)
{
    size_t documents = merge_replay_documents();
    size_t count = documents;
    for (size_t i = 0; i < documents; i++) {
        order[i] = i;
    }
    while (count < DOCUMENTS_MAX && next_random(random) % 4 != 0) {
        order[count++] = next_random(random) % documents;
    }
    for (size_t i = count - 1; i > 0; i--) {
        size_t other = next_random(random) % (i + 1);
        size_t moved = order[i];
        order[i] = order[other];
        order[other] = moved;
    }
    return count;
}

START_TEST(order_and_repetition__of_documents__change_no_byte)
{
    uint64_t random = 20260302;
    size_t order[DOCUMENTS_MAX];
    size_t byte_count = 0;
    replay(NULL, 10);
    ck_assert_uint_ge(merge_replay_documents(), 9);
    (void)merge_replay_merge_all(EW_GRAPH_FILE);
    const char *bytes = merge_replay_document(&byte_count);
    char *first = malloc(byte_count);
    ck_assert_ptr_nonnull(first);
    memcpy(first, bytes, byte_count);
    for (int i = 0; i < SHUFFLES; i++) {
        size_t again_count = 0;
        size_t count = shuffle(&random, order);
        (void)merge_replay_merge(order, count, EW_GRAPH_FILE, true);
        bytes = merge_replay_document(&again_count);
        ck_assert_uint_eq(again_count, byte_count);
        ck_assert_int_eq(memcmp(bytes, first, byte_count), 0);
    }
    free(first);
}
END_TEST

/* More evidence can only raise a state. */
START_TEST(more_documents__raise_states__never_lower_them)
{
    size_t order[DOCUMENTS_MAX];
    uint8_t before[DOCUMENTS_MAX] = {0};
    static const char *const ids[] = {"web/order.post", "json/parse-value", "worker/job.run",
                                      "zip/extract",    "worker/settings",  "web/lookup"};
    replay(NULL, 10);
    for (size_t count = 1; count <= merge_replay_documents(); count++) {
        order[count - 1] = count - 1;
        (void)merge_replay_merge(order, count, EW_GRAPH_FILE, true);
        for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
            uint8_t observed = merge_replay_node(ids[i])->state.observed;
            ck_assert_uint_ge(observed, before[i]);
            before[i] = observed;
        }
    }
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("merge_shop");
    TCase *tests = tcase_create("merge_shop");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, make_recording, clean);
    tcase_add_test(tests, clr_events__of_the_demo__identify_methods_exactly);
    tcase_add_test(tests, chain_of_calls__from_controller_to_parser__is_confirmed_by_name);
    tcase_add_test(tests, container__of_the_web_service__has_nothing_of_the_worker);
    tcase_add_test(tests, document__of_the_merge__is_valid_and_comes_back);
    tcase_add_test(tests, claim__that_the_vulnerable_parser_is_reachable__is_confirmed);
    tcase_add_test(tests, claim__that_the_job_is_unreachable__is_refuted_at_its_root);
    tcase_add_test(tests, claim__that_the_archive_is_extracted__stays_open_and_says_why);
    tcase_add_test(tests, order_and_repetition__of_documents__change_no_byte);
    tcase_add_test(tests, more_documents__raise_states__never_lower_them);
    suite_add_tcase(suite, tests);
    return suite;
}
