/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A live collection's parts, each with its thread:
 *
 *     collect.c             the contract and the control thread: ticks, the stop
 *     collect_watch.c       control thread: what is worth a notice
 *     collect_aggregator.c  aggregator thread: queues into model, aggregate and windows
 *     collect_documents.c   aggregator thread: windows into documents in memory
 *     outbox.c              documents on their way from aggregator to publisher
 *     collect_publisher.c   publisher thread: documents into the directory, symbols
 *     collect_merger.c      merger thread: when to merge with callgraphs, and what of it is told
 *     collect_merge.c       merger thread: documents and the merge
 *     collect_graphs.c      merger thread: callgraphs, read again when they change
 *
 * The mutex guards `shared` and the outbox. Everything else belongs to the thread that its
 * group names, or does not change between start and close.
 */
#ifndef EW_PIPELINE_COLLECT_INTERNAL_H
#define EW_PIPELINE_COLLECT_INTERNAL_H

#include "etwitness/collect.h"
#include "etwitness/symbols.h"
#include "pipeline/collect_merge.h"
#include "pipeline/filters.h"
#include "pipeline/identity.h"
#include "pipeline/install.h"
#include "pipeline/losses.h"
#include "pipeline/merge.h"
#include "pipeline/outbox.h"
#include "pipeline/streams.h"
#include "pipeline/windows.h"
#include "platform/thread.h"

/* What several threads look at, under the mutex. */
struct collect_shared {
    struct ew_collect_status status;
    struct ew_capture_gap gaps[EW_GAPS_MAX]; /* not yet in a document */
    size_t gap_count;
    uint64_t restart_100ns; /* a session began again then, and the model was not told; or 0 */
    bool stop_requested;
    bool hurry;   /* the stop takes too long: what is not drained is dropped */
    bool give_up; /* the stop's time is over: what cannot be written stays unwritten */
    bool aggregator_done;
    bool publisher_done;
    struct ew_error failure; /* the first thing that could not be made good */
};

/* The aggregator thread's own. */
struct collect_aggregator {
    struct merge merge;
    struct ew_fragments *fragments;
    struct ew_model *model; /* NULL until the first event has come */
    struct ew_aggregate *aggregate;
    struct windows windows;
    struct streams streams;
    struct ew_decode_counts decode;
    struct ew_evidence_quality losses_before; /* sums when the last window was closed */
    struct ew_evidence_quality losses_now;
    uint64_t window_told; /* whose losses and gaps were fetched; windows.closed + 1 */
    struct ew_capture_gap gaps[EW_GAPS_MAX]; /* of the window that is being closed */
    size_t gap_count;
    uint64_t restart_100ns; /* the model is told at the first event from then on; or 0 */
    uint64_t dropped;       /* events given up at the stop's deadline */
    uint64_t idle_since_ns;
    uint64_t idle_100ns; /* event time when the queues ran empty */
    uint64_t events_unchecked;
    struct ew_error error;
};

/* The publisher thread's own: streams that have a document of this run. */
struct published_streams {
    char (*ids)[EW_STREAM_ID_BYTES];
    size_t count;
    size_t capacity;
};

/* The control thread's own. */
struct collect_control {
    uint64_t started_ns;
    uint64_t ticked_ns;
    uint64_t stop_began_ns; /* 0: no stop yet */
    uint64_t wall_100ns;    /* wall clock ... */
    uint64_t wall_ns;       /* ... at this time of the monotonic one */
    struct ew_capture_counts seen;
    uint64_t dropped_told;
    uint64_t lost_told;
    uint64_t refused_told;
    bool stopped_capture;
    bool abandoned;
};

struct ew_collect {
    struct ew_collect_options options;
    struct ew_replay_filters filters;
    struct install install;
    struct ew_capture_host host;
    char config_digest[72];
    char os_build[48];
    struct ew_queue *queues[EW_CAPTURE_QUEUE_COUNT];
    struct ew_symbols *symbols;                /* NULL: none */
    char without_symbols[EW_ERROR_TEXT_BYTES]; /* why there are none though wanted, or "" */

    struct ew_mutex *mutex;
    struct ew_condition *changed; /* for the control thread and who waits for symbols */
    struct ew_condition *work;    /* for the publisher */
    struct collect_shared shared;
    struct outbox outbox;

    /* The store's documents are the publisher's; the aggregator looks up streams in it. */
    struct ew_mutex *store_mutex;
    struct ew_publisher *store;
    struct published_streams published;
    struct collect_merger *merger; /* NULL: no callgraphs */

    struct ew_thread *aggregator_thread;
    struct ew_thread *publisher_thread;
    struct collect_aggregator aggregator;
    struct collect_control control;
};

/* Tells a notice, if somebody listens. Any thread; not with the mutex held. */
void collect_tell(struct ew_collect *collect, enum ew_notice notice, const char *format, ...)
    EW_PRINTF(3, 4);

/* Keeps the first failure for close(). Not with the mutex held. */
void collect_failed(struct ew_collect *collect, const struct ew_error *error);

/* Whether the time for draining is over, and then that for writing. */
bool collect_hurries(struct ew_collect *collect);
bool collect_gives_up(struct ew_collect *collect);

/* Thread functions; `context` is the collection. */
void collect_aggregate(void *context);
void collect_publish(void *context);

/* An ew_aggregate_emit_fn: one document of a window that is being closed. */
enum ew_status collect_document(void *context, struct ew_evidence *evidence,
                                struct ew_error *error);

/* Looks at sessions, losses, drops, full tables and the clock; tells what is new. `said` is
 * what the capture's tick had to say, "" for nothing. */
void collect_watch(struct ew_collect *collect, const char *said, uint64_t now_ns);

/* Remembers the wall clock as of now. */
void collect_watch_start(struct ew_collect *collect, uint64_t now_ns);

#endif
