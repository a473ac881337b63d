/* SPDX-License-Identifier: Apache-2.0 */
/* Steps through the records of one decompressed buffer. */
#ifndef EW_CAPTURE_ETL_READER_CURSOR_H
#define EW_CAPTURE_ETL_READER_CURSOR_H

#include "capture/etl/reader_clock.h"
#include "etwitness/event.h"

/*
 * A place between records. The owner sets `at`, `end` and the facts of the buffer;
 * `time_raw` goes on from buffer to buffer, since a message may come without a time and
 * then has that of the record before it.
 */
struct ew_etl_cursor {
    const uint8_t *at;
    const uint8_t *end;
    const struct ew_etl_clock *clock;
    const uint8_t *taken;  /* the record that was taken last, refused or not */
    uint64_t time_raw;     /* of the record at `at`, after a successful peek */
    uint32_t record_bytes; /* its size */
    uint16_t cpu;
    uint16_t file;
    uint8_t pointer_bytes; /* of the file, for messages that do not say */
    uint8_t layout;        /* of the record, private to reader_cursor.c */
    bool timeless;         /* the record has no time of its own */
    uint64_t skipped;      /* records of types without meaning; the owner may reset it */
    const char *reason;    /* why the last peek or take refused; static */
};

enum ew_etl_peek {
    EW_ETL_PEEK_EVENT,
    EW_ETL_PEEK_END,    /* no more records in this buffer */
    EW_ETL_PEEK_BROKEN, /* the record at `at` breaks its rules: the rest is lost */
};

/*
 * Finds the next event from `at` on and measures it. Cheap: nothing but its size and
 * its time is read.
 */
enum ew_etl_peek ew_etl_cursor_peek(struct ew_etl_cursor *cursor);

/*
 * Fills `event_out` from the record that was peeked, and steps behind it. False when
 * the inside of the record breaks its rules: it alone is refused, and `event_out` is
 * untouched.
 */
bool ew_etl_cursor_take(struct ew_etl_cursor *cursor, struct ew_event *event_out);

enum ew_etl_next {
    EW_ETL_NEXT_EVENT,
    EW_ETL_NEXT_END,
    EW_ETL_NEXT_BROKEN,  /* as for a peek */
    EW_ETL_NEXT_REFUSED, /* one record of `record_bytes` was refused; go on */
};

/* Peek and take in one. */
enum ew_etl_next ew_etl_cursor_next(struct ew_etl_cursor *cursor, struct ew_event *event_out);

#endif
