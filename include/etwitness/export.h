/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was merged and observed, in formats of others (reference evidence.md 8). Each is a
 * projection that leaves things out; none of them ever says that something is not affected
 * (reference evidence.md 6.5).
 */
#ifndef ETWITNESS_EXPORT_H
#define ETWITNESS_EXPORT_H

#include "etwitness/merge.h"

enum ew_export_format {
    EW_EXPORT_FOLDED,           /* root;...;leaf hits */
    EW_EXPORT_SPEEDSCOPE,       /* speedscope's file format */
    EW_EXPORT_CYCLONEDX,        /* CycloneDX 1.7 */
    EW_EXPORT_CYCLONEDX_1_6,    /* CycloneDX 1.6 */
    EW_EXPORT_SARIF,            /* SARIF 2.1.0 */
    EW_EXPORT_STELLA_FACTS,     /* runtime facts of StellaOps, NDJSON */
    EW_EXPORT_STELLA_CALLGRAPH, /* stella.callgraph.v1 */
    EW_EXPORT_DOT,              /* Graphviz */
    EW_EXPORT_FORMAT_COUNT,
};

/* "folded", "speedscope", "cyclonedx", "cyclonedx-1.6", ...; never NULL. */
const char *ew_export_format_name(enum ew_export_format format);

/* False when there is no format of that name. */
bool ew_export_format_parse(const char *name, enum ew_export_format *format_out);

struct ew_ledger;

struct ew_export_options {
    enum ew_export_format format;
    const char *producer_version;    /* of this program */
    const struct ew_merged *merged;  /* NULL: none; needed by SARIF, callgraphs and DOT */
    const struct ew_window *windows; /* those that count, by stream and number, as
                                        ew_window_set_windows() gives them; needed by folded
                                        stacks, speedscope and facts */
    size_t window_count;
    const struct ew_ledger *ledger; /* of facts only: windows in it are left out; NULL: none */
};

/* What was written, and what was left out and why. */
struct ew_export_counts {
    uint64_t rows;            /* stacks, components, results, lines, nodes */
    uint64_t windows;         /* of facts: told for the first time */
    uint64_t windows_sent;    /* of facts: the ledger has them */
    uint64_t windows_open;    /* of facts: not sealed, so a revision may come */
    uint64_t windows_partly;  /* of facts: roll-ups of which the ledger has a part */
    uint64_t functions_no_id; /* of facts: unresolved or dynamic, nothing to tell them by */
    uint64_t cut;             /* occurrences; of SARIF results, witnesses, observed nodes and
                                 edges: beyond the limits */
};

/*
 * Writes one document. The same input gives the same bytes on every machine.
 *
 * EW_USAGE  the format needs what was not given
 * EW_LIMIT  more functions, stacks or frames than limits.h allows
 * EW_IO     the sink answered false
 */
EW_MUST_USE enum ew_status ew_export_write(const struct ew_export_options *options,
                                           ew_evidence_sink_fn sink, void *context,
                                           struct ew_export_counts *counts_out,
                                           struct ew_error *error);

/* --- the ledger ------------------------------------------------------------- */

/*
 * A server that sums hits must never be sent a line twice, whoever is cut off and when. The
 * ledger remembers which windows were told: a folder with one small document a batch, numbered
 * without a gap. A batch is staged beside its file, `OUT.<chance>.part`, and flushed; then its
 * record appears in the ledger under the next number, or not at all when another export took
 * that number; then the part becomes `OUT`. Before the record nothing was told; after it the
 * batch belongs to `OUT`, and whoever opens the ledger next finishes the last step.
 */

/*
 * Opens or makes a ledger, and finishes its last batch. The caller closes it; NULL is allowed
 * there.
 *
 * EW_FORMAT  a record is none, or its number is missing · EW_LIMIT, EW_IO, EW_NO_MEMORY
 */
EW_MUST_USE enum ew_status ew_ledger_open(const char *directory, struct ew_ledger **ledger_out,
                                          struct ew_error *error);
void ew_ledger_close(struct ew_ledger *ledger);

/* Batches so far, and whether opening it had to finish the last one. */
uint64_t ew_ledger_batches(const struct ew_ledger *ledger);
bool ew_ledger_recovered(const struct ew_ledger *ledger);

/* How many numbers of `from` .. `to` of a stream were told. */
uint64_t ew_ledger_told(const struct ew_ledger *ledger, const char *stream_id, uint64_t from,
                        uint64_t to);

/*
 * Writes what the ledger has not as one batch into the file `out`, which must not be there.
 * Without anything to tell, nothing is made: `counts_out->rows` is 0.
 *
 * EW_EXISTS  `out` is there, or another export took the number: nothing was told
 */
EW_MUST_USE enum ew_status ew_ledger_export(struct ew_ledger *ledger,
                                            const struct ew_export_options *options,
                                            const char *out, struct ew_export_counts *counts_out,
                                            struct ew_error *error);

#endif
