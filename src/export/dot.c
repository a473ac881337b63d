/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The merged graph for Graphviz: nodes filled by their state, edges drawn by their class. Colours
 * are of a palette that colour-blind people can tell apart, and the label says the state too.
 */
#include "export/formats.h"
#include "export/text_out.h"

static const char *fill_of(enum ew_reach_label label)
{
    switch (label) {
    case EW_LABEL_CR:
        return "#9fd8b5";
    case EW_LABEL_RO:
        return "#9ecae1";
    case EW_LABEL_X:
        return "#f4a582";
    case EW_LABEL_SR:
        return "#eeeeee";
    case EW_LABEL_SU:
    case EW_LABEL_CU:
        return "#d9d9d9";
    case EW_LABEL_RU:
        return "#fff2b3";
    case EW_LABEL_U:
        break;
    }
    return "#ffffff";
}

static const char *line_of(enum ew_edge_class edge_class)
{
    switch (edge_class) {
    case EW_CLASS_CONFIRMED:
    case EW_CLASS_DISPATCH:
        return "color=\"#1b7837\"";
    case EW_CLASS_ELIDED:
    case EW_CLASS_BRIDGED:
        return "color=\"#1b7837\", style=dashed";
    case EW_CLASS_CONTRADICTION:
        return "color=\"#b2182b\", penwidth=2";
    case EW_CLASS_RUNTIME_ONLY:
        return "color=\"#2166ac\"";
    case EW_CLASS_STATIC_ONLY:
    case EW_CLASS_COUNT:
        break;
    }
    return "color=\"#999999\"";
}

static void put_node(struct ew_text_out *out, const struct ew_reach_node *node, size_t at)
{
    enum ew_reach_label label = ew_reach_label(node->state);
    ew_text_out_text(out, "  n");
    ew_text_out_u64(out, at);
    ew_text_out_text(out, " [label=\"");
    if (node->module != NULL && node->module[0] != '\0') {
        ew_text_out_dot(out, node->module);
        ew_text_out_text(out, "\\n");
    }
    ew_text_out_dot(out, ew_node_name(node));
    ew_text_out_text(out, "\\n");
    ew_text_out_text(out, ew_reach_label_name(label));
    ew_text_out_text(out, node->maybe ? " (maybe observed)" : "");
    ew_text_out_text(out, "\", fillcolor=\"");
    ew_text_out_text(out, fill_of(label));
    ew_text_out_text(out, node->target ? "\", penwidth=3];\n" : "\"];\n");
}

static void put_edge(struct ew_text_out *out, const struct ew_reach_edge *edge)
{
    ew_text_out_text(out, "  n");
    ew_text_out_u64(out, edge->from);
    ew_text_out_text(out, " -> n");
    ew_text_out_u64(out, edge->to);
    ew_text_out_text(out, " [");
    ew_text_out_text(out, line_of(edge->edge_class));
    ew_text_out_text(out, "];\n");
}

enum ew_status ew_export_dot(const struct ew_export_job *job)
{
    const struct ew_merged *merged = job->options->merged;
    struct ew_text_out out;
    ew_text_out_init(&out, job->sink, job->context);
    ew_text_out_text(&out, "digraph reach {\n  rankdir=LR;\n"
                           "  node [shape=box, style=filled, fontname=\"sans-serif\"];\n");
    for (size_t i = 0; i < merged->node_count; i++) {
        put_node(&out, &merged->nodes[i], i);
    }
    for (size_t i = 0; i < merged->edge_count; i++) {
        put_edge(&out, &merged->edges[i]);
    }
    ew_text_out_text(&out, "}\n");
    job->counts->rows = merged->node_count + merged->edge_count;
    return ew_export_written(job, ew_text_out_finish(&out));
}
