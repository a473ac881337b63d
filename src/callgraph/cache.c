/* SPDX-License-Identifier: Apache-2.0 */
/* Finding and keeping caches of graphs. */
#include "callgraph/cache.h"

#include "base/index.h"
#include "base/text.h"
#include "callgraph/cache_layout.h"
#include "platform/file.h"
#include "platform/random.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_BYTES = 4096, STAMP_BYTES = 256 };

/* Removes a file of ours; that it stays is no harm. */
static void drop(const char *path)
{
    enum ew_status status = ew_file_remove(path, NULL);
    (void)status;
}

/* What leads from an identity to a hash: the identity again, since names are only hashes. */
static void write_stamp(char out[STAMP_BYTES], const struct ew_file_identity *identity,
                        enum ew_graph_format format, const char *hash)
{
    (void)snprintf(
        out, STAMP_BYTES, "%u %u %llx %llx %llx %llx %llx %s\n", (unsigned)GRAPH_CACHE_VERSION,
        (unsigned)format, (unsigned long long)identity->volume,
        (unsigned long long)identity->file, (unsigned long long)identity->byte_count,
        (unsigned long long)identity->written, (unsigned long long)identity->changed, hash);
}

static bool stamp_path(char out[PATH_BYTES], const char *directory,
                       const struct ew_file_identity *identity, enum ew_graph_format format)
{
    uint64_t hash = ew_index_hash_pair(identity->volume, identity->file);
    int length = snprintf(out, PATH_BYTES, "%s/%016llx-%u.stamp", directory,
                          (unsigned long long)hash, (unsigned)format);
    return length > 0 && length < PATH_BYTES;
}

static bool cache_path(char out[PATH_BYTES], const char *directory, const char *hash,
                       enum ew_graph_format format)
{
    int length =
        snprintf(out, PATH_BYTES, "%s/%.64s-%u.ewgraph", directory, hash, (unsigned)format);
    return length > 0 && length < PATH_BYTES;
}

/* The hash that the stamp of an identity has, 64 digits and a terminator. */
static bool read_stamp(const char *path, const struct ew_file_identity *identity,
                       enum ew_graph_format format, char hash_out[65])
{
    char expected[STAMP_BYTES];
    char *text = NULL;
    size_t byte_count = 0;
    write_stamp(expected, identity, format, "");
    size_t head = strlen(expected) - 1;
    if (ew_file_read_all(path, STAMP_BYTES, &text, &byte_count, NULL) != EW_OK) {
        return false;
    }
    bool same = byte_count == head + 65 && memcmp(text, expected, head) == 0
                && strspn(text + head, "0123456789abcdef") == 64;
    if (same) {
        memcpy(hash_out, text + head, 64);
        hash_out[64] = '\0';
    }
    free(text);
    return same;
}

bool graph_cache_find(const char *path, const struct ew_graph_options *options,
                      struct ew_map *map_out, struct ew_graph *graph_out,
                      struct ew_graph_counts *counts_out)
{
    struct ew_file_identity identity;
    char name[PATH_BYTES];
    char hash[65];
    if (options->cache_directory == NULL || ew_file_identify(path, &identity, NULL) != EW_OK
        || !stamp_path(name, options->cache_directory, &identity, options->format)
        || !read_stamp(name, &identity, options->format, hash)
        || !cache_path(name, options->cache_directory, hash, options->format)
        || ew_map_open(name, map_out, NULL) != EW_OK) {
        return false;
    }
    if (map_out->bytes != NULL
        && graph_cache_check(map_out->bytes, map_out->byte_count, graph_out, counts_out)
        && strcmp(graph_out->sha256, hash) == 0) {
        return true;
    }
    ew_map_close(map_out);
    drop(name);
    return false;
}

/* --- keeping ----------------------------------------------------------------------------------
 */

static void make_head(struct graph_cache_head *head, const struct ew_graph *graph,
                      const struct ew_graph_counts *counts, const struct graph_column_view *views)
{
    memset(head, 0, sizeof *head);
    head->magic = GRAPH_CACHE_MAGIC;
    head->version = GRAPH_CACHE_VERSION;
    head->head_bytes = sizeof *head;
    for (size_t i = 0; i < COLUMN_COUNT; i++) {
        head->row_counts[i] = views[i].row_count;
    }
    head->graph_id = graph->graph_id;
    head->analyzer_name = graph->analyzer_name;
    head->analyzer_version = graph->analyzer_version;
    head->analyzer_algorithm = graph->analyzer_algorithm;
    head->unsound_for = graph->unsound_for;
    head->flags = (graph->closed ? GRAPH_CACHE_CLOSED : 0U)
                  | (graph->presence_only ? GRAPH_CACHE_PRESENCE_ONLY : 0U);
    head->bytes = counts->bytes;
    head->records = counts->records;
    head->unknown_members = counts->unknown_members;
    head->observed_edges = counts->observed_edges;
    head->dangling = counts->dangling;
    head->duplicates = counts->duplicates;
    memcpy(head->sha256, graph->sha256, sizeof graph->sha256);
    head->checksum = graph_checksum_head(head);
}

/* Writes a column, and adds it to the checksum as it is checked: row by row of whole pieces. */
static enum ew_status write_column(struct ew_file *file, const struct graph_column_view *view,
                                   uint64_t *offset, uint64_t *sum)
{
    size_t step = GRAPH_CHECKSUM_BYTES / view->row_bytes;
    static const char zeros[8] = {0};
    const char *at = view->bytes;
    for (size_t i = 0; i < view->row_count; i += step) {
        size_t rows = view->row_count - i < step ? view->row_count - i : step;
        *sum = graph_checksum(*sum, at + i * view->row_bytes, rows * view->row_bytes);
    }
    size_t bytes = view->row_bytes * view->row_count;
    size_t padding = graph_column_bytes(view) - bytes;
    enum ew_status status =
        bytes > 0 ? ew_file_write_at(file, *offset, view->bytes, bytes, NULL) : EW_OK;
    if (status == EW_OK && padding > 0) {
        status = ew_file_write_at(file, *offset + bytes, zeros, padding, NULL);
    }
    *offset += bytes + padding;
    return status;
}

static enum ew_status write_cache(struct ew_file *file, const struct ew_graph *graph,
                                  const struct ew_graph_counts *counts)
{
    struct graph_column_view views[COLUMN_COUNT];
    struct graph_cache_head head;
    uint64_t offset = sizeof head;
    graph_columns(graph, views);
    make_head(&head, graph, counts, views);
    for (size_t i = 0; i < COLUMN_COUNT; i++) {
        enum ew_status status = write_column(file, &views[i], &offset, &head.checksum);
        if (status != EW_OK) {
            return status;
        }
    }
    return ew_file_write_at(file, 0, &head, sizeof head, NULL);
}

struct content {
    const struct ew_graph *graph; /* NULL: a text */
    const struct ew_graph_counts *counts;
    const char *text;
};

/* Under another name first, so that nobody ever sees half a file. */
static bool write_file(const char *path, const struct content *content)
{
    char temporary[PATH_BYTES + 32];
    uint64_t chance = 0;
    struct ew_file *file = NULL;
    if (ew_random_bytes(&chance, sizeof chance) != EW_OK) {
        return false;
    }
    (void)snprintf(temporary, sizeof temporary, "%s.%016llx.tmp", path,
                   (unsigned long long)chance);
    if (ew_file_create(temporary, false, &file, NULL) != EW_OK) {
        return false;
    }
    enum ew_status status =
        content->graph != NULL
            ? write_cache(file, content->graph, content->counts)
            : ew_file_write_at(file, 0, content->text, strlen(content->text), NULL);
    ew_file_close(file);
    if (status == EW_OK && ew_file_rename(temporary, path, true, NULL) == EW_OK) {
        return true;
    }
    drop(temporary);
    return false;
}

static bool same_identity(const struct ew_file_identity *a, const struct ew_file_identity *b)
{
    return a->volume == b->volume && a->file == b->file && a->byte_count == b->byte_count
           && a->written == b->written && a->changed == b->changed;
}

void graph_cache_keep(const char *path, const struct ew_graph_options *options,
                      const struct ew_file_identity *before, const struct ew_graph *graph,
                      const struct ew_graph_counts *counts)
{
    struct ew_file_identity after;
    char name[PATH_BYTES];
    char stamp[STAMP_BYTES];
    struct content content = {graph, counts, NULL};
    /* A file that was changed a moment ago can be changed again without a trace. */
    if (ew_file_identify(path, &after, NULL) != EW_OK || !same_identity(before, &after)
        || ew_file_identity_is_fresh(before)
        || ew_directory_make(options->cache_directory, NULL) != EW_OK
        || !cache_path(name, options->cache_directory, graph->sha256, options->format)
        || !write_file(name, &content)) {
        return;
    }
    write_stamp(stamp, before, options->format, graph->sha256);
    content = (struct content){NULL, NULL, stamp};
    if (stamp_path(name, options->cache_directory, before, options->format)) {
        (void)write_file(name, &content);
    }
}
