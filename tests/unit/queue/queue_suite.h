/* SPDX-License-Identifier: Apache-2.0 */
/* The test cases of the queue on one thread, gathered into one suite. */
#ifndef EW_TESTS_QUEUE_SUITE_H
#define EW_TESTS_QUEUE_SUITE_H

#include <check.h>

TCase *events_case(void);

#endif
