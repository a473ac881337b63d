/* SPDX-License-Identifier: Apache-2.0 */
/* Hostile inputs of imports: what is taken makes valid documents. The first byte chooses. */
#include "etwitness/import.h"
#include "fuzz/fuzz.h"

#include <stdlib.h>

static bool swallow(void *context, const void *bytes, size_t byte_count)
{
    (void)context;
    (void)bytes;
    (void)byte_count;
    return true;
}

/* The writer refuses tables that would make no valid document. */
static enum ew_status check(void *context, const struct ew_evidence *evidence,
                            struct ew_error *error)
{
    (void)context;
    if (ew_evidence_write(evidence, swallow, NULL, error) != EW_OK) {
        abort();
    }
    return EW_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    struct ew_import_options options = {
        .format = (data[0] & 1) != 0 ? EW_IMPORT_FACTS : EW_IMPORT_FOLDED, .name = "input"};
    if (options.format == EW_IMPORT_FOLDED || (data[0] & 2) != 0) {
        options.start_100ns = UINT64_C(134322192000000000);
        options.end_100ns = UINT64_C(134322192000000000) + (UINT64_C(1) << (data[0] >> 2));
    }
    options.root_is_function = (data[0] & 4) != 0;
    struct ew_import_counts counts;
    struct ew_error error = {0};
    enum ew_status status =
        ew_import(&options, (const char *)data + 1, size - 1, check, NULL, &counts, &error);
    if (status != EW_OK && error.text[0] == '\0') {
        abort();
    }
    return 0;
}
