/* SPDX-License-Identifier: Apache-2.0 */
/* A result as a file, whole or not at all. */
#include "cli/output_file.h"

#include "platform/file.h"

#include <stdio.h>

struct output {
    struct ew_file *file;
    uint64_t offset;
    struct ew_error error; /* of the first write that failed */
};

static bool write_output(void *context, const void *bytes, size_t byte_count)
{
    struct output *output = context;
    enum ew_status status =
        ew_file_write_at(output->file, output->offset, bytes, byte_count, &output->error);
    output->offset += byte_count;
    return status == EW_OK;
}

static enum ew_status fill(struct output *output, ew_cli_produce_fn produce, void *context,
                           struct ew_error *error)
{
    enum ew_status status = produce(context, write_output, output, error);
    if (status != EW_OK && output->error.text[0] != '\0') {
        *error = output->error;
    }
    return status == EW_OK ? ew_file_sync(output->file, error) : status;
}

enum ew_status ew_cli_write_file(const char *path, ew_cli_produce_fn produce, void *context,
                                 struct ew_error *error)
{
    char part[4096];
    struct output output = {.file = NULL};
    if ((size_t)snprintf(part, sizeof part, "%s.part", path) >= sizeof part) {
        return ew_fail(error, EW_USAGE, "--out: the path is too long");
    }
    enum ew_status status = ew_file_create(part, true, &output.file, error);
    if (status != EW_OK) {
        return status;
    }
    status = fill(&output, produce, context, error);
    ew_file_close(output.file);
    if (status == EW_OK) {
        status = ew_file_rename(part, path, true, error);
    }
    if (status != EW_OK) {
        enum ew_status removed = ew_file_remove(part, NULL);
        (void)removed;
    }
    return status;
}
