/* SPDX-License-Identifier: Apache-2.0 */
/* Documents checked as a careful reader would: schema, tables, canonical bytes, hash. */
#include "base/text.h"
#include "etwitness/evidence.h"
#include "evidence/check_scan.h"
#include "evidence/check_tables.h"
#include "evidence/document_name.h"
#include "evidence/embedded.h"
#include "evidence/schema.h"
#include "platform/file.h"
#include "platform/hash.h"

#include <stdlib.h>
#include <string.h>

struct known_schema {
    const char *name;
    const char *text;
    enum ew_status (*check)(json_t *, struct ew_error *);
};

static const struct known_schema known_schemas[] = {
    {"runtime-evidence/1", ew_embedded_evidence, check_tables},
    {"runtime-evidence-head/1", ew_embedded_evidence_head, check_head},
    {"static-callgraph/1", ew_embedded_callgraph, NULL},
    {"reach-merge/1", ew_embedded_reach_merge, check_merge},
};

/* --- the hash in the name ------------------------------------------------------------------ */

static enum ew_status hash_hex(const char *bytes, size_t byte_count,
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

static bool same_identity(json_t *document, const struct ew_document_name *name)
{
    json_t *stream = json_object_get(document, "stream");
    const char *id = json_string_value(json_object_get(stream, "id"));
    return id != NULL && strcmp(id, name->stream) == 0
           && json_integer_value(json_object_get(stream, "seq")) == (json_int_t)name->sequence
           && json_integer_value(json_object_get(stream, "rev")) == (json_int_t)name->revision
           && json_is_object(json_object_get(stream, "covers")) == name->rollup;
}

/* A document whose file has a name of ours must be what the name says. */
static enum ew_status check_name(const char *path, json_t *document, const char *bytes,
                                 size_t byte_count, bool *checked_out, struct ew_error *error)
{
    struct ew_document_name name;
    char hex[EW_SHA256_HEX_BYTES];
    *checked_out = ew_document_name_parse(ew_text_file_name(path), &name);
    if (!*checked_out) {
        return EW_OK;
    }
    enum ew_status status = hash_hex(bytes, byte_count, hex);
    if (status != EW_OK) {
        return ew_fail(error, status, "%s: SHA-256 is not available", path);
    }
    if (strncmp(hex, name.hash, strlen(name.hash)) != 0) {
        return ew_fail(error, EW_FORMAT,
                       "%s: its bytes have the SHA-256 %.16s..., its name says %s: it was changed"
                       " after it was published",
                       path, hex, name.hash);
    }
    return same_identity(document, &name)
               ? EW_OK
               : ew_fail(error, EW_FORMAT, "%s: stream: is not the one that its name tells",
                         path);
}

/* --- checking ---------------------------------------------------------------------------------
 */

static const struct known_schema *schema_of(json_t *document)
{
    const char *name = json_string_value(json_object_get(document, "schema"));
    for (size_t i = 0; name != NULL && i < sizeof known_schemas / sizeof known_schemas[0]; i++) {
        if (strcmp(known_schemas[i].name, name) == 0) {
            return &known_schemas[i];
        }
    }
    return NULL;
}

/* Puts the file's name before the complaint. */
static enum ew_status of_file(const char *path, enum ew_status status,
                              const struct ew_error *inner, struct ew_error *error)
{
    return ew_fail(error, status, "%.200s: %.300s", path, inner->text);
}

static enum ew_status check_schema(const char *path, json_t *document,
                                   const struct known_schema *known, struct ew_error *error)
{
    json_error_t broken;
    json_t *schema = json_loads(known->text, 0, &broken);
    if (schema == NULL) {
        return ew_fail(error, EW_NO_MEMORY, "%s: no memory for its schema", path);
    }
    struct ew_error inner = {0};
    enum ew_status status = schema_validate(schema, document, &inner);
    if (status == EW_OK && known->check != NULL) {
        status = known->check(document, &inner);
    }
    json_decref(schema);
    return status == EW_OK ? EW_OK : of_file(path, status, &inner, error);
}

static enum ew_status check_parsed(const char *path, json_t *document, const char *bytes,
                                   size_t byte_count, const struct check_scan *scan,
                                   struct ew_check_result *result, struct ew_error *error)
{
    const struct known_schema *known = schema_of(document);
    if (known == NULL) {
        return ew_fail(error, EW_FORMAT,
                       "%s: schema: names none of the documents that are known: "
                       "runtime-evidence/1, runtime-evidence-head/1, static-callgraph/1, "
                       "reach-merge/1",
                       path);
    }
    result->schema = known->name;
    enum ew_status status = check_schema(path, document, known, error);
    if (status != EW_OK) {
        return status;
    }
    result->canonical = scan->fault == NULL;
    if (!result->canonical && known->check != NULL) {
        return ew_fail(error, EW_FORMAT,
                       "%s: byte %zu: %s: its bytes are not the canonical ones of what it says",
                       path, scan->fault_at, scan->fault);
    }
    return check_name(path, document, bytes, byte_count, &result->name_checked, error);
}

static enum ew_status check_bytes(const char *path, const char *bytes, size_t byte_count,
                                  struct ew_check_result *result_out, struct ew_error *error)
{
    struct ew_check_result result = {.schema = ""};
    struct check_scan scan;
    struct ew_error inner = {0};
    json_error_t broken;
    enum ew_status status = check_scan(bytes, byte_count, &scan, &inner);
    if (status != EW_OK) {
        return of_file(path, status, &inner, error);
    }
    json_t *document = json_loadb(bytes, byte_count, JSON_REJECT_DUPLICATES, &broken);
    if (document == NULL) {
        bool no_memory = json_error_code(&broken) == json_error_out_of_memory;
        return ew_fail(error, no_memory ? EW_NO_MEMORY : EW_FORMAT,
                       "%s: line %d, column %d: is no JSON: %s", path, broken.line, broken.column,
                       broken.text);
    }
    status = check_parsed(path, document, bytes, byte_count, &scan, &result, error);
    json_decref(document);
    if (status == EW_OK) {
        *result_out = result;
    }
    return status;
}

enum ew_status ew_document_check_bytes(const char *path, const char *bytes, size_t byte_count,
                                       struct ew_check_result *result_out, struct ew_error *error)
{
    struct ew_error complaint = {.text = ""};
    enum ew_status status = check_bytes(path, bytes, byte_count, result_out, &complaint);
    if (status == EW_OK) {
        return EW_OK;
    }
    check_defuse(complaint.text);
    return ew_fail(error, status, "%s", complaint.text);
}

enum ew_status ew_document_check(const char *path, struct ew_check_result *result_out,
                                 struct ew_error *error)
{
    char *bytes = NULL;
    size_t byte_count = 0;
    enum ew_status status =
        ew_file_read_all(path, EW_DOCUMENT_BYTES_MAX, &bytes, &byte_count, error);
    if (status == EW_OK) {
        status = ew_document_check_bytes(path, bytes, byte_count, result_out, error);
        free(bytes);
    }
    return status;
}
