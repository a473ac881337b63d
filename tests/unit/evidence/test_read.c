/* SPDX-License-Identifier: Apache-2.0 */
/* Documents become tables and the same bytes again; reader and checker agree on all others. */
#include "base/arena.h"
#include "evidence/foreign_document.h"
#include "evidence/sample_evidence.h"
#include "support/check_main.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_BYTES = 64 * 1024, VALUES_MAX = 4096, MUTATIONS = 20000 };

struct text {
    size_t bytes;
    char data[TEXT_BYTES];
};

static struct ew_arena arena = {.bytes_max = 64 * 1024 * 1024};
static struct ew_error error;
static char sha256[EW_SHA256_HEX_BYTES];

static bool collect(void *context, const void *bytes, size_t byte_count)
{
    struct text *out = context;
    if (byte_count > sizeof out->data - out->bytes) {
        return false;
    }
    memcpy(out->data + out->bytes, bytes, byte_count);
    out->bytes += byte_count;
    return true;
}

static void write_text(const struct ew_evidence *evidence, struct text *out)
{
    out->bytes = 0;
    ck_assert_msg(ew_evidence_write(evidence, collect, out, &error) == EW_OK, "%s", error.text);
}

static enum ew_status read_text(const char *bytes, size_t byte_count,
                                struct ew_evidence *evidence_out)
{
    memset(&error, 0, sizeof error);
    return ew_evidence_read("doc", bytes, byte_count, &arena, evidence_out, sha256, &error);
}

static void tear_down(void)
{
    ew_arena_clear(&arena);
}

static void round_trip(const char *bytes, size_t byte_count)
{
    static struct text again;
    struct ew_evidence evidence;
    ck_assert_msg(read_text(bytes, byte_count, &evidence) == EW_OK, "%s", error.text);
    write_text(&evidence, &again);
    again.data[again.bytes] = '\0';
    ck_assert_str_eq(again.data, bytes);
}

START_TEST(read__documents_of_ours__come_back_byte_for_byte)
{
    static struct text written;
    struct ew_evidence samples[] = {ew_sample_minimal(), ew_sample_maximal()};
    for (size_t i = 0; i < 2; i++) {
        write_text(&samples[i], &written);
        written.data[written.bytes] = '\0';
        round_trip(written.data, written.bytes);
    }
}
END_TEST

START_TEST(read__a_document_of_another_producer__comes_back_byte_for_byte)
{
    struct ew_check_result result;
    ck_assert_msg(ew_document_check_bytes("doc", foreign_document, strlen(foreign_document),
                                          &result, &error)
                      == EW_OK,
                  "%s", error.text);
    round_trip(foreign_document, strlen(foreign_document));
}
END_TEST

START_TEST(read__members_of_other_producers__are_in_the_tables)
{
    struct ew_evidence e;
    ck_assert_int_eq(read_text(foreign_document, strlen(foreign_document), &e), EW_OK);
    ck_assert_int_eq(e.os, EW_HOST_LINUX);
    ck_assert_uint_eq(e.covers_from, 4);
    ck_assert_uint_eq(e.covers_to, 7);
    ck_assert_str_eq(e.modules[0].build_id, "deadbeefdeadbeef");
    ck_assert_int_eq(e.functions[0].resolution, EW_RESOLVED_SYMBOL);
    ck_assert_uint_eq(e.functions[0].token, 0x06000000);
    ck_assert_str_eq(e.functions[0].aliases[1], "f2");
    ck_assert_uint_eq(e.edge_detail_count, 1);
    ck_assert_uint_eq(e.edge_details[0].sites[1], EW_JSON_INTEGER_MAX);
    ck_assert_uint_eq(e.observation_details[0].process_count, 2);
    ck_assert(e.sources[0].is_foreign);
    ck_assert_str_eq(e.sources[0].provider_name, "perf");
    ck_assert(!e.sources[1].is_foreign);
    ck_assert(ew_evidence_source_samples(&e.sources[3]));
    ck_assert_str_eq(e.boot_text, "4e3c1f9b-boot");
    ck_assert_str_eq(sha256, "1d9a1870f02329c8ea8eae3cdd033622acc8825d45a9e466cda2bcc397d9790d");
}
END_TEST

/* --- the place is told --------------------------------------------------------------------- */

struct broken {
    const char *from;
    const char *to;
    const char *place;
};

static const struct broken breaks[] = {
    {"\"from\":0,\"hits\":2", "\"from\":\"\",\"hits\":2", "edges[0].from: is a string"},
    {"\"rev\":0", "\"rev\":-1", "stream.rev: must be an integer"},
    {"\"sealed\":true,", "", ": sealed is missing"},
    {"\"from\":4", "\"from\":3", "stream.covers: is no aligned power of two"},
    {"\"from\":4,\"to\":7", "\"from\":0,\"to\":3", "that ends with seq"},
    {"\"os\":\"linux\"", "\"os\":\"plan9\"", "host.os: is none of the values"},
    {"2026-08-26T12:05:00", "2026-02-30T12:05:00", "window.end: is no time"},
    {"\"procs\":[0]", "\"procs\":[1]", "procs has no index of processes"},
    {"\"gapped\":1", "\"gapped\":1,\"gappee\":\"\"", "quality.stacks.gappee: is a string"},
    {"{\"ambiguous\"", " {\"ambiguous\"", "byte 0: white space"},
    {"\"id\":\"c0ffee\"", "\"id\":\"\"", "container"},
};

START_TEST(read__broken_documents__are_refused_at_their_place)
{
    static char text[TEXT_BYTES];
    struct ew_evidence evidence;
    struct ew_check_result result;
    const struct broken *broken = &breaks[_i];
    const char *at = strstr(foreign_document, broken->from);
    ck_assert_ptr_nonnull(at);
    (void)snprintf(text, sizeof text, "%.*s%s%s", (int)(at - foreign_document), foreign_document,
                   broken->to, at + strlen(broken->from));
    ck_assert_int_eq(read_text(text, strlen(text), &evidence), EW_FORMAT);
    ck_assert_msg(strstr(error.text, broken->place) != NULL, "\"%s\" does not tell \"%s\"",
                  error.text, broken->place);
    ck_assert_int_eq(ew_document_check_bytes("doc", text, strlen(text), &result, NULL),
                     EW_FORMAT);
}
END_TEST

START_TEST(read__a_name_with_another_hash__is_refused)
{
    static const char name[] =
        "re1-0123456789abcdef0123456789abcdef-000000000007-000-r-0000000000000000.json";
    struct ew_evidence evidence;
    ck_assert_int_eq(ew_evidence_read(name, foreign_document, strlen(foreign_document), &arena,
                                      &evidence, sha256, &error),
                     EW_FORMAT);
    ck_assert_ptr_nonnull(strstr(error.text, "was changed after it was published"));
}
END_TEST

START_TEST(read__an_arena_that_is_too_small__is_a_limit)
{
    struct ew_arena small = {.bytes_max = 700};
    struct ew_evidence evidence;
    ck_assert_int_eq(ew_evidence_read("doc", foreign_document, strlen(foreign_document), &small,
                                      &evidence, sha256, &error),
                     EW_LIMIT);
    ew_arena_clear(&small);
}
END_TEST

/* --- beside the checker -------------------------------------------------------------------- */

static uint64_t seed;

static uint32_t draw(uint32_t below)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((seed >> 33) % below);
}

struct span {
    size_t at;
    size_t bytes;
};

/* The scalars of a document: what is between its brackets, commas and colons, names too. */
static size_t find_scalars(const char *text, struct span *out)
{
    size_t count = 0;
    for (const char *at = text; *at != '\0' && count < VALUES_MAX;) {
        const char *end = at + strcspn(at, "{}[],:\"");
        if (*end == '"' && end == at) {
            for (end++; *end != '"'; end += *end == '\\' ? 2 : 1) {
            }
            end++;
        }
        if (end > at) {
            struct span span = {(size_t)(at - text), (size_t)(end - at)};
            out[count++] = span;
        }
        at = end > at ? end : at + 1;
    }
    return count;
}

static const char *const values[] = {
    "null",
    "true",
    "false",
    "0",
    "1",
    "2",
    "3",
    "-1",
    "-0",
    "1.0",
    "01",
    "65536",
    "4294967295",
    "4294967296",
    "9007199254740991",
    "9007199254740992",
    "99999999999999999999",
    "\"\"",
    "\"x\"",
    "\"\\u0000\"",
    "\"\\u0001\"",
    "\"\\ud800\"",
    "\"\\/\"",
    "\"\xff\"",
    "\"\xc3\xa4\"",
    "{}",
    "[]",
    "[0]",
    "[null]",
    "[\"x\"]",
    "{\"id\":\"x\",\"idSource\":\"job\",\"isolation\":\"hyperv\"}",
    "{\"from\":0,\"to\":1}",
    "\"2026-08-26T12:00:00.0000000Z\"",
    "\"2026-02-30T12:00:00.0000000Z\"",
    "\"1600-01-01T00:00:00.0000000Z\"",
    "\"2026-08-26T12:00:00Z\"",
    "\"0000000000000000\"",
    "\"folded\"",
    "\"native\"",
    "\"frame\"",
    "\"pdb\"",
    "\"module-load\"",
    "",
};

/* One scalar becomes another value, another scalar of the document, or is doubled. */
static void mutate(const char *text, const struct span *spans, size_t span_count, char *out)
{
    const struct span *span = &spans[draw((uint32_t)span_count)];
    const struct span *other = &spans[draw((uint32_t)span_count)];
    const char *value = values[draw(sizeof values / sizeof values[0])];
    int value_bytes = (int)strlen(value);
    uint32_t way = draw(8);
    if (way < 3) {
        value = text + other->at;
        value_bytes = (int)other->bytes;
    }
    (void)snprintf(out, TEXT_BYTES, "%.*s%.*s%s%s", (int)span->at, text, value_bytes, value,
                   way == 7 ? "," : "",
                   way == 7 ? text + span->at : text + span->at + span->bytes);
}

static unsigned compare(const char *text)
{
    static struct text again;
    struct ew_evidence evidence;
    struct ew_check_result result;
    struct ew_error complaint = {0};
    enum ew_status read = read_text(text, strlen(text), &evidence);
    enum ew_status checked =
        ew_document_check_bytes("doc", text, strlen(text), &result, &complaint);
    ck_assert_msg((read == EW_OK) == (checked == EW_OK), "read: %s\ncheck: %s\n%s", error.text,
                  complaint.text, text);
    if (read == EW_OK) {
        write_text(&evidence, &again);
        ew_arena_clear(&arena);
        static struct text twice;
        ck_assert_msg(read_text(again.data, again.bytes, &evidence) == EW_OK, "%s", error.text);
        write_text(&evidence, &twice);
        ck_assert_uint_eq(twice.bytes, again.bytes);
        ck_assert_mem_eq(twice.data, again.data, again.bytes);
    }
    ew_arena_clear(&arena);
    return read == EW_OK;
}

static void compare_mutations(const char *text, unsigned *accepted)
{
    static struct span spans[VALUES_MAX];
    static char once[TEXT_BYTES];
    static char twice[TEXT_BYTES];
    size_t count = find_scalars(text, spans);
    for (int i = 0; i < MUTATIONS / 2; i++) {
        mutate(text, spans, count, once);
        unsigned fine = compare(once);
        *accepted += fine;
        if (fine != 0) {
            static struct span again[VALUES_MAX];
            mutate(once, again, find_scalars(once, again), twice);
            *accepted += compare(twice);
        }
    }
}

START_TEST(read__mutated_documents__are_accepted_by_both_or_by_none)
{
    static struct text written;
    unsigned accepted = 0;
    struct ew_evidence maximal = ew_sample_maximal();
    seed = 1;
    write_text(&maximal, &written);
    written.data[written.bytes] = '\0';
    compare_mutations(written.data, &accepted);
    compare_mutations(foreign_document, &accepted);
    /* Both answers are common: neither is passed by refusing or accepting everything. */
    ck_assert_uint_gt(accepted, MUTATIONS / 50);
    ck_assert_uint_lt(accepted, MUTATIONS / 2);
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("evidence read");
    TCase *tests = tcase_create("read");
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, NULL, tear_down);
    tcase_add_test(tests, read__documents_of_ours__come_back_byte_for_byte);
    tcase_add_test(tests, read__a_document_of_another_producer__comes_back_byte_for_byte);
    tcase_add_test(tests, read__members_of_other_producers__are_in_the_tables);
    tcase_add_loop_test(tests, read__broken_documents__are_refused_at_their_place, 0,
                        (int)(sizeof breaks / sizeof breaks[0]));
    tcase_add_test(tests, read__a_name_with_another_hash__is_refused);
    tcase_add_test(tests, read__an_arena_that_is_too_small__is_a_limit);
    tcase_add_test(tests, read__mutated_documents__are_accepted_by_both_or_by_none);
    suite_add_tcase(suite, tests);
    return suite;
}
