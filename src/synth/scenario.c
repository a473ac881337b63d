/* SPDX-License-Identifier: Apache-2.0 */
/* Reads scenarios and releases them. */
#include "synth/scenario.h"

#include "base/filetime.h"
#include "base/text.h"
#include "etwitness/limits.h"
#include "etwitness/synth.h"
#include "platform/file.h"

#include <stdlib.h>
#include <string.h>

enum ew_status ew_scenario_parse(const char *text, size_t byte_count, const char *name,
                                 struct ew_scenario **scenario_out, struct ew_error *error)
{
    if (byte_count > EW_SCENARIO_BYTES_MAX) {
        return ew_fail(error, EW_LIMIT, "%s: a scenario of more than %d bytes", name,
                       EW_SCENARIO_BYTES_MAX);
    }
    struct ew_scenario *scenario = calloc(1, sizeof *scenario);
    if (scenario == NULL) {
        return ew_fail(error, EW_NO_MEMORY, "%s: no memory to read it", name);
    }
    scenario->arena.bytes_max = EW_SCENARIO_MEMORY_MAX;
    const struct ew_source_text source = {.name = name,
                                          .text = text,
                                          .byte_count = byte_count,
                                          .arena = &scenario->arena,
                                          .error = error};
    const char *file_name = ew_text_file_name(name);
    scenario->name = ew_arena_text(&scenario->arena, file_name, strlen(file_name));
    enum ew_status status = scenario->name == NULL ? EW_NO_MEMORY : EW_OK;
    if (status == EW_OK) {
        status = ew_shape_read(&source, &ew_scenario_shape, &scenario->root);
    }
    if (status == EW_OK) {
        status = ew_scenario_link(scenario, &source);
    }
    if (status != EW_OK) {
        ew_scenario_destroy(scenario);
        return status;
    }
    *scenario_out = scenario;
    return EW_OK;
}

enum ew_status ew_scenario_read(const char *path, struct ew_scenario **scenario_out,
                                struct ew_error *error)
{
    char *text = NULL;
    size_t byte_count = 0;
    enum ew_status status =
        ew_file_read_all(path, EW_SCENARIO_BYTES_MAX, &text, &byte_count, error);
    if (status == EW_OK) {
        status = ew_scenario_parse(text, byte_count, path, scenario_out, error);
    }
    free(text);
    return status;
}

void ew_scenario_destroy(struct ew_scenario *scenario)
{
    if (scenario != NULL) {
        ew_arena_clear(&scenario->arena);
        free(scenario);
    }
}
