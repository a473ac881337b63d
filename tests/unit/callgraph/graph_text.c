/* SPDX-License-Identifier: Apache-2.0 */
/* Graphs from texts: written to a file, loaded, and shown as a text that can be compared. */
#include "callgraph/graph_text.h"

#include "platform/file.h"

#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct shown {
    char *text;
    size_t used;
    size_t capacity;
};

static void add(struct shown *shown, const char *format, ...) EW_PRINTF(2, 3);

static void add(struct shown *shown, const char *format, ...)
{
    char piece[1024];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(piece, sizeof piece, format, arguments);
    va_end(arguments);
    ck_assert(length >= 0 && (size_t)length < sizeof piece);
    if (shown->used + (size_t)length + 1 > shown->capacity) {
        shown->capacity = 2 * (shown->capacity + sizeof piece);
        shown->text = realloc(shown->text, shown->capacity);
        ck_assert_ptr_nonnull(shown->text);
    }
    memcpy(shown->text + shown->used, piece, (size_t)length + 1);
    shown->used += (size_t)length;
}

static void add_text(struct shown *shown, const struct ew_graph *graph, const char *name,
                     ew_graph_text text)
{
    if (text != 0) {
        add(shown, " %s=%s", name, ew_graph_string(graph, text));
    }
}

static const char *id_of(const struct ew_graph *graph, uint32_t node)
{
    return ew_graph_string(graph, graph->nodes[node].id);
}

static void show_node(struct shown *shown, const struct ew_graph *graph, uint32_t i)
{
    const struct ew_graph_node *node = &graph->nodes[i];
    uint32_t end = i + 1 < graph->node_count ? node[1].first_override : graph->override_count;
    add(shown, "node %s kind=%u", id_of(graph, i), (unsigned)node->kind);
    add_text(shown, graph, "name", node->name);
    add_text(shown, graph, "sig", node->signature);
    add_text(shown, graph, "doc", node->doc_id);
    add_text(shown, graph, "decorated", node->decorated);
    if (node->artifact != EW_GRAPH_NONE) {
        add(shown, " artifact=%u", (unsigned)node->artifact);
    }
    if ((node->flags & EW_NODE_HAS_RVA) != 0) {
        add(shown, " rva=%llu", (unsigned long long)node->rva);
    }
    if (node->token != 0 || node->size_bytes != 0) {
        add(shown, " token=%x size=%u", (unsigned)node->token, (unsigned)node->size_bytes);
    }
    if (node->inlining != 0 || (node->flags & EW_NODE_CALLS_COMPLETE) != 0) {
        add(shown, " inline=%u complete=%d", (unsigned)node->inlining,
            (node->flags & EW_NODE_CALLS_COMPLETE) != 0);
    }
    for (uint32_t at = node->first_override; at < end; at++) {
        add(shown, " overrides=%s", id_of(graph, graph->overrides[at]));
    }
    add(shown, "\n");
}

static void show_edges(struct shown *shown, const struct ew_graph *graph, uint32_t from)
{
    for (uint32_t i = graph->first_edge[from]; i < graph->first_edge[from + 1]; i++) {
        const struct ew_graph_edge *edge = &graph->edges[i];
        uint32_t end =
            i + 1 < graph->edge_count ? edge[1].first_candidate : graph->candidate_count;
        add(shown, "edge %s -> %s kind=%u", id_of(graph, from), id_of(graph, edge->to),
            (unsigned)edge->kind);
        add_text(shown, graph, "reason", edge->reason);
        if (edge->confidence != 1000) {
            add(shown, " confidence=%u", (unsigned)edge->confidence);
        }
        if (edge->site != EW_GRAPH_NONE) {
            add(shown, " site=%u", (unsigned)edge->site);
        }
        for (uint32_t at = edge->first_candidate; at < end; at++) {
            add(shown, " candidate=%s", id_of(graph, graph->candidates[at]));
        }
        add(shown, "\n");
    }
}

static void show_artifact(struct shown *shown, const struct ew_graph *graph, uint32_t i)
{
    const struct ew_graph_artifact *row = &graph->artifacts[i];
    add(shown, "artifact");
    add_text(shown, graph, "name", row->name);
    add_text(shown, graph, "code", row->code_id);
    add_text(shown, graph, "debug", row->debug_id);
    add_text(shown, graph, "mvid", row->mvid);
    add_text(shown, graph, "sha256", row->sha256);
    add_text(shown, graph, "purl", row->purl);
    add(shown, "\n");
}

char *graph_show(const struct ew_graph *graph)
{
    struct shown shown = {0};
    const char *id = ew_graph_string(graph, graph->graph_id);
    add(&shown, "graph %s", strncmp(id, "sha256:", 7) == 0 ? "-" : id);
    add_text(&shown, graph, "name", graph->analyzer_name);
    add_text(&shown, graph, "version", graph->analyzer_version);
    add_text(&shown, graph, "algorithm", graph->analyzer_algorithm);
    add(&shown, " closed=%d presence=%d unsound=%x\n", graph->closed, graph->presence_only,
        (unsigned)graph->unsound_for);
    for (uint32_t i = 0; i < graph->artifact_count; i++) {
        show_artifact(&shown, graph, i);
    }
    for (uint32_t i = 0; i < graph->node_count; i++) {
        show_node(&shown, graph, i);
    }
    for (uint32_t i = 0; i < graph->node_count; i++) {
        show_edges(&shown, graph, i);
    }
    for (uint32_t i = 0; i < graph->entry_count; i++) {
        add(&shown, "entry %s kind=%u\n", id_of(graph, graph->entries[i].node),
            (unsigned)graph->entries[i].kind);
    }
    for (uint32_t i = 0; i < graph->target_count; i++) {
        add(&shown, "target %s %s\n", id_of(graph, graph->targets[i].node),
            ew_graph_string(graph, graph->targets[i].vulnerability));
    }
    return shown.text;
}

static void write_input(const void *bytes, size_t byte_count)
{
    struct ew_file *file = NULL;
    ck_assert_int_eq(ew_file_create(GRAPH_FILE, true, &file, NULL), EW_OK);
    if (byte_count > 0) {
        ck_assert_int_eq(ew_file_write_at(file, 0, bytes, byte_count, NULL), EW_OK);
    }
    ew_file_close(file);
}

static struct graph_outcome load(const char *path, const struct ew_graph_options *options)
{
    struct graph_outcome outcome = {.graph = NULL};
    outcome.status =
        ew_graph_load(path, options, &outcome.graph, &outcome.counts, &outcome.error);
    ck_assert_int_eq(outcome.status == EW_OK, outcome.graph != NULL);
    ck_assert(outcome.status == EW_OK || outcome.error.status == outcome.status);
    return outcome;
}

struct graph_outcome graph_from_file(const char *path, const char *cache_directory)
{
    struct ew_graph_options options = {.cache_directory = cache_directory};
    return load(path, &options);
}

struct graph_outcome graph_from_bytes(const void *bytes, size_t byte_count,
                                      enum ew_graph_format format)
{
    struct ew_graph_options options = {.format = format};
    write_input(bytes, byte_count);
    struct graph_outcome outcome = load(GRAPH_FILE, &options);
    ck_assert_int_eq(ew_file_remove(GRAPH_FILE, NULL), EW_OK);
    return outcome;
}

struct graph_outcome graph_from_text(const char *text)
{
    return graph_from_bytes(text, strlen(text), EW_GRAPH_AUTO);
}

void graph_expect(const char *text, const char *expected)
{
    struct graph_outcome outcome = graph_from_text(text);
    ck_assert_msg(outcome.status == EW_OK, "%s", outcome.error.text);
    char *shown = graph_show(outcome.graph);
    ck_assert_str_eq(shown, expected);
    free(shown);
    ew_graph_free(outcome.graph);
}

void graph_expect_failure(const char *text, enum ew_status status, const char *sentence)
{
    char expected[EW_ERROR_TEXT_BYTES];
    struct graph_outcome outcome = graph_from_text(text);
    (void)snprintf(expected, sizeof expected, GRAPH_FILE ": %s", sentence);
    ck_assert_msg(outcome.status != EW_OK, "accepted: %s", text);
    ck_assert_str_eq(outcome.error.text, expected);
    ck_assert_int_eq(outcome.status, status);
}
