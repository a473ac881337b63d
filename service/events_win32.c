/* SPDX-License-Identifier: Apache-2.0 */
/* The source of our entries in the event log of applications, and the entries. */
#include "service_win32.h"

#include "messages.h"
#include "platform/win32/wide_win32.h"

#include <assert.h>
#include <stdlib.h>
#include <wchar.h>

#define SOURCES L"SYSTEM\\CurrentControlSet\\Services\\EventLog\\Application\\"
enum {
    KEY_UNITS = 512,
    ALL_TYPES = EVENTLOG_ERROR_TYPE | EVENTLOG_WARNING_TYPE | EVENTLOG_INFORMATION_TYPE
};

/* The severity in the two highest bits, the number in the lowest sixteen. */
#define EVENT_ID(id, severity) (((DWORD)(severity) << 30) | (DWORD)(id))
#define SAME(name, id, severity) \
    static_assert(EW_MSG_##name == EVENT_ID(id, EW_SEVERITY_##severity), #name);
EW_REPORTS(SAME)
#undef SAME

static bool source_key(const char *name, wchar_t key[KEY_UNITS])
{
    wchar_t *wide = service_wide(name);
    bool fits = wide != NULL && wcslen(SOURCES) + wcslen(wide) < KEY_UNITS;
    if (fits) {
        wmemcpy(key, SOURCES, wcslen(SOURCES) + 1);
        wmemcpy(key + wcslen(SOURCES), wide, wcslen(wide) + 1);
    }
    free(wide);
    return fits;
}

static LSTATUS set_values(HKEY key, const wchar_t *program)
{
    const DWORD types = ALL_TYPES;
    LSTATUS code =
        RegSetValueExW(key, L"EventMessageFile", 0, REG_EXPAND_SZ, (const BYTE *)program,
                       (DWORD)((wcslen(program) + 1) * sizeof *program));
    if (code == ERROR_SUCCESS) {
        code = RegSetValueExW(key, L"TypesSupported", 0, REG_DWORD, (const BYTE *)&types,
                              sizeof types);
    }
    return code;
}

enum ew_status service_events_register(const char *name, const char *program, bool *made_out,
                                       struct ew_error *error)
{
    wchar_t key_name[KEY_UNITS];
    wchar_t *wide = service_wide(program);
    HKEY key = NULL;
    DWORD disposition = 0;
    if (wide == NULL || !source_key(name, key_name)) {
        free(wide);
        return ew_fail(error, EW_NO_MEMORY, "%s: no memory for its event source", name);
    }
    LSTATUS code = RegCreateKeyExW(HKEY_LOCAL_MACHINE, key_name, 0, NULL, 0, KEY_SET_VALUE, NULL,
                                   &key, &disposition);
    if (code == ERROR_SUCCESS) {
        code = set_values(key, wide);
        (void)RegCloseKey(key);
    }
    free(wide);
    if (code != ERROR_SUCCESS) {
        /* One without its values would be in the way of nobody, and of no use. */
        if (disposition == REG_CREATED_NEW_KEY) {
            (void)RegDeleteKeyW(HKEY_LOCAL_MACHINE, key_name);
        }
        return ew_wide_fail(error, (DWORD)code, "register the source of events", name);
    }
    *made_out = disposition == REG_CREATED_NEW_KEY;
    return EW_OK;
}

/* Whether the source names this program; another's of the same name is none of ours, nor is one
 * without a name. The Windows error when it cannot be read. */
static LSTATUS ask_ours(const wchar_t *key_name, const wchar_t *program, bool *ours_out)
{
    enum { UNITS_MAX = 32768 };
    DWORD bytes = UNITS_MAX * sizeof(wchar_t);
    wchar_t *value = calloc(UNITS_MAX + 1, sizeof *value);
    LSTATUS code = ERROR_OUTOFMEMORY;
    if (value != NULL) {
        code = RegGetValueW(HKEY_LOCAL_MACHINE, key_name, L"EventMessageFile",
                            RRF_RT_REG_EXPAND_SZ | RRF_RT_REG_SZ | RRF_NOEXPAND, NULL, value,
                            &bytes);
        *ours_out = code == ERROR_SUCCESS && _wcsicmp(value, program) == 0;
    }
    free(value);
    bool absent =
        code == ERROR_FILE_NOT_FOUND || code == ERROR_UNSUPPORTED_TYPE || code == ERROR_MORE_DATA;
    return absent ? ERROR_SUCCESS : code;
}

enum ew_status service_events_unregister(const char *name, const char *program,
                                         struct ew_error *error)
{
    wchar_t key_name[KEY_UNITS];
    wchar_t *wide = service_wide(program);
    if (wide == NULL || !source_key(name, key_name)) {
        free(wide);
        return ew_fail(error, EW_NO_MEMORY, "%s: no memory for its event source", name);
    }
    bool ours = false;
    LSTATUS code = ask_ours(key_name, wide, &ours);
    if (ours) {
        code = RegDeleteKeyW(HKEY_LOCAL_MACHINE, key_name);
    }
    free(wide);
    if (code != ERROR_SUCCESS && code != ERROR_FILE_NOT_FOUND) {
        return ew_wide_fail(error, (DWORD)code, "remove the source of events", name);
    }
    return EW_OK;
}

void service_events_write(HANDLE source, enum ew_report report, const char *text)
{
    static const WORD types[] = {EVENTLOG_SUCCESS, EVENTLOG_INFORMATION_TYPE,
                                 EVENTLOG_WARNING_TYPE, EVENTLOG_ERROR_TYPE};
    enum ew_severity severity = ew_report_severity(report);
    wchar_t *wide = service_wide(text);
    if (source != NULL && wide != NULL) {
        const wchar_t *strings[] = {wide};
        /* A log that is just being started or archived takes it the second time. */
        for (unsigned tries = 0; tries < 2; tries++) {
            if (ReportEventW(source, types[severity], 0, EVENT_ID(report, severity), NULL, 1, 0,
                             strings, NULL)) {
                break;
            }
        }
    }
    free(wide);
}
