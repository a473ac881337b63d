/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One merge on its way: runtime functions of all documents, what matches them in each graph,
 * the nodes that come of both, and the edges between them. Steps follow one another in merge.c;
 * each says here what it fills.
 */
#ifndef EW_MERGE_INTERNAL_H
#define EW_MERGE_INTERNAL_H

#include "base/arena.h"
#include "base/index.h"
#include "etwitness/merge.h"
#include "merge/list.h"

#include <string.h>

#define NONE EW_GRAPH_NONE

/* Functions that only fetch memory have no effect that gcc sees: it drops calls of them. It does
 * not drop what they do where they are part of the caller. */
#define MERGE_FETCHING __attribute__((always_inline))

enum {
    TIER_NONE = 0,
    TIER_EXACT = 1,     /* same build, same token or address */
    TIER_NAMED = 2,     /* same build, same name and parameters */
    TIER_UNBUILT = 3,   /* the graph tells no build */
    TIER_OTHER = 4,     /* another build */
    TIER_NAME_ONLY = 5, /* a name, and nothing else */
    TIER_COUNT
};

/* What identifies a build, in one spelling: lower case, without dashes. "" when not told. */
enum { ID_BYTES = 72 };
struct build_ids {
    char mvid[ID_BYTES];
    char debug_guid[ID_BYTES]; /* 32 digits */
    char debug_age[12];        /* "" for portable PDBs: their age says nothing */
    char code[ID_BYTES];       /* of a PE file, or the build id of an ELF file */
    char sha256[ID_BYTES];
};

enum relation { RELATION_UNKNOWN, RELATION_SAME, RELATION_DIFFERENT };

/* A build that was mapped, of all documents that tell it alike. */
struct build {
    const struct ew_evidence_module *row; /* the first */
    struct build_ids ids;
    uint8_t mediator; /* enum mediator, of all its functions */
    bool has_untold;  /* functions of it were seen that nothing tells apart from others */
    bool has_unnamed; /* ... that have no name */
    bool has_made;    /* methods of it were seen that the compiler may have made of others */
};

/*
 * A function as documents tell it. Those that tell one key alike have one; one that tells it in
 * another way has its own, so that no document changes what another one's rows mean.
 */
struct function {
    const struct ew_evidence_function
        *row; /* NULL: a candidate that its document does not list */
    const char *key;
    uint32_t head; /* the first of its key, which may be itself */
    uint32_t build;
    uint32_t node;
    uint32_t flags;
    enum ew_resolution resolution;
    uint16_t weight;  /* what its source is worth, 0 .. 1000 */
    uint8_t tier;     /* best match in any graph */
    uint8_t mediator; /* enum mediator */
    bool retold;      /* of a head: others of its key tell it in another way */
    bool unsure;      /* folded, or one of several: what calls what is not sure */
    bool observed;
    bool candidate; /* of an ambiguous record */
    bool certain;   /* the only one of such a record */
    bool used;      /* becomes part of a node */
};

/* What a graph says about one runtime function. */
enum { MATCH_AMBIGUOUS = 1, MATCH_DERIVED = 2 };
struct match {
    uint32_t node; /* the one, or NONE */
    uint32_t first_candidate;
    uint16_t candidate_count;
    uint8_t tier;
    uint8_t flags;
};

/* A graph's node in the merge. */
enum {
    GNODE_REACHABLE = 1,
    GNODE_UNREACHABLE = 2,
    GNODE_MAYBE = 4,
    GNODE_ENTRY = 8,
    GNODE_VIRTUAL = 16, /* on the way: those who override it were visited */
};
struct gnode {
    uint32_t node; /* merged */
    uint8_t tier;  /* best of the functions that matched; 0: none */
    uint8_t flags;
    uint8_t derived; /* what matched was made of it by the compiler */
    uint8_t reserved;
};

struct artifact_side {
    struct build_ids ids;
    bool has_ids;
    bool loaded; /* a build of the documents is the same */
};

/* Edges turned round, and marks of nodes for one search (elision.c). */
struct callers {
    uint32_t *first;   /* node_count + 2: those of node n are first[n] .. first[n + 1] - 1 */
    uint32_t *callers; /* by what edges name, and by their candidates */
    uint64_t *last;    /* a bit for each node: may call what is searched for */
    uint64_t *near;    /* calls one of those */
    uint32_t *marked;  /* nodes with a mark, at most EW_ELISION_STEPS_MAX */
    uint32_t marked_count;
};

struct graph_side {
    const struct ew_graph *graph;
    uint32_t first_build; /* of its artifacts in the result */
    struct artifact_side *artifacts;
    struct ew_index artifact_index; /* ids to artifacts */
    struct ew_index name_index;     /* paths and decorated names to nodes */
    bool has_names;                 /* it is filled */
    bool has_unplaced;              /* of some nodes no module is told */
    struct ew_index token_index;    /* artifact and token to nodes */
    uint32_t *by_rva;               /* nodes with an address, by artifact and address */
    uint32_t rva_count;
    struct match *matches; /* by function */
    uint32_t *candidates;
    size_t candidate_count;
    size_t candidate_capacity;
    struct gnode *nodes;
    uint32_t *first_overrider; /* node_count + 1: who overrides it, in `overriders` */
    uint32_t *overriders;
    struct callers callers; /* NULL until a path is looked for */
    bool search_cut;        /* for elided paths: what may have run is not known to its end */
    bool unplaced;          /* one of several builds ran, and which one cannot be told */
};

/* An adjacency of merged nodes, observed or inferred. */
enum {
    PAIR_FRAME = 1,      /* adjacent frames, or a PDB's inline site */
    PAIR_BRIDGE = 2,     /* adjacent, and no plain call */
    PAIR_CHAIN = 4,      /* over mediators, of a path */
    PAIR_JIT = 8,        /* told by the JIT compiler: explains, is no observation */
    PAIR_INLINE = 16,    /* a PDB's inline site */
    PAIR_INFERRED = 32,  /* the one way of an elided adjacency */
    PAIR_MAYBE = 64,     /* one of several ways, or of ambiguous ends */
    PAIR_COMPLETE = 128, /* in a complete path */
    PAIR_PLAIN = 256,    /* seen with no mediator at either end */
    PAIR_WITHIN = 512,   /* seen where it is not the kernel that calls who is not */
};
struct pair {
    uint32_t from;
    uint32_t to;
    uint32_t flags;
    uint32_t first_via; /* in `via` */
    uint32_t via_count;
    uint32_t first_row; /* chain of rows from the last to the first, or NONE */
    uint32_t last_row;
    uint16_t weight; /* best of its observations */
    uint8_t tier;    /* worst match of its ends */
    uint8_t edge_class;
    uint32_t edge;        /* of the result, or NONE */
    uint32_t first_claim; /* in `pair_claims` */
    uint32_t claim_count;
    uint16_t confidence_claimed;
    bool unsure_end; /* an end was ambiguous or folded in every observation */
};

/* An observation row, chained until rows of one owner lie together. */
struct row {
    struct ew_reach_observation observation;
    uint32_t previous;
    uint32_t last_window; /* counted last */
};

/* A merged node while it is made. */
struct node {
    uint32_t function;  /* that gives the key, or NONE */
    uint32_t first_row; /* as of pairs */
    uint32_t last_row;
    uint32_t first_member; /* graph nodes of it, in `members` */
    uint32_t member_count;
    uint16_t weight;
    uint8_t tier;     /* best match */
    uint8_t runtime;  /* enum ew_runtime_state */
    uint8_t mediator; /* enum mediator, of the first function of it that is one */
    bool complete;    /* in a complete path */
    bool inferred;
    bool refused;   /* a graph calls it unreachable */
    bool explained; /* why it runs although a graph refuses it */
};

/* Every time it was seen it went over code that calls for others. */
static inline bool pair_is_mediated(const struct pair *pair)
{
    return (pair->flags & PAIR_PLAIN) == 0;
}

/* Seen on a stack; else only implied, or told by the compiler. */
static inline bool pair_was_seen(const struct pair *pair)
{
    return (pair->flags & (PAIR_FRAME | PAIR_BRIDGE | PAIR_CHAIN)) != 0;
}

struct member {
    uint32_t graph;
    uint32_t node; /* of that graph */
    uint8_t tier;  /* 0: nothing of the runtime matched */
};

struct merge {
    struct ew_merged merged; /* the result; first, so that it can be freed by its address */
    struct ew_arena arena;   /* texts of the result */

    const struct ew_merge_options *options;
    struct ew_error *error;
    const struct ew_window *windows;
    size_t window_count;

    struct graph_side *graphs;
    size_t graph_count;
    struct build *builds;
    size_t build_count;
    size_t build_capacity;
    struct ew_index build_index;
    struct function *functions;
    size_t function_count;
    size_t function_capacity;
    struct ew_index function_index;
    uint32_t *function_map; /* of all windows: function of each row */
    uint32_t *module_map;   /* build of each row */
    size_t *first_function; /* of each window in the maps */
    size_t *first_module;
    uint32_t *window_stream; /* of each window */
    uint32_t *candidates;    /* functions, of all windows' ambiguous records in their order */
    size_t candidate_count;
    size_t candidate_capacity;

    struct node *nodes;
    struct ew_reach_node *result_nodes; /* as long */
    uint32_t node_count;
    struct member *members;
    size_t member_count;
    struct pair *pairs;
    size_t pair_count;
    size_t pair_capacity;
    struct ew_index pair_index;
    uint32_t *via;
    size_t via_count;
    size_t via_capacity;
    struct row *rows;
    size_t row_count;
    size_t row_capacity;

    struct ew_reach_claim *pair_claims;
    size_t pair_claim_count;
    size_t pair_claim_capacity;

    struct ew_reach_observation *observations;
    size_t observation_count;
    size_t observation_capacity;
    struct ew_reach_claim *claims;
    size_t claim_count;
    size_t claim_capacity;
    struct ew_reach_conflict *conflicts;
    size_t conflict_count;
    size_t conflict_capacity;
    struct ew_reach_edge *edges;
    size_t edge_count;
    uint32_t *first_edge; /* node_count + 1: edges of node n are first_edge[n] .. */
    struct ew_reach_range *ranges;
    size_t range_count;
    size_t range_capacity;
    struct ew_reach_scope *scopes;
    size_t scope_count;
    size_t scope_capacity;

    /* What the result's pointers own. */
    void *owned[16];
    size_t owned_count;
};

/* --- steps, in their order ----------------------------------------------------------------- */

/* Builds and functions of all documents, and the maps to them (runtime.c). */
EW_MUST_USE enum ew_status ew_merge_runtime_collect(struct merge *merge);

/* Indexes over the names, tokens and addresses of each graph (static_side.c). */
EW_MUST_USE enum ew_status ew_merge_static_prepare(struct merge *merge);
void ew_merge_static_free(struct graph_side *side);

/* `matches` of each graph (match.c). */
EW_MUST_USE enum ew_status ew_merge_match_functions(struct merge *merge);

/* Merged nodes: `nodes`, `members`, and the way to them from functions and graphs (nodes.c). */
EW_MUST_USE enum ew_status ew_merge_nodes_join(struct merge *merge);

/* What was observed of nodes and pairs: `rows`, `pairs` (observe.c, paths.c). */
EW_MUST_USE enum ew_status ew_merge_observe_windows(struct merge *merge);

/* What each graph claims of its nodes: reachable, unreachable, nothing (claims.c). */
EW_MUST_USE enum ew_status ew_merge_claims_reach(struct merge *merge);

/* The class of each pair, and what an elided path implies (classify.c). */
EW_MUST_USE enum ew_status ew_merge_classify_pairs(struct merge *merge);

/* Static and observed edges as one sorted table (edges.c). */
EW_MUST_USE enum ew_status ew_merge_edges_join(struct merge *merge);

/* Nodes of the result with claims and states (result.c). */
EW_MUST_USE enum ew_status ew_merge_result_nodes(struct merge *merge);
/* Parts of that: entry points; targets and their vulnerabilities (targets.c). */
void ew_merge_result_entries(struct merge *merge);
EW_MUST_USE enum ew_status ew_merge_result_targets(struct merge *merge);

/* Where stacks enter what a graph calls unreachable (entries.c). */
EW_MUST_USE enum ew_status ew_merge_entries_find(struct merge *merge);

/* What can be said of what was not seen (coverage.c). */
EW_MUST_USE enum ew_status ew_merge_coverage_decide(struct merge *merge);

/* What follows from all edges: augmented reachability, contradicted nodes that nothing explains
 * (closure.c). */
EW_MUST_USE enum ew_status ew_merge_closure_follow(struct merge *merge);

/* Conflicts of functions, builds and documents (report.c, report_functions.c). */
EW_MUST_USE enum ew_status ew_merge_report_functions(struct merge *merge);

/* Hands all tables to the result, conflicts in their order (result.c). */
EW_MUST_USE enum ew_status ew_merge_result_finish(struct merge *merge);

/* --- shared -------------------------------------------------------------------------------- */

void ew_merge_build_ids_of_module(const struct ew_evidence_module *module, struct build_ids *out);
void ew_merge_build_ids_of_artifact(const struct ew_graph *graph,
                                    const struct ew_graph_artifact *artifact,
                                    struct build_ids *out);
bool ew_merge_build_ids_any(const struct build_ids *ids);
enum relation ew_merge_build_relation(const struct build_ids *a, const struct build_ids *b);

/* The same file name, without case, ".dll", ".exe" and folders. */
bool ew_merge_module_names_equal(const char *a, const char *b);

/* What a row tells is what its key says: the build, and the token or address in it. */
bool ew_merge_function_fits(const struct merge *merge, uint32_t function);

/* Of two that can stand for one thing, the one that tells it more surely; a total order of what
 * differs (runtime.c). Below 0: the first. */
int ew_merge_function_compare(const struct merge *merge, uint32_t a, uint32_t b);

/* Moves the rows of a chain to the result's observations, by stream and unit (result.c). */
EW_MUST_USE enum ew_status ew_merge_result_rows(struct merge *merge, uint32_t last_row,
                                                uint32_t *first_out, uint32_t *count_out,
                                                bool *stale_out);
/* One more claim of the result. False without memory. */
bool ew_merge_result_claim(struct merge *merge, const struct ew_reach_claim *claim);

/* The pair of two nodes; made when it is not there. NONE without memory or at the limit. */
uint32_t ew_merge_pair_get(struct merge *merge, uint32_t from, uint32_t to);
uint32_t ew_merge_pair_find(struct merge *merge, uint32_t from, uint32_t to);

/* Gives a pair the nodes between its ends, if they are a better way than it has (paths.c). */
bool ew_merge_pair_set_via(struct merge *merge, struct pair *pair, const uint32_t *via,
                           uint32_t count);

/* The index of the edge to `to` of a graph's node, or NONE; dependencies are no calls. */
uint32_t ew_merge_static_edge_find(const struct ew_graph *graph, uint32_t from, uint32_t to);

/* The same of many: while one is looked up, memory of the next ones is on its way. */
struct edge_question {
    const struct ew_graph *graph;
    uint32_t from;
    uint32_t to;
    uint32_t edge; /* the answer */
};
void ew_merge_static_edges_find(struct edge_question *questions, size_t count);

/* Fetches the edges of a node that will be asked for soon; the middle of a long row. */
static inline MERGE_FETCHING void merge_row_soon(const struct ew_graph *graph, uint32_t from)
{
    enum {
        LINE_BYTES = 64,
        LINES = 4,
        EDGES = LINES * LINE_BYTES / sizeof(struct ew_graph_edge)
    };
    uint32_t first = graph->first_edge[from];
    uint32_t count = graph->first_edge[from + 1] - first;
    /* A number, since it may go behind the last edge; fetching what is not there does nothing. */
    uintptr_t row = (uintptr_t)&graph->edges[count > EDGES ? first + count / 2 : first];
    for (unsigned i = 0; i < LINES; i++) {
        __builtin_prefetch((const void *)(row + i * LINE_BYTES));
    }
}

static inline bool static_edge_calls(const struct ew_graph_edge *edge)
{
    return edge->kind != EW_EDGE_DEPENDENCY;
}

static inline bool static_edge_dispatches(const struct ew_graph_edge *edge)
{
    return edge->kind == EW_EDGE_VIRTUAL || edge->kind == EW_EDGE_INTERFACE
           || edge->kind == EW_EDGE_DELEGATE;
}
/* Behind an edge's candidates, and behind a node's overridden ones. */
static inline uint32_t static_candidates_end(const struct ew_graph *graph, uint32_t edge)
{
    return edge + 1 < graph->edge_count ? graph->edges[edge + 1].first_candidate
                                        : graph->candidate_count;
}
static inline uint32_t static_overrides_end(const struct ew_graph *graph, uint32_t node)
{
    return node + 1 < graph->node_count ? graph->nodes[node + 1].first_override
                                        : graph->override_count;
}

/* What a tier is worth, 0 .. 1000 (reference evidence.md 5.4); 1000 without a match. */
uint16_t ew_merge_tier_confidence(unsigned tier);

/* An edge of `from` that can end in `to`: by its candidates, or because `to` overrides its
 * target (dispatch.c). Cut: at EW_OVERRIDES_MAX. */
enum answer { ANSWER_NO, ANSWER_YES, ANSWER_CUT };
enum answer ew_merge_dispatch(const struct ew_graph *graph, uint32_t from, uint32_t to,
                              uint32_t *edge_out);
/* A method, and all that it overrides; false when these are more than EW_OVERRIDES_MAX. */
bool ew_merge_overridden(const struct ew_graph *graph, uint32_t method,
                         uint32_t methods_out[EW_OVERRIDES_MAX], uint32_t *count_out);

/* Code that calls for others (mediators.c). */
enum mediator {
    MEDIATOR_NONE,
    MEDIATOR_REFLECTION,
    MEDIATOR_DELEGATE,
    MEDIATOR_THREAD_POOL,
    MEDIATOR_THREAD_START,
    MEDIATOR_ASYNC,
    MEDIATOR_INTEROP,
    MEDIATOR_CALLBACK,
    MEDIATOR_THUNK,
    MEDIATOR_RUNTIME,
};
enum mediator ew_merge_mediator_of(const struct function *function, const struct build *build);
/* By the name alone, or by the module's. */
enum mediator ew_merge_mediator_named(const char *name);
enum mediator ew_merge_mediator_module(const struct ew_evidence_module *module);
const char *ew_merge_mediator_name(enum mediator mediator);

/* --- conflicts (conflicts.c) --------------------------------------------------------------- */

/* Adds a conflict with a sentence. EW_NO_MEMORY, EW_LIMIT. */
EW_MUST_USE enum ew_status ew_merge_conflict_add(struct merge *merge,
                                                 const struct ew_reach_conflict *conflict,
                                                 const char *format, ...) EW_PRINTF(3, 4);
/* What to do about a class; never NULL. */
const char *ew_merge_conflict_resolution(enum ew_conflict conflict);

/* A name for people, cut at a character; `out` has NAME_SHOWN_BYTES. */
enum { NAME_SHOWN_BYTES = 164 };
const char *ew_merge_shown_text(const char *text, char *out);
const char *ew_merge_shown_node(const struct merge *merge, uint32_t node, char *out);
const char *ew_merge_shown_static(const struct merge *merge, size_t graph, uint32_t node,
                                  char *out);

static inline enum ew_status merge_no_memory(struct merge *merge)
{
    return ew_fail(merge->error, EW_NO_MEMORY, "merge: no memory");
}

/* A text of the result has no room: at the limit, or without memory. */
static inline enum ew_status merge_no_room(struct merge *merge)
{
    enum { TEXT_BYTES = 2 * EW_GRAPH_TEXT_EACH_MAX };
    return merge->arena.bytes_max - merge->arena.bytes_used < TEXT_BYTES
               ? ew_fail(merge->error, EW_LIMIT,
                         "merge: keys and sentences of the result take more than %zu MiB",
                         EW_MERGE_TEXT_BYTES_MAX / (1024 * 1024))
               : merge_no_memory(merge);
}

static inline uint64_t merge_sum(uint64_t a, uint64_t b)
{
    return a > EW_JSON_INTEGER_MAX - (b > EW_JSON_INTEGER_MAX ? EW_JSON_INTEGER_MAX : b)
               ? EW_JSON_INTEGER_MAX
               : a + b;
}

/* Entries of a hash will be looked for soon: their slot is fetched. */
static inline MERGE_FETCHING void merge_slot_soon(const struct ew_index *index, uint64_t hash)
{
    if (index->slots != NULL) {
        __builtin_prefetch(&index->slots[(uint32_t)(hash >> 32) & index->slot_mask]);
    }
}

/* The entry that a hash probably has, for fetching it; NONE when there is none. */
static inline uint32_t merge_slot_guess(const struct ew_index *index, uint64_t hash)
{
    return index->slots != NULL ? index->slots[(uint32_t)(hash >> 32) & index->slot_mask].entry
                                : NONE;
}

/* Hands an allocation to the result, which frees it. */
static inline void merge_own(struct merge *merge, void *memory)
{
    merge->owned[merge->owned_count++] = memory;
}

static inline bool is_text(const char *text)
{
    return text != NULL && text[0] != '\0';
}

/* Whether what a collector calls it is an id that it was told, and no name: "i:MODULE:ID". */
static inline bool ew_merge_function_is_id(const struct function *function)
{
    return function->key[0] == 'i' && function->key[1] == ':' && function->row != NULL
           && is_text(function->row->name);
}

#endif
