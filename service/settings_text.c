/* SPDX-License-Identifier: Apache-2.0 */
/* The effective settings as canonical JSON: every key, sorted, no white space. */
#include "base/json_writer.h"
#include "base/text.h"
#include "platform/hash.h"
#include "settings_internal.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GROUP_BYTES = 32, DIGEST_BYTES = 72, HEX_BYTES = 20 };

struct growing {
    char *bytes;
    size_t used;
};

static bool grow(void *context, const void *bytes, size_t byte_count)
{
    struct growing *text = context;
    char *grown = realloc(text->bytes, text->used + byte_count + 1);
    if (grown == NULL) {
        return false;
    }
    memcpy(grown + text->used, bytes, byte_count);
    text->bytes = grown;
    text->used += byte_count;
    grown[text->used] = '\0';
    return true;
}

static void write_list(struct ew_json_writer *json, const struct ew_settings_list *list)
{
    ew_json_array(json);
    for (size_t i = 0; i < list->count; i++) {
        ew_json_text(json, list->items[i]);
    }
    ew_json_array_end(json);
}

static void write_scalar(struct ew_json_writer *json, const struct ew_settings_key *key,
                         const void *base)
{
    const void *member = ew_settings_member_const(key, base);
    char text[EW_GUID_TEXT_BYTES];
    switch (key->type) {
    case EW_SETTINGS_BOOL:
        ew_json_bool(json, ew_settings_number(key, base) != 0);
        break;
    case EW_SETTINGS_MASK: /* as text: readers of JSON round large numbers */
        (void)snprintf(text, HEX_BYTES, "0x%" PRIx64, ew_settings_number(key, base));
        ew_json_text(json, text);
        break;
    case EW_SETTINGS_GUID:
        ew_guid_format(member, text);
        ew_json_text(json, text);
        break;
    case EW_SETTINGS_TEXT:
    case EW_SETTINGS_TEXT_OR_NULL:
        if (*(char *const *)member != NULL) {
            ew_json_text(json, *(char *const *)member);
        } else {
            ew_json_null(json);
        }
        break;
    case EW_SETTINGS_LIST:
        write_list(json, member);
        break;
    default:
        ew_json_u64(json, ew_settings_number(key, base));
        break;
    }
}

static void write_provider(struct ew_json_writer *json,
                           const struct ew_settings_provider *provider)
{
    size_t count = 0;
    const struct ew_settings_key *keys = ew_settings_keys(&count);
    ew_json_object(json);
    for (size_t i = 0; i < count; i++) {
        if (ew_settings_is_of_provider(&keys[i])) {
            ew_json_key(json, strchr(keys[i].path, '.') + 1);
            write_scalar(json, &keys[i], provider);
        }
    }
    ew_json_object_end(json);
}

static void write_value(struct ew_json_writer *json, const struct ew_settings_key *key,
                        const struct ew_settings *settings)
{
    if (key->type != EW_SETTINGS_PROVIDERS) {
        write_scalar(json, key, settings);
        return;
    }
    ew_json_array(json);
    for (size_t i = 0; i < settings->provider_count; i++) {
        write_provider(json, &settings->providers[i]);
    }
    ew_json_array_end(json);
}

/* Closes the group that is open and opens that of the key, where they differ. */
static void enter_group(struct ew_json_writer *json, char group[GROUP_BYTES], const char *path)
{
    const char *dot = strchr(path, '.');
    size_t bytes = dot != NULL ? (size_t)(dot - path) : 0;
    assert(bytes < GROUP_BYTES);
    if (strlen(group) == bytes && memcmp(group, path, bytes) == 0) {
        return;
    }
    if (group[0] != '\0') {
        ew_json_object_end(json);
    }
    memcpy(group, path, bytes);
    group[bytes] = '\0';
    if (bytes != 0) {
        ew_json_key(json, group);
        ew_json_object(json);
    }
}

static void write_settings(struct ew_json_writer *json, const struct ew_settings *settings)
{
    size_t count = 0;
    const struct ew_settings_key *keys = ew_settings_keys(&count);
    char group[GROUP_BYTES] = "";
    ew_json_object(json);
    for (size_t i = 0; i < count; i++) {
        if (ew_settings_is_of_provider(&keys[i])) {
            continue;
        }
        enter_group(json, group, keys[i].path);
        const char *dot = strchr(keys[i].path, '.');
        ew_json_key(json, dot != NULL ? dot + 1 : keys[i].path);
        write_value(json, &keys[i], settings);
    }
    enter_group(json, group, "");
    ew_json_object_end(json);
}

static enum ew_status digest_of(const struct growing *text, char digest_out[DIGEST_BYTES])
{
    static const char prefix[] = "sha256:";
    uint8_t digest[EW_SHA256_BYTES];
    struct ew_sha256 *hash = NULL;
    enum ew_status status = ew_sha256_create(&hash);
    if (status != EW_OK) {
        return status;
    }
    ew_sha256_update(hash, text->bytes, text->used);
    status = ew_sha256_finish(hash, digest);
    if (status == EW_OK) {
        memcpy(digest_out, prefix, sizeof prefix);
        ew_text_hex(digest, sizeof digest, digest_out + strlen(prefix));
    }
    return status;
}

enum ew_status ew_settings_digest(const struct ew_settings *settings, char **text_out,
                                  char digest_out[72], struct ew_error *error)
{
    struct growing text = {0};
    struct ew_json_writer *json = malloc(sizeof *json);
    bool written = false;
    if (json != NULL) {
        ew_json_init(json, grow, &text);
        write_settings(json, settings);
        written = ew_json_finish(json);
    }
    free(json);
    enum ew_status status = written ? digest_of(&text, digest_out) : EW_NO_MEMORY;
    if (status != EW_OK) {
        free(text.bytes);
        return ew_fail(error, status, "the digest of the settings cannot be made");
    }
    *text_out = text.bytes;
    return EW_OK;
}
