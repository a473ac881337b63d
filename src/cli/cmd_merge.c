/* SPDX-License-Identifier: Apache-2.0 */
/* etwitness merge: evidence joined with static callgraphs. */
#include "base/filetime.h"
#include "cli/cli.h"
#include "cli/merge_report.h"
#include "platform/file.h"

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
    "exit status: 4 when windows of a stream are missing\n"
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
    struct ew_graph *graphs[EW_MERGE_GRAPHS_MAX];
    size_t graph_count;
    struct ew_window_set *windows;
};

/* --- inputs ----------------------------------------------------------------------------------
 */

static void say_oddities(const char *path, const struct ew_graph_counts *counts)
{
    if (counts->dangling > 0) {
        ew_cli_say("%s: %llu references to nodes that it does not list", path,
                   (unsigned long long)counts->dangling);
    }
}

static enum ew_status load_graphs(const struct merge_command *command, struct inputs *inputs,
                                  struct ew_error *error)
{
    const struct ew_graph_options options = {.format = EW_GRAPH_AUTO,
                                             .cache_directory = command->cache};
    for (size_t i = 0; i < command->graphs.count; i++) {
        struct ew_graph_counts counts = {0};
        const char *path = command->graphs.items[i];
        if (inputs->graph_count >= EW_MERGE_GRAPHS_MAX) {
            return ew_fail(error, EW_LIMIT, "--callgraph: at most %d graphs can be merged",
                           EW_MERGE_GRAPHS_MAX);
        }
        enum ew_status status =
            ew_graph_load(path, &options, &inputs->graphs[inputs->graph_count], &counts, error);
        if (status != EW_OK) {
            return status;
        }
        inputs->graph_count++;
        if (!command->quiet) {
            say_oddities(path, &counts);
        }
    }
    return EW_OK;
}

static bool stop_listing(void *context, const char *name, uint64_t bytes)
{
    (void)context;
    (void)name;
    (void)bytes;
    return false;
}

static bool is_directory(const char *path)
{
    return ew_directory_list(path, stop_listing, NULL, NULL) == EW_OK;
}

static enum ew_status load_inputs(const struct merge_command *command, struct inputs *inputs,
                                  struct ew_error *error)
{
    enum ew_status status = ew_window_set_create(&inputs->windows);
    if (status != EW_OK) {
        return ew_fail(error, status, "no memory for the windows");
    }
    for (size_t i = 0; status == EW_OK && i < command->paths.count; i++) {
        const char *path = command->paths.items[i];
        status = is_directory(path) ? ew_window_set_add_directory(inputs->windows, path, error)
                                    : ew_window_set_add(inputs->windows, path, error);
    }
    return status == EW_OK ? load_graphs(command, inputs, error) : status;
}

static void free_inputs(struct inputs *inputs)
{
    for (size_t i = 0; i < inputs->graph_count; i++) {
        ew_graph_free(inputs->graphs[i]);
    }
    ew_window_set_destroy(inputs->windows);
}

/* --- the document ------------------------------------------------------------------------------
 */

struct output {
    struct ew_file *file;
    uint64_t offset;
    struct ew_error *error;
};

static bool write_output(void *context, const void *bytes, size_t byte_count)
{
    struct output *output = context;
    enum ew_status status =
        ew_file_write_at(output->file, output->offset, bytes, byte_count, output->error);
    output->offset += byte_count;
    return status == EW_OK;
}

/* Whole or not at all: what was there before stays until the new file is complete. */
static enum ew_status write_merged(const struct ew_merged *merged, const char *path,
                                   struct ew_error *error)
{
    char part[4096];
    struct ew_error inner = {0};
    struct output output = {.error = &inner};
    if ((size_t)snprintf(part, sizeof part, "%s.part", path) >= sizeof part) {
        return ew_fail(error, EW_USAGE, "--out: the path is too long");
    }
    enum ew_status status = ew_file_create(part, true, &output.file, error);
    if (status != EW_OK) {
        return status;
    }
    status = ew_merged_write(merged, write_output, &output, error);
    if (status != EW_OK && inner.text[0] != '\0') {
        *error = inner;
    }
    if (status == EW_OK) {
        status = ew_file_sync(output.file, error);
    }
    ew_file_close(output.file);
    if (status == EW_OK) {
        return ew_file_rename(part, path, true, error);
    }
    enum ew_status removed = ew_file_remove(part, NULL);
    (void)removed;
    return status;
}

/* --- the command
 * --------------------------------------------------------------------------------- */

static bool has_missing_windows(const struct ew_merged *merged)
{
    for (size_t i = 0; i < merged->stream_count; i++) {
        if (merged->streams[i].missing > 0 || merged->streams[i].gaps > 0) {
            return true;
        }
    }
    return false;
}

static int finish(const struct merge_command *command, const struct ew_merged *merged)
{
    struct ew_error error = {0};
    if (command->out != NULL && write_merged(merged, command->out, &error) != EW_OK) {
        return ew_cli_fail(&error);
    }
    if (!command->quiet) {
        merge_report_summary(stdout, merged);
    }
    return has_missing_windows(merged) ? EW_EXIT_INCOMPLETE : EW_EXIT_DONE;
}

static int run(const struct merge_command *command, uint64_t as_of)
{
    struct inputs inputs = {0};
    struct ew_error error = {0};
    struct ew_merged *merged = NULL;
    enum ew_status status = load_inputs(command, &inputs, &error);
    if (status == EW_OK) {
        const struct ew_merge_options options = {
            .graphs = (const struct ew_graph *const *)inputs.graphs,
            .graph_count = inputs.graph_count,
            .windows = inputs.windows,
            .as_of_100ns = as_of,
            .fresh_days = (uint32_t)command->fresh_days,
            .ask_unobserved = command->ask_unobserved,
        };
        status = ew_merge(&options, &merged, &error);
    }
    int exit_code = status == EW_OK ? finish(command, merged) : ew_cli_fail(&error);
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
