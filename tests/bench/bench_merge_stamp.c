/* SPDX-License-Identifier: Apache-2.0 */
/* Time and memory of a piece of work. */
#include "bench/bench_merge_stamp.h"

#include "platform/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A line of /proc/self/status in bytes; 0 when it is not there. */
static uint64_t status_bytes(const char *name)
{
    char line[256];
    uint64_t value = 0;
    FILE *in = fopen("/proc/self/status", "r");
    while (in != NULL && fgets(line, sizeof line, in) != NULL) {
        if (strncmp(line, name, strlen(name)) == 0) {
            value = strtoull(line + strlen(name), NULL, 10) * 1024;
        }
    }
    if (in != NULL) {
        (void)fclose(in);
    }
    return value;
}

void bench_stamp_begin(struct bench_stamp *stamp)
{
    FILE *reset = fopen("/proc/self/clear_refs", "w");
    if (reset != NULL) {
        (void)fputs("5", reset);
        (void)fclose(reset);
    }
    stamp->resident_bytes = status_bytes("VmRSS:");
    stamp->wall_ns = ew_clock_monotonic_ns();
    stamp->cpu_ns = ew_clock_cpu_ns();
}

void bench_stamp_print(const char *name, const struct bench_stamp *stamp)
{
    uint64_t cpu_ns = ew_clock_cpu_ns() - stamp->cpu_ns;
    uint64_t wall_ns = ew_clock_monotonic_ns() - stamp->wall_ns;
    (void)printf("%s %llu %llu %llu %llu", name, (unsigned long long)wall_ns,
                 (unsigned long long)cpu_ns, (unsigned long long)stamp->resident_bytes,
                 (unsigned long long)status_bytes("VmHWM:"));
}
