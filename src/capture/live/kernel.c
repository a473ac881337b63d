/* SPDX-License-Identifier: Apache-2.0 */
/* What the system logger enables, its stacks, and the sampling interval. */
#include "capture/live/internal.h"

#include <string.h>

/* Events that can have stacks, by class GUID and opcode (reference etw.md 3.2.1). */
enum { STACK_ROWS_MAX = 16 };

struct stack_list {
    CLASSIC_EVENT_ID ids[STACK_ROWS_MAX];
    ULONG count;
};

ULONG ew_live_kernel_flags(const struct ew_settings_kernel *kernel)
{
    ULONG flags =
        EVENT_TRACE_FLAG_PROCESS | EVENT_TRACE_FLAG_THREAD | EVENT_TRACE_FLAG_IMAGE_LOAD;
    flags |= kernel->profile ? EVENT_TRACE_FLAG_PROFILE : 0;
    flags |= kernel->context_switch ? EVENT_TRACE_FLAG_CSWITCH : 0;
    /* The thread that asks is known when a transfer begins, not when it completes. */
    flags |= kernel->disk ? EVENT_TRACE_FLAG_DISK_IO | EVENT_TRACE_FLAG_DISK_IO_INIT
                                | EVENT_TRACE_FLAG_DISK_FILE_IO
                          : 0;
    flags |= kernel->page_faults
                 ? EVENT_TRACE_FLAG_MEMORY_PAGE_FAULTS | EVENT_TRACE_FLAG_MEMORY_HARD_FAULTS
                 : 0;
    flags |= kernel->counters ? EVENT_TRACE_FLAG_PROCESS_COUNTERS : 0;
    return flags;
}

static void add(struct stack_list *list, const struct ew_guid *class_guid, uint8_t opcode)
{
    CLASSIC_EVENT_ID *id = &list->ids[list->count++];
    memset(id, 0, sizeof *id);
    memcpy(&id->EventGuid, class_guid, sizeof id->EventGuid);
    id->Type = opcode;
}

/* The stack of an image load is asked for under Process: under Image it never comes. */
static void list_stacks(const struct ew_settings_kernel *kernel, struct stack_list *list)
{
    list->count = 0;
    if (kernel->profile) {
        add(list, &ew_guid_perf_info, 0x2e);
    }
    if (kernel->image_stacks) {
        add(list, &ew_guid_process, 0x0a);
    }
    if (kernel->context_switch) {
        add(list, &ew_guid_thread, 0x24);
    }
    if (kernel->disk) {
        add(list, &ew_guid_disk_io, 0x0c);
        add(list, &ew_guid_disk_io, 0x0d);
        add(list, &ew_guid_disk_io, 0x0f);
    }
    if (kernel->page_faults) {
        add(list, &ew_guid_page_fault, 0x20);
    }
}

enum ew_status ew_live_kernel_stacks(struct live *live, struct ew_error *error)
{
    struct live_session *session = &live->sessions[EW_CAPTURE_KERNEL];
    struct stack_list list;
    list_stacks(&live->settings->kernel, &list);
    if (list.count == 0) {
        return EW_OK;
    }
    ULONG code = TraceSetInformation(session->handle, TraceStackTracingInfo, list.ids,
                                     list.count * (ULONG)sizeof list.ids[0]);
    return code == ERROR_SUCCESS ? EW_OK
                                 : ew_live_fail(error, code, session->shown, "ask for stacks");
}

/* --- the privilege --------------------------------------------------------------------- */

/* AdjustTokenPrivileges succeeds without doing it: only the last error tells. */
static ULONG enable_privilege(void)
{
    HANDLE token = NULL;
    TOKEN_PRIVILEGES privileges = {.PrivilegeCount = 1};
    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_ADJUST_PRIVILEGES | TOKEN_QUERY, &token)) {
        return GetLastError();
    }
    privileges.Privileges[0].Attributes = SE_PRIVILEGE_ENABLED;
    ULONG code = ERROR_SUCCESS;
    if (!LookupPrivilegeValueW(NULL, L"SeSystemProfilePrivilege",
                               &privileges.Privileges[0].Luid)) {
        code = GetLastError();
    } else {
        SetLastError(ERROR_SUCCESS);
        (void)AdjustTokenPrivileges(token, FALSE, &privileges, 0, NULL, NULL);
        code = GetLastError();
    }
    (void)CloseHandle(token);
    return code;
}

/* --- the sampling interval --------------------------------------------------------------- */

/* The interval is the machine's, not the session's: the handle must be 0 (reference etw.md
 * 3.1.6). */
static ULONG query_interval(uint32_t *interval_out)
{
    TRACE_PROFILE_INTERVAL interval = {0, 0};
    ULONG bytes = 0;
    ULONG code = TraceQueryInformation(0, TraceSampledProfileIntervalInfo, &interval,
                                       sizeof interval, &bytes);
    *interval_out = code == ERROR_SUCCESS ? interval.Interval : 0;
    return code;
}

static ULONG set_interval(uint32_t interval_100ns)
{
    TRACE_PROFILE_INTERVAL interval = {0, interval_100ns};
    return TraceSetInformation(0, TraceSampledProfileIntervalInfo, &interval, sizeof interval);
}

static void tell_interval(struct live *live, uint32_t interval_100ns)
{
    atomic_store_explicit(&live->interval_100ns, interval_100ns, memory_order_relaxed);
}

/* An interval that cannot be given back later is not set. */
static enum ew_status change_interval(struct live *live, uint32_t wanted, struct ew_error *error)
{
    const char *name = live->sessions[EW_CAPTURE_KERNEL].shown;
    uint32_t before = 0;
    ULONG code = query_interval(&before);
    tell_interval(live, before);
    if (wanted == 0 || (code == ERROR_SUCCESS && wanted == before)) {
        return EW_OK; /* an interval that is only shown may stay unknown */
    }
    if (code != ERROR_SUCCESS) {
        return ew_live_fail(error, code, name, "ask for the sampling interval");
    }
    code = set_interval(wanted);
    if (code != ERROR_SUCCESS) {
        return ew_live_fail(error, code, name, "set the sampling interval");
    }
    live->interval_before_100ns = before;
    live->interval_set_100ns = wanted;
    uint32_t now = 0;
    tell_interval(live, query_interval(&now) == ERROR_SUCCESS && now != 0 ? now : wanted);
    live->interval_set_100ns = atomic_load_explicit(&live->interval_100ns, memory_order_relaxed);
    return EW_OK;
}

enum ew_status ew_live_kernel_prepare(struct live *live, struct ew_error *error)
{
    const struct ew_settings_kernel *kernel = &live->settings->kernel;
    if (!kernel->profile && kernel->interval_100ns == 0) {
        return EW_OK;
    }
    ULONG code = enable_privilege();
    if (code != ERROR_SUCCESS) {
        return ew_live_fail(error, code, live->sessions[EW_CAPTURE_KERNEL].shown,
                            "get the right to sample");
    }
    return live->interval_before_100ns != 0
               ? EW_OK
               : change_interval(live, kernel->interval_100ns, error);
}

/* Windows rounds an interval to what the timer can do: what was read back counts. */
void ew_live_kernel_restore(struct live *live)
{
    uint32_t now = 0;
    if (live->interval_before_100ns == 0) {
        return;
    }
    if (query_interval(&now) != ERROR_SUCCESS || now == live->interval_set_100ns) {
        if (set_interval(live->interval_before_100ns) != ERROR_SUCCESS) {
            (void)set_interval(live->interval_before_100ns);
        }
    }
    live->interval_before_100ns = 0;
}
