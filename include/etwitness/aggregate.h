/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The aggregate: counts distinct stacks, folds them into functions, edges and witness
 * paths, and closes windows into evidence tables, one for each container.
 */
#ifndef ETWITNESS_AGGREGATE_H
#define ETWITNESS_AGGREGATE_H

#include "etwitness/evidence.h"
#include "etwitness/model.h"
#include "etwitness/symbols.h"

struct ew_aggregate;

/* Whether a process is to be looked at: asked when stacks are folded and windows closed,
 * when as much as possible is known of it. */
typedef bool (*ew_process_filter_fn)(void *context, const struct ew_process *process);

struct ew_aggregate_options {
    struct ew_model *model;               /* borrowed */
    const struct ew_fragments *fragments; /* borrowed, the model's */
    ew_process_filter_fn filter;          /* NULL: all */
    void *filter_context;

    /* Names of native functions and identities of builds; borrowed, NULL: none. What is
     * not known when stacks are folded stays without: see ew_aggregate_wish_symbols(). */
    struct ew_symbols *symbols;

    /* Called before stacks are folded, whatever the reason, by whoever can wait for symbols
     * there, as a replay can; NULL: nobody. */
    void (*before_fold)(void *context);
    void *fold_context;

    /* Whether ew_aggregate_processes() is kept. It grows with every process ever seen, to
     * EW_PROCESSES_MAX, and nothing leaves it: for recordings, which end. */
    bool process_totals;
};

/* What the options borrow outlives the aggregate, which the caller destroys; NULL is
 * allowed there. EW_NO_MEMORY. */
EW_MUST_USE enum ew_status ew_aggregate_create(const struct ew_aggregate_options *options,
                                               struct ew_aggregate **aggregate_out);
void ew_aggregate_destroy(struct ew_aggregate *aggregate);

/*
 * Counts one stack in window `window` (any number that tells windows apart; at most
 * EW_WINDOWS_OPEN_MAX are open). Folds by itself when its table is full.
 */
void ew_aggregate_add(struct ew_aggregate *aggregate, uint64_t window,
                      const struct ew_stack *stack);

/* All windows. */
#define EW_WINDOW_ALL UINT64_MAX

/*
 * Asks for the symbols of every address in the stacks that a window holds, and for the builds
 * of all modules that its processes have mapped, so that they are known when it is folded. Does
 * nothing without symbols.
 */
void ew_aggregate_wish_symbols(struct ew_aggregate *aggregate, uint64_t window);

/* Resolves and folds all stacks held: afterwards no fragment number is kept. */
void ew_aggregate_fold(struct ew_aggregate *aggregate);

/* True when a window's tables are nearly full, so that it should be closed early. */
bool ew_aggregate_window_is_full(const struct ew_aggregate *aggregate, uint64_t window);

/*
 * Receives the evidence of one scope. The tables live until the call returns. The
 * receiver has to fill what the aggregate cannot know: identity of stream and window,
 * host, losses of the recording.
 */
typedef enum ew_status (*ew_aggregate_emit_fn)(void *context, struct ew_evidence *evidence,
                                               struct ew_error *error);

/* A window's span of time, half-open. */
struct ew_window_span {
    uint64_t number;
    uint64_t start_100ns;
    uint64_t end_100ns;
};

/*
 * Closes a window: folds its stacks and emits one evidence for each container scope with a
 * process in it, the host first, then by container id; when there is none at all, an
 * empty one for the host. Nothing is emitted where no source could observe anything.
 * The window's tables are then empty. Stops at the first emit that fails.
 *
 * Stacks of the window after it are held back, to be resolved with what is told by its own
 * end, while the fragment table has room (EW_FRAGMENTS_HELD_PERMILLE): call
 * ew_aggregate_forget_fragments() next, not the model's function.
 */
EW_MUST_USE enum ew_status ew_aggregate_close(struct ew_aggregate *aggregate,
                                              const struct ew_window_span *window,
                                              ew_aggregate_emit_fn emit, void *context,
                                              struct ew_error *error);

/* Empties the fragment table of what neither the model nor a stack held here needs. */
EW_MUST_USE enum ew_status ew_aggregate_forget_fragments(struct ew_aggregate *aggregate);

/* Totals over all windows, for `replay --stats`. */
struct ew_stack_counts {
    uint64_t stacks;
    uint64_t frames;
    uint64_t frames_managed;
    uint64_t frames_native;
    uint64_t frames_unresolved; /* no module was ever known there */
    uint64_t frames_unmapped;   /* in an image that had been unmapped */
};

/* One process's stacks; a process is told by pid and start. */
struct ew_aggregate_process {
    uint32_t process_id;
    uint64_t start_100ns;
    struct ew_stack_counts samples;
    struct ew_stack_counts events;
};

/* In order of first sight; valid until the next add, fold or close. None without the option
 * `process_totals`. */
const struct ew_aggregate_process *ew_aggregate_processes(const struct ew_aggregate *aggregate,
                                                          size_t *count_out);

struct ew_aggregate_counts {
    struct ew_stack_counts samples;
    struct ew_stack_counts events;
    uint64_t dropped; /* stacks, functions, edges or paths that found no room */
    uint64_t stacks_distinct;
    uint64_t edges; /* distinct, summed over windows */
};

/* The counts so far, open windows included. */
struct ew_aggregate_counts ew_aggregate_counts(const struct ew_aggregate *aggregate);

#endif
