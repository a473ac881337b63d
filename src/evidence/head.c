/* SPDX-License-Identifier: Apache-2.0 */
/* Heads: one small file a stream that tells where the stream stands. */
#include "evidence/head.h"

#include "base/filetime.h"
#include "base/json_writer.h"
#include "base/text.h"
#include "platform/file.h"
#include "platform/hash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HASH_STEP_BYTES = 16 * 1024 };

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

/* Reads what a later head may need of the one before; false when that cannot be trusted: then
 * it is empty. */
static bool read_before(const struct publisher_paths *paths, const char *stream,
                        struct ew_head *head_out)
{
    char name[EW_DOCUMENT_NAME_BYTES];
    char path[PUBLISHER_PATH_BYTES];
    struct ew_head head;
    char *bytes = NULL;
    size_t byte_count = 0;
    memset(head_out, 0, sizeof *head_out);
    ew_head_name_format(stream, name);
    publisher_path(path, paths->heads, name);
    if (ew_file_read_all(path, EW_HEAD_BYTES_MAX, &bytes, &byte_count, NULL) != EW_OK) {
        return false;
    }
    enum ew_status status = ew_head_read(path, bytes, byte_count, &head, NULL);
    free(bytes);
    if (status != EW_OK || strcmp(head.stream_id, stream) != 0) {
        return false;
    }
    *head_out = head;
    return true;
}

/* --- the newest document ------------------------------------------------------------------ */

static bool describe(const struct ew_catalog *catalog, const char *stream, struct ew_head *head)
{
    size_t first = 0;
    size_t count = ew_catalog_stream(catalog, stream, &first);
    memset(head, 0, sizeof *head);
    if (count == 0) {
        return false;
    }
    const struct ew_catalog_entry *last = &catalog->entries[first + count - 1];
    memcpy(head->stream_id, last->name.stream, sizeof head->stream_id);
    ew_document_name_format(&last->name, head->last_file);
    head->first_sequence = ew_catalog_first(catalog, stream);
    head->last_sequence = last->name.sequence;
    head->last_bytes = last->bytes;
    return true;
}

/* A document that its writer no longer finds, because it was rolled up or somebody removed it:
 * its number was given, and the next document still follows it. */
static bool knows_more(const struct ew_head *before, const struct ew_head *head)
{
    struct ew_document_name last = {.rollup = false};
    bool rolled_up = ew_document_name_parse(head->last_file, &last) && last.rollup;
    return before->last_sequence < EW_SEQUENCE_MAX
           && (before->last_sequence > head->last_sequence
               || (rolled_up && before->last_sequence == head->last_sequence));
}

static void keep_last(const struct ew_head *before, struct ew_head *head)
{
    uint64_t first = head->first_sequence;
    bool stopped = head->stopped;
    uint64_t heartbeat = head->heartbeat_100ns;
    *head = *before;
    head->first_sequence = first != 0 ? first : before->first_sequence;
    head->stopped = stopped;
    head->heartbeat_100ns = heartbeat;
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
                                const struct ew_head *before, struct ew_head *head,
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
    char bytes[EW_HEAD_BYTES_MAX];
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

static bool head_text(const struct ew_head *head, struct head_text *text_out)
{
    char heartbeat[EW_FILETIME_TEXT_BYTES];
    struct ew_json_writer *json = malloc(sizeof *json);
    if (json == NULL) {
        return false;
    }
    ew_filetime_format(head->heartbeat_100ns, heartbeat);
    text_out->count = 0;
    ew_json_init(json, collect, text_out);
    ew_json_object(json);
    ew_json_member_u64(json, "bytes", head->last_bytes);
    ew_json_member_u64(json, "firstSeq", head->first_sequence);
    ew_json_member_text(json, "heartbeat", heartbeat);
    ew_json_member_text(json, "lastFile", head->last_file);
    ew_json_member_u64(json, "lastSeq", head->last_sequence);
    ew_json_member_text(json, "lastSha256", head->last_sha256);
    ew_json_member_text(json, "schema", "runtime-evidence-head/1");
    ew_json_member_text(json, "state", head->stopped ? "stopped" : "running");
    ew_json_member_text(json, "stream", head->stream_id);
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

static enum ew_status write_head(const struct publisher_paths *paths, const struct ew_head *head,
                                 struct ew_error *error)
{
    struct head_text text;
    char name[EW_DOCUMENT_NAME_BYTES];
    char from[PUBLISHER_PATH_BYTES];
    char to[PUBLISHER_PATH_BYTES];
    if (!head_text(head, &text)) {
        return ew_fail(error, EW_NO_MEMORY, "no memory to write the head of stream %s",
                       head->stream_id);
    }
    ew_head_name_partial(head->stream_id, name);
    publisher_path(from, paths->tmp, name);
    ew_head_name_format(head->stream_id, name);
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
    struct ew_head head;
    struct ew_head before;
    bool there = describe(catalog, update->stream, &head);
    bool known = read_before(paths, update->stream, &before);
    if (!there && !known) {
        return EW_NOT_FOUND;
    }
    if (update->state == HEAD_AS_BEFORE && known) {
        head.stopped = before.stopped;
        head.heartbeat_100ns = before.heartbeat_100ns;
    } else {
        head.stopped = update->state != HEAD_RUNNING;
        head.heartbeat_100ns = update->heartbeat_100ns;
    }
    /* Who has just published knows best where the stream stands. */
    if (update->sha256 == NULL && knows_more(&before, &head)) {
        keep_last(&before, &head);
        return write_head(paths, &head, error);
    }
    enum ew_status status = find_hash(paths, update->sha256, &before, &head, error);
    return status == EW_OK ? write_head(paths, &head, error) : status;
}

enum ew_status head_find(const struct publisher_paths *paths, const struct ew_catalog *catalog,
                         const char *stream, struct ew_head *head_out, struct ew_error *error)
{
    struct ew_head head;
    struct ew_head before;
    bool there = describe(catalog, stream, &head);
    bool known = read_before(paths, stream, &before);
    if (!there && !known) {
        return EW_NOT_FOUND;
    }
    head.stopped = known && before.stopped;
    head.heartbeat_100ns = before.heartbeat_100ns;
    enum ew_status status = EW_OK;
    if (knows_more(&before, &head)) {
        keep_last(&before, &head);
    } else {
        status = find_hash(paths, NULL, &before, &head, error);
    }
    if (status == EW_OK) {
        *head_out = head;
    }
    return status;
}
