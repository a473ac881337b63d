/* SPDX-License-Identifier: Apache-2.0 */
/* A second thread for jobs of whoever reads a graph. */
#include "callgraph/worker.h"

#include "platform/thread.h"

#include <stdlib.h>

struct graph_worker {
    struct ew_thread *thread;
    struct ew_mutex *mutex; /* over what follows, and the jobs */
    struct ew_condition *given;
    struct ew_condition *done;
    struct graph_job jobs; /* a ring of those that have not begun, this one not counted */
    bool idle;             /* the thread waits for a job */
    bool awaited;          /* somebody waits for the job that the thread is at */
    bool over;
};

static void unlink_job(struct graph_job *job)
{
    job->before->next = job->next;
    job->next->before = job->before;
    job->state = GRAPH_JOB_BEGUN;
}

static void run_jobs(void *context)
{
    struct graph_worker *worker = context;
    ew_mutex_lock(worker->mutex);
    for (;;) {
        struct graph_job *job = worker->jobs.next;
        if (job != &worker->jobs) {
            unlink_job(job);
            ew_mutex_unlock(worker->mutex);
            job->run(job);
            ew_mutex_lock(worker->mutex);
            job->state = GRAPH_JOB_DONE;
            if (worker->awaited) {
                ew_condition_signal(worker->done);
            }
        } else if (!worker->over) {
            worker->idle = true;
            (void)ew_condition_wait(worker->given, worker->mutex, EW_WAIT_FOREVER);
            worker->idle = false;
        } else {
            break;
        }
    }
    ew_mutex_unlock(worker->mutex);
}

enum ew_status graph_worker_create(struct graph_worker **worker_out)
{
    struct graph_worker *worker = calloc(1, sizeof *worker);
    if (worker == NULL) {
        return EW_NO_MEMORY;
    }
    worker->jobs.next = worker->jobs.before = &worker->jobs;
    if (ew_mutex_create(&worker->mutex) != EW_OK || ew_condition_create(&worker->given) != EW_OK
        || ew_condition_create(&worker->done) != EW_OK
        || ew_thread_start(&worker->thread, run_jobs, worker) != EW_OK) {
        graph_worker_free(worker);
        return EW_NO_MEMORY;
    }
    *worker_out = worker;
    return EW_OK;
}

void graph_worker_free(struct graph_worker *worker)
{
    if (worker == NULL) {
        return;
    }
    if (worker->thread != NULL) {
        ew_mutex_lock(worker->mutex);
        worker->over = true;
        ew_condition_signal(worker->given);
        ew_mutex_unlock(worker->mutex);
        ew_thread_join(worker->thread);
    }
    ew_condition_destroy(worker->done);
    ew_condition_destroy(worker->given);
    ew_mutex_destroy(worker->mutex);
    free(worker);
}

void graph_worker_give(struct graph_worker *worker, struct graph_job *job)
{
    if (worker == NULL) {
        job->run(job);
        return;
    }
    ew_mutex_lock(worker->mutex);
    job->state = GRAPH_JOB_GIVEN;
    job->next = &worker->jobs;
    job->before = worker->jobs.before;
    job->before->next = job;
    worker->jobs.before = job;
    bool idle = worker->idle;
    ew_mutex_unlock(worker->mutex);
    if (idle) {
        ew_condition_signal(worker->given);
    }
}

void graph_worker_settle(struct graph_worker *worker, struct graph_job *job)
{
    if (worker == NULL) {
        return;
    }
    ew_mutex_lock(worker->mutex);
    if (job->state == GRAPH_JOB_GIVEN) {
        unlink_job(job);
        ew_mutex_unlock(worker->mutex);
        job->run(job);
        job->state = GRAPH_JOB_DONE;
        return;
    }
    while (job->state != GRAPH_JOB_DONE) {
        worker->awaited = true;
        (void)ew_condition_wait(worker->done, worker->mutex, EW_WAIT_FOREVER);
    }
    worker->awaited = false;
    ew_mutex_unlock(worker->mutex);
}
