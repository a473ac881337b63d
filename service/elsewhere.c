/* SPDX-License-Identifier: Apache-2.0 */
/* The commands that need Windows, on systems that are not: their help, and why not. */
#include "doctor.h"
#include "record.h"
#include "service.h"

static int needs_windows(const char *command)
{
    ew_cli_say("%s needs Windows: events of a running system are there only; replay reads "
               "recordings on every system",
               command);
    return EW_EXIT_USAGE;
}

int ew_cmd_service(int argument_count, char **arguments)
{
    struct service_options options;
    enum service_reading reading = service_options_read(argument_count, arguments, &options);
    if (reading == SERVICE_GO) {
        service_options_free(&options);
        return needs_windows("service");
    }
    return reading == SERVICE_HELP ? EW_EXIT_DONE : EW_EXIT_USAGE;
}

int ew_cmd_record(int argument_count, char **arguments)
{
    struct record_options options;
    enum record_reading reading = record_options_read(argument_count, arguments, &options);
    if (reading == RECORD_GO) {
        record_options_free(&options);
        return needs_windows("record");
    }
    return reading == RECORD_HELP ? EW_EXIT_DONE : EW_EXIT_USAGE;
}

int ew_cmd_doctor(int argument_count, char **arguments)
{
    struct doctor_options options;
    enum doctor_reading reading = doctor_options_read(argument_count, arguments, &options);
    if (reading == DOCTOR_GO) {
        return needs_windows("doctor");
    }
    return reading == DOCTOR_HELP ? EW_EXIT_DONE : EW_EXIT_USAGE;
}
