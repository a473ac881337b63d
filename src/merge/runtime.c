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
           && build->row->kind == module->kind && memcmp(&build->ids, ids, sizeof *ids) == 0;
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
    struct build build = {
        .row = module, .ids = ids, .mediator = (uint8_t)ew_merge_mediator_module(module)};
    merge->builds[merge->build_count] = build;
    return (uint32_t)merge->build_count++;
}

/* --- functions -------------------------------------------------------------------------------
 */

static int compare_text(const char *a, const char *b)
{
    return strcmp(a != NULL ? a : "", b != NULL ? b : "");
}

/* The surest resolution first, then the last texts in byte order: any text goes before none. */
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

static bool same_aliases(const struct ew_evidence_function *a,
                         const struct ew_evidence_function *b)
{
    bool same = a->alias_count == b->alias_count;
    for (uint32_t i = 0; same && i < a->alias_count; i++) {
        same = strcmp(a->aliases[i], b->aliases[i]) == 0;
    }
    return same;
}

static bool tells_alike(const struct function *function, const struct ew_evidence_function *row,
                        uint32_t build)
{
    if (row == NULL || function->row == NULL) {
        return row == function->row && build == function->build;
    }
    return function->build == build && function->flags == row->flags
           && compare_rows(function->row, row) == 0 && same_aliases(function->row, row);
}

/* Of all tellings of a key but the first. */
static uint64_t hash_telling(uint64_t key_hash, const struct ew_evidence_function *row,
                             uint32_t build)
{
    uint64_t hash = ew_index_hash_pair(key_hash, build);
    if (row == NULL) {
        return ew_index_hash_pair(hash, UINT64_MAX);
    }
    const char *const texts[] = {row->name, row->signature, row->doc_id, row->decorated};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        hash = texts[i] != NULL
                   ? ew_index_hash_pair(hash, ew_index_hash_bytes(texts[i], strlen(texts[i])))
                   : ew_index_hash_pair(hash, i);
    }
    hash = ew_index_hash_pair(hash, (uint64_t)row->token << 32 | row->flags);
    return ew_index_hash_pair(hash,
                              row->rva << 5 | (uint64_t)row->resolution << 1 | row->has_rva);
}

static uint32_t find_head(struct merge *merge, const char *key, uint64_t hash)
{
    for (uint32_t i = ew_index_first(&merge->function_index, hash); i != EW_INDEX_END;
         i = ew_index_next(&merge->function_index)) {
        if (merge->functions[i].head == i && strcmp(merge->functions[i].key, key) == 0) {
            return i;
        }
    }
    return NONE;
}

static uint32_t find_retold(struct merge *merge, uint32_t head, uint64_t hash,
                            const struct ew_evidence_function *row, uint32_t build)
{
    for (uint32_t i = ew_index_first(&merge->function_index, hash); i != EW_INDEX_END;
         i = ew_index_next(&merge->function_index)) {
        if (merge->functions[i].head == head && tells_alike(&merge->functions[i], row, build)) {
            return i;
        }
    }
    return NONE;
}

/* NONE at the limit or without memory. A head is its own: NONE is given for it. */
static uint32_t add_function(struct merge *merge, const struct function *function, uint64_t hash)
{
    if (merge->function_count >= EW_MERGE_FUNCTIONS_MAX) {
        return NONE;
    }
    struct function *grown = list_grow(merge->functions, &merge->function_capacity,
                                       merge->function_count, sizeof *grown);
    if (grown == NULL) {
        return NONE;
    }
    uint32_t index = (uint32_t)merge->function_count;
    merge->functions = grown;
    if (!ew_index_insert(&merge->function_index, hash, index)) {
        return NONE;
    }
    merge->functions[index] = *function;
    if (function->head == NONE) {
        merge->functions[index].head = index;
    } else {
        merge->functions[function->head].retold = true;
    }
    merge->function_count++;
    return index;
}

static uint64_t hash_key(const char *key)
{
    return ew_index_hash_bytes(key, strlen(key));
}

/* The function of a key as a row tells it, made when it is not there; NONE as above. */
static uint32_t function_intern(struct merge *merge, const char *key, uint64_t hash,
                                const struct ew_evidence_function *row, uint32_t build)
{
    uint32_t head = find_head(merge, key, hash);
    if (head != NONE && tells_alike(&merge->functions[head], row, build)) {
        return head;
    }
    if (head != NONE) {
        hash = hash_telling(hash, row, build);
        uint32_t found = find_retold(merge, head, hash, row, build);
        if (found != NONE) {
            return found;
        }
    }
    enum ew_resolution resolution = row != NULL ? row->resolution : EW_RESOLVED_NOT;
    struct function function = {
        .row = row,
        .key = key,
        .head = head,
        .build = build,
        .node = NONE,
        .flags = row != NULL ? row->flags : 0,
        .resolution = resolution,
        .weight = resolution == EW_RESOLVED_EXPORT_NEAR ? WEIGHT_EXPORT_NEAR : WEIGHT_FULL};
    return add_function(merge, &function, hash);
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
    /* Hashes are known so many rows before they are needed that their slots are there by then. */
    enum { AHEAD = 16 };
    uint64_t hashes[AHEAD];
    for (size_t i = 0; i < AHEAD && i < evidence->function_count; i++) {
        hashes[i] = hash_key(evidence->functions[i].key);
    }
    for (size_t i = 0; i < evidence->function_count; i++) {
        const struct ew_evidence_function *row = &evidence->functions[i];
        uint64_t hash = hashes[i % AHEAD];
        if (i + AHEAD < evidence->function_count) {
            hashes[i % AHEAD] = hash_key(evidence->functions[i + AHEAD].key);
            merge_slot_soon(&merge->function_index, hashes[i % AHEAD]);
        }
        map[i] = function_intern(merge, row->key, hash, row, builds[row->module]);
        if (map[i] == NONE) {
            return refuse_function(merge);
        }
    }
    for (size_t i = 0; i < evidence->observation_count; i++) {
        merge->functions[map[evidence->observations[i].function]].observed = true;
    }
    return EW_OK;
}

/* Whether a build has the id that a key names between its colons, "m:BUILD:06000001". */
static bool is_of_build(const char *key, const struct ew_evidence_module *row)
{
    const char *last = strrchr(key, ':');
    size_t length = last != NULL && last > key + 2 ? (size_t)(last - key - 2) : 0;
    const char *const ids[] = {row->mvid, row->debug_id, row->code_id, row->key};
    for (size_t i = 0; length > 0 && i < sizeof ids / sizeof ids[0]; i++) {
        if (ids[i] != NULL && strlen(ids[i]) == length && memcmp(ids[i], key + 2, length) == 0) {
            return true;
        }
    }
    return false;
}

/* The modules of one document by each of their ids: a forged one can list many, and many keys. */
static bool index_ids(struct ew_index *index, const struct ew_evidence *evidence)
{
    bool fine = true;
    for (uint32_t i = 0; fine && i < evidence->module_count; i++) {
        const struct ew_evidence_module *row = &evidence->modules[i];
        const char *const ids[] = {row->mvid, row->debug_id, row->code_id, row->key};
        for (size_t k = 0; fine && k < sizeof ids / sizeof ids[0]; k++) {
            fine = ids[k] == NULL || ew_index_insert(index, hash_key(ids[k]), i);
        }
    }
    return fine;
}

/* The build that a document means by a key that it does not list. */
static uint32_t build_of_key(const struct merge *merge, size_t window, struct ew_index *ids,
                             const char *key)
{
    const struct ew_evidence *evidence = merge->windows[window].evidence;
    const char *last = strrchr(key, ':');
    if (last == NULL || last <= key + 2) {
        return NONE;
    }
    uint64_t hash = ew_index_hash_bytes(key + 2, (size_t)(last - key - 2));
    for (uint32_t i = ew_index_first(ids, hash); i != EW_INDEX_END; i = ew_index_next(ids)) {
        if (is_of_build(key, &evidence->modules[i])) {
            return merge->module_map[merge->first_module[window] + i];
        }
    }
    return NONE;
}

bool ew_merge_function_fits(const struct merge *merge, uint32_t index)
{
    const struct function *function = &merge->functions[index];
    const struct ew_evidence_function *row = function->row;
    const char *last = strrchr(function->key, ':');
    if (row == NULL || last == NULL
        || !is_of_build(function->key, merge->builds[function->build].row)) {
        return false;
    }
    uint64_t number = strtoull(last + 1, NULL, 16);
    switch (function->key[0]) {
    case 'm':
        return row->token == number;
    case 'n':
    case 'u':
        return row->has_rva && row->rva == number;
    default:
        return true;
    }
}

int ew_merge_function_compare(const struct merge *merge, uint32_t a, uint32_t b)
{
    const struct function *left = &merge->functions[a];
    const struct function *right = &merge->functions[b];
    if (left->row == NULL || right->row == NULL) {
        return (left->row == NULL) - (right->row == NULL);
    }
    int order = compare_rows(left->row, right->row);
    return order != 0 ? order : (left->build > right->build) - (left->build < right->build);
}

/* A candidate's row in the table of its document: rows lie by key. */
static uint32_t listed(const struct merge *merge, size_t window, const char *key)
{
    const struct ew_evidence *evidence = merge->windows[window].evidence;
    size_t low = 0;
    size_t high = evidence->function_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(evidence->functions[middle].key, key) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    bool is = low < evidence->function_count && strcmp(evidence->functions[low].key, key) == 0;
    return is ? merge->function_map[merge->first_function[window] + low] : NONE;
}

/*
 * Candidates of ambiguous records are keys, of functions that need not be in any table. When
 * all of one record are one key, nothing is ambiguous: versions of code that share a token.
 */
static enum ew_status collect_candidate(struct merge *merge, size_t window, struct ew_index *ids,
                                        const char *key, bool one)
{
    uint32_t *grown = list_grow(merge->candidates, &merge->candidate_capacity,
                                merge->candidate_count, sizeof *grown);
    if (grown == NULL) {
        return merge_no_memory(merge);
    }
    merge->candidates = grown;
    uint32_t index = listed(merge, window, key);
    if (index == NONE) {
        index = function_intern(merge, key, hash_key(key), NULL,
                                build_of_key(merge, window, ids, key));
    }
    if (index == NONE) {
        return refuse_function(merge);
    }
    struct function *function = &merge->functions[index];
    function->candidate = function->candidate || !one;
    function->observed = function->observed || one;
    function->certain = function->certain || one;
    merge->candidates[merge->candidate_count++] = index;
    return EW_OK;
}

static enum ew_status collect_record(struct merge *merge, size_t window, struct ew_index *ids,
                                     const struct ew_evidence_ambiguous *record)
{
    enum ew_status status = EW_OK;
    bool one = true;
    for (size_t k = 1; k < record->candidate_count; k++) {
        one = one && strcmp(record->candidates[0], record->candidates[k]) == 0;
    }
    for (size_t k = 0; status == EW_OK && k < record->candidate_count; k++) {
        status = collect_candidate(merge, window, ids, record->candidates[k], one);
    }
    return status;
}

static enum ew_status collect_ambiguous(struct merge *merge, size_t window)
{
    const struct ew_evidence *evidence = merge->windows[window].evidence;
    struct ew_index ids = {0};
    if (evidence->ambiguous_count == 0) {
        return EW_OK;
    }
    enum ew_status status = index_ids(&ids, evidence) ? EW_OK : merge_no_memory(merge);
    for (size_t i = 0; status == EW_OK && i < evidence->ambiguous_count; i++) {
        status = collect_record(merge, window, &ids, &evidence->ambiguous[i]);
    }
    ew_index_free(&ids);
    return status;
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
        if (function->row == NULL && merge->functions[function->head].row != NULL) {
            continue; /* another document tells what it is */
        }
        bool exact = function->row != NULL
                     && (function->row->token != 0
                         || (function->row->has_rva
                             && (function->resolution == EW_RESOLVED_PDB
                                 || function->resolution == EW_RESOLVED_NOT)));
        /* Code made at run time is no function of the module that made it. */
        if (function->build != NONE && function->resolution != EW_RESOLVED_DYNAMIC) {
            struct build *build = &merge->builds[function->build];
            build->has_untold = build->has_untold || !exact;
            bool named = function->row != NULL && is_text(function->row->name);
            build->has_unnamed = build->has_unnamed || !named;
            build->has_made =
                build->has_made || (named && strchr(function->row->name, '<') != NULL);
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
        status = collect_ambiguous(merge, i);
    }
    if (status == EW_OK) {
        mark_untold(merge);
    }
    return status;
}
