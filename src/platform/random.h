/* SPDX-License-Identifier: Apache-2.0 */
/* Random bytes from the system. posix/ and win32/ implement it. */
#ifndef EW_PLATFORM_RANDOM_H
#define EW_PLATFORM_RANDOM_H

#include "etwitness/status.h"

#include <stddef.h>

/* Fit for ids that nobody can guess. EW_IO when the system has none to give. At most 256. */
EW_MUST_USE enum ew_status ew_random_bytes(void *out, size_t byte_count);

#endif
