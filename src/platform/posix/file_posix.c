/* SPDX-License-Identifier: Apache-2.0 */
/* file.h on POSIX systems. */
#include "platform/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct ew_file {
    int descriptor;
    char path[]; /* for messages */
};

static enum ew_status failed(struct ew_error *error, const char *what, const char *path)
{
    enum ew_status status = errno == ENOENT   ? EW_NOT_FOUND
                            : errno == EEXIST ? EW_EXISTS
                            : errno == ENOMEM ? EW_NO_MEMORY
                                              : EW_IO;
    return ew_fail(error, status, "%s: cannot %s: %s", path, what, strerror(errno));
}

static enum ew_status file_make(int descriptor, const char *path, struct ew_file **file_out,
                                struct ew_error *error)
{
    struct ew_file *file = malloc(sizeof *file + strlen(path) + 1);
    if (file == NULL) {
        (void)close(descriptor);
        return ew_fail(error, EW_NO_MEMORY, "%s: no memory to open it", path);
    }
    file->descriptor = descriptor;
    memcpy(file->path, path, strlen(path) + 1);
    *file_out = file;
    return EW_OK;
}

enum ew_status ew_file_open(const char *path, struct ew_file **file_out, struct ew_error *error)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
        return failed(error, "open", path);
    }
    struct stat info;
    if (fstat(descriptor, &info) == 0 && S_ISDIR(info.st_mode)) {
        (void)close(descriptor);
        return ew_fail(error, EW_IO, "%s: is a directory, a file is needed", path);
    }
    return file_make(descriptor, path, file_out, error);
}

enum ew_status ew_file_create(const char *path, bool replace, struct ew_file **file_out,
                              struct ew_error *error)
{
    int flags = O_RDWR | O_CREAT | O_CLOEXEC | (replace ? O_TRUNC : O_EXCL);
    int descriptor = open(path, flags, 0644);
    if (descriptor < 0) {
        return failed(error, "create", path);
    }
    return file_make(descriptor, path, file_out, error);
}

void ew_file_close(struct ew_file *file)
{
    if (file != NULL) {
        (void)close(file->descriptor);
        free(file);
    }
}

enum ew_status ew_file_size(struct ew_file *file, uint64_t *bytes_out, struct ew_error *error)
{
    struct stat info;
    if (fstat(file->descriptor, &info) != 0) {
        return failed(error, "measure", file->path);
    }
    *bytes_out = (uint64_t)info.st_size;
    return EW_OK;
}

enum ew_status ew_file_read_at(struct ew_file *file, uint64_t offset, void *out,
                               size_t byte_count, size_t *read_out, struct ew_error *error)
{
    char *at = out;
    size_t total = 0;
    while (total < byte_count) {
        ssize_t got =
            pread(file->descriptor, at + total, byte_count - total, (off_t)(offset + total));
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return failed(error, "read", file->path);
        }
        if (got == 0) {
            break;
        }
        total += (size_t)got;
    }
    *read_out = total;
    return EW_OK;
}

enum ew_status ew_file_write_at(struct ew_file *file, uint64_t offset, const void *bytes,
                                size_t byte_count, struct ew_error *error)
{
    const char *at = bytes;
    size_t total = 0;
    while (total < byte_count) {
        ssize_t put =
            pwrite(file->descriptor, at + total, byte_count - total, (off_t)(offset + total));
        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put < 0) {
            return failed(error, "write", file->path);
        }
        total += (size_t)put;
    }
    return EW_OK;
}

enum ew_status ew_file_sync(struct ew_file *file, struct ew_error *error)
{
    return fsync(file->descriptor) == 0 ? EW_OK : failed(error, "flush", file->path);
}

enum ew_status ew_file_rename(const char *from, const char *to, bool replace,
                              struct ew_error *error)
{
    if (replace) {
        return rename(from, to) == 0 ? EW_OK : failed(error, "rename", from);
    }
    /* link refuses an existing name, which rename would silently replace */
    if (link(from, to) != 0) {
        return failed(error, "publish as a new name", to);
    }
    return unlink(from) == 0 ? EW_OK : failed(error, "remove after renaming", from);
}

enum ew_status ew_file_remove(const char *path, struct ew_error *error)
{
    return unlink(path) == 0 ? EW_OK : failed(error, "remove", path);
}

/* 0 when the directory is there afterwards; else errno says why not. */
static int make_one(const char *path)
{
    struct stat info;
    if (mkdir(path, 0755) == 0) {
        return 0;
    }
    int reason = errno;
    if (reason == EEXIST && stat(path, &info) == 0 && S_ISDIR(info.st_mode)) {
        return 0;
    }
    errno = reason;
    return -1;
}

enum ew_status ew_directory_remove(const char *path, struct ew_error *error)
{
    if (rmdir(path) == 0) {
        return EW_OK;
    }
    if (errno == ENOTDIR) {
        errno = ENOENT;
    }
    return failed(error, "remove the directory", path);
}

enum ew_status ew_directory_make(const char *path, struct ew_error *error)
{
    char *partial = malloc(strlen(path) + 1);
    if (partial == NULL) {
        return ew_fail(error, EW_NO_MEMORY, "%s: no memory to make it", path);
    }
    memcpy(partial, path, strlen(path) + 1);
    enum ew_status status = EW_OK;
    for (char *at = partial + 1; status == EW_OK && at[-1] != '\0'; at++) {
        char kept = *at;
        if (kept != '/' && kept != '\0') {
            continue;
        }
        *at = '\0';
        if (make_one(partial) != 0) {
            status = failed(error, "make the directory", partial);
        }
        *at = kept;
    }
    free(partial);
    return status;
}

enum ew_status ew_directory_sync(const char *path, struct ew_error *error)
{
    int descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) {
        return failed(error, "open", path);
    }
    int result = fsync(descriptor);
    (void)close(descriptor);
    return result == 0 ? EW_OK : failed(error, "flush", path);
}

static enum ew_status list_open(DIR *directory, ew_directory_fn each, void *context)
{
    const struct dirent *entry;
    while ((entry = readdir(directory)) != NULL) {
        struct stat info;
        if (fstatat(dirfd(directory), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) == 0
            && S_ISREG(info.st_mode) && !each(context, entry->d_name, (uint64_t)info.st_size)) {
            break;
        }
    }
    return EW_OK;
}

enum ew_status ew_directory_list(const char *path, ew_directory_fn each, void *context,
                                 struct ew_error *error)
{
    DIR *directory = opendir(path);
    if (directory == NULL) {
        return failed(error, "list", path);
    }
    enum ew_status status = list_open(directory, each, context);
    (void)closedir(directory);
    return status;
}
