/* SPDX-License-Identifier: Apache-2.0 */
/* Heads as readers take them: valid, or not at all. */
#include "base/filetime.h"
#include "etwitness/evidence.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

static void copy_member(json_t *document, const char *key, char *out, size_t out_bytes)
{
    (void)snprintf(out, out_bytes, "%s", json_string_value(json_object_get(document, key)));
}

static uint64_t number_member(json_t *document, const char *key)
{
    return (uint64_t)json_integer_value(json_object_get(document, key));
}

/* The schema has told that all members are there, and how long they may be. */
static bool read_members(json_t *document, struct ew_head *head)
{
    char text[EW_FILETIME_TEXT_BYTES];
    copy_member(document, "stream", head->stream_id, sizeof head->stream_id);
    copy_member(document, "lastFile", head->last_file, sizeof head->last_file);
    copy_member(document, "lastSha256", head->last_sha256, sizeof head->last_sha256);
    head->first_sequence = number_member(document, "firstSeq");
    head->last_sequence = number_member(document, "lastSeq");
    head->last_bytes = number_member(document, "bytes");
    copy_member(document, "state", text, sizeof text);
    head->stopped = strcmp(text, "stopped") == 0;
    copy_member(document, "heartbeat", text, sizeof text);
    return ew_filetime_parse(text, &head->heartbeat_100ns);
}

enum ew_status ew_head_read(const char *name, const char *bytes, size_t byte_count,
                            struct ew_head *head_out, struct ew_error *error)
{
    struct ew_check_result result;
    struct ew_head head = {.stopped = false};
    if (byte_count > EW_HEAD_BYTES_MAX) {
        return ew_fail(error, EW_LIMIT, "%s: is larger than a head may be", name);
    }
    enum ew_status status = ew_document_check_bytes(name, bytes, byte_count, &result, error);
    if (status != EW_OK) {
        return status;
    }
    if (strcmp(result.schema, "runtime-evidence-head/1") != 0) {
        return ew_fail(error, EW_FORMAT, "%s: is no head", name);
    }
    json_t *document = json_loadb(bytes, byte_count, JSON_REJECT_DUPLICATES, NULL);
    if (document == NULL) {
        return ew_fail(error, EW_NO_MEMORY, "%s: no memory to read it", name);
    }
    bool told = read_members(document, &head);
    json_decref(document);
    if (!told) {
        return ew_fail(error, EW_FORMAT, "%s: heartbeat: is no time", name);
    }
    *head_out = head;
    return EW_OK;
}
