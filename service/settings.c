/* SPDX-License-Identifier: Apache-2.0 */
/* Settings as a value: defaults, copies, release, and members by key. */
#include "settings_internal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void *ew_settings_member(const struct ew_settings_key *key, void *base)
{
    return (char *)base + key->offset;
}

const void *ew_settings_member_const(const struct ew_settings_key *key, const void *base)
{
    return (const char *)base + key->offset;
}

bool ew_settings_is_of_provider(const struct ew_settings_key *key)
{
    return strncmp(key->path, EW_SETTINGS_PROVIDER_PREFIX, strlen(EW_SETTINGS_PROVIDER_PREFIX))
           == 0;
}

bool ew_settings_is_number(const struct ew_settings_key *key)
{
    return key->type <= EW_SETTINGS_MASK;
}

bool ew_settings_is_in_range(const struct ew_settings_key *key, uint64_t value)
{
    return (value == 0 && key->zero != NULL) || (value >= key->min && value <= key->max);
}

uint64_t ew_settings_number(const struct ew_settings_key *key, const void *base)
{
    const void *member = ew_settings_member_const(key, base);
    switch (key->type) {
    case EW_SETTINGS_BOOL:
        return *(const bool *)member;
    case EW_SETTINGS_U8:
        return *(const uint8_t *)member;
    case EW_SETTINGS_U32:
        return *(const uint32_t *)member;
    default:
        assert(key->type == EW_SETTINGS_U64 || key->type == EW_SETTINGS_MASK);
        return *(const uint64_t *)member;
    }
}

void ew_settings_store_number(const struct ew_settings_key *key, void *base, uint64_t value)
{
    void *member = ew_settings_member(key, base);
    switch (key->type) {
    case EW_SETTINGS_BOOL:
        *(bool *)member = value != 0;
        break;
    case EW_SETTINGS_U8:
        *(uint8_t *)member = (uint8_t)value;
        break;
    case EW_SETTINGS_U32:
        *(uint32_t *)member = (uint32_t)value;
        break;
    default:
        assert(key->type == EW_SETTINGS_U64 || key->type == EW_SETTINGS_MASK);
        *(uint64_t *)member = value;
        break;
    }
}

char *ew_settings_text_copy(const char *text, size_t byte_count)
{
    char *copy = malloc(byte_count + 1);
    if (copy != NULL) {
        memcpy(copy, text, byte_count);
        copy[byte_count] = '\0';
    }
    return copy;
}

void ew_settings_list_free(struct ew_settings_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i]);
    }
    free(list->items);
    memset(list, 0, sizeof *list);
}

static bool list_copy(const struct ew_settings_list *from, struct ew_settings_list *to)
{
    memset(to, 0, sizeof *to);
    if (from->count == 0) {
        return true;
    }
    to->items = calloc(from->count, sizeof *to->items);
    for (size_t i = 0; to->items != NULL && i < from->count; i++) {
        to->items[i] = ew_settings_text_copy(from->items[i], strlen(from->items[i]));
        if (to->items[i] == NULL) {
            ew_settings_list_free(to);
            return false;
        }
        to->count++;
    }
    return to->items != NULL;
}

static bool providers_copy(const struct ew_settings *from, struct ew_settings *to)
{
    to->providers = NULL;
    to->provider_count = 0;
    if (from->provider_count == 0) {
        return true;
    }
    to->providers = malloc(from->provider_count * sizeof *to->providers);
    if (to->providers == NULL) {
        return false;
    }
    memcpy(to->providers, from->providers, from->provider_count * sizeof *to->providers);
    to->provider_count = from->provider_count;
    return true;
}

/* What a copy may not share with its original. */
static bool member_copy(const struct ew_settings_key *key, const struct ew_settings *from,
                        struct ew_settings *to)
{
    if (key->type == EW_SETTINGS_LIST) {
        return list_copy(ew_settings_member_const(key, from), ew_settings_member(key, to));
    }
    if (key->type == EW_SETTINGS_PROVIDERS) {
        return providers_copy(from, to);
    }
    if (key->type == EW_SETTINGS_TEXT || key->type == EW_SETTINGS_TEXT_OR_NULL) {
        char *const *text = ew_settings_member_const(key, from);
        char **copy = ew_settings_member(key, to);
        *copy = *text != NULL ? ew_settings_text_copy(*text, strlen(*text)) : NULL;
        return (*copy == NULL) == (*text == NULL);
    }
    ew_settings_store_number(key, to, ew_settings_number(key, from));
    return true;
}

enum ew_status ew_settings_copy(const struct ew_settings *settings, struct ew_settings *copy_out)
{
    size_t count = 0;
    const struct ew_settings_key *keys = ew_settings_keys(&count);
    struct ew_settings copy = {0};
    for (size_t i = 0; i < count; i++) {
        if (!ew_settings_is_of_provider(&keys[i]) && !member_copy(&keys[i], settings, &copy)) {
            ew_settings_free(&copy);
            return EW_NO_MEMORY;
        }
    }
    *copy_out = copy;
    return EW_OK;
}

/* False without memory. */
static bool member_preset(const struct ew_settings_key *key, void *base)
{
    if (ew_settings_is_number(key)) {
        ew_settings_store_number(key, base, key->preset);
        return true;
    }
    if (key->preset_text == NULL) {
        return true; /* NULL, empty and all zero: as it was zeroed */
    }
    char **text = ew_settings_member(key, base);
    *text = ew_settings_text_copy(key->preset_text, strlen(key->preset_text));
    return *text != NULL;
}

enum ew_status ew_settings_init(struct ew_settings *settings_out)
{
    size_t count = 0;
    const struct ew_settings_key *keys = ew_settings_keys(&count);
    struct ew_settings settings = {0};
    for (size_t i = 0; i < count; i++) {
        if (!ew_settings_is_of_provider(&keys[i]) && !member_preset(&keys[i], &settings)) {
            ew_settings_free(&settings);
            return EW_NO_MEMORY;
        }
    }
    *settings_out = settings;
    return EW_OK;
}

struct ew_settings_provider ew_settings_provider_preset(void)
{
    size_t count = 0;
    const struct ew_settings_key *keys = ew_settings_keys(&count);
    struct ew_settings_provider provider = {0};
    for (size_t i = 0; i < count; i++) {
        if (ew_settings_is_of_provider(&keys[i])) {
            (void)member_preset(&keys[i], &provider); /* no texts: cannot fail */
        }
    }
    return provider;
}

void ew_settings_free(struct ew_settings *settings)
{
    free(settings->directory);
    free(settings->session_name);
    free(settings->providers);
    free(settings->symbols.cache);
    ew_settings_list_free(&settings->processes);
    ew_settings_list_free(&settings->callgraphs);
    ew_settings_list_free(&settings->containers);
    ew_settings_list_free(&settings->symbols.paths);
    memset(settings, 0, sizeof *settings);
}
