/* SPDX-License-Identifier: Apache-2.0 */
/*
 * EW_ORDER_TIME: a heap holds, for each stream that has one, the time of its next event.
 * Streams are numbered by file rank, then CPU, and their number breaks ties; so the
 * order is a function of the files alone.
 */
#include "capture/etl/reader.h"

#include <stdlib.h>

static bool comes_before(const struct ew_etl_heap_entry *a, const struct ew_etl_heap_entry *b)
{
    return a->key < b->key || (a->key == b->key && a->stream < b->stream);
}

/* Lets the entry on top sink to its place. */
static void sink(struct ew_etl_merge *merge)
{
    struct ew_etl_heap_entry *heap = merge->heap;
    struct ew_etl_heap_entry entry = heap[0];
    size_t at = 0;
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= merge->heap_count) {
            break;
        }
        if (child + 1 < merge->heap_count && comes_before(&heap[child + 1], &heap[child])) {
            child++;
        }
        if (!comes_before(&heap[child], &entry)) {
            break;
        }
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = entry;
}

static void rise(struct ew_etl_merge *merge, struct ew_etl_heap_entry entry)
{
    struct ew_etl_heap_entry *heap = merge->heap;
    size_t at = merge->heap_count++;
    while (at > 0 && comes_before(&entry, &heap[(at - 1) / 2])) {
        heap[at] = heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    heap[at] = entry;
}

/*
 * Time does not go back within a CPU; where a file breaks that, the key stays where it
 * is, so that one false time cannot hold back everything after it.
 */
static void set_key(struct ew_recording *recording, struct ew_etl_stream *stream)
{
    const struct ew_etl_cursor *cursor = &stream->place.cursor;
    if (cursor->timeless) {
        return;
    }
    uint64_t key = recording->merge.common_clock
                       ? cursor->time_raw
                       : ew_etl_clock_filetime(cursor->clock, cursor->time_raw);
    if (key < stream->key) {
        recording->counts.time_regressions++;
    } else {
        stream->key = key;
    }
}

static enum ew_status load_next(struct ew_recording *recording, struct ew_etl_stream *stream,
                                struct ew_error *error)
{
    while (stream->next < stream->end) {
        enum ew_status status =
            ew_etl_stream_read(recording, stream, *stream->next++, true, error);
        if (status != EW_NOT_FOUND) {
            return status;
        }
    }
    free(stream->bytes);
    stream->bytes = NULL;
    return EW_END;
}

/* Brings a stream to its next event. EW_END when it has none. */
static enum ew_status advance(struct ew_recording *recording, struct ew_etl_stream *stream,
                              struct ew_error *error)
{
    struct ew_etl_cursor *cursor = &stream->place.cursor;
    for (;;) {
        enum ew_etl_peek peek = ew_etl_cursor_peek(cursor);
        if (peek == EW_ETL_PEEK_EVENT) {
            set_key(recording, stream);
            return EW_OK;
        }
        if (peek == EW_ETL_PEEK_BROKEN) {
            ew_etl_damage_rest(recording, &stream->place);
        }
        cursor->at = cursor->end; /* its memory may go */
        recording->counts.records_skipped += cursor->skipped;
        cursor->skipped = 0;
        enum ew_status status = load_next(recording, stream, error);
        if (status != EW_OK) {
            return status;
        }
    }
}

static enum ew_status prime(struct ew_recording *recording, struct ew_error *error)
{
    struct ew_etl_merge *merge = &recording->merge;
    for (size_t i = 0; i < merge->stream_count; i++) {
        enum ew_status status = advance(recording, &merge->streams[i], error);
        if (status == EW_OK) {
            rise(merge, (struct ew_etl_heap_entry){merge->streams[i].key, (uint32_t)i});
        } else if (status != EW_END) {
            return status;
        }
    }
    merge->primed = true;
    return EW_OK;
}

/* Goes past the event that was given out last. */
static enum ew_status renew_top(struct ew_recording *recording, struct ew_error *error)
{
    struct ew_etl_merge *merge = &recording->merge;
    struct ew_etl_stream *stream = &merge->streams[merge->heap[0].stream];
    enum ew_status status = advance(recording, stream, error);
    if (status == EW_OK) {
        merge->heap[0].key = stream->key;
    } else if (status == EW_END) {
        merge->heap[0] = merge->heap[--merge->heap_count];
    } else {
        return status;
    }
    merge->taken = false;
    if (merge->heap_count > 1) {
        sink(merge);
    }
    return EW_OK;
}

enum ew_status ew_etl_merge_next(struct ew_recording *recording, struct ew_event *event_out,
                                 struct ew_error *error)
{
    struct ew_etl_merge *merge = &recording->merge;
    enum ew_status status = merge->primed ? EW_OK : prime(recording, error);
    while (status == EW_OK) {
        if (merge->taken) {
            status = renew_top(recording, error);
            continue;
        }
        if (merge->heap_count == 0) {
            return EW_END;
        }
        struct ew_etl_stream *stream = &merge->streams[merge->heap[0].stream];
        merge->taken = true;
        if (ew_etl_cursor_take(&stream->place.cursor, event_out)) {
            return EW_OK;
        }
        ew_etl_damage_record(recording, &stream->place);
    }
    return status;
}

void ew_etl_merge_free(struct ew_etl_merge *merge)
{
    for (size_t i = 0; i < merge->stream_count; i++) {
        free(merge->streams[i].bytes);
    }
    for (size_t i = 0; i < EW_FILES_MAX; i++) {
        free(merge->index[i]);
    }
    free(merge->streams);
    free(merge->heap);
    free(merge->packed);
}
