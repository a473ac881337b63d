/* SPDX-License-Identifier: Apache-2.0 */
/* Records that are spelt like others before them: how they are recognised. */
#include "base/json_shape.h"

#include "base/json_scan_parts.h"
#include "base/text.h"

#include <string.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* --- values ---------------------------------------------------------------------------------
 *
 * Up to run->last, READ_BYTES can be read: what begins behind it is left to the scanner. So
 * nothing here asks for every byte whether it is there. */

enum { READ_BYTES = 16, DIGITS_MAX = 15 };

/* The quote that ends a text which is not all ASCII; NULL: it has escapes, or is none. */
static const char *wide_text_end(const char *at, const char *last)
{
    const char *from = at;
    while (at < last
           && ((unsigned char)*at >= 0x80 || (*at >= 0x20 && *at != '"' && *at != '\\'))) {
        at++;
    }
    return *at == '"' && ew_text_is_utf8(from, (size_t)(at - from)) ? at : NULL;
}

static inline const char *text_end(const char *at, const char *last)
{
    const char *from = at;
    for (; at <= last; at += 8) {
        uint64_t marks = ew_json_special_bytes(ew_load_u64((const uint8_t *)at));
        if (marks != 0) {
            at += ew_json_first_marked(marks);
            return *at == '"'                   ? at
                   : (unsigned char)*at >= 0x80 ? wide_text_end(from, last)
                                                : NULL;
        }
    }
    return NULL;
}

/* Digits of an integer as JSON spells it. */
static inline const char *number_end(const char *at)
{
    const char *from = at;
    while (is_digit(*at) && at - from <= DIGITS_MAX) {
        at++;
    }
    bool leading_zero = at - from > 1 && *from == '0';
    return at == from || at - from > DIGITS_MAX || leading_zero ? NULL : at;
}

/* The value behind a piece becomes a field. The end of the value; NULL: it is left to the
 * scanner. */
static inline const char *take_value(struct ew_json_run *run, const struct ew_json_piece *piece,
                                     const char *at, const char *last)
{
    struct ew_json_field *field = &run->fields[piece->member];
    const char *behind = at;
    if (piece->behind == EW_JSON_SPELT_TEXT) {
        behind = text_end(at, last);
    } else if (piece->behind == EW_JSON_SPELT_NUMBER) {
        behind = at <= last ? number_end(at) : NULL;
    } else {
        at -= at[-2] == 'u' ? 4 : 5; /* true or false, which the piece has */
    }
    if (behind == NULL) {
        return NULL;
    }
    field->bytes = at;
    field->byte_count = (size_t)(behind - at);
    return field->byte_count <= run->text_bytes_max ? behind : NULL;
}

/* --- records -------------------------------------------------------------------------------- */

static inline bool fits(const struct ew_json_piece *piece, unsigned before, const char *at,
                        const char *last)
{
    uint64_t words[2];
    uint64_t wanted[2];
    memcpy(words, at, sizeof words);
    memcpy(wanted, piece->bytes, sizeof wanted);
    uint64_t differences =
        ((words[0] ^ wanted[0]) & piece->masks[0]) | ((words[1] ^ wanted[1]) & piece->masks[1]);
    if (differences != 0 || piece->before != before) {
        return false;
    }
    return piece->byte_count <= READ_BYTES
           || ((size_t)(last - at) >= piece->byte_count
               && memcmp(at, piece->bytes, piece->byte_count) == 0);
}

/* The piece that comes next: the one that `*guess` says, or another, which it says then. */
static inline struct ew_json_piece *next_piece(struct ew_json_shape *shape, uint8_t *guess,
                                               unsigned before, const char *at, const char *last)
{
    if (at > last) {
        return NULL;
    }
    struct ew_json_piece *piece = &shape->pieces[*guess];
    if (fits(piece, before, at, last)) {
        return piece;
    }
    for (uint8_t i = 0; i < shape->piece_count; i++) {
        if (fits(&shape->pieces[i], before, at, last)) {
            *guess = i;
            return &shape->pieces[i];
        }
    }
    return NULL;
}

/* Where the next record has to begin; NULL: what has to part it from the one before does not
 * come next. */
static inline const char *pass_separator(struct ew_json_run *run)
{
    const char *at = run->done.at;
    bool parted = !run->lines && run->done.record_count == 0;
    run->line_count = 0;
    if (!run->lines && !parted && at <= run->last && *at == ',') {
        at++;
        parted = true;
    }
    for (; at <= run->last && (unsigned char)*at <= ' '; at++) {
        if (*at == '\n') {
            run->line_count++;
            run->line_begin = at + 1;
            parted = parted || run->lines;
        } else if (*at != ' ' && *at != '\r' && *at != '\t') {
            return NULL;
        }
    }
    return parted ? at : NULL;
}

void ew_json_run_begin(struct ew_json_run *run, struct ew_json_shape *shape,
                       struct ew_json_scan *scan)
{
    const struct ew_byte_window *window = scan->window;
    enum ew_json_place place = ew_json_scan_place(scan);
    run->shape = shape;
    run->scan = scan;
    run->done = (struct ew_json_mark){
        .at = window->at, .line = scan->line, .line_offset = scan->line_offset};
    run->lines = place == EW_JSON_BEHIND_LINE;
    run->text_bytes_max = scan->text_bytes_max;
    run->last = window->end - window->at < READ_BYTES || place == EW_JSON_ELSEWHERE
                        || shape->piece_count == 0
                    ? NULL
                    : window->end - READ_BYTES;
}

bool ew_json_run_find(struct ew_json_run *run)
{
    const char *at = run->last != NULL ? pass_separator(run) : NULL;
    if (at == NULL) {
        return false;
    }
    struct ew_json_shape *shape = run->shape;
    const char *last = run->last;
    uint32_t seen = 0;
    bool has_newline = false;
    run->begin = at;
    run->field_count = 0;
    run->unknown_count = 0;
    struct ew_json_piece *piece =
        next_piece(shape, &shape->first, EW_JSON_SPELT_NOTHING, at, last);
    while (piece != NULL) {
        at += piece->byte_count;
        has_newline |= piece->has_newline;
        if (piece->behind == EW_JSON_SPELT_NOTHING) {
            run->next = at;
            run->seen = seen;
            run->has_newline = has_newline;
            return true;
        }
        at = take_value(run, piece, at, last);
        if (at == NULL || (seen & piece->bit) != 0) {
            return false;
        }
        seen |= piece->bit;
        run->field_count++;
        run->unknown_count += piece->bit == 0;
        piece = next_piece(shape, &piece->next, piece->next_before, at, last);
    }
    return false;
}

void ew_json_run_take(struct ew_json_run *run)
{
    for (const char *at = run->begin; run->has_newline && at < run->next; at++) {
        if (*at == '\n') {
            run->line_count++;
            run->line_begin = at + 1;
        }
    }
    if (run->line_count > 0) {
        run->done.line += run->line_count;
        run->done.line_offset = ew_byte_window_offset(run->scan->window, run->line_begin);
    }
    run->done.at = run->next;
    run->done.record_count++;
    /* A line has an object around the record. */
    run->done.value_count += run->field_count + (run->lines ? 2 : 1);
}

bool ew_json_run_end(struct ew_json_run *run)
{
    if (run->done.record_count == 0) {
        return false;
    }
    ew_json_scan_records_passed(run->scan, &run->done);
    return true;
}
