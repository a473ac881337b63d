/* SPDX-License-Identifier: Apache-2.0 */
/* Indexes over a graph: made once, then asked for each runtime function. */
#include "merge/static_side.h"

#include "merge/elision.h"

uint64_t ew_merge_static_name_hash(const char *name, size_t byte_count)
{
    return ew_index_hash_bytes(name, byte_count);
}

uint64_t ew_merge_static_token_hash(uint32_t artifact, uint32_t token)
{
    return ew_index_hash_pair(artifact, token);
}

uint64_t ew_merge_static_id_hash(char kind, const char *id)
{
    return ew_index_hash_pair((uint64_t)(unsigned char)kind, ew_index_hash_bytes(id, strlen(id)));
}

void ew_merge_static_method(const struct ew_graph *graph, const struct ew_graph_node *node,
                            struct method_name *out)
{
    const char *doc_id = ew_graph_string(graph, node->doc_id);
    const char *name = ew_graph_string(graph, node->name);
    const char *id = ew_graph_string(graph, node->id);
    if (doc_id[0] != '\0') {
        ew_merge_method_from_doc_id(doc_id, out);
    } else if (name[0] != '\0') {
        ew_merge_method_from_name(name, ew_graph_string(graph, node->signature),
                                  METHOD_BY_PRODUCER, out);
    } else if (id[0] == 'M' && id[1] == ':') {
        ew_merge_method_from_doc_id(id, out);
    } else {
        ew_merge_method_from_name(id, NULL, METHOD_BY_PRODUCER, out);
    }
}

const char *ew_merge_static_decorated(const struct ew_graph *graph,
                                      const struct ew_graph_node *node)
{
    return ew_graph_string(graph, node->decorated);
}

/* --- artifacts -------------------------------------------------------------------------------
 */

static bool index_id(struct graph_side *side, char kind, const char *id, uint32_t artifact)
{
    return id[0] == '\0'
           || ew_index_insert(&side->artifact_index, ew_merge_static_id_hash(kind, id), artifact);
}

static bool prepare_artifacts(struct graph_side *side)
{
    const struct ew_graph *graph = side->graph;
    side->artifacts = calloc((size_t)graph->artifact_count + 1, sizeof *side->artifacts);
    for (uint32_t i = 0; side->artifacts != NULL && i < graph->artifact_count; i++) {
        struct artifact_side *artifact = &side->artifacts[i];
        ew_merge_build_ids_of_artifact(graph, &graph->artifacts[i], &artifact->ids);
        artifact->has_ids = ew_merge_build_ids_any(&artifact->ids);
        if (!index_id(side, 'm', artifact->ids.mvid, i)
            || !index_id(side, 'd', artifact->ids.debug_guid, i)
            || !index_id(side, 'c', artifact->ids.code, i)
            || !index_id(side, 's', artifact->ids.sha256, i)) {
            return false;
        }
    }
    return side->artifacts != NULL;
}

static bool is_loaded(const struct merge *merge, const struct build_ids *ids)
{
    for (size_t i = 0; i < merge->build_count; i++) {
        if (ew_merge_build_relation(&merge->builds[i].ids, ids) == RELATION_SAME) {
            return true;
        }
    }
    return false;
}

/* --- names, tokens, addresses --------------------------------------------------------------- */

static bool index_name(struct graph_side *side, uint32_t index, struct method_name *scratch)
{
    const struct ew_graph *graph = side->graph;
    const struct ew_graph_node *node = &graph->nodes[index];
    const char *decorated = ew_merge_static_decorated(graph, node);
    ew_merge_static_method(graph, node, scratch);
    bool fine = true;
    if (scratch->path_bytes > 0 && !scratch->cut) {
        fine =
            ew_index_insert(&side->name_index,
                            ew_merge_static_name_hash(scratch->path, scratch->path_bytes), index);
    }
    if (fine && decorated[0] != '\0' && strcmp(decorated, scratch->path) != 0) {
        fine = ew_index_insert(&side->name_index,
                               ew_merge_static_name_hash(decorated, strlen(decorated)), index);
    }
    return fine;
}

bool ew_merge_static_index_names(struct graph_side *side, struct method_name *scratch)
{
    bool fine = true;
    for (uint32_t i = 0; !side->has_names && fine && i < side->graph->node_count; i++) {
        fine = index_name(side, i, scratch);
    }
    side->has_names = fine;
    return fine;
}

static bool index_token(struct graph_side *side, uint32_t index)
{
    const struct ew_graph_node *node = &side->graph->nodes[index];
    return node->token == 0 || node->artifact == NONE
           || ew_index_insert(&side->token_index,
                              ew_merge_static_token_hash(node->artifact, node->token), index);
}

/* Whether a graph tells the module of a node. */
static bool is_placed(const struct ew_graph *graph, const struct ew_graph_node *node)
{
    return node->artifact != NONE
           && ew_graph_string(graph, graph->artifacts[node->artifact].name)[0] != '\0';
}

static bool has_address(const struct ew_graph_node *node)
{
    return (node->flags & EW_NODE_HAS_RVA) != 0 && node->artifact != NONE;
}

/* One order for both: no context can be handed to qsort, so the keys are copied. */
struct rva_key {
    uint64_t rva;
    uint32_t artifact;
    uint32_t node;
};

static int compare_rva(const void *a, const void *b)
{
    const struct rva_key *left = a;
    const struct rva_key *right = b;
    if (left->artifact != right->artifact) {
        return left->artifact < right->artifact ? -1 : 1;
    }
    if (left->rva != right->rva) {
        return left->rva < right->rva ? -1 : 1;
    }
    return (left->node > right->node) - (left->node < right->node);
}

static bool prepare_addresses(struct graph_side *side)
{
    const struct ew_graph *graph = side->graph;
    uint32_t count = 0;
    for (uint32_t i = 0; i < graph->node_count; i++) {
        count += has_address(&graph->nodes[i]);
    }
    struct rva_key *keys = calloc((size_t)count + 1, sizeof *keys);
    side->by_rva = calloc((size_t)count + 1, sizeof *side->by_rva);
    if (keys == NULL || side->by_rva == NULL) {
        free(keys);
        return false;
    }
    for (uint32_t i = 0; i < graph->node_count; i++) {
        if (has_address(&graph->nodes[i])) {
            struct rva_key key = {graph->nodes[i].rva, graph->nodes[i].artifact, i};
            keys[side->rva_count++] = key;
        }
    }
    qsort(keys, count, sizeof *keys, compare_rva);
    for (uint32_t i = 0; i < count; i++) {
        side->by_rva[i] = keys[i].node;
    }
    free(keys);
    return true;
}

/* --- overrides -------------------------------------------------------------------------------
 */

/* Who overrides a node: `overrides` turned round. */
static bool prepare_overriders(struct graph_side *side)
{
    const struct ew_graph *graph = side->graph;
    side->first_overrider = calloc((size_t)graph->node_count + 2, sizeof *side->first_overrider);
    side->overriders = calloc((size_t)graph->override_count + 1, sizeof *side->overriders);
    if (side->first_overrider == NULL || side->overriders == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < graph->override_count; i++) {
        side->first_overrider[graph->overrides[i] + 2]++;
    }
    for (uint32_t i = 2; i < graph->node_count + 2; i++) {
        side->first_overrider[i] += side->first_overrider[i - 1];
    }
    for (uint32_t n = 0; n < graph->node_count; n++) {
        for (uint32_t i = graph->nodes[n].first_override; i < static_overrides_end(graph, n);
             i++) {
            side->overriders[side->first_overrider[graph->overrides[i] + 1]++] = n;
        }
    }
    return true;
}

static bool prepare_side(struct merge *merge, struct graph_side *side)
{
    const struct ew_graph *graph = side->graph;
    side->nodes = calloc((size_t)graph->node_count + 1, sizeof *side->nodes);
    if (side->nodes == NULL || !prepare_artifacts(side) || !prepare_addresses(side)
        || !prepare_overriders(side)) {
        return false;
    }
    for (uint32_t i = 0; i < graph->artifact_count; i++) {
        side->artifacts[i].loaded =
            side->artifacts[i].has_ids && is_loaded(merge, &side->artifacts[i].ids);
    }
    for (uint32_t i = 0; i < graph->node_count; i++) {
        side->has_unplaced = side->has_unplaced || !is_placed(graph, &graph->nodes[i]);
        if (!index_token(side, i)) {
            return false;
        }
    }
    return true;
}

void ew_merge_static_free(struct graph_side *side)
{
    free(side->artifacts);
    free(side->by_rva);
    free(side->matches);
    free(side->candidates);
    free(side->nodes);
    free(side->first_overrider);
    free(side->overriders);
    ew_merge_elision_free(side);
    ew_index_free(&side->artifact_index);
    ew_index_free(&side->name_index);
    ew_index_free(&side->token_index);
}

/* --- edges ------------------------------------------------------------------------------------
 */

uint32_t ew_merge_static_edge_find(const struct ew_graph *graph, uint32_t from, uint32_t to)
{
    enum { SHORT_ROW = 16 };
    uint32_t low = graph->first_edge[from];
    uint32_t end = graph->first_edge[from + 1];
    uint32_t high = end;
    while (high - low > SHORT_ROW) {
        uint32_t middle = low + (high - low) / 2;
        if (graph->edges[middle].to < to) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    /* A short row is counted to its end: what cannot be foretold costs more than comparing. */
    uint32_t before = 0;
    for (uint32_t i = low; i < high; i++) {
        before += graph->edges[i].to < to;
    }
    low += before;
    /* Edges that differ in kind lie side by side. */
    for (; low < end && graph->edges[low].to == to; low++) {
        if (static_edge_calls(&graph->edges[low])) {
            return low;
        }
    }
    return NONE;
}

void ew_merge_static_edges_find(struct edge_question *questions, size_t count)
{
    enum { ROWS_AHEAD = 8, STARTS_AHEAD = 16 };
    for (size_t i = 0; i < count; i++) {
        if (i + STARTS_AHEAD < count) {
            const struct edge_question *later = &questions[i + STARTS_AHEAD];
            __builtin_prefetch(&later->graph->first_edge[later->from]);
        }
        if (i + ROWS_AHEAD < count) {
            merge_row_soon(questions[i + ROWS_AHEAD].graph, questions[i + ROWS_AHEAD].from);
        }
        struct edge_question *question = &questions[i];
        question->edge = ew_merge_static_edge_find(question->graph, question->from, question->to);
    }
}

enum ew_status ew_merge_static_prepare(struct merge *merge)
{
    bool fine = true;
    for (size_t i = 0; fine && i < merge->graph_count; i++) {
        fine = prepare_side(merge, &merge->graphs[i]);
    }
    return fine ? EW_OK : merge_no_memory(merge);
}
