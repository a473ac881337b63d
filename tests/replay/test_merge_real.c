/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A real recording and a graph of its test program, written from what the program evidently
 * does: it asks for the time in a loop, and writes a line now and then. The counts come from an
 * independent reading of the recording.
 */
#include "platform/file.h"
#include "replay/merge_replay.h"
#include "support/check_main.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RECORDING EW_TRACES_DIR "/pv-net.4.5.2.x64.etl"

enum { PID = 3676, EXIT_SKIPPED = 77 };

static void replay(void)
{
    static const char *const paths[] = {RECORDING};
    static const uint32_t pids[] = {PID};
    struct ew_replay_options options = {.paths = paths, .path_count = 1};
    options.filters.process_ids = pids;
    options.filters.process_id_count = 1;
    merge_replay_run(&options);
    (void)merge_replay_merge_all(EW_GRAPH_FILE);
}

START_TEST(loop__that_asks_for_the_time__is_confirmed_with_its_known_counts)
{
    const struct ew_reach_edge *now = merge_replay_edge("main", "now");
    const struct ew_reach_edge *offset = merge_replay_edge("now", "offset");
    ck_assert_int_eq(now->edge_class, EW_CLASS_CONFIRMED);
    ck_assert_uint_eq(merge_replay_samples(now), 4684);
    ck_assert_int_eq(offset->edge_class, EW_CLASS_CONFIRMED);
    ck_assert_uint_eq(merge_replay_samples(offset), 4464);
    ck_assert_int_eq(ew_reach_label(merge_replay_node("main")->state), EW_LABEL_CR);
}
END_TEST

START_TEST(writing__a_line__is_explained_by_inlining_and_a_virtual_call)
{
    ck_assert_int_eq(merge_replay_edge("main", "init-out")->edge_class, EW_CLASS_ELIDED);
    ck_assert_uint_eq(merge_replay_edge("main", "init-out")->via_count, 2);
    ck_assert_int_eq(merge_replay_edge("main", "format-all")->edge_class, EW_CLASS_ELIDED);
    ck_assert_int_eq(merge_replay_edge("main", "sync-writer")->edge_class, EW_CLASS_ELIDED);
    ck_assert_int_eq(merge_replay_edge("write", "sync-writer")->edge_class, EW_CLASS_DISPATCH);
    ck_assert(merge_replay_node("write")->inferred);
}
END_TEST

START_TEST(call__that_the_graph_refuses__is_contradicted)
{
    ck_assert_int_eq(merge_replay_edge("main", "keep-alive")->edge_class, EW_CLASS_CONTRADICTION);
    ck_assert_uint_eq(merge_replay_conflicts(EW_CONFLICT_STATIC_CONTRADICTED), 1);
}
END_TEST

START_TEST(call__that_was_inlined__stays_open)
{
    const struct ew_reach_edge *edge = merge_replay_edge("main", "subtract");
    ck_assert_int_eq(edge->edge_class, EW_CLASS_STATIC_ONLY);
    ck_assert_int_eq(ew_reach_label(edge->state), EW_LABEL_SR);
    ck_assert_uint_eq(edge->observation_count, 0);
}
END_TEST

START_TEST(code__of_no_graph__is_runtime_only)
{
    const struct ew_reach_node *node =
        merge_replay_named("System.TimeZoneInfo.GetIsDaylightSavingsFromUtc");
    ck_assert_ptr_nonnull(node);
    ck_assert_int_eq(ew_reach_label(node->state), EW_LABEL_RO);
    ck_assert_uint_eq(node->claim_count, 0);
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("merge_real");
    TCase *tests = tcase_create("merge_real");
    struct ew_file *file = NULL;
    if (ew_file_open(RECORDING, &file, NULL) != EW_OK) {
        (void)fprintf(stderr, "skipped: %s is not there\n", RECORDING);
        exit(EXIT_SKIPPED);
    }
    ew_file_close(file);
    tcase_set_timeout(tests, 60);
    tcase_add_unchecked_fixture(tests, replay, merge_replay_forget);
    tcase_add_test(tests, loop__that_asks_for_the_time__is_confirmed_with_its_known_counts);
    tcase_add_test(tests, writing__a_line__is_explained_by_inlining_and_a_virtual_call);
    tcase_add_test(tests, call__that_the_graph_refuses__is_contradicted);
    tcase_add_test(tests, call__that_was_inlined__stays_open);
    tcase_add_test(tests, code__of_no_graph__is_runtime_only);
    suite_add_tcase(suite, tests);
    return suite;
}
