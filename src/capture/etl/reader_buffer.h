/* SPDX-License-Identifier: Apache-2.0 */
/* The head of one ETW buffer in a file (WMI_BUFFER_HEADER, reference etl-format.md 1). */
#ifndef EW_CAPTURE_ETL_READER_BUFFER_H
#define EW_CAPTURE_ETL_READER_BUFFER_H

#include <stdbool.h>
#include <stdint.h>

enum { EW_ETL_HEAD_BYTES = 0x48 };

/* BufferFlag bits that are read. */
enum ew_etl_buffer_flag {
    EW_ETL_FLAG_EVENTS_LOST = 0x02,
    EW_ETL_FLAG_BUFFER_LOST = 0x04,
    EW_ETL_FLAG_PROCESSOR_INDEX = 0x20,
    EW_ETL_FLAG_COMPRESSED = 0x40,
};

struct ew_etl_buffer {
    uint32_t size_bytes;  /* in the file, head included: the way to the next buffer */
    uint32_t valid_bytes; /* head and records, once decompressed */
    uint16_t cpu;
    uint16_t flags;
    uint16_t state; /* of the first buffer: the compression format */
    bool compressed;
};

enum ew_etl_verdict {
    EW_ETL_BUFFER_GOOD,
    EW_ETL_BUFFER_REFUSED, /* the next buffer can still be found */
    EW_ETL_BUFFER_LOST,    /* it cannot: the file ends here */
};

/*
 * Reads a buffer's head. `reason_out` tells why it is not good; `size_bytes` of a
 * refused buffer is valid.
 *
 * head  EW_ETL_HEAD_BYTES bytes
 */
enum ew_etl_verdict ew_etl_buffer_read(const uint8_t *head, struct ew_etl_buffer *buffer_out,
                                       const char **reason_out);

#endif
