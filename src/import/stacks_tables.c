/* SPDX-License-Identifier: Apache-2.0 */
/* Counted stacks as tables in the order of a document. */
#include "import/parts.h"

#include <stdlib.h>
#include <string.h>

/* A row's key and place, to be sorted. */
struct keyed {
    const char *key;
    uint32_t row;
};

static int compare_keyed(const void *a, const void *b)
{
    return strcmp(((const struct keyed *)a)->key, ((const struct keyed *)b)->key);
}

static struct keyed *sort_keys(struct stacks *stacks, const struct stack_table *table,
                               uint32_t *rank)
{
    struct keyed *keyed = ew_arena_take(&stacks->arena, (table->count + 1) * sizeof *keyed);
    const char *at = table->rows;
    for (uint32_t i = 0; keyed != NULL && i < table->count; i++, at += table->row_bytes) {
        memcpy(&keyed[i].key, at, sizeof keyed[i].key); /* the first member of every row */
        keyed[i].row = i;
    }
    if (keyed != NULL && table->count > 1) {
        qsort(keyed, table->count, sizeof *keyed, compare_keyed);
    }
    for (uint32_t i = 0; keyed != NULL && i < table->count; i++) {
        rank[keyed[i].row] = i;
    }
    return keyed;
}

static enum ew_status make_modules(struct stacks *stacks, uint32_t *rank,
                                   struct ew_evidence *evidence)
{
    const struct stack_module *rows = stacks->modules.rows;
    uint32_t count = stacks->modules.count;
    struct keyed *keyed = sort_keys(stacks, &stacks->modules, rank);
    struct ew_evidence_module *modules =
        ew_arena_take(&stacks->arena, (count + (size_t)1) * sizeof *modules);
    if (keyed == NULL || modules == NULL) {
        return EW_LIMIT;
    }
    for (uint32_t i = 0; i < count; i++) {
        const struct stack_module *row = &rows[keyed[i].row];
        struct ew_evidence_module module = {
            .key = row->key, .name = row->name, .kind = row->kind, .samples = row->samples};
        modules[i] = module;
    }
    evidence->modules = modules;
    evidence->module_count = count;
    return EW_OK;
}

static enum ew_status make_functions(struct stacks *stacks, const uint32_t *module_rank,
                                     uint32_t *rank, struct ew_evidence *evidence)
{
    const struct stack_function *rows = stacks->functions.rows;
    uint32_t count = stacks->functions.count;
    struct keyed *keyed = sort_keys(stacks, &stacks->functions, rank);
    struct ew_evidence_function *functions =
        ew_arena_take(&stacks->arena, (count + (size_t)1) * sizeof *functions);
    struct ew_evidence_observation *seen =
        ew_arena_take(&stacks->arena, (count + (size_t)1) * sizeof *seen);
    if (keyed == NULL || functions == NULL || seen == NULL) {
        return EW_LIMIT;
    }
    for (uint32_t i = 0; i < count; i++) {
        const struct stack_function *row = &rows[keyed[i].row];
        struct ew_evidence_function function = {.key = row->key,
                                                .module = module_rank[row->module],
                                                .resolution = EW_RESOLVED_SYMBOL,
                                                /* The key ends with the name. */
                                                .name = row->key + strlen(row->key)
                                                        - row->name.bytes};
        struct ew_evidence_observation observation = {i,
                                                      0,
                                                      row->hits,
                                                      row->leaf,
                                                      row->root,
                                                      evidence->start_100ns,
                                                      evidence->end_100ns - 1};
        functions[i] = function;
        seen[i] = observation;
    }
    evidence->functions = functions;
    evidence->function_count = count;
    evidence->observations = seen;
    evidence->observation_count = count;
    return EW_OK;
}

static int compare_edges(const void *a, const void *b)
{
    const struct ew_evidence_edge *left = a;
    const struct ew_evidence_edge *right = b;
    int order = import_compare(left->from, right->from);
    order = order != 0 ? order : import_compare(left->to, right->to);
    return order != 0 ? order : import_compare(left->adjacency, right->adjacency);
}

static enum ew_status make_edges(struct stacks *stacks, const uint32_t *rank,
                                 struct ew_evidence *evidence)
{
    const struct stack_edge *rows = stacks->edges.rows;
    uint32_t count = stacks->edges.count;
    struct ew_evidence_edge *edges =
        ew_arena_take(&stacks->arena, (count + (size_t)1) * sizeof *edges);
    if (edges == NULL) {
        return EW_LIMIT;
    }
    for (uint32_t i = 0; i < count; i++) {
        struct ew_evidence_edge edge = {
            rank[rows[i].from],    rank[rows[i].to],       0, rows[i].adjacency, rows[i].hits,
            evidence->start_100ns, evidence->end_100ns - 1};
        edges[i] = edge;
    }
    if (count > 1) {
        qsort(edges, count, sizeof *edges, compare_edges);
    }
    evidence->edges = edges;
    evidence->edge_count = count;
    return EW_OK;
}

/* --- paths -------------------------------------------------------------------------------------
 */

static int compare_frames(const struct ew_evidence_path *a, const struct ew_evidence_path *b)
{
    uint32_t shared = a->frame_count < b->frame_count ? a->frame_count : b->frame_count;
    for (uint32_t i = 0; i < shared; i++) {
        if (a->frames[i] != b->frames[i]) {
            return a->frames[i] < b->frames[i] ? -1 : 1;
        }
    }
    int order = import_compare(a->frame_count, b->frame_count);
    return order != 0 ? order : (int)a->complete - (int)b->complete;
}

static int compare_paths(const void *a, const void *b)
{
    return compare_frames(a, b);
}

static uint32_t leaf_of(const struct ew_evidence_path *path)
{
    return path->frames[path->frame_count - 1];
}

static int compare_by_leaf(const void *a, const void *b)
{
    const struct ew_evidence_path *left = a;
    const struct ew_evidence_path *right = b;
    int order = import_compare(leaf_of(left), leaf_of(right));
    order = order != 0 ? order : import_compare(right->hits, left->hits);
    return order != 0 ? order : compare_frames(left, right);
}

static int compare_by_hits(const void *a, const void *b)
{
    const struct ew_evidence_path *left = a;
    const struct ew_evidence_path *right = b;
    int order = import_compare(right->hits, left->hits);
    return order != 0 ? order : compare_frames(left, right);
}

/* The most hit of each leaf, then of all; answers how many are left, in order. */
static uint32_t limit_paths(struct ew_evidence_path *paths, uint32_t count, uint64_t *dropped)
{
    uint32_t kept = 0;
    uint32_t of_leaf = 0;
    qsort(paths, count, sizeof *paths, compare_by_leaf);
    for (uint32_t i = 0; i < count; i++) {
        of_leaf = kept > 0 && leaf_of(&paths[kept - 1]) == leaf_of(&paths[i]) ? of_leaf + 1 : 1;
        if (of_leaf <= EW_PATHS_PER_LEAF_MAX) {
            paths[kept++] = paths[i];
        }
    }
    if (kept > EW_PATHS_MAX) {
        qsort(paths, kept, sizeof *paths, compare_by_hits);
        import_sum(dropped, kept - EW_PATHS_MAX);
        kept = EW_PATHS_MAX;
    }
    qsort(paths, kept, sizeof *paths, compare_paths);
    return kept;
}

static enum ew_status make_paths(struct stacks *stacks, const uint32_t *rank,
                                 struct ew_evidence *evidence)
{
    const struct stack_path *rows = stacks->paths.rows;
    uint32_t count = stacks->paths.count;
    struct ew_evidence_path *paths =
        ew_arena_take(&stacks->arena, (count + (size_t)1) * sizeof *paths);
    if (paths == NULL) {
        return EW_LIMIT;
    }
    for (uint32_t i = 0; i < count; i++) {
        uint32_t *frames = ew_arena_take(&stacks->arena, rows[i].frame_count * sizeof *frames);
        if (frames == NULL) {
            return EW_LIMIT;
        }
        for (uint32_t k = 0; k < rows[i].frame_count; k++) {
            frames[k] = rank[rows[i].frames[k]];
        }
        struct ew_evidence_path path = {
            frames,       rows[i].frame_count,   rows[i].complete,       0,
            rows[i].hits, evidence->start_100ns, evidence->end_100ns - 1};
        paths[i] = path;
    }
    evidence->paths = paths;
    evidence->path_count = count > 0 ? limit_paths(paths, count, &stacks->quality.dropped) : 0;
    return EW_OK;
}

enum ew_status ew_stacks_tables(struct stacks *stacks, struct ew_evidence *evidence)
{
    stacks->arena.bytes_max += EW_IMPORT_TABLE_BYTES_MAX;
    uint32_t *modules =
        ew_arena_take(&stacks->arena, (stacks->modules.count + (size_t)1) * sizeof *modules);
    uint32_t *functions =
        ew_arena_take(&stacks->arena, (stacks->functions.count + (size_t)1) * sizeof *functions);
    if (modules == NULL || functions == NULL) {
        return EW_LIMIT;
    }
    enum ew_status status = make_modules(stacks, modules, evidence);
    status = status != EW_OK ? status : make_functions(stacks, modules, functions, evidence);
    status = status != EW_OK ? status : make_edges(stacks, functions, evidence);
    status = status != EW_OK ? status : make_paths(stacks, functions, evidence);
    stacks->quality.throttled = stacks->quality.dropped > 0;
    evidence->quality = stacks->quality;
    return status;
}
