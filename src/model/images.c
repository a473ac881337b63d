/* SPDX-License-Identifier: Apache-2.0 */
/* Images of processes and of the kernel, and the identities told of them. */
#include "base/text.h"
#include "model/internal.h"

#include <string.h>

uint32_t image_owner(struct ew_model *model, uint32_t process_id, uint64_t base,
                     uint64_t time_100ns)
{
    if (process_id == 0 || ew_address_is_kernel(base, model->kernel_is_32bit)) {
        return EW_PROCESS_KERNEL;
    }
    return process_of_pid(model, process_id, time_100ns);
}

static uint32_t image_module(struct ew_model *model, uint32_t process,
                             const struct ew_image_fact *fact)
{
    const char *path = names_utf16(&model->names, &fact->path);
    struct ew_module module = {
        .kind = process == EW_PROCESS_KERNEL ? EW_MODULE_KERNEL : EW_MODULE_NATIVE,
        .name = ew_text_file_name(path),
        .path = path,
        .has_code_id = fact->timestamp != 0 && fact->size_bytes <= UINT32_MAX,
        .timestamp = fact->timestamp,
        .size_bytes = (uint32_t)fact->size_bytes,
    };
    return modules_intern(&model->modules, &module);
}

/*
 * True when the image that is mapped at the same base is the one described: then a
 * rundown tells nothing new, and a load tells since when it has been there.
 */
static bool same_image(const struct mapping *mapping, const struct ew_image_fact *fact,
                       uint32_t module)
{
    return mapping->value == module && mapping->end - mapping->start == fact->size_bytes;
}

/*
 * A rundown may leave the time stamp out (seen in a real recording): the image at that base is
 * known better already.
 */
static bool tells_less(const struct ew_model *model, const struct mapping *mapping,
                       const struct ew_image_fact *fact)
{
    char path[EW_NAME_BYTES_EACH_MAX];
    if (fact->phase == EW_PHASE_START || fact->timestamp != 0
        || mapping->end - mapping->start != fact->size_bytes) {
        return false;
    }
    (void)ew_text_from_utf16(fact->path.data, fact->path.bytes, path, sizeof path);
    return ew_text_equal_fold(ew_text_file_name(path), model->modules.items[mapping->value].name);
}

/* The first image of a process that is no DLL is its executable. */
static void note_executable(struct ew_model *model, uint32_t process, uint32_t module)
{
    struct ew_process *shown = &model->processes[process].shown;
    const char *name = model->modules.items[module].name;
    if (process == EW_PROCESS_KERNEL || shown->image != EW_MODULE_NONE) {
        return;
    }
    size_t length = strlen(name);
    if (length > 4 && ew_text_equal_fold(name + length - 4, ".exe")) {
        shown->image = module;
        shown->name = shown->name[0] != '\0' ? shown->name : name;
    }
}

static void image_map(struct ew_model *model, uint32_t process, uint64_t time_100ns,
                      const struct ew_image_fact *fact)
{
    uint32_t found = mappings_find(&model->mappings, process, MAPPING_IMAGE, fact->base);
    if (found != MAPPING_NONE && tells_less(model, &model->mappings.items[found], fact)) {
        model->mappings.items[found].doubted = false;
        return;
    }
    uint32_t module = image_module(model, process, fact);
    uint64_t from = fact->phase == EW_PHASE_START ? time_100ns : model->told_from_100ns;
    struct process *owner = &model->processes[process];
    if (module == EW_MODULE_NONE) {
        model->counts.images_refused++;
        return;
    }
    if (found != MAPPING_NONE && same_image(&model->mappings.items[found], fact, module)) {
        struct mapping *known = &model->mappings.items[found];
        known->doubted = false;
        if (fact->phase == EW_PHASE_START && known->from <= model->told_from_100ns) {
            known->from = from;
            process_changed(model, process, time_100ns);
        }
        return;
    }
    if (found != MAPPING_NONE) {
        model->mappings.items[found].to = time_100ns; /* its unload was lost */
    }
    struct mapping mapping = {.start = fact->base,
                              .end = fact->base + fact->size_bytes,
                              .from = from,
                              .to = TIME_FOREVER,
                              .process = process,
                              .value = module,
                              .kind = MAPPING_IMAGE};
    if (owner->views[MAPPING_IMAGE].total >= EW_IMAGES_PER_PROCESS_MAX
        || !mappings_add(&model->mappings, &owner->views[MAPPING_IMAGE], &mapping,
                         EW_IMAGES_MAX + EW_METHODS_MAX)) {
        model->counts.images_refused++;
        return;
    }
    process_changed(model, process, time_100ns);
    note_executable(model, process, module);
    model->images_changed = true;
}

static void image_unmap(struct ew_model *model, uint32_t process, uint64_t time_100ns,
                        uint64_t base)
{
    uint32_t found = mappings_find(&model->mappings, process, MAPPING_IMAGE, base);
    if (found != MAPPING_NONE) {
        model->mappings.items[found].to = time_100ns;
        process_changed(model, process, time_100ns);
    }
}

void image_apply(struct ew_model *model, uint32_t process, uint64_t time_100ns,
                 const struct ew_image_fact *fact)
{
    if (process == EW_PROCESS_NONE || fact->size_bytes == 0
        || fact->size_bytes > UINT64_MAX - fact->base) {
        model->counts.images_refused += process == EW_PROCESS_NONE;
        return;
    }
    switch (fact->phase) {
    case EW_PHASE_DC_START:
    case EW_PHASE_DC_END:
        model->counts.image_rundowns++;
        model->images_told_again |= fact->phase == EW_PHASE_DC_START;
        process_attach(model, process);
        image_map(model, process, time_100ns, fact);
        break;
    case EW_PHASE_START:
        process_confirm(model, process);
        image_map(model, process, time_100ns, fact);
        break;
    case EW_PHASE_END:
        image_unmap(model, process, time_100ns, fact->base);
        break;
    case EW_PHASE_OTHER:
        break;
    }
}

/*
 * The PDB of the image that is mapped at `base`. The intermediate (IL) PDB of a native
 * image is another file's identity and says nothing of this one.
 */
void image_id_apply(struct ew_model *model, uint32_t process, uint64_t base,
                    const struct ew_pdb_id_fact *fact)
{
    if (process == EW_PROCESS_NONE || fact->intermediate) {
        return;
    }
    process_attach(model, process);
    uint32_t found = mappings_find(&model->mappings, process, MAPPING_IMAGE, base);
    if (found != MAPPING_NONE) {
        modules_set_pdb(&model->modules, model->mappings.items[found].value, &fact->guid,
                        fact->age);
    }
}
