/* SPDX-License-Identifier: Apache-2.0 */
/* etwitness replay: evidence from recordings. */
#include "base/text.h"
#include "cli/cli.h"
#include "cli/replay_report.h"
#include "etwitness/limits.h"
#include "platform/clock.h"
#include "platform/symbols.h"

#include <stdio.h>
#include <string.h>

static const char usage[] =
    "usage: etwitness replay TRACE... [--out DIR] [OPTIONS]\n"
    "\n"
    "Turns recordings (.etl) into runtime evidence: which function called which, in which\n"
    "container, how often, since when. Several files are one recording.\n"
    "\n"
    "  --out DIR          where documents go (DIR/evidence); without it only a summary\n"
    "  --pid N            only this process; may be given several times\n"
    "  --process NAME     only processes of this image name, such as w3wp.exe\n"
    "  --container ID     only this container (GUID), or \"host\"\n"
    "  --window SECONDS   length of a document's window, 10 to 86400; 0: one window for\n"
    "                     all; default 300\n"
    "  --symbols PATH     names of native code from the PDBs in this folder or store (SRV*DIR);\n"
    "                     may be given several times; Windows only\n"
    "  --stream ID        32 hex digits instead of the id made from the recording\n"
    "  --stats FILE       what was read, lost and resolved, as one JSON object\n"
    "  --quiet            no progress, no summary\n"
    "\n"
    "The same recordings and options give the same bytes, on every machine; with --symbols,\n"
    "where the same files are.\n"
    "\n"
    "example: etwitness synth docs/scenarios/minimal.json --out trace.etl\n"
    "         etwitness replay trace.etl --window 0 --out evidence\n";

struct replay_command {
    struct ew_replay_options options;
    struct ew_text_list pids;
    struct ew_text_list names;
    struct ew_text_list containers;
    struct ew_text_list symbols;
    struct ew_text_list paths;
    uint32_t pid_values[EW_FILTERS_MAX];
    const char *stats_path;
    struct ew_progress progress;
    bool quiet;
};

static bool is_stream_id(const char *text)
{
    size_t length = strlen(text);
    return length == EW_STREAM_ID_BYTES - 1 && strspn(text, "0123456789abcdef") == length;
}

/* Checks what the option reader cannot. False with the complaint told. */
static bool check_options(struct replay_command *command)
{
    struct ew_replay_options *options = &command->options;
    if (command->paths.count == 0) {
        ew_cli_say("replay needs a recording; --help shows an example");
        return false;
    }
    if (options->window_seconds != 0 && options->window_seconds < EW_WINDOW_SECONDS_MIN) {
        ew_cli_say("--window needs 0 or at least %d seconds", EW_WINDOW_SECONDS_MIN);
        return false;
    }
    if (options->stream_id != NULL && !is_stream_id(options->stream_id)) {
        ew_cli_say("--stream needs 32 lower-case hex digits, not \"%s\"", options->stream_id);
        return false;
    }
    if (command->symbols.count > 0 && !ew_symbol_engine_exists()) {
        ew_cli_say("--symbols needs Windows: names come from PDBs through DbgHelp");
        return false;
    }
    for (size_t i = 0; i < command->pids.count; i++) {
        uint64_t value;
        if (!ew_text_parse_u64(command->pids.items[i], UINT32_MAX, &value)) {
            ew_cli_say("--pid needs a process id, not \"%s\"", command->pids.items[i]);
            return false;
        }
        command->pid_values[i] = (uint32_t)value;
    }
    return true;
}

static void on_progress(void *context, uint64_t done, uint64_t total)
{
    struct replay_command *command = context;
    ew_progress_update(&command->progress, done, total);
}

static void on_document(void *context, const struct ew_evidence *evidence,
                        const struct ew_published *published)
{
    struct replay_command *command = context;
    if (!command->quiet) {
        ew_progress_end(&command->progress);
        replay_report_document(stdout, evidence, published);
    }
}

static void fill_options(struct replay_command *command)
{
    struct ew_replay_options *options = &command->options;
    options->paths = command->paths.items;
    options->path_count = command->paths.count;
    options->filters.process_ids = command->pid_values;
    options->filters.process_id_count = command->pids.count;
    options->filters.names = command->names.items;
    options->filters.name_count = command->names.count;
    options->filters.containers = command->containers.items;
    options->filters.container_count = command->containers.count;
    options->symbol_paths = command->symbols.items;
    options->symbol_path_count = command->symbols.count;
    options->on_progress = on_progress;
    options->on_document = on_document;
    options->context = command;
}

static int report(const struct replay_command *command, const struct ew_replay_result *result,
                  const struct ew_replay_cost *cost)
{
    struct ew_error error = {0};
    if (!command->quiet) {
        replay_report_summary(stdout, result);
    }
    if (result->damage.text[0] != '\0') {
        ew_cli_say("damaged: %s", result->damage.text);
    }
    if (command->stats_path != NULL
        && replay_report_stats(command->stats_path, result, cost, &error) != EW_OK) {
        return ew_cli_fail(&error);
    }
    return ew_replay_is_incomplete(result) ? EW_EXIT_INCOMPLETE : EW_EXIT_DONE;
}

static int run(struct replay_command *command)
{
    struct ew_replay_result result;
    struct ew_error error = {0};
    uint64_t wall = ew_clock_monotonic_ns();
    fill_options(command);
    ew_progress_start(&command->progress, "replay", command->quiet);
    enum ew_status status = ew_replay_run(&command->options, &result, &error);
    ew_progress_end(&command->progress);
    struct ew_replay_cost cost = {.wall_ns = ew_clock_monotonic_ns() - wall,
                                  .cpu_ns = ew_clock_cpu_ns(),
                                  .peak_memory_bytes = ew_memory_peak_bytes()};
    int exit_code = status == EW_OK ? report(command, &result, &cost) : ew_cli_fail(&error);
    ew_replay_result_free(&result);
    return exit_code;
}

int ew_cmd_replay(int argument_count, char **arguments)
{
    struct replay_command command = {.options = {.window_seconds = EW_WINDOW_SECONDS_DEFAULT}};
    const struct ew_option options[] = {
        {"out", EW_OPTION_TEXT, &command.options.directory, 0},
        {"pid", EW_OPTION_LIST, &command.pids, 0},
        {"process", EW_OPTION_LIST, &command.names, 0},
        {"container", EW_OPTION_LIST, &command.containers, 0},
        {"window", EW_OPTION_U64, &command.options.window_seconds, EW_WINDOW_SECONDS_MAX},
        {"symbols", EW_OPTION_LIST, &command.symbols, 0},
        {"stream", EW_OPTION_TEXT, &command.options.stream_id, 0},
        {"stats", EW_OPTION_TEXT, &command.stats_path, 0},
        {"quiet", EW_OPTION_FLAG, &command.quiet, 0},
    };
    enum { OPTION_COUNT = sizeof options / sizeof options[0] };
    bool help = false;
    int exit_code = EW_EXIT_USAGE;
    enum ew_status status = ew_options_read(argument_count, arguments, options, OPTION_COUNT,
                                            usage, &command.paths, &help);
    if (help) {
        exit_code = EW_EXIT_DONE;
    } else if (status == EW_OK && check_options(&command)) {
        exit_code = run(&command);
    }
    ew_options_free(options, OPTION_COUNT, &command.paths);
    return exit_code;
}
