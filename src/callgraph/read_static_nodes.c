/* SPDX-License-Identifier: Apache-2.0 */
/* Nodes of static-callgraph/1. */
#include "callgraph/reader.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

enum { NODES_AT_ONCE = 32 };

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

static const char *const node_kinds[] = {"method", "function", "thunk", "external", "type-init"};
static const char *const node_inlining[] = {"never", "may", "always"};

struct node_told {
    struct ew_graph_node row;
    struct graph_slice id; /* kept by the builder, or where it was read */
    uint32_t hash;
    uint32_t first_override;
    unsigned unknown_members;
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
    told->hash = graph_id_hash(builder, id);
    graph_id_soon(&builder->index, told->hash);
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
static bool parse_token(struct graph_slice text, uint32_t *token_out)
{
    uint32_t token = 0;
    if (text.byte_count > 2 && text.bytes[0] == '0' && (text.bytes[1] | 0x20) == 'x') {
        text.bytes += 2;
        text.byte_count -= 2;
    }
    bool hexadecimal = text.byte_count > 0 && text.byte_count <= 8;
    for (size_t i = 0; hexadecimal && i < text.byte_count; i++) {
        char c = (char)(text.bytes[i] | 0x20);
        bool digit = text.bytes[i] >= '0' && text.bytes[i] <= '9';
        hexadecimal = digit || (c >= 'a' && c <= 'f');
        token = token << 4 | (uint32_t)(digit ? text.bytes[i] - '0' : c - 'a' + 10);
    }
    *token_out = token;
    return hexadecimal;
}

static bool read_token(struct graph_reader *reader, uint32_t *token_out)
{
    return ew_json_scan_want(&reader->scan, EW_JSON_STRING)
           && (parse_token(graph_json_slice(reader), token_out)
               || ew_json_scan_fail(&reader->scan, EW_FORMAT,
                                    "is no metadata token, such as 0x06000001"));
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
    struct ew_graph_node *row = &told->row;
    switch (member) {
    case NODE_ID:
        return keep_node_id(reader, told);
    case NODE_ARTIFACT:
        return graph_json_u32(reader, EW_GRAPH_ARTIFACTS_MAX - 1, &row->artifact);
    case NODE_KIND:
        return read_small_word(reader, node_kinds, COUNT(node_kinds), EW_NODE_METHOD, &row->kind);
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
        return read_small_word(reader, node_inlining, COUNT(node_inlining), EW_INLINE_NEVER,
                               &row->inlining);
    case NODE_OVERRIDES:
        return graph_json_array(reader, read_override, NULL);
    default:
        return graph_json_unknown(reader);
    }
}

static const struct ew_json_member node_members[] = {
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

static enum ew_status tell_node(struct graph_builder *builder, const struct node_told *told)
{
    uint32_t node = 0;
    enum ew_status status = graph_node_hashed(builder, told->id, told->hash, &node);
    if (status != EW_OK) {
        return status;
    }
    graph_overrides_settle(builder, told->first_override, node);
    builder->counts.records++;
    return graph_node_tell(builder, node, &told->row);
}

bool graph_static_node_tokens(struct graph_reader *reader, void *context)
{
    struct graph_builder *builder = reader->builder;
    struct node_told told = {.row = graph_node_empty(),
                             .first_override = builder->override_count};
    uint32_t seen = 0;
    int member;
    (void)context;
    if (!ew_json_scan_want(&reader->scan, EW_JSON_OBJECT)) {
        return false;
    }
    while ((member = ew_json_scan_member(&reader->scan, node_members, COUNT(node_members), &seen))
           != EW_JSON_OVER) {
        if (!read_node_member(reader, member, &told)) {
            return false;
        }
    }
    return graph_json_complete(reader, node_members, 1U << NODE_ID, seen)
           && graph_json_took(reader, tell_node(builder, &told));
}

/* --- nodes that are spelt alike ------------------------------------------------------------- */

static bool take_id(struct graph_builder *builder, struct graph_slice id, struct node_told *told)
{
    told->id = id;
    told->hash = graph_id_hash(builder, id);
    graph_id_soon(&builder->index, told->hash);
    return id.byte_count > 0;
}

static bool take_number(const struct ew_json_field *field, uint32_t max, uint32_t *value_out)
{
    uint64_t number = graph_json_field_number(field);
    *value_out = (uint32_t)number;
    return number <= max;
}

/* False: it is not taken, for whatever reason. */
static bool take_field(struct graph_reader *reader, const struct ew_json_field *field,
                       struct node_told *told)
{
    struct graph_builder *builder = reader->builder;
    unsigned word = 0;
    struct graph_slice text = {field->bytes, field->byte_count};
    struct ew_graph_node *row = &told->row;
    switch (field->member) {
    case NODE_ID:
        return take_id(builder, text, told);
    case NODE_ARTIFACT:
        return take_number(field, EW_GRAPH_ARTIFACTS_MAX - 1, &row->artifact);
    case NODE_KIND:
        if (!graph_json_memo_word(&reader->node_kind, node_kinds, COUNT(node_kinds), text,
                                  &word)) {
            return false;
        }
        row->kind = (uint8_t)(EW_NODE_METHOD + word);
        return true;
    case NODE_TOKEN:
        return parse_token(text, &row->token);
    case NODE_RVA:
        row->flags |= EW_NODE_HAS_RVA;
        row->rva = graph_json_field_number(field);
        return row->rva <= EW_JSON_INTEGER_MAX;
    case NODE_SIZE:
        return take_number(field, UINT32_MAX, &row->size_bytes);
    case NODE_NAME:
        return graph_text(builder, text, &row->name) == EW_OK;
    case NODE_SIG:
        return graph_text(builder, text, &row->signature) == EW_OK;
    case NODE_DOC_ID:
        return graph_text(builder, text, &row->doc_id) == EW_OK;
    case NODE_DECORATED:
        return graph_text(builder, text, &row->decorated) == EW_OK;
    case NODE_CALLS_COMPLETE:
        row->flags |= *field->bytes == 't' ? EW_NODE_CALLS_COMPLETE : 0;
        return true;
    case NODE_INLINE:
        if (!graph_json_find_word(node_inlining, COUNT(node_inlining), text, &word)) {
            return false;
        }
        row->inlining = (uint8_t)(EW_INLINE_NEVER + word);
        return true;
    default:
        told->unknown_members++;
        return field->member == EW_JSON_UNKNOWN;
    }
}

/* The node that was found, but for its row; false: the scanner finds out what is wrong. */
static bool take_node(struct graph_reader *reader, const struct ew_json_run *run,
                      struct node_told *told)
{
    *told = (struct node_told){.row = graph_node_empty(),
                               .first_override = reader->builder->override_count};
    for (unsigned i = 0; i < run->field_count; i++) {
        if (!take_field(reader, &run->fields[i], told)) {
            return false;
        }
    }
    return (run->seen & 1U << NODE_ID) != 0;
}

/* Nodes that wait until their slots of the index are there. */
struct node_batch {
    unsigned count;
    struct node_told told[NODES_AT_ONCE];
    struct ew_json_mark marks[NODES_AT_ONCE]; /* before each of them */
};

/* False: one is not taken, and the run is back before it. */
static bool tell_nodes(struct graph_builder *builder, struct node_batch *batch,
                       struct ew_json_run *run)
{
    unsigned count = batch->count;
    batch->count = 0;
    for (unsigned i = 0; i < count; i++) {
        if (tell_node(builder, &batch->told[i]) != EW_OK) {
            run->done = batch->marks[i];
            return false;
        }
        builder->counts.unknown_members += batch->told[i].unknown_members;
    }
    return true;
}

bool graph_static_nodes_alike(struct graph_reader *reader)
{
    struct graph_builder *builder = reader->builder;
    struct node_batch batch = {.count = 0};
    struct ew_json_run run;
    bool good = true;
    ew_json_run_begin(&run, &reader->node_shape, &reader->scan);
    while (good && ew_json_run_find(&run) && take_node(reader, &run, &batch.told[batch.count])) {
        batch.marks[batch.count++] = run.done;
        ew_json_run_take(&run);
        good = batch.count < NODES_AT_ONCE || tell_nodes(builder, &batch, &run);
    }
    if (good) {
        (void)tell_nodes(builder, &batch, &run);
    }
    return ew_json_run_end(&run);
}

void graph_static_node_learn(struct graph_reader *reader, uint64_t start, unsigned depth)
{
    ew_json_shape_learn(&reader->node_shape, &reader->scan, start, depth, node_members,
                        COUNT(node_members));
}

bool graph_static_node(struct graph_reader *reader, void *context)
{
    if (graph_static_nodes_alike(reader)) {
        return true;
    }
    uint64_t start = ew_json_scan_offset(&reader->scan);
    if (!graph_static_node_tokens(reader, context)) {
        return false;
    }
    graph_static_node_learn(reader, start, 1);
    return true;
}
