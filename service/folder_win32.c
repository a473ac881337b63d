/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The folder of the service in ProgramData, where every user may make folders: what is there
 * already is opened once, looked at and protected through that one handle, never by its name
 * again, and never followed when it is a link.
 */
#include "service_win32.h"

#include "platform/win32/wide_win32.h"

/* They need the types of windows.h. */
#include <aclapi.h>
#include <sddl.h>
#include <stdlib.h>
#include <wchar.h>

enum { SDDL_UNITS = 512 };

/* Full control for LocalSystem (SY) and administrators (BA), inherited by what is inside;
 * what the parent folder gives to others is cut off (P). */
#define FOLDER_RIGHTS L"O:BAD:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)"
/* Read, write, delete, for an account that is not LocalSystem. */
#define SERVICE_RIGHTS L"(A;OICI;0x1301bf;;;"

static PSECURITY_DESCRIPTOR descriptor_make(const wchar_t *service_sid)
{
    wchar_t sddl[SDDL_UNITS] = FOLDER_RIGHTS;
    PSECURITY_DESCRIPTOR descriptor = NULL;
    if (service_sid != NULL && wcslen(service_sid) < SDDL_UNITS / 2) {
        wchar_t *at = sddl + wcslen(sddl);
        wmemcpy(at, SERVICE_RIGHTS, wcslen(SERVICE_RIGHTS));
        at += wcslen(SERVICE_RIGHTS);
        wmemcpy(at, service_sid, wcslen(service_sid));
        at += wcslen(service_sid);
        wmemcpy(at, L")", 2);
    }
    return ConvertStringSecurityDescriptorToSecurityDescriptorW(sddl, SDDL_REVISION_1,
                                                                &descriptor, NULL)
               ? descriptor
               : NULL;
}

/* The person who installs is an administrator, and may have made the folder. */
static bool is_own_user(PSID owner)
{
    union {
        TOKEN_USER user;
        BYTE bytes[sizeof(TOKEN_USER) + SECURITY_MAX_SID_SIZE];
    } token;
    DWORD bytes = 0;
    HANDLE handle = NULL;
    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &handle)) {
        return false;
    }
    bool known = GetTokenInformation(handle, TokenUser, &token, sizeof token, &bytes);
    (void)CloseHandle(handle);
    return known && EqualSid(owner, token.user.User.Sid);
}

static bool is_trusted(HANDLE folder)
{
    PSID owner = NULL;
    PSECURITY_DESCRIPTOR descriptor = NULL;
    DWORD code = GetSecurityInfo(folder, SE_FILE_OBJECT, OWNER_SECURITY_INFORMATION, &owner, NULL,
                                 NULL, NULL, &descriptor);
    if (code != ERROR_SUCCESS) {
        return false;
    }
    bool trusted = IsWellKnownSid(owner, WinLocalSystemSid)
                   || IsWellKnownSid(owner, WinBuiltinAdministratorsSid) || is_own_user(owner);
    (void)LocalFree(descriptor);
    return trusted;
}

static DWORD protect(HANDLE folder, PSECURITY_DESCRIPTOR descriptor)
{
    BOOL present = FALSE;
    BOOL defaulted = FALSE;
    PACL list = NULL;
    if (!GetSecurityDescriptorDacl(descriptor, &present, &list, &defaulted)) {
        return GetLastError();
    }
    return SetSecurityInfo(folder, SE_FILE_OBJECT,
                           DACL_SECURITY_INFORMATION | PROTECTED_DACL_SECURITY_INFORMATION, NULL,
                           NULL, list, NULL);
}

static enum ew_status take_existing(const wchar_t *wide, const char *path,
                                    PSECURITY_DESCRIPTOR descriptor, struct ew_error *error)
{
    enum ew_status status = EW_OK;
    BY_HANDLE_FILE_INFORMATION facts;
    HANDLE folder =
        CreateFileW(wide, READ_CONTROL | WRITE_DAC | FILE_READ_ATTRIBUTES,
                    FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL, OPEN_EXISTING,
                    FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT, NULL);
    if (folder == INVALID_HANDLE_VALUE) {
        return ew_wide_fail(error, GetLastError(), "protect", path);
    }
    if (!GetFileInformationByHandle(folder, &facts)) {
        status = ew_wide_fail(error, GetLastError(), "look at", path);
    } else if ((facts.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) == 0
               || (facts.dwFileAttributes & FILE_ATTRIBUTE_REPARSE_POINT) != 0) {
        status = ew_fail(error, EW_EXISTS,
                         "%s: is a file or a link, a folder is needed; remove it", path);
    } else if (!is_trusted(folder)) {
        status = ew_fail(error, EW_EXISTS,
                         "%s: belongs neither to administrators nor to you, and may be a trap; "
                         "look at what is in it, and remove it",
                         path);
    } else {
        DWORD code = protect(folder, descriptor);
        if (code != ERROR_SUCCESS) {
            status = ew_wide_fail(error, code, "protect", path);
        }
    }
    (void)CloseHandle(folder);
    return status;
}

enum ew_status service_folder_make(const char *path, const wchar_t *service_sid, bool *made_out,
                                   struct ew_error *error)
{
    wchar_t *wide = ew_wide_path(path);
    PSECURITY_DESCRIPTOR descriptor = descriptor_make(service_sid);
    enum ew_status status = EW_OK;
    SECURITY_ATTRIBUTES attributes = {sizeof attributes, descriptor, FALSE};
    bool made = false;
    if (wide == NULL || descriptor == NULL) {
        status = ew_fail(error, EW_NO_MEMORY, "%s: no memory for its rights", path);
    } else if (CreateDirectoryW(wide, &attributes)) {
        made = true;
    } else if (GetLastError() == ERROR_ALREADY_EXISTS) {
        status = take_existing(wide, path, descriptor, error);
    } else {
        status = ew_wide_fail(error, GetLastError(), "make", path);
    }
    free(wide);
    (void)LocalFree(descriptor);
    if (status == EW_OK) {
        *made_out = made;
    }
    return status;
}

bool service_folder_remove(const char *path)
{
    wchar_t *wide = ew_wide_path(path);
    bool gone = wide != NULL
                && (RemoveDirectoryW(wide) || GetLastError() == ERROR_FILE_NOT_FOUND
                    || GetLastError() == ERROR_PATH_NOT_FOUND);
    free(wide);
    return gone;
}
