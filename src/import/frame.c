/* SPDX-License-Identifier: Apache-2.0 */
/* Names of folded stacks, as bcc, bpftrace and the collapsers of perf script write them. */
#include "import/parts.h"

#include <string.h>

static bool is(struct slice text, const char *word)
{
    return text.bytes == strlen(word) && memcmp(text.at, word, text.bytes) == 0;
}

static bool begins(struct slice text, const char *word)
{
    size_t length = strlen(word);
    return text.bytes >= length && memcmp(text.at, word, length) == 0;
}

/* Removes `suffix`; false when it is not there, or all there is. */
static bool drop_suffix(struct slice *text, const char *suffix)
{
    size_t length = strlen(suffix);
    if (text->bytes <= length || memcmp(text->at + text->bytes - length, suffix, length) != 0) {
        return false;
    }
    text->bytes -= length;
    return true;
}

static bool is_digit(char c, bool hex)
{
    return (c >= '0' && c <= '9') || (hex && c >= 'a' && c <= 'f');
}

/* True when all of the text from `at` on is digits, at least one. */
static bool is_number(struct slice text, size_t at, bool hex)
{
    if (at >= text.bytes) {
        return false;
    }
    for (; at < text.bytes; at++) {
        if (!is_digit(text.at[at], hex)) {
            return false;
        }
    }
    return true;
}

static bool is_address(struct slice text)
{
    return begins(text, "0x") && is_number(text, 2, true);
}

/* The distance into the function: "+12", "+0x1f". */
static void drop_offset(struct slice *text)
{
    size_t at = text->bytes;
    while (at > 0 && text->at[at - 1] != '+') {
        at--;
    }
    if (at < 2) {
        return;
    }
    struct slice rest = {text->at + at, text->bytes - at};
    if (is_number(rest, 0, false) || is_address(rest)) {
        text->bytes = at - 1;
    }
}

/* "module`function", as DTrace and tools after it write. A module with a colon would make keys
 * that can be read in two ways. */
static void split_module(struct frame *frame)
{
    const char *tick = memchr(frame->name.at, '`', frame->name.bytes);
    size_t length = tick != NULL ? (size_t)(tick - frame->name.at) : 0;
    if (length > 0 && length + 1 < frame->name.bytes
        && memchr(frame->name.at, ':', length) == NULL) {
        frame->module.at = frame->name.at;
        frame->module.bytes = length;
        frame->name.at += length + 1;
        frame->name.bytes -= length + 1;
    }
}

/* Brackets stand for what is no function: a marker, or a module without a name. */
static enum frame_kind read_marker(struct slice text)
{
    if (is(text, "-") || is(text, "--")) {
        return FRAME_SEPARATOR;
    }
    if (begins(text, "[Missed ")) {
        return FRAME_MISSED;
    }
    if (begins(text, "[Truncated ") || is(text, "[truncated]")) {
        return FRAME_CUT;
    }
    bool bracketed = text.bytes > 1 && text.at[0] == '[' && text.at[text.bytes - 1] == ']';
    return text.bytes == 0 || bracketed || is(text, "unknown") || is_address(text) ? FRAME_UNKNOWN
                                                                                   : FRAME_USER;
}

struct frame ew_frame_read(struct slice text)
{
    struct frame frame = {.name = text};
    if (drop_suffix(&frame.name, "_[k]")) {
        frame.kind = FRAME_KERNEL;
    } else if (drop_suffix(&frame.name, "_[j]")) {
        frame.kind = FRAME_JIT;
    } else if (drop_suffix(&frame.name, "_[i]")) {
        frame.inlined = true;
    }
    enum frame_kind marker = read_marker(frame.name);
    if (marker != FRAME_USER) {
        frame.kind = marker;
        return frame;
    }
    drop_offset(&frame.name);
    split_module(&frame);
    return frame;
}
