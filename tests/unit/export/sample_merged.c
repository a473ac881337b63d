/* SPDX-License-Identifier: Apache-2.0 */
/* Two windows of one stream and what a merge makes of them, by hand. */
#include "export/sample_merged.h"

#define SECOND UINT64_C(10000000)
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

#define MAIN_KEY "m:6d000000-0000-0000-0000-000000000001:06000001"
#define ADD_KEY "m:6d000000-0000-0000-0000-000000000001:06000002"
#define LOOP_KEY "n:542D574Ec2000:2000"
#define PARSE_KEY "n:542D574Ec2000:1000"
#define LOST_KEY "u:542D574Ec2000:3004"

/* --- windows ----------------------------------------------------------------- */

static const struct ew_evidence_source sources[] = {
    {.kind = EW_SOURCE_STACK_SAMPLE, .event_id = 46, .period_ns = 1000000},
    {.kind = EW_SOURCE_STACK_EVENT, .event_id = 36},
    {.kind = EW_SOURCE_METHOD_PREPARE, .event_id = 143},
};

static const struct ew_evidence_module modules[] = {
    {
        .key = "mvid:6d000000-0000-0000-0000-000000000001",
        .name = "Shop.dll",
        .kind = EW_EVIDENCE_MANAGED,
        .mvid = "6d000000-0000-0000-0000-000000000001",
        .debug_id = "6d0000000000000000000000000000aaffffffff",
        .path = "\\shop\\Shop.dll",
        .samples = 7,
    },
    {
        .key = "pe:542D574Ec2000",
        .name = "parse.dll",
        .kind = EW_EVIDENCE_NATIVE,
        .code_id = "542D574Ec2000",
        .samples = 7,
    },
};

static const struct ew_evidence_function functions[] = {
    {.key = MAIN_KEY,
     .resolution = EW_RESOLVED_TOKEN,
     .token = 0x06000001,
     .name = "Shop.Program.Main",
     .signature = "void  (class System.String[])"},
    {.key = ADD_KEY,
     .resolution = EW_RESOLVED_TOKEN,
     .token = 0x06000002,
     .name = "Shop.Cart.Add",
     .signature = "instance void  (int32)"},
    {.key = PARSE_KEY,
     .module = 1,
     .resolution = EW_RESOLVED_PDB,
     .has_rva = true,
     .rva = 0x1000,
     .size_bytes = 64,
     .name = "parse::value",
     .decorated = "?value@parse@@YAXXZ"},
    {.key = LOST_KEY, .module = 1, .resolution = EW_RESOLVED_NOT, .has_rva = true, .rva = 0x3004},
};

enum { MAIN, ADD, PARSE, LOST };

static const struct ew_evidence_observation first_observations[] = {
    {MAIN, 0, 7, 0, 5, EW_SAMPLE_TIME + SECOND, EW_SAMPLE_TIME + 9 * SECOND},
    {MAIN, 1, 1, 0, 1, EW_SAMPLE_TIME + 2 * SECOND, EW_SAMPLE_TIME + 2 * SECOND},
    {ADD, 0, 7, 0, 0, EW_SAMPLE_TIME + SECOND, EW_SAMPLE_TIME + 9 * SECOND},
    {ADD, 2, 1, 0, 0, EW_SAMPLE_TIME + SECOND, EW_SAMPLE_TIME + SECOND},
    {PARSE, 0, 7, 6, 0, EW_SAMPLE_TIME + SECOND, EW_SAMPLE_TIME + 9 * SECOND},
    {LOST, 0, 1, 1, 0, EW_SAMPLE_TIME + 3 * SECOND, EW_SAMPLE_TIME + 3 * SECOND},
};

static const struct ew_evidence_edge first_edges[] = {
    {MAIN, ADD, 0, EW_ADJACENT_FRAME, 7, EW_SAMPLE_TIME + SECOND, EW_SAMPLE_TIME + 9 * SECOND},
    {ADD, PARSE, 0, EW_ADJACENT_FRAME, 7, EW_SAMPLE_TIME + SECOND, EW_SAMPLE_TIME + 9 * SECOND},
};

static const uint32_t whole[] = {MAIN, ADD, PARSE};
static const uint32_t cut[] = {ADD, PARSE, LOST};
static const uint32_t outer[] = {MAIN, ADD};

static const struct ew_evidence_path first_paths[] = {
    {whole, 3, true, 0, 6, EW_SAMPLE_TIME + SECOND, EW_SAMPLE_TIME + 9 * SECOND},
    {cut, 3, false, 0, 1, EW_SAMPLE_TIME + 3 * SECOND, EW_SAMPLE_TIME + 3 * SECOND},
    {outer, 2, true, 1, 1, EW_SAMPLE_TIME + 2 * SECOND, EW_SAMPLE_TIME + 2 * SECOND},
};

/* The second window has functions of its own order, so that indexes differ. */
static const struct ew_evidence_function second_functions[] = {
    {.key = MAIN_KEY,
     .resolution = EW_RESOLVED_TOKEN,
     .token = 0x06000001,
     .name = "Shop.Program.Main"},
    {.key = ADD_KEY,
     .resolution = EW_RESOLVED_TOKEN,
     .token = 0x06000002,
     .name = "Shop.Cart.Add"},
    {.key = PARSE_KEY,
     .module = 1,
     .resolution = EW_RESOLVED_PDB,
     .has_rva = true,
     .rva = 0x1000,
     .name = "parse::value",
     .decorated = "?value@parse@@YAXXZ"},
};

static const struct ew_evidence_observation second_observations[] = {
    {MAIN, 0, 2, 0, 2, EW_SAMPLE_TIME + 301 * SECOND, EW_SAMPLE_TIME + 302 * SECOND},
    {ADD, 0, 2, 0, 0, EW_SAMPLE_TIME + 301 * SECOND, EW_SAMPLE_TIME + 302 * SECOND},
    {PARSE, 0, 2, 2, 0, EW_SAMPLE_TIME + 301 * SECOND, EW_SAMPLE_TIME + 302 * SECOND},
};

static const struct ew_evidence_path second_paths[] = {
    {whole, 3, true, 0, 2, EW_SAMPLE_TIME + 301 * SECOND, EW_SAMPLE_TIME + 302 * SECOND},
};

#define COMMON                                                                              \
    .producer_version = "0.1.0", .stream_id = "5f0c1e2d3b4a59687786958493a2b1c0",           \
    .sealed = true, .host_id = "recording", .arch = "amd64", .subject_kind = "application", \
    .subject_name = "shop", .sources = sources, .source_count = COUNT(sources)

static const struct ew_evidence first = {
    COMMON,
    .modules = modules,
    .module_count = COUNT(modules),
    .sequence = 1,
    .start_100ns = EW_SAMPLE_TIME,
    .end_100ns = EW_SAMPLE_TIME + 300 * SECOND,
    .container = "3e0b10f63ac7e2f0d04d2ea8c0a93ad8fd2a8dd1b7b90ae3bdbe7dbb0e9d1a2f",
    .functions = functions,
    .function_count = COUNT(functions),
    .observations = first_observations,
    .observation_count = COUNT(first_observations),
    .edges = first_edges,
    .edge_count = COUNT(first_edges),
    .paths = first_paths,
    .path_count = COUNT(first_paths),
};

static const struct ew_evidence second = {
    COMMON,
    .modules = modules,
    .module_count = COUNT(modules),
    .sequence = 2,
    .start_100ns = EW_SAMPLE_TIME + 300 * SECOND,
    .end_100ns = EW_SAMPLE_TIME + 600 * SECOND,
    .functions = second_functions,
    .function_count = COUNT(second_functions),
    .observations = second_observations,
    .observation_count = COUNT(second_observations),
    .paths = second_paths,
    .path_count = COUNT(second_paths),
};

static const struct ew_window windows[EW_SAMPLE_WINDOWS] = {
    {.evidence = &first,
     .sha256 = "1111111111111111111111111111111111111111111111111111111111111111",
     .covers_from = 1,
     .covers_to = 1},
    {.evidence = &second,
     .sha256 = "2222222222222222222222222222222222222222222222222222222222222222",
     .covers_from = 2,
     .covers_to = 2},
};

const struct ew_window *ew_sample_windows(void)
{
    return windows;
}

/* --- the worst names ----------------------------------------------------------- */

#define HOSTILE_A "a\"b\\c;d\ne\x01\x7f"
#define HOSTILE_B "\xff\xc3(\xed\xa0\x80;\xe2\x80\xa8\xc2\x85 \xc3\xa9"

static const struct ew_evidence_module hostile_modules[] = {
    {.key = "name:" HOSTILE_A, .name = HOSTILE_A, .kind = EW_EVIDENCE_NATIVE},
};

static const struct ew_evidence_function hostile_functions[] = {
    {.key = "x:" HOSTILE_A,
     .resolution = EW_RESOLVED_EXPORT,
     .name = HOSTILE_A,
     .decorated = HOSTILE_B},
    {.key = "x:" HOSTILE_B, .resolution = EW_RESOLVED_EXPORT, .name = HOSTILE_B},
};

static const struct ew_evidence_observation hostile_observations[] = {
    {0, 0, 1, 0, 1, EW_SAMPLE_TIME, EW_SAMPLE_TIME},
    {1, 0, 1, 1, 0, EW_SAMPLE_TIME, EW_SAMPLE_TIME},
};

static const uint32_t hostile_frames[] = {0, 1};
static const struct ew_evidence_path hostile_paths[] = {
    {hostile_frames, 2, true, 0, 1, EW_SAMPLE_TIME, EW_SAMPLE_TIME},
};

static const struct ew_evidence hostile = {
    COMMON,
    .sequence = 1,
    .start_100ns = EW_SAMPLE_TIME,
    .end_100ns = EW_SAMPLE_TIME + 300 * SECOND,
    .container = HOSTILE_B,
    .modules = hostile_modules,
    .module_count = COUNT(hostile_modules),
    .functions = hostile_functions,
    .function_count = COUNT(hostile_functions),
    .observations = hostile_observations,
    .observation_count = COUNT(hostile_observations),
    .paths = hostile_paths,
    .path_count = COUNT(hostile_paths),
};

static const struct ew_window hostile_window = {
    .evidence = &hostile,
    .sha256 = "3333333333333333333333333333333333333333333333333333333333333333",
    .covers_from = 1,
    .covers_to = 1,
};

const struct ew_window *ew_hostile_window(void)
{
    return &hostile_window;
}

/* --- merges --------------------------------------------------------------------- */

static const char graph_texts[] = "\0graph-1\0analyzer\0001.0";
static const struct ew_graph graph = {
    .texts = graph_texts,
    .text_bytes = sizeof graph_texts,
    .graph_id = 1,
    .analyzer_name = 9,
    .analyzer_version = 18,
    .closed = true,
};
static const struct ew_graph *const graphs[] = {&graph};

static const struct ew_reach_build builds[] = {
    {.name = "Shop.dll", .mvid = "6d000000-0000-0000-0000-000000000001"},
    {.name = "parse.dll", .code_id = "542D574Ec2000", .purl = "pkg:nuget/Parse.Native@1.2.3"},
};

static const struct ew_reach_claim claims[] = {
    {.graph = 0, .claim = EW_STATIC_REACHABLE, .tier = 1, .build_match = true},
    {.graph = 0, .claim = EW_STATIC_UNREACHABLE, .tier = 2, .build_match = true},
    {.graph = 0, .claim = EW_STATIC_REACHABLE},
};

static const char *const vulnerabilities[] = {"CVE-2026-0001"};

static const struct ew_reach_node nodes[] = {
    {.key = "g:00000000000000aa:sym:dotnet:idle",
     .id = "sym:dotnet:idle",
     .name = "Shop.Idle.Never",
     .module = "Shop.dll",
     .build = 0,
     .scope = EW_GRAPH_NONE,
     .state = {EW_STATIC_REACHABLE, EW_RUNTIME_UNKNOWN},
     .confidence_claimed = 900,
     .entry_kinds = 1U << EW_ENTRY_HTTP | 1U << EW_ENTRY_EVENT | 1U << EW_ENTRY_CALLBACK,
     .first_claim = 2,
     .claim_count = 1},
    {.key = MAIN_KEY,
     .id = "sym:dotnet:main",
     .name = "Shop.Program.Main",
     .module = "Shop.dll",
     .build = 0,
     .scope = EW_GRAPH_NONE,
     .token = 0x06000001,
     .state = {EW_STATIC_REACHABLE, EW_RUNTIME_OBSERVED},
     .confidence_claimed = 1000,
     .confidence_observed = 1000,
     .augmented_reachable = true,
     .first_claim = 0,
     .claim_count = 1},
    {.key = ADD_KEY,
     .name = "Shop.Cart.Add",
     .module = "Shop.dll",
     .build = 0,
     .scope = EW_GRAPH_NONE,
     .token = 0x06000002,
     .state = {EW_STATIC_UNKNOWN, EW_RUNTIME_OBSERVED},
     .confidence_observed = 1000,
     .augmented_reachable = true},
    {.key = PARSE_KEY,
     .id = "sym:binary:parse",
     .name = "parse::value",
     .module = "parse.dll",
     .decorated = "?value@parse@@YAXXZ",
     .build = 1,
     .scope = EW_GRAPH_NONE,
     .has_rva = true,
     .rva = 0x1000,
     .state = {EW_STATIC_UNREACHABLE, EW_RUNTIME_OBSERVED},
     .confidence_claimed = 950,
     .confidence_observed = 950,
     .augmented_reachable = true,
     .target = true,
     .first_vulnerability = 0,
     .vulnerability_count = 1,
     .first_claim = 1,
     .claim_count = 1},
    {.key = LOOP_KEY,
     .name = "loop",
     .module = "parse.dll",
     .build = 1,
     .scope = EW_GRAPH_NONE,
     .state = {EW_STATIC_UNKNOWN, EW_RUNTIME_MAYBE},
     .maybe = true},
};

static const struct ew_reach_edge edges[] = {
    {.from = 1,
     .to = 0,
     .state = {EW_STATIC_REACHABLE, EW_RUNTIME_UNKNOWN},
     .edge_class = EW_CLASS_STATIC_ONLY,
     .confidence_claimed = 900},
    {.from = 1,
     .to = 2,
     .state = {EW_STATIC_UNKNOWN, EW_RUNTIME_OBSERVED},
     .edge_class = EW_CLASS_RUNTIME_ONLY,
     .confidence_observed = 1000},
    {.from = 2,
     .to = 3,
     .state = {EW_STATIC_UNREACHABLE, EW_RUNTIME_OBSERVED},
     .edge_class = EW_CLASS_CONTRADICTION,
     .confidence_claimed = 950,
     .confidence_observed = 950},
};

static const struct ew_reach_conflict conflicts[] = {
    {EW_CONFLICT_STATIC_CONTRADICTED, 0, EW_GRAPH_NONE, 2,
     "Shop.Cart.Add was seen calling parse::value.", "Add the edge with reason runtime-observed.",
     9},
    {EW_CONFLICT_ENTRYPOINT_MISSING, 0, 1, EW_GRAPH_NONE,
     "Shop.Program.Main begins stacks and is no entry point.", "Make it one.", 1},
};

static const struct ew_merged merged = {
    .documents_digest = "sha256:"
                        "4444444444444444444444444444444444444444444444444444444444444444",
    .graphs = graphs,
    .graph_count = COUNT(graphs),
    .builds = builds,
    .build_count = COUNT(builds),
    .nodes = nodes,
    .node_count = COUNT(nodes),
    .edges = edges,
    .edge_count = COUNT(edges),
    .claims = claims,
    .claim_count = COUNT(claims),
    .conflicts = conflicts,
    .conflict_count = COUNT(conflicts),
    .vulnerabilities = vulnerabilities,
    .vulnerability_count = COUNT(vulnerabilities),
};

const struct ew_merged *ew_sample_merged(void)
{
    return &merged;
}

static const struct ew_reach_node hostile_nodes[] = {
    {.key = "x:" HOSTILE_A,
     .name = HOSTILE_A,
     .module = HOSTILE_A,
     .decorated = HOSTILE_B,
     .build = EW_GRAPH_NONE,
     .scope = EW_GRAPH_NONE,
     .target = true,
     .state = {EW_STATIC_UNKNOWN, EW_RUNTIME_OBSERVED}},
    {.key = "x:" HOSTILE_B,
     .id = HOSTILE_B,
     .name = HOSTILE_B,
     .build = EW_GRAPH_NONE,
     .scope = EW_GRAPH_NONE,
     .state = {EW_STATIC_UNKNOWN, EW_RUNTIME_OBSERVED}},
};

static const struct ew_reach_edge hostile_edges[] = {
    {.from = 0,
     .to = 1,
     .state = {EW_STATIC_UNKNOWN, EW_RUNTIME_OBSERVED},
     .edge_class = EW_CLASS_RUNTIME_ONLY,
     .confidence_observed = 1000},
};

static const struct ew_reach_conflict hostile_conflicts[] = {
    {EW_CONFLICT_RUNTIME_ONLY_EDGE, EW_GRAPH_NONE, EW_GRAPH_NONE, 0, HOSTILE_A, HOSTILE_B, 1},
};

static const struct ew_merged hostile_merge = {
    .documents_digest = "sha256:"
                        "5555555555555555555555555555555555555555555555555555555555555555",
    .nodes = hostile_nodes,
    .node_count = COUNT(hostile_nodes),
    .edges = hostile_edges,
    .edge_count = COUNT(hostile_edges),
    .conflicts = hostile_conflicts,
    .conflict_count = COUNT(hostile_conflicts),
};

const struct ew_merged *ew_hostile_merged(void)
{
    return &hostile_merge;
}
