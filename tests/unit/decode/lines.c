/* SPDX-License-Identifier: Apache-2.0 */
/* What `dump` writes, kept in memory and parsed line by line. */
#include "unit/decode/lines.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

bool text_sink(void *text, const void *bytes, size_t byte_count)
{
    struct text *to = text;
    char *grown = realloc(to->bytes, to->used + byte_count + 1);
    ck_assert_ptr_nonnull(grown);
    memcpy(grown + to->used, bytes, byte_count);
    to->bytes = grown;
    to->used += byte_count;
    to->bytes[to->used] = '\0';
    return true;
}

void text_free(struct text *text)
{
    free(text->bytes);
    memset(text, 0, sizeof *text);
}

static json_t *parse_lines(const struct text *text)
{
    json_t *lines = json_array();
    const char *at = text->bytes;
    while (at != NULL && *at != '\0') {
        const char *end = strchr(at, '\n');
        json_error_t error;
        ck_assert_msg(end != NULL, "the last line has no end");
        json_t *line = json_loadb(at, (size_t)(end - at), JSON_REJECT_DUPLICATES, &error);
        ck_assert_msg(line != NULL, "%s: %.*s", error.text, (int)(end - at), at);
        ck_assert_int_eq(json_array_append_new(lines, line), 0);
        at = end + 1;
    }
    return lines;
}

json_t *dump_lines(const char *path, struct ew_dump_options *options,
                   struct ew_dump_result *result_out)
{
    struct text text = {NULL, 0};
    struct ew_error error = {EW_OK, ""};
    const char *paths[] = {path};
    options->paths = paths;
    options->path_count = 1;
    options->limit = options->limit == 0 ? UINT64_MAX : options->limit;
    ck_assert_msg(ew_dump_run(options, text_sink, &text, result_out, &error) == EW_OK, "%s",
                  error.text);
    json_t *lines = parse_lines(&text);
    text_free(&text);
    ck_assert_uint_eq(json_array_size(lines), result_out->shown);
    return lines;
}

const char *text_at(json_t *line, const char *first, const char *second)
{
    json_t *at = json_object_get(line, first);
    at = second == NULL ? at : json_object_get(at, second);
    return json_is_string(at) ? json_string_value(at) : "";
}
