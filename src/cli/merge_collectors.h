/* SPDX-License-Identifier: Apache-2.0 */
/* What a merge tells of the collectors behind its windows, and of files that it did not read. */
#ifndef EW_CLI_MERGE_COLLECTORS_H
#define EW_CLI_MERGE_COLLECTORS_H

#include "etwitness/window_set.h"

#include <stdio.h>

/*
 * When each collector was last heard of, as its head tells, those first that lack something; and
 * documents that are compressed, heads that are not valid. Nothing where there are no heads.
 *
 * as_of_100ns  FILETIME from which silence is judged; 0: it is not
 */
void merge_report_collectors(FILE *out, struct ew_window_set *windows, uint64_t as_of_100ns);

/* Documents are missing at the end of a stream, replaced there, or not read. */
bool merge_report_lacks_documents(struct ew_window_set *windows);

#endif
