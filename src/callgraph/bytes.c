/* SPDX-License-Identifier: Apache-2.0 */
/* A reader of formats that are no JSON. */
#include "callgraph/bytes.h"

#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>

void graph_bytes_begin(struct graph_bytes *bytes, struct graph_reader *reader)
{
    bytes->reader = reader;
    bytes->status = EW_OK;
    bytes->line = 1;
    bytes->column = 1;
}

bool graph_bytes_fail(struct graph_bytes *bytes, enum ew_status status, const char *format, ...)
{
    char reason[256];
    va_list arguments;
    if (bytes->status != EW_OK) {
        return false;
    }
    va_start(arguments, format);
    (void)vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    bytes->status = ew_fail(bytes->reader->error, status, "%s: line %llu, column %llu: %s",
                            bytes->reader->name, (unsigned long long)bytes->line,
                            (unsigned long long)bytes->column, reason);
    return false;
}

int graph_bytes_peek_on(struct graph_bytes *bytes)
{
    struct ew_byte_window *window = bytes->reader->window;
    const char *keep = window->at;
    if (bytes->status != EW_OK) {
        return -1;
    }
    enum ew_status status = ew_byte_window_more(window, &keep, bytes->reader->error);
    if (status != EW_OK) {
        bytes->status = status == EW_END ? EW_OK : status;
        return -1;
    }
    return (unsigned char)*window->at;
}

bool graph_bytes_put_not(struct graph_bytes *bytes, int c)
{
    return c == 0 ? graph_bytes_fail(bytes, EW_FORMAT, "byte 0 stands in a text")
                  : graph_bytes_fail(bytes, EW_LIMIT, "a text is longer than %d bytes",
                                     EW_GRAPH_TEXT_EACH_MAX);
}

bool graph_bytes_slice(struct graph_bytes *bytes, const struct graph_word_buffer *buffer,
                       struct graph_slice *slice_out)
{
    if (!ew_text_is_utf8(buffer->bytes, buffer->byte_count)) {
        return graph_bytes_fail(bytes, EW_FORMAT, "a text is not UTF-8");
    }
    slice_out->bytes = buffer->bytes;
    slice_out->byte_count = buffer->byte_count;
    return true;
}

bool graph_bytes_took(struct graph_bytes *bytes, enum ew_status status)
{
    return status == EW_OK
           || graph_bytes_fail(bytes, status, "%s", bytes->reader->builder->reason);
}

bool graph_bytes_edge(struct graph_bytes *bytes, struct graph_slice from, struct graph_slice to,
                      enum ew_graph_edge_kind kind)
{
    struct graph_builder *builder = bytes->reader->builder;
    struct graph_edge_told edge;
    if (!graph_bytes_took(bytes, graph_edge_begin(builder, &edge))) {
        return false;
    }
    edge.kind = kind;
    builder->counts.records++;
    return graph_bytes_took(bytes, graph_edge_from(builder, from))
           && graph_bytes_took(bytes, graph_edge_to(builder, to))
           && graph_bytes_took(bytes, graph_edge_end(builder, &edge));
}
