/* SPDX-License-Identifier: Apache-2.0 */
/* Random bytes from the kernel. */

#include "platform/random.h"

#include <sys/random.h>
#include <sys/types.h>

enum ew_status ew_random_bytes(void *out, size_t byte_count)
{
    /* Up to 256 bytes are never cut short (getrandom(2)). */
    ssize_t got = getrandom(out, byte_count, 0);
    return got >= 0 && (size_t)got == byte_count ? EW_OK : EW_IO;
}
