/* SPDX-License-Identifier: Apache-2.0 */
/* The trace sessions of this machine, and other processes of this program. */
#include "doctor.h"
#include "etwitness/live.h"
#include "platform/win32/wide_win32.h"

#include <stdlib.h>
#include <string.h>
#include <wchar.h>

/* After wide_win32.h, which includes windows.h: they need its types. */
#include <evntrace.h>
#include <tlhelp32.h>

/* Documented for EtwMaxLoggers (reference etw.md 3.1.3). */
enum { SESSIONS_DEFAULT = 64, SESSIONS_MIN = 32, SESSIONS_MAX = 256 };

enum { NAME_UNITS = EW_SESSION_NAME_MAX + 1 };

/* One slot of the query: the properties, and room for the two names behind them. */
struct slot {
    EVENT_TRACE_PROPERTIES properties;
    wchar_t session[NAME_UNITS];
    wchar_t file[NAME_UNITS];
};

static uint32_t ask_maximum(void)
{
    DWORD value = 0;
    DWORD bytes = sizeof value;
    if (RegGetValueW(HKEY_LOCAL_MACHINE, L"SYSTEM\\CurrentControlSet\\Control\\WMI",
                     L"EtwMaxLoggers", RRF_RT_REG_DWORD, NULL, &value, &bytes)
            != ERROR_SUCCESS
        || value < SESSIONS_MIN || value > SESSIONS_MAX) {
        return SESSIONS_DEFAULT;
    }
    return value;
}

/* These two have slots that nobody else can take. */
static bool has_own_slot(const wchar_t *name)
{
    return _wcsicmp(name, L"NT Kernel Logger") == 0
           || _wcsicmp(name, L"Circular Kernel Context Logger") == 0;
}

static enum doctor_owner meaning_of(enum ew_live_owner owner)
{
    static const enum doctor_owner meanings[] = {
        [EW_LIVE_UNRELATED] = DOCTOR_NOBODY,        [EW_LIVE_OURS] = DOCTOR_OURS,
        [EW_LIVE_ANOTHER] = DOCTOR_ANOTHER,         [EW_LIVE_ELSEWHERE] = DOCTOR_ELSEWHERE,
        [EW_LIVE_LEFT_BEHIND] = DOCTOR_LEFT_BEHIND,
    };
    return meanings[owner];
}

static void count_session(struct slot *slot, const struct ew_settings *settings,
                          struct doctor_sessions *out)
{
    slot->session[NAME_UNITS - 1] = L'\0';
    char *name = ew_wide_to_utf8(slot->session);
    struct ew_guid guid;
    memcpy(&guid, &slot->properties.Wnode.Guid, sizeof guid);
    enum doctor_owner owner = DOCTOR_NOBODY;
    if (name != NULL) {
        owner = meaning_of(ew_live_session_owner(settings, name, &guid));
    }
    /* Those that a start would stop are in nobody's way. */
    if (owner != DOCTOR_OURS && owner != DOCTOR_LEFT_BEHIND) {
        out->in_use++;
        bool system = (slot->properties.LogFileMode & EVENT_TRACE_SYSTEM_LOGGER_MODE) != 0;
        out->system_other += system && !has_own_slot(slot->session) ? 1U : 0U;
    }
    if (owner != DOCTOR_NOBODY && owner >= out->owner) {
        out->owner = owner;
        (void)snprintf(out->name, sizeof out->name, "%s", name);
    }
    free(name);
}

static uint32_t query_sessions(struct slot *slots, const struct ew_settings *settings,
                               struct doctor_sessions *out)
{
    EVENT_TRACE_PROPERTIES *pointers[SESSIONS_MAX];
    ULONG count = 0;
    for (size_t i = 0; i < SESSIONS_MAX; i++) {
        slots[i].properties.Wnode.BufferSize = sizeof slots[i];
        slots[i].properties.LoggerNameOffset = offsetof(struct slot, session);
        slots[i].properties.LogFileNameOffset = offsetof(struct slot, file);
        pointers[i] = &slots[i].properties;
    }
    ULONG error = QueryAllTracesW(pointers, SESSIONS_MAX, &count);
    /* More than there can be: what was told still holds. */
    if (error != ERROR_SUCCESS && error != ERROR_MORE_DATA) {
        return error;
    }
    for (size_t i = 0; i < count && i < SESSIONS_MAX; i++) {
        count_session(&slots[i], settings, out);
    }
    return 0;
}

/* Other processes with the name of this program's file. */
static uint32_t count_collectors(void)
{
    wchar_t path[1024];
    DWORD units = GetModuleFileNameW(NULL, path, ARRAYSIZE(path));
    if (units == 0 || units >= ARRAYSIZE(path)) {
        return 0;
    }
    const wchar_t *slash = wcsrchr(path, L'\\');
    const wchar_t *name = slash != NULL ? slash + 1 : path;
    HANDLE snapshot = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
    if (snapshot == INVALID_HANDLE_VALUE) {
        return 0;
    }
    uint32_t count = 0;
    PROCESSENTRY32W entry = {.dwSize = sizeof entry};
    for (BOOL more = Process32FirstW(snapshot, &entry); more;
         more = Process32NextW(snapshot, &entry)) {
        bool other = entry.th32ProcessID != GetCurrentProcessId();
        count += other && _wcsicmp(entry.szExeFile, name) == 0 ? 1U : 0U;
    }
    (void)CloseHandle(snapshot);
    return count;
}

void doctor_ask_sessions(const struct ew_settings *settings, struct doctor_sessions *sessions_out)
{
    memset(sessions_out, 0, sizeof *sessions_out);
    sessions_out->maximum = ask_maximum();
    sessions_out->collectors = count_collectors();
    struct slot *slots = calloc(SESSIONS_MAX, sizeof *slots);
    sessions_out->error =
        slots != NULL ? query_sessions(slots, settings, sessions_out) : ERROR_OUTOFMEMORY;
    free(slots);
}
