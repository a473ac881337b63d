/* SPDX-License-Identifier: Apache-2.0 */
/* Ways between two functions of a graph, of which nothing was seen on the stack. */
#ifndef EW_MERGE_ELISION_H
#define EW_MERGE_ELISION_H

#include "merge/internal.h"

/* Paths of at most EW_ELISION_EDGES_MAX edges, the last of which may be a virtual call. */
enum { ELISION_PATHS_MAX = 32 };
struct elided {
    uint32_t path_count;
    bool cut;                           /* there may be more */
    uint8_t lengths[ELISION_PATHS_MAX]; /* nodes between, of the graph */
    uint32_t paths[ELISION_PATHS_MAX][EW_ELISION_EDGES_MAX];
};

/* False without memory. */
bool ew_merge_elision_search(struct graph_side *side, uint32_t from, uint32_t to,
                             struct elided *out);
/* Says that such a search comes soon: memory is fetched. */
static inline MERGE_FETCHING void elision_soon(const struct graph_side *side, uint32_t from,
                                               uint32_t to)
{
    if (side->callers.first != NULL) {
        merge_row_soon(side->graph, from);
        __builtin_prefetch(&side->callers.callers[side->callers.first[to]]);
        __builtin_prefetch(&side->graph->nodes[to].first_override);
    }
}
/* Frees what searching has made of the graph. */
void ew_merge_elision_free(struct graph_side *side);

#endif
