/* SPDX-License-Identifier: Apache-2.0 */
/* Conflicts of observed adjacencies. */
#include "merge/classify.h"

#include <stdio.h>

static const char *analyser(const struct merge *merge, uint32_t graph)
{
    const struct ew_graph *from = merge->graphs[graph].graph;
    const char *name = ew_graph_string(from, from->analyzer_name);
    return name[0] != '\0' ? name : "the analyser";
}

static struct ew_reach_conflict of_edge(enum ew_conflict conflict, uint32_t pair, uint32_t graph)
{
    struct ew_reach_conflict made = {
        .conflict = conflict, .graph = graph, .node = NONE, .edge = pair};
    return made;
}

/* " but those by reflection, callbacks": what a graph says itself that it does not see. */
enum { BLIND_SPOTS_BYTES = 160 };
static const char *blind_spots(const struct ew_graph *graph, char out[BLIND_SPOTS_BYTES])
{
    static const char *const names[] = {"reflection",     "dynamic loading", "delegates",
                                        "native interop", "serialization",   "injection",
                                        "generated code", "callbacks"};
    size_t used = 0;
    out[0] = '\0';
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
        if ((graph->unsound_for >> i & 1) != 0) {
            used += (size_t)snprintf(out + used, BLIND_SPOTS_BYTES - used, "%s%s",
                                     used == 0 ? " but those by " : ", ", names[i]);
        }
    }
    return out;
}

static enum ew_status report_contradiction(struct merge *merge, uint32_t index,
                                           const struct verdict *verdict, const char *from,
                                           const char *to)
{
    struct ew_reach_conflict conflict =
        of_edge(EW_CONFLICT_STATIC_CONTRADICTED, index, verdict->graph);
    const struct ew_graph *graph = merge->graphs[verdict->graph].graph;
    char blind[BLIND_SPOTS_BYTES];
    return ew_merge_conflict_add(
        merge, &conflict,
        "%s calls %s: seen on a stack; the graph of %s claims to have %s%s, and has not this one",
        from, to, analyser(merge, verdict->graph),
        graph->closed ? "all calls" : "all calls of this caller", blind_spots(graph, blind));
}

/* The strongest proof that an inner frame was hidden: the compiler's own word. */
static const char *proof_of_elision(struct merge *merge, const struct pair *pair)
{
    bool jit = true;
    bool pdb = true;
    for (uint32_t i = 0; i < pair->via_count; i++) {
        uint32_t before = i == 0 ? pair->from : merge->via[pair->first_via + i - 1];
        uint32_t hop = ew_merge_pair_find(merge, before, merge->via[pair->first_via + i]);
        uint32_t flags = hop != NONE ? merge->pairs[hop].flags : 0;
        uint32_t out = ew_merge_pair_find(
            merge, merge->via[pair->first_via + i],
            i + 1 < pair->via_count ? merge->via[pair->first_via + i + 1] : pair->to);
        flags |= out != NONE ? merge->pairs[out].flags & PAIR_JIT : 0;
        jit = jit && (flags & PAIR_JIT) != 0;
        pdb = pdb && (flags & PAIR_INLINE) != 0;
    }
    return jit ? "jit-inline" : pdb ? "pdb-inline" : "guess";
}

static enum ew_status report_elision(struct merge *merge, uint32_t index,
                                     const struct verdict *verdict, const char *from,
                                     const char *to)
{
    const struct pair *pair = &merge->pairs[index];
    struct ew_reach_conflict conflict =
        of_edge(EW_CONFLICT_ELIDED_INTERMEDIATE, index, verdict->graph);
    char via[NAME_SHOWN_BYTES];
    bool several = verdict->elided.path_count > 1 || verdict->elided.cut;
    const char *rest = several               ? " or another way"
                       : pair->via_count > 1 ? " and further frames that left no trace"
                                             : ", whose frame left no trace";
    return ew_merge_conflict_add(merge, &conflict, "%s calls %s through %s%s; proof: %s", from,
                                 to, ew_merge_shown_node(merge, merge->via[pair->first_via], via),
                                 rest, several ? "guess" : proof_of_elision(merge, pair));
}

static enum ew_status report_bridge(struct merge *merge, uint32_t index,
                                    const struct verdict *verdicts, size_t count,
                                    const char *from, const char *to)
{
    const struct pair *pair = &merge->pairs[index];
    bool chain = (pair->flags & PAIR_CHAIN) != 0 && pair->via_count > 0;
    if (!chain && (count == 0 || pair_is_mediated(pair))) {
        return EW_OK; /* raw steps of a chain, or foreign code */
    }
    struct ew_reach_conflict conflict =
        of_edge(EW_CONFLICT_BRIDGED_DISPATCH, index, count > 0 ? verdicts[0].graph : NONE);
    const char *kind = chain ? ew_merge_mediator_name(
                           (enum mediator)merge->nodes[merge->via[pair->first_via]].mediator)
                             : "frames that this kind of stack leaves out";
    return ew_merge_conflict_add(merge, &conflict, "%s runs under %s, over %s", to, from, kind);
}

static enum ew_status report_runtime_only(struct merge *merge, uint32_t index,
                                          const struct verdict *verdict, const char *from,
                                          const char *to)
{
    struct ew_reach_conflict conflict =
        of_edge(verdict->suspect ? EW_CONFLICT_SUSPECT_UNWIND : EW_CONFLICT_RUNTIME_ONLY_EDGE,
                index, verdict->graph);
    if (verdict->suspect) {
        return ew_merge_conflict_add(
            merge, &conflict,
            "%s next to %s on a stack: the graph has it the other way round, or "
            "the caller calls nothing",
            from, to);
    }
    if (merge->pairs[index].unsure_end) {
        return EW_OK; /* which functions they are is the question, not the edge */
    }
    return ew_merge_conflict_add(merge, &conflict,
                                 "%s calls %s: seen on a stack, and not in the graph", from, to);
}

static enum ew_status report_disagreement(struct merge *merge, uint32_t index,
                                          const struct verdict *has,
                                          const struct verdict *refuses, const char *from,
                                          const char *to)
{
    struct ew_reach_conflict conflict =
        of_edge(EW_CONFLICT_STATIC_DISAGREE, index, refuses->graph);
    return ew_merge_conflict_add(merge, &conflict, "%s calls %s: claimed by %s, refused by %s",
                                 from, to, analyser(merge, has->graph),
                                 analyser(merge, refuses->graph));
}

enum ew_status ew_merge_classify_report(struct merge *merge, uint32_t index,
                                        const struct verdict *verdicts, size_t count)
{
    char from[NAME_SHOWN_BYTES];
    char to[NAME_SHOWN_BYTES];
    enum ew_edge_class best = (enum ew_edge_class)merge->pairs[index].edge_class;
    const struct verdict *has = NULL;
    enum ew_status status = EW_OK;
    if ((best == EW_CLASS_CONFIRMED && count == 1)
        || (best == EW_CLASS_RUNTIME_ONLY && count == 0)) {
        return EW_OK;
    }
    (void)ew_merge_shown_node(merge, merge->pairs[index].from, from);
    (void)ew_merge_shown_node(merge, merge->pairs[index].to, to);
    for (size_t i = 0; i < count && has == NULL; i++) {
        has = verdicts[i].claim == EW_STATIC_REACHABLE ? &verdicts[i] : NULL;
    }
    for (size_t i = 0; status == EW_OK && i < count; i++) {
        const struct verdict *verdict = &verdicts[i];
        if (verdict->edge_class == EW_CLASS_CONTRADICTION) {
            status = report_contradiction(merge, index, verdict, from, to);
        }
        if (status == EW_OK && verdict->edge_class == EW_CLASS_CONTRADICTION && has != NULL) {
            status = report_disagreement(merge, index, has, verdict, from, to);
        }
        if (status == EW_OK && best == EW_CLASS_ELIDED
            && verdict->edge_class == EW_CLASS_ELIDED) {
            status = report_elision(merge, index, verdict, from, to);
        }
        if (status == EW_OK && best == EW_CLASS_RUNTIME_ONLY) {
            status = report_runtime_only(merge, index, verdict, from, to);
        }
    }
    if (status == EW_OK && best == EW_CLASS_BRIDGED) {
        status = report_bridge(merge, index, verdicts, count, from, to);
    }
    return status;
}
