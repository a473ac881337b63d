/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of a cache: a head, then the columns, each at a multiple of eight. */
#ifndef EW_CALLGRAPH_CACHE_LAYOUT_H
#define EW_CALLGRAPH_CACHE_LAYOUT_H

#include "etwitness/callgraph.h"

/* Changes whenever a column of callgraph.h does. */
enum { GRAPH_CACHE_VERSION = 1 };

enum graph_column {
    COLUMN_TEXTS,
    COLUMN_ARTIFACTS,
    COLUMN_NODES,
    COLUMN_FIRST_EDGE,
    COLUMN_EDGES,
    COLUMN_ENTRIES,
    COLUMN_TARGETS,
    COLUMN_OVERRIDES,
    COLUMN_CANDIDATES,
    COLUMN_COUNT,
};

/* In the order of the machine: a cache that another machine wrote fails its checksum or its
 * magic number, and is made anew. */
struct graph_cache_head {
    uint64_t magic;
    uint64_t checksum; /* of all that follows */
    uint32_t version;
    uint32_t head_bytes;
    uint64_t row_counts[COLUMN_COUNT];
    ew_graph_text graph_id;
    ew_graph_text analyzer_name;
    ew_graph_text analyzer_version;
    ew_graph_text analyzer_algorithm;
    uint32_t unsound_for;
    uint32_t flags;
    uint64_t bytes;
    uint64_t records;
    uint64_t unknown_members;
    uint64_t observed_edges;
    uint64_t dangling;
    uint64_t duplicates;
    char sha256[72];
};

enum { GRAPH_CACHE_CLOSED = 1, GRAPH_CACHE_PRESENCE_ONLY = 2 };

#define GRAPH_CACHE_MAGIC UINT64_C(0x0a68706172677765) /* "ewgraph\n" */

/* A column of a graph: where it is, and what a row takes. */
struct graph_column_view {
    const void *bytes;
    size_t row_bytes;
    size_t row_count;
};

/* The columns of a graph; the first `COLUMN_COUNT` of `views`. */
void graph_columns(const struct ew_graph *graph, struct graph_column_view *views);

/* Adds bytes to a checksum, up to 64 KiB at once. */
uint64_t graph_checksum(uint64_t sum, const void *bytes, size_t byte_count);

/* The checksum of a head, without the fields before it. */
uint64_t graph_checksum_head(const struct graph_cache_head *head);

enum { GRAPH_CHECKSUM_BYTES = 64 * 1024 };

/* Bytes of a column in the file, with those that fill it up. */
static inline size_t graph_column_bytes(const struct graph_column_view *view)
{
    return (view->row_bytes * view->row_count + 7) / 8 * 8;
}

#endif
