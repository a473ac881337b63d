/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A static graph that is merged, exported as stella.callgraph.v1 and read again has the same
 * nodes, claimed edges and entry points; what was observed does not come back as a claim. The
 * merge as a document gives the same export as the merge in memory.
 */
#include "export/export_text.h"
#include "merge/merge_world.h"
#include "platform/file.h"
#include "support/check_main.h"
#include "support/evidence_files.h"

#include <stdio.h>
#include <string.h>

#define GRAPH_FILE "export_round_trip.claims.json"
#define EXPORT_FILE "export_round_trip.stella.json"

enum { TEXT_BYTES_MAX = 64 * 1024 };

struct text {
    char bytes[TEXT_BYTES_MAX];
    size_t used;
};

static struct export_text exported;

#define NODE(letter, token) \
    "{'id':'" letter "','artifact':0,'token':'" token "','name':'N.T." letter "','sig':'void ()'}"

/* One entry point of each kind that the format has, and 'A' twice. */
static const char claims[] =
    "{'schema':'static-callgraph/1','graphId':'g','analyzer':{'name':'a','version':'1'},"
    "'world':{'closed':true},'artifacts':[{'name':'App.dll','debugId':'" WORLD_DEBUG_ID "'}],"
    "'nodes':[" NODE("A", "06000001") "," NODE("B", "06000002") "," NODE("C", "06000003") "," NODE(
        "D",
        "06000004") "," NODE("E",
                             "06000005") "," NODE("F",
                                                  "06000006") "],"
                                                              "'edges':[{'from':'A','to':'B'},{'from':'B','to':'C'},{'from':'B','to':'D'},{'from':'E',"
                                                              "'to':'D'},{'from':'A','to':'A'}],"
                                                              "'entrypoints':[{'node':'A','kind':'main'},{'node':'A','kind':'http'},{'node':'B','kind':"
                                                              "'grpc'},{'node':'C','kind':'cli'},{'node':'D','kind':'job'},{'node':'E','kind':'event'},"
                                                              "{'node':'E','kind':'timer'}]}";

static struct ew_graph *load(const char *path, struct ew_graph_counts *counts)
{
    const struct ew_graph_options options = {.format = EW_GRAPH_AUTO};
    struct ew_graph *graph = NULL;
    struct ew_error error = {0};
    enum ew_status status = ew_graph_load(path, &options, &graph, counts, &error);
    ck_assert_msg(status == EW_OK, "%s", error.text);
    ck_assert_int_eq(ew_file_remove(path, NULL), EW_OK);
    return graph;
}

static struct ew_graph *load_claims(void)
{
    struct ew_graph_counts counts;
    struct text text;
    memcpy(text.bytes, claims, sizeof claims);
    for (char *at = text.bytes; *at != '\0'; at++) {
        *at = *at == '\'' ? '"' : *at;
    }
    evidence_files_write(GRAPH_FILE, text.bytes);
    return load(GRAPH_FILE, &counts);
}

/* Merges with what was seen, if anything was, exports, and reads the export. */
static struct ew_graph *there_and_back(const struct ew_graph *graph,
                                       const struct ew_evidence *seen,
                                       struct ew_graph_counts *counts)
{
    const struct ew_graph *const graphs[] = {graph};
    const struct ew_merge_options merge = {.graphs = graphs, .graph_count = 1};
    const struct ew_window window = {.evidence = seen, .covers_from = 1, .covers_to = 1};
    const struct ew_export_options options = {.format = EW_EXPORT_STELLA_CALLGRAPH,
                                              .producer_version = "0.1.0",
                                              .merged = world_merge_with(&merge),
                                              .windows = &window,
                                              .window_count = seen != NULL ? 1 : 0};
    (void)export_text_write(&exported, &options);
    evidence_files_write(EXPORT_FILE, exported.bytes);
    return load(EXPORT_FILE, counts);
}

/* A line for each node, edge and entry point, by ids. */
static void describe(const struct ew_graph *graph, struct text *out)
{
    out->used = 0;
    for (uint32_t i = 0; i < graph->node_count; i++) {
        const struct ew_graph_node *node = &graph->nodes[i];
        out->used += (size_t)snprintf(out->bytes + out->used, sizeof out->bytes - out->used,
                                      "%s %s\n", ew_graph_string(graph, node->id),
                                      ew_graph_string(graph, node->name));
        for (uint32_t j = graph->first_edge[i]; j < graph->first_edge[i + 1]; j++) {
            out->used += (size_t)snprintf(
                out->bytes + out->used, sizeof out->bytes - out->used, " calls %s\n",
                ew_graph_string(graph, graph->nodes[graph->edges[j].to].id));
        }
    }
    for (uint32_t i = 0; i < graph->entry_count; i++) {
        out->used += (size_t)snprintf(
            out->bytes + out->used, sizeof out->bytes - out->used, "entry %s %u\n",
            ew_graph_string(graph, graph->nodes[graph->entries[i].node].id),
            (unsigned)graph->entries[i].kind);
    }
}

static void compare(const struct ew_graph *left, const struct ew_graph *right)
{
    static struct text before;
    static struct text after;
    describe(left, &before);
    describe(right, &after);
    ck_assert_str_eq(before.bytes, after.bytes);
}

START_TEST(graph__exported_and_read__is_the_same)
{
    struct ew_graph_counts counts;
    world_begin();
    struct ew_graph *graph = load_claims();
    struct ew_graph *back = there_and_back(graph, NULL, &counts);
    compare(graph, back);
    ck_assert_uint_eq(back->entry_count, 7);
    ck_assert_uint_eq(counts.observed_edges, 0);
    struct ew_graph *again = there_and_back(back, NULL, &counts);
    compare(back, again);
    ew_graph_free(again);
    ew_graph_free(back);
    ew_graph_free(graph);
    export_text_free(&exported);
    world_end();
}
END_TEST

/* 'F' begins a complete stack and no graph says so; "D>C" is in no graph. */
START_TEST(observations__exported_and_read__claim_nothing)
{
    struct ew_graph_counts counts;
    world_begin();
    struct ew_graph *graph = load_claims();
    struct ew_evidence *seen = world_window();
    world_stack("A>B>D>C", 5);
    world_stack("F>C", 2);
    world_stack("..>C>B", 2);
    struct ew_graph *back = there_and_back(graph, seen, &counts);
    compare(graph, back);
    ck_assert_uint_eq(counts.observed_edges, 3);
    ck_assert_ptr_nonnull(strstr(exported.bytes, "\"etwitness.root\":\"observed\""));
    ck_assert_ptr_nonnull(strstr(
        exported.bytes, "\"id\":\"F\",\"isEntrypointCandidate\":true,\"kind\":\"method\""));
    ck_assert_ptr_nonnull(strstr(exported.bytes, "\"id\":\"A\",\"isEntrypointCandidate\":false"));
    ck_assert_ptr_nonnull(strstr(exported.bytes, "\"id\":\"C\",\"isEntrypointCandidate\":false"));
    ew_graph_free(back);
    ew_graph_free(graph);
    export_text_free(&exported);
    world_end();
}
END_TEST

/* The export of the merge that was exported last, from its document instead. */
static void export_document(const struct ew_export_options *in_memory, struct export_text *out)
{
    size_t byte_count = 0;
    const char *bytes = world_document(&byte_count);
    struct ew_merged *read = NULL;
    struct ew_error error = {0};
    enum ew_status status = ew_merged_read("merge", bytes, byte_count, &read, &error);
    ck_assert_msg(status == EW_OK, "%s", error.text);
    struct ew_export_options options = *in_memory;
    options.merged = read;
    (void)export_text_write(out, &options);
    ew_merged_free(read);
}

START_TEST(document__exported__is_what_the_merge_in_memory_gives)
{
    static struct export_text again;
    world_begin();
    struct ew_graph *graph = load_claims();
    struct ew_evidence *seen = world_window();
    world_stack("A>B>D>C", 5);
    world_stack("F>C", 2);
    const struct ew_graph *const graphs[] = {graph};
    const struct ew_merge_options merge = {.graphs = graphs, .graph_count = 1};
    const struct ew_window window = {.evidence = seen, .covers_from = 1, .covers_to = 1};
    struct ew_export_options options = {.format = EW_EXPORT_STELLA_CALLGRAPH,
                                        .producer_version = "0.1.0",
                                        .merged = world_merge_with(&merge)};
    for (size_t windows = 0; windows <= 1; windows++) {
        options.windows = windows > 0 ? &window : NULL;
        options.window_count = windows;
        (void)export_text_write(&exported, &options);
        export_document(&options, &again);
        ck_assert_str_eq(exported.bytes, again.bytes);
        ck_assert_ptr_nonnull(strstr(again.bytes,
                                     "{\"kind\":\"http\",\"nodeId\":\"A\",\"order\":0},"
                                     "{\"kind\":\"main\",\"nodeId\":\"A\",\"order\":1},"
                                     "{\"kind\":\"grpc\",\"nodeId\":\"B\",\"order\":2},"));
    }
    export_text_free(&again);
    export_text_free(&exported);
    ew_graph_free(graph);
    world_end();
}
END_TEST

/* Two graphs call one function 'A' and 'start': it is an entry point by the id that it has. */
START_TEST(entry_points__of_a_graph_with_other_ids__are_those_of_the_node)
{
    world_begin();
    struct ew_evidence *seen = world_window();
    world_stack("A>B", 5);
    claim_begin(false);
    claim_node('A', "");
    claim_node('B', "");
    claim_entry_kind('A', "http");
    (void)claim_end();
    claim_begin(false);
    claim_member("{'id':'start','artifact':0,'token':'06000001','name':'N.T.A'}");
    claim_node('B', "");
    claim_entry_of("start", "timer");
    claim_entry_of("start", "event");
    claim_entry_of("start", "com"); /* the format has one word for both */
    (void)claim_end();
    const struct ew_window window = {.evidence = seen, .covers_from = 1, .covers_to = 1};
    const struct ew_export_options options = {.format = EW_EXPORT_STELLA_CALLGRAPH,
                                              .producer_version = "0.1.0",
                                              .merged = world_merge(),
                                              .windows = &window,
                                              .window_count = 1};
    char expected[256];
    const char *id = world_node("A")->id;
    (void)snprintf(expected, sizeof expected,
                   "\"entrypoints\":[{\"kind\":\"event\",\"nodeId\":\"%s\",\"order\":0},"
                   "{\"kind\":\"http\",\"nodeId\":\"%s\",\"order\":1},"
                   "{\"kind\":\"timer\",\"nodeId\":\"%s\",\"order\":2}]",
                   id, id, id);
    (void)export_text_write(&exported, &options);
    ck_assert_msg(strstr(exported.bytes, expected) != NULL, "%s: %s", expected, exported.bytes);
    export_text_free(&exported);
    world_end();
}
END_TEST

struct spelt {
    const char *kind; /* of callgraphs */
    const char *word; /* of the format, which has fewer */
};

static const struct spelt spelt[] = {
    {"main", "main"},      {"http", "http"},    {"grpc", "grpc"},   {"cli", "cli"},
    {"job", "job"},        {"event", "event"},  {"timer", "timer"}, {"export", "event"},
    {"service", "main"},   {"dllmain", "main"}, {"tls", "main"},    {"com", "event"},
    {"callback", "event"}, {"test", "cli"},
};

START_TEST(entry_point__of_each_kind__has_a_word_of_the_format)
{
    char expected[128];
    world_begin();
    claim_begin(false);
    claim_node('A', "");
    claim_node('B', "");
    claim_entry_kind('A', spelt[_i].kind);
    (void)claim_end();
    const struct ew_export_options options = {.format = EW_EXPORT_STELLA_CALLGRAPH,
                                              .producer_version = "0.1.0",
                                              .merged = world_merge()};
    (void)export_text_write(&exported, &options);
    (void)snprintf(expected, sizeof expected,
                   "\"entrypoints\":[{\"kind\":\"%s\",\"nodeId\":\"A\",\"order\":0}]",
                   spelt[_i].word);
    ck_assert_msg(strstr(exported.bytes, expected) != NULL, "%s: %s", spelt[_i].kind,
                  exported.bytes);
    export_text_free(&exported);
    world_end();
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("round trip");
    TCase *tcase = tcase_create("stella.callgraph.v1");
    tcase_add_test(tcase, graph__exported_and_read__is_the_same);
    tcase_add_test(tcase, observations__exported_and_read__claim_nothing);
    tcase_add_test(tcase, document__exported__is_what_the_merge_in_memory_gives);
    tcase_add_test(tcase, entry_points__of_a_graph_with_other_ids__are_those_of_the_node);
    tcase_add_loop_test(tcase, entry_point__of_each_kind__has_a_word_of_the_format, 0,
                        (int)(sizeof spelt / sizeof spelt[0]));
    suite_add_tcase(suite, tcase);
    return suite;
}
