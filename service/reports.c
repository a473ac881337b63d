/* SPDX-License-Identifier: Apache-2.0 */
/* Which event-log entry tells what. */
#include "reports.h"

#include <stddef.h>
#include <string.h>

/* Numbers of Windows' errors; the service's part without Windows knows them by these. */
enum {
    NOT_FOUND_FILE = 2,
    NOT_FOUND_PATH = 3,
    ACCESS_DENIED = 5,
    NOT_READY = 21,
    HANDLE_DISK_FULL = 39,
    BAD_NETWORK_PATH = 53,
    DISK_FULL = 112,
    ALREADY_EXISTS = 183,
    DISK_QUOTA = 1295,
    NOT_ALL_ASSIGNED = 1300,
    PRIVILEGE_NOT_HELD = 1314,
    NO_SYSTEM_RESOURCES = 1450,
};

static const struct {
    unsigned long code;
    enum ew_report report;
} reports_of_codes[] = {
    {NOT_FOUND_FILE, EW_REPORT_DIRECTORY_MISSING},
    {NOT_FOUND_PATH, EW_REPORT_DIRECTORY_MISSING},
    {NOT_READY, EW_REPORT_DIRECTORY_MISSING},
    {BAD_NETWORK_PATH, EW_REPORT_DIRECTORY_MISSING},
    {ACCESS_DENIED, EW_REPORT_ACCESS_DENIED},
    {NOT_ALL_ASSIGNED, EW_REPORT_ACCESS_DENIED},
    {PRIVILEGE_NOT_HELD, EW_REPORT_ACCESS_DENIED},
    {HANDLE_DISK_FULL, EW_REPORT_DISK_FULL},
    {DISK_FULL, EW_REPORT_DISK_FULL},
    {DISK_QUOTA, EW_REPORT_DISK_FULL},
    {ALREADY_EXISTS, EW_REPORT_SESSION_TAKEN},
    {NO_SYSTEM_RESOURCES, EW_REPORT_SESSIONS_FULL},
};

enum ew_severity ew_report_severity(enum ew_report report)
{
    switch (report) {
#define SEVERITY(name, id, severity) \
    case EW_REPORT_##name:           \
        return EW_SEVERITY_##severity;
        EW_REPORTS(SEVERITY)
#undef SEVERITY
    default:
        return EW_SEVERITY_ERROR;
    }
}

unsigned long ew_report_windows_error(const char *text)
{
    static const char mark[] = "(Windows error ";
    const char *found = NULL;
    for (const char *at = strstr(text, mark); at != NULL; at = strstr(at + 1, mark)) {
        found = at;
    }
    unsigned long code = 0;
    if (found != NULL) {
        for (found += sizeof mark - 1; *found >= '0' && *found <= '9' && code < 100000000;
             found++) {
            code = code * 10 + (unsigned long)(*found - '0');
        }
    }
    return code;
}

static bool is_disk_full(const char *text)
{
    unsigned long code = ew_report_windows_error(text);
    return code == DISK_FULL || code == HANDLE_DISK_FULL || code == DISK_QUOTA;
}

enum ew_report ew_report_of_notice(enum ew_notice notice, const char *text)
{
    static const enum ew_report reports[EW_NOTICE_COUNT] = {
        [EW_NOTICE_STARTED] = EW_REPORT_STARTED,
        [EW_NOTICE_STOPPED] = EW_REPORT_STOPPED,
        [EW_NOTICE_DOCUMENT] = EW_REPORT_DOCUMENT,
        [EW_NOTICE_RESUMED] = EW_REPORT_RESUMED,
        [EW_NOTICE_SESSION_LOST] = EW_REPORT_SESSION_LOST,
        [EW_NOTICE_SESSION_BACK] = EW_REPORT_SESSION_BACK,
        [EW_NOTICE_EVENTS_LOST] = EW_REPORT_EVENTS_LOST,
        [EW_NOTICE_QUEUE_DROPPED] = EW_REPORT_QUEUE_DROPPED,
        [EW_NOTICE_TABLES_FULL] = EW_REPORT_TABLES_FULL,
        [EW_NOTICE_PUBLISH_FAILED] = EW_REPORT_PUBLISH_FAILED,
        [EW_NOTICE_PUBLISH_BACK] = EW_REPORT_PUBLISH_BACK,
        [EW_NOTICE_DOCUMENT_DROPPED] = EW_REPORT_DOCUMENT_DROPPED,
        [EW_NOTICE_CLOCK_STEPPED] = EW_REPORT_CLOCK_STEPPED,
        [EW_NOTICE_STOP_DEADLINE] = EW_REPORT_STOP_DEADLINE,
        [EW_NOTICE_MERGE_FAILED] = EW_REPORT_MERGE_FAILED,
        [EW_NOTICE_MERGE_BACK] = EW_REPORT_MERGE_BACK,
    };
    if (notice == EW_NOTICE_PUBLISH_FAILED && is_disk_full(text)) {
        return EW_REPORT_DISK_FULL;
    }
    return reports[notice];
}

enum ew_report ew_report_of_failure(const struct ew_error *error)
{
    unsigned long code = ew_report_windows_error(error->text);
    for (size_t i = 0; i < sizeof reports_of_codes / sizeof reports_of_codes[0]; i++) {
        if (reports_of_codes[i].code == code) {
            return reports_of_codes[i].report;
        }
    }
    switch (error->status) {
    case EW_NO_MEMORY:
        return EW_REPORT_MEMORY;
    case EW_EXISTS:
        return EW_REPORT_SESSION_TAKEN;
    case EW_USAGE:
        return EW_REPORT_CONFIGURATION_REFUSED;
    default:
        return EW_REPORT_START_FAILED;
    }
}
