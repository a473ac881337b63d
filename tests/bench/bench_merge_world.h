/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The world that merging is measured with: a static graph of ten edges a node, functions that
 * were seen, and who was seen to call whom in the windows of two streams. All of it follows from
 * the number of nodes, so that every program makes the same of it.
 *
 * 34 % of the nodes are seen, and foreign functions besides, 6 for each 100 nodes. There are as
 * many calls as nodes: 70 % are edges of the graph, 15 % go between nodes of the graph that have
 * no edge, 15 % from or to foreign functions. Half of them are seen in two windows.
 */
#ifndef EW_BENCH_MERGE_WORLD_H
#define EW_BENCH_MERGE_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    WORLD_EDGES_PER_NODE = 10,
    WORLD_ARTIFACTS = 50, /* of the graph */
    WORLD_MODULES = 55,   /* with those of foreign functions */
    WORLD_STREAMS = 2,
    WORLD_WINDOWS = 8, /* of both streams, the first ones of the first */
    WORLD_MVID_BYTES = 37
};

/* Of functions: nodes have the numbers of the graph, foreign functions those behind them. */
struct world {
    uint32_t node_count;
    uint32_t *functions; /* that can be seen, by module and token, as documents list them */
    uint32_t function_count;
    uint64_t *calls; /* caller, callee: places in `functions`; ascending */
    uint32_t call_count;
};

/* False without memory. */
bool world_make(struct world *world, uint32_t node_count);
void world_free(struct world *world);

/* An edge of the graph by caller and place; no two of one caller have one callee. */
uint32_t world_callee(const struct world *world, uint32_t from, uint32_t place);

uint32_t world_module_of(const struct world *world, uint32_t function);
uint32_t world_token_of(const struct world *world, uint32_t function);
void world_mvid(uint32_t module, char out[WORLD_MVID_BYTES]);

/* What a window tells of something that is numbered. */
struct world_seen {
    uint64_t hits;
    uint64_t first_100ns;
    uint64_t last_100ns;
};
bool world_call_seen(const struct world *world, uint32_t call, uint32_t window,
                     struct world_seen *seen_out);
/* Of a function that is an end of a call in the window. */
struct world_seen world_function_seen(uint32_t function, uint32_t window);
uint64_t world_window_start(uint32_t window);

static inline uint32_t world_caller_of(const struct world *world, uint32_t call)
{
    return world->functions[world->calls[call] >> 32];
}

static inline uint32_t world_callee_of(const struct world *world, uint32_t call)
{
    return world->functions[world->calls[call] & UINT32_MAX];
}

/* Places of functions that are ends of calls in a window: one flag for each function. */
void world_mark_used(const struct world *world, uint32_t window, bool *used);

#endif
