/* SPDX-License-Identifier: Apache-2.0 */
/* Command lines as Windows takes them apart, put together. */
#ifndef EW_SERVICE_COMMAND_LINE_H
#define EW_SERVICE_COMMAND_LINE_H

#include <stdbool.h>
#include <stddef.h>

/* A command line that grows; what does not fit makes it not complete. */
struct ew_command_line {
    char *text; /* terminated */
    size_t capacity;
    size_t used;
    bool complete;
};

/* Begins with the program's path, always in quotes: a space in an unquoted path of a
 * service is how others get their program started instead. */
struct ew_command_line ew_command_line_begin(char *text, size_t capacity, const char *program);

/* Adds one argument, quoted where it needs it by the rules of CommandLineToArgvW. */
void ew_command_line_add(struct ew_command_line *line, const char *argument);

/* True for a path that does not depend on the current directory: "C:\..." or "\\...". */
bool ew_path_is_absolute(const char *path);

#endif
