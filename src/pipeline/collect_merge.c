/* SPDX-License-Identifier: Apache-2.0 */
/* The documents that a running collection merges with callgraphs, and the merge. */
#include "pipeline/collect_merge.h"

#include "etwitness/merge.h"
#include "pipeline/collect_graphs.h"
#include "platform/file.h"
#include "platform/map.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_BYTES = 4096, NAME_BYTES = 96, NAMES_START = 64 };

/* A document that is in the set, to be read again when the set is made anew. */
struct kept {
    char name[NAME_BYTES];
    size_t byte_count;
};

struct collect_merge {
    char directory[PATH_BYTES];
    struct collect_graphs *graphs;
    struct ew_window_set *windows;
    struct kept *kept; /* oldest first */
    size_t kept_count;
    size_t kept_capacity;
    size_t bytes;             /* of the documents in the set */
    bool changed;             /* since the last merge */
    uint64_t published_bytes; /* of the merge that was written last; 0: none */
};

static enum ew_status make_path(const struct collect_merge *merge, const char *folder,
                                const char *name, char out[PATH_BYTES], struct ew_error *error)
{
    int length = snprintf(out, PATH_BYTES, "%s/%s%s%s", merge->directory, folder,
                          name[0] != '\0' ? "/" : "", name);
    return length >= 0 && length < PATH_BYTES
               ? EW_OK
               : ew_fail(error, EW_LIMIT, "%s: the path is too long", merge->directory);
}

enum ew_status collect_merge_create(const struct ew_settings *settings,
                                    struct collect_merge **merge_out, struct ew_error *error)
{
    struct collect_merge *merge = calloc(1, sizeof *merge);
    if (merge == NULL) {
        return ew_fail(error, EW_NO_MEMORY, "no memory for a merge");
    }
    int length = snprintf(merge->directory, PATH_BYTES, "%s", settings->directory);
    enum ew_status status = length < PATH_BYTES
                                ? EW_OK
                                : ew_fail(error, EW_LIMIT, "the directory's path is too long");
    if (status == EW_OK) {
        status = collect_graphs_create(settings, &merge->graphs, error);
    }
    if (status == EW_OK && ew_window_set_create(&merge->windows) != EW_OK) {
        status = ew_fail(error, EW_NO_MEMORY, "no memory for a merge");
    }
    if (status != EW_OK) {
        collect_merge_destroy(merge);
        return status;
    }
    *merge_out = merge;
    return EW_OK;
}

void collect_merge_destroy(struct collect_merge *merge)
{
    if (merge == NULL) {
        return;
    }
    ew_window_set_destroy(merge->windows);
    collect_graphs_destroy(merge->graphs);
    free(merge->kept);
    free(merge);
}

/* --- documents -------------------------------------------------------------------- */

static bool is_kept(const struct collect_merge *merge, const char *file_name)
{
    for (size_t i = merge->kept_count; i-- > 0;) {
        if (strcmp(merge->kept[i].name, file_name) == 0) {
            return true;
        }
    }
    return false;
}

static enum ew_status keep(struct collect_merge *merge, const char *file_name, size_t byte_count,
                           struct ew_error *error)
{
    if (merge->kept_count == merge->kept_capacity) {
        size_t wanted = merge->kept_capacity == 0 ? NAMES_START : merge->kept_capacity * 2;
        struct kept *grown = realloc(merge->kept, wanted * sizeof *grown);
        if (grown == NULL) {
            return ew_fail(error, EW_NO_MEMORY, "no memory to merge %s", file_name);
        }
        merge->kept = grown;
        merge->kept_capacity = wanted;
    }
    struct kept *kept = &merge->kept[merge->kept_count++];
    (void)snprintf(kept->name, sizeof kept->name, "%s", file_name);
    kept->byte_count = byte_count;
    merge->bytes += byte_count;
    merge->changed = true;
    return EW_OK;
}

static bool is_full(const struct collect_merge *merge)
{
    return merge->bytes > EW_MERGE_BYTES_MAX || merge->kept_count > EW_MERGE_DOCUMENTS_MAX;
}

/* The newest documents that fill half of what may be held. */
static void forget_oldest(struct collect_merge *merge)
{
    size_t first = 0;
    while (merge->kept_count - first > 1
           && (merge->bytes > EW_MERGE_BYTES_MAX / 2
               || merge->kept_count - first > EW_MERGE_DOCUMENTS_MAX / 2)) {
        merge->bytes -= merge->kept[first++].byte_count;
    }
    merge->kept_count -= first;
    memmove(merge->kept, merge->kept + first, merge->kept_count * sizeof *merge->kept);
}

/* Retention may have taken it meanwhile. */
static enum ew_status add_file(const struct collect_merge *merge, struct ew_window_set *windows,
                               const char *file_name, struct ew_error *error)
{
    char path[PATH_BYTES];
    enum ew_status status = make_path(merge, "evidence", file_name, path, error);
    if (status == EW_OK) {
        status = ew_window_set_add(windows, path, error);
    }
    return status == EW_NOT_FOUND ? EW_OK : status;
}

/* A set forgets nothing: a new one is made of what is to stay. */
static enum ew_status renew(struct collect_merge *merge, struct ew_error *error)
{
    struct ew_window_set *windows = NULL;
    forget_oldest(merge);
    enum ew_status status = ew_window_set_create(&windows) == EW_OK
                                ? EW_OK
                                : ew_fail(error, EW_NO_MEMORY, "no memory for a merge");
    for (size_t i = 0; i < merge->kept_count && status == EW_OK; i++) {
        status = add_file(merge, windows, merge->kept[i].name, error);
    }
    if (status != EW_OK) {
        ew_window_set_destroy(windows);
        return status;
    }
    ew_window_set_destroy(merge->windows);
    merge->windows = windows;
    return EW_OK;
}

enum ew_status collect_merge_add(struct collect_merge *merge, const char *file_name,
                                 size_t byte_count, struct ew_error *error)
{
    if (is_kept(merge, file_name)) {
        return EW_OK; /* found in the directory before it was told */
    }
    enum ew_status status = add_file(merge, merge->windows, file_name, error);
    if (status == EW_OK) {
        status = keep(merge, file_name, byte_count, error);
    }
    return status == EW_OK && is_full(merge) ? renew(merge, error) : status;
}

/* --- documents of earlier runs ------------------------------------------------------ */

struct found {
    char name[NAME_BYTES];
    uint64_t byte_count;
    uint64_t written; /* in units of the platform */
};

struct found_list {
    const struct collect_merge *merge;
    struct found *items;
    size_t count;
    size_t capacity;
};

/* Without memory for more names there are those that were found. */
static bool take_name(void *context, const char *name, uint64_t bytes)
{
    struct found_list *list = context;
    struct ew_file_identity identity;
    char path[PATH_BYTES];
    if (!ew_document_is_name(name)
        || make_path(list->merge, "evidence", name, path, NULL) != EW_OK
        || ew_file_identify(path, &identity, NULL) != EW_OK) {
        return true;
    }
    if (list->count == list->capacity) {
        size_t wanted = list->capacity == 0 ? NAMES_START : list->capacity * 2;
        struct found *grown = wanted > 2 * EW_RETENTION_FILES_MAX
                                  ? NULL
                                  : realloc(list->items, wanted * sizeof *grown);
        if (grown == NULL) {
            return false;
        }
        list->items = grown;
        list->capacity = wanted;
    }
    struct found *found = &list->items[list->count++];
    (void)snprintf(found->name, sizeof found->name, "%s", name);
    found->byte_count = bytes;
    found->written = identity.written;
    return true;
}

static int compare_newest_first(const void *a, const void *b)
{
    const struct found *left = a;
    const struct found *right = b;
    if (left->written != right->written) {
        return left->written > right->written ? -1 : 1;
    }
    return strcmp(right->name, left->name);
}

/* How many of the newest fill half of what may be held; one in any case. */
static size_t count_newest(const struct found_list *list)
{
    uint64_t left = EW_MERGE_BYTES_MAX / 2;
    size_t count = 0;
    while (count < list->count && count < EW_MERGE_DOCUMENTS_MAX / 2
           && (count == 0 || list->items[count].byte_count <= left)) {
        uint64_t bytes = list->items[count++].byte_count;
        left = bytes < left ? left - bytes : 0;
    }
    return count;
}

enum ew_status collect_merge_add_earlier(struct collect_merge *merge, struct ew_error *error)
{
    struct found_list list = {.merge = merge};
    char folder[PATH_BYTES];
    enum ew_status status = make_path(merge, "evidence", "", folder, error);
    if (status == EW_OK) {
        status = ew_directory_list(folder, take_name, &list, error);
    }
    if (status == EW_OK && list.count > 1) {
        qsort(list.items, list.count, sizeof list.items[0], compare_newest_first);
    }
    for (size_t i = status == EW_OK ? count_newest(&list) : 0; i-- > 0 && status == EW_OK;) {
        status =
            collect_merge_add(merge, list.items[i].name, (size_t)list.items[i].byte_count, error);
        status = status == EW_FORMAT ? EW_OK : status;
    }
    free(list.items);
    return status;
}

/* --- publication -------------------------------------------------------------------- */

struct output {
    struct ew_file *file;
    uint64_t byte_count;
    collect_merge_cancelled_fn cancelled;
    void *context;
    enum ew_status status;
    struct ew_error error;
};

static bool write_bytes(void *context, const void *bytes, size_t byte_count)
{
    struct output *output = context;
    if (output->cancelled(output->context)) {
        output->status = ew_fail(&output->error, EW_IO, "the time of the stop is over");
        return false;
    }
    output->status =
        ew_file_write_at(output->file, output->byte_count, bytes, byte_count, &output->error);
    output->byte_count += byte_count;
    return output->status == EW_OK;
}

static enum ew_status write_merged(const struct ew_merged *merged, const char *path,
                                   struct output *output, struct ew_error *error)
{
    enum ew_status status = ew_file_create(path, true, &output->file, error);
    if (status != EW_OK) {
        return status;
    }
    status = ew_merged_write(merged, write_bytes, output, error);
    if (output->status != EW_OK) {
        status = ew_fail(error, output->status, "%s", output->error.text);
    }
    if (status == EW_OK) {
        status = ew_file_sync(output->file, error);
    }
    ew_file_close(output->file);
    return status;
}

/* A part that was not finished would only take room on a disk that may be full. */
static enum ew_status replace(const struct collect_merge *merge, const struct ew_merged *merged,
                              struct output *output, struct ew_error *error)
{
    char folder[PATH_BYTES];
    char partial[PATH_BYTES];
    char path[PATH_BYTES];
    enum ew_status status = make_path(merge, "merged", "", folder, error);
    if (status == EW_OK) {
        status = make_path(merge, "merged", "reach-merge.json.part", partial, error);
    }
    if (status == EW_OK) {
        status = make_path(merge, "merged", "reach-merge.json", path, error);
    }
    if (status == EW_OK) {
        status = ew_directory_make(folder, error);
    }
    if (status != EW_OK) {
        return status;
    }
    status = write_merged(merged, partial, output, error);
    if (status == EW_OK) {
        status = ew_file_rename(partial, path, true, error);
    }
    if (status != EW_OK) {
        (void)!ew_file_remove(partial, NULL);
    }
    return status;
}

uint64_t collect_merge_published_bytes(const struct collect_merge *merge)
{
    return merge->published_bytes;
}

static enum ew_status merge_and_write(struct collect_merge *merge,
                                      collect_merge_cancelled_fn cancelled, void *context,
                                      struct ew_error *error)
{
    struct ew_merged *merged = NULL;
    struct output output = {.cancelled = cancelled, .context = context};
    struct ew_merge_options options = {.windows = merge->windows};
    options.graphs = collect_graphs_all(merge->graphs, &options.graph_count);
    if (options.graphs == NULL) {
        return EW_OK; /* which one was refused is told by whoever read it */
    }
    enum ew_status status = ew_merge(&options, &merged, error);
    if (status == EW_OK) {
        status = replace(merge, merged, &output, error);
    }
    if (status == EW_OK) {
        merge->published_bytes = output.byte_count;
    }
    ew_merged_free(merged);
    merge->changed = status != EW_OK;
    return status;
}

enum ew_status collect_merge_publish(struct collect_merge *merge,
                                     collect_merge_cancelled_fn cancelled, void *context,
                                     struct ew_error *error)
{
    bool graphs_changed = false;
    enum ew_status refreshed = collect_graphs_refresh(merge->graphs, &graphs_changed, error);
    merge->changed = merge->changed || graphs_changed;
    if (!merge->changed) {
        return refreshed;
    }
    struct ew_error *second = refreshed == EW_OK ? error : NULL;
    enum ew_status status = merge_and_write(merge, cancelled, context, second);
    return refreshed != EW_OK ? refreshed : status;
}
