/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The merged graph as `stella.callgraph.v1` (reference evidence.md 1.3): the producer's ids where
 * a static graph has them, else our keys, which is what the facts name functions by as well.
 * What is claimed stays a static edge, and its weight rises when it was observed; what was only
 * observed is an edge of kind `runtime`. Entry points are those of the graphs.
 */
#include "base/text.h"
#include "export/stella_graph.h"
#include "platform/hash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int by_id(const void *left, const void *right)
{
    const struct ew_stella_place *a = left;
    const struct ew_stella_place *b = right;
    int order = strcmp(a->id, b->id);
    return order != 0 ? order : (a->node > b->node) - (a->node < b->node);
}

static int by_ends(const void *left, const void *right)
{
    const struct ew_stella_link *a = left;
    const struct ew_stella_link *b = right;
    int order = (a->from > b->from) - (a->from < b->from);
    order = order != 0 ? order : (a->to > b->to) - (a->to < b->to);
    return order != 0 ? order : (a->edge > b->edge) - (a->edge < b->edge);
}

static const char *id_of(const struct ew_reach_node *node)
{
    return node->id != NULL && node->id[0] != '\0' ? node->id : node->key;
}

static void place_nodes(struct ew_stella_graph *graph)
{
    const struct ew_merged *merged = graph->merged;
    for (uint32_t i = 0; i < merged->node_count; i++) {
        graph->places[i] = (struct ew_stella_place){.id = id_of(&merged->nodes[i]), .node = i};
    }
    if (merged->node_count > 1) {
        qsort(graph->places, merged->node_count, sizeof *graph->places, by_id);
    }
    for (size_t i = 0; i < merged->node_count; i++) {
        struct ew_stella_place place = graph->places[i];
        size_t count = graph->place_count;
        if (count == 0 || strcmp(graph->places[count - 1].id, place.id) != 0) {
            graph->places[graph->place_count++] = place;
        }
        graph->place_of[place.node] = (uint32_t)(graph->place_count - 1);
    }
}

static void link_edges(struct ew_stella_graph *graph)
{
    const struct ew_merged *merged = graph->merged;
    for (uint32_t i = 0; i < merged->edge_count; i++) {
        graph->links[i] = (struct ew_stella_link){graph->place_of[merged->edges[i].from],
                                                  graph->place_of[merged->edges[i].to], i};
    }
    graph->link_count = merged->edge_count;
    if (graph->link_count > 1) {
        qsort(graph->links, graph->link_count, sizeof *graph->links, by_ends);
    }
}

static void graph_free(struct ew_stella_graph *graph)
{
    free(graph->places);
    free(graph->place_of);
    free(graph->links);
    free(graph->entries);
}

static enum ew_status graph_make(struct ew_stella_graph *graph, const struct ew_export_job *job)
{
    const struct ew_merged *merged = job->options->merged;
    enum ew_status status = EW_NO_MEMORY;
    *graph = (struct ew_stella_graph){.merged = merged};
    graph->places = calloc(merged->node_count + 1, sizeof *graph->places);
    graph->place_of = calloc(merged->node_count + 1, sizeof *graph->place_of);
    graph->links = calloc(merged->edge_count + 1, sizeof *graph->links);
    if (graph->places != NULL && graph->place_of != NULL && graph->links != NULL) {
        place_nodes(graph);
        link_edges(graph);
        status = ew_stella_entries(graph, job->tables);
    }
    if (status != EW_OK) {
        graph_free(graph);
    }
    return status;
}

/* --- nodes and edges ------------------------------------------------------------ */

static bool is_managed(const struct ew_reach_node *node)
{
    return strncmp(node->key, "m:", 2) == 0 || node->token != 0;
}

static void put_node(struct ew_json_writer *writer, const struct ew_stella_graph *graph,
                     size_t at)
{
    const struct ew_reach_node *node = &graph->merged->nodes[graph->places[at].node];
    ew_json_object(writer);
    ew_json_key(writer, "attributes");
    ew_json_object(writer);
    ew_json_member_text(writer, "etwitness.key", node->key);
    if (graph->places[at].root) {
        ew_json_member_text(writer, "etwitness.root", "observed");
    }
    ew_json_member_text(writer, "etwitness.state",
                        ew_reach_label_name(ew_reach_label(node->state)));
    if (node->module != NULL && node->module[0] != '\0') {
        ew_json_member_text(writer, "module", node->module);
    }
    ew_json_object_end(writer);
    ew_json_member_text(writer, "id", graph->places[at].id);
    ew_json_key(writer, "isEntrypointCandidate");
    ew_json_bool(writer, graph->places[at].candidate);
    ew_json_member_text(writer, "kind", is_managed(node) ? "method" : "function");
    ew_json_member_text(writer, "name", ew_node_name(node));
    ew_json_object_end(writer);
}

/* What all edges between two places say together. */
struct joined {
    bool claimed;
    bool observed;
    bool dispatch;
    unsigned weight_permille;
};

static struct joined join_links(const struct ew_stella_graph *graph, size_t first, size_t end)
{
    struct joined joined = {0};
    for (size_t i = first; i < end; i++) {
        const struct ew_reach_edge *edge = &graph->merged->edges[graph->links[i].edge];
        unsigned weight = edge->confidence_claimed > edge->confidence_observed
                              ? edge->confidence_claimed
                              : edge->confidence_observed;
        joined.claimed = joined.claimed || edge->state.claimed == EW_STATIC_REACHABLE;
        joined.observed = joined.observed || edge->state.observed == EW_RUNTIME_OBSERVED;
        joined.dispatch = joined.dispatch || edge->edge_class == EW_CLASS_DISPATCH;
        joined.weight_permille =
            weight > joined.weight_permille ? weight : joined.weight_permille;
    }
    joined.weight_permille = joined.weight_permille < 1000 ? joined.weight_permille : 1000;
    return joined;
}

static const char *reason_of(const struct joined *joined)
{
    return !joined->claimed ? "runtimeMinted" : joined->dispatch ? "virtualCall" : "directCall";
}

/* One edge for each pair of places, counted; what was neither claimed nor surely observed is
 * none. Answers where the next pair begins. */
static size_t put_edge(struct ew_json_writer *writer, const struct ew_stella_graph *graph,
                       size_t first, uint64_t *count)
{
    const struct ew_stella_link *link = &graph->links[first];
    size_t end = first + 1;
    while (end < graph->link_count && graph->links[end].from == link->from
           && graph->links[end].to == link->to) {
        end++;
    }
    struct joined joined = join_links(graph, first, end);
    if (!joined.claimed && !joined.observed) {
        return end;
    }
    ++*count;
    ew_json_object(writer);
    ew_json_key(writer, "isResolved");
    ew_json_bool(writer, true);
    ew_json_member_text(writer, "kind", joined.claimed ? "static" : "runtime");
    ew_json_member_text(writer, "reason", reason_of(&joined));
    ew_json_member_text(writer, "sourceId", graph->places[link->from].id);
    ew_json_member_text(writer, "targetId", graph->places[link->to].id);
    ew_json_key(writer, "weight");
    ew_json_permille(writer, joined.weight_permille);
    ew_json_object_end(writer);
    return end;
}

static void put_entries(struct ew_json_writer *writer, const struct ew_stella_graph *graph)
{
    for (size_t i = 0; i < graph->entry_count; i++) {
        ew_json_object(writer);
        ew_json_member_text(writer, "kind", ew_stella_entry_kind(graph->entries[i].kind));
        ew_json_member_text(writer, "nodeId", graph->places[graph->entries[i].place].id);
        ew_json_member_u64(writer, "order", i);
        ew_json_object_end(writer);
    }
}

/* --- the document ---------------------------------------------------------------- */

static void put_language(struct ew_json_writer *writer, const struct ew_merged *merged)
{
    size_t managed = 0;
    for (size_t i = 0; i < merged->node_count; i++) {
        managed += is_managed(&merged->nodes[i]) ? 1 : 0;
    }
    ew_json_member_text(writer, "language", managed > 0 ? "dotNet" : "binary");
}

/* `hash` is left out while it is made. Answers the number of edges. */
static uint64_t put_graph(struct ew_json_writer *writer, const struct ew_stella_graph *graph,
                          const char *hash)
{
    char id[96];
    uint64_t edges = 0;
    (void)snprintf(id, sizeof id, "etwitness:%s", graph->merged->documents_digest);
    ew_json_object(writer);
    ew_json_key(writer, "edges");
    ew_json_array(writer);
    for (size_t i = 0; i < graph->link_count;) {
        i = put_edge(writer, graph, i, &edges);
    }
    ew_json_array_end(writer);
    ew_json_key(writer, "entrypoints");
    ew_json_array(writer);
    put_entries(writer, graph);
    ew_json_array_end(writer);
    if (hash != NULL) {
        ew_json_member_text(writer, "graphHash", hash);
    }
    ew_json_member_text(writer, "id", id);
    put_language(writer, graph->merged);
    ew_json_key(writer, "nodes");
    ew_json_array(writer);
    for (size_t i = 0; i < graph->place_count; i++) {
        put_node(writer, graph, i);
    }
    ew_json_array_end(writer);
    ew_json_member_text(writer, "schema", "stella.callgraph.v1");
    ew_json_object_end(writer);
    return edges;
}

static bool hash_sink(void *context, const void *bytes, size_t byte_count)
{
    ew_sha256_update(context, bytes, byte_count);
    return true;
}

static enum ew_status make_hash(const struct ew_stella_graph *graph, char out[72])
{
    struct ew_json_writer writer;
    struct ew_sha256 *hash = NULL;
    uint8_t digest[EW_SHA256_BYTES];
    char hex[EW_SHA256_HEX_BYTES];
    enum ew_status status = ew_sha256_create(&hash);
    if (status != EW_OK) {
        return status;
    }
    ew_json_init(&writer, hash_sink, hash);
    (void)put_graph(&writer, graph, NULL);
    (void)ew_json_finish(&writer);
    status = ew_sha256_finish(hash, digest);
    ew_text_hex(digest, sizeof digest, hex);
    (void)snprintf(out, 72, "sha256:%s", hex);
    return status;
}

enum ew_status ew_export_stella_callgraph(const struct ew_export_job *job)
{
    struct ew_stella_graph graph;
    char hash[72];
    enum ew_status status = graph_make(&graph, job);
    if (status != EW_OK) {
        return status;
    }
    status = make_hash(&graph, hash);
    if (status == EW_OK) {
        struct ew_json_writer writer;
        ew_json_init(&writer, job->sink, job->context);
        job->counts->rows = graph.place_count + put_graph(&writer, &graph, hash);
        status = ew_export_written(job, ew_json_finish(&writer));
    }
    graph_free(&graph);
    return status;
}
