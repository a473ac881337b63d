/* SPDX-License-Identifier: Apache-2.0 */
/* TraceSetInformation and TraceQueryInformation: stack lists, flags, the sampling interval. */
#include "compat.h"
#include "exports.h"
#include "life.h"
#include "session.h"

#include "etwitness/limits.h"

#include <stdio.h>
#include <string.h>

static const char set_function[] = "TraceSetInformation";
static const char query_function[] = "TraceQueryInformation";

static ULONG wrong(const char *what, ULONG byte_count)
{
    sim_violation(set_function, "%s: %lu bytes", what, byte_count);
    return ERROR_INVALID_PARAMETER;
}

static void check_stack_id(const CLASSIC_EVENT_ID *id)
{
    static const UCHAR zero[sizeof id->Reserved];
    if (memcmp(id->Reserved, zero, sizeof zero) != 0) {
        sim_violation(set_function, "reserved bytes of a stack id are not zero");
    }
    /* The kernel's hook of an image load is in the group of processes, so this id never fires
     * (reference etw.md 3.2.1). */
    if (id->Type == 10 && sim_guid_is(&id->EventGuid, &ew_guid_image)) {
        sim_violation(set_function, "stacks of image loads are {Process, 10}");
    }
}

/* With lock and machine held. */
static ULONG set_stacks(struct machine_session *session, const void *information,
                        ULONG byte_count)
{
    ULONG count = byte_count / (ULONG)sizeof(CLASSIC_EVENT_ID);
    if (byte_count % sizeof(CLASSIC_EVENT_ID) != 0 || count > MACHINE_STACKS_MAX) {
        return wrong("a stack list", byte_count);
    }
    if (!machine_is_system(session)) {
        sim_violation(set_function, "a stack list for a session that is no system logger");
        return ERROR_INVALID_PARAMETER;
    }
    if (count > 0) {
        memcpy(session->stacks, information, byte_count);
    }
    session->stack_count = count;
    for (ULONG i = 0; i < count; i++) {
        check_stack_id(&session->stacks[i]);
    }
    return ERROR_SUCCESS;
}

static ULONG check_profile(const char *function)
{
    const struct life *life = sim_life();
    if (life->has_profile_privilege) {
        return ERROR_SUCCESS;
    }
    if (!life->plan.no_privilege) {
        sim_violation(function, "without SeSystemProfilePrivilege enabled");
    }
    return ERROR_PRIVILEGE_NOT_HELD;
}

/* With lock and machine held. */
static ULONG set_flags(struct machine_session *session, const void *information, ULONG byte_count)
{
    uint32_t flags[MACHINE_FLAG_WORDS] = {0};
    if (byte_count != sizeof flags && byte_count != 2 * sizeof flags[0]) {
        return wrong("flags are 8 or 32 bytes", byte_count);
    }
    if (!machine_is_system(session)) {
        sim_violation(set_function, "flags for a session that is no system logger");
        return ERROR_INVALID_PARAMETER;
    }
    memcpy(flags, information, byte_count);
    if ((flags[0] & EVENT_TRACE_FLAG_PROFILE) != 0) {
        ULONG code = check_profile(set_function);
        if (code != ERROR_SUCCESS) {
            return code;
        }
        sim_life()->profile_was_started = true;
    }
    memcpy(session->flags, flags, sizeof flags);
    return ERROR_SUCCESS;
}

static ULONG set_interval(TRACEHANDLE handle, const void *information, ULONG byte_count)
{
    TRACE_PROFILE_INTERVAL interval;
    if (handle != 0) {
        sim_violation(set_function, "the sampling interval is the machine's: handle 0");
        return ERROR_INVALID_PARAMETER;
    }
    if (byte_count != sizeof interval) {
        return wrong("an interval", byte_count);
    }
    memcpy(&interval, information, sizeof interval);
    if (interval.Source != 0 || interval.Interval < EW_SAMPLE_INTERVAL_MIN
        || interval.Interval > EW_SAMPLE_INTERVAL_MAX) {
        sim_violation(set_function, "source %lu, interval %lu", interval.Source,
                      interval.Interval);
        return ERROR_INVALID_PARAMETER;
    }
    ULONG code = check_profile(set_function);
    if (code == ERROR_SUCCESS) {
        machine_lock()->interval_100ns = interval.Interval;
        machine_unlock();
    }
    return code;
}

static ULONG set_of_session(TRACEHANDLE handle, ULONG information_class, const void *information,
                            ULONG byte_count)
{
    ULONG code = ERROR_NOT_SUPPORTED;
    sim_lock();
    (void)machine_lock();
    struct machine_session *session = session_of_handle(set_function, handle);
    if (session == NULL) {
        code = ERROR_INVALID_HANDLE;
    } else {
        session_check_ours(set_function, session);
        if (information_class == TraceStackTracingInfo) {
            code = set_stacks(session, information, byte_count);
        } else if (information_class == TraceSystemTraceEnableFlagsInfo) {
            code = set_flags(session, information, byte_count);
        }
        machine_touch(session);
    }
    machine_unlock();
    sim_unlock();
    sim_changed();
    return code;
}

ULONG WINAPI sim_TraceSetInformation(TRACEHANDLE handle, TRACE_INFO_CLASS information_class,
                                     PVOID information, ULONG byte_count)
{
    char part[16];
    (void)snprintf(part, sizeof part, "%u", (unsigned)information_class);
    DWORD demanded = sim_enter(CALL_ETW, set_function, part);
    ULONG code = demanded;
    if (demanded == 0 && sim_life()->plan.deny) {
        code = ERROR_ACCESS_DENIED;
    } else if (demanded == 0 && information == NULL && byte_count != 0) {
        code = wrong("no information", byte_count);
    } else if (demanded == 0 && information_class == TraceSampledProfileIntervalInfo) {
        code = set_interval(handle, information, byte_count);
    } else if (demanded == 0) {
        code = set_of_session(handle, (ULONG)information_class, information, byte_count);
    }
    sim_log_call(set_function, code, demanded != 0, "class=%s handle=0x%llx bytes=%lu", part,
                 handle, byte_count);
    return code;
}

static ULONG answer(void *information, ULONG byte_count, const void *value, ULONG value_bytes)
{
    if (information == NULL || byte_count != value_bytes) {
        sim_violation(query_function, "%lu bytes of room for %lu", byte_count, value_bytes);
        return ERROR_BAD_LENGTH;
    }
    memcpy(information, value, value_bytes);
    return ERROR_SUCCESS;
}

static ULONG query(TRACEHANDLE handle, ULONG information_class, void *information,
                   ULONG byte_count)
{
    ULONG limit = MACHINE_SESSIONS_MAX;
    if (information_class == TraceSampledProfileIntervalInfo) {
        TRACE_PROFILE_INTERVAL interval = {0, machine_lock()->interval_100ns};
        machine_unlock();
        if (handle != 0) {
            sim_violation(query_function, "the sampling interval is the machine's: handle 0");
            return ERROR_INVALID_PARAMETER;
        }
        return answer(information, byte_count, &interval, sizeof interval);
    }
    if (information_class == SIM_CLASS_MAX_LOGGERS) {
        return answer(information, byte_count, &limit, sizeof limit);
    }
    if (information_class == TraceVersionInfo) {
        TRACE_VERSION_INFO version = {0, 0};
        return answer(information, byte_count, &version, sizeof version);
    }
    return ERROR_NOT_SUPPORTED;
}

ULONG WINAPI sim_TraceQueryInformation(TRACEHANDLE handle, TRACE_INFO_CLASS information_class,
                                       PVOID information, ULONG byte_count, ULONG *byte_count_out)
{
    char part[16];
    (void)snprintf(part, sizeof part, "%u", (unsigned)information_class);
    DWORD demanded = sim_enter(CALL_ETW, query_function, part);
    ULONG code = demanded;
    if (demanded == 0) {
        code = sim_life()->plan.deny
                   ? ERROR_ACCESS_DENIED
                   : query(handle, (ULONG)information_class, information, byte_count);
    }
    if (byte_count_out != NULL) {
        *byte_count_out = code == ERROR_SUCCESS ? byte_count : 0;
    }
    sim_log_call(query_function, code, demanded != 0, "class=%s handle=0x%llx bytes=%lu", part,
                 handle, byte_count);
    return code;
}
