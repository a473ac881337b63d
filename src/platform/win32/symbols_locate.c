/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the path of an image in an event to a file of this machine. The path comes from a
 * traced process and must lead nowhere else: a server would be told our account.
 */
#include "platform/symbols.h"
#include "platform/win32/wide_win32.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

enum { PATH_UNITS_MAX = 2048 };

/* Devices that are disks of this machine, or virtual disks of containers. */
static const wchar_t *const disks[] = {L"\\Device\\HarddiskVolume", L"\\Device\\VhdHardDisk{"};

static bool starts_with(const wchar_t *text, const wchar_t *prefix)
{
    size_t length = wcslen(prefix);
    return wcslen(text) >= length
           && CompareStringOrdinal(text, (int)length, prefix, (int)length, TRUE) == CSTR_EQUAL;
}

/* Refuses ".", "..", streams, wild cards and empty parts: the prefix of paths that are opened
 * as they stand takes all of these literally, and no event writes them. */
static bool is_clean(const wchar_t *rest)
{
    if (rest[0] != L'\\' || rest[wcscspn(rest, L"/:*?\"<>|")] != L'\0') {
        return false;
    }
    for (const wchar_t *at = rest; at != NULL; at = wcschr(at + 1, L'\\')) {
        size_t length = wcscspn(at + 1, L"\\");
        bool dots =
            (length == 1 && at[1] == L'.') || (length == 2 && at[1] == L'.' && at[2] == L'.');
        if (length == 0 || dots) {
            return false;
        }
    }
    return true;
}

static bool is_local_drive(wchar_t letter)
{
    const wchar_t root[] = {letter, L':', L'\\', L'\0'};
    UINT type = GetDriveTypeW(root);
    return type == DRIVE_FIXED || type == DRIVE_RAMDISK;
}

/* The drive letter of a device, so that the path can be opened where devices cannot;
 * L'\0' when it has none, as volumes of containers have not. */
static wchar_t letter_of(const wchar_t *device, size_t length)
{
    for (wchar_t letter = L'A'; letter <= L'Z'; letter++) {
        const wchar_t drive[] = {letter, L':', L'\0'};
        wchar_t target[MAX_PATH];
        if (QueryDosDeviceW(drive, target, ARRAYSIZE(target)) != 0 && wcslen(target) == length
            && starts_with(device, target)) {
            return letter;
        }
    }
    return L'\0';
}

static bool join(wchar_t *out, const wchar_t *prefix, const wchar_t *rest)
{
    int units = _snwprintf(out, PATH_UNITS_MAX, L"%ls%ls", prefix, rest);
    return units > 0 && units < PATH_UNITS_MAX;
}

static bool from_drive(const wchar_t *path, wchar_t *out)
{
    const wchar_t prefix[] = {L'\\', L'\\', L'?', L'\\', path[0], L':', L'\0'};
    return is_local_drive(path[0]) && is_clean(path + 2) && join(out, prefix, path + 2);
}

static bool from_device(const wchar_t *path, wchar_t *out)
{
    bool known = starts_with(path, disks[0]) || starts_with(path, disks[1]);
    const wchar_t *rest = known ? wcschr(path + 8, L'\\') : NULL;
    if (rest == NULL || !is_clean(rest)) {
        return false;
    }
    wchar_t letter = letter_of(path, (size_t)(rest - path));
    if (letter != L'\0') {
        const wchar_t prefix[] = {L'\\', L'\\', L'?', L'\\', letter, L':', L'\0'};
        return is_local_drive(letter) && join(out, prefix, rest);
    }
    return join(out, L"\\\\?\\GLOBALROOT", path);
}

static bool from_system_root(const wchar_t *rest, wchar_t *out)
{
    wchar_t folder[MAX_PATH + 8] = L"\\\\?\\";
    UINT units = GetSystemWindowsDirectoryW(folder + 4, MAX_PATH);
    return units > 0 && units < MAX_PATH && is_clean(rest) && join(out, folder, rest);
}

static bool translate(const wchar_t *path, wchar_t *out)
{
    static const wchar_t system_root[] = L"\\SystemRoot";
    if (wcsncmp(path, L"\\??\\", 4) == 0 || wcsncmp(path, L"\\\\?\\", 4) == 0) {
        path += 4;
    }
    if (iswalpha(path[0]) && path[0] < 128 && path[1] == L':') {
        return from_drive(path, out);
    }
    if (starts_with(path, L"\\SystemRoot\\")) {
        return from_system_root(path + wcslen(system_root), out);
    }
    return from_device(path, out);
}

/* A link on the way could lead to a server; what only looks like one to the file system
 * (deduplicated, compressed, of a container's layer) does not. */
static enum ew_status check_part(const wchar_t *path, bool is_last)
{
    WIN32_FIND_DATAW found;
    HANDLE search =
        FindFirstFileExW(path, FindExInfoBasic, &found, FindExSearchNameMatch, NULL, 0);
    if (search == INVALID_HANDLE_VALUE) {
        return EW_NOT_FOUND;
    }
    (void)FindClose(search);
    bool is_folder = (found.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) != 0;
    bool is_link = (found.dwFileAttributes & FILE_ATTRIBUTE_REPARSE_POINT) != 0
                   && IsReparseTagNameSurrogate(found.dwReserved0);
    if (is_link || (found.dwFileAttributes & FILE_ATTRIBUTE_DEVICE) != 0) {
        return EW_UNSUPPORTED;
    }
    return is_folder == !is_last ? EW_OK : EW_NOT_FOUND;
}

/* Where the volume's own folders begin in a path that translate() made. */
static wchar_t *after_volume(wchar_t *path)
{
    static const wchar_t root[] = L"\\\\?\\GLOBALROOT\\Device\\";
    return wcsncmp(path, root, wcslen(root)) == 0 ? wcschr(path + wcslen(root), L'\\')
                                                  : wcschr(path + 4, L'\\');
}

static enum ew_status check_parts(wchar_t *path)
{
    enum ew_status status = EW_OK;
    wchar_t *at = after_volume(path);
    while (status == EW_OK && at != NULL) {
        at = wcschr(at + 1, L'\\');
        if (at != NULL) {
            *at = L'\0';
        }
        status = check_part(path, at == NULL);
        if (at != NULL) {
            *at = L'\\';
        }
    }
    return status;
}

enum ew_status ew_symbol_locate(const char *event_path, char *path_out, size_t capacity)
{
    wchar_t path[PATH_UNITS_MAX];
    wchar_t translated[PATH_UNITS_MAX];
    if (MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, event_path, -1, path, PATH_UNITS_MAX)
            == 0
        || !translate(path, translated)) {
        return EW_UNSUPPORTED;
    }
    enum ew_status status = check_parts(translated);
    if (status == EW_OK
        && WideCharToMultiByte(CP_UTF8, 0, translated, -1, path_out, (int)capacity, NULL, NULL)
               == 0) {
        status = EW_UNSUPPORTED;
    }
    return status;
}
