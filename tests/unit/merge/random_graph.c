/* SPDX-License-Identifier: Apache-2.0 */
/* Random callgraphs of the world that random documents tell of. */
#include "merge/random_merge.h"
#include "platform/file.h"
#include "support/check_main.h"
#include "windows/set_dump.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A node in all its forms: a graph tells some of them. */
struct known {
    const char *id;
    const char *token;
    const char *doc_id;
    const char *decorated;
    unsigned rva;
};

enum { APP_NODES = 5 };

static const struct known known_nodes[] = {
    {"A", "06000001", "M:N.T.A", NULL, 0}, {"B", "06000002", "M:N.T.B", NULL, 0},
    {"C", "06000003", "M:N.T.C", NULL, 0}, {"D", "06000004", "M:N.T.D", NULL, 0},
    {"E", "06000005", "M:N.T.E", NULL, 0}, {"alpha", NULL, NULL, "?alpha@@YAXXZ", 0x1000},
    {"beta", NULL, NULL, NULL, 0x2000},    {"delta", NULL, NULL, NULL, 0x1100},
    {"gamma", NULL, NULL, NULL, 0x2000},   {"main", NULL, NULL, NULL, 0x3000},
};
enum { KNOWN = sizeof known_nodes / sizeof known_nodes[0] };

struct text {
    char *out;
    size_t used;
};

static void put(struct text *text, const char *format, ...) EW_PRINTF(2, 3);

static void put(struct text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length =
        vsnprintf(text->out + text->used, GRAPH_TEXT_BYTES - text->used, format, arguments);
    va_end(arguments);
    MUST(length >= 0);
    text->used += (size_t)length;
    MUST(text->used < GRAPH_TEXT_BYTES);
}

static bool one_in(struct random *random, uint32_t count)
{
    return random_below(random, count) == 0;
}

/* The comma before all but the first of a list. */
static const char *comma(const struct text *text)
{
    return text->out[text->used - 1] == '[' ? "" : ",";
}

static void put_artifacts(struct text *text, struct random *random, bool exact)
{
    static const char *const apps[] = {
        "\"debugId\":\"0f0e0d0c0b0a090807060504030201001\"",
        "\"debugId\":\"0f0e0d0c0b0a090807060504030201001\",\"purl\":\"pkg:nuget/App@1\"",
        "\"debugId\":\"ffffffffffffffffffffffffffffffff2\"",
        "\"debugId\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1\"",
        "\"purl\":\"pkg:nuget/App@1\"",
    };
    static const char *const libs[] = {"\"codeId\":\"542D574Ec2000\"",
                                       "\"codeId\":\"000000010000\"",
                                       "\"purl\":\"pkg:generic/l\""};
    const char *app = apps[random_below(random, exact ? 4 : 8) % 5];
    const char *lib = libs[random_below(random, exact ? 2 : 5) % 3];
    put(text, "\"artifacts\":[{\"name\":\"App.dll\",%s},{\"name\":\"lib.dll\",%s}]", app, lib);
}

static void put_traits(struct text *text, struct random *random, const bool *there)
{
    static const char *const inlining[] = {"never", "may", "always"};
    uint32_t other = random_below(random, KNOWN);
    if (one_in(random, 2)) {
        put(text, ",\"inline\":\"%s\"", inlining[random_below(random, 3)]);
    }
    if (one_in(random, 4)) {
        put(text, ",\"callsComplete\":true");
    }
    if (one_in(random, 5) && there[other]) {
        put(text, ",\"overrides\":[\"%s\"]", known_nodes[other].id);
    }
    if (one_in(random, 8)) {
        put(text, ",\"kind\":\"%s\"", one_in(random, 2) ? "thunk" : "external");
    }
}

static void put_node(struct text *text, struct random *random, uint32_t index, const bool *there,
                     bool exact)
{
    const struct known *known = &known_nodes[index];
    bool named = false;
    put(text, "%s{\"id\":\"%s\"", comma(text), known->id);
    if (exact || !one_in(random, 8)) {
        put(text, ",\"artifact\":%d", index >= APP_NODES);
    }
    if (known->token != NULL && (exact || !one_in(random, 4))) {
        put(text, ",\"token\":\"%s\"", known->token);
        named = true;
    }
    if (known->doc_id != NULL && !exact && one_in(random, 2)) {
        put(text, ",\"docId\":\"%s\"", known->doc_id);
    }
    if (known->rva != 0 && (exact || !one_in(random, 4))) {
        put(text, ",\"rva\":%u,\"size\":%d", known->rva, exact || one_in(random, 2) ? 64 : 0);
        named = true;
    }
    if (known->decorated != NULL && one_in(random, 2)) {
        put(text, ",\"decorated\":\"%s\"", known->decorated);
    }
    if (!named || (!exact && one_in(random, 2))) {
        put(text, ",\"name\":\"%s%s\"", index < APP_NODES ? "N.T." : "", known->id);
        put(text, "%s", index < APP_NODES && one_in(random, 2) ? ",\"sig\":\"void ()\"" : "");
    }
    put_traits(text, random, there);
    put(text, "}");
}

static void put_edge(struct text *text, struct random *random, uint32_t from, uint32_t to,
                     const bool *there)
{
    static const char *const kinds[] = {"call", "virtual",    "interface", "delegate",
                                        "ctor", "dependency", "reflection"};
    uint32_t candidate = random_below(random, KNOWN);
    put(text, "%s{\"from\":\"%s\",\"to\":\"%s\"", comma(text), known_nodes[from].id,
        known_nodes[to].id);
    if (!one_in(random, 3)) {
        put(text, ",\"kind\":\"%s\"", kinds[random_below(random, 7)]);
    }
    if (one_in(random, 3)) {
        put(text, ",\"confidence\":%u", (unsigned)random_below(random, 1001));
    }
    if (one_in(random, 8) && there[candidate]) {
        put(text, ",\"candidates\":[\"%s\"]", known_nodes[candidate].id);
    }
    put(text, "}");
}

static void put_edges(struct text *text, struct random *random, const bool *there)
{
    put(text, ",\"edges\":[");
    for (uint32_t from = 0; from < KNOWN; from++) {
        for (uint32_t to = 0; to < KNOWN; to++) {
            /* Now and then twice: of two kinds, or alike. */
            for (int i = 0; i < 2 && there[from] && there[to] && one_in(random, 6); i++) {
                put_edge(text, random, from, to, there);
            }
        }
    }
    put(text, "]");
}

static void put_ends(struct text *text, struct random *random, const bool *there)
{
    static const char *const kinds[] = {"main",  "http",  "grpc",     "cli",     "job",
                                        "event", "timer", "export",   "service", "dllmain",
                                        "tls",   "com",   "callback", "test"};
    put(text, ",\"entrypoints\":[");
    for (uint32_t i = 0; i < KNOWN; i++) {
        /* Some are of several kinds, and some are told twice. */
        for (int tries = 0; there[i] && tries < 3 && one_in(random, tries == 0 ? 6 : 2);
             tries++) {
            put(text, "%s{\"node\":\"%s\",\"kind\":\"%s\"}", comma(text), known_nodes[i].id,
                kinds[random_below(random, random_below(random, 2) == 0 ? 2 : 14)]);
        }
    }
    put(text, "],\"targets\":[");
    for (uint32_t i = 0; i < KNOWN; i++) {
        if (there[i] && one_in(random, 5)) {
            put(text, "%s{\"node\":\"%s\",\"vuln\":[\"CVE-%u\",\"CVE-9\"]}", comma(text),
                known_nodes[i].id, (unsigned)random_below(random, 3));
        }
    }
    put(text, "]");
}

void random_graph(struct random *random, uint32_t number, bool exact, char out[GRAPH_TEXT_BYTES])
{
    struct text text = {.out = out};
    bool there[KNOWN];
    for (uint32_t i = 0; i < KNOWN; i++) {
        there[i] = !one_in(random, 4);
    }
    const char *closed = one_in(random, 3) ? "false" : "true";
    const char *blind = one_in(random, 4) ? ",\"unsoundFor\":[\"reflection\"]" : "";
    put(&text,
        "{\"schema\":\"static-callgraph/1\",\"graphId\":\"g%u\",\"analyzer\":{\"name\":\"an%u\","
        "\"version\":\"1\"},\"world\":{\"closed\":%s%s},",
        (unsigned)number, (unsigned)number, closed, blind);
    put_artifacts(&text, random, exact);
    put(&text, ",\"nodes\":[");
    for (uint32_t i = 0; i < KNOWN; i++) {
        if (there[i]) {
            put_node(&text, random, i, there, exact);
        }
    }
    put(&text, "]");
    put_edges(&text, random, there);
    put_ends(&text, random, there);
    put(&text, "}");
}

static struct ew_graph *load(const char *path, const char *text)
{
    const struct ew_graph_options options = {.format = EW_GRAPH_AUTO};
    struct ew_graph_counts counts;
    struct ew_graph *graph = NULL;
    struct ew_file *file = NULL;
    struct ew_error error = {0};
    if (ew_file_create(path, true, &file, &error) != EW_OK
        || ew_file_write_at(file, 0, text, strlen(text), &error) != EW_OK) {
        ck_abort_msg("%s", error.text);
    }
    ew_file_close(file);
    if (ew_graph_load(path, &options, &graph, &counts, &error) != EW_OK
        || ew_file_remove(path, &error) != EW_OK) {
        ck_abort_msg("%s", error.text);
    }
    return graph;
}

void graph_pool_fill(struct graph_pool *pool, struct random *random, bool exact, const char *path)
{
    static char text[GRAPH_TEXT_BYTES];
    for (uint32_t i = 0; i < GRAPH_POOL_MAX; i++) {
        random_graph(random, i, exact, text);
        pool->graphs[i][0] = load(path, text);
        pool->graphs[i][1] = load(path, text);
    }
}

void graph_pool_empty(struct graph_pool *pool)
{
    for (uint32_t i = 0; i < GRAPH_POOL_MAX; i++) {
        ew_graph_free(pool->graphs[i][0]);
        ew_graph_free(pool->graphs[i][1]);
    }
}

/* --- what becomes of them --------------------------------------------------------------------
 */

struct ew_merged *must_merge(const struct ew_merge_options *options)
{
    struct ew_merged *merged = NULL;
    struct ew_error error = {0};
    if (ew_merge(options, &merged, &error) != EW_OK) {
        ck_abort_msg("%s", error.text);
    }
    return merged;
}

static bool take_bytes(void *context, const void *bytes, size_t byte_count)
{
    struct bytes *out = context;
    char *grown = realloc(out->at, out->count + byte_count + 1);
    MUST(grown != NULL);
    out->at = grown;
    memcpy(grown + out->count, bytes, byte_count);
    out->count += byte_count;
    grown[out->count] = '\0';
    return true;
}

struct bytes must_write(const struct ew_merged *merged)
{
    struct bytes bytes = {0};
    struct ew_error error = {0};
    if (ew_merged_write(merged, take_bytes, &bytes, &error) != EW_OK) {
        ck_abort_msg("%s", error.text);
    }
    return bytes;
}
