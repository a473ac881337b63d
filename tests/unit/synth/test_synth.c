/* SPDX-License-Identifier: Apache-2.0 */
/* Made recordings: the same bytes always, and what their answers say is in them. */
#include "base/text.h"
#include "etwitness/decode.h"
#include "etwitness/recording.h"
#include "etwitness/synth.h"
#include "platform/file.h"
#include "platform/hash.h"
#include "support/check_main.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RECORDING "test_synth.etl"
#define ANSWERS "test_synth.json"

enum { SAMPLES_MAX = 40000, HALVES_MAX = 80000, KINDS_MAX = 128, CPUS = 8, TEXT_BYTES = 80 };

/* A scenario with every pointer size: a 32-bit host, or a WOW64 process. */
#define SMALL(pointer_bytes, kernel_base, process)                                                        \
    "{\"durationMs\":1000,\"samples\":100,\"host\":{\"cpus\":2,\"clockFrequency\":3117780,"               \
    "\"pointerBytes\":" pointer_bytes ",\"bootTime\":\"2026-03-02T06:00:00Z\",\"startTime\":"             \
    "\"2026-03-02T08:00:00Z\"},\"modules\":[{\"name\":\"nt\",\"kind\":\"kernel\",\"base\":\"" kernel_base \
    "\"},{\"name\":\"a.dll\",\"base\":\"0x10000\"},{\"name\":\"m.dll\",\"kind\":"                         \
    "\"managed\"},{\"name\":\"d\",\"kind\":\"dynamic\"}],\"processes\":[{\"pid\":8,\"name\":"             \
    "\"p.exe\"," process "\"images\":[{\"module\":\"a.dll\",\"unloadMs\":900}],\"threads\":"              \
    "[{\"id\":12}],\"managed\":[{\"module\":\"m.dll\",\"methods\":[{\"type\":\"T\",\"name\":"             \
    "\"M\",\"bodies\":[{}]}]},{\"module\":\"d\",\"unloadMs\":800,\"methods\":[{\"type\":\"D\","           \
    "\"name\":\"E\",\"flags\":9,\"bodies\":[{\"untilMs\":700}]}]}],\"stacks\":[{\"threads\":"             \
    "[12],\"frames\":[\"a.dll!0x10\",\"T.M\",\"D.E\"],\"kernel\":[\"nt!0x20\"],\"keys\":true,"            \
    "\"lateEvery\":3}],\"events\":[{\"provider\":\"P\",\"guid\":"                                         \
    "\"b2c1f3a7-4e5d-5f60-9a7b-3c8d2e1f4a65\",\"name\":\"N\",\"atMs\":5}]}]}"

static const char narrow_host[] = SMALL("4", "0x81000000", "");
static const char wow64_process[] = SMALL("8", "0xfffff80010000000", "\"wow64\":true,");
static const char exiting_process[] =
    SMALL("8", "0xfffff80010000000", "\"startMs\":50,\"exitMs\":950,");

/* --- making ------------------------------------------------------------------ */

static struct ew_synth_counts write_scenario(struct ew_scenario *scenario, bool compressed)
{
    const struct ew_synth_options options = {
        .path = RECORDING, .answers_path = ANSWERS, .compressed = compressed};
    struct ew_synth_counts counts = {0};
    struct ew_error error = {0};
    ck_assert_msg(ew_synth_write(scenario, &options, &counts, &error) == EW_OK, "%s", error.text);
    ew_scenario_destroy(scenario);
    return counts;
}

static struct ew_scenario *read_scenario(const char *path)
{
    struct ew_scenario *scenario = NULL;
    struct ew_error error = {0};
    ck_assert_msg(ew_scenario_read(path, &scenario, &error) == EW_OK, "%s", error.text);
    return scenario;
}

static struct ew_scenario *parse_scenario(const char *text)
{
    struct ew_scenario *scenario = NULL;
    struct ew_error error = {0};
    ck_assert_msg(ew_scenario_parse(text, strlen(text), "s", &scenario, &error) == EW_OK, "%s",
                  error.text);
    return scenario;
}

static json_t *load_answers(void)
{
    json_error_t error;
    json_t *answers = json_load_file(ANSWERS, 0, &error);
    ck_assert_msg(answers != NULL, "%s", error.text);
    return answers;
}

static void tear_down(void)
{
    struct ew_error error = {0};
    enum ew_status recording = ew_file_remove(RECORDING, &error);
    enum ew_status answers = ew_file_remove(ANSWERS, &error);
    ck_assert(recording == EW_OK || answers != EW_OK);
}

static void hash_file(const char *path, char *hex)
{
    char *bytes = NULL;
    size_t byte_count = 0;
    uint8_t digest[EW_SHA256_BYTES];
    struct ew_sha256 *hash = NULL;
    struct ew_error error = {0};
    ck_assert_int_eq(ew_file_read_all(path, 64 * 1024 * 1024, &bytes, &byte_count, &error),
                     EW_OK);
    ck_assert_int_eq(ew_sha256_create(&hash), EW_OK);
    ew_sha256_update(hash, bytes, byte_count);
    ck_assert_int_eq(ew_sha256_finish(hash, digest), EW_OK);
    ew_text_hex(digest, sizeof digest, hex);
    free(bytes);
}

/* --- reading back ------------------------------------------------------------- */

struct kind {
    char provider[TEXT_BYTES];
    char id[TEXT_BYTES];
    unsigned opcode;
    unsigned version;
    uint64_t count;
};

struct half {
    uint64_t event_raw;
    uint64_t raw;
    uint64_t key; /* 0: `leaf` is told */
    uint64_t leaf;
    uint32_t process_id;
    uint32_t thread_id;
};

struct definition {
    uint64_t raw;
    uint64_t key;
    uint64_t leaf;
};

struct sample {
    uint64_t raw;
    uint64_t address;
    uint32_t thread_id;
    uint32_t process_id; /* of its first half */
    unsigned halves;
    uint64_t leaf;
};

static struct kind kinds[KINDS_MAX];
static size_t kind_count;
static struct half halves[HALVES_MAX];
static size_t half_count;
static struct definition definitions[HALVES_MAX];
static size_t definition_count;
static struct sample samples[SAMPLES_MAX];
static size_t sample_count;
static uint64_t event_count;
static uint64_t idle_count;
static uint64_t refused_count;

static void describe(const struct ew_event *event, struct kind *kind)
{
    char guid[EW_GUID_TEXT_BYTES];
    memset(kind, 0, sizeof *kind);
    ew_guid_format(event->provider, guid);
    kind->opcode = event->opcode;
    kind->version = event->version;
    if (event->kind == EW_EVENT_KERNEL) {
        (void)snprintf(kind->provider, TEXT_BYTES, "kernel/%s",
                       ew_kernel_group_name(event->hook));
        (void)snprintf(kind->id, TEXT_BYTES, "0x%04x", (unsigned)event->hook);
    } else {
        bool classic = event->kind == EW_EVENT_CLASSIC;
        (void)snprintf(kind->provider, TEXT_BYTES, "%s/%s", classic ? "classic" : "manifest",
                       guid);
        (void)snprintf(kind->id, TEXT_BYTES, classic ? "op" : "id:%u", (unsigned)event->id);
    }
}

static void count_event(const struct ew_event *event)
{
    struct kind kind;
    describe(event, &kind);
    event_count++;
    for (size_t i = 0; i < kind_count; i++) {
        if (strcmp(kinds[i].provider, kind.provider) == 0 && strcmp(kinds[i].id, kind.id) == 0
            && kinds[i].opcode == kind.opcode && kinds[i].version == kind.version) {
            kinds[i].count++;
            return;
        }
    }
    ck_assert_uint_lt(kind_count, KINDS_MAX);
    kind.count = 1;
    kinds[kind_count++] = kind;
}

static void note_sample(const struct ew_event *event, const struct ew_sample_fact *sample)
{
    if (sample->thread_id == 0) {
        idle_count++;
        return;
    }
    ck_assert_uint_lt(sample_count, SAMPLES_MAX);
    samples[sample_count++] = (struct sample){
        .raw = event->time_raw, .address = sample->address, .thread_id = sample->thread_id};
}

static void note_fact(const struct ew_event *event, const struct ew_fact *fact)
{
    ck_assert_uint_lt(half_count, HALVES_MAX);
    ck_assert_uint_lt(definition_count, HALVES_MAX);
    if (fact->kind == EW_FACT_SAMPLE) {
        note_sample(event, &fact->sample);
    } else if (fact->kind == EW_FACT_STACK) {
        halves[half_count++] = (struct half){.event_raw = fact->stack.event_time_raw,
                                             .raw = event->time_raw,
                                             .leaf = ew_address_at(&fact->stack.frames, 0),
                                             .process_id = fact->stack.process_id,
                                             .thread_id = fact->stack.thread_id};
    } else if (fact->kind == EW_FACT_STACK_KEY) {
        halves[half_count++] = (struct half){.event_raw = fact->stack_key.event_time_raw,
                                             .raw = event->time_raw,
                                             .key = fact->stack_key.key,
                                             .process_id = fact->stack_key.process_id,
                                             .thread_id = fact->stack_key.thread_id};
    } else if (fact->kind == EW_FACT_STACK_DEFINITION) {
        definitions[definition_count++] =
            (struct definition){.raw = event->time_raw,
                                .key = fact->stack_definition.key,
                                .leaf = ew_address_at(&fact->stack_definition.frames, 0)};
    }
}

/* Reads the recording in order of time; every known event has to decode. */
static void read_back(void)
{
    const char *path = RECORDING;
    struct ew_recording *recording = NULL;
    struct ew_error error = {0};
    struct ew_event event;
    struct ew_fact fact;
    kind_count = half_count = definition_count = sample_count = 0;
    event_count = idle_count = refused_count = 0;
    ck_assert_msg(ew_recording_open(&path, 1, EW_ORDER_TIME, &recording, &error) == EW_OK, "%s",
                  error.text);
    while (ew_recording_next(recording, &event, &error) == EW_OK) {
        count_event(&event);
        enum ew_status status = ew_decode(&event, &fact);
        refused_count += status != EW_OK && status != EW_NOT_FOUND;
        if (status == EW_OK) {
            note_fact(&event, &fact);
        }
    }
    ck_assert_str_eq(ew_recording_damage(recording)->text, "");
    ew_recording_close(recording);
}

/* The first definition at or after a reference is what its key meant. */
static uint64_t leaf_of(const struct half *half)
{
    if (half->key == 0) {
        return half->leaf;
    }
    for (size_t i = 0; i < definition_count; i++) {
        if (definitions[i].key == half->key && definitions[i].raw >= half->raw) {
            return definitions[i].leaf;
        }
    }
    return 0;
}

static struct sample *sample_of(const struct half *half)
{
    for (size_t i = 0; i < sample_count; i++) {
        if (samples[i].raw == half->event_raw && samples[i].thread_id == half->thread_id) {
            return &samples[i];
        }
    }
    return NULL;
}

/* Gives every half to its sample; the first to come tells leaf and process. */
static void join_halves(void)
{
    for (size_t i = 0; i < half_count; i++) {
        struct sample *sample = sample_of(&halves[i]);
        ck_assert_ptr_nonnull(sample);
        ck_assert_uint_gt(halves[i].raw, halves[i].event_raw);
        if (sample->halves++ == 0) {
            sample->leaf = leaf_of(&halves[i]);
            sample->process_id = halves[i].process_id;
        }
    }
    for (size_t i = 0; i < sample_count; i++) {
        ck_assert_uint_ge(samples[i].halves, 1);
        ck_assert_uint_eq(samples[i].leaf, samples[i].address);
    }
}

static void check_kinds(const json_t *answers)
{
    const json_t *events = json_object_get(answers, "events");
    ck_assert_uint_eq(json_array_size(events), kind_count);
    for (size_t i = 0; i < json_array_size(events); i++) {
        const json_t *event = json_array_get(events, i);
        size_t k = 0;
        while (
            k < kind_count
            && (strcmp(kinds[k].provider, json_string_value(json_object_get(event, "provider")))
                || strcmp(kinds[k].id, json_string_value(json_object_get(event, "id")))
                || kinds[k].opcode != json_integer_value(json_object_get(event, "opcode"))
                || kinds[k].version != json_integer_value(json_object_get(event, "version")))) {
            k++;
        }
        ck_assert_uint_lt(k, kind_count);
        ck_assert_int_eq(json_integer_value(json_object_get(event, "count")),
                         (json_int_t)kinds[k].count);
    }
}

static void check_processes(const json_t *answers)
{
    const json_t *processes = json_object_get(answers, "processes");
    uint64_t total = 0;
    for (size_t i = 0; i < json_array_size(processes); i++) {
        const json_t *process = json_array_get(processes, i);
        json_int_t process_id = json_integer_value(json_object_get(process, "pid"));
        json_int_t found = 0;
        for (size_t s = 0; s < sample_count; s++) {
            found += samples[s].process_id == process_id;
        }
        ck_assert_int_eq(json_integer_value(json_object_get(process, "samples")), found);
        total += (uint64_t)found;
    }
    ck_assert_uint_eq(total, sample_count);
}

static uint64_t hits_of(const json_t *answers, const char *list, const char *caller,
                        const char *name)
{
    const json_t *processes = json_object_get(answers, "processes");
    uint64_t hits = 0;
    for (size_t p = 0; p < json_array_size(processes); p++) {
        const json_t *items = json_object_get(json_array_get(processes, p), list);
        for (size_t i = 0; i < json_array_size(items); i++) {
            const json_t *item = json_array_get(items, i);
            const char *from = json_string_value(json_object_get(item, "caller"));
            const char *to =
                json_string_value(json_object_get(item, caller != NULL ? "callee" : "name"));
            if (strcmp(to, name) == 0 && (caller == NULL || strcmp(from, caller) == 0)) {
                hits += (uint64_t)json_integer_value(json_object_get(item, "hits"));
            }
        }
    }
    return hits;
}

static void check_all(const struct ew_synth_counts *counts)
{
    read_back();
    join_halves();
    json_t *answers = load_answers();
    check_kinds(answers);
    check_processes(answers);
    json_decref(answers);
    ck_assert_uint_eq(refused_count, 0);
    ck_assert_uint_eq(counts->events, event_count);
    ck_assert_uint_eq(counts->samples, sample_count);
    ck_assert_uint_eq(counts->idle_samples, idle_count);
}

/* --- tests ---------------------------------------------------------------------- */

START_TEST(shop__read_back__holds_what_its_answers_say)
{
    struct ew_synth_counts counts =
        write_scenario(read_scenario(EW_SCENARIOS_DIR "/shop.json"), _i == 1);
    ck_assert_uint_eq(counts.samples, 5000);
    ck_assert_uint_eq(counts.idle_samples, 7000);
    ck_assert_uint_gt(counts.late_halves, 10);
    check_all(&counts);
}
END_TEST

START_TEST(minimal__read_back__holds_what_its_answers_say)
{
    struct ew_synth_counts counts =
        write_scenario(read_scenario(EW_SCENARIOS_DIR "/minimal.json"), _i == 1);
    check_all(&counts);
}
END_TEST

START_TEST(narrow_host__read_back__decodes)
{
    struct ew_synth_counts counts = write_scenario(parse_scenario(narrow_host), false);
    check_all(&counts);
}
END_TEST

START_TEST(wow64_process__read_back__decodes)
{
    struct ew_synth_counts counts = write_scenario(parse_scenario(wow64_process), true);
    check_all(&counts);
}
END_TEST

START_TEST(exiting_process__read_back__decodes)
{
    struct ew_synth_counts counts = write_scenario(parse_scenario(exiting_process), false);
    check_all(&counts);
}
END_TEST

START_TEST(shop__edges_of_the_demo__are_in_the_answers)
{
    (void)write_scenario(read_scenario(EW_SCENARIOS_DIR "/shop.json"), true);
    json_t *answers = load_answers();
    uint64_t parse = hits_of(answers, "edges", "Shop.Web.Orders.OrderParser.Parse",
                             "Newtonsoft.Json.JsonConvert.DeserializeObject");
    ck_assert_uint_gt(parse, 1000);
    ck_assert_uint_eq(
        hits_of(answers, "functions", NULL, "ICSharpCode.SharpZipLib.Zip.FastZip..ctor"), 0);
    ck_assert_uint_gt(hits_of(answers, "edges", "ntdll.dll!NtDeviceIoControlFile",
                              "ntoskrnl.exe!KiSystemServiceCopyEnd"),
                      100);
    json_decref(answers);
}
END_TEST

/* The bytes are the same on every machine: change these only when the format of made
 * recordings is meant to change. */
START_TEST(minimal__hashed__is_the_same_everywhere)
{
    const char *expected[] = {
        "337f492a07f75882f0b77dba91272e940627b8999f08cdd28e023c621218864c",
        "7c4cbc42006e0adb54fe93ac5e85b92f9df46792571b763b1445cf251a7b13ff",
    };
    char hex[2 * EW_SHA256_BYTES + 1];
    (void)write_scenario(read_scenario(EW_SCENARIOS_DIR "/minimal.json"), _i == 1);
    hash_file(RECORDING, hex);
    ck_assert_str_eq(hex, expected[_i]);
}
END_TEST

START_TEST(minimal__more_samples_asked_for__has_them)
{
    struct ew_scenario *scenario = read_scenario(EW_SCENARIOS_DIR "/minimal.json");
    const struct ew_synth_options options = {.path = RECORDING,
                                             .answers_path = ANSWERS,
                                             .has_sample_count = true,
                                             .sample_count = 20000};
    struct ew_synth_counts counts = {0};
    struct ew_error error = {0};
    ck_assert_int_eq(ew_synth_write(scenario, &options, &counts, &error), EW_OK);
    ew_scenario_destroy(scenario);
    ck_assert_uint_eq(counts.samples + counts.idle_samples, 22000);
    ck_assert_uint_gt(counts.samples, 19000);
    check_all(&counts);
}
END_TEST

START_TEST(samples__closer_than_the_clock_tells__are_refused_and_nothing_is_left)
{
    struct ew_scenario *scenario = parse_scenario(narrow_host);
    const struct ew_synth_options options = {
        .path = RECORDING, .has_sample_count = true, .sample_count = 1000000};
    struct ew_synth_counts counts = {0};
    struct ew_error error = {0};
    ck_assert_int_eq(ew_synth_write(scenario, &options, &counts, &error), EW_FORMAT);
    ck_assert_ptr_nonnull(strstr(error.text, "more than its clock can tell apart"));
    ck_assert_uint_eq(counts.events, 0);
    ew_scenario_destroy(scenario);
    ck_assert_int_ne(ew_file_remove(RECORDING, &error), EW_OK);
}
END_TEST

START_TEST(container__of_a_process__is_on_its_events_in_upper_case)
{
    const char *path = RECORDING;
    struct ew_recording *recording = NULL;
    struct ew_error error = {0};
    struct ew_event event;
    struct ew_item item;
    unsigned found = 0;
    (void)write_scenario(read_scenario(EW_SCENARIOS_DIR "/minimal.json"), false);
    ck_assert_int_eq(ew_recording_open(&path, 1, EW_ORDER_TIME, &recording, &error), EW_OK);
    while (ew_recording_next(recording, &event, &error) == EW_OK) {
        if (event.kind != EW_EVENT_MANIFEST) {
            continue;
        }
        ck_assert(ew_event_find_item(&event, EW_ITEM_CONTAINER_ID, &item));
        ck_assert_uint_eq(item.data_bytes, 36);
        ck_assert_mem_eq(item.data, "6D9F6D0C-57F8-5F0C-898D-2DC82CC922E0", 36);
        ck_assert(ew_event_find_item(&event, EW_ITEM_PROCESS_START_KEY, &item));
        ck_assert_uint_eq(item.data_bytes, 8);
        found++;
    }
    ck_assert_uint_gt(found, 5);
    ew_recording_close(recording);
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("synth");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, NULL, tear_down);
    tcase_add_loop_test(tests, shop__read_back__holds_what_its_answers_say, 0, 2);
    tcase_add_loop_test(tests, minimal__read_back__holds_what_its_answers_say, 0, 2);
    tcase_add_test(tests, narrow_host__read_back__decodes);
    tcase_add_test(tests, wow64_process__read_back__decodes);
    tcase_add_test(tests, exiting_process__read_back__decodes);
    tcase_add_test(tests, shop__edges_of_the_demo__are_in_the_answers);
    tcase_add_loop_test(tests, minimal__hashed__is_the_same_everywhere, 0, 2);
    tcase_add_test(tests, minimal__more_samples_asked_for__has_them);
    tcase_add_test(tests, samples__closer_than_the_clock_tells__are_refused_and_nothing_is_left);
    tcase_add_test(tests, container__of_a_process__is_on_its_events_in_upper_case);
    suite_add_tcase(suite, tests);
    return suite;
}
