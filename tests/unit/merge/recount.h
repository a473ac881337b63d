/* SPDX-License-Identifier: Apache-2.0 */
/* What documents say of functions, counted once more and as plainly as can be. */
#ifndef EW_TESTS_RECOUNT_H
#define EW_TESTS_RECOUNT_H

#include "etwitness/merge.h"

/* Fails the test when observations of functions and calls that no graph knows are not what the
 * documents of the set add up to. Returns how many rows were compared. */
size_t must_recount(const struct ew_merged *merged, struct ew_window_set *set);

#endif
