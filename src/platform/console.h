/* SPDX-License-Identifier: Apache-2.0 */
/* The console and the command line. posix/ and win32/ implement it. */
#ifndef EW_PLATFORM_CONSOLE_H
#define EW_PLATFORM_CONSOLE_H

#include <stdbool.h>
#include <stddef.h>

/* True when standard error is a terminal, so that a progress bar makes sense. */
bool ew_console_is_terminal(void);

/*
 * To be called first. Windows: libraries come from the system's folder only, never from the
 * current one or the path, and a damaged heap ends the process. POSIX: nothing to do.
 */
void ew_process_harden(void);

/* Makes standard output carry bytes as they are, and lets UTF-8 through. */
void ew_console_prepare(void);

/*
 * The program's arguments as UTF-8. POSIX: those of main. Windows: those of the wide
 * command line. Lives until the process ends. False without memory.
 */
bool ew_console_arguments(int *argc, char ***argv);

#endif
