/* SPDX-License-Identifier: Apache-2.0 */
/* Random bytes from CNG. */
#include "platform/random.h"

#include <windows.h>

#include <bcrypt.h>

enum ew_status ew_random_bytes(void *out, size_t byte_count)
{
    NTSTATUS status =
        BCryptGenRandom(NULL, out, (ULONG)byte_count, BCRYPT_USE_SYSTEM_PREFERRED_RNG);
    return BCRYPT_SUCCESS(status) ? EW_OK : EW_IO;
}
