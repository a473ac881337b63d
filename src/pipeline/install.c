/* SPDX-License-Identifier: Apache-2.0 */
/* The id of an evidence directory: made by chance once, and kept in it. */
#include "pipeline/install.h"

#include "base/text.h"
#include "pipeline/identity.h"
#include "platform/file.h"
#include "platform/random.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_BYTES_MAX = 256, PATH_BYTES = 4096 };

static const char head[] = "{\"schema\":\"etwitness-stream/1\",\"stream\":\"";
static const char tail[] = "\"}";

/* The host's id is a hash, so that who has documents cannot name the directory's stream. */
static enum ew_status make_host_id(struct install *install)
{
    struct ew_sha256 *hash = NULL;
    char hex[EW_SHA256_HEX_BYTES];
    enum ew_status status = ew_sha256_create(&hash);
    if (status == EW_OK) {
        identity_text(hash, "etwitness host");
        identity_text(hash, install->root);
        status = identity_finish(hash, hex);
    }
    if (status == EW_OK) {
        memcpy(install->host_id, hex, EW_STREAM_ID_BYTES - 1);
        install->host_id[EW_STREAM_ID_BYTES - 1] = '\0';
    }
    return status;
}

/* Exactly what write_id() writes: the file is ours alone. */
static bool parse(const char *bytes, size_t byte_count, struct install *install)
{
    const size_t id_bytes = EW_STREAM_ID_BYTES - 1;
    if (byte_count != sizeof head - 1 + id_bytes + sizeof tail - 1
        || memcmp(bytes, head, sizeof head - 1) != 0
        || memcmp(bytes + byte_count - (sizeof tail - 1), tail, sizeof tail - 1) != 0) {
        return false;
    }
    memcpy(install->root, bytes + sizeof head - 1, id_bytes);
    install->root[id_bytes] = '\0';
    return strspn(install->root, "0123456789abcdef") == id_bytes;
}

static enum ew_status read_id(const char *path, struct install *install, struct ew_error *error)
{
    char *bytes = NULL;
    size_t byte_count = 0;
    enum ew_status status = ew_file_read_all(path, FILE_BYTES_MAX, &bytes, &byte_count, error);
    if (status != EW_OK) {
        return status;
    }
    bool parsed = parse(bytes, byte_count, install);
    free(bytes);
    if (!parsed) {
        return ew_fail(error, EW_FORMAT,
                       "%s: does not hold the id of a stream; remove it to begin a new stream,"
                       " which cannot be joined to the evidence that is there",
                       path);
    }
    return EW_OK;
}

static enum ew_status write_file(const char *path, const char *text, struct ew_error *error)
{
    struct ew_file *file = NULL;
    enum ew_status status = ew_file_create(path, true, &file, error);
    if (status != EW_OK) {
        return status;
    }
    status = ew_file_write_at(file, 0, text, strlen(text), error);
    if (status == EW_OK) {
        status = ew_file_sync(file, error);
    }
    ew_file_close(file);
    return status;
}

/* Through another name, so that a crash leaves the whole file or none. */
static enum ew_status write_id(const char *path, struct ew_error *error)
{
    uint8_t chance[(EW_STREAM_ID_BYTES - 1) / 2];
    char hex[EW_STREAM_ID_BYTES];
    char partial[PATH_BYTES + 8];
    char text[FILE_BYTES_MAX];
    if (ew_random_bytes(chance, sizeof chance) != EW_OK) {
        return ew_fail(error, EW_IO, "%s: the system has no random bytes for an id", path);
    }
    ew_text_hex(chance, sizeof chance, hex);
    (void)snprintf(text, sizeof text, "%s%s%s", head, hex, tail);
    (void)snprintf(partial, sizeof partial, "%s.part", path);
    enum ew_status status = write_file(partial, text, error);
    return status == EW_OK ? ew_file_rename(partial, path, false, error) : status;
}

enum ew_status install_open(const char *directory, struct install *install_out,
                            struct ew_error *error)
{
    char path[PATH_BYTES];
    struct install install;
    struct ew_file *file = NULL;
    int length = snprintf(path, sizeof path, "%s/stream.json", directory);
    if (length < 0 || length >= PATH_BYTES) {
        return ew_fail(error, EW_LIMIT, "%s: the path is too long", directory);
    }
    enum ew_status status = ew_directory_make(directory, error);
    if (status == EW_OK && ew_file_open(path, &file, NULL) == EW_NOT_FOUND) {
        status = write_id(path, error);
        status = status == EW_EXISTS ? EW_OK : status; /* another start was quicker */
    }
    ew_file_close(file);
    if (status == EW_OK) {
        status = read_id(path, &install, error);
    }
    if (status == EW_OK && make_host_id(&install) != EW_OK) {
        status = ew_fail(error, EW_NO_MEMORY, "%s: SHA-256 is not available", path);
    }
    if (status == EW_OK) {
        *install_out = install;
    }
    return status;
}
