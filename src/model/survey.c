/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first pass over a recording, in any order of events. A recording tells at its end
 * what was there all along: rundowns of images, methods and threads, and the frames
 * behind stack keys. Here that is learned ahead, for the last life of each pid only,
 * since that is the one that the end describes.
 */
#include "model/internal.h"

#include <stdlib.h>
#include <string.h>

enum { CONTAINER_NEVER = 0 };

static uint32_t survey_process_find(struct ew_model *model, uint32_t process_id)
{
    struct survey *survey = &model->survey;
    for (uint32_t i = ew_index_first(&survey->process_index, ew_index_hash_u64(process_id));
         i != EW_INDEX_END; i = ew_index_next(&survey->process_index)) {
        if (survey->processes[i].process_id == process_id) {
            return i;
        }
    }
    return EW_INDEX_END;
}

/* The entry of a pid, with a process of its own that nothing else uses yet. */
static struct survey_process *survey_process(struct ew_model *model, uint32_t process_id)
{
    struct survey *survey = &model->survey;
    uint32_t index = survey_process_find(model, process_id);
    if (index != EW_INDEX_END) {
        return &survey->processes[index];
    }
    if (process_id == EW_ID_NONE || process_id == 0
        || !model_grow((void **)&survey->processes, &survey->process_capacity,
                       survey->process_count, EW_PROCESSES_MAX, sizeof *survey->processes)) {
        return NULL;
    }
    uint32_t process = process_make(model, process_id, 0);
    if (process == EW_PROCESS_NONE
        || !ew_index_insert(&survey->process_index, ew_index_hash_u64(process_id),
                            survey->process_count)) {
        return NULL;
    }
    model->processes[process].reserved = true;
    struct survey_process *entry = &survey->processes[survey->process_count++];
    entry->process_id = process_id;
    entry->process = process;
    entry->last_start_100ns = 0;
    return entry;
}

static void survey_process_fact(struct ew_model *model, const struct ew_event *event,
                                const struct ew_process_fact *fact)
{
    /* A process of which only "defunct" is told is dead: it was not there to be watched. */
    struct survey_process *entry =
        fact->phase == EW_PHASE_OTHER ? NULL : survey_process(model, fact->process_id);
    if (entry == NULL) {
        return;
    }
    if (fact->phase == EW_PHASE_START && event->time_100ns > entry->last_start_100ns) {
        entry->last_start_100ns = event->time_100ns;
    }
    if (fact->phase == EW_PHASE_DC_END) {
        process_describe(model, entry->process, fact);
    }
}

static struct survey_thread *survey_thread(struct ew_model *model, uint32_t thread_id)
{
    struct survey *survey = &model->survey;
    uint64_t hash = ew_index_hash_u64(thread_id);
    for (uint32_t i = ew_index_first(&survey->thread_index, hash); i != EW_INDEX_END;
         i = ew_index_next(&survey->thread_index)) {
        if (survey->threads[i].thread_id == thread_id) {
            return &survey->threads[i];
        }
    }
    if (!model_grow((void **)&survey->threads, &survey->thread_capacity, survey->thread_count,
                    EW_THREADS_MAX, sizeof *survey->threads)
        || !ew_index_insert(&survey->thread_index, hash, survey->thread_count)) {
        return NULL;
    }
    struct survey_thread *thread = &survey->threads[survey->thread_count++];
    memset(thread, 0, sizeof *thread);
    thread->thread_id = thread_id;
    thread->first_100ns = UINT64_MAX;
    return thread;
}

/* A thread whose earliest event is its end was there before: its process is known from
 * that end. */
static void survey_thread_fact(struct ew_model *model, const struct ew_event *event,
                               const struct ew_thread_fact *fact)
{
    if (fact->thread_id == 0 || fact->thread_id == EW_ID_NONE || fact->phase == EW_PHASE_OTHER) {
        return;
    }
    struct survey_thread *thread = survey_thread(model, fact->thread_id);
    if (thread != NULL && event->time_100ns < thread->first_100ns) {
        thread->first_100ns = event->time_100ns;
        thread->process_id = fact->process_id;
        thread->known_later = fact->phase == EW_PHASE_END || fact->phase == EW_PHASE_DC_END;
    }
}

static uint32_t survey_owner(struct ew_model *model, uint32_t process_id, uint64_t base)
{
    if (process_id == 0 || ew_address_is_kernel(base, model->kernel_is_32bit)) {
        return EW_PROCESS_KERNEL;
    }
    struct survey_process *entry = survey_process(model, process_id);
    return entry == NULL ? EW_PROCESS_NONE : entry->process;
}

static void survey_container(struct ew_model *model, const struct ew_event *event)
{
    struct ew_item item;
    char text[EW_GUID_TEXT_BYTES];
    if (event->extended_bytes == 0 || !ew_event_find_item(event, EW_ITEM_CONTAINER_ID, &item)
        || !container_text(&item, text)) {
        return;
    }
    struct survey_process *entry = survey_process(model, event->process_id);
    if (entry == NULL || model->processes[entry->process].container_100ns > event->time_100ns) {
        return;
    }
    const char *name = names_intern(&model->names, text, EW_GUID_TEXT_BYTES - 1);
    if (name[0] != '\0') {
        model->processes[entry->process].container_100ns = event->time_100ns;
        model->processes[entry->process].shown.container = name;
        model->processes[entry->process].shown.container_by_job = container_is_by_job(event);
    }
}

static void survey_clr(struct ew_model *model, const struct ew_event *event,
                       const struct ew_fact *fact)
{
    struct survey_process *entry = survey_process(model, event->process_id);
    if (entry == NULL) {
        return;
    }
    if (fact->kind == EW_FACT_CLR_METHOD && fact->clr_method.phase == EW_PHASE_DC_END) {
        method_apply(model, entry->process, event->time_100ns, &fact->clr_method);
    } else if (fact->kind == EW_FACT_CLR_MODULE && fact->clr_module.phase == EW_PHASE_DC_END) {
        clr_module_apply(model, entry->process, event->time_100ns, &fact->clr_module);
    } else if (fact->kind == EW_FACT_CLR_RUNDOWN && fact->clr_rundown.complete) {
        model->processes[entry->process].shown.clr_rundown_complete = true;
    }
}

bool ew_model_survey_wants(const struct ew_event *event)
{
    if (event->kind != EW_EVENT_KERNEL || event->extended_bytes != 0) {
        return true;
    }
    unsigned group = event->hook >> 8;
    return group == 0x03 || group == 0x05 || group == 0x14
           || (group == 0x18 && event->opcode >= 34 && event->opcode <= 36);
}

void ew_model_survey(struct ew_model *model, const struct ew_event *event,
                     const struct ew_fact *fact)
{
    model_learn_width(model, event);
    survey_container(model, event);
    if (fact == NULL) {
        return;
    }
    switch (fact->kind) {
    case EW_FACT_PROCESS:
        survey_process_fact(model, event, &fact->process);
        break;
    case EW_FACT_THREAD:
        survey_thread_fact(model, event, &fact->thread);
        break;
    case EW_FACT_IMAGE:
        if (fact->image.phase == EW_PHASE_DC_END) {
            image_apply(model, survey_owner(model, fact->image.process_id, fact->image.base),
                        event->time_100ns, &fact->image);
        }
        break;
    case EW_FACT_PDB_ID:
        image_id_apply(model, survey_owner(model, fact->pdb_id.process_id, fact->pdb_id.base),
                       fact->pdb_id.base, &fact->pdb_id);
        break;
    case EW_FACT_STACK_DEFINITION:
        key_learn_ahead(model, event, &fact->stack_definition);
        break;
    case EW_FACT_CLR_METHOD:
    case EW_FACT_CLR_MODULE:
    case EW_FACT_CLR_RUNDOWN:
        survey_clr(model, event, fact);
        break;
    default:
        break;
    }
}

/* A process without a start was there from the beginning; the others wait for theirs. */
static void settle_process(struct ew_model *model, const struct survey_process *entry)
{
    struct process *process = &model->processes[entry->process];
    process->shown.start_100ns =
        entry->last_start_100ns != 0 ? entry->last_start_100ns : model->options.start_100ns;
    if (process->container_100ns < entry->last_start_100ns) {
        process->shown.container = NULL;
        process->shown.container_by_job = false;
        process->container_100ns = CONTAINER_NEVER;
    }
    if (entry->last_start_100ns == 0) {
        process->reserved = false;
        process_set_current(model, entry->process);
    }
}

void ew_model_survey_end(struct ew_model *model)
{
    struct survey *survey = &model->survey;
    for (uint32_t i = 0; i < survey->process_count; i++) {
        settle_process(model, &survey->processes[i]);
    }
    for (uint32_t i = 0; i < survey->thread_count; i++) {
        if (survey->threads[i].known_later) {
            thread_learn(model, survey->threads[i].thread_id, survey->threads[i].process_id);
        }
    }
    free(survey->processes);
    free(survey->threads);
    ew_index_free(&survey->process_index);
    ew_index_free(&survey->thread_index);
    memset(survey, 0, sizeof *survey);
    survey->done = true;
    ew_fragments_pin(model->options.fragments);
    /* Counted again when they are applied. */
    struct ew_model_counts counts = {0};
    counts.keys_refused = model->counts.keys_refused;
    counts.processes_refused = model->counts.processes_refused;
    counts.images_refused = model->counts.images_refused;
    counts.methods_refused = model->counts.methods_refused;
    counts.methods = model->counts.methods; /* told again, these bodies are not new */
    model->counts = counts;
}
