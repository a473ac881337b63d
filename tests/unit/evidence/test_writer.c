/* SPDX-License-Identifier: Apache-2.0 */
/* The writer: canonical bytes, and refusal of tables that break the contract. */
#include "base/filetime.h"
#include "evidence/rows.h"
#include "evidence/sample_evidence.h"
#include "evidence/verify.h"
#include "platform/file.h"
#include "support/check_main.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_BYTES_MAX = 256 * 1024 };

struct text {
    char bytes[TEXT_BYTES_MAX];
    size_t used;
    size_t room; /* the sink refuses what goes beyond it */
};

static bool text_sink(void *context, const void *bytes, size_t byte_count)
{
    struct text *text = context;
    if (byte_count > text->room - text->used) {
        return false;
    }
    memcpy(text->bytes + text->used, bytes, byte_count);
    text->used += byte_count;
    return true;
}

static struct text text; /* too large for a stack */

static const char *write_sample(const struct ew_evidence *evidence)
{
    struct ew_error error = {0};
    text.used = 0;
    text.room = TEXT_BYTES_MAX - 1;
    enum ew_status status = ew_evidence_write(evidence, text_sink, &text, &error);
    ck_assert_msg(status == EW_OK, "%s", error.text);
    text.bytes[text.used] = '\0';
    return text.bytes;
}

START_TEST(write__maximal__is_the_golden_file)
{
    struct ew_error error = {0};
    char *golden = NULL;
    size_t golden_bytes = 0;
    struct ew_evidence evidence = ew_sample_maximal();
    (void)write_sample(&evidence);
    enum ew_status status = ew_file_read_all(EW_GOLDEN_DIR "/maximal.json", TEXT_BYTES_MAX,
                                             &golden, &golden_bytes, &error);
    ck_assert_msg(status == EW_OK, "%s", error.text);
    ck_assert_uint_eq(text.used, golden_bytes);
    ck_assert(memcmp(text.bytes, golden, golden_bytes) == 0);
    free(golden);
}
END_TEST

START_TEST(write__minimal__leaves_optional_members_out)
{
    static const char expected[] =
        "{\"container\":null,\"edges\":[],\"functionObs\":[],\"functions\":[],"
        "\"host\":{\"arch\":\"amd64\",\"id\":\"recording\",\"os\":\"windows\"},"
        "\"modules\":[],\"paths\":[],\"processes\":[],"
        "\"producer\":{\"name\":\"etwitness\",\"version\":\"0.1.0\"},"
        "\"quality\":{\"buffersLost\":0,\"damagedBuffers\":0,\"decodeRefused\":0,"
        "\"dropped\":0,\"eventsLost\":0,\"frames\":{\"afterUnload\":0,\"exact\":0,\"named\":0,\"noModule\":0,"
        "\"total\":0,\"unresolved\":0},\"lostEventRecords\":0,\"rundown\":\"complete\","
        "\"stacks\":{\"gapped\":0,\"kernelOnly\":0,\"keyUndefined\":0,\"late\":0,\"missing\":0,\"noProcess\":0,\"orphan\":0,"
        "\"total\":0,\"truncated\":0},\"throttled\":false},"
        "\"schema\":\"runtime-evidence/1\",\"schemaVersion\":\"1.0.0\","
        "\"sources\":[{\"eventId\":46,\"kind\":\"stack-sample\",\"periodNs\":1000000,"
        "\"provider\":\"ce1dbfb4-137e-4da6-87b0-3f59aa102cbc\",\"unit\":\"samples\"}],"
        "\"stream\":{\"id\":\"5f0c1e2d3b4a59687786958493a2b1c0\",\"prev\":null,\"rev\":0,"
        "\"sealed\":false,\"seq\":1},"
        "\"subject\":{\"kind\":\"host\",\"name\":\"recording\"},"
        "\"window\":{\"bootId\":\"0000000000000000\",\"end\":\"2026-08-26T00:05:00.0000000Z\","
        "\"reason\":\"interval\",\"start\":\"2026-08-26T00:00:00.0000000Z\"}}";
    struct ew_evidence evidence = ew_sample_minimal();
    const char *written = write_sample(&evidence);
    ck_assert_msg(strcmp(written, expected) == 0, "%.900s", written);
}
END_TEST

START_TEST(write__long_table__crosses_the_buffer_without_a_seam)
{
    enum { EDGES = 8 * 8 * 3 * 5 };
    static struct ew_evidence_edge edges[EDGES];
    struct ew_evidence evidence = ew_sample_maximal();
    for (uint32_t i = 0; i < EDGES; i++) {
        edges[i] = evidence.edges[1];
        edges[i].from = i / 120;
        edges[i].to = i / 15 % 8;
        edges[i].source = i / 5 % 3;
        edges[i].adjacency = (enum ew_adjacency)(i % 5);
    }
    evidence.edges = edges;
    evidence.edge_count = EDGES;
    const char *at = write_sample(&evidence);
    ck_assert_uint_gt(text.used, 2 * EW_JSON_BUFFER_BYTES);
    at = strstr(at, "\"edges\":[");
    ck_assert_ptr_nonnull(at);
    at += strlen("\"edges\":[");
    for (uint32_t i = 0; i < EDGES; i++) {
        char row[320];
        (void)snprintf(row, sizeof row,
                       "{\"adj\":\"%s\",\"first\":\"2026-08-26T00:00:01.1234567Z\",\"from\":%u,"
                       "\"hits\":17,\"last\":\"2026-08-26T00:04:58.0000001Z\",\"s\":%u,"
                       "\"to\":%u}%s",
                       ew_adjacency_name(edges[i].adjacency), edges[i].from, edges[i].source,
                       edges[i].to, i + 1 < EDGES ? "," : "],\"functionObs\":[{\"f\":0,");
        ck_assert_msg(strncmp(at, row, strlen(row)) == 0, "row %u: %.200s", i, at);
        at += strlen(row);
    }
}
END_TEST

START_TEST(write__sink_is_full__fails_with_io)
{
    struct ew_error error = {0};
    struct ew_evidence evidence = ew_sample_maximal();
    text.used = 0;
    text.room = 100;
    ck_assert_int_eq(ew_evidence_write(&evidence, text_sink, &text, &error), EW_IO);
    ck_assert_str_ne(error.text, "");
}
END_TEST

/* Copies of the tables, so that each case can break one of them. */
struct tables {
    struct ew_evidence evidence;
    struct ew_evidence_source sources[3];
    struct ew_evidence_process processes[2];
    struct ew_evidence_module modules[5];
    struct ew_evidence_function functions[8];
    struct ew_evidence_observation observations[3];
    struct ew_evidence_edge edges[8];
    struct ew_evidence_path paths[5];
    uint32_t frames[2];
};

static void tables_fill(struct tables *t)
{
    t->evidence = ew_sample_maximal();
    memcpy(t->sources, t->evidence.sources, sizeof t->sources);
    memcpy(t->processes, t->evidence.processes, sizeof t->processes);
    memcpy(t->modules, t->evidence.modules, sizeof t->modules);
    memcpy(t->functions, t->evidence.functions, sizeof t->functions);
    memcpy(t->observations, t->evidence.observations, sizeof t->observations);
    memcpy(t->edges, t->evidence.edges, sizeof t->edges);
    memcpy(t->paths, t->evidence.paths, sizeof t->paths);
    t->evidence.sources = t->sources;
    t->evidence.processes = t->processes;
    t->evidence.modules = t->modules;
    t->evidence.functions = t->functions;
    t->evidence.observations = t->observations;
    t->evidence.edges = t->edges;
    t->evidence.paths = t->paths;
    t->frames[0] = 0;
    t->frames[1] = 8;
}

#define REFUSED(name, place, statement)                                                  \
    START_TEST(name)                                                                     \
    {                                                                                    \
        struct tables t;                                                                 \
        struct ew_error error = {0};                                                     \
        tables_fill(&t);                                                                 \
        ck_assert_int_eq(ew_evidence_verify(&t.evidence, &error), EW_OK);                \
        statement;                                                                       \
        ck_assert_int_eq(ew_evidence_verify(&t.evidence, &error), EW_FORMAT);            \
        ck_assert_msg(strncmp(error.text, place, strlen(place)) == 0, "%s", error.text); \
    }                                                                                    \
    END_TEST

REFUSED(version__missing__is_refused, "producer.version", t.evidence.producer_version = NULL)
REFUSED(digest__misspelt__is_refused, "producer.configDigest", t.evidence.config_digest = "x")
REFUSED(host__missing__is_refused, "host.id", t.evidence.host_id = NULL)
REFUSED(arch__unknown__is_refused, "host.arch", t.evidence.arch = "mips")
REFUSED(subject__unknown_kind__is_refused, "subject.kind", t.evidence.subject_kind = "x")
REFUSED(subject__no_name__is_refused, "subject.name", t.evidence.subject_name = "")
REFUSED(stream__upper_case__is_refused, "stream.id", t.evidence.stream_id[0] = 'A')
REFUSED(sequence__zero__is_refused, "stream.seq", t.evidence.sequence = 0)
REFUSED(revision__four_digits__is_refused, "stream.rev", t.evidence.revision = 1000)
REFUSED(previous__short__is_refused, "stream.prev", t.evidence.previous[63] = '\0')
REFUSED(window__empty__is_refused, "window", t.evidence.end_100ns = t.evidence.start_100ns)
REFUSED(window__year_10000__is_refused, "window", t.evidence.end_100ns++)
REFUSED(sources__none__is_refused, "sources: is empty", t.evidence.source_count = 0)
REFUSED(source__period__is_refused, "sources[1]",
        t.sources[1].period_ns = EW_JSON_INTEGER_MAX + 1)
REFUSED(process__image__is_refused, "processes[1]", t.processes[1].image = 5)
REFUSED(process__late__is_refused, "processes[0]", t.processes[0].start_100ns = UINT64_MAX)
REFUSED(module__same_key__is_refused, "modules[1]", t.modules[1].key = t.modules[0].key)
REFUSED(module__unsorted__is_refused, "modules[4]", t.modules[4].key = "a")
REFUSED(module__code_id__is_refused, "modules[3]", t.modules[3].code_id = "542D574EC2000")
REFUSED(module__debug_id__is_refused, "modules[0]", t.modules[0].debug_id = "497b")
REFUSED(module__no_name__is_refused, "modules[2]", t.modules[2].name = NULL)
REFUSED(module__loads__is_refused, "modules[2]", t.modules[2].loads = UINT64_MAX)
REFUSED(function__unsorted__is_refused, "functions[1]", t.functions[1].key = "d:a")
REFUSED(function__not_utf8__is_refused, "functions[7]", t.functions[7].key = "u:\xff")
REFUSED(function__module__is_refused, "functions[0]", t.functions[0].module = 5)
REFUSED(function__token__is_refused, "functions[1]", t.functions[1].token = 0x0a000001)
REFUSED(function__rva__is_refused, "functions[7]", t.functions[7].rva++)
REFUSED(observation__function__is_refused, "functionObs[2]", t.observations[2].function = 8)
REFUSED(observation__source__is_refused, "functionObs[2]", t.observations[2].source = 3)
REFUSED(observation__twice__is_refused, "functionObs[1]", t.observations[1].source = 0)
REFUSED(observation__leaf__is_refused, "functionObs[0]", t.observations[0].leaf = 2)
REFUSED(observation__root__is_refused, "functionObs[0]", t.observations[0].root = 2)
REFUSED(observation__early__is_refused, "functionObs[0]", t.observations[0].first_100ns--)
REFUSED(observation__backwards__is_refused, "functionObs[1]", t.observations[1].last_100ns = 0)
REFUSED(observation__after_the_window__is_refused, "functionObs[1]",
        t.evidence.end_100ns = t.observations[1].last_100ns)
REFUSED(edge__no_hits__is_refused, "edges[0]", t.edges[0].hits = 0)
REFUSED(edge__from__is_refused, "edges[7]", t.edges[7].from = 8)
REFUSED(edge__to__is_refused, "edges[7]", t.edges[7].to = 8)
REFUSED(edge__hits__is_refused, "edges[7]", t.edges[7].hits++)
REFUSED(edge__adjacency_unsorted__is_refused, "edges[1]",
        t.edges[1].adjacency = EW_ADJACENT_BRIDGE)
REFUSED(edge__source_unsorted__is_refused, "edges[5]", t.edges[5].source = 0)
REFUSED(edge__to_unsorted__is_refused, "edges[6]", t.edges[6].to = 0)
REFUSED(edge__from_unsorted__is_refused, "edges[1]", t.edges[0].from = 1)
REFUSED(path__no_frames__is_refused, "paths[0]", t.paths[0].frame_count = 0)
REFUSED(path__frame__is_refused, "paths[0]",
        (t.paths[0].frames = t.frames, t.paths[0].frame_count = 2))
REFUSED(path__twice__is_refused, "paths[2]", t.paths[2].complete = false)
REFUSED(path__unsorted__is_refused, "paths[4]", t.paths[4].frames = t.frames)
REFUSED(quality__counter__is_refused, "quality", t.evidence.quality.frames_no_module = UINT64_MAX)

static void add_identity_tests(TCase *tcase)
{
    tcase_add_test(tcase, version__missing__is_refused);
    tcase_add_test(tcase, digest__misspelt__is_refused);
    tcase_add_test(tcase, host__missing__is_refused);
    tcase_add_test(tcase, arch__unknown__is_refused);
    tcase_add_test(tcase, subject__unknown_kind__is_refused);
    tcase_add_test(tcase, subject__no_name__is_refused);
    tcase_add_test(tcase, stream__upper_case__is_refused);
    tcase_add_test(tcase, sequence__zero__is_refused);
    tcase_add_test(tcase, revision__four_digits__is_refused);
    tcase_add_test(tcase, previous__short__is_refused);
    tcase_add_test(tcase, window__empty__is_refused);
    tcase_add_test(tcase, window__year_10000__is_refused);
    tcase_add_test(tcase, sources__none__is_refused);
    tcase_add_test(tcase, source__period__is_refused);
    tcase_add_test(tcase, process__image__is_refused);
    tcase_add_test(tcase, process__late__is_refused);
    tcase_add_test(tcase, module__same_key__is_refused);
    tcase_add_test(tcase, module__unsorted__is_refused);
    tcase_add_test(tcase, module__code_id__is_refused);
    tcase_add_test(tcase, module__debug_id__is_refused);
    tcase_add_test(tcase, module__no_name__is_refused);
    tcase_add_test(tcase, module__loads__is_refused);
}

static void add_observation_tests(TCase *tcase)
{
    tcase_add_test(tcase, function__unsorted__is_refused);
    tcase_add_test(tcase, function__not_utf8__is_refused);
    tcase_add_test(tcase, function__module__is_refused);
    tcase_add_test(tcase, function__token__is_refused);
    tcase_add_test(tcase, function__rva__is_refused);
    tcase_add_test(tcase, observation__function__is_refused);
    tcase_add_test(tcase, observation__source__is_refused);
    tcase_add_test(tcase, observation__twice__is_refused);
    tcase_add_test(tcase, observation__leaf__is_refused);
    tcase_add_test(tcase, observation__root__is_refused);
    tcase_add_test(tcase, observation__early__is_refused);
    tcase_add_test(tcase, observation__backwards__is_refused);
    tcase_add_test(tcase, observation__after_the_window__is_refused);
    tcase_add_test(tcase, edge__no_hits__is_refused);
    tcase_add_test(tcase, edge__from__is_refused);
    tcase_add_test(tcase, edge__to__is_refused);
    tcase_add_test(tcase, edge__hits__is_refused);
    tcase_add_test(tcase, edge__adjacency_unsorted__is_refused);
    tcase_add_test(tcase, edge__source_unsorted__is_refused);
    tcase_add_test(tcase, edge__to_unsorted__is_refused);
    tcase_add_test(tcase, edge__from_unsorted__is_refused);
    tcase_add_test(tcase, path__no_frames__is_refused);
    tcase_add_test(tcase, path__frame__is_refused);
    tcase_add_test(tcase, path__twice__is_refused);
    tcase_add_test(tcase, path__unsorted__is_refused);
    tcase_add_test(tcase, quality__counter__is_refused);
}

Suite *ew_suite(void)
{
    Suite *suite = suite_create("evidence writer");
    TCase *tcase = tcase_create("writer");
    tcase_add_test(tcase, write__maximal__is_the_golden_file);
    tcase_add_test(tcase, write__minimal__leaves_optional_members_out);
    tcase_add_test(tcase, write__long_table__crosses_the_buffer_without_a_seam);
    tcase_add_test(tcase, write__sink_is_full__fails_with_io);
    add_identity_tests(tcase);
    add_observation_tests(tcase);
    suite_add_tcase(suite, tcase);
    return suite;
}
