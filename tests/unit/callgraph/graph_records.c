/* SPDX-License-Identifier: Apache-2.0 */
/* Random records of static-callgraph/1, and files of them. */
#include "callgraph/graph_records.h"

#include <check.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RECORDS_MAX = 64 };

const char *const record_names[RECORD_KINDS] = {"node", "edge", "entrypoint", "target"};
const char *const list_names[RECORD_KINDS] = {"nodes", "edges", "entrypoints", "targets"};

const char *const node_kinds[NODE_KINDS] = {"method", "function", "thunk", "external",
                                            "type-init"};
const char *const inlining[INLINING] = {"never", "may", "always"};
const char *const edge_kinds[EDGE_KINDS] = {"call", "virtual",    "interface", "delegate",
                                            "ctor", "pinvoke",    "import",    "thunk",
                                            "tail", "reflection", "callback",  "dependency"};
const char *const entry_words[ENTRY_WORDS] = {"main", "http", "grpc", "cli", "job"};
static const char *const pieces[] = {"a",  "Zz",   "\xc3\xa9",         "\"",           "\\", "/",
                                     "\t", "\x01", "\xf0\x9f\x98\x80", "\xe2\x82\xac", " ",  "{",
                                     ",",  "0"};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define PICK(array) ((array)[below(COUNT(array))])

/* --- random records ---------------------------------------------------------------------------
 */

static uint64_t state = 1;

static size_t below(size_t limit)
{
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (size_t)((state >> 33) % limit);
}

static bool often(void)
{
    return below(3) != 0;
}

static json_t *random_text(void)
{
    char text[64] = "";
    size_t used = 0;
    for (size_t left = 1 + below(6); left > 0; left--) {
        used += (size_t)snprintf(text + used, sizeof text - used, "%s", PICK(pieces));
    }
    return json_string(text);
}

/* Few, so that records meet; the spelling needs escapes. */
static json_t *random_id(void)
{
    char text[64];
    (void)snprintf(text, sizeof text, "%s%u", PICK(pieces), (unsigned)below(3));
    return json_string(text);
}

void set_member(json_t *record, const char *name, json_t *value)
{
    ck_assert_int_eq(json_object_set_new(record, name, value), 0);
}

static void set_ids(json_t *record, const char *name)
{
    json_t *ids = json_array();
    for (size_t left = below(4); left > 0; left--) {
        json_t *id = random_id();
        bool known = false;
        for (size_t i = 0; i < json_array_size(ids); i++) {
            known = known || json_equal(json_array_get(ids, i), id);
        }
        ck_assert_int_eq(known ? 0 : json_array_append(ids, id), 0);
        json_decref(id);
    }
    set_member(record, name, ids);
}

/* Members that a later version may have. */
static void set_unknown(json_t *record)
{
    if (below(4) == 0) {
        set_member(record, "later", json_pack("{s:[n,f,b,{s:s}]}", "x", 0.5, 1, "y", "z"));
    }
}

static json_t *random_node(json_t *id)
{
    static const char *const texts[] = {"name", "sig", "docId", "decorated"};
    json_t *node = json_object();
    set_unknown(node);
    for (size_t i = 0; i < COUNT(texts); i++) {
        if (often()) {
            set_member(node, texts[i], random_text());
        }
    }
    set_member(node, "id", id);
    set_member(node, "kind", json_string(PICK(node_kinds)));
    set_member(node, "callsComplete", json_boolean(below(2)));
    if (often()) {
        set_member(node, "artifact", json_integer((json_int_t)below(2)));
        set_member(node, "token", json_string(below(2) == 0 ? "0x06000aBc" : "0600000f"));
        set_member(node, "size", json_integer((json_int_t)below(UINT32_MAX)));
    }
    if (often()) {
        set_member(node, "rva", json_integer((json_int_t)(below(1U << 20) << below(32))));
        set_member(node, "inline", json_string(PICK(inlining)));
        set_ids(node, "overrides");
    }
    return node;
}

static json_t *random_edge(void)
{
    json_t *edge = json_object();
    set_member(edge, "to", random_id());
    set_unknown(edge);
    set_member(edge, "from", random_id());
    if (often()) {
        set_member(edge, "kind", json_string(PICK(edge_kinds)));
        set_member(edge, "confidence", json_integer((json_int_t)below(1001)));
    }
    if (below(3) == 0) {
        set_member(edge, "reason", random_text());
        set_member(edge, "site", json_integer((json_int_t)below(UINT32_MAX)));
        set_ids(edge, "candidates");
    }
    return edge;
}

static json_t *random_target(void)
{
    json_t *target = json_object();
    set_member(target, "node", random_id());
    set_member(target, "vuln", json_pack("[s,s]", "CVE-2", below(2) == 0 ? "CVE-1" : "CVE-3"));
    return target;
}

struct record {
    enum record_kind kind;
    json_t *value;
};

struct records {
    struct record items[RECORDS_MAX];
    size_t count;
};

static void add_record(struct records *records, enum record_kind kind, json_t *value)
{
    size_t at = below(records->count + 1);
    ck_assert_uint_lt(records->count, RECORDS_MAX);
    records->items[records->count++] = records->items[at];
    records->items[at] = (struct record){kind, value};
}

static bool has_node(const struct records *records, const json_t *id)
{
    bool found = false;
    for (size_t i = 0; i < records->count; i++) {
        found = found
                || (records->items[i].kind == NODE
                    && json_equal(json_object_get(records->items[i].value, "id"), id));
    }
    return found;
}

static void random_records(struct records *records)
{
    records->count = 0;
    for (size_t left = below(12); left > 0; left--) {
        json_t *id = random_id();
        if (has_node(records, id)) {
            json_decref(id);
        } else {
            json_t *node = random_node(id);
            add_record(records, NODE, node);
            if (below(4) == 0) {
                add_record(records, NODE, json_incref(node)); /* told twice */
            }
        }
    }
    for (size_t left = below(20); left > 0; left--) {
        add_record(records, EDGE, random_edge());
    }
    for (size_t left = below(4); left > 0; left--) {
        add_record(records, TARGET, random_target());
        add_record(records, ENTRY,
                   json_pack("{s:s,s:o}", "kind", PICK(entry_words), "node", random_id()));
    }
}

static void free_records(struct records *records)
{
    for (size_t i = 0; i < records->count; i++) {
        json_decref(records->items[i].value);
    }
}

/* --- as files ---------------------------------------------------------------------------------
 */

static json_t *random_head(void)
{
    json_t *artifacts = json_pack("[{s:o,s:s},{s:o,s:s,s:n}]", "name", random_text(), "mvid",
                                  "0a", "name", random_text(), "purl", "pkg:x/y", "later");
    json_t *head = json_pack("{s:s,s:o,s:{s:o,s:s},s:{s:b,s:[s,s]},s:o}", "schema",
                             "static-callgraph/1", "graphId", random_text(), "analyzer", "name",
                             random_text(), "version", "1", "world", "closed", below(2),
                             "unsoundFor", "reflection", "di", "artifacts", artifacts);
    ck_assert_ptr_nonnull(head);
    return head;
}

static size_t spelling(void)
{
    return (below(2) == 0 ? JSON_ENSURE_ASCII : 0) | (below(2) == 0 ? JSON_SORT_KEYS : 0)
           | (below(2) == 0 ? JSON_ESCAPE_SLASH : 0);
}

static char *as_lines(const json_t *head, const struct records *records)
{
    char *text = json_dumps(head, spelling());
    for (size_t i = 0; i < records->count; i++) {
        const struct record *record = &records->items[i];
        json_t *line = json_pack("{s:O}", record_names[record->kind], record->value);
        char *spelled = json_dumps(line, spelling());
        size_t byte_count = strlen(text) + strlen(spelled) + 2;
        char *grown = malloc(byte_count);
        ck_assert_ptr_nonnull(grown);
        (void)snprintf(grown, byte_count, "%s\n%s", text, spelled);
        free(text);
        free(spelled);
        json_decref(line);
        text = grown;
    }
    return text;
}

static char *as_document(const json_t *head, const struct records *records)
{
    json_t *document = json_copy((json_t *)(uintptr_t)head);
    for (size_t kind = 0; kind < RECORD_KINDS; kind++) {
        set_member(document, list_names[kind], json_array());
    }
    for (size_t i = 0; i < records->count; i++) {
        const struct record *record = &records->items[i];
        json_array_append(json_object_get(document, list_names[record->kind]), record->value);
    }
    char *text = json_dumps(document, spelling() | (below(2) == 0 ? JSON_INDENT(2) : 0));
    json_decref(document);
    return text;
}

struct graph_files random_graph_files(void)
{
    struct records records;
    json_t *head = random_head();
    random_records(&records);
    struct graph_files files = {as_document(head, &records), as_lines(head, &records)};
    free_records(&records);
    json_decref(head);
    return files;
}
