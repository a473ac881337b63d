/* SPDX-License-Identifier: Apache-2.0 */
/* Which processes are looked at. */
#include "pipeline/filters.h"

#include "base/text.h"

static bool matches_pid(const struct ew_replay_filters *filters, uint32_t process_id)
{
    for (size_t i = 0; i < filters->process_id_count; i++) {
        if (filters->process_ids[i] == process_id) {
            return true;
        }
    }
    return filters->process_id_count == 0;
}

static bool matches_text(const char *const *wanted, size_t count, const char *text)
{
    for (size_t i = 0; i < count; i++) {
        if (ew_text_equal_fold(wanted[i], text)) {
            return true;
        }
    }
    return count == 0;
}

bool filters_want(const struct ew_replay_filters *filters, const struct ew_process *process)
{
    const char *container = process->container != NULL ? process->container : "host";
    return matches_pid(filters, process->process_id)
           && matches_text(filters->names, filters->name_count, process->name)
           && matches_text(filters->containers, filters->container_count, container);
}
