/* SPDX-License-Identifier: Apache-2.0 */
/*
 * static-callgraph/1 (docs/schemas/callgraph.schema.json), one document or NDJSON: a header,
 * then a record a line (docs/FORMATS.md).
 */
#include "callgraph/reader.h"

#include <string.h>

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

/* --- nodes ---------------------------------------------------------------------------------- */

enum node_member {
    NODE_ID,
    NODE_ARTIFACT,
    NODE_KIND,
    NODE_TOKEN,
    NODE_RVA,
    NODE_SIZE,
    NODE_NAME,
    NODE_SIG,
    NODE_DOC_ID,
    NODE_DECORATED,
    NODE_CALLS_COMPLETE,
    NODE_INLINE,
    NODE_OVERRIDES,
};

struct node_told {
    struct ew_graph_node row;
    struct graph_slice id; /* kept by the builder */
    uint64_t hash;
    uint32_t first_override;
};

/* The id is looked up behind the last member: by then its slot of the index is there. */
static bool keep_node_id(struct graph_reader *reader, struct node_told *told)
{
    struct graph_builder *builder = reader->builder;
    if (!ew_json_scan_want(&reader->scan, EW_JSON_STRING)) {
        return false;
    }
    struct graph_slice id = graph_json_slice(reader);
    if (id.byte_count == 0) {
        return ew_json_scan_fail(&reader->scan, EW_FORMAT, "an id must not be empty");
    }
    memcpy(builder->kept_id, id.bytes, id.byte_count);
    told->id = (struct graph_slice){builder->kept_id, id.byte_count};
    told->hash = ew_index_hash_seeded(id.bytes, id.byte_count, builder->seed);
    graph_node_soon(builder, told->hash);
    return true;
}

static bool read_override(struct graph_reader *reader, void *context)
{
    (void)context;
    return ew_json_scan_want(&reader->scan, EW_JSON_STRING)
           && graph_json_took(
               reader, graph_override(reader->builder, EW_GRAPH_NONE, graph_json_slice(reader)));
}

/* "0x06000001" or "06000001". */
static bool read_token(struct graph_reader *reader, uint32_t *token_out)
{
    if (!ew_json_scan_want(&reader->scan, EW_JSON_STRING)) {
        return false;
    }
    struct graph_slice text = graph_json_slice(reader);
    if (text.byte_count > 2 && text.bytes[0] == '0' && (text.bytes[1] | 0x20) == 'x') {
        text.bytes += 2;
        text.byte_count -= 2;
    }
    uint32_t token = 0;
    bool hexadecimal = text.byte_count > 0 && text.byte_count <= 8;
    for (size_t i = 0; hexadecimal && i < text.byte_count; i++) {
        char c = (char)(text.bytes[i] | 0x20);
        bool digit = text.bytes[i] >= '0' && text.bytes[i] <= '9';
        hexadecimal = digit || (c >= 'a' && c <= 'f');
        token = token << 4 | (uint32_t)(digit ? text.bytes[i] - '0' : c - 'a' + 10);
    }
    if (!hexadecimal) {
        return ew_json_scan_fail(&reader->scan, EW_FORMAT,
                                 "is no metadata token, such as 0x06000001");
    }
    *token_out = token;
    return true;
}

static bool read_flag(struct graph_reader *reader, struct ew_graph_node *row)
{
    bool value = false;
    if (!ew_json_scan_want_bool(&reader->scan, &value)) {
        return false;
    }
    row->flags |= value ? EW_NODE_CALLS_COMPLETE : 0;
    return true;
}

static bool read_small_word(struct graph_reader *reader, const char *const *words,
                            size_t word_count, uint8_t first, uint8_t *value_out)
{
    unsigned word = 0;
    if (!graph_json_word(reader, words, word_count, &word)) {
        return false;
    }
    *value_out = (uint8_t)(first + word);
    return true;
}

static bool read_node_member(struct graph_reader *reader, int member, struct node_told *told)
{
    static const char *const kinds[] = {"method", "function", "thunk", "external", "type-init"};
    static const char *const inlining[] = {"never", "may", "always"};
    struct ew_graph_node *row = &told->row;
    switch (member) {
    case NODE_ID:
        return keep_node_id(reader, told);
    case NODE_ARTIFACT:
        return graph_json_u32(reader, EW_GRAPH_ARTIFACTS_MAX - 1, &row->artifact);
    case NODE_KIND:
        return read_small_word(reader, kinds, COUNT(kinds), EW_NODE_METHOD, &row->kind);
    case NODE_TOKEN:
        return read_token(reader, &row->token);
    case NODE_RVA:
        row->flags |= EW_NODE_HAS_RVA;
        return ew_json_scan_want_u64(&reader->scan, EW_JSON_INTEGER_MAX, &row->rva);
    case NODE_SIZE:
        return graph_json_u32(reader, UINT32_MAX, &row->size_bytes);
    case NODE_NAME:
        return graph_json_text(reader, &row->name);
    case NODE_SIG:
        return graph_json_text(reader, &row->signature);
    case NODE_DOC_ID:
        return graph_json_text(reader, &row->doc_id);
    case NODE_DECORATED:
        return graph_json_text(reader, &row->decorated);
    case NODE_CALLS_COMPLETE:
        return read_flag(reader, row);
    case NODE_INLINE:
        return read_small_word(reader, inlining, COUNT(inlining), EW_INLINE_NEVER,
                               &row->inlining);
    case NODE_OVERRIDES:
        return graph_json_array(reader, read_override, NULL);
    default:
        return graph_json_unknown(reader);
    }
}

static bool read_node(struct graph_reader *reader, void *context)
{
    static const struct ew_json_member members[] = {
        [NODE_ID] = EW_JSON_MEMBER("id"),
        [NODE_ARTIFACT] = EW_JSON_MEMBER("artifact"),
        [NODE_KIND] = EW_JSON_MEMBER("kind"),
        [NODE_TOKEN] = EW_JSON_MEMBER("token"),
        [NODE_RVA] = EW_JSON_MEMBER("rva"),
        [NODE_SIZE] = EW_JSON_MEMBER("size"),
        [NODE_NAME] = EW_JSON_MEMBER("name"),
        [NODE_SIG] = EW_JSON_MEMBER("sig"),
        [NODE_DOC_ID] = EW_JSON_MEMBER("docId"),
        [NODE_DECORATED] = EW_JSON_MEMBER("decorated"),
        [NODE_CALLS_COMPLETE] = EW_JSON_MEMBER("callsComplete"),
        [NODE_INLINE] = EW_JSON_MEMBER("inline"),
        [NODE_OVERRIDES] = EW_JSON_MEMBER("overrides"),
    };
    struct graph_builder *builder = reader->builder;
    struct node_told told = {.row = graph_node_empty(),
                             .first_override = builder->override_count};
    uint32_t node = 0;
    uint32_t seen = 0;
    int member;
    (void)context;
    if (!ew_json_scan_want(&reader->scan, EW_JSON_OBJECT)) {
        return false;
    }
    while ((member = ew_json_scan_member(&reader->scan, members, COUNT(members), &seen))
           != EW_JSON_OVER) {
        if (!read_node_member(reader, member, &told)) {
            return false;
        }
    }
    if (!graph_json_complete(reader, members, 1U << NODE_ID, seen)) {
        return false;
    }
    if (!graph_json_took(reader, graph_node_hashed(builder, told.id, told.hash, &node))) {
        return false;
    }
    graph_overrides_settle(builder, told.first_override, node);
    builder->counts.records++;
    return graph_json_took(reader, graph_node_tell(builder, node, &told.row));
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
        return graph_json_array(reader, read_node, NULL);
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
    static const struct ew_json_member members[] = {
        EW_JSON_MEMBER("edge"), EW_JSON_MEMBER("node"), EW_JSON_MEMBER("artifact"),
        EW_JSON_MEMBER("entrypoint"), EW_JSON_MEMBER("target")};
    static const graph_element_fn readers[] = {graph_static_edge, read_node, read_artifact,
                                               read_entry, read_target};
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
    return reader->scan.status == EW_OK;
}

enum ew_status graph_read_static(struct graph_reader *reader)
{
    graph_json_begin(reader, true);
    if (read_head(reader) && reader->waits_for_records) {
        enum ew_json_token token;
        while ((token = ew_json_scan_next(&reader->scan)) == EW_JSON_OBJECT) {
            if (!read_record(reader)) {
                break;
            }
        }
        if (token != EW_JSON_OBJECT && token > EW_JSON_END) {
            (void)ew_json_scan_fail(&reader->scan, EW_FORMAT, "is %s, a record is an object",
                                    ew_json_token_name(token));
        }
        ew_json_scan_free(&reader->scan);
        return reader->scan.status;
    }
    if (reader->scan.status == EW_OK && ew_json_scan_next(&reader->scan) > EW_JSON_END) {
        (void)ew_json_scan_fail(&reader->scan, EW_FORMAT, "text follows the document");
    }
    ew_json_scan_free(&reader->scan);
    return reader->scan.status;
}
