/* SPDX-License-Identifier: Apache-2.0 */
/* thread.h on Windows. */
#include "platform/thread.h"

#include <windows.h>

#include <assert.h>
#include <process.h>
#include <stdlib.h>

struct ew_thread {
    HANDLE handle;
    ew_thread_fn function;
    void *context;
};

struct ew_mutex {
    SRWLOCK lock;
};

struct ew_condition {
    CONDITION_VARIABLE variable;
};

static unsigned __stdcall run(void *argument)
{
    struct ew_thread *thread = argument;
    thread->function(thread->context);
    return 0;
}

/* _beginthreadex and not CreateThread: the C runtime keeps state for each thread. */
enum ew_status ew_thread_start(struct ew_thread **thread_out, ew_thread_fn function,
                               void *context)
{
    struct ew_thread *thread = calloc(1, sizeof *thread);
    if (thread == NULL) {
        return EW_NO_MEMORY;
    }
    thread->function = function;
    thread->context = context;
    uintptr_t handle = _beginthreadex(NULL, 0, run, thread, 0, NULL);
    if (handle == 0) {
        free(thread);
        return EW_NO_MEMORY;
    }
    /* The new thread does not look at it. */
    thread->handle = (HANDLE)handle;
    *thread_out = thread;
    return EW_OK;
}

void ew_thread_join(struct ew_thread *thread)
{
    if (thread == NULL) {
        return;
    }
    DWORD result = WaitForSingleObject(thread->handle, INFINITE);
    assert(result == WAIT_OBJECT_0);
    (void)result;
    (void)CloseHandle(thread->handle);
    free(thread);
}

enum ew_status ew_mutex_create(struct ew_mutex **mutex_out)
{
    struct ew_mutex *mutex = calloc(1, sizeof *mutex);
    if (mutex == NULL) {
        return EW_NO_MEMORY;
    }
    InitializeSRWLock(&mutex->lock);
    *mutex_out = mutex;
    return EW_OK;
}

void ew_mutex_destroy(struct ew_mutex *mutex)
{
    free(mutex);
}

void ew_mutex_lock(struct ew_mutex *mutex)
{
    AcquireSRWLockExclusive(&mutex->lock);
}

void ew_mutex_unlock(struct ew_mutex *mutex)
{
    ReleaseSRWLockExclusive(&mutex->lock);
}

enum ew_status ew_condition_create(struct ew_condition **condition_out)
{
    struct ew_condition *condition = calloc(1, sizeof *condition);
    if (condition == NULL) {
        return EW_NO_MEMORY;
    }
    InitializeConditionVariable(&condition->variable);
    *condition_out = condition;
    return EW_OK;
}

void ew_condition_destroy(struct ew_condition *condition)
{
    free(condition);
}

bool ew_condition_wait(struct ew_condition *condition, struct ew_mutex *mutex,
                       uint32_t timeout_ms)
{
    static_assert(EW_WAIT_FOREVER == INFINITE, "the value means the same to Windows");
    BOOL woken = SleepConditionVariableSRW(&condition->variable, &mutex->lock, timeout_ms, 0);
    assert(woken || GetLastError() == ERROR_TIMEOUT);
    return woken != FALSE;
}

void ew_condition_signal(struct ew_condition *condition)
{
    WakeConditionVariable(&condition->variable);
}

void ew_condition_broadcast(struct ew_condition *condition)
{
    WakeAllConditionVariable(&condition->variable);
}

void ew_sleep_ms(uint32_t duration_ms)
{
    Sleep(duration_ms);
}
