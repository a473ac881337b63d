/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The least that reading a recording can cost: read the file, decompress its buffers,
 * look at the head of every record. It trusts the file, and so is a floor to compare
 * the reader with, not a reader.
 */
#include "bench/floor.h"

#include "base/cursor.h"
#include "capture/etl/xpress_decompress.h"
#include "etwitness/limits.h"
#include "platform/file.h"

#include <stdio.h>
#include <stdlib.h>

enum { BUFFER_HEAD_BYTES = 0x48, FLAG_COMPRESSED = 0x40, FLAGS_EVENT = 0xc0 };

/* As much of the file as stays in a cache; no buffer of a benchmark is larger. */
enum { WINDOW_BYTES = 1024 * 1024 };

/* Types 1 to 4, 16 and 17 hold their size at 4, the others and messages at 0; 16 and 17
 * their time at 8, the others at 0x10 (reference etl-format.md 3). */
static void visit_records(const uint8_t *at, const uint8_t *end, struct bench_tally *tally)
{
    while (at < end) {
        unsigned type = at[2];
        bool perfinfo = type == 16 || type == 17;
        bool kernel = perfinfo || (type <= 4 && at[3] == FLAGS_EVENT);
        unsigned size = ew_load_u16(kernel ? at + 4 : at);
        tally->checksum += ew_load_u64(perfinfo ? at + 8 : at + 16);
        tally->events++;
        at += (size + 7) & ~7u;
    }
}

/* Visits one buffer; false when it is none. */
static bool visit_buffer(const uint8_t *buffer, uint32_t size, uint8_t *scratch,
                         struct bench_tally *tally)
{
    const uint8_t *records = buffer + BUFFER_HEAD_BYTES;
    uint32_t valid = ew_load_u32(buffer + 0x30);
    if (valid < BUFFER_HEAD_BYTES || valid > EW_BUFFER_BYTES_MAX) {
        return false;
    }
    if ((ew_load_u16(buffer + 0x34) & FLAG_COMPRESSED) != 0) {
        if (ew_xpress_decompress(records, size - BUFFER_HEAD_BYTES, scratch,
                                 valid - BUFFER_HEAD_BYTES)
            != EW_OK) {
            return false;
        }
        records = scratch;
    }
    visit_records(records, records + (valid - BUFFER_HEAD_BYTES), tally);
    tally->bytes += valid;
    return true;
}

/* Visits the whole buffers of a window; `used_out` says how far they reach. */
static bool visit_window(const uint8_t *window, size_t byte_count, uint8_t *scratch,
                         size_t *used_out, struct bench_tally *tally)
{
    size_t at = 0;
    while (byte_count - at >= BUFFER_HEAD_BYTES) {
        uint32_t size = ew_load_u32(window + at);
        if (size < BUFFER_HEAD_BYTES) {
            return false;
        }
        if (size > byte_count - at) {
            break;
        }
        if (!visit_buffer(window + at, size, scratch, tally)) {
            return false;
        }
        at += size;
    }
    *used_out = at;
    return true;
}

static bool visit_file(struct ew_file *file, uint8_t *window, uint8_t *scratch,
                       struct bench_tally *tally, struct ew_error *error)
{
    uint64_t offset = 0;
    size_t used = 0;
    do {
        size_t got = 0;
        if (ew_file_read_at(file, offset, window, WINDOW_BYTES, &got, error) != EW_OK) {
            return false;
        }
        if (!visit_window(window, got, scratch, &used, tally)) {
            (void)ew_fail(error, EW_FORMAT, "offset %llu: a buffer that the floor cannot read",
                          (unsigned long long)offset);
            return false;
        }
        offset += used;
    } while (used != 0);
    return true;
}

bool bench_floor_run(const char *path, struct bench_tally *tally)
{
    struct ew_error error = {0};
    struct ew_file *file = NULL;
    uint8_t *window = malloc(WINDOW_BYTES);
    uint8_t *scratch = malloc((size_t)EW_BUFFER_BYTES_MAX + EW_XPRESS_SLACK_BYTES);
    bool good = window != NULL && scratch != NULL && ew_file_open(path, &file, &error) == EW_OK
                && visit_file(file, window, scratch, tally, &error);
    if (!good) {
        (void)fprintf(stderr, "bench: %s: %s\n", path, error.text);
    }
    ew_file_close(file);
    free(scratch);
    free(window);
    return good;
}

static int compare_values(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a;
    uint64_t right = *(const uint64_t *)b;
    return left < right ? -1 : left > right;
}

uint64_t bench_median(uint64_t *values, size_t count)
{
    qsort(values, count, sizeof *values, compare_values);
    return values[count / 2];
}
