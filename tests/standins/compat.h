/* SPDX-License-Identifier: Apache-2.0 */
/* What MinGW's ETW headers lack, and sizes that must be Windows' (reference etw.md Appendix A).
 */
#ifndef ETWSIM_COMPAT_H
#define ETWSIM_COMPAT_H

#include "etwitness/guid.h"

#include <stddef.h>
#include <windows.h>

#include <evntcons.h>
#include <evntrace.h>

/* Logger modes, reference etw.md 3.1.2. */
#define SIM_MODE_SYSTEM_LOGGER 0x02000000u
#define SIM_MODE_INDEPENDENT 0x08000000u
#define SIM_MODE_NO_PER_PROCESSOR 0x10000000u
#define SIM_MODE_PAGED 0x01000000u

#define SIM_WNODE_VERSIONED 0x00800000u

/* Enable properties, reference etw.md 3.3.2. */
#define SIM_ENABLE_SID 0x001u
#define SIM_ENABLE_TS_ID 0x002u
#define SIM_ENABLE_STACK_TRACE 0x004u
#define SIM_ENABLE_PSM_KEY 0x008u
#define SIM_ENABLE_PROCESS_START_KEY 0x080u
#define SIM_ENABLE_EVENT_KEY 0x100u
#define SIM_ENABLE_SILOS 0x400u
#define SIM_ENABLE_CONTAINER_TRACKING 0x800u
#define SIM_ENABLE_KNOWN 0xfffu

/* Header flags, reference etw.md 3.3.1. */
#define SIM_HEADER_EXTENDED 0x001u
#define SIM_HEADER_MESSAGE 0x008u
#define SIM_HEADER_32_BIT 0x020u
#define SIM_HEADER_64_BIT 0x040u
#define SIM_HEADER_CLASSIC 0x100u
#define SIM_HEADER_PROCESSOR_INDEX 0x200u

/* Information classes that MinGW does not name, reference etw.md 3.1.6. */
enum { SIM_CLASS_MAX_LOGGERS = 19, SIM_CLASS_STACK_CACHING = 24 };

struct sim_filter_descriptor {
    uint64_t pointer;
    uint32_t size;
    uint32_t type;
};

_Static_assert(sizeof(EVENT_TRACE_PROPERTIES) == 120, "EVENT_TRACE_PROPERTIES");
_Static_assert(offsetof(EVENT_TRACE_PROPERTIES, LoggerNameOffset) == 116, "LoggerNameOffset");
_Static_assert(sizeof(EVENT_TRACE_PROPERTIES_V2) == 144, "EVENT_TRACE_PROPERTIES_V2");
_Static_assert(sizeof(EVENT_TRACE_LOGFILEW) == 448, "EVENT_TRACE_LOGFILEW");
_Static_assert(offsetof(EVENT_TRACE_LOGFILEW, LogfileHeader) == 120, "LogfileHeader");
_Static_assert(offsetof(EVENT_TRACE_LOGFILEW, Context) == 440, "Context");
_Static_assert(sizeof(TRACE_LOGFILE_HEADER) == 280, "TRACE_LOGFILE_HEADER");
_Static_assert(sizeof(EVENT_RECORD) == 112, "EVENT_RECORD");
_Static_assert(offsetof(EVENT_RECORD, UserData) == 96, "UserData");
_Static_assert(sizeof(EVENT_HEADER_EXTENDED_DATA_ITEM) == 16, "EVENT_HEADER_EXTENDED_DATA_ITEM");
_Static_assert(sizeof(ENABLE_TRACE_PARAMETERS) == 48, "ENABLE_TRACE_PARAMETERS");
_Static_assert(sizeof(struct sim_filter_descriptor) == 16, "EVENT_FILTER_DESCRIPTOR");
_Static_assert(sizeof(CLASSIC_EVENT_ID) == 24, "CLASSIC_EVENT_ID");
_Static_assert(sizeof(TRACE_PROFILE_INTERVAL) == 8, "TRACE_PROFILE_INTERVAL");
_Static_assert(sizeof(GUID) == sizeof(struct ew_guid), "GUID");

/* A GUID of Windows as lower-case text. */
static inline void sim_guid_text(const GUID *guid, char text_out[EW_GUID_TEXT_BYTES])
{
    struct ew_guid same;
    memcpy(&same, guid, sizeof same);
    ew_guid_format(&same, text_out);
}

static inline bool sim_guid_is(const GUID *guid, const struct ew_guid *other)
{
    return memcmp(guid, other->bytes, sizeof *guid) == 0;
}

#endif
