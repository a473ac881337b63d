/* SPDX-License-Identifier: Apache-2.0 */
/* Each class of conflict: a case that raises it, and the nearest one that must not. */
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

/* Everybody calls everybody but the last, in letters up to it. */
static void graph_of_a_crowd(char last)
{
    claim_begin(true);
    for (char from = 'A'; from <= last; from++) {
        from = from == 'Z' + 1 ? 'a' : from;
        claim_node(from, "");
        for (char to = 'A'; to <= last && from != last; to++) {
            to = to == 'Z' + 1 ? 'a' : to;
            char edge[4] = {from, '>', to, '\0'};
            if (to != last) {
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
    graph_of_a_crowd('Z');
    const struct ew_merged *merged = world_merge();
    ck_assert_uint_eq(merged->searches_cut, 0);
    ck_assert_str_eq(world_edge_label("A>Z"), "X");
}
END_TEST

START_TEST(static_contradicted__too_many_ways_to_search__is_no_contradiction)
{
    (void)world_window();
    world_stack("A>z", 5);
    graph_of_a_crowd('z');
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

/* --- BUILD_MISMATCH, GRAPH_WITHOUT_IDENTITY --------------------------------------------------
 */

START_TEST(build_mismatch__another_build_ran__never_joins)
{
    (void)world_window();
    world_stack("A>B", 7);
    graph_of_a_and_b("");
    claim_artifact("'name':'App.dll','debugId':'" WORLD_OTHER_ID "'");
    (void)claim_end();
    const struct ew_merged *merged = world_merge();
    world_only(EW_CONFLICT_BUILD_MISMATCH, -1);
    ck_assert_uint_eq(merged->conflicts[0].count, 2);
    ck_assert_ptr_nonnull(strstr(merged->conflicts[0].text, WORLD_OTHER_ID));
    ck_assert_ptr_nonnull(strstr(merged->conflicts[0].text, WORLD_DEBUG_ID));
    ck_assert_uint_eq(merged->node_count, 4);
    ck_assert_uint_eq(merged->class_counts[EW_CLASS_CONFIRMED], 0);
}
END_TEST

START_TEST(build_mismatch__age_of_a_portable_pdb__is_no_other_build)
{
    (void)world_window();
    world_stack("A>B", 7);
    graph_of_a_and_b("");
    claim_artifact("'name':'App.dll','debugId':'0F0E0D0C-0B0A-0908-0706-050403020100FFFFFFFF'");
    (void)claim_end();
    (void)world_merge();
    world_only(-1);
    ck_assert_str_eq(world_edge_label("A>B"), "CR");
}
END_TEST

START_TEST(build_mismatch__shared_mvid_and_other_pdb__is_another_build)
{
    (void)world_window();
    world_module_row(0)->mvid = "6d000000-0000-0000-0000-000000000001";
    world_stack("A>B", 7);
    graph_of_a_and_b("");
    claim_artifact("'name':'App.dll','mvid':'6D000000-0000-0000-0000-000000000001',"
                   "'debugId':'" WORLD_OTHER_ID "'");
    (void)claim_end();
    (void)world_merge();
    world_only(EW_CONFLICT_BUILD_MISMATCH, -1);
}
END_TEST

START_TEST(graph_without_identity__matched_by_name__is_weak_and_never_refutes)
{
    (void)world_window();
    world_stack("A>B>C", 7);
    claim_begin(true);
    claim_artifact("'name':'App.dll'");
    claim_node('A', "");
    claim_node('B', "");
    claim_node('C', "");
    claim_edge("A>B", "");
    claim_edge("A>C", "");
    claim_entry('A');
    (void)claim_end();
    (void)world_merge();
    world_only(EW_CONFLICT_GRAPH_WITHOUT_IDENTITY, EW_CONFLICT_RUNTIME_ONLY_EDGE, -1);
    ck_assert(world_node("A")->weak_identity);
    ck_assert_uint_eq(world_node("A")->confidence_observed, 750);
    ck_assert_str_eq(world_edge_label("A>B"), "CR");
    ck_assert_str_eq(world_edge_label("B>C"), "RO");
}
END_TEST

START_TEST(graph_without_identity__two_builds_ran__is_ambiguous)
{
    (void)world_window();
    world_stack("A>B", 7);
    uint32_t other = world_module("App.dll", WORLD_OTHER_ID, EW_EVIDENCE_MANAGED);
    struct ew_evidence_function *row =
        world_function("Other", "m:" WORLD_OTHER_ID ":06000001", other);
    row->token = 0x06000001;
    row->name = "N.T.A";
    row->signature = "void  ()";
    world_stack("Other", 1);
    claim_begin(false);
    claim_artifact("'name':'App.dll'");
    claim_node('A', "");
    claim_entry('A');
    (void)claim_end();
    (void)world_merge();
    ck_assert_uint_eq(world_conflicts(EW_CONFLICT_AMBIGUOUS_SYMBOL), 2);
}
END_TEST

START_TEST(graph_without_identity__build_told__does_not_fire)
{
    (void)world_window();
    world_stack("A>B", 7);
    graph_of_a_and_b("");
    (void)claim_end();
    (void)world_merge();
    ck_assert(!world_node("A")->weak_identity);
    ck_assert_uint_eq(world_node("A")->confidence_observed, 1000);
    world_only(-1);
}
END_TEST

/* --- AMBIGUOUS_SYMBOL ------------------------------------------------------------------------
 */

/* Two native functions that the linker folded into one, and one beside them. */
static void graph_of_natives(void)
{
    claim_begin(true);
    claim_artifact("'name':'n.dll','codeId':'542D574Ec2000'");
    claim_member("{'id':'A','artifact':0,'kind':'function','rva':4096,'size':64,"
                 "'decorated':'?a@@YAXXZ'}");
    claim_member("{'id':'B','artifact':0,'kind':'function','rva':4096,'size':64,"
                 "'decorated':'?b@@YAXXZ'}");
    claim_member("{'id':'C','artifact':0,'kind':'function','rva':8192,'size':64,"
                 "'decorated':'?c@@YAXXZ'}");
    claim_edge("C>A", "");
    claim_entry('C');
    (void)claim_end();
}

static uint32_t native_module(void)
{
    uint32_t module = world_module("n.dll", NULL, EW_EVIDENCE_NATIVE);
    world_module_row(module)->key = "pe:542D574Ec2000";
    world_module_row(module)->code_id = "542D574Ec2000";
    return module;
}

static struct ew_evidence_function *native_row(const char *word, const char *key, uint64_t rva,
                                               uint32_t module)
{
    struct ew_evidence_function *row = world_function(word, key, module);
    row->resolution = EW_RESOLVED_NOT;
    row->has_rva = true;
    row->rva = rva;
    return row;
}

START_TEST(ambiguous_symbol__folded_code__is_maybe_on_each)
{
    (void)world_window();
    uint32_t module = native_module();
    (void)native_row("X", "u:542D574Ec2000:1010", 0x1010, module);
    (void)native_row("Y", "u:542D574Ec2000:2004", 0x2004, module);
    world_stack("Y>X", 7);
    graph_of_natives();
    (void)world_merge();
    world_only(EW_CONFLICT_AMBIGUOUS_SYMBOL, -1);
    ck_assert(world_node("A")->maybe);
    ck_assert(world_node("B")->maybe);
    ck_assert_str_eq(world_label("A"), "SR");
    ck_assert_str_eq(world_label("B"), "SU");
    ck_assert_str_eq(world_label("u:542D574Ec2000:1010"), "RO");
    ck_assert_int_eq(world_edge("C>A")->state.observed, EW_RUNTIME_MAYBE);
}
END_TEST

START_TEST(ambiguous_symbol__one_function_at_the_address__is_observed)
{
    (void)world_window();
    uint32_t module = native_module();
    (void)native_row("Y", "u:542D574Ec2000:2004", 0x2004, module);
    (void)native_row("Z", "u:542D574Ec2000:2008", 0x2008, module);
    world_stack("Y", 7);
    world_stack("Z", 2);
    graph_of_natives();
    (void)world_merge();
    world_only(-1);
    const struct ew_reach_node *node = world_node("C");
    ck_assert_str_eq(node->key, "u:542D574Ec2000:2004");
    ck_assert_str_eq(world_label("C"), "CR");
    ck_assert(!node->weak_identity);
}
END_TEST

START_TEST(ambiguous_symbol__address_behind_a_function__is_none_of_the_graph)
{
    (void)world_window();
    (void)native_row("Y", "u:542D574Ec2000:2040", 0x2040, native_module());
    world_stack("Y", 7);
    graph_of_natives();
    (void)world_merge();
    world_only(-1);
    ck_assert_str_eq(world_label("C"), "SR");
    ck_assert_str_eq(world_label("u:542D574Ec2000:2040"), "RO");
}
END_TEST

START_TEST(ambiguous_symbol__nearest_export__is_maybe_only)
{
    (void)world_window();
    struct ew_evidence_function *row =
        native_row("Y", "x:542D574Ec2000:?c@@YAXXZ+0x5000", 0x7000, native_module());
    row->resolution = EW_RESOLVED_EXPORT_NEAR;
    row->name = "?c@@YAXXZ+0x5000";
    world_stack("Y", 7);
    claim_begin(true);
    claim_artifact("'name':'n.dll','codeId':'542D574Ec2000'");
    claim_member("{'id':'C','artifact':0,'kind':'function','decorated':'?c@@YAXXZ'}");
    claim_entry('C');
    (void)claim_end();
    (void)world_merge();
    world_only(EW_CONFLICT_AMBIGUOUS_SYMBOL, -1);
    ck_assert(world_node("C")->maybe);
    ck_assert_str_eq(world_label("C"), "SR");
}
END_TEST

START_TEST(ambiguous_symbol__overloads_without_parameters__are_all_maybe)
{
    (void)world_window();
    world_row("A")->token = 0;
    world_row("A")->key = "d:N.T.A";
    world_row("A")->signature = NULL;
    world_row("A")->resolution = EW_RESOLVED_JIT;
    world_stack("A", 7);
    claim_begin(false);
    claim_member("{'id':'one','artifact':0,'docId':'M:N.T.A(System.Int32)'}");
    claim_member("{'id':'two','artifact':0,'docId':'M:N.T.A(System.String)'}");
    (void)claim_end();
    (void)world_merge();
    world_only(EW_CONFLICT_AMBIGUOUS_SYMBOL, -1);
    ck_assert(world_node("one")->maybe && world_node("two")->maybe);
}
END_TEST

START_TEST(ambiguous_symbol__generic_instantiation__is_its_definition)
{
    (void)world_window();
    world_row("A")->name = "N.List`1[System.__Canon].Add";
    world_row("A")->signature = "instance void  (!0)";
    world_row("A")->flags = EW_FUNCTION_GENERIC;
    world_stack("A", 7);
    claim_begin(false);
    claim_member("{'id':'add','artifact':0,'docId':'M:N.List`1.Add(`0)'}");
    claim_member("{'id':'add2','artifact':0,'docId':'M:N.List`1.Add(System.Object)'}");
    claim_member("{'id':'other','artifact':0,'docId':'M:N.List.Add(System.Object)'}");
    (void)claim_end();
    (void)world_merge();
    world_only(-1);
    ck_assert_uint_eq(world_node("add")->state.observed, EW_RUNTIME_OBSERVED);
    ck_assert_uint_eq(world_node("add")->confidence_observed, 950);
    ck_assert_uint_eq(world_node("add2")->state.observed, EW_RUNTIME_UNKNOWN);
}
END_TEST

START_TEST(ambiguous_symbol__async_method__is_the_users_and_weak)
{
    (void)world_window();
    world_row("A")->name = "N.T+<Run>d__3.MoveNext";
    world_row("A")->flags = EW_FUNCTION_ASYNC;
    world_stack("A", 7);
    claim_begin(true);
    claim_member("{'id':'run','artifact':0,'docId':'M:N.T.Run(System.Int32)'}");
    claim_member("{'id':'walk','artifact':0,'docId':'M:N.T.Walk'}");
    (void)claim_end();
    (void)world_merge();
    world_only(-1);
    ck_assert_uint_eq(world_node("run")->state.observed, EW_RUNTIME_OBSERVED);
    ck_assert(world_node("run")->weak_identity);
    ck_assert_uint_eq(world_node("walk")->state.observed, EW_RUNTIME_UNKNOWN);
}
END_TEST

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
    ck_assert(world_node("B")->maybe && !world_node("B")->inferred);
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

/* --- CODE_VERSION_RACE
 * ------------------------------------------------------------------------------ */

START_TEST(code_version_race__two_methods_at_one_address__is_maybe_on_each)
{
    (void)world_window();
    world_ambiguous("A|B", EW_AMBIGUOUS_ADDRESS_REUSE, 4);
    graph_of_a_and_b("");
    (void)claim_end();
    (void)world_merge();
    world_only(EW_CONFLICT_CODE_VERSION_RACE, -1);
    ck_assert(world_node("A")->maybe && world_node("B")->maybe);
    ck_assert_str_eq(world_label("A"), "SR");
}
END_TEST

START_TEST(code_version_race__versions_of_one_method__are_that_method)
{
    (void)world_window();
    world_ambiguous("A|A", EW_AMBIGUOUS_ADDRESS_REUSE, 4);
    graph_of_a_and_b("");
    (void)claim_end();
    (void)world_merge();
    world_only(-1);
    ck_assert_str_eq(world_label("A"), "CR");
}
END_TEST

START_TEST(ambiguous_record__of_folded_code__is_no_race)
{
    (void)world_window();
    world_ambiguous("A|B", EW_AMBIGUOUS_FOLDED, 4);
    graph_of_a_and_b("");
    (void)claim_end();
    (void)world_merge();
    world_only(EW_CONFLICT_AMBIGUOUS_SYMBOL, -1);
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
    ADD(static_contradicted__too_many_ways_to_search__is_no_contradiction);
    ADD(entrypoint_missing__root_is_unreachable__fires_once_at_the_root);
    ADD(entrypoint_missing__called_by_foreign_code__fires_once);
    ADD(entrypoint_missing__root_not_known__is_told_of_the_function);
    ADD(entrypoint_missing__open_world__claims_nothing);
    ADD(entrypoint_missing__root_is_an_entry_point__confirmed);
    ADD(entrypoint_missing__reached_over_mediators__is_bridged);
    return tests;
}

static TCase *identity_case(void)
{
    TCase *tests = tcase_create("identity");
    tcase_add_checked_fixture(tests, world_begin, world_end);
    ADD(build_mismatch__another_build_ran__never_joins);
    ADD(build_mismatch__age_of_a_portable_pdb__is_no_other_build);
    ADD(build_mismatch__shared_mvid_and_other_pdb__is_another_build);
    ADD(graph_without_identity__matched_by_name__is_weak_and_never_refutes);
    ADD(graph_without_identity__two_builds_ran__is_ambiguous);
    ADD(graph_without_identity__build_told__does_not_fire);
    ADD(ambiguous_symbol__folded_code__is_maybe_on_each);
    ADD(ambiguous_symbol__one_function_at_the_address__is_observed);
    ADD(ambiguous_symbol__address_behind_a_function__is_none_of_the_graph);
    ADD(ambiguous_symbol__nearest_export__is_maybe_only);
    ADD(ambiguous_symbol__overloads_without_parameters__are_all_maybe);
    ADD(ambiguous_symbol__generic_instantiation__is_its_definition);
    ADD(ambiguous_symbol__async_method__is_the_users_and_weak);
    ADD(code_version_race__two_methods_at_one_address__is_maybe_on_each);
    ADD(code_version_race__versions_of_one_method__are_that_method);
    ADD(ambiguous_record__of_folded_code__is_no_race);
    return tests;
}

static TCase *edges_case(void)
{
    TCase *tests = tcase_create("edges");
    tcase_add_checked_fixture(tests, world_begin, world_end);
    ADD(elided__one_way__its_hops_ran);
    ADD(elided__several_ways__each_is_maybe);
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
    Suite *suite = suite_create("conflicts");
    suite_add_tcase(suite, claims_case());
    suite_add_tcase(suite, identity_case());
    suite_add_tcase(suite, edges_case());
    return suite;
}
