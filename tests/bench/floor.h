/* SPDX-License-Identifier: Apache-2.0 */
/* What the benchmark programs share: tallies, medians, and the floor of reading. */
#ifndef EW_BENCH_FLOOR_H
#define EW_BENCH_FLOOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bench_tally {
    uint64_t events;
    uint64_t bytes;    /* of buffers, decompressed */
    uint64_t checksum; /* of times: keeps the compiler from dropping the visit */
};

/*
 * Reads a recording as cheaply as it can be done, and adds to the tally. False, told on
 * stderr, when the file cannot be read this way: it is trusted, not checked.
 */
bool bench_floor_run(const char *path, struct bench_tally *tally);

/* The median of `count` values, 1 or more, which are sorted. */
uint64_t bench_median(uint64_t *values, size_t count);

#endif
