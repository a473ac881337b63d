/* SPDX-License-Identifier: Apache-2.0 */
/* Which document a file holds, by the schema that it names. */
#include "cli/document_kind.h"

#include "base/json_scan.h"
#include "etwitness/limits.h"

#include <string.h>

static const char merge_schema[] = "reach-merge/1";

/* Everything up to the schema is passed over. */
static bool find_schema(struct ew_json_scan *scan, bool *is_merge_out)
{
    static const struct ew_json_member members[] = {EW_JSON_MEMBER("schema")};
    uint32_t seen = 0;
    int member;
    if (!ew_json_scan_want(scan, EW_JSON_OBJECT)) {
        return false;
    }
    while ((member = ew_json_scan_member(scan, members, 1, &seen)) == EW_JSON_UNKNOWN) {
        if (!ew_json_scan_skip(scan)) {
            return false;
        }
    }
    if (member != 0) {
        return scan->status == EW_OK
               && ew_json_scan_fail(scan, EW_FORMAT, "the document names no schema");
    }
    if (!ew_json_scan_want(scan, EW_JSON_STRING)) {
        return false;
    }
    *is_merge_out = scan->text_bytes == sizeof merge_schema - 1
                    && memcmp(scan->text, merge_schema, scan->text_bytes) == 0;
    return true;
}

enum ew_status ew_cli_is_merge(const char *name, const char *bytes, size_t byte_count,
                               bool *is_merge_out, struct ew_error *error)
{
    struct ew_byte_window window;
    struct ew_json_scan scan;
    const struct ew_json_scan_options options = {
        .name = name,
        .depth_max = EW_JSON_SCAN_DEPTH_MAX,
        .text_bytes_max = byte_count + 1,
    };
    ew_byte_window_over(&window, bytes, byte_count);
    ew_json_scan_init(&scan, &window, &options, error);
    enum ew_status status = find_schema(&scan, is_merge_out) ? EW_OK : scan.status;
    ew_json_scan_free(&scan);
    return status;
}
