/* SPDX-License-Identifier: Apache-2.0 */
/* How well one module was watched, part of coverage.c. */
#ifndef EW_MERGE_COVERAGE_H
#define EW_MERGE_COVERAGE_H

#include "merge/internal.h"

enum { COVERAGE_CONDITIONS = 12 };

struct coverage {
    uint32_t faults; /* a bit for each condition that some window broke */
    uint64_t stacks; /* in adequate windows */
    bool never_prepared;
    bool managed;
    bool untold;     /* something ran that nothing identifies */
    bool unnamed;    /* something ran that has no name */
    bool made;       /* something ran that the compiler may have made of another method */
    bool unplaced;   /* something ran of one of several builds */
    bool search_cut; /* for inlined frames: what may have run is not known to its end */
    bool adequate;
    uint32_t build;
    uint32_t first_range;
    uint32_t range_count;
    uint32_t scope; /* of the result, or NONE */
};

/* What is wrong with a window, as bits; those that its document alone cannot tell are never
 * set: the first and the last. */
uint32_t ew_merge_coverage_window_faults(const struct ew_evidence *evidence);

#endif
