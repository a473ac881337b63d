/* SPDX-License-Identifier: Apache-2.0 */
/* What may be said of what was not seen: under all conditions, and under none but all. */
#include "merge/merge_world.h"
#include "support/check_main.h"

#include <string.h>

/* What may be inlined has no frame of its own, and is never said to be unobserved by samples. */
#define NEVER_INLINED ",'inline':'never'"

/* B is never seen; App.dll has enough stacks unless a test says otherwise. */
static struct ew_evidence *adequate_window(uint64_t stacks)
{
    struct ew_evidence *evidence = world_window();
    evidence->quality.rundown = EW_RUNDOWN_COMPLETE;
    world_module_row(0)->samples = stacks;
    world_stack("A", stacks);
    return evidence;
}

static void graph_of_a_to_b(const char *b_members)
{
    claim_begin(true);
    claim_node('A', NEVER_INLINED);
    claim_node('B', b_members);
    claim_node('C', NEVER_INLINED);
    claim_edge("A>B", "");
    claim_entry('A');
    (void)claim_end();
}

START_TEST(unobserved__all_conditions_met__is_said_with_its_scope)
{
    (void)adequate_window(2000);
    (void)adequate_window(1000);
    graph_of_a_to_b(NEVER_INLINED);
    const struct ew_merged *merged = world_merge_asking();
    world_only(-1);
    ck_assert_uint_eq(world_node("B")->state.observed, EW_RUNTIME_UNOBSERVED);
    ck_assert_str_eq(world_label("B"), "SR");
    ck_assert_str_eq(world_label("C"), "CU");
    ck_assert_uint_eq(merged->scope_count, 1);
    ck_assert_uint_eq(merged->scopes[0].stacks, 3000);
    ck_assert(!merged->scopes[0].never_prepared);
    ck_assert_uint_eq(merged->scopes[0].range_count, 1);
    ck_assert_uint_eq(merged->ranges[0].from, 1);
    ck_assert_uint_eq(merged->ranges[0].to, 2);
    ck_assert_uint_eq(world_node("B")->scope, 0);
    ck_assert_uint_eq(world_node("A")->scope, EW_GRAPH_NONE);
}
END_TEST

START_TEST(unobserved__not_asked__is_not_said)
{
    (void)adequate_window(3000);
    graph_of_a_to_b(NEVER_INLINED);
    const struct ew_merged *merged = world_merge();
    ck_assert_uint_eq(world_node("B")->state.observed, EW_RUNTIME_UNKNOWN);
    ck_assert_uint_eq(merged->scope_count, 0);
}
END_TEST

/* Each breaks one condition of a window; the sentence must name it. */
struct breach {
    const char *named;
    void (*make)(struct ew_evidence *evidence);
};

static const struct ew_evidence_gap gap = {1, 1, 1, 2, EW_GAP_CRASH};

static void lose_events(struct ew_evidence *evidence)
{
    evidence->quality.events_lost = 1;
}

static void lose_buffers(struct ew_evidence *evidence)
{
    evidence->quality.buffers_lost = 1;
}

static void tell_of_loss(struct ew_evidence *evidence)
{
    evidence->quality.lost_event_records = 1;
}

static void damage(struct ew_evidence *evidence)
{
    evidence->quality.damaged_buffers = 1;
}

static void refuse(struct ew_evidence *evidence)
{
    evidence->quality.decode_refused = 1;
}

static void drop(struct ew_evidence *evidence)
{
    evidence->quality.dropped = 1;
}

static void throttle(struct ew_evidence *evidence)
{
    evidence->quality.throttled = true;
}

static void run_down_partly(struct ew_evidence *evidence)
{
    evidence->quality.rundown = EW_RUNDOWN_PARTIAL;
}

static void run_down_nothing(struct ew_evidence *evidence)
{
    evidence->quality.rundown = EW_RUNDOWN_NONE;
}

static void leave_gap(struct ew_evidence *evidence)
{
    evidence->gaps = &gap;
    evidence->gap_count = 1;
}

static void leave_open(struct ew_evidence *evidence)
{
    evidence->sealed = false;
}

static void sample_less(struct ew_evidence *evidence)
{
    (void)evidence;
    world_module_row(0)->samples = EW_UNOBSERVED_STACKS_MIN - 1;
}

static void load_nothing(struct ew_evidence *evidence)
{
    (void)evidence;
    world_module_row(0)->samples = 0;
    world_module_row(0)->loads = 0;
}

static void see_something_unknown(struct ew_evidence *evidence)
{
    (void)evidence;
    world_function("Odd", "d:odd", 0)->resolution = EW_RESOLVED_JIT;
}

static const struct breach breaches[] = {
    {"events were lost", lose_events},
    {"buffers were lost", lose_buffers},
    {"told of losses", tell_of_loss},
    {"damaged", damage},
    {"decoded", refuse},
    {"tables were full", drop},
    {"throttled", throttle},
    {"rundown", run_down_partly},
    {"rundown", run_down_nothing},
    {"gaps", leave_gap},
    {"revised", leave_open},
    {"3000 are needed", sample_less},
    {"loaded in no window", load_nothing},
    {"nothing identifies", see_something_unknown},
};

START_TEST(unobserved__any_condition_broken__is_refused_and_names_it)
{
    breaches[_i].make(adequate_window(5000));
    graph_of_a_to_b(NEVER_INLINED);
    const struct ew_merged *merged = world_merge_asking();
    world_only(EW_CONFLICT_COVERAGE_INSUFFICIENT, -1);
    ck_assert_msg(strstr(merged->conflicts[0].text, breaches[_i].named) != NULL, "%s",
                  merged->conflicts[0].text);
    ck_assert_uint_eq(merged->conflicts[0].count, 2);
    ck_assert_uint_eq(world_node("B")->state.observed, EW_RUNTIME_UNKNOWN);
    ck_assert_str_eq(world_label("C"), "SU");
}
END_TEST

/* A bad window elsewhere takes nothing back: an adequate scope exists. */
START_TEST(unobserved__one_broken_window_among_good_ones__is_said_of_the_good_ones)
{
    (void)adequate_window(3000);
    breaches[_i].make(adequate_window(5000));
    (void)adequate_window(3000);
    graph_of_a_to_b(NEVER_INLINED);
    const struct ew_merged *merged = world_merge_asking();
    if (breaches[_i].make == see_something_unknown) {
        ck_assert_uint_eq(merged->scope_count, 0);
        return;
    }
    ck_assert_uint_eq(world_node("B")->state.observed, EW_RUNTIME_UNOBSERVED);
    ck_assert_uint_eq(merged->scopes[0].range_count, breaches[_i].make == sample_less ? 1 : 2);
}
END_TEST

START_TEST(unobserved__seen_on_another_host__is_observed)
{
    (void)adequate_window(5000);
    (void)world_stream("00000000000000000000000000000002");
    world_stack("B", 1);
    graph_of_a_to_b(NEVER_INLINED);
    (void)world_merge_asking();
    ck_assert_str_eq(world_label("B"), "CR");
}
END_TEST

START_TEST(unobserved__perhaps_seen__is_maybe)
{
    (void)adequate_window(5000);
    world_ambiguous("B|C", EW_AMBIGUOUS_FOLDED, 1);
    graph_of_a_to_b(NEVER_INLINED);
    (void)world_merge_asking();
    ck_assert(world_node("B")->maybe && world_node("C")->maybe);
    ck_assert_str_eq(world_label("C"), "SU");
}
END_TEST

START_TEST(unobserved__graph_says_nothing_of_inlining__is_refused)
{
    (void)adequate_window(3000);
    graph_of_a_to_b("");
    (void)world_merge_asking();
    ck_assert_uint_eq(world_node("B")->state.observed, EW_RUNTIME_UNKNOWN);
    ck_assert_uint_eq(world_node("C")->state.observed, EW_RUNTIME_UNOBSERVED);
    ck_assert_ptr_nonnull(strstr(world_sentence(EW_CONFLICT_COVERAGE_INSUFFICIENT),
                                 "does not say that it is never inlined"));
}
END_TEST

/* The graph knows B by its token alone, and a method ran that may have been made of it. */
START_TEST(unobserved__compiler_made_methods_ran_and_it_has_no_name__is_refused)
{
    (void)adequate_window(3000);
    struct ew_evidence_function *made =
        world_function("Made", "m:" WORLD_DEBUG_ID ":06000011", 0);
    made->token = 0x06000011;
    made->name = "N.T+<B>d__1.MoveNext";
    world_stack("Made", 1);
    claim_begin(true);
    claim_member("{'id':'B','artifact':0,'token':'06000002','inline':'never'}");
    claim_node('C', NEVER_INLINED);
    (void)claim_end();
    (void)world_merge_asking();
    ck_assert_uint_eq(world_node("C")->state.observed, EW_RUNTIME_UNOBSERVED);
    ck_assert_uint_eq(world_conflicts(EW_CONFLICT_COVERAGE_INSUFFICIENT), 1);
    ck_assert_ptr_nonnull(
        strstr(world_sentence(EW_CONFLICT_COVERAGE_INSUFFICIENT), "lambdas and async"));
}
END_TEST

START_TEST(unobserved__may_be_inlined__is_refused)
{
    (void)adequate_window(5000);
    graph_of_a_to_b(",'inline':'may'");
    (void)world_merge_asking();
    ck_assert_uint_eq(world_node("B")->state.observed, EW_RUNTIME_UNKNOWN);
    ck_assert_ptr_nonnull(strstr(world_sentence(EW_CONFLICT_COVERAGE_INSUFFICIENT), "inlined"));
}
END_TEST

/* Everybody calls everybody but z, which only y calls, and y is never inlined: too many ways from
 * A to z to go them all, and F could stand on each. */
static void graph_of_a_crowd(void)
{
    claim_begin(true);
    for (char from = 'A'; from <= 'z'; from = from == 'Z' ? 'a' : (char)(from + 1)) {
        claim_node(from, from == 'y' ? ",'inline':'never'" : "");
        for (char to = 'A'; to <= 'z' && from != 'z'; to = to == 'Z' ? 'a' : (char)(to + 1)) {
            char edge[4] = {from, '>', to, '\0'};
            if (to != 'z' || from == 'y') {
                claim_edge(edge, "");
            }
        }
    }
    claim_entry('A');
    (void)claim_end();
}

START_TEST(unobserved__a_search_for_inlined_frames_was_cut__is_refused)
{
    (void)adequate_window(3000);
    world_stack("A>z", 1);
    graph_of_a_crowd();
    ck_assert_uint_eq(world_merge_asking()->searches_cut, 1);
    ck_assert_uint_eq(world_node("F")->state.observed, EW_RUNTIME_UNKNOWN);
    ck_assert_ptr_nonnull(
        strstr(world_sentence(EW_CONFLICT_COVERAGE_INSUFFICIENT), "not taken to its end"));
}
END_TEST

START_TEST(unobserved__documents_of_the_stream_are_disputed__is_refused)
{
    for (int i = 0; i < 3; i++) {
        (void)adequate_window(3000);
        graph_of_a_to_b(NEVER_INLINED);
        struct ew_window_stream *stream = world_last_stream();
        stream->conflicts = i == 0;
        stream->broken_links = i == 1;
        stream->mixed = i == 2;
        (void)world_merge_asking();
        ck_assert_uint_eq(world_node("B")->state.observed, EW_RUNTIME_UNKNOWN);
        ck_assert_ptr_nonnull(
            strstr(world_sentence(EW_CONFLICT_COVERAGE_INSUFFICIENT), "was replaced"));
        world_end();
        world_begin();
    }
}
END_TEST

START_TEST(unobserved__another_build_was_watched__is_refused)
{
    (void)adequate_window(5000);
    claim_begin(true);
    claim_artifact("'name':'App.dll','debugId':'" WORLD_OTHER_ID "'");
    claim_node('A', NEVER_INLINED);
    claim_node('B', NEVER_INLINED);
    claim_entry('A');
    (void)claim_end();
    (void)world_merge_asking();
    ck_assert_uint_eq(world_conflicts(EW_CONFLICT_COVERAGE_INSUFFICIENT), 1);
    ck_assert_ptr_nonnull(
        strstr(world_sentence(EW_CONFLICT_COVERAGE_INSUFFICIENT), "loaded in no window"));
}
END_TEST

START_TEST(unobserved__graph_tells_no_build__is_refused)
{
    (void)adequate_window(5000);
    claim_begin(true);
    claim_artifact("'name':'App.dll'");
    claim_node('B', NEVER_INLINED);
    (void)claim_end();
    (void)world_merge_asking();
    ck_assert_ptr_nonnull(strstr(world_sentence(EW_CONFLICT_COVERAGE_INSUFFICIENT), "no build"));
}
END_TEST

START_TEST(unobserved__vulnerable_function__is_told_by_name)
{
    lose_events(adequate_window(5000));
    claim_begin(true);
    claim_node('A', NEVER_INLINED);
    claim_node('B', NEVER_INLINED);
    claim_entry('A');
    claim_target('B', "CVE-1");
    (void)claim_end();
    (void)world_merge_asking();
    ck_assert_ptr_nonnull(strstr(world_sentence(EW_CONFLICT_COVERAGE_INSUFFICIENT), "N.T.B"));
    ck_assert(world_node("B")->target);
    ck_assert_uint_eq(world_node("B")->vulnerability_count, 1);
}
END_TEST

/* --- never prepared ---------------------------------------------------------------------------
 */

static const struct ew_evidence_source preparing[] = {
    {.kind = EW_SOURCE_STACK_SAMPLE},
    {.kind = EW_SOURCE_METHOD_PREPARE, .event_id = 143},
    {.kind = EW_SOURCE_METHOD_PREPARE, .event_id = 159},
    {.kind = EW_SOURCE_METHOD_PREPARE, .event_id = 185},
};
static struct ew_evidence_process process;

static struct ew_evidence *prepared_window(void)
{
    struct ew_evidence *evidence = adequate_window(10);
    process.attached_at_start = false;
    evidence->sources = preparing;
    evidence->source_count = 4;
    evidence->processes = &process;
    evidence->process_count = 1;
    return evidence;
}

START_TEST(never_prepared__all_that_compiles_is_told__few_samples_suffice)
{
    (void)prepared_window();
    graph_of_a_to_b(",'inline':'may'");
    const struct ew_merged *merged = world_merge_asking();
    ck_assert_uint_eq(merged->scope_count, 1);
    ck_assert(merged->scopes[0].never_prepared);
    ck_assert_uint_eq(world_node("B")->state.observed, EW_RUNTIME_UNOBSERVED);
}
END_TEST

START_TEST(never_prepared__a_source_or_the_start_is_missing__is_refused)
{
    struct ew_evidence *evidence = prepared_window();
    if (_i < 3) {
        evidence->source_count = (size_t)_i + 1;
    } else {
        process.attached_at_start = true;
    }
    graph_of_a_to_b(NEVER_INLINED);
    const struct ew_merged *merged = world_merge_asking();
    ck_assert_uint_eq(merged->scope_count, 0);
}
END_TEST

START_TEST(prepared__function__is_observed_with_less_confidence)
{
    struct ew_evidence *evidence = prepared_window();
    static struct ew_evidence_observation rows[] = {
        {.function = 1, .source = 1, .hits = 1, .first_100ns = WORLD_START}};
    (void)world_row("A");
    (void)world_row("B");
    evidence->observations = rows;
    evidence->observation_count = 1;
    graph_of_a_to_b(NEVER_INLINED);
    const struct ew_merged *merged = world_merge();
    ck_assert_str_eq(world_label("B"), "CR");
    ck_assert_uint_eq(world_node("B")->confidence_observed, 900);
    ck_assert_uint_eq(merged->observations[world_node("B")->first_observation].level, 1);
}
END_TEST

#define COUNT(array) (int)(sizeof(array) / sizeof(array)[0])

Suite *ew_suite(void)
{
    Suite *suite = suite_create("coverage");
    TCase *tests = tcase_create("coverage");
    tcase_add_checked_fixture(tests, world_begin, world_end);
    tcase_add_test(tests, unobserved__all_conditions_met__is_said_with_its_scope);
    tcase_add_test(tests, unobserved__not_asked__is_not_said);
    tcase_add_loop_test(tests, unobserved__any_condition_broken__is_refused_and_names_it, 0,
                        COUNT(breaches));
    tcase_add_loop_test(tests,
                        unobserved__one_broken_window_among_good_ones__is_said_of_the_good_ones,
                        0, COUNT(breaches));
    tcase_add_test(tests, unobserved__seen_on_another_host__is_observed);
    tcase_add_test(tests, unobserved__perhaps_seen__is_maybe);
    tcase_add_test(tests, unobserved__graph_says_nothing_of_inlining__is_refused);
    tcase_add_test(tests, unobserved__compiler_made_methods_ran_and_it_has_no_name__is_refused);
    tcase_add_test(tests, unobserved__may_be_inlined__is_refused);
    tcase_add_test(tests, unobserved__a_search_for_inlined_frames_was_cut__is_refused);
    tcase_add_test(tests, unobserved__documents_of_the_stream_are_disputed__is_refused);
    tcase_add_test(tests, unobserved__another_build_was_watched__is_refused);
    tcase_add_test(tests, unobserved__graph_tells_no_build__is_refused);
    tcase_add_test(tests, unobserved__vulnerable_function__is_told_by_name);
    tcase_add_test(tests, never_prepared__all_that_compiles_is_told__few_samples_suffice);
    tcase_add_loop_test(tests, never_prepared__a_source_or_the_start_is_missing__is_refused, 0,
                        4);
    tcase_add_test(tests, prepared__function__is_observed_with_less_confidence);
    suite_add_tcase(suite, tests);
    return suite;
}
