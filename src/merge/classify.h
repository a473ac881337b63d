/* SPDX-License-Identifier: Apache-2.0 */
/* What one graph says to one observed adjacency. */
#ifndef EW_MERGE_CLASSIFY_H
#define EW_MERGE_CLASSIFY_H

#include "merge/elision.h"

struct verdict {
    uint32_t graph;
    uint32_t from; /* nodes of the graph */
    uint32_t to;
    enum ew_edge_class edge_class;
    enum ew_static_state claim;
    uint16_t confidence;
    bool suspect; /* the unwinder may have erred */
    bool cut;     /* the search was given up: nothing is called a contradiction */
    struct elided elided;
};

/* The conflicts of one adjacency, when all graphs have spoken (report.c). */
EW_MUST_USE enum ew_status ew_merge_classify_report(struct merge *merge, uint32_t index,
                                                    const struct verdict *verdicts, size_t count);

#endif
