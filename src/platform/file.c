/* SPDX-License-Identifier: Apache-2.0 */
/* The part of file.h that needs no operating system of its own. */
#include "platform/file.h"

#include <stdlib.h>

static enum ew_status read_whole(struct ew_file *file, const char *path, size_t bytes_max,
                                 char **bytes_out, size_t *byte_count_out, struct ew_error *error)
{
    uint64_t bytes = 0;
    enum ew_status status = ew_file_size(file, &bytes, error);
    if (status != EW_OK) {
        return status;
    }
    if (bytes > bytes_max) {
        return ew_fail(error, EW_LIMIT, "%s: has %llu bytes, at most %zu are read", path,
                       (unsigned long long)bytes, bytes_max);
    }
    char *text = malloc((size_t)bytes + 1);
    if (text == NULL) {
        return ew_fail(error, EW_NO_MEMORY, "%s: no memory for %llu bytes", path,
                       (unsigned long long)bytes);
    }
    size_t got = 0;
    status = ew_file_read_at(file, 0, text, (size_t)bytes, &got, error);
    if (status != EW_OK) {
        free(text);
        return status;
    }
    text[got] = '\0';
    *bytes_out = text;
    *byte_count_out = got;
    return EW_OK;
}

enum ew_status ew_file_read_all(const char *path, size_t bytes_max, char **bytes_out,
                                size_t *byte_count_out, struct ew_error *error)
{
    struct ew_file *file = NULL;
    enum ew_status status = ew_file_open(path, &file, error);
    if (status != EW_OK) {
        return status;
    }
    status = read_whole(file, path, bytes_max, bytes_out, byte_count_out, error);
    ew_file_close(file);
    return status;
}
