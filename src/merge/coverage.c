/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What can be said of what was not seen: only within windows that were watched well enough, and
 * each refusal names what was wanting (reference evidence.md 6.2). Nothing is ever proved by it.
 */
#include "merge/coverage.h"

#include <stdio.h>

/* --- windows
 * ------------------------------------------------------------------------------------ */

static const char *const condition_names[COVERAGE_CONDITIONS] = {
    "the module was loaded in no window",
    "events were lost",
    "buffers were lost",
    "the session told of losses",
    "a file was damaged",
    "events could not be decoded",
    "tables were full",
    "collection was throttled",
    "the rundown was not complete",
    "there are gaps in the windows",
    "a window may still be revised",
    "a document of the stream was replaced, or another claims to be the same",
};

uint32_t ew_merge_coverage_window_faults(const struct ew_evidence *evidence)
{
    const struct ew_evidence_quality *quality = &evidence->quality;
    const bool faults[COVERAGE_CONDITIONS] = {
        false,
        quality->events_lost != 0,
        quality->buffers_lost != 0,
        quality->lost_event_records != 0,
        quality->damaged_buffers != 0,
        quality->decode_refused != 0,
        quality->dropped != 0,
        quality->throttled,
        quality->rundown != EW_RUNDOWN_COMPLETE,
        evidence->gap_count != 0,
        !evidence->sealed,
        false,
    };
    uint32_t bits = 0;
    for (unsigned i = 0; i < COVERAGE_CONDITIONS; i++) {
        bits |= (uint32_t)faults[i] << i;
    }
    return bits;
}

/*
 * Everything that is compiled or fetched is told, and so is what is inlined: then a method that
 * was never prepared did not run. Processes must have been watched from their start.
 */
static bool tells_preparation(const struct ew_evidence *evidence)
{
    enum { JIT_VERBOSE = 143, R2R_ENTRY_POINT = 159, INLINING_SUCCEEDED = 185 };
    bool jit = false;
    bool r2r = false;
    bool inlining = false;
    for (size_t i = 0; i < evidence->source_count; i++) {
        if (evidence->sources[i].kind == EW_SOURCE_METHOD_PREPARE) {
            jit = jit || evidence->sources[i].event_id == JIT_VERBOSE;
            r2r = r2r || evidence->sources[i].event_id == R2R_ENTRY_POINT;
            inlining = inlining || evidence->sources[i].event_id == INLINING_SUCCEEDED;
        }
    }
    bool from_start = evidence->process_count > 0;
    for (size_t i = 0; i < evidence->process_count; i++) {
        from_start = from_start && !evidence->processes[i].attached_at_start;
    }
    return jit && r2r && inlining && from_start;
}

/* --- one artifact
 * --------------------------------------------------------------------------------- */

struct asking {
    struct merge *merge;
    uint32_t graph;
    uint32_t artifact;
    bool *builds; /* those that are the artifact */
    struct coverage coverage;
};

/* The stacks of a window in the builds that are asked for; false: it was not loaded there. */
static bool stacks_in(const struct asking *asking, size_t window, uint64_t *stacks_out)
{
    const struct merge *merge = asking->merge;
    const struct ew_evidence *evidence = merge->windows[window].evidence;
    const uint32_t *map = merge->module_map + merge->first_module[window];
    bool loaded = false;
    *stacks_out = 0;
    for (size_t i = 0; i < evidence->module_count; i++) {
        const struct ew_evidence_module *row = &evidence->modules[i];
        if (asking->builds[map[i]] && (row->loads > 0 || row->samples > 0)) {
            loaded = true;
            *stacks_out = merge_sum(*stacks_out, row->samples);
        }
    }
    return loaded;
}

static bool add_range(struct asking *asking, size_t window)
{
    struct merge *merge = asking->merge;
    const struct ew_window *row = &merge->windows[window];
    uint32_t stream = merge->window_stream[window];
    uint64_t first = ew_window_first_number(row);
    struct ew_reach_range *last =
        asking->coverage.range_count > 0 ? &merge->ranges[merge->range_count - 1] : NULL;
    if (last != NULL && last->stream == stream && last->to + 1 == first) {
        last->to = row->covers_to;
        return true;
    }
    struct ew_reach_range *grown =
        list_grow(merge->ranges, &merge->range_capacity, merge->range_count, sizeof *grown);
    if (grown == NULL) {
        return false;
    }
    struct ew_reach_range range = {stream, first, row->covers_to};
    merge->ranges = grown;
    merge->ranges[merge->range_count++] = range;
    asking->coverage.range_count++;
    return true;
}

/* Who can write documents could put one that saw nothing in the place of one that did. */
static bool is_disputed(const struct merge *merge, size_t window)
{
    const struct ew_window_stream *stream = &merge->merged.streams[merge->window_stream[window]];
    return stream->conflicts != 0 || stream->broken_links != 0 || stream->mixed;
}

static bool look_at_windows(struct asking *asking)
{
    struct merge *merge = asking->merge;
    struct coverage *coverage = &asking->coverage;
    bool loaded = false;
    bool prepared = true;
    coverage->first_range = (uint32_t)merge->range_count;
    for (size_t w = 0; w < merge->window_count; w++) {
        const struct ew_evidence *evidence = merge->windows[w].evidence;
        uint64_t stacks = 0;
        if (!stacks_in(asking, w, &stacks)) {
            continue;
        }
        loaded = true;
        uint32_t faults = ew_merge_coverage_window_faults(evidence);
        faults |= (uint32_t)is_disputed(merge, w) << (COVERAGE_CONDITIONS - 1);
        coverage->faults |= faults;
        if (faults != 0) {
            continue;
        }
        coverage->stacks = merge_sum(coverage->stacks, stacks);
        prepared = prepared && tells_preparation(evidence);
        if (!add_range(asking, w)) {
            return false;
        }
    }
    coverage->faults |= loaded ? 0 : 1;
    coverage->never_prepared = prepared && coverage->range_count > 0;
    return true;
}

static bool decide_artifact(struct asking *asking)
{
    struct merge *merge = asking->merge;
    const struct graph_side *side = &merge->graphs[asking->graph];
    memset(&asking->coverage, 0, sizeof asking->coverage);
    asking->coverage.scope = NONE;
    asking->coverage.build = NONE;
    for (uint32_t i = 0; i < merge->build_count; i++) {
        const struct build *build = &merge->builds[i];
        asking->builds[i] =
            ew_merge_build_relation(&build->ids, &side->artifacts[asking->artifact].ids)
            == RELATION_SAME;
        if (asking->builds[i]) {
            asking->coverage.untold = asking->coverage.untold || build->has_untold;
            asking->coverage.unnamed = asking->coverage.unnamed || build->has_unnamed;
            asking->coverage.made = asking->coverage.made || build->has_made;
            asking->coverage.managed =
                asking->coverage.managed || build->row->kind == EW_EVIDENCE_MANAGED;
            asking->coverage.build = asking->coverage.build == NONE ? i : asking->coverage.build;
        }
    }
    if (!look_at_windows(asking)) {
        return false;
    }
    struct coverage *coverage = &asking->coverage;
    coverage->never_prepared = coverage->never_prepared && coverage->managed;
    coverage->search_cut = side->search_cut;
    coverage->unplaced = side->unplaced;
    coverage->adequate =
        !coverage->untold && !coverage->search_cut && !coverage->unplaced
        && (coverage->never_prepared || coverage->stacks >= EW_UNOBSERVED_STACKS_MIN);
    return true;
}

/* --- nodes
 * ---------------------------------------------------------------------------------------- */

/* Why nothing can be said of one node although its module was watched; NULL: it can. */
static const char *node_refusal(const struct coverage *coverage, const struct ew_graph_node *node)
{
    bool named = node->name != 0 || node->doc_id != 0 || node->decorated != 0;
    bool exact =
        node->token != 0 || ((node->flags & EW_NODE_HAS_RVA) != 0 && node->size_bytes != 0);
    if (node->kind != EW_NODE_METHOD && node->kind != EW_NODE_FUNCTION
        && node->kind != EW_NODE_TYPE_INIT) {
        return "thunks and external functions have no frame of their own";
    }
    if (!coverage->never_prepared && node->inlining != EW_INLINE_NEVER) {
        return node->inlining == EW_INLINE_UNKNOWN
                   ? "the graph does not say that it is never inlined, and where it is it has "
                     "no frame of its own"
                   : "it may be inlined, and then has no frame of its own";
    }
    if (!named && coverage->made) {
        return "the graph has no name of it, and methods ran that the compiler may have made of "
               "it, such as lambdas and async ones";
    }
    if (!exact && coverage->unnamed) {
        return "the graph has no token or address of it, and functions of its module ran "
               "without a name";
    }
    return NULL;
}

static enum ew_status give_scope(struct merge *merge, struct coverage *coverage,
                                 struct ew_reach_node *node)
{
    if (coverage->scope == NONE) {
        struct ew_reach_scope *grown =
            list_grow(merge->scopes, &merge->scope_capacity, merge->scope_count, sizeof *grown);
        if (grown == NULL) {
            return merge_no_memory(merge);
        }
        struct ew_reach_scope scope = {coverage->build, coverage->never_prepared,
                                       coverage->stacks, coverage->first_range,
                                       coverage->range_count};
        merge->scopes = grown;
        coverage->scope = (uint32_t)merge->scope_count;
        merge->scopes[merge->scope_count++] = scope;
    }
    node->state.observed = EW_RUNTIME_UNOBSERVED;
    node->scope = coverage->scope;
    return EW_OK;
}

enum { FAULTS_BYTES = 1024 };

/* All conditions that failed, as one clause. */
static void name_faults(const struct coverage *coverage, char *out, size_t capacity)
{
    size_t used = 0;
    out[0] = '\0';
    for (unsigned i = 0; i < COVERAGE_CONDITIONS; i++) {
        if ((coverage->faults >> i & 1) != 0) {
            int length = snprintf(out + used, capacity - used, "%s%s", used > 0 ? ", " : "",
                                  condition_names[i]);
            used += length > 0 ? (size_t)length : 0;
        }
    }
    const char *comma = used > 0 ? ", " : "";
    if (coverage->search_cut) {
        (void)snprintf(out + used, capacity - used,
                       "%sa search for inlined frames was not taken to its end", comma);
    } else if (coverage->unplaced) {
        (void)snprintf(out + used, capacity - used,
                       "%sfunctions ran of one of several builds, and which one cannot be told",
                       comma);
    } else if ((coverage->faults & 1) == 0 && coverage->stacks < EW_UNOBSERVED_STACKS_MIN) {
        (void)snprintf(out + used, capacity - used,
                       "%s%llu stacks in the module in adequate windows, %d are needed", comma,
                       (unsigned long long)coverage->stacks, EW_UNOBSERVED_STACKS_MIN);
    } else if (coverage->untold && used == 0) {
        (void)snprintf(out, capacity, "functions of the module ran that nothing identifies");
    }
}

static enum ew_status refuse_all(struct asking *asking, uint64_t count)
{
    struct merge *merge = asking->merge;
    const struct ew_graph *graph = merge->graphs[asking->graph].graph;
    char faults[FAULTS_BYTES];
    char name[NAME_SHOWN_BYTES];
    struct ew_reach_conflict conflict = {.conflict = EW_CONFLICT_COVERAGE_INSUFFICIENT,
                                         .graph = asking->graph,
                                         .node = NONE,
                                         .edge = NONE,
                                         .count = count};
    name_faults(&asking->coverage, faults, sizeof faults);
    return ew_merge_conflict_add(
        merge, &conflict, "nothing can be said of what was not seen of %s: %s",
        ew_merge_shown_text(ew_graph_string(graph, graph->artifacts[asking->artifact].name),
                            name),
        faults);
}

static enum ew_status refuse_node(struct asking *asking, uint32_t node, const char *reason)
{
    struct merge *merge = asking->merge;
    char name[NAME_SHOWN_BYTES];
    struct ew_reach_conflict conflict = {.conflict = EW_CONFLICT_COVERAGE_INSUFFICIENT,
                                         .graph = asking->graph,
                                         .node = node,
                                         .edge = NONE};
    return ew_merge_conflict_add(merge, &conflict, "%s was not seen, which says nothing: %s",
                                 ew_merge_shown_node(merge, node, name), reason);
}

static bool is_asked(const struct merge *merge, uint32_t node)
{
    return merge->result_nodes[node].state.observed == EW_RUNTIME_UNKNOWN;
}

static enum ew_status decide_nodes(struct asking *asking)
{
    struct merge *merge = asking->merge;
    const struct graph_side *side = &merge->graphs[asking->graph];
    char faults[FAULTS_BYTES];
    uint64_t refused = 0;
    enum ew_status status = EW_OK;
    name_faults(&asking->coverage, faults, sizeof faults);
    for (uint32_t i = 0; status == EW_OK && i < side->graph->node_count; i++) {
        uint32_t node = side->nodes[i].node;
        if (side->graph->nodes[i].artifact != asking->artifact || !is_asked(merge, node)) {
            continue;
        }
        const char *reason = asking->coverage.adequate
                                 ? node_refusal(&asking->coverage, &side->graph->nodes[i])
                                 : faults;
        if (reason == NULL) {
            status = give_scope(merge, &asking->coverage, &merge->result_nodes[node]);
        } else if (asking->coverage.adequate || merge->result_nodes[node].target) {
            status = refuse_node(asking, node, reason);
        } else {
            refused++;
        }
    }
    return status == EW_OK && refused > 0 ? refuse_all(asking, refused) : status;
}

/* Nodes of which the graph tells no build: nobody can say whether they were loaded at all. */
static enum ew_status refuse_unplaced(struct merge *merge, uint32_t graph)
{
    const struct graph_side *side = &merge->graphs[graph];
    struct ew_reach_conflict conflict = {.conflict = EW_CONFLICT_COVERAGE_INSUFFICIENT,
                                         .graph = graph,
                                         .node = NONE,
                                         .edge = NONE};
    for (uint32_t i = 0; i < side->graph->node_count; i++) {
        uint32_t artifact = side->graph->nodes[i].artifact;
        bool placed = artifact != NONE && side->artifacts[artifact].has_ids;
        conflict.count += !placed && is_asked(merge, side->nodes[i].node);
    }
    return conflict.count == 0
               ? EW_OK
               : ew_merge_conflict_add(
                   merge, &conflict,
                   "nothing can be said of functions that were not seen and of which "
                   "the graph tells no build");
}

static enum ew_status decide_graph(struct merge *merge, uint32_t graph, bool *builds)
{
    const struct graph_side *side = &merge->graphs[graph];
    enum ew_status status = EW_OK;
    for (uint32_t a = 0; status == EW_OK && a < side->graph->artifact_count; a++) {
        struct asking asking = {.merge = merge, .graph = graph, .artifact = a, .builds = builds};
        if (!side->artifacts[a].has_ids) {
            continue;
        }
        if (!decide_artifact(&asking)) {
            return merge_no_memory(merge);
        }
        status = decide_nodes(&asking);
        if (asking.coverage.scope == NONE) {
            merge->range_count = asking.coverage.first_range; /* nobody refers to them */
        }
    }
    return status == EW_OK ? refuse_unplaced(merge, graph) : status;
}

enum ew_status ew_merge_coverage_decide(struct merge *merge)
{
    enum ew_status status = EW_OK;
    if (!merge->options->ask_unobserved) {
        return EW_OK;
    }
    bool *builds = calloc(merge->build_count + 1, sizeof *builds);
    if (builds == NULL) {
        return merge_no_memory(merge);
    }
    for (uint32_t g = 0; status == EW_OK && g < merge->graph_count; g++) {
        status = decide_graph(merge, g, builds);
    }
    free(builds);
    return status;
}
