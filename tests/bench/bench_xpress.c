/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The decompressor alone: all compressed buffers of a recording, out of memory, beside
 * copying as many bytes with memcpy.
 *
 * usage: bench_xpress FILE [ROUNDS]
 *
 * Prints the bytes in and out and the medians of CPU time in ns: of decompression, of
 * the copy. All zero when the file holds no compressed buffer.
 */
#include "base/cursor.h"
#include "bench/floor.h"
#include "capture/etl/xpress_decompress.h"
#include "etwitness/limits.h"
#include "platform/clock.h"
#include "platform/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BUFFER_HEAD_BYTES = 0x48, FLAG_COMPRESSED = 0x40 };
enum { ROUNDS_MAX = 99, ROUNDS_DEFAULT = 9, FILE_BYTES_MAX = 1024 * 1024 * 1024 };

struct xpress_bench {
    const uint8_t *bytes;
    size_t byte_count;
    uint8_t *scratch;
    uint64_t bytes_in;
    uint64_t bytes_out;
};

/* Goes once over all compressed buffers, unpacking or copying; false when one is bad. */
static bool pass(struct xpress_bench *bench, bool unpack)
{
    bench->bytes_in = 0;
    bench->bytes_out = 0;
    for (size_t at = 0; bench->byte_count - at >= BUFFER_HEAD_BYTES;) {
        const uint8_t *buffer = bench->bytes + at;
        uint32_t size = ew_load_u32(buffer);
        uint32_t valid = ew_load_u32(buffer + 0x30);
        if (size < BUFFER_HEAD_BYTES || size > bench->byte_count - at || valid < BUFFER_HEAD_BYTES
            || valid > EW_BUFFER_BYTES_MAX) {
            return false;
        }
        at += size;
        if ((ew_load_u16(buffer + 0x34) & FLAG_COMPRESSED) == 0) {
            continue;
        }
        size_t in_bytes = size - BUFFER_HEAD_BYTES;
        size_t out_bytes = valid - BUFFER_HEAD_BYTES;
        bench->bytes_in += in_bytes;
        bench->bytes_out += out_bytes;
        if (!unpack) {
            memmove(bench->scratch, bench->scratch + EW_BUFFER_BYTES_MAX, out_bytes);
        } else if (ew_xpress_decompress(buffer + BUFFER_HEAD_BYTES, in_bytes, bench->scratch,
                                        out_bytes)
                   != EW_OK) {
            return false;
        }
    }
    return true;
}

static int measure(struct xpress_bench *bench, size_t rounds)
{
    uint64_t unpack_ns[ROUNDS_MAX];
    uint64_t copy_ns[ROUNDS_MAX];
    for (size_t i = 0; i < rounds; i++) {
        uint64_t begun_ns = ew_clock_cpu_ns();
        bool good = pass(bench, true);
        uint64_t between_ns = ew_clock_cpu_ns();
        if (!good || !pass(bench, false)) {
            (void)fputs("bench_xpress: a buffer cannot be decompressed\n", stderr);
            return EXIT_FAILURE;
        }
        unpack_ns[i] = between_ns - begun_ns;
        copy_ns[i] = ew_clock_cpu_ns() - between_ns;
    }
    if (bench->bytes_out == 0) {
        (void)puts("0 0 0 0");
        return EXIT_SUCCESS;
    }
    (void)printf("%llu %llu %llu %llu\n", (unsigned long long)bench->bytes_in,
                 (unsigned long long)bench->bytes_out,
                 (unsigned long long)bench_median(unpack_ns, rounds),
                 (unsigned long long)bench_median(copy_ns, rounds));
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    struct ew_error error = {0};
    char *bytes = NULL;
    size_t byte_count = 0;
    long rounds = argc > 2 ? strtol(argv[2], NULL, 10) : ROUNDS_DEFAULT;
    if (argc < 2 || rounds < 1 || rounds > ROUNDS_MAX) {
        (void)fputs("usage: bench_xpress FILE [ROUNDS]\n", stderr);
        return EXIT_FAILURE;
    }
    if (ew_file_read_all(argv[1], FILE_BYTES_MAX, &bytes, &byte_count, &error) != EW_OK) {
        (void)fprintf(stderr, "bench_xpress: %s\n", error.text);
        return EXIT_FAILURE;
    }
    size_t scratch_bytes = 2 * (size_t)EW_BUFFER_BYTES_MAX + EW_XPRESS_SLACK_BYTES;
    struct xpress_bench bench = {.bytes = (const uint8_t *)bytes,
                                 .byte_count = byte_count,
                                 .scratch = calloc(1, scratch_bytes)};
    int result = bench.scratch != NULL ? measure(&bench, (size_t)rounds) : EXIT_FAILURE;
    free(bench.scratch);
    free(bytes);
    return result;
}
