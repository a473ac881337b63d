/* SPDX-License-Identifier: Apache-2.0 */
/* Many random documents of a few streams, and the ways to unite some of them to one set. */
#ifndef EW_TESTS_DOCUMENT_POOL_H
#define EW_TESTS_DOCUMENT_POOL_H

#include "windows/random_documents.h"

enum { POOL_MAX = 256, POOL_STREAMS = 3, POOL_NUMBERS = 16 };

/* A document, and a set that holds only it. */
struct pool_item {
    struct document document;
    struct ew_window_set *set;
    char sha256[EW_SHA256_HEX_BYTES];
};

struct document_pool {
    struct random random;
    struct pool_item items[POOL_MAX];
    uint32_t count;
};

typedef struct document (*document_draw_fn)(struct random *random,
                                            const struct document_plan *plan);

/* Of each stream: numbers 1 .. 15, each as a first and a later revision, roll-ups of these by the
 * product, of 2, 4 and 8 numbers, and documents that claim to be one of them. */
void pool_fill(struct document_pool *pool, document_draw_fn draw);
void pool_empty(struct document_pool *pool);

/* Takes the document, and its bytes. */
void pool_add(struct document_pool *pool, struct document document);

/* --- ways to unite; the caller destroys the set ----------------------------- */

enum { DRAWN_MAX = 24 };

/* Indexes of the pool, in their order. */
struct ew_window_set *unite_in_order(const struct document_pool *pool, const uint32_t *drawn,
                                     size_t count);

/*
 * Leaves in any order, some of them twice, then any two become one until one is left; some are
 * looked at on the way, which makes them give up what does not count.
 *
 * folder  of files: one of the sets on the way is written to it, as the documents of its leaves,
 *         and read again. NULL: none
 */
struct ew_window_set *unite_by_tree(struct document_pool *pool, const uint32_t *drawn,
                                    size_t count, const char *folder);

void shuffle(struct random *random, uint32_t *drawn, size_t count);

#endif
