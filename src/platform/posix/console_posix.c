/* SPDX-License-Identifier: Apache-2.0 */
/* console.h on POSIX systems. */
#include "platform/console.h"

#include <unistd.h>

bool ew_console_is_terminal(void)
{
    return isatty(STDERR_FILENO) == 1;
}

void ew_process_harden(void)
{
}

void ew_console_prepare(void)
{
}

bool ew_console_arguments(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    return true;
}
