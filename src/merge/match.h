/* SPDX-License-Identifier: Apache-2.0 */
/* One question to a graph: which of its nodes is this function. */
#ifndef EW_MERGE_MATCH_H
#define EW_MERGE_MATCH_H

#include "merge/static_side.h"

struct query {
    const struct build_ids *ids;
    const char *module; /* name; NULL: not told */
    uint32_t token;     /* 0: none */
    bool has_rva;
    uint64_t rva;
    const struct method_name *method;
    const char *decorated; /* the linker's name; NULL: none */
};

/* The answer: the nodes of the best tier, several when it is ambiguous. */
struct found {
    uint32_t *nodes; /* freed by the caller */
    size_t capacity;
    uint32_t count;
    uint8_t tier;
    bool derived; /* the user's method that the compiler made this one of */
};

/* Names take kilobytes: one for all questions. */
struct method_scratch {
    struct method_name own;
    struct method_name node;
    struct method_name user;
    char near[1024];
};

/* False without memory. */
bool ew_merge_match_query(struct graph_side *side, const struct query *query,
                          struct method_scratch *scratch, struct found *found);

#endif
