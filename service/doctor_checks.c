/* SPDX-License-Identifier: Apache-2.0 */
/* What the facts about this host mean for collection, and what to do about them. */
#include "doctor.h"

#include "base/filetime.h"
#include "base/text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

enum {
    BUILD_1809 = 17763, /* Windows 10 1809 and Server 2019: the first that is supported */
    SYSTEM_LOGGERS = 6, /* 8 machine-wide, two of them kept for others (reference etw.md 3.1.3) */
    CLOCK_SPREAD_100NS = 100000, /* the clocks may part by 10 ms in a quarter of a second */
    YEAR_SECONDS = 31536000,
};

#define MIB UINT64_C(1048576)
/* Room for the largest document twice: the one that is written, and the one before it. */
#define FREE_BYTES_MIN (2 * (uint64_t)EW_DOCUMENT_BYTES_MAX)
/* 2020-01-01: no supported Windows shows an earlier time unless its clock is wrong. */
#define TIME_MIN (EW_FILETIME_UNIX_EPOCH + 50 * (uint64_t)YEAR_SECONDS * EW_FILETIME_SECOND)

/* The last one is overwritten when there are too many, which the number of checks does not
 * allow. */
struct doctor_finding *doctor_add(struct doctor_report *report, enum doctor_level level,
                                  const char *what, const char *format, ...)
{
    if (report->count == DOCTOR_FINDINGS_MAX) {
        report->count--;
    }
    struct doctor_finding *finding = &report->findings[report->count++];
    memset(finding, 0, sizeof *finding);
    finding->level = level;
    finding->what = what;
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(finding->detail, sizeof finding->detail, format, arguments);
    va_end(arguments);
    return finding;
}

void doctor_advise(struct doctor_finding *finding, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(finding->advice, sizeof finding->advice, format, arguments);
    va_end(arguments);
}

static void check_version(const struct doctor_system *system, struct doctor_report *report)
{
    static const char what[] = "Windows version";
    if (system->major == 0) {
        doctor_advise(doctor_add(report, DOCTOR_WARN, what, "not known"),
                      "make sure that this is Windows 10 1809, Server 2019 or later");
    } else if (system->build < BUILD_1809 || system->major < 10) {
        doctor_advise(doctor_add(report, DOCTOR_FAIL, what, "%" PRIu32 ".%" PRIu32 ".%" PRIu32,
                                 system->major, system->minor, system->build),
                      "collect on Windows 10 1809 or Server 2019 (build %d) or later",
                      BUILD_1809);
    } else if (system->arm64) {
        doctor_advise(doctor_add(report, DOCTOR_WARN, what,
                                 "%" PRIu32 ".%" PRIu32 ".%" PRIu32 " on ARM64", system->major,
                                 system->minor, system->build),
                      "collection is made for x86-64; on ARM64 it was never tried");
    } else {
        (void)doctor_add(report, DOCTOR_OK, what, "%" PRIu32 ".%" PRIu32 ".%" PRIu32,
                         system->major, system->minor, system->build);
    }
    if (system->wine[0] != '\0') {
        doctor_advise(
            doctor_add(report, DOCTOR_WARN, "Wine", "this is Wine %s, not Windows", system->wine),
            "collect on Windows: Wine has no event tracing");
    }
}

static void check_rights(const struct doctor_rights *rights, struct doctor_report *report)
{
    static const char what[] = "rights";
    if (rights->is_system) {
        (void)doctor_add(report, DOCTOR_OK, what, "LocalSystem");
    } else if (rights->administrator) {
        (void)doctor_add(report, DOCTOR_OK, what, "administrator, elevated");
    } else if (rights->can_elevate) {
        doctor_advise(doctor_add(report, DOCTOR_FAIL, what, "administrator, not elevated"),
                      "start it from a prompt that was opened with \"Run as administrator\"");
    } else {
        doctor_advise(
            doctor_add(report, DOCTOR_FAIL, what, "not an administrator"),
            "run it as an administrator, or as a service under LocalSystem: only they may "
            "start sessions of the kernel");
    }
}

static void check_privilege(const struct doctor_rights *rights,
                            const struct ew_settings *settings, struct doctor_report *report)
{
    static const char what[] = "profile privilege";
    if (!settings->kernel.enabled || !settings->kernel.profile) {
        (void)doctor_add(report, DOCTOR_OK, what, "not needed: no samples are configured");
    } else if (rights->profile == DOCTOR_PRIVILEGE_ENABLED) {
        (void)doctor_add(report, DOCTOR_OK, what, "SeSystemProfilePrivilege can be enabled");
    } else if (rights->profile == DOCTOR_PRIVILEGE_ABSENT) {
        doctor_advise(
            doctor_add(report, DOCTOR_FAIL, what, "SeSystemProfilePrivilege is not held"),
            "grant \"Profile system performance\" to the account (Local Security Policy, User "
            "Rights Assignment), or run elevated or as LocalSystem");
    } else {
        doctor_advise(doctor_add(report, DOCTOR_WARN, what, "could not be asked for"),
                      "run elevated, and look again");
    }
}

/* Sessions that collection starts. */
static uint32_t sessions_needed(const struct ew_settings *settings)
{
    bool user = settings->clr.enabled || settings->provider_count != 0;
    return (settings->kernel.enabled ? 1U : 0U) + (user ? 1U : 0U);
}

static void check_session_count(const struct doctor_sessions *sessions,
                                const struct ew_settings *settings, struct doctor_report *report)
{
    static const char what[] = "ETW sessions";
    uint32_t needed = sessions_needed(settings);
    uint32_t left =
        sessions->in_use < sessions->maximum ? sessions->maximum - sessions->in_use : 0;
    enum doctor_level level = left < needed       ? DOCTOR_FAIL
                              : left < needed + 2 ? DOCTOR_WARN
                                                  : DOCTOR_OK;
    struct doctor_finding *finding =
        doctor_add(report, level, what, "%" PRIu32 " of %" PRIu32 " in use, %" PRIu32 " needed",
                   sessions->in_use, sessions->maximum, needed);
    if (level != DOCTOR_OK) {
        doctor_advise(finding,
                      "end sessions that nobody needs (logman query -ets, logman stop NAME "
                      "-ets), or raise EtwMaxLoggers under HKLM\\SYSTEM\\CurrentControlSet\\"
                      "Control\\WMI (at most 256) and restart Windows");
    }
}

static void check_system_loggers(const struct doctor_sessions *sessions,
                                 const struct ew_settings *settings, struct doctor_report *report)
{
    static const char what[] = "system loggers";
    if (!settings->kernel.enabled) {
        (void)doctor_add(report, DOCTOR_OK, what, "not needed: the kernel is not configured");
        return;
    }
    bool full = sessions->system_other >= SYSTEM_LOGGERS;
    struct doctor_finding *finding =
        doctor_add(report, full ? DOCTOR_FAIL : DOCTOR_OK, what,
                   "%" PRIu32 " of %d in use, 1 needed", sessions->system_other, SYSTEM_LOGGERS);
    if (full) {
        doctor_advise(finding,
                      "end another tool's session of the kernel (logman query -ets shows "
                      "them); Windows has no more, and no setting changes that");
    }
}

static void check_session_name(const struct doctor_sessions *sessions,
                               struct doctor_report *report)
{
    static const char what[] = "our session";
    if (sessions->owner == DOCTOR_NOBODY) {
        (void)doctor_add(report, DOCTOR_OK, what, "none runs, and the name is free");
    } else if (sessions->owner == DOCTOR_ANOTHER) {
        doctor_advise(
            doctor_add(report, DOCTOR_FAIL, what, "\"%s\" exists and is not ours",
                       sessions->name),
            "choose another session name in the configuration, or end that session if you know "
            "whose it is; it is never ended by etwitness");
    } else if (sessions->owner == DOCTOR_ELSEWHERE) {
        doctor_advise(doctor_add(report, DOCTOR_FAIL, what,
                                 "\"%s\" runs: another etwitness collects under that name",
                                 sessions->name),
                      "stop that collection: a host has one; if there is none, end the session: "
                      "logman stop \"%s\" -ets",
                      sessions->name);
    } else if (sessions->owner == DOCTOR_OURS && sessions->collectors != 0) {
        doctor_advise(doctor_add(report, DOCTOR_WARN, what,
                                 "\"%s\" runs: this host is collecting now", sessions->name),
                      "nothing, if that is wanted; a host has one collection at a time");
    } else {
        doctor_advise(
            doctor_add(report, DOCTOR_WARN, what,
                       "\"%s\" was left behind by a run that was killed", sessions->name),
            "nothing: the next start ends it; by hand: logman stop \"%s\" -ets", sessions->name);
    }
}

static void check_sessions(const struct doctor_sessions *sessions,
                           const struct ew_settings *settings, struct doctor_report *report)
{
    if (sessions->error != 0) {
        doctor_advise(doctor_add(report, DOCTOR_WARN, "ETW sessions",
                                 "could not be listed (Windows error %" PRIu32 ")",
                                 sessions->error),
                      "run elevated, and look again");
        return;
    }
    check_session_count(sessions, settings, report);
    check_system_loggers(sessions, settings, report);
    check_session_name(sessions, report);
}

static void check_container(const struct doctor_system *system, struct doctor_report *report)
{
    if (system->in_container) {
        doctor_advise(
            doctor_add(report, DOCTOR_FAIL, "place", "inside a Windows container"),
            "run it on the host (or in a HostProcess container): the kernel cannot be traced "
            "from inside, and the host sees all process-isolated containers");
    } else {
        (void)doctor_add(report, DOCTOR_OK, "place", "not inside a container");
    }
    if (system->objects_status == 0) {
        (void)doctor_add(
            report, DOCTOR_OK, "container support",
            "the object directory can be read; Hyper-V isolated containers stay invisible");
    } else {
        doctor_advise(
            doctor_add(report, DOCTOR_WARN, "container support",
                       "the object directory cannot be read (status 0x%08" PRIx32 ")",
                       system->objects_status),
            "run elevated or as LocalSystem; else processes in containers are counted as the "
            "host's, unless their events say otherwise");
    }
}

static void check_config(const struct doctor_facts *facts, struct doctor_report *report)
{
    static const char what[] = "configuration";
    if (facts->config_error.text[0] != '\0') {
        doctor_advise(doctor_add(report, DOCTOR_FAIL, what, "%s", facts->config_error.text),
                      "correct the file; docs/OPERATIONS.md lists every key with its limits");
    } else if (facts->config_read) {
        (void)doctor_add(report, DOCTOR_OK, what, "%s", facts->config_path);
    } else {
        (void)doctor_add(report, DOCTOR_OK, what, "none: the defaults hold");
    }
}

static void check_place(const struct doctor_folder *folder, struct doctor_report *report)
{
    static const char what[] = "evidence directory";
    if (!folder->writable) {
        doctor_advise(doctor_add(report, DOCTOR_FAIL, what, "%s: %s", folder->path,
                                 folder->why[0] != '\0' ? folder->why : "cannot be written"),
                      "give another directory, or let this account write there");
    } else if (folder->remote) {
        doctor_advise(
            doctor_add(report, DOCTOR_WARN, what, "%s is on another machine", folder->path),
            "give a directory on a local disk, and let the scanner fetch from it: publication "
            "relies on a local volume's renames");
    } else {
        (void)doctor_add(report, DOCTOR_OK, what, "%s%s", folder->path,
                         folder->exists ? "" : " does not exist and can be made");
    }
}

static void check_acl(const struct doctor_folder *folder, struct doctor_report *report)
{
    static const char what[] = "who may change it";
    if (!folder->exists) {
        return;
    }
    if (!folder->acl_known) {
        doctor_advise(doctor_add(report, DOCTOR_WARN, what, "the access list could not be read"),
                      "run elevated, and look again");
    } else if (folder->open_write) {
        doctor_advise(
            doctor_add(report, DOCTOR_FAIL, what, "ordinary users may write in %s", folder->path),
            "icacls \"%s\" /inheritance:r /remove:g *S-1-1-0 *S-1-5-11 *S-1-5-32-545 /grant:r "
            "*S-1-5-18:(OI)(CI)F *S-1-5-32-544:(OI)(CI)F",
            folder->path);
    } else if (folder->open_read) {
        doctor_advise(
            doctor_add(report, DOCTOR_WARN, what, "ordinary users may read %s", folder->path),
            "evidence names modules and methods: let only the scanner's account read it");
    } else {
        (void)doctor_add(report, DOCTOR_OK, what, "system and administrators alone");
    }
}

static void check_space(const struct doctor_folder *folder, const struct ew_settings *settings,
                        struct doctor_report *report)
{
    static const char what[] = "free disk";
    uint64_t free_mib = folder->free_bytes / MIB;
    uint64_t kept_mib = settings->retention_bytes / MIB;
    if (folder->free_bytes == UINT64_MAX) {
        doctor_advise(doctor_add(report, DOCTOR_WARN, what, "not known"),
                      "see that the volume has room for %" PRIu64 " MiB of evidence", kept_mib);
    } else if (folder->free_bytes < FREE_BYTES_MIN) {
        doctor_advise(doctor_add(report, DOCTOR_FAIL, what, "%" PRIu64 " MiB", free_mib),
                      "free %" PRIu64 " MiB at least, or give a directory on another volume",
                      (FREE_BYTES_MIN - folder->free_bytes + MIB - 1) / MIB);
    } else if (folder->free_bytes < settings->retention_bytes) {
        doctor_advise(
            doctor_add(report, DOCTOR_WARN, what,
                       "%" PRIu64 " MiB, while up to %" PRIu64 " MiB of evidence are kept",
                       free_mib, kept_mib),
            "lower retention in the configuration, or free disk; what is there already counts");
    } else {
        (void)doctor_add(report, DOCTOR_OK, what,
                         "%" PRIu64 " MiB, up to %" PRIu64 " MiB are kept", free_mib, kept_mib);
    }
}

const char *doctor_symbol_folder(const char *path)
{
    static const char store[] = "srv*";
    const char *folder = path;
    for (size_t i = 0; i < sizeof store - 1; i++) {
        char letter = folder[i] >= 'A' && folder[i] <= 'Z' ? (char)(folder[i] + 32) : folder[i];
        if (letter != store[i]) {
            return path[0] != '\0' && strstr(path, "://") == NULL ? path : NULL;
        }
    }
    folder += sizeof store - 1;
    return folder[0] != '\0' && strchr(folder, '*') == NULL && strstr(folder, "://") == NULL
               ? folder
               : NULL;
}

static void check_symbol_folder(const struct doctor_folder *folder,
                                const struct ew_settings_symbols *settings,
                                struct doctor_report *report)
{
    static const char what[] = "symbol path";
    if (folder->remote && !settings->network) {
        doctor_advise(
            doctor_add(report, DOCTOR_WARN, what, "%s is not local", folder->path),
            "copy the symbols to a local folder, or allow the network in the configuration");
    } else if (!folder->remote && !folder->exists) {
        doctor_advise(doctor_add(report, DOCTOR_WARN, what, "%s does not exist", folder->path),
                      "correct the path; without it names come from exports alone");
    } else if (folder->acl_known && folder->open_write) {
        doctor_advise(
            doctor_add(report, DOCTOR_WARN, what, "ordinary users may write in %s", folder->path),
            "let only administrators write there: who can put a PDB there chooses names");
    } else {
        (void)doctor_add(report, DOCTOR_OK, what, "%s", folder->path);
    }
}

static void check_symbols(const struct doctor_facts *facts,
                          const struct ew_settings_symbols *settings,
                          struct doctor_report *report)
{
    if (!settings->enabled) {
        (void)doctor_add(report, DOCTOR_OK, "symbols",
                         "off: native code is told by module and offset");
        return;
    }
    if (facts->symbol_count == 0) {
        (void)doctor_add(report, DOCTOR_OK, "symbols", "%s",
                         settings->image_folder ? "beside images, and exports" : "exports alone");
    }
    struct doctor_report worst = {.count = 0};
    size_t good = 0;
    for (size_t i = 0; i < facts->symbol_count; i++) {
        worst.count = 0;
        check_symbol_folder(&facts->symbols[i], settings, &worst);
        if (worst.findings[0].level == DOCTOR_OK) {
            good++;
        } else if (report->count < DOCTOR_SYMBOL_FINDINGS_END) {
            report->findings[report->count++] = worst.findings[0];
        }
    }
    if (facts->symbol_count != 0) {
        (void)doctor_add(report, DOCTOR_OK, "symbol paths", "%zu of %zu can be used", good,
                         facts->symbol_count);
    }
}

static void check_clock(const struct doctor_clock *clock, struct doctor_report *report)
{
    static const char what[] = "clock";
    int64_t parted = clock->elapsed_wall - clock->elapsed_counter;
    char now[EW_FILETIME_TEXT_BYTES];
    ew_filetime_format(clock->now_100ns, now);
    if (clock->frequency == 0) {
        doctor_advise(doctor_add(report, DOCTOR_FAIL, what, "there is no performance counter"),
                      "events cannot be ordered in time here");
    } else if (clock->now_100ns < TIME_MIN) {
        doctor_advise(doctor_add(report, DOCTOR_WARN, what, "it shows %s", now),
                      "set the clock: the times of evidence come from it");
    } else if (parted > CLOCK_SPREAD_100NS || parted < -CLOCK_SPREAD_100NS) {
        doctor_advise(doctor_add(report, DOCTOR_WARN, what,
                                 "the wall clock moved %" PRId64
                                 " us against the counter in a quarter of a second",
                                 parted / 10),
                      "see what steps the clock (w32tm /query /status); a step cuts windows");
    } else {
        (void)doctor_add(report, DOCTOR_OK, what, "%" PRIu64 " Hz, agrees with the wall clock",
                         clock->frequency);
    }
}

static void check_paging(const struct doctor_system *system, struct doctor_report *report)
{
    static const char what[] = "paging of the kernel";
    if (system->paging_known && system->paging_disabled) {
        (void)doctor_add(report, DOCTOR_OK, what, "off: stacks stay whole when memory is short");
    } else {
        (void)doctor_add(
            report, DOCTOR_OK, what,
            "on, as Windows comes; if stacks break off under load, DisablePagingExecutive "
            "helps (docs/OPERATIONS.md)");
    }
}

void doctor_examine(const struct doctor_facts *facts, const struct ew_settings *settings,
                    struct doctor_report *report_out)
{
    report_out->count = 0;
    check_version(&facts->system, report_out);
    check_rights(&facts->rights, report_out);
    check_privilege(&facts->rights, settings, report_out);
    check_sessions(&facts->sessions, settings, report_out);
    check_container(&facts->system, report_out);
    check_config(facts, report_out);
    doctor_check_program(&facts->program, doctor_add(report_out, DOCTOR_OK, "program", "%s", ""));
    check_place(&facts->evidence, report_out);
    check_acl(&facts->evidence, report_out);
    check_space(&facts->evidence, settings, report_out);
    check_symbols(facts, &settings->symbols, report_out);
    doctor_check_graphs(facts, report_out);
    check_clock(&facts->clock, report_out);
    check_paging(&facts->system, report_out);
}
