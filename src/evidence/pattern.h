/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The regular expressions of our schemas: anchors, literals, escapes, '.', classes with
 * ranges, and the quantifiers ? * + {n} {m,n}. No groups, no alternatives.
 */
#ifndef EW_EVIDENCE_PATTERN_H
#define EW_EVIDENCE_PATTERN_H

#include "etwitness/status.h"

#include <stdbool.h>

/* Text longer than this never matches; the patterns are of ids and times. */
enum { PATTERN_TEXT_BYTES_MAX = 4096, PATTERN_REPEAT_MAX = 1000 };

/*
 * Tells whether `text` matches. Time is bounded by pattern length times text length times
 * the largest repeat; there is no recursion and no backtracking.
 *
 * EW_OK           `*matches_out` is the answer
 * EW_UNSUPPORTED  the pattern uses other syntax
 */
EW_MUST_USE enum ew_status pattern_match(const char *pattern, const char *text,
                                         bool *matches_out);

#endif
