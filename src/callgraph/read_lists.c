/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Graphs without a list of nodes, in JSON: adjacency as PyCG and WALA write it
 * ({"caller": ["callee", ...]}), and edges one a line ({"from": ..., "to": ...} or
 * ["from", "to"], each perhaps with a kind).
 */
#include "callgraph/reader.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* --- adjacency
 * ---------------------------------------------------------------------------------- */

struct caller {
    char *id;
    size_t byte_count;
};

static bool add_edge(struct graph_reader *reader, struct graph_slice from, struct graph_slice to)
{
    struct graph_builder *builder = reader->builder;
    struct graph_edge_told edge;
    builder->counts.records++;
    return graph_json_took(reader, graph_edge_begin(builder, &edge))
           && graph_json_took(reader, graph_edge_from(builder, from))
           && graph_json_took(reader, graph_edge_to(builder, to))
           && graph_json_took(reader, graph_edge_end(builder, &edge));
}

static bool read_callee(struct graph_reader *reader, void *context)
{
    const struct caller *caller = context;
    struct graph_slice from = {caller->id, caller->byte_count};
    return ew_json_scan_want(&reader->scan, EW_JSON_STRING)
           && add_edge(reader, from, graph_json_slice(reader));
}

/* A caller that is there twice is no graph: one of the two could be meant to replace the other.
 */
static bool read_caller(struct graph_reader *reader, char *memory)
{
    struct graph_builder *builder = reader->builder;
    struct graph_slice id = graph_json_slice(reader);
    struct ew_graph_node row = graph_node_empty();
    struct caller caller = {memory, id.byte_count};
    uint32_t node = 0;
    row.kind = EW_NODE_FUNCTION;
    memcpy(memory, id.bytes, id.byte_count);
    if (!graph_json_took(reader, graph_node(builder, id, &node))) {
        return false;
    }
    if (graph_node_is_told(builder, node)) {
        return ew_json_scan_fail(&reader->scan, EW_FORMAT, "the member is there twice");
    }
    return graph_json_took(reader, graph_node_tell(builder, node, &row))
           && graph_json_array(reader, read_callee, &caller);
}

enum ew_status graph_read_adjacency(struct graph_reader *reader)
{
    reader->builder->implicit_nodes = true;
    graph_json_begin(reader, false);
    bool read = ew_json_scan_want(&reader->scan, EW_JSON_OBJECT);
    while (read && ew_json_scan_next(&reader->scan) == EW_JSON_KEY) {
        read = read_caller(reader, reader->builder->kept_id);
    }
    return graph_json_end(reader);
}

/* --- edges, one a line
 * --------------------------------------------------------------------------- */

static bool read_kind(struct graph_reader *reader, struct graph_edge_told *edge)
{
    unsigned word = 0;
    if (!graph_json_word(reader, graph_edge_kinds, GRAPH_EDGE_KINDS, &word)) {
        return false;
    }
    edge->kind = (enum ew_graph_edge_kind)word;
    return true;
}

static bool read_edge_end(struct graph_reader *reader, bool from)
{
    if (!ew_json_scan_want(&reader->scan, EW_JSON_STRING)) {
        return false;
    }
    struct graph_slice id = graph_json_slice(reader);
    return graph_json_took(reader, from ? graph_edge_from(reader->builder, id)
                                        : graph_edge_to(reader->builder, id));
}

/* Behind the '{' of a line. */
static bool read_edge_object(struct graph_reader *reader, struct graph_edge_told *edge)
{
    static const struct ew_json_member members[] = {EW_JSON_MEMBER("from"), EW_JSON_MEMBER("to"),
                                                    EW_JSON_MEMBER("kind")};
    uint32_t seen = 0;
    int member;
    while ((member = ew_json_scan_member(&reader->scan, members, COUNT(members), &seen))
           != EW_JSON_OVER) {
        bool read = member == 0   ? read_edge_end(reader, true)
                    : member == 1 ? read_edge_end(reader, false)
                    : member == 2 ? read_kind(reader, edge)
                                  : graph_json_unknown(reader);
        if (!read) {
            return false;
        }
    }
    return graph_json_complete(reader, members, 3, seen);
}

/* Behind the '[' of a line. */
static bool read_edge_array(struct graph_reader *reader, struct graph_edge_told *edge)
{
    struct ew_json_scan *scan = &reader->scan;
    unsigned count = 0;
    while (ew_json_scan_has_element(scan)) {
        bool read = count < 2    ? read_edge_end(reader, count == 0)
                    : count == 2 ? read_kind(reader, edge)
                                 : ew_json_scan_fail(scan, EW_FORMAT,
                                                     "an edge has two or three "
                                                     "elements");
        if (!read) {
            return false;
        }
        count++;
    }
    return scan->status == EW_OK
           && (count >= 2
               || ew_json_scan_fail(scan, EW_FORMAT, "an edge has two or three elements"));
}

static enum ew_status read_edge_lines(struct graph_reader *reader)
{
    struct graph_builder *builder = reader->builder;
    enum ew_json_token token;
    bool read = true;
    builder->implicit_nodes = true;
    graph_json_begin(reader, true);
    while (read && (token = ew_json_scan_next(&reader->scan)) > EW_JSON_END) {
        struct graph_edge_told edge;
        read = graph_json_took(reader, graph_edge_begin(builder, &edge));
        if (read && token == EW_JSON_OBJECT) {
            read = read_edge_object(reader, &edge);
        } else if (read && token == EW_JSON_ARRAY) {
            read = read_edge_array(reader, &edge);
        } else if (read) {
            read = ew_json_scan_fail(&reader->scan, EW_FORMAT,
                                     "is %s, an edge is an object or an array",
                                     ew_json_token_name(token));
        }
        builder->counts.records++;
        read = read && graph_json_took(reader, graph_edge_end(builder, &edge));
    }
    ew_json_scan_free(&reader->scan);
    return reader->scan.status;
}

/* JSON begins with a bracket, which no row of values does without a quote. */
static bool is_json(struct graph_reader *reader)
{
    const struct ew_byte_window *window = reader->window;
    const char *at = window->at;
    while (at < window->end && memchr(" \t\r\n", *at, 4) != NULL) {
        at++;
    }
    return at < window->end && (*at == '{' || *at == '[');
}

enum ew_status graph_read_edges(struct graph_reader *reader)
{
    return is_json(reader) ? read_edge_lines(reader) : graph_read_csv(reader);
}
