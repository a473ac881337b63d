/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hash of an input, made of the very bytes that the reader sees: a thread of its own hashes
 * what lies in the reader's window while the reader goes through it, since hashing takes as long
 * as a third of all the rest.
 */
#ifndef EW_CALLGRAPH_HASHER_H
#define EW_CALLGRAPH_HASHER_H

#include "platform/hash.h"

#include <stdbool.h>

struct graph_hasher;

/* Without a thread for one more, or when `thread` is false, the caller's hashes. EW_NO_MEMORY */
EW_MUST_USE enum ew_status graph_hasher_create(struct graph_hasher **hasher_out, bool thread);

/* The next bytes of the input, which stay where they are until graph_hasher_settle(). */
void graph_hasher_give(struct graph_hasher *hasher, const void *bytes, size_t byte_count);

/* Waits until all bytes that were given are hashed. */
void graph_hasher_settle(struct graph_hasher *hasher);

/* Ends and releases it; NULL is allowed. EW_IO: they cannot be hashed. */
enum ew_status graph_hasher_finish(struct graph_hasher *hasher,
                                   uint8_t digest_out[EW_SHA256_BYTES]);

#endif
