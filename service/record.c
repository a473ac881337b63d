/* SPDX-License-Identifier: Apache-2.0 */
/* etwitness record: live collection in the foreground. */
#include "record.h"

#include "etwitness/live.h"
#include "platform/clock.h"
#include "platform/console.h"
#include "platform/thread.h"

#include <string.h>

enum { STEP_MS = 250, DRAW_INTERVAL_NS = 500000000 };

/* Of the five seconds that Windows leaves a console program when its console is closed,
 * what may go by until the capture is ended whether it is drained or not. */
#define CLOSE_DRAIN_NS UINT64_C(3000000000)

struct talk {
    struct ew_mutex *mutex; /* notices come from several threads */
    struct ew_collect_status before;
    uint64_t before_ns;
    unsigned shown; /* characters of the status line on the screen */
    bool live;      /* there is a terminal, and nobody asked for quiet */
    bool quiet;
};

/* With the mutex held. */
static void wipe(struct talk *talk)
{
    if (talk->shown != 0) {
        (void)fprintf(stderr, "\r%*s\r", (int)talk->shown, "");
        talk->shown = 0;
    }
}

/* Documents are results and go to standard output; the rest is talk. */
static void on_notice(void *context, enum ew_notice notice, const char *text)
{
    struct talk *talk = context;
    bool is_result = notice == EW_NOTICE_DOCUMENT;
    bool is_chat = is_result || notice == EW_NOTICE_STARTED || notice == EW_NOTICE_STOPPED;
    if (talk->quiet && is_chat) {
        return;
    }
    ew_mutex_lock(talk->mutex);
    wipe(talk);
    if (is_result) {
        (void)printf("%s\n", text);
        (void)fflush(stdout);
    } else {
        ew_cli_say("%s", text);
    }
    ew_mutex_unlock(talk->mutex);
}

static void draw(struct talk *talk, const struct ew_collect *collect)
{
    uint64_t now = ew_clock_monotonic_ns();
    if (!talk->live || now - talk->before_ns < DRAW_INTERVAL_NS) {
        return;
    }
    struct ew_collect_status status;
    char line[RECORD_STATUS_BYTES];
    ew_collect_status(collect, &status);
    record_status_line(&talk->before, &status, now - talk->before_ns, line);
    talk->before = status;
    talk->before_ns = now;
    ew_mutex_lock(talk->mutex);
    wipe(talk);
    (void)fputs(line, stderr);
    (void)fflush(stderr);
    talk->shown = (unsigned)strlen(line);
    ew_mutex_unlock(talk->mutex);
}

/* Until everything is drained and published. False when that had to be given up. */
static bool run_until_done(struct ew_collect *collect, struct talk *talk)
{
    uint64_t asked_ns = 0;
    while (!ew_collect_step(collect, STEP_MS)) {
        enum record_wish wish = record_console_wish();
        if (wish != RECORD_GO_ON && asked_ns == 0) {
            asked_ns = ew_clock_monotonic_ns();
            ew_collect_request_stop(collect);
        }
        bool late = asked_ns != 0 && ew_clock_monotonic_ns() - asked_ns > CLOSE_DRAIN_NS;
        if (wish == RECORD_NOW || (wish == RECORD_CLOSE && late)) {
            return false;
        }
        draw(talk, collect);
    }
    return true;
}

/* What is told at the end, and the exit status. */
static int conclude(struct ew_collect *collect, struct talk *talk, bool done)
{
    struct ew_collect_status status;
    struct ew_error error = {0};
    ew_collect_status(collect, &status);
    ew_mutex_lock(talk->mutex);
    wipe(talk);
    ew_mutex_unlock(talk->mutex);
    enum ew_status closed = ew_collect_close(collect, &error);
    /* Counts of before a forced end are not those of what was published. */
    if (done && !talk->quiet) {
        record_summary(stdout, &status);
    }
    if (closed != EW_OK) {
        return ew_cli_fail(&error);
    }
    if (!done) {
        ew_cli_say("ended before everything was taken in; the documents hold what was");
    }
    return done && !record_is_incomplete(&status) ? EW_EXIT_DONE : EW_EXIT_INCOMPLETE;
}

static int collect_with(const struct record_options *options, const struct ew_settings *settings,
                        struct talk *talk)
{
    struct ew_error error = {0};
    struct ew_collect *collect = NULL;
    struct ew_collect_options what = {
        .settings = settings,
        .on_notice = on_notice,
        .context = talk,
    };
    if (ew_live_create(settings, options->attach, &what.capture, &error) != EW_OK) {
        return ew_cli_fail(&error);
    }
    if (ew_collect_start(&what, &collect, &error) != EW_OK) {
        what.capture.close(what.capture.context);
        return ew_cli_fail(&error);
    }
    talk->before_ns = ew_clock_monotonic_ns();
    bool done = run_until_done(collect, talk);
    return conclude(collect, talk, done);
}

static int record(const struct record_options *options, const struct ew_settings *settings)
{
    struct talk talk = {.quiet = options->quiet};
    talk.live = !options->quiet && ew_console_is_terminal();
    if (ew_mutex_create(&talk.mutex) != EW_OK || !record_console_watch()) {
        ew_mutex_destroy(talk.mutex);
        ew_cli_say("cannot watch the console");
        return EW_EXIT_FAILED;
    }
    int exit_code = collect_with(options, settings, &talk);
    ew_mutex_destroy(talk.mutex);
    return exit_code;
}

/* The settings are made first: what is wrong with them is told before anything starts. */
static int record_by(const struct record_options *options)
{
    struct ew_settings settings;
    struct ew_error error = {0};
    if (ew_settings_init(&settings) != EW_OK) {
        ew_cli_say("no memory for the settings");
        return EW_EXIT_FAILED;
    }
    enum ew_status status = record_settings(options, &settings, &error);
    int exit_code = status == EW_OK ? record(options, &settings) : ew_cli_fail(&error);
    ew_settings_free(&settings);
    return exit_code;
}

int ew_cmd_record(int argument_count, char **arguments)
{
    struct record_options options;
    enum record_reading reading = record_options_read(argument_count, arguments, &options);
    if (reading != RECORD_GO) {
        return reading == RECORD_HELP ? EW_EXIT_DONE : EW_EXIT_USAGE;
    }
    int exit_code = record_by(&options);
    record_options_free(&options);
    (void)fflush(stdout);
    record_console_release();
    return exit_code;
}
