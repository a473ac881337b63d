/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One collection by a session name: while a process holds an event of that name, sessions with
 * our names and GUIDs are that process' own, and not stale. The event goes with its last handle,
 * also when the process is killed.
 *
 * Everybody may make an event of that name. One that neither an administrator nor the system
 * has made is ignored, so that no watched process keeps us from watching it.
 */
#include "capture/live/internal.h"

#include <aclapi.h>
#include <sddl.h>
#include <string.h>

static const wchar_t prefix[] = L"Global\\etwitness-live-";

enum { TRIES = 20, WAIT_MS = 100, PREFIX_CHARS = sizeof prefix / sizeof prefix[0] - 1 };
enum { NAME_CHARS_MAX = 200 };

/* Names of sessions know no case, those of events do, and give the backslash a meaning. Longer
 * names than an event's can be share one. */
static void name_event(const char *base, wchar_t name_out[NAME_CHARS_MAX + 1])
{
    size_t used = PREFIX_CHARS;
    memcpy(name_out, prefix, sizeof prefix);
    for (; *base != '\0' && used < NAME_CHARS_MAX; base++) {
        char c = *base >= 'A' && *base <= 'Z' ? (char)(*base - 'A' + 'a') : *base;
        name_out[used++] = c == '\\' ? L'_' : (wchar_t)(unsigned char)c;
    }
    name_out[used] = L'\0';
}

/* The default owner of what this process makes: Administrators when it is elevated. */
static bool is_own(PSID sid)
{
    union {
        TOKEN_OWNER owner;
        uint8_t room[sizeof(TOKEN_OWNER) + SECURITY_MAX_SID_SIZE];
    } told;
    HANDLE token = NULL;
    DWORD bytes = 0;
    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token)) {
        return false;
    }
    bool own = GetTokenInformation(token, TokenOwner, &told, sizeof told, &bytes)
               && EqualSid(sid, told.owner.Owner);
    (void)CloseHandle(token);
    return own;
}

static bool is_trusted(HANDLE event)
{
    PSID sid = NULL;
    PSECURITY_DESCRIPTOR descriptor = NULL;
    if (GetSecurityInfo(event, SE_KERNEL_OBJECT, OWNER_SECURITY_INFORMATION, &sid, NULL, NULL,
                        NULL, &descriptor)
        != ERROR_SUCCESS) {
        return false;
    }
    bool trusted = sid != NULL
                   && (IsWellKnownSid(sid, WinLocalSystemSid)
                       || IsWellKnownSid(sid, WinBuiltinAdministratorsSid) || is_own(sid));
    (void)LocalFree(descriptor);
    return trusted;
}

static bool is_held_by_another(const wchar_t *name)
{
    HANDLE event = OpenEventW(READ_CONTROL, FALSE, name);
    bool held = event != NULL && is_trusted(event);
    if (event != NULL) {
        (void)CloseHandle(event);
    }
    return held;
}

/* Owned by and open to administrators and the system, whichever of them comes first. Who is
 * neither may not give it that owner, and has no sessions to guard either. */
static HANDLE make_event(const wchar_t *name, DWORD *code_out)
{
    SECURITY_ATTRIBUTES attributes = {.nLength = sizeof attributes};
    HANDLE event = NULL;
    *code_out = ERROR_SUCCESS;
    if (ConvertStringSecurityDescriptorToSecurityDescriptorW(
            L"O:BAG:BAD:P(A;;GA;;;SY)(A;;GA;;;BA)", SDDL_REVISION_1,
            &attributes.lpSecurityDescriptor, NULL)) {
        event = CreateEventW(&attributes, TRUE, FALSE, name);
        *code_out = GetLastError();
        (void)LocalFree(attributes.lpSecurityDescriptor);
    }
    return event;
}

bool ew_live_owner_take(const char *base, HANDLE *owner_out)
{
    wchar_t name[NAME_CHARS_MAX + 1];
    DWORD code = ERROR_SUCCESS;
    name_event(base, name);
    HANDLE event = make_event(name, &code);
    if ((event == NULL || code == ERROR_ALREADY_EXISTS) && is_held_by_another(name)) {
        if (event != NULL) {
            (void)CloseHandle(event);
        }
        return false;
    }
    *owner_out = event;
    return true;
}

bool ew_live_owner_lives(const char *base)
{
    wchar_t name[NAME_CHARS_MAX + 1];
    name_event(base, name);
    return is_held_by_another(name);
}

/* A process that was just killed takes a moment to be gone. */
bool ew_live_owner_wait(const char *base, HANDLE *owner_out)
{
    for (unsigned tries = 0; tries < TRIES; tries++) {
        if (ew_live_owner_take(base, owner_out)) {
            return true;
        }
        ew_sleep_ms(WAIT_MS);
    }
    return false;
}

void ew_live_owner_give(HANDLE *owner)
{
    if (*owner != NULL) {
        (void)CloseHandle(*owner);
        *owner = NULL;
    }
}
