/* SPDX-License-Identifier: Apache-2.0 */
/* Graphs from texts: written to a file, loaded, and shown as a text that can be compared. */
#ifndef EW_TESTS_GRAPH_TEXT_H
#define EW_TESTS_GRAPH_TEXT_H

#include "etwitness/callgraph.h"

#include <stdbool.h>
#include <stddef.h>

struct graph_outcome {
    enum ew_status status;
    struct ew_error error;
    struct ew_graph *graph; /* NULL unless the status is EW_OK */
    struct ew_graph_counts counts;
};

/* The name that messages have, in the current folder. */
#define GRAPH_FILE "graph-test.in"

struct graph_outcome graph_from_bytes(const void *bytes, size_t byte_count,
                                      enum ew_graph_format format);
struct graph_outcome graph_from_text(const char *text);
struct graph_outcome graph_from_file(const char *path, const char *cache_directory);

/*
 * Everything that a graph has but its hash, a line for each row, the same for graphs that are
 * the same: "node a name=... " and so on. The caller frees it.
 */
char *graph_show(const struct ew_graph *graph);

/* Loads, compares with what graph_show() should say, and frees. */
void graph_expect(const char *text, const char *shown);

/* Loads, and expects a failure with this sentence behind "graph-test.in: ". */
void graph_expect_failure(const char *text, enum ew_status status, const char *sentence);

#endif
