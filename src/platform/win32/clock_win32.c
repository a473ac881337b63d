/* SPDX-License-Identifier: Apache-2.0 */
/* clock.h on Windows. */
#include "platform/clock.h"

/* Before psapi.h, which needs its types. */
#include <windows.h>

#include <psapi.h>

#define NS_PER_SECOND UINT64_C(1000000000)

static uint64_t join(FILETIME time)
{
    return (uint64_t)time.dwHighDateTime << 32 | time.dwLowDateTime;
}

uint64_t ew_clock_monotonic_ns(void)
{
    LARGE_INTEGER ticks;
    LARGE_INTEGER per_second;
    (void)QueryPerformanceCounter(&ticks);
    (void)QueryPerformanceFrequency(&per_second);
    uint64_t count = (uint64_t)ticks.QuadPart;
    uint64_t frequency = (uint64_t)per_second.QuadPart;
    /* Whole seconds apart, so that the product stays below 64 bits. */
    return count / frequency * NS_PER_SECOND + count % frequency * NS_PER_SECOND / frequency;
}

uint64_t ew_clock_filetime(void)
{
    FILETIME now;
    GetSystemTimePreciseAsFileTime(&now);
    return join(now);
}

uint64_t ew_clock_cpu_ns(void)
{
    FILETIME created, ended, kernel, user;
    if (!GetProcessTimes(GetCurrentProcess(), &created, &ended, &kernel, &user)) {
        return 0;
    }
    return (join(kernel) + join(user)) * 100;
}

uint64_t ew_clock_thread_cpu_ns(void)
{
    FILETIME created, ended, kernel, user;
    if (!GetThreadTimes(GetCurrentThread(), &created, &ended, &kernel, &user)) {
        return 0;
    }
    return (join(kernel) + join(user)) * 100;
}

uint64_t ew_memory_peak_bytes(void)
{
    PROCESS_MEMORY_COUNTERS counters = {.cb = sizeof counters};
    if (!GetProcessMemoryInfo(GetCurrentProcess(), &counters, sizeof counters)) {
        return 0;
    }
    return counters.PeakWorkingSetSize;
}
