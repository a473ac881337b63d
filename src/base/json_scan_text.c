/* SPDX-License-Identifier: Apache-2.0 */
/* The pull scanner of JSON: texts, their escapes, and numbers. */
#include "base/json_scan_parts.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

/* --- texts ---------------------------------------------------------------------------------- */

/* Makes `byte_count` bytes at `*at` readable. */
static bool need(struct ew_json_scan *scan, const char **at, size_t byte_count)
{
    while ((size_t)(scan->window->end - *at) < byte_count) {
        size_t behind = (size_t)(*at - scan->token);
        enum ew_status status = ew_json_scan_more(scan);
        if (status == EW_END) {
            return ew_json_scan_fail(scan, EW_FORMAT, "the input ends inside a text");
        }
        if (status != EW_OK) {
            return false;
        }
        *at = scan->token + behind;
    }
    return true;
}

static bool fail_at(struct ew_json_scan *scan, const char *at, const char *reason)
{
    scan->token = at;
    return ew_json_scan_fail(scan, EW_FORMAT, "%s", reason);
}

/* Passes over a character that is not plain, or perhaps is; escapes are looked at later. */
static bool pass_special(struct ew_json_scan *scan, const char **at)
{
    unsigned char c = (unsigned char)**at;
    size_t length = c == '\\' ? 2 : c < 0x80 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
    if (c < 0x20) {
        return fail_at(scan, *at, "a control character stands in a text");
    }
    if (!need(scan, at, length)) {
        return false;
    }
    if (c >= 0x80 && !ew_text_is_utf8(*at, length)) {
        return fail_at(scan, *at, "is not UTF-8");
    }
    *at += length;
    return true;
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* Four hexadecimal digits; -1 when they are none. */
static int32_t hex_unit(const char *at, const char *end)
{
    int32_t unit = 0;
    if (end - at < 4) {
        return -1;
    }
    for (size_t i = 0; i < 4; i++) {
        int digit = hex_digit(at[i]);
        if (digit < 0) {
            return -1;
        }
        unit = unit * 16 + digit;
    }
    return unit;
}

/* The code point of "\u...." and its low surrogate at `at`, which it passes; -1: none. */
static int32_t escaped_point(const char **at, const char *end)
{
    int32_t high = hex_unit(*at + 2, end);
    if (high <= 0) {
        return -1;
    }
    *at += 6;
    if (high < 0xd800 || high > 0xdfff) {
        return high;
    }
    if (high > 0xdbff || end - *at < 6 || (*at)[0] != '\\' || (*at)[1] != 'u') {
        return -1;
    }
    int32_t low = hex_unit(*at + 2, end);
    if (low < 0xdc00 || low > 0xdfff) {
        return -1;
    }
    *at += 6;
    return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
}

static char *put_point(char *out, uint32_t point)
{
    if (point < 0x80) {
        *out++ = (char)point;
    } else if (point < 0x800) {
        *out++ = (char)(0xc0 | point >> 6);
        *out++ = (char)(0x80 | (point & 0x3f));
    } else if (point < 0x10000) {
        *out++ = (char)(0xe0 | point >> 12);
        *out++ = (char)(0x80 | (point >> 6 & 0x3f));
        *out++ = (char)(0x80 | (point & 0x3f));
    } else {
        *out++ = (char)(0xf0 | point >> 18);
        *out++ = (char)(0x80 | (point >> 12 & 0x3f));
        *out++ = (char)(0x80 | (point >> 6 & 0x3f));
        *out++ = (char)(0x80 | (point & 0x3f));
    }
    return out;
}

/* One escape at `*at`, decoded to `*out`; what it becomes is never longer. */
static bool decode_escape(const char **at, const char *end, char **out)
{
    static const char forms[] = "\"\"\\\\//b\bf\fn\nr\rt\t";
    char c = (*at)[1];
    if (c == 'u') {
        int32_t point = escaped_point(at, end);
        if (point < 0) {
            return false;
        }
        *out = put_point(*out, (uint32_t)point);
        return true;
    }
    for (size_t i = 0; i + 1 < sizeof forms; i += 2) {
        if (forms[i] == c) {
            *(*out)++ = forms[i + 1];
            *at += 2;
            return true;
        }
    }
    return false;
}

/* Decodes the text between `at` and `end` into the scratch memory. */
static bool decode(struct ew_json_scan *scan, const char *at, const char *end)
{
    if (scan->scratch == NULL && (scan->scratch = malloc(scan->text_bytes_max + 1)) == NULL) {
        return ew_json_scan_fail(scan, EW_NO_MEMORY, "no memory for a text of %zu bytes",
                                 scan->text_bytes_max);
    }
    char *out = scan->scratch;
    while (at < end) {
        const char *escape = at;
        if (*at != '\\') {
            *out++ = *at++;
        } else if (!decode_escape(&at, end, &out)) {
            return fail_at(scan, escape, "is no escape that JSON has, or no character");
        }
    }
    scan->text = scan->scratch;
    scan->text_bytes = (size_t)(out - scan->scratch);
    return true;
}

/* A text that is not plain, or not all in the window. */
static bool scan_special(struct ew_json_scan *scan)
{
    struct ew_byte_window *window = scan->window;
    const char *at = scan->token + 1;
    bool escapes = false;
    for (;;) {
        at = ew_json_plain_end(at, window->end);
        if (!need(scan, &at, 1)) {
            return false;
        }
        if (*at == '"') {
            break;
        }
        escapes |= *at == '\\';
        if (!pass_special(scan, &at)) {
            return false;
        }
    }
    window->at = at + 1;
    scan->text = scan->token + 1;
    scan->text_bytes = (size_t)(at - scan->text);
    if (scan->text_bytes > scan->text_bytes_max) {
        return ew_json_scan_fail(scan, EW_LIMIT, "is longer than %zu bytes",
                                 scan->text_bytes_max);
    }
    return !escapes || decode(scan, scan->text, at);
}

bool ew_json_scan_string(struct ew_json_scan *scan)
{
    struct ew_byte_window *window = scan->window;
    const char *from = scan->token + 1;
    const char *at = ew_json_plain_end(from, window->end);
    if (at == window->end || *at != '"' || (size_t)(at - from) > scan->text_bytes_max) {
        return scan_special(scan);
    }
    window->at = at + 1;
    scan->text = from;
    scan->text_bytes = (size_t)(at - from);
    return true;
}

/* --- numbers -------------------------------------------------------------------------------- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_number_byte(char c)
{
    return is_digit(c) || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E';
}

static const char *digits_end(const char *at, const char *end)
{
    while (at < end && is_digit(*at)) {
        at++;
    }
    return at;
}

/* The end of the integer part; NULL: there is none, or it begins with a 0 that is not all. */
static const char *integer_end(const char *at, const char *end)
{
    const char *behind = digits_end(at, end);
    return behind == at || (*at == '0' && behind - at > 1) ? NULL : behind;
}

/* Whether what follows the integer part is a fraction and an exponent, up to `end`. */
static bool is_rest(const char *at, const char *end)
{
    if (at < end && *at == '.') {
        const char *behind = digits_end(at + 1, end);
        if (behind == at + 1) {
            return false;
        }
        at = behind;
    }
    if (at < end && (*at == 'e' || *at == 'E')) {
        at++;
        at += at < end && (*at == '+' || *at == '-');
        const char *behind = digits_end(at, end);
        return behind == end && behind != at;
    }
    return at == end;
}

/* What the digits are worth; false when that is 2^64 or more. */
static bool integer_value(const char *at, const char *end, uint64_t *value_out)
{
    uint64_t value = 0;
    for (; at < end; at++) {
        uint64_t digit = (uint64_t)(*at - '0');
        if (value > (UINT64_MAX - digit) / 10) {
            return false;
        }
        value = value * 10 + digit;
    }
    *value_out = value;
    return true;
}

/* Finds the end of the bytes that numbers are made of. False: failed. */
static bool number_bytes(struct ew_json_scan *scan)
{
    size_t length = 0;
    enum ew_status status = EW_OK;
    while (status == EW_OK) {
        const char *at = scan->token + length;
        while (at < scan->window->end && is_number_byte(*at)) {
            at++;
        }
        length = (size_t)(at - scan->token);
        if (at < scan->window->end) {
            break;
        }
        status = ew_json_scan_more(scan);
    }
    scan->text = scan->token;
    scan->text_bytes = length;
    return status == EW_OK || status == EW_END;
}

bool ew_json_scan_number(struct ew_json_scan *scan)
{
    if (!number_bytes(scan)) {
        return false;
    }
    const char *end = scan->text + scan->text_bytes;
    const char *digits = scan->text + (*scan->text == '-');
    const char *behind = integer_end(digits, end);
    if (behind == NULL || !is_rest(behind, end)) {
        return ew_json_scan_fail(scan, EW_FORMAT, "is no number that JSON has");
    }
    if (scan->text_bytes > scan->text_bytes_max) {
        return ew_json_scan_fail(scan, EW_LIMIT, "is longer than %zu bytes",
                                 scan->text_bytes_max);
    }
    scan->magnitude = 0;
    scan->is_integer = behind == end && integer_value(digits, end, &scan->magnitude);
    scan->is_negative = digits != scan->text && scan->magnitude != 0;
    scan->window->at = end;
    return true;
}
