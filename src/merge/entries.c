/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Missing entry points: where stacks enter what a graph calls unreachable. One is told for
 * each such node, none for what it calls (reference evidence.md 6.4).
 */
#include "merge/internal.h"

struct entering {
    uint64_t hits;
    uint8_t mediator; /* who called it: decides what is proposed */
};

static const struct member *member_in(const struct merge *merge, uint32_t node, uint32_t graph)
{
    const struct node *row = &merge->nodes[node];
    for (uint32_t i = 0; i < row->member_count; i++) {
        if (merge->members[row->first_member + i].graph == graph) {
            return &merge->members[row->first_member + i];
        }
    }
    return NULL;
}

/*
 * Whether a stack enters a graph at a frame: the frame is its root, or whoever called it is
 * foreign. Over mediators that a frame of the graph stands above it is called, by a bridge.
 */
static bool enters(const struct merge *merge, const struct ew_evidence_path *path,
                   const uint32_t *map, uint32_t frame, uint32_t graph)
{
    for (uint32_t i = frame; i > 0; i--) {
        const struct function *function = &merge->functions[map[path->frames[i - 1]]];
        uint32_t caller = function->node;
        if (caller == NONE) {
            return true;
        }
        if (function->mediator == MEDIATOR_NONE) {
            return member_in(merge, caller, graph) == NULL;
        }
        if (member_in(merge, caller, graph) != NULL) {
            return false;
        }
    }
    return path->complete;
}

static void note_entry(const struct merge *merge, const struct ew_evidence_path *path,
                       const uint32_t *map, uint32_t frame, struct entering *entering)
{
    uint8_t mediator = frame > 0 ? merge->functions[map[path->frames[frame - 1]]].mediator
                                 : (uint8_t)MEDIATOR_NONE;
    entering->hits = merge_sum(entering->hits, path->hits);
    if (entering->mediator == MEDIATOR_NONE
        || (mediator != MEDIATOR_NONE && mediator < entering->mediator)) {
        entering->mediator = mediator;
    }
}

static void walk_path(struct merge *merge, const struct ew_evidence_path *path,
                      const uint32_t *map, uint32_t graph, struct entering *entering)
{
    const struct graph_side *side = &merge->graphs[graph];
    for (uint32_t i = 0; i < path->frame_count; i++) {
        uint32_t node = merge->functions[map[path->frames[i]]].node;
        const struct member *member = node != NONE ? member_in(merge, node, graph) : NULL;
        if (member == NULL) {
            continue;
        }
        const struct gnode *gnode = &side->nodes[member->node];
        bool exact = gnode->tier == TIER_EXACT || gnode->tier == TIER_NAMED;
        if ((gnode->flags & GNODE_UNREACHABLE) != 0 && exact
            && enters(merge, path, map, i, graph)) {
            note_entry(merge, path, map, i, &entering[member->node]);
        }
    }
}

static const char *proposal(enum mediator mediator)
{
    switch (mediator) {
    case MEDIATOR_THREAD_START:
        return "the start of a thread";
    case MEDIATOR_THREAD_POOL:
    case MEDIATOR_ASYNC:
        return "a job of the thread pool";
    case MEDIATOR_CALLBACK:
    case MEDIATOR_DELEGATE:
        return "a callback";
    case MEDIATOR_INTEROP:
        return "an export or a COM method";
    case MEDIATOR_REFLECTION:
        return "a method that reflection calls";
    case MEDIATOR_NONE:
    case MEDIATOR_THUNK:
    case MEDIATOR_RUNTIME:
        break;
    }
    return "main, or a callback";
}

static enum ew_status report_entries(struct merge *merge, uint32_t graph,
                                     const struct entering *entering)
{
    const struct graph_side *side = &merge->graphs[graph];
    enum ew_status status = EW_OK;
    for (uint32_t i = 0; status == EW_OK && i < side->graph->node_count; i++) {
        if (entering[i].hits == 0) {
            continue;
        }
        char name[NAME_SHOWN_BYTES];
        uint32_t node = side->nodes[i].node;
        struct ew_reach_conflict conflict = {.conflict = EW_CONFLICT_ENTRYPOINT_MISSING,
                                             .graph = graph,
                                             .node = node,
                                             .edge = NONE,
                                             .count = entering[i].hits};
        merge->nodes[node].explained = true;
        status = ew_merge_conflict_add(merge, &conflict,
                                       "%s is entered from outside of the graph, which calls it "
                                       "unreachable: a missing entry point, perhaps %s",
                                       ew_merge_shown_node(merge, node, name),
                                       proposal((enum mediator)entering[i].mediator));
    }
    return status;
}

static enum ew_status find_in_graph(struct merge *merge, uint32_t graph)
{
    struct entering *entering =
        calloc((size_t)merge->graphs[graph].graph->node_count + 1, sizeof *entering);
    if (entering == NULL) {
        return merge_no_memory(merge);
    }
    for (size_t w = 0; w < merge->window_count; w++) {
        const struct ew_evidence *evidence = merge->windows[w].evidence;
        const uint32_t *map = merge->function_map + merge->first_function[w];
        for (size_t i = 0; i < evidence->path_count; i++) {
            walk_path(merge, &evidence->paths[i], map, graph, entering);
        }
    }
    enum ew_status status = report_entries(merge, graph, entering);
    free(entering);
    return status;
}

enum ew_status ew_merge_entries_find(struct merge *merge)
{
    enum ew_status status = EW_OK;
    for (uint32_t g = 0; status == EW_OK && g < merge->graph_count; g++) {
        if (merge->graphs[g].graph->closed && merge->graphs[g].graph->entry_count > 0) {
            status = find_in_graph(merge, g);
        }
    }
    return status;
}
