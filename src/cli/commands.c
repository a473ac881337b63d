/* SPDX-License-Identifier: Apache-2.0 */
/* The table of subcommands. */
#include "cli/cli.h"

const struct ew_command ew_commands[] = {
    {"stats", "what a recording holds", ew_cmd_stats},
    {"replay", "evidence from recordings", ew_cmd_replay},
    {"record", "evidence from this machine, in the foreground (Windows)", ew_cmd_record},
    {"merge", "evidence joined with static callgraphs", ew_cmd_merge},
    {"rollup", "windows of an evidence directory joined into longer ones", ew_cmd_rollup},
    {"export", "evidence and merges in formats of others", ew_cmd_export},
    {"dump", "the events of recordings, decoded", ew_cmd_dump},
    {"check", "validates documents", ew_cmd_check},
    {"import", "what other collectors observed on Linux, as documents", ew_cmd_import},
    {"synth", "a recording with known answers, from a scenario", ew_cmd_synth},
    {"service", "the Windows service: install, remove, status, run", ew_cmd_service},
    {"doctor", "can this host collect, and if not, why not (Windows)", ew_cmd_doctor},
    {NULL, NULL, NULL},
};
