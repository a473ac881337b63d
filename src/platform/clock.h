/* SPDX-License-Identifier: Apache-2.0 */
/* Time and resources of this process. posix/ and win32/ implement it. */
#ifndef EW_PLATFORM_CLOCK_H
#define EW_PLATFORM_CLOCK_H

#include <stdint.h>

uint64_t ew_clock_monotonic_ns(void);  /* since some point; never goes back */
uint64_t ew_clock_filetime(void);      /* now, FILETIME */
uint64_t ew_clock_cpu_ns(void);        /* CPU time of this process, user and system */
uint64_t ew_clock_thread_cpu_ns(void); /* the same of the calling thread */
uint64_t ew_memory_peak_bytes(void);   /* largest resident size so far; 0 if not told */

#endif
