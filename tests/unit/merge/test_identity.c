/* SPDX-License-Identifier: Apache-2.0 */
/* Which function of which build it was: conflicts of identity, and their nearest neighbours. */
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

#define ELF_ID "5f0c7c3cd1fd8bb1a0cc2f5d3b2c0a9e4d6e7f80"

/* A graph that gives the build id of an ELF file where others give a PDB's. */
static void run_elf_world(const char *running, const char *analysed)
{
    (void)world_window();
    struct ew_evidence_module *module = world_module_row(0);
    module->debug_id = NULL;
    module->kind = EW_EVIDENCE_NATIVE;
    module->build_id = running;
    world_stack("A>B", 7);
    graph_of_a_and_b("");
    claim_artifact(analysed);
    (void)claim_end();
    (void)world_merge();
}

START_TEST(build_id__of_an_elf_file__is_the_same_build)
{
    run_elf_world(ELF_ID, "'name':'App.dll','debugId':'" ELF_ID "'");
    world_only(-1);
    ck_assert_str_eq(world_edge_label("A>B"), "CR");
    ck_assert_uint_eq(world_node("A")->confidence_observed, 1000);
}
END_TEST

START_TEST(build_id__of_another_elf_file__is_another_build)
{
    run_elf_world("0000000000000000000000000000000000000001",
                  "'name':'App.dll','debugId':'" ELF_ID "'");
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

/* --- ids that another collector was told ------------------------------------------------------
 */

/* One function was seen, by that key; a graph has it by the id x1. */
static const struct ew_reach_node *see_id(const char *key, const char *artifact)
{
    (void)world_window();
    uint32_t module = world_module("shop", NULL, EW_EVIDENCE_NATIVE);
    world_module_row(module)->build_id = ELF_ID;
    world_function("seen", key, module)->name = "x1";
    world_row("seen")->resolution = EW_RESOLVED_SYMBOL;
    world_stack("seen", 3);
    claim_begin(false);
    claim_artifact(artifact);
    claim_member("{'id':'x1','artifact':0,'name':'Shop.Cart.Add','sig':'void (int)'}");
    claim_member("{'id':'x2','artifact':0,'name':'x1'}");
    (void)claim_end();
    (void)world_merge();
    return world_node("Shop.Cart.Add");
}

START_TEST(told_id__of_a_graph_without_builds__is_its_node_and_weak)
{
    const struct ew_reach_node *node = see_id("i:name:shop:x1", "'name':'cart.so'");
    world_only(EW_CONFLICT_GRAPH_WITHOUT_IDENTITY, -1);
    ck_assert_str_eq(node->key, "i:name:shop:x1");
    ck_assert_int_eq(node->state.observed, EW_RUNTIME_OBSERVED);
    ck_assert_uint_eq(node->confidence_observed, 750);
    ck_assert(node->weak_identity);
    ck_assert_str_eq(node->signature, "void (int)");
}
END_TEST

START_TEST(told_id__in_the_build_that_ran__is_that_function)
{
    const struct ew_reach_node *node =
        see_id("i:elf:" ELF_ID ":x1", "'name':'cart.so','codeId':'" ELF_ID "'");
    world_only(-1);
    ck_assert_int_eq(node->state.observed, EW_RUNTIME_OBSERVED);
    ck_assert_uint_eq(node->confidence_observed, 950);
    ck_assert(!node->weak_identity);
}
END_TEST

START_TEST(told_id__of_another_build__never_joins)
{
    const struct ew_reach_node *node =
        see_id("i:elf:" ELF_ID ":x1", "'name':'cart.so','codeId':'00000000000000000001'");
    world_only(EW_CONFLICT_BUILD_MISMATCH, -1);
    ck_assert_int_eq(node->state.observed, EW_RUNTIME_UNKNOWN);
}
END_TEST

/* The name of another collector's function is no id of a graph, even if it is spelt like one. */
START_TEST(told_id__that_is_a_name__is_matched_as_one)
{
    const struct ew_reach_node *node = see_id("s:name:shop:x1", "'name':'shop'");
    ck_assert_int_eq(node->state.observed, EW_RUNTIME_UNKNOWN);
    ck_assert_int_eq(world_node("x2")->state.observed, EW_RUNTIME_OBSERVED);
}
END_TEST

/* In an edge list ids are names, and no more is known of them. */
START_TEST(told_id__of_a_node_without_a_name__is_matched_as_a_name)
{
    (void)world_window();
    uint32_t module = world_module("[unknown]", NULL, EW_EVIDENCE_NATIVE);
    world_function("seen", "i:name:[unknown]:main", module)->name = "main";
    world_row("seen")->resolution = EW_RESOLVED_SYMBOL;
    world_stack("seen", 3);
    claim_begin(false);
    claim_member("{'id':'main'}");
    (void)claim_end();
    (void)world_merge();
    ck_assert_uint_eq(world_node("main")->confidence_observed, 400);
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

/* Its token is that of what the compiler made of it, and no reason to be another method. */
START_TEST(ambiguous_symbol__async_method_in_a_graph_with_tokens__is_the_users)
{
    (void)world_window();
    struct ew_evidence_function *row = world_function("move", "m:" WORLD_DEBUG_ID ":06000011", 0);
    row->token = 0x06000011;
    row->name = "N.T+<A>d__3.MoveNext";
    row->flags = EW_FUNCTION_ASYNC;
    world_stack("move", 7);
    claim_begin(false);
    claim_node('A', "");
    claim_node('B', "");
    (void)claim_end();
    (void)world_merge();
    ck_assert_uint_eq(world_node("A")->state.observed, EW_RUNTIME_OBSERVED);
    ck_assert(world_node("A")->weak_identity);
    ck_assert_uint_eq(world_node("B")->state.observed, EW_RUNTIME_UNKNOWN);
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

#define ADD(test) tcase_add_test(tests, test)

static TCase *identity_case(void)
{
    TCase *tests = tcase_create("identity");
    tcase_add_checked_fixture(tests, world_begin, world_end);
    ADD(build_mismatch__another_build_ran__never_joins);
    ADD(build_mismatch__age_of_a_portable_pdb__is_no_other_build);
    ADD(build_mismatch__shared_mvid_and_other_pdb__is_another_build);
    ADD(build_id__of_an_elf_file__is_the_same_build);
    ADD(build_id__of_another_elf_file__is_another_build);
    ADD(graph_without_identity__matched_by_name__is_weak_and_never_refutes);
    ADD(graph_without_identity__two_builds_ran__is_ambiguous);
    ADD(graph_without_identity__build_told__does_not_fire);
    ADD(ambiguous_symbol__folded_code__is_maybe_on_each);
    ADD(ambiguous_symbol__one_function_at_the_address__is_observed);
    ADD(ambiguous_symbol__address_behind_a_function__is_none_of_the_graph);
    ADD(ambiguous_symbol__nearest_export__is_maybe_only);
    ADD(ambiguous_symbol__overloads_without_parameters__are_all_maybe);
    ADD(ambiguous_symbol__generic_instantiation__is_its_definition);
    ADD(ambiguous_symbol__async_method_in_a_graph_with_tokens__is_the_users);
    ADD(ambiguous_symbol__async_method__is_the_users_and_weak);
    ADD(code_version_race__two_methods_at_one_address__is_maybe_on_each);
    ADD(code_version_race__versions_of_one_method__are_that_method);
    ADD(ambiguous_record__of_folded_code__is_no_race);
    ADD(told_id__of_a_graph_without_builds__is_its_node_and_weak);
    ADD(told_id__in_the_build_that_ran__is_that_function);
    ADD(told_id__of_another_build__never_joins);
    ADD(told_id__that_is_a_name__is_matched_as_one);
    ADD(told_id__of_a_node_without_a_name__is_matched_as_a_name);
    return tests;
}

Suite *ew_suite(void)
{
    Suite *suite = suite_create("identity");
    suite_add_tcase(suite, identity_case());
    return suite;
}
