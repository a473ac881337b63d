/* SPDX-License-Identifier: Apache-2.0 */
/* Quoting of arguments: backslashes count double before a quote, and only there. */
#include "command_line.h"

#include <string.h>

static void put(struct ew_command_line *line, char c, size_t count)
{
    for (; count > 0; count--) {
        if (line->used + 1 >= line->capacity) {
            line->complete = false;
            return;
        }
        line->text[line->used++] = c;
        line->text[line->used] = '\0';
    }
}

static void put_quoted(struct ew_command_line *line, const char *argument)
{
    size_t backslashes = 0;
    put(line, '"', 1);
    for (; *argument != '\0'; argument++) {
        if (*argument == '\\') {
            backslashes++;
            continue;
        }
        put(line, '\\', *argument == '"' ? 2 * backslashes + 1 : backslashes);
        put(line, *argument, 1);
        backslashes = 0;
    }
    put(line, '\\', 2 * backslashes);
    put(line, '"', 1);
}

struct ew_command_line ew_command_line_begin(char *text, size_t capacity, const char *program)
{
    struct ew_command_line line = {.text = text, .capacity = capacity, .complete = true};
    text[0] = '\0';
    put_quoted(&line, program);
    return line;
}

void ew_command_line_add(struct ew_command_line *line, const char *argument)
{
    put(line, ' ', 1);
    if (argument[0] == '\0' || strpbrk(argument, " \t\"") != NULL) {
        put_quoted(line, argument);
        return;
    }
    for (; *argument != '\0'; argument++) {
        put(line, *argument, 1);
    }
}

bool ew_path_is_absolute(const char *path)
{
    bool letter = (path[0] >= 'A' && path[0] <= 'Z') || (path[0] >= 'a' && path[0] <= 'z');
    if (letter) {
        return path[1] == ':' && (path[2] == '\\' || path[2] == '/');
    }
    return path[0] == '\\' && path[1] == '\\' && path[2] != '\0';
}
