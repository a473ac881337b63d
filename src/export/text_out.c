/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of text on their way to a sink, and what texts of strangers look like in them. */
#include "export/text_out.h"

#include "base/text.h"

#include <string.h>

void ew_text_out_init(struct ew_text_out *out, ew_evidence_sink_fn sink, void *context)
{
    out->sink = sink;
    out->context = context;
    out->used = 0;
    out->failed = false;
}

static void flush(struct ew_text_out *out)
{
    if (!out->failed && out->used > 0) {
        out->failed = !out->sink(out->context, out->buffer, out->used);
    }
    out->used = 0;
}

void ew_text_out_bytes(struct ew_text_out *out, const char *bytes, size_t byte_count)
{
    while (byte_count > 0) {
        size_t room = sizeof out->buffer - out->used;
        size_t step = byte_count < room ? byte_count : room;
        memcpy(out->buffer + out->used, bytes, step);
        out->used += step;
        bytes += step;
        byte_count -= step;
        if (out->used == sizeof out->buffer) {
            flush(out);
        }
    }
}

void ew_text_out_text(struct ew_text_out *out, const char *text)
{
    ew_text_out_bytes(out, text, strlen(text));
}

void ew_text_out_u64(struct ew_text_out *out, uint64_t value)
{
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    ew_text_out_bytes(out, digits + at, sizeof digits - at);
}

bool ew_text_out_finish(struct ew_text_out *out)
{
    flush(out);
    return !out->failed;
}

/* The length of the character at `at`, 0 when the bytes there are no UTF-8. */
static size_t character_bytes(const char *at, size_t left)
{
    for (size_t length = 1; length <= 4 && length <= left; length++) {
        if (ew_text_is_utf8(at, length)) {
            return length;
        }
    }
    return 0;
}

/* C0 and DEL, and C1 with U+0085, which some readers take for the end of a line. */
static bool is_control(const char *at, size_t length)
{
    unsigned char first = (unsigned char)at[0];
    if (length == 1) {
        return first < 0x20 || first == 0x7f;
    }
    return length == 2 && first == 0xc2 && (unsigned char)at[1] < 0xa0;
}

/* The line and paragraph separators, U+2028 and U+2029. */
static bool is_separator(const char *at, size_t length)
{
    return length == 3
           && (memcmp(at, "\xe2\x80\xa8", 3) == 0 || memcmp(at, "\xe2\x80\xa9", 3) == 0);
}

/* How much of a text is as it may be written. */
static size_t plain_bytes(const char *text, size_t left, const char special[2])
{
    size_t at = 0;
    while (at < left && text[at] >= ' ' && text[at] < 0x7f && text[at] != special[0]
           && text[at] != special[1]) {
        at++;
    }
    return at;
}

/* Writes `text` character by character; those in `special` as `put_special` says. */
static void put_clean(struct ew_text_out *out, const char *text, const char special[2],
                      void (*put_special)(struct ew_text_out *out, char c))
{
    size_t left = strlen(text);
    while (left > 0) {
        size_t plain = plain_bytes(text, left, special);
        ew_text_out_bytes(out, text, plain);
        text += plain;
        left -= plain;
        if (left == 0) {
            return;
        }
        size_t length = character_bytes(text, left);
        if (length == 0 || is_control(text, length) || is_separator(text, length)) {
            ew_text_out_bytes(out, "\xef\xbf\xbd", 3);
            length = length == 0 ? 1 : length;
        } else if (text[0] == special[0] || text[0] == special[1]) {
            put_special(out, text[0]);
        } else {
            ew_text_out_bytes(out, text, length);
        }
        text += length;
        left -= length;
    }
}

static void put_colon(struct ew_text_out *out, char c)
{
    (void)c;
    ew_text_out_bytes(out, ":", 1);
}

static void put_escaped(struct ew_text_out *out, char c)
{
    const char escaped[2] = {'\\', c};
    ew_text_out_bytes(out, escaped, sizeof escaped);
}

void ew_text_out_frame(struct ew_text_out *out, const char *text)
{
    put_clean(out, text, ";;", put_colon);
}

void ew_text_out_dot(struct ew_text_out *out, const char *text)
{
    put_clean(out, text, "\"\\", put_escaped);
}
