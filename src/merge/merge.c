/* SPDX-License-Identifier: Apache-2.0 */
/* Runtime evidence joined with static callgraphs, step by step. */
#include "merge/internal.h"

/* --- inputs
 * --------------------------------------------------------------------------------------- */

static int compare_graphs(const void *a, const void *b)
{
    const struct ew_graph *const *left = a;
    const struct ew_graph *const *right = b;
    int order = strcmp((*left)->sha256, (*right)->sha256);
    return order != 0 ? order
                      : strcmp(ew_graph_string(*left, (*left)->graph_id),
                               ew_graph_string(*right, (*right)->graph_id));
}

/* In the order of their hashes, each once: so the order of arguments changes nothing. */
static enum ew_status take_graphs(struct merge *merge)
{
    size_t count = merge->options->graph_count;
    if (count > EW_MERGE_GRAPHS_MAX) {
        return ew_fail(merge->error, EW_LIMIT, "merge: %zu graphs, at most %d can be merged",
                       count, EW_MERGE_GRAPHS_MAX);
    }
    const struct ew_graph **graphs = calloc(count + 1, sizeof *graphs);
    merge->graphs = calloc(count + 1, sizeof *merge->graphs);
    if (graphs == NULL || merge->graphs == NULL) {
        free(graphs);
        return merge_no_memory(merge);
    }
    merge_own(merge, graphs);
    for (size_t i = 0; i < count; i++) {
        graphs[i] = merge->options->graphs[i];
    }
    if (count > 1) {
        qsort(graphs, count, sizeof *graphs, compare_graphs);
    }
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || strcmp(graphs[i - 1]->sha256, graphs[i]->sha256) != 0) {
            graphs[merge->graph_count] = graphs[i];
            merge->graphs[merge->graph_count++].graph = graphs[i];
        }
    }
    merge->merged.graphs = graphs;
    merge->merged.graph_count = merge->graph_count;
    return EW_OK;
}

/* What the documents are about, when it is one thing. */
static void take_subject(struct merge *merge)
{
    struct ew_merged *merged = &merge->merged;
    for (size_t i = 0; i < merge->window_count; i++) {
        const struct ew_evidence *evidence = merge->windows[i].evidence;
        if (i == 0) {
            merged->subject_kind = evidence->subject_kind;
            merged->subject_name = evidence->subject_name;
        } else if (merged->subject_kind == NULL
                   || strcmp(merged->subject_kind, evidence->subject_kind) != 0
                   || strcmp(merged->subject_name, evidence->subject_name) != 0) {
            merged->subject_kind = NULL;
            merged->subject_name = NULL;
        }
    }
}

static enum ew_status take_inputs(struct merge *merge)
{
    const struct ew_merge_options *options = merge->options;
    struct ew_merged *merged = &merge->merged;
    merged->as_of_100ns = options->as_of_100ns;
    merged->fresh_days = options->as_of_100ns != 0 ? options->fresh_days : 0;
    merge->windows = ew_window_set_windows(options->windows, &merge->window_count);
    merged->streams = ew_window_set_streams(options->windows, &merged->stream_count);
    if ((merge->windows == NULL && merge->window_count > 0)
        || (merged->streams == NULL && merged->stream_count > 0)) {
        return merge_no_memory(merge);
    }
    take_subject(merge);
    enum ew_status status = ew_window_set_digest(options->windows, merged->documents_digest);
    if (status != EW_OK) {
        return ew_fail(merge->error, status, "merge: SHA-256 is not available");
    }
    return take_graphs(merge);
}

/* --- freeing
 * ---------------------------------------------------------------------------------------- */

/* What is needed on the way only. */
static void free_work(struct merge *merge)
{
    for (size_t i = 0; i < merge->graph_count; i++) {
        ew_merge_static_free(&merge->graphs[i]);
    }
    ew_index_free(&merge->build_index);
    ew_index_free(&merge->function_index);
    ew_index_free(&merge->pair_index);
    void *const work[] = {merge->graphs,       merge->builds,        merge->functions,
                          merge->function_map, merge->module_map,    merge->first_function,
                          merge->first_module, merge->window_stream, merge->nodes,
                          merge->members,      merge->pairs,         merge->rows,
                          merge->pair_claims,  merge->first_edge,    merge->candidates};
    for (size_t i = 0; i < sizeof work / sizeof work[0]; i++) {
        free(work[i]);
    }
}

/* What becomes the result's; freed with it. */
static void own_tables(struct merge *merge)
{
    merge_own(merge, merge->result_nodes);
    merge_own(merge, merge->edges);
    merge_own(merge, merge->via);
    merge_own(merge, merge->claims);
    merge_own(merge, merge->observations);
    merge_own(merge, merge->conflicts);
    merge_own(merge, merge->ranges);
    merge_own(merge, merge->scopes);
}

void ew_merged_free(struct ew_merged *merged)
{
    struct merge *merge = (struct merge *)merged;
    if (merge == NULL) {
        return;
    }
    for (size_t i = 0; i < merge->owned_count; i++) {
        free(merge->owned[i]);
    }
    ew_arena_clear(&merge->arena);
    free(merge);
}

/* --- the steps
 * --------------------------------------------------------------------------------------- */

static enum ew_status run_steps(struct merge *merge)
{
    static enum ew_status (*const steps[])(struct merge *) = {
        take_inputs,
        ew_merge_runtime_collect,
        ew_merge_static_prepare,
        ew_merge_match_functions,
        ew_merge_nodes_join,
        ew_merge_observe_windows,
        ew_merge_claims_reach,
        ew_merge_classify_pairs,
        ew_merge_result_nodes,
        ew_merge_edges_join,
        ew_merge_entries_find,
        ew_merge_coverage_decide,
        ew_merge_closure_follow,
        ew_merge_report_functions,
        ew_merge_result_finish,
    };
    enum ew_status status = EW_OK;
    for (size_t i = 0; status == EW_OK && i < sizeof steps / sizeof steps[0]; i++) {
        status = steps[i](merge);
    }
    return status;
}

enum ew_status ew_merge(const struct ew_merge_options *options, struct ew_merged **merged_out,
                        struct ew_error *error)
{
    struct merge *merge = calloc(1, sizeof *merge);
    if (merge == NULL) {
        return ew_fail(error, EW_NO_MEMORY, "merge: no memory");
    }
    merge->options = options;
    merge->error = error;
    merge->arena.bytes_max = EW_MERGE_TEXT_BYTES_MAX;
    enum ew_status status = run_steps(merge);
    free_work(merge);
    own_tables(merge);
    if (status != EW_OK) {
        ew_merged_free(&merge->merged);
        return status;
    }
    *merged_out = &merge->merged;
    return EW_OK;
}
