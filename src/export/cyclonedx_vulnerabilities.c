/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Vulnerabilities whose functions were observed, for CycloneDX: always in triage, with the
 * function that was seen. That something is not affected is never said, whatever was or was not
 * observed: a window says nothing about what a product could do (reference evidence.md 6.5).
 */
#include "export/cyclonedx.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct hit {
    const char *vulnerability;
    const char *component; /* its bom-ref */
    const struct ew_reach_node *node;
};

struct hits {
    struct hit *items;
    size_t count;
    size_t capacity;
};

static int by_vulnerability(const void *left, const void *right)
{
    const struct hit *a = left;
    const struct hit *b = right;
    int order = strcmp(a->vulnerability, b->vulnerability);
    order = order != 0 ? order : strcmp(a->component, b->component);
    return order != 0 ? order : strcmp(a->node->key, b->node->key);
}

static void take_node(const struct ew_export_job *job, struct hits *hits,
                      const struct ew_reach_node *node)
{
    const struct ew_merged *merged = job->options->merged;
    uint32_t at = ew_tables_find(job->tables, node->key);
    if (!node->target || node->state.observed != EW_RUNTIME_OBSERVED || at == EW_TABLE_NONE) {
        return;
    }
    const struct ew_table_module *module =
        &job->tables->modules[job->tables->functions[at].module];
    if (!job->tables->modules[module->component].observed) {
        return;
    }
    for (uint32_t i = 0; i < node->vulnerability_count && hits->count < hits->capacity; i++) {
        hits->items[hits->count++] =
            (struct hit){merged->vulnerabilities[node->first_vulnerability + i],
                         ew_cyclonedx_reference(job->tables, module->component), node};
    }
}

/* The rows of a vulnerability, which follow one another: `first` up to the answer. */
static size_t put_vulnerability(struct ew_json_writer *writer, const struct hits *hits,
                                size_t first)
{
    const struct hit *hit = &hits->items[first];
    char detail[1024];
    size_t end = first;
    (void)snprintf(detail, sizeof detail, "%.800s was observed at run time (%s).",
                   ew_node_name(hit->node),
                   ew_reach_label_name(ew_reach_label(hit->node->state)));
    ew_json_object(writer);
    ew_json_key(writer, "affects");
    ew_json_array(writer);
    for (; end < hits->count && strcmp(hits->items[end].vulnerability, hit->vulnerability) == 0;
         end++) {
        const struct hit *other = &hits->items[end];
        if (end == first || strcmp(other->component, hits->items[end - 1].component) != 0) {
            ew_json_object(writer);
            ew_json_member_text(writer, "ref", other->component);
            ew_json_object_end(writer);
        }
    }
    ew_json_array_end(writer);
    ew_json_key(writer, "analysis");
    ew_json_object(writer);
    ew_json_member_text(writer, "detail", detail);
    ew_json_member_text(writer, "state", "in_triage");
    ew_json_object_end(writer);
    ew_json_member_text(writer, "id", hit->vulnerability);
    ew_json_object_end(writer);
    return end;
}

enum ew_status ew_cyclonedx_vulnerabilities(const struct ew_export_job *job,
                                            struct ew_json_writer *writer)
{
    const struct ew_merged *merged = job->options->merged;
    struct hits hits = {0};
    if (merged == NULL || merged->vulnerability_count == 0) {
        return EW_OK;
    }
    hits.capacity = merged->vulnerability_count;
    hits.items = calloc(hits.capacity, sizeof *hits.items);
    if (hits.items == NULL) {
        return EW_NO_MEMORY;
    }
    for (size_t i = 0; i < merged->node_count; i++) {
        take_node(job, &hits, &merged->nodes[i]);
    }
    if (hits.count > 1) {
        qsort(hits.items, hits.count, sizeof *hits.items, by_vulnerability);
    }
    ew_json_key(writer, "vulnerabilities");
    ew_json_array(writer);
    for (size_t i = 0; i < hits.count;) {
        i = put_vulnerability(writer, &hits, i);
    }
    ew_json_array_end(writer);
    free(hits.items);
    return EW_OK;
}
