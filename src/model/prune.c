/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What keeps the tables flat over months: state that no later event can refer to goes, then
 * the builds of modules that nothing holds, then the names that nothing holds.
 */
#include "model/internal.h"

#include <stdlib.h>
#include <string.h>

/* A table is swept when it has twice what the sweep before left, and this much more: sweeping
 * then costs less than filling did. */
enum { SWEEP_ITEMS = 4096, SWEEP_BYTES = 1024 * 1024 };

static size_t next_sweep(size_t left, size_t slack, size_t most)
{
    size_t due = left * 2 + slack;
    return due < most / 8 * 7 ? due : most / 8 * 7;
}

/* --- mappings and processes ----------------------------------------------------------- */

struct prune {
    struct ew_model *model;
    uint64_t time_100ns;
};

static bool mapping_is_gone(void *context, const struct mapping *mapping)
{
    const struct prune *prune = context;
    const struct ew_process *process = &prune->model->processes[mapping->process].shown;
    return mapping->to < prune->time_100ns || process_is_past(process, prune->time_100ns);
}

static struct view *view_of(void *context, uint32_t process, enum mapping_kind kind)
{
    const struct prune *prune = context;
    return &prune->model->processes[process].views[kind];
}

/* --- modules ----------------------------------------------------------------------------- */

/* Calls `each` with every module index that the model holds, in place. */
static void each_module(struct ew_model *model, void (*each)(void *context, uint32_t *index),
                        void *context)
{
    for (uint32_t i = 0; i < model->mappings.count; i++) {
        if (model->mappings.items[i].kind == MAPPING_IMAGE) {
            each(context, &model->mappings.items[i].value);
        }
    }
    for (uint32_t i = 0; i < model->clr_module_count; i++) {
        each(context, &model->clr_modules[i].module);
    }
    for (uint32_t i = 0; i < model->method_count; i++) {
        each(context, &model->methods[i].shown.module);
    }
    for (uint32_t i = 0; i < model->process_count; i++) {
        if (model->processes[i].in_use) {
            each(context, &model->processes[i].shown.image);
        }
    }
}

static void note_held(void *context, uint32_t *index)
{
    uint32_t *numbers = context;
    if (*index != EW_MODULE_NONE) {
        numbers[*index] = 0;
    }
}

static void renumber(void *context, uint32_t *index)
{
    const uint32_t *numbers = context;
    if (*index != EW_MODULE_NONE) {
        *index = numbers[*index];
    }
}

/* A survey tells builds ahead of their mappings, so after one they all stay. */
static void modules_sweep(struct ew_model *model)
{
    struct modules *modules = &model->modules;
    if (model->survey.done || modules->count < model->modules_due) {
        return;
    }
    uint32_t *numbers = malloc(((size_t)modules->count + 1) * sizeof *numbers);
    if (numbers == NULL) {
        return; /* it is tried again when the next window closes */
    }
    memset(numbers, 0xff, (size_t)modules->count * sizeof *numbers);
    each_module(model, note_held, numbers);
    modules_keep(modules, numbers);
    each_module(model, renumber, numbers);
    free(numbers);
    model->modules_due = (uint32_t)next_sweep(modules->count, SWEEP_ITEMS, EW_MODULES_MAX);
}

/* --- names --------------------------------------------------------------------------------- */

/* Calls `each` with every name that the model holds, in place. */
static void each_name(struct ew_model *model,
                      const char *(*each)(struct names *names, const char *name),
                      struct names *names)
{
    for (uint32_t i = 0; i < model->modules.count; i++) {
        /* A module's name is the end of its path. */
        struct ew_module *module = &model->modules.items[i];
        size_t before = strlen(module->path) - strlen(module->name);
        module->path = each(names, module->path);
        module->name = module->path + before;
    }
    for (uint32_t i = 0; i < model->method_count; i++) {
        struct ew_method *method = &model->methods[i].shown;
        method->type_name = each(names, method->type_name);
        method->method_name = each(names, method->method_name);
        method->signature = each(names, method->signature);
    }
    for (uint32_t i = 0; i < model->process_count; i++) {
        struct ew_process *process = &model->processes[i].shown;
        if (model->processes[i].in_use) {
            process->name = each(names, process->name);
            process->container =
                process->container == NULL ? NULL : each(names, process->container);
        }
    }
}

static const char *store_again(struct names *names, const char *name)
{
    (void)names_intern(names, name, strlen(name));
    return name;
}

static const char *move_to(struct names *names, const char *name)
{
    return names_intern(names, name, strlen(name));
}

static void names_sweep(struct ew_model *model)
{
    struct names *names = &model->names;
    if (names->count < model->names_due && names->arena.bytes_used < model->name_bytes_due) {
        return;
    }
    /* All of them find room before the first pointer moves. */
    struct names kept = {0};
    names_init(&kept);
    each_name(model, store_again, &kept);
    if (kept.refused != 0) {
        names_free(&kept);
        return;
    }
    each_name(model, move_to, &kept);
    kept.refused = names->refused;
    names_free(names);
    *names = kept;
    model->names_due = (uint32_t)next_sweep(kept.count, SWEEP_ITEMS, EW_NAMES_MAX);
    model->name_bytes_due = next_sweep(kept.arena.bytes_used, SWEEP_BYTES, EW_NAME_BYTES_MAX);
}

/* --- all of it --------------------------------------------------------------------------------
 */

void prune_init(struct ew_model *model)
{
    model->modules_due = SWEEP_ITEMS;
    model->names_due = SWEEP_ITEMS;
    model->name_bytes_due = SWEEP_BYTES;
}

void ew_model_prune(struct ew_model *model, uint64_t time_100ns)
{
    struct prune prune = {model, time_100ns};
    mappings_prune(&model->mappings, mapping_is_gone, view_of, &prune);
    processes_prune(model, time_100ns);
    methods_prune(model, time_100ns);
    keys_prune(model, time_100ns);
    modules_sweep(model);
    names_sweep(model);
}
