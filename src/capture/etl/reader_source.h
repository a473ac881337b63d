/* SPDX-License-Identifier: Apache-2.0 */
/* Where the bytes of a recording come from: a file, or memory in tests and fuzzing. */
#ifndef EW_CAPTURE_ETL_READER_SOURCE_H
#define EW_CAPTURE_ETL_READER_SOURCE_H

#include "platform/file.h"

#include <stddef.h>
#include <stdint.h>

struct ew_etl_source {
    struct ew_file *file;  /* NULL: memory */
    const uint8_t *memory; /* borrowed */
    uint64_t bytes;        /* as measured when it was opened */
};

EW_MUST_USE enum ew_status ew_etl_source_open(const char *path, struct ew_etl_source *source_out,
                                              struct ew_error *error);
void ew_etl_source_close(struct ew_etl_source *source);

/* Reads up to `byte_count` bytes at `offset`; fewer only at the end. */
EW_MUST_USE enum ew_status ew_etl_source_read(const struct ew_etl_source *source, uint64_t offset,
                                              void *out, size_t byte_count, size_t *read_out,
                                              struct ew_error *error);

#endif
