/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence that the tests of this stage share: the smallest and one with everything. */
#ifndef EW_TESTS_SAMPLE_EVIDENCE_H
#define EW_TESTS_SAMPLE_EVIDENCE_H

#include "etwitness/evidence.h"

/* 2026-08-26T00:00:00Z: the start of the sample windows. */
#define EW_SAMPLE_START UINT64_C(134321760000000000)

/* The least that the writer accepts: one source, no observation. */
struct ew_evidence ew_sample_minimal(void);

/* Every member that a document can have, every spelling of every enumeration. */
struct ew_evidence ew_sample_maximal(void);

#endif
