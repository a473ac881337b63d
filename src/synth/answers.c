/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Folds the hits of stacks into functions and edges by name. A function or an edge
 * counts once for each sample, however often it is on the stack.
 */
#include "synth/answers.h"

#include "platform/file.h"

#include <stdlib.h>
#include <string.h>

/* A function (`caller` is "") or an edge, and the samples that it is in. */
struct tally {
    const char *caller;
    const char *name; /* function or callee */
    uint64_t hits;
    uint64_t leaf_hits;
};

struct tallies {
    struct tally *items;
    size_t count;
    size_t capacity;
};

struct answers {
    const struct ew_sampler *sampler;
    struct tallies functions;
    struct tallies edges;
    struct ew_file *file;
    uint64_t file_bytes;
    enum ew_status status; /* of the sink */
    struct ew_error *error;
};

static bool add(struct tallies *tallies, struct tally tally)
{
    if (tallies->count == tallies->capacity) {
        size_t capacity = tallies->capacity == 0 ? 64 : tallies->capacity * 2;
        struct tally *grown = realloc(tallies->items, capacity * sizeof *grown);
        if (grown == NULL) {
            return false;
        }
        tallies->items = grown;
        tallies->capacity = capacity;
    }
    tallies->items[tallies->count++] = tally;
    return true;
}

static int compare_tallies(const void *a, const void *b)
{
    const struct tally *left = a;
    const struct tally *right = b;
    int order = strcmp(left->caller, right->caller);
    return order != 0 ? order : strcmp(left->name, right->name);
}

/* Sorts from `first` on and makes equal ones one: hits are added, or taken once. */
static void fold(struct tallies *tallies, size_t first, bool once)
{
    size_t kept = first;
    if (tallies->count == first) {
        return;
    }
    qsort(tallies->items + first, tallies->count - first, sizeof tallies->items[0],
          compare_tallies);
    for (size_t i = first + 1; i < tallies->count; i++) {
        struct tally *last = &tallies->items[kept];
        const struct tally *next = &tallies->items[i];
        if (compare_tallies(last, next) != 0) {
            tallies->items[++kept] = *next;
            continue;
        }
        last->hits += once ? 0 : next->hits;
        last->leaf_hits += next->leaf_hits;
    }
    tallies->count = kept + 1;
}

/* Frame `index` from the leaf: the kernel half comes first. */
static const char *frame_name(const struct ew_synth_stack *stack, size_t index)
{
    size_t kernel_count = stack->kernel_frames.count;
    return index < kernel_count ? stack->kernel[index].name
                                : stack->user[index - kernel_count].name;
}

static bool add_stack(struct answers *answers, const struct ew_runner *runner)
{
    const struct ew_synth_stack *stack = runner->stack;
    size_t count = stack->kernel_frames.count + stack->user_frames.count;
    size_t functions_before = answers->functions.count;
    size_t edges_before = answers->edges.count;
    bool good = true;
    for (size_t i = 0; good && i < count; i++) {
        const char *name = frame_name(stack, i);
        good = add(&answers->functions, (struct tally){.caller = "",
                                                       .name = name,
                                                       .hits = runner->hits,
                                                       .leaf_hits = i == 0 ? runner->hits : 0});
        if (good && i + 1 < count) {
            good = add(&answers->edges, (struct tally){.caller = frame_name(stack, i + 1),
                                                       .name = name,
                                                       .hits = runner->hits});
        }
    }
    fold(&answers->functions, functions_before, true);
    fold(&answers->edges, edges_before, true);
    return good;
}

static void write_functions(struct ew_json_writer *json, const struct tallies *functions)
{
    ew_json_array(json);
    for (size_t i = 0; i < functions->count; i++) {
        const struct tally *function = &functions->items[i];
        ew_json_object(json);
        ew_json_member_u64(json, "hits", function->hits);
        ew_json_member_u64(json, "leafHits", function->leaf_hits);
        ew_json_member_text(json, "name", function->name);
        ew_json_object_end(json);
    }
    ew_json_array_end(json);
}

static void write_edges(struct ew_json_writer *json, const struct tallies *edges)
{
    ew_json_array(json);
    for (size_t i = 0; i < edges->count; i++) {
        const struct tally *edge = &edges->items[i];
        ew_json_object(json);
        ew_json_member_text(json, "callee", edge->name);
        ew_json_member_text(json, "caller", edge->caller);
        ew_json_member_u64(json, "hits", edge->hits);
        ew_json_object_end(json);
    }
    ew_json_array_end(json);
}

static void write_container(struct ew_json_writer *json, const struct ew_synth_process *process)
{
    char text[EW_GUID_TEXT_BYTES];
    if (process->container == NULL) {
        ew_json_null(json);
        return;
    }
    ew_guid_format(&process->container->id, text);
    ew_json_text(json, text);
}

/* False without memory. */
static bool write_process(struct answers *answers, struct ew_json_writer *json,
                          const struct ew_synth_process *process)
{
    uint64_t samples = 0;
    answers->functions.count = 0;
    answers->edges.count = 0;
    for (size_t i = 0; i < answers->sampler->runner_count; i++) {
        const struct ew_runner *runner = &answers->sampler->runners[i];
        if (runner->stack->process != process || runner->hits == 0) {
            continue;
        }
        samples += runner->hits;
        if (!add_stack(answers, runner)) {
            return false;
        }
    }
    fold(&answers->functions, 0, false);
    fold(&answers->edges, 0, false);
    ew_json_object(json);
    ew_json_key(json, "attached");
    ew_json_bool(json, process->attached);
    ew_json_key(json, "container");
    write_container(json, process);
    ew_json_key(json, "edges");
    write_edges(json, &answers->edges);
    ew_json_key(json, "functions");
    write_functions(json, &answers->functions);
    ew_json_member_text(json, "name", process->name);
    ew_json_member_u64(json, "pid", process->process_id);
    ew_json_member_u64(json, "samples", samples);
    ew_json_object_end(json);
    return true;
}

static bool write_all(struct answers *answers, struct ew_json_writer *json,
                      struct ew_emitter *emitter, const struct ew_synth_counts *counts)
{
    const struct ew_scenario *scenario = answers->sampler->scenario;
    bool good = true;
    ew_json_object(json);
    ew_json_key(json, "events");
    ew_emitter_write_counts(emitter, json);
    ew_json_member_u64(json, "eventsTotal", counts->events);
    ew_json_member_u64(json, "idleSamples", counts->idle_samples);
    ew_json_member_u64(json, "lateHalves", counts->late_halves);
    ew_json_key(json, "processes");
    ew_json_array(json);
    for (size_t i = 0; good && i < scenario->root.processes.count; i++) {
        good = write_process(answers, json,
                             EW_AT(struct ew_synth_process, scenario->root.processes, i));
    }
    ew_json_array_end(json);
    ew_json_member_u64(json, "samples", counts->samples);
    ew_json_member_text(json, "scenario", scenario->name);
    ew_json_member_text(json, "schema", "etwitness-answers/1");
    ew_json_object_end(json);
    ew_json_newline(json);
    return good;
}

static bool write_to_file(void *context, const void *bytes, size_t byte_count)
{
    struct answers *answers = context;
    answers->status =
        ew_file_write_at(answers->file, answers->file_bytes, bytes, byte_count, answers->error);
    answers->file_bytes += byte_count;
    return answers->status == EW_OK;
}

enum ew_status ew_answers_write(const char *path, const struct ew_sampler *sampler,
                                struct ew_emitter *emitter, const struct ew_synth_counts *counts,
                                struct ew_error *error)
{
    struct answers answers = {.sampler = sampler, .error = error};
    struct ew_json_writer json;
    enum ew_status status = ew_file_create(path, true, &answers.file, error);
    if (status != EW_OK) {
        return status;
    }
    ew_json_init(&json, write_to_file, &answers);
    if (!write_all(&answers, &json, emitter, counts)) {
        status = ew_fail(error, EW_NO_MEMORY, "%s: no memory for the answers", path);
    }
    if (!ew_json_finish(&json) && status == EW_OK) {
        status = answers.status;
    }
    free(answers.functions.items);
    free(answers.edges.items);
    ew_file_close(answers.file);
    return status;
}
