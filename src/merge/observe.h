/* SPDX-License-Identifier: Apache-2.0 */
/* One thing that one document saw of a node or pair. */
#ifndef EW_MERGE_OBSERVE_H
#define EW_MERGE_OBSERVE_H

#include "merge/internal.h"

struct seen {
    size_t window;
    bool samples; /* its unit; else events */
    uint8_t level;
    uint8_t tier;
    uint64_t hits;
    uint64_t first_100ns;
    uint64_t last_100ns;
};

/* Folds it into the rows of a chain. Windows come in their order. False without memory. */
bool ew_merge_observe(struct merge *merge, const struct seen *seen, uint32_t *first,
                      uint32_t *last);

/* Paths of a window whose functions and edges are in: complete stacks, and chains over mediators
 * (paths.c). */
EW_MUST_USE enum ew_status ew_merge_observe_paths(struct merge *merge, size_t window);

#endif
