/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Canonical bytes of `reach-merge/1`. Members are written in ascending byte order, so the order
 * of the calls below is the format. What is unknown, empty or zero where that is usual is left
 * out: most rows of a large merge are edges that nobody saw.
 */
#include "base/filetime.h"
#include "base/json_writer.h"
#include "etwitness/merge.h"
#include "etwitness/version.h"
#include "merge/entry_kinds.h"
#include "merge/write_rows.h"

#include <stdio.h>

static void put_optional(struct ew_json_writer *writer, const char *key, const char *text)
{
    if (text != NULL && text[0] != '\0') {
        ew_json_member_text(writer, key, text);
    }
}

static void put_flag(struct ew_json_writer *writer, const char *key, bool value)
{
    if (value) {
        ew_json_key(writer, key);
        ew_json_bool(writer, true);
    }
}

static void put_bool(struct ew_json_writer *writer, const char *key, bool value)
{
    ew_json_key(writer, key);
    ew_json_bool(writer, value);
}

static void put_index(struct ew_json_writer *writer, const char *key, uint32_t index)
{
    if (index != EW_GRAPH_NONE) {
        ew_json_member_u64(writer, key, index);
    }
}

static void put_time(struct ew_json_writer *writer, const char *key, uint64_t filetime)
{
    char text[EW_FILETIME_TEXT_BYTES];
    ew_filetime_format(filetime, text);
    ew_json_member_text(writer, key, text);
}

static void put_list(struct ew_json_writer *writer, const char *key)
{
    ew_json_key(writer, key);
    ew_json_array(writer);
}

/* --- inputs ----------------------------------------------------------------------------------
 */

static void put_graph(struct ew_json_writer *writer, const struct ew_graph *graph)
{
    ew_json_object(writer);
    put_optional(writer, "algorithm", ew_graph_string(graph, graph->analyzer_algorithm));
    ew_json_member_text(writer, "analyzer", ew_graph_string(graph, graph->analyzer_name));
    put_bool(writer, "closed", graph->closed);
    ew_json_member_text(writer, "graphId", ew_graph_string(graph, graph->graph_id));
    put_flag(writer, "presenceOnly", graph->presence_only);
    ew_json_member_text(writer, "sha256", graph->sha256);
    ew_json_member_text(writer, "version", ew_graph_string(graph, graph->analyzer_version));
    ew_json_object_end(writer);
}

static void put_stream(struct ew_json_writer *writer, const struct ew_window_stream *stream)
{
    ew_json_object(writer);
    put_optional(writer, "container", stream->container);
    ew_json_member_u64(writer, "firstSeq", stream->first_sequence);
    ew_json_member_u64(writer, "gaps", stream->gaps);
    ew_json_member_text(writer, "host", stream->host_id);
    ew_json_member_text(writer, "id", stream->id);
    put_time(writer, "lastEnd", stream->last_end_100ns);
    ew_json_member_u64(writer, "lastSeq", stream->last_sequence);
    ew_json_member_u64(writer, "missing", stream->missing);
    ew_json_member_u64(writer, "windows", stream->windows);
    ew_json_object_end(writer);
}

static void put_inputs(struct ew_json_writer *writer, const struct ew_merged *merged)
{
    ew_json_key(writer, "inputs");
    ew_json_object(writer);
    ew_json_member_text(writer, "documentsDigest", merged->documents_digest);
    put_list(writer, "graphs");
    for (size_t i = 0; i < merged->graph_count; i++) {
        put_graph(writer, merged->graphs[i]);
    }
    ew_json_array_end(writer);
    put_list(writer, "streams");
    for (size_t i = 0; i < merged->stream_count; i++) {
        put_stream(writer, &merged->streams[i]);
    }
    ew_json_array_end(writer);
    ew_json_object_end(writer);
}

static void put_builds(struct ew_json_writer *writer, const struct ew_merged *merged)
{
    put_list(writer, "builds");
    for (size_t i = 0; i < merged->build_count; i++) {
        const struct ew_reach_build *build = &merged->builds[i];
        ew_json_object(writer);
        put_optional(writer, "buildId", build->build_id);
        put_optional(writer, "codeId", build->code_id);
        put_optional(writer, "debugId", build->debug_id);
        put_optional(writer, "mvid", build->mvid);
        put_optional(writer, "name", build->name);
        put_optional(writer, "purl", build->purl);
        put_optional(writer, "sha256", build->sha256);
        ew_json_object_end(writer);
    }
    ew_json_array_end(writer);
}

static void put_classes(struct ew_json_writer *writer, const struct ew_merged *merged)
{
    static const enum ew_edge_class sorted[] = {
        EW_CLASS_BRIDGED, EW_CLASS_CONFIRMED,    EW_CLASS_CONTRADICTION, EW_CLASS_DISPATCH,
        EW_CLASS_ELIDED,  EW_CLASS_RUNTIME_ONLY, EW_CLASS_STATIC_ONLY};
    ew_json_key(writer, "classes");
    ew_json_object(writer);
    for (size_t i = 0; i < sizeof sorted / sizeof sorted[0]; i++) {
        ew_json_member_u64(writer, ew_edge_class_name(sorted[i]),
                           merged->class_counts[sorted[i]]);
    }
    ew_json_object_end(writer);
}

static void put_conflicts(struct ew_json_writer *writer, const struct ew_merged *merged)
{
    put_list(writer, "conflicts");
    for (size_t i = 0; i < merged->conflict_count; i++) {
        const struct ew_reach_conflict *conflict = &merged->conflicts[i];
        ew_json_object(writer);
        ew_json_member_text(writer, "class", ew_conflict_name(conflict->conflict));
        ew_json_member_u64(writer, "count", conflict->count);
        put_index(writer, "edge", conflict->edge);
        put_index(writer, "graph", conflict->graph);
        put_index(writer, "node", conflict->node);
        ew_json_member_text(writer, "resolution", conflict->resolution);
        ew_json_member_text(writer, "text", conflict->text);
        ew_json_object_end(writer);
    }
    ew_json_array_end(writer);
}

static void put_scope(struct ew_json_writer *writer, const struct ew_merged *merged,
                      const struct ew_reach_scope *scope)
{
    ew_json_object(writer);
    ew_json_member_u64(writer, "build", scope->build);
    put_list(writer, "ranges");
    for (uint32_t i = 0; i < scope->range_count; i++) {
        const struct ew_reach_range *range = &merged->ranges[scope->first_range + i];
        ew_json_object(writer);
        ew_json_member_u64(writer, "from", range->from);
        ew_json_member_u64(writer, "stream", range->stream);
        ew_json_member_u64(writer, "to", range->to);
        ew_json_object_end(writer);
    }
    ew_json_array_end(writer);
    ew_json_member_u64(writer, "stacks", scope->stacks);
    ew_json_member_text(writer, "strength",
                        scope->never_prepared ? "never-prepared" : "not-sampled");
    ew_json_object_end(writer);
}

static void put_coverage(struct ew_json_writer *writer, const struct ew_merged *merged)
{
    ew_json_key(writer, "coverage");
    ew_json_object(writer);
    put_list(writer, "scopes");
    for (size_t i = 0; i < merged->scope_count; i++) {
        put_scope(writer, merged, &merged->scopes[i]);
    }
    ew_json_array_end(writer);
    ew_json_member_u64(writer, "searchesCut", merged->searches_cut);
    ew_json_object_end(writer);
}

/* --- states ------------------------------------------------------------------------------------
 */

static void put_confidence(struct ew_json_writer *writer, uint16_t observed, uint16_t claimed)
{
    if (observed == 0 && claimed == 0) {
        return;
    }
    ew_json_key(writer, "confidence");
    ew_json_object(writer);
    if (observed != 0) {
        ew_json_member_u64(writer, "runtime", observed);
    }
    if (claimed != 0) {
        ew_json_member_u64(writer, "static", claimed);
    }
    ew_json_object_end(writer);
}

static void put_runtime(struct ew_json_writer *writer, struct ew_reach_state state)
{
    if (state.observed != EW_RUNTIME_UNKNOWN) {
        ew_json_member_text(writer, "runtime",
                            ew_runtime_state_name((enum ew_runtime_state)state.observed));
    }
}

static void put_state(struct ew_json_writer *writer, struct ew_reach_state state)
{
    ew_json_member_text(writer, "state", ew_reach_label_name(ew_reach_label(state)));
    if (state.claimed != EW_STATIC_UNKNOWN) {
        ew_json_member_text(writer, "static",
                            ew_static_state_name((enum ew_static_state)state.claimed));
    }
}

/* --- nodes
 * ----------------------------------------------------------------------------- */

static void put_vulnerabilities(struct ew_json_writer *writer, const struct ew_merged *merged,
                                const struct ew_reach_node *node)
{
    if (node->vulnerability_count == 0) {
        return;
    }
    put_list(writer, "vulnerabilities");
    for (uint32_t i = 0; i < node->vulnerability_count; i++) {
        ew_json_text(writer, merged->vulnerabilities[node->first_vulnerability + i]);
    }
    ew_json_array_end(writer);
}

static void put_entry_kinds(struct ew_json_writer *writer, const struct ew_reach_node *node)
{
    if (node->entry_kinds == 0) {
        return;
    }
    put_list(writer, "entryPoint");
    for (size_t i = 0; i < ENTRY_KINDS; i++) {
        if ((node->entry_kinds & entry_kind_bit(ew_merge_entry_order[i])) != 0) {
            ew_json_text(writer, ew_entry_kind_name(ew_merge_entry_order[i]));
        }
    }
    ew_json_array_end(writer);
}

static void put_token(struct ew_json_writer *writer, uint32_t token)
{
    if (token != 0) {
        char text[9];
        (void)snprintf(text, sizeof text, "%08lx", (unsigned long)token);
        ew_json_member_text(writer, "token", text);
    }
}

static void put_node(struct ew_json_writer *writer, const struct ew_merged *merged,
                     const struct ew_reach_node *node)
{
    const struct provenance provenance = {node->first_observation, node->observation_count,
                                          node->first_claim, node->claim_count};
    ew_json_object(writer);
    put_flag(writer, "augmentedReachable", node->augmented_reachable);
    put_index(writer, "build", node->build);
    put_confidence(writer, node->confidence_observed, node->confidence_claimed);
    put_optional(writer, "decorated", node->decorated);
    put_optional(writer, "docId", node->doc_id);
    put_entry_kinds(writer, node);
    if (node->id != NULL) {
        ew_json_member_text(writer, "id", node->id);
    }
    if (node->weak_identity) {
        ew_json_member_text(writer, "identity", "weak");
    }
    put_flag(writer, "inferred", node->inferred);
    ew_json_member_text(writer, "key", node->key);
    put_flag(writer, "maybe", node->maybe);
    put_optional(writer, "name", node->name);
    ew_merge_write_provenance(writer, merged, &provenance);
    put_runtime(writer, node->state);
    if (node->has_rva) {
        ew_json_member_u64(writer, "rva", node->rva);
    }
    put_index(writer, "scope", node->scope);
    put_optional(writer, "sig", node->signature);
    put_flag(writer, "stale", node->stale);
    put_state(writer, node->state);
    put_flag(writer, "target", node->target);
    put_token(writer, node->token);
    put_vulnerabilities(writer, merged, node);
    ew_json_object_end(writer);
}

static void put_nodes(struct ew_json_writer *writer, const struct ew_merged *merged)
{
    put_list(writer, "nodes");
    for (size_t i = 0; i < merged->node_count; i++) {
        put_node(writer, merged, &merged->nodes[i]);
    }
    ew_json_array_end(writer);
}

static void put_producer(struct ew_json_writer *writer)
{
    ew_json_key(writer, "producer");
    ew_json_object(writer);
    ew_json_member_text(writer, "name", "etwitness");
    ew_json_member_text(writer, "version", EW_VERSION);
    ew_json_object_end(writer);
}

static void put_subject(struct ew_json_writer *writer, const struct ew_merged *merged)
{
    ew_json_key(writer, "subject");
    if (merged->subject_kind == NULL) {
        ew_json_null(writer);
        return;
    }
    ew_json_object(writer);
    ew_json_member_text(writer, "kind", merged->subject_kind);
    ew_json_member_text(writer, "name", merged->subject_name);
    ew_json_object_end(writer);
}

enum ew_status ew_merged_write(const struct ew_merged *merged, ew_evidence_sink_fn sink,
                               void *context, struct ew_error *error)
{
    struct ew_json_writer writer;
    ew_json_init(&writer, sink, context);
    ew_json_object(&writer);
    if (merged->as_of_100ns != 0) {
        put_time(&writer, "asOf", merged->as_of_100ns);
    }
    put_builds(&writer, merged);
    put_classes(&writer, merged);
    put_conflicts(&writer, merged);
    put_coverage(&writer, merged);
    ew_json_key(&writer, "edges");
    ew_merge_write_edges(&writer, merged);
    if (merged->as_of_100ns != 0) {
        ew_json_member_u64(&writer, "freshDays", merged->fresh_days);
    }
    put_inputs(&writer, merged);
    put_nodes(&writer, merged);
    put_producer(&writer);
    ew_json_member_text(&writer, "schema", "reach-merge/1");
    ew_json_member_text(&writer, "schemaVersion", "1.0.0");
    put_subject(&writer, merged);
    ew_json_object_end(&writer);
    return ew_json_finish(&writer)
               ? EW_OK
               : ew_fail(error, EW_IO, "the merged document could not be written");
}
