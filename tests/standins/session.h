/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions as their controller sees them: rules that hold between calls. */
#ifndef ETWSIM_SESSION_H
#define ETWSIM_SESSION_H

#include "machine.h"

/*
 * With the machine locked: the session of a handle that `function` was given. NULL when there
 * is none, after a violation unless it has ended without this process' doing.
 */
struct machine_session *session_of_handle(const char *function, uint64_t handle);

/* With the machine locked: a session that this process may change; a violation if it is
 * somebody else's. */
void session_check_ours(const char *function, const struct machine_session *session);

/* Forgets what this process did with handles, for another life. */
void sessions_forget(void);

/* Tells each session of this process that nobody consumes. */
void sessions_check_consumed(void);

/* At the end of a life: none of its sessions may run. */
void sessions_check_end(void);

#endif
