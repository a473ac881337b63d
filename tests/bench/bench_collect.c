/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What live collection costs apart from Windows' own part: a recording is played at a rate
 * through queue, model, aggregate and publisher; the threads that play it tell their own time.
 *
 * usage: bench_collect RECORDING EVENTS_PER_SECOND DIRECTORY
 *
 * prints: seconds, events, stacks, dropped, CPU ns of all, CPU ns of the players, peak bytes
 */
#include "etwitness/collect.h"
#include "platform/clock.h"
#include "support/play_capture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STEP_MS = 100 };

static int fail(const struct ew_error *error)
{
    (void)fprintf(stderr, "bench_collect: %s\n", error->text);
    return 1;
}

static uint64_t sum_dropped(const struct ew_collect_status *status)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < EW_CAPTURE_QUEUE_COUNT; i++) {
        sum += status->queues[i].dropped[EW_QUEUE_STATE]
               + status->queues[i].dropped[EW_QUEUE_SAMPLE];
    }
    return sum;
}

static int run(const struct play_options *play, const struct ew_settings *settings)
{
    struct ew_collect *collect = NULL;
    struct ew_collect_status status;
    struct ew_error error = {.status = EW_OK};
    struct ew_collect_options options = {.settings = settings};
    uint64_t wall_ns = ew_clock_monotonic_ns();
    uint64_t cpu_ns = ew_clock_cpu_ns();
    play_capture(play, &options.capture);
    if (ew_collect_start(&options, &collect, &error) != EW_OK) {
        return fail(&error);
    }
    while (!ew_collect_step(collect, STEP_MS)) {
        /* The recording ends it. */
    }
    ew_collect_status(collect, &status);
    wall_ns = ew_clock_monotonic_ns() - wall_ns;
    cpu_ns = ew_clock_cpu_ns() - cpu_ns;
    if (ew_collect_close(collect, &error) != EW_OK) {
        return fail(&error);
    }
    (void)printf("%.3f %llu %llu %llu %llu %llu %llu\n", (double)wall_ns / 1e9,
                 (unsigned long long)status.events, (unsigned long long)status.stacks,
                 (unsigned long long)sum_dropped(&status), (unsigned long long)cpu_ns,
                 (unsigned long long)atomic_load(play->cpu_ns),
                 (unsigned long long)ew_memory_peak_bytes());
    return 0;
}

int main(int argc, char **argv)
{
    struct ew_settings settings;
    if (argc != 4 || ew_settings_init(&settings) != EW_OK) {
        (void)fprintf(stderr, "usage: bench_collect RECORDING EVENTS_PER_SECOND DIRECTORY\n");
        return 2;
    }
    _Atomic uint64_t player_ns = 0;
    struct play_options play = {
        .path = argv[1], .rate = strtoull(argv[2], NULL, 10), .cpu_ns = &player_ns};
    free(settings.directory);
    settings.directory = argv[3];
    settings.symbols.enabled = false;
    settings.window_seconds = EW_WINDOW_SECONDS_MIN;
    int exit_code = run(&play, &settings);
    settings.directory = NULL;
    ew_settings_free(&settings);
    return exit_code;
}
