/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records that are spelt alike are read without tokens (base/json_shape.h). Each input is read a
 * second time with so much white space in every record that none is recognised: what is found,
 * what is counted and what a failure says must be the same.
 */
#include "base/index.h"
#include "base/text.h"
#include "callgraph/graph_text.h"
#include "platform/hash.h"
#include "support/check_main.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RECORD_BYTES = 512, FEW_RECORDS = 24, MANY_RECORDS = 30000, ROUNDS = 1500 };

static const char head[] =
    "{\"schema\":\"static-callgraph/1\",\"graphId\":\"g\",\"analyzer\":{\"name\":\"a\","
    "\"version\":\"1\"},\"world\":{\"closed\":false},\"artifacts\":[{\"name\":\"m\"},{\"name\":"
    "\"n\"}]";

/* More than a piece can have. */
static const char space[] = "                                                            ";

static uint64_t state;

static unsigned below(unsigned limit)
{
    state = ew_index_hash_u64(state + 1);
    return (unsigned)(state >> 33) % limit;
}

/* --- records ---------------------------------------------------------------------------------
 */

struct record {
    bool node;
    bool glued;              /* nothing but a blank parts it from the next */
    char text[RECORD_BYTES]; /* an object */
};

struct writer {
    char *out;
    size_t used;
    const char *before; /* what the next member has before it */
    const char *colon;
};

static void put(struct writer *writer, const char *name, const char *quote, const char *value)
{
    writer->used += (size_t)snprintf(writer->out + writer->used, RECORD_BYTES - writer->used,
                                     "%s\"%s\"%s%s%s%s", writer->before, name, writer->colon,
                                     quote, value, quote);
    writer->before = ",\n  ";
}

static void put_text(struct writer *writer, const char *name)
{
    static const char *const texts[] = {
        "x",
        "System.Collections.Generic.List`1",
        "",
        "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80 and more of it",
        "a\\u0041\\n",
        "void (int32)"};
    put(writer, name, "\"", texts[below(6)]);
}

static void put_number(struct writer *writer, const char *name, unsigned limit)
{
    char digits[16];
    (void)snprintf(digits, sizeof digits, "%u", below(limit));
    put(writer, name, "", digits);
}

static void put_id(struct writer *writer, const char *name, unsigned number)
{
    static const char *const before[] = {"n", "", "M:Some.Long.Space.With.A.Class.m"};
    char id[64];
    (void)snprintf(id, sizeof id, "%s%07u", before[number % 3], number);
    put(writer, name, "\"", id);
}

/* Members that a later version may have. */
static void put_unknown(struct writer *writer)
{
    static const char *const values[] = {"1", "true", "\"x\"", "null", "[1]", "1.5", "-1"};
    put(writer, "later", "", values[below(7)]);
}

/* A program that writes records leaves members out, but seldom changes their order. */
static void write_node(struct writer *writer, unsigned members, unsigned number)
{
    static const char *const kinds[] = {"method", "function", "external"};
    put_id(writer, "id", number);
    if ((members & 1) != 0) {
        put(writer, "kind", "\"", kinds[below(3)]);
        put_number(writer, "artifact", 2);
    }
    if ((members & 2) != 0) {
        put_text(writer, "name");
        put_text(writer, "sig");
    }
    if ((members & 4) != 0) {
        put(writer, "token", "\"", "0x06000aBc");
        put(writer, "callsComplete", "", below(2) == 0 ? "true" : "false");
    }
    if ((members & 8) != 0) {
        put_number(writer, "rva", 1U << 30);
        put(writer, "inline", "\"", "never");
    }
    if ((members & 16) != 0) {
        put_unknown(writer);
        put(writer, "overrides", "", below(2) == 0 ? "[]" : "[\"n0000000\"]");
    }
}

static void write_edge(struct writer *writer, unsigned members, unsigned nodes)
{
    static const char *const kinds[] = {"call", "virtual", "ctor", "callback", "tail"};
    put_id(writer, (members & 1) != 0 ? "from" : "to", below(nodes));
    put_id(writer, (members & 1) != 0 ? "to" : "from", below(nodes));
    if ((members & 2) != 0) {
        put(writer, "kind", "\"", kinds[below(5)]);
    }
    if ((members & 4) != 0) {
        put_number(writer, "site", 5);
    }
    if ((members & 8) != 0) {
        put_text(writer, "reason");
        put_number(writer, "confidence", 1001);
    }
    if ((members & 16) != 0) {
        put_unknown(writer);
    }
}

/* The record at a place of the list: nodes and edges by turns. */
static void make_record(struct record *record, unsigned at, unsigned count)
{
    static const unsigned members[] = {3, 3, 3, 7, 0, 15, 1, 31};
    struct writer writer = {
        .out = record->text, .used = 1, .before = "", .colon = below(40) == 0 ? " : " : ":"};
    record->node = at % 3 == 0;
    record->glued = false;
    record->text[0] = '{';
    if (record->node) {
        write_node(&writer, members[below(8)], at / 3);
    } else {
        write_edge(&writer, members[below(8)], count / 3 + 2);
    }
    (void)snprintf(record->text + writer.used, RECORD_BYTES - writer.used, "}");
}

/* --- files -----------------------------------------------------------------------------------
 */

struct file {
    char *text;
    size_t used;
    size_t capacity;
};

static void add(struct file *file, const char *text)
{
    size_t byte_count = strlen(text);
    if (file->used + byte_count >= file->capacity) {
        file->capacity = 2 * file->capacity + byte_count + 4096;
        file->text = realloc(file->text, file->capacity);
        ck_assert_ptr_nonnull(file->text);
    }
    memcpy(file->text + file->used, text, byte_count);
    file->used += byte_count;
}

/* An object, with white space behind its brace when that is wanted. */
static void add_object(struct file *file, const char *text, bool spaced)
{
    add(file, "{");
    add(file, spaced ? space : "");
    add(file, text + 1);
}

static void add_list(struct file *file, const struct record *records, unsigned count, bool nodes,
                     bool spaced)
{
    const char *before = "\n";
    add(file, nodes ? ",\"nodes\":[" : ",\"edges\":[");
    for (unsigned i = 0; i < count; i++) {
        if (records[i].node == nodes) {
            add(file, before);
            add_object(file, records[i].text, spaced);
            before = records[i].glued ? "\n " : i % 7 == 0 ? " ,\r\n" : ",\n";
        }
    }
    add(file, "]");
}

static struct graph_outcome read_document(const struct record *records, unsigned count,
                                          bool spaced)
{
    struct file file = {0};
    add(&file, head);
    add_list(&file, records, count, true, spaced);
    add_list(&file, records, count, false, spaced);
    add(&file, ",\"entrypoints\":[]}\n");
    struct graph_outcome outcome = graph_from_bytes(file.text, file.used, EW_GRAPH_AUTO);
    free(file.text);
    return outcome;
}

static struct graph_outcome read_lines(const struct record *records, unsigned count, bool spaced)
{
    struct file file = {0};
    add(&file, head);
    add(&file, "}\n");
    for (unsigned i = 0; i < count; i++) {
        add_object(&file, records[i].node ? "{\"node\":" : "{\"edge\":", spaced);
        add(&file, records[i].text);
        add(&file, records[i].glued ? "} " : i % 5 == 0 ? "}\r\n \n" : "}\n");
    }
    struct graph_outcome outcome = graph_from_bytes(file.text, file.used, EW_GRAPH_AUTO);
    free(file.text);
    return outcome;
}

/* --- comparing -------------------------------------------------------------------------------
 */

/* A sentence without its column, which white space changes. */
static void drop_column(char *sentence)
{
    char *at = strstr(sentence, ", column ");
    if (at != NULL) {
        char *behind = at + strlen(", column ");
        behind += strspn(behind, "0123456789");
        memmove(at, behind, strlen(behind) + 1);
    }
}

static void free_outcome(struct graph_outcome *outcome)
{
    if (outcome->status == EW_OK) {
        ew_graph_free(outcome->graph);
    }
}

static void expect_same(struct graph_outcome alike, struct graph_outcome spaced)
{
    ck_assert_msg(alike.status == spaced.status, "%s, but with space %s", alike.error.text,
                  spaced.error.text);
    if (alike.status != EW_OK) {
        drop_column(alike.error.text);
        drop_column(spaced.error.text);
        ck_assert_str_eq(alike.error.text, spaced.error.text);
        return;
    }
    char *one = graph_show(alike.graph);
    char *other = graph_show(spaced.graph);
    ck_assert_str_eq(one, other);
    ck_assert_uint_eq(alike.counts.records, spaced.counts.records);
    ck_assert_uint_eq(alike.counts.unknown_members, spaced.counts.unknown_members);
    ck_assert_uint_eq(alike.counts.dangling, spaced.counts.dangling);
    ck_assert_uint_eq(alike.counts.duplicates, spaced.counts.duplicates);
    free(one);
    free(other);
}

static void compare_ways(const struct record *records, unsigned count)
{
    struct graph_outcome alike = read_document(records, count, false);
    struct graph_outcome spaced = read_document(records, count, true);
    expect_same(alike, spaced);
    free_outcome(&alike);
    free_outcome(&spaced);
    alike = read_lines(records, count, false);
    spaced = read_lines(records, count, true);
    expect_same(alike, spaced);
    free_outcome(&alike);
    free_outcome(&spaced);
}

START_TEST(alike__many_in_many_windows__are_the_same_graph)
{
    struct record *records = calloc(MANY_RECORDS, sizeof *records);
    ck_assert_ptr_nonnull(records);
    state = 1;
    for (unsigned i = 0; i < MANY_RECORDS; i++) {
        make_record(&records[i], i, MANY_RECORDS);
    }
    struct graph_outcome outcome = read_lines(records, MANY_RECORDS, false);
    ck_assert_msg(outcome.status == EW_OK, "%s", outcome.error.text);
    ck_assert_uint_gt(outcome.counts.bytes, 2 * EW_GRAPH_WINDOW_BYTES);
    ck_assert_uint_eq(outcome.counts.records, MANY_RECORDS);
    ew_graph_free(outcome.graph);
    compare_ways(records, MANY_RECORDS);
    free(records);
}
END_TEST

/* Makes a record wrong, perhaps: a byte of it, a member behind the others, or what is behind it.
 */
static void spoil(struct record *record)
{
    static const char bytes[] = "\"\\{}[],:0123456789-.eE tfn\n\x01\x7f\x80\xc3\xff";
    static const char *const members[] = {
        ",\n  \"kind\":\"call\"}",   ",\n  \"kind\":\"method\"}", ",\n  \"site\":1}",
        ",\n  \"site\":01}",         ",\n  \"artifact\":00}",     ",\n  \"to\":\"n0000003\"}",
        ",\n  \"id\":\"n0000003\"}", ",\n  \"confidence\":1001}", ",\n  \"site\":1\"}",
    };
    size_t length = strlen(record->text);
    switch (below(5)) {
    case 0:
        (void)snprintf(record->text + length - 1, RECORD_BYTES - length + 1, "%s",
                       members[below(sizeof members / sizeof members[0])]);
        break;
    case 1:
        record->glued = below(4) == 0;
        break;
    case 2:
        make_record(record, 0, FEW_RECORDS); /* told twice, perhaps with other members */
        break;
    default:
        record->text[1 + below((unsigned)length - 1)] = bytes[below(sizeof bytes - 1)];
    }
}

/* What fails is found by the scanner, wherever in a run of good ones it stands. */
START_TEST(alike__but_one_is_spoilt__ends_as_if_they_were_not)
{
    static struct record records[FEW_RECORDS];
    unsigned failed = 0;
    for (unsigned round = 0; round < ROUNDS; round++) {
        state = round;
        for (unsigned i = 0; i < FEW_RECORDS; i++) {
            make_record(&records[i], i, FEW_RECORDS);
        }
        spoil(&records[below(FEW_RECORDS)]);
        compare_ways(records, FEW_RECORDS);
        struct graph_outcome outcome = read_lines(records, FEW_RECORDS, false);
        failed += outcome.status != EW_OK;
        free_outcome(&outcome);
    }
    ck_assert_uint_gt(failed, ROUNDS / 4);
    ck_assert_uint_lt(failed, ROUNDS);
}
END_TEST

/* Files this large are hashed on a thread of their own, a window at a time. */
START_TEST(large_file__hash__is_that_of_its_bytes)
{
    enum { WINDOWS = 9 };
    struct ew_sha256 *hash = NULL;
    uint8_t digest[EW_SHA256_BYTES];
    char hex[2 * EW_SHA256_BYTES + 1];
    struct file file = {0};
    state = 7;
    add(&file, head);
    add(&file, "}\n");
    while (file.used < WINDOWS * (size_t)EW_GRAPH_WINDOW_BYTES) {
        char line[64];
        (void)snprintf(line, sizeof line, "{\"later\":\"%08x\"}\n", below(UINT32_MAX));
        add(&file, line);
        add(&file, space);
    }
    add(&file, "\n");
    ck_assert_int_eq(ew_sha256_create(&hash), EW_OK);
    ew_sha256_update(hash, file.text, file.used);
    ck_assert_int_eq(ew_sha256_finish(hash, digest), EW_OK);
    ew_text_hex(digest, sizeof digest, hex);
    struct graph_outcome outcome = graph_from_bytes(file.text, file.used, EW_GRAPH_AUTO);
    ck_assert_msg(outcome.status == EW_OK, "%s", outcome.error.text);
    ck_assert_str_eq(outcome.graph->sha256, hex);
    free_outcome(&outcome);
    free(file.text);
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("alike");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, alike__many_in_many_windows__are_the_same_graph);
    tcase_add_test(tests, alike__but_one_is_spoilt__ends_as_if_they_were_not);
    tcase_add_test(tests, large_file__hash__is_that_of_its_bytes);
    suite_add_tcase(suite, tests);
    return suite;
}
