/* SPDX-License-Identifier: Apache-2.0 */
/* One document written under tmp, hashed on the way, and flushed. */
#include "evidence/document_file.h"

#include "base/text.h"
#include "platform/file.h"
#include "platform/hash.h"

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

static enum ew_status write_content(struct hashed_file *out,
                                    const struct document_content *content,
                                    struct ew_error *error)
{
    if (content->evidence != NULL) {
        return ew_evidence_write(content->evidence, write_hashed, out, error);
    }
    (void)write_hashed(out, content->document->bytes, content->document->byte_count);
    return out->status;
}

static enum ew_status write_open(struct hashed_file *out, const struct document_content *content,
                                 struct ew_error *error)
{
    enum ew_status status = write_content(out, content, error);
    if (out->status != EW_OK) {
        /* says more than "the sink refused" */
        return ew_fail(error, out->status, "%s", out->error.text);
    }
    return status == EW_OK ? ew_file_sync(out->file, error) : status;
}

enum ew_status document_file_write(const char *path, const struct document_content *content,
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
