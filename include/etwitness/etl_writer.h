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

/* --- records in their file form --------------------------------------------- */

/*
 * Each builds one record into `out` (at least EW_EVENT_BYTES_MAX bytes) and answers its
 * size, or 0 when it would be larger than EW_EVENT_BYTES_MAX. They take from `event`
 * exactly the fields that the header form holds; `payload` and `extended` are copied.
 */
uint32_t ew_etl_build_record(const struct ew_event *event, uint8_t *out);

#endif
