/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Live collection: a capture through queues, model and aggregate to published evidence, with
 * the threads that takes. The service and `record` drive it with the same few calls.
 *
 *     capture threads ─▶ queues ─▶ aggregator thread ─▶ publisher thread
 *     the caller's thread: starts, ticks the capture, waits, stops
 */
#ifndef ETWITNESS_COLLECT_H
#define ETWITNESS_COLLECT_H

#include "etwitness/aggregate.h"
#include "etwitness/capture.h"
#include "etwitness/settings.h"

struct ew_collect;

/* What is worth an entry in the event log. Losses are told once when they begin and again
 * when they grew tenfold or a window later, never for each event. */
enum ew_notice {
    EW_NOTICE_STARTED, /* also tells when the system has no symbols to give */
    EW_NOTICE_STOPPED,
    EW_NOTICE_DOCUMENT,     /* one window of one scope was published */
    EW_NOTICE_RESUMED,      /* the last run ended without a stop; the gap is declared */
    EW_NOTICE_SESSION_LOST, /* a session died and is tried again */
    EW_NOTICE_SESSION_BACK,
    EW_NOTICE_EVENTS_LOST,    /* ETW had no free buffer, or lost buffers */
    EW_NOTICE_QUEUE_DROPPED,  /* our ring was full */
    EW_NOTICE_TABLES_FULL,    /* a table of model or aggregate refused */
    EW_NOTICE_PUBLISH_FAILED, /* a document could not be written; it is kept and tried again */
    EW_NOTICE_PUBLISH_BACK,
    EW_NOTICE_DOCUMENT_DROPPED, /* too many waited: history is lost, the gap is declared */
    EW_NOTICE_CLOCK_STEPPED,    /* the wall clock left the clock of the events */
    EW_NOTICE_STOP_DEADLINE,    /* the stop took too long: what was not drained is lost */
    EW_NOTICE_MERGE_FAILED,     /* with callgraphs; evidence is as good as ever */
    EW_NOTICE_MERGE_BACK,
    EW_NOTICE_COUNT,
};

/* Called on the thread of step() or of a stage; short and thread-safe. `text` is one
 * sentence. */
typedef void (*ew_notice_fn)(void *context, enum ew_notice notice, const char *text);

struct ew_collect_options {
    const struct ew_settings *settings; /* borrowed */
    struct ew_capture capture;          /* owned from a start that succeeded until close */
    ew_notice_fn on_notice;             /* may be NULL */
    void *context;
    uint64_t (*wall_clock)(void); /* FILETIME; NULL: the system's. For tests of clock steps */
};

/*
 * Opens the evidence directory, resumes its stream, starts the threads and then the capture.
 * Where symbols are wanted and the system has none (EW_UNSUPPORTED of ew_symbols_create()),
 * collection runs without, and EW_NOTICE_STARTED tells why.
 * On failure nothing runs and the capture is still the caller's.
 */
EW_MUST_USE enum ew_status ew_collect_start(const struct ew_collect_options *options,
                                            struct ew_collect **collect_out,
                                            struct ew_error *error);

/*
 * The control thread's part: ticks the capture, watches the clock, the duration and the
 * stop, for at most `wait_ms`. True when everything is done: drained, published, threads
 * ended.
 */
bool ew_collect_step(struct ew_collect *collect, unsigned wait_ms);

/* Asks for the end: what ETW has delivered is drained, the last window published. Any
 * thread; again is harmless. Makes step() return early. */
void ew_collect_request_stop(struct ew_collect *collect);

struct ew_collect_status {
    struct ew_capture_counts capture;
    struct ew_queue_counts queues[EW_CAPTURE_QUEUE_COUNT];
    uint64_t events;      /* taken out of the queues */
    uint64_t stacks;      /* aggregated */
    uint64_t edges;       /* distinct, of the windows closed so far */
    uint64_t windows;     /* closed */
    uint64_t documents;   /* published */
    uint64_t waiting;     /* documents that could not be published yet */
    uint64_t refused;     /* by tables of model and aggregate */
    uint64_t drain_steps; /* grows while a stop makes progress: what a checkpoint tells */
    bool stopping;
};

/* Any thread, between start and close. */
void ew_collect_status(const struct ew_collect *collect, struct ew_collect_status *status_out);

/*
 * Ends what still runs (abandoning the capture when step() has not returned true), closes
 * the capture and frees everything. EW_OK when all that was collected is published, else
 * what failed.
 */
EW_MUST_USE enum ew_status ew_collect_close(struct ew_collect *collect, struct ew_error *error);

/* --- callgraphs, before a collection ------------------------------------------------------- */

/* What a collection would make of one callgraph of its settings. */
struct ew_collect_graph {
    const char *path;        /* as configured; valid during the call */
    struct ew_error refusal; /* EW_OK: it would be merged with */
    uint64_t byte_count;     /* the numbers are 0 for a file that cannot be read */
    uint64_t nodes;
    uint64_t edges;
    uint64_t dangling;  /* references to nodes that it does not list */
    bool presence_only; /* says which nodes exist, not who calls whom */
};

typedef void (*ew_collect_graph_fn)(void *context, const struct ew_collect_graph *graph);

/*
 * Reads the callgraphs of `settings` in their order, with the maxima of a collection that
 * starts, and tells each. One at a time is in memory; nothing is written.
 */
void ew_collect_examine_graphs(const struct ew_settings *settings, ew_collect_graph_fn each,
                               void *context);

#endif
