/* SPDX-License-Identifier: Apache-2.0 */
/* One life of a live capture after the other, in one process. */
#include "windows/live_world.h"

#include "etwitness/synth.h"
#include "platform/clock.h"
#include "platform/thread.h"
#include "standins/etwsim.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#define RECORDING EW_SCRATCH_DIR "/live.etl"
#define PLAN EW_SCRATCH_DIR "/live.plan"
#define LOG EW_SCRATCH_DIR "/live.log"
#define STATE EW_SCRATCH_DIR "/live.state"
#define NS_PER_MS UINT64_C(1000000)

enum { QUEUE_BYTES = 64 * 1024 * 1024, SAMPLES = 4000, PATIENCE_MS = 20000 };

static const char *played;

void world_play(const char *path)
{
    played = path;
}

const char *world_recording(void)
{
    static bool made;
    struct ew_scenario *scenario = NULL;
    struct ew_error error = {0};
    struct ew_synth_counts counts;
    const struct ew_synth_options options = {
        .path = RECORDING, .has_sample_count = true, .sample_count = SAMPLES};
    if (played != NULL) {
        return played;
    }
    if (made) {
        return RECORDING;
    }
    ck_assert_msg(ew_scenario_read(EW_SCENARIO, &scenario, &error) == EW_OK, "%s", error.text);
    ck_assert_msg(ew_synth_write(scenario, &options, &counts, &error) == EW_OK, "%s", error.text);
    ew_scenario_destroy(scenario);
    made = true;
    return RECORDING;
}

void world_plan(const char *lines, bool plays)
{
    (void)CreateDirectoryA(EW_SCRATCH_DIR, NULL);
    (void)remove(STATE "/sessions.bin");
    (void)remove(STATE "/sessions.txt");
    (void)remove(LOG);
    const char *recording = plays ? world_recording() : NULL;
    FILE *file = fopen(PLAN, "wb");
    ck_assert(file != NULL);
    (void)fprintf(file, "log=%s\nstate=%s\n%s", LOG, STATE, lines);
    if (recording != NULL) {
        (void)fprintf(file, "trace=%s\n", recording);
    }
    ck_assert_int_eq(fclose(file), 0);
    etwsim_begin(PLAN);
}

void world_next_life(void)
{
    etwsim_begin(PLAN);
}

void world_make(struct world *world)
{
    static char name[] = "etwitness-test";
    memset(world, 0, sizeof *world);
    world->settings.session_name = name;
    world->settings.buffers.buffer_kib = 64;
    world->settings.buffers.flush_seconds = 1;
    world->settings.kernel.enabled = true;
    world->settings.kernel.profile = true;
    world->settings.kernel.image_stacks = true;
    world->settings.clr.enabled = true;
    world->settings.clr.rundown = true;
    world->settings.clr.exceptions = true;
}

bool world_start(struct world *world, const char *attach)
{
    const struct ew_queue_options options = {.bytes = QUEUE_BYTES, .reserve_permille = 250};
    for (size_t i = 0; i < EW_CAPTURE_QUEUE_COUNT; i++) {
        ck_assert_int_eq(ew_queue_create(&options, &world->queues[i]), EW_OK);
    }
    if (ew_live_create(&world->settings, attach, &world->capture, &world->error) != EW_OK) {
        return false;
    }
    world->created = true;
    world->started =
        world->capture.start(world->capture.context, world->queues, &world->error) == EW_OK;
    return world->started;
}

static void drain(struct world *world)
{
    struct ew_event event;
    for (size_t i = 0; i < EW_CAPTURE_QUEUE_COUNT; i++) {
        ew_queue_look(world->queues[i]);
        while (ew_queue_peek_event(world->queues[i], &event)) {
            world->taken[i]++;
            if (world->on_event != NULL) {
                world->on_event(world->context, i, &event);
            }
            ew_queue_advance(world->queues[i]);
        }
        ew_queue_release(world->queues[i]);
    }
}

static void step(struct world *world)
{
    struct ew_error error = {0};
    if (world->capture.tick(world->capture.context, &error)
        && world->told_count < WORLD_TEXTS_MAX) {
        memcpy(world->told[world->told_count++], error.text, sizeof error.text);
    }
    drain(world);
    ew_sleep_ms(10);
}

void world_run(struct world *world, unsigned duration_ms)
{
    uint64_t end_ns = ew_clock_monotonic_ns() + duration_ms * NS_PER_MS;
    while (ew_clock_monotonic_ns() < end_ns) {
        step(world);
    }
}

void world_run_until(struct world *world, size_t queue, uint64_t count)
{
    uint64_t end_ns = ew_clock_monotonic_ns() + PATIENCE_MS * NS_PER_MS;
    while (world->taken[queue] < count && ew_clock_monotonic_ns() < end_ns) {
        step(world);
    }
    ck_assert_uint_ge(world->taken[queue], count);
}

static enum ew_capture_state state_of(struct world *world)
{
    struct ew_capture_counts counts;
    world->capture.counts(world->capture.context, &counts);
    return counts.state;
}

void world_stop(struct world *world)
{
    uint64_t end_ns = ew_clock_monotonic_ns() + PATIENCE_MS * NS_PER_MS;
    world->capture.request_stop(world->capture.context);
    while (state_of(world) != EW_CAPTURE_STOPPED && ew_clock_monotonic_ns() < end_ns) {
        step(world);
    }
    ck_assert_int_eq(state_of(world), EW_CAPTURE_STOPPED);
    drain(world);
}

void world_close(struct world *world)
{
    if (world->created) {
        world->capture.close(world->capture.context);
        world->created = false;
    }
    for (size_t i = 0; i < EW_CAPTURE_QUEUE_COUNT; i++) {
        ew_queue_destroy(world->queues[i]);
        world->queues[i] = NULL;
    }
}

/* --- what the stand-in wrote ---------------------------------------------------------- */

static char *read_text(const char *path)
{
    enum { TEXT_BYTES = 4 * 1024 * 1024 };
    FILE *file = fopen(path, "rb");
    char *text = calloc(1, TEXT_BYTES + 1);
    ck_assert(text != NULL);
    if (file != NULL) {
        text[fread(text, 1, TEXT_BYTES, file)] = '\0';
        (void)fclose(file);
    }
    return text;
}

static bool file_has(const char *path, const char *what)
{
    char *text = read_text(path);
    bool found = strstr(text, what) != NULL;
    free(text);
    return found;
}

bool world_log_has(const char *text)
{
    return file_has(LOG, text);
}

bool world_session_runs(const char *name)
{
    return file_has(STATE "/sessions.txt", name);
}

static void show_violations(void)
{
    char *text = read_text(LOG);
    for (char *at = strstr(text, "violation: "); at != NULL; at = strstr(at + 1, "violation: ")) {
        (void)fprintf(stderr, "%.*s\n", (int)strcspn(at, "\r\n"), at);
    }
    free(text);
}

unsigned world_violations(void)
{
    unsigned violations = etwsim_end();
    if (violations != 0) {
        show_violations();
    }
    return violations;
}

void world_expect_clean(void)
{
    ck_assert_uint_eq(world_violations(), 0);
    ck_assert(!world_session_runs("etwitness-test-"));
}

bool world_was_told(const struct world *world, const char *text)
{
    for (size_t i = 0; i < world->told_count; i++) {
        if (strstr(world->told[i], text) != NULL) {
            return true;
        }
    }
    return false;
}
