/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The merger thread of a live collection. The mutex guards what the publisher hands over and the
 * wish to end; all else is the thread's own once it runs.
 */
#include "pipeline/collect_merge.h"
#include "platform/clock.h"
#include "platform/thread.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_BYTES = 96 };

struct document {
    char name[NAME_BYTES];
    size_t byte_count;
};

struct collect_merger {
    struct collect_merger_options options;
    struct ew_thread *thread;
    struct ew_mutex *mutex;
    struct ew_condition *work;

    struct document *inbox; /* guarded; oldest first, room for EW_MERGE_DOCUMENTS_MAX */
    size_t inbox_count;     /* guarded */
    bool awake;             /* guarded: there is something to do */
    bool ending;            /* guarded */

    struct collect_merge *merge;
    struct document *batch;  /* as large as the inbox */
    uint64_t longest_ns;     /* that a merge has taken */
    struct ew_error failure; /* what was told last; EW_OK: nothing, or that it is over */
};

static void tell(const struct collect_merger *merger, enum ew_notice notice, const char *format,
                 ...) EW_PRINTF(3, 4);

static void tell(const struct collect_merger *merger, enum ew_notice notice, const char *format,
                 ...)
{
    char text[EW_ERROR_TEXT_BYTES];
    va_list arguments;
    if (merger->options.on_notice == NULL) {
        return;
    }
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    merger->options.on_notice(merger->options.context, notice, text);
}

enum ew_status collect_merger_create(const struct collect_merger_options *options,
                                     struct collect_merger **merger_out, struct ew_error *error)
{
    *merger_out = NULL;
    if (options->settings->callgraphs.count == 0) {
        return EW_OK;
    }
    struct collect_merger *merger = calloc(1, sizeof *merger);
    enum ew_status status = EW_NO_MEMORY;
    if (merger != NULL) {
        merger->options = *options;
        merger->inbox = calloc(EW_MERGE_DOCUMENTS_MAX, sizeof *merger->inbox);
        merger->batch = calloc(EW_MERGE_DOCUMENTS_MAX, sizeof *merger->batch);
        if (merger->inbox != NULL && merger->batch != NULL
            && ew_mutex_create(&merger->mutex) == EW_OK) {
            status = ew_condition_create(&merger->work);
        }
    }
    status = status == EW_OK ? collect_merge_create(options->settings, &merger->merge, error)
                             : ew_fail(error, status, "no memory to merge with callgraphs");
    if (status != EW_OK) {
        collect_merger_destroy(merger);
        return status;
    }
    *merger_out = merger;
    return EW_OK;
}

void collect_merger_destroy(struct collect_merger *merger)
{
    if (merger != NULL) {
        collect_merge_destroy(merger->merge);
        ew_condition_destroy(merger->work);
        ew_mutex_destroy(merger->mutex);
        free(merger->inbox);
        free(merger->batch);
        free(merger);
    }
}

/* --- the thread -------------------------------------------------------------------------- */

struct work {
    size_t count; /* documents in the batch */
    bool ending;
};

static struct work next_work(struct collect_merger *merger)
{
    ew_mutex_lock(merger->mutex);
    while (!merger->awake && !merger->ending) {
        (void)ew_condition_wait(merger->work, merger->mutex, EW_WAIT_FOREVER);
    }
    struct work work = {merger->inbox_count, merger->ending};
    memcpy(merger->batch, merger->inbox, work.count * sizeof *merger->batch);
    merger->inbox_count = 0;
    merger->awake = false;
    ew_mutex_unlock(merger->mutex);
    return work;
}

/* The same failure is told once, and its end. */
static void tell_outcome(struct collect_merger *merger, const struct ew_error *failure)
{
    bool had_failed = merger->failure.status != EW_OK;
    if (failure->status == EW_OK && had_failed) {
        tell(merger, EW_NOTICE_MERGE_BACK, "The merge with callgraphs is complete again");
    } else if (failure->status != EW_OK
               && (!had_failed || strcmp(failure->text, merger->failure.text) != 0)) {
        tell(merger, EW_NOTICE_MERGE_FAILED,
             "The merge with callgraphs is not what it should be: %s", failure->text);
    }
    merger->failure = *failure;
}

/* One that was published and that not everybody can read. The sentence names no size, so that
 * it is told once and not at each window. */
static enum ew_status judge_size(const struct collect_merger *merger, struct ew_error *failure)
{
    uint64_t told = merger->options.bytes_told;
    uint64_t bytes = collect_merge_published_bytes(merger->merge);
    told = told != 0 ? told : EW_DOCUMENT_BYTES_MAX;
    if (bytes <= told) {
        return EW_OK;
    }
    if (bytes > EW_MERGE_DOCUMENT_BYTES_MAX) {
        return ew_fail(failure, EW_LIMIT,
                       "merged/reach-merge.json is published, and larger than the %d bytes that"
                       " etwitness export reads; give fewer or smaller callgraphs",
                       EW_MERGE_DOCUMENT_BYTES_MAX);
    }
    return ew_fail(failure, EW_LIMIT,
                   "merged/reach-merge.json is published, and larger than the %llu bytes that"
                   " etwitness check reads; fewer or smaller callgraphs make a smaller one",
                   (unsigned long long)told);
}

/* Every document is tried, and the merge is made of those that can be read; the first failure
 * is kept. */
static void merge_batch(struct collect_merger *merger, size_t count, struct ew_error *failure)
{
    uint64_t began_ns = ew_clock_monotonic_ns();
    enum ew_status status = failure->status;
    for (size_t i = 0; i < count; i++) {
        enum ew_status one =
            collect_merge_add(merger->merge, merger->batch[i].name, merger->batch[i].byte_count,
                              status == EW_OK ? failure : NULL);
        status = status == EW_OK ? one : status;
    }
    enum ew_status published =
        collect_merge_publish(merger->merge, merger->options.cancelled, merger->options.context,
                              status == EW_OK ? failure : NULL);
    uint64_t took_ns = ew_clock_monotonic_ns() - began_ns;
    merger->longest_ns = took_ns > merger->longest_ns ? took_ns : merger->longest_ns;
    failure->status = status == EW_OK ? published : status;
    if (failure->status == EW_OK) {
        failure->status = judge_size(merger, failure);
    }
}

/* A merge cannot be interrupted: one that took long before is not begun when a stop waits. */
static bool may_end_with_merge(const struct collect_merger *merger)
{
    uint64_t stop_ns = merger->options.settings->stop_seconds * UINT64_C(1000000000);
    return merger->longest_ns < stop_ns / 4
           && !merger->options.cancelled(merger->options.context);
}

static void run(void *context)
{
    struct collect_merger *merger = context;
    struct ew_error failure = {.status = EW_OK};
    struct work work = {.count = 0};
    failure.status = collect_merge_add_earlier(merger->merge, &failure);
    merge_batch(merger, 0, &failure);
    tell_outcome(merger, &failure);
    while (!work.ending) {
        work = next_work(merger);
        if (work.ending && work.count != 0 && !may_end_with_merge(merger)) {
            tell(merger, EW_NOTICE_MERGE_FAILED,
                 "The last merge with callgraphs is left to the next start, since it could take"
                 " longer than the stop");
            break;
        }
        failure = (struct ew_error){.status = EW_OK};
        if (!work.ending || work.count != 0) {
            merge_batch(merger, work.count, &failure);
            tell_outcome(merger, &failure);
        }
    }
}

/* --- the publisher's side --------------------------------------------------------------------
 */

void collect_merger_start(struct collect_merger *merger)
{
    if (merger != NULL && ew_thread_start(&merger->thread, run, merger) != EW_OK) {
        merger->thread = NULL;
        tell(merger, EW_NOTICE_MERGE_FAILED,
             "There is no merge with callgraphs: no memory for its thread");
    }
}

/* Of more than can be held the newest are held, which is what the merge would keep as well. */
void collect_merger_add(struct collect_merger *merger, const char *file_name, size_t byte_count)
{
    if (merger == NULL || merger->thread == NULL) {
        return;
    }
    ew_mutex_lock(merger->mutex);
    if (merger->inbox_count == EW_MERGE_DOCUMENTS_MAX) {
        merger->inbox_count--;
        memmove(merger->inbox, merger->inbox + 1, merger->inbox_count * sizeof *merger->inbox);
    }
    struct document *document = &merger->inbox[merger->inbox_count++];
    (void)snprintf(document->name, sizeof document->name, "%s", file_name);
    document->byte_count = byte_count;
    ew_mutex_unlock(merger->mutex);
}

static void set_flag(struct collect_merger *merger, bool *flag)
{
    ew_mutex_lock(merger->mutex);
    *flag = true;
    ew_mutex_unlock(merger->mutex);
    ew_condition_signal(merger->work);
}

void collect_merger_wake(struct collect_merger *merger)
{
    if (merger != NULL) {
        set_flag(merger, &merger->awake);
    }
}

void collect_merger_end(struct collect_merger *merger)
{
    if (merger != NULL) {
        set_flag(merger, &merger->ending);
        ew_thread_join(merger->thread);
        merger->thread = NULL;
    }
}
