/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ew_file_rename() on Windows (reference evidence.md 4.4). A file that somebody holds
 * open can only be replaced with POSIX semantics, which NTFS knows since Windows 10 1607;
 * file systems and systems without them get MoveFileExW and a few retries, since readers
 * hold the old file for moments only.
 */
#include "platform/file.h"
#include "platform/win32/wide_win32.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

/*
 * FileRenameInfoEx and its structure under our own names: which of them MinGW's headers
 * declare depends on their version and on _WIN32_WINNT.
 */
enum {
    RENAME_INFO_EX = 22,
    RENAME_REPLACE_IF_EXISTS = 1,
    RENAME_POSIX_SEMANTICS = 2,
};

struct rename_info_ex {
    DWORD flags;
    HANDLE root_directory;
    DWORD name_bytes;
    WCHAR name[1];
};

static_assert(offsetof(struct rename_info_ex, root_directory) == 8, "FILE_RENAME_INFO");
static_assert(offsetof(struct rename_info_ex, name_bytes) == 16, "FILE_RENAME_INFO");
static_assert(offsetof(struct rename_info_ex, name) == 20, "FILE_RENAME_INFO");
static_assert(sizeof(struct rename_info_ex) == 24, "FILE_RENAME_INFO");

enum { RETRIES_MAX = 6, FIRST_WAIT_MS = 5 };

/* The absolute form of a path: a rename by handle does not know the current directory. */
static wchar_t *full_path(const wchar_t *path)
{
    DWORD units = GetFullPathNameW(path, 0, NULL, NULL);
    wchar_t *full = malloc((units + 1) * sizeof *full);
    if (full != NULL && GetFullPathNameW(path, units + 1, full, NULL) > units) {
        free(full);
        return NULL;
    }
    return full;
}

static bool rename_handle(HANDLE handle, const wchar_t *full)
{
    size_t name_bytes = wcslen(full) * sizeof *full;
    size_t info_bytes = sizeof(struct rename_info_ex) + name_bytes;
    struct rename_info_ex *info = calloc(1, info_bytes);
    if (info == NULL) {
        return false;
    }
    info->flags = RENAME_REPLACE_IF_EXISTS | RENAME_POSIX_SEMANTICS;
    info->name_bytes = (DWORD)name_bytes;
    memcpy((char *)info + offsetof(struct rename_info_ex, name), full, name_bytes);
    bool done = SetFileInformationByHandle(handle, (FILE_INFO_BY_HANDLE_CLASS)RENAME_INFO_EX,
                                           info, (DWORD)info_bytes);
    free(info);
    return done;
}

/* False when it cannot be done this way, whatever the reason: the fallback tells it. */
static bool replace_posix(const wchar_t *from, const wchar_t *to)
{
    HANDLE handle = CreateFileW(from, DELETE | SYNCHRONIZE,
                                FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                                OPEN_EXISTING, FILE_FLAG_OPEN_REPARSE_POINT, NULL);
    if (handle == INVALID_HANDLE_VALUE) {
        return false;
    }
    wchar_t *full = full_path(to);
    bool done = full != NULL && rename_handle(handle, full);
    free(full);
    (void)CloseHandle(handle);
    return done;
}

/* ERROR_SUCCESS, or why not. */
static DWORD replace_with_retries(const wchar_t *from, const wchar_t *to)
{
    DWORD wait_ms = FIRST_WAIT_MS;
    for (int attempt = 0;; attempt++, wait_ms *= 2) {
        if (MoveFileExW(from, to, MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH)) {
            return ERROR_SUCCESS;
        }
        DWORD code = GetLastError();
        bool held = code == ERROR_ACCESS_DENIED || code == ERROR_SHARING_VIOLATION;
        if (!held || attempt == RETRIES_MAX) {
            return code;
        }
        Sleep(wait_ms);
    }
}

static DWORD rename_wide(const wchar_t *from, const wchar_t *to, bool replace)
{
    if (!replace) {
        return MoveFileExW(from, to, MOVEFILE_WRITE_THROUGH) ? ERROR_SUCCESS : GetLastError();
    }
    return replace_posix(from, to) ? ERROR_SUCCESS : replace_with_retries(from, to);
}

enum ew_status ew_file_rename(const char *from, const char *to, bool replace,
                              struct ew_error *error)
{
    wchar_t *wide_from = ew_wide_path(from);
    wchar_t *wide_to = ew_wide_path(to);
    enum ew_status status = EW_OK;
    if (wide_from == NULL || wide_to == NULL) {
        status = ew_fail(error, EW_IO, "%s: is not a path in UTF-8, or there is no memory for it",
                         wide_from == NULL ? from : to);
    } else {
        DWORD code = rename_wide(wide_from, wide_to, replace);
        if (code != ERROR_SUCCESS) {
            status = replace ? ew_wide_fail(error, code, "rename", from)
                             : ew_wide_fail(error, code, "publish as a new name", to);
        }
    }
    free(wide_from);
    free(wide_to);
    return status;
}
