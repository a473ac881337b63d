/* SPDX-License-Identifier: Apache-2.0 */
/* Documents of files and directories. */
#include "platform/file.h"
#include "windows/set.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_BYTES = 4096, NAME_BYTES = 96, NAMES_FIRST = 256, LISTINGS_MAX = 8 };

static bool is_gzip(const char *bytes, size_t byte_count)
{
    return byte_count >= 2 && (unsigned char)bytes[0] == 0x1f && (unsigned char)bytes[1] == 0x8b;
}

enum ew_status ew_window_set_add(struct ew_window_set *set, const char *path,
                                 struct ew_error *error)
{
    char *bytes = NULL;
    size_t byte_count = 0;
    enum ew_status status =
        ew_file_read_all(path, EW_DOCUMENT_BYTES_MAX, &bytes, &byte_count, error);
    if (status != EW_OK) {
        return status;
    }
    status = is_gzip(bytes, byte_count)
                 ? ew_fail(error, EW_UNSUPPORTED, "%s: is compressed: gunzip it", path)
                 : ew_window_set_add_bytes(set, path, bytes, byte_count, error);
    free(bytes);
    return status;
}

/* Names of published documents, or of heads: each kind has one length. */
struct names {
    bool (*is_wanted)(const char *name);
    uint64_t compressed; /* documents that cannot be read */
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
    names->compressed += ew_document_is_compressed_name(name);
    if (!names->is_wanted(name)) {
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

enum ew_status ew_set_add_listed(struct ew_window_set *set, const char *path,
                                 struct ew_error *error)
{
    struct ew_error refusal = {0};
    enum ew_status status = ew_window_set_add(set, path, &refusal);
    if (status == EW_FORMAT || status == EW_UNSUPPORTED || (status == EW_LIMIT && !set->full)) {
        set->refused++;
        if (set->refusal[0] == '\0') {
            memcpy(set->refusal, refusal.text, sizeof set->refusal);
        }
        return EW_OK;
    }
    set->vanished += status == EW_NOT_FOUND;
    return status == EW_OK || status == EW_NOT_FOUND ? EW_OK
                                                     : ew_fail(error, status, "%s", refusal.text);
}

static bool is_among(const struct names *names, const char *name)
{
    return names->count > 0
           && bsearch(name, names->items, names->count, sizeof names->items[0], compare_names)
                  != NULL;
}

/* Those that are not among the names `before`. */
static enum ew_status add_names(struct ew_window_set *set, const char *directory,
                                const struct names *names, const struct names *before,
                                struct ew_error *error)
{
    char path[PATH_BYTES];
    enum ew_status status = EW_OK;
    for (size_t i = 0; i < names->count && status == EW_OK; i++) {
        if (is_among(before, names->items[i])) {
            continue;
        }
        status = join_path(path, directory, names->items[i])
                     ? ew_set_add_listed(set, path, error)
                     : ew_fail(error, EW_LIMIT, "%s: the path is too long", directory);
    }
    return status;
}

/* The names of a kind, sorted; the caller frees the items, also after a failure. */
static enum ew_status list_names(const char *directory, struct names *names,
                                 struct ew_error *error)
{
    enum ew_status status = ew_directory_list(directory, take_name, names, error);
    if (status == EW_OK && names->status != EW_OK) {
        status =
            ew_fail(error, names->status, "%s: has more files than can be listed", directory);
    }
    if (status == EW_OK && names->count > 1) {
        qsort(names->items, names->count, sizeof names->items[0], compare_names);
    }
    return status;
}

/*
 * Documents that go away while they are read may lie in a roll-up that was published after the
 * listing, so the folder is listed once more then. Retention takes some away, too: the number
 * of listings is bounded.
 */
static enum ew_status add_folder(struct ew_window_set *set, const char *directory,
                                 struct ew_error *error)
{
    struct names before = {.status = EW_OK};
    uint64_t compressed = 0;
    bool settled = false;
    enum ew_status status = EW_OK;
    for (unsigned listing = 0; listing < LISTINGS_MAX && !settled && status == EW_OK; listing++) {
        struct names names = {.is_wanted = ew_document_is_name};
        uint64_t vanished = set->vanished;
        status = list_names(directory, &names, error);
        if (status == EW_OK) {
            status = add_names(set, directory, &names, &before, error);
        }
        settled = set->vanished == vanished;
        compressed = names.compressed;
        free(before.items);
        before = names;
    }
    free(before.items);
    set->compressed += compressed;
    return status;
}

/* --- heads -----------------------------------------------------------------------------------
 */

static enum ew_status read_head(const char *path, struct ew_head *head_out,
                                struct ew_error *error)
{
    char *bytes = NULL;
    size_t byte_count = 0;
    enum ew_status status = ew_file_read_all(path, EW_HEAD_BYTES_MAX, &bytes, &byte_count, error);
    if (status == EW_OK) {
        status = ew_head_read(path, bytes, byte_count, head_out, error);
        free(bytes);
    }
    return status;
}

/* A head is told or it is not; evidence counts without it. */
static enum ew_status add_head(struct ew_window_set *set, const char *path, const char *name)
{
    struct ew_head head;
    struct ew_error error = {0};
    enum ew_status status = read_head(path, &head, &error);
    if (status == EW_OK && strncmp(head.stream_id, name, strlen(head.stream_id)) != 0) {
        status = ew_fail(&error, EW_FORMAT, "%s: is of another stream than its name tells", path);
    }
    if (status == EW_OK) {
        status = ew_set_put_head(set, &head);
        if (status == EW_LIMIT) {
            (void)ew_fail(&error, status, "%s: there are more heads than one set can hold", path);
        }
    }
    if (status != EW_OK && status != EW_NOT_FOUND && status != EW_NO_MEMORY) {
        ew_set_refuse_head(set, error.text);
        status = EW_OK;
    }
    return status == EW_NOT_FOUND ? EW_OK : status;
}

/* Without a folder of heads none is told; that is no failure. */
static enum ew_status add_heads(struct ew_window_set *set, const char *directory,
                                struct ew_error *error)
{
    char folder[PATH_BYTES];
    char path[PATH_BYTES];
    struct names names = {.is_wanted = ew_head_is_name};
    struct ew_error inner = {0};
    if (!join_path(folder, directory, "heads")) {
        return ew_fail(error, EW_LIMIT, "%s: the path is too long", directory);
    }
    enum ew_status status = list_names(folder, &names, &inner);
    if (status != EW_OK && status != EW_NO_MEMORY) {
        if (status != EW_NOT_FOUND) {
            ew_set_refuse_head(set, inner.text);
        }
        status = EW_OK;
    }
    for (size_t i = 0; i < names.count && status == EW_OK; i++) {
        status = join_path(path, folder, names.items[i])
                     ? add_head(set, path, names.items[i])
                     : ew_fail(&inner, EW_LIMIT, "%s: the path is too long", directory);
    }
    free(names.items);
    return status == EW_OK ? EW_OK : ew_fail(error, status, "%s: no memory for heads", directory);
}

static bool stop_listing(void *context, const char *name, uint64_t bytes)
{
    (void)context;
    (void)name;
    (void)bytes;
    return false;
}

enum ew_status ew_window_set_add_directory(struct ew_window_set *set, const char *directory,
                                           struct ew_error *error)
{
    char folder[PATH_BYTES];
    struct ew_error inner = {0};
    if (!join_path(folder, directory, "evidence")) {
        return ew_fail(error, EW_LIMIT, "%s: the path is too long", directory);
    }
    enum ew_status status = ew_directory_list(folder, stop_listing, NULL, &inner);
    if (status == EW_NOT_FOUND) {
        return add_folder(set, directory, error);
    }
    if (status == EW_OK) {
        status = add_heads(set, directory, &inner);
    }
    if (status == EW_OK) {
        status = add_folder(set, folder, &inner);
    }
    return status == EW_OK ? EW_OK : ew_fail(error, status, "%s", inner.text);
}
