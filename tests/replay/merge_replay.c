/* SPDX-License-Identifier: Apache-2.0 */
/* A recording replayed into documents in memory, and merged with a graph. */
#include "replay/merge_replay.h"

#include "support/check_main.h"

#include <stdlib.h>
#include <string.h>

enum { DOCUMENTS_MAX = 64 };

struct document {
    char *bytes;
    size_t byte_count;
};

static struct document documents[DOCUMENTS_MAX];
static size_t document_count;
static struct ew_window_set *set;
static struct ew_graph *graph;
static struct ew_merged *merged;
static struct document written;

static bool take_bytes(void *context, const void *bytes, size_t byte_count)
{
    struct document *document = context;
    char *grown = realloc(document->bytes, document->byte_count + byte_count + 1);
    ck_assert_ptr_nonnull(grown);
    memcpy(grown + document->byte_count, bytes, byte_count);
    document->bytes = grown;
    document->byte_count += byte_count;
    grown[document->byte_count] = '\0';
    return true;
}

static void take_document(void *context, const struct ew_evidence *evidence,
                          const struct ew_published *published)
{
    (void)context;
    (void)published;
    ck_assert_uint_lt(document_count, DOCUMENTS_MAX);
    ck_assert_int_eq(ew_evidence_write(evidence, take_bytes, &documents[document_count++], NULL),
                     EW_OK);
}

void merge_replay_run(const struct ew_replay_options *options)
{
    struct ew_replay_options all = *options;
    struct ew_replay_result result;
    struct ew_error error = {0};
    all.on_document = take_document;
    enum ew_status status = ew_replay_run(&all, &result, &error);
    ck_assert_msg(status == EW_OK, "%s", error.text);
    ew_replay_result_free(&result);
}

static void forget_merge(void)
{
    ew_merged_free(merged);
    ew_graph_free(graph);
    ew_window_set_destroy(set);
    free(written.bytes);
    merged = NULL;
    graph = NULL;
    set = NULL;
    memset(&written, 0, sizeof written);
}

void merge_replay_forget(void)
{
    forget_merge();
    for (size_t i = 0; i < document_count; i++) {
        free(documents[i].bytes);
    }
    memset(documents, 0, sizeof documents);
    document_count = 0;
}

size_t merge_replay_documents(void)
{
    return document_count;
}

static void add_document(size_t index)
{
    struct ew_error error = {0};
    enum ew_status status = ew_window_set_add_bytes(set, "document", documents[index].bytes,
                                                    documents[index].byte_count, &error);
    ck_assert_msg(status == EW_OK, "%s", error.text);
}

const struct ew_merged *merge_replay_merge(const size_t *order, size_t count,
                                           const char *graph_path, bool ask_unobserved)
{
    const struct ew_graph_options graph_options = {.format = EW_GRAPH_AUTO};
    struct ew_graph_counts counts;
    struct ew_error error = {0};
    forget_merge();
    ck_assert_int_eq(ew_window_set_create(&set), EW_OK);
    for (size_t i = 0; i < count; i++) {
        add_document(order[i]);
    }
    enum ew_status status = ew_graph_load(graph_path, &graph_options, &graph, &counts, &error);
    ck_assert_msg(status == EW_OK, "%s", error.text);
    const struct ew_graph *const graphs[] = {graph};
    const struct ew_merge_options options = {
        .graphs = graphs, .graph_count = 1, .windows = set, .ask_unobserved = ask_unobserved};
    status = ew_merge(&options, &merged, &error);
    ck_assert_msg(status == EW_OK, "%s", error.text);
    return merged;
}

const struct ew_merged *merge_replay_merge_all(const char *graph_path)
{
    size_t order[DOCUMENTS_MAX];
    for (size_t i = 0; i < document_count; i++) {
        order[i] = i;
    }
    return merge_replay_merge(order, document_count, graph_path, true);
}

const char *merge_replay_document(size_t *byte_count_out)
{
    if (written.bytes == NULL) {
        ck_assert_int_eq(ew_merged_write(merged, take_bytes, &written, NULL), EW_OK);
    }
    *byte_count_out = written.byte_count;
    return written.bytes;
}

/* --- what came out ---------------------------------------------------------------- */

const struct ew_reach_node *merge_replay_node(const char *id)
{
    for (size_t i = 0; i < merged->node_count; i++) {
        if (merged->nodes[i].id != NULL && strcmp(merged->nodes[i].id, id) == 0) {
            return &merged->nodes[i];
        }
    }
    ck_abort_msg("no node has the id %s", id);
    return NULL;
}

const struct ew_reach_node *merge_replay_named(const char *name)
{
    for (size_t i = 0; i < merged->node_count; i++) {
        if (merged->nodes[i].name != NULL && strcmp(merged->nodes[i].name, name) == 0) {
            return &merged->nodes[i];
        }
    }
    return NULL;
}

const struct ew_reach_edge *merge_replay_edge(const char *from, const char *to)
{
    uint32_t left = (uint32_t)(merge_replay_node(from) - merged->nodes);
    uint32_t right = (uint32_t)(merge_replay_node(to) - merged->nodes);
    for (size_t i = 0; i < merged->edge_count; i++) {
        if (merged->edges[i].from == left && merged->edges[i].to == right) {
            return &merged->edges[i];
        }
    }
    ck_abort_msg("no edge from %s to %s", from, to);
    return NULL;
}

uint64_t merge_replay_samples(const struct ew_reach_edge *edge)
{
    uint64_t hits = 0;
    for (uint32_t i = 0; i < edge->observation_count; i++) {
        const struct ew_reach_observation *row =
            &merged->observations[edge->first_observation + i];
        hits += row->samples ? row->hits : 0;
    }
    return hits;
}

size_t merge_replay_conflicts(enum ew_conflict conflict)
{
    size_t count = 0;
    for (size_t i = 0; i < merged->conflict_count; i++) {
        count += merged->conflicts[i].conflict == conflict;
    }
    return count;
}

const struct ew_reach_conflict *merge_replay_conflict(enum ew_conflict conflict)
{
    for (size_t i = 0; i < merged->conflict_count; i++) {
        if (merged->conflicts[i].conflict == conflict) {
            return &merged->conflicts[i];
        }
    }
    ck_abort_msg("no %s", ew_conflict_name(conflict));
    return NULL;
}
