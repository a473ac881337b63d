/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ledger: which windows were told, and the steps in which a batch is told once.
 *
 *   1  OUT.<chance>.part           the lines, flushed
 *   2  facts-N.json.<chance>.part  the record, flushed
 *   3  facts-N.json                by a rename that refuses an existing name: it is told now
 *   4  OUT                         by renaming the part
 *
 * Cut off before 3, nothing was told and parts lie about that nobody reads. Cut off after 3,
 * whoever opens the ledger does 4. Two exports at once take the same N but not the same parts,
 * and one is refused at 3. A batch
 * that was told is never told again, even when OUT was lost: a missing line is a smaller error
 * than one that a server counts twice.
 */
#include "export/ledger.h"

#include "base/text.h"
#include "export/facts.h"
#include "platform/file.h"
#include "platform/hash.h"
#include "platform/random.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- files ----------------------------------------------------------------- */

static bool file_exists(const char *path)
{
    struct ew_file *file = NULL;
    bool exists = ew_file_open(path, &file, NULL) == EW_OK;
    ew_file_close(file);
    return exists;
}

/* A part that stays behind is read by nobody. */
static void discard(const char *part)
{
    enum ew_status status = ew_file_remove(part, NULL);
    (void)status;
}

static enum ew_status hash_blocks(struct ew_file *file, struct ew_sha256 *hash,
                                  struct ew_error *error)
{
    uint8_t block[16 * 1024];
    uint64_t offset = 0;
    size_t got = 0;
    enum ew_status status;
    do {
        status = ew_file_read_at(file, offset, block, sizeof block, &got, error);
        if (status == EW_OK) {
            ew_sha256_update(hash, block, got);
            offset += got;
        }
    } while (status == EW_OK && got > 0);
    return status;
}

/* The SHA-256 of a file as hex; false when it cannot be read. */
static bool hash_file(const char *path, char hex[EW_SHA256_HEX_BYTES])
{
    struct ew_file *file = NULL;
    struct ew_sha256 *hash = NULL;
    uint8_t digest[EW_SHA256_BYTES];
    if (ew_file_open(path, &file, NULL) != EW_OK) {
        return false;
    }
    bool done = ew_sha256_create(&hash) == EW_OK;
    if (done) {
        done = hash_blocks(file, hash, NULL) == EW_OK;
        done = ew_sha256_finish(hash, digest) == EW_OK && done;
    }
    ew_file_close(file);
    if (done) {
        ew_text_hex(digest, sizeof digest, hex);
    }
    return done;
}

/* ".<16 hex digits>.part": not the name of anybody else's part. */
enum { SUFFIX_BYTES = 1 + 16 + 5 + 1 };

static enum ew_status make_suffix(char suffix[SUFFIX_BYTES], struct ew_error *error)
{
    uint8_t chance[8];
    char hex[17];
    if (ew_random_bytes(chance, sizeof chance) != EW_OK) {
        return ew_fail(error, EW_IO, "the ledger: the system has no random bytes");
    }
    ew_text_hex(chance, sizeof chance, hex);
    (void)snprintf(suffix, SUFFIX_BYTES, ".%s.part", hex);
    return EW_OK;
}

/* Makes the entry of a file in its folder survive a power cut. */
static enum ew_status sync_folder(const char *path, struct ew_error *error)
{
    char folder[EW_LEDGER_PATH_BYTES];
    size_t length = (size_t)(ew_text_file_name(path) - path);
    if (length == 0) {
        return ew_directory_sync(".", error);
    }
    if (length >= sizeof folder) {
        return ew_fail(error, EW_USAGE, "%.64s...: the path is too long", path);
    }
    memcpy(folder, path, length);
    folder[length] = '\0';
    return ew_directory_sync(folder, error);
}

/* --- opening ---------------------------------------------------------------- */

/* Step 4. Another process may have done it since we looked. */
static enum ew_status finish_batch(struct ew_ledger *ledger, struct ew_error *error)
{
    char hex[EW_SHA256_HEX_BYTES];
    if (!hash_file(ledger->part, hex) || strcmp(hex, ledger->sha256) != 0) {
        return EW_OK;
    }
    enum ew_status status = ew_file_rename(ledger->part, ledger->out, false, error);
    if (status != EW_OK && file_exists(ledger->part)) {
        return status;
    }
    ledger->recovered = true;
    return EW_OK;
}

static int by_place(const void *left, const void *right)
{
    const struct ew_ledger_window *a = left;
    const struct ew_ledger_window *b = right;
    int order = strcmp(a->stream, b->stream);
    return order != 0 ? order : (a->from > b->from) - (a->from < b->from);
}

/* Puts the ranges in order. EW_FORMAT: two overlap, which no export writes. */
static enum ew_status settle(struct ew_ledger *ledger, struct ew_error *error)
{
    if (ledger->window_count > 1) {
        qsort(ledger->windows, ledger->window_count, sizeof *ledger->windows, by_place);
    }
    ledger->sorted_count = ledger->window_count;
    for (size_t i = 1; i < ledger->window_count; i++) {
        const struct ew_ledger_window *a = &ledger->windows[i - 1];
        const struct ew_ledger_window *b = &ledger->windows[i];
        if (strcmp(a->stream, b->stream) == 0 && a->to >= b->from) {
            return ew_fail(error, EW_FORMAT, "%s: window %" PRIu64 " of stream %s was told twice",
                           ledger->directory, b->from, b->stream);
        }
    }
    return EW_OK;
}

static enum ew_status read_records(struct ew_ledger *ledger, struct ew_error *error)
{
    char path[EW_LEDGER_PATH_BYTES];
    for (uint64_t number = 1; number <= EW_LEDGER_BATCHES_MAX; number++) {
        ew_ledger_record_path(ledger, number, "", path);
        if (!file_exists(path)) {
            return EW_OK;
        }
        enum ew_status status = ew_ledger_record_read(ledger, path, error);
        if (status != EW_OK) {
            return status;
        }
        ledger->batches = number;
    }
    return ew_fail(error, EW_LIMIT, "%s: a ledger has %d batches at most; begin another one",
                   ledger->directory, EW_LEDGER_BATCHES_MAX - 1);
}

/* A record behind the last one says that one before it is gone. */
struct highest {
    uint64_t number;
};

static bool note_record(void *context, const char *name, uint64_t bytes)
{
    struct highest *highest = context;
    static const char begin[] = "facts-";
    char digits[13] = {0};
    uint64_t number;
    (void)bytes;
    if (strlen(name) == 6 + 12 + 5 && strncmp(name, begin, 6) == 0
        && strcmp(name + 18, ".json") == 0) {
        memcpy(digits, name + 6, 12);
        if (ew_text_parse_u64(digits, UINT64_MAX, &number) && number > highest->number) {
            highest->number = number;
        }
    }
    return true;
}

static enum ew_status check_numbers(const struct ew_ledger *ledger, struct ew_error *error)
{
    struct highest highest = {0};
    enum ew_status status = ew_directory_list(ledger->directory, note_record, &highest, error);
    if (status == EW_OK && highest.number > ledger->batches) {
        return ew_fail(error, EW_FORMAT,
                       "%s: record %" PRIu64 " is missing, so it cannot be said what was told",
                       ledger->directory, ledger->batches + 1);
    }
    return status;
}

enum ew_status ew_ledger_open(const char *directory, struct ew_ledger **ledger_out,
                              struct ew_error *error)
{
    struct ew_ledger *ledger = calloc(1, sizeof *ledger);
    if (ledger == NULL) {
        return ew_fail(error, EW_NO_MEMORY, "%s: no memory for the ledger", directory);
    }
    size_t length = strlen(directory);
    enum ew_status status = EW_OK;
    if (length == 0 || length >= sizeof ledger->directory) {
        status = ew_fail(error, EW_USAGE, "the ledger's path has to have 1 to %zu bytes",
                         sizeof ledger->directory - 1);
    } else {
        memcpy(ledger->directory, directory, length + 1);
        status = ew_directory_make(directory, error);
    }
    status = status == EW_OK ? read_records(ledger, error) : status;
    status = status == EW_OK ? check_numbers(ledger, error) : status;
    status = status == EW_OK ? settle(ledger, error) : status;
    if (status == EW_OK && ledger->batches > 0) {
        status = finish_batch(ledger, error);
    }
    if (status != EW_OK) {
        ew_ledger_close(ledger);
        return status;
    }
    *ledger_out = ledger;
    return EW_OK;
}

void ew_ledger_close(struct ew_ledger *ledger)
{
    if (ledger != NULL) {
        free(ledger->windows);
        free(ledger);
    }
}

uint64_t ew_ledger_batches(const struct ew_ledger *ledger)
{
    return ledger->batches;
}

bool ew_ledger_recovered(const struct ew_ledger *ledger)
{
    return ledger->recovered;
}

/* The first range that does not end before a number of a stream. */
static size_t first_range(const struct ew_ledger *ledger, const char *stream_id, uint64_t from)
{
    size_t low = 0;
    size_t high = ledger->sorted_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(ledger->windows[middle].stream, stream_id);
        if (order < 0 || (order == 0 && ledger->windows[middle].to < from)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

uint64_t ew_ledger_told(const struct ew_ledger *ledger, const char *stream_id, uint64_t from,
                        uint64_t to)
{
    uint64_t told = 0;
    for (size_t i = first_range(ledger, stream_id, from); i < ledger->sorted_count; i++) {
        const struct ew_ledger_window *window = &ledger->windows[i];
        if (strcmp(window->stream, stream_id) != 0 || window->from > to) {
            break;
        }
        uint64_t first = window->from > from ? window->from : from;
        uint64_t last = window->to < to ? window->to : to;
        told += last - first + 1;
    }
    return told;
}

/* --- telling ---------------------------------------------------------------- */

struct stage {
    struct ew_file *file;
    struct ew_sha256 *hash;
    uint64_t offset;
    struct ew_error *error;
};

static bool stage_sink(void *context, const void *bytes, size_t byte_count)
{
    struct stage *stage = context;
    ew_sha256_update(stage->hash, bytes, byte_count);
    enum ew_status status =
        ew_file_write_at(stage->file, stage->offset, bytes, byte_count, stage->error);
    stage->offset += byte_count;
    return status == EW_OK;
}

/* Step 1. */
static enum ew_status stage_lines(const char *part, const struct ew_export_options *options,
                                  char hex[EW_SHA256_HEX_BYTES],
                                  struct ew_export_counts *counts_out, struct ew_error *error)
{
    struct stage stage = {.error = error};
    uint8_t digest[EW_SHA256_BYTES] = {0};
    enum ew_status status = ew_sha256_create(&stage.hash);
    if (status != EW_OK) {
        return ew_fail(error, status, "%s: SHA-256 is not to be had", part);
    }
    status = ew_file_create(part, true, &stage.file, error);
    if (status == EW_OK) {
        status = ew_export_write(options, stage_sink, &stage, counts_out, error);
    }
    if (status == EW_OK) {
        status = ew_file_sync(stage.file, error);
    }
    ew_file_close(stage.file);
    if (status == EW_OK) {
        status = sync_folder(part, error);
    }
    if (ew_sha256_finish(stage.hash, digest) != EW_OK && status == EW_OK) {
        status = ew_fail(error, EW_IO, "%s: SHA-256 failed", part);
    }
    ew_text_hex(digest, sizeof digest, hex);
    return status;
}

/* The ledger knows at once what it told. */
static enum ew_status take_windows(struct ew_ledger *ledger,
                                   const struct ew_export_options *options,
                                   struct ew_error *error)
{
    size_t before = ledger->window_count;
    enum ew_status status = EW_OK;
    for (size_t i = 0; status == EW_OK && i < options->window_count; i++) {
        const struct ew_window *window = &options->windows[i];
        struct ew_ledger_window range = {{0}, ew_window_first_number(window), window->covers_to};
        if (ew_facts_ask(options, window) == EW_FACTS_TELL) {
            memcpy(range.stream, window->evidence->stream_id, sizeof range.stream);
            status = ew_ledger_take(ledger, &range);
        }
    }
    if (status != EW_OK) {
        ledger->window_count = before;
        return ew_fail(error, status, "%s: a ledger has room for %d windows; begin another one",
                       ledger->directory, EW_LEDGER_WINDOWS_MAX);
    }
    return EW_OK;
}

/* Steps 2 and 3. */
static enum ew_status commit(const struct ew_ledger *ledger, const struct ew_ledger_batch *batch,
                             const char *suffix, struct ew_error *error)
{
    char record[EW_LEDGER_PATH_BYTES];
    char part[EW_LEDGER_PATH_BYTES];
    ew_ledger_record_path(ledger, ledger->batches + 1, "", record);
    ew_ledger_record_path(ledger, ledger->batches + 1, suffix, part);
    enum ew_status status = ew_ledger_record_write(part, batch, error);
    if (status == EW_OK) {
        status = ew_file_rename(part, record, false, error);
    }
    if (status != EW_OK) {
        discard(part);
    }
    if (status == EW_EXISTS) {
        return ew_fail(error, status,
                       "%s: another export has just told batch %" PRIu64
                       "; this one told nothing, try again",
                       ledger->directory, ledger->batches + 1);
    }
    return status;
}

/* What the ledger knows of its last batch, once that is told. */
static void note_batch(struct ew_ledger *ledger, const struct ew_ledger_batch *batch)
{
    ledger->batches++;
    memcpy(ledger->sha256, batch->sha256, sizeof ledger->sha256);
    (void)snprintf(ledger->out, sizeof ledger->out, "%s", batch->out);
    (void)snprintf(ledger->part, sizeof ledger->part, "%s", batch->part);
}

/* Steps 2 to 4. */
static enum ew_status tell(struct ew_ledger *ledger, const struct ew_ledger_batch *batch,
                           const char *suffix, struct ew_error *error)
{
    enum ew_status status = commit(ledger, batch, suffix, error);
    if (status != EW_OK) {
        discard(batch->part);
        return status;
    }
    status = take_windows(ledger, batch->options, error);
    note_batch(ledger, batch);
    if (status == EW_OK) {
        status = settle(ledger, error);
    }
    if (status == EW_OK) {
        status = ew_directory_sync(ledger->directory, error);
    }
    return status == EW_OK ? ew_file_rename(batch->part, batch->out, false, error) : status;
}

enum ew_status ew_ledger_export(struct ew_ledger *ledger, const struct ew_export_options *options,
                                const char *out, struct ew_export_counts *counts_out,
                                struct ew_error *error)
{
    char part[EW_LEDGER_PATH_BYTES];
    char suffix[SUFFIX_BYTES];
    char hex[EW_SHA256_HEX_BYTES];
    struct ew_export_options told = *options;
    struct ew_export_counts counts = {0};
    if (strlen(out) >= sizeof part - sizeof suffix) {
        return ew_fail(error, EW_USAGE, "%.64s...: the path is too long", out);
    }
    if (file_exists(out)) {
        return ew_fail(error, EW_EXISTS,
                       "%s: is there, and its lines may not have been sent yet; give another "
                       "name, or remove it once it has been sent",
                       out);
    }
    enum ew_status status = make_suffix(suffix, error);
    if (status != EW_OK) {
        return status;
    }
    told.ledger = ledger;
    (void)snprintf(part, sizeof part, "%s%s", out, suffix);
    status = stage_lines(part, &told, hex, &counts, error);
    if (status != EW_OK || counts.rows == 0) {
        discard(part);
    } else {
        const struct ew_ledger_batch batch = {out, part, hex, counts.rows, &told};
        status = tell(ledger, &batch, suffix, error);
    }
    if (status == EW_OK) {
        *counts_out = counts;
    }
    return status;
}
