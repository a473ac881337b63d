/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes the world of bench_merge_world.h: what etwitness reads, and the same as tables for
 * databases.
 *
 * usage: bench_merge_make DIRECTORY [NODES]
 *
 *   graph.json            static-callgraph/1
 *   0.json .. 7.json      runtime-evidence/1, one document a window
 *   nodes.csv             id, mvid, token                 of the graph
 *   edges.csv             from, to                        of the graph, by ids
 *   windows.csv           window, stream, number
 *   functions.csv         window, place, key, mvid, token   of the documents
 *   seen.csv              window, place, hits, first, last
 *   calls.csv             window, from, to, hits, first, last   by places
 *   pairs.csv             from, to                        distinct calls, by ids
 */
#include "base/filetime.h"
#include "bench/bench_merge_world.h"
#include "etwitness/evidence.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NODES_DEFAULT = 1000000, PATH_BYTES = 1024, KEY_BYTES = 56, NAME_BYTES = 48 };

static char folder[PATH_BYTES - 64];
static char mvids[WORLD_MODULES][WORLD_MVID_BYTES];

static FILE *create(const char *name)
{
    char path[PATH_BYTES];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *out = fopen(path, "wb");
    if (out == NULL) {
        perror(path);
        exit(EXIT_FAILURE);
    }
    return out;
}

static void finish(FILE *out)
{
    if (fclose(out) != 0) {
        perror("bench_merge_make");
        exit(EXIT_FAILURE);
    }
}

static void *must(void *memory)
{
    if (memory == NULL) {
        (void)fputs("bench_merge_make: no memory\n", stderr);
        exit(EXIT_FAILURE);
    }
    return memory;
}

static void make_name(uint32_t function, char out[NAME_BYTES])
{
    (void)snprintf(out, NAME_BYTES, "Space%u.Class%u.Method%u", (unsigned)(function % 97),
                   (unsigned)(function / 97 % 9973), (unsigned)function);
}

static void make_key(const struct world *world, uint32_t function, char out[KEY_BYTES])
{
    (void)snprintf(out, KEY_BYTES, "m:%s:%08x", mvids[world_module_of(world, function)],
                   (unsigned)world_token_of(world, function));
}

/* --- the graph ---------------------------------------------------------------------------------
 */

static void write_nodes(const struct world *world, FILE *out)
{
    char name[NAME_BYTES];
    for (uint32_t i = 0; i < world->node_count; i++) {
        make_name(i, name);
        (void)fprintf(out,
                      "%s{\"id\":\"n%07u\",\"artifact\":%u,\"kind\":\"method\",\"token\":"
                      "\"0x%08x\",\"name\":\"%s\",\"sig\":\"void (int32)\"}",
                      i == 0 ? "" : ",\n", (unsigned)i, (unsigned)world_module_of(world, i),
                      (unsigned)world_token_of(world, i), name);
    }
}

static void write_graph(const struct world *world)
{
    FILE *out = create("graph.json");
    (void)fputs("{\"schema\":\"static-callgraph/1\",\"graphId\":\"bench\",\"analyzer\":{\"name\":"
                "\"bench\",\"version\":\"1\"},\"world\":{\"closed\":false},\"artifacts\":[",
                out);
    for (unsigned i = 0; i < WORLD_ARTIFACTS; i++) {
        (void)fprintf(out, "%s{\"name\":\"module%u.dll\",\"mvid\":\"%s\"}", i == 0 ? "" : ",", i,
                      mvids[i]);
    }
    (void)fputs("],\"nodes\":[\n", out);
    write_nodes(world, out);
    (void)fputs("],\n\"edges\":[\n", out);
    for (uint32_t from = 0; from < world->node_count; from++) {
        for (uint32_t i = 0; i < WORLD_EDGES_PER_NODE; i++) {
            (void)fprintf(out, "%s{\"from\":\"n%07u\",\"to\":\"n%07u\",\"kind\":\"call\"}",
                          from + i == 0 ? "" : ",\n", (unsigned)from,
                          (unsigned)world_callee(world, from, i));
        }
    }
    (void)fputs("],\"entrypoints\":[{\"node\":\"n0000000\",\"kind\":\"main\"}]}\n", out);
    finish(out);
}

/* --- documents ---------------------------------------------------------------------------------
 */

struct document {
    struct ew_evidence evidence;
    struct ew_evidence_source source;
    struct ew_evidence_module modules[WORLD_MODULES];
    struct ew_evidence_function *functions;
    struct ew_evidence_observation *observations;
    struct ew_evidence_edge *edges;
    uint32_t *ids;    /* of functions here */
    uint32_t *places; /* in the document, by place in the world */
    bool *used;
    char (*keys)[KEY_BYTES];
    char (*names)[NAME_BYTES];
};

static void make_head(struct document *document, uint32_t window)
{
    static char module_keys[WORLD_MODULES][WORLD_MVID_BYTES + 8];
    static char module_names[WORLD_MODULES][32];
    enum { PER_STREAM = WORLD_WINDOWS / WORLD_STREAMS };
    document->source =
        (struct ew_evidence_source){.kind = EW_SOURCE_STACK_SAMPLE, .event_id = 46};
    for (unsigned i = 0; i < WORLD_MODULES; i++) {
        (void)snprintf(module_keys[i], sizeof module_keys[i], "mvid:%.36s", mvids[i]);
        (void)snprintf(module_names[i], sizeof module_names[i], "module%u.dll", i);
        document->modules[i] = (struct ew_evidence_module){.key = module_keys[i],
                                                           .name = module_names[i],
                                                           .mvid = mvids[i],
                                                           .kind = EW_EVIDENCE_MANAGED,
                                                           .loads = 1};
    }
    document->evidence = (struct ew_evidence){
        .producer_version = "0",
        .sequence = window % PER_STREAM + 1,
        .sealed = true,
        .start_100ns = world_window_start(window),
        .end_100ns = world_window_start(window) + 300 * EW_FILETIME_SECOND,
        .reason = EW_WINDOW_INTERVAL,
        .host_id = "host",
        .arch = "amd64",
        .subject_kind = "application",
        .subject_name = "bench",
        .sources = &document->source,
        .source_count = 1,
        .modules = document->modules,
        .module_count = WORLD_MODULES,
        .functions = document->functions,
        .observations = document->observations,
        .edges = document->edges,
    };
    (void)snprintf(document->evidence.stream_id, sizeof document->evidence.stream_id, "%032u",
                   (unsigned)(window / PER_STREAM + 1));
}

static void make_functions(const struct world *world, struct document *document, uint32_t window)
{
    struct ew_evidence *evidence = &document->evidence;
    world_mark_used(world, window, document->used);
    for (uint32_t i = 0; i < world->function_count; i++) {
        if (!document->used[i]) {
            continue;
        }
        uint32_t id = world->functions[i];
        uint32_t at = (uint32_t)evidence->function_count++;
        struct world_seen seen = world_function_seen(id, window);
        document->places[i] = at;
        document->ids[at] = id;
        make_key(world, id, document->keys[at]);
        make_name(id, document->names[at]);
        document->functions[at] =
            (struct ew_evidence_function){.key = document->keys[at],
                                          .module = world_module_of(world, id),
                                          .resolution = EW_RESOLVED_TOKEN,
                                          .token = world_token_of(world, id),
                                          .name = document->names[at],
                                          .signature = "void  (int32)"};
        document->observations[at] =
            (struct ew_evidence_observation){.function = at,
                                             .hits = seen.hits,
                                             .leaf = seen.hits / 3,
                                             .first_100ns = seen.first_100ns,
                                             .last_100ns = seen.last_100ns};
    }
    evidence->observation_count = evidence->function_count;
}

static void make_edges(const struct world *world, struct document *document, uint32_t window)
{
    struct ew_evidence *evidence = &document->evidence;
    struct world_seen seen;
    for (uint32_t i = 0; i < world->call_count; i++) {
        if (world_call_seen(world, i, window, &seen)) {
            document->edges[evidence->edge_count++] = (struct ew_evidence_edge){
                .from = document->places[world->calls[i] >> 32],
                .to = document->places[world->calls[i] & UINT32_MAX],
                .adjacency = EW_ADJACENT_FRAME,
                .hits = seen.hits,
                .first_100ns = seen.first_100ns,
                .last_100ns = seen.last_100ns,
            };
        }
    }
}

static bool put(void *context, const void *bytes, size_t byte_count)
{
    return fwrite(bytes, 1, byte_count, context) == byte_count;
}

static void write_document(const struct document *document, uint32_t window)
{
    struct ew_error error = {0};
    char name[32];
    (void)snprintf(name, sizeof name, "%u.json", (unsigned)window);
    FILE *out = create(name);
    if (ew_evidence_write(&document->evidence, put, out, &error) != EW_OK) {
        (void)fprintf(stderr, "bench_merge_make: %s\n", error.text);
        exit(EXIT_FAILURE);
    }
    finish(out);
}

/* --- tables ------------------------------------------------------------------------------------
 */

struct tables {
    FILE *windows;
    FILE *functions;
    FILE *seen;
    FILE *calls;
};

static void write_tables(const struct world *world, const struct document *document,
                         uint32_t window, const struct tables *tables)
{
    const struct ew_evidence *evidence = &document->evidence;
    unsigned w = window;
    (void)fprintf(tables->windows, "%u,%s,%u\n", w, evidence->stream_id,
                  (unsigned)evidence->sequence);
    for (uint32_t i = 0; i < evidence->function_count; i++) {
        const struct ew_evidence_observation *row = &document->observations[i];
        (void)fprintf(tables->functions, "%u,%u,%s,%s,%u\n", w, (unsigned)i, document->keys[i],
                      mvids[world_module_of(world, document->ids[i])],
                      (unsigned)document->functions[i].token);
        (void)fprintf(tables->seen, "%u,%u,%llu,%llu,%llu\n", w, (unsigned)i,
                      (unsigned long long)row->hits, (unsigned long long)row->first_100ns,
                      (unsigned long long)row->last_100ns);
    }
    for (size_t i = 0; i < evidence->edge_count; i++) {
        const struct ew_evidence_edge *row = &document->edges[i];
        (void)fprintf(tables->calls, "%u,%u,%u,%llu,%llu,%llu\n", w, (unsigned)row->from,
                      (unsigned)row->to, (unsigned long long)row->hits,
                      (unsigned long long)row->first_100ns, (unsigned long long)row->last_100ns);
    }
}

static void write_windows(const struct world *world)
{
    static struct document document;
    size_t functions = world->function_count;
    document.functions = must(calloc(functions, sizeof *document.functions));
    document.observations = must(calloc(functions, sizeof *document.observations));
    document.edges = must(calloc(world->call_count, sizeof *document.edges));
    document.ids = must(calloc(functions, sizeof *document.ids));
    document.places = must(calloc(functions, sizeof *document.places));
    document.used = must(calloc(functions, sizeof *document.used));
    document.keys = must(calloc(functions, sizeof *document.keys));
    document.names = must(calloc(functions, sizeof *document.names));
    const struct tables tables = {create("windows.csv"), create("functions.csv"),
                                  create("seen.csv"), create("calls.csv")};
    for (uint32_t window = 0; window < WORLD_WINDOWS; window++) {
        make_head(&document, window);
        make_functions(world, &document, window);
        make_edges(world, &document, window);
        write_document(&document, window);
        write_tables(world, &document, window, &tables);
    }
    finish(tables.windows);
    finish(tables.functions);
    finish(tables.seen);
    finish(tables.calls);
}

static int compare_u64(const void *a, const void *b)
{
    const uint64_t *left = a;
    const uint64_t *right = b;
    return (*left > *right) - (*left < *right);
}

/* Ascending, so that tables with keys are filled from one end. */
static void write_pairs(FILE *out, uint64_t *pairs, size_t count)
{
    qsort(pairs, count, sizeof *pairs, compare_u64);
    for (size_t i = 0; i < count; i++) {
        (void)fprintf(out, "%llu,%llu\n", (unsigned long long)(pairs[i] >> 32),
                      (unsigned long long)(pairs[i] & UINT32_MAX));
    }
}

static void write_sides(const struct world *world)
{
    FILE *nodes = create("nodes.csv");
    FILE *edges = create("edges.csv");
    FILE *pairs = create("pairs.csv");
    uint64_t *calls = must(calloc(world->call_count, sizeof *calls));
    for (uint32_t i = 0; i < world->node_count; i++) {
        uint64_t row[WORLD_EDGES_PER_NODE];
        (void)fprintf(nodes, "%u,%s,%u\n", (unsigned)i, mvids[world_module_of(world, i)],
                      (unsigned)world_token_of(world, i));
        for (uint32_t k = 0; k < WORLD_EDGES_PER_NODE; k++) {
            row[k] = (uint64_t)i << 32 | world_callee(world, i, k);
        }
        write_pairs(edges, row, WORLD_EDGES_PER_NODE);
    }
    for (uint32_t i = 0; i < world->call_count; i++) {
        calls[i] = (uint64_t)world_caller_of(world, i) << 32 | world_callee_of(world, i);
    }
    write_pairs(pairs, calls, world->call_count);
    free(calls);
    finish(nodes);
    finish(edges);
    finish(pairs);
}

int main(int argc, char **argv)
{
    struct world world;
    uint32_t nodes = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : NODES_DEFAULT;
    if (argc < 2 || nodes < 1000 || nodes > 4 * NODES_DEFAULT
        || strlen(argv[1]) >= sizeof folder) {
        (void)fputs("usage: bench_merge_make DIRECTORY [NODES]\n", stderr);
        return EXIT_FAILURE;
    }
    (void)snprintf(folder, sizeof folder, "%s", argv[1]);
    for (unsigned i = 0; i < WORLD_MODULES; i++) {
        world_mvid(i, mvids[i]);
    }
    if (!world_make(&world, nodes)) {
        (void)fputs("bench_merge_make: no memory\n", stderr);
        return EXIT_FAILURE;
    }
    write_graph(&world);
    write_sides(&world);
    write_windows(&world);
    world_free(&world);
    return EXIT_SUCCESS;
}
