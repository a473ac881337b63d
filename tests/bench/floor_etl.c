/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The least that reading a recording can cost: read the file, decompress its buffers,
 * look at the head of every record. It trusts the file, and so is a floor to compare
 * the reader with, not a reader.
 */
#include "base/cursor.h"
#include "capture/etl/xpress_decompress.h"
#include "etwitness/limits.h"
#include "platform/clock.h"
#include "platform/file.h"

#include <stdio.h>
#include <stdlib.h>

enum { BUFFER_HEAD_BYTES = 0x48, FLAG_COMPRESSED = 0x40, FLAGS_EVENT = 0xc0 };

struct floor_totals {
    uint64_t events;
    uint64_t bytes; /* of buffers, decompressed */
    uint64_t times; /* a sum that keeps the compiler from dropping the visit */
};

/* Types 1 to 4, 16 and 17 hold their size at 4, the others and messages at 0; 16 and 17
 * their time at 8, the others at 0x10 (reference etl-format.md 3). */
static void visit_records(const uint8_t *at, const uint8_t *end, struct floor_totals *totals)
{
    while (at < end) {
        unsigned type = at[2];
        bool perfinfo = type == 16 || type == 17;
        bool kernel = perfinfo || (type <= 4 && at[3] == FLAGS_EVENT);
        unsigned size = ew_load_u16(kernel ? at + 4 : at);
        totals->times += ew_load_u64(perfinfo ? at + 8 : at + 16);
        totals->events++;
        at += (size + 7) & ~7u;
    }
}

static bool visit_file(const uint8_t *bytes, size_t byte_count, uint8_t *scratch,
                       struct floor_totals *totals)
{
    for (size_t at = 0; byte_count - at >= BUFFER_HEAD_BYTES;) {
        uint32_t size = ew_load_u32(bytes + at);
        uint32_t valid = ew_load_u32(bytes + at + 0x30);
        const uint8_t *records = bytes + at + BUFFER_HEAD_BYTES;
        if (size < BUFFER_HEAD_BYTES || size > byte_count - at || valid < BUFFER_HEAD_BYTES
            || valid > EW_BUFFER_BYTES_MAX) {
            return false;
        }
        if ((ew_load_u16(bytes + at + 0x34) & FLAG_COMPRESSED) != 0) {
            if (ew_xpress_decompress(records, size - BUFFER_HEAD_BYTES, scratch,
                                     valid - BUFFER_HEAD_BYTES)
                != EW_OK) {
                return false;
            }
            records = scratch;
        }
        visit_records(records, records + (valid - BUFFER_HEAD_BYTES), totals);
        totals->bytes += valid;
        at += size;
    }
    return true;
}

static bool run_once(struct ew_file *file, uint8_t *bytes, uint64_t byte_count, uint8_t *scratch,
                     struct floor_totals *totals)
{
    struct ew_error error = {0};
    size_t got = 0;
    if (ew_file_read_at(file, 0, bytes, (size_t)byte_count, &got, &error) != EW_OK) {
        (void)fprintf(stderr, "bench_floor: %s\n", error.text);
        return false;
    }
    return visit_file(bytes, got, scratch, totals);
}

static int measure(struct ew_file *file, uint64_t byte_count, unsigned repeats)
{
    uint8_t *bytes = malloc((size_t)byte_count + 1);
    uint8_t *scratch = malloc((size_t)EW_BUFFER_BYTES_MAX + EW_XPRESS_SLACK_BYTES);
    uint64_t best_ns = UINT64_MAX;
    struct floor_totals totals = {0};
    bool good = bytes != NULL && scratch != NULL;
    for (unsigned i = 0; good && i < repeats; i++) {
        struct floor_totals fresh = {0};
        uint64_t begun_ns = ew_clock_monotonic_ns();
        good = run_once(file, bytes, byte_count, scratch, &fresh);
        uint64_t taken_ns = ew_clock_monotonic_ns() - begun_ns;
        best_ns = taken_ns < best_ns ? taken_ns : best_ns;
        totals = fresh;
    }
    if (good) {
        (void)printf("events %llu bytes %llu ns %llu times %llu\n",
                     (unsigned long long)totals.events, (unsigned long long)totals.bytes,
                     (unsigned long long)best_ns, (unsigned long long)totals.times);
    }
    free(scratch);
    free(bytes);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    struct ew_error error = {0};
    struct ew_file *file = NULL;
    uint64_t byte_count = 0;
    long repeats = argc > 2 ? strtol(argv[2], NULL, 10) : 1;
    if (argc < 2 || repeats < 1) {
        (void)fputs("usage: bench_floor FILE [REPEATS]; prints the fastest repeat\n", stderr);
        return EXIT_FAILURE;
    }
    if (ew_file_open(argv[1], &file, &error) != EW_OK
        || ew_file_size(file, &byte_count, &error) != EW_OK) {
        (void)fprintf(stderr, "bench_floor: %s\n", error.text);
        ew_file_close(file);
        return EXIT_FAILURE;
    }
    int result = measure(file, byte_count, (unsigned)repeats);
    ew_file_close(file);
    return result;
}
