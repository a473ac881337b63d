/* SPDX-License-Identifier: Apache-2.0 */
/* Distinct stacks counted, windows opened and closed, totals. */
#include "aggregate/internal.h"

#include <stdlib.h>
#include <string.h>

enum { SCOPES_START = 4 };

enum ew_status ew_aggregate_create(const struct ew_aggregate_options *options,
                                   struct ew_aggregate **aggregate_out)
{
    struct ew_aggregate *aggregate = calloc(1, sizeof *aggregate);
    if (aggregate == NULL) {
        return EW_NO_MEMORY;
    }
    aggregate->options = *options;
    aggregate->stacks = malloc((size_t)EW_STACKS_MAX * sizeof *aggregate->stacks);
    aggregate->resolved = calloc(RESOLVED_COUNT, sizeof *aggregate->resolved);
    if (aggregate->stacks == NULL || aggregate->resolved == NULL) {
        ew_aggregate_destroy(aggregate);
        return EW_NO_MEMORY;
    }
    *aggregate_out = aggregate;
    return EW_OK;
}

static void window_free(struct window *window)
{
    for (uint32_t i = 0; i < window->scope_count; i++) {
        scope_free(&window->scopes[i]);
    }
    free(window->scopes);
    memset(window, 0, sizeof *window);
}

void ew_aggregate_destroy(struct ew_aggregate *aggregate)
{
    if (aggregate == NULL) {
        return;
    }
    for (int i = 0; i < EW_WINDOWS_OPEN_MAX; i++) {
        window_free(&aggregate->windows[i]);
    }
    ew_index_free(&aggregate->stack_index);
    ew_index_free(&aggregate->process_index);
    free(aggregate->processes);
    free(aggregate->resolved);
    free(aggregate->stacks);
    free(aggregate);
}

bool aggregate_wants(const struct ew_aggregate *aggregate, const struct ew_process *process)
{
    return aggregate->options.filter == NULL
           || aggregate->options.filter(aggregate->options.filter_context, process);
}

/* The window of a number; opened if it is not. NULL when too many are open. */
static struct window *window_open(struct ew_aggregate *aggregate, uint64_t number)
{
    struct window *free_slot = NULL;
    for (int i = 0; i < EW_WINDOWS_OPEN_MAX; i++) {
        struct window *window = &aggregate->windows[i];
        if (window->used && window->number == number) {
            return window;
        }
        if (!window->used && free_slot == NULL) {
            free_slot = window;
        }
    }
    if (free_slot != NULL) {
        free_slot->used = true;
        free_slot->number = number;
        free_slot->symbols = aggregate->options.symbols;
    }
    return free_slot;
}

static bool same_container(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

struct scope *window_scope(struct window *window, const char *container)
{
    for (uint32_t i = 0; i < window->scope_count; i++) {
        if (same_container(window->scopes[i].container, container)) {
            return &window->scopes[i];
        }
    }
    if (window->scope_count == EW_SCOPES_MAX) {
        return NULL;
    }
    if (window->scope_count == window->scope_capacity) {
        uint32_t wanted = window->scope_capacity == 0 ? SCOPES_START : window->scope_capacity * 2;
        struct scope *grown = realloc(window->scopes, wanted * sizeof *grown);
        if (grown == NULL) {
            return NULL;
        }
        window->scopes = grown;
        window->scope_capacity = wanted;
    }
    struct scope *scope = &window->scopes[window->scope_count++];
    memset(scope, 0, sizeof *scope);
    scope->symbols = window->symbols;
    scope->texts.bytes_max = EW_NAME_BYTES_MAX;
    if (container != NULL) {
        scope->container = ew_arena_text(&scope->texts, container, strlen(container));
        if (scope->container == NULL) {
            window->scope_count--;
            return NULL;
        }
    }
    return scope;
}

static uint64_t stack_hash(const struct stack_entry *entry)
{
    uint64_t hash = ew_index_hash_pair((uint64_t)entry->kernel << 32 | entry->user,
                                       (uint64_t)entry->process << 32 | entry->layout);
    return ew_index_hash_pair(hash, entry->window << 32 ^ (uint64_t)entry->source << 16
                                        ^ entry->flags ^ (uint64_t)entry->kernel_layout << 40);
}

static bool same_stack(const struct stack_entry *a, const struct stack_entry *b)
{
    return a->kernel == b->kernel && a->user == b->user && a->process == b->process
           && a->layout == b->layout && a->kernel_layout == b->kernel_layout
           && a->window == b->window && a->source == b->source && a->flags == b->flags;
}

/* Room for the totals of every process of the model that may turn up in this fold. */
static void reserve_totals(struct ew_aggregate *aggregate)
{
    if (!aggregate->options.process_totals) {
        return;
    }
    uint32_t wanted = aggregate->process_count + ew_model_process_count(aggregate->options.model);
    wanted = wanted < EW_PROCESSES_MAX ? wanted : EW_PROCESSES_MAX;
    if (wanted > aggregate->process_capacity) {
        struct ew_aggregate_process *grown =
            realloc(aggregate->processes, (size_t)wanted * sizeof *grown);
        if (grown != NULL) {
            aggregate->processes = grown;
            aggregate->process_capacity = wanted;
        }
    }
}

static bool is_open(const struct ew_aggregate *aggregate, uint32_t fragment)
{
    return fragment != EW_FRAGMENT_NONE
           && ew_fragments_is_open(aggregate->options.fragments, fragment);
}

static bool has_open_half(const struct ew_aggregate *aggregate, const struct stack_entry *entry)
{
    return (entry->flags & EW_STACK_DEFERRED) != 0
           && (is_open(aggregate, entry->kernel) || is_open(aggregate, entry->user));
}

/*
 * A stack of another window can wait for what is told later: the definition of its key, the
 * methods of its process. Not when its process goes with the window that is closed now.
 */
static bool is_held(const struct ew_aggregate *aggregate, const struct stack_entry *entry,
                    const struct ew_window_span *closed)
{
    const struct ew_process *process = ew_model_process(aggregate->options.model, entry->process);
    return entry->window != closed->number && process != NULL
           && (!process->ended || process->end_100ns + EW_STACK_WAIT_100NS >= closed->end_100ns);
}

/* Folds all stacks but those held, for the window `closed`, or, when it is NULL and
 * `hold_open` is set, those with an open half. */
static void fold_some(struct ew_aggregate *aggregate, const struct ew_window_span *closed,
                      bool hold_open)
{
    uint32_t held = 0;
    if (aggregate->options.before_fold != NULL && aggregate->stack_count > 0) {
        aggregate->options.before_fold(aggregate->options.fold_context);
    }
    reserve_totals(aggregate);
    fold_begin(aggregate);
    ew_index_clear(&aggregate->stack_index);
    for (uint32_t i = 0; i < aggregate->stack_count; i++) {
        const struct stack_entry entry = aggregate->stacks[i];
        if (closed != NULL ? is_held(aggregate, &entry, closed)
                           : hold_open && has_open_half(aggregate, &entry)) {
            aggregate->stacks[held] = entry;
            /* cannot fail: it had more entries before */
            (void)ew_index_insert(&aggregate->stack_index, stack_hash(&entry), held++);
            continue;
        }
        struct window *window = window_open(aggregate, entry.window);
        if (window == NULL) {
            aggregate->counts.dropped += entry.hits;
        } else {
            fold_stack(aggregate, window, &entry);
        }
    }
    aggregate->stack_count = held;
}

void ew_aggregate_fold(struct ew_aggregate *aggregate)
{
    fold_some(aggregate, NULL, false);
}

/* Stacks whose keys may still be defined are folded only when they are too many. */
static void make_room(struct ew_aggregate *aggregate)
{
    fold_some(aggregate, NULL, true);
    if (aggregate->stack_count > EW_STACKS_MAX / 2) {
        ew_aggregate_fold(aggregate);
    }
}

void ew_aggregate_add(struct ew_aggregate *aggregate, uint64_t window,
                      const struct ew_stack *stack)
{
    struct stack_entry entry = {.window = window,
                                .hits = stack->weight,
                                .first_100ns = stack->time_100ns,
                                .last_100ns = stack->time_100ns,
                                .process = stack->process,
                                .layout = stack->layout,
                                .kernel_layout = stack->kernel_layout,
                                .kernel = stack->kernel,
                                .user = stack->user,
                                .source = stack->source,
                                .flags = stack->flags};
    uint64_t hash = stack_hash(&entry);
    for (uint32_t i = ew_index_first(&aggregate->stack_index, hash); i != EW_INDEX_END;
         i = ew_index_next(&aggregate->stack_index)) {
        struct stack_entry *known = &aggregate->stacks[i];
        if (same_stack(known, &entry)) {
            known->hits += entry.hits;
            /* The user half can come late, so stacks do not come in order. */
            known->first_100ns =
                entry.first_100ns < known->first_100ns ? entry.first_100ns : known->first_100ns;
            known->last_100ns =
                entry.last_100ns > known->last_100ns ? entry.last_100ns : known->last_100ns;
            return;
        }
    }
    if (aggregate->stack_count == EW_STACKS_MAX) {
        make_room(aggregate);
    }
    if (!ew_index_insert(&aggregate->stack_index, hash, aggregate->stack_count)) {
        aggregate->counts.dropped += entry.hits;
        return;
    }
    aggregate->stacks[aggregate->stack_count++] = entry;
    aggregate->counts.stacks_distinct++;
}

static void index_again(struct ew_aggregate *aggregate)
{
    ew_index_clear(&aggregate->stack_index);
    for (uint32_t i = 0; i < aggregate->stack_count; i++) {
        /* cannot fail: it had these entries before */
        (void)ew_index_insert(&aggregate->stack_index, stack_hash(&aggregate->stacks[i]), i);
    }
}

enum ew_status ew_aggregate_forget_fragments(struct ew_aggregate *aggregate)
{
    size_t count = aggregate->stack_count;
    uint32_t *held = malloc((2 * count + 1) * sizeof *held);
    if (held == NULL) {
        return EW_NO_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        held[2 * i] = aggregate->stacks[i].kernel;
        held[2 * i + 1] = aggregate->stacks[i].user;
    }
    enum ew_status status = ew_model_forget_but(aggregate->options.model, held, 2 * count);
    for (size_t i = 0; status == EW_OK && i < count; i++) {
        aggregate->stacks[i].kernel = held[2 * i];
        aggregate->stacks[i].user = held[2 * i + 1];
    }
    index_again(aggregate);
    free(held);
    return status;
}

bool ew_aggregate_window_is_full(const struct ew_aggregate *aggregate, uint64_t number)
{
    for (int i = 0; i < EW_WINDOWS_OPEN_MAX; i++) {
        const struct window *window = &aggregate->windows[i];
        if (window->used && window->number == number) {
            return window->budget.functions > EW_FUNCTIONS_MAX / 10 * 9
                   || window->budget.edges > EW_EDGES_MAX / 10 * 9;
        }
    }
    return false;
}

/* Gives every process that lived in the window its scope, so that a container in which
 * nothing was sampled still has a document that says so. */
static void add_living(struct ew_aggregate *aggregate, struct window *window,
                       const struct ew_window_span *span)
{
    const struct ew_model *model = aggregate->options.model;
    for (uint32_t i = 1; i < ew_model_process_count(model); i++) {
        const struct ew_process *process = ew_model_process(model, i);
        if (process == NULL || process->start_100ns >= span->end_100ns
            || (process->ended && process->end_100ns < span->start_100ns)
            || !aggregate_wants(aggregate, process)) {
            continue;
        }
        struct scope *scope = window_scope(window, process->container);
        if (scope != NULL) {
            scope->has_process = true;
        }
    }
    if (window->scope_count == 0) {
        (void)window_scope(window, NULL);
    }
}

static int compare_scopes(const void *a, const void *b)
{
    const struct scope *left = a;
    const struct scope *right = b;
    if (left->container == NULL || right->container == NULL) {
        return (left->container != NULL) - (right->container != NULL);
    }
    return strcmp(left->container, right->container);
}

enum ew_status ew_aggregate_close(struct ew_aggregate *aggregate,
                                  const struct ew_window_span *span, ew_aggregate_emit_fn emit,
                                  void *context, struct ew_error *error)
{
    bool hold =
        ew_fragments_fill_permille(aggregate->options.fragments) < EW_FRAGMENTS_HELD_PERMILLE;
    fold_some(aggregate, hold ? span : NULL, false);
    struct window *window = window_open(aggregate, span->number);
    if (window == NULL) {
        return ew_fail(error, EW_LIMIT, "more than %d windows are open", EW_WINDOWS_OPEN_MAX);
    }
    add_living(aggregate, window, span);
    if (window->scope_count > 1) {
        qsort(window->scopes, window->scope_count, sizeof *window->scopes, compare_scopes);
    }
    enum ew_status status = EW_OK;
    for (uint32_t i = 0; status == EW_OK && i < window->scope_count; i++) {
        aggregate->counts.edges += window->scopes[i].edges.count;
        status = emit_scope(aggregate, &window->scopes[i], span, &window->budget, emit, context,
                            error);
    }
    aggregate->counts.dropped += window->budget.dropped;
    window_free(window);
    return status;
}

const struct ew_aggregate_process *ew_aggregate_processes(const struct ew_aggregate *aggregate,
                                                          size_t *count_out)
{
    *count_out = aggregate->process_count;
    return aggregate->processes;
}

struct ew_aggregate_counts ew_aggregate_counts(const struct ew_aggregate *aggregate)
{
    return aggregate->counts;
}
