/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Replay of a real recording with known answers: 8 CPUs, compressed buffers, stack keys,
 * a 64-bit .NET process. The answers come from an independent reading of the file.
 */
#include "etwitness/pipeline.h"
#include "platform/file.h"
#include "support/check_main.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RECORDING EW_TRACES_DIR "/pv-net.4.5.2.x64.etl"
#define ANSWERS EW_TRACES_DIR "/expected/pv-net.4.5.2.x64.pid3676.stacks.json"

enum { PID = 3676, CALLS_MAX = 4096, EXIT_SKIPPED = 77 };

struct call {
    char from[256];
    char to[256];
    uint64_t hits;
};

static struct call calls[CALLS_MAX];
static size_t call_count;
static struct ew_replay_result result;

static void copy(char out[256], const char *text)
{
    (void)snprintf(out, 256, "%s", text);
}

static void note_calls(void *context, const struct ew_evidence *evidence,
                       const struct ew_published *published)
{
    (void)context;
    (void)published;
    for (size_t i = 0; i < evidence->edge_count && call_count < CALLS_MAX; i++) {
        const struct ew_evidence_edge *edge = &evidence->edges[i];
        const char *from = evidence->functions[edge->from].name;
        const char *to = evidence->functions[edge->to].name;
        if (evidence->sources[edge->source].kind == EW_SOURCE_STACK_SAMPLE && from != NULL
            && to != NULL) {
            copy(calls[call_count].from, from);
            copy(calls[call_count].to, to);
            calls[call_count++].hits = edge->hits;
        }
    }
}

static uint64_t hits_of(const char *from, const char *to)
{
    uint64_t hits = 0;
    for (size_t i = 0; i < call_count; i++) {
        if (strcmp(calls[i].from, from) == 0 && strcmp(calls[i].to, to) == 0) {
            hits += calls[i].hits; /* overloads share a name */
        }
    }
    return hits;
}

static void replay(void)
{
    static const char *const paths[] = {RECORDING};
    static const uint32_t pids[] = {PID};
    struct ew_error error = {0};
    struct ew_replay_options options = {.paths = paths, .path_count = 1};
    options.filters.process_ids = pids;
    options.filters.process_id_count = 1;
    options.on_document = note_calls;
    call_count = 0;
    enum ew_status status = ew_replay_run(&options, &result, &error);
    ck_assert_msg(status == EW_OK, "%s", error.text);
}

static void forget(void)
{
    ew_replay_result_free(&result);
}

START_TEST(counts__of_the_recording__are_the_known_ones)
{
    const struct ew_model_counts *model = &result.model;
    ck_assert_uint_eq(result.events, 179474);
    ck_assert_uint_eq(result.recording.buffers, 360);
    ck_assert_uint_eq(result.recording.buffers_compressed, 359);
    ck_assert_uint_eq(model->samples, 79528);
    ck_assert_uint_eq(model->samples_busy, 6320);
    ck_assert_uint_eq(model->samples_with_stack, 6318);
    ck_assert_uint_eq(model->stacks, 252);
    ck_assert_uint_eq(model->keys_kernel, 2061);
    ck_assert_uint_eq(model->keys_user, 7046);
    ck_assert_uint_eq(model->keys_resolved, 9107);
    ck_assert_uint_eq(model->orphans, 0);
    ck_assert_uint_eq(model->clr_stacks, 14983);
    ck_assert_uint_eq(model->clr_stacks_orphan, 0);
    ck_assert_uint_eq(model->event_stacks, 655);
}
END_TEST

START_TEST(payloads__of_the_recording__are_none_refused)
{
    for (int kind = 0; kind < EW_FACT_KIND_COUNT; kind++) {
        ck_assert_msg(result.decode.refused[kind] == 0, "%s refused",
                      ew_fact_kind_name((enum ew_fact_kind)kind));
    }
    ck_assert(!ew_replay_is_incomplete(&result));
}
END_TEST

START_TEST(process__of_the_test_program__has_its_known_frames)
{
    ck_assert_uint_eq(result.process_count, 1);
    const struct ew_replay_process *process = &result.processes[0];
    ck_assert_uint_eq(process->process_id, PID);
    ck_assert_str_eq(process->name, "Test.x64.exe");
    ck_assert_uint_eq(process->samples, 5129);
    ck_assert_uint_eq(process->sample_stacks.stacks, 5129);
    ck_assert_uint_eq(process->sample_stacks.frames, 95958);
    ck_assert_uint_eq(process->sample_stacks.frames_unresolved, 107);
    /* One frame lies in a DLL that was unloaded 0.2 s before: nothing was there then. */
    ck_assert_uint_eq(process->sample_stacks.frames_unmapped, 1);
}
END_TEST

static bool is_managed(const char *name)
{
    return strncmp(name, "M:", 2) == 0;
}

START_TEST(calls__managed_to_managed__have_the_known_hits)
{
    json_error_t error;
    json_t *answers = json_load_file(ANSWERS, 0, &error);
    ck_assert_msg(answers != NULL, "%s", error.text);
    json_t *known = json_object_get(answers, "edges_caller_callee_top");
    size_t compared = 0;
    for (size_t i = 0; i < json_array_size(known); i++) {
        json_t *row = json_array_get(known, i);
        const char *from = json_string_value(json_array_get(row, 0));
        const char *to = json_string_value(json_array_get(row, 1));
        uint64_t hits = (uint64_t)json_integer_value(json_array_get(row, 2));
        if (is_managed(from) && is_managed(to)) {
            ck_assert_msg(hits_of(from + 2, to + 2) == hits, "%s -> %s: %llu, known are %llu",
                          from, to, (unsigned long long)hits_of(from + 2, to + 2),
                          (unsigned long long)hits);
            compared++;
        }
    }
    ck_assert_uint_ge(compared, 15);
    json_decref(answers);
}
END_TEST

Suite *ew_suite(void)
{
    struct ew_file *file = NULL;
    struct ew_error error;
    if (ew_file_open(RECORDING, &file, &error) != EW_OK) {
        (void)printf("skipped: %s is not there\n", RECORDING);
        exit(EXIT_SKIPPED);
    }
    ew_file_close(file);
    Suite *suite = suite_create("replay of a real recording");
    TCase *tests = tcase_create("real");
    tcase_add_checked_fixture(tests, replay, forget);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, counts__of_the_recording__are_the_known_ones);
    tcase_add_test(tests, payloads__of_the_recording__are_none_refused);
    tcase_add_test(tests, process__of_the_test_program__has_its_known_frames);
    tcase_add_test(tests, calls__managed_to_managed__have_the_known_hits);
    suite_add_tcase(suite, tests);
    return suite;
}
