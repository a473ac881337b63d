/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The merge that a running collection publishes beside its evidence: static callgraphs joined
 * with the newest documents of the directory, of this run and of those before it. It can take
 * longer than a window, so it has a thread of its own, which nothing waits for but the end of a
 * stop: evidence is never later for it.
 *
 *     publisher thread ── names of documents ──▶ merger thread ──▶ merged/reach-merge.json
 */
#ifndef EW_PIPELINE_COLLECT_MERGE_H
#define EW_PIPELINE_COLLECT_MERGE_H

#include "etwitness/collect.h"
#include "etwitness/settings.h"

/* --- collect_merge.c: the documents and the merge; for one thread ---------------------- */

struct collect_merge;

/* Reads nothing yet, and keeps nothing of `settings`. EW_NO_MEMORY, EW_LIMIT. */
EW_MUST_USE enum ew_status collect_merge_create(const struct ew_settings *settings,
                                                struct collect_merge **merge_out,
                                                struct ew_error *error);
void collect_merge_destroy(struct collect_merge *merge); /* NULL is allowed */

/* Adds the newest documents that are in the directory already. Those that are not valid are
 * left out. */
EW_MUST_USE enum ew_status collect_merge_add_earlier(struct collect_merge *merge,
                                                     struct ew_error *error);

/* Adds a published document by its name; one that is gone again is no failure. */
EW_MUST_USE enum ew_status collect_merge_add(struct collect_merge *merge, const char *file_name,
                                             size_t byte_count, struct ew_error *error);

/* Asked while the result is written: true ends that. */
typedef bool (*collect_merge_cancelled_fn)(void *context);

/*
 * Reads callgraphs that are new or were changed, merges, and puts `merged/reach-merge.json` in
 * the place of the one before, when there is something new: a reader sees the old or the new
 * one. A callgraph that cannot be read stays what it was, and is the failure in the end; when
 * it was never read there is no merge.
 */
EW_MUST_USE enum ew_status collect_merge_publish(struct collect_merge *merge,
                                                 collect_merge_cancelled_fn cancelled,
                                                 void *context, struct ew_error *error);

/* The size of the merge that was published last, by this run; 0: there is none. */
uint64_t collect_merge_published_bytes(const struct collect_merge *merge);

/* --- collect_merger.c: its thread -------------------------------------------------------- */

struct collect_merger;

struct collect_merger_options {
    const struct ew_settings *settings;   /* borrowed until the end */
    ew_notice_fn on_notice;               /* may be NULL */
    collect_merge_cancelled_fn cancelled; /* true: the stop's time is over */
    void *context;                        /* of both */
    uint64_t bytes_told; /* a larger merge is told; 0: EW_DOCUMENT_BYTES_MAX. For tests */
};

/* `*merger_out` is NULL when the settings name no callgraphs. Nothing runs yet. */
EW_MUST_USE enum ew_status collect_merger_create(const struct collect_merger_options *options,
                                                 struct collect_merger **merger_out,
                                                 struct ew_error *error);

/* The functions below take NULL, and but for the last are for the publisher's thread. */

/* Merges what earlier runs left, then whenever it is asked. A thread that cannot be had is
 * told, and there is no merge. */
void collect_merger_start(struct collect_merger *merger);

/* A document was published. */
void collect_merger_add(struct collect_merger *merger, const char *file_name, size_t byte_count);

/* All documents of a window were added: it is time to merge. */
void collect_merger_wake(struct collect_merger *merger);

/* Merges a last time when there is something new and the stop's time allows; else the next
 * run does. A merge that is under way is waited for. */
void collect_merger_end(struct collect_merger *merger);

/* After the end, or instead of a start. */
void collect_merger_destroy(struct collect_merger *merger);

#endif
