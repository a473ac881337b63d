/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files of a build. A name proves nothing: an image is taken when its time stamp and
 * size, or its debug id, are those that events told; a PDB when GUID and age are those of the
 * image (reference evidence.md 5.2).
 */
#include "base/text.h"
#include "symbols/pdb.h"
#include "symbols/pe.h"
#include "symbols/store.h"

#include <stdio.h>
#include <string.h>

enum { ID_BYTES = 48 };

/* --- names --------------------------------------------------------------------------- */

/* A name that an event or an image gives becomes part of a path: nothing but a name may. */
static bool is_plain_name(const char *name)
{
    size_t length = strlen(name);
    bool clean = length > 0 && length < 256 && strcmp(name, ".") != 0 && strcmp(name, "..") != 0
                 && strpbrk(name, "/\\:*?\"<>|") == NULL;
    for (size_t i = 0; clean && i < length; i++) {
        clean = (unsigned char)name[i] >= 32;
    }
    return clean;
}

/* The folder's name of an image in a store: time stamp in eight upper digits, size in lower
 * ones (reference evidence.md 5.2). */
static void image_id(const struct ew_module *module, char out[ID_BYTES])
{
    (void)snprintf(out, ID_BYTES, "%08lX%lx", (unsigned long)module->timestamp,
                   (unsigned long)module->size_bytes);
}

/* And of a PDB: the GUID's text in upper case without dashes, the age behind it. */
static void pdb_id(const struct ew_symbol_build *facts, char out[ID_BYTES])
{
    char guid[EW_GUID_TEXT_BYTES];
    size_t used = 0;
    ew_guid_format(&facts->pdb_guid, guid);
    for (const char *at = guid; *at != '\0'; at++) {
        if (*at != '-') {
            out[used++] = *at >= 'a' && *at <= 'f' ? (char)(*at - 'a' + 'A') : *at;
        }
    }
    (void)snprintf(out + used, ID_BYTES - used, "%lX", (unsigned long)facts->pdb_age);
}

/* The candidates of one folder: "folder/name", then "folder/name/id/name" as in a store. */
static bool candidate(const char *folder, const char *name, const char *id, unsigned which,
                      char out[STORE_PATH_BYTES])
{
    int length = which == 0
                     ? snprintf(out, STORE_PATH_BYTES, "%s/%s", folder, name)
                     : snprintf(out, STORE_PATH_BYTES, "%s/%s/%s/%s", folder, name, id, name);
    return length > 0 && length < STORE_PATH_BYTES;
}

/* --- images ------------------------------------------------------------------------- */

struct examined {
    bool is_managed;
    struct ew_symbol_build facts;
    struct pe_debug debug;
};

static bool is_build(const struct ew_module *module, const struct pe_image *image,
                     struct examined *examined)
{
    struct pe_debug wanted = {.guid = module->pdb_guid, .age = module->pdb_age};
    if (module->has_code_id
        && (image->timestamp != module->timestamp || image->size_bytes != module->size_bytes)) {
        return false;
    }
    bool has_debug =
        pe_read_debug(image, module->has_debug_id ? &wanted : NULL, &examined->debug);
    if (module->has_debug_id && !has_debug) {
        return false;
    }
    examined->facts.has_debug_id = has_debug;
    if (has_debug) {
        examined->facts.pdb_guid = examined->debug.guid;
        examined->facts.pdb_age = examined->debug.age;
    }
    examined->is_managed = pe_is_managed(image);
    examined->facts.has_mvid = pe_read_mvid(image, &examined->facts.mvid);
    return true;
}

/* EW_OK with what it says; EW_FORMAT when the file is another build. */
static enum ew_status read_image(const struct ew_module *module, const char *path,
                                 struct examined *examined)
{
    struct source source;
    struct pe_image image;
    memset(examined, 0, sizeof *examined);
    enum ew_status status = source_open(&source, path);
    if (status != EW_OK) {
        return status;
    }
    status = pe_open(&image, &source);
    if (status == EW_OK && !is_build(module, &image, examined)) {
        status = EW_FORMAT;
    }
    source_close(&source);
    return status;
}

static bool try_image(const struct build *build, const char *path, struct examined *examined,
                      bool *another)
{
    enum ew_status status = read_image(&build->module, path, examined);
    *another |= status == EW_FORMAT;
    return status == EW_OK;
}

/* Where events saw a build; the other thread adds to it. */
static uint32_t copy_paths(struct ew_symbols *symbols, const struct build *build,
                           const char *paths_out[EW_SYMBOL_PATHS_EACH_MAX])
{
    ew_mutex_lock(symbols->lock);
    uint32_t count = build->path_count;
    memcpy(paths_out, build->paths, sizeof build->paths);
    ew_mutex_unlock(symbols->lock);
    return count;
}

/* In the folders first: whoever named them meant them. Then where it was loaded from. */
static bool find_image(struct ew_symbols *symbols, const struct build *build,
                       char path[STORE_PATH_BYTES], struct examined *examined, bool *another)
{
    char id[ID_BYTES];
    const char *paths[EW_SYMBOL_PATHS_EACH_MAX];
    uint32_t path_count = copy_paths(symbols, build, paths);
    image_id(&build->module, id);
    for (size_t i = 0; is_plain_name(build->module.name) && i < symbols->folders.count; i++) {
        for (unsigned which = 0; which < 2; which++) {
            if (candidate(symbols->folders.items[i], build->module.name, id, which, path)
                && try_image(build, path, examined, another)) {
                return true;
            }
        }
    }
    for (uint32_t i = 0; i < path_count; i++) {
        if (symbols->system.locate(symbols->system.context, paths[i], path, STORE_PATH_BYTES)
                == EW_OK
            && try_image(build, path, examined, another)) {
            return true;
        }
    }
    return false;
}

/* "app.pdb" of "app.exe", where no image says how it is called. */
static void guess_name(const struct build *build, char *out, size_t capacity)
{
    const char *dot = strrchr(build->module.name, '.');
    size_t length = dot == NULL ? strlen(build->module.name) : (size_t)(dot - build->module.name);
    length = length < capacity - 5 ? length : capacity - 5;
    memcpy(out, build->module.name, length);
    memcpy(out + length, ".pdb", 5);
}

void examine_build(struct ew_symbols *symbols, struct build *build)
{
    char path[STORE_PATH_BYTES];
    char linked[PE_NAME_BYTES_MAX];
    struct examined examined;
    bool another = false;
    bool found = find_image(symbols, build, path, &examined, &another);
    if (!found) {
        memset(&examined, 0, sizeof examined);
        /* Events told the debug id of some: a PDB in a store needs no image. */
        examined.facts.has_debug_id = build->module.has_debug_id;
        examined.facts.pdb_guid = build->module.pdb_guid;
        examined.facts.pdb_age = build->module.pdb_age;
        guess_name(build, linked, sizeof linked);
    } else {
        (void)snprintf(linked, sizeof linked, "%s", ew_text_file_name(examined.debug.name));
    }
    ew_mutex_lock(symbols->lock);
    build->facts = examined.facts;
    build->is_managed = examined.is_managed || build->module.kind == EW_MODULE_MANAGED;
    build->image_path = found ? store_text(symbols, path) : NULL;
    build->linked_name = is_plain_name(linked) ? store_text(symbols, linked) : NULL;
    build->state = found || examined.facts.has_debug_id ? BUILD_KNOWN : BUILD_MISSING;
    symbols->counts.images_mismatched += !found && another;
    symbols->counts.modules_none += build->state == BUILD_MISSING && !build->told_missing;
    symbols->counts.modules_none -= build->state != BUILD_MISSING && build->told_missing;
    build->told_missing = build->state == BUILD_MISSING;
    ew_mutex_unlock(symbols->lock);
}

/* --- PDBs ---------------------------------------------------------------------------- */

static bool has_identity(const struct pdb_identity *identity, const struct ew_symbol_build *facts)
{
    return ew_guid_equal(&identity->guid, &facts->pdb_guid) && identity->age == facts->pdb_age;
}

/* EW_OK when it is the PDB of a build, EW_FORMAT when it is not. */
static enum ew_status check_pdb(const char *path, const struct ew_symbol_build *facts)
{
    struct source source;
    struct pdb pdb;
    struct pdb_identity identity;
    enum ew_status status = source_open(&source, path);
    if (status != EW_OK) {
        return status;
    }
    status = pdb_open(&pdb, &source);
    if (status == EW_OK) {
        status = pdb_read_identity(&pdb, &identity);
        pdb_close(&pdb);
    }
    source_close(&source);
    return status == EW_OK && has_identity(&identity, facts) ? EW_OK : EW_FORMAT;
}

struct pdb_search {
    bool mismatched;
    bool untrusted;
};

static bool in_folders(const struct ew_symbols *symbols, const struct build *build,
                       char path[STORE_PATH_BYTES], struct pdb_search *search)
{
    char id[ID_BYTES];
    pdb_id(&build->facts, id);
    for (size_t i = 0; i < symbols->folders.count; i++) {
        for (unsigned which = 0; which < 2; which++) {
            if (!candidate(symbols->folders.items[i], build->linked_name, id, which, path)) {
                continue;
            }
            enum ew_status status = check_pdb(path, &build->facts);
            search->mismatched |= status == EW_FORMAT;
            if (status == EW_OK) {
                return true;
            }
        }
    }
    return false;
}

/* Beside the image, which may be anywhere: where anybody may write, anybody could have
 * named functions as he likes, with the right GUID. */
static bool beside_image(const struct ew_symbols *symbols, const struct build *build,
                         char path[STORE_PATH_BYTES], struct pdb_search *search)
{
    if (!symbols->image_folder || build->image_path == NULL) {
        return false;
    }
    size_t folder_bytes = (size_t)(ew_text_file_name(build->image_path) - build->image_path);
    int length = snprintf(path, STORE_PATH_BYTES, "%.*s%s", (int)folder_bytes, build->image_path,
                          build->linked_name);
    if (length <= 0 || length >= STORE_PATH_BYTES) {
        return false;
    }
    enum ew_status status = check_pdb(path, &build->facts);
    search->mismatched |= status == EW_FORMAT;
    if (status != EW_OK) {
        return false;
    }
    bool trusted = symbols->system.is_trusted(symbols->system.context, path);
    search->untrusted |= !trusted;
    return trusted;
}

void examine_pdb(struct ew_symbols *symbols, struct build *build)
{
    char path[STORE_PATH_BYTES];
    struct pdb_search search = {false, false};
    bool found = !build->is_managed && build->facts.has_debug_id && build->linked_name != NULL
                 && (in_folders(symbols, build, path, &search)
                     || beside_image(symbols, build, path, &search));
    ew_mutex_lock(symbols->lock);
    build->pdb_path = found ? store_text(symbols, path) : NULL;
    build->pdb_state = build->pdb_path != NULL ? PDB_FOUND : PDB_ABSENT;
    symbols->counts.modules_pdb += found;
    symbols->counts.modules_mismatched += !found && search.mismatched;
    symbols->counts.modules_untrusted += !found && search.untrusted;
    ew_mutex_unlock(symbols->lock);
}
