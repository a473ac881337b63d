/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables of one window and one container (or the host): everything its document will
 * hold, in order of first sight. Sorting is emit.c's business.
 */
#ifndef EW_AGGREGATE_SCOPE_H
#define EW_AGGREGATE_SCOPE_H

#include "aggregate/keys.h"
#include "base/arena.h"
#include "base/index.h"
#include "etwitness/aggregate.h"
#include "etwitness/limits.h"

#define NO_INDEX UINT32_C(0xffffffff)

struct scope_module {
    struct ew_evidence_module shown;
    uint64_t stamp; /* the last stack that counted it */
    uint64_t loads_stamp;
};

struct scope_function {
    struct ew_evidence_function shown;
    uint64_t stamp;
};

struct scope_observation {
    struct ew_evidence_observation shown;
    uint64_t stamp;
};

struct scope_edge {
    struct ew_evidence_edge shown;
    uint64_t stamp;
};

struct scope_path {
    uint32_t first; /* in path_frames */
    uint32_t frame_count;
    uint64_t hits;
    uint64_t first_100ns;
    uint64_t last_100ns;
    uint32_t source;
    bool complete;
};

/* A growing array with its index; zeroed is empty. */
struct table {
    void *items;
    struct ew_index index;
    uint32_t count;
    uint32_t capacity;
};

/* A module of the model, and what it is told by in this window: what its file says may come
 * to be known later, but a module keeps its identity while the window is open. */
struct scope_identity {
    struct ew_module wanted; /* the name is the scope's */
    struct identity found;
};

/* A module of the model that was looked up, and what it was found to be. */
struct recent_module {
    struct ew_module wanted;
    struct identity identity;
    uint32_t index;
    bool used;
};

enum { RECENT_MODULES = 64 };

/* What all scopes of a window share: the limits of limits.h hold for their sum. */
struct budget {
    uint32_t functions;
    uint32_t edges;
    uint32_t paths;
    uint64_t dropped;
};

struct scope {
    const char *container;      /* NULL: the host */
    struct ew_symbols *symbols; /* NULL: none */
    struct table modules;
    struct table identities; /* empty without symbols */
    struct table functions;
    struct table observations;
    struct table edges;
    struct table paths;
    uint32_t *path_frames;
    uint32_t path_frame_count;
    uint32_t path_frame_capacity;
    struct ew_arena texts;
    struct ew_evidence_quality quality;
    uint32_t sources_used[EW_SOURCES_MAX]; /* 1 where a source has an observation */
    struct recent_module recent[RECENT_MODULES];
    bool has_process;
};

void scope_free(struct scope *scope);

/* A zeroed item at the end of a table, indexed under `hash`; NULL without room. */
void *scope_table_add(struct table *table, uint64_t hash, uint32_t count_max, size_t item_bytes);

/* A copy that lives with the scope; NULL for no text, and without room. */
const char *scope_keep_text(struct scope *scope, const char *text);

/* What a module of the model is told by in this scope. */
void scope_identify(struct scope *scope, const struct ew_module *wanted,
                    struct identity *identity_out);

/* Module by its key; added if new. NO_INDEX when there is no room. `wanted` is a module of
 * the model. */
uint32_t scope_module(struct scope *scope, const struct ew_module *wanted);

/* The module that stands for code without one: "name:" and a word in parentheses. */
uint32_t scope_module_nameless(struct scope *scope, const char *word);

/* Functions: by method or by RVA in a module; NO_INDEX when there is no room. */
uint32_t scope_method(struct scope *scope, struct budget *budget, const struct ew_method *method,
                      const struct ew_module *module);
uint32_t scope_address(struct scope *scope, struct budget *budget, const struct ew_module *module,
                       uint64_t rva);

struct span {
    uint64_t hits;
    uint64_t first_100ns;
    uint64_t last_100ns;
};

/*
 * Counts a function, or an edge, for the stack `stamp`; a second time for the same stack
 * changes nothing. NULL when there is no room.
 */
struct scope_observation *scope_observe(struct scope *scope, struct budget *budget,
                                        uint32_t function, uint32_t source,
                                        const struct span *span, uint64_t stamp);
void scope_count_edge(struct scope *scope, struct budget *budget,
                      const struct ew_evidence_edge *edge, const struct span *span,
                      uint64_t stamp);

/* Counts a witness path, root first. When paths find no room, the less hit are dropped. */
void scope_count_path(struct scope *scope, struct budget *budget, const uint32_t *frames,
                      uint32_t frame_count, uint32_t source, bool complete,
                      const struct span *span);

/* Keeps EW_PATHS_PER_LEAF_MAX paths per leaf: the most hit, then the shortest. */
void scope_trim_paths(struct scope *scope, struct budget *budget);

#endif
