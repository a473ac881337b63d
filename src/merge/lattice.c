/* SPDX-License-Identifier: Apache-2.0 */
/* The lattice of reachability: two chains, their join, and the names of what comes out. */
#include "etwitness/merge.h"

struct ew_reach_state ew_reach_join(struct ew_reach_state a, struct ew_reach_state b)
{
    struct ew_reach_state join = {
        .claimed = a.claimed > b.claimed ? a.claimed : b.claimed,
        .observed = a.observed > b.observed ? a.observed : b.observed,
    };
    return join;
}

enum ew_reach_label ew_reach_label(struct ew_reach_state state)
{
    /* Rows: claimed unknown, unreachable, reachable. A maybe shows as nothing observed. */
    static const enum ew_reach_label labels[3][4] = {
        {EW_LABEL_U, EW_LABEL_RU, EW_LABEL_U, EW_LABEL_RO},
        {EW_LABEL_SU, EW_LABEL_CU, EW_LABEL_SU, EW_LABEL_X},
        {EW_LABEL_SR, EW_LABEL_SR, EW_LABEL_SR, EW_LABEL_CR},
    };
    return labels[state.claimed][state.observed];
}

const char *ew_reach_label_name(enum ew_reach_label label)
{
    static const char *const names[] = {"U", "SU", "RU", "SR", "RO", "CU", "X", "CR"};
    return names[label];
}

const char *ew_static_state_name(enum ew_static_state state)
{
    static const char *const names[] = {"unknown", "unreachable", "reachable"};
    return names[state];
}

const char *ew_runtime_state_name(enum ew_runtime_state state)
{
    static const char *const names[] = {"unknown", "unobserved", "maybe", "observed"};
    return names[state];
}

const char *ew_edge_class_name(enum ew_edge_class edge_class)
{
    static const char *const names[] = {"static-only", "confirmed",     "dispatch",    "elided",
                                        "bridged",     "contradiction", "runtime-only"};
    return names[edge_class];
}

const char *ew_conflict_name(enum ew_conflict conflict)
{
    static const char *const names[] = {
        "STATIC_CONTRADICTED",    "ENTRYPOINT_MISSING", "RUNTIME_ONLY_EDGE",   "BUILD_MISMATCH",
        "GRAPH_WITHOUT_IDENTITY", "AMBIGUOUS_SYMBOL",   "ELIDED_INTERMEDIATE", "BRIDGED_DISPATCH",
        "MISSING_FRAMES",         "SUSPECT_UNWIND",     "CODE_VERSION_RACE",   "STATIC_DISAGREE",
        "COVERAGE_INSUFFICIENT",
    };
    return names[conflict];
}
