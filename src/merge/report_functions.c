/* SPDX-License-Identifier: Apache-2.0 */
/* Conflicts of functions, builds and documents. */
#include "merge/internal.h"

#include <stdio.h>

enum { LIST_BYTES = 900, LISTED_MAX = 6 };

/* --- ambiguity
 * ---------------------------------------------------------------------------------- */

static void list_candidates(const struct merge *merge, uint32_t graph, const struct match *match,
                            char *out)
{
    const struct graph_side *side = &merge->graphs[graph];
    size_t used = 0;
    out[0] = '\0';
    for (uint32_t i = 0; i < match->candidate_count && i < LISTED_MAX && used < LIST_BYTES; i++) {
        char name[NAME_SHOWN_BYTES];
        (void)ew_merge_shown_static(merge, graph, side->candidates[match->first_candidate + i],
                                    name);
        int length = snprintf(out + used, LIST_BYTES - used, "%s%s", i > 0 ? ", " : "", name);
        used += length > 0 ? (size_t)length : 0;
    }
    if (match->candidate_count > LISTED_MAX && used < LIST_BYTES) {
        (void)snprintf(out + used, LIST_BYTES - used, " and %u more",
                       (unsigned)(match->candidate_count - LISTED_MAX));
    }
}

static const char *why_ambiguous(const struct function *function)
{
    if ((function->flags & EW_FUNCTION_FOLDED) != 0) {
        return "several functions share its code";
    }
    return function->resolution == EW_RESOLVED_EXPORT_NEAR ? "only the nearest export is known"
                                                           : "several functions have its name";
}

static enum ew_status report_ambiguous(struct merge *merge, uint32_t graph, uint32_t index)
{
    const struct function *function = &merge->functions[index];
    const struct match *match = &merge->graphs[graph].matches[index];
    char name[NAME_SHOWN_BYTES];
    char list[LIST_BYTES];
    struct ew_reach_conflict conflict = {.conflict = EW_CONFLICT_AMBIGUOUS_SYMBOL,
                                         .graph = graph,
                                         .node = function->node,
                                         .edge = NONE,
                                         .count = match->candidate_count};
    (void)ew_merge_shown_node(merge, function->node, name);
    if (match->node != NONE) {
        return ew_merge_conflict_add(
            merge, &conflict,
            "%s runs in several builds, and the graph does not tell which one "
            "it is of",
            name);
    }
    list_candidates(merge, graph, match, list);
    return ew_merge_conflict_add(merge, &conflict, "%s is one of these, %s: %s", name,
                                 why_ambiguous(function), list);
}

/* --- builds
 * ------------------------------------------------------------------------------------- */

/* Folds what is true of many functions: a graph's artifact, a build of the documents. */
struct fold {
    enum ew_conflict conflict;
    uint32_t graph;
    uint32_t artifact;
    uint32_t build;
    uint64_t count;
};

struct folds {
    struct fold *items;
    size_t count;
    size_t capacity;
    struct ew_index index;
};

static bool fold_one(struct folds *folds, const struct fold *fold)
{
    uint64_t hash = ew_index_hash_pair((uint64_t)fold->graph << 32 | fold->artifact,
                                       (uint64_t)fold->conflict << 32 | fold->build);
    for (uint32_t i = ew_index_first(&folds->index, hash); i != EW_INDEX_END;
         i = ew_index_next(&folds->index)) {
        struct fold *item = &folds->items[i];
        if (item->conflict == fold->conflict && item->graph == fold->graph
            && item->artifact == fold->artifact && item->build == fold->build) {
            item->count++;
            return true;
        }
    }
    struct fold *grown = list_grow(folds->items, &folds->capacity, folds->count, sizeof *grown);
    folds->items = grown != NULL ? grown : folds->items;
    if (grown == NULL || !ew_index_insert(&folds->index, hash, (uint32_t)folds->count)) {
        return false;
    }
    folds->items[folds->count] = *fold;
    folds->items[folds->count++].count = 1;
    return true;
}

static const char *id_of_build(const struct ew_evidence_module *row)
{
    const char *const ids[] = {row->mvid, row->debug_id, row->code_id, row->build_id};
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        if (is_text(ids[i])) {
            return ids[i];
        }
    }
    return "unknown";
}

static const char *id_of_artifact(const struct ew_graph *graph,
                                  const struct ew_graph_artifact *artifact)
{
    const ew_graph_text ids[] = {artifact->mvid, artifact->debug_id, artifact->code_id,
                                 artifact->sha256};
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        if (is_text(ew_graph_string(graph, ids[i]))) {
            return ew_graph_string(graph, ids[i]);
        }
    }
    return "unknown";
}

static enum ew_status report_fold(struct merge *merge, const struct fold *fold)
{
    const struct ew_graph *graph = merge->graphs[fold->graph].graph;
    const struct ew_graph_artifact *artifact =
        fold->artifact != NONE ? &graph->artifacts[fold->artifact] : NULL;
    const struct ew_evidence_module *row =
        fold->build != NONE ? merge->builds[fold->build].row : NULL;
    char name[NAME_SHOWN_BYTES];
    char running[NAME_SHOWN_BYTES];
    char analysed[NAME_SHOWN_BYTES];
    struct ew_reach_conflict conflict = {.conflict = fold->conflict,
                                         .graph = fold->graph,
                                         .node = NONE,
                                         .edge = NONE,
                                         .count = fold->count};
    (void)ew_merge_shown_text(row != NULL ? row->name : "an unknown module", name);
    if (fold->conflict == EW_CONFLICT_BUILD_MISMATCH && artifact != NULL && row != NULL) {
        return ew_merge_conflict_add(
            merge, &conflict, "%s runs as build %s, and the graph is of build %s", name,
            ew_merge_shown_text(id_of_build(row), running),
            ew_merge_shown_text(id_of_artifact(graph, artifact), analysed));
    }
    return ew_merge_conflict_add(
        merge, &conflict,
        "functions of %s were matched by their names or ids: the graph does not "
        "tell which build it is of",
        name);
}

/* --- functions
 * ---------------------------------------------------------------------------------- */

static uint32_t artifact_of(const struct graph_side *side, const struct match *match)
{
    uint32_t node = match->node != NONE          ? match->node
                    : match->candidate_count > 0 ? side->candidates[match->first_candidate]
                                                 : NONE;
    return node != NONE ? side->graph->nodes[node].artifact : NONE;
}

/* Whether the graph tells no build of what was matched. A name alone, of a build that the graph
 * tells, is no fault of its artifacts. */
static bool lacks_identity(const struct graph_side *side, const struct match *match)
{
    uint32_t artifact = artifact_of(side, match);
    return (match->tier == TIER_UNBUILT || match->tier == TIER_NAME_ONLY)
           && (match->flags & MATCH_DERIVED) == 0
           && (artifact == NONE || !side->artifacts[artifact].has_ids);
}

static enum ew_status report_match(struct merge *merge, uint32_t graph, uint32_t index,
                                   struct folds *folds)
{
    const struct graph_side *side = &merge->graphs[graph];
    const struct function *function = &merge->functions[index];
    const struct match *match = &side->matches[index];
    struct fold fold = {EW_CONFLICT_BUILD_MISMATCH, graph, artifact_of(side, match),
                        function->build, 0};
    if (match->tier == TIER_NONE || function->node == NONE) {
        return EW_OK;
    }
    if (match->tier == TIER_OTHER) {
        return fold_one(folds, &fold) ? EW_OK : merge_no_memory(merge);
    }
    fold.conflict = EW_CONFLICT_GRAPH_WITHOUT_IDENTITY;
    if (lacks_identity(side, match) && !fold_one(folds, &fold)) {
        return merge_no_memory(merge);
    }
    return (match->flags & MATCH_AMBIGUOUS) != 0 ? report_ambiguous(merge, graph, index) : EW_OK;
}

static enum ew_status report_matches(struct merge *merge)
{
    struct folds folds = {0};
    enum ew_status status = EW_OK;
    for (uint32_t g = 0; status == EW_OK && g < merge->graph_count; g++) {
        for (uint32_t f = 0; status == EW_OK && f < merge->function_count; f++) {
            status = report_match(merge, g, f, &folds);
        }
    }
    for (size_t i = 0; status == EW_OK && i < folds.count; i++) {
        status = report_fold(merge, &folds.items[i]);
    }
    free(folds.items);
    ew_index_free(&folds.index);
    return status;
}

/* --- documents
 * ---------------------------------------------------------------------------------- */

/* Records that list several candidates; versions of one function are none. */
static enum ew_status report_record(struct merge *merge, size_t first_candidate,
                                    const struct ew_evidence_ambiguous *record)
{
    static const char *const reasons[] = {
        "several functions share its code", "only a name is known",
        "its address was used for several versions of code", "only the nearest export is known"};
    uint32_t first = NONE;
    uint32_t last = NONE;
    for (size_t i = 0; i < record->candidate_count; i++) {
        uint32_t node = merge->functions[merge->candidates[first_candidate + i]].node;
        first = first == NONE || node < first ? node : first;
        last = last == NONE || node > last ? node : last;
    }
    if (first == last) {
        return EW_OK;
    }
    char name[NAME_SHOWN_BYTES];
    struct ew_reach_conflict conflict = {.conflict = record->reason == EW_AMBIGUOUS_ADDRESS_REUSE
                                                         ? EW_CONFLICT_CODE_VERSION_RACE
                                                         : EW_CONFLICT_AMBIGUOUS_SYMBOL,
                                         .graph = NONE,
                                         .node = first,
                                         .edge = NONE,
                                         .count = record->hits};
    return ew_merge_conflict_add(merge, &conflict, "what ran is %s or one of %llu others: %s",
                                 ew_merge_shown_node(merge, first, name),
                                 (unsigned long long)record->candidate_count - 1,
                                 reasons[record->reason]);
}

static enum ew_status report_missing_frames(struct merge *merge)
{
    uint64_t truncated = 0;
    uint64_t gapped = 0;
    uint64_t kernel_only = 0;
    for (size_t w = 0; w < merge->window_count; w++) {
        const struct ew_evidence_quality *quality = &merge->windows[w].evidence->quality;
        truncated = merge_sum(truncated, quality->stacks_truncated);
        gapped = merge_sum(gapped, quality->stacks_gapped);
        kernel_only = merge_sum(kernel_only, quality->stacks_kernel_only);
    }
    struct ew_reach_conflict conflict = {
        .conflict = EW_CONFLICT_MISSING_FRAMES,
        .graph = NONE,
        .node = NONE,
        .edge = NONE,
        .count = merge_sum(truncated, merge_sum(gapped, kernel_only))};
    if (conflict.count == 0) {
        return EW_OK;
    }
    return ew_merge_conflict_add(
        merge, &conflict,
        "stacks with missing frames: %llu cut at their end, %llu with a hole, "
        "%llu without their user half; no edge was made across",
        (unsigned long long)truncated, (unsigned long long)gapped,
        (unsigned long long)kernel_only);
}

static const struct ew_graph *disagreeing(const struct merge *merge, const struct node *node,
                                          uint8_t flag, uint32_t *graph_out)
{
    for (uint32_t i = 0; i < node->member_count; i++) {
        const struct member *member = &merge->members[node->first_member + i];
        const struct graph_side *side = &merge->graphs[member->graph];
        uint32_t artifact = side->graph->nodes[member->node].artifact;
        if ((side->nodes[member->node].flags & flag) != 0 && artifact != NONE
            && side->artifacts[artifact].loaded) {
            *graph_out = member->graph;
            return side->graph;
        }
    }
    return NULL;
}

/* Two graphs of one build that claim the opposite of one function. */
static enum ew_status report_disagreements(struct merge *merge)
{
    enum ew_status status = EW_OK;
    for (uint32_t i = 0; status == EW_OK && i < merge->node_count; i++) {
        const struct node *node = &merge->nodes[i];
        uint32_t refusing = NONE;
        uint32_t claiming = NONE;
        if (!node->refused || node->member_count < 2) {
            continue;
        }
        const struct ew_graph *refuses = disagreeing(merge, node, GNODE_UNREACHABLE, &refusing);
        const struct ew_graph *claims = disagreeing(merge, node, GNODE_REACHABLE, &claiming);
        if (refuses == NULL || claims == NULL) {
            continue;
        }
        char name[NAME_SHOWN_BYTES];
        struct ew_reach_conflict conflict = {
            .conflict = EW_CONFLICT_STATIC_DISAGREE, .graph = refusing, .node = i, .edge = NONE};
        status = ew_merge_conflict_add(merge, &conflict, "%s is reachable to %s, and not to %s",
                                       ew_merge_shown_node(merge, i, name),
                                       ew_graph_string(claims, claims->analyzer_name),
                                       ew_graph_string(refuses, refuses->analyzer_name));
    }
    return status;
}

enum ew_status ew_merge_report_functions(struct merge *merge)
{
    size_t at = 0;
    enum ew_status status = report_matches(merge);
    for (size_t w = 0; status == EW_OK && w < merge->window_count; w++) {
        const struct ew_evidence *evidence = merge->windows[w].evidence;
        for (size_t i = 0; status == EW_OK && i < evidence->ambiguous_count; i++) {
            status = report_record(merge, at, &evidence->ambiguous[i]);
            at += evidence->ambiguous[i].candidate_count;
        }
    }
    if (status == EW_OK) {
        status = report_missing_frames(merge);
    }
    return status == EW_OK ? report_disagreements(merge) : status;
}
