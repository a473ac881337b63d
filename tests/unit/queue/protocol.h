/* SPDX-License-Identifier: Apache-2.0 */
/* What the model of the ring's protocol and the search through its states share. */
#ifndef EW_TESTS_QUEUE_PROTOCOL_H
#define EW_TESTS_QUEUE_PROTOCOL_H

#include "unit/queue/explorer.h"

enum { PUBLISHED, COMMITTED, RELEASED, WORDS };
enum { PRODUCER, CONSUMER, THREADS };
enum { STORES_MAX = 8 };

/* Everything is bytes, so that equal states have equal bytes. */
struct view {
    uint8_t stores[WORDS]; /* the oldest store that can still be seen */
    uint8_t writes[CELLS_MAX];
    uint8_t reads[CELLS_MAX];
};

struct store {
    uint8_t value;
    struct view view; /* zero for a relaxed one */
};

struct cell {
    uint8_t record; /* number of the put, from 1 */
    uint8_t size;   /* of the record, in its first cell */
};

struct producer_state {
    uint8_t step;
    uint8_t put;       /* from 0 */
    uint8_t phase;     /* of the put, in put_order() */
    uint8_t copied;    /* cells of this record */
    uint8_t committed; /* own words, which it need not load */
    uint8_t end;
    uint8_t published;
    uint8_t released; /* as last seen */
    uint8_t batch;    /* records committed since the last publish */
    uint8_t due;      /* the batch ends with this record */
    uint8_t accepted; /* a bit for each put that was not dropped */
};

struct consumer_state {
    uint8_t step;
    uint8_t position;
    uint8_t limit;
    uint8_t size;     /* of the record being read */
    uint8_t read;     /* cells of it */
    uint8_t record;   /* its number */
    uint8_t given;    /* position last given back */
    uint8_t taken;    /* a bit for each put that came */
    uint8_t released; /* of this record, by a mutant, before it was read */
};

struct state {
    struct store stores[WORDS][STORES_MAX];
    uint8_t store_counts[WORDS];
    struct view views[THREADS];
    struct cell cells[CELLS_MAX];
    struct producer_state producer;
    struct consumer_state consumer;
};

struct protocol {
    const struct scenario *scenario;
    enum mutation mutation;
    struct exploration result;
};

/* The state before anything has happened. */
void protocol_begin(struct state *state_out);

/*
 * What a thread may do next, by number; false when there is no such choice, and then `state`
 * is of no use. Choices need not be without gaps. Violations and late loads are noted in the
 * result.
 */
bool protocol_step(struct protocol *protocol, struct state *state, size_t thread, size_t choice);

/* Nothing changes any more, whatever is done: checks that everything accepted has come. */
void protocol_end(struct protocol *protocol, const struct state *state);

/* Choices are below this. */
enum { CHOICES_MAX = 3 * STORES_MAX };

#endif
