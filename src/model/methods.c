/* SPDX-License-Identifier: Apache-2.0 */
/* Managed modules and method bodies, as the runtime of each process tells them. */
#include "base/text.h"
#include "base/winpath.h"
#include "model/internal.h"

#include <stdlib.h>
#include <string.h>

enum { MODULE_NATIVE_IMAGE = 2, MODULE_DYNAMIC_FLAG = 4, METHOD_DYNAMIC_FLAG = 1 };

void methods_free(struct ew_model *model)
{
    free(model->methods);
    free(model->clr_modules);
    ew_index_free(&model->method_index);
    ew_index_free(&model->clr_module_index);
}

/* --- modules ---------------------------------------------------------------- */

static uint64_t clr_module_hash(uint32_t process, uint64_t module_id)
{
    return ew_index_hash_pair(module_id, process);
}

static struct clr_module *clr_module_find(struct ew_model *model, uint32_t process,
                                          uint64_t module_id)
{
    for (uint32_t i =
             ew_index_first(&model->clr_module_index, clr_module_hash(process, module_id));
         i != EW_INDEX_END; i = ew_index_next(&model->clr_module_index)) {
        struct clr_module *known = &model->clr_modules[i];
        if (known->process == process && known->module_id == module_id) {
            return known;
        }
    }
    return NULL;
}

static void clr_module_add(struct ew_model *model, uint32_t process, uint64_t module_id,
                           uint32_t module)
{
    struct clr_module *known = clr_module_find(model, process, module_id);
    if (known != NULL) {
        /* A unloaded module's id may be used again; and a module event with a PDB tells
         * more than the domain module event before it. */
        known->module = module;
        known->to_100ns = TIME_FOREVER;
        return;
    }
    if (!model_grow((void **)&model->clr_modules, &model->clr_module_capacity,
                    model->clr_module_count, EW_MODULES_MAX, sizeof *model->clr_modules)
        || !ew_index_insert(&model->clr_module_index, clr_module_hash(process, module_id),
                            model->clr_module_count)) {
        model->counts.modules_refused++;
        return;
    }
    struct clr_module *added = &model->clr_modules[model->clr_module_count++];
    added->module_id = module_id;
    added->to_100ns = TIME_FOREVER;
    added->process = process;
    added->module = module;
}

/*
 * The PE identity of a managed module, where its IL file is mapped as an image of the
 * same process: found by its path without volume, since images name the device and the
 * runtime the drive.
 */
static void link_image(struct ew_model *model, uint32_t process, uint32_t module)
{
    const char *path = ew_winpath_on_volume(model->modules.items[module].path);
    const struct view *view = &model->processes[process].views[MAPPING_IMAGE];
    for (uint32_t link = view->first; link != 0; link = model->mappings.items[link - 1].next) {
        const struct ew_module *image =
            &model->modules.items[model->mappings.items[link - 1].value];
        if (image->has_code_id && ew_text_equal_fold(ew_winpath_on_volume(image->path), path)) {
            modules_set_code_id(&model->modules, module, image->timestamp, image->size_bytes);
            return;
        }
    }
}

void clr_module_apply(struct ew_model *model, uint32_t process, uint64_t time_100ns,
                      const struct ew_clr_module_fact *fact)
{
    const char *path = names_utf16(&model->names, &fact->il_path);
    bool dynamic = (fact->flags & MODULE_DYNAMIC_FLAG) != 0;
    if (process == EW_PROCESS_NONE || fact->phase == EW_PHASE_OTHER) {
        return;
    }
    if (fact->phase == EW_PHASE_END) {
        /* An unloaded module still names the methods it had. */
        struct clr_module *known = clr_module_find(model, process, fact->module_id);
        if (known != NULL) {
            known->to_100ns = time_100ns;
        }
        return;
    }
    if (fact->domain_module && clr_module_find(model, process, fact->module_id) != NULL) {
        return; /* it has no PDB: it must not replace what a module event told */
    }
    struct ew_module module = {
        .kind = dynamic ? EW_MODULE_DYNAMIC : EW_MODULE_MANAGED,
        .name = ew_text_file_name(path),
        .path = path,
        .has_debug_id = fact->has_pdb && !ew_guid_is_zero(&fact->managed_pdb_guid),
    };
    if (module.has_debug_id) {
        module.pdb_guid = fact->managed_pdb_guid;
        module.pdb_age = fact->managed_pdb_age;
    }
    uint32_t index = modules_intern(&model->modules, &module);
    if (index == EW_MODULE_NONE) {
        return;
    }
    link_image(model, process, index);
    clr_module_add(model, process, fact->module_id, index);
}

void clr_modules_link(struct ew_model *model)
{
    for (uint32_t i = 0; model->images_changed && i < model->clr_module_count; i++) {
        const struct clr_module *known = &model->clr_modules[i];
        if (!model->modules.items[known->module].has_code_id) {
            link_image(model, known->process, known->module);
        }
    }
    model->images_changed = false;
}

uint32_t method_module(struct ew_model *model, uint32_t index)
{
    struct method *method = &model->methods[index];
    if (method->shown.module == EW_MODULE_NONE) {
        const struct clr_module *known =
            clr_module_find(model, method->process, method->module_id);
        method->shown.module = known != NULL ? known->module : EW_MODULE_NONE;
    }
    return method->shown.module;
}

/* --- methods ------------------------------------------------------------------- */

static uint64_t method_hash(uint32_t process, uint64_t method_id)
{
    return ew_index_hash_pair(method_id, process);
}

static uint32_t token_of(const struct ew_clr_method_fact *fact)
{
    return (fact->flags & METHOD_DYNAMIC_FLAG) != 0 ? 0 : fact->token;
}

/*
 * Dynamic methods and collectible assemblies give a freed MethodID to another method:
 * only equal names and tokens are the same method. A non-verbose event has no names and
 * is taken as the method known by that id.
 */
static bool same_method(const struct method *method, uint32_t process,
                        const struct ew_clr_method_fact *fact, const char *const names[3])
{
    if (method->process != process || method->method_id != fact->method_id
        || method->module_id != fact->module_id || method->shown.token != token_of(fact)) {
        return false;
    }
    return !fact->verbose
           || (method->shown.type_name == names[0] && method->shown.method_name == names[1]
               && method->shown.signature == names[2]);
}

static uint32_t method_find(struct ew_model *model, uint32_t process,
                            const struct ew_clr_method_fact *fact, const char *const names[3])
{
    for (uint32_t i = ew_index_first(&model->method_index, method_hash(process, fact->method_id));
         i != EW_INDEX_END; i = ew_index_next(&model->method_index)) {
        if (same_method(&model->methods[i], process, fact, names)) {
            return i;
        }
    }
    return EW_INDEX_END;
}

static uint32_t method_intern(struct ew_model *model, uint32_t process,
                              const struct ew_clr_method_fact *fact)
{
    const char *names[3] = {"", "", ""};
    if (fact->verbose) {
        names[0] = names_utf16(&model->names, &fact->type_name);
        names[1] = names_utf16(&model->names, &fact->method_name);
        names[2] = names_utf16(&model->names, &fact->signature);
    }
    uint32_t index = method_find(model, process, fact, names);
    if (index != EW_INDEX_END) {
        return index;
    }
    if (!model_grow((void **)&model->methods, &model->method_capacity, model->method_count,
                    EW_METHODS_MAX, sizeof *model->methods)
        || !ew_index_insert(&model->method_index, method_hash(process, fact->method_id),
                            model->method_count)) {
        return EW_INDEX_END;
    }
    struct method *method = &model->methods[model->method_count];
    memset(method, 0, sizeof *method);
    method->process = process;
    method->method_id = fact->method_id;
    method->module_id = fact->module_id;
    method->shown.module = EW_MODULE_NONE;
    method->shown.token = token_of(fact);
    method->shown.flags = fact->flags;
    method->shown.type_name = names[0];
    method->shown.method_name = names[1];
    method->shown.signature = names[2];
    return model->method_count++;
}

static void body_add(struct ew_model *model, uint32_t process, uint64_t time_100ns, uint64_t from,
                     const struct ew_clr_method_fact *fact)
{
    struct view *view = &model->processes[process].views[MAPPING_METHOD];
    uint32_t method = method_intern(model, process, fact);
    struct mapping body = {.start = fact->start,
                           .end = fact->start + fact->size_bytes,
                           .from = from,
                           .to = TIME_FOREVER,
                           .process = process,
                           .value = method,
                           .kind = MAPPING_METHOD};
    if (method == EW_INDEX_END
        || !mappings_add(&model->mappings, view, &body, EW_IMAGES_MAX + EW_METHODS_MAX)) {
        model->counts.methods_refused++;
        return;
    }
    model->counts.methods++;
    process_changed(model, process, time_100ns);
}

static bool same_body(const struct ew_model *model, const struct mapping *mapping,
                      const struct ew_clr_method_fact *fact)
{
    return mapping->end - mapping->start == fact->size_bytes
           && model->methods[mapping->value].method_id == fact->method_id;
}

/* A load, or a rundown that tells what has been there since before. */
static void body_map(struct ew_model *model, uint32_t process, uint64_t time_100ns,
                     const struct ew_clr_method_fact *fact)
{
    uint64_t from = fact->phase == EW_PHASE_START ? time_100ns : model->told_from_100ns;
    uint32_t found = mappings_find(&model->mappings, process, MAPPING_METHOD, fact->start);
    if (found != MAPPING_NONE && same_body(model, &model->mappings.items[found], fact)) {
        struct mapping *known = &model->mappings.items[found];
        if (fact->phase == EW_PHASE_START && known->from <= model->told_from_100ns) {
            known->from = from;
            process_changed(model, process, time_100ns);
        }
        return; /* any session's rundown comes to all of them: nothing new */
    }
    if (found != MAPPING_NONE) {
        model->mappings.items[found].to = time_100ns;
    }
    body_add(model, process, time_100ns, from, fact);
}

static void body_unmap(struct ew_model *model, uint32_t process, uint64_t time_100ns,
                       const struct ew_clr_method_fact *fact)
{
    uint32_t found = mappings_find(&model->mappings, process, MAPPING_METHOD, fact->start);
    if (found != MAPPING_NONE && same_body(model, &model->mappings.items[found], fact)) {
        model->mappings.items[found].to = time_100ns;
        process_changed(model, process, time_100ns);
    } else if (found == MAPPING_NONE) {
        /* It was there all along and is only named now that it goes: what ran in it
         * before resolves all the same. */
        body_add(model, process, time_100ns, model->told_from_100ns, fact);
        found = mappings_find(&model->mappings, process, MAPPING_METHOD, fact->start);
        if (found != MAPPING_NONE) {
            model->mappings.items[found].to = time_100ns;
        }
    }
}

void method_apply(struct ew_model *model, uint32_t process, uint64_t time_100ns,
                  const struct ew_clr_method_fact *fact)
{
    if (process == EW_PROCESS_NONE || process == EW_PROCESS_KERNEL
        || fact->phase == EW_PHASE_OTHER) {
        return; /* OTHER: jitting started, there is no body yet */
    }
    if (fact->size_bytes == 0 || fact->size_bytes > EW_METHOD_BYTES_MAX
        || fact->start > UINT64_MAX - fact->size_bytes
        || ew_address_is_kernel(fact->start, false)) {
        /* No code of its own (a generic definition), or not a process's to claim. */
        model->counts.methods_refused += fact->size_bytes != 0;
        return;
    }
    if (fact->phase == EW_PHASE_END) {
        body_unmap(model, process, time_100ns, fact);
    } else {
        body_map(model, process, time_100ns, fact);
    }
}

/* --- pruning ---------------------------------------------------------------------- */

/* New numbers for the methods that have a body; EW_INDEX_END for the others. NULL
 * without memory. */
static uint32_t *number_kept(const struct ew_model *model)
{
    uint32_t *numbers = malloc(((size_t)model->method_count + 1) * sizeof *numbers);
    if (numbers == NULL) {
        return NULL;
    }
    memset(numbers, 0xff, (size_t)model->method_count * sizeof *numbers);
    for (uint32_t i = 0; i < model->mappings.count; i++) {
        if (model->mappings.items[i].kind == MAPPING_METHOD) {
            numbers[model->mappings.items[i].value] = 0;
        }
    }
    uint32_t kept = 0;
    for (uint32_t i = 0; i < model->method_count; i++) {
        if (numbers[i] == 0) {
            numbers[i] = kept++;
        }
    }
    return numbers;
}

/* A runtime may tell that all its modules go, and they stay (reference etw.md 3.7.4): they are
 * only believed to be gone when there is need of room. */
static bool is_gone(const struct ew_model *model, const struct clr_module *known, bool tight,
                    uint64_t time_100ns)
{
    return !model->processes[known->process].in_use || (tight && known->to_100ns < time_100ns);
}

static void clr_modules_prune(struct ew_model *model, uint64_t time_100ns)
{
    bool tight = model->clr_module_count > EW_MODULES_MAX / 2;
    uint32_t kept = 0;
    for (uint32_t i = 0; tight && i < model->method_count; i++) {
        (void)method_module(model, i); /* while its module is there to be asked */
    }
    ew_index_clear(&model->clr_module_index);
    for (uint32_t i = 0; i < model->clr_module_count; i++) {
        struct clr_module known = model->clr_modules[i];
        if (!is_gone(model, &known, tight, time_100ns)) {
            model->clr_modules[kept] = known;
            /* cannot fail: it had more entries before */
            (void)ew_index_insert(&model->clr_module_index,
                                  clr_module_hash(known.process, known.module_id), kept);
            kept++;
        }
    }
    model->clr_module_count = kept;
}

void methods_prune(struct ew_model *model, uint64_t time_100ns)
{
    uint32_t *numbers = number_kept(model);
    if (numbers == NULL) {
        return; /* it is tried again when the next window closes */
    }
    uint32_t kept = 0;
    ew_index_clear(&model->method_index);
    for (uint32_t i = 0; i < model->method_count; i++) {
        if (numbers[i] != EW_INDEX_END) {
            model->methods[kept] = model->methods[i];
            (void)ew_index_insert(
                &model->method_index,
                method_hash(model->methods[kept].process, model->methods[kept].method_id), kept);
            kept++;
        }
    }
    model->method_count = kept;
    for (uint32_t i = 0; i < model->mappings.count; i++) {
        struct mapping *mapping = &model->mappings.items[i];
        if (mapping->kind == MAPPING_METHOD) {
            mapping->value = numbers[mapping->value];
        }
    }
    free(numbers);
    clr_modules_prune(model, time_100ns);
}
