/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of a scope, sorted as the contract of documents says, and handed over. */
#include "aggregate/internal.h"

#include <stdlib.h>
#include <string.h>

/* Everything one document needs besides the scope; freed together. */
struct emission {
    struct ew_aggregate *aggregate;
    struct scope *scope;
    const struct ew_window_span *span;
    struct ew_evidence_source *sources;
    struct ew_evidence_process *processes;
    struct ew_evidence_module *modules;
    struct ew_evidence_function *functions;
    struct ew_evidence_observation *observations;
    struct ew_evidence_edge *edges;
    struct ew_evidence_path *paths;
    uint32_t *order;         /* scratch: positions in sorted order */
    uint32_t *module_number; /* scope index to document index */
    uint32_t *function_number;
    uint32_t source_number[EW_SOURCES_MAX];
    size_t source_count;
    size_t process_count;
    size_t module_count; /* later asks may add modules to the scope, not to the document */
    bool failed;         /* no memory */
};

static void *take(struct emission *emission, size_t count, size_t item_bytes)
{
    void *items = calloc(count + 1, item_bytes);
    emission->failed |= items == NULL;
    return items;
}

static void emission_free(struct emission *emission)
{
    free(emission->sources);
    free(emission->processes);
    free(emission->modules);
    free(emission->functions);
    free(emission->observations);
    free(emission->edges);
    free(emission->paths);
    free(emission->order);
    free(emission->module_number);
    free(emission->function_number);
}

/* --- sources --------------------------------------------------------------------- */

static int compare_sources(const struct ew_source *a, const struct ew_source *b)
{
    char left[EW_GUID_TEXT_BYTES];
    char right[EW_GUID_TEXT_BYTES];
    if (a->sample != b->sample) {
        return a->sample ? -1 : 1;
    }
    ew_guid_format(&a->provider, left);
    ew_guid_format(&b->provider, right);
    int by_provider = strcmp(left, right);
    return by_provider != 0 ? by_provider : (int)a->event_id - (int)b->event_id;
}

/* Which sources the document lists: those with an observation, and sampling wherever it
 * was on, since then its silence means something too. */
static bool lists_source(const struct emission *emission, uint32_t index)
{
    return emission->scope->sources_used[index] != 0
           || ew_model_source(emission->aggregate->options.model, index)->sample;
}

static void put_sources(struct emission *emission)
{
    const struct ew_model *model = emission->aggregate->options.model;
    uint32_t listed[EW_SOURCES_MAX];
    uint32_t count = 0;
    for (uint32_t i = 0; i < ew_model_source_count(model); i++) {
        if (!lists_source(emission, i)) {
            continue;
        }
        uint32_t at = count++;
        while (
            at > 0
            && compare_sources(ew_model_source(model, listed[at - 1]), ew_model_source(model, i))
                   > 0) {
            listed[at] = listed[at - 1];
            at--;
        }
        listed[at] = i;
    }
    emission->sources = take(emission, count + 2, sizeof *emission->sources);
    for (uint32_t i = 0; !emission->failed && i < count; i++) {
        const struct ew_source *source = ew_model_source(model, listed[i]);
        emission->source_number[listed[i]] = i;
        emission->sources[i].kind =
            source->sample ? EW_SOURCE_STACK_SAMPLE : EW_SOURCE_STACK_EVENT;
        emission->sources[i].provider = source->provider;
        emission->sources[i].event_id = source->event_id;
        emission->sources[i].period_ns =
            source->sample ? (uint64_t)ew_model_sample_interval(model) * 100 : 0;
    }
    if (!emission->failed && ew_model_module_count(model) > 0) {
        emission->sources[count++].kind = EW_SOURCE_MODULE_LOAD;
    }
    emission->source_count = count;
}

/* --- modules and functions ---------------------------------------------------------- */

struct keyed {
    const char *key;
    uint32_t index;
};

static int compare_keyed(const void *a, const void *b)
{
    return strcmp(((const struct keyed *)a)->key, ((const struct keyed *)b)->key);
}

/* Fills `number` with the rank of each key, and `order` with the indexes by rank. */
static void rank_keys(struct emission *emission, struct keyed *keyed, uint32_t count,
                      uint32_t *number)
{
    qsort(keyed, count, sizeof *keyed, compare_keyed);
    for (uint32_t i = 0; i < count; i++) {
        number[keyed[i].index] = i;
        emission->order[i] = keyed[i].index;
    }
}

static void put_modules(struct emission *emission)
{
    uint32_t count = emission->scope->modules.count;
    emission->module_count = count;
    const struct scope_module *items = emission->scope->modules.items;
    struct keyed *keyed = take(emission, count, sizeof *keyed);
    emission->modules = take(emission, count, sizeof *emission->modules);
    emission->module_number = take(emission, count, sizeof *emission->module_number);
    for (uint32_t i = 0; !emission->failed && i < count; i++) {
        keyed[i].key = items[i].shown.key;
        keyed[i].index = i;
    }
    if (!emission->failed) {
        rank_keys(emission, keyed, count, emission->module_number);
        for (uint32_t i = 0; i < count; i++) {
            emission->modules[i] = items[emission->order[i]].shown;
        }
    }
    free(keyed);
}

static void put_functions(struct emission *emission)
{
    uint32_t count = emission->scope->functions.count;
    const struct scope_function *items = emission->scope->functions.items;
    struct keyed *keyed = take(emission, count, sizeof *keyed);
    emission->functions = take(emission, count, sizeof *emission->functions);
    emission->function_number = take(emission, count, sizeof *emission->function_number);
    for (uint32_t i = 0; !emission->failed && i < count; i++) {
        keyed[i].key = items[i].shown.key;
        keyed[i].index = i;
    }
    if (!emission->failed) {
        rank_keys(emission, keyed, count, emission->function_number);
        for (uint32_t i = 0; i < count; i++) {
            emission->functions[i] = items[emission->order[i]].shown;
            emission->functions[i].module =
                emission->module_number[emission->functions[i].module];
        }
    }
    free(keyed);
}

/* --- observations, edges, paths -------------------------------------------------------- */

static int order_u32(uint32_t a, uint32_t b)
{
    return a < b ? -1 : a > b;
}

static int compare_observations(const void *a, const void *b)
{
    const struct ew_evidence_observation *left = a;
    const struct ew_evidence_observation *right = b;
    int by_function = order_u32(left->function, right->function);
    return by_function != 0 ? by_function : order_u32(left->source, right->source);
}

static void put_observations(struct emission *emission)
{
    uint32_t count = emission->scope->observations.count;
    const struct scope_observation *items = emission->scope->observations.items;
    emission->observations = take(emission, count, sizeof *emission->observations);
    for (uint32_t i = 0; !emission->failed && i < count; i++) {
        struct ew_evidence_observation *shown = &emission->observations[i];
        *shown = items[i].shown;
        shown->function = emission->function_number[shown->function];
        shown->source = emission->source_number[shown->source];
    }
    if (!emission->failed) {
        qsort(emission->observations, count, sizeof *emission->observations,
              compare_observations);
    }
}

static int compare_edges(const void *a, const void *b)
{
    const struct ew_evidence_edge *left = a;
    const struct ew_evidence_edge *right = b;
    int order = order_u32(left->from, right->from);
    order = order != 0 ? order : order_u32(left->to, right->to);
    order = order != 0 ? order : order_u32(left->source, right->source);
    return order != 0 ? order : order_u32((uint32_t)left->adjacency, (uint32_t)right->adjacency);
}

static void put_edges(struct emission *emission)
{
    uint32_t count = emission->scope->edges.count;
    const struct scope_edge *items = emission->scope->edges.items;
    emission->edges = take(emission, count, sizeof *emission->edges);
    for (uint32_t i = 0; !emission->failed && i < count; i++) {
        struct ew_evidence_edge *shown = &emission->edges[i];
        *shown = items[i].shown;
        shown->from = emission->function_number[shown->from];
        shown->to = emission->function_number[shown->to];
        shown->source = emission->source_number[shown->source];
    }
    if (!emission->failed) {
        qsort(emission->edges, count, sizeof *emission->edges, compare_edges);
    }
}

static int compare_paths(const void *a, const void *b)
{
    const struct ew_evidence_path *left = a;
    const struct ew_evidence_path *right = b;
    uint32_t shorter =
        left->frame_count < right->frame_count ? left->frame_count : right->frame_count;
    for (uint32_t i = 0; i < shorter; i++) {
        if (left->frames[i] != right->frames[i]) {
            return order_u32(left->frames[i], right->frames[i]);
        }
    }
    int order = order_u32(left->frame_count, right->frame_count);
    order = order != 0 ? order : (int)left->complete - (int)right->complete;
    return order != 0 ? order : order_u32(left->source, right->source);
}

/* The scope is not used again, so its frames are renumbered in place. */
static void put_paths(struct emission *emission, struct budget *budget)
{
    struct scope *scope = emission->scope;
    scope_trim_paths(scope, budget);
    for (uint32_t i = 0; !emission->failed && i < scope->path_frame_count; i++) {
        scope->path_frames[i] = emission->function_number[scope->path_frames[i]];
    }
    const struct scope_path *items = scope->paths.items;
    emission->paths = take(emission, scope->paths.count, sizeof *emission->paths);
    for (uint32_t i = 0; !emission->failed && i < scope->paths.count; i++) {
        struct ew_evidence_path *shown = &emission->paths[i];
        shown->frames = scope->path_frames + items[i].first;
        shown->frame_count = items[i].frame_count;
        shown->complete = items[i].complete;
        shown->source = emission->source_number[items[i].source];
        shown->hits = items[i].hits;
        shown->first_100ns = items[i].first_100ns;
        shown->last_100ns = items[i].last_100ns;
    }
    if (!emission->failed) {
        qsort(emission->paths, scope->paths.count, sizeof *emission->paths, compare_paths);
    }
}

/* --- processes ----------------------------------------------------------------------------- */

static bool same_scope(const struct scope *scope, const struct ew_process *process)
{
    return scope->container == process->container
           || (scope->container != NULL && process->container != NULL
               && strcmp(scope->container, process->container) == 0);
}

static bool lives_in(const struct ew_process *process, const struct ew_window_span *span)
{
    return process->start_100ns < span->end_100ns
           && (!process->ended || process->end_100ns >= span->start_100ns);
}

static bool is_listed(const struct emission *emission, const struct ew_process *process)
{
    return process != NULL && lives_in(process, emission->span)
           && same_scope(emission->scope, process)
           && aggregate_wants(emission->aggregate, process);
}

/* Modules that were mapped are evidence of their own: loaded, though perhaps never run. */
static void note_loaded(void *context, uint32_t module)
{
    struct emission *emission = context;
    uint32_t index = scope_module(emission->scope,
                                  ew_model_module(emission->aggregate->options.model, module));
    if (index != NO_INDEX) {
        struct scope_module *known =
            &((struct scope_module *)emission->scope->modules.items)[index];
        if (known->loads_stamp != emission->aggregate->stamp) {
            known->loads_stamp = emission->aggregate->stamp; /* once a process */
            known->shown.loads++;
        }
    }
}

static void load_modules(struct emission *emission)
{
    const struct ew_model *model = emission->aggregate->options.model;
    for (uint32_t i = 0; i < ew_model_process_count(model); i++) {
        const struct ew_process *process = ew_model_process(model, i);
        if (is_listed(emission, process)) {
            emission->aggregate->stamp++;
            ew_model_each_mapped(model, i, emission->span->start_100ns, emission->span->end_100ns,
                                 note_loaded, emission);
        }
    }
}

/* ETW's own start key where an event told it; else a number made of pid and start, which
 * tells processes apart just as well. */
static uint64_t start_key_of(const struct ew_process *process)
{
    return process->start_key != 0
               ? process->start_key
               : ew_index_hash_pair(process->process_id,
                                    process->start_known ? process->start_100ns : 0);
}

/* The executable's number in the document, if the scope has it. */
static uint32_t image_number(struct emission *emission, const struct ew_process *process)
{
    if (process->image == EW_MODULE_NONE) {
        return EW_INDEX_NONE;
    }
    size_t before = emission->module_count;
    uint32_t index = scope_module(
        emission->scope, ew_model_module(emission->aggregate->options.model, process->image));
    return index < before ? emission->module_number[index] : EW_INDEX_NONE;
}

static int compare_processes(const void *a, const void *b)
{
    const struct ew_evidence_process *left = a;
    const struct ew_evidence_process *right = b;
    if (left->process_id != right->process_id) {
        return order_u32(left->process_id, right->process_id);
    }
    if (left->start_100ns != right->start_100ns) {
        return left->start_100ns < right->start_100ns ? -1 : 1;
    }
    return left->start_key < right->start_key ? -1 : left->start_key > right->start_key;
}

static void put_processes(struct emission *emission)
{
    const struct ew_model *model = emission->aggregate->options.model;
    emission->processes =
        take(emission, ew_model_process_count(model), sizeof *emission->processes);
    for (uint32_t i = 1; !emission->failed && i < ew_model_process_count(model); i++) {
        const struct ew_process *process = ew_model_process(model, i);
        if (!is_listed(emission, process)) {
            continue;
        }
        struct ew_evidence_process *shown = &emission->processes[emission->process_count++];
        shown->process_id = process->process_id;
        shown->start_key = start_key_of(process);
        shown->start_100ns = process->start_100ns;
        shown->end_100ns = process->ended ? process->end_100ns : 0;
        shown->image = image_number(emission, process);
        shown->attached_at_start = !process->start_known;
    }
    if (!emission->failed) {
        qsort(emission->processes, emission->process_count, sizeof *emission->processes,
              compare_processes);
    }
}

/* --- the document ------------------------------------------------------------------------------
 */

/* Complete: the kernel described all images, and every runtime that spoke was either
 * watched from its start or run down. */
static enum ew_rundown rundown_of(const struct emission *emission)
{
    const struct ew_model *model = emission->aggregate->options.model;
    bool kernel = ew_model_counts(model).image_rundowns > 0;
    bool some = kernel;
    bool all = kernel;
    for (uint32_t i = 1; i < ew_model_process_count(model); i++) {
        const struct ew_process *process = ew_model_process(model, i);
        if (is_listed(emission, process) && process->clr_seen) {
            bool described = process->start_known || process->clr_rundown_complete;
            some |= described;
            all &= described;
        }
    }
    return all ? EW_RUNDOWN_COMPLETE : some ? EW_RUNDOWN_PARTIAL : EW_RUNDOWN_NONE;
}

/* One process whose own events told the container is enough to know it by ETW. */
static enum ew_container_id_source container_source(const struct emission *emission)
{
    const struct ew_model *model = emission->aggregate->options.model;
    enum ew_container_id_source source = EW_CONTAINER_ID_ETW;
    for (uint32_t i = 1; emission->scope->container != NULL && i < ew_model_process_count(model);
         i++) {
        const struct ew_process *process = ew_model_process(model, i);
        if (is_listed(emission, process)) {
            if (!process->container_by_job) {
                return EW_CONTAINER_ID_ETW;
            }
            source = EW_CONTAINER_ID_JOB;
        }
    }
    return source;
}

static void describe(const struct emission *emission, const struct budget *budget,
                     struct ew_evidence *evidence)
{
    const struct scope *scope = emission->scope;
    evidence->container = scope->container;
    evidence->container_id_source = container_source(emission);
    evidence->start_100ns = emission->span->start_100ns;
    evidence->end_100ns = emission->span->end_100ns;
    evidence->sources = emission->sources;
    evidence->source_count = emission->source_count;
    evidence->processes = emission->processes;
    evidence->process_count = emission->process_count;
    evidence->modules = emission->modules;
    evidence->module_count = emission->module_count;
    evidence->functions = emission->functions;
    evidence->function_count = scope->functions.count;
    evidence->observations = emission->observations;
    evidence->observation_count = scope->observations.count;
    evidence->edges = emission->edges;
    evidence->edge_count = scope->edges.count;
    evidence->paths = emission->paths;
    evidence->path_count = scope->paths.count;
    evidence->quality = scope->quality;
    evidence->quality.dropped = budget->dropped;
    evidence->quality.throttled = budget->dropped != 0;
    evidence->quality.rundown = rundown_of(emission);
}

enum ew_status emit_scope(struct ew_aggregate *aggregate, struct scope *scope,
                          const struct ew_window_span *span, const struct budget *budget,
                          ew_aggregate_emit_fn emit, void *context, struct ew_error *error)
{
    struct emission emission = {.aggregate = aggregate, .scope = scope, .span = span};
    struct budget paths = *budget;
    load_modules(&emission);
    uint32_t largest = scope->modules.count > scope->functions.count ? scope->modules.count
                                                                     : scope->functions.count;
    emission.order = take(&emission, largest, sizeof *emission.order);
    put_sources(&emission);
    put_modules(&emission);
    put_functions(&emission);
    put_observations(&emission);
    put_edges(&emission);
    put_paths(&emission, &paths);
    put_processes(&emission);
    enum ew_status status = EW_NO_MEMORY;
    if (emission.failed) {
        (void)ew_fail(error, EW_NO_MEMORY, "no memory to put a document together");
    } else if (emission.source_count == 0) {
        status = EW_OK; /* nothing was on that could observe: no document can say anything */
    } else {
        struct ew_evidence evidence;
        memset(&evidence, 0, sizeof evidence);
        describe(&emission, budget, &evidence);
        status = emit(context, &evidence, error);
    }
    emission_free(&emission);
    return status;
}
