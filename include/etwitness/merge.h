/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runtime evidence joined with static callgraphs: each node and edge with what was claimed and
 * what was observed, and every contradiction explained (reference evidence.md 6). The document
 * is `reach-merge/1` (docs/schemas/reach-merge.schema.json); these are its tables.
 */
#ifndef ETWITNESS_MERGE_H
#define ETWITNESS_MERGE_H

#include "etwitness/callgraph.h"
#include "etwitness/window_set.h"

/* The two axes; a join is the maximum of each. */
enum ew_static_state { EW_STATIC_UNKNOWN, EW_STATIC_UNREACHABLE, EW_STATIC_REACHABLE };
enum ew_runtime_state {
    EW_RUNTIME_UNKNOWN,
    EW_RUNTIME_UNOBSERVED, /* within a scope that was adequate */
    EW_RUNTIME_MAYBE,      /* an ambiguous observation lists it */
    EW_RUNTIME_OBSERVED,
};

/* The eight names of pairs, for display: U, SU, RU, SR, RO, CU, X, CR. */
enum ew_reach_label {
    EW_LABEL_U,
    EW_LABEL_SU,
    EW_LABEL_RU,
    EW_LABEL_SR,
    EW_LABEL_RO,
    EW_LABEL_CU,
    EW_LABEL_X,
    EW_LABEL_CR,
};

struct ew_reach_state {
    uint8_t claimed;  /* enum ew_static_state */
    uint8_t observed; /* enum ew_runtime_state */
};

/* Pure and total. */
struct ew_reach_state ew_reach_join(struct ew_reach_state a, struct ew_reach_state b);
enum ew_reach_label ew_reach_label(struct ew_reach_state state);
const char *ew_reach_label_name(enum ew_reach_label label);

enum ew_conflict {
    EW_CONFLICT_STATIC_CONTRADICTED,
    EW_CONFLICT_ENTRYPOINT_MISSING,
    EW_CONFLICT_RUNTIME_ONLY_EDGE,
    EW_CONFLICT_BUILD_MISMATCH,
    EW_CONFLICT_GRAPH_WITHOUT_IDENTITY,
    EW_CONFLICT_AMBIGUOUS_SYMBOL,
    EW_CONFLICT_ELIDED_INTERMEDIATE,
    EW_CONFLICT_BRIDGED_DISPATCH,
    EW_CONFLICT_MISSING_FRAMES,
    EW_CONFLICT_SUSPECT_UNWIND,
    EW_CONFLICT_CODE_VERSION_RACE,
    EW_CONFLICT_STATIC_DISAGREE,
    EW_CONFLICT_COVERAGE_INSUFFICIENT,
    EW_CONFLICT_COUNT,
};
/* "STATIC_CONTRADICTED", ...; never NULL. */
const char *ew_conflict_name(enum ew_conflict conflict);

/* How an observed adjacency stands to the graphs (reference evidence.md 5.5). */
enum ew_edge_class {
    EW_CLASS_STATIC_ONLY, /* claimed, not observed */
    EW_CLASS_CONFIRMED,
    EW_CLASS_DISPATCH,
    EW_CLASS_ELIDED,
    EW_CLASS_BRIDGED,
    EW_CLASS_CONTRADICTION,
    EW_CLASS_RUNTIME_ONLY,
    EW_CLASS_COUNT,
};

/* Where a claim comes from; sorted by graph. Texts live with the merged tables. */
struct ew_reach_claim {
    uint32_t graph; /* index */
    uint8_t claim;  /* enum ew_static_state */
    uint8_t tier;   /* 1 .. 5: how the node was matched; 0: it is the graph's own */
    bool build_match;
};

/* What was observed, folded over the documents that count; sorted by stream and unit. */
struct ew_reach_observation {
    uint32_t stream; /* index */
    uint64_t first_sequence;
    uint64_t last_sequence;
    uint64_t windows; /* documents: a roll-up is one */
    uint64_t hits;    /* of one unit; a stack counts for each address of a function in it */
    bool samples;     /* else events */
    uint8_t level;    /* 1 .. 4, the evidence ladder (reference evidence.md 4.2) */
    uint8_t tier;     /* 1 .. 5: how the least sure end was matched; 0: no graph has it */
    uint64_t first_100ns;
    uint64_t last_100ns;
};

/* A build of a module, as the documents or a graph tell it; members are NULL when not told. */
struct ew_reach_build {
    const char *name;
    const char *code_id;
    const char *debug_id;
    const char *mvid;
    const char *build_id; /* of ELF files */
    const char *sha256;
    const char *purl;
};

struct ew_reach_node {
    /* Of the runtime function; else "g:", 16 hex digits of the graph's hash, ":" and the
     * producer's id. Unique, ascending. */
    const char *key;
    const char *id; /* the producer's, echoed; NULL when no graph has it */
    const char *name;
    const char *module;
    const char *signature; /* NULL: none, as the next two */
    const char *doc_id;
    const char *decorated;
    uint64_t rva;
    uint32_t build; /* index, or EW_GRAPH_NONE */
    uint32_t token; /* 0: none */
    bool has_rva;
    struct ew_reach_state state;
    uint16_t confidence_claimed; /* 0 .. 1000, 0: nothing is claimed */
    uint16_t confidence_observed;
    bool maybe;
    bool weak_identity; /* T3 to T5 */
    bool inferred;      /* observed only as an inner hop of an elided path */
    bool stale;         /* by the view: observed, and not lately */
    /* From entry points and from all that was observed, over static and runtime edges
     * together: never fed back into what is claimed. */
    bool augmented_reachable;
    bool target;
    uint16_t entry_kinds; /* a bit for each enum ew_graph_entry_kind that a graph gives it */
    uint32_t scope;       /* of EW_RUNTIME_UNOBSERVED: index, else EW_GRAPH_NONE */
    uint32_t first_vulnerability;
    uint32_t vulnerability_count;
    uint32_t first_claim;
    uint32_t claim_count;
    uint32_t first_observation;
    uint32_t observation_count;
};

struct ew_reach_edge {
    uint32_t from;
    uint32_t to;
    struct ew_reach_state state;
    enum ew_edge_class edge_class;
    uint16_t confidence_claimed;
    uint16_t confidence_observed;
    bool inferred;      /* observed only as a hop of an elided path */
    bool stale;         /* as of nodes */
    uint32_t first_via; /* nodes between, of an elided or bridged edge */
    uint32_t via_count;
    uint32_t first_claim; /* edges that are claimed alike may share theirs */
    uint32_t claim_count;
    uint32_t first_observation;
    uint32_t observation_count;
};

struct ew_reach_conflict {
    enum ew_conflict conflict;
    uint32_t graph;         /* or EW_GRAPH_NONE */
    uint32_t node;          /* or EW_GRAPH_NONE */
    uint32_t edge;          /* or EW_GRAPH_NONE */
    const char *text;       /* one sentence */
    const char *resolution; /* what to do about it */
    uint64_t count;         /* of what was folded into it; 1 or more */
};

/* Windows in which a build was watched well enough to say what was not seen of it. */
struct ew_reach_range {
    uint32_t stream; /* index */
    uint64_t from;   /* numbers of windows */
    uint64_t to;
};
struct ew_reach_scope {
    uint32_t build;
    bool never_prepared; /* else: not sampled, of `stacks` stacks in the build */
    uint64_t stacks;
    uint32_t first_range;
    uint32_t range_count;
};

struct ew_merged {
    char documents_digest[72];
    uint64_t as_of_100ns;     /* 0: no view by freshness */
    uint32_t fresh_days;      /* of that view */
    const char *subject_kind; /* NULL: the documents are about several */
    const char *subject_name;
    /* By hash of their files. Read from a document (ew_merged_read()), they have no nodes and
     * edges: what the document tells of them is there. */
    const struct ew_graph *const *graphs;
    size_t graph_count;
    const struct ew_reach_build *builds;
    size_t build_count;
    const struct ew_window_stream *streams;
    size_t stream_count;
    const struct ew_reach_node *nodes;
    size_t node_count;
    const struct ew_reach_edge *edges; /* by from, to */
    size_t edge_count;
    const uint32_t *via;
    size_t via_count;
    const struct ew_reach_claim *claims;
    size_t claim_count;
    const struct ew_reach_observation *observations;
    size_t observation_count;
    const struct ew_reach_conflict *conflicts; /* by conflict, node or edge, graph */
    size_t conflict_count;
    const struct ew_reach_scope *scopes;
    size_t scope_count;
    const struct ew_reach_range *ranges;
    size_t range_count;
    const char *const *vulnerabilities; /* of nodes, ascending for each */
    size_t vulnerability_count;
    uint64_t class_counts[EW_CLASS_COUNT];
    uint64_t searches_cut; /* for elided paths, at EW_ELISION_STEPS_MAX: no contradiction */
};

struct ew_merge_options {
    const struct ew_graph *const *graphs; /* any order: the result is the same */
    size_t graph_count;
    struct ew_window_set *windows;
    uint64_t as_of_100ns; /* 0: none */
    uint32_t fresh_days;  /* with as_of: what is older is shown as not observed lately */
    bool ask_unobserved;  /* compute RU, and say for each refusal why */
};

/*
 * Merges. The result borrows from graphs and windows, and is freed with ew_merged_free().
 * A graph that is given twice counts once.
 *
 * EW_LIMIT, EW_NO_MEMORY, and what the windows' digest fails with
 */
EW_MUST_USE enum ew_status ew_merge(const struct ew_merge_options *options,
                                    struct ew_merged **merged_out, struct ew_error *error);
void ew_merged_free(struct ew_merged *merged); /* NULL is allowed */

/* Canonical bytes of `reach-merge/1`. */
EW_MUST_USE enum ew_status ew_merged_write(const struct ew_merged *merged,
                                           ew_evidence_sink_fn sink, void *context,
                                           struct ew_error *error);

/*
 * Reads such a document. The tables lie in what ew_merged_free() frees, and need nothing else.
 *
 * name  of the document, for messages
 *
 * EW_FORMAT  not valid; the error names line, column and member, or table and row
 * EW_LIMIT, EW_NO_MEMORY
 */
EW_MUST_USE enum ew_status ew_merged_read(const char *name, const char *bytes, size_t byte_count,
                                          struct ew_merged **merged_out, struct ew_error *error);

/* "unknown", "unreachable", "reachable"; "unknown", "unobserved", "maybe", "observed";
 * "static-only", "confirmed", ...: as documents spell them, never NULL. */
const char *ew_static_state_name(enum ew_static_state state);
const char *ew_runtime_state_name(enum ew_runtime_state state);
const char *ew_edge_class_name(enum ew_edge_class edge_class);
/* "main", "http", ...: as static callgraphs spell it, too. */
const char *ew_entry_kind_name(enum ew_graph_entry_kind kind);

#endif
