/* SPDX-License-Identifier: Apache-2.0 */
/* Values of a document, each checked as the schema says. */
#include "base/filetime.h"
#include "evidence/pattern.h"
#include "evidence/read_parts.h"

#include <string.h>

_Static_assert(sizeof(enum ew_resolution) == sizeof(unsigned), "an enum is stored as unsigned");

bool ew_read_fail_memory(struct reader *reader)
{
    (void)ew_json_scan_fail(&reader->scan, EW_NO_MEMORY, "no memory for it");
    return false;
}

/* What the arena does not give is its maximum, or no memory. */
static const char *keep_text(struct reader *reader)
{
    struct ew_json_scan *scan = &reader->scan;
    const char *text = ew_arena_text(reader->arena, scan->text, scan->text_bytes);
    if (text == NULL) {
        bool full = scan->text_bytes >= reader->arena->bytes_max - reader->arena->bytes_used;
        (void)ew_json_scan_fail(scan, full ? EW_LIMIT : EW_NO_MEMORY,
                                full ? "the tables have no room for it" : "no memory for it");
    }
    return text;
}

const char *ew_read_text(struct reader *reader, const char *pattern)
{
    bool matches = true;
    if (!ew_json_scan_want(&reader->scan, EW_JSON_STRING)) {
        return NULL;
    }
    const char *text = keep_text(reader);
    if (text == NULL || pattern == NULL) {
        return text;
    }
    if (pattern_match(pattern, text, &matches) != EW_OK || !matches) {
        (void)ew_json_scan_fail(&reader->scan, EW_FORMAT, "does not match %s", pattern);
        return NULL;
    }
    return text;
}

static bool is_word(const struct ew_json_scan *scan, const char *word)
{
    return strlen(word) == scan->text_bytes && memcmp(word, scan->text, scan->text_bytes) == 0;
}

bool ew_read_choice(struct reader *reader, const char *const *choices, unsigned *position_out)
{
    if (!ew_json_scan_want(&reader->scan, EW_JSON_STRING)) {
        return false;
    }
    for (unsigned i = 0; choices[i] != NULL; i++) {
        if (is_word(&reader->scan, choices[i])) {
            *position_out = i;
            return true;
        }
    }
    (void)ew_json_scan_fail(&reader->scan, EW_FORMAT, "is none of the values that are known");
    return false;
}

bool ew_read_time_token(struct reader *reader, uint64_t *filetime_out)
{
    char text[EW_FILETIME_TEXT_BYTES];
    struct ew_json_scan *scan = &reader->scan;
    if (scan->text_bytes == sizeof text - 1) {
        memcpy(text, scan->text, sizeof text - 1);
        text[sizeof text - 1] = '\0';
        if (ew_filetime_parse(text, filetime_out)) {
            return true;
        }
    }
    (void)ew_json_scan_fail(scan, EW_FORMAT, "is no time as 2026-08-26T12:00:01.1234567Z is");
    return false;
}

bool ew_read_time(struct reader *reader, uint64_t *filetime_out)
{
    return ew_json_scan_want(&reader->scan, EW_JSON_STRING)
           && ew_read_time_token(reader, filetime_out);
}

/* --- fields -------------------------------------------------------------------------------- */

static bool read_text_field(struct reader *reader, const struct field *field, char *at)
{
    const char *text = ew_read_text(reader, field->pattern);
    if (text != NULL) {
        memcpy(at, &text, sizeof text);
    }
    return text != NULL;
}

static bool read_choice_field(struct reader *reader, const struct field *field, char *at)
{
    unsigned position = 0;
    if (!ew_read_choice(reader, field->choices, &position)) {
        return false;
    }
    if (field->type == FIELD_WORD) {
        memcpy(at, &field->choices[position], sizeof field->choices[position]);
    } else {
        memcpy(at, &position, sizeof position);
    }
    return true;
}

static bool read_number_field(struct reader *reader, const struct field *field, char *at)
{
    uint64_t value = 0;
    bool wide = field->type == FIELD_U64;
    uint64_t max = wide                         ? EW_JSON_INTEGER_MAX
                   : field->type == FIELD_INDEX ? EW_INDEX_NONE - 1
                                                : UINT32_MAX;
    if (!ew_json_scan_want_u64(&reader->scan, max, &value)) {
        return false;
    }
    uint32_t narrow = (uint32_t)value;
    if (wide) {
        memcpy(at, &value, sizeof value);
    } else {
        memcpy(at, &narrow, sizeof narrow);
    }
    return true;
}

bool ew_read_field(struct reader *reader, const struct field *field, void *out)
{
    char *at = (char *)out + field->offset;
    uint64_t time = 0;
    bool flag = false;
    bool done = false;
    switch (field->type) {
    case FIELD_TEXT:
        return read_text_field(reader, field, at);
    case FIELD_WORD:
    case FIELD_CHOICE:
        return read_choice_field(reader, field, at);
    case FIELD_U64:
    case FIELD_U32:
    case FIELD_INDEX:
        return read_number_field(reader, field, at);
    case FIELD_BOOL:
        done = ew_json_scan_want_bool(&reader->scan, &flag);
        memcpy(at, &flag, sizeof flag);
        return done;
    case FIELD_TIME:
        done = ew_read_time(reader, &time);
        memcpy(at, &time, sizeof time);
        return done;
    case FIELD_CUSTOM:
        break;
    }
    return field->read(reader, out);
}

/* --- lists --------------------------------------------------------------------------------- */

/* The next element of an open list. False at its end, or when it failed. */
static bool next_element(struct reader *reader, enum ew_json_token wanted)
{
    enum ew_json_token token = ew_json_scan_next(&reader->scan);
    if (token == wanted) {
        return true;
    }
    if (token != EW_JSON_ARRAY_END) {
        (void)ew_json_scan_fail(&reader->scan, EW_FORMAT, "is %s, must be %s",
                                ew_json_token_name(token), ew_json_token_name(wanted));
    }
    return false;
}

static bool begin_list(struct reader *reader, size_t item_bytes)
{
    reader->list.row_bytes = item_bytes;
    reader->list.count = 0;
    return ew_json_scan_want(&reader->scan, EW_JSON_ARRAY);
}

/* One number of a list; the last token is a number. */
static bool take_number(struct reader *reader, uint64_t max)
{
    struct ew_json_scan *scan = &reader->scan;
    if (!scan->is_integer || scan->is_negative || scan->magnitude > max) {
        (void)ew_json_scan_fail(scan, EW_FORMAT, "must be an integer of 0 to %llu",
                                (unsigned long long)max);
        return false;
    }
    char *item = ew_read_rows_add(reader, &reader->list);
    uint32_t narrow = (uint32_t)scan->magnitude;
    if (item != NULL && reader->list.row_bytes == sizeof narrow) {
        memcpy(item, &narrow, sizeof narrow);
    } else if (item != NULL) {
        memcpy(item, &scan->magnitude, sizeof scan->magnitude);
    }
    return item != NULL;
}

static bool read_number_list(struct reader *reader, size_t item_bytes, uint64_t max,
                             const void **items_out, uint32_t *count_out)
{
    if (!begin_list(reader, item_bytes)) {
        return false;
    }
    while (next_element(reader, EW_JSON_NUMBER)) {
        if (!take_number(reader, max)) {
            return false;
        }
    }
    *count_out = (uint32_t)reader->list.count;
    return reader->scan.status == EW_OK && ew_read_rows_keep(reader, &reader->list, items_out);
}

bool ew_read_indexes(struct reader *reader, const uint32_t **items_out, uint32_t *count_out)
{
    const void *items = NULL;
    bool done = read_number_list(reader, sizeof(uint32_t), EW_INDEX_NONE - 1, &items, count_out);
    *items_out = items;
    return done;
}

bool ew_read_numbers(struct reader *reader, const uint64_t **items_out, uint32_t *count_out)
{
    const void *items = NULL;
    bool done =
        read_number_list(reader, sizeof(uint64_t), EW_JSON_INTEGER_MAX, &items, count_out);
    *items_out = items;
    return done;
}

bool ew_read_texts(struct reader *reader, const char *const **items_out, size_t *count_out)
{
    const void *items = NULL;
    if (!begin_list(reader, sizeof(const char *))) {
        return false;
    }
    while (next_element(reader, EW_JSON_STRING)) {
        const char *text = keep_text(reader);
        char *item = text != NULL ? ew_read_rows_add(reader, &reader->list) : NULL;
        if (item == NULL) {
            return false;
        }
        memcpy(item, &text, sizeof text);
    }
    *count_out = reader->list.count;
    if (reader->scan.status != EW_OK || !ew_read_rows_keep(reader, &reader->list, &items)) {
        return false;
    }
    *items_out = items;
    return true;
}
