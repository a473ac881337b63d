/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entry points of stella.callgraph.v1. The list has what graphs claim, as nodes of the merge tell
 * it; where complete stacks begin is a property of nodes instead, because whoever loads the list
 * takes it for claims, and observations are not to come back as such.
 */
#include "export/stella_graph.h"

#include <stdlib.h>
#include <string.h>

const char *ew_stella_entry_kind(uint32_t kind)
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

/* By place, then by the word: kinds that share one are one. */
static int by_place(const void *left, const void *right)
{
    const struct ew_stella_entry *a = left;
    const struct ew_stella_entry *b = right;
    int order = (a->place > b->place) - (a->place < b->place);
    return order != 0 ? order
                      : strcmp(ew_stella_entry_kind(a->kind), ew_stella_entry_kind(b->kind));
}

static size_t count_entries(const struct ew_merged *merged)
{
    size_t count = 0;
    for (size_t i = 0; i < merged->node_count; i++) {
        for (unsigned kinds = merged->nodes[i].entry_kinds; kinds != 0; kinds &= kinds - 1) {
            count++;
        }
    }
    return count;
}

static void take_entries(struct ew_stella_graph *graph)
{
    for (size_t i = 0; i < graph->merged->node_count; i++) {
        unsigned kinds = graph->merged->nodes[i].entry_kinds;
        for (uint32_t kind = EW_ENTRY_MAIN; kind <= EW_ENTRY_TEST; kind++) {
            if ((kinds >> kind & 1U) != 0) {
                graph->entries[graph->entry_count++] =
                    (struct ew_stella_entry){graph->place_of[i], kind};
            }
        }
    }
}

static void settle(struct ew_stella_graph *graph)
{
    size_t kept = 0;
    if (graph->entry_count > 1) {
        qsort(graph->entries, graph->entry_count, sizeof *graph->entries, by_place);
    }
    for (size_t i = 0; i < graph->entry_count; i++) {
        if (kept == 0 || by_place(&graph->entries[kept - 1], &graph->entries[i]) != 0) {
            graph->entries[kept++] = graph->entries[i];
        }
    }
    graph->entry_count = kept;
}

/* Methods that were prepared did not run, so what they came through begins nothing. */
static void mark_roots(struct ew_stella_graph *graph, const struct ew_tables *tables)
{
    for (size_t i = 0; i < tables->stack_count; i++) {
        const struct ew_table_stack *stack = &tables->stacks[i];
        const struct ew_reach_node *node =
            stack->complete && stack->unit != EW_UNIT_PREPARED && stack->frame_count > 0
                ? tables->functions[stack->frames[0]].node
                : NULL;
        if (node != NULL) {
            graph->places[graph->place_of[node - graph->merged->nodes]].root = true;
        }
    }
}

static void mark_candidates(struct ew_stella_graph *graph)
{
    for (size_t i = 0; i < graph->merged->conflict_count; i++) {
        const struct ew_reach_conflict *conflict = &graph->merged->conflicts[i];
        if (conflict->conflict == EW_CONFLICT_ENTRYPOINT_MISSING
            && conflict->node < graph->merged->node_count) {
            graph->places[graph->place_of[conflict->node]].candidate = true;
        }
    }
    for (size_t i = 0; i < graph->place_count; i++) {
        graph->places[i].candidate = graph->places[i].candidate || graph->places[i].root;
    }
    for (size_t i = 0; i < graph->entry_count; i++) {
        graph->places[graph->entries[i].place].candidate = false;
    }
}

enum ew_status ew_stella_entries(struct ew_stella_graph *graph, const struct ew_tables *tables)
{
    graph->entries = calloc(count_entries(graph->merged) + 1, sizeof *graph->entries);
    if (graph->entries == NULL) {
        return EW_NO_MEMORY;
    }
    take_entries(graph);
    settle(graph);
    mark_roots(graph, tables);
    mark_candidates(graph);
    return EW_OK;
}
