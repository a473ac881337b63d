/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A static callgraph as read-only columns: what an analyser claims, whatever file it came in.
 * Ids are the producer's own; they are kept and echoed, never made up.
 */
#ifndef ETWITNESS_CALLGRAPH_H
#define ETWITNESS_CALLGRAPH_H

#include "etwitness/limits.h"
#include "etwitness/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* No node, artifact or text. */
#define EW_GRAPH_NONE UINT32_C(0xffffffff)

enum ew_graph_format {
    EW_GRAPH_AUTO,      /* by content */
    EW_GRAPH_STATIC,    /* static-callgraph/1, one document or NDJSON */
    EW_GRAPH_STELLA,    /* stella.callgraph.v1 */
    EW_GRAPH_RICHGRAPH, /* richgraph-v1 */
    EW_GRAPH_ADJACENCY, /* PyCG, WALA: {"caller": ["callee", ...]} */
    EW_GRAPH_EDGES,     /* CSV or NDJSON: from, to [, kind] */
    EW_GRAPH_DOT,
    EW_GRAPH_DGML, /* NativeAOT: which nodes were compiled in */
};

enum ew_graph_node_kind {
    EW_NODE_METHOD,
    EW_NODE_FUNCTION,
    EW_NODE_THUNK,
    EW_NODE_EXTERNAL,
    EW_NODE_TYPE_INIT,
};

enum ew_graph_inline { EW_INLINE_UNKNOWN, EW_INLINE_NEVER, EW_INLINE_MAY, EW_INLINE_ALWAYS };

enum ew_graph_edge_kind {
    EW_EDGE_CALL,
    EW_EDGE_VIRTUAL,
    EW_EDGE_INTERFACE,
    EW_EDGE_DELEGATE,
    EW_EDGE_CTOR,
    EW_EDGE_PINVOKE,
    EW_EDGE_IMPORT,
    EW_EDGE_THUNK,
    EW_EDGE_TAIL,
    EW_EDGE_REFLECTION,
    EW_EDGE_CALLBACK,
    EW_EDGE_DEPENDENCY,
};

enum ew_graph_entry_kind {
    EW_ENTRY_MAIN,
    EW_ENTRY_HTTP,
    EW_ENTRY_GRPC,
    EW_ENTRY_CLI,
    EW_ENTRY_JOB,
    EW_ENTRY_EVENT,
    EW_ENTRY_TIMER,
    EW_ENTRY_EXPORT,
    EW_ENTRY_SERVICE,
    EW_ENTRY_DLLMAIN,
    EW_ENTRY_TLS,
    EW_ENTRY_COM,
    EW_ENTRY_CALLBACK,
    EW_ENTRY_TEST,
};

/* Flags of a node. */
enum { EW_NODE_CALLS_COMPLETE = 1, EW_NODE_HAS_RVA = 2 };

/* A text of the graph's pool: UTF-8, terminated; offset 0 is "". */
typedef uint32_t ew_graph_text;

struct ew_graph_artifact {
    ew_graph_text name;
    ew_graph_text code_id;
    ew_graph_text debug_id;
    ew_graph_text mvid;
    ew_graph_text sha256;
    ew_graph_text purl;
};

struct ew_graph_node {
    uint64_t rva;
    ew_graph_text id;
    ew_graph_text name;
    ew_graph_text signature;
    ew_graph_text doc_id;
    ew_graph_text decorated;
    uint32_t artifact;       /* or EW_GRAPH_NONE */
    uint32_t token;          /* 0: none */
    uint32_t size_bytes;     /* 0: not told */
    uint32_t first_override; /* in `overrides`; up to the next node's */
    uint8_t kind;            /* enum ew_graph_node_kind */
    uint8_t inlining;        /* enum ew_graph_inline */
    uint8_t flags;
    uint8_t reserved;
};

/* Edges lie by caller: those of node n are first_edge[n] .. first_edge[n + 1] - 1, in ascending
 * order of callee, kind, reason, confidence, candidates and site; equal edges are one. */
struct ew_graph_edge {
    uint32_t to;
    uint32_t first_candidate; /* in `candidates`; up to the next edge's */
    ew_graph_text reason;
    uint32_t site;       /* EW_GRAPH_NONE: not told */
    uint16_t confidence; /* 0 .. 1000; 1000 when not told */
    uint8_t kind;        /* enum ew_graph_edge_kind */
    uint8_t reserved;
};

struct ew_graph_entry {
    uint32_t node;
    uint32_t kind; /* enum ew_graph_entry_kind */
};

/* A vulnerable symbol: one row for each vulnerability. */
struct ew_graph_target {
    uint32_t node;
    ew_graph_text vulnerability;
};

/* Columns that nobody writes. Equal texts may lie in the pool more than once. */
struct ew_graph {
    const char *texts;
    size_t text_bytes;
    ew_graph_text graph_id;
    ew_graph_text analyzer_name;
    ew_graph_text analyzer_version;
    ew_graph_text analyzer_algorithm;
    char sha256[65];      /* of the input file */
    bool closed;          /* world.closed */
    bool presence_only;   /* DGML: says which nodes exist, not who calls whom */
    uint32_t unsound_for; /* bit for each value of world.unsoundFor, in the schema's order */
    uint32_t artifact_count;
    uint32_t node_count;
    uint32_t edge_count;
    uint32_t entry_count;
    uint32_t target_count;
    uint32_t override_count;
    uint32_t candidate_count;
    const struct ew_graph_artifact *artifacts;
    const struct ew_graph_node *nodes; /* by id, ascending bytes */
    const uint32_t *first_edge;        /* node_count + 1 */
    const struct ew_graph_edge *edges;
    const struct ew_graph_entry *entries;  /* by node, kind */
    const struct ew_graph_target *targets; /* by node, text */
    const uint32_t *overrides;             /* nodes */
    const uint32_t *candidates;            /* nodes */
};

struct ew_graph_options {
    enum ew_graph_format format;
    const char *cache_directory; /* NULL: the graph is read anew each time */
};

/* What was odd and went on: told to people, and counted. */
struct ew_graph_counts {
    uint64_t bytes;
    uint64_t records;
    uint64_t unknown_members; /* ignored, as the schema says */
    uint64_t observed_edges;  /* marked by the producer as seen at run time: left out */
    uint64_t dangling;   /* ids that edges, overrides, entries and targets name and no node has:
                            each is a node of kind external */
    uint64_t duplicates; /* nodes or edges told twice alike */
    bool from_cache;
};

/*
 * Reads a graph, or its cache when that was made of the same bytes. Memory is that of the
 * result and a window of the file. Nodes told twice with different members, wrong types and
 * missing members are refused with line and path of the member.
 *
 * EW_FORMAT, EW_IO, EW_LIMIT, EW_NO_MEMORY; a cache that cannot be used or written is no error
 */
EW_MUST_USE enum ew_status ew_graph_load(const char *path, const struct ew_graph_options *options,
                                         struct ew_graph **graph_out,
                                         struct ew_graph_counts *counts_out,
                                         struct ew_error *error);

/* NULL is allowed. */
void ew_graph_free(struct ew_graph *graph);

/* A text of the pool. */
static inline const char *ew_graph_string(const struct ew_graph *graph, ew_graph_text text)
{
    return graph->texts + text;
}

/* The node of an id, or EW_GRAPH_NONE. */
static inline uint32_t ew_graph_find(const struct ew_graph *graph, const char *id)
{
    uint32_t low = 0;
    uint32_t high = graph->node_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = strcmp(ew_graph_string(graph, graph->nodes[middle].id), id);
        if (order == 0) {
            return middle;
        }
        low = order < 0 ? middle + 1 : low;
        high = order < 0 ? high : middle;
    }
    return EW_GRAPH_NONE;
}

#endif
