/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Puts into the queue beside copying the same bytes with memcpy: on one thread, and between
 * two threads, where the consumer reads every byte.
 *
 * usage: bench_queue [one|two]             both when nothing is said
 *        bench_queue instructions RECORD   what a profiler counts: bench_put_records() for
 *                                          raw records, bench_put_events() for events
 *
 * RECORD is 64, 256, 512 or stack (16 bytes and 10 to 60 addresses). Prints a line a record:
 *
 *   one RECORD COPY_NS PUT_NS RATIO
 *   two RECORD near|far SAMPLES COPY_NS PUT_NS RATIO
 *   instructions RECORD PUTS
 *
 * The copy between two threads is published by 16 KiB and has no heads. Where the processors
 * are moved about, a cache line's way between them takes one of two very different times, so
 * each sample stands between two of the copy and is kept only when these agree, and the
 * ratios of the two regimes are told apart (reference performance.md 0).
 */
#include "bench/floor.h"
#include "etwitness/queue.h"
#include "platform/clock.h"
#include "platform/thread.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RING_BYTES = EW_QUEUE_BYTES_MIN, SLACK_BYTES = 4096 };
enum { TAPE_RECORDS = 1024, RECORD_BYTES_MAX = 512, CHUNK_BYTES = 16384 };
enum { ROUNDS = 41, LAPS = 20, SAMPLES = 60, TWO_RECORDS = 100000 };
enum { ROUND_TRIPS = 1000, NEAR_NS_MAX = 250, INSTRUCTION_LAPS = 4 };

/* Fewer samples of a regime say nothing. */
enum { REGIME_SAMPLES_MIN = 5 };

/* Records to be copied again and again; they stay in the processor's own cache. */
struct tape_record {
    const uint8_t *bytes;
    uint32_t size;
};

struct tape {
    const char *name;
    struct tape_record records[TAPE_RECORDS];
    uint8_t bytes[TAPE_RECORDS * RECORD_BYTES_MAX / 2];
};

enum job { JOB_NONE, JOB_ROUND_TRIP, JOB_COPY, JOB_QUEUE, JOB_END };

/* The least that can be between two threads: bytes, and how far they are written and read. */
struct copy_ring {
    uint8_t *bytes;
    _Alignas(128) _Atomic uint64_t written;
    _Alignas(128) _Atomic uint64_t read;
};

struct bench {
    struct tape tape;
    struct copy_ring copy;
    struct ew_queue *queue;
    _Alignas(128) _Atomic int job;
    _Alignas(128) _Atomic uint64_t ball;
    _Alignas(128) uint64_t job_bytes; /* of the copy */
    uint64_t sum;                     /* keeps the reading from being dropped */
};

/* Static for its alignment. */
static struct bench bench;

static const char *const record_names[] = {"64", "256", "512", "stack"};

enum { RECORD_NAMES = sizeof record_names / sizeof record_names[0] };

/* --- records ---------------------------------------------------------------------- */

static void make_tape(struct tape *tape, const char *name)
{
    size_t fixed = strcmp(name, "stack") == 0 ? 0 : (size_t)strtoul(name, NULL, 10);
    uint32_t chance = 1;
    size_t offset = 0;
    tape->name = name;
    for (size_t i = 0; i < TAPE_RECORDS; i++) {
        chance = chance * 1664525 + 1013904223;
        size_t size = fixed != 0 ? fixed : 16 + 8 * (10 + (chance >> 16) % 51);
        offset = offset + size > sizeof tape->bytes ? 0 : offset;
        tape->records[i].bytes = tape->bytes + offset;
        tape->records[i].size = (uint32_t)size;
        offset += size;
    }
    for (size_t i = 0; i < sizeof tape->bytes; i++) {
        tape->bytes[i] = (uint8_t)(i * 7 + i / 256);
    }
}

static uint64_t sum_words(const uint8_t *bytes, size_t byte_count)
{
    uint64_t sum = 0;
    for (size_t i = 0; i + 8 <= byte_count; i += 8) {
        uint64_t word = 0;
        memcpy(&word, bytes + i, sizeof word);
        sum += word;
    }
    return sum;
}

/* What a pass over a number of records sums up to. */
static uint64_t expected_sum(const struct tape *tape, size_t records)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < records; i++) {
        const struct tape_record *record = &tape->records[i % TAPE_RECORDS];
        sum += sum_words(record->bytes, record->size);
    }
    return sum;
}

static uint64_t expected_bytes(const struct tape *tape, size_t records)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < records; i++) {
        bytes += tape->records[i % TAPE_RECORDS].size;
    }
    return bytes;
}

/* --- one thread ------------------------------------------------------------------- */

/* How far a loop goes before the tape begins again: no loop pays for finding its record. */
static const struct tape_record *tape_end(const struct tape *tape, size_t records)
{
    return tape->records + (records < TAPE_RECORDS ? records : TAPE_RECORDS);
}

/* Copies records one behind the other; where the next would be. */
static uint8_t *copy_records(uint8_t *at, const struct tape *tape, size_t records)
{
    const struct tape_record *end = tape_end(tape, records);
    for (const struct tape_record *record = tape->records; record < end; record++) {
        memcpy(at, record->bytes, record->size);
        at += record->size;
    }
    return at;
}

static void bench_put_records(struct ew_queue *queue, const struct tape *tape, size_t records)
{
    const struct tape_record *end = tape_end(tape, records);
    for (const struct tape_record *record = tape->records; record < end; record++) {
        (void)ew_queue_put(queue, record->bytes, record->size, EW_QUEUE_SAMPLE);
    }
}

static void bench_put_events(struct ew_queue *queue, const struct tape *tape, size_t records)
{
    static const struct ew_guid provider = {{1}};
    struct ew_event event = {.provider = &provider, .kind = EW_EVENT_CLASSIC, .pointer_bytes = 8};
    const struct tape_record *end = tape_end(tape, records);
    for (const struct tape_record *record = tape->records; record < end; record++) {
        event.payload = record->bytes;
        event.payload_bytes = record->size;
        if (ew_queue_reserve_event(queue, &event, EW_QUEUE_SAMPLE) != NULL) {
            ew_queue_commit(queue);
        }
    }
}

/* Takes what is published; how many records. */
static size_t take_records(struct ew_queue *queue, uint64_t *sum)
{
    size_t byte_count = 0;
    size_t count = 0;
    for (const void *record = NULL; (record = ew_queue_peek(queue, &byte_count)) != NULL;
         count++) {
        *sum += sum_words(record, byte_count);
        ew_queue_advance(queue);
    }
    return count;
}

static uint64_t time_copies(size_t records)
{
    uint64_t ns = 0;
    for (size_t lap = 0; lap < LAPS; lap++) {
        uint64_t begun_ns = ew_clock_cpu_ns();
        uint8_t *at = bench.copy.bytes;
        for (size_t done = 0; done < records; done += TAPE_RECORDS) {
            at = copy_records(at, &bench.tape, records - done);
        }
        ns += ew_clock_cpu_ns() - begun_ns;
        bench.sum += sum_words(bench.copy.bytes, RING_BYTES);
    }
    return ns;
}

static uint64_t time_puts(size_t records)
{
    uint64_t ns = 0;
    for (size_t lap = 0; lap < LAPS; lap++) {
        uint64_t begun_ns = ew_clock_cpu_ns();
        for (size_t done = 0; done < records; done += TAPE_RECORDS) {
            bench_put_records(bench.queue, &bench.tape, records - done);
        }
        ns += ew_clock_cpu_ns() - begun_ns;
        ew_queue_publish(bench.queue);
        (void)take_records(bench.queue, &bench.sum);
        ew_queue_release(bench.queue);
    }
    return ns;
}

/* Records of one lap, with room for their heads. */
static size_t lap_records(const struct tape *tape)
{
    uint64_t heads = 8 * TAPE_RECORDS;
    uint64_t bytes = expected_bytes(tape, TAPE_RECORDS) + heads;
    return (size_t)((uint64_t)RING_BYTES * TAPE_RECORDS / bytes) - 32;
}

static bool measure_one(void)
{
    static uint64_t copy_ns[ROUNDS];
    static uint64_t put_ns[ROUNDS];
    size_t records = lap_records(&bench.tape);
    for (size_t round = 0; round < ROUNDS; round++) {
        copy_ns[round] = round % 2 == 0 ? time_copies(records) : 0;
        put_ns[round] = time_puts(records);
        copy_ns[round] = round % 2 == 0 ? copy_ns[round] : time_copies(records);
    }
    double puts = (double)records * LAPS;
    double copy = (double)bench_median(copy_ns, ROUNDS) / puts;
    double put = (double)bench_median(put_ns, ROUNDS) / puts;
    (void)printf("one %s %.2f %.2f %.2f\n", bench.tape.name, copy, put, put / copy);
    return ew_queue_counts(bench.queue).dropped[EW_QUEUE_SAMPLE] == 0;
}

/* --- two threads ------------------------------------------------------------------ */

static void read_copies(void)
{
    uint64_t read = atomic_load_explicit(&bench.copy.read, memory_order_relaxed);
    uint64_t end = read + bench.job_bytes;
    while (read < end) {
        uint64_t written = atomic_load_explicit(&bench.copy.written, memory_order_acquire);
        while (read < written) {
            uint64_t bytes = written - read < CHUNK_BYTES ? written - read : CHUNK_BYTES;
            bench.sum += sum_words(bench.copy.bytes + read % RING_BYTES, bytes);
            read += bytes;
            atomic_store_explicit(&bench.copy.read, read, memory_order_release);
        }
    }
}

static void read_queue(void)
{
    for (size_t taken = 0; taken < TWO_RECORDS;) {
        taken += take_records(bench.queue, &bench.sum);
    }
    ew_queue_release(bench.queue);
}

static void return_ball(void)
{
    for (uint64_t i = 0; i < ROUND_TRIPS; i++) {
        while (atomic_load_explicit(&bench.ball, memory_order_acquire) != 2 * i + 1) {
        }
        atomic_store_explicit(&bench.ball, 2 * i + 2, memory_order_release);
    }
}

static void consume(void *context)
{
    (void)context;
    for (;;) {
        int job = atomic_load_explicit(&bench.job, memory_order_acquire);
        switch ((enum job)job) {
        case JOB_NONE:
            continue;
        case JOB_ROUND_TRIP:
            return_ball();
            break;
        case JOB_COPY:
            read_copies();
            break;
        case JOB_QUEUE:
            read_queue();
            break;
        case JOB_END:
            return;
        }
        atomic_store_explicit(&bench.job, JOB_NONE, memory_order_release);
    }
}

static void begin_job(enum job job)
{
    atomic_store_explicit(&bench.job, (int)job, memory_order_release);
}

static void wait_for_end(void)
{
    while (atomic_load_explicit(&bench.job, memory_order_acquire) != JOB_NONE) {
    }
}

static uint64_t time_round_trip(void)
{
    atomic_store_explicit(&bench.ball, 0, memory_order_relaxed);
    begin_job(JOB_ROUND_TRIP);
    uint64_t begun_ns = ew_clock_monotonic_ns();
    for (uint64_t i = 0; i < ROUND_TRIPS; i++) {
        atomic_store_explicit(&bench.ball, 2 * i + 1, memory_order_release);
        while (atomic_load_explicit(&bench.ball, memory_order_acquire) != 2 * i + 2) {
        }
    }
    uint64_t ns = ew_clock_monotonic_ns() - begun_ns;
    wait_for_end();
    return ns / ROUND_TRIPS;
}

/* Publishes each time 16 KiB are full; a record runs over the chunk's end, and over the
 * ring's end into slack that stands for its beginning: the sums are not compared here. */
static void write_copies(void)
{
    uint64_t written = atomic_load_explicit(&bench.copy.written, memory_order_relaxed);
    uint64_t published = written;
    uint64_t read = written;
    for (size_t i = 0; i < TWO_RECORDS; i++) {
        const struct tape_record *record = &bench.tape.records[i % TAPE_RECORDS];
        while (written + record->size > read + RING_BYTES) {
            read = atomic_load_explicit(&bench.copy.read, memory_order_acquire);
        }
        memcpy(bench.copy.bytes + written % RING_BYTES, record->bytes, record->size);
        written += record->size;
        if (written - published >= CHUNK_BYTES) {
            published = written;
            atomic_store_explicit(&bench.copy.written, written, memory_order_release);
        }
    }
    atomic_store_explicit(&bench.copy.written, written, memory_order_release);
}

static uint64_t time_two_copies(void)
{
    begin_job(JOB_COPY);
    uint64_t begun_ns = ew_clock_monotonic_ns();
    write_copies();
    wait_for_end();
    return ew_clock_monotonic_ns() - begun_ns;
}

static uint64_t time_two_queue(void)
{
    begin_job(JOB_QUEUE);
    uint64_t begun_ns = ew_clock_monotonic_ns();
    for (size_t i = 0; i < TWO_RECORDS; i++) {
        const struct tape_record *record = &bench.tape.records[i % TAPE_RECORDS];
        while (!ew_queue_put(bench.queue, record->bytes, record->size, EW_QUEUE_SAMPLE)) {
        }
    }
    ew_queue_publish(bench.queue);
    wait_for_end();
    return ew_clock_monotonic_ns() - begun_ns;
}

struct regime {
    const char *name;
    size_t count;
    uint64_t copy_ns[SAMPLES]; /* the mean of the two about it */
    uint64_t put_ns[SAMPLES];
    uint64_t ratios[SAMPLES]; /* in thousandths */
};

/* One sample between two of the copy; kept when nothing seems to have moved meanwhile. */
static bool sample(struct regime regimes[2])
{
    uint64_t trip_before = time_round_trip();
    uint64_t copy_before = time_two_copies();
    uint64_t sum_before = bench.sum;
    uint64_t put = time_two_queue();
    bool good = bench.sum - sum_before == expected_sum(&bench.tape, TWO_RECORDS);
    uint64_t copy_after = time_two_copies();
    uint64_t trip_after = time_round_trip();
    bool is_far = trip_before > NEAR_NS_MAX;
    if (is_far != (trip_after > NEAR_NS_MAX) || copy_before * 10 > copy_after * 14
        || copy_after * 10 > copy_before * 14) {
        return good;
    }
    struct regime *regime = &regimes[is_far];
    size_t at = regime->count++;
    regime->copy_ns[at] = (copy_before + copy_after) / 2;
    regime->put_ns[at] = put;
    regime->ratios[at] = put * 1000 / regime->copy_ns[at];
    return good;
}

static bool measure_two(void)
{
    static struct regime regimes[2];
    struct ew_thread *thread = NULL;
    bool good = true;
    regimes[0] = (struct regime){.name = "near"};
    regimes[1] = (struct regime){.name = "far"};
    bench.job_bytes = expected_bytes(&bench.tape, TWO_RECORDS);
    if (ew_thread_start(&thread, consume, NULL) != EW_OK) {
        return false;
    }
    for (size_t i = 0; i < SAMPLES; i++) {
        good = sample(regimes) && good;
    }
    begin_job(JOB_END);
    ew_thread_join(thread);
    atomic_store(&bench.job, JOB_NONE);
    for (size_t i = 0; i < 2; i++) {
        struct regime *regime = &regimes[i];
        if (regime->count >= REGIME_SAMPLES_MIN) {
            (void)printf("two %s %s %zu %.2f %.2f %.2f\n", bench.tape.name, regime->name,
                         regime->count,
                         (double)bench_median(regime->copy_ns, regime->count) / TWO_RECORDS,
                         (double)bench_median(regime->put_ns, regime->count) / TWO_RECORDS,
                         (double)bench_median(regime->ratios, regime->count) / 1000);
        }
    }
    return good;
}

/* --- all of it -------------------------------------------------------------------- */

typedef void (*put_fn)(struct ew_queue *queue, const struct tape *tape, size_t records);

/* Called through pointers, so that the functions a profiler looks for are not inlined. */
static bool count_instructions(void)
{
    static const put_fn puts[] = {bench_put_records, bench_put_events};
    for (size_t i = 0; i < INSTRUCTION_LAPS * 2; i++) {
        puts[i % 2](bench.queue, &bench.tape, TAPE_RECORDS);
        ew_queue_publish(bench.queue);
        (void)take_records(bench.queue, &bench.sum);
        ew_queue_release(bench.queue);
    }
    (void)printf("instructions %s %d\n", bench.tape.name, INSTRUCTION_LAPS * TAPE_RECORDS);
    return ew_queue_counts(bench.queue).dropped[EW_QUEUE_SAMPLE] == 0;
}

static bool measure(const char *what, const char *name)
{
    struct ew_queue_options options = {.bytes = RING_BYTES};
    if (ew_queue_create(&options, &bench.queue) != EW_OK) {
        return false;
    }
    make_tape(&bench.tape, name);
    bool good = true;
    if (strcmp(what, "instructions") == 0) {
        good = count_instructions();
    }
    if (strcmp(what, "one") == 0 || strcmp(what, "both") == 0) {
        good = measure_one();
    }
    if (strcmp(what, "two") == 0 || strcmp(what, "both") == 0) {
        good = measure_two() && good;
    }
    ew_queue_destroy(bench.queue);
    if (!good) {
        (void)fprintf(stderr, "bench_queue: records of %s were lost or changed\n", name);
    }
    return good;
}

static bool is_known(const char *name)
{
    for (size_t i = 0; i < RECORD_NAMES; i++) {
        if (strcmp(record_names[i], name) == 0) {
            return true;
        }
    }
    return false;
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "both";
    bool counts = strcmp(what, "instructions") == 0;
    bool known =
        counts ? argc == 3 && is_known(argv[2])
               : argc <= 2 && (argc == 1 || strcmp(what, "one") == 0 || strcmp(what, "two") == 0);
    if (!known) {
        (void)fputs("usage: bench_queue [one|two]\n       bench_queue instructions RECORD\n",
                    stderr);
        return EXIT_FAILURE;
    }
    bench.copy.bytes = calloc(1, RING_BYTES + SLACK_BYTES + CHUNK_BYTES);
    bool good = bench.copy.bytes != NULL;
    for (size_t i = 0; good && i < (counts ? 1 : RECORD_NAMES); i++) {
        good = measure(what, counts ? argv[2] : record_names[i]);
    }
    free(bench.copy.bytes);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
