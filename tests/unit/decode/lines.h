/* SPDX-License-Identifier: Apache-2.0 */
/* What `dump` writes, kept in memory and parsed line by line. */
#ifndef EW_TESTS_DECODE_LINES_H
#define EW_TESTS_DECODE_LINES_H

#include "cli/dump.h"

#include <jansson.h>

/* Zeroed is a valid empty text; released with text_free(). */
struct text {
    char *bytes;
    size_t used;
};

/* An ew_json_sink_fn over a struct text. */
bool text_sink(void *text, const void *bytes, size_t byte_count);
void text_free(struct text *text);

/*
 * Dumps one recording; every line is parsed. Answers a JSON array that the caller owns.
 * `options` may carry filters; its paths are replaced.
 */
json_t *dump_lines(const char *path, struct ew_dump_options *options,
                   struct ew_dump_result *result_out);

/* The string at a dotted path of members, "" when there is none. */
const char *text_at(json_t *line, const char *first, const char *second);

#endif
