/* SPDX-License-Identifier: Apache-2.0 */
/* What ETWSIM32.dll exports beside the functions of advapi32, for programs that link it. */
#ifndef ETWSIM_H
#define ETWSIM_H

/*
 * Begins the life of another process inside this one: reads the plan at `plan_path` (UTF-8;
 * NULL: where a process would look), forgets counters, privileges and handles. No thread may
 * be inside the stand-in.
 */
void etwsim_begin(const char *plan_path);

/* Checks what is checked at the end of a process. Answers the violations of this life. */
unsigned etwsim_end(void);

/* Violations so far in this life. */
unsigned etwsim_violations(void);

#endif
