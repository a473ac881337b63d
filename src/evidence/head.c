/* SPDX-License-Identifier: Apache-2.0 */
/* Heads: one small file a stream that tells where the stream stands. */
#include "evidence/head.h"

#include "base/filetime.h"
#include "base/json_writer.h"
#include "base/text.h"
#include "platform/file.h"
#include "platform/hash.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HEAD_TEXT_BYTES = 1024, HASH_STEP_BYTES = 16 * 1024 };

/* What a head tells. */
struct head {
    char stream[EW_STREAM_ID_BYTES];
    char last_sha256[EW_SHA256_HEX_BYTES];
    char last_file[EW_DOCUMENT_NAME_BYTES];
    char heartbeat[EW_FILETIME_TEXT_BYTES];
    bool stopped;
    uint64_t first_sequence;
    uint64_t last_sequence;
    uint64_t last_bytes;
};

void publisher_path(char out[PUBLISHER_PATH_BYTES], const char *folder, const char *name)
{
    (void)snprintf(out, PUBLISHER_PATH_BYTES, "%.*s/%s",
                   PUBLISHER_PATH_BYTES - EW_DOCUMENT_NAME_BYTES - 2, folder, name);
}

void publisher_discard(const char *path)
{
    (void)!ew_file_remove(path, NULL);
}

/* --- the head that is there ------------------------------------------------------------- */

/* The text of a member when it fits, else "". */
static void copy_member(json_t *document, const char *key, char *out, size_t out_bytes)
{
    const char *text = json_string_value(json_object_get(document, key));
    (void)snprintf(out, out_bytes, "%s", text != NULL && strlen(text) < out_bytes ? text : "");
}

/* Reads what a later head may need of the one before; false when that cannot be trusted. */
static bool read_before(const struct publisher_paths *paths, const char *stream,
                        struct head *head_out)
{
    char name[EW_DOCUMENT_NAME_BYTES];
    char path[PUBLISHER_PATH_BYTES];
    char state[sizeof "stopped"];
    char *bytes = NULL;
    size_t byte_count = 0;
    ew_head_name_format(stream, name);
    publisher_path(path, paths->heads, name);
    if (ew_file_read_all(path, HEAD_TEXT_BYTES, &bytes, &byte_count, NULL) != EW_OK) {
        return false;
    }
    json_t *document = json_loadb(bytes, byte_count, JSON_REJECT_DUPLICATES, NULL);
    free(bytes);
    copy_member(document, "heartbeat", head_out->heartbeat, sizeof head_out->heartbeat);
    copy_member(document, "lastFile", head_out->last_file, sizeof head_out->last_file);
    copy_member(document, "lastSha256", head_out->last_sha256, sizeof head_out->last_sha256);
    copy_member(document, "state", state, sizeof state);
    json_decref(document);
    head_out->stopped = strcmp(state, "running") != 0;
    return ew_catalog_age(head_out->heartbeat) != 0
           && strspn(head_out->last_sha256, "0123456789abcdef") == EW_SHA256_HEX_BYTES - 1;
}

/* --- the newest document ------------------------------------------------------------------ */

static bool describe(const struct ew_catalog *catalog, const char *stream, struct head *head)
{
    size_t first = 0;
    size_t count = ew_catalog_stream(catalog, stream, &first);
    if (count == 0) {
        return false;
    }
    const struct ew_catalog_entry *last = &catalog->entries[first + count - 1];
    memcpy(head->stream, last->name.stream, sizeof head->stream);
    ew_document_name_format(&last->name, head->last_file);
    head->first_sequence = catalog->entries[first].name.sequence;
    head->last_sequence = last->name.sequence;
    head->last_bytes = last->bytes;
    return true;
}

static enum ew_status hash_content(struct ew_file *file, struct ew_sha256 *hash,
                                   struct ew_error *error)
{
    unsigned char step[HASH_STEP_BYTES];
    uint64_t offset = 0;
    size_t got = 0;
    do {
        enum ew_status status = ew_file_read_at(file, offset, step, sizeof step, &got, error);
        if (status != EW_OK) {
            return status;
        }
        ew_sha256_update(hash, step, got);
        offset += got;
    } while (got == sizeof step);
    return EW_OK;
}

static enum ew_status hash_file(const char *path, char sha256_out[EW_SHA256_HEX_BYTES],
                                struct ew_error *error)
{
    struct ew_file *file = NULL;
    struct ew_sha256 *hash = NULL;
    uint8_t digest[EW_SHA256_BYTES];
    enum ew_status status = ew_file_open(path, &file, error);
    if (status != EW_OK) {
        return status;
    }
    if (ew_sha256_create(&hash) != EW_OK) {
        ew_file_close(file);
        return ew_fail(error, EW_NO_MEMORY, "%s: SHA-256 is not available", path);
    }
    status = hash_content(file, hash, error);
    ew_file_close(file);
    enum ew_status hashed = ew_sha256_finish(hash, digest);
    if (status == EW_OK && hashed != EW_OK) {
        status = ew_fail(error, hashed, "%s: SHA-256 failed", path);
    }
    if (status == EW_OK) {
        ew_text_hex(digest, sizeof digest, sha256_out);
    }
    return status;
}

/* From who has just published it, else from the head before, else from its bytes. */
static enum ew_status find_hash(const struct publisher_paths *paths, const char *published,
                                const struct head *before, struct head *head,
                                struct ew_error *error)
{
    struct ew_document_name name = {.hash = ""};
    char path[PUBLISHER_PATH_BYTES];
    bool parsed = ew_document_name_parse(head->last_file, &name);
    if (parsed && published != NULL && strncmp(published, name.hash, strlen(name.hash)) == 0) {
        memcpy(head->last_sha256, published, sizeof head->last_sha256);
        return EW_OK;
    }
    if (strcmp(before->last_file, head->last_file) == 0) {
        memcpy(head->last_sha256, before->last_sha256, sizeof head->last_sha256);
        return EW_OK;
    }
    publisher_path(path, paths->evidence, head->last_file);
    return hash_file(path, head->last_sha256, error);
}

/* --- writing -------------------------------------------------------------------------------- */

/* A head's text as it is written: small enough to stand in memory. */
struct head_text {
    char bytes[HEAD_TEXT_BYTES];
    size_t count;
};

static bool collect(void *context, const void *bytes, size_t byte_count)
{
    struct head_text *text = context;
    if (byte_count > sizeof text->bytes - text->count) {
        return false;
    }
    memcpy(text->bytes + text->count, bytes, byte_count);
    text->count += byte_count;
    return true;
}

static bool head_text(const struct head *head, struct head_text *text_out)
{
    struct ew_json_writer *json = malloc(sizeof *json);
    if (json == NULL) {
        return false;
    }
    text_out->count = 0;
    ew_json_init(json, collect, text_out);
    ew_json_object(json);
    ew_json_member_u64(json, "bytes", head->last_bytes);
    ew_json_member_u64(json, "firstSeq", head->first_sequence);
    ew_json_member_text(json, "heartbeat", head->heartbeat);
    ew_json_member_text(json, "lastFile", head->last_file);
    ew_json_member_u64(json, "lastSeq", head->last_sequence);
    ew_json_member_text(json, "lastSha256", head->last_sha256);
    ew_json_member_text(json, "schema", "runtime-evidence-head/1");
    ew_json_member_text(json, "state", head->stopped ? "stopped" : "running");
    ew_json_member_text(json, "stream", head->stream);
    ew_json_object_end(json);
    bool written = ew_json_finish(json);
    free(json);
    return written;
}

static enum ew_status write_file(const char *path, const struct head_text *text,
                                 struct ew_error *error)
{
    struct ew_file *file = NULL;
    enum ew_status status = ew_file_create(path, true, &file, error);
    if (status != EW_OK) {
        return status;
    }
    status = ew_file_write_at(file, 0, text->bytes, text->count, error);
    if (status == EW_OK) {
        status = ew_file_sync(file, error);
    }
    ew_file_close(file);
    return status;
}

static enum ew_status write_head(const struct publisher_paths *paths, const struct head *head,
                                 struct ew_error *error)
{
    struct head_text text;
    char name[EW_DOCUMENT_NAME_BYTES];
    char from[PUBLISHER_PATH_BYTES];
    char to[PUBLISHER_PATH_BYTES];
    if (!head_text(head, &text)) {
        return ew_fail(error, EW_NO_MEMORY, "no memory to write the head of stream %s",
                       head->stream);
    }
    ew_head_name_partial(head->stream, name);
    publisher_path(from, paths->tmp, name);
    ew_head_name_format(head->stream, name);
    publisher_path(to, paths->heads, name);
    enum ew_status status = write_file(from, &text, error);
    if (status == EW_OK) {
        status = ew_file_rename(from, to, true, error);
    }
    if (status != EW_OK) {
        publisher_discard(from);
        return status;
    }
    return ew_directory_sync(paths->heads, error);
}

enum ew_status head_replace(const struct publisher_paths *paths, const struct ew_catalog *catalog,
                            const struct head_update *update, struct ew_error *error)
{
    struct head head = {.stream = ""};
    struct head before = {.stream = ""};
    if (!describe(catalog, update->stream, &head)) {
        return EW_NOT_FOUND;
    }
    bool known = read_before(paths, update->stream, &before);
    if (!known) {
        memset(&before, 0, sizeof before);
    }
    if (update->state == HEAD_AS_BEFORE && known) {
        head.stopped = before.stopped;
        memcpy(head.heartbeat, before.heartbeat, sizeof head.heartbeat);
    } else {
        head.stopped = update->state != HEAD_RUNNING;
        ew_filetime_format(update->heartbeat_100ns, head.heartbeat);
    }
    enum ew_status status = find_hash(paths, update->sha256, &before, &head, error);
    return status == EW_OK ? write_head(paths, &head, error) : status;
}

enum ew_status head_read(const struct publisher_paths *paths, const struct ew_catalog *catalog,
                         const char *stream, bool *stopped_out,
                         char sha256_out[EW_SHA256_HEX_BYTES], struct ew_error *error)
{
    struct head head = {.stream = ""};
    struct head before = {.stream = ""};
    if (!describe(catalog, stream, &head)) {
        return EW_NOT_FOUND;
    }
    bool known = read_before(paths, stream, &before);
    if (!known) {
        memset(&before, 0, sizeof before);
    }
    enum ew_status status = find_hash(paths, NULL, &before, &head, error);
    if (status == EW_OK) {
        *stopped_out = known && before.stopped;
        memcpy(sha256_out, head.last_sha256, EW_SHA256_HEX_BYTES);
    }
    return status;
}
