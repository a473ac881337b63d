/* SPDX-License-Identifier: Apache-2.0 */
/* Documents checked as a careful reader would: schema, tables, canonical bytes, hash. */
#include "base/json_writer.h"
#include "base/text.h"
#include "etwitness/evidence.h"
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
    {"runtime-evidence-head/1", ew_embedded_evidence_head, NULL},
    {"static-callgraph/1", ew_embedded_callgraph, NULL},
};

/* --- canonical bytes ------------------------------------------------------------------ */

/* Compares what would be written with what is there. */
struct comparison {
    const char *bytes;
    size_t left;
};

static bool compare_bytes(void *context, const void *bytes, size_t byte_count)
{
    struct comparison *comparison = context;
    if (byte_count > comparison->left || memcmp(comparison->bytes, bytes, byte_count) != 0) {
        return false;
    }
    comparison->bytes += byte_count;
    comparison->left -= byte_count;
    return true;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The names of an object's members in order; the caller frees it. NULL without memory. */
static const char **sorted_names(json_t *object)
{
    const char **names = malloc((json_object_size(object) + 1) * sizeof *names);
    const char *key;
    json_t *member;
    size_t count = 0;
    if (names == NULL) {
        return NULL;
    }
    json_object_foreach(object, key, member)
    {
        names[count++] = key;
    }
    qsort((void *)names, count, sizeof *names, compare_names);
    return names;
}

static bool write_value(struct ew_json_writer *json, json_t *value, unsigned depth);

static bool write_object(struct ew_json_writer *json, json_t *value, unsigned depth)
{
    const char **names = sorted_names(value);
    bool written = names != NULL;
    ew_json_object(json);
    for (size_t i = 0; written && i < json_object_size(value); i++) {
        /* A name that would have to be escaped is none of ours. */
        written = strpbrk(names[i], "\"\\") == NULL;
        ew_json_key(json, names[i]);
        written = written && write_value(json, json_object_get(value, names[i]), depth);
    }
    ew_json_object_end(json);
    free((void *)names);
    return written;
}

static bool write_array(struct ew_json_writer *json, json_t *value, unsigned depth)
{
    size_t i;
    json_t *item;
    bool written = true;
    ew_json_array(json);
    json_array_foreach(value, i, item)
    {
        written = written && write_value(json, item, depth);
    }
    ew_json_array_end(json);
    return written;
}

/* False for what canonical documents do not have: fractions, and deep nesting. */
static bool write_value(struct ew_json_writer *json, json_t *value, unsigned depth)
{
    if (depth == 0) {
        return false;
    }
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return write_object(json, value, depth - 1);
    case JSON_ARRAY:
        return write_array(json, value, depth - 1);
    case JSON_STRING:
        ew_json_text_bytes(json, json_string_value(value), json_string_length(value));
        return true;
    case JSON_INTEGER:
        ew_json_i64(json, json_integer_value(value));
        return true;
    case JSON_TRUE:
    case JSON_FALSE:
        ew_json_bool(json, json_is_true(value));
        return true;
    case JSON_NULL:
        ew_json_null(json);
        return true;
    case JSON_REAL:
        break;
    }
    return false;
}

static bool is_canonical(json_t *document, const char *bytes, size_t byte_count)
{
    struct comparison comparison = {bytes, byte_count};
    struct ew_json_writer *json = malloc(sizeof *json);
    if (json == NULL) {
        return false;
    }
    ew_json_init(json, compare_bytes, &comparison);
    bool same = write_value(json, document, EW_JSON_WRITER_DEPTH_MAX) && ew_json_finish(json)
                && comparison.left == 0;
    free(json);
    return same;
}

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
           && json_integer_value(json_object_get(stream, "rev")) == (json_int_t)name->revision;
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
static enum ew_status of_file(const char *path, enum ew_status status, struct ew_error *error)
{
    struct ew_error inner = *error;
    return ew_fail(error, status, "%.200s: %.300s", path, inner.text);
}

static enum ew_status check_schema(const char *path, json_t *document,
                                   const struct known_schema *known, struct ew_error *error)
{
    json_error_t broken;
    json_t *schema = json_loads(known->text, 0, &broken);
    if (schema == NULL) {
        return ew_fail(error, EW_NO_MEMORY, "%s: no memory for its schema", path);
    }
    enum ew_status status = schema_validate(schema, document, error);
    if (status == EW_OK && known->check != NULL) {
        status = known->check(document, error);
    }
    json_decref(schema);
    return status == EW_OK ? EW_OK : of_file(path, status, error);
}

static enum ew_status check_parsed(const char *path, json_t *document, const char *bytes,
                                   size_t byte_count, struct ew_check_result *result,
                                   struct ew_error *error)
{
    const struct known_schema *known = schema_of(document);
    if (known == NULL) {
        return ew_fail(error, EW_FORMAT,
                       "%s: schema: names none of the documents that are known: "
                       "runtime-evidence/1, runtime-evidence-head/1, static-callgraph/1",
                       path);
    }
    result->schema = known->name;
    enum ew_status status = check_schema(path, document, known, error);
    if (status != EW_OK) {
        return status;
    }
    result->canonical = is_canonical(document, bytes, byte_count);
    if (!result->canonical && known->check == check_tables) {
        return ew_fail(error, EW_FORMAT,
                       "%s: its bytes are not the canonical ones of what it says (order of "
                       "members, white space, spelling)",
                       path);
    }
    return check_name(path, document, bytes, byte_count, &result->name_checked, error);
}

/*
 * A complaint quotes the document, and what it quotes must not move the cursor of a
 * terminal: control characters, C1 ones in UTF-8 too, become question marks.
 */
static void defuse(char *text)
{
    for (unsigned char *at = (unsigned char *)text; *at != '\0'; at++) {
        if (at[0] == 0xc2 && at[1] >= 0x80 && at[1] < 0xa0) {
            at[0] = '?';
            at[1] = '?';
        } else if (*at < 0x20 || *at == 0x7f) {
            *at = '?';
        }
    }
}

static enum ew_status check_bytes(const char *path, const char *bytes, size_t byte_count,
                                  struct ew_check_result *result_out, struct ew_error *error)
{
    struct ew_check_result result = {.schema = ""};
    json_error_t broken;
    json_t *document = json_loadb(bytes, byte_count, JSON_REJECT_DUPLICATES, &broken);
    if (document == NULL) {
        return ew_fail(error, EW_FORMAT, "%s: line %d, column %d: is no JSON: %s", path,
                       broken.line, broken.column, broken.text);
    }
    enum ew_status status = check_parsed(path, document, bytes, byte_count, &result, error);
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
    defuse(complaint.text);
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
