/* SPDX-License-Identifier: Apache-2.0 */
/* The log, and the count of calls for failures on demand. */
#ifndef ETWSIM_LOG_H
#define ETWSIM_LOG_H

/* Opens the log (UTF-8) for appending and forgets violations and calls; what cannot be opened
 * is written nowhere. */
void log_open(const char *path);

#endif
