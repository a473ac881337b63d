/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a scenario: refused with a sentence, or read and released. */
#include "etwitness/synth.h"
#include "fuzz/fuzz.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ew_scenario *scenario = NULL;
    struct ew_error error = {0};
    enum ew_status status =
        ew_scenario_parse((const char *)data, size, "fuzz.json", &scenario, &error);
    if (status != EW_OK && (scenario != NULL || error.text[0] == '\0')) {
        abort();
    }
    ew_scenario_destroy(scenario);
    return 0;
}
