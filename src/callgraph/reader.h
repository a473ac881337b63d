/* SPDX-License-Identifier: Apache-2.0 */
/* What the readers of all formats share: the input, the builder, and how a failure is told. */
#ifndef EW_CALLGRAPH_READER_H
#define EW_CALLGRAPH_READER_H

#include "base/json_scan.h"
#include "base/json_shape.h"
#include "callgraph/builder.h"

/* Words of a list that were found before, by their first byte. */
struct graph_word_memo {
    struct graph_slice words[8];
    uint8_t positions[8];
};

struct graph_reader {
    struct graph_builder *builder;
    struct ew_byte_window *window;
    const char *name; /* of the input */
    struct ew_error *error;
    struct ew_json_scan scan; /* of the formats that are JSON */
    struct ew_json_shape node_shape;
    struct ew_json_shape edge_shape;
    struct graph_word_memo node_kind;
    struct graph_word_memo node_inlining;
    struct graph_word_memo edge_kind;
    bool waits_for_records; /* NDJSON: the header came, records follow */
};

/* Each reads a whole input, whose format is known. The outcome has a sentence. */
enum ew_status graph_read_static(struct graph_reader *reader);
enum ew_status graph_read_stella(struct graph_reader *reader);
enum ew_status graph_read_richgraph(struct graph_reader *reader);
enum ew_status graph_read_adjacency(struct graph_reader *reader);
enum ew_status graph_read_edges(struct graph_reader *reader);
enum ew_status graph_read_csv(struct graph_reader *reader);
enum ew_status graph_read_dot(struct graph_reader *reader);
enum ew_status graph_read_dgml(struct graph_reader *reader);

/* By what the input begins with; EW_GRAPH_AUTO: it is none of them. */
enum ew_graph_format graph_detect(const char *bytes, size_t byte_count);

/*
 * Reads an input of any format, and completes the builder's graph but for the hash.
 * `window` has its first bytes already.
 */
EW_MUST_USE enum ew_status graph_read(struct graph_builder *builder,
                                      struct ew_byte_window *window, const char *name,
                                      enum ew_graph_format format, struct ew_error *error);

/* --- JSON: json.c ------------------------------------------------------------------------------
 */

/* Begins to scan. `lines`: several values. */
void graph_json_begin(struct graph_reader *reader, bool lines);

/* Ends it: the whole input has to be read. */
enum ew_status graph_json_end(struct graph_reader *reader);

/* True when the builder took it; else the scanner fails with its reason. */
bool graph_json_took(struct graph_reader *reader, enum ew_status status);

/* The text of the last token. */
static inline struct graph_slice graph_json_slice(const struct graph_reader *reader)
{
    struct graph_slice slice = {reader->scan.text, reader->scan.text_bytes};
    return slice;
}

/* Values: a string that becomes a text, the node of an id, one of some words. */
bool graph_json_text(struct graph_reader *reader, ew_graph_text *text_out);
bool graph_json_node(struct graph_reader *reader, uint32_t *node_out);
bool graph_json_word(struct graph_reader *reader, const char *const *words, size_t word_count,
                     unsigned *word_out);

/* An integer of 0 to `max`. */
bool graph_json_u32(struct graph_reader *reader, uint32_t max, uint32_t *value_out);

/* The position of a word as it is spelt. */
bool graph_json_find_word(const char *const *words, size_t word_count, struct graph_slice slice,
                          unsigned *word_out);

/* A number of 0 to 1, with a fraction, as thousandths, rounded down. */
bool graph_json_permille(struct graph_reader *reader, uint32_t *value_out);

/* An unknown member: counted and passed over. */
bool graph_json_unknown(struct graph_reader *reader);

/* Reads an array and calls `element` before each of its values. */
typedef bool (*graph_element_fn)(struct graph_reader *reader, void *context);
bool graph_json_array(struct graph_reader *reader, graph_element_fn element, void *context);

/* The same when the array may also be null, which is as if it were not there. */
bool graph_json_array_or_null(struct graph_reader *reader, graph_element_fn element,
                              void *context);

/* Fails unless `seen` has all bits of `required`; names the first member that is missing. */
bool graph_json_complete(struct graph_reader *reader, const struct ew_json_member *members,
                         uint32_t required, uint32_t seen);

/* The same; what was found is kept. */
static inline bool graph_json_memo_word(struct graph_word_memo *memo, const char *const *words,
                                        size_t word_count, struct graph_slice slice,
                                        unsigned *word_out)
{
    size_t at = slice.byte_count > 0 ? *slice.bytes & 7 : 0;
    if (slice.byte_count == memo->words[at].byte_count && slice.byte_count > 0
        && ew_bytes_equal(slice.bytes, memo->words[at].bytes, slice.byte_count)) {
        *word_out = memo->positions[at];
        return true;
    }
    if (!graph_json_find_word(words, word_count, slice, word_out)) {
        return false;
    }
    memo->words[at] = (struct graph_slice){words[*word_out], slice.byte_count};
    memo->positions[at] = (uint8_t)*word_out;
    return true;
}

/* The value of a field that is a number. */
uint64_t graph_json_field_number(const struct ew_json_field *field);

/*
 * Nodes and edges of static-callgraph/1: the next one, token by token; those that come next, as
 * many as are spelt like others before them; what comes next in a list, either way. What was
 * read token by token, from `start` on, is learnt from; `depth` is that of ew_json_shape_learn().
 */
bool graph_static_node_tokens(struct graph_reader *reader, void *context);
bool graph_static_nodes_alike(struct graph_reader *reader);
bool graph_static_node(struct graph_reader *reader, void *context);
void graph_static_node_learn(struct graph_reader *reader, uint64_t start, unsigned depth);
bool graph_static_edge_tokens(struct graph_reader *reader, void *context);
bool graph_static_edges_alike(struct graph_reader *reader);
bool graph_static_edge(struct graph_reader *reader, void *context);
void graph_static_edge_learn(struct graph_reader *reader, uint64_t start, unsigned depth);

/* Elements of `candidates`. */
bool graph_json_candidate(struct graph_reader *reader, void *context);

/* --- words -------------------------------------------------------------------------------------
 */

enum { GRAPH_ENTRY_KINDS = EW_ENTRY_TEST + 1 };
extern const char *const graph_edge_kinds[GRAPH_EDGE_KINDS];
extern const char *const graph_entry_kinds[GRAPH_ENTRY_KINDS];

/* The position of a word, compared without case; `word_count` when it is none of them. */
size_t graph_word(const char *const *words, size_t word_count, struct graph_slice slice);

#endif
