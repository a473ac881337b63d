/* SPDX-License-Identifier: Apache-2.0 */
/* The directories of file.h on Windows. */
#include "platform/file.h"
#include "platform/win32/wide_win32.h"

#include <stdlib.h>
#include <string.h>
#include <wchar.h>

enum {
    NOT_PLAIN = FILE_ATTRIBUTE_DIRECTORY | FILE_ATTRIBUTE_REPARSE_POINT | FILE_ATTRIBUTE_DEVICE
};

static enum ew_status wide_failed(struct ew_error *error, const char *path)
{
    return ew_fail(error, EW_IO, "%s: is not a path in UTF-8, or there is no memory for it",
                   path);
}

static bool is_directory(const wchar_t *path)
{
    DWORD attributes = GetFileAttributesW(path);
    return attributes != INVALID_FILE_ATTRIBUTES && (attributes & FILE_ATTRIBUTE_DIRECTORY) != 0;
}

/* ERROR_SUCCESS when the directory is there afterwards, else why it is not. */
static DWORD make_one(const wchar_t *path)
{
    if (CreateDirectoryW(path, NULL)) {
        return ERROR_SUCCESS;
    }
    DWORD code = GetLastError();
    return is_directory(path) ? ERROR_SUCCESS : code;
}

/*
 * Parents first. What a parent answers does not matter: drives and shares cannot be made
 * and need not be; without a real parent the last step fails.
 */
static DWORD make_with_parents(wchar_t *path)
{
    for (wchar_t *at = path; *at != L'\0'; at++) {
        wchar_t kept = *at;
        if ((kept == L'\\' || kept == L'/') && at > path) {
            *at = L'\0';
            (void)make_one(path);
            *at = kept;
        }
    }
    return make_one(path);
}

enum ew_status ew_directory_make(const char *path, struct ew_error *error)
{
    wchar_t *wide = ew_wide_path(path);
    if (wide == NULL) {
        return wide_failed(error, path);
    }
    DWORD code = make_with_parents(wide);
    free(wide);
    return code == ERROR_SUCCESS ? EW_OK : ew_wide_fail(error, code, "make the directory", path);
}

enum ew_status ew_directory_remove(const char *path, struct ew_error *error)
{
    wchar_t *wide = ew_wide_path(path);
    if (wide == NULL) {
        return wide_failed(error, path);
    }
    DWORD code = RemoveDirectoryW(wide) ? ERROR_SUCCESS : GetLastError();
    free(wide);
    code = code == ERROR_DIRECTORY ? ERROR_PATH_NOT_FOUND : code;
    return code == ERROR_SUCCESS ? EW_OK
                                 : ew_wide_fail(error, code, "remove the directory", path);
}

/* Windows writes a directory's entries with the rename itself (MOVEFILE_WRITE_THROUGH)
 * and lets nobody flush them apart: only that it is there is checked. */
enum ew_status ew_directory_sync(const char *path, struct ew_error *error)
{
    wchar_t *wide = ew_wide_path(path);
    if (wide == NULL) {
        return wide_failed(error, path);
    }
    bool there = is_directory(wide);
    free(wide);
    return there ? EW_OK : ew_wide_fail(error, ERROR_PATH_NOT_FOUND, "flush", path);
}

static enum ew_status list_found(HANDLE search, WIN32_FIND_DATAW *found, ew_directory_fn each,
                                 void *context, const char *path, struct ew_error *error)
{
    bool more = true;
    while (more) {
        if ((found->dwFileAttributes & NOT_PLAIN) == 0) {
            char *name = ew_wide_to_utf8(found->cFileName);
            if (name == NULL) {
                return ew_fail(error, EW_NO_MEMORY, "%s: no memory to list it", path);
            }
            uint64_t bytes = (uint64_t)found->nFileSizeHigh << 32 | found->nFileSizeLow;
            more = each(context, name, bytes);
            free(name);
        }
        if (more && !FindNextFileW(search, found)) {
            DWORD code = GetLastError();
            return code == ERROR_NO_MORE_FILES ? EW_OK : ew_wide_fail(error, code, "list", path);
        }
    }
    return EW_OK;
}

/* "<path>\*" as the search functions want it; NULL without memory. */
static wchar_t *search_pattern(const char *path)
{
    size_t path_bytes = strlen(path);
    char *pattern = malloc(path_bytes + 3);
    if (pattern == NULL) {
        return NULL;
    }
    memcpy(pattern, path, path_bytes);
    memcpy(pattern + path_bytes, "\\*", 3);
    wchar_t *wide = ew_wide_path(pattern);
    free(pattern);
    return wide;
}

enum ew_status ew_directory_list(const char *path, ew_directory_fn each, void *context,
                                 struct ew_error *error)
{
    wchar_t *pattern = search_pattern(path);
    if (pattern == NULL) {
        return wide_failed(error, path);
    }
    WIN32_FIND_DATAW found;
    HANDLE search = FindFirstFileExW(pattern, FindExInfoBasic, &found, FindExSearchNameMatch,
                                     NULL, FIND_FIRST_EX_LARGE_FETCH);
    DWORD code = GetLastError();
    free(pattern);
    if (search == INVALID_HANDLE_VALUE) {
        /* The root of an empty volume has not even "." to find. */
        return code == ERROR_FILE_NOT_FOUND ? EW_OK : ew_wide_fail(error, code, "list", path);
    }
    enum ew_status status = list_found(search, &found, each, context, path, error);
    (void)FindClose(search);
    return status;
}
