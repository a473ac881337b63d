/* SPDX-License-Identifier: Apache-2.0 */
/* Builds of modules, machine-wide. */
#include "model/modules.h"

#include "base/text.h"
#include "etwitness/limits.h"

#include <stdlib.h>
#include <string.h>

enum { ITEMS_START = 256, NAME_BYTES = 512 };

void modules_free(struct modules *modules)
{
    ew_index_free(&modules->index);
    free(modules->items);
    free(modules->hashes);
}

/* File names on Windows differ by case alone between one event and the next. */
static uint64_t hash_module(const struct ew_module *module)
{
    char name[NAME_BYTES];
    size_t bytes = strlen(module->name);
    bytes = bytes < sizeof name ? bytes : sizeof name - 1;
    memcpy(name, module->name, bytes);
    name[bytes] = '\0';
    ew_text_lower(name);
    uint64_t hash = ew_index_hash_bytes(name, bytes);
    if (module->kind == EW_MODULE_MANAGED || module->kind == EW_MODULE_DYNAMIC) {
        return ew_index_hash_pair(
            hash, ew_index_hash_bytes(module->pdb_guid.bytes, sizeof module->pdb_guid.bytes));
    }
    return ew_index_hash_pair(hash, (uint64_t)module->timestamp << 32 | module->size_bytes);
}

static bool same_module(const struct ew_module *a, const struct ew_module *b)
{
    if (a->kind != b->kind || !ew_text_equal_fold(a->name, b->name)) {
        return false;
    }
    if (a->kind == EW_MODULE_MANAGED || a->kind == EW_MODULE_DYNAMIC) {
        return a->has_debug_id == b->has_debug_id && a->pdb_age == b->pdb_age
               && ew_guid_equal(&a->pdb_guid, &b->pdb_guid)
               && (a->has_debug_id || ew_text_equal_fold(a->path, b->path));
    }
    return a->timestamp == b->timestamp && a->size_bytes == b->size_bytes;
}

static bool make_room(struct modules *modules)
{
    if (modules->count < modules->capacity) {
        return true;
    }
    if (modules->count == EW_MODULES_MAX) {
        return false;
    }
    uint32_t wanted = modules->capacity == 0 ? ITEMS_START : modules->capacity * 2;
    struct ew_module *grown = realloc(modules->items, (size_t)wanted * sizeof *grown);
    if (grown == NULL) {
        return false;
    }
    modules->items = grown;
    uint64_t *hashes = realloc(modules->hashes, (size_t)wanted * sizeof *hashes);
    if (hashes == NULL) {
        return false;
    }
    modules->hashes = hashes;
    modules->capacity = wanted;
    return true;
}

uint32_t modules_intern(struct modules *modules, const struct ew_module *wanted)
{
    uint64_t hash = hash_module(wanted);
    for (uint32_t i = ew_index_first(&modules->index, hash); i != EW_INDEX_END;
         i = ew_index_next(&modules->index)) {
        if (same_module(&modules->items[i], wanted)) {
            return i;
        }
    }
    if (!make_room(modules) || !ew_index_insert(&modules->index, hash, modules->count)) {
        modules->refused++;
        return EW_MODULE_NONE;
    }
    modules->items[modules->count] = *wanted;
    modules->hashes[modules->count] = hash;
    return modules->count++;
}

/* Cannot fail to insert: the index had more entries before. */
void modules_keep(struct modules *modules, uint32_t *numbers)
{
    uint32_t kept = 0;
    ew_index_clear(&modules->index);
    for (uint32_t i = 0; i < modules->count; i++) {
        if (numbers[i] == EW_MODULE_NONE) {
            continue;
        }
        modules->items[kept] = modules->items[i];
        (void)ew_index_insert(&modules->index, modules->hashes[i], kept);
        modules->hashes[kept] = modules->hashes[i];
        numbers[i] = kept++;
    }
    modules->count = kept;
}

void modules_set_pdb(struct modules *modules, uint32_t index, const struct ew_guid *guid,
                     uint32_t age)
{
    struct ew_module *module = &modules->items[index];
    if (!module->has_debug_id) {
        module->has_debug_id = true;
        module->pdb_guid = *guid;
        module->pdb_age = age;
    } else if (module->pdb_age != age || !ew_guid_equal(&module->pdb_guid, guid)) {
        modules->conflicts++;
    }
}

void modules_set_code_id(struct modules *modules, uint32_t index, uint32_t timestamp,
                         uint32_t size_bytes)
{
    struct ew_module *module = &modules->items[index];
    if (!module->has_code_id) {
        module->has_code_id = true;
        module->timestamp = timestamp;
        module->size_bytes = size_bytes;
    } else if (module->timestamp != timestamp || module->size_bytes != size_bytes) {
        modules->conflicts++;
    }
}
