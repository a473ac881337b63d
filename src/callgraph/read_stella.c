/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stella.callgraph.v1 and richgraph-v1, as far as public text has them (reference evidence.md
 * 1.3, S-6 and S-8). Their ids are kept. Neither says whether it looked everywhere, so neither
 * world is closed. Edges that a producer marks as seen at run time claim nothing: they are
 * counted and left out, since observations are not to come back as claims.
 */
#include "callgraph/reader.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* Members that are known and have no place here end with this one: "attributes" and so on. */
static bool pass(struct graph_reader *reader)
{
    return ew_json_scan_skip(&reader->scan);
}

/* Texts may be null in both formats: then they are not there. */
static bool read_text(struct graph_reader *reader, ew_graph_text *text_out)
{
    return ew_json_scan_is_null(&reader->scan) ? pass(reader) : graph_json_text(reader, text_out);
}

static bool is_slice(struct graph_slice slice, const char *word)
{
    return graph_word(&word, 1, slice) == 0;
}

/* --- edges, which both have
 * --------------------------------------------------------------------- */

struct foreign_edge {
    struct graph_edge_told told;
    bool runtime;  /* marked as seen at run time */
    bool evidence; /* something else supports it */
};

/* The kind of call that a reason means; reasons are S-6's and S-12's codes. */
static enum ew_graph_edge_kind kind_of_reason(struct graph_slice reason)
{
    static const struct {
        const char *word;
        enum ew_graph_edge_kind kind;
    } kinds[] = {
        {"virtualCall", EW_EDGE_VIRTUAL},
        {"vtable-slot", EW_EDGE_VIRTUAL},
        {"interfaceCall", EW_EDGE_INTERFACE},
        {"delegateCreate", EW_EDGE_DELEGATE},
        {"reflectionString", EW_EDGE_REFLECTION},
        {"reflection-invoke", EW_EDGE_REFLECTION},
        {"dynamicImport", EW_EDGE_IMPORT},
        {"import-symbol", EW_EDGE_IMPORT},
        {"plt-stub", EW_EDGE_THUNK},
        {"indirect-target", EW_EDGE_CALLBACK},
        {"init-array", EW_EDGE_CALLBACK},
        {"fini-array", EW_EDGE_CALLBACK},
    };
    for (size_t i = 0; i < COUNT(kinds); i++) {
        if (is_slice(reason, kinds[i].word)) {
            return kinds[i].kind;
        }
    }
    return EW_EDGE_CALL;
}

static bool read_end(struct graph_reader *reader, bool from)
{
    if (!ew_json_scan_want(&reader->scan, EW_JSON_STRING)) {
        return false;
    }
    struct graph_slice id = graph_json_slice(reader);
    return graph_json_took(reader, from ? graph_edge_from(reader->builder, id)
                                        : graph_edge_to(reader->builder, id));
}

/* A reason; the first that is not of run time counts. */
static bool read_reason(struct graph_reader *reader, struct foreign_edge *edge)
{
    if (ew_json_scan_is_null(&reader->scan)) {
        return pass(reader);
    }
    if (!ew_json_scan_want(&reader->scan, EW_JSON_STRING)) {
        return false;
    }
    struct graph_slice reason = graph_json_slice(reader);
    if (is_slice(reason, "runtime") || is_slice(reason, "runtimeMinted")
        || is_slice(reason, "runtime-observed")) {
        edge->runtime = true;
        return true;
    }
    if (edge->evidence) {
        return true;
    }
    edge->evidence = true;
    edge->told.kind = kind_of_reason(reason);
    return graph_json_took(reader, graph_text(reader->builder, reason, &edge->told.reason));
}

static bool read_evidence(struct graph_reader *reader, void *context)
{
    return read_reason(reader, context);
}

static bool read_weight(struct graph_reader *reader, struct foreign_edge *edge)
{
    return ew_json_scan_is_null(&reader->scan)
               ? pass(reader)
               : graph_json_permille(reader, &edge->told.confidence);
}

static bool read_stella_kind(struct graph_reader *reader, struct foreign_edge *edge)
{
    if (!ew_json_scan_want(&reader->scan, EW_JSON_STRING)) {
        return false;
    }
    edge->runtime |= is_slice(graph_json_slice(reader), "runtime");
    return true;
}

/* Ends an edge, unless all that supports it was seen at run time. */
static bool end_edge(struct graph_reader *reader, const struct foreign_edge *edge)
{
    reader->builder->counts.records++;
    if (edge->runtime && !edge->evidence) {
        reader->builder->counts.observed_edges++;
        return true;
    }
    return graph_json_took(reader, graph_edge_end(reader->builder, &edge->told));
}

static bool read_stella_edge(struct graph_reader *reader, void *context)
{
    static const struct ew_json_member members[] = {
        EW_JSON_MEMBER("sourceId"),   EW_JSON_MEMBER("targetId"), EW_JSON_MEMBER("kind"),
        EW_JSON_MEMBER("reason"),     EW_JSON_MEMBER("weight"),   EW_JSON_MEMBER("candidates"),
        EW_JSON_MEMBER("isResolved"), EW_JSON_MEMBER("id"),       EW_JSON_MEMBER("provenance")};
    struct foreign_edge edge = {.runtime = false};
    bool kind_runtime = false;
    uint32_t seen = 0;
    int member;
    (void)context;
    if (!ew_json_scan_want(&reader->scan, EW_JSON_OBJECT)
        || !graph_json_took(reader, graph_edge_begin(reader->builder, &edge.told))) {
        return false;
    }
    while ((member = ew_json_scan_member(&reader->scan, members, COUNT(members), &seen))
           != EW_JSON_OVER) {
        bool read = member == 0   ? read_end(reader, true)
                    : member == 1 ? read_end(reader, false)
                    : member == 2 ? read_stella_kind(reader, &edge)
                    : member == 3 ? read_reason(reader, &edge)
                    : member == 4 ? read_weight(reader, &edge)
                    : member == 5 ? graph_json_array_or_null(reader, graph_json_candidate, NULL)
                    : member > 5  ? pass(reader)
                                  : graph_json_unknown(reader);
        if (!read) {
            return false;
        }
        kind_runtime |= member == 2 && edge.runtime;
    }
    /* The kind is about the whole edge, whatever the reason says. */
    edge.evidence = edge.evidence && !kind_runtime;
    return graph_json_complete(reader, members, 3, seen) && end_edge(reader, &edge);
}

static bool read_rich_edge(struct graph_reader *reader, void *context)
{
    static const struct ew_json_member members[] = {
        EW_JSON_MEMBER("from"),       EW_JSON_MEMBER("to"),           EW_JSON_MEMBER("evidence"),
        EW_JSON_MEMBER("confidence"), EW_JSON_MEMBER("candidates"),   EW_JSON_MEMBER("kind"),
        EW_JSON_MEMBER("purl"),       EW_JSON_MEMBER("symbol_digest")};
    struct foreign_edge edge = {.runtime = false};
    uint32_t seen = 0;
    int member;
    (void)context;
    if (!ew_json_scan_want(&reader->scan, EW_JSON_OBJECT)
        || !graph_json_took(reader, graph_edge_begin(reader->builder, &edge.told))) {
        return false;
    }
    while ((member = ew_json_scan_member(&reader->scan, members, COUNT(members), &seen))
           != EW_JSON_OVER) {
        bool read = member == 0   ? read_end(reader, true)
                    : member == 1 ? read_end(reader, false)
                    : member == 2 ? graph_json_array_or_null(reader, read_evidence, &edge)
                    : member == 3 ? read_weight(reader, &edge)
                    : member == 4 ? graph_json_array_or_null(reader, graph_json_candidate, NULL)
                    : member > 4  ? pass(reader)
                                  : graph_json_unknown(reader);
        if (!read) {
            return false;
        }
    }
    return graph_json_complete(reader, members, 3, seen) && end_edge(reader, &edge);
}

/* --- nodes
 * -------------------------------------------------------------------------------------- */

static enum ew_graph_node_kind node_kind(struct graph_slice kind)
{
    return is_slice(kind, "method") || is_slice(kind, "constructor") ? EW_NODE_METHOD
           : is_slice(kind, "thunk")                                 ? EW_NODE_THUNK
           : is_slice(kind, "external")                              ? EW_NODE_EXTERNAL
                                                                     : EW_NODE_FUNCTION;
}

static bool read_node_kind(struct graph_reader *reader, struct ew_graph_node *row)
{
    if (ew_json_scan_is_null(&reader->scan)) {
        return pass(reader);
    }
    if (!ew_json_scan_want(&reader->scan, EW_JSON_STRING)) {
        return false;
    }
    row->kind = (uint8_t)node_kind(graph_json_slice(reader));
    return true;
}

/* A symbol key is a documentation id when it is spelt like one, else a signature. */
static bool read_symbol_key(struct graph_reader *reader, struct ew_graph_node *row)
{
    ew_graph_text text = 0;
    if (!read_text(reader, &text)) {
        return false;
    }
    const char *key = graph_pool(reader->builder) + text;
    if (key[0] == 'M' && key[1] == ':') {
        row->doc_id = text;
    } else {
        row->signature = text;
    }
    return true;
}

static bool tell_node(struct graph_reader *reader, uint32_t node, const struct ew_graph_node *row)
{
    reader->builder->counts.records++;
    return graph_json_took(reader, graph_node_tell(reader->builder, node, row));
}

static bool read_stella_node(struct graph_reader *reader, void *context)
{
    static const struct ew_json_member members[] = {EW_JSON_MEMBER("id"),
                                                    EW_JSON_MEMBER("name"),
                                                    EW_JSON_MEMBER("kind"),
                                                    EW_JSON_MEMBER("symbolKey"),
                                                    EW_JSON_MEMBER("namespace"),
                                                    EW_JSON_MEMBER("file"),
                                                    EW_JSON_MEMBER("line"),
                                                    EW_JSON_MEMBER("visibility"),
                                                    EW_JSON_MEMBER("isEntrypointCandidate"),
                                                    EW_JSON_MEMBER("attributes")};
    struct ew_graph_node row = graph_node_empty();
    uint32_t node = 0;
    uint32_t seen = 0;
    int member;
    (void)context;
    row.kind = EW_NODE_FUNCTION;
    if (!ew_json_scan_want(&reader->scan, EW_JSON_OBJECT)) {
        return false;
    }
    while ((member = ew_json_scan_member(&reader->scan, members, COUNT(members), &seen))
           != EW_JSON_OVER) {
        bool read = member == 0   ? graph_json_node(reader, &node)
                    : member == 1 ? read_text(reader, &row.name)
                    : member == 2 ? read_node_kind(reader, &row)
                    : member == 3 ? read_symbol_key(reader, &row)
                    : member > 3  ? pass(reader)
                                  : graph_json_unknown(reader);
        if (!read) {
            return false;
        }
    }
    return graph_json_complete(reader, members, 1, seen) && tell_node(reader, node, &row);
}

/* symbol{mangled, demangled, source, confidence} */
static bool read_symbol(struct graph_reader *reader, struct ew_graph_node *row)
{
    static const struct ew_json_member members[] = {
        EW_JSON_MEMBER("mangled"), EW_JSON_MEMBER("demangled"), EW_JSON_MEMBER("source"),
        EW_JSON_MEMBER("confidence")};
    uint32_t seen = 0;
    int member;
    if (ew_json_scan_is_null(&reader->scan)) {
        return pass(reader);
    }
    if (!ew_json_scan_want(&reader->scan, EW_JSON_OBJECT)) {
        return false;
    }
    while ((member = ew_json_scan_member(&reader->scan, members, COUNT(members), &seen))
           != EW_JSON_OVER) {
        bool read = member == 0   ? read_text(reader, &row->decorated)
                    : member == 1 ? read_text(reader, &row->name)
                    : member > 1  ? pass(reader)
                                  : graph_json_unknown(reader);
        if (!read) {
            return false;
        }
    }
    return reader->scan.status == EW_OK;
}

/* The artifact of a build id and a purl; nodes of one lie together, so the last is tried first
 * and no table is needed to keep their number small. */
static bool find_artifact(struct graph_reader *reader, ew_graph_text build_id, ew_graph_text purl,
                          uint32_t *artifact_out)
{
    struct graph_builder *builder = reader->builder;
    const struct ew_graph_artifact *rows = builder->artifacts.bytes;
    const char *pool = graph_pool(builder);
    enum { TRIED = 64 };
    if (build_id == 0 && purl == 0) {
        return true;
    }
    for (uint32_t i = 0; i < builder->artifact_count && i < TRIED; i++) {
        uint32_t at = builder->artifact_count - 1 - i;
        if (strcmp(pool + rows[at].debug_id, pool + build_id) == 0
            && strcmp(pool + rows[at].purl, pool + purl) == 0) {
            *artifact_out = at;
            return true;
        }
    }
    struct ew_graph_artifact row = {.debug_id = build_id, .purl = purl};
    *artifact_out = builder->artifact_count;
    return graph_json_took(reader, graph_artifact(builder, &row));
}

static bool read_rich_node(struct graph_reader *reader, void *context)
{
    static const struct ew_json_member members[] = {
        EW_JSON_MEMBER("id"),           EW_JSON_MEMBER("display"),
        EW_JSON_MEMBER("kind"),         EW_JSON_MEMBER("symbol"),
        EW_JSON_MEMBER("purl"),         EW_JSON_MEMBER("build_id"),
        EW_JSON_MEMBER("symbol_id"),    EW_JSON_MEMBER("lang"),
        EW_JSON_MEMBER("code_id"),      EW_JSON_MEMBER("code_block_hash"),
        EW_JSON_MEMBER("evidence"),     EW_JSON_MEMBER("attributes"),
        EW_JSON_MEMBER("symbol_digest")};
    struct ew_graph_node row = graph_node_empty();
    ew_graph_text display = 0;
    ew_graph_text purl = 0;
    ew_graph_text build_id = 0;
    uint32_t node = 0;
    uint32_t seen = 0;
    int member;
    (void)context;
    row.kind = EW_NODE_FUNCTION;
    if (!ew_json_scan_want(&reader->scan, EW_JSON_OBJECT)) {
        return false;
    }
    while ((member = ew_json_scan_member(&reader->scan, members, COUNT(members), &seen))
           != EW_JSON_OVER) {
        bool read = member == 0   ? graph_json_node(reader, &node)
                    : member == 1 ? read_text(reader, &display)
                    : member == 2 ? read_node_kind(reader, &row)
                    : member == 3 ? read_symbol(reader, &row)
                    : member == 4 ? read_text(reader, &purl)
                    : member == 5 ? read_text(reader, &build_id)
                    : member > 5  ? pass(reader)
                                  : graph_json_unknown(reader);
        if (!read) {
            return false;
        }
    }
    row.name = row.name != 0 ? row.name : display;
    return graph_json_complete(reader, members, 1, seen)
           && find_artifact(reader, build_id, purl, &row.artifact)
           && tell_node(reader, node, &row);
}

/* --- entry points ------------------------------------------------------------------------------
 */

/* A kind of entry point: public text does not have all of them, so another one is taken for a
 * program's own entry, and counted. */
static bool read_entry_kind(struct graph_reader *reader, unsigned *kind_out)
{
    if (ew_json_scan_is_null(&reader->scan)) {
        return pass(reader);
    }
    if (!ew_json_scan_want(&reader->scan, EW_JSON_STRING)) {
        return false;
    }
    struct graph_slice word = graph_json_slice(reader);
    size_t kind = graph_word(graph_entry_kinds, GRAPH_ENTRY_KINDS, word);
    if (is_slice(word, "load")) {
        kind = EW_ENTRY_DLLMAIN;
    } else if (kind == GRAPH_ENTRY_KINDS) {
        kind = EW_ENTRY_MAIN;
        reader->builder->counts.unknown_members += !is_slice(word, "runtime");
    }
    *kind_out = (unsigned)kind;
    return true;
}

struct entry_members {
    const struct ew_json_member *members; /* id, kind, then those that are passed over */
    size_t count;
};

static bool read_entry(struct graph_reader *reader, void *context)
{
    const struct entry_members *names = context;
    unsigned kind = EW_ENTRY_MAIN;
    uint32_t node = 0;
    uint32_t seen = 0;
    int member;
    if (!ew_json_scan_want(&reader->scan, EW_JSON_OBJECT)) {
        return false;
    }
    while ((member = ew_json_scan_member(&reader->scan, names->members, names->count, &seen))
           != EW_JSON_OVER) {
        bool read = member == 0   ? graph_json_node(reader, &node)
                    : member == 1 ? read_entry_kind(reader, &kind)
                    : member > 1  ? pass(reader)
                                  : graph_json_unknown(reader);
        if (!read) {
            return false;
        }
    }
    reader->builder->counts.records++;
    return graph_json_complete(reader, names->members, 1, seen)
           && graph_json_took(reader,
                              graph_entry(reader->builder, node, (enum ew_graph_entry_kind)kind));
}

/* --- the whole ---------------------------------------------------------------------------------
 */

static enum ew_status end_document(struct graph_reader *reader)
{
    if (reader->scan.status == EW_OK) {
        (void)ew_json_scan_next(&reader->scan);
    }
    return graph_json_end(reader);
}

enum ew_status graph_read_stella(struct graph_reader *reader)
{
    static const struct ew_json_member members[] = {
        EW_JSON_MEMBER("nodes"),     EW_JSON_MEMBER("edges"),     EW_JSON_MEMBER("entrypoints"),
        EW_JSON_MEMBER("id"),        EW_JSON_MEMBER("schema"),    EW_JSON_MEMBER("scanKey"),
        EW_JSON_MEMBER("language"),  EW_JSON_MEMBER("artifacts"), EW_JSON_MEMBER("metadata"),
        EW_JSON_MEMBER("component"), EW_JSON_MEMBER("version"),   EW_JSON_MEMBER("ingestedAt"),
        EW_JSON_MEMBER("graphHash")};
    static const struct ew_json_member entry[] = {
        EW_JSON_MEMBER("nodeId"), EW_JSON_MEMBER("kind"), EW_JSON_MEMBER("route"),
        EW_JSON_MEMBER("framework"), EW_JSON_MEMBER("source")};
    struct entry_members entry_members = {entry, COUNT(entry)};
    uint32_t seen = 0;
    int member;
    graph_json_begin(reader, false);
    bool read = ew_json_scan_want(&reader->scan, EW_JSON_OBJECT);
    while (read
           && (member = ew_json_scan_member(&reader->scan, members, COUNT(members), &seen))
                  != EW_JSON_OVER) {
        read = member == 0   ? graph_json_array(reader, read_stella_node, NULL)
               : member == 1 ? graph_json_array(reader, read_stella_edge, NULL)
               : member == 2 ? graph_json_array_or_null(reader, read_entry, &entry_members)
               : member == 3 ? read_text(reader, &reader->builder->graph.graph_id)
               : member > 3  ? pass(reader)
                             : graph_json_unknown(reader);
    }
    (void)graph_json_complete(reader, members, 3, seen);
    return end_document(reader);
}

/* analyzer{name, version, toolchain_digest} */
static bool read_analyzer(struct graph_reader *reader)
{
    static const struct ew_json_member members[] = {
        EW_JSON_MEMBER("name"), EW_JSON_MEMBER("version"), EW_JSON_MEMBER("toolchain_digest")};
    struct ew_graph *graph = &reader->builder->graph;
    uint32_t seen = 0;
    int member;
    if (!ew_json_scan_want(&reader->scan, EW_JSON_OBJECT)) {
        return false;
    }
    while ((member = ew_json_scan_member(&reader->scan, members, COUNT(members), &seen))
           != EW_JSON_OVER) {
        bool read = member == 0   ? read_text(reader, &graph->analyzer_name)
                    : member == 1 ? read_text(reader, &graph->analyzer_version)
                    : member > 1  ? pass(reader)
                                  : graph_json_unknown(reader);
        if (!read) {
            return false;
        }
    }
    return reader->scan.status == EW_OK;
}

enum ew_status graph_read_richgraph(struct graph_reader *reader)
{
    static const struct ew_json_member members[] = {
        EW_JSON_MEMBER("nodes"),         EW_JSON_MEMBER("edges"),  EW_JSON_MEMBER("roots"),
        EW_JSON_MEMBER("analyzer"),      EW_JSON_MEMBER("schema"), EW_JSON_MEMBER("graph_hash"),
        EW_JSON_MEMBER("schema_version")};
    static const struct ew_json_member root[] = {EW_JSON_MEMBER("id"), EW_JSON_MEMBER("phase"),
                                                 EW_JSON_MEMBER("source")};
    struct entry_members root_members = {root, COUNT(root)};
    uint32_t seen = 0;
    int member;
    graph_json_begin(reader, false);
    bool read = ew_json_scan_want(&reader->scan, EW_JSON_OBJECT);
    while (read
           && (member = ew_json_scan_member(&reader->scan, members, COUNT(members), &seen))
                  != EW_JSON_OVER) {
        read = member == 0   ? graph_json_array(reader, read_rich_node, NULL)
               : member == 1 ? graph_json_array(reader, read_rich_edge, NULL)
               : member == 2 ? graph_json_array_or_null(reader, read_entry, &root_members)
               : member == 3 ? read_analyzer(reader)
               : member == 5 ? read_text(reader, &reader->builder->graph.graph_id)
               : member > 3  ? pass(reader)
                             : graph_json_unknown(reader);
    }
    (void)graph_json_complete(reader, members, 3, seen);
    return end_document(reader);
}
