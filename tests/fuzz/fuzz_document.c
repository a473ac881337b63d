/* SPDX-License-Identifier: Apache-2.0 */
/* Hostile documents through the checker: JSON, schema, patterns, tables, canonical bytes. */
#include "etwitness/evidence.h"
#include "fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

/* A refusal has a sentence that a terminal can show; what is accepted has a schema, and all
 * but static callgraphs are canonical. */
static bool is_sound(enum ew_status status, const struct ew_check_result *result,
                     const struct ew_error *error)
{
    if (status == EW_OK) {
        return result->canonical || strcmp(result->schema, "static-callgraph/1") == 0;
    }
    for (const char *at = error->text; *at != '\0'; at++) {
        if ((unsigned char)*at < 0x20 || *at == 0x7f) {
            return false;
        }
    }
    return error->text[0] != '\0' && error->status == status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ew_check_result result = {.schema = ""};
    struct ew_error error = {0};
    enum ew_status status =
        ew_document_check_bytes("doc", (const char *)data, size, &result, &error);
    if (!is_sound(status, &result, &error)) {
        abort();
    }
    return 0;
}
