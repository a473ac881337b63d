/* SPDX-License-Identifier: Apache-2.0 */
/* An export as a text. */
#ifndef EW_TESTS_EXPORT_TEXT_H
#define EW_TESTS_EXPORT_TEXT_H

#include "etwitness/export.h"

/* Zeroed is empty. */
struct export_text {
    char *bytes; /* terminated */
    size_t used;
    size_t capacity;
    size_t room; /* 0: any; else the sink refuses what goes beyond */
};

bool export_text_sink(void *text, const void *bytes, size_t byte_count);

/* What is exported, instead of what was there. Fails the test when the export fails. */
struct ew_export_counts export_text_write(struct export_text *text,
                                          const struct ew_export_options *options);

void export_text_free(struct export_text *text);

#endif
