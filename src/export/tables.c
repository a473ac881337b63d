/* SPDX-License-Identifier: Apache-2.0 */
/* Functions, modules and stacks of all windows, joined by key with the nodes of a merge. */
#include "export/tables.h"

#include "export/grow.h"

#include <stdlib.h>
#include <string.h>

enum ew_unit ew_unit_of(const struct ew_evidence *evidence, uint32_t source)
{
    if (source >= evidence->source_count) {
        return EW_UNIT_EVENTS;
    }
    if (evidence->sources[source].kind == EW_SOURCE_METHOD_PREPARE) {
        return EW_UNIT_PREPARED;
    }
    return ew_evidence_source_samples(&evidence->sources[source]) ? EW_UNIT_SAMPLES
                                                                  : EW_UNIT_EVENTS;
}

static uint64_t hash_text(const char *text)
{
    return ew_index_hash_bytes(text, strlen(text));
}

uint32_t ew_tables_find(struct ew_tables *tables, const char *key)
{
    uint64_t hash = hash_text(key);
    for (uint32_t i = ew_index_first(&tables->function_index, hash); i != EW_INDEX_END;
         i = ew_index_next(&tables->function_index)) {
        if (strcmp(tables->functions[i].function->key, key) == 0) {
            return i;
        }
    }
    return EW_TABLE_NONE;
}

static uint32_t find_module(struct ew_tables *tables, const char *key, uint64_t hash)
{
    for (uint32_t i = ew_index_first(&tables->module_index, hash); i != EW_INDEX_END;
         i = ew_index_next(&tables->module_index)) {
        if (strcmp(tables->modules[i].module->key, key) == 0) {
            return i;
        }
    }
    return EW_TABLE_NONE;
}

static enum ew_status take_module(struct ew_tables *tables,
                                  const struct ew_evidence_module *module, uint32_t *position_out)
{
    uint64_t hash = hash_text(module->key);
    uint32_t found = find_module(tables, module->key, hash);
    if (found == EW_TABLE_NONE) {
        struct ew_table_module *grown = ew_grow(tables->modules, &tables->module_capacity,
                                                tables->module_count, sizeof *grown);
        if (grown == NULL) {
            return EW_NO_MEMORY;
        }
        tables->modules = grown;
        found = (uint32_t)tables->module_count;
        if (!ew_index_insert(&tables->module_index, hash, found)) {
            return EW_NO_MEMORY;
        }
        tables->modules[tables->module_count++] = (struct ew_table_module){.module = module};
    }
    *position_out = found;
    return EW_OK;
}

/* A key whose name came late is known by the row that has one. */
static void better_row(struct ew_table_function *known, const struct ew_evidence_function *row)
{
    if (known->function->name == NULL && row->name != NULL) {
        known->function = row;
    }
}

static enum ew_status add_function(struct ew_tables *tables,
                                   const struct ew_evidence_function *row,
                                   const struct ew_evidence_module *module,
                                   uint32_t *position_out)
{
    struct ew_table_function function = {.function = row};
    uint32_t position = (uint32_t)tables->function_count;
    if (tables->function_count >= EW_EXPORT_FUNCTIONS_MAX) {
        return EW_LIMIT;
    }
    enum ew_status status = take_module(tables, module, &function.module);
    if (status != EW_OK) {
        return status;
    }
    struct ew_table_function *grown = ew_grow(tables->functions, &tables->function_capacity,
                                              tables->function_count, sizeof *grown);
    if (grown == NULL) {
        return EW_NO_MEMORY;
    }
    tables->functions = grown;
    if (!ew_index_insert(&tables->function_index, hash_text(row->key), position)) {
        return EW_NO_MEMORY;
    }
    tables->functions[tables->function_count++] = function;
    *position_out = position;
    return EW_OK;
}

static enum ew_status take_function(struct ew_tables *tables, const struct ew_evidence *evidence,
                                    uint32_t at, uint32_t *position_out)
{
    const struct ew_evidence_function *row = &evidence->functions[at];
    uint32_t found = ew_tables_find(tables, row->key);
    if (row->module >= evidence->module_count) {
        return EW_FORMAT;
    }
    if (found == EW_TABLE_NONE) {
        return add_function(tables, row, &evidence->modules[row->module], position_out);
    }
    better_row(&tables->functions[found], row);
    *position_out = found;
    return EW_OK;
}

static enum ew_status take_functions(struct ew_tables *tables, const struct ew_evidence *evidence,
                                     uint32_t *places)
{
    for (uint32_t i = 0; i < evidence->function_count; i++) {
        enum ew_status status = take_function(tables, evidence, i, &places[i]);
        if (status != EW_OK) {
            return status;
        }
    }
    return EW_OK;
}

/* Observations lie by function, so a function's window is counted at its first row. */
static enum ew_status take_observations(struct ew_tables *tables,
                                        const struct ew_evidence *evidence,
                                        const uint32_t *places)
{
    uint32_t previous = EW_TABLE_NONE;
    for (size_t i = 0; i < evidence->observation_count; i++) {
        const struct ew_evidence_observation *row = &evidence->observations[i];
        if (row->function >= evidence->function_count) {
            return EW_FORMAT;
        }
        struct ew_table_function *function = &tables->functions[places[row->function]];
        ew_table_sum(&function->hits[ew_unit_of(evidence, row->source)], row->hits);
        function->windows += row->function != previous ? 1 : 0;
        if (function->first_100ns == 0 || row->first_100ns < function->first_100ns) {
            function->first_100ns = row->first_100ns;
        }
        if (row->last_100ns > function->last_100ns) {
            function->last_100ns = row->last_100ns;
        }
        previous = row->function;
    }
    return EW_OK;
}

static bool same_stack(const struct ew_tables *tables, const struct ew_table_stack *a,
                       const struct ew_table_stack *b)
{
    return a->frame_count == b->frame_count && a->unit == b->unit && a->complete == b->complete
           && memcmp(tables->frames + a->first_frame, tables->frames + b->first_frame,
                     a->frame_count * sizeof *tables->frames)
                  == 0;
}

/* Adds the stack whose frames lie at the end of the pool, or counts it with its equal. */
static enum ew_status settle_stack(struct ew_tables *tables, const struct ew_table_stack *stack)
{
    uint64_t hash = ew_index_hash_bytes(tables->frames + stack->first_frame,
                                        stack->frame_count * sizeof *tables->frames);
    for (uint32_t i = ew_index_first(&tables->stack_index, hash); i != EW_INDEX_END;
         i = ew_index_next(&tables->stack_index)) {
        if (same_stack(tables, &tables->stacks[i], stack)) {
            ew_table_sum(&tables->stacks[i].hits, stack->hits);
            tables->frame_count -= stack->frame_count;
            return EW_OK;
        }
    }
    if (tables->stack_count >= EW_EXPORT_STACKS_MAX) {
        return EW_LIMIT;
    }
    struct ew_table_stack *grown =
        ew_grow(tables->stacks, &tables->stack_capacity, tables->stack_count, sizeof *grown);
    if (grown == NULL) {
        return EW_NO_MEMORY;
    }
    tables->stacks = grown;
    if (!ew_index_insert(&tables->stack_index, hash, (uint32_t)tables->stack_count)) {
        return EW_NO_MEMORY;
    }
    tables->stacks[tables->stack_count++] = *stack;
    return EW_OK;
}

static enum ew_status take_path(struct ew_tables *tables, const struct ew_evidence *evidence,
                                const struct ew_evidence_path *path, const uint32_t *places)
{
    const struct ew_table_stack stack = {
        .first_frame = (uint32_t)tables->frame_count,
        .frame_count = path->frame_count,
        .unit = ew_unit_of(evidence, path->source),
        .complete = path->complete,
        .hits = path->hits,
    };
    if (path->frame_count > EW_EXPORT_FRAMES_MAX - tables->frame_count) {
        return EW_LIMIT;
    }
    for (uint32_t i = 0; i < path->frame_count; i++) {
        if (path->frames[i] >= evidence->function_count) {
            return EW_FORMAT;
        }
        uint32_t *grown =
            ew_grow(tables->frames, &tables->frame_capacity, tables->frame_count, sizeof *grown);
        if (grown == NULL) {
            return EW_NO_MEMORY;
        }
        tables->frames = grown;
        tables->frames[tables->frame_count++] = places[path->frames[i]];
    }
    return path->frame_count == 0 ? EW_OK : settle_stack(tables, &stack);
}

static enum ew_status take_window(struct ew_tables *tables, const struct ew_evidence *evidence)
{
    uint32_t *places = malloc((evidence->function_count + 1) * sizeof *places);
    if (places == NULL) {
        return EW_NO_MEMORY;
    }
    enum ew_status status = take_functions(tables, evidence, places);
    if (status == EW_OK) {
        status = take_observations(tables, evidence, places);
    }
    for (size_t i = 0; status == EW_OK && i < evidence->path_count; i++) {
        status = take_path(tables, evidence, &evidence->paths[i], places);
    }
    free(places);
    return status;
}

static void attach_nodes(struct ew_tables *tables, const struct ew_merged *merged)
{
    for (size_t i = 0; i < merged->node_count; i++) {
        uint32_t at = ew_tables_find(tables, merged->nodes[i].key);
        if (at != EW_TABLE_NONE) {
            tables->functions[at].node = &merged->nodes[i];
        }
    }
}

static enum ew_status explain(enum ew_status status, struct ew_error *error)
{
    switch (status) {
    case EW_OK:
        return EW_OK;
    case EW_LIMIT:
        return ew_fail(error, status,
                       "export: more than %d functions, %d stacks or %d frames are not written",
                       EW_EXPORT_FUNCTIONS_MAX, EW_EXPORT_STACKS_MAX, EW_EXPORT_FRAMES_MAX);
    case EW_FORMAT:
        return ew_fail(error, status, "export: a window refers to a row that it does not have");
    default:
        return ew_fail(error, status, "export: no memory for the tables of the windows");
    }
}

enum ew_status ew_tables_build(struct ew_tables *tables, const struct ew_export_options *options,
                               struct ew_error *error)
{
    enum ew_status status = EW_OK;
    memset(tables, 0, sizeof *tables);
    tables->options = options;
    for (size_t i = 0; status == EW_OK && i < options->window_count; i++) {
        status = take_window(tables, options->windows[i].evidence);
    }
    if (status != EW_OK) {
        ew_tables_free(tables);
        return explain(status, error);
    }
    if (options->merged != NULL) {
        attach_nodes(tables, options->merged);
    }
    for (size_t i = 0; i < tables->stack_count; i++) {
        tables->stacks[i].frames = tables->frames + tables->stacks[i].first_frame;
    }
    status = ew_tables_name_packages(tables);
    if (status != EW_OK) {
        ew_tables_free(tables);
    }
    return explain(status, error);
}

void ew_tables_free(struct ew_tables *tables)
{
    free(tables->modules);
    free(tables->functions);
    free(tables->stacks);
    free(tables->frames);
    ew_index_free(&tables->module_index);
    ew_index_free(&tables->function_index);
    ew_index_free(&tables->stack_index);
    memset(tables, 0, sizeof *tables);
}
