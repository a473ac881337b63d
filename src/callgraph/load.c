/* SPDX-License-Identifier: Apache-2.0 */
/* callgraph.h: from a file to a graph. */
#include "etwitness/callgraph.h"

#include "base/text.h"
#include "callgraph/cache.h"
#include "callgraph/hasher.h"
#include "callgraph/reader.h"
#include "platform/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A graph and what it lies in: a builder's columns or a cache. */
struct owned_graph {
    struct ew_graph graph; /* the first, so that ew_graph_free() finds the rest */
    struct graph_builder *builder;
    struct ew_map map;
};

struct input {
    struct ew_file *file;
    uint64_t offset;
    struct graph_hasher hasher;
};

static enum ew_status fill(void *context, void *out, size_t capacity, size_t *got_out,
                           struct ew_error *error)
{
    struct input *input = context;
    enum ew_status status =
        ew_file_read_at(input->file, input->offset, out, capacity, got_out, error);
    if (status == EW_OK) {
        input->offset += *got_out;
        graph_hasher_give(&input->hasher, out, *got_out);
    }
    return status;
}

static void settle(void *context)
{
    struct input *input = context;
    graph_hasher_settle(&input->hasher);
}

/* --- reading ----------------------------------------------------------------------------------
 */

static enum ew_status read_format(struct graph_reader *reader, enum ew_graph_format format)
{
    switch (format) {
    case EW_GRAPH_STATIC:
        return graph_read_static(reader);
    case EW_GRAPH_STELLA:
        return graph_read_stella(reader);
    case EW_GRAPH_RICHGRAPH:
        return graph_read_richgraph(reader);
    case EW_GRAPH_ADJACENCY:
        return graph_read_adjacency(reader);
    case EW_GRAPH_EDGES:
        return graph_read_edges(reader);
    case EW_GRAPH_DOT:
        return graph_read_dot(reader);
    case EW_GRAPH_DGML:
        return graph_read_dgml(reader);
    case EW_GRAPH_AUTO:
        break;
    }
    return ew_fail(reader->error, EW_FORMAT,
                   "%s: is no callgraph of a format that is known; name the format",
                   reader->name);
}

enum ew_status graph_read(struct graph_builder *builder, struct ew_byte_window *window,
                          const char *name, enum ew_graph_format format, struct ew_error *error)
{
    struct graph_reader reader = {
        .builder = builder, .window = window, .name = name, .error = error};
    const char *keep = window->at;
    enum ew_status status =
        window->end > window->at ? EW_OK : ew_byte_window_more(window, &keep, error);
    if (status != EW_OK && status != EW_END) {
        return status;
    }
    if (format == EW_GRAPH_AUTO) {
        format = graph_detect(window->at, (size_t)(window->end - window->at));
    }
    status = read_format(&reader, format);
    if (status != EW_OK) {
        graph_builder_settle(builder);
        return status;
    }
    status = graph_finish(builder);
    return status == EW_OK ? EW_OK : ew_fail(error, status, "%s: %s", name, builder->reason);
}

/* Graphs of formats without an id are called by the hash of their bytes. */
static enum ew_status name_graph(struct graph_builder *builder, const char *hash)
{
    char name[80];
    memcpy(builder->graph.sha256, hash, sizeof builder->graph.sha256);
    if (builder->graph.graph_id != 0) {
        return EW_OK;
    }
    int length = snprintf(name, sizeof name, "sha256:%s", hash);
    struct graph_slice slice = {name, (size_t)length};
    enum ew_status status = graph_text(builder, slice, &builder->graph.graph_id);
    builder->graph.texts = builder->texts.bytes;
    builder->graph.text_bytes = builder->text_bytes;
    return status;
}

static enum ew_status read_window(struct graph_builder *builder, struct input *input,
                                  const char *path, enum ew_graph_format format,
                                  struct ew_error *error)
{
    struct ew_byte_window window;
    enum ew_status status = ew_byte_window_open(&window, EW_GRAPH_WINDOW_BYTES, fill, input);
    if (status != EW_OK) {
        return ew_fail(error, status, "%s: no memory to read it", path);
    }
    window.settle = settle;
    status = graph_read(builder, &window, path, format, error);
    settle(input);
    ew_byte_window_close(&window);
    return status;
}

static enum ew_status read_hashed(struct graph_builder *builder, struct input *input,
                                  const char *path, enum ew_graph_format format,
                                  struct ew_error *error)
{
    uint8_t digest[EW_SHA256_BYTES];
    char hash[2 * EW_SHA256_BYTES + 1];
    if (graph_hasher_begin(&input->hasher, builder->worker) != EW_OK) {
        return ew_fail(error, EW_NO_MEMORY, "%s: no memory to hash it", path);
    }
    enum ew_status status = read_window(builder, input, path, format, error);
    if (graph_hasher_finish(&input->hasher, digest) != EW_OK && status == EW_OK) {
        status = ew_fail(error, EW_IO, "%s: cannot be hashed", path);
    }
    if (status == EW_OK) {
        ew_text_hex(digest, sizeof digest, hash);
        builder->counts.bytes = input->offset;
        status = name_graph(builder, hash);
    }
    return status;
}

/* The same, with a second thread when there is much to read and one can be had. */
static enum ew_status read_helped(struct graph_builder *builder, struct input *input,
                                  const char *path, enum ew_graph_format format,
                                  struct ew_error *error)
{
    enum { MUCH_BYTES = 8 * 1024 * 1024 };
    uint64_t file_bytes = 0;
    enum ew_status status = ew_file_size(input->file, &file_bytes, error);
    if (status != EW_OK) {
        return status;
    }
    if (file_bytes >= MUCH_BYTES && graph_worker_create(&builder->worker) != EW_OK) {
        builder->worker = NULL;
    }
    status = read_hashed(builder, input, path, format, error);
    graph_worker_free(builder->worker);
    builder->worker = NULL;
    return status;
}

static enum ew_status read_file(const char *path, enum ew_graph_format format,
                                struct graph_builder **builder_out, struct ew_error *error)
{
    struct graph_builder *builder = NULL;
    struct input input = {0};
    enum ew_status status = ew_file_open(path, &input.file, error);
    if (status != EW_OK) {
        return status;
    }
    status = graph_builder_create(&builder);
    if (status != EW_OK) {
        (void)ew_fail(error, status, "%s: no memory for its graph", path);
    } else {
        status = read_helped(builder, &input, path, format, error);
    }
    ew_file_close(input.file);
    if (status != EW_OK) {
        graph_builder_free(builder);
        return status;
    }
    *builder_out = builder;
    return EW_OK;
}

/* --- callgraph.h
 * -------------------------------------------------------------------------------- */

/* Whether a file is as it was before it was read, twice and in pieces; one that is gone was
 * whole. */
static bool is_unchanged(const char *path, const struct ew_file_identity *before)
{
    struct ew_file_identity after;
    return ew_file_identify(path, &after, NULL) != EW_OK
           || (after.byte_count == before->byte_count && after.written == before->written);
}

enum ew_status ew_graph_load(const char *path, const struct ew_graph_options *options,
                             struct ew_graph **graph_out, struct ew_graph_counts *counts_out,
                             struct ew_error *error)
{
    struct ew_graph_counts counts = {0};
    struct owned_graph *owned = calloc(1, sizeof *owned);
    if (owned == NULL) {
        return ew_fail(error, EW_NO_MEMORY, "%s: no memory for its graph", path);
    }
    if (graph_cache_find(path, options, &owned->map, &owned->graph, &counts)) {
        *graph_out = &owned->graph;
        *counts_out = counts;
        return EW_OK;
    }
    struct ew_file_identity before;
    bool identified =
        options->cache_directory != NULL && ew_file_identify(path, &before, NULL) == EW_OK;
    enum ew_status status = read_file(path, options->format, &owned->builder, error);
    if (status != EW_OK) {
        free(owned);
        return status;
    }
    if (identified && !is_unchanged(path, &before)) {
        ew_graph_free(&owned->graph);
        return ew_fail(error, EW_IO, "%s: was changed while it was read", path);
    }
    owned->graph = owned->builder->graph;
    if (identified && options->cache_directory != NULL) {
        graph_cache_keep(path, options, &before, &owned->graph, &owned->builder->counts);
    }
    *graph_out = &owned->graph;
    *counts_out = owned->builder->counts;
    return EW_OK;
}

void ew_graph_free(struct ew_graph *graph)
{
    struct owned_graph *owned = (struct owned_graph *)(void *)graph;
    if (owned != NULL) {
        graph_builder_free(owned->builder);
        ew_map_close(&owned->map);
        free(owned);
    }
}
