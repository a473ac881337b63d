/* SPDX-License-Identifier: Apache-2.0 */
/* docs/OPERATIONS.md tells of every entry of the event log what to do about it. */
#include "../service/reports.h"

#include "platform/file.h"
#include "support/check_main.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE_BYTES_MAX = 1 << 20, ROW_BYTES = 64 };

struct documented {
    const char *name;
    enum ew_report report;
};

#define DOCUMENTED(name, id, severity) {#name, EW_REPORT_##name},
static const struct documented reports[] = {EW_REPORTS(DOCUMENTED)};

static char *read_page(void)
{
    char *page = NULL;
    size_t page_bytes = 0;
    struct ew_error error = {0};
    ck_assert_msg(
        ew_file_read_all(EW_DOCS_DIR "/OPERATIONS.md", PAGE_BYTES_MAX, &page, &page_bytes, &error)
            == EW_OK,
        "%s", error.text);
    return page;
}

START_TEST(events__of_the_service__have_a_row_with_advice)
{
    static const char *const severities[] = {"", "information", "warning", "error"};
    char *page = read_page();
    for (size_t i = 0; i < sizeof reports / sizeof reports[0]; i++) {
        char row[ROW_BYTES];
        (void)snprintf(row, sizeof row, "\n| %d | %s | ", (int)reports[i].report,
                       severities[ew_report_severity(reports[i].report)]);
        const char *found = strstr(page, row);
        ck_assert_msg(found != NULL, "docs/OPERATIONS.md lacks \"%s\" (%s)", row + 1,
                      reports[i].name);
        size_t columns = 0;
        for (const char *at = found + 1; *at != '\n'; at++) {
            columns += *at == '|' ? 1U : 0U;
        }
        ck_assert_msg(columns == 5, "the row of event %d has %zu bars", (int)reports[i].report,
                      columns);
    }
    free(page);
}
END_TEST

START_TEST(events__in_the_page__are_the_service_s)
{
    char *page = read_page();
    const char *at = strstr(page, "\n## Events\n");
    ck_assert_ptr_nonnull(at);
    const char *end = strstr(at + 1, "\n## ");
    size_t rows = 0;
    for (at = strstr(at, "\n| 1"); at != NULL && at < end; at = strstr(at + 1, "\n| 1")) {
        rows++;
    }
    ck_assert_uint_eq(rows, sizeof reports / sizeof reports[0]);
    free(page);
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("operations");
    TCase *cases = tcase_create("operations");
    tcase_add_test(cases, events__of_the_service__have_a_row_with_advice);
    tcase_add_test(cases, events__in_the_page__are_the_service_s);
    suite_add_tcase(suite, cases);
    return suite;
}
