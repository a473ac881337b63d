/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The function at an address: from the build's PDB through the system's engine, else from
 * the exports of the image, marked as such (reference evidence.md 5.3).
 */
#include "base/index.h"
#include "symbols/pdb.h"
#include "symbols/pe.h"
#include "symbols/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct answering {
    struct ew_symbols *symbols;
    struct build *build;
    struct source source; /* of the image */
    struct pe_image image;
    bool has_image;
    struct pe_exports exports;
    bool has_pdb;
    struct wish *wishes; /* by address */
    size_t count;
};

static char *copy_text(const char *text)
{
    size_t byte_count = strlen(text) + 1;
    char *copy = malloc(byte_count);
    if (copy != NULL) {
        memcpy(copy, text, byte_count);
    }
    return copy;
}

/* --- one address ------------------------------------------------------------------- */

/* Whether an address is inside the function that starts at `start`, by what the image's
 * exception directory says. */
static bool is_inside(const struct answering *answering, uint32_t start, uint32_t rva)
{
    struct pe_function function;
    return start == rva
           || (answering->has_image && pe_find_function(&answering->image, rva, &function)
               && function.start == start);
}

static bool from_pdb(const struct answering *answering, struct wish *wish)
{
    const struct symbols_system *system = &answering->symbols->system;
    struct ew_symbol_found found;
    struct ew_symbol_found start;
    if (!answering->has_pdb || !system->find(system->context, wish->rva, &found)
        || found.rva > wish->rva) {
        return false;
    }
    bool inside = found.size_bytes != 0 ? wish->rva - found.rva < found.size_bytes
                                        : is_inside(answering, found.rva, wish->rva);
    if (!inside) {
        return false;
    }
    /* Asked again at its start: of several names of the same code an engine may tell another
     * one for each address in it. */
    if (system->find(system->context, found.rva, &start) && start.rva == found.rva) {
        found = start;
    }
    wish->symbol.rva = found.rva;
    wish->symbol.size_bytes = found.size_bytes;
    wish->symbol.resolution = EW_RESOLVED_PDB;
    wish->symbol.flags = found.thunk ? EW_FUNCTION_THUNK : 0u;
    wish->name = copy_text(found.name);
    return wish->name != NULL;
}

/*
 * The nearest export before an address is a name, but perhaps of another function: between
 * two exports there are functions that have none. Such an address is told near the export,
 * and belongs to the function that the exception directory tells.
 */
static void name_near(const struct answering *answering, struct wish *wish, const char *name,
                      uint32_t export_rva)
{
    char text[PE_NAME_BYTES_MAX + 16];
    struct pe_function function = {.start = wish->rva};
    bool listed = pe_find_function(&answering->image, wish->rva, &function);
    uint32_t start = listed && function.start > export_rva ? function.start : wish->rva;
    (void)snprintf(text, sizeof text, "%s+0x%lx", name, (unsigned long)(start - export_rva));
    wish->symbol.rva = start;
    wish->symbol.resolution = EW_RESOLVED_EXPORT_NEAR;
    wish->name = copy_text(text);
}

static bool from_exports(const struct answering *answering, struct wish *wish)
{
    char name[PE_NAME_BYTES_MAX];
    uint32_t same = 0;
    const struct pe_export *nearest =
        answering->exports.count == 0 || !pe_is_code(&answering->image, wish->rva)
            ? NULL
            : pe_exports_nearest(&answering->exports, &answering->image, wish->rva, &same);
    if (nearest == NULL || !pe_read_text(&answering->image, nearest->name_rva, name, sizeof name)
        || name[0] == '\0') {
        return false;
    }
    if (is_inside(answering, nearest->rva, wish->rva)) {
        wish->symbol.rva = nearest->rva;
        wish->symbol.resolution = EW_RESOLVED_EXPORT;
        wish->symbol.flags = same > 1 ? EW_FUNCTION_FOLDED : 0u;
        wish->name = copy_text(name);
    } else {
        name_near(answering, wish, name, nearest->rva);
    }
    return wish->name != NULL;
}

/* --- public names --------------------------------------------------------------------- */

static int compare_starts(const void *a, const void *b)
{
    const struct wish *left = *(struct wish *const *)a;
    const struct wish *right = *(struct wish *const *)b;
    if (left->symbol.rva != right->symbol.rva) {
        return left->symbol.rva < right->symbol.rva ? -1 : 1;
    }
    return left->address < right->address ? -1 : left->address > right->address;
}

struct starts {
    struct wish **items; /* one a function, by start */
    size_t count;
};

/* Keeps the least of the names: which comes first in the file is chance. */
static bool take_public(void *context, uint32_t rva, const char *name)
{
    struct starts *starts = context;
    size_t low = 0;
    size_t high = starts->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (starts->items[middle]->symbol.rva < rva) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low == starts->count || starts->items[low]->symbol.rva != rva) {
        return true;
    }
    struct wish *wish = starts->items[low];
    int order = wish->decorated == NULL ? -1 : strcmp(name, wish->decorated);
    wish->names_at += order != 0;
    if (order < 0) {
        free(wish->decorated);
        wish->decorated = copy_text(name);
    }
    return true;
}

static void read_publics(const struct build *build, struct starts *starts)
{
    struct source source;
    struct pdb pdb;
    if (source_open(&source, build->pdb_path) != EW_OK) {
        return;
    }
    if (pdb_open(&pdb, &source) == EW_OK) {
        /* Names that cannot be read are missing, which says nothing wrong. */
        (void)(pdb_each_public(&pdb, take_public, starts) == EW_OK);
        pdb_close(&pdb);
    }
    source_close(&source);
}

/* Several names on one piece of code: the linker folded equal functions, and which of them
 * ran cannot be told. The readable name is then that of the decorated one. */
static void tell_folded(const struct symbols_system *system, struct wish *wish)
{
    char readable[2048];
    if (wish->names_at < 2 || wish->decorated == NULL) {
        return;
    }
    bool plain = wish->decorated[0] != '?';
    const char *name =
        plain ? wish->decorated
        : system->undecorate(system->context, wish->decorated, readable, sizeof readable)
            ? readable
            : wish->decorated;
    char *copy = copy_text(name);
    wish->symbol.flags |= EW_FUNCTION_FOLDED;
    if (copy != NULL) {
        free(wish->name);
        wish->name = copy;
    }
}

static bool same_text(const char *a, const char *b)
{
    return a != NULL && b != NULL && strcmp(a, b) == 0;
}

/* The publics of the functions found; each function is looked for once. */
static void add_publics(const struct answering *answering)
{
    struct starts starts = {.items = malloc((answering->count + 1) * sizeof *starts.items)};
    if (starts.items == NULL) {
        return;
    }
    for (size_t i = 0; i < answering->count; i++) {
        if (answering->wishes[i].found
            && answering->wishes[i].symbol.resolution == EW_RESOLVED_PDB) {
            starts.items[starts.count++] = &answering->wishes[i];
        }
    }
    qsort(starts.items, starts.count, sizeof *starts.items, compare_starts);
    size_t kept = 0;
    for (size_t i = 0; i < starts.count; i++) {
        if (kept == 0 || starts.items[kept - 1]->symbol.rva != starts.items[i]->symbol.rva) {
            starts.items[kept++] = starts.items[i];
        }
    }
    starts.count = kept;
    if (starts.count > 0) {
        read_publics(answering->build, &starts);
    }
    for (size_t i = 0; i < starts.count; i++) {
        tell_folded(&answering->symbols->system, starts.items[i]);
        if (same_text(starts.items[i]->name, starts.items[i]->decorated)) {
            free(starts.items[i]->decorated);
            starts.items[i]->decorated = NULL;
        }
    }
    free(starts.items);
}

/* --- a build ---------------------------------------------------------------------------- */

static void open_image(struct answering *answering)
{
    const struct build *build = answering->build;
    if (build->image_path == NULL
        || source_open(&answering->source, build->image_path) != EW_OK) {
        return;
    }
    /* The file may have been replaced since it was examined. */
    bool same = pe_open(&answering->image, &answering->source) == EW_OK
                && (!build->module.has_code_id
                    || (answering->image.timestamp == build->module.timestamp
                        && answering->image.size_bytes == build->module.size_bytes));
    if (!same) {
        source_close(&answering->source);
        return;
    }
    answering->has_image = true;
    if (pe_exports_read(&answering->image, &answering->exports) != EW_OK) {
        answering->exports.count = 0;
    }
}

static void load_pdb(struct answering *answering)
{
    struct build *build = answering->build;
    const struct symbols_system *system = &answering->symbols->system;
    struct ew_symbol_file file = {
        .pdb_path = build->pdb_path,
        .image_path = answering->has_image ? build->image_path : NULL,
        .linked_name = build->linked_name,
        .guid = build->facts.pdb_guid,
        .size_bytes =
            answering->has_image ? answering->image.size_bytes : build->module.size_bytes,
    };
    if (build->pdb_state != PDB_FOUND || file.size_bytes == 0) {
        return;
    }
    answering->has_pdb = system->load(system->context, &file) == EW_OK;
    if (!answering->has_pdb) {
        ew_mutex_lock(answering->symbols->lock);
        build->pdb_state = PDB_ABSENT;
        answering->symbols->counts.modules_pdb--;
        ew_mutex_unlock(answering->symbols->lock);
    }
}

bool answer_wishes(struct ew_symbols *symbols, struct build *build, struct wish *wishes,
                   size_t count, uint64_t deadline_ns)
{
    struct answering answering = {
        .symbols = symbols, .build = build, .wishes = wishes, .count = count};
    const struct symbols_system *system = &symbols->system;
    uint64_t limit_ns = EW_SYMBOL_BUILD_SECONDS_MAX * UINT64_C(1000000000);
    uint64_t begin_ns = system->now_ns();
    bool first = build->pdb_state == PDB_UNSOUGHT;
    if (first) {
        examine_pdb(symbols, build);
    }
    open_image(&answering);
    load_pdb(&answering);
    uint64_t now_ns = system->now_ns();
    bool patient = now_ns - begin_ns <= limit_ns;
    /* At least one, or a PDB that is slow to load would be loaded in vain for ever. */
    for (size_t i = 0; patient && i < count && (i == 0 || now_ns < deadline_ns); i++) {
        wishes[i].looked_up = true;
        wishes[i].found =
            from_pdb(&answering, &wishes[i]) || from_exports(&answering, &wishes[i]);
        now_ns = system->now_ns();
        patient = now_ns - begin_ns <= limit_ns;
    }
    if (answering.has_pdb) {
        add_publics(&answering);
        system->unload(system->context);
    }
    ew_mutex_lock(symbols->lock);
    symbols->counts.modules_exports +=
        first && build->pdb_state != PDB_FOUND && answering.exports.count > 0;
    symbols->counts.modules_none +=
        first && build->pdb_state != PDB_FOUND && answering.exports.count == 0;
    ew_mutex_unlock(symbols->lock);
    pe_exports_free(&answering.exports);
    if (answering.has_image) {
        source_close(&answering.source);
    }
    return patient;
}
