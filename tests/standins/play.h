/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The player: each consumer's ProcessTrace reads the recording for itself and delivers its
 * session's part; a common clock keeps them in step, within 100 ms of recorded time.
 */
#ifndef ETWSIM_PLAY_H
#define ETWSIM_PLAY_H

#include "consumer.h"

/* All that ProcessTrace does: returns what it answers. */
ULONG play_run(struct consumer *consumer);

/* Tells a consumer what its session's log header is; `recording` may be NULL. Lock held. */
void play_fill_header(struct ew_recording *recording, TRACE_LOGFILE_HEADER *header_out);

/* Lock held: consumers that wait look again. */
void play_wake(void);

/* Lock held: nothing has been played. */
void play_forget(void);

#endif
