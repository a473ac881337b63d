/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The thread that ETW delivers a session's events on (reference etw.md 3.1.7), and the clock
 * that dates them.
 *
 * The callback does no more than ew_record_take(). Before the first event is put, the clock is
 * published: its fields are written, then `state` is stored with release; clock() of the
 * capture loads it with acquire.
 */
#include "capture/live/internal.h"

#include <string.h>

/* EVENT_RECORD and our portable form of it are the same bytes. */
_Static_assert(sizeof(struct ew_event_record) == sizeof(EVENT_RECORD), "size");
_Static_assert(offsetof(struct ew_event_record, flags) == offsetof(EVENT_HEADER, Flags), "flags");
_Static_assert(offsetof(struct ew_event_record, thread_id) == offsetof(EVENT_HEADER, ThreadId),
               "thread");
_Static_assert(offsetof(struct ew_event_record, process_id) == offsetof(EVENT_HEADER, ProcessId),
               "process");
_Static_assert(offsetof(struct ew_event_record, time_raw) == offsetof(EVENT_HEADER, TimeStamp),
               "time");
_Static_assert(offsetof(struct ew_event_record, provider) == offsetof(EVENT_HEADER, ProviderId),
               "provider");
_Static_assert(offsetof(struct ew_event_record, id) == offsetof(EVENT_HEADER, EventDescriptor),
               "descriptor");
_Static_assert(offsetof(struct ew_event_record, opcode)
                   == offsetof(EVENT_HEADER, EventDescriptor)
                          + offsetof(EVENT_DESCRIPTOR, Opcode),
               "opcode");
_Static_assert(offsetof(struct ew_event_record, keyword)
                   == offsetof(EVENT_HEADER, EventDescriptor)
                          + offsetof(EVENT_DESCRIPTOR, Keyword),
               "keyword");
_Static_assert(offsetof(struct ew_event_record, activity) == offsetof(EVENT_HEADER, ActivityId),
               "activity");
_Static_assert(offsetof(struct ew_event_record, processor)
                   == offsetof(EVENT_RECORD, BufferContext),
               "processor");
_Static_assert(offsetof(struct ew_event_record, item_count)
                   == offsetof(EVENT_RECORD, ExtendedDataCount),
               "item count");
_Static_assert(offsetof(struct ew_event_record, payload_bytes)
                   == offsetof(EVENT_RECORD, UserDataLength),
               "payload size");
_Static_assert(offsetof(struct ew_event_record, items) == offsetof(EVENT_RECORD, ExtendedData),
               "items");
_Static_assert(offsetof(struct ew_event_record, payload) == offsetof(EVENT_RECORD, UserData),
               "payload");
_Static_assert(sizeof(struct ew_event_record_item) == sizeof(EVENT_HEADER_EXTENDED_DATA_ITEM),
               "item");
_Static_assert(offsetof(struct ew_event_record_item, type)
                   == offsetof(EVENT_HEADER_EXTENDED_DATA_ITEM, ExtType),
               "item type");
_Static_assert(offsetof(struct ew_event_record_item, data_bytes)
                   == offsetof(EVENT_HEADER_EXTENDED_DATA_ITEM, DataSize),
               "item size");
_Static_assert(offsetof(struct ew_event_record_item, data)
                   == offsetof(EVENT_HEADER_EXTENDED_DATA_ITEM, DataPtr),
               "item data");

#define TRACE_NONE UINT64_MAX

/* --- the first event -------------------------------------------------------------------- */

/* The header event says which raw time is the start; without it a pair of our own serves. */
static void make_clock(const struct live_session *session, const struct ew_event_record *record,
                       struct ew_etl_clock *clock_out)
{
    bool told = ew_record_is_header(record) && record->time_raw != 0 && session->start_100ns != 0
                && ew_record_clock(session->clock_kind, session->frequency, record->time_raw,
                                   session->start_100ns, clock_out);
    if (told
        || ew_record_clock(session->clock_kind, session->frequency, session->open_raw,
                           session->open_100ns, clock_out)) {
        return;
    }
    (void)ew_record_clock(EW_CLIENT_SYSTEM_TIME, 0, 0, 0, clock_out);
}

/* The first session to come dates the events of both, also after a restart: all clocks count
 * the same ticks, and two origins would put a method behind the samples in it. */
static void share_clock(struct live_session *session, const struct ew_event_record *record)
{
    struct live_clock *clock = &session->live->clock;
    unsigned expected = LIVE_CLOCK_NONE;
    if (atomic_compare_exchange_strong_explicit(&clock->state, &expected, LIVE_CLOCK_WRITING,
                                                memory_order_acquire, memory_order_acquire)) {
        make_clock(session, record, &clock->clock);
        atomic_store_explicit(&clock->state, LIVE_CLOCK_SET, memory_order_release);
    }
    while (atomic_load_explicit(&clock->state, memory_order_acquire) != LIVE_CLOCK_SET) {
        SwitchToThread(); /* the other session's first event, this very moment */
    }
    session->sink.clock = clock->clock;
}

static void begin(struct live_session *session, const struct ew_event_record *record)
{
    session->begun = true;
    session->sink.last_raw = session->open_raw;
    share_clock(session, record);
}

/* --- callbacks ----------------------------------------------------------------------------- */

static VOID WINAPI on_event(PEVENT_RECORD event)
{
    struct live_session *session = event->UserContext;
    const struct ew_event_record *record = (const struct ew_event_record *)(const void *)event;
    if (!session->begun) {
        begin(session, record);
    }
    ew_record_take(&session->sink, record);
}

static ULONG WINAPI on_buffer(PEVENT_TRACE_LOGFILEW logfile)
{
    struct live_session *session = logfile->Context;
    ew_queue_publish(session->sink.queue);
    return TRUE;
}

/* --- the thread ------------------------------------------------------------------------------
 */

/* Whoever takes the handle out closes it: the thread when it ends, or the control thread to
 * end it. ERROR_CTX_CLOSE_PENDING is a success. */
void ew_live_consumer_close(struct live_session *session)
{
    uint64_t trace = atomic_exchange_explicit(&session->trace, TRACE_NONE, memory_order_acq_rel);
    if (trace != TRACE_NONE) {
        (void)CloseTrace(trace);
    }
}

static void run(void *context)
{
    struct live_session *session = context;
    TRACEHANDLE trace = atomic_load_explicit(&session->trace, memory_order_acquire);
    session->ended_by =
        trace == TRACE_NONE ? ERROR_CANCELLED : ProcessTrace(&trace, 1, NULL, NULL);
    ew_queue_publish(session->sink.queue);
    ew_live_consumer_close(session);
    atomic_store_explicit(&session->ended, true, memory_order_release);
}

static void take_pair(struct live_session *session)
{
    LARGE_INTEGER ticks, per_second;
    FILETIME now;
    (void)QueryPerformanceFrequency(&per_second);
    (void)QueryPerformanceCounter(&ticks);
    GetSystemTimePreciseAsFileTime(&now);
    session->open_raw = (uint64_t)ticks.QuadPart;
    session->open_100ns = (uint64_t)now.dwHighDateTime << 32 | now.dwLowDateTime;
    if (session->frequency == 0) {
        session->frequency = (uint64_t)per_second.QuadPart;
    }
}

static void take_header(struct live_session *session, const TRACE_LOGFILE_HEADER *header)
{
    session->clock_kind = header->ReservedFlags != 0 ? header->ReservedFlags : EW_CLIENT_QPC;
    session->frequency = (uint64_t)header->PerfFreq.QuadPart;
    session->start_100ns = (uint64_t)header->StartTime.QuadPart;
    session->sink.pointer_bytes = header->PointerSize == 4 ? 4 : 8;
    take_pair(session);
}

static ULONG open(struct live_session *session)
{
    EVENT_TRACE_LOGFILEW logfile;
    memset(&logfile, 0, sizeof logfile);
    logfile.LoggerName = session->name;
    logfile.ProcessTraceMode = PROCESS_TRACE_MODE_REAL_TIME | PROCESS_TRACE_MODE_EVENT_RECORD
                               | PROCESS_TRACE_MODE_RAW_TIMESTAMP;
    logfile.EventRecordCallback = on_event;
    logfile.BufferCallback = on_buffer;
    logfile.Context = session;
    TRACEHANDLE trace = OpenTraceW(&logfile);
    if (trace == INVALID_PROCESSTRACE_HANDLE || trace == EW_TRACE_INVALID_32) {
        ULONG code = GetLastError();
        return code == ERROR_SUCCESS ? ERROR_WMI_INSTANCE_NOT_FOUND : code;
    }
    take_header(session, &logfile.LogfileHeader);
    atomic_store_explicit(&session->trace, trace, memory_order_release);
    return ERROR_SUCCESS;
}

enum ew_status ew_live_consumer_start(struct live_session *session, struct ew_error *error)
{
    session->begun = false;
    atomic_store_explicit(&session->sink.counts.first_100ns, 0, memory_order_relaxed);
    atomic_store_explicit(&session->sink.counts.last_100ns, 0, memory_order_relaxed);
    ULONG code = open(session);
    if (code != ERROR_SUCCESS) {
        return ew_live_fail(error, code, session->shown, "be consumed");
    }
    if (session->clock_kind == EW_CLIENT_CYCLES) {
        ew_live_consumer_close(session);
        return ew_fail(error, EW_UNSUPPORTED,
                       "session %s: cannot be consumed: it counts processor cycles, which dates "
                       "nothing; start it with QPC or system time",
                       session->shown);
    }
    atomic_store_explicit(&session->ended, false, memory_order_relaxed);
    if (ew_thread_start(&session->thread, run, session) != EW_OK) {
        atomic_store_explicit(&session->ended, true, memory_order_relaxed);
        ew_live_consumer_close(session);
        return ew_fail(error, EW_NO_MEMORY, "session %s: no memory for its thread",
                       session->shown);
    }
    return EW_OK;
}

void ew_live_consumer_join(struct live_session *session)
{
    ew_thread_join(session->thread);
    session->thread = NULL;
}

uint64_t ew_live_latest(const struct live *live)
{
    uint64_t latest = 0;
    for (size_t i = 0; i < LIVE_SESSION_COUNT; i++) {
        uint64_t time =
            atomic_load_explicit(&live->sessions[i].sink.counts.last_100ns, memory_order_acquire);
        latest = time > latest ? time : latest;
    }
    return latest;
}
