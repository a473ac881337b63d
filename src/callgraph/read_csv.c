/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Edges as comma- or tab-separated values, as RFC 4180 quotes them: from, to, and perhaps the
 * kind of edge. A first row of the names "from" and "to", "caller" and "callee" or "source" and
 * "target" is a head.
 */
#include "callgraph/bytes.h"

#include <stdlib.h>
#include <string.h>

enum { FIELDS_MAX = 3 };

struct csv {
    struct graph_bytes bytes;
    int separator; /* 0: not known before the first one */
    struct graph_word_buffer fields[FIELDS_MAX];
    size_t field_count;
};

static bool read_quoted(struct csv *csv, struct graph_word_buffer *field)
{
    struct graph_bytes *bytes = &csv->bytes;
    graph_bytes_pass(bytes);
    for (;;) {
        int c = graph_bytes_next(bytes);
        if (c < 0) {
            return graph_bytes_fail(bytes, EW_FORMAT, "the input ends inside a quoted field");
        }
        if (c == '"') {
            if (graph_bytes_peek(bytes) != '"') {
                return bytes->status == EW_OK;
            }
            graph_bytes_pass(bytes);
        }
        if (!graph_bytes_put(bytes, field, c)) {
            return false;
        }
    }
}

static bool is_separator(struct csv *csv, int c)
{
    if (csv->separator == 0 && (c == ',' || c == '\t')) {
        csv->separator = c;
    }
    return c == csv->separator && c != 0;
}

static bool read_plain(struct csv *csv, struct graph_word_buffer *field)
{
    struct graph_bytes *bytes = &csv->bytes;
    int c;
    while ((c = graph_bytes_peek(bytes)) >= 0 && c != '\n' && c != '\r'
           && !is_separator(csv, c)) {
        if (c == '"') {
            return graph_bytes_fail(bytes, EW_FORMAT, "a quote stands inside a field");
        }
        if (!graph_bytes_put(bytes, field, c)) {
            return false;
        }
        graph_bytes_pass(bytes);
    }
    return bytes->status == EW_OK;
}

/* Passes what ends a field; `*more_out`: another one follows in the row. */
static bool end_field(struct csv *csv, bool *more_out)
{
    struct graph_bytes *bytes = &csv->bytes;
    int c = graph_bytes_peek(bytes);
    *more_out = c >= 0 && is_separator(csv, c);
    if (*more_out) {
        graph_bytes_pass(bytes);
        return true;
    }
    if (c == '\r') {
        graph_bytes_pass(bytes);
        c = graph_bytes_peek(bytes);
        if (c >= 0 && c != '\n') {
            return graph_bytes_fail(bytes, EW_FORMAT, "a carriage return stands inside a row");
        }
    }
    if (c == '\n') {
        graph_bytes_pass(bytes);
    } else if (c >= 0) {
        return graph_bytes_fail(bytes, EW_FORMAT, "text follows a quoted field");
    }
    return bytes->status == EW_OK;
}

static bool read_row(struct csv *csv)
{
    bool more = true;
    csv->field_count = 0;
    while (more) {
        if (csv->field_count == FIELDS_MAX) {
            return graph_bytes_fail(&csv->bytes, EW_FORMAT,
                                    "a row has more than from, to and kind");
        }
        struct graph_word_buffer *field = &csv->fields[csv->field_count++];
        field->byte_count = 0;
        bool quoted = graph_bytes_peek(&csv->bytes) == '"';
        if (!(quoted ? read_quoted(csv, field) : read_plain(csv, field))
            || !end_field(csv, &more)) {
            return false;
        }
    }
    return true;
}

static bool is_field(const struct csv *csv, size_t at, const char *word)
{
    struct graph_slice slice = {csv->fields[at].bytes, csv->fields[at].byte_count};
    return graph_word(&word, 1, slice) == 0;
}

static bool is_head(const struct csv *csv)
{
    return csv->field_count >= 2
           && ((is_field(csv, 0, "from") && is_field(csv, 1, "to"))
               || (is_field(csv, 0, "caller") && is_field(csv, 1, "callee"))
               || (is_field(csv, 0, "source") && is_field(csv, 1, "target")));
}

static bool take_row(struct csv *csv)
{
    struct graph_bytes *bytes = &csv->bytes;
    struct graph_slice slices[FIELDS_MAX];
    size_t kind = EW_EDGE_CALL;
    if (csv->field_count < 2) {
        return graph_bytes_fail(bytes, EW_FORMAT, "the row before has no two fields");
    }
    for (size_t i = 0; i < csv->field_count; i++) {
        if (!graph_bytes_slice(bytes, &csv->fields[i], &slices[i])) {
            return false;
        }
    }
    if (csv->field_count == FIELDS_MAX && slices[2].byte_count > 0) {
        kind = graph_word(graph_edge_kinds, GRAPH_EDGE_KINDS, slices[2]);
        if (kind == GRAPH_EDGE_KINDS) {
            return graph_bytes_fail(bytes, EW_FORMAT,
                                    "the row before has a kind that the schema has not");
        }
    }
    return graph_bytes_edge(bytes, slices[0], slices[1], (enum ew_graph_edge_kind)kind);
}

/* Rows without anything in them are passed over. */
static bool is_empty(const struct csv *csv)
{
    return csv->field_count == 1 && csv->fields[0].byte_count == 0;
}

enum ew_status graph_read_csv(struct graph_reader *reader)
{
    struct csv *csv = calloc(1, sizeof *csv);
    if (csv == NULL) {
        return ew_fail(reader->error, EW_NO_MEMORY, "%s: no memory to read it", reader->name);
    }
    reader->builder->implicit_nodes = true;
    graph_bytes_begin(&csv->bytes, reader);
    bool first = true;
    while (graph_bytes_peek(&csv->bytes) >= 0 && read_row(csv)) {
        if (!is_empty(csv) && !(first && is_head(csv)) && !take_row(csv)) {
            break;
        }
        first = first && is_empty(csv);
    }
    enum ew_status status = csv->bytes.status;
    free(csv);
    return status;
}
