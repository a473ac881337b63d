/* SPDX-License-Identifier: Apache-2.0 */
/* Walks over valid JSON text with line numbers, which jansson forgets. */
#ifndef EW_SERVICE_SETTINGS_SCAN_H
#define EW_SERVICE_SETTINGS_SCAN_H

#include <stdbool.h>
#include <stddef.h>

/* A piece of the text, and the line (from 1) on which it begins. */
struct ew_scan_piece {
    const char *text;
    size_t bytes;
    unsigned line;
};

/* Where the walk over one object or array is. */
struct ew_scan {
    const char *at;
    const char *end;
    unsigned line;
};

/* Begins behind the bracket of an object or array, which `value` is. */
struct ew_scan ew_scan_inside(struct ew_scan_piece value);

/* The value without the white space around it. */
struct ew_scan_piece ew_scan_trimmed(struct ew_scan_piece value);

/* The next member; false at the end. `key_out` has its quotes and escapes. */
bool ew_scan_member(struct ew_scan *scan, struct ew_scan_piece *key_out,
                    struct ew_scan_piece *value_out);

/* The next element; false at the end. */
bool ew_scan_element(struct ew_scan *scan, struct ew_scan_piece *value_out);

/* True when nothing in the text is nested deeper than `depth_max`. Any text. */
bool ew_scan_is_shallow(struct ew_scan_piece text, size_t depth_max);

#endif
