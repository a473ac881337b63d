/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Roll-ups of a directory:
 *
 *     roll_directory.c  ranges of streams, one after the other
 *     roll_remove.c     what lies in a roll-up that is published
 *     contains.c        whether a roll-up says what its documents say
 */
#ifndef EW_WINDOWS_ROLL_H
#define EW_WINDOWS_ROLL_H

#include "windows/set.h"

enum { ROLL_PATH_BYTES = 4096 };

/* One run over a directory. */
struct rolling {
    const struct ew_roll_up_options *options;
    struct ew_folder *folder;
    struct ew_roll_up_report report;
    uint64_t done; /* documents that were looked at */
    struct ew_error *error;
};

/* Counts what became of a range, and tells it. `text` may be NULL. */
void ew_rolling_tell(struct rolling *rolling, enum ew_roll_up_outcome outcome,
                     const struct ew_roll_up_range *range, const char *text);

/* Notes that so many more listed documents were looked at. */
void ew_rolling_advance(struct rolling *rolling, size_t documents);

/* Adds a listed document to a set: one that is not valid is counted there, one that is gone is
 * not there. */
EW_MUST_USE enum ew_status ew_rolling_add(struct rolling *rolling, struct ew_window_set *set,
                                          const struct ew_folder_document *document,
                                          struct ew_error *error);

/* True for a status that is about one range only: the others go on. */
bool ew_rolling_goes_on(enum ew_status status);

/* What makes the documents of a set unfit to be replaced by what they say together; "" when
 * nothing does. */
void ew_rolling_doubts(struct ew_window_set *set, char text_out[EW_ERROR_TEXT_BYTES]);

/* Removes what lies in the roll-ups of a stream, whose listed documents are given. */
EW_MUST_USE enum ew_status ew_rolling_remove(struct rolling *rolling, size_t first, size_t count);

/* NULL when both documents are about the same, else in what they differ. */
const char *ew_roll_up_difference(const struct ew_evidence *a, const struct ew_evidence *b);

/* True when `rolled` has each row of the documents, in sum at least as often. EW_NO_MEMORY,
 * EW_LIMIT. */
EW_MUST_USE enum ew_status ew_roll_up_contains(const struct ew_evidence *rolled,
                                               const struct ew_window *windows,
                                               size_t window_count, bool *contains_out);

#endif
