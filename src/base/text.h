/* SPDX-License-Identifier: Apache-2.0 */
/* Text: UTF-16 and 8-bit input made into valid UTF-8, hex, bounded formatting. */
#ifndef EW_BASE_TEXT_H
#define EW_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Compares short texts faster than a call of memcmp() does. */
static inline bool ew_bytes_equal(const char *a, const char *b, size_t byte_count)
{
    uint64_t words[4];
    if (byte_count > 16) {
        return memcmp(a, b, byte_count) == 0;
    }
    if (byte_count >= 8) {
        memcpy(&words[0], a, 8);
        memcpy(&words[1], b, 8);
        memcpy(&words[2], a + byte_count - 8, 8);
        memcpy(&words[3], b + byte_count - 8, 8);
        return ((words[0] ^ words[1]) | (words[2] ^ words[3])) == 0;
    }
    if (byte_count >= 4) {
        uint32_t halves[4];
        memcpy(&halves[0], a, 4);
        memcpy(&halves[1], b, 4);
        memcpy(&halves[2], a + byte_count - 4, 4);
        memcpy(&halves[3], b + byte_count - 4, 4);
        return ((halves[0] ^ halves[1]) | (halves[2] ^ halves[3])) == 0;
    }
    for (size_t i = 0; i < byte_count; i++) {
        if (a[i] != b[i]) {
            return false;
        }
    }
    return true;
}

/*
 * Converts UTF-16LE bytes to UTF-8, terminated. Lone surrogates become U+FFFD, so the
 * result is always valid. Cuts at a character boundary when `capacity` (terminator
 * included, at least 1) is too small. Answers the bytes written without terminator.
 */
size_t ew_text_from_utf16(const uint8_t *utf16, size_t byte_count, char *out, size_t capacity);

/*
 * Copies 8-bit text as UTF-8 when it is valid UTF-8, else byte by byte as Latin-1, so
 * that the result is always valid and the same on every machine. Cuts as above.
 */
size_t ew_text_from_bytes(const uint8_t *bytes, size_t byte_count, char *out, size_t capacity);

/* True when the bytes are valid UTF-8 (no surrogates, no overlong forms). */
bool ew_text_is_utf8(const void *bytes, size_t byte_count);

/* Lower-case hex of bytes, terminated; `out` holds 2 * byte_count + 1. */
void ew_text_hex(const void *bytes, size_t byte_count, char *out);

/* ASCII only: folds A-Z in place; compares without case. */
void ew_text_lower(char *text);
bool ew_text_equal_fold(const char *a, const char *b);

/* The part after the last '/' or '\\'; the whole text when there is none. */
const char *ew_text_file_name(const char *path);

/*
 * Reads a whole decimal (or 0x hexadecimal) number from all of `text`. False when it is
 * none, or above `max`.
 */
bool ew_text_parse_u64(const char *text, uint64_t max, uint64_t *value_out);

#endif
