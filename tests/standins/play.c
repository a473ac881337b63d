/* SPDX-License-Identifier: Apache-2.0 */
/* Plays a recording into one consumer: header event, events in time order, losses, ends. */
#include "play.h"
#include "ask.h"

#include "clock.h"
#include "life.h"

#include "base/cursor.h"

#include <stdlib.h>
#include <string.h>

enum { BUFFER_BYTES = 64 * 1024, RESULT_NONE = -1 };

/* Guarded by the lock. */
static bool losses_told;
static bool has_offset;
static uint64_t offset_100ns; /* times=now: what is added to the recording's start */

void play_wake(void)
{
    clock_wake();
}

void play_forget(void)
{
    losses_told = false;
    has_offset = false;
    offset_100ns = 0;
    clock_forget();
}

static uint64_t now_100ns(void)
{
    FILETIME now;
    GetSystemTimeAsFileTime(&now);
    return (uint64_t)now.dwHighDateTime << 32 | now.dwLowDateTime;
}

/* Lock held. */
static uint64_t time_offset(const struct ew_recording_file *file)
{
    if (sim_life()->plan.times_now && !has_offset) {
        offset_100ns = now_100ns() - file->start_time;
        has_offset = true;
    }
    return offset_100ns;
}

static void fill_without_recording(TRACE_LOGFILE_HEADER *header)
{
    SYSTEM_INFO system;
    GetSystemInfo(&system);
    (void)QueryPerformanceFrequency(&header->PerfFreq);
    header->StartTime.QuadPart = (LONGLONG)now_100ns();
    header->BootTime.QuadPart = header->StartTime.QuadPart - (LONGLONG)GetTickCount64() * 10000;
    header->NumberOfProcessors = system.dwNumberOfProcessors;
    header->VersionDetail.MajorVersion = 10;
    header->ProviderVersion = 20348;
    header->ReservedFlags = EW_CLOCK_QPC;
}

void play_fill_header(struct ew_recording *recording, TRACE_LOGFILE_HEADER *header_out)
{
    memset(header_out, 0, sizeof *header_out);
    header_out->TimerResolution = 156250;
    header_out->PointerSize = 8;
    header_out->VersionDetail.SubVersion = 1;
    header_out->VersionDetail.SubMinorVersion = 5;
    if (recording == NULL) {
        fill_without_recording(header_out);
        return;
    }
    const struct ew_recording_file *file = ew_recording_file(recording, 0);
    uint64_t offset = time_offset(file);
    header_out->VersionDetail.MajorVersion = file->os_major;
    header_out->VersionDetail.MinorVersion = file->os_minor;
    header_out->ProviderVersion = file->os_build;
    header_out->NumberOfProcessors = file->cpu_count;
    header_out->CpuSpeedInMHz = file->cpu_mhz;
    header_out->BootTime.QuadPart = (LONGLONG)(file->boot_time + offset);
    header_out->StartTime.QuadPart = (LONGLONG)(file->start_time + offset);
    header_out->PerfFreq.QuadPart = (LONGLONG)file->clock_frequency;
    header_out->ReservedFlags = file->clock;
}

static void call_back(struct consumer *consumer, const struct ew_event *event,
                      uint32_t properties, const char *container)
{
    bool is_raw = (consumer->logfile.ProcessTraceMode & PROCESS_TRACE_MODE_RAW_TIMESTAMP) != 0;
    struct record_options options = {
        .shift_raw = consumer->shift_raw,
        .filetime = is_raw ? 0 : event->time_100ns + consumer->shift_100ns,
        .properties = properties,
        .container = container,
        .user_context = consumer->logfile.Context,
    };
    if (record_make(&consumer->record, event, &options)) {
        consumer->record.event.BufferContext.LoggerId = (USHORT)consumer->session_id;
        consumer->logfile.EventRecordCallback(&consumer->record.event);
        record_spoil(&consumer->record);
        consumer->delivered++;
        consumer->buffer_bytes += event->record_bytes;
    }
}

static void tell_loss_record(struct consumer *consumer, uint8_t opcode)
{
    const struct ew_event lost = {
        .time_100ns = consumer->last_100ns,
        .time_raw = consumer->last_raw,
        .provider = &ew_guid_lost_event,
        .process_id = EW_ID_NONE,
        .thread_id = EW_ID_NONE,
        .record_bytes = sizeof(EVENT_HEADER),
        .opcode = opcode,
        .pointer_bytes = 8,
        .header_type = EW_HEADER_FULL64,
        .kind = EW_EVENT_CLASSIC,
    };
    call_back(consumer, &lost, 0, NULL);
}

static void add_losses(const struct consumer *consumer, uint32_t events, uint32_t buffers)
{
    (void)machine_lock();
    struct machine_session *session = machine_by_id(consumer->session_id);
    if (session != NULL) {
        (void)atomic_fetch_add(&session->events_lost, events);
        (void)atomic_fetch_add(&session->buffers_lost, buffers);
    }
    machine_unlock();
}

static void lose(struct consumer *consumer)
{
    const struct plan *plan = &sim_life()->plan;
    sim_lock();
    bool is_first = !losses_told && (plan->lose_events > 0 || plan->lose_buffers > 0);
    losses_told = losses_told || is_first;
    sim_unlock();
    if (!is_first) {
        return;
    }
    add_losses(consumer, plan->lose_events, plan->lose_buffers);
    if (plan->lose_events > 0) {
        tell_loss_record(consumer, 32);
    }
    if (plan->lose_buffers > 0) {
        tell_loss_record(consumer, 33);
    }
}

static void count_buffer(const struct consumer *consumer)
{
    (void)machine_lock();
    struct machine_session *session = machine_by_id(consumer->session_id);
    if (session != NULL) {
        (void)atomic_fetch_add(&session->buffers_written, 1);
    }
    machine_unlock();
}

static bool end_buffer(struct consumer *consumer)
{
    EVENT_TRACE_LOGFILEW logfile = consumer->logfile;
    if (consumer->buffer_bytes == 0) {
        return true;
    }
    lose(consumer);
    count_buffer(consumer);
    consumer->logfile.BuffersRead++;
    logfile.BuffersRead = consumer->logfile.BuffersRead;
    logfile.Filled = (ULONG)consumer->buffer_bytes;
    consumer->buffer_bytes = 0;
    consumer->buffer_ms = sim_now_ms();
    return logfile.BufferCallback == NULL || logfile.BufferCallback(&logfile) != FALSE;
}

static const char *container_of(const struct consumer *consumer, const struct ew_event *event,
                                uint32_t properties)
{
    const struct plan *plan = &sim_life()->plan;
    const uint32_t both = SIM_ENABLE_SILOS | SIM_ENABLE_CONTAINER_TRACKING;
    if ((properties & both) != both || event->kind != EW_EVENT_MANIFEST
        || !consumer->wanted.containers) {
        return NULL;
    }
    for (uint32_t i = 0; i < plan->container_count; i++) {
        if (plan->containers[i].process_id == event->process_id) {
            return plan->containers[i].guid;
        }
    }
    return NULL;
}

/* What a live session's header event says differs from a file's: it knows no end, no losses. */
static void deliver_header(struct consumer *consumer, const struct ew_event *event)
{
    enum { PAYLOAD_MAX = 4096, POINTER_AT = 0x2c, TIMES32_AT = 240, TIMES64_AT = 248 };
    uint8_t payload[PAYLOAD_MAX];
    struct ew_event header = *event;
    if (event->payload_bytes < TIMES64_AT + 24 || event->payload_bytes > PAYLOAD_MAX) {
        return;
    }
    memcpy(payload, event->payload, event->payload_bytes);
    ew_store_u64(payload + 0x10, 0);
    ew_store_u32(payload + 0x30, 0);
    uint8_t *times = payload + (ew_load_u32(payload + POINTER_AT) == 4 ? TIMES32_AT : TIMES64_AT);
    ew_store_u64(times, ew_load_u64(times) + offset_100ns);
    ew_store_u64(times + 16, ew_load_u64(times + 16) + offset_100ns);
    header.payload = payload;
    call_back(consumer, &header, 0, NULL);
}

static bool is_header_event(const struct ew_event *event)
{
    return event->kind == EW_EVENT_KERNEL && event->hook == 0;
}

static bool next_event(struct consumer *consumer, struct ew_event *event)
{
    struct ew_error error = {0};
    if (consumer->recording == NULL) {
        return false;
    }
    enum ew_status status = ew_recording_next(consumer->recording, event, &error);
    if (status == EW_OK) {
        consumer->index++;
        consumer->last_100ns = event->time_100ns;
        consumer->last_raw = event->time_raw;
    } else if (status != EW_END) {
        sim_violation("plan", "%s", error.text);
    }
    return status == EW_OK;
}

/* Lock not held: the death that is due for this session after what it delivered, or NULL. */
static struct plan_death *due_death(const struct consumer *consumer)
{
    struct plan *plan = &sim_life()->plan;
    for (uint32_t i = 0; i < plan->death_count; i++) {
        struct plan_death *death = &plan->deaths[i];
        WCHAR name[PLAN_NAME_BYTES];
        sim_widen(death->name, name, PLAN_NAME_BYTES);
        bool is_kind = strcmp(death->name, "kernel") == 0 && consumer->scope == PLAN_SCOPE_KERNEL;
        is_kind =
            is_kind || (strcmp(death->name, "user") == 0 && consumer->scope == PLAN_SCOPE_USER);
        bool is_named = CompareStringOrdinal(name, -1, consumer->name, -1, TRUE) == CSTR_EQUAL;
        if (!death->happened && (is_kind || is_named)
            && consumer->delivered >= death->after_events) {
            return death;
        }
    }
    return NULL;
}

/* The session ends from outside. Answers what ProcessTrace returns. */
static int die(struct consumer *consumer, struct plan_death *death)
{
    char name[SIM_TEXT_BYTES];
    death->happened = true;
    (void)end_buffer(consumer);
    sim_lock();
    (void)machine_lock();
    struct machine_session *session = machine_by_id(consumer->session_id);
    if (session != NULL) {
        machine_remove(session);
    }
    machine_unlock();
    sim_unlock();
    sim_log("play: %s died", sim_narrow(consumer->name, name, sizeof name));
    return death->success ? ERROR_SUCCESS : ERROR_WMI_INSTANCE_NOT_FOUND;
}

static int result_of(enum clock_answer answer)
{
    switch (answer) {
    case CLOCK_STOPPED:
        return ERROR_SUCCESS;
    case CLOCK_CLOSED:
    case CLOCK_CANCELLED:
        return ERROR_CANCELLED;
    default:
        return RESULT_NONE;
    }
}

/* Delivers one event that is due. Answers what ProcessTrace returns, or RESULT_NONE. */
static int deliver(struct consumer *consumer, const struct ew_event *event)
{
    uint32_t properties = 0;
    bool everything = sim_life()->plan.deliver_all || consumer->session_owner == 0;
    if (consumer->since_gate == 0) {
        wanted_refresh(&consumer->wanted, consumer->session_id, consumer->scope, everything);
    }
    if (is_header_event(event) || !wanted_event(&consumer->wanted, event, &properties)) {
        return RESULT_NONE;
    }
    call_back(consumer, event, properties, container_of(consumer, event, properties));
    struct plan_death *death = due_death(consumer);
    if (death != NULL) {
        return die(consumer, death);
    }
    if (consumer->buffer_bytes >= BUFFER_BYTES && !end_buffer(consumer)) {
        return ERROR_CANCELLED;
    }
    return RESULT_NONE;
}

/* One time through the recording, from `from` on. */
static int play_once(struct consumer *consumer, struct ew_event *event, bool has_event,
                     uint64_t from)
{
    int result = RESULT_NONE;
    while (has_event && result == RESULT_NONE) {
        uint64_t time = event->time_100ns + consumer->shift_100ns;
        if (time >= from) {
            enum clock_answer answer = clock_wait(consumer, time, end_buffer);
            result = answer == CLOCK_GO ? deliver(consumer, event) : result_of(answer);
        }
        has_event = result == RESULT_NONE && next_event(consumer, event);
    }
    return result;
}

/* Opens the recording again, its times shifted behind what was played. */
static bool repeat(struct consumer *consumer, uint64_t first_100ns, uint64_t first_raw)
{
    const uint64_t pause_100ns = 10000;
    const struct ew_recording_file *file = ew_recording_file(consumer->recording, 0);
    uint64_t pause_raw = file->clock_frequency / 1000 + 1;
    if (consumer->last_100ns < first_100ns || consumer->last_raw < first_raw) {
        return false;
    }
    consumer->shift_100ns += consumer->last_100ns - first_100ns + pause_100ns;
    consumer->shift_raw += consumer->last_raw - first_raw + pause_raw;
    ew_recording_close(consumer->recording);
    consumer->recording = consumer_recording();
    return consumer->recording != NULL;
}

static int play_all(struct consumer *consumer, struct ew_event *event, bool has_event,
                    uint64_t from)
{
    uint32_t times = sim_life()->plan.repeat;
    uint64_t first_100ns = event->time_100ns;
    uint64_t first_raw = event->time_raw;
    int result = play_once(consumer, event, has_event, from);
    for (uint32_t played = 1; result == RESULT_NONE && has_event && played != times; played++) {
        if (!repeat(consumer, first_100ns, first_raw) || !next_event(consumer, event)) {
            break;
        }
        result = play_once(consumer, event, true, from);
    }
    return result;
}

/* What the recording says it lost is a loss of the session that has its kernel events. */
static void tell_recorded_losses(struct consumer *consumer)
{
    uint32_t events = 0;
    uint32_t buffers = 0;
    size_t count = consumer->recording == NULL ? 0 : ew_recording_file_count(consumer->recording);
    for (size_t i = 0; i < count; i++) {
        events += ew_recording_file(consumer->recording, i)->events_lost;
        buffers += ew_recording_file(consumer->recording, i)->buffers_lost;
    }
    if (consumer->scope != PLAN_SCOPE_USER) {
        add_losses(consumer, events, buffers);
    }
}

static int rest(struct consumer *consumer)
{
    char name[SIM_TEXT_BYTES];
    tell_recorded_losses(consumer);
    bool goes_on = end_buffer(consumer);
    sim_log("play: %s over events=%llu", sim_narrow(consumer->name, name, sizeof name),
            (unsigned long long)consumer->delivered);
    ask_played();
    return goes_on ? result_of(clock_rest(consumer, end_buffer)) : ERROR_CANCELLED;
}

static bool find_session(struct consumer *consumer)
{
    sim_lock();
    (void)machine_lock();
    const struct machine_session *session = machine_by_name(consumer->name);
    bool found = session != NULL && (session->mode & EVENT_TRACE_REAL_TIME_MODE) != 0;
    if (found) {
        consumer->session_id = atomic_load(&session->id);
        consumer->session_owner = session->owner;
        consumer->scope = (enum plan_scope)session->scope;
    }
    machine_unlock();
    consumer->buffer_ms = sim_now_ms();
    sim_unlock();
    return found;
}

ULONG play_run(struct consumer *consumer)
{
    struct ew_event event = {0};
    uint64_t from = 0;
    if (!find_session(consumer)) {
        return ERROR_WMI_INSTANCE_NOT_FOUND;
    }
    bool has_event = next_event(consumer, &event);
    if (has_event && is_header_event(&event)) {
        deliver_header(consumer, &event);
    }
    int result = result_of(clock_begin(consumer, &from));
    if (result == RESULT_NONE) {
        result = play_all(consumer, &event, has_event, from);
    }
    if (result == RESULT_NONE) {
        result = rest(consumer);
    }
    if (!end_buffer(consumer)) {
        result = ERROR_CANCELLED;
    }
    clock_leave(consumer);
    return (ULONG)result;
}
