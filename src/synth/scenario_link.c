/* SPDX-License-Identifier: Apache-2.0 */
/* Makes a scenario hang together: names become pointers, milliseconds become ticks. */
#include "base/filetime.h"
#include "etwitness/limits.h"
#include "synth/scenario.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    PATH_BYTES = 128,
    /* Things of one millisecond follow each other by so much. */
    STEP_MICROSECONDS = 2,
    CODE_ALIGNMENT = 64,
};

/* Made-up addresses of things that have none in the scenario, by pointer size. */
struct address_plan {
    uint64_t process_objects;
    uint64_t jit;
    uint64_t modules;
    uint64_t assemblies;
    uint64_t methods;
};

static const struct address_plan addresses_64 = {
    .process_objects = UINT64_C(0xffffe38400000080),
    .jit = UINT64_C(0x00007ff940000000),
    .modules = UINT64_C(0x00007ff938000000),
    .assemblies = UINT64_C(0x000001c820000000),
    .methods = UINT64_C(0x00007ff939000000),
};

static const struct address_plan addresses_32 = {
    .process_objects = UINT64_C(0x85000080),
    .jit = UINT64_C(0x06000000),
    .modules = UINT64_C(0x05000000),
    .assemblies = UINT64_C(0x04000000),
    .methods = UINT64_C(0x05400000),
};

struct linking {
    struct ew_scenario *scenario;
    const struct ew_source_text *source;
    struct ew_synth_process *process;
    const struct address_plan *plan;
    uint64_t serial; /* things of this process so far */
    uint64_t method_serial;
    uint64_t jit_at;
    char path[PATH_BYTES]; /* "processes[3]", and a part below while it is looked at */
};

static uint64_t scale(uint64_t value, uint64_t to, uint64_t from)
{
    return value / from * to + value % from * to / from;
}

uint64_t ew_scenario_raw(const struct ew_scenario *scenario, uint64_t ms)
{
    return scenario->header_raw + scale(ms, scenario->root.host.clock_frequency, 1000);
}

static const struct ew_synth_module *find_module(const struct ew_scenario *scenario,
                                                 const char *id)
{
    for (size_t i = 0; i < scenario->root.modules.count; i++) {
        const struct ew_synth_module *module =
            EW_AT(struct ew_synth_module, scenario->root.modules, i);
        if (strcmp(module->id != NULL ? module->id : module->name, id) == 0) {
            return module;
        }
    }
    return NULL;
}

/* True when [base, base + size) does not fit into pointers of that many bytes. */
static bool is_beyond(uint64_t base, uint64_t size, uint64_t pointer_bytes)
{
    uint64_t last = pointer_bytes == 4 ? UINT32_MAX : UINT64_MAX;
    return base > last || size > last - base;
}

static enum ew_status link_host(struct ew_scenario *scenario, const struct ew_source_text *source)
{
    const struct ew_synth_host *host = &scenario->root.host;
    if (host->pointer_bytes != 4 && host->pointer_bytes != 8) {
        return ew_source_fail(source, "host.pointerBytes", NULL, "has to be 4 or 8");
    }
    if (host->start_time < host->boot_time) {
        return ew_source_fail(source, "host.startTime", NULL, "is before the boot time");
    }
    uint64_t up_100ns = host->start_time - host->boot_time;
    if (up_100ns > EW_FILETIME_SECOND * 86400 * 365 * 10) {
        return ew_source_fail(source, "host.startTime", NULL,
                              "is more than ten years after the boot time");
    }
    scenario->header_raw = scale(up_100ns, host->clock_frequency, EW_FILETIME_SECOND);
    scenario->end_raw = ew_scenario_raw(scenario, scenario->root.duration_ms);
    for (size_t i = 0; i < scenario->root.losses.records.count; i++) {
        const struct ew_synth_loss *loss =
            EW_AT(struct ew_synth_loss, scenario->root.losses.records, i);
        if (loss->at_ms > scenario->root.duration_ms || loss->cpu >= host->cpu_count) {
            char path[PATH_BYTES];
            (void)snprintf(path, sizeof path, "losses.records[%zu]", i);
            return ew_source_fail(source, path, NULL, "is outside the recording or its CPUs");
        }
    }
    return EW_OK;
}

/* Module ids are unique; kernel modules are mapped from the start. */
static enum ew_status link_modules(struct ew_scenario *scenario,
                                   const struct ew_source_text *source)
{
    const struct ew_synth_scenario *root = &scenario->root;
    char path[PATH_BYTES];
    scenario->kernel_images =
        ew_arena_take(&scenario->arena, root->modules.count * sizeof *scenario->kernel_images);
    if (scenario->kernel_images == NULL && root->modules.count != 0) {
        return ew_fail(source->error, EW_LIMIT, "%s: too many modules", source->name);
    }
    for (size_t i = 0; i < root->modules.count; i++) {
        struct ew_synth_module *module = EW_AT(struct ew_synth_module, root->modules, i);
        (void)snprintf(path, sizeof path, "modules[%zu]", i);
        if (module->id == NULL) {
            module->id = module->name;
        }
        if (find_module(scenario, module->id) != module) {
            return ew_source_fail(source, path, NULL,
                                  "has the id of an earlier module: give it one of its own");
        }
        if (is_beyond(module->base, module->size, root->host.pointer_bytes)) {
            return ew_source_fail(source, path, "base", "is beyond the host's pointers");
        }
        if (module->path == NULL) {
            module->path = module->name;
        }
        if (module->kind != EW_SYNTH_KERNEL) {
            continue;
        }
        if (module->base == 0) {
            return ew_source_fail(source, path, NULL, "is a kernel module and needs a base");
        }
        scenario->kernel_images[scenario->kernel_image_count++] =
            (struct ew_synth_image){.module_name = module->id,
                                    .base = module->base,
                                    .load_ms = EW_AT_NONE,
                                    .unload_ms = EW_AT_NONE,
                                    .module = module,
                                    .from_raw = scenario->header_raw,
                                    .to_raw = EW_AT_NONE};
    }
    return EW_OK;
}

/* The path of a thing of the process, for errors. */
static const char *below(struct linking *linking, const char *list, size_t index)
{
    size_t process_bytes = strcspn(linking->path, "]") + 1;
    (void)snprintf(linking->path + process_bytes, sizeof linking->path - process_bytes,
                   ".%s[%zu]", list, index);
    return linking->path;
}

static uint64_t stamp(struct linking *linking, uint64_t from_raw)
{
    linking->serial++;
    return from_raw
           + scale(linking->serial * STEP_MICROSECONDS,
                   linking->scenario->root.host.clock_frequency, 1000000);
}

/*
 * The ticks between which a thing of the process is there. What has no time was there
 * before an attached process was seen, or comes with the start of a new one.
 */
static enum ew_status link_life(struct linking *linking, const char *path, uint64_t from_ms,
                                uint64_t to_ms, uint64_t earliest_raw, uint64_t *from_raw,
                                uint64_t *to_raw)
{
    const struct ew_scenario *scenario = linking->scenario;
    const struct ew_synth_process *process = linking->process;
    uint64_t latest_raw =
        process->to_raw < scenario->end_raw ? process->to_raw : scenario->end_raw;
    if (from_ms == EW_AT_NONE && process->attached) {
        *from_raw = earliest_raw;
    } else if (from_ms == EW_AT_NONE) {
        *from_raw = stamp(linking, process->from_raw);
    } else {
        *from_raw = stamp(linking, ew_scenario_raw(scenario, from_ms));
    }
    if (*from_raw < earliest_raw || *from_raw >= latest_raw) {
        return ew_source_fail(linking->source, path, NULL,
                              "begins outside the life of what it belongs to");
    }
    *to_raw = to_ms == EW_AT_NONE ? EW_AT_NONE : ew_scenario_raw(scenario, to_ms);
    if (*to_raw != EW_AT_NONE && (*to_raw <= *from_raw || *to_raw > latest_raw)) {
        return ew_source_fail(linking->source, path, NULL,
                              "ends before it begins or after what it belongs to");
    }
    return EW_OK;
}

static enum ew_status link_image(struct linking *linking, size_t index)
{
    struct ew_synth_image *image = EW_AT(struct ew_synth_image, linking->process->images, index);
    const char *path = below(linking, "images", index);
    image->module = find_module(linking->scenario, image->module_name);
    if (image->module == NULL) {
        return ew_source_fail(linking->source, path, "module", "is the id of no module");
    }
    if (image->base == 0) {
        image->base = image->module->base;
    }
    if (image->base == 0
        || is_beyond(image->base, image->module->size,
                     linking->scenario->root.host.pointer_bytes)) {
        return ew_source_fail(linking->source, path, NULL,
                              "needs a base, here or in its module, within the host's pointers");
    }
    return link_life(linking, path, image->load_ms, image->unload_ms, linking->process->from_raw,
                     &image->from_raw, &image->to_raw);
}

static enum ew_status link_body(struct linking *linking, const struct ew_synth_method *method,
                                size_t index, const char *path)
{
    struct ew_synth_body *body = EW_AT(struct ew_synth_body, method->bodies, index);
    const struct ew_synth_managed *managed = method->managed;
    uint64_t pointer_bytes =
        linking->process->wow64 ? 4 : linking->scenario->root.host.pointer_bytes;
    if (index > 0 && body->at_ms == EW_AT_NONE) {
        return ew_source_fail(linking->source, path, NULL,
                              "has a second body that needs a time (atMs)");
    }
    uint64_t at_ms = body->at_ms == EW_AT_NONE ? managed->load_ms : body->at_ms;
    uint64_t earliest_raw = managed->from_raw;
    if (index > 0) {
        const struct ew_synth_body *before =
            EW_AT(struct ew_synth_body, method->bodies, index - 1);
        earliest_raw = before->from_raw + 1;
        if (before->to_raw < ew_scenario_raw(linking->scenario, at_ms)) {
            return ew_source_fail(linking->source, path, NULL,
                                  "has a body that ends before the next one begins");
        }
    }
    if (body->address == 0) {
        body->address = linking->jit_at;
        linking->jit_at += (body->size + CODE_ALIGNMENT - 1) / CODE_ALIGNMENT * CODE_ALIGNMENT;
    }
    if (is_beyond(body->address, body->size, pointer_bytes)) {
        return ew_source_fail(linking->source, path, NULL,
                              "has an address beyond the process's pointers");
    }
    return link_life(linking, path, at_ms, body->until_ms, earliest_raw, &body->from_raw,
                     &body->to_raw);
}

static enum ew_status link_managed(struct linking *linking, size_t index)
{
    struct ew_synth_managed *managed =
        EW_AT(struct ew_synth_managed, linking->process->managed, index);
    const char *path = below(linking, "managed", index);
    managed->module = find_module(linking->scenario, managed->module_name);
    if (managed->module == NULL
        || (managed->module->kind != EW_SYNTH_MANAGED
            && managed->module->kind != EW_SYNTH_DYNAMIC)) {
        return ew_source_fail(linking->source, path, "module",
                              "is the id of no managed or dynamic module");
    }
    managed->module_id = linking->plan->modules + index * 0x1000;
    managed->assembly_id = linking->plan->assemblies + index * 0x100;
    enum ew_status status =
        link_life(linking, path, managed->load_ms, managed->unload_ms, linking->process->from_raw,
                  &managed->from_raw, &managed->to_raw);
    size_t path_bytes = strlen(path);
    for (size_t i = 0; status == EW_OK && i < managed->methods.count; i++) {
        struct ew_synth_method *method = EW_AT(struct ew_synth_method, managed->methods, i);
        (void)snprintf(linking->path + path_bytes, sizeof linking->path - path_bytes,
                       ".methods[%zu]", i);
        method->managed = managed;
        method->method_id = linking->plan->methods + linking->method_serial++ * 0x28;
        if (method->bodies.count == 0) {
            return ew_source_fail(linking->source, path, NULL,
                                  "needs at least one of \"bodies\"");
        }
        for (size_t body = 0; status == EW_OK && body < method->bodies.count; body++) {
            status = link_body(linking, method, body, path);
        }
    }
    return status;
}

static enum ew_status link_thread(struct linking *linking, size_t index)
{
    const struct ew_list *threads = &linking->process->threads;
    struct ew_synth_thread *thread = EW_AT(struct ew_synth_thread, *threads, index);
    const char *path = below(linking, "threads", index);
    for (size_t i = 0; i < index; i++) {
        if (EW_AT(struct ew_synth_thread, *threads, i)->id == thread->id) {
            return ew_source_fail(linking->source, path, "id", "is the id of an earlier thread");
        }
    }
    return link_life(linking, path, thread->start_ms, thread->exit_ms, linking->process->from_raw,
                     &thread->from_raw, &thread->to_raw);
}

static enum ew_status link_container(struct linking *linking)
{
    struct ew_synth_process *process = linking->process;
    const struct ew_list *containers = &linking->scenario->root.containers;
    for (size_t i = 0; process->container_name != NULL && i < containers->count; i++) {
        const struct ew_synth_container *container =
            EW_AT(struct ew_synth_container, *containers, i);
        if (strcmp(container->name, process->container_name) == 0) {
            process->container = container;
            return EW_OK;
        }
    }
    return process->container_name == NULL
               ? EW_OK
               : ew_source_fail(linking->source, linking->path, "container",
                                "is the name of no container");
}

static enum ew_status link_process_life(struct linking *linking, size_t index)
{
    struct ew_synth_process *process = linking->process;
    const struct ew_scenario *scenario = linking->scenario;
    uint64_t start_ms = process->start_ms == EW_AT_NONE ? 0 : process->start_ms;
    if (process->attached && process->start_ms != EW_AT_NONE) {
        return ew_source_fail(linking->source, linking->path, "startMs",
                              "has no place in a process that is attached");
    }
    if (process->wow64 && scenario->root.host.pointer_bytes != 8) {
        return ew_source_fail(linking->source, linking->path, "wow64",
                              "needs a host with 8-byte pointers");
    }
    process->from_raw = ew_scenario_raw(scenario, start_ms);
    process->to_raw =
        process->exit_ms == EW_AT_NONE ? EW_AT_NONE : ew_scenario_raw(scenario, process->exit_ms);
    if (start_ms >= scenario->root.duration_ms
        || (process->exit_ms != EW_AT_NONE
            && (process->exit_ms <= start_ms || process->exit_ms > scenario->root.duration_ms))) {
        return ew_source_fail(linking->source, linking->path, NULL,
                              "starts or exits outside the recording, or exits before it starts");
    }
    for (size_t i = 0; i < index; i++) {
        const struct ew_synth_process *other =
            EW_AT(struct ew_synth_process, scenario->root.processes, i);
        if (other->process_id == process->process_id && other->from_raw <= process->to_raw
            && process->from_raw <= other->to_raw) {
            return ew_source_fail(linking->source, linking->path, "pid",
                                  "is the pid of a process that lives at the same time");
        }
    }
    return EW_OK;
}

static enum ew_status link_process(struct linking *linking, size_t index)
{
    struct ew_synth_process *process = linking->process;
    bool narrow = process->wow64 || linking->scenario->root.host.pointer_bytes == 4;
    linking->plan = narrow ? &addresses_32 : &addresses_64;
    linking->jit_at = process->jit_base != 0 ? process->jit_base : linking->plan->jit;
    process->object_key =
        (linking->scenario->root.host.pointer_bytes == 4 ? &addresses_32 : &addresses_64)
            ->process_objects
        + index * 0x1000;
    process->cpu = (uint16_t)(index % linking->scenario->root.host.cpu_count);
    if (process->start_key == 0) {
        process->start_key = UINT64_C(0x000c000000000000) | (index + 1);
    }
    enum ew_status status = link_process_life(linking, index);
    if (status == EW_OK) {
        status = link_container(linking);
    }
    for (size_t i = 0; status == EW_OK && i < process->threads.count; i++) {
        status = link_thread(linking, i);
    }
    for (size_t i = 0; status == EW_OK && i < process->images.count; i++) {
        status = link_image(linking, i);
    }
    for (size_t i = 0; status == EW_OK && i < process->managed.count; i++) {
        status = link_managed(linking, i);
    }
    return status;
}

enum ew_status ew_scenario_link(struct ew_scenario *scenario, const struct ew_source_text *source)
{
    enum ew_status status = link_host(scenario, source);
    if (status == EW_OK) {
        status = link_modules(scenario, source);
    }
    const struct ew_list *processes = &scenario->root.processes;
    for (size_t i = 0; status == EW_OK && i < processes->count; i++) {
        struct linking linking = {.scenario = scenario,
                                  .source = source,
                                  .process = EW_AT(struct ew_synth_process, *processes, i)};
        (void)snprintf(linking.path, sizeof linking.path, "processes[%zu]", i);
        status = link_process(&linking, i);
        if (status == EW_OK) {
            status = ew_scenario_link_stacks(scenario, source, i);
        }
    }
    return status;
}
