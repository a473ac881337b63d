/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The JSON scanner as the reader of merged documents asks it: by kinds of objects, and with one
 * answer for what went wrong.
 */
#include "merge/scan.h"

#include "base/json_scan.h"

#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 16, TEXT_BYTES_MAX = 1024 * 1024 };

struct scan {
    struct ew_byte_window window;
    struct ew_json_scan json;
    struct ew_json_member members[SCAN_KINDS_MAX][SCAN_MEMBERS_MAX];
    size_t member_counts[SCAN_KINDS_MAX];
};

enum ew_status ew_merge_scan_open(const char *name, const char *bytes, size_t byte_count,
                                  struct ew_error *error, struct scan **scan_out)
{
    const struct ew_json_scan_options options = {
        .name = name, .depth_max = DEPTH_MAX, .text_bytes_max = TEXT_BYTES_MAX};
    struct scan *scan = calloc(1, sizeof *scan);
    if (scan == NULL) {
        return ew_fail(error, EW_NO_MEMORY, "%s: no memory", name);
    }
    ew_byte_window_over(&scan->window, bytes, byte_count);
    ew_json_scan_init(&scan->json, &scan->window, &options, error);
    *scan_out = scan;
    return EW_OK;
}

void ew_merge_scan_close(struct scan *scan)
{
    if (scan != NULL) {
        ew_json_scan_free(&scan->json);
        ew_byte_window_close(&scan->window);
        free(scan);
    }
}

enum ew_status ew_merge_scan_status(const struct scan *scan)
{
    return scan->json.status;
}

void ew_merge_scan_learn(struct scan *scan, unsigned kind, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        scan->members[kind][i].name = names[i];
        scan->members[kind][i].name_bytes = strlen(names[i]);
    }
    scan->member_counts[kind] = count;
}

bool ew_merge_scan_object(struct scan *scan)
{
    return ew_json_scan_want(&scan->json, EW_JSON_OBJECT);
}

bool ew_merge_scan_array(struct scan *scan)
{
    return ew_json_scan_want(&scan->json, EW_JSON_ARRAY);
}

static bool refuse(struct scan *scan, enum ew_json_token token, enum ew_json_token wanted)
{
    if (token > EW_JSON_END) {
        (void)ew_json_scan_fail(&scan->json, EW_FORMAT, "is %s, must be %s",
                                ew_json_token_name(token), ew_json_token_name(wanted));
    }
    return false;
}

/* The next element, which has to be of a kind; false at the end of the array, too. */
static bool more(struct scan *scan, enum ew_json_token wanted)
{
    enum ew_json_token token = ew_json_scan_next(&scan->json);
    if (token == wanted) {
        return true;
    }
    return token == EW_JSON_ARRAY_END ? false : refuse(scan, token, wanted);
}

bool ew_merge_scan_more_objects(struct scan *scan)
{
    return more(scan, EW_JSON_OBJECT);
}

static bool take_u64(struct scan *scan, uint64_t max, uint64_t *value_out)
{
    if (!scan->json.is_integer || scan->json.is_negative || scan->json.magnitude > max) {
        (void)ew_json_scan_fail(&scan->json, EW_FORMAT, "is not an integer from 0 to %llu",
                                (unsigned long long)max);
        return false;
    }
    *value_out = scan->json.magnitude;
    return true;
}

bool ew_merge_scan_more_u64(struct scan *scan, uint64_t max, uint64_t *value_out)
{
    return more(scan, EW_JSON_NUMBER) && take_u64(scan, max, value_out);
}

bool ew_merge_scan_more_text(struct scan *scan, const char **text_out, size_t *byte_count_out)
{
    bool one = more(scan, EW_JSON_STRING);
    *text_out = scan->json.text;
    *byte_count_out = scan->json.text_bytes;
    return one;
}

int ew_merge_scan_member(struct scan *scan, unsigned kind, uint32_t *seen)
{
    for (;;) {
        int member = ew_json_scan_member(&scan->json, scan->members[kind],
                                         scan->member_counts[kind], seen);
        if (member != EW_JSON_UNKNOWN) {
            return member == EW_JSON_OVER ? -1 : member;
        }
        if (!ew_json_scan_skip(&scan->json)) {
            return -1;
        }
    }
}

bool ew_merge_scan_text(struct scan *scan, const char **text_out, size_t *byte_count_out)
{
    bool is_text = ew_json_scan_want(&scan->json, EW_JSON_STRING);
    *text_out = scan->json.text;
    *byte_count_out = scan->json.text_bytes;
    return is_text;
}

bool ew_merge_scan_u64(struct scan *scan, uint64_t max, uint64_t *value_out)
{
    return ew_json_scan_want_u64(&scan->json, max, value_out);
}

bool ew_merge_scan_bool(struct scan *scan, bool *value_out)
{
    return ew_json_scan_want_bool(&scan->json, value_out);
}

bool ew_merge_scan_object_or_null(struct scan *scan, bool *object_out)
{
    enum ew_json_token token = ew_json_scan_next(&scan->json);
    *object_out = token == EW_JSON_OBJECT;
    return token == EW_JSON_OBJECT || token == EW_JSON_NULL
           || refuse(scan, token, EW_JSON_OBJECT);
}

bool ew_merge_scan_end(struct scan *scan)
{
    enum ew_json_token token = ew_json_scan_next(&scan->json);
    return token == EW_JSON_END || refuse(scan, token, EW_JSON_END);
}

bool ew_merge_scan_fail(struct scan *scan, const char *reason)
{
    if (scan->json.status == EW_OK) {
        (void)ew_json_scan_fail(&scan->json, EW_FORMAT, "%s", reason);
    }
    return false;
}
