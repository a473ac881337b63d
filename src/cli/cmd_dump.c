/* SPDX-License-Identifier: Apache-2.0 */
/* etwitness dump: the events of recordings, decoded, one JSON object a line. */
#include "base/text.h"
#include "cli/cli.h"
#include "cli/dump.h"

#include <stdio.h>
#include <stdlib.h>

static const char usage[] =
    "usage: etwitness dump TRACE... [OPTIONS]\n\n"
    "Shows the events of recordings, decoded, in time order: one JSON object a line.\n"
    "Several recordings are one; they are merged by time.\n\n"
    "  --pid N        only events of process N: logged by it, or about it.\n"
    "                 Samples name a thread and no process: they are not shown then.\n"
    "  --provider P   only events of a provider: a GUID, a kernel class (Process,\n"
    "                 Image, PerfInfo, StackWalk ...), clr, clr-rundown, kernel-process,\n"
    "                 or the name of a TraceLogging provider\n"
    "  --limit N      at most N lines\n"
    "  --quiet        no closing line on stderr\n\n"
    "--pid and --provider can be given several times. Addresses, flags and numbers that\n"
    "JSON readers would round are text, \"0x...\". Events that are not known have their\n"
    "header and the first 256 bytes of \"payload\"; payloads that break their layout say\n"
    "\"refused\".\n\n"
    "This is a tool for diagnosis: it shows everything an event holds, command lines and\n"
    "messages of exceptions included. Evidence never has these.\n\n"
    "exit status: 0 done, 3 bad input, 4 done, but something was damaged or refused\n\n"
    "example:\n"
    "  etwitness dump trace.etl --provider Process --limit 20\n";

struct arguments {
    struct ew_text_list traces;
    struct ew_text_list pids;
    struct ew_text_list providers;
    uint64_t limit;
    bool quiet;
    bool help;
};

enum { OPTION_COUNT = 4 };

static void describe_options(struct arguments *arguments, struct ew_option options[OPTION_COUNT])
{
    options[0] = (struct ew_option){"pid", EW_OPTION_LIST, &arguments->pids, 0};
    options[1] = (struct ew_option){"provider", EW_OPTION_LIST, &arguments->providers, 0};
    options[2] = (struct ew_option){"limit", EW_OPTION_U64, &arguments->limit, UINT64_MAX};
    options[3] = (struct ew_option){"quiet", EW_OPTION_FLAG, &arguments->quiet, 0};
}

static enum ew_status read_filters(const struct arguments *arguments,
                                   struct ew_dump_options *options)
{
    for (size_t i = 0; i < arguments->pids.count; i++) {
        uint64_t pid;
        if (!ew_text_parse_u64(arguments->pids.items[i], UINT32_MAX, &pid)) {
            ew_cli_say("--pid needs the number of a process, not \"%s\"",
                       arguments->pids.items[i]);
            return EW_USAGE;
        }
        options->process_ids[options->process_id_count++] = (uint32_t)pid;
    }
    for (size_t i = 0; i < arguments->providers.count; i++) {
        options->providers[options->provider_count++] =
            ew_dump_provider_read(arguments->providers.items[i]);
    }
    return EW_OK;
}

static int report(const struct ew_dump_result *result, bool quiet)
{
    if (!quiet) {
        char shown[27];
        char refused[27];
        ew_cli_say("%s events, %s refused", ew_cli_grouped(result->shown, shown),
                   ew_cli_grouped(result->refused, refused));
    }
    if (result->damaged) {
        ew_cli_say("damaged: %s", result->damage);
    }
    return result->damaged || result->refused != 0 ? EW_EXIT_INCOMPLETE : EW_EXIT_DONE;
}

static int run(const struct arguments *arguments)
{
    struct ew_dump_options *options = calloc(1, sizeof *options);
    struct ew_dump_result result;
    struct ew_error error = {EW_OK, ""};
    int exit_code = EW_EXIT_USAGE;
    if (options == NULL) {
        ew_cli_say("no memory for the options");
        return EW_EXIT_FAILED;
    }
    options->paths = arguments->traces.items;
    options->path_count = arguments->traces.count;
    options->limit = arguments->limit;
    if (read_filters(arguments, options) == EW_OK) {
        enum ew_status status = ew_dump_run(options, ew_cli_file_sink, stdout, &result, &error);
        exit_code = status == EW_OK ? report(&result, arguments->quiet) : ew_cli_fail(&error);
    }
    free(options);
    return exit_code;
}

int ew_cmd_dump(int argument_count, char **texts)
{
    struct arguments arguments = {.limit = UINT64_MAX};
    struct ew_option options[OPTION_COUNT];
    int exit_code = EW_EXIT_USAGE;
    describe_options(&arguments, options);
    enum ew_status status = ew_options_read(argument_count, texts, options, OPTION_COUNT, usage,
                                            &arguments.traces, &arguments.help);
    if (status == EW_OK && arguments.help) {
        exit_code = EW_EXIT_DONE;
    } else if (status == EW_OK && arguments.traces.count == 0) {
        ew_cli_say("dump needs a recording; etwitness dump --help shows how");
    } else if (status == EW_OK) {
        exit_code = run(&arguments);
    }
    ew_options_free(options, OPTION_COUNT, &arguments.traces);
    return exit_code;
}
