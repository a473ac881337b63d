/* SPDX-License-Identifier: Apache-2.0 */
/* static-callgraph/1: a document, NDJSON, order of the input, and what is refused. */
#include "base/index.h"
#include "callgraph/graph_text.h"
#include "support/check_main.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEAD                                                                             \
    "{\"schema\":\"static-callgraph/1\",\"graphId\":\"g\",\"analyzer\":{\"name\":\"a\"," \
    "\"version\":\"1\"},\"world\":{\"closed\":false}"
#define DOCUMENT(nodes, edges) \
    HEAD ",\"artifacts\":[],\n\"nodes\":[" nodes "],\n\"edges\":[" edges "],\n\"entrypoints\":[]}"

static const char full[] =
    "{\"schema\":\"static-callgraph/1\",\"graphId\":\"g1\",\n"
    "\"analyzer\":{\"name\":\"an\",\"version\":\"2\",\"algorithm\":\"rta\",\"digest\":\"d\"},\n"
    "\"world\":{\"closed\":true,\"unsoundFor\":[\"reflection\",\"callbacks\"]},\n"
    "\"artifacts\":[{\"name\":\"app.dll\",\"codeId\":\"c\",\"debugId\":\"d\",\"mvid\":\"m\","
    "\"sha256\":\"s\",\"purl\":\"p\"},{\"name\":\"lib.dll\"}],\n"
    "\"nodes\":[{\"id\":\"main\",\"artifact\":0,\"kind\":\"method\",\"token\":\"0x06000001\","
    "\"rva\":4096,\"size\":32,\"name\":\"Main\",\"sig\":\"void ()\",\"docId\":\"M:P.Main\","
    "\"decorated\":\"?Main\",\"callsComplete\":true,\"inline\":\"never\",\"overrides\":[\"z\","
    "\"base\"]},{\"id\":\"base\",\"kind\":\"type-init\"},{\"id\":\"a\\u00e9\",\"rva\":0}],\n"
    "\"edges\":[{\"from\":\"main\",\"to\":\"base\",\"kind\":\"virtual\",\"reason\":\"vtable-slot\","
    "\"site\":7,\"confidence\":900,\"candidates\":[\"z\",\"a\\u00e9\"]},{\"from\":\"base\","
    "\"to\":\"a\\u00e9\"},{\"to\":\"base\",\"from\":\"base\"}],\n"
    "\"entrypoints\":[{\"node\":\"main\",\"kind\":\"main\"},{\"node\":\"base\",\"kind\":\"tls\"}],\n"
    "\"targets\":[{\"node\":\"z\",\"vuln\":[\"CVE-2\",\"CVE-1\"]}]}\n";

static const char full_shown[] =
    "graph g1 name=an version=2 algorithm=rta closed=1 presence=0 unsound=81\n"
    "artifact name=app.dll code=c debug=d mvid=m sha256=s purl=p\n"
    "artifact name=lib.dll\n"
    "node a\xc3\xa9 kind=0 rva=0\n"
    "node base kind=4\n"
    "node main kind=0 name=Main sig=void () doc=M:P.Main decorated=?Main artifact=0 rva=4096 "
    "token=6000001 size=32 inline=1 complete=1 overrides=base overrides=z\n"
    "node z kind=3\n"
    "edge base -> a\xc3\xa9 kind=0\n"
    "edge base -> base kind=0\n"
    "edge main -> base kind=1 reason=vtable-slot confidence=900 site=7 candidate=a\xc3\xa9 "
    "candidate=z\n"
    "entry base kind=10\n"
    "entry main kind=0\n"
    "target z CVE-1\n"
    "target z CVE-2\n";

START_TEST(document__with_every_member__has_them_in_columns)
{
    graph_expect(full, full_shown);
}
END_TEST

START_TEST(document__counts__say_what_was_odd)
{
    struct graph_outcome outcome = graph_from_text(
        DOCUMENT("{\"id\":\"a\",\"x\":1},{\"id\":\"a\"}",
                 "{\"from\":\"a\",\"to\":\"b\",\"y\":[{}]},{\"from\":\"a\",\"to\":\"b\"}"));
    ck_assert_msg(outcome.status == EW_OK, "%s", outcome.error.text);
    ck_assert_uint_eq(outcome.counts.records, 4);
    ck_assert_uint_eq(outcome.counts.unknown_members, 2);
    ck_assert_uint_eq(outcome.counts.dangling, 1);
    ck_assert_uint_eq(outcome.counts.duplicates, 2);
    ck_assert_uint_eq(outcome.graph->edge_count, 1);
    ck_assert_uint_eq(strlen(outcome.graph->sha256), 64);
    ck_assert_uint_eq(ew_graph_find(outcome.graph, "b"), 1);
    ck_assert_uint_eq(ew_graph_find(outcome.graph, "c"), EW_GRAPH_NONE);
    ew_graph_free(outcome.graph);
}
END_TEST

START_TEST(lines__of_the_same_graph__give_the_same_columns)
{
    graph_expect(
        "{\"schema\":\"static-callgraph/1\",\"graphId\":\"g1\",\"analyzer\":{\"name\":\"an\","
        "\"version\":\"2\",\"algorithm\":\"rta\"},\"world\":{\"closed\":true,\"unsoundFor\":["
        "\"reflection\",\"callbacks\"]}}\n"
        "{\"edge\":{\"from\":\"base\",\"to\":\"base\"}}\n"
        "{\"target\":{\"vuln\":[\"CVE-2\",\"CVE-1\"],\"node\":\"z\"}}\n"
        "{\"artifact\":{\"name\":\"app.dll\",\"codeId\":\"c\",\"debugId\":\"d\",\"mvid\":\"m\","
        "\"sha256\":\"s\",\"purl\":\"p\"}}\n"
        "{\"entrypoint\":{\"node\":\"base\",\"kind\":\"tls\"}}\n"
        "{\"edge\":{\"from\":\"base\",\"to\":\"a\xc3\xa9\"}}\n"
        "{\"edge\":{\"from\":\"main\",\"to\":\"base\",\"kind\":\"virtual\",\"reason\":"
        "\"vtable-slot\",\"site\":7,\"confidence\":900,\"candidates\":[\"z\",\"a\xc3\xa9\"]}}\n"
        "{\"node\":{\"overrides\":[\"base\",\"z\"],\"id\":\"main\",\"artifact\":0,\"kind\":"
        "\"method\",\"token\":\"06000001\",\"rva\":4096,\"size\":32,\"name\":\"Main\",\"sig\":"
        "\"void ()\",\"docId\":\"M:P.Main\",\"decorated\":\"?Main\",\"callsComplete\":true,"
        "\"inline\":\"never\"}}\n"
        "{\"artifact\":{\"name\":\"lib.dll\"}}\n"
        "{\"node\":{\"id\":\"a\xc3\xa9\",\"rva\":0}}\n"
        "{\"node\":{\"id\":\"base\",\"kind\":\"type-init\"}}\n"
        "{\"comment\":{\"of\":\"a later version\"}}\n"
        "{\"entrypoint\":{\"node\":\"main\",\"kind\":\"main\"}}\n",
        full_shown);
}
END_TEST

struct failure {
    const char *text;
    const char *sentence;
};

START_TEST(failure__names_line_column_and_path)
{
    static const struct failure failures[] = {
        {DOCUMENT("", "{\"from\":\"a\",\"to\":3}"),
         "line 3, column 27, edges[0].to: is a number, must be a string"},
        {DOCUMENT("", "{\"from\":\"a\",\"to\":\"b\"},\n{\"from\":\"a\"}"),
         "line 4, column 12, edges[1]: the member to is missing"},
        {DOCUMENT("{\"id\":\"a\",\"kind\":\"blue\"}", ""),
         "line 2, column 27, nodes[0].kind: is none of the words that the schema has"},
        {DOCUMENT("{\"id\":\"a\",\"token\":\"06zz\"}", ""),
         "line 2, column 28, nodes[0].token: is no metadata token, such as 0x06000001"},
        {DOCUMENT("{\"id\":\"a\",\"size\":-1}", ""),
         "line 2, column 27, nodes[0].size: must be an integer of 0 to 4294967295"},
        {DOCUMENT("{\"id\":\"a\",\"id\":\"b\"}", ""),
         "line 2, column 20, nodes[0].id: the member is there twice"},
        {DOCUMENT("{\"id\":\"\"}", ""),
         "line 2, column 16, nodes[0].id: an id must not be empty"},
        {DOCUMENT("{\"id\":\"a\"},{\"id\":\"a\",\"name\":\"n\"}", ""),
         "line 2, column 41, nodes[1]: the node is there twice, with different members"},
        {DOCUMENT("{\"id\":\"a\",\"callsComplete\":1}", ""),
         "line 2, column 36, nodes[0].callsComplete: is a number, must be true or false"},
        {DOCUMENT("", "{\"from\":\"a\",\"to\":\"b\",\"confidence\":1001}"),
         "line 3, column 44, edges[0].confidence: must be an integer of 0 to 1000"},
        {DOCUMENT("", "{\"from\":\"a\",\"to\":\"b\",\"candidates\":[\"c\",null]}"),
         "line 3, column 49, edges[0].candidates[1]: is null, must be a string"},
        {DOCUMENT("{\"id\":\"a\",\"artifact\":1}", ""),
         "node a: artifact is 1, but there are only 0"},
        {DOCUMENT("{\"id\":\"\xff\"}", ""), "line 2, column 17, nodes[0].id: is not UTF-8"},
        {DOCUMENT("", "") "x", "line 4, column 18: text follows the value on the same line"},
        {HEAD "}\n{\"edge\":{\"from\":\"a\"}}",
         "line 2, column 20, edge: the member to is missing"},
        {HEAD "}\n{}", "line 2, column 2: a record must have one member"},
        {HEAD "}\n[1]", "line 2, column 1, [0]: is an array, a record is an object"},
        {HEAD ",\"nodes\":[]}", "line 1, column 119: the member artifacts is missing"},
        {"{\"schema\":\"static-callgraph/2\",\"graphId\":\"g\"}",
         "line 1, column 11, schema: is none of the words that the schema has"},
        {"{\"graphId\":\"\"}", "line 1, column 12, graphId: must not be empty"},
        {"{\"graphId\":\"g\"}", "line 1, column 15: the member schema is missing"},
    };
    for (size_t i = 0; i < sizeof failures / sizeof failures[0]; i++) {
        graph_expect_failure(failures[i].text, EW_FORMAT, failures[i].sentence);
    }
}
END_TEST

START_TEST(failure__of_size__is_a_limit)
{
    char text[200 + EW_GRAPH_TEXT_EACH_MAX + 200];
    static char id[EW_GRAPH_TEXT_EACH_MAX + 2];
    memset(id, 'i', sizeof id - 1);
    (void)snprintf(text, sizeof text, HEAD "}\n{\"node\":{\"id\":\"%s\"}}\n", id);
    graph_expect_failure(text, EW_LIMIT,
                         "line 2, column 15, node.id: is longer than 32768 bytes");
    memset(text, '[', 300);
    (void)snprintf(text, sizeof text, HEAD ",\"x\":%.*s", 70,
                   "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[");
    struct graph_outcome outcome = graph_from_text(text);
    ck_assert_int_eq(outcome.status, EW_LIMIT);
}
END_TEST

/* --- edges that are spelt alike ------------------------------------------------------------- */

#define GOOD "{\"from\":\"a\",\"to\":\"b\",\"site\":1}"

START_TEST(alike__but_wrong__fails_as_if_it_were_the_first)
{
    static const char *const wrong[] = {
        "{\"from\":\"a\",\"to\":\"b\",\"site\":01}",
        "{\"from\":\"a\",\"to\":\"b\",\"site\":1.5}",
        "{\"from\":\"a\",\"to\":\"b\",\"site\":-1}",
        "{\"from\":\"a\",\"to\":\"b\",\"site\":1e1}",
        "{\"from\":\"a\",\"to\":\"b\",\"site\":}",
        "{\"from\":\"a\",\"to\":\"b\",\"site\":4294967295}",
        "{\"from\":\"a\",\"to\":\"b\",\"site\":1]",
        "{\"from\":\"\",\"to\":\"b\",\"site\":1}",
        "{\"from\":\"a\",\"to\":\"\\x\",\"site\":1}",
        "{\"from\":\"a\",\"to\":\"\xff\",\"site\":1}",
        "{\"from\":\"a\",\"to\":\"\x01\",\"site\":1}",
        "{\"from\":\"a\",\"to\":\"b\",\"site\":\"1\"}",
        "{\"from\":\"a\",\"from\":\"b\",\"site\":1}",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char first[512];
        char second[512];
        (void)snprintf(first, sizeof first, HEAD ",\n\"edges\":[\n%s", wrong[i]);
        (void)snprintf(second, sizeof second, HEAD ",\"edges\":[" GOOD "," GOOD ",\n\n%s",
                       wrong[i]);
        struct graph_outcome alone = graph_from_text(first);
        struct graph_outcome behind = graph_from_text(second);
        ck_assert_int_eq(alone.status, EW_FORMAT);
        ck_assert_int_eq(behind.status, EW_FORMAT);
        char *reason = strchr(alone.error.text, ']');
        ck_assert_ptr_nonnull(strstr(behind.error.text, "line 3, column"));
        ck_assert_ptr_nonnull(strstr(behind.error.text, "edges[2]"));
        ck_assert_str_eq(strchr(behind.error.text, ']'), reason);
    }
}
END_TEST

START_TEST(alike_or_not__spelling_does_not_matter)
{
    graph_expect(
        DOCUMENT("", GOOD
                 ",{\"from\":\"a\",\"to\":\"c\",\"site\":23},\n{\"from\":\"a\",\"to\":"
                 "\"\\u0063\",\"site\":24}, {\"from\":\"a\",\"to\":\"\xc3\xa9\",\"site\":0}"
                 ",{\"to\":\"a\",\"from\":\"b\"},{\"to\":\"b\",\"from\":\"b\"},{ \n\"to\" : "
                 "\"c\" ,\n\"kind\":\"tail\", \"from\": \"c\"},{ \n\"to\" : \"d\" ,\n\"kind\":"
                 "\"call\", \"from\": \"d\"}"),
        "graph g name=a version=1 closed=0 presence=0 unsound=0\n"
        "node a kind=3\nnode b kind=3\nnode c kind=3\nnode d kind=3\nnode \xc3\xa9 kind=3\n"
        "edge a -> b kind=0 site=1\nedge a -> c kind=0 site=23\nedge a -> c kind=0 site=24\n"
        "edge a -> \xc3\xa9 kind=0 site=0\nedge b -> a kind=0\nedge b -> b kind=0\n"
        "edge c -> c kind=8\nedge d -> d kind=0\n");
    graph_expect_failure(
        DOCUMENT("", "{\n\"to\":\"a\",\n\"from\":\"b\"},{\n\"to\":\"a\",\n\"from\":\"c\"},{\n"
                     "\"to\":\"a\",\n\"from\":3}"),
        EW_FORMAT, "line 9, column 8, edges[2].from: is a number, must be a string");
}
END_TEST

/* --- order ---------------------------------------------------------------------------------- */

enum { LINES = 3000, LINE_BYTES = 256 };

static uint32_t random_number(uint64_t *state, uint32_t below)
{
    *state = ew_index_hash_u64(*state + 1);
    return (uint32_t)(*state % below);
}

/* Ids with long common beginnings, prefixes of one another, and equal ones. */
static void make_id(uint64_t *state, char *out, size_t capacity)
{
    static const char *const spaces[] = {"", "M:System.Collections.Generic.List`1.", "M:System."};
    (void)snprintf(out, capacity, "%s%.*s%u", spaces[random_number(state, 3)],
                   (int)random_number(state, 10), "aaaaaaaaa",
                   (unsigned)random_number(state, 60));
}

static void make_line(uint64_t *state, char *out)
{
    char from[80];
    char to[80];
    make_id(state, from, sizeof from);
    make_id(state, to, sizeof to);
    if (random_number(state, 3) == 0) {
        (void)snprintf(out, LINE_BYTES, "{\"node\":{\"id\":\"%s\",\"name\":\"same\"}}\n", from);
    } else {
        (void)snprintf(
            out, LINE_BYTES,
            "{\"edge\":{\"from\":\"%s\",\"to\":\"%s\",\"site\":%u,\"reason\":\"r%u\"}}\n", from,
            to, (unsigned)random_number(state, 2), (unsigned)random_number(state, 2));
    }
}

static char *shown_of_lines(char (*lines)[LINE_BYTES])
{
    static char text[LINES * LINE_BYTES + 1024];
    size_t used = (size_t)snprintf(text, sizeof text, HEAD "}\n");
    for (size_t i = 0; i < LINES; i++) {
        memcpy(text + used, lines[i], strlen(lines[i]));
        used += strlen(lines[i]);
    }
    struct graph_outcome outcome = graph_from_bytes(text, used, EW_GRAPH_AUTO);
    ck_assert_msg(outcome.status == EW_OK, "%s", outcome.error.text);
    char *shown = graph_show(outcome.graph);
    for (uint32_t i = 1; i < outcome.graph->node_count; i++) {
        const struct ew_graph_node *nodes = outcome.graph->nodes;
        ck_assert_int_lt(strcmp(ew_graph_string(outcome.graph, nodes[i - 1].id),
                                ew_graph_string(outcome.graph, nodes[i].id)),
                         0);
    }
    ew_graph_free(outcome.graph);
    return shown;
}

START_TEST(order__of_the_input__does_not_matter)
{
    static char lines[LINES][LINE_BYTES];
    uint64_t state = 1;
    for (size_t i = 0; i < LINES; i++) {
        make_line(&state, lines[i]);
    }
    char *first = shown_of_lines(lines);
    for (unsigned round = 0; round < 4; round++) {
        for (uint32_t i = LINES - 1; i > 0; i--) {
            char line[LINE_BYTES];
            uint32_t other = random_number(&state, i + 1);
            memcpy(line, lines[i], LINE_BYTES);
            memcpy(lines[i], lines[other], LINE_BYTES);
            memcpy(lines[other], line, LINE_BYTES);
        }
        char *shown = shown_of_lines(lines);
        ck_assert_str_eq(shown, first);
        free(shown);
    }
    free(first);
}
END_TEST

/* More than are sorted by insertion; every second is there twice. */
START_TEST(order__of_many_rows_of_one_node__is_that_of_the_columns)
{
    enum { ROWS = 300 };
    static char text[ROWS * 200 + 1024];
    size_t used = (size_t)snprintf(text, sizeof text, HEAD "}\n");
    for (uint32_t i = 0; i < ROWS; i++) {
        unsigned at = i * 7 % ROWS / 2 * 2;
        used += (size_t)snprintf(text + used, sizeof text - used,
                                 "{\"edge\":{\"from\":\"hub\",\"to\":\"n%03u\",\"site\":%u}}\n"
                                 "{\"target\":{\"node\":\"hub\",\"vuln\":[\"CVE-%03u\"]}}\n"
                                 "{\"entrypoint\":{\"node\":\"n%03u\",\"kind\":\"http\"}}\n",
                                 at / 4, at, at, at);
    }
    struct graph_outcome outcome = graph_from_bytes(text, used, EW_GRAPH_AUTO);
    ck_assert_msg(outcome.status == EW_OK, "%s", outcome.error.text);
    const struct ew_graph *graph = outcome.graph;
    ck_assert_uint_eq(graph->edge_count, ROWS / 2);
    ck_assert_uint_eq(graph->target_count, ROWS / 2);
    ck_assert_uint_eq(graph->entry_count, ROWS / 2);
    for (uint32_t i = 1; i < ROWS / 2; i++) {
        const struct ew_graph_edge *edge = &graph->edges[i];
        const struct ew_graph_target *target = &graph->targets[i];
        ck_assert(edge[-1].to < edge->to
                  || (edge[-1].to == edge->to && edge[-1].site < edge->site));
        ck_assert_int_lt(strcmp(ew_graph_string(graph, target[-1].vulnerability),
                                ew_graph_string(graph, target->vulnerability)),
                         0);
        ck_assert_uint_lt(graph->entries[i - 1].node, graph->entries[i].node);
    }
    ew_graph_free(outcome.graph);
}
END_TEST

/* An id of that many bytes, which begins with a number. */
static const char *long_id(char *out, unsigned number, unsigned length)
{
    int digits = snprintf(out, 16, "%06u", number);
    memset(out + digits, 'x', length);
    out[length] = '\0';
    return out;
}

/* Texts that fill a block of the pool but for a byte, exactly, and that need a larger one, each
 * with short ones behind it. */
START_TEST(texts__of_all_lengths__stay_apart)
{
    enum { BLOCK = 16384, IDS = 60, TEXT_MAX = 2 * IDS * (BLOCK + 200) };
    static const unsigned lengths[] = {BLOCK - 2, 6, BLOCK - 1, 7, BLOCK,
                                       8,         9, BLOCK - 8, 7, BLOCK + 1};
    char *text = malloc(TEXT_MAX);
    char id[BLOCK + 32];
    ck_assert_ptr_nonnull(text);
    size_t used = (size_t)snprintf(text, 300, HEAD ",\"artifacts\":[],\n\"nodes\":[");
    for (unsigned i = 0; i < IDS; i++) {
        used += (size_t)snprintf(text + used, TEXT_MAX - used, "%s{\"id\":\"%s\"",
                                 i > 0 ? "," : "", long_id(id, i, lengths[i % 10]));
        used += (size_t)snprintf(text + used, TEXT_MAX - used, ",\"name\":\"%s\"}",
                                 long_id(id, i, lengths[i / 6]));
    }
    used += (size_t)snprintf(text + used, 100, "],\"edges\":[],\"entrypoints\":[]}");
    struct graph_outcome outcome = graph_from_bytes(text, used, EW_GRAPH_AUTO);
    ck_assert_msg(outcome.status == EW_OK, "%s", outcome.error.text);
    for (unsigned i = 0; i < IDS; i++) {
        uint32_t node = ew_graph_find(outcome.graph, long_id(id, i, lengths[i % 10]));
        ck_assert_uint_ne(node, EW_GRAPH_NONE);
        ck_assert_str_eq(ew_graph_string(outcome.graph, outcome.graph->nodes[node].name),
                         long_id(id, i, lengths[i / 6]));
    }
    ew_graph_free(outcome.graph);
    free(text);
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("static_callgraph");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, document__with_every_member__has_them_in_columns);
    tcase_add_test(tests, document__counts__say_what_was_odd);
    tcase_add_test(tests, lines__of_the_same_graph__give_the_same_columns);
    tcase_add_test(tests, failure__names_line_column_and_path);
    tcase_add_test(tests, failure__of_size__is_a_limit);
    tcase_add_test(tests, alike__but_wrong__fails_as_if_it_were_the_first);
    tcase_add_test(tests, alike_or_not__spelling_does_not_matter);
    tcase_add_test(tests, order__of_the_input__does_not_matter);
    tcase_add_test(tests, order__of_many_rows_of_one_node__is_that_of_the_columns);
    tcase_add_test(tests, texts__of_all_lengths__stay_apart);
    suite_add_tcase(suite, tests);
    return suite;
}
