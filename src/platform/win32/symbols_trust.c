/* SPDX-License-Identifier: Apache-2.0 */
/* Who may change a file or its folder (reference etw.md 3.8, "Trust"). */
#include "platform/win32/symbols_trust.h"

#include "platform/symbols.h"
#include "platform/win32/wide_win32.h"

/* After windows.h, whose types it needs. */
#include <aclapi.h>

#include <stdlib.h>
#include <string.h>
#include <wchar.h>

/* Everything that changes what is read, who may change it, or which file has the name. For
 * folders FILE_ADD_FILE and FILE_ADD_SUBDIRECTORY have the values of the first two. */
enum {
    CHANGES = FILE_WRITE_DATA | FILE_APPEND_DATA | FILE_WRITE_EA | FILE_DELETE_CHILD | DELETE
              | WRITE_DAC | WRITE_OWNER,
};
#define CHANGES_ALL ((DWORD)CHANGES | GENERIC_WRITE | GENERIC_ALL)

/* S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464 (TrustedInstaller). */
static bool is_installer(PSID sid)
{
    static const DWORD parts[] = {80, 956008885, 3418522649, 1831038044, 1853292631, 2271478464};
    enum { PARTS = sizeof parts / sizeof parts[0] };
    if (*GetSidSubAuthorityCount(sid) != PARTS
        || GetSidIdentifierAuthority(sid)->Value[5] != 5 /* SECURITY_NT_AUTHORITY */) {
        return false;
    }
    for (DWORD i = 0; i < PARTS; i++) {
        if (*GetSidSubAuthority(sid, i) != parts[i]) {
            return false;
        }
    }
    return true;
}

static bool is_trusted_sid(PSID sid)
{
    return sid != NULL && IsValidSid(sid)
           && (IsWellKnownSid(sid, WinLocalSystemSid)
               || IsWellKnownSid(sid, WinBuiltinAdministratorsSid) || is_installer(sid));
}

/* Entries that refuse only take away; entries that are only inherited say nothing here. */
static bool entry_is_harmless(const ACE_HEADER *header)
{
    const ACCESS_ALLOWED_ACE *entry = (const ACCESS_ALLOWED_ACE *)(const void *)header;
    if ((header->AceFlags & INHERIT_ONLY_ACE) != 0 || header->AceType == ACCESS_DENIED_ACE_TYPE) {
        return true;
    }
    if (header->AceType != ACCESS_ALLOWED_ACE_TYPE) {
        return false; /* conditional and object entries: nobody writes them on files */
    }
    return (entry->Mask & CHANGES_ALL) == 0 || is_trusted_sid((PSID)(uintptr_t)&entry->SidStart);
}

bool ew_symbol_acl_is_trusted(PSID owner, const ACL *list)
{
    if (list == NULL || !is_trusted_sid(owner)) {
        return false;
    }
    for (DWORD i = 0; i < list->AceCount; i++) {
        void *entry = NULL;
        if (!GetAce((PACL)(uintptr_t)list, i, &entry) || !entry_is_harmless(entry)) {
            return false;
        }
    }
    return true;
}

static bool path_is_trusted(wchar_t *path)
{
    PSID owner = NULL;
    PACL list = NULL;
    PSECURITY_DESCRIPTOR descriptor = NULL;
    DWORD code = GetNamedSecurityInfoW(path, SE_FILE_OBJECT,
                                       OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION,
                                       &owner, NULL, &list, NULL, &descriptor);
    bool trusted = code == ERROR_SUCCESS && ew_symbol_acl_is_trusted(owner, list);
    (void)LocalFree(descriptor);
    return trusted;
}

/* The folder as well: who may add files or remove them there, chooses what is read. */
bool ew_symbol_is_trusted(const char *path)
{
    wchar_t *wide = ew_wide_path(path);
    bool trusted = wide != NULL && path_is_trusted(wide);
    wchar_t *end = wide == NULL ? NULL : wcsrchr(wide, L'\\');
    if (trusted && end != NULL) {
        *end = L'\0';
        trusted = path_is_trusted(wide);
    } else {
        trusted = false;
    }
    free(wide);
    return trusted;
}
