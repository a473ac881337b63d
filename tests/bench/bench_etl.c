/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Measures what can be done with one recording, all in one process, so that its start is
 * in no figure: the floor, our reader, and the subcommands as they are.
 *
 * usage: bench_etl RESULTS ROUNDS DIRECTORY FILE WORK...
 *
 * WORK is `floor`, `read` (as stored), `merge` (by time), `decode` (by time, decoded),
 * `summary` (replay without documents), or a subcommand: `stats`, `replay`. All are done
 * in each round, in rotated order. Each gives one line of RESULTS: its name, events,
 * bytes of buffers (0: not known), and the medians of its CPU and wall time in ns; the
 * last line is `peak` and the largest resident size in bytes. Standard output is the
 * subcommands'.
 */
#include "bench/floor.h"
#include "cli/cli.h"
#include "etwitness/decode.h"
#include "etwitness/recording.h"
#include "platform/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS_MAX = 99, WORKS_MAX = 8, PATH_BYTES = 1024 };

struct work {
    const char *name;
    const struct ew_command *command; /* NULL: one of ours */
    struct bench_tally tally;         /* of the last round */
    uint64_t cpu_ns[ROUNDS_MAX];
    uint64_t wall_ns[ROUNDS_MAX];
};

struct bench {
    char *file;
    const char *directory;
    unsigned rounds;
    unsigned runs;
    struct work works[WORKS_MAX];
    size_t work_count;
};

static bool read_recording(const char *path, enum ew_order order, bool decoded,
                           struct bench_tally *tally)
{
    struct ew_error error = {0};
    struct ew_recording *recording = NULL;
    struct ew_event event;
    struct ew_fact fact;
    struct ew_decode_counts counts = {0};
    enum ew_status status = ew_recording_open(&path, 1, order, &recording, &error);
    while (status == EW_OK) {
        status = ew_recording_next(recording, &event, &error);
        if (status == EW_OK) {
            tally->checksum += event.time_raw;
            tally->events++;
            if (decoded && ew_decode_counted(&event, &counts, &fact) == EW_OK) {
                tally->checksum += (uint64_t)fact.kind;
            }
        }
    }
    ew_recording_close(recording);
    if (status != EW_END) {
        (void)fprintf(stderr, "bench_etl: %s\n", error.text);
    }
    return status == EW_END;
}

/* A replay writes into a directory of its own each time: documents that are there
 * already would be cheaper. */
static bool run_command(struct bench *bench, const struct work *work)
{
    char out[PATH_BYTES];
    char out_option[] = "--out";
    char quiet_option[] = "--quiet";
    bool is_replay = strcmp(work->name, "replay") == 0;
    bool is_summary = strcmp(work->name, "summary") == 0;
    (void)snprintf(out, sizeof out, "%s/%u", bench->directory, bench->runs);
    char *arguments[] = {bench->file, quiet_option, out_option, out, NULL};
    int count = is_replay ? 4 : is_summary ? 2 : 1;
    int exit_code = work->command->run(count, arguments);
    return exit_code == EW_EXIT_DONE || exit_code == EW_EXIT_INCOMPLETE;
}

static bool run_work(struct bench *bench, struct work *work)
{
    memset(&work->tally, 0, sizeof work->tally);
    if (work->command != NULL) {
        return run_command(bench, work);
    }
    if (strcmp(work->name, "floor") == 0) {
        return bench_floor_run(bench->file, &work->tally);
    }
    bool decoded = strcmp(work->name, "decode") == 0;
    bool as_stored = strcmp(work->name, "read") == 0;
    return read_recording(bench->file, as_stored ? EW_ORDER_FILE : EW_ORDER_TIME, decoded,
                          &work->tally);
}

static bool measure(struct bench *bench, struct work *work, unsigned round)
{
    bench->runs++;
    uint64_t wall_ns = ew_clock_monotonic_ns();
    uint64_t cpu_ns = ew_clock_cpu_ns();
    bool good = run_work(bench, work);
    work->cpu_ns[round] = ew_clock_cpu_ns() - cpu_ns;
    work->wall_ns[round] = ew_clock_monotonic_ns() - wall_ns;
    return good;
}

static bool run_rounds(struct bench *bench)
{
    for (unsigned round = 0; round < bench->rounds; round++) {
        for (size_t i = 0; i < bench->work_count; i++) {
            struct work *work = &bench->works[(i + round) % bench->work_count];
            if (!measure(bench, work, round)) {
                (void)fprintf(stderr, "bench_etl: %s of %s failed\n", work->name, bench->file);
                return false;
            }
        }
    }
    return true;
}

/* False when there is no such work: a subcommand that this build does not have. */
static bool find_work(const char *name, struct work *work)
{
    static const char *const own[] = {"floor", "read", "merge", "decode"};
    const char *subcommand = strcmp(name, "summary") == 0 ? "replay" : name;
    work->name = name;
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
        if (strcmp(name, own[i]) == 0) {
            return true;
        }
    }
    for (const struct ew_command *command = ew_commands; command->name != NULL; command++) {
        if (strcmp(command->name, subcommand) == 0) {
            work->command = command;
            return true;
        }
    }
    return false;
}

static bool write_results(struct bench *bench, const char *path)
{
    FILE *results = fopen(path, "w");
    if (results == NULL) {
        (void)fprintf(stderr, "bench_etl: %s: cannot be written\n", path);
        return false;
    }
    for (size_t i = 0; i < bench->work_count; i++) {
        struct work *work = &bench->works[i];
        (void)fprintf(results, "%s %llu %llu %llu %llu\n", work->name,
                      (unsigned long long)work->tally.events,
                      (unsigned long long)work->tally.bytes,
                      (unsigned long long)bench_median(work->cpu_ns, bench->rounds),
                      (unsigned long long)bench_median(work->wall_ns, bench->rounds));
    }
    (void)fprintf(results, "peak %llu\n", (unsigned long long)ew_memory_peak_bytes());
    return fclose(results) == 0;
}

int main(int argc, char **argv)
{
    static struct bench bench;
    long rounds = argc > 5 ? strtol(argv[2], NULL, 10) : 0;
    if (rounds < 1 || rounds > ROUNDS_MAX || argc - 5 > WORKS_MAX) {
        (void)fputs("usage: bench_etl RESULTS ROUNDS DIRECTORY FILE WORK...\n", stderr);
        return EXIT_FAILURE;
    }
    bench.rounds = (unsigned)rounds;
    bench.directory = argv[3];
    bench.file = argv[4];
    for (int i = 5; i < argc; i++) {
        if (find_work(argv[i], &bench.works[bench.work_count])) {
            bench.work_count++;
        }
    }
    return run_rounds(&bench) && write_results(&bench, argv[1]) ? EXIT_SUCCESS : EXIT_FAILURE;
}
