/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `doctor`: can this host collect, and if not, why not. The Windows files gather facts and decide
 * nothing; what a fact means, and what to do about it, is decided here for every platform.
 */
#ifndef EW_SERVICE_DOCTOR_H
#define EW_SERVICE_DOCTOR_H

#include "etwitness/settings.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* A name of a session, a path or a reason as it is shown; longer ones are cut. */
enum { DOCTOR_TEXT_BYTES = 320 };

/* Symbol paths that are looked at; the configuration has no more. */
enum { DOCTOR_PATHS_MAX = EW_SETTINGS_LIST_MAX };

/* --- what is asked for --------------------------------------------------------- */

struct doctor_options {
    const char *config; /* NULL: that of the service, if there is one */
    const char *out;    /* NULL: as configured */
    const char *format; /* "text" or "json" */
};

/* How a reading of the command line ended. */
enum doctor_reading { DOCTOR_GO, DOCTOR_HELP, DOCTOR_WRONG };

/* Reads the command line; a complaint is told on stderr. What `options_out` points to is
 * borrowed from the arguments. */
enum doctor_reading doctor_options_read(int argument_count, char **arguments,
                                        struct doctor_options *options_out);

/* --- facts ------------------------------------------------------------------- */

struct doctor_system {
    uint32_t major; /* 0: not known */
    uint32_t minor;
    uint32_t build;
    bool arm64;              /* the machine, whatever this program is */
    char wine[32];           /* version of Wine; empty on Windows */
    bool in_container;       /* Control!ContainerType exists (reference etw.md 3.9) */
    bool paging_known;       /* `paging_disabled` was read */
    bool paging_disabled;    /* DisablePagingExecutive is 1 */
    uint32_t objects_status; /* NTSTATUS of opening the root of the object directory */
};

enum doctor_privilege {
    DOCTOR_PRIVILEGE_ENABLED,
    DOCTOR_PRIVILEGE_ABSENT,  /* the token does not have it */
    DOCTOR_PRIVILEGE_UNKNOWN, /* the token could not be asked */
};

struct doctor_rights {
    bool is_system;     /* LocalSystem */
    bool administrator; /* the token holds Administrators, enabled */
    bool can_elevate;   /* an administrator whose rights are filtered out */
    enum doctor_privilege profile;
};

/* Whose session bears a name or a GUID of ours; the worst of several is told. */
enum doctor_owner {
    DOCTOR_NOBODY,
    DOCTOR_LEFT_BEHIND, /* our GUID under another name, and nobody collects with it */
    DOCTOR_OURS,
    DOCTOR_ELSEWHERE, /* our GUID under another name */
    DOCTOR_ANOTHER,
};

struct doctor_sessions {
    uint32_t error;  /* Windows error of the query; 0: the rest holds */
    uint32_t in_use; /* all sessions, ours not counted */
    uint32_t
        system_other; /* system loggers besides the two that have slots of their own, and ours */
    uint32_t maximum; /* of sessions: EtwMaxLoggers, or 64 */
    enum doctor_owner owner;
    char name[DOCTOR_TEXT_BYTES]; /* of the session that `owner` is about */
    uint32_t collectors;          /* other processes of this program */
};

/* What was found of a folder. */
struct doctor_folder {
    char path[DOCTOR_TEXT_BYTES];
    bool exists;
    bool writable;  /* a file could be made there; of the nearest parent when it does not exist */
    bool remote;    /* on another machine */
    bool acl_known; /* the two below hold */
    bool open_write;             /* ordinary users may change something in it */
    bool open_read;              /* ordinary users may read it */
    uint64_t free_bytes;         /* for us, on its volume; UINT64_MAX: not known */
    char why[DOCTOR_TEXT_BYTES]; /* what Windows said when it is not writable */
};

/* What collection would make of a callgraph of the configuration. */
struct doctor_graph {
    char path[DOCTOR_TEXT_BYTES];
    bool absolute;      /* else a service looks for it in the folder of Windows */
    bool presence_only; /* it says which nodes exist, not who calls whom */
    uint64_t nodes;
    uint64_t edges;
    uint64_t dangling; /* references to nodes that it does not list */
    struct ew_error refusal;
};

struct doctor_clock {
    uint64_t frequency;   /* of QueryPerformanceCounter */
    uint64_t now_100ns;   /* FILETIME */
    int64_t elapsed_wall; /* both in 100 ns, over the same span of about 250 ms */
    int64_t elapsed_counter;
};

/* The program that runs as a service, or would. */
struct doctor_program {
    bool installed;
    char path[DOCTOR_TEXT_BYTES];
    bool unquoted; /* of its command line Windows tries other programs first */
    char problem[EW_ERROR_TEXT_BYTES]; /* who else can change it, or its configuration; "" */
};

struct doctor_facts {
    struct doctor_system system;
    struct doctor_rights rights;
    struct doctor_sessions sessions;
    struct doctor_folder evidence;
    struct doctor_folder symbols[DOCTOR_PATHS_MAX];
    size_t symbol_count;
    struct doctor_graph graphs[EW_MERGE_GRAPHS_MAX];
    size_t graph_count;
    struct doctor_clock clock;
    struct doctor_program program;
    char config_path[DOCTOR_TEXT_BYTES]; /* empty: none was given or found */
    bool config_read;
    struct ew_error config_error; /* when it was refused */
};

/* --- what they mean ---------------------------------------------------------- */

enum doctor_level { DOCTOR_OK, DOCTOR_WARN, DOCTOR_FAIL };

struct doctor_finding {
    enum doctor_level level;
    const char *what;
    char detail[2 * DOCTOR_TEXT_BYTES];
    char advice[2 * DOCTOR_TEXT_BYTES]; /* empty when `level` is DOCTOR_OK */
};

/* Some 1.3 KB each, 126 KiB: a line for each callgraph, and at most 28 for all else. */
enum { DOCTOR_FINDINGS_MAX = 32 + EW_MERGE_GRAPHS_MAX, DOCTOR_SYMBOL_FINDINGS_END = 28 };

struct doctor_report {
    struct doctor_finding findings[DOCTOR_FINDINGS_MAX];
    size_t count;
};

/* Whose the program is; a part of the examination. doctor_program.c */
void doctor_check_program(const struct doctor_program *program,
                          struct doctor_finding *finding_out);

/* A finding without advice, which is given next. There is room for all that the checks make. */
struct doctor_finding *doctor_add(struct doctor_report *report, enum doctor_level level,
                                  const char *what, const char *format, ...) EW_PRINTF(4, 5);
void doctor_advise(struct doctor_finding *finding, const char *format, ...) EW_PRINTF(2, 3);

/* Which callgraphs are merged with, and which not; appends to the report. doctor_graphs.c */
void doctor_check_graphs(const struct doctor_facts *facts, struct doctor_report *report);

/* All checks, in a fixed order. `settings` are those that collection would use. */
void doctor_examine(const struct doctor_facts *facts, const struct ew_settings *settings,
                    struct doctor_report *report_out);

/* The worst level of a report; DOCTOR_OK for an empty one. */
enum doctor_level doctor_worst(const struct doctor_report *report);

/* One line a check, `level  what  detail`, and one with what to do where it is not ok. */
void doctor_print_text(FILE *out, const struct doctor_report *report);

/* The same as one JSON object. False when `out` refused. */
bool doctor_print_json(FILE *out, const struct doctor_report *report);

/* The folder of a symbol path: "SRV*C:\store" and "C:\folder" are both "C:\...". NULL when
 * the element names a server, or nothing. */
const char *doctor_symbol_folder(const char *path);

/* --- Windows ----------------------------------------------------------------- */

void doctor_ask_system(struct doctor_system *system_out);
void doctor_ask_rights(struct doctor_rights *rights_out);
void doctor_ask_sessions(const struct ew_settings *settings,
                         struct doctor_sessions *sessions_out);
void doctor_ask_folder(const char *path, struct doctor_folder *folder_out);
void doctor_ask_clock(struct doctor_clock *clock_out);
void doctor_ask_program(struct doctor_program *program_out);

#endif
