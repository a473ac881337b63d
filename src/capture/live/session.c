/* SPDX-License-Identifier: Apache-2.0 */
/* One ETW session: started, asked, stopped; stale ones of ours found (reference etw.md 3.1). */
#include "capture/live/internal.h"

#include "base/text.h"
#include "platform/win32/wide_win32.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of our own, the same on every machine: with the name they tell a stale session of ours. */
static const struct ew_guid kernel_guid =
    EW_GUID_INIT(0x6b0a7c51u, 0x2f4e, 0x4d0b, 0x9c, 0x1e, 0x55, 0x8a, 0x13, 0xd7, 0x60, 0x2b);
static const struct ew_guid user_guid =
    EW_GUID_INIT(0x6b0a7c52u, 0x2f4e, 0x4d0b, 0x9c, 0x1e, 0x55, 0x8a, 0x13, 0xd7, 0x60, 0x2b);

static const char *const suffixes[LIVE_SESSION_COUNT] = {"-kernel", "-user"};
static const struct ew_guid *const guids[LIVE_SESSION_COUNT] = {&kernel_guid, &user_guid};

/* A stale session takes its time to end; 256 is what EtwMaxLoggers allows at the most. */
enum { STALE_TRIES = 10, STALE_WAIT_MS = 100, STOP_TRIES = 3, LISTED_MAX = 256 };

/* The properties with room for both names, which Windows writes behind them. */
struct properties {
    EVENT_TRACE_PROPERTIES head;
    wchar_t names[2][EW_SESSION_NAME_MAX];
};

/* Fresh for each call: a call fills what follows the struct, and a LogFileNameOffset that
 * points there makes the next one read it (reference etw.md 3.1.1). */
static void properties_clear(struct properties *properties)
{
    memset(properties, 0, sizeof *properties);
    properties->head.Wnode.BufferSize = sizeof *properties;
    properties->head.Wnode.Flags = WNODE_FLAG_TRACED_GUID;
    properties->head.Wnode.ClientContext = EW_CLIENT_QPC;
    properties->head.LoggerNameOffset = offsetof(struct properties, names);
}

static bool is_kernel_session(const struct live_session *session)
{
    return session == &session->live->sessions[EW_CAPTURE_KERNEL];
}

enum ew_status ew_live_session_name(struct live_session *session, const char *base, bool attached,
                                    struct ew_error *error)
{
    size_t index = (size_t)(session - session->live->sessions);
    const char *suffix = attached ? "" : suffixes[index];
    session->guid = attached ? NULL : guids[index];
    size_t bytes = strlen(base) + strlen(suffix) + 1;
    session->shown = malloc(bytes);
    if (session->shown == NULL) {
        return ew_fail(error, EW_NO_MEMORY, "session %s: no memory for its name", base);
    }
    (void)snprintf(session->shown, bytes, "%s%s", base, suffix);
    if (MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, session->shown, -1, session->name,
                            EW_SESSION_NAME_MAX)
        == 0) {
        return ew_fail(error, EW_USAGE,
                       "session %.64s: the name is no UTF-8 or longer than %d characters", base,
                       EW_SESSION_NAME_MAX - 1);
    }
    return EW_OK;
}

/* --- start -------------------------------------------------------------------------- */

static void fill_buffers(EVENT_TRACE_PROPERTIES *head, const struct ew_settings_buffers *buffers)
{
    DWORD cpus = GetActiveProcessorCount(ALL_PROCESSOR_GROUPS);
    ULONG minimum = buffers->minimum_count != 0 ? buffers->minimum_count : 2 * cpus;
    minimum = minimum < 4 ? 4 : minimum;
    minimum = minimum > EW_SESSION_BUFFERS_MAX ? EW_SESSION_BUFFERS_MAX : minimum;
    ULONG maximum = buffers->maximum_count != 0 ? buffers->maximum_count : 4 * minimum;
    maximum = maximum > EW_SESSION_BUFFERS_MAX ? EW_SESSION_BUFFERS_MAX : maximum;
    head->BufferSize = buffers->buffer_kib;
    head->MinimumBuffers = minimum;
    head->MaximumBuffers = maximum < minimum ? minimum : maximum;
    head->FlushTimer = buffers->flush_seconds;
}

static ULONG start(struct live_session *session)
{
    struct properties properties;
    TRACEHANDLE handle = 0;
    properties_clear(&properties);
    EVENT_TRACE_PROPERTIES *head = &properties.head;
    memcpy(&head->Wnode.Guid, session->guid, sizeof head->Wnode.Guid);
    fill_buffers(head, &session->live->settings->buffers);
    /* Without INDEPENDENT_SESSION a provider whose other session is short of buffers loses
     * our events too (reference etw.md 3.1.2). */
    head->LogFileMode = EVENT_TRACE_REAL_TIME_MODE | EVENT_TRACE_INDEPENDENT_SESSION_MODE;
    if (is_kernel_session(session)) {
        head->LogFileMode |= EVENT_TRACE_SYSTEM_LOGGER_MODE;
        head->EnableFlags = ew_live_kernel_flags(&session->live->settings->kernel);
    }
    ULONG code = StartTraceW(&handle, session->name, head);
    session->handle = code == ERROR_SUCCESS ? handle : 0;
    return code;
}

/* --- sessions that are there already ---------------------------------------------------- */

static ULONG query_name(const wchar_t *name, struct properties *properties)
{
    properties_clear(properties);
    ULONG code = ControlTraceW(0, name, &properties->head, EVENT_TRACE_CONTROL_QUERY);
    return code == ERROR_MORE_DATA ? ERROR_SUCCESS : code;
}

static bool has_guid(const struct properties *properties, const struct ew_guid *guid)
{
    return memcmp(&properties->head.Wnode.Guid, guid, sizeof *guid) == 0;
}

/* A stop whose names did not fit, or of a session that has just gone, is a stop. */
static ULONG stop_name(const wchar_t *name)
{
    struct properties properties;
    properties_clear(&properties);
    ULONG code = ControlTraceW(0, name, &properties.head, EVENT_TRACE_CONTROL_STOP);
    return code == ERROR_MORE_DATA || code == ERROR_WMI_INSTANCE_NOT_FOUND ? ERROR_SUCCESS : code;
}

/* All sessions that run; the caller frees them. NULL without memory or when Windows does not
 * tell. */
static struct properties *list_sessions(ULONG *count_out)
{
    struct properties *all = calloc(LISTED_MAX, sizeof *all);
    EVENT_TRACE_PROPERTIES *heads[LISTED_MAX];
    if (all == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < LISTED_MAX; i++) {
        properties_clear(&all[i]);
        /* Here both offsets are asked for (documentation of QueryAllTracesW). */
        all[i].head.LogFileNameOffset = offsetof(struct properties, names[1]);
        heads[i] = &all[i].head;
    }
    ULONG code = QueryAllTracesW(heads, LISTED_MAX, count_out);
    if (code != ERROR_SUCCESS && code != ERROR_MORE_DATA) {
        free(all);
        return NULL;
    }
    *count_out = *count_out > LISTED_MAX ? LISTED_MAX : *count_out;
    return all;
}

static void append_name(char *text, size_t capacity, struct properties *properties)
{
    properties->names[0][EW_SESSION_NAME_MAX - 1] = L'\0';
    char *name = ew_wide_to_utf8(properties->names[0]);
    size_t used = strlen(text);
    if (name != NULL && used < capacity) {
        (void)snprintf(text + used, capacity - used, "%s%s", used == 0 ? "" : ", ", name);
    }
    free(name);
}

static enum ew_status fail_slots(struct live_session *session, ULONG code, struct ew_error *error)
{
    char names[360] = "";
    ULONG count = 0;
    struct properties *all = list_sessions(&count);
    for (ULONG i = 0; all != NULL && i < count; i++) {
        append_name(names, sizeof names, &all[i]);
    }
    free(all);
    return ew_fail(error, EW_LIMIT,
                   "session %s: too many sessions run (Windows error %lu); end one of these, or "
                   "raise EtwMaxLoggers: %s",
                   session->shown, code, names);
}

static enum ew_status fail_foreign(const struct live_session *session,
                                   const struct properties *properties, struct ew_error *error)
{
    struct ew_guid guid;
    char text[EW_GUID_TEXT_BYTES];
    memcpy(&guid, &properties->head.Wnode.Guid, sizeof guid);
    ew_guid_format(&guid, text);
    return ew_fail(error, EW_EXISTS,
                   "session %s: a session of that name runs and is not ours (GUID %s); it is "
                   "left alone: choose another sessionName",
                   session->shown, text);
}

/* --- under another name ------------------------------------------------------------------- */

/* The name's base, when it is one that we would give to a session with that GUID; else NULL. The
 * caller frees it. */
static char *base_of(const char *name, size_t index)
{
    size_t bytes = strlen(name);
    size_t suffix_bytes = strlen(suffixes[index]);
    if (bytes <= suffix_bytes || strcmp(name + bytes - suffix_bytes, suffixes[index]) != 0) {
        return NULL;
    }
    char *base = malloc(bytes - suffix_bytes + 1);
    if (base != NULL) {
        memcpy(base, name, bytes - suffix_bytes);
        base[bytes - suffix_bytes] = '\0';
    }
    return base;
}

/* Takes the place of whoever collected under a name. False when he still does. Who may not make
 * such events himself cannot see those of others either, and knows nothing. */
static bool replace_owner(const struct live_session *session, const char *name, HANDLE *owner_out)
{
    char *base = base_of(name, (size_t)(session - session->live->sessions));
    bool taken =
        base != NULL && session->live->owner != NULL && ew_live_owner_take(base, owner_out);
    free(base);
    return taken;
}

/* Stops a session with our GUID that is called otherwise, unless somebody collects with it. */
static enum ew_status stop_elsewhere(struct live_session *session, const wchar_t *wide,
                                     const char *name, struct ew_error *error)
{
    HANDLE owner = NULL;
    if (!replace_owner(session, name, &owner)) {
        return ew_fail(error, EW_EXISTS,
                       "session %s: its GUID is in use by the session %s, with which another "
                       "etwitness collects: stop that first; if there is none, end the session "
                       "with \"logman stop -ets\"",
                       session->shown, name);
    }
    ULONG code = stop_name(wide);
    ew_live_owner_give(&owner);
    return code == ERROR_SUCCESS ? EW_OK
                                 : ew_live_fail(error, code, name, "stop what was left behind");
}

/* Stops sessions with our GUID that were left behind, whatever they are called. */
static enum ew_status clear_elsewhere(struct live_session *session, bool *stopped_out,
                                      struct ew_error *error)
{
    ULONG count = 0;
    enum ew_status status = EW_OK;
    struct properties *all = list_sessions(&count);
    for (ULONG i = 0; all != NULL && status == EW_OK && i < count; i++) {
        if (has_guid(&all[i], session->guid)) {
            all[i].names[0][EW_SESSION_NAME_MAX - 1] = L'\0';
            char *name = ew_wide_to_utf8(all[i].names[0]);
            status = name == NULL
                         ? ew_fail(error, EW_NO_MEMORY, "session %s: no memory", session->shown)
                         : stop_elsewhere(session, all[i].names[0], name, error);
            *stopped_out |= status == EW_OK;
            free(name);
        }
    }
    free(all);
    return status;
}

/* Name or GUID is taken: stops what is ours and stale, refuses the rest. */
static enum ew_status make_way(struct live_session *session, struct ew_error *error)
{
    struct properties properties;
    ULONG code = query_name(session->name, &properties);
    if (code == ERROR_SUCCESS) {
        if (!has_guid(&properties, session->guid)) {
            return fail_foreign(session, &properties, error);
        }
        code = stop_name(session->name);
        return code == ERROR_SUCCESS
                   ? EW_OK
                   : ew_live_fail(error, code, session->shown, "stop what was left behind");
    }
    bool stopped = false;
    return clear_elsewhere(session, &stopped, error); /* or it has gone meanwhile */
}

enum ew_status ew_live_session_start(struct live_session *session, struct ew_error *error)
{
    for (unsigned tries = 0;; tries++) {
        ULONG code = start(session);
        if (code == ERROR_SUCCESS) {
            session->life_events = session->life_buffers = 0;
            session->base_events = session->base_buffers = 0;
            return EW_OK;
        }
        if (code == ERROR_NO_SYSTEM_RESOURCES) {
            return fail_slots(session, code, error);
        }
        if (code != ERROR_ALREADY_EXISTS || tries == STALE_TRIES) {
            return ew_live_fail(error, code, session->shown, "be started");
        }
        enum ew_status status = make_way(session, error);
        if (status != EW_OK) {
            return status;
        }
        if (tries > 0) {
            ew_sleep_ms(STALE_WAIT_MS);
        }
    }
}

/* --- while it runs ------------------------------------------------------------------------ */

static void take_losses(struct live_session *session, const EVENT_TRACE_PROPERTIES *head)
{
    ULONG events = head->EventsLost - session->base_events;
    ULONG buffers = head->LogBuffersLost + head->RealTimeBuffersLost - session->base_buffers;
    session->life_events = events > session->life_events ? events : session->life_events;
    session->life_buffers = buffers > session->life_buffers ? buffers : session->life_buffers;
}

/* Asked by name, and believed when the GUID is ours too: the handle of a session that somebody
 * has ended is nobody's. */
bool ew_live_session_query(struct live_session *session)
{
    struct properties properties;
    if (query_name(session->name, &properties) != ERROR_SUCCESS
        || (session->guid != NULL && !has_guid(&properties, session->guid))) {
        return false;
    }
    take_losses(session, &properties.head);
    return true;
}

bool ew_live_session_is_kernel(const struct live_session *session)
{
    static const struct ew_guid system_trace_control =
        EW_GUID_INIT(0x9e814aadu, 0x3204, 0x11d2, 0x9a, 0x82, 0x00, 0x60, 0x08, 0xa8, 0x69, 0x39);
    struct properties properties;
    if (query_name(session->name, &properties) != ERROR_SUCCESS) {
        return true;
    }
    return (properties.head.LogFileMode & EVENT_TRACE_SYSTEM_LOGGER_MODE) != 0
           || has_guid(&properties, &system_trace_control);
}

/* By handle: the name would win over it, and could be another's by now. */
static ULONG control(struct live_session *session, struct properties *properties, ULONG what)
{
    properties_clear(properties);
    return ControlTraceW(session->handle, NULL, &properties->head, what);
}

/* A session that outlives its stop goes on filling buffers: what fails is tried again. */
void ew_live_session_stop(struct live_session *session)
{
    struct properties properties;
    if (session->handle == 0) {
        return;
    }
    (void)control(session, &properties, EVENT_TRACE_CONTROL_FLUSH);
    for (unsigned tries = 0; tries < STOP_TRIES; tries++) {
        ULONG code = control(session, &properties, EVENT_TRACE_CONTROL_STOP);
        if (code == ERROR_SUCCESS || code == ERROR_MORE_DATA) {
            take_losses(session, &properties.head);
            break;
        }
        if (code == ERROR_WMI_INSTANCE_NOT_FOUND) {
            break;
        }
    }
    session->handle = 0;
}

enum ew_status ew_live_session_clear(struct live_session *session, bool *stopped_out,
                                     struct ew_error *error)
{
    struct properties properties;
    ULONG code = query_name(session->name, &properties);
    if (code == ERROR_WMI_INSTANCE_NOT_FOUND
        || (code == ERROR_SUCCESS && !has_guid(&properties, session->guid))) {
        enum ew_status status = clear_elsewhere(session, stopped_out, error);
        return status == EW_EXISTS ? EW_OK : status; /* it is somebody's */
    }
    code = code == ERROR_SUCCESS ? stop_name(session->name) : code;
    if (code != ERROR_SUCCESS) {
        (void)ew_live_fail(error, code, session->shown, "stop what was left behind");
        return EW_IO;
    }
    *stopped_out = true;
    return EW_OK;
}

void ew_live_session_settle(struct live_session *session)
{
    session->past_events += session->life_events;
    session->past_buffers += session->life_buffers;
    session->life_events = session->life_buffers = 0;
}

/* --- whose is it ---------------------------------------------------------------------------- */

static enum ew_live_owner owner_elsewhere(const char *name, size_t index)
{
    char *base = base_of(name, index);
    bool stale = base != NULL && !ew_live_owner_lives(base);
    free(base);
    return stale ? EW_LIVE_LEFT_BEHIND : EW_LIVE_ELSEWHERE;
}

enum ew_live_owner ew_live_session_owner(const struct ew_settings *settings, const char *name,
                                         const struct ew_guid *guid)
{
    size_t base_bytes = strlen(settings->session_name);
    for (size_t i = 0; i < LIVE_SESSION_COUNT; i++) {
        char *ours = malloc(base_bytes + 16);
        if (ours == NULL) {
            return EW_LIVE_UNRELATED;
        }
        (void)snprintf(ours, base_bytes + 16, "%s%s", settings->session_name, suffixes[i]);
        bool same = ew_text_equal_fold(ours, name);
        free(ours);
        if (same) {
            return ew_guid_equal(guid, guids[i]) ? EW_LIVE_OURS : EW_LIVE_ANOTHER;
        }
    }
    for (size_t i = 0; i < LIVE_SESSION_COUNT; i++) {
        if (ew_guid_equal(guid, guids[i])) {
            return owner_elsewhere(name, i);
        }
    }
    return EW_LIVE_UNRELATED;
}
