/* SPDX-License-Identifier: Apache-2.0 */
/* file.h on Windows. */
#include "platform/file.h"
#include "platform/win32/wide_win32.h"

#include <stdlib.h>
#include <string.h>
#include <wchar.h>

/* One ReadFile or WriteFile: their counts have 32 bits. */
enum { TRANSFER_BYTES_MAX = 1 << 30 };

enum { SHARE_ALL = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE };

struct ew_file {
    HANDLE handle;
    char path[]; /* for messages */
};

static enum ew_status wide_failed(struct ew_error *error, const char *path)
{
    return ew_fail(error, EW_IO, "%s: is not a path in UTF-8, or there is no memory for it",
                   path);
}

/* CreateFileW of a UTF-8 path; INVALID_HANDLE_VALUE with GetLastError() set. */
static HANDLE open_handle(const wchar_t *path, DWORD access, DWORD disposition)
{
    return CreateFileW(path, access, SHARE_ALL, NULL, disposition, FILE_ATTRIBUTE_NORMAL, NULL);
}

static bool is_directory(const wchar_t *path)
{
    DWORD attributes = GetFileAttributesW(path);
    return attributes != INVALID_FILE_ATTRIBUTES && (attributes & FILE_ATTRIBUTE_DIRECTORY) != 0;
}

static enum ew_status file_make(const char *path, DWORD access, DWORD disposition,
                                const char *what, struct ew_file **file_out,
                                struct ew_error *error)
{
    wchar_t *wide = ew_wide_path(path);
    size_t path_bytes = strlen(path) + 1;
    struct ew_file *file = malloc(sizeof *file + path_bytes);
    enum ew_status status = EW_OK;
    if (wide == NULL || file == NULL) {
        status = wide_failed(error, path);
    } else {
        file->handle = open_handle(wide, access, disposition);
        memcpy(file->path, path, path_bytes);
        DWORD code = GetLastError();
        if (file->handle == INVALID_HANDLE_VALUE && is_directory(wide)
            && disposition != CREATE_NEW) {
            status = ew_fail(error, EW_IO, "%s: is a directory, a file is needed", path);
        } else if (file->handle == INVALID_HANDLE_VALUE) {
            status = ew_wide_fail(error, code, what, path);
        }
    }
    free(wide);
    if (status != EW_OK) {
        free(file);
        return status;
    }
    *file_out = file;
    return EW_OK;
}

enum ew_status ew_file_open(const char *path, struct ew_file **file_out, struct ew_error *error)
{
    return file_make(path, GENERIC_READ, OPEN_EXISTING, "open", file_out, error);
}

enum ew_status ew_file_create(const char *path, bool replace, struct ew_file **file_out,
                              struct ew_error *error)
{
    return file_make(path, GENERIC_READ | GENERIC_WRITE, replace ? CREATE_ALWAYS : CREATE_NEW,
                     "create", file_out, error);
}

void ew_file_close(struct ew_file *file)
{
    if (file != NULL) {
        (void)CloseHandle(file->handle);
        free(file);
    }
}

enum ew_status ew_file_size(struct ew_file *file, uint64_t *bytes_out, struct ew_error *error)
{
    LARGE_INTEGER size;
    if (!GetFileSizeEx(file->handle, &size)) {
        return ew_wide_fail(error, GetLastError(), "measure", file->path);
    }
    *bytes_out = (uint64_t)size.QuadPart;
    return EW_OK;
}

/* Where one transfer begins: a synchronous handle takes it from the OVERLAPPED. */
static OVERLAPPED position(uint64_t offset)
{
    OVERLAPPED at = {0};
    at.Offset = (DWORD)offset;
    at.OffsetHigh = (DWORD)(offset >> 32);
    return at;
}

static DWORD transfer_bytes(size_t left)
{
    return left < TRANSFER_BYTES_MAX ? (DWORD)left : TRANSFER_BYTES_MAX;
}

enum ew_status ew_file_read_at(struct ew_file *file, uint64_t offset, void *out,
                               size_t byte_count, size_t *read_out, struct ew_error *error)
{
    char *at = out;
    size_t total = 0;
    while (total < byte_count) {
        OVERLAPPED where = position(offset + total);
        DWORD got = 0;
        if (!ReadFile(file->handle, at + total, transfer_bytes(byte_count - total), &got, &where)
            && GetLastError() != ERROR_HANDLE_EOF) {
            return ew_wide_fail(error, GetLastError(), "read", file->path);
        }
        if (got == 0) {
            break;
        }
        total += got;
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
        OVERLAPPED where = position(offset + total);
        DWORD put = 0;
        if (!WriteFile(file->handle, at + total, transfer_bytes(byte_count - total), &put,
                       &where)) {
            return ew_wide_fail(error, GetLastError(), "write", file->path);
        }
        total += put;
    }
    return EW_OK;
}

enum ew_status ew_file_sync(struct ew_file *file, struct ew_error *error)
{
    return FlushFileBuffers(file->handle)
               ? EW_OK
               : ew_wide_fail(error, GetLastError(), "flush", file->path);
}

enum ew_status ew_file_remove(const char *path, struct ew_error *error)
{
    wchar_t *wide = ew_wide_path(path);
    if (wide == NULL) {
        return wide_failed(error, path);
    }
    enum ew_status status =
        DeleteFileW(wide) ? EW_OK : ew_wide_fail(error, GetLastError(), "remove", path);
    free(wide);
    return status;
}
