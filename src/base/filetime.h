/* SPDX-License-Identifier: Apache-2.0 */
/* FILETIME: 100 ns since 1601-01-01 UTC, and its text form. */
#ifndef EW_BASE_FILETIME_H
#define EW_BASE_FILETIME_H

#include <stdbool.h>
#include <stdint.h>

enum { EW_FILETIME_TEXT_BYTES = 29 }; /* "2026-08-26T12:00:01.1234567Z" and terminator */

#define EW_FILETIME_SECOND UINT64_C(10000000)
/* 1970-01-01 as a FILETIME. */
#define EW_FILETIME_UNIX_EPOCH UINT64_C(116444736000000000)
/* 9999-12-31T23:59:59.9999999Z: the last time that has a text form. */
#define EW_FILETIME_MAX UINT64_C(2650467743999999999)

/* RFC 3339, UTC, exactly seven fractional digits; later times are shown as the last. */
void ew_filetime_format(uint64_t filetime, char text_out[EW_FILETIME_TEXT_BYTES]);

/* "2026-08-26T12:00:01Z", with up to seven fractional digits or none; from 1601 on. False
 * when `text` is anything else. */
bool ew_filetime_parse(const char *text, uint64_t *filetime_out);

#endif
