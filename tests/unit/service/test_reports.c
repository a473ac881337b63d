/* SPDX-License-Identifier: Apache-2.0 */
/* Which event-log entry a notice or a failure becomes, and that the message file agrees. */
#include "platform/file.h"
#include "service/reports.h"
#include "support/check_main.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum ew_report failure(enum ew_status status, const char *text)
{
    struct ew_error error = {.status = status};
    (void)snprintf(error.text, sizeof error.text, "%s", text);
    return ew_report_of_failure(&error);
}

START_TEST(failure__what_windows_refused__is_told_by_its_number)
{
    ck_assert_int_eq(failure(EW_IO, "session x: cannot start: no (Windows error 5)"),
                     EW_REPORT_ACCESS_DENIED);
    ck_assert_int_eq(failure(EW_IO, "(Windows error 1314)"), EW_REPORT_ACCESS_DENIED);
    ck_assert_int_eq(failure(EW_EXISTS, "(Windows error 183)"), EW_REPORT_SESSION_TAKEN);
    ck_assert_int_eq(failure(EW_LIMIT, "(Windows error 1450)"), EW_REPORT_SESSIONS_FULL);
    ck_assert_int_eq(failure(EW_IO, "D:\\e: cannot create: full (Windows error 112)"),
                     EW_REPORT_DISK_FULL);
    ck_assert_int_eq(failure(EW_NOT_FOUND, "Q:\\e: cannot open (Windows error 3)"),
                     EW_REPORT_DIRECTORY_MISSING);
    ck_assert_int_eq(failure(EW_IO, "(Windows error 87)"), EW_REPORT_START_FAILED);
}
END_TEST

START_TEST(failure__without_a_number__is_told_by_its_status)
{
    ck_assert_int_eq(failure(EW_EXISTS, "session x: belongs to another program"),
                     EW_REPORT_SESSION_TAKEN);
    ck_assert_int_eq(failure(EW_NO_MEMORY, ""), EW_REPORT_MEMORY);
    ck_assert_int_eq(failure(EW_USAGE, "windowSeconds: no"), EW_REPORT_CONFIGURATION_REFUSED);
    ck_assert_int_eq(failure(EW_FORMAT, "odd"), EW_REPORT_START_FAILED);
}
END_TEST

START_TEST(windows_error__in_a_sentence__is_the_last_number)
{
    ck_assert_uint_eq(ew_report_windows_error("x (Windows error 5): y (Windows error 112)"), 112);
    ck_assert_uint_eq(ew_report_windows_error("x (Windows error )"), 0);
    ck_assert_uint_eq(ew_report_windows_error("(Windows error"), 0);
    ck_assert_uint_eq(ew_report_windows_error(""), 0);
}
END_TEST

START_TEST(notice__every_one__has_an_entry_of_its_own)
{
    for (int i = 0; i < EW_NOTICE_COUNT; i++) {
        enum ew_report report = ew_report_of_notice((enum ew_notice)i, "");
        ck_assert_int_ge(report, EW_REPORT_STARTED);
        for (int before = 0; before < i; before++) {
            ck_assert_int_ne(report, ew_report_of_notice((enum ew_notice)before, ""));
        }
    }
    ck_assert_int_eq(
        ew_report_of_notice(EW_NOTICE_PUBLISH_FAILED, "x: cannot write (Windows error 112)"),
        EW_REPORT_DISK_FULL);
    ck_assert_int_eq(ew_report_severity(EW_REPORT_EVENTS_LOST), EW_SEVERITY_WARNING);
    ck_assert_int_eq(ew_report_severity(EW_REPORT_DISK_FULL), EW_SEVERITY_ERROR);
}
END_TEST

/* The entry of messages.mc for one report begins exactly so. */
static bool is_in(const char *messages, const char *name, int id, enum ew_severity severity)
{
    static const char *const severities[] = {"", "Informational", "Warning", "Error"};
    char entry[160];
    (void)snprintf(entry, sizeof entry,
                   "MessageId=%d\nSeverity=%s\nSymbolicName=EW_MSG_%s\nLanguage=English\n", id,
                   severities[severity], name);
    return strstr(messages, entry) != NULL;
}

START_TEST(message_file__every_report__is_in_it_with_number_and_severity)
{
    struct ew_error error = {0};
    char *messages = NULL;
    size_t bytes = 0;
    unsigned entries = 0;
    ck_assert_msg(ew_file_read_all(EW_MESSAGES_FILE, 1 << 20, &messages, &bytes, &error) == EW_OK,
                  "%s", error.text);
#define CHECK(name, id, severity)                                                                \
    ck_assert_msg(is_in(messages, #name, id, EW_SEVERITY_##severity), "%s is not there", #name); \
    entries++;
    EW_REPORTS(CHECK)
#undef CHECK
    for (const char *at = strstr(messages, "MessageId="); at != NULL;
         at = strstr(at + 1, "MessageId=")) {
        entries--;
    }
    ck_assert_msg(entries == 0, "the message file has entries that nobody reports");
    free(messages);
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("reports");
    TCase *tcase = tcase_create("reports");
    tcase_add_test(tcase, failure__what_windows_refused__is_told_by_its_number);
    tcase_add_test(tcase, failure__without_a_number__is_told_by_its_status);
    tcase_add_test(tcase, windows_error__in_a_sentence__is_the_last_number);
    tcase_add_test(tcase, notice__every_one__has_an_entry_of_its_own);
    tcase_add_test(tcase, message_file__every_report__is_in_it_with_number_and_severity);
    suite_add_tcase(suite, tcase);
    return suite;
}
