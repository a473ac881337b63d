/* SPDX-License-Identifier: Apache-2.0 */
/* Compares the evidence directories that the environment names (EW_LEFT, EW_RIGHT), apart from
 * stream, host, producer and window. */
#include "support/check_main.h"
#include "support/evidence_files.h"

#include <stdio.h>
#include <stdlib.h>

START_TEST(evidence__of_two_directories__is_the_same)
{
    const char *left = getenv("EW_LEFT");
    const char *right = getenv("EW_RIGHT");
    ck_assert_msg(left != NULL && right != NULL, "EW_LEFT and EW_RIGHT name the directories");
    ck_assert_uint_gt(evidence_files_count(left), 0);
    evidence_files_compare(left, right);
    (void)printf("%u documents are the same\n", (unsigned)evidence_files_count(left));
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("compare_evidence");
    TCase *tcase = tcase_create("compare_evidence");
    tcase_add_test(tcase, evidence__of_two_directories__is_the_same);
    suite_add_tcase(suite, tcase);
    return suite;
}
