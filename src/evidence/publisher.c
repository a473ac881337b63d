/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Publication into a directory that a scanner watches (reference evidence.md 4.4): written
 * under tmp, flushed, renamed to a name that carries the hash of its bytes. Only heads are
 * ever replaced; a document that is there is never touched again, only removed.
 */
#include "evidence/publisher.h"
#include "base/filetime.h"
#include "base/text.h"
#include "platform/file.h"
#include "platform/hash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- opening ----------------------------------------------------------------------- */

struct listing {
    struct ew_publisher *publisher;
    enum ew_status status;
};

static bool list_document(void *context, const char *file_name, uint64_t bytes)
{
    struct listing *listing = context;
    struct ew_catalog_entry entry = {.bytes = bytes};
    if (ew_document_name_parse(file_name, &entry.name)) {
        listing->status = ew_catalog_append(&listing->publisher->catalog, &entry);
    }
    return listing->status == EW_OK;
}

/* What a writer that was stopped on its way has left: never published, so never missed. */
static bool remove_partial(void *context, const char *file_name, uint64_t bytes)
{
    struct listing *listing = context;
    char path[PUBLISHER_PATH_BYTES];
    (void)bytes;
    if (ew_document_name_is_partial(file_name)) {
        publisher_path(path, listing->publisher->paths.tmp, file_name);
        listing->status = ew_file_remove(path, NULL);
    }
    return listing->status == EW_OK;
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
    struct listing listing = {publisher, EW_OK};
    enum ew_status status =
        ew_directory_list(publisher->paths.tmp, remove_partial, &listing, error);
    if (status == EW_OK && listing.status == EW_OK) {
        status = ew_directory_list(publisher->paths.evidence, list_document, &listing, error);
    }
    if (status == EW_OK && listing.status != EW_OK) {
        status = ew_fail(error, listing.status,
                         "%s: what is there cannot be taken over (%s); it may hold at most %d"
                         " documents, and tmp beside it must be writable",
                         publisher->paths.evidence, ew_status_name(listing.status),
                         EW_CATALOG_ENTRIES_MAX);
    }
    ew_catalog_sort(&publisher->catalog);
    return status;
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

/* --- writing one document ------------------------------------------------------------ */

/* A file that is written and hashed at the same time. */
struct hashed_file {
    struct ew_file *file;
    struct ew_sha256 *hash;
    uint64_t bytes;
    enum ew_status status;
    struct ew_error error; /* what the file said when it refused */
};

static bool write_hashed(void *context, const void *bytes, size_t byte_count)
{
    struct hashed_file *out = context;
    if (byte_count > EW_DOCUMENT_BYTES_MAX - out->bytes) {
        out->status = ew_fail(&out->error, EW_LIMIT,
                              "a document would be larger than %d bytes; choose a shorter window",
                              EW_DOCUMENT_BYTES_MAX);
        return false;
    }
    ew_sha256_update(out->hash, bytes, byte_count);
    out->status = ew_file_write_at(out->file, out->bytes, bytes, byte_count, &out->error);
    out->bytes += byte_count;
    return out->status == EW_OK;
}

/* What is to be published: tables, or bytes that were made of them before. */
struct content {
    const struct ew_evidence *evidence; /* NULL: `document` */
    const struct ew_document *document;
};

static enum ew_status write_content(struct hashed_file *out, const struct content *content,
                                    struct ew_error *error)
{
    if (content->evidence != NULL) {
        return ew_evidence_write(content->evidence, write_hashed, out, error);
    }
    (void)write_hashed(out, content->document->bytes, content->document->byte_count);
    return out->status;
}

static enum ew_status write_open(struct hashed_file *out, const struct content *content,
                                 struct ew_error *error)
{
    enum ew_status status = write_content(out, content, error);
    if (out->status != EW_OK) {
        /* says more than "the sink refused" */
        return ew_fail(error, out->status, "%s", out->error.text);
    }
    return status == EW_OK ? ew_file_sync(out->file, error) : status;
}

static enum ew_status write_document(const char *path, const struct content *content,
                                     struct ew_published *published, struct ew_error *error)
{
    struct hashed_file out = {.bytes = 0};
    uint8_t digest[EW_SHA256_BYTES];
    enum ew_status status = ew_sha256_create(&out.hash);
    if (status != EW_OK) {
        return ew_fail(error, status, "%s: SHA-256 is not available", path);
    }
    /* Never over another: who still writes it would go on in what this one publishes. */
    status = ew_file_create(path, false, &out.file, error);
    bool created = status == EW_OK;
    if (created) {
        status = write_open(&out, content, error);
    }
    ew_file_close(out.file); /* before the rename: Windows refuses to move an open file */
    enum ew_status hashed = ew_sha256_finish(out.hash, digest);
    if (status == EW_OK && hashed != EW_OK) {
        status = ew_fail(error, hashed, "%s: SHA-256 failed", path);
    }
    if (status == EW_OK) {
        ew_text_hex(digest, sizeof digest, published->sha256);
        published->bytes = out.bytes;
    } else if (created) {
        publisher_discard(path);
    }
    return status;
}

/* Another document of the same window: a reader could not tell which one counts. */
static enum ew_status refuse_other(const struct ew_publisher *publisher,
                                   const struct ew_document_name *name, struct ew_error *error)
{
    size_t first = 0;
    size_t count = ew_catalog_stream(&publisher->catalog, name->stream, &first);
    for (size_t i = first; i < first + count; i++) {
        const struct ew_document_name *other = &publisher->catalog.entries[i].name;
        if (other->sequence == name->sequence && other->revision == name->revision
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
                                      const struct ew_document_name *name,
                                      struct ew_published *published, struct ew_error *error)
{
    char to[PUBLISHER_PATH_BYTES];
    ew_document_name_format(name, published->file_name);
    publisher_path(to, publisher->paths.evidence, published->file_name);
    enum ew_status status = refuse_other(publisher, name, error);
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

/* --- retention -------------------------------------------------------------------------- */

static bool is_over(const struct ew_publisher *publisher, size_t documents, uint64_t bytes)
{
    return bytes > publisher->retention_bytes || documents > EW_RETENTION_FILES_MAX;
}

static enum ew_status delete_in_order(struct ew_publisher *publisher, const size_t *order,
                                      size_t count, struct ew_error *error)
{
    size_t documents = publisher->catalog.count;
    uint64_t bytes = publisher->catalog.bytes;
    for (size_t i = 0; i < count && is_over(publisher, documents, bytes); i++) {
        struct ew_catalog_entry *entry = &publisher->catalog.entries[order[i]];
        char name[EW_DOCUMENT_NAME_BYTES];
        char path[PUBLISHER_PATH_BYTES];
        ew_document_name_format(&entry->name, name);
        publisher_path(path, publisher->paths.evidence, name);
        enum ew_status status = ew_file_remove(path, error);
        if (status != EW_OK && status != EW_NOT_FOUND) {
            return status;
        }
        entry->gone = true;
        documents--;
        bytes -= entry->bytes;
    }
    return EW_OK;
}

typedef char stream_text[EW_STREAM_ID_BYTES];

/* The streams that lost a document, each once; the catalog is sorted by stream. */
static size_t list_losers(const struct ew_catalog *catalog, stream_text *out)
{
    size_t count = 0;
    for (size_t i = 0; i < catalog->count; i++) {
        const struct ew_catalog_entry *entry = &catalog->entries[i];
        if (entry->gone && (count == 0 || strcmp(out[count - 1], entry->name.stream) != 0)) {
            memcpy(out[count++], entry->name.stream, sizeof out[0]);
        }
    }
    return count;
}

/* Makes what was deleted a gap that readers see, in other streams too. */
static enum ew_status correct_heads(struct ew_publisher *publisher, struct ew_error *error)
{
    stream_text *losers = calloc(publisher->catalog.count, sizeof *losers);
    if (losers == NULL) {
        ew_catalog_compact(&publisher->catalog);
        return ew_fail(error, EW_NO_MEMORY, "no memory to correct the heads after deleting");
    }
    size_t count = list_losers(&publisher->catalog, losers);
    enum ew_status status = EW_OK;
    ew_catalog_compact(&publisher->catalog);
    for (size_t i = 0; i < count && status == EW_OK; i++) {
        struct head_update update = {.stream = losers[i],
                                     .state = HEAD_AS_BEFORE,
                                     .heartbeat_100ns = publisher->heartbeat_100ns};
        status = head_replace(&publisher->paths, &publisher->catalog, &update, error);
    }
    free(losers);
    return status;
}

static enum ew_status apply_retention(struct ew_publisher *publisher, struct ew_error *error)
{
    struct ew_catalog *catalog = &publisher->catalog;
    size_t *order = NULL;
    size_t count = 0;
    if (!is_over(publisher, catalog->count, catalog->bytes)) {
        return EW_OK;
    }
    for (size_t i = 0; i < catalog->count; i++) {
        if (!catalog->entries[i].age_known) {
            publisher_learn(publisher, &catalog->entries[i]);
        }
    }
    enum ew_status status = ew_catalog_plan(catalog, &order, &count);
    if (status != EW_OK) {
        return ew_fail(error, status, "no memory to choose what to delete");
    }
    status = delete_in_order(publisher, order, count, error);
    free(order);
    /* Also after a failure: some may be gone. Then that failure is the one to tell. */
    enum ew_status corrected = correct_heads(publisher, status == EW_OK ? error : NULL);
    return status != EW_OK ? status : corrected;
}

/* --- publishing ----------------------------------------------------------------------------- */

static enum ew_status note_published(struct ew_publisher *publisher,
                                     const struct ew_document *document,
                                     const struct ew_document_name *name,
                                     const struct ew_published *published, struct ew_error *error)
{
    char start[EW_FILETIME_TEXT_BYTES];
    ew_filetime_format(document->start_100ns, start);
    struct ew_catalog_entry entry = {.name = *name,
                                     .bytes = published->bytes,
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
    return status == EW_OK ? apply_retention(publisher, error) : status;
}

/* `document` says what the name and the head need, whatever the content is. */
static enum ew_status put(struct ew_publisher *publisher, const struct ew_document *document,
                          const struct content *content, struct ew_published *published_out,
                          struct ew_error *error)
{
    struct ew_published published = {.existed = false};
    struct ew_document_name name = {.sequence = document->sequence,
                                    .revision = document->revision};
    char partial[EW_DOCUMENT_NAME_BYTES];
    char path[PUBLISHER_PATH_BYTES];
    memcpy(name.stream, document->stream_id, sizeof name.stream);
    ew_document_name_partial(&name, partial);
    if (!ew_document_name_is_partial(partial)) {
        return ew_fail(error, EW_FORMAT, "stream: id, seq and rev make no file name: %s",
                       partial);
    }
    publisher_path(path, publisher->paths.tmp, partial);
    enum ew_status status = write_document(path, content, &published, error);
    if (status != EW_OK) {
        return status;
    }
    memcpy(name.hash, published.sha256, sizeof name.hash - 1);
    status = move_into_place(publisher, path, &name, &published, error);
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
    struct content content = {.evidence = evidence};
    struct ew_document document = {.sequence = evidence->sequence,
                                   .revision = evidence->revision,
                                   .sealed = evidence->sealed,
                                   .start_100ns = evidence->start_100ns};
    memcpy(document.stream_id, evidence->stream_id, sizeof document.stream_id);
    return put(publisher, &document, &content, published_out, error);
}

enum ew_status ew_publisher_put_bytes(struct ew_publisher *publisher,
                                      const struct ew_document *document,
                                      struct ew_published *published_out, struct ew_error *error)
{
    struct content content = {.document = document};
    return put(publisher, document, &content, published_out, error);
}
