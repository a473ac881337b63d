/* SPDX-License-Identifier: Apache-2.0 */
/* etwitness merge: evidence joined with static callgraphs. */
#include "base/filetime.h"
#include "cli/cli.h"
#include "cli/merge_collectors.h"
#include "cli/merge_inputs.h"
#include "cli/merge_report.h"
#include "cli/output_file.h"
#include "platform/map.h"

#include <stdio.h>
#include <stdlib.h>

static const char usage[] =
    "usage: etwitness merge [--callgraph FILE]... EVIDENCE... [OPTIONS]\n"
    "\n"
    "Joins runtime evidence with static callgraphs: what is confirmed, what only ran, what a\n"
    "graph refuses and yet ran. EVIDENCE are documents, and folders of them, of any number of\n"
    "hosts; their order and repetition change nothing.\n"
    "\n"
    "  --callgraph FILE  static-callgraph/1, stella.callgraph.v1, richgraph-v1, adjacency JSON,\n"
    "                    edge lists (CSV, NDJSON), DOT, DGML; may be given several times\n"
    "  --cache DIR       keep graphs there once they were read\n"
    "  --out FILE        the merged document, reach-merge/1\n"
    "  --unobserved      say what was not seen where that can be said, else why not\n"
    "  --as-of TIME      mark what was not seen lately, seen from then (RFC 3339, UTC)\n"
    "  --fresh DAYS      what \"lately\" is; default 7\n"
    "  --quiet           no summary\n"
    "\n"
    "exit status: 4 when windows of a stream are missing, or documents were refused, replaced\n"
    "or not read\n"
    "\n"
    "example: etwitness synth docs/scenarios/shop.json --out shop.etl\n"
    "         etwitness replay shop.etl --out evidence\n"
    "         etwitness merge --callgraph docs/scenarios/shop.graph.json evidence\n";

enum { FRESH_DAYS_DEFAULT = 7, FRESH_DAYS_MAX = 36500 };

struct merge_command {
    struct ew_text_list graphs;
    struct ew_text_list paths;
    const char *out;
    const char *cache;
    const char *as_of;
    uint64_t fresh_days;
    bool ask_unobserved;
    bool quiet;
};

struct inputs {
    struct ew_cli_graphs graphs;
    struct ew_window_set *windows;
};

static enum ew_status load_inputs(const struct merge_command *command, struct inputs *inputs,
                                  struct ew_error *error)
{
    enum ew_status status = ew_window_set_create(&inputs->windows);
    if (status != EW_OK) {
        return ew_fail(error, status, "no memory for the windows");
    }
    for (size_t i = 0; status == EW_OK && i < command->paths.count; i++) {
        const char *path = command->paths.items[i];
        status = ew_cli_is_directory(path)
                     ? ew_window_set_add_directory(inputs->windows, path, error)
                     : ew_window_set_add(inputs->windows, path, error);
    }
    return status == EW_OK ? ew_cli_load_graphs(&command->graphs, command->cache, command->quiet,
                                                &inputs->graphs, error)
                           : status;
}

static void free_inputs(struct inputs *inputs)
{
    ew_cli_free_graphs(&inputs->graphs);
    ew_window_set_destroy(inputs->windows);
}

/* --- the command ------------------------------------------------------------------ */

static enum ew_status produce(void *merged, ew_evidence_sink_fn sink, void *sink_context,
                              struct ew_error *error)
{
    return ew_merged_write(merged, sink, sink_context, error);
}

/* Told even when quiet: who made it is not who has to read it. */
static void say_size(const char *path)
{
    char text[EW_ERROR_TEXT_BYTES];
    struct ew_file_identity identity;
    if (ew_file_identify(path, &identity, NULL) == EW_OK
        && merge_report_size(path, identity.byte_count, text, sizeof text)) {
        ew_cli_say("%s", text);
    }
}

static int finish(const struct merge_command *command, struct ew_window_set *windows,
                  struct ew_merged *merged, uint64_t as_of)
{
    struct ew_error error = {0};
    struct ew_window_set_counts counts;
    if ((command->out != NULL
         && ew_cli_write_file(command->out, produce, merged, &error) != EW_OK)
        || ew_window_set_counts(windows, &counts) != EW_OK) {
        return ew_cli_fail(&error);
    }
    if (command->out != NULL) {
        say_size(command->out);
    }
    if (!command->quiet) {
        merge_report_refusals(stdout, counts.refused, ew_window_set_refusal(windows));
        merge_report_inputs(stdout, merged);
        merge_report_collectors(stdout, windows, as_of);
        merge_report_summary(stdout, merged);
    }
    return counts.refused > 0 || merge_report_is_incomplete(merged)
                   || merge_report_lacks_documents(windows)
               ? EW_EXIT_INCOMPLETE
               : EW_EXIT_DONE;
}

static int run(const struct merge_command *command, uint64_t as_of)
{
    struct inputs inputs = {0};
    struct ew_error error = {0};
    struct ew_merged *merged = NULL;
    enum ew_status status = load_inputs(command, &inputs, &error);
    if (status == EW_OK) {
        const struct ew_merge_options options = {
            .graphs = (const struct ew_graph *const *)inputs.graphs.items,
            .graph_count = inputs.graphs.count,
            .windows = inputs.windows,
            .as_of_100ns = as_of,
            .fresh_days = (uint32_t)command->fresh_days,
            .ask_unobserved = command->ask_unobserved,
        };
        status = ew_merge(&options, &merged, &error);
    }
    int exit_code =
        status == EW_OK ? finish(command, inputs.windows, merged, as_of) : ew_cli_fail(&error);
    ew_merged_free(merged);
    free_inputs(&inputs);
    return exit_code;
}

static bool check_options(const struct merge_command *command, uint64_t *as_of_out)
{
    *as_of_out = 0;
    if (command->paths.count == 0) {
        ew_cli_say("merge needs evidence; --help shows an example");
        return false;
    }
    if (command->as_of != NULL && !ew_filetime_parse(command->as_of, as_of_out)) {
        ew_cli_say("--as-of needs a time such as 2026-03-02T08:30:00Z, not \"%s\"",
                   command->as_of);
        return false;
    }
    return true;
}

int ew_cmd_merge(int argument_count, char **arguments)
{
    struct merge_command command = {.fresh_days = FRESH_DAYS_DEFAULT};
    const struct ew_option options[] = {
        {"callgraph", EW_OPTION_LIST, &command.graphs, 0},
        {"cache", EW_OPTION_TEXT, &command.cache, 0},
        {"out", EW_OPTION_TEXT, &command.out, 0},
        {"unobserved", EW_OPTION_FLAG, &command.ask_unobserved, 0},
        {"as-of", EW_OPTION_TEXT, &command.as_of, 0},
        {"fresh", EW_OPTION_U64, &command.fresh_days, FRESH_DAYS_MAX},
        {"quiet", EW_OPTION_FLAG, &command.quiet, 0},
    };
    enum { OPTION_COUNT = sizeof options / sizeof options[0] };
    bool help = false;
    uint64_t as_of = 0;
    int exit_code = EW_EXIT_USAGE;
    enum ew_status status = ew_options_read(argument_count, arguments, options, OPTION_COUNT,
                                            usage, &command.paths, &help);
    if (help) {
        exit_code = EW_EXIT_DONE;
    } else if (status == EW_OK && check_options(&command, &as_of)) {
        exit_code = run(&command, as_of);
    }
    ew_options_free(options, OPTION_COUNT, &command.paths);
    return exit_code;
}
