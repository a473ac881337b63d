/* SPDX-License-Identifier: Apache-2.0 */
/* etwitness doctor: can this host collect, and if not, why not. */
#include "doctor.h"

#include "command_line.h"
#include "etwitness/collect.h"
#include "service.h"

#include <stdlib.h>
#include <string.h>

/* The file that was given, else that of the service when there is one. */
static enum ew_status read_config(const struct doctor_options *options,
                                  const struct service_places *places,
                                  struct ew_settings *settings, struct doctor_facts *facts)
{
    const char *path = options->config != NULL ? options->config : places->config;
    if (path == NULL) {
        return EW_OK;
    }
    enum ew_status status = ew_settings_read_file(settings, path, &facts->config_error);
    if (status == EW_NOT_FOUND && options->config == NULL) {
        return EW_OK;
    }
    (void)snprintf(facts->config_path, sizeof facts->config_path, "%s", path);
    facts->config_read = status == EW_OK;
    return status;
}

/* Where evidence would go: as asked for, as configured, or where the service puts it. */
static enum ew_status choose_directory(const struct doctor_options *options,
                                       const struct service_places *places,
                                       struct ew_settings *settings, struct ew_error *error)
{
    const char *standard = settings->directory[0] == '\0' ? places->folder : NULL;
    const char *chosen = options->out != NULL ? options->out : standard;
    if (chosen == NULL) {
        return EW_OK;
    }
    size_t bytes = strlen(chosen) + 1;
    char *copy = malloc(bytes);
    if (copy == NULL) {
        return ew_fail(error, EW_NO_MEMORY, "no memory for the settings");
    }
    memcpy(copy, chosen, bytes);
    free(settings->directory);
    settings->directory = copy;
    return EW_OK;
}

/* What is wrong stays in `config_error`, which is empty when all is well. */
static void make_settings(const struct doctor_options *options,
                          const struct service_places *places, struct ew_settings *settings,
                          struct doctor_facts *facts)
{
    enum ew_status read = read_config(options, places, settings, facts);
    struct ew_error later = {0};
    enum ew_status status = choose_directory(options, places, settings, &later);
    if (status == EW_OK) {
        status = ew_settings_check(settings, &later);
    }
    if (read == EW_OK) {
        facts->config_error = later;
    }
    if (read == EW_OK && status == EW_OK) {
        facts->config_error.text[0] = '\0';
    }
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

static void take_graph(void *context, const struct ew_collect_graph *graph)
{
    struct doctor_facts *facts = context;
    if (facts->graph_count == EW_MERGE_GRAPHS_MAX) {
        return;
    }
    struct doctor_graph *fact = &facts->graphs[facts->graph_count++];
    (void)snprintf(fact->path, sizeof fact->path, "%s", graph->path);
    fact->absolute = ew_path_is_absolute(graph->path);
    fact->presence_only = graph->presence_only;
    fact->nodes = graph->nodes;
    fact->edges = graph->edges;
    fact->dangling = graph->dangling;
    fact->refusal = graph->refusal;
}

static bool print(const struct doctor_options *options, const struct doctor_report *report)
{
    if (strcmp(options->format, "json") == 0) {
        return doctor_print_json(stdout, report);
    }
    doctor_print_text(stdout, report);
    return true;
}

static int examine(const struct doctor_options *options, const struct service_places *places,
                   struct ew_settings *settings, struct doctor_facts *facts)
{
    static struct doctor_report report;
    make_settings(options, places, settings, facts);
    doctor_ask_system(&facts->system);
    doctor_ask_rights(&facts->rights);
    doctor_ask_sessions(settings, &facts->sessions);
    doctor_ask_folder(settings->directory, &facts->evidence);
    ask_symbols(&settings->symbols, facts);
    ew_collect_examine_graphs(settings, take_graph, facts);
    doctor_ask_clock(&facts->clock);
    doctor_ask_program(&facts->program);
    doctor_examine(facts, settings, &report);
    if (!print(options, &report)) {
        ew_cli_say("standard output: cannot be written");
        return EW_EXIT_FAILED;
    }
    return doctor_worst(&report) == DOCTOR_FAIL ? EW_EXIT_FAILED : EW_EXIT_DONE;
}

/* Without the standard places there is only what the command line names. */
static int run(const struct doctor_options *options)
{
    struct ew_settings settings;
    struct service_places places = {NULL, NULL};
    struct ew_error error = {0};
    struct doctor_facts *facts = calloc(1, sizeof *facts);
    int exit_code = EW_EXIT_FAILED;
    if (service_places_find(&places, &error) != EW_OK) {
        ew_cli_say("%s", error.text);
    }
    if (facts == NULL || ew_settings_init(&settings) != EW_OK) {
        ew_cli_say("no memory");
    } else {
        exit_code = examine(options, &places, &settings, facts);
        ew_settings_free(&settings);
    }
    service_places_free(&places);
    free(facts);
    return exit_code;
}

int ew_cmd_doctor(int argument_count, char **arguments)
{
    struct doctor_options options;
    switch (doctor_options_read(argument_count, arguments, &options)) {
    case DOCTOR_GO:
        return run(&options);
    case DOCTOR_HELP:
        return EW_EXIT_DONE;
    default:
        return EW_EXIT_USAGE;
    }
}
