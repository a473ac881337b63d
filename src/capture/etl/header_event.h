/* SPDX-License-Identifier: Apache-2.0 */
/* The header event that begins every file, and the sizes that records tell. */
#ifndef EW_CAPTURE_ETL_HEADER_EVENT_H
#define EW_CAPTURE_ETL_HEADER_EVENT_H

#include "etwitness/etl_writer.h"

/* Room for the longest header event that is built. */
enum { EW_HEADER_EVENT_BYTES_MAX = 4096 };

/* Builds the header event (reference etl-format.md 5) and answers its size, or 0 when
 * the names are too long. BuffersWritten is 1 until the file is closed. */
uint32_t ew_header_event_build(const struct ew_etl_header *header,
                               const struct ew_etl_writer_options *options,
                               uint8_t out[EW_HEADER_EVENT_BYTES_MAX]);

/*
 * Makes a header event tell the file it stands in: BufferSize, NumberOfProcessors,
 * BuffersWritten (1) and the compression bit. Answers where in the record BuffersWritten
 * is, or 0 when the record is no header event.
 */
uint32_t ew_header_event_correct(uint8_t *record, uint32_t record_bytes,
                                 const struct ew_etl_writer_options *options);

/* The size that a record itself tells; 0 when it is too short or of no known form. */
uint32_t ew_record_size(const uint8_t *record, uint32_t record_bytes);

/* The raw time of a well-formed record; 0 when its form holds none. */
uint64_t ew_record_time(const uint8_t *record, uint32_t record_bytes);

#endif
