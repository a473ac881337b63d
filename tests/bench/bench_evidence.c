/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing the edges of one window: our writer, jansson record by record, and a loop of
 * fprintf, all to nowhere, and all the same bytes.
 *
 * usage: bench_evidence NOWHERE [EDGES] [ROUNDS]
 *
 * NOWHERE is a file for fprintf, such as /dev/null. Prints the number of edges, their
 * bytes, and the medians of CPU time in ns: ours, jansson, fprintf.
 */
#include "base/filetime.h"
#include "bench/floor.h"
#include "etwitness/evidence.h"
#include "platform/clock.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    EDGES_DEFAULT = 1000000,
    ROUNDS_DEFAULT = 7,
    ROUNDS_MAX = 99,
    WRITER_COUNT = 3,
    FUNCTION_COUNT = 1500,
    KEY_BYTES = 16
};

/* 2026-03-02T08:30:00Z. */
#define WINDOW_START UINT64_C(134168994000000000)

struct evidence_bench {
    struct ew_evidence evidence;
    struct ew_evidence_edge *edges;
    size_t edge_count;
    FILE *nowhere;
};

typedef bool (*write_fn)(struct evidence_bench *bench, uint64_t *bytes_out);

static struct ew_evidence_source source = {.kind = EW_SOURCE_STACK_SAMPLE, .event_id = 46};
static struct ew_evidence_module module = {.key = "name:app.dll", .name = "app.dll"};
static struct ew_evidence_function functions[FUNCTION_COUNT];
static char function_keys[FUNCTION_COUNT][KEY_BYTES];

static void make_evidence(struct evidence_bench *bench)
{
    for (uint32_t i = 0; i < FUNCTION_COUNT; i++) {
        (void)snprintf(function_keys[i], KEY_BYTES, "u:%06x", (unsigned)i);
        functions[i].key = function_keys[i];
        functions[i].resolution = EW_RESOLVED_NOT;
        functions[i].has_rva = true;
        functions[i].rva = i;
    }
    bench->evidence = (struct ew_evidence){
        .producer_version = "0",
        .stream_id = "0123456789abcdef0123456789abcdef",
        .sequence = 1,
        .sealed = true,
        .start_100ns = WINDOW_START,
        .end_100ns = WINDOW_START + 300 * EW_FILETIME_SECOND,
        .reason = EW_WINDOW_INTERVAL,
        .host_id = "recording",
        .arch = "amd64",
        .subject_kind = "host",
        .subject_name = "recording",
        .sources = &source,
        .source_count = 1,
        .modules = &module,
        .module_count = 1,
        .functions = functions,
        .function_count = FUNCTION_COUNT,
    };
}

/* Numbers of the lengths that real windows have. */
static void make_edges(struct evidence_bench *bench)
{
    for (size_t i = 0; i < bench->edge_count; i++) {
        struct ew_evidence_edge *edge = &bench->edges[i];
        edge->from = (uint32_t)(i / FUNCTION_COUNT);
        edge->to = (uint32_t)(i % FUNCTION_COUNT);
        edge->source = 0;
        edge->adjacency = EW_ADJACENT_FRAME;
        edge->hits = 1 + i * 7919 % 100003;
        edge->first_100ns = WINDOW_START + i * 1009 % (100 * EW_FILETIME_SECOND);
        edge->last_100ns = edge->first_100ns + i * 3571 % (200 * EW_FILETIME_SECOND);
    }
}

static bool count_bytes(void *context, const void *bytes, size_t byte_count)
{
    (void)bytes;
    *(uint64_t *)context += byte_count;
    return true;
}

static bool write_ours(struct evidence_bench *bench, uint64_t *bytes_out)
{
    struct ew_error error = {0};
    bench->evidence.edges = bench->edges;
    bench->evidence.edge_count = bench->edge_count;
    if (ew_evidence_write(&bench->evidence, count_bytes, bytes_out, &error) != EW_OK) {
        (void)fprintf(stderr, "bench_evidence: %s\n", error.text);
        return false;
    }
    return true;
}

static int count_text(const char *text, size_t byte_count, void *context)
{
    (void)text;
    *(uint64_t *)context += byte_count;
    return 0;
}

static bool write_jansson(struct evidence_bench *bench, uint64_t *bytes_out)
{
    char first[EW_FILETIME_TEXT_BYTES];
    char last[EW_FILETIME_TEXT_BYTES];
    bool good = true;
    for (size_t i = 0; good && i < bench->edge_count; i++) {
        const struct ew_evidence_edge *edge = &bench->edges[i];
        ew_filetime_format(edge->first_100ns, first);
        ew_filetime_format(edge->last_100ns, last);
        json_t *record = json_object();
        (void)json_object_set_new(record, "adj", json_string("frame"));
        (void)json_object_set_new(record, "first", json_string(first));
        (void)json_object_set_new(record, "from", json_integer((json_int_t)edge->from));
        (void)json_object_set_new(record, "hits", json_integer((json_int_t)edge->hits));
        (void)json_object_set_new(record, "last", json_string(last));
        (void)json_object_set_new(record, "s", json_integer((json_int_t)edge->source));
        (void)json_object_set_new(record, "to", json_integer((json_int_t)edge->to));
        good = json_dump_callback(record, count_text, bytes_out, JSON_COMPACT) == 0;
        json_decref(record);
    }
    return good;
}

static bool write_fprintf(struct evidence_bench *bench, uint64_t *bytes_out)
{
    char first[EW_FILETIME_TEXT_BYTES];
    char last[EW_FILETIME_TEXT_BYTES];
    for (size_t i = 0; i < bench->edge_count; i++) {
        const struct ew_evidence_edge *edge = &bench->edges[i];
        ew_filetime_format(edge->first_100ns, first);
        ew_filetime_format(edge->last_100ns, last);
        int written =
            fprintf(bench->nowhere,
                    "{\"adj\":\"%s\",\"first\":\"%s\",\"from\":%lu,\"hits\":%llu,"
                    "\"last\":\"%s\",\"s\":%lu,\"to\":%lu}",
                    "frame", first, (unsigned long)edge->from, (unsigned long long)edge->hits,
                    last, (unsigned long)edge->source, (unsigned long)edge->to);
        if (written < 0) {
            return false;
        }
        *bytes_out += (uint64_t)written;
    }
    return true;
}

/* Bytes of the document around the edges, and of the commas between them. */
static bool measure_frame(struct evidence_bench *bench, uint64_t *bytes_out)
{
    size_t edge_count = bench->edge_count;
    bench->edge_count = 0;
    bool good = write_ours(bench, bytes_out);
    bench->edge_count = edge_count;
    *bytes_out += edge_count - 1;
    return good;
}

static bool measure(struct evidence_bench *bench, size_t rounds)
{
    static const write_fn writers[WRITER_COUNT] = {write_ours, write_jansson, write_fprintf};
    static uint64_t cpu_ns[WRITER_COUNT][ROUNDS_MAX];
    uint64_t bytes[WRITER_COUNT] = {0};
    uint64_t frame_bytes = 0;
    bool good = measure_frame(bench, &frame_bytes);
    for (size_t round = 0; good && round < rounds; round++) {
        for (size_t i = 0; good && i < WRITER_COUNT; i++) {
            size_t at = (i + round) % WRITER_COUNT;
            bytes[at] = 0;
            uint64_t begun_ns = ew_clock_cpu_ns();
            good = writers[at](bench, &bytes[at]);
            cpu_ns[at][round] = ew_clock_cpu_ns() - begun_ns;
        }
    }
    if (!good || bytes[0] - frame_bytes != bytes[1] || bytes[1] != bytes[2]) {
        (void)fputs("bench_evidence: the writers do not write the same\n", stderr);
        return false;
    }
    (void)printf("%llu %llu %llu %llu %llu\n", (unsigned long long)bench->edge_count,
                 (unsigned long long)bytes[1],
                 (unsigned long long)bench_median(cpu_ns[0], rounds),
                 (unsigned long long)bench_median(cpu_ns[1], rounds),
                 (unsigned long long)bench_median(cpu_ns[2], rounds));
    return true;
}

int main(int argc, char **argv)
{
    long edges = argc > 2 ? strtol(argv[2], NULL, 10) : EDGES_DEFAULT;
    long rounds = argc > 3 ? strtol(argv[3], NULL, 10) : ROUNDS_DEFAULT;
    if (argc < 2 || edges < 1 || edges > EW_EDGES_MAX || rounds < 1 || rounds > ROUNDS_MAX) {
        (void)fputs("usage: bench_evidence NOWHERE [EDGES] [ROUNDS]\n", stderr);
        return EXIT_FAILURE;
    }
    struct evidence_bench bench = {.edge_count = (size_t)edges};
    make_evidence(&bench);
    bench.edges = calloc(bench.edge_count, sizeof *bench.edges);
    bench.nowhere = fopen(argv[1], "wb");
    bool good = bench.edges != NULL && bench.nowhere != NULL;
    if (good) {
        make_edges(&bench);
        good = measure(&bench, (size_t)rounds);
    } else {
        (void)fprintf(stderr, "bench_evidence: %s: cannot be written, or no memory\n", argv[1]);
    }
    if (bench.nowhere != NULL) {
        (void)fclose(bench.nowhere);
    }
    free(bench.edges);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
