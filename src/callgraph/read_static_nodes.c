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
    bool is_hashed; /* else it probably need not be looked for */
    uint32_t first_override;
    unsigned unknown_members;
};

/* The id is looked up behind the last member: by then its slot of the index is there. */
static void hash_id(const struct graph_builder *builder, struct node_told *told)
{
    told->is_hashed = builder->ids_descend;
    if (told->is_hashed) {
        told->hash = graph_id_hash(builder, told->id);
        graph_id_soon(&builder->index, told->hash);
    }
}

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
    hash_id(builder, told);
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
    enum ew_status status = told->is_hashed
                                ? graph_node_hashed(builder, told->id, told->hash, &node)
                                : graph_node_next(builder, told->id, &node);
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

/* A member of the record that was found; NULL: it has none. */
static inline const struct ew_json_field *field_of(const struct ew_json_run *run,
                                                   enum node_member member)
{
    return (run->seen >> member & 1) != 0 ? &run->fields[member] : NULL;
}

static inline struct graph_slice slice_of(const struct ew_json_field *field)
{
    struct graph_slice slice = {field->bytes, field->byte_count};
    return slice;
}

/* What is not there is taken as well; false: it is not taken, for whatever reason. */
static bool take_text(struct graph_builder *builder, const struct ew_json_field *field,
                      ew_graph_text *text_out)
{
    return field == NULL || graph_text(builder, slice_of(field), text_out) == EW_OK;
}

static bool take_number(const struct ew_json_field *field, uint32_t max, uint32_t *value_out)
{
    if (field == NULL) {
        return true;
    }
    uint64_t number = graph_json_field_number(field);
    *value_out = (uint32_t)number;
    return number <= max;
}

static bool take_word(const struct ew_json_field *field, struct graph_word_memo *memo,
                      const char *const *words, size_t word_count, unsigned first,
                      uint8_t *value_out)
{
    unsigned word = 0;
    if (field == NULL) {
        return true;
    }
    if (!graph_json_memo_word(memo, words, word_count, slice_of(field), &word)) {
        return false;
    }
    *value_out = (uint8_t)(first + word);
    return true;
}

/* Members that few nodes have. */
static bool take_rest(struct graph_reader *reader, const struct ew_json_run *run,
                      struct ew_graph_node *row)
{
    const struct ew_json_field *complete = field_of(run, NODE_CALLS_COMPLETE);
    const struct ew_json_field *rva = field_of(run, NODE_RVA);
    if (complete != NULL) {
        row->flags |= *complete->bytes == 't' ? EW_NODE_CALLS_COMPLETE : 0;
    }
    if (rva != NULL) {
        row->flags |= EW_NODE_HAS_RVA;
        row->rva = graph_json_field_number(rva);
    }
    return row->rva <= EW_JSON_INTEGER_MAX
           && take_number(field_of(run, NODE_SIZE), UINT32_MAX, &row->size_bytes)
           && take_text(reader->builder, field_of(run, NODE_DOC_ID), &row->doc_id)
           && take_text(reader->builder, field_of(run, NODE_DECORATED), &row->decorated)
           && take_word(field_of(run, NODE_INLINE), &reader->node_inlining, node_inlining,
                        COUNT(node_inlining), EW_INLINE_NEVER, &row->inlining);
}

/* The node that was found, but for its row; false: the scanner finds out what is wrong. */
static bool take_node(struct graph_reader *reader, const struct ew_json_run *run,
                      struct node_told *told)
{
    enum {
        MOST = 1U << NODE_ID | 1U << NODE_ARTIFACT | 1U << NODE_KIND | 1U << NODE_TOKEN
               | 1U << NODE_NAME | 1U << NODE_SIG
    };
    struct graph_builder *builder = reader->builder;
    const struct ew_json_field *id = field_of(run, NODE_ID);
    const struct ew_json_field *token = field_of(run, NODE_TOKEN);
    struct ew_graph_node *row = &told->row;
    if (id == NULL || id->byte_count == 0) {
        return false;
    }
    *told = (struct node_told){.row = graph_node_empty(),
                               .id = slice_of(id),
                               .first_override = builder->override_count,
                               .unknown_members = run->unknown_count};
    hash_id(builder, told);
    return take_number(field_of(run, NODE_ARTIFACT), EW_GRAPH_ARTIFACTS_MAX - 1, &row->artifact)
           && take_word(field_of(run, NODE_KIND), &reader->node_kind, node_kinds,
                        COUNT(node_kinds), EW_NODE_METHOD, &row->kind)
           && (token == NULL || parse_token(slice_of(token), &row->token))
           && take_text(builder, field_of(run, NODE_NAME), &row->name)
           && take_text(builder, field_of(run, NODE_SIG), &row->signature)
           && ((run->seen & ~(uint32_t)MOST) == 0 || take_rest(reader, run, row));
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
    graph_index_give(builder);
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
