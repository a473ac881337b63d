/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of a file that is read here and there: an open file, or memory in tests. */
#ifndef EW_SYMBOLS_SOURCE_H
#define EW_SYMBOLS_SOURCE_H

#include "etwitness/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SOURCE_WINDOW_BYTES = 16 * 1024 };

/* Zeroed but for `memory` and `byte_count` it is a source over memory. */
struct source {
    const uint8_t *memory; /* NULL: the file */
    uint64_t byte_count;
    struct ew_file *file;
    uint8_t *window; /* of the file, SOURCE_WINDOW_BYTES: reads are small and near each other */
    uint64_t window_at;
    size_t window_bytes;
};

/* EW_IO, EW_NOT_FOUND, EW_NO_MEMORY. Closed with source_close(), which takes a zeroed one as
 * well. */
EW_MUST_USE enum ew_status source_open(struct source *source, const char *path);
void source_close(struct source *source);

/* All of the bytes, or false: beyond the end, or the file could not be read. */
bool source_read(struct source *source, uint64_t offset, void *out, size_t byte_count);

#endif
