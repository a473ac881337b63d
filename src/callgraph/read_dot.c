/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Graphviz DOT as tools write it: one digraph of nodes, edges and subgraphs. Of attributes
 * only a node's label is kept, as its name: LLVM and others write addresses as ids. Ends of edges
 * that are subgraphs and undirected graphs are refused.
 */
#include "callgraph/bytes.h"

#include <stdlib.h>
#include <string.h>

enum dot_token {
    DOT_END,
    DOT_ID,    /* in `word` */
    DOT_ARROW, /* -> */
    DOT_SIGN,  /* one of { } [ ] ; , = : in `sign` */
    DOT_FAILED,
};

struct dot {
    struct graph_bytes bytes;
    enum dot_token token;
    int sign;
    bool quoted;
    struct graph_word_buffer word; /* of the last id */
    struct graph_word_buffer from; /* of the statement that is read */
    struct graph_word_buffer name;
    struct graph_word_buffer label;
    unsigned depth; /* of braces */
};

/* --- tokens
 * ------------------------------------------------------------------------------------- */

static bool fail(struct dot *dot, const char *reason)
{
    return graph_bytes_fail(&dot->bytes, EW_FORMAT, "%s", reason);
}

static void pass_line(struct dot *dot)
{
    int c;
    while ((c = graph_bytes_next(&dot->bytes)) >= 0 && c != '\n') {
    }
}

/* Behind a '/'. */
static bool pass_comment(struct dot *dot)
{
    int c = graph_bytes_next(&dot->bytes);
    if (c == '/') {
        pass_line(dot);
        return true;
    }
    if (c != '*') {
        return fail(dot, "'/' begins no comment");
    }
    int before = 0;
    while ((c = graph_bytes_next(&dot->bytes)) >= 0) {
        if (c == '/' && before == '*') {
            return true;
        }
        before = c;
    }
    return fail(dot, "the input ends inside a comment");
}

/* The next byte that is no white space and in no comment; -1: none, or failed. */
static int pass_space(struct dot *dot)
{
    int c;
    while ((c = graph_bytes_peek(&dot->bytes)) >= 0) {
        bool line_start = dot->bytes.column == 1;
        if (c == '#' && line_start) {
            pass_line(dot);
        } else if (c == '/') {
            graph_bytes_pass(&dot->bytes);
            if (!pass_comment(dot)) {
                return -1;
            }
        } else if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
            graph_bytes_pass(&dot->bytes);
        } else {
            break;
        }
    }
    return c;
}

/* In quotes only \" is an escape, and a backslash at the end of a line joins it with the next. */
static bool read_quoted(struct dot *dot)
{
    struct graph_bytes *bytes = &dot->bytes;
    graph_bytes_pass(bytes);
    for (;;) {
        int c = graph_bytes_next(bytes);
        if (c < 0) {
            return fail(dot, "the input ends inside a quoted id");
        }
        if (c == '"') {
            return true;
        }
        if (c == '\\') {
            int next = graph_bytes_peek(bytes);
            if (next == '\n') {
                graph_bytes_pass(bytes);
                continue;
            }
            if (next == '"') {
                c = next;
                graph_bytes_pass(bytes);
            }
        }
        if (!graph_bytes_put(bytes, &dot->word, c)) {
            return false;
        }
    }
}

/* "<...>", with as many closing as opening signs. */
static bool read_html(struct dot *dot)
{
    unsigned depth = 0;
    do {
        int c = graph_bytes_next(&dot->bytes);
        if (c < 0) {
            return fail(dot, "the input ends inside a text between < and >");
        }
        depth += c == '<';
        depth -= c == '>';
        if (!graph_bytes_put(&dot->bytes, &dot->word, c)) {
            return false;
        }
    } while (depth > 0);
    return true;
}

static bool is_plain(int c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'
           || c == '.' || c >= 0x80;
}

static bool read_plain(struct dot *dot)
{
    int c;
    while (is_plain(c = graph_bytes_peek(&dot->bytes))) {
        graph_bytes_pass(&dot->bytes);
        if (!graph_bytes_put(&dot->bytes, &dot->word, c)) {
            return false;
        }
    }
    return dot->bytes.status == EW_OK;
}

/* '-' begins an arrow or a number. */
static enum dot_token read_minus(struct dot *dot)
{
    graph_bytes_pass(&dot->bytes);
    int c = graph_bytes_peek(&dot->bytes);
    if (c == '>') {
        graph_bytes_pass(&dot->bytes);
        return DOT_ARROW;
    }
    if (c == '-') {
        (void)fail(dot, "an undirected edge is no call");
        return DOT_FAILED;
    }
    return graph_bytes_put(&dot->bytes, &dot->word, '-') && read_plain(dot) ? DOT_ID : DOT_FAILED;
}

static enum dot_token next_token(struct dot *dot)
{
    int c = pass_space(dot);
    if (c < 0) {
        return dot->bytes.status == EW_OK ? DOT_END : DOT_FAILED;
    }
    if (strchr("{}[];,=:", c) != NULL && c != 0) {
        graph_bytes_pass(&dot->bytes);
        dot->sign = c;
        return DOT_SIGN;
    }
    dot->word.byte_count = 0;
    dot->quoted = c == '"';
    if (c == '-') {
        return read_minus(dot);
    }
    bool read = c == '"'      ? read_quoted(dot)
                : c == '<'    ? read_html(dot)
                : is_plain(c) ? read_plain(dot)
                              : fail(dot, "no id, arrow or sign of DOT begins like this");
    return read ? DOT_ID : DOT_FAILED;
}

static bool advance(struct dot *dot)
{
    dot->token = next_token(dot);
    return dot->token != DOT_FAILED;
}

static bool is_sign(const struct dot *dot, int sign)
{
    return dot->token == DOT_SIGN && dot->sign == sign;
}

static bool is_keyword(const struct dot *dot, const char *word)
{
    struct graph_slice slice = {dot->word.bytes, dot->word.byte_count};
    return dot->token == DOT_ID && !dot->quoted && graph_word(&word, 1, slice) == 0;
}

/* --- statements -------------------------------------------------------------------------------
 */

static void copy_word(struct graph_word_buffer *to, const struct graph_word_buffer *from)
{
    to->byte_count = from->byte_count;
    memcpy(to->bytes, from->bytes, from->byte_count);
}

/* "[a=b, c=d; e=f]": only a label is looked at. */
static bool read_attributes(struct dot *dot, bool *has_label)
{
    while (is_sign(dot, '[')) {
        if (!advance(dot)) {
            return false;
        }
        while (!is_sign(dot, ']')) {
            if (dot->token == DOT_END) {
                return fail(dot, "the input ends inside attributes");
            }
            bool label = is_keyword(dot, "label");
            if (!advance(dot)) {
                return false;
            }
            if (label && is_sign(dot, '=')) {
                if (!advance(dot)) {
                    return false;
                }
                if (dot->token == DOT_ID) {
                    copy_word(&dot->label, &dot->word);
                    *has_label = true;
                }
            }
        }
        if (!advance(dot)) {
            return false;
        }
    }
    return true;
}

/* The label of a record, "{name}" or "{name|...}", is its first field. */
static struct graph_slice label_text(struct graph_slice label)
{
    if (label.byte_count >= 2 && label.bytes[0] == '{') {
        label.bytes++;
        label.byte_count--;
        size_t length = 0;
        while (length < label.byte_count && strchr("|}", label.bytes[length]) == NULL) {
            length++;
        }
        label.byte_count = length;
    }
    return label;
}

static bool tell_node(struct dot *dot, bool has_label)
{
    struct graph_builder *builder = dot->bytes.reader->builder;
    struct ew_graph_node row = graph_node_empty();
    struct graph_slice id;
    struct graph_slice label;
    uint32_t node = 0;
    row.kind = EW_NODE_FUNCTION;
    if (!graph_bytes_slice(&dot->bytes, &dot->from, &id)
        || !graph_bytes_took(&dot->bytes, graph_node(builder, id, &node))) {
        return false;
    }
    if (has_label
        && (!graph_bytes_slice(&dot->bytes, &dot->label, &label)
            || !graph_bytes_took(&dot->bytes,
                                 graph_text(builder, label_text(label), &row.name)))) {
        return false;
    }
    builder->counts.records++;
    return graph_bytes_took(&dot->bytes, graph_node_tell(builder, node, &row));
}

/* A port, ":a" or ":a:b", is not looked at. */
static bool pass_port(struct dot *dot)
{
    while (is_sign(dot, ':')) {
        if (!advance(dot)) {
            return false;
        }
        if (dot->token != DOT_ID) {
            return fail(dot, "a port must follow ':'");
        }
        if (!advance(dot)) {
            return false;
        }
    }
    return true;
}

/* The "-> b -> c" of an edge statement whose first end is in `from`. */
static bool read_arrows(struct dot *dot)
{
    struct graph_slice from;
    struct graph_slice to;
    while (dot->token == DOT_ARROW) {
        if (!advance(dot)) {
            return false;
        }
        if (dot->token != DOT_ID || is_keyword(dot, "subgraph")) {
            return fail(dot, "an edge must end at a node");
        }
        if (!graph_bytes_slice(&dot->bytes, &dot->from, &from)
            || !graph_bytes_slice(&dot->bytes, &dot->word, &to)
            || !graph_bytes_edge(&dot->bytes, from, to, EW_EDGE_CALL)) {
            return false;
        }
        copy_word(&dot->from, &dot->word);
        if (!advance(dot) || !pass_port(dot)) {
            return false;
        }
    }
    return true;
}

/* A statement that begins with an id. */
static bool read_statement(struct dot *dot)
{
    bool has_label = false;
    bool defaults =
        is_keyword(dot, "graph") || is_keyword(dot, "node") || is_keyword(dot, "edge");
    copy_word(&dot->from, &dot->word);
    if (!advance(dot)) {
        return false;
    }
    if (is_sign(dot, '=')) {
        return advance(dot) && (dot->token == DOT_ID || fail(dot, "a value must follow '='"))
               && advance(dot);
    }
    if (!pass_port(dot)) {
        return false;
    }
    bool edge = dot->token == DOT_ARROW;
    if (!read_arrows(dot) || !read_attributes(dot, &has_label)) {
        return false;
    }
    return edge || defaults || tell_node(dot, has_label);
}

/* "subgraph name" is passed over; its braces are as those of the graph. */
static bool read_subgraph(struct dot *dot)
{
    if (!advance(dot)) {
        return false;
    }
    if (dot->token == DOT_ID && !advance(dot)) {
        return false;
    }
    return is_sign(dot, '{') || fail(dot, "'{' must follow subgraph");
}

static bool read_brace(struct dot *dot)
{
    if (is_sign(dot, '{')) {
        if (dot->depth == EW_JSON_DEPTH_MAX) {
            return graph_bytes_fail(&dot->bytes, EW_LIMIT, "is nested deeper than %d levels",
                                    EW_JSON_DEPTH_MAX);
        }
        dot->depth++;
    } else {
        dot->depth--;
    }
    if (!advance(dot)) {
        return false;
    }
    return dot->token != DOT_ARROW || fail(dot, "an edge must begin at a node");
}

/* From the graph's '{' to its '}'. */
static bool read_statements(struct dot *dot)
{
    do {
        bool read = dot->token == DOT_END ? fail(dot, "the input ends inside the graph")
                    : is_sign(dot, '{') || is_sign(dot, '}') ? read_brace(dot)
                    : is_sign(dot, ';') || is_sign(dot, ',') ? advance(dot)
                    : is_keyword(dot, "subgraph")            ? read_subgraph(dot)
                    : dot->token == DOT_ID                   ? read_statement(dot)
                                           : fail(dot, "no statement of DOT begins like this");
        if (!read) {
            return false;
        }
    } while (dot->depth > 0);
    return true;
}

static bool read_graph(struct dot *dot)
{
    if (!advance(dot) || (is_keyword(dot, "strict") && !advance(dot))) {
        return false;
    }
    if (!is_keyword(dot, "digraph")) {
        return fail(dot, "the graph must be a digraph");
    }
    if (!advance(dot) || (dot->token == DOT_ID && !advance(dot))) {
        return false;
    }
    if (!is_sign(dot, '{')) {
        return fail(dot, "'{' must follow digraph");
    }
    return read_statements(dot) && (dot->token == DOT_END || fail(dot, "text follows the graph"));
}

enum ew_status graph_read_dot(struct graph_reader *reader)
{
    struct dot *dot = calloc(1, sizeof *dot);
    if (dot == NULL) {
        return ew_fail(reader->error, EW_NO_MEMORY, "%s: no memory to read it", reader->name);
    }
    reader->builder->implicit_nodes = true;
    graph_bytes_begin(&dot->bytes, reader);
    (void)read_graph(dot);
    enum ew_status status = dot->bytes.status;
    free(dot);
    return status;
}
