/* SPDX-License-Identifier: Apache-2.0 */
/* The test cases of the platform contract, gathered into one suite. */
#ifndef EW_TESTS_PLATFORM_SUITE_H
#define EW_TESTS_PLATFORM_SUITE_H

#include <check.h>

TCase *files_case(void);
TCase *directories_case(void);

#endif
