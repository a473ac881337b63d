/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random static-callgraph/1 inputs, read by the loader and, record by record, by jansson and
 * the plainest code there is: both must find the same graph.
 */
#include "callgraph/graph_records.h"
#include "callgraph/graph_text.h"
#include "support/check_main.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GRAPHS = 300, LINES_MAX = 512, LINE_BYTES = 2048 };

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* --- what jansson and plain code make of them: the lines of graph_show() -----------------------
 */

struct lines {
    char *items[LINES_MAX];
    size_t count;
    json_t *nodes; /* by id, with all their overrides; null where only the id is known */
};

static void add_line(struct lines *lines, const char *text)
{
    for (size_t i = 0; i < lines->count; i++) {
        if (strcmp(lines->items[i], text) == 0) {
            return; /* told twice */
        }
    }
    ck_assert_uint_lt(lines->count, LINES_MAX);
    lines->items[lines->count] = malloc(strlen(text) + 1);
    ck_assert_ptr_nonnull(lines->items[lines->count]);
    memcpy(lines->items[lines->count++], text, strlen(text) + 1);
}

static void append(char line[LINE_BYTES], const char *format, ...) EW_PRINTF(2, 3);

static void append(char line[LINE_BYTES], const char *format, ...)
{
    size_t used = strlen(line);
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(line + used, LINE_BYTES - used, format, arguments);
    va_end(arguments);
    ck_assert(length >= 0 && (size_t)length < LINE_BYTES - used);
}

static void append_text(char line[LINE_BYTES], const char *shown, const json_t *record,
                        const char *name)
{
    const char *text = json_string_value(json_object_get(record, name));
    if (text != NULL) {
        append(line, " %s=%s", shown, text);
    }
}

static unsigned long long integer(const json_t *record, const char *name,
                                  unsigned long long missing)
{
    const json_t *value = json_object_get(record, name);
    return value != NULL ? (unsigned long long)json_integer_value(value) : missing;
}

static unsigned word(const json_t *record, const char *name, const char *const *words,
                     size_t count)
{
    const char *text = json_string_value(json_object_get(record, name));
    for (unsigned i = 0; text != NULL && i < count; i++) {
        if (strcmp(words[i], text) == 0) {
            return i;
        }
    }
    return 0;
}

static int compare_texts(const void *a, const void *b)
{
    const char *const *left = a;
    const char *const *right = b;
    return strcmp(*left, *right);
}

static void append_ids(char line[LINE_BYTES], const char *shown, const json_t *ids)
{
    const char *sorted[64];
    size_t count = json_array_size(ids);
    ck_assert_uint_le(count, COUNT(sorted));
    for (size_t i = 0; i < count; i++) {
        sorted[i] = json_string_value(json_array_get(ids, i));
    }
    if (count > 1) {
        qsort(sorted, count, sizeof sorted[0], compare_texts);
    }
    for (size_t i = 0; i < count; i++) {
        append(line, " %s=%s", shown, sorted[i]);
    }
}

/* An id that is named somewhere: a node, if no record tells more of it. */
static void mention(struct lines *lines, const json_t *id)
{
    if (json_object_get(lines->nodes, json_string_value(id)) == NULL) {
        set_member(lines->nodes, json_string_value(id), json_null());
    }
}

static void mention_all(struct lines *lines, const json_t *ids)
{
    for (size_t i = 0; i < json_array_size(ids); i++) {
        mention(lines, json_array_get(ids, i));
    }
}

static void take_edge(struct lines *lines, const json_t *edge)
{
    char line[LINE_BYTES] = "edge";
    unsigned long long confidence = integer(edge, "confidence", 1000);
    append(line, " %s -> %s kind=%u", json_string_value(json_object_get(edge, "from")),
           json_string_value(json_object_get(edge, "to")),
           word(edge, "kind", edge_kinds, COUNT(edge_kinds)));
    append_text(line, "reason", edge, "reason");
    if (confidence != 1000) {
        append(line, " confidence=%llu", confidence);
    }
    if (json_object_get(edge, "site") != NULL) {
        append(line, " site=%llu", integer(edge, "site", 0));
    }
    append_ids(line, "candidate", json_object_get(edge, "candidates"));
    add_line(lines, line);
    mention(lines, json_object_get(edge, "from"));
    mention(lines, json_object_get(edge, "to"));
    mention_all(lines, json_object_get(edge, "candidates"));
}

static void take_target(struct lines *lines, const json_t *target)
{
    const json_t *vulnerabilities = json_object_get(target, "vuln");
    for (size_t i = 0; i < json_array_size(vulnerabilities); i++) {
        char line[LINE_BYTES] = "target";
        append(line, " %s %s", json_string_value(json_object_get(target, "node")),
               json_string_value(json_array_get(vulnerabilities, i)));
        add_line(lines, line);
    }
    mention(lines, json_object_get(target, "node"));
}

static void take(struct lines *lines, enum record_kind kind, json_t *value)
{
    if (kind == NODE) {
        ck_assert_int_eq(
            json_object_set(lines->nodes, json_string_value(json_object_get(value, "id")), value),
            0);
        mention_all(lines, json_object_get(value, "overrides"));
    } else if (kind == EDGE) {
        take_edge(lines, value);
    } else if (kind == TARGET) {
        take_target(lines, value);
    } else {
        char line[LINE_BYTES] = "entry";
        append(line, " %s kind=%u", json_string_value(json_object_get(value, "node")),
               word(value, "kind", entry_words, COUNT(entry_words)));
        add_line(lines, line);
        mention(lines, json_object_get(value, "node"));
    }
}

static void show_node(struct lines *lines, const char *id, const json_t *node)
{
    char line[LINE_BYTES] = "node";
    bool complete = json_is_true(json_object_get(node, "callsComplete"));
    unsigned inlined = json_object_get(node, "inline") != NULL
                           ? 1 + word(node, "inline", inlining, COUNT(inlining))
                           : 0;
    const char *token = json_string_value(json_object_get(node, "token"));
    append(line, " %s kind=%u", id,
           json_is_null(node) ? 3 : word(node, "kind", node_kinds, COUNT(node_kinds)));
    append_text(line, "name", node, "name");
    append_text(line, "sig", node, "sig");
    append_text(line, "doc", node, "docId");
    append_text(line, "decorated", node, "decorated");
    if (json_object_get(node, "artifact") != NULL) {
        append(line, " artifact=%llu", integer(node, "artifact", 0));
    }
    if (json_object_get(node, "rva") != NULL) {
        append(line, " rva=%llu", integer(node, "rva", 0));
    }
    if (token != NULL) {
        append(line, " token=%lx size=%llu", strtoul(token, NULL, 16), integer(node, "size", 0));
    }
    if (inlined != 0 || complete) {
        append(line, " inline=%u complete=%d", inlined, complete);
    }
    append_ids(line, "overrides", json_object_get(node, "overrides"));
    add_line(lines, line);
}

static void take_head(struct lines *lines, const json_t *head)
{
    char line[LINE_BYTES] = "graph";
    const json_t *analyzer = json_object_get(head, "analyzer");
    const json_t *artifacts = json_object_get(head, "artifacts");
    append(line, " %s", json_string_value(json_object_get(head, "graphId")));
    append_text(line, "name", analyzer, "name");
    append_text(line, "version", analyzer, "version");
    append(line, " closed=%d presence=0 unsound=21",
           json_is_true(json_object_get(json_object_get(head, "world"), "closed")));
    add_line(lines, line);
    for (size_t i = 0; i < json_array_size(artifacts); i++) {
        char row[LINE_BYTES] = "artifact";
        append_text(row, "name", json_array_get(artifacts, i), "name");
        append_text(row, "mvid", json_array_get(artifacts, i), "mvid");
        append_text(row, "purl", json_array_get(artifacts, i), "purl");
        add_line(lines, row);
    }
}

static void show_nodes(struct lines *lines)
{
    const char *id;
    json_t *node;
    json_object_foreach(lines->nodes, id, node)
    {
        show_node(lines, id, node);
    }
    json_decref(lines->nodes);
}

static json_t *load(const char *text, size_t byte_count)
{
    json_error_t error;
    json_t *value = json_loadb(text, byte_count, 0, &error);
    ck_assert_msg(value != NULL, "%s: %s", error.text, text);
    return value;
}

static void take_document(struct lines *lines, const char *text)
{
    json_t *document = load(text, strlen(text));
    take_head(lines, document);
    for (size_t kind = 0; kind < RECORD_KINDS; kind++) {
        const json_t *list = json_object_get(document, list_names[kind]);
        for (size_t i = 0; i < json_array_size(list); i++) {
            take(lines, (enum record_kind)kind, json_array_get(list, i));
        }
    }
    show_nodes(lines);
    json_decref(document);
}

/* The first line is the head. */
static void take_lines(struct lines *lines, const char *text)
{
    for (const char *at = text; at != NULL;) {
        const char *end = strchr(at, '\n');
        json_t *line = load(at, end != NULL ? (size_t)(end - at) : strlen(at));
        if (at == text) {
            take_head(lines, line);
        }
        for (size_t kind = 0; at != text && kind < RECORD_KINDS; kind++) {
            json_t *value = json_object_get(line, record_names[kind]);
            if (value != NULL) {
                take(lines, (enum record_kind)kind, value);
            }
        }
        json_decref(line);
        at = end != NULL ? end + 1 : NULL;
    }
    show_nodes(lines);
}

/* --- both -------------------------------------------------------------------------------------
 */

/* Lines in their order, whatever order they were found in. */
static char *sorted_text(struct lines *lines)
{
    size_t byte_count = 1;
    size_t used = 0;
    qsort(lines->items, lines->count, sizeof lines->items[0], compare_texts);
    for (size_t i = 0; i < lines->count; i++) {
        byte_count += strlen(lines->items[i]) + 1;
    }
    char *text = malloc(byte_count);
    ck_assert_ptr_nonnull(text);
    for (size_t i = 0; i < lines->count; i++) {
        used += (size_t)snprintf(text + used, byte_count - used, "%s\n", lines->items[i]);
        free(lines->items[i]);
    }
    text[used] = '\0';
    return text;
}

static char *loaded_text(const char *text)
{
    struct lines lines = {.count = 0};
    struct graph_outcome outcome = graph_from_text(text);
    ck_assert_msg(outcome.status == EW_OK, "%s\n%s", outcome.error.text, text);
    char *shown = graph_show(outcome.graph);
    for (char *at = shown; *at != '\0';) {
        char *end = strchr(at, '\n');
        *end = '\0';
        add_line(&lines, at);
        at = end + 1;
    }
    free(shown);
    ew_graph_free(outcome.graph);
    return sorted_text(&lines);
}

static void check_same(const char *text, void (*take_text)(struct lines *, const char *))
{
    struct lines lines = {.nodes = json_object()};
    take_text(&lines, text);
    char *theirs = sorted_text(&lines);
    char *ours = loaded_text(text);
    ck_assert_msg(strcmp(ours, theirs) == 0, "of\n%s\nthe loader made\n%s\njansson\n%s", text,
                  ours, theirs);
    free(ours);
    free(theirs);
}

START_TEST(graph__random__is_what_jansson_finds_record_by_record)
{
    for (int i = 0; i < GRAPHS; i++) {
        struct graph_files files = random_graph_files();
        check_same(files.document, take_document);
        check_same(files.lines, take_lines);
        free(files.document);
        free(files.lines);
    }
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("against jansson");
    TCase *tests = tcase_create("against jansson");
    tcase_add_test(tests, graph__random__is_what_jansson_finds_record_by_record);
    suite_add_tcase(suite, tests);
    return suite;
}
