/* SPDX-License-Identifier: Apache-2.0 */
/* How adjacencies are explained: conflicts of edges, and their nearest neighbours. */
#include "merge/merge_world.h"
#include "support/check_main.h"

#include <string.h>

/* A calls B, and nothing else is claimed; the world is closed. */
static void graph_of_a_and_b(const char *node_members)
{
    claim_begin(true);
    claim_node('A', node_members);
    claim_node('B', "");
    claim_edge("A>B", "");
    claim_entry('A');
}

/* --- ELIDED_INTERMEDIATE -----------------------------------------------------------------------
 */

static void graph_of_two_ways(const char *b_members, const char *c_members)
{
    claim_begin(true);
    claim_node('A', "");
    claim_node('B', b_members);
    claim_node('C', c_members);
    claim_node('D', "");
    claim_edge("A>B", "");
    claim_edge("A>C", "");
    claim_edge("B>D", "");
    claim_edge("C>D", "");
    claim_entry('A');
    (void)claim_end();
}

START_TEST(elided__one_way__its_hops_ran)
{
    (void)world_window();
    world_stack("A>D", 7);
    graph_of_two_ways("", ",'inline':'never'");
    const struct ew_merged *merged = world_merge();
    world_only(EW_CONFLICT_ELIDED_INTERMEDIATE, -1);
    ck_assert(world_edge("A>B")->inferred && world_edge("B>D")->inferred);
    ck_assert_str_eq(world_edge_label("A>B"), "CR");
    ck_assert_uint_eq(world_edge("A>B")->confidence_observed, 700);
    ck_assert(world_node("B")->inferred);
    ck_assert_str_eq(world_edge_label("A>C"), "SR");
    const struct ew_reach_edge *elided = world_edge("A>D");
    ck_assert_int_eq(elided->edge_class, EW_CLASS_ELIDED);
    ck_assert_uint_eq(elided->via_count, 1);
    ck_assert_ptr_eq(&merged->nodes[merged->via[elided->first_via]], world_node("B"));
    ck_assert_ptr_nonnull(
        strstr(world_sentence(EW_CONFLICT_ELIDED_INTERMEDIATE), "proof: guess"));
}
END_TEST

START_TEST(elided__several_ways__each_is_maybe)
{
    (void)world_window();
    world_stack("A>D", 7);
    graph_of_two_ways("", "");
    (void)world_merge();
    world_only(EW_CONFLICT_ELIDED_INTERMEDIATE, -1);
    ck_assert_int_eq(world_edge("A>B")->state.observed, EW_RUNTIME_MAYBE);
    ck_assert_int_eq(world_edge("C>D")->state.observed, EW_RUNTIME_MAYBE);
    ck_assert(world_node("B")->maybe && !world_node("B")->inferred);
    ck_assert(world_node("C")->maybe && !world_node("C")->inferred);
}
END_TEST

START_TEST(elided__hop_is_a_virtual_call__is_explained)
{
    (void)world_window();
    world_stack("A>D", 7);
    claim_begin(true);
    claim_node('A', "");
    claim_node('B', ",'inline':'may'");
    claim_node('C', "");
    claim_node('D', ",'overrides':['C']");
    claim_edge("A>B", "");
    claim_edge("B>C", ",'kind':'virtual'");
    claim_entry('A');
    (void)claim_end();
    (void)world_merge();
    world_only(EW_CONFLICT_ELIDED_INTERMEDIATE, -1);
    ck_assert_int_eq(world_edge("B>D")->edge_class, EW_CLASS_DISPATCH);
    ck_assert(world_edge("B>D")->inferred);
    ck_assert_str_eq(world_edge_label("B>D"), "CR");
    ck_assert_str_eq(world_edge_label("B>C"), "SR");
}
END_TEST

START_TEST(elided__compiler_told_of_inlining__is_proved)
{
    (void)world_window();
    world_stack("A>D", 7);
    world_stack("A=B", 1);
    graph_of_two_ways("", ",'inline':'never'");
    (void)world_merge();
    ck_assert_ptr_nonnull(
        strstr(world_sentence(EW_CONFLICT_ELIDED_INTERMEDIATE), "proof: jit-inline"));
}
END_TEST

START_TEST(elided__never_inlined__is_contradicted)
{
    (void)world_window();
    world_stack("A>D", 7);
    graph_of_two_ways(",'inline':'never'", ",'inline':'never'");
    (void)world_merge();
    world_only(EW_CONFLICT_STATIC_CONTRADICTED, -1);
}
END_TEST

/* A calls its way down to F, one after the other. */
static void graph_of_a_chain(char last)
{
    claim_begin(true);
    for (char letter = 'A'; letter <= last; letter++) {
        char edge[4] = {(char)(letter - 1), '>', letter, '\0'};
        claim_node(letter, "");
        if (letter > 'A') {
            claim_edge(edge, "");
        }
    }
    claim_entry('A');
    (void)claim_end();
}

START_TEST(elided__four_edges__is_explained)
{
    (void)world_window();
    world_stack("A>E", 7);
    graph_of_a_chain('E');
    (void)world_merge();
    world_only(EW_CONFLICT_ELIDED_INTERMEDIATE, -1);
    ck_assert_uint_eq(world_edge("A>E")->via_count, 3);
}
END_TEST

START_TEST(elided__five_edges__is_contradicted)
{
    (void)world_window();
    world_stack("A>F", 7);
    graph_of_a_chain('F');
    (void)world_merge();
    world_only(EW_CONFLICT_STATIC_CONTRADICTED, -1);
}
END_TEST

/* --- dispatch, BRIDGED_DISPATCH
 * ------------------------------------------------------------------ */

START_TEST(dispatch__override_of_the_target__is_confirmed)
{
    (void)world_window();
    world_stack("A>D", 7);
    claim_begin(true);
    claim_node('A', "");
    claim_node('B', "");
    claim_node('C', ",'overrides':['B']");
    claim_node('D', ",'overrides':['C']");
    claim_edge("A>B", ",'kind':'virtual'");
    claim_entry('A');
    (void)claim_end();
    (void)world_merge();
    world_only(-1);
    ck_assert_int_eq(world_edge("A>D")->edge_class, EW_CLASS_DISPATCH);
    ck_assert_str_eq(world_edge_label("A>D"), "CR");
    ck_assert_str_eq(world_label("D"), "CR");
}
END_TEST

START_TEST(dispatch__candidate_of_a_call__is_confirmed)
{
    (void)world_window();
    world_stack("A>C", 7);
    claim_begin(true);
    claim_node('A', "");
    claim_node('B', "");
    claim_node('C', "");
    claim_edge("A>B", ",'kind':'delegate','candidates':['C']");
    claim_entry('A');
    (void)claim_end();
    (void)world_merge();
    world_only(-1);
    ck_assert_int_eq(world_edge("A>C")->edge_class, EW_CLASS_DISPATCH);
}
END_TEST

START_TEST(dispatch__plain_call_to_the_base__is_contradicted)
{
    (void)world_window();
    world_stack("A>C", 7);
    claim_begin(true);
    claim_node('A', "");
    claim_node('B', "");
    claim_node('C', ",'overrides':['B']");
    claim_edge("A>B", "");
    claim_entry('A');
    (void)claim_end();
    (void)world_merge();
    world_only(EW_CONFLICT_STATIC_CONTRADICTED, -1);
}
END_TEST

static void reflection_module(void)
{
    uint32_t module = world_module("System.Private.CoreLib.dll",
                                   "11110000111100001111000011110000a", EW_EVIDENCE_MANAGED);
    world_function("Invoke", "m:11110000111100001111000011110000a:06000001", module)->name =
        "System.Reflection.RuntimeMethodInfo.Invoke";
    world_function("Plain", "m:11110000111100001111000011110000a:06000002", module)->name =
        "System.Text.StringBuilder.Append";
}

START_TEST(bridged__reflection_between__makes_an_edge_over_it)
{
    (void)world_window();
    reflection_module();
    world_stack("A>Invoke>B", 7);
    claim_begin(true);
    claim_node('A', "");
    claim_node('B', "");
    claim_entry('A');
    claim_entry('B');
    (void)claim_end();
    const struct ew_merged *merged = world_merge();
    world_only(EW_CONFLICT_BRIDGED_DISPATCH, -1);
    const struct ew_reach_edge *edge = world_edge("A>B");
    ck_assert_int_eq(edge->edge_class, EW_CLASS_BRIDGED);
    ck_assert_uint_eq(edge->via_count, 1);
    ck_assert_str_eq(merged->nodes[merged->via[edge->first_via]].name,
                     "System.Reflection.RuntimeMethodInfo.Invoke");
    ck_assert_uint_eq(edge->confidence_observed, 700);
    ck_assert_ptr_nonnull(strstr(world_sentence(EW_CONFLICT_BRIDGED_DISPATCH), "reflection"));
}
END_TEST

START_TEST(bridged__the_graph_has_the_edge__is_confirmed)
{
    (void)world_window();
    reflection_module();
    world_stack("A>Invoke>B", 7);
    claim_begin(true);
    claim_node('A', "");
    claim_node('B', "");
    claim_edge("A>B", ",'kind':'reflection'");
    claim_entry('A');
    (void)claim_end();
    (void)world_merge();
    world_only(-1);
    ck_assert_str_eq(world_edge_label("A>B"), "CR");
}
END_TEST

START_TEST(bridged__plain_foreign_frame__makes_no_edge)
{
    (void)world_window();
    reflection_module();
    world_stack("A>Plain>B", 7);
    claim_begin(false);
    claim_node('A', "");
    claim_node('B', "");
    claim_entry('A');
    (void)claim_end();
    (void)world_merge();
    world_only(-1);
    ck_assert_ptr_null(world_edge("A>B"));
}
END_TEST

/* --- MISSING_FRAMES, SUSPECT_UNWIND
 * ---------------------------------------------------------------- */

START_TEST(missing_frames__cut_and_broken_stacks__are_counted)
{
    struct ew_evidence *evidence = world_window();
    world_stack("A>B", 7);
    evidence->quality.stacks_truncated = 2;
    evidence->quality.stacks_gapped = 3;
    evidence->quality.stacks_kernel_only = 4;
    const struct ew_merged *merged = world_merge();
    world_only(EW_CONFLICT_MISSING_FRAMES, -1);
    ck_assert_uint_eq(merged->conflicts[0].count, 9);
}
END_TEST

START_TEST(missing_frames__whole_stacks__is_silent)
{
    (void)world_window();
    world_stack("A>B", 7);
    (void)world_merge();
    world_only(-1);
}
END_TEST

START_TEST(suspect_unwind__the_graph_has_it_the_other_way_round__no_contradiction)
{
    (void)world_window();
    world_stack("..>B>A", 7);
    graph_of_a_and_b("");
    claim_node('C', "");
    claim_edge("B>C", "");
    (void)claim_end();
    (void)world_merge();
    world_only(EW_CONFLICT_SUSPECT_UNWIND, -1);
    ck_assert_str_eq(world_edge_label("B>A"), "RO");
}
END_TEST

START_TEST(suspect_unwind__a_leaf_calls__no_contradiction)
{
    (void)world_window();
    world_stack("A>C>B", 7);
    graph_of_a_and_b("");
    claim_node('C', ",'callsComplete':true");
    claim_edge("A>C", "");
    (void)claim_end();
    (void)world_merge();
    world_only(EW_CONFLICT_SUSPECT_UNWIND, -1);
}
END_TEST

START_TEST(suspect_unwind__both_ways_in_the_graph__is_recursion)
{
    (void)world_window();
    world_stack("A>B>A", 7);
    graph_of_a_and_b("");
    claim_edge("B>A", "");
    (void)claim_end();
    (void)world_merge();
    world_only(-1);
    ck_assert_str_eq(world_edge_label("B>A"), "CR");
}
END_TEST

/* --- STATIC_DISAGREE
 * ---------------------------------------------------------------------------------- */

static void second_graph(bool has_edge)
{
    claim_begin(true);
    claim_node('A', "");
    claim_node('B', "");
    claim_node('C', "");
    claim_edge("A>C", "");
    if (has_edge) {
        claim_edge("A>B", "");
    }
    claim_entry('A');
    (void)claim_end();
}

START_TEST(static_disagree__one_graph_refuses__both_are_named)
{
    (void)world_window();
    world_stack("A", 7);
    graph_of_a_and_b("");
    (void)claim_end();
    second_graph(false);
    (void)world_merge();
    world_only(EW_CONFLICT_STATIC_DISAGREE, -1);
    ck_assert_str_eq(world_label("B"), "SR");
    ck_assert_ptr_nonnull(strstr(world_sentence(EW_CONFLICT_STATIC_DISAGREE), "an0"));
    ck_assert_ptr_nonnull(strstr(world_sentence(EW_CONFLICT_STATIC_DISAGREE), "an1"));
}
END_TEST

START_TEST(static_disagree__seen_edge__the_defect_stays_told)
{
    (void)world_window();
    world_stack("A>B", 7);
    graph_of_a_and_b("");
    (void)claim_end();
    second_graph(false);
    (void)world_merge();
    ck_assert_str_eq(world_edge_label("A>B"), "CR");
    ck_assert_int_eq(world_edge("A>B")->edge_class, EW_CLASS_CONFIRMED);
    ck_assert_uint_eq(world_edge("A>B")->claim_count, 2);
    ck_assert_uint_eq(world_conflicts(EW_CONFLICT_STATIC_CONTRADICTED), 1);
    ck_assert_uint_eq(world_conflicts(EW_CONFLICT_STATIC_DISAGREE), 2);
}
END_TEST

START_TEST(static_disagree__both_agree__is_silent)
{
    (void)world_window();
    world_stack("A>B", 7);
    graph_of_a_and_b("");
    (void)claim_end();
    second_graph(true);
    (void)world_merge();
    world_only(-1);
    ck_assert_uint_eq(world_edge("A>B")->claim_count, 2);
}
END_TEST

START_TEST(static_disagree__the_same_graph_twice__counts_once)
{
    (void)world_window();
    world_stack("A>B", 7);
    graph_of_a_and_b("");
    const struct ew_graph *graph = claim_end();
    const struct ew_graph *const twice[] = {graph, graph};
    const struct ew_merge_options options = {.graphs = twice, .graph_count = 2};
    const struct ew_merged *merged = world_merge_with(&options);
    ck_assert_uint_eq(merged->graph_count, 1);
    ck_assert_uint_eq(world_edge("A>B")->claim_count, 1);
}
END_TEST

#define ADD(test) tcase_add_test(tests, test)

static TCase *edges_case(void)
{
    TCase *tests = tcase_create("edges");
    tcase_add_checked_fixture(tests, world_begin, world_end);
    ADD(elided__one_way__its_hops_ran);
    ADD(elided__several_ways__each_is_maybe);
    ADD(elided__hop_is_a_virtual_call__is_explained);
    ADD(elided__compiler_told_of_inlining__is_proved);
    ADD(elided__never_inlined__is_contradicted);
    ADD(elided__four_edges__is_explained);
    ADD(elided__five_edges__is_contradicted);
    ADD(dispatch__override_of_the_target__is_confirmed);
    ADD(dispatch__candidate_of_a_call__is_confirmed);
    ADD(dispatch__plain_call_to_the_base__is_contradicted);
    ADD(bridged__reflection_between__makes_an_edge_over_it);
    ADD(bridged__the_graph_has_the_edge__is_confirmed);
    ADD(bridged__plain_foreign_frame__makes_no_edge);
    ADD(missing_frames__cut_and_broken_stacks__are_counted);
    ADD(missing_frames__whole_stacks__is_silent);
    ADD(suspect_unwind__the_graph_has_it_the_other_way_round__no_contradiction);
    ADD(suspect_unwind__a_leaf_calls__no_contradiction);
    ADD(suspect_unwind__both_ways_in_the_graph__is_recursion);
    ADD(static_disagree__one_graph_refuses__both_are_named);
    ADD(static_disagree__seen_edge__the_defect_stays_told);
    ADD(static_disagree__both_agree__is_silent);
    ADD(static_disagree__the_same_graph_twice__counts_once);
    return tests;
}

Suite *ew_suite(void)
{
    Suite *suite = suite_create("edges");
    suite_add_tcase(suite, edges_case());
    return suite;
}
