/* SPDX-License-Identifier: Apache-2.0 */
/* A set as text: everything that its readers can see of it, so that two can be compared. */
#ifndef EW_TESTS_SET_DUMP_H
#define EW_TESTS_SET_DUMP_H

#include "etwitness/window_set.h"

#include <check.h>

enum { DUMP_BYTES = 64 * 1024 };

/* As ck_assert(), which tells the parent of each one that holds: too dear for inner loops. */
#define MUST(condition)                     \
    do {                                    \
        if (!(condition)) {                 \
            ck_abort_msg("%s", #condition); \
        }                                   \
    } while (0)

struct dump {
    size_t bytes;
    char text[DUMP_BYTES];
};

/* Counts, streams, digest, the windows that count, and what they say together. */
void dump_set(struct ew_window_set *set, struct dump *out);

/* Only what the windows say together: hits by function, source and edge. */
void dump_fold(struct ew_window_set *set, struct dump *out);

#endif
