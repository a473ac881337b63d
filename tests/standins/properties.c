/* SPDX-License-Identifier: Apache-2.0 */
/* Checks and fills EVENT_TRACE_PROPERTIES (reference etw.md 3.1.1 to 3.1.4). */
#include "properties.h"

#include "life.h"

#include <string.h>
#include <wchar.h>

static const char start[] = "StartTraceW";

/* SystemTraceControlGuid, the NT Kernel Logger's. */
static const struct ew_guid system_trace =
    EW_GUID_INIT(0x9e814aadu, 0x3204, 0x11d2, 0x9a, 0x82, 0x00, 0x60, 0x08, 0xa8, 0x69, 0x39);

static ULONG properties_bytes(const EVENT_TRACE_PROPERTIES *properties)
{
    bool is_versioned = (properties->Wnode.Flags & SIM_WNODE_VERSIONED) != 0;
    return (ULONG)(is_versioned ? sizeof(EVENT_TRACE_PROPERTIES_V2)
                                : sizeof(EVENT_TRACE_PROPERTIES));
}

static ULONG check_size_and_name(const char *function, const EVENT_TRACE_PROPERTIES *properties)
{
    if (properties == NULL) {
        sim_violation(function, "no properties");
        return ERROR_INVALID_PARAMETER;
    }
    ULONG size = properties->Wnode.BufferSize;
    ULONG least = properties_bytes(properties);
    ULONG name = properties->LoggerNameOffset;
    if (size < least || size > 256 * 1024) {
        sim_violation(function, "Wnode.BufferSize %lu, the structure has %lu", size, least);
        return ERROR_BAD_LENGTH;
    }
    if (name != 0 && (name < least || name % sizeof(WCHAR) != 0 || name + sizeof(WCHAR) > size)) {
        sim_violation(function, "LoggerNameOffset %lu, structure %lu, buffer %lu", name, least,
                      size);
        return ERROR_INVALID_PARAMETER;
    }
    return ERROR_SUCCESS;
}

ULONG properties_check(const char *function, const EVENT_TRACE_PROPERTIES *properties)
{
    ULONG code = check_size_and_name(function, properties);
    if (code == ERROR_SUCCESS && properties->LogFileNameOffset != 0) {
        sim_violation(function, "LogFileNameOffset %lu without a file",
                      properties->LogFileNameOffset);
        code = ERROR_INVALID_PARAMETER;
    }
    return code;
}

ULONG properties_check_listed(const char *function, const EVENT_TRACE_PROPERTIES *properties)
{
    ULONG code = check_size_and_name(function, properties);
    if (code == ERROR_SUCCESS
        && (properties->LoggerNameOffset == 0
            || properties->LogFileNameOffset <= properties->LoggerNameOffset
            || properties->LogFileNameOffset + sizeof(WCHAR) > properties->Wnode.BufferSize)) {
        sim_violation(function, "LoggerNameOffset %lu, LogFileNameOffset %lu",
                      properties->LoggerNameOffset, properties->LogFileNameOffset);
        code = ERROR_INVALID_PARAMETER;
    }
    return code;
}

static ULONG check_identity(const WCHAR *name, const EVENT_TRACE_PROPERTIES *properties)
{
    size_t length = wcslen(name);
    if (length == 0 || length > MACHINE_NAME_MAX) {
        sim_violation(start, "a name of %u characters", (unsigned)length);
        return ERROR_INVALID_PARAMETER;
    }
    if (properties->LoggerNameOffset == 0) {
        sim_violation(start, "LoggerNameOffset 0");
        return ERROR_INVALID_PARAMETER;
    }
    if (properties->Wnode.BufferSize - properties->LoggerNameOffset
        < (length + 1) * sizeof(WCHAR)) {
        sim_violation(start, "no room for the name of %u characters", (unsigned)length);
        return ERROR_BAD_LENGTH;
    }
    static const struct ew_guid zero;
    const GUID *guid = &properties->Wnode.Guid;
    if (sim_guid_is(guid, &system_trace) || _wcsicmp(name, KERNEL_LOGGER_NAMEW) == 0) {
        sim_violation(start, "claims to be the NT Kernel Logger");
    } else if (sim_guid_is(guid, &zero)) {
        sim_violation(start, "Wnode.Guid is zero");
    }
    return ERROR_SUCCESS;
}

static void check_mode(ULONG mode)
{
    const ULONG known = EVENT_TRACE_REAL_TIME_MODE | SIM_MODE_SYSTEM_LOGGER | SIM_MODE_INDEPENDENT
                        | SIM_MODE_NO_PER_PROCESSOR | SIM_MODE_PAGED;
    bool is_system = (mode & SIM_MODE_SYSTEM_LOGGER) != 0;
    if ((mode & EVENT_TRACE_REAL_TIME_MODE) == 0) {
        sim_violation(start, "LogFileMode 0x%lx without REAL_TIME", mode);
    }
    if ((mode & SIM_MODE_INDEPENDENT) == 0) {
        sim_violation(start, "LogFileMode 0x%lx without INDEPENDENT_SESSION", mode);
    }
    if (is_system && (mode & SIM_MODE_NO_PER_PROCESSOR) != 0) {
        sim_violation(start, "NO_PER_PROCESSOR_BUFFERING in a system logger");
    }
    if ((mode & ~known) != 0) {
        sim_violation(start, "LogFileMode 0x%lx has bits that are not for us", mode);
    }
}

static ULONG check_buffers(const EVENT_TRACE_PROPERTIES *properties)
{
    /* Windows allows from 4 KB; reference etw.md 3.1.3 has 1024 KB as the documented maximum. */
    if (properties->BufferSize < 4 || properties->BufferSize > 1024) {
        sim_violation(start, "BufferSize %lu KB", properties->BufferSize);
        return ERROR_INVALID_PARAMETER;
    }
    if (properties->MaximumBuffers != 0
        && properties->MinimumBuffers > properties->MaximumBuffers) {
        sim_violation(start, "MinimumBuffers %lu above MaximumBuffers %lu",
                      properties->MinimumBuffers, properties->MaximumBuffers);
        return ERROR_INVALID_PARAMETER;
    }
    return ERROR_SUCCESS;
}

static ULONG check_flags(const EVENT_TRACE_PROPERTIES *properties)
{
    bool is_system = (properties->LogFileMode & SIM_MODE_SYSTEM_LOGGER) != 0;
    if (is_system && (properties->LogFileMode & SIM_MODE_PAGED) != 0) {
        sim_violation(start, "paged memory in a system logger");
        return ERROR_INVALID_PARAMETER;
    }
    if (!is_system && properties->EnableFlags != 0) {
        sim_violation(start, "EnableFlags 0x%lx without SYSTEM_LOGGER_MODE",
                      properties->EnableFlags);
        return ERROR_INVALID_PARAMETER;
    }
    return ERROR_SUCCESS;
}

ULONG properties_check_start(const WCHAR *name, const EVENT_TRACE_PROPERTIES *properties)
{
    if ((properties->Wnode.Flags & WNODE_FLAG_TRACED_GUID) == 0) {
        sim_violation(start, "Wnode.Flags 0x%lx without WNODE_FLAG_TRACED_GUID",
                      properties->Wnode.Flags);
        return ERROR_INVALID_PARAMETER;
    }
    if (properties->Wnode.ClientContext != 1) {
        sim_violation(start, "Wnode.ClientContext %lu, only QPC (1) joins stacks",
                      properties->Wnode.ClientContext);
    }
    check_mode(properties->LogFileMode);
    ULONG code = check_identity(name, properties);
    code = code == ERROR_SUCCESS ? check_buffers(properties) : code;
    return code == ERROR_SUCCESS ? check_flags(properties) : code;
}

static void fill_numbers(const struct machine_session *session,
                         EVENT_TRACE_PROPERTIES *properties)
{
    properties->Wnode.HistoricalContext = atomic_load(&session->id);
    properties->Wnode.Guid = session->guid;
    properties->Wnode.ClientContext = 1;
    properties->BufferSize = session->buffer_kib;
    properties->MinimumBuffers = session->minimum_buffers;
    properties->MaximumBuffers = session->maximum_buffers;
    properties->LogFileMode = session->mode;
    properties->FlushTimer = session->flush_seconds;
    properties->EnableFlags = session->flags[0];
    properties->NumberOfBuffers = session->minimum_buffers;
    properties->FreeBuffers = session->minimum_buffers / 2;
    properties->EventsLost = atomic_load(&session->events_lost);
    properties->BuffersWritten = atomic_load(&session->buffers_written);
    properties->LogBuffersLost = 0;
    properties->RealTimeBuffersLost = atomic_load(&session->buffers_lost);
    properties->LoggerThreadId = NULL;
}

ULONG properties_fill(const struct machine_session *session, EVENT_TRACE_PROPERTIES *properties)
{
    ULONG size = properties->Wnode.BufferSize;
    ULONG struct_bytes = properties_bytes(properties);
    ULONG offset = properties->LoggerNameOffset;
    size_t name_bytes = (wcslen(session->name) + 1) * sizeof(WCHAR);
    uint8_t *bytes = (uint8_t *)properties;
    fill_numbers(session, properties);
    /* Windows leaves nothing of what stood behind the structure (reference etw.md 3.1.1), so a
     * size that claims more than there is corrupts memory here as well. */
    memset(bytes + struct_bytes, 0, size - struct_bytes);
    if (offset == 0 || size - offset < name_bytes) {
        return ERROR_MORE_DATA;
    }
    memcpy(bytes + offset, session->name, name_bytes);
    return ERROR_SUCCESS;
}
