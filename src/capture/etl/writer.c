/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The `.etl` writer: one buffer a CPU, written when full, after the HEADER buffer
 * (reference etl-format.md 1, 2 and 5).
 */
#include "base/cursor.h"
#include "capture/etl/header_event.h"
#include "capture/etl/xpress_compress.h"
#include "etwitness/etl_writer.h"
#include "etwitness/limits.h"
#include "platform/file.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
    BUFFER_HEADER_BYTES = 0x48,
    BUFFER_BYTES_MIN = 1024,
    BUFFER_STATE_XPRESS = 3, /* COMPRESSION_FORMAT_XPRESS */
    FLAG_PROC_INDEX = 0x20,
    FLAG_COMPRESSED = 0x40,
    TYPE_GENERIC = 0,
    TYPE_HEADER = 4,
    FILL = 0xff,
    HEADER_STRIDE = 0x200, /* of the HEADER buffer in compressed files */
    LOGGER_ID = 1,
};

struct stream {
    uint8_t *bytes;    /* NULL until the first record */
    uint64_t time_raw; /* of its last record */
    uint32_t used;     /* with the buffer header */
    uint16_t flags;    /* enum ew_etl_loss */
};

struct ew_etl_writer {
    struct ew_file *file;
    struct ew_etl_writer_options options;
    struct stream *streams;
    uint8_t *packed; /* a buffer on its way out */
    struct ew_xpress_table *table;
    uint64_t file_bytes;
    uint64_t buffers_written_at; /* file offset of the number to be corrected */
    uint32_t buffers_written;
    bool failed; /* a write failed: nothing more is written */
};

/* BufferSize, SavedOffset, CurrentOffset, ReferenceCount, TimeStamp 8, SequenceNumber 8,
 * clock 8, ProcessorIndex 2, LoggerId 2, State, Offset, BufferFlag 2, BufferType 2 */
static void write_buffer_header(const struct ew_etl_writer *writer, uint8_t *out, uint16_t cpu,
                                uint32_t used)
{
    memset(out, 0, BUFFER_HEADER_BYTES);
    ew_store_u32(out + 0x00, writer->options.buffer_bytes);
    ew_store_u32(out + 0x04, used);
    ew_store_u32(out + 0x08, used);
    ew_store_u64(out + 0x18, writer->buffers_written);
    ew_store_u16(out + 0x28, cpu);
    ew_store_u16(out + 0x2a, LOGGER_ID);
    ew_store_u32(out + 0x2c, BUFFER_STATE_XPRESS);
    ew_store_u32(out + 0x30, used);
    ew_store_u16(out + 0x34, FLAG_PROC_INDEX);
    ew_store_u16(out + 0x36, TYPE_GENERIC);
}

static enum ew_status write_bytes(struct ew_etl_writer *writer, const uint8_t *bytes,
                                  uint32_t byte_count, struct ew_error *error)
{
    enum ew_status status =
        ew_file_write_at(writer->file, writer->file_bytes, bytes, byte_count, error);
    if (status != EW_OK) {
        writer->failed = true;
        return status;
    }
    writer->file_bytes += byte_count;
    writer->buffers_written++;
    return EW_OK;
}

/* The compressed form of a buffer in `packed`; 0 when it would not be smaller. */
static uint32_t pack(struct ew_etl_writer *writer, const struct stream *stream)
{
    uint32_t raw_bytes = stream->used - BUFFER_HEADER_BYTES;
    size_t packed_bytes =
        ew_xpress_compress(stream->bytes + BUFFER_HEADER_BYTES, raw_bytes,
                           writer->packed + BUFFER_HEADER_BYTES, raw_bytes, writer->table);
    if (packed_bytes == 0) {
        return 0;
    }
    uint32_t size = BUFFER_HEADER_BYTES + (uint32_t)packed_bytes;
    memcpy(writer->packed, stream->bytes, BUFFER_HEADER_BYTES);
    ew_store_u32(writer->packed, size);
    ew_store_u16(writer->packed + 0x34,
                 (uint16_t)(ew_load_u16(stream->bytes + 0x34) | FLAG_COMPRESSED));
    return size;
}

/* Writes the buffer in progress of a CPU and empties it. */
static enum ew_status flush(struct ew_etl_writer *writer, uint16_t cpu, struct ew_error *error)
{
    struct stream *stream = &writer->streams[cpu];
    if (stream->used == BUFFER_HEADER_BYTES) {
        return EW_OK;
    }
    write_buffer_header(writer, stream->bytes, cpu, stream->used);
    ew_store_u64(stream->bytes + 0x10, stream->time_raw);
    ew_store_u16(stream->bytes + 0x34, (uint16_t)(FLAG_PROC_INDEX | stream->flags));
    uint32_t packed_bytes = writer->options.compressed ? pack(writer, stream) : 0;
    enum ew_status status;
    if (packed_bytes != 0) {
        status = write_bytes(writer, writer->packed, packed_bytes, error);
    } else {
        memset(stream->bytes + stream->used, FILL, writer->options.buffer_bytes - stream->used);
        status = write_bytes(writer, stream->bytes, writer->options.buffer_bytes, error);
    }
    stream->used = BUFFER_HEADER_BYTES;
    stream->flags = 0;
    return status;
}

/* Writes the HEADER buffer around the header event, which is corrected on the way. */
static enum ew_status write_header_buffer(struct ew_etl_writer *writer, uint16_t cpu,
                                          const uint8_t *record, uint32_t record_bytes,
                                          struct ew_error *error)
{
    uint32_t used = BUFFER_HEADER_BYTES + ((record_bytes + 7) & ~UINT32_C(7));
    uint32_t stride = writer->options.buffer_bytes;
    if (record_bytes > stride || used > stride) {
        return ew_fail(error, EW_LIMIT, "the header event of %u bytes does not fit into a buffer",
                       (unsigned)record_bytes);
    }
    if (writer->options.compressed && used <= stride - HEADER_STRIDE) {
        stride = (used + HEADER_STRIDE - 1) / HEADER_STRIDE * HEADER_STRIDE;
    }
    memset(writer->packed, FILL, stride);
    write_buffer_header(writer, writer->packed, cpu, used);
    ew_store_u32(writer->packed, stride);
    ew_store_u16(writer->packed + 0x36, TYPE_HEADER);
    memset(writer->packed + BUFFER_HEADER_BYTES, 0, used - BUFFER_HEADER_BYTES);
    memcpy(writer->packed + BUFFER_HEADER_BYTES, record, record_bytes);
    uint32_t number_at = ew_header_event_correct(writer->packed + BUFFER_HEADER_BYTES,
                                                 record_bytes, &writer->options);
    if (number_at == 0) {
        return ew_fail(error, EW_FORMAT, "the first record of a file has to be a header event");
    }
    writer->buffers_written_at = BUFFER_HEADER_BYTES + number_at;
    return write_bytes(writer, writer->packed, stride, error);
}

static enum ew_status check_options(const struct ew_etl_writer_options *options,
                                    struct ew_error *error)
{
    if (options->buffer_bytes < BUFFER_BYTES_MIN || options->buffer_bytes > EW_BUFFER_BYTES_MAX
        || options->buffer_bytes % 8 != 0) {
        return ew_fail(error, EW_LIMIT,
                       "buffers of %u bytes: %d .. %d and a multiple of 8 it must be",
                       (unsigned)options->buffer_bytes, BUFFER_BYTES_MIN, EW_BUFFER_BYTES_MAX);
    }
    if (options->cpu_count == 0 || options->cpu_count > EW_CPUS_MAX
        || options->cpu_count > EW_STREAM_BYTES_MAX / options->buffer_bytes) {
        return ew_fail(error, EW_LIMIT,
                       "%u CPUs with buffers of %u bytes are more than is written",
                       (unsigned)options->cpu_count, (unsigned)options->buffer_bytes);
    }
    return EW_OK;
}

static void release(struct ew_etl_writer *writer)
{
    for (uint32_t cpu = 0; writer->streams != NULL && cpu < writer->options.cpu_count; cpu++) {
        free(writer->streams[cpu].bytes);
    }
    free(writer->streams);
    free(writer->packed);
    free(writer->table);
    ew_file_close(writer->file);
    free(writer);
}

static struct ew_etl_writer *allocate(const struct ew_etl_writer_options *options)
{
    struct ew_etl_writer *writer = calloc(1, sizeof *writer);
    if (writer == NULL) {
        return NULL;
    }
    writer->options = *options;
    writer->streams = calloc(options->cpu_count, sizeof *writer->streams);
    writer->packed = malloc(options->buffer_bytes);
    writer->table = options->compressed ? malloc(sizeof *writer->table) : NULL;
    if (writer->streams == NULL || writer->packed == NULL
        || (options->compressed && writer->table == NULL)) {
        release(writer);
        return NULL;
    }
    return writer;
}

enum ew_status ew_etl_writer_open(const char *path, const struct ew_etl_writer_options *options,
                                  const struct ew_etl_header *header,
                                  struct ew_etl_writer **writer_out, struct ew_error *error)
{
    enum ew_status status = check_options(options, error);
    if (status != EW_OK) {
        return status;
    }
    struct ew_etl_writer *writer = allocate(options);
    if (writer == NULL) {
        return ew_fail(error, EW_NO_MEMORY, "%s: no memory to write it", path);
    }
    status = ew_file_create(path, true, &writer->file, error);
    if (status == EW_OK && header != NULL) {
        uint8_t record[EW_HEADER_EVENT_BYTES_MAX];
        uint32_t record_bytes = ew_header_event_build(header, options, record);
        status = record_bytes == 0
                     ? ew_fail(error, EW_LIMIT, "%s: its logger or file name is too long", path)
                     : write_header_buffer(writer, 0, record, record_bytes, error);
    }
    if (status != EW_OK) {
        release(writer);
        return status;
    }
    *writer_out = writer;
    return EW_OK;
}

/* Makes room for a record in the buffer of a CPU. */
static enum ew_status reserve(struct ew_etl_writer *writer, uint16_t cpu, uint32_t record_bytes,
                              struct ew_error *error)
{
    struct stream *stream = &writer->streams[cpu];
    if (record_bytes > writer->options.buffer_bytes - BUFFER_HEADER_BYTES) {
        return ew_fail(error, EW_LIMIT, "a record of %u bytes does not fit into a buffer of %u",
                       (unsigned)record_bytes, (unsigned)writer->options.buffer_bytes);
    }
    if (stream->bytes == NULL) {
        stream->bytes = malloc(writer->options.buffer_bytes);
        if (stream->bytes == NULL) {
            return ew_fail(error, EW_NO_MEMORY, "no memory for the buffer of CPU %u", cpu);
        }
        stream->used = BUFFER_HEADER_BYTES;
    }
    if (record_bytes > writer->options.buffer_bytes - stream->used) {
        return flush(writer, cpu, error);
    }
    return EW_OK;
}

enum ew_status ew_etl_writer_put(struct ew_etl_writer *writer, uint16_t cpu,
                                 const uint8_t *record, uint32_t record_bytes,
                                 struct ew_error *error)
{
    if (writer->failed) {
        return ew_fail(error, EW_IO, "the recording cannot be written since an earlier failure");
    }
    if (cpu >= writer->options.cpu_count || record_bytes == 0
        || ew_record_size(record, record_bytes) != record_bytes) {
        return ew_fail(
            error, EW_FORMAT, "a record of %u bytes for CPU %u of %u is not well formed",
            (unsigned)record_bytes, (unsigned)cpu, (unsigned)writer->options.cpu_count);
    }
    if (writer->buffers_written == 0) {
        return write_header_buffer(writer, cpu, record, record_bytes, error);
    }
    enum ew_status status = reserve(writer, cpu, record_bytes, error);
    if (status != EW_OK) {
        return status;
    }
    struct stream *stream = &writer->streams[cpu];
    uint32_t padding = -record_bytes & 7;
    memcpy(stream->bytes + stream->used, record, record_bytes);
    memset(stream->bytes + stream->used + record_bytes, 0, padding);
    stream->used += record_bytes + padding;
    stream->time_raw = ew_record_time(record, record_bytes);
    assert(stream->used <= writer->options.buffer_bytes);
    return EW_OK;
}

void ew_etl_writer_mark_lost(struct ew_etl_writer *writer, uint16_t cpu, enum ew_etl_loss loss)
{
    if (cpu < writer->options.cpu_count) {
        struct stream *stream = &writer->streams[cpu];
        stream->flags = (uint16_t)(stream->flags | loss);
    }
}

static enum ew_status finish(struct ew_etl_writer *writer, struct ew_error *error)
{
    if (writer->failed) {
        return ew_fail(error, EW_IO, "the recording was not written whole");
    }
    if (writer->buffers_written == 0) {
        return ew_fail(error, EW_FORMAT, "a recording without a header event");
    }
    for (uint32_t cpu = 0; cpu < writer->options.cpu_count; cpu++) {
        if (writer->streams[cpu].bytes != NULL) {
            enum ew_status status = flush(writer, (uint16_t)cpu, error);
            if (status != EW_OK) {
                return status;
            }
        }
    }
    uint8_t number[4];
    ew_store_u32(number, writer->buffers_written);
    return ew_file_write_at(writer->file, writer->buffers_written_at, number, sizeof number,
                            error);
}

enum ew_status ew_etl_writer_close(struct ew_etl_writer *writer, struct ew_error *error)
{
    if (writer == NULL) {
        return EW_OK;
    }
    enum ew_status status = finish(writer, error);
    release(writer);
    return status;
}
