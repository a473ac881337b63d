/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The index of EW_ORDER_TIME: every buffer's offset, 48 bits, with its CPU in the 16
 * bits above. Sorted as plain numbers the entries are grouped by CPU, each group in the
 * order of the file; a group is a stream.
 */
#include "capture/etl/reader.h"
#include "capture/etl/xpress_decompress.h"

#include <stdlib.h>

#define OFFSET_BITS 48
#define OFFSET_END (UINT64_C(1) << OFFSET_BITS)

enum { ENTRIES_FIRST = 256 };

struct indexing {
    struct ew_recording *recording;
    size_t file;
    uint64_t *entries;
    size_t entry_count;
    size_t entry_capacity;
    uint32_t records_max[EW_CPUS_MAX]; /* of one buffer, by CPU */
};

static enum ew_status out_of_memory(const struct indexing *indexing, struct ew_error *error)
{
    return ew_fail(error, EW_NO_MEMORY, "%s: no memory to index its buffers",
                   indexing->recording->files[indexing->file].path);
}

static enum ew_status make_room(struct indexing *indexing, struct ew_error *error)
{
    if (indexing->entry_count < indexing->entry_capacity) {
        return EW_OK;
    }
    if (indexing->entry_count >= EW_BUFFERS_PER_FILE_MAX) {
        return ew_fail(error, EW_LIMIT, "%s: has more than %d buffers",
                       indexing->recording->files[indexing->file].path, EW_BUFFERS_PER_FILE_MAX);
    }
    size_t wanted = indexing->entry_capacity == 0 ? ENTRIES_FIRST : indexing->entry_capacity * 2;
    uint64_t *grown = realloc(indexing->entries, wanted * sizeof *grown);
    if (grown == NULL) {
        return out_of_memory(indexing, error);
    }
    indexing->entries = grown;
    indexing->entry_capacity = wanted;
    return EW_OK;
}

static enum ew_status add_buffer(struct indexing *indexing, uint64_t offset,
                                 const struct ew_etl_buffer *buffer, struct ew_error *error)
{
    enum ew_status status = make_room(indexing, error);
    if (status != EW_OK) {
        return status;
    }
    struct ew_etl_merge *merge = &indexing->recording->merge;
    uint32_t records = buffer->valid_bytes - EW_ETL_HEAD_BYTES;
    uint32_t *records_max = &indexing->records_max[buffer->cpu];
    *records_max = *records_max < records ? records : *records_max;
    if (buffer->compressed && merge->packed_capacity < buffer->size_bytes) {
        merge->packed_capacity = buffer->size_bytes;
    }
    indexing->entries[indexing->entry_count++] = (uint64_t)buffer->cpu << OFFSET_BITS | offset;
    return EW_OK;
}

static enum ew_status index_buffers(struct indexing *indexing, struct ew_error *error)
{
    struct ew_recording *recording = indexing->recording;
    const struct ew_etl_source *source = &recording->files[indexing->file].source;
    uint64_t offset = 0;
    for (;;) {
        uint8_t head[EW_ETL_HEAD_BYTES];
        struct ew_etl_buffer buffer;
        size_t got = 0;
        enum ew_status status =
            ew_etl_source_read(source, offset, head, sizeof head, &got, error);
        if (status != EW_OK) {
            return status;
        }
        enum ew_etl_verdict verdict =
            ew_etl_judge(recording, indexing->file, offset, head, got, &buffer);
        if (verdict == EW_ETL_BUFFER_LOST) {
            recording->counts.bytes_read += source->bytes - offset;
            return EW_OK;
        }
        if (verdict == EW_ETL_BUFFER_GOOD) {
            status = add_buffer(indexing, offset, &buffer, error);
            if (status != EW_OK) {
                return status;
            }
        } else {
            recording->counts.bytes_read += buffer.size_bytes;
        }
        offset += buffer.size_bytes;
    }
}

static int compare_entries(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a;
    uint64_t right = *(const uint64_t *)b;
    return left < right ? -1 : left > right;
}

static enum ew_status add_stream(struct indexing *indexing, uint64_t *first, uint64_t *end,
                                 struct ew_error *error)
{
    struct ew_recording *recording = indexing->recording;
    struct ew_etl_merge *merge = &recording->merge;
    struct ew_etl_stream *grown =
        realloc(merge->streams, (merge->stream_count + 1) * sizeof *grown);
    if (grown == NULL) {
        return out_of_memory(indexing, error);
    }
    merge->streams = grown;
    struct ew_etl_stream stream = {.next = first, .end = end};
    uint16_t cpu = (uint16_t)(*first >> OFFSET_BITS);
    stream.capacity = indexing->records_max[cpu];
    stream.place.cursor.cpu = cpu;
    stream.place.cursor.file = (uint16_t)indexing->file;
    stream.place.cursor.time_raw = recording->files[indexing->file].facts.header_time_raw;
    merge->streams[merge->stream_count++] = stream;
    return EW_OK;
}

static enum ew_status make_streams(struct indexing *indexing, struct ew_error *error)
{
    uint64_t *at = indexing->entries;
    uint64_t *end = at + indexing->entry_count;
    qsort(at, indexing->entry_count, sizeof *at, compare_entries);
    while (at < end) {
        uint64_t *first = at;
        while (at < end && *at >> OFFSET_BITS == *first >> OFFSET_BITS) {
            at++;
        }
        enum ew_status status = add_stream(indexing, first, at, error);
        if (status != EW_OK) {
            return status;
        }
    }
    return EW_OK;
}

static enum ew_status index_file(struct ew_recording *recording, size_t file,
                                 struct ew_error *error)
{
    const struct ew_etl_file *facts = &recording->files[file];
    if (facts->source.bytes >= OFFSET_END) {
        return ew_fail(error, EW_LIMIT, "%s: is too large to be indexed", facts->path);
    }
    struct indexing *indexing = calloc(1, sizeof *indexing);
    if (indexing == NULL) {
        return ew_fail(error, EW_NO_MEMORY, "%s: no memory to index its buffers", facts->path);
    }
    indexing->recording = recording;
    indexing->file = file;
    enum ew_status status = index_buffers(indexing, error);
    if (status == EW_OK) {
        status = make_streams(indexing, error);
    }
    recording->merge.index[file] = indexing->entries;
    free(indexing);
    return status;
}

/* All streams may hold a buffer at the same time, and one more is on its way. */
static enum ew_status check_memory(const struct ew_recording *recording, struct ew_error *error)
{
    const struct ew_etl_merge *merge = &recording->merge;
    uint64_t needed = merge->packed_capacity;
    for (size_t i = 0; i < merge->stream_count; i++) {
        needed += merge->streams[i].capacity + (uint64_t)EW_XPRESS_SLACK_BYTES;
    }
    if (needed > EW_STREAM_BYTES_MAX) {
        return ew_fail(error, EW_LIMIT,
                       "%s: merging %zu streams by time needs %llu bytes of buffers, at most %d "
                       "are used",
                       recording->files[0].path, merge->stream_count, (unsigned long long)needed,
                       EW_STREAM_BYTES_MAX);
    }
    return EW_OK;
}

/* Ticks of one machine, of one boot and of one kind need no conversion to be compared;
 * files that do not tell their boot could be of different ones. */
static bool clocks_agree(const struct ew_recording *recording)
{
    if (recording->file_count == 1) {
        return true;
    }
    uint64_t boot_first = UINT64_MAX;
    uint64_t boot_last = 0;
    for (size_t i = 0; i < recording->file_count; i++) {
        const struct ew_recording_file *facts = &recording->files[i].facts;
        const struct ew_recording_file *first = &recording->files[0].facts;
        if (facts->clock != first->clock || facts->clock_frequency != first->clock_frequency) {
            return false;
        }
        boot_first = facts->boot_time < boot_first ? facts->boot_time : boot_first;
        boot_last = facts->boot_time > boot_last ? facts->boot_time : boot_last;
    }
    return boot_first != 0 && boot_last - boot_first <= 10000000;
}

enum ew_status ew_etl_merge_open(struct ew_recording *recording, struct ew_error *error)
{
    struct ew_etl_merge *merge = &recording->merge;
    for (size_t file = 0; file < recording->file_count; file++) {
        enum ew_status status = index_file(recording, file, error);
        if (status != EW_OK) {
            return status;
        }
    }
    enum ew_status status = check_memory(recording, error);
    if (status != EW_OK) {
        return status;
    }
    merge->common_clock = clocks_agree(recording);
    merge->heap = calloc(merge->stream_count, sizeof *merge->heap);
    merge->packed = merge->packed_capacity == 0 ? NULL : malloc(merge->packed_capacity);
    if (merge->heap == NULL || (merge->packed == NULL && merge->packed_capacity != 0)) {
        return ew_fail(error, EW_NO_MEMORY, "%s: no memory to merge its streams",
                       recording->files[0].path);
    }
    return ew_etl_merge_unwrap(recording, error);
}
