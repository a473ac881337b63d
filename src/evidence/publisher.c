/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Publication into a directory that a scanner watches (reference evidence.md 4.4): written
 * under tmp, flushed, renamed to a name that carries the hash of its bytes. Only heads are
 * ever replaced; a document that is there is never touched again, only removed.
 */
#include "evidence/publisher.h"
#include "base/filetime.h"
#include "evidence/document_file.h"
#include "platform/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- opening ----------------------------------------------------------------------- */

struct cleaning {
    const struct ew_publisher *publisher;
    enum ew_status status;
};

/* What a writer that was stopped on its way has left: never published, so never missed. */
static bool remove_partial(void *context, const char *file_name, uint64_t bytes)
{
    struct cleaning *cleaning = context;
    char path[PUBLISHER_PATH_BYTES];
    (void)bytes;
    publisher_path(path, cleaning->publisher->paths.tmp, file_name);
    if (ew_document_name_is_beside(file_name)) {
        /* Somebody may be writing it now, and Windows then refuses: that stops no writer. */
        publisher_discard(path);
    } else if (ew_document_name_is_partial(file_name)) {
        cleaning->status = ew_file_remove(path, NULL);
    }
    return cleaning->status == EW_OK;
}

static enum ew_status make_folder(const char *root, const char *name,
                                  char out[PUBLISHER_PATH_BYTES], struct ew_error *error)
{
    int length = snprintf(out, PUBLISHER_PATH_BYTES, "%s/%s", root, name);
    if (length < 0 || length >= PUBLISHER_PATH_BYTES - EW_DOCUMENT_NAME_BYTES) {
        return ew_fail(error, EW_LIMIT, "%s: the path of the evidence directory is too long",
                       root);
    }
    return ew_directory_make(out, error);
}

static enum ew_status make_folders(struct ew_publisher *publisher, struct ew_error *error)
{
    const char *root = publisher->root;
    enum ew_status status = make_folder(root, "tmp", publisher->paths.tmp, error);
    if (status == EW_OK) {
        status = make_folder(root, "evidence", publisher->paths.evidence, error);
    }
    if (status == EW_OK) {
        status = make_folder(root, "heads", publisher->paths.heads, error);
    }
    return status;
}

static enum ew_status read_folders(struct ew_publisher *publisher, struct ew_error *error)
{
    struct cleaning cleaning = {publisher, EW_OK};
    enum ew_status status =
        ew_directory_list(publisher->paths.tmp, remove_partial, &cleaning, error);
    if (status == EW_OK && cleaning.status != EW_OK) {
        status = ew_fail(error, cleaning.status,
                         "%s: what another writer has left cannot be removed: the folder must be"
                         " writable",
                         publisher->paths.tmp);
    }
    return status == EW_OK ? document_list(publisher->paths.evidence, &publisher->catalog, error)
                           : status;
}

enum ew_status ew_publisher_open(const struct ew_publisher_options *options,
                                 struct ew_publisher **publisher_out, struct ew_error *error)
{
    struct ew_publisher *publisher = calloc(1, sizeof *publisher);
    if (publisher == NULL) {
        return ew_fail(error, EW_NO_MEMORY, "no memory to publish evidence");
    }
    publisher->retention_bytes =
        options->retention_bytes != 0 ? options->retention_bytes : EW_RETENTION_BYTES_DEFAULT;
    publisher->heartbeat_100ns = options->heartbeat_100ns;
    publisher->listed_100ns = options->heartbeat_100ns;
    if (strlen(options->directory) >= sizeof publisher->root) {
        ew_publisher_close(publisher);
        return ew_fail(error, EW_LIMIT, "%s: the path of the evidence directory is too long",
                       options->directory);
    }
    memcpy(publisher->root, options->directory, strlen(options->directory) + 1);
    enum ew_status status = make_folders(publisher, error);
    if (status == EW_OK) {
        status = read_folders(publisher, error);
    }
    if (status != EW_OK) {
        ew_publisher_close(publisher);
        return status;
    }
    *publisher_out = publisher;
    return EW_OK;
}

enum ew_status ew_publisher_repair(struct ew_publisher *publisher, struct ew_error *error)
{
    return make_folders(publisher, error);
}

void ew_publisher_close(struct ew_publisher *publisher)
{
    if (publisher != NULL) {
        ew_catalog_free(&publisher->catalog);
        free(publisher);
    }
}

/* --- into place ---------------------------------------------------------------------- */

/* Another document of the same window, or of the same range: a reader could not tell which one
 * counts. */
static enum ew_status refuse_other(const struct ew_publisher *publisher,
                                   const struct ew_document_name *name, uint64_t covers_from,
                                   struct ew_error *error)
{
    size_t first = 0;
    size_t count = ew_catalog_stream(&publisher->catalog, name->stream, &first);
    for (size_t i = first; i < first + count; i++) {
        const struct ew_document_name *other = &publisher->catalog.entries[i].name;
        if (other->sequence == name->sequence && other->revision == name->revision
            && other->rollup == name->rollup && publisher->catalog.entries[i].from == covers_from
            && strcmp(other->hash, name->hash) != 0) {
            char text[EW_DOCUMENT_NAME_BYTES];
            ew_document_name_format(other, text);
            return ew_fail(error, EW_EXISTS,
                           "%s/%s: the same window is published already with other content;"
                           " use another directory, or remove that document",
                           publisher->paths.evidence, text);
        }
    }
    return EW_OK;
}

/* From tmp to its place; the same document there already is success. */
static enum ew_status move_into_place(struct ew_publisher *publisher, const char *from,
                                      const struct ew_document_name *name, uint64_t covers_from,
                                      struct ew_published *published, struct ew_error *error)
{
    char to[PUBLISHER_PATH_BYTES];
    ew_document_name_format(name, published->file_name);
    publisher_path(to, publisher->paths.evidence, published->file_name);
    enum ew_status status = refuse_other(publisher, name, covers_from, error);
    if (status == EW_OK) {
        status = ew_file_rename(from, to, false, error);
        published->existed = status == EW_EXISTS;
    }
    if (published->existed) {
        return ew_file_remove(from, error);
    }
    if (status != EW_OK) {
        publisher_discard(from);
        return status;
    }
    return ew_directory_sync(publisher->paths.evidence, error);
}

/* --- publishing ----------------------------------------------------------------------------- */

/* Where the range of a document begins. */
static uint64_t first_covered(const struct ew_document *document)
{
    return document->rollup ? document->covers_from : document->sequence;
}

static enum ew_status note_published(struct ew_publisher *publisher,
                                     const struct ew_document *document,
                                     const struct ew_document_name *name,
                                     const struct ew_published *published, struct ew_error *error)
{
    char start[EW_FILETIME_TEXT_BYTES];
    ew_filetime_format(document->start_100ns, start);
    struct ew_catalog_entry entry = {.name = *name,
                                     .bytes = published->bytes,
                                     .from = first_covered(document),
                                     .age = ew_catalog_age(start),
                                     .age_known = true,
                                     .sealed = document->sealed};
    enum ew_status status = ew_catalog_add(&publisher->catalog, &entry);
    if (status != EW_OK) {
        return ew_fail(error, status, "%s: holds more documents than can be kept apart",
                       publisher->paths.evidence);
    }
    struct head_update update = {.stream = name->stream,
                                 .state = HEAD_RUNNING,
                                 .heartbeat_100ns = publisher->heartbeat_100ns,
                                 .sha256 = published->sha256};
    status = head_replace(&publisher->paths, &publisher->catalog, &update, error);
    return status == EW_OK ? publisher_retain(publisher, error) : status;
}

/* `document` says what the name and the head need, whatever the content is. */
static enum ew_status put(struct ew_publisher *publisher, const struct ew_document *document,
                          const struct document_content *content,
                          struct ew_published *published_out, struct ew_error *error)
{
    struct ew_published published = {.existed = false};
    struct ew_document_name name = {.sequence = document->sequence,
                                    .revision = document->revision,
                                    .rollup = document->rollup};
    char partial[EW_DOCUMENT_NAME_BYTES];
    char path[PUBLISHER_PATH_BYTES];
    memcpy(name.stream, document->stream_id, sizeof name.stream);
    ew_document_name_partial(&name, partial);
    if (!ew_document_name_is_partial(partial)) {
        return ew_fail(error, EW_FORMAT, "stream: id, seq and rev make no file name: %s",
                       partial);
    }
    publisher_path(path, publisher->paths.tmp, partial);
    enum ew_status status = document_file_write(path, content, &published, error);
    if (status != EW_OK) {
        return status;
    }
    memcpy(name.hash, published.sha256, sizeof name.hash - 1);
    status = move_into_place(publisher, path, &name, first_covered(document), &published, error);
    if (status == EW_OK) {
        status = note_published(publisher, document, &name, &published, error);
    }
    if (status == EW_OK) {
        *published_out = published;
    }
    return status;
}

enum ew_status ew_publisher_put(struct ew_publisher *publisher,
                                const struct ew_evidence *evidence,
                                struct ew_published *published_out, struct ew_error *error)
{
    struct document_content content = {.evidence = evidence};
    struct ew_document document = {.sequence = evidence->sequence,
                                   .revision = evidence->revision,
                                   .sealed = evidence->sealed,
                                   .start_100ns = evidence->start_100ns,
                                   .rollup = evidence->covers_to != 0,
                                   .covers_from = evidence->covers_from};
    memcpy(document.stream_id, evidence->stream_id, sizeof document.stream_id);
    return put(publisher, &document, &content, published_out, error);
}

enum ew_status ew_publisher_put_bytes(struct ew_publisher *publisher,
                                      const struct ew_document *document,
                                      struct ew_published *published_out, struct ew_error *error)
{
    struct document_content content = {.document = document};
    return put(publisher, document, &content, published_out, error);
}
