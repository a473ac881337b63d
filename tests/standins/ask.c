/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Controls that only the system sends. The service's handler is called as the manager's thread
 * does. The close of a console is asked by kernelbase's CtrlRoutine, which is what Windows starts
 * a thread with; Windows ends the process when the handlers have answered, or after five seconds.
 */
#include "ask.h"

#include "life.h"

#include <string.h>

enum { DELAY_MS = 1000, CLOSE_MS = 5000 };

/* STATUS_CONTROL_C_EXIT, which a process has that was ended with its console. */
#define ENDED_WITH_CONSOLE 0xc000013aU

static LPHANDLER_FUNCTION_EX service_handler;
static void *service_context;
static bool is_asked;

void ask_keep_handler(LPHANDLER_FUNCTION_EX handler, void *context)
{
    sim_lock();
    service_handler = handler;
    service_context = context;
    sim_unlock();
}

static void send_control(DWORD control)
{
    sim_lock();
    LPHANDLER_FUNCTION_EX handler = service_handler;
    void *context = service_context;
    sim_unlock();
    DWORD answer =
        handler != NULL ? handler(control, 0, NULL, context) : ERROR_SERVICE_NOT_ACTIVE;
    sim_log("control: %lu -> %lu", control, answer);
}

static void close_console(void)
{
    FARPROC found = GetProcAddress(GetModuleHandleW(L"kernelbase.dll"), "CtrlRoutine");
    LPTHREAD_START_ROUTINE routine;
    memcpy(&routine, &found, sizeof routine);
    uint64_t began_ms = sim_now_ms();
    sim_log("console: closes");
    HANDLE thread = found != NULL ? CreateThread(NULL, 0, routine,
                                                 (void *)(ULONG_PTR)CTRL_CLOSE_EVENT, 0, NULL)
                                  : NULL;
    if (thread == NULL) {
        sim_violation("plan", "this Windows cannot close a console");
        return;
    }
    DWORD waited = WaitForSingleObject(thread, CLOSE_MS);
    sim_log("console: %s after %llu ms", waited == WAIT_OBJECT_0 ? "answered" : "not answered",
            (unsigned long long)(sim_now_ms() - began_ms));
    (void)TerminateProcess(GetCurrentProcess(), ENDED_WITH_CONSOLE);
}

static DWORD WINAPI ask(void *context)
{
    const struct plan *plan = &sim_life()->plan;
    (void)context;
    Sleep(DELAY_MS);
    if (plan->control != 0) {
        send_control(plan->control);
    }
    if (plan->console_close) {
        close_console();
    }
    return 0;
}

void ask_played(void)
{
    sim_lock();
    const struct plan *plan = &sim_life()->plan;
    bool begins = !is_asked && (plan->control != 0 || plan->console_close);
    is_asked = is_asked || begins;
    sim_unlock();
    if (begins) {
        HANDLE thread = CreateThread(NULL, 0, ask, NULL, 0, NULL);
        if (thread != NULL) {
            (void)CloseHandle(thread);
        }
    }
}
