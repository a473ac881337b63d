/* SPDX-License-Identifier: Apache-2.0 */
/* What a merge tells of the collectors behind its windows, and of files that it did not read. */
#include "cli/merge_collectors.h"

#include "base/filetime.h"
#include "cli/cli.h"

#include <stdlib.h>
#include <string.h>

/* A head is renewed every minute while its collector runs; one late head is no news. */
enum { SILENT_AFTER_SECONDS = 180 };

enum { GROUPED_BYTES = 27, SHOWN_MAX = 8, SECONDS_TEXT = 19, NAME_COLUMNS = 12 };

enum state { SILENT, RUNNING, STOPPED };

/* One collector's stream, with what decides about its place in the list. */
struct row {
    const struct ew_window_head *head;
    const struct ew_window_stream *stream; /* NULL: it has no document */
    enum state state;
};

static bool is_trouble(const struct ew_window_head *head)
{
    return head->missing_at_end > 0 || head->differs;
}

static enum state state_of(const struct ew_head *head, uint64_t as_of_100ns)
{
    if (head->stopped) {
        return STOPPED;
    }
    return as_of_100ns > head->heartbeat_100ns
                   && as_of_100ns - head->heartbeat_100ns
                          > SILENT_AFTER_SECONDS * EW_FILETIME_SECOND
               ? SILENT
               : RUNNING;
}

static int by_trouble(const void *a, const void *b)
{
    const struct row *left = a;
    const struct row *right = b;
    if (is_trouble(left->head) != is_trouble(right->head)) {
        return is_trouble(left->head) ? -1 : 1;
    }
    if (left->state != right->state) {
        return left->state < right->state ? -1 : 1;
    }
    return strcmp(left->head->head.stream_id, right->head->head.stream_id);
}

static const struct ew_window_stream *stream_of(const struct ew_window_stream *streams,
                                                size_t count, const char *id)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(streams[i].id, id) == 0) {
            return &streams[i];
        }
    }
    return NULL;
}

static void print_row(FILE *out, const struct row *row)
{
    static const char *const states[] = {"silent", "running", "stopped"};
    const struct ew_window_head *head = row->head;
    char time[EW_FILETIME_TEXT_BYTES];
    ew_filetime_format(head->head.heartbeat_100ns, time);
    (void)fprintf(out, "%12s  %.*sZ  stream %.8s", states[row->state], SECONDS_TEXT, time,
                  head->head.stream_id);
    if (row->stream != NULL) {
        (void)fprintf(out, ", host %.*s", NAME_COLUMNS, row->stream->host_id);
    }
    if (row->stream != NULL && row->stream->container != NULL) {
        (void)fprintf(out, ", container %.*s", NAME_COLUMNS, row->stream->container);
    }
    unsigned long long last = (unsigned long long)head->head.last_sequence;
    if (head->missing_at_end == 1) {
        (void)fprintf(out, ": window %llu, its last, is missing", last);
    } else if (head->missing_at_end > 1) {
        (void)fprintf(out, ": windows %llu to %llu, its last, are missing",
                      last - (unsigned long long)head->missing_at_end + 1, last);
    }
    if (head->differs) {
        (void)fputs(": its last document is not the one that was written: replaced", out);
    }
    (void)fputc('\n', out);
}

static void print_rows(FILE *out, struct ew_window_set *windows, uint64_t as_of_100ns)
{
    size_t count = 0;
    size_t stream_count = 0;
    const struct ew_window_head *heads = ew_window_set_heads(windows, &count);
    const struct ew_window_stream *streams = ew_window_set_streams(windows, &stream_count);
    struct row *rows = heads != NULL ? malloc(count * sizeof *rows) : NULL;
    if (rows == NULL) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        rows[i].head = &heads[i];
        rows[i].state = state_of(&heads[i].head, as_of_100ns);
        rows[i].stream = NULL;
    }
    qsort(rows, count, sizeof *rows, by_trouble);
    (void)fputs("collectors, when they were last heard of:\n", out);
    for (size_t i = 0; i < count && i < SHOWN_MAX; i++) {
        rows[i].stream = stream_of(streams, stream_count, rows[i].head->head.stream_id);
        print_row(out, &rows[i]);
    }
    if (count > SHOWN_MAX) {
        (void)fprintf(out, "%12s  and %zu more\n", "", count - SHOWN_MAX);
    }
    free(rows);
}

void merge_report_collectors(FILE *out, struct ew_window_set *windows, uint64_t as_of_100ns)
{
    struct ew_window_set_counts counts;
    char grouped[GROUPED_BYTES];
    if (ew_window_set_counts(windows, &counts) != EW_OK) {
        return;
    }
    if (counts.compressed > 0) {
        (void)fprintf(out, "%s compressed document%s not read: gunzip %s\n",
                      ew_cli_grouped(counts.compressed, grouped),
                      counts.compressed == 1 ? " is" : "s are",
                      counts.compressed == 1 ? "it" : "them");
    }
    if (counts.heads_refused > 0) {
        (void)fprintf(
            out, "%s head%s refused; %s%s\n", ew_cli_grouped(counts.heads_refused, grouped),
            counts.heads_refused == 1 ? " was" : "s were",
            counts.heads_refused == 1 ? "" : "the first: ", ew_window_set_head_refusal(windows));
    }
    print_rows(out, windows, as_of_100ns);
}

bool merge_report_lacks_documents(struct ew_window_set *windows)
{
    struct ew_window_set_counts counts = {.documents = 0};
    size_t count = 0;
    const struct ew_window_head *heads = ew_window_set_heads(windows, &count);
    bool lacks = ew_window_set_counts(windows, &counts) != EW_OK || counts.compressed > 0;
    for (size_t i = 0; i < count; i++) {
        lacks = lacks || is_trouble(&heads[i]);
    }
    return lacks;
}
