/* SPDX-License-Identifier: Apache-2.0 */
/* Observations, edges, paths, gaps and ambiguities of several documents, each once. */
#include "windows/fold.h"

#include <string.h>

static int compare_u64(uint64_t a, uint64_t b)
{
    return a == b ? 0 : a < b ? -1 : 1;
}

/* --- observations ------------------------------------------------------------------------------
 */

static enum ew_status fold_observation(struct fold *fold,
                                       const struct ew_evidence_observation *seen,
                                       uint32_t *row_out)
{
    struct fold_table *table = &fold->observations;
    struct ew_evidence_observation now = *seen;
    now.function = fold->function_of[seen->function];
    now.source = fold->source_of[seen->source];
    uint64_t hash = ew_index_hash_pair(now.function, now.source);
    for (uint32_t i = ew_index_first(&table->index, hash); i != EW_INDEX_END;
         i = ew_index_next(&table->index)) {
        struct ew_evidence_observation *have = fold_row(table, i);
        if (have->function == now.function && have->source == now.source) {
            fold_sum(&have->hits, now.hits);
            fold_sum(&have->leaf, now.leaf);
            fold_sum(&have->root, now.root);
            fold_span(&have->first_100ns, &have->last_100ns, now.first_100ns, now.last_100ns);
            *row_out = i;
            return EW_OK;
        }
    }
    *row_out = table->count;
    return ew_fold_table_add(fold, table, &hash, &now);
}

static int compare_observation_rows(const void *a, const void *b)
{
    const struct ew_evidence_observation *left =
        *(const struct ew_evidence_observation *const *)a;
    const struct ew_evidence_observation *right =
        *(const struct ew_evidence_observation *const *)b;
    int order = compare_u64(left->function, right->function);
    return order != 0 ? order : compare_u64(left->source, right->source);
}

/* --- edges -------------------------------------------------------------------------------------
 */

static bool same_edge(const struct ew_evidence_edge *a, const struct ew_evidence_edge *b)
{
    return a->from == b->from && a->to == b->to && a->source == b->source
           && a->adjacency == b->adjacency;
}

static enum ew_status fold_edge(struct fold *fold, const struct ew_evidence_edge *edge,
                                uint32_t *row_out)
{
    struct fold_table *table = &fold->edges;
    struct ew_evidence_edge now = *edge;
    now.from = fold->function_of[edge->from];
    now.to = fold->function_of[edge->to];
    now.source = fold->source_of[edge->source];
    uint64_t hash = ew_index_hash_pair((uint64_t)now.from << 32 | now.to,
                                       (uint64_t)now.source << 8 | now.adjacency);
    for (uint32_t i = ew_index_first(&table->index, hash); i != EW_INDEX_END;
         i = ew_index_next(&table->index)) {
        struct ew_evidence_edge *have = fold_row(table, i);
        if (same_edge(have, &now)) {
            fold_sum(&have->hits, now.hits);
            fold_span(&have->first_100ns, &have->last_100ns, now.first_100ns, now.last_100ns);
            *row_out = i;
            return EW_OK;
        }
    }
    if (table->count >= EW_EDGES_MAX) {
        return EW_LIMIT;
    }
    *row_out = table->count;
    return ew_fold_table_add(fold, table, &hash, &now);
}

static int compare_edge_rows(const void *a, const void *b)
{
    const struct ew_evidence_edge *left = *(const struct ew_evidence_edge *const *)a;
    const struct ew_evidence_edge *right = *(const struct ew_evidence_edge *const *)b;
    int order = compare_u64(left->from, right->from);
    order = order != 0 ? order : compare_u64(left->to, right->to);
    order = order != 0 ? order : compare_u64(left->source, right->source);
    return order != 0 ? order : compare_u64(left->adjacency, right->adjacency);
}

/* --- paths -------------------------------------------------------------------------------------
 */

static bool same_path(const struct ew_evidence_path *a, const struct ew_evidence_path *b)
{
    return a->frame_count == b->frame_count && a->complete == b->complete
           && a->source == b->source
           && memcmp(a->frames, b->frames, a->frame_count * sizeof a->frames[0]) == 0;
}

/* Its frames as the fold numbers functions, in the arena; NULL: no room. */
static uint32_t *map_frames(struct fold *fold, const struct ew_evidence_path *path)
{
    uint32_t *frames = ew_arena_take(&fold->arena, path->frame_count * sizeof *frames);
    for (uint32_t i = 0; frames != NULL && i < path->frame_count; i++) {
        frames[i] = fold->function_of[path->frames[i]];
    }
    return frames;
}

static enum ew_status fold_path(struct fold *fold, const struct ew_evidence_path *path)
{
    struct fold_table *table = &fold->paths;
    struct ew_evidence_path now = *path;
    now.frames = map_frames(fold, path);
    now.source = fold->source_of[path->source];
    if (now.frames == NULL) {
        return EW_LIMIT;
    }
    uint64_t hash = ew_index_hash_bytes(now.frames, now.frame_count * sizeof now.frames[0]);
    hash = ew_index_hash_pair(hash, (uint64_t)now.source << 1 | now.complete);
    for (uint32_t i = ew_index_first(&table->index, hash); i != EW_INDEX_END;
         i = ew_index_next(&table->index)) {
        struct ew_evidence_path *have = fold_row(table, i);
        if (same_path(have, &now)) {
            fold_sum(&have->hits, now.hits);
            fold_span(&have->first_100ns, &have->last_100ns, now.first_100ns, now.last_100ns);
            return EW_OK;
        }
    }
    return ew_fold_table_add(fold, table, &hash, &now);
}

static int compare_frames(const struct ew_evidence_path *a, const struct ew_evidence_path *b)
{
    uint32_t shared = a->frame_count < b->frame_count ? a->frame_count : b->frame_count;
    for (uint32_t i = 0; i < shared; i++) {
        if (a->frames[i] != b->frames[i]) {
            return a->frames[i] < b->frames[i] ? -1 : 1;
        }
    }
    int order = compare_u64(a->frame_count, b->frame_count);
    order = order != 0 ? order : (int)a->complete - (int)b->complete;
    return order != 0 ? order : compare_u64(a->source, b->source);
}

static int compare_path_rows(const void *a, const void *b)
{
    return compare_frames(*(const struct ew_evidence_path *const *)a,
                          *(const struct ew_evidence_path *const *)b);
}

static uint32_t leaf_of(const struct ew_evidence_path *path)
{
    return path->frames[path->frame_count - 1];
}

/* By leaf, the most hit first: the first few of each leaf are kept. */
static int compare_by_leaf(const void *a, const void *b)
{
    const struct ew_evidence_path *left = *(const struct ew_evidence_path *const *)a;
    const struct ew_evidence_path *right = *(const struct ew_evidence_path *const *)b;
    int order = compare_u64(leaf_of(left), leaf_of(right));
    order = order != 0 ? order : compare_u64(right->hits, left->hits);
    return order != 0 ? order : compare_frames(left, right);
}

static int compare_by_hits(const void *a, const void *b)
{
    const struct ew_evidence_path *left = *(const struct ew_evidence_path *const *)a;
    const struct ew_evidence_path *right = *(const struct ew_evidence_path *const *)b;
    int order = compare_u64(right->hits, left->hits);
    return order != 0 ? order : compare_frames(left, right);
}

static void keep_best_of_leaves(struct fold_table *paths)
{
    uint32_t kept = 0;
    uint32_t of_leaf = 0;
    for (uint32_t i = 0; i < paths->count; i++) {
        struct ew_evidence_path path;
        memcpy(&path, fold_row(paths, i), sizeof path);
        bool same = kept > 0 && leaf_of(fold_row(paths, kept - 1)) == leaf_of(&path);
        of_leaf = same ? of_leaf + 1 : 1;
        if (of_leaf <= EW_PATHS_PER_LEAF_MAX) {
            memcpy(fold_row(paths, kept++), &path, sizeof path);
        }
    }
    paths->count = kept;
}

/* Paths are witnesses, and as few as in a window: some for each leaf, then the most hit. */
static enum ew_status limit_paths(struct fold *fold)
{
    struct fold_table *paths = &fold->paths;
    enum ew_status status = ew_fold_table_sort(fold, paths, compare_by_leaf, NULL);
    if (status != EW_OK) {
        return status;
    }
    keep_best_of_leaves(paths);
    if (paths->count > EW_PATHS_MAX) {
        status = ew_fold_table_sort(fold, paths, compare_by_hits, NULL);
        fold->dropped = paths->count - EW_PATHS_MAX;
        paths->count = EW_PATHS_MAX;
    }
    return status == EW_OK ? ew_fold_table_sort(fold, paths, compare_path_rows, NULL) : status;
}

/* --- gaps and ambiguities
 * ------------------------------------------------------------------------ */

static int compare_gap_rows(const void *a, const void *b)
{
    const struct ew_evidence_gap *left = *(const struct ew_evidence_gap *const *)a;
    const struct ew_evidence_gap *right = *(const struct ew_evidence_gap *const *)b;
    int order = compare_u64(left->from_sequence, right->from_sequence);
    order = order != 0 ? order : compare_u64(left->to_sequence, right->to_sequence);
    order = order != 0 ? order : compare_u64(left->start_100ns, right->start_100ns);
    order = order != 0 ? order : compare_u64(left->end_100ns, right->end_100ns);
    return order != 0 ? order : compare_u64(left->reason, right->reason);
}

/* Several documents may tell of the same gap. */
static void unite_gaps(struct fold_table *gaps)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < gaps->count; i++) {
        const void *gap = fold_row(gaps, i);
        const void *before = kept > 0 ? fold_row(gaps, kept - 1) : NULL;
        if (before == NULL || compare_gap_rows(&before, &gap) != 0) {
            memmove(fold_row(gaps, kept++), gap, gaps->row_bytes);
        }
    }
    gaps->count = kept;
}

static bool same_candidates(const struct ew_evidence_ambiguous *a,
                            const struct ew_evidence_ambiguous *b)
{
    bool same = a->reason == b->reason && a->candidate_count == b->candidate_count;
    for (size_t i = 0; i < a->candidate_count && same; i++) {
        same = strcmp(a->candidates[i], b->candidates[i]) == 0;
    }
    return same;
}

static enum ew_status fold_ambiguous(struct fold *fold, const struct ew_evidence_ambiguous *row)
{
    struct fold_table *table = &fold->ambiguous;
    uint64_t hash = row->reason;
    for (size_t i = 0; i < row->candidate_count; i++) {
        hash = ew_index_hash_pair(hash, ew_fold_hash_text(row->candidates[i]));
    }
    for (uint32_t i = ew_index_first(&table->index, hash); i != EW_INDEX_END;
         i = ew_index_next(&table->index)) {
        struct ew_evidence_ambiguous *have = fold_row(table, i);
        if (same_candidates(have, row)) {
            fold_sum(&have->hits, row->hits);
            return EW_OK;
        }
    }
    return ew_fold_table_add(fold, table, &hash, row);
}

/* --- documents ----------------------------------------------------------------------------- */

static enum ew_status fold_observations(struct fold *fold, const struct ew_evidence *evidence)
{
    size_t next = 0;
    enum ew_status status = EW_OK;
    for (size_t i = 0; i < evidence->observation_count && status == EW_OK; i++) {
        uint32_t row = 0;
        status = fold_observation(fold, &evidence->observations[i], &row);
        if (status == EW_OK && next < evidence->observation_detail_count
            && evidence->observation_details[next].row == i) {
            status = ew_fold_detail(fold, &fold->observation_processes, NULL, row,
                                    &evidence->observation_details[next++]);
        }
    }
    return status;
}

static enum ew_status fold_edges(struct fold *fold, const struct ew_evidence *evidence)
{
    size_t next = 0;
    enum ew_status status = EW_OK;
    for (size_t i = 0; i < evidence->edge_count && status == EW_OK; i++) {
        uint32_t row = 0;
        status = fold_edge(fold, &evidence->edges[i], &row);
        if (status == EW_OK && next < evidence->edge_detail_count
            && evidence->edge_details[next].row == i) {
            status = ew_fold_detail(fold, &fold->edge_processes, &fold->edge_sites, row,
                                    &evidence->edge_details[next++]);
        }
    }
    return status;
}

enum ew_status ew_fold_rows(struct fold *fold, const struct ew_evidence *evidence)
{
    enum ew_status status = fold_observations(fold, evidence);
    status = status != EW_OK ? status : fold_edges(fold, evidence);
    for (size_t i = 0; i < evidence->path_count && status == EW_OK; i++) {
        status = fold_path(fold, &evidence->paths[i]);
    }
    for (size_t i = 0; i < evidence->gap_count && status == EW_OK; i++) {
        status = ew_fold_table_add(fold, &fold->gaps, NULL, &evidence->gaps[i]);
    }
    for (size_t i = 0; i < evidence->ambiguous_count && status == EW_OK; i++) {
        status = fold_ambiguous(fold, &evidence->ambiguous[i]);
    }
    return status;
}

/* --- the end -----------------------------------------------------------------------------------
 */

static enum ew_status renumber_path(struct fold *fold, struct ew_evidence_path *path,
                                    const struct fold_ranks *ranks)
{
    uint32_t *frames = ew_arena_take(&fold->arena, path->frame_count * sizeof *frames);
    if (frames == NULL) {
        return EW_LIMIT;
    }
    for (uint32_t i = 0; i < path->frame_count; i++) {
        frames[i] = ranks->functions[path->frames[i]];
    }
    path->frames = frames;
    path->source = ranks->sources[path->source];
    return EW_OK;
}

static void renumber_pairs(struct fold_table *pairs, const uint32_t *processes)
{
    for (uint32_t i = 0; i < pairs->count; i++) {
        struct fold_pair *pair = fold_row(pairs, i);
        pair->value = processes[pair->value];
    }
}

enum ew_status ew_fold_renumber_rows(struct fold *fold, const struct fold_ranks *ranks)
{
    enum ew_status status = EW_OK;
    for (uint32_t i = 0; i < fold->observations.count; i++) {
        struct ew_evidence_observation *seen = fold_row(&fold->observations, i);
        seen->function = ranks->functions[seen->function];
        seen->source = ranks->sources[seen->source];
    }
    for (uint32_t i = 0; i < fold->edges.count; i++) {
        struct ew_evidence_edge *edge = fold_row(&fold->edges, i);
        edge->from = ranks->functions[edge->from];
        edge->to = ranks->functions[edge->to];
        edge->source = ranks->sources[edge->source];
    }
    renumber_pairs(&fold->observation_processes, ranks->processes);
    renumber_pairs(&fold->edge_processes, ranks->processes);
    for (uint32_t i = 0; i < fold->paths.count && status == EW_OK; i++) {
        status = renumber_path(fold, fold_row(&fold->paths, i), ranks);
    }
    return status;
}

static enum ew_status finish_lists(struct fold *fold)
{
    uint32_t *observations = NULL;
    uint32_t *edges = NULL;
    enum ew_status status =
        ew_fold_table_sort(fold, &fold->observations, compare_observation_rows, &observations);
    if (status == EW_OK) {
        status = ew_fold_table_sort(fold, &fold->edges, compare_edge_rows, &edges);
    }
    if (status == EW_OK) {
        status = ew_fold_finish_details(fold, &fold->observation_processes, NULL, observations,
                                        &fold->details[0]);
    }
    if (status == EW_OK) {
        status = ew_fold_finish_details(fold, &fold->edge_processes, &fold->edge_sites, edges,
                                        &fold->details[1]);
    }
    return status;
}

enum ew_status ew_fold_finish_rows(struct fold *fold, struct ew_evidence *evidence)
{
    enum ew_status status = finish_lists(fold);
    status = status != EW_OK ? status : limit_paths(fold);
    status =
        status != EW_OK ? status : ew_fold_table_sort(fold, &fold->gaps, compare_gap_rows, NULL);
    if (status != EW_OK) {
        return status;
    }
    unite_gaps(&fold->gaps);
    evidence->observations = (const void *)fold->observations.rows;
    evidence->observation_count = fold->observations.count;
    evidence->edges = (const void *)fold->edges.rows;
    evidence->edge_count = fold->edges.count;
    evidence->paths = (const void *)fold->paths.rows;
    evidence->path_count = fold->paths.count;
    evidence->gaps = (const void *)fold->gaps.rows;
    evidence->gap_count = fold->gaps.count;
    evidence->ambiguous = (const void *)fold->ambiguous.rows;
    evidence->ambiguous_count = fold->ambiguous.count;
    evidence->observation_details = (const void *)fold->details[0].rows;
    evidence->observation_detail_count = fold->details[0].count;
    evidence->edge_details = (const void *)fold->details[1].rows;
    evidence->edge_detail_count = fold->details[1].count;
    return EW_OK;
}
