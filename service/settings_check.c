/* SPDX-License-Identifier: Apache-2.0 */
/* What has to hold between the settings, and of names that Windows is to take. */
#include "base/text.h"
#include "settings_internal.h"

#include <inttypes.h>
#include <string.h>

/* ETW's own sessions, which are not ours to take (reference etw.md 3.1.3). */
static const char *const foreign_sessions[] = {"NT Kernel Logger",
                                               "Circular Kernel Context Logger", NULL};

static enum ew_status check_numbers(const struct ew_settings *settings, struct ew_error *error)
{
    size_t count = 0;
    const struct ew_settings_key *keys = ew_settings_keys(&count);
    for (size_t i = 0; i < count; i++) {
        const struct ew_settings_key *key = &keys[i];
        if (ew_settings_is_of_provider(key) || !ew_settings_is_number(key)) {
            continue;
        }
        uint64_t value = ew_settings_number(key, settings);
        if (!ew_settings_is_in_range(key, value)) {
            return ew_fail(error, EW_USAGE,
                           "%s: has to be from %" PRIu64 " to %" PRIu64 ", not %" PRIu64,
                           key->path, key->min, key->max, value);
        }
    }
    return EW_OK;
}

static enum ew_status check_session_name(const char *name, struct ew_error *error)
{
    size_t bytes = strlen(name);
    if (bytes == 0 || bytes > EW_SESSION_BASE_NAME_MAX) {
        return ew_fail(error, EW_USAGE, "sessionName: has to be a text of 1 to %d bytes",
                       EW_SESSION_BASE_NAME_MAX);
    }
    if (!ew_text_is_utf8(name, bytes)) {
        return ew_fail(error, EW_USAGE, "sessionName: is not UTF-8");
    }
    /* Sessions stand as keys in the registry, where a backslash begins another key. */
    if (strpbrk(name, "\\/") != NULL || name[0] == ' ' || name[bytes - 1] == ' ') {
        return ew_fail(error, EW_USAGE,
                       "sessionName: \"%s\" has a slash in it, or a space at an end", name);
    }
    for (const char *const *foreign = foreign_sessions; *foreign != NULL; foreign++) {
        if (ew_text_equal_fold(name, *foreign)) {
            return ew_fail(error, EW_USAGE, "sessionName: \"%s\" is a session of Windows itself",
                           name);
        }
    }
    return EW_OK;
}

static enum ew_status check_buffers(const struct ew_settings_buffers *buffers,
                                    struct ew_error *error)
{
    uint32_t most = buffers->maximum_count > buffers->minimum_count ? buffers->maximum_count
                                                                    : buffers->minimum_count;
    if (buffers->minimum_count != 0 && buffers->maximum_count != 0
        && buffers->minimum_count > buffers->maximum_count) {
        return ew_fail(error, EW_USAGE,
                       "buffers.minimum: %" PRIu32 " is above buffers.maximum, %" PRIu32,
                       buffers->minimum_count, buffers->maximum_count);
    }
    uint64_t session_kib = (uint64_t)most * buffers->buffer_kib;
    if (session_kib > (uint64_t)EW_SESSION_MIB_MAX * 1024) {
        return ew_fail(error, EW_USAGE,
                       "buffers: %" PRIu32 " of %" PRIu32
                       " KiB are more than the %d MiB that one session may take",
                       most, buffers->buffer_kib, EW_SESSION_MIB_MAX);
    }
    return EW_OK;
}

/* The CLR's providers have keywords that stop or slow every .NET process of the machine
 * (reference etw.md 3.7.4): only what "clr" does with them is safe. */
static enum ew_status check_providers(const struct ew_settings *settings, struct ew_error *error)
{
    for (size_t i = 0; i < settings->provider_count; i++) {
        const struct ew_guid *guid = &settings->providers[i].guid;
        if (ew_guid_equal(guid, &ew_guid_clr_runtime)
            || ew_guid_equal(guid, &ew_guid_clr_rundown)) {
            return ew_fail(error, EW_USAGE,
                           "providers[%zu]: is a provider of the CLR; the keys of \"clr\" "
                           "enable it",
                           i);
        }
        for (size_t before = 0; before < i; before++) {
            if (ew_guid_equal(guid, &settings->providers[before].guid)) {
                return ew_fail(error, EW_USAGE, "providers[%zu]: is the same as providers[%zu]",
                               i, before);
            }
        }
    }
    if (!settings->kernel.enabled && !settings->clr.enabled && settings->provider_count == 0) {
        return ew_fail(error, EW_USAGE,
                       "there is nothing to collect: kernel.enabled and clr.enabled are false "
                       "and \"providers\" is empty");
    }
    return EW_OK;
}

static enum ew_status check_filters(const struct ew_settings *settings, struct ew_error *error)
{
    for (size_t i = 0; i < settings->processes.count; i++) {
        if (strpbrk(settings->processes.items[i], "\\/") != NULL) {
            return ew_fail(error, EW_USAGE,
                           "processes[%zu]: \"%s\" is a path; the name of the program is needed",
                           i, settings->processes.items[i]);
        }
    }
    for (size_t i = 0; i < settings->containers.count; i++) {
        const char *container = settings->containers.items[i];
        struct ew_guid guid;
        if (strcmp(container, "host") != 0
            && !ew_guid_parse(container, strlen(container), &guid)) {
            return ew_fail(
                error, EW_USAGE,
                "containers[%zu]: \"%s\" is neither \"host\" nor a GUID without braces", i,
                container);
        }
    }
    return EW_OK;
}

static bool names_server(const char *path)
{
    return strstr(path, "://") != NULL || strstr(path, "\\\\") != NULL
           || strstr(path, "//") != NULL;
}

static enum ew_status check_symbols(const struct ew_settings_symbols *symbols,
                                    struct ew_error *error)
{
    for (size_t i = 0; !symbols->network && i < symbols->paths.count; i++) {
        if (names_server(symbols->paths.items[i])) {
            return ew_fail(error, EW_USAGE,
                           "symbols.paths[%zu]: \"%s\" names a server; symbols.network has to be "
                           "true for that",
                           i, symbols->paths.items[i]);
        }
    }
    return EW_OK;
}

enum ew_status ew_settings_check(const struct ew_settings *settings, struct ew_error *error)
{
    if (settings->directory == NULL || settings->directory[0] == '\0') {
        return ew_fail(error, EW_USAGE, "directory: nobody said where evidence is to go");
    }
    enum ew_status status = check_numbers(settings, error);
    if (status == EW_OK) {
        status = check_session_name(settings->session_name, error);
    }
    if (status == EW_OK) {
        status = check_buffers(&settings->buffers, error);
    }
    if (status == EW_OK) {
        status = check_providers(settings, error);
    }
    if (status == EW_OK) {
        status = check_filters(settings, error);
    }
    if (status == EW_OK) {
        status = check_symbols(&settings->symbols, error);
    }
    return status;
}
