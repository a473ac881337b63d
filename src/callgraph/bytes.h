/* SPDX-License-Identifier: Apache-2.0 */
/* A reader of formats that are no JSON: byte by byte, knowing line and column. */
#ifndef EW_CALLGRAPH_BYTES_H
#define EW_CALLGRAPH_BYTES_H

#include "callgraph/reader.h"

struct graph_bytes {
    struct graph_reader *reader;
    enum ew_status status; /* EW_OK until it failed */
    uint64_t line;
    uint64_t column; /* of the next byte, from 1 */
};

/* A text that is put together. */
struct graph_word_buffer {
    size_t byte_count;
    char bytes[EW_GRAPH_TEXT_EACH_MAX];
};

void graph_bytes_begin(struct graph_bytes *bytes, struct graph_reader *reader);

/* Fails, once: "NAME: line 3, column 7: REASON". Answers false. */
bool graph_bytes_fail(struct graph_bytes *bytes, enum ew_status status, const char *format, ...)
    EW_PRINTF(3, 4);

/* The same when the window has no more. */
int graph_bytes_peek_on(struct graph_bytes *bytes);

/* The next byte, which is not passed; -1: there is none, or it failed. */
static inline int graph_bytes_peek(struct graph_bytes *bytes)
{
    const struct ew_byte_window *window = bytes->reader->window;
    return bytes->status == EW_OK && window->at < window->end ? (unsigned char)*window->at
                                                              : graph_bytes_peek_on(bytes);
}

/* Passes the byte that was seen. */
static inline void graph_bytes_pass(struct graph_bytes *bytes)
{
    char c = *bytes->reader->window->at++;
    bytes->column++;
    if (c == '\n') {
        bytes->line++;
        bytes->column = 1;
    }
}

/* Passes and answers the next byte. */
static inline int graph_bytes_next(struct graph_bytes *bytes)
{
    int c = graph_bytes_peek(bytes);
    if (c >= 0) {
        graph_bytes_pass(bytes);
    }
    return c;
}

/* The same when it does not fit. */
bool graph_bytes_put_not(struct graph_bytes *bytes, int c);

/* Adds a byte to a text; byte 0 and too many fail. */
static inline bool graph_bytes_put(struct graph_bytes *bytes, struct graph_word_buffer *buffer,
                                   int c)
{
    if (c == 0 || buffer->byte_count == sizeof buffer->bytes) {
        return graph_bytes_put_not(bytes, c);
    }
    buffer->bytes[buffer->byte_count++] = (char)c;
    return true;
}

/* The text, which has to be UTF-8; false: failed. */
bool graph_bytes_slice(struct graph_bytes *bytes, const struct graph_word_buffer *buffer,
                       struct graph_slice *slice_out);

/* True when the builder took it; else it fails with the builder's reason. */
bool graph_bytes_took(struct graph_bytes *bytes, enum ew_status status);

/* An edge between two ids. */
bool graph_bytes_edge(struct graph_bytes *bytes, struct graph_slice from, struct graph_slice to,
                      enum ew_graph_edge_kind kind);

#endif
