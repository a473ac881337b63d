/* SPDX-License-Identifier: Apache-2.0 */
/* Ctrl+C, Ctrl+Break and the end of the console, as wishes that `record` looks at. */
#include "record.h"

#include <stdatomic.h>

#include <windows.h>

/* After the return from the handler of a close Windows ends the process, and five seconds
 * after the call in any case: the handler waits for the end, but not that long. */
enum { CLOSE_WAIT_MS = 4700 };

/*
 * The handler runs on a thread that Windows makes. It only writes `wish`, which the control
 * thread reads: nothing else is handed over by it, so relaxed order would do; the default
 * costs nothing here.
 */
static atomic_int wish = RECORD_GO_ON;
static HANDLE released;

static void raise_to(int wanted)
{
    int now = atomic_load(&wish);
    while (now < wanted && !atomic_compare_exchange_weak(&wish, &now, wanted)) {
    }
}

/* The first request stops, the second one ends. */
static void ask_again(void)
{
    int none = RECORD_GO_ON;
    if (!atomic_compare_exchange_strong(&wish, &none, RECORD_STOP)) {
        raise_to(RECORD_NOW);
    }
}

static BOOL WINAPI on_control(DWORD control)
{
    switch (control) {
    case CTRL_C_EVENT:
    case CTRL_BREAK_EVENT:
        ask_again();
        return TRUE;
    case CTRL_CLOSE_EVENT:
    case CTRL_LOGOFF_EVENT:
    case CTRL_SHUTDOWN_EVENT:
        raise_to(RECORD_CLOSE);
        (void)WaitForSingleObject(released, CLOSE_WAIT_MS);
        return TRUE;
    default:
        return FALSE;
    }
}

bool record_console_watch(void)
{
    released = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (released == NULL) {
        return false;
    }
    /* Who was started in a process group of its own ignores Ctrl+C until it says otherwise. */
    (void)SetConsoleCtrlHandler(NULL, FALSE);
    return SetConsoleCtrlHandler(on_control, TRUE) != 0;
}

enum record_wish record_console_wish(void)
{
    return (enum record_wish)atomic_load(&wish);
}

/* The event stays open: the handler's thread may still look at it until the process ends. */
void record_console_release(void)
{
    if (released != NULL) {
        (void)SetEvent(released);
    }
}
