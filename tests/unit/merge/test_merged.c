/* SPDX-License-Identifier: Apache-2.0 */
/* The merged document: what is folded into it, its bytes, and the way back. */
#include "merge/merge_world.h"
#include "support/check_main.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY UINT64_C(864000000000)
#define SECOND_STREAM "00000000000000000000000000000002"

static void graph_of_four(void)
{
    claim_begin(true);
    claim_node('A', "");
    claim_node('B', ",'docId':'M:N.T.B'");
    claim_node('C', "");
    claim_node('D', ",'inline':'never'");
    claim_edge("A>B", "");
    claim_edge("B>C", ",'confidence':400");
    claim_entry('A');
    claim_target('C', "CVE-2");
    claim_target('C', "CVE-1");
    (void)claim_end();
}

/* A bit of everything: two streams, several ways to be seen, a conflict or two. */
static void rich_world(void)
{
    (void)world_window();
    world_stack("A>B>C", 5);
    world_stack("..>B>D", 1);
    (void)world_window();
    world_stack("A>B", 2);
    (void)world_stream(SECOND_STREAM);
    world_stack("A>C", 3);
    graph_of_four();
}

START_TEST(observations__of_windows_and_streams__are_folded)
{
    rich_world();
    const struct ew_merged *merged = world_merge();
    const struct ew_reach_node *node = world_node("A");
    ck_assert_uint_eq(node->observation_count, 2);
    const struct ew_reach_observation *rows = &merged->observations[node->first_observation];
    ck_assert_uint_eq(rows[0].stream, 0);
    ck_assert_uint_eq(rows[0].hits, 7);
    ck_assert_uint_eq(rows[0].windows, 2);
    ck_assert_uint_eq(rows[0].first_sequence, 1);
    ck_assert_uint_eq(rows[0].last_sequence, 2);
    ck_assert_uint_eq(rows[0].level, 4);
    ck_assert(rows[0].samples);
    ck_assert_uint_eq(rows[0].tier, 1);
    ck_assert_uint_eq(rows[1].stream, 1);
    ck_assert_uint_eq(rows[1].hits, 3);
    const struct ew_reach_edge *edge = world_edge("B>D");
    ck_assert_uint_eq(merged->observations[edge->first_observation].level, 3);
}
END_TEST

START_TEST(observations__of_a_roll_up_from_number_zero__begin_with_one)
{
    (void)world_window();
    world_last_window()->covers_from = 0;
    world_stack("A>B", 3);
    graph_of_four();
    const struct ew_merged *merged = world_merge();
    const struct ew_reach_node *node = world_node("A");
    ck_assert_uint_eq(merged->observations[node->first_observation].first_sequence, 1);
}
END_TEST

START_TEST(confidence__of_a_claim__is_the_least_of_edge_and_match)
{
    rich_world();
    (void)world_merge();
    ck_assert_uint_eq(world_edge("A>B")->confidence_claimed, 1000);
    ck_assert_uint_eq(world_edge("B>C")->confidence_claimed, 400);
    ck_assert_uint_eq(world_edge("B>C")->confidence_observed, 1000);
}
END_TEST

START_TEST(targets__of_a_graph__carry_their_vulnerabilities_in_order)
{
    rich_world();
    const struct ew_merged *merged = world_merge();
    const struct ew_reach_node *node = world_node("C");
    ck_assert(node->target);
    ck_assert_uint_eq(node->vulnerability_count, 2);
    ck_assert_str_eq(merged->vulnerabilities[node->first_vulnerability], "CVE-1");
    ck_assert_str_eq(merged->vulnerabilities[node->first_vulnerability + 1], "CVE-2");
}
END_TEST

/* 'A' is one node of both graphs, and of a third that says nothing of entry points. */
START_TEST(entry_points__of_several_graphs__are_united_on_their_node)
{
    (void)world_window();
    world_stack("A>B", 1);
    claim_begin(true);
    claim_node('A', "");
    claim_node('B', "");
    claim_entry_kind('A', "timer");
    claim_entry_kind('A', "main");
    (void)claim_end();
    claim_begin(false);
    claim_node('A', "");
    claim_node('C', "");
    claim_entry_kind('A', "grpc");
    claim_entry_kind('A', "main");
    claim_entry_kind('C', "test");
    (void)claim_end();
    claim_begin(false);
    claim_node('A', "");
    (void)claim_end();
    (void)world_merge();
    ck_assert_uint_eq(world_node("A")->entry_kinds,
                      1U << EW_ENTRY_MAIN | 1U << EW_ENTRY_GRPC | 1U << EW_ENTRY_TIMER);
    ck_assert_uint_eq(world_node("B")->entry_kinds, 0);
    ck_assert_uint_eq(world_node("C")->entry_kinds, 1U << EW_ENTRY_TEST);
    size_t byte_count = 0;
    const char *bytes = world_document(&byte_count);
    ck_assert_ptr_nonnull(
        strstr(bytes, ",\"entryPoint\":[\"grpc\",\"main\",\"timer\"],\"id\":\"A\""));
    ck_assert_ptr_nonnull(strstr(bytes, ",\"entryPoint\":[\"test\"],\"id\":\"C\""));
}
END_TEST

START_TEST(augmented__what_a_seen_function_calls__is_reachable_beside_the_claim)
{
    (void)world_window();
    world_stack("..>D", 5);
    claim_begin(true);
    claim_node('A', "");
    claim_node('D', "");
    claim_node('E', "");
    claim_node('F', "");
    claim_edge("D>E", "");
    claim_entry('A');
    (void)claim_end();
    (void)world_merge();
    ck_assert(world_node("E")->augmented_reachable);
    ck_assert_str_eq(world_label("E"), "SU");
    ck_assert(!world_node("F")->augmented_reachable);
    ck_assert(world_node("A")->augmented_reachable);
}
END_TEST

START_TEST(fresh__seen_long_ago__is_marked_and_changes_no_state)
{
    rich_world();
    const struct ew_merge_options options = {.as_of_100ns = WORLD_START + 8 * DAY,
                                             .fresh_days = 7};
    const struct ew_merge_options later = {.as_of_100ns = WORLD_START + 7 * DAY, .fresh_days = 7};
    (void)world_merge_with(&options);
    ck_assert(world_node("A")->stale);
    ck_assert(world_edge("A>B")->stale);
    ck_assert_str_eq(world_label("A"), "CR");
    (void)world_merge_with(&later);
    ck_assert(!world_node("A")->stale);
}
END_TEST

/* --- documents ---------------------------------------------------------------------------------
 */

static bool collect(void *context, const void *bytes, size_t byte_count)
{
    char **at = context;
    memcpy(*at, bytes, byte_count);
    *at += byte_count;
    return true;
}

static struct ew_merged *read_again(const char *bytes, size_t byte_count)
{
    struct ew_merged *read = NULL;
    struct ew_error error = {0};
    enum ew_status status = ew_merged_read("doc", bytes, byte_count, &read, &error);
    ck_assert_msg(status == EW_OK, "%s", error.text);
    return read;
}

static void check_same_bytes_again(void)
{
    size_t byte_count = 0;
    const char *bytes = world_document(&byte_count);
    struct ew_merged *read = read_again(bytes, byte_count);
    char *again = malloc(byte_count + 1);
    char *at = again;
    ck_assert_ptr_nonnull(again);
    ck_assert_int_eq(ew_merged_write(read, collect, &at, NULL), EW_OK);
    ck_assert_uint_eq((size_t)(at - again), byte_count);
    ck_assert_int_eq(memcmp(again, bytes, byte_count), 0);
    free(again);
    ew_merged_free(read);
}

START_TEST(document__read_and_written_again__is_the_same_bytes)
{
    rich_world();
    world_ambiguous("E|F", EW_AMBIGUOUS_FOLDED, 1);
    const struct ew_merge_options options = {
        .as_of_100ns = WORLD_START + 9 * DAY, .fresh_days = 7, .ask_unobserved = true};
    (void)world_merge_with(&options);
    check_same_bytes_again();
}
END_TEST

START_TEST(document__of_unobserved_functions__is_the_same_bytes)
{
    struct ew_evidence *evidence = world_window();
    evidence->quality.rundown = EW_RUNDOWN_COMPLETE;
    world_module_row(0)->samples = 3000;
    world_stack("A", 3000);
    graph_of_four();
    const struct ew_merged *merged = world_merge_asking();
    ck_assert_uint_eq(merged->scope_count, 1);
    check_same_bytes_again();
}
END_TEST

/* Each kind by the word that callgraphs have for it, on a node of its own and all on one. */
START_TEST(document__of_entry_points__lists_the_words_of_callgraphs_in_order)
{
    static const char *const words[] = {"callback", "cli",  "com",   "dllmain", "event",
                                        "export",   "grpc", "http",  "job",     "main",
                                        "service",  "test", "timer", "tls"};
    enum { WORDS = sizeof words / sizeof words[0] };
    char expected[256] = "\"entryPoint\":[";
    claim_begin(false);
    claim_node('A', "");
    for (size_t i = 0; i < WORDS; i++) {
        size_t used = strlen(expected);
        claim_node((char)('B' + i), "");
        claim_entry_kind((char)('B' + i), words[i]);
        claim_entry_kind('A', words[WORDS - 1 - i]);
        (void)snprintf(expected + used, sizeof expected - used, "\"%s\"%s", words[i],
                       i + 1 < WORDS ? "," : "]");
    }
    (void)claim_end();
    const struct ew_merged *merged = world_merge();
    size_t byte_count = 0;
    const char *bytes = world_document(&byte_count);
    ck_assert_ptr_nonnull(strstr(bytes, expected));
    struct ew_merged *read = read_again(bytes, byte_count);
    ck_assert_uint_eq(read->node_count, WORDS + 1);
    for (size_t i = 0; i <= WORDS; i++) {
        ck_assert_uint_eq(read->nodes[i].entry_kinds, merged->nodes[i].entry_kinds);
    }
    ck_assert_uint_eq(world_node("A")->entry_kinds, (1U << WORDS) - 1);
    for (size_t i = 0; i < WORDS; i++) {
        char letter[2] = {(char)('B' + i), '\0'};
        unsigned kinds = world_node(letter)->entry_kinds;
        ck_assert_uint_ne(kinds, 0);
        ck_assert_uint_eq(kinds & (kinds - 1), 0);
    }
    ew_merged_free(read);
    check_same_bytes_again();
}
END_TEST

START_TEST(document__without_graphs__is_what_ran)
{
    (void)world_window();
    world_stack("A>B", 5);
    const struct ew_merged *merged = world_merge();
    ck_assert_uint_eq(merged->node_count, 2);
    ck_assert_str_eq(world_label("A"), "RO");
    ck_assert_int_eq(world_edge("A>B")->edge_class, EW_CLASS_RUNTIME_ONLY);
    ck_assert_uint_eq(merged->conflict_count, 0);
    check_same_bytes_again();
}
END_TEST

START_TEST(document__without_windows__is_what_is_claimed)
{
    graph_of_four();
    const struct ew_merged *merged = world_merge();
    ck_assert_uint_eq(merged->node_count, 4);
    ck_assert_uint_eq(merged->class_counts[EW_CLASS_STATIC_ONLY], 2);
    ck_assert_str_eq(world_label("A"), "SR");
    ck_assert_str_eq(world_label("D"), "U"); /* closed, but of no build that runs */
    check_same_bytes_again();
}
END_TEST

/* Two graphs told in both orders give the same bytes. */
START_TEST(document__graphs_in_another_order__is_the_same_bytes)
{
    rich_world();
    claim_begin(false);
    claim_node('A', "");
    claim_node('B', "");
    claim_edge("A>B", ",'confidence':900");
    claim_entry('B');
    const struct ew_graph *second = claim_end();
    size_t byte_count = 0;
    size_t again_count = 0;
    const struct ew_merged *merged = world_merge();
    ck_assert_uint_eq(merged->graph_count, 2);
    const struct ew_graph *const one_way[] = {merged->graphs[0], merged->graphs[1]};
    const struct ew_graph *const other_way[] = {one_way[1], one_way[0]};
    ck_assert(one_way[0] == second || one_way[1] == second);
    const struct ew_merge_options first = {.graphs = one_way, .graph_count = 2};
    const struct ew_merge_options last = {.graphs = other_way, .graph_count = 2};
    (void)world_merge_with(&first);
    const char *bytes = world_document(&byte_count);
    char *copy = malloc(byte_count);
    ck_assert_ptr_nonnull(copy);
    memcpy(copy, bytes, byte_count);
    (void)world_merge_with(&last);
    bytes = world_document(&again_count);
    ck_assert_uint_eq(byte_count, again_count);
    ck_assert_int_eq(memcmp(bytes, copy, byte_count), 0);
    free(copy);
}
END_TEST

/* --- hostile documents -------------------------------------------------------------------------
 */

struct change {
    const char *from;
    const char *to;
};

/* Each makes a valid document one that is not. */
static const struct change changes[] = {
    {"\"schema\":\"reach-merge/1\"", "\"schema\":\"reach-merge/2\""},
    {"\"from\":0", "\"from\":99"},
    {"\"to\":1", "\"to\":-1"},
    {"\"stream\":0", "\"stream\":77"},
    {"\"graph\":0", "\"graph\":5"},
    {"\"state\":\"CR\"", "\"state\":\"SU\""},
    {"\"class\":\"confirmed\"", "\"class\":\"sure\""},
    {"\"level\":4", "\"level\":5"},
    {"\"key\":\"m:", "\"kex\":\"m:"},
    {"\"hits\":7", "\"hits\":\"7\""},
    {"\"nodes\":[", "\"nodes\":{"},
    {"\"inputs\":", "\"input\":"},
    {"\"first\":\"2026", "\"first\":\"20x6"},
    {"\"hits\":7", "\"hits\":7,\"hits\":7"},
    {"\"key\":\"m:", "\"key\":\"\xff"},
    {"\"nodes\":[", "\"nodes\":[[[[[[[[[[[[[[[["},
};

/* Reads the rich world's document with that change. */
static void refuse(const struct change *change, struct ew_error *error)
{
    rich_world();
    (void)world_merge();
    size_t byte_count = 0;
    const char *bytes = world_document(&byte_count);
    const char *found = strstr(bytes, change->from);
    ck_assert_msg(found != NULL, "%s is not in the document", change->from);
    size_t before = (size_t)(found - bytes);
    size_t from = strlen(change->from);
    size_t to = strlen(change->to);
    char *changed = malloc(byte_count + to + 1);
    struct ew_merged *read = NULL;
    ck_assert_ptr_nonnull(changed);
    memcpy(changed, bytes, before);
    memcpy(changed + before, change->to, to);
    memcpy(changed + before + to, found + from, byte_count - before - from);
    ck_assert_int_eq(ew_merged_read("doc", changed, byte_count - from + to, &read, error),
                     EW_FORMAT);
    free(changed);
}

START_TEST(document__changed__is_refused_with_its_place)
{
    struct ew_error error = {0};
    refuse(&changes[_i], &error);
    ck_assert_ptr_nonnull(strstr(error.text, "doc"));
}
END_TEST

struct wrong_kinds {
    const char *kinds; /* instead of ["main"] */
    const char *place;
    const char *why;
};

static const struct wrong_kinds wrong_kinds[] = {
    {"[\"root\"]", "nodes[0].entryPoint[0]", "no kind of entry point"},
    {"[\"Main\"]", "nodes[0].entryPoint[0]", "no kind of entry point"},
    {"[\"mai\"]", "nodes[0].entryPoint[0]", "no kind of entry point"},
    {"[\"\"]", "nodes[0].entryPoint[0]", "no kind of entry point"},
    {"[\"http\",\"main\",\"main\"]", "nodes[0].entryPoint[2]", "does not come after"},
    {"[\"main\",\"http\"]", "nodes[0].entryPoint[1]", "does not come after"},
    {"[\"main\",7]", "nodes[0].entryPoint[1]", "must be a string"},
    {"[\"main\",null]", "nodes[0].entryPoint[1]", "must be a string"},
    {"\"main\"", "nodes[0].entryPoint", "must be an array"},
    {"{}", "nodes[0].entryPoint", "must be an array"},
    {"true", "nodes[0].entryPoint", "must be an array"},
    {"[]", "nodes[0].entryPoint", "names no kind"},
};

START_TEST(document__with_wrong_entry_points__is_refused_with_their_place)
{
    char text[64];
    const struct change change = {"\"entryPoint\":[\"main\"]", text};
    struct ew_error error = {0};
    (void)snprintf(text, sizeof text, "\"entryPoint\":%s", wrong_kinds[_i].kinds);
    refuse(&change, &error);
    ck_assert_msg(strstr(error.text, wrong_kinds[_i].place) != NULL
                      && strstr(error.text, wrong_kinds[_i].why) != NULL,
                  "%s: %s", wrong_kinds[_i].kinds, error.text);
}
END_TEST

START_TEST(document__cut_anywhere__is_refused)
{
    (void)world_window();
    world_stack("A>B", 5);
    (void)world_merge();
    size_t byte_count = 0;
    const char *bytes = world_document(&byte_count);
    for (size_t length = 0; length < byte_count; length += 7) {
        struct ew_merged *read = NULL;
        ck_assert_int_ne(ew_merged_read("doc", bytes, length, &read, NULL), EW_OK);
    }
}
END_TEST

/* A document that tells a key of a graph's node cannot take its place. */
START_TEST(key__that_a_graphs_node_has__stays_the_graphs)
{
    (void)world_window();
    graph_of_four();
    (void)world_merge();
    char forged[128];
    const char *key = world_node("D")->key;
    ck_assert_int_eq(strncmp(key, "g:", 2), 0);
    (void)snprintf(forged, sizeof forged, "%s", key);
    world_function("Forged", forged, 0)->resolution = EW_RESOLVED_DYNAMIC;
    world_stack("Forged", 1);
    const struct ew_merged *merged = world_merge();
    ck_assert_uint_eq(world_node("D")->state.observed, EW_RUNTIME_UNKNOWN);
    for (size_t i = 1; i < merged->node_count; i++) {
        ck_assert_int_lt(strcmp(merged->nodes[i - 1].key, merged->nodes[i].key), 0);
    }
}
END_TEST

#define COUNT(array) (int)(sizeof(array) / sizeof(array)[0])

Suite *ew_suite(void)
{
    Suite *suite = suite_create("merged");
    TCase *tests = tcase_create("merged");
    tcase_add_checked_fixture(tests, world_begin, world_end);
    tcase_add_test(tests, observations__of_windows_and_streams__are_folded);
    tcase_add_test(tests, observations__of_a_roll_up_from_number_zero__begin_with_one);
    tcase_add_test(tests, confidence__of_a_claim__is_the_least_of_edge_and_match);
    tcase_add_test(tests, targets__of_a_graph__carry_their_vulnerabilities_in_order);
    tcase_add_test(tests, entry_points__of_several_graphs__are_united_on_their_node);
    tcase_add_test(tests, augmented__what_a_seen_function_calls__is_reachable_beside_the_claim);
    tcase_add_test(tests, fresh__seen_long_ago__is_marked_and_changes_no_state);
    tcase_add_test(tests, document__read_and_written_again__is_the_same_bytes);
    tcase_add_test(tests, document__of_unobserved_functions__is_the_same_bytes);
    tcase_add_test(tests, document__of_entry_points__lists_the_words_of_callgraphs_in_order);
    tcase_add_test(tests, document__without_graphs__is_what_ran);
    tcase_add_test(tests, document__without_windows__is_what_is_claimed);
    tcase_add_test(tests, document__graphs_in_another_order__is_the_same_bytes);
    tcase_add_loop_test(tests, document__changed__is_refused_with_its_place, 0, COUNT(changes));
    tcase_add_loop_test(tests, document__with_wrong_entry_points__is_refused_with_their_place, 0,
                        COUNT(wrong_kinds));
    tcase_add_test(tests, document__cut_anywhere__is_refused);
    tcase_add_test(tests, key__that_a_graphs_node_has__stays_the_graphs);
    suite_add_tcase(suite, tests);
    return suite;
}
