/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `service`: what is asked for, which is portable, and the Windows files that do it. Those
 * decide nothing that could be decided here or in scm_state.h.
 */
#ifndef EW_SERVICE_SERVICE_H
#define EW_SERVICE_SERVICE_H

#include "cli/cli.h"
#include "etwitness/settings.h"

#define EW_SERVICE_NAME "etwitness"

/* Longest name of a service, in characters (documentation of CreateServiceW). */
enum { EW_SERVICE_NAME_MAX = 256 };

/* --- what is asked for: service_options.c ---------------------------------------- */

struct service_options {
    const char *action;              /* "install", "remove", "status" or "run" */
    const char *name;                /* of the service */
    const char *config;              /* NULL: the standard one */
    const char *out;                 /* NULL: as configured */
    uint64_t window_seconds;         /* 0: as configured */
    uint64_t duration_seconds;       /* 0: as configured */
    struct ew_text_list assignments; /* KEY=VALUE */
    bool force;                      /* install what others than administrators can change */
};

enum service_reading { SERVICE_GO, SERVICE_HELP, SERVICE_WRONG };

/* Reads the command line; a complaint is told on stderr. What `options_out` points to is
 * borrowed from the arguments; its list is released with service_options_free(). */
enum service_reading service_options_read(int argument_count, char **arguments,
                                          struct service_options *options_out);
void service_options_free(struct service_options *options);

/* Where things are when nobody says otherwise. */
struct service_places {
    char *folder; /* the evidence directory: "C:\ProgramData\etwitness" */
    char *config; /* "etwitness.json" in it */
};

/*
 * Lays the configuration file, then the options, over the defaults, and checks the whole.
 * A standard configuration that is not there is none; one that was named has to be there.
 * Statuses of the file; EW_USAGE. The caller frees the settings.
 */
EW_MUST_USE enum ew_status service_settings(const struct service_options *options,
                                            const struct service_places *places,
                                            struct ew_settings *settings_out,
                                            struct ew_error *error);

/* The command line that starts the service as the options say; false when it is too long. */
bool service_command_line(const struct service_options *options, const char *program, char *text,
                          size_t capacity);

/* The configuration that install writes, terminated; the caller frees it, NULL without
 * memory. */
char *service_default_config(const struct service_places *places);

/* --- Windows ------------------------------------------------------------------------ */

/* places_win32.c. EW_NO_MEMORY, EW_IO. */
EW_MUST_USE enum ew_status service_places_find(struct service_places *places_out,
                                               struct ew_error *error);
void service_places_free(struct service_places *places);

/* The path of this program; NULL without memory. The caller frees it. */
char *service_program_path(void);

int service_install(const struct service_options *options);
int service_remove(const struct service_options *options);
int service_status(const struct service_options *options);
int service_run(const struct service_options *options);

#endif
