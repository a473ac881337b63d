/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What other collectors observed on Linux, as window documents: folded stacks (bcc, bpftrace,
 * perf script, collapsed) and runtime facts (NDJSON). Their names are weak identities: all
 * functions are of the resolution `symbol`, told by module and name.
 */
#ifndef ETWITNESS_IMPORT_H
#define ETWITNESS_IMPORT_H

#include "etwitness/evidence.h"

enum ew_import_format {
    EW_IMPORT_FOLDED, /* "process;root;...;leaf COUNT" a line */
    EW_IMPORT_FACTS,  /* {"symbolId": ..., "hitCount": ..., ...} a line */
};

struct ew_import_options {
    enum ew_import_format format;
    const char *name;      /* of the input, for messages */
    const char *host_id;   /* NULL: "import" */
    const char *arch;      /* NULL: "amd64" */
    const char *subject;   /* an application's name; NULL: the host, or the container */
    const char *container; /* of everything, unless facts tell another; NULL: the host */

    /* 32 hex digits and a number above 0; NULL and 0: a stream of its own with one document,
     * whose id is made of all that is imported. */
    const char *stream_id;
    uint64_t sequence;

    /* The window. Facts that tell their times need none (both 0). */
    uint64_t start_100ns;
    uint64_t end_100ns;

    uint64_t period_ns;    /* between samples; 0: not known */
    bool events;           /* counts are of events, not of samples */
    bool root_is_function; /* folded: the first name of a line is no process */
};

struct ew_import_counts {
    uint64_t lines;
    uint64_t stacks;  /* or hits of facts, that were taken over */
    uint64_t unknown; /* frames without a name, each as often as it was there */
    uint64_t documents;
    uint64_t dropped; /* stacks and paths that found no room */
};

/* Receives one document; its tables live until it returns. */
typedef enum ew_status (*ew_import_emit_fn)(void *context, const struct ew_evidence *evidence,
                                            struct ew_error *error);

/*
 * Imports an input in memory: one document, or, when facts tell of several containers, one for
 * each, the host first.
 *
 * EW_FORMAT  a line is none; the error names it
 * EW_USAGE   the window is missing, or not after its start; an option makes no valid document
 * EW_LIMIT, EW_NO_MEMORY, and what `emit` answered
 */
EW_MUST_USE enum ew_status ew_import(const struct ew_import_options *options, const char *bytes,
                                     size_t byte_count, ew_import_emit_fn emit, void *context,
                                     struct ew_import_counts *counts_out, struct ew_error *error);

#endif
