/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the configuration strictly: what the table of keys does not allow is refused. */
#include "base/text.h"
#include "platform/file.h"
#include "settings_internal.h"
#include "settings_scan.h"

#include <assert.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEYS_MAX = 64, KEY_BYTES = 64, PATH_BYTES = 192, REASON_BYTES = 256 };

struct reading {
    const char *name; /* of the document; NULL: a command line, which has no lines */
    bool out_of_memory;
    struct ew_error *error;
};

/* The object that is read: the settings, a group in them, or one provider. */
struct place {
    const char *prefix; /* of its keys in the table, "" for the whole document */
    const char *path;   /* as shown: "providers[2]" for the prefix "providers[]" */
    void *base;
};

static bool read_members(struct reading *reading, const struct place *place,
                         struct ew_scan_piece object);

static void blank_controls(char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < 0x20 || *text == 0x7f) {
            *text = '?';
        }
    }
}

/* Always false: "name:line: path: reason". */
static bool refuse(struct reading *reading, unsigned line, const char *path, const char *format,
                   ...) EW_PRINTF(4, 5);
static bool refuse(struct reading *reading, unsigned line, const char *path, const char *format,
                   ...)
{
    char reason[REASON_BYTES];
    char shown[PATH_BYTES];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    (void)ew_text_from_bytes((const uint8_t *)path, strlen(path), shown, sizeof shown);
    blank_controls(shown);
    blank_controls(reason);
    const char *colon = shown[0] != '\0' ? ": " : "";
    if (reading->name == NULL) {
        (void)ew_fail(reading->error, EW_USAGE, "%s%s%s", shown, colon, reason);
    } else {
        (void)ew_fail(reading->error, EW_FORMAT, "%s:%u: %s%s%s", reading->name, line, shown,
                      colon, reason);
    }
    return false;
}

static bool no_memory(struct reading *reading)
{
    reading->out_of_memory = true;
    return false;
}

/* One scalar as jansson sees it. NULL only without memory: the whole text is valid. */
static json_t *decode(struct ew_scan_piece value)
{
    return json_loadb(value.text, value.bytes, JSON_DECODE_ANY, NULL);
}

static bool begins_with(struct ew_scan_piece value, char c)
{
    return value.bytes > 0 && value.text[0] == c;
}

static bool is_word(struct ew_scan_piece value, const char *word)
{
    return value.bytes == strlen(word) && memcmp(value.text, word, value.bytes) == 0;
}

/* --- values ------------------------------------------------------------------- */

static bool read_bool(struct reading *reading, const struct ew_settings_key *key,
                      const char *path, struct ew_scan_piece value, void *base)
{
    bool is_true = is_word(value, "true");
    if (!is_true && !is_word(value, "false")) {
        return refuse(reading, value.line, path, "has to be true or false");
    }
    ew_settings_store_number(key, base, is_true);
    return true;
}

static bool number_of(const struct ew_settings_key *key, const json_t *json, uint64_t *number_out)
{
    if (json_is_integer(json) && json_integer_value(json) >= 0) {
        *number_out = (uint64_t)json_integer_value(json);
        return true;
    }
    return key->type == EW_SETTINGS_MASK && json_is_string(json)
           && strlen(json_string_value(json)) == json_string_length(json)
           && ew_text_parse_u64(json_string_value(json), UINT64_MAX, number_out);
}

static bool read_number(struct reading *reading, const struct ew_settings_key *key,
                        const char *path, struct ew_scan_piece value, void *base)
{
    uint64_t number = 0;
    json_t *json = decode(value);
    if (json == NULL) {
        return no_memory(reading);
    }
    bool good = number_of(key, json, &number);
    json_decref(json);
    if (good && ew_settings_is_in_range(key, number)) {
        ew_settings_store_number(key, base, number);
        return true;
    }
    if (key->type == EW_SETTINGS_MASK) {
        return refuse(reading, value.line, path,
                      "has to be a whole number, or text such as \"0x18\"");
    }
    return refuse(reading, value.line, path,
                  "has to be a whole number from %" PRIu64 " to %" PRIu64 "%s%s%s%s", key->min,
                  key->max, *key->unit != '\0' ? ", in " : "", key->unit,
                  key->zero != NULL ? ", or 0: " : "", key->zero != NULL ? key->zero : "");
}

static bool is_clean_text(const char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < 0x20 || *text == 0x7f) {
            return false;
        }
    }
    return true;
}

/* A copy of a text of 1 .. bytes_max bytes, or NULL: refused, or no memory. */
static char *read_text(struct reading *reading, const char *path, struct ew_scan_piece value,
                       size_t bytes_max)
{
    json_t *json = decode(value);
    if (json == NULL) {
        (void)no_memory(reading);
        return NULL;
    }
    const char *text = json_string_value(json);
    char *copy = NULL;
    if (text == NULL) {
        (void)refuse(reading, value.line, path, "has to be a text");
    } else if (text[0] == '\0' || json_string_length(json) > bytes_max) {
        (void)refuse(reading, value.line, path, "has to be a text of 1 to %zu bytes", bytes_max);
    } else if (!is_clean_text(text)) {
        (void)refuse(reading, value.line, path,
                     "has a control character in it; a backslash is written \\\\");
    } else {
        copy = ew_settings_text_copy(text, json_string_length(json));
        reading->out_of_memory |= copy == NULL;
    }
    json_decref(json);
    return copy;
}

static bool read_plain_text(struct reading *reading, const struct ew_settings_key *key,
                            const char *path, struct ew_scan_piece value, void *base)
{
    char **member = ew_settings_member(key, base);
    char *text = NULL;
    if (key->type != EW_SETTINGS_TEXT_OR_NULL || !is_word(value, "null")) {
        text = read_text(reading, path, value, (size_t)key->max);
        if (text == NULL) {
            return false;
        }
    }
    free(*member);
    *member = text;
    return true;
}

static bool read_guid(struct reading *reading, const struct ew_settings_key *key,
                      const char *path, struct ew_scan_piece value, void *base)
{
    struct ew_guid guid;
    bool good = value.bytes == EW_GUID_TEXT_BYTES + 1 && begins_with(value, '"')
                && ew_guid_parse(value.text + 1, EW_GUID_TEXT_BYTES - 1, &guid)
                && !ew_guid_is_zero(&guid);
    if (!good) {
        return refuse(reading, value.line, path,
                      "has to be a GUID of 36 characters, without braces");
    }
    memcpy(ew_settings_member(key, base), &guid, sizeof guid);
    return true;
}

/* --- lists -------------------------------------------------------------------- */

static bool count_elements(struct reading *reading, const struct ew_settings_key *key,
                           const char *path, struct ew_scan_piece value, size_t *count_out)
{
    if (!begins_with(value, '[')) {
        return refuse(reading, value.line, path, "has to be a list in brackets");
    }
    struct ew_scan scan = ew_scan_inside(value);
    struct ew_scan_piece element;
    size_t count = 0;
    while (ew_scan_element(&scan, &element)) {
        count++;
        if (count > key->max) {
            return refuse(reading, element.line, path, "has more than %" PRIu64 " elements",
                          key->max);
        }
    }
    *count_out = count;
    return true;
}

static bool read_list(struct reading *reading, const struct ew_settings_key *key,
                      const char *path, struct ew_scan_piece value, void *base)
{
    struct ew_settings_list list = {0};
    size_t count = 0;
    if (!count_elements(reading, key, path, value, &count)) {
        return false;
    }
    list.items = calloc(count + 1, sizeof *list.items);
    if (list.items == NULL) {
        return no_memory(reading);
    }
    struct ew_scan scan = ew_scan_inside(value);
    struct ew_scan_piece element;
    while (ew_scan_element(&scan, &element)) {
        char element_path[PATH_BYTES];
        (void)snprintf(element_path, sizeof element_path, "%s[%zu]", path, list.count);
        char *text = read_text(reading, element_path, element, EW_SETTINGS_TEXT_MAX);
        if (text == NULL) {
            ew_settings_list_free(&list);
            return false;
        }
        list.items[list.count++] = text;
    }
    struct ew_settings_list *member = ew_settings_member(key, base);
    ew_settings_list_free(member);
    *member = list;
    return true;
}

static bool read_provider(struct reading *reading, const char *path, struct ew_scan_piece value,
                          struct ew_settings_provider *provider)
{
    *provider = ew_settings_provider_preset();
    const struct place place = {EW_SETTINGS_PROVIDER_PREFIX, path, provider};
    if (!begins_with(value, '{')) {
        return refuse(reading, value.line, path, "has to be an object with a \"guid\"");
    }
    if (!read_members(reading, &place, value)) {
        return false;
    }
    return !ew_guid_is_zero(&provider->guid)
           || refuse(reading, value.line, path, "needs a \"guid\"");
}

static bool read_providers(struct reading *reading, const struct ew_settings_key *key,
                           const char *path, struct ew_scan_piece value,
                           struct ew_settings *settings)
{
    size_t count = 0;
    if (!count_elements(reading, key, path, value, &count)) {
        return false;
    }
    struct ew_settings_provider *providers = calloc(count + 1, sizeof *providers);
    if (providers == NULL) {
        return no_memory(reading);
    }
    struct ew_scan scan = ew_scan_inside(value);
    struct ew_scan_piece element;
    for (size_t i = 0; ew_scan_element(&scan, &element); i++) {
        char element_path[PATH_BYTES];
        (void)snprintf(element_path, sizeof element_path, "%s[%zu]", path, i);
        if (!read_provider(reading, element_path, element, &providers[i])) {
            free(providers);
            return false;
        }
    }
    free(settings->providers);
    settings->providers = providers;
    settings->provider_count = count;
    return true;
}

static bool read_value(struct reading *reading, const struct ew_settings_key *key,
                       const char *path, struct ew_scan_piece value, void *base)
{
    switch (key->type) {
    case EW_SETTINGS_BOOL:
        return read_bool(reading, key, path, value, base);
    case EW_SETTINGS_GUID:
        return read_guid(reading, key, path, value, base);
    case EW_SETTINGS_TEXT:
    case EW_SETTINGS_TEXT_OR_NULL:
        return read_plain_text(reading, key, path, value, base);
    case EW_SETTINGS_LIST:
        return read_list(reading, key, path, value, base);
    case EW_SETTINGS_PROVIDERS:
        return read_providers(reading, key, path, value, base);
    default:
        return read_number(reading, key, path, value, base);
    }
}

/* --- objects ------------------------------------------------------------------- */

static bool join(char *out, const char *prefix, const char *key)
{
    int length = snprintf(out, PATH_BYTES, "%s%s%s", prefix, prefix[0] != '\0' ? "." : "", key);
    return length > 0 && length < PATH_BYTES;
}

/* The position in the table of a key, or of the first key of a group of that name; the
 * number of keys when there is neither. */
static size_t find_key(const struct place *place, const char *name)
{
    size_t count = 0;
    const struct ew_settings_key *keys = ew_settings_keys(&count);
    char path[PATH_BYTES];
    if (name[0] == '\0' || strpbrk(name, ".[") != NULL || !join(path, place->prefix, name)) {
        return count;
    }
    size_t bytes = strlen(path);
    for (size_t i = 0; i < count; i++) {
        if (strncmp(keys[i].path, path, bytes) == 0
            && (keys[i].path[bytes] == '\0' || keys[i].path[bytes] == '.')) {
            return i;
        }
    }
    return count;
}

static bool read_member(struct reading *reading, const struct place *place, const char *name,
                        struct ew_scan_piece key_piece, struct ew_scan_piece value, bool *seen)
{
    size_t count = 0;
    const struct ew_settings_key *keys = ew_settings_keys(&count);
    size_t found = find_key(place, name);
    char path[PATH_BYTES];
    char table_path[PATH_BYTES];
    (void)join(path, place->path, name);
    if (found == count) {
        return refuse(reading, key_piece.line, path, "is no key of the configuration");
    }
    if (seen[found]) {
        return refuse(reading, key_piece.line, path, "stands here for the second time");
    }
    seen[found] = true;
    (void)join(table_path, place->prefix, name);
    if (strcmp(keys[found].path, table_path) == 0) {
        return read_value(reading, &keys[found], path, value, place->base);
    }
    if (!begins_with(value, '{')) {
        return refuse(reading, value.line, path, "has to be an object");
    }
    /* A group has no groups: this does not go deeper, whatever the text. */
    const struct place group = {table_path, path, place->base};
    return read_members(reading, &group, value);
}

static bool read_members(struct reading *reading, const struct place *place,
                         struct ew_scan_piece object)
{
    bool seen[KEYS_MAX] = {false};
    struct ew_scan scan = ew_scan_inside(object);
    struct ew_scan_piece key_piece;
    struct ew_scan_piece value;
    while (ew_scan_member(&scan, &key_piece, &value)) {
        char name[KEY_BYTES];
        json_t *key = decode(key_piece);
        if (key == NULL) {
            return no_memory(reading);
        }
        (void)ew_text_from_bytes((const uint8_t *)json_string_value(key), json_string_length(key),
                                 name, sizeof name);
        json_decref(key);
        if (!read_member(reading, place, name, key_piece, value, seen)) {
            return false;
        }
    }
    return true;
}

/* --- documents ------------------------------------------------------------------ */

/* Valid JSON that is an object. */
static bool check_syntax(struct reading *reading, struct ew_scan_piece text)
{
    json_error_t error;
    if (text.bytes >= 2
        && (memcmp(text.text, "\xff\xfe", 2) == 0 || memcmp(text.text, "\xfe\xff", 2) == 0)) {
        return refuse(reading, 1, "", "is UTF-16; it has to be saved as UTF-8");
    }
    if (!ew_scan_is_shallow(text, EW_JSON_DEPTH_MAX)) {
        return refuse(reading, 1, "", "is nested deeper than %d", EW_JSON_DEPTH_MAX);
    }
    json_t *json = json_loadb(text.text, text.bytes, 0, &error);
    if (json == NULL) {
        return refuse(reading, error.line > 0 ? (unsigned)error.line : 1, "",
                      "is not valid JSON: %s", error.text);
    }
    bool is_object = json_is_object(json);
    json_decref(json);
    return is_object || refuse(reading, text.line, "", "has to be an object in braces");
}

/* Editors of Windows put a byte-order mark before UTF-8. */
static struct ew_scan_piece without_mark(const char *bytes, size_t byte_count)
{
    size_t mark_bytes = byte_count >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    return (struct ew_scan_piece){bytes + mark_bytes, byte_count - mark_bytes, 1};
}

static enum ew_status finish(struct reading *reading, bool good, struct ew_settings *settings,
                             struct ew_settings *next)
{
    if (good) {
        ew_settings_free(settings);
        *settings = *next;
        return EW_OK;
    }
    ew_settings_free(next);
    if (reading->out_of_memory) {
        return ew_fail(reading->error, EW_NO_MEMORY, "no memory to read the configuration");
    }
    return reading->name == NULL ? EW_USAGE : EW_FORMAT;
}

enum ew_status ew_settings_read(struct ew_settings *settings, const char *name, const char *bytes,
                                size_t byte_count, struct ew_error *error)
{
    struct reading reading = {.name = name, .error = error};
    struct ew_settings next;
    struct ew_scan_piece text = without_mark(bytes, byte_count);
    if (byte_count > EW_SETTINGS_BYTES_MAX) {
        return ew_fail(error, EW_FORMAT, "%s: is larger than %d bytes", name,
                       EW_SETTINGS_BYTES_MAX);
    }
    if (!check_syntax(&reading, text)) {
        return EW_FORMAT;
    }
    if (ew_settings_copy(settings, &next) != EW_OK) {
        return ew_fail(error, EW_NO_MEMORY, "%s: no memory to read it", name);
    }
    const struct place root = {"", "", &next};
    return finish(&reading, read_members(&reading, &root, ew_scan_trimmed(text)), settings,
                  &next);
}

enum ew_status ew_settings_read_file(struct ew_settings *settings, const char *path,
                                     struct ew_error *error)
{
    char *bytes = NULL;
    size_t byte_count = 0;
    enum ew_status status =
        ew_file_read_all(path, EW_SETTINGS_BYTES_MAX, &bytes, &byte_count, error);
    if (status == EW_OK) {
        status = ew_settings_read(settings, path, bytes, byte_count, error);
    }
    free(bytes);
    return status;
}

/* --- single keys ------------------------------------------------------------------ */

/* What somebody typed as JSON text that the caller frees; NULL without memory. */
static char *typed_value(const struct ew_settings_key *key, const char *typed)
{
    bool is_list = key->type == EW_SETTINGS_LIST;
    bool is_text = key->type == EW_SETTINGS_TEXT || key->type == EW_SETTINGS_GUID
                   || (key->type == EW_SETTINGS_TEXT_OR_NULL && strcmp(typed, "null") != 0)
                   || (key->type == EW_SETTINGS_MASK && strncmp(typed, "0x", 2) == 0);
    if (!is_text && (!is_list || typed[0] == '[')) {
        return ew_settings_text_copy(typed, strlen(typed));
    }
    json_t *json = json_string(typed);
    if (json != NULL && is_list) {
        json = json_pack("[o]", json);
    }
    char *text = json != NULL ? json_dumps(json, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;
    json_decref(json);
    return text;
}

static bool set_key(struct reading *reading, const struct ew_settings_key *key, const char *typed,
                    struct ew_settings *settings)
{
    if (!ew_text_is_utf8(typed, strlen(typed))) {
        return refuse(reading, 0, key->path, "is not UTF-8");
    }
    char *text = typed_value(key, typed);
    if (text == NULL) {
        return no_memory(reading);
    }
    struct ew_scan_piece value = ew_scan_trimmed((struct ew_scan_piece){text, strlen(text), 1});
    json_error_t error;
    json_t *json = ew_scan_is_shallow(value, EW_JSON_DEPTH_MAX)
                       ? json_loadb(value.text, value.bytes, JSON_DECODE_ANY, &error)
                       : NULL;
    bool good = json != NULL ? read_value(reading, key, key->path, value, settings)
                             : refuse(reading, 0, key->path, "cannot be \"%s\"", typed);
    json_decref(json);
    free(text);
    return good;
}

enum ew_status ew_settings_set(struct ew_settings *settings, const char *assignment,
                               struct ew_error *error)
{
    struct reading reading = {.error = error};
    size_t count = 0;
    const struct ew_settings_key *keys = ew_settings_keys(&count);
    const char *equals = strchr(assignment, '=');
    size_t bytes = equals != NULL ? (size_t)(equals - assignment) : 0;
    struct ew_settings next;
    size_t i = 0;
    assert(count <= KEYS_MAX);
    while (i < count
           && (ew_settings_is_of_provider(&keys[i]) || strlen(keys[i].path) != bytes
               || memcmp(keys[i].path, assignment, bytes) != 0)) {
        i++;
    }
    if (i == count) {
        (void)refuse(&reading, 0, assignment, "is no key of the configuration with its value");
        return EW_USAGE;
    }
    if (ew_settings_copy(settings, &next) != EW_OK) {
        return ew_fail(error, EW_NO_MEMORY, "no memory to set %s", keys[i].path);
    }
    return finish(&reading, set_key(&reading, &keys[i], equals + 1, &next), settings, &next);
}
