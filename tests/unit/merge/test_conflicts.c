/* SPDX-License-Identifier: Apache-2.0 */
/* Claims that stacks refute, each beside the nearest case that they do not. */
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

/* --- STATIC_CONTRADICTED ----------------------------------------------------------------- */

/* A calls B and C, so that C can be reached, and B calls nothing but D. */
static void graph_with_missing_edge(bool closed, const char *b_members)
{
    claim_begin(closed);
    claim_node('A', "");
    claim_node('B', b_members);
    claim_node('C', ",'inline':'never'");
    claim_node('D', ",'inline':'never'");
    claim_edge("A>B", "");
    claim_edge("A>C", "");
    claim_edge("B>D", "");
    claim_entry('A');
    (void)claim_end();
}

START_TEST(static_contradicted__closed_world_lacks_the_edge__fires)
{
    (void)world_window();
    world_stack("A>B>C", 5);
    graph_with_missing_edge(true, "");
    (void)world_merge();
    world_only(EW_CONFLICT_STATIC_CONTRADICTED, -1);
    ck_assert_str_eq(world_edge_label("B>C"), "X");
    ck_assert_int_eq(world_edge("B>C")->edge_class, EW_CLASS_CONTRADICTION);
    ck_assert_str_eq(world_label("C"), "CR");
}
END_TEST

START_TEST(static_contradicted__calls_complete__fires_in_an_open_world)
{
    (void)world_window();
    world_stack("A>B>C", 5);
    graph_with_missing_edge(false, ",'callsComplete':true");
    (void)world_merge();
    world_only(EW_CONFLICT_STATIC_CONTRADICTED, -1);
    ck_assert_str_eq(world_edge_label("B>C"), "X");
}
END_TEST

START_TEST(static_contradicted__open_world__is_runtime_only)
{
    (void)world_window();
    world_stack("A>B>C", 5);
    graph_with_missing_edge(false, "");
    (void)world_merge();
    world_only(EW_CONFLICT_RUNTIME_ONLY_EDGE, -1);
    ck_assert_str_eq(world_edge_label("B>C"), "RO");
}
END_TEST

START_TEST(static_contradicted__inlined_hop__is_elided)
{
    (void)world_window();
    world_stack("A>C", 5);
    claim_begin(true);
    claim_node('A', "");
    claim_node('B', ",'inline':'may'");
    claim_node('C', "");
    claim_edge("A>B", "");
    claim_edge("B>C", "");
    claim_entry('A');
    (void)claim_end();
    (void)world_merge();
    world_only(EW_CONFLICT_ELIDED_INTERMEDIATE, -1);
}
END_TEST

START_TEST(static_contradicted__tail_call__is_elided)
{
    (void)world_window();
    world_stack("A>C", 5);
    claim_begin(true);
    claim_node('A', "");
    claim_node('B', ",'inline':'never'");
    claim_node('C', "");
    claim_edge("A>B", "");
    claim_edge("B>C", ",'kind':'tail'");
    claim_entry('A');
    (void)claim_end();
    (void)world_merge();
    world_only(EW_CONFLICT_ELIDED_INTERMEDIATE, -1);
}
END_TEST

START_TEST(static_contradicted__frames_not_adjacent__is_bridged)
{
    (void)world_window();
    world_stack("..>A>B~C", 5);
    graph_with_missing_edge(true, "");
    (void)world_merge();
    world_only(EW_CONFLICT_BRIDGED_DISPATCH, -1);
    ck_assert_str_eq(world_edge_label("B>C"), "RO");
}
END_TEST

START_TEST(static_contradicted__folded_end__is_not_sure)
{
    (void)world_window();
    world_row("C")->flags = EW_FUNCTION_FOLDED;
    world_stack("A>B>C", 5);
    graph_with_missing_edge(true, "");
    (void)world_merge();
    world_only(EW_CONFLICT_AMBIGUOUS_SYMBOL, -1);
}
END_TEST

/* Everybody calls everybody but the last, in letters up to it. With a wall, who is never inlined
 * and stands between them and the last: all ways must be gone to see that none is open. */
static void graph_of_a_crowd(char last, char wall)
{
    claim_begin(true);
    for (char from = 'A'; from <= last; from++) {
        from = from == 'Z' + 1 ? 'a' : from;
        claim_node(from, from == wall ? ",'inline':'never'" : "");
        for (char to = 'A'; to <= last && from != last; to++) {
            to = to == 'Z' + 1 ? 'a' : to;
            char edge[4] = {from, '>', to, '\0'};
            if (to != last || from == wall) {
                claim_edge(edge, "");
            }
        }
    }
    claim_entry('A');
    (void)claim_end();
}

START_TEST(static_contradicted__all_ways_searched__fires)
{
    (void)world_window();
    world_stack("A>Z", 5);
    graph_of_a_crowd('Z', 'Y');
    const struct ew_merged *merged = world_merge();
    ck_assert_uint_eq(merged->searches_cut, 0);
    ck_assert_str_eq(world_edge_label("A>Z"), "X");
}
END_TEST

START_TEST(static_contradicted__nobody_calls_the_callee__needs_no_search)
{
    (void)world_window();
    world_stack("A>z", 5);
    graph_of_a_crowd('z', '\0');
    const struct ew_merged *merged = world_merge();
    ck_assert_uint_eq(merged->searches_cut, 0);
    ck_assert_str_eq(world_edge_label("A>z"), "X");
}
END_TEST

START_TEST(static_contradicted__too_many_ways_to_search__is_no_contradiction)
{
    (void)world_window();
    world_stack("A>z", 5);
    graph_of_a_crowd('z', 'y');
    const struct ew_merged *merged = world_merge();
    ck_assert_uint_eq(merged->searches_cut, 1);
    ck_assert_str_eq(world_edge_label("A>z"), "RO");
    ck_assert_int_eq(world_edge("A>z")->edge_class, EW_CLASS_RUNTIME_ONLY);
}
END_TEST

/* --- ENTRYPOINT_MISSING -------------------------------------------------------------------- */

/* A is the entry point; J is a job that calls K and L, which nobody calls. */
static void graph_with_job(bool closed)
{
    claim_begin(closed);
    claim_node('A', "");
    claim_node('J', ",'inline':'never'");
    claim_node('K', ",'inline':'never'");
    claim_node('L', ",'inline':'never'");
    claim_edge("J>K", "");
    claim_edge("K>L", "");
    claim_entry('A');
    (void)claim_end();
}

START_TEST(entrypoint_missing__root_is_unreachable__fires_once_at_the_root)
{
    (void)world_window();
    world_stack("J>K>L", 7);
    world_stack("J>K", 3);
    graph_with_job(true);
    (void)world_merge();
    world_only(EW_CONFLICT_ENTRYPOINT_MISSING, -1);
    ck_assert_ptr_nonnull(strstr(world_sentence(EW_CONFLICT_ENTRYPOINT_MISSING), "N.T.J"));
    ck_assert_str_eq(world_label("J"), "X");
    ck_assert_str_eq(world_label("K"), "X");
    ck_assert_str_eq(world_label("L"), "X");
    ck_assert_str_eq(world_edge_label("J>K"), "CR");
}
END_TEST

START_TEST(entrypoint_missing__called_by_foreign_code__fires_once)
{
    (void)world_window();
    uint32_t foreign =
        world_module("lib.dll", "11110000111100001111000011110000a", EW_EVIDENCE_MANAGED);
    world_function("Lib", "m:11110000111100001111000011110000a:06000001", foreign)->name =
        "Lib.Loop";
    world_stack("Lib>J>K>L", 7);
    graph_with_job(true);
    (void)world_merge();
    world_only(EW_CONFLICT_ENTRYPOINT_MISSING, -1);
}
END_TEST

START_TEST(entrypoint_missing__root_not_known__is_told_of_the_function)
{
    (void)world_window();
    world_stack("..>K>L", 7);
    graph_with_job(true);
    (void)world_merge();
    world_only(EW_CONFLICT_STATIC_CONTRADICTED, -1);
    ck_assert_ptr_nonnull(strstr(world_sentence(EW_CONFLICT_STATIC_CONTRADICTED), "N.T.K"));
}
END_TEST

START_TEST(entrypoint_missing__open_world__claims_nothing)
{
    (void)world_window();
    world_stack("J>K>L", 7);
    graph_with_job(false);
    (void)world_merge();
    world_only(-1);
    ck_assert_str_eq(world_label("J"), "RO");
}
END_TEST

START_TEST(entrypoint_missing__root_is_an_entry_point__confirmed)
{
    (void)world_window();
    world_stack("A>B", 7);
    graph_of_a_and_b("");
    (void)claim_end();
    (void)world_merge();
    world_only(-1);
    ck_assert_str_eq(world_label("A"), "CR");
    ck_assert_str_eq(world_label("B"), "CR");
    ck_assert_str_eq(world_edge_label("A>B"), "CR");
}
END_TEST

START_TEST(entrypoint_missing__reached_over_mediators__is_bridged)
{
    (void)world_window();
    uint32_t foreign = world_module("System.Private.CoreLib.dll",
                                    "11110000111100001111000011110000a", EW_EVIDENCE_MANAGED);
    world_function("Pool", "m:11110000111100001111000011110000a:06000001", foreign)->name =
        "System.Threading.ThreadPoolWorkQueue.Dispatch";
    world_stack("A>Pool>J>K", 7);
    graph_with_job(true);
    (void)world_merge();
    world_only(EW_CONFLICT_BRIDGED_DISPATCH, -1);
}
END_TEST

#define ADD(test) tcase_add_test(tests, test)

static TCase *claims_case(void)
{
    TCase *tests = tcase_create("claims");
    tcase_add_checked_fixture(tests, world_begin, world_end);
    ADD(static_contradicted__closed_world_lacks_the_edge__fires);
    ADD(static_contradicted__calls_complete__fires_in_an_open_world);
    ADD(static_contradicted__open_world__is_runtime_only);
    ADD(static_contradicted__inlined_hop__is_elided);
    ADD(static_contradicted__tail_call__is_elided);
    ADD(static_contradicted__frames_not_adjacent__is_bridged);
    ADD(static_contradicted__folded_end__is_not_sure);
    ADD(static_contradicted__all_ways_searched__fires);
    ADD(static_contradicted__nobody_calls_the_callee__needs_no_search);
    ADD(static_contradicted__too_many_ways_to_search__is_no_contradiction);
    ADD(entrypoint_missing__root_is_unreachable__fires_once_at_the_root);
    ADD(entrypoint_missing__called_by_foreign_code__fires_once);
    ADD(entrypoint_missing__root_not_known__is_told_of_the_function);
    ADD(entrypoint_missing__open_world__claims_nothing);
    ADD(entrypoint_missing__root_is_an_entry_point__confirmed);
    ADD(entrypoint_missing__reached_over_mediators__is_bridged);
    return tests;
}

Suite *ew_suite(void)
{
    Suite *suite = suite_create("claims");
    suite_add_tcase(suite, claims_case());
    return suite;
}
