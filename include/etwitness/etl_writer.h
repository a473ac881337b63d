/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes `.etl` recordings, plain or with XPRESS-compressed buffers: for `synth`, for
 * tests and for benches. What it writes follows reference etl-format.md, and is read
 * by our reader and by any other that follows the same rules.
 */
#ifndef ETWITNESS_ETL_WRITER_H
#define ETWITNESS_ETL_WRITER_H

#include "etwitness/event.h"
#include "etwitness/recording.h"
#include "etwitness/status.h"

struct ew_etl_writer;

struct ew_etl_writer_options {
    uint32_t buffer_bytes; /* 1 KiB .. EW_BUFFER_BYTES_MAX, a multiple of 8 */
    uint32_t cpu_count;    /* 1 .. EW_CPUS_MAX */
    bool compressed;
};

/* The facts of the header event that a session would write (TRACE_LOGFILE_HEADER). */
struct ew_etl_header {
    uint64_t boot_time; /* FILETIME */
    uint64_t start_time;
    uint64_t end_time;
    uint64_t clock_frequency;
    uint64_t header_time_raw;
    uint32_t events_lost;
    uint32_t buffers_lost;
    uint32_t os_build;
    uint8_t os_major;
    uint8_t os_minor;
    uint8_t pointer_bytes;     /* 4 or 8 */
    uint8_t clock;             /* enum ew_clock */
    const char *logger_name;   /* UTF-8 */
    const char *log_file_name; /* UTF-8 */
};

/*
 * Starts a file. With a `header` the header event is made from it; with NULL the first
 * record put must be a header event (hook 0x0000), whose BufferSize, BuffersWritten,
 * NumberOfProcessors and compression bit are corrected in place.
 */
EW_MUST_USE enum ew_status ew_etl_writer_open(const char *path,
                                              const struct ew_etl_writer_options *options,
                                              const struct ew_etl_header *header,
                                              struct ew_etl_writer **writer_out,
                                              struct ew_error *error);

/*
 * Adds one record in its file form to the stream of a CPU. Times of one CPU must not
 * go back. Records that `ew_event.record` shows can be put as they are.
 *
 * EW_LIMIT   the record does not fit into a buffer
 * EW_FORMAT  the record's own size disagrees with `record_bytes`, or the CPU is unknown
 */
EW_MUST_USE enum ew_status ew_etl_writer_put(struct ew_etl_writer *writer, uint16_t cpu,
                                             const uint8_t *record, uint32_t record_bytes,
                                             struct ew_error *error);

/* Writes what is left, corrects BuffersWritten, closes and releases; also after an
 * error. NULL is allowed. */
enum ew_status ew_etl_writer_close(struct ew_etl_writer *writer, struct ew_error *error);

/* --- losses ------------------------------------------------------------------- */

/* What a session says about a buffer (flags of reference etl-format.md 1). */
enum ew_etl_loss { EW_ETL_LOST_EVENTS = 2, EW_ETL_LOST_BUFFER = 4 };

/* Marks the buffer in progress of a CPU: something was lost before its end. A CPU
 * that is not there is ignored. */
void ew_etl_writer_mark_lost(struct ew_etl_writer *writer, uint16_t cpu, enum ew_etl_loss loss);

/* --- records in their file form --------------------------------------------- */

/*
 * Builds one record into `out` (at least EW_EVENT_BYTES_MAX bytes) and answers its
 * size, or 0 when it would be larger than EW_EVENT_BYTES_MAX or `header_type` has no
 * form here (ERROR, TIMED, WNODE). It takes from `event` exactly the fields that the
 * header form holds (CPU times and instance ids are zero); `payload` and `extended` are
 * copied. A MESSAGE has options 0x6a, or 0xaa with 8-byte pointers.
 */
uint32_t ew_etl_build_record(const struct ew_event *event, uint8_t *out);

/*
 * Appends one extended item to `items_bytes` bytes of items and links it to the one
 * before. Answers the new size, or 0 when it does not fit into `capacity`.
 */
uint32_t ew_etl_append_item(uint8_t *items, uint32_t items_bytes, uint32_t capacity,
                            uint16_t type, const void *data, uint16_t data_bytes);

/*
 * Writes UTF-8 text as terminated UTF-16LE, as payloads hold it. Bytes that are no UTF-8
 * become U+FFFD. Answers the bytes written, or 0 when they do not fit into `capacity`.
 */
size_t ew_etl_put_utf16(const char *text, uint8_t *out, size_t capacity);

#endif
