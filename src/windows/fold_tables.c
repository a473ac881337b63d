/* SPDX-License-Identifier: Apache-2.0 */
/* Sources, modules, processes and functions of several documents, each once. */
#include "windows/fold.h"

#include <string.h>

/* What the last document tells is kept, where it tells anything. */
static void take_text(const char **have, const char *now)
{
    if (now != NULL && now[0] != '\0') {
        *have = now;
    }
}

static int compare_u64(uint64_t a, uint64_t b)
{
    return a == b ? 0 : a < b ? -1 : 1;
}

static int compare_texts(const char *a, const char *b)
{
    return strcmp(a != NULL ? a : "", b != NULL ? b : "");
}

/* --- sources ---------------------------------------------------------------------------------
 */

static int compare_sources(const struct ew_evidence_source *a, const struct ew_evidence_source *b)
{
    int order = compare_u64(a->kind, b->kind);
    order = order != 0 ? order : memcmp(&a->provider, &b->provider, sizeof a->provider);
    order = order != 0 ? order : compare_u64(a->event_id, b->event_id);
    order = order != 0 ? order : compare_u64(a->period_ns, b->period_ns);
    order = order != 0 ? order : compare_u64(a->is_foreign, b->is_foreign);
    order = order != 0 ? order : compare_u64(a->has_event_id, b->has_event_id);
    order = order != 0 ? order : compare_u64(a->samples, b->samples);
    order = order != 0 ? order : compare_u64(a->provider_name != NULL, b->provider_name != NULL);
    return order != 0 ? order : compare_texts(a->provider_name, b->provider_name);
}

static int compare_source_rows(const void *a, const void *b)
{
    return compare_sources(*(const struct ew_evidence_source *const *)a,
                           *(const struct ew_evidence_source *const *)b);
}

static enum ew_status fold_source(struct fold *fold, const struct ew_evidence_source *source,
                                  uint32_t *row_out)
{
    struct fold_table *table = &fold->sources;
    uint64_t hash = ew_index_hash_bytes(&source->provider, sizeof source->provider);
    hash = ew_index_hash_pair(hash, source->event_id);
    hash = ew_index_hash_pair(hash, ew_fold_hash_text(source->provider_name));
    for (uint32_t i = ew_index_first(&table->index, hash); i != EW_INDEX_END;
         i = ew_index_next(&table->index)) {
        if (compare_sources(fold_row(table, i), source) == 0) {
            *row_out = i;
            return EW_OK;
        }
    }
    *row_out = table->count;
    return ew_fold_table_add(fold, table, &hash, source);
}

/* --- modules ---------------------------------------------------------------------------------
 */

static int compare_module_rows(const void *a, const void *b)
{
    return strcmp((*(const struct ew_evidence_module *const *)a)->key,
                  (*(const struct ew_evidence_module *const *)b)->key);
}

static void join_modules(struct ew_evidence_module *have, const struct ew_evidence_module *now)
{
    fold_sum(&have->samples, now->samples);
    fold_sum(&have->loads, now->loads);
    have->kind = now->kind;
    take_text(&have->name, now->name);
    take_text(&have->code_id, now->code_id);
    take_text(&have->debug_id, now->debug_id);
    take_text(&have->mvid, now->mvid);
    take_text(&have->path, now->path);
    take_text(&have->build_id, now->build_id);
    take_text(&have->sha256, now->sha256);
    take_text(&have->htlhash, now->htlhash);
    take_text(&have->purl, now->purl);
    take_text(&have->file_version, now->file_version);
}

static enum ew_status fold_module(struct fold *fold, const struct ew_evidence_module *module,
                                  uint32_t *row_out)
{
    struct fold_table *table = &fold->modules;
    uint64_t hash = ew_fold_hash_text(module->key);
    for (uint32_t i = ew_index_first(&table->index, hash); i != EW_INDEX_END;
         i = ew_index_next(&table->index)) {
        struct ew_evidence_module *have = fold_row(table, i);
        if (strcmp(have->key, module->key) == 0) {
            join_modules(have, module);
            *row_out = i;
            return EW_OK;
        }
    }
    *row_out = table->count;
    return ew_fold_table_add(fold, table, &hash, module);
}

/* --- processes -------------------------------------------------------------------------------
 */

static int compare_processes(const struct ew_evidence_process *a,
                             const struct ew_evidence_process *b)
{
    int order = compare_u64(a->start_100ns, b->start_100ns);
    order = order != 0 ? order : compare_u64(a->process_id, b->process_id);
    return order != 0 ? order : compare_u64(a->start_key, b->start_key);
}

static int compare_process_rows(const void *a, const void *b)
{
    return compare_processes(*(const struct ew_evidence_process *const *)a,
                             *(const struct ew_evidence_process *const *)b);
}

static void join_processes(struct ew_evidence_process *have,
                           const struct ew_evidence_process *now)
{
    have->end_100ns = now->end_100ns > have->end_100ns ? now->end_100ns : have->end_100ns;
    have->image = now->image != EW_INDEX_NONE ? now->image : have->image;
    have->attached_at_start = have->attached_at_start || now->attached_at_start;
}

static enum ew_status fold_process(struct fold *fold, const struct ew_evidence_process *process,
                                   uint32_t *row_out)
{
    struct fold_table *table = &fold->processes;
    struct ew_evidence_process now = *process;
    uint64_t hash = ew_index_hash_pair(process->start_key, process->process_id);
    now.image = now.image != EW_INDEX_NONE ? fold->module_of[now.image] : EW_INDEX_NONE;
    for (uint32_t i = ew_index_first(&table->index, hash); i != EW_INDEX_END;
         i = ew_index_next(&table->index)) {
        struct ew_evidence_process *have = fold_row(table, i);
        if (compare_processes(have, process) == 0) {
            join_processes(have, &now);
            *row_out = i;
            return EW_OK;
        }
    }
    *row_out = table->count;
    return ew_fold_table_add(fold, table, &hash, &now);
}

/* --- functions -------------------------------------------------------------------------------
 */

static int compare_function_rows(const void *a, const void *b)
{
    return strcmp((*(const struct ew_evidence_function *const *)a)->key,
                  (*(const struct ew_evidence_function *const *)b)->key);
}

static void join_functions(struct ew_evidence_function *have,
                           const struct ew_evidence_function *now)
{
    have->module = now->module;
    have->resolution = now->resolution;
    have->token = now->token != 0 ? now->token : have->token;
    have->rva = now->has_rva ? now->rva : have->rva;
    have->has_rva = have->has_rva || now->has_rva;
    have->size_bytes = now->size_bytes != 0 ? now->size_bytes : have->size_bytes;
    have->flags |= now->flags;
    take_text(&have->name, now->name);
    take_text(&have->decorated, now->decorated);
    take_text(&have->signature, now->signature);
    take_text(&have->doc_id, now->doc_id);
    if (now->alias_count > 0) {
        have->aliases = now->aliases;
        have->alias_count = now->alias_count;
    }
}

static enum ew_status fold_function(struct fold *fold,
                                    const struct ew_evidence_function *function,
                                    uint32_t *row_out)
{
    struct fold_table *table = &fold->functions;
    struct ew_evidence_function now = *function;
    uint64_t hash = ew_fold_hash_text(function->key);
    now.module = fold->module_of[function->module];
    for (uint32_t i = ew_index_first(&table->index, hash); i != EW_INDEX_END;
         i = ew_index_next(&table->index)) {
        struct ew_evidence_function *have = fold_row(table, i);
        if (strcmp(have->key, function->key) == 0) {
            join_functions(have, &now);
            *row_out = i;
            return EW_OK;
        }
    }
    if (table->count >= EW_FUNCTIONS_MAX) {
        return EW_LIMIT;
    }
    *row_out = table->count;
    return ew_fold_table_add(fold, table, &hash, &now);
}

/* --- all of them -----------------------------------------------------------------------------
 */

enum ew_status ew_fold_things(struct fold *fold, const struct ew_evidence *evidence)
{
    enum ew_status status = EW_OK;
    for (size_t i = 0; i < evidence->source_count && status == EW_OK; i++) {
        status = fold_source(fold, &evidence->sources[i], &fold->source_of[i]);
    }
    for (size_t i = 0; i < evidence->module_count && status == EW_OK; i++) {
        status = fold_module(fold, &evidence->modules[i], &fold->module_of[i]);
    }
    for (size_t i = 0; i < evidence->process_count && status == EW_OK; i++) {
        status = fold_process(fold, &evidence->processes[i], &fold->process_of[i]);
    }
    for (size_t i = 0; i < evidence->function_count && status == EW_OK; i++) {
        status = fold_function(fold, &evidence->functions[i], &fold->function_of[i]);
    }
    return status;
}

static void renumber_modules(struct fold *fold, const uint32_t *rank)
{
    for (uint32_t i = 0; i < fold->functions.count; i++) {
        struct ew_evidence_function *function = fold_row(&fold->functions, i);
        function->module = rank[function->module];
    }
    for (uint32_t i = 0; i < fold->processes.count; i++) {
        struct ew_evidence_process *process = fold_row(&fold->processes, i);
        process->image = process->image != EW_INDEX_NONE ? rank[process->image] : EW_INDEX_NONE;
    }
}

enum ew_status ew_fold_sort_things(struct fold *fold)
{
    struct fold_ranks ranks = {.sources = NULL};
    enum ew_status status =
        ew_fold_table_sort(fold, &fold->sources, compare_source_rows, &ranks.sources);
    if (status == EW_OK) {
        status = ew_fold_table_sort(fold, &fold->modules, compare_module_rows, &ranks.modules);
    }
    if (status == EW_OK) {
        status =
            ew_fold_table_sort(fold, &fold->processes, compare_process_rows, &ranks.processes);
    }
    if (status == EW_OK) {
        status =
            ew_fold_table_sort(fold, &fold->functions, compare_function_rows, &ranks.functions);
    }
    if (status == EW_OK) {
        renumber_modules(fold, ranks.modules);
        status = ew_fold_renumber_rows(fold, &ranks);
    }
    return status;
}
