/* SPDX-License-Identifier: Apache-2.0 */
/* The table of subcommands. */
#include "cli/cli.h"

const struct ew_command ew_commands[] = {
    {NULL, NULL, NULL},
};
