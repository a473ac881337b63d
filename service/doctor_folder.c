/* SPDX-License-Identifier: Apache-2.0 */
/* What Windows says of a folder: whether files can be made in it, by whom, and its disk. */
#include "doctor.h"
#include "platform/win32/wide_win32.h"

#include <stdlib.h>
#include <string.h>
#include <wchar.h>

/* After wide_win32.h, which includes windows.h. */
#include <aclapi.h>

/* What changes a folder or lets one be put in its place. */
#define CHANGES                                                                     \
    (FILE_ADD_FILE | FILE_ADD_SUBDIRECTORY | FILE_DELETE_CHILD | DELETE | WRITE_DAC \
     | WRITE_OWNER | GENERIC_WRITE | GENERIC_ALL)
#define READS (FILE_LIST_DIRECTORY | GENERIC_READ | GENERIC_ALL)

static bool is_separator(wchar_t letter)
{
    return letter == L'\\' || letter == L'/';
}

static bool is_directory(const wchar_t *path)
{
    DWORD attributes = GetFileAttributesW(path);
    return attributes != INVALID_FILE_ATTRIBUTES && (attributes & FILE_ATTRIBUTE_DIRECTORY) != 0;
}

/* Cuts a path to its nearest part that is a directory. False when there is none. */
static bool cut_to_existing(wchar_t *path)
{
    while (!is_directory(path)) {
        size_t length = wcslen(path);
        while (length > 0 && is_separator(path[length - 1])) {
            length--;
        }
        while (length > 0 && !is_separator(path[length - 1])) {
            length--;
        }
        if (length == 0) {
            return false;
        }
        path[length] = L'\0';
        if (is_directory(path)) {
            return true;
        }
        path[length - 1] = L'\0';
    }
    return true;
}

/* Makes a file that vanishes when it is closed, as the writer would make one. */
static void try_to_write(const wchar_t *directory, struct doctor_folder *out)
{
    enum { NAME_ROOM = 64 };
    size_t units = wcslen(directory) + NAME_ROOM;
    wchar_t *path = malloc(units * sizeof *path);
    if (path == NULL) {
        return;
    }
    (void)_snwprintf(path, units, L"%ls\\etwitness-doctor-%lu.tmp", directory,
                     GetCurrentProcessId());
    HANDLE file = CreateFileW(path, GENERIC_WRITE | DELETE, 0, NULL, CREATE_NEW,
                              FILE_ATTRIBUTE_TEMPORARY | FILE_FLAG_DELETE_ON_CLOSE, NULL);
    DWORD code = GetLastError();
    out->writable = file != INVALID_HANDLE_VALUE;
    if (out->writable) {
        (void)CloseHandle(file);
    } else {
        struct ew_error error = {0};
        (void)ew_wide_fail(&error, code, "write here", out->path);
        const char *why = strstr(error.text, "cannot write here");
        (void)snprintf(out->why, sizeof out->why, "%s", why != NULL ? why : error.text);
    }
    free(path);
}

/* A root such as "C:\" of the path's volume; a share is one, too. */
static bool is_remote(const wchar_t *path)
{
    wchar_t volume[MAX_PATH + 1];
    if (path[0] == L'\\' && path[1] == L'\\' && path[2] != L'?' && path[2] != L'.') {
        return true;
    }
    return GetVolumePathNameW(path, volume, ARRAYSIZE(volume))
           && GetDriveTypeW(volume) == DRIVE_REMOTE;
}

/* --- who may -------------------------------------------------------------------- */

/* Groups that ordinary users are in. Domain Users and Domain Guests have no SID of their
 * own: 513 and 514 of their domain. */
static bool is_ordinary(PSID sid)
{
    static const WELL_KNOWN_SID_TYPE kinds[] = {
        WinWorldSid,     WinAuthenticatedUserSid, WinInteractiveSid,   WinNetworkSid,
        WinAnonymousSid, WinBuiltinUsersSid,      WinBuiltinGuestsSid,
    };
    enum { DOMAIN_USERS = 513, DOMAIN_GUESTS = 514, DOMAIN_PARTS = 5 };
    for (size_t i = 0; i < ARRAYSIZE(kinds); i++) {
        if (IsWellKnownSid(sid, kinds[i])) {
            return true;
        }
    }
    UCHAR parts = *GetSidSubAuthorityCount(sid);
    if (parts != DOMAIN_PARTS || *GetSidSubAuthority(sid, 0) != SECURITY_NT_NON_UNIQUE) {
        return false;
    }
    DWORD last = *GetSidSubAuthority(sid, DOMAIN_PARTS - 1);
    return last == DOMAIN_USERS || last == DOMAIN_GUESTS;
}

/* Denials are not looked at: an entry that allows is told even where another takes it back,
 * which nobody should have to rely on. */
static void read_entries(ACL *list, struct doctor_folder *out)
{
    for (DWORD i = 0; i < list->AceCount; i++) {
        void *entry = NULL;
        if (!GetAce(list, i, &entry)) {
            continue;
        }
        ACCESS_ALLOWED_ACE *allowed = entry;
        if (allowed->Header.AceType != ACCESS_ALLOWED_ACE_TYPE
            || !is_ordinary(&allowed->SidStart)) {
            continue;
        }
        out->open_write = out->open_write || (allowed->Mask & CHANGES) != 0;
        out->open_read = out->open_read || (allowed->Mask & READS) != 0;
    }
}

static void ask_access(wchar_t *path, struct doctor_folder *out)
{
    ACL *list = NULL;
    PSECURITY_DESCRIPTOR descriptor = NULL;
    DWORD error = GetNamedSecurityInfoW(path, SE_FILE_OBJECT, DACL_SECURITY_INFORMATION, NULL,
                                        NULL, &list, NULL, &descriptor);
    if (error != ERROR_SUCCESS) {
        return;
    }
    out->acl_known = true;
    if (list != NULL) {
        read_entries(list, out);
    } else {
        /* No list at all means that everybody may do everything. */
        out->open_write = true;
        out->open_read = true;
    }
    (void)LocalFree(descriptor);
}

static void ask_space(const wchar_t *directory, struct doctor_folder *out)
{
    ULARGE_INTEGER free_bytes;
    if (GetDiskFreeSpaceExW(directory, &free_bytes, NULL, NULL)) {
        out->free_bytes = free_bytes.QuadPart;
    }
}

/* The absolute form of a path; NULL without memory or when it is none. The caller frees it. */
static wchar_t *full_path(const char *path)
{
    wchar_t *wide = ew_wide_path(path);
    DWORD units = wide != NULL ? GetFullPathNameW(wide, 0, NULL, NULL) : 0;
    wchar_t *full = units != 0 ? malloc(units * sizeof *full) : NULL;
    if (full != NULL && GetFullPathNameW(wide, units, full, NULL) >= units) {
        free(full);
        full = NULL;
    }
    free(wide);
    return full;
}

void doctor_ask_folder(const char *path, struct doctor_folder *folder_out)
{
    memset(folder_out, 0, sizeof *folder_out);
    (void)snprintf(folder_out->path, sizeof folder_out->path, "%s", path);
    folder_out->free_bytes = UINT64_MAX;
    wchar_t *full = full_path(path);
    if (full == NULL) {
        (void)snprintf(folder_out->why, sizeof folder_out->why, "is not a path");
        return;
    }
    folder_out->remote = is_remote(full);
    folder_out->exists = is_directory(full);
    if (folder_out->exists) {
        ask_access(full, folder_out);
    }
    if (cut_to_existing(full)) {
        try_to_write(full, folder_out);
        ask_space(full, folder_out);
    } else {
        (void)snprintf(folder_out->why, sizeof folder_out->why, "no such drive or share");
    }
    free(full);
}
