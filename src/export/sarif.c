/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SARIF 2.1.0: one run with the observed graph, logical locations with decorated names, and a
 * result for each conflict of the merge and each target that was observed. None has a level:
 * they inform, or ask for a review.
 */
#include "export/sarif.h"

#include <inttypes.h>
#include <stdio.h>

static void put_text_object(struct ew_json_writer *writer, const char *key, const char *text)
{
    ew_json_key(writer, key);
    ew_json_object(writer);
    ew_json_member_text(writer, "text", text);
    ew_json_object_end(writer);
}

/* --- the graph ------------------------------------------------------------------ */

static void put_node(const struct ew_sarif *sarif, uint32_t at)
{
    const struct ew_reach_node *node = &sarif->job->options->merged->nodes[at];
    struct ew_json_writer *writer = sarif->writer;
    char id[16];
    (void)snprintf(id, sizeof id, "%" PRIu32, sarif->location_of[at]);
    ew_json_object(writer);
    ew_json_member_text(writer, "id", id);
    put_text_object(writer, "label", ew_node_name(node));
    ew_json_key(writer, "location");
    ew_sarif_location(sarif, at);
    ew_json_key(writer, "properties");
    ew_json_object(writer);
    ew_json_key(writer, "augmentedReachable");
    ew_json_bool(writer, node->augmented_reachable);
    ew_json_key(writer, "maybe");
    ew_json_bool(writer, node->maybe);
    ew_json_member_text(writer, "state", ew_reach_label_name(ew_reach_label(node->state)));
    ew_json_object_end(writer);
    ew_json_object_end(writer);
}

static void put_edge(const struct ew_sarif *sarif, uint32_t at)
{
    const struct ew_reach_edge *edge = &sarif->job->options->merged->edges[at];
    struct ew_json_writer *writer = sarif->writer;
    char text[16];
    ew_json_object(writer);
    (void)snprintf(text, sizeof text, "e%" PRIu32, at);
    ew_json_member_text(writer, "id", text);
    put_text_object(writer, "label", ew_reach_label_name(ew_reach_label(edge->state)));
    (void)snprintf(text, sizeof text, "%" PRIu32, sarif->location_of[edge->from]);
    ew_json_member_text(writer, "sourceNodeId", text);
    (void)snprintf(text, sizeof text, "%" PRIu32, sarif->location_of[edge->to]);
    ew_json_member_text(writer, "targetNodeId", text);
    ew_json_object_end(writer);
}

static void put_graphs(const struct ew_sarif *sarif)
{
    const struct ew_merged *merged = sarif->job->options->merged;
    struct ew_json_writer *writer = sarif->writer;
    ew_json_array(writer);
    ew_json_object(writer);
    put_text_object(writer, "description",
                    "What was observed or disputed, merged with what was "
                    "claimed.");
    ew_json_key(writer, "edges");
    ew_json_array(writer);
    for (uint32_t i = 0; i < merged->edge_count; i++) {
        if (sarif->edge_told[i]) {
            put_edge(sarif, i);
        }
    }
    ew_json_array_end(writer);
    ew_json_key(writer, "nodes");
    ew_json_array(writer);
    for (uint32_t i = 0; i < merged->node_count; i++) {
        if (sarif->location_of[i] != EW_TABLE_NONE) {
            put_node(sarif, i);
        }
    }
    ew_json_array_end(writer);
    ew_json_object_end(writer);
    ew_json_array_end(writer);
}

/* --- logical locations ------------------------------------------------------------ */

static void put_locations(const struct ew_sarif *sarif)
{
    ew_json_array(sarif->writer);
    for (uint32_t i = 0; i < sarif->job->options->merged->node_count; i++) {
        if (sarif->location_of[i] != EW_TABLE_NONE) {
            const struct ew_reach_node *node = &sarif->job->options->merged->nodes[i];
            ew_sarif_logical(sarif->writer, node->decorated, node->module, ew_node_name(node),
                             sarif->location_of[i], node->key);
        }
    }
    ew_json_array_end(sarif->writer);
}

/* --- the run ----------------------------------------------------------------------- */

static void put_properties(const struct ew_sarif *sarif)
{
    const struct ew_merged *merged = sarif->job->options->merged;
    struct ew_json_writer *writer = sarif->writer;
    ew_json_object(writer);
    ew_json_member_text(writer, "documentsDigest", merged->documents_digest);
    ew_json_member_u64(writer, "edgesOmitted", merged->edge_count - sarif->edge_count);
    ew_json_member_u64(writer, "nodesOmitted", merged->node_count - sarif->location_count);
    ew_json_member_u64(writer, "resultsOmitted", sarif->results_omitted);
    ew_json_member_u64(writer, "witnessesOmitted", sarif->witnesses_omitted);
    ew_json_object_end(writer);
}

static void put_rules(struct ew_json_writer *writer)
{
    ew_json_array(writer);
    for (unsigned i = 0; i < EW_SARIF_RULE_COUNT; i++) {
        ew_json_object(writer);
        ew_json_key(writer, "defaultConfiguration");
        ew_json_object(writer);
        ew_json_member_text(writer, "level", "none");
        ew_json_object_end(writer);
        ew_json_member_text(writer, "id", ew_sarif_rule_id(i));
        put_text_object(writer, "shortDescription", ew_sarif_rule_text(i));
        ew_json_object_end(writer);
    }
    ew_json_array_end(writer);
}

static void put_tool(struct ew_json_writer *writer, const char *version)
{
    ew_json_object(writer);
    ew_json_key(writer, "driver");
    ew_json_object(writer);
    ew_json_member_text(writer, "name", "etwitness");
    ew_json_key(writer, "rules");
    put_rules(writer);
    ew_json_member_text(writer, "version", version);
    ew_json_object_end(writer);
    ew_json_object_end(writer);
}

static enum ew_status put_log(struct ew_sarif *sarif)
{
    struct ew_json_writer *writer = sarif->writer;
    ew_json_object(writer);
    ew_json_member_text(writer, "$schema",
                        "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/"
                        "sarif-schema-2.1.0.json");
    ew_json_key(writer, "runs");
    ew_json_array(writer);
    ew_json_object(writer);
    ew_json_key(writer, "addresses");
    ew_sarif_addresses(sarif);
    ew_json_key(writer, "graphs");
    put_graphs(sarif);
    ew_json_key(writer, "logicalLocations");
    put_locations(sarif);
    ew_json_key(writer, "properties");
    put_properties(sarif);
    ew_json_key(writer, "results");
    enum ew_status status = ew_sarif_results(sarif);
    ew_json_key(writer, "tool");
    put_tool(writer, sarif->job->options->producer_version);
    ew_json_object_end(writer);
    ew_json_array_end(writer);
    ew_json_member_text(writer, "version", "2.1.0");
    ew_json_object_end(writer);
    return status;
}

enum ew_status ew_export_sarif(const struct ew_export_job *job)
{
    struct ew_json_writer writer;
    struct ew_sarif sarif = {.job = job, .writer = &writer};
    ew_json_init(&writer, job->sink, job->context);
    enum ew_status status = ew_sarif_plan(&sarif);
    if (status == EW_OK) {
        status = put_log(&sarif);
    }
    job->counts->cut = sarif.results_omitted + sarif.witnesses_omitted + sarif.cut;
    ew_sarif_free(&sarif);
    return status != EW_OK ? status : ew_export_written(job, ew_json_finish(&writer));
}
