/* SPDX-License-Identifier: Apache-2.0 */
/* The machine: a mapped file, a mutex that all processes know, and what stands in it. */
#include "machine.h"

#include "compat.h"
#include "life.h"

#include "platform/file.h"

#include <stdio.h>
#include <string.h>

#define MACHINE_MAGIC (UINT64_C(0x4d49535754450000) + sizeof(struct machine))

/* Handles do not fit into 32 bits, so that a program that cuts them fails. */
#define MACHINE_FIRST_SESSION UINT64_C(0x700000010)

static HANDLE machine_file = INVALID_HANDLE_VALUE;
static HANDLE machine_mapping;
static HANDLE machine_mutex;
static struct machine *machine;
static char list_path[PLAN_PATH_BYTES + 16];

static void close_machine(void)
{
    if (machine != NULL) {
        (void)UnmapViewOfFile(machine);
        machine = NULL;
    }
    if (machine_mapping != NULL) {
        (void)CloseHandle(machine_mapping);
        machine_mapping = NULL;
    }
    if (machine_file != INVALID_HANDLE_VALUE) {
        (void)CloseHandle(machine_file);
        machine_file = INVALID_HANDLE_VALUE;
    }
    if (machine_mutex != NULL) {
        (void)CloseHandle(machine_mutex);
        machine_mutex = NULL;
    }
}

/* A name for the mutex that all processes with the same folder find: FNV-1a of the path. */
static HANDLE create_mutex(const char *folder)
{
    WCHAR name[64] = L"Global\\ETWSIM-";
    uint32_t hash = 2166136261u;
    for (const char *at = folder; *at != '\0'; at++) {
        hash = (hash ^ (uint8_t)*at) * 16777619u;
    }
    size_t length = wcslen(name);
    for (unsigned digit = 0; digit < 8; digit++) {
        name[length++] = L"0123456789abcdef"[(hash >> (28 - 4 * digit)) & 15];
    }
    name[length] = L'\0';
    return CreateMutexW(NULL, FALSE, name);
}

static void add_others(const struct plan *plan)
{
    for (uint32_t i = 0; i < plan->other_count; i++) {
        const struct plan_other *other = &plan->others[i];
        WCHAR name[PLAN_NAME_BYTES];
        GUID guid;
        sim_widen(other->name, name, PLAN_NAME_BYTES);
        memcpy(&guid, other->guid.bytes, sizeof guid);
        struct machine_session *session = machine_add(name, &guid);
        if (session == NULL) {
            return;
        }
        session->scope = (uint32_t)other->scope;
        session->mode = EVENT_TRACE_REAL_TIME_MODE | SIM_MODE_INDEPENDENT;
        session->mode |= other->scope == PLAN_SCOPE_USER ? 0 : SIM_MODE_SYSTEM_LOGGER;
        session->has_consumer = 1;
        session->buffer_kib = 64;
        session->minimum_buffers = 4;
        session->maximum_buffers = 16;
        session->flush_seconds = 1;
    }
}

static void make_machine(const struct plan *plan)
{
    if (machine->magic != MACHINE_MAGIC) {
        memset(machine, 0, sizeof *machine);
        machine->magic = MACHINE_MAGIC;
        machine->next_session = MACHINE_FIRST_SESSION;
        machine->next_life = 1;
        machine->interval_100ns = MACHINE_INTERVAL_DEFAULT;
        add_others(plan);
        machine_list();
    }
}

bool machine_open(const char *folder, const struct plan *plan)
{
    char path[PLAN_PATH_BYTES + 16];
    WCHAR wide[PLAN_PATH_BYTES + 16];
    close_machine();
    if (ew_directory_make(folder, NULL) != EW_OK) {
        return false;
    }
    (void)snprintf(path, sizeof path, "%s/sessions.bin", folder);
    (void)snprintf(list_path, sizeof list_path, "%s/sessions.txt", folder);
    sim_widen(path, wide, PLAN_PATH_BYTES + 16);
    machine_file = CreateFileW(wide, GENERIC_READ | GENERIC_WRITE,
                               FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                               OPEN_ALWAYS, FILE_ATTRIBUTE_NORMAL, NULL);
    machine_mutex = create_mutex(folder);
    if (machine_file != INVALID_HANDLE_VALUE && machine_mutex != NULL) {
        (void)WaitForSingleObject(machine_mutex, INFINITE);
        machine_mapping = CreateFileMappingW(machine_file, NULL, PAGE_READWRITE, 0,
                                             (DWORD)sizeof *machine, NULL);
        machine = machine_mapping == NULL ? NULL
                                          : MapViewOfFile(machine_mapping, FILE_MAP_ALL_ACCESS, 0,
                                                          0, sizeof *machine);
        if (machine != NULL) {
            make_machine(plan);
        }
        (void)ReleaseMutex(machine_mutex);
    }
    if (machine == NULL) {
        close_machine();
    }
    return machine != NULL;
}

struct machine *machine_lock(void)
{
    /* A process that was killed while it held the mutex leaves it to us. */
    (void)WaitForSingleObject(machine_mutex, INFINITE);
    return machine;
}

void machine_unlock(void)
{
    (void)ReleaseMutex(machine_mutex);
}

static bool is_used(const struct machine_session *session)
{
    return atomic_load(&session->id) != 0;
}

struct machine_session *machine_by_name(const WCHAR *name)
{
    for (unsigned i = 0; i < MACHINE_SESSIONS_MAX; i++) {
        struct machine_session *session = &machine->sessions[i];
        if (is_used(session)
            && CompareStringOrdinal(name, -1, session->name, -1, TRUE) == CSTR_EQUAL) {
            return session;
        }
    }
    return NULL;
}

struct machine_session *machine_by_guid(const GUID *guid)
{
    for (unsigned i = 0; i < MACHINE_SESSIONS_MAX; i++) {
        struct machine_session *session = &machine->sessions[i];
        if (is_used(session) && memcmp(&session->guid, guid, sizeof *guid) == 0) {
            return session;
        }
    }
    return NULL;
}

struct machine_session *machine_by_id(uint64_t id)
{
    for (unsigned i = 0; id != 0 && i < MACHINE_SESSIONS_MAX; i++) {
        if (atomic_load(&machine->sessions[i].id) == id) {
            return &machine->sessions[i];
        }
    }
    return NULL;
}

unsigned machine_count(bool system_loggers)
{
    unsigned count = 0;
    for (unsigned i = 0; i < MACHINE_SESSIONS_MAX; i++) {
        const struct machine_session *session = &machine->sessions[i];
        count += is_used(session) && (!system_loggers || machine_is_system(session));
    }
    return count;
}

struct machine_session *machine_add(const WCHAR *name, const GUID *guid)
{
    for (unsigned i = 0; i < MACHINE_SESSIONS_MAX; i++) {
        struct machine_session *session = &machine->sessions[i];
        if (!is_used(session)) {
            memset(session, 0, sizeof *session);
            wcsncat(session->name, name, MACHINE_NAME_MAX);
            session->guid = *guid;
            atomic_store(&session->id, machine->next_session++);
            return session;
        }
    }
    return NULL;
}

void machine_remove(struct machine_session *session)
{
    atomic_store(&session->id, 0);
    machine_list();
}

void machine_touch(struct machine_session *session)
{
    (void)atomic_fetch_add(&session->revision, 1);
}

void machine_list(void)
{
    FILE *file = NULL;
    WCHAR wide[PLAN_PATH_BYTES + 16];
    sim_widen(list_path, wide, PLAN_PATH_BYTES + 16);
    file = _wfopen(wide, L"wb");
    for (unsigned i = 0; file != NULL && i < MACHINE_SESSIONS_MAX; i++) {
        const struct machine_session *session = &machine->sessions[i];
        char name[SIM_TEXT_BYTES];
        char guid[EW_GUID_TEXT_BYTES];
        if (is_used(session)) {
            sim_guid_text(&session->guid, guid);
            (void)fprintf(file, "%s\t%s\t%u\n", sim_narrow(session->name, name, sizeof name),
                          guid, (unsigned)session->process_id);
        }
    }
    if (file != NULL) {
        (void)fclose(file);
    }
}

bool machine_is_system(const struct machine_session *session)
{
    return (session->mode & SIM_MODE_SYSTEM_LOGGER) != 0;
}

bool machine_has_profile(const struct machine_session *session)
{
    return (session->flags[0] & EVENT_TRACE_FLAG_PROFILE) != 0;
}
