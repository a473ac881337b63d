/* SPDX-License-Identifier: Apache-2.0 */
/* hash.h on libcrypto. */
#include "platform/hash.h"

#include <openssl/evp.h>
#include <stdlib.h>

struct ew_sha256 {
    EVP_MD_CTX *context;
    int failed;
};

enum ew_status ew_sha256_create(struct ew_sha256 **hash_out)
{
    struct ew_sha256 *hash = calloc(1, sizeof *hash);
    if (hash == NULL) {
        return EW_NO_MEMORY;
    }
    hash->context = EVP_MD_CTX_new();
    if (hash->context == NULL || EVP_DigestInit_ex(hash->context, EVP_sha256(), NULL) != 1) {
        EVP_MD_CTX_free(hash->context);
        free(hash);
        return EW_NO_MEMORY;
    }
    *hash_out = hash;
    return EW_OK;
}

void ew_sha256_update(struct ew_sha256 *hash, const void *bytes, size_t byte_count)
{
    hash->failed |= EVP_DigestUpdate(hash->context, bytes, byte_count) != 1;
}

enum ew_status ew_sha256_finish(struct ew_sha256 *hash, uint8_t digest_out[EW_SHA256_BYTES])
{
    hash->failed |= EVP_DigestFinal_ex(hash->context, digest_out, NULL) != 1;
    enum ew_status status = hash->failed ? EW_IO : EW_OK;
    EVP_MD_CTX_free(hash->context);
    free(hash);
    return status;
}
