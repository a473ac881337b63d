/* SPDX-License-Identifier: Apache-2.0 */
/* Command-line options of the subcommands. */
#include "base/text.h"
#include "cli/cli.h"
#include "etwitness/limits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct ew_option *find_option(const struct ew_option *options, size_t count,
                                           const char *name, size_t name_bytes)
{
    for (size_t i = 0; i < count; i++) {
        if (strlen(options[i].name) == name_bytes
            && memcmp(options[i].name, name, name_bytes) == 0) {
            return &options[i];
        }
    }
    return NULL;
}

static enum ew_status list_add(struct ew_text_list *list, const char *text, size_t count_max)
{
    if (list->count >= count_max) {
        return EW_LIMIT;
    }
    const char **grown = realloc((void *)list->items, (list->count + 1) * sizeof *grown);
    if (grown == NULL) {
        return EW_NO_MEMORY;
    }
    list->items = grown;
    list->items[list->count++] = text;
    return EW_OK;
}

static enum ew_status store_value(const struct ew_option *option, const char *value)
{
    if (option->type == EW_OPTION_TEXT) {
        *(const char **)option->target = value;
        return EW_OK;
    }
    if (option->type == EW_OPTION_LIST) {
        if (list_add(option->target, value, EW_FILTERS_MAX) != EW_OK) {
            ew_cli_say("--%s can be given %d times at most", option->name, EW_FILTERS_MAX);
            return EW_USAGE;
        }
        return EW_OK;
    }
    if (!ew_text_parse_u64(value, option->max, option->target)) {
        ew_cli_say("--%s needs a number from 0 to %llu, not \"%s\"", option->name,
                   (unsigned long long)option->max, value);
        return EW_USAGE;
    }
    return EW_OK;
}

/* One argument that begins with two dashes; `*at` steps over a value that follows. */
static enum ew_status read_option(int argument_count, char **arguments, int *at,
                                  const struct ew_option *options, size_t option_count)
{
    const char *name = arguments[*at] + 2;
    const char *equals = strchr(name, '=');
    size_t name_bytes = equals != NULL ? (size_t)(equals - name) : strlen(name);
    const struct ew_option *option = find_option(options, option_count, name, name_bytes);
    if (option == NULL) {
        ew_cli_say("unknown option --%.*s; --help shows those there are", (int)name_bytes, name);
        return EW_USAGE;
    }
    if (option->type == EW_OPTION_FLAG) {
        if (equals != NULL) {
            ew_cli_say("--%s takes no value", option->name);
            return EW_USAGE;
        }
        *(bool *)option->target = true;
        return EW_OK;
    }
    if (equals != NULL) {
        return store_value(option, equals + 1);
    }
    if (*at + 1 >= argument_count) {
        ew_cli_say("--%s needs a value", option->name);
        return EW_USAGE;
    }
    (*at)++;
    return store_value(option, arguments[*at]);
}

enum ew_status ew_options_read(int argument_count, char **arguments,
                               const struct ew_option *options, size_t option_count,
                               const char *usage, struct ew_text_list *operands, bool *help_out)
{
    bool only_operands = false;
    *help_out = false;
    for (int i = 0; i < argument_count; i++) {
        const char *argument = arguments[i];
        enum ew_status status = EW_OK;
        if (!only_operands && strcmp(argument, "--") == 0) {
            only_operands = true;
        } else if (!only_operands
                   && (strcmp(argument, "--help") == 0 || strcmp(argument, "-h") == 0)) {
            (void)fputs(usage, stdout);
            *help_out = true;
            return EW_OK;
        } else if (!only_operands && strncmp(argument, "--", 2) == 0) {
            status = read_option(argument_count, arguments, &i, options, option_count);
        } else {
            status = list_add(operands, argument, (size_t)argument_count);
        }
        if (status != EW_OK) {
            return EW_USAGE;
        }
    }
    return EW_OK;
}

void ew_options_free(const struct ew_option *options, size_t option_count,
                     struct ew_text_list *operands)
{
    for (size_t i = 0; i < option_count; i++) {
        if (options[i].type == EW_OPTION_LIST) {
            struct ew_text_list *list = options[i].target;
            free((void *)list->items);
            memset(list, 0, sizeof *list);
        }
    }
    free((void *)operands->items);
    memset(operands, 0, sizeof *operands);
}
