/* SPDX-License-Identifier: Apache-2.0 */
/* A document's bytes as evidence tables, without a tree between. */
#include "base/text.h"
#include "evidence/check_scan.h"
#include "evidence/document_name.h"
#include "evidence/read_parts.h"
#include "evidence/verify.h"
#include "platform/hash.h"

#include <stdlib.h>
#include <string.h>

enum { ROWS_BYTES_FIRST = 1024 };

/* --- rows ---------------------------------------------------------------------------------- */

static bool grow(struct reader *reader, struct read_rows *rows)
{
    size_t capacity = rows->capacity_bytes == 0 ? ROWS_BYTES_FIRST : rows->capacity_bytes * 2;
    size_t room = reader->arena->bytes_max - reader->arena->bytes_used;
    if (rows->capacity_bytes > room) {
        (void)ew_json_scan_fail(&reader->scan, EW_LIMIT, "the tables have no room for it");
        return false;
    }
    char *grown = realloc(rows->bytes, capacity);
    if (grown == NULL) {
        return ew_read_fail_memory(reader);
    }
    rows->bytes = grown;
    rows->capacity_bytes = capacity;
    return true;
}

void *ew_read_rows_add(struct reader *reader, struct read_rows *rows)
{
    if ((rows->count + 1) * rows->row_bytes > rows->capacity_bytes && !grow(reader, rows)) {
        return NULL;
    }
    char *row = rows->bytes + rows->count++ * rows->row_bytes;
    memset(row, 0, rows->row_bytes);
    return row;
}

bool ew_read_rows_keep(struct reader *reader, struct read_rows *rows, const void **kept_out)
{
    size_t byte_count = rows->count * rows->row_bytes;
    rows->count = 0;
    *kept_out = NULL;
    if (byte_count == 0) {
        return true;
    }
    void *kept = ew_arena_take(reader->arena, byte_count);
    if (kept == NULL) {
        bool full = byte_count > reader->arena->bytes_max - reader->arena->bytes_used;
        (void)ew_json_scan_fail(&reader->scan, full ? EW_LIMIT : EW_NO_MEMORY,
                                full ? "the tables have no room for it" : "no memory for it");
        return false;
    }
    memcpy(kept, rows->bytes, byte_count);
    *kept_out = kept;
    return true;
}

/* --- objects ------------------------------------------------------------------------------- */

/* The name that is looked for against the one that was read. */
static int compare_name(const struct ew_json_scan *scan, const char *name)
{
    size_t length = strlen(name);
    size_t shared = length < scan->text_bytes ? length : scan->text_bytes;
    int order = memcmp(name, scan->text, shared);
    return order != 0 ? order : (length > scan->text_bytes) - (length < scan->text_bytes);
}

static bool fail_missing(struct reader *reader, const char *name)
{
    (void)ew_json_scan_fail(&reader->scan, EW_FORMAT, "%s is missing", name);
    return false;
}

static bool read_unknown(struct reader *reader, const struct shape *shape)
{
    uint64_t ignored;
    return shape->counters ? ew_json_scan_want_u64(&reader->scan, EW_JSON_INTEGER_MAX, &ignored)
                           : ew_json_scan_skip(&reader->scan);
}

/* Passes the members that cannot come any more. False when one of them had to. */
static bool pass_missing(struct reader *reader, const struct shape *shape, size_t *at, bool all)
{
    while (*at < shape->field_count
           && (all || compare_name(&reader->scan, shape->fields[*at].name) < 0)) {
        if (shape->fields[*at].required) {
            return fail_missing(reader, shape->fields[*at].name);
        }
        (*at)++;
    }
    return true;
}

bool ew_read_members(struct reader *reader, const struct shape *shape, void *out)
{
    size_t at = 0;
    enum ew_json_token token = ew_json_scan_next(&reader->scan);
    for (; token == EW_JSON_KEY; token = ew_json_scan_next(&reader->scan)) {
        if (!pass_missing(reader, shape, &at, false)) {
            return false;
        }
        bool known =
            at < shape->field_count && compare_name(&reader->scan, shape->fields[at].name) == 0;
        if (!(known ? ew_read_field(reader, &shape->fields[at], out)
                    : read_unknown(reader, shape))) {
            return false;
        }
        at += known;
    }
    return token != EW_JSON_FAILED && pass_missing(reader, shape, &at, true);
}

bool ew_read_object(struct reader *reader, const struct shape *shape, void *out)
{
    return ew_json_scan_want(&reader->scan, EW_JSON_OBJECT)
           && ew_read_members(reader, shape, out);
}

static bool read_row(struct reader *reader, const struct table_shape *shape,
                     struct read_rows *rows)
{
    void *row = ew_read_rows_add(reader, rows);
    if (row == NULL) {
        return false;
    }
    if (shape->blank != NULL) {
        memcpy(row, shape->blank, shape->row_bytes);
    }
    reader->row = rows->count - 1;
    return ew_read_members(reader, &shape->row, row)
           && (shape->finish == NULL || shape->finish(reader, row));
}

static bool read_all_rows(struct reader *reader, const struct table_shape *shape,
                          struct read_rows *rows)
{
    enum ew_json_token token;
    if (!ew_json_scan_want(&reader->scan, EW_JSON_ARRAY)) {
        return false;
    }
    while ((token = ew_json_scan_next(&reader->scan)) == EW_JSON_OBJECT) {
        if (!read_row(reader, shape, rows)) {
            return false;
        }
    }
    if (token != EW_JSON_ARRAY_END) {
        (void)ew_json_scan_fail(&reader->scan, EW_FORMAT, "is %s, must be an object",
                                ew_json_token_name(token));
    }
    return token == EW_JSON_ARRAY_END;
}

bool ew_read_table(struct reader *reader, const struct table_shape *shape, const void **rows_out,
                   size_t *count_out)
{
    struct read_rows rows = {.row_bytes = shape->row_bytes};
    bool done = read_all_rows(reader, shape, &rows);
    *count_out = rows.count;
    done = done && ew_read_rows_keep(reader, &rows, rows_out);
    free(rows.bytes);
    return done;
}

/* --- documents -------------------------------------------------------------------------------
 */

static enum ew_status hash_bytes(const char *bytes, size_t byte_count,
                                 char hex_out[EW_SHA256_HEX_BYTES])
{
    struct ew_sha256 *hash = NULL;
    uint8_t digest[EW_SHA256_BYTES];
    enum ew_status status = ew_sha256_create(&hash);
    if (status == EW_OK) {
        ew_sha256_update(hash, bytes, byte_count);
        status = ew_sha256_finish(hash, digest);
    }
    if (status == EW_OK) {
        ew_text_hex(digest, sizeof digest, hex_out);
    }
    return status;
}

/* A document whose file has a name of ours must be what the name says. */
static enum ew_status check_name(const char *path, const struct ew_evidence *evidence,
                                 const char *sha256, struct ew_error *error)
{
    struct ew_document_name name;
    if (!ew_document_name_parse(ew_text_file_name(path), &name)) {
        return EW_OK;
    }
    if (strncmp(sha256, name.hash, strlen(name.hash)) != 0) {
        return ew_fail(error, EW_FORMAT,
                       "%.200s: its bytes have the SHA-256 %.16s..., its name says %s: it was"
                       " changed after it was published",
                       path, sha256, name.hash);
    }
    if (strcmp(evidence->stream_id, name.stream) != 0 || evidence->sequence != name.sequence
        || evidence->revision != name.revision || (evidence->covers_to != 0) != name.rollup) {
        return ew_fail(error, EW_FORMAT, "%.200s: stream: is not the one that its name tells",
                       path);
    }
    return EW_OK;
}

static enum ew_status scan_document(struct reader *reader, const char *name, const char *bytes,
                                    size_t byte_count, struct ew_error *error)
{
    struct ew_byte_window window;
    struct ew_json_scan_options options = {
        .name = name, .depth_max = EW_JSON_DEPTH_MAX, .text_bytes_max = byte_count};
    ew_byte_window_over(&window, bytes, byte_count);
    ew_json_scan_init(&reader->scan, &window, &options, error);
    if (ew_read_object(reader, &ew_read_document_shape, reader->evidence)
        && ew_json_scan_next(&reader->scan) != EW_JSON_END) {
        (void)ew_json_scan_fail(&reader->scan, EW_FORMAT, "text follows the document");
    }
    ew_json_scan_free(&reader->scan);
    free(reader->list.bytes);
    free(reader->details.bytes);
    return reader->scan.status;
}

/* The bytes before they are parsed: limits, and whether they are canonical. */
static enum ew_status prescan(const char *name, const char *bytes, size_t byte_count,
                              struct ew_error *error)
{
    struct check_scan scan;
    struct ew_error inner = {0};
    enum ew_status status = check_scan(bytes, byte_count, &scan, &inner);
    if (status != EW_OK) {
        return ew_fail(error, status, "%.200s: %.300s", name, inner.text);
    }
    return scan.fault == NULL
               ? EW_OK
               : ew_fail(error, EW_FORMAT,
                         "%.200s: byte %zu: %s: its bytes are not the canonical ones of what it"
                         " says",
                         name, scan.fault_at, scan.fault);
}

static enum ew_status read_document(const char *name, const char *bytes, size_t byte_count,
                                    struct reader *reader, char sha256[EW_SHA256_HEX_BYTES],
                                    struct ew_error *error)
{
    struct ew_error inner = {0};
    if (byte_count > EW_DOCUMENT_BYTES_MAX) {
        return ew_fail(error, EW_LIMIT, "%.200s: is larger than %d bytes", name,
                       EW_DOCUMENT_BYTES_MAX);
    }
    enum ew_status status = prescan(name, bytes, byte_count, error);
    if (status == EW_OK) {
        status = scan_document(reader, name, bytes, byte_count, error);
    }
    if (status != EW_OK) {
        return status;
    }
    status = ew_evidence_verify(reader->evidence, &inner);
    if (status != EW_OK) {
        return ew_fail(error, status, "%.200s: %.300s", name, inner.text);
    }
    status = hash_bytes(bytes, byte_count, sha256);
    if (status != EW_OK) {
        return ew_fail(error, status, "%.200s: SHA-256 is not available", name);
    }
    return check_name(name, reader->evidence, sha256, error);
}

enum ew_status ew_evidence_read(const char *name, const char *bytes, size_t byte_count,
                                struct ew_arena *arena, struct ew_evidence *evidence_out,
                                char sha256_out[EW_SHA256_HEX_BYTES], struct ew_error *error)
{
    struct ew_evidence evidence;
    struct reader reader;
    struct ew_error complaint = {0};
    char sha256[EW_SHA256_HEX_BYTES];
    memset(&evidence, 0, sizeof evidence);
    memset(&reader, 0, sizeof reader);
    reader.arena = arena;
    reader.evidence = &evidence;
    enum ew_status status = read_document(name, bytes, byte_count, &reader, sha256, &complaint);
    if (status != EW_OK) {
        check_defuse(complaint.text);
        return ew_fail(error, status, "%s", complaint.text);
    }
    *evidence_out = evidence;
    memcpy(sha256_out, sha256, sizeof sha256);
    return EW_OK;
}
