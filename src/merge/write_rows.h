/* SPDX-License-Identifier: Apache-2.0 */
/* The long tables of `reach-merge/1`: what most of its bytes are. */
#ifndef EW_MERGE_WRITE_ROWS_H
#define EW_MERGE_WRITE_ROWS_H

#include "base/json_writer.h"
#include "etwitness/merge.h"

/* The value of "edges". */
void ew_merge_write_edges(struct ew_json_writer *writer, const struct ew_merged *merged);

/* Member "provenance" of an object that is being written; nothing when there is none. */
struct provenance {
    uint32_t first_observation;
    uint32_t observation_count;
    uint32_t first_claim;
    uint32_t claim_count;
};
void ew_merge_write_provenance(struct ew_json_writer *writer, const struct ew_merged *merged,
                               const struct provenance *provenance);

#endif
