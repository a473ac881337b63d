/* SPDX-License-Identifier: Apache-2.0 */
/* The table of keys: its order and its limits, and that docs/OPERATIONS.md has every row. */
#include "etwitness/settings.h"
#include "platform/file.h"
#include "support/check_main.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROW_BYTES = 512, TEXT_BYTES = 128, PAGE_BYTES_MAX = 1 << 20 };

START_TEST(keys__all__are_in_ascending_order_and_described)
{
    size_t count = 0;
    const struct ew_settings_key *keys = ew_settings_keys(&count);
    ck_assert_uint_gt(count, 30);
    for (size_t i = 0; i < count; i++) {
        ck_assert_msg(i == 0 || strcmp(keys[i - 1].path, keys[i].path) < 0, "%s is out of order",
                      keys[i].path);
        ck_assert_uint_gt(strlen(keys[i].meaning), 5);
        ck_assert_ptr_nonnull(keys[i].unit);
        ck_assert_uint_le(keys[i].min, keys[i].max);
    }
}
END_TEST

/* Every default that the table names is one that reading would take. */
START_TEST(keys__defaults__are_within_their_limits)
{
    size_t count = 0;
    const struct ew_settings_key *keys = ew_settings_keys(&count);
    for (size_t i = 0; i < count; i++) {
        if (keys[i].type > EW_SETTINGS_MASK) {
            continue;
        }
        bool good = (keys[i].preset >= keys[i].min && keys[i].preset <= keys[i].max)
                    || (keys[i].preset == 0 && keys[i].zero != NULL);
        ck_assert_msg(good, "%s: its default is out of range", keys[i].path);
    }
}
END_TEST

static void row_of(const struct ew_settings_key *key, char row[ROW_BYTES])
{
    char preset[TEXT_BYTES];
    char limits[TEXT_BYTES];
    ew_settings_key_texts(key, preset, limits, TEXT_BYTES);
    int length = snprintf(row, ROW_BYTES, "| `%s` | %s | %s | %s | %s |\n", key->path, key->unit,
                          preset, limits, key->meaning);
    ck_assert_int_lt(length, ROW_BYTES);
}

START_TEST(keys__in_the_documentation__have_their_rows)
{
    size_t count = 0;
    const struct ew_settings_key *keys = ew_settings_keys(&count);
    struct ew_error error = {0};
    char *page = NULL;
    size_t page_bytes = 0;
    unsigned missing = 0;
    if (ew_file_read_all(EW_DOCS_DIR "/OPERATIONS.md", PAGE_BYTES_MAX, &page, &page_bytes, &error)
        == EW_NOT_FOUND) {
        (void)printf("the documentation is not compared: %s\n", error.text);
        return;
    }
    ck_assert_ptr_nonnull(page);
    for (size_t i = 0; i < count; i++) {
        char row[ROW_BYTES];
        row_of(&keys[i], row);
        if (strstr(page, row) == NULL) {
            (void)printf("%s", row);
            missing++;
        }
    }
    free(page);
    ck_assert_msg(missing == 0, "docs/OPERATIONS.md lacks the %u rows above", missing);
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("settings_keys");
    TCase *tcase = tcase_create("keys");
    tcase_add_test(tcase, keys__all__are_in_ascending_order_and_described);
    tcase_add_test(tcase, keys__defaults__are_within_their_limits);
    tcase_add_test(tcase, keys__in_the_documentation__have_their_rows);
    suite_add_tcase(suite, tcase);
    return suite;
}
