/* SPDX-License-Identifier: Apache-2.0 */
/* Reading of recordings made in memory, with the checks that every test would repeat. */
#ifndef EW_TESTS_ETL_READER_READING_H
#define EW_TESTS_ETL_READER_READING_H

#include "etwitness/recording.h"
#include "support/etl_bytes.h"

/* One for every test: too large for a stack. */
extern struct etl_bytes etl;

/* Opens; the bytes must live until the close. */
enum ew_status reading_try(const struct etl_bytes *bytes, enum ew_order order,
                           struct ew_recording **recording_out, struct ew_error *error);
struct ew_recording *reading_open(const struct etl_bytes *bytes, enum ew_order order);

/* The next event, which must be there; or the end, which must be reached. */
struct ew_event reading_next(struct ew_recording *recording);
void reading_end(struct ew_recording *recording);

/* Opens `etl` in the order of the file and goes past the header event. */
struct ew_recording *reading_first(void);

/* The end, nothing was damaged, closes. */
void reading_end_whole(struct ew_recording *recording);

/* The end after damage; closes. */
void reading_end_damaged(struct ew_recording *recording, uint64_t buffers, const char *reason);

#endif
