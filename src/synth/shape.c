/* SPDX-License-Identifier: Apache-2.0 */
/* JSON into structs by tables. How deep it calls itself is set by the tables. */
#include "synth/shape.h"

#include "base/filetime.h"
#include "base/text.h"
#include "etwitness/guid.h"
#include "etwitness/limits.h"
#include "synth/json_line.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { PATH_BYTES = 256, REASON_BYTES = 256, KEY_BYTES = 64 };

struct reading {
    const struct ew_source_text *source;
    char path[PATH_BYTES];
};

static enum ew_status read_object(struct reading *reading, const struct ew_shape *shape,
                                  json_t *json, void *target);

enum ew_status ew_source_fail(const struct ew_source_text *source, const char *path,
                              const char *key, const char *format, ...)
{
    char reason[REASON_BYTES];
    char shown[KEY_BYTES] = "";
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    if (key != NULL) {
        (void)ew_text_from_bytes((const uint8_t *)key, strlen(key), shown, sizeof shown);
    }
    const char *dot = key != NULL && path[0] != '\0' ? "." : "";
    const char *colon = key != NULL || path[0] != '\0' ? ": " : "";
    return ew_fail(source->error, EW_FORMAT, "%s:%u: %s%s%s%s%s", source->name,
                   ew_json_line(source->text, source->byte_count, path, key), path, dot, shown,
                   colon, reason);
}

static size_t path_add_member(struct reading *reading, const char *name)
{
    size_t before = strlen(reading->path);
    (void)snprintf(reading->path + before, sizeof reading->path - before, "%s%s",
                   before != 0 ? "." : "", name);
    return before;
}

static size_t path_add_index(struct reading *reading, size_t index)
{
    size_t before = strlen(reading->path);
    (void)snprintf(reading->path + before, sizeof reading->path - before, "[%zu]", index);
    return before;
}

static enum ew_status no_memory(const struct reading *reading)
{
    return ew_fail(reading->source->error, EW_LIMIT,
                   "%s: more than a scenario may hold in memory", reading->source->name);
}

static enum ew_status read_uint(struct reading *reading, const struct ew_member *member,
                                json_t *json, uint64_t *target)
{
    uint64_t value = 0;
    bool good = false;
    if (json_is_integer(json)) {
        json_int_t number = json_integer_value(json);
        good = number >= 0;
        value = good ? (uint64_t)number : 0;
    } else if (json_is_string(json)) {
        good = ew_text_parse_u64(json_string_value(json), UINT64_MAX, &value);
    }
    if (!good || value < member->min || value > member->max) {
        return ew_source_fail(reading->source, reading->path, NULL,
                              "has to be a whole number from %" PRIu64 " to %" PRIu64,
                              member->min, member->max);
    }
    *target = value;
    return EW_OK;
}

static enum ew_status read_text(struct reading *reading, json_t *json, const char **target)
{
    if (!json_is_string(json)) {
        return ew_source_fail(reading->source, reading->path, NULL, "has to be a text");
    }
    size_t bytes = json_string_length(json);
    if (bytes > EW_NAME_BYTES_EACH_MAX) {
        return ew_source_fail(reading->source, reading->path, NULL, "is longer than %d bytes",
                              EW_NAME_BYTES_EACH_MAX);
    }
    const char *copy = ew_arena_text(reading->source->arena, json_string_value(json), bytes);
    if (copy == NULL) {
        return no_memory(reading);
    }
    *target = copy;
    return EW_OK;
}

static enum ew_status read_guid(struct reading *reading, json_t *json, struct ew_guid *target)
{
    if (!json_is_string(json)
        || !ew_guid_parse(json_string_value(json), json_string_length(json), target)) {
        return ew_source_fail(reading->source, reading->path, NULL,
                              "has to be a GUID of 36 characters, without braces");
    }
    return EW_OK;
}

static enum ew_status read_time(struct reading *reading, json_t *json, uint64_t *target)
{
    if (!json_is_string(json) || !ew_filetime_parse(json_string_value(json), target)) {
        return ew_source_fail(reading->source, reading->path, NULL,
                              "has to be a time like \"2026-03-02T08:30:00.0000000Z\"");
    }
    return EW_OK;
}

static enum ew_status read_named(struct reading *reading, const struct ew_member *member,
                                 json_t *json, uint64_t *target)
{
    const char *text = json_is_string(json) ? json_string_value(json) : "";
    for (uint64_t i = 0; member->names[i] != NULL; i++) {
        if (strcmp(text, member->names[i]) == 0) {
            *target = i;
            return EW_OK;
        }
    }
    return ew_source_fail(reading->source, reading->path, NULL,
                          "has to be one of the names in the description, such as \"%s\"",
                          member->names[0]);
}

static size_t element_bytes(const struct ew_member *member)
{
    if (member->type == EW_MEMBER_LIST) {
        return member->shape->bytes;
    }
    return member->type == EW_MEMBER_TEXT_LIST ? sizeof(const char *) : sizeof(uint64_t);
}

static enum ew_status read_element(struct reading *reading, const struct ew_member *member,
                                   json_t *json, void *target)
{
    if (member->type == EW_MEMBER_LIST) {
        return read_object(reading, member->shape, json, target);
    }
    if (member->type == EW_MEMBER_TEXT_LIST) {
        return read_text(reading, json, target);
    }
    return read_uint(reading, member, json, target);
}

static enum ew_status read_list(struct reading *reading, const struct ew_member *member,
                                json_t *json, struct ew_list *target)
{
    if (!json_is_array(json)) {
        return ew_source_fail(reading->source, reading->path, NULL, "has to be an array");
    }
    size_t count = json_array_size(json);
    size_t bytes = element_bytes(member);
    if (count > EW_SCENARIO_LIST_MAX) {
        return ew_source_fail(reading->source, reading->path, NULL, "has more than %d elements",
                              EW_SCENARIO_LIST_MAX);
    }
    if (count == 0) {
        return EW_OK;
    }
    uint8_t *items = ew_arena_take(reading->source->arena, count * bytes);
    if (items == NULL) {
        return no_memory(reading);
    }
    memset(items, 0, count * bytes);
    for (size_t i = 0; i < count; i++) {
        size_t before = path_add_index(reading, i);
        enum ew_status status =
            read_element(reading, member, json_array_get(json, i), items + i * bytes);
        if (status != EW_OK) {
            return status;
        }
        reading->path[before] = '\0';
    }
    target->items = items;
    target->count = count;
    return EW_OK;
}

static enum ew_status read_member(struct reading *reading, const struct ew_member *member,
                                  json_t *json, void *target)
{
    switch (member->type) {
    case EW_MEMBER_UINT:
        return read_uint(reading, member, json, target);
    case EW_MEMBER_BOOL:
        if (!json_is_boolean(json)) {
            return ew_source_fail(reading->source, reading->path, NULL,
                                  "has to be true or false");
        }
        *(bool *)target = json_is_true(json);
        return EW_OK;
    case EW_MEMBER_TEXT:
        return read_text(reading, json, target);
    case EW_MEMBER_GUID:
        return read_guid(reading, json, target);
    case EW_MEMBER_TIME:
        return read_time(reading, json, target);
    case EW_MEMBER_NAMED:
        return read_named(reading, member, json, target);
    case EW_MEMBER_OBJECT:
        return read_object(reading, member->shape, json, target);
    case EW_MEMBER_LIST:
    case EW_MEMBER_TEXT_LIST:
    case EW_MEMBER_UINT_LIST:
    default:
        return read_list(reading, member, json, target);
    }
}

static void preset_object(const struct ew_shape *shape, uint8_t *target);

static void preset_member(const struct ew_member *member, uint8_t *target)
{
    switch (member->type) {
    case EW_MEMBER_UINT:
    case EW_MEMBER_NAMED:
        memcpy(target, &member->preset, sizeof member->preset);
        break;
    case EW_MEMBER_TEXT:
        memcpy(target, &member->text_preset, sizeof member->text_preset);
        break;
    case EW_MEMBER_OBJECT:
        preset_object(member->shape, target);
        break;
    default:
        break; /* false, empty and all zero: as it was zeroed */
    }
}

static void preset_object(const struct ew_shape *shape, uint8_t *target)
{
    for (size_t i = 0; i < shape->member_count; i++) {
        preset_member(&shape->members[i], target + shape->members[i].offset);
    }
}

static enum ew_status refuse_unknown(struct reading *reading, const struct ew_shape *shape,
                                     json_t *json)
{
    for (void *at = json_object_iter(json); at != NULL; at = json_object_iter_next(json, at)) {
        const char *key = json_object_iter_key(at);
        size_t i = 0;
        while (i < shape->member_count && strcmp(shape->members[i].name, key) != 0) {
            i++;
        }
        if (i == shape->member_count) {
            return ew_source_fail(reading->source, reading->path, key, "is not a known member");
        }
    }
    return EW_OK;
}

static enum ew_status read_object(struct reading *reading, const struct ew_shape *shape,
                                  json_t *json, void *target)
{
    if (!json_is_object(json)) {
        return ew_source_fail(reading->source, reading->path, NULL, "has to be an object");
    }
    enum ew_status status = refuse_unknown(reading, shape, json);
    if (status != EW_OK) {
        return status;
    }
    preset_object(shape, target);
    for (size_t i = 0; i < shape->member_count; i++) {
        const struct ew_member *member = &shape->members[i];
        json_t *value = json_object_get(json, member->name);
        if (value == NULL && member->required) {
            return ew_source_fail(reading->source, reading->path, NULL, "needs the member \"%s\"",
                                  member->name);
        }
        if (value == NULL) {
            continue;
        }
        size_t before = path_add_member(reading, member->name);
        status = read_member(reading, member, value, (uint8_t *)target + member->offset);
        if (status != EW_OK) {
            return status;
        }
        reading->path[before] = '\0';
    }
    return EW_OK;
}

enum ew_status ew_shape_read(const struct ew_source_text *source, const struct ew_shape *shape,
                             void *target)
{
    struct reading reading = {.source = source};
    json_error_t json_error;
    if (!ew_json_depth_is_at_most(source->text, source->byte_count, EW_JSON_DEPTH_MAX)) {
        return ew_fail(source->error, EW_FORMAT, "%s: nested deeper than %d", source->name,
                       EW_JSON_DEPTH_MAX);
    }
    json_t *json =
        json_loadb(source->text, source->byte_count, JSON_REJECT_DUPLICATES, &json_error);
    if (json == NULL) {
        return ew_fail(source->error, EW_FORMAT, "%s:%d: %s", source->name, json_error.line,
                       json_error.text);
    }
    enum ew_status status = read_object(&reading, shape, json, target);
    json_decref(json);
    return status;
}
