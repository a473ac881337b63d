/* SPDX-License-Identifier: Apache-2.0 */
/* Runtime functions and nodes of graphs as sets of what is one. */
#ifndef EW_MERGE_SETS_H
#define EW_MERGE_SETS_H

#include "merge/internal.h"

/* Functions first, then the nodes of each graph. */
struct sets {
    uint32_t *parents;
    uint32_t count;
    uint32_t first_node[EW_MERGE_GRAPHS_MAX + 1]; /* of each graph */
};

static inline uint32_t set_of(struct sets *sets, uint32_t item)
{
    while (sets->parents[item] != item) {
        sets->parents[item] = sets->parents[sets->parents[item]];
        item = sets->parents[item];
    }
    return item;
}

static inline void unite(struct sets *sets, uint32_t a, uint32_t b)
{
    uint32_t left = set_of(sets, a);
    uint32_t right = set_of(sets, b);
    if (left < right) {
        sets->parents[right] = left;
    } else {
        sets->parents[left] = right;
    }
}

/*
 * Joins what is told of one key in several ways, where nothing speaks against it: no graph knows
 * them apart, and their builds may be one (tellings.c).
 *
 * out  by function; the caller frees both. NULL when no key is told in two ways
 */
struct tellings {
    uint32_t *surest;  /* of its key: the set of that one has the key */
    uint32_t *numbers; /* of its key, from 1 on: for the keys of other sets */
};
EW_MUST_USE enum ew_status ew_merge_tellings_join(struct merge *merge, struct sets *sets,
                                                  struct tellings *out);

#endif
