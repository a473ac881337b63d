/* SPDX-License-Identifier: Apache-2.0 */
/* Compresses one buffer the way ETW does: plain LZ77 XPRESS, one stream a buffer. */
#ifndef EW_CAPTURE_ETL_XPRESS_COMPRESS_H
#define EW_CAPTURE_ETL_XPRESS_COMPRESS_H

#include <stddef.h>
#include <stdint.h>

enum { EW_XPRESS_TABLE_BITS = 13, EW_XPRESS_TABLE_SLOTS = 1 << EW_XPRESS_TABLE_BITS };

/* Where a hash of three bytes was seen last: position + 1, 0 for never; 32 KiB. */
struct ew_xpress_table {
    uint32_t positions[EW_XPRESS_TABLE_SLOTS];
};

/*
 * Compresses `in` ([MS-XCA] 2.3, "Plain LZ77"). The same bytes give the same output
 * on every machine.
 *
 * in_bytes      1 .. EW_BUFFER_BYTES_MAX
 * out_capacity  room in `out`
 * table         working memory, whatever it holds
 *
 * Answers the compressed size, or 0 when it does not fit into `out_capacity`.
 */
size_t ew_xpress_compress(const uint8_t *in, size_t in_bytes, uint8_t *out, size_t out_capacity,
                          struct ew_xpress_table *table);

#endif
