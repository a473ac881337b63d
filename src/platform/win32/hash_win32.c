/* SPDX-License-Identifier: Apache-2.0 */
/* hash.h on CNG. */
#include "platform/hash.h"

/* Before bcrypt.h, which needs its types. */
#include <windows.h>

#include <bcrypt.h>
#include <stdbool.h>
#include <stdlib.h>

struct ew_sha256 {
    BCRYPT_ALG_HANDLE algorithm;
    BCRYPT_HASH_HANDLE hash;
    bool failed;
};

static void release(struct ew_sha256 *hash)
{
    if (hash->hash != NULL) {
        (void)BCryptDestroyHash(hash->hash);
    }
    if (hash->algorithm != NULL) {
        (void)BCryptCloseAlgorithmProvider(hash->algorithm, 0);
    }
    free(hash);
}

enum ew_status ew_sha256_create(struct ew_sha256 **hash_out)
{
    struct ew_sha256 *hash = calloc(1, sizeof *hash);
    if (hash == NULL) {
        return EW_NO_MEMORY;
    }
    if (!BCRYPT_SUCCESS(
            BCryptOpenAlgorithmProvider(&hash->algorithm, BCRYPT_SHA256_ALGORITHM, NULL, 0))
        || !BCRYPT_SUCCESS(BCryptCreateHash(hash->algorithm, &hash->hash, NULL, 0, NULL, 0, 0))) {
        release(hash);
        return EW_NO_MEMORY;
    }
    *hash_out = hash;
    return EW_OK;
}

void ew_sha256_update(struct ew_sha256 *hash, const void *bytes, size_t byte_count)
{
    enum { PIECE_BYTES_MAX = 1 << 30 }; /* BCryptHashData counts with 32 bits */
    /* The API takes a pointer to non-const, and only reads. */
    unsigned char *at = (unsigned char *)(uintptr_t)bytes;
    while (byte_count > 0) {
        ULONG piece = byte_count < PIECE_BYTES_MAX ? (ULONG)byte_count : PIECE_BYTES_MAX;
        hash->failed |= !BCRYPT_SUCCESS(BCryptHashData(hash->hash, at, piece, 0));
        at += piece;
        byte_count -= piece;
    }
}

enum ew_status ew_sha256_finish(struct ew_sha256 *hash, uint8_t digest_out[EW_SHA256_BYTES])
{
    hash->failed |= !BCRYPT_SUCCESS(BCryptFinishHash(hash->hash, digest_out, EW_SHA256_BYTES, 0));
    enum ew_status status = hash->failed ? EW_IO : EW_OK;
    release(hash);
    return status;
}
