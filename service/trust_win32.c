/* SPDX-License-Identifier: Apache-2.0 */
/* Owners and access lists of a file and of every folder above it, and what lies beside it. */
#include "service_win32.h"

#include "platform/win32/wide_win32.h"

/* They need the types of windows.h. */
#include <aclapi.h>
#include <sddl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

/* With this in front Windows takes a path as it is, however long; "C:\" follows. */
#define PREFIX L"\\\\?\\"
enum { PREFIX_UNITS = 4, ROOT_UNITS = 3, NAME_UNITS = 256 };

/* --- access lists as trust.h has them --------------------------------------------------- */

/* SIDs are ASCII. Empty when it cannot be told, which nobody trusts. */
static void put_sid(char out[TRUST_SID_BYTES], PSID sid)
{
    wchar_t *text = NULL;
    out[0] = '\0';
    if (sid == NULL || !IsValidSid(sid) || !ConvertSidToStringSidW(sid, &text)) {
        return;
    }
    for (size_t i = 0; i < TRUST_SID_BYTES - 1 && text[i] != L'\0'; i++) {
        out[i] = (char)text[i];
        out[i + 1] = '\0';
    }
    (void)LocalFree(text);
}

/* All kinds begin with a header and the rights; the SID follows in those that are known. */
static void put_entry(struct trust_entry *out, void *entry)
{
    ACCESS_ALLOWED_ACE *allowed = entry;
    out->rights = allowed->Mask;
    out->inherit_only = (allowed->Header.AceFlags & INHERIT_ONLY_ACE) != 0;
    switch (allowed->Header.AceType) {
    case ACCESS_ALLOWED_ACE_TYPE:
    case ACCESS_ALLOWED_CALLBACK_ACE_TYPE:
        out->kind = TRUST_ALLOWS;
        put_sid(out->sid, &allowed->SidStart);
        break;
    case ACCESS_DENIED_ACE_TYPE:
        out->kind = TRUST_DENIES;
        break;
    default:
        out->kind = TRUST_UNUSUAL;
        break;
    }
}

/* The entries, which the caller frees; NULL without memory or when one cannot be read. */
static struct trust_entry *read_entries(ACL *list, size_t *count_out)
{
    struct trust_entry *entries = calloc((size_t)list->AceCount + 1, sizeof *entries);
    for (DWORD i = 0; entries != NULL && i < list->AceCount; i++) {
        void *entry = NULL;
        if (!GetAce(list, i, &entry)) {
            free(entries);
            return NULL;
        }
        put_entry(&entries[i], entry);
    }
    *count_out = list->AceCount;
    return entries;
}

/* --- what is said ------------------------------------------------------------------------- */

/* "BUILTIN\Users (S-1-5-32-545)", or the SID alone. */
static void put_account(char *out, size_t capacity, const char *sid_text)
{
    wchar_t name[NAME_UNITS];
    wchar_t domain[NAME_UNITS];
    DWORD name_units = NAME_UNITS;
    DWORD domain_units = NAME_UNITS;
    SID_NAME_USE use;
    PSID sid = NULL;
    wchar_t *wide = service_wide(sid_text);
    (void)snprintf(out, capacity, "%s", sid_text[0] != '\0' ? sid_text : "somebody");
    if (wide != NULL && ConvertStringSidToSidW(wide, &sid)
        && LookupAccountSidW(NULL, sid, name, &name_units, domain, &domain_units, &use)) {
        char *name_text = ew_wide_to_utf8(name);
        char *domain_text = ew_wide_to_utf8(domain);
        if (name_text != NULL && domain_text != NULL) {
            (void)snprintf(out, capacity, "%s%s%s (%s)", domain_text,
                           domain_text[0] != '\0' ? "\\" : "", name_text, sid_text);
        }
        free(name_text);
        free(domain_text);
    }
    (void)LocalFree(sid);
    free(wide);
}

static enum ew_status say(enum trust_place place, const char *path, enum trust_verdict verdict,
                          const char *who, struct ew_error *error)
{
    char account[TRUST_SID_BYTES + NAME_UNITS] = "";
    if (who != NULL) {
        put_account(account, sizeof account, who);
    }
    switch (verdict) {
    case TRUST_GOOD:
        return EW_OK;
    case TRUST_BAD_OWNER:
        return ew_fail(error, EW_IO, "%s: belongs to %s, who %s", path, account,
                       trust_harm(place));
    case TRUST_BAD_ENTRY:
        return ew_fail(error, EW_IO, "%s: %s %s", path, account, trust_harm(place));
    case TRUST_BAD_UNUSUAL:
        return ew_fail(error, EW_IO, "%s: its access list has an entry that is not understood",
                       path);
    default:
        return ew_fail(error, EW_IO, "%s: has no access list; everybody %s", path,
                       trust_harm(place));
    }
}

/* --- one place ------------------------------------------------------------------------------ */

enum ew_status service_trust_descriptor(PSECURITY_DESCRIPTOR descriptor, enum trust_place place,
                                        const char *path, struct ew_error *error)
{
    struct trust_list list = {.exists = false};
    struct trust_entry *entries = NULL;
    PSID owner = NULL;
    ACL *access = NULL;
    BOOL present = FALSE;
    BOOL defaulted = FALSE;
    const char *who = NULL;
    if (!GetSecurityDescriptorOwner(descriptor, &owner, &defaulted)
        || !GetSecurityDescriptorDacl(descriptor, &present, &access, &defaulted)) {
        return ew_wide_fail(error, GetLastError(), "read who can change it", path);
    }
    put_sid(list.owner, owner);
    list.exists = present && access != NULL;
    if (list.exists) {
        entries = read_entries(access, &list.count);
        list.entries = entries;
    }
    if (list.exists && entries == NULL) {
        return ew_fail(error, EW_NO_MEMORY, "%s: no memory for its access list", path);
    }
    enum trust_verdict verdict = trust_judge(place, &list, &who);
    enum ew_status status = say(place, path, verdict, who, error);
    free(entries);
    return status;
}

static enum ew_status judge(HANDLE opened, enum trust_place place, const char *path,
                            struct ew_error *error)
{
    PSECURITY_DESCRIPTOR descriptor = NULL;
    DWORD code = GetSecurityInfo(opened, SE_FILE_OBJECT,
                                 OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION, NULL,
                                 NULL, NULL, NULL, &descriptor);
    if (code != ERROR_SUCCESS) {
        return ew_wide_fail(error, code, "read who can change it", path);
    }
    enum ew_status status = service_trust_descriptor(descriptor, place, path, error);
    (void)LocalFree(descriptor);
    return status;
}

/* Never followed: who can change a link chooses where it leads. */
static enum ew_status check_place(const wchar_t *wide, enum trust_place place,
                                  struct ew_error *error)
{
    BY_HANDLE_FILE_INFORMATION facts;
    enum ew_status status = EW_NO_MEMORY;
    HANDLE opened =
        CreateFileW(wide, READ_CONTROL | FILE_READ_ATTRIBUTES,
                    FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL, OPEN_EXISTING,
                    FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT, NULL);
    DWORD code = GetLastError();
    char *path = ew_wide_to_utf8(wide + PREFIX_UNITS);
    if (path == NULL) {
        (void)ew_fail(error, status, "no memory for a path");
    } else if (opened == INVALID_HANDLE_VALUE) {
        status = ew_wide_fail(error, code, "look at", path);
    } else if (!GetFileInformationByHandle(opened, &facts)) {
        status = ew_wide_fail(error, GetLastError(), "look at", path);
    } else if ((facts.dwFileAttributes & FILE_ATTRIBUTE_REPARSE_POINT) != 0) {
        status = ew_fail(error, EW_IO, "%s: is a link; name the place that it leads to", path);
    } else {
        status = judge(opened, place, path, error);
    }
    if (opened != INVALID_HANDLE_VALUE) {
        (void)CloseHandle(opened);
    }
    free(path);
    return status;
}

/* --- a path -----------------------------------------------------------------------------------
 */

/* Absolute, with the prefix; NULL without memory or when it is no path. The caller frees it. */
static wchar_t *prefixed_path(const char *path)
{
    wchar_t *wide = service_wide(path);
    DWORD units = wide != NULL ? GetFullPathNameW(wide, 0, NULL, NULL) : 0;
    wchar_t *full = units != 0 ? malloc((units + PREFIX_UNITS) * sizeof *full) : NULL;
    if (full != NULL) {
        wmemcpy(full, PREFIX, PREFIX_UNITS);
        if (GetFullPathNameW(wide, units, full + PREFIX_UNITS, NULL) >= units) {
            free(full);
            full = NULL;
        }
    }
    free(wide);
    return full;
}

/* "C:\..." on a disk that stays in this machine. */
static bool is_fixed(const wchar_t *full)
{
    wchar_t root[] = L"?:\\";
    const wchar_t *path = full + PREFIX_UNITS;
    if (path[0] == L'\0' || path[1] != L':' || path[2] != L'\\') {
        return false;
    }
    root[0] = path[0];
    return GetDriveTypeW(root) == DRIVE_FIXED;
}

/* To the folder that it lies in; false for a root. */
static bool go_up(wchar_t *full)
{
    wchar_t *path = full + PREFIX_UNITS;
    wchar_t *last = wcsrchr(path, L'\\');
    if (path[ROOT_UNITS] == L'\0') {
        return false;
    }
    path[last - path < ROOT_UNITS ? ROOT_UNITS : last - path] = L'\0';
    return true;
}

static enum ew_status check_up(wchar_t *full, struct ew_error *error)
{
    enum ew_status status = check_place(full, TRUST_FILE, error);
    enum trust_place place = TRUST_FOLDER;
    while (status == EW_OK && go_up(full)) {
        bool is_root = full[PREFIX_UNITS + ROOT_UNITS] == L'\0';
        status = check_place(full, is_root && place == TRUST_PARENT ? TRUST_ROOT : place, error);
        place = TRUST_PARENT;
    }
    return status;
}

enum ew_status service_trust_path(const char *path, struct ew_error *error)
{
    wchar_t *full = prefixed_path(path);
    enum ew_status status = EW_OK;
    if (full == NULL) {
        status = ew_fail(error, EW_USAGE, "%s: is not a path", path);
    } else if (!is_fixed(full)) {
        status = ew_fail(error, EW_IO, "%s: is not on a disk of this machine", path);
    } else {
        status = check_up(full, error);
    }
    free(full);
    return status;
}

/* --- what lies beside the program
 * ---------------------------------------------------------------- */

static enum ew_status check_name(const char *folder, const char *program, const wchar_t *found,
                                 struct ew_error *error)
{
    char *name = ew_wide_to_utf8(found);
    enum ew_status status = EW_OK;
    if (name == NULL) {
        status = ew_fail(error, EW_NO_MEMORY, "%s: no memory for its names", folder);
    } else if (trust_steers_loader(program, name)) {
        status = ew_fail(error, EW_IO,
                         "%s\\%s: lies beside the program, which needs no such file, and Windows"
                         " may load it instead of its own; remove it",
                         folder, name);
    }
    free(name);
    return status;
}

static enum ew_status check_names(wchar_t *full, const char *program, struct ew_error *error)
{
    WIN32_FIND_DATAW found;
    enum ew_status status = EW_OK;
    char *folder = ew_wide_to_utf8(full + PREFIX_UNITS);
    size_t units = wcslen(full);
    wmemcpy(full + units, full[units - 1] == L'\\' ? L"*" : L"\\*",
            full[units - 1] == L'\\' ? 2 : 3);
    HANDLE search = FindFirstFileW(full, &found);
    if (folder == NULL || search == INVALID_HANDLE_VALUE) {
        status =
            ew_wide_fail(error, GetLastError(), "list", folder != NULL ? folder : "a folder");
    }
    for (bool more = status == EW_OK; more;) {
        status = check_name(folder, program, found.cFileName, error);
        more = status == EW_OK && FindNextFileW(search, &found);
    }
    if (search != INVALID_HANDLE_VALUE) {
        (void)FindClose(search);
    }
    free(folder);
    return status;
}

/* The program's own name leaves room for what is put there instead: two units. */
enum ew_status service_trust_beside(const char *path, struct ew_error *error)
{
    wchar_t *full = prefixed_path(path);
    wchar_t *last = full != NULL ? wcsrchr(full, L'\\') : NULL;
    char *program = last != NULL ? ew_wide_to_utf8(last + 1) : NULL;
    enum ew_status status = EW_OK;
    if (program == NULL || wcslen(last) < 3 || !go_up(full)) {
        status = ew_fail(error, EW_USAGE, "%s: is not the path of a program", path);
    } else {
        status = check_names(full, program, error);
    }
    free(program);
    free(full);
    return status;
}
