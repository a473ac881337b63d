/* SPDX-License-Identifier: Apache-2.0 */
/* etwitness doctor: can this host collect, and if not, why not. */
#include "doctor.h"

#include "cli/cli.h"

#include <stdlib.h>
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

struct doctor_command {
    const char *config;
    const char *out;
    const char *format;
    struct ew_text_list operands;
};

static bool check_options(const struct doctor_command *command)
{
    if (command->operands.count != 0) {
        ew_cli_say("doctor takes no \"%s\"; --help shows its options",
                   command->operands.items[0]);
        return false;
    }
    if (strcmp(command->format, "text") != 0 && strcmp(command->format, "json") != 0) {
        ew_cli_say("--format is text or json, not \"%s\"", command->format);
        return false;
    }
    return true;
}

/* The file that was given, else that of the service when there is one. */
static void read_config(const struct doctor_command *command, struct ew_settings *settings,
                        struct doctor_facts *facts)
{
    struct ew_error *error = &facts->config_error;
    char *standard = command->config == NULL ? doctor_standard_config() : NULL;
    const char *path = command->config != NULL ? command->config : standard;
    if (path != NULL) {
        (void)snprintf(facts->config_path, sizeof facts->config_path, "%s", path);
        enum ew_status status = ew_settings_read_file(settings, path, error);
        facts->config_read = status == EW_OK;
        if (status == EW_OK && ew_settings_check(settings, error) == EW_OK) {
            error->text[0] = '\0';
        } else if (status == EW_NOT_FOUND && command->config == NULL) {
            facts->config_path[0] = '\0';
            error->text[0] = '\0';
        }
    }
    free(standard);
}

static void ask_symbols(const struct ew_settings_symbols *settings, struct doctor_facts *facts)
{
    for (size_t i = 0; settings->enabled && i < settings->paths.count; i++) {
        const char *folder = doctor_symbol_folder(settings->paths.items[i]);
        if (facts->symbol_count == DOCTOR_PATHS_MAX) {
            return;
        }
        struct doctor_folder *fact = &facts->symbols[facts->symbol_count++];
        if (folder != NULL) {
            doctor_ask_folder(folder, fact);
        } else {
            (void)snprintf(fact->path, sizeof fact->path, "%s", settings->paths.items[i]);
            fact->remote = true;
        }
    }
}

static void ask_evidence(const struct doctor_command *command, const struct ew_settings *settings,
                         struct doctor_folder *folder_out)
{
    const char *named = command->out != NULL ? command->out : settings->directory;
    char *standard = named[0] == '\0' ? doctor_standard_directory() : NULL;
    doctor_ask_folder(standard != NULL ? standard : named, folder_out);
    free(standard);
}

static bool print(const struct doctor_command *command, const struct doctor_report *report)
{
    if (strcmp(command->format, "json") == 0) {
        return doctor_print_json(stdout, report);
    }
    doctor_print_text(stdout, report);
    return true;
}

static int examine(const struct doctor_command *command, struct ew_settings *settings,
                   struct doctor_facts *facts)
{
    static struct doctor_report report;
    read_config(command, settings, facts);
    doctor_ask_system(&facts->system);
    doctor_ask_rights(&facts->rights);
    doctor_ask_sessions(settings, &facts->sessions);
    ask_evidence(command, settings, &facts->evidence);
    ask_symbols(&settings->symbols, facts);
    doctor_ask_clock(&facts->clock);
    doctor_examine(facts, settings, &report);
    if (!print(command, &report)) {
        ew_cli_say("standard output: cannot be written");
        return EW_EXIT_FAILED;
    }
    return doctor_worst(&report) == DOCTOR_FAIL ? EW_EXIT_FAILED : EW_EXIT_DONE;
}

static int run(const struct doctor_command *command)
{
    struct ew_settings settings;
    struct doctor_facts *facts = calloc(1, sizeof *facts);
    int exit_code = EW_EXIT_FAILED;
    if (facts == NULL || ew_settings_init(&settings) != EW_OK) {
        ew_cli_say("no memory");
    } else {
        exit_code = examine(command, &settings, facts);
        ew_settings_free(&settings);
    }
    free(facts);
    return exit_code;
}

int ew_cmd_doctor(int argument_count, char **arguments)
{
    struct doctor_command command = {.format = "text"};
    const struct ew_option options[] = {
        {"config", EW_OPTION_TEXT, &command.config, 0},
        {"out", EW_OPTION_TEXT, &command.out, 0},
        {"format", EW_OPTION_TEXT, &command.format, 0},
    };
    enum { OPTION_COUNT = sizeof options / sizeof options[0] };
    bool help = false;
    int exit_code = EW_EXIT_USAGE;
    enum ew_status status = ew_options_read(argument_count, arguments, options, OPTION_COUNT,
                                            usage, &command.operands, &help);
    if (help) {
        exit_code = EW_EXIT_DONE;
    } else if (status == EW_OK && check_options(&command)) {
        exit_code = run(&command);
    }
    ew_options_free(options, OPTION_COUNT, &command.operands);
    return exit_code;
}
