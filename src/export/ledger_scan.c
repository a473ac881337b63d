/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a record of the ledger, member by member. */
#include "export/ledger_scan.h"

#include "base/json_scan.h"
#include "etwitness/limits.h"

#include <string.h>

enum { STREAM_HEX = 32, SHA256_HEX = 64 };

struct range {
    uint64_t from;
    uint64_t to;
    char stream[STREAM_HEX + 1];
};

static bool copy_text(struct ew_json_scan *scan, char *out, size_t capacity)
{
    if (!ew_json_scan_want(scan, EW_JSON_STRING)) {
        return false;
    }
    if (scan->text_bytes >= capacity) {
        return ew_json_scan_fail(scan, EW_LIMIT, "has more than %zu bytes", capacity - 1);
    }
    memcpy(out, scan->text, scan->text_bytes);
    out[scan->text_bytes] = '\0';
    return true;
}

static bool is_hex(const char *text, size_t length)
{
    return strlen(text) == length && strspn(text, "0123456789abcdef") == length;
}

static bool read_member(struct ew_json_scan *scan, int member, struct range *range)
{
    switch (member) {
    case 0:
        return ew_json_scan_want_u64(scan, EW_JSON_INTEGER_MAX, &range->from);
    case 1:
        return copy_text(scan, range->stream, sizeof range->stream);
    case 2:
        return ew_json_scan_want_u64(scan, EW_JSON_INTEGER_MAX, &range->to);
    default:
        return ew_json_scan_skip(scan);
    }
}

static bool read_window(const struct ew_ledger_found *found, struct ew_json_scan *scan)
{
    static const struct ew_json_member members[] = {
        EW_JSON_MEMBER("from"), EW_JSON_MEMBER("stream"), EW_JSON_MEMBER("to")};
    struct range range = {.from = 0};
    uint32_t seen = 0;
    int member;
    while ((member = ew_json_scan_member(scan, members, 3, &seen)) != EW_JSON_OVER) {
        if (!read_member(scan, member, &range)) {
            return false;
        }
    }
    if (scan->status != EW_OK) {
        return false;
    }
    if (seen != 7 || !is_hex(range.stream, STREAM_HEX) || range.from == 0
        || range.from > range.to) {
        return ew_json_scan_fail(scan, EW_FORMAT, "is no range of windows of a stream");
    }
    enum ew_status status = found->range(found->context, range.stream, range.from, range.to);
    return status == EW_OK || ew_json_scan_fail(scan, status, "is one window too many");
}

static bool read_windows(const struct ew_ledger_found *found, struct ew_json_scan *scan)
{
    if (!ew_json_scan_want(scan, EW_JSON_ARRAY)) {
        return false;
    }
    for (;;) {
        switch (ew_json_scan_next(scan)) {
        case EW_JSON_ARRAY_END:
            return true;
        case EW_JSON_OBJECT:
            if (!read_window(found, scan)) {
                return false;
            }
            break;
        case EW_JSON_FAILED:
            return false;
        default:
            return ew_json_scan_fail(scan, EW_FORMAT, "must be an object");
        }
    }
}

static bool read_schema(struct ew_json_scan *scan)
{
    static const char schema[] = EW_LEDGER_SCHEMA;
    char text[sizeof schema];
    if (!copy_text(scan, text, sizeof text)) {
        return false;
    }
    return strcmp(text, schema) == 0
           || ew_json_scan_fail(scan, EW_FORMAT, "is not \"%s\"", schema);
}

static bool read_record_member(const struct ew_ledger_found *found, struct ew_json_scan *scan,
                               int member)
{
    uint64_t lines;
    switch (member) {
    case 0:
        return ew_json_scan_want_u64(scan, EW_JSON_INTEGER_MAX, &lines);
    case 1:
        return copy_text(scan, found->out, found->path_capacity);
    case 2:
        return copy_text(scan, found->part, found->path_capacity);
    case 3:
        return read_schema(scan);
    case 4:
        return copy_text(scan, found->sha256, SHA256_HEX + 1);
    case 5:
        return read_windows(found, scan);
    default:
        return ew_json_scan_skip(scan);
    }
}

static bool read_record(const struct ew_ledger_found *found, struct ew_json_scan *scan)
{
    static const struct ew_json_member members[] = {
        EW_JSON_MEMBER("lines"),  EW_JSON_MEMBER("out"),    EW_JSON_MEMBER("part"),
        EW_JSON_MEMBER("schema"), EW_JSON_MEMBER("sha256"), EW_JSON_MEMBER("windows")};
    uint32_t seen = 0;
    int member;
    if (!ew_json_scan_want(scan, EW_JSON_OBJECT)) {
        return false;
    }
    while ((member = ew_json_scan_member(scan, members, 6, &seen)) != EW_JSON_OVER) {
        if (!read_record_member(found, scan, member)) {
            return false;
        }
    }
    if (scan->status != EW_OK) {
        return false;
    }
    if (seen != 63 || !is_hex(found->sha256, SHA256_HEX)) {
        return ew_json_scan_fail(scan, EW_FORMAT, "is no record of a ledger");
    }
    return ew_json_scan_want(scan, EW_JSON_END);
}

enum ew_status ew_ledger_scan(const char *name, const char *bytes, size_t byte_count,
                              const struct ew_ledger_found *found, struct ew_error *error)
{
    struct ew_byte_window window;
    struct ew_json_scan scan;
    const struct ew_json_scan_options options = {
        .name = name, .depth_max = 8, .text_bytes_max = found->path_capacity};
    ew_byte_window_over(&window, bytes, byte_count);
    ew_json_scan_init(&scan, &window, &options, error);
    enum ew_status status = read_record(found, &scan) ? EW_OK : scan.status;
    ew_json_scan_free(&scan);
    return status;
}
