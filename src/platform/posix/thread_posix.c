/* SPDX-License-Identifier: Apache-2.0 */
/* thread.h on POSIX systems. */
#include "platform/thread.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

enum { MS_PER_SECOND = 1000, NS_PER_MS = 1000000, NS_PER_SECOND = 1000000000 };

struct ew_thread {
    pthread_t handle;
    ew_thread_fn function;
    void *context;
};

struct ew_mutex {
    pthread_mutex_t handle;
};

struct ew_condition {
    pthread_cond_t handle;
};

/* These calls fail only when they are used wrongly, which is a bug of ours. */
static void expect_success(int code)
{
    assert(code == 0);
    (void)code;
}

static void *run(void *argument)
{
    struct ew_thread *thread = argument;
    thread->function(thread->context);
    return NULL;
}

enum ew_status ew_thread_start(struct ew_thread **thread_out, ew_thread_fn function,
                               void *context)
{
    struct ew_thread *thread = calloc(1, sizeof *thread);
    if (thread == NULL) {
        return EW_NO_MEMORY;
    }
    thread->function = function;
    thread->context = context;
    if (pthread_create(&thread->handle, NULL, run, thread) != 0) {
        free(thread);
        return EW_NO_MEMORY;
    }
    *thread_out = thread;
    return EW_OK;
}

void ew_thread_join(struct ew_thread *thread)
{
    if (thread == NULL) {
        return;
    }
    expect_success(pthread_join(thread->handle, NULL));
    free(thread);
}

enum ew_status ew_mutex_create(struct ew_mutex **mutex_out)
{
    struct ew_mutex *mutex = calloc(1, sizeof *mutex);
    if (mutex == NULL || pthread_mutex_init(&mutex->handle, NULL) != 0) {
        free(mutex);
        return EW_NO_MEMORY;
    }
    *mutex_out = mutex;
    return EW_OK;
}

void ew_mutex_destroy(struct ew_mutex *mutex)
{
    if (mutex == NULL) {
        return;
    }
    expect_success(pthread_mutex_destroy(&mutex->handle));
    free(mutex);
}

void ew_mutex_lock(struct ew_mutex *mutex)
{
    expect_success(pthread_mutex_lock(&mutex->handle));
}

void ew_mutex_unlock(struct ew_mutex *mutex)
{
    expect_success(pthread_mutex_unlock(&mutex->handle));
}

/* The usual clock of a condition is the time of day, which somebody may set. */
static bool init_monotonic(pthread_cond_t *handle)
{
    pthread_condattr_t attributes;
    if (pthread_condattr_init(&attributes) != 0) {
        return false;
    }
    bool good = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0
                && pthread_cond_init(handle, &attributes) == 0;
    (void)pthread_condattr_destroy(&attributes);
    return good;
}

enum ew_status ew_condition_create(struct ew_condition **condition_out)
{
    struct ew_condition *condition = calloc(1, sizeof *condition);
    if (condition == NULL || !init_monotonic(&condition->handle)) {
        free(condition);
        return EW_NO_MEMORY;
    }
    *condition_out = condition;
    return EW_OK;
}

void ew_condition_destroy(struct ew_condition *condition)
{
    if (condition == NULL) {
        return;
    }
    expect_success(pthread_cond_destroy(&condition->handle));
    free(condition);
}

static struct timespec deadline_after(uint32_t timeout_ms)
{
    struct timespec deadline = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &deadline);
    deadline.tv_sec += (time_t)(timeout_ms / MS_PER_SECOND);
    deadline.tv_nsec += (long)(timeout_ms % MS_PER_SECOND) * NS_PER_MS;
    if (deadline.tv_nsec >= NS_PER_SECOND) {
        deadline.tv_nsec -= NS_PER_SECOND;
        deadline.tv_sec++;
    }
    return deadline;
}

bool ew_condition_wait(struct ew_condition *condition, struct ew_mutex *mutex,
                       uint32_t timeout_ms)
{
    if (timeout_ms == EW_WAIT_FOREVER) {
        expect_success(pthread_cond_wait(&condition->handle, &mutex->handle));
        return true;
    }
    struct timespec deadline = deadline_after(timeout_ms);
    int code = pthread_cond_timedwait(&condition->handle, &mutex->handle, &deadline);
    assert(code == 0 || code == ETIMEDOUT);
    return code == 0;
}

void ew_condition_signal(struct ew_condition *condition)
{
    expect_success(pthread_cond_signal(&condition->handle));
}

void ew_condition_broadcast(struct ew_condition *condition)
{
    expect_success(pthread_cond_broadcast(&condition->handle));
}

void ew_sleep_ms(uint32_t duration_ms)
{
    struct timespec left = {.tv_sec = (time_t)(duration_ms / MS_PER_SECOND),
                            .tv_nsec = (long)(duration_ms % MS_PER_SECOND) * NS_PER_MS};
    while (nanosleep(&left, &left) != 0 && errno == EINTR) {
    }
}
