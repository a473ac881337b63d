/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8 and UTF-16, paths longer than MAX_PATH, and the words for Windows' errors. */
#include "platform/win32/wide_win32.h"

#include <stdlib.h>
#include <string.h>
#include <wchar.h>

/* CreateDirectoryW leaves room for an 8.3 name in MAX_PATH; all functions agree below. */
enum { PLAIN_PATH_MAX = MAX_PATH - 13 };

static wchar_t *to_wide(const char *text)
{
    int units = MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, NULL, 0);
    if (units <= 0) {
        return NULL;
    }
    wchar_t *wide = malloc((size_t)units * sizeof *wide);
    if (wide != NULL && MultiByteToWideChar(CP_UTF8, 0, text, -1, wide, units) != units) {
        free(wide);
        return NULL;
    }
    return wide;
}

/* Writes the prefix that switches off the limit, and where the rest belongs after it. */
static wchar_t *write_prefix(wchar_t *out, const wchar_t **rest)
{
    static const wchar_t local[] = L"\\\\?\\";
    static const wchar_t share[] = L"\\\\?\\UNC\\";
    if ((*rest)[0] == L'\\' && (*rest)[1] == L'\\') {
        *rest += 2;
        memcpy(out, share, sizeof share);
        return out + wcslen(share);
    }
    memcpy(out, local, sizeof local);
    return out + wcslen(local);
}

/* The absolute form of a long path: the prefix forbids '/', "." and "..". */
static wchar_t *lengthen(const wchar_t *wide)
{
    enum { PREFIX_UNITS = 8 };
    DWORD units = GetFullPathNameW(wide, 0, NULL, NULL);
    wchar_t *full = malloc(units * sizeof *full);
    wchar_t *out = malloc((units + PREFIX_UNITS) * sizeof *out);
    if (full == NULL || out == NULL || GetFullPathNameW(wide, units, full, NULL) >= units) {
        free(full);
        free(out);
        return NULL;
    }
    const wchar_t *rest = full;
    wchar_t *at = write_prefix(out, &rest);
    memcpy(at, rest, (wcslen(rest) + 1) * sizeof *rest);
    free(full);
    return out;
}

wchar_t *ew_wide_path(const char *path)
{
    wchar_t *wide = to_wide(path);
    if (wide == NULL || wcsncmp(wide, L"\\\\?\\", 4) == 0 || wcsncmp(wide, L"\\\\.\\", 4) == 0
        || GetFullPathNameW(wide, 0, NULL, NULL) <= PLAIN_PATH_MAX) {
        return wide;
    }
    wchar_t *longer = lengthen(wide);
    free(wide);
    return longer;
}

char *ew_wide_to_utf8(const wchar_t *wide)
{
    int bytes = WideCharToMultiByte(CP_UTF8, 0, wide, -1, NULL, 0, NULL, NULL);
    if (bytes <= 0) {
        return NULL;
    }
    char *text = malloc((size_t)bytes);
    if (text != NULL
        && WideCharToMultiByte(CP_UTF8, 0, wide, -1, text, bytes, NULL, NULL) != bytes) {
        free(text);
        return NULL;
    }
    return text;
}

static enum ew_status status_of(DWORD code)
{
    switch (code) {
    case ERROR_FILE_NOT_FOUND:
    case ERROR_PATH_NOT_FOUND:
        return EW_NOT_FOUND;
    case ERROR_FILE_EXISTS:
    case ERROR_ALREADY_EXISTS:
        return EW_EXISTS;
    case ERROR_NOT_ENOUGH_MEMORY:
    case ERROR_OUTOFMEMORY:
        return EW_NO_MEMORY;
    default:
        return EW_IO;
    }
}

enum ew_status ew_wide_fail(struct ew_error *error, DWORD code, const char *what,
                            const char *path)
{
    wchar_t wide[256] = L"";
    DWORD flags = FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS
                  | FORMAT_MESSAGE_MAX_WIDTH_MASK;
    DWORD units = FormatMessageW(flags, NULL, code, 0, wide, ARRAYSIZE(wide), NULL);
    while (units > 0 && wcschr(L" .\r\n", wide[units - 1]) != NULL) {
        wide[--units] = L'\0';
    }
    char *said = ew_wide_to_utf8(wide);
    enum ew_status status =
        ew_fail(error, status_of(code), "%s: cannot %s: %s (Windows error %lu)", path, what,
                said != NULL && said[0] != '\0' ? said : "unknown reason", code);
    free(said);
    return status;
}
