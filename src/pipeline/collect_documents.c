/* SPDX-License-Identifier: Apache-2.0 */
/* Windows of a live collection into documents in memory, on the aggregator's thread. */
#include "base/text.h"
#include "pipeline/collect_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    BYTES_START = 64 * 1024,
    GAPS_OF_A_STREAM_MAX = EW_GAPS_MAX + EW_DOCUMENTS_WAITING_MAX + 1
};

/* --- losses and gaps of the window ------------------------------------------------ */

static void sum_losses(struct ew_collect *collect, struct ew_evidence_quality *sums_out)
{
    struct collect_aggregator *aggregator = &collect->aggregator;
    struct ew_model_counts model = ew_model_counts(aggregator->model);
    struct ew_capture_counts capture;
    losses_of(&model, &aggregator->decode, sums_out);
    collect->options.capture.counts(collect->options.capture.context, &capture);
    sums_out->events_lost = capture.events_lost;
    sums_out->buffers_lost = capture.buffers_lost;
    sums_out->decode_refused += capture.damaged;
    sums_out->stacks_late = aggregator->windows.late;
    sums_out->dropped += aggregator->dropped;
    for (size_t i = 0; i < EW_CAPTURE_QUEUE_COUNT; i++) {
        struct ew_queue_counts counts = ew_queue_counts(collect->queues[i]);
        for (int kind = 0; kind < EW_QUEUE_CLASS_COUNT; kind++) {
            sums_out->dropped += counts.dropped[kind];
        }
    }
}

/* Once a window, before its first document: all its documents tell the same losses. */
static void begin_window(struct ew_collect *collect)
{
    struct collect_aggregator *aggregator = &collect->aggregator;
    if (aggregator->window_told == aggregator->windows.closed + 1) {
        return;
    }
    aggregator->window_told = aggregator->windows.closed + 1;
    aggregator->losses_before = aggregator->losses_now;
    sum_losses(collect, &aggregator->losses_now);
    ew_mutex_lock(collect->mutex);
    aggregator->gap_count = collect->shared.gap_count;
    memcpy(aggregator->gaps, collect->shared.gaps, sizeof aggregator->gaps);
    collect->shared.gap_count = 0;
    ew_mutex_unlock(collect->mutex);
}

struct gap_list {
    struct ew_evidence_gap items[GAPS_OF_A_STREAM_MAX];
    size_t count;
};

/* A span needs both its ends: one that is 0 is not known, and would be shown as 1601. */
static void add_gap(struct gap_list *list, enum ew_gap_reason reason, uint64_t sequence,
                    uint64_t start_100ns, uint64_t end_100ns)
{
    struct ew_evidence_gap *gap = &list->items[list->count++];
    bool has_span = start_100ns != 0 && start_100ns < end_100ns;
    gap->reason = reason;
    gap->from_sequence = sequence;
    gap->to_sequence = sequence;
    gap->start_100ns = has_span ? start_100ns : 0;
    gap->end_100ns = has_span ? end_100ns : 0;
}

static void tell_dropped(struct ew_collect *collect, size_t count)
{
    if (count != 0) {
        collect_tell(collect, EW_NOTICE_DOCUMENT_DROPPED,
                     "%zu documents were given up, because too many wait to be written; a later"
                     " document tells the gap",
                     count);
    }
}

/* What has to give way for this document is told by it. */
static void add_drops(struct ew_collect *collect, const struct stream *stream,
                      struct gap_list *list)
{
    uint64_t sequence;
    ew_mutex_lock(collect->mutex);
    size_t dropped = outbox_make_room(&collect->outbox, stream->id);
    while (list->count < GAPS_OF_A_STREAM_MAX - EW_GAPS_MAX
           && outbox_take_drop(&collect->outbox, stream->id, &sequence)) {
        add_gap(list, EW_GAP_DISK_FULL, sequence, 0, 0);
    }
    ew_mutex_unlock(collect->mutex);
    tell_dropped(collect, dropped);
}

/* The document that was to tell them could not be made: a later one will. */
static void give_back_drops(struct ew_collect *collect, const struct stream *stream,
                            const struct gap_list *list)
{
    ew_mutex_lock(collect->mutex);
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i].reason == EW_GAP_DISK_FULL) {
            outbox_give_back_drop(&collect->outbox, stream->id, list->items[i].from_sequence);
        }
    }
    ew_mutex_unlock(collect->mutex);
}

/* --- the stream ---------------------------------------------------------------------- */

/* At its first document a stream goes on where an earlier run has left it. */
static enum ew_status resume(struct ew_collect *collect, struct stream *stream,
                             const struct ew_evidence *evidence, struct gap_list *list,
                             struct ew_error *error)
{
    struct ew_stream_state state;
    if (stream->sequence != 0) {
        return EW_OK;
    }
    ew_mutex_lock(collect->store_mutex);
    enum ew_status status = ew_publisher_stream(collect->store, stream->id, &state, error);
    ew_mutex_unlock(collect->store_mutex);
    if (status != EW_OK) {
        return status == EW_NOT_FOUND ? EW_OK : status;
    }
    stream->sequence = state.sequence;
    memcpy(stream->previous, state.sha256, sizeof stream->previous);
    if (!state.stopped) {
        add_gap(list, EW_GAP_CRASH, state.sequence + 1, state.end_100ns, evidence->start_100ns);
        collect_tell(collect, EW_NOTICE_RESUMED,
                     "The last run was cut off; stream %s goes on with document %llu, which tells"
                     " the gap before it",
                     stream->id, (unsigned long long)state.sequence + 1);
    }
    return EW_OK;
}

/* --- bytes ------------------------------------------------------------------------------ */

struct text {
    char *bytes;
    size_t used;
    size_t capacity;
};

static bool append(void *context, const void *bytes, size_t byte_count)
{
    struct text *text = context;
    if (byte_count > EW_DOCUMENT_BYTES_MAX - text->used) {
        return false;
    }
    if (byte_count > text->capacity - text->used) {
        size_t wanted = text->capacity == 0 ? BYTES_START : text->capacity * 2;
        while (wanted - text->used < byte_count) {
            wanted *= 2;
        }
        char *grown = realloc(text->bytes, wanted);
        if (grown == NULL) {
            return false;
        }
        text->bytes = grown;
        text->capacity = wanted;
    }
    memcpy(text->bytes + text->used, bytes, byte_count);
    text->used += byte_count;
    return true;
}

static enum ew_status hash_text(const struct text *text, char hex_out[EW_SHA256_HEX_BYTES])
{
    struct ew_sha256 *hash = NULL;
    enum ew_status status = ew_sha256_create(&hash);
    if (status == EW_OK) {
        ew_sha256_update(hash, text->bytes, text->used);
        status = identity_finish(hash, hex_out);
    }
    return status;
}

static void fill_document(const struct ew_evidence *evidence, const struct text *text,
                          struct ew_document *document_out)
{
    memcpy(document_out->stream_id, evidence->stream_id, sizeof document_out->stream_id);
    document_out->sequence = evidence->sequence;
    document_out->revision = evidence->revision;
    document_out->sealed = evidence->sealed;
    document_out->start_100ns = evidence->start_100ns;
    document_out->bytes = text->bytes;
    document_out->byte_count = text->used;
}

/* Which dropped documents this one tells, should it be dropped itself. Without memory for
 * that they would stay untold, and readers see their numbers missing. */
static void keep_told(const struct ew_evidence *evidence, struct outbox_item *item)
{
    item->told = calloc(evidence->gap_count + 1, sizeof *item->told);
    for (size_t i = 0; item->told != NULL && i < evidence->gap_count; i++) {
        if (evidence->gaps[i].reason == EW_GAP_DISK_FULL) {
            item->told[item->told_count++] = evidence->gaps[i].from_sequence;
        }
    }
}

/* Hands a document to the publisher. `text` is taken over. */
static enum ew_status send(struct ew_collect *collect, const struct ew_evidence *evidence,
                           const struct text *text, struct ew_error *error)
{
    struct outbox_item *item = calloc(1, sizeof *item);
    if (item == NULL) {
        return ew_fail(error, EW_NO_MEMORY, "no memory for a document of %zu bytes", text->used);
    }
    item->bytes = text->bytes;
    fill_document(evidence, text, &item->document);
    keep_told(evidence, item);
    ew_mutex_lock(collect->mutex);
    size_t dropped = outbox_put(&collect->outbox, item);
    collect->shared.status.waiting = collect->outbox.count;
    ew_mutex_unlock(collect->mutex);
    ew_condition_signal(collect->work);
    tell_dropped(collect, dropped);
    return EW_OK;
}

static enum ew_status write_and_send(struct ew_collect *collect, struct stream *stream,
                                     const struct ew_evidence *evidence, struct ew_error *error)
{
    struct text text = {.used = 0};
    char sha256[EW_SHA256_HEX_BYTES];
    enum ew_status status = ew_evidence_write(evidence, append, &text, error);
    if (status == EW_OK && hash_text(&text, sha256) != EW_OK) {
        status = ew_fail(error, EW_NO_MEMORY, "SHA-256 is not available");
    }
    if (status == EW_OK) {
        status = send(collect, evidence, &text, error);
    }
    if (status != EW_OK) {
        free(text.bytes);
        return status;
    }
    memcpy(stream->previous, sha256, sizeof stream->previous);
    return EW_OK;
}

/* --- the document -------------------------------------------------------------------------- */

static void fill_host(const struct ew_collect *collect, struct ew_evidence *evidence)
{
    evidence->config_digest = collect->config_digest;
    evidence->boot_id = collect->host.boot_100ns;
    evidence->host_id = collect->install.host_id;
    evidence->os_build = collect->os_build;
    evidence->arch = collect->host.arch;
}

static enum ew_status make_document(struct ew_collect *collect, struct ew_evidence *evidence,
                                    struct gap_list *gaps, struct ew_error *error)
{
    struct collect_aggregator *aggregator = &collect->aggregator;
    struct stream *stream = streams_get(&aggregator->streams, evidence->container);
    if (stream == NULL) {
        return ew_fail(error, EW_LIMIT, "more than %d containers were seen", EW_STREAMS_MAX - 1);
    }
    enum ew_status status = resume(collect, stream, evidence, gaps, error);
    if (status != EW_OK) {
        return status;
    }
    stream_next(stream, evidence);
    fill_host(collect, evidence);
    losses_put(&aggregator->losses_before, &aggregator->losses_now, &evidence->quality);
    add_drops(collect, stream, gaps);
    for (size_t i = 0; i < aggregator->gap_count; i++) {
        add_gap(gaps, EW_GAP_SESSION_LOST, evidence->sequence, aggregator->gaps[i].start_100ns,
                aggregator->gaps[i].end_100ns);
    }
    evidence->gaps = gaps->items;
    evidence->gap_count = gaps->count;
    status = write_and_send(collect, stream, evidence, error);
    if (status != EW_OK) {
        give_back_drops(collect, stream, gaps);
    }
    return status;
}

/* A document that cannot be made is told and given up: its number stays missing, so readers
 * see the gap, and collection goes on. */
enum ew_status collect_document(void *context, struct ew_evidence *evidence,
                                struct ew_error *error)
{
    struct ew_collect *collect = context;
    struct ew_error failure = {.status = EW_OK};
    struct gap_list *gaps = calloc(1, sizeof *gaps);
    (void)error;
    begin_window(collect);
    enum ew_status status = gaps == NULL
                                ? ew_fail(&failure, EW_NO_MEMORY, "no memory for a document")
                                : make_document(collect, evidence, gaps, &failure);
    free(gaps);
    if (status != EW_OK) {
        collect_failed(collect, &failure);
        collect_tell(collect, EW_NOTICE_DOCUMENT_DROPPED, "A document was given up: %s",
                     failure.text);
    }
    return EW_OK;
}
