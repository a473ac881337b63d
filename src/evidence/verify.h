/* SPDX-License-Identifier: Apache-2.0 */
/* The contract of the evidence tables, checked before a byte is written. */
#ifndef EW_EVIDENCE_VERIFY_H
#define EW_EVIDENCE_VERIFY_H

#include "etwitness/evidence.h"

/*
 * Checks all that `etwitness check` would check of the document: order and uniqueness
 * of the tables, indexes, numbers, times, spelling of identities.
 *
 * EW_OK      what is written from it is a valid document
 * EW_FORMAT  it is not; the error names table and row ("edges[3]: ...")
 */
EW_MUST_USE enum ew_status ew_evidence_verify(const struct ew_evidence *evidence,
                                              struct ew_error *error);

/*
 * Order of paths: by frames, the shorter first where one begins the other, then
 * incomplete before complete, then by source. Below, equal or above zero.
 */
int ew_evidence_compare_paths(const struct ew_evidence_path *a, const struct ew_evidence_path *b);

#endif
