/* SPDX-License-Identifier: Apache-2.0 */
/* The symbols that a fold will need, asked for ahead of it. */
#include "aggregate/internal.h"

static void wish_frame(struct ew_aggregate *aggregate, struct resolved *known)
{
    const struct ew_model *model = aggregate->options.model;
    struct ew_symbol symbol;
    if (known->wished || known->code.module == EW_MODULE_NONE) {
        return;
    }
    known->wished = true;
    if (known->code.kind == EW_CODE_IMAGE) {
        (void)ew_symbols_find(aggregate->options.symbols,
                              ew_model_module(model, known->code.module), known->code.rva,
                              &symbol);
    }
}

static void wish_half(struct ew_aggregate *aggregate, const struct stack_entry *entry,
                      uint32_t fragment)
{
    uint32_t count = 0;
    if (fragment == EW_FRAGMENT_NONE) {
        return;
    }
    const uint64_t *words = ew_fragments_get(aggregate->options.fragments, fragment, &count);
    for (uint32_t i = 0; i < count; i++) {
        wish_frame(aggregate, fold_resolve(aggregate, entry, words[i], i));
    }
}

static void wish_build(void *context, uint32_t module)
{
    const struct ew_aggregate *aggregate = context;
    struct ew_symbol_build build;
    (void)ew_symbols_build(aggregate->options.symbols,
                           ew_model_module(aggregate->options.model, module), &build);
}

/* The document lists what was loaded as well, and a module must not be told by another id
 * there than in a window in which it ran. */
static void wish_builds(struct ew_aggregate *aggregate)
{
    const struct ew_model *model = aggregate->options.model;
    for (uint32_t i = 0; i < ew_model_process_count(model); i++) {
        const struct ew_process *process = ew_model_process(model, i);
        if (process != NULL && (i == EW_PROCESS_KERNEL || aggregate_wants(aggregate, process))) {
            ew_model_each_mapped(model, i, 0, UINT64_MAX, wish_build, aggregate);
        }
    }
}

void ew_aggregate_wish_symbols(struct ew_aggregate *aggregate, uint64_t window)
{
    if (aggregate->options.symbols == NULL) {
        return;
    }
    fold_begin(aggregate);
    for (uint32_t i = 0; i < aggregate->stack_count; i++) {
        const struct stack_entry *entry = &aggregate->stacks[i];
        const struct ew_process *process =
            ew_model_process(aggregate->options.model, entry->process);
        if ((window == EW_WINDOW_ALL || entry->window == window) && process != NULL
            && aggregate_wants(aggregate, process)) {
            wish_half(aggregate, entry, entry->kernel);
            wish_half(aggregate, entry, entry->user);
        }
    }
    wish_builds(aggregate);
}
