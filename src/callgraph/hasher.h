/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hash of an input, made of the very bytes that the reader sees: a worker hashes what lies in
 * the reader's window while the reader goes through it, since hashing takes as long as a third of
 * all the rest.
 */
#ifndef EW_CALLGRAPH_HASHER_H
#define EW_CALLGRAPH_HASHER_H

#include "callgraph/worker.h"
#include "platform/hash.h"

#include <stddef.h>

struct graph_hasher {
    struct graph_job job;
    struct graph_worker *worker;
    struct ew_sha256 *hash;
    const void *bytes;
    size_t byte_count;
};

/* `worker` (may be NULL) outlives it. EW_NO_MEMORY */
EW_MUST_USE enum ew_status graph_hasher_begin(struct graph_hasher *hasher,
                                              struct graph_worker *worker);

/* The next bytes of the input, which stay where they are until graph_hasher_settle(). */
void graph_hasher_give(struct graph_hasher *hasher, const void *bytes, size_t byte_count);

/* Waits until all bytes that were given are hashed. */
void graph_hasher_settle(struct graph_hasher *hasher);

/* Ends it. EW_IO: they cannot be hashed. */
enum ew_status graph_hasher_finish(struct graph_hasher *hasher,
                                   uint8_t digest_out[EW_SHA256_BYTES]);

#endif
