/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The service itself. Two threads of it meet here: the manager's, on which controls come and
 * which never waits, and the service's own, which starts, drives and ends the collection.
 * The lock guards what both touch: the state, the collection's address, the wish to reload.
 */
#include "service_win32.h"

#include "etwitness/collect.h"
#include "etwitness/live.h"
#include "scm_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    STEP_MS = 250,
    START_HINT_MS = 30000,
    /* Beyond what the settings give a stop: for the last window and its symbols. */
    STOP_MARGIN_MS = 10000,
    /* How often the manager is told what it refuses to hear. */
    TELL_TRIES = 3,
    TELL_WAIT_MS = 100,
    /* How long the service's thread may take to end once it has said that it has. */
    THREAD_END_MS = 5000,
};

struct host {
    const struct service_options *options;
    struct service_places places;
    SERVICE_STATUS_HANDLE manager;
    HANDLE events;
    HANDLE thread; /* the service's own; NULL: not begun */
    SRWLOCK lock;
    struct ew_scm scm;          /* guarded */
    struct ew_collect *collect; /* guarded; NULL while there is none */
    bool reload;                /* guarded */
    bool document_told;         /* by whoever comes first: guarded */
    enum ew_scm_exit exit;      /* of the service's thread alone */
};

/* ServiceMain gets no context of ours. */
static struct host *the_host;

/* --- what is told ------------------------------------------------------------------- */

/*
 * With the lock held, so that states are told in their order. A state that the manager has not
 * heard would hold for ever: it would wait for a start that is over, or for a stop. The Windows
 * error when it will not hear.
 */
static DWORD tell_state(const struct host *host)
{
    SERVICE_STATUS status = {
        .dwServiceType = SERVICE_WIN32_OWN_PROCESS,
        .dwCurrentState = host->scm.phase,
        .dwControlsAccepted = host->scm.accepted,
        .dwWin32ExitCode = host->scm.win32_exit,
        .dwServiceSpecificExitCode = host->scm.specific_exit,
        .dwCheckPoint = host->scm.checkpoint,
        .dwWaitHint = host->scm.wait_hint_ms,
    };
    DWORD code = NO_ERROR;
    for (unsigned tries = 0; tries < TELL_TRIES; tries++) {
        Sleep(tries * TELL_WAIT_MS);
        code = SetServiceStatus(host->manager, &status) ? NO_ERROR : GetLastError();
        if (code == NO_ERROR) {
            break;
        }
    }
    return code;
}

static void tell(struct host *host, enum ew_report report, const char *text)
{
    service_events_write(host->events, report, text);
}

/* Documents come by the hundred a day; the first of a run shows that evidence flows. */
static bool is_first_document(struct host *host)
{
    AcquireSRWLockExclusive(&host->lock);
    bool first = !host->document_told;
    host->document_told = true;
    ReleaseSRWLockExclusive(&host->lock);
    return first;
}

static void on_notice(void *context, enum ew_notice notice, const char *text)
{
    struct host *host = context;
    if (notice != EW_NOTICE_DOCUMENT || is_first_document(host)) {
        tell(host, ew_report_of_notice(notice, text), text);
    }
}

/* --- controls: the manager's thread --------------------------------------------------- */

static DWORD WINAPI on_control(DWORD code, DWORD event, void *data, void *context)
{
    struct host *host = context;
    (void)event;
    (void)data;
    AcquireSRWLockExclusive(&host->lock);
    unsigned actions = ew_scm_control(&host->scm, code);
    if ((actions & EW_SCM_DO_STOP) != 0 && host->collect != NULL) {
        ew_collect_request_stop(host->collect);
    }
    if ((actions & EW_SCM_DO_RELOAD) != 0) {
        host->reload = true;
    }
    if ((actions & EW_SCM_DO_REPORT) != 0) {
        (void)tell_state(host);
    }
    ReleaseSRWLockExclusive(&host->lock);
    return (actions & EW_SCM_UNKNOWN) != 0 ? ERROR_CALL_NOT_IMPLEMENTED : NO_ERROR;
}

/* --- one collection: the service's thread ---------------------------------------------- */

static enum ew_status start_collection(struct host *host, const struct ew_settings *settings,
                                       struct ew_collect **collect_out, struct ew_error *error)
{
    struct ew_collect_options options = {
        .settings = settings, .on_notice = on_notice, .context = host};
    enum ew_status status = ew_live_create(settings, NULL, &options.capture, error);
    if (status != EW_OK) {
        return status;
    }
    status = ew_collect_start(&options, collect_out, error);
    if (status != EW_OK) {
        options.capture.close(options.capture.context);
    }
    return status;
}

/* From here on controls reach the collection; a stop that came before is passed on. */
static void collection_runs(struct host *host, struct ew_collect *collect,
                            const struct ew_settings *settings)
{
    AcquireSRWLockExclusive(&host->lock);
    host->collect = collect;
    ew_scm_set_stop_hint(&host->scm, settings->stop_seconds * 1000 + STOP_MARGIN_MS);
    if (host->scm.stop_asked) {
        ew_collect_request_stop(collect);
    }
    if (ew_scm_running(&host->scm)) {
        (void)tell_state(host);
    }
    ReleaseSRWLockExclusive(&host->lock);
}

static void collection_ends(struct host *host)
{
    AcquireSRWLockExclusive(&host->lock);
    host->collect = NULL;
    ReleaseSRWLockExclusive(&host->lock);
}

static bool take_reload(struct host *host)
{
    AcquireSRWLockExclusive(&host->lock);
    bool reload = host->reload && !host->scm.stop_asked;
    host->reload = false;
    ReleaseSRWLockExclusive(&host->lock);
    return reload;
}

static bool is_same(const struct ew_settings *a, const struct ew_settings *b)
{
    char digests[2][72] = {"", ""};
    char *texts[2] = {NULL, NULL};
    struct ew_error ignored;
    bool same = ew_settings_digest(a, &texts[0], digests[0], &ignored) == EW_OK
                && ew_settings_digest(b, &texts[1], digests[1], &ignored) == EW_OK
                && strcmp(digests[0], digests[1]) == 0;
    free(texts[0]);
    free(texts[1]);
    return same;
}

/* True with other settings in `next`; what is refused or the same changes nothing. */
static bool read_next(struct host *host, const struct ew_settings *now, struct ew_settings *next)
{
    struct ew_error error = {0};
    if (service_settings(host->options, &host->places, next, &error) != EW_OK) {
        tell(host, EW_REPORT_RELOAD_REFUSED, error.text);
        return false;
    }
    if (is_same(now, next)) {
        tell(host, EW_REPORT_RELOADED, "nothing in it has changed");
        ew_settings_free(next);
        return false;
    }
    tell(host, EW_REPORT_RELOADED, "what runs is drained, then collection begins anew");
    return true;
}

/*
 * What the collection does by itself (its duration is over), and that a stop moves. A
 * checkpoint is only told when something was drained: a hanging stop has to look like one.
 * While the settings change, nothing is pending for the manager.
 */
static void tell_progress(struct host *host, uint64_t *drain_steps, bool reloading)
{
    struct ew_collect_status status;
    AcquireSRWLockExclusive(&host->lock);
    ew_collect_status(host->collect, &status);
    bool moved = status.drain_steps != *drain_steps;
    *drain_steps = status.drain_steps;
    if ((status.stopping && !reloading && ew_scm_stopping(&host->scm))
        || (moved && ew_scm_progress(&host->scm))) {
        (void)tell_state(host);
    }
    ReleaseSRWLockExclusive(&host->lock);
}

/* Runs the collection to its end; true when `next` has the settings of another one. */
static bool drive(struct host *host, const struct ew_settings *now, struct ew_settings *next)
{
    bool reloading = false;
    uint64_t drain_steps = 0;
    while (!ew_collect_step(host->collect, STEP_MS)) {
        if (!reloading && take_reload(host)) {
            reloading = read_next(host, now, next);
            if (reloading) {
                ew_collect_request_stop(host->collect);
            }
        }
        tell_progress(host, &drain_steps, reloading);
    }
    return reloading;
}

static void close_collection(struct host *host, struct ew_collect *collect)
{
    struct ew_error error = {0};
    collection_ends(host);
    if (ew_collect_close(collect, &error) != EW_OK) {
        tell(host, EW_REPORT_NOT_ALL_PUBLISHED, error.text);
        host->exit = EW_SCM_EXIT_COLLECTION;
    }
}

static bool is_stopping(struct host *host)
{
    AcquireSRWLockExclusive(&host->lock);
    bool stopping = host->scm.stop_asked;
    ReleaseSRWLockExclusive(&host->lock);
    return stopping;
}

/* Starts with `settings`; false when that fails, which is told. */
static bool start_told(struct host *host, const struct ew_settings *settings,
                       struct ew_collect **collect_out)
{
    struct ew_error error = {0};
    if (start_collection(host, settings, collect_out, &error) == EW_OK) {
        return true;
    }
    tell(host, ew_report_of_failure(&error), error.text);
    return false;
}

/* One collection after another until a stop. New settings that cannot be started give way
 * to those before them. Takes `settings`. */
static void collect_until_stopped(struct host *host, struct ew_settings *settings)
{
    struct ew_settings before = {0};
    bool has_before = false;
    while (!is_stopping(host)) {
        struct ew_collect *collect = NULL;
        struct ew_settings next;
        bool started = start_told(host, settings, &collect);
        if (!started && has_before) {
            ew_settings_free(settings);
            *settings = before;
            has_before = false;
            started = start_told(host, settings, &collect);
        }
        if (!started) {
            host->exit = EW_SCM_EXIT_START;
            break;
        }
        if (has_before) {
            ew_settings_free(&before);
            has_before = false;
        }
        collection_runs(host, collect, settings);
        bool again = drive(host, settings, &next);
        close_collection(host, collect);
        if (!again) {
            break;
        }
        before = *settings;
        has_before = true;
        *settings = next;
    }
    if (has_before) {
        ew_settings_free(&before);
    }
    ew_settings_free(settings);
}

/* --- the service's life ------------------------------------------------------------------ */

/* A service that sc.exe made has no source of events: it makes its own. */
static void open_events(struct host *host, const char *name)
{
    char *program = service_program_path();
    wchar_t *wide = service_wide(name);
    struct ew_error ignored;
    bool made = false;
    if (program != NULL) {
        (void)!service_events_register(name, program, &made, &ignored);
    }
    /* Whoever starts with Windows may be earlier than the log. */
    for (unsigned tries = 0; wide != NULL && host->events == NULL && tries < TELL_TRIES;
         tries++) {
        Sleep(tries * TELL_WAIT_MS);
        host->events = RegisterEventSourceW(NULL, wide);
    }
    free(wide);
    free(program);
}

static void close_events(struct host *host)
{
    if (host->events != NULL) {
        (void)DeregisterEventSource(host->events);
        host->events = NULL;
    }
}

static void run(struct host *host)
{
    struct ew_error error = {0};
    struct ew_settings settings;
    enum ew_status status = service_places_find(&host->places, &error);
    if (status == EW_OK) {
        status = service_settings(host->options, &host->places, &settings, &error);
    }
    if (status == EW_NO_MEMORY) {
        host->exit = EW_SCM_EXIT_MEMORY;
        tell(host, EW_REPORT_MEMORY, error.text);
    } else if (status != EW_OK) {
        host->exit = EW_SCM_EXIT_CONFIGURATION;
        tell(host, EW_REPORT_CONFIGURATION_REFUSED, error.text);
    } else {
        collect_until_stopped(host, &settings);
    }
}

static DWORD register_handler(struct host *host)
{
    wchar_t *name = service_wide(host->options->name);
    DWORD code = name != NULL ? NO_ERROR : ERROR_OUTOFMEMORY;
    for (unsigned tries = 0; name != NULL && host->manager == NULL && tries < TELL_TRIES;
         tries++) {
        Sleep(tries * TELL_WAIT_MS);
        host->manager = RegisterServiceCtrlHandlerExW(name, on_control, host);
        code = host->manager != NULL ? NO_ERROR : GetLastError();
    }
    free(name);
    return code;
}

/* What the manager has refused, in a log that is opened for that alone. */
static void tell_failure(struct host *host, DWORD code, const char *what)
{
    struct ew_error error = {0};
    (void)service_fail(&error, code, what, host->options->name);
    open_events(host, host->options->name);
    tell(host, EW_REPORT_START_FAILED, error.text);
    close_events(host);
}

/* The manager would wait for a process that never tells it anything; that the process has
 * ended it sees by itself. */
static void end_unheard(struct host *host, DWORD code, const char *what)
{
    tell_failure(host, code, what);
    exit(EW_EXIT_FAILED);
}

static void end(struct host *host)
{
    AcquireSRWLockExclusive(&host->lock);
    ew_scm_stopped(&host->scm, host->exit);
    DWORD code = tell_state(host);
    ReleaseSRWLockExclusive(&host->lock);
    if (code != NO_ERROR) {
        end_unheard(host, code, "tell the service control manager that it has ended");
    }
}

static void WINAPI service_main(DWORD argument_count, wchar_t **arguments)
{
    struct host *host = the_host;
    (void)argument_count;
    (void)arguments;
    (void)DuplicateHandle(GetCurrentProcess(), GetCurrentThread(), GetCurrentProcess(),
                          &host->thread, SYNCHRONIZE, FALSE, 0);
    DWORD code = register_handler(host);
    if (host->manager == NULL) {
        end_unheard(host, code, "answer the service control manager");
    }
    AcquireSRWLockExclusive(&host->lock);
    (void)tell_state(host);
    ReleaseSRWLockExclusive(&host->lock);
    open_events(host, host->options->name);
    /* It runs as well with more than it needs, and what it needs is asked for later. */
    (void)service_privileges_drop();
    run(host);
    close_events(host);
    service_places_free(&host->places);
    /* After this the process can be ended any moment: it has to be the last. */
    end(host);
}

/* The manager hears of the end while the service's thread still runs: a process that ended then
 * would kill it wherever it is, with a lock of the heap or of a library in its hands. */
static void join_service(struct host *host)
{
    if (host->thread != NULL) {
        (void)WaitForSingleObject(host->thread, THREAD_END_MS);
        (void)CloseHandle(host->thread);
    }
}

static int say_not_started(struct host *host, DWORD code)
{
    if (code == ERROR_FAILED_SERVICE_CONTROLLER_CONNECT) {
        ew_cli_say("service run is what Windows starts; in a console use etwitness record, or "
                   "start the service with sc start " EW_SERVICE_NAME);
        return EW_EXIT_USAGE;
    }
    tell_failure(host, code, "reach the service control manager");
    ew_cli_say("the service control manager does not answer (Windows error %lu)", code);
    return EW_EXIT_FAILED;
}

int service_run(const struct service_options *options)
{
    static struct host host = {.lock = SRWLOCK_INIT};
    wchar_t *name = service_wide(options->name);
    if (name == NULL) {
        ew_cli_say("no memory for the service");
        return EW_EXIT_FAILED;
    }
    host.options = options;
    host.scm = ew_scm_starting(START_HINT_MS, START_HINT_MS + STOP_MARGIN_MS);
    the_host = &host;
    SERVICE_TABLE_ENTRYW table[] = {{name, service_main}, {NULL, NULL}};
    bool served = StartServiceCtrlDispatcherW(table);
    DWORD code = served ? NO_ERROR : GetLastError();
    free(name);
    join_service(&host);
    return served ? EW_EXIT_DONE : say_not_started(&host, code);
}
