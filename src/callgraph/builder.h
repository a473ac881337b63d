/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A graph while it is read: nodes in the order of first sight, edges as they come, texts in
 * one pool. Columns grow where they are, in the memory that becomes the result, so that no
 * second copy of a graph ever exists.
 */
#ifndef EW_CALLGRAPH_BUILDER_H
#define EW_CALLGRAPH_BUILDER_H

#include "base/index.h"
#include "base/text.h"
#include "callgraph/id_index.h"
#include "callgraph/worker.h"
#include "etwitness/callgraph.h"
#include "platform/map.h"

struct graph_slice {
    const char *bytes;
    size_t byte_count;
};

enum {
    GRAPH_WAITING_EDGES = 16384,
    GRAPH_LOOKUP_EDGES = 256, /* of a job: enough that giving it costs little */
    GRAPH_EDGE_KINDS = EW_EDGE_DEPENDENCY + 1,
    GRAPH_REASON_BYTES = 160,
    GRAPH_BLOCK_BYTES = 16384,
    GRAPH_TEXT_CACHE_SLOTS = 16384
};

/* An edge while the graph is read. Most edges share a few combinations of the rest, the
 * style; so they are smaller than those of the result, and can be sorted in its memory. */
struct graph_raw_edge {
    uint32_t from;
    uint32_t to;
    uint32_t style;
    uint32_t site;
};

struct graph_style {
    ew_graph_text reason;
    uint32_t list; /* of candidates, counted from 1; 0: none. Such a style has one edge */
    uint32_t confidence;
    uint32_t kind;
};

/* A list of nodes in `raw_candidates`. */
struct graph_list {
    uint32_t first;
    uint32_t count;
};

/* An edge whose ends wait to be looked up: their ids are in `text` below, or where they were
 * read. */
struct graph_pending {
    const char *from;
    const char *to;
    uint16_t from_bytes; /* 0: as that of the edge before */
    uint16_t to_bytes;
    uint32_t style;
    uint32_t site;
};

/* A job: looks the ends of some of them up, and makes raw edges of them. Meanwhile nobody adds
 * nodes. */
struct graph_lookup {
    struct graph_job job;
    const struct graph_builder *builder;
    uint32_t first; /* of the edges that wait */
    uint32_t count;
    bool missing; /* there is no node for some of the ends: EW_GRAPH_NONE */
};

struct graph_waiting {
    uint32_t count;
    uint32_t given; /* of them, in whole jobs */
    uint32_t text_bytes;
    struct graph_slice last_from; /* of the edge before the next, if a job has both */
    struct graph_pending rows[GRAPH_WAITING_EDGES];
    struct graph_lookup lookups[GRAPH_WAITING_EDGES / GRAPH_LOOKUP_EDGES];
    char text[3 * EW_GRAPH_TEXT_EACH_MAX];
};

/* A job: adds nodes to the index. */
struct graph_indexing {
    struct graph_job job;
    struct graph_builder *builder;
    uint32_t end; /* of the nodes that are to be in it */
};

/* Where the next text goes in the pool. Ids have blocks of their own: they are looked for all the
 * time, and lie close together then. What is left of a block is zeros. */
struct graph_block {
    uint32_t at;
    uint32_t end;
};

struct graph_cached_text {
    uint32_t hash;
    ew_graph_text text;
};

struct graph_builder {
    struct ew_region texts;
    struct ew_region nodes;   /* struct ew_graph_node */
    struct ew_region hashes;  /* uint32_t of each node's id; later its rank */
    struct ew_region edges;   /* struct graph_raw_edge; later struct ew_graph_edge */
    struct ew_region styles;  /* struct graph_style */
    struct ew_region lists;   /* struct graph_list */
    struct ew_region entries; /* struct ew_graph_entry */
    struct ew_region targets; /* struct ew_graph_target */
    struct ew_region artifacts;
    struct ew_region raw_overrides;  /* uint64_t: node, what it overrides */
    struct ew_region raw_candidates; /* uint32_t */
    struct ew_region first_edge;     /* of the result */
    struct ew_region overrides;      /* of the result */
    struct ew_region candidates;     /* of the result */
    uint32_t text_bytes;             /* of all blocks */
    struct graph_block ids;
    struct graph_block other_texts;
    uint32_t node_count;
    uint32_t edge_count;
    uint32_t style_count;
    uint32_t list_count;
    uint32_t entry_count;
    uint32_t target_count;
    uint32_t artifact_count;
    uint32_t override_count;
    uint32_t candidate_count;
    struct graph_id_index index;
    uint32_t indexed_count; /* nodes in it; those behind ascend, and no other has their ids */
    bool index_given;       /* to the worker, who may be at it */
    struct graph_indexing indexing;
    struct ew_index style_index; /* of styles without candidates */
    uint64_t seed;
    uint32_t last_styles[GRAPH_EDGE_KINDS]; /* by kind of edge; EW_GRAPH_NONE: none */
    uint32_t told_count;                    /* nodes that a record told */
    uint32_t artifacts_named;               /* one more than the highest that a node names */
    bool ids_descend;    /* a node came before one whose id is not behind its own */
    bool implicit_nodes; /* the format has no list of nodes: who has an edge is one */
    struct graph_cached_text cache[GRAPH_TEXT_CACHE_SLOTS];
    struct graph_waiting waiting;
    struct graph_worker *worker; /* NULL: there is none */
    struct ew_graph graph;       /* texts and facts about the whole */
    struct ew_graph_counts counts;
    char kept_id[EW_GRAPH_TEXT_EACH_MAX]; /* for a reader whose id has to outlive a token */
    char reason[GRAPH_REASON_BYTES];      /* why the last call that failed did */
};

/* Waits until the worker has nothing to do for it. */
void graph_builder_settle(struct graph_builder *builder);

/* Takes address space for all columns. EW_NO_MEMORY. */
EW_MUST_USE enum ew_status graph_builder_create(struct graph_builder **builder_out);
void graph_builder_free(struct graph_builder *builder);

/* Notes the reason of a failure; answers `status`. */
enum ew_status graph_refuse(struct graph_builder *builder, enum ew_status status,
                            const char *format, ...) EW_PRINTF(3, 4);

/* A text in the pool; the same text may lie there twice. `slice` has no byte 0. */
EW_MUST_USE enum ew_status graph_text(struct graph_builder *builder, struct graph_slice slice,
                                      ew_graph_text *text_out);

/* The node of an id, made when there is none. */
EW_MUST_USE enum ew_status graph_node(struct graph_builder *builder, struct graph_slice id,
                                      uint32_t *node_out);

/* The hash of an id. */
static inline uint32_t graph_id_hash(const struct graph_builder *builder, struct graph_slice id)
{
    return (uint32_t)ew_index_hash_seeded(id.bytes, id.byte_count, builder->seed);
}

/* The same when its hash is known. */
EW_MUST_USE enum ew_status graph_node_hashed(struct graph_builder *builder, struct graph_slice id,
                                             uint32_t hash, uint32_t *node_out);

/* The same for an id that probably comes behind all those before: then it is not looked for. */
EW_MUST_USE enum ew_status graph_node_next(struct graph_builder *builder, struct graph_slice id,
                                           uint32_t *node_out);

/* Puts all nodes into the index, which may be looked at then; waits for the worker, if it is at
 * that. EW_NO_MEMORY */
EW_MUST_USE enum ew_status graph_index_complete(struct graph_builder *builder);

/* Puts the last node into the index, which has all others. EW_NO_MEMORY */
EW_MUST_USE enum ew_status graph_index_last(struct graph_builder *builder, uint32_t hash);

/* Has the worker put nodes into it, as far as there are some; until it is completed, nobody looks
 * at it. */
void graph_index_give(struct graph_builder *builder);

/* The members of a node, as a record of it has them (but its id). Told before and otherwise:
 * EW_FORMAT. */
EW_MUST_USE enum ew_status graph_node_tell(struct graph_builder *builder, uint32_t node,
                                           const struct ew_graph_node *told);
bool graph_node_is_told(const struct graph_builder *builder, uint32_t node);

/* A row with nothing in it. */
struct ew_graph_node graph_node_empty(void);

/* An override: `node` may be EW_GRAPH_NONE until graph_overrides_settle() says it. */
EW_MUST_USE enum ew_status graph_override(struct graph_builder *builder, uint32_t node,
                                          struct graph_slice overridden);
void graph_overrides_settle(struct graph_builder *builder, uint32_t first, uint32_t node);

EW_MUST_USE enum ew_status graph_artifact(struct graph_builder *builder,
                                          const struct ew_graph_artifact *artifact);
EW_MUST_USE enum ew_status graph_entry(struct graph_builder *builder, uint32_t node,
                                       enum ew_graph_entry_kind kind);
EW_MUST_USE enum ew_status graph_target(struct graph_builder *builder, uint32_t node,
                                        ew_graph_text vulnerability);

/* --- edges: edges.c, and how their ends are looked up: ends.c ------------------------------- */

/* An edge that is read: its ends, in any order, then what else it has, then its end. */
struct graph_edge_told {
    ew_graph_text reason;
    uint32_t site;       /* EW_GRAPH_NONE: not told */
    uint32_t confidence; /* 0 .. 1000 */
    enum ew_graph_edge_kind kind;
    uint32_t first_candidate; /* in raw_candidates, up to its end */
};

/* An edge that has only its ends. */
static inline struct graph_edge_told graph_edge_empty(const struct graph_builder *builder)
{
    struct graph_edge_told edge = {.site = EW_GRAPH_NONE,
                                   .confidence = 1000,
                                   .kind = EW_EDGE_CALL,
                                   .first_candidate = builder->candidate_count};
    return edge;
}

EW_MUST_USE enum ew_status graph_edge_begin(struct graph_builder *builder,
                                            struct graph_edge_told *edge);
EW_MUST_USE enum ew_status graph_edge_from(struct graph_builder *builder, struct graph_slice id);
EW_MUST_USE enum ew_status graph_edge_to(struct graph_builder *builder, struct graph_slice id);

EW_MUST_USE enum ew_status graph_candidate(struct graph_builder *builder, struct graph_slice id);
EW_MUST_USE enum ew_status graph_edge_end(struct graph_builder *builder,
                                          const struct graph_edge_told *edge);

/* A whole edge whose ids stay where they are until graph_edges_flush(). Until then there may be
 * nothing but more of them, and texts. */
EW_MUST_USE enum ew_status graph_edge_here(struct graph_builder *builder, struct graph_slice from,
                                           struct graph_slice to,
                                           const struct graph_edge_told *edge);

/* Adds the waiting edges; afterwards no id is needed any more. */
EW_MUST_USE enum ew_status graph_edges_flush(struct graph_builder *builder);

/* Waits until the worker looks none of them up. */
void graph_edges_settle(struct graph_builder *builder);

/* Has the worker begin with the edges that make a whole job. */
EW_MUST_USE enum ew_status graph_edges_give(struct graph_builder *builder);

/* --- the result: finish.c --------------------------------------------------------------------
 */

/* Sorts and joins: `builder->graph` is then complete, in the builder's columns. */
EW_MUST_USE enum ew_status graph_finish(struct graph_builder *builder);

/* Brings the edges into the order of the result, when nodes have their ranks, and gives them
 * their full size: finish_edges.c. */
EW_MUST_USE enum ew_status graph_place_edges(struct graph_builder *builder);

/* Sorts numbers in ascending order, in place. */
void graph_sort_u64(uint64_t *rows, size_t count);
void graph_sort_u32(uint32_t *rows, size_t count);

/* A node and eight bytes of its id, while nodes are sorted. */
struct graph_sort_row {
    uint32_t high;
    uint32_t low;
    uint32_t node;
};

/*
 * Sorts nodes by the bytes of their ids, which differ; `rows` has room for all of them. The
 * seed is a secret: who knew it could write ids that take long to sort.
 */
void graph_sort_ids(const char *texts, const ew_graph_text *ids, uint32_t node_count,
                    uint64_t seed, struct graph_sort_row *rows);

/* Sorts edges of one caller, and joins those that are equal. Answers how many are left. */
uint32_t graph_sort_edges(const struct graph_builder *builder, struct graph_raw_edge *edges,
                          uint32_t edge_count);

/* The row behind the last one of a column; NULL without memory. */
static inline void *graph_column_end(struct ew_region *region, size_t row_bytes,
                                     uint32_t row_count)
{
    size_t end = ((size_t)row_count + 1) * row_bytes;
    if (end > region->usable && ew_region_grow(region, end) != EW_OK) {
        return NULL;
    }
    return (char *)region->bytes + end - row_bytes;
}

static inline const char *graph_pool(const struct graph_builder *builder)
{
    return builder->texts.bytes;
}

/* Whether a text of the pool is this one, which has no byte 0. */
static inline bool graph_is_text(const struct graph_builder *builder, ew_graph_text text,
                                 struct graph_slice slice)
{
    const char *at = graph_pool(builder) + text;
    /* The pool ends with a terminator. */
    return slice.byte_count < builder->text_bytes - text && at[slice.byte_count] == '\0'
           && ew_bytes_equal(at, slice.bytes, slice.byte_count);
}

static inline struct ew_graph_node *graph_nodes(const struct graph_builder *builder)
{
    return builder->nodes.bytes;
}

/* The rank of a node that has a number from when it was read. */
static inline uint32_t graph_rank_of(const struct graph_builder *builder, uint32_t node)
{
    const uint32_t *ranks = builder->hashes.bytes;
    return builder->ids_descend ? ranks[node] : node;
}

#endif
