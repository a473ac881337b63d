/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of a JSON document before it is parsed: how deep, how many, how spelt. */
#include "evidence/check_scan.h"

#include "etwitness/limits.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* An object or a list that is open. */
struct level {
    bool object;
    bool key_is_next;
    const char *key; /* the member before, between its quotes; NULL: none */
    const char *key_end;
};

struct scanner {
    const char *from;
    const char *at;
    const char *end;
    struct check_scan found;
    unsigned depth;
    struct level levels[EW_JSON_DEPTH_MAX];
};

/* The first fault is the one to tell. */
static void note(struct scanner *scanner, const char *at, const char *fault)
{
    if (scanner->found.fault == NULL) {
        scanner->found.fault = fault;
        scanner->found.fault_at = (size_t)(at - scanner->from);
    }
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static int hex_value(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *found = c != '\0' ? strchr(digits, c) : NULL;
    return found != NULL ? (int)(found - digits) : -1;
}

/* The character that a canonical escape stands for; -1 when it is no such escape. `at`
 * is behind the backslash; `*length_out` is what follows it. */
static int escaped_character(const char *at, const char *end, size_t *length_out)
{
    static const char forms[] = "b\bt\tn\nf\fr\r\"\"\\\\";
    *length_out = 1;
    for (size_t i = 0; at < end && i + 1 < sizeof forms; i += 2) {
        if (*at == forms[i]) {
            return forms[i + 1];
        }
    }
    if (end - at < 5 || memcmp(at, "u00", 3) != 0) {
        return -1;
    }
    int high = hex_value(at[3]);
    int low = hex_value(at[4]);
    int value = high * 16 + low;
    *length_out = 5;
    bool has_short_form =
        value == '\b' || value == '\t' || value == '\n' || value == '\f' || value == '\r';
    return high < 0 || high > 1 || low < 0 || has_short_form ? -1 : value;
}

static size_t utf8_length(unsigned char lead)
{
    return lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

/*
 * The next character of a name, as a number that sorts as RFC 8785 does: by UTF-16
 * units. Bytes that are no UTF-8 are taken one by one; the parser refuses them later.
 */
static uint32_t next_in_order(const char **at, const char *end)
{
    unsigned char lead = (unsigned char)**at;
    size_t length = utf8_length(lead);
    if (lead == '\\') {
        int character = escaped_character(*at + 1, end, &length);
        *at += (size_t)(end - *at) > length ? length + 1 : 1;
        return character < 0 ? 0 : (uint32_t)character << 10;
    }
    if ((size_t)(end - *at) < length || length == 1) {
        *at += 1;
        return (uint32_t)lead << 10;
    }
    uint32_t point = lead & (0xffU >> (length + 1));
    for (size_t i = 1; i < length; i++) {
        point = point << 6 | ((unsigned char)(*at)[i] & 0x3fU);
    }
    *at += length;
    if (point < 0x10000) {
        return point << 10;
    }
    point -= 0x10000;
    return (0xd800 + (point >> 10)) << 10 | (point & 0x3ff);
}

static int compare_names(const char *a, const char *a_end, const char *b, const char *b_end)
{
    while (a < a_end && b < b_end) {
        uint32_t left = next_in_order(&a, a_end);
        uint32_t right = next_in_order(&b, b_end);
        if (left != right) {
            return left < right ? -1 : 1;
        }
    }
    return (a < a_end) - (b < b_end);
}

static void scan_key(struct scanner *scanner, struct level *level, const char *key,
                     const char *key_end)
{
    if (level->key != NULL && compare_names(level->key, level->key_end, key, key_end) >= 0) {
        note(scanner, key, "a member is not above the one before it");
    }
    level->key = key;
    level->key_end = key_end;
    level->key_is_next = false;
}

/* A text; `at` is on its opening quote and ends behind the closing one. */
static void scan_text(struct scanner *scanner)
{
    const char *from = ++scanner->at;
    const char *at = from;
    while (at < scanner->end && *at != '"') {
        if (*at++ != '\\') {
            continue;
        }
        size_t length = 1;
        if (escaped_character(at, scanner->end, &length) < 0) {
            note(scanner, at - 1, "an escape that is not needed or not the short one");
            length = 1;
        }
        at += (size_t)(scanner->end - at) < length ? (size_t)(scanner->end - at) : length;
    }
    scanner->at = at < scanner->end ? at + 1 : at;
    struct level *level = scanner->depth > 0 ? &scanner->levels[scanner->depth - 1] : NULL;
    if (level != NULL && level->object && level->key_is_next) {
        scan_key(scanner, level, from, at);
    } else {
        scanner->found.value_count++;
    }
}

/* True for a whole number as canonical JSON spells it, of at most 2^53 - 1. */
static bool is_canonical_number(const char *at, const char *end)
{
    uint64_t value = 0;
    bool negative = at < end && *at == '-';
    at += negative ? 1 : 0;
    if (at == end || (*at == '0' && (negative || end - at > 1))) {
        return false;
    }
    for (; at < end; at++) {
        if (*at < '0' || *at > '9' || value > EW_JSON_INTEGER_MAX / 10) {
            return false;
        }
        value = value * 10 + (uint64_t)(*at - '0');
    }
    return value <= EW_JSON_INTEGER_MAX;
}

/* A number, or true, false or null. */
static void scan_word(struct scanner *scanner)
{
    const char *from = scanner->at;
    while (scanner->at < scanner->end && !is_space(*scanner->at)
           && memchr(",:]}[{\"", *scanner->at, 7) == NULL) {
        scanner->at++;
    }
    bool number = *from == '-' || (*from >= '0' && *from <= '9');
    if (number && !is_canonical_number(from, scanner->at)) {
        note(scanner, from, "a number that is not a whole one of at most 2^53 - 1");
    }
    scanner->found.value_count++;
}

static bool open_level(struct scanner *scanner, bool object)
{
    if (scanner->depth == EW_JSON_DEPTH_MAX) {
        return false;
    }
    struct level *level = &scanner->levels[scanner->depth++];
    level->object = object;
    level->key_is_next = object;
    level->key = NULL;
    level->key_end = NULL;
    scanner->found.value_count++;
    scanner->at++;
    return true;
}

/* False when a level too many is opened. */
static bool scan_one(struct scanner *scanner)
{
    char c = *scanner->at;
    if (c == '"') {
        scan_text(scanner);
    } else if (c == '{' || c == '[') {
        return open_level(scanner, c == '{');
    } else if (c == '}' || c == ']') {
        scanner->depth -= scanner->depth > 0 ? 1 : 0;
        scanner->at++;
    } else if (c == ',' || c == ':') {
        if (c == ',' && scanner->depth > 0) {
            scanner->levels[scanner->depth - 1].key_is_next = true;
        }
        scanner->at++;
    } else if (is_space(c)) {
        note(scanner, scanner->at, "white space");
        scanner->at++;
    } else {
        scan_word(scanner);
    }
    return true;
}

enum ew_status check_scan(const char *bytes, size_t byte_count, struct check_scan *scan_out,
                          struct ew_error *error)
{
    struct scanner scanner;
    memset(&scanner, 0, sizeof scanner);
    scanner.from = scanner.at = bytes;
    scanner.end = bytes + byte_count;
    while (scanner.at < scanner.end) {
        if (!scan_one(&scanner)) {
            return ew_fail(error, EW_LIMIT, "byte %zu: is nested deeper than %d",
                           (size_t)(scanner.at - bytes), EW_JSON_DEPTH_MAX);
        }
        if (scanner.found.value_count > EW_DOCUMENT_VALUES_MAX) {
            return ew_fail(error, EW_LIMIT, "has more than %d values", EW_DOCUMENT_VALUES_MAX);
        }
    }
    *scan_out = scanner.found;
    return EW_OK;
}

void check_defuse(char *text)
{
    for (unsigned char *at = (unsigned char *)text; *at != '\0'; at++) {
        if (at[0] == 0xc2 && at[1] >= 0x80 && at[1] < 0xa0) {
            at[0] = '?';
            at[1] = '?';
        } else if (*at < 0x20 || *at == 0x7f) {
            *at = '?';
        }
    }
}
