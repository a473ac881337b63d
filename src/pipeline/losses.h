/* SPDX-License-Identifier: Apache-2.0 */
/* What the stages lost, refused or could not tell, as a document's quality shows it. */
#ifndef EW_PIPELINE_LOSSES_H
#define EW_PIPELINE_LOSSES_H

#include "etwitness/decode.h"
#include "etwitness/evidence.h"
#include "etwitness/model.h"

/* The sums so far. Members that only the aggregate or the source of events knows are 0. */
void losses_of(const struct ew_model_counts *model, const struct ew_decode_counts *decode,
               struct ew_evidence_quality *sums_out);

/* Puts what was lost between two sums into a window's quality. */
void losses_put(const struct ew_evidence_quality *before, const struct ew_evidence_quality *now,
                struct ew_evidence_quality *quality);

#endif
