/* SPDX-License-Identifier: Apache-2.0 */
/* Whole stacks: what they prove beyond their adjacencies. */
#include "merge/observe.h"

enum { LEVEL_EDGE = 3, LEVEL_PATH = 4 };

static struct seen seen_of(const struct merge *merge, size_t window,
                           const struct ew_evidence_path *path, uint64_t hits)
{
    const struct ew_evidence *evidence = merge->windows[window].evidence;
    struct seen seen = {window,
                        ew_evidence_source_samples(&evidence->sources[path->source]),
                        path->complete ? LEVEL_PATH : LEVEL_EDGE,
                        TIER_NONE,
                        hits,
                        path->first_100ns,
                        path->last_100ns};
    return seen;
}

/* Raises the evidence of what a complete path goes over; it counts no hit once more. */
static bool note_complete(struct merge *merge, size_t window, const struct ew_evidence_path *path,
                          const uint32_t *map)
{
    struct seen seen = seen_of(merge, window, path, 0);
    for (uint32_t i = 0; i < path->frame_count; i++) {
        uint32_t node = merge->functions[map[path->frames[i]]].node;
        if (node == NONE || merge->nodes[node].first_row == NONE) {
            continue;
        }
        merge->nodes[node].complete = true;
        if (!ew_merge_observe(merge, &seen, &merge->nodes[node].first_row,
                              &merge->nodes[node].last_row)) {
            return false;
        }
        uint32_t caller = i > 0 ? merge->functions[map[path->frames[i - 1]]].node : NONE;
        uint32_t pair = caller != NONE ? ew_merge_pair_find(merge, caller, node) : NONE;
        if (pair == NONE || merge->pairs[pair].first_row == NONE) {
            continue;
        }
        merge->pairs[pair].flags |= PAIR_COMPLETE;
        if (!ew_merge_observe(merge, &seen, &merge->pairs[pair].first_row,
                              &merge->pairs[pair].last_row)) {
            return false;
        }
    }
    return true;
}

/* --- chains over mediators ---------------------------------------------------------------------
 */

/* Of two ways the shorter, then the one whose nodes come first: whatever came first in time. */
static bool better_via(const struct merge *merge, const struct pair *pair, const uint32_t *via,
                       uint32_t count)
{
    if (pair->via_count == 0 || count != pair->via_count) {
        return pair->via_count == 0 || count < pair->via_count;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (via[i] != merge->via[pair->first_via + i]) {
            return via[i] < merge->via[pair->first_via + i];
        }
    }
    return false;
}

bool ew_merge_pair_set_via(struct merge *merge, struct pair *pair, const uint32_t *via,
                           uint32_t count)
{
    if (!better_via(merge, pair, via, count)) {
        return true;
    }
    uint32_t first = (uint32_t)merge->via_count;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t *grown =
            list_grow(merge->via, &merge->via_capacity, merge->via_count, sizeof *grown);
        if (grown == NULL) {
            return false;
        }
        merge->via = grown;
        merge->via[merge->via_count++] = via[i];
    }
    pair->first_via = first;
    pair->via_count = count;
    return true;
}

enum { CHAIN_MAX = 64 };

static bool add_chain(struct merge *merge, const struct seen *seen, uint32_t from, uint32_t to,
                      const uint32_t *via, uint32_t via_count)
{
    uint32_t index = ew_merge_pair_get(merge, from, to);
    if (index == NONE) {
        return false;
    }
    struct pair *pair = &merge->pairs[index];
    uint16_t left = merge->nodes[from].weight;
    uint16_t right = merge->nodes[to].weight;
    uint16_t weight = left < right ? left : right;
    pair->flags |= PAIR_CHAIN | PAIR_PLAIN | PAIR_WITHIN;
    pair->unsure_end = false;
    pair->weight = pair->weight > weight ? pair->weight : weight;
    if (merge->nodes[from].tier > pair->tier) {
        pair->tier = merge->nodes[from].tier;
    }
    if (merge->nodes[to].tier > pair->tier) {
        pair->tier = merge->nodes[to].tier;
    }
    return ew_merge_pair_set_via(merge, pair, via, via_count)
           && ew_merge_observe(merge, seen, &pair->first_row, &pair->last_row);
}

/* From each frame of a graph over mediators to the next frame of one. */
static bool note_chains(struct merge *merge, size_t window, const struct ew_evidence_path *path,
                        const uint32_t *map)
{
    struct seen seen = seen_of(merge, window, path, path->hits);
    uint32_t via[CHAIN_MAX];
    uint32_t via_count = 0;
    uint32_t from = NONE;
    for (uint32_t i = 0; i < path->frame_count; i++) {
        const struct function *function = &merge->functions[map[path->frames[i]]];
        uint32_t index = function->node;
        const struct node *node = index != NONE ? &merge->nodes[index] : NULL;
        if (node != NULL && function->mediator != MEDIATOR_NONE && via_count < CHAIN_MAX) {
            via[via_count++] = index;
            continue;
        }
        bool claimed = node != NULL && node->member_count > 0;
        if (claimed && from != NONE && via_count > 0
            && !add_chain(merge, &seen, from, index, via, via_count)) {
            return false;
        }
        from = claimed ? index : NONE;
        via_count = 0;
    }
    return true;
}

enum ew_status ew_merge_observe_paths(struct merge *merge, size_t window)
{
    const struct ew_evidence *evidence = merge->windows[window].evidence;
    const uint32_t *map = merge->function_map + merge->first_function[window];
    for (size_t i = 0; i < evidence->path_count; i++) {
        const struct ew_evidence_path *path = &evidence->paths[i];
        if ((path->complete && !note_complete(merge, window, path, map))
            || !note_chains(merge, window, path, map)) {
            return merge_no_memory(merge);
        }
    }
    return EW_OK;
}
