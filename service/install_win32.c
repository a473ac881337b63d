/* SPDX-License-Identifier: Apache-2.0 */
/* Installing the service and removing it: all of it, or nothing. */
#include "service_win32.h"

#include "platform/file.h"
#include "platform/win32/wide_win32.h"

/* They need the types of windows.h. */
#include <sddl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

enum { POLL_MS = 250, STOP_WAIT_MS = (EW_STOP_SECONDS_MAX + 20) * 1000 };

/* What has been made so far, so that it can be undone. */
struct install {
    const struct service_options *options;
    struct service_places places;
    char *program;
    struct service_handles handles;
    uint32_t stop_seconds;
    bool made_folder;
    bool made_config;
    bool made_service;
    bool made_source;
};

static void undo(struct install *install)
{
    struct ew_error ignored;
    if (install->made_source) {
        (void)!service_events_unregister(install->options->name, install->program, &ignored);
    }
    if (install->made_service) {
        (void)DeleteService(install->handles.service);
    }
    if (install->made_config) {
        (void)!ew_file_remove(install->places.config, &ignored);
    }
    if (install->made_folder) {
        (void)service_folder_remove(install->places.folder);
    }
}

/* Said before anything is changed. */
static enum ew_status check_absent(struct install *install, struct ew_error *error)
{
    struct service_handles present;
    struct ew_error absent;
    enum ew_status status = service_open(install->options->name, SC_MANAGER_CONNECT,
                                         SERVICE_QUERY_STATUS, &present, &absent);
    service_close(&present);
    if (status == EW_OK) {
        return service_fail(error, ERROR_SERVICE_EXISTS, "install", install->options->name);
    }
    return service_open(install->options->name, SC_MANAGER_CREATE_SERVICE, 0, &install->handles,
                        error);
}

/*
 * Who can change the program, or put a library beside it, becomes LocalSystem; who can change the
 * configuration has LocalSystem write where he likes.
 */
static enum ew_status forgive(enum ew_status status, bool force, const struct ew_error *why,
                              struct ew_error *error)
{
    if (status != EW_OK && force) {
        ew_cli_say("%s. LocalSystem would do what it is made to; installed all the same",
                   why->text);
        return EW_OK;
    }
    return status == EW_OK ? EW_OK
                           : ew_fail(error, status,
                                     "%s. LocalSystem would do what it is made to: put it below "
                                     "C:\\Program Files, or change the rights (icacls); --force "
                                     "installs it all the same",
                                     why->text);
}

static enum ew_status check_trust(const char *path, bool force, struct ew_error *error)
{
    struct ew_error why = {0};
    return path == NULL ? EW_OK : forgive(service_trust_path(path, &why), force, &why, error);
}

static enum ew_status check_beside(const char *program, bool force, struct ew_error *error)
{
    struct ew_error why = {0};
    return forgive(service_trust_beside(program, &why), force, &why, error);
}

static enum ew_status check_files(const struct install *install, struct ew_error *error)
{
    const struct service_options *options = install->options;
    struct ew_file *config = NULL;
    enum ew_status status = EW_OK;
    if (options->config != NULL) {
        status = ew_file_open(options->config, &config, error);
        ew_file_close(config);
    }
    if (status == EW_OK) {
        status = check_trust(install->program, options->force, error);
    }
    if (status == EW_OK) {
        status = check_beside(install->program, options->force, error);
    }
    return status == EW_OK ? check_trust(options->config, options->force, error) : status;
}

/* A configuration that is there stays. */
static enum ew_status write_config(struct install *install, struct ew_error *error)
{
    struct ew_file *file = NULL;
    char *text = service_default_config(&install->places);
    if (text == NULL) {
        return ew_fail(error, EW_NO_MEMORY, "no memory for the configuration");
    }
    enum ew_status status = ew_file_create(install->places.config, false, &file, error);
    if (status == EW_OK) {
        install->made_config = true;
        status = ew_file_write_at(file, 0, text, strlen(text), error);
        ew_file_close(file);
    } else if (status == EW_EXISTS) {
        status = EW_OK;
    }
    free(text);
    return status;
}

/* What the service would refuse is refused now. */
static enum ew_status check_settings(struct install *install, struct ew_error *error)
{
    struct ew_settings settings;
    enum ew_status status =
        service_settings(install->options, &install->places, &settings, error);
    if (status == EW_OK) {
        install->stop_seconds = settings.stop_seconds;
        ew_settings_free(&settings);
    }
    return status;
}

static enum ew_status create_service(struct install *install, struct ew_error *error)
{
    char *line = malloc(SERVICE_LINE_BYTES);
    const char *name = install->options->name;
    if (line == NULL
        || !service_command_line(install->options, install->program, line, SERVICE_LINE_BYTES)) {
        free(line);
        return ew_fail(error, EW_USAGE, "%s: its command line would be too long", name);
    }
    wchar_t *wide_line = service_wide(line);
    wchar_t *wide_name = service_wide(name);
    wchar_t display[EW_SERVICE_NAME_MAX + 32] = L"etwitness runtime evidence";
    if (wide_name != NULL && strcmp(name, EW_SERVICE_NAME) != 0) {
        wmemcpy(display, wide_name, wcslen(wide_name) + 1);
    }
    if (wide_line != NULL && wide_name != NULL) {
        install->handles.service =
            CreateServiceW(install->handles.manager, wide_name, display, SERVICE_ALL_ACCESS,
                           SERVICE_WIN32_OWN_PROCESS, SERVICE_AUTO_START, SERVICE_ERROR_NORMAL,
                           wide_line, NULL, NULL, NULL, NULL, NULL);
    }
    DWORD code = GetLastError();
    free(wide_line);
    free(wide_name);
    free(line);
    install->made_service = install->handles.service != NULL;
    return install->made_service ? EW_OK : service_fail(error, code, "create the service", name);
}

/* The text form of the service's own identity, which exists once the service does. NULL when
 * this Windows does not tell; LocalFree() releases it. */
static wchar_t *service_sid(const char *name)
{
    static const wchar_t domain_name[] = L"NT SERVICE\\";
    wchar_t account[EW_SERVICE_NAME_MAX + 32];
    wchar_t domain[64];
    union {
        SID sid;
        BYTE bytes[SECURITY_MAX_SID_SIZE];
    } sid;
    DWORD sid_bytes = sizeof sid;
    DWORD domain_units = ARRAYSIZE(domain);
    SID_NAME_USE use;
    wchar_t *text = NULL;
    wchar_t *wide = service_wide(name);
    if (wide != NULL && wcslen(wide) <= EW_SERVICE_NAME_MAX) {
        wmemcpy(account, domain_name, wcslen(domain_name));
        wmemcpy(account + wcslen(domain_name), wide, wcslen(wide) + 1);
        if (!LookupAccountNameW(NULL, account, &sid, &sid_bytes, domain, &domain_units, &use)
            || !ConvertSidToStringSidW(&sid, &text)) {
            text = NULL;
        }
    }
    free(wide);
    return text;
}

static enum ew_status admit_service(struct install *install, struct ew_error *error)
{
    bool made = false;
    wchar_t *sid = service_sid(install->options->name);
    enum ew_status status = EW_OK;
    if (sid != NULL) {
        status = service_folder_make(install->places.folder, sid, &made, error);
        (void)LocalFree(sid);
    }
    return status;
}

static enum ew_status install_all(struct install *install, struct ew_error *error)
{
    const struct service_options *options = install->options;
    enum ew_status status = check_absent(install, error);
    if (status == EW_OK) {
        status = check_files(install, error);
    }
    if (status == EW_OK) {
        status = service_folder_make(install->places.folder, NULL, &install->made_folder, error);
    }
    if (status == EW_OK && options->config == NULL) {
        status = write_config(install, error);
    }
    if (status == EW_OK) {
        status = check_settings(install, error);
    }
    if (status == EW_OK) {
        status = create_service(install, error);
    }
    if (status == EW_OK) {
        status = service_configure(install->handles.service, options->name, install->stop_seconds,
                                   error);
    }
    if (status == EW_OK) {
        status = admit_service(install, error);
    }
    if (status == EW_OK) {
        status = service_events_register(options->name, install->program, &install->made_source,
                                         error);
    }
    return status;
}

/* The service does not begin in our folder: its configuration is named from the root. NULL
 * without memory; the caller frees it. */
static char *absolute_path(const char *path)
{
    wchar_t *wide = service_wide(path);
    DWORD units = wide != NULL ? GetFullPathNameW(wide, 0, NULL, NULL) : 0;
    wchar_t *full = units != 0 ? malloc(units * sizeof *full) : NULL;
    char *text = NULL;
    if (full != NULL && GetFullPathNameW(wide, units, full, NULL) < units) {
        text = ew_wide_to_utf8(full);
    }
    free(wide);
    free(full);
    return text;
}

static int install_with(struct service_options *options)
{
    struct ew_error error = {0};
    struct install install = {.options = options, .program = service_program_path()};
    enum ew_status status = install.program == NULL
                                ? ew_fail(&error, EW_NO_MEMORY, "no memory")
                                : service_places_find(&install.places, &error);
    if (status == EW_OK) {
        status = install_all(&install, &error);
    }
    if (status == EW_OK) {
        ew_cli_say("%s: installed; sc start %s starts it", options->name, options->name);
        ew_cli_say("%s: its configuration is %s", options->name,
                   options->config != NULL ? options->config : install.places.config);
    } else {
        undo(&install);
    }
    service_close(&install.handles);
    service_places_free(&install.places);
    free(install.program);
    return status == EW_OK ? EW_EXIT_DONE : ew_cli_fail(&error);
}

int service_install(const struct service_options *options)
{
    struct service_options absolute = *options;
    char *config = options->config != NULL ? absolute_path(options->config) : NULL;
    char *out = options->out != NULL ? absolute_path(options->out) : NULL;
    int exit_code = EW_EXIT_FAILED;
    absolute.config = config;
    absolute.out = out;
    if ((config == NULL) != (options->config == NULL)
        || (out == NULL) != (options->out == NULL)) {
        ew_cli_say("no memory for the paths of the service");
    } else {
        exit_code = install_with(&absolute);
    }
    free(config);
    free(out);
    return exit_code;
}

/* --- remove ---------------------------------------------------------------------------- */

static enum ew_status stop_service(SC_HANDLE service, const char *name, struct ew_error *error)
{
    SERVICE_STATUS status;
    if (!ControlService(service, SERVICE_CONTROL_STOP, &status)) {
        DWORD code = GetLastError();
        if (code == ERROR_SERVICE_NOT_ACTIVE) {
            return EW_OK;
        }
        /* It is starting or stopping already; what follows waits for that. */
        if (code != ERROR_SERVICE_CANNOT_ACCEPT_CTRL) {
            return service_fail(error, code, "stop the service", name);
        }
    }
    for (DWORD waited_ms = 0; waited_ms < STOP_WAIT_MS; waited_ms += POLL_MS) {
        if (!QueryServiceStatus(service, &status)) {
            return service_fail(error, GetLastError(), "ask for the state of the service", name);
        }
        if (status.dwCurrentState == SERVICE_STOPPED) {
            return EW_OK;
        }
        Sleep(POLL_MS);
    }
    return ew_fail(error, EW_IO, "%s: does not stop; it is not removed", name);
}

/* The configuration goes when it is still the one that install wrote. */
static void remove_config(const struct service_places *places)
{
    struct ew_error ignored;
    char *text = NULL;
    size_t bytes = 0;
    char *written = service_default_config(places);
    if (written != NULL
        && ew_file_read_all(places->config, EW_SETTINGS_BYTES_MAX, &text, &bytes, &ignored)
               == EW_OK
        && strcmp(text, written) == 0) {
        (void)!ew_file_remove(places->config, &ignored);
    }
    free(text);
    free(written);
}

static enum ew_status remove_service(struct service_handles *handles, const char *name,
                                     struct ew_error *error)
{
    struct service_installed installed = {NULL, 0};
    enum ew_status status = service_open(
        name, SC_MANAGER_CONNECT,
        SERVICE_QUERY_CONFIG | SERVICE_QUERY_STATUS | SERVICE_STOP | DELETE, handles, error);
    if (status == EW_OK) {
        status = service_installed_read(handles->service, name, &installed, error);
    }
    if (status == EW_OK) {
        status = stop_service(handles->service, name, error);
    }
    /* The service goes last: while it is there, what failed can be done again. */
    if (status == EW_OK) {
        status = service_events_unregister(name, installed.arguments[0], error);
    }
    if (status == EW_OK && !DeleteService(handles->service)) {
        status = service_fail(error, GetLastError(), "remove the service", name);
    }
    service_installed_free(&installed);
    return status;
}

int service_remove(const struct service_options *options)
{
    struct ew_error error = {0};
    struct service_handles handles = {NULL, NULL};
    struct service_places places = {NULL, NULL};
    enum ew_status status = remove_service(&handles, options->name, &error);
    service_close(&handles);
    if (status == EW_OK) {
        status = service_places_find(&places, &error);
    }
    if (status != EW_OK) {
        return ew_cli_fail(&error);
    }
    ew_cli_say("%s: removed", options->name);
    if (strcmp(options->name, EW_SERVICE_NAME) == 0) {
        remove_config(&places);
    }
    if (!service_folder_remove(places.folder)) {
        ew_cli_say("%s: what is in %s stays", options->name, places.folder);
    }
    service_places_free(&places);
    return EW_EXIT_DONE;
}
