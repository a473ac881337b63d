/* SPDX-License-Identifier: Apache-2.0 */
/* What LocalSystem may do and the service never does is given away when it starts. */
#include "service_win32.h"

#include <stdlib.h>
#include <string.h>

enum { NEEDED = 2 };

static bool find_needed(LUID needed[NEEDED])
{
    return LookupPrivilegeValueW(NULL, SE_SYSTEM_PROFILE_NAME, &needed[0])
           && LookupPrivilegeValueW(NULL, SE_CHANGE_NOTIFY_NAME, &needed[1]);
}

static bool is_needed(const LUID needed[NEEDED], const LUID *privilege)
{
    return memcmp(&needed[0], privilege, sizeof *privilege) == 0
           || memcmp(&needed[1], privilege, sizeof *privilege) == 0;
}

/* The token's privileges, which the caller frees; NULL when they cannot be read. */
static TOKEN_PRIVILEGES *read_privileges(HANDLE token)
{
    DWORD bytes = 0;
    (void)GetTokenInformation(token, TokenPrivileges, NULL, 0, &bytes);
    TOKEN_PRIVILEGES *held = bytes != 0 ? calloc(1, bytes) : NULL;
    if (held != NULL && !GetTokenInformation(token, TokenPrivileges, held, bytes, &bytes)) {
        free(held);
        held = NULL;
    }
    return held;
}

bool service_privileges_drop(void)
{
    LUID needed[NEEDED];
    HANDLE token = NULL;
    if (!find_needed(needed)
        || !OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY | TOKEN_ADJUST_PRIVILEGES,
                             &token)) {
        return false;
    }
    TOKEN_PRIVILEGES *held = read_privileges(token);
    bool dropped = held != NULL;
    if (held != NULL) {
        DWORD count = 0;
        for (DWORD i = 0; i < held->PrivilegeCount; i++) {
            if (!is_needed(needed, &held->Privileges[i].Luid)) {
                held->Privileges[count] = held->Privileges[i];
                held->Privileges[count++].Attributes = SE_PRIVILEGE_REMOVED;
            }
        }
        held->PrivilegeCount = count;
        dropped = count == 0 || AdjustTokenPrivileges(token, FALSE, held, 0, NULL, NULL) != 0;
    }
    free(held);
    (void)CloseHandle(token);
    return dropped;
}
