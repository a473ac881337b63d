/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a process: where its plan is, how it begins and what is checked at its end. */
#include "life.h"

#include "consumer.h"
#include "etwsim.h"
#include "log.h"
#include "machine.h"
#include "session.h"

#include "platform/file.h"

#include <stdlib.h>
#include <string.h>

CRITICAL_SECTION sim_section;

static struct life life;
static bool is_begun;
static HMODULE module;

void sim_lock(void)
{
    EnterCriticalSection(&sim_section);
}

void sim_unlock(void)
{
    LeaveCriticalSection(&sim_section);
}

uint64_t sim_now_ms(void)
{
    return GetTickCount64();
}

/* <folder of the DLL>\<name>, where a service finds its plan. */
static void beside_dll(const char *name, char out[PLAN_PATH_BYTES])
{
    WCHAR wide[PLAN_PATH_BYTES] = L"";
    char path[SIM_TEXT_BYTES];
    (void)GetModuleFileNameW(module, wide, PLAN_PATH_BYTES - 1);
    (void)sim_narrow(wide, path, sizeof path);
    char *end = strrchr(path, '\\');
    size_t length = end == NULL ? 0 : (size_t)(end - path) + 1;
    if (length + strlen(name) < PLAN_PATH_BYTES) {
        memcpy(out, path, length);
        memcpy(out + length, name, strlen(name) + 1);
    }
}

/* The same folder as `path`, for the log and the state. */
static void beside(const char *path, const char *name, char out[PLAN_PATH_BYTES])
{
    size_t length = strlen(path);
    while (length > 0 && path[length - 1] != '\\' && path[length - 1] != '/') {
        length--;
    }
    if (length + strlen(name) < PLAN_PATH_BYTES) {
        memcpy(out, path, length);
        memcpy(out + length, name, strlen(name) + 1);
    }
}

static void find_plan(const char *given, char out[PLAN_PATH_BYTES])
{
    WCHAR wide[PLAN_PATH_BYTES];
    char path[SIM_TEXT_BYTES];
    DWORD length = GetEnvironmentVariableW(L"ETWSIM_PLAN", wide, PLAN_PATH_BYTES);
    if (given == NULL && length > 0 && length < PLAN_PATH_BYTES) {
        given = sim_narrow(wide, path, sizeof path);
    }
    out[0] = '\0';
    if (given == NULL || strlen(given) + 3 > PLAN_PATH_BYTES) {
        beside_dll("ETWSIM.plan", out);
        return;
    }
    size_t drive = given[0] == '/' ? 2 : 0;
    memcpy(out, "Z:", drive);
    memcpy(out + drive, given, strlen(given) + 1);
}

/* Answers the number of the line that is wrong, 0 when none is. */
static uint32_t load_plan(const char *path, bool must_exist)
{
    char *text = NULL;
    size_t byte_count = 0;
    uint32_t wrong = 0;
    plan_init(&life.plan);
    if (ew_file_read_all(path, PLAN_FILE_BYTES_MAX, &text, &byte_count, NULL) == EW_OK) {
        wrong = plan_read(&life.plan, text);
        free(text);
    } else if (must_exist) {
        wrong = 1;
    }
    if (life.plan.log[0] == '\0') {
        beside(path, "ETWSIM.log", life.plan.log);
    }
    if (life.plan.state[0] == '\0') {
        beside(path, "ETWSIM.state", life.plan.state);
    }
    return wrong;
}

/* With the lock held. */
static void begin(const char *given)
{
    char path[PLAN_PATH_BYTES];
    memset(&life, 0, sizeof life);
    find_plan(given, path);
    uint32_t wrong = load_plan(path, given != NULL);
    is_begun = true;
    log_open(life.plan.log);
    sim_log("start: pid %lu", GetCurrentProcessId());
    if (wrong != 0) {
        sim_violation("plan", "line %u of %s is no line of a plan", (unsigned)wrong, path);
    }
    if (!machine_open(life.plan.state, &life.plan)) {
        /* Nothing works without the machine, and nothing can be tested without it. */
        sim_violation("plan", "%s: the state folder cannot be used", life.plan.state);
        TerminateProcess(GetCurrentProcess(), 99);
    }
    struct machine *machine = machine_lock();
    life.id = machine->next_life++;
    life.interval_before = machine->interval_100ns;
    machine_unlock();
}

struct life *sim_life(void)
{
    sim_lock();
    if (!is_begun) {
        begin(NULL);
    }
    sim_unlock();
    return &life;
}

void sim_changed(void)
{
    sim_lock();
    life.changed_ms = sim_now_ms();
    sim_unlock();
}

/* With the lock held, or in a process of which no other thread is left. */
static void end(void)
{
    sessions_check_end();
    consumers_check_end();
    const struct machine *machine = machine_lock();
    uint32_t interval = machine->interval_100ns;
    machine_unlock();
    if (interval != life.interval_before) {
        sim_violation("exit", "the sampling interval is %u, it was %u", (unsigned)interval,
                      (unsigned)life.interval_before);
    }
    if (sim_violations() == 0) {
        sim_log("end: pid %lu clean", GetCurrentProcessId());
    } else {
        sim_log("end: pid %lu violations=%u", GetCurrentProcessId(), sim_violations());
    }
}

void etwsim_begin(const char *plan_path)
{
    sim_lock();
    consumers_forget();
    sessions_forget();
    begin(plan_path);
    sim_unlock();
}

unsigned etwsim_end(void)
{
    (void)sim_life();
    sim_lock();
    end();
    is_begun = false;
    unsigned violations = sim_violations();
    sim_unlock();
    return violations;
}

unsigned etwsim_violations(void)
{
    return sim_violations();
}

BOOL WINAPI DllMain(HINSTANCE instance, DWORD reason, LPVOID reserved);

BOOL WINAPI DllMain(HINSTANCE instance, DWORD reason, LPVOID reserved)
{
    (void)reserved;
    if (reason == DLL_PROCESS_ATTACH) {
        module = instance;
        InitializeCriticalSection(&sim_section);
        (void)DisableThreadLibraryCalls(instance);
    } else if (reason == DLL_PROCESS_DETACH && is_begun
               && TryEnterCriticalSection(&sim_section)) {
        /* A thread that was ended inside the stand-in would keep the section for ever. */
        end();
    }
    return TRUE;
}
