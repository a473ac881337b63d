/* SPDX-License-Identifier: Apache-2.0 */
/* One `.etl` file: its source, its clock and what its header event says. */
#ifndef EW_CAPTURE_ETL_READER_FILE_H
#define EW_CAPTURE_ETL_READER_FILE_H

#include "capture/etl/reader_clock.h"
#include "capture/etl/reader_source.h"
#include "etwitness/recording.h"

/* A file to open: `memory` when it is not NULL, else the file at `path`. */
struct ew_etl_input {
    const char *path; /* in messages also that of memory */
    const uint8_t *memory;
    size_t memory_bytes;
};

/* Bits of LogFileMode (reference etw.md 3.1.2). */
enum ew_etl_mode { EW_ETL_MODE_CIRCULAR = 0x2, EW_ETL_MODE_COMPRESSED = 0x04000000 };

struct ew_etl_file {
    struct ew_recording_file facts; /* its texts are the three below */
    struct ew_etl_source source;
    struct ew_etl_clock clock;
    uint64_t first_hash; /* XXH3 of the first buffer, as stored */
    char *path;
    char *logger_name;
    char *log_file_name;
};

/*
 * Opens a file and reads its first buffer. Statuses as ew_recording_open() says; after
 * a failure nothing is left to close.
 */
EW_MUST_USE enum ew_status ew_etl_file_open(const struct ew_etl_input *input,
                                            struct ew_etl_file *file_out, struct ew_error *error);
void ew_etl_file_close(struct ew_etl_file *file);

#endif
