/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A document that somebody forged can make code look more used, never less: whatever it tells of
 * functions that others saw, what these say stands, and so does every contradiction.
 */
#include "merge/merge_world.h"
#include "support/check_main.h"

#include <stdio.h>
#include <string.h>

#define FIRST_STREAM "00000000000000000000000000000001"
#define LAST_STREAM "00000000000000000000000000000002"
#define KEY_OF_A "m:" WORLD_DEBUG_ID ":06000001"

enum { FORGERIES = 14 };

static void honest(const char *stream_id)
{
    (void)world_stream(stream_id);
    world_stack("A>B", 5);
    world_stack("A>C", 2);
}

/* A in the forger's document: the key is the honest one, the rest is not. */
static struct ew_evidence_function *forged_row(uint32_t module)
{
    return world_function("forged", KEY_OF_A, module);
}

static void forge(int kind, const char *stream_id)
{
    (void)world_stream(stream_id);
    uint32_t evil = world_module("evil.dll", WORLD_OTHER_ID, EW_EVIDENCE_NATIVE);
    struct ew_evidence_function *row = forged_row(kind == 0 ? evil : 0);
    row->token = 0x06000001;
    row->name = "N.T.A";
    row->signature = "void  ()";
    switch (kind) {
    case 0:
        break; /* of another module */
    case 1:
        row->token = 0x06000004; /* another function of the graph */
        break;
    case 2:
        row->token = 0;
        row->name = "zzz";
        break;
    case 3:
        row->flags = EW_FUNCTION_FOLDED;
        break;
    case 4:
        row->flags = EW_FUNCTION_THUNK;
        break;
    case 5:
        row->name = "System.Threading.ThreadPoolWorkQueue.Dispatch";
        break;
    case 6:
        row->resolution = EW_RESOLVED_DYNAMIC;
        break;
    case 7:
        row->resolution = EW_RESOLVED_EXPORT_NEAR;
        break;
    case 8:
        world_module_row(0)->kind = EW_EVIDENCE_KERNEL;
        break;
    case 9:
        world_module_row(0)->mvid = "ff000000-0000-0000-0000-000000000001";
        break;
    case 10:
        world_module_row(0)->name = "coreclr.dll"; /* whose frames stand for others */
        break;
    case 11:
        row->doc_id = "M:N.T.D";
        row->token = 0;
        break;
    case 12:
        world_module_row(0)->debug_id = WORLD_OTHER_ID;
        break;
    default:
        row->has_rva = true;
        row->rva = UINT64_MAX >> 11;
        break;
    }
    world_stack("forged", UINT64_MAX >> 11);
    world_ambiguous("forged|forged", EW_AMBIGUOUS_FOLDED, 1);
}

/* A and C have no call between them, and the analyser looked everywhere. */
static void graph_without_the_call(void)
{
    claim_begin(true);
    claim_node('A', "");
    claim_node('B', ",'inline':'never'");
    claim_node('C', "");
    claim_node('D', "");
    claim_edge("A>B", "");
    claim_entry('A');
    (void)claim_end();
}

static void check_honest(int kind)
{
    (void)world_merge_asking();
    ck_assert_msg(strcmp(world_label("A"), "CR") == 0, "%d: A is %s", kind, world_label("A"));
    ck_assert_msg(strcmp(world_label("B"), "CR") == 0, "%d: B is %s", kind, world_label("B"));
    ck_assert_msg(strcmp(world_label("C"), "X") == 0, "%d: C is %s", kind, world_label("C"));
    ck_assert_msg(strcmp(world_edge_label("A>B"), "CR") == 0, "%d", kind);
    ck_assert_msg(strcmp(world_edge_label("A>C"), "X") == 0, "%d: A>C is %s", kind,
                  world_edge_label("A>C"));
    ck_assert_msg(world_conflicts(EW_CONFLICT_STATIC_CONTRADICTED) >= 1, "%d", kind);
}

/* Before and behind the honest stream: which one comes first decides nothing. */
START_TEST(forged_row__of_a_key_that_others_saw__takes_nothing_from_it)
{
    for (int behind = 0; behind < 2; behind++) {
        world_begin();
        if (behind == 0) {
            forge(_i, FIRST_STREAM);
        }
        honest(behind == 0 ? LAST_STREAM : FIRST_STREAM);
        if (behind != 0) {
            forge(_i, LAST_STREAM);
        }
        graph_without_the_call();
        check_honest(_i);
        world_end();
    }
}
END_TEST

static size_t nodes_of_key(const struct ew_merged *merged, const char *key)
{
    size_t count = 0;
    for (size_t i = 0; i < merged->node_count; i++) {
        count += strcmp(merged->nodes[i].key, key) == 0;
    }
    return count;
}

START_TEST(key__told_of_two_functions__is_that_of_the_one_it_names)
{
    forge(1, FIRST_STREAM);
    honest(LAST_STREAM);
    graph_without_the_call();
    const struct ew_merged *merged = world_merge();
    const struct ew_reach_node *node = world_find(KEY_OF_A);
    ck_assert_ptr_nonnull(node);
    ck_assert_str_eq(node->id, "A");
    ck_assert_uint_eq(nodes_of_key(merged, KEY_OF_A), 1);
    ck_assert_str_eq(world_find("v:2:" KEY_OF_A)->id, "D");
}
END_TEST

START_TEST(key__told_with_more_names_later__is_one_function)
{
    honest(FIRST_STREAM);
    (void)world_stream(LAST_STREAM);
    world_row("A")->doc_id = "M:N.T.A";
    world_row("A")->flags = EW_FUNCTION_GENERIC;
    world_stack("A", 1);
    const struct ew_merged *merged = world_merge();
    ck_assert_uint_eq(merged->node_count, 3);
    ck_assert_uint_eq(world_node("A")->observation_count, 2);
    ck_assert_str_eq(world_node("A")->doc_id, "M:N.T.A");
}
END_TEST

/* Two builds that share an MVID, as tools have made them: their keys are the same. */
START_TEST(key__of_two_builds__is_two_functions)
{
    static const char mvid[] = "6d000000-0000-0000-0000-000000000001";
    static const char *const streams[] = {FIRST_STREAM, LAST_STREAM};
    for (int i = 0; i < 2; i++) {
        (void)world_stream(streams[i]);
        struct ew_evidence_module *row = world_module_row(0);
        row->mvid = mvid;
        row->debug_id = i == 0 ? WORLD_DEBUG_ID : WORLD_OTHER_ID;
        (void)world_function("F", "m:6d000000-0000-0000-0000-000000000001:06000001", 0);
        world_row("F")->token = 0x06000001;
        world_stack("F", 1);
    }
    claim_begin(true);
    claim_node('A', "");
    claim_entry('A');
    (void)claim_end();
    const struct ew_merged *merged = world_merge();
    ck_assert_uint_eq(merged->node_count, 2);
    ck_assert_str_eq(world_label("A"), "CR");
    ck_assert_uint_eq(world_node("A")->observation_count, 1);
}
END_TEST

/* Keys that are made here cannot be told by a document. */
START_TEST(key__in_the_form_of_made_ones__is_another)
{
    static const char *const keys[] = {"g:0000000000000000:A", "r:g:0000000000000000:A",
                                       "r:v:2:" KEY_OF_A, "v:2:" KEY_OF_A};
    forge(1, FIRST_STREAM);
    (void)world_stream(FIRST_STREAM); /* rows lie by key, so they have a window of their own */
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        char word[8];
        (void)snprintf(word, sizeof word, "k%zu", i);
        (void)world_function(word, keys[i], 0);
        world_stack(word, 1);
    }
    honest(LAST_STREAM);
    graph_without_the_call();
    const struct ew_merged *merged = world_merge();
    for (size_t i = 1; i < merged->node_count; i++) {
        ck_assert_str_lt(merged->nodes[i - 1].key, merged->nodes[i].key);
    }
    ck_assert_str_eq(world_find("v:2:" KEY_OF_A)->id, "D");
}
END_TEST

START_TEST(hits__beyond_what_a_document_can_hold__stop_there)
{
    for (int i = 0; i < 3; i++) {
        (void)world_window();
        world_stack("A>B", EW_JSON_INTEGER_MAX);
    }
    const struct ew_merged *merged = world_merge();
    const struct ew_reach_node *node = world_node("A");
    ck_assert_uint_eq(merged->observations[node->first_observation].hits, EW_JSON_INTEGER_MAX);
    ck_assert_uint_eq(merged->observations[node->first_observation].windows, 3);
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("forged documents");
    TCase *forged = tcase_create("forged");
    tcase_add_loop_test(forged, forged_row__of_a_key_that_others_saw__takes_nothing_from_it, 0,
                        FORGERIES);
    suite_add_tcase(suite, forged);
    TCase *keys = tcase_create("keys");
    tcase_add_checked_fixture(keys, world_begin, world_end);
    tcase_add_test(keys, key__told_of_two_functions__is_that_of_the_one_it_names);
    tcase_add_test(keys, key__told_with_more_names_later__is_one_function);
    tcase_add_test(keys, key__of_two_builds__is_two_functions);
    tcase_add_test(keys, key__in_the_form_of_made_ones__is_another);
    tcase_add_test(keys, hits__beyond_what_a_document_can_hold__stop_there);
    suite_add_tcase(suite, keys);
    return suite;
}
