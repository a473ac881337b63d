/* SPDX-License-Identifier: Apache-2.0 */
/* Talk on stderr: messages and the progress bar. */
#include "cli/cli.h"
#include "platform/clock.h"
#include "platform/console.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { BAR_CELLS = 30, DRAW_INTERVAL_NS = 100000000 };

void ew_cli_say(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)fputs("etwitness: ", stderr);
    (void)vfprintf(stderr, format, arguments);
    (void)fputc('\n', stderr);
    va_end(arguments);
}

int ew_cli_fail(const struct ew_error *error)
{
    ew_cli_say("%s", error->text[0] != '\0' ? error->text : ew_status_name(error->status));
    switch (error->status) {
    case EW_FORMAT:
    case EW_UNSUPPORTED:
        return EW_EXIT_BAD_INPUT;
    case EW_USAGE:
        return EW_EXIT_USAGE;
    default:
        return EW_EXIT_FAILED;
    }
}

const char *ew_cli_grouped(uint64_t value, char *out)
{
    char digits[21];
    int count = snprintf(digits, sizeof digits, "%llu", (unsigned long long)value);
    char *at = out;
    for (int i = 0; i < count; i++) {
        if (i > 0 && (count - i) % 3 == 0) {
            *at++ = ',';
        }
        *at++ = digits[i];
    }
    *at = '\0';
    return out;
}

void ew_progress_start(struct ew_progress *progress, const char *label, bool quiet)
{
    memset(progress, 0, sizeof *progress);
    progress->label = label;
    progress->enabled = !quiet && ew_console_is_terminal();
}

void ew_progress_update(struct ew_progress *progress, uint64_t done, uint64_t total)
{
    if (!progress->enabled || total == 0) {
        return;
    }
    uint64_t now = ew_clock_monotonic_ns();
    if (now < progress->next_ns) {
        return;
    }
    progress->next_ns = now + DRAW_INTERVAL_NS;
    progress->shown = true;
    if (done > total) {
        done = total;
    }
    double share = (double)done / (double)total;
    char bar[BAR_CELLS + 1];
    for (int i = 0; i < BAR_CELLS; i++) {
        bar[i] = i < (int)(share * BAR_CELLS) ? '#' : '.';
    }
    bar[BAR_CELLS] = '\0';
    (void)fprintf(stderr, "\r%s [%s] %3d %%", progress->label, bar, (int)(share * 100));
    (void)fflush(stderr);
}

void ew_progress_end(struct ew_progress *progress)
{
    if (progress->shown) {
        (void)fprintf(stderr, "\r%*s\r", (int)strlen(progress->label) + BAR_CELLS + 9, "");
        (void)fflush(stderr);
    }
    progress->enabled = false;
}

bool ew_cli_file_sink(void *file, const void *bytes, size_t byte_count)
{
    return fwrite(bytes, 1, byte_count, (FILE *)file) == byte_count;
}
