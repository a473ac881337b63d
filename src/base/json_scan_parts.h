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

#endif
