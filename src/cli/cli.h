/* SPDX-License-Identifier: Apache-2.0 */
/* What the subcommands share: exit codes, options, progress, standard output. */
#ifndef EW_CLI_CLI_H
#define EW_CLI_CLI_H

#include "base/json_writer.h"
#include "etwitness/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Exit codes; they are part of the contract with scripts (README). */
enum ew_exit {
    EW_EXIT_DONE = 0,
    EW_EXIT_FAILED = 1,
    EW_EXIT_USAGE = 2,
    EW_EXIT_BAD_INPUT = 3,
    EW_EXIT_INCOMPLETE = 4, /* done, but something was lost */
};

/* A subcommand. `arguments` are those after its name. */
struct ew_command {
    const char *name;
    const char *summary; /* one line of the general help */
    int (*run)(int argument_count, char **arguments);
};

/* All subcommands, ended by a NULL name (commands.c). */
extern const struct ew_command ew_commands[];

int ew_cmd_stats(int argument_count, char **arguments);
int ew_cmd_dump(int argument_count, char **arguments);
int ew_cmd_replay(int argument_count, char **arguments);
int ew_cmd_merge(int argument_count, char **arguments);
int ew_cmd_rollup(int argument_count, char **arguments);
int ew_cmd_export(int argument_count, char **arguments);
int ew_cmd_check(int argument_count, char **arguments);
int ew_cmd_import(int argument_count, char **arguments);
int ew_cmd_synth(int argument_count, char **arguments);
int ew_cmd_service(int argument_count, char **arguments);

/* Those that need Windows; service/ has them, and says so elsewhere. */
int ew_cmd_record(int argument_count, char **arguments);
int ew_cmd_doctor(int argument_count, char **arguments);

/* --- options ---------------------------------------------------------------- */

/* A list of option values, in the order given; at most EW_FILTERS_MAX. */
struct ew_text_list {
    const char **items;
    size_t count;
};

enum ew_option_type {
    EW_OPTION_FLAG, /* bool */
    EW_OPTION_TEXT, /* const char * */
    EW_OPTION_U64,  /* uint64_t, at most `max` */
    EW_OPTION_LIST, /* struct ew_text_list: may be given several times */
};

struct ew_option {
    const char *name; /* without the dashes */
    enum ew_option_type type;
    void *target;
    uint64_t max;
};

/*
 * Reads `--name value`, `--name=value` and flags into their targets, everything else
 * (and all after `--`) into `operands`. `--help` prints `usage` and sets `*help_out`.
 *
 * EW_USAGE  an unknown option, a missing or bad value; told on stderr already
 */
EW_MUST_USE enum ew_status ew_options_read(int argument_count, char **arguments,
                                           const struct ew_option *options, size_t option_count,
                                           const char *usage, struct ew_text_list *operands,
                                           bool *help_out);

/* Frees what lists and operands hold. */
void ew_options_free(const struct ew_option *options, size_t option_count,
                     struct ew_text_list *operands);

/* --- messages and progress --------------------------------------------------- */

/* "etwitness: <text>" on stderr, and the exit code that fits the status. */
int ew_cli_fail(const struct ew_error *error);

/* "etwitness: <text>" on stderr. */
void ew_cli_say(const char *format, ...) EW_PRINTF(1, 2);

/* "12,345,678" into `out` (at least 27 bytes). */
const char *ew_cli_grouped(uint64_t value, char *out);

struct ew_progress {
    const char *label;
    uint64_t next_ns; /* when it is drawn again */
    bool shown;       /* something is on the screen */
    bool enabled;
};

/* Shown on a terminal only, and not when `quiet`. */
void ew_progress_start(struct ew_progress *progress, const char *label, bool quiet);

/* Cheap enough for every few thousand events; draws at most ten times a second. */
void ew_progress_update(struct ew_progress *progress, uint64_t done, uint64_t total);

/* Wipes the bar. */
void ew_progress_end(struct ew_progress *progress);

/* A JSON sink to a FILE *. */
bool ew_cli_file_sink(void *file, const void *bytes, size_t byte_count);

#endif
