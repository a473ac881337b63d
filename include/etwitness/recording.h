/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recordings: one or several `.etl` files read as one sequence of events, on any
 * platform, with bounded memory. Format facts: reference etl-format.md, summarised
 * for this project in docs/FORMATS.md.
 */
#ifndef ETWITNESS_RECORDING_H
#define ETWITNESS_RECORDING_H

#include "etwitness/event.h"
#include "etwitness/limits.h"
#include "etwitness/status.h"

struct ew_recording;

enum ew_clock { EW_CLOCK_QPC = 1, EW_CLOCK_SYSTEM_TIME = 2, EW_CLOCK_CPU_CYCLES = 3 };

enum ew_order {
    EW_ORDER_TIME, /* all CPUs and files merged by time; ties by file rank, then CPU */
    EW_ORDER_FILE, /* as stored: cheaper, for counting and surveying */
};

/* What the header event of one file says (TRACE_LOGFILE_HEADER). Times are FILETIME. */
struct ew_recording_file {
    const char *path;          /* as given; owned by the recording */
    const char *logger_name;   /* UTF-8; "" when absent; owned by the recording */
    const char *log_file_name; /* UTF-8; "" when absent; owned by the recording */
    uint64_t file_bytes;
    uint64_t boot_time;
    uint64_t start_time;
    uint64_t end_time;        /* 0 when the session was never finished */
    uint64_t clock_frequency; /* ticks per second of `time_raw` */
    uint64_t header_time_raw; /* of the header event: the origin of the clock */
    uint32_t buffer_bytes;
    uint32_t buffers_written; /* as declared; wrong in unfinished files */
    uint32_t cpu_count;
    uint32_t os_build;
    uint32_t events_lost;
    uint32_t buffers_lost;
    uint32_t log_file_mode;
    uint32_t cpu_mhz;
    uint8_t os_major;
    uint8_t os_minor;
    uint8_t pointer_bytes; /* of the tool that made the session, not of the machine */
    uint8_t clock;         /* enum ew_clock */
    bool compressed;
};

/*
 * What could not be read, counted while reading. `text` tells the first damage: file,
 * offset, reason; empty when there is none.
 */
struct ew_recording_damage {
    uint64_t buffers;         /* buffers refused whole or in part */
    uint64_t bytes;           /* bytes in them that were not read as events */
    uint64_t files_truncated; /* files that end inside a buffer */
    uint64_t lost_flags;      /* buffers that carry EVENTS_LOST or BUFFER_LOST */
    char text[EW_ERROR_TEXT_BYTES];
};

struct ew_recording_counts {
    uint64_t buffers;            /* read so far */
    uint64_t buffers_compressed; /* of these */
    uint64_t bytes_read;         /* of the files, for progress */
    uint64_t bytes_total;
    uint64_t records_skipped;  /* of header types that Windows does not use: no events */
    uint64_t time_regressions; /* events earlier than one before them on their CPU; seen
                                  in EW_ORDER_TIME only, given out in the stored order */
};

/*
 * Opens files as one recording. Their order does not matter: they are ranked by what
 * their headers say. Reads each file's first buffer, and for EW_ORDER_TIME every
 * buffer header.
 *
 * paths, path_count  1 .. EW_FILES_MAX files
 * recording_out      released with ew_recording_close()
 *
 * EW_IO       a file cannot be opened or read
 * EW_FORMAT   a file is no recording (the error names file, offset and reason)
 * EW_LIMIT    too many files, buffers or CPUs
 * EW_USAGE    the same file twice
 * EW_UNSUPPORTED  a compression format that is not read (LZNT1, XPRESS Huffman)
 */
EW_MUST_USE enum ew_status ew_recording_open(const char *const *paths, size_t path_count,
                                             enum ew_order order,
                                             struct ew_recording **recording_out,
                                             struct ew_error *error);

/* NULL is allowed. */
void ew_recording_close(struct ew_recording *recording);

/*
 * The next event. Damage inside the files is skipped and counted, never returned.
 *
 * EW_OK   `event_out` is filled; it and what it points to live until the next call
 * EW_END  no more events
 * EW_IO   reading failed; the recording cannot go on
 */
EW_MUST_USE enum ew_status ew_recording_next(struct ew_recording *recording,
                                             struct ew_event *event_out, struct ew_error *error);

/* Files by rank, 0 .. count-1: `ew_event.file` is such an index. */
size_t ew_recording_file_count(const struct ew_recording *recording);
const struct ew_recording_file *ew_recording_file(const struct ew_recording *recording,
                                                  size_t index);

/* What was wrong with the files, and what was read; both grow until the last event. */
const struct ew_recording_damage *ew_recording_damage(const struct ew_recording *recording);
struct ew_recording_counts ew_recording_counts(const struct ew_recording *recording);

/*
 * FILETIME of a raw time of file `index`, by that file's clock; what fills
 * `ew_event.time_100ns`. Saturates instead of wrapping.
 */
uint64_t ew_recording_time(const struct ew_recording *recording, size_t index, uint64_t time_raw);

#endif
