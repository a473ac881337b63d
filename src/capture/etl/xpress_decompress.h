/* SPDX-License-Identifier: Apache-2.0 */
/* Plain LZ77 XPRESS, the compression of ETW buffers: the way back. */
#ifndef EW_CAPTURE_ETL_XPRESS_DECOMPRESS_H
#define EW_CAPTURE_ETL_XPRESS_DECOMPRESS_H

#include "etwitness/status.h"

#include <stddef.h>
#include <stdint.h>

/* Bytes behind the output that are overwritten with scraps: copies go in whole words. */
enum { EW_XPRESS_SLACK_BYTES = 64 };

/*
 * Decompresses one stream (MS-XCA 2.4; reference etl-format.md 2).
 *
 * in, in_bytes  the stream; what is left of it when the output is full is ignored,
 *               since a stream may end with flags that are never used
 * out           out_bytes + EW_XPRESS_SLACK_BYTES writable bytes
 * out_bytes     exactly what the stream must give
 *
 * EW_FORMAT  the stream ends early, or a match begins before the output or ends
 *            behind it; the output is then undefined, and nothing past the slack was
 *            touched
 */
EW_MUST_USE enum ew_status ew_xpress_decompress(const uint8_t *in, size_t in_bytes, uint8_t *out,
                                                size_t out_bytes);

#endif
