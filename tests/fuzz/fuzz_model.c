/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hostile events through decoders, model and aggregate: whatever a traced process or a
 * broken recording says, the tables stay consistent and a window can be closed.
 *
 * Input: one byte of settings, then records of
 *     kind 1 | time step 1 | pid and tid 1 | version 1 | length 1 | payload
 */
#include "etwitness/aggregate.h"
#include "etwitness/decode.h"
#include "fuzz/fuzz.h"

#include "base/cursor.h"

#include <stdlib.h>

enum { SETTING_SURVEY = 1, SETTING_32BIT = 2, SETTING_PRUNE = 4, EVENTS_MAX = 4096 };

struct run {
    struct ew_fragments *fragments;
    struct ew_model *model;
    struct ew_aggregate *aggregate;
    uint64_t time;
};

static const uint16_t hooks[] = {0x0301, 0x0302, 0x0303, 0x0304, 0x030a, 0x0501, 0x0502, 0x0504,
                                 0x0524, 0x0f2e, 0x0f49, 0x1402, 0x1403, 0x1404, 0x1820, 0x1823,
                                 0x1824, 0x1825, 0x1826, 0x0220, 0x010a, 0x020b};
static const uint16_t runtime_ids[] = {141, 142, 143, 144, 145, 151, 152, 153, 82, 187, 80};
static const uint16_t rundown_ids[] = {141, 142, 143, 144, 145, 146, 147, 148, 152, 153, 154};

enum {
    HOOKS = sizeof hooks / sizeof hooks[0],
    RUNTIME_IDS = sizeof runtime_ids / sizeof runtime_ids[0],
    RUNDOWN_IDS = sizeof rundown_ids / sizeof rundown_ids[0],
};

static void on_stack(void *context, const struct ew_stack *stack)
{
    struct run *run = context;
    ew_aggregate_add(run->aggregate, 0, stack);
}

static enum ew_status on_evidence(void *context, struct ew_evidence *evidence,
                                  struct ew_error *error)
{
    (void)context;
    (void)error;
    for (size_t i = 0; i < evidence->edge_count; i++) {
        if (evidence->edges[i].from >= evidence->function_count
            || evidence->edges[i].to >= evidence->function_count
            || evidence->edges[i].hits == 0) {
            abort();
        }
    }
    for (size_t i = 0; i < evidence->function_count; i++) {
        if (evidence->functions[i].module >= evidence->module_count) {
            abort();
        }
    }
    return EW_OK;
}

static void set_kind(struct ew_event *event, uint8_t kind)
{
    event->kind = EW_EVENT_MANIFEST;
    if (kind < HOOKS) {
        event->kind = EW_EVENT_KERNEL;
        event->hook = hooks[kind];
        event->opcode = (uint8_t)event->hook;
        event->provider = ew_kernel_class(event->hook);
    } else if (kind < HOOKS + RUNTIME_IDS) {
        event->id = runtime_ids[kind - HOOKS];
        event->provider = &ew_guid_clr_runtime;
    } else if (kind < HOOKS + RUNTIME_IDS + RUNDOWN_IDS) {
        event->id = rundown_ids[kind - HOOKS - RUNTIME_IDS];
        event->provider = &ew_guid_clr_rundown;
    } else {
        event->kind = EW_EVENT_CLASSIC;
        event->opcode = kind % 2 == 0 ? 36 : 0;
        event->provider = &ew_guid_image_id;
    }
}

/* The next record of the input; false at its end. */
static bool read_event(struct run *run, struct ew_cursor *in, uint8_t settings,
                       struct ew_event *event)
{
    uint8_t kind = ew_cursor_u8(in);
    uint8_t step = ew_cursor_u8(in);
    uint8_t who = ew_cursor_u8(in);
    uint8_t version = ew_cursor_u8(in);
    uint8_t length = ew_cursor_u8(in);
    const uint8_t *payload = ew_cursor_take(in, length);
    struct ew_event made = {0};
    if (in->failed) {
        return false;
    }
    /* Small steps, and now and then a leap past the wait for stacks. */
    run->time += step < 250 ? step : UINT64_C(60000000);
    set_kind(&made, kind);
    made.time_raw = run->time;
    made.time_100ns = UINT64_C(132223104000000000) + run->time;
    made.process_id = who & 0x0fu;
    made.thread_id = who >> 4;
    made.version = version;
    made.pointer_bytes = (settings & SETTING_32BIT) != 0 ? 4 : 8;
    made.payload = payload;
    made.payload_bytes = length;
    /* Some payloads are tried as extended items too; a real source has checked these. */
    if (version == 0xee) {
        made.extended = payload;
        made.extended_bytes = length;
    }
    *event = made;
    return true;
}

static void run_pass(struct run *run, const uint8_t *data, size_t size, uint8_t settings,
                     bool survey)
{
    struct ew_cursor in = ew_cursor_make(data, size);
    struct ew_event event;
    struct ew_fact fact;
    run->time = 1;
    for (unsigned count = 0; count < EVENTS_MAX && read_event(run, &in, settings, &event);
         count++) {
        bool known = ew_decode(&event, &fact) == EW_OK;
        if (survey) {
            ew_model_survey(run->model, &event, known ? &fact : NULL);
            continue;
        }
        ew_model_apply(run->model, &event, known ? &fact : NULL);
        if ((settings & SETTING_PRUNE) != 0 && count % 64 == 63) {
            ew_model_flush(run->model, event.time_100ns);
            ew_aggregate_fold(run->aggregate);
            ew_model_prune(run->model, event.time_100ns);
            if (ew_model_forget_fragments(run->model) != EW_OK) {
                abort();
            }
        }
    }
}

static void close_run(struct run *run)
{
    struct ew_window_span span = {0, 1, UINT64_MAX};
    struct ew_error error;
    ew_model_flush(run->model, UINT64_MAX);
    if (ew_aggregate_close(run->aggregate, &span, on_evidence, run, &error) != EW_OK) {
        abort();
    }
    ew_aggregate_destroy(run->aggregate);
    ew_model_destroy(run->model);
    ew_fragments_destroy(run->fragments);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct run run = {0};
    if (size == 0 || ew_fragments_create(&run.fragments) != EW_OK) {
        return 0;
    }
    struct ew_model_options options = {
        .on_stack = on_stack, .context = &run, .fragments = run.fragments};
    if (ew_model_create(&options, &run.model) != EW_OK) {
        abort();
    }
    struct ew_aggregate_options aggregate = {.model = run.model, .fragments = run.fragments};
    if (ew_aggregate_create(&aggregate, &run.aggregate) != EW_OK) {
        abort();
    }
    uint8_t settings = data[0];
    if ((settings & SETTING_SURVEY) != 0) {
        run_pass(&run, data + 1, size - 1, settings, true);
        ew_model_survey_end(run.model);
    }
    run_pass(&run, data + 1, size - 1, settings, false);
    close_run(&run);
    return 0;
}
