/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The functions of service control, event log, privileges and registry: each counts its call,
 * fails on demand, else does what advapi32 does, and is told in the log. What is exported
 * under the plain name is `sim_` and the name.
 */
#include "ask.h"
#include "compat.h"
#include "life.h"

#include <stdio.h>
#include <string.h>

/* Defines sim_NAME that answers `failed` and the last error on demand. `said` is what the log
 * tells of the arguments. */
#define WRAP(group, type, failed, name, parameters, arguments, said)                     \
    type WINAPI sim_##name parameters;                                                   \
    type WINAPI sim_##name parameters                                                    \
    {                                                                                    \
        char text[SIM_TEXT_BYTES];                                                       \
        DWORD code = sim_enter(group, #name, NULL);                                      \
        bool on_demand = code != 0;                                                      \
        type answer = failed;                                                            \
        SetLastError(ERROR_SUCCESS);                                                     \
        if (!on_demand) {                                                                \
            answer = name arguments;                                                     \
            code = answer != (failed) ? 0 : GetLastError();                              \
        }                                                                                \
        sim_log_call(#name, code, on_demand, "%s", sim_narrow(said, text, sizeof text)); \
        SetLastError(code);                                                              \
        return answer;                                                                   \
    }

/* The same for the registry, whose functions answer the error; its calls are not logged. */
#define WRAP_REGISTRY(name, parameters, arguments)              \
    LSTATUS WINAPI sim_##name parameters;                       \
    LSTATUS WINAPI sim_##name parameters                        \
    {                                                           \
        DWORD demanded = sim_enter(CALL_REGISTRY, #name, NULL); \
        if (demanded != 0) {                                    \
            sim_log_call(#name, demanded, true, "%s", "");      \
            return (LSTATUS)demanded;                           \
        }                                                       \
        return name arguments;                                  \
    }

WRAP(CALL_SCM, SC_HANDLE, NULL, OpenSCManagerW, (LPCWSTR machine, LPCWSTR database, DWORD access),
     (machine, database, access), L"")
WRAP(CALL_SCM, SC_HANDLE, NULL, OpenServiceW, (SC_HANDLE manager, LPCWSTR name, DWORD access),
     (manager, name, access), name)
WRAP(CALL_SCM, SC_HANDLE, NULL, CreateServiceW,
     (SC_HANDLE manager, LPCWSTR name, LPCWSTR display, DWORD access, DWORD type, DWORD start,
      DWORD error, LPCWSTR path, LPCWSTR group, LPDWORD tag, LPCWSTR dependencies,
      LPCWSTR account, LPCWSTR password),
     (manager, name, display, access, type, start, error, path, group, tag, dependencies, account,
      password),
     path)
WRAP(CALL_SCM, BOOL, FALSE, DeleteService, (SC_HANDLE service), (service), L"")
WRAP(CALL_SCM, BOOL, FALSE, CloseServiceHandle, (SC_HANDLE handle), (handle), L"")
WRAP(CALL_SCM, BOOL, FALSE, StartServiceW,
     (SC_HANDLE service, DWORD argument_count, LPCWSTR *arguments),
     (service, argument_count, arguments), L"")
WRAP(CALL_SCM, BOOL, FALSE, ControlService,
     (SC_HANDLE service, DWORD control, LPSERVICE_STATUS status), (service, control, status), L"")
WRAP(CALL_SCM, BOOL, FALSE, ChangeServiceConfigW,
     (SC_HANDLE service, DWORD type, DWORD start, DWORD error, LPCWSTR path, LPCWSTR group,
      LPDWORD tag, LPCWSTR dependencies, LPCWSTR account, LPCWSTR password, LPCWSTR display),
     (service, type, start, error, path, group, tag, dependencies, account, password, display),
     path)
WRAP(CALL_SCM, BOOL, FALSE, QueryServiceStatus, (SC_HANDLE service, LPSERVICE_STATUS status),
     (service, status), L"")
WRAP(CALL_SCM, BOOL, FALSE, QueryServiceStatusEx,
     (SC_HANDLE service, SC_STATUS_TYPE level, LPBYTE out, DWORD capacity, LPDWORD needed),
     (service, level, out, capacity, needed), L"")
WRAP(CALL_SCM, BOOL, FALSE, QueryServiceConfigW,
     (SC_HANDLE service, LPQUERY_SERVICE_CONFIGW out, DWORD capacity, LPDWORD needed),
     (service, out, capacity, needed), L"")
WRAP(CALL_SCM, BOOL, FALSE, QueryServiceConfig2W,
     (SC_HANDLE service, DWORD level, LPBYTE out, DWORD capacity, LPDWORD needed),
     (service, level, out, capacity, needed), L"")
WRAP(CALL_SCM, BOOL, FALSE, EnumServicesStatusExW,
     (SC_HANDLE manager, SC_ENUM_TYPE level, DWORD type, DWORD state, LPBYTE out, DWORD capacity,
      LPDWORD needed, LPDWORD count, LPDWORD resume, LPCWSTR group),
     (manager, level, type, state, out, capacity, needed, count, resume, group), L"")
WRAP(CALL_SCM, BOOL, FALSE, SetServiceObjectSecurity,
     (SC_HANDLE service, SECURITY_INFORMATION what, PSECURITY_DESCRIPTOR descriptor),
     (service, what, descriptor), L"")
WRAP(CALL_SCM, BOOL, FALSE, QueryServiceObjectSecurity,
     (SC_HANDLE service, SECURITY_INFORMATION what, PSECURITY_DESCRIPTOR out, DWORD capacity,
      LPDWORD needed),
     (service, what, out, capacity, needed), L"")
WRAP(CALL_SCM, BOOL, FALSE, StartServiceCtrlDispatcherW, (const SERVICE_TABLE_ENTRYW *table),
     (table), L"")
WRAP(CALL_SCM, SERVICE_STATUS_HANDLE, NULL, RegisterServiceCtrlHandlerExW,
     (LPCWSTR name, LPHANDLER_FUNCTION_EX handler, LPVOID context),
     (name, (ask_keep_handler(handler, context), handler), context), name)

/* What a service configures beside the main record, by the level's number. */
BOOL WINAPI sim_ChangeServiceConfig2W(SC_HANDLE service, DWORD level, LPVOID information);

BOOL WINAPI sim_ChangeServiceConfig2W(SC_HANDLE service, DWORD level, LPVOID information)
{
    char part[16];
    (void)snprintf(part, sizeof part, "%lu", level);
    DWORD code = sim_enter(CALL_SCM, "ChangeServiceConfig2W", part);
    bool on_demand = code != 0;
    BOOL answer = FALSE;
    if (!on_demand) {
        answer = ChangeServiceConfig2W(service, level, information);
        code = answer ? 0 : GetLastError();
    }
    sim_log_call("ChangeServiceConfig2W", code, on_demand, "level=%s", part);
    SetLastError(code);
    return answer;
}

BOOL WINAPI sim_SetServiceStatus(SERVICE_STATUS_HANDLE handle, LPSERVICE_STATUS status);

BOOL WINAPI sim_SetServiceStatus(SERVICE_STATUS_HANDLE handle, LPSERVICE_STATUS status)
{
    DWORD code = sim_enter(CALL_SCM, "SetServiceStatus", NULL);
    bool on_demand = code != 0;
    BOOL answer = FALSE;
    sim_log("status: state=%lu accepted=0x%lx exit=%lu specific=%lu checkpoint=%lu hint=%lu",
            status->dwCurrentState, status->dwControlsAccepted, status->dwWin32ExitCode,
            status->dwServiceSpecificExitCode, status->dwCheckPoint, status->dwWaitHint);
    if (!on_demand) {
        answer = SetServiceStatus(handle, status);
        code = answer ? 0 : GetLastError();
    }
    sim_log_call("SetServiceStatus", code, on_demand, "state=%lu", status->dwCurrentState);
    SetLastError(code);
    return answer;
}

WRAP(CALL_EVENT_LOG, HANDLE, NULL, RegisterEventSourceW, (LPCWSTR server, LPCWSTR source),
     (server, source), source)
WRAP(CALL_EVENT_LOG, BOOL, FALSE, DeregisterEventSource, (HANDLE log), (log), L"")

/* "a"|"b" of the texts of an event, cut when they are long. */
static void say_texts(const LPCWSTR *texts, WORD count, char out[SIM_TEXT_BYTES])
{
    size_t used = 0;
    out[0] = '\0';
    for (WORD i = 0; i < count && used + 8 < SIM_TEXT_BYTES; i++) {
        char text[SIM_TEXT_BYTES];
        int wrote = snprintf(out + used, SIM_TEXT_BYTES - used, "%s\"%s\"", i > 0 ? "|" : "",
                             sim_narrow(texts[i], text, sizeof text));
        used += wrote < 0 ? 0 : (size_t)wrote;
    }
}

BOOL WINAPI sim_ReportEventW(HANDLE log, WORD type, WORD category, DWORD id, PSID user,
                             WORD text_count, DWORD data_bytes, LPCWSTR *texts, LPVOID data);

BOOL WINAPI sim_ReportEventW(HANDLE log, WORD type, WORD category, DWORD id, PSID user,
                             WORD text_count, DWORD data_bytes, LPCWSTR *texts, LPVOID data)
{
    char said[SIM_TEXT_BYTES];
    DWORD code = sim_enter(CALL_EVENT_LOG, "ReportEventW", NULL);
    bool on_demand = code != 0;
    BOOL answer = FALSE;
    say_texts(texts, texts == NULL ? 0 : text_count, said);
    sim_log("event: type=%u id=0x%08lx text=%s", (unsigned)type, id, said);
    if (!on_demand) {
        answer = ReportEventW(log, type, category, id, user, text_count, data_bytes, texts, data);
        code = answer ? 0 : GetLastError();
    }
    sim_log_call("ReportEventW", code, on_demand, "id=0x%08lx", id);
    SetLastError(code);
    return answer;
}

WRAP(CALL_PRIVILEGE, BOOL, FALSE, OpenProcessToken, (HANDLE process, DWORD access, PHANDLE out),
     (process, access, out), L"")
WRAP(CALL_PRIVILEGE, BOOL, FALSE, LookupPrivilegeValueW,
     (LPCWSTR server, LPCWSTR name, PLUID out), (server, name, out), name)

/* Remembers whether SeSystemProfilePrivilege was enabled, which Wine's token does not tell. */
static void keep_privileges(BOOL disable_all, const TOKEN_PRIVILEGES *privileges)
{
    LUID profile = {0, 0};
    struct life *life = sim_life();
    (void)LookupPrivilegeValueW(NULL, SE_SYSTEM_PROFILE_NAME, &profile);
    if (disable_all) {
        life->has_profile_privilege = false;
        return;
    }
    for (DWORD i = 0; privileges != NULL && i < privileges->PrivilegeCount; i++) {
        const LUID_AND_ATTRIBUTES *privilege = &privileges->Privileges[i];
        if (memcmp(&privilege->Luid, &profile, sizeof profile) == 0) {
            life->has_profile_privilege = (privilege->Attributes & SE_PRIVILEGE_ENABLED) != 0;
        }
    }
}

BOOL WINAPI sim_AdjustTokenPrivileges(HANDLE token, BOOL disable_all, PTOKEN_PRIVILEGES wanted,
                                      DWORD capacity, PTOKEN_PRIVILEGES before, PDWORD needed);

BOOL WINAPI sim_AdjustTokenPrivileges(HANDLE token, BOOL disable_all, PTOKEN_PRIVILEGES wanted,
                                      DWORD capacity, PTOKEN_PRIVILEGES before, PDWORD needed)
{
    DWORD code = sim_enter(CALL_PRIVILEGE, "AdjustTokenPrivileges", NULL);
    bool on_demand = code != 0;
    BOOL answer = FALSE;
    if (!on_demand) {
        answer = AdjustTokenPrivileges(token, disable_all, wanted, capacity, before, needed);
        code = answer ? ERROR_SUCCESS : GetLastError();
        if (answer && sim_life()->plan.no_privilege) {
            code = ERROR_NOT_ALL_ASSIGNED;
        } else if (answer) {
            keep_privileges(disable_all, wanted);
        }
    }
    sim_log_call("AdjustTokenPrivileges", code, on_demand, "count=%lu",
                 wanted == NULL ? 0 : wanted->PrivilegeCount);
    SetLastError(code);
    return answer;
}

WRAP_REGISTRY(RegCreateKeyExW,
              (HKEY key, LPCWSTR name, DWORD reserved, LPWSTR class_name, DWORD options,
               REGSAM access, LPSECURITY_ATTRIBUTES security, PHKEY out, LPDWORD disposition),
              (key, name, reserved, class_name, options, access, security, out, disposition))
WRAP_REGISTRY(RegOpenKeyExW, (HKEY key, LPCWSTR name, DWORD options, REGSAM access, PHKEY out),
              (key, name, options, access, out))
WRAP_REGISTRY(RegSetValueExW,
              (HKEY key, LPCWSTR name, DWORD reserved, DWORD type, const BYTE *data, DWORD bytes),
              (key, name, reserved, type, data, bytes))
WRAP_REGISTRY(RegQueryValueExW,
              (HKEY key, LPCWSTR name, LPDWORD reserved, LPDWORD type, LPBYTE data,
               LPDWORD bytes),
              (key, name, reserved, type, data, bytes))
WRAP_REGISTRY(RegGetValueW,
              (HKEY key, LPCWSTR name, LPCWSTR value, DWORD flags, LPDWORD type, PVOID data,
               LPDWORD bytes),
              (key, name, value, flags, type, data, bytes))
WRAP_REGISTRY(RegDeleteKeyW, (HKEY key, LPCWSTR name), (key, name))
WRAP_REGISTRY(RegDeleteKeyExW, (HKEY key, LPCWSTR name, REGSAM access, DWORD reserved),
              (key, name, access, reserved))
WRAP_REGISTRY(RegDeleteTreeW, (HKEY key, LPCWSTR name), (key, name))
WRAP_REGISTRY(RegDeleteValueW, (HKEY key, LPCWSTR name), (key, name))
