/* SPDX-License-Identifier: Apache-2.0 */
/* Edges of a merged result, written by jansson, record by record. */
#ifndef EW_BENCH_MERGE_JANSSON_H
#define EW_BENCH_MERGE_JANSSON_H

#include "etwitness/merge.h"

/* Adds the bytes of all records, without what is between them. False without memory. */
bool bench_jansson_edges(const struct ew_merged *merged, uint64_t *bytes_out);

#endif
