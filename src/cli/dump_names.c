/* SPDX-License-Identifier: Apache-2.0 */
/* Providers by the names people use for them. */
#include "base/text.h"
#include "cli/dump.h"

#include <string.h>

struct named_provider {
    const char *name;
    const char *short_name; /* for --provider; NULL when it has none */
    const struct ew_guid *guid;
};

static const struct named_provider named[] = {
    {"Microsoft-Windows-DotNETRuntime", "clr", &ew_guid_clr_runtime},
    {"Microsoft-Windows-DotNETRuntimeRundown", "clr-rundown", &ew_guid_clr_rundown},
    {"Microsoft-Windows-Kernel-Process", "kernel-process", &ew_guid_kernel_process},
    {"LostEvent", NULL, &ew_guid_lost_event},
    {"ImageID", NULL, &ew_guid_image_id},
};

enum { NAMED_COUNT = sizeof named / sizeof named[0], GROUP_COUNT = 256 };

static const struct ew_guid *find_guid(const char *text)
{
    for (size_t i = 0; i < NAMED_COUNT; i++) {
        if (ew_text_equal_fold(named[i].name, text)
            || (named[i].short_name != NULL && ew_text_equal_fold(named[i].short_name, text))) {
            return named[i].guid;
        }
    }
    for (unsigned group = 0; group < GROUP_COUNT; group++) {
        const char *name = ew_kernel_group_name((uint16_t)(group << 8));
        if (name != NULL && ew_text_equal_fold(name, text)) {
            return ew_kernel_class((uint16_t)(group << 8));
        }
    }
    return NULL;
}

struct ew_dump_provider ew_dump_provider_read(const char *text)
{
    struct ew_dump_provider provider = {.name = NULL};
    const struct ew_guid *guid = find_guid(text);
    if (guid != NULL) {
        provider.guid = *guid;
    } else if (!ew_guid_parse(text, strlen(text), &provider.guid)) {
        provider.name = text;
    }
    return provider;
}

const char *ew_dump_provider_name(const struct ew_guid *guid)
{
    for (size_t i = 0; i < NAMED_COUNT; i++) {
        if (ew_guid_equal(named[i].guid, guid)) {
            return named[i].name;
        }
    }
    int group = ew_kernel_group(guid);
    return group < 0 ? NULL : ew_kernel_group_name((uint16_t)(group << 8));
}
