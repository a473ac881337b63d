/* SPDX-License-Identifier: Apache-2.0 */
/* EVENT_TRACE_PROPERTIES as controllers hand it over, and as Windows fills it. */
#ifndef ETWSIM_PROPERTIES_H
#define ETWSIM_PROPERTIES_H

#include "compat.h"
#include "machine.h"

/* Checks what every call needs of it (reference etw.md 3.1.1): sizes and offsets. Answers the
 * Windows error, 0 when all is well. */
ULONG properties_check(const char *function, const EVENT_TRACE_PROPERTIES *properties);

/* The same for QueryAllTracesW, which asks for the offsets of both names. */
ULONG properties_check_listed(const char *function, const EVENT_TRACE_PROPERTIES *properties);

/* Checks what StartTraceW needs of it in addition. */
ULONG properties_check_start(const WCHAR *name, const EVENT_TRACE_PROPERTIES *properties);

/* Fills in what the session is. ERROR_MORE_DATA when its name does not fit. */
ULONG properties_fill(const struct machine_session *session, EVENT_TRACE_PROPERTIES *properties);

#endif
