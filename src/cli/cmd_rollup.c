/* SPDX-License-Identifier: Apache-2.0 */
/* etwitness rollup: windows of an evidence directory joined into longer ones. */
#include "cli/cli.h"
#include "etwitness/window_set.h"

#include <stdio.h>

static const char usage[] =
    "usage: etwitness rollup DIRECTORY [OPTIONS]\n"
    "\n"
    "Joins the windows of an evidence directory into longer ones. Each whole range of numbers of a\n"
    "stream becomes one document beside them, which says what they say together; whoever reads\n"
    "the directory then reads that one in their place. A range is k * N to (k + 1) * N - 1. The\n"
    "service may be running.\n"
    "\n"
    "  --windows N   numbers in a range, a power of two; default 16\n"
    "  --remove      remove the documents that lie in a roll-up, after it was read back and says\n"
    "                all that they say; the last window of each stream stays\n"
    "  --quiet       no summary\n"
    "\n"
    "exit status: 4 when numbers are missing, or documents are not valid, not read, or contradict\n"
    "one another, so that a range was not rolled up or its documents were not removed\n"
    "\n"
    "example: etwitness synth docs/scenarios/shop.json --out shop.etl\n"
    "         etwitness replay shop.etl --window 10 --out evidence\n"
    "         etwitness rollup evidence --windows 2\n";

enum { GROUPED_BYTES = 27, SHOWN_MAX = 8, REASON_BYTES = EW_ERROR_TEXT_BYTES + 128 };

struct rollup_command {
    struct ew_text_list paths;
    uint64_t windows;
    bool remove;
    bool quiet;
    struct ew_progress progress;
    char reasons[SHOWN_MAX][REASON_BYTES];
    unsigned shown;
    uint64_t not_shown;
};

/* --- what is told on the way -----------------------------------------------------------------
 */

/* The outcomes that somebody should look at; the others are as it should be. */
static bool is_trouble(enum ew_roll_up_outcome outcome)
{
    return outcome == EW_ROLL_UP_MISSING || outcome == EW_ROLL_UP_DOUBTFUL
           || outcome == EW_ROLL_UP_MIXED || outcome == EW_ROLL_UP_TOO_LARGE
           || outcome == EW_ROLL_UP_KEPT;
}

/* Kept until the progress bar is gone. */
static void tell(void *context, enum ew_roll_up_outcome outcome,
                 const struct ew_roll_up_range *range, const char *reason)
{
    struct rollup_command *command = context;
    if (!is_trouble(outcome)) {
        return;
    }
    if (command->shown == SHOWN_MAX) {
        command->not_shown++;
        return;
    }
    (void)snprintf(
        command->reasons[command->shown++], REASON_BYTES,
        "stream %.8s, windows %llu to %llu: %s%s", range->stream_id,
        (unsigned long long)(range->from == 0 ? 1 : range->from), (unsigned long long)range->to,
        outcome == EW_ROLL_UP_KEPT ? "not all is removed: " : "not rolled up: ", reason);
}

static void say_reasons(const struct rollup_command *command)
{
    for (unsigned i = 0; i < command->shown; i++) {
        ew_cli_say("%s", command->reasons[i]);
    }
    if (command->not_shown > 0) {
        ew_cli_say("and %llu more", (unsigned long long)command->not_shown);
    }
}

static void advance(void *context, uint64_t done, uint64_t total)
{
    struct rollup_command *command = context;
    ew_progress_update(&command->progress, done, total);
}

/* --- the summary -----------------------------------------------------------------------------
 */

static void print_count(uint64_t count, const char *what)
{
    char grouped[GROUPED_BYTES];
    if (count > 0) {
        (void)printf("%12s  %s\n", ew_cli_grouped(count, grouped), what);
    }
}

static void print_sizes(const struct ew_roll_up_report *report)
{
    char before[GROUPED_BYTES];
    char after[GROUPED_BYTES];
    if (report->ranges[EW_ROLL_UP_MADE] > 0) {
        (void)printf("%s bytes now say what %s bytes say\n",
                     ew_cli_grouped(report->bytes_made, after),
                     ew_cli_grouped(report->bytes_read, before));
    }
    if (report->removed > 0) {
        (void)printf("%s document%s of %s bytes removed\n",
                     ew_cli_grouped(report->removed, after), report->removed == 1 ? "" : "s",
                     ew_cli_grouped(report->bytes_removed, before));
    }
    if (report->compressed > 0) {
        (void)printf("%s compressed document%s not read: gunzip %s\n",
                     ew_cli_grouped(report->compressed, after),
                     report->compressed == 1 ? " is" : "s are",
                     report->compressed == 1 ? "it" : "them");
    }
}

static void print_summary(const struct rollup_command *command,
                          const struct ew_roll_up_report *report)
{
    static const char *const texts[EW_ROLL_UP_OUTCOMES] = {
        [EW_ROLL_UP_MADE] = "rolled up",
        [EW_ROLL_UP_COVERED] = "in a roll-up already",
        [EW_ROLL_UP_PARTIAL] = "not whole: at an end of their stream",
        [EW_ROLL_UP_UNSEALED] = "not yet: a window may still be revised",
        [EW_ROLL_UP_MISSING] = "not rolled up: numbers are missing",
        [EW_ROLL_UP_DOUBTFUL] = "not rolled up: documents are not valid, or contradict",
        [EW_ROLL_UP_MIXED] = "not rolled up: of different hosts, containers or subjects",
        [EW_ROLL_UP_TOO_LARGE] = "not rolled up: too large for one document",
        [EW_ROLL_UP_EMPTIED] = "of which the documents that lie in them were removed",
        [EW_ROLL_UP_KEPT] = "of which documents that lie in them stay",
    };
    char streams[GROUPED_BYTES];
    char documents[GROUPED_BYTES];
    (void)printf("%s stream%s, %s document%s\n", ew_cli_grouped(report->streams, streams),
                 report->streams == 1 ? "" : "s", ew_cli_grouped(report->documents, documents),
                 report->documents == 1 ? "" : "s");
    (void)printf("ranges of %llu windows:\n", (unsigned long long)command->windows);
    for (unsigned i = 0; i < EW_ROLL_UP_EMPTIED; i++) {
        print_count(report->ranges[i], texts[i]);
    }
    if (report->ranges[EW_ROLL_UP_EMPTIED] + report->ranges[EW_ROLL_UP_KEPT] > 0) {
        (void)puts("roll-ups:");
    }
    for (unsigned i = EW_ROLL_UP_EMPTIED; i < EW_ROLL_UP_OUTCOMES; i++) {
        print_count(report->ranges[i], texts[i]);
    }
    print_sizes(report);
}

/* --- the command -----------------------------------------------------------------------------
 */

static bool is_incomplete(const struct ew_roll_up_report *report)
{
    for (unsigned i = 0; i < EW_ROLL_UP_OUTCOMES; i++) {
        if (is_trouble((enum ew_roll_up_outcome)i) && report->ranges[i] > 0) {
            return true;
        }
    }
    return report->compressed > 0;
}

static int run(struct rollup_command *command)
{
    struct ew_roll_up_report report = {.streams = 0};
    struct ew_error error = {.status = EW_OK};
    const struct ew_roll_up_options options = {.directory = command->paths.items[0],
                                               .windows = command->windows,
                                               .remove = command->remove,
                                               .tell = tell,
                                               .progress = advance,
                                               .context = command};
    ew_progress_start(&command->progress, "rolling up", command->quiet);
    enum ew_status status = ew_roll_up_directory(&options, &report, &error);
    ew_progress_end(&command->progress);
    if (!command->quiet) {
        say_reasons(command);
    }
    if (!command->quiet && (status == EW_OK || report.streams > 0)) {
        print_summary(command, &report);
    }
    if (status == EW_USAGE) {
        ew_cli_say("--windows: %s", error.text);
        return EW_EXIT_USAGE;
    }
    if (status != EW_OK) {
        return ew_cli_fail(&error);
    }
    return is_incomplete(&report) ? EW_EXIT_INCOMPLETE : EW_EXIT_DONE;
}

int ew_cmd_rollup(int argument_count, char **arguments)
{
    struct rollup_command command = {.windows = EW_ROLL_UP_WINDOWS_DEFAULT};
    const struct ew_option options[] = {
        {"windows", EW_OPTION_U64, &command.windows, EW_ROLL_UP_WINDOWS_MAX},
        {"remove", EW_OPTION_FLAG, &command.remove, 0},
        {"quiet", EW_OPTION_FLAG, &command.quiet, 0},
    };
    enum { OPTION_COUNT = sizeof options / sizeof options[0] };
    bool help = false;
    int exit_code = EW_EXIT_USAGE;
    enum ew_status status = ew_options_read(argument_count, arguments, options, OPTION_COUNT,
                                            usage, &command.paths, &help);
    if (help) {
        exit_code = EW_EXIT_DONE;
    } else if (status == EW_OK && command.paths.count != 1) {
        ew_cli_say("rollup needs one evidence directory; --help shows an example");
    } else if (status == EW_OK) {
        exit_code = run(&command);
    }
    ew_options_free(options, OPTION_COUNT, &command.paths);
    return exit_code;
}
