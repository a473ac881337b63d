/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the ETW callback costs: records as Windows hands them over, taken into a ring that is
 * emptied between batches, outside the measurement.
 *
 * usage: bench_callback [ROUNDS [sample|stack|method|switch|filtered]]
 *
 * Prints one line a kind of event: its name, the bytes of its payload and items, events, and
 * the medians of CPU time in ns for all of them, taken and merely copied.
 */
#include "bench/floor.h"
#include "capture/record.h"
#include "platform/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS_DEFAULT = 9, ROUNDS_MAX = 99, BATCH = 1000, BATCHES = 500 };
enum { RING_BYTES = 4 * 1024 * 1024, PAYLOAD_BYTES_MAX = 512, COPY_BYTES = BATCH * 768 };

struct kind {
    const char *name;
    const struct ew_guid *provider;
    uint16_t flags;
    uint16_t id;
    uint8_t opcode;
    uint16_t payload_bytes;
    uint16_t item_bytes; /* of a stack with the event; 0: none */
};

static const struct kind kinds[] = {
    {"sample", &ew_guid_perf_info, EW_RECORD_CLASSIC, 0, 46, 16, 0},
    {"stack", &ew_guid_stack_walk, EW_RECORD_CLASSIC, 0, 32, 16 + 30 * 8, 0},
    {"method", &ew_guid_clr_runtime, 0, 143, 0, 220, 8 + 40 * 8},
    {"switch", &ew_guid_thread, EW_RECORD_CLASSIC, 0, 36, 24, 0},
    {"filtered", &ew_guid_event_trace_config, EW_RECORD_CLASSIC, 0, 11, 64, 0},
};

enum { KIND_COUNT = sizeof kinds / sizeof kinds[0] };

static uint8_t payload[PAYLOAD_BYTES_MAX];
static struct ew_event_record records[BATCH];
static struct ew_event_record_item item;
static struct ew_record_sink sink;
static uint8_t copies[COPY_BYTES];

static bool make_sink(void)
{
    const struct ew_queue_options options = {.bytes = RING_BYTES, .reserve_permille = 250};
    sink.pointer_bytes = 8;
    sink.kernel = true;
    return ew_record_clock(1, 10000000, 1, 1, &sink.clock)
           && ew_queue_create(&options, &sink.queue) == EW_OK;
}

static void make_records(const struct kind *kind)
{
    item.type = EW_ITEM_STACK_TRACE64;
    item.data_bytes = kind->item_bytes;
    item.data = (uint64_t)(uintptr_t)payload;
    for (uint32_t i = 0; i < BATCH; i++) {
        struct ew_event_record *record = &records[i];
        memset(record, 0, sizeof *record);
        record->flags = (uint16_t)(kind->flags | EW_RECORD_POINTERS_64);
        record->provider = *kind->provider;
        record->id = kind->id;
        record->opcode = kind->opcode;
        record->version = 2;
        record->time_raw = 1000 + i;
        record->thread_id = i;
        record->process_id = i / 8;
        record->payload = payload;
        record->payload_bytes = kind->payload_bytes;
        record->items = kind->item_bytes != 0 ? &item : NULL;
        record->item_count = kind->item_bytes != 0;
    }
}

static void take(void)
{
    for (uint32_t i = 0; i < BATCH; i++) {
        ew_record_take(&sink, &records[i]);
    }
    ew_queue_publish(sink.queue);
}

static void empty(void)
{
    struct ew_event event;
    while (ew_queue_peek_event(sink.queue, &event)) {
        ew_queue_advance(sink.queue);
    }
    ew_queue_release(sink.queue);
}

static void copy(const struct kind *kind)
{
    uint8_t *at = copies;
    for (uint32_t i = 0; i < BATCH; i++) {
        memcpy(at, records[i].payload, kind->payload_bytes);
        memcpy(at + kind->payload_bytes, payload, kind->item_bytes);
        at += kind->payload_bytes + kind->item_bytes;
    }
}

static void round_of(const struct kind *kind, uint64_t *taken_ns, uint64_t *copied_ns)
{
    *taken_ns = *copied_ns = 0;
    for (uint32_t i = 0; i < BATCHES; i++) {
        uint64_t start_ns = ew_clock_cpu_ns();
        take();
        uint64_t middle_ns = ew_clock_cpu_ns();
        copy(kind);
        uint64_t end_ns = ew_clock_cpu_ns();
        *taken_ns += middle_ns - start_ns;
        *copied_ns += end_ns - middle_ns;
        empty();
    }
}

static void measure(const struct kind *kind, size_t rounds)
{
    uint64_t taken[ROUNDS_MAX];
    uint64_t copied[ROUNDS_MAX];
    make_records(kind);
    for (size_t i = 0; i < rounds; i++) {
        round_of(kind, &taken[i], &copied[i]);
    }
    (void)printf("%s %u %u %" PRIu64 " %" PRIu64 "\n", kind->name,
                 (unsigned)kind->payload_bytes + kind->item_bytes, (unsigned)(BATCH * BATCHES),
                 bench_median(taken, rounds), bench_median(copied, rounds));
}

int main(int argc, char **argv)
{
    size_t rounds = argc > 1 ? (size_t)strtoul(argv[1], NULL, 10) : ROUNDS_DEFAULT;
    rounds = rounds < 1 ? 1 : rounds > ROUNDS_MAX ? ROUNDS_MAX : rounds;
    if (!make_sink()) {
        (void)fputs("bench_callback: no memory\n", stderr);
        return EXIT_FAILURE;
    }
    for (size_t i = 0; i < KIND_COUNT; i++) {
        if (argc < 3 || strcmp(argv[2], kinds[i].name) == 0) {
            measure(&kinds[i], rounds);
        }
    }
    bool dropped = ew_queue_counts(sink.queue).dropped[EW_QUEUE_SAMPLE] != 0
                   || ew_queue_counts(sink.queue).dropped[EW_QUEUE_STATE] != 0;
    ew_queue_destroy(sink.queue);
    if (dropped) {
        (void)fputs("bench_callback: the ring was full: nothing was measured\n", stderr);
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
