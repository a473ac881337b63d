/* SPDX-License-Identifier: Apache-2.0 */
/* What Windows says of the installed service's program, or of this one. */
#include "doctor.h"
#include "service_win32.h"
#include "trust.h"

#include <stdlib.h>
#include <string.h>

/* The first thing that is wrong is told. */
static void ask_files(const char *path, const char *config, struct doctor_program *out)
{
    struct ew_error error = {0};
    (void)snprintf(out->path, sizeof out->path, "%s", path);
    enum ew_status status = service_trust_path(path, &error);
    if (status == EW_OK) {
        status = service_trust_beside(path, &error);
    }
    if (status == EW_OK && config != NULL) {
        status = service_trust_path(config, &error);
    }
    if (status != EW_OK) {
        memcpy(out->problem, error.text, sizeof out->problem);
    }
}

static void ask_own(struct doctor_program *out)
{
    char *path = service_program_path();
    if (path != NULL) {
        ask_files(path, NULL, out);
    }
    free(path);
}

static void ask_installed(const struct service_installed *installed, struct doctor_program *out)
{
    struct service_options options;
    bool read = service_options_read(installed->count - 2, installed->arguments + 2, &options)
                == SERVICE_GO;
    ask_files(installed->arguments[0], read ? options.config : NULL, out);
    if (read) {
        service_options_free(&options);
    }
}

static void ask_service(SC_HANDLE service, struct doctor_program *out)
{
    struct service_installed installed = {NULL, 0};
    struct ew_error ignored;
    char *line = service_installed_line(service);
    out->installed = line != NULL;
    if (line != NULL && !trust_is_quoted(line)) {
        out->unquoted = true;
        (void)snprintf(out->path, sizeof out->path, "%s", line);
    } else if (line != NULL
               && service_installed_read(service, EW_SERVICE_NAME, &installed, &ignored)
                      == EW_OK) {
        ask_installed(&installed, out);
        service_installed_free(&installed);
    } else if (line != NULL) {
        (void)snprintf(out->problem, sizeof out->problem,
                       "the service etwitness runs another program: %.400s", line);
    }
    free(line);
}

void doctor_ask_program(struct doctor_program *program_out)
{
    struct service_handles handles = {NULL, NULL};
    struct ew_error ignored;
    memset(program_out, 0, sizeof *program_out);
    if (service_open(EW_SERVICE_NAME, SC_MANAGER_CONNECT, SERVICE_QUERY_CONFIG, &handles,
                     &ignored)
        == EW_OK) {
        ask_service(handles.service, program_out);
    }
    service_close(&handles);
    if (!program_out->installed) {
        ask_own(program_out);
    }
}
