/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records that are spelt like the one before. Most lists in large files are written by one loop
 * of one program: the same members in the same order, with the same white space. Once a record
 * was read token by token, its spelling without its values is kept, and records that have it too
 * are recognised by comparing it. What is recognised is exactly what the scanner would have
 * accepted; everything else is left to it, unread.
 */
#ifndef EW_BASE_JSON_SHAPE_H
#define EW_BASE_JSON_SHAPE_H

#include "base/json_scan.h"

enum { EW_JSON_SHAPE_FIELDS_MAX = 8, EW_JSON_SHAPE_BYTES_MAX = 256 };

/* Zeroed: no record has been seen. */
struct ew_json_shape {
    unsigned field_count; /* 0: nothing is recognised */
    unsigned newline_count;
    uint16_t piece_ends[EW_JSON_SHAPE_FIELDS_MAX + 1]; /* in `bytes` */
    uint8_t members[EW_JSON_SHAPE_FIELDS_MAX];         /* positions in the caller's list */
    bool numbers[EW_JSON_SHAPE_FIELDS_MAX];
    char bytes[EW_JSON_SHAPE_BYTES_MAX]; /* what stands before, between and behind values */
};

/* A value: a text without escapes, between its quotes, or the digits of an integer that is not
 * negative. */
struct ew_json_field {
    const char *bytes;
    size_t byte_count;
    unsigned member;
};

/*
 * Learns from the object that was read from `start` (ew_json_scan_offset() before it) on. One
 * with other values than texts without escapes and integers, with unknown members, or that is
 * not in the window any more, teaches nothing.
 */
void ew_json_shape_learn(struct ew_json_shape *shape, const struct ew_json_scan *scan,
                         uint64_t start, const struct ew_json_member *members,
                         size_t member_count);

/*
 * Whether the value that comes next has the shape. Its fields are then in `fields`, in the
 * order of the shape, and `*end_out` is behind it; nothing is passed yet. The fields are valid
 * until the next token.
 */
bool ew_json_shape_match(const struct ew_json_shape *shape, struct ew_json_scan *scan,
                         struct ew_json_field *fields, const char **end_out);

/* Passes a value that was recognised. */
void ew_json_shape_pass(const struct ew_json_shape *shape, struct ew_json_scan *scan,
                        const char *end);

#endif
