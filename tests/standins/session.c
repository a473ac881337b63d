/* SPDX-License-Identifier: Apache-2.0 */
/* StartTraceW, ControlTraceW and QueryAllTracesW with Windows' documented contract. */
#include "session.h"

#include "compat.h"
#include "consumer.h"
#include "exports.h"
#include "life.h"
#include "properties.h"

#include <string.h>

enum { HANDLES_MAX = 1024, CONSUMER_DEADLINE_MS = 5000 };

/* What this process did with handles: whether it ended them, and whether it asked whose they
 * are. Guarded by the lock. */
static struct known_handle {
    uint64_t id;
    bool was_stopped;
    bool was_queried;
} known[HANDLES_MAX];
static unsigned known_count;

static struct known_handle *known_find(uint64_t id)
{
    for (unsigned i = 0; i < known_count; i++) {
        if (known[i].id == id) {
            return &known[i];
        }
    }
    return NULL;
}

static struct known_handle *known_add(uint64_t id)
{
    static struct known_handle overflow;
    struct known_handle *handle = known_find(id);
    if (handle == NULL) {
        handle = known_count < HANDLES_MAX ? &known[known_count++] : &overflow;
        *handle = (struct known_handle){.id = id};
    }
    return handle;
}

struct machine_session *session_of_handle(const char *function, uint64_t handle)
{
    struct machine_session *session = machine_by_id(handle);
    if (session == NULL) {
        const struct known_handle *was = known_find(handle);
        if (was == NULL) {
            sim_violation(function, "0x%llx is no session handle", (unsigned long long)handle);
        } else if (was->was_stopped) {
            sim_violation(function, "session handle 0x%llx after STOP",
                          (unsigned long long)handle);
        }
    }
    return session;
}

void sessions_forget(void)
{
    known_count = 0;
}

void session_check_ours(const char *function, const struct machine_session *session)
{
    char name[SIM_TEXT_BYTES];
    uint64_t life = sim_life()->id;
    const struct known_handle *was = known_find(atomic_load(&session->id));
    if (session->owner == life) {
        return;
    }
    (void)sim_narrow(session->name, name, sizeof name);
    if (session->owner == 0) {
        sim_violation(function, "%s is somebody else's session", name);
    } else if (was == NULL || !was->was_queried) {
        sim_violation(function, "%s was not asked whose it is", name);
    }
}

void sessions_check_consumed(void)
{
    uint64_t life = sim_life()->id;
    struct machine *machine = machine_lock();
    for (unsigned i = 0; i < MACHINE_SESSIONS_MAX; i++) {
        struct machine_session *session = &machine->sessions[i];
        if (atomic_load(&session->id) != 0 && session->owner == life && !session->has_consumer
            && !session->is_unconsumed_told
            && sim_now_ms() - session->started_ms > CONSUMER_DEADLINE_MS) {
            char name[SIM_TEXT_BYTES];
            session->is_unconsumed_told = 1;
            sim_violation("StartTraceW", "%s runs for more than 5 s without a consumer",
                          sim_narrow(session->name, name, sizeof name));
        }
    }
    machine_unlock();
}

void sessions_check_end(void)
{
    uint64_t life = sim_life()->id;
    struct machine *machine = machine_lock();
    for (unsigned i = 0; i < MACHINE_SESSIONS_MAX; i++) {
        const struct machine_session *session = &machine->sessions[i];
        char name[SIM_TEXT_BYTES];
        if (atomic_load(&session->id) != 0 && session->owner == life) {
            sim_violation("exit", "session %s still runs",
                          sim_narrow(session->name, name, sizeof name));
        }
    }
    machine_unlock();
}

static ULONG check_room(const EVENT_TRACE_PROPERTIES *properties, const WCHAR *name)
{
    const struct plan *plan = &sim_life()->plan;
    bool is_system = (properties->LogFileMode & SIM_MODE_SYSTEM_LOGGER) != 0;
    if (machine_by_name(name) != NULL || machine_by_guid(&properties->Wnode.Guid) != NULL) {
        return ERROR_ALREADY_EXISTS;
    }
    if (machine_count(false) >= plan->sessions
        || (is_system && machine_count(true) >= plan->slots)) {
        return ERROR_NO_SYSTEM_RESOURCES;
    }
    return ERROR_SUCCESS;
}

/* PROFILE needs SeSystemProfilePrivilege (reference etw.md 3.1.8). */
static ULONG check_privilege(const char *function, ULONG flags)
{
    const struct life *life = sim_life();
    if ((flags & EVENT_TRACE_FLAG_PROFILE) == 0 || life->has_profile_privilege) {
        return ERROR_SUCCESS;
    }
    if (!life->plan.no_privilege) {
        sim_violation(function, "PROFILE without SeSystemProfilePrivilege enabled");
    }
    return ERROR_PRIVILEGE_NOT_HELD;
}

static void keep_settings(struct machine_session *session,
                          const EVENT_TRACE_PROPERTIES *properties)
{
    struct life *life = sim_life();
    ULONG least = 2; /* two buffers a processor, of which there may be one */
    session->owner = life->id;
    session->started_ms = sim_now_ms();
    session->process_id = GetCurrentProcessId();
    session->mode = properties->LogFileMode;
    session->scope = machine_is_system(session) ? PLAN_SCOPE_KERNEL : PLAN_SCOPE_USER;
    session->flags[0] = properties->EnableFlags;
    session->buffer_kib = properties->BufferSize;
    session->minimum_buffers =
        properties->MinimumBuffers < least ? least : properties->MinimumBuffers;
    session->maximum_buffers = properties->MaximumBuffers < session->minimum_buffers
                                   ? session->minimum_buffers + 20
                                   : properties->MaximumBuffers;
    session->flush_seconds = properties->FlushTimer == 0 ? 1 : properties->FlushTimer;
    life->profile_was_started = life->profile_was_started || machine_has_profile(session);
}

/* With lock and machine held. */
static ULONG start_session(TRACEHANDLE *handle_out, const WCHAR *name,
                           EVENT_TRACE_PROPERTIES *properties)
{
    ULONG code = check_room(properties, name);
    if (code == ERROR_SUCCESS) {
        code = check_privilege("StartTraceW", properties->EnableFlags);
    }
    struct machine_session *session =
        code == ERROR_SUCCESS ? machine_add(name, &properties->Wnode.Guid) : NULL;
    if (session == NULL) {
        return code == ERROR_SUCCESS ? ERROR_NO_SYSTEM_RESOURCES : code;
    }
    keep_settings(session, properties);
    machine_list();
    (void)properties_fill(session, properties);
    *handle_out = atomic_load(&session->id);
    known_add(*handle_out)->was_queried = true;
    return ERROR_SUCCESS;
}

static ULONG start_trace(TRACEHANDLE *handle_out, const WCHAR *name,
                         EVENT_TRACE_PROPERTIES *properties)
{
    if (handle_out == NULL || name == NULL) {
        sim_violation("StartTraceW", "no %s", name == NULL ? "name" : "room for the handle");
        return ERROR_INVALID_PARAMETER;
    }
    *handle_out = 0;
    ULONG code = properties_check("StartTraceW", properties);
    code = code == ERROR_SUCCESS ? properties_check_start(name, properties) : code;
    if (code != ERROR_SUCCESS) {
        return code;
    }
    sim_lock();
    (void)machine_lock();
    code = start_session(handle_out, name, properties);
    machine_unlock();
    sim_unlock();
    sim_changed();
    return code;
}

ULONG WINAPI sim_StartTraceW(TRACEHANDLE *handle_out, LPCWSTR name,
                             EVENT_TRACE_PROPERTIES *properties)
{
    char text[SIM_TEXT_BYTES];
    DWORD demanded = sim_enter(CALL_ETW, "StartTraceW", NULL);
    ULONG mode = properties == NULL ? 0 : properties->LogFileMode;
    ULONG flags = properties == NULL ? 0 : properties->EnableFlags;
    ULONG code = demanded != 0           ? demanded
                 : sim_life()->plan.deny ? ERROR_ACCESS_DENIED
                                         : start_trace(handle_out, name, properties);
    if (demanded != 0 && handle_out != NULL) {
        *handle_out = 0;
    }
    sim_log_call("StartTraceW", code, demanded != 0, "%s mode=0x%lx flags=0x%lx",
                 sim_narrow(name, text, sizeof text), mode, flags);
    return code;
}

static const char *control_name(ULONG control)
{
    static const char *const names[] = {"QUERY", "STOP", "UPDATE", "FLUSH"};
    return control < sizeof names / sizeof names[0] ? names[control] : "OTHER";
}

/* Only what Windows lets be changed (reference etw.md 3.1.4, ControlTrace codes). */
static void update_session(struct machine_session *session,
                           const EVENT_TRACE_PROPERTIES *properties)
{
    if (properties->EnableFlags != 0 && properties->EnableFlags != session->flags[0]) {
        sim_violation("ControlTraceW", "UPDATE of EnableFlags is for the NT Kernel Logger");
    }
    if (properties->FlushTimer != 0) {
        session->flush_seconds = properties->FlushTimer;
    }
    if (properties->MaximumBuffers > session->maximum_buffers) {
        session->maximum_buffers = properties->MaximumBuffers;
    }
}

/* With lock and machine held. */
static ULONG control_session(struct machine_session *session, EVENT_TRACE_PROPERTIES *properties,
                             ULONG control)
{
    uint64_t id = atomic_load(&session->id);
    if (control != EVENT_TRACE_CONTROL_QUERY) {
        session_check_ours("ControlTraceW", session);
    }
    known_add(id)->was_queried = true;
    if (control == EVENT_TRACE_CONTROL_UPDATE) {
        update_session(session, properties);
    }
    ULONG code = properties_fill(session, properties);
    if (control == EVENT_TRACE_CONTROL_STOP) {
        known_add(id)->was_stopped = true;
        machine_remove(session);
    }
    return code;
}

static struct machine_session *find_session(TRACEHANDLE handle, const WCHAR *name)
{
    /* The name wins when both are given (reference etw.md 3.1.4). */
    return name != NULL ? machine_by_name(name) : session_of_handle("ControlTraceW", handle);
}

static ULONG control_trace(TRACEHANDLE handle, const WCHAR *name,
                           EVENT_TRACE_PROPERTIES *properties, ULONG control)
{
    ULONG code = properties_check("ControlTraceW", properties);
    if (code == ERROR_SUCCESS && (control > EVENT_TRACE_CONTROL_FLUSH)) {
        sim_violation("ControlTraceW", "control code %lu", control);
        code = ERROR_INVALID_PARAMETER;
    }
    if (code == ERROR_SUCCESS && handle == 0 && name == NULL) {
        sim_violation("ControlTraceW", "neither handle nor name");
        code = ERROR_INVALID_PARAMETER;
    }
    if (code != ERROR_SUCCESS) {
        return code;
    }
    sessions_check_consumed();
    sim_lock();
    (void)machine_lock();
    struct machine_session *session = find_session(handle, name);
    code = session == NULL ? ERROR_WMI_INSTANCE_NOT_FOUND
                           : control_session(session, properties, control);
    machine_unlock();
    sim_unlock();
    return code;
}

ULONG WINAPI sim_ControlTraceW(TRACEHANDLE handle, LPCWSTR name,
                               EVENT_TRACE_PROPERTIES *properties, ULONG control)
{
    char text[SIM_TEXT_BYTES];
    DWORD demanded = sim_enter(CALL_ETW, "ControlTraceW", control_name(control));
    /* STOP with ERROR_MORE_DATA did stop: only the names did not fit. */
    bool acts =
        demanded == 0 || (demanded == ERROR_MORE_DATA && control == EVENT_TRACE_CONTROL_STOP);
    ULONG code = demanded;
    if (sim_life()->plan.deny && demanded == 0) {
        code = ERROR_ACCESS_DENIED;
    } else if (acts) {
        code = control_trace(handle, name, properties, control);
        code = demanded != 0 ? demanded : code;
    }
    sim_log_call("ControlTraceW", code, demanded != 0, "%s handle=0x%llx name=%s",
                 control_name(control), (unsigned long long)handle,
                 name == NULL ? "-" : sim_narrow(name, text, sizeof text));
    return code;
}

ULONG WINAPI sim_StopTraceW(TRACEHANDLE handle, LPCWSTR name, EVENT_TRACE_PROPERTIES *properties)
{
    return sim_ControlTraceW(handle, name, properties, EVENT_TRACE_CONTROL_STOP);
}

ULONG WINAPI sim_QueryTraceW(TRACEHANDLE handle, LPCWSTR name, EVENT_TRACE_PROPERTIES *properties)
{
    return sim_ControlTraceW(handle, name, properties, EVENT_TRACE_CONTROL_QUERY);
}

ULONG WINAPI sim_FlushTraceW(TRACEHANDLE handle, LPCWSTR name, EVENT_TRACE_PROPERTIES *properties)
{
    return sim_ControlTraceW(handle, name, properties, EVENT_TRACE_CONTROL_FLUSH);
}

ULONG WINAPI sim_UpdateTraceW(TRACEHANDLE handle, LPCWSTR name,
                              EVENT_TRACE_PROPERTIES *properties)
{
    return sim_ControlTraceW(handle, name, properties, EVENT_TRACE_CONTROL_UPDATE);
}

/* With lock and machine held. */
static ULONG query_all(const struct machine *machine, EVENT_TRACE_PROPERTIES **properties,
                       ULONG capacity, ULONG *count_out)
{
    ULONG code = ERROR_SUCCESS;
    *count_out = 0;
    for (unsigned i = 0; i < MACHINE_SESSIONS_MAX; i++) {
        const struct machine_session *session = &machine->sessions[i];
        uint64_t id = atomic_load(&session->id);
        if (id == 0) {
            continue;
        }
        if (*count_out < capacity) {
            if (properties_check_listed("QueryAllTracesW", properties[*count_out])
                != ERROR_SUCCESS) {
                return ERROR_INVALID_PARAMETER;
            }
            (void)properties_fill(session, properties[*count_out]);
            known_add(id)->was_queried = true;
        } else {
            code = ERROR_MORE_DATA;
        }
        ++*count_out;
    }
    return code;
}

ULONG WINAPI sim_QueryAllTracesW(EVENT_TRACE_PROPERTIES **properties, ULONG capacity,
                                 ULONG *count_out)
{
    DWORD demanded = sim_enter(CALL_ETW, "QueryAllTracesW", NULL);
    ULONG code = demanded;
    if (demanded == 0 && sim_life()->plan.deny) {
        code = ERROR_ACCESS_DENIED;
    } else if (demanded == 0 && (properties == NULL || count_out == NULL || capacity == 0)) {
        sim_violation("QueryAllTracesW", "no room");
        code = ERROR_INVALID_PARAMETER;
    } else if (demanded == 0) {
        sim_lock();
        code = query_all(machine_lock(), properties, capacity, count_out);
        machine_unlock();
        sim_unlock();
    }
    sim_log_call("QueryAllTracesW", code, demanded != 0, "capacity=%lu", capacity);
    return code;
}
