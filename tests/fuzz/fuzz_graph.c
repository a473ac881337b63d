/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hostile graphs of every format, and hostile caches: they end in a sentence or in columns
 * whose every number is in range. The first byte says which format.
 */
#include "callgraph/cache.h"
#include "callgraph/reader.h"
#include "fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

enum { FORMATS = EW_GRAPH_DGML + 1 };

static void want(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void check_text(const struct ew_graph *graph, ew_graph_text text)
{
    want(text < graph->text_bytes);
}

static void check_nodes(const struct ew_graph *graph)
{
    for (uint32_t i = 0; i < graph->node_count; i++) {
        const struct ew_graph_node *node = &graph->nodes[i];
        check_text(graph, node->id);
        check_text(graph, node->name);
        check_text(graph, node->doc_id);
        want(node->reserved == 0 && node->first_override <= graph->override_count);
        want(node->artifact == EW_GRAPH_NONE || node->artifact < graph->artifact_count);
        want(graph->first_edge[i] <= graph->first_edge[i + 1]);
        want(i == 0
             || strcmp(ew_graph_string(graph, node[-1].id), ew_graph_string(graph, node->id))
                    < 0);
        want(ew_graph_find(graph, ew_graph_string(graph, node->id)) == i);
    }
    want(graph->first_edge[0] == 0 && graph->first_edge[graph->node_count] == graph->edge_count);
}

static void check_edges(const struct ew_graph *graph)
{
    for (uint32_t i = 0; i < graph->edge_count; i++) {
        const struct ew_graph_edge *edge = &graph->edges[i];
        want(edge->to < graph->node_count && edge->confidence <= 1000);
        want(edge->first_candidate <= graph->candidate_count);
        want(i == 0 || edge[-1].first_candidate <= edge->first_candidate);
        check_text(graph, edge->reason);
    }
    for (uint32_t i = 0; i < graph->candidate_count; i++) {
        want(graph->candidates[i] < graph->node_count);
    }
    for (uint32_t i = 0; i < graph->override_count; i++) {
        want(graph->overrides[i] < graph->node_count);
    }
    for (uint32_t i = 0; i < graph->entry_count; i++) {
        want(graph->entries[i].node < graph->node_count);
    }
    for (uint32_t i = 0; i < graph->target_count; i++) {
        want(graph->targets[i].node < graph->node_count);
    }
}

static void read_graph(enum ew_graph_format format, const uint8_t *data, size_t size)
{
    struct graph_builder *builder = NULL;
    struct ew_byte_window window;
    struct ew_error error = {0};
    if (graph_builder_create(&builder) != EW_OK) {
        return;
    }
    ew_byte_window_over(&window, data, size);
    enum ew_status status = graph_read(builder, &window, "fuzz", format, &error);
    want(status == error.status && (status == EW_OK || error.text[0] != '\0'));
    if (status == EW_OK) {
        check_nodes(&builder->graph);
        check_edges(&builder->graph);
    }
    graph_builder_free(builder);
}

/* A cache is mapped by the page, so its columns are aligned. */
static void read_cache(const uint8_t *data, size_t size)
{
    struct ew_graph graph;
    struct ew_graph_counts counts;
    void *copy = malloc(size + 1);
    if (copy == NULL) {
        return;
    }
    memcpy(copy, data, size);
    if (graph_cache_check(copy, size, &graph, &counts)) {
        check_edges(&graph);
    }
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    unsigned format = data[0] % (FORMATS + 1);
    if (format == FORMATS) {
        read_cache(data + 1, size - 1);
    } else {
        read_graph((enum ew_graph_format)format, data + 1, size - 1);
    }
    return 0;
}
