/* SPDX-License-Identifier: Apache-2.0 */
/* EnableTraceEx2: parameters, filters, and what must never be asked of a CLR provider. */
#include "compat.h"
#include "exports.h"
#include "life.h"
#include "session.h"

#include <string.h>

static const char function[] = "EnableTraceEx2";

enum { FILTERS_MAX = 8, FILTER_PIDS_MAX = 8, FILTER_IDS_MAX = 64 };

/* Runtime keywords that must not be enabled, reference etw.md 3.7.4. */
#define KEYWORD_GC_HEAP_COLLECT UINT64_C(0x800000)
#define KEYWORD_END_ENUMERATION UINT64_C(0x80)

static const struct ew_guid clr_private =
    EW_GUID_INIT(0x763fd754u, 0x7086, 0x4dfe, 0x95, 0xeb, 0xc0, 0x1a, 0x46, 0xfa, 0xf4, 0xca);
static const struct ew_guid clr_stress =
    EW_GUID_INIT(0xcc2bcbbau, 0x16b6, 0x4cf3, 0x89, 0x90, 0xd7, 0x4c, 0x2e, 0x8a, 0xf5, 0x00);

static bool is_clr(const GUID *provider)
{
    return sim_guid_is(provider, &ew_guid_clr_runtime)
           || sim_guid_is(provider, &ew_guid_clr_rundown) || sim_guid_is(provider, &clr_private)
           || sim_guid_is(provider, &clr_stress);
}

/* Sizes by type, reference etw.md 3.3.3. */
static bool is_filter_right(const struct sim_filter_descriptor *filter)
{
    uint32_t size = filter->size;
    uint16_t count = 0;
    switch (filter->type) {
    case 0x80000000u: /* schematized */
    case 0x80000002u: /* trace handle */
    case 0x80000008u: /* executable name */
    case 0x80000010u: /* package id */
    case 0x80000020u: /* application id */
    case 0x80000100u: /* payload */
    case 0x80000400u: /* event name */
    case 0x80002000u: /* names for stacks */
    case 0x80008000u: /* container */
        return size <= 4096;
    case 0x80000004u: /* process ids */
        return size > 0 && size % 4 == 0 && size / 4 <= FILTER_PIDS_MAX;
    case 0x80000200u: /* event ids */
    case 0x80001000u: /* event ids for stacks */
        if (size < 4) {
            return false;
        }
        memcpy(&count, (const uint8_t *)(uintptr_t)filter->pointer + 2, sizeof count);
        return count <= FILTER_IDS_MAX && size >= 4u + 2u * count;
    case 0x80004000u: /* level and keyword for stacks */
        return size == 24;
    default:
        return false;
    }
}

static ULONG check_filters(const ENABLE_TRACE_PARAMETERS *parameters)
{
    struct sim_filter_descriptor filters[FILTERS_MAX];
    ULONG count = parameters->FilterDescCount;
    if (count > FILTERS_MAX || (count > 0) != (parameters->EnableFilterDesc != NULL)) {
        sim_violation(function, "FilterDescCount %lu, %s descriptors", count,
                      parameters->EnableFilterDesc == NULL ? "no" : "with");
        return ERROR_INVALID_PARAMETER;
    }
    if (count > 0) {
        memcpy(filters, (const void *)parameters->EnableFilterDesc, count * sizeof filters[0]);
    }
    for (ULONG i = 0; i < count; i++) {
        if (!is_filter_right(&filters[i])) {
            sim_violation(function, "filter %lu: type 0x%x, %u bytes", i,
                          (unsigned)filters[i].type, (unsigned)filters[i].size);
            return ERROR_INVALID_PARAMETER;
        }
        for (ULONG j = 0; j < i; j++) {
            if (filters[j].type == filters[i].type) {
                sim_violation(function, "two filters of type 0x%x", (unsigned)filters[i].type);
            }
        }
    }
    return ERROR_SUCCESS;
}

static ULONG check_parameters(const ENABLE_TRACE_PARAMETERS *parameters)
{
    ULONG property = parameters->EnableProperty;
    const ULONG containers = SIM_ENABLE_SILOS | SIM_ENABLE_CONTAINER_TRACKING;
    if (parameters->Version != ENABLE_TRACE_PARAMETERS_VERSION_2) {
        sim_violation(function, "ENABLE_TRACE_PARAMETERS.Version %lu", parameters->Version);
        return ERROR_INVALID_PARAMETER;
    }
    if ((property & ~SIM_ENABLE_KNOWN) != 0 || parameters->ControlFlags != 0) {
        sim_violation(function, "EnableProperty 0x%lx, ControlFlags 0x%lx", property,
                      parameters->ControlFlags);
        return ERROR_INVALID_PARAMETER;
    }
    if ((property & containers) != 0 && sim_life()->plan.old_windows) {
        return ERROR_INVALID_PARAMETER;
    }
    if ((property & containers) == SIM_ENABLE_CONTAINER_TRACKING) {
        sim_violation(function, "SOURCE_CONTAINER_TRACKING has no effect without ENABLE_SILOS");
    }
    return check_filters(parameters);
}

static void check_clr(const struct machine_session *session, const GUID *provider, ULONG control,
                      ULONGLONG any)
{
    struct life *life = sim_life();
    bool enables = control == EVENT_CONTROL_CODE_ENABLE_PROVIDER;
    if (is_clr(provider) && control == EVENT_CONTROL_CODE_CAPTURE_STATE) {
        sim_violation(function, "CAPTURE_STATE to a CLR provider unloads what lives");
    }
    if (is_clr(provider) && enables && any == 0) {
        sim_violation(function, "a CLR provider with keyword 0, which is every one");
    }
    if (sim_guid_is(provider, &ew_guid_clr_runtime) && enables) {
        if ((any & KEYWORD_GC_HEAP_COLLECT) != 0) {
            sim_violation(function, "keyword 0x800000 makes every CLR process collect");
        }
        if ((any & KEYWORD_END_ENUMERATION) != 0) {
            sim_violation(function, "keyword 0x80 of the CLR runtime provider");
        }
        if (life->profile_was_started && !life->clr_was_enabled) {
            sim_violation(function, "the CLR runtime provider after a session with PROFILE");
        }
        life->clr_was_enabled = true;
    }
    if (sim_guid_is(provider, &ew_guid_clr_rundown) && enables && !session->has_consumer) {
        sim_violation(function, "the CLR rundown provider before a consumer");
    }
}

static struct machine_provider *find_provider(struct machine_session *session,
                                              const GUID *provider)
{
    for (uint32_t i = 0; i < session->provider_count; i++) {
        if (memcmp(&session->providers[i].guid, provider, sizeof *provider) == 0) {
            return &session->providers[i];
        }
    }
    return NULL;
}

static ULONG keep_provider(struct machine_session *session, const struct machine_provider *wanted)
{
    struct machine_provider *provider = find_provider(session, &wanted->guid);
    if (provider == NULL) {
        if (session->provider_count == MACHINE_PROVIDERS_MAX) {
            return ERROR_NO_SYSTEM_RESOURCES;
        }
        provider = &session->providers[session->provider_count++];
    }
    *provider = *wanted;
    return ERROR_SUCCESS;
}

static ULONG drop_provider(struct machine_session *session, const GUID *provider)
{
    struct machine_provider *found = find_provider(session, provider);
    if (found == NULL) {
        /* A program may be careful and disable what it failed to enable. */
        return ERROR_SUCCESS;
    }
    *found = session->providers[--session->provider_count];
    return ERROR_SUCCESS;
}

/* With lock and machine held. */
static ULONG change_provider(TRACEHANDLE handle, const struct machine_provider *wanted,
                             ULONG control)
{
    struct machine_session *session = session_of_handle(function, handle);
    ULONG code = ERROR_SUCCESS;
    if (session == NULL) {
        return ERROR_INVALID_HANDLE;
    }
    session_check_ours(function, session);
    check_clr(session, &wanted->guid, control, wanted->any);
    if (control == EVENT_CONTROL_CODE_ENABLE_PROVIDER) {
        code = keep_provider(session, wanted);
    } else if (control == EVENT_CONTROL_CODE_DISABLE_PROVIDER) {
        code = drop_provider(session, &wanted->guid);
    }
    machine_touch(session);
    return code;
}

static ULONG enable(TRACEHANDLE handle, const struct machine_provider *wanted, ULONG control,
                    const ENABLE_TRACE_PARAMETERS *parameters)
{
    static const struct ew_guid zero;
    ULONG code = parameters == NULL || control == EVENT_CONTROL_CODE_DISABLE_PROVIDER
                     ? ERROR_SUCCESS
                     : check_parameters(parameters);
    if (control > EVENT_CONTROL_CODE_CAPTURE_STATE) {
        sim_violation(function, "control code %lu", control);
        code = ERROR_INVALID_PARAMETER;
    }
    if (handle == 0 || sim_guid_is(&wanted->guid, &zero)) {
        sim_violation(function, "no %s", handle == 0 ? "handle" : "provider");
        code = ERROR_INVALID_PARAMETER;
    }
    if (code != ERROR_SUCCESS) {
        return code;
    }
    sim_lock();
    (void)machine_lock();
    code = change_provider(handle, wanted, control);
    machine_unlock();
    sim_unlock();
    sim_changed();
    return code;
}

static const char *control_name(ULONG control)
{
    static const char *const names[] = {"DISABLE", "ENABLE", "CAPTURE"};
    return control < sizeof names / sizeof names[0] ? names[control] : "OTHER";
}

ULONG WINAPI sim_EnableTraceEx2(TRACEHANDLE handle, LPCGUID provider, ULONG control, UCHAR level,
                                ULONGLONG any, ULONGLONG all, ULONG timeout,
                                ENABLE_TRACE_PARAMETERS *parameters)
{
    char text[EW_GUID_TEXT_BYTES] = "-";
    DWORD demanded = sim_enter(CALL_ETW, function, control_name(control));
    struct machine_provider wanted = {.any = any, .all = all, .level = level};
    ULONG code = demanded;
    if (provider != NULL) {
        wanted.guid = *provider;
        sim_guid_text(provider, text);
    }
    wanted.property = parameters == NULL ? 0 : parameters->EnableProperty;
    if (demanded == 0) {
        code = sim_life()->plan.deny ? ERROR_ACCESS_DENIED
                                     : enable(handle, &wanted, control, parameters);
    }
    sim_log_call(function, code, demanded != 0,
                 "%s %s level=%u any=0x%llx all=0x%llx property=0x%x timeout=%lu",
                 control_name(control), text, level, any, all, (unsigned)wanted.property,
                 timeout);
    return code;
}
