/* SPDX-License-Identifier: Apache-2.0 */
/* The results of a SARIF log: conflicts and observed targets, with the stacks that witness. */
#include "base/text.h"
#include "export/sarif.h"

#include <stdio.h>
#include <string.h>

struct rule {
    const char *text;
    bool review;
};

static const struct rule rules[EW_SARIF_RULE_COUNT] = {
    [EW_CONFLICT_STATIC_CONTRADICTED] = {"A call was observed that the static graph rules out.",
                                         true},
    [EW_CONFLICT_ENTRYPOINT_MISSING] = {"An observed stack begins where the static graph has no "
                                        "entry point.",
                                        true},
    [EW_CONFLICT_RUNTIME_ONLY_EDGE] = {"A call was observed that the static graph does not have.",
                                       false},
    [EW_CONFLICT_BUILD_MISMATCH] = {"The static graph describes another build than the one that "
                                    "ran.",
                                    true},
    [EW_CONFLICT_GRAPH_WITHOUT_IDENTITY] = {"The static graph does not say which build it "
                                            "describes.",
                                            true},
    [EW_CONFLICT_AMBIGUOUS_SYMBOL] = {"An observation fits several functions.", false},
    [EW_CONFLICT_ELIDED_INTERMEDIATE] = {"Functions between caller and callee left no frame.",
                                         false},
    [EW_CONFLICT_BRIDGED_DISPATCH] = {"A call went through a mediator of the runtime or the "
                                      "system.",
                                      false},
    [EW_CONFLICT_MISSING_FRAMES] = {"Stacks were cut, so nothing is said about calls there.",
                                    false},
    [EW_CONFLICT_SUSPECT_UNWIND] = {"Frames follow one another the wrong way round.", true},
    [EW_CONFLICT_CODE_VERSION_RACE] = {"An address meant several versions of code at that time.",
                                       false},
    [EW_CONFLICT_STATIC_DISAGREE] = {"Two static graphs of one build contradict each other.",
                                     true},
    [EW_CONFLICT_COVERAGE_INSUFFICIENT] = {"It cannot be said that something was not observed.",
                                           false},
    [EW_SARIF_RULE_TARGET] = {"A function that a vulnerability names was observed.", true},
};

const char *ew_sarif_rule_id(unsigned rule)
{
    return rule == EW_SARIF_RULE_TARGET ? "TARGET_OBSERVED"
                                        : ew_conflict_name((enum ew_conflict)rule);
}

const char *ew_sarif_rule_text(unsigned rule)
{
    return rules[rule].text;
}

bool ew_sarif_rule_reviews(unsigned rule)
{
    return rules[rule].review;
}

/* --- stacks --------------------------------------------------------------------- */

static void put_frame(const struct ew_sarif *sarif, uint32_t at)
{
    const struct ew_tables *tables = sarif->job->tables;
    struct ew_json_writer *writer = sarif->writer;
    ew_json_object(writer);
    ew_json_key(writer, "location");
    ew_sarif_frame_location(sarif, at);
    ew_json_member_text(writer, "module",
                        ew_table_module_name(tables, tables->functions[at].module));
    ew_json_object_end(writer);
}

/* In the order of calls. */
static void put_code_flows(const struct ew_sarif *sarif, const struct ew_table_stack *stack)
{
    struct ew_json_writer *writer = sarif->writer;
    ew_json_key(writer, "codeFlows");
    ew_json_array(writer);
    ew_json_object(writer);
    ew_json_key(writer, "threadFlows");
    ew_json_array(writer);
    ew_json_object(writer);
    ew_json_key(writer, "locations");
    ew_json_array(writer);
    for (uint32_t i = 0; i < stack->frame_count; i++) {
        ew_json_object(writer);
        ew_json_key(writer, "location");
        ew_sarif_frame_location(sarif, stack->frames[i]);
        ew_json_member_u64(writer, "nestingLevel", i);
        ew_json_object_end(writer);
    }
    ew_json_array_end(writer);
    ew_json_object_end(writer);
    ew_json_array_end(writer);
    ew_json_object_end(writer);
    ew_json_array_end(writer);
}

/* The latest call first, as SARIF wants it. */
static void put_stacks(const struct ew_sarif *sarif, const struct ew_table_stack *stack)
{
    struct ew_json_writer *writer = sarif->writer;
    ew_json_key(writer, "stacks");
    ew_json_array(writer);
    ew_json_object(writer);
    ew_json_key(writer, "frames");
    ew_json_array(writer);
    for (uint32_t i = stack->frame_count; i > 0; i--) {
        put_frame(sarif, stack->frames[i - 1]);
    }
    ew_json_array_end(writer);
    ew_json_key(writer, "message");
    ew_json_object(writer);
    ew_json_member_text(writer, "text",
                        stack->complete ? "An observed stack."
                                        : "An observed stack, cut at its outer end.");
    ew_json_object_end(writer);
    ew_json_object_end(writer);
    ew_json_array_end(writer);
}

/* --- results --------------------------------------------------------------------- */

struct result {
    unsigned rule;
    const char *graph; /* "" when it is about none */
    uint32_t node;     /* or the two ends of an edge; EW_TABLE_NONE */
    uint32_t callee;   /* EW_TABLE_NONE: a node, not an edge */
    uint32_t witness;  /* or EW_TABLE_NONE */
    uint64_t count;
    const char *text;
    const char *resolution;             /* NULL: nothing to add */
    const struct ew_reach_node *target; /* NULL: the result is a conflict */
};

static const char *key_of(const struct ew_sarif *sarif, uint32_t node)
{
    return node != EW_TABLE_NONE ? sarif->job->options->merged->nodes[node].key : "";
}

/* What makes the result the same one in the next log: never a count, a time or a position. */
static enum ew_status put_fingerprint(struct ew_sarif *sarif, const struct result *result)
{
    const char *parts[] = {ew_sarif_rule_id(result->rule), result->graph,
                           key_of(sarif, result->node), key_of(sarif, result->callee)};
    uint8_t digest[EW_SHA256_BYTES];
    char hex[EW_SHA256_HEX_BYTES];
    enum ew_status status =
        ew_export_hash(sarif->job, parts, sizeof parts / sizeof parts[0], digest);
    if (status != EW_OK) {
        return status;
    }
    ew_text_hex(digest, sizeof digest, hex);
    ew_json_key(sarif->writer, "partialFingerprints");
    ew_json_object(sarif->writer);
    ew_json_member_text(sarif->writer, "etwitness/v1", hex);
    ew_json_object_end(sarif->writer);
    return EW_OK;
}

static void put_message(struct ew_json_writer *writer, const struct result *result)
{
    char text[2048];
    bool more = result->resolution != NULL && result->resolution[0] != '\0';
    (void)snprintf(text, sizeof text, "%s%s%s", result->text, more ? " " : "",
                   more ? result->resolution : "");
    ew_json_key(writer, "message");
    ew_json_object(writer);
    ew_json_member_text(writer, "text", text);
    ew_json_object_end(writer);
}

static void put_related(const struct ew_sarif *sarif, uint32_t callee)
{
    ew_json_key(sarif->writer, "relatedLocations");
    ew_json_array(sarif->writer);
    ew_sarif_result_location(sarif, callee);
    ew_json_array_end(sarif->writer);
}

static void put_properties(const struct ew_sarif *sarif, const struct ew_reach_node *target)
{
    struct ew_json_writer *writer = sarif->writer;
    ew_json_key(writer, "properties");
    ew_json_object(writer);
    ew_json_key(writer, "vulnerabilities");
    ew_json_array(writer);
    for (uint32_t i = 0; i < target->vulnerability_count; i++) {
        ew_json_text(
            writer,
            sarif->job->options->merged->vulnerabilities[target->first_vulnerability + i]);
    }
    ew_json_array_end(writer);
    ew_json_object_end(writer);
}

static enum ew_status put_result(struct ew_sarif *sarif, const struct result *result)
{
    struct ew_json_writer *writer = sarif->writer;
    const struct ew_table_stack *stack =
        result->witness != EW_TABLE_NONE ? &sarif->job->tables->stacks[result->witness] : NULL;
    ew_json_object(writer);
    if (stack != NULL) {
        put_code_flows(sarif, stack);
    }
    ew_json_member_text(writer, "kind", rules[result->rule].review ? "review" : "informational");
    ew_json_member_text(writer, "level", "none");
    ew_json_key(writer, "locations");
    ew_json_array(writer);
    if (result->node != EW_TABLE_NONE) {
        ew_sarif_result_location(sarif, result->node);
    } else {
        ew_sarif_graph_location(sarif, result->graph);
    }
    ew_json_array_end(writer);
    put_message(writer, result);
    ew_json_member_u64(writer, "occurrenceCount", result->count);
    enum ew_status status = put_fingerprint(sarif, result);
    if (result->target != NULL) {
        put_properties(sarif, result->target);
    }
    if (result->callee != EW_TABLE_NONE) {
        put_related(sarif, result->callee);
    }
    ew_json_member_text(writer, "ruleId", ew_sarif_rule_id(result->rule));
    ew_json_member_u64(writer, "ruleIndex", result->rule);
    if (stack != NULL) {
        put_stacks(sarif, stack);
    }
    ew_json_object_end(writer);
    sarif->job->counts->rows++;
    return status;
}

static enum ew_status put_conflict(struct ew_sarif *sarif, const struct ew_sarif_told *told)
{
    const struct ew_merged *merged = sarif->job->options->merged;
    const struct ew_reach_conflict *conflict = &merged->conflicts[told->at];
    struct result result = {
        .rule = (unsigned)conflict->conflict,
        .graph = "",
        .node = EW_TABLE_NONE,
        .callee = EW_TABLE_NONE,
        .witness = told->witness,
        .count = conflict->count > 0 ? conflict->count : 1,
        .text = conflict->text != NULL ? conflict->text : ew_conflict_name(conflict->conflict),
        .resolution = conflict->resolution,
    };
    if (conflict->graph < merged->graph_count) {
        const struct ew_graph *graph = merged->graphs[conflict->graph];
        result.graph = ew_graph_string(graph, graph->graph_id);
    }
    if (conflict->edge < merged->edge_count) {
        result.node = merged->edges[conflict->edge].from;
        result.callee = merged->edges[conflict->edge].to;
    } else if (conflict->node < merged->node_count) {
        result.node = conflict->node;
    }
    return put_result(sarif, &result);
}

static enum ew_status put_target(struct ew_sarif *sarif, const struct ew_sarif_told *told)
{
    const struct ew_reach_node *node = &sarif->job->options->merged->nodes[told->at];
    char text[1024];
    (void)snprintf(text, sizeof text,
                   "%.800s, which a vulnerability names, was observed (%s). Whether that can be "
                   "exploited is not said here.",
                   ew_node_name(node), ew_reach_label_name(ew_reach_label(node->state)));
    const struct result result = {
        .rule = EW_SARIF_RULE_TARGET,
        .graph = "",
        .node = told->at,
        .callee = EW_TABLE_NONE,
        .witness = told->witness,
        .count = 1,
        .text = text,
        .target = node,
    };
    return put_result(sarif, &result);
}

enum ew_status ew_sarif_results(struct ew_sarif *sarif)
{
    enum ew_status status = EW_OK;
    ew_json_array(sarif->writer);
    for (size_t i = 0; status == EW_OK && i < sarif->told_count; i++) {
        const struct ew_sarif_told *told = &sarif->told[i];
        status = told->target ? put_target(sarif, told) : put_conflict(sarif, told);
    }
    ew_json_array_end(sarif->writer);
    return status;
}
