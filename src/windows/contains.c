/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a roll-up says all that documents of its range say. */
#include "windows/fold.h"
#include "windows/roll.h"

#include <string.h>

/*
 * Documents folded into a roll-up that has them already add no row to it, and to no row more
 * than it has: so the fold of both is compared with the roll-up, row by row. Paths are witnesses
 * of which a roll-up keeps some, and are not compared.
 */

static size_t count_processes(const struct ew_evidence_detail *details, size_t count)
{
    size_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        sum += details[i].process_count;
    }
    return sum;
}

static size_t count_sites(const struct ew_evidence *evidence)
{
    size_t sum = 0;
    for (size_t i = 0; i < evidence->edge_detail_count; i++) {
        sum += evidence->edge_details[i].site_count;
    }
    return sum;
}

static bool same_counts(const struct fold *fold, const struct ew_evidence *both,
                        const struct ew_evidence *rolled)
{
    return both->source_count == rolled->source_count
           && both->module_count == rolled->module_count
           && both->process_count == rolled->process_count
           && both->function_count == rolled->function_count
           && both->observation_count == rolled->observation_count
           && both->edge_count == rolled->edge_count && both->gap_count == rolled->gap_count
           && both->ambiguous_count == rolled->ambiguous_count
           && fold->edge_sites.count == count_sites(rolled)
           && fold->edge_processes.count
                  == count_processes(rolled->edge_details, rolled->edge_detail_count)
           && fold->observation_processes.count
                  == count_processes(rolled->observation_details,
                                     rolled->observation_detail_count);
}

/* The sum of both, of which `has` is one; the other may be as large as that, not larger. */
static bool has_enough(uint64_t both, uint64_t has)
{
    return both - has <= has;
}

static bool same_things(const struct ew_evidence *both, const struct ew_evidence *rolled)
{
    for (size_t i = 0; i < rolled->module_count; i++) {
        const struct ew_evidence_module *has = &rolled->modules[i];
        if (strcmp(both->modules[i].key, has->key) != 0
            || !has_enough(both->modules[i].samples, has->samples)
            || !has_enough(both->modules[i].loads, has->loads)) {
            return false;
        }
    }
    for (size_t i = 0; i < rolled->function_count; i++) {
        if (strcmp(both->functions[i].key, rolled->functions[i].key) != 0) {
            return false;
        }
    }
    for (size_t i = 0; i < rolled->ambiguous_count; i++) {
        if (!has_enough(both->ambiguous[i].hits, rolled->ambiguous[i].hits)) {
            return false;
        }
    }
    return true;
}

static bool same_observations(const struct ew_evidence *both, const struct ew_evidence *rolled)
{
    for (size_t i = 0; i < rolled->observation_count; i++) {
        const struct ew_evidence_observation *sum = &both->observations[i];
        const struct ew_evidence_observation *has = &rolled->observations[i];
        if (sum->function != has->function || sum->source != has->source
            || sum->first_100ns != has->first_100ns || sum->last_100ns != has->last_100ns
            || !has_enough(sum->hits, has->hits) || !has_enough(sum->leaf, has->leaf)
            || !has_enough(sum->root, has->root)) {
            return false;
        }
    }
    return true;
}

static bool same_edges(const struct ew_evidence *both, const struct ew_evidence *rolled)
{
    for (size_t i = 0; i < rolled->edge_count; i++) {
        const struct ew_evidence_edge *sum = &both->edges[i];
        const struct ew_evidence_edge *has = &rolled->edges[i];
        if (sum->from != has->from || sum->to != has->to || sum->source != has->source
            || sum->adjacency != has->adjacency || sum->first_100ns != has->first_100ns
            || sum->last_100ns != has->last_100ns || !has_enough(sum->hits, has->hits)) {
            return false;
        }
    }
    return true;
}

/* What was lost is never less than what one of the documents tells. */
static bool tells_losses(const struct ew_evidence_quality *has,
                         const struct ew_evidence_quality *now)
{
    return now->events_lost <= has->events_lost && now->buffers_lost <= has->buffers_lost
           && now->lost_event_records <= has->lost_event_records
           && now->decode_refused <= has->decode_refused
           && now->damaged_buffers <= has->damaged_buffers
           && now->stacks_total <= has->stacks_total
           && now->stacks_truncated <= has->stacks_truncated
           && now->stacks_gapped <= has->stacks_gapped && now->stacks_orphan <= has->stacks_orphan
           && now->stacks_key_undefined <= has->stacks_key_undefined
           && now->stacks_late <= has->stacks_late && now->stacks_missing <= has->stacks_missing
           && now->stacks_no_process <= has->stacks_no_process
           && now->frames_unresolved <= has->frames_unresolved && now->dropped <= has->dropped
           && now->throttled <= has->throttled && now->rundown <= has->rundown;
}

enum ew_status ew_roll_up_contains(const struct ew_evidence *rolled,
                                   const struct ew_window *windows, size_t window_count,
                                   bool *contains_out)
{
    struct fold fold;
    struct ew_evidence both = *rolled;
    bool contains = true;
    ew_fold_init(&fold);
    enum ew_status status = ew_fold_add(&fold, rolled);
    for (size_t i = 0; i < window_count && status == EW_OK; i++) {
        status = ew_fold_add(&fold, windows[i].evidence);
        contains = contains && tells_losses(&rolled->quality, &windows[i].evidence->quality);
    }
    if (status == EW_OK) {
        status = ew_fold_finish(&fold, &both);
    }
    if (status == EW_OK) {
        *contains_out = contains && same_counts(&fold, &both, rolled)
                        && same_things(&both, rolled) && same_observations(&both, rolled)
                        && same_edges(&both, rolled);
    }
    ew_fold_free(&fold);
    return status;
}
