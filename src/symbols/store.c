/* SPDX-License-Identifier: Apache-2.0 */
/* What the aggregator's thread asks of the store: answers that are there, and wishes. */
#include "symbols/store.h"

#include "base/cursor.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

enum { ADDRESSES_START = 1024, RENEWAL_PERCENT = 75 };

/* --- life ------------------------------------------------------------------------- */

enum ew_status symbols_create_with(const struct ew_settings_symbols *settings,
                                   const struct symbols_system *system,
                                   struct ew_symbols **symbols_out, struct ew_error *error)
{
    struct ew_symbols *symbols = calloc(1, sizeof *symbols);
    if (symbols == NULL) {
        if (system->destroy != NULL) {
            system->destroy(system->context);
        }
        return ew_fail(error, EW_NO_MEMORY, "no memory for symbols");
    }
    symbols->system = *system;
    symbols->image_folder = settings->image_folder;
    symbols->texts.bytes_max = EW_SYMBOL_TEXT_BYTES_MAX;
    symbols->renewal_percent = RENEWAL_PERCENT;
    symbols->builds = calloc(EW_SYMBOL_BUILDS_MAX, sizeof *symbols->builds);
    enum ew_status status = folders_read(&symbols->folders, settings, error);
    if (status == EW_OK
        && (symbols->builds == NULL || ew_mutex_create(&symbols->lock) != EW_OK)) {
        status = ew_fail(error, EW_NO_MEMORY, "no memory for symbols");
    }
    if (status != EW_OK) {
        ew_symbols_destroy(symbols);
        return status;
    }
    *symbols_out = symbols;
    return EW_OK;
}

enum ew_status ew_symbols_create(const struct ew_settings_symbols *settings,
                                 struct ew_symbols **symbols_out, struct ew_error *error)
{
    struct symbols_system system;
    enum ew_status status = symbols_system_create(&system, error);
    return status == EW_OK ? symbols_create_with(settings, &system, symbols_out, error) : status;
}

void ew_symbols_destroy(struct ew_symbols *symbols)
{
    if (symbols == NULL) {
        return;
    }
    if (symbols->system.destroy != NULL) {
        symbols->system.destroy(symbols->system.context);
    }
    folders_free(&symbols->folders);
    ew_index_free(&symbols->build_index);
    ew_index_free(&symbols->address_index);
    ew_index_free(&symbols->function_index);
    free(symbols->builds);
    free(symbols->addresses);
    free(symbols->functions);
    ew_arena_clear(&symbols->texts);
    ew_arena_clear(&symbols->texts_before);
    ew_mutex_destroy(symbols->lock);
    free(symbols);
}

const char *store_text(struct ew_symbols *symbols, const char *text)
{
    return ew_arena_text(&symbols->texts, text, strlen(text));
}

/* --- builds ------------------------------------------------------------------------ */

/* File names differ in case between events of one build. */
uint64_t store_build_hash(const struct ew_module *module)
{
    char name[64];
    size_t length = strlen(module->name);
    length = length < sizeof name ? length : sizeof name - 1;
    memcpy(name, module->name, length);
    name[length] = '\0';
    ew_text_lower(name);
    uint64_t hash = ew_index_hash_bytes(name, length);
    hash = ew_index_hash_pair(hash, (uint64_t)module->timestamp << 32 | module->size_bytes);
    return ew_index_hash_pair(hash, ew_load_u64(module->pdb_guid.bytes) ^ module->pdb_age);
}

static bool same_build(const struct ew_module *a, const struct ew_module *b)
{
    return a->has_code_id == b->has_code_id && a->has_debug_id == b->has_debug_id
           && a->timestamp == b->timestamp && a->size_bytes == b->size_bytes
           && a->pdb_age == b->pdb_age && ew_guid_equal(&a->pdb_guid, &b->pdb_guid)
           && ew_text_equal_fold(a->name, b->name);
}

static void wish_examination(struct ew_symbols *symbols, struct build *build)
{
    if (!build->examine_wished) {
        build->examine_wished = true;
        symbols->examine_count++;
    }
}

/* One more place to look; asked for again when the others had nothing. */
static void note_path(struct ew_symbols *symbols, struct build *build, const char *path)
{
    if (path == NULL || path[0] == '\0' || build->path_count == EW_SYMBOL_PATHS_EACH_MAX) {
        return;
    }
    for (uint32_t i = 0; i < build->path_count; i++) {
        if (ew_text_equal_fold(build->paths[i], path)) {
            return;
        }
    }
    const char *kept = store_text(symbols, path);
    if (kept == NULL) {
        return;
    }
    build->paths[build->path_count++] = kept;
    if (build->state == BUILD_MISSING) {
        build->state = BUILD_WISHED;
        wish_examination(symbols, build);
    }
}

static struct build *add_build(struct ew_symbols *symbols, const struct ew_module *module,
                               uint64_t hash)
{
    const char *name =
        symbols->build_count < EW_SYMBOL_BUILDS_MAX ? store_text(symbols, module->name) : NULL;
    if (name == NULL || !ew_index_insert(&symbols->build_index, hash, symbols->build_count)) {
        return NULL;
    }
    struct build *build = &symbols->builds[symbols->build_count++];
    build->module = *module;
    build->module.name = name;
    build->module.path = NULL;
    build->first_wish = NO_ENTRY;
    wish_examination(symbols, build);
    return build;
}

/* The build of a module. NULL when there is no room, or nothing that a file could be held
 * against: then any file of the name would do, which is worth nothing. */
static struct build *build_of(struct ew_symbols *symbols, const struct ew_module *module)
{
    if ((!module->has_code_id && !module->has_debug_id) || module->kind == EW_MODULE_DYNAMIC) {
        return NULL;
    }
    struct build *found = NULL;
    uint64_t hash = store_build_hash(module);
    for (uint32_t i = ew_index_first(&symbols->build_index, hash);
         found == NULL && i != EW_INDEX_END; i = ew_index_next(&symbols->build_index)) {
        found = same_build(&symbols->builds[i].module, module) ? &symbols->builds[i] : NULL;
    }
    found = found != NULL ? found : add_build(symbols, module, hash);
    if (found != NULL) {
        found->asked = symbols->window;
        note_path(symbols, found, module->path);
    } else {
        symbols->counts.refused++;
    }
    return found;
}

bool ew_symbols_build(struct ew_symbols *symbols, const struct ew_module *module,
                      struct ew_symbol_build *build_out)
{
    ew_mutex_lock(symbols->lock);
    const struct build *build = build_of(symbols, module);
    bool known = build != NULL && build->state == BUILD_KNOWN;
    if (known) {
        *build_out = build->facts;
    }
    ew_mutex_unlock(symbols->lock);
    return known;
}

/* --- addresses ------------------------------------------------------------------------ */

static struct address *find_address(struct ew_symbols *symbols, uint32_t build, uint32_t rva,
                                    uint64_t hash)
{
    for (uint32_t i = ew_index_first(&symbols->address_index, hash); i != EW_INDEX_END;
         i = ew_index_next(&symbols->address_index)) {
        struct address *known = &symbols->addresses[i];
        if (known->build == build && known->rva == rva) {
            return known;
        }
    }
    return NULL;
}

static bool room_for_address(struct ew_symbols *symbols)
{
    if (symbols->address_count < symbols->address_capacity) {
        return true;
    }
    if (symbols->address_count == EW_SYMBOL_ADDRESSES_MAX) {
        return false;
    }
    uint32_t wanted =
        symbols->address_capacity == 0 ? ADDRESSES_START : symbols->address_capacity * 2;
    struct address *grown = realloc(symbols->addresses, (size_t)wanted * sizeof *grown);
    if (grown == NULL) {
        return false;
    }
    symbols->addresses = grown;
    symbols->address_capacity = wanted;
    return true;
}

void store_link_wish(struct ew_symbols *symbols, uint32_t index)
{
    struct address *address = &symbols->addresses[index];
    struct build *build = &symbols->builds[address->build];
    address->answer = ANSWER_WISHED;
    address->next_wish = build->first_wish;
    build->first_wish = index;
    symbols->wish_count++;
}

static void wish_address(struct ew_symbols *symbols, uint32_t build, uint32_t rva, uint64_t hash)
{
    if (symbols->wish_count >= EW_SYMBOL_WISHES_MAX || !room_for_address(symbols)
        || !ew_index_insert(&symbols->address_index, hash, symbols->address_count)) {
        symbols->counts.refused++;
        return;
    }
    struct address *address = &symbols->addresses[symbols->address_count];
    address->build = (uint16_t)build;
    address->asked = symbols->window;
    address->rva = rva;
    store_link_wish(symbols, symbols->address_count++);
}

static bool find_locked(struct ew_symbols *symbols, const struct ew_module *module, uint64_t rva,
                        struct ew_symbol *symbol_out)
{
    struct build *build = rva <= UINT32_MAX ? build_of(symbols, module) : NULL;
    if (build == NULL || build->state == BUILD_MISSING || build->state == BUILD_REFUSED
        || build->is_managed) {
        return false;
    }
    uint32_t index = (uint32_t)(build - symbols->builds);
    uint64_t hash = store_address_hash(index, (uint32_t)rva);
    struct address *address = find_address(symbols, index, (uint32_t)rva, hash);
    if (address == NULL) {
        wish_address(symbols, index, (uint32_t)rva, hash);
        return false;
    }
    address->asked = symbols->window;
    if (address->answer == ANSWER_DROPPED && symbols->wish_count < EW_SYMBOL_WISHES_MAX) {
        store_link_wish(symbols, (uint32_t)(address - symbols->addresses));
    }
    if (address->answer >= symbols->function_count) {
        return false;
    }
    *symbol_out = symbols->functions[address->answer].shown;
    return true;
}

bool ew_symbols_find(struct ew_symbols *symbols, const struct ew_module *module, uint64_t rva,
                     struct ew_symbol *symbol_out)
{
    ew_mutex_lock(symbols->lock);
    bool found = find_locked(symbols, module, rva, symbol_out);
    ew_mutex_unlock(symbols->lock);
    return found;
}

/* --- windows --------------------------------------------------------------------------- */

static bool is_filling_up(const struct ew_symbols *symbols)
{
    uint64_t percent = symbols->renewal_percent;
    return symbols->build_count * UINT64_C(100) > EW_SYMBOL_BUILDS_MAX * percent
           || symbols->address_count * UINT64_C(100) > EW_SYMBOL_ADDRESSES_MAX * percent
           || symbols->function_count * UINT64_C(100) > EW_SYMBOL_FUNCTIONS_MAX * percent
           || symbols->texts.bytes_used * UINT64_C(100) > EW_SYMBOL_TEXT_BYTES_MAX * percent;
}

void ew_symbols_next_window(struct ew_symbols *symbols)
{
    ew_mutex_lock(symbols->lock);
    symbols->window++;
    ew_arena_clear(&symbols->texts_before);
    symbols->renewal_due = is_filling_up(symbols);
    ew_mutex_unlock(symbols->lock);
}

size_t ew_symbols_wishes(struct ew_symbols *symbols)
{
    ew_mutex_lock(symbols->lock);
    size_t wishes = (size_t)symbols->wish_count + symbols->examine_count;
    ew_mutex_unlock(symbols->lock);
    return wishes;
}

struct ew_symbols_counts ew_symbols_counts(struct ew_symbols *symbols)
{
    ew_mutex_lock(symbols->lock);
    struct ew_symbols_counts counts = symbols->counts;
    ew_mutex_unlock(symbols->lock);
    return counts;
}
