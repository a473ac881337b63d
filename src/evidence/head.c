/* SPDX-License-Identifier: Apache-2.0 */
/* Heads: one small file a stream that tells where the stream stands. */
#include "evidence/head.h"

#include "base/json_writer.h"
#include "platform/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HEADS_START = 8, HEAD_TEXT_BYTES = 1024 };

void publisher_path(char out[PUBLISHER_PATH_BYTES], const char *folder, const char *name)
{
    (void)snprintf(out, PUBLISHER_PATH_BYTES, "%.*s/%s",
                   PUBLISHER_PATH_BYTES - EW_DOCUMENT_NAME_BYTES - 2, folder, name);
}

void heads_free(struct heads *heads)
{
    free(heads->items);
    memset(heads, 0, sizeof *heads);
}

struct head *heads_find(const struct heads *heads, const char *stream)
{
    for (size_t i = 0; i < heads->count; i++) {
        if (strcmp(heads->items[i].stream, stream) == 0) {
            return &heads->items[i];
        }
    }
    return NULL;
}

struct head *heads_get(struct heads *heads, const char *stream)
{
    struct head *known = heads_find(heads, stream);
    if (known != NULL || heads->count == EW_STREAMS_MAX) {
        return known;
    }
    if (heads->count == heads->capacity) {
        size_t wanted = heads->capacity == 0 ? HEADS_START : heads->capacity * 2;
        struct head *grown = realloc(heads->items, wanted * sizeof *grown);
        if (grown == NULL) {
            return NULL;
        }
        heads->items = grown;
        heads->capacity = wanted;
    }
    struct head *head = &heads->items[heads->count++];
    memset(head, 0, sizeof *head);
    memcpy(head->stream, stream, sizeof head->stream);
    return head;
}

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

static void member_text(struct ew_json_writer *json, const char *key, const char *value)
{
    ew_json_key(json, key);
    ew_json_text(json, value);
}

static void member_number(struct ew_json_writer *json, const char *key, uint64_t value)
{
    ew_json_key(json, key);
    ew_json_u64(json, value);
}

static bool head_text(const struct head *head, uint64_t first_sequence, uint64_t heartbeat_100ns,
                      bool running, struct head_text *text_out)
{
    struct ew_json_writer *json = malloc(sizeof *json);
    char heartbeat[EW_FILETIME_TEXT_BYTES];
    if (json == NULL) {
        return false;
    }
    ew_filetime_format(heartbeat_100ns, heartbeat);
    text_out->count = 0;
    ew_json_init(json, collect, text_out);
    ew_json_object(json);
    member_number(json, "bytes", head->last_bytes);
    member_number(json, "firstSeq", first_sequence);
    member_text(json, "heartbeat", heartbeat);
    member_text(json, "lastFile", head->last_file);
    member_number(json, "lastSeq", head->last_sequence);
    member_text(json, "lastSha256", head->last_sha256);
    member_text(json, "schema", "runtime-evidence-head/1");
    member_text(json, "state", running ? "running" : "stopped");
    member_text(json, "stream", head->stream);
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

enum ew_status head_write(const struct publisher_paths *paths, const struct head *head,
                          uint64_t first_sequence, uint64_t heartbeat_100ns, bool running,
                          struct ew_error *error)
{
    struct head_text text;
    char name[EW_DOCUMENT_NAME_BYTES];
    char from[PUBLISHER_PATH_BYTES];
    char to[PUBLISHER_PATH_BYTES];
    if (!head_text(head, first_sequence, heartbeat_100ns, running, &text)) {
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
    return status == EW_OK ? ew_directory_sync(paths->heads, error) : status;
}
