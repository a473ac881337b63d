/* SPDX-License-Identifier: Apache-2.0 */
/* The service control manager as install, remove and status need it. */
#include "service_win32.h"

#include "platform/win32/wide_win32.h"

#include <shellapi.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

/* Within five seconds again after the first failure, then slower: a session that is held by
 * something gets time to go. A day without a failure begins again. */
enum {
    RESTART_FIRST_MS = 5000,
    RESTART_SECOND_MS = 30000,
    RESTART_LATER_MS = 120000,
    FAILURES_FORGOTTEN_SECONDS = 86400,
    /* Beyond what a stop may take: for the last window and its symbols. */
    PRESHUTDOWN_MARGIN_MS = 10000,
};

enum ew_status service_fail(struct ew_error *error, DWORD code, const char *what,
                            const char *name)
{
    switch (code) {
    case ERROR_ACCESS_DENIED:
        return ew_fail(error, EW_IO,
                       "%s: cannot %s: access is denied; run this from a prompt with "
                       "administrator rights (Windows error 5)",
                       name, what);
    case ERROR_SERVICE_DOES_NOT_EXIST:
        return ew_fail(error, EW_NOT_FOUND, "%s: no service of this name is installed", name);
    case ERROR_SERVICE_EXISTS:
        return ew_fail(error, EW_EXISTS,
                       "%s: a service of this name is installed already; etwitness service "
                       "remove removes it",
                       name);
    case ERROR_SERVICE_MARKED_FOR_DELETE:
        return ew_fail(error, EW_EXISTS,
                       "%s: the service is being removed; close services.msc and other programs "
                       "that look at it, and try again",
                       name);
    default:
        return ew_wide_fail(error, code, what, name);
    }
}

enum ew_status service_open(const char *name, DWORD manager_access, DWORD service_access,
                            struct service_handles *handles, struct ew_error *error)
{
    wchar_t *wide = service_wide(name);
    handles->service = NULL;
    handles->manager = OpenSCManagerW(NULL, NULL, manager_access);
    if (handles->manager != NULL && wide != NULL && service_access != 0) {
        handles->service = OpenServiceW(handles->manager, wide, service_access);
    }
    DWORD code = GetLastError();
    free(wide);
    if (handles->manager == NULL) {
        return service_fail(error, code, "reach the service control manager", name);
    }
    if (service_access != 0 && handles->service == NULL) {
        return service_fail(error, code, "open the service", name);
    }
    return EW_OK;
}

void service_close(struct service_handles *handles)
{
    if (handles->service != NULL) {
        (void)CloseServiceHandle(handles->service);
    }
    if (handles->manager != NULL) {
        (void)CloseServiceHandle(handles->manager);
    }
    handles->service = NULL;
    handles->manager = NULL;
}

/* --- what is installed --------------------------------------------------------------- */

/* Its configuration as Windows keeps it; NULL when it cannot be read. The caller frees it. */
static QUERY_SERVICE_CONFIGW *query_config(SC_HANDLE service)
{
    DWORD bytes = 0;
    (void)QueryServiceConfigW(service, NULL, 0, &bytes);
    QUERY_SERVICE_CONFIGW *config = bytes != 0 ? calloc(1, bytes) : NULL;
    if (config != NULL && !QueryServiceConfigW(service, config, bytes, &bytes)) {
        free(config);
        return NULL;
    }
    return config;
}

static bool take_apart(const wchar_t *line, struct service_installed *installed)
{
    int count = 0;
    wchar_t **wide = CommandLineToArgvW(line, &count);
    installed->arguments =
        wide != NULL ? calloc((size_t)count + 1, sizeof *installed->arguments) : NULL;
    bool complete = installed->arguments != NULL;
    for (int i = 0; complete && i < count; i++) {
        installed->arguments[i] = ew_wide_to_utf8(wide[i]);
        complete = installed->arguments[i] != NULL;
        installed->count += complete;
    }
    (void)LocalFree(wide);
    return complete;
}

char *service_installed_line(SC_HANDLE service)
{
    QUERY_SERVICE_CONFIGW *config = query_config(service);
    char *line = config != NULL ? ew_wide_to_utf8(config->lpBinaryPathName) : NULL;
    free(config);
    return line;
}

void service_installed_free(struct service_installed *installed)
{
    for (int i = 0; i < installed->count; i++) {
        free(installed->arguments[i]);
    }
    free(installed->arguments);
    memset(installed, 0, sizeof *installed);
}

enum ew_status service_installed_read(SC_HANDLE service, const char *name,
                                      struct service_installed *installed_out,
                                      struct ew_error *error)
{
    struct service_installed installed = {NULL, 0};
    QUERY_SERVICE_CONFIGW *config = query_config(service);
    if (config == NULL) {
        return service_fail(error, GetLastError(), "read the configuration of the service", name);
    }
    bool complete = take_apart(config->lpBinaryPathName, &installed);
    free(config);
    if (!complete) {
        service_installed_free(&installed);
        return ew_fail(error, EW_NO_MEMORY, "%s: no memory to read its command line", name);
    }
    if (installed.count < 3 || strcmp(installed.arguments[1], "service") != 0
        || strcmp(installed.arguments[2], "run") != 0) {
        service_installed_free(&installed);
        return ew_fail(error, EW_USAGE, "%s: is a service of another program, and is left alone",
                       name);
    }
    *installed_out = installed;
    return EW_OK;
}

/* --- what install sets beyond CreateServiceW ------------------------------------------- */

struct setting {
    DWORD level;
    void *value;
    const char *what;
};

/* A Windows (or Wine) that does not know a setting does without it; that is told. */
static bool is_unknown(DWORD code)
{
    return code == ERROR_INVALID_LEVEL || code == ERROR_CALL_NOT_IMPLEMENTED;
}

static enum ew_status set_all(SC_HANDLE service, const char *name, const struct setting *settings,
                              size_t count, struct ew_error *error)
{
    for (size_t i = 0; i < count; i++) {
        if (ChangeServiceConfig2W(service, settings[i].level, settings[i].value)) {
            continue;
        }
        DWORD code = GetLastError();
        if (!is_unknown(code)) {
            return service_fail(error, code, settings[i].what, name);
        }
        ew_cli_say("%s: this Windows cannot %s", name, settings[i].what);
    }
    return EW_OK;
}

enum ew_status service_configure(SC_HANDLE service, const char *name, uint32_t stop_seconds,
                                 struct ew_error *error)
{
    static wchar_t description[] =
        L"Observes which code runs, through Event Tracing for Windows, and writes it down as "
        L"evidence for vulnerability scanners.";
    /* The profile right for samples, the other to pass through folders; nothing else. */
    static wchar_t rights[] = L"SeSystemProfilePrivilege\0SeChangeNotifyPrivilege\0";
    SERVICE_DESCRIPTIONW described = {description};
    SC_ACTION actions[] = {{SC_ACTION_RESTART, RESTART_FIRST_MS},
                           {SC_ACTION_RESTART, RESTART_SECOND_MS},
                           {SC_ACTION_RESTART, RESTART_LATER_MS}};
    SERVICE_FAILURE_ACTIONSW failures = {.dwResetPeriod = FAILURES_FORGOTTEN_SECONDS,
                                         .cActions = ARRAYSIZE(actions),
                                         .lpsaActions = actions};
    SERVICE_FAILURE_ACTIONS_FLAG also_exits = {TRUE};
    SERVICE_DELAYED_AUTO_START_INFO late = {TRUE};
    SERVICE_SID_INFO sid = {SERVICE_SID_TYPE_UNRESTRICTED};
    SERVICE_REQUIRED_PRIVILEGES_INFOW required = {rights};
    SERVICE_PRESHUTDOWN_INFO preshutdown = {stop_seconds * 1000 + PRESHUTDOWN_MARGIN_MS};
    const struct setting settings[] = {
        {SERVICE_CONFIG_DESCRIPTION, &described, "describe the service"},
        {SERVICE_CONFIG_FAILURE_ACTIONS, &failures, "restart the service when it fails"},
        {SERVICE_CONFIG_FAILURE_ACTIONS_FLAG, &also_exits,
         "restart the service when it ends with an error"},
        {SERVICE_CONFIG_DELAYED_AUTO_START_INFO, &late, "start the service late"},
        {SERVICE_CONFIG_SERVICE_SID_INFO, &sid, "give the service an identity of its own"},
        {SERVICE_CONFIG_REQUIRED_PRIVILEGES_INFO, &required, "cut the rights of the service"},
        {SERVICE_CONFIG_PRESHUTDOWN_INFO, &preshutdown, "give the service time at a shutdown"},
    };
    return set_all(service, name, settings, ARRAYSIZE(settings), error);
}
