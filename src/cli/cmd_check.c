/* SPDX-License-Identifier: Apache-2.0 */
/* etwitness check: are these documents what they should be. */
#include "cli/cli.h"
#include "etwitness/evidence.h"

#include <stdio.h>

static const char usage[] =
    "usage: etwitness check FILE... [--quiet]\n"
    "\n"
    "Validates documents: JSON, schema, indexes in range, tables in order, canonical bytes,\n"
    "and the hash in the name where the name has one. Knows runtime-evidence/1,\n"
    "runtime-evidence-head/1, static-callgraph/1 and reach-merge/1.\n"
    "\n"
    "  --quiet   says only what is wrong\n"
    "\n"
    "exit status: 0 all are valid, 3 one is not, 1 one cannot be read\n"
    "\n"
    "example: etwitness synth docs/scenarios/minimal.json --out trace.etl\n"
    "         etwitness replay trace.etl --out evidence\n"
    "         etwitness check evidence/evidence/*.json evidence/heads/*.json\n";

static void report(const char *path, const struct ew_check_result *result)
{
    (void)printf("ok  %s%s%s  %s\n", result->schema, result->canonical ? ", canonical" : "",
                 result->name_checked ? ", hash agrees" : "", path);
}

static int check_file(const char *path, bool quiet)
{
    struct ew_check_result result;
    struct ew_error error = {0};
    enum ew_status status = ew_document_check(path, &result, &error);
    if (status != EW_OK) {
        return ew_cli_fail(&error);
    }
    if (!quiet) {
        report(path, &result);
    }
    return EW_EXIT_DONE;
}

/* The worst outcome of all files: unreadable before invalid, invalid before fine. */
static int check_files(const struct ew_text_list *paths, bool quiet)
{
    int worst = EW_EXIT_DONE;
    for (size_t i = 0; i < paths->count; i++) {
        int outcome = check_file(paths->items[i], quiet);
        if (worst == EW_EXIT_DONE || outcome == EW_EXIT_FAILED) {
            worst = outcome;
        }
    }
    return worst;
}

int ew_cmd_check(int argument_count, char **arguments)
{
    struct ew_text_list paths = {0};
    bool quiet = false;
    bool help = false;
    const struct ew_option options[] = {{"quiet", EW_OPTION_FLAG, &quiet, 0}};
    int exit_code = EW_EXIT_USAGE;
    enum ew_status status =
        ew_options_read(argument_count, arguments, options, 1, usage, &paths, &help);
    if (help) {
        exit_code = EW_EXIT_DONE;
    } else if (status == EW_OK && paths.count == 0) {
        ew_cli_say("check needs documents; --help shows an example");
    } else if (status == EW_OK) {
        exit_code = check_files(&paths, quiet);
    }
    ew_options_free(options, 1, &paths);
    return exit_code;
}
