/* SPDX-License-Identifier: Apache-2.0 */
/* Validation against a JSON Schema, keyword by keyword. */
#include "evidence/schema.h"

#include "etwitness/limits.h"
#include "evidence/pattern.h"

#include <stdio.h>
#include <string.h>

struct validation {
    json_t *root;
    struct ew_error *error; /* NULL while an alternative is only tried */
    struct place place;
    unsigned depth;
};

static enum ew_status validate(struct validation *run, json_t *schema, json_t *value);

/* --- places ------------------------------------------------------------------------ */

static size_t place_add(struct place *place, const char *text, size_t length)
{
    size_t before = place->length;
    if (length < sizeof place->text - before) {
        memcpy(place->text + before, text, length);
        place->length += length;
        place->text[place->length] = '\0';
    }
    return before;
}

size_t place_enter_key(struct place *place, const char *key)
{
    char text[SCHEMA_PLACE_BYTES];
    int length = snprintf(text, sizeof text, "%s%.200s", place->length == 0 ? "" : ".", key);
    return place_add(place, text, (size_t)length);
}

size_t place_enter_index(struct place *place, size_t index)
{
    char text[32];
    int length = snprintf(text, sizeof text, "[%zu]", index);
    return place_add(place, text, (size_t)length);
}

void place_leave(struct place *place, size_t length_before)
{
    place->length = length_before;
    place->text[length_before] = '\0';
}

const char *place_text(const struct place *place)
{
    return place->length == 0 ? "the document" : place->text;
}

/* --- keywords ------------------------------------------------------------------------ */

static enum ew_status wrong(struct validation *run, const char *what, const char *detail)
{
    return ew_fail(run->error, EW_FORMAT, "%s: %s%.200s", place_text(&run->place), what, detail);
}

static enum ew_status check_type(struct validation *run, json_t *keyword, json_t *value)
{
    const char *type = json_string_value(keyword);
    bool fits = type != NULL
                && ((strcmp(type, "object") == 0 && json_is_object(value))
                    || (strcmp(type, "array") == 0 && json_is_array(value))
                    || (strcmp(type, "string") == 0 && json_is_string(value))
                    || (strcmp(type, "integer") == 0 && json_is_integer(value))
                    || (strcmp(type, "boolean") == 0 && json_is_boolean(value))
                    || (strcmp(type, "null") == 0 && json_is_null(value)));
    return fits ? EW_OK : wrong(run, "must be of type ", type != NULL ? type : "?");
}

static enum ew_status check_const(struct validation *run, json_t *keyword, json_t *value)
{
    const char *text = json_string_value(keyword);
    return json_equal(keyword, value) ? EW_OK
                                      : wrong(run, "must be ", text != NULL ? text : "another");
}

static enum ew_status check_enum(struct validation *run, json_t *keyword, json_t *value)
{
    size_t index;
    json_t *allowed;
    json_array_foreach(keyword, index, allowed)
    {
        if (json_equal(allowed, value)) {
            return EW_OK;
        }
    }
    const char *text = json_string_value(value);
    return wrong(run, "is none of the values there are: ", text != NULL ? text : "not a text");
}

static enum ew_status check_pattern(struct validation *run, json_t *keyword, json_t *value)
{
    bool matches = false;
    if (!json_is_string(value)) {
        return EW_OK;
    }
    if (strlen(json_string_value(value)) != json_string_length(value)) {
        return wrong(run, "holds a zero character", "");
    }
    enum ew_status status =
        pattern_match(json_string_value(keyword), json_string_value(value), &matches);
    if (status != EW_OK) {
        return ew_fail(run->error, status, "the schema has a pattern that is not read: %s",
                       json_string_value(keyword));
    }
    return matches ? EW_OK : wrong(run, "does not match ", json_string_value(keyword));
}

static enum ew_status check_required(struct validation *run, json_t *keyword, json_t *value)
{
    size_t index;
    json_t *name;
    json_array_foreach(keyword, index, name)
    {
        if (json_is_object(value) && json_object_get(value, json_string_value(name)) == NULL) {
            return wrong(run, "has no member ", json_string_value(name));
        }
    }
    return EW_OK;
}

static enum ew_status check_properties(struct validation *run, json_t *keyword, json_t *value)
{
    const char *key;
    json_t *schema;
    json_object_foreach(keyword, key, schema)
    {
        json_t *member = json_object_get(value, key);
        if (member == NULL) {
            continue;
        }
        size_t before = place_enter_key(&run->place, key);
        enum ew_status status = validate(run, schema, member);
        place_leave(&run->place, before);
        if (status != EW_OK) {
            return status;
        }
    }
    return EW_OK;
}

/* `keyword` is a schema, or true or false, for the members that `known` does not name. */
static enum ew_status check_additional(struct validation *run, json_t *keyword, json_t *known,
                                       json_t *value)
{
    const char *key;
    json_t *member;
    if (json_is_true(keyword)) {
        return EW_OK;
    }
    json_object_foreach(value, key, member)
    {
        if (json_object_get(known, key) != NULL) {
            continue;
        }
        size_t before = place_enter_key(&run->place, key);
        enum ew_status status = json_is_false(keyword)
                                    ? wrong(run, "is no member there can be", "")
                                    : validate(run, keyword, member);
        place_leave(&run->place, before);
        if (status != EW_OK) {
            return status;
        }
    }
    return EW_OK;
}

static enum ew_status check_items(struct validation *run, json_t *keyword, json_t *value)
{
    size_t index;
    json_t *item;
    if (!json_is_array(value)) {
        return EW_OK;
    }
    json_array_foreach(value, index, item)
    {
        size_t before = place_enter_index(&run->place, index);
        enum ew_status status = validate(run, keyword, item);
        place_leave(&run->place, before);
        if (status != EW_OK) {
            return status;
        }
    }
    return EW_OK;
}

static bool fits_silently(struct validation *run, json_t *schema, json_t *value)
{
    struct ew_error *error = run->error;
    run->error = NULL;
    enum ew_status status = validate(run, schema, value);
    run->error = error;
    return status == EW_OK;
}

/* When nothing fits, the complaint of the last alternative is told: in our schemas the
 * first is "or nothing". */
static enum ew_status check_one_of(struct validation *run, json_t *keyword, json_t *value)
{
    size_t index;
    size_t fitting = 0;
    json_t *alternative;
    json_array_foreach(keyword, index, alternative)
    {
        fitting += fits_silently(run, alternative, value);
    }
    if (fitting == 1) {
        return EW_OK;
    }
    return fitting == 0 && index > 0 ? validate(run, json_array_get(keyword, index - 1), value)
                                     : wrong(run, "fits more than one of its forms", "");
}

static enum ew_status check_ref(struct validation *run, json_t *keyword, json_t *value)
{
    static const char prefix[] = "#/$defs/";
    const char *name = json_string_value(keyword);
    json_t *schema = NULL;
    if (name != NULL && strncmp(name, prefix, sizeof prefix - 1) == 0) {
        schema = json_object_get(json_object_get(run->root, "$defs"), name + sizeof prefix - 1);
    }
    return schema != NULL ? validate(run, schema, value)
                          : ew_fail(run->error, EW_UNSUPPORTED, "the schema has no %s",
                                    name != NULL ? name : "such reference");
}

static enum ew_status check_bound(struct validation *run, const char *key, json_t *keyword,
                                  json_t *value)
{
    json_int_t bound = json_integer_value(keyword);
    if (strcmp(key, "minimum") == 0) {
        return !json_is_integer(value) || json_integer_value(value) >= bound
                   ? EW_OK
                   : wrong(run, "is too small", "");
    }
    if (strcmp(key, "maximum") == 0) {
        return !json_is_integer(value) || json_integer_value(value) <= bound
                   ? EW_OK
                   : wrong(run, "is too large", "");
    }
    if (strcmp(key, "minLength") == 0) {
        return !json_is_string(value) || (json_int_t)json_string_length(value) >= bound
                   ? EW_OK
                   : wrong(run, "is too short", "");
    }
    return !json_is_array(value) || (json_int_t)json_array_size(value) >= bound
               ? EW_OK
               : wrong(run, "has too few items", "");
}

typedef enum ew_status (*keyword_fn)(struct validation *, json_t *, json_t *);

struct keyword {
    const char *name;
    keyword_fn check; /* NULL: says nothing about values */
};

static const struct keyword keywords[] = {
    {"type", check_type},
    {"const", check_const},
    {"enum", check_enum},
    {"pattern", check_pattern},
    {"items", check_items},
    {"properties", check_properties},
    {"oneOf", check_one_of},
    {"$ref", check_ref},
    {"required", check_required},
    {"$schema", NULL},
    {"$id", NULL},
    {"$defs", NULL},
    {"title", NULL},
    {"description", NULL},
};

static enum ew_status check_keyword(struct validation *run, json_t *schema, const char *key,
                                    json_t *keyword, json_t *value)
{
    if (strcmp(key, "additionalProperties") == 0) {
        return check_additional(run, keyword, json_object_get(schema, "properties"), value);
    }
    if (strcmp(key, "minimum") == 0 || strcmp(key, "maximum") == 0
        || strcmp(key, "minLength") == 0 || strcmp(key, "minItems") == 0) {
        return check_bound(run, key, keyword, value);
    }
    for (size_t i = 0; i < sizeof keywords / sizeof keywords[0]; i++) {
        if (strcmp(keywords[i].name, key) == 0) {
            return keywords[i].check == NULL ? EW_OK : keywords[i].check(run, keyword, value);
        }
    }
    return ew_fail(run->error, EW_UNSUPPORTED,
                   "the schema uses the keyword %s, which is not read", key);
}

static enum ew_status validate(struct validation *run, json_t *schema, json_t *value)
{
    const char *key;
    json_t *keyword;
    if (run->depth >= EW_JSON_DEPTH_MAX) {
        return ew_fail(run->error, EW_LIMIT, "%s: is nested deeper than %d levels",
                       place_text(&run->place), EW_JSON_DEPTH_MAX);
    }
    run->depth++;
    enum ew_status status = EW_OK;
    /* The type first: it is the complaint that explains the others. */
    json_t *type = json_object_get(schema, "type");
    if (type != NULL) {
        status = check_type(run, type, value);
    }
    json_object_foreach(schema, key, keyword)
    {
        if (status == EW_OK) {
            status = check_keyword(run, schema, key, keyword, value);
        }
    }
    run->depth--;
    return status;
}

enum ew_status schema_validate(json_t *schema, json_t *value, struct ew_error *error)
{
    struct validation run = {.root = schema, .error = error};
    return validate(&run, schema, value);
}
