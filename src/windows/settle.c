/* SPDX-License-Identifier: Apache-2.0 */
/* Which documents of a set count, and what their streams look like. */
#include "base/text.h"
#include "platform/hash.h"
#include "windows/set.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int compare_u64(uint64_t a, uint64_t b)
{
    return a == b ? 0 : a < b ? -1 : 1;
}

static bool same_stream(const struct set_entry *a, const struct set_entry *b)
{
    return memcmp(a->stream_id, b->stream_id, sizeof a->stream_id) == 0;
}

static bool same_range(const struct set_entry *a, const struct set_entry *b)
{
    return same_stream(a, b) && a->from == b->from && a->to == b->to;
}

int ew_set_compare_entries(const void *a, const void *b)
{
    const struct set_entry *left = *(const struct set_entry *const *)a;
    const struct set_entry *right = *(const struct set_entry *const *)b;
    int order = strcmp(left->stream_id, right->stream_id);
    order = order != 0 ? order : compare_u64(left->from, right->from);
    order = order != 0 ? order : compare_u64(right->to, left->to);
    order = order != 0 ? order : compare_u64(right->revision, left->revision);
    return order != 0 ? order : strcmp(left->sha256, right->sha256);
}

/* All entries in order; NULL without memory. The caller frees it. */
static struct set_entry **sort_entries(struct ew_window_set *set)
{
    struct set_entry **sorted = malloc((set->entry_count + (size_t)1) * sizeof *sorted);
    for (uint32_t i = 0; sorted != NULL && i < set->entry_count; i++) {
        sorted[i] = &set->entries[i];
    }
    if (sorted != NULL && set->entry_count > 1) {
        qsort(sorted, set->entry_count, sizeof *sorted, ew_set_compare_entries);
    }
    return sorted;
}

/* --- streams ---------------------------------------------------------------------------------
 */

static bool same_text(const char *a, const char *b)
{
    return (a == NULL || b == NULL) ? a == b : strcmp(a, b) == 0;
}

/* Number 0 is of no document: a roll-up that begins with it begins with 1. */
static uint64_t first_number(const struct set_entry *entry)
{
    return entry->from == 0 ? 1 : entry->from;
}

/* True when a document says that it follows another one than the one before it. Behind a
 * roll-up, and behind one that may still be revised, that cannot be told. */
static bool is_broken_link(const struct set_entry *before, const struct set_entry *entry)
{
    const struct ew_evidence *evidence = &entry->tables->evidence;
    return before != NULL && before->from == before->to && before->to + 1 == entry->from
           && before->tables->evidence.sealed && evidence->previous[0] != '\0'
           && strcmp(evidence->previous, before->sha256) != 0;
}

static void stream_begin(struct ew_window_stream *stream, const struct set_entry *entry)
{
    memset(stream, 0, sizeof *stream);
    stream->id = entry->tables->evidence.stream_id;
    stream->host_id = entry->tables->evidence.host_id;
    stream->container = entry->tables->evidence.container;
    stream->first_sequence = first_number(entry);
}

/* The last document tells of host and container. */
static void stream_add(struct ew_window_stream *stream, const struct set_entry *before,
                       const struct set_entry *entry)
{
    const struct ew_evidence *evidence = &entry->tables->evidence;
    if (before != NULL) {
        stream->missing += first_number(entry) - before->to - 1;
        stream->broken_links += is_broken_link(before, entry);
    }
    if (!same_text(stream->host_id, evidence->host_id)
        || !same_text(stream->container, evidence->container)) {
        stream->mixed = true;
    }
    stream->host_id = evidence->host_id;
    stream->container = evidence->container;
    stream->last_sequence = entry->to;
    stream->windows += entry->to - first_number(entry) + 1;
    stream->gaps += evidence->gap_count;
    if (evidence->end_100ns > stream->last_end_100ns) {
        stream->last_end_100ns = evidence->end_100ns;
    }
}

/* --- the walk --------------------------------------------------------------------------------
 */

struct walk {
    struct ew_window_set *set;
    const struct set_entry *winner; /* of the range before */
    const struct set_entry *kept;   /* the last that counts */
};

/* What an entry is, next to the one before it in order. */
enum verdict { COUNTS, ABSORBED, SUPERSEDED, CONFLICTS };

static enum verdict judge(const struct walk *walk, const struct set_entry *entry)
{
    const struct set_entry *winner = walk->winner;
    if (winner != NULL && same_range(winner, entry)) {
        return winner->revision == entry->revision ? CONFLICTS : SUPERSEDED;
    }
    const struct set_entry *kept = walk->kept;
    return kept != NULL && same_stream(kept, entry) && entry->to <= kept->to ? ABSORBED : COUNTS;
}

static void give_up(struct ew_window_set *set, struct set_entry *entry)
{
    if (entry->tables != NULL) {
        set->table_bytes -= entry->tables->arena.bytes_used;
        ew_set_tables_release(entry->tables);
        entry->tables = NULL;
    }
}

static void count_entry(struct walk *walk, const struct set_entry *entry)
{
    struct ew_window_set *set = walk->set;
    bool begins = walk->kept == NULL || !same_stream(walk->kept, entry);
    if (begins) {
        stream_begin(&set->streams[set->stream_count++], entry);
    }
    stream_add(&set->streams[set->stream_count - 1], begins ? NULL : walk->kept, entry);
    struct ew_window *window = &set->windows[set->window_count++];
    window->evidence = &entry->tables->evidence;
    memcpy(window->sha256, entry->sha256, sizeof window->sha256);
    window->covers_from = entry->from;
    window->covers_to = entry->to;
    set->counts.counted++;
    walk->kept = entry;
}

static void walk_entry(struct walk *walk, struct set_entry *entry)
{
    struct ew_window_set *set = walk->set;
    enum verdict verdict = judge(walk, entry);
    if (verdict == COUNTS) {
        count_entry(walk, entry);
    } else {
        give_up(set, entry);
        set->counts.absorbed += verdict == ABSORBED;
        set->counts.superseded += verdict == SUPERSEDED;
        set->counts.conflicts += verdict == CONFLICTS;
    }
    if (verdict == CONFLICTS) {
        set->streams[set->stream_count - 1].conflicts++;
    }
    if (verdict == COUNTS || verdict == ABSORBED) {
        walk->winner = entry;
    }
}

enum ew_status ew_set_settle(struct ew_window_set *set)
{
    struct walk walk = {.set = set};
    if (set->settled) {
        return EW_OK;
    }
    struct set_entry **sorted = sort_entries(set);
    struct ew_window *windows =
        realloc(set->windows, (set->entry_count + (size_t)1) * sizeof *windows);
    set->windows = windows != NULL ? windows : set->windows;
    struct ew_window_stream *streams =
        realloc(set->streams, (set->entry_count + (size_t)1) * sizeof *streams);
    set->streams = streams != NULL ? streams : set->streams;
    if (sorted == NULL || windows == NULL || streams == NULL) {
        free(sorted);
        return EW_NO_MEMORY;
    }
    set->window_count = 0;
    set->stream_count = 0;
    memset(&set->counts, 0, sizeof set->counts);
    for (uint32_t i = 0; i < set->entry_count; i++) {
        walk_entry(&walk, sorted[i]);
    }
    free(sorted);
    set->settled = true;
    return EW_OK;
}

/* --- what is told ----------------------------------------------------------------------------
 */

const struct ew_window *ew_window_set_windows(struct ew_window_set *set, size_t *count_out)
{
    *count_out = 0;
    if (ew_set_settle(set) != EW_OK) {
        return NULL;
    }
    *count_out = set->window_count;
    return set->window_count > 0 ? set->windows : NULL;
}

const struct ew_window_stream *ew_window_set_streams(struct ew_window_set *set, size_t *count_out)
{
    *count_out = 0;
    if (ew_set_settle(set) != EW_OK) {
        return NULL;
    }
    *count_out = set->stream_count;
    return set->stream_count > 0 ? set->streams : NULL;
}

enum ew_status ew_window_set_counts(struct ew_window_set *set,
                                    struct ew_window_set_counts *counts_out)
{
    enum ew_status status = ew_set_settle(set);
    if (status == EW_OK) {
        *counts_out = set->counts;
        counts_out->documents = set->entry_count;
        counts_out->repeated = set->repeated;
        counts_out->refused = set->refused;
        counts_out->compressed = set->compressed;
        counts_out->heads = set->head_count;
        counts_out->heads_refused = set->heads_refused;
    }
    return status;
}

static int compare_hashes(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* Each hash in hexadecimal and a line end, in order. */
static enum ew_status hash_lines(char (*lines)[EW_SHA256_HEX_BYTES], size_t count,
                                 char digest_out[72])
{
    struct ew_sha256 *hash = NULL;
    uint8_t digest[EW_SHA256_BYTES];
    enum ew_status status = ew_sha256_create(&hash);
    if (status != EW_OK) {
        return status;
    }
    for (size_t i = 0; i < count; i++) {
        lines[i][EW_SHA256_HEX_BYTES - 1] = '\n';
        ew_sha256_update(hash, lines[i], sizeof lines[i]);
    }
    status = ew_sha256_finish(hash, digest);
    if (status == EW_OK) {
        memcpy(digest_out, "sha256:", 7);
        ew_text_hex(digest, sizeof digest, digest_out + 7);
    }
    return status;
}

enum ew_status ew_window_set_digest(struct ew_window_set *set, char digest_out[72])
{
    enum ew_status status = ew_set_settle(set);
    if (status != EW_OK) {
        return status;
    }
    char(*lines)[EW_SHA256_HEX_BYTES] = malloc((set->window_count + 1) * sizeof *lines);
    if (lines == NULL) {
        return EW_NO_MEMORY;
    }
    for (size_t i = 0; i < set->window_count; i++) {
        memcpy(lines[i], set->windows[i].sha256, sizeof lines[i]);
    }
    if (set->window_count > 1) {
        qsort(lines, set->window_count, sizeof *lines, compare_hashes);
    }
    status = hash_lines(lines, set->window_count, digest_out);
    free(lines);
    return status;
}
