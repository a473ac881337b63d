/* SPDX-License-Identifier: Apache-2.0 */
/* `service status`: whether it runs, with which configuration, and what came of it. */
#include "service_win32.h"

#include "base/filetime.h"
#include "platform/win32/wide_win32.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *state_name(DWORD state)
{
    switch (state) {
    case SERVICE_STOPPED:
        return "stopped";
    case SERVICE_START_PENDING:
        return "starting";
    case SERVICE_STOP_PENDING:
        return "stopping";
    case SERVICE_RUNNING:
        return "running";
    default:
        return "in a state of its own";
    }
}

static enum ew_status print_state(SC_HANDLE service, const char *name, struct ew_error *error)
{
    SERVICE_STATUS_PROCESS status;
    DWORD bytes = 0;
    if (!QueryServiceStatusEx(service, SC_STATUS_PROCESS_INFO, (BYTE *)&status, sizeof status,
                              &bytes)) {
        return service_fail(error, GetLastError(), "ask for the state of the service", name);
    }
    (void)printf("service        %s\n", name);
    (void)printf("state          %s\n", state_name(status.dwCurrentState));
    if (status.dwProcessId != 0) {
        (void)printf("process        %lu\n", status.dwProcessId);
    } else if (status.dwWin32ExitCode == ERROR_SERVICE_SPECIFIC_ERROR) {
        (void)printf("ended with     service error %lu\n", status.dwServiceSpecificExitCode);
    } else if (status.dwWin32ExitCode != NO_ERROR
               && status.dwWin32ExitCode != ERROR_SERVICE_NEVER_STARTED) {
        (void)printf("ended with     Windows error %lu\n", status.dwWin32ExitCode);
    }
    return EW_OK;
}

struct newest {
    char *name;
    uint64_t time_100ns;
    uint64_t bytes;
    uint64_t count;
};

static void consider(struct newest *newest, const WIN32_FIND_DATAW *found)
{
    uint64_t time_100ns = (uint64_t)found->ftLastWriteTime.dwHighDateTime << 32
                          | found->ftLastWriteTime.dwLowDateTime;
    newest->count++;
    if (newest->name != NULL && time_100ns <= newest->time_100ns) {
        return;
    }
    free(newest->name);
    newest->name = ew_wide_to_utf8(found->cFileName);
    newest->time_100ns = time_100ns;
    newest->bytes = (uint64_t)found->nFileSizeHigh << 32 | found->nFileSizeLow;
}

static struct newest find_newest(const char *directory)
{
    static const char pattern[] = "\\evidence\\re1-*.json";
    struct newest newest = {NULL, 0, 0, 0};
    WIN32_FIND_DATAW found;
    size_t bytes = strlen(directory) + sizeof pattern;
    char *path = malloc(bytes);
    wchar_t *wide = NULL;
    if (path != NULL) {
        (void)snprintf(path, bytes, "%s%s", directory, pattern);
        wide = ew_wide_path(path);
    }
    HANDLE search = wide != NULL ? FindFirstFileW(wide, &found) : INVALID_HANDLE_VALUE;
    for (bool more = search != INVALID_HANDLE_VALUE; more; more = FindNextFileW(search, &found)) {
        consider(&newest, &found);
    }
    if (search != INVALID_HANDLE_VALUE) {
        (void)FindClose(search);
    }
    free(wide);
    free(path);
    return newest;
}

static void print_evidence(const char *directory)
{
    char time[EW_FILETIME_TEXT_BYTES];
    struct newest newest = find_newest(directory);
    (void)printf("evidence       %s, %" PRIu64 " documents\n", directory, newest.count);
    if (newest.name != NULL) {
        ew_filetime_format(newest.time_100ns, time);
        (void)printf("last document  %s, %" PRIu64 " bytes, %s\n", time, newest.bytes,
                     newest.name);
    }
    free(newest.name);
}

/* What the service was told is read the way it reads it itself. */
static void print_settings(const struct service_installed *installed,
                           const struct service_places *places)
{
    struct service_options options;
    struct ew_settings settings;
    struct ew_error error = {0};
    if (service_options_read(installed->count - 2, installed->arguments + 2, &options)
        != SERVICE_GO) {
        (void)printf("configuration  the command line of the service is wrong\n");
        return;
    }
    (void)printf("configuration  %s\n", options.config != NULL ? options.config : places->config);
    if (service_settings(&options, places, &settings, &error) == EW_OK) {
        print_evidence(settings.directory);
        ew_settings_free(&settings);
    } else {
        (void)printf("refused        %s\n", error.text);
    }
    service_options_free(&options);
}

int service_status(const struct service_options *options)
{
    struct ew_error error = {0};
    struct service_handles handles = {NULL, NULL};
    struct service_installed installed = {NULL, 0};
    struct service_places places = {NULL, NULL};
    enum ew_status status =
        service_open(options->name, SC_MANAGER_CONNECT,
                     SERVICE_QUERY_CONFIG | SERVICE_QUERY_STATUS, &handles, &error);
    if (status == EW_OK) {
        status = service_installed_read(handles.service, options->name, &installed, &error);
    }
    if (status == EW_OK) {
        status = service_places_find(&places, &error);
    }
    if (status == EW_OK) {
        status = print_state(handles.service, options->name, &error);
    }
    if (status == EW_OK) {
        print_settings(&installed, &places);
    }
    service_close(&handles);
    service_installed_free(&installed);
    service_places_free(&places);
    return status == EW_OK ? EW_EXIT_DONE : ew_cli_fail(&error);
}
