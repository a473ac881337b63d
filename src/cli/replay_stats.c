/* SPDX-License-Identifier: Apache-2.0 */
/* `replay --stats`: one JSON object, members in ascending order. */
#include "cli/cli.h"
#include "cli/replay_report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void write_frames(struct ew_json_writer *json, const struct ew_stack_counts *counts)
{
    ew_json_key(json, "frames");
    ew_json_object(json);
    ew_json_member_u64(json, "managed", counts->frames_managed);
    ew_json_member_u64(json, "native", counts->frames_native);
    ew_json_member_u64(json, "total", counts->frames);
    ew_json_member_u64(json, "unmapped", counts->frames_unmapped);
    ew_json_member_u64(json, "unresolved", counts->frames_unresolved);
    ew_json_object_end(json);
}

static void write_decode(struct ew_json_writer *json, const struct ew_decode_counts *decode)
{
    ew_json_key(json, "decoded");
    ew_json_object(json);
    /* Kinds are few and their names are not in the order of their numbers. */
    const char *last = "";
    for (int written = 0; written < EW_FACT_KIND_COUNT; written++) {
        const char *next = NULL;
        int kind = 0;
        for (int i = 0; i < EW_FACT_KIND_COUNT; i++) {
            const char *name = ew_fact_kind_name((enum ew_fact_kind)i);
            if (strcmp(name, last) > 0 && (next == NULL || strcmp(name, next) < 0)) {
                next = name;
                kind = i;
            }
        }
        if (next == NULL) {
            break;
        }
        last = next;
        if (decode->decoded[kind] + decode->refused[kind] != 0) {
            ew_json_key(json, next);
            ew_json_object(json);
            ew_json_member_u64(json, "decoded", decode->decoded[kind]);
            ew_json_member_u64(json, "refused", decode->refused[kind]);
            ew_json_object_end(json);
        }
    }
    ew_json_object_end(json);
}

static void write_lost(struct ew_json_writer *json, const struct ew_replay_result *result)
{
    const struct ew_model_counts *model = &result->model;
    ew_json_key(json, "lost");
    ew_json_object(json);
    ew_json_member_u64(json, "buffers", result->buffers_lost);
    ew_json_member_u64(json, "buffersDamaged", result->damage.buffers);
    ew_json_member_u64(json, "events", result->events_lost);
    ew_json_member_u64(json, "evicted", model->pending_evicted);
    ew_json_member_u64(json, "late", result->late);
    ew_json_member_u64(json, "namesRefused", model->names_refused);
    ew_json_member_u64(json, "noRoom", result->aggregate.dropped);
    ew_json_member_u64(json, "processUnknown", model->no_process);
    ew_json_member_u64(json, "recordsOfLostBuffers", model->lost_buffers);
    ew_json_member_u64(json, "recordsOfLostEvents", model->lost_events);
    ew_json_member_u64(json, "recordsSkipped", result->recording.records_skipped);
    ew_json_member_u64(json, "tablesRefused",
                       model->fragments_refused + model->processes_refused
                           + model->threads_evicted + model->images_refused
                           + model->modules_refused + model->methods_refused + model->keys_refused
                           + model->sources_refused);
    ew_json_member_u64(json, "timeRegressions", result->recording.time_regressions);
    ew_json_object_end(json);
}

static void write_process(struct ew_json_writer *json, const struct ew_replay_process *process)
{
    ew_json_object(json);
    write_frames(json, &process->sample_stacks);
    ew_json_member_text(json, "name", process->name);
    ew_json_member_u64(json, "pid", process->process_id);
    ew_json_member_u64(json, "samples", process->samples);
    ew_json_member_u64(json, "stacksOfEvents", process->event_stacks.stacks);
    ew_json_member_u64(json, "stacksOfSamples", process->sample_stacks.stacks);
    ew_json_object_end(json);
}

static void write_processes(struct ew_json_writer *json, const struct ew_replay_result *result)
{
    ew_json_key(json, "processes");
    ew_json_array(json);
    for (size_t i = 0; i < result->process_count; i++) {
        write_process(json, &result->processes[i]);
    }
    ew_json_array_end(json);
}

static void write_stacks(struct ew_json_writer *json, const struct ew_replay_result *result)
{
    const struct ew_model_counts *model = &result->model;
    ew_json_key(json, "samples");
    ew_json_object(json);
    ew_json_member_u64(json, "notIdle", model->samples_busy);
    ew_json_member_u64(json, "raw", model->samples);
    ew_json_member_u64(json, "withStack", model->samples_with_stack);
    ew_json_object_end(json);
    ew_json_key(json, "stacks");
    ew_json_object(json);
    ew_json_member_u64(json, "clr", model->clr_stacks);
    ew_json_member_u64(json, "clrOrphan", model->clr_stacks_orphan);
    ew_json_member_u64(json, "distinct", result->aggregate.stacks_distinct);
    ew_json_member_u64(json, "fragments", model->stacks);
    ew_json_member_u64(json, "keyReferencesKernel", model->keys_kernel);
    ew_json_member_u64(json, "keyReferencesUser", model->keys_user);
    ew_json_member_u64(json, "keysResolved", model->keys_resolved);
    ew_json_member_u64(json, "keysUndefined", model->keys_undefined);
    ew_json_member_u64(json, "kernelOnly", model->kernel_only);
    ew_json_member_u64(json, "ofManifestEvents", model->event_stacks);
    ew_json_member_u64(json, "orphan", model->orphans);
    ew_json_member_u64(json, "truncated", model->truncated);
    ew_json_object_end(json);
}

static void write_symbols(struct ew_json_writer *json, const struct ew_symbols_counts *symbols)
{
    ew_json_key(json, "symbols");
    ew_json_object(json);
    ew_json_member_u64(json, "addresses", symbols->addresses);
    ew_json_member_u64(json, "imagesMismatched", symbols->images_mismatched);
    ew_json_member_u64(json, "modulesExports", symbols->modules_exports);
    ew_json_member_u64(json, "modulesMismatched", symbols->modules_mismatched);
    ew_json_member_u64(json, "modulesNone", symbols->modules_none);
    ew_json_member_u64(json, "modulesPdb", symbols->modules_pdb);
    ew_json_member_u64(json, "modulesUntrusted", symbols->modules_untrusted);
    ew_json_member_u64(json, "refused", symbols->refused);
    ew_json_object_end(json);
}

static uint64_t per_second(uint64_t events, uint64_t nanoseconds)
{
    return nanoseconds == 0 ? 0 : (uint64_t)((double)events * 1e9 / (double)nanoseconds);
}

static bool write_stats(FILE *file, struct ew_json_writer *json,
                        const struct ew_replay_result *result, const struct ew_replay_cost *cost)
{
    ew_json_init(json, ew_cli_file_sink, file);
    ew_json_object(json);
    ew_json_member_u64(json, "cpuMilliseconds", cost->cpu_ns / 1000000);
    write_decode(json, &result->decode);
    ew_json_member_u64(json, "documents", result->documents);
    ew_json_member_u64(json, "edges", result->aggregate.edges);
    ew_json_member_u64(json, "events", result->events);
    ew_json_member_u64(json, "eventsPerSecond", per_second(result->events, cost->wall_ns));
    write_frames(json, &result->aggregate.samples);
    ew_json_member_u64(json, "identityConflicts", result->model.identity_conflicts);
    write_lost(json, result);
    ew_json_member_u64(json, "methods", result->model.methods);
    ew_json_member_u64(json, "peakMemoryBytes", cost->peak_memory_bytes);
    write_processes(json, result);
    write_stacks(json, result);
    write_symbols(json, &result->symbols);
    ew_json_member_u64(json, "unknown", result->decode.unknown);
    ew_json_member_u64(json, "wallMilliseconds", cost->wall_ns / 1000000);
    ew_json_object_end(json);
    ew_json_newline(json);
    return ew_json_finish(json);
}

enum ew_status replay_report_stats(const char *path, const struct ew_replay_result *result,
                                   const struct ew_replay_cost *cost, struct ew_error *error)
{
    struct ew_json_writer *json = malloc(sizeof *json);
    FILE *file = fopen(path, "wb");
    bool written = json != NULL && file != NULL && write_stats(file, json, result, cost);
    free(json);
    if (file != NULL) {
        written = fclose(file) == 0 && written;
    }
    return written ? EW_OK : ew_fail(error, EW_IO, "%s: cannot be written", path);
}
