/* SPDX-License-Identifier: Apache-2.0 */
/* Builds and functions of all documents, each once. */
#include "merge/internal.h"

enum { WEIGHT_FULL = 1000, WEIGHT_EXPORT_NEAR = 300 };

/* --- builds ----------------------------------------------------------------------------------
 */

static bool same_text(const char *a, const char *b)
{
    return strcmp(a != NULL ? a : "", b != NULL ? b : "") == 0;
}

static bool same_build(const struct build *build, const struct ew_evidence_module *module,
                       const struct build_ids *ids)
{
    return strcmp(build->row->key, module->key) == 0 && same_text(build->row->name, module->name)
           && memcmp(&build->ids, ids, sizeof *ids) == 0;
}

static uint64_t build_hash(const struct ew_evidence_module *module, const struct build_ids *ids)
{
    return ew_index_hash_pair(ew_index_hash_bytes(ids, sizeof *ids),
                              ew_index_hash_bytes(module->key, strlen(module->key)));
}

/* The build of a module's row; NONE without memory. */
static uint32_t build_intern(struct merge *merge, const struct ew_evidence_module *module)
{
    struct build_ids ids;
    ew_merge_build_ids_of_module(module, &ids);
    uint64_t hash = build_hash(module, &ids);
    for (uint32_t i = ew_index_first(&merge->build_index, hash); i != EW_INDEX_END;
         i = ew_index_next(&merge->build_index)) {
        if (same_build(&merge->builds[i], module, &ids)) {
            return i;
        }
    }
    struct build *grown =
        list_grow(merge->builds, &merge->build_capacity, merge->build_count, sizeof *grown);
    if (grown == NULL
        || !ew_index_insert(&merge->build_index, hash, (uint32_t)merge->build_count)) {
        merge->builds = grown != NULL ? grown : merge->builds;
        return NONE;
    }
    merge->builds = grown;
    struct build build = {.row = module, .ids = ids};
    merge->builds[merge->build_count] = build;
    return (uint32_t)merge->build_count++;
}

/* --- functions -------------------------------------------------------------------------------
 */

static uint32_t find_function(struct merge *merge, const char *key, uint64_t hash)
{
    for (uint32_t i = ew_index_first(&merge->function_index, hash); i != EW_INDEX_END;
         i = ew_index_next(&merge->function_index)) {
        if (strcmp(merge->functions[i].key, key) == 0) {
            return i;
        }
    }
    return NONE;
}

uint32_t ew_merge_function_find(struct merge *merge, const char *key)
{
    return find_function(merge, key, ew_index_hash_bytes(key, strlen(key)));
}

static int compare_text(const char *a, const char *b)
{
    return strcmp(a != NULL ? a : "", b != NULL ? b : "");
}

/*
 * Documents can tell one key differently, a later one better. Which row counts must not depend
 * on the order of documents: the surest resolution, then the last texts in byte order, which
 * lets any text win over none.
 */
static int compare_rows(const struct ew_evidence_function *a,
                        const struct ew_evidence_function *b)
{
    if (a->resolution != b->resolution) {
        return a->resolution < b->resolution ? -1 : 1;
    }
    const char *const left[] = {a->name, a->signature, a->doc_id, a->decorated};
    const char *const right[] = {b->name, b->signature, b->doc_id, b->decorated};
    for (size_t i = 0; i < sizeof left / sizeof left[0]; i++) {
        int order = compare_text(right[i], left[i]);
        if (order != 0) {
            return order;
        }
    }
    if (a->token != b->token) {
        return a->token > b->token ? -1 : 1;
    }
    if (a->has_rva != b->has_rva || a->rva != b->rva) {
        return a->has_rva > b->has_rva || (a->has_rva == b->has_rva && a->rva < b->rva) ? -1 : 1;
    }
    return 0;
}

/* As above: the build that tells most, then the first by its ids and key. */
static bool better_build(const struct merge *merge, uint32_t a, uint32_t b)
{
    const struct build *left = &merge->builds[a];
    const struct build *right = &merge->builds[b];
    int order = memcmp(&right->ids, &left->ids, sizeof left->ids);
    if (order == 0) {
        order = strcmp(left->row->key, right->row->key);
    }
    if (order == 0) {
        order = compare_text(left->row->name, right->row->name);
    }
    return order < 0;
}

static void fold_function(struct merge *merge, struct function *function,
                          const struct ew_evidence_function *row, uint32_t build)
{
    function->flags |= row->flags;
    if (function->row == NULL || compare_rows(row, function->row) < 0) {
        function->row = row;
        function->resolution = row->resolution;
        function->weight =
            row->resolution == EW_RESOLVED_EXPORT_NEAR ? WEIGHT_EXPORT_NEAR : WEIGHT_FULL;
    }
    if (function->build == NONE || better_build(merge, build, function->build)) {
        function->build = build;
    }
}

/* The function of a key, made when it is not there; NONE at the limit or without memory. */
static uint32_t function_intern(struct merge *merge, const char *key)
{
    uint64_t hash = ew_index_hash_bytes(key, strlen(key));
    uint32_t found = find_function(merge, key, hash);
    if (found != NONE || merge->function_count >= EW_MERGE_FUNCTIONS_MAX) {
        return found;
    }
    struct function *grown = list_grow(merge->functions, &merge->function_capacity,
                                       merge->function_count, sizeof *grown);
    if (grown == NULL) {
        return NONE;
    }
    merge->functions = grown;
    if (!ew_index_insert(&merge->function_index, hash, (uint32_t)merge->function_count)) {
        return NONE;
    }
    struct function function = {.key = key,
                                .build = NONE,
                                .node = NONE,
                                .weight = WEIGHT_FULL,
                                .resolution = EW_RESOLVED_NOT};
    merge->functions[merge->function_count] = function;
    return (uint32_t)merge->function_count++;
}

static enum ew_status refuse_function(struct merge *merge)
{
    return merge->function_count >= EW_MERGE_FUNCTIONS_MAX
               ? ew_fail(merge->error, EW_LIMIT,
                         "merge: the documents tell of more than %d functions",
                         EW_MERGE_FUNCTIONS_MAX)
               : merge_no_memory(merge);
}

/* --- documents -------------------------------------------------------------------------------
 */

static enum ew_status collect_modules(struct merge *merge, size_t window)
{
    const struct ew_evidence *evidence = merge->windows[window].evidence;
    uint32_t *map = merge->module_map + merge->first_module[window];
    for (size_t i = 0; i < evidence->module_count; i++) {
        map[i] = build_intern(merge, &evidence->modules[i]);
        if (map[i] == NONE) {
            return merge_no_memory(merge);
        }
    }
    return EW_OK;
}

static enum ew_status collect_functions(struct merge *merge, size_t window)
{
    const struct ew_evidence *evidence = merge->windows[window].evidence;
    const uint32_t *builds = merge->module_map + merge->first_module[window];
    uint32_t *map = merge->function_map + merge->first_function[window];
    for (size_t i = 0; i < evidence->function_count; i++) {
        const struct ew_evidence_function *row = &evidence->functions[i];
        map[i] = function_intern(merge, row->key);
        if (map[i] == NONE) {
            return refuse_function(merge);
        }
        fold_function(merge, &merge->functions[map[i]], row, builds[row->module]);
    }
    for (size_t i = 0; i < evidence->observation_count; i++) {
        merge->functions[map[evidence->observations[i].function]].observed = true;
    }
    return EW_OK;
}

/* The build that a key names between its colons, "m:BUILD:06000001". */
static uint32_t build_of_key(const struct merge *merge, const char *key)
{
    const char *last = strrchr(key, ':');
    size_t length = last != NULL && last > key + 2 ? (size_t)(last - key - 2) : 0;
    for (uint32_t i = 0; length > 0 && i < merge->build_count; i++) {
        const struct ew_evidence_module *row = merge->builds[i].row;
        const char *const ids[] = {row->mvid, row->debug_id, row->code_id, row->key};
        for (size_t k = 0; k < sizeof ids / sizeof ids[0]; k++) {
            if (ids[k] != NULL && strlen(ids[k]) == length
                && memcmp(ids[k], key + 2, length) == 0) {
                return i;
            }
        }
    }
    return NONE;
}

/*
 * Candidates of ambiguous records are keys, of functions that need not be in any table. When
 * all of one record are one key, nothing is ambiguous: versions of code that share a token.
 */
static enum ew_status collect_ambiguous(struct merge *merge, const struct ew_evidence *evidence)
{
    for (size_t i = 0; i < evidence->ambiguous_count; i++) {
        const struct ew_evidence_ambiguous *record = &evidence->ambiguous[i];
        bool one = true;
        for (size_t k = 1; k < record->candidate_count; k++) {
            one = one && strcmp(record->candidates[0], record->candidates[k]) == 0;
        }
        for (size_t k = 0; k < record->candidate_count; k++) {
            uint32_t index = function_intern(merge, record->candidates[k]);
            if (index == NONE) {
                return refuse_function(merge);
            }
            struct function *function = &merge->functions[index];
            function->candidate = function->candidate || !one;
            function->observed = function->observed || one;
            function->certain = function->certain || one;
            if (function->build == NONE) {
                function->build = build_of_key(merge, function->key);
            }
        }
    }
    return EW_OK;
}

/* Where each window's rows begin in the maps, and its stream: both are sorted by stream. */
static enum ew_status lay_maps(struct merge *merge)
{
    size_t functions = 0;
    size_t modules = 0;
    size_t stream = 0;
    size_t count = merge->window_count + 1;
    merge->first_function = calloc(count, sizeof *merge->first_function);
    merge->first_module = calloc(count, sizeof *merge->first_module);
    merge->window_stream = calloc(count, sizeof *merge->window_stream);
    if (merge->first_function == NULL || merge->first_module == NULL
        || merge->window_stream == NULL) {
        return merge_no_memory(merge);
    }
    for (size_t i = 0; i < merge->window_count; i++) {
        const struct ew_evidence *evidence = merge->windows[i].evidence;
        merge->first_function[i] = functions;
        merge->first_module[i] = modules;
        functions += evidence->function_count;
        modules += evidence->module_count;
        while (stream + 1 < merge->merged.stream_count
               && strcmp(merge->merged.streams[stream].id, evidence->stream_id) != 0) {
            stream++;
        }
        merge->window_stream[i] = (uint32_t)stream;
    }
    merge->function_map = calloc(functions + 1, sizeof *merge->function_map);
    merge->module_map = calloc(modules + 1, sizeof *merge->module_map);
    return merge->function_map != NULL && merge->module_map != NULL ? EW_OK
                                                                    : merge_no_memory(merge);
}

/* Functions that nothing tells apart from others of their build hide what else ran. */
static void mark_untold(struct merge *merge)
{
    for (size_t i = 0; i < merge->function_count; i++) {
        const struct function *function = &merge->functions[i];
        bool exact = function->row != NULL
                     && (function->row->token != 0
                         || (function->row->has_rva
                             && (function->resolution == EW_RESOLVED_PDB
                                 || function->resolution == EW_RESOLVED_NOT)));
        /* Code made at run time is no function of the module that made it. */
        if (function->build != NONE && function->resolution != EW_RESOLVED_DYNAMIC) {
            struct build *build = &merge->builds[function->build];
            build->has_untold = build->has_untold || !exact;
            build->has_unnamed =
                build->has_unnamed || function->row == NULL || !is_text(function->row->name);
        }
    }
}

enum ew_status ew_merge_runtime_collect(struct merge *merge)
{
    enum ew_status status = lay_maps(merge);
    for (size_t i = 0; status == EW_OK && i < merge->window_count; i++) {
        status = collect_modules(merge, i);
        if (status == EW_OK) {
            status = collect_functions(merge, i);
        }
    }
    for (size_t i = 0; status == EW_OK && i < merge->window_count; i++) {
        status = collect_ambiguous(merge, merge->windows[i].evidence);
    }
    if (status == EW_OK) {
        mark_untold(merge);
    }
    return status;
}
