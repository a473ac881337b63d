/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of `service`, the settings that it makes, and the one it leaves behind. */
#include "command_line.h"
#include "service.h"

#include "base/json_writer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: etwitness service install|remove|status|run [OPTIONS]\n"
    "\n"
    "  install   makes the Windows service: started late after each boot, restarted when it\n"
    "            fails, with the rights it needs and no others. Start it with\n"
    "            sc start etwitness.\n"
    "  remove    stops and removes it; evidence stays where it is\n"
    "  status    whether it runs, its configuration, the last evidence\n"
    "  run       what Windows starts; in a console use etwitness record\n"
    "\n"
    "  --name NAME         of the service; default: etwitness\n"
    "  --config FILE       the configuration; default: etwitness.json in\n"
    "                      C:\\ProgramData\\etwitness\n"
    "  --out DIR           where documents go (DIR\\evidence), whatever is configured\n"
    "  --window SECONDS    length of a document's window, 10 to 86400\n"
    "  --duration SECONDS  the service stops by itself after that\n"
    "  --set KEY=VALUE     any other key of the configuration; several times\n"
    "  --force             installs a program or configuration that others than\n"
    "                      administrators can change\n"
    "\n"
    "remove and status take --name alone. What install is given becomes part of the command\n"
    "line of the service, and goes before the configuration.\n"
    "\n"
    "example, as administrator: etwitness service install --out D:\\evidence\n";

enum { OPTION_COUNT = 7 };

static void list_options(struct service_options *into, struct ew_option out[OPTION_COUNT])
{
    const struct ew_option options[OPTION_COUNT] = {
        {"name", EW_OPTION_TEXT, &into->name, 0},
        {"config", EW_OPTION_TEXT, &into->config, 0},
        {"out", EW_OPTION_TEXT, &into->out, 0},
        {"window", EW_OPTION_U64, &into->window_seconds, EW_WINDOW_SECONDS_MAX},
        {"duration", EW_OPTION_U64, &into->duration_seconds, EW_DURATION_SECONDS_MAX},
        {"set", EW_OPTION_LIST, &into->assignments, 0},
        {"force", EW_OPTION_FLAG, &into->force, 0},
    };
    memcpy(out, options, sizeof options);
}

static bool is_action(const char *text)
{
    static const char *const actions[] = {"install", "remove", "status", "run"};
    for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++) {
        if (strcmp(text, actions[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* Service names stand in the registry as keys, and in ours after a source of events. */
static bool is_service_name(const char *name)
{
    size_t bytes = strlen(name);
    return bytes > 0 && bytes <= EW_SERVICE_NAME_MAX && strpbrk(name, "/\\\"%") == NULL;
}

static bool check_options(const struct service_options *options,
                          const struct ew_text_list *operands)
{
    if (operands->count != 1 || !is_action(operands->items[0])) {
        ew_cli_say("service needs one of install, remove, status and run; --help shows more");
        return false;
    }
    const char *action = operands->items[0];
    bool sets = options->config != NULL || options->out != NULL || options->window_seconds != 0
                || options->duration_seconds != 0 || options->assignments.count != 0;
    if (sets && (strcmp(action, "remove") == 0 || strcmp(action, "status") == 0)) {
        ew_cli_say("service %s takes --name and no other option", action);
        return false;
    }
    if (options->force && strcmp(action, "install") != 0) {
        ew_cli_say("--force is for service install alone");
        return false;
    }
    if (!is_service_name(options->name)) {
        ew_cli_say("--name \"%s\" cannot be the name of a service", options->name);
        return false;
    }
    return true;
}

enum service_reading service_options_read(int argument_count, char **arguments,
                                          struct service_options *options_out)
{
    struct ew_option options[OPTION_COUNT];
    struct ew_text_list operands = {0};
    bool help = false;
    memset(options_out, 0, sizeof *options_out);
    options_out->name = EW_SERVICE_NAME;
    list_options(options_out, options);
    enum ew_status status = ew_options_read(argument_count, arguments, options, OPTION_COUNT,
                                            usage, &operands, &help);
    enum service_reading reading = help ? SERVICE_HELP : SERVICE_WRONG;
    if (!help && status == EW_OK && check_options(options_out, &operands)) {
        options_out->action = operands.items[0];
        reading = SERVICE_GO;
    }
    ew_options_free(NULL, 0, &operands);
    if (reading != SERVICE_GO) {
        service_options_free(options_out);
    }
    return reading;
}

void service_options_free(struct service_options *options)
{
    free((void *)options->assignments.items);
    memset(options, 0, sizeof *options);
}

static enum ew_status set_text(char **member, const char *text, struct ew_error *error)
{
    size_t bytes = strlen(text) + 1;
    char *copy = malloc(bytes);
    if (copy == NULL) {
        return ew_fail(error, EW_NO_MEMORY, "no memory for the settings");
    }
    memcpy(copy, text, bytes);
    free(*member);
    *member = copy;
    return EW_OK;
}

static enum ew_status read_config(const struct service_options *options,
                                  const struct service_places *places,
                                  struct ew_settings *settings, struct ew_error *error)
{
    if (options->config != NULL) {
        return ew_settings_read_file(settings, options->config, error);
    }
    enum ew_status status = ew_settings_read_file(settings, places->config, error);
    return status == EW_NOT_FOUND ? EW_OK : status;
}

static enum ew_status lay_options(const struct service_options *options,
                                  struct ew_settings *settings, struct ew_error *error)
{
    enum ew_status status = EW_OK;
    for (size_t i = 0; status == EW_OK && i < options->assignments.count; i++) {
        status = ew_settings_set(settings, options->assignments.items[i], error);
    }
    if (status == EW_OK && options->out != NULL) {
        status = set_text(&settings->directory, options->out, error);
    }
    if (options->window_seconds != 0) {
        settings->window_seconds = (uint32_t)options->window_seconds;
    }
    if (options->duration_seconds != 0) {
        settings->duration_seconds = options->duration_seconds;
    }
    return status;
}

/* A service begins in the folder of Windows: a relative path would lead there. */
static enum ew_status check(const struct ew_settings *settings, struct ew_error *error)
{
    enum ew_status status = ew_settings_check(settings, error);
    if (status == EW_OK && !ew_path_is_absolute(settings->directory)) {
        status = ew_fail(error, EW_USAGE, "directory: \"%s\" has to be absolute for a service",
                         settings->directory);
    }
    return status;
}

enum ew_status service_settings(const struct service_options *options,
                                const struct service_places *places,
                                struct ew_settings *settings_out, struct ew_error *error)
{
    struct ew_settings settings;
    if (ew_settings_init(&settings) != EW_OK) {
        return ew_fail(error, EW_NO_MEMORY, "no memory for the settings");
    }
    enum ew_status status = set_text(&settings.directory, places->folder, error);
    if (status == EW_OK) {
        status = read_config(options, places, &settings, error);
    }
    if (status == EW_OK) {
        status = lay_options(options, &settings, error);
    }
    if (status == EW_OK) {
        status = check(&settings, error);
    }
    if (status != EW_OK) {
        ew_settings_free(&settings);
        return status;
    }
    *settings_out = settings;
    return EW_OK;
}

static void add_pair(struct ew_command_line *line, const char *option, const char *value)
{
    ew_command_line_add(line, option);
    ew_command_line_add(line, value);
}

static void add_number(struct ew_command_line *line, const char *option, uint64_t value)
{
    char digits[24];
    if (value != 0) {
        (void)snprintf(digits, sizeof digits, "%" PRIu64, value);
        add_pair(line, option, digits);
    }
}

bool service_command_line(const struct service_options *options, const char *program, char *text,
                          size_t capacity)
{
    struct ew_command_line line = ew_command_line_begin(text, capacity, program);
    ew_command_line_add(&line, "service");
    ew_command_line_add(&line, "run");
    if (strcmp(options->name, EW_SERVICE_NAME) != 0) {
        add_pair(&line, "--name", options->name);
    }
    if (options->config != NULL) {
        add_pair(&line, "--config", options->config);
    }
    if (options->out != NULL) {
        add_pair(&line, "--out", options->out);
    }
    add_number(&line, "--window", options->window_seconds);
    add_number(&line, "--duration", options->duration_seconds);
    for (size_t i = 0; i < options->assignments.count; i++) {
        add_pair(&line, "--set", options->assignments.items[i]);
    }
    return line.complete;
}

struct config_text {
    char *text;
    size_t used;
    size_t capacity;
};

static bool config_sink(void *context, const void *bytes, size_t byte_count)
{
    struct config_text *config = context;
    if (byte_count >= config->capacity - config->used) {
        return false;
    }
    memcpy(config->text + config->used, bytes, byte_count);
    config->used += byte_count;
    config->text[config->used] = '\0';
    return true;
}

char *service_default_config(const struct service_places *places)
{
    /* Each byte of the folder can become six when it is escaped. */
    size_t capacity = 6 * strlen(places->folder) + 64;
    struct config_text config = {.text = malloc(capacity), .capacity = capacity};
    struct ew_json_writer *json = malloc(sizeof *json);
    bool written = false;
    if (config.text != NULL && json != NULL) {
        ew_json_init(json, config_sink, &config);
        ew_json_object(json);
        ew_json_member_text(json, "directory", places->folder);
        ew_json_object_end(json);
        ew_json_newline(json);
        written = ew_json_finish(json);
    }
    free(json);
    if (!written) {
        free(config.text);
        return NULL;
    }
    return config.text;
}
