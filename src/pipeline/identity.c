/* SPDX-License-Identifier: Apache-2.0 */
/* Ids made by hashing what they stand for. */
#include "pipeline/identity.h"

#include "base/cursor.h"
#include "base/text.h"

#include <string.h>

void identity_u64(struct ew_sha256 *hash, uint64_t value)
{
    uint8_t bytes[8];
    ew_store_u64(bytes, value);
    ew_sha256_update(hash, bytes, sizeof bytes);
}

/* With its length, so that no two lists of texts hash alike. */
void identity_text(struct ew_sha256 *hash, const char *text)
{
    identity_u64(hash, strlen(text));
    ew_sha256_update(hash, text, strlen(text));
}

enum ew_status identity_finish(struct ew_sha256 *hash, char hex_out[EW_SHA256_HEX_BYTES])
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
    identity_text(hash, "etwitness replay settings 1");
    identity_u64(hash, options->window_seconds);
    identity_u64(hash, filters->process_id_count);
    for (size_t i = 0; i < filters->process_id_count; i++) {
        identity_u64(hash, filters->process_ids[i]);
    }
    identity_u64(hash, filters->name_count);
    for (size_t i = 0; i < filters->name_count; i++) {
        identity_text(hash, filters->names[i]);
    }
    identity_u64(hash, filters->container_count);
    for (size_t i = 0; i < filters->container_count; i++) {
        identity_text(hash, filters->containers[i]);
    }
    /* That there are symbols changes what is covered; where they lie does not. */
    if (options->symbol_path_count > 0) {
        identity_text(hash, "symbols");
    }
}

static void hash_recording(struct ew_sha256 *hash, const struct ew_recording *recording)
{
    identity_u64(hash, ew_recording_file_count(recording));
    for (size_t i = 0; i < ew_recording_file_count(recording); i++) {
        const struct ew_recording_file *file = ew_recording_file(recording, i);
        identity_u64(hash, file->boot_time);
        identity_u64(hash, file->start_time);
        identity_u64(hash, file->clock_frequency);
        identity_text(hash, file->logger_name);
    }
}

enum ew_status identity_of_replay(const struct ew_replay_options *options,
                                  const struct ew_recording *recording,
                                  char root_out[EW_STREAM_ID_BYTES],
                                  char digest_out[IDENTITY_DIGEST_BYTES])
{
    struct ew_sha256 *hash = NULL;
    char hex[EW_SHA256_HEX_BYTES];
    enum ew_status status = ew_sha256_create(&hash);
    if (status == EW_OK) {
        hash_settings(hash, options);
        status = identity_finish(hash, hex);
    }
    if (status != EW_OK) {
        return status;
    }
    memcpy(digest_out, "sha256:", 7);
    memcpy(digest_out + 7, hex, sizeof hex);
    if (options->stream_id != NULL) {
        memcpy(root_out, options->stream_id, EW_STREAM_ID_BYTES);
        return EW_OK;
    }
    status = ew_sha256_create(&hash);
    if (status == EW_OK) {
        hash_recording(hash, recording);
        identity_text(hash, hex);
        status = identity_finish(hash, hex);
    }
    if (status == EW_OK) {
        memcpy(root_out, hex, EW_STREAM_ID_BYTES - 1);
        root_out[EW_STREAM_ID_BYTES - 1] = '\0';
    }
    return status;
}
