/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the JSON scanner share: texts and numbers are read in json_scan_text.c. */
#ifndef EW_BASE_JSON_SCAN_PARTS_H
#define EW_BASE_JSON_SCAN_PARTS_H

#include "base/json_scan.h"

/* Adds bytes to the window and keeps those from `scan->token` on. EW_END: there are none. */
enum ew_status ew_json_scan_more(struct ew_json_scan *scan);

/* The text whose opening quote is at `scan->token`, and the number that begins there; the
 * window is then behind them. False: failed. */
bool ew_json_scan_string(struct ew_json_scan *scan);
bool ew_json_scan_number(struct ew_json_scan *scan);

/* The first byte that is a quote, a backslash, a control character or not ASCII, or `end`. */
const char *ew_json_scan_plain_end(const char *at, const char *end);

/* Whether a value has to come next; white space before it is then passed. */
bool ew_json_scan_value_is_next(struct ew_json_scan *scan);

/* A value was passed without reading its tokens. */
void ew_json_scan_value_passed(struct ew_json_scan *scan);

#endif
