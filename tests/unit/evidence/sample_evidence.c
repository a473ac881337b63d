/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence that the tests of this stage share. */
#include "evidence/sample_evidence.h"

#include "base/filetime.h"

#include <string.h>

#define SECOND EW_FILETIME_SECOND
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const struct ew_evidence_source sources[] = {
    {.kind = EW_SOURCE_STACK_SAMPLE,
     .provider = {{0xb4, 0xbf, 0x1d, 0xce, 0x7e, 0x13, 0xa6, 0x4d, 0x87, 0xb0, 0x3f, 0x59, 0xaa,
                   0x10, 0x2c, 0xbc}},
     .event_id = 46,
     .period_ns = 1000000},
    {.kind = EW_SOURCE_STACK_SAMPLE, .event_id = 46},
    {.kind = EW_SOURCE_STACK_EVENT, .provider = {{1}}, .event_id = 65535},
};

static const struct ew_evidence_process processes[] = {
    {.process_id = 4,
     .start_key = 1,
     .start_100ns = 1,
     .image = EW_INDEX_NONE,
     .attached_at_start = true},
    {.process_id = 5120,
     .start_key = UINT64_C(0xfedcba9876543210),
     .start_100ns = EW_SAMPLE_START + SECOND,
     .end_100ns = EW_SAMPLE_START + 2 * SECOND,
     .image = 3},
};

static const struct ew_evidence_module modules[] = {
    {.key = "mvid:bf769014-c2e2-496a-93b7-76fbbcd04be5",
     .name = "Contoso.Orders.dll",
     .kind = EW_EVIDENCE_MANAGED,
     .debug_id = "497b72f6390a44fc878e5a2d63b6cc4bffffffff",
     .loads = 1,
     .samples = 4210},
    {.key = "name:dynamic", .name = "dynamic", .kind = EW_EVIDENCE_DYNAMIC},
    {.key = "name:ntoskrnl.exe", .name = "ntoskrnl.exe", .kind = EW_EVIDENCE_KERNEL},
    {.key = "pe:542D574Ec2000",
     .name = "\xc3\x84pfel \"quoted\" \\ \x01.exe",
     .kind = EW_EVIDENCE_NATIVE,
     .code_id = "542D574Ec2000",
     .path = "%SystemDrive%\\apps\\x.exe",
     .samples = EW_JSON_INTEGER_MAX,
     .loads = EW_JSON_INTEGER_MAX},
    {.key = "pe:542D574Ec2001", .name = "aot.exe", .kind = EW_EVIDENCE_NATIVE_AOT},
};

static const struct ew_evidence_function functions[] = {
    {.key = "d:a", .module = 1, .resolution = EW_RESOLVED_DYNAMIC, .flags = 0xff},
    {.key = "m:b",
     .module = 0,
     .resolution = EW_RESOLVED_TOKEN,
     .token = 0x060000a1,
     .name = "Contoso.Orders.OrderController.Post",
     .signature = "class System.String (class System.String)",
     .flags = EW_FUNCTION_GENERIC},
    {.key = "m:c", .module = 0, .resolution = EW_RESOLVED_JIT, .token = 0x06ffffff},
    {.key = "m:d", .module = 0, .resolution = EW_RESOLVED_R2R_MAP, .token = 0x06000001},
    {.key = "u:e", .module = 2, .resolution = EW_RESOLVED_NOT, .has_rva = true, .rva = 0},
    {.key = "u:f", .module = 3, .resolution = EW_RESOLVED_PDB, .has_rva = true, .rva = 4096},
    {.key = "u:g", .module = 3, .resolution = EW_RESOLVED_EXPORT, .name = "g"},
    {.key = "u:h",
     .module = 3,
     .resolution = EW_RESOLVED_EXPORT_NEAR,
     .has_rva = true,
     .rva = EW_JSON_INTEGER_MAX},
};

static const struct ew_evidence_observation observations[] = {
    {0, 0, 1, 0, 1, EW_SAMPLE_START, EW_SAMPLE_START},
    {0, 1, 10, 10, 0, EW_SAMPLE_START + 1, EW_SAMPLE_START + 99},
    {7, 2, EW_JSON_INTEGER_MAX, 100, 105, EW_SAMPLE_START + 43200 * SECOND,
     EW_SAMPLE_START + 86399 * SECOND + 9999999},
};

static const struct ew_evidence_edge edges[] = {
    {0, 1, 0, EW_ADJACENT_BRIDGE, 1, EW_SAMPLE_START, EW_SAMPLE_START + 1},
    {0, 1, 0, EW_ADJACENT_FRAME, 17, EW_SAMPLE_START + 11234567, EW_SAMPLE_START + 2980000001},
    {0, 1, 0, EW_ADJACENT_INLINE, 9, EW_SAMPLE_START, EW_SAMPLE_START},
    {0, 1, 0, EW_ADJACENT_JIT_INLINE, 10, EW_SAMPLE_START, EW_SAMPLE_START},
    {0, 1, 0, EW_ADJACENT_JIT_TAIL_CALL, 99, EW_SAMPLE_START, EW_SAMPLE_START},
    {0, 1, 2, EW_ADJACENT_BRIDGE, 100, EW_SAMPLE_START, EW_SAMPLE_START},
    {0, 7, 0, EW_ADJACENT_FRAME, 1000, EW_SAMPLE_START, EW_SAMPLE_START},
    {7, 0, 0, EW_ADJACENT_FRAME, EW_JSON_INTEGER_MAX, EW_SAMPLE_START,
     EW_SAMPLE_START + 86400 * SECOND},
};

static const uint32_t frames[] = {0, 1, 7};

static const struct ew_evidence_path paths[] = {
    {frames, 1, false, 0, 1, EW_SAMPLE_START, EW_SAMPLE_START},
    {frames, 3, false, 0, 2, EW_SAMPLE_START, EW_SAMPLE_START},
    {frames, 3, true, 0, 3, EW_SAMPLE_START, EW_SAMPLE_START + 1},
    {frames, 3, true, 2, 4, EW_SAMPLE_START, EW_SAMPLE_START + 1},
    {frames + 1, 1, true, 0, 5, EW_SAMPLE_START, EW_SAMPLE_START + 2},
};

struct ew_evidence ew_sample_minimal(void)
{
    struct ew_evidence evidence = {
        .producer_version = "0.1.0",
        .stream_id = "5f0c1e2d3b4a59687786958493a2b1c0",
        .sequence = 1,
        .start_100ns = EW_SAMPLE_START,
        .end_100ns = EW_SAMPLE_START + 300 * SECOND,
        .reason = EW_WINDOW_INTERVAL,
        .host_id = "recording",
        .arch = "amd64",
        .subject_kind = "host",
        .subject_name = "recording",
        .sources = sources,
        .source_count = 1,
    };
    return evidence;
}

static void fill_tables(struct ew_evidence *evidence)
{
    evidence->sources = sources;
    evidence->source_count = COUNT(sources);
    evidence->processes = processes;
    evidence->process_count = COUNT(processes);
    evidence->modules = modules;
    evidence->module_count = COUNT(modules);
    evidence->functions = functions;
    evidence->function_count = COUNT(functions);
    evidence->observations = observations;
    evidence->observation_count = COUNT(observations);
    evidence->edges = edges;
    evidence->edge_count = COUNT(edges);
    evidence->paths = paths;
    evidence->path_count = COUNT(paths);
}

struct ew_evidence ew_sample_maximal(void)
{
    struct ew_evidence evidence = ew_sample_minimal();
    fill_tables(&evidence);
    evidence.config_digest =
        "sha256:0000000000000000000000000000000000000000000000000000000000000001";
    evidence.sequence = 999999999999;
    evidence.revision = 999;
    evidence.sealed = true;
    memset(evidence.previous, 'a', sizeof evidence.previous - 1);
    evidence.end_100ns = EW_FILETIME_MAX;
    evidence.reason = EW_WINDOW_PROCESS_EXIT;
    evidence.boot_id = UINT64_C(0x01dcf1a2b3c4d5e6);
    evidence.os_build = "10.0.26100.1";
    evidence.container = "3f2c4a5e-0d8b-4c1f-9e7a-6b5c4d3e2f10";
    evidence.subject_kind = "application";
    evidence.subject_name = "orders";
    struct ew_evidence_quality quality = {
        .events_lost = 1,
        .buffers_lost = 2,
        .lost_event_records = 3,
        .decode_refused = 4,
        .damaged_buffers = 5,
        .stacks_total = 6,
        .stacks_truncated = 7,
        .stacks_gapped = 8,
        .stacks_kernel_only = 9,
        .stacks_orphan = 10,
        .stacks_key_undefined = 11,
        .stacks_late = 12,
        .frames_total = 13,
        .frames_exact = 14,
        .frames_named = 15,
        .frames_unresolved = 16,
        .frames_no_module = 17,
        .dropped = EW_JSON_INTEGER_MAX,
        .throttled = true,
        .rundown = EW_RUNDOWN_PARTIAL,
    };
    evidence.quality = quality;
    return evidence;
}
