/* SPDX-License-Identifier: Apache-2.0 */
/* The modules of one window and one container, and what they are told by. */
#include "aggregate/scope.h"

#include "base/cursor.h"
#include "base/winpath.h"

#include <string.h>

enum { PATH_BYTES = 1024 };

/* --- entries -------------------------------------------------------------------- */

static uint32_t find_module(struct scope *scope, const char *key, uint64_t hash)
{
    const struct scope_module *modules = scope->modules.items;
    for (uint32_t i = ew_index_first(&scope->modules.index, hash); i != EW_INDEX_END;
         i = ew_index_next(&scope->modules.index)) {
        if (strcmp(modules[i].shown.key, key) == 0) {
            return i;
        }
    }
    return NO_INDEX;
}

static enum ew_evidence_module_kind shown_kind(enum ew_module_kind kind)
{
    switch (kind) {
    case EW_MODULE_MANAGED:
        return EW_EVIDENCE_MANAGED;
    case EW_MODULE_KERNEL:
        return EW_EVIDENCE_KERNEL;
    case EW_MODULE_DYNAMIC:
        return EW_EVIDENCE_DYNAMIC;
    case EW_MODULE_NATIVE:
        break;
    }
    return EW_EVIDENCE_NATIVE;
}

/*
 * A managed file is told twice, as an image by the kernel and as a module by the runtime.
 * The runtime knows better what it is; the image knows its PE identity.
 */
static void merge_module(struct scope *scope, struct ew_evidence_module *known,
                         const struct identity *identity)
{
    const struct ew_module *wanted = &identity->module;
    char code_id[CODE_ID_BYTES];
    if (wanted->kind == EW_MODULE_MANAGED) {
        known->kind = EW_EVIDENCE_MANAGED;
    }
    if (known->code_id == NULL && wanted->has_code_id) {
        key_code_id(wanted, code_id);
        known->code_id = scope_keep_text(scope, code_id);
    }
}

static void describe_module(struct scope *scope, struct ew_evidence_module *shown,
                            const struct identity *identity)
{
    const struct ew_module *wanted = &identity->module;
    char code_id[CODE_ID_BYTES];
    char debug_id[DEBUG_ID_BYTES];
    char mvid[EW_GUID_TEXT_BYTES];
    char path[PATH_BYTES];
    shown->kind = shown_kind(wanted->kind);
    shown->name = scope_keep_text(scope, wanted->name);
    if (wanted->has_code_id) {
        key_code_id(wanted, code_id);
        shown->code_id = scope_keep_text(scope, code_id);
    }
    if (wanted->has_debug_id) {
        key_debug_id(wanted, debug_id);
        shown->debug_id = scope_keep_text(scope, debug_id);
    }
    if (identity->has_mvid) {
        ew_guid_format(&identity->mvid, mvid);
        shown->mvid = scope_keep_text(scope, mvid);
    }
    if (ew_winpath_scrub(wanted->path, path, sizeof path)) {
        shown->path = scope_keep_text(scope, path);
    }
    if (shown->name == NULL) {
        shown->name = "(unnamed)";
    }
}

/* Equal in all that key and entry are made of; names are equal when they are one. */
static bool same_wanted(const struct ew_module *a, const struct ew_module *b)
{
    return a->name == b->name && a->kind == b->kind && a->has_code_id == b->has_code_id
           && a->has_debug_id == b->has_debug_id && a->timestamp == b->timestamp
           && a->size_bytes == b->size_bytes && a->pdb_age == b->pdb_age
           && ew_guid_equal(&a->pdb_guid, &b->pdb_guid);
}

/* --- identities ------------------------------------------------------------------ */

static uint64_t identity_hash(const struct ew_module *wanted)
{
    uint64_t ids = (uint64_t)wanted->timestamp << 32 | wanted->size_bytes;
    return ew_index_hash_pair(ew_index_hash_bytes(wanted->name, strlen(wanted->name)),
                              ids ^ ew_load_u64(wanted->pdb_guid.bytes) ^ wanted->pdb_age);
}

static bool same_build(const struct ew_module *a, const struct ew_module *b)
{
    struct ew_module other = *b;
    other.name = a->name;
    return strcmp(a->name, b->name) == 0 && same_wanted(a, &other);
}

/*
 * One MVID does not make one build: tools have written the same one for several
 * (reference evidence.md 5.2). What has it second, with other ids, is told by those.
 */
static bool mvid_is_anothers(struct scope *scope, const struct identity *identity)
{
    char key[KEY_BYTES];
    char debug_id[DEBUG_ID_BYTES];
    char code_id[CODE_ID_BYTES];
    key_module(identity, key);
    uint32_t index = find_module(scope, key, ew_index_hash_bytes(key, strlen(key)));
    if (index == NO_INDEX) {
        return false;
    }
    const struct ew_evidence_module *known =
        &((const struct scope_module *)scope->modules.items)[index].shown;
    key_debug_id(&identity->module, debug_id);
    key_code_id(&identity->module, code_id);
    return (identity->module.has_debug_id && known->debug_id != NULL
            && strcmp(known->debug_id, debug_id) != 0)
           || (identity->module.has_code_id && known->code_id != NULL
               && strcmp(known->code_id, code_id) != 0);
}

/* What a module's file says beyond its events, as it was known when it was asked first. */
static void examine(struct scope *scope, const struct ew_module *wanted,
                    struct identity *identity)
{
    struct ew_symbol_build build;
    identity->examined = ew_symbols_build(scope->symbols, wanted, &build);
    if (!identity->examined) {
        return;
    }
    if (build.has_debug_id) { /* also for its age: events tell another one of portable PDBs */
        identity->module.has_debug_id = true;
        identity->module.pdb_guid = build.pdb_guid;
        identity->module.pdb_age = build.pdb_age;
    }
    identity->has_mvid = build.has_mvid;
    identity->mvid = build.mvid;
    if (build.has_mvid) {
        identity->module.kind = EW_MODULE_MANAGED;
        identity->has_mvid = !mvid_is_anothers(scope, identity);
    }
}

static void identify_once(struct scope *scope, const struct ew_module *wanted,
                          struct identity *identity_out)
{
    const struct scope_identity *known = scope->identities.items;
    uint64_t hash = identity_hash(wanted);
    for (uint32_t i = ew_index_first(&scope->identities.index, hash); i != EW_INDEX_END;
         i = ew_index_next(&scope->identities.index)) {
        if (same_build(&known[i].wanted, wanted)) {
            *identity_out = known[i].found;
            identity_out->module.name = wanted->name;
            identity_out->module.path = wanted->path;
            return;
        }
    }
    const char *name = ew_arena_text(&scope->texts, wanted->name, strlen(wanted->name));
    struct scope_identity *added =
        name == NULL ? NULL
                     : scope_table_add(&scope->identities, hash, EW_MODULES_MAX, sizeof *added);
    if (added != NULL) { /* without room it stays as events tell it */
        examine(scope, wanted, identity_out);
        added->wanted = *wanted;
        added->wanted.name = name;
        added->wanted.path = NULL;
        added->found = *identity_out;
    }
}

static struct recent_module *recent_of(struct scope *scope, const struct ew_module *wanted)
{
    uint64_t hash = ew_index_hash_pair((uint64_t)wanted->timestamp << 32 | wanted->size_bytes,
                                       ew_load_u64(wanted->pdb_guid.bytes));
    return &scope->recent[hash % RECENT_MODULES];
}

void scope_identify(struct scope *scope, const struct ew_module *wanted,
                    struct identity *identity_out)
{
    const struct recent_module *recent = recent_of(scope, wanted);
    if (recent->used && same_wanted(&recent->wanted, wanted)) {
        *identity_out = recent->identity;
        return;
    }
    memset(identity_out, 0, sizeof *identity_out);
    identity_out->module = *wanted;
    if (scope->symbols != NULL) {
        identify_once(scope, wanted, identity_out);
    }
}

/* --- modules ---------------------------------------------------------------------- */

static uint32_t intern_module(struct scope *scope, const struct identity *identity)
{
    char key[KEY_BYTES];
    key_module(identity, key);
    uint64_t hash = ew_index_hash_bytes(key, strlen(key));
    uint32_t index = find_module(scope, key, hash);
    if (index != NO_INDEX) {
        struct scope_module *modules = scope->modules.items;
        merge_module(scope, &modules[index].shown, identity);
        return index;
    }
    const char *kept = scope_keep_text(scope, key);
    struct scope_module *module =
        kept == NULL ? NULL
                     : scope_table_add(&scope->modules, hash, EW_MODULES_MAX, sizeof *module);
    if (module == NULL) {
        return NO_INDEX;
    }
    module->shown.key = kept;
    describe_module(scope, &module->shown, identity);
    return scope->modules.count - 1;
}

/* Every function asks for its module, and making a key is dear: the answers are kept. */
uint32_t scope_module(struct scope *scope, const struct ew_module *wanted)
{
    struct identity identity;
    struct recent_module *recent = recent_of(scope, wanted);
    if (recent->used && same_wanted(&recent->wanted, wanted)) {
        return recent->index;
    }
    scope_identify(scope, wanted, &identity);
    uint32_t index = intern_module(scope, &identity);
    if (index != NO_INDEX) {
        recent->wanted = *wanted;
        recent->identity = identity;
        recent->index = index;
        recent->used = true;
    }
    return index;
}

uint32_t scope_module_nameless(struct scope *scope, const char *word)
{
    struct ew_module module = {.kind = EW_MODULE_DYNAMIC, .name = word, .path = ""};
    return scope_module(scope, &module);
}
