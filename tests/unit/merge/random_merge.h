/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random documents and static callgraphs of one small world, so that they meet: two builds of
 * App.dll, a native library, the kernel, the runtime, and what nobody could resolve.
 */
#ifndef EW_TESTS_RANDOM_MERGE_H
#define EW_TESTS_RANDOM_MERGE_H

#include "etwitness/merge.h"
#include "windows/random_documents.h"

/* A document; one that is forged tells of the same functions what is not so. */
struct document random_evidence(struct random *random, const struct document_plan *plan);

enum { GRAPH_TEXT_BYTES = 32 * 1024 };

/* A callgraph as JSON, static-callgraph/1. Nodes are called by what they are, the same in each
 * graph. One that is exact tells the build of everything, and its token or address,
 * and no names. */
void random_graph(struct random *random, uint32_t number, bool exact, char out[GRAPH_TEXT_BYTES]);

enum { GRAPH_POOL_MAX = 16, DRAWN_GRAPHS_MAX = 3 };

/* Each is read twice: the same graph, at another place. */
struct graph_pool {
    struct ew_graph *graphs[GRAPH_POOL_MAX][2];
};

/* Graphs are read over a file at `path`, which is removed again. */
void graph_pool_fill(struct graph_pool *pool, struct random *random, bool exact,
                     const char *path);
void graph_pool_empty(struct graph_pool *pool);

/* --- what becomes of them ---------------------------------------------------- */

struct bytes {
    char *at;
    size_t count;
};

/* Fail the test when there is no result. The caller frees it. */
struct ew_merged *must_merge(const struct ew_merge_options *options);
struct bytes must_write(const struct ew_merged *merged);

#endif
