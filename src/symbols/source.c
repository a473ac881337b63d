/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of a file that is read here and there. */
#include "symbols/source.h"

#include "platform/file.h"

#include <stdlib.h>
#include <string.h>

enum ew_status source_open(struct source *source, const char *path)
{
    memset(source, 0, sizeof *source);
    source->window = malloc(SOURCE_WINDOW_BYTES);
    if (source->window == NULL) {
        return EW_NO_MEMORY;
    }
    enum ew_status status = ew_file_open(path, &source->file, NULL);
    if (status == EW_OK) {
        status = ew_file_size(source->file, &source->byte_count, NULL);
    }
    if (status != EW_OK) {
        source_close(source);
    }
    return status;
}

void source_close(struct source *source)
{
    ew_file_close(source->file);
    free(source->window);
    memset(source, 0, sizeof *source);
}

static bool read_file(struct source *source, uint64_t offset, void *out, size_t byte_count)
{
    size_t got = 0;
    return ew_file_read_at(source->file, offset, out, byte_count, &got, NULL) == EW_OK
           && got == byte_count;
}

static bool fill_window(struct source *source, uint64_t offset)
{
    source->window_at = offset;
    source->window_bytes = 0;
    return ew_file_read_at(source->file, offset, source->window, SOURCE_WINDOW_BYTES,
                           &source->window_bytes, NULL)
           == EW_OK;
}

static bool in_window(const struct source *source, uint64_t offset, size_t byte_count)
{
    return offset >= source->window_at && offset - source->window_at <= source->window_bytes
           && byte_count <= source->window_bytes - (size_t)(offset - source->window_at);
}

bool source_read(struct source *source, uint64_t offset, void *out, size_t byte_count)
{
    if (offset > source->byte_count || byte_count > source->byte_count - offset) {
        return false;
    }
    if (byte_count == 0) {
        return true;
    }
    if (source->memory != NULL) {
        memcpy(out, source->memory + offset, byte_count);
        return true;
    }
    if (source->file == NULL || byte_count > SOURCE_WINDOW_BYTES) {
        return source->file != NULL && read_file(source, offset, out, byte_count);
    }
    if (!in_window(source, offset, byte_count)
        && (!fill_window(source, offset) || !in_window(source, offset, byte_count))) {
        return false;
    }
    memcpy(out, source->window + (size_t)(offset - source->window_at), byte_count);
    return true;
}
