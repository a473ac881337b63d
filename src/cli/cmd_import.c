/* SPDX-License-Identifier: Apache-2.0 */
/* etwitness import: what other collectors observed, as window documents. */
#include "base/filetime.h"
#include "cli/cli.h"
#include "etwitness/import.h"
#include "platform/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: etwitness import --from FORMAT FILE --out DIR [options]\n"
    "\n"
    "Makes window documents of what another collector observed on Linux, valid under check and\n"
    "merged like all others. Its names are weak identities.\n"
    "\n"
    "  --from folded         lines 'process;root;...;leaf COUNT' of bcc, bpftrace, perf script\n"
    "  --from runtime-facts  lines of JSON with symbolId, hitCount, observedAt ...\n"
    "  --out DIR             where documents are published\n"
    "  --window-start TIME   of the window, as 2026-08-26T12:00:00Z; folded stacks need both,\n"
    "  --window-end TIME     facts without observedAt too\n"
    "  --host-id ID          whose evidence it is (import)\n"
    "  --arch ARCH           x86, amd64 or arm64 (amd64)\n"
    "  --subject NAME        the application that it is about (the host, or the container)\n"
    "  --container ID        the container that it is of (none)\n"
    "  --stream ID           32 hex digits, with --sequence N: the Nth document of that stream\n"
    "                        (a stream of its own, made of what is imported)\n"
    "  --period NS           nanoseconds between two samples (not known)\n"
    "  --events              folded: counts are of events, not of samples\n"
    "  --root function       folded: the first name of a line is a function (process)\n"
    "  --quiet               says only what went wrong\n"
    "\n"
    "exit status: 0 done, 2 wrong usage, 3 a line cannot be read, 4 something found no room\n"
    "\n"
    "example: printf 'app;main;serve;parse 7\\n' > app.folded\n"
    "         etwitness import --from folded app.folded --out evidence \\\n"
    "             --window-start 2026-08-26T12:00:00Z --window-end 2026-08-26T12:05:00Z\n"
    "         etwitness check evidence/evidence/*.json\n";

struct request {
    struct ew_import_options import;
    const char *format;
    const char *directory;
    const char *start;
    const char *end;
    const char *root;
    bool quiet;
};

/* The directory is opened with the first document: an input that has none makes nothing. */
struct output {
    const char *directory;
    struct ew_publisher *publisher;
    bool quiet;
};

static enum ew_status demand_publisher(struct output *output, struct ew_error *error)
{
    const struct ew_publisher_options options = {.directory = output->directory};
    return output->publisher != NULL ? EW_OK
                                     : ew_publisher_open(&options, &output->publisher, error);
}

static enum ew_status publish(void *context, const struct ew_evidence *evidence,
                              struct ew_error *error)
{
    struct output *output = context;
    struct ew_published published;
    enum ew_status status = demand_publisher(output, error);
    if (status == EW_OK) {
        ew_publisher_set_heartbeat(output->publisher, evidence->end_100ns);
        status = ew_publisher_put(output->publisher, evidence, &published, error);
    }
    if (status == EW_OK) {
        status = ew_publisher_finish(output->publisher, evidence->stream_id, error);
    }
    if (status == EW_OK && !output->quiet) {
        (void)printf("%s  %zu functions, %zu edges%s\n", published.file_name,
                     evidence->function_count, evidence->edge_count,
                     published.existed ? " (was there already)" : "");
    }
    return status;
}

static bool read_moment(const char *option, const char *text, uint64_t *moment_out)
{
    if (text == NULL || ew_filetime_parse(text, moment_out)) {
        return true;
    }
    ew_cli_say("--%s: \"%s\" is no time as 2026-08-26T12:00:00Z is", option, text);
    return false;
}

static bool is_one_of(const char *option, const char *text, const char *a, const char *b)
{
    if (text != NULL && (strcmp(text, a) == 0 || strcmp(text, b) == 0)) {
        return true;
    }
    ew_cli_say("--%s has to be %s or %s; --help shows an example", option, a, b);
    return false;
}

/* What the options mean together. False, and told, when they do not fit. */
static bool complete(struct request *request, const struct ew_text_list *files)
{
    struct ew_import_options *import = &request->import;
    if (files->count != 1 || request->directory == NULL) {
        ew_cli_say("import needs one file and --out DIR; --help shows an example");
        return false;
    }
    if (!is_one_of("from", request->format, "folded", "runtime-facts")
        || (request->root != NULL && !is_one_of("root", request->root, "process", "function"))
        || !read_moment("window-start", request->start, &import->start_100ns)
        || !read_moment("window-end", request->end, &import->end_100ns)) {
        return false;
    }
    if ((request->start == NULL) != (request->end == NULL)) {
        ew_cli_say("--window-start and --window-end belong together");
        return false;
    }
    if ((import->stream_id == NULL) != (import->sequence == 0)) {
        ew_cli_say("--stream and --sequence belong together");
        return false;
    }
    import->format = strcmp(request->format, "folded") == 0 ? EW_IMPORT_FOLDED : EW_IMPORT_FACTS;
    import->root_is_function = request->root != NULL && strcmp(request->root, "function") == 0;
    import->name = files->items[0];
    return true;
}

static int report(const struct request *request, const struct ew_import_counts *counts)
{
    if (counts->documents == 0) {
        ew_cli_say("%s: holds nothing that was observed: no document", request->import.name);
    }
    if (!request->quiet && counts->unknown > 0) {
        ew_cli_say("%llu frames have no name", (unsigned long long)counts->unknown);
    }
    if (counts->dropped > 0) {
        ew_cli_say("%llu stacks or paths found no room", (unsigned long long)counts->dropped);
    }
    return counts->dropped > 0 ? EW_EXIT_INCOMPLETE : EW_EXIT_DONE;
}

static int import_file(const struct request *request)
{
    char *bytes = NULL;
    size_t byte_count = 0;
    struct output output = {.directory = request->directory, .quiet = request->quiet};
    struct ew_import_counts counts;
    struct ew_error error = {0};
    enum ew_status status =
        ew_file_read_all(request->import.name, EW_IMPORT_BYTES_MAX, &bytes, &byte_count, &error);
    if (status == EW_OK) {
        status =
            ew_import(&request->import, bytes, byte_count, publish, &output, &counts, &error);
    }
    free(bytes);
    ew_publisher_close(output.publisher);
    return status == EW_OK ? report(request, &counts) : ew_cli_fail(&error);
}

int ew_cmd_import(int argument_count, char **arguments)
{
    struct ew_text_list files = {0};
    struct request request = {.format = NULL};
    bool help = false;
    const struct ew_option options[] = {
        {"from", EW_OPTION_TEXT, &request.format, 0},
        {"out", EW_OPTION_TEXT, &request.directory, 0},
        {"window-start", EW_OPTION_TEXT, &request.start, 0},
        {"window-end", EW_OPTION_TEXT, &request.end, 0},
        {"host-id", EW_OPTION_TEXT, &request.import.host_id, 0},
        {"arch", EW_OPTION_TEXT, &request.import.arch, 0},
        {"subject", EW_OPTION_TEXT, &request.import.subject, 0},
        {"container", EW_OPTION_TEXT, &request.import.container, 0},
        {"stream", EW_OPTION_TEXT, &request.import.stream_id, 0},
        {"sequence", EW_OPTION_U64, &request.import.sequence, UINT64_C(999999999999)},
        {"period", EW_OPTION_U64, &request.import.period_ns, EW_JSON_INTEGER_MAX},
        {"events", EW_OPTION_FLAG, &request.import.events, 0},
        {"root", EW_OPTION_TEXT, &request.root, 0},
        {"quiet", EW_OPTION_FLAG, &request.quiet, 0},
    };
    const size_t option_count = sizeof options / sizeof options[0];
    int exit_code = EW_EXIT_USAGE;
    enum ew_status status =
        ew_options_read(argument_count, arguments, options, option_count, usage, &files, &help);
    if (help) {
        exit_code = EW_EXIT_DONE;
    } else if (status == EW_OK && complete(&request, &files)) {
        exit_code = import_file(&request);
    }
    ew_options_free(options, option_count, &files);
    return exit_code;
}
