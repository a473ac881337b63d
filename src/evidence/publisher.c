/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Publication into a directory that a scanner watches (reference evidence.md 4.4): written
 * under tmp, flushed, renamed to a name that carries the hash of its bytes. Only heads are
 * ever replaced; a document that is there is never touched again, only removed.
 */
#include "base/json_writer.h"
#include "base/text.h"
#include "evidence/catalog.h"
#include "evidence/head.h"
#include "platform/file.h"
#include "platform/hash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TAIL_BYTES = 4096 };

struct ew_publisher {
    struct publisher_paths paths;
    struct ew_catalog catalog;
    struct heads heads;
    uint64_t retention_bytes;
    uint64_t heartbeat_100ns;
};

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

static enum ew_status make_folders(struct ew_publisher *publisher, const char *root,
                                   struct ew_error *error)
{
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
    enum ew_status status = make_folders(publisher, options->directory, error);
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

void ew_publisher_close(struct ew_publisher *publisher)
{
    if (publisher != NULL) {
        ew_catalog_free(&publisher->catalog);
        heads_free(&publisher->heads);
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
    struct ew_error *error;
};

static bool write_hashed(void *context, const void *bytes, size_t byte_count)
{
    struct hashed_file *out = context;
    if (byte_count > EW_DOCUMENT_BYTES_MAX - out->bytes) {
        out->status = ew_fail(out->error, EW_LIMIT,
                              "a document would be larger than %d bytes; choose a shorter window",
                              EW_DOCUMENT_BYTES_MAX);
        return false;
    }
    ew_sha256_update(out->hash, bytes, byte_count);
    out->status = ew_file_write_at(out->file, out->bytes, bytes, byte_count, out->error);
    out->bytes += byte_count;
    return out->status == EW_OK;
}

static enum ew_status write_open(struct hashed_file *out, const struct ew_evidence *evidence)
{
    enum ew_status status = ew_evidence_write(evidence, write_hashed, out, out->error);
    if (out->status != EW_OK) {
        return out->status; /* says more than "the sink refused" */
    }
    return status == EW_OK ? ew_file_sync(out->file, out->error) : status;
}

static enum ew_status write_document(const char *path, const struct ew_evidence *evidence,
                                     struct ew_published *published, struct ew_error *error)
{
    struct hashed_file out = {.error = error};
    uint8_t digest[EW_SHA256_BYTES];
    enum ew_status status = ew_sha256_create(&out.hash);
    if (status != EW_OK) {
        return ew_fail(error, status, "%s: SHA-256 is not available", path);
    }
    status = ew_file_create(path, true, &out.file, error);
    if (status == EW_OK) {
        status = write_open(&out, evidence);
    }
    ew_file_close(out.file); /* before the rename: Windows refuses to move an open file */
    enum ew_status hashed = ew_sha256_finish(out.hash, digest);
    if (status == EW_OK && hashed != EW_OK) {
        status = ew_fail(error, hashed, "%s: SHA-256 failed", path);
    }
    if (status == EW_OK) {
        ew_text_hex(digest, sizeof digest, published->sha256);
        published->bytes = out.bytes;
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
    if (status != EW_OK) {
        struct ew_error ignored;
        enum ew_status removed = ew_file_remove(from, &ignored);
        return published->existed ? removed : status;
    }
    return ew_directory_sync(publisher->paths.evidence, error);
}

/* --- retention -------------------------------------------------------------------------- */

/* Age and state of a document, from its last bytes: "stream" and "window" are among the
 * last members of a canonical document. One that cannot be read counts as oldest. */
static void learn_entry(const struct ew_publisher *publisher, struct ew_catalog_entry *entry)
{
    char name[EW_DOCUMENT_NAME_BYTES];
    char path[PUBLISHER_PATH_BYTES];
    char tail[TAIL_BYTES + 1] = "";
    struct ew_file *file = NULL;
    size_t got = 0;
    entry->age_known = true;
    ew_document_name_format(&entry->name, name);
    publisher_path(path, publisher->paths.evidence, name);
    if (ew_file_open(path, &file, NULL) != EW_OK) {
        return;
    }
    uint64_t offset = entry->bytes > TAIL_BYTES ? entry->bytes - TAIL_BYTES : 0;
    if (ew_file_read_at(file, offset, tail, TAIL_BYTES, &got, NULL) == EW_OK) {
        tail[got] = '\0';
        const char *window = strstr(tail, "\"window\":{");
        const char *start = window != NULL ? strstr(window, "\"start\":\"") : NULL;
        entry->sealed = strstr(tail, "\"sealed\":true") != NULL;
        entry->age = start != NULL && strlen(start) >= 37 ? ew_catalog_age(start + 9) : 0;
    }
    ew_file_close(file);
}

static bool is_over(const struct ew_publisher *publisher)
{
    size_t left = 0;
    uint64_t bytes = 0;
    for (size_t i = 0; i < publisher->catalog.count; i++) {
        left += !publisher->catalog.entries[i].gone;
        bytes += publisher->catalog.entries[i].gone ? 0 : publisher->catalog.entries[i].bytes;
    }
    return bytes > publisher->retention_bytes || left > EW_RETENTION_FILES_MAX;
}

static enum ew_status delete_in_order(struct ew_publisher *publisher, const size_t *order,
                                      size_t count, struct ew_error *error)
{
    for (size_t i = 0; i < count && is_over(publisher); i++) {
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
    }
    return EW_OK;
}

static enum ew_status apply_retention(struct ew_publisher *publisher, struct ew_error *error)
{
    size_t *order = NULL;
    size_t count = 0;
    if (publisher->catalog.bytes <= publisher->retention_bytes
        && publisher->catalog.count <= EW_RETENTION_FILES_MAX) {
        return EW_OK;
    }
    for (size_t i = 0; i < publisher->catalog.count; i++) {
        if (!publisher->catalog.entries[i].age_known) {
            learn_entry(publisher, &publisher->catalog.entries[i]);
        }
    }
    enum ew_status status = ew_catalog_plan(&publisher->catalog, &order, &count);
    if (status != EW_OK) {
        return ew_fail(error, status, "no memory to choose what to delete");
    }
    status = delete_in_order(publisher, order, count, error);
    free(order);
    ew_catalog_compact(&publisher->catalog);
    return status;
}

/* --- publishing ----------------------------------------------------------------------------- */

static enum ew_status write_head(struct ew_publisher *publisher, const struct head *head,
                                 bool running, struct ew_error *error)
{
    size_t first = 0;
    size_t count = ew_catalog_stream(&publisher->catalog, head->stream, &first);
    uint64_t first_sequence =
        count != 0 ? publisher->catalog.entries[first].name.sequence : head->last_sequence;
    return head_write(&publisher->paths, head, first_sequence, publisher->heartbeat_100ns,
                      running, error);
}

static enum ew_status note_published(struct ew_publisher *publisher,
                                     const struct ew_evidence *evidence,
                                     const struct ew_document_name *name,
                                     const struct ew_published *published, struct ew_error *error)
{
    char start[EW_FILETIME_TEXT_BYTES];
    ew_filetime_format(evidence->start_100ns, start);
    struct ew_catalog_entry entry = {.name = *name,
                                     .bytes = published->bytes,
                                     .age = ew_catalog_age(start),
                                     .age_known = true,
                                     .sealed = evidence->sealed};
    enum ew_status status = ew_catalog_add(&publisher->catalog, &entry);
    if (status != EW_OK) {
        return ew_fail(error, status, "%s: holds more documents than can be kept apart",
                       publisher->paths.evidence);
    }
    struct head *head = heads_get(&publisher->heads, evidence->stream_id);
    if (head == NULL) {
        return ew_fail(error, EW_LIMIT, "more than %d streams in one directory", EW_STREAMS_MAX);
    }
    head->last_sequence = evidence->sequence;
    head->last_bytes = published->bytes;
    memcpy(head->last_sha256, published->sha256, sizeof head->last_sha256);
    memcpy(head->last_file, published->file_name, sizeof head->last_file);
    status = apply_retention(publisher, error);
    return status == EW_OK ? write_head(publisher, head, true, error) : status;
}

enum ew_status ew_publisher_put(struct ew_publisher *publisher,
                                const struct ew_evidence *evidence,
                                struct ew_published *published_out, struct ew_error *error)
{
    struct ew_published published = {.existed = false};
    struct ew_document_name name = {.sequence = evidence->sequence,
                                    .revision = evidence->revision};
    char partial[EW_DOCUMENT_NAME_BYTES];
    char path[PUBLISHER_PATH_BYTES];
    memcpy(name.stream, evidence->stream_id, sizeof name.stream);
    ew_document_name_partial(&name, partial);
    publisher_path(path, publisher->paths.tmp, partial);
    enum ew_status status = write_document(path, evidence, &published, error);
    if (status != EW_OK) {
        struct ew_error ignored;
        (void)!ew_file_remove(path, &ignored); /* the first failure is the one to tell */
        return status;
    }
    memcpy(name.hash, published.sha256, sizeof name.hash - 1);
    status = move_into_place(publisher, path, &name, &published, error);
    if (status == EW_OK) {
        status = note_published(publisher, evidence, &name, &published, error);
    }
    if (status == EW_OK) {
        *published_out = published;
    }
    return status;
}

enum ew_status ew_publisher_finish(struct ew_publisher *publisher, const char *stream_id,
                                   struct ew_error *error)
{
    struct head *head = heads_find(&publisher->heads, stream_id);
    if (head == NULL) {
        return ew_fail(error, EW_NOT_FOUND, "stream %s has published nothing", stream_id);
    }
    return write_head(publisher, head, false, error);
}
