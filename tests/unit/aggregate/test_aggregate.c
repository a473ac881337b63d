/* SPDX-License-Identifier: Apache-2.0 */
/* Stacks become functions, edges and paths, each counted as the contract says. */
#include "etwitness/aggregate.h"
#include "support/check_main.h"
#include "support/model_world.h"

#include <stdio.h>
#include <string.h>

#define KERNEL(n) (UINT64_C(0xfffff80000000000) + (n))

static struct world *world;
static struct ew_aggregate *aggregate;

/* What the last close handed over, as text: one line an edge, "from>to adj hits". */
static char edges[8192];
static char documents[1024];                  /* containers in order, "-" for the host */
static enum ew_container_id_source id_source; /* of the last */
static char functions[8192];                  /* "name hits leaf root" */
static char paths[8192];
static struct ew_evidence_quality quality;
static size_t path_count;

static const char *name_of(const struct ew_evidence *evidence, uint32_t function)
{
    const struct ew_evidence_function *shown = &evidence->functions[function];
    const char *colon = strrchr(shown->key, ':');
    return shown->name != NULL ? shown->name + strlen("Shop.Type.") : colon + 1;
}

static void add_line(char *text, size_t capacity, const char *line)
{
    ck_assert_uint_lt(strlen(text) + strlen(line), capacity);
    memcpy(text + strlen(text), line, strlen(line) + 1);
}

static void note_edges(const struct ew_evidence *evidence)
{
    char line[256];
    for (size_t i = 0; i < evidence->edge_count; i++) {
        const struct ew_evidence_edge *edge = &evidence->edges[i];
        (void)snprintf(line, sizeof line, "%s>%s %c %u\n", name_of(evidence, edge->from),
                       name_of(evidence, edge->to),
                       edge->adjacency == EW_ADJACENT_FRAME ? 'f' : 'b', (unsigned)edge->hits);
        add_line(edges, sizeof edges, line);
    }
    for (size_t i = 0; i < evidence->observation_count; i++) {
        const struct ew_evidence_observation *seen = &evidence->observations[i];
        (void)snprintf(line, sizeof line, "%s %u %u %u\n", name_of(evidence, seen->function),
                       (unsigned)seen->hits, (unsigned)seen->leaf, (unsigned)seen->root);
        add_line(functions, sizeof functions, line);
    }
}

static enum ew_status note(void *context, struct ew_evidence *evidence, struct ew_error *error)
{
    char line[512];
    (void)context;
    (void)error;
    (void)snprintf(line, sizeof line, "%s ",
                   evidence->container != NULL ? evidence->container : "-");
    add_line(documents, sizeof documents, line);
    note_edges(evidence);
    for (size_t i = 0; i < evidence->path_count; i++) {
        const struct ew_evidence_path *path = &evidence->paths[i];
        for (uint32_t f = 0; f < path->frame_count; f++) {
            add_line(paths, sizeof paths, name_of(evidence, path->frames[f]));
            add_line(paths, sizeof paths, "/");
        }
        (void)snprintf(line, sizeof line, " %u%s\n", (unsigned)path->hits,
                       path->complete ? "" : " cut");
        add_line(paths, sizeof paths, line);
    }
    id_source = evidence->container_id_source;
    path_count = evidence->path_count;
    quality = evidence->quality;
    return EW_OK;
}

static void close_window(uint64_t number)
{
    struct ew_window_span span = {number, WORLD_START, WORLD_START + 1000000};
    struct ew_error error;
    edges[0] = documents[0] = functions[0] = paths[0] = '\0';
    ck_assert_int_eq(ew_aggregate_close(aggregate, &span, note, NULL, &error), EW_OK);
}

static bool only_100(void *context, const struct ew_process *process)
{
    (void)context;
    return process->process_id == 100;
}

static void make_aggregate(ew_process_filter_fn filter)
{
    struct ew_aggregate_options options = {
        .model = world->model, .fragments = world->fragments, .filter = filter};
    ck_assert_int_eq(ew_aggregate_create(&options, &aggregate), EW_OK);
}

static void add_process(uint32_t pid, uint32_t tid)
{
    world_process(world, 1, EW_PHASE_DC_START, pid, "a.exe");
    world_thread(world, 2, EW_PHASE_DC_START, pid, tid);
    world_clr_module(world, 3, EW_PHASE_DC_START, pid, 77, "C:\\shop\\Shop.dll", 0x11);
    world_method(world, 4, EW_PHASE_DC_START, pid, 1, 0x1000, 0x100, 0x06000001, "Main");
    world_method(world, 4, EW_PHASE_DC_START, pid, 2, 0x2000, 0x100, 0x06000002, "Post");
    world_method(world, 4, EW_PHASE_DC_START, pid, 3, 0x3000, 0x100, 0x06000003, "Parse");
}

static void set_up(void)
{
    world = world_make();
    add_process(100, 8);
    make_aggregate(NULL);
}

static void tear_down(void)
{
    ew_aggregate_destroy(aggregate);
    world_free(world);
}

/* One sample with a stack, counted in a window. */
static void observe(uint64_t window, uint64_t time, uint32_t pid, uint32_t tid,
                    const uint64_t *frames, uint32_t count)
{
    world->stack_count = 0;
    world_sample(world, time, 0, tid, frames[0]);
    world_stack(world, time + 1, 0, time, pid, tid, frames, count);
    ck_assert_uint_eq(world->stack_count, 1);
    ew_aggregate_add(aggregate, window, &world->stacks[0]);
}

START_TEST(stack__observed_twice__has_edges_with_two_hits)
{
    const uint64_t frames[] = {0x3010, 0x2010, 0x1010};
    observe(0, 100, 100, 8, frames, 3);
    observe(0, 200, 100, 8, frames, 3);
    close_window(0);
    ck_assert_str_eq(edges, "Main>Post f 2\nPost>Parse f 2\n");
    ck_assert_str_eq(functions, "Main 2 0 2\nPost 2 0 0\nParse 2 2 0\n");
    ck_assert_str_eq(paths, "Main/Post/Parse/ 2\n");
    ck_assert_uint_eq(quality.stacks_total, 2);
    ck_assert_uint_eq(quality.frames_total, 6);
    ck_assert_uint_eq(quality.frames_exact, 6);
    ck_assert_uint_eq(ew_aggregate_counts(aggregate).stacks_distinct, 1);
}
END_TEST

START_TEST(recursion__counts_once_a_stack__and_keeps_its_edge)
{
    const uint64_t frames[] = {0x2010, 0x2020, 0x2030, 0x1010};
    observe(0, 100, 100, 8, frames, 4);
    close_window(0);
    ck_assert_str_eq(edges, "Main>Post f 1\nPost>Post f 1\n");
    ck_assert_str_eq(functions, "Main 1 0 1\nPost 1 1 0\n");
    ck_assert_str_eq(paths, "Main/Post/ 1\n");
}
END_TEST

START_TEST(return_address__behind_the_last_instruction__is_of_the_caller)
{
    /* 0x2100 is the first byte behind Post: a call that does not return ends it. */
    const uint64_t frames[] = {0x3000, 0x2100, 0x1010};
    observe(0, 100, 100, 8, frames, 3);
    close_window(0);
    ck_assert_str_eq(edges, "Main>Post f 1\nPost>Parse f 1\n");
}
END_TEST

START_TEST(unknown_frame__parts_its_neighbours__and_is_counted)
{
    const uint64_t frames[] = {0x3010, 0xdead0000, 0x2010, 0x1010};
    observe(0, 100, 100, 8, frames, 4);
    close_window(0);
    ck_assert_str_eq(edges, "Main>Post f 1\n");
    ck_assert_uint_eq(quality.stacks_gapped, 1);
    ck_assert_uint_eq(quality.frames_no_module, 1);
    ck_assert_uint_eq(quality.frames_unresolved, 1);
    ck_assert_str_eq(paths, ""); /* one frame before the gap is no path */
}
END_TEST

START_TEST(kernel_half__meets_the_user_half__in_a_bridge)
{
    const uint64_t kernel[] = {KERNEL(0x10), KERNEL(0x20)};
    const uint64_t user[] = {0x2010, 0x1010};
    world_image(world, 5, EW_PHASE_DC_START, 0, KERNEL(0), 0x1000, 0x5000, "\\x\\nt.exe");
    world->stack_count = 0;
    world_sample(world, 100, 0, 8, KERNEL(0x10));
    world_stack(world, 101, 0, 100, 100, 8, kernel, 2);
    world_stack(world, 102, 0, 100, 100, 8, user, 2);
    ew_aggregate_add(aggregate, 0, &world->stacks[0]);
    close_window(0);
    ck_assert_str_eq(edges, "Main>Post f 1\nPost>1f b 1\n1f>10 f 1\n");
}
END_TEST

START_TEST(clr_stack__hides_native_frames__so_its_edges_are_bridges)
{
    const uint64_t frames[] = {0x2010, 0x1010};
    world_clr_event(world, 100, 100, 8, 10);
    world_clr_stack(world, 101, 100, 8, frames, 2);
    ew_aggregate_add(aggregate, 0, &world->stacks[0]);
    close_window(0);
    ck_assert_str_eq(edges, "Main>Post b 1\n");
}
END_TEST

START_TEST(containers__each_have_a_document__the_host_first)
{
    static const char id_b[] = "6d9f6d0c-57f8-5f0c-898d-2dc82cc922e0";
    static const char id_a[] = "11111111-57f8-5f0c-898d-2dc82cc922e0";
    const uint64_t frames[] = {0x2010, 0x1010};
    add_process(200, 12);
    add_process(300, 16);
    world_container(world, 10, 200, id_b, 36);
    world_container(world, 10, 300, id_a, 36);
    observe(0, 100, 200, 12, frames, 2);
    close_window(0);
    ck_assert_str_eq(documents, "- 11111111-57f8-5f0c-898d-2dc82cc922e0 "
                                "6d9f6d0c-57f8-5f0c-898d-2dc82cc922e0 ");
    ck_assert_str_eq(edges, "Main>Post f 1\n"); /* in one document only */
}
END_TEST

START_TEST(container__is_told_by_whoever_told_it)
{
    static const char id[] = "6d9f6d0c-57f8-5f0c-898d-2dc82cc922e0";
    static const char other[] = "ffffffff-57f8-5f0c-898d-2dc82cc922e0";
    add_process(200, 12);
    add_process(300, 16);
    world_container_by_job(world, 10, 200, id);
    world_container_by_job(world, 10, 300, id);
    close_window(0);
    ck_assert_int_eq(id_source, EW_CONTAINER_ID_JOB);
    world_container(world, 20, 300, other, strlen(other)); /* not what it is known by */
    close_window(1);
    ck_assert_str_eq(documents, "- 6d9f6d0c-57f8-5f0c-898d-2dc82cc922e0 ");
    ck_assert_int_eq(id_source, EW_CONTAINER_ID_JOB);
    world_container(world, 30, 200, id, strlen(id));
    world_container_by_job(world, 40, 200, id); /* again, as live capture does now and then */
    close_window(2);
    ck_assert_int_eq(id_source, EW_CONTAINER_ID_ETW);
}
END_TEST

START_TEST(filter__leaves_other_processes_out)
{
    const uint64_t frames[] = {0x2010, 0x1010};
    ew_aggregate_destroy(aggregate);
    make_aggregate(only_100);
    add_process(200, 12);
    observe(0, 100, 200, 12, frames, 2);
    observe(0, 200, 100, 8, frames, 2);
    close_window(0);
    ck_assert_str_eq(edges, "Main>Post f 1\n");
    ck_assert_str_eq(documents, "- ");
}
END_TEST

static size_t total_count(void)
{
    size_t count = 0;
    (void)ew_aggregate_processes(aggregate, &count);
    return count;
}

static void observe_two_processes(bool process_totals)
{
    const uint64_t frames[] = {0x2010, 0x1010};
    struct ew_aggregate_options options = {
        .model = world->model, .fragments = world->fragments, .process_totals = process_totals};
    ew_aggregate_destroy(aggregate);
    ck_assert_int_eq(ew_aggregate_create(&options, &aggregate), EW_OK);
    add_process(200, 12);
    observe(0, 100, 200, 12, frames, 2);
    observe(0, 200, 100, 8, frames, 2);
    close_window(0);
    ck_assert_uint_eq(ew_aggregate_counts(aggregate).samples.stacks, 2);
}

START_TEST(totals_of_processes__are_kept_when_wanted)
{
    observe_two_processes(true);
    ck_assert_uint_eq(total_count(), 2);
}
END_TEST

START_TEST(totals_of_processes__take_no_room_in_a_collection_without_end)
{
    observe_two_processes(false);
    ck_assert_uint_eq(total_count(), 0);
}
END_TEST

START_TEST(windows__keep_their_stacks_apart)
{
    const uint64_t frames[] = {0x2010, 0x1010};
    observe(7, 100, 100, 8, frames, 2);
    observe(8, 200, 100, 8, frames, 2);
    observe(8, 300, 100, 8, frames, 2);
    close_window(7);
    ck_assert_str_eq(edges, "Main>Post f 1\n");
    close_window(8);
    ck_assert_str_eq(edges, "Main>Post f 2\n");
    close_window(9);
    ck_assert_str_eq(edges, "");
    ck_assert_str_eq(documents, "- "); /* an empty window is a document too */
}
END_TEST

START_TEST(same_address__before_and_after_a_change__is_resolved_as_of_its_time)
{
    const uint64_t frames[] = {0x5010, 0x1010};
    world_method(world, 50, EW_PHASE_START, 100, 5, 0x5000, 0x100, 0x06000005, "Old");
    observe(0, 100, 100, 8, frames, 2);
    world_method(world, 200, EW_PHASE_END, 100, 5, 0x5000, 0x100, 0x06000005, "Old");
    world_method(world, 210, EW_PHASE_START, 100, 6, 0x5000, 0x100, 0x06000006, "New");
    observe(0, 300, 100, 8, frames, 2);
    close_window(0);
    ck_assert_str_eq(edges, "Main>Old f 1\nMain>New f 1\n");
}
END_TEST

START_TEST(stacks__more_distinct_than_room__are_folded_and_none_is_lost)
{
    uint64_t frames[] = {0x3000, 0x2010, 0x1010};
    for (uint32_t i = 0; i < 70; i++) {
        for (uint32_t j = 0; j < 250; j++) {
            frames[0] = 0x3000 + i;
            frames[1] = 0x2001 + j;
            observe(0, 1000 + 250 * i + j, 100, 8, frames, 3);
        }
        if (i % 10 == 0) {
            ew_aggregate_fold(aggregate);
            ck_assert_int_eq(ew_model_forget_fragments(world->model), EW_OK);
        }
    }
    close_window(0);
    ck_assert_str_eq(edges, "Main>Post f 17500\nPost>Parse f 17500\n");
    ck_assert_uint_eq(ew_aggregate_counts(aggregate).dropped, 0);
}
END_TEST

START_TEST(paths__many_to_one_leaf__keep_the_most_observed)
{
    for (uint64_t i = 0; i < 20; i++) {
        /* Twenty callers of Parse, the later ones seen more often. */
        const uint64_t frames[] = {0x3010, 0x10010 + i * 0x100, 0x1010};
        char name[16];
        (void)snprintf(name, sizeof name, "Via%02u", (unsigned)i);
        world_method(world, 5, EW_PHASE_DC_START, 100, 100 + i, 0x10000 + i * 0x100, 0x100,
                     0x06000100 + (uint32_t)i, name);
        for (uint64_t n = 0; n <= i; n++) {
            observe(0, 1000 + i * 100 + n, 100, 8, frames, 3);
        }
    }
    close_window(0);
    ck_assert_uint_eq(path_count, EW_PATHS_PER_LEAF_MAX);
    ck_assert_ptr_nonnull(strstr(paths, "Main/Via19/Parse/ 20\n"));
    ck_assert_ptr_nonnull(strstr(paths, "Main/Via12/Parse/ 13\n"));
    ck_assert_ptr_null(strstr(paths, "Via11"));
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("aggregate");
    TCase *tests = tcase_create("aggregate");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, stack__observed_twice__has_edges_with_two_hits);
    tcase_add_test(tests, recursion__counts_once_a_stack__and_keeps_its_edge);
    tcase_add_test(tests, return_address__behind_the_last_instruction__is_of_the_caller);
    tcase_add_test(tests, unknown_frame__parts_its_neighbours__and_is_counted);
    tcase_add_test(tests, kernel_half__meets_the_user_half__in_a_bridge);
    tcase_add_test(tests, clr_stack__hides_native_frames__so_its_edges_are_bridges);
    tcase_add_test(tests, containers__each_have_a_document__the_host_first);
    tcase_add_test(tests, container__is_told_by_whoever_told_it);
    tcase_add_test(tests, filter__leaves_other_processes_out);
    tcase_add_test(tests, totals_of_processes__are_kept_when_wanted);
    tcase_add_test(tests, totals_of_processes__take_no_room_in_a_collection_without_end);
    tcase_add_test(tests, windows__keep_their_stacks_apart);
    tcase_add_test(tests, same_address__before_and_after_a_change__is_resolved_as_of_its_time);
    tcase_add_test(tests, stacks__more_distinct_than_room__are_folded_and_none_is_lost);
    tcase_add_test(tests, paths__many_to_one_leaf__keep_the_most_observed);
    suite_add_tcase(suite, tests);
    return suite;
}
