/* SPDX-License-Identifier: Apache-2.0 */
/* Recordings: opening files as one, in an order that is theirs, and giving out events. */
#include "capture/etl/reader.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static int compare_u64(uint64_t a, uint64_t b)
{
    return a < b ? -1 : a > b;
}

/* Files by what is in them: their names and the order of arguments do not count. */
static int compare_files(const void *a, const void *b)
{
    const struct ew_etl_file *left = a;
    const struct ew_etl_file *right = b;
    int order = compare_u64(left->facts.start_time, right->facts.start_time);
    if (order == 0) {
        order = compare_u64(left->facts.header_time_raw, right->facts.header_time_raw);
    }
    if (order == 0) {
        order = compare_u64(left->source.bytes, right->source.bytes);
    }
    return order != 0 ? order : compare_u64(left->first_hash, right->first_hash);
}

static enum ew_status rank_files(struct ew_recording *recording, struct ew_error *error)
{
    qsort(recording->files, recording->file_count, sizeof *recording->files, compare_files);
    for (size_t i = 0; i + 1 < recording->file_count; i++) {
        const struct ew_etl_file *file = &recording->files[i];
        if (compare_files(file, file + 1) == 0) {
            return ew_fail(error, EW_USAGE, "%s and %s: are the same recording, given twice",
                           file->path, file[1].path);
        }
    }
    return EW_OK;
}

static enum ew_status open_files(struct ew_recording *recording,
                                 const struct ew_etl_input *inputs, size_t input_count,
                                 struct ew_error *error)
{
    for (size_t i = 0; i < input_count; i++) {
        struct ew_etl_file *file = &recording->files[i];
        enum ew_status status = ew_etl_file_open(&inputs[i], file, error);
        if (status != EW_OK) {
            return status;
        }
        recording->file_count++;
        recording->counts.bytes_total += file->source.bytes;
    }
    enum ew_status status = rank_files(recording, error);
    if (status == EW_OK && recording->order == EW_ORDER_TIME) {
        status = ew_etl_merge_open(recording, error);
    }
    return status;
}

enum ew_status ew_recording_open_inputs(const struct ew_etl_input *inputs, size_t input_count,
                                        enum ew_order order, struct ew_recording **recording_out,
                                        struct ew_error *error)
{
    if (input_count == 0) {
        return ew_fail(error, EW_USAGE, "a recording needs at least one file");
    }
    if (input_count > EW_FILES_MAX) {
        return ew_fail(error, EW_LIMIT, "%zu files: at most %d are read as one recording",
                       input_count, EW_FILES_MAX);
    }
    struct ew_recording *recording = calloc(1, sizeof *recording);
    struct ew_etl_file *files = calloc(input_count, sizeof *files);
    if (recording == NULL || files == NULL) {
        free(files);
        free(recording);
        return ew_fail(error, EW_NO_MEMORY, "no memory to open a recording");
    }
    recording->files = files;
    recording->order = order;
    enum ew_status status = open_files(recording, inputs, input_count, error);
    if (status != EW_OK) {
        ew_recording_close(recording);
        return status;
    }
    recording->walk.place.cursor.time_raw = files[0].facts.header_time_raw;
    *recording_out = recording;
    return EW_OK;
}

enum ew_status ew_recording_open(const char *const *paths, size_t path_count, enum ew_order order,
                                 struct ew_recording **recording_out, struct ew_error *error)
{
    struct ew_etl_input inputs[EW_FILES_MAX] = {{0}};
    for (size_t i = 0; i < path_count && i < EW_FILES_MAX; i++) {
        inputs[i].path = paths[i];
    }
    return ew_recording_open_inputs(inputs, path_count, order, recording_out, error);
}

void ew_recording_close(struct ew_recording *recording)
{
    if (recording == NULL) {
        return;
    }
    for (size_t i = 0; i < recording->file_count; i++) {
        ew_etl_file_close(&recording->files[i]);
    }
    ew_etl_walk_free(&recording->walk);
    ew_etl_merge_free(&recording->merge);
    free(recording->files);
    free(recording);
}

enum ew_status ew_recording_next(struct ew_recording *recording, struct ew_event *event_out,
                                 struct ew_error *error)
{
    if (recording->order == EW_ORDER_TIME) {
        return ew_etl_merge_next(recording, event_out, error);
    }
    for (;;) {
        enum ew_etl_next next = ew_etl_cursor_next(&recording->walk.place.cursor, event_out);
        if (next == EW_ETL_NEXT_EVENT) {
            return EW_OK;
        }
        enum ew_status status = ew_etl_walk_on(recording, next, error);
        if (status != EW_OK) {
            return status;
        }
    }
}

size_t ew_recording_file_count(const struct ew_recording *recording)
{
    return recording->file_count;
}

const struct ew_recording_file *ew_recording_file(const struct ew_recording *recording,
                                                  size_t index)
{
    assert(index < recording->file_count);
    return &recording->files[index].facts;
}

const struct ew_recording_damage *ew_recording_damage(const struct ew_recording *recording)
{
    return &recording->damage;
}

struct ew_recording_counts ew_recording_counts(const struct ew_recording *recording)
{
    return recording->counts;
}

uint64_t ew_recording_time(const struct ew_recording *recording, size_t index, uint64_t time_raw)
{
    assert(index < recording->file_count);
    return ew_etl_clock_filetime(&recording->files[index].clock, time_raw);
}
