/* SPDX-License-Identifier: Apache-2.0 */
/* What Windows asks of a process by itself and lets no program send. */
#ifndef ETWSIM_ASK_H
#define ETWSIM_ASK_H

#include <windows.h>

/* The handler that the service was registered with. */
void ask_keep_handler(LPHANDLER_FUNCTION_EX handler, void *context);

/* All was played to a consumer: a second later what the plan says is asked, once a process. */
void ask_played(void);

#endif
