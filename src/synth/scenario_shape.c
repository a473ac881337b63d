/* SPDX-License-Identifier: Apache-2.0 */
/* The members of a scenario: names, types, limits, defaults. */
#include "etwitness/limits.h"
#include "synth/scenario.h"

#define MS_MAX UINT64_C(86400000) /* a day */
#define U32_MAX UINT64_C(0xffffffff)
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define SHAPE(type, members)                  \
    {                                         \
        members, COUNT(members), sizeof(type) \
    }

#define NUMBER(struct_type, json_name, field, low, high, value)                            \
    {                                                                                      \
        .name = json_name, .type = EW_MEMBER_UINT, .offset = offsetof(struct_type, field), \
        .min = low, .max = high, .preset = value                                           \
    }
#define NUMBER_NEEDED(struct_type, json_name, field, low, high)         \
    {                                                                   \
        .name = json_name, .type = EW_MEMBER_UINT, .required = true,    \
        .offset = offsetof(struct_type, field), .min = low, .max = high \
    }
#define MILLISECONDS(struct_type, json_name, field) \
    NUMBER(struct_type, json_name, field, 0, MS_MAX, EW_AT_NONE)
#define TEXT(struct_type, json_name, field, value)                                         \
    {                                                                                      \
        .name = json_name, .type = EW_MEMBER_TEXT, .offset = offsetof(struct_type, field), \
        .text_preset = value                                                               \
    }
#define NEEDED(struct_type, json_name, field, member_type)        \
    {                                                             \
        .name = json_name, .type = member_type, .required = true, \
        .offset = offsetof(struct_type, field)                    \
    }
#define FLAG(struct_type, json_name, field)                                               \
    {                                                                                     \
        .name = json_name, .type = EW_MEMBER_BOOL, .offset = offsetof(struct_type, field) \
    }
#define NAMED(struct_type, json_name, field, texts)                                         \
    {                                                                                       \
        .name = json_name, .type = EW_MEMBER_NAMED, .offset = offsetof(struct_type, field), \
        .names = texts                                                                      \
    }
#define NESTED(struct_type, json_name, field, member_type, of)                          \
    {                                                                                   \
        .name = json_name, .type = member_type, .offset = offsetof(struct_type, field), \
        .shape = of                                                                     \
    }

static const char *const module_kinds[] = {"native", "managed", "kernel", "dynamic", NULL};
static const char *const loss_kinds[] = {"event", "buffer", "backupFile", NULL};

/* In the order of bits 7 to 9 of MethodFlags (reference etw.md 3.7.2). */
static const char *const tiers[] = {
    "unknown",           "minOptJitted", "optimized",         "quickJitted", "optimizedTier1",
    "optimizedTier1Osr", "instrumented", "instrumentedTier1", NULL,
};

static const struct ew_member pdb_members[] = {
    NEEDED(struct ew_synth_pdb, "name", name, EW_MEMBER_TEXT),
    NEEDED(struct ew_synth_pdb, "guid", guid, EW_MEMBER_GUID),
    NUMBER(struct ew_synth_pdb, "age", age, 0, U32_MAX, 1),
};
static const struct ew_shape pdb_shape = SHAPE(struct ew_synth_pdb, pdb_members);

static const struct ew_member function_members[] = {
    NEEDED(struct ew_synth_function, "name", name, EW_MEMBER_TEXT),
    NUMBER_NEEDED(struct ew_synth_function, "rva", rva, 0, U32_MAX),
    NUMBER(struct ew_synth_function, "size", size, 1, U32_MAX, 256),
};
static const struct ew_shape function_shape = SHAPE(struct ew_synth_function, function_members);

static const struct ew_member module_members[] = {
    TEXT(struct ew_synth_module, "id", id, NULL),
    NEEDED(struct ew_synth_module, "name", name, EW_MEMBER_TEXT),
    TEXT(struct ew_synth_module, "path", path, NULL),
    NAMED(struct ew_synth_module, "kind", kind, module_kinds),
    NUMBER(struct ew_synth_module, "base", base, 0, UINT64_MAX, 0),
    NUMBER(struct ew_synth_module, "size", size, 1, U32_MAX, 65536),
    NUMBER(struct ew_synth_module, "timestamp", timestamp, 0, U32_MAX, 0),
    NUMBER(struct ew_synth_module, "checksum", checksum, 0, U32_MAX, 0),
    NESTED(struct ew_synth_module, "pdb", pdb, EW_MEMBER_OBJECT, &pdb_shape),
    NESTED(struct ew_synth_module, "functions", functions, EW_MEMBER_LIST, &function_shape),
};
static const struct ew_shape module_shape = SHAPE(struct ew_synth_module, module_members);

static const struct ew_member container_members[] = {
    NEEDED(struct ew_synth_container, "name", name, EW_MEMBER_TEXT),
    NEEDED(struct ew_synth_container, "id", id, EW_MEMBER_GUID),
};
static const struct ew_shape container_shape =
    SHAPE(struct ew_synth_container, container_members);

static const struct ew_member image_members[] = {
    NEEDED(struct ew_synth_image, "module", module_name, EW_MEMBER_TEXT),
    NUMBER(struct ew_synth_image, "base", base, 0, UINT64_MAX, 0),
    MILLISECONDS(struct ew_synth_image, "loadMs", load_ms),
    MILLISECONDS(struct ew_synth_image, "unloadMs", unload_ms),
};
static const struct ew_shape image_shape = SHAPE(struct ew_synth_image, image_members);

static const struct ew_member body_members[] = {
    MILLISECONDS(struct ew_synth_body, "atMs", at_ms),
    MILLISECONDS(struct ew_synth_body, "untilMs", until_ms),
    NUMBER(struct ew_synth_body, "address", address, 0, UINT64_MAX, 0),
    NUMBER(struct ew_synth_body, "size", size, 2, EW_METHOD_BYTES_MAX, 256),
    NAMED(struct ew_synth_body, "tier", tier, tiers),
};
static const struct ew_shape body_shape = SHAPE(struct ew_synth_body, body_members);

static const struct ew_member method_members[] = {
    TEXT(struct ew_synth_method, "id", id, NULL),
    NEEDED(struct ew_synth_method, "type", type_name, EW_MEMBER_TEXT),
    NEEDED(struct ew_synth_method, "name", name, EW_MEMBER_TEXT),
    TEXT(struct ew_synth_method, "signature", signature, "void  ()"),
    NUMBER(struct ew_synth_method, "token", token, 0, U32_MAX, 0),
    NUMBER(struct ew_synth_method, "flags", flags, 0, U32_MAX, 8),
    NESTED(struct ew_synth_method, "bodies", bodies, EW_MEMBER_LIST, &body_shape),
};
static const struct ew_shape method_shape = SHAPE(struct ew_synth_method, method_members);

static const struct ew_member managed_members[] = {
    NEEDED(struct ew_synth_managed, "module", module_name, EW_MEMBER_TEXT),
    MILLISECONDS(struct ew_synth_managed, "loadMs", load_ms),
    MILLISECONDS(struct ew_synth_managed, "unloadMs", unload_ms),
    NESTED(struct ew_synth_managed, "methods", methods, EW_MEMBER_LIST, &method_shape),
};
static const struct ew_shape managed_shape = SHAPE(struct ew_synth_managed, managed_members);

static const struct ew_member thread_members[] = {
    NUMBER_NEEDED(struct ew_synth_thread, "id", id, 0, U32_MAX - 1),
    TEXT(struct ew_synth_thread, "name", name, ""),
    MILLISECONDS(struct ew_synth_thread, "startMs", start_ms),
    MILLISECONDS(struct ew_synth_thread, "exitMs", exit_ms),
};
static const struct ew_shape thread_shape = SHAPE(struct ew_synth_thread, thread_members);

static const struct ew_member stack_members[] = {
    NUMBER(struct ew_synth_stack, "weight", weight, 0, 1000000, 1),
    {.name = "threads",
     .type = EW_MEMBER_UINT_LIST,
     .required = true,
     .max = U32_MAX,
     .offset = offsetof(struct ew_synth_stack, thread_ids)},
    {.name = "frames",
     .type = EW_MEMBER_TEXT_LIST,
     .offset = offsetof(struct ew_synth_stack, user_frames)},
    {.name = "kernel",
     .type = EW_MEMBER_TEXT_LIST,
     .offset = offsetof(struct ew_synth_stack, kernel_frames)},
    FLAG(struct ew_synth_stack, "keys", keyed),
    NUMBER(struct ew_synth_stack, "lateEvery", late_every, 0, 1000000, 0),
    NUMBER(struct ew_synth_stack, "leafSpread", leaf_spread, 1, 4096, 1),
    MILLISECONDS(struct ew_synth_stack, "fromMs", from_ms),
    MILLISECONDS(struct ew_synth_stack, "toMs", to_ms),
};
static const struct ew_shape stack_shape = SHAPE(struct ew_synth_stack, stack_members);

static const struct ew_member event_members[] = {
    NEEDED(struct ew_synth_event, "provider", provider, EW_MEMBER_TEXT),
    NEEDED(struct ew_synth_event, "guid", guid, EW_MEMBER_GUID),
    NEEDED(struct ew_synth_event, "name", name, EW_MEMBER_TEXT),
    NUMBER_NEEDED(struct ew_synth_event, "atMs", at_ms, 0, MS_MAX),
    NUMBER(struct ew_synth_event, "everyMs", every_ms, 0, MS_MAX, 0),
    NUMBER(struct ew_synth_event, "count", count, 1, 10000, 1),
    TEXT(struct ew_synth_event, "text", text, ""),
    NUMBER(struct ew_synth_event, "value", value, 0, U32_MAX, 0),
};
static const struct ew_shape event_shape = SHAPE(struct ew_synth_event, event_members);

static const struct ew_member process_members[] = {
    NUMBER_NEEDED(struct ew_synth_process, "pid", process_id, 0, U32_MAX - 1),
    NEEDED(struct ew_synth_process, "name", name, EW_MEMBER_TEXT),
    NUMBER(struct ew_synth_process, "parent", parent_id, 0, U32_MAX - 1, 0),
    NUMBER(struct ew_synth_process, "session", session_id, 0, U32_MAX, 0),
    MILLISECONDS(struct ew_synth_process, "startMs", start_ms),
    MILLISECONDS(struct ew_synth_process, "exitMs", exit_ms),
    FLAG(struct ew_synth_process, "attached", attached),
    FLAG(struct ew_synth_process, "wow64", wow64),
    TEXT(struct ew_synth_process, "container", container_name, NULL),
    TEXT(struct ew_synth_process, "commandLine", command_line, ""),
    NUMBER(struct ew_synth_process, "startKey", start_key, 0, UINT64_MAX, 0),
    NUMBER(struct ew_synth_process, "jitBase", jit_base, 0, UINT64_MAX, 0),
    TEXT(struct ew_synth_process, "runtimePath", runtime_path, "coreclr.dll"),
    NESTED(struct ew_synth_process, "images", images, EW_MEMBER_LIST, &image_shape),
    NESTED(struct ew_synth_process, "managed", managed, EW_MEMBER_LIST, &managed_shape),
    NESTED(struct ew_synth_process, "threads", threads, EW_MEMBER_LIST, &thread_shape),
    NESTED(struct ew_synth_process, "stacks", stacks, EW_MEMBER_LIST, &stack_shape),
    NESTED(struct ew_synth_process, "events", events, EW_MEMBER_LIST, &event_shape),
};
static const struct ew_shape process_shape = SHAPE(struct ew_synth_process, process_members);

static const struct ew_member loss_members[] = {
    NUMBER_NEEDED(struct ew_synth_loss, "atMs", at_ms, 0, MS_MAX),
    NAMED(struct ew_synth_loss, "what", what, loss_kinds),
    NUMBER(struct ew_synth_loss, "cpu", cpu, 0, EW_CPUS_MAX - 1, 0),
};
static const struct ew_shape loss_shape = SHAPE(struct ew_synth_loss, loss_members);

static const struct ew_member losses_members[] = {
    NUMBER(struct ew_synth_losses, "eventsLost", events_lost, 0, U32_MAX, 0),
    NUMBER(struct ew_synth_losses, "buffersLost", buffers_lost, 0, U32_MAX, 0),
    NESTED(struct ew_synth_losses, "records", records, EW_MEMBER_LIST, &loss_shape),
};
static const struct ew_shape losses_shape = SHAPE(struct ew_synth_losses, losses_members);

static const struct ew_member host_members[] = {
    NUMBER(struct ew_synth_host, "osMajor", os_major, 0, 255, 10),
    NUMBER(struct ew_synth_host, "osMinor", os_minor, 0, 255, 0),
    NUMBER(struct ew_synth_host, "osBuild", os_build, 0, U32_MAX, 20348),
    NUMBER(struct ew_synth_host, "cpus", cpu_count, 1, EW_CPUS_MAX, 1),
    NUMBER(struct ew_synth_host, "pointerBytes", pointer_bytes, 4, 8, 8),
    NUMBER(struct ew_synth_host, "clockFrequency", clock_frequency, 1000000,
           UINT64_C(10000000000), 10000000),
    NEEDED(struct ew_synth_host, "bootTime", boot_time, EW_MEMBER_TIME),
    NEEDED(struct ew_synth_host, "startTime", start_time, EW_MEMBER_TIME),
};
static const struct ew_shape host_shape = SHAPE(struct ew_synth_host, host_members);

static const struct ew_member scenario_members[] = {
    TEXT(struct ew_synth_scenario, "description", description, ""),
    NUMBER(struct ew_synth_scenario, "seed", seed, 0, UINT64_MAX, 1),
    NUMBER_NEEDED(struct ew_synth_scenario, "durationMs", duration_ms, 1, MS_MAX),
    NUMBER(struct ew_synth_scenario, "sampleIntervalMicroseconds", interval_us, 100, 1000000,
           1000),
    NUMBER(struct ew_synth_scenario, "samples", sample_count, 0, EW_SCENARIO_SAMPLES_MAX, 0),
    NUMBER(struct ew_synth_scenario, "idleSamples", idle_count, 0, EW_SCENARIO_SAMPLES_MAX, 0),
    TEXT(struct ew_synth_scenario, "loggerName", logger_name, "etwitness-synth"),
    {.name = "host",
     .type = EW_MEMBER_OBJECT,
     .required = true,
     .shape = &host_shape,
     .offset = offsetof(struct ew_synth_scenario, host)},
    NESTED(struct ew_synth_scenario, "losses", losses, EW_MEMBER_OBJECT, &losses_shape),
    NESTED(struct ew_synth_scenario, "modules", modules, EW_MEMBER_LIST, &module_shape),
    NESTED(struct ew_synth_scenario, "containers", containers, EW_MEMBER_LIST, &container_shape),
    NESTED(struct ew_synth_scenario, "processes", processes, EW_MEMBER_LIST, &process_shape),
};

const struct ew_shape ew_scenario_shape = SHAPE(struct ew_synth_scenario, scenario_members);
