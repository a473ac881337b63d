/* SPDX-License-Identifier: Apache-2.0 */
/* Time and memory of a piece of work, without what came before it; the memory on Linux only. */
#ifndef EW_BENCH_MERGE_STAMP_H
#define EW_BENCH_MERGE_STAMP_H

#include <stdint.h>

struct bench_stamp {
    uint64_t wall_ns;
    uint64_t cpu_ns;
    uint64_t resident_bytes;
};

/* From here on the peak of memory is that of what follows. */
void bench_stamp_begin(struct bench_stamp *stamp);

/* Prints, without an end of line: name, wall and CPU time in ns, resident bytes at the beginning,
 * and the most since then. */
void bench_stamp_print(const char *name, const struct bench_stamp *stamp);

#endif
