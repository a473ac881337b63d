/* SPDX-License-Identifier: Apache-2.0 */
/* Names of containers' job objects, and their GUIDs. */
#include "capture/live/internal.h"

#include <bcrypt.h>
#include <string.h>

/* The namespace of container ids; Windows hashes its bytes in the order of the text
 * (reference etw.md 3.9, RFC 9562 5.5). */
static const uint8_t id_namespace[16] = {0xca, 0xb7, 0x03, 0x44, 0xfa, 0xcb, 0x41, 0xe4,
                                         0xb5, 0xe5, 0xab, 0x65, 0x92, 0x28, 0x3e, 0x6e};

static const wchar_t prefix[] = L"Container_";

enum { PREFIX_CHARS = sizeof prefix / sizeof prefix[0] - 1, ID_CHARS_MAX = 256, SHA1_BYTES = 20 };

static bool sha1(const uint8_t *bytes, size_t byte_count, uint8_t digest_out[SHA1_BYTES])
{
    BCRYPT_ALG_HANDLE algorithm = NULL;
    BCRYPT_HASH_HANDLE hash = NULL;
    uint8_t input[sizeof id_namespace + 2 * ID_CHARS_MAX];
    memcpy(input, bytes, byte_count);
    bool done = BCryptOpenAlgorithmProvider(&algorithm, BCRYPT_SHA1_ALGORITHM, NULL, 0) >= 0
                && BCryptCreateHash(algorithm, &hash, NULL, 0, NULL, 0, 0) >= 0
                && BCryptHashData(hash, input, (ULONG)byte_count, 0) >= 0
                && BCryptFinishHash(hash, digest_out, SHA1_BYTES, 0) >= 0;
    if (hash != NULL) {
        (void)BCryptDestroyHash(hash);
    }
    if (algorithm != NULL) {
        (void)BCryptCloseAlgorithmProvider(algorithm, 0);
    }
    return done;
}

/* From the order of the text to the order of memory. */
static void guid_of_text_order(const uint8_t *bytes, struct ew_guid *guid_out)
{
    static const uint8_t order[16] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
    for (size_t i = 0; i < sizeof order; i++) {
        guid_out->bytes[i] = bytes[order[i]];
    }
}

bool ew_live_container_guid(const wchar_t *name, size_t name_chars, struct ew_guid *guid_out)
{
    uint8_t input[sizeof id_namespace + 2 * ID_CHARS_MAX];
    uint8_t digest[SHA1_BYTES];
    if (name_chars <= PREFIX_CHARS || name_chars - PREFIX_CHARS > ID_CHARS_MAX
        || wcsncmp(name, prefix, PREFIX_CHARS) != 0) {
        return false;
    }
    size_t used = sizeof id_namespace;
    memcpy(input, id_namespace, sizeof id_namespace);
    for (size_t i = PREFIX_CHARS; i < name_chars; i++) {
        wchar_t c =
            name[i] >= L'a' && name[i] <= L'z' ? (wchar_t)(name[i] - L'a' + L'A') : name[i];
        input[used++] = (uint8_t)c;
        input[used++] = (uint8_t)(c >> 8);
    }
    if (!sha1(input, used, digest)) {
        return false;
    }
    digest[6] = (uint8_t)((digest[6] & 0x0f) | 0x50);
    digest[8] = (uint8_t)((digest[8] & 0x3f) | 0x80);
    guid_of_text_order(digest, guid_out);
    return true;
}
