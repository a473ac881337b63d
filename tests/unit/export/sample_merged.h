/* SPDX-License-Identifier: Apache-2.0 */
/* Two windows of one stream and what a merge makes of them, by hand. */
#ifndef EW_TESTS_SAMPLE_MERGED_H
#define EW_TESTS_SAMPLE_MERGED_H

#include "etwitness/export.h"

/* 2026-08-26T00:00:00Z */
#define EW_SAMPLE_TIME UINT64_C(134321760000000000)

enum { EW_SAMPLE_WINDOWS = 2 };

/* A managed program, its cart, and a native parser that is a package and a target: stacks in
 * samples and events, one that was cut, and a function that nobody can name. */
const struct ew_window *ew_sample_windows(void);

/* A window with the worst names: quotes, ';', control characters, broken UTF-8. */
const struct ew_window *ew_hostile_window(void);

/* Every label and class of edges, a contradiction, a missing entry point, a target. */
const struct ew_merged *ew_sample_merged(void);

/* Nodes of the names of the hostile window. */
const struct ew_merged *ew_hostile_merged(void);

#endif
