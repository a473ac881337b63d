/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The shop with its known answers: every call between managed methods with its hits, every
 * call at all by number, and each in the document of its own container only.
 */
#include "etwitness/pipeline.h"
#include "etwitness/synth.h"
#include "support/check_main.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#define RECORDING "answers-test.etl"
#define ANSWERS "answers-test.json"

static json_t *answers;
static struct ew_error error;
static size_t documents;
static uint64_t samples;

static void make_recording(bool compressed, uint64_t sample_count)
{
    struct ew_scenario *scenario = NULL;
    struct ew_synth_counts counts;
    struct ew_synth_options options = {.path = RECORDING,
                                       .answers_path = ANSWERS,
                                       .compressed = compressed,
                                       .has_sample_count = sample_count != 0,
                                       .sample_count = sample_count};
    json_error_t broken;
    ck_assert_msg(ew_scenario_read(EW_SCENARIO, &scenario, &error) == EW_OK, "%s", error.text);
    ck_assert_msg(ew_synth_write(scenario, &options, &counts, &error) == EW_OK, "%s", error.text);
    ew_scenario_destroy(scenario);
    answers = json_load_file(ANSWERS, 0, &broken);
    ck_assert_msg(answers != NULL, "%s", broken.text);
    samples = counts.samples;
}

static void clean(void)
{
    json_decref(answers);
    answers = NULL;
    (void)remove(RECORDING);
    (void)remove(ANSWERS);
}

static bool same_scope(json_t *process, const char *container)
{
    const char *own = json_string_value(json_object_get(process, "container"));
    return own == NULL || container == NULL ? own == container : strcmp(own, container) == 0;
}

/* Native functions have a name in the answers only, with their module before a '!'. */
static bool is_managed(const char *name)
{
    return strchr(name, '!') == NULL;
}

static uint64_t hits_in(const struct ew_evidence *evidence, const char *caller,
                        const char *callee)
{
    uint64_t hits = 0;
    for (size_t i = 0; i < evidence->edge_count; i++) {
        const struct ew_evidence_edge *edge = &evidence->edges[i];
        const char *from = evidence->functions[edge->from].name;
        const char *to = evidence->functions[edge->to].name;
        if (from != NULL && to != NULL && strcmp(from, caller) == 0 && strcmp(to, callee) == 0) {
            hits += edge->hits;
        }
    }
    return hits;
}

static uint64_t known_hits(const char *container, const char *caller, const char *callee)
{
    uint64_t hits = 0;
    size_t p;
    json_t *process;
    json_array_foreach(json_object_get(answers, "processes"), p, process)
    {
        size_t e;
        json_t *edge;
        json_array_foreach(json_object_get(process, "edges"), e, edge)
        {
            if (same_scope(process, container)
                && strcmp(json_string_value(json_object_get(edge, "caller")), caller) == 0
                && strcmp(json_string_value(json_object_get(edge, "callee")), callee) == 0) {
                hits += (uint64_t)json_integer_value(json_object_get(edge, "hits"));
            }
        }
    }
    return hits;
}

static size_t check_process(json_t *process, const struct ew_evidence *evidence)
{
    size_t e;
    json_t *edge;
    json_t *edges = json_object_get(process, "edges");
    json_array_foreach(edges, e, edge)
    {
        const char *caller = json_string_value(json_object_get(edge, "caller"));
        const char *callee = json_string_value(json_object_get(edge, "callee"));
        if (is_managed(caller) && is_managed(callee)) {
            uint64_t known = known_hits(evidence->container, caller, callee);
            ck_assert_msg(hits_in(evidence, caller, callee) == known,
                          "%s -> %s: %llu, known %llu", caller, callee,
                          (unsigned long long)hits_in(evidence, caller, callee),
                          (unsigned long long)known);
        }
    }
    return json_array_size(edges);
}

static void check_document(void *context, const struct ew_evidence *evidence,
                           const struct ew_published *published)
{
    size_t edges = 0;
    size_t p;
    json_t *process;
    (void)context;
    (void)published;
    json_array_foreach(json_object_get(answers, "processes"), p, process)
    {
        edges += same_scope(process, evidence->container) ? check_process(process, evidence) : 0;
    }
    ck_assert_uint_eq(evidence->edge_count, edges);
    documents++;
}

static void replay(void)
{
    static const char *const paths[] = {RECORDING};
    struct ew_replay_result result;
    struct ew_replay_options options = {
        .paths = paths, .path_count = 1, .on_document = check_document};
    documents = 0;
    ck_assert_msg(ew_replay_run(&options, &result, &error) == EW_OK, "%s", error.text);
    ck_assert_uint_eq(documents, 3);
    ck_assert_uint_eq(result.model.samples_busy, samples);
    ck_assert_uint_eq(result.aggregate.samples.stacks, samples);
    ck_assert_uint_eq(result.model.orphans, 0);
    ck_assert_uint_eq(result.aggregate.dropped, 0);
    ew_replay_result_free(&result);
}

START_TEST(shop__plain__has_its_known_calls)
{
    make_recording(false, 0);
    replay();
}
END_TEST

START_TEST(shop__compressed_and_longer__has_its_known_calls)
{
    make_recording(true, 40000);
    replay();
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("known answers");
    TCase *tests = tcase_create("answers");
    tcase_add_checked_fixture(tests, NULL, clean);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, shop__plain__has_its_known_calls);
    tcase_add_test(tests, shop__compressed_and_longer__has_its_known_calls);
    suite_add_tcase(suite, tests);
    return suite;
}
