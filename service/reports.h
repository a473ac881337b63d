/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the service tells the event log: numbers, severities, and which number a failure has.
 * messages.mc has the same numbers with their texts; docs/OPERATIONS.md says what to do
 * about each.
 */
#ifndef EW_SERVICE_REPORTS_H
#define EW_SERVICE_REPORTS_H

#include "etwitness/collect.h"
#include "etwitness/status.h"

enum ew_severity { EW_SEVERITY_INFORMATION = 1, EW_SEVERITY_WARNING = 2, EW_SEVERITY_ERROR = 3 };

/* Event ids, which never change their meaning. Each is X(NAME, id, SEVERITY). */
#define EW_REPORTS(X)                    \
    X(STARTED, 100, INFORMATION)         \
    X(STOPPED, 101, INFORMATION)         \
    X(DOCUMENT, 102, INFORMATION)        \
    X(RELOADED, 103, INFORMATION)        \
    X(RESUMED, 110, WARNING)             \
    X(SESSION_LOST, 111, WARNING)        \
    X(SESSION_BACK, 112, INFORMATION)    \
    X(EVENTS_LOST, 113, WARNING)         \
    X(QUEUE_DROPPED, 114, WARNING)       \
    X(TABLES_FULL, 115, WARNING)         \
    X(PUBLISH_FAILED, 116, ERROR)        \
    X(PUBLISH_BACK, 117, INFORMATION)    \
    X(DOCUMENT_DROPPED, 118, ERROR)      \
    X(CLOCK_STEPPED, 119, WARNING)       \
    X(STOP_DEADLINE, 120, WARNING)       \
    X(MERGE_FAILED, 121, WARNING)        \
    X(MERGE_BACK, 122, INFORMATION)      \
    X(CONFIGURATION_REFUSED, 130, ERROR) \
    X(RELOAD_REFUSED, 131, WARNING)      \
    X(START_FAILED, 132, ERROR)          \
    X(ACCESS_DENIED, 133, ERROR)         \
    X(SESSION_TAKEN, 134, ERROR)         \
    X(SESSIONS_FULL, 135, ERROR)         \
    X(DISK_FULL, 136, ERROR)             \
    X(DIRECTORY_MISSING, 137, ERROR)     \
    X(NOT_ALL_PUBLISHED, 138, ERROR)     \
    X(MEMORY, 139, ERROR)

#define EW_REPORT_ENUMERATOR(name, id, severity) EW_REPORT_##name = (id),
enum ew_report { EW_REPORTS(EW_REPORT_ENUMERATOR) };
#undef EW_REPORT_ENUMERATOR

enum ew_severity ew_report_severity(enum ew_report report);

/* The event id of a notice of the collection; its text tells a full disk. */
enum ew_report ew_report_of_notice(enum ew_notice notice, const char *text);

/* The event id of a start that failed. */
enum ew_report ew_report_of_failure(const struct ew_error *error);

/* N of the "(Windows error N)" that ends sentences about what Windows refused; 0: none. */
unsigned long ew_report_windows_error(const char *text);

#endif
