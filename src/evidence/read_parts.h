/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the document reader share. Objects are read by lists of members: the bytes
 * are known to be canonical, so members come in ascending order, and each only once.
 *
 *     read.c         the reader, and how members and tables are read
 *     read_fields.c  values of every kind
 *     read_head.c    all that is no table: stream, window, host, container, quality
 *     read_tables.c  the tables
 */
#ifndef EW_EVIDENCE_READ_PARTS_H
#define EW_EVIDENCE_READ_PARTS_H

#include "base/arena.h"
#include "base/json_scan.h"
#include "etwitness/evidence.h"

/* Rows in memory of their own while their number is not known. Zeroed is empty, but for
 * `row_bytes`. */
struct read_rows {
    char *bytes;
    size_t capacity_bytes;
    size_t row_bytes;
    size_t count;
};

struct reader {
    struct ew_json_scan scan;
    struct ew_arena *arena;
    struct ew_evidence *evidence;
    struct read_rows list;    /* of the row that is read: frames, names, indexes */
    struct read_rows details; /* of the table that is read */
    size_t row;               /* of the table that is read */
};

enum field_type {
    FIELD_TEXT,   /* const char *, in the arena */
    FIELD_WORD,   /* const char *, one of `choices` */
    FIELD_CHOICE, /* an enum: the position in `choices` */
    FIELD_U64,    /* up to 2^53 - 1 */
    FIELD_U32,    /* up to 2^32 - 1 */
    FIELD_INDEX,  /* uint32_t, below EW_INDEX_NONE */
    FIELD_BOOL,
    FIELD_TIME,   /* uint64_t, FILETIME */
    FIELD_CUSTOM, /* `read` does it */
};

/* A member of an object, and where in `out` its value goes. */
struct field {
    const char *name;
    enum field_type type;
    bool required;
    size_t offset;
    const char *pattern;        /* of texts; NULL: any */
    const char *const *choices; /* ended by NULL */
    bool (*read)(struct reader *reader, void *out);
};

/* Members in ascending order of their names. */
struct shape {
    const struct field *fields;
    size_t field_count;
    bool counters; /* members that are not listed are numbers of at most 2^53 - 1 */
};

#define SHAPE(fields)                                   \
    {                                                   \
        (fields), sizeof(fields) / sizeof(fields)[0], 0 \
    }

/* All answer false when the reader has failed; its scanner says why. */

/* The value that comes next is an object of this shape; and one whose brace was read. */
bool ew_read_object(struct reader *reader, const struct shape *shape, void *out);
bool ew_read_members(struct reader *reader, const struct shape *shape, void *out);

/* A table: what its rows begin as (NULL: zeroes), and what is done at the end of each. */
struct table_shape {
    struct shape row;
    size_t row_bytes;
    const void *blank;
    bool (*finish)(struct reader *reader, void *row); /* NULL: nothing */
};
bool ew_read_table(struct reader *reader, const struct table_shape *shape, const void **rows_out,
                   size_t *count_out);

/* One row more, zeroed; NULL when it failed. */
void *ew_read_rows_add(struct reader *reader, struct read_rows *rows);
/* Moves rows into the arena and empties them. False when it failed. */
bool ew_read_rows_keep(struct reader *reader, struct read_rows *rows, const void **kept_out);

/* --- values: read_fields.c ------------------------------------------------------------- */

bool ew_read_field(struct reader *reader, const struct field *field, void *out);

/* A string of the pattern (NULL: any), in the arena; NULL when it failed. */
const char *ew_read_text(struct reader *reader, const char *pattern);
bool ew_read_choice(struct reader *reader, const char *const *choices, unsigned *position_out);
bool ew_read_time(struct reader *reader, uint64_t *filetime_out);
/* The last token is a time. */
bool ew_read_time_token(struct reader *reader, uint64_t *filetime_out);

/* Lists, in the arena. */
bool ew_read_indexes(struct reader *reader, const uint32_t **items_out, uint32_t *count_out);
bool ew_read_numbers(struct reader *reader, const uint64_t **items_out, uint32_t *count_out);
bool ew_read_texts(struct reader *reader, const char *const **items_out, size_t *count_out);

bool ew_read_fail_memory(struct reader *reader);

/* --- the parts of a document ------------------------------------------------------------- */

extern const struct shape ew_read_document_shape; /* read_head.c; out: struct ew_evidence */

bool ew_read_ambiguous(struct reader *reader, void *evidence);
bool ew_read_edges(struct reader *reader, void *evidence);
bool ew_read_observations(struct reader *reader, void *evidence);
bool ew_read_functions(struct reader *reader, void *evidence);
bool ew_read_gaps(struct reader *reader, void *evidence);
bool ew_read_modules(struct reader *reader, void *evidence);
bool ew_read_paths(struct reader *reader, void *evidence);
bool ew_read_processes(struct reader *reader, void *evidence);
bool ew_read_sources(struct reader *reader, void *evidence);

#define PATTERN_SHA256 "^sha256:[0-9a-f]{64}$"

#endif
