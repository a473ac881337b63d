/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Patterns by the set of places in the text that can be reached: each atom turns one set
 * into the next, so there is nothing to go back on.
 */
#include "evidence/pattern.h"

#include <stdint.h>
#include <string.h>

struct atom {
    uint8_t bytes[256]; /* 1 where the byte matches */
    unsigned least;
    unsigned most;
};

static bool add_range(struct atom *atom, unsigned char low, unsigned char high)
{
    for (unsigned c = low; c <= high; c++) {
        atom->bytes[c] = 1;
    }
    return low <= high;
}

/* A class, after its '['; steps over the ']'. */
static bool read_class(const char **at, struct atom *atom)
{
    const char *p = *at;
    if (*p == '^' || *p == ']') {
        return false;
    }
    while (*p != ']') {
        p += *p == '\\';
        if (*p == '\0') {
            return false;
        }
        unsigned char low = (unsigned char)*p++;
        unsigned char high = low;
        if (p[0] == '-' && p[1] != ']' && p[1] != '\0') {
            high = (unsigned char)p[1];
            p += 2;
        }
        if (!add_range(atom, low, high)) {
            return false;
        }
    }
    *at = p + 1;
    return true;
}

static bool read_atom(const char **at, struct atom *atom)
{
    char c = *(*at)++;
    memset(atom, 0, sizeof *atom);
    switch (c) {
    case '[':
        return read_class(at, atom);
    case '.':
        return add_range(atom, 0, 255);
    case '\\':
        c = *(*at)++;
        /* \d, \w and their kind are not escapes of themselves. */
        if (c == '\0' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z')
            || (c >= 'A' && c <= 'Z')) {
            return false;
        }
        break;
    default:
        if (strchr("(){}|*+?^$]", c) != NULL) {
            return false;
        }
        break;
    }
    return add_range(atom, (unsigned char)c, (unsigned char)c);
}

static bool read_count(const char **at, unsigned *count_out)
{
    unsigned count = 0;
    const char *start = *at;
    while (**at >= '0' && **at <= '9' && count <= PATTERN_REPEAT_MAX) {
        count = count * 10 + (unsigned)(*(*at)++ - '0');
    }
    *count_out = count;
    return *at != start && count <= PATTERN_REPEAT_MAX;
}

static bool read_quantifier(const char **at, struct atom *atom)
{
    char c = **at;
    atom->least = c == '*' || c == '?' ? 0 : 1;
    atom->most = c == '*' || c == '+' ? PATTERN_TEXT_BYTES_MAX : 1;
    if (c == '*' || c == '+' || c == '?') {
        (*at)++;
        return true;
    }
    if (c != '{') {
        return true;
    }
    (*at)++;
    if (!read_count(at, &atom->least)) {
        return false;
    }
    atom->most = atom->least;
    if (**at == ',') {
        (*at)++;
        if (!read_count(at, &atom->most)) {
            return false;
        }
    }
    return *(*at)++ == '}' && atom->least <= atom->most;
}

/* The places that can be reached through an atom from those in `from`. */
static void step(const struct atom *atom, const char *text, size_t length, const uint8_t *from,
                 uint8_t *to)
{
    memset(to, 0, length + 1);
    for (size_t start = 0; start <= length; start++) {
        if (!from[start]) {
            continue;
        }
        size_t at = start;
        for (unsigned taken = 0;; taken++, at++) {
            if (taken >= atom->least) {
                if (to[at] && atom->most == PATTERN_TEXT_BYTES_MAX && taken > atom->least) {
                    break; /* from here on another start has been everywhere */
                }
                to[at] = 1;
            }
            if (taken == atom->most || at == length || !atom->bytes[(unsigned char)text[at]]) {
                break;
            }
        }
    }
}

enum ew_status pattern_match(const char *pattern, const char *text, bool *matches_out)
{
    uint8_t sets[2][PATTERN_TEXT_BYTES_MAX + 1];
    size_t length = strlen(text);
    unsigned current = 0;
    *matches_out = false;
    if (length > PATTERN_TEXT_BYTES_MAX) {
        return EW_OK;
    }
    bool anchored = *pattern == '^';
    pattern += anchored;
    memset(sets[0], anchored ? 0 : 1, length + 1);
    sets[0][0] = 1;
    while (*pattern != '\0' && strcmp(pattern, "$") != 0) {
        struct atom atom;
        if (!read_atom(&pattern, &atom) || !read_quantifier(&pattern, &atom)) {
            return EW_UNSUPPORTED;
        }
        step(&atom, text, length, sets[current], sets[1 - current]);
        current = 1 - current;
    }
    size_t first = *pattern == '$' ? length : 0;
    *matches_out = memchr(sets[current] + first, 1, length + 1 - first) != NULL;
    return EW_OK;
}
