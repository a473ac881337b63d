/* SPDX-License-Identifier: Apache-2.0 */
/* The table of subcommands. */
#include "cli/cli.h"

const struct ew_command ew_commands[] = {
    {"stats", "what a recording holds", ew_cmd_stats},
    {"replay", "evidence from recordings", ew_cmd_replay},
    {"dump", "the events of recordings, decoded", ew_cmd_dump},
    {"check", "validates documents", ew_cmd_check},
    {"synth", "a recording with known answers, from a scenario", ew_cmd_synth},
    {NULL, NULL, NULL},
};
