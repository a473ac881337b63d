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

/* A field of an edge that was recognised. False: it is not taken, for whatever reason. */
static bool take_field(struct graph_reader *reader, const struct ew_json_field *field,
                       struct graph_edge_told *edge)
{
    struct graph_builder *builder = reader->builder;
    struct graph_slice slice = {field->bytes, field->byte_count};
    uint64_t number = 0;
    unsigned word = 0;
    switch (field->member) {
    case EDGE_FROM:
        return graph_edge_from(builder, slice) == EW_OK;
    case EDGE_TO:
        return graph_edge_to(builder, slice) == EW_OK;
    case EDGE_KIND:
        if (!graph_json_find_word(graph_edge_kinds, GRAPH_EDGE_KINDS, slice, &word)) {
            return false;
        }
        edge->kind = (enum ew_graph_edge_kind)word;
        return true;
    case EDGE_REASON:
        return graph_text(builder, slice, &edge->reason) == EW_OK;
    default:
        break;
    }
    for (size_t i = 0; i < slice.byte_count; i++) {
        number = number * 10 + (uint64_t)(slice.bytes[i] - '0');
    }
    if (field->member == EDGE_SITE && number < UINT32_MAX) {
        edge->site = (uint32_t)number;
        return true;
    }
    edge->confidence = (uint32_t)number;
    return field->member == EDGE_CONFIDENCE && number <= 1000;
}

/* The kind of value that a member must have, so that a shape with another is not used. */
static bool is_edge_shape(const struct ew_json_shape *shape)
{
    uint32_t seen = 0;
    for (unsigned i = 0; i < shape->field_count; i++) {
        unsigned member = shape->members[i];
        seen |= 1U << member;
        if (shape->numbers[i] != (member == EDGE_SITE || member == EDGE_CONFIDENCE)
            || member == EDGE_CANDIDATES) {
            return false;
        }
    }
    return (seen & 3) == 3;
}

/* An edge that is spelt like the last one. False: nothing was read, and the scanner finds out
 * what there is, also what is wrong with it. */
static bool read_like_last(struct graph_reader *reader)
{
    struct ew_json_field fields[EW_JSON_SHAPE_FIELDS_MAX];
    struct graph_edge_told edge;
    const char *end = NULL;
    if (!ew_json_shape_match(&reader->edge_shape, &reader->scan, fields, &end)
        || graph_edge_begin(reader->builder, &edge) != EW_OK) {
        return false;
    }
    for (unsigned i = 0; i < reader->edge_shape.field_count; i++) {
        if (!take_field(reader, &fields[i], &edge)) {
            return false;
        }
    }
    if (graph_edge_end(reader->builder, &edge) != EW_OK) {
        return false;
    }
    ew_json_shape_pass(&reader->edge_shape, &reader->scan, end);
    reader->builder->counts.records++;
    return true;
}

static bool read_edge_tokens(struct graph_reader *reader)
{
    struct graph_edge_told edge;
    uint32_t seen = 0;
    int member;
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

bool graph_static_edge(struct graph_reader *reader, void *context)
{
    (void)context;
    if (read_like_last(reader)) {
        return true;
    }
    uint64_t start = ew_json_scan_offset(&reader->scan);
    if (!read_edge_tokens(reader)) {
        return false;
    }
    ew_json_shape_learn(&reader->edge_shape, &reader->scan, start, edge_members,
                        COUNT(edge_members));
    if (!is_edge_shape(&reader->edge_shape)) {
        reader->edge_shape.field_count = 0;
    }
    return true;
}
