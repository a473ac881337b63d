/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of one window and one container: functions, observations, edges, paths. */
#include "aggregate/scope.h"

#include "aggregate/keys.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ITEMS_START = 64, METHOD_TEXT_BYTES = 12 * 1024 };
enum { METHOD_DYNAMIC = 1, METHOD_GENERIC = 2 };

static void table_free(struct table *table)
{
    ew_index_free(&table->index);
    free(table->items);
}

void scope_free(struct scope *scope)
{
    table_free(&scope->modules);
    table_free(&scope->identities);
    table_free(&scope->functions);
    table_free(&scope->observations);
    table_free(&scope->edges);
    table_free(&scope->paths);
    free(scope->path_frames);
    ew_arena_clear(&scope->texts);
    memset(scope, 0, sizeof *scope);
}

void *scope_table_add(struct table *table, uint64_t hash, uint32_t count_max, size_t item_bytes)
{
    if (table->count >= count_max) {
        return NULL;
    }
    if (table->count == table->capacity) {
        uint32_t wanted = table->capacity == 0 ? ITEMS_START : table->capacity * 2;
        void *grown = realloc(table->items, (size_t)wanted * item_bytes);
        if (grown == NULL) {
            return NULL;
        }
        table->items = grown;
        table->capacity = wanted;
    }
    if (!ew_index_insert(&table->index, hash, table->count)) {
        return NULL;
    }
    void *item = (char *)table->items + table->count * item_bytes;
    memset(item, 0, item_bytes);
    table->count++;
    return item;
}

const char *scope_keep_text(struct scope *scope, const char *text)
{
    return text == NULL || text[0] == '\0' ? NULL
                                           : ew_arena_text(&scope->texts, text, strlen(text));
}

/* --- functions ------------------------------------------------------------------- */

static uint32_t find_function(struct scope *scope, const char *key, uint64_t hash)
{
    const struct scope_function *functions = scope->functions.items;
    for (uint32_t i = ew_index_first(&scope->functions.index, hash); i != EW_INDEX_END;
         i = ew_index_next(&scope->functions.index)) {
        if (strcmp(functions[i].shown.key, key) == 0) {
            return i;
        }
    }
    return NO_INDEX;
}

/* Finds or adds a function; `*added_out` is the new one, NULL when it was known. */
static uint32_t intern_function(struct scope *scope, struct budget *budget, const char *key,
                                struct ew_evidence_function **added_out)
{
    uint64_t hash = ew_index_hash_bytes(key, strlen(key));
    uint32_t index = find_function(scope, key, hash);
    *added_out = NULL;
    if (index != NO_INDEX) {
        return index;
    }
    const char *kept = budget->functions < EW_FUNCTIONS_MAX ? scope_keep_text(scope, key) : NULL;
    struct scope_function *function =
        kept == NULL
            ? NULL
            : scope_table_add(&scope->functions, hash, EW_FUNCTIONS_MAX, sizeof *function);
    if (function == NULL) {
        budget->dropped++;
        return NO_INDEX;
    }
    budget->functions++;
    function->shown.key = kept;
    *added_out = &function->shown;
    return scope->functions.count - 1;
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text);
    size_t end_length = strlen(end);
    return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

/*
 * What the C# compiler's naming tells: state machines are nested types "<Name>d__N" with
 * a MoveNext, lambdas and local functions are methods "<Name>b__..." and "<Name>g__...".
 */
static uint32_t method_flags(const struct ew_method *method)
{
    uint32_t flags = 0;
    flags |= (method->flags & METHOD_DYNAMIC) != 0 ? EW_FUNCTION_DYNAMIC : 0u;
    flags |= (method->flags & METHOD_GENERIC) != 0 ? EW_FUNCTION_GENERIC : 0u;
    if (strstr(method->method_name, ">b__") != NULL
        || strstr(method->method_name, ">g__") != NULL) {
        flags |= EW_FUNCTION_LAMBDA;
    }
    if (strstr(method->type_name, ">d__") != NULL && ends_with(method->method_name, "MoveNext")) {
        flags |= EW_FUNCTION_ASYNC;
    }
    return flags;
}

static void describe_method(struct scope *scope, struct ew_evidence_function *shown,
                            const struct ew_method *method, uint32_t module)
{
    char name[METHOD_TEXT_BYTES];
    bool bare = method->type_name[0] == '\0';
    (void)snprintf(name, sizeof name, "%s%s%s", method->type_name, bare ? "" : ".",
                   method->method_name);
    shown->module = module;
    shown->token = method->token;
    shown->name = scope_keep_text(scope, name);
    shown->signature = scope_keep_text(scope, method->signature);
    shown->flags = method_flags(method);
}

/*
 * Managed code is named by build and token. Dynamic methods have no token, and methods of
 * a module that was never described have no build: both are told by name only.
 */
uint32_t scope_method(struct scope *scope, struct budget *budget, const struct ew_method *method,
                      const struct ew_module *module)
{
    char key[METHOD_TEXT_BYTES];
    struct identity identity;
    struct ew_evidence_function *added = NULL;
    bool exact = module != NULL && method->token != 0 && module->kind != EW_MODULE_DYNAMIC;
    bool dynamic = (method->flags & METHOD_DYNAMIC) != 0
                   || (module != NULL && module->kind == EW_MODULE_DYNAMIC);
    uint32_t owner = module != NULL
                         ? scope_module(scope, module)
                         : scope_module_nameless(scope, dynamic ? "(dynamic)" : "(unknown)");
    if (exact) {
        scope_identify(scope, module, &identity);
        key_managed(&identity, method->token, key);
    } else {
        (void)snprintf(key, sizeof key, "d:%s.%s %s", method->type_name, method->method_name,
                       method->signature);
    }
    if (owner == NO_INDEX) {
        budget->dropped++;
        return NO_INDEX;
    }
    uint32_t index = intern_function(scope, budget, key, &added);
    if (added != NULL) {
        added->resolution = exact     ? EW_RESOLVED_TOKEN
                            : dynamic ? EW_RESOLVED_DYNAMIC
                                      : EW_RESOLVED_JIT;
        describe_method(scope, added, method, owner);
    }
    return index;
}

/* What symbols tell of an address. A module whose file was not looked at when this window
 * first met it stays without them: its functions would not be those of its key. */
static bool find_symbol(const struct scope *scope, const struct identity *identity,
                        const struct ew_module *module, uint64_t rva,
                        struct ew_symbol *symbol_out)
{
    return identity->examined && ew_symbols_find(scope->symbols, module, rva, symbol_out);
}

/* The name near an address is not the function's: such a function is told by its place. */
static void key_symbol(const struct identity *identity, const struct ew_symbol *symbol,
                       char key[KEY_BYTES])
{
    switch (symbol->resolution) {
    case EW_RESOLVED_PDB:
        key_native(identity, symbol->rva, key);
        break;
    case EW_RESOLVED_EXPORT:
        key_export(identity, symbol->name, key);
        break;
    default:
        key_unresolved(identity, symbol->rva, key);
        break;
    }
}

static void describe_symbol(struct scope *scope, struct ew_evidence_function *shown,
                            const struct ew_symbol *symbol)
{
    shown->resolution = symbol->resolution;
    shown->rva = symbol->rva;
    shown->size_bytes = symbol->size_bytes;
    shown->name = scope_keep_text(scope, symbol->name);
    shown->decorated = scope_keep_text(scope, symbol->decorated);
    shown->flags = symbol->flags;
}

uint32_t scope_address(struct scope *scope, struct budget *budget, const struct ew_module *module,
                       uint64_t rva)
{
    char key[KEY_BYTES];
    struct identity identity;
    struct ew_symbol symbol;
    struct ew_evidence_function *added = NULL;
    uint32_t owner = scope_module(scope, module);
    if (owner == NO_INDEX) {
        budget->dropped++;
        return NO_INDEX;
    }
    scope_identify(scope, module, &identity);
    bool found = find_symbol(scope, &identity, module, rva, &symbol);
    if (found) {
        key_symbol(&identity, &symbol, key);
    } else {
        key_unresolved(&identity, rva, key);
    }
    uint32_t index = intern_function(scope, budget, key, &added);
    if (added != NULL) {
        added->resolution = EW_RESOLVED_NOT;
        added->module = owner;
        added->has_rva = true;
        added->rva = rva;
        if (found) {
            describe_symbol(scope, added, &symbol);
        }
    }
    return index;
}

/* --- observations and edges ---------------------------------------------------------- */

static void extend(uint64_t *hits, uint64_t *first, uint64_t *last, const struct span *span)
{
    *first = *hits == 0 || span->first_100ns < *first ? span->first_100ns : *first;
    *last = span->last_100ns > *last ? span->last_100ns : *last;
    *hits += span->hits;
}

struct scope_observation *scope_observe(struct scope *scope, struct budget *budget,
                                        uint32_t function, uint32_t source,
                                        const struct span *span, uint64_t stamp)
{
    struct scope_observation *items = scope->observations.items;
    struct scope_observation *found = NULL;
    uint64_t hash = ew_index_hash_u64((uint64_t)function << 16 | source);
    for (uint32_t i = ew_index_first(&scope->observations.index, hash);
         found == NULL && i != EW_INDEX_END; i = ew_index_next(&scope->observations.index)) {
        if (items[i].shown.function == function && items[i].shown.source == source) {
            found = &items[i];
        }
    }
    if (found == NULL) {
        found = scope_table_add(&scope->observations, hash, EW_FUNCTIONS_MAX, sizeof *found);
        if (found == NULL) {
            budget->dropped++;
            return NULL;
        }
        found->shown.function = function;
        found->shown.source = source;
    }
    if (found->stamp != stamp) {
        found->stamp = stamp;
        extend(&found->shown.hits, &found->shown.first_100ns, &found->shown.last_100ns, span);
    }
    return found;
}

static bool same_edge(const struct ew_evidence_edge *a, const struct ew_evidence_edge *b)
{
    return a->from == b->from && a->to == b->to && a->source == b->source
           && a->adjacency == b->adjacency;
}

void scope_count_edge(struct scope *scope, struct budget *budget,
                      const struct ew_evidence_edge *edge, const struct span *span,
                      uint64_t stamp)
{
    struct scope_edge *items = scope->edges.items;
    struct scope_edge *found = NULL;
    uint64_t hash = ew_index_hash_pair((uint64_t)edge->from << 32 | edge->to,
                                       (uint64_t)edge->source << 8 | (uint64_t)edge->adjacency);
    for (uint32_t i = ew_index_first(&scope->edges.index, hash);
         found == NULL && i != EW_INDEX_END; i = ew_index_next(&scope->edges.index)) {
        found = same_edge(&items[i].shown, edge) ? &items[i] : NULL;
    }
    if (found == NULL) {
        found = budget->edges < EW_EDGES_MAX
                    ? scope_table_add(&scope->edges, hash, EW_EDGES_MAX, sizeof *found)
                    : NULL;
        if (found == NULL) {
            budget->dropped++;
            return;
        }
        budget->edges++;
        found->shown = *edge;
        found->shown.hits = 0;
    }
    if (found->stamp != stamp) {
        found->stamp = stamp;
        extend(&found->shown.hits, &found->shown.first_100ns, &found->shown.last_100ns, span);
    }
}

/* --- paths ------------------------------------------------------------------------------ */

static bool same_path(const struct scope *scope, const struct scope_path *path,
                      const uint32_t *frames, uint32_t frame_count, uint32_t source,
                      bool complete)
{
    return path->frame_count == frame_count && path->source == source
           && path->complete == complete
           && memcmp(scope->path_frames + path->first, frames, frame_count * sizeof *frames) == 0;
}

static uint64_t path_hash(const uint32_t *frames, uint32_t frame_count, uint32_t source,
                          bool complete)
{
    return ew_index_hash_pair(ew_index_hash_bytes(frames, frame_count * sizeof *frames),
                              (uint64_t)source << 1 | complete);
}

static bool room_for_frames(struct scope *scope, uint32_t frame_count)
{
    if (scope->path_frame_capacity - scope->path_frame_count >= frame_count) {
        return true;
    }
    uint32_t wanted = scope->path_frame_capacity == 0 ? 4096 : scope->path_frame_capacity * 2;
    while (wanted - scope->path_frame_count < frame_count) {
        wanted *= 2;
    }
    uint32_t *grown = realloc(scope->path_frames, (size_t)wanted * sizeof *grown);
    if (grown == NULL) {
        return false;
    }
    scope->path_frames = grown;
    scope->path_frame_capacity = wanted;
    return true;
}

void scope_count_path(struct scope *scope, struct budget *budget, const uint32_t *frames,
                      uint32_t frame_count, uint32_t source, bool complete,
                      const struct span *span)
{
    uint64_t hash = path_hash(frames, frame_count, source, complete);
    struct scope_path *items = scope->paths.items;
    for (uint32_t i = ew_index_first(&scope->paths.index, hash); i != EW_INDEX_END;
         i = ew_index_next(&scope->paths.index)) {
        if (same_path(scope, &items[i], frames, frame_count, source, complete)) {
            extend(&items[i].hits, &items[i].first_100ns, &items[i].last_100ns, span);
            return;
        }
    }
    if (budget->paths >= EW_PATHS_MAX) {
        scope_trim_paths(scope, budget);
    }
    struct scope_path *path =
        budget->paths < EW_PATHS_MAX && room_for_frames(scope, frame_count)
            ? scope_table_add(&scope->paths, hash, EW_PATHS_MAX, sizeof *path)
            : NULL;
    if (path == NULL) {
        return; /* a witness less: the functions and edges in it are counted */
    }
    budget->paths++;
    path->first = scope->path_frame_count;
    path->frame_count = frame_count;
    path->source = source;
    path->complete = complete;
    memcpy(scope->path_frames + path->first, frames, frame_count * sizeof *frames);
    scope->path_frame_count += frame_count;
    extend(&path->hits, &path->first_100ns, &path->last_100ns, span);
}

/* A path as it is sorted, with its frames at hand. */
struct ranked {
    struct scope_path path;
    const uint32_t *frames;
};

static int compare_frames(const struct ranked *a, const struct ranked *b)
{
    uint32_t shorter =
        a->path.frame_count < b->path.frame_count ? a->path.frame_count : b->path.frame_count;
    for (uint32_t i = 0; i < shorter; i++) {
        if (a->frames[i] != b->frames[i]) {
            return a->frames[i] < b->frames[i] ? -1 : 1;
        }
    }
    return a->path.frame_count < b->path.frame_count ? -1
                                                     : a->path.frame_count > b->path.frame_count;
}

static int compare_ranked(const void *a, const void *b)
{
    const struct ranked *left = a;
    const struct ranked *right = b;
    uint32_t left_leaf = left->frames[left->path.frame_count - 1];
    uint32_t right_leaf = right->frames[right->path.frame_count - 1];
    if (left_leaf != right_leaf) {
        return left_leaf < right_leaf ? -1 : 1;
    }
    if (left->path.hits != right->path.hits) {
        return left->path.hits > right->path.hits ? -1 : 1;
    }
    if (left->path.frame_count != right->path.frame_count) {
        return left->path.frame_count < right->path.frame_count ? -1 : 1;
    }
    if (left->path.source != right->path.source) {
        return left->path.source < right->path.source ? -1 : 1;
    }
    if (left->path.complete != right->path.complete) {
        return left->path.complete ? -1 : 1;
    }
    return compare_frames(left, right);
}

/* Puts back the paths that stay; their frames move to the front of a new array. */
static void keep_ranked(struct scope *scope, const struct ranked *ranked, uint32_t count,
                        uint32_t *frames)
{
    uint32_t kept = 0;
    uint32_t used = 0;
    uint32_t run = 0;
    ew_index_clear(&scope->paths.index);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t leaf = ranked[i].frames[ranked[i].path.frame_count - 1];
        bool same_leaf =
            i > 0 && leaf == ranked[i - 1].frames[ranked[i - 1].path.frame_count - 1];
        run = same_leaf ? run + 1 : 0;
        if (run >= EW_PATHS_PER_LEAF_MAX) {
            continue;
        }
        struct scope_path *path = &((struct scope_path *)scope->paths.items)[kept];
        *path = ranked[i].path;
        memcpy(frames + used, ranked[i].frames, path->frame_count * sizeof *frames);
        path->first = used;
        used += path->frame_count;
        (void)ew_index_insert(
            &scope->paths.index,
            path_hash(frames + path->first, path->frame_count, path->source, path->complete),
            kept);
        kept++;
    }
    scope->paths.count = kept;
    scope->path_frame_count = used;
}

void scope_trim_paths(struct scope *scope, struct budget *budget)
{
    uint32_t count = scope->paths.count;
    struct ranked *ranked = malloc(((size_t)count + 1) * sizeof *ranked);
    uint32_t *frames = malloc(((size_t)scope->path_frame_capacity + 1) * sizeof *frames);
    if (ranked == NULL || frames == NULL) {
        free(ranked);
        free(frames);
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        ranked[i].path = ((const struct scope_path *)scope->paths.items)[i];
        ranked[i].frames = scope->path_frames + ranked[i].path.first;
    }
    qsort(ranked, count, sizeof *ranked, compare_ranked);
    keep_ranked(scope, ranked, count, frames);
    budget->paths -= count - scope->paths.count;
    free(ranked);
    free(scope->path_frames);
    scope->path_frames = frames;
}
