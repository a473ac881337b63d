/* SPDX-License-Identifier: Apache-2.0 */
/* The summary of a merge for people. */
#ifndef EW_CLI_MERGE_REPORT_H
#define EW_CLI_MERGE_REPORT_H

#include "etwitness/merge.h"

#include <stdio.h>

/* How many windows, streams, hosts and graphs, and what is missing or in doubt among them. */
void merge_report_inputs(FILE *out, const struct ew_merged *merged);

/* What was confirmed, contradicted, not seen, and where entry points are missing. */
void merge_report_summary(FILE *out, const struct ew_merged *merged);

/* Files of folders that are no valid documents, if there were any, and why the first is none. */
void merge_report_refusals(FILE *out, uint64_t refused, const char *first);

/* What cannot be done with a merged document of that size, and what to do instead: one sentence,
 * cut at `capacity`. False when all can be done. */
bool merge_report_size(const char *path, uint64_t bytes, char *text_out, size_t capacity);

/* Windows are missing, or documents of a stream contradict one another. */
bool merge_report_is_incomplete(const struct ew_merged *merged);

#endif
