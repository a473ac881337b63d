/* SPDX-License-Identifier: Apache-2.0 */
/* etwitness export: evidence and merges in formats of others. */
#include "cli/cli.h"
#include "cli/document_kind.h"
#include "cli/merge_inputs.h"
#include "cli/output_file.h"
#include "etwitness/export.h"
#include "etwitness/version.h"
#include "platform/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: etwitness export --to FORMAT FILE... [OPTIONS]\n"
    "\n"
    "Writes evidence in formats of others. Each FILE is an evidence document, a folder of\n"
    "them, or one document of etwitness merge, which adds what static callgraphs claim.\n"
    "\n"
    "  --to folded            stacks, one a line: root;...;leaf hits\n"
    "  --to speedscope        stacks for https://www.speedscope.app\n"
    "  --to cyclonedx         CycloneDX 1.7: packages with occurrences and a witness\n"
    "  --to cyclonedx-1.6     the same as CycloneDX 1.6\n"
    "  --to sarif             SARIF 2.1.0: the observed graph, conflicts as results\n"
    "  --to stella-facts      runtime facts of StellaOps, NDJSON\n"
    "  --to stella-callgraph  stella.callgraph.v1 with runtime edges\n"
    "  --to dot               the graph for Graphviz, coloured by state\n"
    "\n"
    "  --callgraph FILE       merge the evidence with it first; may be given several times\n"
    "  --out FILE             write there instead of to standard output\n"
    "  --ledger FOLDER        facts only, with --out: remember what was told there, and tell\n"
    "                         each window once; FILE must not be there yet\n"
    "  --quiet                no summary\n"
    "\n"
    "exit status: 4 when something found no room, or could not be told; it is said what\n"
    "\n"
    "example: etwitness synth docs/scenarios/minimal.json --out trace.etl\n"
    "         etwitness replay trace.etl --out evidence\n"
    "         etwitness export --to folded evidence\n";

struct arguments {
    const char *to;
    const char *out;
    const char *ledger;
    struct ew_text_list graphs;
    bool quiet;
    enum ew_export_format format;
};

struct inputs {
    struct ew_window_set *set;
    struct ew_cli_graphs graphs;
    struct ew_merged *merged;
    bool merge_was_given;
};

/* --- inputs ------------------------------------------------------------------- */

static enum ew_status add_bytes(struct inputs *inputs, const char *path, const char *bytes,
                                size_t byte_count, struct ew_error *error)
{
    bool is_merge = false;
    enum ew_status status = ew_cli_is_merge(path, bytes, byte_count, &is_merge, error);
    if (status != EW_OK) {
        return status;
    }
    if (!is_merge && byte_count > EW_DOCUMENT_BYTES_MAX) {
        return ew_fail(error, EW_LIMIT, "%s: has %zu bytes, at most %d of evidence are read",
                       path, byte_count, EW_DOCUMENT_BYTES_MAX);
    }
    if (!is_merge) {
        return ew_window_set_add_bytes(inputs->set, path, bytes, byte_count, error);
    }
    if (inputs->merge_was_given) {
        return ew_fail(error, EW_USAGE, "%s: one merge can be exported at a time", path);
    }
    inputs->merge_was_given = true;
    return ew_merged_read(path, bytes, byte_count, &inputs->merged, error);
}

static enum ew_status add_input(struct inputs *inputs, const char *path, struct ew_error *error)
{
    char *bytes = NULL;
    size_t byte_count = 0;
    if (ew_cli_is_directory(path)) {
        return ew_window_set_add_directory(inputs->set, path, error);
    }
    enum ew_status status =
        ew_file_read_all(path, EW_MERGE_DOCUMENT_BYTES_MAX, &bytes, &byte_count, error);
    if (status == EW_OK) {
        status = add_bytes(inputs, path, bytes, byte_count, error);
    }
    free(bytes);
    return status;
}

/* Merges what was not merged. Formats of graphs can do without a static graph: all is then
 * observed only. */
static enum ew_status complete_inputs(struct inputs *inputs, const struct arguments *arguments,
                                      struct ew_error *error)
{
    bool needs_merge = arguments->format == EW_EXPORT_SARIF
                       || arguments->format == EW_EXPORT_STELLA_CALLGRAPH
                       || arguments->format == EW_EXPORT_DOT;
    if (inputs->merged != NULL && arguments->graphs.count > 0) {
        return ew_fail(error, EW_USAGE,
                       "--callgraph is for evidence: a merge has its graphs already");
    }
    enum ew_status status =
        ew_cli_load_graphs(&arguments->graphs, NULL, arguments->quiet, &inputs->graphs, error);
    const struct ew_merge_options options = {
        .graphs = (const struct ew_graph *const *)inputs->graphs.items,
        .graph_count = inputs->graphs.count,
        .windows = inputs->set,
    };
    if (status == EW_OK && inputs->merged == NULL && (needs_merge || inputs->graphs.count > 0)) {
        status = ew_merge(&options, &inputs->merged, error);
    }
    return status;
}

static void free_inputs(struct inputs *inputs)
{
    ew_merged_free(inputs->merged);
    ew_cli_free_graphs(&inputs->graphs);
    ew_window_set_destroy(inputs->set);
}

/* --- outputs ------------------------------------------------------------------ */

struct production {
    const struct ew_export_options *options;
    struct ew_export_counts *counts;
};

static enum ew_status produce(void *context, ew_evidence_sink_fn sink, void *sink_context,
                              struct ew_error *error)
{
    const struct production *production = context;
    return ew_export_write(production->options, sink, sink_context, production->counts, error);
}

static enum ew_status export_with_ledger(const struct ew_export_options *options,
                                         const struct arguments *arguments,
                                         struct ew_export_counts *counts_out,
                                         struct ew_error *error)
{
    struct ew_ledger *ledger = NULL;
    enum ew_status status = ew_ledger_open(arguments->ledger, &ledger, error);
    if (status != EW_OK) {
        return status;
    }
    if (ew_ledger_recovered(ledger)) {
        ew_cli_say("%s: the last batch was cut off; its file is complete now", arguments->ledger);
    }
    status = ew_ledger_export(ledger, options, arguments->out, counts_out, error);
    ew_ledger_close(ledger);
    return status;
}

static enum ew_status export_to(const struct arguments *arguments,
                                const struct ew_export_options *options,
                                struct ew_export_counts *counts_out, struct ew_error *error)
{
    if (arguments->ledger != NULL) {
        return export_with_ledger(options, arguments, counts_out, error);
    }
    if (arguments->out != NULL) {
        struct production production = {options, counts_out};
        return ew_cli_write_file(arguments->out, produce, &production, error);
    }
    return ew_export_write(options, ew_cli_file_sink, stdout, counts_out, error);
}

/* --- the command ---------------------------------------------------------------- */

static void say_facts(const struct ew_export_counts *counts)
{
    if (counts->windows_sent > 0) {
        ew_cli_say("%llu windows were told before", (unsigned long long)counts->windows_sent);
    }
    if (counts->windows_open > 0) {
        ew_cli_say("%llu windows are not sealed and wait",
                   (unsigned long long)counts->windows_open);
    }
    if (counts->functions_no_id > 0) {
        ew_cli_say("%llu functions have no name that others know",
                   (unsigned long long)counts->functions_no_id);
    }
}

static void say_cut(enum ew_export_format format, uint64_t cut)
{
    if (format == EW_EXPORT_SARIF) {
        ew_cli_say("%llu results, witnesses, and observed nodes and edges were left out, as the "
                   "log's properties tell: services take %d results of a run at most",
                   (unsigned long long)cut, EW_EXPORT_RESULTS_MAX);
    } else {
        ew_cli_say("%llu occurrences were left out: a component has %d at most",
                   (unsigned long long)cut, EW_EXPORT_OCCURRENCES_MAX);
    }
}

/* What was left out is told even when quiet. */
static int report(const struct arguments *arguments, const struct ew_export_counts *counts)
{
    char rows[27];
    if (!arguments->quiet) {
        ew_cli_say("%s: %s rows", ew_export_format_name(arguments->format),
                   ew_cli_grouped(counts->rows, rows));
        say_facts(counts);
    }
    if (counts->windows_partly > 0) {
        ew_cli_say("%llu roll-ups were left out: a part of each was told before",
                   (unsigned long long)counts->windows_partly);
    }
    if (counts->cut > 0) {
        say_cut(arguments->format, counts->cut);
    }
    return counts->windows_partly > 0 || counts->cut > 0 ? EW_EXIT_INCOMPLETE : EW_EXIT_DONE;
}

static int export_inputs(const struct arguments *arguments, struct inputs *inputs)
{
    struct ew_error error = {0};
    struct ew_export_counts counts = {0};
    struct ew_export_options options = {
        .format = arguments->format,
        .producer_version = EW_VERSION,
        .merged = inputs->merged,
    };
    options.windows = ew_window_set_windows(inputs->set, &options.window_count);
    if (options.windows == NULL && options.window_count > 0) {
        ew_cli_say("no memory for the windows");
        return EW_EXIT_FAILED;
    }
    if (export_to(arguments, &options, &counts, &error) != EW_OK) {
        return ew_cli_fail(&error);
    }
    return report(arguments, &counts);
}

static int run(const struct arguments *arguments, const struct ew_text_list *paths)
{
    struct inputs inputs = {0};
    struct ew_error error = {0};
    enum ew_status status = ew_window_set_create(&inputs.set);
    if (status != EW_OK) {
        error.status = status;
    }
    for (size_t i = 0; status == EW_OK && i < paths->count; i++) {
        status = add_input(&inputs, paths->items[i], &error);
    }
    if (status == EW_OK) {
        status = complete_inputs(&inputs, arguments, &error);
    }
    int exit_code = status == EW_OK ? export_inputs(arguments, &inputs) : ew_cli_fail(&error);
    free_inputs(&inputs);
    return exit_code;
}

/* What is wrong with the arguments, or NULL. */
static const char *judge(struct arguments *given, const struct ew_text_list *paths)
{
    if (given->to == NULL || paths->count == 0) {
        return "export needs --to FORMAT and documents; --help shows an example";
    }
    if (!ew_export_format_parse(given->to, &given->format)) {
        return "--to: there is no such format; --help shows those there are";
    }
    if (given->ledger != NULL && given->format != EW_EXPORT_STELLA_FACTS) {
        return "--ledger is for --to stella-facts";
    }
    if (given->ledger != NULL && given->out == NULL) {
        return "--ledger needs --out: only a file can be finished when an export is cut off";
    }
    return NULL;
}

int ew_cmd_export(int argument_count, char **arguments)
{
    struct arguments given = {0};
    const struct ew_option options[] = {
        {"to", EW_OPTION_TEXT, &given.to, 0},
        {"out", EW_OPTION_TEXT, &given.out, 0},
        {"callgraph", EW_OPTION_LIST, &given.graphs, 0},
        {"ledger", EW_OPTION_TEXT, &given.ledger, 0},
        {"quiet", EW_OPTION_FLAG, &given.quiet, 0},
    };
    const size_t option_count = sizeof options / sizeof options[0];
    struct ew_text_list paths = {0};
    bool help = false;
    int exit_code = EW_EXIT_USAGE;
    enum ew_status status =
        ew_options_read(argument_count, arguments, options, option_count, usage, &paths, &help);
    if (help) {
        exit_code = EW_EXIT_DONE;
    } else if (status == EW_OK) {
        const char *problem = judge(&given, &paths);
        if (problem != NULL) {
            ew_cli_say("%s", problem);
        } else {
            exit_code = run(&given, &paths);
        }
    }
    ew_options_free(options, option_count, &paths);
    return exit_code;
}
