/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One distinct stack, resolved as of its first sight and counted with its hits. Equal
 * (process, layout, fragments) mean equal frames, so this work is done once per distinct
 * stack, not once per event.
 */
#include "aggregate/internal.h"

#include <string.h>

/* The frames of one stack, leaf first, both halves. */
struct frames {
    uint32_t function[2 * EW_FRAMES_MAX]; /* NO_INDEX: nothing known, or no room */
    bool unknown[2 * EW_FRAMES_MAX];      /* nothing is known to be at the address */
    uint32_t count;
    uint32_t seam; /* the first frame of the user half; 0 when there is one half */
};

#define SCOPE_NONE UINT64_MAX

struct fold {
    struct ew_aggregate *aggregate;
    struct window *window;
    struct scope *scope;
    const struct stack_entry *entry;
    struct ew_stack_counts *process;
    struct ew_stack_counts *all;
    struct span span;
};

void fold_begin(struct ew_aggregate *aggregate)
{
    memset(aggregate->resolved, 0, RESOLVED_COUNT * sizeof *aggregate->resolved);
    /* The names in them may be elsewhere since the model was pruned. */
    for (int i = 0; i < EW_WINDOWS_OPEN_MAX; i++) {
        for (uint32_t s = 0; s < aggregate->windows[i].scope_count; s++) {
            struct scope *scope = &aggregate->windows[i].scopes[s];
            memset(scope->recent, 0, sizeof scope->recent);
        }
    }
}

/*
 * The address to look a frame up by. The first frame of a half is where the processor
 * was; all others are return addresses, which may lie behind a call that is the last
 * instruction of its function: one less is inside the call. Every frame of a CLR stack is
 * a return address.
 */
static uint64_t lookup_address(const struct stack_entry *entry, uint64_t address,
                               uint32_t position)
{
    bool exact = position == 0 && (entry->flags & EW_STACK_MANAGED_ONLY) == 0;
    return exact || address == 0 ? address : address - 1;
}

struct resolved *fold_resolve(struct ew_aggregate *aggregate, const struct stack_entry *entry,
                              uint64_t frame, uint32_t position)
{
    uint64_t address = lookup_address(entry, frame, position);
    uint64_t hash = ew_index_hash_pair(address, (uint64_t)entry->process << 32 | entry->layout);
    struct resolved *known = &aggregate->resolved[hash % RESOLVED_COUNT];
    if (known->used && known->address == address && known->process == entry->process
        && known->layout == entry->layout && known->kernel_layout == entry->kernel_layout) {
        return known;
    }
    known->used = true;
    known->wished = false;
    known->address = address;
    known->process = entry->process;
    known->layout = entry->layout;
    known->kernel_layout = entry->kernel_layout;
    known->scope = SCOPE_NONE;
    ew_model_resolve(aggregate->options.model, entry->process, address, entry->first_100ns,
                     &known->code);
    return known;
}

/* Tells scopes apart for as long as a fold runs: scopes are only added to a window. */
static uint64_t scope_id(const struct fold *fold)
{
    return fold->window->number << 16 | (uint64_t)(fold->scope - fold->window->scopes);
}

static void count_frames(const struct fold *fold, const struct ew_code *code)
{
    uint64_t hits = fold->entry->hits;
    struct ew_stack_counts *counts[2] = {fold->process, fold->all};
    for (int i = 0; i < 2; i++) {
        if (counts[i] == NULL) {
            continue;
        }
        counts[i]->frames += hits;
        counts[i]->frames_managed += code->kind == EW_CODE_METHOD ? hits : 0;
        counts[i]->frames_native += code->kind == EW_CODE_IMAGE ? hits : 0;
        bool unknown = code->kind == EW_CODE_NONE;
        counts[i]->frames_unresolved += unknown && !code->after_unload ? hits : 0;
        counts[i]->frames_unmapped += unknown && code->after_unload ? hits : 0;
    }
}

static uint32_t name_function(const struct fold *fold, const struct ew_code *code)
{
    const struct ew_model *model = fold->aggregate->options.model;
    struct budget *budget = &fold->window->budget;
    const struct ew_module *module =
        code->module == EW_MODULE_NONE ? NULL : ew_model_module(model, code->module);
    switch (code->kind) {
    case EW_CODE_METHOD:
        return scope_method(fold->scope, budget, ew_model_method(model, code->method), module);
    case EW_CODE_IMAGE:
        return scope_address(fold->scope, budget, module, code->rva);
    case EW_CODE_NONE:
        break;
    }
    return NO_INDEX;
}

/* Making a key is dear, so what an address was named is kept with what it is. */
static uint32_t function_of(const struct fold *fold, struct resolved *known)
{
    if (known->scope != scope_id(fold)) {
        known->scope = scope_id(fold);
        known->function = name_function(fold, &known->code);
    }
    return known->function;
}

static void count_quality(const struct fold *fold, const struct ew_code *code, uint32_t function)
{
    struct ew_evidence_quality *quality = &fold->scope->quality;
    uint64_t hits = fold->entry->hits;
    const struct scope_function *functions = fold->scope->functions.items;
    quality->frames_total += hits;
    quality->frames_after_unload += code->after_unload ? hits : 0;
    if (function == NO_INDEX) {
        quality->frames_unresolved += hits;
        quality->frames_no_module += code->kind == EW_CODE_NONE ? hits : 0;
        return;
    }
    switch (functions[function].shown.resolution) {
    case EW_RESOLVED_TOKEN:
    case EW_RESOLVED_PDB:
        quality->frames_exact += hits;
        break;
    case EW_RESOLVED_NOT:
    case EW_RESOLVED_EXPORT_NEAR: /* the name is another function's */
        quality->frames_unresolved += hits;
        break;
    default:
        quality->frames_named += hits;
        break;
    }
}

static void add_half(const struct fold *fold, uint32_t fragment, struct frames *frames)
{
    uint32_t count = 0;
    if (fragment == EW_FRAGMENT_NONE) {
        return;
    }
    const uint64_t *words =
        ew_fragments_get(fold->aggregate->options.fragments, fragment, &count);
    for (uint32_t i = 0; i < count; i++) {
        struct resolved *known = fold_resolve(fold->aggregate, fold->entry, words[i], i);
        uint32_t function = function_of(fold, known);
        count_frames(fold, &known->code);
        count_quality(fold, &known->code, function);
        frames->function[frames->count] = function;
        frames->unknown[frames->count] = function == NO_INDEX;
        frames->count++;
    }
}

static void count_modules(const struct fold *fold, const struct frames *frames)
{
    const struct scope_function *functions = fold->scope->functions.items;
    struct scope_module *modules = fold->scope->modules.items;
    for (uint32_t i = 0; i < frames->count; i++) {
        if (frames->function[i] == NO_INDEX) {
            continue;
        }
        struct scope_module *module = &modules[functions[frames->function[i]].shown.module];
        if (module->stamp != fold->aggregate->stamp) {
            module->stamp = fold->aggregate->stamp;
            module->shown.samples += fold->entry->hits;
        }
    }
}

static void count_functions(const struct fold *fold, const struct frames *frames)
{
    for (uint32_t i = 0; i < frames->count; i++) {
        if (frames->function[i] == NO_INDEX) {
            continue;
        }
        struct scope_observation *observation =
            scope_observe(fold->scope, &fold->window->budget, frames->function[i],
                          fold->entry->source, &fold->span, fold->aggregate->stamp);
        if (observation != NULL) {
            observation->shown.leaf += i == 0 ? fold->entry->hits : 0;
            observation->shown.root += i + 1 == frames->count ? fold->entry->hits : 0;
        }
    }
}

/*
 * Adjacent frames are an edge; a frame of which nothing is known parts its neighbours.
 * Where the processor changed from user to kernel mode, and between the frames of a CLR
 * stack, which hides native ones, the adjacency is real but is no plain call: a bridge.
 */
static void count_edges(const struct fold *fold, const struct frames *frames)
{
    bool managed_only = (fold->entry->flags & EW_STACK_MANAGED_ONLY) != 0;
    for (uint32_t i = 0; i + 1 < frames->count; i++) {
        if (frames->function[i] == NO_INDEX || frames->function[i + 1] == NO_INDEX) {
            continue;
        }
        bool bridge = managed_only || i + 1 == frames->seam;
        struct ew_evidence_edge edge = {
            .from = frames->function[i + 1],
            .to = frames->function[i],
            .source = fold->entry->source,
            .adjacency = bridge ? EW_ADJACENT_BRIDGE : EW_ADJACENT_FRAME,
        };
        scope_count_edge(fold->scope, &fold->window->budget, &edge, &fold->span,
                         fold->aggregate->stamp);
    }
}

static bool is_gapped(const struct frames *frames)
{
    for (uint32_t i = 0; i < frames->count; i++) {
        if (frames->unknown[i]) {
            return true;
        }
    }
    return false;
}

/* The witness: root first, recursion collapsed, cut at the first unknown frame from the
 * leaf. */
static void count_path(const struct fold *fold, const struct frames *frames, bool gapped)
{
    uint32_t path[2 * EW_FRAMES_MAX];
    uint32_t count = 0;
    uint32_t end = 0;
    while (end < frames->count && frames->function[end] != NO_INDEX) {
        end++;
    }
    for (uint32_t i = end; i > 0; i--) {
        if (count == 0 || path[count - 1] != frames->function[i - 1]) {
            path[count++] = frames->function[i - 1];
        }
    }
    bool complete = !gapped
                    && (fold->entry->flags
                        & (EW_STACK_TRUNCATED | EW_STACK_KERNEL_ONLY | EW_STACK_MANAGED_ONLY))
                           == 0;
    if (count > 1) {
        scope_count_path(fold->scope, &fold->window->budget, path, count, fold->entry->source,
                         complete, &fold->span);
    }
}

static void count_stack(const struct fold *fold, bool gapped)
{
    struct ew_evidence_quality *quality = &fold->scope->quality;
    uint64_t hits = fold->entry->hits;
    quality->stacks_total += hits;
    quality->stacks_truncated += (fold->entry->flags & EW_STACK_TRUNCATED) != 0 ? hits : 0;
    quality->stacks_kernel_only += (fold->entry->flags & EW_STACK_KERNEL_ONLY) != 0 ? hits : 0;
    quality->stacks_gapped += gapped ? hits : 0;
    fold->scope->sources_used[fold->entry->source] = 1;
    fold->all->stacks += hits;
    if (fold->process != NULL) {
        fold->process->stacks += hits;
    }
}

/* The totals of a process, by pid and start; NULL when they are not wanted or have no room. */
static struct ew_aggregate_process *process_totals(struct ew_aggregate *aggregate,
                                                   const struct ew_process *process)
{
    if (!aggregate->options.process_totals) {
        return NULL;
    }
    uint64_t hash = ew_index_hash_pair(process->process_id, process->start_100ns);
    for (uint32_t i = ew_index_first(&aggregate->process_index, hash); i != EW_INDEX_END;
         i = ew_index_next(&aggregate->process_index)) {
        struct ew_aggregate_process *known = &aggregate->processes[i];
        if (known->process_id == process->process_id
            && known->start_100ns == process->start_100ns) {
            return known;
        }
    }
    if (aggregate->process_count == aggregate->process_capacity
        || !ew_index_insert(&aggregate->process_index, hash, aggregate->process_count)) {
        return NULL;
    }
    struct ew_aggregate_process *added = &aggregate->processes[aggregate->process_count++];
    memset(added, 0, sizeof *added);
    added->process_id = process->process_id;
    added->start_100ns = process->start_100ns;
    return added;
}

/* What keys were defined meanwhile, the model knows. False when nothing is left of it. */
static bool settle(struct ew_aggregate *aggregate, struct stack_entry *entry)
{
    struct ew_stack stack = {.process = entry->process,
                             .kernel = entry->kernel,
                             .user = entry->user,
                             .source = entry->source,
                             .flags = entry->flags};
    bool left = ew_model_settle_stack(aggregate->options.model, &stack, entry->hits);
    entry->kernel = stack.kernel;
    entry->user = stack.user;
    entry->flags = stack.flags;
    return left;
}

void fold_stack(struct ew_aggregate *aggregate, struct window *window,
                const struct stack_entry *given)
{
    struct stack_entry settled = *given;
    const struct stack_entry *entry = &settled;
    const struct ew_process *process = ew_model_process(aggregate->options.model, entry->process);
    if (process == NULL || !settle(aggregate, &settled) || !aggregate_wants(aggregate, process)) {
        return;
    }
    bool sample = ew_model_source(aggregate->options.model, entry->source)->sample;
    struct ew_aggregate_process *totals = process_totals(aggregate, process);
    struct fold fold = {
        .aggregate = aggregate,
        .window = window,
        .scope = window_scope(window, process->container),
        .entry = entry,
        .process = totals == NULL ? NULL
                   : sample       ? &totals->samples
                                  : &totals->events,
        .all = sample ? &aggregate->counts.samples : &aggregate->counts.events,
        .span = {entry->hits, entry->first_100ns, entry->last_100ns},
    };
    if (fold.scope == NULL) {
        window->budget.dropped += entry->hits;
        return;
    }
    struct frames frames;
    frames.count = 0;
    aggregate->stamp++;
    add_half(&fold, entry->kernel, &frames);
    frames.seam = frames.count;
    add_half(&fold, entry->user, &frames);
    frames.seam = frames.seam == frames.count ? 0 : frames.seam;
    bool gapped = is_gapped(&frames);
    count_stack(&fold, gapped);
    count_modules(&fold, &frames);
    count_functions(&fold, &frames);
    count_edges(&fold, &frames);
    count_path(&fold, &frames, gapped);
}
