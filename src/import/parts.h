/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts of the import:
 *
 *     import.c         what both formats have in common: the head of a document
 *     folded.c         lines of folded stacks
 *     frame.c          one name of a stack, with the markers of the tools
 *     stacks.c         stacks counted as functions, edges and paths
 *     stacks_tables.c  these in order
 *     facts.c          runtime facts
 */
#ifndef EW_IMPORT_PARTS_H
#define EW_IMPORT_PARTS_H

#include "base/arena.h"
#include "base/index.h"
#include "etwitness/import.h"

struct import {
    const struct ew_import_options *options;
    const char *bytes;
    size_t byte_count;
    ew_import_emit_fn emit;
    void *context;
    struct ew_import_counts counts;
    struct ew_error *error;
};

EW_MUST_USE enum ew_status ew_import_folded(struct import *import);
EW_MUST_USE enum ew_status ew_import_facts(struct import *import);

/* A text of both formats: bytes in the input. */
struct slice {
    const char *at;
    size_t bytes;
};

/* The next line without its end. False: there is none. */
bool ew_import_line(struct import *import, size_t *offset, struct slice *line_out);

/* "NAME: line 3: WHY". */
enum ew_status ew_import_fail(struct import *import, enum ew_status status, const char *why);

/* Fills in all but tables, window and quality; `container` may be NULL. EW_IO: no SHA-256. */
EW_MUST_USE enum ew_status ew_import_head(struct import *import, const char *container,
                                          struct ew_evidence *evidence);

/* Sums stop at the largest number of a document. */
static inline void import_sum(uint64_t *sum, uint64_t value)
{
    *sum = value > EW_JSON_INTEGER_MAX - *sum ? EW_JSON_INTEGER_MAX : *sum + value;
}

static inline int import_compare(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

/* --- frames ----------------------------------------------------------------------------------
 */

enum frame_kind {
    FRAME_USER,
    FRAME_KERNEL,
    FRAME_JIT,
    FRAME_UNKNOWN,
    FRAME_MISSED,
    FRAME_CUT,
    FRAME_SEPARATOR
};

struct frame {
    enum frame_kind kind;
    bool inlined;
    struct slice module; /* 0 bytes: not told */
    struct slice name;
};

/* What a name of a folded stack means. */
struct frame ew_frame_read(struct slice text);

/* --- stacks ----------------------------------------------------------------------------------
 */

struct stack_function {
    const char *key;
    struct slice name;
    uint32_t module;
    uint32_t seen; /* the last stack that counted it */
    uint64_t hits;
    uint64_t leaf;
    uint64_t root;
};

struct stack_module {
    const char *key;
    const char *name;
    enum ew_evidence_module_kind kind;
    uint32_t seen;
    uint64_t samples;
};

struct stack_edge {
    uint32_t from;
    uint32_t to;
    uint32_t seen;
    enum ew_adjacency adjacency;
    uint64_t hits;
};

struct stack_path {
    const uint32_t *frames;
    uint32_t frame_count;
    bool complete;
    uint64_t hits;
};

/* A growing table with an index. Zeroed is empty, but for `row_bytes`. */
struct stack_table {
    void *rows;
    size_t row_bytes;
    uint32_t count;
    uint32_t capacity;
    struct ew_index index;
};

struct stacks {
    struct ew_arena arena;
    struct stack_table modules;
    struct stack_table functions;
    struct stack_table edges;
    struct stack_table paths;
    uint32_t stack; /* number of the one that is counted */
    struct ew_evidence_quality quality;
};

void ew_stacks_init(struct stacks *stacks);
void ew_stacks_free(struct stacks *stacks);

/* One stack, root first, of at most EW_FRAMES_MAX frames. EW_LIMIT, EW_NO_MEMORY. */
EW_MUST_USE enum ew_status ew_stacks_count(struct stacks *stacks, const struct frame *frames,
                                           uint32_t frame_count, uint64_t hits);

/* The tables in order, every time that of the window; they live in the arena. */
EW_MUST_USE enum ew_status ew_stacks_tables(struct stacks *stacks, struct ew_evidence *evidence);

#endif
