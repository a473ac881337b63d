/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a recording's bytes from a file or from memory. */
#include "capture/etl/reader_source.h"

#include <string.h>

enum ew_status ew_etl_source_open(const char *path, struct ew_etl_source *source_out,
                                  struct ew_error *error)
{
    struct ew_etl_source source = {0};
    enum ew_status status = ew_file_open(path, &source.file, error);
    if (status == EW_OK) {
        status = ew_file_size(source.file, &source.bytes, error);
    }
    if (status != EW_OK) {
        ew_file_close(source.file);
        return status;
    }
    *source_out = source;
    return EW_OK;
}

void ew_etl_source_close(struct ew_etl_source *source)
{
    ew_file_close(source->file);
    source->file = NULL;
}

enum ew_status ew_etl_source_read(const struct ew_etl_source *source, uint64_t offset, void *out,
                                  size_t byte_count, size_t *read_out, struct ew_error *error)
{
    uint64_t left = offset < source->bytes ? source->bytes - offset : 0;
    if (byte_count > left) {
        byte_count = (size_t)left;
    }
    if (source->file != NULL) {
        return ew_file_read_at(source->file, offset, out, byte_count, read_out, error);
    }
    if (byte_count > 0) {
        memcpy(out, source->memory + offset, byte_count);
    }
    *read_out = byte_count;
    return EW_OK;
}
