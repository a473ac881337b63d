/* SPDX-License-Identifier: Apache-2.0 */
/* What the callgraphs of the configuration mean for the merge, and what to do about them. */
#include "doctor.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

/* There is room for a line of each. */
static struct doctor_finding *add(struct doctor_report *report, enum doctor_level level,
                                  const char *what)
{
    if (report->count == DOCTOR_FINDINGS_MAX) {
        report->count--;
    }
    struct doctor_finding *finding = &report->findings[report->count++];
    memset(finding, 0, sizeof *finding);
    finding->level = level;
    finding->what = what;
    return finding;
}

static void put(char *out, size_t capacity, const char *format, ...) EW_PRINTF(3, 4);

static void put(char *out, size_t capacity, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(out, capacity, format, arguments);
    va_end(arguments);
}

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

static void describe(const struct doctor_graph *graph, struct doctor_finding *finding)
{
    char dangling[96] = "";
    if (graph->dangling != 0) {
        put(dangling, sizeof dangling, ", %" PRIu64 " references to nodes that it does not list",
            graph->dangling);
    }
    put(finding->detail, sizeof finding->detail, "%s: %" PRIu64 " nodes, %" PRIu64 " edges%s%s",
        graph->path, graph->nodes, graph->edges,
        graph->presence_only ? ", says only which nodes exist" : "", dangling);
}

static void check_graph(const struct doctor_graph *graph, struct doctor_report *report)
{
    bool good = graph->refusal.status == EW_OK && graph->absolute;
    struct doctor_finding *finding = add(report, good ? DOCTOR_OK : DOCTOR_WARN, "callgraph");
    if (graph->refusal.status != EW_OK) {
        put(finding->detail, sizeof finding->detail, "%s", graph->refusal.text);
    } else {
        describe(graph, finding);
    }
    if (!graph->absolute) {
        put(finding->advice, sizeof finding->advice,
            "give the whole path: a service looks for this one in the folder of Windows");
    } else if (!good) {
        put(finding->advice, sizeof finding->advice, "%s", advice_for(graph->refusal.status));
    }
}

/* One that was never read keeps all of them from being merged. */
static void sum_up(size_t good, size_t count, uint64_t nodes, uint64_t edges,
                   struct doctor_report *report)
{
    struct doctor_finding *finding =
        add(report, good == count ? DOCTOR_OK : DOCTOR_WARN, "callgraphs");
    put(finding->detail, sizeof finding->detail,
        "%zu of %zu can be read: %" PRIu64 " nodes of at most %d, %" PRIu64
        " edges of at most %d",
        good, count, nodes, EW_COLLECT_GRAPH_NODES_MAX, edges, EW_COLLECT_GRAPH_EDGES_MAX);
    if (good != count) {
        put(finding->advice, sizeof finding->advice,
            "see above: evidence is published all the same, but there is no merge before each of "
            "them was read once");
    }
}

void doctor_check_graphs(const struct doctor_facts *facts, struct doctor_report *report)
{
    size_t good = 0;
    uint64_t nodes = 0;
    uint64_t edges = 0;
    if (facts->graph_count == 0) {
        put(add(report, DOCTOR_OK, "callgraphs")->detail, 2 * DOCTOR_TEXT_BYTES,
            "none: evidence is not merged here");
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
