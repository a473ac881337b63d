/* SPDX-License-Identifier: Apache-2.0 */
/* etwitness service: installs, removes, shows and is the Windows service. */
#include "service.h"

#include <string.h>

int ew_cmd_service(int argument_count, char **arguments)
{
    static const struct {
        const char *action;
        int (*run)(const struct service_options *options);
    } actions[] = {
        {"install", service_install},
        {"remove", service_remove},
        {"status", service_status},
        {"run", service_run},
    };
    struct service_options options;
    enum service_reading reading = service_options_read(argument_count, arguments, &options);
    int exit_code = reading == SERVICE_HELP ? EW_EXIT_DONE : EW_EXIT_USAGE;
    for (size_t i = 0; reading == SERVICE_GO && i < sizeof actions / sizeof actions[0]; i++) {
        if (strcmp(options.action, actions[i].action) == 0) {
            exit_code = actions[i].run(&options);
            service_options_free(&options);
            break;
        }
    }
    return exit_code;
}
