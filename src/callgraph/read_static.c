/* SPDX-License-Identifier: Apache-2.0 */
/*
 * static-callgraph/1 (docs/schemas/callgraph.schema.json), one document or NDJSON: a header,
 * then a record a line (docs/FORMATS.md).
 */
#include "callgraph/reader.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* --- artifacts ------------------------------------------------------------------------------ */

static bool read_artifact(struct graph_reader *reader, void *context)
{
    static const struct ew_json_member members[] = {
        EW_JSON_MEMBER("name"), EW_JSON_MEMBER("codeId"), EW_JSON_MEMBER("debugId"),
        EW_JSON_MEMBER("mvid"), EW_JSON_MEMBER("sha256"), EW_JSON_MEMBER("purl")};
    struct ew_graph_artifact row = {0};
    ew_graph_text *const fields[] = {&row.name, &row.code_id, &row.debug_id,
                                     &row.mvid, &row.sha256,  &row.purl};
    uint32_t seen = 0;
    int member;
    (void)context;
    if (!ew_json_scan_want(&reader->scan, EW_JSON_OBJECT)) {
        return false;
    }
    while ((member = ew_json_scan_member(&reader->scan, members, COUNT(members), &seen))
           != EW_JSON_OVER) {
        if (!(member < 0 ? graph_json_unknown(reader)
                         : graph_json_text(reader, fields[member]))) {
            return false;
        }
    }
    return graph_json_complete(reader, members, 1, seen)
           && graph_json_took(reader, graph_artifact(reader->builder, &row));
}

/* --- entry points and targets --------------------------------------------------------------- */

static bool read_entry(struct graph_reader *reader, void *context)
{
    static const struct ew_json_member members[] = {EW_JSON_MEMBER("node"),
                                                    EW_JSON_MEMBER("kind")};
    uint32_t node = 0;
    unsigned kind = 0;
    uint32_t seen = 0;
    int member;
    (void)context;
    if (!ew_json_scan_want(&reader->scan, EW_JSON_OBJECT)) {
        return false;
    }
    while ((member = ew_json_scan_member(&reader->scan, members, COUNT(members), &seen))
           != EW_JSON_OVER) {
        bool read = member == 0 ? graph_json_node(reader, &node)
                    : member == 1
                        ? graph_json_word(reader, graph_entry_kinds, GRAPH_ENTRY_KINDS, &kind)
                        : graph_json_unknown(reader);
        if (!read) {
            return false;
        }
    }
    reader->builder->counts.records++;
    return graph_json_complete(reader, members, 3, seen)
           && graph_json_took(reader,
                              graph_entry(reader->builder, node, (enum ew_graph_entry_kind)kind));
}

/* A vulnerability of a target whose node may come behind it. */
static bool read_vulnerability(struct graph_reader *reader, void *context)
{
    const uint32_t *node = context;
    ew_graph_text text = 0;
    return graph_json_text(reader, &text)
           && graph_json_took(reader, graph_target(reader->builder, *node, text));
}

static bool read_target(struct graph_reader *reader, void *context)
{
    static const struct ew_json_member members[] = {EW_JSON_MEMBER("node"),
                                                    EW_JSON_MEMBER("vuln")};
    struct graph_builder *builder = reader->builder;
    uint32_t first = builder->target_count;
    uint32_t node = 0;
    uint32_t seen = 0;
    int member;
    (void)context;
    if (!ew_json_scan_want(&reader->scan, EW_JSON_OBJECT)) {
        return false;
    }
    while ((member = ew_json_scan_member(&reader->scan, members, COUNT(members), &seen))
           != EW_JSON_OVER) {
        bool read = member == 0   ? graph_json_node(reader, &node)
                    : member == 1 ? graph_json_array(reader, read_vulnerability, &node)
                                  : graph_json_unknown(reader);
        if (!read) {
            return false;
        }
    }
    struct ew_graph_target *targets = builder->targets.bytes;
    for (uint32_t i = first; i < builder->target_count; i++) {
        targets[i].node = node;
    }
    builder->counts.records++;
    return graph_json_complete(reader, members, 3, seen);
}

/* --- the head ------------------------------------------------------------------------------- */

static bool read_analyzer(struct graph_reader *reader)
{
    static const struct ew_json_member members[] = {
        EW_JSON_MEMBER("name"), EW_JSON_MEMBER("version"), EW_JSON_MEMBER("algorithm"),
        EW_JSON_MEMBER("digest")};
    struct ew_graph *graph = &reader->builder->graph;
    ew_graph_text digest = 0;
    ew_graph_text *const fields[] = {&graph->analyzer_name, &graph->analyzer_version,
                                     &graph->analyzer_algorithm, &digest};
    uint32_t seen = 0;
    int member;
    if (!ew_json_scan_want(&reader->scan, EW_JSON_OBJECT)) {
        return false;
    }
    while ((member = ew_json_scan_member(&reader->scan, members, COUNT(members), &seen))
           != EW_JSON_OVER) {
        if (!(member < 0 ? graph_json_unknown(reader)
                         : graph_json_text(reader, fields[member]))) {
            return false;
        }
    }
    return graph_json_complete(reader, members, 3, seen);
}

static bool read_unsound(struct graph_reader *reader, void *context)
{
    static const char *const words[] = {"reflection",     "dynamic-load",  "delegates",
                                        "native-interop", "serialization", "di",
                                        "generated-code", "callbacks"};
    unsigned word = 0;
    (void)context;
    if (!graph_json_word(reader, words, COUNT(words), &word)) {
        return false;
    }
    reader->builder->graph.unsound_for |= UINT32_C(1) << word;
    return true;
}

static bool read_world(struct graph_reader *reader)
{
    static const struct ew_json_member members[] = {EW_JSON_MEMBER("closed"),
                                                    EW_JSON_MEMBER("unsoundFor")};
    uint32_t seen = 0;
    int member;
    if (!ew_json_scan_want(&reader->scan, EW_JSON_OBJECT)) {
        return false;
    }
    while ((member = ew_json_scan_member(&reader->scan, members, COUNT(members), &seen))
           != EW_JSON_OVER) {
        bool read = member == 0
                        ? ew_json_scan_want_bool(&reader->scan, &reader->builder->graph.closed)
                    : member == 1 ? graph_json_array(reader, read_unsound, NULL)
                                  : graph_json_unknown(reader);
        if (!read) {
            return false;
        }
    }
    return graph_json_complete(reader, members, 1, seen);
}

static bool read_schema(struct graph_reader *reader)
{
    static const char *const words[] = {"static-callgraph/1"};
    unsigned word = 0;
    return graph_json_word(reader, words, 1, &word);
}

static bool read_graph_id(struct graph_reader *reader)
{
    if (!graph_json_text(reader, &reader->builder->graph.graph_id)) {
        return false;
    }
    return reader->builder->graph.graph_id != 0
           || ew_json_scan_fail(&reader->scan, EW_FORMAT, "must not be empty");
}

enum head_member {
    HEAD_SCHEMA,
    HEAD_GRAPH_ID,
    HEAD_ANALYZER,
    HEAD_WORLD,
    HEAD_ARTIFACTS,
    HEAD_NODES,
    HEAD_EDGES,
    HEAD_ENTRIES,
    HEAD_TARGETS,
};

static const struct ew_json_member head_members[] = {
    [HEAD_SCHEMA] = EW_JSON_MEMBER("schema"),
    [HEAD_GRAPH_ID] = EW_JSON_MEMBER("graphId"),
    [HEAD_ANALYZER] = EW_JSON_MEMBER("analyzer"),
    [HEAD_WORLD] = EW_JSON_MEMBER("world"),
    [HEAD_ARTIFACTS] = EW_JSON_MEMBER("artifacts"),
    [HEAD_NODES] = EW_JSON_MEMBER("nodes"),
    [HEAD_EDGES] = EW_JSON_MEMBER("edges"),
    [HEAD_ENTRIES] = EW_JSON_MEMBER("entrypoints"),
    [HEAD_TARGETS] = EW_JSON_MEMBER("targets"),
};

static bool read_head_member(struct graph_reader *reader, int member)
{
    switch (member) {
    case HEAD_SCHEMA:
        return read_schema(reader);
    case HEAD_GRAPH_ID:
        return read_graph_id(reader);
    case HEAD_ANALYZER:
        return read_analyzer(reader);
    case HEAD_WORLD:
        return read_world(reader);
    case HEAD_ARTIFACTS:
        return graph_json_array(reader, read_artifact, NULL);
    case HEAD_NODES:
        return graph_json_array(reader, graph_static_node, NULL);
    case HEAD_EDGES:
        return graph_json_array(reader, graph_static_edge, NULL);
    case HEAD_ENTRIES:
        return graph_json_array(reader, read_entry, NULL);
    case HEAD_TARGETS:
        return graph_json_array(reader, read_target, NULL);
    default:
        return graph_json_unknown(reader);
    }
}

/* One document; or the header of NDJSON, which has none of the lists but artifacts. */
static bool read_head(struct graph_reader *reader)
{
    enum {
        ALWAYS = 1 << HEAD_SCHEMA | 1 << HEAD_GRAPH_ID | 1 << HEAD_ANALYZER | 1 << HEAD_WORLD
    };
    enum { LISTS = 1 << HEAD_NODES | 1 << HEAD_EDGES | 1 << HEAD_ENTRIES };
    uint32_t seen = 0;
    int member;
    if (!ew_json_scan_want(&reader->scan, EW_JSON_OBJECT)) {
        return false;
    }
    while ((member = ew_json_scan_member(&reader->scan, head_members, COUNT(head_members), &seen))
           != EW_JSON_OVER) {
        if (!read_head_member(reader, member)) {
            return false;
        }
    }
    reader->waits_for_records = (seen & LISTS) == 0;
    uint32_t required =
        reader->waits_for_records ? ALWAYS : ALWAYS | LISTS | 1U << HEAD_ARTIFACTS;
    return graph_json_complete(reader, head_members, required, seen);
}

/* --- NDJSON -----------------------------------------------------------------------------------
 */

/* A line behind the header: an object with one member, whose name says what its value is. */
static bool read_record(struct graph_reader *reader)
{
    enum { RECORD_EDGE, RECORD_NODE };
    static const struct ew_json_member members[] = {[RECORD_EDGE] = EW_JSON_MEMBER("edge"),
                                                    [RECORD_NODE] = EW_JSON_MEMBER("node"),
                                                    EW_JSON_MEMBER("artifact"),
                                                    EW_JSON_MEMBER("entrypoint"),
                                                    EW_JSON_MEMBER("target")};
    static const graph_element_fn readers[] = {graph_static_edge_tokens, graph_static_node_tokens,
                                               read_artifact, read_entry, read_target};
    uint64_t start = ew_byte_window_offset(reader->window, reader->scan.token);
    uint32_t seen = 0;
    int member = ew_json_scan_member(&reader->scan, members, COUNT(members), &seen);
    if (member == EW_JSON_UNKNOWN) {
        /* A kind of record that later versions may have. */
        if (!graph_json_unknown(reader)) {
            return false;
        }
    } else if (member < 0) {
        return reader->scan.status == EW_OK
               && ew_json_scan_fail(&reader->scan, EW_FORMAT, "a record must have one member");
    } else if (!readers[member](reader, NULL)) {
        return false;
    }
    if (ew_json_scan_next(&reader->scan) == EW_JSON_KEY) {
        return ew_json_scan_fail(&reader->scan, EW_FORMAT, "a record must have only one member");
    }
    if (reader->scan.status != EW_OK) {
        return false;
    }
    if (member == RECORD_EDGE) {
        graph_static_edge_learn(reader, start, 2);
    } else if (member == RECORD_NODE) {
        graph_static_node_learn(reader, start, 2);
    }
    return true;
}

/* All lines behind the header. */
static bool read_records(struct graph_reader *reader)
{
    for (;;) {
        while (graph_static_edges_alike(reader) || graph_static_nodes_alike(reader)) {
        }
        enum ew_json_token token = ew_json_scan_next(&reader->scan);
        if (token <= EW_JSON_END) {
            return token == EW_JSON_END;
        }
        if (token != EW_JSON_OBJECT) {
            return ew_json_scan_fail(&reader->scan, EW_FORMAT, "is %s, a record is an object",
                                     ew_json_token_name(token));
        }
        if (!read_record(reader)) {
            return false;
        }
    }
}

enum ew_status graph_read_static(struct graph_reader *reader)
{
    graph_json_begin(reader, true);
    bool read = read_head(reader);
    if (read && reader->waits_for_records) {
        (void)read_records(reader);
    } else if (read && ew_json_scan_next(&reader->scan) > EW_JSON_END) {
        (void)ew_json_scan_fail(&reader->scan, EW_FORMAT, "text follows the document");
    }
    ew_json_scan_free(&reader->scan);
    return reader->scan.status;
}
