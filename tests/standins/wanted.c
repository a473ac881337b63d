/* SPDX-License-Identifier: Apache-2.0 */
/* Chooses the events of a session: flags, stack list, providers (reference etw.md 3.1.5, 3.2). */
#include "wanted.h"

#include "compat.h"

#include "base/cursor.h"

#include <stdlib.h>
#include <string.h>

/* Times of events whose stacks are awaited: sets of four, the oldest makes room. A stack comes
 * within 0.3 s (reference etl-format.md 8). 2 MiB a consumer. */
enum { TIME_SETS = 65536, TIME_WAYS = 4 };

enum {
    STACKWALK = 32,
    STACK_CREATE = 34,
    STACK_DELETE = 35,
    STACK_RUNDOWN = 36,
    STACK_KEY_KERNEL = 37,
    STACK_KEY_USER = 38,
};

static const uint32_t always = UINT32_MAX;

static uint32_t process_flags(uint8_t opcode)
{
    if (opcode == 10) {
        return EVENT_TRACE_FLAG_IMAGE_LOAD; /* hook 0x030A */
    }
    return opcode == 32 || opcode == 33 ? EVENT_TRACE_FLAG_PROCESS_COUNTERS
                                        : EVENT_TRACE_FLAG_PROCESS;
}

static uint32_t thread_flags(uint8_t opcode)
{
    if (opcode <= 4 || opcode == 72) {
        return EVENT_TRACE_FLAG_THREAD;
    }
    return opcode == 36 ? EVENT_TRACE_FLAG_CSWITCH : EVENT_TRACE_FLAG_DISPATCHER;
}

static uint32_t perf_info_flags(uint8_t opcode)
{
    switch (opcode) {
    case 46:
    case 72:
    case 73:
    case 74:
        return EVENT_TRACE_FLAG_PROFILE;
    case 51:
    case 52:
        return EVENT_TRACE_FLAG_SYSTEMCALL;
    case 50:
    case 67:
        return EVENT_TRACE_FLAG_INTERRUPT;
    case 66:
    case 68:
    case 69:
        return EVENT_TRACE_FLAG_DPC;
    default:
        return 0;
    }
}

static uint32_t page_fault_flags(uint8_t opcode)
{
    if (opcode >= 10 && opcode <= 15) {
        return EVENT_TRACE_FLAG_MEMORY_PAGE_FAULTS;
    }
    return opcode == 32                   ? EVENT_TRACE_FLAG_MEMORY_HARD_FAULTS
           : opcode == 98 || opcode == 99 ? EVENT_TRACE_FLAG_VIRTUAL_ALLOC
                                          : 0;
}

static uint32_t disk_flags(uint8_t opcode)
{
    return opcode == 12 || opcode == 13 || opcode == 15 ? EVENT_TRACE_FLAG_DISK_IO_INIT
                                                        : EVENT_TRACE_FLAG_DISK_IO;
}

static uint32_t file_flags(uint8_t opcode)
{
    return opcode < 64    ? EVENT_TRACE_FLAG_DISK_FILE_IO
           : opcode == 76 ? EVENT_TRACE_FLAG_FILE_IO
                          : EVENT_TRACE_FLAG_FILE_IO_INIT;
}

/* The EnableFlags of which one must be set for a kernel event. */
static uint32_t needed_flags(int group, uint8_t opcode)
{
    switch (group) {
    case 0x00: /* header group */
    case 0x0b: /* system configuration: NO_SYSCONFIG is looked at by the caller */
        return always;
    case 0x01:
        return disk_flags(opcode);
    case 0x02:
        return page_fault_flags(opcode);
    case 0x03:
        return process_flags(opcode);
    case 0x04:
        return file_flags(opcode);
    case 0x05:
        return thread_flags(opcode);
    case 0x06:
    case 0x08:
        return EVENT_TRACE_FLAG_NETWORK_TCPIP;
    case 0x09:
        return EVENT_TRACE_FLAG_REGISTRY;
    case 0x0f:
        return perf_info_flags(opcode);
    case 0x14:
        return EVENT_TRACE_FLAG_IMAGE_LOAD;
    default:
        return 0;
    }
}

static void copy_stacks(struct wanted *wanted, const struct machine_session *session)
{
    memset(wanted->stack_hooks, 0, sizeof wanted->stack_hooks);
    wanted->has_stacks = session->stack_count > 0;
    for (uint32_t i = 0; i < session->stack_count; i++) {
        struct ew_guid guid;
        memcpy(&guid, &session->stacks[i].EventGuid, sizeof guid);
        int group = ew_kernel_group(&guid);
        if (group >= 0) {
            unsigned hook = (unsigned)group << 8 | session->stacks[i].Type;
            wanted->stack_hooks[hook / 64] |= UINT64_C(1) << hook % 64;
        }
    }
}

static void copy_session(struct wanted *wanted, const struct machine_session *session)
{
    wanted->flags = session->flags[0];
    wanted->provider_count = session->provider_count;
    memcpy(wanted->providers, session->providers, sizeof wanted->providers);
    wanted->containers = false;
    for (uint32_t i = 0; i < wanted->provider_count; i++) {
        const uint32_t both = SIM_ENABLE_SILOS | SIM_ENABLE_CONTAINER_TRACKING;
        wanted->containers = wanted->containers || (wanted->providers[i].property & both) == both;
    }
    copy_stacks(wanted, session);
}

void wanted_refresh(struct wanted *wanted, uint64_t session_id, enum plan_scope scope,
                    bool everything)
{
    (void)machine_lock();
    const struct machine_session *session = machine_by_id(session_id);
    if (session != NULL
        && (!wanted->is_filled || wanted->revision != atomic_load(&session->revision))) {
        wanted->revision = atomic_load(&session->revision);
        wanted->is_filled = true;
        wanted->everything = everything;
        wanted->scope = scope;
        copy_session(wanted, session);
    }
    machine_unlock();
    if (wanted->times == NULL) {
        wanted->times = calloc((size_t)TIME_SETS * TIME_WAYS, sizeof wanted->times[0]);
    }
}

void wanted_free(struct wanted *wanted)
{
    free(wanted->times);
    wanted->times = NULL;
}

static uint64_t *time_set(const struct wanted *wanted, uint64_t time_raw)
{
    uint64_t hash = time_raw * UINT64_C(0x9e3779b97f4a7c15);
    return &wanted->times[(hash >> 48) * TIME_WAYS];
}

static void await_stack(struct wanted *wanted, uint64_t time_raw)
{
    uint64_t *set = time_set(wanted, time_raw);
    unsigned oldest = 0;
    for (unsigned way = 0; way < TIME_WAYS; way++) {
        oldest = set[way] < set[oldest] ? way : oldest;
        if (set[way] == time_raw) {
            return;
        }
    }
    set[oldest] = time_raw;
}

static bool is_awaited(const struct wanted *wanted, uint64_t time_raw)
{
    const uint64_t *set = time_set(wanted, time_raw);
    return set[0] == time_raw || set[1] == time_raw || set[2] == time_raw || set[3] == time_raw;
}

static bool wanted_stack(const struct wanted *wanted, const struct ew_event *event)
{
    switch (event->opcode) {
    case STACKWALK:
    case STACK_KEY_KERNEL:
    case STACK_KEY_USER:
        return event->payload_bytes >= 8 && wanted->times != NULL
               && is_awaited(wanted, ew_load_u64(event->payload));
    case STACK_CREATE:
    case STACK_DELETE:
    case STACK_RUNDOWN:
        return wanted->has_stacks;
    default:
        return false;
    }
}

static bool wanted_kernel(struct wanted *wanted, const struct ew_event *event, int group)
{
    if (group == 0x18) {
        return wanted_stack(wanted, event);
    }
    if (group == 0x0b && (wanted->flags & EVENT_TRACE_FLAG_NO_SYSCONFIG) != 0) {
        return false;
    }
    uint32_t needed = needed_flags(group, event->opcode);
    if (needed != always && (wanted->flags & needed) == 0) {
        return false;
    }
    unsigned hook = (unsigned)group << 8 | event->opcode;
    if (wanted->times != NULL && (wanted->stack_hooks[hook / 64] >> hook % 64 & 1) != 0) {
        await_stack(wanted, event->time_raw);
    }
    return true;
}

/* Level 0 and keyword 0 pass every filter (reference etw.md 3.3.2). */
static bool passes(const struct machine_provider *provider, const struct ew_event *event)
{
    bool level = provider->level == 0 || event->level <= provider->level;
    bool keyword = event->keyword == 0
                   || ((provider->any == 0 || (event->keyword & provider->any) != 0)
                       && (event->keyword & provider->all) == provider->all);
    return level && keyword;
}

static bool wanted_provider(const struct wanted *wanted, const struct ew_event *event,
                            uint32_t *properties_out)
{
    for (uint32_t i = 0; i < wanted->provider_count; i++) {
        const struct machine_provider *provider = &wanted->providers[i];
        if (sim_guid_is(&provider->guid, event->provider)) {
            *properties_out = provider->property;
            return passes(provider, event);
        }
    }
    return false;
}

static bool wanted_enabled(struct wanted *wanted, const struct ew_event *event,
                           uint32_t *properties_out)
{
    if (event->kind == EW_EVENT_KERNEL || event->kind == EW_EVENT_CLASSIC) {
        int group =
            event->kind == EW_EVENT_KERNEL ? event->hook >> 8 : ew_kernel_group(event->provider);
        bool is_kernel_session = wanted->scope == PLAN_SCOPE_KERNEL;
        if (ew_guid_equal(event->provider, &ew_guid_lost_event)) {
            return is_kernel_session;
        }
        if (group >= 0) {
            return is_kernel_session && wanted_kernel(wanted, event, group);
        }
    }
    return wanted_provider(wanted, event, properties_out);
}

bool wanted_event(struct wanted *wanted, const struct ew_event *event, uint32_t *properties_out)
{
    *properties_out = 0;
    if (event->kind == EW_EVENT_ERROR) {
        return false;
    }
    if (!wanted->everything) {
        return wanted_enabled(wanted, event, properties_out);
    }
    bool is_kernel = event->kind == EW_EVENT_KERNEL || event->kind == EW_EVENT_CLASSIC;
    *properties_out = SIM_ENABLE_KNOWN;
    return wanted->scope == PLAN_SCOPE_ALL || is_kernel == (wanted->scope == PLAN_SCOPE_KERNEL);
}
