/* SPDX-License-Identifier: Apache-2.0 */
/* Follows a path through JSON text without building anything. */
#include "synth/json_line.h"

#include <string.h>

struct scan {
    const char *at;
    const char *end;
    unsigned line;
};

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void step(struct scan *scan)
{
    if (*scan->at == '\n') {
        scan->line++;
    }
    scan->at++;
}

static void skip_space(struct scan *scan)
{
    while (scan->at < scan->end && is_space(*scan->at)) {
        step(scan);
    }
}

/* From one quote to behind the other; answers the text between, escapes and all. */
static const char *skip_string(struct scan *scan, size_t *bytes_out)
{
    const char *from = ++scan->at;
    while (scan->at < scan->end && *scan->at != '"') {
        scan->at += *scan->at == '\\' && scan->end - scan->at > 1 ? 2 : 1;
    }
    *bytes_out = (size_t)(scan->at - from);
    if (scan->at < scan->end) {
        scan->at++;
    }
    return from;
}

static void skip_value(struct scan *scan)
{
    size_t depth = 0;
    skip_space(scan);
    while (scan->at < scan->end) {
        char c = *scan->at;
        if (c == '"') {
            size_t bytes;
            (void)skip_string(scan, &bytes);
            continue;
        }
        if (depth == 0 && (c == ',' || c == ']' || c == '}')) {
            return;
        }
        if (c == '{' || c == '[') {
            depth++;
        } else if (c == '}' || c == ']') {
            depth--;
        }
        step(scan);
    }
}

/* From before an object to before the value of its member; false when it has none. */
static bool enter_member(struct scan *scan, const char *key, size_t key_bytes)
{
    skip_space(scan);
    if (scan->at == scan->end || *scan->at != '{') {
        return false;
    }
    struct scan inside = *scan;
    inside.at++;
    for (;;) {
        skip_space(&inside);
        if (inside.at == inside.end || *inside.at != '"') {
            return false;
        }
        size_t found_bytes;
        const char *found = skip_string(&inside, &found_bytes);
        skip_space(&inside);
        if (inside.at < inside.end) {
            inside.at++; /* the colon */
        }
        skip_space(&inside);
        if (found_bytes == key_bytes && memcmp(found, key, key_bytes) == 0) {
            *scan = inside;
            return true;
        }
        skip_value(&inside);
        skip_space(&inside);
        if (inside.at == inside.end || *inside.at != ',') {
            return false;
        }
        inside.at++;
    }
}

static bool enter_element(struct scan *scan, size_t index)
{
    skip_space(scan);
    if (scan->at == scan->end || *scan->at != '[') {
        return false;
    }
    struct scan inside = *scan;
    inside.at++;
    for (; index > 0; index--) {
        skip_value(&inside);
        if (inside.at == inside.end || *inside.at != ',') {
            return false;
        }
        inside.at++;
    }
    skip_space(&inside);
    *scan = inside;
    return true;
}

/* One step of the path: "[12]", "name" or ".name". */
static bool enter_part(struct scan *scan, const char **path)
{
    const char *at = *path;
    if (*at == '[') {
        size_t index = 0;
        for (at++; *at >= '0' && *at <= '9'; at++) {
            index = index * 10 + (size_t)(*at - '0');
        }
        *path = *at == ']' ? at + 1 : at;
        return enter_element(scan, index);
    }
    at += *at == '.' ? 1 : 0;
    size_t bytes = strcspn(at, ".[");
    *path = at + bytes;
    return bytes != 0 && enter_member(scan, at, bytes);
}

unsigned ew_json_line(const char *text, size_t byte_count, const char *path, const char *key)
{
    struct scan scan = {.at = text, .end = text + byte_count, .line = 1};
    skip_space(&scan);
    while (*path != '\0') {
        if (!enter_part(&scan, &path)) {
            return scan.line;
        }
    }
    if (key != NULL) {
        (void)enter_member(&scan, key, strlen(key));
    }
    return scan.line;
}

bool ew_json_depth_is_at_most(const char *text, size_t byte_count, size_t depth_max)
{
    struct scan scan = {.at = text, .end = text + byte_count, .line = 1};
    size_t depth = 0;
    while (scan.at < scan.end) {
        char c = *scan.at;
        if (c == '"') {
            size_t bytes;
            (void)skip_string(&scan, &bytes);
            continue;
        }
        if (c == '{' || c == '[') {
            depth++;
        } else if ((c == '}' || c == ']') && depth > 0) {
            depth--;
        }
        if (depth > depth_max) {
            return false;
        }
        scan.at++;
    }
    return true;
}
