/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of a recording, shared by the two orders of reading. */
#ifndef EW_CAPTURE_ETL_READER_H
#define EW_CAPTURE_ETL_READER_H

#include "capture/etl/reader_buffer.h"
#include "capture/etl/reader_cursor.h"
#include "capture/etl/reader_file.h"
#include "etwitness/recording.h"

/* A buffer that is being read. */
struct ew_etl_place {
    struct ew_etl_cursor cursor;
    const uint8_t *records; /* where the cursor began */
    uint64_t offset;        /* of the buffer in its file */
    bool damaged;           /* counted already */
};

/* EW_ORDER_FILE: one window over the file, and the decompressed buffer. */
struct ew_etl_walk {
    struct ew_etl_place place;
    size_t file;
    uint64_t offset; /* of the next buffer */
    uint8_t *window;
    size_t window_capacity;
    size_t window_bytes;
    uint64_t window_offset;
    uint8_t *unpacked;
    size_t unpacked_capacity;
};

/* The buffers of one CPU in one file, in order. */
struct ew_etl_stream {
    struct ew_etl_place place;
    uint64_t *next;    /* into the file's index: offset, with the CPU above bit 48 */
    uint64_t *end;     /* behind its last buffer */
    uint8_t *bytes;    /* one decompressed buffer; NULL before the first and after the last */
    uint64_t key;      /* merge key of the event that is next; never goes back */
    uint32_t capacity; /* records of its largest buffer */
};

struct ew_etl_heap_entry {
    uint64_t key;
    uint32_t stream;
};

/* EW_ORDER_TIME: a heap of streams; they are sorted by file, then CPU. */
struct ew_etl_merge {
    uint64_t *index[EW_FILES_MAX]; /* owned */
    struct ew_etl_stream *streams;
    size_t stream_count;
    struct ew_etl_heap_entry *heap;
    size_t heap_count;
    uint8_t *packed; /* a compressed buffer on its way into a stream */
    size_t packed_capacity;
    bool primed;       /* every stream was asked for its first event */
    bool taken;        /* the event on top was given out */
    bool common_clock; /* raw times of all files can be compared */
};

struct ew_recording {
    struct ew_etl_file *files; /* by rank */
    size_t file_count;
    enum ew_order order;
    struct ew_recording_damage damage;
    struct ew_recording_counts counts;
    struct ew_etl_walk walk;
    struct ew_etl_merge merge;
};

/* As ew_recording_open(), of files or memory; `memory` is borrowed until the close. */
EW_MUST_USE enum ew_status ew_recording_open_inputs(const struct ew_etl_input *inputs,
                                                    size_t input_count, enum ew_order order,
                                                    struct ew_recording **recording_out,
                                                    struct ew_error *error);

/* --- damage: reader_damage.c --------------------------------------------------- */

/* Counts a refused buffer, or a part of it; the first one is kept as text. */
void ew_etl_damage_add(struct ew_recording *recording, size_t file, uint64_t offset,
                       uint64_t byte_count, const char *reason);

/* The rest of a buffer, or one record of it, was refused by its cursor. */
void ew_etl_damage_rest(struct ew_recording *recording, struct ew_etl_place *place);
void ew_etl_damage_record(struct ew_recording *recording, struct ew_etl_place *place);

/*
 * Judges the buffer at `offset` by its head, and counts what is wrong with it. LOST
 * also for the end of the file.
 *
 * head, head_bytes  what the file holds there, EW_ETL_HEAD_BYTES unless it ends
 */
enum ew_etl_verdict ew_etl_judge(struct ew_recording *recording, size_t file, uint64_t offset,
                                 const uint8_t *head, size_t head_bytes,
                                 struct ew_etl_buffer *buffer_out);

/* Puts a place at the first of a buffer's records. */
void ew_etl_place_set(const struct ew_recording *recording, struct ew_etl_place *place,
                      size_t file, uint64_t offset, const struct ew_etl_buffer *buffer,
                      const uint8_t *records);

/* --- the orders ------------------------------------------------------------------ */

/* What is to be done when the walk's cursor had `next` instead of an event: count what
 * was refused, or go to the next buffer. EW_OK: ask the cursor again. */
EW_MUST_USE enum ew_status ew_etl_walk_on(struct ew_recording *recording, enum ew_etl_next next,
                                          struct ew_error *error);
void ew_etl_walk_free(struct ew_etl_walk *walk);

/* Indexes every file and makes the streams. */
EW_MUST_USE enum ew_status ew_etl_merge_open(struct ew_recording *recording,
                                             struct ew_error *error);
EW_MUST_USE enum ew_status ew_etl_merge_next(struct ew_recording *recording,
                                             struct ew_event *event_out, struct ew_error *error);
void ew_etl_merge_free(struct ew_etl_merge *merge);

/* Reads and unpacks the buffer that `entry` of the stream's index names, into
 * `stream->bytes`. EW_NOT_FOUND: the buffer was refused, which is counted if `counted`. */
EW_MUST_USE enum ew_status ew_etl_stream_read(struct ew_recording *recording,
                                              struct ew_etl_stream *stream, uint64_t entry,
                                              bool counted, struct ew_error *error);

/* Puts the streams of wrapped circular files into the order of their time. */
EW_MUST_USE enum ew_status ew_etl_merge_unwrap(struct ew_recording *recording,
                                               struct ew_error *error);

#endif
