/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A second thread for jobs of whoever reads a graph. Nobody waits for a job that has not begun:
 * who needs its outcome does it then. So nothing is lost when there is no such thread, or when
 * the processors have other work.
 */
#ifndef EW_CALLGRAPH_WORKER_H
#define EW_CALLGRAPH_WORKER_H

#include "etwitness/status.h"

#include <stdbool.h>

struct graph_worker;

/* Zeroed: there is nothing to do. Its owner's, who adds what it needs behind it. */
struct graph_job {
    void (*run)(struct graph_job *job);

    /* The worker's. */
    struct graph_job *next;
    struct graph_job *before;
    enum { GRAPH_JOB_DONE, GRAPH_JOB_GIVEN, GRAPH_JOB_BEGUN } state;
};

/* EW_NO_MEMORY, also when there can be no more threads. */
EW_MUST_USE enum ew_status graph_worker_create(struct graph_worker **worker_out);

/* Ends the thread, which has no jobs any more; NULL is allowed. */
void graph_worker_free(struct graph_worker *worker);

/* Jobs are begun in the order they are given in. Without a worker (NULL) it is done at once.
 * What the caller wrote before is seen by the job. */
void graph_worker_give(struct graph_worker *worker, struct graph_job *job);

/* Does a job that has not begun, or waits for its end. What it wrote is seen afterwards. */
void graph_worker_settle(struct graph_worker *worker, struct graph_job *job);

#endif
