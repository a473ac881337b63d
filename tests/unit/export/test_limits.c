/* SPDX-License-Identifier: Apache-2.0 */
/* What exports leave out when there is more than a format's readers take, and that they say so.
 */
#include "export/export_text.h"
#include "support/check_main.h"

#include <stdio.h>
#include <string.h>

/* Every node calls every other: more edges and conflicts than a SARIF log tells. */
enum {
    NODES = 400,
    EDGES = NODES * NODES,
    CONFLICTS = EW_EXPORT_RESULTS_MAX + 1000,
    KEY_BYTES = 16
};

static struct export_text text;
static char keys[NODES][KEY_BYTES];
static struct ew_reach_node nodes[NODES];
static struct ew_reach_edge edges[EDGES];
static struct ew_reach_conflict conflicts[CONFLICTS];
static struct ew_merged merged;

/* One walk over the text: a sanitizer's strstr() measures all that is left of it each time. */
static size_t occurrences(const char *word)
{
    size_t count = 0;
    size_t length = strlen(word);
    const char *end = text.bytes + text.used;
    const char *at = text.bytes;
    while ((at = memchr(at, word[0], (size_t)(end - at))) != NULL
           && (size_t)(end - at) >= length) {
        count += memcmp(at, word, length) == 0;
        at++;
    }
    return count;
}

static void make_nodes(void)
{
    for (uint32_t i = 0; i < NODES; i++) {
        (void)snprintf(keys[i], sizeof keys[i], "n:%u", (unsigned)i);
        nodes[i] = (struct ew_reach_node){.key = keys[i],
                                          .build = EW_GRAPH_NONE,
                                          .scope = EW_GRAPH_NONE,
                                          .state = {EW_STATIC_UNKNOWN, EW_RUNTIME_OBSERVED}};
    }
    nodes[NODES - 1].target = true;
}

static void make_merge(void)
{
    make_nodes();
    for (uint32_t i = 0; i < EDGES; i++) {
        edges[i] = (struct ew_reach_edge){.from = i / NODES,
                                          .to = i % NODES,
                                          .state = {EW_STATIC_UNKNOWN, EW_RUNTIME_OBSERVED},
                                          .edge_class = EW_CLASS_RUNTIME_ONLY};
    }
    for (uint32_t i = 0; i < CONFLICTS; i++) {
        conflicts[i] = (struct ew_reach_conflict){.conflict = EW_CONFLICT_RUNTIME_ONLY_EDGE,
                                                  .graph = EW_GRAPH_NONE,
                                                  .node = EW_GRAPH_NONE,
                                                  .edge = EDGES - 1 - i,
                                                  .text = "It was seen.",
                                                  .count = 1};
    }
    conflicts[CONFLICTS - 1].conflict = EW_CONFLICT_STATIC_DISAGREE;
    conflicts[CONFLICTS - 1].edge = EW_GRAPH_NONE;
    merged = (struct ew_merged){.nodes = nodes,
                                .node_count = NODES,
                                .edges = edges,
                                .edge_count = EDGES,
                                .conflicts = conflicts,
                                .conflict_count = CONFLICTS};
}

static struct ew_export_counts write_sarif_with(const struct ew_window *window)
{
    const struct ew_export_options options = {.format = EW_EXPORT_SARIF,
                                              .producer_version = "0.1.0",
                                              .merged = &merged,
                                              .windows = window,
                                              .window_count = window != NULL ? 1 : 0};
    return export_text_write(&text, &options);
}

static struct ew_export_counts write_sarif(void)
{
    return write_sarif_with(NULL);
}

START_TEST(sarif__more_results_than_services_take__the_weightiest_are_told)
{
    make_merge();
    struct ew_export_counts counts = write_sarif();
    ck_assert_uint_eq(counts.rows, EW_EXPORT_RESULTS_MAX);
    ck_assert_uint_eq(occurrences("\"ruleId\":"), EW_EXPORT_RESULTS_MAX);
    /* The target and all conflicts, without those that were told. */
    ck_assert_ptr_nonnull(strstr(text.bytes, "\"resultsOmitted\":1001,"));
    const char *target = strstr(text.bytes, "\"ruleId\":\"TARGET_OBSERVED\"");
    const char *review = strstr(text.bytes, "\"ruleId\":\"STATIC_DISAGREE\"");
    const char *other = strstr(text.bytes, "\"ruleId\":\"RUNTIME_ONLY_EDGE\"");
    ck_assert(target != NULL && target < review && review < other);
    /* One is about no function at all; services refuse a log with a result without a file. */
    ck_assert_uint_ge(occurrences("\"artifactLocation\":{\"uri\":\""), EW_EXPORT_RESULTS_MAX);
    ck_assert_uint_eq(occurrences("\"artifactLocation\":{\"uri\":\"evidence\"}"), 1);
    export_text_free(&text);
}
END_TEST

/* Edges that results are about are told whichever they are, and count against the limit. */
START_TEST(sarif__more_edges_than_it_tells__says_how_many)
{
    char omitted[64];
    make_merge();
    struct ew_export_counts counts = write_sarif();
    (void)snprintf(omitted, sizeof omitted, "\"edgesOmitted\":%d,",
                   EDGES - EW_EXPORT_GRAPH_EDGES_MAX);
    ck_assert_ptr_nonnull(strstr(text.bytes, omitted));
    ck_assert_uint_eq(occurrences("\"sourceNodeId\":"), EW_EXPORT_GRAPH_EDGES_MAX);
    ck_assert_uint_eq(counts.cut, 1001 + EDGES - EW_EXPORT_GRAPH_EDGES_MAX);
    (void)snprintf(omitted, sizeof omitted, "\"id\":\"e%d\"", EDGES - 1);
    ck_assert_ptr_nonnull(strstr(text.bytes, omitted));
    export_text_free(&text);
}
END_TEST

/* --- witnesses ------------------------------------------------------------------ */

enum { PATHS = 300, FRAMES = 500, WITNESSES = EW_EXPORT_WITNESS_FRAMES_MAX / FRAMES };

static struct ew_evidence_function functions[NODES];
static struct ew_evidence_path paths[PATHS];
static uint32_t frames[PATHS][FRAMES];

/* Stack i is the only one in which node i calls node i + 1. */
static void make_stacks(void)
{
    for (uint32_t i = 0; i < NODES; i++) {
        functions[i] = (struct ew_evidence_function){.key = keys[i]};
    }
    for (uint32_t i = 0; i < PATHS; i++) {
        for (uint32_t j = 0; j < FRAMES; j++) {
            frames[i][j] = j < 2 ? i + j : NODES - 1;
        }
        paths[i] = (struct ew_evidence_path){frames[i], FRAMES, true, 0, 1, 1, 1};
        conflicts[i].edge = i * NODES + i + 1;
    }
    nodes[NODES - 1].target = false;
    merged.conflict_count = PATHS;
}

START_TEST(sarif__more_frames_than_it_tells__later_results_have_no_stack)
{
    static const struct ew_evidence_source source = {.kind = EW_SOURCE_STACK_SAMPLE};
    static const struct ew_evidence_module module = {.key = "name:a", .name = "a"};
    const struct ew_evidence evidence = {.sources = &source,
                                         .source_count = 1,
                                         .modules = &module,
                                         .module_count = 1,
                                         .functions = functions,
                                         .function_count = NODES,
                                         .paths = paths,
                                         .path_count = PATHS};
    const struct ew_window window = {.evidence = &evidence, .covers_from = 1, .covers_to = 1};
    make_merge();
    make_stacks();
    struct ew_export_counts counts = write_sarif_with(&window);
    ck_assert_uint_eq(counts.rows, PATHS);
    ck_assert_uint_eq(occurrences("\"stacks\":"), WITNESSES);
    ck_assert_uint_eq(occurrences("\"codeFlows\":"), WITNESSES);
    ck_assert_ptr_nonnull(strstr(text.bytes, "\"witnessesOmitted\":100}"));
    export_text_free(&text);
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("export limits");
    TCase *tcase = tcase_create("sarif");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, sarif__more_results_than_services_take__the_weightiest_are_told);
    tcase_add_test(tcase, sarif__more_edges_than_it_tells__says_how_many);
    tcase_add_test(tcase, sarif__more_frames_than_it_tells__later_results_have_no_stack);
    suite_add_tcase(suite, tcase);
    return suite;
}
