/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A model of the ring's protocol and an explorer that walks through everything that can
 * happen in it: all interleavings of its memory accesses, and for each load all stores that
 * C11 lets it see.
 */
#ifndef EW_TESTS_QUEUE_EXPLORER_H
#define EW_TESTS_QUEUE_EXPLORER_H

#include "etwitness/queue.h"

enum { PUTS_MAX = 6 };

/* What is put into which ring. A cell stands for 8 bytes. */
struct scenario {
    uint8_t capacity;        /* cells, at most CELLS_MAX */
    uint8_t reserve;         /* cells that samples leave free */
    uint8_t batch_records;   /* publish after so many records */
    uint8_t batch_cells;     /* or more than so many cells */
    uint8_t give_back;       /* the consumer gives room back after so many cells */
    uint8_t put_count;       /* at most PUTS_MAX */
    uint8_t sizes[PUTS_MAX]; /* in cells */
    uint8_t classes[PUTS_MAX];
    bool publishes_last; /* ew_queue_publish() after the last put */
};

enum { CELLS_MAX = 4 };

/* One thing that is wrong with the protocol. */
enum mutation {
    MUTATION_NONE,
    PUBLISHED_STORED_RELAXED,
    PUBLISHED_LOADED_RELAXED,
    COMMITTED_STORED_RELAXED,
    COMMITTED_LOADED_RELAXED,
    RELEASED_STORED_RELAXED,
    RELEASED_LOADED_RELAXED,
    COMMITTED_BEFORE_COPY,
    PUBLISHED_BEFORE_COPY,
    PUBLISHED_BEFORE_COMMITTED,
    RELEASED_BEFORE_READ,
    LIMIT_FOLLOWS_PUBLISHED,
    ROOM_ONE_CELL_TOO_MUCH,
    RESERVE_FORGOTTEN,
    LOOK_AT_PUBLISHED,
    MUTATION_COUNT
};

struct exploration {
    const char *violation; /* NULL: none in all that can happen */
    size_t states;
    size_t ends;        /* of these: nothing is left to do */
    size_t stale_loads; /* loads that saw another store than the last one */
    size_t drops;       /* ends in which records had been dropped */
    size_t most_taken;  /* records that came through in one end */
};

/* Stops at the first violation. False without memory. */
bool explore(const struct scenario *scenario, enum mutation mutation,
             struct exploration *result_out);

#endif
