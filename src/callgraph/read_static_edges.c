/* SPDX-License-Identifier: Apache-2.0 */
/* Edges of static-callgraph/1, which most of a large graph consists of. */
#include "callgraph/reader.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

enum edge_member {
    EDGE_FROM,
    EDGE_TO,
    EDGE_KIND,
    EDGE_REASON,
    EDGE_SITE,
    EDGE_CONFIDENCE,
    EDGE_CANDIDATES,
};

static bool read_edge_end(struct graph_reader *reader, bool from)
{
    if (!ew_json_scan_want(&reader->scan, EW_JSON_STRING)) {
        return false;
    }
    struct graph_slice id = graph_json_slice(reader);
    return graph_json_took(reader, from ? graph_edge_from(reader->builder, id)
                                        : graph_edge_to(reader->builder, id));
}

static bool read_edge_member(struct graph_reader *reader, int member,
                             struct graph_edge_told *edge)
{
    unsigned word = 0;
    switch (member) {
    case EDGE_FROM:
        return read_edge_end(reader, true);
    case EDGE_TO:
        return read_edge_end(reader, false);
    case EDGE_KIND:
        if (!graph_json_word(reader, graph_edge_kinds, GRAPH_EDGE_KINDS, &word)) {
            return false;
        }
        edge->kind = (enum ew_graph_edge_kind)word;
        return true;
    case EDGE_REASON:
        return graph_json_text(reader, &edge->reason);
    case EDGE_SITE:
        return graph_json_u32(reader, UINT32_MAX - 1, &edge->site);
    case EDGE_CONFIDENCE:
        return graph_json_u32(reader, 1000, &edge->confidence);
    case EDGE_CANDIDATES:
        return graph_json_array(reader, graph_json_candidate, NULL);
    default:
        return graph_json_unknown(reader);
    }
}

static const struct ew_json_member edge_members[] = {
    [EDGE_FROM] = EW_JSON_MEMBER("from"),
    [EDGE_TO] = EW_JSON_MEMBER("to"),
    [EDGE_KIND] = EW_JSON_MEMBER("kind"),
    [EDGE_REASON] = EW_JSON_MEMBER("reason"),
    [EDGE_SITE] = EW_JSON_MEMBER("site"),
    [EDGE_CONFIDENCE] = EW_JSON_MEMBER("confidence"),
    [EDGE_CANDIDATES] = EW_JSON_MEMBER("candidates"),
};

bool graph_static_edge_tokens(struct graph_reader *reader, void *context)
{
    struct graph_edge_told edge;
    uint32_t seen = 0;
    int member;
    (void)context;
    if (!ew_json_scan_want(&reader->scan, EW_JSON_OBJECT)
        || !graph_json_took(reader, graph_edge_begin(reader->builder, &edge))) {
        return false;
    }
    while ((member = ew_json_scan_member(&reader->scan, edge_members, COUNT(edge_members), &seen))
           != EW_JSON_OVER) {
        if (!read_edge_member(reader, member, &edge)) {
            return false;
        }
    }
    reader->builder->counts.records++;
    return graph_json_complete(reader, edge_members, 1U << EDGE_FROM | 1U << EDGE_TO, seen)
           && graph_json_took(reader, graph_edge_end(reader->builder, &edge));
}

/* --- edges that are spelt alike ------------------------------------------------------------- */

static inline struct graph_slice slice_of(const struct ew_json_run *run, enum edge_member member)
{
    struct graph_slice slice = {run->fields[member].bytes, run->fields[member].byte_count};
    return slice;
}

/* What edges have beside their ends and kind. False: it is not taken, for whatever reason. */
static bool take_rest(struct graph_builder *builder, const struct ew_json_run *run,
                      struct graph_edge_told *edge)
{
    uint64_t number = 0;
    if ((run->seen & 1U << EDGE_REASON) != 0
        && graph_text(builder, slice_of(run, EDGE_REASON), &edge->reason) != EW_OK) {
        return false;
    }
    if ((run->seen & 1U << EDGE_SITE) != 0) {
        number = graph_json_field_number(&run->fields[EDGE_SITE]);
        if (number >= UINT32_MAX) {
            return false;
        }
        edge->site = (uint32_t)number;
    }
    if ((run->seen & 1U << EDGE_CONFIDENCE) != 0) {
        number = graph_json_field_number(&run->fields[EDGE_CONFIDENCE]);
        if (number > 1000) {
            return false;
        }
        edge->confidence = (uint32_t)number;
    }
    return true;
}

/* The edge that was found; false: the scanner finds out what is wrong with it. */
static bool take_edge(struct graph_reader *reader, const struct ew_json_run *run)
{
    enum { ENDS = 1U << EDGE_FROM | 1U << EDGE_TO, KIND = 1U << EDGE_KIND };
    struct graph_builder *builder = reader->builder;
    struct graph_edge_told edge = graph_edge_empty(builder);
    unsigned kind = EW_EDGE_CALL;
    if ((run->seen & ENDS) != ENDS) {
        return false;
    }
    if ((run->seen & KIND) != 0
        && !graph_json_memo_word(&reader->edge_kind, graph_edge_kinds, GRAPH_EDGE_KINDS,
                                 slice_of(run, EDGE_KIND), &kind)) {
        return false;
    }
    edge.kind = (enum ew_graph_edge_kind)kind;
    if ((run->seen & ~(uint32_t)(ENDS | KIND)) != 0 && !take_rest(builder, run, &edge)) {
        return false;
    }
    if (graph_edge_here(builder, slice_of(run, EDGE_FROM), slice_of(run, EDGE_TO), &edge)
        != EW_OK) {
        return false;
    }
    builder->counts.records++;
    builder->counts.unknown_members += run->unknown_count;
    return true;
}

bool graph_static_edges_alike(struct graph_reader *reader)
{
    struct ew_json_run run;
    ew_json_run_begin(&run, &reader->edge_shape, &reader->scan);
    while (ew_json_run_find(&run) && take_edge(reader, &run)) {
        ew_json_run_take(&run);
    }
    /* Their ids are in the window, which moves on. */
    return ew_json_run_end(&run) && graph_json_took(reader, graph_edges_flush(reader->builder));
}

void graph_static_edge_learn(struct graph_reader *reader, uint64_t start, unsigned depth)
{
    ew_json_shape_learn(&reader->edge_shape, &reader->scan, start, depth, edge_members,
                        COUNT(edge_members));
}

bool graph_static_edge(struct graph_reader *reader, void *context)
{
    if (graph_static_edges_alike(reader)) {
        return true;
    }
    uint64_t start = ew_json_scan_offset(&reader->scan);
    if (!graph_static_edge_tokens(reader, context)) {
        return false;
    }
    graph_static_edge_learn(reader, start, 1);
    return true;
}
