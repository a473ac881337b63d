/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `record`: the collection of the service in the foreground. What is asked for and what is
 * told is portable; that a console can end a program, and how, is Windows' part.
 */
#ifndef EW_SERVICE_RECORD_H
#define EW_SERVICE_RECORD_H

#include "cli/cli.h"
#include "etwitness/collect.h"

#include <stdio.h>

/* --- what is asked for --------------------------------------------------------- */

struct record_options {
    const char *out;
    const char *config;
    const char *session;
    const char *attach;
    uint64_t window_seconds;   /* 0: as configured */
    uint64_t duration_seconds; /* 0: as configured */
    struct ew_text_list processes;
    struct ew_text_list containers;
    struct ew_text_list assignments; /* KEY=VALUE of the configuration */
    bool no_clr;
    bool no_kernel;
    bool quiet;
};

/* How a reading of the command line ended. */
enum record_reading { RECORD_GO, RECORD_HELP, RECORD_WRONG };

/* Reads the command line; a complaint is told on stderr. What `options_out` points to is
 * borrowed from the arguments. After RECORD_GO its lists are released with
 * record_options_free(), else they are released already. */
enum record_reading record_options_read(int argument_count, char **arguments,
                                        struct record_options *options_out);
void record_options_free(struct record_options *options);

/*
 * Lays the configuration file, then the options, over `settings`, which hold the defaults,
 * and checks the whole. EW_USAGE and the statuses of the configuration file.
 */
EW_MUST_USE enum ew_status record_settings(const struct record_options *options,
                                           struct ew_settings *settings, struct ew_error *error);

/* --- what is told --------------------------------------------------------------- */

enum { RECORD_STATUS_BYTES = 192 };

/*
 * One line without a newline, at most RECORD_STATUS_BYTES - 1 bytes: events a second since
 * `before`, how full the fullest ring is, what was lost so far, edges and windows.
 *
 * elapsed_ns  between the two; 0 makes the rate 0
 */
void record_status_line(const struct ew_collect_status *before,
                        const struct ew_collect_status *now, uint64_t elapsed_ns,
                        char out[RECORD_STATUS_BYTES]);

/* What was collected and what was lost, in a few lines. */
void record_summary(FILE *out, const struct ew_collect_status *status);

/* Whether anything is missing from what was published: exit status 4. */
bool record_is_incomplete(const struct ew_collect_status *status);

/* --- the console ------------------------------------------------------------------ */

/* What the person at the console wants by now; each includes those before it. */
enum record_wish {
    RECORD_GO_ON,
    RECORD_STOP,  /* Ctrl+C, Ctrl+Break: drain and publish */
    RECORD_CLOSE, /* the console or the session ends: drain within seconds */
    RECORD_NOW,   /* asked twice: end at once */
};

/* From now on the console's requests are remembered and do not end the process. False when
 * Windows refuses. */
bool record_console_watch(void);

/* The strongest wish so far. */
enum record_wish record_console_wish(void);

/* Lets a console that is being closed go: everything is done. */
void record_console_release(void);

#endif
