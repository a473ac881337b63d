/* SPDX-License-Identifier: Apache-2.0 */
/* Plans, right sessions and consumers for the self tests of the stand-in. */
#include "standin_world.h"

#include "platform/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char plan_path[] = EW_SCRATCH_DIR "/self.plan";
static const char log_path[] = EW_SCRATCH_DIR "/self.log";
static const char state_path[] = EW_SCRATCH_DIR "/self.state";
static const char machine_path[] = EW_SCRATCH_DIR "/self.state/sessions.bin";

static const GUID kernel_guid = {0x6b1f0a51, 0x1d7e, 0x4b5c, {1, 2, 3, 4, 5, 6, 7, 8}};
static const GUID user_guid = {0x6b1f0a52, 0x1d7e, 0x4b5c, {1, 2, 3, 4, 5, 6, 7, 8}};

/* What the CLR runtime provider is to be enabled with: Loader, Jit, NGen. */
#define CLR_KEYWORDS 0x38u

static void write_plan(const char *lines)
{
    char text[4096];
    struct ew_file *file = NULL;
    int length = snprintf(text, sizeof text, "log=%s\nstate=%s\nsettle=50\n%s", log_path,
                          state_path, lines);
    ck_assert_int_lt(length, (int)sizeof text);
    ck_assert_int_eq(ew_file_create(plan_path, true, &file, NULL), EW_OK);
    ck_assert_int_eq(ew_file_write_at(file, 0, text, (size_t)length, NULL), EW_OK);
    ew_file_close(file);
}

void world_begin(const char *lines)
{
    struct ew_file *file = NULL;
    /* The machine before is still mapped, so that its file cannot be removed: an empty plan
     * moves the stand-in away from it. */
    ck_assert_int_eq(ew_directory_make(state_path, NULL), EW_OK);
    write_plan("state=" EW_SCRATCH_DIR "/elsewhere\n");
    etwsim_begin(plan_path);
    (void)etwsim_end();
    enum ew_status removed = ew_file_remove(machine_path, NULL);
    ck_assert(removed == EW_OK || removed == EW_NOT_FOUND || removed == EW_IO);
    ck_assert_int_eq(ew_file_create(log_path, true, &file, NULL), EW_OK);
    ew_file_close(file);
    world_begin_again(lines);
}

void world_begin_again(const char *lines)
{
    write_plan(lines);
    etwsim_begin(plan_path);
}

bool world_log_has(const char *text)
{
    char *bytes = NULL;
    size_t byte_count = 0;
    ck_assert_int_eq(ew_file_read_all(log_path, 64 * 1024 * 1024, &bytes, &byte_count, NULL),
                     EW_OK);
    bool has = strstr(bytes, text) != NULL;
    free(bytes);
    return has;
}

void world_wait_log(const char *text)
{
    for (unsigned waited_ms = 0; waited_ms < 20000; waited_ms += 20) {
        if (world_log_has(text)) {
            return;
        }
        Sleep(20);
    }
    ck_abort_msg("the log has no \"%s\"", text);
}

void world_fill(struct world_properties *properties, bool kernel, ULONG flags)
{
    memset(properties, 0, sizeof *properties);
    EVENT_TRACE_PROPERTIES *trace = &properties->trace;
    trace->Wnode.BufferSize = sizeof *properties;
    trace->Wnode.Guid = kernel ? kernel_guid : user_guid;
    trace->Wnode.ClientContext = 1;
    trace->Wnode.Flags = WNODE_FLAG_TRACED_GUID;
    trace->LoggerNameOffset = offsetof(struct world_properties, name);
    trace->BufferSize = 256;
    trace->MinimumBuffers = 8;
    trace->MaximumBuffers = 32;
    trace->FlushTimer = 1;
    trace->LogFileMode =
        EVENT_TRACE_REAL_TIME_MODE | SIM_MODE_INDEPENDENT | (kernel ? SIM_MODE_SYSTEM_LOGGER : 0);
    trace->EnableFlags = flags;
}

TRACEHANDLE world_start(bool kernel, ULONG flags)
{
    struct world_properties properties;
    TRACEHANDLE handle = 0;
    world_fill(&properties, kernel, flags);
    ck_assert_uint_eq(
        StartTraceW(&handle, kernel ? WORLD_KERNEL_NAME : WORLD_USER_NAME, &properties.trace),
        ERROR_SUCCESS);
    ck_assert_uint_ne(handle, 0);
    return handle;
}

void world_privilege(void)
{
    HANDLE token = NULL;
    TOKEN_PRIVILEGES wanted = {.PrivilegeCount = 1};
    ck_assert(
        OpenProcessToken(GetCurrentProcess(), TOKEN_ADJUST_PRIVILEGES | TOKEN_QUERY, &token));
    ck_assert(LookupPrivilegeValueW(NULL, SE_SYSTEM_PROFILE_NAME, &wanted.Privileges[0].Luid));
    wanted.Privileges[0].Attributes = SE_PRIVILEGE_ENABLED;
    ck_assert(AdjustTokenPrivileges(token, FALSE, &wanted, 0, NULL, NULL));
    (void)CloseHandle(token);
}

/* What holds of every record (reference etw.md 3.3.1). */
static bool is_right(const EVENT_RECORD *event)
{
    USHORT flags = event->EventHeader.Flags;
    bool is_32 = (flags & SIM_HEADER_32_BIT) != 0;
    bool is_64 = (flags & SIM_HEADER_64_BIT) != 0;
    bool is_classic = (flags & SIM_HEADER_CLASSIC) != 0;
    bool has_items = (flags & SIM_HEADER_EXTENDED) != 0;
    return is_32 != is_64 && has_items == (event->ExtendedDataCount > 0)
           && (!is_classic || event->EventHeader.EventDescriptor.Id == 0)
           && (event->UserDataLength == 0 || event->UserData != NULL);
}

static void count_event(struct world_consumer *consumer, const EVENT_RECORD *event)
{
    const GUID *provider = &event->EventHeader.ProviderId;
    UCHAR opcode = event->EventHeader.EventDescriptor.Opcode;
    consumer->events++;
    consumer->wrong += !is_right(event);
    consumer->headers += sim_guid_is(provider, &ew_guid_event_trace) && opcode == 0;
    consumer->stacks += sim_guid_is(provider, &ew_guid_stack_walk) && opcode == 32;
    consumer->samples += sim_guid_is(provider, &ew_guid_perf_info) && opcode == 46;
    consumer->managed += sim_guid_is(provider, &ew_guid_clr_runtime);
    consumer->lost += sim_guid_is(provider, &ew_guid_lost_event);
    for (USHORT i = 0; i < event->ExtendedDataCount; i++) {
        consumer->contained += event->ExtendedData[i].ExtType == EW_ITEM_CONTAINER_ID;
    }
}

static void WINAPI on_event(EVENT_RECORD *event)
{
    struct world_consumer *consumer = event->UserContext;
    count_event(consumer, event);
    consumer->time_raw = event->EventHeader.TimeStamp.QuadPart;
    if (consumer->other_raw != NULL && *consumer->other_raw != 0) {
        LONGLONG apart = consumer->time_raw - *consumer->other_raw;
        consumer->apart_raw = apart > consumer->apart_raw ? apart : consumer->apart_raw;
    }
}

static ULONG WINAPI on_buffer(EVENT_TRACE_LOGFILEW *logfile)
{
    struct world_consumer *consumer = logfile->Context;
    LONG buffers = InterlockedIncrement(&consumer->buffers);
    return consumer->buffers_wanted == 0 || (unsigned)buffers < consumer->buffers_wanted;
}

static DWORD WINAPI process(void *context)
{
    struct world_consumer *consumer = context;
    consumer->result = ProcessTrace(&consumer->handle, 1, NULL, NULL);
    return 0;
}

void world_open(struct world_consumer *consumer, const WCHAR *name)
{
    WCHAR copy[64] = L"";
    EVENT_TRACE_LOGFILEW *logfile = &consumer->logfile;
    wcsncat(copy, name, 63);
    memset(logfile, 0, sizeof *logfile);
    logfile->LoggerName = copy;
    logfile->ProcessTraceMode = PROCESS_TRACE_MODE_REAL_TIME | PROCESS_TRACE_MODE_EVENT_RECORD
                                | PROCESS_TRACE_MODE_RAW_TIMESTAMP;
    logfile->EventRecordCallback = on_event;
    logfile->BufferCallback = on_buffer;
    logfile->Context = consumer;
    consumer->handle = OpenTraceW(logfile);
    logfile->LoggerName = NULL;
    ck_assert_uint_ne(consumer->handle, INVALID_PROCESSTRACE_HANDLE);
}

void world_process(struct world_consumer *consumer)
{
    consumer->thread = CreateThread(NULL, 0, process, consumer, 0, NULL);
    ck_assert_ptr_nonnull(consumer->thread);
}

ULONG world_control(TRACEHANDLE handle, const WCHAR *name, ULONG control,
                    struct world_properties *properties_out)
{
    struct world_properties properties;
    world_fill(&properties, false, 0);
    ULONG code = ControlTraceW(handle, name, &properties.trace, control);
    if (properties_out != NULL) {
        *properties_out = properties;
    }
    return code;
}

void world_join(struct world_consumer *consumer)
{
    if (consumer->thread != NULL) {
        ck_assert_uint_eq(WaitForSingleObject(consumer->thread, 30000), WAIT_OBJECT_0);
        (void)CloseHandle(consumer->thread);
        consumer->thread = NULL;
    }
    ck_assert_uint_eq(CloseTrace(consumer->handle), ERROR_SUCCESS);
}

ULONG world_enable(TRACEHANDLE handle, const struct ew_guid *provider, ULONGLONG any,
                   ULONG property)
{
    GUID guid;
    ENABLE_TRACE_PARAMETERS parameters = {.Version = ENABLE_TRACE_PARAMETERS_VERSION_2,
                                          .EnableProperty = property};
    memcpy(&guid, provider->bytes, sizeof guid);
    return EnableTraceEx2(handle, &guid, EVENT_CONTROL_CODE_ENABLE_PROVIDER, 4, any, 0, 0,
                          &parameters);
}

static void list_stacks(TRACEHANDLE handle)
{
    CLASSIC_EVENT_ID stacks[2] = {{.Type = 46}, {.Type = 10}};
    memcpy(&stacks[0].EventGuid, ew_guid_perf_info.bytes, sizeof(GUID));
    memcpy(&stacks[1].EventGuid, ew_guid_process.bytes, sizeof(GUID));
    ck_assert_uint_eq(TraceSetInformation(handle, TraceStackTracingInfo, stacks, sizeof stacks),
                      ERROR_SUCCESS);
}

void world_start_both(struct world_both *both)
{
    const ULONG flags = EVENT_TRACE_FLAG_PROCESS | EVENT_TRACE_FLAG_THREAD
                        | EVENT_TRACE_FLAG_IMAGE_LOAD | EVENT_TRACE_FLAG_PROFILE;
    const ULONG containers = SIM_ENABLE_SILOS | SIM_ENABLE_CONTAINER_TRACKING;
    memset(both, 0, sizeof *both);
    world_privilege();
    both->user = world_start(false, 0);
    world_open(&both->user_consumer, WORLD_USER_NAME);
    world_process(&both->user_consumer);
    ck_assert_uint_eq(world_enable(both->user, &ew_guid_clr_runtime, CLR_KEYWORDS, containers),
                      ERROR_SUCCESS);
    both->kernel = world_start(true, flags);
    world_open(&both->kernel_consumer, WORLD_KERNEL_NAME);
    list_stacks(both->kernel);
    world_process(&both->kernel_consumer);
    ck_assert_uint_eq(
        world_enable(both->user, &ew_guid_clr_rundown, CLR_KEYWORDS | 0x40u, containers),
        ERROR_SUCCESS);
}

void world_stop_both(struct world_both *both)
{
    (void)world_control(both->kernel, NULL, EVENT_TRACE_CONTROL_STOP, NULL);
    (void)world_control(both->user, NULL, EVENT_TRACE_CONTROL_STOP, NULL);
    world_join(&both->kernel_consumer);
    world_join(&both->user_consumer);
}
