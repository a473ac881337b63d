/* SPDX-License-Identifier: Apache-2.0 */
/* Records that are spelt like the one before. */
#include "base/json_shape.h"

#include "base/json_scan_parts.h"
#include "base/text.h"

#include <string.h>

/* A record while its shape is learnt. It is JSON, so what is asked of it is only where its
 * values are. */
struct learner {
    struct ew_json_shape shape;
    const char *at;
    const char *end;
    unsigned used;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool keep(struct learner *learner, const char *from, const char *to)
{
    size_t length = (size_t)(to - from);
    if (length > EW_JSON_SHAPE_BYTES_MAX - learner->used) {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        learner->shape.newline_count += from[i] == '\n';
    }
    memcpy(learner->shape.bytes + learner->used, from, length);
    learner->used += (unsigned)length;
    return true;
}

/* The quote that ends the text which begins at `at`; NULL: it has an escape before that. */
static const char *text_end(const char *at, const char *end)
{
    while (at < end && *at != '"' && *at != '\\') {
        at++;
    }
    return at < end && *at == '"' ? at : NULL;
}

static int member_at(const char *name, size_t length, const struct ew_json_member *members,
                     size_t member_count)
{
    for (size_t i = 0; i < member_count; i++) {
        if (members[i].name_bytes == length && memcmp(members[i].name, name, length) == 0) {
            return (int)i;
        }
    }
    return EW_JSON_UNKNOWN;
}

/* From a member's name to behind its value. */
static bool learn_member(struct learner *learner, const struct ew_json_member *members,
                         size_t member_count)
{
    struct ew_json_shape *shape = &learner->shape;
    const char *name = learner->at + 1;
    const char *name_end = text_end(name, learner->end);
    if (name_end == NULL || shape->field_count == EW_JSON_SHAPE_FIELDS_MAX) {
        return false;
    }
    int member = member_at(name, (size_t)(name_end - name), members, member_count);
    const char *value = name_end + 1;
    while (value < learner->end && *value != '"' && !is_digit(*value) && *value != '['
           && *value != '{' && *value != '-' && (*value < 'a' || *value > 'z')) {
        value++;
    }
    bool number = value < learner->end && is_digit(*value);
    if (member < 0 || value == learner->end || (!number && *value != '"')) {
        return false;
    }
    value += !number;
    const char *value_end = value;
    while (number && is_digit(*value_end)) {
        value_end++;
    }
    value_end = number ? value_end : text_end(value, learner->end);
    if (value_end == NULL || !keep(learner, learner->at, value)) {
        return false;
    }
    shape->piece_ends[shape->field_count] = (uint16_t)learner->used;
    shape->members[shape->field_count] = (uint8_t)member;
    shape->numbers[shape->field_count] = number;
    shape->field_count++;
    /* The quote that ends a value belongs to the next piece. */
    const char *behind = value_end + !number;
    learner->at = behind;
    return number || keep(learner, value_end, behind);
}

void ew_json_shape_learn(struct ew_json_shape *shape, const struct ew_json_scan *scan,
                         uint64_t start, const struct ew_json_member *members,
                         size_t member_count)
{
    const struct ew_byte_window *window = scan->window;
    struct learner learner = {.end = window->at};
    shape->field_count = 0;
    if (start < window->begin_offset || scan->status != EW_OK) {
        return;
    }
    learner.at = window->begin + (start - window->begin_offset);
    while (learner.at < learner.end) {
        if (*learner.at == '"') {
            if (!learn_member(&learner, members, member_count)) {
                return;
            }
            continue;
        }
        /* Fractions and exponents of a number stand where only signs and space may. */
        if (strchr("{}, \t\r\n", *learner.at) == NULL
            || !keep(&learner, learner.at, learner.at + 1)) {
            return;
        }
        learner.at++;
    }
    learner.shape.piece_ends[learner.shape.field_count] = (uint16_t)learner.used;
    *shape = learner.shape;
}

/* Digits of an integer as JSON spells it, not at the window's end, where more could follow. */
static const char *number_end(const char *at, const char *end)
{
    enum { DIGITS_MAX = 15 };
    const char *from = at;
    while (at < end && is_digit(*at)) {
        at++;
    }
    bool leading_zero = at - from > 1 && *from == '0';
    return at == from || at == end || at - from > DIGITS_MAX || leading_zero ? NULL : at;
}

bool ew_json_shape_match(const struct ew_json_shape *shape, struct ew_json_scan *scan,
                         struct ew_json_field *fields, const char **end_out)
{
    if (shape->field_count == 0 || !ew_json_scan_value_is_next(scan)) {
        return false;
    }
    const char *at = scan->window->at;
    const char *end = scan->window->end;
    unsigned piece = 0;
    for (unsigned i = 0; i <= shape->field_count; i++) {
        size_t length = (size_t)shape->piece_ends[i] - piece;
        if ((size_t)(end - at) < length || !ew_bytes_equal(at, shape->bytes + piece, length)) {
            return false;
        }
        at += length;
        piece = shape->piece_ends[i];
        if (i == shape->field_count) {
            break;
        }
        const char *behind =
            shape->numbers[i] ? number_end(at, end) : ew_json_scan_plain_end(at, end);
        if (behind == NULL || (size_t)(behind - at) > scan->text_bytes_max) {
            return false;
        }
        fields[i].bytes = at;
        fields[i].byte_count = (size_t)(behind - at);
        fields[i].member = shape->members[i];
        at = behind;
    }
    *end_out = at;
    return true;
}

void ew_json_shape_pass(const struct ew_json_shape *shape, struct ew_json_scan *scan,
                        const char *end)
{
    struct ew_byte_window *window = scan->window;
    for (const char *at = window->at; shape->newline_count > 0 && at < end; at++) {
        if (*at == '\n') {
            scan->line++;
            scan->line_offset = ew_byte_window_offset(window, at + 1);
        }
    }
    window->at = end;
    scan->value_count += shape->field_count;
    ew_json_scan_value_passed(scan);
}
