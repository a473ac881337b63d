/* SPDX-License-Identifier: Apache-2.0 */
/* Documents of files and directories. */
#include "platform/file.h"
#include "windows/set.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_BYTES = 4096, NAME_BYTES = 96, NAMES_FIRST = 256 };

enum ew_status ew_window_set_add(struct ew_window_set *set, const char *path,
                                 struct ew_error *error)
{
    char *bytes = NULL;
    size_t byte_count = 0;
    enum ew_status status =
        ew_file_read_all(path, EW_DOCUMENT_BYTES_MAX, &bytes, &byte_count, error);
    if (status == EW_OK) {
        status = ew_window_set_add_bytes(set, path, bytes, byte_count, error);
        free(bytes);
    }
    return status;
}

/* Names of published documents, which have one length. */
struct names {
    char (*items)[NAME_BYTES];
    size_t count;
    size_t capacity;
    enum ew_status status;
};

static enum ew_status reserve(struct names *names)
{
    if (names->count < names->capacity) {
        return EW_OK;
    }
    if (names->count >= EW_WINDOW_DOCUMENTS_MAX) {
        return EW_LIMIT;
    }
    size_t capacity = names->capacity == 0 ? NAMES_FIRST : names->capacity * 2;
    char(*grown)[NAME_BYTES] = realloc(names->items, capacity * sizeof *grown);
    if (grown == NULL) {
        return EW_NO_MEMORY;
    }
    names->items = grown;
    names->capacity = capacity;
    return EW_OK;
}

static bool take_name(void *context, const char *name, uint64_t bytes)
{
    struct names *names = context;
    (void)bytes;
    if (!ew_document_is_name(name)) {
        return true;
    }
    names->status = reserve(names);
    if (names->status == EW_OK) {
        (void)snprintf(names->items[names->count++], NAME_BYTES, "%s", name);
    }
    return names->status == EW_OK;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(a, b);
}

static bool join_path(char out[PATH_BYTES], const char *directory, const char *name)
{
    int length = snprintf(out, PATH_BYTES, "%s/%s", directory, name);
    return length >= 0 && length < PATH_BYTES;
}

/* What one file of a directory may do: be refused, or be gone since it was listed. */
static enum ew_status add_listed(struct ew_window_set *set, const char *path,
                                 struct ew_error *error)
{
    struct ew_error refusal = {0};
    enum ew_status status = ew_window_set_add(set, path, &refusal);
    if (status == EW_FORMAT || (status == EW_LIMIT && !set->full)) {
        set->refused++;
        if (set->refusal[0] == '\0') {
            memcpy(set->refusal, refusal.text, sizeof set->refusal);
        }
        return EW_OK;
    }
    return status == EW_OK || status == EW_NOT_FOUND ? EW_OK
                                                     : ew_fail(error, status, "%s", refusal.text);
}

static enum ew_status add_names(struct ew_window_set *set, const char *directory,
                                const struct names *names, struct ew_error *error)
{
    char path[PATH_BYTES];
    enum ew_status status = EW_OK;
    for (size_t i = 0; i < names->count && status == EW_OK; i++) {
        status = join_path(path, directory, names->items[i])
                     ? add_listed(set, path, error)
                     : ew_fail(error, EW_LIMIT, "%s: the path is too long", directory);
    }
    return status;
}

static enum ew_status add_folder(struct ew_window_set *set, const char *directory,
                                 struct ew_error *error)
{
    struct names names = {.status = EW_OK};
    enum ew_status status = ew_directory_list(directory, take_name, &names, error);
    if (status == EW_OK && names.status != EW_OK) {
        status =
            ew_fail(error, names.status, "%s: has more documents than can be listed", directory);
    }
    if (status == EW_OK) {
        if (names.count > 1) {
            qsort(names.items, names.count, sizeof names.items[0], compare_names);
        }
        status = add_names(set, directory, &names, error);
    }
    free(names.items);
    return status;
}

enum ew_status ew_window_set_add_directory(struct ew_window_set *set, const char *directory,
                                           struct ew_error *error)
{
    char folder[PATH_BYTES];
    struct ew_error inner = {0};
    if (!join_path(folder, directory, "evidence")) {
        return ew_fail(error, EW_LIMIT, "%s: the path is too long", directory);
    }
    enum ew_status status = add_folder(set, folder, &inner);
    if (status == EW_NOT_FOUND) {
        return add_folder(set, directory, error);
    }
    return status == EW_OK ? EW_OK : ew_fail(error, status, "%s", inner.text);
}
