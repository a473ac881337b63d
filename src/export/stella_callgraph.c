/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The merged graph as `stella.callgraph.v1` (reference evidence.md 1.3): the producer's ids where
 * a static graph has them, else our keys, which is what the facts name functions by as well.
 * What is claimed stays a static edge, and its weight rises when it was observed; what was only
 * observed is an edge of kind `runtime`.
 */
#include "base/text.h"
#include "export/formats.h"
#include "platform/hash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A node of the output: several of the merge may have one id. */
struct place {
    const char *id;
    uint32_t node;
};

struct link {
    uint32_t from; /* places */
    uint32_t to;
    uint32_t edge;
};

struct graph {
    const struct ew_merged *merged;
    struct place *places; /* by id */
    size_t place_count;
    uint32_t *place_of; /* of a node of the merge */
    struct link *links; /* by place */
    size_t link_count;
    bool *candidates; /* of places: observed roots that no graph has as entry points */
};

static int by_id(const void *left, const void *right)
{
    const struct place *a = left;
    const struct place *b = right;
    int order = strcmp(a->id, b->id);
    return order != 0 ? order : (a->node > b->node) - (a->node < b->node);
}

static int by_ends(const void *left, const void *right)
{
    const struct link *a = left;
    const struct link *b = right;
    int order = (a->from > b->from) - (a->from < b->from);
    order = order != 0 ? order : (a->to > b->to) - (a->to < b->to);
    return order != 0 ? order : (a->edge > b->edge) - (a->edge < b->edge);
}

static const char *id_of(const struct ew_reach_node *node)
{
    return node->id != NULL && node->id[0] != '\0' ? node->id : node->key;
}

static void place_nodes(struct graph *graph)
{
    const struct ew_merged *merged = graph->merged;
    for (uint32_t i = 0; i < merged->node_count; i++) {
        graph->places[i] = (struct place){id_of(&merged->nodes[i]), i};
    }
    if (merged->node_count > 1) {
        qsort(graph->places, merged->node_count, sizeof *graph->places, by_id);
    }
    for (size_t i = 0; i < merged->node_count; i++) {
        struct place place = graph->places[i];
        size_t count = graph->place_count;
        if (count == 0 || strcmp(graph->places[count - 1].id, place.id) != 0) {
            graph->places[graph->place_count++] = place;
        }
        graph->place_of[place.node] = (uint32_t)(graph->place_count - 1);
    }
}

static void link_edges(struct graph *graph)
{
    const struct ew_merged *merged = graph->merged;
    for (uint32_t i = 0; i < merged->edge_count; i++) {
        graph->links[i] = (struct link){graph->place_of[merged->edges[i].from],
                                        graph->place_of[merged->edges[i].to], i};
    }
    graph->link_count = merged->edge_count;
    if (graph->link_count > 1) {
        qsort(graph->links, graph->link_count, sizeof *graph->links, by_ends);
    }
    for (size_t i = 0; i < merged->conflict_count; i++) {
        const struct ew_reach_conflict *conflict = &merged->conflicts[i];
        if (conflict->conflict == EW_CONFLICT_ENTRYPOINT_MISSING
            && conflict->node < merged->node_count) {
            graph->candidates[graph->place_of[conflict->node]] = true;
        }
    }
}

static void graph_free(struct graph *graph)
{
    free(graph->places);
    free(graph->place_of);
    free(graph->links);
    free(graph->candidates);
}

static enum ew_status graph_make(struct graph *graph, const struct ew_merged *merged)
{
    *graph = (struct graph){.merged = merged};
    graph->places = calloc(merged->node_count + 1, sizeof *graph->places);
    graph->place_of = calloc(merged->node_count + 1, sizeof *graph->place_of);
    graph->links = calloc(merged->edge_count + 1, sizeof *graph->links);
    graph->candidates = calloc(merged->node_count + 1, sizeof *graph->candidates);
    if (graph->places == NULL || graph->place_of == NULL || graph->links == NULL
        || graph->candidates == NULL) {
        graph_free(graph);
        return EW_NO_MEMORY;
    }
    place_nodes(graph);
    link_edges(graph);
    return EW_OK;
}

/* --- nodes and edges ------------------------------------------------------------ */

static bool is_managed(const struct ew_reach_node *node)
{
    return strncmp(node->key, "m:", 2) == 0;
}

static void put_node(struct ew_json_writer *writer, const struct graph *graph, size_t at)
{
    const struct ew_reach_node *node = &graph->merged->nodes[graph->places[at].node];
    ew_json_object(writer);
    ew_json_key(writer, "attributes");
    ew_json_object(writer);
    ew_json_member_text(writer, "etwitness.key", node->key);
    ew_json_member_text(writer, "etwitness.state",
                        ew_reach_label_name(ew_reach_label(node->state)));
    if (node->module != NULL && node->module[0] != '\0') {
        ew_json_member_text(writer, "module", node->module);
    }
    ew_json_object_end(writer);
    ew_json_member_text(writer, "id", graph->places[at].id);
    ew_json_key(writer, "isEntrypointCandidate");
    ew_json_bool(writer, graph->candidates[at]);
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

static struct joined join_links(const struct graph *graph, size_t first, size_t end)
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
static size_t put_edge(struct ew_json_writer *writer, const struct graph *graph, size_t first,
                       uint64_t *count)
{
    const struct link *link = &graph->links[first];
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

/* --- entry points ---------------------------------------------------------------- */

static const char *entry_kind(uint32_t kind)
{
    switch ((enum ew_graph_entry_kind)kind) {
    case EW_ENTRY_HTTP:
        return "http";
    case EW_ENTRY_GRPC:
        return "grpc";
    case EW_ENTRY_CLI:
    case EW_ENTRY_TEST:
        return "cli";
    case EW_ENTRY_JOB:
        return "job";
    case EW_ENTRY_TIMER:
        return "timer";
    case EW_ENTRY_EVENT:
    case EW_ENTRY_EXPORT:
    case EW_ENTRY_COM:
    case EW_ENTRY_CALLBACK:
        return "event";
    case EW_ENTRY_MAIN:
    case EW_ENTRY_SERVICE:
    case EW_ENTRY_DLLMAIN:
    case EW_ENTRY_TLS:
        break;
    }
    return "main";
}

static bool has_place(const struct graph *graph, const char *id)
{
    const struct place wanted = {id, 0};
    size_t low = 0;
    size_t high = graph->place_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(graph->places[middle].id, wanted.id);
        if (order == 0) {
            return true;
        }
        low = order < 0 ? middle + 1 : low;
        high = order < 0 ? high : middle;
    }
    return false;
}

static void put_entries(struct ew_json_writer *writer, const struct graph *graph)
{
    uint64_t order = 0;
    for (size_t i = 0; i < graph->merged->graph_count; i++) {
        const struct ew_graph *claims = graph->merged->graphs[i];
        for (uint32_t j = 0; j < claims->entry_count; j++) {
            const struct ew_graph_entry *entry = &claims->entries[j];
            const char *id = entry->node < claims->node_count
                                 ? ew_graph_string(claims, claims->nodes[entry->node].id)
                                 : "";
            if (has_place(graph, id)) {
                ew_json_object(writer);
                ew_json_member_text(writer, "kind", entry_kind(entry->kind));
                ew_json_member_text(writer, "nodeId", id);
                ew_json_member_u64(writer, "order", order++);
                ew_json_object_end(writer);
            }
        }
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
static uint64_t put_graph(struct ew_json_writer *writer, const struct graph *graph,
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

static enum ew_status make_hash(const struct graph *graph, char out[72])
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
    struct graph graph;
    char hash[72];
    enum ew_status status = graph_make(&graph, job->options->merged);
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
