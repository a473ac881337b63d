/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A second thread helps to read large graphs. Random graphs, whose nodes and edges come in all
 * orders, are read with it and without: what is found, what is counted and what a failure says
 * must be the same. And the thread itself.
 */
#include "callgraph/worker.h"

#include "base/index.h"
#include "callgraph/graph_text.h"
#include "callgraph/reader.h"
#include "platform/thread.h"
#include "support/check_main.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GRAPHS = 30, NODES_MAX = 6000, EDGES_MAX = 20000, PIECE_BYTES = 200 * 1024 };

static uint64_t state;

static unsigned below(unsigned limit)
{
    state = ew_index_hash_u64(state + 1);
    return (unsigned)(state >> 33) % limit;
}

static bool one_in(unsigned count)
{
    return below(count) == 0;
}

/* --- random graphs -------------------------------------------------------------------------- */

struct input {
    char *bytes;
    size_t used;
    size_t given;
    bool lines;
};

/* What a graph is like, beside chance. */
struct plan {
    unsigned node_count;
    unsigned edge_count;
    bool sorted;             /* nodes come in the order of their ids, but for a few at most */
    bool grouped;            /* edges come by their callers */
    bool late_nodes;         /* behind the edges */
    unsigned strange_one_in; /* edges whose ends no node has */
    bool candidates;
    bool spoilt; /* a node is told twice, in two ways */
};

static void add(struct input *input, const char *format, ...) EW_PRINTF(2, 3);

static void add(struct input *input, const char *format, ...)
{
    enum { RECORD_MAX = 512 };
    va_list arguments;
    va_start(arguments, format);
    input->used += (size_t)vsnprintf(input->bytes + input->used, RECORD_MAX, format, arguments);
    va_end(arguments);
}

/* Ids of different lengths that are in the order of their numbers. */
static void name_node(char out[64], unsigned number)
{
    (void)snprintf(out, 64, "M:N%05u%s", number, number % 3 == 0 ? ".Some.Type.Method(int)" : "");
}

static void add_node(struct input *input, unsigned number, unsigned artifact)
{
    char id[64];
    name_node(id, number);
    add(input, "%s{\"id\":\"%s\",\"kind\":\"method\",\"artifact\":%u,\"name\":\"name%u\"}%s",
        input->lines ? "{\"node\":" : "", id, artifact, number % 50,
        input->lines ? "}\n" : ",\n");
}

static void add_nodes(struct input *input, const struct plan *plan)
{
    for (unsigned i = 0; i < plan->node_count; i++) {
        unsigned number = plan->sorted ? i : (i * 7919) % plan->node_count;
        if (plan->spoilt && i == plan->node_count / 2) {
            add_node(input, number, 1);
        }
        add_node(input, number, 0);
        if (one_in(3000)) {
            add_node(input, plan->sorted ? below(i + 1) : number, 0);
        }
    }
}

static void add_edge(struct input *input, const struct plan *plan, unsigned from)
{
    static const char *const kinds[] = {"call", "virtual", "ctor"};
    unsigned known = plan->node_count;
    char ids[3][64];
    name_node(ids[0], one_in(plan->strange_one_in) ? known + below(500) : from);
    name_node(ids[1], one_in(plan->strange_one_in) ? known + below(500) : below(known));
    name_node(ids[2], below(known));
    add(input, "%s{\"from\":\"%s\",\"to\":\"%s\",\"kind\":\"%s\"",
        input->lines ? "{\"edge\":" : "", ids[0], ids[1], kinds[below(3)]);
    if (one_in(10)) {
        add(input, ",\"site\":%u,\"reason\":\"because %u\"", below(9), below(9));
    }
    if (plan->candidates && one_in(50)) {
        add(input, ",\"candidates\":[\"%s\",\"%s\"]", ids[1], ids[2]);
    }
    add(input, "}%s", input->lines ? "}\n" : ",\n");
}

static void add_edges(struct input *input, const struct plan *plan)
{
    for (unsigned i = 0; i < plan->edge_count; i++) {
        unsigned place = (unsigned)((uint64_t)i * plan->node_count / plan->edge_count);
        size_t begin = input->used;
        add_edge(input, plan, plan->grouped ? place : below(plan->node_count));
        if (one_in(100)) {
            size_t again = input->used - begin;
            memcpy(input->bytes + input->used, input->bytes + begin, again);
            input->used += again;
        }
    }
}

static void add_list(struct input *input, const struct plan *plan, bool nodes)
{
    if (!input->lines) {
        add(input, ",\"%s\":[\n", nodes ? "nodes" : "edges");
    }
    if (nodes) {
        add_nodes(input, plan);
    } else {
        add_edges(input, plan);
    }
    if (!input->lines) {
        input->used -= 2; /* the last comma */
        add(input, "]");
    }
}

static struct plan make_plan(void)
{
    struct plan plan = {.node_count = 1 + below(one_in(4) ? 50 : NODES_MAX),
                        .edge_count = 1 + below(one_in(4) ? 300 : EDGES_MAX),
                        .sorted = one_in(2),
                        .grouped = one_in(2),
                        .late_nodes = one_in(4),
                        .strange_one_in = one_in(2) ? 1000000 : 1 + below(200),
                        .candidates = one_in(4),
                        .spoilt = one_in(10)};
    return plan;
}

static struct input make_graph(void)
{
    enum { RECORD_BYTES = 300 };
    struct plan plan = make_plan();
    size_t records = 2 * (size_t)(plan.node_count + plan.edge_count) + 100;
    struct input input = {.bytes = malloc(records * RECORD_BYTES), .lines = one_in(2)};
    ck_assert_ptr_nonnull(input.bytes);
    add(&input,
        "{\"schema\":\"static-callgraph/1\",\"graphId\":\"g\",\"analyzer\":{\"name\":"
        "\"a\",\"version\":\"1\"},\"world\":{\"closed\":false},\"artifacts\":[{\"name\":"
        "\"m\"},{\"name\":\"n\"}]%s",
        input.lines ? "}\n" : "");
    add_list(&input, &plan, !plan.late_nodes);
    add_list(&input, &plan, plan.late_nodes);
    if (input.lines && one_in(2)) {
        add_nodes(&input, &plan); /* nodes again, behind edges */
    }
    add(&input, input.lines ? "\n" : ",\"entrypoints\":[]}\n");
    return input;
}

/* --- reading -------------------------------------------------------------------------------- */

struct reading {
    struct graph_builder *builder;
    enum ew_status status;
    struct ew_error error;
};

static enum ew_status give_piece(void *context, void *out, size_t capacity, size_t *got_out,
                                 struct ew_error *error)
{
    struct input *input = context;
    size_t left = input->used - input->given;
    (void)error;
    *got_out = left < capacity ? left : capacity;
    memcpy(out, input->bytes + input->given, *got_out);
    input->given += *got_out;
    return EW_OK;
}

static struct reading read_graph(struct input *input, struct graph_worker *worker)
{
    struct reading reading = {.status = EW_OK};
    struct ew_byte_window window;
    ck_assert_int_eq(graph_builder_create(&reading.builder), EW_OK);
    ck_assert_int_eq(ew_byte_window_open(&window, PIECE_BYTES, give_piece, input), EW_OK);
    input->given = 0;
    reading.builder->worker = worker;
    reading.status =
        graph_read(reading.builder, &window, "graph", EW_GRAPH_STATIC, &reading.error);
    reading.builder->worker = NULL;
    ew_byte_window_close(&window);
    return reading;
}

static void expect_same(const struct reading *a, const struct reading *b)
{
    ck_assert_str_eq(a->error.text, b->error.text);
    ck_assert_int_eq(a->status, b->status);
    if (a->status != EW_OK) {
        return;
    }
    char *one = graph_show(&a->builder->graph);
    char *other = graph_show(&b->builder->graph);
    ck_assert(strcmp(one, other) == 0);
    ck_assert_mem_eq(&a->builder->counts, &b->builder->counts, sizeof a->builder->counts);
    free(one);
    free(other);
}

START_TEST(helped__random_graphs__are_the_same_graphs)
{
    struct graph_worker *worker = NULL;
    unsigned failed = 0;
    ck_assert_int_eq(graph_worker_create(&worker), EW_OK);
    state = 1;
    for (unsigned i = 0; i < GRAPHS; i++) {
        struct input input = make_graph();
        struct reading alone = read_graph(&input, NULL);
        struct reading helped = read_graph(&input, worker);
        expect_same(&alone, &helped);
        failed += alone.status != EW_OK;
        graph_builder_free(alone.builder);
        graph_builder_free(helped.builder);
        free(input.bytes);
    }
    graph_worker_free(worker);
    ck_assert_uint_gt(failed, 0);
    ck_assert_uint_lt(failed, GRAPHS / 2);
}
END_TEST

/* --- the thread ----------------------------------------------------------------------------- */

struct counting {
    struct graph_job job;
    struct ew_mutex *gate; /* held by who does not want it to end; NULL: nobody */
    unsigned *count;
    unsigned place; /* when it was done, from 1 */
};

static void count_job(struct graph_job *job)
{
    struct counting *counting = (struct counting *)(void *)job;
    if (counting->gate != NULL) {
        ew_mutex_lock(counting->gate);
        ew_mutex_unlock(counting->gate);
    }
    counting->place = ++*counting->count;
}

START_TEST(jobs__without_a_worker__are_done_at_once)
{
    unsigned count = 0;
    struct counting counting = {.job = {.run = count_job}, .count = &count};
    graph_worker_give(NULL, &counting.job);
    ck_assert_uint_eq(counting.place, 1);
    graph_worker_settle(NULL, &counting.job);
    ck_assert_uint_eq(count, 1);
}
END_TEST

/* The thread is at a job that cannot end: the others are done by who settles them, in whatever
 * order. */
START_TEST(jobs__that_have_not_begun__are_done_by_who_settles_them)
{
    enum { JOBS = 5 };
    struct counting jobs[JOBS];
    struct graph_worker *worker = NULL;
    struct ew_mutex *gate = NULL;
    unsigned held = 0;
    unsigned count = 0;
    ck_assert_int_eq(graph_worker_create(&worker), EW_OK);
    ck_assert_int_eq(ew_mutex_create(&gate), EW_OK);
    ew_mutex_lock(gate);
    for (unsigned i = 0; i < JOBS; i++) {
        jobs[i] = (struct counting){.job = {.run = count_job},
                                    .gate = i == 0 ? gate : NULL,
                                    .count = i == 0 ? &held : &count};
        graph_worker_give(worker, &jobs[i].job);
    }
    graph_worker_settle(worker, &jobs[4].job);
    ck_assert_uint_eq(jobs[4].place, 1);
    graph_worker_settle(worker, &jobs[2].job);
    ck_assert_uint_eq(jobs[2].place, 2);
    graph_worker_settle(worker, &jobs[3].job);
    ck_assert_uint_eq(jobs[3].place, 3);
    ew_mutex_unlock(gate);
    graph_worker_settle(worker, &jobs[0].job);
    ck_assert_uint_eq(held, 1);
    graph_worker_settle(worker, &jobs[1].job);
    ck_assert_uint_eq(count, 4);
    graph_worker_free(worker);
    ew_mutex_destroy(gate);
}
END_TEST

START_TEST(jobs__given_again__are_done_again)
{
    struct graph_worker *worker = NULL;
    unsigned count = 0;
    struct counting counting = {.job = {.run = count_job}, .count = &count};
    ck_assert_int_eq(graph_worker_create(&worker), EW_OK);
    for (unsigned i = 1; i <= 2000; i++) {
        graph_worker_give(worker, &counting.job);
        graph_worker_settle(worker, &counting.job);
        ck_assert_uint_eq(counting.place, i);
    }
    graph_worker_settle(worker, &counting.job);
    ck_assert_uint_eq(count, 2000);
    graph_worker_free(worker);
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("graph_worker");
    TCase *jobs = tcase_create("jobs");
    TCase *graphs = tcase_create("graphs");
    tcase_add_test(jobs, jobs__without_a_worker__are_done_at_once);
    tcase_add_test(jobs, jobs__that_have_not_begun__are_done_by_who_settles_them);
    tcase_add_test(jobs, jobs__given_again__are_done_again);
    tcase_add_test(graphs, helped__random_graphs__are_the_same_graphs);
    tcase_set_timeout(graphs, 300);
    suite_add_tcase(suite, jobs);
    suite_add_tcase(suite, graphs);
    return suite;
}
