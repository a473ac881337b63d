/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The aggregate's parts:
 *
 *     aggregate.c      the contract: distinct stacks, windows, totals
 *     fold.c           a distinct stack resolved into functions, edges and a path
 *     wishes.c         the symbols that a fold will need, asked for ahead
 *     scope.c          the tables of one window and container
 *     scope_modules.c  its modules, and what they are told by
 *     emit.c           these tables sorted into a document
 *     keys.c           identities as text
 */
#ifndef EW_AGGREGATE_INTERNAL_H
#define EW_AGGREGATE_INTERNAL_H

#include "aggregate/scope.h"

/* One distinct stack of one window. */
struct stack_entry {
    uint64_t window;
    uint64_t hits;
    uint64_t first_100ns;
    uint64_t last_100ns;
    uint32_t process;
    uint32_t layout;
    uint32_t kernel_layout;
    uint32_t kernel;
    uint32_t user;
    uint16_t source;
    uint16_t flags;
};

struct window {
    uint64_t number;
    bool used;
    struct ew_symbols *symbols; /* NULL: none */
    struct scope *scopes;
    uint32_t scope_count;
    uint32_t scope_capacity;
    struct budget budget;
};

/* What an address of a process was found to be, kept while one fold runs. */
struct resolved {
    uint64_t address;
    uint32_t process;
    uint32_t layout;
    uint32_t kernel_layout;
    bool used;
    bool wished; /* its symbol was asked for */
    struct ew_code code;
    uint64_t scope;    /* the scope that `function` is of, as scope_id() names it */
    uint32_t function; /* NO_INDEX: nothing known, or no room */
};

enum { RESOLVED_COUNT = 16384 };

struct ew_aggregate {
    struct ew_aggregate_options options;
    struct stack_entry *stacks;
    struct ew_index stack_index;
    uint32_t stack_count;
    struct window windows[EW_WINDOWS_OPEN_MAX];
    struct resolved *resolved; /* RESOLVED_COUNT */
    uint64_t stamp;            /* counts folded stacks */
    struct ew_aggregate_process *processes;
    struct ew_index process_index;
    uint32_t process_count;
    uint32_t process_capacity;
    struct ew_aggregate_counts counts;
};

/* The scope of a container in a window; added if new. NULL when there is no room. */
struct scope *window_scope(struct window *window, const char *container);

/* Whether the filter wants a process. */
bool aggregate_wants(const struct ew_aggregate *aggregate, const struct ew_process *process);

/* Resolves one distinct stack into its window's tables. */
void fold_stack(struct ew_aggregate *aggregate, struct window *window,
                const struct stack_entry *entry);

/* Forgets what addresses were found to be. */
void fold_begin(struct ew_aggregate *aggregate);

/* What a frame of a stack is: `position` counts from the leaf of its half. Valid until the
 * next frame. */
struct resolved *fold_resolve(struct ew_aggregate *aggregate, const struct stack_entry *entry,
                              uint64_t address, uint32_t position);

/* Sorts a scope into a document and hands it to `emit`. */
enum ew_status emit_scope(struct ew_aggregate *aggregate, struct scope *scope,
                          const struct ew_window_span *span, const struct budget *budget,
                          ew_aggregate_emit_fn emit, void *context, struct ew_error *error);

#endif
