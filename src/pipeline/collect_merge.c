/* SPDX-License-Identifier: Apache-2.0 */
/* The merge that a running collection publishes beside its evidence. */
#include "pipeline/collect_merge.h"

#include "etwitness/merge.h"
#include "platform/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_BYTES = 4096, NAME_BYTES = 160, NAMES_START = 64 };

/* A document that is in the set, to be read again when the set is made anew. */
struct kept {
    char name[NAME_BYTES];
    size_t byte_count;
};

struct collect_merge {
    const struct ew_settings *settings;
    struct ew_graph **graphs;
    size_t graph_count;
    struct ew_window_set *windows;
    struct kept *kept; /* oldest first */
    size_t kept_count;
    size_t kept_capacity;
    size_t bytes; /* of the documents in the set */
    bool changed; /* since the last merge */
};

static enum ew_status make_path(const struct collect_merge *merge, const char *folder,
                                const char *name, char out[PATH_BYTES], struct ew_error *error)
{
    const char *directory = merge->settings->directory;
    int length = snprintf(out, PATH_BYTES, "%s/%s%s%s", directory, folder,
                          name[0] != '\0' ? "/" : "", name);
    return length >= 0 && length < PATH_BYTES
               ? EW_OK
               : ew_fail(error, EW_LIMIT, "%s: the path is too long", directory);
}

/* --- opening --------------------------------------------------------------------- */

static enum ew_status load_graphs(struct collect_merge *merge, struct ew_error *error)
{
    const struct ew_settings_list *paths = &merge->settings->callgraphs;
    char cache[PATH_BYTES];
    struct ew_graph_options options = {.format = EW_GRAPH_AUTO, .cache_directory = cache};
    enum ew_status status = make_path(merge, "graphs", "", cache, error);
    for (size_t i = 0; i < paths->count && status == EW_OK; i++) {
        struct ew_graph_counts counts;
        status = ew_graph_load(paths->items[i], &options, &merge->graphs[i], &counts, error);
        merge->graph_count += status == EW_OK;
    }
    return status;
}

enum ew_status collect_merge_open(const struct ew_settings *settings,
                                  struct collect_merge **merge_out, struct ew_error *error)
{
    *merge_out = NULL;
    if (settings->callgraphs.count == 0) {
        return EW_OK;
    }
    struct collect_merge *merge = calloc(1, sizeof *merge);
    if (merge != NULL) {
        merge->settings = settings;
        merge->graphs = calloc(settings->callgraphs.count, sizeof(struct ew_graph *));
    }
    enum ew_status status = merge == NULL || merge->graphs == NULL
                                ? ew_fail(error, EW_NO_MEMORY, "no memory for callgraphs")
                                : ew_window_set_create(&merge->windows);
    if (status == EW_OK) {
        status = load_graphs(merge, error);
    }
    if (status != EW_OK) {
        collect_merge_close(merge);
        return status;
    }
    *merge_out = merge;
    return EW_OK;
}

void collect_merge_close(struct collect_merge *merge)
{
    if (merge == NULL) {
        return;
    }
    ew_window_set_destroy(merge->windows);
    for (size_t i = 0; i < merge->graph_count; i++) {
        ew_graph_free(merge->graphs[i]);
    }
    free(merge->graphs);
    free(merge->kept);
    free(merge);
}

/* --- documents -------------------------------------------------------------------- */

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

/* The newest documents that fill half of what may be held. */
static void forget_oldest(struct collect_merge *merge)
{
    size_t first = 0;
    while (merge->kept_count - first > 1 && merge->bytes > EW_MERGE_BYTES_MAX / 2) {
        merge->bytes -= merge->kept[first++].byte_count;
    }
    merge->kept_count -= first;
    memmove(merge->kept, merge->kept + first, merge->kept_count * sizeof *merge->kept);
}

static enum ew_status read_again(struct collect_merge *merge, struct ew_window_set *windows,
                                 struct ew_error *error)
{
    enum ew_status status = EW_OK;
    for (size_t i = 0; i < merge->kept_count && status == EW_OK; i++) {
        char path[PATH_BYTES];
        status = make_path(merge, "evidence", merge->kept[i].name, path, error);
        if (status == EW_OK) {
            status = ew_window_set_add(windows, path, error);
        }
        /* Retention may have taken it. */
        status = status == EW_NOT_FOUND ? EW_OK : status;
    }
    return status;
}

/* A set forgets nothing: a new one is made of what is to stay. */
static enum ew_status renew(struct collect_merge *merge, struct ew_error *error)
{
    struct ew_window_set *windows = NULL;
    forget_oldest(merge);
    enum ew_status status = ew_window_set_create(&windows);
    if (status == EW_OK) {
        status = read_again(merge, windows, error);
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
                                 const char *bytes, size_t byte_count, struct ew_error *error)
{
    if (merge == NULL) {
        return EW_OK;
    }
    enum ew_status status =
        ew_window_set_add_bytes(merge->windows, file_name, bytes, byte_count, error);
    if (status == EW_OK) {
        status = keep(merge, file_name, byte_count, error);
    }
    return status == EW_OK && merge->bytes > EW_MERGE_BYTES_MAX ? renew(merge, error) : status;
}

/* --- publication -------------------------------------------------------------------- */

struct output {
    struct ew_file *file;
    uint64_t byte_count;
    enum ew_status status;
    struct ew_error error;
};

static bool write_bytes(void *context, const void *bytes, size_t byte_count)
{
    struct output *output = context;
    output->status =
        ew_file_write_at(output->file, output->byte_count, bytes, byte_count, &output->error);
    output->byte_count += byte_count;
    return output->status == EW_OK;
}

static enum ew_status write_merged(const struct ew_merged *merged, const char *path,
                                   struct ew_error *error)
{
    struct output output = {.status = EW_OK};
    enum ew_status status = ew_file_create(path, true, &output.file, error);
    if (status != EW_OK) {
        return status;
    }
    status = ew_merged_write(merged, write_bytes, &output, error);
    if (output.status != EW_OK) {
        status = ew_fail(error, output.status, "%s", output.error.text);
    }
    if (status == EW_OK) {
        status = ew_file_sync(output.file, error);
    }
    ew_file_close(output.file);
    return status;
}

static enum ew_status replace(const struct collect_merge *merge, const struct ew_merged *merged,
                              struct ew_error *error)
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
    if (status == EW_OK) {
        status = write_merged(merged, partial, error);
    }
    return status == EW_OK ? ew_file_rename(partial, path, true, error) : status;
}

enum ew_status collect_merge_publish(struct collect_merge *merge, struct ew_error *error)
{
    struct ew_merged *merged = NULL;
    if (merge == NULL || !merge->changed) {
        return EW_OK;
    }
    struct ew_merge_options options = {.graphs = (const struct ew_graph *const *)merge->graphs,
                                       .graph_count = merge->graph_count,
                                       .windows = merge->windows};
    enum ew_status status = ew_merge(&options, &merged, error);
    if (status == EW_OK) {
        status = replace(merge, merged, error);
    }
    ew_merged_free(merged);
    merge->changed = status != EW_OK;
    return status;
}
