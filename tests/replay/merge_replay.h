/* SPDX-License-Identifier: Apache-2.0 */
/* A recording replayed into documents in memory, and merged with a graph. */
#ifndef EW_TESTS_MERGE_REPLAY_H
#define EW_TESTS_MERGE_REPLAY_H

#include "etwitness/merge.h"
#include "etwitness/pipeline.h"

/* Documents of a replay as canonical bytes; freed with merge_replay_forget(). */
void merge_replay_run(const struct ew_replay_options *options);
void merge_replay_forget(void);
size_t merge_replay_documents(void);

/* Merges the documents of these positions, in that order, with a graph's file. */
const struct ew_merged *merge_replay_merge(const size_t *order, size_t count, const char *graph,
                                           bool ask_unobserved);
/* All of them, in their order. */
const struct ew_merged *merge_replay_merge_all(const char *graph);

/* The merged document; valid until the next merge. */
const char *merge_replay_document(size_t *byte_count_out);

/* By the producer's id; they fail the test when there is none. */
const struct ew_reach_node *merge_replay_node(const char *id);
const struct ew_reach_edge *merge_replay_edge(const char *from, const char *to);
/* By name, of no graph, too; NULL when there is none. */
const struct ew_reach_node *merge_replay_named(const char *name);
/* Hits in samples, all streams. */
uint64_t merge_replay_samples(const struct ew_reach_edge *edge);
size_t merge_replay_conflicts(enum ew_conflict conflict);
const struct ew_reach_conflict *merge_replay_conflict(enum ew_conflict conflict);

#endif
