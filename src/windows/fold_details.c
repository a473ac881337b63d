/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of rows, processes and call sites, of several documents: each element once. */
#include "windows/fold.h"

#include <stdlib.h>

enum ew_status ew_fold_detail(struct fold *fold, struct fold_table *processes,
                              struct fold_table *sites, uint32_t row,
                              const struct ew_evidence_detail *detail)
{
    enum ew_status status = EW_OK;
    for (uint32_t i = 0; i < detail->process_count && status == EW_OK; i++) {
        struct fold_pair pair = {row, fold->process_of[detail->processes[i]]};
        status = ew_fold_table_add(fold, processes, NULL, &pair);
    }
    for (uint32_t i = 0; sites != NULL && i < detail->site_count && status == EW_OK; i++) {
        struct fold_pair pair = {row, detail->sites[i]};
        status = ew_fold_table_add(fold, sites, NULL, &pair);
    }
    return status;
}

static int compare_pairs(const void *a, const void *b)
{
    const struct fold_pair *left = a;
    const struct fold_pair *right = b;
    if (left->row != right->row) {
        return left->row < right->row ? -1 : 1;
    }
    return left->value == right->value ? 0 : left->value < right->value ? -1 : 1;
}

/* By row and value, each once. */
static void sort_pairs(struct fold_table *pairs, const uint32_t *rank)
{
    struct fold_pair *rows = (void *)pairs->rows;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < pairs->count; i++) {
        rows[i].row = rank[rows[i].row];
    }
    if (pairs->count > 1) {
        qsort(rows, pairs->count, sizeof *rows, compare_pairs);
    }
    for (uint32_t i = 0; i < pairs->count; i++) {
        if (kept == 0 || compare_pairs(&rows[kept - 1], &rows[i]) != 0) {
            rows[kept++] = rows[i];
        }
    }
    pairs->count = kept;
}

static uint32_t row_at(const struct fold_table *pairs, uint32_t at)
{
    const struct fold_pair *rows = (const void *)pairs->rows;
    return at < pairs->count ? rows[at].row : UINT32_MAX;
}

/* How many pairs from `at` on are of `row`. */
static uint32_t count_pairs(const struct fold_table *pairs, uint32_t at, uint32_t row)
{
    uint32_t end = at;
    while (end < pairs->count && row_at(pairs, end) == row) {
        end++;
    }
    return end - at;
}

static enum ew_status take_processes(struct fold *fold, const struct fold_table *pairs,
                                     uint32_t *at, struct ew_evidence_detail *detail)
{
    uint32_t count = count_pairs(pairs, *at, detail->row);
    uint32_t *values = ew_arena_take(&fold->arena, count * sizeof *values);
    if (values == NULL) {
        return EW_LIMIT;
    }
    for (uint32_t i = 0; i < count; i++) {
        const struct fold_pair *pair = fold_row(pairs, (*at)++);
        values[i] = (uint32_t)pair->value;
    }
    detail->processes = values;
    detail->process_count = count;
    return EW_OK;
}

static enum ew_status take_sites(struct fold *fold, const struct fold_table *pairs, uint32_t *at,
                                 struct ew_evidence_detail *detail)
{
    uint32_t count = count_pairs(pairs, *at, detail->row);
    uint64_t *values = ew_arena_take(&fold->arena, count * sizeof *values);
    if (values == NULL) {
        return EW_LIMIT;
    }
    for (uint32_t i = 0; i < count; i++) {
        const struct fold_pair *pair = fold_row(pairs, (*at)++);
        values[i] = pair->value;
    }
    detail->sites = values;
    detail->site_count = count;
    return EW_OK;
}

enum ew_status ew_fold_finish_details(struct fold *fold, struct fold_table *processes,
                                      struct fold_table *sites, const uint32_t *rank,
                                      struct fold_table *details)
{
    static const struct fold_table none;
    const struct fold_table *second = sites != NULL ? sites : &none;
    uint32_t process_at = 0;
    uint32_t site_at = 0;
    enum ew_status status = EW_OK;
    sort_pairs(processes, rank);
    if (sites != NULL) {
        sort_pairs(sites, rank);
    }
    while (status == EW_OK && (process_at < processes->count || site_at < second->count)) {
        uint32_t by_process = row_at(processes, process_at);
        uint32_t by_site = row_at(second, site_at);
        struct ew_evidence_detail detail = {.row = by_process < by_site ? by_process : by_site};
        status = take_processes(fold, processes, &process_at, &detail);
        status = status != EW_OK ? status : take_sites(fold, second, &site_at, &detail);
        status = status != EW_OK ? status : ew_fold_table_add(fold, details, NULL, &detail);
    }
    return status;
}
