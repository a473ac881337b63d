/* SPDX-License-Identifier: Apache-2.0 */
/* Hostile documents into tables: the reader and the checker agree, and what was read can be
 * written and read again. */
#include "base/arena.h"
#include "etwitness/evidence.h"
#include "fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

enum { ARENA_BYTES_MAX = 64 * 1024 * 1024 };

struct bytes {
    char *bytes;
    size_t count;
};

static bool collect(void *context, const void *bytes, size_t byte_count)
{
    struct bytes *out = context;
    char *grown = realloc(out->bytes, out->count + byte_count);
    if (grown == NULL) {
        abort();
    }
    memcpy(grown + out->count, bytes, byte_count);
    out->bytes = grown;
    out->count += byte_count;
    return true;
}

static void write_and_read(const struct ew_evidence *evidence)
{
    struct ew_arena arena = {.bytes_max = ARENA_BYTES_MAX};
    struct ew_evidence again;
    struct bytes first = {.count = 0};
    struct bytes second = {.count = 0};
    char sha256[EW_SHA256_HEX_BYTES];
    if (ew_evidence_write(evidence, collect, &first, NULL) != EW_OK
        || ew_evidence_read("doc", first.bytes, first.count, &arena, &again, sha256, NULL)
               != EW_OK
        || ew_evidence_write(&again, collect, &second, NULL) != EW_OK
        || first.count != second.count || memcmp(first.bytes, second.bytes, first.count) != 0) {
        abort();
    }
    free(first.bytes);
    free(second.bytes);
    ew_arena_clear(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ew_arena arena = {.bytes_max = ARENA_BYTES_MAX};
    struct ew_evidence evidence;
    struct ew_check_result result = {.schema = ""};
    struct ew_error error = {0};
    char sha256[EW_SHA256_HEX_BYTES];
    const char *bytes = (const char *)data;
    enum ew_status read = ew_evidence_read("doc", bytes, size, &arena, &evidence, sha256, &error);
    enum ew_status checked = ew_document_check_bytes("doc", bytes, size, &result, NULL);
    bool valid = checked == EW_OK && strcmp(result.schema, "runtime-evidence/1") == 0;
    if ((read == EW_OK) != valid || (read != EW_OK && error.text[0] == '\0')) {
        abort();
    }
    if (read == EW_OK) {
        write_and_read(&evidence);
    }
    ew_arena_clear(&arena);
    return 0;
}
