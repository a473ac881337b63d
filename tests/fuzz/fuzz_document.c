/* SPDX-License-Identifier: Apache-2.0 */
/* Hostile documents through the checker: JSON, schema, patterns, tables, canonical bytes. */
#include "etwitness/evidence.h"
#include "fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ew_check_result result;
    struct ew_error error;
    (void)!ew_document_check_bytes("doc", (const char *)data, size, &result, &error);
    return 0;
}
