/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records of long tables, put together in the buffer of a JSON writer: a call for each member
 * and each comma would be most of what writing ten million edges costs. Whoever writes a piece
 * of at most ROW_PIECE_BYTES asks for room before; a longer record is several pieces.
 */
#ifndef EW_MERGE_ROW_H
#define EW_MERGE_ROW_H

#include "base/filetime.h"
#include "base/json_writer.h"

#include <string.h>

enum { ROW_PIECE_BYTES = 512, ROW_DATE_BYTES = 11 };

struct row_out {
    struct ew_json_writer *writer;
    char *at;
    uint64_t day; /* of the last time: nearly all times share their date */
    char date[EW_FILETIME_TEXT_BYTES];
};

/* Takes the buffer over, and gives it back. Between the two, the writer is not called. */
static inline void row_begin(struct row_out *out, struct ew_json_writer *writer)
{
    out->writer = writer;
    out->at = writer->buffer + writer->used;
    out->day = UINT64_MAX;
}

static inline void row_end(struct row_out *out)
{
    out->writer->used = (size_t)(out->at - out->writer->buffer);
}

/* Room for pieces. The writer remembers for the end that its sink failed. */
static inline void row_rooms(struct row_out *out, size_t pieces)
{
    size_t left = (size_t)(out->writer->buffer + sizeof out->writer->buffer - out->at);
    if (left <= pieces * ROW_PIECE_BYTES) {
        row_end(out);
        (void)ew_json_finish(out->writer);
        out->at = out->writer->buffer;
    }
}

static inline void row_room(struct row_out *out)
{
    row_rooms(out, 1);
}

static inline void row_put(struct row_out *out, const char *bytes, size_t byte_count)
{
    memcpy(out->at, bytes, byte_count);
    out->at += byte_count;
}

#define ROW_PUT(out, literal) row_put((out), (literal), sizeof(literal) - 1)

static inline void row_put_text(struct row_out *out, const char *text)
{
    row_put(out, text, strlen(text));
}

static inline void row_put_digits(struct row_out *out, uint32_t value, unsigned digits)
{
    for (unsigned i = digits; i > 0; i--) {
        out->at[i - 1] = (char)('0' + value % 10);
        value /= 10;
    }
    out->at += digits;
}

static inline void row_put_number(struct row_out *out, uint64_t value)
{
    char digits[20];
    size_t used = sizeof digits;
    do {
        digits[--used] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    row_put(out, digits + used, sizeof digits - used);
}

/* In quotes, as ew_filetime_format() spells it. */
static inline void row_put_time(struct row_out *out, uint64_t filetime)
{
    const uint64_t day_100ns = 86400 * EW_FILETIME_SECOND;
    filetime = filetime < EW_FILETIME_MAX ? filetime : EW_FILETIME_MAX;
    uint64_t day = filetime / day_100ns;
    if (day != out->day) {
        ew_filetime_format(filetime, out->date);
        out->day = day;
    }
    uint64_t since_midnight = filetime - day * day_100ns;
    uint32_t seconds = (uint32_t)(since_midnight / EW_FILETIME_SECOND);
    *out->at++ = '"';
    row_put(out, out->date, ROW_DATE_BYTES);
    row_put_digits(out, seconds / 3600, 2);
    *out->at++ = ':';
    row_put_digits(out, seconds / 60 % 60, 2);
    *out->at++ = ':';
    row_put_digits(out, seconds % 60, 2);
    *out->at++ = '.';
    row_put_digits(out, (uint32_t)(since_midnight % EW_FILETIME_SECOND), 7);
    ROW_PUT(out, "Z\"");
}

#endif
