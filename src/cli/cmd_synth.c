/* SPDX-License-Identifier: Apache-2.0 */
/* etwitness synth: a scenario becomes a recording with known answers. */
#include "cli/cli.h"
#include "etwitness/synth.h"

static const char usage[] =
    "usage: etwitness synth SCENARIO.json --out T.etl [OPTIONS]\n"
    "\n"
    "Makes a recording from a scenario: processes, modules, methods and stacks that\n"
    "are known, so that what is found in the recording can be checked. The same\n"
    "scenario gives the same bytes on every machine. docs/scenarios/README.md describes\n"
    "scenarios.\n"
    "\n"
    "  --out FILE       the recording; a file that is there is replaced\n"
    "  --compress       write XPRESS-compressed buffers\n"
    "  --samples N      make N samples instead of the scenario's number\n"
    "  --answers FILE   write what must be found as JSON: events by kind, and the\n"
    "                   samples, functions and edges of each process\n"
    "  --quiet          no progress bar and no summary\n"
    "\n"
    "example, from the root of the source tree:\n"
    "\n"
    "  etwitness synth docs/scenarios/shop.json --out shop.etl --answers shop.answers.json\n";

struct arguments {
    const char *out;
    const char *answers;
    uint64_t samples;
    bool compress;
    bool quiet;
};

static void show_progress(void *context, uint64_t done, uint64_t total)
{
    ew_progress_update(context, done, total);
}

static void say_counts(const struct arguments *arguments, const struct ew_synth_counts *counts)
{
    char events[27];
    char samples[27];
    if (!arguments->quiet) {
        ew_cli_say("%s: %s events, %s samples", arguments->out,
                   ew_cli_grouped(counts->events, events),
                   ew_cli_grouped(counts->samples, samples));
    }
}

static int make(const char *path, const struct arguments *arguments)
{
    struct ew_scenario *scenario = NULL;
    struct ew_error error = {0};
    if (ew_scenario_read(path, &scenario, &error) != EW_OK) {
        return ew_cli_fail(&error);
    }
    struct ew_progress progress;
    struct ew_synth_counts counts = {0};
    ew_progress_start(&progress, "making", arguments->quiet);
    const struct ew_synth_options options = {
        .path = arguments->out,
        .answers_path = arguments->answers,
        .compressed = arguments->compress,
        .has_sample_count = arguments->samples != UINT64_MAX,
        .sample_count = arguments->samples,
        .progress = show_progress,
        .context = &progress,
    };
    enum ew_status status = ew_synth_write(scenario, &options, &counts, &error);
    ew_progress_end(&progress);
    ew_scenario_destroy(scenario);
    if (status != EW_OK) {
        return ew_cli_fail(&error);
    }
    say_counts(arguments, &counts);
    return EW_EXIT_DONE;
}

int ew_cmd_synth(int argument_count, char **arguments)
{
    struct arguments given = {.samples = UINT64_MAX};
    const struct ew_option options[] = {
        {"out", EW_OPTION_TEXT, &given.out, 0},
        {"answers", EW_OPTION_TEXT, &given.answers, 0},
        {"samples", EW_OPTION_U64, &given.samples, EW_SCENARIO_SAMPLES_MAX},
        {"compress", EW_OPTION_FLAG, &given.compress, 0},
        {"quiet", EW_OPTION_FLAG, &given.quiet, 0},
    };
    const size_t option_count = sizeof options / sizeof options[0];
    struct ew_text_list operands = {0};
    bool help = false;
    int exit_code = EW_EXIT_USAGE;
    if (ew_options_read(argument_count, arguments, options, option_count, usage, &operands, &help)
        != EW_OK) {
        exit_code = EW_EXIT_USAGE;
    } else if (help) {
        exit_code = EW_EXIT_DONE;
    } else if (operands.count != 1 || given.out == NULL) {
        ew_cli_say("synth needs one scenario and --out FILE; --help shows an example");
    } else {
        exit_code = make(operands.items[0], &given);
    }
    ew_options_free(options, option_count, &operands);
    return exit_code;
}
