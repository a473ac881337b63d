/* SPDX-License-Identifier: Apache-2.0 */
/* The common clock of all consumers of this process: when playback begins, and how far each
 * may go. */
#ifndef ETWSIM_CLOCK_H
#define ETWSIM_CLOCK_H

#include "consumer.h"

enum clock_answer {
    CLOCK_GO,        /* the event is due */
    CLOCK_STOPPED,   /* the session has ended and all before its end was delivered */
    CLOCK_CLOSED,    /* CloseTrace was called */
    CLOCK_CANCELLED, /* the buffer callback wants no more */
};

/* Ends the consumer's buffer and calls its buffer callback; false when that wants no more. */
typedef bool (*clock_flush_fn)(struct consumer *consumer);

/*
 * Waits until playback begins and says from which recorded time on this consumer gets events:
 * one that comes later joins the others. CLOCK_GO, _STOPPED or _CLOSED.
 */
enum clock_answer clock_begin(struct consumer *consumer, uint64_t *from_out);

/* Waits until the event at `time_100ns`, which is the consumer's next, is due. */
enum clock_answer clock_wait(struct consumer *consumer, uint64_t time_100ns,
                             clock_flush_fn flush);

/* The recording is over: waits for the end of the session. Never CLOCK_GO. */
enum clock_answer clock_rest(struct consumer *consumer, clock_flush_fn flush);

/* The consumer no longer takes part. */
void clock_leave(struct consumer *consumer);

/* Lock held. */
void clock_wake(void);
void clock_forget(void);

#endif
