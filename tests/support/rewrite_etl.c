/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rewrite_etl IN OUT plain|compressed: reads a recording in order of time and writes
 * every record again, so that real events can be had in the other form.
 */
#include "etwitness/etl_writer.h"
#include "etwitness/recording.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BUFFER_BYTES_LEAST = 128 * 1024 };

static enum ew_status open_out(const struct ew_recording *recording, const char *path,
                               bool compressed, struct ew_etl_writer **writer,
                               struct ew_error *error)
{
    const struct ew_recording_file *file = ew_recording_file(recording, 0);
    const struct ew_etl_writer_options options = {
        .buffer_bytes =
            file->buffer_bytes > BUFFER_BYTES_LEAST ? file->buffer_bytes : BUFFER_BYTES_LEAST,
        .cpu_count = file->cpu_count,
        .compressed = compressed,
    };
    return ew_etl_writer_open(path, &options, NULL, writer, error);
}

static enum ew_status copy(struct ew_recording *recording, struct ew_etl_writer *writer,
                           struct ew_error *error)
{
    struct ew_event event;
    enum ew_status status = ew_recording_next(recording, &event, error);
    while (status == EW_OK) {
        status = ew_etl_writer_put(writer, event.cpu, event.record, event.record_bytes, error);
        if (status == EW_OK) {
            status = ew_recording_next(recording, &event, error);
        }
    }
    return status == EW_END ? EW_OK : status;
}

static enum ew_status rewrite(const char *in, const char *out, bool compressed,
                              struct ew_error *error)
{
    struct ew_recording *recording = NULL;
    struct ew_etl_writer *writer = NULL;
    enum ew_status status = ew_recording_open(&in, 1, EW_ORDER_TIME, &recording, error);
    if (status != EW_OK) {
        return status;
    }
    status = open_out(recording, out, compressed, &writer, error);
    if (status == EW_OK) {
        status = copy(recording, writer, error);
        enum ew_status closed = ew_etl_writer_close(writer, status == EW_OK ? error : NULL);
        status = status != EW_OK ? status : closed;
    }
    ew_recording_close(recording);
    return status;
}

int main(int argc, char **argv)
{
    struct ew_error error = {0};
    bool compressed = argc == 4 && strcmp(argv[3], "compressed") == 0;
    if (argc != 4 || (!compressed && strcmp(argv[3], "plain") != 0)) {
        (void)fputs("usage: rewrite_etl IN OUT plain|compressed\n", stderr);
        return 2;
    }
    if (rewrite(argv[1], argv[2], compressed, &error) != EW_OK) {
        (void)fprintf(stderr, "rewrite_etl: %s\n", error.text);
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
