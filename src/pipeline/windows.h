/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Windows by event time: which are open, when one ends, and when it is closed into
 * documents. A replay and a live collection use it alike.
 */
#ifndef EW_PIPELINE_WINDOWS_H
#define EW_PIPELINE_WINDOWS_H

#include "etwitness/aggregate.h"

/* Who gets what comes of windows. */
struct windows_owner {
    void *context;

    /* A window has ended and takes late stacks only, until it is closed. May be NULL. */
    void (*on_end)(void *context, uint64_t window);

    /* One document of a window that is being closed; its span and reason are filled. */
    ew_aggregate_emit_fn on_document;

    /* What ended before `time_100ns` is about to be dropped from the model. May be NULL. */
    void (*on_forget)(void *context, uint64_t time_100ns);
};

struct open_window {
    struct ew_window_span span;
    enum ew_window_reason reason;
    bool used;
};

/* Zeroed but for what is named here is a valid start. */
struct windows {
    struct ew_model *model;         /* borrowed */
    struct ew_aggregate *aggregate; /* borrowed */
    struct windows_owner owner;
    struct ew_error *error; /* of the first failure */
    uint64_t length_100ns;  /* 0: one window for all */
    uint64_t origin_100ns;  /* where the grid of windows begins */

    uint64_t last_100ns; /* latest time seen, or the origin */
    uint64_t late;       /* stacks whose window was closed already */
    uint64_t closed;
    enum ew_status status; /* the first failure stops everything */
    struct open_window current;
    struct open_window previous; /* ended, waiting for stacks that come late */
    uint64_t next_number;
};

/* Opens and closes windows so that one holds `time_100ns`; before the event is applied. */
void windows_advance(struct windows *windows, uint64_t time_100ns);

/* The window of a stack; counts those that come too late. An ew_stack_fn. */
void windows_take_stack(void *context, const struct ew_stack *stack);

/* Ends the current window now, because its tables are full. */
void windows_cut(struct windows *windows, uint64_t time_100ns);

/* Keeps the tables from filling up: folds, forgets, cuts. Now and then, after an event. */
void windows_check_tables(struct windows *windows, struct ew_fragments *fragments,
                          uint64_t time_100ns);

/* Closes what is open, at the end of the recording or the collection. */
void windows_finish(struct windows *windows);

#endif
