/* SPDX-License-Identifier: Apache-2.0 */
/* One record of the ledger, written and read. */
#include "base/json_writer.h"
#include "export/facts.h"
#include "export/grow.h"
#include "export/ledger.h"
#include "export/ledger_scan.h"
#include "platform/file.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void ew_ledger_record_path(const struct ew_ledger *ledger, uint64_t number, const char *suffix,
                           char out[EW_LEDGER_PATH_BYTES])
{
    (void)snprintf(out, EW_LEDGER_PATH_BYTES, "%s/facts-%012" PRIu64 ".json%s", ledger->directory,
                   number, suffix);
}

enum ew_status ew_ledger_take(struct ew_ledger *ledger, const struct ew_ledger_window *window)
{
    if (ledger->window_count >= EW_LEDGER_WINDOWS_MAX) {
        return EW_LIMIT;
    }
    struct ew_ledger_window *grown =
        ew_grow(ledger->windows, &ledger->window_capacity, ledger->window_count, sizeof *grown);
    if (grown == NULL) {
        return EW_NO_MEMORY;
    }
    ledger->windows = grown;
    ledger->windows[ledger->window_count++] = *window;
    return EW_OK;
}

/* --- writing ----------------------------------------------------------------- */

struct file_sink {
    struct ew_file *file;
    uint64_t offset;
    struct ew_error *error;
};

static bool write_to_file(void *context, const void *bytes, size_t byte_count)
{
    struct file_sink *sink = context;
    enum ew_status status =
        ew_file_write_at(sink->file, sink->offset, bytes, byte_count, sink->error);
    sink->offset += byte_count;
    return status == EW_OK;
}

static void put_window(struct ew_json_writer *writer, const struct ew_window *window)
{
    ew_json_object(writer);
    ew_json_member_u64(writer, "from", ew_window_first_number(window));
    ew_json_member_text(writer, "stream", window->evidence->stream_id);
    ew_json_member_u64(writer, "to", window->covers_to);
    ew_json_object_end(writer);
}

static bool put_record(struct ew_json_writer *writer, const struct ew_ledger_batch *batch)
{
    ew_json_object(writer);
    ew_json_member_u64(writer, "lines", batch->lines);
    ew_json_member_text(writer, "out", batch->out);
    ew_json_member_text(writer, "part", batch->part);
    ew_json_member_text(writer, "schema", EW_LEDGER_SCHEMA);
    ew_json_member_text(writer, "sha256", batch->sha256);
    ew_json_key(writer, "windows");
    ew_json_array(writer);
    for (size_t i = 0; i < batch->options->window_count; i++) {
        if (ew_facts_ask(batch->options, &batch->options->windows[i]) == EW_FACTS_TELL) {
            put_window(writer, &batch->options->windows[i]);
        }
    }
    ew_json_array_end(writer);
    ew_json_object_end(writer);
    return ew_json_finish(writer);
}

enum ew_status ew_ledger_record_write(const char *path, const struct ew_ledger_batch *batch,
                                      struct ew_error *error)
{
    struct ew_json_writer writer;
    struct file_sink sink = {.error = error};
    enum ew_status status = ew_file_create(path, true, &sink.file, error);
    if (status != EW_OK) {
        return status;
    }
    ew_json_init(&writer, write_to_file, &sink);
    status = put_record(&writer, batch) ? ew_file_sync(sink.file, error) : EW_IO;
    ew_file_close(sink.file);
    return status;
}

/* --- reading ----------------------------------------------------------------- */

static enum ew_status take_range(void *context, const char *stream_id, uint64_t from, uint64_t to)
{
    struct ew_ledger_window window = {{0}, from, to};
    memcpy(window.stream, stream_id, sizeof window.stream);
    return ew_ledger_take(context, &window);
}

enum ew_status ew_ledger_record_read(struct ew_ledger *ledger, const char *path,
                                     struct ew_error *error)
{
    char *bytes = NULL;
    size_t byte_count = 0;
    enum ew_status status =
        ew_file_read_all(path, EW_LEDGER_RECORD_BYTES_MAX, &bytes, &byte_count, error);
    if (status != EW_OK) {
        return status;
    }
    const struct ew_ledger_found found = {
        .context = ledger,
        .range = take_range,
        .out = ledger->out,
        .part = ledger->part,
        .path_capacity = sizeof ledger->out,
        .sha256 = ledger->sha256,
    };
    status = ew_ledger_scan(path, bytes, byte_count, &found, error);
    free(bytes);
    return status;
}
