/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records that are spelt like others before them. Most lists in large files are written by one
 * loop of one program: a few members in a few orders, always with the same white space. What
 * stands between the values of a record that was read token by token is kept in pieces, such as
 * `","kind":"`; records that consist of known pieces are then recognised by comparing bytes,
 * with the piece that followed last time tried first. What is recognised is exactly what the
 * scanner would have accepted; everything else is left to it, unread.
 */
#ifndef EW_BASE_JSON_SHAPE_H
#define EW_BASE_JSON_SHAPE_H

#include "base/json_scan.h"

/* Records with more of these are left to the scanner. */
enum { EW_JSON_SHAPE_PIECES_MAX = 32, EW_JSON_PIECE_BYTES_MAX = 56 };

/* What comes behind a piece, or before it. */
enum ew_json_spelling {
    EW_JSON_SPELT_TEXT, /* between quotes, which are the pieces' */
    EW_JSON_SPELT_NUMBER,
    EW_JSON_SPELT_LITERAL, /* true or false, which the piece ends with */
    EW_JSON_SPELT_NOTHING, /* the record is over, or has not begun */
};

struct ew_json_piece {
    char bytes[EW_JSON_PIECE_BYTES_MAX]; /* zeros behind `byte_count` */
    uint64_t masks[2];                   /* of the bytes that count among the first sixteen */
    uint32_t bit;                        /* of its member in `seen`; 0: the member is not known */
    uint8_t member; /* position in the caller's list, or EW_JSON_MEMBERS_MAX */
    uint8_t byte_count;
    uint8_t next;        /* the piece that followed it last */
    uint8_t behind;      /* enum ew_json_spelling */
    uint8_t before;      /* the same; a literal counts as a number: neither ends with a quote */
    uint8_t next_before; /* what `before` of the next piece has to be */
    bool has_newline;
};

/* Zeroed: no record has been seen. */
struct ew_json_shape {
    uint8_t piece_count;
    uint8_t first; /* the piece that the last record began with */
    uint16_t lesson_count;
    struct ew_json_piece pieces[EW_JSON_SHAPE_PIECES_MAX];
};

/* A value: a text without escapes, between its quotes; the digits of an integer below 10^15 that
 * is not negative; true or false. Which of them is as the scanner found it for that member. */
struct ew_json_field {
    const char *bytes;
    size_t byte_count;
};

/*
 * Learns from the record that was read from `start` on (its opening brace, in the input).
 * `depth` says how many objects it is: 2 for {"edge":{...}}, whose outer name is not looked at,
 * else 1. What it does not know is passed over: arrays, other numbers, names with escapes. A
 * record that is not in the window any more teaches nothing.
 */
void ew_json_shape_learn(struct ew_json_shape *shape, const struct ew_json_scan *scan,
                         uint64_t start, unsigned depth, const struct ew_json_member *members,
                         size_t member_count);

/*
 * A run of records, the elements of an array or lines of NDJSON:
 *
 *     ew_json_run_begin(&run, &shape, &scan);
 *     while (ew_json_run_find(&run) && ...run.fields are good...) ew_json_run_take(&run);
 *     if (ew_json_run_end(&run)) ...some were taken, the scanner is behind them...
 *
 * In between the window does not move, so fields stay valid until the next token is read, and
 * who looks at records later than it takes them can give those back that are not good:
 * `run.done` before them is kept, and put back.
 */
struct ew_json_mark {
    const char *at; /* behind the last record that was taken */
    uint64_t record_count;
    uint64_t value_count;
    uint64_t line; /* where `at` is */
    uint64_t line_offset;
};

struct ew_json_run {
    /* Of the record that was found: its members, by their positions, as far as `seen` has their
     * bits (none is there twice), and how many others there were. */
    struct ew_json_field fields[EW_JSON_MEMBERS_MAX + 1];
    uint32_t seen;
    unsigned unknown_count;
    struct ew_json_mark done;

    /* Its own. */
    struct ew_json_shape *shape;
    struct ew_json_scan *scan;
    const char *begin; /* of the record that was found */
    const char *next;  /* behind it */
    size_t text_bytes_max;
    unsigned field_count;
    const char *last; /* from here on, records are left to the scanner */
    bool lines;
    unsigned line_count; /* that end before the record, and in it once it is taken */
    const char *line_begin;
    bool has_newline; /* in the record that was found */
};

/* `scan` expects an element of an array, or a line behind the first (options.lines). */
void ew_json_run_begin(struct ew_json_run *run, struct ew_json_shape *shape,
                       struct ew_json_scan *scan);

/* Whether a record comes next that consists of known pieces. */
bool ew_json_run_find(struct ew_json_run *run);

/* Takes the record that was found. */
void ew_json_run_take(struct ew_json_run *run);

/* True when records were taken. */
bool ew_json_run_end(struct ew_json_run *run);

#endif
