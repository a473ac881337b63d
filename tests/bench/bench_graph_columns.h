/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every loader of bench_graph has to make of the graph: columns in memory, by the number of
 * each node; and a sum over all of them, taken when the clock has stopped.
 */
#ifndef EW_BENCH_GRAPH_COLUMNS_H
#define EW_BENCH_GRAPH_COLUMNS_H

#include "etwitness/callgraph.h"
#include "platform/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BENCH_NODES_MAX = 1000000, BENCH_EDGES_PER_NODE = 5, BENCH_TEXT_EACH = 64 };

/* Of nodes: id, name, signature, artifact, token and kind. Of edges: both ends and the kind. */
struct columns {
    struct ew_graph_node *nodes;
    struct ew_graph_edge *edges;
    uint32_t *first_edge;
    char *texts;
    size_t text_bytes;
    ew_graph_text last_signature;
    uint32_t node_count;
    uint32_t edge_count;
};

static inline bool columns_create(struct columns *columns)
{
    size_t nodes = BENCH_NODES_MAX;
    memset(columns, 0, sizeof *columns);
    columns->nodes = calloc(nodes, sizeof *columns->nodes);
    columns->edges = calloc(nodes * BENCH_EDGES_PER_NODE, sizeof *columns->edges);
    columns->first_edge = calloc(nodes + 1, sizeof *columns->first_edge);
    columns->texts = malloc(nodes * BENCH_TEXT_EACH);
    columns->text_bytes = 1;
    return columns->nodes != NULL && columns->edges != NULL && columns->first_edge != NULL
           && columns->texts != NULL;
}

static inline ew_graph_text columns_text(struct columns *columns, const char *bytes,
                                         size_t byte_count)
{
    size_t at = columns->text_bytes;
    memcpy(columns->texts + at, bytes, byte_count);
    columns->texts[at + byte_count] = '\0';
    columns->text_bytes += byte_count + 1;
    return (ew_graph_text)at;
}

/* Most nodes have the signature of the one before. */
static inline ew_graph_text columns_signature(struct columns *columns, const char *bytes,
                                              size_t byte_count)
{
    const char *last = columns->texts + columns->last_signature;
    if (columns->last_signature == 0 || memcmp(last, bytes, byte_count) != 0
        || last[byte_count] != '\0') {
        columns->last_signature = columns_text(columns, bytes, byte_count);
    }
    return columns->last_signature;
}

/* Edges come by caller. */
static inline void columns_edge(struct columns *columns, uint32_t from, uint32_t to, uint8_t kind)
{
    struct ew_graph_edge *edge = &columns->edges[columns->edge_count++];
    edge->to = to;
    edge->confidence = 1000;
    edge->site = EW_GRAPH_NONE;
    edge->kind = kind;
    columns->first_edge[from + 1] = columns->edge_count;
}

static inline void columns_show(const struct columns *columns, struct ew_graph *graph_out)
{
    memset(graph_out, 0, sizeof *graph_out);
    graph_out->texts = columns->texts;
    graph_out->text_bytes = columns->text_bytes;
    graph_out->nodes = columns->nodes;
    graph_out->node_count = columns->node_count;
    graph_out->edges = columns->edges;
    graph_out->edge_count = columns->edge_count;
    graph_out->first_edge = columns->first_edge;
}

/* --- the sum: 32 bits, so that other languages have it too ------------------------------------
 */

static inline uint32_t sum_text(uint32_t sum, const char *text)
{
    for (; *text != '\0'; text++) {
        sum = sum * 31 + (unsigned char)*text;
    }
    return sum;
}

static inline uint32_t sum_nodes(const struct ew_graph *graph)
{
    uint32_t sum = 0;
    for (uint32_t i = 0; i < graph->node_count; i++) {
        const struct ew_graph_node *node = &graph->nodes[i];
        uint32_t row = sum_text(7, ew_graph_string(graph, node->id));
        row = sum_text(row, ew_graph_string(graph, node->name));
        row = sum_text(row, ew_graph_string(graph, node->signature));
        row = ((row * 31 + node->artifact) * 31 + node->token) * 31 + node->kind;
        sum += row * (2 * i + 1);
    }
    return sum;
}

/* The edges of a caller may lie in any order. */
static inline uint32_t sum_edges(const struct ew_graph *graph)
{
    uint32_t sum = 0;
    for (uint32_t from = 0; from < graph->node_count; from++) {
        for (uint32_t i = graph->first_edge[from]; i < graph->first_edge[from + 1]; i++) {
            uint32_t row = (from * 31 + graph->edges[i].to) * 31 + graph->edges[i].kind;
            row *= UINT32_C(0x9e3779b1);
            sum += row ^ row >> 15;
        }
    }
    return sum;
}

/* --- what is told -----------------------------------------------------------------------------
 */

struct stopwatch {
    uint64_t wall_ns;
    uint64_t cpu_ns;
};

static inline struct stopwatch stopwatch_start(void)
{
    struct stopwatch started = {ew_clock_monotonic_ns(), ew_clock_cpu_ns()};
    return started;
}

/* Wall and CPU time in ns, bytes of the columns, peak resident bytes, nodes, edges, two sums. */
static inline void tell(struct stopwatch started, const struct ew_graph *graph)
{
    uint64_t wall = ew_clock_monotonic_ns() - started.wall_ns;
    uint64_t cpu = ew_clock_cpu_ns() - started.cpu_ns;
    uint64_t peak = ew_memory_peak_bytes();
    uint64_t bytes = graph->text_bytes + graph->node_count * (sizeof *graph->nodes + 4)
                     + graph->edge_count * sizeof *graph->edges;
    (void)printf("%llu %llu %llu %llu %u %u %08x %08x\n", (unsigned long long)wall,
                 (unsigned long long)cpu, (unsigned long long)bytes, (unsigned long long)peak,
                 (unsigned)graph->node_count, (unsigned)graph->edge_count,
                 (unsigned)sum_nodes(graph), (unsigned)sum_edges(graph));
}

#endif
