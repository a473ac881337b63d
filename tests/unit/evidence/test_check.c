/* SPDX-License-Identifier: Apache-2.0 */
/* A valid document passes; one broken rule at a time does not, and the place is told. */
#include "base/text.h"
#include "etwitness/evidence.h"
#include "evidence/pattern.h"
#include "evidence/sample_evidence.h"
#include "platform/hash.h"
#include "support/check_main.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_BYTES = 256 * 1024 };

static char document[TEXT_BYTES];
static size_t document_bytes;
static struct ew_error error;
static struct ew_check_result result;

static bool collect(void *context, const void *bytes, size_t byte_count)
{
    (void)context;
    ck_assert_uint_lt(document_bytes + byte_count, sizeof document);
    memcpy(document + document_bytes, bytes, byte_count);
    document_bytes += byte_count;
    document[document_bytes] = '\0';
    return true;
}

static void write_document(const struct ew_evidence *evidence)
{
    document_bytes = 0;
    ck_assert_msg(ew_evidence_write(evidence, collect, NULL, &error) == EW_OK, "%s", error.text);
}

static void set_up(void)
{
    struct ew_evidence evidence = ew_sample_maximal();
    write_document(&evidence);
}

static enum ew_status check(void)
{
    memset(&error, 0, sizeof error);
    return ew_document_check_bytes("doc", document, strlen(document), &result, &error);
}

/* Replaces the first `from` after the first `after`; both must be there. */
static void change(const char *after, const char *from, const char *to)
{
    static char changed[TEXT_BYTES];
    char *start = strstr(document, after);
    ck_assert_ptr_nonnull(start);
    char *at = strstr(start, from);
    ck_assert_ptr_nonnull(at);
    (void)snprintf(changed, sizeof changed, "%.*s%s%s", (int)(at - document), document, to,
                   at + strlen(from));
    memcpy(document, changed, strlen(changed) + 1);
}

static void refuse(const char *place)
{
    ck_assert_int_eq(check(), EW_FORMAT);
    ck_assert_msg(strstr(error.text, place) != NULL, "\"%s\" does not name %s", error.text,
                  place);
}

START_TEST(documents__as_they_are_written__are_valid)
{
    ck_assert_msg(check() == EW_OK, "%s", error.text);
    ck_assert(result.canonical);
    ck_assert_str_eq(result.schema, "runtime-evidence/1");
    struct ew_evidence minimal = ew_sample_minimal();
    write_document(&minimal);
    ck_assert_msg(check() == EW_OK, "%s", error.text);
}
END_TEST

struct broken {
    const char *after;
    const char *from;
    const char *to;
    const char *place;
};

/* One rule each. What is replaced stands in the maximal sample. */
static const struct broken broken[] = {
    {"\"edges\":", "\"to\":", "\"to\":99", "edges[0].to"},
    {"\"functionObs\":", "\"f\":", "\"f\":77", "functionObs["},
    {"\"functions\":", "\"module\":", "\"module\":55", "functions[0].module"},
    {"\"edges\":", "\"adj\":\"", "\"adj\":\"x", "edges[0].adj"},
    {"\"window\":", "\"reason\":\"", "\"reason\":\"not-", "window.reason"},
    {"\"stream\":", "\"seq\":", "\"seq\":\"1\",\"x\":", "stream.seq"},
    {"\"stream\":{", "\"id\":\"", "\"id\":\"Z", "stream.id"},
    {"\"schemaVersion\":", "\"1.", "\"2.", "schemaVersion"},
    {"\"quality\":", "\"eventsLost\":", "\"eventsLost\":-", "quality.eventsLost"},
    {"\"quality\":", "\"rundown\":", "\"undown\":", "quality"},
    {"\"host\":", "\"os\":\"windows\"", "\"os\":\"beos\"", "host.os"},
    {"\"stream\":", "\"seq\":999999999999", "\"seq\":0", "stream.seq"},
    {"\"window\":", "\"end\":\"9999-12-31T23:59:59.9999999Z\"",
     "\"end\":\"2026-08-27T00:00:00.0000000Z\"", "edges[7].last"},
    {"\"window\":", "\"start\":\"2026", "\"start\":\"9999-12-31T23:59:59.9999999Z\",\"x\":\"",
     "window"},
    {"\"edges\":", "\"from\":0", "\"from\":8", "edges[0].from"},
    {"\"edges\":", "\"s\":0", "\"s\":3", "edges[0].s"},
    {"\"edges\":", "\"from\":0", "\"from\":1", "edges[1]"},
    {"\"edges\":", "\"adj\":\"bridge\"", "\"adj\":\"inline\"", "edges[1]"},
    {"\"edges\":", "\"hits\":1", "\"hits\":0", "edges[0].hits"},
    {"\"edges\":", "\"s\":0", "\"procs\":[0,2],\"s\":0", "edges[0].procs[1]"},
    {"\"functionObs\":", "\"last\":\"2026-08-26T00:00:00.0000000Z",
     "\"last\":\"2025-08-26T00:00:00.0000000Z", "functionObs[0].first"},
    {"\"functionObs\":", "\"s\":1", "\"s\":0", "functionObs[1]"},
    {"\"functionObs\":", "\"leaf\":10", "\"leaf\":11", "functionObs[1].leaf"},
    {"\"functionObs\":", "\"root\":1", "\"root\":2", "functionObs[0].root"},
    {"\"functions\":", "\"key\":\"m:b\"", "\"key\":\"m:c\"", "functions[2].key"},
    {"\"processes\":", "\"image\":3", "\"image\":5", "processes[1].image"},
    {"\"paths\":", "\"frames\":[0,1,7]", "\"frames\":[0,1,8]", "paths[1].frames[2]"},
    {"\"paths\":", "\"frames\":[0]", "\"frames\":[]", "paths[0].frames"},
    {"\"paths\":", "\"frames\":[0]", "\"frames\":[1]", "paths[1]"},
    {"\"paths\":", "\"s\":2", "\"s\":0", "paths[3]"},
    {"\"sources\":", "\"eventId\":46", "\"aim\":9007199254740992,\"eventId\":46", "byte "},
    {"\"sources\":", "\"eventId\":46", "\"eventId\":65536", "sources[0].eventId"},
    {"\"window\":", "\"end\":\"9999-12-31", "\"end\":\"9999-02-30", "window: end"},
    {"\"stream\":", "\"id\":", "\"covers\":{\"from\":1,\"to\":2},\"id\":", "stream.covers"},
    {"\"sources\":", "\"eventId\":46", "\"eventId\":-0", "byte "},
    {"\"subject\":", "orders", "\\u006frders", "byte "},
    {"\"subject\":", "orders", "orders\\u000a", "byte "},
    {"\"subject\":", "\"name\":\"orders\"", "\"name\":\"orders\",\"a\":1", "byte "},
};

START_TEST(document__one_rule_broken__is_refused_with_its_place)
{
    const struct broken *rule = &broken[_i];
    change(rule->after, rule->from, rule->to);
    refuse(rule->place);
}
END_TEST

START_TEST(document__tables_out_of_order__is_refused)
{
    change("\"modules\":", "\"key\":\"", "\"key\":\"zz");
    refuse("modules[1].key");
}
END_TEST

START_TEST(document__time_outside_the_window__is_refused)
{
    change("\"edges\":", "\"first\":\"20", "\"first\":\"19");
    refuse("edges[0].first: is before the window");
}
END_TEST

START_TEST(document__white_space_or_other_order__is_not_canonical)
{
    change("{", "{", "{ ");
    refuse("canonical");
}
END_TEST

START_TEST(document__fraction_where_a_number_is__is_refused)
{
    change("\"edges\":", "\"hits\":", "\"hits\":0.5,\"x\":");
    refuse("edges[0].hits: must be of type integer");
}
END_TEST

START_TEST(document__duplicate_member__is_refused)
{
    change("\"window\":{", "\"bootId\":", "\"bootId\":\"\",\"bootId\":");
    refuse("is no JSON");
}
END_TEST

START_TEST(document__cut_anywhere__is_refused)
{
    size_t length = strlen(document);
    for (size_t cut = 0; cut < length; cut += 7) {
        ck_assert_int_eq(ew_document_check_bytes("doc", document, cut, &result, &error),
                         EW_FORMAT);
    }
}
END_TEST

START_TEST(document__nested_deeply__is_refused_and_nothing_breaks)
{
    enum { DEPTH = 100000 };
    char *deep = malloc(DEPTH + 64);
    ck_assert_ptr_nonnull(deep);
    int length = snprintf(deep, 64, "{\"schema\":\"static-callgraph/1\",\"x\":");
    memset(deep + length, '[', DEPTH);
    ck_assert_int_eq(
        ew_document_check_bytes("doc", deep, (size_t)length + DEPTH, &result, &error), EW_LIMIT);
    free(deep);
}
END_TEST

START_TEST(document__of_too_many_values__is_refused_before_they_cost_memory)
{
    const size_t count = EW_DOCUMENT_VALUES_MAX + 1;
    char *many = malloc(count * 3 + 2);
    ck_assert_ptr_nonnull(many);
    many[0] = '[';
    for (size_t i = 0; i < count; i++) {
        memcpy(many + 1 + i * 3, "{},", 3);
    }
    many[count * 3] = ']';
    ck_assert_int_eq(ew_document_check_bytes("doc", many, count * 3 + 1, &result, &error),
                     EW_LIMIT);
    free(many);
}
END_TEST

START_TEST(document__with_members_of_others__is_valid)
{
    /* U+1F600 comes before U+FFEE: names are in the order of their UTF-16 units. */
    change("\"subject\":", "\"orders\"",
           "\"orders\",\"\\n\":1,\"x\\\"y\":[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]],"
           "\"\xf0\x9f\x98\x80\":null,\"\xef\xbf\xae\":-9007199254740991");
    refuse("byte "); /* "\n" belongs before "kind" */
    change("\"subject\":", ",\"\\n\":1", "");
    ck_assert_msg(check() == EW_OK, "%s", error.text);
    ck_assert(result.canonical);
}
END_TEST

/* The name that the document would be published under, with `kind` w or r. */
static const char *published_name(char kind)
{
    static char name[128];
    struct ew_sha256 *hash = NULL;
    uint8_t digest[EW_SHA256_BYTES];
    char hex[EW_SHA256_HEX_BYTES];
    ck_assert_int_eq(ew_sha256_create(&hash), EW_OK);
    ew_sha256_update(hash, document, strlen(document));
    ck_assert_int_eq(ew_sha256_finish(hash, digest), EW_OK);
    ew_text_hex(digest, sizeof digest, hex);
    (void)snprintf(name, sizeof name,
                   "re1-5f0c1e2d3b4a59687786958493a2b1c0-999999999999-999-%c-%.16s.json", kind,
                   hex);
    return name;
}

static enum ew_status check_as(const char *name)
{
    return ew_document_check_bytes(name, document, strlen(document), &result, &error);
}

START_TEST(document__under_its_published_name__agrees_with_it)
{
    ck_assert_msg(check_as(published_name('w')) == EW_OK, "%s", error.text);
    ck_assert(result.name_checked);
    ck_assert_int_eq(check(), EW_OK);
    ck_assert(!result.name_checked);
}
END_TEST

START_TEST(document__under_the_name_of_another_window__is_refused)
{
    ck_assert_int_eq(check_as(published_name('r')), EW_FORMAT); /* it is no roll-up */
    change("\"stream\":", "\"rev\":999", "\"rev\":998");
    ck_assert_int_eq(check_as(published_name('w')), EW_FORMAT);
    change("\"stream\":", "\"rev\":998", "\"rev\":999");
    change("\"stream\":", "\"seq\":999999999999", "\"seq\":999999999998");
    ck_assert_int_eq(check_as(published_name('w')), EW_FORMAT);
    change("\"stream\":", "\"seq\":999999999998", "\"seq\":999999999999");
    ck_assert_int_eq(check_as(published_name('w')), EW_OK);
    change("\"stream\":", "\"id\":\"5f", "\"id\":\"5e");
    ck_assert_int_eq(check_as(published_name('w')), EW_FORMAT);
    ck_assert_ptr_nonnull(strstr(error.text, "stream: is not the one"));
}
END_TEST

static const char head[] =
    "{\"bytes\":1,\"firstSeq\":1,\"heartbeat\":\"2026-08-26T00:00:00.0000000Z\",\"lastFile\":"
    "\"re1-00000000000000000000000000000001-000000000002-000-w-0123456789abcdef.json\","
    "\"lastSeq\":2,\"lastSha256\":"
    "\"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\","
    "\"schema\":\"runtime-evidence-head/1\",\"state\":\"running\","
    "\"stream\":\"00000000000000000000000000000001\"}";

static const struct broken broken_heads[] = {
    {"", "\"firstSeq\":1", "\"firstSeq\":3", "firstSeq"},
    {"", "\"firstSeq\":1", "\"firstSeq\":0", "firstSeq"},
    {"", "-w-0123", "-x-0123", "lastFile"},
    {"", "-w-0123", "-w-1123", "lastFile: its hash"},
    {"", "\"lastSeq\":2", "\"lastSeq\":4", "lastFile: is of another"},
    {"", "re1-00", "re1-10", "lastFile: is of another"},
    {"", "running", "walking", "state"},
    {"", "\"bytes\":1,", "", "bytes"},
    {"", "\"bytes\":1,", "\"bytes\":1, ", "byte 11: white space"},
};

START_TEST(head__as_it_is_written__is_valid)
{
    (void)snprintf(document, sizeof document, "%s", head);
    ck_assert_msg(check() == EW_OK, "%s", error.text);
    ck_assert_str_eq(result.schema, "runtime-evidence-head/1");
}
END_TEST

START_TEST(head__one_rule_broken__is_refused_with_its_place)
{
    const struct broken *rule = &broken_heads[_i];
    (void)snprintf(document, sizeof document, "%s", head);
    change(rule->after, rule->from, rule->to);
    refuse(rule->place);
}
END_TEST

START_TEST(callgraph__written_by_hand__need_not_be_canonical)
{
    (void)snprintf(
        document, sizeof document,
        "{ \"schema\": \"static-callgraph/1\", \"graphId\": \"g\",\n"
        "\"analyzer\":{\"name\":\"a\",\"version\":\"1\"}, \"world\":{\"closed\":false},\n"
        "\"artifacts\":[],\"nodes\":[],\"edges\":[],\"entrypoints\":[]}\n");
    ck_assert_msg(check() == EW_OK, "%s", error.text);
    ck_assert(!result.canonical);
    change("", "\"g\"", "\"\"");
    refuse("graphId");
}
END_TEST

START_TEST(document__of_an_unknown_schema__is_refused)
{
    (void)snprintf(document, sizeof document, "{\"schema\":\"something/1\"}");
    refuse("names none of the documents");
}
END_TEST

START_TEST(document__whose_name_tells_another_hash__is_refused)
{
    static const char name[] = "x/re1-00000000000000000000000000000001-000000000001-000-w-"
                               "0123456789abcdef.json";
    ck_assert_int_eq(ew_document_check_bytes(name, document, strlen(document), &result, &error),
                     EW_FORMAT);
    ck_assert_ptr_nonnull(strstr(error.text, "changed after it was published"));
}
END_TEST

struct pattern_case {
    const char *pattern;
    const char *text;
    bool matches;
};

static const struct pattern_case pattern_cases[] = {
    {"^[0-9A-F]{8}[0-9a-f]{1,8}$", "542D574Ec2000", true},
    {"^[0-9A-F]{8}[0-9a-f]{1,8}$", "542D574E", false},
    {"^[0-9A-F]{8}[0-9a-f]{1,8}$", "542D574Ec20000000", false},
    {"^1\\.[0-9]+\\.[0-9]+$", "1.0.12", true},
    {"^1\\.[0-9]+\\.[0-9]+$", "1.0.", false},
    {"^1\\.[0-9]+\\.[0-9]+$", "1x0.1", false},
    {"^pkg:", "pkg:nuget/x", true},
    {"^pkg:", "xpkg:", false},
    {"b$", "aab", true},
    {"^[a-z]*b$", "aabab", true}, /* the star must give back */
    {"^a{2,3}ab$", "aaab", true},
    {"^a{2,3}ab$", "aab", false},
    {"^a?a?a?aaa$", "aaa", true},
    {"^a?a{0,3}$", "aaaa", true}, /* a later start reaches further */
    {"^a?a{0,3}$", "aaaaa", false},
    {"a{1,2}b", "caaab", true},
    {"^[a-z]+$", "abc\n", false},
    {"^.$", "", false},
    {"^[0-9a-f-]{3}$", "a-0", true},
    {"", "anything", true},
};

START_TEST(pattern__of_the_kind_our_schemas_use__matches_exactly)
{
    const struct pattern_case *it = &pattern_cases[_i];
    bool matches = !it->matches;
    ck_assert_int_eq(pattern_match(it->pattern, it->text, &matches), EW_OK);
    ck_assert_msg(matches == it->matches, "%s on \"%s\"", it->pattern, it->text);
}
END_TEST

START_TEST(pattern__of_another_kind__is_refused)
{
    static const char *const patterns[] = {"(a)",    "a|b", "[^a]", "\\d",   "a{",      "a{2",
                                           "a{3,2}", "[a",  "[]",   "[z-a]", "a{9999}", "*"};
    bool matches;
    for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++) {
        ck_assert_msg(pattern_match(patterns[i], "a", &matches) == EW_UNSUPPORTED, "%s",
                      patterns[i]);
    }
}
END_TEST

/* Bytes that a terminal would act upon, as the document may bring them in. */
static const char *const hostile[] = {
    "{\"schema\":\"\x1b[2J\"}",
    "{\"\x1b[2J",
    "\x1b[2J",
    "{\"schema\":\"runtime-evidence-head/1\",\"state\":\"\\u001b[2J\\u009b2J\\u007f\\n\"}",
};

START_TEST(complaint__about_control_characters__has_none_of_them)
{
    (void)snprintf(document, sizeof document, "%s", hostile[_i]);
    ck_assert_int_eq(check(), EW_FORMAT);
    for (const char *at = error.text; *at != '\0'; at++) {
        ck_assert_msg((unsigned char)*at >= 0x20 && *at != 0x7f, "byte %d", *at);
    }
    ck_assert_ptr_null(strstr(error.text, "\xc2\x9b"));
}
END_TEST

START_TEST(complaint__nobody_wants_it__is_not_told)
{
    document[document_bytes - 1] = ' ';
    ck_assert_int_eq(ew_document_check_bytes("doc", document, document_bytes, &result, NULL),
                     EW_FORMAT);
    set_up();
    change("\"edges\":", "\"to\":", "\"to\":99");
    ck_assert_int_eq(ew_document_check_bytes("doc", document, strlen(document), &result, NULL),
                     EW_FORMAT);
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("check");
    TCase *tests = tcase_create("documents");
    tcase_add_checked_fixture(tests, set_up, NULL);
    tcase_add_test(tests, documents__as_they_are_written__are_valid);
    tcase_add_loop_test(tests, document__one_rule_broken__is_refused_with_its_place, 0,
                        sizeof broken / sizeof broken[0]);
    tcase_add_test(tests, document__tables_out_of_order__is_refused);
    tcase_add_test(tests, document__time_outside_the_window__is_refused);
    tcase_add_test(tests, document__white_space_or_other_order__is_not_canonical);
    tcase_add_test(tests, document__fraction_where_a_number_is__is_refused);
    tcase_add_test(tests, document__duplicate_member__is_refused);
    tcase_add_test(tests, document__cut_anywhere__is_refused);
    tcase_add_test(tests, document__nested_deeply__is_refused_and_nothing_breaks);
    tcase_add_test(tests, document__of_too_many_values__is_refused_before_they_cost_memory);
    tcase_add_test(tests, document__with_members_of_others__is_valid);
    tcase_add_test(tests, document__under_its_published_name__agrees_with_it);
    tcase_add_test(tests, document__under_the_name_of_another_window__is_refused);
    tcase_add_test(tests, head__as_it_is_written__is_valid);
    tcase_add_loop_test(tests, head__one_rule_broken__is_refused_with_its_place, 0,
                        sizeof broken_heads / sizeof broken_heads[0]);
    tcase_add_test(tests, callgraph__written_by_hand__need_not_be_canonical);
    tcase_add_test(tests, document__of_an_unknown_schema__is_refused);
    tcase_add_test(tests, document__whose_name_tells_another_hash__is_refused);
    tcase_add_loop_test(tests, complaint__about_control_characters__has_none_of_them, 0,
                        sizeof hostile / sizeof hostile[0]);
    tcase_add_test(tests, complaint__nobody_wants_it__is_not_told);
    suite_add_tcase(suite, tests);
    TCase *patterns = tcase_create("patterns");
    tcase_add_loop_test(patterns, pattern__of_the_kind_our_schemas_use__matches_exactly, 0,
                        sizeof pattern_cases / sizeof pattern_cases[0]);
    tcase_add_test(patterns, pattern__of_another_kind__is_refused);
    suite_add_tcase(suite, patterns);
    return suite;
}
