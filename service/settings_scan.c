/* SPDX-License-Identifier: Apache-2.0 */
/* Steps through JSON text member by member. Never leaves the text, valid or not. */
#include "settings_scan.h"

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void step(struct ew_scan *scan)
{
    if (*scan->at == '\n') {
        scan->line++;
    }
    scan->at++;
}

static void skip_space(struct ew_scan *scan)
{
    while (scan->at < scan->end && is_space(*scan->at)) {
        step(scan);
    }
}

/* From one quote to behind the other. */
static void skip_string(struct ew_scan *scan)
{
    step(scan);
    while (scan->at < scan->end && *scan->at != '"') {
        if (*scan->at == '\\' && scan->end - scan->at > 1) {
            step(scan);
        }
        step(scan);
    }
    if (scan->at < scan->end) {
        step(scan);
    }
}

/* To the comma or bracket that ends a value, white space before it included. */
static void skip_value(struct ew_scan *scan)
{
    size_t depth = 0;
    while (scan->at < scan->end) {
        char c = *scan->at;
        if (c == '"') {
            skip_string(scan);
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

/* What was walked over since `from`, without white space at its end. */
static struct ew_scan_piece piece(struct ew_scan from, const struct ew_scan *to)
{
    const char *end = to->at;
    while (end > from.at && is_space(end[-1])) {
        end--;
    }
    return (struct ew_scan_piece){from.at, (size_t)(end - from.at), from.line};
}

static void skip_comma(struct ew_scan *scan)
{
    skip_space(scan);
    if (scan->at < scan->end && *scan->at == ',') {
        step(scan);
    }
}

struct ew_scan_piece ew_scan_trimmed(struct ew_scan_piece value)
{
    struct ew_scan scan = {value.text, value.text + value.bytes, value.line};
    skip_space(&scan);
    struct ew_scan end = {scan.end, scan.end, 0};
    return piece(scan, &end);
}

struct ew_scan ew_scan_inside(struct ew_scan_piece value)
{
    struct ew_scan scan = {value.text, value.text + value.bytes, value.line};
    skip_space(&scan);
    if (scan.at < scan.end) {
        step(&scan);
    }
    return scan;
}

bool ew_scan_element(struct ew_scan *scan, struct ew_scan_piece *value_out)
{
    skip_space(scan);
    if (scan->at == scan->end || *scan->at == ']' || *scan->at == '}') {
        return false;
    }
    struct ew_scan from = *scan;
    skip_value(scan);
    *value_out = piece(from, scan);
    skip_comma(scan);
    return true;
}

bool ew_scan_member(struct ew_scan *scan, struct ew_scan_piece *key_out,
                    struct ew_scan_piece *value_out)
{
    skip_space(scan);
    if (scan->at == scan->end || *scan->at != '"') {
        return false;
    }
    struct ew_scan from = *scan;
    skip_string(scan);
    *key_out = piece(from, scan);
    skip_space(scan);
    if (scan->at < scan->end) {
        step(scan); /* the colon */
    }
    return ew_scan_element(scan, value_out);
}

bool ew_scan_is_shallow(struct ew_scan_piece text, size_t depth_max)
{
    struct ew_scan scan = {text.text, text.text + text.bytes, 1};
    size_t depth = 0;
    while (scan.at < scan.end) {
        char c = *scan.at;
        if (c == '"') {
            skip_string(&scan);
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
        step(&scan);
    }
    return true;
}
