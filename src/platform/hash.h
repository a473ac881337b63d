/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 from the platform's library: libcrypto or CNG. */
#ifndef EW_PLATFORM_HASH_H
#define EW_PLATFORM_HASH_H

#include "etwitness/status.h"

#include <stddef.h>
#include <stdint.h>

enum { EW_SHA256_BYTES = 32 };

struct ew_sha256;

EW_MUST_USE enum ew_status ew_sha256_create(struct ew_sha256 **hash_out);
void ew_sha256_update(struct ew_sha256 *hash, const void *bytes, size_t byte_count);

/* Ends the hash and releases it. EW_IO when the library failed on the way. */
EW_MUST_USE enum ew_status ew_sha256_finish(struct ew_sha256 *hash,
                                            uint8_t digest_out[EW_SHA256_BYTES]);

#endif
