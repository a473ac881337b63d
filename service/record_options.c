/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of `record`, and the settings that it makes. */
#include "record.h"

#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: etwitness record --out DIR [OPTIONS]\n"
    "\n"
    "Collects from this machine in the foreground, as the service does, until Ctrl+C: which\n"
    "function calls which, in which container, how often. Needs administrator rights.\n"
    "\n"
    "  --out DIR            where documents go (DIR/evidence)\n"
    "  --config FILE        a configuration file; without it the defaults hold\n"
    "  --window SECONDS     length of a document's window, 10 to 86400\n"
    "  --duration SECONDS   stops by itself after that\n"
    "  --process NAME       only processes of this image name, such as w3wp.exe; may be\n"
    "                       given several times\n"
    "  --container ID       only this container (GUID), or \"host\"; several times\n"
    "  --session NAME       how the names of the sessions begin; default \"etwitness\"\n"
    "  --attach NAME        consumes a session that another tool runs, and controls nothing\n"
    "  --no-clr             without the events of .NET\n"
    "  --no-kernel          without the events of the kernel, samples included\n"
    "  --set KEY=VALUE      any other key of the configuration; several times\n"
    "  --quiet              no status line, no documents, no summary\n"
    "\n"
    "One collection runs at a time: stop the service first, or attach to another tool's\n"
    "session. Ctrl+C stops: what Windows has delivered is still written. A second one ends\n"
    "at once.\n"
    "\n"
    "example: etwitness record --out C:\\evidence --duration 60 --process shop.exe\n";

enum { OPTION_COUNT = 12 };

static void list_options(struct record_options *into, struct ew_option out[OPTION_COUNT])
{
    const struct ew_option options[OPTION_COUNT] = {
        {"out", EW_OPTION_TEXT, &into->out, 0},
        {"config", EW_OPTION_TEXT, &into->config, 0},
        {"session", EW_OPTION_TEXT, &into->session, 0},
        {"attach", EW_OPTION_TEXT, &into->attach, 0},
        {"window", EW_OPTION_U64, &into->window_seconds, EW_WINDOW_SECONDS_MAX},
        {"duration", EW_OPTION_U64, &into->duration_seconds, EW_DURATION_SECONDS_MAX},
        {"process", EW_OPTION_LIST, &into->processes, 0},
        {"container", EW_OPTION_LIST, &into->containers, 0},
        {"set", EW_OPTION_LIST, &into->assignments, 0},
        {"no-clr", EW_OPTION_FLAG, &into->no_clr, 0},
        {"no-kernel", EW_OPTION_FLAG, &into->no_kernel, 0},
        {"quiet", EW_OPTION_FLAG, &into->quiet, 0},
    };
    memcpy(out, options, sizeof options);
}

/* What the option reader cannot see. False with the complaint told. */
static bool check_options(const struct record_options *options,
                          const struct ew_text_list *operands)
{
    if (operands->count != 0) {
        ew_cli_say("record takes no \"%s\"; --help shows an example", operands->items[0]);
        return false;
    }
    if (options->out == NULL || options->out[0] == '\0') {
        ew_cli_say("record needs --out DIR; --help shows an example");
        return false;
    }
    if (options->window_seconds != 0 && options->window_seconds < EW_WINDOW_SECONDS_MIN) {
        ew_cli_say("--window needs at least %d seconds", EW_WINDOW_SECONDS_MIN);
        return false;
    }
    if (options->attach != NULL
        && (options->session != NULL || options->no_clr || options->no_kernel)) {
        ew_cli_say("--attach starts no session: --session, --no-clr and --no-kernel do not go "
                   "with it");
        return false;
    }
    return true;
}

enum record_reading record_options_read(int argument_count, char **arguments,
                                        struct record_options *options_out)
{
    struct ew_option options[OPTION_COUNT];
    struct ew_text_list operands = {NULL, 0};
    bool help = false;
    memset(options_out, 0, sizeof *options_out);
    list_options(options_out, options);
    enum ew_status status = ew_options_read(argument_count, arguments, options, OPTION_COUNT,
                                            usage, &operands, &help);
    enum record_reading reading = RECORD_WRONG;
    if (help) {
        reading = RECORD_HELP;
    } else if (status == EW_OK && check_options(options_out, &operands)) {
        reading = RECORD_GO;
    }
    ew_options_free(NULL, 0, &operands);
    if (reading != RECORD_GO) {
        record_options_free(options_out);
    }
    return reading;
}

void record_options_free(struct record_options *options)
{
    struct ew_option all[OPTION_COUNT];
    struct ew_text_list none = {NULL, 0};
    list_options(options, all);
    ew_options_free(all, OPTION_COUNT, &none);
}

/* --- settings --------------------------------------------------------------------- */

static char *copy_text(const char *text)
{
    size_t bytes = strlen(text) + 1;
    char *copy = malloc(bytes);
    if (copy != NULL) {
        memcpy(copy, text, bytes);
    }
    return copy;
}

static bool replace_text(char **member, const char *text)
{
    char *copy = copy_text(text);
    if (copy == NULL) {
        return false;
    }
    free(*member);
    *member = copy;
    return true;
}

/* What the command line names replaces what the file named; without names the file's stay. */
static bool replace_list(struct ew_settings_list *member, const struct ew_text_list *texts)
{
    if (texts->count == 0) {
        return true;
    }
    struct ew_settings_list made = {.items = calloc(texts->count, sizeof(char *)), .count = 0};
    bool complete = made.items != NULL;
    while (complete && made.count < texts->count) {
        made.items[made.count] = copy_text(texts->items[made.count]);
        complete = made.items[made.count] != NULL;
        made.count += complete ? 1U : 0U;
    }
    struct ew_settings_list *unused = complete ? member : &made;
    for (size_t i = 0; i < unused->count; i++) {
        free(unused->items[i]);
    }
    free((void *)unused->items);
    if (complete) {
        *member = made;
    }
    return complete;
}

static enum ew_status assign_all(const struct record_options *options,
                                 struct ew_settings *settings, struct ew_error *error)
{
    for (size_t i = 0; i < options->assignments.count; i++) {
        enum ew_status status = ew_settings_set(settings, options->assignments.items[i], error);
        if (status != EW_OK) {
            return status;
        }
    }
    return EW_OK;
}

static bool override_texts(const struct record_options *options, struct ew_settings *settings)
{
    return replace_text(&settings->directory, options->out)
           && replace_list(&settings->processes, &options->processes)
           && replace_list(&settings->containers, &options->containers)
           && (options->session == NULL
               || replace_text(&settings->session_name, options->session));
}

enum ew_status record_settings(const struct record_options *options, struct ew_settings *settings,
                               struct ew_error *error)
{
    enum ew_status status = EW_OK;
    if (options->config != NULL) {
        status = ew_settings_read_file(settings, options->config, error);
    }
    if (status == EW_OK) {
        status = assign_all(options, settings, error);
    }
    if (status != EW_OK) {
        return status;
    }
    if (!override_texts(options, settings)) {
        return ew_fail(error, EW_NO_MEMORY, "no memory for the settings");
    }
    if (options->window_seconds != 0) {
        settings->window_seconds = (uint32_t)options->window_seconds;
    }
    if (options->duration_seconds != 0) {
        settings->duration_seconds = options->duration_seconds;
    }
    settings->clr.enabled = settings->clr.enabled && !options->no_clr;
    settings->kernel.enabled = settings->kernel.enabled && !options->no_kernel;
    return ew_settings_check(settings, error);
}
