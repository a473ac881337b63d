/* SPDX-License-Identifier: Apache-2.0 */
/* Random documents: some of the functions of the world, and what stacks say of them. */
#include "base/filetime.h"
#include "merge/random_merge.h"
#include "support/check_main.h"
#include "windows/set_dump.h"

#include <stdio.h>
#include <string.h>

enum { FUNCTIONS_MAX = 20, SOURCES = 5, FRAMES_MAX = 6, PATHS_MAX = 6, SAMPLED_WELL = 3000 };

#define DAY_START UINT64_C(134321760000000000)
#define FIRST_BUILD "0f0e0d0c0b0a090807060504030201001"
#define OTHER_BUILD "ffffffffffffffffffffffffffffffff2"
#define LIB_BUILD "542D574Ec2000"
#define CORE_MVID "6d000000-0000-0000-0000-00000000000c"

/* --- the world: all that documents tell of, in the order of keys ------------------------------
 */

enum module { CORE, UNKNOWN, APP, APP_OTHER, LIB, KERNEL, MODULES };

static const struct ew_evidence_module modules[MODULES] = {
    {.key = "mvid:" CORE_MVID,
     .name = "System.Private.CoreLib.dll",
     .kind = EW_EVIDENCE_MANAGED,
     .mvid = CORE_MVID},
    {.key = "name:[unknown]", .name = "[unknown]"},
    {.key = "pdb:" FIRST_BUILD,
     .name = "App.dll",
     .kind = EW_EVIDENCE_MANAGED,
     .debug_id = FIRST_BUILD},
    {.key = "pdb:" OTHER_BUILD,
     .name = "App.dll",
     .kind = EW_EVIDENCE_MANAGED,
     .debug_id = OTHER_BUILD},
    {.key = "pe:" LIB_BUILD, .name = "lib.dll", .code_id = LIB_BUILD},
    {.key = "pe:6A000000e000",
     .name = "ntoskrnl.exe",
     .kind = EW_EVIDENCE_KERNEL,
     .code_id = "6A000000e000"},
};

#define METHOD(build, in, number, letter)                                                      \
    {                                                                                          \
        .key = "m:" build ":0600000" #number, .module = (in), .resolution = EW_RESOLVED_TOKEN, \
        .token = 0x06000000U + number, .name = "N.T." letter, .signature = "void  ()"          \
    }

static const char *const beta_aliases[] = {"gamma"};

static const struct ew_evidence_function functions[] = {
    {.key = "d:dynamicClass.lambda_method",
     .module = CORE,
     .resolution = EW_RESOLVED_DYNAMIC,
     .name = "dynamicClass.lambda_method",
     .flags = EW_FUNCTION_DYNAMIC},
    {.key = "i:name:[unknown]:B",
     .module = UNKNOWN,
     .resolution = EW_RESOLVED_SYMBOL,
     .name = "B"},
    METHOD(FIRST_BUILD, APP, 1, "A"),
    METHOD(FIRST_BUILD, APP, 2, "B"),
    METHOD(FIRST_BUILD, APP, 3, "C"),
    METHOD(FIRST_BUILD, APP, 4, "D"),
    METHOD(FIRST_BUILD, APP, 5, "E"),
    {.key = "m:" FIRST_BUILD ":06000011",
     .module = APP,
     .resolution = EW_RESOLVED_TOKEN,
     .token = 0x06000011,
     .name = "N.T+<A>d__1.MoveNext",
     .signature = "instance void  ()",
     .flags = EW_FUNCTION_ASYNC},
    {.key = "m:" CORE_MVID ":06000001",
     .module = CORE,
     .resolution = EW_RESOLVED_TOKEN,
     .token = 0x06000001,
     .name = "System.Threading.ThreadPoolWorkQueue.Dispatch",
     .signature = "bool  ()"},
    METHOD(OTHER_BUILD, APP_OTHER, 1, "A"),
    METHOD(OTHER_BUILD, APP_OTHER, 2, "B"),
    {.key = "n:" LIB_BUILD ":1000",
     .module = LIB,
     .resolution = EW_RESOLVED_PDB,
     .has_rva = true,
     .rva = 0x1000,
     .size_bytes = 0x40,
     .name = "alpha",
     .decorated = "?alpha@@YAXXZ"},
    {.key = "n:" LIB_BUILD ":2000",
     .module = LIB,
     .resolution = EW_RESOLVED_PDB,
     .has_rva = true,
     .rva = 0x2000,
     .name = "beta",
     .flags = EW_FUNCTION_FOLDED,
     .alias_count = 1,
     .aliases = beta_aliases},
    {.key = "n:6A000000e000:500",
     .module = KERNEL,
     .resolution = EW_RESOLVED_PDB,
     .has_rva = true,
     .rva = 0x500,
     .name = "KiX"},
    {.key = "s:name:[unknown]:main",
     .module = UNKNOWN,
     .resolution = EW_RESOLVED_SYMBOL,
     .name = "main"},
    {.key = "u:" LIB_BUILD ":3010",
     .module = LIB,
     .resolution = EW_RESOLVED_NOT,
     .has_rva = true,
     .rva = 0x3010},
    {.key = "x:" LIB_BUILD ":delta+8",
     .module = LIB,
     .resolution = EW_RESOLVED_EXPORT_NEAR,
     .has_rva = true,
     .rva = 0x1008,
     .name = "delta+0x8"},
};
enum { FUNCTIONS = sizeof functions / sizeof functions[0] };

static const struct ew_evidence_source sources[SOURCES] = {
    {.kind = EW_SOURCE_STACK_SAMPLE, .event_id = 46},
    {.kind = EW_SOURCE_STACK_EVENT, .provider = {{1}}, .event_id = 7},
    {.kind = EW_SOURCE_METHOD_PREPARE, .provider = {{2}}, .event_id = 143},
    {.kind = EW_SOURCE_METHOD_PREPARE, .provider = {{2}}, .event_id = 159},
    {.kind = EW_SOURCE_METHOD_PREPARE, .provider = {{2}}, .event_id = 185},
};

/* --- tables ----------------------------------------------------------------------------------
 */

struct tables {
    struct ew_evidence_module modules[MODULES];
    uint32_t place[MODULES]; /* of a module in them */
    struct ew_evidence_function functions[FUNCTIONS_MAX];
    struct ew_evidence_observation observations[FUNCTIONS_MAX * SOURCES];
    struct ew_evidence_edge edges[FUNCTIONS_MAX * FUNCTIONS_MAX];
    struct ew_evidence_path paths[PATHS_MAX];
    uint32_t frames[PATHS_MAX][FRAMES_MAX];
    struct ew_evidence_ambiguous ambiguous[2];
    const char *candidates[2][3];
    struct ew_evidence_process processes[1];
    struct ew_evidence_gap gaps[1];
};

static bool one_in(struct random *random, uint32_t count)
{
    return random_below(random, count) == 0;
}

/* What a forger says of a module: other ids beside those of its key, another kind. */
static void forge_module(struct random *random, struct ew_evidence_module *row)
{
    static const char *const mvids[] = {NULL, "6d000000-0000-0000-0000-00000000000c",
                                        "ff000000-0000-0000-0000-000000000001"};
    row->mvid = row->mvid != NULL ? row->mvid : mvids[random_below(random, 3)];
    row->kind = (enum ew_evidence_module_kind)random_below(random, EW_EVIDENCE_DYNAMIC + 1);
    row->sha256 = one_in(random, 3)
                      ? "00000000000000000000000000000000000000000000000000000000000000ff"
                      : NULL;
    row->name = one_in(random, 4) ? "evil.dll" : row->name;
}

static void draw_modules(struct random *random, struct ew_evidence *evidence,
                         struct tables *tables, bool forged)
{
    size_t count = 0;
    for (uint32_t i = 0; i < MODULES; i++) {
        if (one_in(random, 6)) {
            tables->place[i] = EW_INDEX_NONE;
            continue;
        }
        struct ew_evidence_module row = modules[i];
        row.loads = random_below(random, 2);
        row.samples = random_below(random, 3) > 0 ? random_below(random, 2 * SAMPLED_WELL) : 0;
        if (forged && one_in(random, 2)) {
            forge_module(random, &row);
        }
        tables->place[i] = (uint32_t)count;
        tables->modules[count++] = row;
    }
    evidence->modules = tables->modules;
    evidence->module_count = count;
}

/* What a forger says of a function whose key is somebody else's. */
static void forge_function(struct random *random, const struct ew_evidence *evidence,
                           struct ew_evidence_function *row)
{
    static const char *const names[] = {
        NULL, "N.T.E", "System.Threading.ThreadPoolWorkQueue.Dispatch", "zzz", "alpha"};
    switch (random_below(random, 7)) {
    case 0:
        row->name = names[random_below(random, 5)];
        break;
    case 1:
        row->flags ^= 1U << random_below(random, 8);
        break;
    case 2:
        row->resolution = (enum ew_resolution)random_below(random, EW_RESOLVED_SYMBOL + 1);
        break;
    case 3:
        row->module = random_below(random, (uint32_t)evidence->module_count);
        break;
    case 4:
        row->token = one_in(random, 2) ? 0 : 0x06000001U + random_below(random, 6);
        break;
    case 5:
        row->doc_id = "M:N.T.E";
        break;
    default:
        row->has_rva = true;
        row->rva = 0x1000 * (1 + (uint64_t)random_below(random, 3));
        break;
    }
}

static void draw_functions(struct random *random, struct ew_evidence *evidence,
                           struct tables *tables, bool forged)
{
    size_t count = 0;
    for (uint32_t i = 0; i < FUNCTIONS; i++) {
        struct ew_evidence_function row = functions[i];
        row.module = tables->place[row.module];
        if (row.module == EW_INDEX_NONE || one_in(random, 2)) {
            continue;
        }
        if (forged && one_in(random, 2)) {
            forge_function(random, evidence, &row);
        }
        tables->functions[count++] = row;
    }
    evidence->functions = tables->functions;
    evidence->function_count = count;
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
        for (uint32_t s = 0; s < evidence->source_count; s++) {
            if (one_in(random, 4)) {
                uint64_t hits = random_below(random, 9) + 1;
                uint64_t first = draw_time(random, evidence);
                struct ew_evidence_observation row = {
                    i, s, hits, hits - 1, hits / 2, first, first + random_below(random, 99)};
                tables->observations[count++] = row;
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
            if (one_in(random, 10)) {
                uint64_t first = draw_time(random, evidence);
                uint32_t kind = random_below(random, 9);
                uint32_t source = random_below(random, 2);
                uint32_t more_hits = random_below(random, 5);
                struct ew_evidence_edge row = {.from = from,
                                               .to = to,
                                               .source = source,
                                               .adjacency = kind > EW_ADJACENT_JIT_TAIL_CALL
                                                                ? EW_ADJACENT_FRAME
                                                                : (enum ew_adjacency)kind,
                                               .hits = 1 + more_hits,
                                               .first_100ns = first,
                                               .last_100ns = first + 1};
                tables->edges[count++] = row;
            }
        }
    }
    evidence->edges = tables->edges;
    evidence->edge_count = count;
}

/* Roots ascend, so the paths do. */
static void draw_paths(struct random *random, struct ew_evidence *evidence, struct tables *tables)
{
    size_t count = 0;
    for (uint32_t root = 0; root < evidence->function_count && count < PATHS_MAX; root++) {
        if (!one_in(random, 3)) {
            continue;
        }
        uint32_t length = 1 + random_below(random, FRAMES_MAX);
        uint64_t first = draw_time(random, evidence);
        tables->frames[count][0] = root;
        for (uint32_t i = 1; i < length; i++) {
            tables->frames[count][i] = random_below(random, (uint32_t)evidence->function_count);
        }
        bool complete = one_in(random, 2);
        uint32_t source = random_below(random, 2);
        uint32_t more_hits = random_below(random, 5);
        struct ew_evidence_path row = {.frames = tables->frames[count],
                                       .frame_count = length,
                                       .complete = complete,
                                       .source = source,
                                       .hits = 1 + more_hits,
                                       .first_100ns = first,
                                       .last_100ns = first};
        tables->paths[count++] = row;
    }
    evidence->paths = tables->paths;
    evidence->path_count = count;
}

/* Of keys that may be in no table; sometimes all the same, which is no ambiguity. */
static void draw_ambiguous(struct random *random, struct ew_evidence *evidence,
                           struct tables *tables)
{
    size_t count = random_below(random, 6) / 3;
    for (size_t i = 0; i < count; i++) {
        size_t candidates = 1 + random_below(random, 3);
        uint32_t first = random_below(random, FUNCTIONS);
        bool same = one_in(random, 4);
        for (size_t k = 0; k < candidates; k++) {
            uint32_t which = same ? first : random_below(random, FUNCTIONS);
            tables->candidates[i][k] = functions[which].key;
        }
        uint64_t hits = 1 + random_below(random, 9);
        enum ew_ambiguity reason = (enum ew_ambiguity)random_below(random, 4);
        struct ew_evidence_ambiguous row = {tables->candidates[i], candidates, hits, reason};
        tables->ambiguous[i] = row;
    }
    evidence->ambiguous = tables->ambiguous;
    evidence->ambiguous_count = count;
}

/* The first stream is whole, the others lose something. */
static void draw_quality(struct random *random, const struct document_plan *plan,
                         struct ew_evidence *evidence, struct tables *tables)
{
    struct ew_evidence_quality *quality = &evidence->quality;
    quality->stacks_total = random_below(random, 100);
    quality->frames_total = random_below(random, 100);
    quality->stacks_truncated = one_in(random, 4);
    quality->stacks_gapped = one_in(random, 4);
    quality->rundown = one_in(random, 6) ? EW_RUNDOWN_PARTIAL : EW_RUNDOWN_COMPLETE;
    quality->events_lost = plan->stream == 1 ? plan->to * 3 : 0;
    quality->dropped = plan->stream == 2 ? plan->to / 4 : 0;
    if (one_in(random, 8)) {
        struct ew_evidence_gap gap = {
            .from_sequence = plan->to, .to_sequence = plan->to, .reason = EW_GAP_CRASH};
        tables->gaps[0] = gap;
        evidence->gap_count = 1;
    }
    evidence->gaps = tables->gaps;
    struct ew_evidence_process process = {.start_key = 1,
                                          .process_id = 40,
                                          .image = EW_INDEX_NONE,
                                          .attached_at_start = plan->stream == 1};
    tables->processes[0] = process;
    evidence->processes = tables->processes;
    evidence->process_count = 1;
}

/* Two streams of one host, one of a container; a forger need not know whose they are. */
static void draw_owner(struct random *random, const struct document_plan *plan,
                       struct ew_evidence *evidence)
{
    evidence->host_id = plan->stream == 0 ? "h0" : "h1";
    evidence->container = plan->stream == 2 ? "c1" : NULL;
    evidence->subject_kind = plan->stream == 2 ? "application" : "host";
    evidence->subject_name = plan->stream == 2 ? "shop" : "host";
    if (plan->forged && one_in(random, 2)) {
        evidence->host_id = "h9";
        evidence->subject_name = "forged";
    }
    if (one_in(random, 8)) {
        (void)snprintf(evidence->previous, sizeof evidence->previous, "%064u",
                       (unsigned)plan->to);
    }
}

struct document random_evidence(struct random *random, const struct document_plan *plan)
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
        .reason = plan->from != plan->to ? EW_WINDOW_ROLLUP : EW_WINDOW_INTERVAL,
        .covers_from = plan->from != plan->to ? plan->from : 0,
        .covers_to = plan->from != plan->to ? plan->to : 0,
        .arch = "amd64",
        .sources = sources,
        .source_count = one_in(random, 2) ? 2 : SOURCES,
    };
    (void)snprintf(evidence.stream_id, sizeof evidence.stream_id, "%032u", plan->stream);
    draw_owner(random, plan, &evidence);
    do {
        draw_modules(random, &evidence, &tables, plan->forged);
    } while (evidence.module_count == 0);
    draw_functions(random, &evidence, &tables, plan->forged);
    draw_observations(random, &evidence, &tables);
    draw_edges(random, &evidence, &tables);
    draw_paths(random, &evidence, &tables);
    draw_ambiguous(random, &evidence, &tables);
    draw_quality(random, plan, &evidence, &tables);
    return write_document(&evidence);
}
