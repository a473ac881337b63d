/* SPDX-License-Identifier: Apache-2.0 */
/* etwitness stats: what recordings hold, counted by kind of event. */
#include "cli/cli.h"
#include "cli/stats.h"

#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: etwitness stats TRACE... [OPTIONS]\n\n"
    "Shows what recordings hold: facts of the files, events by kind, losses and damage.\n"
    "Several recordings are one.\n\n"
    "  --format tsv   every kind of event on a line: provider, id or hook, opcode,\n"
    "                 version, count, separated by tabs and sorted\n"
    "  --format json  the same and all facts, as one JSON object\n"
    "  --quiet        no progress bar\n\n"
    "exit status: 0 done, 3 bad input, 4 done, but something was lost or is damaged\n\n"
    "example:\n"
    "  etwitness stats trace.etl\n";

enum { OPTION_COUNT = 2, EVENTS_PER_UPDATE = 8192 };

enum format { FORMAT_TEXT, FORMAT_TSV, FORMAT_JSON };

struct arguments {
    struct ew_text_list traces;
    const char *format_name;
    enum format format;
    bool quiet;
    bool help;
};

static bool read_format(struct arguments *arguments)
{
    const char *name = arguments->format_name;
    if (name == NULL) {
        return true;
    }
    if (strcmp(name, "tsv") == 0) {
        arguments->format = FORMAT_TSV;
        return true;
    }
    if (strcmp(name, "json") == 0) {
        arguments->format = FORMAT_JSON;
        return true;
    }
    ew_cli_say("--format is tsv or json, not \"%s\"", name);
    return false;
}

static enum ew_status count_events(struct ew_recording *recording, struct ew_stats_table *table,
                                   struct ew_progress *progress, struct ew_error *error)
{
    struct ew_event event;
    enum ew_status status;
    while ((status = ew_recording_next(recording, &event, error)) == EW_OK) {
        if (ew_stats_count(table, &event) != EW_OK) {
            return ew_fail(error, EW_NO_MEMORY, "no memory to count another kind of event");
        }
        if (table->events % EVENTS_PER_UPDATE == 0) {
            struct ew_recording_counts counts = ew_recording_counts(recording);
            ew_progress_update(progress, counts.bytes_read, counts.bytes_total);
        }
    }
    return status == EW_END ? EW_OK : status;
}

/* The losses, for formats that show the counts alone. */
static void say_losses(const struct ew_recording *recording, const struct ew_stats_table *table,
                       const struct ew_stats_losses *losses)
{
    const struct ew_recording_damage *damage = ew_recording_damage(recording);
    if (losses->events != 0 || losses->buffers != 0 || damage->lost_flags != 0) {
        ew_cli_say("lost by the recording session: events %llu, buffers %llu",
                   (unsigned long long)losses->events, (unsigned long long)losses->buffers);
    }
    if (damage->text[0] != '\0') {
        ew_cli_say("damaged: %s", damage->text);
    }
    if (table->not_counted != 0) {
        ew_cli_say("%llu events were not counted: more than %d kinds",
                   (unsigned long long)table->not_counted, EW_EVENT_KINDS_MAX);
    }
}

static int show(const struct arguments *arguments, const struct ew_recording *recording,
                struct ew_stats_table *table)
{
    struct ew_stats_losses losses = ew_stats_losses(recording, table);
    ew_stats_sort(table);
    switch (arguments->format) {
    case FORMAT_TSV:
        ew_stats_write_tsv(stdout, table);
        break;
    case FORMAT_JSON:
        if (!ew_stats_write_json(stdout, recording, table)) {
            ew_cli_say("standard output: cannot be written");
            return EW_EXIT_FAILED;
        }
        break;
    default:
        ew_stats_print(stdout, recording, table);
        break;
    }
    if (arguments->format != FORMAT_TEXT) {
        say_losses(recording, table, &losses);
    }
    return losses.incomplete ? EW_EXIT_INCOMPLETE : EW_EXIT_DONE;
}

static int run(const struct arguments *arguments)
{
    struct ew_error error = {EW_OK, ""};
    struct ew_progress progress;
    struct ew_recording *recording = NULL;
    int exit_code = EW_EXIT_FAILED;
    struct ew_stats_table *table = calloc(1, sizeof *table);
    if (table == NULL) {
        ew_cli_say("no memory to count events");
        return EW_EXIT_FAILED;
    }
    enum ew_status status = ew_recording_open(arguments->traces.items, arguments->traces.count,
                                              EW_ORDER_FILE, &recording, &error);
    if (status == EW_OK) {
        ew_progress_start(&progress, "reading", arguments->quiet);
        status = count_events(recording, table, &progress, &error);
        ew_progress_end(&progress);
    }
    exit_code = status == EW_OK ? show(arguments, recording, table) : ew_cli_fail(&error);
    ew_recording_close(recording);
    ew_stats_free(table);
    free(table);
    return exit_code;
}

int ew_cmd_stats(int argument_count, char **texts)
{
    struct arguments arguments = {.format = FORMAT_TEXT};
    const struct ew_option options[OPTION_COUNT] = {
        {"format", EW_OPTION_TEXT, (void *)&arguments.format_name, 0},
        {"quiet", EW_OPTION_FLAG, &arguments.quiet, 0},
    };
    int exit_code = EW_EXIT_USAGE;
    enum ew_status status = ew_options_read(argument_count, texts, options, OPTION_COUNT, usage,
                                            &arguments.traces, &arguments.help);
    if (status == EW_OK && arguments.help) {
        exit_code = EW_EXIT_DONE;
    } else if (status == EW_OK && arguments.traces.count == 0) {
        ew_cli_say("stats needs a recording; etwitness stats --help shows how");
    } else if (status == EW_OK && read_format(&arguments)) {
        exit_code = run(&arguments);
    }
    ew_options_free(options, OPTION_COUNT, &arguments.traces);
    return exit_code;
}
