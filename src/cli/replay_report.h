/* SPDX-License-Identifier: Apache-2.0 */
/* What `replay` tells: a summary for people, and its statistics as JSON. */
#ifndef EW_CLI_REPLAY_REPORT_H
#define EW_CLI_REPLAY_REPORT_H

#include "etwitness/pipeline.h"

#include <stdio.h>

/* One published document: a line, and its most observed calls by name. */
void replay_report_document(FILE *out, const struct ew_evidence *evidence,
                            const struct ew_published *published);

/* The whole replay: what was read, what became of it, what is missing and why. */
void replay_report_summary(FILE *out, const struct ew_replay_result *result);

struct ew_replay_cost {
    uint64_t wall_ns;
    uint64_t cpu_ns;
    uint64_t peak_memory_bytes;
};

/* `--stats`: one JSON object. */
EW_MUST_USE enum ew_status replay_report_stats(const char *path,
                                               const struct ew_replay_result *result,
                                               const struct ew_replay_cost *cost,
                                               struct ew_error *error);

#endif
