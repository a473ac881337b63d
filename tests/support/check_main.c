/* SPDX-License-Identifier: Apache-2.0 */
/* The main of every Check program: one suite, environment decides about forking. */
#include "support/check_main.h"

#include <stdlib.h>

int main(void)
{
    SRunner *runner = srunner_create(ew_suite());
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
