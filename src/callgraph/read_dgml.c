/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The dependency graph that the NativeAOT compiler writes with IlcGenerateDgmlFile: DGML, of
 * which Node (Id, Label) and Link (Source, Target, Reason) are taken. It says which methods were
 * compiled in, so its world is closed; a dependency is no call, so it claims nothing about calls
 * (reference evidence.md 2.2, 5.1).
 *
 * The XML it needs: elements, attributes, comments, the declaration, character references and
 * the five entities that XML itself has. A document type is refused, so nothing expands.
 */
#include "callgraph/bytes.h"

#include <stdlib.h>
#include <string.h>

enum { NAME_BYTES = 64, DEPTH_MAX = 16 };

enum attribute { ATTRIBUTE_ID, ATTRIBUTE_LABEL, ATTRIBUTE_SOURCE, ATTRIBUTE_TARGET, ATTRIBUTES };

struct xml_name {
    size_t byte_count;
    char bytes[NAME_BYTES];
};

struct dgml {
    struct graph_bytes bytes;
    unsigned depth;
    bool done; /* the outermost element is over */
    struct xml_name open[DEPTH_MAX];
    struct xml_name name; /* of the attribute */
    uint32_t seen;        /* attributes of this element */
    struct graph_word_buffer values[ATTRIBUTES + 1];
};

static bool fail(struct dgml *dgml, const char *reason)
{
    return graph_bytes_fail(&dgml->bytes, EW_FORMAT, "%s", reason);
}

static bool is_space(int c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static int pass_space(struct dgml *dgml)
{
    int c;
    while (is_space(c = graph_bytes_peek(&dgml->bytes))) {
        graph_bytes_pass(&dgml->bytes);
    }
    return c;
}

static bool want(struct dgml *dgml, int wanted, const char *reason)
{
    return graph_bytes_next(&dgml->bytes) == wanted || fail(dgml, reason);
}

static bool is_name_byte(int c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'
           || c == '-' || c == '.' || c == ':';
}

static bool read_name(struct dgml *dgml, struct xml_name *name)
{
    name->byte_count = 0;
    int c;
    while (is_name_byte(c = graph_bytes_peek(&dgml->bytes))) {
        if (name->byte_count == NAME_BYTES) {
            return graph_bytes_fail(&dgml->bytes, EW_LIMIT, "a name is longer than %d bytes",
                                    NAME_BYTES);
        }
        name->bytes[name->byte_count++] = (char)c;
        graph_bytes_pass(&dgml->bytes);
    }
    return name->byte_count > 0 || fail(dgml, "a name must stand here");
}

static bool is_name(const struct xml_name *name, const char *word)
{
    return name->byte_count == strlen(word) && memcmp(name->bytes, word, name->byte_count) == 0;
}

/* --- attributes --------------------------------------------------------------------------------
 */

static bool put_point(struct dgml *dgml, struct graph_word_buffer *value, uint32_t point)
{
    struct graph_bytes *bytes = &dgml->bytes;
    bool allowed = point >= 0x20 ? point <= 0x10ffff && (point < 0xd800 || point > 0xdfff)
                                 : point == 9 || point == 10 || point == 13;
    if (!allowed) {
        return fail(dgml, "a reference to a character that XML has not");
    }
    if (point < 0x80) {
        return graph_bytes_put(bytes, value, (int)point);
    }
    unsigned length = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    static const unsigned leads[] = {0, 0, 0xc0, 0xe0, 0xf0};
    if (!graph_bytes_put(bytes, value, (int)(leads[length] | point >> 6 * (length - 1)))) {
        return false;
    }
    for (unsigned i = length - 1; i-- > 0;) {
        if (!graph_bytes_put(bytes, value, (int)(0x80 | (point >> 6 * i & 0x3f)))) {
            return false;
        }
    }
    return true;
}

/* "#10" or "#xA": the number behind the '#'. */
static bool point_of(const char *digits, size_t count, uint32_t *point_out)
{
    uint32_t base = count > 0 && digits[0] == 'x' ? 16 : 10;
    size_t at = base == 16;
    uint32_t point = 0;
    if (at == count) {
        return false;
    }
    for (; at < count; at++) {
        char c = (char)(digits[at] | 0x20);
        uint32_t digit = digits[at] >= '0' && digits[at] <= '9' ? (uint32_t)(digits[at] - '0')
                         : c >= 'a' && c <= 'f'                 ? (uint32_t)(c - 'a' + 10)
                                                                : 99;
        if (digit >= base || point > 0x10ffff) {
            return false;
        }
        point = point * base + digit;
    }
    *point_out = point;
    return true;
}

/* Behind '&'. */
static bool read_reference(struct dgml *dgml, struct graph_word_buffer *value)
{
    static const struct {
        const char *name;
        char character;
    } entities[] = {{"lt", '<'}, {"gt", '>'}, {"amp", '&'}, {"quot", '"'}, {"apos", '\''}};
    char text[12];
    size_t count = 0;
    uint32_t point = 0;
    int c;
    while ((c = graph_bytes_next(&dgml->bytes)) != ';') {
        if (c < 0 || count == sizeof text) {
            return fail(dgml, "a reference without an end");
        }
        text[count++] = (char)c;
    }
    for (size_t i = 0; i < sizeof entities / sizeof entities[0]; i++) {
        if (strlen(entities[i].name) == count && memcmp(entities[i].name, text, count) == 0) {
            return graph_bytes_put(&dgml->bytes, value, entities[i].character);
        }
    }
    if (count < 2 || text[0] != '#' || !point_of(text + 1, count - 1, &point)) {
        return fail(dgml, "an entity that XML itself has not");
    }
    return put_point(dgml, value, point);
}

static bool read_value(struct dgml *dgml, struct graph_word_buffer *value)
{
    int quote = graph_bytes_next(&dgml->bytes);
    value->byte_count = 0;
    if (quote != '"' && quote != '\'') {
        return fail(dgml, "the value of an attribute must be quoted");
    }
    for (;;) {
        int c = graph_bytes_next(&dgml->bytes);
        if (c == quote) {
            return true;
        }
        if (c < 0 || c == '<') {
            return fail(dgml, "the value of an attribute has no end");
        }
        if (c < 0x20 && !is_space(c)) {
            return fail(dgml, "a control character stands in a value");
        }
        bool put = c == '&' ? read_reference(dgml, value)
                            : graph_bytes_put(&dgml->bytes, value, is_space(c) ? ' ' : c);
        if (!put) {
            return false;
        }
    }
}

static bool read_attribute(struct dgml *dgml)
{
    static const char *const names[ATTRIBUTES] = {"Id", "Label", "Source", "Target"};
    unsigned at = 0;
    if (!read_name(dgml, &dgml->name)) {
        return false;
    }
    while (at < ATTRIBUTES && !is_name(&dgml->name, names[at])) {
        at++;
    }
    if (at < ATTRIBUTES && (dgml->seen >> at & 1) != 0) {
        return fail(dgml, "the attribute is there twice");
    }
    dgml->seen |= UINT32_C(1) << at;
    (void)pass_space(dgml);
    if (!want(dgml, '=', "'=' must follow the name of an attribute")) {
        return false;
    }
    (void)pass_space(dgml);
    return read_value(dgml, &dgml->values[at]);
}

/* --- elements ----------------------------------------------------------------------------------
 */

static bool has(const struct dgml *dgml, enum attribute attribute)
{
    return (dgml->seen >> attribute & 1) != 0;
}

static bool take_node(struct dgml *dgml)
{
    struct graph_builder *builder = dgml->bytes.reader->builder;
    struct ew_graph_node row = graph_node_empty();
    struct graph_slice id;
    struct graph_slice label = {"", 0};
    uint32_t node = 0;
    row.kind = EW_NODE_FUNCTION;
    if (!has(dgml, ATTRIBUTE_ID)) {
        return fail(dgml, "a Node without an Id");
    }
    builder->counts.records++;
    return graph_bytes_slice(&dgml->bytes, &dgml->values[ATTRIBUTE_ID], &id)
           && (!has(dgml, ATTRIBUTE_LABEL)
               || graph_bytes_slice(&dgml->bytes, &dgml->values[ATTRIBUTE_LABEL], &label))
           && graph_bytes_took(&dgml->bytes, graph_text(builder, label, &row.name))
           && graph_bytes_took(&dgml->bytes, graph_node(builder, id, &node))
           && graph_bytes_took(&dgml->bytes, graph_node_tell(builder, node, &row));
}

static bool take_link(struct dgml *dgml)
{
    struct graph_slice source;
    struct graph_slice target;
    if (!has(dgml, ATTRIBUTE_SOURCE) || !has(dgml, ATTRIBUTE_TARGET)) {
        return fail(dgml, "a Link without Source and Target");
    }
    return graph_bytes_slice(&dgml->bytes, &dgml->values[ATTRIBUTE_SOURCE], &source)
           && graph_bytes_slice(&dgml->bytes, &dgml->values[ATTRIBUTE_TARGET], &target)
           && graph_bytes_edge(&dgml->bytes, source, target, EW_EDGE_DEPENDENCY);
}

static bool take_element(struct dgml *dgml, const struct xml_name *element)
{
    if (dgml->depth == 0) {
        return is_name(element, "DirectedGraph") || fail(dgml, "is no DirectedGraph");
    }
    bool in_nodes = dgml->depth == 2 && is_name(&dgml->open[1], "Nodes");
    bool in_links = dgml->depth == 2 && is_name(&dgml->open[1], "Links");
    if (in_nodes && is_name(element, "Node")) {
        return take_node(dgml);
    }
    return !in_links || !is_name(element, "Link") || take_link(dgml);
}

/* Behind '<', at a name. */
static bool read_element(struct dgml *dgml)
{
    if (dgml->done) {
        return fail(dgml, "text follows the outermost element");
    }
    if (dgml->depth == DEPTH_MAX) {
        return graph_bytes_fail(&dgml->bytes, EW_LIMIT, "is nested deeper than %d levels",
                                DEPTH_MAX);
    }
    struct xml_name *element = &dgml->open[dgml->depth];
    dgml->seen = 0;
    if (!read_name(dgml, element)) {
        return false;
    }
    int c;
    while ((c = pass_space(dgml)) != '>' && c != '/') {
        if (!read_attribute(dgml)) {
            return false;
        }
    }
    graph_bytes_pass(&dgml->bytes);
    if (!take_element(dgml, element)) {
        return false;
    }
    if (c == '/') {
        dgml->done = dgml->depth == 0;
        return want(dgml, '>', "'>' must follow '/'");
    }
    dgml->depth++;
    return true;
}

/* Behind "</". */
static bool read_end(struct dgml *dgml)
{
    struct xml_name name;
    graph_bytes_pass(&dgml->bytes);
    if (!read_name(dgml, &name)) {
        return false;
    }
    if (dgml->depth == 0 || name.byte_count != dgml->open[dgml->depth - 1].byte_count
        || memcmp(name.bytes, dgml->open[dgml->depth - 1].bytes, name.byte_count) != 0) {
        return fail(dgml, "an element ends that did not begin");
    }
    dgml->depth--;
    dgml->done = dgml->depth == 0;
    (void)pass_space(dgml);
    return want(dgml, '>', "'>' must end an element");
}

/* Behind "<?": up to "?>". Behind "<!": a comment, up to "-->". */
static bool pass_until(struct dgml *dgml, const char *end)
{
    size_t length = strlen(end);
    size_t matched = 0;
    while (matched < length) {
        int c = graph_bytes_next(&dgml->bytes);
        if (c < 0) {
            return fail(dgml, "the input ends inside a comment or declaration");
        }
        /* "-->" and "?>" begin with a byte that may repeat before their last. */
        matched = c == end[matched]                      ? matched + 1
                  : c == end[0] && matched == length - 1 ? matched
                                                         : c == end[0];
    }
    return true;
}

static bool pass_comment(struct dgml *dgml)
{
    graph_bytes_pass(&dgml->bytes);
    if (graph_bytes_peek(&dgml->bytes) != '-') {
        return fail(dgml, "a document type or marked section is not read");
    }
    graph_bytes_pass(&dgml->bytes);
    return want(dgml, '-', "'--' must begin a comment") && pass_until(dgml, "-->");
}

static bool read_markup(struct dgml *dgml)
{
    graph_bytes_pass(&dgml->bytes);
    int c = graph_bytes_peek(&dgml->bytes);
    return c == '/'   ? read_end(dgml)
           : c == '!' ? pass_comment(dgml)
           : c == '?' ? pass_until(dgml, "?>")
                      : read_element(dgml);
}

static bool read_document(struct dgml *dgml)
{
    static const unsigned char mark[] = {0xef, 0xbb, 0xbf};
    for (size_t i = 0; i < sizeof mark && graph_bytes_peek(&dgml->bytes) == mark[i]; i++) {
        graph_bytes_pass(&dgml->bytes);
    }
    int c;
    while ((c = pass_space(dgml)) >= 0) {
        if (c != '<') {
            return fail(dgml, "text stands between elements");
        }
        if (!read_markup(dgml)) {
            return false;
        }
    }
    return dgml->done || fail(dgml, "the input ends before its outermost element does");
}

enum ew_status graph_read_dgml(struct graph_reader *reader)
{
    struct dgml *dgml = calloc(1, sizeof *dgml);
    if (dgml == NULL) {
        return ew_fail(reader->error, EW_NO_MEMORY, "%s: no memory to read it", reader->name);
    }
    reader->builder->graph.closed = true;
    reader->builder->graph.presence_only = true;
    graph_bytes_begin(&dgml->bytes, reader);
    (void)read_document(dgml);
    enum ew_status status = dgml->bytes.status;
    free(dgml);
    return status;
}
