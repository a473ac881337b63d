/* SPDX-License-Identifier: Apache-2.0 */
/* Buffers of one CPU of one file: loading them, and circular files put straight. */
#include "capture/etl/reader.h"
#include "capture/etl/xpress_decompress.h"

#include <stdlib.h>

#define OFFSET_MASK ((UINT64_C(1) << 48) - 1)

static enum ew_status refuse(struct ew_recording *recording, const struct ew_etl_stream *stream,
                             uint64_t offset, uint64_t byte_count, const char *reason,
                             bool counted)
{
    if (counted) {
        ew_etl_damage_add(recording, stream->place.cursor.file, offset, byte_count, reason);
    }
    return EW_NOT_FOUND;
}

/* Reads `byte_count` bytes of the stream's file; EW_NOT_FOUND when they are gone. */
static enum ew_status read_exactly(const struct ew_recording *recording,
                                   const struct ew_etl_stream *stream, uint64_t offset,
                                   uint8_t *out, size_t byte_count, struct ew_error *error)
{
    size_t got = 0;
    enum ew_status status =
        ew_etl_source_read(&recording->files[stream->place.cursor.file].source, offset, out,
                           byte_count, &got, error);
    return status == EW_OK && got < byte_count ? EW_NOT_FOUND : status;
}

/*
 * The index was made from what the file said then. A file that is changed meanwhile
 * must not get past the sizes that memory was taken for.
 */
static bool still_fits(const struct ew_recording *recording, const struct ew_etl_stream *stream,
                       const uint8_t *head, struct ew_etl_buffer *buffer)
{
    const char *reason = NULL;
    return ew_etl_buffer_read(head, buffer, &reason) == EW_ETL_BUFFER_GOOD
           && buffer->valid_bytes - EW_ETL_HEAD_BYTES <= stream->capacity
           && (!buffer->compressed || buffer->size_bytes <= recording->merge.packed_capacity);
}

static enum ew_status read_head(struct ew_recording *recording,
                                const struct ew_etl_stream *stream, uint64_t offset, bool counted,
                                struct ew_etl_buffer *buffer, struct ew_error *error)
{
    uint8_t head[EW_ETL_HEAD_BYTES];
    enum ew_status status = read_exactly(recording, stream, offset, head, sizeof head, error);
    if (status == EW_NOT_FOUND
        || (status == EW_OK && !still_fits(recording, stream, head, buffer))) {
        return refuse(recording, stream, offset, sizeof head,
                      "the file was changed while it was read", counted);
    }
    return status;
}

static enum ew_status take_memory(const struct ew_recording *recording,
                                  struct ew_etl_stream *stream, struct ew_error *error)
{
    if (stream->bytes == NULL) {
        stream->bytes = malloc((size_t)stream->capacity + EW_XPRESS_SLACK_BYTES);
    }
    return stream->bytes != NULL
               ? EW_OK
               : ew_fail(error, EW_NO_MEMORY, "%s: no memory for a buffer of %u bytes",
                         recording->files[stream->place.cursor.file].path,
                         (unsigned)stream->capacity);
}

enum ew_status ew_etl_stream_read(struct ew_recording *recording, struct ew_etl_stream *stream,
                                  uint64_t entry, bool counted, struct ew_error *error)
{
    uint64_t offset = entry & OFFSET_MASK;
    struct ew_etl_buffer buffer;
    enum ew_status status = take_memory(recording, stream, error);
    if (status == EW_OK) {
        status = read_head(recording, stream, offset, counted, &buffer, error);
    }
    if (status != EW_OK) {
        return status;
    }
    size_t records_bytes = buffer.valid_bytes - EW_ETL_HEAD_BYTES;
    size_t stored_bytes =
        buffer.compressed ? buffer.size_bytes - EW_ETL_HEAD_BYTES : records_bytes;
    uint8_t *to = buffer.compressed ? recording->merge.packed : stream->bytes;
    status = read_exactly(recording, stream, offset + EW_ETL_HEAD_BYTES, to, stored_bytes, error);
    if (status == EW_NOT_FOUND) {
        return refuse(recording, stream, offset, buffer.size_bytes,
                      "the file was changed while it was read", counted);
    }
    if (status != EW_OK) {
        return status;
    }
    if (counted) {
        recording->counts.buffers++;
        recording->counts.buffers_compressed += buffer.compressed;
        recording->counts.bytes_read += buffer.size_bytes;
    }
    if (buffer.compressed
        && ew_xpress_decompress(to, stored_bytes, stream->bytes, records_bytes) != EW_OK) {
        return refuse(recording, stream, offset, buffer.size_bytes,
                      "the buffer's compressed data is broken", counted);
    }
    buffer.cpu = stream->place.cursor.cpu;
    ew_etl_place_set(recording, &stream->place, stream->place.cursor.file, offset, &buffer,
                     stream->bytes);
    return EW_OK;
}

/* --- circular files ----------------------------------------------------------- */

struct dated_entry {
    uint64_t time_raw;
    uint64_t entry;
};

static int compare_dates(const void *a, const void *b)
{
    const struct dated_entry *left = a;
    const struct dated_entry *right = b;
    if (left->time_raw != right->time_raw) {
        return left->time_raw < right->time_raw ? -1 : 1;
    }
    return left->entry < right->entry ? -1 : left->entry > right->entry;
}

/* The time of the first event that has one; a buffer without comes last. */
static uint64_t first_time(struct ew_etl_cursor cursor)
{
    struct ew_event unused;
    while (ew_etl_cursor_peek(&cursor) == EW_ETL_PEEK_EVENT) {
        if (!cursor.timeless) {
            return cursor.time_raw;
        }
        (void)ew_etl_cursor_take(&cursor, &unused);
    }
    return UINT64_MAX;
}

static enum ew_status date_entries(struct ew_recording *recording, struct ew_etl_stream *stream,
                                   struct dated_entry *dated, struct ew_error *error)
{
    size_t count = (size_t)(stream->end - stream->next);
    for (size_t i = 0; i < count; i++) {
        enum ew_status status =
            ew_etl_stream_read(recording, stream, stream->next[i], false, error);
        if (status != EW_OK && status != EW_NOT_FOUND) {
            return status;
        }
        dated[i].entry = stream->next[i];
        dated[i].time_raw = status == EW_OK ? first_time(stream->place.cursor) : UINT64_MAX;
    }
    qsort(dated, count, sizeof *dated, compare_dates);
    for (size_t i = 0; i < count; i++) {
        stream->next[i] = dated[i].entry;
    }
    return EW_OK;
}

static enum ew_status unwrap_stream(struct ew_recording *recording, struct ew_etl_stream *stream,
                                    struct ew_error *error)
{
    size_t count = (size_t)(stream->end - stream->next);
    struct dated_entry *dated = malloc(count * sizeof *dated);
    if (dated == NULL) {
        return ew_fail(error, EW_NO_MEMORY, "%s: no memory to sort its buffers",
                       recording->files[stream->place.cursor.file].path);
    }
    enum ew_status status = date_entries(recording, stream, dated, error);
    free(dated);
    free(stream->bytes);
    stream->bytes = NULL;
    stream->place.cursor.at = NULL;
    stream->place.cursor.end = NULL;
    return status;
}

/*
 * When a circular file is full, its newest buffers lie over the oldest ones, so that
 * the order of the file is that of time only up to the wrap.
 */
enum ew_status ew_etl_merge_unwrap(struct ew_recording *recording, struct ew_error *error)
{
    struct ew_etl_merge *merge = &recording->merge;
    for (size_t i = 0; i < merge->stream_count; i++) {
        struct ew_etl_stream *stream = &merge->streams[i];
        const struct ew_etl_file *file = &recording->files[stream->place.cursor.file];
        enum ew_status status = EW_OK;
        if ((file->facts.log_file_mode & EW_ETL_MODE_CIRCULAR) != 0) {
            status = unwrap_stream(recording, stream, error);
        }
        if (status != EW_OK) {
            return status;
        }
    }
    return EW_OK;
}
