/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Merging what bench_merge_make wrote, by etwitness.
 *
 * usage: bench_merge load DIRECTORY          the graph into its cache, and nothing else
 *        bench_merge join DIRECTORY [NODES]  distinct calls against the edges of the graph, by
 * ids bench_merge merge DIRECTORY         documents and graph into the whole result
 *
 * Prints lines of a name and numbers: wall and CPU time in ns, resident bytes before, at the
 * peak, and the counts that all ways must agree on: `join` calls with and without an edge,
 * `merge` calls with and without an edge, edges without a call, hits, sum of first and last times
 * since the first window began, and functions; `write` bytes. `edges` has CPU time in ns of every
 * 16th edge by our writer and by jansson, and how many they are.
 */
#include "bench/bench_merge_jansson.h"
#include "bench/bench_merge_stamp.h"
#include "bench/bench_merge_world.h"
#include "etwitness/merge.h"
#include "merge/static_side.h"
#include "platform/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_BYTES = 1024, NODES_DEFAULT = 1000000 };

static void fail(const char *text)
{
    (void)fprintf(stderr, "bench_merge: %s\n", text);
    exit(EXIT_FAILURE);
}

/* --- inputs ------------------------------------------------------------------------------------
 */

static struct ew_graph *load_graph(const char *directory)
{
    char path[PATH_BYTES];
    struct ew_graph_options options = {.cache_directory = directory};
    struct ew_graph_counts counts;
    struct ew_error error = {0};
    struct ew_graph *graph = NULL;
    (void)snprintf(path, sizeof path, "%s/graph.json", directory);
    if (ew_graph_load(path, &options, &graph, &counts, &error) != EW_OK) {
        fail(error.text);
    }
    return graph;
}

static struct ew_window_set *load_windows(const char *directory)
{
    struct ew_window_set *set = NULL;
    struct ew_error error = {0};
    if (ew_window_set_create(&set) != EW_OK) {
        fail("no memory");
    }
    for (unsigned i = 0; i < WORLD_WINDOWS; i++) {
        char path[PATH_BYTES];
        (void)snprintf(path, sizeof path, "%s/%u.json", directory, i);
        if (ew_window_set_add(set, path, &error) != EW_OK) {
            fail(error.text);
        }
    }
    return set;
}

/* --- the join ----------------------------------------------------------------------------------
 */

/* Calls as columns, by ids, in the order of the databases' keys. */
struct pairs {
    uint32_t *from;
    uint32_t *to;
    uint32_t count;
};

static int compare_u64(const void *a, const void *b)
{
    const uint64_t *left = a;
    const uint64_t *right = b;
    return (*left > *right) - (*left < *right);
}

static bool list_pairs(const struct world *world, struct pairs *pairs)
{
    uint64_t *keys = calloc(world->call_count, sizeof *keys);
    pairs->count = world->call_count;
    pairs->from = calloc(pairs->count, sizeof *pairs->from);
    pairs->to = calloc(pairs->count, sizeof *pairs->to);
    if (keys == NULL || pairs->from == NULL || pairs->to == NULL) {
        free(keys);
        return false;
    }
    for (uint32_t i = 0; i < world->call_count; i++) {
        keys[i] = (uint64_t)world_caller_of(world, i) << 32 | world_callee_of(world, i);
    }
    qsort(keys, pairs->count, sizeof *keys, compare_u64);
    for (uint32_t i = 0; i < pairs->count; i++) {
        pairs->from[i] = (uint32_t)(keys[i] >> 32);
        pairs->to[i] = (uint32_t)keys[i];
    }
    free(keys);
    return true;
}

/* As src/merge/classify.c does it: blocks of calls whose ends a graph knows. */
static uint64_t count_edges(const struct ew_graph *graph, const struct pairs *pairs)
{
    enum { BLOCK = 128 };
    struct edge_question questions[BLOCK];
    uint64_t found = 0;
    for (uint32_t at = 0; at < pairs->count;) {
        size_t count = 0;
        for (; at < pairs->count && count < BLOCK; at++) {
            questions[count] =
                (struct edge_question){graph, pairs->from[at], pairs->to[at], EW_GRAPH_NONE};
            count += pairs->from[at] < graph->node_count && pairs->to[at] < graph->node_count;
        }
        ew_merge_static_edges_find(questions, count);
        for (size_t i = 0; i < count; i++) {
            found += questions[i].edge != EW_GRAPH_NONE;
        }
    }
    return found;
}

/* Asked twice: what is mapped or fetched at first is not counted, as with the databases. */
static void join(const char *directory, uint32_t nodes)
{
    struct world world;
    struct pairs pairs;
    struct bench_stamp stamp;
    struct ew_graph *graph = load_graph(directory);
    if (!world_make(&world, nodes) || !list_pairs(&world, &pairs)) {
        fail("no memory");
    }
    uint64_t found = count_edges(graph, &pairs);
    bench_stamp_begin(&stamp);
    found = count_edges(graph, &pairs);
    bench_stamp_print("join", &stamp);
    (void)printf(" %llu %llu\n", (unsigned long long)found,
                 (unsigned long long)(pairs.count - found));
    free(pairs.from);
    free(pairs.to);
    world_free(&world);
    ew_graph_free(graph);
}

/* --- the merge ---------------------------------------------------------------------------------
 */

/* What is told of edges, whatever classes they have: elided and inferred ones are a matter of
 * ours only. */
static void print_counts(const struct ew_merged *merged)
{
    uint64_t confirmed = 0;
    uint64_t runtime_only = 0;
    uint64_t static_only = 0;
    uint64_t hits = 0;
    uint64_t times = 0;
    uint64_t functions = 0;
    for (size_t i = 0; i < merged->edge_count; i++) {
        const struct ew_reach_edge *edge = &merged->edges[i];
        bool seen = edge->observation_count > 0;
        confirmed += seen && edge->claim_count > 0;
        runtime_only += seen && edge->claim_count == 0;
        static_only += !seen;
        uint64_t first = UINT64_MAX;
        uint64_t last = 0;
        for (uint32_t k = 0; k < edge->observation_count; k++) {
            const struct ew_reach_observation *row =
                &merged->observations[edge->first_observation + k];
            hits += row->hits;
            first = row->first_100ns < first ? row->first_100ns : first;
            last = row->last_100ns > last ? row->last_100ns : last;
        }
        times += seen ? first + last - 2 * world_window_start(0) : 0;
    }
    for (size_t i = 0; i < merged->node_count; i++) {
        functions += merged->nodes[i].observation_count > 0;
    }
    (void)printf(" %llu %llu %llu %llu %llu %llu\n", (unsigned long long)confirmed,
                 (unsigned long long)runtime_only, (unsigned long long)static_only,
                 (unsigned long long)hits, (unsigned long long)times,
                 (unsigned long long)functions);
}

static void print_tables(const struct ew_merged *merged)
{
    (void)fprintf(stderr,
                  "%zu nodes, %zu edges, %zu claims, %zu observations, %zu conflicts, %zu via\n",
                  merged->node_count, merged->edge_count, merged->claim_count,
                  merged->observation_count, merged->conflict_count, merged->via_count);
    for (unsigned i = 0; i < EW_CLASS_COUNT; i++) {
        (void)fprintf(stderr, "%s %llu\n", ew_edge_class_name((enum ew_edge_class)i),
                      (unsigned long long)merged->class_counts[i]);
    }
}

static bool count_bytes(void *context, const void *bytes, size_t byte_count)
{
    (void)bytes;
    *(uint64_t *)context += byte_count;
    return true;
}

/* The size of a document; fails when it cannot be written. */
static uint64_t write_bytes(const struct ew_merged *merged)
{
    struct ew_error error = {0};
    uint64_t bytes = 0;
    if (ew_merged_write(merged, count_bytes, &bytes, &error) != EW_OK) {
        fail(error.text);
    }
    return bytes;
}

/*
 * Every 16th edge, by our writer and by jansson. The rest of the document is written without
 * edges and taken off.
 */
static void write_edges(const struct ew_merged *merged)
{
    enum { EVERY = 16 };
    struct ew_merged some = {.streams = merged->streams,
                             .stream_count = merged->stream_count,
                             .via = merged->via,
                             .claims = merged->claims,
                             .observations = merged->observations};
    struct ew_reach_edge *edges = calloc(merged->edge_count / EVERY + 1, sizeof *edges);
    uint64_t jansson_bytes = 0;
    if (edges == NULL) {
        fail("no memory");
    }
    uint64_t frame = write_bytes(&some);
    for (size_t i = 0; i < merged->edge_count / EVERY; i++) {
        edges[i] = merged->edges[i * EVERY];
    }
    some.edges = edges;
    some.edge_count = merged->edge_count / EVERY;
    uint64_t begun = ew_clock_cpu_ns();
    uint64_t bytes = write_bytes(&some) - frame - (some.edge_count - 1);
    uint64_t ours = ew_clock_cpu_ns() - begun;
    begun = ew_clock_cpu_ns();
    bool good = bench_jansson_edges(&some, &jansson_bytes);
    uint64_t jansson = ew_clock_cpu_ns() - begun;
    free(edges);
    if (!good || bytes != jansson_bytes) {
        fail("the writers do not write the same");
    }
    (void)printf("edges %llu %llu %zu\n", (unsigned long long)ours, (unsigned long long)jansson,
                 some.edge_count);
}

static void merge_all(const char *directory)
{
    struct bench_stamp stamp;
    bench_stamp_begin(&stamp);
    struct ew_graph *graph = load_graph(directory);
    const struct ew_graph *graphs[] = {graph};
    struct ew_window_set *windows = load_windows(directory);
    struct ew_error error = {0};
    struct ew_merged *merged = NULL;
    bench_stamp_print("load", &stamp);
    (void)puts("");
    struct ew_merge_options options = {.graphs = graphs, .graph_count = 1, .windows = windows};
    bench_stamp_begin(&stamp);
    if (ew_merge(&options, &merged, &error) != EW_OK) {
        fail(error.text);
    }
    bench_stamp_print("merge", &stamp);
    print_counts(merged);
    print_tables(merged);
    bench_stamp_begin(&stamp);
    uint64_t bytes = write_bytes(merged);
    bench_stamp_print("write", &stamp);
    (void)printf(" %llu\n", (unsigned long long)bytes);
    write_edges(merged);
    ew_merged_free(merged);
    ew_window_set_destroy(windows);
    ew_graph_free(graph);
}

int main(int argc, char **argv)
{
    const char *way = argc > 2 ? argv[1] : "";
    if (strcmp(way, "load") == 0) {
        ew_graph_free(load_graph(argv[2]));
    } else if (strcmp(way, "join") == 0) {
        join(argv[2], argc > 3 ? (uint32_t)strtoul(argv[3], NULL, 10) : NODES_DEFAULT);
    } else if (strcmp(way, "merge") == 0) {
        merge_all(argv[2]);
    } else {
        (void)fputs("usage: bench_merge load|join|merge DIRECTORY\n", stderr);
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
