/* SPDX-License-Identifier: Apache-2.0 */
/* Folding documents: memory, order, and what their quality says together. */
#include "windows/fold.h"

#include <stdlib.h>
#include <string.h>

enum { ROWS_FIRST = 64 };

void ew_fold_init(struct fold *fold)
{
    memset(fold, 0, sizeof *fold);
    fold->sources.row_bytes = sizeof(struct ew_evidence_source);
    fold->modules.row_bytes = sizeof(struct ew_evidence_module);
    fold->processes.row_bytes = sizeof(struct ew_evidence_process);
    fold->functions.row_bytes = sizeof(struct ew_evidence_function);
    fold->observations.row_bytes = sizeof(struct ew_evidence_observation);
    fold->edges.row_bytes = sizeof(struct ew_evidence_edge);
    fold->paths.row_bytes = sizeof(struct ew_evidence_path);
    fold->gaps.row_bytes = sizeof(struct ew_evidence_gap);
    fold->ambiguous.row_bytes = sizeof(struct ew_evidence_ambiguous);
    fold->observation_processes.row_bytes = sizeof(struct fold_pair);
    fold->edge_processes.row_bytes = sizeof(struct fold_pair);
    fold->edge_sites.row_bytes = sizeof(struct fold_pair);
    fold->details[0].row_bytes = sizeof(struct ew_evidence_detail);
    fold->details[1].row_bytes = sizeof(struct ew_evidence_detail);
    fold->arena.bytes_max = EW_ROLL_UP_BYTES_MAX;
}

static void table_free(struct fold_table *table)
{
    free(table->rows);
    ew_index_free(&table->index);
}

void ew_fold_free(struct fold *fold)
{
    struct fold_table *const tables[] = {
        &fold->sources,        &fold->modules,
        &fold->processes,      &fold->functions,
        &fold->observations,   &fold->edges,
        &fold->paths,          &fold->gaps,
        &fold->ambiguous,      &fold->edge_sites,
        &fold->details[0],     &fold->details[1],
        &fold->edge_processes, &fold->observation_processes,
    };
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        table_free(tables[i]);
    }
    ew_arena_clear(&fold->arena);
}

/* --- tables ----------------------------------------------------------------------------------
 */

static enum ew_status grow(struct fold *fold, struct fold_table *table)
{
    uint32_t capacity = table->capacity == 0 ? ROWS_FIRST : table->capacity * 2;
    uint64_t added = (uint64_t)(capacity - table->capacity) * table->row_bytes;
    if (capacity > UINT32_MAX / 2
        || fold->byte_count + fold->arena.bytes_used + added > EW_ROLL_UP_BYTES_MAX) {
        return EW_LIMIT;
    }
    char *grown = realloc(table->rows, (size_t)capacity * table->row_bytes);
    if (grown == NULL) {
        return EW_NO_MEMORY;
    }
    table->rows = grown;
    table->capacity = capacity;
    fold->byte_count += added;
    return EW_OK;
}

enum ew_status ew_fold_table_add(struct fold *fold, struct fold_table *table,
                                 const uint64_t *hash, const void *row)
{
    if (table->count == table->capacity) {
        enum ew_status status = grow(fold, table);
        if (status != EW_OK) {
            return status;
        }
    }
    if (hash != NULL && !ew_index_insert(&table->index, *hash, table->count)) {
        return EW_NO_MEMORY;
    }
    memcpy(fold_row(table, table->count), row, table->row_bytes);
    table->count++;
    return EW_OK;
}

/* Puts the rows into the order of the pointers, and tells where each one went. */
static void gather(struct fold_table *table, const char *const *sorted, char *into,
                   uint32_t *rank)
{
    for (uint32_t i = 0; i < table->count; i++) {
        memcpy(into + i * table->row_bytes, sorted[i], table->row_bytes);
        rank[(size_t)(sorted[i] - table->rows) / table->row_bytes] = i;
    }
}

enum ew_status ew_fold_table_sort(struct fold *fold, struct fold_table *table,
                                  int (*compare)(const void *, const void *), uint32_t **rank_out)
{
    size_t count = table->count;
    uint32_t *rank = ew_arena_take(&fold->arena, (count + 1) * sizeof *rank);
    const char **sorted = malloc((count + 1) * sizeof *sorted);
    char *into = malloc((count + 1) * table->row_bytes);
    if (rank == NULL || sorted == NULL || into == NULL) {
        free(sorted);
        free(into);
        return EW_NO_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        sorted[i] = table->rows + i * table->row_bytes;
    }
    if (count > 1) {
        qsort(sorted, count, sizeof *sorted, compare);
    }
    gather(table, sorted, into, rank);
    free(sorted);
    free(table->rows);
    table->rows = into;
    table->capacity = (uint32_t)count + 1;
    if (rank_out != NULL) {
        *rank_out = rank;
    }
    return EW_OK;
}

uint64_t ew_fold_hash_text(const char *text)
{
    return text != NULL ? ew_index_hash_bytes(text, strlen(text)) : 0;
}

/* --- quality ---------------------------------------------------------------------------------
 */

/*
 * Some numbers are of a window, others run from the start of the collection: of these it is
 * what was added since the document before, or all when the collection began anew.
 */
static void add_rise(uint64_t *sum, uint64_t before, uint64_t now)
{
    fold_sum(sum, now >= before ? now - before : now);
}

static void add_windows_own(struct ew_evidence_quality *sum,
                            const struct ew_evidence_quality *now)
{
    fold_sum(&sum->stacks_total, now->stacks_total);
    fold_sum(&sum->stacks_truncated, now->stacks_truncated);
    fold_sum(&sum->stacks_gapped, now->stacks_gapped);
    fold_sum(&sum->stacks_kernel_only, now->stacks_kernel_only);
    fold_sum(&sum->frames_total, now->frames_total);
    fold_sum(&sum->frames_exact, now->frames_exact);
    fold_sum(&sum->frames_named, now->frames_named);
    fold_sum(&sum->frames_unresolved, now->frames_unresolved);
    fold_sum(&sum->frames_no_module, now->frames_no_module);
    fold_sum(&sum->frames_after_unload, now->frames_after_unload);
}

static void add_running(struct ew_evidence_quality *sum, const struct ew_evidence_quality *before,
                        const struct ew_evidence_quality *now)
{
    add_rise(&sum->events_lost, before->events_lost, now->events_lost);
    add_rise(&sum->buffers_lost, before->buffers_lost, now->buffers_lost);
    add_rise(&sum->lost_event_records, before->lost_event_records, now->lost_event_records);
    add_rise(&sum->decode_refused, before->decode_refused, now->decode_refused);
    add_rise(&sum->damaged_buffers, before->damaged_buffers, now->damaged_buffers);
    add_rise(&sum->stacks_orphan, before->stacks_orphan, now->stacks_orphan);
    add_rise(&sum->stacks_key_undefined, before->stacks_key_undefined, now->stacks_key_undefined);
    add_rise(&sum->stacks_late, before->stacks_late, now->stacks_late);
    add_rise(&sum->stacks_missing, before->stacks_missing, now->stacks_missing);
    add_rise(&sum->stacks_no_process, before->stacks_no_process, now->stacks_no_process);
    add_rise(&sum->dropped, before->dropped, now->dropped);
}

static void fold_quality(struct fold *fold, const struct ew_evidence_quality *now)
{
    struct ew_evidence_quality *sum = &fold->quality;
    add_windows_own(sum, now);
    add_running(sum, &fold->before, now);
    sum->throttled = sum->throttled || now->throttled;
    sum->rundown = now->rundown > sum->rundown ? now->rundown : sum->rundown;
    fold->before = *now;
}

/* --- documents -------------------------------------------------------------------------------
 */

/* Room for the numbers of one document's rows; freed with free_maps(). */
static enum ew_status take_maps(struct fold *fold, const struct ew_evidence *evidence)
{
    fold->source_of = malloc((evidence->source_count + 1) * sizeof *fold->source_of);
    fold->module_of = malloc((evidence->module_count + 1) * sizeof *fold->module_of);
    fold->process_of = malloc((evidence->process_count + 1) * sizeof *fold->process_of);
    fold->function_of = malloc((evidence->function_count + 1) * sizeof *fold->function_of);
    return fold->source_of != NULL && fold->module_of != NULL && fold->process_of != NULL
                   && fold->function_of != NULL
               ? EW_OK
               : EW_NO_MEMORY;
}

static void free_maps(struct fold *fold)
{
    free(fold->source_of);
    free(fold->module_of);
    free(fold->process_of);
    free(fold->function_of);
}

enum ew_status ew_fold_add(struct fold *fold, const struct ew_evidence *evidence)
{
    enum ew_status status = take_maps(fold, evidence);
    if (status == EW_OK) {
        status = ew_fold_things(fold, evidence);
    }
    if (status == EW_OK) {
        status = ew_fold_rows(fold, evidence);
    }
    if (status == EW_OK) {
        fold_quality(fold, &evidence->quality);
    }
    free_maps(fold);
    return status;
}

enum ew_status ew_fold_finish(struct fold *fold, struct ew_evidence *evidence)
{
    enum ew_status status = ew_fold_sort_things(fold);
    status = status != EW_OK ? status : ew_fold_finish_rows(fold, evidence);
    if (status != EW_OK) {
        return status;
    }
    evidence->sources = (const void *)fold->sources.rows;
    evidence->source_count = fold->sources.count;
    evidence->modules = (const void *)fold->modules.rows;
    evidence->module_count = fold->modules.count;
    evidence->processes = (const void *)fold->processes.rows;
    evidence->process_count = fold->processes.count;
    evidence->functions = (const void *)fold->functions.rows;
    evidence->function_count = fold->functions.count;
    evidence->quality = fold->quality;
    fold_sum(&evidence->quality.dropped, fold->dropped);
    evidence->quality.throttled = evidence->quality.throttled || fold->dropped > 0;
    return EW_OK;
}
