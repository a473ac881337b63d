/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The laws of merging (reference evidence.md 6 and 7), by property, of the bytes that come out:
 * random documents with late revisions, forged ones and roll-ups, and random callgraphs, in any
 * order, repeated, through files and through any tree of partial unions, give one document; and
 * it reads back to the same bytes. What it counts is what the documents add up to.
 */
#include "merge/random_merge.h"
#include "merge/recount.h"
#include "support/check_main.h"
#include "windows/document_pool.h"
#include "windows/set_dump.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef EW_LAW_CASES
#define EW_LAW_CASES 20000
#endif

enum { CASES = EW_LAW_CASES, POOLS = 40, FILES_EACH = 64, CHECKS_EACH = 16 };

#define FOLDER "merge-laws.tmp"
#define GRAPH_FILE "merge-laws.graph.json"
#define AS_OF UINT64_C(134329536000000000)

static struct document_pool documents;
static struct graph_pool callgraphs;

struct drawn {
    uint32_t documents[DRAWN_MAX];
    size_t document_count;
    const struct ew_graph *graphs[2 * DRAWN_GRAPHS_MAX];
    size_t graph_count;
    struct ew_merge_options options;
};

static void draw(struct drawn *drawn)
{
    struct random *random = &documents.random;
    memset(drawn, 0, sizeof *drawn);
    drawn->document_count = 1 + random_below(random, DRAWN_MAX);
    for (size_t i = 0; i < drawn->document_count; i++) {
        drawn->documents[i] = random_below(random, documents.count);
    }
    drawn->graph_count = random_below(random, DRAWN_GRAPHS_MAX + 1);
    for (size_t i = 0; i < drawn->graph_count; i++) {
        drawn->graphs[i] = callgraphs.graphs[random_below(random, GRAPH_POOL_MAX)][0];
    }
    drawn->options.ask_unobserved = random_below(random, 2) == 0;
    drawn->options.as_of_100ns = random_below(random, 2) == 0 ? AS_OF : 0;
    drawn->options.fresh_days = random_below(random, 20);
}

/* The same, in another order and some of it more than once. */
static void draw_again(struct drawn *drawn)
{
    struct random *random = &documents.random;
    size_t count = drawn->graph_count;
    shuffle(random, drawn->documents, drawn->document_count);
    for (size_t i = 0; i < count; i++) {
        for (uint32_t g = 0; g < GRAPH_POOL_MAX; g++) {
            if (callgraphs.graphs[g][0] == drawn->graphs[i] && random_below(random, 2) == 0) {
                drawn->graphs[drawn->graph_count++] = callgraphs.graphs[g][1];
            }
        }
    }
    for (size_t i = drawn->graph_count; i > 1; i--) {
        size_t other = random_below(random, (uint32_t)i);
        const struct ew_graph *graph = drawn->graphs[i - 1];
        drawn->graphs[i - 1] = drawn->graphs[other];
        drawn->graphs[other] = graph;
    }
}

/* What the cases are about: were one of these never there, its laws would not be shown. */
static uint64_t conflicts_seen[EW_CONFLICT_COUNT];
static uint64_t classes_seen[EW_CLASS_COUNT];
static uint64_t states_seen[3][4];
static uint64_t rows_recounted;
static uint64_t entries_seen;
static uint64_t entries_united;

static void note(const struct ew_merged *merged)
{
    for (size_t i = 0; i < merged->conflict_count; i++) {
        conflicts_seen[merged->conflicts[i].conflict]++;
    }
    for (int i = 0; i < EW_CLASS_COUNT; i++) {
        classes_seen[i] += merged->class_counts[i];
    }
    for (size_t i = 0; i < merged->node_count; i++) {
        states_seen[merged->nodes[i].state.claimed][merged->nodes[i].state.observed]++;
    }
}

static int compare_numbers(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int compare_conflicts(const struct ew_reach_conflict *a, const struct ew_reach_conflict *b)
{
    int order = compare_numbers(a->conflict, b->conflict);
    order = order != 0 ? order : compare_numbers(a->node, b->node);
    order = order != 0 ? order : compare_numbers(a->edge, b->edge);
    order = order != 0 ? order : compare_numbers(a->graph, b->graph);
    return order != 0 ? order : strcmp(a->text, b->text);
}

/* Each table in its order, and nothing twice. */
static void must_be_sorted(const struct ew_merged *merged)
{
    for (size_t i = 1; i < merged->node_count; i++) {
        MUST(strcmp(merged->nodes[i - 1].key, merged->nodes[i].key) < 0);
    }
    for (size_t i = 1; i < merged->edge_count; i++) {
        const struct ew_reach_edge *before = &merged->edges[i - 1];
        const struct ew_reach_edge *edge = &merged->edges[i];
        MUST(before->from < edge->from || (before->from == edge->from && before->to < edge->to));
    }
    for (size_t i = 1; i < merged->conflict_count; i++) {
        MUST(compare_conflicts(&merged->conflicts[i - 1], &merged->conflicts[i]) < 0);
    }
    for (size_t i = 1; i < merged->graph_count; i++) {
        MUST(strcmp(merged->graphs[i - 1]->sha256, merged->graphs[i]->sha256) < 0);
    }
}

/* Claims of several graphs are joined by their maximum. */
static bool is_join(const struct ew_merged *merged, uint32_t first, uint32_t count,
                    uint8_t claimed)
{
    uint8_t most = EW_STATIC_UNKNOWN;
    for (uint32_t i = first; i < first + count; i++) {
        uint8_t claim = merged->claims[i].claim;
        most = claim > most ? claim : most;
    }
    return most == claimed;
}

static void must_be_joined(const struct ew_merged *merged)
{
    for (size_t i = 0; i < merged->node_count; i++) {
        const struct ew_reach_node *node = &merged->nodes[i];
        MUST(is_join(merged, node->first_claim, node->claim_count, node->state.claimed));
    }
    for (size_t i = 0; i < merged->edge_count; i++) {
        const struct ew_reach_edge *edge = &merged->edges[i];
        MUST(is_join(merged, edge->first_claim, edge->claim_count, edge->state.claimed));
    }
}

static unsigned kinds_in_graph(const struct ew_graph *graph, const char *id)
{
    unsigned kinds = 0;
    for (uint32_t i = 0; i < graph->entry_count; i++) {
        const struct ew_graph_node *node = &graph->nodes[graph->entries[i].node];
        kinds |=
            strcmp(ew_graph_string(graph, node->id), id) == 0 ? 1U << graph->entries[i].kind : 0;
    }
    return kinds;
}

/* A node of one graph has what that says of its id, one of no graph nothing, and all nodes
 * together what all graphs say. */
static void must_have_entries(const struct ew_merged *merged)
{
    unsigned claimed = 0;
    unsigned told = 0;
    for (size_t g = 0; g < merged->graph_count; g++) {
        for (uint32_t i = 0; i < merged->graphs[g]->entry_count; i++) {
            claimed |= 1U << merged->graphs[g]->entries[i].kind;
        }
    }
    for (size_t i = 0; i < merged->node_count; i++) {
        const struct ew_reach_node *node = &merged->nodes[i];
        unsigned kinds = 0;
        for (uint32_t c = node->first_claim; c < node->first_claim + node->claim_count; c++) {
            kinds |= kinds_in_graph(merged->graphs[merged->claims[c].graph], node->id);
        }
        MUST(node->claim_count > 1 || node->entry_kinds == kinds);
        told |= node->entry_kinds;
        entries_seen += node->entry_kinds != 0;
        entries_united +=
            node->claim_count > 1 && (node->entry_kinds & (node->entry_kinds - 1U)) != 0;
    }
    MUST(told == claimed);
}

static void must_have_seen_all(void)
{
    ck_assert_uint_gt(entries_seen, CASES);
    ck_assert_uint_gt(entries_united, 0);
    ck_assert_uint_gt(rows_recounted, CASES);
    for (int i = 0; i < EW_CONFLICT_COUNT; i++) {
        ck_assert_msg(conflicts_seen[i] > 0, "no case has %s",
                      ew_conflict_name((enum ew_conflict)i));
    }
    for (int i = 0; i < EW_CLASS_COUNT; i++) {
        ck_assert_msg(classes_seen[i] > 0, "no case has an edge that is %s",
                      ew_edge_class_name((enum ew_edge_class)i));
    }
    for (int i = 0; i < 3 * 4; i++) {
        ck_assert_msg(states_seen[i / 4][i % 4] > 0, "no case has a node that is %s and %s",
                      ew_static_state_name((enum ew_static_state)(i / 4)),
                      ew_runtime_state_name((enum ew_runtime_state)(i % 4)));
    }
}

/* What is forged can tell of one function in several ways: those are counted apart. */
static bool is_honest(const struct drawn *drawn)
{
    for (size_t i = 0; i < drawn->document_count; i++) {
        if (documents.items[drawn->documents[i]].document.forged) {
            return false;
        }
    }
    return true;
}

static struct bytes merge_to_bytes(struct drawn *drawn, struct ew_window_set *set, bool recounted)
{
    drawn->options.graphs = drawn->graphs;
    drawn->options.graph_count = drawn->graph_count;
    drawn->options.windows = set;
    struct ew_merged *merged = must_merge(&drawn->options);
    struct bytes bytes = must_write(merged);
    note(merged);
    must_be_sorted(merged);
    must_be_joined(merged);
    must_have_entries(merged);
    if (recounted) {
        rows_recounted += must_recount(merged, set);
    }
    ew_merged_free(merged);
    return bytes;
}

static void must_be_equal(const struct bytes *expected, const struct bytes *got, int number,
                          const char *what)
{
    if (expected->count != got->count || memcmp(expected->at, got->at, got->count) != 0) {
        size_t at = 0;
        while (at < got->count && at < expected->count && expected->at[at] == got->at[at]) {
            at++;
        }
        size_t from = at > 200 ? at - 200 : 0;
        ck_abort_msg("case %d, %s, at byte %zu:\n%.400s\n---\n%.400s", number, what, at,
                     expected->at + from, got->at + (from < got->count ? from : 0));
    }
}

/* Read and written once more; what `check` checks holds. */
static void check_document(const struct bytes *bytes, int number)
{
    struct ew_merged *read = NULL;
    struct ew_error error = {0};
    if (ew_merged_read("merged", bytes->at, bytes->count, &read, &error) != EW_OK) {
        ck_abort_msg("case %d: %s", number, error.text);
    }
    struct bytes again = must_write(read);
    must_be_equal(bytes, &again, number, "read and written again");
    ew_merged_free(read);
    free(again.at);
    if (number % CHECKS_EACH == 0) {
        struct ew_check_result result;
        if (ew_document_check_bytes("merged.json", bytes->at, bytes->count, &result, &error)
            != EW_OK) {
            ck_abort_msg("case %d: %s", number, error.text);
        }
        MUST(result.canonical);
    }
}

static void check_case(int number)
{
    static struct drawn drawn;
    draw(&drawn);
    struct ew_window_set *set = unite_in_order(&documents, drawn.documents, drawn.document_count);
    struct bytes expected = merge_to_bytes(&drawn, set, is_honest(&drawn));
    check_document(&expected, number);
    draw_again(&drawn);
    struct ew_window_set *tree = unite_by_tree(&documents, drawn.documents, drawn.document_count,
                                               number % FILES_EACH == 0 ? FOLDER : NULL);
    struct bytes got = merge_to_bytes(&drawn, tree, false);
    must_be_equal(&expected, &got, number, "by a tree");
    free(expected.at);
    free(got.at);
    ew_window_set_destroy(tree);
    ew_window_set_destroy(set);
}

START_TEST(merge__any_order_any_tree_and_repeated_graphs__is_the_same_document)
{
    documents.random.state = 2026;
    for (int p = 0; p < POOLS; p++) {
        pool_fill(&documents, random_evidence);
        graph_pool_fill(&callgraphs, &documents.random, false, GRAPH_FILE);
        for (int i = 0; i < CASES / POOLS; i++) {
            check_case(p * (CASES / POOLS) + i);
        }
        graph_pool_empty(&callgraphs);
        pool_empty(&documents);
    }
    must_have_seen_all();
    if (CASES < 20000) {
        (void)printf("%d cases of 20000: this build is told to take fewer\n", (int)CASES);
    }
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("laws of merges");
    TCase *laws = tcase_create("laws");
    tcase_set_timeout(laws, 170);
    tcase_add_test(laws, merge__any_order_any_tree_and_repeated_graphs__is_the_same_document);
    suite_add_tcase(suite, laws);
    return suite;
}
