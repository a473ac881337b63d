/* SPDX-License-Identifier: Apache-2.0 */
/* The table of subcommands. */
#include "cli/cli.h"

const struct ew_command ew_commands[] = {
    {"replay", "evidence from recordings", ew_cmd_replay},
    {NULL, NULL, NULL},
};
