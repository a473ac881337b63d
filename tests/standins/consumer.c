/* SPDX-License-Identifier: Apache-2.0 */
/* OpenTraceW, ProcessTrace and CloseTrace with Windows' documented contract. */
#include "consumer.h"

#include "exports.h"
#include "life.h"
#include "play.h"

#include <stdlib.h>
#include <string.h>

/* ERROR_CTX_CLOSE_PENDING, reference etw.md 3.1.7. */
enum { CLOSE_PENDING = 7007 };

#define FIRST_CONSUMER UINT64_C(0x500000001)

static struct consumer consumers[CONSUMERS_MAX];
static uint64_t next_handle = FIRST_CONSUMER;
static uint64_t life_handle = FIRST_CONSUMER; /* the first of this life */

struct consumer *consumer_at(unsigned index)
{
    return index < CONSUMERS_MAX ? &consumers[index] : NULL;
}

static struct consumer *find_consumer(uint64_t handle)
{
    for (unsigned i = 0; i < CONSUMERS_MAX; i++) {
        if (consumers[i].state != CONSUMER_FREE && consumers[i].handle == handle) {
            return &consumers[i];
        }
    }
    return NULL;
}

static void free_consumer(struct consumer *consumer)
{
    ew_recording_close(consumer->recording);
    wanted_free(&consumer->wanted);
    record_free(&consumer->record);
    memset(consumer, 0, sizeof *consumer);
}

void consumers_forget(void)
{
    for (unsigned i = 0; i < CONSUMERS_MAX; i++) {
        if (consumers[i].state != CONSUMER_FREE) {
            free_consumer(&consumers[i]);
        }
    }
    life_handle = next_handle;
    play_forget();
}

void consumers_check_end(void)
{
    for (unsigned i = 0; i < CONSUMERS_MAX; i++) {
        char name[SIM_TEXT_BYTES];
        if (consumers[i].state != CONSUMER_FREE) {
            sim_violation("exit", "the consumer of %s is not closed",
                          sim_narrow(consumers[i].name, name, sizeof name));
        }
    }
}

struct ew_recording *consumer_recording(void)
{
    const struct plan *plan = &sim_life()->plan;
    const char *paths[PLAN_PATHS_MAX];
    struct ew_recording *recording = NULL;
    struct ew_error error = {0};
    for (uint32_t i = 0; i < plan->trace_count; i++) {
        paths[i] = plan->traces[i];
    }
    if (plan->trace_count > 0
        && ew_recording_open(paths, plan->trace_count, EW_ORDER_TIME, &recording, &error)
               != EW_OK) {
        sim_violation("plan", "%s", error.text);
        return NULL;
    }
    return recording;
}

static ULONG check_mode(const EVENT_TRACE_LOGFILEW *logfile)
{
    const ULONG right = PROCESS_TRACE_MODE_REAL_TIME | PROCESS_TRACE_MODE_EVENT_RECORD
                        | PROCESS_TRACE_MODE_RAW_TIMESTAMP;
    ULONG mode = logfile->ProcessTraceMode;
    if (mode != right) {
        sim_violation("OpenTraceW", "ProcessTraceMode 0x%lx, not 0x%lx", mode, right);
    }
    return (mode & PROCESS_TRACE_MODE_REAL_TIME) == 0
                   || (mode & PROCESS_TRACE_MODE_EVENT_RECORD) == 0
               ? ERROR_INVALID_PARAMETER
               : ERROR_SUCCESS;
}

static ULONG check_logfile(const EVENT_TRACE_LOGFILEW *logfile)
{
    if (logfile == NULL || logfile->LoggerName == NULL || logfile->LogFileName != NULL
        || wcslen(logfile->LoggerName) > MACHINE_NAME_MAX) {
        sim_violation("OpenTraceW", "not the name of a session, and that alone");
        return ERROR_INVALID_PARAMETER;
    }
    if (logfile->EventRecordCallback == NULL) {
        sim_violation("OpenTraceW", "no EventRecordCallback");
        return ERROR_INVALID_PARAMETER;
    }
    return check_mode(logfile);
}

static struct consumer *take_slot(void)
{
    for (unsigned i = 0; i < CONSUMERS_MAX; i++) {
        if (consumers[i].state == CONSUMER_FREE) {
            return &consumers[i];
        }
    }
    return NULL;
}

/* With lock and machine held: a session that is not there may come later, ProcessTrace tells. */
static void tell_session(struct consumer *consumer)
{
    struct machine_session *session = machine_by_name(consumer->name);
    if (session != NULL) {
        session->has_consumer = 1;
        consumer->logfile.LogfileHeader.BufferSize = session->buffer_kib * 1024;
        consumer->logfile.LogfileHeader.LogFileMode = session->mode;
        consumer->logfile.BufferSize = session->buffer_kib * 1024;
    }
}

static uint64_t open_consumer(EVENT_TRACE_LOGFILEW *logfile)
{
    uint64_t handle = 0;
    struct ew_recording *recording = consumer_recording();
    sim_lock();
    struct consumer *consumer = take_slot();
    if (consumer != NULL) {
        memset(consumer, 0, sizeof *consumer);
        consumer->state = CONSUMER_OPEN;
        consumer->handle = next_handle++;
        consumer->recording = recording;
        wcsncat(consumer->name, logfile->LoggerName, MACHINE_NAME_MAX);
        play_fill_header(recording, &logfile->LogfileHeader);
        consumer->logfile = *logfile;
        (void)machine_lock();
        tell_session(consumer);
        machine_unlock();
        logfile->LogfileHeader = consumer->logfile.LogfileHeader;
        logfile->BufferSize = consumer->logfile.BufferSize;
        consumer->logfile.LoggerName = consumer->name;
        handle = consumer->handle;
    } else {
        ew_recording_close(recording);
    }
    sim_unlock();
    sim_changed();
    return handle;
}

TRACEHANDLE WINAPI sim_OpenTraceW(EVENT_TRACE_LOGFILEW *logfile)
{
    char text[SIM_TEXT_BYTES];
    DWORD demanded = sim_enter(CALL_ETW, "OpenTraceW", NULL);
    DWORD code = demanded;
    uint64_t handle = 0;
    if (demanded == 0) {
        code = sim_life()->plan.deny ? ERROR_ACCESS_DENIED : check_logfile(logfile);
    }
    if (code == ERROR_SUCCESS) {
        handle = open_consumer(logfile);
        code = handle == 0 ? ERROR_OUTOFMEMORY : ERROR_SUCCESS;
    }
    sim_log_call("OpenTraceW", code, demanded != 0, "%s",
                 sim_narrow(logfile == NULL ? NULL : logfile->LoggerName, text, sizeof text));
    SetLastError(code);
    return code == ERROR_SUCCESS ? handle : INVALID_PROCESSTRACE_HANDLE;
}

static void unknown_handle(const char *function, uint64_t handle)
{
    bool was_ours = handle >= life_handle && handle < next_handle;
    sim_violation(function, was_ours ? "handle 0x%llx after CloseTrace" : "0x%llx is no consumer",
                  (unsigned long long)handle);
}

static ULONG begin_processing(uint64_t handle, struct consumer **consumer_out)
{
    ULONG code = ERROR_SUCCESS;
    sim_lock();
    struct consumer *consumer = find_consumer(handle);
    if (consumer == NULL) {
        unknown_handle("ProcessTrace", handle);
        code = ERROR_INVALID_HANDLE;
    } else if (consumer->state != CONSUMER_OPEN) {
        sim_violation("ProcessTrace", "handle 0x%llx twice", (unsigned long long)handle);
        code = ERROR_INVALID_HANDLE;
    } else {
        consumer->state = CONSUMER_PROCESSING;
        *consumer_out = consumer;
    }
    sim_unlock();
    return code;
}

static void end_processing(struct consumer *consumer, ULONG result)
{
    char name[SIM_TEXT_BYTES];
    sim_log("play: %s ends events=%llu result=%lu", sim_narrow(consumer->name, name, sizeof name),
            (unsigned long long)consumer->delivered, result);
    sim_lock();
    consumer->state = CONSUMER_DONE;
    if (consumer->is_closing) {
        free_consumer(consumer);
    }
    sim_unlock();
}

ULONG WINAPI sim_ProcessTrace(TRACEHANDLE *handles, ULONG count, FILETIME *start, FILETIME *end)
{
    struct consumer *consumer = NULL;
    DWORD demanded = sim_enter(CALL_ETW, "ProcessTrace", NULL);
    ULONG code = demanded;
    if (demanded == 0 && (handles == NULL || count != 1)) {
        sim_violation("ProcessTrace", "%lu handles; one in real time", count);
        code = ERROR_INVALID_PARAMETER;
    } else if (demanded == 0) {
        if (start != NULL || end != NULL) {
            sim_violation("ProcessTrace", "a span of time in real time");
        }
        code = begin_processing(handles[0], &consumer);
    }
    sim_log_call("ProcessTrace", code, demanded != 0, "handle=0x%llx%s",
                 handles == NULL ? 0 : handles[0], consumer != NULL ? " begins" : "");
    if (consumer != NULL) {
        sim_changed();
        code = play_run(consumer);
        end_processing(consumer, code);
    }
    return code;
}

static ULONG close_consumer(uint64_t handle)
{
    ULONG code = ERROR_SUCCESS;
    sim_lock();
    struct consumer *consumer = find_consumer(handle);
    if (consumer == NULL) {
        unknown_handle("CloseTrace", handle);
        code = ERROR_INVALID_HANDLE;
    } else if (consumer->is_closing) {
        sim_violation("CloseTrace", "handle 0x%llx twice", (unsigned long long)handle);
        code = CLOSE_PENDING;
    } else if (consumer->state == CONSUMER_PROCESSING) {
        consumer->is_closing = true;
        play_wake();
        code = CLOSE_PENDING;
    } else {
        free_consumer(consumer);
    }
    sim_unlock();
    return code;
}

ULONG WINAPI sim_CloseTrace(TRACEHANDLE handle)
{
    DWORD demanded = sim_enter(CALL_ETW, "CloseTrace", NULL);
    /* A handle is gone whatever CloseTrace answers, nobody can close it again. */
    ULONG code = close_consumer(handle);
    code = demanded != 0 ? demanded : code;
    sim_log_call("CloseTrace", code, demanded != 0, "handle=0x%llx", handle);
    return code;
}
