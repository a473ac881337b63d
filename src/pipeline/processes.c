/* SPDX-License-Identifier: Apache-2.0 */
/* The processes of a whole replay, kept after the model has dropped them. */
#include "base/text.h"
#include "pipeline/internal.h"

#include <stdlib.h>
#include <string.h>

enum { NOTES_START = 64 };

static struct ew_replay_process *add_note(struct replay *replay)
{
    struct ew_replay_result *result = replay->result;
    if (result->process_count == EW_PROCESSES_MAX) {
        return NULL;
    }
    if (result->process_count == replay->process_capacity) {
        uint32_t wanted =
            replay->process_capacity == 0 ? NOTES_START : replay->process_capacity * 2;
        struct ew_replay_process *grown =
            realloc(result->processes, (size_t)wanted * sizeof *grown);
        if (grown == NULL) {
            return NULL;
        }
        result->processes = grown;
        replay->process_capacity = wanted;
    }
    struct ew_replay_process *note = &result->processes[result->process_count++];
    memset(note, 0, sizeof *note);
    return note;
}

void processes_note(void *context, uint64_t time_100ns)
{
    struct replay *replay = context;
    for (uint32_t i = 1; i < ew_model_process_count(replay->model); i++) {
        const struct ew_process *process = ew_model_process(replay->model, i);
        if (process == NULL || !replay_wants(replay, process)
            || (time_100ns != UINT64_MAX
                && (!process->ended || process->end_100ns + EW_STACK_WAIT_100NS >= time_100ns))) {
            continue;
        }
        struct ew_replay_process *note = add_note(replay);
        if (note != NULL) {
            note->process_id = process->process_id;
            note->start_100ns = process->start_100ns;
            note->samples = process->samples;
            (void)ew_text_from_bytes((const uint8_t *)process->name, strlen(process->name),
                                     note->name, sizeof note->name);
        }
    }
}

static int by_identity(const void *a, const void *b)
{
    const struct ew_replay_process *left = a;
    const struct ew_replay_process *right = b;
    if (left->process_id != right->process_id) {
        return left->process_id < right->process_id ? -1 : 1;
    }
    return left->start_100ns < right->start_100ns ? -1 : left->start_100ns > right->start_100ns;
}

static int by_samples(const void *a, const void *b)
{
    const struct ew_replay_process *left = a;
    const struct ew_replay_process *right = b;
    if (left->samples != right->samples) {
        return left->samples > right->samples ? -1 : 1;
    }
    return by_identity(a, b);
}

void processes_finish(struct replay *replay)
{
    struct ew_replay_result *result = replay->result;
    size_t total_count = 0;
    const struct ew_aggregate_process *totals =
        ew_aggregate_processes(replay->aggregate, &total_count);
    processes_note(replay, UINT64_MAX);
    if (result->process_count == 0) {
        return;
    }
    qsort(result->processes, result->process_count, sizeof *result->processes, by_identity);
    for (size_t i = 0; i < total_count; i++) {
        struct ew_replay_process wanted = {.process_id = totals[i].process_id,
                                           .start_100ns = totals[i].start_100ns};
        struct ew_replay_process *note =
            bsearch(&wanted, result->processes, result->process_count, sizeof *result->processes,
                    by_identity);
        if (note != NULL) {
            note->sample_stacks = totals[i].samples;
            note->event_stacks = totals[i].events;
        }
    }
    qsort(result->processes, result->process_count, sizeof *result->processes, by_samples);
}
