/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recordings made byte by byte, as reference etl-format.md describes them and not as our
 * writer makes them: right ones, and ones that are wrong in a chosen place.
 */
#ifndef EW_TESTS_ETL_BYTES_H
#define EW_TESTS_ETL_BYTES_H

#include "base/cursor.h"
#include "etwitness/event.h"

enum { ETL_BYTES_MAX = 512 * 1024, ETL_HEAD_BYTES = 0x48 };

struct etl_bytes {
    uint8_t data[ETL_BYTES_MAX];
    size_t size;   /* of the file, the buffer in progress included */
    size_t buffer; /* offset of the buffer in progress, or of the last one */
    size_t record; /* offset of the record that was put last */
};

/* What the header event says (TRACE_LOGFILE_HEADER). */
struct etl_header {
    uint64_t boot_time;
    uint64_t start_time;
    uint64_t end_time;
    uint64_t frequency;
    uint64_t header_time;
    uint32_t cpus;
    uint32_t mode;
    uint32_t buffers_written;
    uint32_t events_lost;
    uint32_t buffers_lost;
    uint32_t cpu_mhz;
    uint8_t pointer_bytes;
    uint8_t clock;
};

/* 64-bit Windows, 4 CPUs, QPC of 10 MHz whose origin is 1000. */
extern const struct etl_header etl_usual;
enum { ETL_ORIGIN = 1000 };

/* Offsets in a buffer's head. */
enum etl_head_field {
    ETL_AT_SIZE = 0x00,
    ETL_AT_SAVED_OFFSET = 0x04,
    ETL_AT_SEQUENCE = 0x18,
    ETL_AT_CPU = 0x28,
    ETL_AT_STATE = 0x2c,
    ETL_AT_VALID = 0x30,
    ETL_AT_FLAGS = 0x34,
    ETL_AT_TYPE = 0x36,
};

/* Starts a file: the header buffer, open for more records. */
void etl_begin(struct etl_bytes *bytes, const struct etl_header *header);

/* Starts a buffer of a CPU, behind the one in progress, which must have been ended. */
void etl_buffer(struct etl_bytes *bytes, uint16_t cpu);

/* Ends the buffer in progress: valid is what was put, `fill_bytes` of 0xff follow. */
void etl_end(struct etl_bytes *bytes, size_t fill_bytes);

/* Ends it compressed, without fill. */
void etl_end_compressed(struct etl_bytes *bytes);

/* Room for a record of `record_bytes` at the next multiple of 8 of the buffer, zeroed. */
uint8_t *etl_record(struct etl_bytes *bytes, size_t record_bytes);

/* The head of the buffer in progress, or of the one ended last. */
uint8_t *etl_head(struct etl_bytes *bytes);

/* --- records with their headers; the payload is "payload", and can be rewritten ------ */

#define ETL_PAYLOAD "payload"
enum { ETL_PAYLOAD_BYTES = 7, ETL_TID = 0x1111, ETL_PID = 0x2222 };

/* SYSTEM, COMPACT and PERFINFO. `version` is the whole word. */
uint8_t *etl_kernel(struct etl_bytes *bytes, uint8_t type, uint16_t hook, uint16_t version,
                    uint64_t time);

/* FULL and INSTANCE: the GUID is 0x10, 0x11, ...; opcode 5, level 4, version 2. */
uint8_t *etl_classic(struct etl_bytes *bytes, uint8_t type, size_t header_bytes, uint64_t time);

/* EVENT_HEADER and ERROR, with room for items of `items_bytes` before the payload. */
uint8_t *etl_event(struct etl_bytes *bytes, uint8_t type, uint64_t time, size_t items_bytes);

/* A WPP message with `options` and the fields that they need. */
uint8_t *etl_message(struct etl_bytes *bytes, uint16_t options, uint64_t time);

#endif
