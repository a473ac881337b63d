/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The functions that ETWSIM32.dll exports under the names without `sim_`; their parameters are
 * those of Windows' own.
 */
#ifndef ETWSIM_EXPORTS_H
#define ETWSIM_EXPORTS_H

#include "compat.h"

/* Controllers: session.c. */
ULONG WINAPI sim_StartTraceW(TRACEHANDLE *handle_out, LPCWSTR name,
                             EVENT_TRACE_PROPERTIES *properties);
ULONG WINAPI sim_ControlTraceW(TRACEHANDLE handle, LPCWSTR name,
                               EVENT_TRACE_PROPERTIES *properties, ULONG control);
ULONG WINAPI sim_StopTraceW(TRACEHANDLE handle, LPCWSTR name, EVENT_TRACE_PROPERTIES *properties);
ULONG WINAPI sim_QueryTraceW(TRACEHANDLE handle, LPCWSTR name,
                             EVENT_TRACE_PROPERTIES *properties);
ULONG WINAPI sim_FlushTraceW(TRACEHANDLE handle, LPCWSTR name,
                             EVENT_TRACE_PROPERTIES *properties);
ULONG WINAPI sim_UpdateTraceW(TRACEHANDLE handle, LPCWSTR name,
                              EVENT_TRACE_PROPERTIES *properties);
ULONG WINAPI sim_QueryAllTracesW(EVENT_TRACE_PROPERTIES **properties, ULONG capacity,
                                 ULONG *count_out);

/* What sessions record: enable.c, information.c. */
ULONG WINAPI sim_EnableTraceEx2(TRACEHANDLE handle, LPCGUID provider, ULONG control, UCHAR level,
                                ULONGLONG any, ULONGLONG all, ULONG timeout,
                                ENABLE_TRACE_PARAMETERS *parameters);
ULONG WINAPI sim_TraceSetInformation(TRACEHANDLE handle, TRACE_INFO_CLASS information_class,
                                     PVOID information, ULONG byte_count);
ULONG WINAPI sim_TraceQueryInformation(TRACEHANDLE handle, TRACE_INFO_CLASS information_class,
                                       PVOID information, ULONG byte_count,
                                       ULONG *byte_count_out);

/* Consumers: consumer.c. */
TRACEHANDLE WINAPI sim_OpenTraceW(EVENT_TRACE_LOGFILEW *logfile);
ULONG WINAPI sim_ProcessTrace(TRACEHANDLE *handles, ULONG count, FILETIME *start, FILETIME *end);
ULONG WINAPI sim_CloseTrace(TRACEHANDLE handle);

#endif
