/* SPDX-License-Identifier: Apache-2.0 */
/* Text: UTF-16 and 8-bit input made into valid UTF-8, hex, bounded formatting. */
#include "base/text.h"

#include "base/cursor.h"

static size_t utf8_length(uint32_t code)
{
    return code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
}

static void utf8_store(uint32_t code, size_t length, char *out)
{
    static const uint8_t lead[5] = {0, 0, 0xc0, 0xe0, 0xf0};
    if (length == 1) {
        out[0] = (char)code;
        return;
    }
    for (size_t i = length - 1; i > 0; i--) {
        out[i] = (char)(0x80 | (code & 0x3f));
        code >>= 6;
    }
    out[0] = (char)(lead[length] | code);
}

/* One code point at `*at` (even, below `byte_count`); steps over it. */
static uint32_t utf16_next(const uint8_t *utf16, size_t byte_count, size_t *at)
{
    uint32_t unit = ew_load_u16(utf16 + *at);
    *at += 2;
    if (unit < 0xd800 || unit > 0xdfff) {
        return unit;
    }
    if (unit > 0xdbff || *at + 2 > byte_count) {
        return 0xfffd;
    }
    uint32_t low = ew_load_u16(utf16 + *at);
    if (low < 0xdc00 || low > 0xdfff) {
        return 0xfffd;
    }
    *at += 2;
    return 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
}

size_t ew_text_from_utf16(const uint8_t *utf16, size_t byte_count, char *out, size_t capacity)
{
    size_t written = 0;
    size_t at = 0;
    byte_count &= ~(size_t)1;
    while (at < byte_count) {
        uint32_t code = utf16_next(utf16, byte_count, &at);
        size_t length = utf8_length(code);
        if (length >= capacity - written) {
            break;
        }
        utf8_store(code, length, out + written);
        written += length;
    }
    out[written] = '\0';
    return written;
}

/* The length of the valid UTF-8 sequence at `at`, 0 when there is none. */
static size_t utf8_sequence(const uint8_t *at, size_t left)
{
    if (at[0] < 0x80) {
        return 1;
    }
    size_t length = at[0] >= 0xf0 ? 4 : at[0] >= 0xe0 ? 3 : 2;
    if (at[0] < 0xc2 || at[0] > 0xf4 || left < length) {
        return 0;
    }
    uint32_t code = at[0] & (0x7fu >> length);
    for (size_t i = 1; i < length; i++) {
        if ((at[i] & 0xc0) != 0x80) {
            return 0;
        }
        code = code << 6 | (at[i] & 0x3f);
    }
    bool surrogate = code >= 0xd800 && code <= 0xdfff;
    return surrogate || code > 0x10ffff || utf8_length(code) != length ? 0 : length;
}

bool ew_text_is_utf8(const void *bytes, size_t byte_count)
{
    const uint8_t *at = bytes;
    size_t left = byte_count;
    while (left > 0) {
        size_t length = utf8_sequence(at, left);
        if (length == 0) {
            return false;
        }
        at += length;
        left -= length;
    }
    return true;
}

size_t ew_text_from_bytes(const uint8_t *bytes, size_t byte_count, char *out, size_t capacity)
{
    bool utf8 = ew_text_is_utf8(bytes, byte_count);
    size_t written = 0;
    size_t at = 0;
    while (at < byte_count) {
        size_t taken = utf8 ? utf8_sequence(bytes + at, byte_count - at) : 1;
        size_t length = utf8 ? taken : utf8_length(bytes[at]);
        if (length >= capacity - written) {
            break;
        }
        if (utf8) {
            memcpy(out + written, bytes + at, length);
        } else {
            utf8_store(bytes[at], length, out + written);
        }
        written += length;
        at += taken;
    }
    out[written] = '\0';
    return written;
}

void ew_text_hex(const void *bytes, size_t byte_count, char *out)
{
    static const char digits[] = "0123456789abcdef";
    const uint8_t *in = bytes;
    for (size_t i = 0; i < byte_count; i++) {
        out[2 * i] = digits[in[i] >> 4];
        out[2 * i + 1] = digits[in[i] & 15];
    }
    out[2 * byte_count] = '\0';
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

void ew_text_lower(char *text)
{
    for (; *text != '\0'; text++) {
        *text = lower(*text);
    }
}

bool ew_text_equal_fold(const char *a, const char *b)
{
    while (*a != '\0' && lower(*a) == lower(*b)) {
        a++;
        b++;
    }
    return lower(*a) == lower(*b);
}

const char *ew_text_file_name(const char *path)
{
    const char *name = path;
    for (const char *at = path; *at != '\0'; at++) {
        if (*at == '/' || *at == '\\') {
            name = at + 1;
        }
    }
    return name;
}

static int digit_value(char c)
{
    c = lower(c);
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : 99;
}

bool ew_text_parse_u64(const char *text, uint64_t max, uint64_t *value_out)
{
    unsigned base = 10;
    if (text[0] == '0' && lower(text[1]) == 'x') {
        base = 16;
        text += 2;
    }
    uint64_t value = 0;
    if (*text == '\0') {
        return false;
    }
    for (; *text != '\0'; text++) {
        unsigned digit = (unsigned)digit_value(*text);
        if (digit >= base || digit > max || value > (max - digit) / base) {
            return false;
        }
        value = value * base + digit;
    }
    *value_out = value;
    return true;
}
