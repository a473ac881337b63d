/* SPDX-License-Identifier: Apache-2.0 */
/* Statuses by name, and the sentence that goes with a failure. */
#include "etwitness/status.h"

#include <stdarg.h>
#include <stdio.h>

enum ew_status ew_fail(struct ew_error *error, enum ew_status status, const char *format, ...)
{
    if (error != NULL) {
        va_list arguments;
        va_start(arguments, format);
        error->status = status;
        (void)vsnprintf(error->text, sizeof error->text, format, arguments);
        va_end(arguments);
    }
    return status;
}

const char *ew_status_name(enum ew_status status)
{
    static const char *const names[] = {
        [EW_OK] = "ok",
        [EW_END] = "end",
        [EW_NO_MEMORY] = "no memory",
        [EW_LIMIT] = "limit",
        [EW_FORMAT] = "format",
        [EW_IO] = "io",
        [EW_USAGE] = "usage",
        [EW_NOT_FOUND] = "not found",
        [EW_EXISTS] = "exists",
        [EW_UNSUPPORTED] = "unsupported",
    };
    size_t index = (size_t)status;
    return index < sizeof names / sizeof names[0] ? names[index] : "unknown";
}
