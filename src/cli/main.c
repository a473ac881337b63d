/* SPDX-License-Identifier: Apache-2.0 */
/* etwitness: finds the subcommand and runs it. */
#include "cli/cli.h"
#include "etwitness/version.h"
#include "platform/console.h"

#include <stdio.h>
#include <string.h>

static void print_help(FILE *out)
{
    (void)fputs("etwitness: runtime evidence for reachability, from ETW.\n\n"
                "usage: etwitness COMMAND [OPTIONS] ...\n\n",
                out);
    for (const struct ew_command *command = ew_commands; command->name != NULL; command++) {
        (void)fprintf(out, "  %-8s %s\n", command->name, command->summary);
    }
    (void)fputs("\n  etwitness COMMAND --help shows a command's options and an example.\n"
                "  etwitness --version\n\n"
                "exit status: 0 done, 1 failed, 2 wrong usage, 3 bad input,\n"
                "             4 done but incomplete (something was lost)\n",
                out);
}

static int run_command(int argument_count, char **arguments)
{
    for (const struct ew_command *command = ew_commands; command->name != NULL; command++) {
        if (strcmp(command->name, arguments[0]) == 0) {
            return command->run(argument_count - 1, arguments + 1);
        }
    }
    ew_cli_say("there is no command \"%s\"; etwitness --help shows those there are",
               arguments[0]);
    return EW_EXIT_USAGE;
}

/* What was printed counts as done only when it arrived. */
static int flush_output(int exit_code)
{
    if (fflush(stdout) != 0 || ferror(stdout) != 0) {
        ew_cli_say("standard output: cannot be written");
        return EW_EXIT_FAILED;
    }
    return exit_code;
}

int main(int argc, char **argv)
{
    ew_process_harden();
    ew_console_prepare();
    if (!ew_console_arguments(&argc, &argv)) {
        ew_cli_say("no memory for the command line");
        return EW_EXIT_FAILED;
    }
    if (argc < 2) {
        print_help(stderr);
        return EW_EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        print_help(stdout);
        return flush_output(EW_EXIT_DONE);
    }
    if (strcmp(argv[1], "--version") == 0) {
        (void)printf("etwitness %s\n", EW_VERSION);
        return flush_output(EW_EXIT_DONE);
    }
    return flush_output(run_command(argc - 1, argv + 1));
}
