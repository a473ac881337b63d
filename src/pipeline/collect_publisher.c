/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The publisher thread of a live collection: documents into the directory, names for the
 * aggregator. A document that cannot be written is kept and tried again.
 */
#include "pipeline/collect_internal.h"
#include "platform/clock.h"

#include <stdlib.h>
#include <string.h>

enum {
    IDLE_MS = 500,
    RETRY_FIRST_MS = 250,
    RETRY_LAST_MS = 30000,
    HEARTBEAT_SECONDS = 60,
    SYMBOL_SLICE_MS = 100, /* a document does not wait for longer than that */
    STREAMS_START = 8,
};

#define SECOND_NS UINT64_C(1000000000)
#define MILLISECOND_NS UINT64_C(1000000)

/* --- streams of this run ------------------------------------------------------------ */

static void note_stream(struct ew_collect *collect, const char *stream_id)
{
    struct published_streams *streams = &collect->published;
    for (size_t i = 0; i < streams->count; i++) {
        if (strcmp(streams->ids[i], stream_id) == 0) {
            return;
        }
    }
    if (streams->count == streams->capacity) {
        size_t wanted = streams->capacity == 0 ? STREAMS_START : streams->capacity * 2;
        char(*grown)[EW_STREAM_ID_BYTES] = realloc(streams->ids, wanted * sizeof *grown);
        if (grown == NULL) {
            return; /* its head keeps the heartbeat of its last document */
        }
        streams->ids = grown;
        streams->capacity = wanted;
    }
    memcpy(streams->ids[streams->count++], stream_id, EW_STREAM_ID_BYTES);
}

typedef enum ew_status (*stream_fn)(struct ew_publisher *, const char *, struct ew_error *);

/* Does something with the head of each stream of this run. The first failure is kept. */
static enum ew_status each_stream(struct ew_collect *collect, stream_fn each,
                                  struct ew_error *error)
{
    enum ew_status status = EW_OK;
    ew_mutex_lock(collect->store_mutex);
    ew_publisher_set_heartbeat(collect->store, ew_clock_filetime());
    for (size_t i = 0; i < collect->published.count; i++) {
        enum ew_status one =
            each(collect->store, collect->published.ids[i], status == EW_OK ? error : NULL);
        status = status == EW_OK && one != EW_NOT_FOUND ? one : status;
    }
    ew_mutex_unlock(collect->store_mutex);
    return status;
}

/* --- one document --------------------------------------------------------------------- */

static enum ew_status put(struct ew_collect *collect, const struct outbox_item *item,
                          struct ew_published *published, struct ew_error *error)
{
    ew_mutex_lock(collect->store_mutex);
    ew_publisher_set_heartbeat(collect->store, ew_clock_filetime());
    /* Whatever stands in the way of a folder may go away. */
    enum ew_status status = ew_publisher_repair(collect->store, error) == EW_OK ? EW_OK : EW_IO;
    if (status == EW_OK) {
        status = ew_publisher_put_bytes(collect->store, &item->document, published, error);
    }
    ew_mutex_unlock(collect->store_mutex);
    return status;
}

bool collect_gives_up(struct ew_collect *collect)
{
    ew_mutex_lock(collect->mutex);
    bool answer = collect->shared.give_up;
    ew_mutex_unlock(collect->mutex);
    return answer;
}

/* Waits before the next try; false when the stop's time is over. */
static bool wait_to_retry(struct ew_collect *collect, uint32_t wait_ms)
{
    uint64_t until_ns = ew_clock_monotonic_ns() + wait_ms * MILLISECOND_NS;
    while (ew_clock_monotonic_ns() < until_ns) {
        if (collect_gives_up(collect)) {
            return false;
        }
        ew_sleep_ms(wait_ms < RETRY_FIRST_MS ? wait_ms : RETRY_FIRST_MS);
    }
    return !collect_gives_up(collect);
}

static void told_published(struct ew_collect *collect, const struct outbox_item *item,
                           const struct ew_published *published, bool had_failed)
{
    note_stream(collect, item->document.stream_id);
    ew_mutex_lock(collect->mutex);
    collect->shared.status.documents++;
    collect->shared.status.waiting = collect->outbox.count;
    ew_mutex_unlock(collect->mutex);
    if (had_failed) {
        collect_tell(collect, EW_NOTICE_PUBLISH_BACK, "Documents can be written again");
    }
    collect_tell(collect, EW_NOTICE_DOCUMENT, "%s", published->file_name);
}

/* A later document tells that it is missing; at the end of a stop there is none. */
static void note_drop(struct ew_collect *collect, const struct outbox_item *item)
{
    ew_mutex_lock(collect->mutex);
    outbox_note_drop(&collect->outbox, item);
    ew_mutex_unlock(collect->mutex);
}

/* Once for all documents of a window. */
static void wake_merger(struct ew_collect *collect)
{
    ew_mutex_lock(collect->mutex);
    bool more = collect->outbox.count != 0;
    ew_mutex_unlock(collect->mutex);
    if (!more) {
        collect_merger_wake(collect->merger);
    }
}

/* Until it is written, or refused for good, or the stop's time is over. */
static void publish(struct ew_collect *collect, const struct outbox_item *item)
{
    struct ew_published published;
    struct ew_error error = {.status = EW_OK};
    uint32_t wait_ms = RETRY_FIRST_MS;
    for (bool had_failed = false;; had_failed = true) {
        enum ew_status status = put(collect, item, &published, &error);
        if (status == EW_OK) {
            told_published(collect, item, &published, had_failed);
            collect_merger_add(collect->merger, published.file_name, item->document.byte_count);
            return;
        }
        if (!had_failed) {
            collect_tell(collect, EW_NOTICE_PUBLISH_FAILED, "A document cannot be written: %s",
                         error.text);
        }
        if (status == EW_EXISTS || status == EW_FORMAT || !wait_to_retry(collect, wait_ms)) {
            collect_tell(collect, EW_NOTICE_DOCUMENT_DROPPED, "A document was given up: %s",
                         error.text);
            collect_failed(collect, &error);
            note_drop(collect, item);
            return;
        }
        wait_ms = wait_ms * 2 < RETRY_LAST_MS ? wait_ms * 2 : RETRY_LAST_MS;
    }
}

/* --- the thread --------------------------------------------------------------------------- */

struct work {
    struct outbox_item *item;
    bool done; /* nothing is left and nothing will come */
};

/* Waits for a document, a wish for names, or the end; for half a second at most. */
static struct work next_work(struct ew_collect *collect)
{
    struct work work = {.item = NULL};
    size_t wishes = collect->symbols == NULL ? 0 : ew_symbols_wishes(collect->symbols);
    ew_mutex_lock(collect->mutex);
    if (collect->outbox.count == 0 && wishes == 0 && !collect->shared.aggregator_done) {
        (void)ew_condition_wait(collect->work, collect->mutex, IDLE_MS);
    }
    work.item = outbox_take(&collect->outbox);
    work.done = work.item == NULL && collect->shared.aggregator_done;
    collect->shared.status.waiting = collect->outbox.count + (work.item != NULL);
    collect->shared.status.drain_steps++;
    ew_mutex_unlock(collect->mutex);
    return work;
}

static void run(struct ew_collect *collect)
{
    uint64_t heartbeat_ns = ew_clock_monotonic_ns();
    for (;;) {
        struct work work = next_work(collect);
        if (work.done) {
            return;
        }
        if (work.item != NULL) {
            publish(collect, work.item);
            outbox_item_free(work.item);
            wake_merger(collect);
        }
        uint64_t now_ns = ew_clock_monotonic_ns();
        if (collect->symbols != NULL) {
            (void)ew_symbols_work(collect->symbols, now_ns + SYMBOL_SLICE_MS * MILLISECOND_NS);
        }
        if (now_ns - heartbeat_ns >= HEARTBEAT_SECONDS * SECOND_NS) {
            heartbeat_ns = now_ns;
            (void)!each_stream(collect, ew_publisher_renew, NULL);
        }
    }
}

void collect_publish(void *context)
{
    struct ew_collect *collect = context;
    struct ew_error error = {.status = EW_OK};
    collect_merger_start(collect->merger);
    run(collect);
    if (each_stream(collect, ew_publisher_finish, &error) != EW_OK) {
        collect_tell(collect, EW_NOTICE_PUBLISH_FAILED, "A head cannot be written: %s",
                     error.text);
        collect_failed(collect, &error);
    }
    /* The evidence is complete, whatever becomes of the merge. */
    collect_merger_end(collect->merger);
    ew_mutex_lock(collect->mutex);
    collect->shared.publisher_done = true;
    ew_mutex_unlock(collect->mutex);
    ew_condition_signal(collect->changed);
}
