/* SPDX-License-Identifier: Apache-2.0 */
/* Every test program gives its suite; check_main.c runs it. */
#ifndef EW_TESTS_CHECK_MAIN_H
#define EW_TESTS_CHECK_MAIN_H

#include <check.h>

Suite *ew_suite(void);

#endif
