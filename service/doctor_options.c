/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of `doctor`. */
#include "cli/cli.h"
#include "doctor.h"

#include <string.h>

static const char usage[] =
    "usage: etwitness doctor [OPTIONS]\n"
    "\n"
    "Tells whether this host can collect: one line a check, and what to do where it cannot.\n"
    "It changes nothing. Run it with the rights that collection will have.\n"
    "\n"
    "  --config FILE      the configuration to check; default: that of the service, if any\n"
    "  --out DIR          the evidence directory, instead of the configured one\n"
    "  --format FORMAT    text (default) or json\n"
    "\n"
    "Exit status 0: it can, perhaps with warnings; 1: it cannot.\n"
    "\n"
    "example: etwitness doctor --out C:\\evidence\n";

/* What the option reader cannot see. False with the complaint told. */
static bool check_options(const struct doctor_options *options,
                          const struct ew_text_list *operands)
{
    if (operands->count != 0) {
        ew_cli_say("doctor takes no \"%s\"; --help shows its options", operands->items[0]);
        return false;
    }
    if (strcmp(options->format, "text") != 0 && strcmp(options->format, "json") != 0) {
        ew_cli_say("--format is text or json, not \"%s\"", options->format);
        return false;
    }
    return true;
}

enum doctor_reading doctor_options_read(int argument_count, char **arguments,
                                        struct doctor_options *options_out)
{
    struct ew_text_list operands = {NULL, 0};
    bool help = false;
    *options_out = (struct doctor_options){.format = "text"};
    const struct ew_option options[] = {
        {"config", EW_OPTION_TEXT, &options_out->config, 0},
        {"out", EW_OPTION_TEXT, &options_out->out, 0},
        {"format", EW_OPTION_TEXT, &options_out->format, 0},
    };
    enum { OPTION_COUNT = sizeof options / sizeof options[0] };
    enum ew_status status = ew_options_read(argument_count, arguments, options, OPTION_COUNT,
                                            usage, &operands, &help);
    enum doctor_reading reading = help ? DOCTOR_HELP : DOCTOR_WRONG;
    if (!help && status == EW_OK && check_options(options_out, &operands)) {
        reading = DOCTOR_GO;
    }
    ew_options_free(options, OPTION_COUNT, &operands);
    return reading;
}
