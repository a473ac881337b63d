/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Windows' ETW headers, and what MinGW's lack of them (reference etw.md 4). Numbers are those
 * of the Windows SDK; types have names of our own, so that a later MinGW with the real ones
 * does not clash.
 */
#ifndef EW_CAPTURE_LIVE_ETW_COMPAT_H
#define EW_CAPTURE_LIVE_ETW_COMPAT_H

/* In this order: evntrace.h needs the types of the first two. */
#include <windows.h>

#include <wmistr.h>

#include <evntrace.h>

#include <evntcons.h>

#include <stddef.h>

#ifndef EVENT_ENABLE_PROPERTY_PROCESS_START_KEY
#define EVENT_ENABLE_PROPERTY_PROCESS_START_KEY 0x00000080
#endif
#ifndef EVENT_ENABLE_PROPERTY_ENABLE_SILOS
#define EVENT_ENABLE_PROPERTY_ENABLE_SILOS 0x00000400
#endif
#ifndef EVENT_ENABLE_PROPERTY_SOURCE_CONTAINER_TRACKING
#define EVENT_ENABLE_PROPERTY_SOURCE_CONTAINER_TRACKING 0x00000800
#endif
#ifndef EVENT_TRACE_SYSTEM_LOGGER_MODE
#define EVENT_TRACE_SYSTEM_LOGGER_MODE 0x02000000
#endif
#ifndef EVENT_TRACE_INDEPENDENT_SESSION_MODE
#define EVENT_TRACE_INDEPENDENT_SESSION_MODE 0x08000000
#endif
#ifndef ERROR_CTX_CLOSE_PENDING
#define ERROR_CTX_CLOSE_PENDING 7007L
#endif

/* What 32-bit Windows 7 answered for a failed OpenTrace (reference etw.md 3.1.7). */
#define EW_TRACE_INVALID_32 ((TRACEHANDLE)0x00000000ffffffff)

/* Values of TRACE_LOGFILE_HEADER.ReservedFlags and WNODE_HEADER.ClientContext. */
enum { EW_CLIENT_QPC = 1, EW_CLIENT_SYSTEM_TIME = 2, EW_CLIENT_CYCLES = 3 };

/* JOBOBJECTINFOCLASS 30 and 3, as far as they are read (reference etw.md 3.9). */
enum { EW_JOB_BASIC_PROCESS_ID_LIST = 3, EW_JOB_CONTAINER_ID = 30 };

struct ew_job_container_id {
    GUID container;
    GUID telemetry;
    ULONG job_id;
};

/* Sizes and offsets that we rely on (reference etw.md appendix A, 64-bit column). */
_Static_assert(sizeof(void *) == 8, "live capture runs on 64-bit Windows");
_Static_assert(sizeof(WNODE_HEADER) == 48, "WNODE_HEADER");
_Static_assert(offsetof(WNODE_HEADER, Guid) == 24, "WNODE_HEADER.Guid");
_Static_assert(offsetof(WNODE_HEADER, ClientContext) == 40, "WNODE_HEADER.ClientContext");
_Static_assert(sizeof(EVENT_TRACE_PROPERTIES) == 120, "EVENT_TRACE_PROPERTIES");
_Static_assert(offsetof(EVENT_TRACE_PROPERTIES, EnableFlags) == 72, "EnableFlags");
_Static_assert(offsetof(EVENT_TRACE_PROPERTIES, EventsLost) == 88, "EventsLost");
_Static_assert(offsetof(EVENT_TRACE_PROPERTIES, RealTimeBuffersLost) == 100,
               "RealTimeBuffersLost");
_Static_assert(offsetof(EVENT_TRACE_PROPERTIES, LogFileNameOffset) == 112, "LogFileNameOffset");
_Static_assert(sizeof(EVENT_TRACE_LOGFILEW) == 448, "EVENT_TRACE_LOGFILEW");
_Static_assert(offsetof(EVENT_TRACE_LOGFILEW, LogfileHeader) == 120, "LogfileHeader");
_Static_assert(offsetof(EVENT_TRACE_LOGFILEW, BufferCallback) == 400, "BufferCallback");
_Static_assert(offsetof(EVENT_TRACE_LOGFILEW, EventRecordCallback) == 424, "EventRecordCallback");
_Static_assert(offsetof(EVENT_TRACE_LOGFILEW, Context) == 440, "Context");
_Static_assert(sizeof(TRACE_LOGFILE_HEADER) == 280, "TRACE_LOGFILE_HEADER");
_Static_assert(offsetof(TRACE_LOGFILE_HEADER, PerfFreq) == 256, "PerfFreq");
_Static_assert(offsetof(TRACE_LOGFILE_HEADER, StartTime) == 264, "StartTime");
_Static_assert(offsetof(TRACE_LOGFILE_HEADER, ReservedFlags) == 272, "ReservedFlags");
_Static_assert(sizeof(ENABLE_TRACE_PARAMETERS) == 48, "ENABLE_TRACE_PARAMETERS");
_Static_assert(offsetof(ENABLE_TRACE_PARAMETERS, FilterDescCount) == 40, "FilterDescCount");
_Static_assert(sizeof(CLASSIC_EVENT_ID) == 24, "CLASSIC_EVENT_ID");
_Static_assert(sizeof(TRACE_PROFILE_INTERVAL) == 8, "TRACE_PROFILE_INTERVAL");
_Static_assert(sizeof(EVENT_HEADER) == 80, "EVENT_HEADER");
_Static_assert(sizeof(EVENT_HEADER_EXTENDED_DATA_ITEM) == 16, "EVENT_HEADER_EXTENDED_DATA_ITEM");
_Static_assert(sizeof(EVENT_RECORD) == 112, "EVENT_RECORD");
_Static_assert(sizeof(struct ew_job_container_id) == 36, "JOBOBJECT_CONTAINER_IDENTIFIER");

#endif
