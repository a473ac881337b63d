/* SPDX-License-Identifier: Apache-2.0 */
/* The hash of an input, while it is read. */
#include "callgraph/hasher.h"

static void run(struct graph_job *job)
{
    struct graph_hasher *hasher = (struct graph_hasher *)(void *)job;
    ew_sha256_update(hasher->hash, hasher->bytes, hasher->byte_count);
}

enum ew_status graph_hasher_begin(struct graph_hasher *hasher, struct graph_worker *worker)
{
    *hasher = (struct graph_hasher){.job = {.run = run}, .worker = worker};
    return ew_sha256_create(&hasher->hash);
}

void graph_hasher_give(struct graph_hasher *hasher, const void *bytes, size_t byte_count)
{
    graph_hasher_settle(hasher);
    hasher->bytes = bytes;
    hasher->byte_count = byte_count;
    graph_worker_give(hasher->worker, &hasher->job);
}

void graph_hasher_settle(struct graph_hasher *hasher)
{
    graph_worker_settle(hasher->worker, &hasher->job);
}

enum ew_status graph_hasher_finish(struct graph_hasher *hasher,
                                   uint8_t digest_out[EW_SHA256_BYTES])
{
    graph_hasher_settle(hasher);
    return ew_sha256_finish(hasher->hash, digest_out);
}
