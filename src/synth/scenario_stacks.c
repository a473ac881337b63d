/* SPDX-License-Identifier: Apache-2.0 */
/* The stacks of a scenario: what "Module!Function" and method names stand for. */
#include "base/text.h"
#include "etwitness/limits.h"
#include "synth/scenario.h"

#include <stdio.h>
#include <string.h>

enum {
    PATH_BYTES = 128,
    /* Return addresses of frames whose scenario does not say where in the method. */
    OFFSET_FIRST = 16,
    OFFSET_STEP = 13,
    FUNCTION_OFFSET = 0x14,
    /* A stack is not sampled so shortly before something of it goes. */
    MARGIN_MICROSECONDS = 100,
};

struct resolving {
    struct ew_scenario *scenario;
    const struct ew_source_text *source;
    struct ew_synth_process *process;
    struct ew_synth_stack *stack;
    char path[PATH_BYTES];
    size_t path_bytes; /* of the stack's own part */
};

static void narrow(struct ew_synth_stack *stack, uint64_t from_raw, uint64_t to_raw)
{
    if (from_raw >= stack->from_raw) {
        stack->from_raw = from_raw + 1;
    }
    if (to_raw < stack->to_raw) {
        stack->to_raw = to_raw;
    }
}

/* Cuts "+0x1c" off: the text before it is `*bytes_out` long. False when there is none. */
static bool split_offset(const char *text, size_t *bytes_out, uint64_t *offset_out)
{
    const char *plus = strrchr(text, '+');
    if (plus == NULL || !ew_text_parse_u64(plus + 1, UINT32_MAX, offset_out)) {
        return false;
    }
    *bytes_out = (size_t)(plus - text);
    return true;
}

static bool is_text(const char *text, const char *other, size_t other_bytes)
{
    return strlen(text) == other_bytes && memcmp(text, other, other_bytes) == 0;
}

static const struct ew_synth_image *find_image(const struct resolving *resolving, bool kernel,
                                               const char *name, size_t name_bytes)
{
    const struct ew_synth_image *images =
        kernel ? resolving->scenario->kernel_images : resolving->process->images.items;
    size_t count =
        kernel ? resolving->scenario->kernel_image_count : resolving->process->images.count;
    for (size_t i = 0; i < count; i++) {
        if (is_text(images[i].module_name, name, name_bytes)) {
            return &images[i];
        }
    }
    return NULL;
}

static enum ew_status fail(const struct resolving *resolving, const char *reason)
{
    return ew_source_fail(resolving->source, resolving->path, NULL, "%s", reason);
}

/* The name that answers give a frame: its text without the offset. */
static enum ew_status name_frame(struct resolving *resolving, const char *text, size_t bytes,
                                 struct ew_synth_frame *frame)
{
    frame->name = ew_arena_text(&resolving->scenario->arena, text, bytes);
    return frame->name != NULL ? EW_OK
                               : ew_fail(resolving->source->error, EW_LIMIT,
                                         "%s: too many frames", resolving->source->name);
}

/* "ntdll.dll!0x9d0c4", "ntdll.dll!NtReadFile" or "ntdll.dll!NtReadFile+0x14". */
static enum ew_status resolve_address(struct resolving *resolving, const char *text, bool kernel,
                                      struct ew_synth_frame *frame)
{
    const char *place = strchr(text, '!') + 1;
    frame->image = find_image(resolving, kernel, text, (size_t)(place - 1 - text));
    if (frame->image == NULL) {
        return fail(resolving, kernel ? "names a module that is no kernel module"
                                      : "names a module that is no image of the process");
    }
    const struct ew_synth_module *module = frame->image->module;
    size_t name_bytes = strlen(place);
    uint64_t offset = FUNCTION_OFFSET;
    bool known = ew_text_parse_u64(place, UINT32_MAX, &frame->offset);
    if (!known) {
        (void)split_offset(place, &name_bytes, &offset);
    }
    for (size_t i = 0; !known && i < module->functions.count; i++) {
        const struct ew_synth_function *function =
            EW_AT(struct ew_synth_function, module->functions, i);
        known = is_text(function->name, place, name_bytes);
        frame->offset = function->rva + offset;
    }
    if (!known || frame->offset >= module->size) {
        return fail(resolving, "is no function and no RVA of its module");
    }
    narrow(resolving->stack, frame->image->from_raw, frame->image->to_raw);
    return name_frame(resolving, text, (size_t)(place - text) + name_bytes, frame);
}

/* True when a method is called `text`: by its id, or as type.name when it has none. */
static bool is_method(const struct ew_synth_method *method, const char *text, size_t bytes)
{
    if (method->id != NULL) {
        return is_text(method->id, text, bytes);
    }
    size_t type_bytes = strlen(method->type_name);
    return bytes > type_bytes + 1 && memcmp(text, method->type_name, type_bytes) == 0
           && text[type_bytes] == '.'
           && is_text(method->name, text + type_bytes + 1, bytes - type_bytes - 1);
}

/* The number of methods with that name, and the last of them. */
static size_t find_method(const struct ew_synth_process *process, const char *text, size_t bytes,
                          struct ew_synth_method **method_out)
{
    size_t found = 0;
    for (size_t i = 0; i < process->managed.count; i++) {
        const struct ew_synth_managed *managed =
            EW_AT(struct ew_synth_managed, process->managed, i);
        for (size_t k = 0; k < managed->methods.count; k++) {
            struct ew_synth_method *method = EW_AT(struct ew_synth_method, managed->methods, k);
            if (is_method(method, text, bytes)) {
                *method_out = method;
                found++;
            }
        }
    }
    return found;
}

static enum ew_status resolve_method(struct resolving *resolving, const char *text,
                                     size_t position, struct ew_synth_frame *frame)
{
    size_t bytes = strlen(text);
    uint64_t offset = OFFSET_FIRST + position * OFFSET_STEP;
    size_t found = find_method(resolving->process, text, bytes, &frame->method);
    if (found == 0 && split_offset(text, &bytes, &offset)) {
        found = find_method(resolving->process, text, bytes, &frame->method);
    }
    if (found != 1) {
        return fail(resolving, found == 0 ? "is no method of the process, and no Module!Function"
                                          : "is the name of several methods: give them ids");
    }
    frame->offset = offset;
    const struct ew_synth_method *method = frame->method;
    const struct ew_list *bodies = &method->bodies;
    narrow(resolving->stack, EW_AT(struct ew_synth_body, *bodies, 0)->from_raw,
           EW_AT(struct ew_synth_body, *bodies, bodies->count - 1)->to_raw);
    narrow(resolving->stack, method->managed->from_raw, method->managed->to_raw);
    return name_frame(resolving, text, bytes, frame);
}

/* One half: texts root first become frames leaf first. */
static enum ew_status resolve_half(struct resolving *resolving, const struct ew_list *texts,
                                   bool kernel, struct ew_synth_frame **frames_out)
{
    const char *list = kernel ? "kernel" : "frames";
    (void)snprintf(resolving->path + resolving->path_bytes,
                   sizeof resolving->path - resolving->path_bytes, ".%s", list);
    if (texts->count > EW_FRAMES_ETW_MAX) {
        return fail(resolving, "has more than 192 frames, which Windows would cut");
    }
    struct ew_synth_frame *frames =
        ew_arena_take(&resolving->scenario->arena, (texts->count + 1) * sizeof *frames);
    if (frames == NULL) {
        return ew_fail(resolving->source->error, EW_LIMIT, "%s: too many frames",
                       resolving->source->name);
    }
    memset(frames, 0, (texts->count + 1) * sizeof *frames);
    for (size_t i = 0; i < texts->count; i++) {
        size_t position = texts->count - 1 - i;
        const char *text = *EW_AT(const char *, *texts, i);
        (void)snprintf(resolving->path + resolving->path_bytes,
                       sizeof resolving->path - resolving->path_bytes, ".%s[%zu]", list, i);
        enum ew_status status =
            strchr(text, '!') != NULL
                ? resolve_address(resolving, text, kernel, &frames[position])
            : kernel ? fail(resolving, "is no Module!Function of the kernel")
                     : resolve_method(resolving, text, position, &frames[position]);
        if (status != EW_OK) {
            return status;
        }
    }
    *frames_out = frames;
    return EW_OK;
}

static enum ew_status resolve_threads(struct resolving *resolving)
{
    struct ew_synth_stack *stack = resolving->stack;
    const struct ew_list *threads = &resolving->process->threads;
    size_t count = stack->thread_ids.count;
    stack->threads =
        ew_arena_take(&resolving->scenario->arena, (count + 1) * sizeof *stack->threads);
    if (stack->threads == NULL || count == 0) {
        return fail(resolving, "needs at least one of \"threads\"");
    }
    for (size_t i = 0; i < count; i++) {
        uint64_t id = *EW_AT(uint64_t, stack->thread_ids, i);
        size_t at = 0;
        while (at < threads->count && EW_AT(struct ew_synth_thread, *threads, at)->id != id) {
            at++;
        }
        if (at == threads->count) {
            return fail(resolving, "names a thread that the process does not have");
        }
        const struct ew_synth_thread *thread = EW_AT(struct ew_synth_thread, *threads, at);
        narrow(stack, thread->from_raw, thread->to_raw);
        stack->threads[i] = at;
    }
    return EW_OK;
}

static enum ew_status check_stack(struct resolving *resolving)
{
    struct ew_synth_stack *stack = resolving->stack;
    resolving->path[resolving->path_bytes] = '\0';
    if (stack->user_frames.count + stack->kernel_frames.count == 0) {
        return fail(resolving, "has no frames");
    }
    if (stack->late_every != 0
        && (stack->user_frames.count == 0 || stack->kernel_frames.count == 0)) {
        return fail(resolving, "can only be late with both \"frames\" and \"kernel\"");
    }
    uint64_t margin =
        resolving->scenario->root.host.clock_frequency * MARGIN_MICROSECONDS / 1000000;
    if (stack->to_raw < margin || stack->from_raw >= stack->to_raw - margin) {
        return fail(resolving, "can never be: its threads, images and methods are never there "
                               "together between fromMs and toMs");
    }
    stack->to_raw -= margin;
    return EW_OK;
}

static enum ew_status resolve_stack(struct resolving *resolving)
{
    struct ew_synth_stack *stack = resolving->stack;
    const struct ew_scenario *scenario = resolving->scenario;
    const struct ew_synth_process *process = resolving->process;
    stack->process = process;
    stack->from_raw = process->from_raw;
    stack->to_raw = process->to_raw < scenario->end_raw ? process->to_raw : scenario->end_raw;
    if (stack->from_ms != EW_AT_NONE) {
        narrow(stack, ew_scenario_raw(scenario, stack->from_ms), EW_AT_NONE);
    }
    if (stack->to_ms != EW_AT_NONE) {
        narrow(stack, 0, ew_scenario_raw(scenario, stack->to_ms));
    }
    enum ew_status status = resolve_threads(resolving);
    if (status == EW_OK) {
        status = resolve_half(resolving, &stack->user_frames, false, &stack->user);
    }
    if (status == EW_OK) {
        status = resolve_half(resolving, &stack->kernel_frames, true, &stack->kernel);
    }
    return status == EW_OK ? check_stack(resolving) : status;
}

enum ew_status ew_scenario_link_stacks(struct ew_scenario *scenario,
                                       const struct ew_source_text *source, size_t process_index)
{
    struct ew_synth_process *process =
        EW_AT(struct ew_synth_process, scenario->root.processes, process_index);
    for (size_t i = 0; i < process->stacks.count; i++) {
        struct resolving resolving = {.scenario = scenario,
                                      .source = source,
                                      .process = process,
                                      .stack = EW_AT(struct ew_synth_stack, process->stacks, i)};
        int bytes = snprintf(resolving.path, sizeof resolving.path, "processes[%zu].stacks[%zu]",
                             process_index, i);
        resolving.path_bytes = (size_t)bytes;
        enum ew_status status = resolve_stack(&resolving);
        if (status != EW_OK) {
            return status;
        }
    }
    return EW_OK;
}
