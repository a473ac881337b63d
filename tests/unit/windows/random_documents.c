/* SPDX-License-Identifier: Apache-2.0 */
/* Small documents of a few streams, random but the same for the same seed. */
#include "windows/random_documents.h"

#include "base/filetime.h"
#include "windows/set_dump.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FUNCTIONS = 6, SOURCES = 2, PATHS_MAX = 3 };

#define DAY_START UINT64_C(134321760000000000)

uint32_t random_below(struct random *random, uint32_t below)
{
    random->state = random->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((random->state >> 33) % below);
}

static bool collect(void *context, const void *bytes, size_t byte_count)
{
    struct document *out = context;
    char *grown = realloc(out->bytes, out->byte_count + byte_count + 1);
    MUST(grown != NULL);
    out->bytes = grown;
    memcpy(grown + out->byte_count, bytes, byte_count);
    out->byte_count += byte_count;
    grown[out->byte_count] = '\0';
    return true;
}

struct document write_document(const struct ew_evidence *evidence)
{
    struct ew_error error = {0};
    struct document document = {.to = evidence->sequence, .revision = evidence->revision};
    document.from = evidence->covers_to != 0 ? evidence->covers_from : document.to;
    memcpy(document.stream, evidence->stream_id, sizeof document.stream);
    MUST(ew_evidence_write(evidence, collect, &document, &error) == EW_OK);
    return document;
}

void free_document(struct document *document)
{
    free(document->bytes);
    document->bytes = NULL;
}

/* --- tables ----------------------------------------------------------------------------------
 */

struct tables {
    struct ew_evidence_function functions[FUNCTIONS];
    struct ew_evidence_observation observations[FUNCTIONS * SOURCES];
    struct ew_evidence_edge edges[FUNCTIONS * FUNCTIONS];
    struct ew_evidence_path paths[PATHS_MAX];
    struct ew_evidence_detail details[1];
    struct ew_evidence_process processes[2];
};

static const struct ew_evidence_source sources[SOURCES] = {
    {.kind = EW_SOURCE_STACK_SAMPLE, .event_id = 46},
    {.kind = EW_SOURCE_STACK_EVENT, .provider = {{1}}, .event_id = 7},
};

static const struct ew_evidence_module modules[] = {
    {.key = "name:a", .name = "a", .samples = 3, .loads = 1},
    {.key = "name:b", .name = "b", .samples = 2},
};

static const char *const keys[FUNCTIONS] = {"u:a", "u:b", "u:c", "u:d", "u:e", "u:f"};

static const uint32_t frames[] = {0, 1, 2, 3, 4, 5};

/* Some of the keys, so that documents have others in common. */
static size_t draw_functions(struct random *random, struct tables *tables)
{
    size_t count = 0;
    for (size_t i = 0; i < FUNCTIONS; i++) {
        if (random_below(random, 3) > 0) {
            struct ew_evidence_function function = {
                .key = keys[i], .module = i % 2, .resolution = EW_RESOLVED_NOT, .name = keys[i]};
            tables->functions[count++] = function;
        }
    }
    return count;
}

static uint64_t draw_time(struct random *random, const struct ew_evidence *evidence)
{
    uint64_t length = evidence->end_100ns - evidence->start_100ns;
    return evidence->start_100ns + length / 2 + random_below(random, 1000);
}

static void draw_observations(struct random *random, struct ew_evidence *evidence,
                              struct tables *tables)
{
    size_t count = 0;
    for (uint32_t i = 0; i < evidence->function_count; i++) {
        for (uint32_t s = 0; s < SOURCES; s++) {
            if (random_below(random, 2) == 0) {
                uint64_t hits = random_below(random, 9) + 1;
                uint64_t first = draw_time(random, evidence);
                struct ew_evidence_observation seen = {
                    i, s, hits, hits - 1, hits / 2, first, first + random_below(random, 99)};
                tables->observations[count++] = seen;
            }
        }
    }
    evidence->observations = tables->observations;
    evidence->observation_count = count;
}

static void draw_edges(struct random *random, struct ew_evidence *evidence, struct tables *tables)
{
    size_t count = 0;
    for (uint32_t from = 0; from < evidence->function_count; from++) {
        for (uint32_t to = 0; to < evidence->function_count; to++) {
            if (random_below(random, 4) == 0) {
                uint64_t first = draw_time(random, evidence);
                struct ew_evidence_edge edge = {
                    from,  to,       random_below(random, SOURCES), EW_ADJACENT_FRAME, 7,
                    first, first + 1};
                tables->edges[count++] = edge;
            }
        }
    }
    evidence->edges = tables->edges;
    evidence->edge_count = count;
}

/* One path that begins with the first function, and longer ones after it. */
static void draw_paths(struct random *random, struct ew_evidence *evidence, struct tables *tables)
{
    uint32_t count = 0;
    while (count < PATHS_MAX && count < evidence->function_count && random_below(random, 3) > 0) {
        uint64_t first = draw_time(random, evidence);
        struct ew_evidence_path path = {frames, count + 1, count % 2 == 0, 0, 2, first, first};
        tables->paths[count++] = path;
    }
    evidence->paths = tables->paths;
    evidence->path_count = count;
}

static void draw_details(struct random *random, struct ew_evidence *evidence,
                         struct tables *tables)
{
    static const uint32_t both[] = {0, 1};
    static const uint64_t sites[] = {16, 32};
    tables->processes[0].start_key = 1;
    tables->processes[0].process_id = 40;
    tables->processes[0].image = 1;
    tables->processes[1].start_key = random_below(random, 2) + 2;
    tables->processes[1].process_id = 44;
    tables->processes[1].image = EW_INDEX_NONE;
    evidence->processes = tables->processes;
    evidence->process_count = 2;
    if (evidence->edge_count == 0) {
        return;
    }
    uint32_t row = random_below(random, (uint32_t)evidence->edge_count);
    uint32_t process_count = random_below(random, 2) + 1;
    uint32_t site_count = random_below(random, 2) + 1;
    struct ew_evidence_detail detail = {.row = row,
                                        .process_count = process_count,
                                        .processes = both,
                                        .site_count = site_count,
                                        .sites = sites};
    tables->details[0] = detail;
    evidence->edge_details = tables->details;
    evidence->edge_detail_count = 1;
}

static void draw_quality(struct random *random, const struct document_plan *plan,
                         struct ew_evidence_quality *quality)
{
    quality->events_lost = plan->to * 3;
    quality->dropped = plan->to / 4;
    quality->stacks_total = random_below(random, 100);
    quality->frames_total = random_below(random, 100);
    quality->rundown = (enum ew_rundown)random_below(random, 3);
}

struct document random_document(struct random *random, const struct document_plan *plan)
{
    struct tables tables;
    memset(&tables, 0, sizeof tables);
    struct ew_evidence evidence = {
        .producer_version = "0.1.0",
        .sequence = plan->to,
        .revision = plan->revision,
        .sealed = plan->sealed,
        .start_100ns = DAY_START + plan->from * EW_FILETIME_SECOND,
        .end_100ns = DAY_START + (plan->to + 1) * EW_FILETIME_SECOND,
        .reason = EW_WINDOW_INTERVAL,
        .host_id = "h",
        .arch = "amd64",
        .subject_kind = "host",
        .subject_name = "host",
        .sources = sources,
        .source_count = SOURCES,
        .modules = modules,
        .module_count = 2,
    };
    (void)snprintf(evidence.stream_id, sizeof evidence.stream_id, "%032u", plan->stream);
    if (plan->from != plan->to) {
        evidence.covers_from = plan->from;
        evidence.covers_to = plan->to;
        evidence.reason = EW_WINDOW_ROLLUP;
    }
    evidence.functions = tables.functions;
    evidence.function_count = draw_functions(random, &tables);
    draw_observations(random, &evidence, &tables);
    draw_edges(random, &evidence, &tables);
    draw_paths(random, &evidence, &tables);
    draw_details(random, &evidence, &tables);
    draw_quality(random, plan, &evidence.quality);
    return write_document(&evidence);
}
