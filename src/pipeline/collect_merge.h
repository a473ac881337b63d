/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The merge that a running collection publishes beside its evidence: static callgraphs joined
 * with the documents of this run and those before it that still fit. On the publisher's thread.
 */
#ifndef EW_PIPELINE_COLLECT_MERGE_H
#define EW_PIPELINE_COLLECT_MERGE_H

#include "etwitness/settings.h"

struct collect_merge;

/*
 * Reads the callgraphs of the settings; `*merge_out` is NULL when there are none. What
 * ew_graph_load() fails with.
 */
EW_MUST_USE enum ew_status collect_merge_open(const struct ew_settings *settings,
                                              struct collect_merge **merge_out,
                                              struct ew_error *error);
void collect_merge_close(struct collect_merge *merge); /* NULL is allowed */

/* Adds a document that was published under `file_name`. NULL is allowed for `merge`. */
EW_MUST_USE enum ew_status collect_merge_add(struct collect_merge *merge, const char *file_name,
                                             const char *bytes, size_t byte_count,
                                             struct ew_error *error);

/* Merges and puts `merged/reach-merge.json` in the place of the one before, when there are new
 * documents: a reader sees the old or the new one. NULL is allowed. */
EW_MUST_USE enum ew_status collect_merge_publish(struct collect_merge *merge,
                                                 struct ew_error *error);

#endif
