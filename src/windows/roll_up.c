/* SPDX-License-Identifier: Apache-2.0 */
/* A range of a stream's documents as one document. */
#include "etwitness/version.h"
#include "windows/fold.h"
#include "windows/roll.h"

#include <stdlib.h>
#include <string.h>

enum { BYTES_FIRST = 64 * 1024 };

static const char *text_or_empty(const char *text)
{
    return text != NULL ? text : "";
}

static bool same_text(const char *a, const char *b)
{
    return strcmp(text_or_empty(a), text_or_empty(b)) == 0;
}

/* --- which documents -------------------------------------------------------------------------
 */

struct range {
    const char *stream_id;
    uint64_t from;
    uint64_t to;
    const struct ew_window *windows; /* those in it, by number */
    size_t count;
};

static bool is_of_stream(const struct ew_window *window, const struct range *range)
{
    return strcmp(window->evidence->stream_id, range->stream_id) == 0;
}

static enum ew_status fail_missing(const struct range *range, uint64_t number,
                                   struct ew_error *error)
{
    return ew_fail(error, EW_NOT_FOUND, "stream %.32s: number %llu is missing", range->stream_id,
                   (unsigned long long)number);
}

static enum ew_status check_each(const struct range *range, struct ew_error *error)
{
    uint64_t expected = range->from == 0 ? 1 : range->from;
    for (size_t i = 0; i < range->count; i++) {
        const struct ew_window *window = &range->windows[i];
        if (window->covers_from > expected) {
            return fail_missing(range, expected, error);
        }
        if (!window->evidence->sealed) {
            return ew_fail(error, EW_NOT_FOUND,
                           "stream %.32s: number %llu is not sealed: it may still be revised",
                           range->stream_id, (unsigned long long)window->covers_to);
        }
        expected = window->covers_to + 1;
    }
    return expected == range->to + 1 ? EW_OK : fail_missing(range, expected, error);
}

/* Finds the documents of the range; windows are sorted by stream and number. */
static enum ew_status find_range(struct ew_window_set *set, struct range *range,
                                 struct ew_error *error)
{
    size_t count = 0;
    const struct ew_window *windows = ew_window_set_windows(set, &count);
    for (size_t i = 0; i < count; i++) {
        const struct ew_window *window = &windows[i];
        if (!is_of_stream(window, range) || window->covers_to < range->from
            || window->covers_from > range->to) {
            continue;
        }
        if (window->covers_from <= range->from && window->covers_to >= range->to) {
            return ew_fail(
                error, EW_EXISTS, "stream %.32s: %llu to %llu are in a roll-up already",
                range->stream_id, (unsigned long long)range->from, (unsigned long long)range->to);
        }
        range->windows = range->count == 0 ? window : range->windows;
        range->count++;
    }
    return check_each(range, error);
}

/* --- what it says of itself ------------------------------------------------------------------
 */

const char *ew_roll_up_difference(const struct ew_evidence *a, const struct ew_evidence *b)
{
    if (!same_text(a->host_id, b->host_id) || a->os != b->os || !same_text(a->arch, b->arch)) {
        return "hosts";
    }
    if (!same_text(a->container, b->container)) {
        return "containers";
    }
    return same_text(a->subject_kind, b->subject_kind)
                   && same_text(a->subject_name, b->subject_name)
                   && same_text(a->subject_purl, b->subject_purl)
                   && same_text(a->subject_digest, b->subject_digest)
               ? NULL
               : "subjects";
}

/* The last document says what it is about, the first where it begins. */
static void begin_head(struct ew_evidence *evidence, const struct range *range)
{
    const struct ew_evidence *first = range->windows[0].evidence;
    const struct ew_evidence *last = range->windows[range->count - 1].evidence;
    *evidence = *last;
    evidence->producer_name = NULL;
    evidence->producer_version = EW_VERSION;
    evidence->schema_version = NULL;
    evidence->covers_from = range->from;
    evidence->covers_to = range->to;
    evidence->sequence = range->to;
    evidence->revision = 0;
    evidence->sealed = true;
    evidence->reason = EW_WINDOW_ROLLUP;
    memcpy(evidence->previous, first->previous, sizeof evidence->previous);
}

static enum ew_status widen_head(struct ew_evidence *evidence, const struct ew_evidence *now,
                                 struct ew_error *error)
{
    const char *differs = ew_roll_up_difference(evidence, now);
    if (differs != NULL) {
        return ew_fail(error, EW_FORMAT,
                       "stream %.32s: the documents tell of different %s, at number %llu",
                       now->stream_id, differs, (unsigned long long)now->sequence);
    }
    if (now->start_100ns < evidence->start_100ns) {
        evidence->start_100ns = now->start_100ns;
    }
    if (now->end_100ns > evidence->end_100ns) {
        evidence->end_100ns = now->end_100ns;
    }
    if (now->boot_id != evidence->boot_id || !same_text(now->boot_text, evidence->boot_text)) {
        evidence->boot_text = "";
    }
    if (!same_text(now->config_digest, evidence->config_digest)) {
        evidence->config_digest = NULL;
    }
    return EW_OK;
}

static int compare_text_items(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The callgraphs that any of the documents names, sorted. `*ids_out` is freed by the caller. */
static enum ew_status unite_callgraphs(const struct range *range, struct ew_evidence *evidence,
                                       const char ***ids_out)
{
    size_t count = 0;
    size_t kept = 0;
    for (size_t i = 0; i < range->count; i++) {
        count += range->windows[i].evidence->callgraph_id_count;
    }
    const char **ids = malloc((count + 1) * sizeof *ids);
    if (ids == NULL) {
        return EW_NO_MEMORY;
    }
    count = 0;
    for (size_t i = 0; i < range->count; i++) {
        const struct ew_evidence *now = range->windows[i].evidence;
        for (size_t k = 0; k < now->callgraph_id_count; k++) {
            ids[count++] = now->callgraph_ids[k];
        }
    }
    if (count > 1) {
        qsort(ids, count, sizeof *ids, compare_text_items);
    }
    for (size_t i = 0; i < count; i++) {
        if (kept == 0 || strcmp(ids[kept - 1], ids[i]) != 0) {
            ids[kept++] = ids[i];
        }
    }
    evidence->callgraph_ids = ids;
    evidence->callgraph_id_count = kept;
    *ids_out = ids;
    return EW_OK;
}

/* --- its bytes -------------------------------------------------------------------------------
 */

struct bytes {
    char *bytes;
    size_t count;
    size_t capacity;
    enum ew_status status;
};

static bool collect(void *context, const void *bytes, size_t byte_count)
{
    struct bytes *out = context;
    if (byte_count > EW_DOCUMENT_BYTES_MAX - out->count) {
        out->status = EW_LIMIT;
        return false;
    }
    if (byte_count + 1 > out->capacity - out->count) {
        size_t needed = out->count + byte_count + 1;
        size_t capacity = out->capacity == 0 ? BYTES_FIRST : out->capacity * 2;
        capacity = capacity < needed ? needed : capacity;
        char *grown = realloc(out->bytes, capacity);
        if (grown == NULL) {
            out->status = EW_NO_MEMORY;
            return false;
        }
        out->bytes = grown;
        out->capacity = capacity;
    }
    memcpy(out->bytes + out->count, bytes, byte_count);
    out->count += byte_count;
    out->bytes[out->count] = '\0';
    return true;
}

static enum ew_status fail_fold(const struct range *range, enum ew_status status,
                                struct ew_error *error)
{
    return ew_fail(error, status, "stream %.32s: the roll-up of %llu to %llu %s",
                   range->stream_id, (unsigned long long)range->from,
                   (unsigned long long)range->to,
                   status == EW_LIMIT ? "would be too large" : "finds no memory");
}

static enum ew_status write_bytes(const struct range *range, const struct ew_evidence *evidence,
                                  struct bytes *out, struct ew_error *error)
{
    enum ew_status status = ew_evidence_write(evidence, collect, out, error);
    if (status == EW_OK) {
        return EW_OK;
    }
    free(out->bytes);
    return out->status != EW_OK ? fail_fold(range, out->status, error) : status;
}

static enum ew_status fold_range(struct fold *fold, const struct range *range,
                                 struct ew_evidence *evidence, struct ew_error *error)
{
    enum ew_status status = EW_OK;
    begin_head(evidence, range);
    for (size_t i = 0; i < range->count && status == EW_OK; i++) {
        status = widen_head(evidence, range->windows[i].evidence, error);
    }
    if (status != EW_OK) {
        return status;
    }
    for (size_t i = 0; i < range->count && status == EW_OK; i++) {
        status = ew_fold_add(fold, range->windows[i].evidence);
    }
    if (status == EW_OK) {
        status = ew_fold_finish(fold, evidence);
    }
    return status == EW_OK ? EW_OK : fail_fold(range, status, error);
}

static enum ew_status roll_up(const struct range *range, struct bytes *out,
                              struct ew_error *error)
{
    struct fold fold;
    struct ew_evidence evidence;
    const char **ids = NULL;
    ew_fold_init(&fold);
    enum ew_status status = fold_range(&fold, range, &evidence, error);
    if (status == EW_OK) {
        status = unite_callgraphs(range, &evidence, &ids);
        status = status == EW_OK ? EW_OK : fail_fold(range, status, error);
    }
    if (status == EW_OK) {
        status = write_bytes(range, &evidence, out, error);
    }
    free(ids);
    ew_fold_free(&fold);
    return status;
}

enum ew_status ew_window_set_roll_up(struct ew_window_set *set, const char *stream_id,
                                     uint64_t from, uint64_t to, char **bytes_out,
                                     size_t *byte_count_out, struct ew_error *error)
{
    struct range range = {.stream_id = stream_id, .from = from, .to = to};
    struct bytes out = {.status = EW_OK};
    if (to > EW_JSON_INTEGER_MAX || !ew_evidence_range_is_aligned(from, to)) {
        return ew_fail(error, EW_USAGE, "%llu to %llu is no aligned power of two of numbers",
                       (unsigned long long)from, (unsigned long long)to);
    }
    enum ew_status status = find_range(set, &range, error);
    if (status == EW_OK) {
        status = roll_up(&range, &out, error);
    }
    if (status == EW_OK) {
        *bytes_out = out.bytes;
        *byte_count_out = out.count;
    }
    return status;
}
