/* SPDX-License-Identifier: Apache-2.0 */
/* What graphs say of nodes beside calls: where programs are entered, and which are vulnerable. */
#include "merge/entry_kinds.h"
#include "merge/internal.h"

void ew_merge_result_entries(struct merge *merge)
{
    for (size_t g = 0; g < merge->graph_count; g++) {
        const struct ew_graph *graph = merge->graphs[g].graph;
        for (uint32_t i = 0; i < graph->entry_count; i++) {
            const struct ew_graph_entry *row = &graph->entries[i];
            struct ew_reach_node *node =
                &merge->result_nodes[merge->graphs[g].nodes[row->node].node];
            node->entry_kinds |= entry_kind_bit((enum ew_graph_entry_kind)row->kind);
        }
    }
}

/* --- targets ---------------------------------------------------------------------------------
 */

struct target {
    uint32_t node;
    const char *vulnerability;
};

static int compare_targets(const void *a, const void *b)
{
    const struct target *left = a;
    const struct target *right = b;
    if (left->node != right->node) {
        return left->node < right->node ? -1 : 1;
    }
    return strcmp(left->vulnerability, right->vulnerability);
}

static size_t gather(const struct merge *merge, struct target *targets)
{
    size_t count = 0;
    for (size_t g = 0; g < merge->graph_count; g++) {
        const struct ew_graph *graph = merge->graphs[g].graph;
        for (uint32_t i = 0; i < graph->target_count; i++) {
            const struct ew_graph_target *row = &graph->targets[i];
            struct target target = {merge->graphs[g].nodes[row->node].node,
                                    ew_graph_string(graph, row->vulnerability)};
            targets[count++] = target;
        }
    }
    if (count > 1) {
        qsort(targets, count, sizeof *targets, compare_targets);
    }
    return count;
}

enum ew_status ew_merge_result_targets(struct merge *merge)
{
    size_t count = 1;
    for (size_t g = 0; g < merge->graph_count; g++) {
        count += merge->graphs[g].graph->target_count;
    }
    struct target *targets = calloc(count, sizeof *targets);
    const char **texts = calloc(count, sizeof *texts);
    if (targets == NULL || texts == NULL) {
        free(targets);
        free(texts);
        return merge_no_memory(merge);
    }
    count = gather(merge, targets);
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        struct ew_reach_node *node = &merge->result_nodes[targets[i].node];
        if (!node->target) {
            node->target = true;
            node->first_vulnerability = (uint32_t)used;
        }
        bool again = i > 0 && compare_targets(&targets[i - 1], &targets[i]) == 0;
        if (!again && targets[i].vulnerability[0] != '\0') {
            texts[used++] = targets[i].vulnerability;
            node->vulnerability_count++;
        }
    }
    free(targets);
    merge_own(merge, texts);
    merge->merged.vulnerabilities = texts;
    merge->merged.vulnerability_count = used;
    return EW_OK;
}
