/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Edges whose ends are looked up, many at a time: what each step reads for one is read for all of
 * them before the next step, so that the processor waits for all of it together (reference
 * performance.md 2).
 */
#include "callgraph/builder.h"

#include <string.h>

enum { EDGES_AT_ONCE = 64, ENDS_MAX = 2 * EDGES_AT_ONCE };

/* --- a job ---------------------------------------------------------------------------------- */

struct ends {
    uint32_t count;
    struct graph_slice ids[ENDS_MAX];
    uint32_t hashes[ENDS_MAX];
    uint64_t slots[ENDS_MAX];
    char first[ENDS_MAX]; /* byte of what may be the id */
};

static inline void add_end(struct ends *ends, const char *bytes, size_t byte_count)
{
    ends->ids[ends->count++] = (struct graph_slice){bytes, byte_count};
}

static void take_ends(struct ends *ends, const struct graph_pending *rows, uint32_t count)
{
    ends->count = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (rows[i].from_bytes > 0) {
            add_end(ends, rows[i].from, rows[i].from_bytes);
        }
        add_end(ends, rows[i].to, rows[i].to_bytes);
    }
}

/* Finds for each end the only slot that may be its node's, unless another has the same tag. */
static void find_slots(struct ends *ends, const struct graph_builder *builder)
{
    const struct graph_id_index *index = &builder->index;
    const char *pool = graph_pool(builder);
    for (uint32_t i = 0; i < ends->count; i++) {
        ends->hashes[i] = graph_id_hash(builder, ends->ids[i]);
    }
    for (uint32_t i = 0; i < ends->count; i++) {
        ends->slots[i] =
            index->slots != NULL ? graph_id_home(index, ends->hashes[i]) : GRAPH_ID_FREE;
    }
    for (uint32_t i = 0; i < ends->count; i++) {
        if (ends->slots[i] != GRAPH_ID_FREE
            && !graph_id_may_be(ends->slots[i], ends->hashes[i])) {
            uint32_t at = ends->hashes[i];
            ends->slots[i] = graph_id_next(index, ends->hashes[i], &at);
        }
    }
    for (uint32_t i = 0; i < ends->count; i++) {
        ends->first[i] =
            ends->slots[i] != GRAPH_ID_FREE ? pool[graph_id_text(ends->slots[i])] : '\0';
    }
}

/* The node of an end; EW_GRAPH_NONE: there is none, or another may be it by its hash. */
static inline uint32_t node_of(const struct graph_lookup *lookup, const struct ends *ends,
                               uint32_t i)
{
    struct graph_slice id = ends->ids[i];
    uint64_t slot = ends->slots[i];
    const char *text = graph_pool(lookup->builder) + graph_id_text(slot);
    /* Behind the end of a text, others may be written meanwhile. */
    bool found = ends->first[i] == *id.bytes && strncmp(text, id.bytes, id.byte_count) == 0
                 && text[id.byte_count] == '\0';
    return found ? graph_id_node(slot) : EW_GRAPH_NONE;
}

/* Makes edges of rows whose slots are there; `*from` is the caller of the row before. */
static bool make_edges(const struct graph_lookup *lookup, const struct ends *ends,
                       const struct graph_pending *rows, struct graph_raw_edge *edges,
                       uint32_t count, uint32_t *from)
{
    uint32_t end = 0;
    bool missing = false;
    for (uint32_t i = 0; i < count; i++) {
        if (rows[i].from_bytes > 0) {
            *from = node_of(lookup, ends, end++);
        }
        uint32_t to = node_of(lookup, ends, end++);
        edges[i] = (struct graph_raw_edge){*from, to, rows[i].style, rows[i].site};
        missing |= *from == EW_GRAPH_NONE || to == EW_GRAPH_NONE;
    }
    return missing;
}

static struct graph_raw_edge *edges_of(const struct graph_lookup *lookup)
{
    struct graph_raw_edge *edges = lookup->builder->edges.bytes;
    return edges + lookup->builder->edge_count + lookup->first;
}

static void look_up(struct graph_job *job)
{
    struct graph_lookup *lookup = (struct graph_lookup *)(void *)job;
    const struct graph_pending *rows = lookup->builder->waiting.rows + lookup->first;
    struct graph_raw_edge *edges = edges_of(lookup);
    uint32_t from = EW_GRAPH_NONE;
    struct ends ends;
    lookup->missing = false;
    for (uint32_t i = 0; i < lookup->count; i += EDGES_AT_ONCE) {
        uint32_t left = lookup->count - i;
        uint32_t count = left < EDGES_AT_ONCE ? left : EDGES_AT_ONCE;
        take_ends(&ends, rows + i, count);
        find_slots(&ends, lookup->builder);
        lookup->missing |= make_edges(lookup, &ends, rows + i, edges + i, count, &from);
    }
}

/* --- jobs ----------------------------------------------------------------------------------- */

static struct graph_lookup *next_lookup(struct graph_builder *builder)
{
    struct graph_waiting *waiting = &builder->waiting;
    struct graph_lookup *lookup = &waiting->lookups[waiting->given / GRAPH_LOOKUP_EDGES];
    uint32_t left = waiting->count - waiting->given;
    *lookup = (struct graph_lookup){
        .job = {.run = look_up},
        .builder = builder,
        .first = waiting->given,
        .count = left < GRAPH_LOOKUP_EDGES ? left : GRAPH_LOOKUP_EDGES,
    };
    return lookup;
}

enum ew_status graph_edges_give(struct graph_builder *builder)
{
    struct graph_waiting *waiting = &builder->waiting;
    size_t end = ((size_t)builder->edge_count + waiting->count) * sizeof(struct graph_raw_edge);
    if (ew_region_grow(&builder->edges, end) != EW_OK) {
        return graph_refuse(builder, EW_NO_MEMORY, "no memory for its edges");
    }
    enum ew_status status =
        waiting->count > waiting->given ? graph_index_complete(builder) : EW_OK;
    if (status != EW_OK) {
        return status;
    }
    while (waiting->count - waiting->given >= GRAPH_LOOKUP_EDGES) {
        graph_worker_give(builder->worker, &next_lookup(builder)->job);
        waiting->given += GRAPH_LOOKUP_EDGES;
    }
    return EW_OK;
}

/* Adds the nodes of ends that have none. */
static enum ew_status add_missing(struct graph_builder *builder,
                                  const struct graph_lookup *lookup)
{
    const struct graph_pending *rows = builder->waiting.rows + lookup->first;
    struct graph_raw_edge *edges = edges_of(lookup);
    enum ew_status status = EW_OK;
    for (uint32_t i = 0; status == EW_OK && i < lookup->count; i++) {
        if (edges[i].from == EW_GRAPH_NONE && rows[i].from_bytes == 0) {
            edges[i].from = edges[i - 1].from;
        } else if (edges[i].from == EW_GRAPH_NONE) {
            struct graph_slice id = {rows[i].from, rows[i].from_bytes};
            status = graph_node(builder, id, &edges[i].from);
        }
        if (status == EW_OK && edges[i].to == EW_GRAPH_NONE) {
            struct graph_slice id = {rows[i].to, rows[i].to_bytes};
            status = graph_node(builder, id, &edges[i].to);
        }
    }
    return status;
}

void graph_edges_settle(struct graph_builder *builder)
{
    struct graph_waiting *waiting = &builder->waiting;
    /* The worker begins with the first. */
    for (uint32_t i = waiting->given / GRAPH_LOOKUP_EDGES; i-- > 0;) {
        graph_worker_settle(builder->worker, &waiting->lookups[i].job);
    }
}

enum ew_status graph_edges_flush(struct graph_builder *builder)
{
    struct graph_waiting *waiting = &builder->waiting;
    enum ew_status status = graph_edges_give(builder);
    uint32_t job_count = waiting->given / GRAPH_LOOKUP_EDGES;
    if (status == EW_OK && waiting->count > waiting->given) {
        look_up(&next_lookup(builder)->job);
        job_count++;
    }
    graph_edges_settle(builder);
    for (uint32_t i = 0; status == EW_OK && i < job_count; i++) {
        if (waiting->lookups[i].missing) {
            status = add_missing(builder, &waiting->lookups[i]);
        }
    }
    builder->edge_count += status == EW_OK ? waiting->count : 0;
    waiting->text_bytes = 0;
    waiting->count = 0;
    waiting->given = 0;
    return status;
}
