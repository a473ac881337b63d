/* SPDX-License-Identifier: Apache-2.0 */
/* What a recording holds, for people. */
#include "base/filetime.h"
#include "cli/cli.h"
#include "cli/dump.h"
#include "cli/stats.h"

#include <stdlib.h>
#include <string.h>

enum { KINDS_SHOWN = 25, GROUPED_BYTES = 27, LABEL_COLUMNS = 10 };

/* Text of a file must not reach the terminal as commands: control characters of ASCII,
 * and those of Latin-1 (U+0080..U+009F, 0xc2 and a byte), become '?'. */
static void print_safe(FILE *out, const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    for (; *at != '\0'; at++) {
        if (*at == 0xc2 && at[1] >= 0x80 && at[1] <= 0x9f) {
            at++;
            (void)fputc('?', out);
        } else {
            (void)fputc(*at < 0x20 || *at == 0x7f ? '?' : *at, out);
        }
    }
}

static void print_label(FILE *out, const char *label)
{
    (void)fprintf(out, "  %-*s", LABEL_COLUMNS, label);
}

static void print_time(FILE *out, const char *label, uint64_t filetime)
{
    char text[EW_FILETIME_TEXT_BYTES];
    print_label(out, label);
    ew_filetime_format(filetime, text);
    (void)fprintf(out, "%s\n", filetime == 0 ? "not known" : text);
}

static void print_seconds(FILE *out, uint64_t span_100ns)
{
    char seconds[GROUPED_BYTES];
    (void)fprintf(out, "%s.%03u s", ew_cli_grouped(span_100ns / EW_FILETIME_SECOND, seconds),
                  (unsigned)(span_100ns % EW_FILETIME_SECOND / 10000));
}

static void print_session(FILE *out, const struct ew_recording_file *file)
{
    print_label(out, "session");
    print_safe(out, file->logger_name[0] != '\0' ? file->logger_name : "without a name");
    if (file->log_file_name[0] != '\0') {
        (void)fputs(", to ", out);
        print_safe(out, file->log_file_name);
    }
    (void)fputc('\n', out);
}

static void print_clock(FILE *out, const struct ew_recording_file *file)
{
    static const char *const clocks[] = {"unknown", "QPC", "system time", "CPU cycles"};
    char hertz[GROUPED_BYTES];
    print_label(out, "clock");
    (void)fprintf(out, "%s, %s Hz\n",
                  clocks[file->clock <= EW_CLOCK_CPU_CYCLES ? file->clock : 0],
                  ew_cli_grouped(file->clock_frequency, hertz));
}

static void print_end(FILE *out, const struct ew_recording_file *file)
{
    if (file->end_time == 0) {
        print_label(out, "ended");
        (void)fputs("never: the session was not finished\n", out);
        return;
    }
    print_time(out, "ended", file->end_time);
    if (file->end_time >= file->start_time) {
        print_label(out, "duration");
        print_seconds(out, file->end_time - file->start_time);
        (void)fputc('\n', out);
    }
}

static void print_file(FILE *out, const struct ew_recording_file *file)
{
    char a[GROUPED_BYTES];
    char b[GROUPED_BYTES];
    (void)fprintf(out, "%s\n", file->path);
    print_label(out, "windows");
    (void)fprintf(out, "%u.%u, build %lu; %lu processors; %u-bit session\n", file->os_major,
                  file->os_minor, (unsigned long)file->os_build, (unsigned long)file->cpu_count,
                  8U * file->pointer_bytes);
    print_session(out, file);
    print_clock(out, file);
    print_time(out, "booted", file->boot_time);
    print_time(out, "started", file->start_time);
    print_end(out, file);
    print_label(out, "size");
    (void)fprintf(out, "%s bytes, buffers of %s bytes%s\n", ew_cli_grouped(file->file_bytes, a),
                  ew_cli_grouped(file->buffer_bytes, b), file->compressed ? ", compressed" : "");
    print_label(out, "lost");
    (void)fprintf(out, "%s events, %s buffers\n\n", ew_cli_grouped(file->events_lost, a),
                  ew_cli_grouped(file->buffers_lost, b));
}

static void print_totals(FILE *out, const struct ew_recording *recording,
                         const struct ew_stats_table *table)
{
    struct ew_recording_counts counts = ew_recording_counts(recording);
    char events[GROUPED_BYTES];
    char kinds[GROUPED_BYTES];
    char buffers[GROUPED_BYTES];
    char compressed[GROUPED_BYTES];
    (void)fprintf(out, "%s events of %s kinds in %s buffers, %s of them compressed\n",
                  ew_cli_grouped(table->events, events), ew_cli_grouped(table->kind_count, kinds),
                  ew_cli_grouped(counts.buffers, buffers),
                  ew_cli_grouped(counts.buffers_compressed, compressed));
    if (table->events != 0) {
        char first[EW_FILETIME_TEXT_BYTES];
        char last[EW_FILETIME_TEXT_BYTES];
        ew_filetime_format(table->first_100ns, first);
        ew_filetime_format(table->last_100ns, last);
        (void)fprintf(out, "from %s to %s, ", first, last);
        print_seconds(out, table->last_100ns - table->first_100ns);
        (void)fputc('\n', out);
    }
}

static int by_count(const void *a, const void *b)
{
    const struct ew_stats_kind *left = *(const struct ew_stats_kind *const *)a;
    const struct ew_stats_kind *right = *(const struct ew_stats_kind *const *)b;
    if (left->count != right->count) {
        return left->count > right->count ? -1 : 1;
    }
    return left < right ? -1 : left > right;
}

/* The usual name of a provider, else the one it gave itself, else its GUID. */
static void print_provider(FILE *out, const struct ew_stats_kind *kind)
{
    struct ew_event event = ew_stats_event(kind);
    const char *name = ew_dump_provider_name(&kind->provider);
    char text[EW_STATS_PROVIDER_BYTES];
    if (event.kind != EW_EVENT_KERNEL && (name != NULL || kind->provider_name[0] != '\0')) {
        print_safe(out, name != NULL ? name : kind->provider_name);
        return;
    }
    ew_stats_provider_text(kind, text);
    (void)fputs(text, out);
}

static void print_kind(FILE *out, const struct ew_stats_kind *kind, uint64_t events)
{
    struct ew_event event = ew_stats_event(kind);
    const char *name = ew_event_name(&event);
    char count[GROUPED_BYTES];
    char id[EW_STATS_ID_BYTES];
    ew_stats_id_text(kind, id);
    unsigned permille = (unsigned)(kind->count * 1000 / events);
    (void)fprintf(out, "%15s %3u.%u %%  %-28s %-9s %6u %7u  ", ew_cli_grouped(kind->count, count),
                  permille / 10, permille % 10, name != NULL ? name : "-", id, event.opcode,
                  event.version);
    print_provider(out, kind);
    (void)fputc('\n', out);
}

static void print_kinds(FILE *out, const struct ew_stats_table *table)
{
    const struct ew_stats_kind **ranked =
        malloc(((size_t)table->kind_count + 1) * sizeof *ranked);
    if (ranked == NULL) {
        (void)fputs("no memory to rank the kinds\n", out);
        return;
    }
    for (uint32_t i = 0; i < table->kind_count; i++) {
        ranked[i] = &table->kinds[i];
    }
    if (table->kind_count > 1) {
        qsort((void *)ranked, table->kind_count, sizeof *ranked, by_count);
    }
    (void)fprintf(out, "\n%15s %7s  %-28s %-9s %6s %7s  %s\n", "count", "share", "event", "id",
                  "opcode", "version", "provider");
    for (uint32_t i = 0; i < table->kind_count && i < KINDS_SHOWN; i++) {
        print_kind(out, ranked[i], table->events);
    }
    if (table->kind_count > KINDS_SHOWN) {
        (void)fprintf(out, "%15s  %lu more kinds; --format tsv shows all\n", "...",
                      (unsigned long)(table->kind_count - KINDS_SHOWN));
    }
    free((void *)ranked);
}

static void print_count(FILE *out, uint64_t count, const char *meaning)
{
    char text[GROUPED_BYTES];
    if (count != 0) {
        (void)fprintf(out, "%15s  %s\n", ew_cli_grouped(count, text), meaning);
    }
}

static void print_losses(FILE *out, const struct ew_recording *recording,
                         const struct ew_stats_table *table)
{
    const struct ew_recording_damage *damage = ew_recording_damage(recording);
    struct ew_recording_counts counts = ew_recording_counts(recording);
    struct ew_stats_losses losses = ew_stats_losses(recording, table);
    if (!losses.incomplete && counts.records_skipped == 0) {
        return;
    }
    (void)fputs("\nnot in these counts:\n", out);
    print_count(out, losses.events, "events lost by the recording session");
    print_count(out, losses.buffers, "buffers lost by the recording session");
    print_count(out, damage->lost_flags, "buffers that say something was lost");
    print_count(out, damage->buffers, "buffers damaged");
    print_count(out, damage->bytes, "bytes in them that were not read");
    print_count(out, damage->files_truncated, "files that end inside a buffer");
    print_count(out, table->not_counted, "events of too many kinds");
    print_count(out, counts.records_skipped, "records of types that Windows does not use");
    if (damage->text[0] != '\0') {
        (void)fprintf(out, "first damage: %s\n", damage->text);
    }
}

void ew_stats_print(FILE *out, const struct ew_recording *recording,
                    const struct ew_stats_table *table)
{
    for (size_t i = 0; i < ew_recording_file_count(recording); i++) {
        print_file(out, ew_recording_file(recording, i));
    }
    print_totals(out, recording, table);
    print_kinds(out, table);
    print_losses(out, recording, table);
}
