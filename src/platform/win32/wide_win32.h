/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8 to the UTF-16 of the W functions and back, and what Windows says went wrong. */
#ifndef EW_PLATFORM_WIDE_WIN32_H
#define EW_PLATFORM_WIDE_WIN32_H

#include "etwitness/status.h"

#include <windows.h>

/*
 * A path as the W functions take it, long ones with the prefix that lifts the limit of
 * 260 characters. NULL without memory or when `path` is not UTF-8; the caller frees it.
 */
wchar_t *ew_wide_path(const char *path);

/* Terminated UTF-16 as UTF-8, lone surrogates as U+FFFD. NULL without memory; the caller
 * frees it. */
char *ew_wide_to_utf8(const wchar_t *wide);

/* "<path>: cannot <what>: <what Windows says> (Windows error N)", and the status that
 * fits the error. */
enum ew_status ew_wide_fail(struct ew_error *error, DWORD code, const char *what,
                            const char *path);

#endif
