/* SPDX-License-Identifier: Apache-2.0 */
/*
 * EW_ORDER_FILE: buffer after buffer, file after file. A window of the file is read at
 * once; plain buffers are read in place, compressed ones are unpacked beside it.
 */
#include "capture/etl/reader.h"
#include "capture/etl/xpress_decompress.h"

#include <stdlib.h>

/* Enough that a read costs little beside what is done with it, and little of a cache. */
enum { WINDOW_BYTES = 512 * 1024 };

static enum ew_status no_memory(const struct ew_recording *recording, size_t byte_count,
                                struct ew_error *error)
{
    return ew_fail(error, EW_NO_MEMORY, "%s: no memory for a buffer of %zu bytes",
                   recording->files[recording->walk.file].path, byte_count);
}

static enum ew_status grow(const struct ew_recording *recording, uint8_t **bytes,
                           size_t *capacity, size_t wanted, struct ew_error *error)
{
    if (wanted <= *capacity) {
        return EW_OK;
    }
    uint8_t *grown = malloc(wanted);
    if (grown == NULL) {
        return no_memory(recording, wanted, error);
    }
    free(*bytes);
    *bytes = grown;
    *capacity = wanted;
    return EW_OK;
}

/*
 * Lets the window hold the file from the walk's offset on, `wanted` bytes unless the
 * file ends; `count_out` says how many there are.
 */
static enum ew_status show(struct ew_recording *recording, size_t wanted,
                           const uint8_t **bytes_out, size_t *count_out, struct ew_error *error)
{
    struct ew_etl_walk *walk = &recording->walk;
    uint64_t into = walk->offset - walk->window_offset;
    if (walk->offset < walk->window_offset || into > walk->window_bytes
        || walk->window_bytes - into < wanted) {
        size_t capacity = wanted > WINDOW_BYTES ? wanted : WINDOW_BYTES;
        walk->window_bytes = 0;
        enum ew_status status =
            grow(recording, &walk->window, &walk->window_capacity, capacity, error);
        if (status == EW_OK) {
            status = ew_etl_source_read(&recording->files[walk->file].source, walk->offset,
                                        walk->window, walk->window_capacity, &walk->window_bytes,
                                        error);
        }
        if (status != EW_OK) {
            return status;
        }
        walk->window_offset = walk->offset;
        into = 0;
    }
    size_t count = walk->window_bytes - (size_t)into;
    *bytes_out = walk->window + into;
    *count_out = count < wanted ? count : wanted;
    return EW_OK;
}

/* The records of a whole buffer that lies at `bytes`: there, or unpacked. */
static enum ew_status open_buffer(struct ew_recording *recording, const uint8_t *bytes,
                                  const struct ew_etl_buffer *buffer, struct ew_error *error)
{
    struct ew_etl_walk *walk = &recording->walk;
    const uint8_t *records = bytes + EW_ETL_HEAD_BYTES;
    recording->counts.buffers++;
    if (buffer->compressed) {
        size_t unpacked_bytes = buffer->valid_bytes - EW_ETL_HEAD_BYTES;
        enum ew_status status = grow(recording, &walk->unpacked, &walk->unpacked_capacity,
                                     unpacked_bytes + EW_XPRESS_SLACK_BYTES, error);
        if (status != EW_OK) {
            return status;
        }
        recording->counts.buffers_compressed++;
        if (ew_xpress_decompress(records, buffer->size_bytes - EW_ETL_HEAD_BYTES, walk->unpacked,
                                 unpacked_bytes)
            != EW_OK) {
            ew_etl_damage_add(recording, walk->file, walk->offset, buffer->size_bytes,
                              "the buffer's compressed data is broken");
            return EW_OK;
        }
        records = walk->unpacked;
    }
    ew_etl_place_set(recording, &walk->place, walk->file, walk->offset, buffer, records);
    return EW_OK;
}

static void next_file(struct ew_recording *recording)
{
    struct ew_etl_walk *walk = &recording->walk;
    recording->counts.bytes_read += recording->files[walk->file].source.bytes - walk->offset;
    walk->file++;
    walk->offset = 0;
    walk->window_bytes = 0;
    walk->window_offset = 0;
}

/* Looks at the buffer at the walk's offset and steps behind it. */
static enum ew_status step(struct ew_recording *recording, struct ew_error *error)
{
    struct ew_etl_walk *walk = &recording->walk;
    struct ew_etl_buffer buffer;
    const uint8_t *bytes = NULL;
    size_t count = 0;
    enum ew_status status = show(recording, EW_ETL_HEAD_BYTES, &bytes, &count, error);
    if (status != EW_OK) {
        return status;
    }
    enum ew_etl_verdict verdict =
        ew_etl_judge(recording, walk->file, walk->offset, bytes, count, &buffer);
    if (verdict == EW_ETL_BUFFER_LOST) {
        next_file(recording);
        return EW_OK;
    }
    if (verdict == EW_ETL_BUFFER_GOOD) {
        status = show(recording, buffer.size_bytes, &bytes, &count, error);
        if (status != EW_OK) {
            return status;
        }
        if (count < buffer.size_bytes) {
            recording->damage.files_truncated++;
            ew_etl_damage_add(recording, walk->file, walk->offset, buffer.size_bytes,
                              "the file became shorter while it was read");
            next_file(recording);
            return EW_OK;
        }
        status = open_buffer(recording, bytes, &buffer, error);
    }
    walk->offset += buffer.size_bytes;
    recording->counts.bytes_read += buffer.size_bytes;
    return status;
}

enum ew_status ew_etl_walk_on(struct ew_recording *recording, enum ew_etl_next next,
                              struct ew_error *error)
{
    struct ew_etl_walk *walk = &recording->walk;
    struct ew_etl_cursor *cursor = &walk->place.cursor;
    if (next == EW_ETL_NEXT_REFUSED) {
        ew_etl_damage_record(recording, &walk->place);
        return EW_OK;
    }
    if (next == EW_ETL_NEXT_BROKEN) {
        ew_etl_damage_rest(recording, &walk->place);
    }
    cursor->at = cursor->end; /* the window may move now */
    recording->counts.records_skipped += cursor->skipped;
    cursor->skipped = 0;
    return walk->file == recording->file_count ? EW_END : step(recording, error);
}

void ew_etl_walk_free(struct ew_etl_walk *walk)
{
    free(walk->window);
    free(walk->unpacked);
}
