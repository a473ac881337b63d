/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of a JSON document before it is parsed: how deep, how many, how spelt. */
#ifndef EW_EVIDENCE_CHECK_SCAN_H
#define EW_EVIDENCE_CHECK_SCAN_H

#include "etwitness/status.h"

#include <stddef.h>

struct check_scan {
    size_t value_count;
    const char *fault; /* why the bytes are not canonical; NULL: they are */
    size_t fault_at;   /* the byte where that is seen */
};

/*
 * Walks over the bytes without a tree, so that limits hold before memory is spent. It
 * does not tell whether the text is JSON. Where it is, a `fault` of NULL means that it
 * is canonical (RFC 8785, and integers of at most 2^53 - 1 only).
 *
 * EW_LIMIT  deeper than EW_JSON_DEPTH_MAX, more values than EW_DOCUMENT_VALUES_MAX
 */
EW_MUST_USE enum ew_status check_scan(const char *bytes, size_t byte_count,
                                      struct check_scan *scan_out, struct ew_error *error);

/*
 * A complaint quotes the document, and what it quotes must not move the cursor of a
 * terminal: control characters, C1 ones in UTF-8 too, become question marks.
 */
void check_defuse(char *text);

#endif
