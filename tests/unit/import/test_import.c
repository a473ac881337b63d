/* SPDX-License-Identifier: Apache-2.0 */
/* Imported inputs become documents that are valid, and say what the input says. */
#include "etwitness/import.h"
#include "support/check_main.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DOCUMENTS_MAX = 4, TEXT_BYTES = 256 * 1024 };

/* 2026-08-26T12:00:00Z, and five minutes later. */
#define START UINT64_C(134322192000000000)
#define END (START + UINT64_C(3000000000))

struct text {
    size_t bytes;
    char data[TEXT_BYTES];
};

static struct text documents[DOCUMENTS_MAX];
static size_t document_count;
static struct ew_import_counts counts;
static struct ew_error error;

static bool collect(void *context, const void *bytes, size_t byte_count)
{
    struct text *out = context;
    if (byte_count >= sizeof out->data - out->bytes) {
        return false;
    }
    memcpy(out->data + out->bytes, bytes, byte_count);
    out->bytes += byte_count;
    out->data[out->bytes] = '\0';
    return true;
}

/* What the table's rows mean is lost with it, so a document is kept as bytes. */
static enum ew_status keep(void *context, const struct ew_evidence *evidence,
                           struct ew_error *why)
{
    struct text *out = &documents[document_count];
    struct ew_check_result result;
    (void)context;
    ck_assert_uint_lt(document_count, DOCUMENTS_MAX);
    out->bytes = 0;
    enum ew_status status = ew_evidence_write(evidence, collect, out, why);
    if (status == EW_OK) {
        document_count++;
        ck_assert_msg(ew_document_check_bytes("doc", out->data, out->bytes, &result, &error)
                          == EW_OK,
                      "%s", error.text);
    }
    return status;
}

static enum ew_status import(const struct ew_import_options *options, const char *text)
{
    document_count = 0;
    memset(&error, 0, sizeof error);
    return ew_import(options, text, strlen(text), keep, NULL, &counts, &error);
}

static const struct ew_import_options folded = {
    .format = EW_IMPORT_FOLDED, .name = "x.folded", .start_100ns = START, .end_100ns = END};
static const struct ew_import_options facts = {.format = EW_IMPORT_FACTS, .name = "x.ndjson"};

static void must_import(const struct ew_import_options *options, const char *text)
{
    ck_assert_msg(import(options, text) == EW_OK, "%s", error.text);
}

static void has(size_t document, const char *part)
{
    ck_assert_msg(strstr(documents[document].data, part) != NULL, "%s is not in\n%s", part,
                  documents[document].data);
}

/* --- folded stacks ---------------------------------------------------------------------------
 */

START_TEST(folded__stacks__become_functions_edges_and_paths)
{
    must_import(&folded, "app;main;serve;parse 7\n"
                         "app;main;serve 3\r\n"
                         "# a comment\n"
                         "\n"
                         "app;main;serve;parse 2\n");
    ck_assert_uint_eq(counts.documents, 1);
    ck_assert_uint_eq(counts.stacks, 12);
    has(0, "\"functions\":[{\"key\":\"s:name:[unknown]:main\",\"module\":0,\"name\":\"main\","
           "\"res\":\"symbol\"},{\"key\":\"s:name:[unknown]:parse\"");
    has(0, "{\"adj\":\"frame\",\"first\":\"2026-08-26T12:00:00.0000000Z\",\"from\":0,\"hits\":12,"
           "\"last\":\"2026-08-26T12:04:59.9999999Z\",\"s\":0,\"to\":2}");
    has(0, "\"hits\":9,\"last\":\"2026-08-26T12:04:59.9999999Z\",\"leaf\":9,\"root\":0");
    has(0, "{\"complete\":true,\"first\":\"2026-08-26T12:00:00.0000000Z\",\"frames\":[0,2,1],"
           "\"hits\":9");
    has(0, "\"os\":\"linux\"");
    has(0, "\"sources\":[{\"kind\":\"stack-sample\",\"periodNs\":null,\"provider\":\"folded\","
           "\"unit\":\"samples\"}]");
}
END_TEST

START_TEST(folded__the_process_of_a_line__is_no_caller)
{
    struct ew_import_options options = folded;
    must_import(&options, "app;main 1\n");
    ck_assert_ptr_null(strstr(documents[0].data, "app\""));
    options.root_is_function = true;
    must_import(&options, "app;main 1\n");
    has(0, "\"key\":\"s:name:[unknown]:app\"");
}
END_TEST

START_TEST(folded__over_an_unknown_frame__there_is_no_edge)
{
    must_import(&folded, "app;main;[unknown];leaf 5\n");
    ck_assert_uint_eq(counts.unknown, 5);
    has(0, "\"edges\":[]");
    has(0, "{\"complete\":false,");
    has(0, "\"gapped\":5");
    has(0, "\"noModule\":5,\"total\":15,\"unresolved\":5");
}
END_TEST

START_TEST(folded__from_user_to_kernel__is_a_bridge)
{
    must_import(&folded, "app;main;sys_read_[k] 1\napp;main;-;sys_read 1\n");
    has(0, "{\"adj\":\"bridge\"");
    has(0, "\"hits\":2");
    has(0, "{\"key\":\"name:[kernel]\",\"kind\":\"kernel\"");
}
END_TEST

START_TEST(folded__recursion__counts_once_a_stack)
{
    must_import(&folded, "app;main;f;f;f 4\n");
    has(0, "\"from\":0,\"hits\":4");
    has(0, "\"frames\":[1,0],\"hits\":4");
    has(0, "\"f\":0,\"first\":\"2026-08-26T12:00:00.0000000Z\",\"hits\":4");
}
END_TEST

START_TEST(folded__again_and_in_another_order__is_the_same_document)
{
    static struct text before;
    must_import(&folded, "app;b;a 1\napp;c;a 2\n");
    before = documents[0];
    must_import(&folded, "app;b;a 1\napp;c;a 2\n");
    ck_assert_str_eq(documents[0].data, before.data);
    /* The stream is of the bytes; all else is of what they say. */
    struct ew_import_options options = folded;
    options.stream_id = "00000000000000000000000000000001";
    options.sequence = 3;
    must_import(&options, "app;b;a 1\napp;c;a 2\n");
    before = documents[0];
    must_import(&options, "app;c;a 2\napp;b;a 1\n");
    ck_assert_str_eq(documents[0].data, before.data);
    has(0, "\"seq\":3");
}
END_TEST

START_TEST(folded__deeper_than_a_stack_can_be__is_cut_outside)
{
    static char line[64 * 1024];
    size_t used = (size_t)snprintf(line, sizeof line, "app");
    for (int i = 0; i < EW_FRAMES_MAX + 10; i++) {
        used += (size_t)snprintf(line + used, sizeof line - used, ";f%d", i);
    }
    (void)snprintf(line + used, sizeof line - used, " 1\n");
    must_import(&folded, line);
    has(0, "\"truncated\":1");
    ck_assert_ptr_null(strstr(documents[0].data, ":f9\""));
    has(0, ":f10\"");
}
END_TEST

struct broken {
    const char *text;
    const char *why;
};

static const struct broken broken_folded[] = {
    {"app;main 1\napp;main\n", "x.folded: line 2: does not end with a space and a count"},
    {"app;main 99999999999999999999\n", "line 1: does not end with a space and a count"},
    {"app;main -1\n", "line 1: does not end"},
    {" 1\n", "line 1: does not end"},
    {"app;\xff 1\n", "line 1: is no UTF-8 text"},
};

START_TEST(folded__a_broken_line__is_refused_by_its_number)
{
    ck_assert_int_eq(import(&folded, broken_folded[_i].text), EW_FORMAT);
    ck_assert_msg(strstr(error.text, broken_folded[_i].why) != NULL, "%s", error.text);
    ck_assert_uint_eq(document_count, 0);
}
END_TEST

START_TEST(folded__without_a_window__is_a_wrong_use)
{
    struct ew_import_options options = folded;
    options.start_100ns = options.end_100ns = 0;
    ck_assert_int_eq(import(&options, "app;main 1\n"), EW_USAGE);
}
END_TEST

START_TEST(options__that_make_no_document__are_a_wrong_use)
{
    const struct ew_import_options wrong[] = {
        {.host_id = ""},
        {.subject = ""},
        {.container = ""},
        {.arch = "mips"},
        {.stream_id = "", .sequence = 1},
        {.stream_id = "0000000000000000000000000000000g", .sequence = 1},
        {.stream_id = "ABCDEF00000000000000000000000000", .sequence = 1},
        {.stream_id = "../../../../../../../../../../..", .sequence = 1},
    };
    struct ew_import_options options = wrong[_i];
    options.name = "x.folded";
    options.start_100ns = START;
    options.end_100ns = END;
    ck_assert_int_eq(import(&options, "app;main 1\n"), EW_USAGE);
    ck_assert_uint_eq(document_count, 0);
}
END_TEST

START_TEST(folded__counts_at_the_limit__stop_there)
{
    must_import(&folded, "a;f 9007199254740991\na;f 9007199254740991\n");
    has(0, "\"hits\":9007199254740991");
}
END_TEST

/* --- runtime facts ---------------------------------------------------------------------------
 */

START_TEST(facts__of_containers__become_a_document_each)
{
    must_import(
        &facts,
        "{\"symbolId\":\"sym:a\",\"hitCount\":2,\"buildId\":\"deadbeef\","
        "\"observedAt\":\"2026-08-26T12:00:01Z\",\"containerId\":\"containerd://c1\"}\n"
        "{\"symbolId\":\"sym:b\",\"hitCount\":3,\"purl\":\"pkg:npm/x@1\","
        "\"observedAt\":\"2026-08-26T12:00:02.123456789+00:00\",\"metadata\":{\"k\":[1]}}\n"
        "{\"symbolId\":\"sym:a\",\"hitCount\":5,\"buildId\":\"deadbeef\","
        "\"observedAt\":\"2026-08-26T12:00:03Z\",\"containerId\":\"containerd://c1\"}\n");
    ck_assert_uint_eq(counts.documents, 2);
    ck_assert_uint_eq(counts.stacks, 10);
    has(0, "{\"container\":null,");
    has(0, "\"key\":\"i:name:pkg:npm/x@1:sym:b\"");
    has(0, "\"first\":\"2026-08-26T12:00:02.1234567Z\"");
    has(1, "\"container\":{\"id\":\"c1\",\"idSource\":\"operator\",\"isolation\":\"unknown\","
           "\"runtime\":\"containerd\"}");
    has(1, "\"key\":\"i:elf:deadbeef:sym:a\"");
    has(1, "\"first\":\"2026-08-26T12:00:01.0000000Z\",\"hits\":7,"
           "\"last\":\"2026-08-26T12:00:03.0000000Z\"");
    has(1, "\"buildId\":\"deadbeef\"");
}
END_TEST

START_TEST(facts__in_any_order__make_the_same_tables)
{
    static struct text before;
    struct ew_import_options options = facts;
    options.stream_id = "00000000000000000000000000000001";
    options.sequence = 1;
    static const char *const lines[] = {
        "{\"symbolId\":\"b\",\"hitCount\":1,\"purl\":\"a!\",\"observedAt\":\"2026-08-26T12:00:01Z\"}\n",
        "{\"symbolId\":\"a\",\"hitCount\":1,\"purl\":\"a\",\"observedAt\":\"2026-08-26T12:00:01Z\"}\n",
        "{\"symbolId\":\"c\",\"hitCount\":1,\"purl\":\"a:b\",\"observedAt\":\"2026-08-26T12:00:02Z\"}\n",
        "{\"symbolId\":\"b:c\",\"hitCount\":1,\"purl\":\"a\",\"observedAt\":\"2026-08-26T12:00:03Z\"}\n",
    };
    char text[2048];
    for (unsigned turn = 0; turn < 4; turn++) {
        (void)snprintf(text, sizeof text, "%s%s%s%s", lines[turn], lines[(turn + 1) % 4],
                       lines[(turn + 2) % 4], lines[(turn + 3) % 4]);
        must_import(&options, text);
        if (turn > 0) {
            ck_assert_str_eq(documents[0].data, before.data);
        }
        before = documents[0];
    }
    has(0, "\"first\":\"2026-08-26T12:00:02.0000000Z\",\"hits\":2");
}
END_TEST

static const struct broken broken_facts[] = {
    {"{\"symbolId\":\"a\",\"hitCount\":1}", "observedAt is missing"},
    {"{\"hitCount\":1}", "symbolId is missing"},
    {"{\"symbolId\":\"a\"}", "hitCount is missing"},
    {"{\"symbolId\":1,\"hitCount\":1}", "symbolId: is neither a string nor null"},
    {"{\"symbolId\":\"a\",\"hitCount\":-1}", "hitCount: must be an integer"},
    {"{\"symbolId\":\"a\",\"hitCount\":1,\"hitCount\":1}", "there twice"},
    {"{\"symbolId\":\"a\",\"hitCount\":1,\"observedAt\":\"2026-02-30T12:00:00Z\"}", "is no time"},
    {"{}\n[]", "symbolId is missing"},
    {"[]", "is no object"},
};

START_TEST(facts__a_broken_line__is_refused_with_its_place)
{
    enum ew_status status = import(&facts, broken_facts[_i].text);
    ck_assert(status == EW_FORMAT || status == EW_USAGE);
    ck_assert_msg(strstr(error.text, broken_facts[_i].why) != NULL, "%s", error.text);
    ck_assert_ptr_nonnull(strstr(error.text, "x.ndjson: line 1"));
}
END_TEST

START_TEST(facts__outside_the_window__are_refused)
{
    struct ew_import_options options = facts;
    options.start_100ns = START;
    options.end_100ns = END;
    ck_assert_int_eq(import(&options, "{\"symbolId\":\"a\",\"hitCount\":1,"
                                      "\"observedAt\":\"2026-08-26T12:05:00Z\"}"),
                     EW_FORMAT);
    must_import(&options, "{\"symbolId\":\"a\",\"hitCount\":1}");
    has(0, "\"last\":\"2026-08-26T12:04:59.9999999Z\"");
}
END_TEST

START_TEST(facts__of_nothing__make_no_document)
{
    must_import(&facts, "");
    ck_assert_uint_eq(counts.documents, 0);
    must_import(&facts, "{\"symbolId\":\"a\",\"hitCount\":0}\n");
    ck_assert_uint_eq(counts.documents, 0);
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("imports");
    TCase *tests = tcase_create("folded");
    tcase_add_test(tests, folded__stacks__become_functions_edges_and_paths);
    tcase_add_test(tests, folded__the_process_of_a_line__is_no_caller);
    tcase_add_test(tests, folded__over_an_unknown_frame__there_is_no_edge);
    tcase_add_test(tests, folded__from_user_to_kernel__is_a_bridge);
    tcase_add_test(tests, folded__recursion__counts_once_a_stack);
    tcase_add_test(tests, folded__again_and_in_another_order__is_the_same_document);
    tcase_add_test(tests, folded__deeper_than_a_stack_can_be__is_cut_outside);
    tcase_add_loop_test(tests, folded__a_broken_line__is_refused_by_its_number, 0,
                        (int)(sizeof broken_folded / sizeof broken_folded[0]));
    tcase_add_test(tests, folded__without_a_window__is_a_wrong_use);
    tcase_add_test(tests, folded__counts_at_the_limit__stop_there);
    tcase_add_loop_test(tests, options__that_make_no_document__are_a_wrong_use, 0, 8);
    suite_add_tcase(suite, tests);
    tests = tcase_create("facts");
    tcase_add_test(tests, facts__of_containers__become_a_document_each);
    tcase_add_test(tests, facts__in_any_order__make_the_same_tables);
    tcase_add_loop_test(tests, facts__a_broken_line__is_refused_with_its_place, 0,
                        (int)(sizeof broken_facts / sizeof broken_facts[0]));
    tcase_add_test(tests, facts__outside_the_window__are_refused);
    tcase_add_test(tests, facts__of_nothing__make_no_document);
    suite_add_tcase(suite, tests);
    return suite;
}
