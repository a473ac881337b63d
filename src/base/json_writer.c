/* SPDX-License-Identifier: Apache-2.0 */
/* A streaming JSON writer without white space, RFC 8785 spelling of values. */
#include "base/json_writer.h"

#include "base/text.h"

#include <assert.h>
#include <string.h>

void ew_json_init(struct ew_json_writer *writer, ew_json_sink_fn sink, void *context)
{
    writer->sink = sink;
    writer->context = context;
    writer->used = 0;
    writer->failed = false;
    writer->comma = false;
    writer->depth = 0;
}

static void flush(struct ew_json_writer *writer)
{
    if (!writer->failed && writer->used > 0) {
        writer->failed = !writer->sink(writer->context, writer->buffer, writer->used);
    }
    writer->used = 0;
}

static void put(struct ew_json_writer *writer, const char *bytes, size_t byte_count)
{
    while (byte_count > 0) {
        size_t room = sizeof writer->buffer - writer->used;
        size_t step = byte_count < room ? byte_count : room;
        memcpy(writer->buffer + writer->used, bytes, step);
        writer->used += step;
        bytes += step;
        byte_count -= step;
        if (writer->used == sizeof writer->buffer) {
            flush(writer);
        }
    }
}

static void put_char(struct ew_json_writer *writer, char c)
{
    put(writer, &c, 1);
}

static void begin_value(struct ew_json_writer *writer)
{
    if (writer->comma) {
        put_char(writer, ',');
    }
    writer->comma = true;
}

static void open_bracket(struct ew_json_writer *writer, char bracket)
{
    begin_value(writer);
    put_char(writer, bracket);
    writer->comma = false;
    writer->depth++;
    assert(writer->depth <= EW_JSON_WRITER_DEPTH_MAX);
}

static void close_bracket(struct ew_json_writer *writer, char bracket)
{
    assert(writer->depth > 0);
    put_char(writer, bracket);
    writer->comma = true;
    writer->depth--;
}

void ew_json_object(struct ew_json_writer *writer)
{
    open_bracket(writer, '{');
}

void ew_json_object_end(struct ew_json_writer *writer)
{
    close_bracket(writer, '}');
}

void ew_json_array(struct ew_json_writer *writer)
{
    open_bracket(writer, '[');
}

void ew_json_array_end(struct ew_json_writer *writer)
{
    close_bracket(writer, ']');
}

void ew_json_key(struct ew_json_writer *writer, const char *key)
{
    begin_value(writer);
    put_char(writer, '"');
    put(writer, key, strlen(key));
    put(writer, "\":", 2);
    writer->comma = false;
}

/* The escape of a character that JSON does not allow as it is; 0 bytes for others. */
static size_t escape(unsigned char c, char out[6])
{
    static const char hex[] = "0123456789abcdef";
    static const char short_forms[] = "\bb\tt\nn\ff\rr\"\"\\\\";
    for (size_t i = 0; i + 1 < sizeof short_forms; i += 2) {
        if ((unsigned char)short_forms[i] == c) {
            out[0] = '\\';
            out[1] = short_forms[i + 1];
            return 2;
        }
    }
    if (c >= 0x20) {
        return 0;
    }
    memcpy(out, "\\u00", 4);
    out[4] = hex[c >> 4];
    out[5] = hex[c & 15];
    return 6;
}

static bool is_plain(unsigned char c)
{
    return c >= 0x20 && c != '"' && c != '\\';
}

static void put_escaped(struct ew_json_writer *writer, const char *text, size_t byte_count)
{
    size_t at = 0;
    while (at < byte_count) {
        size_t run = at;
        while (run < byte_count && is_plain((unsigned char)text[run])) {
            run++;
        }
        put(writer, text + at, run - at);
        at = run;
        if (at < byte_count) {
            char escaped[6];
            put(writer, escaped, escape((unsigned char)text[at], escaped));
            at++;
        }
    }
}

/* Invalid bytes one by one as U+FFFD, so that the document stays valid. */
static void put_repaired(struct ew_json_writer *writer, const char *text, size_t byte_count)
{
    size_t at = 0;
    while (at < byte_count) {
        size_t length = 1;
        while (length <= 4 && at + length <= byte_count && !ew_text_is_utf8(text + at, length)) {
            length++;
        }
        if (length > 4 || at + length > byte_count) {
            put(writer, "\xef\xbf\xbd", 3);
            at++;
        } else {
            put_escaped(writer, text + at, length);
            at += length;
        }
    }
}

void ew_json_text_bytes(struct ew_json_writer *writer, const char *text, size_t byte_count)
{
    begin_value(writer);
    put_char(writer, '"');
    if (ew_text_is_utf8(text, byte_count)) {
        put_escaped(writer, text, byte_count);
    } else {
        put_repaired(writer, text, byte_count);
    }
    put_char(writer, '"');
}

void ew_json_text(struct ew_json_writer *writer, const char *text)
{
    ew_json_text_bytes(writer, text, strlen(text));
}

static void put_number(struct ew_json_writer *writer, uint64_t value, bool negative)
{
    char digits[21];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    if (negative) {
        digits[--at] = '-';
    }
    begin_value(writer);
    put(writer, digits + at, sizeof digits - at);
}

void ew_json_u64(struct ew_json_writer *writer, uint64_t value)
{
    put_number(writer, value, false);
}

void ew_json_i64(struct ew_json_writer *writer, int64_t value)
{
    put_number(writer, value < 0 ? 0 - (uint64_t)value : (uint64_t)value, value < 0);
}

void ew_json_permille(struct ew_json_writer *writer, unsigned permille)
{
    assert(permille <= 1000);
    char text[5] = {'0', '.', (char)('0' + permille / 100 % 10), (char)('0' + permille / 10 % 10),
                    (char)('0' + permille % 10)};
    size_t byte_count = sizeof text;
    if (permille % 1000 == 0) {
        put_number(writer, permille / 1000, false);
        return;
    }
    while (text[byte_count - 1] == '0') {
        byte_count--;
    }
    begin_value(writer);
    put(writer, text, byte_count);
}

void ew_json_bool(struct ew_json_writer *writer, bool value)
{
    begin_value(writer);
    put(writer, value ? "true" : "false", value ? 4 : 5);
}

void ew_json_null(struct ew_json_writer *writer)
{
    begin_value(writer);
    put(writer, "null", 4);
}

void ew_json_member_u64(struct ew_json_writer *writer, const char *key, uint64_t value)
{
    ew_json_key(writer, key);
    ew_json_u64(writer, value);
}

void ew_json_member_text(struct ew_json_writer *writer, const char *key, const char *text)
{
    ew_json_key(writer, key);
    ew_json_text(writer, text);
}

void ew_json_newline(struct ew_json_writer *writer)
{
    put_char(writer, '\n');
    writer->comma = false;
}

bool ew_json_finish(struct ew_json_writer *writer)
{
    flush(writer);
    return !writer->failed;
}
