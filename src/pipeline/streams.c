/* SPDX-License-Identifier: Apache-2.0 */
/* The streams of a replay: ids that come from the recording, never from chance. */
#include "pipeline/streams.h"

#include "base/cursor.h"
#include "base/text.h"
#include "platform/hash.h"

#include <stdlib.h>
#include <string.h>

enum { STREAMS_START = 8 };

static void hash_u64(struct ew_sha256 *hash, uint64_t value)
{
    uint8_t bytes[8];
    ew_store_u64(bytes, value);
    ew_sha256_update(hash, bytes, sizeof bytes);
}

/* With its length, so that no two lists of texts hash alike. */
static void hash_text(struct ew_sha256 *hash, const char *text)
{
    hash_u64(hash, strlen(text));
    ew_sha256_update(hash, text, strlen(text));
}

static enum ew_status finish_hex(struct ew_sha256 *hash, char hex_out[EW_SHA256_HEX_BYTES])
{
    uint8_t digest[EW_SHA256_BYTES];
    enum ew_status status = ew_sha256_finish(hash, digest);
    if (status == EW_OK) {
        ew_text_hex(digest, sizeof digest, hex_out);
    }
    return status;
}

static void hash_settings(struct ew_sha256 *hash, const struct ew_replay_options *options)
{
    const struct ew_replay_filters *filters = &options->filters;
    hash_text(hash, "etwitness replay settings 1");
    hash_u64(hash, options->window_seconds);
    hash_u64(hash, filters->process_id_count);
    for (size_t i = 0; i < filters->process_id_count; i++) {
        hash_u64(hash, filters->process_ids[i]);
    }
    hash_u64(hash, filters->name_count);
    for (size_t i = 0; i < filters->name_count; i++) {
        hash_text(hash, filters->names[i]);
    }
    hash_u64(hash, filters->container_count);
    for (size_t i = 0; i < filters->container_count; i++) {
        hash_text(hash, filters->containers[i]);
    }
}

static void hash_recording(struct ew_sha256 *hash, const struct ew_recording *recording)
{
    hash_u64(hash, ew_recording_file_count(recording));
    for (size_t i = 0; i < ew_recording_file_count(recording); i++) {
        const struct ew_recording_file *file = ew_recording_file(recording, i);
        hash_u64(hash, file->boot_time);
        hash_u64(hash, file->start_time);
        hash_u64(hash, file->clock_frequency);
        hash_text(hash, file->logger_name);
    }
}

enum ew_status streams_init(struct streams *streams, const struct ew_replay_options *options,
                            const struct ew_recording *recording,
                            char digest_out[EW_SHA256_HEX_BYTES + 7])
{
    struct ew_sha256 *hash = NULL;
    char hex[EW_SHA256_HEX_BYTES];
    enum ew_status status = ew_sha256_create(&hash);
    if (status == EW_OK) {
        hash_settings(hash, options);
        status = finish_hex(hash, hex);
    }
    if (status != EW_OK) {
        return status;
    }
    memcpy(digest_out, "sha256:", 7);
    memcpy(digest_out + 7, hex, sizeof hex);
    if (options->stream_id != NULL) {
        memcpy(streams->root, options->stream_id, sizeof streams->root);
        return EW_OK;
    }
    status = ew_sha256_create(&hash);
    if (status == EW_OK) {
        hash_recording(hash, recording);
        hash_text(hash, hex);
        status = finish_hex(hash, hex);
    }
    if (status == EW_OK) {
        memcpy(streams->root, hex, sizeof streams->root - 1);
        streams->root[sizeof streams->root - 1] = '\0';
    }
    return status;
}

static bool make_id(const struct streams *streams, const char *container,
                    char id_out[EW_STREAM_ID_BYTES])
{
    struct ew_sha256 *hash = NULL;
    char hex[EW_SHA256_HEX_BYTES];
    if (container[0] == '\0') {
        memcpy(id_out, streams->root, EW_STREAM_ID_BYTES);
        return true;
    }
    if (ew_sha256_create(&hash) != EW_OK) {
        return false;
    }
    hash_text(hash, streams->root);
    hash_text(hash, container);
    if (finish_hex(hash, hex) != EW_OK) {
        return false;
    }
    memcpy(id_out, hex, EW_STREAM_ID_BYTES - 1);
    id_out[EW_STREAM_ID_BYTES - 1] = '\0';
    return true;
}

static bool make_room(struct streams *streams)
{
    if (streams->count < streams->capacity) {
        return true;
    }
    if (streams->count == EW_STREAMS_MAX) {
        return false;
    }
    uint32_t wanted = streams->capacity == 0 ? STREAMS_START : streams->capacity * 2;
    struct stream *grown = realloc(streams->items, wanted * sizeof *grown);
    if (grown == NULL) {
        return false;
    }
    streams->items = grown;
    streams->capacity = wanted;
    return true;
}

struct stream *streams_get(struct streams *streams, const char *container)
{
    const char *name = container == NULL ? "" : container;
    for (uint32_t i = 0; i < streams->count; i++) {
        if (strcmp(streams->items[i].container, name) == 0) {
            return &streams->items[i];
        }
    }
    if (!make_room(streams)) {
        return NULL;
    }
    struct stream *stream = &streams->items[streams->count];
    memset(stream, 0, sizeof *stream);
    if (strlen(name) >= sizeof stream->container || !make_id(streams, name, stream->id)) {
        return NULL;
    }
    memcpy(stream->container, name, strlen(name));
    streams->count++;
    return stream;
}

void streams_free(struct streams *streams)
{
    free(streams->items);
    memset(streams, 0, sizeof *streams);
}
