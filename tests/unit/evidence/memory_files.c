/* SPDX-License-Identifier: Apache-2.0 */
/* platform/file.h in memory. */
#include "evidence/memory_files.h"

#include <assert.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILES_MAX = 64, PATH_BYTES = 256 };

struct stored {
    char path[PATH_BYTES];
    char *bytes;
    size_t byte_count;
    size_t flushed_count;
};

struct ew_file {
    struct stored *stored;
};

static struct stored files[FILES_MAX]; /* sorted by path, the empty ones at the end */
static size_t file_count;
static unsigned operations_left = UINT_MAX;
static bool crashing;
static bool failed;
static size_t room = SIZE_MAX;
static void (*open_hook)(void);

void ew_memory_reset(void)
{
    for (size_t i = 0; i < file_count; i++) {
        free(files[i].bytes);
    }
    memset(files, 0, sizeof files);
    file_count = 0;
    operations_left = UINT_MAX;
    crashing = false;
    failed = false;
    room = SIZE_MAX;
    open_hook = NULL;
}

void ew_memory_fail_after(unsigned operations)
{
    operations_left = operations;
    crashing = false;
    failed = false;
}

void ew_memory_crash_after(unsigned operations)
{
    ew_memory_fail_after(operations);
    crashing = true;
}

bool ew_memory_has_failed(void)
{
    bool result = failed;
    operations_left = UINT_MAX;
    crashing = false;
    failed = false;
    return result;
}

void ew_memory_restart(void)
{
    (void)ew_memory_has_failed();
    for (size_t i = 0; i < file_count; i++) {
        files[i].byte_count = files[i].flushed_count;
    }
}

void ew_memory_before_open(void (*hook)(void))
{
    open_hook = hook;
}

void ew_memory_set_room(size_t bytes)
{
    room = bytes;
}

/* Every operation that changes something asks; the answer is whether it may. */
static enum ew_status operate(const char *what, const char *path, struct ew_error *error)
{
    if (failed && crashing) {
        return ew_fail(error, EW_IO, "%s: cannot %s: no power", path, what);
    }
    if (operations_left != UINT_MAX && operations_left-- == 0) {
        operations_left = UINT_MAX;
        failed = true;
        return ew_fail(error, EW_IO, "%s: cannot %s: refused", path, what);
    }
    return EW_OK;
}

static struct stored *find(const char *path)
{
    for (size_t i = 0; i < file_count; i++) {
        if (strcmp(files[i].path, path) == 0) {
            return &files[i];
        }
    }
    return NULL;
}

static int compare_paths(const void *a, const void *b)
{
    const struct stored *left = a;
    const struct stored *right = b;
    return strcmp(left->path, right->path);
}

/* The file of that path, made if it is missing. */
static struct stored *demand(const char *path)
{
    if (find(path) == NULL) {
        assert(file_count < FILES_MAX);
        struct stored *stored = &files[file_count++];
        memset(stored, 0, sizeof *stored);
        (void)snprintf(stored->path, sizeof stored->path, "%s", path);
        qsort(files, file_count, sizeof files[0], compare_paths);
    }
    struct stored *found = find(path);
    assert(found != NULL);
    return found;
}

static void drop(struct stored *stored)
{
    free(stored->bytes);
    *stored = files[--file_count];
    qsort(files, file_count, sizeof files[0], compare_paths);
}

static bool begins(const char *path, const char *prefix)
{
    return strncmp(path, prefix, strlen(prefix)) == 0;
}

size_t ew_memory_count(const char *prefix)
{
    size_t count = 0;
    for (size_t i = 0; i < file_count; i++) {
        count += begins(files[i].path, prefix);
    }
    return count;
}

const char *ew_memory_path(const char *prefix, size_t index)
{
    for (size_t i = 0; i < file_count; i++) {
        if (begins(files[i].path, prefix) && index-- == 0) {
            return files[i].path;
        }
    }
    return NULL;
}

const char *ew_memory_content(const char *path, size_t *byte_count_out)
{
    const struct stored *stored = find(path);
    *byte_count_out = stored != NULL ? stored->byte_count : 0;
    return stored != NULL ? stored->bytes : NULL;
}

static void store(struct stored *stored, uint64_t offset, const void *bytes, size_t byte_count)
{
    size_t end = (size_t)offset + byte_count;
    if (end > stored->byte_count) {
        stored->bytes = realloc(stored->bytes, end);
        assert(stored->bytes != NULL);
        stored->byte_count = end;
    }
    if (byte_count > 0) {
        memcpy(stored->bytes + offset, bytes, byte_count);
    }
}

void ew_memory_place(const char *path, const char *content)
{
    struct stored *stored = demand(path);
    stored->byte_count = 0;
    store(stored, 0, content, strlen(content));
    stored->flushed_count = stored->byte_count;
}

/* --- platform/file.h -------------------------------------------------------- */

/* One handle is enough for one thread that opens a file at a time. */
static struct ew_file handle;

enum ew_status ew_file_open(const char *path, struct ew_file **file_out, struct ew_error *error)
{
    if (open_hook != NULL) {
        void (*hook)(void) = open_hook;
        open_hook = NULL;
        hook();
    }
    struct stored *stored = find(path);
    if (stored == NULL) {
        return ew_fail(error, EW_NOT_FOUND, "%s: cannot open: no such file", path);
    }
    assert(handle.stored == NULL);
    handle.stored = stored;
    *file_out = &handle;
    return EW_OK;
}

enum ew_status ew_file_create(const char *path, bool replace, struct ew_file **file_out,
                              struct ew_error *error)
{
    enum ew_status status = operate("create", path, error);
    if (status != EW_OK) {
        return status;
    }
    if (find(path) != NULL && !replace) {
        return ew_fail(error, EW_EXISTS, "%s: cannot create: exists", path);
    }
    struct stored *stored = demand(path);
    stored->byte_count = 0;
    stored->flushed_count = 0;
    return ew_file_open(path, file_out, error);
}

void ew_file_close(struct ew_file *file)
{
    if (file != NULL) {
        file->stored = NULL;
    }
}

enum ew_status ew_file_size(struct ew_file *file, uint64_t *bytes_out, struct ew_error *error)
{
    (void)error;
    *bytes_out = file->stored->byte_count;
    return EW_OK;
}

enum ew_status ew_file_read_at(struct ew_file *file, uint64_t offset, void *out,
                               size_t byte_count, size_t *read_out, struct ew_error *error)
{
    size_t left = file->stored->byte_count - (size_t)offset;
    size_t count = byte_count < left ? byte_count : left;
    (void)error;
    if (count > 0) {
        memcpy(out, file->stored->bytes + offset, count);
    }
    *read_out = count;
    return EW_OK;
}

enum ew_status ew_file_write_at(struct ew_file *file, uint64_t offset, const void *bytes,
                                size_t byte_count, struct ew_error *error)
{
    enum ew_status status = operate("write", file->stored->path, error);
    if (status != EW_OK) {
        return status;
    }
    if (byte_count > room) {
        return ew_fail(error, EW_IO, "%s: cannot write: no space left", file->stored->path);
    }
    room -= byte_count;
    store(file->stored, offset, bytes, byte_count);
    return EW_OK;
}

enum ew_status ew_file_sync(struct ew_file *file, struct ew_error *error)
{
    enum ew_status status = operate("flush", file->stored->path, error);
    if (status == EW_OK) {
        file->stored->flushed_count = file->stored->byte_count;
    }
    return status;
}

enum ew_status ew_file_rename(const char *from, const char *to, bool replace,
                              struct ew_error *error)
{
    enum ew_status status = operate("rename", from, error);
    if (status != EW_OK) {
        return status;
    }
    struct stored *target = find(to);
    if (find(from) == NULL || handle.stored != NULL) {
        return ew_fail(error, EW_NOT_FOUND, "%s: cannot rename: absent or open", from);
    }
    if (target != NULL && !replace) {
        return ew_fail(error, EW_EXISTS, "%s: cannot rename: exists", to);
    }
    if (target != NULL) {
        drop(target);
    }
    struct stored *moved = demand(from);
    (void)snprintf(moved->path, sizeof moved->path, "%s", to);
    qsort(files, file_count, sizeof files[0], compare_paths);
    return EW_OK;
}

enum ew_status ew_file_remove(const char *path, struct ew_error *error)
{
    enum ew_status status = operate("remove", path, error);
    if (status != EW_OK) {
        return status;
    }
    struct stored *stored = find(path);
    if (stored == NULL) {
        return ew_fail(error, EW_NOT_FOUND, "%s: cannot remove: no such file", path);
    }
    drop(stored);
    return EW_OK;
}

enum ew_status ew_directory_make(const char *path, struct ew_error *error)
{
    return operate("make the directory", path, error);
}

enum ew_status ew_directory_sync(const char *path, struct ew_error *error)
{
    return operate("flush the directory", path, error);
}

enum ew_status ew_directory_list(const char *path, ew_directory_fn each, void *context,
                                 struct ew_error *error)
{
    char prefix[PATH_BYTES + 1];
    (void)error;
    (void)snprintf(prefix, sizeof prefix, "%s/", path);
    for (size_t i = 0; i < file_count; i++) {
        const char *name = files[i].path + strlen(prefix);
        if (begins(files[i].path, prefix) && strchr(name, '/') == NULL
            && !each(context, name, files[i].byte_count)) {
            break;
        }
    }
    return EW_OK;
}
