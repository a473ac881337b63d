/* SPDX-License-Identifier: Apache-2.0 */
/* Where in a JSON text a value stands: jansson forgets it. */
#ifndef EW_SYNTH_JSON_LINE_H
#define EW_SYNTH_JSON_LINE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The line (from 1) of the value that `path` names, such as "processes[2].name", and of
 * its member `key` when that is not NULL. A part that cannot be found ends the search
 * at the line reached. The text must be valid JSON.
 */
unsigned ew_json_line(const char *text, size_t byte_count, const char *path, const char *key);

/* True when nothing in the text is nested deeper than `depth_max`. Any text. */
bool ew_json_depth_is_at_most(const char *text, size_t byte_count, size_t depth_max);

#endif
