/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watch_evidence DIRECTORY STOP: reads an evidence directory over and over while it is
 * written, as a scanner would, until the file STOP is there; then once more, and the streams as
 * a whole. Ends with 1 at the first thing that is not whole: a document that its schema, its
 * canonical form or its hash refuses, a head that is cut or names a document that is not there,
 * a number that is missing, a document that does not name the one before it.
 */
#include "base/text.h"
#include "etwitness/evidence.h"
#include "platform/file.h"
#include "platform/hash.h"
#include "platform/thread.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAMES_MAX = 16384, NAME_BYTES = 128, PATH_BYTES = 1024, HEAD_BYTES_MAX = 4096 };

struct names {
    char items[NAMES_MAX][NAME_BYTES];
    size_t count;
};

static struct names listed;
static struct names checked; /* sorted */
static struct ew_error error;
static unsigned heads_read;
static unsigned passes;

static void fail(const char *path, const char *why)
{
    (void)printf("pass %u: %s: %s\n", passes, path, why);
    exit(EXIT_FAILURE);
}

static bool note_name(void *context, const char *name, uint64_t bytes)
{
    (void)context;
    (void)bytes;
    if (listed.count == NAMES_MAX || strlen(name) >= NAME_BYTES) {
        fail(name, "too many files, or a name that is too long");
    }
    memcpy(listed.items[listed.count++], name, strlen(name) + 1);
    return true;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* What is in a folder, sorted; a folder that is not there yet is empty. */
static void list(const char *directory, const char *folder)
{
    char path[PATH_BYTES];
    (void)snprintf(path, sizeof path, "%s/%s", directory, folder);
    listed.count = 0;
    enum ew_status status = ew_directory_list(path, note_name, NULL, &error);
    if (status != EW_OK && status != EW_NOT_FOUND) {
        fail(path, error.text);
    }
    qsort(listed.items, listed.count, NAME_BYTES, by_text);
}

/* --- documents ------------------------------------------------------------------------- */

static void check_document(const char *directory, const char *name)
{
    char path[PATH_BYTES];
    struct ew_check_result result;
    (void)snprintf(path, sizeof path, "%s/evidence/%s", directory, name);
    if (ew_document_check(path, &result, &error) != EW_OK) {
        fail(path, error.text);
    }
    if (!result.name_checked || !result.canonical) {
        fail(path, "its name has no hash, or it is not canonical");
    }
}

/* Documents never change: each is looked at once. None may go. */
static void check_documents(const char *directory)
{
    size_t before = checked.count;
    list(directory, "evidence");
    for (size_t i = 0; i < listed.count; i++) {
        if (bsearch(listed.items[i], checked.items, before, NAME_BYTES, by_text) == NULL) {
            check_document(directory, listed.items[i]);
            memcpy(checked.items[checked.count++], listed.items[i], NAME_BYTES);
        }
    }
    if (listed.count < checked.count) {
        fail(directory, "a document has gone");
    }
    qsort(checked.items, checked.count, NAME_BYTES, by_text);
}

/* --- heads ------------------------------------------------------------------------------- */

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL ? text : "";
}

static void check_head(const char *directory, const char *name)
{
    char path[PATH_BYTES];
    char document[PATH_BYTES];
    char *bytes = NULL;
    size_t byte_count = 0;
    struct ew_file *file = NULL;
    (void)snprintf(path, sizeof path, "%s/heads/%s", directory, name);
    if (ew_file_read_all(path, HEAD_BYTES_MAX, &bytes, &byte_count, &error) != EW_OK) {
        fail(path, error.text);
    }
    json_error_t broken;
    json_t *head = json_loadb(bytes, byte_count, JSON_REJECT_DUPLICATES, &broken);
    if (head == NULL || strcmp(text_of(head, "schema"), "runtime-evidence-head/1") != 0
        || strlen(text_of(head, "lastSha256")) != EW_SHA256_HEX_BYTES - 1) {
        fail(path, "is not a whole head");
    }
    (void)snprintf(document, sizeof document, "%s/evidence/%s", directory,
                   text_of(head, "lastFile"));
    if (ew_file_open(document, &file, &error) != EW_OK) {
        fail(path, "names a document that is not there");
    }
    ew_file_close(file);
    json_decref(head);
    free(bytes);
    heads_read++;
}

static void check_heads(const char *directory)
{
    list(directory, "heads");
    for (size_t i = 0; i < listed.count; i++) {
        check_head(directory, listed.items[i]);
    }
}

/* --- streams ------------------------------------------------------------------------------- */

static void hash_bytes(const char *bytes, size_t byte_count, char hex_out[EW_SHA256_HEX_BYTES])
{
    struct ew_sha256 *hash = NULL;
    uint8_t digest[EW_SHA256_BYTES];
    if (ew_sha256_create(&hash) != EW_OK) {
        fail("SHA-256", "is not available");
    }
    ew_sha256_update(hash, bytes, byte_count);
    if (ew_sha256_finish(hash, digest) != EW_OK) {
        fail("SHA-256", "failed");
    }
    ew_text_hex(digest, sizeof digest, hex_out);
}

/* Where a stream has come to. */
struct place {
    char stream[EW_STREAM_ID_BYTES];
    json_int_t sequence;
    char sha256[EW_SHA256_HEX_BYTES];
};

static void follow(const char *path, const json_t *stream, struct place *place)
{
    const json_t *previous = json_object_get(stream, "prev");
    if (strcmp(text_of(stream, "id"), place->stream) != 0) {
        memset(place, 0, sizeof *place);
        (void)snprintf(place->stream, sizeof place->stream, "%s", text_of(stream, "id"));
    }
    place->sequence++;
    if (json_integer_value(json_object_get(stream, "seq")) != place->sequence) {
        fail(path, "a number of its stream is missing before it");
    }
    const char *mark = "sha256:";
    const char *named = text_of(stream, "prev");
    bool follows = place->sequence == 1 ? json_is_null(previous)
                                        : strncmp(named, mark, strlen(mark)) == 0
                                              && strcmp(named + strlen(mark), place->sha256) == 0;
    if (!follows) {
        fail(path, "does not name the document before it");
    }
}

static void check_streams(const char *directory)
{
    struct place place = {.sequence = 0};
    for (size_t i = 0; i < checked.count; i++) {
        char path[PATH_BYTES];
        char *bytes = NULL;
        size_t byte_count = 0;
        (void)snprintf(path, sizeof path, "%s/evidence/%s", directory, checked.items[i]);
        if (ew_file_read_all(path, EW_DOCUMENT_BYTES_MAX, &bytes, &byte_count, &error) != EW_OK) {
            fail(path, error.text);
        }
        json_t *document = json_loadb(bytes, byte_count, 0, NULL);
        follow(path, json_object_get(document, "stream"), &place);
        hash_bytes(bytes, byte_count, place.sha256);
        json_decref(document);
        free(bytes);
    }
}

static bool is_there(const char *path)
{
    struct ew_file *file = NULL;
    bool there = ew_file_open(path, &file, NULL) == EW_OK;
    ew_file_close(file);
    return there;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        (void)fprintf(stderr, "usage: watch_evidence DIRECTORY STOP\n");
        return EXIT_FAILURE;
    }
    for (bool last = false; !last; passes++) {
        last = is_there(argv[2]);
        /* Heads first: what they name is there by then. */
        check_heads(argv[1]);
        check_documents(argv[1]);
        ew_sleep_ms(last ? 0 : 5);
    }
    check_streams(argv[1]);
    (void)printf("%u documents and %u heads were whole in %u passes\n", (unsigned)checked.count,
                 heads_read, passes);
    return EXIT_SUCCESS;
}
