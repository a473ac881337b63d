/* SPDX-License-Identifier: Apache-2.0 */
/* The pull scanner of JSON: structure, members, and what a failure says. */
#include "base/json_scan.h"

#include "base/json_scan_parts.h"
#include "base/json_shape.h"
#include "base/text.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_BYTES = 200, REASON_BYTES = 256 };

/* What may come next. */
enum expect {
    EXPECT_VALUE,
    EXPECT_FIRST_VALUE, /* behind '[' */
    EXPECT_KEY,
    EXPECT_FIRST_KEY, /* behind '{' */
    EXPECT_COLON,
    EXPECT_MORE,   /* behind a value of an object or array */
    EXPECT_NOTHING /* behind the outermost value */
};

void ew_json_scan_init(struct ew_json_scan *scan, struct ew_byte_window *window,
                       const struct ew_json_scan_options *options, struct ew_error *error)
{
    assert(options->depth_max > 0 && options->depth_max <= EW_JSON_SCAN_DEPTH_MAX);
    memset(scan, 0, sizeof *scan);
    scan->name = options->name;
    scan->window = window;
    scan->error = error;
    scan->depth_max = options->depth_max;
    scan->text_bytes_max = options->text_bytes_max;
    scan->lines = options->lines;
    scan->token = window->at;
    scan->line = 1;
    scan->line_offset = ew_byte_window_offset(window, window->at);
}

void ew_json_scan_free(struct ew_json_scan *scan)
{
    free(scan->scratch);
    scan->scratch = NULL;
}

/* --- where it is, for messages ---------------------------------------------------------- */

static bool in_object(const struct ew_json_scan *scan)
{
    return scan->depth > 0 && (scan->objects >> (scan->depth - 1) & 1) != 0;
}

/* Keys lie in the window or in the scratch memory; before either is written to, the level
 * gets a copy, which may be cut. */
static void keep_key(struct ew_json_scan *scan)
{
    if (scan->key == NULL) {
        return;
    }
    struct ew_json_level *level = &scan->levels[scan->depth - 1];
    size_t kept = scan->key_bytes;
    if (kept > sizeof level->key) {
        kept = sizeof level->key;
        while (kept > 0 && ((unsigned char)scan->key[kept] & 0xc0) == 0x80) {
            kept--;
        }
    }
    memcpy(level->key, scan->key, kept);
    level->key_bytes = (uint8_t)kept;
    scan->key = NULL;
}

static size_t append_key(char *out, size_t used, const struct ew_json_level *level)
{
    if (used > 0) {
        out[used++] = '.';
    }
    for (size_t i = 0; i < level->key_bytes; i++) {
        unsigned char c = (unsigned char)level->key[i];
        out[used++] = c < 0x20 || c == 0x7f ? '?' : level->key[i];
    }
    out[used] = '\0';
    return used;
}

/* "edges[3].to", cut when it is long; empty at the outermost level. */
static void write_path(struct ew_json_scan *scan, char out[PATH_BYTES])
{
    size_t used = 0;
    keep_key(scan);
    out[0] = '\0';
    for (unsigned i = 0; i < scan->depth; i++) {
        const struct ew_json_level *level = &scan->levels[i];
        if (used + EW_JSON_SCAN_KEY_SHOWN + 8 > PATH_BYTES) {
            (void)snprintf(out + used, PATH_BYTES - used, "...");
            return;
        }
        if ((scan->objects >> i & 1) == 0) {
            used += (size_t)snprintf(out + used, PATH_BYTES - used, "[%llu]",
                                     (unsigned long long)level->element);
        } else if (level->key_bytes > 0) {
            used = append_key(out, used, level);
        }
    }
}

enum ew_json_token ew_json_scan_fail(struct ew_json_scan *scan, enum ew_status status,
                                     const char *format, ...)
{
    char path[PATH_BYTES];
    char reason[REASON_BYTES];
    va_list arguments;
    if (scan->status != EW_OK) {
        return EW_JSON_FAILED;
    }
    va_start(arguments, format);
    (void)vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    write_path(scan, path);
    uint64_t offset = ew_byte_window_offset(scan->window, scan->token);
    scan->status = ew_fail(scan->error, status, "%s: line %llu, column %llu%s%s: %s", scan->name,
                           (unsigned long long)scan->line,
                           (unsigned long long)(offset - scan->line_offset + 1),
                           path[0] != '\0' ? ", " : "", path, reason);
    return EW_JSON_FAILED;
}

const char *ew_json_token_name(enum ew_json_token token)
{
    static const char *const names[] = {
        [EW_JSON_FAILED] = "a failure", [EW_JSON_END] = "the end",
        [EW_JSON_OBJECT] = "an object", [EW_JSON_OBJECT_END] = "the end of an object",
        [EW_JSON_ARRAY] = "an array",   [EW_JSON_ARRAY_END] = "the end of an array",
        [EW_JSON_KEY] = "a member",     [EW_JSON_STRING] = "a string",
        [EW_JSON_NUMBER] = "a number",  [EW_JSON_TRUE] = "true",
        [EW_JSON_FALSE] = "false",      [EW_JSON_NULL] = "null",
    };
    return names[token];
}

/* --- structure -------------------------------------------------------------------------- */

enum ew_status ew_json_scan_more(struct ew_json_scan *scan)
{
    struct ew_error why = {0};
    keep_key(scan);
    enum ew_status status = ew_byte_window_more(scan->window, &scan->token, &why);
    if (status == EW_LIMIT) {
        (void)ew_json_scan_fail(scan, EW_LIMIT, "is longer than %zu bytes", scan->text_bytes_max);
    } else if (status != EW_OK && status != EW_END) {
        scan->status = status;
        if (scan->error != NULL) {
            *scan->error = why;
        }
    }
    return status;
}

/* Passes over white space. The next byte, or -1: there is none, or it failed. */
static int peek_behind_space(struct ew_json_scan *scan)
{
    struct ew_byte_window *window = scan->window;
    const char *at = window->at;
    for (;;) {
        for (; at < window->end; at++) {
            unsigned char c = (unsigned char)*at;
            if (c == '\n') {
                scan->line++;
                scan->line_offset = ew_byte_window_offset(window, at + 1);
            } else if (c != ' ' && c != '\r' && c != '\t') {
                window->at = at;
                scan->token = at;
                return c;
            }
        }
        window->at = at;
        scan->token = at;
        if (ew_json_scan_more(scan) != EW_OK) {
            return -1;
        }
        at = window->at;
    }
}

/* The same; most tokens have no white space before them. */
static inline int peek(struct ew_json_scan *scan)
{
    const char *at = scan->window->at;
    if (at < scan->window->end && (unsigned char)*at > ' ') {
        scan->token = at;
        return (unsigned char)*at;
    }
    return peek_behind_space(scan);
}

static enum ew_json_token unexpected(struct ew_json_scan *scan, int c, const char *wanted)
{
    if (c < 0) {
        return ew_json_scan_fail(scan, EW_FORMAT, "the input ends where %s must be", wanted);
    }
    if (c > 0x20 && c < 0x7f) {
        return ew_json_scan_fail(scan, EW_FORMAT, "'%c' stands where %s must be", c, wanted);
    }
    return ew_json_scan_fail(scan, EW_FORMAT, "byte 0x%02x stands where %s must be", (unsigned)c,
                             wanted);
}

static void value_done(struct ew_json_scan *scan)
{
    scan->value_count++;
    scan->expect = scan->depth > 0 ? EXPECT_MORE : EXPECT_NOTHING;
}

static enum ew_json_token open_level(struct ew_json_scan *scan, bool object)
{
    if (scan->depth == scan->depth_max) {
        return ew_json_scan_fail(scan, EW_LIMIT, "is nested deeper than %u levels",
                                 scan->depth_max);
    }
    keep_key(scan);
    uint64_t bit = UINT64_C(1) << scan->depth;
    scan->objects = object ? scan->objects | bit : scan->objects & ~bit;
    scan->hint = 0;
    scan->levels[scan->depth].element = 0;
    scan->levels[scan->depth].key_bytes = 0;
    scan->depth++;
    scan->window->at++;
    scan->expect = object ? EXPECT_FIRST_KEY : EXPECT_FIRST_VALUE;
    return object ? EW_JSON_OBJECT : EW_JSON_ARRAY;
}

static enum ew_json_token close_level(struct ew_json_scan *scan, bool object)
{
    scan->window->at++;
    scan->key = NULL;
    scan->depth--;
    value_done(scan);
    return object ? EW_JSON_OBJECT_END : EW_JSON_ARRAY_END;
}

static enum ew_json_token literal(struct ew_json_scan *scan, const char *word,
                                  enum ew_json_token token)
{
    size_t length = strlen(word);
    while ((size_t)(scan->window->end - scan->token) < length) {
        enum ew_status status = ew_json_scan_more(scan);
        if (status == EW_END) {
            return ew_json_scan_fail(scan, EW_FORMAT, "is no value");
        }
        if (status != EW_OK) {
            return EW_JSON_FAILED;
        }
    }
    if (memcmp(scan->token, word, length) != 0) {
        return ew_json_scan_fail(scan, EW_FORMAT, "is no value");
    }
    scan->window->at = scan->token + length;
    value_done(scan);
    return token;
}

static enum ew_json_token read_value(struct ew_json_scan *scan, int c)
{
    switch (c) {
    case '"':
        if (!ew_json_scan_string(scan)) {
            return EW_JSON_FAILED;
        }
        value_done(scan);
        return EW_JSON_STRING;
    case '{':
        return open_level(scan, true);
    case '[':
        return open_level(scan, false);
    case 't':
        return literal(scan, "true", EW_JSON_TRUE);
    case 'f':
        return literal(scan, "false", EW_JSON_FALSE);
    case 'n':
        return literal(scan, "null", EW_JSON_NULL);
    default:
        break;
    }
    if (c != '-' && (c < '0' || c > '9')) {
        return unexpected(scan, c, "a value");
    }
    if (!ew_json_scan_number(scan)) {
        return EW_JSON_FAILED;
    }
    value_done(scan);
    return EW_JSON_NUMBER;
}

static enum ew_json_token read_key(struct ew_json_scan *scan, int c)
{
    struct ew_byte_window *window = scan->window;
    if (c != '"') {
        return unexpected(scan, c, "a member's name");
    }
    scan->key = NULL;
    scan->levels[scan->depth - 1].key_bytes = 0;
    if (!ew_json_scan_string(scan)) {
        return EW_JSON_FAILED;
    }
    scan->key = scan->text;
    scan->key_bytes = scan->text_bytes;
    if (scan->text == scan->scratch) {
        keep_key(scan);
    }
    bool colon = window->at < window->end && *window->at == ':';
    window->at += colon;
    scan->expect = colon ? EXPECT_VALUE : EXPECT_COLON;
    return EW_JSON_KEY;
}

/* What comes behind the outermost value: nothing, or another value on another line. */
static enum ew_json_token read_end(struct ew_json_scan *scan)
{
    uint64_t line = scan->line;
    int c = peek(scan);
    if (c < 0) {
        return scan->status == EW_OK ? EW_JSON_END : EW_JSON_FAILED;
    }
    if (!scan->lines) {
        return ew_json_scan_fail(scan, EW_FORMAT, "text follows the value");
    }
    if (scan->line == line) {
        return ew_json_scan_fail(scan, EW_FORMAT, "text follows the value on the same line");
    }
    return read_value(scan, c);
}

/* Behind a value: what the separator makes of the next token. False: `*token_out` is it. */
static bool pass_separator(struct ew_json_scan *scan, int c, enum ew_json_token *token_out)
{
    bool object = in_object(scan);
    if (c == ',') {
        scan->window->at++;
        scan->levels[scan->depth - 1].element++;
        scan->expect = object ? EXPECT_KEY : EXPECT_VALUE;
        return true;
    }
    *token_out = c == (object ? '}' : ']')
                     ? close_level(scan, object)
                     : unexpected(scan, c, object ? "',' or '}'" : "',' or ']'");
    return false;
}

/* The next token, once the byte that it begins with is known. */
static enum ew_json_token read_token(struct ew_json_scan *scan, int c)
{
    switch ((enum expect)scan->expect) {
    case EXPECT_FIRST_VALUE:
        return c == ']' ? close_level(scan, false) : read_value(scan, c);
    case EXPECT_FIRST_KEY:
        return c == '}' ? close_level(scan, true) : read_key(scan, c);
    case EXPECT_KEY:
        return read_key(scan, c);
    case EXPECT_VALUE:
    case EXPECT_COLON:
    case EXPECT_MORE:
    case EXPECT_NOTHING:
        break;
    }
    if (c < 0 && scan->depth == 0 && scan->lines) {
        return EW_JSON_END;
    }
    return read_value(scan, c);
}

enum ew_json_token ew_json_scan_next(struct ew_json_scan *scan)
{
    enum ew_json_token token = EW_JSON_FAILED;
    if (scan->status != EW_OK) {
        return EW_JSON_FAILED;
    }
    if (scan->expect == EXPECT_NOTHING) {
        return read_end(scan);
    }
    int c = peek(scan);
    if (scan->expect == EXPECT_MORE) {
        if (!pass_separator(scan, c, &token)) {
            return token;
        }
        c = peek(scan);
    } else if (scan->expect == EXPECT_COLON) {
        if (c != ':') {
            return unexpected(scan, c, "':'");
        }
        scan->window->at++;
        scan->expect = EXPECT_VALUE;
        c = peek(scan);
    }
    return scan->status == EW_OK ? read_token(scan, c) : EW_JSON_FAILED;
}

enum ew_json_place ew_json_scan_place(const struct ew_json_scan *scan)
{
    if (scan->status != EW_OK) {
        return EW_JSON_ELSEWHERE;
    }
    if (scan->depth > 0) {
        return scan->expect == EXPECT_VALUE && !in_object(scan) ? EW_JSON_IN_ARRAY
                                                                : EW_JSON_ELSEWHERE;
    }
    return scan->lines && scan->expect == EXPECT_NOTHING ? EW_JSON_BEHIND_LINE
                                                         : EW_JSON_ELSEWHERE;
}

void ew_json_scan_records_passed(struct ew_json_scan *scan, const struct ew_json_mark *passed)
{
    scan->window->at = passed->at;
    scan->token = passed->at;
    scan->line = passed->line;
    scan->line_offset = passed->line_offset;
    scan->value_count += passed->value_count;
    if (scan->depth > 0) {
        scan->levels[scan->depth - 1].element += passed->record_count - 1;
        scan->expect = EXPECT_MORE;
    }
}

/* --- what callers ask for ------------------------------------------------------------------ */

bool ew_json_scan_skip(struct ew_json_scan *scan)
{
    enum ew_json_token token = ew_json_scan_next(scan);
    unsigned depth = scan->depth;
    if (token != EW_JSON_OBJECT && token != EW_JSON_ARRAY) {
        return token != EW_JSON_FAILED;
    }
    while (scan->depth >= depth) {
        if (ew_json_scan_next(scan) == EW_JSON_FAILED) {
            return false;
        }
    }
    return true;
}

bool ew_json_scan_has_element(struct ew_json_scan *scan)
{
    enum ew_json_token token = EW_JSON_FAILED;
    if (scan->status != EW_OK) {
        return false;
    }
    int c = peek(scan);
    if (scan->expect == EXPECT_FIRST_VALUE) {
        if (c == ']') {
            (void)close_level(scan, false);
            return false;
        }
        scan->expect = EXPECT_VALUE;
        return scan->status == EW_OK;
    }
    return pass_separator(scan, c, &token);
}

bool ew_json_scan_is_null(struct ew_json_scan *scan)
{
    if (scan->status != EW_OK || scan->expect == EXPECT_NOTHING) {
        return false;
    }
    int c = peek(scan);
    if (scan->expect == EXPECT_COLON && c == ':') {
        scan->window->at++;
        scan->expect = EXPECT_VALUE;
        c = peek(scan);
    }
    return c == 'n';
}

bool ew_json_scan_want(struct ew_json_scan *scan, enum ew_json_token wanted)
{
    enum ew_json_token token = ew_json_scan_next(scan);
    if (token == wanted) {
        return true;
    }
    (void)ew_json_scan_fail(scan, EW_FORMAT, "is %s, must be %s", ew_json_token_name(token),
                            ew_json_token_name(wanted));
    return false;
}

bool ew_json_scan_want_u64(struct ew_json_scan *scan, uint64_t max, uint64_t *value_out)
{
    if (!ew_json_scan_want(scan, EW_JSON_NUMBER)) {
        return false;
    }
    if (!scan->is_integer || scan->is_negative || scan->magnitude > max) {
        (void)ew_json_scan_fail(scan, EW_FORMAT, "must be an integer of 0 to %llu",
                                (unsigned long long)max);
        return false;
    }
    *value_out = scan->magnitude;
    return true;
}

bool ew_json_scan_want_bool(struct ew_json_scan *scan, bool *value_out)
{
    enum ew_json_token token = ew_json_scan_next(scan);
    if (token != EW_JSON_TRUE && token != EW_JSON_FALSE) {
        (void)ew_json_scan_fail(scan, EW_FORMAT, "is %s, must be true or false",
                                ew_json_token_name(token));
        return false;
    }
    *value_out = token == EW_JSON_TRUE;
    return true;
}

static bool is_member(const struct ew_json_scan *scan, const struct ew_json_member *member)
{
    return scan->text_bytes == member->name_bytes
           && ew_bytes_equal(scan->text, member->name, member->name_bytes);
}

int ew_json_scan_member(struct ew_json_scan *scan, const struct ew_json_member *members,
                        size_t member_count, uint32_t *seen)
{
    if (ew_json_scan_next(scan) != EW_JSON_KEY) {
        return EW_JSON_OVER;
    }
    size_t at = scan->hint < member_count ? scan->hint : 0;
    for (size_t i = 0; i < member_count; i++) {
        if (is_member(scan, &members[at])) {
            if ((*seen >> at & 1) != 0) {
                (void)ew_json_scan_fail(scan, EW_FORMAT, "the member is there twice");
                return EW_JSON_OVER;
            }
            *seen |= UINT32_C(1) << at;
            scan->hint = at + 1;
            return (int)at;
        }
        at = at + 1 < member_count ? at + 1 : 0;
    }
    return EW_JSON_UNKNOWN;
}
