/* SPDX-License-Identifier: Apache-2.0 */
/* A thread that hashes the bytes of a window while they are read. */
#include "callgraph/hasher.h"

#include "platform/thread.h"

#include <stdlib.h>

struct graph_hasher {
    struct ew_sha256 *hash;
    struct ew_thread *thread; /* NULL: the caller's hashes */
    struct ew_mutex *mutex;   /* over what follows */
    struct ew_condition *given;
    struct ew_condition *hashed;
    const void *bytes; /* NULL: nothing is to be hashed */
    size_t byte_count;
    bool taken; /* by the thread, which is at it */
    bool over;
};

static void run(void *context)
{
    struct graph_hasher *hasher = context;
    ew_mutex_lock(hasher->mutex);
    for (;;) {
        while (hasher->bytes == NULL && !hasher->over) {
            (void)ew_condition_wait(hasher->given, hasher->mutex, EW_WAIT_FOREVER);
        }
        if (hasher->bytes == NULL) {
            break;
        }
        hasher->taken = true;
        ew_mutex_unlock(hasher->mutex);
        ew_sha256_update(hasher->hash, hasher->bytes, hasher->byte_count);
        ew_mutex_lock(hasher->mutex);
        hasher->taken = false;
        hasher->bytes = NULL;
        ew_condition_signal(hasher->hashed);
    }
    ew_mutex_unlock(hasher->mutex);
}

/* What cannot be had is not missed: the caller hashes then. */
static void start_thread(struct graph_hasher *hasher)
{
    if (ew_mutex_create(&hasher->mutex) != EW_OK || ew_condition_create(&hasher->given) != EW_OK
        || ew_condition_create(&hasher->hashed) != EW_OK
        || ew_thread_start(&hasher->thread, run, hasher) != EW_OK) {
        hasher->thread = NULL;
    }
}

enum ew_status graph_hasher_create(struct graph_hasher **hasher_out, bool thread)
{
    struct graph_hasher *hasher = calloc(1, sizeof *hasher);
    if (hasher == NULL || ew_sha256_create(&hasher->hash) != EW_OK) {
        free(hasher);
        return EW_NO_MEMORY;
    }
    if (thread) {
        start_thread(hasher);
    }
    *hasher_out = hasher;
    return EW_OK;
}

void graph_hasher_give(struct graph_hasher *hasher, const void *bytes, size_t byte_count)
{
    if (hasher->thread == NULL || byte_count == 0) {
        ew_sha256_update(hasher->hash, bytes, byte_count);
        return;
    }
    graph_hasher_settle(hasher);
    ew_mutex_lock(hasher->mutex);
    hasher->bytes = bytes;
    hasher->byte_count = byte_count;
    ew_condition_signal(hasher->given);
    ew_mutex_unlock(hasher->mutex);
}

void graph_hasher_settle(struct graph_hasher *hasher)
{
    if (hasher->thread == NULL) {
        return;
    }
    ew_mutex_lock(hasher->mutex);
    if (hasher->bytes != NULL && !hasher->taken) {
        /* The processors have other work: to wait for the thread would take longer. */
        ew_sha256_update(hasher->hash, hasher->bytes, hasher->byte_count);
        hasher->bytes = NULL;
    }
    while (hasher->bytes != NULL) {
        (void)ew_condition_wait(hasher->hashed, hasher->mutex, EW_WAIT_FOREVER);
    }
    ew_mutex_unlock(hasher->mutex);
}

enum ew_status graph_hasher_finish(struct graph_hasher *hasher,
                                   uint8_t digest_out[EW_SHA256_BYTES])
{
    if (hasher == NULL) {
        return EW_OK;
    }
    if (hasher->thread != NULL) {
        ew_mutex_lock(hasher->mutex);
        hasher->over = true;
        ew_condition_signal(hasher->given);
        ew_mutex_unlock(hasher->mutex);
        ew_thread_join(hasher->thread);
    }
    ew_condition_destroy(hasher->hashed);
    ew_condition_destroy(hasher->given);
    ew_mutex_destroy(hasher->mutex);
    enum ew_status status = ew_sha256_finish(hasher->hash, digest_out);
    free(hasher);
    return status;
}
