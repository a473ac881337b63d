/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pull scanner of JSON (RFC 8259) that needs no tree: it looks at an input of any size
 * through a window, and gives out its tokens one by one. It accepts what jansson accepts with
 * JSON_DECODE_ANY, but for deeper nesting and longer texts than the caller allows, and a byte 0
 * behind a number; and it takes numbers of any size, whose digits it gives out.
 *
 * It refuses what is no JSON: invalid UTF-8, lone surrogates, control characters and U+0000 in
 * texts, numbers with a leading zero or plus, commas too many, text behind the value. It fails
 * once and stays failed; the sentence has the line, the column in bytes, and the path.
 *
 *     while ((token = ew_json_scan_next(&scan)) > EW_JSON_END) ...
 *     if (token == EW_JSON_FAILED) return scan.status;
 */
#ifndef EW_BASE_JSON_SCAN_H
#define EW_BASE_JSON_SCAN_H

#include "base/byte_window.h"

enum ew_json_token {
    EW_JSON_FAILED, /* status and error of the scanner say why */
    EW_JSON_END,    /* of the input */
    EW_JSON_OBJECT,
    EW_JSON_OBJECT_END,
    EW_JSON_ARRAY,
    EW_JSON_ARRAY_END,
    EW_JSON_KEY,
    EW_JSON_STRING,
    EW_JSON_NUMBER,
    EW_JSON_TRUE,
    EW_JSON_FALSE,
    EW_JSON_NULL,
};

/* The scanner's own maxima: levels, and bytes of a key that messages show. */
enum { EW_JSON_SCAN_DEPTH_MAX = 64, EW_JSON_SCAN_KEY_SHOWN = 40 };

/* A position of a message: before an object's first key there is none. */
struct ew_json_level {
    uint64_t element; /* of an array, counted from 0 */
    uint8_t key_bytes;
    char key[EW_JSON_SCAN_KEY_SHOWN];
};

struct ew_json_scan {
    /* Of the token that was given out last; valid until the next is asked for. */
    const char *text; /* of a key or string: UTF-8, not terminated; the digits of a number */
    size_t text_bytes;
    bool is_integer;    /* a number without fraction and exponent, below 2^64 in magnitude */
    bool is_negative;   /* and not zero */
    uint64_t magnitude; /* of an integer */
    unsigned depth;     /* objects and arrays that are open */
    uint64_t value_count;

    enum ew_status status; /* EW_OK until it failed */
    struct ew_error *error;

    /* Its own. */
    const char *name;
    struct ew_byte_window *window;
    size_t text_bytes_max;
    unsigned depth_max;
    bool lines;
    uint8_t expect;
    uint64_t objects; /* a bit for each level: it is an object */
    const char *token;
    uint64_t line;
    uint64_t line_offset; /* of the first byte of the line */
    const char *key;      /* of the member that is read; NULL: it is in its level */
    size_t key_bytes;
    size_t hint;   /* the member that is looked for first */
    char *scratch; /* for texts with escapes, `text_bytes_max` */
    struct ew_json_level levels[EW_JSON_SCAN_DEPTH_MAX];
};

struct ew_json_scan_options {
    const char *name;      /* of the input, for messages; outlives the scanner */
    unsigned depth_max;    /* 1 .. EW_JSON_SCAN_DEPTH_MAX */
    size_t text_bytes_max; /* of one text or number, escapes decoded or not; below the window */
    bool lines;            /* several values, each on a line of its own (NDJSON) */
};

/* `window` and `error` (may be NULL) outlive the scanner; the window may be half read. */
void ew_json_scan_init(struct ew_json_scan *scan, struct ew_byte_window *window,
                       const struct ew_json_scan_options *options, struct ew_error *error);

/* Frees what it took, not the window. */
void ew_json_scan_free(struct ew_json_scan *scan);

/* The next token. */
enum ew_json_token ew_json_scan_next(struct ew_json_scan *scan);

/* Where the next token's bytes, or white space before them, begin. */
static inline uint64_t ew_json_scan_offset(const struct ew_json_scan *scan)
{
    return ew_byte_window_offset(scan->window, scan->window->at);
}

/* Passes over the value that comes next. False: failed. */
EW_MUST_USE bool ew_json_scan_skip(struct ew_json_scan *scan);

/*
 * Inside an array: whether a value comes next, which is then read as any other; else its end is
 * passed, or it failed.
 */
bool ew_json_scan_has_element(struct ew_json_scan *scan);

/* Whether the value that comes next begins as null does; it is not read. */
bool ew_json_scan_is_null(struct ew_json_scan *scan);

/* The next token, which has to be of that kind. False: it failed, "is a number, must be
 * a string" when it is another. */
EW_MUST_USE bool ew_json_scan_want(struct ew_json_scan *scan, enum ew_json_token wanted);

/* The next token has to be an integer of 0 .. max. */
EW_MUST_USE bool ew_json_scan_want_u64(struct ew_json_scan *scan, uint64_t max,
                                       uint64_t *value_out);

/* The next token has to be true or false. */
EW_MUST_USE bool ew_json_scan_want_bool(struct ew_json_scan *scan, bool *value_out);

/* A member that somebody looks for. */
struct ew_json_member {
    const char *name;
    size_t name_bytes;
};
#define EW_JSON_MEMBER(text)  \
    {                         \
        text, sizeof text - 1 \
    }

enum { EW_JSON_MEMBERS_MAX = 32, EW_JSON_UNKNOWN = -1, EW_JSON_OVER = -2 };

/*
 * Inside an object: the position of the next member's name in `members`, or EW_JSON_UNKNOWN
 * (its value is to be skipped), or EW_JSON_OVER behind the last one and when it failed: then
 * `scan->status` says which. `*seen` (0 at first) has a bit for each position that was there:
 * one that comes again is a failure. Members in the order of the list are found fastest.
 */
int ew_json_scan_member(struct ew_json_scan *scan, const struct ew_json_member *members,
                        size_t member_count, uint32_t *seen);

/*
 * Fails at the last token, for a reason of the caller's: "NAME: line 3, column 7, edges[3].to:
 * REASON". Answers EW_JSON_FAILED, which is 0 and false.
 */
enum ew_json_token ew_json_scan_fail(struct ew_json_scan *scan, enum ew_status status,
                                     const char *format, ...) EW_PRINTF(3, 4);

/* "an object", "a string", "true"; never NULL. */
const char *ew_json_token_name(enum ew_json_token token);

#endif
