/* SPDX-License-Identifier: Apache-2.0 */
/* What the callgraphs of the configuration mean for the merge, and what to do about them. */
#include "doctor.h"

#include <inttypes.h>
#include <stdio.h>

static const char *advice_for(enum ew_status refusal)
{
    switch (refusal) {
    case EW_NOT_FOUND:
        return "put the graph there, or correct the path in the configuration";
    case EW_LIMIT:
        return "take it out of the configuration, and merge it on another host (etwitness merge), "
               "or give a smaller one";
    case EW_FORMAT:
    case EW_UNSUPPORTED:
        return "have its analyser write it again; docs/FORMATS.md lists the formats that are read";
    case EW_NO_MEMORY:
        return "free some memory, or give a smaller graph";
    default:
        return "let this account read the file, and see that nobody writes to it";
    }
}

static struct doctor_finding *describe(const struct doctor_graph *graph,
                                       struct doctor_report *report)
{
    char dangling[96] = "";
    if (graph->refusal.status != EW_OK) {
        return doctor_add(report, DOCTOR_WARN, "callgraph", "%s", graph->refusal.text);
    }
    if (graph->dangling != 0) {
        (void)snprintf(dangling, sizeof dangling,
                       ", %" PRIu64 " references to nodes that it does not list",
                       graph->dangling);
    }
    return doctor_add(report, graph->absolute ? DOCTOR_OK : DOCTOR_WARN, "callgraph",
                      "%s: %" PRIu64 " nodes, %" PRIu64 " edges%s%s", graph->path, graph->nodes,
                      graph->edges, graph->presence_only ? ", says only which nodes exist" : "",
                      dangling);
}

static void check_graph(const struct doctor_graph *graph, struct doctor_report *report)
{
    struct doctor_finding *finding = describe(graph, report);
    if (!graph->absolute) {
        doctor_advise(
            finding,
            "give the whole path: a service looks for this one in the folder of Windows");
    } else if (graph->refusal.status != EW_OK) {
        doctor_advise(finding, "%s", advice_for(graph->refusal.status));
    }
}

/* One that was never read keeps all of them from being merged. */
static void sum_up(size_t good, size_t count, uint64_t nodes, uint64_t edges,
                   struct doctor_report *report)
{
    struct doctor_finding *finding = doctor_add(
        report, good == count ? DOCTOR_OK : DOCTOR_WARN, "callgraphs",
        "%zu of %zu can be read: %" PRIu64 " nodes of at most %d, %" PRIu64
        " edges of at most %d",
        good, count, nodes, EW_COLLECT_GRAPH_NODES_MAX, edges, EW_COLLECT_GRAPH_EDGES_MAX);
    if (good != count) {
        doctor_advise(
            finding,
            "see above: evidence is published all the same, but there is no merge before "
            "each of them was read once");
    }
}

void doctor_check_graphs(const struct doctor_facts *facts, struct doctor_report *report)
{
    size_t good = 0;
    uint64_t nodes = 0;
    uint64_t edges = 0;
    if (facts->graph_count == 0) {
        (void)doctor_add(report, DOCTOR_OK, "callgraphs", "none: evidence is not merged here");
        return;
    }
    for (size_t i = 0; i < facts->graph_count; i++) {
        const struct doctor_graph *graph = &facts->graphs[i];
        check_graph(graph, report);
        if (graph->refusal.status == EW_OK) {
            good++;
            nodes += graph->nodes;
            edges += graph->edges;
        }
    }
    sum_up(good, facts->graph_count, nodes, edges, report);
}
