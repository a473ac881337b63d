/* SPDX-License-Identifier: Apache-2.0 */
/* Documents added to a directory beside its publisher, which may be at work. */
#include "evidence/document_file.h"
#include "evidence/publisher.h"
#include "platform/file.h"
#include "platform/random.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct ew_folder {
    struct publisher_paths paths;
    struct ew_catalog catalog;
    uint64_t compressed;
};

/* --- opening ----------------------------------------------------------------------- */

/*
 * What somebody who was stopped on the way has left. Should that somebody still be at work, its
 * rename fails and it publishes nothing: it never writes into a file of ours, since names under
 * tmp have chance in them.
 */
static bool remove_left(void *context, const char *file_name, uint64_t bytes)
{
    const struct ew_folder *folder = context;
    char path[PUBLISHER_PATH_BYTES];
    (void)bytes;
    if (ew_document_name_is_beside(file_name)) {
        publisher_path(path, folder->paths.tmp, file_name);
        publisher_discard(path);
    }
    return true;
}

static bool count_compressed(void *context, const char *file_name, uint64_t bytes)
{
    struct ew_folder *folder = context;
    (void)bytes;
    folder->compressed += ew_document_is_compressed_name(file_name);
    return true;
}

static enum ew_status name_folder(const char *root, const char *name,
                                  char out[PUBLISHER_PATH_BYTES], struct ew_error *error)
{
    int length = snprintf(out, PUBLISHER_PATH_BYTES, "%s/%s", root, name);
    return length >= 0 && length < PUBLISHER_PATH_BYTES - EW_DOCUMENT_NAME_BYTES
               ? EW_OK
               : ew_fail(error, EW_LIMIT, "%s: the path of the evidence directory is too long",
                         root);
}

static enum ew_status open_folders(struct ew_folder *folder, const char *directory,
                                   struct ew_error *error)
{
    enum ew_status status = name_folder(directory, "evidence", folder->paths.evidence, error);
    if (status == EW_OK) {
        status = name_folder(directory, "tmp", folder->paths.tmp, error);
    }
    if (status == EW_OK) {
        status = document_list(folder->paths.evidence, &folder->catalog, error);
        if (status == EW_NOT_FOUND) {
            return ew_fail(error, status,
                           "%s: has no folder \"evidence\"; name the directory that replay or"
                           " the service writes to",
                           directory);
        }
    }
    if (status == EW_OK) {
        status = ew_directory_list(folder->paths.evidence, count_compressed, folder, error);
    }
    if (status == EW_OK) {
        (void)!ew_directory_list(folder->paths.tmp, remove_left, folder, NULL);
    }
    return status;
}

enum ew_status ew_folder_open(const char *directory, struct ew_folder **folder_out,
                              struct ew_error *error)
{
    struct ew_folder *folder = calloc(1, sizeof *folder);
    if (folder == NULL) {
        return ew_fail(error, EW_NO_MEMORY, "%s: no memory to list its documents", directory);
    }
    folder->catalog.entries_max = EW_WINDOW_DOCUMENTS_MAX;
    enum ew_status status = open_folders(folder, directory, error);
    if (status != EW_OK) {
        ew_folder_close(folder);
        return status;
    }
    *folder_out = folder;
    return EW_OK;
}

void ew_folder_close(struct ew_folder *folder)
{
    if (folder != NULL) {
        ew_catalog_free(&folder->catalog);
        free(folder);
    }
}

/* --- what is there ------------------------------------------------------------------ */

size_t ew_folder_count(const struct ew_folder *folder)
{
    return folder->catalog.count;
}

void ew_folder_at(const struct ew_folder *folder, size_t index,
                  struct ew_folder_document *document_out)
{
    const struct ew_catalog_entry *entry = &folder->catalog.entries[index];
    document_out->name = entry->name;
    document_out->bytes = entry->bytes;
    document_out->from = entry->from;
}

uint64_t ew_folder_compressed(const struct ew_folder *folder)
{
    return folder->compressed;
}

void ew_folder_path(const struct ew_folder *folder, const struct ew_document_name *name,
                    char *path_out, size_t path_bytes)
{
    char text[EW_DOCUMENT_NAME_BYTES];
    char path[PUBLISHER_PATH_BYTES];
    ew_document_name_format(name, text);
    publisher_path(path, folder->paths.evidence, text);
    (void)snprintf(path_out, path_bytes, "%s", path);
}

/* --- publishing ----------------------------------------------------------------------- */

static enum ew_status move(const struct ew_folder *folder, const char *from,
                           struct ew_published *published, struct ew_error *error)
{
    char to[PUBLISHER_PATH_BYTES];
    publisher_path(to, folder->paths.evidence, published->file_name);
    enum ew_status status = ew_file_rename(from, to, false, error);
    published->existed = status == EW_EXISTS;
    if (status != EW_OK) {
        publisher_discard(from);
    }
    return published->existed ? EW_OK : status;
}

enum ew_status ew_folder_put(const struct ew_folder *folder, const struct ew_document *document,
                             struct ew_published *published_out, struct ew_error *error)
{
    const struct document_content content = {.document = document};
    struct ew_published published = {.existed = false};
    struct ew_document_name name = {.sequence = document->sequence,
                                    .revision = document->revision,
                                    .rollup = document->rollup};
    char partial[EW_DOCUMENT_NAME_BYTES];
    char path[PUBLISHER_PATH_BYTES];
    uint64_t chance = 0;
    memcpy(name.stream, document->stream_id, sizeof name.stream);
    if (ew_random_bytes(&chance, sizeof chance) != EW_OK) {
        return ew_fail(error, EW_IO, "the system gives no random numbers");
    }
    ew_document_name_beside(&name, chance, partial);
    if (!ew_document_name_is_partial(partial)) {
        return ew_fail(error, EW_FORMAT, "stream: id, seq and rev make no file name: %s",
                       partial);
    }
    publisher_path(path, folder->paths.tmp, partial);
    enum ew_status status = ew_directory_make(folder->paths.tmp, error);
    if (status == EW_OK) {
        status = document_file_write(path, &content, &published, error);
    }
    if (status != EW_OK) {
        return status;
    }
    memcpy(name.hash, published.sha256, sizeof name.hash - 1);
    ew_document_name_format(&name, published.file_name);
    status = move(folder, path, &published, error);
    if (status == EW_OK) {
        status = ew_folder_sync(folder, error);
    }
    if (status == EW_OK) {
        *published_out = published;
    }
    return status;
}

enum ew_status ew_folder_sync(const struct ew_folder *folder, struct ew_error *error)
{
    return ew_directory_sync(folder->paths.evidence, error);
}
